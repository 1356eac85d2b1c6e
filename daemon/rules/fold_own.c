/* Folding what is ours: decided, recalled, claim, outcome. An action is under way from its decision to its end, and in one of
 * two states: queued or claimed. The partition's order decides: a claim counts if it meets `queued`; an outcome acts if it
 * names the claim that stands; a delivery always counts. What was done is remembered by attempt, so that a repeated record
 * changes nothing. */
#include "daemon/rules/fold.h"

#include "daemon/rules/note.h"

#include <string.h>

struct rg_done *rg_invoice_touch_done(struct rg_record *record, struct rg_invoice *invoice, struct rg_str step, int repetition, int cycle)
{
    struct rg_done *done = rg_invoice_done(invoice, step, repetition, cycle);
    if (done != NULL)
        return done;
    done = RG_PUSH(record->arena, invoice->done, invoice->done_count, invoice->done_cap);
    done->step = rg_arena_str(record->arena, step);
    done->repetition = repetition;
    done->cycle = cycle;
    done->deadline_on = RG_DAY_NONE;
    return done;
}

static struct rg_done *decision_entry(struct rg_record *record, const struct rg_decision *decision, const struct rg_decision_invoice *of)
{
    struct rg_invoice *invoice = rg_record_invoice(record, of->ns, of->invoice); /* NULL: it made room, and nothing of it is wanted */
    return invoice == NULL ? NULL : rg_invoice_touch_done(record, invoice, decision->step, decision->repetition, of->cycle);
}

void rg_done_refuse(struct rg_record *record, struct rg_done *done, struct rg_str channel)
{
    for (size_t i = 0; i < done->refused_count; i++)
        if (rg_str_eq(done->refused[i], channel))
            return;
    *RG_PUSH(record->arena, done->refused, done->refused_count, done->refused_cap) = rg_arena_str(record->arena, channel);
}

static void trace(struct rg_done *done, const struct rg_action_id *action)
{
    memcpy(done->trace, action->b + RG_ACTION_BYTES - RG_TRACE_BYTES, RG_TRACE_BYTES);
}

/* The action of a step's last attempt, while it is under way. */
static struct rg_action *action_of(const struct rg_record *record, const struct rg_done *done)
{
    for (size_t i = 0; i < record->action_count; i++)
        if (rg_done_is(done, &record->actions[i].decision.action))
            return &record->actions[i];
    return NULL;
}

/* A step that goes out by another channel than before is through with the earlier one for this cycle. */
static void give_up_channel(struct rg_record *record, struct rg_done *done, struct rg_str next_channel)
{
    if (done->attempt == 0 || !rg_str_has(done->channel) || rg_str_eq(done->channel, next_channel))
        return;
    rg_done_refuse(record, done, done->channel);
    done->tries = 0;
}

/* What was proven of an earlier attempt says nothing of this one: a notice is given again because the first did not arrive, or
 * spoke of less than is owed. Only that something may have arrived is remembered. */
static void forget_evidence(struct rg_done *done)
{
    done->evidence = RG_EVIDENCE_NONE;
    memset(done->evidence_ms, 0, sizeof done->evidence_ms);
    done->failed = false;
}

static void note_entry(struct rg_record *record, const struct rg_decision *decision, const struct rg_decision_invoice *of, struct rg_done *done)
{
    give_up_channel(record, done, decision->channel);
    forget_evidence(done);
    done->balance_cents = decision->tone == RG_TONE_NOTICE && of->balance_cents > 0 ? of->balance_cents : 0;
    done->deadline_on = decision->tone == RG_TONE_NOTICE ? decision->deadline_on : RG_DAY_NONE;
    done->attempt = decision->attempt;
    done->state = decision->mode == RG_MODE_LIVE ? RG_DONE_QUEUED : RG_DONE_SHADOW;
    done->gate = decision->mode == RG_MODE_LIVE ? RG_GATE_NONE : RG_GATE_SHADOW;
    done->channel = rg_arena_str(record->arena, decision->channel);
    done->tone = decision->tone;
    done->signal = decision->signal;
    done->decided_ms = done->at_ms = rg_second_up(decision->at_ms);
    done->retry_after_ms = done->sent_offset = 0;
    if (decision->sequence != 0)
        done->sequence = decision->sequence;
    trace(done, &decision->action);
}

