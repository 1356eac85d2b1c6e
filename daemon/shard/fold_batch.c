/* A batch of fetched records: what is a repeat is skipped by its place and its origin; what has no debtor is found or parked at
 * its reference; the rest is folded into its debtor's record, in order. */
#include "daemon/shard/folding.h"

#include "base/core/hash.h"
#include "base/core/log.h"
#include "consumers/ingest/letter.h"
#include "daemon/state/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 2048 /* a power of two */
static_assert(PLACES >= 4 * RG_SHARD_BATCH_MAX, "the table stays sparse");

int32_t *rg_folding_place(struct rg_batch *batch, int32_t **places, const void *list, size_t each_bytes, struct rg_str key)
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

struct rg_str rg_fetched_first(const struct rg_fetched *intake)
{
    return intake->first.p != NULL ? intake->first : intake->origin;
}

/* The ledger's own place tells upstream nothing: where what it published stood, as far as that is known. */
static struct rg_str with_origin(struct rg_batch *batch, const struct rg_fetched *intake, const char *detail)
{
    struct rg_origin first = {0};
    if (rg_origin_parse(rg_fetched_first(intake), &first, NULL) < 0 || rg_str_is(first.source, RG_ORIGIN_LEDGER))
        return rg_str(detail);
    return rg_arena_printf(batch->arena, "%s; published to source " RG_STR_FMT ", partition %d, offset %lld", detail,
                           RG_STR_ARG(first.source), (int)first.partition, (long long)first.offset);
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
                         .detail = with_origin(batch, intake, detail),
                         .from = rg_str(from)};
    rg_batch_out(batch, &out);
    atomic_fetch_add(&config->counters->dead, 1);
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

static int decode_event(struct rg_batch *batch, struct rg_item *item, struct rg_error *err)
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

static int decode_kind(struct rg_batch *batch, struct rg_item *item, struct rg_error *err)
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
static int decode_item(struct rg_batch *batch, struct rg_item *item, struct rg_error *err)
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
/* ---- the batch ---- */

/* Usually our own, read back. One that says less than is known came late, from an owner that is gone: compaction would keep it
 * as the last, so what is known is written again behind it. */
