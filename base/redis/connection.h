/* What the files of base/redis share about a connection. Private to base/redis. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/redis/redis.h"

#include <hiredis/read.h>

#define RG_REDIS_PEER_BYTES 300

struct rg_redis {
    struct rg_redis_url url;      /* as configured */
    struct rg_redis_url followed; /* where MOVED sent us */
    bool has_followed;
    char user[RG_REDIS_USER_MAX + 1];
    char *password;
    int connect_timeout_ms;
    int command_timeout_ms;
    size_t replies_bytes_max;

    int fd;               /* −1: dead */
    bool ended;           /* the server will send nothing more; what has arrived may still be read */
    struct rg_error dead; /* why fd is −1 */
    char peer[RG_REDIS_PEER_BYTES];
    int64_t deadline_ms;

    struct rg_buf out; /* queued commands */
    size_t queued;
    size_t args_left; /* of the command being built */
    size_t due;       /* replies of flushed commands not yet read */

    struct rg_buf in; /* received, from in_at on not yet given to the reader */
    size_t in_at;
    redisReader *reader;
    redisReplyObjectFunctions constructors; /* hiredis keeps a pointer to it and does not promise to leave it alone */
    struct rg_arena *arena; /* replies */
    bool replies_too_big;
};

int64_t rg_redis_now_ms(void);
/* Closes for good, remembers and reports why. Returns code. */
int rg_redis_kill(struct rg_redis *redis, struct rg_error *err, int code, const char *fmt, ...) RG_PRINTF(4, 5);
/* Sends what is queued until redis->deadline_ms. */
RG_MUST_USE int rg_redis_send_queued(struct rg_redis *redis, struct rg_error *err);
redisReader *rg_redis_reader_new(struct rg_redis *redis) __attribute__((returns_nonnull));

/* "MOVED <slot> <host>:<port>"; an empty host means the one the reply came from. */
RG_MUST_USE int rg_redis_moved_parse(struct rg_str text, const struct rg_redis_url *from, struct rg_redis_url *ret_url,
                                     struct rg_error *err);
