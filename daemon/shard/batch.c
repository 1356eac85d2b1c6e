/* One transaction of a shard. Debtors are loaded once, folded and decided in memory; what has to be written follows from
 * comparing each record's actions before and after. Nothing is visible to anybody until the commit, and nothing of memory
 * is believed after one that did not succeed: the shard opens again. */
#include "daemon/shard/batch.h"

#include "base/core/crash.h"
#include "base/core/hash.h"
#include "base/core/log.h"
#include "daemon/state/codec.h"
#include "daemon/state/people.h"

#include <string.h>

#define SLOTS 4096 /* more than the debtors of a batch, a power of two */
static_assert(3 * RG_SHARD_BATCH_MAX <= RG_STORE_KEYS_MAX, "a record asks for a debtor, a reference and a charge at most");
static_assert(RG_NEVER == RG_STORE_NEVER, "what rules say of time a store understands");
static_assert(SLOTS >= 4 * (RG_SHARD_BATCH_MAX > RG_SHARD_PAGE_MAX ? RG_SHARD_BATCH_MAX : RG_SHARD_PAGE_MAX),
              "the table stays sparse");

void rg_batch_begin(struct rg_batch *batch, struct rg_shard *shard, const struct rg_shard_world *world)
{
    rg_arena_reset(shard->batch_arena);
    *batch = (struct rg_batch){.shard = shard, .world = world, .arena = shard->batch_arena, .pos = shard->pos};
    batch->slots = RG_NEW(batch->arena, int32_t, SLOTS);
    batch->slot_count = SLOTS;
    batch->pos.origins = NULL;
    batch->pos.origin_count = batch->pos.origin_cap = 0;
    rg_shard_known_through(world->words, shard->asof_ms, batch->known_through_ms);
}

static size_t find_slot(const struct rg_batch *batch, struct rg_str debtor)
{
    size_t slot = (size_t)rg_fnv64(debtor.p, debtor.n) & (batch->slot_count - 1);
    while (batch->slots[slot] != 0 && !rg_str_eq(batch->touched[batch->slots[slot] - 1].debtor, debtor))
        slot = (slot + 1) & (batch->slot_count - 1);
    return slot;
}

struct rg_touched *rg_batch_find(struct rg_batch *batch, struct rg_str debtor)
{
    size_t slot = find_slot(batch, debtor);
    return batch->slots[slot] == 0 ? NULL : &batch->touched[batch->slots[slot] - 1];
}

struct rg_touched *rg_batch_add(struct rg_batch *batch, struct rg_str debtor)
{
    size_t slot = find_slot(batch, debtor);
    if (batch->slots[slot] != 0)
        return &batch->touched[batch->slots[slot] - 1];
    rg_assert(batch->touched_count < batch->slot_count / 2);
    struct rg_touched *touched = RG_PUSH(batch->arena, batch->touched, batch->touched_count, batch->touched_cap);
    touched->debtor = rg_arena_str(batch->arena, debtor);
    touched->due_ms = batch->world->now_ms;
    touched->value = rg_batch_want(batch, RG_STORE_DEBTOR, touched->debtor);
    batch->slots[slot] = (int32_t)batch->touched_count;
    return touched;
}

static void remember_actions(struct rg_batch *batch, struct rg_touched *touched)
{
    const struct rg_record *record = touched->record;
    touched->was_overflowing = record->overflowing;
    touched->before_count = record->action_count;
    touched->before = record->action_count > 0 ? RG_NEW(batch->arena, struct rg_action_before, record->action_count) : NULL;
    for (size_t i = 0; i < record->action_count; i++) {
        const struct rg_action *action = &record->actions[i];
        touched->before[i] =
            (struct rg_action_before){action->decision.action, action->state, action->claim, action->releases, false};
    }
}

size_t rg_batch_want(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id)
{
    rg_assert(batch->values == NULL);
    *RG_PUSH(batch->arena, batch->keys, batch->key_count, batch->key_cap) = (struct rg_store_key){kind, id};
    return batch->key_count - 1;
}

