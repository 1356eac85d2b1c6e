/* The guards of the claim, one by one: what a decision, a claim, an outcome or a recall may change, and above all what it must
 * not. Nothing is decided here; records are folded as they might stand in a ledger, whoever wrote them, and what must not act is
 * held to leave the stored form as it was, byte for byte. */
#include "daemon/rules/decide.h"
#include "daemon/rules/fold.h"
#include "daemon/state/codec.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

#define CENTS 15900
#define AT INT64_C(1793880000000) /* Thursday 5 November 2026, 17:20 in Brasília */
#define HOUR (60 * RG_MS_PER_MINUTE)

struct rig {
    struct rg_arena *arena;
    struct rg_record *record;
    int64_t offset;
    int events;
    struct rg_str before;
};

static struct rg_event event_of(struct rig *rig, enum rg_event_type type, const char *invoice)
{
    struct rg_event e = {.type = type, .id = rg_arena_printf(rig->arena, "e%d", rig->events++), .source = RG_STR("s"),
                         .ns = RG_STR("n"), .debtor = RG_STR("D1"), .has = RG_BIT(RG_F_DEBTOR)};
    e.time_ms = AT + rig->events;
    if (invoice != NULL) {
        e.invoice = rg_str(invoice);
        e.has |= RG_BIT(RG_F_INVOICE);
    }
    return e;
}

static enum rg_folded fold(struct rig *rig, struct rg_fact_record fact)
{
    fact.offset = rig->offset++;
    return rg_record_apply(rig->record, &fact, NULL);
}

static void say(struct rig *rig, const struct rg_event *event)
{
    assert_int_equal(fold(rig, (struct rg_fact_record){.event = event}), RG_FOLD_CHANGED);
}

static void issue(struct rig *rig, const char *invoice)
{
    struct rg_event e = event_of(rig, RG_EV_INVOICE_ISSUED, invoice);
    e.amount_cents = CENTS;
    e.due_on = rg_day_of(2026, 11, 3);
    e.has |= RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON);
    say(rig, &e);
}

static void pay(struct rig *rig, const char *invoice)
{
    struct rg_event e = event_of(rig, RG_EV_PAYMENT_CONFIRMED, invoice);
    e.payment = RG_STR("P1");
    e.amount_cents = CENTS;
    e.has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    say(rig, &e);
}

static int begin(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    rig->arena = rg_arena_new((size_t)64 * 1024 * 1024);
    rig->record = rg_record_new(rig->arena, RG_STR("D1"));
    issue(rig, "F1");
    issue(rig, "F2");
    *state = rig;
    return 0;
}

static int finish(void **state)
{
    struct rig *rig = *state;
    rg_arena_free(&rig->arena);
    rg_free(&rig);
    return 0;
}

/* As it would be stored now. */
static struct rg_str stored(struct rig *rig)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_RECORD_BYTES_MAX + 1024);
    assert_int_equal(rg_record_encode(rig->record, &buf, NULL), 0);
    return rg_arena_str(rig->arena, rg_buf_str(&buf));
}

static void remember(struct rig *rig)
{
    rig->before = stored(rig);
}

static void expect_unchanged(struct rig *rig, enum rg_folded folded)
{
    assert_int_equal(folded, RG_FOLD_NOTHING);
    assert_true(rg_str_eq(stored(rig), rig->before));
}

/* ---- our own records ---- */

/* A reminder of both invoices by SMS, unless the test changes it before it is told. */
static struct rg_decision decision_of(struct rig *rig, int attempt)
{
    struct rg_decision d = {.debtor = RG_STR("D1"), .ladder = RG_STR("l"), .step = RG_STR("atraso"), .repetition = 1,
                            .channel = RG_STR("sms"), .attempt = attempt, .kind = RG_ACT_MESSAGE, .tone = RG_TONE_REMINDER,
                            .mode = RG_MODE_LIVE, .text = RG_STR("atraso"), .amount_cents = 2 * CENTS, .at_ms = AT + HOUR,
                            .asof_ms = AT + HOUR, .rests_on = rig->offset, .previous = -1, .rules = RG_STR("0123456789ab"),
                            .amounts_on = RG_DAY_NONE, .deadline_on = RG_DAY_NONE};
    d.invoices = RG_NEW(rig->arena, struct rg_decision_invoice, 2);
    d.invoice_count = 2;
    for (size_t i = 0; i < 2; i++)
        d.invoices[i] = (struct rg_decision_invoice){.ns = RG_STR("n"), .invoice = i == 0 ? RG_STR("F1") : RG_STR("F2"),
                                                     .cycle = 1, .balance_cents = CENTS};
    return d;
}

