/* What explain says, word for word: people read it on the phone with a debtor, and scripts of theirs read it too. The version of
 * the rules stands in the text as @RULES. */
#include "daemon/rules/explain.h"

#include "daemon/rules/fold.h"
#include "tests/unit/daemon/rules/play.h"
#include "tests/unit/support/cmocka.h"

static const char short_ladder[] =
    "language: 1\n"
    "ladder: curta\n"
    "title: Régua curta\n"
    "owner: cobranca@provedor.example\n"
    "priority: 10\n"
    "applies: service.name == \"internet\"\n"
    "calendar: br-generico\n"
    "mode: live\n"
    "steps:\n"
    "  atraso: { day: D+1, tone: reminder, via: [whatsapp, email], template: atraso, when: invoice.balance >= brl(\"20.00\") }\n"
    "  insiste: { day: D+4, tone: reminder, via: [whatsapp, email], template: atraso }\n"
    "templates:\n"
    "  atraso: \"{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}\"\n";

/* ---- asking ---- */

static struct rg_world world_at(const struct play *p)
{
    return (struct rg_world){.now_ms = p->now_ms, .asof_ms = p->now_ms, .due_ms = p->now_ms, .shards = 64, .known_through_ms = &p->now_ms,
                             .live_max_step = RG_STR("suspenso"), .stopped = p->stopped};
}

static void print(struct play *p, const struct rg_world *world, const char *step, bool all, struct rg_buf *text)
{
    struct rg_buf raw RG_CLEANUP(rg_buf_done);
    char mark[RG_RULES_HASH_TEXT + 2];
    rg_buf_init(&raw, 1 << 20);
    rg_buf_init(text, 1 << 20);
    rg_explain_text(p->rules, world, p->record, rg_str(step), all, &raw);
    (void)snprintf(mark, sizeof mark, "@%s", p->rules->hash);
    const char *from = rg_buf_cstr(&raw), *at_mark;
    while ((at_mark = strstr(from, mark)) != NULL) {
        rg_buf_addf(text, "%.*s@RULES", (int)(at_mark - from), from);
        from = at_mark + strlen(mark);
    }
    rg_buf_adds(text, from);
}

static void expect_in(struct play *p, const struct rg_world *world, const char *step, bool all, const char *expected)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    print(p, world, step, all, &text);
    if (strcmp(rg_buf_cstr(&text), expected) != 0)
        fputs(rg_buf_cstr(&text), stderr);
    assert_string_equal(rg_buf_cstr(&text), expected);
}

static void expect(struct play *p, const char *step, bool all, const char *expected)
{
    struct rg_world world = world_at(p);
    expect_in(p, &world, step, all, expected);
}

static void name_only(struct play *p)
{
    struct rg_event e = play_event(p, RG_EV_DEBTOR_UPDATED, "person");
    e.name = RG_STR("Maria da Silva");
    e.state = RG_STR("SP");
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE);
    play_fold(p, &e, true);
}

/* A debtor whose invoice was due on Tuesday 10 March 2026, looked at on Wednesday evening, after hours. */
static void begin_short(struct play *p, bool contacts, int64_t cents)
{
    play_begin(p, rg_test_rules(short_ladder), "2026-03-11 21:30");
    if (contacts)
        play_person(p);
    else
        name_only(p);
    play_invoice(p, "F1", "2026-03-10", cents);
}

static void begin_long(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
}

/* Folds a payment as it comes, before anybody has looked. */
static void pay(struct play *p, enum rg_event_type type, int64_t cents)
{
    struct rg_event e = play_event(p, type, type == RG_EV_PAYMENT_REVERSED ? "back" : "paid");
    struct rg_fact_record fact = {.offset = p->offset++, .event = &e};
    e.invoice = RG_STR("F1");
    e.payment = RG_STR("P1");
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    assert_int_equal(rg_record_apply(p->record, &fact, NULL), RG_FOLD_CHANGED);
}

