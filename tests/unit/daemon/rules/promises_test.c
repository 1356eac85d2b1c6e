/* The promises, held against chance: upstream says what it likes, owners and senders die, and an oracle that knows nothing of the
 * engine reads the ledger and what was delivered. REGUA_SEEDS=n and REGUA_SEED=first run more, or one again. */
#include "tests/unit/daemon/rules/sim.h"

#include "brazil/days/bank.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>

#define SEEDS 300
#define DAYS 75
#define INVOICES 3
#define STEPS_MAX 60000

/* ---- upstream ---- */

static const char *const invoice_ids[INVOICES] = {"F1", "F2", "F3"};

static struct rg_event event_of(struct sim *s, enum rg_event_type type)
{
    struct rg_event e = {.type = type, .id = rg_arena_printf(s->arena, "e%u", s->events++), .source = RG_STR("billing"),
                         .time_ms = s->now_ms + s->events % 1000,
                         .ns = RG_STR(SIM_NS), .debtor = RG_STR(SIM_DEBTOR), .has = RG_BIT(RG_F_DEBTOR)};
    if (!s->calm && sim_chance(s, 10))
        e.time_ms -= sim_upto(s, 3 * RG_MS_PER_DAY); /* heard of late */
    return e;
}

static struct rg_event invoice_event(struct sim *s, enum rg_event_type type, int invoice)
{
    struct rg_event e = event_of(s, type);
    e.invoice = rg_str(invoice_ids[invoice]);
    e.has |= RG_BIT(RG_F_INVOICE);
    return e;
}

static rg_day today(const struct sim *s)
{
    return rg_brasilia_day(s->now_ms);
}

static void say_person(struct sim *s)
{
    static const char *const channels[] = {"email", "sms", "whatsapp"};
    struct rg_event e = event_of(s, RG_EV_DEBTOR_UPDATED);
    e.name = RG_STR("Maria");
    e.state = RG_STR("SP");
    e.contacts = RG_NEW(s->arena, struct rg_contact, RG_COUNT(channels));
    for (size_t i = 0; i < RG_COUNT(channels); i++)
        if (sim_chance(s, 85))
            e.contacts[e.contact_count++] = (struct rg_contact){.channel = rg_str(channels[i]), .address = RG_STR("x"),
                                                                .verified_false = sim_chance(s, 5)};
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_CONTACTS);
    sim_event(s, &e, true);
}

static void say_issued(struct sim *s, int invoice)
{
    struct rg_event e = invoice_event(s, RG_EV_INVOICE_ISSUED, invoice);
    e.service = RG_STR("internet");
    e.amount_cents = 5000 + 1000 * sim_upto(s, 20);
    e.due_on = today(s) + (rg_day)sim_upto(s, 12) - 2;
    e.pix_code = e.link = RG_STR("x");
    e.pix_until = RG_DAY_NONE;
    e.has |= RG_BIT(RG_F_SERVICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_LINK);
    sim_event(s, &e, false);
}

static void say_money(struct sim *s, int invoice)
{
    static const enum rg_event_type types[] = {RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_SETTLED,
                                               RG_EV_PAYMENT_REVERSED};
    struct rg_event e = invoice_event(s, types[sim_upto(s, RG_COUNT(types))], invoice);
    e.payment = rg_arena_printf(s->arena, "P%d", (int)sim_upto(s, 3));
    e.amount_cents = sim_chance(s, 30) ? 1000 * (1 + sim_upto(s, 5)) : 24000;
    e.reason = RG_STR("chargeback");
    e.has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    sim_event(s, &e, false);
}

static void say_amount(struct sim *s, int invoice)
{
    struct rg_event e = invoice_event(s, RG_EV_INVOICE_UPDATED, invoice);
    e.amount_cents = 5000 + 1000 * sim_upto(s, 20);
    e.has |= RG_BIT(RG_F_AMOUNT);
    sim_event(s, &e, false);
}

static void say_change(struct sim *s, int invoice)
{
    static const enum rg_event_type types[] = {RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_VOIDED,
                                               RG_EV_INVOICE_WRITTEN_OFF,
                                               RG_EV_INVOICE_REOPENED, RG_EV_INVOICE_REOPENED};
    struct rg_event e = invoice_event(s, types[sim_upto(s, RG_COUNT(types))], invoice);
    if (e.type == RG_EV_INVOICE_UPDATED && sim_chance(s, 70)) {
        e.amount_cents = 5000 + 1000 * sim_upto(s, 20);
        e.has |= RG_BIT(RG_F_AMOUNT);
    } else if (e.type == RG_EV_INVOICE_UPDATED) {
        e.due_on = today(s) + (rg_day)sim_upto(s, 8);
        e.has |= RG_BIT(RG_F_DUE_ON);
    }
    sim_event(s, &e, false);
}

