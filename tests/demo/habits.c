/* What the people do. Some of it is planned when the demo begins; the rest answers what has reached them: the payment that
 * follows a message is planned when the ledger says that the message went out. Whatever is left to chance hangs on the seed and
 * on the thing itself, so that the same seed plays the same two months. */
#include "tests/demo/demo.h"

#include "brazil/days/bank.h"
#include "tests/demo/dice.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS (60 * RG_MS_PER_MINUTE)
#define PEOPLE_SLOT_MS (3 * DEMO_SLOT_MS) /* people act on a coarser grid: fewer instants, a shorter demo */
#define KNOWN_MINUTE (5 * 60)
#define ISSUE_MINUTE (6 * 60)
#define BANK_RETURN_MINUTE (7 * 60)

static int64_t up_to(int64_t ms, int64_t grid_ms)
{
    return (ms + grid_ms - 1) / grid_ms * grid_ms;
}

static int64_t on_slot(int64_t ms)
{
    return up_to(ms, DEMO_SLOT_MS);
}

/* People are awake from seven to ten. */
static int64_t when_awake(const struct demo_debtor *d, int64_t ms)
{
    struct rg_local at = rg_local_at(d->zone, ms);
    if (at.minute < 7 * 60)
        ms = rg_instant_at(d->zone, at.day, 7 * 60 + at.minute % 120);
    else if (at.minute >= 22 * 60)
        ms = rg_instant_at(d->zone, at.day + 1, 7 * 60 + at.minute % 120);
    return up_to(ms, PEOPLE_SLOT_MS);
}

static int64_t some_time_on(const struct demo *demo, const struct demo_invoice *invoice, rg_day day, const char *salt)
{
    int minute = 7 * 60 + demo_pick(demo->portfolio.seed, rg_str(invoice->id), salt, 15 * 60);
    return up_to(rg_instant_at(invoice->debtor->zone, day, minute), PEOPLE_SLOT_MS);
}

static void add(struct demo *demo, struct demo_entry entry)
{
    if (entry.at_ms <= demo->now_ms)
        entry.at_ms = on_slot(demo->now_ms + 1);
    demo_agenda_add(demo->agenda, &entry);
}

/* A boleto paid today is told by the bank's return file on the morning of the next bank day. */
static void plan_payment(struct demo *demo, struct demo_invoice *invoice, int64_t paid_ms, int64_t cents)
{
    int64_t told_ms = paid_ms;
    if (invoice->debtor->boleto)
        told_ms = rg_instant_at(demo->zone, rg_bank_add(rg_local_at(demo->zone, paid_ms).day, 1), BANK_RETURN_MINUTE);
    if (cents > invoice->left_cents)
        cents = invoice->left_cents;
    if (cents <= 0)
        return;
    invoice->left_cents -= cents;
    add(demo, (struct demo_entry){.at_ms = told_ms,
                                  .deed = DEMO_PAY,
                                  .debtor = invoice->debtor,
                                  .invoice = invoice,
                                  .cents = cents,
                                  .day_ms = paid_ms,
                                  .number = ++invoice->payments});
}

static void plan_deed(struct demo *demo, struct demo_invoice *invoice, enum demo_deed deed, rg_day day, rg_day until)
{
    int64_t until_ms = until == RG_DAY_NONE ? 0 : rg_instant_at(invoice->debtor->zone, until, 12 * 60);
    add(demo, (struct demo_entry){.at_ms = some_time_on(demo, invoice, day, "deed"),
                                  .deed = deed,
                                  .debtor = invoice->debtor,
                                  .invoice = deed == DEMO_HOLD || deed == DEMO_PROMISE ? NULL : invoice,
                                  .day_ms = until_ms});
}