/* ---- the five that an operator asks about first ---- */

static void paid_above(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    begin_short(&p, true, 15990);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 20000);
    struct rg_world world = world_at(&p);
    print(&p, &world, NULL, false, &text);
    assert_non_null(strstr(rg_buf_cstr(&text), "invoice F1  due 2026-03-10  R$\u00a00,00  ladder curta")); /* nobody owes less than nothing */
    assert_non_null(strstr(rg_buf_cstr(&text), "paid: R$\u00a0200,00 received"));
    play_end(&p);
}

static void paid(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15990);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  0 open invoices, R$\u00a00,00   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a00,00  ladder curta @RULES\n"
           "  all steps            OVER       paid: R$\u00a0159,90 received, last on 2026-03-11\n"
           "\n"
           "next look: when something happens\n");
    play_end(&p);
}

/* Its payable day is Monday 15 March 2021, and five years later it is pressed for no more. */
static void prescribed(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules(short_ladder), "2026-03-16 10:00");
    play_person(&p);
    play_invoice(&p, "F1", "2021-03-14", 15990);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Mon 2026-03-16 10:00\n"
           "\n"
           "invoice F1  due 2021-03-14  R$\u00a0159,90  ladder curta @RULES\n"
           "  all steps            OVER       prescribed: payable on 2021-03-15, and 5 years are over: nothing presses for it any more\n"
           "\n"
           "next look: when something happens\n");
    play_end(&p);
}

static void held(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    struct rg_event e = play_event(&p, RG_EV_DEBTOR_HELD, "hold");
    e.until_ms = at("2026-03-20 12:00");
    e.reason = RG_STR("enchente\nna rua");
    e.has |= RG_BIT(RG_F_UNTIL) | RG_BIT(RG_F_REASON);
    play_fold(&p, &e, false);
    play_fold(&p, &e, true);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  held            the debtor or the invoice is on hold: until Fri 2026-03-20 12:00, \"enchente na rua\"\n"
           "           lifted by       debtor.released, or the end of the hold; looked at again Fri 2026-03-20 12:00\n"
           "           also            hours\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "  insiste              WAITING    opens Sat 2026-03-14 08:00\n"
           "\n"
           "next look: Sat 2026-03-14 00:00\n");
    play_end(&p);
}

static void outside_hours(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  hours           outside the hours in which this debtor may be contacted: opens Thu 2026-03-12 08:12\n"
           "           lifted by       itself, at the next opening; looked at again Thu 2026-03-12 08:12\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "  insiste              WAITING    opens Sat 2026-03-14 08:00\n"
           "\n"
           "next look: Thu 2026-03-12 08:12\n");
    play_end(&p);
}

static void no_contact(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, false, 15990);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  unreachable     there is no usable contact for any channel of this step: whatsapp, email\n"
           "           lifted by       upstream: debtor.updated with a contact\n"
           "           also            hours\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "  insiste              WAITING    opens Sat 2026-03-14 08:00\n"
           "\n"
           "next look: Sat 2026-03-14 00:00\n");
    expect(&p, NULL, true,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  unreachable     there is no usable contact for any channel of this step: whatsapp, email\n"
           "           lifted by       upstream: debtor.updated with a contact\n"
           "    BLOCK  hours           outside the hours in which this debtor may be contacted: opens Thu 2026-03-12 08:12\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "  insiste              WAITING    opens Sat 2026-03-14 08:00\n"
           "\n"
           "next look: Sat 2026-03-14 00:00\n");
    play_end(&p);
}

static void condition_false(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 1990);
    expect(&p, "atraso", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a019,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a019,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  condition       its condition does not hold: invoice.balance >= brl(\"20.00\"): 19.90 >= 20.00\n"
           "           lifted by       a fact it asks about\n"
           "           also            hours\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "\n"
           "next look: Sat 2026-03-14 00:00\n");
    play_end(&p);
}

