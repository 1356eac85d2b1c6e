/* Test files: how they are read, what is found wrong in them, how they are judged, and what they are said to cover. */
#include "daemon/desk/coverage.h"
#include "daemon/desk/judge.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 65536

/* A directory with a test file, a ladder beside it, and the shipped calendars and templates. */
struct place {
    char directory[32], test[64], ladder[64], shipped[1024];
    struct rg_diags *diags;
    struct rg_test_file *file;
    int rc;
};

static const char ladder[] =
    "language: 1\nladder: rede\npriority: 1\ncalendar: br-telecom\ndefaults: { via: [whatsapp, email] }\nsteps:\n"
    "  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete, when: invoice.balance >= brl(\"20.00\") }\n"
    "  atraso: { day: D+1, tone: reminder, template: atraso }\n"
    "  aviso: { day: D+15, tone: notice, via: [whatsapp, email], template: aviso_suspensao, evidence: delivered, term: 15d }\n"
    "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\n"
    "on_paid:\n  religar: { signal: service.restore_requested, within: 24h }\n";

#define HEAD \
    "rules: [rede.yaml]\ndefaults:\n  service: { name: internet, sector: telecom }\n  debtor: { state: SP, contacts: [{ " \
    "channel: email, " \
    "address: m@x.example }, { channel: whatsapp, address: \"+5511912345678\" }] }\ntests:\n"
#define ISSUED "      - { at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }\n"
#define TEST(name) "  - name: " name "\n    events:\n" ISSUED

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void begin(struct place *p, const char *text)
{
    const char *source = getenv("RG_SOURCE_DIR");
    *p = (struct place){.diags = rg_diags_new()};
    memcpy(p->directory, "/tmp/desk_test_XXXXXX", sizeof "/tmp/desk_test_XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    (void)snprintf(p->test, sizeof p->test, "%s/rede_test.yaml", p->directory);
    (void)snprintf(p->ladder, sizeof p->ladder, "%s/rede.yaml", p->directory);
    (void)snprintf(p->shipped, sizeof p->shipped, "%s/config/shipped", source != NULL ? source : ".");
    put(p->test, text);
    put(p->ladder, ladder);
    p->rc = rg_test_file_load(p->test, p->shipped, p->diags, &p->file);
}

static void end(struct place *p)
{
    rg_test_file_free(&p->file);
    rg_diags_free(&p->diags);
    assert_int_equal(unlink(p->test) | unlink(p->ladder) | rmdir(p->directory), 0);
}

/* "line:column: text [code]" of every finding. */
static const char *findings(struct place *p)
{
    static char text[FILE_BYTES_MAX];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < rg_diags_count(p->diags); i++) {
        const struct rg_finding *f = rg_diags_at(p->diags, i);
        n += (size_t)snprintf(text + n, sizeof text - n, "%d:%d: %s [%s]\n", f->line, f->column, f->text, f->code);
        assert_true(n < sizeof text);
    }
    return text;
}

/* What the failures of all tests say, and adds up what they cover. */
static const char *failures(struct place *p, struct rg_coverage *coverage)
{
    static char text[FILE_BYTES_MAX];
    size_t n = 0;
    text[0] = '\0';
    if (p->rc < 0)
        fail_msg("%s", findings(p));
    for (size_t i = 0; i < p->file->test_count; i++) {
        RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
        RG_CLEANUP(rg_desk_free) struct rg_desk *desk = NULL;
        struct rg_verdict_on_test verdict = {.count = 0};
        if (rg_test_judge(p->file, &p->file->tests[i], arena, p->diags, &desk, &verdict) < 0)
            continue;
        if (coverage != NULL)
            rg_coverage_add(coverage, desk);
        for (size_t k = 0; k < verdict.count; k++) {
            const struct rg_failure *f = &verdict.failures[k];
            const char *where = rg_str_has(f->where) ? strrchr(f->where.p, '/') + 1 : "-";
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  "%d: expected " RG_STR_FMT " | got " RG_STR_FMT " | %s | " RG_STR_FMT "\n", f->line,
                                  RG_STR_ARG(f->expected), RG_STR_ARG(f->got), where, RG_STR_ARG(f->why));
            assert_true(n < sizeof text);
        }
    }
    return text;
}

/* The first line that differs is what one wants to see. */
static void assert_same_lines(const char *got, const char *wanted)
{
    for (size_t i = 0;; i++) {
        size_t n = strcspn(got, "\n"), m = strcspn(wanted, "\n");
        if (n != m || strncmp(got, wanted, n) != 0)
            fail_msg("line %zu\n%.*s\nis not\n%.*s", i, (int)n, got, (int)m, wanted);
        if (got[n] == '\0' || wanted[m] == '\0') {
            assert_int_equal(got[n], wanted[m]);
            return;
        }
        got += n + 1;
        wanted += m + 1;
    }
}

