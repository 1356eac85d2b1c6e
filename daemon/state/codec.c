/* One description serves both directions: each struct has one `walk` function that hands every field to a coder, which
 * either appends it or reads it. Writing and reading cannot drift apart, and a new field is one line. Enum values are stored as
 * they are numbered, so those lists only ever grow at their end. */
#include "daemon/state/codec.h"

#include "daemon/state/coder.h"

static void walk_credits(struct rg_coder *c, struct rg_credit **credits, size_t *count, size_t *cap)
{
    RG_CODE_LIST(c, *credits, *count);
    for (size_t i = 0; i < *count; i++) {
        rg_code_hash(c, &(*credits)[i].identity);
        rg_code_cents(c, &(*credits)[i].cents);
    }
    *cap = *count;
}

static void walk_payment(struct rg_coder *c, struct rg_payment *p)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_str(c, &p->id));
    RG_FIELD(c, RG_CODE_FLAGS(c, &p->unnamed, &p->chargeback));
    RG_FIELD(c, rg_code_cents(c, &p->confirmed_cents));
    RG_FIELD(c, rg_code_cents(c, &p->settled_cents));
    RG_FIELD(c, rg_code_cents(c, &p->reversed_cents));
    RG_FIELD(c, rg_code_time(c, &p->confirmed_ms));
    RG_FIELD(c, rg_code_time(c, &p->settled_ms));
    RG_FIELD(c, rg_code_time(c, &p->reversed_ms));
    RG_FIELD(c, rg_code_day(c, &p->paid_on));
    rg_coder_group_end(c, outer);
}

static void walk_done(struct rg_coder *c, struct rg_done *d)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_word(c, &d->step));
    RG_FIELD(c, rg_code_int_from(c, &d->repetition, 1));
    RG_FIELD(c, rg_code_int_from(c, &d->cycle, 1));
    RG_FIELD(c, rg_code_int_from(c, &d->attempt, 1));
    RG_FIELD(c, RG_CODE_ENUM(c, d->state, RG_DONE_COUNT));
    RG_FIELD(c, RG_CODE_ENUM(c, d->gate, RG_GATE_COUNT));
    RG_FIELD(c, rg_code_word(c, &d->channel));
    RG_FIELD(c, RG_CODE_ENUM(c, d->evidence, RG_EVIDENCE_COUNT));
    RG_FIELD(c, RG_CODE_ENUM(c, d->tone, RG_TONE_COUNT));
    RG_FIELD(c, RG_CODE_ENUM(c, d->signal, RG_SIGNAL_COUNT));
    RG_FIELD(c, RG_CODE_FLAGS(c, &d->failed, &d->maybe_sent));
    RG_FIELD(c, rg_code_int(c, &d->tries));
    RG_FIELD(c, rg_code_time(c, &d->decided_ms));
    RG_FIELD(c, rg_code_time(c, &d->at_ms));
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++)
        RG_FIELD(c, rg_code_time(c, &d->evidence_ms[e]));
    RG_FIELD(c, rg_code_i64(c, &d->retry_after_ms));
    RG_FIELD(c, rg_code_time(c, &d->confirmed_ms));
    RG_FIELD(c, rg_code_i64(c, &d->sequence));
    if (d->state == RG_DONE_SENT)
        RG_FIELD(c, rg_code_i64(c, &d->sent_offset));
    RG_FIELD(c, rg_code_cents(c, &d->balance_cents));
    RG_FIELD(c, rg_code_words(c, &d->refused, &d->refused_count));
    d->refused_cap = d->refused_count;
    if (d->attempt > 0) {
        RG_FIELD(c, rg_code_shard(c, d->action.b));
        rg_code_bytes(c, d->action.b + sizeof c->shard, sizeof d->action.b - sizeof c->shard);
    }
    rg_coder_group_end(c, outer);
}

