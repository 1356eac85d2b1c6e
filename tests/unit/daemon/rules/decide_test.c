/* The shipped ladder played through whole lives of an invoice, and the fates that must end it. */
#include "tests/unit/daemon/rules/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void begin(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900); /* a Tuesday after the holiday of 2 November */
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

/* Day by day: what a debtor who never pays gets, when, by which channel; and no suspension before the notice was delivered, its
 * term has passed, and the calendar allows it. */
static void test_never_pays(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-18 23:00");
    expect(&p, "2026-10-29 08:"); /* D-5 */
    expect(&p, "lembrete email");
    expect(&p, "2026-11-04 08:");
    expect(&p, "atraso whatsapp");
    expect(&p, "2026-11-18 08:"); /* D+15 */
    expect(&p, "aviso_suspensao whatsapp");
    play_to(&p, "2026-11-18 23:30");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-06 23:00"); /* + 15 days: Thursday 3 December is the last; Friday to Sunday nothing is cut */
    refuse(&p, "suspensao signals");
    play_to(&p, "2026-12-07 23:00");
    expect(&p, "2026-12-07 08:00 suspensao signals service.suspend_requested");
    play_end(&p);
}

static void test_caps_and_gaps(void **state)
{
    (void)state;
    struct play p;
    int per_day[400] = {0};
    begin(&p);
    play_invoice(&p, "F2", "2026-11-05", 9900);
    play_invoice(&p, "F3", "2026-11-06", 5000);
    play_to(&p, "2026-11-30 23:00");
    for (size_t i = 0; i < p.line_count; i++) {
        rg_day day = RG_DAY_NONE;
        assert_true(rg_day_parse((struct rg_str){p.lines[i], 10}, &day));
        if (strstr(p.lines[i], "aviso") == NULL && strstr(p.lines[i], "notificacao") == NULL && strstr(p.lines[i], "como_pagar") == NULL)
            per_day[day % 400]++;
        enum rg_weekday weekday = rg_day_weekday(day);
        assert_true(weekday != RG_SUN);
    }
    for (size_t i = 0; i < RG_COUNT(per_day); i++)
        assert_true(per_day[i] <= 1);
    play_end(&p);
}

static void test_paid_before_and_thanked(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-05 10:00");
    expect(&p, "2026-11-04");
    size_t before = p.line_count;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900); /* twice the same payment counts once */
    play_money(&p, RG_EV_PAYMENT_SETTLED, "F1", "P1", 15900);
    play_to(&p, "2027-01-31");
    expect(&p, "obrigado");
    assert_int_equal(p.line_count, before + 1);
    play_end(&p);
}

static void test_paid_while_queued(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.hold_claims = true;
    play_to(&p, "2026-10-29 12:00");
    assert_int_equal(p.record->action_count, 1);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    assert_int_equal(p.record->action_count, 0);
    assert_int_equal(p.record->invoices[0].done[0].state, RG_DONE_VOIDED);
    assert_int_equal(p.record->invoices[0].done[0].gate, RG_GATE_PAID);
    play_end(&p);
}

