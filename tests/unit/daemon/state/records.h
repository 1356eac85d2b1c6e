/* Records for tests of what stores them: one with every field set, random ones, and a comparison field by field. */
#pragma once

#include "daemon/rules/record.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

static inline uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

struct maker {
    struct rg_arena *arena;
    uint64_t seed;
    int fullness; /* percent of what may be there that is */
};

static inline bool chance(struct maker *m)
{
    return (int)(next_random(&m->seed) % 100) < m->fullness;
}

static inline int64_t number(struct maker *m, int64_t max)
{
    static const int64_t odd[] = {0, 1, 63, 64, 127, 128, 8191, 8192};
    if (next_random(&m->seed) % 4 == 0 && odd[next_random(&m->seed) % 8] <= max)
        return odd[next_random(&m->seed) % 8] % (max + 1);
    return (int64_t)(next_random(&m->seed) >> 1) % (max + 1);
}

static inline int64_t instant(struct maker *m)
{
    return chance(m) ? 1700000000000 + number(m, 1000000000) : 0;
}

static inline int64_t cents(struct maker *m)
{
    return chance(m) ? number(m, RG_CENTS_MAX) : 0;
}

static inline rg_day day(struct maker *m)
{
    return chance(m) ? (rg_day)number(m, 60000) - 10000 : RG_DAY_NONE;
}

static inline struct rg_str text(struct maker *m)
{
    char bytes[40];
    size_t n = (size_t)number(m, sizeof bytes);
    if (!chance(m))
        return (struct rg_str){0};
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)('a' + next_random(&m->seed) % 26);
    return rg_arena_str(m->arena, (struct rg_str){bytes, n});
}

static inline struct rg_stamp stamp(struct maker *m)
{
    return chance(m) ? (struct rg_stamp){1700000000000 + number(m, 3), chance(m)} : (struct rg_stamp){0};
}

static inline struct rg_str *texts(struct maker *m, size_t *ret_count)
{
    *ret_count = chance(m) ? (size_t)number(m, 3) : 0;
    struct rg_str *list = *ret_count > 0 ? RG_NEW(m->arena, struct rg_str, *ret_count) : NULL;
    for (size_t i = 0; i < *ret_count; i++)
        list[i] = text(m);
    return list;
}

static inline struct rg_decimal decimal(struct maker *m)
{
    return chance(m) ? (struct rg_decimal){number(m, 999999), (int)number(m, RG_DECIMAL_PLACES_MAX)}
                     : (struct rg_decimal){.units = -1};
}

#define MAKE_LIST(m, record, items, item_count, max) \
    do { \
        (record)->item_count = chance(m) ? (size_t)number((m), (max)) : 0; \
        (record)->items = \
            (record)->item_count > 0 ? rg_arena_alloc((m)->arena, (record)->item_count * sizeof *(record)->items) : NULL; \
    } while (0)

static inline void make_done(struct maker *m, struct rg_done *d)
{
    *d = (struct rg_done){.step = text(m),
                          .repetition = (int)number(m, 20),
                          .cycle = (int)number(m, 9),
                          .attempt = (int)number(m, 9),
                          .state = (enum rg_done_state)number(m, RG_DONE_COUNT - 1),
                          .gate = (enum rg_gate)number(m, RG_GATE_COUNT - 1),
                          .channel = text(m),
                          .evidence = (enum rg_evidence)number(m, RG_EVIDENCE_COUNT - 1),
                          .tone = (enum rg_tone)number(m, RG_TONE_COUNT - 1),
                          .signal = (enum rg_signal)number(m, RG_SIGNAL_COUNT - 1),
                          .failed = chance(m),
                          .maybe_sent = chance(m),
                          .tries = (int)number(m, 6),
                          .decided_ms = instant(m),
                          .at_ms = instant(m),
                          .retry_after_ms = number(m, 99999),
                          .confirmed_ms = instant(m),
                          .sequence = number(m, 999),
                          .balance_cents = cents(m),
                          .deadline_on = day(m)};
    for (int e = RG_EVIDENCE_ACCEPTED; e <= (int)d->evidence; e++)
        d->evidence_ms[e] = instant(m);
    d->sent_offset = d->state == RG_DONE_SENT ? number(m, INT64_C(1) << 50) : 0;
    for (size_t i = 0; d->attempt > 0 && i < RG_TRACE_BYTES; i++)
        d->trace[i] = (uint8_t)next_random(&m->seed);
    d->refused = texts(m, &d->refused_count);
}