static void expect_failures(const char *text, const char *said)
{
    struct place p;
    begin(&p, text);
    assert_same_lines(failures(&p, NULL), said);
    assert_string_equal(findings(&p), "");
    end(&p);
}

static void expect_findings(const char *text, const char *said)
{
    struct place p;
    begin(&p, text);
    assert_int_equal(p.rc, RG_EINVAL);
    assert_null(p.file);
    assert_same_lines(findings(&p), said);
    end(&p);
}

/* ---- judging ---- */

/* The example of the manual: no cut on a Friday, and the service comes back within a minute. */
static void test_passing(void **state)
{
    (void)state;
    expect_failures(
        HEAD TEST("corte nunca cai em sexta") "      - { at: 2026-11-18 21:00, outcome: { step: aviso, status: delivered } }\n"
                                              "    expect:\n"
                                              "      - { at: 2026-11-04, step: atraso, channel: whatsapp }\n"
                                              "      - { from: 2026-12-04, to: 2026-12-06, none: corte, gate: cut_calendar }\n"
                                              "      - { from: 2026-11-19, to: 2026-12-03, none: corte, gate: term }\n"
                                              "      - { at: 2026-12-07, step: corte, signal: service.suspend_requested, "
                                              "invoice: F1, amount: brl(\"163.98\") }\n"
                                              "      - { at: 2026-12-07 08:00, step: corte }\n"
                                              "      - { at: 2026-11-04, none: corte }\n"
                                              "    then: { at: 2026-12-08 10:00, payment.confirmed: { invoice: F1, amount_cents: "
                                              "15900 }, expect: [{ within: 1m, signal: "
                                              "service.restore_requested }, { within: 2d, none: atraso, gate: paid }] }\n",
        "");
}

static void test_failing(void **state)
{
    (void)state;
    expect_failures(
        HEAD TEST("tudo errado") "    expect:\n"
                                 "      - { at: 2026-11-04, step: atraso, channel: email }\n"
                                 "      - { at: 2026-11-04, step: atraso, amount: brl(\"159.00\") }\n"
                                 "      - { at: 2026-11-04, step: atraso, invoice: F2 }\n"
                                 "      - { at: 2026-11-05, step: atraso }\n"
                                 "      - { at: 2026-11-04 09:00, step: atraso }\n"
                                 "      - { at: 2026-11-04, none: atraso }\n"
                                 "      - { at: 2026-11-04, none: atraso, gate: hours }\n"
                                 "      - { from: 2026-12-04, to: 2026-12-07, none: corte, gate: cut_calendar }\n"
                                 "      - { at: 2026-11-10, none: corte, gate: caps }\n"
                                 "      - { at: 2026-11-10, step: corte }\n"
                                 "      - { from: 2026-11-01, to: 2026-11-02 12:00, signal: service.restore_requested }\n"
                                 "      - { at: 2026-10-01, none: corte, gate: caps }\n",
        "10: expected 2026-11-04  atraso by email | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | \n"
        "11: expected 2026-11-04  atraso, R$\u00a0159,00 | got 2026-11-04 08:12 -03  atraso by whatsapp, R$\u00a0162,23 | "
        "rede.yaml:8 | \n"
        "12: expected 2026-11-04  atraso for F2 | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | \n"
        "13: expected 2026-11-05  atraso | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | it had its turn before\n"
        "14: expected 2026-11-04 09:00  atraso | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | it had its turn "
        "before\n"
        "15: expected 2026-11-04  no atraso | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | \n"
        "16: expected 2026-11-04  no atraso, because of hours | got 2026-11-04 08:12 -03  atraso by whatsapp | rede.yaml:8 | "
        "hours stood in the way until 2026-11-04 08:12 -03\n"
        "17: expected 2026-12-04 → 2026-12-07  no corte, because of cut_calendar | got 2026-12-07 08:00 -03  corte → "
        "service.suspend_requested | rede.yaml:10 | cut_calendar stood in the way until 2026-12-07 08:00 -03\n"
        "18: expected 2026-11-10  no corte, because of caps | got no corte, but for another reason | - | prerequisite: aviso has "
        "not been "
        "sent\n"
        "19: expected 2026-11-10  corte | got 2026-12-07 08:00 -03  corte → service.suspend_requested | rede.yaml:10 | "
        "prerequisite: aviso "
        "has not been sent\n"
        "20: expected 2026-11-01 → 2026-11-02 12:00  service.restore_requested | got nothing | - | \n"
        "21: expected 2026-10-01  no corte, because of caps | got no corte, but for another reason | - | no open invoice has "
        "that step\n");
}

