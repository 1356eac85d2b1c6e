/* One description serves both directions: each struct has one `walk` function that hands every field to a coder, which
 * either appends it or reads it. Writing and reading cannot drift apart, and a new field is one line. Enum values are stored as
 * they are numbered, so those lists only ever grow at their end.
 *
 * Eight fields share a control byte: what most records have stands in the first eight of a struct, what few have in groups of its
 * own that take a bit when they are not there. What can be told from a neighbour (the channel of the step before, the amount of
 * the invoice a payment is for, the day of a payment's time) is stored only where it differs. */
#include "daemon/state/codec.h"

#include "daemon/state/coder.h"

#include <string.h>

#define WHATS (RG_DONE_COUNT * RG_TONE_COUNT * RG_EVIDENCE_COUNT)

/* ---- steps ---- */

/* State, tone and evidence; a step that was sent is the usual one. */
static uint64_t number_of_what(const struct rg_done *d)
{
    unsigned state = ((unsigned)d->state + RG_DONE_COUNT - RG_DONE_SENT) % RG_DONE_COUNT;
    return (state * RG_TONE_COUNT + (unsigned)d->tone) * RG_EVIDENCE_COUNT + (unsigned)d->evidence;
}

static void walk_what(struct rg_coder *c, struct rg_done *d, const struct rg_done *before)
{
    uint64_t usual = number_of_what(before), number = number_of_what(d) == usual ? 0 : number_of_what(d) + 1;
    rg_code_number(c, &number);
    if (number > WHATS) {
        c->broken = true;
        number = 0;
    }
    unsigned what = (unsigned)(number == 0 ? usual : number - 1);
    d->evidence = (enum rg_evidence)(what % RG_EVIDENCE_COUNT);
    d->tone = (enum rg_tone)(what / RG_EVIDENCE_COUNT % RG_TONE_COUNT);
    d->state = (enum rg_done_state)((what / RG_EVIDENCE_COUNT / RG_TONE_COUNT + RG_DONE_SENT) % RG_DONE_COUNT);
}

/* Which action it was, and where the ledger says that it went out. */
static void walk_trace(struct rg_coder *c, struct rg_done *d)
{
    bool traced = rg_done_traced(d);
    rg_code_offset_and(c, &d->sent_offset, 0, &traced);
    if (traced)
        rg_code_bytes(c, d->trace, sizeof d->trace);
}

/* Levels are proven one after the other, mostly at once: only the times that differ from the one before. */
static void walk_proof(struct rg_coder *c, struct rg_done *d)
{
    uint64_t differ = 0;
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++)
        differ |= (uint64_t)(d->evidence_ms[e] != (e == RG_EVIDENCE_ACCEPTED ? d->at_ms : d->evidence_ms[e - 1])) << e;
    rg_code_number(c, &differ);
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++) {
        if ((differ >> e & 1) != 0)
            rg_code_time(c, &d->evidence_ms[e]);
        else
            d->evidence_ms[e] = e == RG_EVIDENCE_ACCEPTED ? d->at_ms : d->evidence_ms[e - 1];
    }
}

static void walk_signal(struct rg_coder *c, struct rg_done *d)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, RG_CODE_ENUM(c, d->signal, RG_SIGNAL_COUNT));
    RG_FIELD(c, rg_code_i64_from(c, &d->sequence, 0));
    RG_FIELD(c, rg_code_time(c, &d->confirmed_ms));
    rg_coder_group_end(c, outer, false);
}

static void walk_trouble(struct rg_coder *c, struct rg_done *d)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, RG_CODE_FLAGS(c, &d->failed, &d->maybe_sent));
    RG_FIELD(c, rg_code_int_from(c, &d->tries, 0));
    RG_FIELD(c, rg_code_i64_from(c, &d->retry_after_ms, 0));
    RG_FIELD(c, rg_code_words(c, &d->refused, &d->refused_count));
    d->refused_cap = d->refused_count;
    rg_coder_group_end(c, outer, false);
}

static void walk_step_rest(struct rg_coder *c, struct rg_done *d, const struct rg_done *before)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_int_from(c, &d->repetition, 1));
    RG_FIELD(c, rg_code_int_from(c, &d->cycle, before->cycle));
    RG_FIELD(c, rg_code_int_from(c, &d->attempt, 1));
    RG_FIELD(c, RG_CODE_ENUM(c, d->gate, RG_GATE_COUNT));
    RG_FIELD(c, rg_code_cents(c, &d->balance_cents, 0));
    RG_FIELD(c, walk_signal(c, d));
    RG_FIELD(c, walk_trouble(c, d));
    RG_FIELD(c, rg_code_day_as(c, &d->deadline_on, RG_DAY_NONE));
    rg_coder_group_end(c, outer, false);
}

