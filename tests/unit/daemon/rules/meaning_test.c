/* What the words mean for the fold, tried against the order of arrival: what is paid, what opens an invoice again, what a receipt and
 * a confirmation speak of. */
#include "tests/unit/daemon/rules/play.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>

#define WORDS_MAX 6

/* ---- money, in every order ---- */

/* i issued, u amount, v voided, w written off, r reopened, c confirmed, s settled, b reversed, k credit, n credit without an
 * invoice, D dispute ended for the debtor; day of November, payment ("" none), cents. */
struct word {
    char what;
    int day;
    const char *payment;
    int64_t cents;
};

static struct rg_event event_of(struct rg_arena *arena, const struct word *w, size_t index)
{
    static const char letters[] = "iuvwrcsbknD";
    static const enum rg_event_type types[] = {
        RG_EV_INVOICE_ISSUED, RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_VOIDED, RG_EV_INVOICE_WRITTEN_OFF, RG_EV_INVOICE_REOPENED, RG_EV_PAYMENT_CONFIRMED,
        RG_EV_PAYMENT_SETTLED, RG_EV_PAYMENT_REVERSED, RG_EV_CREDIT_APPLIED, RG_EV_CREDIT_APPLIED, RG_EV_DISPUTE_CLOSED,
    };
    struct rg_event e = {.type = types[strchr(letters, w->what) - letters], .id = rg_arena_printf(arena, "e%zu", index), .source = RG_STR("s"),
                         .ns = RG_STR("n"), .debtor = RG_STR("D1"), .invoice = RG_STR("F1"), .amount_cents = w->cents,
                         .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_AMOUNT)};
    e.time_ms = at("2026-11-01 12:00") + (int64_t)(w->day - 1) * RG_MS_PER_DAY + (int64_t)index;
    if (w->what != 'n')
        e.has |= RG_BIT(RG_F_INVOICE);
    if (strchr("csb", w->what) != NULL && w->payment[0] != '\0') {
        e.payment = rg_str(w->payment);
        e.has |= RG_BIT(RG_F_PAYMENT);
    }
    if (w->what == 'i') { /* 500 less until the fifth */
        e.due_on = rg_day_of(2026, 11, 10);
        e.discounts[0] = (struct rg_discount){.amount_cents = 500, .until = rg_day_of(2026, 11, 5)};
        e.discount_count = 1;
        e.has |= RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_DISCOUNTS);
    }
    if (w->what == 'D') {
        e.result = RG_STR("accepted");
        e.has |= RG_BIT(RG_F_RESULT);
    }
    return e;
}

struct outcome {
    int64_t received;
    bool paid;
    int cycle;
    enum rg_invoice_state state;
};

static struct outcome fold_in(struct rg_arena *arena, const struct rg_event *events, const size_t *order, size_t count)
{
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    for (size_t i = 0; i < 2 * count; i++) { /* everything comes twice */
        const struct rg_fact_record fact = {.offset = (int64_t)i, .event = &events[order[i % count]]};
        (void)rg_record_apply(record, &fact, NULL);
    }
    const struct rg_invoice *v = &record->invoices[0];
    return (struct outcome){rg_record_received_cents(record, v), rg_record_paid(record, v, 1), rg_invoice_cycle(v), v->state};
}

static bool next_order(size_t *order, size_t count)
{
    size_t i = count - 1, k = count - 1;
    while (i > 0 && order[i - 1] > order[i])
        i--;
    if (i == 0)
        return false;
    while (order[k] < order[i - 1])
        k--;
    for (size_t swapped = order[i - 1]; order[i - 1] == swapped; order[k] = swapped)
        order[i - 1] = order[k];
    for (size_t a = i, b = count - 1; a < b; a++, b--) {
        size_t swapped = order[a];
        order[a] = order[b];
        order[b] = swapped;
    }
    return true;
}

