/* A record for people and programs: everything that is known, names of fields as in the events that brought them. Personal data
 * is masked unless it is asked for; what is empty is left out. */
#include "daemon/state/codec.h"

#include "base/core/hash.h"

#include "brazil/ids/document.h"
#include "brazil/text/mask.h"

#include <string.h>

static void instant(struct rg_jw *jw, const char *key, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    if (ms == 0)
        return;
    rg_instant_format(ms, -180, text);
    rg_jw_member_cstr(jw, key, text);
}

static void day(struct rg_jw *jw, const char *key, rg_day value)
{
    char text[RG_DAY_TEXT_MAX];
    if (value == RG_DAY_NONE)
        return;
    rg_day_format(value, text);
    rg_jw_member_cstr(jw, key, text);
}

static void count(struct rg_jw *jw, const char *key, int64_t value)
{
    if (value != 0)
        rg_jw_member_int(jw, key, value);
}

static void texts(struct rg_jw *jw, const char *key, const struct rg_str *list, size_t n)
{
    if (n == 0)
        return;
    rg_jw_member_array(jw, key);
    for (size_t i = 0; i < n; i++)
        rg_jw_str(jw, list[i]);
    rg_jw_array_end(jw);
}

typedef void mask_fn(struct rg_str text, char ret_text[RG_MASK_TEXT_MAX]);

static void mask_document(struct rg_str text, char ret_text[RG_MASK_TEXT_MAX])
{
    struct rg_document document;
    static_assert(RG_DOCUMENT_MASK_MAX <= RG_MASK_TEXT_MAX, "a masked document fits where masks go");
    if (rg_document_check(text, RG_DOCUMENT_AUTO, &document, NULL) == 0)
        rg_document_mask(&document, ret_text);
    else
        memcpy(ret_text, "***", sizeof "***");
}

static void personal(struct rg_jw *jw, const char *key, struct rg_str text, bool reveal, mask_fn *mask)
{
    char masked[RG_MASK_TEXT_MAX];
    if (!rg_str_has(text))
        return;
    if (!reveal)
        mask(text, masked);
    rg_jw_member_str(jw, key, reveal ? text : rg_str(masked));
}

