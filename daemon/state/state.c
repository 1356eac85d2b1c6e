/* Where things lie, and the connections of readers. A reader repeats by itself only what a cluster answered with MOVED: nothing
 * was done then. All else is an error of the call, and the next call connects anew; whoever asks, asks again anyway. */
#include "daemon/state/internal.h"

#include "base/core/hash.h"

#include <stdio.h>

#define KEYS_ARENA_BYTES ((size_t)16 * 1024 * 1024)

unsigned rg_state_bucket(struct rg_str debtor)
{
    return rg_murmur2(debtor.p, debtor.n) >> 20 & (RG_DUE_BUCKETS - 1); /* not the bits that chose the shard */
}

struct rg_str rg_state_due_key(struct rg_arena *arena, int shard, unsigned set)
{
    char name[8] = "prompt";
    if (set != RG_STATE_PROMPT_SET)
        (void)snprintf(name, sizeof name, "%02x", set);
    return rg_key_due(arena, (uint32_t)shard, rg_str(name));
}

struct rg_str rg_state_value_key(struct rg_arena *arena, int shard, const struct rg_store_key *key)
{
    switch (key->kind) {
    case RG_STORE_DEBTOR: return rg_key_debtor(arena, (uint32_t)shard, key->id);
    case RG_STORE_INVOICE: return rg_key_invoice(arena, (uint32_t)shard, key->id);
    default: return rg_key_reference(arena, (uint32_t)shard, key->id);
    }
}

int rg_state_line_init(struct rg_state_line *line, const struct rg_redis_config *config, struct rg_error *err)
{
    struct rg_redis *redis = NULL;
    int rc = rg_redis_new(config, &redis, err);
    if (rc < 0)
        return rc;
    *line = (struct rg_state_line){.redis = redis, .keys = rg_arena_new(KEYS_ARENA_BYTES)};
    return 0;
}

void rg_state_line_done(struct rg_state_line *line)
{
    rg_redis_free(&line->redis);
    rg_arena_free(&line->keys);
}

int rg_state_line_next(struct rg_state_line *line, enum rg_redis_kind kind, const char *what,
                       const struct rg_redis_reply **ret_reply, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    int rc = rg_redis_next(line->redis, &reply, err);
    if (rc == 0 && rg_redis_error_kind(reply) == RG_REDIS_MOVED) {
        line->moved = reply;
        return RG_STATE_MOVED;
    }
    if (rc == 0)
        rc = rg_redis_expect(line->redis, reply, kind, what, err);
    if (rc == 0)
        *ret_reply = reply;
    return rc;
}

int rg_state_line_ask(struct rg_state_line *line, rg_state_ask *ask, void *ctx, struct rg_error *err)
{
    int rc = rg_redis_alive(line->redis) ? 0 : rg_redis_connect(line->redis, err);
    for (int moves = 0; rc == 0; moves++) {
        rg_arena_reset(line->keys);
        rc = ask(line, ctx, err);
        if (rc != RG_STATE_MOVED)
            break;
        if (moves == RG_STATE_MOVES_MAX)
            rc = rg_fail(err, RG_EUNREACHABLE, "redis sends us from node to node: " RG_STR_FMT, RG_STR_ARG(line->moved->text));
        else
            rc = rg_redis_follow(line->redis, line->moved, err);
    }
    if (rc < 0)
        rg_redis_close(line->redis);
    else
        rg_redis_release(line->redis);
    return rc;
}
