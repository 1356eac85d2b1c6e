/* What the words of a ladder mean, one by one, where it is easy to be wrong by one: days off, midnights, other zones, ends of
 * windows, repetitions, caps and gaps to the minute, channels that fail, steps that come after others. Every row is a whole
 * ladder's steps and what becomes of one invoice, or two; times are those of Brasília. */
#include "tests/unit/daemon/rules/play.h"

#include "tests/unit/support/cmocka.h"

#define LADDER_BYTES_MAX 4096

struct person {
    const char *state, *city, *zone, *phone;
    bool no_sms, no_whatsapp;
};

/* Loads a ladder of those steps; `defaults` goes into the braces behind the channels. */
static void begin(struct play *p, const char *defaults, const char *steps, const char *now)
{
    char yaml[LADDER_BYTES_MAX];
    int n = snprintf(yaml, sizeof yaml,
                     "language: 1\nladder: l\ntitle: L\nowner: a@b.example\npriority: 1\ncalendar: br-generico\nmode: live\n"
                     "defaults: { via: [sms, whatsapp]%s%s }\nsteps:\n%s",
                     defaults[0] != '\0' ? ", " : "", defaults, steps);
    rg_assert(n > 0 && n < (int)sizeof yaml);
    play_begin(p, rg_test_rules(yaml), now);
}

static void live(struct play *p, struct person who)
{
    struct rg_event e = play_event(p, RG_EV_DEBTOR_UPDATED, "person");
    struct rg_contact contacts[2];
    e.name = RG_STR("Maria");
    e.state = who.state != NULL ? rg_str(who.state) : RG_STR("SP");
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_CONTACTS);
    if (who.city != NULL) {
        e.city = rg_str(who.city);
        e.has |= RG_BIT(RG_F_CITY);
    }
    if (who.zone != NULL) {
        e.time_zone = rg_str(who.zone);
        e.has |= RG_BIT(RG_F_TIME_ZONE);
    }
    e.contacts = contacts;
    struct rg_str phone = who.phone != NULL ? rg_str(who.phone) : RG_STR("+5511912345678");
    if (!who.no_sms)
        contacts[e.contact_count++] = (struct rg_contact){.channel = RG_STR("sms"), .address = phone};
    if (!who.no_whatsapp)
        contacts[e.contact_count++] = (struct rg_contact){.channel = RG_STR("whatsapp"), .address = phone};
    play_fold(p, &e, true);
}

/* "11-04 08:12 atraso sms, …" */
static void expect(const struct play *p, const char *expected)
{
    struct rg_buf told RG_CLEANUP(rg_buf_done);
    rg_buf_init(&told, 64 * 1024);
    for (size_t i = 0; i < p->line_count; i++)
        rg_buf_addf(&told, "%s%s", i > 0 ? ", " : "", p->lines[i] + 5);
    assert_string_equal(rg_buf_cstr(&told), expected);
}

/* ---- days ---- */

