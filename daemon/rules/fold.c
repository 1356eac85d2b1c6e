/* Folding upstream's facts. Each kind of fact folds so that duplicates and disorder change nothing: payments as a maximum per
 * payment and status, fields as the last by event time, states as the last of their open and close pairs, openings as a set
 * of identities. Nothing here knows what time it is. */
#include "daemon/rules/fold.h"

#include "base/core/hash.h"
#include "daemon/rules/note.h"

#include <string.h>

#define CLOCKS_APART_MS (60 * RG_MS_PER_MINUTE)

uint32_t rg_event_identity(const struct rg_event *event)
{
    uint64_t hash = rg_fnv64(event->source.p, event->source.n) * 31 + rg_fnv64(event->id.p, event->id.n);
    return (uint32_t)(hash ^ hash >> 32);
}

static struct rg_stamp stamp_of(const struct rg_event *event)
{
    return (struct rg_stamp){event->time_ms, event->type == RG_EV_INVOICE_UPDATED};
}

/* Whether the event may set a field group: it brings one of `fields` (a value or a null) and is the latest to do so. */
static bool would_take(const struct rg_event *event, uint64_t fields, struct rg_stamp stored)
{
    return ((event->has | event->null) & fields) != 0 && rg_stamp_wins(stamp_of(event), stored);
}

static bool takes(const struct rg_event *event, uint64_t fields, struct rg_stamp *stored)
{
    if (!would_take(event, fields, *stored))
        return false;
    *stored = stamp_of(event);
    return true;
}

/* An event that makes an invoice known: from then on it can be owed. */
static bool makes_known(const struct rg_event *e)
{
    bool says = rg_event_has(e, RG_F_DUE_ON) || rg_event_has(e, RG_F_AMOUNT);
    return (e->type == RG_EV_INVOICE_ISSUED || e->type == RG_EV_INVOICE_UPDATED) && says;
}

static struct rg_invoice *add_invoice(struct rg_record *record, struct rg_str ns, struct rg_str id)
{
    struct rg_invoice *invoice = RG_PUSH(record->arena, record->invoices, record->invoice_count, record->invoice_cap);
    invoice->ns = rg_arena_str(record->arena, ns);
    invoice->id = rg_arena_str(record->arena, id);
    invoice->due_on = invoice->issued_on = invoice->pix_until = invoice->boleto_until = invoice->debit_on = RG_DAY_NONE;
    invoice->fine_percent.units = invoice->interest_percent_month.units = -1;
    invoice->offset = -1;
    return invoice;
}

/* An invoice that nobody knows, and that most likely made room long ago: it is as old as those that did, or is changed before it was
 * issued. */
static bool made_room(const struct rg_past *past, const struct rg_event *e)
{
    return past->invoices > 0 && (e->time_ms <= past->known_ms || e->type == RG_EV_INVOICE_UPDATED);
}

/* The invoice that an event is about, new where it must be. NULL and why: it would be owed, and there is no room for more; or it
 * has made room, paid long ago. */
static struct rg_invoice *touch_invoice(struct rg_record *record, const struct rg_event *e, struct rg_error *ret_why)
{
    struct rg_invoice *invoice = rg_record_invoice(record, e->ns, e->invoice);
    if (makes_known(e) && (invoice == NULL || !invoice->issued)) {
        if (made_room(&record->past, e)) {
            (void)rg_fail(ret_why, RG_ELIMIT, "closed invoices of this debtor made room for newer ones, and this is most likely one of them again");
            return NULL;
        }
        if (!rg_record_room_for_issued(record)) {
            rg_record_overflow(record);
            (void)rg_fail(ret_why, RG_ELIMIT, "debtor has as many open invoices as are kept, at most %d and %zu bytes: he is held",
                          RG_RECORD_INVOICES_MAX, RG_RECORD_BYTES_MAX);
            return NULL;
        }
        invoice = rg_record_invoice(record, e->ns, e->invoice); /* others may have gone */
    }
    if (invoice == NULL)
        rg_record_room_for_shell(record);
    return invoice != NULL ? invoice : add_invoice(record, e->ns, e->invoice);
}

