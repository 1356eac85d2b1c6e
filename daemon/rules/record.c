/* Lookups and derived facts. Lists are short (a handful of invoices, a handful of steps each), so they are searched, not
 * indexed; a record is full long before a search costs anything. */
#include "daemon/rules/record.h"

#include <string.h>

#define MERGE_WINDOW_MS (30 * RG_MS_PER_DAY) /* an unnamed confirmation and its settlement */

bool rg_stamp_wins(struct rg_stamp incoming, struct rg_stamp stored)
{
    if (incoming.time_ms != stored.time_ms)
        return incoming.time_ms > stored.time_ms;
    return incoming.updated || !stored.updated;
}

const char *rg_done_state_name(enum rg_done_state state)
{
    static const char *const names[RG_DONE_COUNT] = {
        [RG_DONE_QUEUED] = "queued", [RG_DONE_CLAIMED] = "claimed", [RG_DONE_SENT] = "sent", [RG_DONE_RETRY] = "retry",
        [RG_DONE_REJECTED] = "rejected", [RG_DONE_UNCERTAIN] = "uncertain", [RG_DONE_VOIDED] = "voided",
        [RG_DONE_RECALLED] = "recalled", [RG_DONE_EXPIRED] = "expired", [RG_DONE_SKIPPED] = "skipped",
        [RG_DONE_COVERED] = "covered", [RG_DONE_SHADOW] = "shadow",
    };
    rg_assert(state < RG_DONE_COUNT);
    return names[state];
}

struct rg_record *rg_record_new(struct rg_arena *arena, struct rg_str debtor)
{
    struct rg_record *record = RG_NEW(arena, struct rg_record, 1);
    record->arena = arena;
    record->debtor = rg_arena_str(arena, debtor);
    record->consumer = -1;
    record->score = record->payday = -1;
    record->score_on = RG_DAY_NONE;
    record->promise_on = RG_DAY_NONE;
    record->previous_decision = -1;
    return record;
}

struct rg_invoice *rg_record_invoice(const struct rg_record *record, struct rg_str ns, struct rg_str id)
{
    for (size_t i = 0; i < record->invoice_count; i++) {
        struct rg_invoice *invoice = &record->invoices[i];
        if (rg_str_eq(invoice->id, id) && rg_str_eq(invoice->ns, ns))
            return invoice;
    }
    return NULL;
}

struct rg_action *rg_record_action(const struct rg_record *record, const struct rg_action_id *id)
{
    for (size_t i = 0; i < record->action_count; i++)
        if (rg_action_id_eq(&record->actions[i].decision.action, id))
            return &record->actions[i];
    return NULL;
}

struct rg_done *rg_invoice_done(const struct rg_invoice *invoice, struct rg_str step, int repetition, int cycle)
{
    for (size_t i = 0; i < invoice->done_count; i++) {
        struct rg_done *done = &invoice->done[i];
        if (done->cycle == cycle && done->repetition == repetition && rg_str_eq(done->step, step))
            return done;
    }
    return NULL;
}

bool rg_done_traced(const struct rg_done *done)
{
    static const uint8_t none[RG_TRACE_BYTES];
    return memcmp(done->trace, none, sizeof none) != 0;
}

bool rg_done_is(const struct rg_done *done, const struct rg_action_id *action)
{
    return rg_done_traced(done) && memcmp(done->trace, action->b + RG_ACTION_BYTES - RG_TRACE_BYTES, RG_TRACE_BYTES) == 0;
}

void rg_done_action(const struct rg_done *done, struct rg_action_id *ret_action)
{
    *ret_action = (struct rg_action_id){0};
    memcpy(ret_action->b + RG_ACTION_BYTES - RG_TRACE_BYTES, done->trace, RG_TRACE_BYTES);
}

bool rg_done_shares(const struct rg_done *a, const struct rg_done *b)
{
    return rg_done_traced(a) && memcmp(a->trace, b->trace, sizeof a->trace) == 0;
}

bool rg_done_suspends(const struct rg_done *done)
{
    bool out = done->state == RG_DONE_CLAIMED || done->state == RG_DONE_SENT || done->state == RG_DONE_UNCERTAIN;
    return done->signal == RG_SIGNAL_SUSPEND_REQUESTED && (out || done->maybe_sent);
}

int rg_invoice_cycle(const struct rg_invoice *invoice)
{
    int cycle = 1 + (int)invoice->reopening_count + invoice->more_openings;
    for (size_t i = 0; i < invoice->payment_count; i++)
        cycle += invoice->payments[i].reversed_cents > 0;
    if (invoice->due_day_count > 1)
        cycle += (int)invoice->due_day_count - 1;
    return cycle;
}

