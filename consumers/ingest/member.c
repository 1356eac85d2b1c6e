/* The group's side: which topics there are, which partitions are ours, where each begins, and what is committed of it.
 *
 * Partitions are assigned held: before anything of one is fetched, the brokers are asked where it begins and ends and what was
 * committed, and Redis which record was read last. When they are taken away, what was read is written out and committed first, so
 * that the next owner repeats as little as possible; what remains it repeats, and the shards know it by its origin. */
#include "consumers/ingest/ingest_parts.h"

#include "base/core/crash.h"
#include "base/core/log.h"

#include <stdio.h>
#include <string.h>

#define MISSING_MS 5000 /* between two looks for topics that do not exist yet */
#define COMMIT_MS 1000
#define REVOKE_MS 3000  /* for writing out what was read when partitions are taken away */

static bool is_part(const struct rg_part *part, const char *topic, int partition)
{
    return part->partition == partition && strcmp(part->source->topic, topic) == 0;
}

struct rg_part *rg_ingest_find_part(struct rg_ingest *g, const char *topic, int partition)
{
    if (g->last_part != NULL && is_part(g->last_part, topic, partition))
        return g->last_part;
    for (size_t i = 0; i < g->part_count; i++)
        if (is_part(g->parts[i], topic, partition)) {
            g->last_part = g->parts[i];
            return g->last_part;
        }
    return NULL;
}

void rg_ingest_drop_parts(struct rg_ingest *g)
{
    for (size_t i = 0; i < g->part_count; i++) {
        rg_outgoing_drop(g->outgoing, g->parts[i]);
        rg_part_free(&g->parts[i]);
    }
    g->part_count = 0;
    g->last_part = NULL;
}

static size_t positions_to_commit(struct rg_ingest *g, struct rg_kafka_position *positions)
{
    size_t n = 0;
    for (size_t i = 0; i < g->part_count; i++) {
        int64_t next = rg_part_commit(g->parts[i]);
        if (next >= 0)
            positions[n++] = (struct rg_kafka_position){g->parts[i]->source->topic, g->parts[i]->partition, next};
    }
    return n;
}

static void note_committed(struct rg_ingest *g, const struct rg_kafka_position *positions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct rg_part *part = rg_ingest_find_part(g, positions[i].topic, positions[i].partition);
        if (part != NULL && positions[i].offset > part->committed)
            part->committed = positions[i].offset;
    }
}

static void on_committed(void *ctx, const struct rg_kafka_position *positions, size_t n, const struct rg_error *err)
{
    if (err->code == 0)
        note_committed(ctx, positions, n);
    else
        rg_log(RG_LOG_WARNING, "COMMIT", RG_LOG_NO_CTX, "%s; committed again with the next one", err->text);
}

void rg_ingest_commit(struct rg_ingest *g, int wait_ms)
{
    struct rg_kafka_position positions[RG_INGEST_PARTITIONS_MAX];
    struct rg_error err;
    size_t n = positions_to_commit(g, positions);
    g->commit_at_ms = rg_ingest_boot_ms(g) + COMMIT_MS;
    if (n == 0 || g->consumer == NULL)
        return;
    rg_crash_point("ingest-before-commit");
    if (rg_kafka_consumer_commit(g->consumer, positions, n, wait_ms, &err) < 0)
        rg_log(RG_LOG_WARNING, "COMMIT", RG_LOG_NO_CTX, "%s; what is not committed is read again", err.text);
    else if (wait_ms > 0)
        note_committed(g, positions, n);
}

/* Writes out what was read. */
void rg_ingest_flush(struct rg_ingest *g, int limit_ms)
{
    struct rg_error err;
    int64_t until_ms = rg_ingest_boot_ms(g) + limit_ms;
    while (rg_outgoing_count(g->outgoing) > 0 && rg_ingest_boot_ms(g) < until_ms)
        if (rg_outgoing_pump(g->outgoing, 50, &err) < 0)
            return;
}

static void on_assign(void *ctx, struct rg_kafka_position *positions, size_t n)
{
    struct rg_ingest *g = ctx;
    rg_ingest_drop_parts(g);
    for (size_t i = 0; i < n; i++) {
        positions[i].offset = RG_KAFKA_HOLD;
        for (size_t s = 0; s < g->config.source_count && g->part_count < RG_INGEST_PARTITIONS_MAX; s++)
            if (strcmp(g->config.sources[s].topic, positions[i].topic) == 0)
                g->parts[g->part_count++] = rg_part_new(&g->config.sources[s], positions[i].partition);
    }
    if (n > RG_INGEST_PARTITIONS_MAX)
        rg_log(RG_LOG_ERROR, "PARTITIONS", RG_LOG_NO_CTX,
               "%zu partitions are assigned here, %d can be read: start more processes", n, RG_INGEST_PARTITIONS_MAX);
    g->assigned = true;
    g->open_at_ms = 0;
}

