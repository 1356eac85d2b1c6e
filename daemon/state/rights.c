/* What the Redis user has to be allowed, asked before anything rests on it: a command that turns out to be forbidden at the first
 * suspension of the month comes too late.
 *
 * Inside MULTI the server judges the right to each command and key when it is queued, and DISCARD forgets them all: everything is
 * asked, nothing is done, and in a cluster it does not matter who has the key. Rejected: ACL DRYRUN, which is itself a right that
 * nobody should give to a program. */
#include "daemon/state/store_redis.h"

#include <stdio.h>
#include <string.h>

#define KEY "regua:{all}:rights" /* never exists */
#define WORDS_MAX 5
#define SETTINGS_BYTES_MAX ((size_t)1024)

/* What cannot stand in a transaction, an empty one, and the beginning of one that is thrown away. */
static const char *const first[][WORDS_MAX] = {{"TIME"}, {"WATCH", KEY}, {"UNWATCH"}, {"MULTI"}, {"EXEC"}, {"MULTI"}};

/* Only sent when a transaction is open. */
static const char *const queued[][WORDS_MAX] = {
    {"GET", KEY},
    {"SET", KEY, "0"},
    {"DEL", KEY},
    {"MGET", KEY},
    {"MSET", KEY, "0"},
    {"HGET", KEY, "f"},
    {"HMGET", KEY, "f"},
    {"HGETALL", KEY},
    {"HLEN", KEY},
    {"HSET", KEY, "f", "0"},
    {"HDEL", KEY, "f"},
    {"ZADD", KEY, "0", "m"},
    {"ZRANGE", KEY, "0", "0"},
    {"ZREM", KEY, "m"},
    {"ZMSCORE", KEY, "m"},
    {"ZREMRANGEBYSCORE", KEY, "0", "0"},
    {"PEXPIRE", KEY, "1"},
    {"PERSIST", KEY},
    {"DISCARD"},
};

/* `settings`: what ACL SETUSER has to be told, each once. */
static void note_denial(const char *command, struct rg_str text, struct rg_buf *settings, bool *other_keys)
{
    static const char of_keys[] = "one of the keys";
    char word[32];
    if (memmem(text.p, text.n, of_keys, strlen(of_keys)) != NULL) {
        *other_keys = true;
        return;
    }
    (void)snprintf(word, sizeof word, " +%s", command);
    for (char *c = word; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    if (strcmp(word, " +multi") != 0 || strstr(rg_buf_cstr(settings), word) == NULL) /* the one that is asked twice */
        rg_buf_adds(settings, word);
}

/* EXEC itself is denied inside another error: "EXECABORT Transaction discarded because of: NOPERM …". */
static bool is_denial(const struct rg_redis_reply *reply)
{
    enum rg_redis_error_kind kind = rg_redis_error_kind(reply);
    return rg_redis_error_is_denial(kind) || (kind == RG_REDIS_EXECABORT && strstr(reply->text.p, "NOPERM") != NULL);
}

static int ask(struct rg_redis *redis, const char *const (*commands)[WORDS_MAX], size_t count, struct rg_buf *settings,
               bool *other_keys, struct rg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct rg_str words[WORDS_MAX];
        size_t n = 0;
        for (; n < WORDS_MAX && commands[i][n] != NULL; n++)
            words[n] = rg_str(commands[i][n]);
        rg_redis_push(redis, words, n);
    }
    int rc = rg_redis_flush(redis, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct rg_redis_reply *reply;
        rc = rg_redis_next(redis, &reply, err);
        if (rc == 0 && is_denial(reply))
            note_denial(commands[i][0], reply->text, settings, other_keys);
    }
    return rc;
}

int rg_state_check_rights(struct rg_redis *redis, struct rg_error *err)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf settings;
    bool other_keys = false;
    rg_buf_init(&settings, SETTINGS_BYTES_MAX);
    int rc = ask(redis, first, RG_COUNT(first), &settings, &other_keys, err);
    if (rc == 0 && strstr(rg_buf_cstr(&settings), "+multi") == NULL)
        rc = ask(redis, queued, RG_COUNT(queued), &settings, &other_keys, err);
    if (rc < 0)
        return rc;
    rg_redis_release(redis);
    if (other_keys)
        rg_buf_adds(&settings, " ~regua:*");
    if (settings.len == 0)
        return 0;
    rc = rg_fail(err, RG_EDENIED, "Redis %s: the user lacks rights: ACL SETUSER %s%s", rg_redis_peer(redis), rg_redis_user(redis),
                 rg_buf_cstr(&settings));
    rg_redis_close(redis); /* without the right to DISCARD its transaction would still be open */
    return rc;
}
