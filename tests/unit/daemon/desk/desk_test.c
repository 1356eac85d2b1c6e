/* Lives on a desk: what is decided, skipped and delivered, what the world does to it, and where a desk gives up. */
#include "tests/unit/daemon/desk/life.h"

#include "daemon/desk/desk.h"

#define EMAIL "{'channel': 'email', 'address': 'm@x.example'}"
#define PHONE "{'channel': 'whatsapp', 'address': '+5511912345678'}"
#define PERSON "'person': {'state': 'SP', 'contacts': [" EMAIL "]}, "
#define WITH_PHONE "'person': {'state': 'SP', 'contacts': [" EMAIL ", " PHONE "]}, "
#define ISSUED "{'at': '2026-10-20', 'invoice.issued': {'invoice': 'F1', 'due_on': '2026-11-03', 'amount_cents': 15900}}"
#define PAID(at) "{'at': '" at "', 'payment.confirmed': {'invoice': 'F1', 'amount_cents': 15900}}"
#define OUTCOME(at, status) "{'at': '" at "', 'outcome': {'step': 'aviso_suspensao', 'status': '" status "'}}"

#define BEFORE "2026-10-29 08:12 lembrete email\n2026-10-31 08:12 vespera email\n"
#define NET_BEFORE \
    "2026-10-28 00:00 -como_pagar condition\n2026-10-29 00:00 -desconto condition\n2026-10-29 08:12 lembrete email\n" \
    "2026-10-31 08:12 nao_recebido whatsapp\n2026-11-04 00:00 -vence_hoje condition\n2026-11-04 08:12 atraso whatsapp\n" \
    "2026-11-07 08:12 insiste whatsapp\n2026-11-10 08:12 insiste whatsapp\n2026-11-12 08:12 atualizados whatsapp\n" \
    "2026-11-16 08:12 conversa whatsapp\n2026-11-18 08:12 aviso_suspensao whatsapp\n2026-11-23 08:12 notificacao whatsapp\n"

static void test_ladder(void **state)
{
    (void)state;
    life_expect("{" PERSON "'events': [" ISSUED "], 'until': '2026-11-30'}", "padrao",
                BEFORE "2026-11-04 08:12 atraso email\n2026-11-07 08:12 insiste email\n2026-11-13 08:12 atualizados email\n"
                       "2026-11-18 08:12 conversa email\n");
    life_expect("{" PERSON "'events': [" ISSUED ", " PAID("2026-10-30 10:00") "], 'until': '2026-11-30'}", "padrao",
                "2026-10-29 08:12 lembrete email\n2026-10-30 10:00 obrigado email\n");
    life_expect("{" PERSON "'events': [" ISSUED ", " PAID("2026-11-08 10:00") "], 'until': '2026-11-30'}", "padrao",
                BEFORE "2026-11-04 08:12 atraso email\n2026-11-07 08:12 insiste email\n2026-11-09 08:00 obrigado email\n");
    /* nothing at all happens to anybody */
    life_expect("{'events': [], 'until': '2026-11-30'}", "padrao", "");
    /* what is due at the very instant of a payment waits for it */
    life_expect("{" PERSON "'events': [" ISSUED ", " PAID("2026-10-29T08:12:23.547-03:00") "], 'until': '2026-11-01'}", "padrao",
                "");
}