/* More would not fit into the batch's memory: tried again with fewer, as what does not fit into one transaction. */
static enum rg_commit check_stored(const struct rg_batch *batch, struct rg_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->touched_count; i++)
        bytes += batch->values[batch->touched[i].value].n;
    if (batch->touched_count == 1 || bytes <= RG_SHARD_STORED_BYTES_MAX)
        return RG_COMMITTED;
    (void)rg_fail(err, RG_ELIMIT, "%zu debtors have %zu bytes of records, %zu are taken at once", batch->touched_count, bytes,
                  RG_SHARD_STORED_BYTES_MAX);
    return RG_COMMIT_REFUSED;
}

enum rg_commit rg_batch_load(struct rg_batch *batch, struct rg_error *err)
{
    struct rg_store *store = batch->shard->store;
    batch->values = RG_NEW(batch->arena, struct rg_str, batch->key_count + 1);
    enum rg_commit rc =
        store->ops->load(store, batch->keys, batch->key_count, batch->shard->pos.batch, batch->arena, batch->values, err);
    if (rc == RG_COMMITTED)
        rc = check_stored(batch, err);
    for (size_t i = 0; rc == RG_COMMITTED && i < batch->touched_count; i++) {
        struct rg_touched *touched = &batch->touched[i];
        touched->stored = batch->values[touched->value];
        if (touched->stored.p == NULL)
            touched->record = rg_record_new(batch->arena, touched->debtor);
        else if (rg_record_decode(touched->stored, touched->debtor, batch->arena, &touched->record, err) < 0)
            return RG_COMMIT_BROKEN;
        remember_actions(batch, touched);
    }
    return rc;
}

void rg_batch_put(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id, struct rg_str value, int64_t ttl_ms)
{
    *RG_PUSH(batch->arena, batch->puts, batch->put_count, batch->put_cap) =
        (struct rg_store_put){.key = {kind, id}, .write = true, .value = value, .ttl_ms = ttl_ms, .due_ms = RG_STORE_UNCHANGED};
}

void rg_batch_keep(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id, int64_t ttl_ms)
{
    *RG_PUSH(batch->arena, batch->puts, batch->put_count, batch->put_cap) =
        (struct rg_store_put){.key = {kind, id}, .ttl_ms = ttl_ms, .due_ms = RG_STORE_UNCHANGED};
}

void rg_batch_out(struct rg_batch *batch, const struct rg_out *out)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, (size_t)4 * 1024 * 1024);
    rg_out_encode(out, &buf);
    rg_assert(!buf.overflow);
    *RG_PUSH(batch->arena, batch->outs, batch->out_count, batch->out_cap) =
        (struct rg_out_entry){batch->pos.out_next++, rg_arena_str(batch->arena, rg_buf_str(&buf))};
}

/* ---- decide ---- */

static void send_decided(struct rg_batch *batch, const struct rg_decision *decision, struct rg_str wire)
{
    const struct rg_shard_config *config = &batch->shard->config;
    struct rg_out out = {.kind = RG_OUT_LEDGER,
                         .topic = rg_str(config->ledger_topic),
                         .partition = config->shard,
                         .key = decision->debtor,
                         .value = wire,
                         .record_kind = rg_str(rg_kind_name(RG_REC_DECIDED)),
                         .action = decision->action};
    rg_batch_out(batch, &out);
    atomic_fetch_add(&config->counters->decided, 1);
}

static struct rg_str decision_wire(struct rg_batch *batch, const struct rg_decision *decision)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &buf);
    rg_assert(!buf.overflow);
    return rg_arena_str(batch->arena, rg_buf_str(&buf));
}

