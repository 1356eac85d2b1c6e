/* Private to this room: the object of ingest.h and what its files call of each other.
 *
 *   take.c     one record of upstream: decode, route, hand over to the queue; dead letters
 *   member.c   our topics, the group, partitions that come and go, commits
 *   rounds.c   freshness, and what else is said in Redis
 *   ingest.c   the turn */
#pragma once

#include "consumers/ingest/ingest.h"
#include "consumers/ingest/outgoing.h"
#include "consumers/ingest/part.h"

#include <pthread.h>

#define RG_INGEST_ASK_MS 3000   /* one question to the brokers */
#define RG_INGEST_RETRY_MS 2000 /* pause after a failure */

struct rg_ingest {
    struct rg_ingest_config config;
    struct rg_outgoing *outgoing;
    struct rg_kafka_consumer *consumer;
    struct rg_kafka_admin *admin; /* asks: on the consumer's own connection questions would wait behind its fetches */
    struct rg_stamps *stamps;
    struct rg_arena *arena; /* of one record */
    int partitions[RG_INGEST_SOURCES_MAX]; /* of each source's topic, as last heard; 0: it does not exist */
    int deadletter_partitions;
    bool topics_open, assigned;
    bool unwritten; /* what was read could not be written at the last attempt */
    struct rg_part *parts[RG_INGEST_PARTITIONS_MAX], *last_part; /* last_part: of the last record, records come in runs */
    size_t part_count;
    char trouble[RG_INGEST_TEXT_MAX]; /* what keeps all of it from working */
    char missing[RG_INGEST_TEXT_MAX]; /* a source's topic that does not exist */
    int64_t topics_at_ms, sources_at_ms, open_at_ms, round_at_ms, redis_at_ms, commit_at_ms; /* boot clock: not before */
    int64_t letter_at_ms[RG_INGEST_REASONS];
    uint64_t letters_unsaid[RG_INGEST_REASONS];

    pthread_mutex_t mutex; /* what follows is read by other threads */
    struct rg_ingest_part looks[RG_INGEST_PARTITIONS_MAX];
    size_t look_count;
    struct rg_ingest_status status;
};

static inline int64_t rg_ingest_boot_ms(const struct rg_ingest *g)
{
    return rg_boot_ms(g->config.clock);
}

/* Of a part's source. */
static inline struct rg_ingest_source_counters *rg_ingest_counters_of(const struct rg_ingest *g, const struct rg_part *part)
{
    return &g->config.counters->sources[part->source - g->config.sources];
}

/* A step that may have waited for others is over. */
static inline void rg_ingest_step(const struct rg_ingest *g)
{
    atomic_fetch_add_explicit(&g->config.counters->progress, 1, memory_order_relaxed);
}

/* ingest.c: logs what keeps all of it from working, once, and keeps it for the status. */
void rg_ingest_say(struct rg_ingest *g, const char *id, const char *fmt, ...) RG_PRINTF(3, 4);

/* take.c */
void rg_ingest_take(struct rg_ingest *g, struct rg_part *part, const struct rg_kafka_event *event);
/* A record of ours that no broker takes: what it says goes to the dead letters, which then take its place. */
bool rg_ingest_refused(void *ctx, const struct rg_outgoing_record *record, const char *why,
                       struct rg_outgoing_record *ret_instead);

/* member.c */
struct rg_part *rg_ingest_find_part(struct rg_ingest *g, const char *topic, int partition);
void rg_ingest_keep_topics(struct rg_ingest *g);   /* opens ours */
void rg_ingest_keep_consumer(
    struct rg_ingest *g); /* joins the group with the topics that exist, and again when more of them do */
RG_MUST_USE int rg_ingest_count(struct rg_ingest *g, struct rg_error *err); /* asks how many partitions sources read here have */
void rg_ingest_open_parts(struct rg_ingest *g);    /* asks where assigned partitions begin */
void rg_ingest_commit(struct rg_ingest *g, int wait_ms);
void rg_ingest_flush(struct rg_ingest *g, int limit_ms); /* writes out what was read */
void rg_ingest_drop_parts(struct rg_ingest *g);
void rg_ingest_leave(struct rg_ingest *g); /* leaves the group */

/* rounds.c */
RG_MUST_USE int rg_ingest_tell(struct rg_ingest *g, struct rg_error *err); /* stamps what was reached, says what was read last */
void rg_ingest_rounds(struct rg_ingest *g);
