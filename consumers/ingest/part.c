/* A partition remembers three places: `from`, below which everything was written before we came; the window's next, below which
 * everything is written now; and `last`, the last record below that, whose checksum proves at the next opening that the topic is
 * still the same. Offsets alone cannot: a topic that was made anew and has grown past the commit looks healthy. */
#include "consumers/ingest/part.h"

#include "base/core/hash.h"
#include "base/core/log.h"

#include <stdarg.h>
#include <stdio.h>

struct rg_part *rg_part_new(const struct rg_ingest_source *source, int partition)
{
    struct rg_part *part = rg_alloc(sizeof *part);
    *part = (struct rg_part){
        .source = source, .partition = partition, .test = {.offset = -1}, .last = {.offset = -1}, .proof = {.offset = -1},
        .proof_told = true, .committed = -1, .fresh_ms = -1, .fresh_told = true, .round_ms = -1,
    };
    part->window = rg_ack_window_new(RG_PART_WINDOW_MAX);
    part->sums = rg_alloc(RG_PART_WINDOW_MAX * sizeof *part->sums);
    return part;
}

void rg_part_free(struct rg_part **part)
{
    if (*part == NULL)
        return;
    rg_ack_window_free(&(*part)->window);
    rg_free(&(*part)->sums);
    rg_free(part);
}

void rg_part_stop(struct rg_part *part, const char *why)
{
    const struct rg_log_ctx ctx = {.source = part->source->upstream.name.p, .topic = part->source->topic, .shard = -1};
    part->state = RG_INGEST_STOPPED;
    part->round_ms = -1;
    (void)snprintf(part->trouble, sizeof part->trouble, "%.250s", why);
    rg_log(RG_LOG_ERROR, "SOURCE-STOPPED", &ctx, "%s/%d: %s; the partition is not read any more, the others are",
           part->source->topic, part->partition, why);
}

static int64_t stop_at(struct rg_part *part, const char *fmt, ...) RG_PRINTF(2, 3);
static int64_t stop_at(struct rg_part *part, const char *fmt, ...)
{
    char why[RG_INGEST_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    rg_part_stop(part, why);
    return RG_EREFUSED;
}

/* Everything below was read before: by the group's word, or by the last record's where the group has forgotten (its offsets
 * expire, and go with a topic that is deleted). What was committed of an earlier incarnation says nothing about this one. */
static int64_t read_before(const struct rg_part *part, int64_t committed, const struct rg_last_read *last)
{
    if (last->offset < 0)
        return committed >= 0 ? committed : -1;
    if (last->incarnation != part->source->incarnation)
        return -1;
    return committed >= 0 ? committed : last->offset + 1;
}

int64_t rg_part_open(struct rg_part *part, int64_t committed, int64_t begin, int64_t end, const struct rg_last_read *last)
{
    rg_assert(part->state == RG_INGEST_OPENING);
    int64_t before = read_before(part, committed, last);
    part->from = before >= 0 ? before : begin;
    part->committed = committed >= 0 && before >= 0 ? committed : -1;
    part->test = (struct rg_last_read){.offset = -1};
    if (before > end)
        return stop_at(part, "it ends at offset %lld, and was read up to %lld: the topic was truncated or made anew",
                       (long long)end, (long long)before);
    if (before >= 0 && before < begin)
        return stop_at(part, "it begins at offset %lld, and was read up to %lld: records were removed before they were read",
                       (long long)begin, (long long)before);
    int64_t start = part->from;
    if (before >= 0 && last->offset >= begin && last->offset < before) {
        part->test = *last;
        start = last->offset;
    }
    rg_ack_window_reset(part->window, part->from);
    part->first_sum = part->sum_count = 0;
    part->state = RG_INGEST_READING;
    part->trouble[0] = '\0';
    return start;
}

bool rg_part_takes(struct rg_part *part, int64_t offset, struct rg_str value)
{
    if (part->state != RG_INGEST_READING)
        return false;
    if (part->test.offset >= 0 && offset >= part->test.offset) {
        /* A record that has been compacted away cannot be tested; what stands behind it is taken. */
        if (offset == part->test.offset && rg_crc32(0, value.p, value.n) != part->test.crc) {
            (void)stop_at(part, "the record at offset %lld is not the one that was read there: the topic was made anew",
                          (long long)offset);
            return false;
        }
        part->test.offset = -1;
    }
    return offset >= part->from;
}

void rg_part_add(struct rg_part *part, int64_t offset, struct rg_str value, uint32_t records)
{
    struct rg_error err;
    int failed = rg_ack_window_add(part->window, offset, records, &err);
    rg_assert(failed == 0); /* the caller looks whether it is full, and offsets only grow */
    if (part->sum_count == RG_PART_WINDOW_MAX)
        rg_part_settle(part);
    rg_assert(part->sum_count < RG_PART_WINDOW_MAX);
    part->from = offset + 1;
    part->sums[(part->first_sum + part->sum_count++) % RG_PART_WINDOW_MAX] =
        (struct rg_part_sum){offset, rg_crc32(0, value.p, value.n)};
}

void rg_part_ended(struct rg_part *part, int64_t next)
{
    if (part->state == RG_INGEST_READING)
        rg_ack_window_reach(part->window, next);
}

int64_t rg_part_commit(struct rg_part *part)
{
    rg_part_settle(part);
    int64_t next = rg_ack_window_next(part->window);
    if (part->state == RG_INGEST_OPENING || next <= part->committed || next <= 0)
        return -1;
    if (part->last.offset >= 0) {
        part->proof = part->last;
        part->proof_told = false;
    }
    return next;
}

void rg_part_settle(struct rg_part *part)
{
    int64_t next = rg_ack_window_next(part->window);
    while (part->sum_count > 0 && part->sums[part->first_sum].offset < next) {
        const struct rg_part_sum *sum = &part->sums[part->first_sum];
        part->last = (struct rg_last_read){part->source->incarnation, sum->offset, sum->crc};
        part->first_sum = (part->first_sum + 1) % RG_PART_WINDOW_MAX;
        part->sum_count--;
    }
    if (part->round_ms >= 0 && next >= part->round_end && part->state == RG_INGEST_READING) {
        part->fresh_ms = part->round_ms;
        part->fresh_told = false;
        part->round_ms = -1;
    }
}