static void walk_done(struct rg_coder *c, struct rg_done *d, const struct rg_done *before)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_word(c, &d->step));
    RG_FIELD(c, walk_what(c, d, before));
    RG_FIELD(c, rg_code_word_as(c, &d->channel, before->channel));
    RG_FIELD(c, rg_code_time(c, &d->decided_ms));
    RG_FIELD(c, rg_code_time_as(c, &d->at_ms, d->decided_ms));
    RG_FIELD(c, walk_trace(c, d));
    RG_FIELD(c, walk_proof(c, d));
    RG_FIELD(c, walk_step_rest(c, d, before));
    rg_coder_group_end(c, outer, true);
}

static void walk_steps(struct rg_coder *c, struct rg_invoice *v)
{
    struct rg_done none = {.cycle = 1, .state = RG_DONE_SENT};
    const struct rg_done *before = &none;
    RG_CODE_LIST(c, v->done, v->done_count);
    v->done_cap = v->done_count;
    for (size_t i = 0; i < v->done_count; i++) {
        walk_done(c, &v->done[i], before);
        before = &v->done[i];
    }
}

/* ---- money ---- */

static void walk_credits(struct rg_coder *c, struct rg_credit **credits, size_t *count, size_t *cap)
{
    RG_CODE_LIST(c, *credits, *count);
    for (size_t i = 0; i < *count; i++) {
        rg_code_hash(c, &(*credits)[i].identity);
        rg_code_cents(c, &(*credits)[i].cents, 0);
    }
    *cap = *count;
}

static void walk_reversal(struct rg_coder *c, struct rg_payment *p)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_cents(c, &p->reversed_cents, 0));
    RG_FIELD(c, rg_code_time(c, &p->reversed_ms));
    rg_coder_group_end(c, outer, false);
}

/* Paid on the day of its first event, unless that said otherwise. */
static rg_day usual_day(const struct rg_payment *p)
{
    int64_t first_ms = p->confirmed_ms == 0 || (p->settled_ms != 0 && p->settled_ms < p->confirmed_ms) ? p->settled_ms : p->confirmed_ms;
    return first_ms == 0 ? RG_DAY_NONE : rg_brasilia_day(first_ms);
}

static void walk_payment(struct rg_coder *c, struct rg_payment *p, const struct rg_invoice *v)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_text_as(c, &p->id, v->id)); /* where a charge is paid once, it is often the same */
    RG_FIELD(c, RG_CODE_FLAGS(c, &p->unnamed, &p->chargeback));
    RG_FIELD(c, rg_code_cents(c, &p->confirmed_cents, v->amount_cents));
    RG_FIELD(c, rg_code_cents(c, &p->settled_cents, v->amount_cents));
    RG_FIELD(c, rg_code_time(c, &p->confirmed_ms));
    RG_FIELD(c, rg_code_time(c, &p->settled_ms));
    RG_FIELD(c, rg_code_day_as(c, &p->paid_on, usual_day(p)));
    RG_FIELD(c, walk_reversal(c, p));
    rg_coder_group_end(c, outer, true);
}

static void walk_payments(struct rg_coder *c, struct rg_invoice *v)
{
    RG_CODE_LIST(c, v->payments, v->payment_count);
    c->broken = c->broken || v->payment_count > RG_RECORD_PAYMENTS_MAX; /* sums keep a set of them */
    v->payment_cap = v->payment_count;
    for (size_t i = 0; i < v->payment_count; i++)
        walk_payment(c, &v->payments[i], v);
}

/* ---- invoices ---- */

static void walk_discounts(struct rg_coder *c, struct rg_invoice *v)
{
    rg_code_length(c, &v->discount_count, RG_DISCOUNTS_MAX);
    for (size_t i = 0; i < v->discount_count; i++) {
        RG_CODE_FLAGS(c, &v->discounts[i].by_percent);
        rg_code_decimal(c, &v->discounts[i].percent);
        rg_code_cents(c, &v->discounts[i].amount_cents, 0);
        rg_code_day(c, &v->discounts[i].until);
    }
}

static void walk_charge(struct rg_coder *c, struct rg_invoice *v)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_day(c, &v->pix_until));
    RG_FIELD(c, rg_code_day(c, &v->boleto_until));
    RG_FIELD(c, rg_code_decimal(c, &v->fine_percent));
    RG_FIELD(c, rg_code_decimal(c, &v->interest_percent_month));
    RG_FIELD(c, walk_discounts(c, v));
    rg_coder_group_end(c, outer, false);
}