static enum rg_folded decide(struct rig *rig, struct rg_decision *d)
{
    rg_decision_identify(d, 4);
    return fold(rig, (struct rg_fact_record){.decided = d});
}

/* A suspension of F1, and what is owed for it; `sequence` as the owner gave it. */
static struct rg_decision signal_of(struct rig *rig, enum rg_signal signal, int attempt, int64_t sequence)
{
    struct rg_decision d = decision_of(rig, attempt);
    bool restore = signal == RG_SIGNAL_RESTORE_REQUESTED;
    d.step = restore ? RG_STR("religar") : RG_STR("corte");
    d.channel = RG_STR("signals");
    d.kind = RG_ACT_SIGNAL;
    d.tone = restore ? RG_TONE_INFO : RG_TONE_SANCTION;
    d.signal = signal;
    d.owed = restore;
    d.sequence = sequence;
    d.invoice_count = 1;
    return d;
}

static struct rg_claim_id claim_id(uint8_t n)
{
    return (struct rg_claim_id){{n}};
}

static enum rg_folded claim(struct rig *rig, const struct rg_decision *d, uint8_t n)
{
    const struct rg_claim c = {
        .claim = claim_id(n), .action = d->action, .debtor = d->debtor, .valid_ms = 60000, .at_ms = AT + HOUR};
    return fold(rig, (struct rg_fact_record){.claim = &c});
}

/* n 0: of no claim. */
static enum rg_folded outcome(struct rig *rig, const struct rg_decision *d, uint8_t n, enum rg_verdict verdict)
{
    const struct rg_outcome o = {.action = d->action, .claim = claim_id(n), .claim_offset = -1, .debtor = d->debtor,
                                 .step = d->step, .channel = d->channel, .repetition = d->repetition, .attempt = d->attempt,
                                 .invoices = d->invoices, .invoice_count = d->invoice_count, .verdict = verdict,
                                 .retry_after_ms = 77, .at_ms = AT + 2 * HOUR};
    return fold(rig, (struct rg_fact_record){.outcome = &o});
}

static enum rg_folded recall(struct rig *rig, const struct rg_decision *d)
{
    const struct rg_recalled r = {.action = d->action, .debtor = d->debtor, .gate = RG_GATE_STOPPED, .at_ms = AT + HOUR};
    return fold(rig, (struct rg_fact_record){.recalled = &r});
}

static const struct rg_done *done_of(const struct rig *rig, size_t invoice, const char *step)
{
    return rg_invoice_done(&rig->record->invoices[invoice], rg_str(step), 1, rg_invoice_cycle(&rig->record->invoices[invoice]));
}

/* The entry speaks of that attempt. */
static bool traced(const struct rg_done *done, const struct rg_decision *d)
{
    return memcmp(done->trace, d->action.b + RG_ACTION_BYTES - RG_TRACE_BYTES, RG_TRACE_BYTES) == 0;
}

static struct rg_action *action_of(const struct rig *rig, const struct rg_decision *d)
{
    return rg_record_action(rig->record, &d->action);
}

static const enum rg_verdict failures[] = {RG_VERDICT_REJECTED, RG_VERDICT_RETRY, RG_VERDICT_THROTTLED, RG_VERDICT_UNCERTAIN,
                                           RG_VERDICT_EXPIRED, RG_VERDICT_RELEASED};

/* ---- outcomes name their claim ---- */

/* Whatever it says, an outcome acts on exactly the claim it names: on a queued action only where none was made. */
static void an_outcome_acts_on_the_claim_it_names(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < RG_COUNT(failures); i++) {
        for (int owed = 0; owed <= 1; owed++) {
            rig->record = rg_record_new(rig->arena, RG_STR("D1"));
            issue(rig, "F1");
            issue(rig, "F2");
            struct rg_decision d = owed ? signal_of(rig, RG_SIGNAL_RESTORE_REQUESTED, 1, 1) : decision_of(rig, 1);
            assert_int_equal(decide(rig, &d), RG_FOLD_CHANGED);
            remember(rig);
            expect_unchanged(rig, outcome(rig, &d, 1, failures[i])); /* queued: a claim that was never made */
            assert_int_equal(claim(rig, &d, 1), RG_FOLD_CHANGED);
            remember(rig);
            expect_unchanged(rig, outcome(rig, &d, 2, failures[i])); /* claimed: another's */
            expect_unchanged(rig, outcome(rig, &d, 0, failures[i])); /* or no claim at all */
            assert_int_equal(outcome(rig, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
            remember(rig);
            expect_unchanged(rig, outcome(rig, &d, 1, failures[i])); /* given back: that claim is over */
            assert_int_equal(claim(rig, &d, 2), RG_FOLD_CHANGED);
            remember(rig);
            expect_unchanged(rig, outcome(rig, &d, 1, failures[i])); /* and the next one is not it */
            assert_int_equal(outcome(rig, &d, 2, failures[i]), RG_FOLD_CHANGED);
        }
    }
}

/* Refused or late before any claim: of the queued action, and of no other. */
static void an_outcome_without_a_claim_meets_queued(void **state)
{
    struct rig *rig = *state;
    struct rg_decision d = decision_of(rig, 1);
    (void)decide(rig, &d);
    struct rg_decision other = d;
    other.action.b[5] ^= 1;
    remember(rig);
    expect_unchanged(rig, outcome(rig, &other, 0, RG_VERDICT_EXPIRED));
    assert_int_equal(outcome(rig, &d, 0, RG_VERDICT_EXPIRED), RG_FOLD_CHANGED);
    assert_int_equal(rig->record->action_count, 0);
    assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_EXPIRED);
}