static void note_covers(struct rg_record *record, const struct rg_decision *decision)
{
    for (size_t i = 0; i < decision->cover_count; i++) {
        const struct rg_decision_cover *cover = &decision->covers[i];
        const struct rg_decision_invoice *of = &decision->invoices[cover->invoice];
        struct rg_invoice *invoice = rg_record_invoice(record, of->ns, of->invoice);
        if (invoice == NULL)
            continue;
        struct rg_done *done = rg_invoice_touch_done(record, invoice, cover->step, cover->repetition, of->cycle);
        if (done->attempt > 0)
            continue; /* it has a story of its own already */
        done->state = decision->mode == RG_MODE_LIVE ? RG_DONE_COVERED : RG_DONE_SHADOW;
        done->gate = RG_GATE_COVERED;
        done->decided_ms = done->at_ms = rg_second_up(decision->at_ms);
    }
}

struct rg_action *rg_record_note_decision(struct rg_record *record, const struct rg_decision *decision)
{
    for (size_t i = 0; i < decision->invoice_count; i++) {
        if (decision->invoices[i].listed)
            continue;
        struct rg_done *done = decision_entry(record, decision, &decision->invoices[i]);
        if (done != NULL)
            note_entry(record, decision, &decision->invoices[i], done);
    }
    note_covers(record, decision);
    if (decision->sequence > record->sequence)
        record->sequence = decision->sequence;
    if (decision->mode != RG_MODE_LIVE)
        return NULL;
    if (record->action_count >= RG_RECORD_ACTIONS_MAX)
        record->overflowing = true;
    struct rg_action *action = RG_PUSH(record->arena, record->actions, record->action_count, record->action_cap);
    action->decision = *decision;
    action->state = RG_ACTION_QUEUED;
    action->claim_offset = action->logged_offset = -1;
    action->releases = 1;
    return action;
}

static void set_entries(struct rg_record *record, const struct rg_decision *decision, enum rg_done_state state, enum rg_gate gate)
{
    for (size_t i = 0; i < decision->invoice_count; i++) {
        struct rg_done *done = decision->invoices[i].listed ? NULL : decision_entry(record, decision, &decision->invoices[i]);
        if (done == NULL || !rg_done_is(done, &decision->action))
            continue;
        done->state = state;
        done->gate = gate;
    }
}

/* Steps that only this action spoke for are open again when it ends without having been delivered. */
static void uncover(struct rg_record *record, const struct rg_decision *decision)
{
    for (size_t i = 0; i < decision->cover_count; i++) {
        const struct rg_decision_cover *cover = &decision->covers[i];
        const struct rg_decision_invoice *of = &decision->invoices[cover->invoice];
        struct rg_invoice *invoice = rg_record_invoice(record, of->ns, of->invoice);
        struct rg_done *done = invoice == NULL ? NULL : rg_invoice_done(invoice, cover->step, cover->repetition, of->cycle);
        if (done != NULL && done->state == RG_DONE_COVERED && done->decided_ms == rg_second_up(decision->at_ms))
            *done = invoice->done[--invoice->done_count];
    }
}

static void drop_action(struct rg_record *record, const struct rg_action_id *id)
{
    struct rg_action *action = rg_record_action(record, id);
    size_t index = (size_t)(action - record->actions);
    record->action_count--;
    memmove(action, action + 1, (record->action_count - index) * sizeof *action);
}

void rg_record_end_action(struct rg_record *record, const struct rg_action_id *id, enum rg_done_state state, enum rg_gate gate)
{
    struct rg_action *action = rg_record_action(record, id);
    rg_assert(action != NULL);
    set_entries(record, &action->decision, state, gate);
    if (state != RG_DONE_SENT && state != RG_DONE_UNCERTAIN)
        uncover(record, &action->decision);
    struct rg_action_id copy = *id; /* `id` may point into the action */
    drop_action(record, &copy);
}

/* An earlier attempt was delivered after all, while this one was in a sender's hands: given back, it has nothing left to do. */
static bool overtaken(const struct rg_record *record, const struct rg_decision *decision)
{
    for (size_t i = 0; i < decision->invoice_count && !decision->owed; i++) {
        const struct rg_decision_invoice *of = &decision->invoices[i];
        const struct rg_invoice *invoice = of->listed ? NULL : rg_record_invoice(record, of->ns, of->invoice);
        const struct rg_done *done =
            invoice == NULL ? NULL : rg_invoice_done(invoice, decision->step, decision->repetition, of->cycle);
        if (done != NULL && done->state == RG_DONE_SENT && !rg_done_is(done, &decision->action))
            return true;
    }
    return false;
}