/* A person is given a name, and nothing else that was not said. */
static void test_what_is_filled_in(void **state)
{
    (void)state;
    life_expect("{'events': [" ISSUED "], 'until': '2026-11-05'}", "padrao",
                "2026-11-02 00:00 -lembrete unreachable\n2026-11-04 00:00 -vespera unreachable\n");
    life_expect("{'person': {'name': null, 'contacts': [" EMAIL "]}, 'events': [" ISSUED "], 'until': '2026-11-03'}", "padrao",
                "2026-11-02 00:00 -lembrete missing_data\n");
    /* an invoice is given a charge, which a text may ask for */
    static const char *const charges[] = {"", ", 'charge': null"}, *const lines[] = {"2026-11-04 08:12 a email\n", ""};
    for (size_t i = 0; i < RG_COUNT(charges); i++) {
        struct life l = {
            .rules = rg_test_rules("language: 1\nladder: a\npriority: 1\nsteps:\n  a: { day: D+1, tone: reminder, via: [email], "
                                   "template: t }\ntemplates:\n  t: \"{{nome}} {{link}} {{pix}} {{> credor}}\"\n")};
        char text[512];
        (void)snprintf(text, sizeof text,
                       "{" PERSON "'events': [{'at': '2026-11-04', 'invoice.issued': {'invoice': 'F1', 'due_on': '2026-11-03', "
                       "'amount_cents': 15900%s}}], 'until': '2026-11-08'}",
                       charges[i]);
        life_play(&l, text, false);
        assert_int_equal(l.rc, 0);
        assert_string_equal(life_lines(&l), lines[i]);
        life_end(&l);
    }
    /* what happens wins over what is known beforehand, at the same instant */
    life_expect("{" PERSON "'events': [" ISSUED
                ", {'at': '2026-10-20', 'debtor.updated': {'contacts': []}}], 'until': '2026-11-03'}",
                "padrao", "2026-11-02 00:00 -lembrete unreachable\n");
}

static void test_world(void **state)
{
    (void)state;
    life_expect("{" PERSON "'world': {'stopped': true}, 'events': [" ISSUED
                ", {'at': '2026-11-09', 'world': {'stopped': false}}], "
                "'until': '2026-11-12'}",
                "padrao",
                "2026-11-02 00:00 -lembrete stopped\n2026-11-04 00:00 -vespera stopped\n2026-11-07 00:00 -atraso stopped\n"
                "2026-11-09 08:12 insiste email\n");
    life_expect("{" PERSON "'world': {'mode': 'shadow'}, 'events': [" ISSUED
                ", {'at': '2026-11-09', 'world': {'mode': 'live'}}], "
                "'until': '2026-11-12'}",
                "padrao",
                "2026-10-29 08:12 lembrete email shadow\n2026-10-31 08:12 vespera email shadow\n"
                "2026-11-02 19:42 -lembrete expired\n2026-11-04 08:00 -vespera expired\n"
                "2026-11-04 08:12 atraso email shadow\n2026-11-07 08:00 -atraso expired\n"
                "2026-11-07 08:12 insiste email shadow\n2026-11-09 08:12 insiste email\n");
    life_expect("{" WITH_PHONE "'world': {'payments_known_through': '2026-12-01'}, 'events': [" ISSUED
                ", {'at': '2026-12-08 10:00', 'world': {'payments_known_through': 'all'}}], 'until': '2026-12-10'}",
                "internet_residencial", NET_BEFORE "2026-12-08 10:00 suspensao signals\n");
}

static void test_channels(void **state)
{
    (void)state;
    static const struct {
        const char *becomes, *lines;
    } ROWS[] = {
        {"rejected", "2026-11-04 08:12 atraso whatsapp\n2026-11-04 08:12 atraso email\n"},
        {"retry", "2026-11-04 08:12 atraso whatsapp\n2026-11-04 08:12 atraso whatsapp\n2026-11-04 08:14 atraso whatsapp\n"
                  "2026-11-04 08:22 atraso whatsapp\n2026-11-04 08:54 atraso whatsapp\n2026-11-04 11:02 atraso whatsapp\n"
                  "2026-11-04 19:34 atraso email\n"},
        {"uncertain", "2026-11-04 08:12 atraso whatsapp\n"}, /* the ladder says skip */
        {"accepted", "2026-11-04 08:12 atraso whatsapp\n"},
        {"down", "2026-11-04 08:12 atraso whatsapp\n2026-11-05 08:12 atraso whatsapp\n"}, /* recalled when its hours end */
    };
    char text[1024];
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        (void)snprintf(text, sizeof text,
                       "{" WITH_PHONE
                       "'world': {'channels': {'whatsapp': '%s'}}, 'events': [{'at': '2026-11-04', 'invoice.issued': "
                       "{'invoice': 'F1', 'due_on': '2026-11-03', 'amount_cents': 15900}}], 'until': '2026-11-05'}",
                       ROWS[i].becomes);
        life_expect(text, "padrao", ROWS[i].lines);
    }
    /* what waited goes out once there is somebody to take it */
    life_expect(
        "{" WITH_PHONE
        "'world': {'channels': {'whatsapp': 'down'}}, 'events': [{'at': '2026-11-04', 'invoice.issued': {'invoice': "
        "'F1', 'due_on': '2026-11-03', 'amount_cents': 15900}}, {'at': '2026-11-04 15:00', 'world': {'channels': {'whatsapp': "
        "'read'}}}], 'until': '2026-11-06'}",
        "padrao", "2026-11-04 08:12 atraso whatsapp\n");
}