/* A claim meets queued: one that stands is not taken over, and what is over is not claimed. */
static void a_claim_meets_queued(void **state)
{
    struct rig *rig = *state;
    struct rg_decision d = decision_of(rig, 1);
    remember(rig);
    expect_unchanged(rig, claim(rig, &d, 1));
    (void)decide(rig, &d);
    assert_int_equal(claim(rig, &d, 1), RG_FOLD_CHANGED);
    remember(rig);
    expect_unchanged(rig, claim(rig, &d, 2));
    expect_unchanged(rig, claim(rig, &d, 1)); /* told twice */
    assert_int_equal(outcome(rig, &d, 1, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
    remember(rig);
    expect_unchanged(rig, claim(rig, &d, 3));
}

/* A delivery counts whatever it names: queued, claimed by another, without any trace of its decision. */
static void a_delivery_always_counts(void **state)
{
    struct rig *rig = *state;
    for (int standing = 0; standing <= 3; standing++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision d = decision_of(rig, 3);
        rg_decision_identify(&d, 4);
        if (standing > 0)
            (void)decide(rig, &d);
        if (standing > 1)
            (void)claim(rig, &d, 1);
        assert_int_equal(outcome(rig, &d, standing == 3 ? 9 : 0, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
        assert_int_equal(rig->record->action_count, 0);
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(done_of(rig, i, "atraso")->state, RG_DONE_SENT);
            assert_int_equal(done_of(rig, i, "atraso")->attempt, 3); /* its number is not given again */
            assert_int_equal(done_of(rig, i, "atraso")->evidence, RG_EVIDENCE_ACCEPTED);
        }
    }
}

/* ---- what is owed is sent until it is certain ---- */

static void what_is_owed_keeps_its_id_and_sequence(void **state)
{
    struct rig *rig = *state;
    static const enum rg_verdict again[] = {RG_VERDICT_UNCERTAIN, RG_VERDICT_RETRY, RG_VERDICT_THROTTLED, RG_VERDICT_RELEASED};
    struct rg_decision d = signal_of(rig, RG_SIGNAL_RESTORE_REQUESTED, 1, 7);
    (void)decide(rig, &d);
    for (size_t i = 0; i < RG_COUNT(again); i++) {
        assert_int_equal(claim(rig, &d, (uint8_t)(i + 1)), RG_FOLD_CHANGED);
        assert_int_equal(outcome(rig, &d, (uint8_t)(i + 1), again[i]), RG_FOLD_CHANGED);
        assert_non_null(action_of(rig, &d));
        assert_int_equal(action_of(rig, &d)->state, RG_ACTION_QUEUED);
        assert_int_equal(action_of(rig, &d)->releases, (int)i + 2); /* another copy each time */
        assert_true(rg_claim_id_is_zero(&action_of(rig, &d)->claim));
        assert_int_equal(action_of(rig, &d)->decision.sequence, 7);
    }
}

/* No fact makes it unwanted: not even that he is held, opted out, disputes it or owes again. */
static void what_is_owed_is_always_wanted(void **state)
{
    struct rig *rig = *state;
    static const enum rg_event_type types[] = {RG_EV_DEBTOR_HELD, RG_EV_INVOICE_VOIDED, RG_EV_DISPUTE_OPENED, RG_EV_PROMISE_MADE};
    struct rg_decision d = signal_of(rig, RG_SIGNAL_RESTORE_REQUESTED, 1, 7);
    (void)decide(rig, &d);
    for (size_t i = 0; i < RG_COUNT(types); i++) {
        bool of_invoice = types[i] == RG_EV_INVOICE_VOIDED || types[i] == RG_EV_DISPUTE_OPENED;
        struct rg_event e = event_of(rig, types[i], of_invoice ? "F1" : NULL);
        e.pay_on = rg_day_of(2026, 12, 1);
        e.has |= RG_BIT(RG_F_PAY_ON);
        say(rig, &e);
        assert_non_null(action_of(rig, &d));
    }
    pay(rig, "F1");
    rg_record_overflow(rig->record);
    assert_non_null(action_of(rig, &d));
}

/* Uncertain once, it may have arrived whatever came after: service is owed back. */
static void what_may_have_been_sent_is_remembered(void **state)
{
    struct rig *rig = *state;
    struct rg_decision d = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 1, 1);
    d.uncertain = RG_UNCERTAIN_RESEND;
    (void)decide(rig, &d);
    (void)claim(rig, &d, 1);
    assert_int_equal(outcome(rig, &d, 1, RG_VERDICT_UNCERTAIN), RG_FOLD_CHANGED);
    assert_int_equal(done_of(rig, 0, "corte")->state, RG_DONE_RETRY);
    struct rg_decision next = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 2, 2);
    (void)decide(rig, &next);
    (void)outcome(rig, &next, 0, RG_VERDICT_EXPIRED);
    assert_int_equal(done_of(rig, 0, "corte")->state, RG_DONE_EXPIRED);
    assert_true(done_of(rig, 0, "corte")->maybe_sent);
}

/* The step says what an answer that was lost means. */
static void uncertain_as_the_step_says(void **state)
{
    struct rig *rig = *state;
    for (int resend = 0; resend <= 1; resend++) {
        struct rg_decision d = decision_of(rig, resend + 1);
        d.uncertain = resend ? RG_UNCERTAIN_RESEND : RG_UNCERTAIN_SKIP;
        assert_int_equal(decide(rig, &d), RG_FOLD_CHANGED);
        (void)claim(rig, &d, 1);
        (void)outcome(rig, &d, 1, RG_VERDICT_UNCERTAIN);
        assert_int_equal(rig->record->action_count, 0);
        assert_int_equal(done_of(rig, 0, "atraso")->state, resend ? RG_DONE_RETRY : RG_DONE_UNCERTAIN);
        assert_int_equal(done_of(rig, 1, "atraso")->state, resend ? RG_DONE_RETRY : RG_DONE_UNCERTAIN);
    }
}

/* ---- void ---- */

static struct rg_event held(struct rig *rig, const char *invoice, int64_t until_ms)
{
    struct rg_event e = event_of(rig, RG_EV_DEBTOR_HELD, invoice);
    e.until_ms = until_ms;
    e.has |= until_ms != 0 ? RG_BIT(RG_F_UNTIL) : 0;
    return e;
}

static struct rg_event dated(struct rig *rig, enum rg_event_type type, const char *invoice, int day)
{
    struct rg_event e = event_of(rig, type, invoice);
    e.pay_on = e.on = rg_day_of(2026, 11, day);
    e.has |= RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_ON);
    return e;
}

