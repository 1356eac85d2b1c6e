/* One debtor in a world of chance: a ledger, an owner who folds and decides, a relay, senders that claim and deliver, and all
 * that may befall them: the owner loses his last commits or everything, a dead owner's outbox arrives late, senders die before
 * and after the provider has the message, records come twice. Time jumps from event to event. The same seed gives the same run.
 *
 * What is simulated is the ledger's protocol around rg_record_apply and rg_decide, which are the real ones, as is the stored
 * form. */
#pragma once

#include "brazil/days/zone.h"
#include "daemon/rules/decide.h"
#include "daemon/rules/fold.h"
#include "daemon/state/codec.h"
#include "tests/fakes/rules.h"

#include <stdio.h>
#include <string.h>

#define SIM_CLAIM_MS 60000
#define SIM_SHARDS 4
#define SIM_SNAPSHOTS 16
#define SIM_DEBTOR "D1"
#define SIM_NS "n"

struct sim_entry {
    struct rg_fact_record fact;
    int64_t at_ms;
    bool repeat; /* of an event that stands before it */
};

/* In the outbox: a record for the ledger, or a copy for a channel. */
struct sim_out {
    bool copy;
    struct sim_entry entry;
    const struct rg_decision *decision;
    struct rg_action_id action;
};

struct sim_outbox {
    struct sim_out *items;
    size_t count, cap;
};

enum sim_hand_state { SIM_LOOKING, SIM_WAITING, SIM_FOREIGN, SIM_DELIVERING, SIM_SLOW, SIM_GONE };

struct sim_hand {
    const struct rg_decision *decision;
    enum sim_hand_state state;
    struct rg_claim_id claim, other;
    int64_t claim_offset, deadline_ms, other_since_ms, other_offset;
    int64_t told_ms; /* SLOW: its outcome is written only then */
};

/* The provider, or the topic of signals, has it. */
struct sim_delivery {
    const struct rg_decision *decision;
    int64_t claim_offset, at_ms;
    bool told; /* as accepted */
};

struct sim_snapshot {
    struct rg_str bytes;
    size_t pos;
    struct sim_outbox outbox;
};

struct sim {
    uint64_t seed;
    int mood;    /* 0 … 2 */
    bool strict; /* decisions stand in the ledger at once, so that a fold from the beginning gives the very same record */
    struct rg_arena *arena, *work;
    struct rg_rules *rules;
    struct rg_str last_step;
    int64_t now_ms, end_ms;
    struct sim_entry *ledger;
    size_t ledger_count, ledger_cap;
    struct rg_str bytes; /* of the debtor, as committed */
    size_t pos, replay_to;
    int64_t due_ms, asof_ms;
    struct sim_outbox outbox, late; /* late: of owners that are dead */
    struct sim_snapshot snapshots[SIM_SNAPSHOTS];
    size_t snapshot_count;
    struct sim_hand *hands;
    size_t hand_count, hand_cap;
    struct sim_delivery *deliveries;
    size_t delivery_count, delivery_cap;
    bool calm; /* nothing befalls anybody any more */
    uint32_t events; /* for ids */
    int decisions, voided, crashes;
};

/* splitmix: the same everywhere. */
static inline uint64_t sim_next(struct sim *s)
{
    uint64_t z = s->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline int64_t sim_upto(struct sim *s, int64_t n)
{
    return (int64_t)(sim_next(s) % (uint64_t)n);
}

static inline bool sim_chance(struct sim *s, int percent)
{
    return sim_upto(s, 100) < percent;
}

/* ---- the ledger ---- */

static inline size_t sim_append(struct sim *s, const struct sim_entry *entry)
{
    struct sim_entry *added = RG_PUSH(s->arena, s->ledger, s->ledger_count, s->ledger_cap);
    *added = *entry;
    added->fact.offset = (int64_t)s->ledger_count - 1;
    added->at_ms = s->now_ms;
    return s->ledger_count - 1;
}

static inline void sim_event(struct sim *s, const struct rg_event *event, bool personal)
{
    struct rg_event *kept = RG_NEW(s->arena, struct rg_event, 1);
    *kept = *event;
    struct sim_entry entry = {.fact = {.event = kept, .personal = personal}};
    (void)sim_append(s, &entry);
    entry.repeat = true;
    if (!s->calm && sim_chance(s, 5))
        (void)sim_append(s, &entry); /* upstream says it twice */
}

static inline const struct rg_decision *sim_keep_decision(struct sim *s, const struct rg_decision *decision)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_decision *kept = RG_NEW(s->arena, struct rg_decision, 1);
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &buf);
    int rc = rg_decision_read(rg_buf_str(&buf), s->arena, kept, NULL);
    rg_assert(rc == 0);
    return kept;
}