static struct rg_str keep(struct rg_record *record, struct rg_str text)
{
    return rg_arena_str(record->arena, text);
}

static struct rg_str *keep_all(struct rg_record *record, const struct rg_str *texts, size_t count)
{
    struct rg_str *copy = count > 0 ? RG_NEW(record->arena, struct rg_str, count) : NULL;
    for (size_t i = 0; i < count; i++)
        copy[i] = keep(record, texts[i]);
    return copy;
}

/* ---- invoices ---- */

static void note_due_day(struct rg_record *record, struct rg_invoice *invoice, rg_day day)
{
    size_t oldest = invoice->due_days != NULL && invoice->due_days[0] == invoice->due_on; /* the present one comes again and again */
    for (size_t i = 0; i < invoice->due_day_count; i++)
        if (invoice->due_days[i] == day)
            return;
    if (invoice->due_day_count >= RG_RECORD_OPENINGS_MAX) {
        memmove(&invoice->due_days[oldest], &invoice->due_days[oldest + 1], (--invoice->due_day_count - oldest) * sizeof day);
        invoice->more_openings++;
    }
    *RG_PUSH(record->arena, invoice->due_days, invoice->due_day_count, invoice->due_day_cap) = day;
}

#define PIX_FIELDS RG_BIT(RG_F_PIX_CODE)
#define BOLETO_FIELDS (RG_BIT(RG_F_BOLETO_LINE) | RG_BIT(RG_F_BOLETO_BARCODE))

struct rg_charge_parts rg_event_charges(const struct rg_record *record, const struct rg_event *event)
{
    static const struct rg_invoice unknown;
    const struct rg_invoice *v = rg_record_invoice(record, event->ns, event->invoice);
    const struct rg_stamp *set = v != NULL ? v->set : unknown.set;
    return (struct rg_charge_parts){would_take(event, PIX_FIELDS, set[RG_IG_PIX]), would_take(event, BOLETO_FIELDS, set[RG_IG_BOLETO]),
                                    would_take(event, RG_BIT(RG_F_LINK), set[RG_IG_LINK])};
}

static void fold_charge(struct rg_invoice *invoice, const struct rg_event *e)
{
    if (takes(e, PIX_FIELDS, &invoice->set[RG_IG_PIX])) {
        invoice->has_pix = (e->has & PIX_FIELDS) != 0;
        invoice->pix_until = rg_event_has(e, RG_F_PIX_UNTIL) ? e->pix_until : RG_DAY_NONE;
    }
    if (takes(e, BOLETO_FIELDS, &invoice->set[RG_IG_BOLETO])) {
        invoice->has_boleto = (e->has & BOLETO_FIELDS) != 0;
        invoice->boleto_until = rg_event_has(e, RG_F_BOLETO_UNTIL) ? e->boleto_until : RG_DAY_NONE;
    }
    if (takes(e, RG_BIT(RG_F_LINK), &invoice->set[RG_IG_LINK]))
        invoice->has_link = rg_event_has(e, RG_F_LINK);
}

static void fold_terms(struct rg_invoice *invoice, const struct rg_event *e)
{
    const struct rg_decimal none = {.units = -1};
    if (takes(e, RG_BIT(RG_F_FINE), &invoice->set[RG_IG_FINE]))
        invoice->fine_percent = rg_event_has(e, RG_F_FINE) ? e->fine_percent : none;
    if (takes(e, RG_BIT(RG_F_INTEREST), &invoice->set[RG_IG_INTEREST]))
        invoice->interest_percent_month = rg_event_has(e, RG_F_INTEREST) ? e->interest_percent_month : none;
    if (takes(e, RG_BIT(RG_F_DISCOUNTS), &invoice->set[RG_IG_DISCOUNTS])) {
        invoice->discount_count = e->discount_count;
        memcpy(invoice->discounts, e->discounts, sizeof invoice->discounts);
    }
}

/* A text field: its value, or absent where the event deletes it. */
static void fold_text(struct rg_record *record, const struct rg_event *e, enum rg_field field, struct rg_str value, struct rg_stamp *set, struct rg_str *into)
{
    if (takes(e, RG_BIT(field), set))
        *into = rg_event_has(e, field) ? keep(record, value) : (struct rg_str){0};
}