static void suspend(struct play *p)
{
    begin(p);
    play_to(p, "2026-11-18 23:00");
    play_receipt(p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(p, "2026-12-07 09:00");
    expect(p, "suspensao signals");
}

static void test_restore_at_once(void **state)
{
    (void)state;
    struct play p;
    suspend(&p);
    p.now_ms = at("2026-12-12 03:00"); /* a Saturday night: what we owe has no hours */
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    expect(&p, "2026-12-12 03:00 religar signals service.restore_requested");
    const struct rg_done *suspended = rg_invoice_done(&p.record->invoices[0], RG_STR("suspensao"), 1, 1);
    const struct rg_done *restored = rg_invoice_done(&p.record->invoices[0], RG_STR("religar"), 1, 1);
    assert_true(restored->sequence > suspended->sequence);
    play_end(&p);
}

/* A suspend that was void before its claim owes nothing. */
static void test_queued_suspend_owes_nothing(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-06 23:00");
    p.hold_claims = true;
    play_to(&p, "2026-12-07 09:00");
    expect(&p, "suspensao signals");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_to(&p, "2027-01-31");
    refuse(&p, "religar");
    play_end(&p);
}

/* Claimed, and the answer lost: it may have arrived, so the restore is owed. */
static void test_uncertain_suspend_owes_restore(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-06 23:00");
    p.verdict = RG_VERDICT_UNCERTAIN;
    play_to(&p, "2026-12-07 09:00");
    p.verdict = RG_VERDICT_ACCEPTED;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    expect(&p, "religar signals service.restore_requested");
    play_end(&p);
}

static void test_reversal_opens_a_new_cycle(void **state)
{
    (void)state;
    for (int reversed_first = 0; reversed_first <= 1; reversed_first++) {
        struct play p;
        begin(&p);
        play_to(&p, "2026-11-04 12:00");
        enum rg_event_type first = reversed_first ? RG_EV_PAYMENT_REVERSED : RG_EV_PAYMENT_CONFIRMED;
        enum rg_event_type second = reversed_first ? RG_EV_PAYMENT_CONFIRMED : RG_EV_PAYMENT_REVERSED;
        play_money(&p, first, "F1", "P1", 15900);
        play_money(&p, second, "F1", "P1", 15900);
        assert_int_equal(rg_invoice_cycle(&p.record->invoices[0]), 2);
        assert_int_equal(rg_record_balance_cents(p.record, &p.record->invoices[0]), 15900);
        play_to(&p, "2026-11-19 23:00");
        expect(&p, "aviso_suspensao whatsapp"); /* a notice of its own for the new cycle */
        play_end(&p);
    }
}

static void test_partial_payment_names_the_rest(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.hold_claims = true;
    play_to(&p, "2026-11-04 12:00");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 5900);
    assert_true(p.record->action_count <= 1);
    if (p.record->action_count == 1)
        assert_int_equal(p.record->actions[0].decision.amount_cents, 10000);
    play_end(&p);
}

static void test_hold_keeps_silent(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_event hold = play_event(&p, RG_EV_DEBTOR_HELD, "hold");
    play_fold(&p, &hold, false);
    play_to(&p, "2026-12-31");
    assert_int_equal(p.line_count, 0);
    assert_true(p.skip_count > 0);
    for (size_t i = 0; i < p.skip_count; i++)
        assert_non_null(strstr(p.skips[i], "held"));
    play_end(&p);
}

static void test_rejected_channel_gives_way(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-03 23:00");
    p.verdict = RG_VERDICT_REJECTED;
    play_to(&p, "2026-11-04 23:00");
    expect(&p, "atraso whatsapp");
    expect(&p, "atraso sms");
    expect(&p, "atraso email");
    play_end(&p);
}

static void test_retry_backs_off(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-10-28 23:00");
    p.verdict = RG_VERDICT_RETRY;
    play_to(&p, "2026-10-29 20:00");
    int tries = 0;
    for (size_t i = 0; i < p.line_count; i++)
        tries += strstr(p.lines[i], "lembrete email") != NULL;
    assert_in_range(tries, 3, RG_RECORD_ACTIONS_MAX);
    assert_true(tries <= 8);
    play_end(&p);
}

static int lines_with(const struct play *p, const char *words)
{
    int n = 0;
    for (size_t i = 0; i < p->line_count; i++)
        n += strstr(p->lines[i], words) != NULL;
    return n;
}

/* `uncertain: resend` makes the same message again on the same day: caps and gap look at others, not at the attempt itself. But not
 * for ever: then the next channel takes it. */
static void test_uncertain_is_sent_again(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules("language: 1\n"
                                 "ladder: reenvio\n"
                                 "title: Reenvio\n"
                                 "owner: a@b.example\n"
                                 "priority: 1\n"
                                 "calendar: br-generico\n"
                                 "mode: live\n"
                                 "defaults: { caps: { per_day: 1, per_week: 3, gap: 20h }, uncertain: resend }\n"
                                 "steps:\n"
                                 "  atraso: { day: D+1, tone: reminder, via: [email, sms], template: atraso }\n"),
               "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    p.verdict = RG_VERDICT_UNCERTAIN;
    play_to(&p, "2026-11-04 08:31");
    assert_in_range(lines_with(&p, "atraso email"), 2, 5);
    play_to(&p, "2026-11-04 20:00");
    assert_int_equal(lines_with(&p, "atraso email"), 6);
    assert_in_range(lines_with(&p, "atraso sms"), 1, 6);
    p.verdict = RG_VERDICT_ACCEPTED;
    play_to(&p, "2026-11-30 00:00");
    assert_true(lines_with(&p, "atraso") <= 12);
    play_end(&p);
}

