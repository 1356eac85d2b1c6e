/* Keeping a record small, and making room in one that is full. A function of the ledger alone, like all folding: "now" is the
 * date of our own record that is being folded, and size is counted in what the facts weigh, for personal data comes from another
 * topic and its turn is not the same in every life.
 *
 * Three steps, each when it is time. What was done for an invoice is forgotten a month after it is closed or its cycle is over;
 * its money, its state and its dates stay, so that a chargeback, a reopening or a repeat finds it as it was. If what is forgotten
 * had left the house, its cycle is over: whatever opens the invoice again (more to pay, say) opens the next, in which nothing has
 * an identity that somebody has seen before. When there are too many, closed invoices go, the oldest first, and leave their sums
 * and the time by which they were known. When none is left to go, what would make the debtor owe more is refused and he is held;
 * what makes him owe less is always folded.
 *
 * An invoice that a suspend named stays until its restore was delivered. Rejected: a clock of its own, and cutting by stored
 * bytes, which would make the fold depend on the codec. */
#include "daemon/rules/note.h"

#include "brazil/days/bank.h"

#include <string.h>

#define TOLERANCE_CENTS 1 /* the policy's is not known here; for making room it is enough to be near */

/* ---- what is over ---- */

static bool closed(const struct rg_record *record, const struct rg_invoice *invoice)
{
    return invoice->issued && (invoice->state != RG_INVOICE_OPEN || rg_invoice_excused(invoice) ||
                               rg_record_paid(record, invoice, TOLERANCE_CENTS));
}

/* The restore that followed it was delivered: only then is nothing owed for it any more. */
static bool made_good(const struct rg_invoice *invoice, const struct rg_done *suspend)
{
    for (size_t i = 0; i < invoice->done_count; i++) {
        const struct rg_done *done = &invoice->done[i];
        if (done->signal == RG_SIGNAL_RESTORE_REQUESTED && done->state == RG_DONE_SENT && done->sequence > suspend->sequence)
            return true;
    }
    return false;
}

static bool owes(const struct rg_invoice *invoice)
{
    for (size_t i = 0; i < invoice->done_count; i++)
        if (rg_done_suspends(&invoice->done[i]) && !made_good(invoice, &invoice->done[i]))
            return true;
    return false;
}

static bool under_way(const struct rg_record *record, const struct rg_invoice *invoice)
{
    for (size_t i = 0; i < record->action_count; i++) {
        const struct rg_decision *d = &record->actions[i].decision;
        for (size_t k = 0; k < d->invoice_count; k++)
            if (rg_str_eq(d->invoices[k].invoice, invoice->id) && rg_str_eq(d->invoices[k].ns, invoice->ns))
                return true;
    }
    return false;
}

static void latest(int64_t *last_ms, int64_t ms)
{
    if (ms > *last_ms)
        *last_ms = ms;
}

static int64_t last_fact_at(const struct rg_invoice *invoice)
{
    int64_t ms = 0;
    for (int g = 0; g < RG_IG_COUNT; g++)
        latest(&ms, invoice->set[g].time_ms);
    for (size_t i = 0; i < invoice->payment_count; i++) {
        latest(&ms, invoice->payments[i].confirmed_ms);
        latest(&ms, invoice->payments[i].settled_ms);
        latest(&ms, invoice->payments[i].reversed_ms);
    }
    return ms;
}

/* ---- steps ---- */

static bool suspends_left(const struct rg_invoice *invoice)
{
    for (size_t i = 0; i < invoice->done_count; i++)
        if (rg_done_suspends(&invoice->done[i]))
            return true;
    return false;
}

static bool said_already(const struct rg_invoice *invoice, size_t count, const struct rg_done *done)
{
    for (size_t i = 0; i < count; i++)
        if (invoice->done[i].at_ms == 0 && invoice->done[i].repetition == done->repetition && rg_str_eq(invoice->done[i].step, done->step))
            return true;
    return false;
}

/* Of a courtesy or reminder it is remembered that it was said, for it is not repeated in a later cycle. */
static bool keep_as_said(const struct rg_invoice *invoice, size_t count, struct rg_done *done)
{
    bool said = done->state == RG_DONE_SENT && done->signal == RG_SIGNAL_NONE && done->tone < RG_TONE_FIRM;
    if (!said || said_already(invoice, count, done))
        return false;
    *done = (struct rg_done){.step = done->step, .repetition = done->repetition, .cycle = done->cycle, .attempt = done->attempt,
                             .state = RG_DONE_SENT, .deadline_on = RG_DAY_NONE};
    return true;
}

static bool long_ago(int64_t ms, int64_t now_ms)
{
    return ms != 0 && now_ms > RG_STEPS_KEPT_MS && ms <= now_ms - RG_STEPS_KEPT_MS;
}