bool rg_invoice_excused(const struct rg_invoice *invoice)
{
    int64_t ended_ms = invoice->set[RG_IG_DISPUTE].time_ms;
    bool opened_since = invoice->state == RG_INVOICE_OPEN && invoice->set[RG_IG_STATE].time_ms > ended_ms;
    return invoice->dispute_accepted && !opened_since && invoice->set[RG_IG_AMOUNT].time_ms <= ended_ms;
}

bool rg_invoice_is_debt(const struct rg_invoice *invoice)
{
    return invoice->issued && invoice->state != RG_INVOICE_VOIDED && !rg_invoice_excused(invoice);
}

static int64_t came_in(const struct rg_payment *payment)
{
    return payment->confirmed_cents > payment->settled_cents ? payment->confirmed_cents : payment->settled_cents;
}

static bool confirmed_nameless(const struct rg_payment *p)
{
    return p->unnamed && p->confirmed_cents != 0 && p->settled_cents == 0;
}

static bool settled_alone(const struct rg_payment *p)
{
    return p->settled_cents != 0 && p->confirmed_cents == 0;
}

static bool earlier(int64_t a_ms, const struct rg_payment *a, int64_t b_ms, const struct rg_payment *b)
{
    return a_ms != b_ms ? a_ms < b_ms : rg_str_cmp(a->id, b->id) < 0;
}

/* The first nameless confirmation in time that is not yet done with; NULL: none. */
static const struct rg_payment *next_confirmed(const struct rg_invoice *invoice, uint64_t done, size_t *ret_index)
{
    const struct rg_payment *first = NULL;
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *p = &invoice->payments[i];
        bool candidate = (done >> i & 1) == 0 && confirmed_nameless(p);
        if (!candidate || (first != NULL && !earlier(p->confirmed_ms, p, first->confirmed_ms, first)))
            continue;
        first = p;
        *ret_index = i;
    }
    return first;
}

/* The first settlement in time that may be the same money; false: none. */
static bool partner_of(const struct rg_invoice *invoice, const struct rg_payment *confirmed, uint64_t taken, size_t *ret_index)
{
    const struct rg_payment *first = NULL;
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *p = &invoice->payments[i];
        int64_t apart = p->settled_ms - confirmed->confirmed_ms;
        bool near = apart <= MERGE_WINDOW_MS && apart >= -MERGE_WINDOW_MS;
        bool same = settled_alone(p) && p->settled_cents == confirmed->confirmed_cents && near;
        if ((taken >> i & 1) != 0 || !same || (first != NULL && !earlier(p->settled_ms, p, first->settled_ms, first)))
            continue;
        first = p;
        *ret_index = i;
    }
    return first != NULL;
}

/* A confirmation without a payment id is the same money as a settlement of the same amount within 30 days that has no
 * confirmation of its own; each settlement stands for one. Looked for when summing, not when folding, and in the order of
 * time, so that the order of arrival does not matter. Returns the set of confirmations that are counted with their settlement;
 * `ret_days` gets the day of each payment, of such a pair its first. */
static uint64_t merged_away(const struct rg_invoice *invoice, rg_day ret_days[RG_RECORD_PAYMENTS_MAX])
{
    uint64_t merged = 0, done = 0, taken = 0;
    size_t index = 0, partner = 0;
    for (size_t i = 0; i < invoice->payment_count; i++)
        ret_days[i] = invoice->payments[i].paid_on;
    for (const struct rg_payment *p; (p = next_confirmed(invoice, done, &index)) != NULL;) {
        done |= UINT64_C(1) << index;
        if (!partner_of(invoice, p, taken, &partner))
            continue;
        taken |= UINT64_C(1) << partner;
        merged |= UINT64_C(1) << index;
        if (ret_days[index] < ret_days[partner])
            ret_days[partner] = ret_days[index];
    }
    return merged;
}
static_assert(RG_RECORD_PAYMENTS_MAX <= 64, "payments of an invoice fit one set");

/* Reversals that name no payment are taken from the sum; a named one from its own payment, and from nothing else. */
int64_t rg_invoice_received_cents(const struct rg_invoice *invoice)
{
    int64_t sum = 0, nameless_back = 0;
    rg_day days[RG_RECORD_PAYMENTS_MAX];
    uint64_t merged = merged_away(invoice, days);
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *payment = &invoice->payments[i];
        int64_t in = (merged >> i & 1) != 0 ? 0 : came_in(payment);
        if (payment->unnamed && came_in(payment) == 0)
            nameless_back += payment->reversed_cents;
        else if (in > payment->reversed_cents)
            sum += in - payment->reversed_cents;
    }
    sum = sum > nameless_back ? sum - nameless_back : 0;
    for (size_t i = 0; i < invoice->credit_count; i++)
        sum += invoice->credits[i].cents;
    return sum;
}