static void walk_discounts(struct rg_coder *c, struct rg_invoice *v)
{
    int count = (int)v->discount_count;
    rg_code_int(c, &count);
    if (count < 0 || count > RG_DISCOUNTS_MAX) {
        c->broken = true;
        count = 0;
    }
    v->discount_count = (size_t)count;
    for (int i = 0; i < count; i++) {
        RG_CODE_FLAGS(c, &v->discounts[i].by_percent);
        rg_code_decimal(c, &v->discounts[i].percent);
        rg_code_cents(c, &v->discounts[i].amount_cents);
        rg_code_day(c, &v->discounts[i].until);
    }
}

static void walk_openings(struct rg_coder *c, struct rg_invoice *v)
{
    RG_FIELD(c, RG_CODE_LIST(c, v->reopenings, v->reopening_count));
    for (size_t i = 0; i < v->reopening_count; i++)
        rg_code_hash(c, &v->reopenings[i]);
    RG_FIELD(c, RG_CODE_LIST(c, v->due_days, v->due_day_count));
    for (size_t i = 0; i < v->due_day_count; i++)
        rg_code_day(c, &v->due_days[i]);
    RG_FIELD(c, rg_code_int(c, &v->more_openings));
    v->reopening_cap = v->reopening_count;
    v->due_day_cap = v->due_day_count;
}

static void walk_charge(struct rg_coder *c, struct rg_invoice *v)
{
    RG_FIELD(c, rg_code_day(c, &v->pix_until));
    RG_FIELD(c, rg_code_day(c, &v->boleto_until));
    RG_FIELD(c, rg_code_day(c, &v->debit_on));
    RG_FIELD(c, rg_code_decimal(c, &v->fine_percent));
    RG_FIELD(c, rg_code_decimal(c, &v->interest_percent_month));
    RG_FIELD(c, walk_discounts(c, v));
}

static void walk_invoice(struct rg_coder *c, struct rg_invoice *v)
{
    struct rg_coder_group outer = rg_coder_group_begin(c);
    bool caught_up = v->caught_up_ms != 0;
    RG_FIELD(c, rg_code_word(c, &v->ns));
    RG_FIELD(c, rg_code_str(c, &v->id));
    RG_FIELD(c, RG_CODE_FLAGS(c, &v->issued, &v->has_pix, &v->has_boleto, &v->has_link, &v->received, &v->opened, &v->disputed,
                        &v->dispute_accepted, &v->fresh, &caught_up));
    RG_FIELD(c, rg_code_word(c, &v->creditor));
    RG_FIELD(c, rg_code_word(c, &v->service));
    RG_FIELD(c, rg_code_word(c, &v->contract));
    RG_FIELD(c, rg_code_words(c, &v->tags, &v->tag_count));
    RG_FIELD(c, rg_code_day(c, &v->due_on));
    RG_FIELD(c, rg_code_day(c, &v->issued_on));
    RG_FIELD(c, rg_code_cents(c, &v->amount_cents));
    RG_FIELD(c, rg_code_stamps(c, v->set, RG_IG_COUNT));
    RG_FIELD(c, RG_CODE_ENUM(c, v->state, RG_INVOICE_WRITTEN_OFF + 1));
    walk_openings(c, v);
    walk_charge(c, v);
    RG_FIELD(c, rg_code_i64_from(c, &v->offset, -1));
    RG_FIELD(c, RG_CODE_LIST(c, v->payments, v->payment_count));
    for (size_t i = 0; i < v->payment_count; i++)
        walk_payment(c, &v->payments[i]);
    RG_FIELD(c, walk_credits(c, &v->credits, &v->credit_count, &v->credit_cap));
    RG_FIELD(c, RG_CODE_LIST(c, v->done, v->done_count));
    for (size_t i = 0; i < v->done_count; i++)
        walk_done(c, &v->done[i]);
    if (caught_up)
        rg_code_time(c, &v->caught_up_ms);
    v->payment_cap = v->payment_count;
    v->done_cap = v->done_count;
    rg_coder_group_end(c, outer);
}

/* The decision under way is stored as its own wire form: rarely present, and read back by the one codec there is. */
static void walk_decision(struct rg_coder *c, struct rg_decision *decision)
{
    struct rg_str wire = {0};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    if (c->out != NULL) {
        rg_decision_write(decision, &buf);
        wire = rg_buf_str(&buf);
    }
    rg_code_str(c, &wire);
    if (c->out == NULL && !c->broken && rg_decision_read(wire, c->arena, decision, NULL) < 0)
        c->broken = true;
}