static struct rg_event money(struct rig *rig, enum rg_event_type type, const char *invoice, int64_t cents)
{
    struct rg_event e = event_of(rig, type, invoice);
    e.payment = RG_STR("P1");
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    return e;
}

static struct rg_event closed(struct rig *rig, const char *result)
{
    struct rg_event e = event_of(rig, RG_EV_DISPUTE_CLOSED, "F1");
    e.result = rg_str(result);
    e.has |= RG_BIT(RG_F_RESULT);
    return e;
}

static struct rg_event protected(struct rig *rig, int64_t until_ms)
{
    struct rg_event e = event_of(rig, RG_EV_DEBTOR_PROTECTED, NULL);
    e.protection = RG_PROTECT_LAWYER;
    e.until_ms = until_ms;
    e.has |= RG_BIT(RG_F_PROTECTION) | (until_ms != 0 ? RG_BIT(RG_F_UNTIL) : 0);
    return e;
}

static struct rg_event opted_out(struct rig *rig, const char *channel)
{
    struct rg_event e = event_of(rig, RG_EV_DEBTOR_OPTED_OUT, NULL);
    e.channel = rg_str(channel);
    e.has |= RG_BIT(RG_F_CHANNEL);
    return e;
}

static struct rg_event moved(struct rig *rig, int day)
{
    struct rg_event e = event_of(rig, RG_EV_INVOICE_UPDATED, "F1");
    e.due_on = rg_day_of(2026, 11, day);
    e.has |= RG_BIT(RG_F_DUE_ON);
    return e;
}

enum { FACTS = 24 };
struct void_row {
    struct rg_event event;
    enum rg_gate gate; /* NONE: it stays */
};