static inline void make_payment(struct maker *m, struct rg_payment *p)
{
    *p = (struct rg_payment){.id = text(m),
                             .unnamed = chance(m),
                             .confirmed_cents = cents(m),
                             .settled_cents = cents(m),
                             .reversed_cents = cents(m),
                             .confirmed_ms = instant(m),
                             .settled_ms = instant(m),
                             .reversed_ms = instant(m),
                             .paid_on = day(m),
                             .chargeback = chance(m)};
}

static inline void make_invoice(struct maker *m, struct rg_invoice *v)
{
    *v = (struct rg_invoice){.ns = text(m),
                             .id = text(m),
                             .issued = chance(m),
                             .creditor = text(m),
                             .service = text(m),
                             .contract = text(m),
                             .due_on = day(m),
                             .issued_on = day(m),
                             .amount_cents = cents(m),
                             .state = (enum rg_invoice_state)number(m, RG_INVOICE_WRITTEN_OFF),
                             .has_pix = chance(m),
                             .has_boleto = chance(m),
                             .has_link = chance(m),
                             .pix_until = day(m),
                             .boleto_until = day(m),
                             .fine_percent = decimal(m),
                             .interest_percent_month = decimal(m),
                             .received = chance(m),
                             .opened = chance(m),
                             .disputed = chance(m),
                             .debit_on = day(m),
                             .offset = chance(m) ? number(m, INT64_C(1) << 50) : -1,
                             .fresh = chance(m),
                             .caught_up_ms = chance(m) ? instant(m) : 0,
                             .dispute_accepted = chance(m)};
    v->tags = texts(m, &v->tag_count);
    for (int g = 0; g < RG_IG_COUNT; g++)
        v->set[g] = stamp(m);
    MAKE_LIST(m, v, reopenings, reopening_count, 3);
    for (size_t i = 0; i < v->reopening_count; i++)
        v->reopenings[i] = (uint32_t)number(m, UINT32_MAX);
    MAKE_LIST(m, v, due_days, due_day_count, 3);
    for (size_t i = 0; i < v->due_day_count; i++)
        v->due_days[i] = day(m);
    v->more_openings = (int)number(m, 3);
    v->discount_count = (size_t)number(m, RG_DISCOUNTS_MAX);
    for (size_t i = 0; i < v->discount_count; i++)
        v->discounts[i] =
            (struct rg_discount){.by_percent = chance(m), .percent = decimal(m), .amount_cents = cents(m), .until = day(m)};
    MAKE_LIST(m, v, payments, payment_count, 4);
    for (size_t i = 0; i < v->payment_count; i++)
        make_payment(m, &v->payments[i]);
    MAKE_LIST(m, v, credits, credit_count, 3);
    for (size_t i = 0; i < v->credit_count; i++)
        v->credits[i] = (struct rg_credit){(uint32_t)number(m, UINT32_MAX), cents(m)};
    MAKE_LIST(m, v, done, done_count, 8);
    for (size_t i = 0; i < v->done_count; i++)
        make_done(m, &v->done[i]);
}

