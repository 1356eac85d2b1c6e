/* A batch of fetched records: what is a repeat is skipped by its place and its origin; what has no debtor is found or parked at
 * its reference; the rest is folded into its debtor's record, in order. */
#include "daemon/shard/batch.h"

#include "base/core/hash.h"
#include "base/core/log.h"
#include "config/contract/event.h"
#include "consumers/ingest/letter.h"
#include "daemon/state/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One decoded record of the batch. */
struct item {
    const struct rg_fetched *intake;
    struct rg_fact_record fact;
    union { /* by its kind */
        struct rg_event event;
        struct rg_decision decision;
        struct rg_recalled recalled;
        struct rg_skipped skipped;
        struct rg_claim claim;
        struct rg_outcome outcome;
        struct rg_located located;
    };
    struct rg_str debtor;    /* whose record it changes; absent: a reference has to be looked up */
    struct rg_str reference; /* key of that reference */
    size_t found, charge;    /* where the reference, and the charge it may bring, stand in this batch's lists */
    bool skip;
    bool stranger; /* its debtor, or that reference, lives in another shard */
};

/* A reference in this batch. */
struct found {
    struct rg_str key;
    size_t value; /* of batch->values */
    struct rg_reference reference;
    bool changed;
};

/* Where each key stands in a list whose elements begin with it: its index + 1, by the key's hash. */
#define PLACES 2048 /* a power of two */
static_assert(PLACES >= 4 * RG_SHARD_BATCH_MAX, "the table stays sparse");
struct folding {
    struct rg_batch *batch;
    struct item *items;
    size_t count;
    struct found *found;
    size_t found_count, found_cap;
    int32_t *found_at, *charge_at; /* places */
};

static int32_t *place_of(struct rg_batch *batch, int32_t **places, const void *list, size_t each_bytes, struct rg_str key)
{
    if (*places == NULL)
        *places = RG_NEW(batch->arena, int32_t, PLACES);
    size_t slot = (size_t)rg_fnv64(key.p, key.n) & (PLACES - 1);
    while ((*places)[slot] != 0) {
        const struct rg_str *there = (const void *)((const char *)list + (size_t)((*places)[slot] - 1) * each_bytes);
        if (rg_str_eq(*there, key))
            break;
        slot = (slot + 1) & (PLACES - 1);
    }
    return &(*places)[slot];
}

void rg_fetched_init(struct rg_fetched *intake, const struct rg_kafka_event *message, bool people)
{
    struct rg_str origin = rg_kafka_event_header(message, RG_HEADER_ORIGIN),
                  first = rg_kafka_event_header(message, RG_HEADER_FIRST);
    const struct rg_str parts[] = {message->key, message->value, origin, first};
    struct rg_str *const into[] = {&intake->key, &intake->value, &intake->origin, &intake->first};
    size_t total = 1;
    *intake = (struct rg_fetched){.people = people, .offset = message->offset, .tombstone = message->value.p == NULL};
    intake->kind = rg_kind_of(rg_kafka_event_header(message, RG_HEADER_KIND));
    for (size_t i = 0; i < RG_COUNT(parts); i++)
        total += parts[i].n;
    intake->bytes = rg_alloc(total);
    intake->size = sizeof *intake + total;
    size_t at = 0;
    for (size_t i = 0; i < RG_COUNT(parts); i++) {
        if (parts[i].p == NULL)
            continue;
        if (parts[i].n > 0)
            memcpy(intake->bytes + at, parts[i].p, parts[i].n);
        *into[i] = (struct rg_str){intake->bytes + at, parts[i].n};
        at += parts[i].n;
    }
}

void rg_fetched_done(struct rg_fetched *intake)
{
    free(intake->bytes);
    *intake = (struct rg_fetched){0};
}

void rg_shard_consume(struct rg_shard *shard, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        shard->inbox_bytes -= shard->inbox[shard->inbox_first + i].size;
        rg_fetched_done(&shard->inbox[shard->inbox_first + i]);
    }
    shard->inbox_first += count;
    shard->inbox_count -= count;
    if (shard->inbox_count == 0)
        shard->inbox_first = 0;
}