static void test_money_in_every_order(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct word words[WORDS_MAX];
        struct outcome expected;
    } rows[] = {
        {"nothing", {{'i', 1, "", 10000}}, {0, false, 1, 0}},
        {"confirmed", {{'i', 1, "", 10000}, {'c', 8, "P", 10000}}, {10000, true, 1, 0}},
        {"settled alone is confirmed too", {{'i', 1, "", 10000}, {'s', 8, "P", 10000}}, {10000, true, 1, 0}},
        {"a centavo short", {{'i', 1, "", 10000}, {'c', 8, "P", 9999}}, {9999, true, 1, 0}},
        {"two centavos short", {{'i', 1, "", 10000}, {'c', 8, "P", 9998}}, {9998, false, 1, 0}},
        {"the discount, in time", {{'i', 1, "", 10000}, {'c', 5, "P", 9500}}, {9500, true, 1, 0}},
        {"the discount, too late", {{'i', 1, "", 10000}, {'c', 6, "P", 9500}}, {9500, false, 1, 0}},
        {"in parts, the last too late", {{'i', 1, "", 10000}, {'c', 3, "P", 5000}, {'c', 6, "Q", 4500}}, {9500, false, 1, 0}},
        {"in parts, in time", {{'i', 1, "", 10000}, {'c', 3, "P", 5000}, {'c', 5, "Q", 4500}}, {9500, true, 1, 0}},
        {"confirmed in time, the money came later", {{'i', 1, "", 10000}, {'c', 5, "P", 9500}, {'s', 25, "P", 9500}}, {9500, true, 1, 0}},
        {"the same, the confirmation without a name", {{'i', 1, "", 10000}, {'c', 5, "", 9500}, {'s', 25, "P", 9500}}, {9500, true, 1, 0}},
        {"the same, neither with a name", {{'i', 1, "", 10000}, {'c', 5, "", 9500}, {'s', 25, "", 9500}}, {9500, true, 1, 0}},
        {"nameless and too late", {{'i', 1, "", 10000}, {'c', 6, "", 9500}, {'s', 25, "P", 9500}}, {9500, false, 1, 0}},
        {"thirty-one days apart: two payments", {{'i', 1, "", 10000}, {'c', 2, "", 5000}, {'s', 33, "P", 5000}}, {10000, true, 1, 0}},
        {"another amount: two payments", {{'i', 1, "", 10000}, {'c', 6, "", 4000}, {'s', 8, "P", 6000}}, {10000, true, 1, 0}},
        {"two confirmations, one settled", {{'i', 1, "", 10000}, {'c', 6, "", 5000}, {'c', 7, "", 5000}, {'s', 9, "P", 5000}}, {10000, true, 1, 0}},
        {"settled under a name that was confirmed too", {{'i', 1, "", 10000}, {'c', 6, "", 5000}, {'c', 6, "P", 5000}, {'s', 9, "P", 5000}}, {10000, true, 1, 0}},
        {"the larger of two words", {{'i', 1, "", 10000}, {'c', 6, "P", 4000}, {'c', 7, "P", 5000}, {'s', 9, "P", 4500}}, {5000, false, 1, 0}},
        {"reversed", {{'i', 1, "", 10000}, {'c', 8, "P", 10000}, {'b', 9, "P", 10000}}, {0, false, 2, 0}},
        {"reversed before it was paid", {{'i', 1, "", 10000}, {'b', 7, "P", 10000}, {'c', 8, "P", 10000}}, {0, false, 2, 0}},
        {"part of it reversed", {{'i', 1, "", 10000}, {'c', 8, "P", 10000}, {'b', 9, "P", 3000}}, {7000, false, 2, 0}},
        {"more reversed than paid", {{'i', 1, "", 10000}, {'c', 8, "P", 4000}, {'c', 8, "Q", 6000}, {'b', 9, "P", 9000}}, {6000, false, 2, 0}},
        {"reversed, and paid again", {{'i', 1, "", 10000}, {'c', 8, "P", 10000}, {'b', 9, "P", 10000}, {'c', 12, "Q", 10000}}, {10000, true, 2, 0}},
        {"noted without a name, taken back, and paid", {{'i', 1, "", 10000}, {'s', 6, "", 10000}, {'b', 7, "", 10000}, {'s', 9, "P", 10000}}, {10000, true, 2, 0}},
        {"both names reversed", {{'i', 1, "", 10000}, {'c', 8, "P", 5000}, {'b', 9, "P", 5000}, {'c', 8, "Q", 5000}, {'b', 9, "Q", 5000}}, {0, false, 3, 0}},
        {"reversed without a name", {{'i', 1, "", 10000}, {'c', 8, "P", 10000}, {'b', 9, "", 10000}}, {0, false, 2, 0}},
        {"a nameless pair, reversed by the name", {{'i', 1, "", 10000}, {'c', 5, "", 10000}, {'s', 8, "P", 10000}, {'b', 9, "P", 10000}}, {0, false, 2, 0}},
        {"a nameless pair, reversed without a name", {{'i', 1, "", 10000}, {'c', 5, "", 10000}, {'s', 8, "P", 10000}, {'b', 9, "", 10000}}, {0, false, 2, 0}},
        {"credit and payment", {{'i', 1, "", 10000}, {'k', 4, "", 500}, {'c', 8, "P", 9500}}, {10000, true, 1, 0}},
        {"two credits, one without an invoice", {{'i', 1, "", 10000}, {'k', 4, "", 500}, {'n', 4, "", 9500}}, {10000, true, 1, 0}},
        {"the amount rises", {{'i', 1, "", 10000}, {'c', 6, "P", 10000}, {'u', 7, "", 12000}}, {10000, false, 1, 0}},
        {"the amount falls", {{'i', 1, "", 10000}, {'c', 6, "P", 8000}, {'u', 7, "", 8000}}, {8000, true, 1, 0}},
        {"voided and reopened", {{'i', 1, "", 10000}, {'v', 3, "", 0}, {'r', 4, "", 0}}, {0, false, 2, RG_INVOICE_OPEN}},
        {"reopened and voided", {{'i', 1, "", 10000}, {'r', 3, "", 0}, {'v', 4, "", 0}}, {0, false, 2, RG_INVOICE_VOIDED}},
        {"written off, voided, reopened twice", {{'i', 1, "", 10000}, {'w', 3, "", 0}, {'r', 4, "", 0}, {'v', 5, "", 0}, {'r', 6, "", 0}}, {0, false, 3, RG_INVOICE_OPEN}},
        {"voided, of which nothing else is known", {{'v', 3, "", 0}, {'c', 4, "P", 100}}, {100, false, 1, RG_INVOICE_VOIDED}},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new((size_t)256 * 1024 * 1024);
        struct rg_event events[WORDS_MAX];
        size_t order[WORDS_MAX], count = 0;
        for (; count < WORDS_MAX && rows[i].words[count].what != '\0'; count++) {
            events[count] = event_of(arena, &rows[i].words[count], count);
            order[count] = count;
        }
        do {
            struct outcome got = fold_in(arena, events, order, count);
            const struct outcome *want = &rows[i].expected;
            if (got.received != want->received || got.paid != want->paid || got.cycle != want->cycle || got.state != want->state)
                fail_msg("%s: received %lld paid %d cycle %d state %d", rows[i].what, (long long)got.received, got.paid, got.cycle, (int)got.state);
        } while (next_order(order, count));
        rg_arena_free(&arena);
    }
}

