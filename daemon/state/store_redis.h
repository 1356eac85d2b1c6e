/* The real store, and its companions for what all shards share and for senders. */
#pragma once

#include "base/redis/redis.h"
#include "daemon/state/store.h"

RG_MUST_USE int rg_store_redis_new(const struct rg_redis_config *config, int shard, struct rg_store **ret_store,
                                   struct rg_error *err);

/* May the user of this connection do all that the store and its companions, ingest's stamps and the shared clock will ask for?
 * Changes nothing. RG_EDENIED with the ACL SETUSER that is missing; the connection is closed then. */
RG_MUST_USE int rg_state_check_rights(struct rg_redis *redis, struct rg_error *err);

/* regua:{all}:fresh: one connection of its own per thread. Reconnects at the next call after an error. */
struct rg_fresh_store;
RG_MUST_USE int rg_fresh_store_new(const struct rg_redis_config *config, int shards, struct rg_fresh_store **ret_store,
                                   struct rg_error *err);
void rg_fresh_store_free(struct rg_fresh_store **store);
RG_MUST_USE int rg_fresh_store_read(struct rg_fresh_store *store, struct rg_arena *arena, struct rg_fresh *ret_fresh,
                                    struct rg_error *err);
/* Several shards in one call. Only raises values, but for those of a clock that has been set back: what lies far ahead falls. */
RG_MUST_USE int rg_fresh_store_seen(struct rg_fresh_store *store, const int *shards, const int64_t *seen_ms, size_t n,
                                    struct rg_error *err);
RG_MUST_USE int rg_fresh_store_want(struct rg_fresh_store *store, int64_t want_ms, struct rg_error *err);

/* What senders and the API read: position with states of actions in one transaction, and single values. */
struct rg_state_reader;
RG_MUST_USE int rg_state_reader_new(const struct rg_redis_config *config, struct rg_state_reader **ret_reader,
                                    struct rg_error *err);
void rg_state_reader_free(struct rg_state_reader **reader);
struct rg_act_state {
    bool live;
    struct rg_act_value value;
};
/* `ret_ledger_next` −1 when the shard has no position. */
RG_MUST_USE int rg_state_reader_acts(struct rg_state_reader *reader, int shard, const struct rg_action_id *actions, size_t n,
                                     struct rg_act_state *ret_states, int64_t *ret_ledger_next, int64_t *ret_asof_ms,
                                     struct rg_error *err);
RG_MUST_USE int rg_state_reader_get(struct rg_state_reader *reader, int shard, const struct rg_store_key *keys, size_t n,
                                    struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err);
/* The earlier of the debtor's timers; RG_STORE_NEVER. */
RG_MUST_USE int rg_state_reader_due(struct rg_state_reader *reader, int shard, struct rg_str debtor, int64_t *ret_due_ms,
                                    struct rg_error *err);