static void plan_habit(struct demo *demo, struct demo_invoice *v)
{
    bool first = v == &v->debtor->invoices[0], odd = v->debtor->number % 2 != 0;
    int early = 1 + demo_pick(demo->portfolio.seed, rg_str(v->id), "early", 6);
    switch (v->debtor->habit) {
    case DEMO_EARLY: plan_payment(demo, v, some_time_on(demo, v, v->due_on - early, "pay"), v->cents); break;
    case DEMO_ON_THE_DAY: plan_payment(demo, v, some_time_on(demo, v, v->due_on, "pay"), v->cents); break;
    case DEMO_CHARGES_BACK:
        plan_payment(demo, v, some_time_on(demo, v, v->due_on - 1, "pay"), v->cents);
        if (first) {
            add(demo, (struct demo_entry){.at_ms = some_time_on(demo, v, v->due_on + 5, "back"),
                                          .deed = DEMO_REVERSE,
                                          .debtor = v->debtor,
                                          .invoice = v,
                                          .cents = v->cents,
                                          .number = 1});
            v->left_cents = v->cents;
        }
        break;
    case DEMO_DISPUTES:
        if (!first) {
            plan_payment(demo, v, some_time_on(demo, v, v->due_on, "pay"), v->cents);
            break;
        }
        plan_deed(demo, v, DEMO_DISPUTE, v->due_on + 2, RG_DAY_NONE);
        if (odd)
            plan_deed(demo, v, DEMO_END_DISPUTE, v->due_on + 9, RG_DAY_NONE);
        break;
    case DEMO_HELD:
        plan_deed(demo, v, DEMO_HOLD, v->due_on + 1, v->due_on + 21);
        plan_payment(demo, v, some_time_on(demo, v, v->due_on + 20, "pay"), v->cents);
        break;
    case DEMO_PROMISES:
        plan_deed(demo, v, DEMO_PROMISE, v->due_on + 3, v->due_on + 8);
        if (odd)
            plan_payment(demo, v, some_time_on(demo, v, v->due_on + 8, "pay"), v->cents);
        break;
    case DEMO_NOT_OWED:
        if (first)
            plan_deed(demo, v, DEMO_VOID, v->due_on + 2, RG_DAY_NONE);
        else
            plan_payment(demo, v, some_time_on(demo, v, v->due_on - early, "pay"), v->cents);
        break;
    case DEMO_NO_CONTACT:
        if (odd)
            plan_payment(demo, v, some_time_on(demo, v, v->due_on + 11, "pay"), v->cents);
        break;
    default: break; /* pays when something reaches him, or never */
    }
}

void demo_plan(struct demo *demo)
{
    for (int i = 0; i < demo->portfolio.count; i++) {
        struct demo_debtor *d = &demo->portfolio.debtors[i];
        add(demo, (struct demo_entry){
                      .at_ms = rg_instant_at(demo->zone, demo->first_day, KNOWN_MINUTE), .deed = DEMO_BE_KNOWN, .debtor = d});
        for (int k = 0; k < d->invoice_count; k++) {
            struct demo_invoice *invoice = &d->invoices[k];
            int64_t at_ms = rg_instant_at(demo->zone, invoice->issued_on, ISSUE_MINUTE);
            add(demo, (struct demo_entry){.at_ms = at_ms, .deed = DEMO_ISSUE, .debtor = d, .invoice = invoice});
            plan_habit(demo, invoice);
        }
    }
    for (int i = 0; i < DEMO_RUBBISH_COUNT; i++)
        add(demo, (struct demo_entry){.at_ms = rg_instant_at(demo->zone, demo->first_day + 2 + 5 * i, 9 * 60),
                                      .deed = DEMO_RUBBISH,
                                      .number = i});
}

/* ---- answers ---- */

static void plan_receipt(struct demo *demo, const struct demo_message *message, struct demo_debtor *d, enum rg_provider_fact fact,
                         int64_t after_ms)
{
    int64_t grid_ms = fact == RG_FACT_READ ? PEOPLE_SLOT_MS : DEMO_SLOT_MS;
    struct demo_entry entry = {
        .at_ms = up_to(message->at_ms + after_ms, grid_ms), .deed = DEMO_RECEIPT, .debtor = d, .number = (int)fact};
    (void)snprintf(entry.action, sizeof entry.action, "%s", message->action);
    (void)snprintf(entry.channel, sizeof entry.channel, RG_STR_FMT, RG_STR_ARG(message->channel));
    add(demo, entry);
}