static void fold_invoice_fields(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e)
{
    if (rg_event_has(e, RG_F_DUE_ON)) {
        note_due_day(record, invoice, e->due_on);
        if (takes(e, RG_BIT(RG_F_DUE_ON), &invoice->set[RG_IG_DUE]))
            invoice->due_on = e->due_on;
    }
    if (rg_event_has(e, RG_F_AMOUNT) && takes(e, RG_BIT(RG_F_AMOUNT), &invoice->set[RG_IG_AMOUNT]))
        invoice->amount_cents = e->amount_cents;
    if (takes(e, RG_BIT(RG_F_ISSUED_ON), &invoice->set[RG_IG_ISSUED_ON]))
        invoice->issued_on = rg_event_has(e, RG_F_ISSUED_ON) ? e->issued_on : RG_DAY_NONE;
    fold_text(record, e, RG_F_CREDITOR, e->creditor, &invoice->set[RG_IG_CREDITOR], &invoice->creditor);
    fold_text(record, e, RG_F_SERVICE, e->service, &invoice->set[RG_IG_SERVICE], &invoice->service);
    fold_text(record, e, RG_F_CONTRACT, e->contract, &invoice->set[RG_IG_CONTRACT], &invoice->contract);
    if (takes(e, RG_BIT(RG_F_TAGS), &invoice->set[RG_IG_TAGS])) {
        invoice->tags = keep_all(record, e->tags, e->tag_count);
        invoice->tag_count = e->tag_count;
    }
    fold_charge(invoice, e);
    fold_terms(invoice, e);
    invoice->issued = invoice->set[RG_IG_DUE].time_ms != 0 && invoice->set[RG_IG_AMOUNT].time_ms != 0;
}

/* A reopening that is known already has had its say. */
static bool note_reopening(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e)
{
    uint32_t identity = rg_event_identity(e);
    for (size_t i = 0; i < invoice->reopening_count; i++)
        if (invoice->reopenings[i] == identity)
            return false;
    if (invoice->reopening_count >= RG_RECORD_OPENINGS_MAX) {
        memmove(invoice->reopenings, invoice->reopenings + 1, --invoice->reopening_count * sizeof identity);
        invoice->more_openings++;
    }
    *RG_PUSH(record->arena, invoice->reopenings, invoice->reopening_count, invoice->reopening_cap) = identity;
    return true;
}

static void fold_state(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e, enum rg_invoice_state state)
{
    struct rg_stamp incoming = stamp_of(e);
    if (e->type == RG_EV_INVOICE_REOPENED && !note_reopening(record, invoice, e))
        return;
    if (!rg_stamp_wins(incoming, invoice->set[RG_IG_STATE]))
        return;
    invoice->set[RG_IG_STATE] = incoming;
    invoice->state = state;
}

static void fold_debit(struct rg_invoice *invoice, const struct rg_event *e)
{
    struct rg_stamp incoming = stamp_of(e);
    if (!rg_stamp_wins(incoming, invoice->set[RG_IG_DEBIT]))
        return;
    invoice->set[RG_IG_DEBIT] = incoming;
    rg_day on = rg_event_has(e, RG_F_ON) ? e->on : rg_brasilia_day(e->time_ms);
    invoice->debit_on = e->type == RG_EV_PAYMENT_SCHEDULED ? on : RG_DAY_NONE;
}

/* ---- the debtor ---- */

