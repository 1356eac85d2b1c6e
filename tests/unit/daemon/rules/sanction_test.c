/* What a suspension waits for, what it owes afterwards, and what comes back about a notice in between. */
#include "tests/unit/daemon/rules/play.h"

#include "tests/unit/support/cmocka.h"

static void begin(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
}

static void expect(const struct play *p, const char *words)
{
    if (play_find(p, words) == NULL) {
        play_print(p);
        fail_msg("expected: %s", words);
    }
}

static void refuse(const struct play *p, const char *words)
{
    if (play_find(p, words) != NULL) {
        play_print(p);
        fail_msg("must not be: %s", words);
    }
}

static int count(const struct play *p, const char *words)
{
    int n = 0;
    for (size_t i = 0; i < p->line_count; i++)
        n += strstr(p->lines[i], words) != NULL;
    return n;
}

static struct rg_done *done_of(struct play *p, const char *step, int cycle)
{
    struct rg_done *done = rg_invoice_done(&p->record->invoices[0], rg_str(step), 1, cycle);
    assert_non_null(done);
    return done;
}

static void amount(struct play *p, int64_t cents)
{
    struct rg_event e = play_event(p, RG_EV_INVOICE_UPDATED, "amount");
    e.invoice = RG_STR("F1");
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT);
    play_fold(p, &e, false);
}

static void noticed(struct play *p)
{
    begin(p);
    play_to(p, "2026-11-18 23:00");
    play_receipt(p, "aviso_suspensao", RG_FACT_DELIVERED);
}

static void suspended(struct play *p)
{
    noticed(p);
    play_to(p, "2026-12-07 09:00");
    expect(p, "2026-12-07 08:00 suspensao signals");
}

/* More is owed than the notice spoke of: it has lapsed, and is given again by the same channel; the term runs from the new
 * one. */
static void test_a_lapsed_notice_proves_nothing(void **state)
{
    (void)state;
    struct play p;
    noticed(&p);
    play_to(&p, "2026-12-01 10:00");
    amount(&p, 20000);
    play_to(&p, "2026-12-02 21:00");
    assert_int_equal(count(&p, "aviso_suspensao whatsapp"), 2);
    play_to(&p, "2026-12-08 23:00");
    refuse(&p, "suspensao signals"); /* the second notice is not delivered, and the first says nothing of this amount */
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-23 23:00");
    refuse(&p, "suspensao signals");
    play_to(&p, "2027-01-31");
    expect(&p, "suspensao signals");
    play_end(&p);
}

static void test_a_lower_amount_leaves_the_notice_standing(void **state)
{
    (void)state;
    struct play p;
    noticed(&p);
    amount(&p, 10000);
    play_to(&p, "2026-12-07 09:00");
    assert_int_equal(count(&p, "aviso_suspensao"), 1);
    expect(&p, "suspensao signals");
    play_end(&p);
}

static const char carta[] = "language: 1\n"
                              "ladder: carta\n"
                              "title: Carta\n"
                              "owner: a@b.example\n"
                              "priority: 1\n"
                              "calendar: br-generico\n"
                              "mode: live\n"
                              "steps:\n"
                              "  aviso: { day: D+5, tone: notice, via: [whatsapp, sms], template: aviso_suspensao,"
                              " evidence: delivered, term: 15d }\n"
                              "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, needs: [payments_fresh],"
                              " signal: service.suspend_requested }\n"
                              "on_paid:\n"
                              "  religar: { signal: service.restore_requested, clock: confirmed, within: 24h }\n";

