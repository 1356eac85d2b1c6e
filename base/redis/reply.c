/* Replies as plain structs in the connection's arena, built by hiredis' reader through its table of constructors. An
 * array's items are allocated together when its length is known, and each child writes itself into its place; nothing is
 * freed one by one. Lengths are claims of the other side: each allocation is held against the connection's limit first. */
#include "base/redis/connection.h"

#include <stdio.h>
#include <string.h>

static void *take(struct rg_redis *redis, size_t count, size_t each_bytes)
{
    size_t bytes;
    size_t used = rg_arena_used_bytes(redis->arena);
    if (__builtin_mul_overflow(count, each_bytes, &bytes) || used > redis->replies_bytes_max ||
        bytes > redis->replies_bytes_max - used) {
        redis->replies_too_big = true;
        return NULL; /* the reader stops and rg_redis_next says why */
    }
    return rg_arena_alloc(redis->arena, bytes);
}

static struct rg_redis_reply *place(const redisReadTask *task, enum rg_redis_kind kind)
{
    struct rg_redis_reply *reply;
    if (task->parent != NULL) {
        const struct rg_redis_reply *parent = task->parent->obj;
        rg_assert((size_t)task->idx < parent->count);
        reply = &parent->items[task->idx];
    } else {
        reply = take(task->privdata, 1, sizeof *reply);
    }
    if (reply != NULL)
        reply->kind = kind;
    return reply;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t n)
{
    enum rg_redis_kind kind = task->type == REDIS_REPLY_ERROR    ? RG_REDIS_ERROR
                              : task->type == REDIS_REPLY_STATUS ? RG_REDIS_STATUS
                                                                 : RG_REDIS_STR;
    struct rg_redis_reply *reply = place(task, kind);
    char *copy = reply != NULL ? take(task->privdata, n + 1, 1) : NULL;
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, n);
    reply->text = (struct rg_str){copy, n};
    return reply;
}

static void *create_array(const redisReadTask *task, int count)
{
    rg_assert(count >= 0);
    struct rg_redis_reply *reply = place(task, RG_REDIS_ARRAY);
    struct rg_redis_reply *items = reply != NULL ? take(task->privdata, (size_t)count, sizeof *items) : NULL;
    if (items == NULL)
        return NULL;
    reply->items = items;
    reply->count = (size_t)count;
    return reply;
}

static void *create_integer(const redisReadTask *task, long long number)
{
    struct rg_redis_reply *reply = place(task, RG_REDIS_INT);
    if (reply != NULL)
        reply->integer = number;
    return reply;
}

static void *create_nil(const redisReadTask *task)
{
    return place(task, RG_REDIS_NIL);
}

static void keep(void *reply)
{
    (void)reply; /* the arena frees */
}

redisReader *rg_redis_reader_new(struct rg_redis *redis)
{
    redis->constructors = (redisReplyObjectFunctions){create_string, create_array, create_integer, create_nil, keep};
    redisReader *reader = redisReaderCreateWithFunctions(&redis->constructors);
    rg_assert(reader != NULL);
    reader->privdata = redis;
    return reader;
}

static const char *const error_words[] = {
    [RG_REDIS_NO_ERROR] = "no error",
    [RG_REDIS_MOVED] = "MOVED",
    [RG_REDIS_ASK] = "ASK",
    [RG_REDIS_TRYAGAIN] = "TRYAGAIN",
    [RG_REDIS_CLUSTERDOWN] = "CLUSTERDOWN",
    [RG_REDIS_LOADING] = "LOADING",
    [RG_REDIS_MASTERDOWN] = "MASTERDOWN",
    [RG_REDIS_OOM] = "OOM",
    [RG_REDIS_READONLY] = "READONLY",
    [RG_REDIS_MISCONF] = "MISCONF",
    [RG_REDIS_BUSY] = "BUSY",
    [RG_REDIS_NOREPLICAS] = "NOREPLICAS",
    [RG_REDIS_EXECABORT] = "EXECABORT",
    [RG_REDIS_NOSCRIPT] = "NOSCRIPT",
    [RG_REDIS_WRONGTYPE] = "WRONGTYPE",
    [RG_REDIS_NOAUTH] = "NOAUTH",
    [RG_REDIS_WRONGPASS] = "WRONGPASS",
    [RG_REDIS_NOPERM] = "NOPERM",
    [RG_REDIS_OTHER_ERROR] = "other error",
};
static_assert(RG_COUNT(error_words) == RG_REDIS_OTHER_ERROR + 1, "every kind of error has its word");

enum rg_redis_error_kind rg_redis_error_kind(const struct rg_redis_reply *reply)
{
    if (reply->kind != RG_REDIS_ERROR)
        return RG_REDIS_NO_ERROR;
    const char *space = memchr(reply->text.p, ' ', reply->text.n);
    struct rg_str word = {reply->text.p, space != NULL ? (size_t)(space - reply->text.p) : reply->text.n};
    for (int kind = RG_REDIS_MOVED; kind < RG_REDIS_OTHER_ERROR; kind++)
        if (rg_str_is(word, error_words[kind]))
            return (enum rg_redis_error_kind)kind;
    return RG_REDIS_OTHER_ERROR;
}

bool rg_redis_error_is_abort(enum rg_redis_error_kind kind)
{
    return kind >= RG_REDIS_MOVED && kind <= RG_REDIS_EXECABORT;
}

bool rg_redis_error_is_denial(enum rg_redis_error_kind kind)
{
    return kind == RG_REDIS_NOAUTH || kind == RG_REDIS_WRONGPASS || kind == RG_REDIS_NOPERM;
}

/* The reader accepts no more than seven levels, so this may recurse. */
const struct rg_redis_reply *rg_redis_array_error(const struct rg_redis_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].kind == RG_REDIS_ERROR)
            return &reply->items[i];
        const struct rg_redis_reply *inner = rg_redis_array_error(&reply->items[i]);
        if (inner != NULL)
            return inner;
    }
    return NULL;
}

static const char *kind_name(enum rg_redis_kind kind)
{
    static const char *const names[] = {"nil", "an integer", "a string", "a status", "an error", "an array"};
    rg_assert((size_t)kind < RG_COUNT(names));
    return names[kind];
}

int rg_redis_expect(const struct rg_redis *redis, const struct rg_redis_reply *reply, enum rg_redis_kind kind, const char *what,
                    struct rg_error *err)
{
    if (reply->kind == kind)
        return 0;
    enum rg_redis_error_kind error = rg_redis_error_kind(reply);
    if (error == RG_REDIS_NO_ERROR)
        return rg_fail(err, RG_EIO, "Redis %s: %s: expected %s, got %s", redis->peer, what, kind_name(kind),
                       kind_name(reply->kind));
    if (rg_redis_error_is_denial(error))
        return rg_fail(err, RG_EDENIED, "Redis %s: %s: %s; give the user of redis.user what it needs (ACL SETUSER)", redis->peer,
                       what, reply->text.p);
    return rg_fail(err, rg_redis_error_is_abort(error) ? RG_EUNREACHABLE : RG_EIO, "Redis %s: %s: %s", redis->peer, what,
                   reply->text.p);
}