static struct rg_str head_of(struct rg_str text, size_t bytes_max)
{
    return (struct rg_str){text.p, text.n < bytes_max ? text.n : bytes_max};
}

/* What is too large for a letter is kept as its head: a record that can never be sent would hold up all behind it. */
void rg_batch_dead_letter(struct rg_batch *batch, const struct rg_fetched *intake, const char *reason, const char *detail)
{
    const struct rg_shard_config *config = &batch->shard->config;
    char from[300];
    (void)snprintf(from, sizeof from, "%s/%d/%lld", intake->people ? config->people_topic : config->ledger_topic, config->shard,
                   (long long)intake->offset);
    struct rg_out out = {.kind = RG_OUT_DEADLETTER,
                         .topic = rg_str(config->deadletter_topic),
                         .partition = config->shard % config->deadletter_partitions,
                         .key = head_of(intake->key, RG_LETTER_KEY_MAX),
                         .value = head_of(intake->value, RG_LETTER_VALUE_MAX),
                         .reason = rg_str(reason),
                         .detail = rg_str(detail),
                         .from = rg_str(from)};
    rg_batch_out(batch, &out);
    atomic_fetch_add(&config->counters->dead, 1);
}

static void dead_letter(struct folding *f, const struct rg_fetched *intake, const char *reason, const char *detail)
{
    rg_batch_dead_letter(f->batch, intake, reason, detail);
}

/* The checksum of the last ledger record is left to the caller. */
void rg_batch_passed(struct rg_batch *batch, const struct rg_fetched *intake)
{
    *(intake->people ? &batch->pos.people_next : &batch->pos.ledger_next) = intake->offset + 1;
}

/* ---- decode ---- */

static bool nameless_reference(struct rg_batch *batch, const struct rg_event *event, struct rg_str *ret_key)
{
    if (event->type == RG_EV_DELIVERY_RECEIPT && rg_event_has(event, RG_F_ACTION))
        *ret_key = rg_arena_printf(batch->arena, "action:" RG_STR_FMT, RG_STR_ARG(event->action));
    else if (rg_event_has(event, RG_F_INVOICE))
        *ret_key = rg_ref(batch->arena, RG_REF_INVOICE, event->ns, event->invoice);
    else
        return false;
    return true;
}

static int decode_event(struct rg_batch *batch, struct item *item, struct rg_error *err)
{
    int rc = rg_event_read(item->intake->value, batch->arena, &item->event, err);
    if (rc < 0)
        return rc;
    item->fact.event = &item->event;
    item->fact.personal = item->intake->people;
    if (rg_event_has(&item->event, RG_F_DEBTOR))
        item->debtor = item->event.debtor;
    else if (item->intake->people) /* it would leave the only topic that can be erased */
        return rg_fail(err, RG_EINVAL, "an update of personal data that names no debtor");
    else if (!nameless_reference(batch, &item->event, &item->reference))
        return rg_fail(err, RG_EINVAL, "names neither a debtor nor anything by which one could be found");
    return 0;
}

static int decode_kind(struct rg_batch *batch, struct item *item, struct rg_error *err)
{
    struct rg_str bytes = item->intake->value;
    int rc = 0;
    switch (item->intake->kind) {
    case RG_REC_EVENT:
    case RG_REC_FORWARDED:
    case RG_REC_UPDATE: return decode_event(batch, item, err);
    case RG_REC_MERGED: item->debtor = item->intake->key; return 0;
    case RG_REC_LOCATED:
        rc = rg_located_read(bytes, batch->arena, &item->located, err);
        item->reference = item->located.ref;
        return rc;
    case RG_REC_DECIDED:
        rc = rg_decision_read(bytes, batch->arena, &item->decision, err);
        item->fact.decided = &item->decision;
        item->debtor = item->decision.debtor;
        return rc;
    case RG_REC_RECALLED:
        rc = rg_recalled_read(bytes, batch->arena, &item->recalled, err);
        item->fact.recalled = &item->recalled;
        item->debtor = item->recalled.debtor;
        return rc;
    case RG_REC_SKIPPED:
        rc = rg_skipped_read(bytes, batch->arena, &item->skipped, err);
        item->fact.skipped = &item->skipped;
        item->debtor = item->skipped.debtor;
        return rc;
    case RG_REC_CLAIM:
        rc = rg_claim_read(bytes, batch->arena, &item->claim, err);
        item->fact.claim = &item->claim;
        item->debtor = item->claim.debtor;
        return rc;
    case RG_REC_OUTCOME:
        rc = rg_outcome_read(bytes, batch->arena, &item->outcome, err);
        item->fact.outcome = &item->outcome;
        item->debtor = item->outcome.debtor;
        return rc;
    case RG_REC_SEAL: item->skip = true; return 0;
    default: return rg_fail(err, RG_EINVAL, "header " RG_HEADER_KIND " is missing or names no kind of record");
    }
}

