/* A list in the order of adding. Entries wait, are sent, or wait again after the producer broke; sending always begins at the
 * first that waits, and between two of one rebuild nothing is ever sent out of order.
 *
 * After a refusal for good the whole batch is suspect: the producer is rebuilt to send one record at a time, innocents pass, the
 * one to blame comes back alone. When no suspect is left, batches are sent again. */
#include "consumers/ingest/outgoing.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define LINGER_MS 5
#define REBUILD_MS 3000
#define MAGIC 0x4f555447u

struct entry {
    uint32_t magic;
    struct entry *previous, *next;
    struct rg_outgoing *queue;
    bool sent;
    bool dropped; /* its owner does not wait for it any more */
    int refusals;
    size_t bytes;
    struct rg_outgoing_record record;
    void *memory; /* headers, then key, value, header values, names of a letter's headers */
};

struct rg_outgoing {
    struct rg_outgoing_ops ops;
    struct rg_kafka_producer *producer;
    struct entry *first, *last;
    struct entry *waiting; /* the first that is not sent; NULL: all are */
    size_t count, bytes, suspects;
    bool one_by_one;
    uint64_t rebuilds;
};

/* ---- the list ---- */

static void append(struct rg_outgoing *q, struct entry *e)
{
    e->previous = q->last;
    if (q->last == NULL)
        q->first = e;
    else
        q->last->next = e;
    q->last = e;
    if (q->waiting == NULL)
        q->waiting = e;
    q->count++;
    q->bytes += e->bytes;
}

static void remove_entry(struct rg_outgoing *q, struct entry *e)
{
    if (e->previous != NULL)
        e->previous->next = e->next;
    else
        q->first = e->next;
    if (e->next != NULL)
        e->next->previous = e->previous;
    else
        q->last = e->previous;
    if (q->waiting == e)
        q->waiting = e->next;
    if (e->refusals > 0)
        q->suspects--;
    q->count--;
    q->bytes -= e->bytes;
}

static void free_entry(struct entry *e)
{
    free(e->memory);
    free(e);
}

static struct rg_str copy(char **at, struct rg_str text)
{
    if (text.p == NULL)
        return text;
    struct rg_str copied = {*at, text.n};
    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    (*at)[text.n] = '\0';
    *at += text.n + 1;
    return copied;
}

/* Fills the entry with a copy of the record. */
static void fill(struct entry *e, const struct rg_outgoing_record *record)
{
    rg_assert(record->header_count <= RG_KAFKA_HEADERS_MAX);
    size_t array = record->header_count * sizeof(struct rg_kafka_header), bytes = array + record->key.n + record->value.n + 2;
    for (size_t i = 0; i < record->header_count; i++)
        bytes += strlen(record->headers[i].name) + record->headers[i].value.n + 2;
    e->memory = rg_alloc(bytes);
    e->bytes = bytes + sizeof *e;
    struct rg_kafka_header *headers = e->memory;
    char *at = (char *)e->memory + array;
    e->record = *record;
    e->record.key = copy(&at, record->key);
    e->record.value = copy(&at, record->value);
    for (size_t i = 0; i < record->header_count; i++) {
        const char *name = record->headers[i].name;
        headers[i] =
            (struct rg_kafka_header){record->letter ? copy(&at, rg_str(name)).p : name, copy(&at, record->headers[i].value)};
    }
    e->record.headers = headers;
}

/* ---- life ---- */

static void on_report(void *ctx, const struct rg_kafka_report *report);

int rg_outgoing_new(const struct rg_kafka_config *kafka, const struct rg_outgoing_ops *ops, size_t record_bytes_max,
                    struct rg_outgoing **ret_outgoing, struct rg_error *err)
{
    struct rg_outgoing *q = rg_alloc(sizeof *q);
    q->ops = *ops;
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = q, .linger_ms = LINGER_MS,
                                                      .queue_max = RG_OUTGOING_RECORDS_MAX, .record_max_bytes = record_bytes_max};
    int failed = rg_kafka_producer_new(kafka, &options, &q->producer, err);
    if (failed < 0) {
        rg_free(&q);
        return failed;
    }
    *ret_outgoing = q;
    return 0;
}

void rg_outgoing_free(struct rg_outgoing **outgoing)
{
    struct rg_outgoing *q = *outgoing;
    if (q == NULL)
        return;
    rg_kafka_producer_free(&q->producer, RG_KAFKA_FREE_MS); /* no report comes after this */
    for (struct entry *e = q->first; e != NULL;) {
        struct entry *next = e->next;
        free_entry(e);
        e = next;
    }
    rg_free(outgoing);
}

int rg_outgoing_open(struct rg_outgoing *outgoing, const char *topic, int timeout_ms, int *ret_partitions, struct rg_error *err)
{
    return rg_kafka_producer_open(outgoing->producer, topic, timeout_ms, ret_partitions, err);
}

/* ---- in ---- */

void rg_outgoing_add(struct rg_outgoing *outgoing, const struct rg_outgoing_record *record)
{
    struct entry *e = rg_alloc(sizeof *e);
    e->magic = MAGIC;
    e->queue = outgoing;
    fill(e, record);
    append(outgoing, e);
}