/* ---- what else stands in the way ---- */

static void stopped_and_all_gates(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    p.stopped = true;
    expect(&p, "atraso", true,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Wed 2026-03-11 21:30\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  stopped         everything is stopped\n"
           "           lifted by       an operator: reguactl resume\n"
           "    BLOCK  hours           outside the hours in which this debtor may be contacted: opens Thu 2026-03-12 08:12\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "\n"
           "next look: Sat 2026-03-14 00:00\n");
    play_end(&p);
}

static void upstream_not_read(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    play_to(&p, "2026-03-12 08:00");
    p.now_ms = at("2026-03-12 09:00");
    int64_t nothing = -1;
    struct rg_world world = world_at(&p);
    world.asof_ms = world.now_ms - 90000;
    world.lagging = RG_STR("billing/3");
    world.known_through_ms = &nothing;
    expect_in(&p, &world, "atraso", true,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Thu 2026-03-12 09:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    BLOCK  clearing        a payment made on the payable day may not be known yet: needed through 2026-03-10, the payable day\n"
           "           lifted by       itself, once payments are known through the payable day; looked at again Thu 2026-03-12 09:00\n"
           "    BLOCK  frontier        something published upstream is still unread: waiting for billing/3\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "\n"
           "next look: Thu 2026-03-12 09:00\n");
    play_end(&p);
}

static void no_ladder_and_nothing_known(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules(short_ladder), "2026-03-11 10:00");
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  0 open invoices, R$\u00a00,00   now Wed 2026-03-11 10:00\n"
           "\n"
           "nothing is owed: no invoice is known of this debtor\n"
           "\n"
           "next look: when something happens\n");
    struct rg_event e = play_event(&p, RG_EV_INVOICE_ISSUED, "F1");
    e.invoice = RG_STR("F1");
    e.amount_cents = 500;
    e.due_on = rg_day_of(2026, 3, 10);
    e.service = RG_STR("agua");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_SERVICE);
    play_fold(&p, &e, false);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a05,00   now Wed 2026-03-11 10:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a05,00\n"
           "  all steps            NOT NOW    no_ladder: no ladder applies to this invoice; lifted by the rules: a ladder that applies\n"
           "\n"
           "next look: when something happens\n");
    play_end(&p);
}

/* Forty days late, on the day on which it became known; and of two that were missed only the later. */
static void known_late(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-12-14 07:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    expect(&p, "aviso_suspensao", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,00   now Mon 2026-12-14 07:00\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a0159,00  ladder internet_residencial @RULES\n"
           "  aviso_suspensao      NOT NOW    since Wed 2026-11-18 08:00\n"
           "    BLOCK  too_old         its day had passed before anything could go out: due Wed 2026-11-18 08:00, possible since"
           " Mon 2026-12-14 07:00; a notice or a sanction waits for the next day\n"
           "           lifted by       the next day, if it is a notice or a sanction; else nobody; looked at again"
           " Tue 2026-12-15 00:00\n"
           "           also            hours\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.00 >= 20.00\n"
           "    pass   clearing        known through 2026-11-03, the payable day\n"
           "\n"
           "next look: Tue 2026-12-15 00:00\n");
    play_end(&p);
    play_begin(&p,
               rg_test_rules("language: 1\nladder: curta\ntitle: L\nowner: a@b.example\npriority: 1\ncalendar: br-generico\n"
                             "defaults: { via: [sms], until: 60d }\n"
                             "steps:\n"
                             "  atraso: { day: D+1, tone: reminder, template: atraso }\n"
                             "  insiste: { day: D+4, tone: reminder, template: atraso, catch_up: skip }\n"
                             "  conversa: { day: D+9, tone: firm, template: conversa }\n"),
               "2026-12-14 07:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,00   now Mon 2026-12-14 07:00\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a0159,00  ladder curta @RULES\n"
           "  atraso               NOT NOW    since Wed 2026-11-04 08:00, until Sun 2027-01-03 08:00\n"
           "    BLOCK  superseded      a later step has taken its place: due Wed 2026-11-04 08:00, possible since"
           " Mon 2026-12-14 07:00; of what was missed only conversa goes out\n"
           "           lifted by       nobody\n"
           "           also            hours\n"
           "    pass   clearing        known through 2026-11-03, the payable day\n"
           "  insiste              NOT NOW    since Sat 2026-11-07 08:00, until Wed 2027-01-06 08:00\n"
           "    BLOCK  too_old         its day had passed before anything could go out: due Sat 2026-11-07 08:00, possible since"
           " Mon 2026-12-14 07:00; catch_up: skip leaves it out\n"
           "           lifted by       the next day, if it is a notice or a sanction; else nobody\n"
           "           also            hours\n"
           "    pass   clearing        known through 2026-11-03, the payable day\n"
           "  conversa             NOT NOW    since Thu 2026-11-12 08:00, until Mon 2027-01-11 08:00\n"
           "    BLOCK  hours           outside the hours in which this debtor may be contacted: opens Mon 2026-12-14 08:12\n"
           "           lifted by       itself, at the next opening; looked at again Mon 2026-12-14 08:12\n"
           "    pass   clearing        known through 2026-11-03, the payable day\n"
           "\n"
           "next look: Mon 2026-12-14 08:12\n");
    play_end(&p);
}