/* Who has an address alone is reached by it: a mail can prove that it was delivered, and is told to be so later. */
static void test_mail_alone(void **state)
{
    (void)state;
    expect_failures(
        HEAD "  - name: só e-mail\n    debtor: { contacts: [{ channel: email, address: m@x.example }] }\n    events:\n" ISSUED
             "      - { at: 2026-11-18 21:00, outcome: { step: aviso, status: delivered } }\n    expect:\n"
             "      - { at: 2026-11-04, step: atraso, channel: email }\n"
             "      - { at: 2026-11-18, step: aviso, channel: email }\n"
             "      - { from: 2026-12-04, to: 2026-12-06, none: corte, gate: cut_calendar }\n"
             "      - { at: 2026-12-07, step: corte }\n",
        "");
}

/* The debtor's civil time, the test's own debtor and world in place of the file's. */
static void test_own_debtor(void **state)
{
    (void)state;
    expect_failures(
        HEAD "  - name: Acre\n    debtor: { state: AC }\n    events:\n" ISSUED "    expect:\n"
             "      - { at: 2026-11-04 08:12, step: atraso }\n"
             "      - { at: 2026-11-04T10:05:00-03:00, none: atraso, gate: hours }\n"
             "  - name: sem contato\n    debtor: { contacts: [] }\n    events:\n" ISSUED "    expect:\n"
             "      - { at: 2026-11-04, none: atraso, gate: unreachable }\n"
             "  - name: parado\n    world: { stopped: true }\n    until: 2026-12-10\n    events:\n" ISSUED "    expect:\n"
             "      - { from: 2026-10-20, to: 2026-12-10, none: atraso, gate: stopped }\n"
             "  - name: sombra\n    world: { mode: shadow }\n    events:\n" ISSUED "    expect:\n"
             "      - { at: 2026-11-04, step: atraso }\n",
        "31: expected 2026-11-04  atraso | got 2026-11-04 08:12 -03  atraso by whatsapp, in shadow | rede.yaml:8 | \n");
}

/* Coverage: what was decided, what stood in the way, and both sides of a condition. */
static void test_coverage(void **state)
{
    (void)state;
    struct place p;
    struct rg_coverage coverage;
    struct rg_arena *arena = rg_arena_new((size_t)1 << 20);
    struct rg_buf line RG_CLEANUP(rg_buf_done);
    rg_coverage_begin(&coverage, arena);
    rg_buf_init(&line, 4096);
    assert_int_equal(rg_coverage_percent(&coverage), 100);
    begin(&p,
          HEAD TEST(
              "tudo") "    expect: [{ at: 2026-12-07, step: corte }]\n"
                      "  - name: pouco\n    events:\n      - { at: 2026-10-20, invoice.issued: { invoice: F1, due_on: "
                      "2026-11-03, amount_cents: 1900 } }\n    expect: [{ at: 2026-10-29, none: lembrete, gate: condition }]\n");
    rg_coverage_rules(&coverage, p.file->rules);
    rg_coverage_rules(&coverage, p.file->rules); /* a second file with the same ladder */
    assert_int_equal(rg_coverage_percent(&coverage), 0);
    assert_string_equal(failures(&p, &coverage), "");
    rg_coverage_print(&coverage, &line);
    assert_string_equal(rg_buf_cstr(&line), "steps 4/5 (religar untested) · gates 5/38 · conditions both ways 1/1");
    assert_int_equal(rg_coverage_percent(&coverage), 80);
    end(&p);
    rg_arena_free(&arena);
}

/* ---- what is found wrong ---- */