/* Most messages arrive, some are read, a few never get anywhere. */
static void report_delivery(struct demo *demo, const struct demo_message *message, struct demo_debtor *d)
{
    static const struct {
        const char *channel;
        int lost, silent, read; /* per cent: reported lost, never reported, read later */
    } manners[] = {{"whatsapp", 3, 3, 45}, {"email", 2, 4, 25}, {"sms", 2, 4, 0}};
    uint64_t seed = demo->portfolio.seed;
    struct rg_str action = rg_str(message->action);
    for (size_t i = 0; i < RG_COUNT(manners); i++) {
        if (!rg_str_is(message->channel, manners[i].channel))
            continue;
        int luck = demo_pick(seed, action, "delivery", 100);
        if (luck < manners[i].lost) {
            plan_receipt(demo, message, d, RG_FACT_BOUNCED, RG_MS_PER_MINUTE);
        } else if (luck >= manners[i].lost + manners[i].silent) {
            plan_receipt(demo, message, d, RG_FACT_DELIVERED, RG_MS_PER_MINUTE);
            if (demo_chance(seed, action, "read", manners[i].read))
                plan_receipt(demo, message, d, RG_FACT_READ, DEMO_SLOT_MS * (2 + demo_pick(seed, action, "when read", 30)));
        }
    }
    if (d->leaves_whatsapp && rg_str_is(message->channel, "whatsapp")) {
        d->leaves_whatsapp = false;
        add(demo,
            (struct demo_entry){
                .at_ms = when_awake(d, message->at_ms + HOUR_MS), .deed = DEMO_OPT_OUT, .debtor = d, .channel = "whatsapp"});
    }
}

static int64_t thinks_until(const struct demo *demo, struct demo_debtor *d, int64_t from_ms, struct rg_str about, int hours_max)
{
    int hours = 1 + demo_pick(demo->portfolio.seed, about, "thinks", hours_max);
    int minutes = demo_pick(demo->portfolio.seed, about, "minutes", 60);
    return when_awake(d, from_ms + hours * HOUR_MS + minutes * RG_MS_PER_MINUTE);
}

static void on_message(void *ctx, const struct demo_message *message)
{
    struct demo *demo = ctx;
    struct demo_debtor *d = demo_portfolio_find(&demo->portfolio, message->debtor);
    if (d == NULL)
        return;
    report_delivery(demo, message, d);
    const char *step = demo_habit_step(d->habit);
    if (step == NULL || !rg_str_is(message->step, step))
        return;
    for (size_t i = 0; i < message->invoice_count; i++) {
        struct demo_invoice *invoice = demo_debtor_invoice(d, message->invoices[i]);
        if (invoice == NULL || invoice->reacted++ > 0)
            continue;
        int64_t at_ms = thinks_until(demo, d, message->at_ms, rg_str(invoice->id), 40);
        bool part = d->habit == DEMO_IN_PARTS;
        plan_payment(demo, invoice, at_ms, part ? invoice->cents / 2 : invoice->left_cents);
        if (part)
            plan_payment(demo, invoice, when_awake(d, at_ms + 9 * RG_MS_PER_DAY), invoice->left_cents);
    }
}

/* The network does what it is told, and says so; and some people then find their invoice. */
static void on_signal(void *ctx, struct rg_str type, struct rg_str debtor, int64_t at_ms)
{
    struct demo *demo = ctx;
    struct demo_debtor *d = demo_portfolio_find(&demo->portfolio, debtor);
    if (d == NULL)
        return;
    bool cut = rg_str_is(type, "regua.service.suspend_requested");
    add(demo, (struct demo_entry){
                  .at_ms = on_slot(at_ms + RG_MS_PER_MINUTE), .deed = cut ? DEMO_CUT_OFF : DEMO_RECONNECT, .debtor = d});
    for (int i = 0; cut && d->habit == DEMO_AFTER_CUT && i < d->invoice_count; i++)
        if (d->invoices[i].issued_on < rg_local_at(d->zone, at_ms).day)
            plan_payment(demo, &d->invoices[i], thinks_until(demo, d, at_ms + HOUR_MS, rg_str(d->id), 60),
                         d->invoices[i].left_cents);
}

struct demo_witness_ops demo_answers(void)
{
    return (struct demo_witness_ops){.on_message = on_message, .on_signal = on_signal};
}