/* A notice that an outcome speaks of is not delivered by itself, and its term begins when it is. */
static void test_outcomes(void **state)
{
    (void)state;
    life_expect("{" WITH_PHONE "'events': [" ISSUED "], 'until': '2026-12-10'}", "internet_residencial",
                NET_BEFORE "2026-12-07 08:00 suspensao signals\n");
    life_expect("{" WITH_PHONE "'events': [" ISSUED ", " OUTCOME("2026-11-25 10:00", "delivered") "], 'until': '2026-12-20'}",
                "internet_residencial", NET_BEFORE "2026-12-14 08:00 suspensao signals\n");
    life_expect("{" WITH_PHONE "'events': [" ISSUED ", " OUTCOME("2026-11-19 10:00", "bounced") "], 'until': '2026-12-20'}",
                "internet_residencial", NET_BEFORE);
    /* without any word it stays undelivered */
    life_expect(
        "{" WITH_PHONE "'world': {'channels': {'whatsapp': 'accepted'}}, 'events': [" ISSUED "], 'until': '2026-12-20'}",
        "internet_residencial",
        "2026-10-28 00:00 -como_pagar condition\n2026-10-29 00:00 -desconto condition\n2026-10-29 08:12 lembrete email\n"
        "2026-10-31 08:12 nao_recebido whatsapp\n2026-11-04 00:00 -vence_hoje condition\n2026-11-04 08:12 atraso whatsapp\n"
        "2026-11-07 08:12 insiste whatsapp\n2026-11-10 08:12 insiste whatsapp\n2026-11-12 08:12 atualizados whatsapp\n"
        "2026-11-18 00:00 -conversa condition\n2026-11-18 08:12 aviso_suspensao whatsapp\n2026-11-23 08:12 notificacao "
        "whatsapp\n");
}

/* A restore is sent again and again until it is certain, whatever becomes of it, and never runs ahead of its suspend. */
static void test_restore(void **state)
{
    (void)state;
    struct life l;
    life_begin(
        &l, "internet_residencial",
        "{" WITH_PHONE "'events': [" ISSUED ", {'at': '2026-12-08', 'world': {'channels': {'signals': 'uncertain'}}}, " PAID(
            "2026-12-08 10:00") ", {'at': '2026-12-09', 'world': {'channels': {'signals': 'accepted'}}}], 'until': '2026-12-12'}",
        false);
    assert_int_equal(l.rc, 0);
    const struct rg_desk_log *log = rg_desk_log(l.desk);
    size_t suspend = 0, restores = 0;
    for (size_t i = 0; i < log->decision_count; i++) {
        const struct rg_decision *d = log->decisions[i].decision;
        if (d->signal == RG_SIGNAL_SUSPEND_REQUESTED)
            suspend = i;
        restores += d->signal == RG_SIGNAL_RESTORE_REQUESTED;
        if (d->signal == RG_SIGNAL_RESTORE_REQUESTED)
            assert_true(d->sequence > log->decisions[suspend].decision->sequence);
    }
    assert_int_equal(restores, 1); /* one decision, the same id however often it is sent */
    life_end(&l);
}

/* ---- what an onlooker sees ---- */