static void fold_debtor(struct rg_record *record, const struct rg_event *e)
{
    if (takes(e, RG_BIT(RG_F_KIND), &record->set[RG_DG_KIND]))
        record->kind = rg_event_has(e, RG_F_KIND) ? (enum rg_debtor_kind)e->kind : RG_KIND_UNKNOWN;
    if (takes(e, RG_BIT(RG_F_CONSUMER), &record->set[RG_DG_CONSUMER]))
        record->consumer = rg_event_has(e, RG_F_CONSUMER) ? e->consumer : -1;
    fold_text(record, e, RG_F_TIER, e->tier, &record->set[RG_DG_TIER], &record->tier);
    if (takes(e, RG_BIT(RG_F_SCORE), &record->set[RG_DG_SCORE])) {
        record->score = rg_event_has(e, RG_F_SCORE) ? e->score : -1;
        record->score_on = rg_event_has(e, RG_F_SCORE_ON) ? e->score_on : RG_DAY_NONE;
    }
    if (takes(e, RG_BIT(RG_F_PAYDAY), &record->set[RG_DG_PAYDAY]))
        record->payday = rg_event_has(e, RG_F_PAYDAY) ? e->payday : -1;
    if (takes(e, RG_BIT(RG_F_TAGS), &record->set[RG_DG_TAGS])) {
        record->tags = keep_all(record, e->tags, e->tag_count);
        record->tag_count = e->tag_count;
    }
}

/* Room for one more channel: of those that are open again, the oldest word goes. */
static bool room_for_optout(struct rg_record *record)
{
    size_t oldest = record->optout_count;
    for (size_t i = 0; i < record->optout_count; i++)
        if (!record->optouts[i].out && (oldest == record->optout_count || record->optouts[i].set.time_ms < record->optouts[oldest].set.time_ms))
            oldest = i;
    if (record->optout_count < RG_RECORD_OPTOUTS_MAX)
        return true;
    if (oldest == record->optout_count)
        return false;
    record->optouts[oldest] = record->optouts[--record->optout_count];
    return true;
}

static void fold_consent(struct rg_record *record, const struct rg_event *e)
{
    struct rg_optout *optout = NULL;
    for (size_t i = 0; i < record->optout_count && optout == NULL; i++)
        if (rg_str_eq(record->optouts[i].channel, e->channel))
            optout = &record->optouts[i];
    if (optout == NULL && !room_for_optout(record)) {
        record->overflowing = record->overflowing || e->type == RG_EV_DEBTOR_OPTED_OUT; /* then everything is held */
        return;
    }
    if (optout == NULL) {
        optout = RG_PUSH(record->arena, record->optouts, record->optout_count, record->optout_cap);
        optout->channel = keep(record, e->channel);
    }
    struct rg_stamp incoming = stamp_of(e);
    if (!rg_stamp_wins(incoming, optout->set))
        return;
    optout->set = incoming;
    optout->out = e->type == RG_EV_DEBTOR_OPTED_OUT;
}

/* Room for one more hold: of those that were released, the oldest goes. */
static bool room_for_hold(struct rg_record *record)
{
    size_t oldest = record->hold_count;
    for (size_t i = 0; i < record->hold_count; i++)
        if (!record->holds[i].held && (oldest == record->hold_count || record->holds[i].set.time_ms < record->holds[oldest].set.time_ms))
            oldest = i;
    if (record->hold_count < RG_RECORD_HOLDS_MAX)
        return true;
    if (oldest == record->hold_count)
        return false;
    record->holds[oldest] = record->holds[--record->hold_count];
    return true;
}

static void fold_hold(struct rg_record *record, const struct rg_event *e)
{
    bool for_invoice = rg_event_has(e, RG_F_INVOICE), held = e->type == RG_EV_DEBTOR_HELD;
    struct rg_str ns = for_invoice ? e->ns : (struct rg_str){0}, invoice = for_invoice ? e->invoice : (struct rg_str){0};
    struct rg_hold *hold = NULL;
    for (size_t i = 0; i < record->hold_count && hold == NULL; i++)
        if (rg_str_eq(record->holds[i].invoice, invoice) && rg_str_eq(record->holds[i].ns, ns))
            hold = &record->holds[i];
    if (hold == NULL && !room_for_hold(record)) {
        record->overflowing = held || (record->overflowing && for_invoice); /* then everything is held */
        return;
    }
    if (hold == NULL) {
        hold = RG_PUSH(record->arena, record->holds, record->hold_count, record->hold_cap);
        hold->ns = keep(record, ns);
        hold->invoice = keep(record, invoice);
    }
    struct rg_stamp incoming = stamp_of(e);
    if (!rg_stamp_wins(incoming, hold->set))
        return;
    hold->set = incoming;
    hold->held = held;
    record->overflowing = record->overflowing && (hold->held || for_invoice); /* people have looked, and release him */
    hold->until_ms = hold->held && rg_event_has(e, RG_F_UNTIL) ? e->until_ms : 0;
}