static void walk_action(struct rg_coder *c, struct rg_action *a)
{
    walk_decision(c, &a->decision);
    RG_CODE_ENUM(c, a->state, RG_ACTION_CLAIMED + 1);
    if (a->state == RG_ACTION_CLAIMED) {
        rg_code_bytes(c, a->claim.b, sizeof a->claim.b);
        rg_code_i64(c, &a->claim_offset);
        rg_code_time(c, &a->claim_over_ms);
    } else {
        a->claim_offset = -1;
    }
    rg_code_i64(c, &a->logged_offset);
    RG_CODE_FLAGS(c, &a->recalling);
    rg_code_int(c, &a->releases);
}

static void walk_person(struct rg_coder *c, struct rg_record *r)
{
    RG_FIELD(c, rg_code_str(c, &r->name));
    RG_FIELD(c, rg_code_str(c, &r->document));
    RG_FIELD(c, rg_code_str(c, &r->state));
    RG_FIELD(c, rg_code_str(c, &r->city));
    RG_FIELD(c, rg_code_str(c, &r->time_zone));
    RG_FIELD(c, rg_code_str(c, &r->language));
    RG_FIELD(c, RG_CODE_LIST(c, r->contacts, r->contact_count));
    for (size_t i = 0; i < r->contact_count; i++) {
        struct rg_contact *contact = &r->contacts[i];
        rg_code_word(c, &contact->channel);
        rg_code_word(c, &contact->address);
        RG_CODE_FLAGS(c, &contact->verified_false, &contact->in_contract, &contact->preferred);
    }
    RG_FIELD(c, RG_CODE_LIST(c, r->notes, r->note_count));
    for (size_t i = 0; i < r->note_count; i++) {
        rg_code_word(c, &r->notes[i].about);
        rg_code_str(c, &r->notes[i].text);
        rg_code_time(c, &r->notes[i].time_ms);
    }
    r->note_cap = r->note_count;
}

static void walk_facts(struct rg_coder *c, struct rg_record *r)
{
    RG_FIELD(c, RG_CODE_ENUM(c, r->kind, RG_KIND_COUNT));
    RG_FIELD(c, rg_code_int_from(c, &r->consumer, -1));
    RG_FIELD(c, rg_code_word(c, &r->tier));
    RG_FIELD(c, rg_code_words(c, &r->tags, &r->tag_count));
    RG_FIELD(c, rg_code_i64_from(c, &r->score, -1));
    RG_FIELD(c, rg_code_i64_from(c, &r->payday, -1));
    RG_FIELD(c, rg_code_day(c, &r->score_on));
    RG_FIELD(c, RG_CODE_ENUM(c, r->protection, RG_PROTECT_COUNT));
    RG_FIELD(c, rg_code_time(c, &r->protection_until_ms));
    RG_FIELD(c, rg_code_day(c, &r->promise_on));
    RG_FIELD(c, rg_code_stamps(c, r->set, RG_DG_COUNT));
}

static void walk_consents(struct rg_coder *c, struct rg_record *r)
{
    RG_FIELD(c, RG_CODE_LIST(c, r->holds, r->hold_count));
    for (size_t i = 0; i < r->hold_count; i++) {
        struct rg_hold *hold = &r->holds[i];
        rg_code_word(c, &hold->ns);
        rg_code_word(c, &hold->invoice);
        rg_code_stamp(c, &hold->set);
        RG_CODE_FLAGS(c, &hold->held);
        rg_code_time(c, &hold->until_ms);
    }
    RG_FIELD(c, RG_CODE_LIST(c, r->optouts, r->optout_count));
    for (size_t i = 0; i < r->optout_count; i++) {
        struct rg_optout *optout = &r->optouts[i];
        rg_code_word(c, &optout->channel);
        rg_code_stamp(c, &optout->set);
        RG_CODE_FLAGS(c, &optout->out);
    }
    RG_FIELD(c, walk_credits(c, &r->credits, &r->credit_count, &r->credit_cap));
    r->hold_cap = r->hold_count;
    r->optout_cap = r->optout_count;
}