/* The invoice is payable on that day; what goes out when, until the end of the year. */
static void days_and_days_off(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *defaults, *due, *expected;
    } rows[] = {
        /* Sunday 8 November: a reminder before the due day comes on Saturday, one after it on Monday */
        {"  a: { day: D-1, tone: courtesy, template: lembrete }\n", "", "2026-11-09", "11-07 08:12 a sms"},
        {"  a: { day: D+6, tone: reminder, template: atraso }\n", "", "2026-11-03", "11-09 08:12 a sms"},
        /* … later where the ladder says so, if the window lasts */
        {"  a: { day: D-2, tone: courtesy, template: lembrete, until: 5d }\n", "holidays: { before: later }", "2026-11-10",
         "11-09 08:12 a sms"},
        {"  a: { day: D-1, tone: courtesy, template: lembrete }\n  b: { day: D0, tone: courtesy, template: vence_hoje }\n",
         "holidays: { before: later }", "2026-11-09", "11-09 08:12 b sms"},
        /* due on Sunday 15, payable on Monday 16 November */
        {"  a: { day: D0, tone: courtesy, template: vence_hoje }\n", "", "2026-11-15", "11-16 08:12 a sms"},
        /* due on Friday 20 November, a holiday: payable on Monday 23 */
        {"  a: { day: D-1, tone: courtesy, template: lembrete }\n  b: { day: D0, tone: courtesy, template: vence_hoje }\n", "",
         "2026-11-20", "11-21 08:12 a sms, 11-23 08:12 b sms"},
        /* bank days: Monday 2 and Friday 20 November are none */
        {"  a: { day: D-2bd, tone: courtesy, template: lembrete }\n", "", "2026-11-04", "10-30 08:12 a sms"},
        {"  a: { day: D+3bd, tone: reminder, template: atraso }\n", "", "2026-11-18", "11-24 08:12 a sms"},
        /* the whole day, from its opening */
        {"  a: { day: D+1, tone: reminder, template: atraso }\n", "hours: { weekdays: 18:00-19:00 }", "2026-11-03",
         "11-04 18:12 a sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, rows[i].defaults, rows[i].steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", rows[i].due, 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* A day that has no hours at all drops what may only be said on it. */
static void the_due_day_does_not_move(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "hours: { saturday: 08:00-14:00 }", "  a: { day: D0, tone: courtesy, template: vence_hoje }\n", "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-04", 15900); /* a Wednesday */
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "");
    assert_int_equal(p.skip_count, 1);
    assert_string_equal(p.skips[0], "a expired");
    play_end(&p);
}

/* ---- windows ---- */

/* To the day of the next message step in the file, whether or not that one says anything; a step of the same day ends nothing,
 * and the last has no end. Here each waits for a contact that comes later. */
static void a_window_ends_at_the_next_step(void **state)
{
    (void)state;
    static const char steps[] = "  a: { day: D+1, tone: reminder, template: atraso }\n"
                                "  b: { day: D+1, tone: info, template: atraso }\n"
                                "  c: { day: D+5, tone: reminder, template: atraso, when: invoice.balance < brl(\"1.00\") }\n"
                                "  d: { day: D+9, tone: firm, template: conversa }\n";
    static const struct {
        const char *contact, *expected, *skips;
    } rows[] = {
        {"2026-11-08 00:01", "11-12 08:12 d sms", "a unreachable, b unreachable, c condition, "}, /* c's day has begun */
        {"2026-11-07 10:00", "11-07 10:00 a sms, 11-12 08:12 d sms", "c condition, "},
        {"2026-12-20 10:00", "12-21 08:12 d sms", "a unreachable, b unreachable, c condition, "},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char skips[256] = "";
        begin(&p, "caps: { per_day: 9, per_week: 9, gap: 1m }", steps, "2026-10-20 09:00");
        live(&p, (struct person){.no_sms = true, .no_whatsapp = true});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, rows[i].contact);
        p.now_ms++; /* of two persons the later */
        live(&p, (struct person){0});
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        for (size_t k = 0; k < p.skip_count; k++)
            (void)snprintf(skips + strlen(skips), sizeof skips - strlen(skips), "%s, ", p.skips[k]);
        assert_string_equal(skips, rows[i].skips);
        play_end(&p);
    }
}