static enum rg_gate still_unwanted(const struct rg_record *record, const struct rg_decision *decision)
{
    return overtaken(record, decision) ? RG_GATE_COVERED : rg_action_unwanted(record, decision);
}

void rg_record_void_unwanted(struct rg_record *record)
{
    for (size_t i = 0; i < record->action_count;) {
        const struct rg_action *action = &record->actions[i];
        enum rg_gate gate = action->state == RG_ACTION_QUEUED ? still_unwanted(record, &action->decision) : RG_GATE_NONE;
        if (gate == RG_GATE_NONE)
            i++;
        else
            rg_record_end_action(record, &action->decision.action, RG_DONE_VOIDED, gate);
    }
}

void rg_record_overflow(struct rg_record *record)
{
    record->overflowing = true;
    rg_record_void_unwanted(record);
}

static enum rg_gate invoice_unwanted(const struct rg_record *record, const struct rg_decision *decision, const struct rg_decision_invoice *seen)
{
    const struct rg_invoice *invoice = rg_record_invoice(record, seen->ns, seen->invoice);
    int64_t until_ms = 0;
    if (invoice == NULL)
        return RG_GATE_VOIDED;
    if (invoice->state != RG_INVOICE_OPEN)
        return invoice->state == RG_INVOICE_VOIDED ? RG_GATE_VOIDED : RG_GATE_WRITTEN_OFF;
    int64_t balance = rg_record_balance_cents(record, invoice);
    bool paid = rg_record_paid(record, invoice, 0);
    if (decision->tone != RG_TONE_INFO && paid)
        return RG_GATE_PAID; /* a discount may have come after the payment: the balance is what it was */
    if (balance != seen->balance_cents)
        return balance <= 0 ? RG_GATE_PAID : RG_GATE_SUPERSEDED;
    if (rg_invoice_cycle(invoice) != seen->cycle)
        return RG_GATE_SUPERSEDED;
    if (rg_record_held(record, invoice, decision->at_ms, &until_ms))
        return RG_GATE_HELD;
    if (invoice->disputed || rg_invoice_excused(invoice))
        return RG_GATE_DISPUTED;
    if (paid)
        return RG_GATE_NONE; /* whoever kept a promise, or was debited, is thanked for it */
    rg_day day = rg_brasilia_day(decision->at_ms);
    if (record->promise_on != RG_DAY_NONE && record->promise_on >= day)
        return RG_GATE_PROMISED;
    return invoice->debit_on != RG_DAY_NONE && invoice->debit_on >= day ? RG_GATE_DEBIT_SCHEDULED : RG_GATE_NONE;
}

enum rg_gate rg_action_unwanted(const struct rg_record *record, const struct rg_decision *decision)
{
    if (decision->owed)
        return RG_GATE_NONE;
    for (size_t i = 0; i < decision->invoice_count; i++) {
        enum rg_gate gate = invoice_unwanted(record, decision, &decision->invoices[i]);
        if (gate != RG_GATE_NONE)
            return gate;
    }
    if (rg_record_protected(record, decision->at_ms))
        return RG_GATE_PROTECTED;
    if (record->overflowing)
        return RG_GATE_HELD; /* a hold of the debtor holds each of his invoices */
    bool to_a_person = decision->kind == RG_ACT_MESSAGE;
    return to_a_person && rg_record_opted_out(record, decision->channel) ? RG_GATE_OPTED_OUT : RG_GATE_NONE;
}

/* Delivered by another attempt, of which whoever decided could not know yet. */
static bool unaware(const struct rg_done *done, const struct rg_decision *decided)
{
    return done->state == RG_DONE_SENT && done->sent_offset >= decided->rests_on && !decided->owed;
}

/* A decision that crossed the delivery of an earlier attempt is void before anybody sees it: what was delivered stays, and its
 * number is not given again. */
static bool note_crossed(struct rg_record *record, const struct rg_decision *decided)
{
    bool crossed = false;
    for (size_t i = 0; i < decided->invoice_count; i++) {
        struct rg_done *done = decided->invoices[i].listed ? NULL : decision_entry(record, decided, &decided->invoices[i]);
        crossed = crossed || (done != NULL && unaware(done, decided));
    }
    for (size_t i = 0; crossed && i < decided->invoice_count; i++) {
        struct rg_done *done = decided->invoices[i].listed ? NULL : decision_entry(record, decided, &decided->invoices[i]);
        if (done == NULL)
            continue;
        if (!unaware(done, decided)) {
            note_entry(record, decided, &decided->invoices[i], done);
            done->state = RG_DONE_VOIDED;
            done->gate = RG_GATE_COVERED;
        }
        done->attempt = decided->attempt;
    }
    if (crossed && decided->sequence > record->sequence)
        record->sequence = decided->sequence;
    return crossed;
}