static void fold_protection(struct rg_record *record, const struct rg_event *e)
{
    struct rg_stamp incoming = stamp_of(e);
    if (!rg_stamp_wins(incoming, record->set[RG_DG_PROTECTION]))
        return;
    record->set[RG_DG_PROTECTION] = incoming;
    record->protection = (enum rg_protection)e->protection;
    record->protection_until_ms = rg_event_has(e, RG_F_UNTIL) ? e->until_ms : 0;
}

static void fold_promise(struct rg_record *record, const struct rg_event *e)
{
    struct rg_stamp incoming = stamp_of(e);
    if (!rg_stamp_wins(incoming, record->set[RG_DG_PROMISE]))
        return;
    record->set[RG_DG_PROMISE] = incoming;
    record->promise_on = e->type == RG_EV_PROMISE_MADE ? e->pay_on : RG_DAY_NONE;
}

/* ---- what came back about our own messages and signals ---- */

/* Levels of evidence only rise; each keeps the first time it was reached. A bounce after an acceptance gives the channel up,
 * unless something stronger has been proven. */
static void fold_receipt_into(struct rg_record *record, struct rg_done *done, const struct rg_event *e, int64_t offset)
{
    int64_t told_ms = rg_second_up(rg_event_has(e, RG_F_AT) ? e->at_ms : e->time_ms);
    int64_t at_ms = told_ms > done->decided_ms ? told_ms : done->decided_ms; /* no message arrives before it was decided */
    enum rg_evidence evidence = rg_fact_evidence((enum rg_provider_fact)e->status);
    for (int level = RG_EVIDENCE_ACCEPTED; level <= (int)evidence; level++)
        if (done->evidence_ms[level] == 0 || at_ms < done->evidence_ms[level])
            done->evidence_ms[level] = at_ms;
    if (evidence > done->evidence)
        done->evidence = evidence;
    if (evidence == RG_EVIDENCE_NONE) {
        done->failed = true;
        if (done->evidence < RG_EVIDENCE_DELIVERED)
            rg_done_refuse(record, done, done->channel);
    }
    rg_done_settle(done, offset);
}

static void fold_receipt(struct rg_record *record, const struct rg_event *e, int64_t offset)
{
    struct rg_action_id id;
    if (!rg_action_id_parse(e->action, &id))
        return;
    for (size_t i = 0; i < record->invoice_count; i++)
        for (size_t k = 0; k < record->invoices[i].done_count; k++)
            if (rg_done_is(&record->invoices[i].done[k], &id))
                fold_receipt_into(record, &record->invoices[i].done[k], e, offset);
}

static bool listed(const struct rg_event *e, const struct rg_invoice *invoice)
{
    if (!rg_event_has(e, RG_F_INVOICES))
        return true;
    for (size_t i = 0; i < e->invoice_count; i++)
        if (rg_str_eq(e->invoices[i], invoice->id))
            return true;
    return false;
}

/* The word of the system that acted is about a signal that went out before it; an older one, come again, is about an earlier
 * one. Clocks of two systems are never quite the same. */
static bool speaks_of(const struct rg_done *done, enum rg_signal signal, int64_t at_ms)
{
    bool out = done->state == RG_DONE_CLAIMED || done->state == RG_DONE_SENT || done->state == RG_DONE_UNCERTAIN || done->maybe_sent;
    return done->signal == signal && out && at_ms >= done->decided_ms - CLOCKS_APART_MS;
}