/* A credit without an invoice goes to what is still owed, oldest first: not to what was paid with its discount, nor to what nobody
 * owes. */
static void test_credits_go_where_something_is_owed(void **state)
{
    (void)state;
    static const struct word ends[] = {{'c', 5, "P", 9500}, {'D', 5, "", 0}, {'v', 5, "", 0}, {'w', 5, "", 0}, {'c', 5, "P", 10000}};
    for (size_t i = 0; i < RG_COUNT(ends); i++) {
        struct rg_arena *arena = rg_arena_new((size_t)4 * 1024 * 1024);
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        const struct word issued = {'i', 1, "", 10000}, credit = {'n', 6, "", 400};
        struct rg_event events[] = {event_of(arena, &issued, 0), event_of(arena, &issued, 1), event_of(arena, &ends[i], 2), event_of(arena, &credit, 3)};
        events[1].invoice = RG_STR("F2");
        events[1].due_on++;
        for (size_t k = 0; k < RG_COUNT(events); k++) {
            const struct rg_fact_record fact = {.offset = (int64_t)k, .event = &events[k]};
            (void)rg_record_apply(record, &fact, NULL);
        }
        if (rg_record_balance_cents(record, &record->invoices[1]) != 9600)
            fail_msg("row %zu: %lld", i, (long long)rg_record_balance_cents(record, &record->invoices[1]));
        rg_arena_free(&arena);
    }
}