/* ---- the owner ---- */

static inline struct rg_record *sim_load(struct sim *s, struct rg_arena *arena)
{
    struct rg_record *record = NULL;
    if (s->bytes.p == NULL)
        return rg_record_new(arena, RG_STR(SIM_DEBTOR));
    int rc = rg_record_decode(s->bytes, RG_STR(SIM_DEBTOR), arena, &record, NULL);
    rg_assert(rc == 0);
    return record;
}

static inline struct rg_str sim_encode(struct sim *s, const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_RECORD_STORED_MAX + 1024);
    int rc = rg_record_encode(record, &buf, NULL);
    rg_assert(rc == 0);
    return rg_arena_str(s->arena, rg_buf_str(&buf));
}

static inline void sim_put_out(struct sim *s, const struct sim_out *out)
{
    *RG_PUSH(s->arena, s->outbox.items, s->outbox.count, s->outbox.cap) = *out;
}

static inline void sim_relay(struct sim *s, struct sim_outbox *outbox);

/* Copies for what has to go out, and what is void leaves the outbox; then one transaction. */
static inline void sim_commit(struct sim *s, const struct rg_record *before, struct rg_record *record)
{
    for (size_t i = 0; i < record->action_count; i++) {
        const struct rg_action *action = &record->actions[i], *old = rg_record_action(before, &action->decision.action);
        if (old != NULL && old->releases >= action->releases)
            continue;
        const struct rg_decision *kept = sim_keep_decision(s, &action->decision);
        sim_put_out(s, &(struct sim_out){.copy = true, .decision = kept, .action = kept->action});
    }
    for (size_t i = 0; i < before->action_count; i++) {
        const struct rg_action_id *id = &before->actions[i].decision.action;
        size_t kept = 0;
        if (rg_record_action(record, id) != NULL)
            continue;
        s->voided++;
        for (size_t k = 0; k < s->outbox.count; k++)
            if (!rg_action_id_eq(&s->outbox.items[k].action, id))
                s->outbox.items[kept++] = s->outbox.items[k];
        s->outbox.count = kept;
    }
    s->bytes = sim_encode(s, record);
    if (s->snapshot_count == SIM_SNAPSHOTS)
        memmove(s->snapshots, s->snapshots + 1, --s->snapshot_count * sizeof *s->snapshots);
    struct sim_snapshot *snapshot = &s->snapshots[s->snapshot_count++];
    *snapshot = (struct sim_snapshot){.bytes = s->bytes, .pos = s->pos};
    for (size_t i = 0; i < s->outbox.count; i++)
        *RG_PUSH(s->arena, snapshot->outbox.items, snapshot->outbox.count, snapshot->outbox.cap) = s->outbox.items[i];
    while (s->strict && s->outbox.count > 0)
        sim_relay(s, &s->outbox);
}

static inline struct rg_world sim_world(const struct sim *s, int64_t due_ms, int64_t known[RG_SOURCES_MAX])
{
    for (int i = 0; i < RG_SOURCES_MAX; i++)
        known[i] = s->asof_ms;
    return (struct rg_world){.now_ms = s->now_ms, .asof_ms = s->asof_ms, .due_ms = due_ms, .live_max_step = s->last_step,
                             .known_through_ms = known,
                             .shards = SIM_SHARDS, .rests_on = (int64_t)s->pos};
}