static bool is_old(const struct rg_done *done, int64_t now_ms)
{
    bool in_hands = done->state == RG_DONE_QUEUED || done->state == RG_DONE_CLAIMED;
    return !in_hands && long_ago(done->at_ms, now_ms);
}

static bool left_the_house(const struct rg_done *done)
{
    switch (done->state) {
    case RG_DONE_SENT:
    case RG_DONE_RETRY:
    case RG_DONE_REJECTED:
    case RG_DONE_UNCERTAIN: return true;
    default: return done->maybe_sent;
    }
}

enum pass { MESSAGES, SUSPENDS, RESTORES };

static bool in_pass(const struct rg_invoice *invoice, const struct rg_done *done, enum pass pass)
{
    switch (pass) {
    case SUSPENDS: return rg_done_suspends(done) && made_good(invoice, done);
    case RESTORES: return done->signal == RG_SIGNAL_RESTORE_REQUESTED && !suspends_left(invoice);
    default: return done->signal != RG_SIGNAL_RESTORE_REQUESTED && !rg_done_suspends(done);
    }
}

/* Later passes look at what the earlier ones left: a restore is forgotten behind the suspends it answers. */
static bool forget_pass(struct rg_invoice *invoice, bool is_over, int64_t now_ms, enum pass pass)
{
    int cycle = rg_invoice_cycle(invoice);
    size_t kept = 0;
    bool forgot = false, left = false;
    for (size_t i = 0; i < invoice->done_count; i++) {
        struct rg_done *done = &invoice->done[i];
        bool goes = (is_over || done->cycle < cycle) && is_old(done, now_ms) && in_pass(invoice, done, pass);
        forgot = forgot || goes;
        if (!goes || (pass == MESSAGES && keep_as_said(invoice, kept, done)))
            invoice->done[kept++] = *done;
        else
            left = left || (done->cycle == cycle && left_the_house(done));
    }
    invoice->done_count = kept;
    invoice->more_openings += left;
    return forgot;
}

bool rg_record_forget_steps(struct rg_record *record, int64_t now_ms)
{
    bool forgot = false;
    for (size_t i = 0; i < record->invoice_count; i++) {
        struct rg_invoice *invoice = &record->invoices[i];
        bool caught_up = long_ago(invoice->caught_up_ms, now_ms), any = caught_up;
        for (size_t k = 0; k < invoice->done_count && !any; k++)
            any = is_old(&invoice->done[k], now_ms);
        if (!any)
            continue;
        bool is_closed = closed(record, invoice), is_over = is_closed && long_ago(last_fact_at(invoice), now_ms);
        if (is_closed && caught_up) {
            invoice->caught_up_ms = 0; /* it is caught up with anew when it opens again */
            forgot = true;
        }
        for (enum pass pass = MESSAGES; pass <= RESTORES; pass++)
            forgot |= forget_pass(invoice, is_over, now_ms, pass);
    }
    return forgot;
}

/* ---- what is remembered of an invoice that goes ---- */

void rg_past_mark(struct rg_past *past, rg_day on, enum rg_past_kind kind)
{
    if (past->mark_count == RG_PAST_MARKS_MAX && on <= past->marks[0].on)
        return;
    if (past->mark_count == RG_PAST_MARKS_MAX)
        memmove(past->marks, past->marks + 1, --past->mark_count * sizeof past->marks[0]);
    size_t at = past->mark_count++;
    for (; at > 0 && past->marks[at - 1].on > on; at--)
        past->marks[at] = past->marks[at - 1];
    past->marks[at] = (struct rg_past_mark){on, kind};
}

rg_day rg_past_newest_late(const struct rg_past *past)
{
    for (size_t i = past->mark_count; i > 0; i--)
        if (past->marks[i - 1].kind != RG_PAST_CHARGEBACK)
            return past->marks[i - 1].on;
    return RG_DAY_NONE;
}

static void remember_punctuality(struct rg_record *record, const struct rg_invoice *invoice)
{
    struct rg_past *past = &record->past;
    rg_day payable = rg_bank_payable(invoice->due_on, true), late_on = rg_past_newest_late(past);
    bool paid = rg_record_paid(record, invoice, TOLERANCE_CENTS);
    if (payable == RG_DAY_NONE)
        payable = invoice->due_on;
    bool late = !paid || rg_invoice_paid_on(invoice) > payable;
    past->counted++;
    past->paid += paid;
    if (!late) {
        past->streak += late_on == RG_DAY_NONE || payable > late_on;
        return;
    }
    if (late_on == RG_DAY_NONE || payable >= late_on)
        past->streak = 0;
    rg_past_mark(past, payable, paid ? RG_PAST_LATE : RG_PAST_UNPAID);
}

static void remember_chargebacks(struct rg_record *record, const struct rg_invoice *invoice)
{
    for (size_t i = 0; i < invoice->payment_count; i++)
        if (invoice->payments[i].chargeback)
            rg_past_mark(&record->past, rg_brasilia_day(invoice->payments[i].reversed_ms), RG_PAST_CHARGEBACK);
}