/* ---- what comes back ---- */

static const char two_ways[] = "language: 1\nladder: curta\ntitle: Curta\nowner: a@b.example\npriority: 10\ncalendar: br-generico\nmode: live\n"
                               "defaults: { uncertain: %s }\n"
                               "steps:\n"
                               "  atraso: { day: D+1, tone: reminder, via: [whatsapp, sms], template: atraso, until: 20d }\n"
                               "templates:\n  atraso: \"{{nome}}, {{valor}}. {{> credor}}\"\n";

static void begin(struct play *p, const char *uncertain, enum rg_verdict verdict)
{
    char text[1024];
    (void)snprintf(text, sizeof text, two_ways, uncertain);
    play_begin(p, rg_test_rules(text), "2026-11-01 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
    p->verdict = verdict;
    while (p->line_count == 0 && p->due_ms < at("2026-11-05")) { /* up to its first attempt */
        p->now_ms = p->due_ms > p->now_ms ? p->due_ms : p->now_ms + 1;
        play_look(p);
    }
    assert_int_equal(p->line_count, 1);
    p->verdict = RG_VERDICT_ACCEPTED;
}

static struct rg_done *step_of(struct play *p)
{
    struct rg_done *done = rg_invoice_done(&p->record->invoices[0], RG_STR("atraso"), 1, 1);
    assert_non_null(done);
    return done;
}

/* What was delivered did arrive, whether the bounce of another relay was heard before it or behind it. */
static void test_a_bounce_and_a_delivery(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct play p;
        begin(&p, "skip", RG_VERDICT_ACCEPTED);
        p.hold_claims = true;
        struct rg_record *record = p.record;
        const enum rg_provider_fact facts[2] = {turn == 0 ? RG_FACT_BOUNCED : RG_FACT_DELIVERED, turn == 0 ? RG_FACT_DELIVERED : RG_FACT_BOUNCED};
        for (int i = 0; i < 2; i++) { /* both before anybody looks */
            struct rg_action_id of;
            char action[RG_ACTION_TEXT + 1];
            rg_done_action(step_of(&p), &of);
            rg_action_id_print(&of, action);
            struct rg_event e = play_event(&p, RG_EV_DELIVERY_RECEIPT, i == 0 ? "first" : "second");
            e.action = rg_str(action);
            e.status = (int)facts[i];
            e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
            const struct rg_fact_record fact = {.offset = p.offset++, .event = &e};
            (void)rg_record_apply(record, &fact, NULL);
        }
        assert_int_equal(step_of(&p)->state, RG_DONE_SENT);
        assert_int_equal(step_of(&p)->evidence, RG_EVIDENCE_DELIVERED);
        play_to(&p, "2026-11-10 18:00");
        assert_int_equal(p.line_count, 1);
        play_end(&p);
    }
}