void rg_outgoing_drop(struct rg_outgoing *outgoing, const void *owner)
{
    for (struct entry *e = outgoing->first; e != NULL;) {
        struct entry *next = e->next;
        if (e->record.owner == owner && e->sent) {
            e->dropped = true; /* the producer still holds it: its report frees it */
        } else if (e->record.owner == owner) {
            remove_entry(outgoing, e);
            free_entry(e);
        }
        e = next;
    }
}

bool rg_outgoing_full(const struct rg_outgoing *outgoing)
{
    return outgoing->count >= RG_OUTGOING_RECORDS_MAX || outgoing->bytes >= RG_OUTGOING_BYTES_MAX;
}

size_t rg_outgoing_count(const struct rg_outgoing *outgoing)
{
    return outgoing->count;
}

uint64_t rg_outgoing_rebuilds(const struct rg_outgoing *outgoing)
{
    return outgoing->rebuilds;
}

/* ---- out ---- */

static void finish(struct rg_outgoing *q, struct entry *e)
{
    void *owner = e->dropped ? NULL : e->record.owner;
    int64_t offset = e->record.offset;
    remove_entry(q, e);
    free_entry(e);
    if (owner != NULL)
        q->ops.done(q->ops.ctx, owner, offset);
}

static void suspect(struct rg_outgoing *q, struct entry *e)
{
    if (e->refusals++ == 0)
        q->suspects++;
}

/* Not written, or not known: it waits again. The producer is broken now, so nothing behind it can have been sent after this. */
static void wait_again(struct rg_outgoing *q, struct entry *e)
{
    e->sent = false;
    if (e->dropped)
        finish(q, e);
}

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct rg_outgoing *q = ctx;
    struct entry *e = report->opaque;
    rg_assert(e->magic == MAGIC && e->queue == q && e->sent);
    if (report->err.code == 0) {
        finish(q, e);
        return;
    }
    if (report->err.code == RG_EREFUSED)
        suspect(q, e);
    wait_again(q, e);
}

/* The record can never be written as it is. */
static void replace(struct rg_outgoing *q, struct entry *e, const char *why)
{
    struct rg_outgoing_record instead = {.topic = NULL};
    if (!q->ops.refused(q->ops.ctx, &e->record, why, &instead)) {
        finish(q, e);
        return;
    }
    void *old = e->memory;
    size_t bytes = e->bytes;
    fill(e, &instead);
    free(old);
    q->bytes = q->bytes - bytes + e->bytes;
    if (e->refusals > 0)
        q->suspects--;
    e->refusals = 0;
}

static int rebuild(struct rg_outgoing *q, bool one_by_one, struct rg_error *err)
{
    int failed = rg_kafka_producer_rebuild(q->producer, one_by_one, REBUILD_MS, err);
    if (failed < 0)
        return failed;
    q->one_by_one = one_by_one;
    q->rebuilds++;
    for (struct entry *e = q->first; e != NULL; e = e->next)
        rg_assert(!e->sent); /* every report was served */
    q->waiting = q->first;
    return 0;
}

/* 0: go on; negative: nothing more can be sent now. */
static int send_entry(struct rg_outgoing *q, struct entry *e, struct rg_error *err)
{
    const struct rg_kafka_record record = {.topic = e->record.topic,
                                           .partition = e->record.partition,
                                           .key = e->record.key,
                                           .value = e->record.value,
                                           .headers = e->record.headers,
                                           .headers_n = e->record.header_count,
                                           .opaque = e};
    int failed = rg_kafka_producer_send(q->producer, &record, err);
    if (failed == 0) {
        e->sent = true;
        q->waiting = e->next;
        return 0;
    }
    if (failed != RG_EINVAL)
        return failed;
    replace(q, e, err->text);
    return 0;
}

static int send_all(struct rg_outgoing *q, struct rg_error *err)
{
    while (q->waiting != NULL) {
        struct entry *e = q->waiting;
        if (q->one_by_one && rg_kafka_producer_outstanding(q->producer) > 0)
            return 0; /* alone means alone */
        if (e->refusals >= RG_OUTGOING_REFUSALS_MAX)
            replace(q, e, "the broker refuses the record");
        if (q->waiting != e)
            continue;
        int failed = send_entry(q, e, err);
        if (failed < 0)
            return failed == RG_ELIMIT ? 0 : failed;
    }
    return 0;
}

int rg_outgoing_pump(struct rg_outgoing *outgoing, int wait_ms, struct rg_error *err)
{
    struct rg_outgoing *q = outgoing;
    rg_kafka_producer_poll(q->producer, 0);
    bool broken = rg_kafka_producer_broken(q->producer);
    bool calm = q->one_by_one && q->suspects == 0 && rg_kafka_producer_outstanding(q->producer) == 0;
    if (broken || calm) {
        int failed = rebuild(q, q->suspects > 0, err);
        if (failed < 0) {
            (void)poll(NULL, 0, wait_ms); /* nothing to wait for but time */
            return failed;
        }
    }
    int failed = send_all(q, err);
    if (wait_ms > 0 && rg_kafka_producer_outstanding(q->producer) > 0)
        rg_kafka_producer_poll(q->producer, wait_ms);
    return failed == RG_EIO ? 0 : failed; /* broken: rebuilt with the next call */
}