static void walk_past(struct rg_coder *c, struct rg_past *past)
{
    int count = (int)past->mark_count;
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_i64(c, &past->invoices));
    RG_FIELD(c, rg_code_time(c, &past->known_ms));
    RG_FIELD(c, rg_code_i64(c, &past->counted));
    RG_FIELD(c, rg_code_i64(c, &past->paid));
    RG_FIELD(c, rg_code_i64(c, &past->streak));
    RG_FIELD(c, rg_code_int(c, &count));
    if (count < 0 || count > RG_PAST_MARKS_MAX) {
        c->broken = true;
        count = 0;
    }
    past->mark_count = (size_t)count;
    for (int i = 0; i < count; i++) {
        rg_code_day(c, &past->marks[i].on);
        RG_CODE_ENUM(c, past->marks[i].kind, RG_PAST_KIND_COUNT);
    }
    rg_coder_group_end(c, outer);
}

static void walk_record(struct rg_coder *c, struct rg_record *r)
{
    bool past = r->past.invoices > 0 || r->past.mark_count > 0;
    rg_coder_know_words(c);
    struct rg_coder_group outer = rg_coder_group_begin(c);
    RG_FIELD(c, rg_code_str(c, &r->debtor));
    walk_facts(c, r);
    walk_person(c, r);
    walk_consents(c, r);
    RG_FIELD(c, rg_code_i64(c, &r->sequence));
    RG_FIELD(c, rg_code_i64_from(c, &r->previous_decision, -1));
    RG_FIELD(c, rg_code_time(c, &r->looked_ms));
    RG_FIELD(c, RG_CODE_FLAGS(c, &r->overflowing));
    RG_FIELD(c, RG_CODE_LIST(c, r->invoices, r->invoice_count));
    for (size_t i = 0; i < r->invoice_count; i++)
        walk_invoice(c, &r->invoices[i]);
    RG_FIELD(c, RG_CODE_FLAGS(c, &past));
    if (past)
        walk_past(c, &r->past);
    RG_FIELD(c, RG_CODE_LIST(c, r->actions, r->action_count));
    for (size_t i = 0; i < r->action_count; i++)
        walk_action(c, &r->actions[i]);
    r->invoice_cap = r->invoice_count;
    r->action_cap = r->action_count;
    rg_coder_group_end(c, outer);
}

int rg_record_encode(const struct rg_record *record, struct rg_buf *buf, struct rg_error *err)
{
    struct rg_record copy = *record; /* the walk takes fields by address, and writes back what it read: the same values */
    size_t before = buf->len;
    rg_buf_addc(buf, RG_RECORD_VERSION);
    struct rg_coder c = {.out = buf};
    walk_record(&c, &copy);
    if (buf->overflow || buf->len - before > RG_RECORD_STORED_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor " RG_STR_FMT ": record larger than %zu bytes", RG_STR_ARG(record->debtor),
                       RG_RECORD_STORED_MAX);
    return 0;
}

int rg_record_decode(struct rg_str bytes, struct rg_arena *arena, struct rg_record **ret_record, struct rg_error *err)
{
    if (bytes.n == 0)
        return rg_fail(err, RG_EINVAL, "debtor record: empty");
    if (bytes.n > RG_RECORD_STORED_MAX)
        return rg_fail(err, RG_ELIMIT, "debtor record: %zu bytes, at most %zu expected", bytes.n, RG_RECORD_STORED_MAX);
    uint8_t version = (uint8_t)bytes.p[0];
    if (version != RG_RECORD_VERSION)
        return rg_fail(err, RG_EREFUSED, "debtor record: version %d, this program knows %d; was a newer one here before?",
                       version, RG_RECORD_VERSION);
    struct rg_record *record = rg_record_new(arena, RG_STR(""));
    struct rg_coder c = {.in = bytes, .offset = 1, .arena = arena};
    walk_record(&c, record);
    if (c.broken || c.offset != bytes.n)
        return rg_fail(err, RG_EINVAL, "debtor record: broken at byte %zu of %zu", c.offset, bytes.n);
    *ret_record = record;
    return 0;
}