/* A length of time is counted from the opening, a day includes itself; and a message that would reach over its end is not sent. */
static void a_window_ends_as_written(void **state)
{
    (void)state;
    static const struct {
        const char *until, *held_until, *expected;
    } rows[] = {
        {"4h", "2026-11-04 11:59", "11-04 11:59 a sms"}, {"4h", "2026-11-04 12:00", ""},
        {"2d", "2026-11-06 07:59", ""}, /* closed before the hours */
        {"3d", "2026-11-06 19:59", "11-06 19:59 a sms"},
        {"D+3", "2026-11-06 19:59", "11-06 19:59 a sms"}, {"D+3", "2026-11-06 20:00", ""},
        {"D+3bd", "2026-11-06 19:00", "11-06 19:00 a sms"}, {"D+4bd", "2026-11-09 19:00", "11-09 19:00 a sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char steps[256];
        (void)snprintf(steps, sizeof steps, "  a: { day: D+1, tone: reminder, template: atraso, until: %s, catch_up: send }\n",
                       rows[i].until);
        begin(&p, "", steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        struct rg_event hold = play_event(&p, RG_EV_DEBTOR_HELD, "hold");
        hold.until_ms = at(rows[i].held_until);
        hold.has |= RG_BIT(RG_F_UNTIL);
        play_fold(&p, &hold, false);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* All of them counted, each with a window of its own; what was missed is not made up for. */
static void repetitions(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *expected;
    } rows[] = {
        {"  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 3d, times: 3 } }\n",
         "11-04 08:12 a sms, 11-07 08:12 a sms, 11-10 08:12 a sms"},
        {"  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 3d, times: 9 } }\n"
         "  b: { day: D+8, tone: firm, template: conversa }\n",
         "11-04 08:12 a sms, 11-07 08:12 a sms, 11-10 08:12 a sms, 11-11 08:12 b sms"},
        {"  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 2bd, times: 3 } }\n",
         "11-04 08:12 a sms, 11-06 08:12 a sms, 11-10 08:12 a sms"},
        {"  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 4h, times: 4 } }\n",
         "11-04 08:12 a sms, 11-04 12:00 a sms, 11-04 16:00 a sms, 11-05 08:12 a sms"}, /* the fourth opens at 20:00 */
        {"  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 1d, times: 5 }, until: D+3 }\n",
         "11-04 08:12 a sms, 11-05 08:12 a sms, 11-06 08:12 a sms"},
        {"  a: { day: D+1, not_before: D+4, tone: reminder, template: atraso, repeat: { every: 3d, times: 2 } }\n",
         "11-07 08:12 a sms, 11-10 08:12 a sms"},
        {"  a: { day: D+4, tone: reminder, template: atraso, repeat: { every: 1d, times: 3 } }\n",
         "11-07 08:12 a sms, 11-09 08:12 a sms"}, /* of Sunday's nothing is left on Monday */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, "caps: { per_day: 9, per_week: 99, gap: 1m }", rows[i].steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* ---- caps and gaps ---- */

static void caps_and_gaps_to_the_minute(void **state)
{
    (void)state;
    static const struct {
        const char *defaults, *steps, *expected;
    } rows[] = {
        /* a day is the debtor's; a week is seven days */
        {"caps: { per_day: 1, per_week: 9, gap: 1m }",
         "  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 4h, times: 2 }, until: 3d }\n",
         "11-04 08:12 a sms, 11-05 08:12 a sms"},
        {"caps: { per_day: 2, per_week: 9, gap: 1m }",
         "  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 4h, times: 3 }, until: 3d }\n",
         "11-04 08:12 a sms, 11-04 12:00 a sms, 11-05 08:12 a sms"},
        {"caps: { per_day: 9, per_week: 2, gap: 1m }",
         "  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 1d, times: 3 }, until: 30d }\n",
         "11-04 08:12 a sms, 11-05 08:12 a sms, 11-11 08:12 a sms"},
        /* the gap to the minute */
        {"caps: { per_day: 9, per_week: 99, gap: 3h }",
         "  a: { day: D+1, tone: reminder, template: atraso, repeat: { every: 1h, times: 3 }, until: 3d }\n",
         "11-04 08:12 a sms, 11-04 11:12 a sms"}, /* the second had its hour, and could not */
        /* info has no cap, and takes none of it */
        {"caps: { per_day: 1, per_week: 1, gap: 20h }",
         "  a: { day: D+1, tone: info, template: atraso }\n  b: { day: D+2, tone: info, template: atraso }\n"
         "  c: { day: D+3, tone: reminder, template: atraso }\n  d: { day: D+4, tone: info, template: atraso }\n",
         "11-04 08:12 a sms, 11-05 08:12 b sms, 11-06 08:12 c sms, 11-07 08:12 d sms"},
        /* notices stand outside of caps; what is milder keeps its distance to them, and two of them have days between them */
        {"caps: { per_day: 1, per_week: 1, gap: 1h }",
         "  a: { day: D+1, tone: reminder, template: atraso }\n"
         "  b: { day: D+2, tone: notice, template: aviso_suspensao, term: 15d }\n"
         "  c: { day: D+2, tone: notice, template: aviso_suspensao, term: 15d }\n",
         "11-04 08:12 a sms, 11-05 08:12 b sms, 11-06 08:12 c sms"},
        {"caps: { per_day: 9, per_week: 9, gap: 30h }",
         "  b: { day: D+1, tone: notice, template: aviso_suspensao, term: 15d }\n"
         "  a: { day: D+2, tone: firm, template: conversa, until: 3d }\n",
         "11-04 08:12 b sms, 11-05 14:12 a sms"},
        {"caps: { per_day: 9, per_week: 9, gap: 10d }", /* longer than a week, too */
         "  a: { day: D+1, tone: reminder, template: atraso }\n  b: { day: D+10, tone: firm, template: conversa, until: 5d }\n",
         "11-04 08:12 a sms, 11-14 08:12 b sms"},
        {"caps: { per_day: 1, per_week: 3, gap: 20h }",
         "  a: { day: D+1, tone: reminder, template: atraso }\n"
         "  b: { day: D+1, tone: notice, template: aviso_suspensao, term: 15d }\n",
         "11-04 08:12 b sms, 11-05 08:12 a sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, rows[i].defaults, rows[i].steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* Over all his invoices, of whatever ladder. */
static void caps_are_the_debtors(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "caps: { per_day: 1, per_week: 2, gap: 1m }", "  a: { day: D+1, tone: reminder, template: atraso, until: 20d }\n",
          "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_invoice(&p, "F2", "2026-11-03", 15900); /* one conversation */
    play_invoice(&p, "F3", "2026-11-04", 15900);
    play_invoice(&p, "F4", "2026-11-05", 15900);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-04 08:12 a sms, 11-05 08:12 a sms, 11-11 08:12 a sms");
    play_end(&p);
}

/* ---- zones ---- */

/* Eight o'clock is eight where he lives; and a day late there is not a day late here. */
static void other_zones(void **state)
{
    (void)state;
    static const struct {
        struct person who;
        const char *expected;
    } rows[] = {
        {{.state = "SP"}, "11-04 08:12 a sms"},
        {{.state = "AM"}, "11-04 09:12 a sms"},
        {{.state = "AC"}, "11-04 10:12 a sms"},
        {{.state = "SP", .zone = "America/Rio_Branco"}, "11-04 10:12 a sms"},
        {{.state = "PE", .zone = "America/Noronha"}, "11-04 07:12 a sms"},
        {{.state = "AM", .zone = "nowhere"}, "11-04 09:12 a sms"}, /* else by the state, the area code, the capital's */
        {{.state = "", .phone = "+5592912345678"}, "11-04 09:12 a sms"},
        {{.state = "", .phone = "+5511912345678"}, "11-04 08:12 a sms"},
        {{.state = "AC", .phone = "+5511912345678"}, "11-04 10:12 a sms"},
        {{.state = "", .phone = "12345"}, "11-04 08:12 a sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, "", "  a: { day: D+1, tone: reminder, template: atraso }\n", "2026-10-20 09:00");
        live(&p, rows[i].who);
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* Midnight is his: the term of a notice ends with his day, a cap with it, and so does a condition that asks for today. */
static void midnights_of_other_zones(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "caps: { per_day: 1, per_week: 9, gap: 1m }, hours: { weekdays: 08:00-20:00 }",
          "  aviso: { day: D+1, tone: notice, template: aviso_suspensao, evidence: delivered, term: 15d }\n"
          "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n",
          "2026-10-20 09:00");
    p.evidence = RG_EVIDENCE_DELIVERED;
    live(&p, (struct person){.state = "AC"});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-04 10:12 aviso sms, 11-20 02:00 corte signals service.suspend_requested");
    play_end(&p);
    begin(&p, "", "  a: { day: D-3, tone: courtesy, template: lembrete, when: today >= date(\"2026-11-02\"), until: 5d }\n",
          "2026-10-20 09:00");
    live(&p, (struct person){.state = "AC"});
    play_invoice(&p, "F1", "2026-11-04", 15900);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-03 10:12 a sms"); /* the 2nd is a holiday */
    play_end(&p);
}

/* ---- channels ---- */

static void channels_in_their_order(void **state)
{
    (void)state;
    struct play p;
    static const char steps[] = "  a: { day: D+1, tone: reminder, template: atraso, via: [whatsapp, sms] }\n";
    begin(&p, "", steps, "2026-10-20 09:00");
    live(&p, (struct person){.no_whatsapp = true});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-04 08:12 a sms");
    play_end(&p);
    begin(&p, "", steps, "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    struct rg_event out = play_event(&p, RG_EV_DEBTOR_OPTED_OUT, "out");
    out.channel = RG_STR("whatsapp");
    out.has |= RG_BIT(RG_F_CHANNEL);
    play_fold(&p, &out, false);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-04 08:12 a sms");
    play_end(&p);
}

/* The proof has its time, to the minute; then the next channel that can prove it, and after the last nothing. */
static void proof_within_its_time(void **state)
{
    (void)state;
    struct play p;
    static const char steps[] = "  aviso: { day: D+1, tone: notice, template: aviso_suspensao, via: [whatsapp, email, sms],"
                                " evidence: delivered, evidence_within: 48h, term: 15d }\n"
                                "  corte: { after: { step: aviso, has: term_ended }, tone: sanction,"
                                " signal: service.suspend_requested }\n";
    begin(&p, "", steps, "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-04 08:12 aviso whatsapp, 11-06 08:12 aviso sms"); /* SMTP proves no delivery: never by e-mail */
    play_receipt(&p, "aviso", RG_FACT_DELIVERED);
    play_to(&p, "2027-01-31 00:00");
    assert_non_null(play_find(&p, "2027-01-16 00:00 corte")); /* fifteen days from the proof, however late it came */
    play_end(&p);
    begin(&p, "", steps, "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-06 08:11");
    play_receipt(&p, "aviso", RG_FACT_DELIVERED);
    play_to(&p, "2026-11-20 00:00");
    expect(&p, "11-04 08:12 aviso whatsapp");
    play_end(&p);
}

/* ---- steps that come after others ---- */

static void after_other_steps(void **state)
{
    (void)state;
    static const char first[] = "  a: { day: D+1, tone: reminder, template: atraso }\n";
    static const struct {
        const char *after, *expected;
    } rows[] = {
        {"after: { step: a, has: done }", "11-05 08:12 b sms"}, /* a day later: one message a day */
        {"after: { step: a }", "11-05 08:12 b sms"},
        {"after: { step: a, has: delivered }", "11-05 08:12 b sms"},
        {"after: { step: a, has: read }", ""},
        {"after: { step: a, has: failed }", ""},
        {"after: { step: a, has: done, wait: 3d }", "11-07 08:12 b sms"},
        {"after: { step: a, has: done, wait: 26h }", "11-05 10:12 b sms"},
        {"after: { step: a, has: done, wait: 3bd }", "11-09 08:12 b sms"},
        {"after: { step: a, has: done }, not_before: D+10", "11-13 08:12 b sms"},
        {"after: { step: a, has: done }, not_before: D+10, not_after: D+10", "11-13 08:12 b sms"},
        {"after: { step: a, has: done, wait: 10d }, not_after: D+8", ""},
        {"after: { step: a, has: done, wait: 10d }, not_after: D+11", "11-14 08:12 b sms"},
        {"after: { step: a, has: done }, until: 2d", "11-05 08:12 b sms"},
        {"after: { step: a, has: done }, until: 20h", ""}, /* closed at four in the morning */
        {"after: { step: a, has: done }, not_before: D+10, until: 2d", "11-13 08:12 b sms"}, /* counted from its opening */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char steps[512], expected[128];
        (void)snprintf(steps, sizeof steps, "%s  b: { %s, tone: firm, template: conversa }\n", first, rows[i].after);
        (void)snprintf(expected, sizeof expected, "11-04 08:12 a sms%s%s", rows[i].expected[0] != '\0' ? ", " : "",
                       rows[i].expected);
        begin(&p, "", steps, "2026-10-20 09:00");
        p.evidence = RG_EVIDENCE_DELIVERED;
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, expected);
        play_end(&p);
    }
}

/* A step that another message spoke for is done for whatever comes after it in order, and proves nothing. */
static void covered_counts_as_done(void **state)
{
    (void)state;
    static const struct {
        const char *has, *expected;
    } rows[] = {{"done", "11-04 08:12 c sms, 11-06 08:12 b sms"},
                {"delivered", "11-04 08:12 c sms"},
                {"failed", "11-04 08:12 c sms"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char steps[512];
        (void)snprintf(steps, sizeof steps,
                       "  a: { day: D+1, tone: courtesy, template: atraso }\n  c: { day: D+1, tone: firm, template: conversa }\n"
                       "  b: { after: { step: a, has: %s, wait: 2d }, tone: firm, template: conversa }\n", rows[i].has);
        begin(&p, "", steps, "2026-10-20 09:00");
        p.evidence = RG_EVIDENCE_DELIVERED;
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* A protection that is over protects no more, and conditions know it. */
static void a_protection_ends(void **state)
{
    (void)state;
    struct play p;
    begin(&p, "", "  a: { day: D+1, tone: reminder, template: atraso, when: \"!debtor.protected\", catch_up: send }\n", "2026-10-20 09:00");
    live(&p, (struct person){0});
    play_invoice(&p, "F1", "2026-11-03", 15900);
    struct rg_event e = play_event(&p, RG_EV_DEBTOR_PROTECTED, "lawyer");
    e.protection = RG_PROTECT_LAWYER;
    e.until_ms = at("2026-11-09 10:00");
    e.has |= RG_BIT(RG_F_UNTIL);
    play_fold(&p, &e, false);
    play_to(&p, "2026-12-31 00:00");
    expect(&p, "11-09 10:00 a sms");
    play_end(&p);
}

/* A discount is for paying the whole in time: whoever has paid a part is offered none. */
static void a_discount_is_for_the_whole(void **state)
{
    (void)state;
    for (int part = 0; part <= 1; part++) {
        struct play p;
        begin(&p, "", "  d: { day: D-6, tone: courtesy, template: desconto }\n", "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-17", 15900);
        struct rg_event e = play_event(&p, RG_EV_INVOICE_UPDATED, "discount");
        e.invoice = RG_STR("F1");
        e.discounts[0] = (struct rg_discount){.amount_cents = 500, .until = rg_day_of(2026, 11, 12)};
        e.discount_count = 1;
        e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_DISCOUNTS);
        play_fold(&p, &e, false);
        if (part)
            play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 5000);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, part ? "" : "11-11 08:12 d sms");
        play_end(&p);
    }
}

/* ---- cycles ---- */

/* What was said in friendship, or spoken for, is not said again when the debt comes back on the same day; what was not is. */
static void what_was_said_is_not_said_again(void **state)
{
    (void)state;
    static const struct {
        const char *again;
        enum rg_verdict verdict;
        const char *expected;
    } rows[] = {
        {"", RG_VERDICT_ACCEPTED, "11-04 08:12 c sms, 11-06 08:12 c sms"}, /* only what is firm */
        {", again: true", RG_VERDICT_ACCEPTED, "11-04 08:12 c sms, 11-06 08:12 c sms"},
        {"", RG_VERDICT_UNCERTAIN, "11-04 08:12 c sms, 11-06 08:12 c sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char steps[512];
        (void)snprintf(steps, sizeof steps,
                       "  a: { day: D+1, tone: reminder, template: atraso, until: 20d%s }\n"
                       "  c: { day: D+1, tone: firm, template: conversa, until: 20d }\n", rows[i].again);
        begin(&p, "catch_up: send", steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        p.verdict = rows[i].verdict;
        play_to(&p, "2026-11-04 20:00");
        p.verdict = RG_VERDICT_ACCEPTED;
        play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
        p.now_ms = at("2026-11-05 21:00");
        play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "P1", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        const struct rg_done *a = rg_invoice_done(&p.record->invoices[0], RG_STR("a"), 1, 2);
        assert_int_equal(a != NULL && a->state == RG_DONE_COVERED, rows[i].again[0] != '\0');
        play_end(&p);
    }
}

/* ---- one conversation, and what is none ---- */

static void issue(struct play *p, const char *id, const char *creditor, const char *contract)
{
    struct rg_event e = play_event(p, RG_EV_INVOICE_ISSUED, id);
    e.invoice = rg_arena_str(p->arena, rg_str(id));
    e.service = RG_STR("internet");
    e.amount_cents = 15900;
    e.due_on = rg_day_of(2026, 11, 3);
    e.link = RG_STR("x");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_SERVICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_LINK);
    if (creditor != NULL) {
        e.creditor = rg_str(creditor);
        e.has |= RG_BIT(RG_F_CREDITOR);
    }
    if (contract != NULL) {
        e.contract = rg_str(contract);
        e.has |= RG_BIT(RG_F_CONTRACT);
    }
    play_fold(p, &e, false);
}

static void pay(struct play *p, const char *id)
{
    play_money(p, RG_EV_PAYMENT_CONFIRMED, id, "P1", 15900);
}

/* What he owes to one is not told in the name of another; caps and gaps are the debtor's all the same. Nobody named: the
 * service's. */
static void creditors_apart(void **state)
{
    (void)state;
    static const struct {
        const char *creditors[3], *defaults, *steps, *expected;
    } rows[] = {
        {{"a", "b", "a"}, "", "  r: { day: D+1, tone: reminder, template: atraso }\n", "11-04 08:12 r sms, 11-05 08:12 r sms"},
        {{"provedor", NULL, NULL}, "", "  r: { day: D+1, tone: reminder, template: atraso }\n", "11-04 08:12 r sms"},
        {{"a", "b", "a"}, "caps: { per_day: 2, per_week: 9, gap: 2h }", "  r: { day: D+1, tone: reminder, template: atraso }\n",
         "11-04 08:12 r sms, 11-04 10:12 r sms"},
        {{"a", "b", "a"}, "", "  r: { day: D+1, tone: info, template: atraso }\n", "11-04 08:12 r sms, 11-04 08:12 r sms"},
        {{"a", "b", "a"}, "", "  n: { day: D+1, tone: notice, template: aviso_suspensao, term: 15d }\n",
         "11-04 08:12 n sms, 11-05 08:12 n sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, rows[i].defaults, rows[i].steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        issue(&p, "F1", rows[i].creditors[0], NULL);
        issue(&p, "F2", rows[i].creditors[1], NULL);
        issue(&p, "F3", rows[i].creditors[2], NULL);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* Thanks, too: one after the other at nine, or what was paid at night in one look. */
static void thanks_of_creditors_apart(void **state)
{
    (void)state;
    static const struct {
        const char *creditors[3], *paid, *expected;
    } rows[] = {
        {{"a", "b", "a"}, "2026-11-04 09:00", "11-04 09:00 o sms, 11-04 09:00 o sms"},
        {{"a", "b", "a"}, "2026-11-04 22:00", "11-05 08:00 o sms, 11-05 08:00 o sms"},
        {{"a", "a", "a"}, "2026-11-04 22:00", "11-05 08:00 o sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p, "", "  r: { day: D+400, tone: reminder, template: atraso }\non_paid:\n  o: { template: obrigado }\n", "2026-10-20 09:00");
        live(&p, (struct person){0});
        issue(&p, "F1", rows[i].creditors[0], NULL);
        issue(&p, "F2", rows[i].creditors[1], NULL);
        issue(&p, "F3", rows[i].creditors[2], NULL);
        play_to(&p, rows[i].paid);
        pay(&p, "F1");
        pay(&p, "F2");
        pay(&p, "F3");
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        play_end(&p);
    }
}

/* A service of one contract is given back when its own invoices are paid, whatever is owed of another. */
static void contracts_apart(void **state)
{
    (void)state;
    static const char steps[] = "  aviso: { day: D+1, tone: notice, template: aviso_suspensao, evidence: delivered, term: 15d }\n"
                                "  corte: { after: { step: aviso, has: term_ended }, tone: sanction,"
                                " signal: service.suspend_requested }\n"
                                "on_paid:\n  religar: { signal: service.restore_requested }\n";
    for (int same = 0; same <= 1; same++) {
        struct play p;
        begin(&p, "", steps, "2026-10-20 09:00");
        p.evidence = RG_EVIDENCE_DELIVERED;
        live(&p, (struct person){0});
        issue(&p, "F1", NULL, "C1");
        issue(&p, "F2", NULL, same ? "C1" : "C2");
        play_to(&p, "2026-11-25 10:00");
        p.line_count = 0;
        pay(&p, "F1");
        play_to(&p, "2026-11-26 10:00");
        expect(&p, same ? "" : "11-25 10:00 religar signals service.restore_requested");
        p.line_count = 0;
        pay(&p, "F2");
        expect(&p, "11-26 10:00 religar signals service.restore_requested");
        play_end(&p);
    }
}

/* A step that is only tried out keeps nothing in that is meant, and speaks for nothing. */
static void a_step_in_shadow_stands_beside(void **state)
{
    (void)state;
    static const struct {
        const char *tried;
        const char *expected;
    } rows[] = {
        {"  s: { day: D+1, tone: firm, template: conversa, mode: shadow }\n",
         "11-04 08:12 s sms, 11-04 08:12 a sms, 11-07 08:12 b sms"},
        {"  s: { day: D+1, tone: notice, template: aviso_suspensao, term: 15d, mode: shadow }\n",
         "11-04 08:12 s sms, 11-04 08:12 a sms, 11-07 08:12 b sms"},
        {"  s: { day: D+1, tone: courtesy, template: lembrete, mode: shadow }\n",
         "11-04 08:12 a sms, 11-04 08:12 s sms, 11-07 08:12 b sms"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        char steps[512];
        (void)snprintf(steps, sizeof steps, "  a: { day: D+1, tone: reminder, template: atraso }\n%s"
                                            "  b: { day: D+4, tone: reminder, template: atraso }\n", rows[i].tried);
        begin(&p, "", steps, "2026-10-20 09:00");
        live(&p, (struct person){0});
        play_invoice(&p, "F1", "2026-11-03", 15900);
        play_to(&p, "2026-12-31 00:00");
        expect(&p, rows[i].expected);
        assert_int_equal(rg_invoice_done(&p.record->invoices[0], RG_STR("s"), 1, 1)->state, RG_DONE_SHADOW);
        assert_int_equal(rg_invoice_done(&p.record->invoices[0], RG_STR("a"), 1, 1)->state, RG_DONE_SENT);
        play_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_days_off),
        cmocka_unit_test(the_due_day_does_not_move),
        cmocka_unit_test(a_window_ends_at_the_next_step),
        cmocka_unit_test(a_window_ends_as_written),
        cmocka_unit_test(repetitions),
        cmocka_unit_test(caps_and_gaps_to_the_minute),
        cmocka_unit_test(caps_are_the_debtors),
        cmocka_unit_test(other_zones),
        cmocka_unit_test(midnights_of_other_zones),
        cmocka_unit_test(channels_in_their_order),
        cmocka_unit_test(proof_within_its_time),
        cmocka_unit_test(after_other_steps),
        cmocka_unit_test(covered_counts_as_done), cmocka_unit_test(a_protection_ends), cmocka_unit_test(a_discount_is_for_the_whole),
        cmocka_unit_test(what_was_said_is_not_said_again),
        cmocka_unit_test(creditors_apart), cmocka_unit_test(thanks_of_creditors_apart),
        cmocka_unit_test(contracts_apart),
        cmocka_unit_test(a_step_in_shadow_stands_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