static inline void sim_decide(struct sim *s, struct rg_record *record, int64_t due_ms)
{
    int64_t known[RG_SOURCES_MAX];
    struct rg_world world = sim_world(s, due_ms, known);
    struct rg_decided decided;
    rg_decide(s->rules, &world, record, false, &decided);
    for (size_t i = 0; i < decided.decision_count; i++) {
        const struct rg_decision *kept = sim_keep_decision(s, decided.decisions[i]);
        sim_put_out(s, &(struct sim_out){.entry = {.fact = {.decided = kept}}, .action = kept->action});
        s->decisions++;
    }
    for (size_t i = 0; i < decided.recall_count; i++) {
        struct rg_recalled *kept = RG_NEW(s->arena, struct rg_recalled, 1);
        *kept = decided.recalls[i];
        sim_put_out(s, &(struct sim_out){.entry = {.fact = {.recalled = kept}}, .action = kept->action});
    }
    if (decided.skipped.skip_count > 0 || decided.skipped.caught_up_count > 0) {
        struct rg_skipped *kept = RG_NEW(s->arena, struct rg_skipped, 1);
        *kept = (struct rg_skipped){.through_ms = decided.skipped.through_ms, .at_ms = decided.skipped.at_ms};
        for (size_t i = 0, cap = 0; i < decided.skipped.caught_up_count; i++)
            *RG_PUSH(s->arena, kept->caught_up, kept->caught_up_count, cap) =
                (struct rg_caught_up){rg_arena_str(s->arena, decided.skipped.caught_up[i].ns),
                                      rg_arena_str(s->arena, decided.skipped.caught_up[i].invoice)};
        sim_put_out(s, &(struct sim_out){.entry = {.fact = {.skipped = kept}}});
    }
    s->due_ms = rg_decided_next_ms(&decided);
}

static inline bool sim_at_end(const struct sim *s)
{
    return s->pos == s->ledger_count;
}

/* A batch of up to n records; decided upon unless they are the past. */
static inline void sim_fold(struct sim *s, size_t n)
{
    rg_arena_reset(s->work);
    struct rg_record *before = sim_load(s, s->work), *record = sim_load(s, s->work);
    for (; (n > 0 || s->strict) && !sim_at_end(s); n--) {
        struct rg_error why;
        (void)rg_record_apply(record, &s->ledger[s->pos++].fact, &why);
    }
    if (s->replay_to > 0)
        s->due_ms = s->now_ms;
    else
        sim_decide(s, record, s->now_ms);
    if (s->pos >= s->replay_to)
        s->replay_to = 0;
    sim_commit(s, before, record);
}

/* A timer: upstream is known up to now, for everything that it says stands in the ledger at once. */
static inline void sim_look(struct sim *s)
{
    rg_arena_reset(s->work);
    struct rg_record *before = sim_load(s, s->work), *record = sim_load(s, s->work);
    s->asof_ms = s->now_ms;
    sim_decide(s, record, s->due_ms);
    sim_commit(s, before, record);
}

static inline void sim_relay(struct sim *s, struct sim_outbox *outbox)
{
    struct sim_out out = outbox->items[0];
    memmove(outbox->items, outbox->items + 1, --outbox->count * sizeof out);
    if (out.copy)
        *RG_PUSH(s->arena, s->hands, s->hand_count, s->hand_cap) = (struct sim_hand){.decision = out.decision};
    else
        (void)sim_append(s, &out.entry);
    if (!s->strict && !s->calm && sim_chance(s, 5) && !out.copy)
        (void)sim_append(s, &out.entry); /* its answer was lost */
}

/* The owner is gone, and with him his last commits, or all; what he had sent may still arrive. */
static inline void sim_crash(struct sim *s)
{
    s->crashes++;
    for (size_t i = 0; i < s->outbox.count; i++)
        if (sim_chance(s, 50))
            *RG_PUSH(s->arena, s->late.items, s->late.count, s->late.cap) = s->outbox.items[i];
    bool all = sim_chance(s, 20) || s->snapshot_count == 0;
    size_t lost = all ? 0 : (size_t)sim_upto(s, (int64_t)s->snapshot_count);
    s->outbox = (struct sim_outbox){0};
    if (all) {
        s->bytes = (struct rg_str){0};
        s->pos = s->snapshot_count = 0;
    } else {
        const struct sim_snapshot *kept = &s->snapshots[s->snapshot_count - 1 - lost];
        s->bytes = kept->bytes;
        s->pos = kept->pos;
        for (size_t i = 0; i < kept->outbox.count; i++)
            sim_put_out(s, &kept->outbox.items[i]);
        s->snapshot_count -= lost;
    }
    s->replay_to = s->ledger_count;
    s->asof_ms = -1;
    s->due_ms = s->now_ms;
    if (sim_at_end(s))
        s->replay_to = 0;
}

/* ---- senders ---- */