static void test_shape(void **state)
{
    (void)state;
    expect_findings("tests: []\n", "1:1: missing key \"rules\" at the top level [missing-key]\n"
                                   "1:8: a list of 0; expected 1 to 1000 [out-of-range]\n");
    expect_findings("- a\n", "1:1: expected keys and values, got a list [mistyped]\n");
    expect_findings(HEAD "  - nome: a\n    events: { at: x }\n    expect: []\n    world: 5\n",
                    "6:5: unknown key \"nome\" in item 1 of \"tests\", did you mean \"name\"? [unknown-key]\n"
                    "6:5: missing key \"name\" in item 1 of \"tests\" [missing-key]\n"
                    "7:13: expected a list of what happens for \"events\", got a map [mistyped]\n"
                    "9:12: expected keys and values for \"world\", got \"5\" [mistyped]\n");
    expect_findings(HEAD TEST("a") "    then: { at: 2026-11-04, debtor.held: {}, expect: [{ within: 2bd, none: atraso }] }\n",
                    "9:65: expected a duration such as 30m, 20h or 15d, got \"2bd\" [bad-duration]\n");
    expect_findings("rules: [nada.yaml]\ntests: [{ name: a, events: [] }]\n",
                    "0:0: cannot be read: No such file or directory [unreadable]\n");
    expect_findings("rules: [rede.yaml]\nchannels: { whatsapp: seen, email: none }\ntests: [{ name: a, events: [] }]\n",
                    "2:23: unknown evidence \"seen\"; expected one of accepted, delivered, read, replied [unknown-value]\n"
                    "2:36: unknown evidence \"none\"; expected one of accepted, delivered, read, replied [unknown-value]\n");
    /* what the rules say of themselves is said of the channels of the test */
    expect_findings(
        "rules: [rede.yaml]\nchannels: { email: accepted, whatsapp: accepted }\ntests: [{ name: a, events: [] }]\n",
        "9:98: no channel of step \"aviso\" can prove \"delivered\": at most whatsapp accepted, email accepted [evidence-unreachable]\n");
}

static void test_happenings(void **state)
{
    (void)state;
    expect_findings(
        HEAD TEST("eventos") "      - { at: 2026-10-20, invoice.issued: { invoice: F2, due_on: 2026-11-03, amount_cents: 159.00, "
                             "charge: { pix: { copy: x } } } }\n"
                             "      - { at: 2026-10-20, invoice.isued: { invoice: F1 } }\n"
                             "      - { at: 2026-10-20, agreement.signed: { invoice: F1 } }\n"
                             "      - { at: ontem, debtor.held: {} }\n"
                             "      - { at: 2026-10-20, debtor.held: {}, debtor.released: {} }\n"
                             "      - { at: 2026-10-20, invoice.updated: { invoice: F1, debtor_details: { nome: x } } }\n"
                             "      - { at: 2026-10-20, outcome: { step: avizo, status: delivered } }\n"
                             "      - { at: 2026-10-20, world: { channels: { fax: down } } }\n"
                             "      - nada\n",
        "9:9: data.amount_cents: expected a whole number of centavos from 1 to 1000000000000, found \"159.00\" [bad-event]\n"
        "9:117: unknown key \"copy\" in \"pix\" [unknown-key]\n"
        "10:9: unknown event type \"regua.invoice.isued\", did you mean \"regua.invoice.issued\"? [bad-event]\n"
        "11:9: type regua.agreement.signed is in the contract, but this version does not read it yet [bad-event]\n"
        "12:9: at: expected a time such as 2026-11-04, 2026-11-04 08:30 or 2026-11-04T08:30:00-03:00 [bad-event]\n"
        "13:9: expected one event, outcome or world beside \"at\" [bad-event]\n"
        "14:77: unknown key \"nome\" in \"debtor_details\", did you mean \"name\"? [unknown-key]\n"
        "15:9: outcome: no step \"avizo\", did you mean \"aviso\"? [bad-event]\n"
        "16:9: channels: there is no channel \"fax\" [bad-event]\n"
        "17:9: expected an object with a time and one thing that happens [bad-event]\n");
}

/* Scalars are typed by the contract's table, never guessed: what looks like a number may be an id, and the other way round. */
static void test_scalars(void **state)
{
    (void)state;
    expect_failures(
        HEAD "  - name: textos\n    events:\n"
             "      - { at: 2026-10-20, regua.invoice.issued: { invoice: 0012, due_on: \"2026-11-03\", amount_cents: \"15900\", "
             "currency: BRL,\n"
             "          tags: [1, sim], terms: { fine_percent: 1.5, discounts: [{ amount_cents: 100, until: 2026-11-01 }] },\n"
             "          debtor_details: { name: null, document: 52998224725, consumer: true, payday: 5, score: 700,\n"
             "            contacts: [{ channel: email, address: m@x.example, verified: true, preferred: false }] } } }\n"
             "      - { at: 2026-10-21, debtor.updated: { name: 1, contacts: null, city: } }\n"
             "    expect:\n      - { at: 2026-11-04, none: atraso, gate: unreachable, invoice: \"0012\" }\n",
        "");
}