static bool is_id(struct rg_str id)
{
    return rg_str_has(id) && id.n <= RG_ID_BYTES_MAX;
}

/* Others may write into our topics too: past here each record has the kind of its topic, and somebody whose it is. */
static int decode_item(struct rg_batch *batch, struct item *item, struct rg_error *err)
{
    enum rg_kind kind = item->intake->kind;
    bool personal = kind == RG_REC_UPDATE || kind == RG_REC_MERGED;
    int rc = decode_kind(batch, item, err);
    if (rc < 0 || item->skip)
        return rc;
    if (personal != item->intake->people)
        return rg_fail(err, RG_EINVAL, "a record of kind %s does not belong into this topic", rg_kind_name(kind));
    bool names_debtor = item->reference.p == NULL || kind == RG_REC_LOCATED;
    if (names_debtor && !is_id(kind == RG_REC_LOCATED ? item->located.debtor : item->debtor))
        return rg_fail(err, RG_EINVAL, "the id of its debtor has not 1 to %d bytes", RG_ID_BYTES_MAX);
    return 0;
}

/* ---- repeats ---- */

static const struct rg_origin_high *highest(const struct rg_origin_high *origins, size_t count, const struct rg_origin *origin,
                                            bool people)
{
    for (size_t i = 0; i < count; i++)
        if (origins[i].people == people && origins[i].partition == origin->partition &&
            origins[i].incarnation == origin->incarnation && rg_str_eq(origins[i].source, origin->source))
            return &origins[i];
    return NULL;
}

/* What was forwarded names no source of upstream. */
static void count_repeated(const struct rg_batch *batch, struct rg_str source)
{
    struct rg_shard_counters *counters = batch->shard->config.counters;
    const struct rg_rules *rules = batch->world->rules;
    atomic_fetch_add(&counters->repeated, 1);
    for (int i = 0; i < rules->source_count; i++)
        if (rg_str_eq(rules->sources[i].name, source))
            atomic_fetch_add(&counters->repeated_of[i], 1);
}

/* Where it was read first; no source: it is ours, and folds by its own id. One that cannot be read would make a repeat of it
 * count twice. */
static int read_origin(const struct rg_fetched *intake, struct rg_origin *ret_origin, struct rg_error *err)
{
    struct rg_origin origin = {0}, first;
    int rc = rg_str_has(intake->origin) ? rg_origin_parse(intake->origin, &origin, err) : 0;
    if (rc == 0 && rg_str_has(intake->first))
        rc = rg_origin_parse(intake->first, &first, err);
    if (rc == 0)
        *ret_origin = origin;
    return rc;
}

/* Applied already? Otherwise it becomes the highest of its source partition. */
static bool repeated(struct rg_batch *batch, const struct rg_fetched *intake, struct rg_origin origin)
{
    if (origin.source.p == NULL)
        return false;
    struct rg_pos *pos = &batch->pos;
    const struct rg_origin_high *high = highest(pos->origins, pos->origin_count, &origin, intake->people);
    if (high == NULL)
        high = highest(batch->shard->pos.origins, batch->shard->pos.origin_count, &origin, intake->people);
    if (high != NULL && (origin.offset < high->offset || (origin.offset == high->offset && origin.sub <= high->sub))) {
        count_repeated(batch, origin.source);
        return true;
    }
    struct rg_origin_high *own = NULL;
    for (size_t i = 0; i < pos->origin_count && own == NULL; i++)
        if (&pos->origins[i] == high)
            own = &pos->origins[i];
    if (own == NULL) {
        own = RG_PUSH(batch->arena, pos->origins, pos->origin_count, pos->origin_cap);
        *own = (struct rg_origin_high){.people = intake->people, .source = rg_arena_str(batch->arena, origin.source),
                                       .incarnation = origin.incarnation, .partition = origin.partition};
    }
    own->offset = origin.offset;
    own->sub = origin.sub;
    return false;
}

