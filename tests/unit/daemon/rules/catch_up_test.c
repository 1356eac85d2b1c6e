/* What becomes of steps whose day had passed before anything could go out: an invoice that is known late, days without a daemon,
 * a hold, going live. And that nothing changes for an invoice that was always known. */
#include "tests/unit/daemon/rules/play.h"

#include "tests/unit/support/cmocka.h"

/* Three milder steps whose windows overlap, a notice and what follows it. The invoice is payable on Tuesday 3 November 2026. */
#define LADDER(catch_up, of_aviso) \
    "language: 1\n" \
    "ladder: atrasada\n" \
    "title: Atrasada\n" \
    "owner: a@b.example\n" \
    "priority: 1\n" \
    "calendar: br-telecom\n" \
    "mode: live\n" \
    "defaults: { via: [sms], until: 60d, caps: { per_day: 9, per_week: 99, gap: 1m }, catch_up: " catch_up " }\n" \
    "steps:\n" \
    "  primeiro: { day: D+1, tone: reminder, template: atraso }\n" \
    "  segundo: { day: D+5, tone: reminder, template: atraso, until: 50d }\n" \
    "  calado: { day: D+6, tone: reminder, template: atraso, when: invoice.balance < brl(\"1.00\") }\n" \
    "  terceiro: { day: D+30, tone: reminder, template: atraso }\n" \
    "  aviso: { day: D+10, tone: notice, template: aviso_suspensao, evidence: delivered, term: 15d" of_aviso " }\n" \
    "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n"

static void begin(struct play *p, const char *yaml, const char *now)
{
    play_begin(p, rg_test_rules(yaml), now);
    p->evidence = RG_EVIDENCE_DELIVERED;
    play_person(p);
}

static void issue(struct play *p)
{
    play_invoice(p, "F1", "2026-11-03", 15900);
}

/* The steps that went out, in order, with their days: "11-16 segundo, 11-17 aviso". */
static void expect(const struct play *p, const char *expected)
{
    struct rg_buf told RG_CLEANUP(rg_buf_done);
    rg_buf_init(&told, 4096);
    for (size_t i = 0; i < p->line_count; i++) {
        const char *step = p->lines[i] + strlen("2026-11-16 08:00 ");
        rg_buf_addf(&told, "%s%.5s %.*s", i > 0 ? ", " : "", p->lines[i] + 5, (int)(strchr(step, ' ') - step), step);
    }
    assert_string_equal(rg_buf_cstr(&told), expected);
}

/* ---- known late ---- */

/* Thirteen days late, a Monday: the latest of what was missed goes out, the notice on the next day, and what was not missed when
 * its time comes. */
static void the_latest_goes_out_and_the_notice_waits_a_day(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-11-16 09:30");
    issue(&p);
    play_to(&p, "2026-11-16 23:00");
    expect(&p, "11-16 segundo");
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-16 segundo, 11-17 aviso, 12-03 corte, 12-03 terceiro");
    play_end(&p);
}

static void skip_leaves_out_what_was_missed(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("skip", ""), "2026-11-16 09:30");
    issue(&p);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-17 aviso, 12-03 corte, 12-03 terceiro");
    play_end(&p);
    begin(&p, LADDER("skip", ", catch_up: skip"), "2026-11-16 09:30"); /* of a notice only where it says so itself */
    issue(&p);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "12-03 terceiro");
    play_end(&p);
}

/* Both go out; one message speaks for the other where they come together. */
static void send_is_late_and_no_more(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("send", ""), "2026-11-16 09:30");
    issue(&p);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-16 segundo, 11-17 aviso, 12-03 corte, 12-03 terceiro");
    assert_int_equal(rg_invoice_done(&p.record->invoices[0], RG_STR("primeiro"), 1, 1)->state, RG_DONE_COVERED);
    play_end(&p);
}

