/* Words that are owed to somebody who has paid: one speaks for all that was paid on its day. What systems are asked to give back is
 * asked for one by one. */
#include "tests/unit/daemon/rules/play.h"

#include "tests/unit/support/cmocka.h"

static void begin(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
    play_invoice(p, "F2", "2026-11-03", 9900);
}

/* Both have had a reminder, on the morning of the day before. */
static void begin_reminded(struct play *p)
{
    begin(p);
    play_to(p, "2026-11-05 10:00");
    p->line_count = 0;
}

static void pay(struct play *p, const char *invoice)
{
    play_money(p, RG_EV_PAYMENT_CONFIRMED, invoice, "P1", 15900);
}

static void expect(const struct play *p, const char *const *lines, size_t count)
{
    if (p->line_count != count)
        play_print(p);
    assert_int_equal(p->line_count, count);
    for (size_t i = 0; i < count; i++)
        if (strstr(p->lines[i], lines[i]) == NULL) {
            play_print(p);
            fail_msg("expected: %s", lines[i]);
        }
}
#define EXPECT(p, ...) expect((p), (const char *const[]){__VA_ARGS__}, RG_COUNT(((const char *const[]){__VA_ARGS__})))

static const struct rg_done *done_of(const struct play *p, size_t invoice, const char *step)
{
    return rg_invoice_done(&p->record->invoices[invoice], rg_str(step), 1, rg_invoice_cycle(&p->record->invoices[invoice]));
}

/* Paid together: one message names both. */
static void paid_in_the_same_batch(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    for (int i = 0; i < 2; i++) {
        struct rg_event e = play_event(&p, RG_EV_PAYMENT_CONFIRMED, i == 0 ? "first" : "second");
        e.invoice = i == 0 ? RG_STR("F1") : RG_STR("F2");
        e.payment = e.id;
        e.amount_cents = 15900;
        e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
        struct rg_fact_record fact = {.offset = p.offset++, .event = &e};
        assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
    }
    play_look(&p);
    play_to(&p, "2026-12-31 00:00");
    EXPECT(&p, "2026-11-05 10:00 obrigado");
    assert_non_null(done_of(&p, 0, "obrigado"));
    assert_non_null(done_of(&p, 1, "obrigado"));
    assert_true(rg_done_shares(done_of(&p, 0, "obrigado"), done_of(&p, 1, "obrigado")));
    play_end(&p);
}

static void paid_one_after_the_other(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *lines[2];
    } rows[] = {
        {"2026-11-05 10:00", "2026-11-05 10:01", {"11-05 10:00 obrigado"}},
        {"2026-11-05 10:00", "2026-11-05 19:00", {"11-05 10:00 obrigado"}},
        {"2026-11-05 10:00", "2026-11-05 23:00", {"11-05 10:00 obrigado"}}, /* too late for a word; in the morning it was said */
        {"2026-11-05 10:00", "2026-11-06 00:00", {"11-05 10:00 obrigado", "11-06 08:00 obrigado"}},
        {"2026-11-05 20:00", "2026-11-05 23:00", {"11-06 08:00 obrigado"}}, /* both wait for the hours, and go together */
        {"2026-11-05 22:00", "2026-11-06 10:00", {"11-06 08:00 obrigado"}}, /* on the day of the word */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin_reminded(&p);
        play_to(&p, rows[i].first);
        pay(&p, "F1");
        play_to(&p, rows[i].second);
        pay(&p, "F2");
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].lines, rows[i].lines[1] != NULL ? 2 : 1);
        play_end(&p);
    }
}

/* Whoever is begged pardon for one invoice is not thanked for the other as well; but thanks are no excuse. */
static void an_excuse_thanks_too(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-04 12:00"); /* reminded of both at about half past eight */
    p.line_count = 0;
    p.now_ms = at("2026-11-04 12:01");
    struct rg_event e = play_event(&p, RG_EV_PAYMENT_CONFIRMED, "crossed");
    e.time_ms = at("2026-11-04 08:31");
    e.invoice = e.payment = RG_STR("F1");
    e.amount_cents = 15900;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    play_fold(&p, &e, false);
    pay(&p, "F2"); /* now, hours after the reminder */
    play_to(&p, "2026-12-31 00:00");
    EXPECT(&p, "12:01 desculpe");
    play_end(&p);
    begin(&p);
    play_to(&p, "2026-11-04 12:00");
    p.line_count = 0;
    pay(&p, "F2");
    play_fold(&p, &e, false);
    play_to(&p, "2026-12-31 00:00");
    EXPECT(&p, "12:00 obrigado", "12:00 desculpe");
    play_end(&p);
}

/* Both in one look: the excuse is enough. */
static void an_excuse_and_thanks_at_once(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_to(&p, "2026-11-04 20:30");
    p.line_count = 0;
    struct rg_event e = play_event(&p, RG_EV_PAYMENT_CONFIRMED, "crossed");
    e.invoice = e.payment = RG_STR("F1");
    e.amount_cents = 15900;
    e.time_ms = at("2026-11-04 08:31");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    play_fold(&p, &e, false);
    pay(&p, "F2");
    play_to(&p, "2026-12-31 00:00");
    EXPECT(&p, "11-05 08:00 desculpe");
    assert_null(done_of(&p, 1, "obrigado"));
    play_end(&p);
}