static inline void sim_outcome(struct sim *s, const struct sim_hand *hand, const struct rg_claim_id *claim, int64_t claim_offset,
                               enum rg_verdict verdict)
{
    const struct rg_decision *d = hand->decision;
    struct rg_outcome *o = RG_NEW(s->arena, struct rg_outcome, 1);
    *o = (struct rg_outcome){.action = d->action, .claim_offset = claim_offset, .debtor = d->debtor, .step = d->step,
                             .channel = d->channel, .repetition = d->repetition, .attempt = d->attempt,
                             .invoices = d->invoices, .invoice_count = d->invoice_count, .verdict = verdict,
                             .evidence = verdict == RG_VERDICT_ACCEPTED ? RG_EVIDENCE_ACCEPTED : RG_EVIDENCE_NONE,
                             .at_ms = s->now_ms};
    if (claim != NULL)
        o->claim = *claim;
    const struct sim_entry entry = {.fact = {.outcome = o}};
    (void)sim_append(s, &entry);
    if (!s->calm && sim_chance(s, 5))
        (void)sim_append(s, &entry);
}

static inline void sim_claim(struct sim *s, struct sim_hand *hand)
{
    struct rg_claim *claim = RG_NEW(s->arena, struct rg_claim, 1);
    for (size_t i = 0; i < RG_CLAIM_BYTES; i++)
        hand->claim.b[i] = (uint8_t)sim_next(s);
    *claim = (struct rg_claim){.claim = hand->claim, .action = hand->decision->action, .debtor = hand->decision->debtor,
                               .valid_ms = SIM_CLAIM_MS, .at_ms = s->now_ms};
    const struct sim_entry entry = {.fact = {.claim = claim}};
    hand->deadline_ms = s->now_ms + SIM_CLAIM_MS;
    hand->claim_offset = (int64_t)sim_append(s, &entry);
    hand->state = SIM_WAITING;
    if (!s->calm && sim_chance(s, 5))
        (void)sim_append(s, &entry);
}

static inline void sim_delivered(struct sim *s, const struct sim_hand *hand, bool told)
{
    *RG_PUSH(s->arena, s->deliveries, s->delivery_count, s->delivery_cap) =
        (struct sim_delivery){hand->decision, hand->claim_offset, s->now_ms, told};
}

static inline void sim_deliver(struct sim *s, struct sim_hand *hand)
{
    static const enum rg_verdict refusals[] = {RG_VERDICT_RETRY, RG_VERDICT_THROTTLED, RG_VERDICT_REJECTED, RG_VERDICT_RELEASED};
    int fate = s->calm ? 0 : (int)sim_upto(s, 100);
    bool late = hand->decision->until_ms != 0 && s->now_ms > hand->decision->until_ms;
    hand->state = SIM_GONE;
    if (late || s->now_ms > hand->deadline_ms) {
        sim_outcome(s, hand, &hand->claim, hand->claim_offset, late ? RG_VERDICT_EXPIRED : RG_VERDICT_RELEASED);
    } else if (fate < 70) {
        sim_delivered(s, hand, true);
        sim_outcome(s, hand, &hand->claim, hand->claim_offset, RG_VERDICT_ACCEPTED);
    } else if (fate < 85) {
        sim_outcome(s, hand, &hand->claim, hand->claim_offset, refusals[sim_upto(s, RG_COUNT(refusals))]);
    } else {
        if (fate % 2 == 0 || (fate >= 90 && fate < 94))
            sim_delivered(s, hand, false);
        if (fate < 90) {
            sim_outcome(s, hand, &hand->claim, hand->claim_offset, RG_VERDICT_UNCERTAIN);
        } else if (fate < 94) { /* it is cut off; its copy comes to another, and then its own word arrives */
            struct sim_hand other = {.decision = hand->decision};
            hand->state = SIM_SLOW;
            hand->told_ms = s->now_ms + sim_upto(s, 10 * SIM_CLAIM_MS);
            *RG_PUSH(s->arena, s->hands, s->hand_count, s->hand_cap) = other;
        } else
            *hand = (struct sim_hand){.decision = hand->decision}; /* it died: its copy comes to one who knows nothing */
    }
}

