/* Records are kept whole and owned, in one list per state: those under way, and those written, each with its offset. */
#include "tests/fakes/stream.h"

#include "base/core/arena.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 8

struct record {
    struct rg_kafka_producer *from; /* NULL: appended by others */
    struct rg_kafka_record out; /* slices into bytes of its own */
    struct rg_kafka_header headers[HEADERS_MAX];
    int64_t offset; /* −1: not written */
    struct rg_arena *arena;
};

struct list {
    struct record **items;
    size_t count, cap;
};

struct rg_kafka_producer {
    struct rg_fake_stream *stream;
    struct rg_kafka_producer *next;
    bool broken;
};

struct rg_fake_stream {
    struct rg_kafka_producer producer; /* the first; the others follow it */
    rg_kafka_report_fn *on_report;
    void *ctx;
    size_t waiting_max;
    const char *unopened; /* NULL: none */
    struct list waiting, written;
};

static void push(struct list *list, struct record *record)
{
    if (list->count == list->cap) {
        list->cap = list->cap > 0 ? 2 * list->cap : 64;
        list->items = rg_realloc(list->items, list->cap, sizeof(struct record *));
    }
    list->items[list->count++] = record;
}

static struct record *take(struct list *list, size_t index)
{
    struct record *record = list->items[index];
    list->count--;
    memmove(list->items + index, list->items + index + 1, (list->count - index) * sizeof(struct record *));
    return record;
}

static struct record *record_new(const struct rg_kafka_record *from)
{
    struct rg_arena *arena = rg_arena_new((size_t)16 * 1024 * 1024);
    struct record *record = rg_alloc(sizeof *record);
    *record = (struct record){.out = *from, .offset = -1, .arena = arena};
    record->out.topic = rg_arena_strdup(arena, from->topic);
    record->out.key = rg_arena_str(arena, from->key);
    record->out.value = rg_arena_str(arena, from->value);
    rg_assert(from->headers_n <= HEADERS_MAX);
    for (size_t i = 0; i < from->headers_n; i++)
        record->headers[i] =
            (struct rg_kafka_header){rg_arena_strdup(arena, from->headers[i].name), rg_arena_str(arena, from->headers[i].value)};
    record->out.headers = record->headers;
    return record;
}

static void record_free(struct record *record)
{
    rg_arena_free(&record->arena);
    free(record);
}

struct rg_fake_stream *rg_fake_stream_new(rg_kafka_report_fn *on_report, void *ctx)
{
    struct rg_fake_stream *stream = rg_alloc(sizeof *stream);
    stream->producer.stream = stream;
    stream->on_report = on_report;
    stream->ctx = ctx;
    stream->waiting_max = SIZE_MAX;
    return stream;
}

struct rg_kafka_producer *rg_fake_stream_producer(struct rg_fake_stream *stream)
{
    return &stream->producer;
}

struct rg_kafka_producer *rg_fake_stream_another(struct rg_fake_stream *stream)
{
    struct rg_kafka_producer *producer = rg_alloc(sizeof *producer);
    *producer = (struct rg_kafka_producer){.stream = stream, .next = stream->producer.next};
    stream->producer.next = producer;
    return producer;
}

static int64_t append(struct rg_fake_stream *stream, struct record *record)
{
    record->offset = rg_fake_stream_end(stream, record->out.topic, record->out.partition);
    push(&stream->written, record);
    return record->offset;
}

static void report(struct rg_fake_stream *stream, const struct record *record, int code)
{
    struct rg_kafka_report told = {.opaque = record->out.opaque, .topic = record->out.topic, .partition = record->out.partition,
                                   .offset = code == 0 ? record->offset : -1};
    if (code != 0)
        (void)rg_fail(&told.err, code, "the fake was told to");
    if (stream->on_report != NULL)
        stream->on_report(stream->ctx, &told);
}

/* ---- what base/kafka would define ---- */

int rg_kafka_producer_send(struct rg_kafka_producer *producer, const struct rg_kafka_record *record, struct rg_error *err)
{
    struct rg_fake_stream *stream = producer->stream;
    if (producer->broken)
        return rg_fail(err, RG_EIO, "the producer is broken");
    if (stream->unopened != NULL && strcmp(stream->unopened, record->topic) == 0)
        return rg_fail(err, RG_ENOTFOUND, "topic %s was not opened", record->topic);
    if (stream->waiting.count >= stream->waiting_max)
        return rg_fail(err, RG_ELIMIT, "the queue is full");
    if (record->partition < 0)
        return rg_fail(err, RG_EINVAL, "no such partition");
    struct record *sent = record_new(record);
    sent->from = producer;
    push(&stream->waiting, sent);
    return 0;
}

bool rg_kafka_producer_broken(const struct rg_kafka_producer *producer)
{
    return producer->broken;
}

