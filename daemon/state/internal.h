/* What the files of this folder share: where a value and a timer of a shard lie, and connections that readers keep. */
#pragma once

#include "base/redis/keys.h"
#include "base/redis/redis.h"
#include "daemon/state/store.h"

#define RG_STATE_MOVES_MAX 4 /* nodes asked one after the other before a call gives up */

#define RG_STATE_PROMPT_SET RG_DUE_BUCKETS /* behind those of due timers */
#define RG_STATE_TIMER_SETS (RG_DUE_BUCKETS + 1)
unsigned rg_state_bucket(struct rg_str debtor); /* of his due timer */
struct rg_str rg_state_due_key(struct rg_arena *arena, int shard, unsigned set);
struct rg_str rg_state_value_key(struct rg_arena *arena, int shard, const struct rg_store_key *key);

/* The connection of a reader. */
struct rg_state_line {
    struct rg_redis *redis;
    struct rg_arena *keys;              /* names of one call */
    const struct rg_redis_reply *moved; /* what the cluster last said instead of an answer */
};
RG_MUST_USE int rg_state_line_init(struct rg_state_line *line, const struct rg_redis_config *config, struct rg_error *err);
void rg_state_line_done(struct rg_state_line *line);

/* Sends commands and reads all their replies: 0, an error, or RG_STATE_MOVED to be called once more on the other node. */
typedef int rg_state_ask(struct rg_state_line *line, void *ctx, struct rg_error *err);
#define RG_STATE_MOVED 1
/* Connects where needed. Any failure closes the connection, so that no reply of this call can be taken for one of the next. */
RG_MUST_USE int rg_state_line_ask(struct rg_state_line *line, rg_state_ask *ask, void *ctx, struct rg_error *err);
/* The next reply, of the kind wanted, else an error or RG_STATE_MOVED. */
RG_MUST_USE int rg_state_line_next(struct rg_state_line *line, enum rg_redis_kind kind, const char *what,
                                   const struct rg_redis_reply **ret_reply, struct rg_error *err);