static enum rg_folded apply_decided(struct rg_record *record, const struct rg_decision *decided, int64_t offset)
{
    if (decided->invoice_count == 0)
        return RG_FOLD_NOTHING;
    const struct rg_decision_invoice *first = &decided->invoices[0]; /* identities are sorted, so an own one must be looked for */
    for (size_t i = 0; i < decided->invoice_count && first->listed; i++)
        first = &decided->invoices[i];
    struct rg_done *done = decision_entry(record, decided, first);
    if (done == NULL)
        return RG_FOLD_NOTHING;
    record->previous_decision = offset;
    struct rg_action *known = rg_record_action(record, &decided->action);
    if (known != NULL)
        known->logged_offset = offset;
    if (done->attempt >= decided->attempt)
        return RG_FOLD_CHANGED; /* ours, just decided, or a repeat; either way its place in the ledger is news */
    if (done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED) {
        struct rg_action *older = action_of(record, done);
        if (older != NULL)
            rg_record_end_action(record, &older->decision.action, RG_DONE_EXPIRED, RG_GATE_SUPERSEDED);
    }
    if (note_crossed(record, decided))
        return RG_FOLD_CHANGED;
    struct rg_action *action = rg_record_note_decision(record, decided);
    if (action != NULL)
        action->logged_offset = offset;
    rg_record_void_unwanted(record);
    return RG_FOLD_CHANGED;
}

static enum rg_folded apply_recalled(struct rg_record *record, const struct rg_recalled *recalled)
{
    struct rg_action *action = rg_record_action(record, &recalled->action);
    if (action == NULL)
        return RG_FOLD_NOTHING;
    if (action->state != RG_ACTION_QUEUED) { /* claimed first: the claim has won; given back, it may be called back anew */
        enum rg_folded folded = action->recalling ? RG_FOLD_CHANGED : RG_FOLD_NOTHING;
        action->recalling = false;
        return folded;
    }
    rg_record_end_action(record, &recalled->action, RG_DONE_RECALLED, recalled->gate);
    return RG_FOLD_CHANGED;
}

/* A claim holds for as long as it says, but no writer may make it hold for ever. */
static int64_t claim_over(const struct rg_claim *claim)
{
    int64_t at_ms = claim->at_ms < 0 ? 0 : claim->at_ms < INT64_MAX - RG_MS_PER_DAY ? claim->at_ms : INT64_MAX - RG_MS_PER_DAY;
    int64_t valid_ms = claim->valid_ms < 0 ? 0 : claim->valid_ms < RG_MS_PER_DAY ? claim->valid_ms : RG_MS_PER_DAY;
    return at_ms + valid_ms;
}

static enum rg_folded apply_claim(struct rg_record *record, const struct rg_claim *claim, int64_t offset)
{
    struct rg_action *action = rg_record_action(record, &claim->action);
    if (action == NULL || action->state != RG_ACTION_QUEUED)
        return RG_FOLD_NOTHING;
    action->state = RG_ACTION_CLAIMED;
    action->claim = claim->claim;
    action->claim_offset = offset;
    action->claim_over_ms = claim_over(claim);
    set_entries(record, &action->decision, RG_DONE_CLAIMED, RG_GATE_NONE);
    return RG_FOLD_CHANGED;
}

static void prove(struct rg_done *done, enum rg_evidence evidence, int64_t at_ms)
{
    for (int level = RG_EVIDENCE_ACCEPTED; level <= (int)evidence; level++)
        if (done->evidence_ms[level] == 0)
            done->evidence_ms[level] = at_ms;
    if (evidence > done->evidence)
        done->evidence = evidence;
}

static bool proven(const struct rg_done *done)
{
    return done->evidence >= RG_EVIDENCE_DELIVERED || (done->evidence != RG_EVIDENCE_NONE && !done->failed);
}

void rg_done_settle(struct rg_done *done, int64_t offset)
{
    bool in_hands = done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED;
    bool taken = done->state == RG_DONE_SENT || done->state == RG_DONE_UNCERTAIN ||
                 (done->state == RG_DONE_RETRY && done->evidence != RG_EVIDENCE_NONE);
    if (in_hands)
        return;
    if (done->failed && !proven(done) && taken) {
        done->state = RG_DONE_REJECTED;
    } else if (done->state != RG_DONE_SENT && proven(done)) {
        done->state = RG_DONE_SENT;
        done->gate = RG_GATE_NONE;
        done->sent_offset = offset;
    }
}