static void queued_retried_and_now(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    p.now_ms = at("2026-03-12 10:00");
    expect(&p, "atraso", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Thu 2026-03-12 10:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               NOW        since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.90 >= 20.00\n"
           "    pass   clearing        known through 2026-03-10, the payable day\n"
           "\n"
           "next look: Sat 2026-03-14 08:00\n");
    p.hold_claims = true;
    play_look(&p);
    expect(&p, "atraso", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Thu 2026-03-12 10:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               UNDER WAY  queued by whatsapp Thu 2026-03-12 10:00\n"
           "\n"
           "next look: Sat 2026-03-14 08:00\n");
    p.verdict = RG_VERDICT_RETRY;
    p.evidence = RG_EVIDENCE_NONE;
    play_deliver(&p, &p.record->actions[0].decision);
    expect(&p, "atraso", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Thu 2026-03-12 10:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               AGAIN      retry by whatsapp Thu 2026-03-12 10:00; looked at again Thu 2026-03-12 10:00\n"
           "\n"
           "next look: Thu 2026-03-12 10:00\n");
    play_end(&p);
}

static void shadow(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    p.now_ms = at("2026-03-12 10:00");
    p.rules->ladders[0].mode = RG_MODE_SHADOW;
    play_look(&p);
    expect(&p, "atraso", false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Thu 2026-03-12 10:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES\n"
           "  atraso               SHADOW     decided for whatsapp Thu 2026-03-12 10:00  shadow: decided in shadow mode: nothing leaves; looked at again Fri 2026-03-13 19:42\n"
           "\n"
           "next look: Fri 2026-03-13 19:42\n");
    play_end(&p);
}

/* ---- a long ladder ---- */