static void send_recalled(struct rg_batch *batch, const struct rg_recalled *recalled)
{
    const struct rg_shard_config *config = &batch->shard->config;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_recalled_write(recalled, &buf);
    struct rg_out out = {.kind = RG_OUT_LEDGER,
                         .topic = rg_str(config->ledger_topic),
                         .partition = config->shard,
                         .key = recalled->debtor,
                         .value = rg_buf_str(&buf),
                         .record_kind = rg_str(rg_kind_name(RG_REC_RECALLED)),
                         .action = recalled->action};
    rg_batch_out(batch, &out);
    atomic_fetch_add(&config->counters->recalled, 1);
}

static void send_skipped(struct rg_batch *batch, const struct rg_skipped *skipped)
{
    const struct rg_shard_config *config = &batch->shard->config;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_skipped_write(skipped, &buf);
    struct rg_out out = {.kind = RG_OUT_LEDGER,
                         .topic = rg_str(config->ledger_topic),
                         .partition = config->shard,
                         .key = skipped->debtor,
                         .value = rg_buf_str(&buf),
                         .record_kind = rg_str(rg_kind_name(RG_REC_SKIPPED))};
    rg_batch_out(batch, &out);
    for (size_t i = 0; i < skipped->skip_count; i++)
        atomic_fetch_add(&config->counters->suppressed[skipped->skips[i].gate], 1);
    atomic_fetch_add(&config->counters->skipped, skipped->skip_count);
}

/* While nobody knows what time it is, nothing is known through it: what was just folded is looked at for what is owed alone. */
static struct rg_world world_of(const struct rg_batch *batch, const struct rg_touched *touched)
{
    const struct rg_shard_world *w = batch->world;
    const struct rg_shard *shard = batch->shard;
    return (struct rg_world){.now_ms = w->now_ms, .asof_ms = w->hold_timers ? -1 : shard->asof_ms, .due_ms = touched->due_ms,
                             .stopped = w->stopped, .stopped_since_ms = w->stopped_since_ms, .live_max_step = w->live_max_step, .live_spread_ms = w->live_spread_ms,
                             .live_since_ms = w->live_since_ms, .known_through_ms = batch->known_through_ms, .lagging = w->lagging, .shards = shard->config.shards,
                             .rests_on = batch->pos.ledger_next};
}

/* When he is looked at again. */
struct again {
    int64_t due_ms, prompt_ms; /* as a store takes them */
    bool due_stays;            /* the due timer may only come earlier */
};

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* An alarm, raised by the clock alone: by the timer that stood before it was to be raised, and by no other. */
static void raise_alarms(const struct rg_batch *batch, const struct rg_touched *touched, const struct rg_decided *decided)
{
    const struct rg_shard_config *config = &batch->shard->config;
    for (size_t i = 0; touched->prompted && i < decided->overdue_count; i++) {
        const struct rg_overdue *overdue = &decided->overdue[i];
        if (overdue->told_ms < touched->prompt_ms)
            continue;
        char since[RG_INSTANT_TEXT_MAX], limit[RG_INSTANT_TEXT_MAX];
        rg_instant_format(overdue->since_ms, -180, since);
        rg_instant_format(overdue->limit_ms, -180, limit);
        rg_log(RG_LOG_ERROR, "RESTORE-OVERDUE", &(struct rg_log_ctx){.debtor = touched->debtor.p, .shard = config->shard},
               RG_STR_FMT " is owed for invoice " RG_STR_FMT " since %s and had to be confirmed by %s: see to it where services "
               "are restored",
               RG_STR_ARG(overdue->name), RG_STR_ARG(overdue->invoice->id), since, limit);
        atomic_fetch_add(&config->counters->overdue, 1);
    }
}

