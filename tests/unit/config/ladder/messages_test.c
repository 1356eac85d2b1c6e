/* What people read when they make the usual mistakes, word for word, with the line and the caret. */
#include "tests/unit/config/ladder/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void says(const char *yaml, const char *expected)
{
    struct found f;
    found_load(&f, yaml);
    assert_string_equal(found_printed(&f), expected);
    found_done(&f);
}

static void unknown_key(void **state)
{
    (void)state;
    says(HEAD "  atraso:      { day: D+1, tone: reminder, tempalte: atraso }\n" TAIL,
         "internet.yaml:7:44: error: unknown key \"tempalte\" in step \"atraso\", did you mean \"template\"? [unknown-key]\n"
         "    atraso:      { day: D+1, tone: reminder, tempalte: atraso }\n"
         "                                             ^~~~~~~~\n");
    says(HEAD "  atraso: { dia: D+1, tone: reminder, channel: [sms], template: texto, if: debtor.consumer }\n" TAIL,
         "internet.yaml:7:13: error: unknown key \"dia\" in step \"atraso\", did you mean \"day\"? [unknown-key]\n"
         "    atraso: { dia: D+1, tone: reminder, channel: [sms], template: texto, if: debtor.consumer }\n"
         "              ^~~\n"
         "internet.yaml:7:39: error: unknown key \"channel\" in step \"atraso\", did you mean \"via\"? [unknown-key]\n"
         "    atraso: { dia: D+1, tone: reminder, channel: [sms], template: texto, if: debtor.consumer }\n"
         "                                        ^~~~~~~\n"
         "internet.yaml:7:72: error: unknown key \"if\" in step \"atraso\", did you mean \"when\"? [unknown-key]\n"
         "    atraso: { dia: D+1, tone: reminder, channel: [sms], template: texto, if: debtor.consumer }\n"
         "                                                                         ^~\n");
}

static void unknown_channel(void **state)
{
    (void)state;
    says(HEAD "  lembrete:    { day: D-5, tone: courtesy, via: [emial], template: texto }\n" TAIL,
         "internet.yaml:7:50: error: unknown channel \"emial\", did you mean \"email\"? expected one of email, letter, sms, "
         "whatsapp "
         "[unknown-value]\n"
         "    lembrete:    { day: D-5, tone: courtesy, via: [emial], template: texto }\n"
         "                                                   ^~~~~\n");
}

static void bad_day(void **state)
{
    (void)state;
    says(HEAD "  oferta:\n    day: 10 dias\n    tone: reminder\n    template: texto\n" TAIL,
         "internet.yaml:8:10: error: expected a day such as D-5, D0, D+5 or D+5bd; for ten days after the due date write D+10 "
         "[bad-day]\n"
         "      day: 10 dias\n"
         "           ^~~~~~~\n");
}

static void twice(void **state)
{
    (void)state;
    says(HEAD "  lembrete: { day: D-5, tone: courtesy, template: texto }\n"
              "  atraso: { day: D+1, tone: reminder, template: texto }\n"
              "  lembrete: { day: D-1, tone: courtesy, template: texto }\n" TAIL,
         "internet.yaml:9:3: error: step \"lembrete\" is already defined at line 7; the first would be lost silently "
         "[duplicate-key]\n"
         "    lembrete: { day: D-1, tone: courtesy, template: texto }\n"
         "    ^~~~~~~~\n");
}

static void unknown_fact(void **state)
{
    (void)state;
    says(HEAD "  oferta:\n    day: D+10\n    tone: reminder\n    template: texto\n    when: debtor.teir == \"gold\"\n" TAIL,
         "internet.yaml:11:11: error: no fact \"debtor.teir\", did you mean \"debtor.tier\" (text)? reguactl check --facts lists "
         "all "
         "[unknown-fact]\n"
         "      when: debtor.teir == \"gold\"\n"
         "            ^~~~~~~~~~~\n");
    says(HEAD
         "  oferta:\n    day: D+10\n    tone: reminder\n    template: texto\n    when: debtor.cluster == \"quebrado\"\n" TAIL,
         "internet.yaml:11:11: error: the fact \"debtor.cluster\" is not supported in this version; remove it [not-yet]\n"
         "      when: debtor.cluster == \"quebrado\"\n"
         "            ^~~~~~~~~~~~~~\n");
}

static void money(void **state)
{
    (void)state;
    says(HEAD "  oferta: { day: D+10, tone: reminder, template: texto, when: invoice.balance >= 300 }\n" TAIL,
         "internet.yaml:7:82: error: money cannot be compared with a number (int); write brl(\"300.00\") [type]\n"
         "    oferta: { day: D+10, tone: reminder, template: texto, when: invoice.balance >= 300 }\n"
         "                                                                                   ^~~\n");
}

/* Conditions within quotes and block texts are placed all the same. */
static void condition_places(void **state)
{
    (void)state;
    static const struct {
        const char *when, *place;
    } rows[] = {
        {"    when: 'invoice.balance >= 300'\n", "11:31: "},
        {"    when: \"!invoice.received && invoice.balance >= 300\"\n", "11:52: "},
        {"    when: |\n      debtor.consumer &&\n      invoice.balance >= 300\n", "13:26: "},
        {"    when: >\n      debtor.consumer &&\n      invoice.balance >= 300\n", "11:11: "}, /* folded: the text as a whole */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct found f;
        char yaml[2048], expected[256];
        (void)snprintf(yaml, sizeof yaml, HEAD "  oferta:\n    day: D+10\n    tone: reminder\n    template: texto\n%s" TAIL,
                       rows[i].when);
        (void)snprintf(expected, sizeof expected,
                       "%serror: money cannot be compared with a number (int); write brl(\"300.00\") [type]\n", rows[i].place);
        found_load(&f, yaml);
        assert_string_equal(found_heads(&f), expected);
        found_done(&f);
    }
}

static void no_notice(void **state)
{
    (void)state;
    static const char aviso[] =
        "  aviso_suspensao: { day: D+15, tone: notice, template: texto, evidence: delivered, term: 15d }\n";
    char yaml[2048];
    (void)snprintf(yaml, sizeof yaml,
                   HEAD "%s  suspensao:\n    day: D+30\n    tone: sanction\n    signal: service.suspend_requested\n" TAIL, aviso);
    says(yaml, "internet.yaml:8:3: error: step \"suspensao\" (sanction) has no earlier notice with evidence: delivered and a "
               "term; telecom "
               "asks for 15 days (calendar br-telecom, RGC 765/2023). Add after: { step: aviso_suspensao, has: term_ended } "
               "[sanction-without-notice]\n"
               "    suspensao:\n"
               "    ^~~~~~~~~\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_key),      cmocka_unit_test(unknown_channel),
        cmocka_unit_test(bad_day),          cmocka_unit_test(twice),
        cmocka_unit_test(unknown_fact),     cmocka_unit_test(money),
        cmocka_unit_test(condition_places), cmocka_unit_test(no_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