static void three_weeks_late(void **state)
{
    (void)state;
    struct play p;
    begin_long(&p);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-11-24 10:12");
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,00   now Tue 2026-11-24 10:12\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a0159,00  ladder internet_residencial @RULES\n"
           "  como_pagar           OVER       condition: history.paid_percent < 50: history.paid_percent unknown < 50\n"
           "  desconto             OVER       condition: invoice.discount_until >= today: invoice.discount_until unknown >= 2026-10-28\n"
           "  lembrete             DONE       sent by email, accepted Thu 2026-10-29 08:12\n"
           "  nao_recebido         DONE       sent by whatsapp, accepted Sat 2026-10-31 08:12\n"
           "  vespera              DONE       another message spoke for it Sat 2026-10-31 08:12\n"
           "  vence_hoje           OVER       condition: history.late_12m >= 1: 0 >= 1\n"
           "  atraso               DONE       sent by whatsapp, accepted Wed 2026-11-04 08:12\n"
           "  insiste 1/2          DONE       sent by whatsapp, accepted Sat 2026-11-07 08:12\n"
           "  insiste 2/2          DONE       sent by whatsapp, accepted Tue 2026-11-10 08:12\n"
           "  atualizados          DONE       sent by whatsapp, accepted Thu 2026-11-12 08:12\n"
           "  conversa             OVER       expired: its window closed\n"
           "  aviso_suspensao      DONE       sent by whatsapp, delivered Wed 2026-11-18 08:12\n"
           "  notificacao          DONE       sent by whatsapp, accepted Mon 2026-11-23 08:12 (delivered is demanded); looked at again Sat 2026-11-28 08:12\n"
           "  suspensao            WAITING    term: aviso_suspensao counts from 2026-11-18, 15 days; free from 2026-12-04; looked at again Fri 2026-12-04 00:00\n"
           "  suspenso             WAITING    prerequisite: suspensao has not been sent\n"
           "\n"
           "next look: Sat 2026-11-28 08:12\n");
    play_end(&p);
}

static void suspension_waits_for_payments_and_calendar(void **state)
{
    (void)state;
    struct play p;
    begin_long(&p);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-05 10:00"); /* a Saturday: the term is over, nothing is cut before Monday */
    int64_t known = at("2026-12-03 12:00");
    struct rg_world world = world_at(&p);
    world.known_through_ms = &known;
    expect_in(&p, &world, "suspensao", true,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,00   now Sat 2026-12-05 10:00\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a0159,00  ladder internet_residencial @RULES\n"
           "  suspensao            NOT NOW    since Fri 2026-12-04 00:00\n"
           "    BLOCK  payments_fresh  payments are not known recently enough: needed through 2026-12-04\n"
           "           lifted by       the payments source, once it is known through the last bank day; looked at again Sat 2026-12-05 10:00\n"
           "    BLOCK  cut_calendar    service may not be cut today: allowed from Mon 2026-12-07 08:00\n"
           "    pass   term            aviso_suspensao counts from 2026-11-18, 15 days; free from 2026-12-04\n"
           "    pass   condition       invoice.balance >= brl(\"20.00\"): 159.00 >= 20.00\n"
           "    pass   clearing        known through 2026-11-03, the payable day\n"
           "\n"
           "next look: Sat 2026-12-05 10:00\n");
    play_end(&p);
}