static void say_people(struct sim *s, int invoice)
{
    static const enum rg_event_type types[] = {RG_EV_DISPUTE_OPENED, RG_EV_DISPUTE_CLOSED, RG_EV_DISPUTE_CLOSED,
                                               RG_EV_DEBTOR_HELD, RG_EV_DEBTOR_RELEASED, RG_EV_DEBTOR_RELEASED,
                                               RG_EV_PROMISE_MADE, RG_EV_PROMISE_WITHDRAWN, RG_EV_DEBTOR_OPTED_OUT,
                                               RG_EV_DEBTOR_OPTED_IN, RG_EV_PAYMENT_SCHEDULED, RG_EV_PAYMENT_FAILED,
                                               RG_EV_CREDIT_APPLIED};
    enum rg_event_type type = types[sim_upto(s, RG_COUNT(types))];
    bool about_debtor = type >= RG_EV_DEBTOR_UPDATED && type <= RG_EV_DEBTOR_PROTECTED;
    bool promise = type == RG_EV_PROMISE_MADE || type == RG_EV_PROMISE_WITHDRAWN;
    struct rg_event e = about_debtor || promise ? event_of(s, type) : invoice_event(s, type, invoice);
    e.result = sim_chance(s, 30) ? RG_STR("accepted") : RG_STR("rejected");
    e.channel = sim_chance(s, 50) ? RG_STR("email") : RG_STR("whatsapp");
    e.pay_on = e.on = today(s) + (rg_day)sim_upto(s, 5);
    e.amount_cents = 500;
    e.has |= RG_BIT(RG_F_RESULT) | RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_ON) | RG_BIT(RG_F_AMOUNT);
    sim_event(s, &e, false);
}

/* About one of the messages that went out, or the service. */
static void say_back(struct sim *s)
{
    static const enum rg_provider_fact facts[] = {RG_FACT_DELIVERED, RG_FACT_DELIVERED, RG_FACT_DELIVERED, RG_FACT_READ,
                                                  RG_FACT_BOUNCED};
    if (s->delivery_count == 0)
        return;
    size_t pick = sim_chance(s, 60) ? s->delivery_count - 1 : (size_t)sim_upto(s, (int64_t)s->delivery_count);
    const struct sim_delivery *of = &s->deliveries[pick];
    struct rg_event e = event_of(s, of->decision->signal == RG_SIGNAL_NONE            ? RG_EV_DELIVERY_RECEIPT
                                    : of->decision->signal == RG_SIGNAL_SUSPEND_REQUESTED ? RG_EV_SERVICE_SUSPENDED
                                                                                         : RG_EV_SERVICE_RESTORED);
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&of->decision->action, action);
    e.action = rg_arena_str(s->arena, rg_str(action));
    e.status = (int)facts[sim_upto(s, RG_COUNT(facts))];
    e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    sim_event(s, &e, false);
}

/* Some debtors live quietly for weeks, so that what takes long comes to pass. */
static void upstream(struct sim *s)
{
    bool quiet = s->mood == 0 || (s->mood == 1 && s->ledger_count < 150);
    int invoice = (int)sim_upto(s, INVOICES), what = (int)sim_upto(s, 100);
    if (quiet && sim_chance(s, 3))
        say_amount(s, invoice);
    else if (quiet && sim_chance(s, 3))
        say_money(s, invoice);
    else if (what < 55 || quiet)
        say_back(s);
    else if (what < 68)
        say_money(s, invoice);
    else if (what < 76)
        say_change(s, invoice);
    else if (what < 92)
        say_people(s, invoice);
    else if (what < 96)
        say_person(s);
    else
        say_issued(s, invoice);
}

/* ---- the oracle: reads the ledger below a place, and knows nothing else ---- */

struct owed {
    bool known, open, disputed, won;
    int64_t amount_cents, received_cents;
    int cycle;
    bool held;
};