/* ---- references ---- */

static size_t want_reference(struct folding *f, struct rg_str key)
{
    int32_t *place = place_of(f->batch, &f->found_at, f->found, sizeof *f->found, key);
    if (*place == 0) {
        *RG_PUSH(f->batch->arena, f->found, f->found_count, f->found_cap) =
            (struct found){.key = key, .value = rg_batch_want(f->batch, RG_STORE_REFERENCE, key)};
        *place = (int32_t)f->found_count;
    }
    return (size_t)*place - 1;
}

static bool read_references(struct folding *f, struct rg_error *err)
{
    for (size_t i = 0; i < f->found_count; i++)
        if (rg_reference_decode(f->batch->values[f->found[i].value], f->batch->arena, &f->found[i].reference, err) < 0)
            return false;
    return true;
}

static struct rg_str first_origin(const struct rg_fetched *intake)
{
    return intake->first.p != NULL ? intake->first : intake->origin;
}

/* Into another shard, with an origin of this one's own. */
static void send_on(struct folding *f, enum rg_kind kind, int shard, struct rg_str key, struct rg_str value, struct rg_str first,
                    int64_t released_at, int index)
{
    const struct rg_shard_config *config = &f->batch->shard->config;
    char origin[RG_ORIGIN_TEXT_MAX];
    const struct rg_origin of = {
        .source = RG_STR(RG_ORIGIN_LEDGER), .partition = config->shard, .offset = released_at, .sub = index};
    rg_origin_print(&of, origin);
    const struct rg_out out = {.kind = RG_OUT_FORWARD,
                               .topic = rg_str(config->ledger_topic),
                               .partition = shard,
                               .key = key,
                               .value = value,
                               .record_kind = rg_str(rg_kind_name(kind)),
                               .origin = rg_str(origin),
                               .first = first};
    rg_batch_out(f->batch, &out);
}

/* A fact released to the debtor's shard: the same event with the debtor named. */
static void forward(struct folding *f, struct rg_str value, struct rg_str first, struct rg_str debtor, int64_t released_at,
                    int index)
{
    struct rg_batch *batch = f->batch;
    const struct rg_shard_config *config = &batch->shard->config;
    struct rg_event event;
    struct rg_error err;
    if (rg_event_read(value, batch->arena, &event, &err) < 0) {
        rg_log(RG_LOG_ERROR, "FORWARD-BROKEN", &(struct rg_log_ctx){.shard = config->shard}, "a parked record cannot be read: %s",
               err.text);
        return;
    }
    event.debtor = debtor;
    event.has |= RG_BIT(RG_F_DEBTOR);
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(&event, false, &jw);
    rg_jw_done(&jw);
    send_on(f, RG_REC_FORWARDED, rg_shard_of(debtor, config->shards), debtor, rg_buf_str(&buf), first, released_at, index);
}

/* The invoice keeps the debtor it had; both are told to leave it alone until people have looked. */
static void hold_conflict(struct folding *f, const struct item *item, struct rg_str debtor, int index)
{
    struct rg_batch *batch = f->batch;
    struct rg_str ref = item->located.ref;
    const char *colon = memchr(ref.p, ':', ref.n);
    const char *second = colon == NULL ? NULL : memchr(colon + 1, ':', ref.n - (size_t)(colon + 1 - ref.p));
    if (second == NULL)
        return;
    struct rg_event hold = {.type = RG_EV_DEBTOR_HELD, .source = RG_STR("regua"), .time_ms = batch->world->now_ms,
                            .id = rg_arena_printf(batch->arena, "conflict:" RG_STR_FMT, RG_STR_ARG(ref)),
                            .ns = {colon + 1, (size_t)(second - colon - 1)},
                            .invoice = {second + 1, ref.n - (size_t)(second + 1 - ref.p)},
                            .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_INVOICE)};
    hold.debtor = debtor;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(&hold, false, &jw);
    rg_jw_done(&jw);
    forward(f, rg_buf_str(&buf), first_origin(item->intake), debtor, item->intake->offset, index);
}