static void fold_merged(struct rg_folding *f, const struct rg_item *item, struct rg_touched *touched)
{
    struct rg_error err = {0};
    touched->changed = true;
    if (rg_people_fold(touched->record, item->intake->value, &err) < 0) {
        rg_batch_dead_letter(f->batch, item->intake, RG_DEAD_BAD_JSON, err.text);
        return;
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf known;
    rg_buf_init(&known, RG_LEDGER_BYTES_MAX);
    rg_people_write(touched->record, &known);
    touched->record->people_dirty = touched->record->people_dirty || !rg_str_eq(rg_buf_str(&known), item->intake->value);
}

static void fold_item(struct rg_folding *f, struct rg_item *item)
{
    struct rg_batch *batch = f->batch;
    struct rg_error err = {0};
    if (item->stranger) {
        rg_folding_stranger(f, item);
        return;
    }
    if (item->intake->kind == RG_REC_LOCATED) {
        rg_folding_located(f, item);
        return;
    }
    if (item->debtor.p == NULL) {
        rg_folding_nameless(f, item);
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
    struct rg_charge_parts parts = {0};
    if (rg_item_has_charge(item))
        parts = rg_event_charges(touched->record, &item->event);
    enum rg_standing before = rg_folding_standing(f, touched->record, item);
    enum rg_folded folded = rg_record_apply(touched->record, &item->fact, &err);
    if (folded == RG_FOLD_CONFLICT)
        rg_batch_dead_letter(f->batch, item->intake, RG_DEAD_CONFLICT, err.text);
    touched->changed = touched->changed || folded != RG_FOLD_NOTHING; /* a refusal for want of room leaves him held */
    if (item->intake->kind == RG_REC_DECIDED)
        rg_folding_learn_action(f, &item->decision);
    if (item->intake->kind == RG_REC_UPDATE)
        *RG_PUSH(batch->arena, touched->updates, touched->update_count, touched->update_cap) =
            rg_arena_str(batch->arena, item->intake->key);
    rg_folding_keep_charge(f, item, before, rg_folding_standing(f, touched->record, item));
    if (rg_item_has_charge(item))
        rg_folding_charge(f, item, touched->record, parts);
    atomic_fetch_add(&batch->shard->config.counters->folded, 1);
}

static void prepare(struct rg_folding *f, const struct rg_fetched *intakes, size_t count)
{
    struct rg_batch *batch = f->batch;
    const struct rg_fetched *last = NULL; /* of the ledger */
    f->items = RG_NEW(batch->arena, struct rg_item, count);
    f->count = count;
    for (size_t i = 0; i < count; i++) {
        struct rg_item *item = &f->items[i];
        struct rg_origin origin;
        struct rg_error err = {0};
        item->intake = &intakes[i];
        if (intakes[i].tombstone) {
            item->skip = true;
        } else if (read_origin(&intakes[i], &origin, &err) < 0) {
            item->skip = true;
            rg_batch_dead_letter(f->batch, &intakes[i], RG_DEAD_BAD_ENVELOPE, err.text);
        } else if (repeated(batch, &intakes[i], origin)) {
            item->skip = true;
        } else if (decode_item(batch, item, &err) < 0) {
            item->skip = true;
            rg_batch_dead_letter(f->batch, &intakes[i], RG_DEAD_BAD_JSON, err.text);
        }
        item->stranger = !item->skip && rg_folding_home(f, item) != batch->shard->config.shard;
        if (!item->skip && !item->stranger && item->debtor.p != NULL)
            (void)rg_batch_add(batch, item->debtor);
        rg_batch_passed(batch, &intakes[i]);
        last = intakes[i].people ? last : &intakes[i];
    }
    if (last != NULL)
        batch->pos.ledger_crc = rg_crc32(0, last->value.p, last->value.n);
}

/* Everything that the batch needs, in one question: a round trip is what a batch costs. */
static enum rg_commit load(struct rg_folding *f, struct rg_error *err)
{
    for (size_t i = 0; i < f->count; i++) {
        struct rg_item *item = &f->items[i];
        if (!item->skip && !item->stranger && item->reference.p != NULL)
            item->found = rg_folding_want_reference(f, item->reference);
        if (rg_item_has_charge(item))
            item->charge = rg_folding_want_charge(f, &item->event);
    }
    enum rg_commit rc = rg_batch_load(f->batch, err);
    bool readable = rc != RG_COMMITTED || (rg_folding_read_references(f, err) && rg_folding_read_charges(f, err));
    return readable ? rc : RG_COMMIT_BROKEN;
}

enum rg_commit rg_shard_fold_batch(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_error *err)
{
    rg_assert(shard->inbox_count > 0);
    size_t count = 0;
    bool aside = false;
    struct rg_batch batch;
    enum rg_commit rc = rg_shard_begin_fold(shard, &count, &aside, err);
    if (rc != RG_COMMITTED)
        return rc;
    if (aside)
        return rg_shard_set_aside(shard, world, err);
    rg_batch_begin(&batch, shard, world);
    struct rg_folding f = {.batch = &batch};
    prepare(&f, &shard->inbox[shard->inbox_first], count);
    rc = load(&f, err);
    for (size_t i = 0; rc == RG_COMMITTED && i < count; i++)
        if (!f.items[i].skip)
            fold_item(&f, &f.items[i]);
    if (rc == RG_COMMITTED) {
        rg_folding_put_references(&f);
        rg_folding_put_charges(&f);
        rc = rg_batch_end(&batch, err);
    }
    if (rc == RG_COMMITTED)
        rg_shard_consume(shard, count);
    return rc;
}