static bool latest(const struct rg_event *e, int64_t *last_ms)
{
    bool later = e->time_ms >= *last_ms;
    *last_ms = later ? e->time_ms : *last_ms;
    return later;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t received(const int64_t came[3], const int64_t back[3])
{
    int64_t sum = 0;
    for (int i = 0; i < 3; i++)
        sum += most(came[i] - back[i], 0);
    return sum;
}

/* What stands of one invoice below that place of the ledger. */
static struct owed owed_at(const struct sim *s, struct rg_str invoice, int64_t place)
{
    struct owed o = {.open = true, .cycle = 1};
    int64_t came[3] = {0}, back[3] = {0}, credits = 0, last[5] = {0};
    rg_day due[64];
    size_t due_count = 0;
    for (size_t i = 0; i < (size_t)place; i++) {
        const struct rg_event *e = s->ledger[i].fact.event;
        if (e == NULL || s->ledger[i].fact.personal || s->ledger[i].repeat)
            continue;
        if ((e->type == RG_EV_DEBTOR_HELD || e->type == RG_EV_DEBTOR_RELEASED) && latest(e, &last[0]))
            o.held = e->type == RG_EV_DEBTOR_HELD;
        if (!rg_event_has(e, RG_F_INVOICE) || !rg_str_eq(e->invoice, invoice))
            continue;
        int payment = rg_event_has(e, RG_F_PAYMENT) ? e->payment.p[1] - '0' : 0;
        if (rg_event_has(e, RG_F_DUE_ON)) {
            bool seen = false;
            for (size_t k = 0; k < due_count; k++)
                seen = seen || due[k] == e->due_on;
            if (!seen && due_count < RG_COUNT(due))
                due[due_count++] = e->due_on;
            o.known = true;
        }
        bool amount = e->type == RG_EV_INVOICE_ISSUED || (e->type == RG_EV_INVOICE_UPDATED && rg_event_has(e, RG_F_AMOUNT));
        if (amount && latest(e, &last[1]))
            o.amount_cents = e->amount_cents;
        switch (e->type) {
        case RG_EV_PAYMENT_CONFIRMED:
        case RG_EV_PAYMENT_SETTLED: came[payment] = most(came[payment], e->amount_cents); break;
        case RG_EV_PAYMENT_REVERSED: back[payment] = most(back[payment], e->amount_cents); break;
        case RG_EV_CREDIT_APPLIED: credits += e->amount_cents; break;
        case RG_EV_INVOICE_VOIDED:
        case RG_EV_INVOICE_WRITTEN_OFF:
        case RG_EV_INVOICE_REOPENED:
            if (latest(e, &last[2]))
                o.open = e->type == RG_EV_INVOICE_REOPENED;
            o.cycle += e->type == RG_EV_INVOICE_REOPENED;
            break;
        case RG_EV_DISPUTE_OPENED:
        case RG_EV_DISPUTE_CLOSED:
            if (latest(e, &last[3])) {
                o.disputed = e->type == RG_EV_DISPUTE_OPENED;
                o.won = !o.disputed && rg_str_is(e->result, "accepted");
            }
            break;
        default: break;
        }
    }
    o.won = o.won && last[3] > last[1] && !(o.open && last[2] > last[3]);
    o.received_cents = received(came, back) + credits;
    for (int i = 0; i < 3; i++)
        o.cycle += back[i] > 0;
    o.cycle += due_count > 1 ? (int)due_count - 1 : 0;
    o.known = o.known && o.amount_cents > 0;
    return o;
}

static bool is_paid(const struct owed *o)
{
    return o->known && o->received_cents >= o->amount_cents - 1;
}

static const char *kind_of(const struct rg_fact_record *f)
{
    return f->event != NULL ? rg_event_type_name(f->event->type) : f->decided != NULL ? "decided" : f->claim != NULL ? "claim" :
           f->recalled != NULL ? "recalled" : f->skipped != NULL ? "skipped" : rg_verdict_name(f->outcome->verdict);
}

/* The ledger, a line a record, for who runs one seed again. */
static void print_ledger(const struct sim *s)
{
    for (size_t i = 0; i < s->ledger_count; i++) {
        const struct rg_fact_record *f = &s->ledger[i].fact;
        const struct rg_event *e = f->event;
        const struct rg_decision *d = f->decided;
        char at[RG_INSTANT_TEXT_MAX];
        rg_instant_format(s->ledger[i].at_ms, -180, at);
        print_message("%5zu %s %s", i, at, kind_of(f));
        if (e != NULL)
            print_message(" " RG_STR_FMT " " RG_STR_FMT " %lld %s", RG_STR_ARG(e->invoice), RG_STR_ARG(e->payment),
                          (long long)e->amount_cents,
                          e->type == RG_EV_DELIVERY_RECEIPT ? rg_provider_fact_name((enum rg_provider_fact)e->status) : "");
        if (f->outcome != NULL)
            print_message(" " RG_STR_FMT " %d attempt %d", RG_STR_ARG(f->outcome->step), f->outcome->repetition,
                          f->outcome->attempt);
        if (d != NULL)
            print_message(" " RG_STR_FMT " %d attempt %d by " RG_STR_FMT ":", RG_STR_ARG(d->step), d->repetition, d->attempt,
                          RG_STR_ARG(d->channel));
        for (size_t k = 0; d != NULL && k < d->invoice_count; k++)
            print_message(" " RG_STR_FMT "%s cycle %d %lld", RG_STR_ARG(d->invoices[k].invoice),
                          d->invoices[k].listed ? " listed" : "", d->invoices[k].cycle,
                          (long long)d->invoices[k].balance_cents);
        print_message("\n");
    }
    for (size_t i = 0; i < s->delivery_count; i++) {
        const struct rg_decision *d = s->deliveries[i].decision;
        print_message("delivered under the claim at %lld: " RG_STR_FMT " %d attempt %d\n",
                      (long long)s->deliveries[i].claim_offset, RG_STR_ARG(d->step), d->repetition, d->attempt);
    }
}

static void complain(const struct sim *s, uint64_t seed, const struct rg_decision *d, const char *what)
{
    if (getenv("REGUA_SEED") != NULL)
        print_ledger(s);
    fail_msg("seed %llu: " RG_STR_FMT " %d attempt %d by " RG_STR_FMT ": %s", (unsigned long long)seed, RG_STR_ARG(d->step),
             d->repetition, d->attempt,
             RG_STR_ARG(d->channel), what);
}

/* ---- what must be true of every delivery ---- */

static bool collects(const struct rg_decision *d)
{
    return !d->owed && d->tone > RG_TONE_INFO;
}

/* What was done for an invoice that was closed may be forgotten, and with it its cycle is over. */
static bool was_closed(const struct sim *s, struct rg_str invoice, int64_t place)
{
    for (int64_t at = 1; at <= place; at++) {
        struct owed o = owed_at(s, invoice, at);
        if (is_paid(&o) || !o.open || o.won)
            return true;
    }
    return false;
}

/* Promise 1: by the ledger below its claim nothing of it is paid, void, disputed or held, and it says what is owed. */
static void judge_debt(const struct sim *s, uint64_t seed, const struct sim_delivery *of)
{
    for (size_t i = 0; i < of->decision->invoice_count && collects(of->decision); i++) {
        const struct rg_decision_invoice *named = &of->decision->invoices[i];
        struct owed o = owed_at(s, named->invoice, of->claim_offset);
        if (is_paid(&o))
            complain(s, seed, of->decision, "of what was paid before its claim");
        if (!o.open || o.disputed || o.won || o.held)
            complain(s, seed, of->decision, "of what is void, disputed or held");
        if (named->balance_cents != o.amount_cents - o.received_cents)
            complain(s, seed, of->decision, "names another balance");
        if (named->cycle < o.cycle || (named->cycle > o.cycle && !was_closed(s, named->invoice, of->claim_offset)))
            complain(s, seed, of->decision, "of another cycle");
    }
}

static bool same_step(const struct rg_decision *a, const struct rg_decision *b, const struct rg_decision_invoice *of)
{
    if (!rg_str_eq(a->step, b->step) || a->repetition != b->repetition)
        return false;
    for (size_t i = 0; i < b->invoice_count; i++)
        if (!b->invoices[i].listed && rg_str_eq(b->invoices[i].invoice, of->invoice) && b->invoices[i].cycle == of->cycle)
            return true;
    return false;
}

/* Whether the ledger below that place says of an attempt that nobody knows, and not that it arrived. */
static bool in_doubt(const struct sim *s, const struct rg_action_id *action, int64_t place)
{
    bool uncertain = false, accepted = false;
    for (size_t i = 0; i < (size_t)place; i++) {
        const struct rg_outcome *outcome = s->ledger[i].fact.outcome;
        bool of_it = outcome != NULL && rg_action_id_eq(&outcome->action, action);
        uncertain = uncertain || (of_it && outcome->verdict == RG_VERDICT_UNCERTAIN);
        accepted = accepted || (of_it && outcome->verdict == RG_VERDICT_ACCEPTED);
    }
    return uncertain && !accepted;
}

static bool bounced(const struct sim *s, const struct rg_action_id *action, int64_t place)
{
    char text[RG_ACTION_TEXT + 1];
    rg_action_id_print(action, text);
    for (size_t i = 0; i < (size_t)place; i++) {
        const struct rg_event *e = s->ledger[i].fact.event;
        if (e != NULL && e->type == RG_EV_DELIVERY_RECEIPT && e->status == RG_FACT_BOUNCED && rg_str_is(e->action, text))
            return true;
    }
    return false;
}

/* Promise 3: once per invoice and cycle, unless the ledger says why again: nobody knew, or one of the attempts came back. A
 * notice may be given again, and what is owed rather twice than never. */
static void judge_once(const struct sim *s, uint64_t seed, size_t index)
{
    const struct rg_decision *d = s->deliveries[index].decision;
    int64_t place = s->deliveries[index].claim_offset;
    for (size_t i = 0; i < d->invoice_count && d->tone != RG_TONE_NOTICE && !d->owed; i++) {
        bool twice = false, excused = d->invoices[i].listed;
        for (size_t k = 0; k < index; k++) {
            const struct rg_decision *before = s->deliveries[k].decision;
            bool same = same_step(d, before, &d->invoices[i]);
            twice = twice || (same && !in_doubt(s, &before->action, place));
            excused = excused || (same && bounced(s, &before->action, place));
        }
        if (twice && !excused)
            complain(s, seed, d, "delivered twice");
    }
}

static bool proven(const struct sim *s, const struct rg_decision *notice, int64_t place, int64_t by_ms)
{
    char text[RG_ACTION_TEXT + 1];
    rg_action_id_print(&notice->action, text);
    for (size_t i = 0; i < (size_t)place; i++) {
        const struct rg_event *e = s->ledger[i].fact.event;
        if (e != NULL && e->type == RG_EV_DELIVERY_RECEIPT && rg_str_is(e->action, text) && e->time_ms <= by_ms &&
            notice->at_ms <= by_ms &&
            (e->status == RG_FACT_DELIVERED || e->status == RG_FACT_READ))
            return true;
    }
    return false;
}

/* Promise 4: a notice of this cycle, for no less, was delivered at least its term before; on a day and hour at which services
 * are cut. */
static void judge_suspension(const struct sim *s, uint64_t seed, const struct sim_delivery *of)
{
    const struct rg_decision *d = of->decision;
    struct rg_local at = rg_local_at(rg_zone_of_state(RG_STR("SP")), of->at_ms);
    enum rg_weekday weekday = rg_day_weekday(at.day);
    if (d->signal != RG_SIGNAL_SUSPEND_REQUESTED)
        return;
    if (weekday >= RG_FRI || at.minute < 8 * 60 || at.minute > 18 * 60 || rg_holiday_national(at.day) != NULL ||
        rg_holiday_national(at.day + 1) != NULL)
        complain(s, seed, d, "on a day or hour at which nothing is cut");
    for (size_t i = 0; i < d->invoice_count; i++) {
        bool noticed = false;
        for (size_t k = 0; k < s->delivery_count && !noticed; k++) {
            const struct rg_decision *notice = s->deliveries[k].decision;
            for (size_t n = 0; n < notice->invoice_count && rg_str_is(notice->step, "aviso_suspensao"); n++) {
                const struct rg_decision_invoice *named = &notice->invoices[n];
                noticed = noticed || (rg_str_eq(named->invoice, d->invoices[i].invoice) && named->cycle == d->invoices[i].cycle &&
                                      named->balance_cents >= d->invoices[i].balance_cents &&
                                      proven(s, notice, of->claim_offset, of->at_ms - 15 * RG_MS_PER_DAY));
            }
        }
        if (!noticed)
            complain(s, seed, d, "without a delivered notice whose term is over");
    }
}

/* A later suspend names one of its invoices again: what is owed follows from that one. */
static bool superseded(const struct sim *s, const struct rg_decision *cut)
{
    for (size_t k = 0; k < s->delivery_count; k++) {
        const struct rg_decision *later = s->deliveries[k].decision;
        for (size_t i = 0; i < cut->invoice_count && later->signal == cut->signal && later->sequence > cut->sequence; i++)
            if (same_step(cut, later, &cut->invoices[i]))
                return true;
    }
    return false;
}

/* Promise 5, when the dust has settled: whatever was cut and is paid now is restored, and the restore is the last word. */
static void judge_restores(const struct sim *s, uint64_t seed)
{
    for (size_t k = 0; k < s->delivery_count; k++) {
        const struct rg_decision *cut = s->deliveries[k].decision;
        bool free = true, restored = false;
        if (cut->signal != RG_SIGNAL_SUSPEND_REQUESTED || superseded(s, cut))
            continue;
        for (size_t i = 0; i < cut->invoice_count; i++) {
            struct owed o = owed_at(s, cut->invoices[i].invoice, (int64_t)s->ledger_count);
            free = free && (is_paid(&o) || o.won);
        }
        for (size_t n = 0; n < s->delivery_count && free; n++) {
            const struct rg_decision *d = s->deliveries[n].decision;
            restored = restored || (d->signal == RG_SIGNAL_RESTORE_REQUESTED && d->sequence > cut->sequence);
        }
        if (free && !restored)
            complain(s, seed, cut, "paid, and never restored");
    }
}

/* ---- and of the engine ---- */

/* Nobody is forgotten: while something is owed there is a time to look again. */
static void judge_memory(const struct sim *s, uint64_t seed)
{
    bool in_debt = false;
    for (int i = 0; i < INVOICES; i++) {
        struct owed o = owed_at(s, rg_str(invoice_ids[i]), (int64_t)s->pos);
        in_debt = in_debt || (o.known && o.open && !is_paid(&o));
    }
    if (in_debt && s->due_ms > s->now_ms + 3 * RG_MS_PER_DAY)
        fail_msg("seed %llu: the debtor is forgotten", (unsigned long long)seed);
}

/* The same ledger gives the same record, byte for byte but for what is only on its way; also when all of it is said twice. */
static void judge_refold(struct sim *s, uint64_t seed)
{
    struct rg_arena *arena = rg_arena_new((size_t)64 * 1024 * 1024);
    struct rg_record *live = sim_load(s, arena), *again = rg_record_new(arena, RG_STR(SIM_DEBTOR));
    for (size_t i = 0; i < s->ledger_count; i++) {
        struct rg_error why;
        for (int n = 0; n < 2; n++)
            (void)rg_record_apply(again, &s->ledger[i].fact, &why);
    }
    for (size_t i = 0; i < live->action_count; i++)
        live->actions[i].recalling = false;
    for (size_t i = 0; i < live->invoice_count; i++)
        live->invoices[i].fresh = false; /* a look ends it, and leaves no trace where nothing was late */
    for (size_t i = 0; i < again->invoice_count; i++)
        again->invoices[i].fresh = false;
    if (!rg_str_eq(sim_encode(s, live), sim_encode(s, again)))
        fail_msg("seed %llu: the ledger folds to another record", (unsigned long long)seed);
    rg_arena_free(&arena);
}

/* ---- a life ---- */

static void live(struct sim *s, uint64_t seed, int64_t until_ms)
{
    int64_t event_ms = s->now_ms;
    int steps = 0, here = 0;
    while (s->now_ms < until_ms) {
        if (sim_busy(s) && (here < 20 || sim_chance(s, s->calm ? 100 : 97))) {
            sim_step(s);
            if (++here > 5000 || ++steps > STEPS_MAX)
                fail_msg("seed %llu: it runs in a circle at %lld", (unsigned long long)seed, (long long)s->now_ms);
            continue;
        }
        if (!sim_busy(s))
            judge_memory(s, seed);
        int64_t next_ms = s->due_ms > s->now_ms && s->due_ms < event_ms ? s->due_ms : event_ms;
        for (size_t i = 0; i < s->hand_count; i++) {
            int64_t wake_ms = s->hands[i].other_since_ms + SIM_CLAIM_MS;
            if (s->hands[i].state == SIM_SLOW)
                wake_ms = s->hands[i].told_ms;
            bool sleeps = s->hands[i].state == SIM_FOREIGN || s->hands[i].state == SIM_SLOW;
            if (sleeps && wake_ms > s->now_ms && wake_ms < next_ms)
                next_ms = wake_ms;
        }
        here = 0;
        s->now_ms = next_ms > s->now_ms ? next_ms : s->now_ms + 1;
        if (s->now_ms < event_ms)
            continue;
        if (!s->calm)
            upstream(s);
        event_ms = s->now_ms + 1 + sim_upto(s, sim_chance(s, 30) ? RG_MS_PER_MINUTE : RG_MS_PER_DAY);
    }
}

static int tally[RG_TONE_COUNT + 4]; /* by tone, then restores, voided, crashes, doubts */

/* As the shipped ladder, but that it sends again what may be lost, and has few ways. */
static const char insistent[] = "language: 1\n"
                                "ladder: insistente\n"
                                "title: Insistente\n"
                                "owner: a@b.example\n"
                                "priority: 1\n"
                                "calendar: br-telecom\n"
                                "mode: live\n"
                                "defaults: { via: [whatsapp, sms], uncertain: resend, caps: { per_day: 2, per_week: 5,"
                                " gap: 2h } }\n"
                                "steps:\n"
                                "  vespera: { day: D-1, tone: courtesy, template: lembrete, again: true }\n"
                                "  aviso_suspensao: { day: D+1, tone: notice, template: aviso_suspensao, evidence: delivered,"
                                " evidence_within: 24h, term: 15d }\n"
                                "  insiste: { day: D+2, tone: reminder, template: atraso, repeat: { every: 2d, times: 6 } }\n"
                                "  suspensao: { after: { step: aviso_suspensao, has: term_ended }, tone: sanction,"
                                " needs: [payments_fresh], signal: service.suspend_requested }\n"
                                "on_paid:\n"
                                "  religar: { signal: service.restore_requested, clock: confirmed, within: 24h }\n"
                                "  desculpe: { when_crossed: 30m, template: desconsidere }\n";

static void run(uint64_t seed, struct rg_rules *rules)
{
    struct sim s;
    sim_begin(&s, seed, rules, "2026-10-01");
    say_person(&s);
    for (int i = 0; i < INVOICES; i++)
        say_issued(&s, i);
    live(&s, seed, s.now_ms + (seed % 5 == 0 ? 2 * DAYS : DAYS) * RG_MS_PER_DAY);
    s.calm = true;
    for (int i = 0; i < INVOICES && seed % 2 == 0; i++) {
        struct rg_event e = invoice_event(&s, RG_EV_PAYMENT_CONFIRMED, i);
        e.payment = RG_STR("P0"); /* reversed or not */
        e.amount_cents = 1000000;
        e.has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
        sim_event(&s, &e, false);
    }
    live(&s, seed, s.now_ms + 4 * RG_MS_PER_DAY);
    for (size_t i = 0; i < s.delivery_count; i++) {
        const struct rg_decision *d = s.deliveries[i].decision;
        tally[d->owed ? RG_TONE_COUNT : (int)d->tone]++;
        judge_debt(&s, seed, &s.deliveries[i]);
        judge_once(&s, seed, i);
        judge_suspension(&s, seed, &s.deliveries[i]);
    }
    judge_restores(&s, seed);
    if (s.strict)
        judge_refold(&s, seed);
    tally[RG_TONE_COUNT + 1] += s.voided;
    tally[RG_TONE_COUNT + 2] += s.crashes;
    sim_end(&s);
}

static void test_the_promises_hold(void **state)
{
    (void)state;
    const char *first = getenv("REGUA_SEED"), *count = getenv("REGUA_SEEDS");
    uint64_t from = first != NULL ? strtoull(first, NULL, 10) : 1, n = first != NULL ? 1 : SEEDS;
    if (count != NULL)
        n = strtoull(count, NULL, 10);
    struct rg_rules *rules[] = {rg_test_rules_shipped("internet_residencial", NULL), rg_test_rules(insistent)};
    for (uint64_t seed = from; seed < from + n; seed++)
        run(seed, rules[seed / 2 % 2]);
    rg_rules_free(&rules[0]);
    rg_rules_free(&rules[1]);
    print_message("%llu seeds: %d info, %d courtesy, %d reminder, %d firm, %d notice, %d sanction, %d restore; %d voided, "
                  "%d crashes\n", (unsigned long long)n,
                  tally[0], tally[1], tally[2], tally[3], tally[4], tally[5], tally[6], tally[7], tally[8]);
    for (int i = 0; i < RG_TONE_COUNT + 3 && n >= SEEDS; i++)
        assert_true(tally[i] > 0); /* chance has been everywhere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_promises_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
