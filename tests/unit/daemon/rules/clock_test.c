/* The clock of what is owed: a service that was to be given back and that nobody has confirmed in time is told of, at the end of
 * its time and every day after it, until it is confirmed. */
#include "tests/unit/daemon/rules/play.h"

#include "daemon/rules/explain.h"
#include "tests/unit/support/cmocka.h"

/* Two invoices suspended together, for their notices were given together; F1 and F2 are paid on 7 December at ten and at noon. */
static void begin(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    p->evidence = RG_EVIDENCE_DELIVERED;
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
    play_invoice(p, "F2", "2026-11-03", 9900);
    play_to(p, "2026-12-07 10:00");
    assert_non_null(play_find(p, "suspensao signals"));
}

static struct rg_decided look_at(struct play *p, const char *when)
{
    struct rg_world world = {.now_ms = at(when), .asof_ms = at(when), .due_ms = at(when), .all_known = true, .all_live = true, .shards = 64};
    struct rg_decided decided;
    rg_decide(p->rules, &world, p->record, true, &decided);
    return decided;
}

static void expect_overdue(struct play *p, const char *when, size_t count, const char *since, const char *next)
{
    struct rg_decided decided = look_at(p, when);
    assert_int_equal(decided.overdue_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rg_str_is(decided.overdue[i].name, "religar"));
        assert_int_equal(decided.overdue[i].since_ms, at(since));
        assert_int_equal(decided.overdue[i].limit_ms, at(since) + RG_MS_PER_DAY);
    }
    assert_int_equal(decided.prompt_ms, next == NULL ? RG_NEVER : at(next));
}

static void confirm(struct play *p, enum rg_event_type type)
{
    struct rg_event e = play_event(p, type, "confirmed");
    play_fold(p, &e, false);
}

static void a_restore_has_its_time(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    expect_overdue(&p, "2026-12-09 10:00", 0, NULL, NULL); /* the other is not paid: nothing is owed */
    p.now_ms = at("2026-12-07 12:00");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P1", 9900);
    assert_non_null(play_find(&p, "12:00 religar signals"));
    expect_overdue(&p, "2026-12-08 11:59", 0, NULL, "2026-12-08 12:00");
    expect_overdue(&p, "2026-12-08 12:00", 1, "2026-12-07 12:00", "2026-12-09 12:00"); /* once for both */
    expect_overdue(&p, "2026-12-10 23:00", 1, "2026-12-07 12:00", "2026-12-11 12:00");
    confirm(&p, RG_EV_SERVICE_SUSPENDED);
    expect_overdue(&p, "2026-12-10 23:00", 1, "2026-12-07 12:00", "2026-12-11 12:00"); /* that was the other signal */
    confirm(&p, RG_EV_SERVICE_RESTORED);
    expect_overdue(&p, "2026-12-10 23:00", 0, NULL, NULL);
    play_end(&p);
}

/* In time: nobody is told. */
static void a_restore_confirmed_in_time(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P1", 9900);
    confirm(&p, RG_EV_SERVICE_RESTORED);
    expect_overdue(&p, "2026-12-31 10:00", 0, NULL, NULL);
    play_end(&p);
}

/* Closed otherwise than by a payment; and while everything is stopped, when the restore itself waits. */
static void other_ways_to_be_owed(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    p.now_ms = at("2026-12-07 15:00");
    p.stopped = true;
    struct rg_event e = play_event(&p, RG_EV_INVOICE_VOIDED, "void");
    e.invoice = RG_STR("F2");
    e.has |= RG_BIT(RG_F_INVOICE);
    play_fold(&p, &e, false);
    assert_null(play_find(&p, "religar"));
    expect_overdue(&p, "2026-12-08 15:00", 1, "2026-12-07 15:00", "2026-12-09 15:00");
    play_end(&p);
}

/* A credit has no date: it counts from the restore that was decided for it. A dispute has one, and a ladder its own time. */
static void since_when(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.rules->ladders[0].owed[0].within = (struct rg_span){RG_SPAN_MS, 2 * 60 * RG_MS_PER_MINUTE};
    struct rg_event e = play_event(&p, RG_EV_CREDIT_APPLIED, "credit");
    e.time_ms = at("2026-12-01 09:00");
    e.invoice = RG_STR("F1");
    e.amount_cents = 15900;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT);
    play_fold(&p, &e, false);
    p.now_ms = at("2026-12-07 11:00");
    e.id = RG_STR("another");
    e.invoice = RG_STR("F2");
    e.amount_cents = 9900;
    play_fold(&p, &e, false);
    assert_int_equal(look_at(&p, "2026-12-07 12:59").overdue_count, 0);
    assert_int_equal(look_at(&p, "2026-12-07 13:00").overdue_count, 1);
    play_end(&p);
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    e = play_event(&p, RG_EV_DISPUTE_CLOSED, "dispute");
    e.time_ms = p.now_ms = at("2026-12-07 14:00");
    e.invoice = RG_STR("F2");
    e.result = RG_STR("accepted");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_RESULT);
    play_fold(&p, &e, false);
    expect_overdue(&p, "2026-12-08 14:00", 1, "2026-12-07 14:00", "2026-12-09 14:00");
    play_end(&p);
}

/* A chargeback opens a new cycle, in which the service is cut again: the clock of the first is over. */
static void a_later_suspension_ends_the_clock(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P1", 9900);
    p.now_ms += RG_MS_PER_MINUTE;
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P1", 15900);
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F2", "P1", 9900);
    expect_overdue(&p, "2026-12-09 12:00", 0, NULL, NULL); /* owed again: nothing is to be given back */
    p.line_count = 0;
    play_to(&p, "2027-02-20 00:00");
    assert_non_null(play_find(&p, "suspensao signals"));
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P2", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P2", 9900);
    assert_int_equal(look_at(&p, "2027-02-25 00:00").overdue_count, 1);
    confirm(&p, RG_EV_SERVICE_RESTORED);
    assert_int_equal(look_at(&p, "2027-02-25 00:00").overdue_count, 0);
    play_end(&p);
}

static void explain_says_so(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    begin(&p);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P1", 9900);
    struct rg_world world = {.now_ms = at("2026-12-09 10:00"), .asof_ms = at("2026-12-09 10:00"), .due_ms = at("2026-12-09 10:00"),
                             .all_known = true, .all_live = true, .shards = 64};
    rg_buf_init(&text, 1 << 20);
    rg_explain_text(p.rules, &world, p.record, (struct rg_str){0}, false, &text);
    assert_non_null(strstr(rg_buf_cstr(&text), "\n  religar              OVERDUE    owed since Mon 2026-12-07 10:00, and had to be"
                                               " confirmed by Tue 2026-12-08 10:00\n"));
    rg_buf_reset(&text);
    rg_jw_init(&jw, &text);
    rg_explain_json(p.rules, &world, p.record, (struct rg_str){0}, &jw);
    rg_jw_done(&jw);
    assert_non_null(strstr(rg_buf_cstr(&text), "\"overdue\":[{\"invoice\":\"F1\",\"step\":\"religar\",\"since\":\"2026-12-07T10:00:00-03:00\","
                                               "\"limit\":\"2026-12-08T10:00:00-03:00\"}]"));
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restore_has_its_time),         cmocka_unit_test(a_restore_confirmed_in_time),
        cmocka_unit_test(other_ways_to_be_owed),          cmocka_unit_test(a_later_suspension_ends_the_clock),
        cmocka_unit_test(explain_says_so),                cmocka_unit_test(since_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
