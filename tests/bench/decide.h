/* What the two arms of `./dev bench decide` share: the same records in the same topics, and a Redis each. */
#pragma once

#include "base/core/error.h"
#include "base/kafka/kafka.h"
#include "tests/bench/bench.h"
#include "tests/bench/portfolio.h"

#define DECIDE_SHARDS_MAX 64
#define DECIDE_WORKERS_MAX 8
#define DECIDE_BATCH_MAX 500

struct decide_topics {
    char ledger[64], people[64], deadletter[64], actions_prefix[64], channels[3][80];
};

/* One run of one arm. `cpu_s`: of this process, its Redis and Kafka. */
struct decide_run {
    double seconds, own_cpu_s, redis_cpu_s, kafka_cpu_s;
    int64_t redis_in_bytes, redis_out_bytes, redis_commands;
};

/* ---- ours: the product's own workers on the product's own store ---- */

struct decide_ours;
struct decide_ours *decide_ours_new(const char *brokers, const struct decide_topics *topics, const char *redis_url, int shards, int workers)
    __attribute__((returns_nonnull));
void decide_ours_free(struct decide_ours **ours);
/* Lets the workers turn until they have folded so many facts since they were made and say `quiet`; then they stand still again. */
void decide_ours_until(struct decide_ours *ours, struct bench *bench, const char *what, int64_t facts);
/* … until nothing was written for half a second. */
void decide_ours_settle(struct decide_ours *ours, struct bench *bench, const char *what);
int64_t decide_ours_folded(const struct decide_ours *ours);
int64_t decide_ours_batches(const struct decide_ours *ours);

/* ---- the bare loop: reads the same records, and reads and writes as many bytes in Redis, knowing nothing of what they say ---- */

#define DECIDE_LIFE_MAX 1024

/* Everybody's record has one size before the first fact of his life and another after each; with it his timer is set or removed. */
struct decide_bare_sizes {
    size_t life, record_bytes[DECIDE_LIFE_MAX + 1];
    bool timed[DECIDE_LIFE_MAX + 1];
    int closed_after[DECIDE_LIFE_MAX]; /* the fact closes the invoice that was issued so many facts before; 0: none */
    size_t charge_bytes; /* of i: */
    size_t issued_bytes; /* a record of the ledger this long brings a charge */
};

struct decide_bare;
/* Reads from `ledger_from` of each shard to `ledger_end`. */
struct decide_bare *decide_bare_new(const char *brokers, const struct decide_topics *topics, const char *redis_socket, int shards, int workers,
                                    const int64_t *ledger_from, const int64_t *ledger_end, int64_t debtors,
                                    const struct decide_bare_sizes *sizes)
    __attribute__((returns_nonnull));
void decide_bare_free(struct decide_bare **bare);
void decide_bare_run(struct decide_bare *bare, struct bench *bench, const char *what);