static inline void make_action(struct maker *m, struct rg_action *a)
{
    struct rg_decision *d = &a->decision;
    *a = (struct rg_action){.state = (enum rg_action_state)number(m, RG_ACTION_CLAIMED), .claim_offset = -1,
                            .logged_offset = number(m, 9999) - 1, .recalling = chance(m), .releases = 1 + (int)number(m, 5)};
    d->debtor = RG_STR("C-1");
    d->ladder = RG_STR("l");
    d->step = RG_STR("s");
    d->repetition = d->attempt = 1;
    d->channel = RG_STR("email");
    d->tone = RG_TONE_FIRM;
    d->mode = RG_MODE_LIVE;
    d->text = RG_STR("t");
    d->invoices = RG_NEW(m->arena, struct rg_decision_invoice, 1);
    d->invoices[0] =
        (struct rg_decision_invoice){.ns = RG_STR("n"), .invoice = RG_STR("F1"), .cycle = 1, .balance_cents = 100, .offset = 5};
    d->invoice_count = 1;
    d->amount_cents = d->total_cents = 100;
    d->amounts_on = 20000;
    d->deadline_on = RG_DAY_NONE;
    d->at_ms = 1700000000000;
    d->asof_ms = 1700000000000;
    d->previous = -1;
    d->rules = RG_STR("0123456789abcdef");
    rg_decision_identify(d, 64);
    if (a->state == RG_ACTION_CLAIMED) {
        for (size_t i = 0; i < RG_CLAIM_BYTES; i++)
            a->claim.b[i] = (uint8_t)next_random(&m->seed);
        a->claim_offset = number(m, 99999);
        a->claim_over_ms = number(m, 99999);
    }
}

static inline void make_people(struct maker *m, struct rg_record *r)
{
    r->name = text(m);
    r->document = text(m);
    r->state = text(m);
    r->city = text(m);
    r->time_zone = text(m);
    r->language = text(m);
    MAKE_LIST(m, r, contacts, contact_count, RG_CONTACTS_MAX);
    for (size_t i = 0; i < r->contact_count; i++)
        r->contacts[i] = (struct rg_contact){.channel = text(m),
                                             .address = text(m),
                                             .verified_false = chance(m),
                                             .in_contract = chance(m),
                                             .preferred = chance(m)};
    MAKE_LIST(m, r, notes, note_count, 3);
    for (size_t i = 0; i < r->note_count; i++)
        r->notes[i] = (struct rg_note){text(m), text(m), instant(m)};
}

static inline void make_past(struct maker *m, struct rg_past *p)
{
    p->mark_count = (size_t)number(m, RG_PAST_MARKS_MAX);
    for (size_t i = 0; i < p->mark_count; i++)
        p->marks[i] = (struct rg_past_mark){day(m), (enum rg_past_kind)number(m, RG_PAST_KIND_COUNT - 1)};
    p->invoices = number(m, 999);
    p->known_ms = instant(m);
    p->counted = number(m, 999);
    p->paid = number(m, 999);
    p->streak = number(m, 999);
    if (p->invoices == 0 && p->mark_count == 0)
        *p = (struct rg_past){0};
}

static inline struct rg_record *make_record(struct maker *m)
{
    struct rg_record *r = rg_record_new(m->arena, RG_STR("C-1")); /* its key says so */
    r->kind = (enum rg_debtor_kind)number(m, RG_KIND_COUNT - 1);
    r->consumer = (int)number(m, 2) - 1;
    r->tier = text(m);
    r->tags = texts(m, &r->tag_count);
    r->score = number(m, 1001) - 1;
    r->payday = number(m, 32) - 1;
    r->score_on = day(m);
    r->protection = (enum rg_protection)number(m, RG_PROTECT_COUNT - 1);
    r->protection_until_ms = instant(m);
    r->promise_on = day(m);
    for (int g = 0; g < RG_DG_COUNT; g++)
        r->set[g] = stamp(m);
    make_people(m, r);
    MAKE_LIST(m, r, holds, hold_count, 3);
    for (size_t i = 0; i < r->hold_count; i++)
        r->holds[i] = (struct rg_hold){text(m), text(m), stamp(m), chance(m), instant(m)};
    MAKE_LIST(m, r, optouts, optout_count, 3);
    for (size_t i = 0; i < r->optout_count; i++)
        r->optouts[i] = (struct rg_optout){text(m), stamp(m), chance(m)};
    MAKE_LIST(m, r, credits, credit_count, 3);
    for (size_t i = 0; i < r->credit_count; i++)
        r->credits[i] = (struct rg_credit){(uint32_t)number(m, UINT32_MAX), cents(m)};
    MAKE_LIST(m, r, invoices, invoice_count, 5);
    for (size_t i = 0; i < r->invoice_count; i++)
        make_invoice(m, &r->invoices[i]);
    MAKE_LIST(m, r, actions, action_count, 3);
    for (size_t i = 0; i < r->action_count; i++)
        make_action(m, &r->actions[i]);
    if (chance(m))
        make_past(m, &r->past);
    r->sequence = number(m, 999);
    r->previous_decision = number(m, 999) - 1;
    r->looked_ms = instant(m);
    r->overflowing = chance(m);
    return r;
}