static void fold_located(struct folding *f, const struct item *item)
{
    struct found *found = &f->found[item->found];
    struct rg_reference *reference = &found->reference;
    if (reference->debtor.p != NULL && rg_str_eq(reference->debtor, item->located.debtor))
        return;
    if (reference->debtor.p != NULL) {
        char detail[256];
        (void)snprintf(detail, sizeof detail, RG_STR_FMT " belongs to another debtor already", RG_STR_ARG(item->reference));
        dead_letter(f, item->intake, RG_DEAD_CONFLICT, detail);
        hold_conflict(f, item, reference->debtor, 0);
        hold_conflict(f, item, item->located.debtor, 1);
        return;
    }
    found->changed = true;
    reference->debtor = item->located.debtor;
    for (size_t i = 0; i < reference->parked_count; i++)
        forward(f, reference->parked[i].value, reference->parked[i].first, reference->debtor, item->intake->offset, (int)i);
    reference->parked_count = 0;
}

/* A receipt may come in the same batch as the decision it is about, when the past is folded again. */
static void learn_action(struct folding *f, const struct rg_decision *decision)
{
    char id[RG_ACTION_TEXT + 1], key[sizeof id + 8];
    if (f->found_count == 0)
        return;
    rg_action_id_print(&decision->action, id);
    (void)snprintf(key, sizeof key, "action:%s", id);
    int32_t place = *place_of(f->batch, &f->found_at, f->found, sizeof *f->found, rg_str(key));
    if (place != 0)
        f->found[place - 1].reference.debtor = decision->debtor;
}

/* A nameless fact: on to its debtor's shard, or parked until its reference is located. */
static void fold_nameless(struct folding *f, const struct item *item)
{
    struct found *found = &f->found[item->found];
    struct rg_reference *reference = &found->reference;
    if (reference->debtor.p != NULL) {
        forward(f, item->intake->value, first_origin(item->intake), reference->debtor, item->intake->offset, 0);
        return;
    }
    bool receipt = item->event.type == RG_EV_DELIVERY_RECEIPT;
    size_t bytes = item->intake->value.n;
    for (size_t i = 0; i < reference->parked_count; i++)
        bytes += reference->parked[i].value.n;
    if (receipt || reference->parked_count >= RG_PARKED_MAX || bytes > RG_PARKED_BYTES_MAX) {
        dead_letter(f, item->intake, RG_DEAD_UNROUTABLE,
                    receipt ? "no action of that id is known here, or it is too old for receipts"
                            : "too many records wait for an invoice that nobody has issued");
        return;
    }
    found->changed = true;
    *RG_PUSH(f->batch->arena, reference->parked, reference->parked_count, reference->parked_cap) = (struct rg_parked){
        rg_arena_str(f->batch->arena, first_origin(item->intake)), rg_arena_str(f->batch->arena, item->intake->value)};
}

/* Where its debtor lives, or the reference that he is to be found by. */
static int home_of(const struct folding *f, const struct item *item)
{
    const struct rg_shard_config *config = &f->batch->shard->config;
    struct rg_action_id action;
    bool by_action = item->fact.event != NULL && item->event.type == RG_EV_DELIVERY_RECEIPT &&
                     rg_action_id_parse(item->event.action, &action);
    if (item->debtor.p != NULL)
        return rg_shard_of(item->debtor, config->shards);
    if (!by_action)
        return rg_shard_of(item->reference, config->shards);
    return rg_action_id_shard(&action) < config->shards ? rg_action_id_shard(&action) : config->shard; /* nowhere: judged here */
}