static struct again decide(struct rg_batch *batch, struct rg_touched *touched)
{
    const struct rg_world world = world_of(batch, touched);
    struct rg_decided decided;
    rg_decide(batch->world->rules, &world, touched->record, false, &decided);
    for (size_t i = 0; i < decided.decision_count; i++)
        send_decided(batch, decided.decisions[i], decision_wire(batch, decided.decisions[i]));
    for (size_t i = 0; i < decided.recall_count; i++)
        send_recalled(batch, &decided.recalls[i]);
    raise_alarms(batch, touched, &decided);
    bool skipped = decided.skipped.skip_count > 0 || decided.skipped.caught_up_count > 0;
    if (skipped)
        send_skipped(batch, &decided.skipped);
    touched->changed = touched->changed || decided.decision_count > 0 || decided.recall_count > 0 || skipped || decided.noted;
    bool by_timer = touched->due_ms != batch->world->now_ms;
    int64_t under_way_ms = rg_batch_under_way(batch, touched, !batch->world->hold_timers);
    return (struct again){decided.next_ms, earlier(decided.prompt_ms, under_way_ms), decided.lagging && !by_timer};
}

/* ---- collect ---- */

static void send_copy(struct rg_batch *batch, const struct rg_action *action)
{
    const struct rg_shard_config *config = &batch->shard->config;
    struct rg_str topic =
        rg_arena_printf(batch->arena, "%s" RG_STR_FMT, config->actions_prefix, RG_STR_ARG(rg_decision_queue(&action->decision)));
    struct rg_out out = {.kind = RG_OUT_ACTION, .topic = topic, .partition = config->shard, .key = action->decision.debtor,
                         .value = decision_wire(batch, &action->decision), .action = action->decision.action};
    rg_batch_out(batch, &out);
}

static void set_act(struct rg_batch *batch, const struct rg_action *action)
{
    *RG_PUSH(batch->arena, batch->acts, batch->act_count, batch->act_cap) =
        (struct rg_store_act){.action = action->decision.action,
                              .live = true,
                              .value = {.claimed = action->state == RG_ACTION_CLAIMED,
                                        .claim = action->claim,
                                        .claim_offset = action->claim_offset}};
}

void rg_batch_remember_action(struct rg_batch *batch, const struct rg_decision *decision)
{
    int channel = rg_rules_channel(batch->world->rules, decision->channel);
    if (decision->kind != RG_ACT_MESSAGE || channel < 0)
        return;
    char id[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision->action, id);
    struct rg_reference reference = {.debtor = decision->debtor};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, 1024);
    rg_reference_encode(&reference, &buf);
    rg_batch_put(batch, RG_STORE_REFERENCE, rg_arena_printf(batch->arena, "action:%s", id),
                 rg_arena_str(batch->arena, rg_buf_str(&buf)), RG_RECEIPT_TTL_MS);
}

static struct rg_action_before *before_of(struct rg_touched *touched, const struct rg_action_id *id)
{
    for (size_t i = 0; i < touched->before_count; i++)
        if (rg_action_id_eq(&touched->before[i].id, id))
            return &touched->before[i];
    return NULL;
}

static void collect_actions(struct rg_batch *batch, struct rg_touched *touched)
{
    for (size_t i = 0; i < touched->record->action_count; i++) {
        const struct rg_action *action = &touched->record->actions[i];
        struct rg_action_before *before = before_of(touched, &action->decision.action);
        if (before == NULL)
            rg_batch_remember_action(batch, &action->decision);
        if (before == NULL || before->state != action->state || !rg_claim_id_eq(&before->claim, &action->claim))
            set_act(batch, action);
        if (before == NULL || before->releases < action->releases)
            send_copy(batch, action);
        if (before != NULL)
            before->copied = true;
    }
    for (size_t i = 0; i < touched->before_count; i++) {
        if (touched->before[i].copied)
            continue;
        int64_t seqs[8];
        size_t n = rg_relay_drop(batch->shard->relay, &touched->before[i].id, seqs);
        for (size_t k = 0; k < n; k++)
            *RG_PUSH(batch->arena, batch->removes, batch->remove_count, batch->remove_cap) = seqs[k];
        *RG_PUSH(batch->arena, batch->acts, batch->act_count, batch->act_cap) = 
            (struct rg_store_act){.action = touched->before[i].id};
        if (n > 0)
            atomic_fetch_add(&batch->shard->config.counters->voided, 1);
    }
    batch->live_change += (int64_t)touched->record->action_count - (int64_t)touched->before_count;
}