/* Accepted and then bounced: nobody has read it. Whichever of the two is heard first. */
static void test_a_bounced_notice_proves_nothing(void **state)
{
    (void)state;
    for (int bounced_first = 0; bounced_first <= 1; bounced_first++) {
        struct play p;
        play_begin(&p, rg_test_rules(carta), "2026-10-20 09:00");
        play_person(&p);
        play_invoice(&p, "F1", "2026-11-03", 15900);
        p.hold_claims = true;
        play_to(&p, "2026-11-09 12:00");
        assert_int_equal(p.record->action_count, 1);
        struct rg_decision d = p.record->actions[0].decision;
        p.verdict = RG_VERDICT_ACCEPTED;
        if (bounced_first) {
            struct rg_claim claim = {.action = d.action, .debtor = d.debtor, .valid_ms = 60000, .at_ms = p.now_ms,
                                     .claim = {{1}}};
            struct rg_fact_record fact = {.offset = p.offset++, .claim = &claim};
            assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
            play_receipt(&p, "aviso", RG_FACT_BOUNCED);
            struct rg_outcome outcome = {.action = d.action, .claim = claim.claim, .debtor = d.debtor, .step = d.step,
                                         .channel = d.channel, .repetition = 1, .attempt = d.attempt,
                                         .invoices = d.invoices, .invoice_count = d.invoice_count,
                                         .verdict = RG_VERDICT_ACCEPTED,
                                         .evidence = RG_EVIDENCE_ACCEPTED, .at_ms = p.now_ms};
            fact = (struct rg_fact_record){.offset = p.offset++, .outcome = &outcome};
            (void)rg_record_apply(p.record, &fact, NULL);
            assert_int_equal(done_of(&p, "aviso", 1)->state, RG_DONE_REJECTED);
            play_look(&p);
        } else {
            play_deliver(&p, &d);
            play_receipt(&p, "aviso", RG_FACT_BOUNCED);
        }
        play_to(&p, "2026-12-31"); /* the next channel is queued and nobody delivers it */
        expect(&p, "aviso sms");
        refuse(&p, "corte");
        play_end(&p);
    }
}

/* What a provider's clock says of a time before the message is not believed: a term does not begin before its notice. */
static void test_no_evidence_before_the_message(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-18 23:00");
    char action[RG_ACTION_TEXT + 1];
    struct rg_action_id of;
    rg_done_action(done_of(&p, "aviso_suspensao", 1), &of);
    rg_action_id_print(&of, action);
    struct rg_event e = play_event(&p, RG_EV_DELIVERY_RECEIPT, "early");
    e.action = rg_str(action);
    e.status = RG_FACT_DELIVERED;
    e.at_ms = at("2026-01-01");
    e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS) | RG_BIT(RG_F_AT);
    play_fold(&p, &e, false);
    play_to(&p, "2026-12-03 23:00");
    refuse(&p, "suspensao signals");
    play_end(&p);
}

/* ---- what is owed ---- */

/* A signal that is refused is tried again, later and later, what is owed above all; never in a circle. */
static void test_a_refused_signal_backs_off(void **state)
{
    (void)state;
    for (int restore = 0; restore <= 1; restore++) {
        struct play p;
        if (restore) {
            suspended(&p);
            p.verdict = RG_VERDICT_REJECTED;
            play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
        } else {
            noticed(&p);
            play_to(&p, "2026-12-06 23:00");
            p.verdict = RG_VERDICT_REJECTED;
        }
        const char *step = restore ? "religar" : "suspensao signals";
        play_to(&p, "2026-12-07 18:00");
        assert_in_range(count(&p, step), 3, 10);
        assert_true(p.record->invoices[0].done_count > 0);
        for (size_t i = 0; i < p.record->invoices[0].done_count; i++)
            assert_true(p.record->invoices[0].done[i].refused_count <= 3);
        p.verdict = RG_VERDICT_ACCEPTED;
        play_to(&p, "2026-12-09 18:00");
        int tries = count(&p, step);
        play_to(&p, "2026-12-31 18:00");
        assert_int_equal(count(&p, step), tries);
        play_end(&p);
    }
}

static void dispute(struct play *p, enum rg_event_type type, const char *result)
{
    struct rg_event e = play_event(p, type, rg_event_type_name(type));
    e.invoice = RG_STR("F1");
    e.has |= RG_BIT(RG_F_INVOICE);
    if (result != NULL) {
        e.result = rg_str(result);
        e.has |= RG_BIT(RG_F_RESULT);
    }
    play_fold(p, &e, false);
}