/* ---- the reference debtor ---- */

static inline struct rg_done done_of(const char *step, int64_t at_ms)
{
    struct rg_done d = {.step = rg_str(step),
                        .repetition = 1,
                        .cycle = 1,
                        .attempt = 1,
                        .state = RG_DONE_SENT,
                        .channel = RG_STR("whatsapp"),
                        .evidence = RG_EVIDENCE_DELIVERED,
                        .tone = RG_TONE_REMINDER,
                        .decided_ms = at_ms + 90000, /* when it was delivered, as long as it is */
                        .at_ms = at_ms + 90000,
                        .deadline_on = RG_DAY_NONE};
    d.evidence_ms[RG_EVIDENCE_ACCEPTED] = d.at_ms;
    d.evidence_ms[RG_EVIDENCE_DELIVERED] = d.at_ms + 4000;
    d.sent_offset = 1234567 + (at_ms - 1793000000000) / 5000; /* his shard's ledger goes on meanwhile */
    memset(d.trace, 0xa5, sizeof d.trace);
    return d;
}

/* The debtor by which sizes are judged: a name of 22 characters, one e-mail, one phone, one open invoice, five of its twelve
 * steps done. */
static inline struct rg_record *reference_debtor(struct rg_arena *arena)
{
    static const char *const steps[] = {"lembrete", "nao_recebido", "vence_hoje", "atraso", "insiste"};
    const struct rg_stamp issued = {.time_ms = 1790000000000}, person = {.time_ms = 1780000000000};
    struct rg_record *r = rg_record_new(arena, RG_STR("cus_000005219613"));
    r->kind = RG_KIND_PERSON;
    r->name = RG_STR("Maria Aparecida Santos");
    r->document = RG_STR("52998224725");
    r->state = RG_STR("SP");
    r->set[RG_DG_KIND] = r->set[RG_DG_NAME] = r->set[RG_DG_DOCUMENT] = r->set[RG_DG_STATE] = r->set[RG_DG_CONTACTS] = person;
    r->contacts = RG_NEW(arena, struct rg_contact, 2);
    r->contacts[0] = (struct rg_contact){.channel = RG_STR("email"), .address = RG_STR("maria.santos@exemplo.example")};
    r->contacts[1] = (struct rg_contact){.channel = RG_STR("whatsapp"), .address = RG_STR("+5511987654321")};
    r->contact_count = 2;
    struct rg_invoice *v = RG_PUSH(arena, r->invoices, r->invoice_count, r->invoice_cap);
    *v = (struct rg_invoice){.ns = RG_STR("asaas"),
                             .id = RG_STR("pay_080225913252"),
                             .issued = true,
                             .service = RG_STR("internet"),
                             .due_on = 20760,
                             .issued_on = 20745,
                             .amount_cents = 15990,
                             .has_pix = true,
                             .pix_until = RG_DAY_NONE,
                             .boleto_until = RG_DAY_NONE,
                             .debit_on = RG_DAY_NONE,
                             .fine_percent.units = -1,
                             .interest_percent_month.units = -1,
                             .offset = 1234567};
    v->set[RG_IG_DUE] = v->set[RG_IG_AMOUNT] = v->set[RG_IG_PIX] = v->set[RG_IG_SERVICE] = v->set[RG_IG_ISSUED_ON] = issued;
    *RG_PUSH(arena, v->due_days, v->due_day_count, v->due_day_cap) = 20760;
    for (size_t i = 0; i < RG_COUNT(steps); i++)
        *RG_PUSH(arena, v->done, v->done_count, v->done_cap) = done_of(steps[i], 1793000000000 + (int64_t)i * 3 * RG_MS_PER_DAY);
    r->previous_decision = 1234999;
    r->looked_ms = 1794000000000;
    return r;
}