struct rg_str rg_kafka_event_header(const struct rg_kafka_event *event, const char *name)
{
    const struct record *record = event->raw;
    struct rg_str found = {0};
    for (size_t i = 0; i < record->out.headers_n; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            found = record->headers[i].value;
    return found;
}

/* ---- fates ---- */

size_t rg_fake_stream_waiting(const struct rg_fake_stream *stream)
{
    return stream->waiting.count;
}

const struct rg_kafka_record *rg_fake_stream_sent(const struct rg_fake_stream *stream, size_t i)
{
    rg_assert(i < stream->waiting.count);
    return &stream->waiting.items[i]->out;
}

static void deliver_at(struct rg_fake_stream *stream, size_t index)
{
    struct record *record = take(&stream->waiting, index);
    (void)append(stream, record);
    report(stream, record, 0);
}

void rg_fake_stream_deliver(struct rg_fake_stream *stream, size_t n)
{
    while (n-- > 0 && stream->waiting.count > 0)
        deliver_at(stream, 0);
}

void rg_fake_stream_deliver_topic(struct rg_fake_stream *stream, const char *topic)
{
    for (size_t i = 0; i < stream->waiting.count;) {
        if (strcmp(stream->waiting.items[i]->out.topic, topic) == 0)
            deliver_at(stream, i);
        else
            i++;
    }
}

void rg_fake_stream_deliver_of(struct rg_kafka_producer *producer, size_t n)
{
    struct rg_fake_stream *stream = producer->stream;
    for (size_t i = 0; i < stream->waiting.count && n > 0;) {
        if (stream->waiting.items[i]->from != producer) {
            i++;
            continue;
        }
        deliver_at(stream, i);
        n--;
    }
}

void rg_fake_stream_break_of(struct rg_kafka_producer *producer, bool written)
{
    struct rg_fake_stream *stream = producer->stream;
    bool first = true;
    producer->broken = true;
    for (size_t i = 0; i < stream->waiting.count;) {
        if (stream->waiting.items[i]->from != producer) {
            i++;
            continue;
        }
        struct record *record = take(&stream->waiting, i);
        report(stream, record, first ? RG_EUNKNOWN : RG_EIO);
        if (first && written)
            (void)append(stream, record);
        else
            record_free(record);
        first = false;
    }
}

void rg_fake_stream_mend_of(struct rg_kafka_producer *producer)
{
    producer->broken = false;
}

void rg_fake_stream_break(struct rg_fake_stream *stream, bool written)
{
    rg_fake_stream_break_of(&stream->producer, written);
}

void rg_fake_stream_mend(struct rg_fake_stream *stream)
{
    rg_fake_stream_mend_of(&stream->producer);
}

void rg_fake_stream_unopened(struct rg_fake_stream *stream, const char *topic)
{
    stream->unopened = topic;
}

void rg_fake_stream_limit(struct rg_fake_stream *stream, size_t waiting_max)
{
    stream->waiting_max = waiting_max;
}

void rg_fake_stream_free(struct rg_fake_stream **stream)
{
    struct rg_fake_stream *s = *stream;
    if (s == NULL)
        return;
    for (struct rg_kafka_producer *p = &s->producer; p != NULL; p = p->next)
        rg_fake_stream_break_of(p, false);
    while (s->producer.next != NULL) {
        struct rg_kafka_producer *gone = s->producer.next;
        s->producer.next = gone->next;
        rg_free(&gone);
    }
    for (size_t i = 0; i < s->written.count; i++)
        record_free(s->written.items[i]);
    free(s->waiting.items);
    free(s->written.items);
    rg_free(stream);
}

/* ---- logs ---- */

static bool lies_in(const struct record *record, const char *topic, int partition)
{
    return record->out.partition == partition && strcmp(record->out.topic, topic) == 0;
}

int64_t rg_fake_stream_append(struct rg_fake_stream *stream, const struct rg_kafka_record *record)
{
    return append(stream, record_new(record));
}

int64_t rg_fake_stream_end(const struct rg_fake_stream *stream, const char *topic, int partition)
{
    for (size_t i = stream->written.count; i > 0; i--)
        if (lies_in(stream->written.items[i - 1], topic, partition))
            return stream->written.items[i - 1]->offset + 1;
    return 0;
}

bool rg_fake_stream_read(const struct rg_fake_stream *stream, const char *topic, int partition, int64_t offset,
                         struct rg_kafka_event *ret_event)
{
    for (size_t i = 0; i < stream->written.count; i++) {
        struct record *record = stream->written.items[i];
        if (!lies_in(record, topic, partition) || record->offset != offset)
            continue;
        *ret_event = (struct rg_kafka_event){.kind = RG_KAFKA_EVENT_MESSAGE, .topic = record->out.topic, .partition = partition,
                                             .offset = offset, .key = record->out.key, .value = record->out.value, .raw = record};
        return true;
    }
    return false;
}

void rg_fake_stream_recreate(struct rg_fake_stream *stream, const char *topic, int partition)
{
    for (size_t i = stream->written.count; i > 0; i--)
        if (lies_in(stream->written.items[i - 1], topic, partition))
            record_free(take(&stream->written, i - 1));
}