/* What one fact makes of a reminder of F1 and F2, decided on 5 November; and what it leaves alone. */
static size_t void_rows(struct rig *rig, struct void_row rows[FACTS])
{
    const struct void_row all[] = {
        {money(rig, RG_EV_PAYMENT_CONFIRMED, "F2", CENTS), RG_GATE_PAID},
        {money(rig, RG_EV_PAYMENT_SETTLED, "F1", 100), RG_GATE_SUPERSEDED},
        {money(rig, RG_EV_CREDIT_APPLIED, "F1", 100), RG_GATE_SUPERSEDED},
        {money(rig, RG_EV_PAYMENT_REVERSED, "F1", 100), RG_GATE_SUPERSEDED}, /* owed as before, in another cycle */
        {money(rig, RG_EV_PAYMENT_CONFIRMED, "F3", CENTS), RG_GATE_NONE},
        {moved(rig, 4), RG_GATE_SUPERSEDED},
        {moved(rig, 3), RG_GATE_NONE},
        {event_of(rig, RG_EV_INVOICE_VOIDED, "F1"), RG_GATE_VOIDED},
        {event_of(rig, RG_EV_INVOICE_WRITTEN_OFF, "F2"), RG_GATE_WRITTEN_OFF},
        {event_of(rig, RG_EV_DISPUTE_OPENED, "F1"), RG_GATE_DISPUTED},
        {closed(rig, "accepted"), RG_GATE_DISPUTED},
        {closed(rig, "rejected"), RG_GATE_NONE},
        {held(rig, NULL, 0), RG_GATE_HELD},
        {held(rig, "F2", 0), RG_GATE_HELD},
        {held(rig, "F3", 0), RG_GATE_NONE},
        {held(rig, NULL, AT + HOUR + 1), RG_GATE_HELD},
        {held(rig, NULL, AT + HOUR), RG_GATE_NONE}, /* over when it was decided */
        {dated(rig, RG_EV_PROMISE_MADE, NULL, 5), RG_GATE_PROMISED},
        {dated(rig, RG_EV_PROMISE_MADE, NULL, 4), RG_GATE_NONE},
        {dated(rig, RG_EV_PAYMENT_SCHEDULED, "F1", 5), RG_GATE_DEBIT_SCHEDULED},
        {dated(rig, RG_EV_PAYMENT_SCHEDULED, "F1", 4), RG_GATE_NONE},
        {protected(rig, 0), RG_GATE_PROTECTED},
        {opted_out(rig, "sms"), RG_GATE_OPTED_OUT},
        {opted_out(rig, "email"), RG_GATE_NONE},
    };
    static_assert(RG_COUNT(all) == FACTS, "every row is copied");
    memcpy(rows, all, sizeof all);
    for (size_t i = 0; i < RG_COUNT(all); i++)
        rows[i].event.time_ms += HOUR / 2; /* behind the invoices that are issued anew for each */
    return RG_COUNT(all);
}

static void expect_end(struct rig *rig, const struct rg_decision *d, const struct void_row *row)
{
    if ((action_of(rig, d) != NULL) != (row->gate == RG_GATE_NONE))
        fail_msg("%s, expected gate %s", rg_event_type_name(row->event.type), rg_gate_name(row->gate));
    if (row->gate == RG_GATE_NONE)
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct rg_done *done = rg_invoice_done(&rig->record->invoices[i], RG_STR("atraso"), 1, 1);
        assert_int_equal(done->state, RG_DONE_VOIDED);
        assert_int_equal(done->gate, row->gate);
    }
}

/* Before the claim it voids, behind it nothing is changed; given back, the claim has changed nothing. The same whether the fact
 * stands before the decision that did not know of it, or behind it. */