/* ---- comparison ---- */

#define SAME(field) assert_true(a->field == b->field)

static inline void same_text(struct rg_str a, struct rg_str b)
{
    assert_int_equal(a.p == NULL, b.p == NULL);
    assert_true(rg_str_eq(a, b));
}

static inline void same_texts(const struct rg_str *a, size_t n, const struct rg_str *b, size_t m)
{
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        same_text(a[i], b[i]);
}

static inline void same_stamp(struct rg_stamp a, struct rg_stamp b)
{
    assert_true(a.time_ms == b.time_ms && a.updated == b.updated);
}

static inline void same_decimal(struct rg_decimal a, struct rg_decimal b)
{
    assert_true(a.units == b.units && a.scale == b.scale);
}

static inline void same_credits(const struct rg_credit *a, size_t n, const struct rg_credit *b, size_t m)
{
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        assert_true(a[i].identity == b[i].identity && a[i].cents == b[i].cents);
}

static inline void same_done(const struct rg_done *a, const struct rg_done *b)
{
    same_text(a->step, b->step);
    same_text(a->channel, b->channel);
    same_texts(a->refused, a->refused_count, b->refused, b->refused_count);
    assert_int_equal(memcmp(a->trace, b->trace, sizeof a->trace), 0);
    SAME(repetition), SAME(cycle), SAME(attempt), SAME(state), SAME(gate), SAME(evidence), SAME(tone), SAME(signal), SAME(failed),
        SAME(maybe_sent);
    SAME(tries), SAME(decided_ms), SAME(at_ms), SAME(retry_after_ms), SAME(confirmed_ms), SAME(sequence), SAME(sent_offset), SAME(balance_cents),
        SAME(deadline_on);
    for (int e = 0; e < RG_EVIDENCE_COUNT; e++)
        SAME(evidence_ms[e]);
}

static inline void same_payment(const struct rg_payment *a, const struct rg_payment *b)
{
    same_text(a->id, b->id);
    SAME(unnamed), SAME(confirmed_cents), SAME(settled_cents), SAME(reversed_cents), SAME(confirmed_ms), SAME(settled_ms),
        SAME(reversed_ms);
    SAME(paid_on), SAME(chargeback);
}

static inline void same_invoice(const struct rg_invoice *a, const struct rg_invoice *b)
{
    same_text(a->ns, b->ns);
    same_text(a->id, b->id);
    same_text(a->creditor, b->creditor);
    same_text(a->service, b->service);
    same_text(a->contract, b->contract);
    same_texts(a->tags, a->tag_count, b->tags, b->tag_count);
    SAME(issued), SAME(due_on), SAME(issued_on), SAME(amount_cents), SAME(state), SAME(has_pix), SAME(has_boleto), SAME(has_link),
        SAME(pix_until);
    SAME(boleto_until), SAME(received), SAME(opened), SAME(disputed), SAME(debit_on), SAME(offset), SAME(dispute_accepted);
    SAME(fresh), SAME(caught_up_ms);
    SAME(reopening_count), SAME(due_day_count), SAME(more_openings), SAME(discount_count), SAME(payment_count), SAME(done_count);
    same_decimal(a->fine_percent, b->fine_percent);
    same_decimal(a->interest_percent_month, b->interest_percent_month);
    for (int g = 0; g < RG_IG_COUNT; g++)
        same_stamp(a->set[g], b->set[g]);
    for (size_t i = 0; i < a->reopening_count; i++)
        SAME(reopenings[i]);
    for (size_t i = 0; i < a->due_day_count; i++)
        SAME(due_days[i]);
    for (size_t i = 0; i < a->discount_count; i++) {
        SAME(discounts[i].by_percent), SAME(discounts[i].amount_cents), SAME(discounts[i].until);
        same_decimal(a->discounts[i].percent, b->discounts[i].percent);
    }
    for (size_t i = 0; i < a->payment_count; i++)
        same_payment(&a->payments[i], &b->payments[i]);
    same_credits(a->credits, a->credit_count, b->credits, b->credit_count);
    for (size_t i = 0; i < a->done_count; i++)
        same_done(&a->done[i], &b->done[i]);
}