static void test_sightings(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, "internet_residencial", "{" WITH_PHONE "'events': [" ISSUED "], 'until': '2026-12-10'}", true);
    assert_int_equal(l.rc, 0);
    const struct rg_desk_log *log = rg_desk_log(l.desk);
    const struct rg_desk_sighting *found = NULL;
    int64_t last_ms = 0;
    for (size_t i = 0; i < log->sighting_count; i++) {
        const struct rg_desk_sighting *s = &log->sightings[i];
        assert_true(s->from_ms < s->until_ms || s->kind == RG_VIEW_DECIDED || s->kind == RG_VIEW_UNDER_WAY ||
                    s->kind == RG_VIEW_DONE);
        assert_true(s->from_ms >= last_ms);
        last_ms = s->from_ms;
        if (rg_str_is(s->name, "suspensao") && s->gate == RG_GATE_CUT_CALENDAR)
            found = s;
    }
    assert_non_null(found); /* Friday 4 December 00:00 to Monday 08:00 */
    int64_t friday_ms, monday_ms;
    assert_true(rg_instant_parse(RG_STR("2026-12-04T00:00:00-03:00"), &friday_ms));
    assert_true(rg_instant_parse(RG_STR("2026-12-07T08:00:00-03:00"), &monday_ms));
    assert_int_equal(found->from_ms, friday_ms);
    assert_int_equal(found->until_ms, monday_ms);
    assert_true((found->blocking & RG_GATE_BIT(RG_GATE_CUT_CALENDAR)) != 0);
    assert_true((found->passing & RG_GATE_BIT(RG_GATE_CONDITION)) != 0);
    life_end(&l);
}

/* Watching changes nothing. */
static void test_watching(void **state)
{
    (void)state;
    static const char text[] = "{" WITH_PHONE "'events': [" ISSUED ", " PAID("2026-12-08 10:00") "], 'until': '2026-12-20'}";
    struct life watched, unseen;
    life_begin(&unseen, "internet_residencial", text, false);
    char *lines = rg_strdup(life_lines(&unseen));
    life_begin(&watched, "internet_residencial", text, true);
    assert_string_equal(life_lines(&watched), lines);
    assert_int_equal(rg_desk_log(unseen.desk)->sighting_count, 0);
    rg_free(&lines);
    life_end(&watched);
    life_end(&unseen);
}