/* What a sender does with the state it has read. */
static inline void sim_seen(struct sim *s, struct sim_hand *hand, const struct rg_action *action)
{
    if (action == NULL) {
        hand->state = SIM_GONE;
    } else if (action->state == RG_ACTION_QUEUED) {
        if (hand->decision->until_ms != 0 && s->now_ms > hand->decision->until_ms) {
            sim_outcome(s, hand, NULL, -1, RG_VERDICT_EXPIRED);
            hand->state = SIM_GONE;
        } else {
            sim_claim(s, hand);
        }
    } else if (hand->state == SIM_WAITING && rg_claim_id_eq(&action->claim, &hand->claim)) {
        hand->state = SIM_DELIVERING;
    } else if (hand->state != SIM_FOREIGN || !rg_claim_id_eq(&action->claim, &hand->other)) {
        hand->state = SIM_FOREIGN;
        hand->other = action->claim;
        hand->other_offset = action->claim_offset;
        hand->other_since_ms = s->now_ms;
    } else if (s->now_ms >= hand->other_since_ms + SIM_CLAIM_MS) {
        sim_outcome(s, hand, &hand->other, hand->other_offset, RG_VERDICT_UNCERTAIN);
        hand->state = SIM_GONE;
    }
}

static inline bool sim_hand_waits(const struct sim *s, const struct sim_hand *hand)
{
    if (hand->state == SIM_SLOW)
        return s->now_ms < hand->told_ms;
    if (hand->state == SIM_FOREIGN)
        return s->now_ms < hand->other_since_ms + SIM_CLAIM_MS;
    return hand->state == SIM_GONE || (hand->state == SIM_WAITING && (int64_t)s->pos <= hand->claim_offset);
}

/* One step of one sender; false when there is nothing to do. */
static inline bool sim_send(struct sim *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->hand_count; i++)
        if (s->hands[i].state != SIM_GONE)
            s->hands[kept++] = s->hands[i];
    s->hand_count = kept;
    if (kept == 0)
        return false;
    size_t first = (size_t)sim_upto(s, (int64_t)kept);
    for (size_t i = 0; i < kept; i++) {
        struct sim_hand *hand = &s->hands[(first + i) % kept];
        if (sim_hand_waits(s, hand))
            continue;
        if (hand->state == SIM_DELIVERING) {
            sim_deliver(s, hand);
            return true;
        }
        if (hand->state == SIM_SLOW) {
            hand->state = SIM_GONE;
            sim_outcome(s, hand, &hand->claim, hand->claim_offset, RG_VERDICT_ACCEPTED);
            return true;
        }
        rg_arena_reset(s->work);
        sim_seen(s, hand, rg_record_action(sim_load(s, s->work), &hand->decision->action));
        return true;
    }
    return false;
}

/* ---- life ---- */

static inline void sim_begin(struct sim *s, uint64_t seed, struct rg_rules *rules, const char *day)
{
    rg_day start = RG_DAY_NONE;
    bool parsed = rg_day_parse(rg_str(day), &start);
    rg_assert(parsed);
    *s = (struct sim){.seed = seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .rules = rules, .due_ms = RG_NEVER, .asof_ms = -1};
    s->arena = rg_arena_new((size_t)512 * 1024 * 1024);
    s->work = rg_arena_new((size_t)64 * 1024 * 1024);
    const struct rg_ladder *ladder = &rules->ladders[0];
    s->last_step = ladder->steps[ladder->step_count - 1].name;
    s->now_ms = rg_instant_at(rg_zone_of_state(RG_STR("SP")), start, 9 * 60);
    s->mood = (int)(seed % 3);
    s->strict = seed % 4 == 0;
}

static inline void sim_end(struct sim *s)
{
    rg_arena_free(&s->arena);
    rg_arena_free(&s->work);
}

/* Whether anything can happen without time passing. */
static inline bool sim_busy(const struct sim *s)
{
    bool busy = s->outbox.count > 0 || !sim_at_end(s) || s->due_ms <= s->now_ms;
    for (size_t i = 0; i < s->hand_count; i++)
        busy = busy || !sim_hand_waits(s, &s->hands[i]);
    return busy;
}

/* One of the things that can happen now. */
static inline void sim_step(struct sim *s)
{
    switch (sim_upto(s, 5)) {
    case 0:
        if (s->outbox.count > 0)
            sim_relay(s, &s->outbox);
        break;
    case 1:
        if (!sim_at_end(s))
            sim_fold(s, 1 + (size_t)sim_upto(s, 6));
        break;
    case 2:
        if (sim_at_end(s) && s->due_ms <= s->now_ms)
            sim_look(s);
        break;
    case 3: (void)sim_send(s); break;
    default:
        if (!s->strict && s->late.count > 0 && sim_chance(s, 20))
            sim_relay(s, &s->late);
        break;
    }
    if (!s->calm && sim_upto(s, 400) == 0)
        sim_crash(s);
}