static void fold_confirmation(struct rg_record *record, const struct rg_event *e)
{
    enum rg_signal signal = e->type == RG_EV_SERVICE_SUSPENDED ? RG_SIGNAL_SUSPEND_REQUESTED
                            : e->type == RG_EV_SERVICE_RESTORED ? RG_SIGNAL_RESTORE_REQUESTED
                                                                : RG_SIGNAL_NONE;
    int64_t at_ms = rg_second_up(rg_event_has(e, RG_F_AT) ? e->at_ms : e->time_ms);
    for (size_t i = 0; i < record->invoice_count && signal != RG_SIGNAL_NONE; i++) {
        struct rg_invoice *invoice = &record->invoices[i];
        for (size_t k = 0; k < invoice->done_count && listed(e, invoice); k++)
            if (speaks_of(&invoice->done[k], signal, at_ms))
                rg_earliest(&invoice->done[k].confirmed_ms, at_ms);
    }
}

/* ---- one switch ---- */

/* Something is owed of it, as far as the partition knows. */
static bool asks(const struct rg_record *record, const struct rg_invoice *invoice)
{
    return rg_invoice_is_debt(invoice) && invoice->state == RG_INVOICE_OPEN && !rg_record_paid(record, invoice, 0);
}

static void fold_invoice_event(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *e)
{
    switch (e->type) {
    case RG_EV_INVOICE_ISSUED:
    case RG_EV_INVOICE_UPDATED: fold_invoice_fields(record, invoice, e); break;
    case RG_EV_INVOICE_VOIDED: fold_state(record, invoice, e, RG_INVOICE_VOIDED); break;
    case RG_EV_INVOICE_WRITTEN_OFF: fold_state(record, invoice, e, RG_INVOICE_WRITTEN_OFF); break;
    case RG_EV_INVOICE_REOPENED: fold_state(record, invoice, e, RG_INVOICE_OPEN); break;
    case RG_EV_BILL_OPENED: invoice->opened = true; invoice->received = true; break;
    case RG_EV_BILL_DELIVERED: invoice->received = true; break;
    case RG_EV_PAYMENT_CONFIRMED:
    case RG_EV_PAYMENT_SETTLED:
    case RG_EV_PAYMENT_REVERSED: rg_fold_payment(record, invoice, e); break;
    case RG_EV_PAYMENT_SCHEDULED:
    case RG_EV_PAYMENT_FAILED: fold_debit(invoice, e); break;
    case RG_EV_CREDIT_APPLIED: rg_fold_credit(record, e, invoice); break;
    case RG_EV_DISPUTE_OPENED:
    case RG_EV_DISPUTE_CLOSED: {
        struct rg_stamp incoming = stamp_of(e);
        if (!rg_stamp_wins(incoming, invoice->set[RG_IG_DISPUTE]))
            break;
        invoice->set[RG_IG_DISPUTE] = incoming;
        invoice->disputed = e->type == RG_EV_DISPUTE_OPENED;
        invoice->dispute_accepted = !invoice->disputed && rg_event_has(e, RG_F_RESULT) && rg_str_is(e->result, "accepted");
        break;
    }
    default: break;
    }
}

enum rg_folded rg_fold_event(struct rg_record *record, const struct rg_event *e, int64_t offset, struct rg_error *ret_why)
{
    bool about_debtor = e->type == RG_EV_DEBTOR_HELD || e->type == RG_EV_DEBTOR_RELEASED || e->type == RG_EV_DELIVERY_RECEIPT;
    if (rg_event_has(e, RG_F_INVOICE) && !about_debtor) {
        struct rg_invoice *invoice = touch_invoice(record, e, ret_why);
        if (invoice == NULL)
            return RG_FOLD_CONFLICT;
        bool asked = asks(record, invoice);
        int cycle = rg_invoice_cycle(invoice);
        fold_invoice_event(record, invoice, e);
        invoice->offset = offset;
        invoice->fresh = invoice->fresh || (asks(record, invoice) && (!asked || rg_invoice_cycle(invoice) != cycle));
    }
    switch (e->type) {
    case RG_EV_CREDIT_APPLIED:
        if (!rg_event_has(e, RG_F_INVOICE))
            rg_fold_credit(record, e, NULL);
        break;
    case RG_EV_DEBTOR_UPDATED: fold_debtor(record, e); break;
    case RG_EV_DEBTOR_OPTED_OUT:
    case RG_EV_DEBTOR_OPTED_IN: fold_consent(record, e); break;
    case RG_EV_DEBTOR_HELD:
    case RG_EV_DEBTOR_RELEASED: fold_hold(record, e); break;
    case RG_EV_DEBTOR_PROTECTED: fold_protection(record, e); break;
    case RG_EV_PROMISE_MADE:
    case RG_EV_PROMISE_WITHDRAWN: fold_promise(record, e); break;
    case RG_EV_DELIVERY_RECEIPT: fold_receipt(record, e, offset); break;
    case RG_EV_SERVICE_SUSPENDED:
    case RG_EV_SERVICE_RESTORED:
    case RG_EV_SERVICE_TERMINATED: fold_confirmation(record, e); break;
    default: break;
    }
    rg_record_void_unwanted(record);
    return RG_FOLD_CHANGED;
}

