/* The user of Redis that an operator makes: `regua`, who may do what is needed and nothing else. */
#pragma once

#include "tests/integration/base/redis/client.h"

/* What the guide tells operators to give: the end-to-end test reads it there and runs a day's work with it. */
static const char *const rights_needed[] = {
    "+info", "+time", "+watch", "+unwatch", "+multi", "+exec", "+discard", "+get", "+set", "+del", "+mget", "+mset", "+hget",
    "+hmget", "+hgetall", "+hlen", "+hset", "+hdel", "+zadd", "+zrange", "+zrem", "+zmscore", "+zremrangebyscore", "+pexpire", "+persist",
};

static inline void give_rights(struct rg_redis *admin, const char *keys, const char *but)
{
    const struct rg_redis_reply *reply;
    rg_redis_begin(admin, 7 + RG_COUNT(rights_needed) - (but != NULL));
    for (size_t i = 0; i < 7; i++)
        rg_redis_arg(admin, rg_str((const char *const[]){"ACL", "SETUSER", "regua", "reset", "on", ">pw", keys}[i]));
    for (size_t i = 0; i < RG_COUNT(rights_needed); i++)
        if (rights_needed[i] != but)
            rg_redis_arg(admin, rg_str(rights_needed[i]));
    assert_int_equal(rg_redis_flush(admin, NULL), 0);
    assert_int_equal(rg_redis_next(admin, &reply, NULL), 0);
    assert_text(reply, "OK");
    rg_redis_release(admin);
}

static inline struct rg_redis_config config_of_user(const char *url)
{
    struct rg_redis_config config = config_for(url);
    config.user = "regua";
    config.password = "pw";
    return config;
}