static void on_revoke(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost)
{
    (void)positions;
    (void)n;
    struct rg_ingest *g = ctx;
    struct rg_error err;
    if (!lost) {
        rg_ingest_flush(g, REVOKE_MS);
        rg_ingest_commit(g, REVOKE_MS);
        if (rg_ingest_tell(g, &err) < 0)
            rg_log(RG_LOG_WARNING, "INGEST-REDIS", RG_LOG_NO_CTX, "%s; the next owner cannot test that the topics are the same",
                   err.text);
    }
    rg_ingest_drop_parts(g);
    g->assigned = false;
}

/* ---- opening ---- */

static int open_topics(struct rg_ingest *g, struct rg_error *err)
{
    const char *const sharded[] = {g->config.ledger_topic, g->config.people_topic};
    int partitions = 0;
    for (size_t i = 0; i < RG_COUNT(sharded); i++) {
        int failed = rg_outgoing_open(g->outgoing, sharded[i], RG_INGEST_ASK_MS, &partitions, err);
        if (failed < 0)
            return failed;
        if (partitions != g->config.shards)
            return rg_fail(err, RG_EREFUSED, "%.150s has %d partitions, %d shards are configured", sharded[i], partitions,
                           g->config.shards);
    }
    int failed = rg_outgoing_open(g->outgoing, g->config.control_topic, RG_INGEST_ASK_MS, &partitions, err);
    return failed < 0
               ? failed
               : rg_outgoing_open(g->outgoing, g->config.deadletter_topic, RG_INGEST_ASK_MS, &g->deadletter_partitions, err);
}

void rg_ingest_keep_topics(struct rg_ingest *g)
{
    struct rg_error err;
    if (g->topics_open || rg_ingest_boot_ms(g) < g->topics_at_ms)
        return;
    g->topics_at_ms = rg_ingest_boot_ms(g) + RG_INGEST_RETRY_MS;
    if (open_topics(g, &err) == 0)
        g->topics_open = true;
    else
        rg_ingest_say(g, "INGEST-TOPICS", "%s", err.text);
}

/* How many partitions each source has. True when that is known; a topic that does not exist has none. */
static bool ask_sources(struct rg_ingest *g, int *ret_partitions, struct rg_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < g->config.source_count; i++) {
        ret_partitions[i] = 0;
        failed = rg_kafka_topic_partitions(g->admin, g->config.sources[i].topic, RG_INGEST_ASK_MS, &ret_partitions[i], err);
        rg_ingest_step(g);
        if (failed == RG_ENOTFOUND)
            failed = 0;
    }
    return failed == 0;
}

/* A topic may have been given more partitions: the consumer finds out by itself and joins anew, but not at once. */
int rg_ingest_count(struct rg_ingest *g, struct rg_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < g->config.source_count; i++) {
        bool here = false;
        for (size_t p = 0; p < g->part_count; p++)
            here = here || g->parts[p]->source == &g->config.sources[i];
        if (here)
            failed = rg_kafka_topic_partitions(g->admin, g->config.sources[i].topic, RG_INGEST_ASK_MS, &g->partitions[i], err);
        rg_ingest_step(g);
    }
    return failed;
}

static int join(struct rg_ingest *g, struct rg_error *err)
{
    const char *topics[RG_INGEST_SOURCES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < g->config.source_count; i++)
        if (g->partitions[i] > 0)
            topics[n++] = g->config.sources[i].topic;
    if (n == 0)
        return rg_fail(err, RG_ENOTFOUND, "none of the sources' topics exists, %.150s among them", g->config.sources[0].topic);
    const struct rg_kafka_consumer_options options = {
        .group = g->config.group,
        .topics = topics,
        .topics_n = n,
        .ctx = g,
        .session_timeout_ms = g->config.session_timeout_ms,
        .ends = true,
        .ops = {.on_assign = on_assign, .on_revoke = on_revoke, .on_committed = on_committed},
    };
    return rg_kafka_consumer_new(&g->config.kafka, &options, &g->consumer, err);
}

void rg_ingest_leave(struct rg_ingest *g)
{
    rg_kafka_consumer_free(&g->consumer, RG_KAFKA_FREE_MS); /* revokes what is assigned */
    rg_ingest_drop_parts(g);
    g->assigned = false;
}