/* He was right: he is left alone, and what was cut is restored. */
static void test_an_accepted_dispute_restores(void **state)
{
    (void)state;
    struct play p;
    suspended(&p);
    p.now_ms += RG_MS_PER_MINUTE;
    dispute(&p, RG_EV_DISPUTE_OPENED, NULL);
    refuse(&p, "religar");
    p.now_ms += RG_MS_PER_MINUTE;
    dispute(&p, RG_EV_DISPUTE_CLOSED, "accepted");
    expect(&p, "religar signals service.restore_requested");
    play_end(&p);
    begin(&p);
    play_to(&p, "2026-10-28 10:00");
    dispute(&p, RG_EV_DISPUTE_OPENED, NULL);
    p.now_ms += RG_MS_PER_MINUTE;
    dispute(&p, RG_EV_DISPUTE_CLOSED, "accepted");
    size_t lines = p.line_count;
    play_to(&p, "2027-01-31");
    assert_int_equal(p.line_count, lines);
    play_end(&p);
}

/* What he did not owe is no debt of his: it is not counted against him when another invoice is looked at. */
static void test_a_won_dispute_is_no_debt(void **state)
{
    (void)state;
    static const char *const conditions[] = {"history.unpaid_12m >= 2", "history.late_12m >= 2", "debtor.overdue_count >= 2",
                                             "debtor.open_total >= brl(\"300.00\")", "history.paid_percent < 50"};
    for (size_t i = 0; i < RG_COUNT(conditions); i++) {
        for (int won = 0; won <= 1; won++) {
            struct play p;
            char yaml[512];
            (void)snprintf(yaml, sizeof yaml,
                           "language: 1\nladder: curta\npriority: 1\ncalendar: br-generico\nsteps:\n"
                           "  conversa: { day: D+9, tone: firm, via: [sms], template: conversa, when: '%s' }\n", conditions[i]);
            play_begin(&p, rg_test_rules(yaml), "2026-10-20 09:00");
            play_person(&p);
            play_invoice(&p, "F1", "2026-11-03", 15900);
            play_invoice(&p, "F2", "2026-11-04", 15900);
            play_invoice(&p, "F3", "2026-10-26", 900);
            play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F3", "P1", 900);
            play_to(&p, "2026-11-04 10:00");
            dispute(&p, RG_EV_DISPUTE_CLOSED, won ? "accepted" : "rejected");
            play_to(&p, "2026-12-31");
            assert_int_equal(play_find(&p, "conversa") != NULL, won == 0);
            play_end(&p);
        }
    }
}

static void test_a_rejected_dispute_restores_nothing(void **state)
{
    (void)state;
    struct play p;
    suspended(&p);
    dispute(&p, RG_EV_DISPUTE_OPENED, NULL);
    p.now_ms += RG_MS_PER_MINUTE;
    dispute(&p, RG_EV_DISPUTE_CLOSED, "rejected");
    play_to(&p, "2026-12-31");
    refuse(&p, "religar");
    play_end(&p);
}

/* The books give a debt up; the debtor still owes it. */
static void test_a_write_off_restores_nothing(void **state)
{
    (void)state;
    for (int voided = 0; voided <= 1; voided++) {
        struct play p;
        suspended(&p);
        struct rg_event e = play_event(&p, voided ? RG_EV_INVOICE_VOIDED : RG_EV_INVOICE_WRITTEN_OFF, "end");
        e.invoice = RG_STR("F1");
        e.has |= RG_BIT(RG_F_INVOICE);
        play_fold(&p, &e, false);
        play_to(&p, "2026-12-31");
        assert_int_equal(play_find(&p, "religar") != NULL, voided);
        play_end(&p);
    }
}