/* The answer was lost, and then the provider says that it arrived: it is not said again, and it counts as said. */
static void test_a_receipt_ends_the_doubt(void **state)
{
    (void)state;
    static const char *const policies[] = {"skip", "resend"};
    for (size_t i = 0; i < RG_COUNT(policies); i++) {
        struct play p;
        begin(&p, policies[i], RG_VERDICT_UNCERTAIN);
        assert_int_equal(step_of(&p)->state, i == 0 ? RG_DONE_UNCERTAIN : RG_DONE_RETRY);
        play_receipt(&p, "atraso", RG_FACT_DELIVERED);
        assert_int_equal(step_of(&p)->state, RG_DONE_SENT);
        play_to(&p, "2026-11-10 18:00");
        assert_int_equal(p.line_count, 1);
        play_end(&p);
    }
}

/* The sender's word and the provider's come by different ways: what they make of one attempt does not depend on which is first. */
static void test_receipts_and_outcomes_in_every_order(void **state)
{
    (void)state;
    static const enum rg_verdict verdicts[] = {RG_VERDICT_ACCEPTED, RG_VERDICT_UNCERTAIN, RG_VERDICT_RETRY, RG_VERDICT_REJECTED};
    static const struct {
        enum rg_provider_fact facts[3];
        size_t count;
        enum rg_done_state expected[4]; /* by verdict, where an uncertain one is skipped */
    } rows[] = {
        {{RG_FACT_NONE}, 0, {RG_DONE_SENT, RG_DONE_UNCERTAIN, RG_DONE_RETRY, RG_DONE_REJECTED}},
        {{RG_FACT_ACCEPTED}, 1, {RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT}},
        {{RG_FACT_DELIVERED}, 1, {RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT}},
        {{RG_FACT_BOUNCED}, 1, {RG_DONE_REJECTED, RG_DONE_REJECTED, RG_DONE_RETRY, RG_DONE_REJECTED}},
        {{RG_FACT_ACCEPTED, RG_FACT_BOUNCED}, 2, {RG_DONE_REJECTED, RG_DONE_REJECTED, RG_DONE_REJECTED, RG_DONE_REJECTED}},
        {{RG_FACT_BOUNCED, RG_FACT_DELIVERED}, 2, {RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT}},
        {{RG_FACT_ACCEPTED, RG_FACT_BOUNCED, RG_FACT_READ}, 3, {RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT, RG_DONE_SENT}},
    };
    struct play p;
    char text[1024];
    (void)snprintf(text, sizeof text, two_ways, "skip");
    play_begin(&p, rg_test_rules(text), "2026-11-01 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    p.hold_claims = true;
    play_to(&p, "2026-11-04 10:00");
    assert_int_equal(p.record->action_count, 1);
    const struct rg_decision d = p.record->actions[0].decision;
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&d.action, action);
    for (size_t r = 0; r < RG_COUNT(rows) * RG_COUNT(verdicts); r++) {
        const size_t row = r / RG_COUNT(verdicts), verdict = r % RG_COUNT(verdicts), count = rows[row].count + 1;
        size_t order[4] = {0, 1, 2, 3}; /* 0 is the outcome */
        do {
            struct rg_record *record = rg_record_new(p.arena, RG_STR("D1"));
            p.record = record;
            p.due_ms = RG_NEVER;
            struct rg_event issued = play_event(&p, RG_EV_INVOICE_ISSUED, "F1");
            issued.invoice = RG_STR("F1");
            issued.amount_cents = 15900;
            issued.due_on = rg_day_of(2026, 11, 3);
            issued.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON);
            struct rg_claim claim = {.action = d.action, .debtor = d.debtor, .valid_ms = 60000, .at_ms = p.now_ms, .claim = {{1}}};
            const struct rg_fact_record first[] = {{.offset = 1, .event = &issued}, {.offset = 2, .decided = &d}, {.offset = 3, .claim = &claim}};
            for (size_t i = 0; i < RG_COUNT(first); i++)
                (void)rg_record_apply(record, &first[i], NULL);
            for (size_t i = 0; i < count; i++) {
                const struct rg_outcome o = {.action = d.action, .claim = claim.claim, .claim_offset = 3, .debtor = d.debtor, .step = d.step,
                                             .channel = d.channel, .repetition = d.repetition, .attempt = d.attempt, .invoices = d.invoices,
                                             .invoice_count = d.invoice_count, .verdict = verdicts[verdict], .at_ms = p.now_ms + 1000};
                struct rg_event e = play_event(&p, RG_EV_DELIVERY_RECEIPT, "r");
                e.action = rg_str(action);
                e.status = order[i] == 0 ? 0 : (int)rows[row].facts[order[i] - 1];
                e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
                const struct rg_fact_record fact = {.offset = 10 + (int64_t)i, .outcome = order[i] == 0 ? &o : NULL, .event = order[i] == 0 ? NULL : &e};
                (void)rg_record_apply(record, &fact, NULL);
            }
            const struct rg_done *done = rg_invoice_done(&record->invoices[0], RG_STR("atraso"), 1, 1);
            assert_non_null(done);
            if (done->state != rows[row].expected[verdict])
                fail_msg("row %zu, %s, outcome at %zu %zu %zu %zu: %s", row, rg_verdict_name(verdicts[verdict]), order[0], order[1], order[2], order[3],
                         rg_done_state_name(done->state));
        } while (count > 1 && next_order(order, count));
    }
    play_end(&p);
}