static void facts_void_what_is_queued(void **state)
{
    struct rig *rig = *state;
    struct void_row rows[FACTS];
    size_t count = void_rows(rig, rows);
    for (size_t i = 0; i < count; i++) {
        for (int order = 0; order <= 2; order++) {
            rig->record = rg_record_new(rig->arena, RG_STR("D1"));
            issue(rig, "F1");
            issue(rig, "F2");
            struct rg_decision d = decision_of(rig, 1);
            if (order == 1)
                say(rig, &rows[i].event); /* the decision crossed it */
            (void)decide(rig, &d);
            if (order == 2)
                assert_int_equal(claim(rig, &d, 1), RG_FOLD_CHANGED);
            if (order != 1)
                say(rig, &rows[i].event);
            if (order == 2) {
                assert_int_equal(action_of(rig, &d)->state, RG_ACTION_CLAIMED); /* the claim has won */
                assert_int_equal(outcome(rig, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
            }
            expect_end(rig, &d, &rows[i]);
        }
    }
}

/* What cannot be kept of him may have been the reason not to send it. */
static void overflowing_voids(void **state)
{
    struct rig *rig = *state;
    struct rg_decision d = decision_of(rig, 1);
    (void)decide(rig, &d);
    rg_record_overflow(rig->record);
    assert_null(action_of(rig, &d));
    assert_int_equal(done_of(rig, 0, "atraso")->gate, RG_GATE_HELD);
}

/* Steps that only this message spoke for are open again when it did not go out; when it may have, they stay covered. */
static void what_was_covered_is_open_again(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < RG_COUNT(failures); i++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision d = decision_of(rig, 1);
        struct rg_decision_cover cover = {.invoice = 1, .step = RG_STR("vespera"), .repetition = 1};
        d.covers = &cover;
        d.cover_count = 1;
        (void)decide(rig, &d);
        assert_int_equal(done_of(rig, 1, "vespera")->state, RG_DONE_COVERED);
        (void)claim(rig, &d, 1);
        (void)outcome(rig, &d, 1, failures[i]);
        bool stays = failures[i] == RG_VERDICT_RELEASED || failures[i] == RG_VERDICT_UNCERTAIN;
        assert_int_equal(done_of(rig, 1, "vespera") != NULL, stays);
    }
}

/* ---- remembering what is done ---- */

/* A decision told again, by an owner who is gone or a producer that repeats, changes nothing, however it ended. */
static void a_decision_told_again_is_no_news(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i <= RG_COUNT(failures); i++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision d = decision_of(rig, 1);
        (void)decide(rig, &d);
        (void)claim(rig, &d, 1);
        (void)outcome(rig, &d, 1, i == RG_COUNT(failures) ? RG_VERDICT_ACCEPTED : failures[i]);
        size_t actions = rig->record->action_count;
        struct rg_done first = *done_of(rig, 0, "atraso");
        (void)decide(rig, &d);
        assert_int_equal(rig->record->action_count, actions);
        assert_int_equal(done_of(rig, 0, "atraso")->state, first.state);
        assert_int_equal(done_of(rig, 0, "atraso")->tries, first.tries);
        assert_int_equal(rig->record->previous_decision, rig->offset - 1); /* but for its place in the ledger */
    }
}

/* Another owner decided the next attempt: the one before, queued or claimed, is no longer under way. */
static void the_next_attempt_ends_the_one_before(void **state)
{
    struct rig *rig = *state;
    for (int claimed = 0; claimed <= 1; claimed++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision first = decision_of(rig, 1), second = decision_of(rig, 2);
        (void)decide(rig, &first);
        if (claimed)
            (void)claim(rig, &first, 1);
        (void)decide(rig, &second);
        assert_null(action_of(rig, &first));
        assert_non_null(action_of(rig, &second));
        assert_int_equal(rig->record->action_count, 1);
        remember(rig);
        expect_unchanged(rig, claim(rig, &first, 2)); /* nobody can claim it any more */
        expect_unchanged(rig, outcome(rig, &first, 1, RG_VERDICT_RETRY));
        assert_int_equal(done_of(rig, 0, "atraso")->attempt, 2);
        assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_QUEUED);
    }
}

/* The delivery of an earlier attempt stands in the ledger behind what the decision rests on: it could not know, and is void
 * before anybody sees it. Its number and its sequence are not given again. */
static void a_decision_that_crossed_a_delivery_is_void(void **state)
{
    struct rig *rig = *state;
    struct rg_decision first = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 1, 1),
                       second = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 2, 5); /* rests on what stands before the first */
    (void)decide(rig, &first);
    (void)claim(rig, &first, 1);
    (void)outcome(rig, &first, 1, RG_VERDICT_ACCEPTED);
    (void)decide(rig, &second);
    assert_int_equal(rig->record->action_count, 0);
    assert_int_equal(done_of(rig, 0, "corte")->state, RG_DONE_SENT);
    assert_int_equal(done_of(rig, 0, "corte")->attempt, 2);
    assert_true(traced(done_of(rig, 0, "corte"), &first));
    assert_int_equal(rig->record->sequence, 5);
    struct rg_decision third = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 3, 6); /* this one knows */
    (void)decide(rig, &third);
    assert_non_null(action_of(rig, &third));
}

/* … of two invoices, one of which the earlier attempt had not named: that one has been decided, and is void. */
static void the_other_invoice_of_a_crossed_decision_is_void(void **state)
{
    struct rig *rig = *state;
    struct rg_decision first = decision_of(rig, 1), second = decision_of(rig, 2);
    first.invoice_count = 1;
    (void)decide(rig, &first);
    (void)claim(rig, &first, 1);
    (void)outcome(rig, &first, 1, RG_VERDICT_ACCEPTED);
    (void)decide(rig, &second);
    assert_int_equal(rig->record->action_count, 0);
    assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_SENT);
    assert_int_equal(done_of(rig, 1, "atraso")->state, RG_DONE_VOIDED);
    assert_int_equal(done_of(rig, 1, "atraso")->gate, RG_GATE_COVERED);
    assert_int_equal(done_of(rig, 1, "atraso")->attempt, 2);
}