/* The provider's own word of it may have been heard before the sender's. */
static void settle_entries(struct rg_record *record, const struct rg_decision *decision, int64_t offset)
{
    for (size_t i = 0; i < decision->invoice_count; i++) {
        struct rg_done *done = decision->invoices[i].listed ? NULL : decision_entry(record, decision, &decision->invoices[i]);
        if (done != NULL && rg_done_is(done, &decision->action))
            rg_done_settle(done, offset);
    }
}

/* A delivery counts for its step identity, whatever else is under way for it: a newer attempt that waits is void. */
static enum rg_folded apply_delivered(struct rg_record *record, const struct rg_outcome *outcome, int64_t offset)
{
    int64_t at_ms = rg_second_up(outcome->at_ms);
    for (size_t i = 0; i < outcome->invoice_count; i++) {
        if (outcome->invoices[i].listed)
            continue;
        struct rg_invoice *invoice = rg_record_invoice(record, outcome->invoices[i].ns, outcome->invoices[i].invoice);
        if (invoice == NULL)
            continue;
        struct rg_done *done = rg_invoice_touch_done(record, invoice, outcome->step, outcome->repetition, outcome->invoices[i].cycle);
        if (done->state == RG_DONE_SENT && done->attempt > outcome->attempt)
            continue; /* it went out by a later attempt too: what becomes of that one is what counts */
        struct rg_action *newer = rg_done_is(done, &outcome->action) ? NULL : action_of(record, done);
        if (newer != NULL && newer->state == RG_ACTION_QUEUED && !newer->decision.owed) {
            rg_record_end_action(record, &newer->decision.action, RG_DONE_VOIDED, RG_GATE_COVERED);
            done = rg_invoice_done(invoice, outcome->step, outcome->repetition, outcome->invoices[i].cycle); /* it may have moved */
        }
        const struct rg_action *own = rg_record_action(record, &outcome->action);
        if (done->attempt < outcome->attempt)
            done->attempt = outcome->attempt;
        done->state = RG_DONE_SENT;
        done->sent_offset = offset;
        done->gate = RG_GATE_NONE;
        done->channel = rg_arena_str(record->arena, outcome->channel);
        trace(done, &outcome->action);
        done->at_ms = done->decided_ms = at_ms;
        done->tries = 0;
        if (own != NULL) {
            done->tone = own->decision.tone;
            done->signal = own->decision.signal;
        }
        prove(done, outcome->evidence == RG_EVIDENCE_NONE ? RG_EVIDENCE_ACCEPTED : outcome->evidence, at_ms);
        rg_done_settle(done, offset); /* a bounce may have been heard before its acceptance */
    }
    if (rg_record_action(record, &outcome->action) != NULL)
        drop_action(record, &outcome->action);
    return RG_FOLD_CHANGED;
}

static void requeue(struct rg_record *record, struct rg_action *action)
{
    action->state = RG_ACTION_QUEUED;
    action->claim = (struct rg_claim_id){0};
    action->claim_offset = -1;
    action->recalling = false; /* what was said of the claim says nothing of what is queued now */
    action->releases++;
    set_entries(record, &action->decision, RG_DONE_QUEUED, RG_GATE_NONE);
}

/* What an attempt that did not deliver leaves in its entries, beside their state. */
static void note_failure(struct rg_record *record, const struct rg_decision *decision, const struct rg_outcome *outcome)
{
    for (size_t i = 0; i < decision->invoice_count; i++) {
        struct rg_done *done = decision->invoices[i].listed ? NULL : decision_entry(record, decision, &decision->invoices[i]);
        if (done == NULL || !rg_done_is(done, &decision->action))
            continue;
        done->at_ms = rg_second_up(outcome->at_ms);
        bool refused = outcome->verdict == RG_VERDICT_REJECTED, by_signal = decision->kind == RG_ACT_SIGNAL; /* there is no other way */
        bool again = outcome->verdict == RG_VERDICT_RETRY || outcome->verdict == RG_VERDICT_THROTTLED ||
                     outcome->verdict == RG_VERDICT_UNCERTAIN || (refused && by_signal);
        if (again) {
            done->tries++;
            done->retry_after_ms = outcome->retry_after_ms;
        }
        if (outcome->verdict == RG_VERDICT_UNCERTAIN)
            done->maybe_sent = true;
        if (refused && !by_signal)
            rg_done_refuse(record, done, outcome->channel);
    }
}