/* A record that belongs elsewhere (a foreign producer with another partitioner): sent on and counted. In its turn, for the
 * places of what this shard sends on may only grow. */
static void fold_stranger(struct folding *f, const struct item *item)
{
    enum rg_kind kind = item->intake->kind;
    bool fact = kind == RG_REC_EVENT || kind == RG_REC_FORWARDED;
    atomic_fetch_add(&f->batch->shard->config.counters->strangers, 1);
    if (fact || kind == RG_REC_LOCATED)
        send_on(f, fact ? RG_REC_FORWARDED : kind, home_of(f, item), item->debtor.p != NULL ? item->debtor : item->reference,
                item->intake->value, first_origin(item->intake), item->intake->offset, 0);
    else
        dead_letter(f, item->intake, RG_DEAD_UNROUTABLE, "the debtor's shard is another partition");
}

static void put_references(struct folding *f)
{
    for (size_t i = 0; i < f->found_count; i++) {
        if (!f->found[i].changed)
            continue;
        RG_CLEANUP(rg_buf_done) struct rg_buf buf;
        rg_buf_init(&buf, 2 * RG_PARKED_BYTES_MAX); /* with origins and lengths */
        rg_reference_encode(&f->found[i].reference, &buf);
        rg_assert(!buf.overflow);
        rg_batch_put(f->batch, RG_STORE_REFERENCE, f->found[i].key, rg_arena_str(f->batch->arena, rg_buf_str(&buf)), 0);
    }
}

/* ---- charges ---- */

#define CHARGE_FIELDS (RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_BOLETO_LINE) | RG_BIT(RG_F_BOLETO_BARCODE) | RG_BIT(RG_F_LINK))

struct charges {
    struct charge_of {
        struct rg_str key;
        size_t value; /* of batch->values */
        struct rg_charge charge;
        const struct item *from;        /* that changed it last; NULL: none did */
        const struct rg_record *record; /* of its debtor */
    } *items;
    size_t count, cap;
};

static bool has_charge(const struct item *item)
{
    if (item->skip || item->stranger || item->debtor.p == NULL || item->fact.event == NULL || item->fact.personal)
        return false;
    return ((item->event.has | item->event.null) & CHARGE_FIELDS) != 0 && rg_event_has(&item->event, RG_F_INVOICE);
}

static size_t want_charge(struct folding *f, struct charges *c, const struct rg_event *event)
{
    struct rg_str key = rg_charge_key(f->batch->arena, event->ns, event->invoice);
    int32_t *place = place_of(f->batch, &f->charge_at, c->items, sizeof *c->items, key);
    if (*place == 0) {
        *RG_PUSH(f->batch->arena, c->items, c->count, c->cap) =
            (struct charge_of){.key = key, .value = rg_batch_want(f->batch, RG_STORE_INVOICE, key)};
        *place = (int32_t)c->count;
    }
    return (size_t)*place - 1;
}

static bool read_charges(struct folding *f, struct charges *c, struct rg_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        struct rg_str stored = f->batch->values[c->items[i].value];
        c->items[i].charge = (struct rg_charge){.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE};
        if (stored.p != NULL && rg_charge_read(stored, f->batch->arena, &c->items[i].charge, err) < 0)
            return false;
    }
    return true;
}

/* Codes of closed invoices would lie in Redis for ever, more than all debtors' records after a few years: their charges get an
 * end when they are closed, and lose it when they are opened again. */
enum standing { UNKNOWN, OPEN, CLOSED }; /* of the invoice that an event is about */
static enum standing standing_of(const struct folding *f, const struct rg_record *record, const struct item *item)
{
    const struct rg_event *e = item->fact.event;
    bool names_one = e != NULL && !item->fact.personal && rg_event_has(e, RG_F_INVOICE);
    const struct rg_invoice *invoice = names_one ? rg_record_invoice(record, e->ns, e->invoice) : NULL;
    if (invoice == NULL)
        return UNKNOWN;
    bool paid = rg_record_paid(record, invoice, f->batch->world->rules->policy.tolerance_cents);
    return paid || invoice->state != RG_INVOICE_OPEN ? CLOSED : OPEN;
}