/* What a payment must cross for an excuse: anything that asked for money, sent at most half an hour before, or after it. */
static void what_a_payment_crosses(void **state)
{
    (void)state;
    static const struct {
        const char *until, *paid, *expected;
    } rows[] = {
        {"2026-10-29 08:12", "2026-10-29 08:20", "10-29 08:20 desculpe"}, /* a courtesy */
        {"2026-11-04 08:13", "2026-11-04 08:42", "11-04 08:42 desculpe"},
        {"2026-11-04 08:13", "2026-11-04 08:44", "11-04 08:44 obrigado"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p);
        play_to(&p, rows[i].until);
        play_to(&p, rows[i].paid);
        p.line_count = 0;
        pay(&p, "F1");
        EXPECT(&p, rows[i].expected);
        play_end(&p);
    }
}

/* Known by its settlement alone, as with a bank's return. */
static void settled_without_a_word_before(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    play_money(&p, RG_EV_PAYMENT_SETTLED, "F1", "P1", 15900);
    EXPECT(&p, "10:00 obrigado");
    play_end(&p);
}

/* Nobody is thanked for what he paid days ago, nor for what somebody gave him. */
static void too_late_for_thanks(void **state)
{
    (void)state;
    for (int row = 0; row < 3; row++) {
        struct play p;
        begin_reminded(&p);
        play_to(&p, "2026-11-09 12:00");
        p.line_count = 0;
        struct rg_event e = play_event(&p, row < 2 ? RG_EV_PAYMENT_CONFIRMED : RG_EV_CREDIT_APPLIED, "late");
        e.time_ms = p.now_ms - 3 * RG_MS_PER_DAY - (row > 0 ? 1000 : 0);
        e.invoice = e.payment = RG_STR("F1");
        e.amount_cents = 15900;
        e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | (row < 2 ? RG_BIT(RG_F_PAYMENT) : 0);
        play_fold(&p, &e, false);
        play_to(&p, "2026-11-09 23:00");
        assert_int_equal(play_find(&p, "obrigado") != NULL || play_find(&p, "desculpe") != NULL, row == 0);
        play_end(&p);
    }
}

static void opt_out(struct play *p, const char *channel)
{
    struct rg_event e = play_event(p, RG_EV_DEBTOR_OPTED_OUT, channel);
    e.channel = rg_str(channel);
    e.has |= RG_BIT(RG_F_CHANNEL);
    play_fold(p, &e, false);
}

/* Nobody is thanked by a channel he does not want, or while he is to be let alone, or everything is stopped. */
static void thanks_know_their_place(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    opt_out(&p, "whatsapp");
    pay(&p, "F1");
    EXPECT(&p, "obrigado sms");
    play_end(&p);
    begin_reminded(&p);
    opt_out(&p, "whatsapp");
    opt_out(&p, "sms");
    opt_out(&p, "email");
    pay(&p, "F1");
    assert_int_equal(p.line_count, 0);
    play_end(&p);
    begin_reminded(&p);
    struct rg_event e = play_event(&p, RG_EV_DEBTOR_HELD, "hold");
    play_fold(&p, &e, false);
    pay(&p, "F1");
    play_to(&p, "2026-11-05 12:00");
    assert_int_equal(p.line_count, 0);
    e = play_event(&p, RG_EV_DEBTOR_RELEASED, "release");
    play_fold(&p, &e, false);
    EXPECT(&p, "12:00 obrigado");
    play_end(&p);
    begin_reminded(&p);
    p.stopped = true;
    pay(&p, "F1");
    assert_int_equal(p.line_count, 0);
    p.stopped = false;
    play_to(&p, "2026-11-05 12:00");
    EXPECT(&p, "10:00 obrigado");
    play_end(&p);
}

/* Who pays by the day he promised, or by the debit that was booked, is thanked like anybody else. */
static void whoever_keeps_his_word_is_thanked(void **state)
{
    (void)state;
    for (int debit = 0; debit <= 1; debit++) {
        struct play p;
        begin_reminded(&p);
        struct rg_event e = play_event(&p, debit ? RG_EV_PAYMENT_SCHEDULED : RG_EV_PROMISE_MADE, "word");
        e.invoice = RG_STR("F1");
        e.on = e.pay_on = rg_day_of(2026, 11, 6);
        e.has |= debit ? RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_ON) : RG_BIT(RG_F_PAY_ON);
        play_fold(&p, &e, false);
        play_to(&p, "2026-11-06 10:00");
        p.line_count = 0;
        pay(&p, "F1");
        EXPECT(&p, "10:00 obrigado");
        play_end(&p);
    }
}