static void test_expectations(void **state)
{
    (void)state;
    expect_findings(HEAD TEST("esperado") "    expect:\n"
                                          "      - { at: 2026-11-04 }\n"
                                          "      - { step: atraso }\n"
                                          "      - { at: 2026-11-04, from: 2026-11-04, to: 2026-11-05, step: atraso }\n"
                                          "      - { from: 2026-11-04, step: atraso }\n"
                                          "      - { within: 5m, step: atraso }\n"
                                          "      - { at: hoje, step: atraso }\n"
                                          "      - { from: 2026-11-04, to: 2026-11-03, none: atraso }\n"
                                          "      - { at: 2026-11-04, step: atrazo, none: corta }\n"
                                          "      - { at: 2026-11-04, step: atraso, gate: caps, channel: fax }\n"
                                          "    then: { at: 2026-11-04, expect: [{ within: 5m, step: atraso }] }\n"
                                          "  - name: depois\n    events: []\n    until: nunca\n"
                                          "    then: { at: 2026-11-04, debtor.held: {}, debtor.released: {}, expect: [{ at: "
                                          "2026-11-04, step: atraso }] }\n",
                    "23:46: one thing happens then; further ones stand in \"events\" [bad-event]\n");
    expect_findings(HEAD TEST("esperado") "    expect:\n"
                                          "      - { at: 2026-11-04 }\n"
                                          "      - { step: atraso }\n"
                                          "      - { at: 2026-11-04, from: 2026-11-04, to: 2026-11-05, step: atraso }\n"
                                          "      - { from: 2026-11-04, step: atraso }\n"
                                          "      - { within: 5m, step: atraso }\n"
                                          "      - { at: hoje, step: atraso }\n"
                                          "      - { from: 2026-11-04, to: 2026-11-03, none: atraso }\n"
                                          "      - { at: 2026-11-04, step: atrazo, none: corta }\n"
                                          "      - { at: 2026-11-04, step: atraso, gate: caps, channel: fax }\n"
                                          "    then: { at: 2026-11-04, expect: [{ within: 5m, step: atraso }] }\n"
                                          "  - name: depois\n    events: []\n    until: nunca\n",
                    "10:9: expected one of \"step\", \"none\", or a \"signal\" [bad-expect]\n"
                    "11:9: expected one of \"at\", \"from\" with \"to\", or \"within\" [bad-expect]\n"
                    "12:9: expected one of \"at\", \"from\" with \"to\", or \"within\" [bad-expect]\n"
                    "13:9: expected one of \"at\", \"from\" with \"to\", or \"within\" [bad-expect]\n"
                    "14:9: \"within\" counts from what happens in \"then\", and this is not in it [bad-expect]\n"
                    "15:15: expected a time such as 2026-11-04, 2026-11-04 08:30 or 2026-11-04T08:30:00-03:00 [bad-time]\n"
                    "16:9: \"to\" is before \"from\" [bad-expect]\n"
                    "17:9: expected one of \"step\", \"none\", or a \"signal\" [bad-expect]\n"
                    "17:33: unknown step \"atrazo\", did you mean \"atraso\"? expected one of lembrete, atraso, aviso, corte, "
                    "religar [unknown-value]\n"
                    "17:47: unknown step \"corta\", did you mean \"corte\"? expected one of lembrete, atraso, aviso, corte, "
                    "religar [unknown-value]\n"
                    "18:9: \"gate\" says what stands in the way: it belongs to \"none\" [bad-expect]\n"
                    "18:9: there is no such channel; \"channels\" of this file names them [bad-expect]\n"
                    "19:11: expected one event, outcome or world beside \"at\" [bad-event]\n"
                    "22:12: expected a time such as 2026-11-04, 2026-11-04 08:30 or 2026-11-04T08:30:00-03:00 [bad-time]\n");
}

/* What only shows when it is played is found where it stands. */
static void test_found_while_playing(void **state)
{
    (void)state;
    struct place p;
    begin(&p,
          HEAD TEST("cedo demais") "      - { at: 2026-11-10, outcome: { step: aviso, status: delivered } }\n    expect: []\n");
    assert_int_equal(p.rc, 0);
    assert_string_equal(failures(&p, NULL), "");
    assert_string_equal(findings(&p), "9:9: no message of step \"aviso\" has gone out by then [bad-event]\n");
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passing),      cmocka_unit_test(test_failing),
        cmocka_unit_test(test_mail_alone),   cmocka_unit_test(test_own_debtor),
        cmocka_unit_test(test_coverage),     cmocka_unit_test(test_shape),
        cmocka_unit_test(test_happenings),   cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_expectations), cmocka_unit_test(test_found_while_playing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