/* A charge that this batch writes anyway is written behind it, with its own time. */
static void keep_charge(struct folding *f, const struct item *item, enum standing before, enum standing now)
{
    if (before == now || before == UNKNOWN || now == UNKNOWN)
        return;
    rg_batch_keep(f->batch, RG_STORE_INVOICE, rg_charge_key(f->batch->arena, item->event.ns, item->event.invoice),
                  now == CLOSED ? RG_CHARGE_TTL_MS : RG_STORE_STAYS);
}

static void fold_charge(struct charges *c, const struct item *item, const struct rg_record *record, struct rg_charge_parts parts)
{
    const struct rg_event *e = &item->event;
    if (rg_record_invoice(record, e->ns, e->invoice) == NULL)
        return;
    c->items[item->charge].from = item;
    c->items[item->charge].record = record;
    struct rg_charge *charge = &c->items[item->charge].charge;
    if (parts.pix) {
        charge->pix_code = e->pix_code;
        charge->pix_cents = e->pix_cents;
        charge->pix_until = rg_event_has(e, RG_F_PIX_UNTIL) ? e->pix_until : RG_DAY_NONE;
    }
    if (parts.boleto) {
        charge->boleto_line = e->boleto_line;
        charge->boleto_barcode = e->boleto_barcode;
        charge->boleto_url = e->boleto_url;
        charge->boleto_cents = e->boleto_cents;
        charge->boleto_until = rg_event_has(e, RG_F_BOLETO_UNTIL) ? e->boleto_until : RG_DAY_NONE;
    }
    if (parts.link)
        charge->link = e->link;
}

static void put_charges(struct folding *f, const struct charges *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].from == NULL)
            continue;
        RG_CLEANUP(rg_buf_done) struct rg_buf buf;
        rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
        rg_charge_write(&c->items[i].charge, &buf);
        rg_batch_put(f->batch, RG_STORE_INVOICE, c->items[i].key, rg_arena_str(f->batch->arena, rg_buf_str(&buf)),
                     standing_of(f, c->items[i].record, c->items[i].from) == CLOSED ? RG_CHARGE_TTL_MS : 0);
    }
}

/* ---- the batch ---- */

/* Usually our own, read back. One that says less than is known came late, from an owner that is gone: compaction would keep it
 * as the last, so what is known is written again behind it. */