/* The rules grant less after the notice went out: the day it names in its text stands. They grant more: so be it. */
static void test_a_term_once_granted_is_not_shortened(void **state)
{
    (void)state;
    static const struct {
        const char *then, *no_cut, *cut;
    } rows[] = {{"term: 20d", "2026-12-09 23:59", "2026-12-10"}, /* thirty days from 9 November, as the notice said */
                {"term: 40d", "2026-12-20 23:59", "2026-12-22"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char yaml[sizeof carta + 16];
        const char *term = strstr(carta, "term: 15d");
        (void)snprintf(yaml, sizeof yaml, "%.*sterm: 30d%s", (int)(term - carta), carta, term + strlen("term: 15d"));
        play_begin(&p, rg_test_rules(yaml), "2026-10-20 09:00");
        p.evidence = RG_EVIDENCE_DELIVERED;
        play_person(&p);
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-11-10 09:00");
        expect(&p, "2026-11-09 08:12 aviso whatsapp");
        (void)snprintf(yaml, sizeof yaml, "%.*s%s%s", (int)(term - carta), carta, rows[i].then, term + strlen("term: 15d"));
        rg_rules_free(&p.rules);
        p.rules = rg_test_rules(yaml);
        play_to(&p, rows[i].no_cut);
        refuse(&p, "corte");
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].cut);
        play_end(&p);
    }
}

/* The last day of a term is the debtor's, unless the calendar says that it is over on it. */
static void test_the_last_day_of_a_term(void **state)
{
    (void)state;
    static const struct {
        enum rg_term_end ends;
        const char *cut;
    } rows[] = {{RG_TERM_NEXT_DAY, "2026-11-25 00:00 corte"}, {RG_TERM_SAME_DAY, "2026-11-24 00:00 corte"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        play_begin(&p, rg_test_rules(carta), "2026-10-20 09:00");
        struct rg_calendar calendar = *p.rules->ladders[0].calendar;
        calendar.term_end = rows[i].ends;
        p.rules->ladders[0].calendar = &calendar;
        p.evidence = RG_EVIDENCE_DELIVERED;
        play_person(&p);
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, "2026-11-09 08:12 aviso whatsapp");
        expect(&p, rows[i].cut);
        play_end(&p);
    }
}

/* After a dispute that the debtor has lost a sanction waits, whatever its term says; reminders do not. */
static void test_a_lost_dispute_is_waited_for(void **state)
{
    (void)state;
    struct play p;
    noticed(&p);
    p.rules->policy.after_dispute_bank_days = 27;
    play_to(&p, "2026-12-03 09:00");
    dispute(&p, RG_EV_DISPUTE_OPENED, NULL);
    play_to(&p, "2026-12-09 15:00");
    dispute(&p, RG_EV_DISPUTE_CLOSED, "rejected");
    play_to(&p, "2027-01-19 23:59"); /* the 27th bank day after it */
    refuse(&p, " suspensao");
    play_to(&p, "2027-02-28 00:00");
    expect(&p, "2027-01-20 08:00 suspensao");
    play_end(&p);
}

static void move_due(struct play *p, const char *id, rg_day on)
{
    struct rg_event e = play_event(p, RG_EV_INVOICE_UPDATED, id);
    e.invoice = RG_STR("F1");
    e.due_on = on;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_DUE_ON);
    play_fold(p, &e, false);
}

/* Nobody is cut off for what is not due yet: not by a notice that goes out before the due day, and not when that day is moved to
 * one it had before, which begins no cycle. */