/* A word that would have a hole waits for what it lacks. */
static void nobody_is_thanked_without_his_name(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    struct rg_event e = play_event(&p, RG_EV_DEBTOR_UPDATED, "nameless");
    e.null |= RG_BIT(RG_F_NAME);
    play_fold(&p, &e, true);
    pay(&p, "F1");
    play_to(&p, "2026-11-05 11:00");
    assert_int_equal(p.line_count, 0);
    play_person(&p);
    EXPECT(&p, "11:00 obrigado");
    play_end(&p);
}

/* A provider that wants to be let alone for two hours is. */
static void thanks_wait_as_long_as_asked(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    p.verdict = RG_VERDICT_THROTTLED;
    p.retry_after_ms = 2 * 60 * RG_MS_PER_MINUTE;
    pay(&p, "F1");
    p.verdict = RG_VERDICT_ACCEPTED;
    play_to(&p, "2026-11-05 20:00");
    EXPECT(&p, "10:00 obrigado", "12:00 obrigado");
    play_end(&p);
}

/* One of the two comes back before the message has left: it is void, and says its thanks for the other. */
static void what_is_void_was_not_said(void **state)
{
    (void)state;
    struct play p;
    begin_reminded(&p);
    play_to(&p, "2026-11-05 21:00");
    pay(&p, "F1");
    pay(&p, "F2");
    p.hold_claims = true;
    play_to(&p, "2026-11-06 08:00");
    EXPECT(&p, "11-06 08:00 obrigado");
    assert_int_equal(p.record->action_count, 1);
    assert_int_equal(p.record->actions[0].decision.invoice_count, 2);
    p.hold_claims = false;
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P1", 15900);
    assert_int_equal(done_of(&p, 1, "obrigado")->state, RG_DONE_SENT);
    int thanks = 0;
    for (size_t i = 0; i < p.line_count; i++)
        thanks += strstr(p.lines[i], "obrigado") != NULL;
    assert_int_equal(thanks, 2);
    assert_null(done_of(&p, 0, "obrigado")); /* of the new cycle */
    play_end(&p);
}

/* As many as one message can name, and one more, which is meant all the same. */
static void more_than_one_message_can_name(void **state)
{
    (void)state;
    for (int count = RG_DECISION_INVOICES_MAX; count <= RG_DECISION_INVOICES_MAX + 1; count++) {
        struct play p;
        play_begin(&p,
                   rg_test_rules("language: 1\nladder: l\ntitle: L\nowner: a@b.example\npriority: 1\ncalendar: br-generico\n"
                                 "steps:\n  atraso: { day: D+300, tone: reminder, via: [sms], template: atraso }\n"
                                 "on_paid:\n  obrigado: { via: [sms], template: obrigado }\n"),
                   "2026-10-20 22:00");
        play_person(&p);
        for (int i = 0; i < count; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "F%d", i);
            play_invoice(&p, id, "2026-11-03", 100);
            pay(&p, id);
        }
        play_to(&p, "2026-12-31 00:00");
        EXPECT(&p, "10-21 08:00 obrigado sms");
        size_t named = 0;
        for (size_t i = 0; i < p.record->invoice_count; i++)
            named += done_of(&p, i, "obrigado") != NULL;
        assert_int_equal(named, RG_DECISION_INVOICES_MAX);
        play_end(&p);
    }
}

/* Two suspensions of their own, paid in one minute: two restores. */
static void restores_are_never_merged(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    p.evidence = RG_EVIDENCE_DELIVERED;
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_invoice(&p, "F2", "2026-11-09", 9900);
    play_to(&p, "2027-01-15 10:00");
    int cuts = 0, restores = 0, thanks = 0;
    for (size_t i = 0; i < p.line_count; i++)
        cuts += strstr(p.lines[i], "suspensao signals") != NULL;
    assert_int_equal(cuts, 2);
    p.line_count = 0;
    pay(&p, "F1");
    pay(&p, "F2");
    play_to(&p, "2027-01-31 00:00");
    for (size_t i = 0; i < p.line_count; i++) {
        restores += strstr(p.lines[i], "religar signals") != NULL;
        thanks += strstr(p.lines[i], "obrigado") != NULL;
    }
    assert_int_equal(restores, 2);
    assert_int_equal(thanks, 1);
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paid_in_the_same_batch), cmocka_unit_test(what_a_payment_crosses), cmocka_unit_test(settled_without_a_word_before),
        cmocka_unit_test(whoever_keeps_his_word_is_thanked), cmocka_unit_test(nobody_is_thanked_without_his_name),
        cmocka_unit_test(too_late_for_thanks), cmocka_unit_test(thanks_know_their_place), cmocka_unit_test(thanks_wait_as_long_as_asked),
        cmocka_unit_test(paid_one_after_the_other),
        cmocka_unit_test(an_excuse_thanks_too),
        cmocka_unit_test(an_excuse_and_thanks_at_once),
        cmocka_unit_test(what_is_void_was_not_said),
        cmocka_unit_test(more_than_one_message_can_name),
        cmocka_unit_test(restores_are_never_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