static void collect_people(struct rg_batch *batch, struct rg_touched *touched)
{
    const struct rg_shard_config *config = &batch->shard->config;
    if (!touched->record->people_dirty)
        return;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_people_write(touched->record, &buf);
    rg_assert(!buf.overflow);
    struct rg_out out = {.kind = RG_OUT_PEOPLE,
                         .topic = rg_str(config->people_topic),
                         .partition = config->shard,
                         .key = touched->debtor,
                         .value = rg_buf_str(&buf),
                         .record_kind = rg_str(rg_kind_name(RG_REC_MERGED))};
    rg_batch_out(batch, &out);
    for (size_t i = 0; i < touched->update_count; i++) {
        struct rg_out gone = {.kind = RG_OUT_PEOPLE,
                              .topic = rg_str(config->people_topic),
                              .partition = config->shard,
                              .key = touched->updates[i],
                              .record_kind = rg_str(rg_kind_name(RG_REC_UPDATE))};
        rg_batch_out(batch, &gone);
    }
}

static bool encode(struct rg_batch *batch, const struct rg_touched *touched, struct rg_str *ret_bytes, struct rg_error *err)
{
    struct rg_buf *buf = &batch->shard->scratch;
    rg_buf_reset(buf);
    if (rg_record_encode(touched->record, buf, err) < 0)
        return false;
    *ret_bytes = rg_arena_str(batch->arena, rg_buf_str(buf));
    return true;
}

/* More of one debtor than can be stored, though all that is closed made room. What this batch brought cannot be applied, so
 * nothing may go out that it might have stopped: the record stays as it was, held, and what was queued for him is void. */
static enum rg_commit hold_overflow(struct rg_batch *batch, struct rg_touched *touched, struct rg_str *ret_bytes,
                                    struct rg_error *err)
{
    if (touched->stored.p == NULL)
        touched->record = rg_record_new(batch->arena, touched->debtor);
    else if (rg_record_decode(touched->stored, touched->debtor, batch->arena, &touched->record, err) < 0)
        return RG_COMMIT_BROKEN;
    rg_record_overflow(touched->record);
    return encode(batch, touched, ret_bytes, err) ? RG_COMMITTED : RG_COMMIT_BROKEN;
}

/* The past is not decided again: he is looked at once it is over and upstream is known past this instant, or past the one he was
 * due for already; at once where he is owed something, as far as the past goes. */
static struct again decide_later(struct rg_batch *batch, struct rg_touched *touched)
{
    const struct rg_world world = world_of(batch, touched);
    bool owed = rg_owes(batch->world->rules, &world, touched->record);
    int64_t prompt_ms = earlier(owed ? world.now_ms : RG_STORE_NEVER, rg_batch_under_way(batch, touched, false));
    return (struct again){world.now_ms, prompt_ms == RG_STORE_NEVER ? RG_STORE_UNCHANGED : prompt_ms, true};
}

/* Most debtors never have a prompt timer, and one without need costs a look when it is over: it is removed where it is likely to
 * be there. */
static void set_timers(struct rg_batch *batch, const struct rg_touched *touched, struct rg_store_put *put, struct again again)
{
    bool likely = touched->prompted || touched->before_count > 0;
    put->due_ms = again.due_ms;
    put->earlier = again.due_stays;
    if (again.prompt_ms == RG_STORE_UNCHANGED || (again.prompt_ms == RG_STORE_NEVER && !likely))
        return;
    *RG_PUSH(batch->arena, batch->puts, batch->put_count, batch->put_cap) =
        (struct rg_store_put){.key = put->key, .timer = RG_TIMER_PROMPT, .due_ms = again.prompt_ms};
}