static void test_nobody_is_cut_before_it_is_due(void **state)
{
    (void)state;
    struct play p;
    char yaml[sizeof carta + 16];
    const char *day = strstr(carta, "D+5");
    (void)snprintf(yaml, sizeof yaml, "%.*sD-20%s", (int)(day - carta), carta, day + strlen("D+5"));
    play_begin(&p, rg_test_rules(yaml), "2026-10-01 09:00");
    p.evidence = RG_EVIDENCE_DELIVERED;
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-03 23:59");
    expect(&p, "2026-10-14 08:12 aviso");
    refuse(&p, "corte");
    play_to(&p, "2026-11-05");
    expect(&p, "2026-11-04 00:00 corte");
    play_end(&p);

    begin(&p);
    p.evidence = RG_EVIDENCE_DELIVERED;
    rg_day first = rg_day_of(2026, 11, 3), later = rg_day_of(2027, 1, 8);
    play_to(&p, "2026-10-21 09:00");
    move_due(&p, "later", later);
    play_to(&p, "2026-10-22 09:00");
    move_due(&p, "back", first);
    play_to(&p, "2026-11-25 09:00");
    expect(&p, "2026-11-18 08:12 aviso_suspensao");
    move_due(&p, "later again", later);
    play_to(&p, "2027-01-10 23:59");
    refuse(&p, "suspensao signals");
    play_to(&p, "2027-01-31");
    expect(&p, "2027-01-11 08:00 suspensao signals");
    play_end(&p);
}

/* A hold stops the term, which starts again from its end; a debit that is tried again and again, and fails, does not. */
static void test_what_stops_a_term(void **state)
{
    (void)state;
    for (int hold = 0; hold <= 1; hold++) {
        struct play p;
        begin(&p);
        p.evidence = RG_EVIDENCE_DELIVERED;
        play_to(&p, "2026-11-25 10:00");
        struct rg_event e = play_event(&p, hold ? RG_EV_DEBTOR_HELD : RG_EV_PAYMENT_SCHEDULED, "begin");
        e.invoice = RG_STR("F1");
        e.on = rg_day_of(2026, 11, 26);
        e.has |= hold ? 0 : RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_ON);
        play_fold(&p, &e, false);
        play_to(&p, "2026-11-26 10:00");
        e = play_event(&p, hold ? RG_EV_DEBTOR_RELEASED : RG_EV_PAYMENT_FAILED, "end");
        e.invoice = RG_STR("F1");
        e.has |= hold ? 0 : RG_BIT(RG_F_INVOICE);
        play_fold(&p, &e, false);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, hold ? "2026-12-14 08:00 suspensao" : "2026-12-07 08:00 suspensao"); /* from 26, and from 18 November */
        play_end(&p);
    }
}

/* Cut, restored, and cut again in the cycle of a chargeback: whoever obeys the highest number obeys the last. */
static void test_signals_are_numbered_as_they_come(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.evidence = RG_EVIDENCE_DELIVERED;
    play_to(&p, "2026-12-10 09:00");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    p.now_ms += RG_MS_PER_DAY;
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P1", 15900);
    play_to(&p, "2027-01-31");
    int64_t first = done_of(&p, "suspensao", 1)->sequence, restore = done_of(&p, "religar", 1)->sequence,
            second = done_of(&p, "suspensao", 2)->sequence;
    assert_true(0 < first && first < restore && restore < second);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P2", 15900);
    assert_true(done_of(&p, "religar", 2)->sequence > second);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lapsed_notice_proves_nothing), cmocka_unit_test(test_a_lower_amount_leaves_the_notice_standing),
        cmocka_unit_test(test_a_bounced_notice_proves_nothing), cmocka_unit_test(test_no_evidence_before_the_message),
        cmocka_unit_test(test_a_refused_signal_backs_off), cmocka_unit_test(test_an_accepted_dispute_restores),
        cmocka_unit_test(test_a_rejected_dispute_restores_nothing), cmocka_unit_test(test_a_write_off_restores_nothing),
        cmocka_unit_test(test_what_stops_a_term), cmocka_unit_test(test_a_won_dispute_is_no_debt),
        cmocka_unit_test(test_nobody_is_cut_before_it_is_due),
        cmocka_unit_test(test_the_last_day_of_a_term), cmocka_unit_test(test_a_lost_dispute_is_waited_for),
        cmocka_unit_test(test_signals_are_numbered_as_they_come),
        cmocka_unit_test(test_a_term_once_granted_is_not_shortened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
