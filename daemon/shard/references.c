/* What names no debtor, at the home of what it names instead: found and sent on, or parked until somebody says whose it is. And
 * what came to the wrong shard, which is sent home. Whatever goes to another shard carries an origin of this one, the place of
 * the record that released it: these places only grow, so that the receiver can tell a repeat. */
#include "daemon/shard/folding.h"

#include "base/core/log.h"

#include <stdio.h>
#include <string.h>

size_t rg_folding_want_reference(struct rg_folding *f, struct rg_str key)
{
    int32_t *place = rg_folding_place(f->batch, &f->found_at, f->found, sizeof *f->found, key);
    if (*place == 0) {
        *RG_PUSH(f->batch->arena, f->found, f->found_count, f->found_cap) =
            (struct rg_found){.key = key, .value = rg_batch_want(f->batch, RG_STORE_REFERENCE, key)};
        *place = (int32_t)f->found_count;
    }
    return (size_t)*place - 1;
}

bool rg_folding_read_references(struct rg_folding *f, struct rg_error *err)
{
    for (size_t i = 0; i < f->found_count; i++)
        if (rg_reference_decode(f->batch->values[f->found[i].value], f->batch->arena, &f->found[i].reference, err) < 0)
            return false;
    return true;
}

/* Into another shard, with an origin of this one's own. */
static void send_on(struct rg_folding *f, enum rg_kind kind, int shard, struct rg_str key, struct rg_str value,
                    struct rg_str first, int64_t released_at, int index)
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
static void forward(struct rg_folding *f, struct rg_str value, struct rg_str first, struct rg_str debtor, int64_t released_at,
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
static void hold_conflict(struct rg_folding *f, const struct rg_item *item, struct rg_str debtor, int index)
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
    forward(f, rg_buf_str(&buf), rg_fetched_first(item->intake), debtor, item->intake->offset, index);
}

void rg_folding_located(struct rg_folding *f, const struct rg_item *item)
{
    struct rg_found *found = &f->found[item->found];
    struct rg_reference *reference = &found->reference;
    if (reference->debtor.p != NULL && rg_str_eq(reference->debtor, item->located.debtor))
        return;
    if (reference->debtor.p != NULL) {
        rg_batch_dead_letter(f->batch, item->intake, RG_DEAD_CONFLICT,
                             rg_arena_printf(f->batch->arena, RG_STR_FMT " belongs to debtor " RG_STR_FMT " already, and not to " RG_STR_FMT,
                                             RG_STR_ARG(item->reference), RG_STR_ARG(reference->debtor), RG_STR_ARG(item->located.debtor))
                                 .p);
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
void rg_folding_learn_action(struct rg_folding *f, const struct rg_decision *decision)
{
    char id[RG_ACTION_TEXT + 1], key[sizeof id + 8];
    if (f->found_count == 0)
        return;
    rg_action_id_print(&decision->action, id);
    (void)snprintf(key, sizeof key, "action:%s", id);
    int32_t place = *rg_folding_place(f->batch, &f->found_at, f->found, sizeof *f->found, rg_str(key));
    if (place != 0)
        f->found[place - 1].reference.debtor = decision->debtor;
}

/* A nameless fact: on to its debtor's shard, or parked until its reference is located. */
void rg_folding_nameless(struct rg_folding *f, const struct rg_item *item)
{
    struct rg_found *found = &f->found[item->found];
    struct rg_reference *reference = &found->reference;
    if (reference->debtor.p != NULL) {
        forward(f, item->intake->value, rg_fetched_first(item->intake), reference->debtor, item->intake->offset, 0);
        return;
    }
    bool receipt = item->event.type == RG_EV_DELIVERY_RECEIPT;
    size_t bytes = item->intake->value.n;
    for (size_t i = 0; i < reference->parked_count; i++)
        bytes += reference->parked[i].value.n;
    if (receipt || reference->parked_count >= RG_PARKED_MAX || bytes > RG_PARKED_BYTES_MAX) {
        rg_batch_dead_letter(f->batch, item->intake, RG_DEAD_UNROUTABLE,
                    receipt ? "no action of that id is known here, or it is too old for receipts"
                            : "too many records wait for an invoice that nobody has issued");
        return;
    }
    found->changed = true;
    *RG_PUSH(f->batch->arena, reference->parked, reference->parked_count, reference->parked_cap) = (struct rg_parked){
        rg_arena_str(f->batch->arena, rg_fetched_first(item->intake)), rg_arena_str(f->batch->arena, item->intake->value)};
}

/* Where its debtor lives, or the reference that he is to be found by. */
int rg_folding_home(const struct rg_folding *f, const struct rg_item *item)
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
void rg_folding_stranger(struct rg_folding *f, const struct rg_item *item)
{
    enum rg_kind kind = item->intake->kind;
    bool fact = kind == RG_REC_EVENT || kind == RG_REC_FORWARDED;
    atomic_fetch_add(&f->batch->shard->config.counters->strangers, 1);
    if (fact || kind == RG_REC_LOCATED)
        send_on(f, fact ? RG_REC_FORWARDED : kind, rg_folding_home(f, item),
                item->debtor.p != NULL ? item->debtor : item->reference, item->intake->value, rg_fetched_first(item->intake),
                item->intake->offset, 0);
    else
        rg_batch_dead_letter(f->batch, item->intake, RG_DEAD_UNROUTABLE, "the debtor's shard is another partition");
}

void rg_folding_put_references(struct rg_folding *f)
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
