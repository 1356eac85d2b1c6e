/* A worker: one thread, one member of the group regua-decide, and the shards that the group gives it. It shares nothing with
 * other workers; more cores are more workers. */
#pragma once

#include "daemon/runtime.h"
#include "daemon/shard/shard.h"
#include "daemon/state/store_redis.h"

struct rg_worker_config {
    struct rg_runtime *runtime;
    struct rg_kafka_config kafka;
    const char *group;
    const char *ledger_topic, *people_topic, *deadletter_topic, *actions_prefix; /* the prefix ends in a dot */
    const char *const *channel_topics; /* every topic that actions go to */
    size_t channel_count;
    int shards;
    int session_timeout_ms;
    int join_after_ms; /* 0: joins its group at once. A member that comes while the first is being given its share makes both wait
                        * for two seconds; one that comes after it, for a heartbeat. */
    int64_t round_ms; /* between two wishes to know upstream; looks for what they bring come more often */
    struct rg_redis_config redis;
    struct rg_shard_counters *counters; /* one for all shards of this worker */
};

#define RG_WORKER_TROUBLE_BYTES 256

/* A shard as readiness, status and the test driver see it. */
struct rg_worker_shard {
    int shard;
    enum rg_shard_state state;
    int64_t lag, asof_ms, next_due_ms;
    bool at_rest;
    char trouble[RG_WORKER_TROUBLE_BYTES];
};

struct rg_worker;
RG_MUST_USE int rg_worker_new(const struct rg_worker_config *config, struct rg_worker **ret_worker, struct rg_error *err);
void rg_worker_turn(struct rg_worker *worker, int wait_ms);
void rg_worker_free(struct rg_worker **worker);

/* From any thread: a copy of the shards' state as of the last turn; at most `max`. `ret_asked_ms` is the shared clock of that
 * turn. */
size_t rg_worker_look(struct rg_worker *worker, struct rg_worker_shard *ret_shards, size_t max, int64_t *ret_asked_ms,
                      int64_t *ret_turned_boot_ms);

/* From any thread: what keeps it from getting shards or from writing, although the brokers answer; "". */
void rg_worker_trouble(struct rg_worker *worker, char ret_text[RG_WORKER_TROUBLE_BYTES]);

/* From any thread: grows with every shard that had its turn or was opened and with every turn. One that stands still hangs: no
 * single step waits longer than the time-outs of Kafka and Redis. */
uint64_t rg_worker_progress(const struct rg_worker *worker);

/* Fills what explain needs to know of a shard that is ours: asof, through when payments are known, who lags. Slices in
 * `arena`. */
void rg_worker_world(struct rg_worker *worker, int shard, struct rg_arena *arena, struct rg_world *world);