/* The day it is due on is mostly the only one it ever was. */
static void walk_due_days(struct rg_coder *c, struct rg_invoice *v)
{
    bool only = v->due_day_count == 1 && v->due_days[0] == v->due_on;
    uint64_t number = only ? 0 : (uint64_t)v->due_day_count + 1;
    rg_code_number(c, &number);
    size_t count = c->out != NULL ? v->due_day_count : number == 0 ? 1 : number > RG_RECORD_OPENINGS_MAX + 1 ? 0 : (size_t)number - 1;
    c->broken = c->broken || number > RG_RECORD_OPENINGS_MAX + 1;
    if (c->out == NULL)
        v->due_days = count > 0 ? RG_NEW(c->arena, rg_day, count) : NULL;
    v->due_day_count = v->due_day_cap = count;
    if (number == 0 && count > 0)
        v->due_days[0] = v->due_on;
    for (size_t i = 0; number > 0 && i < count; i++)
        rg_code_day(c, &v->due_days[i]);
}

static void walk_openings(struct rg_coder *c, struct rg_invoice *v)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, RG_CODE_LIST(c, v->reopenings, v->reopening_count));
    for (size_t i = 0; i < v->reopening_count; i++)
        rg_code_hash(c, &v->reopenings[i]);
    v->reopening_cap = v->reopening_count;
    RG_FIELD(c, walk_due_days(c, v));
    RG_FIELD(c, rg_code_int_from(c, &v->more_openings, 0));
    rg_coder_group_end(c, outer, false);
}

static void walk_invoice_rest(struct rg_coder *c, struct rg_invoice *v, const struct rg_invoice *before)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_word_as(c, &v->creditor, before->creditor));
    RG_FIELD(c, rg_code_text_as(c, &v->contract, before->contract));
    RG_FIELD(c, rg_code_words(c, &v->tags, &v->tag_count));
    RG_FIELD(c, RG_CODE_ENUM(c, v->state, RG_INVOICE_WRITTEN_OFF + 1));
    RG_FIELD(c, rg_code_day(c, &v->debit_on));
    RG_FIELD(c, walk_credits(c, &v->credits, &v->credit_count, &v->credit_cap));
    RG_FIELD(c, rg_code_time(c, &v->caught_up_ms));
    rg_coder_group_end(c, outer, false);
}

static void walk_invoice(struct rg_coder *c, struct rg_invoice *v, const struct rg_invoice *before)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_word_as(c, &v->ns, before->ns));
    RG_FIELD(c, rg_code_text(c, &v->id));
    RG_FIELD(c, RG_CODE_FLAGS(c, &v->issued, &v->has_pix, &v->has_boleto, &v->has_link, &v->received, &v->opened, &v->fresh,
                              &v->disputed, &v->dispute_accepted));
    RG_FIELD(c, rg_code_word_as(c, &v->service, before->service));
    RG_FIELD(c, rg_code_day(c, &v->due_on));
    RG_FIELD(c, rg_code_cents(c, &v->amount_cents, before->amount_cents));
    RG_FIELD(c, rg_code_stamps(c, v->set, RG_IG_COUNT));
    RG_FIELD(c, rg_code_offset(c, &v->offset, -1));

    RG_FIELD(c, rg_code_day(c, &v->issued_on));
    RG_FIELD(c, walk_payments(c, v));
    RG_FIELD(c, walk_steps(c, v));
    RG_FIELD(c, walk_charge(c, v));
    RG_FIELD(c, walk_openings(c, v));
    RG_FIELD(c, walk_invoice_rest(c, v, before));
    rg_coder_group_end(c, outer, true);
}

static void walk_invoices(struct rg_coder *c, struct rg_record *r)
{
    struct rg_invoice none = {.state = RG_INVOICE_OPEN};
    const struct rg_invoice *before = &none;
    RG_CODE_LIST(c, r->invoices, r->invoice_count);
    r->invoice_cap = r->invoice_count;
    for (size_t i = 0; i < r->invoice_count; i++) {
        walk_invoice(c, &r->invoices[i], before);
        before = &r->invoices[i];
    }
}

static void walk_past(struct rg_coder *c, struct rg_past *past)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_count(c, &past->invoices));
    RG_FIELD(c, rg_code_time(c, &past->known_ms));
    RG_FIELD(c, rg_code_count(c, &past->counted));
    RG_FIELD(c, rg_code_count(c, &past->paid));
    RG_FIELD(c, rg_code_count(c, &past->streak));
    RG_FIELD(c, rg_code_length(c, &past->mark_count, RG_PAST_MARKS_MAX));
    for (size_t i = 0; i < past->mark_count; i++) {
        rg_code_day(c, &past->marks[i].on);
        RG_CODE_ENUM(c, past->marks[i].kind, RG_PAST_KIND_COUNT);
    }
    rg_coder_group_end(c, outer, false);
}