/* ---- the people topic ---- */

static void fold_contacts(struct rg_record *record, const struct rg_event *e)
{
    if (!takes(e, RG_BIT(RG_F_CONTACTS), &record->set[RG_DG_CONTACTS]))
        return;
    record->contact_count = e->contact_count;
    record->contacts = e->contact_count > 0 ? RG_NEW(record->arena, struct rg_contact, e->contact_count) : NULL;
    for (size_t i = 0; i < e->contact_count; i++) {
        record->contacts[i] = e->contacts[i];
        record->contacts[i].channel = keep(record, e->contacts[i].channel);
        record->contacts[i].address = keep(record, e->contacts[i].address);
    }
}

void rg_record_note(struct rg_record *record, struct rg_str about, struct rg_str text, int64_t time_ms)
{
    struct rg_note *note = NULL;
    for (size_t i = 0; i < record->note_count && note == NULL; i++)
        if (rg_str_eq(record->notes[i].about, about))
            note = &record->notes[i];
    if (note == NULL) {
        if (record->note_count >= RG_RECORD_NOTES_MAX) /* words only, nothing is decided by them: the first goes */
            memmove(record->notes, record->notes + 1, --record->note_count * sizeof *note);
        note = RG_PUSH(record->arena, record->notes, record->note_count, record->note_cap);
        note->about = keep(record, about);
    } else if (note->time_ms > time_ms) {
        return;
    }
    note->text = keep(record, text);
    note->time_ms = time_ms;
}

static void fold_reason(struct rg_record *record, const struct rg_event *e)
{
    if (!rg_event_has(e, RG_F_REASON))
        return;
    const char *what = rg_event_type_name(e->type);
    struct rg_str about = rg_event_has(e, RG_F_INVOICE) ? rg_arena_printf(record->arena, "%s " RG_STR_FMT, what, RG_STR_ARG(e->invoice))
                                                        : rg_str(what);
    rg_record_note(record, about, e->reason, e->time_ms);
}

enum rg_folded rg_fold_person(struct rg_record *record, const struct rg_event *e)
{
    if (e->type == RG_EV_DEBTOR_UPDATED) {
        fold_text(record, e, RG_F_NAME, e->name, &record->set[RG_DG_NAME], &record->name);
        fold_text(record, e, RG_F_DOCUMENT, e->document, &record->set[RG_DG_DOCUMENT], &record->document);
        fold_text(record, e, RG_F_STATE, e->state, &record->set[RG_DG_STATE], &record->state);
        fold_text(record, e, RG_F_CITY, e->city, &record->set[RG_DG_CITY], &record->city);
        fold_text(record, e, RG_F_TIME_ZONE, e->time_zone, &record->set[RG_DG_TIME_ZONE], &record->time_zone);
        fold_text(record, e, RG_F_LANGUAGE, e->language, &record->set[RG_DG_LANGUAGE], &record->language);
        fold_contacts(record, e);
    }
    fold_reason(record, e);
    record->people_dirty = true;
    return RG_FOLD_CHANGED;
}

enum rg_folded rg_record_apply(struct rg_record *record, const struct rg_fact_record *fact, struct rg_error *ret_why)
{
    if (fact->event != NULL && fact->personal)
        return rg_fold_person(record, fact->event);
    enum rg_folded folded = fact->event != NULL ? rg_fold_event(record, fact->event, fact->offset, ret_why) : rg_fold_own(record, fact);
    rg_record_bound(record);
    return folded;
}