/* ---- mistakes ---- */

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int entry;
        const char *says;
    } ROWS[] = {
        {"{'events': 5, 'until': '2026-11-05'}", RG_FAULT_ANYWHERE, "expected \"events\" to be a list of at most 2000"},
        {"{'events': [5], 'until': '2026-11-05'}", 0, "expected an object with a time and one thing that happens"},
        {"{'events': [{'at': '2026-11-31', 'world': {}}], 'until': '2026-11-05'}", 0, "at: expected a time such as"},
        {"{'events': [{'world': {}}], 'until': '2026-11-05'}", 0, "at: expected a time such as"},
        {"{'events': [" ISSUED ", {'at': '2026-11-01'}], 'until': '2026-11-05'}", 1, "expected one event, outcome or world"},
        {"{'events': [{'at': '2026-11-01', 'world': {}, 'outcome': {}}], 'until': '2026-11-05'}", 0,
         "expected one event, outcome or"},
        {"{'events': [{'at': '2026-11-01', 'invoice.isued': {}}], 'until': '2026-11-05'}", 0,
         "did you mean \"regua.invoice.issued\"?"},
        {"{'events': [{'at': '2026-11-01', 'agreement.signed': {}}], 'until': '2026-11-05'}", 0,
         "this version does not read it yet"},
        {"{'events': [{'at': '2026-11-01', 'invoice.issued': []}], 'until': '2026-11-05'}", 0,
         "invoice.issued: expected an object"},
        {"{'events': [{'at': '2026-11-01', 'invoice.issued': {'invoice': 'F'}}], 'until': '2026-11-05'}", 0,
         "data.due_on is missing"},
        {"{'events': [{'at': '2026-11-01', 'id': 5, 'invoice.voided': {'invoice': 'F'}}], 'until': '2026-11-05'}", 0, "id"},
        {"{'events': [{'at': '2026-11-01', 'invoice.voided': {'invoice': 'F', 'debtor': 'D2'}}, {'at': '2026-11-01', "
         "'invoice.voided': "
         "{'invoice': 'F', 'debtor': 'D3'}}], 'until': '2026-11-05'}",
         1, "it is about debtor \"D3\", and all others about \"D2\""},
        {"{'events': [{'at': '2026-11-01', 'outcome': 5}], 'until': '2026-11-05'}", 0, "outcome: expected a step and a status"},
        {"{'events': [{'at': '2026-11-01', 'outcome': {'step': 'atrasso', 'status': 'read'}}], 'until': '2026-11-05'}", 0,
         "no step \"atrasso\", did you mean \"atraso\"?"},
        {"{'events': [{'at': '2026-11-01', 'outcome': {'step': 'atraso', 'status': 'lost'}}], 'until': '2026-11-05'}", 0,
         "outcome: status: expected one of accepted"},
        {"{'events': [{'at': '2026-11-01', 'outcome': {'step': 'atraso', 'status': 'read'}}], 'until': '2026-11-05'}", 0,
         "no message of step \"atraso\" has gone out by then"},
        {"{'person': [], 'events': [], 'until': '2026-11-05'}", RG_FAULT_PERSON, "debtor: expected what is known of him"},
        {"{'person': {'state': 'XX'}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_PERSON, "data.state"},
        {"{'world': [], 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "world: expected an object"},
        {"{'world': {'stoped': true}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "the world has no \"stoped\""},
        {"{'world': {'stopped': 'yes'}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "stopped: expected true or false"},
        {"{'world': {'mode': 'off'}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "mode: expected shadow or live"},
        {"{'world': {'payments_known_through': 5}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD,
         "payments_known_through: "},
        {"{'world': {'channels': []}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "channels: expected what becomes"},
        {"{'world': {'channels': {'fax': 'down'}}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD,
         "there is no channel \"fax\""},
        {"{'world': {'channels': {'sms': 'released'}}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD,
         "channels: expected one of"},
        {"{'world': {'channels': {'sms': 5}}, 'events': [], 'until': '2026-11-05'}", RG_FAULT_WORLD, "channels: expected one of"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct life l;
        life_begin(&l, "padrao", ROWS[i].text, false);
        if (l.rc >= 0 || l.fault.entry != ROWS[i].entry || strstr(l.fault.err.text, ROWS[i].says) == NULL)
            fail_msg("%s: %d, entry %d: %s", ROWS[i].text, l.rc, l.fault.entry, l.rc < 0 ? l.fault.err.text : "");
        assert_null(l.desk);
        life_end(&l);
    }
}

/* ---- limits ---- */

static struct rg_event issued(const char *invoice)
{
    struct rg_event e = {.type = RG_EV_INVOICE_ISSUED,
                         .id = rg_str(invoice),
                         .source = RG_STR("test"),
                         .ns = RG_STR("n"),
                         .time_ms = INT64_C(1792000000000),
                         .debtor = RG_STR("D1"),
                         .invoice = rg_str(invoice),
                         .amount_cents = 100,
                         .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON)};
    e.due_on = rg_day_of(2026, 11, 3);
    return e;
}

static void test_too_many_invoices(void **state)
{
    (void)state;
    struct rg_rules *rules = rg_test_rules_shipped("padrao", NULL);
    struct rg_desk *desk = rg_desk_new(rules, RG_STR("D1"), INT64_C(1792000000000), false);
    struct rg_error err = {0};
    char id[16];
    for (int i = 0; i < RG_RECORD_INVOICES_MAX; i++) {
        (void)snprintf(id, sizeof id, "F%d", i);
        const struct rg_event e = issued(id);
        assert_int_equal(rg_desk_fold(desk, &e, &err), 0);
    }
    const struct rg_event more = issued("one more");
    assert_int_equal(rg_desk_fold(desk, &more, &err), RG_ELIMIT);
    rg_desk_free(&desk);
    rg_rules_free(&rules);
}

static void test_other_debtor(void **state)
{
    (void)state;
    struct rg_rules *rules = rg_test_rules_shipped("padrao", NULL);
    struct rg_desk *desk = rg_desk_new(rules, RG_STR("D2"), INT64_C(1792000000000), false);
    struct rg_error err = {0};
    const struct rg_event e = issued("F1");
    assert_int_equal(rg_desk_fold(desk, &e, &err), RG_EINVAL);
    assert_string_equal(err.text, "it is about debtor \"D1\"; here lies \"D2\" alone");
    rg_desk_free(&desk);
    rg_desk_free(&desk);
    rg_rules_free(&rules);
}

/* Nobody can be looked at for ever: while everything is stopped there is a look every hour. */
static void test_too_long(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, "padrao", "{" PERSON "'world': {'stopped': true}, 'events': [" ISSUED "], 'until': '2040-01-01'}", false);
    assert_int_equal(l.rc, RG_ELIMIT);
    assert_string_equal(l.fault.err.text, "too long a life for a desk: 30001 looks");
    life_end(&l);
}

/* A ladder of a hundred repetitions, a few invoices: too wide to be watched, then too wide at all. */
static void test_too_busy(void **state)
{
    (void)state;
    static const struct {
        int steps, invoices;
        const char *until;
        bool watch;
        const char *says; /* NULL: it is not too much */
    } ROWS[] = {
        {20, 1, "2026-11-05", true, NULL},
        {20, 2, "2026-11-05", true, "invoices times steps are 6000; at most 4096"},
        {20, 9, "2026-11-05", false, NULL},
        {20, 10, "2026-11-05", false, "invoices times steps are 22000; at most 20000"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_buf rules RG_CLEANUP(rg_buf_done), text RG_CLEANUP(rg_buf_done);
        struct life l = {.arena = NULL};
        rg_buf_init(&rules, 65536);
        rg_buf_init(&text, 65536);
        rg_buf_adds(&rules, "language: 1\nladder: a\npriority: 1\nsteps:\n");
        for (int k = 0; k < ROWS[i].steps; k++)
            rg_buf_addf(
                &rules,
                "  s%d: { day: D+%d, tone: reminder, via: [email], template: atraso, repeat: { every: 1d, times: 100 } }\n", k,
                k + 1);
        rg_buf_adds(&text, "{'events': [");
        for (int k = 0; k < ROWS[i].invoices; k++)
            rg_buf_addf(
                &text,
                "%s{'at': '2026-11-04', 'invoice.issued': {'invoice': 'F%d', 'due_on': '2026-11-03', 'amount_cents': 15900}}",
                k > 0 ? ", " : "", k);
        rg_buf_addf(&text, "], 'until': '%s'}", ROWS[i].until);
        l.rules = rg_test_rules(rg_buf_cstr(&rules));
        life_play(&l, rg_buf_cstr(&text), ROWS[i].watch);
        if (ROWS[i].says == NULL ? l.rc != 0 : l.rc != RG_ELIMIT || strstr(l.fault.err.text, ROWS[i].says) == NULL)
            fail_msg("row %zu: %d %s", i, l.rc, l.fault.err.text);
        life_end(&l);
    }
}

static void test_too_many_entries(void **state)
{
    (void)state;
    for (int count = RG_HAPPENINGS_MAX; count <= RG_HAPPENINGS_MAX + 1; count++) {
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        struct life l;
        rg_buf_init(&text, LIFE_BYTES_MAX);
        rg_buf_adds(&text, "{'until':'2026-11-04','events':[");
        for (int i = 0; i < count; i++)
            rg_buf_addf(&text, "%s{'at':'2026-11-04','world':{}}", i > 0 ? "," : "");
        rg_buf_adds(&text, "]}");
        assert_false(text.overflow);
        life_begin(&l, "padrao", rg_buf_cstr(&text), false);
        assert_int_equal(l.rc, count > RG_HAPPENINGS_MAX ? RG_EINVAL : 0);
        life_end(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladder),       cmocka_unit_test(test_what_is_filled_in), cmocka_unit_test(test_world),
        cmocka_unit_test(test_channels),     cmocka_unit_test(test_outcomes),          cmocka_unit_test(test_restore),
        cmocka_unit_test(test_sightings),    cmocka_unit_test(test_watching),          cmocka_unit_test(test_faults),
        cmocka_unit_test(test_other_debtor), cmocka_unit_test(test_too_many_invoices), cmocka_unit_test(test_too_busy),
        cmocka_unit_test(test_too_long),     cmocka_unit_test(test_too_many_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
