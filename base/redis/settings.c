/* What is asked of a server before it is trusted, and its clock. INFO answers both questions about settings in one reply
 * and is rarely forbidden, so CONFIG, which often is, is not used at all. */
#include "base/redis/redis.h"

#include <stdio.h>
#include <string.h>

int rg_redis_time_ms(struct rg_redis *redis, int64_t *ret_ms, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    int rc = RG_REDIS_CALL(redis, &reply, err, RG_STR("TIME"));
    if (rc == 0)
        rc = rg_redis_expect(redis, reply, RG_REDIS_ARRAY, "TIME", err);
    if (rc < 0)
        return rc;
    int64_t seconds;
    int64_t micros;
    bool fine = reply->count == 2 && rg_str_to_i64(reply->items[0].text, &seconds) &&
                rg_str_to_i64(reply->items[1].text, &micros) && seconds >= 0 && seconds < INT64_C(1) << 40;
    rg_redis_release(redis);
    if (!fine)
        return rg_fail(err, RG_EIO, "Redis %s: TIME: expected seconds and microseconds", rg_redis_peer(redis));
    *ret_ms = seconds * 1000 + micros / 1000;
    return 0;
}

/* The value of a "name:value\r\n" line of INFO; absent when there is none. */
static struct rg_str info_field(struct rg_str info, const char *name)
{
    size_t n = strlen(name);
    for (size_t at = 0; at < info.n;) {
        const char *line = info.p + at;
        const char *end = memchr(line, '\n', info.n - at);
        size_t length = end != NULL ? (size_t)(end - line) : info.n - at;
        at += length + 1;
        if (length > 0 && line[length - 1] == '\r')
            length--;
        if (length > n && memcmp(line, name, n) == 0 && line[n] == ':')
            return (struct rg_str){line + n + 1, length - n - 1};
    }
    return (struct rg_str){0};
}

static RG_MUST_USE int judge_policy(const struct rg_redis *redis, struct rg_str policy, struct rg_error *err)
{
    const char *peer = rg_redis_peer(redis);
    if (rg_str_is(policy, "noeviction"))
        return 0;
    if (policy.p == NULL)
        return rg_fail(err, RG_EREFUSED, "Redis %s: expected INFO to tell maxmemory_policy, which must be noeviction", peer);
    return rg_fail(err, RG_EREFUSED,
                   "Redis %s: maxmemory-policy is %.*s: it would throw state away when memory runs short; "
                   "set \"maxmemory-policy noeviction\" in redis.conf and restart, or by CONFIG SET",
                   peer, (int)(policy.n < 32 ? policy.n : 32), policy.p);
}

int rg_redis_check_settings(struct rg_redis *redis, char ret_warning[256], struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    int rc = RG_REDIS_CALL(redis, &reply, err, RG_STR("INFO"));
    if (rc < 0)
        return rc;
    rc = rg_redis_expect(redis, reply, RG_REDIS_STR, "INFO", err);
    if (rc == 0)
        rc = judge_policy(redis, info_field(reply->text, "maxmemory_policy"), err);
    bool persistent = rc == 0 && rg_str_is(info_field(reply->text, "aof_enabled"), "1");
    rg_redis_release(redis);
    if (rc < 0)
        return rc;
    ret_warning[0] = '\0';
    if (!persistent)
        (void)snprintf(ret_warning, 256,
                       "Redis %.100s: the append-only file is off (appendonly no): after its restart all state is folded again "
                       "from the ledger",
                       rg_redis_peer(redis));
    return 0;
}