/* Names the first topic that does not exist, once. */
static void say_missing(struct rg_ingest *g, const int *partitions)
{
    char text[RG_INGEST_TEXT_MAX] = "";
    for (size_t i = g->config.source_count; i-- > 0;)
        if (partitions[i] == 0)
            (void)snprintf(text, sizeof text, "topic %.150s of source %.60s does not exist", g->config.sources[i].topic,
                           g->config.sources[i].upstream.name.p);
    if (text[0] != '\0' && strcmp(text, g->missing) != 0)
        rg_log(RG_LOG_WARNING, "SOURCE-MISSING", RG_LOG_NO_CTX, "%s; looking again every %d s", text, MISSING_MS / 1000);
    memcpy(g->missing, text, sizeof text);
}

/* Joins the group with the topics that exist, and again when more of them do. */
void rg_ingest_keep_consumer(struct rg_ingest *g)
{
    struct rg_error err;
    int partitions[RG_INGEST_SOURCES_MAX] = {0};
    bool missing = g->consumer == NULL;
    for (size_t i = 0; i < g->config.source_count; i++)
        missing = missing || g->partitions[i] == 0;
    if (!missing || rg_ingest_boot_ms(g) < g->sources_at_ms)
        return;
    g->sources_at_ms = rg_ingest_boot_ms(g) + (g->consumer == NULL ? RG_INGEST_RETRY_MS : MISSING_MS);
    if (!ask_sources(g, partitions, &err)) {
        rg_ingest_say(g, "INGEST-SOURCES", "%s", err.text);
        return;
    }
    bool more = g->consumer == NULL;
    for (size_t i = 0; i < g->config.source_count; i++)
        more = more || (g->partitions[i] == 0 && partitions[i] > 0);
    say_missing(g, partitions);
    if (more)
        rg_ingest_leave(g);
    memcpy(g->partitions, partitions, sizeof partitions);
    if (!more)
        return;
    if (join(g, &err) < 0)
        rg_ingest_say(g, "INGEST-JOIN", "%s", err.text);
}

struct opening {
    struct rg_part *parts[RG_INGEST_PARTITIONS_MAX];
    struct rg_kafka_position committed[RG_INGEST_PARTITIONS_MAX], begin[RG_INGEST_PARTITIONS_MAX], end[RG_INGEST_PARTITIONS_MAX];
    struct rg_stamp stamps[RG_INGEST_PARTITIONS_MAX];
    size_t n;
};

static int ask_places(struct rg_ingest *g, struct opening *o, struct rg_error *err)
{
    int64_t want_ms = -1;
    int failed = rg_kafka_consumer_committed(g->consumer, o->committed, o->n, RG_INGEST_ASK_MS, err);
    if (failed == 0)
        failed = rg_kafka_topic_edges(g->admin, RG_KAFKA_EDGE_BEGINNING, o->begin, o->n, RG_INGEST_ASK_MS, err);
    if (failed == 0)
        failed = rg_kafka_topic_edges(g->admin, RG_KAFKA_EDGE_END, o->end, o->n, RG_INGEST_ASK_MS, err);
    if (failed == 0)
        failed = rg_stamps_read(g->stamps, o->stamps, o->n, &want_ms, err);
    return failed;
}

void rg_ingest_open_parts(struct rg_ingest *g)
{
    struct opening *o RG_CLEANUP(rg_free_ptr) = NULL;
    struct rg_error err;
    size_t waiting = 0;
    for (size_t i = 0; i < g->part_count; i++)
        waiting += g->parts[i]->state == RG_INGEST_OPENING;
    if (waiting == 0 || rg_ingest_boot_ms(g) < g->open_at_ms)
        return;
    o = rg_alloc(sizeof *o);
    for (size_t i = 0; i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        if (part->state != RG_INGEST_OPENING)
            continue;
        const struct rg_kafka_position position = {part->source->topic, part->partition, 0};
        o->parts[o->n] = part;
        o->committed[o->n] = o->begin[o->n] = o->end[o->n] = position;
        o->stamps[o->n++] = (struct rg_stamp){.source = part->source->upstream.name, .partition = part->partition};
    }
    g->open_at_ms = rg_ingest_boot_ms(g) + RG_INGEST_RETRY_MS;
    if (ask_places(g, o, &err) < 0) {
        rg_ingest_say(g, "INGEST-OPEN", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < o->n; i++) {
        struct rg_part *part = o->parts[i];
        int64_t start = rg_part_open(part, o->committed[i].offset, o->begin[i].offset, o->end[i].offset, &o->stamps[i].last);
        if (start < 0 || rg_kafka_consumer_seek(g->consumer, part->source->topic, part->partition, start, &err) == 0)
            continue;
        part->state = RG_INGEST_OPENING;
        rg_ingest_say(g, "INGEST-OPEN", "%s", err.text);
    }
}