/* ---- who speaks of which suspension ---- */

static void confirmed(struct play *p, const char *id, int64_t at_ms)
{
    struct rg_event e = play_event(p, RG_EV_SERVICE_SUSPENDED, id);
    e.time_ms = at_ms;
    play_fold(p, &e, false);
}

/* The word that the service is off, come again after it was restored and cut anew, says nothing of the second time. */
static void test_a_confirmation_speaks_of_its_own_suspension(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-07 10:00");
    int64_t first_ms = p.now_ms;
    confirmed(&p, "off", first_ms);
    struct rg_done *first = rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 1);
    assert_non_null(first);
    assert_int_equal(first->confirmed_ms, first_ms);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P", 15900);
    play_to(&p, "2026-12-20 10:00");
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P", 15900);
    for (int day = 0; day < 90 && rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 2) == NULL; day++) {
        char until[RG_DAY_TEXT_MAX];
        rg_day_format(rg_day_of(2026, 12, 21) + day, until);
        play_to(&p, until);
        struct rg_done *notice = rg_invoice_done(&p.record->invoices[0], RG_STR("aviso_suspensao"), 1, 2);
        if (notice != NULL && notice->state == RG_DONE_SENT && notice->evidence < RG_EVIDENCE_DELIVERED)
            notice->evidence = RG_EVIDENCE_DELIVERED, notice->evidence_ms[RG_EVIDENCE_DELIVERED] = notice->at_ms;
    }
    struct rg_done *second = rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 2);
    assert_non_null(second);
    assert_int_equal(second->state, RG_DONE_SENT);
    confirmed(&p, "off", first_ms); /* a repeat */
    assert_int_equal(rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 2)->confirmed_ms, 0);
    confirmed(&p, "off again", p.now_ms + 60000);
    second = rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 2);
    assert_int_equal(second->confirmed_ms, p.now_ms + 60000);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money_in_every_order), cmocka_unit_test(test_credits_go_where_something_is_owed), cmocka_unit_test(test_a_bounce_and_a_delivery),
        cmocka_unit_test(test_a_receipt_ends_the_doubt), cmocka_unit_test(test_receipts_and_outcomes_in_every_order),
        cmocka_unit_test(test_a_confirmation_speaks_of_its_own_suspension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
