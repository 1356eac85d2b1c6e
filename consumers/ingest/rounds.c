/* Freshness: a shard may press for money only when upstream is read through the instant it decides at. Whoever needs that says so
 * in Redis; here the time is taken first, then asked how many partitions there are and where they end, so that everything
 * published by then lies below the ends, and when all of that is acknowledged the time is stamped. The number of partitions is
 * said in the same write: one that was added and is not read yet has no stamp, and until it has nothing is known to be fresh.
 * Nobody asks: no round, and not a single question to the brokers. */
#include "consumers/ingest/ingest_parts.h"

#include "base/core/log.h"
#include "config/contract/state.h"

#define ROUND_LOOKS 8 /* at what shards want, in the time of one round */

/* Stamps what was reached, and says which record was read last. */
int rg_ingest_tell(struct rg_ingest *g, struct rg_error *err)
{
    struct rg_stamp rows[RG_INGEST_PARTITIONS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        bool proof = !part->proof_told && part->proof.offset < part->committed;
        if (part->fresh_told && !proof)
            continue;
        rows[n++] = (struct rg_stamp){.source = part->source->upstream.name, .partition = part->partition,
                                      .fresh_ms = part->fresh_told ? -1 : part->fresh_ms,
                                      .partitions = g->partitions[part->source - g->config.sources],
                                      .last = proof ? part->proof : (struct rg_last_read){.offset = -1}};
    }
    int failed = n == 0 ? 0 : rg_stamps_write(g->stamps, rows, n, err);
    for (size_t i = 0; failed == 0 && i < g->part_count; i++) {
        g->parts[i]->fresh_told = true;
        g->parts[i]->proof_told = g->parts[i]->proof_told || g->parts[i]->proof.offset < g->parts[i]->committed;
    }
    return failed;
}

/* What stands in Redis below what we have said was lost: said again. */
static int look(struct rg_ingest *g, int64_t *ret_want_ms, struct rg_error *err)
{
    struct rg_stamp rows[RG_INGEST_PARTITIONS_MAX];
    for (size_t i = 0; i < g->part_count; i++)
        rows[i] = (struct rg_stamp){.source = g->parts[i]->source->upstream.name, .partition = g->parts[i]->partition};
    int failed = rg_stamps_read(g->stamps, rows, g->part_count, ret_want_ms, err);
    for (size_t i = 0; failed == 0 && i < g->part_count; i++)
        if (rows[i].fresh_ms < g->parts[i]->fresh_ms)
            g->parts[i]->fresh_told = false;
    return failed;
}

/* The clock was set back: what it stamped until then is stamped anew. */
static void forget_future(struct rg_part *part, int64_t now_ms)
{
    int64_t last_ms = now_ms + RG_FRESH_AHEAD_MS;
    if (part->fresh_ms > last_ms)
        part->fresh_ms = -1;
    if (part->round_ms > last_ms)
        part->round_ms = -1;
}

/* First the time, then the partitions and their ends: what was published by then lies below them. */
static int begin_round(struct rg_ingest *g, int64_t want_ms, struct rg_error *err)
{
    struct rg_kafka_position ends[RG_INGEST_PARTITIONS_MAX];
    struct rg_part *asked[RG_INGEST_PARTITIONS_MAX];
    size_t n = 0;
    int64_t now_ms = rg_shared_ms(g->config.clock);
    for (size_t i = 0; now_ms >= 0 && i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        forget_future(part, now_ms);
        if (part->state != RG_INGEST_READING || part->round_ms >= 0 || part->fresh_ms >= want_ms)
            continue;
        ends[n] = (struct rg_kafka_position){part->source->topic, part->partition, 0};
        asked[n++] = part;
    }
    if (n == 0)
        return 0;
    int failed = rg_ingest_count(g, err);
    if (failed == 0)
        failed = rg_kafka_topic_edges(g->admin, RG_KAFKA_EDGE_END, ends, n, RG_INGEST_ASK_MS, err);
    if (failed < 0)
        return failed;
    for (size_t i = 0; i < n; i++) {
        asked[i]->round_ms = now_ms;
        asked[i]->round_end = ends[i].offset;
        rg_part_settle(asked[i]);
    }
    atomic_fetch_add(&g->config.counters->rounds, 1);
    return 0;
}

static int round_turn(struct rg_ingest *g, struct rg_error *err)
{
    int64_t want_ms = -1;
    int failed = 0;
    if (rg_ingest_boot_ms(g) >= g->round_at_ms) {
        g->round_at_ms = rg_ingest_boot_ms(g) + g->config.round_ms / ROUND_LOOKS;
        failed = look(g, &want_ms, err);
        if (failed == 0)
            failed = begin_round(g, want_ms, err);
    }
    for (size_t i = 0; i < g->part_count; i++)
        rg_part_settle(g->parts[i]);
    return failed < 0 ? failed : rg_ingest_tell(g, err);
}

void rg_ingest_rounds(struct rg_ingest *g)
{
    struct rg_error err;
    if (g->part_count == 0 || rg_ingest_boot_ms(g) < g->redis_at_ms || round_turn(g, &err) == 0)
        return;
    rg_ingest_say(g, "INGEST-ROUND", "%s", err.text);
    g->redis_at_ms = rg_ingest_boot_ms(g) + RG_INGEST_RETRY_MS;
}