static void fold_merged(struct folding *f, const struct item *item, struct rg_touched *touched)
{
    struct rg_error err = {0};
    touched->changed = true;
    if (rg_people_fold(touched->record, item->intake->value, &err) < 0) {
        dead_letter(f, item->intake, RG_DEAD_BAD_JSON, err.text);
        return;
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf known;
    rg_buf_init(&known, RG_LEDGER_BYTES_MAX);
    rg_people_write(touched->record, &known);
    touched->record->people_dirty = touched->record->people_dirty || !rg_str_eq(rg_buf_str(&known), item->intake->value);
}

static void fold_item(struct folding *f, struct charges *charges, struct item *item)
{
    struct rg_batch *batch = f->batch;
    struct rg_error err = {0};
    if (item->stranger) {
        fold_stranger(f, item);
        return;
    }
    if (item->intake->kind == RG_REC_LOCATED) {
        fold_located(f, item);
        return;
    }
    if (item->debtor.p == NULL) {
        fold_nameless(f, item);
        return;
    }
    struct rg_touched *touched = rg_batch_find(batch, item->debtor);
    rg_assert(touched != NULL);
    item->fact.offset = item->intake->offset;
    if (item->intake->kind == RG_REC_MERGED) {
        fold_merged(f, item, touched);
        return;
    }
    if (item->intake->kind == RG_REC_DECIDED && rg_record_action(touched->record, &item->decision.action) == NULL)
        rg_batch_remember_action(batch, &item->decision); /* of the past: it may have ended by the end of this batch */
    struct rg_charge_parts parts = has_charge(item) ? rg_event_charges(touched->record, &item->event) : (struct rg_charge_parts){0};
    enum standing before = standing_of(f, touched->record, item);
    enum rg_folded folded = rg_record_apply(touched->record, &item->fact, &err);
    if (folded == RG_FOLD_CONFLICT)
        dead_letter(f, item->intake, RG_DEAD_CONFLICT, err.text);
    touched->changed = touched->changed || folded != RG_FOLD_NOTHING; /* a refusal for want of room leaves him held */
    if (item->intake->kind == RG_REC_DECIDED)
        learn_action(f, &item->decision);
    if (item->intake->kind == RG_REC_UPDATE)
        *RG_PUSH(batch->arena, touched->updates, touched->update_count, touched->update_cap) =
            rg_arena_str(batch->arena, item->intake->key);
    keep_charge(f, item, before, standing_of(f, touched->record, item));
    if (has_charge(item))
        fold_charge(charges, item, touched->record, parts);
    atomic_fetch_add(&batch->shard->config.counters->folded, 1);
}

static void prepare(struct folding *f, const struct rg_fetched *intakes, size_t count)
{
    struct rg_batch *batch = f->batch;
    const struct rg_fetched *last = NULL; /* of the ledger */
    f->items = RG_NEW(batch->arena, struct item, count);
    f->count = count;
    for (size_t i = 0; i < count; i++) {
        struct item *item = &f->items[i];
        struct rg_origin origin;
        struct rg_error err = {0};
        item->intake = &intakes[i];
        if (intakes[i].tombstone) {
            item->skip = true;
        } else if (read_origin(&intakes[i], &origin, &err) < 0) {
            item->skip = true;
            dead_letter(f, &intakes[i], RG_DEAD_BAD_ENVELOPE, err.text);
        } else if (repeated(batch, &intakes[i], origin)) {
            item->skip = true;
        } else if (decode_item(batch, item, &err) < 0) {
            item->skip = true;
            dead_letter(f, &intakes[i], RG_DEAD_BAD_JSON, err.text);
        }
        item->stranger = !item->skip && home_of(f, item) != batch->shard->config.shard;
        if (!item->skip && !item->stranger && item->debtor.p != NULL)
            (void)rg_batch_add(batch, item->debtor);
        rg_batch_passed(batch, &intakes[i]);
        last = intakes[i].people ? last : &intakes[i];
    }
    if (last != NULL)
        batch->pos.ledger_crc = rg_crc32(0, last->value.p, last->value.n);
}

/* Everything that the batch needs, in one question: a round trip is what a batch costs. */
static enum rg_commit load(struct folding *f, struct charges *charges, struct rg_error *err)
{
    for (size_t i = 0; i < f->count; i++) {
        struct item *item = &f->items[i];
        if (!item->skip && !item->stranger && item->reference.p != NULL)
            item->found = want_reference(f, item->reference);
        if (has_charge(item))
            item->charge = want_charge(f, charges, &item->event);
    }
    enum rg_commit rc = rg_batch_load(f->batch, err);
    bool readable = rc != RG_COMMITTED || (read_references(f, err) && read_charges(f, charges, err));
    return readable ? rc : RG_COMMIT_BROKEN;
}

enum rg_commit rg_shard_fold_batch(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_error *err)
{
    rg_assert(shard->inbox_count > 0);
    size_t count = 0;
    bool aside = false;
    struct rg_batch batch;
    struct charges charges = {0};
    enum rg_commit rc = rg_shard_begin_fold(shard, &count, &aside, err);
    if (rc != RG_COMMITTED)
        return rc;
    if (aside)
        return rg_shard_set_aside(shard, world, err);
    rg_batch_begin(&batch, shard, world);
    struct folding f = {.batch = &batch};
    prepare(&f, &shard->inbox[shard->inbox_first], count);
    rc = load(&f, &charges, err);
    for (size_t i = 0; rc == RG_COMMITTED && i < count; i++)
        if (!f.items[i].skip)
            fold_item(&f, &charges, &f.items[i]);
    if (rc == RG_COMMITTED) {
        put_references(&f);
        put_charges(&f, &charges);
        rc = rg_batch_end(&batch, err);
    }
    if (rc == RG_COMMITTED)
        rg_shard_consume(shard, count);
    return rc;
}