/* Days at either end of what can be counted. */
static void test_days_at_the_end_of_time(void **state)
{
    (void)state;
    static const char *const days[] = {"2199-12-31", "2199-12-30", "2199-12-20", "2199-11-01", "1900-01-01", "1900-01-08", "2000-02-29"};
    for (size_t i = 0; i < RG_COUNT(days); i++) {
        struct play p;
        play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
        play_person(&p);
        play_invoice(&p, "F1", days[i], 15900);
        play_invoice(&p, "F2", "2026-11-03", 15900);
        struct rg_event e = play_event(&p, RG_EV_PAYMENT_SCHEDULED, "debit");
        e.invoice = RG_STR("F1");
        assert_true(rg_day_parse(rg_str(days[i]), &e.on));
        e.pay_on = e.on;
        e.until_ms = at(days[i]);
        e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_ON) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_UNTIL);
        play_fold(&p, &e, false);
        e.type = RG_EV_DISPUTE_CLOSED;
        e.time_ms = at(days[i]);
        play_fold(&p, &e, false);
        e.type = RG_EV_DEBTOR_HELD;
        play_fold(&p, &e, false);
        play_to(&p, "2026-12-10");
        assert_int_equal(play_find(&p, "atraso") != NULL, true); /* of F2 */
        e.type = RG_EV_PROMISE_MADE;
        e.has &= ~RG_BIT(RG_F_INVOICE);
        e.time_ms = p.now_ms;
        size_t before = p.line_count;
        play_fold(&p, &e, false);
        play_to(&p, "2027-02-10");
        assert_true(days[i][0] == '1' || days[i][1] == '0' || p.line_count == before); /* promised for a day to come */
        play_end(&p);
    }
}

/* A window closes at night, when no message may go out anyway: what is told is what kept it in by day. */
static void test_closed_at_night_names_the_cap(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules("language: 1\n"
                                 "ladder: teto\n"
                                 "title: Teto\n"
                                 "owner: a@b.example\n"
                                 "priority: 1\n"
                                 "calendar: br-generico\n"
                                 "mode: live\n"
                                 "defaults: { caps: { per_week: 1 }, via: [email] }\n"
                                 "steps:\n"
                                 "  vespera: { day: D-1, tone: courtesy, template: lembrete }\n"
                                 "  vence_hoje: { day: D0, tone: courtesy, template: vence_hoje }\n"
                                 "  atraso: { day: D+1, tone: reminder, template: atraso }\n"),
               "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-10-28", 15900);
    play_to(&p, "2026-10-29 09:00");
    assert_int_equal(p.skip_count, 1);
    assert_string_equal(p.skips[0], "vence_hoje caps");
    play_end(&p);
}

static const char forever[] = "language: 1\n"
                              "ladder: eterna\n"
                              "title: Eterna\n"
                              "owner: a@b.example\n"
                              "priority: 1\n"
                              "calendar: br-telecom\n"
                              "mode: live\n"
                              "defaults: { via: [sms], caps: { per_day: 3, per_week: 9, gap: 1m } }\n"
                              "steps:\n"
                              "  instrucoes: { day: D+1, tone: info, template: como_pagar, until: D+4000 }\n"
                              "  conversa: { day: D+1, tone: firm, template: conversa, until: D+4000 }\n"
                              "  aviso: { day: D+1, tone: notice, template: aviso_suspensao, evidence: delivered, term: 15d }\n"
                              "  corte: { after: { step: aviso, has: term_ended }, tone: sanction,"
                              " signal: service.suspend_requested }\n"
                              "on_paid:\n"
                              "  religar: { signal: service.restore_requested, within: 24h }\n"
                              "  obrigado: { template: obrigado }\n"
                              "templates:\n"
                              "  como_pagar: \"{{nome}}, pague {{valor}}. {{> credor}}\"\n";

/* On the day before its fifth year is full a debt is pressed for, on the day of equal number no more; of a 29 February it is the
 * first of March. */