static enum rg_folded apply_failure(struct rg_record *record, struct rg_action *action, const struct rg_outcome *outcome, int64_t offset)
{
    const struct rg_decision *decision = &action->decision, told = *decision; /* it goes with its end */
    note_failure(record, decision, outcome);
    bool resend = decision->uncertain == RG_UNCERTAIN_RESEND;
    switch (outcome->verdict) {
    case RG_VERDICT_RELEASED:
        requeue(record, action);
        rg_record_void_unwanted(record); /* the gates of the fold run again at a release */
        break;
    case RG_VERDICT_UNCERTAIN:
        if (decision->owed)
            requeue(record, action); /* what we owe is sent until it is certain, with its old id and sequence */
        else
            rg_record_end_action(record, &outcome->action, resend ? RG_DONE_RETRY : RG_DONE_UNCERTAIN, RG_GATE_NONE);
        break;
    case RG_VERDICT_RETRY:
    case RG_VERDICT_THROTTLED:
        if (decision->owed)
            requeue(record, action);
        else
            rg_record_end_action(record, &outcome->action, RG_DONE_RETRY, RG_GATE_NONE);
        break;
    case RG_VERDICT_REJECTED:
        rg_record_end_action(record, &outcome->action, RG_DONE_REJECTED, outcome->gate);
        break;
    case RG_VERDICT_EXPIRED:
        rg_record_end_action(record, &outcome->action, RG_DONE_EXPIRED, RG_GATE_EXPIRED);
        break;
    default: rg_assert(outcome->verdict != RG_VERDICT_UNSET); /* a delivery does not come here, and unset was never written */
    }
    settle_entries(record, &told, offset);
    return RG_FOLD_CHANGED;
}

static enum rg_folded apply_outcome(struct rg_record *record, const struct rg_outcome *outcome, int64_t offset)
{
    if (outcome->verdict == RG_VERDICT_ACCEPTED)
        return apply_delivered(record, outcome, offset);
    struct rg_action *action = rg_record_action(record, &outcome->action);
    if (action == NULL)
        return RG_FOLD_NOTHING;
    bool meets = action->state == RG_ACTION_CLAIMED ? rg_claim_id_eq(&action->claim, &outcome->claim)
                                                    : rg_claim_id_is_zero(&outcome->claim);
    if (!meets)
        return RG_FOLD_NOTHING; /* speaks of a claim that does not stand */
    return apply_failure(record, action, outcome, offset);
}

static enum rg_folded apply_skipped(struct rg_record *record, const struct rg_skipped *skipped)
{
    enum rg_folded folded = RG_FOLD_NOTHING;
    if (skipped->through_ms > record->looked_ms) {
        record->looked_ms = skipped->through_ms;
        folded = RG_FOLD_CHANGED;
    }
    for (size_t i = 0; i < skipped->caught_up_count; i++) {
        struct rg_invoice *invoice = rg_record_invoice(record, skipped->caught_up[i].ns, skipped->caught_up[i].invoice);
        if (invoice == NULL || invoice->caught_up_ms >= skipped->at_ms)
            continue;
        invoice->caught_up_ms = skipped->at_ms;
        folded = RG_FOLD_CHANGED;
    }
    return folded;
}

static int64_t dated(const struct rg_fact_record *fact)
{
    return fact->decided != NULL    ? fact->decided->at_ms
           : fact->recalled != NULL ? fact->recalled->at_ms
           : fact->skipped != NULL  ? fact->skipped->through_ms
           : fact->claim != NULL    ? fact->claim->at_ms
                                    : fact->outcome->at_ms;
}

enum rg_folded rg_fold_own(struct rg_record *record, const struct rg_fact_record *fact)
{
    enum rg_folded folded;
    if (fact->decided != NULL)
        folded = apply_decided(record, fact->decided, fact->offset);
    else if (fact->recalled != NULL)
        folded = apply_recalled(record, fact->recalled);
    else if (fact->skipped != NULL)
        folded = apply_skipped(record, fact->skipped);
    else if (fact->claim != NULL)
        folded = apply_claim(record, fact->claim, fact->offset);
    else
        folded = apply_outcome(record, fact->outcome, fact->offset);
    return rg_record_forget_steps(record, dated(fact)) ? RG_FOLD_CHANGED : folded;
}
