/* Nothing is committed and nobody's group is joined: looking changes nothing. */
#include "daemon/ctl/letters.h"

#include <string.h>

#define ASK_MS 15000
#define IDLE_MS 15000

struct rg_str letters_topic_of(struct rg_str place)
{
    int slashes = 0;
    while (place.n > 0 && slashes < 2)
        slashes += place.p[--place.n] == '/';
    return place;
}

static bool is_named(const struct letters *l, struct rg_str place)
{
    for (size_t i = 1; i < l->ctl->arg_count; i++)
        if (rg_str_is(place, l->ctl->args[i]))
            return true;
    return l->ctl->arg_count < 2;
}

static bool fits(const struct letters *l, const struct letter *letter)
{
    return is_named(l, letter->place) && (l->reason == NULL || rg_str_is(letter->reason, l->reason)) &&
           (l->topic == NULL || rg_str_is(letters_topic_of(letter->place), l->topic));
}

/* Shards write none into theirs: then it is when Kafka took the letter. */
static struct rg_str time_of(struct letters *l, const struct rg_kafka_event *event)
{
    struct rg_str at = rg_kafka_event_header(event, RG_LETTER_AT);
    if (at.n > 0 || event->timestamp_ms < 0)
        return at;
    rg_instant_format(event->timestamp_ms, 0, l->at);
    return rg_str(l->at);
}

static struct letter letter_of(struct letters *l, const struct rg_kafka_event *event)
{
    return (struct letter){.event = event,
                           .place = rg_kafka_event_header(event, RG_LETTER_SOURCE),
                           .reason = rg_kafka_event_header(event, RG_LETTER_REASON),
                           .detail = rg_kafka_event_header(event, RG_LETTER_DETAIL),
                           .at = time_of(l, event)};
}

struct reach {
    struct rg_kafka_position *begin, *end;
    int partitions, left; /* left: not read to the end yet */
};

static int find_ends(struct letters *l, const char *topic, struct reach *ret, struct rg_error *err)
{
    struct rg_kafka_admin *admin = NULL;
    int rc = rg_kafka_admin_new(&l->kafka, &admin, err);
    if (rc == 0)
        rc = rg_kafka_reach(admin, ASK_MS, err);
    if (rc == 0)
        rc = rg_kafka_topic_partitions(admin, topic, ASK_MS, &ret->partitions, err);
    if (rc == 0) {
        ret->begin = RG_NEW(l->arena, struct rg_kafka_position, ret->partitions);
        ret->end = RG_NEW(l->arena, struct rg_kafka_position, ret->partitions);
        for (int p = 0; p < ret->partitions; p++)
            ret->begin[p] = ret->end[p] = (struct rg_kafka_position){topic, p, RG_KAFKA_BEGINNING};
        rc = rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_BEGINNING, ret->begin, (size_t)ret->partitions, ASK_MS, err);
    }
    if (rc == 0)
        rc = rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_END, ret->end, (size_t)ret->partitions, ASK_MS, err);
    for (int p = 0; rc == 0 && p < ret->partitions; p++)
        ret->left += ret->begin[p].offset < ret->end[p].offset;
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    return rc;
}

/* The position of one partition is `next`; counts it when that is its end for the first time. */
static void reached(struct reach *reach, int partition, int64_t next)
{
    if (partition < 0 || partition >= reach->partitions)
        return;
    int64_t before = reach->begin[partition].offset, end = reach->end[partition].offset;
    reach->left -= before < end && next >= end;
    reach->begin[partition].offset = next > before ? next : before;
}

static int read_on(struct letters *l, struct rg_kafka_consumer *consumer, struct reach *reach, letter_fn *fn, void *ctx, struct rg_error *err)
{
    int64_t until_ms = rg_boot_ms(rg_clock_system()) + IDLE_MS;
    while (reach->left > 0) {
        struct rg_kafka_event event;
        rg_kafka_consumer_poll(consumer, 200, &event);
        if (event.kind == RG_KAFKA_EVENT_NONE && rg_boot_ms(rg_clock_system()) > until_ms)
            return rg_fail(err, RG_ETIMEOUT, "Kafka gives no more records, and the end is not reached");
        if (event.kind == RG_KAFKA_EVENT_NONE)
            continue;
        if (event.kind == RG_KAFKA_EVENT_FAULT && (event.stopped || event.fatal)) {
            *err = event.error;
            return err->code;
        }
        until_ms = rg_boot_ms(rg_clock_system()) + IDLE_MS;
        if (event.kind == RG_KAFKA_EVENT_END)
            reached(reach, event.partition, event.offset);
        if (event.kind != RG_KAFKA_EVENT_MESSAGE)
            continue;
        const struct letter letter = letter_of(l, &event);
        bool more = event.offset >= reach->end[event.partition].offset || !fits(l, &letter) || fn(l, &letter, ctx);
        reached(reach, event.partition, event.offset + 1);
        if (!more)
            return 0;
    }
    return 0;
}

int letters_walk(struct letters *l, letter_fn *fn, void *ctx, struct rg_error *err)
{
    struct rg_kafka_consumer *consumer = NULL;
    struct reach reach = {.left = 0};
    struct rg_str group = rg_arena_printf(l->arena, RG_STR_FMT "-reguactl", RG_STR_ARG(l->site->kafka.group));
    const struct rg_kafka_consumer_options options = {.group = group.p, .ends = true};
    int rc = find_ends(l, l->site->kafka.topics.deadletter.p, &reach, err);
    if (rc < 0 || reach.left == 0)
        return rc;
    rc = rg_kafka_consumer_new(&l->kafka, &options, &consumer, err);
    if (rc == 0)
        rc = rg_kafka_consumer_assign(consumer, reach.begin, (size_t)reach.partitions, err);
    if (rc == 0)
        rc = read_on(l, consumer, &reach, fn, ctx, err);
    rg_kafka_consumer_free(&consumer, RG_KAFKA_FREE_MS);
    return rc;
}

bool letters_own_header(const char *name)
{
    static const char *const own[] = {RG_LETTER_REASON, RG_LETTER_DETAIL, RG_LETTER_SOURCE, RG_LETTER_AT, RG_LETTER_LENGTH, RG_LETTER_SHA256};
    for (size_t i = 0; i < RG_COUNT(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}
