/* Folding money: payments as a maximum per payment and status, credits as a set. No list refuses anybody's money: where one is full
 * its oldest entries become one sum. What is lost with their names is that a very late repeat would be counted twice, or a very
 * late reversal not at all: both to the debtor's good, which is the side to err on. */
#include "daemon/rules/note.h"

#include <string.h>

#define SUM_CENTS_MAX (100 * RG_CENTS_MAX) /* more than anybody owes; stays within what is stored */

static int64_t bounded(int64_t cents)
{
    return cents < 0 ? 0 : cents > SUM_CENTS_MAX ? SUM_CENTS_MAX : cents;
}

void rg_earliest(int64_t *first, int64_t value)
{
    if (*first == 0 || value < *first)
        *first = value;
}

/* ---- payments ---- */

static int64_t first_ms(const struct rg_payment *payment)
{
    int64_t first = 0;
    const int64_t times[] = {payment->confirmed_ms, payment->settled_ms, payment->reversed_ms};
    for (size_t i = 0; i < RG_COUNT(times); i++)
        if (times[i] != 0)
            rg_earliest(&first, times[i]);
    return first;
}

static struct rg_payment *sum_of_merged(struct rg_record *record, struct rg_invoice *invoice)
{
    for (size_t i = 0; i < invoice->payment_count; i++)
        if (invoice->payments[i].id.n == 0)
            return &invoice->payments[i];
    struct rg_payment *sum = RG_PUSH(record->arena, invoice->payments, invoice->payment_count, invoice->payment_cap);
    sum->id = RG_STR("");
    sum->paid_on = RG_DAY_NONE;
    return sum;
}

/* The oldest; one that was reversed only when all were, for it began a cycle. */
static size_t oldest_payment(const struct rg_invoice *invoice)
{
    size_t oldest = invoice->payment_count;
    for (size_t i = 0; i < invoice->payment_count; i++) {
        const struct rg_payment *p = &invoice->payments[i], *best = &invoice->payments[oldest];
        bool back = p->reversed_cents > 0;
        if (p->id.n == 0)
            continue;
        bool better = oldest == invoice->payment_count || back < (best->reversed_cents > 0) ||
                      (back == (best->reversed_cents > 0) && first_ms(p) < first_ms(best));
        if (better)
            oldest = i;
    }
    rg_assert(oldest < invoice->payment_count);
    return oldest;
}

static void merge_oldest(struct rg_record *record, struct rg_invoice *invoice)
{
    size_t at = oldest_payment(invoice);
    struct rg_payment old = invoice->payments[at];
    memmove(&invoice->payments[at], &invoice->payments[at + 1], (--invoice->payment_count - at) * sizeof old);
    struct rg_payment *sum = sum_of_merged(record, invoice);
    int64_t came = old.confirmed_cents > old.settled_cents ? old.confirmed_cents : old.settled_cents;
    int64_t net = came - old.reversed_cents;
    if (net < 0 && !(old.unnamed && came == 0))
        net = 0; /* a named reversal takes from its own payment and from nothing else */
    sum->confirmed_cents = sum->settled_cents = bounded(sum->confirmed_cents + net);
    if (first_ms(&old) > sum->confirmed_ms)
        sum->confirmed_ms = sum->settled_ms = first_ms(&old);
    if (old.paid_on > sum->paid_on)
        sum->paid_on = old.paid_on;
    invoice->more_openings += old.reversed_cents > 0;
    if (old.chargeback)
        rg_past_mark(&record->past, rg_brasilia_day(old.reversed_ms), RG_PAST_CHARGEBACK);
}

static struct rg_payment *touch_payment(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e)
{
    bool unnamed = !rg_event_has(e, RG_F_PAYMENT);
    struct rg_str id = unnamed ? rg_arena_printf(record->arena, RG_STR_FMT "/" RG_STR_FMT, RG_STR_ARG(e->source), RG_STR_ARG(e->id))
                               : e->payment;
    for (size_t i = 0; i < invoice->payment_count; i++)
        if (rg_str_eq(invoice->payments[i].id, id) && invoice->payments[i].unnamed == unnamed)
            return &invoice->payments[i];
    while (invoice->payment_count >= RG_RECORD_PAYMENTS_MAX)
        merge_oldest(record, invoice);
    struct rg_payment *payment = RG_PUSH(record->arena, invoice->payments, invoice->payment_count, invoice->payment_cap);
    payment->id = rg_arena_str(record->arena, id);
    payment->unnamed = unnamed;
    payment->paid_on = RG_DAY_NONE;
    return payment;
}

static void raise_to(int64_t *maximum, int64_t value)
{
    if (value > *maximum)
        *maximum = value;
}

void rg_fold_payment(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e)
{
    struct rg_payment *payment = touch_payment(record, invoice, e);
    if (e->type == RG_EV_PAYMENT_REVERSED) {
        raise_to(&payment->reversed_cents, e->amount_cents);
        rg_earliest(&payment->reversed_ms, e->time_ms);
        payment->chargeback = payment->chargeback || rg_str_is(e->reason, "chargeback");
        return;
    }
    bool settled = e->type == RG_EV_PAYMENT_SETTLED;
    raise_to(settled ? &payment->settled_cents : &payment->confirmed_cents, e->amount_cents);
    rg_earliest(settled ? &payment->settled_ms : &payment->confirmed_ms, e->time_ms);
    rg_day day = rg_brasilia_day(rg_event_has(e, RG_F_PAID_AT) ? e->paid_at_ms : e->time_ms);
    if (payment->paid_on == RG_DAY_NONE || day < payment->paid_on)
        payment->paid_on = day;
}

/* The credits that make room become one sum; of theirs a late repeat would be counted again, to the debtor's good. */
static void merge_credits(struct rg_credit *credits, size_t *count)
{
    credits[0].identity = 0;
    credits[0].cents = bounded(credits[0].cents + credits[1].cents);
    memmove(credits + 1, credits + 2, (--*count - 1) * sizeof *credits);
}

void rg_fold_credit(struct rg_record *record, const struct rg_event *e, struct rg_invoice *invoice)
{
    uint32_t identity = rg_event_identity(e);
    identity += identity == 0; /* 0 is the sum of those that made room */
    struct rg_credit *credits = invoice != NULL ? invoice->credits : record->credits;
    size_t *count = invoice != NULL ? &invoice->credit_count : &record->credit_count;
    for (size_t i = 0; i < *count; i++)
        if (credits[i].identity == identity)
            return;
    if (*count >= RG_RECORD_CREDITS_MAX)
        merge_credits(credits, count);
    struct rg_credit *credit = invoice != NULL ? RG_PUSH(record->arena, invoice->credits, invoice->credit_count, invoice->credit_cap)
                                               : RG_PUSH(record->arena, record->credits, record->credit_count, record->credit_cap);
    *credit = (struct rg_credit){identity, e->amount_cents};
}