bool rg_invoice_merged(const struct rg_invoice *invoice, size_t payment)
{
    rg_day days[RG_RECORD_PAYMENTS_MAX];
    return (merged_away(invoice, days) >> payment & 1) != 0;
}

/* What has to come in for it to be paid: the amount, less the best discount in force on the day of payment. */
static int64_t payable_cents(const struct rg_invoice *invoice)
{
    rg_day paid_on = invoice->discount_count > 0 ? rg_invoice_paid_on(invoice) : RG_DAY_NONE;
    return invoice->amount_cents - (paid_on == RG_DAY_NONE ? 0 : rg_invoice_discount_cents(invoice, paid_on, RG_ROUND_HALF_UP));
}

static bool due_before(const struct rg_invoice *a, const struct rg_invoice *b)
{
    if (a->due_on != b->due_on)
        return a->due_on < b->due_on;
    int order = rg_str_cmp(a->ns, b->ns);
    return order != 0 ? order < 0 : rg_str_cmp(a->id, b->id) < 0;
}

static int64_t still_owed(const struct rg_invoice *invoice)
{
    if (!rg_invoice_is_debt(invoice) || invoice->state != RG_INVOICE_OPEN)
        return 0;
    int64_t received = rg_invoice_received_cents(invoice);
    return received < payable_cents(invoice) ? invoice->amount_cents - received : 0;
}

int64_t rg_record_received_cents(const struct rg_record *record, const struct rg_invoice *invoice)
{
    int64_t received = rg_invoice_received_cents(invoice), pool = 0;
    for (size_t i = 0; i < record->credit_count; i++)
        pool += record->credits[i].cents;
    if (pool == 0)
        return received;
    for (size_t i = 0; i < record->invoice_count; i++)
        if (due_before(&record->invoices[i], invoice))
            pool -= still_owed(&record->invoices[i]);
    int64_t share = still_owed(invoice);
    if (pool < share)
        share = pool;
    return received + (share > 0 ? share : 0);
}

int64_t rg_record_balance_cents(const struct rg_record *record, const struct rg_invoice *invoice)
{
    return invoice->amount_cents - rg_record_received_cents(record, invoice);
}

rg_day rg_invoice_paid_on(const struct rg_invoice *invoice)
{
    rg_day last = RG_DAY_NONE, days[RG_RECORD_PAYMENTS_MAX];
    uint64_t merged = merged_away(invoice, days);
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *payment = &invoice->payments[i];
        bool counts = (merged >> i & 1) == 0 && came_in(payment) > payment->reversed_cents;
        if (counts && days[i] > last)
            last = days[i];
    }
    return last;
}

int64_t rg_invoice_discount_cents(const struct rg_invoice *invoice, rg_day day, enum rg_rounding rounding)
{
    return rg_discount_best(invoice->discounts, invoice->discount_count, invoice->amount_cents, invoice->due_on, day, rounding);
}

bool rg_record_paid(const struct rg_record *record, const struct rg_invoice *invoice, int64_t tolerance_cents)
{
    return invoice->issued && rg_record_received_cents(record, invoice) >= payable_cents(invoice) - tolerance_cents;
}

bool rg_record_consumer(const struct rg_record *record)
{
    if (record->consumer >= 0)
        return record->consumer != 0;
    return record->kind != RG_KIND_COMPANY;
}

bool rg_record_held(const struct rg_record *record, const struct rg_invoice *invoice, int64_t at_ms, int64_t *ret_until_ms)
{
    for (size_t i = 0; i < record->hold_count; i++) {
        const struct rg_hold *hold = &record->holds[i];
        bool concerns = !rg_str_has(hold->invoice) ||
                        (invoice != NULL && rg_str_eq(hold->invoice, invoice->id) && rg_str_eq(hold->ns, invoice->ns));
        if (!concerns || !hold->held || (hold->until_ms != 0 && hold->until_ms <= at_ms))
            continue;
        *ret_until_ms = hold->until_ms;
        return true;
    }
    return false;
}

bool rg_record_protected(const struct rg_record *record, int64_t at_ms)
{
    return record->protection != RG_PROTECT_NONE && (record->protection_until_ms == 0 || record->protection_until_ms > at_ms);
}

bool rg_record_opted_out(const struct rg_record *record, struct rg_str channel)
{
    for (size_t i = 0; i < record->optout_count; i++)
        if (record->optouts[i].out && rg_str_eq(record->optouts[i].channel, channel))
            return true;
    return false;
}

rg_day rg_brasilia_day(int64_t ms)
{
    int64_t local = ms - 3 * 60 * RG_MS_PER_MINUTE; /* UTC−3 without daylight saving */
    int64_t day = local >= 0 ? local / RG_MS_PER_DAY : -((-local + RG_MS_PER_DAY - 1) / RG_MS_PER_DAY);
    return (rg_day)day;
}
