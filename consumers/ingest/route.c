/* One event, at most five records, always in the order of their subs: a shard skips what is at or below the highest origin it
 * has applied, so within one partition subs may only grow. */
#include "consumers/ingest/route.h"

#include "base/json/write.h"

struct routing {
    const struct rg_event *event;
    const struct rg_origin *at;
    int shards;
    struct rg_arena *arena;
    struct rg_route *route;
    struct rg_reject *reject;
    bool too_large;
};

static struct rg_routed *add(struct routing *r, enum rg_topic topic, int partition, enum rg_kind kind, enum rg_sub sub)
{
    rg_assert(r->route->count < RG_SUB_COUNT);
    struct rg_routed *record = &r->route->records[r->route->count++];
    *record = (struct rg_routed){.topic = topic, .partition = partition, .kind = kind, .sub = sub};
    return record;
}

static struct rg_str event_bytes(struct routing *r, const struct rg_event *event, bool personal)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    if (buf.overflow)
        r->too_large = true;
    return rg_arena_str(r->arena, rg_buf_str(&buf));
}

static void add_facts(struct routing *r, const struct rg_event *event, enum rg_sub sub, int partition, struct rg_str key)
{
    struct rg_routed *record = add(r, RG_TOPIC_LEDGER, partition, RG_REC_EVENT, sub);
    record->key = key;
    record->value = event_bytes(r, event, false);
}

/* Under a key of its own, so that compaction keeps every update until the owner has folded it. */
static void add_people(struct routing *r, const struct rg_event *event, enum rg_sub sub)
{
    struct rg_origin origin = *r->at;
    char text[RG_ORIGIN_TEXT_MAX];
    origin.sub = (int32_t)sub;
    rg_origin_print(&origin, text);
    struct rg_routed *record = add(r, RG_TOPIC_PEOPLE, rg_shard_of(event->debtor, r->shards), RG_REC_UPDATE, sub);
    record->key = rg_arena_printf(r->arena, RG_STR_FMT "/%s", RG_STR_ARG(event->debtor), text);
    record->value = event_bytes(r, event, true);
}

static void add_located(struct routing *r)
{
    const struct rg_event *event = r->event;
    struct rg_str ref = rg_ref(r->arena, RG_REF_INVOICE, event->ns, event->invoice);
    const struct rg_located located = {.ref = ref, .debtor = event->debtor};
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_located_write(&located, &buf);
    struct rg_routed *record = add(r, RG_TOPIC_LEDGER, rg_shard_of(ref, r->shards), RG_REC_LOCATED, RG_SUB_LOCATED);
    record->key = ref;
    record->value = rg_arena_str(r->arena, rg_buf_str(&buf));
}

/* Through when and, so that readers can tell when it counts, at which instant it was read: payments of the source are known only
 * once everything that was published by then has been read too. */
static void add_synced(struct routing *r, int64_t now_ms)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "v", 1);
    rg_jw_member_int(&jw, "through", r->event->through_ms);
    rg_jw_member_int(&jw, "at", now_ms);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    struct rg_routed *record = add(r, RG_TOPIC_CONTROL, 0, RG_REC_UNKNOWN, RG_SUB_FACTS);
    record->key = rg_arena_printf(r->arena, "known/" RG_STR_FMT, RG_STR_ARG(r->event->source_name));
    record->value = rg_arena_str(r->arena, rg_buf_str(&buf));
}

static int route_receipt(struct routing *r)
{
    const struct rg_event *event = r->event;
    struct rg_action_id action;
    bool fine = rg_action_id_parse(event->action, &action);
    rg_assert(fine); /* the decoder has looked */
    int shard = rg_action_id_shard(&action);
    if (shard >= r->shards)
        return rg_refuse(r->reject, RG_DEAD_UNROUTABLE, "data.action names shard %d, and there are %d", shard, r->shards);
    if (rg_event_has(event, RG_F_DEBTOR) && rg_shard_of(event->debtor, r->shards) != shard)
        return rg_refuse(r->reject, RG_DEAD_CONFLICT, "data.action is not an action of data.debtor");
    struct rg_str key = rg_event_has(event, RG_F_DEBTOR)
                            ? event->debtor
                            : rg_arena_printf(r->arena, "action:" RG_STR_FMT, RG_STR_ARG(event->action));
    add_facts(r, event, RG_SUB_FACTS, shard, key);
    return 0;
}

static int route_facts(struct routing *r)
{
    const struct rg_event *event = r->event;
    if (event->type == RG_EV_DELIVERY_RECEIPT)
        return route_receipt(r);
    if (rg_event_has(event, RG_F_DEBTOR)) {
        if (rg_event_has_half(event, false))
            add_facts(r, event, RG_SUB_FACTS, rg_shard_of(event->debtor, r->shards), event->debtor);
        return 0;
    }
    rg_assert(rg_event_has(event, RG_F_INVOICE)); /* no other type may come without its debtor */
    struct rg_str ref = rg_ref(r->arena, RG_REF_INVOICE, event->ns, event->invoice);
    add_facts(r, event, RG_SUB_FACTS, rg_shard_of(ref, r->shards), ref);
    return 0;
}

/* Whose invoice it is. Not only its issue says so: one that was issued before we came is first heard of by an update, and a
 * payment that names no debtor must find it all the same. */
static bool tells_where(const struct rg_event *event)
{
    bool updated = event->type == RG_EV_INVOICE_UPDATED && rg_event_has(event, RG_F_DEBTOR);
    return event->type == RG_EV_INVOICE_ISSUED || updated;
}

int rg_route(const struct rg_event *event, const struct rg_origin *at, int shards, int64_t now_ms, struct rg_arena *arena,
             struct rg_route *ret_route, struct rg_reject *reject)
{
    struct rg_route route = {.count = 0};
    struct routing r = {.event = event, .at = at, .shards = shards, .arena = arena, .route = &route, .reject = reject};
    int failed = 0;
    if (event->type == RG_EV_SOURCE_SYNCED)
        add_synced(&r, now_ms);
    else
        failed = route_facts(&r);
    if (failed < 0)
        return failed;
    if (tells_where(event))
        add_located(&r);
    if (event->details != NULL && rg_event_has_half(event->details, false))
        add_facts(&r, event->details, RG_SUB_DETAILS, rg_shard_of(event->debtor, shards), event->debtor);
    bool words = rg_event_has_half(event, true);
    if (words && rg_event_has(event, RG_F_DEBTOR))
        add_people(&r, event, RG_SUB_PEOPLE);
    if (event->details != NULL && rg_event_has_half(event->details, true))
        add_people(&r, event->details, RG_SUB_PEOPLE_DETAILS);
    if (r.too_large)
        return rg_refuse(reject, RG_DEAD_TOO_LARGE, "the event would make a record of more than %zu bytes", RG_EVENT_BYTES_MAX);
    route.words_dropped = words && !rg_event_has(event, RG_F_DEBTOR);
    *ret_route = route;
    return 0;
}