/* Decides, unless the past is being folded, and collects what has to be written of one debtor. */
static enum rg_commit finish_debtor(struct rg_batch *batch, struct rg_touched *touched, struct rg_error *err)
{
    bool replaying = batch->shard->state == RG_SHARD_REPLAY;
    size_t out_count = batch->out_count;
    int64_t out_next = batch->pos.out_next;
    struct rg_str bytes = {0};
    struct again again = replaying ? decide_later(batch, touched) : decide(batch, touched);
    if (touched->changed && !encode(batch, touched, &bytes, err)) {
        batch->out_count = out_count; /* what was just decided did not happen */
        batch->pos.out_next = out_next;
        enum rg_commit rc = hold_overflow(batch, touched, &bytes, err);
        if (rc != RG_COMMITTED)
            return rc;
        again = (struct again){RG_STORE_NEVER, rg_batch_under_way(batch, touched, false), false};
    }
    if (touched->record->overflowing && !touched->was_overflowing)
        rg_log(RG_LOG_ERROR, "DEBTOR-OVERFLOW",
               &(struct rg_log_ctx){.debtor = touched->debtor.p, .shard = batch->shard->config.shard},
               "more than can be kept of one debtor; everything is held until he is released");
    collect_actions(batch, touched);
    collect_people(batch, touched);
    struct rg_store_put put = {.key = {RG_STORE_DEBTOR, touched->debtor}, .write = touched->changed, .value = bytes};
    set_timers(batch, touched, &put, again);
    *RG_PUSH(batch->arena, batch->puts, batch->put_count, batch->put_cap) = put;
    return RG_COMMITTED;
}

/* ---- commit ---- */

static void adopt(struct rg_batch *batch)
{
    struct rg_shard *shard = batch->shard;
    struct rg_pos old = shard->pos;
    shard->pos = batch->pos;
    shard->pos.origins = old.origins;
    shard->pos.origin_count = old.origin_count;
    shard->pos.origin_cap = old.origin_cap;
    for (size_t i = 0; i < batch->pos.origin_count; i++)
        rg_shard_note_origin(shard, &batch->pos.origins[i]);
    shard->out_done = -1;
    if (shard->batch_max < RG_SHARD_BATCH_MAX)
        shard->batch_max++;
    rg_shard_set_live(shard, shard->live_actions + batch->live_change);
}

static enum rg_commit relay_new(struct rg_batch *batch, struct rg_error *err)
{
    for (size_t i = 0; i < batch->out_count; i++)
        if (rg_relay_add(batch->shard->relay, batch->outs[i].seq, batch->outs[i].bytes, err) < 0)
            return RG_COMMIT_BROKEN;
    return RG_COMMITTED;
}

enum rg_commit rg_batch_end(struct rg_batch *batch, struct rg_error *err)
{
    struct rg_shard *shard = batch->shard;
    for (size_t i = 0; i < batch->touched_count; i++) {
        enum rg_commit rc = finish_debtor(batch, &batch->touched[i], err);
        if (rc != RG_COMMITTED)
            return rc;
    }
    batch->pos.batch++;
    batch->pos.seen_ms = shard->seen_ms;
    batch->pos.asof_ms = shard->asof_ms;
    const struct rg_store_batch write = {.puts = batch->puts,
                                         .put_count = batch->put_count,
                                         .acts = batch->acts,
                                         .act_count = batch->act_count,
                                         .out_adds = batch->outs,
                                         .out_add_count = batch->out_count,
                                         .out_removes = batch->removes,
                                         .out_remove_count = batch->remove_count,
                                         .out_done_through = shard->out_done,
                                         .pos = &batch->pos};
    enum rg_commit rc = shard->store->ops->commit(shard->store, &write, err);
    if (rc != RG_COMMITTED)
        return rc;
    rg_crash_point("after-exec");
    atomic_fetch_add(&shard->config.counters->batches, 1);
    adopt(batch);
    return relay_new(batch, err);
}
