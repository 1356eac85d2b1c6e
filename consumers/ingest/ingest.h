/* Ingest: one thread, one member of the group regua-ingest, all configured sources. It reads upstream's records, decodes and
 * routes them, writes them into our topics and commits what is acknowledged. It remembers nothing: after any end it begins at the
 * first record not yet acknowledged and does the same again, and the shards recognise the repeats by their origins.
 *
 * What cannot be read goes to the dead letters and never stops its partition. A partition whose topic was truncated or made anew
 * is stopped, loudly, and alone.
 *
 * Freshness: while a shard wants to know that upstream is read through some instant, ingest takes the time, asks for the ends of
 * its partitions, and when everything up to there is acknowledged stamps them (regua:{all}:fresh). */
#pragma once

#include "base/core/clock.h"
#include "base/kafka/kafka.h"
#include "base/redis/redis.h"
#include "consumers/decode/decode.h"

#include <stdatomic.h>

#define RG_INGEST_SOURCES_MAX 64 /* topics of one consumer */
#define RG_INGEST_PARTITIONS_MAX 1024 /* of all sources, in one process */
#define RG_INGEST_TEXT_MAX 256

/* All reasons of ingest's dead letters, in a fixed order, for counters and documentation; NULL past the last. Shards add
 * RG_DEAD_CRASHED. */
#define RG_INGEST_REASONS 10
const char *rg_ingest_reason(int index);

/* Counted by ingest's thread, read by any. */
struct rg_ingest_source_counters {
    _Atomic uint64_t accepted;                /* records of upstream that are events */
    _Atomic uint64_t ignored;                 /* … that are tombstones, or that the mapping ignores */
    _Atomic uint64_t rejected;                /* … that cannot be read */
    _Atomic uint64_t dead[RG_INGEST_REASONS]; /* dead letters: of those that cannot be read, and of what no broker took */
};
struct rg_ingest_counters {
    struct rg_ingest_source_counters sources[RG_INGEST_SOURCES_MAX]; /* in the configuration's order */
    _Atomic uint64_t accepted[RG_EV_COUNT];    /* events by type */
    _Atomic uint64_t written;                  /* records acknowledged in our topics */
    _Atomic uint64_t words_dropped;            /* personal texts of events that name no debtor */
    _Atomic uint64_t rebuilds;                 /* times the producer was made anew */
    _Atomic uint64_t rounds;                   /* of freshness */
    _Atomic uint64_t progress;                 /* grows with every step of a turn: one that stands still hangs */
};

struct rg_ingest_source {
    struct rg_upstream upstream; /* its slices outlive the ingest; the name is a C string too */
    const char *topic;           /* one source a topic */
    int32_t incarnation;         /* grows when an operator accepts a topic that was made anew */
    bool again;                  /* regua.retry: dead letters sent again; each is read as the source it first came from */
};

struct rg_ingest_config {
    struct rg_kafka_config kafka;
    const char *group;
    const char *ledger_topic, *people_topic, *control_topic, *deadletter_topic;
    int shards;
    const struct rg_ingest_source *sources;
    size_t source_count;
    int session_timeout_ms; /* 0: base/kafka's */
    int64_t round_ms;       /* between two wishes of a shard; ingest looks for them more often */
    struct rg_redis_config redis;
    const struct rg_clock *clock; /* `shared` is Redis TIME */
    struct rg_ingest_counters *counters; /* zeroed */
};

/* Everything in `config` is borrowed until rg_ingest_free. Connects nowhere yet. */
struct rg_ingest;
RG_MUST_USE int rg_ingest_new(const struct rg_ingest_config *config, struct rg_ingest **ret_ingest, struct rg_error *err);
void rg_ingest_free(struct rg_ingest **ingest);

/* One turn; waits for records at most wait_ms. */
void rg_ingest_turn(struct rg_ingest *ingest, int wait_ms);
/* Writes and commits what was read, for at most limit_ms. */
void rg_ingest_drain(struct rg_ingest *ingest, int limit_ms);
/* Turns until *stopping, then drains. The body of a thread. */
void rg_ingest_run(struct rg_ingest *ingest, const _Atomic bool *stopping);

enum rg_ingest_state { RG_INGEST_OPENING, RG_INGEST_READING, RG_INGEST_STOPPED };
struct rg_ingest_part {
    const char *source, *topic; /* the configuration's */
    int partition;
    enum rg_ingest_state state;
    int64_t next;     /* everything below is acknowledged; −1 not known */
    int64_t lag;      /* records behind the end; −1 not known */
    int64_t fresh_ms; /* upstream is read through this instant; −1 never said */
    char trouble[RG_INGEST_TEXT_MAX]; /* why it is not read; "" */
};
struct rg_ingest_status {
    bool ready;                       /* our topics are open, a broker answers, every assigned partition is being read */
    bool at_rest;                     /* … to its end, and everything is acknowledged */
    char trouble[RG_INGEST_TEXT_MAX]; /* what keeps all of it from working; "" */
    int64_t turned_boot_ms;           /* when the last turn ended; 0: none has yet */
    size_t part_count;                /* partitions that are ours */
};
/* From any thread: as of the end of the last turn; at most `max` partitions, NULL for none of them. */
size_t rg_ingest_look(struct rg_ingest *ingest, struct rg_ingest_part *ret_parts, size_t max,
                      struct rg_ingest_status *ret_status);