/* What the latest cannot say is left to the one before: its condition does not hold, or no channel reaches the debtor. */
static void the_latest_is_one_that_can_speak(void **state)
{
    (void)state;
    struct play p;
    begin(&p,
          "language: 1\nladder: l\ntitle: L\nowner: a@b.example\npriority: 1\ncalendar: br-telecom\nmode: live\n"
          "defaults: { via: [sms], until: 60d, caps: { per_day: 9, per_week: 99, gap: 1m } }\n"
          "steps:\n"
          "  um: { day: D+1, tone: reminder, template: atraso }\n"
          "  dois: { day: D+2, tone: reminder, template: atraso, via: [letter] }\n"
          "  tres: { day: D+3, tone: reminder, template: atraso, when: debtor.tier == \"ouro\" }\n"
          "  quatro: { day: D+4, tone: reminder, template: atraso, catch_up: skip }\n"
          "templates:\n  atraso: \"{{nome}}: {{valor}}. {{> credor}}\"\n",
          "2026-11-16 09:30");
    issue(&p);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-16 um");
    play_end(&p);
}

/* The day that catches up is the first on which a message can go out. Known on a Saturday afternoon: that is Monday. */
static void the_day_is_the_first_with_hours(void **state)
{
    (void)state;
    static const struct {
        const char *known, *expected;
    } rows[] = {
        {"2026-11-21 09:30", "11-21 segundo, 11-23 aviso"}, /* Saturday until 14:00; Sunday has no hours */
        {"2026-11-21 14:00", "11-23 segundo, 11-24 aviso"},
        {"2026-11-23 19:59", "11-23 segundo, 11-24 aviso"}, /* a minute before the end: that was its day */
        {"2026-11-23 20:00", "11-24 segundo, 11-25 aviso"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, LADDER("latest_only", ""), rows[i].known);
        issue(&p);
        play_to(&p, "2026-11-26 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* Known on the day itself the reminder of that day goes out, whatever `catch_up` says; a notice of that day waits. */
static void on_the_day_itself(void **state)
{
    (void)state;
    struct play p;
    static const struct {
        const char *known, *expected;
    } rows[] = {{"2026-11-12 19:59", "11-13 aviso"}, /* the day before, D+9: still within its hours */
                {"2026-11-12 20:00", "11-14 aviso"},
                {"2026-11-13 07:59", "11-14 aviso"}, /* D+10, a Friday, before the hours */
                {"2026-11-13 10:00", "11-14 aviso"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        begin(&p, LADDER("skip", ""), rows[i].known);
        issue(&p);
        play_to(&p, "2026-11-16 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
    begin(&p, LADDER("skip", ""), "2026-11-08 23:59"); /* D+5 */
    issue(&p);
    play_to(&p, "2026-11-10 00:00");
    expect(&p, "11-09 segundo");
    play_end(&p);
    begin(&p, LADDER("skip", ""), "2026-11-09 00:00");
    issue(&p);
    play_to(&p, "2026-11-12 00:00");
    expect(&p, "");
    play_end(&p);
}

/* The shipped ladder, forty days late: no message on the first day, one notice on the next, and the second a day later. */
static void the_shipped_ladder_forty_days_late(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-12-14 10:00");
    p.evidence = RG_EVIDENCE_DELIVERED;
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-12-14 23:59");
    assert_int_equal(p.line_count, 0);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "12-15 aviso_suspensao, 12-16 notificacao");
    play_end(&p);
}

/* Another invoice of the same debtor is known late: of the one that was always known nothing changes. */
static void an_invoice_always_known_sees_no_change(void **state)
{
    (void)state;
    for (int beside = 0; beside <= 1; beside++) {
        struct play p;
        begin(&p, LADDER("skip", ", catch_up: skip"), "2026-10-01 09:00");
        issue(&p);
        play_to(&p, "2026-11-09 12:00");
        if (beside)
            play_invoice(&p, "F2", "2026-11-03", 9900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, "11-04 primeiro, 11-09 segundo, 11-13 aviso, 12-01 corte, 12-03 terceiro");
        assert_int_equal(p.record->invoices[0].caught_up_ms, 0);
        assert_int_equal(p.record->invoice_count > 1 && p.record->invoices[1].caught_up_ms != 0, beside);
        play_end(&p);
    }
}

/* Open again by a chargeback long after its day: the debt comes back gently. */
static void a_chargeback_is_known_on_its_day(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
    issue(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_to(&p, "2026-11-24 10:00");
    expect(&p, "");
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P1", 15900);
    play_to(&p, "2026-11-27 00:00");
    expect(&p, "11-24 segundo, 11-25 aviso");
    play_end(&p);
}

/* ---- days without a daemon ---- */

/* Nobody looked from `from` to `to`: the timer stood where it was. */
static void down(struct play *p, const char *from, const char *to)
{
    play_to(p, from);
    assert_true(p->due_ms <= at(to));
    p->now_ms = at(to);
    play_look_due(p, p->due_ms);
}

static void days_without_a_daemon(void **state)
{
    (void)state;
    static const struct {
        const char *to, *expected;
    } rows[] = {
        {"2026-11-13 19:00", "11-04 primeiro, 11-09 segundo, 11-13 aviso"}, /* the whole day, and no night: it is late by hours */
        {"2026-11-14 07:00", "11-04 primeiro, 11-09 segundo, 11-16 aviso"}, /* Friday passed: it waits on Saturday */
        {"2026-11-16 10:00", "11-04 primeiro, 11-09 segundo, 11-17 aviso"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
        issue(&p);
        play_to(&p, "2026-11-12 12:00");
        p.due_ms = at("2026-11-13 08:00");
        down(&p, "2026-11-13 07:59", rows[i].to);
        play_to(&p, "2026-11-18 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* A sanction that came due while the daemon was down does not come with its start. */
static void a_sanction_does_not_come_with_the_start(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
    issue(&p);
    play_to(&p, "2026-11-30 12:00");
    expect(&p, "11-04 primeiro, 11-09 segundo, 11-13 aviso"); /* its term ends on Monday 30 November */
    p.due_ms = at("2026-12-01 00:00");
    down(&p, "2026-11-30 13:00", "2026-12-02 10:00");
    play_to(&p, "2026-12-02 23:59");
    expect(&p, "11-04 primeiro, 11-09 segundo, 11-13 aviso");
    play_to(&p, "2026-12-03 23:59");
    expect(&p, "11-04 primeiro, 11-09 segundo, 11-13 aviso, 12-03 corte, 12-03 terceiro");
    play_end(&p);
}

/* A look that comes a little late at midnight is no day without a daemon. */
static void midnight_is_no_day(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
    issue(&p);
    play_to(&p, "2026-11-30 12:00");
    p.now_ms = at("2026-12-01 00:00") + 5000;
    play_look_due(&p, at("2026-11-30 23:59"));
    assert_int_equal(p.record->invoices[0].caught_up_ms, 0);
    play_to(&p, "2026-12-01 23:00");
    expect(&p, "11-04 primeiro, 11-09 segundo, 11-13 aviso, 12-01 corte");
    play_end(&p);
}

/* ---- somebody's word ---- */

static void say(struct play *p, enum rg_event_type type, const char *until, const char *invoice)
{
    struct rg_event e = play_event(p, type, rg_event_type_name(type));
    if (invoice != NULL) {
        e.invoice = rg_str(invoice);
        e.has |= RG_BIT(RG_F_INVOICE);
    }
    if (until != NULL) {
        e.until_ms = at(until);
        rg_assert(rg_day_parse((struct rg_str){until, 10}, &e.pay_on));
        e.on = e.pay_on;
        e.has |= RG_BIT(RG_F_UNTIL) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_ON);
    }
    play_fold(p, &e, false);
}

/* Whoever was let alone for a while hears the latest first, and a notice on the next day. */
static void a_silence_that_ended(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        enum rg_event_type begin, end;
        const char *until;
        const char *invoice;
        const char *expected;
    } rows[] = {
        {"a hold until a day", RG_EV_DEBTOR_HELD, RG_EV_NONE, "2026-11-17 10:00", NULL, "11-17 segundo, 11-18 aviso"},
        {"a hold of the invoice", RG_EV_DEBTOR_HELD, RG_EV_NONE, "2026-11-17 10:00", "F1", "11-17 segundo, 11-18 aviso"},
        {"a hold of another invoice", RG_EV_DEBTOR_HELD, RG_EV_NONE, "2026-11-13 08:00", "F2",
         "11-04 primeiro, 11-09 segundo, 11-13 aviso"},
        {"a hold that is released", RG_EV_DEBTOR_HELD, RG_EV_DEBTOR_RELEASED, NULL, NULL, "11-19 segundo, 11-21 aviso"},
        {"a dispute", RG_EV_DISPUTE_OPENED, RG_EV_DISPUTE_CLOSED, NULL, "F1", "11-19 segundo, 11-21 aviso"},
        {"a promise that is broken", RG_EV_PROMISE_MADE, RG_EV_NONE, "2026-11-16", NULL, "11-18 segundo, 11-19 aviso"},
        {"a promise that is withdrawn", RG_EV_PROMISE_MADE, RG_EV_PROMISE_WITHDRAWN, "2026-11-30", NULL,
         "11-19 segundo, 11-21 aviso"},
        {"a debit without a result", RG_EV_PAYMENT_SCHEDULED, RG_EV_NONE, "2026-11-13", "F1", "11-18 segundo, 11-19 aviso"},
        {"a debit that failed", RG_EV_PAYMENT_SCHEDULED, RG_EV_PAYMENT_FAILED, "2026-11-30", "F1", "11-19 segundo, 11-21 aviso"},
        {"a protection until a day", RG_EV_DEBTOR_PROTECTED, RG_EV_NONE, "2026-11-17 10:00", NULL, "11-17 segundo, 11-18 aviso"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
        issue(&p);
        p.now_ms = at("2026-11-03 12:00");
        struct rg_event protection = play_event(&p, RG_EV_DEBTOR_PROTECTED, "protection");
        protection.protection = RG_PROTECT_LAWYER;
        protection.until_ms = at("2026-11-17 10:00");
        protection.has |= RG_BIT(RG_F_PROTECTION) | RG_BIT(RG_F_UNTIL);
        if (rows[i].begin == RG_EV_DEBTOR_PROTECTED)
            play_fold(&p, &protection, false);
        else
            say(&p, rows[i].begin, rows[i].until, rows[i].invoice);
        play_to(&p, "2026-11-19 09:30"); /* a Thursday before the holiday of the 20th */
        if (rows[i].end != RG_EV_NONE)
            say(&p, rows[i].end, NULL, rows[i].invoice);
        play_to(&p, "2026-11-24 00:00");
        print_message("%s\n", rows[i].what);
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* ---- going live ---- */

static void going_live(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-10-01 09:00");
    p.shadow = true;
    issue(&p);
    play_to(&p, "2026-11-17 10:00");
    assert_null(play_find(&p, "corte"));
    p.line_count = 0;
    p.shadow = false;
    p.live_since_ms = p.now_ms;
    play_look(&p);
    play_to(&p, "2026-11-17 23:00");
    expect(&p, "11-17 segundo");
    play_to(&p, "2026-11-19 00:00");
    expect(&p, "11-17 segundo, 11-18 aviso");
    play_end(&p);
}

/* ---- a function of facts ---- */

/* What the ledger says of a late look folds to the same record, and twice is once. */
static void the_ledger_remembers(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-11-16 09:30");
    issue(&p);
    int64_t caught_up_ms = p.record->invoices[0].caught_up_ms;
    assert_int_equal(caught_up_ms, at("2026-11-16 09:30"));
    struct rg_record *again = rg_record_new(p.arena, RG_STR("D1"));
    struct rg_event e = play_event(&p, RG_EV_INVOICE_ISSUED, "F1");
    e.invoice = RG_STR("F1");
    e.amount_cents = 15900;
    e.due_on = rg_day_of(2026, 11, 3);
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON);
    struct rg_fact_record fact = {.offset = 1, .event = &e};
    assert_int_equal(rg_record_apply(again, &fact, NULL), RG_FOLD_CHANGED);
    assert_true(again->invoices[0].fresh);
    struct rg_caught_up named[] = {{RG_STR("provedor"), RG_STR("F1")}, {RG_STR("provedor"), RG_STR("F9")}};
    struct rg_skipped skipped = {.debtor = RG_STR("D1"), .caught_up = named, .caught_up_count = 2, .at_ms = caught_up_ms};
    fact = (struct rg_fact_record){.offset = 2, .skipped = &skipped};
    assert_int_equal(rg_record_apply(again, &fact, NULL), RG_FOLD_CHANGED);
    assert_int_equal(again->invoices[0].caught_up_ms, caught_up_ms);
    assert_int_equal(again->invoice_count, 1);
    assert_int_equal(rg_record_apply(again, &fact, NULL), RG_FOLD_NOTHING);
    skipped.at_ms = caught_up_ms - 1; /* an older one that comes late */
    assert_int_equal(rg_record_apply(again, &fact, NULL), RG_FOLD_NOTHING);
    assert_int_equal(again->looked_ms, 0);
    play_end(&p);
}

/* It is said once, and stored: a second look finds nothing new. */
static void one_look_is_the_first(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-11-16 07:00");
    issue(&p);
    assert_int_equal(p.caught_up, 1);
    for (int i = 0; i < 3; i++)
        play_look(&p);
    play_look_due(&p, at("2026-11-14 10:00")); /* also not by a look that is late itself */
    assert_int_equal(p.caught_up, 1);
    play_end(&p);
    begin(&p, LADDER("latest_only", ""), "2026-10-20 07:00"); /* in time: the record says nothing, and the ledger neither */
    issue(&p);
    assert_int_equal(p.caught_up, 0);
    assert_false(p.record->invoices[0].fresh);
    play_end(&p);
}

/* Its last step says something mild after a sanction: one that waits for another has no day yet, and none that it missed. */
static void a_step_that_waits_has_missed_nothing(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-01 09:00");
    play_person(&p);
    issue(&p);
    assert_int_equal(p.caught_up, 0);
    assert_int_equal(p.record->invoices[0].caught_up_ms, 0);
    play_end(&p);
}

/* Looked at only after weeks, by a shard that had been folding: it is fresh until then. */
static void folded_long_before_it_is_looked_at(void **state)
{
    (void)state;
    struct play p;
    begin(&p, LADDER("latest_only", ""), "2026-10-20 07:00");
    struct rg_event e = play_event(&p, RG_EV_INVOICE_ISSUED, "F1");
    e.invoice = RG_STR("F1");
    e.amount_cents = 15900;
    e.due_on = rg_day_of(2026, 11, 3);
    e.link = RG_STR("x");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_LINK);
    struct rg_fact_record fact = {.offset = p.offset++, .event = &e};
    assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
    p.now_ms = at("2026-11-16 09:30");
    play_look(&p);
    play_to(&p, "2026-11-18 00:00");
    expect(&p, "11-16 segundo, 11-17 aviso");
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_goes_out_and_the_notice_waits_a_day), cmocka_unit_test(skip_leaves_out_what_was_missed),
        cmocka_unit_test(send_is_late_and_no_more), cmocka_unit_test(the_latest_is_one_that_can_speak),
        cmocka_unit_test(the_day_is_the_first_with_hours), cmocka_unit_test(on_the_day_itself),
        cmocka_unit_test(the_shipped_ladder_forty_days_late), cmocka_unit_test(an_invoice_always_known_sees_no_change),
        cmocka_unit_test(a_chargeback_is_known_on_its_day), cmocka_unit_test(days_without_a_daemon),
        cmocka_unit_test(a_sanction_does_not_come_with_the_start), cmocka_unit_test(midnight_is_no_day),
        cmocka_unit_test(a_silence_that_ended), cmocka_unit_test(going_live), cmocka_unit_test(the_ledger_remembers),
        cmocka_unit_test(one_look_is_the_first), cmocka_unit_test(folded_long_before_it_is_looked_at),
        cmocka_unit_test(a_step_that_waits_has_missed_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