/* ---- what is under way ---- */

/* The decision is stored as its own wire form: rarely present, and read back by the one codec there is. */
static void walk_decision(struct rg_coder *c, struct rg_decision *decision)
{
    struct rg_str wire = {0};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    if (c->out != NULL) {
        rg_decision_write(decision, &buf);
        wire = rg_buf_str(&buf);
    }
    rg_code_raw(c, &wire);
    if (c->out == NULL && !c->broken && rg_decision_read(wire, c->arena, decision, NULL) < 0)
        c->broken = true;
}

static void walk_action(struct rg_coder *c, struct rg_action *a)
{
    walk_decision(c, &a->decision);
    RG_CODE_ENUM(c, a->state, RG_ACTION_CLAIMED + 1);
    if (a->state == RG_ACTION_CLAIMED) {
        rg_code_bytes(c, a->claim.b, sizeof a->claim.b);
        rg_code_offset(c, &a->claim_offset, -1);
        rg_code_time(c, &a->claim_over_ms);
    } else {
        a->claim_offset = -1;
    }
    rg_code_offset(c, &a->logged_offset, -1);
    RG_CODE_FLAGS(c, &a->recalling);
    rg_code_int_from(c, &a->releases, 1);
}

static void walk_actions(struct rg_coder *c, struct rg_record *r)
{
    RG_CODE_LIST(c, r->actions, r->action_count);
    r->action_cap = r->action_count;
    for (size_t i = 0; i < r->action_count; i++)
        walk_action(c, &r->actions[i]);
}

/* ---- the debtor ---- */

static void walk_contacts(struct rg_coder *c, struct rg_record *r)
{
    RG_CODE_LIST(c, r->contacts, r->contact_count);
    for (size_t i = 0; i < r->contact_count; i++) {
        struct rg_contact *contact = &r->contacts[i];
        struct rg_coder_group outer = rg_coder_group_begin(c);
        RG_FIELD(c, rg_code_word(c, &contact->channel));
        RG_FIELD(c, rg_code_text_as(c, &contact->address, i > 0 ? r->contacts[i - 1].address : (struct rg_str){0}));
        RG_FIELD(c, RG_CODE_FLAGS(c, &contact->verified_false, &contact->in_contract, &contact->preferred));
        rg_coder_group_end(c, outer, true);
    }
}

static void walk_notes(struct rg_coder *c, struct rg_record *r)
{
    RG_CODE_LIST(c, r->notes, r->note_count);
    r->note_cap = r->note_count;
    for (size_t i = 0; i < r->note_count; i++) {
        rg_code_word(c, &r->notes[i].about);
        rg_code_text(c, &r->notes[i].text);
        rg_code_time(c, &r->notes[i].time_ms);
    }
}

static void walk_person_rest(struct rg_coder *c, struct rg_record *r)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_text(c, &r->city));
    RG_FIELD(c, rg_code_word(c, &r->time_zone));
    RG_FIELD(c, rg_code_word(c, &r->language));
    RG_FIELD(c, walk_notes(c, r));
    rg_coder_group_end(c, outer, false);
}

static void walk_score(struct rg_coder *c, struct rg_record *r)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_i64_from(c, &r->score, -1));
    RG_FIELD(c, rg_code_day(c, &r->score_on));
    RG_FIELD(c, rg_code_i64_from(c, &r->payday, -1));
    rg_coder_group_end(c, outer, false);
}

static void walk_facts(struct rg_coder *c, struct rg_record *r)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_int_from(c, &r->consumer, -1));
    RG_FIELD(c, rg_code_word(c, &r->tier));
    RG_FIELD(c, rg_code_words(c, &r->tags, &r->tag_count));
    RG_FIELD(c, walk_score(c, r));
    RG_FIELD(c, RG_CODE_ENUM(c, r->protection, RG_PROTECT_COUNT));
    RG_FIELD(c, rg_code_time(c, &r->protection_until_ms));
    RG_FIELD(c, rg_code_day(c, &r->promise_on));
    rg_coder_group_end(c, outer, false);
}

static void walk_holds(struct rg_coder *c, struct rg_record *r)
{
    RG_CODE_LIST(c, r->holds, r->hold_count);
    r->hold_cap = r->hold_count;
    for (size_t i = 0; i < r->hold_count; i++) {
        struct rg_hold *hold = &r->holds[i];
        rg_code_word(c, &hold->ns);
        rg_code_text(c, &hold->invoice);
        rg_code_stamp(c, &hold->set);
        RG_CODE_FLAGS(c, &hold->held);
        rg_code_time(c, &hold->until_ms);
    }
}