static void test_a_prescribed_debt_is_let_alone(void **state)
{
    (void)state;
    static const struct {
        const char *due, *before, *on;
    } rows[] = {{"2021-11-05", "2026-11-04", "2026-11-05"},
                {"2021-11-13", "2026-11-14", "2026-11-16"}, /* a Saturday before a holiday: payable on Tuesday the 16th */
                {"2024-02-29", "2029-02-28", "2029-03-01"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        for (int late = 0; late <= 1; late++) {
            struct play p;
            play_begin(&p, rg_test_rules(forever), late ? rows[i].on : rows[i].before);
            play_person(&p);
            play_invoice(&p, "F1", rows[i].due, 15900);
            p.now_ms += 10 * 60 * RG_MS_PER_MINUTE;
            play_look(&p);
            if (late)
                assert_int_equal(p.line_count, 0);
            else
                expect(&p, "conversa sms");
            play_end(&p);
        }
    }
}

/* What is under way comes to an end, and what is owed to him stays owed. */
static void test_a_prescribed_debt_still_owes_the_debtor(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules(forever), "2026-10-01 07:00");
    p.evidence = RG_EVIDENCE_DELIVERED;
    play_person(&p);
    play_invoice(&p, "F1", "2021-11-05", 15900);
    play_to(&p, "2026-10-31 00:00");
    expect(&p, "corte signals");
    size_t lines = p.line_count;
    play_to(&p, "2026-11-10 10:00");
    assert_int_equal(p.line_count, lines);
    refuse(&p, "religar");
    assert_true(p.due_ms > at("2026-11-11"));
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_to(&p, "2026-11-10 20:00");
    expect(&p, "2026-11-10 10:00 religar signals service.restore_requested");
    expect(&p, "2026-11-10 10:00 obrigado sms");
    play_end(&p);
}

/* What a sender asks before it claims: the mode may have been lowered since the decision. */
static void test_a_mode_may_be_lowered(void **state)
{
    (void)state;
    static const struct {
        const char *ladder, *step, *max;
        bool owed, live;
    } rows[] = {
        {"internet_residencial", "atraso", "suspenso", false, true},
        {"internet_residencial", "atraso", "atraso", false, true},
        {"internet_residencial", "atraso", "lembrete", false, false},
        {"internet_residencial", "atraso", NULL, false, false},
        {"internet_residencial", "atraso", "", false, false},
        {"internet_residencial", "atraso", "no_such_step", false, false},
        {"internet_residencial", "no_such_step", "suspenso", false, false},
        {"no_such_ladder", "atraso", "suspenso", false, false},
        {"internet_residencial", "obrigado", "lembrete", false, true}, /* thanks to who has paid */
        {"internet_residencial", "obrigado", NULL, false, false},
        {"internet_residencial", "religar", NULL, true, true}, /* what is owed, in any mode */
        {"", "restore", NULL, true, true},
    };
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", NULL);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct rg_decision decision = {.ladder = rg_str(rows[i].ladder), .step = rg_str(rows[i].step), .owed = rows[i].owed};
        if (rg_decision_live(rules, &decision, rg_str(rows[i].max)) != rows[i].live)
            fail_msg("row %zu: %s up to %s", i, rows[i].step, rows[i].max != NULL ? rows[i].max : "nothing");
    }
    const struct rg_decision late = {.ladder = RG_STR("internet_residencial"), .step = RG_STR("atraso")};
    rules->ladders[0].mode = RG_MODE_SHADOW; /* by file */
    assert_false(rg_decision_live(rules, &late, RG_STR("suspenso")));
    rg_rules_free(&rules);
}

static void test_stop_keeps_silent(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.stopped = true;
    play_to(&p, "2026-11-05 10:00");
    assert_int_equal(p.line_count, 0);
    p.stopped = false; /* nobody tells him: he is due still */
    play_to(&p, "2026-11-05 10:00");
    expect(&p, "atraso whatsapp");
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_pays), cmocka_unit_test(test_caps_and_gaps), cmocka_unit_test(test_paid_before_and_thanked),
        cmocka_unit_test(test_paid_while_queued), cmocka_unit_test(test_restore_at_once), cmocka_unit_test(test_queued_suspend_owes_nothing),
        cmocka_unit_test(test_uncertain_suspend_owes_restore), cmocka_unit_test(test_reversal_opens_a_new_cycle),
        cmocka_unit_test(test_partial_payment_names_the_rest), cmocka_unit_test(test_hold_keeps_silent),
        cmocka_unit_test(test_rejected_channel_gives_way), cmocka_unit_test(test_retry_backs_off), cmocka_unit_test(test_uncertain_is_sent_again),
        cmocka_unit_test(test_days_at_the_end_of_time),
        cmocka_unit_test(test_closed_at_night_names_the_cap), cmocka_unit_test(test_a_mode_may_be_lowered), cmocka_unit_test(test_stop_keeps_silent),
        cmocka_unit_test(test_a_prescribed_debt_is_let_alone), cmocka_unit_test(test_a_prescribed_debt_still_owes_the_debtor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
