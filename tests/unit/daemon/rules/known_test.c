/* What waits for payments to be known, and until when: words for a whole day, other zones, boletos. Times are those of Brasília. */
#include "tests/unit/daemon/rules/play.h"

#include "tests/unit/support/cmocka.h"

#define HEAD "language: 1\nladder: l\ntitle: L\nowner: a@b.example\npriority: 1\ncalendar: br-generico\nmode: live\ndefaults: { via: [sms] }\nsteps:\n"
#define REMINDER HEAD "  atraso: { day: D+1, tone: reminder, template: atraso, until: 30d }\n"
#define CUT \
    HEAD "  aviso: { day: D+1, tone: notice, template: aviso_suspensao, evidence: delivered, term: 10d }\n" \
         "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n"

/* The invoice is payable on Tuesday 3 November 2026. */
static void begin(struct play *p, const char *yaml, enum rg_payments_known how, const char *state, bool boleto)
{
    play_begin(p, rg_test_rules(yaml), "2026-10-01 09:00");
    p->evidence = RG_EVIDENCE_DELIVERED;
    p->rules->sources[0].payments = how;
    p->sources = true;
    p->known_ms = at("2026-10-01");
    struct rg_event e = play_event(p, RG_EV_DEBTOR_UPDATED, "person");
    struct rg_contact sms = {.channel = RG_STR("sms"), .address = RG_STR("+5511912345678")};
    e.name = RG_STR("Maria");
    e.state = rg_str(state);
    e.contacts = &sms;
    e.contact_count = 1;
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_CONTACTS);
    play_fold(p, &e, true);
    e = play_event(p, RG_EV_INVOICE_ISSUED, "F1");
    e.invoice = RG_STR("F1");
    e.service = RG_STR("internet");
    e.amount_cents = 15900;
    rg_assert(rg_day_parse(RG_STR("2026-11-03"), &e.due_on));
    e.pix_code = e.link = RG_STR("x");
    e.pix_until = e.boleto_until = RG_DAY_NONE;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_SERVICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_LINK);
    if (boleto) {
        e.boleto_line = RG_STR("x");
        e.has |= RG_BIT(RG_F_BOLETO_LINE);
    }
    play_fold(p, &e, false);
}

static void expect_last(const struct play *p, const char *expected)
{
    assert_true(p->line_count > 0);
    assert_string_equal(p->lines[p->line_count - 1] + 5, expected);
}

/* ---- words for a day ---- */

/* However it is written that a day is known, it is: `through: 2026-11-03` is its last millisecond, people write its last second. */
static void a_day_is_known_by_its_last_second(void **state)
{
    (void)state;
    static const struct {
        const char *state, *through;
        int64_t less_ms;
        const char *expected;
    } rows[] = {
        {"SP", "2026-11-04", 0, "11-04 09:15 atraso sms"},
        {"SP", "2026-11-04", 1, "11-04 09:15 atraso sms"},
        {"SP", "2026-11-04", 1000, "11-04 09:15 atraso sms"},
        {"SP", "2026-11-04", 1001, NULL},
        {"PE", "2026-11-04", 1000, "11-04 09:15 atraso sms"},
        /* a day late there is a day late only when the day is over there */
        {"AC", "2026-11-04", 0, NULL},
        {"AC", "2026-11-04 02:00", 1000, "11-04 10:12 atraso sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, REMINDER, RG_PAYMENTS_SYNCED, rows[i].state, false);
        play_to(&p, "2026-11-04 09:00");
        assert_int_equal(p.line_count, 0);
        p.known_ms = at(rows[i].through) - rows[i].less_ms; /* the bank's return of that day */
        play_to(&p, "2026-11-04 23:00");
        print_message("%s %s -%d\n", rows[i].state, rows[i].through, (int)rows[i].less_ms);
        if (rows[i].expected == NULL)
            assert_int_equal(p.line_count, 0);
        else
            expect_last(&p, rows[i].expected);
        play_end(&p);
    }
}

/* While nothing could go out anyway nobody asks every quarter of an hour. */
static void nobody_asks_at_night(void **state)
{
    (void)state;
    struct play p;
    begin(&p, REMINDER, RG_PAYMENTS_SYNCED, "SP", false);
    play_to(&p, "2026-11-04 08:13");
    assert_int_equal(p.due_ms, at("2026-11-04 08:15"));
    play_to(&p, "2026-11-04 22:00");
    assert_in_range(p.due_ms, at("2026-11-05 08:12"), at("2026-11-05 08:13"));
    p.known_ms = at("2026-11-04") - 1;
    play_to(&p, "2026-11-05 08:28");
    expect_last(&p, "11-05 08:12 atraso sms");
    play_end(&p);
}

/* A return each morning, of the day before. Who lives an hour or two behind the banks may still pay in time when it ends, and hears a
 * day later that he did not; but he does not wait for ever to be cut off. */
static void each_morning_a_return(void **state)
{
    (void)state;
    static const struct {
        const char *state, *noticed;
    } rows[] = {{"SP", "11-04 08:12 aviso sms"}, {"AM", "11-05 09:12 aviso sms"}, {"AC", "11-05 10:12 aviso sms"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, CUT, RG_PAYMENTS_SYNCED, rows[i].state, false);
        for (rg_day day = rg_day_of(2026, 10, 2); day < rg_day_of(2026, 12, 1); day++) {
            char text[RG_DAY_TEXT_MAX], morning[32];
            rg_day_format(day, text);
            (void)snprintf(morning, sizeof morning, "%.10s 06:00", text);
            play_to(&p, morning);
            p.known_ms = at(text) - 1;
        }
        assert_string_equal(p.lines[0] + 5, rows[i].noticed);
        expect_last(&p, "11-17 06:15 corte signals service.suspend_requested");
        play_end(&p);
    }
}

/* ---- boletos ---- */

/* Paid on the last day it is known at noon of the next bank day, whoever says so in between. */
static void a_boleto_is_known_a_bank_day_later(void **state)
{
    (void)state;
    struct play p;
    begin(&p, REMINDER, RG_PAYMENTS_LIVE, "SP", false);
    play_to(&p, "2026-11-30 00:00");
    expect_last(&p, "11-04 08:12 atraso sms");
    play_end(&p);
    begin(&p, REMINDER, RG_PAYMENTS_LIVE, "SP", true);
    play_to(&p, "2026-11-30 00:00");
    expect_last(&p, "11-04 12:00 atraso sms");
    play_end(&p);
    begin(&p, REMINDER, RG_PAYMENTS_LIVE, "AC", true); /* noon where the banks are */
    play_to(&p, "2026-11-30 00:00");
    expect_last(&p, "11-04 12:00 atraso sms");
    play_end(&p);
    begin(&p, REMINDER, RG_PAYMENTS_SYNCED, "SP", true); /* who says through when, says it */
    p.known_ms = at("2026-11-04");
    play_to(&p, "2026-11-30 00:00");
    expect_last(&p, "11-04 08:12 atraso sms");
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_known_by_its_last_second), cmocka_unit_test(nobody_asks_at_night),
        cmocka_unit_test(each_morning_a_return),
        cmocka_unit_test(a_boleto_is_known_a_bank_day_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