static inline void same_action(const struct rg_action *a, const struct rg_action *b)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf left, right;
    rg_buf_init(&left, RG_LEDGER_BYTES_MAX);
    rg_buf_init(&right, RG_LEDGER_BYTES_MAX);
    rg_decision_write(&a->decision, &left);
    rg_decision_write(&b->decision, &right);
    same_text(rg_buf_str(&left), rg_buf_str(&right));
    assert_true(rg_claim_id_eq(&a->claim, &b->claim));
    SAME(state), SAME(logged_offset), SAME(recalling), SAME(releases), SAME(claim_offset), SAME(claim_over_ms);
    assert_int_equal(a->state == RG_ACTION_QUEUED, a->claim_offset == -1);
}

static inline void same_record(const struct rg_record *a, const struct rg_record *b)
{
    same_text(a->debtor, b->debtor);
    same_text(a->tier, b->tier);
    same_texts(a->tags, a->tag_count, b->tags, b->tag_count);
    SAME(kind), SAME(consumer), SAME(score), SAME(payday), SAME(score_on), SAME(protection), SAME(protection_until_ms),
        SAME(promise_on);
    for (int g = 0; g < RG_DG_COUNT; g++)
        same_stamp(a->set[g], b->set[g]);
    same_text(a->name, b->name);
    same_text(a->document, b->document);
    same_text(a->state, b->state);
    same_text(a->city, b->city);
    same_text(a->time_zone, b->time_zone);
    same_text(a->language, b->language);
    SAME(contact_count), SAME(note_count), SAME(hold_count), SAME(optout_count), SAME(invoice_count), SAME(action_count);
    for (size_t i = 0; i < a->contact_count; i++) {
        same_text(a->contacts[i].channel, b->contacts[i].channel);
        same_text(a->contacts[i].address, b->contacts[i].address);
        SAME(contacts[i].verified_false), SAME(contacts[i].in_contract), SAME(contacts[i].preferred);
    }
    for (size_t i = 0; i < a->note_count; i++) {
        same_text(a->notes[i].about, b->notes[i].about);
        same_text(a->notes[i].text, b->notes[i].text);
        SAME(notes[i].time_ms);
    }
    for (size_t i = 0; i < a->hold_count; i++) {
        same_text(a->holds[i].ns, b->holds[i].ns);
        same_text(a->holds[i].invoice, b->holds[i].invoice);
        same_stamp(a->holds[i].set, b->holds[i].set);
        SAME(holds[i].held), SAME(holds[i].until_ms);
    }
    for (size_t i = 0; i < a->optout_count; i++) {
        same_text(a->optouts[i].channel, b->optouts[i].channel);
        same_stamp(a->optouts[i].set, b->optouts[i].set);
        SAME(optouts[i].out);
    }
    same_credits(a->credits, a->credit_count, b->credits, b->credit_count);
    for (size_t i = 0; i < a->invoice_count; i++)
        same_invoice(&a->invoices[i], &b->invoices[i]);
    for (size_t i = 0; i < a->action_count; i++)
        same_action(&a->actions[i], &b->actions[i]);
    SAME(sequence), SAME(previous_decision), SAME(looked_ms), SAME(overflowing);
    SAME(past.invoices), SAME(past.known_ms), SAME(past.counted), SAME(past.paid), SAME(past.streak), SAME(past.mark_count);
    for (size_t i = 0; i < a->past.mark_count; i++)
        SAME(past.marks[i].on), SAME(past.marks[i].kind);
}