/* The earlier attempt, given up for lost, was delivered after all. */
static void a_late_delivery_ends_what_waits(void **state)
{
    struct rig *rig = *state;
    for (int claimed = 0; claimed <= 1; claimed++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision first = decision_of(rig, 1), second;
        first.uncertain = RG_UNCERTAIN_RESEND;
        (void)decide(rig, &first);
        (void)claim(rig, &first, 1);
        (void)outcome(rig, &first, 1, RG_VERDICT_UNCERTAIN);
        second = decision_of(rig, 2);
        (void)decide(rig, &second);
        if (claimed)
            (void)claim(rig, &second, 2);
        assert_int_equal(outcome(rig, &first, 1, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
        assert_int_equal(rig->record->action_count, claimed);
        if (claimed) { /* in a sender's hands: given back it has nothing left to do */
            assert_int_equal(action_of(rig, &second)->state, RG_ACTION_CLAIMED);
            (void)outcome(rig, &second, 2, RG_VERDICT_RELEASED);
            assert_int_equal(rig->record->action_count, 0);
        }
        assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_SENT);
        assert_true(traced(done_of(rig, 0, "atraso"), &first));
        assert_int_equal(done_of(rig, 0, "atraso")->attempt, 2);
    }
}

/* What an end opens again leaves the list of entries, and others take its place: the delivery is written where its step stands
 * now. */
static void a_late_delivery_finds_its_step(void **state)
{
    struct rig *rig = *state;
    static struct rg_decision_cover milder[] = {{.invoice = 0, .step = {"a", 1}, .repetition = 1},
                                                {.invoice = 0, .step = {"b", 1}, .repetition = 1}};
    struct rg_decision other = decision_of(rig, 1), first = decision_of(rig, 1), second = decision_of(rig, 2);
    struct rg_decision *all[] = {&other, &first, &second};
    for (size_t i = 0; i < RG_COUNT(all); i++) {
        all[i]->step = i == 0 ? RG_STR("atraso") : RG_STR("conversa");
        all[i]->covers = &milder[i > 0];
        all[i]->cover_count = all[i]->invoice_count = 1;
    }
    (void)decide(rig, &other);
    (void)decide(rig, &first);
    assert_int_equal(outcome(rig, &first, 0, RG_VERDICT_RETRY), RG_FOLD_CHANGED);
    second.rests_on = rig->offset;
    (void)decide(rig, &second);
    assert_int_equal(recall(rig, &other), RG_FOLD_CHANGED);
    assert_int_equal(outcome(rig, &first, 0, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
    assert_null(action_of(rig, &second));
    assert_null(done_of(rig, 0, "b"));
    assert_int_equal(done_of(rig, 0, "conversa")->state, RG_DONE_SENT);
}

/* Both were delivered: what becomes of the later one is what counts, in whichever order that is heard. */
static void the_later_delivery_counts(void **state)
{
    struct rig *rig = *state;
    for (int later_first = 0; later_first <= 1; later_first++) {
        rig->record = rg_record_new(rig->arena, RG_STR("D1"));
        issue(rig, "F1");
        issue(rig, "F2");
        struct rg_decision first = decision_of(rig, 1), second;
        first.uncertain = RG_UNCERTAIN_RESEND;
        (void)decide(rig, &first);
        (void)claim(rig, &first, 1);
        (void)outcome(rig, &first, 1, RG_VERDICT_UNCERTAIN);
        second = decision_of(rig, 2);
        (void)decide(rig, &second);
        (void)claim(rig, &second, 2);
        (void)outcome(rig, later_first ? &second : &first, later_first ? 2 : 1, RG_VERDICT_ACCEPTED);
        (void)outcome(rig, later_first ? &first : &second, later_first ? 1 : 2, RG_VERDICT_ACCEPTED);
        assert_int_equal(rig->record->action_count, 0);
        assert_true(traced(done_of(rig, 0, "atraso"), &second));
        assert_int_equal(done_of(rig, 0, "atraso")->attempt, 2);
    }
}

/* An invoice whose entry another action has taken since is not touched by the end of an older one. */
static void an_end_touches_only_its_own_entries(void **state)
{
    struct rig *rig = *state;
    struct rg_decision both = decision_of(rig, 1), one = decision_of(rig, 2);
    one.invoice_count = 1; /* F1 only */
    (void)decide(rig, &both);
    (void)claim(rig, &both, 1);
    (void)outcome(rig, &both, 1, RG_VERDICT_RELEASED);
    (void)decide(rig, &one); /* ends the older one … */
    assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_QUEUED);
    assert_int_equal(done_of(rig, 1, "atraso")->state, RG_DONE_EXPIRED);
    struct rg_decision other = decision_of(rig, 2);
    other.invoices[0] = other.invoices[1]; /* … F2 by itself */
    other.invoice_count = 1;
    (void)decide(rig, &other);
    (void)claim(rig, &other, 4);
    (void)outcome(rig, &other, 4, RG_VERDICT_REJECTED);
    assert_int_equal(done_of(rig, 0, "atraso")->state, RG_DONE_QUEUED);
    assert_int_equal(done_of(rig, 0, "atraso")->refused_count, 0);
    assert_int_equal(done_of(rig, 1, "atraso")->state, RG_DONE_REJECTED);
}

/* By another channel than before, the earlier one is through: it is not gone back to. */
static void a_channel_that_was_left_is_given_up(void **state)
{
    struct rig *rig = *state;
    struct rg_decision first = decision_of(rig, 1), second = decision_of(rig, 2);
    (void)decide(rig, &first);
    (void)claim(rig, &first, 1);
    (void)outcome(rig, &first, 1, RG_VERDICT_RETRY);
    assert_int_equal(done_of(rig, 0, "atraso")->tries, 1);
    second.channel = RG_STR("email");
    second.rests_on = rig->offset;
    (void)decide(rig, &second);
    assert_int_equal(done_of(rig, 0, "atraso")->refused_count, 1);
    assert_true(rg_str_is(done_of(rig, 0, "atraso")->refused[0], "sms"));
    assert_int_equal(done_of(rig, 0, "atraso")->tries, 0);
}

/* ---- recalls ---- */

static void a_recall_meets_queued(void **state)
{
    struct rig *rig = *state;
    struct rg_decision d = decision_of(rig, 1);
    remember(rig);
    expect_unchanged(rig, recall(rig, &d));
    (void)decide(rig, &d);
    (void)claim(rig, &d, 1);
    remember(rig);
    expect_unchanged(rig, recall(rig, &d));
    (void)outcome(rig, &d, 1, RG_VERDICT_RELEASED);
    assert_int_equal(recall(rig, &d), RG_FOLD_CHANGED);
    assert_int_equal(done_of(rig, 1, "atraso")->state, RG_DONE_RECALLED);
    assert_int_equal(done_of(rig, 1, "atraso")->gate, RG_GATE_STOPPED);
    remember(rig);
    expect_unchanged(rig, claim(rig, &d, 2));
}

/* ---- sequence ---- */

/* Above every signal that was ever decided for him, also by others, also those that were void. */
static void the_sequence_only_grows(void **state)
{
    struct rig *rig = *state;
    struct rg_decision suspend = signal_of(rig, RG_SIGNAL_SUSPEND_REQUESTED, 1, 41);
    pay(rig, "F1");
    (void)decide(rig, &suspend); /* void at once */
    assert_int_equal(rig->record->action_count, 0);
    assert_int_equal(rig->record->sequence, 41);
    struct rg_decision older = signal_of(rig, RG_SIGNAL_RESTORE_REQUESTED, 1, 3); /* of an owner who had forgotten */
    (void)decide(rig, &older);
    assert_int_equal(rig->record->sequence, 41);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_outcome_acts_on_the_claim_it_names),
        TEST(an_outcome_without_a_claim_meets_queued),
        TEST(a_claim_meets_queued),
        TEST(a_delivery_always_counts),
        TEST(what_is_owed_keeps_its_id_and_sequence),
        TEST(what_is_owed_is_always_wanted),
        TEST(what_may_have_been_sent_is_remembered),
        TEST(uncertain_as_the_step_says),
        TEST(facts_void_what_is_queued),
        TEST(overflowing_voids),
        TEST(what_was_covered_is_open_again),
        TEST(a_decision_told_again_is_no_news),
        TEST(the_next_attempt_ends_the_one_before),
        TEST(a_decision_that_crossed_a_delivery_is_void),
        TEST(the_other_invoice_of_a_crossed_decision_is_void),
        TEST(a_late_delivery_ends_what_waits),
        TEST(the_later_delivery_counts),
        TEST(a_late_delivery_finds_its_step),
        TEST(an_end_touches_only_its_own_entries),
        TEST(a_channel_that_was_left_is_given_up),
        TEST(a_recall_meets_queued),
        TEST(the_sequence_only_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