/* ---- invoices that go ---- */

/* By when it was known: an event that could make it known again is not later. Of a shell, its latest fact. */
static int64_t known_at(const struct rg_invoice *invoice)
{
    int64_t ms = invoice->issued ? 0 : last_fact_at(invoice);
    latest(&ms, invoice->set[RG_IG_DUE].time_ms);
    latest(&ms, invoice->set[RG_IG_AMOUNT].time_ms);
    return ms;
}

static void let_go(struct rg_record *record, size_t index)
{
    struct rg_invoice *invoice = &record->invoices[index];
    if (rg_invoice_is_debt(invoice))
        remember_punctuality(record, invoice);
    remember_chargebacks(record, invoice);
    record->past.invoices++;
    latest(&record->past.known_ms, known_at(invoice));
    memmove(invoice, invoice + 1, (--record->invoice_count - index) * sizeof *invoice);
}

/* The oldest that nothing depends on: of the closed ones, or of the shells. */
static bool let_oldest_go(struct rg_record *record, bool shells)
{
    size_t oldest = record->invoice_count;
    int64_t oldest_ms = 0;
    for (size_t i = 0; i < record->invoice_count; i++) {
        const struct rg_invoice *invoice = &record->invoices[i];
        bool may = shells ? !invoice->issued : closed(record, invoice);
        int64_t ms = known_at(invoice);
        if (!may || owes(invoice) || under_way(record, invoice) || (oldest < record->invoice_count && ms >= oldest_ms))
            continue;
        oldest = i;
        oldest_ms = ms;
    }
    if (oldest == record->invoice_count)
        return false;
    let_go(record, oldest);
    return true;
}

static size_t count_issued(const struct rg_record *record)
{
    size_t n = 0;
    for (size_t i = 0; i < record->invoice_count; i++)
        n += record->invoices[i].issued;
    return n;
}

/* ---- weight ---- */

static size_t word_weight(struct rg_str word, struct rg_str before)
{
    return rg_str_eq(word, before) ? 1 : word.n + 1;
}

static size_t invoice_weight(const struct rg_invoice *v, const struct rg_invoice *before)
{
    size_t sum = 24 + v->id.n + v->contract.n + word_weight(v->ns, before->ns) + word_weight(v->service, before->service) +
                 word_weight(v->creditor, before->creditor);
    for (size_t i = 0; i < v->tag_count; i++)
        sum += v->tags[i].n + 1;
    for (size_t i = 0; i < v->payment_count; i++)
        sum += 12 + word_weight(v->payments[i].id, v->id);
    for (size_t i = 0; i < v->done_count; i++)
        sum += 18 + 4 * v->done[i].refused_count;
    return sum + 8 * v->credit_count + 8 * v->discount_count + 4 * v->reopening_count + 2 * v->due_day_count;
}

/* Those under way are kept as they stand in the ledger. */
static size_t action_weight(const struct rg_action *action)
{
    const struct rg_decision *d = &action->decision;
    size_t sum = 700;
    for (size_t i = 0; i < d->invoice_count; i++)
        sum += 80 + d->invoices[i].ns.n + d->invoices[i].invoice.n;
    for (size_t i = 0; i < d->cover_count; i++)
        sum += 50 + d->covers[i].step.n;
    return sum;
}

size_t rg_record_weight(const struct rg_record *record)
{
    static const struct rg_invoice none;
    size_t sum = 32 + 8 * record->credit_count;
    for (size_t i = 0; i < record->hold_count; i++)
        sum += 16 + record->holds[i].invoice.n;
    for (size_t i = 0; i < record->optout_count; i++)
        sum += 8 + record->optouts[i].channel.n;
    for (size_t i = 0; i < record->invoice_count; i++)
        sum += invoice_weight(&record->invoices[i], i > 0 ? &record->invoices[i - 1] : &none);
    for (size_t i = 0; i < record->action_count; i++)
        sum += action_weight(&record->actions[i]);
    return sum;
}

bool rg_record_room_for_issued(struct rg_record *record)
{
    while (count_issued(record) >= RG_RECORD_INVOICES_MAX)
        if (!let_oldest_go(record, false))
            return false;
    return rg_record_weight(record) <= RG_RECORD_BYTES_MAX;
}

void rg_record_room_for_shell(struct rg_record *record)
{
    while (record->invoice_count - count_issued(record) >= RG_RECORD_SHELLS_MAX && let_oldest_go(record, true))
        continue;
}

void rg_record_bound(struct rg_record *record)
{
    while (rg_record_weight(record) > RG_RECORD_BYTES_MAX) {
        if (let_oldest_go(record, false) || let_oldest_go(record, true))
            continue;
        rg_record_overflow(record);
        return;
    }
}