static void walk_optouts(struct rg_coder *c, struct rg_record *r)
{
    RG_CODE_LIST(c, r->optouts, r->optout_count);
    r->optout_cap = r->optout_count;
    for (size_t i = 0; i < r->optout_count; i++) {
        struct rg_optout *optout = &r->optouts[i];
        rg_code_word(c, &optout->channel);
        rg_code_stamp(c, &optout->set);
        RG_CODE_FLAGS(c, &optout->out);
    }
}

static void walk_consents(struct rg_coder *c, struct rg_record *r)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, walk_holds(c, r));
    RG_FIELD(c, walk_optouts(c, r));
    RG_FIELD(c, walk_credits(c, &r->credits, &r->credit_count, &r->credit_cap));
    rg_coder_group_end(c, outer, false);
}

/* Most debtors are persons. */
static void walk_kind(struct rg_coder *c, struct rg_record *r)
{
    unsigned number = r->kind == RG_KIND_UNKNOWN ? RG_KIND_PERSON : r->kind == RG_KIND_PERSON ? RG_KIND_UNKNOWN : r->kind;
    RG_CODE_ENUM(c, number, RG_KIND_COUNT);
    r->kind = number == RG_KIND_UNKNOWN ? RG_KIND_PERSON : number == RG_KIND_PERSON ? RG_KIND_UNKNOWN : (enum rg_debtor_kind)number;
}

static void walk_record(struct rg_coder *c, struct rg_record *r)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, walk_kind(c, r));
    RG_FIELD(c, rg_code_stamps(c, r->set, RG_DG_COUNT));
    RG_FIELD(c, rg_code_text(c, &r->name));
    RG_FIELD(c, rg_code_text(c, &r->document));
    RG_FIELD(c, rg_code_word(c, &r->state));
    RG_FIELD(c, walk_contacts(c, r));
    RG_FIELD(c, walk_person_rest(c, r));
    RG_FIELD(c, walk_facts(c, r));

    RG_FIELD(c, walk_consents(c, r));
    RG_FIELD(c, walk_past(c, &r->past));
    RG_FIELD(c, walk_invoices(c, r));
    RG_FIELD(c, walk_actions(c, r));
    RG_FIELD(c, rg_code_i64_from(c, &r->sequence, 0));
    RG_FIELD(c, rg_code_offset(c, &r->previous_decision, -1));
    RG_FIELD(c, rg_code_time(c, &r->looked_ms));
    RG_FIELD(c, RG_CODE_FLAGS(c, &r->overflowing));
    rg_coder_group_end(c, outer, true);
}

/* ---- both ways ---- */

int rg_record_encode(const struct rg_record *record, struct rg_buf *buf, struct rg_error *err)
{
    struct rg_record copy = *record; /* the walk takes fields by address, and writes back what it read: the same values */
    struct rg_coder c;
    size_t before = buf->len;
    rg_buf_addc(buf, RG_RECORD_VERSION);
    rg_coder_init_write(&c, buf);
    walk_record(&c, &copy);
    if (buf->overflow || buf->len - before > RG_RECORD_STORED_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor " RG_STR_FMT ": record larger than %zu bytes", RG_STR_ARG(record->debtor),
                       RG_RECORD_STORED_MAX);
    return 0;
}

int rg_record_decode(struct rg_str bytes, struct rg_str debtor, struct rg_arena *arena, struct rg_record **ret_record,
                     struct rg_error *err)
{
    if (bytes.n == 0)
        return rg_fail(err, RG_EINVAL, "debtor record: empty");
    if (bytes.n > RG_RECORD_STORED_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor record: %zu bytes, at most %zu expected", bytes.n, RG_RECORD_STORED_MAX);
    uint8_t version = (uint8_t)bytes.p[0];
    if (version != RG_RECORD_VERSION)
        return rg_fail(err, RG_EREFUSED, "debtor record: version %d, this program knows %d; was a newer one here before?",
                       version, RG_RECORD_VERSION);
    struct rg_record *record = rg_record_new(arena, debtor);
    struct rg_coder c;
    rg_coder_init_read(&c, (struct rg_str){bytes.p + 1, bytes.n - 1}, arena);
    walk_record(&c, record);
    if (c.broken || c.in.n > 0)
        return rg_fail(err, RG_EINVAL, "debtor record: broken at byte %zu of %zu", bytes.n - c.in.n, bytes.n);
    *ret_record = record;
    return 0;
}