static void restore_is_owed(void **state)
{
    (void)state;
    struct play p;
    begin_long(&p);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-08 22:00");
    pay(&p, RG_EV_PAYMENT_CONFIRMED, 15900);
    size_t actions = p.record->action_count, done = p.record->invoices[0].done_count;
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  0 open invoices, R$\u00a00,00   now Tue 2026-12-08 22:00\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a00,00  ladder internet_residencial @RULES\n"
           "  all steps            OVER       paid: R$\u00a0159,00 received, last on 2026-12-08\n"
           "  lembrete             DONE       sent by email, accepted Thu 2026-10-29 08:12\n"
           "  nao_recebido         DONE       sent by whatsapp, accepted Sat 2026-10-31 08:12\n"
           "  vespera              DONE       another message spoke for it Sat 2026-10-31 08:12\n"
           "  atraso               DONE       sent by whatsapp, accepted Wed 2026-11-04 08:12\n"
           "  insiste 1/2          DONE       sent by whatsapp, accepted Sat 2026-11-07 08:12\n"
           "  insiste 2/2          DONE       sent by whatsapp, accepted Tue 2026-11-10 08:12\n"
           "  atualizados          DONE       sent by whatsapp, accepted Thu 2026-11-12 08:12\n"
           "  aviso_suspensao      DONE       sent by whatsapp, delivered Wed 2026-11-18 08:12\n"
           "  notificacao          DONE       sent by whatsapp, accepted Mon 2026-11-23 08:12 (delivered is demanded)\n"
           "  suspensao            DONE       sent by signals, accepted Mon 2026-12-07 08:00\n"
           "  religar              NOW        since Tue 2026-12-08 22:00\n"
           "  obrigado             WAITING    opens Wed 2026-12-09 08:00\n"
           "\n"
           "next look: Wed 2026-12-09 08:00\n");
    p.stopped = true;
    expect(&p, "religar", false,
           "debtor D1  America/Sao_Paulo (-03)  0 open invoices, R$\u00a00,00   now Tue 2026-12-08 22:00\n"
           "\n"
           "invoice F1  due 2026-11-03  R$\u00a00,00  ladder internet_residencial @RULES\n"
           "  all steps            OVER       paid: R$\u00a0159,00 received, last on 2026-12-08\n"
           "  religar              NOT NOW    since Tue 2026-12-08 22:00\n"
           "    BLOCK  stopped         everything is stopped\n"
           "           lifted by       an operator: reguactl resume\n"
           "\n"
           "next look: Wed 2026-12-09 22:00\n");
    assert_int_equal(p.record->action_count, actions); /* explaining decides nothing */
    assert_int_equal(p.record->invoices[0].done_count, done);
    play_end(&p);
}

/* Two paid on one day: the second hears nothing, and explain says why. */
static void thanked_with_another(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    begin_long(&p);
    play_invoice(&p, "F2", "2026-11-03", 9900);
    play_to(&p, "2026-11-05 10:00");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    p.now_ms += RG_MS_PER_MINUTE;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F2", "P1", 9900);
    struct rg_world world = world_at(&p);
    print(&p, &world, "obrigado", false, &text);
    assert_non_null(strstr(rg_buf_cstr(&text), "obrigado             DONE       sent by whatsapp, accepted Thu 2026-11-05 10:00\n"));
    assert_non_null(strstr(rg_buf_cstr(&text), "obrigado             OVER       covered: said of another invoice that day\n"));
    play_end(&p);
}

/* What an operator does today is not the reason for yesterday's silence. */
static void a_stop_explains_only_what_closed_under_it(void **state)
{
    (void)state;
    static const struct {
        const char *since, *over;
    } rows[] = {
        {"2026-10-27 12:00", "como_pagar           OVER       stopped: everything is stopped\n"},
        {"2026-10-29 12:00", "como_pagar           OVER       condition: history.paid_percent < 50: history.paid_percent unknown < 50\n"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        begin_long(&p);
        play_to(&p, "2026-10-30 10:00");
        p.stopped = true;
        struct rg_world world = world_at(&p);
        world.stopped_since_ms = at(rows[i].since);
        print(&p, &world, "como_pagar", false, &text);
        if (strstr(rg_buf_cstr(&text), rows[i].over) == NULL)
            fail_msg("%s: %s", rows[i].since, rg_buf_cstr(&text));
        play_end(&p);
    }
}

/* Whoever is held today was not when the window was open: nobody knew the invoice then. */
static void a_window_before_the_invoice_was_known(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    play_begin(&p, rg_test_rules(short_ladder), "2026-03-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-03-10", 15990);
    struct rg_event held = play_event(&p, RG_EV_DEBTOR_HELD, "judge");
    play_fold(&p, &held, true);
    struct rg_world world = world_at(&p);
    print(&p, &world, "atraso", false, &text);
    const char *over = "atraso               OVER       expired: its window had closed before the invoice was known\n";
    if (strstr(rg_buf_cstr(&text), over) == NULL)
        fail_msg("%s", rg_buf_cstr(&text));
    play_end(&p);
}

static void a_second_cycle(void **state)
{
    (void)state;
    struct play p;
    begin_short(&p, true, 15990);
    play_to(&p, "2026-03-12 12:00");
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15990);
    p.now_ms = at("2026-03-13 09:00");
    pay(&p, RG_EV_PAYMENT_REVERSED, 15990);
    expect(&p, NULL, false,
           "debtor D1  America/Sao_Paulo (-03)  1 open invoice, R$\u00a0159,90   now Fri 2026-03-13 09:00\n"
           "\n"
           "invoice F1  due 2026-03-10  R$\u00a0159,90  ladder curta @RULES  cycle 2\n"
           "  atraso               OVER       superseded: it went out in an earlier cycle and is not repeated\n"
           "  insiste              WAITING    opens Sat 2026-03-14 08:00\n"
           "\n"
           "next look: Sat 2026-03-14 08:00\n");
    play_end(&p);
}