static void payments(struct rg_jw *jw, const struct rg_invoice *v)
{
    if (v->payment_count == 0)
        return;
    rg_jw_member_array(jw, "payments");
    for (size_t i = 0; i < v->payment_count; i++) {
        const struct rg_payment *p = &v->payments[i];
        rg_jw_object(jw);
        rg_jw_member_str(jw, "payment", p->id);
        count(jw, "confirmed_cents", p->confirmed_cents);
        count(jw, "settled_cents", p->settled_cents);
        count(jw, "reversed_cents", p->reversed_cents);
        day(jw, "paid_on", p->paid_on);
        if (rg_invoice_merged(v, i))
            rg_jw_member_bool(jw, "counted_when_settled", true); /* the same money as a settlement of that amount */
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void steps(struct rg_jw *jw, const struct rg_invoice *v)
{
    char trace[2 * RG_TRACE_BYTES + 1];
    rg_jw_member_array(jw, "steps");
    for (size_t i = 0; i < v->done_count; i++) {
        const struct rg_done *d = &v->done[i];
        rg_jw_object(jw);
        rg_jw_member_str(jw, "step", d->step);
        rg_jw_member_int(jw, "repetition", d->repetition);
        rg_jw_member_int(jw, "cycle", d->cycle);
        rg_jw_member_int(jw, "attempt", d->attempt);
        rg_jw_member_cstr(jw, "state", rg_done_state_name(d->state));
        if (d->gate != RG_GATE_NONE)
            rg_jw_member_cstr(jw, "gate", rg_gate_name(d->gate));
        rg_jw_member_opt_str(jw, "channel", d->channel);
        if (d->evidence != RG_EVIDENCE_NONE)
            rg_jw_member_cstr(jw, "evidence", rg_evidence_name(d->evidence));
        if (d->signal != RG_SIGNAL_NONE)
            rg_jw_member_cstr(jw, "signal", rg_signal_name(d->signal));
        count(jw, "tries", d->tries);
        count(jw, "sequence", d->sequence);
        instant(jw, "at", d->at_ms);
        instant(jw, "confirmed_at", d->confirmed_ms);
        if (rg_done_traced(d)) {
            rg_hex(d->trace, sizeof d->trace, trace);
            rg_jw_member_cstr(jw, "action_ends", trace);
        }
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

/* How an invoice stands, in one word, and what is still asked for: an invoice that is paid may lack a few centavos, or the discount
 * it was paid with. */
static const char *standing(const struct rg_record *r, const struct rg_invoice *v, int64_t tolerance_cents, int64_t *ret_left_cents)
{
    int64_t balance = rg_record_balance_cents(r, v);
    *ret_left_cents = 0;
    if (v->state == RG_INVOICE_VOIDED)
        return "voided";
    if (!v->issued)
        return "not_issued";
    if (rg_record_paid(r, v, tolerance_cents))
        return "paid";
    *ret_left_cents = balance > 0 ? balance : 0;
    return v->state == RG_INVOICE_WRITTEN_OFF ? "written_off" : "open";
}

static void invoice(struct rg_jw *jw, const struct rg_record *r, const struct rg_invoice *v, int64_t tolerance_cents)
{
    int64_t left_cents;
    const char *state = standing(r, v, tolerance_cents, &left_cents);
    rg_jw_object(jw);
    rg_jw_member_str(jw, "invoice", v->id);
    rg_jw_member_opt_str(jw, "namespace", v->ns);
    rg_jw_member_bool(jw, "issued", v->issued);
    rg_jw_member_cstr(jw, "state", state);
    rg_jw_member_int(jw, "cycle", rg_invoice_cycle(v));
    rg_jw_member_int(jw, "amount_cents", v->amount_cents);
    rg_jw_member_int(jw, "balance_cents", rg_record_balance_cents(r, v));
    rg_jw_member_int(jw, "left_cents", left_cents);
    day(jw, "due_on", v->due_on);
    day(jw, "issued_on", v->issued_on);
    rg_jw_member_opt_str(jw, "service", v->service);
    rg_jw_member_opt_str(jw, "creditor", v->creditor);
    rg_jw_member_opt_str(jw, "contract", v->contract);
    texts(jw, "tags", v->tags, v->tag_count);
    rg_jw_member_bool(jw, "pix", v->has_pix);
    rg_jw_member_bool(jw, "boleto", v->has_boleto);
    if (v->disputed)
        rg_jw_member_bool(jw, "disputed", true);
    if (rg_invoice_excused(v))
        rg_jw_member_bool(jw, "dispute_accepted", true);
    day(jw, "debit_on", v->debit_on);
    payments(jw, v);
    steps(jw, v);
    rg_jw_member_int(jw, "offset", v->offset);
    rg_jw_object_end(jw);
}

static void contacts(struct rg_jw *jw, const struct rg_record *r, bool reveal)
{
    rg_jw_member_array(jw, "contacts");
    for (size_t i = 0; i < r->contact_count; i++) {
        const struct rg_contact *c = &r->contacts[i];
        bool phone = rg_str_has(c->address) && c->address.p[0] == '+';
        rg_jw_object(jw);
        rg_jw_member_str(jw, "channel", c->channel);
        personal(jw, "address", c->address, reveal, phone ? rg_mask_phone : rg_mask_email);
        if (c->verified_false)
            rg_jw_member_bool(jw, "verified", false);
        if (c->preferred)
            rg_jw_member_bool(jw, "preferred", true);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void holds(struct rg_jw *jw, const struct rg_record *r)
{
    rg_jw_member_array(jw, "holds");
    for (size_t i = 0; i < r->hold_count; i++) {
        if (!r->holds[i].held)
            continue;
        rg_jw_object(jw);
        rg_jw_member_opt_str(jw, "invoice", r->holds[i].invoice);
        instant(jw, "until", r->holds[i].until_ms);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
    rg_jw_member_array(jw, "opted_out");
    for (size_t i = 0; i < r->optout_count; i++)
        if (r->optouts[i].out)
            rg_jw_str(jw, r->optouts[i].channel);
    rg_jw_array_end(jw);
}

static void actions(struct rg_jw *jw, const struct rg_record *r)
{
    char text[RG_ACTION_TEXT + 1];
    rg_jw_member_array(jw, "under_way");
    for (size_t i = 0; i < r->action_count; i++) {
        const struct rg_action *a = &r->actions[i];
        rg_jw_object(jw);
        rg_action_id_print(&a->decision.action, text);
        rg_jw_member_cstr(jw, "action", text);
        rg_jw_member_str(jw, "step", a->decision.step);
        rg_jw_member_str(jw, "channel", a->decision.channel);
        rg_jw_member_cstr(jw, "state", a->state == RG_ACTION_CLAIMED ? "claimed" : "queued");
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void past(struct rg_jw *jw, const struct rg_past *p)
{
    if (p->invoices == 0)
        return;
    rg_jw_member_object(jw, "made_room"); /* closed invoices of which only this is left */
    rg_jw_member_int(jw, "invoices", p->invoices);
    rg_jw_member_int(jw, "paid", p->paid);
    instant(jw, "known_until", p->known_ms);
    rg_jw_object_end(jw);
}

void rg_record_json(const struct rg_record *r, int64_t tolerance_cents, bool reveal, struct rg_jw *jw)
{
    rg_jw_object(jw);
    rg_jw_member_int(jw, "v", RG_RECORD_VERSION);
    rg_jw_member_str(jw, "debtor", r->debtor);
    personal(jw, "name", r->name, reveal, rg_mask_name);
    personal(jw, "document", r->document, reveal, mask_document);
    if (r->kind != RG_KIND_UNKNOWN)
        rg_jw_member_cstr(jw, "kind", rg_debtor_kind_name(r->kind));
    rg_jw_member_bool(jw, "consumer", rg_record_consumer(r));
    rg_jw_member_opt_str(jw, "state", r->state);
    rg_jw_member_opt_str(jw, "city", r->city);
    rg_jw_member_opt_str(jw, "time_zone", r->time_zone);
    rg_jw_member_opt_str(jw, "tier", r->tier);
    texts(jw, "tags", r->tags, r->tag_count);
    if (r->protection != RG_PROTECT_NONE)
        rg_jw_member_cstr(jw, "protected", rg_protection_name(r->protection));
    day(jw, "promised_on", r->promise_on);
    contacts(jw, r, reveal);
    holds(jw, r);
    rg_jw_member_array(jw, "invoices");
    for (size_t i = 0; i < r->invoice_count; i++)
        invoice(jw, r, &r->invoices[i], tolerance_cents);
    rg_jw_array_end(jw);
    actions(jw, r);
    count(jw, "sequence", r->sequence);
    past(jw, &r->past);
    if (r->overflowing)
        rg_jw_member_bool(jw, "overflowing", true);
    rg_jw_object_end(jw);
}