/* ---- the same as JSON, and always the same ---- */

static void json_holds_the_same_findings(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    static const char *const parts[] = {
        "{\"debtor\":\"D1\",\"zone\":\"America/Sao_Paulo\",", "\"step\":\"atraso\",\"repetition\":1,\"state\":\"blocked\",\"gate\":\"hours\",",
        "\"lifted_by\":\"itself, at the next opening\"", "\"opens\":\"2026-03-11T08:00:00-03:00\",\"closes\":\"2026-03-14T00:00:00-03:00\"",
        "{\"gate\":\"condition\",\"blocks\":false,\"why\":\"invoice.balance >= brl(\\\"20.00\\\"): 159.90 >= 20.00\"}", "\"step\":\"insiste\",\"repetition\":1,\"state\":\"waiting\"",
    };
    begin_short(&p, true, 15990);
    struct rg_world world = world_at(&p);
    rg_buf_init(&text, 1 << 20);
    rg_jw_init(&jw, &text);
    rg_explain_json(p.rules, &world, p.record, (struct rg_str){0}, &jw);
    rg_jw_done(&jw);
    for (size_t i = 0; i < RG_COUNT(parts); i++)
        if (strstr(rg_buf_cstr(&text), parts[i]) == NULL)
            fail_msg("%s not in %s", parts[i], rg_buf_cstr(&text));
    play_end(&p);
}

static void twice_asked_the_same_is_said(void **state)
{
    (void)state;
    struct play p;
    struct rg_buf first RG_CLEANUP(rg_buf_done), second RG_CLEANUP(rg_buf_done);
    begin_long(&p);
    for (int days = 0; days < 60; days++) {
        p.now_ms += RG_MS_PER_DAY;
        play_look(&p);
        struct rg_world world = world_at(&p);
        print(&p, &world, NULL, true, &first);
        print(&p, &world, NULL, true, &second);
        assert_string_equal(rg_buf_cstr(&first), rg_buf_cstr(&second));
        rg_buf_done(&first);
        rg_buf_done(&second);
    }
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paid),
        cmocka_unit_test(prescribed),
        cmocka_unit_test(held),
        cmocka_unit_test(outside_hours),
        cmocka_unit_test(no_contact),
        cmocka_unit_test(condition_false),
        cmocka_unit_test(stopped_and_all_gates),
        cmocka_unit_test(upstream_not_read),
        cmocka_unit_test(no_ladder_and_nothing_known),
        cmocka_unit_test(known_late),
        cmocka_unit_test(queued_retried_and_now),
        cmocka_unit_test(shadow),
        cmocka_unit_test(three_weeks_late),
        cmocka_unit_test(suspension_waits_for_payments_and_calendar),
        cmocka_unit_test(restore_is_owed),
        cmocka_unit_test(thanked_with_another),
        cmocka_unit_test(a_stop_explains_only_what_closed_under_it), cmocka_unit_test(a_window_before_the_invoice_was_known),
        cmocka_unit_test(paid_above), cmocka_unit_test(a_second_cycle),
        cmocka_unit_test(json_holds_the_same_findings),
        cmocka_unit_test(twice_asked_the_same_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
