/* The suite scenario: golden lives, as the manual of rule tests has them, and questions that cannot be played. */
#include "tests/unit/tests/adapter/ask.h"

#define LADDER \
    "language: 1\\nladder: rede\\npriority: 1\\ncalendar: br-telecom\\ndefaults: { via: [whatsapp, email] }\\nsteps:\\n" \
    "  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete, when: invoice.balance >= brl(\\\"20.00\\\") }\\n" \
    "  atraso: { day: D+1, tone: reminder, template: atraso }\\n" \
    "  aviso: { day: D+15, tone: notice, via: [whatsapp], template: aviso_suspensao, evidence: delivered, term: 15d }\\n" \
    "  corte: { after: { step: aviso, has: term_ended }, tone: sanction, signal: service.suspend_requested }\\n" \
    "on_paid:\\n  religar: { signal: service.restore_requested, within: 24h }\\n"
#define FEES "language: 1\\npolicy: p\\nfees: { fine_percent: \\\"0\\\", interest_percent_month: \\\"0\\\" }\\n"
#define PERSON \
    "{\"at\":\"2026-10-20\",\"debtor.updated\":{\"state\":\"SP\",\"contacts\":[{\"channel\":\"email\",\"address\":\"m@x." \
    "example\"}," \
    "{\"channel\":\"whatsapp\",\"address\":\"+5511912345678\"}]}}"
#define ISSUED(cents) \
    "{\"at\":\"2026-10-20\",\"invoice.issued\":{\"invoice\":\"F1\",\"due_on\":\"2026-11-03\",\"amount_cents\":" cents "}}"
#define ASK(id, more, events, until) \
    "{\"id\":" id ",\"rules\":\"" LADDER "\"" more ",\"events\":[" events "],\"until\":\"" until "\"}"

#define DECIDED(at, step, what, cents) "{\"at\":\"" at "-03:00\",\"step\":\"" step "\"," what ",\"amount_cents\":" cents "}"
#define BY(channel) "\"channel\":\"" channel "\""
#define SENDS(signal) "\"signal\":\"service." signal "\""
#define SKIPPED(at, step, gate) "{\"at\":\"" at "-03:00\",\"step\":\"" step "\",\"gate\":\"" gate "\"}"
#define LIFE(id, decisions, suppressed) "{\"id\":" id ",\"decisions\":[" decisions "],\"suppressed\":[" suppressed "]}"
#define MORNING "T08:12:23.547"

static void test_lives(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        /* the notice's term ends on Thursday; no cut on Friday and the weekend; what is suspended is restored at once */
        {ASK("1", "",
             PERSON "," ISSUED("15900") ",{\"at\":\"2026-12-08 10:00\",\"payment.confirmed\":{\"invoice\":\"F1\","
                                        "\"amount_cents\":15900}}",
             "2026-12-20"),
         LIFE("1",
              DECIDED("2026-10-29" MORNING, "lembrete", BY("email"), "15900") "," DECIDED(
                  "2026-11-04" MORNING, "atraso", BY("whatsapp"),
                  "16223") "," DECIDED("2026-11-18" MORNING, "aviso", BY("whatsapp"),
                                       "16298") "," DECIDED("2026-12-07T08:00:00", "corte", SENDS("suspend_requested"),
                                                            "16398") "," DECIDED("2026-12-08T10:00:00", "religar",
                                                                                 SENDS("restore_requested"), "0"),
              "")},
        /* without fees, the condition false, and in the order of time whatever was written first */
        {ASK("2", ",\"policy\":\"" FEES "\"", ISSUED("1900") "," PERSON, "2026-11-05"),
         LIFE("2", DECIDED("2026-11-04" MORNING, "atraso", BY("whatsapp"), "1900"),
              SKIPPED("2026-11-04T00:00:00", "lembrete", "condition"))},
        /* nothing leaves in shadow */
        {ASK("3", ",\"world\":{\"mode\":\"shadow\"}", PERSON "," ISSUED("15900"), "2026-11-01"),
         LIFE("3", "", SKIPPED("2026-10-29" MORNING, "lembrete", "shadow"))},
        {ASK("4", "", "", "2026-11-01"), LIFE("4", "", "")},
        /* two ladders, the lower number first */
        {"{\"id\":5,\"rules\":[\"language: 1\\nladder: a\\npriority: 9\\nsteps: { x: { day: D+1, tone: reminder, via: [email], "
         "template: "
         "atraso } }\\n\",\"language: 1\\nladder: b\\npriority: 8\\napplies: invoice.amount > brl(\\\"100.00\\\")\\nsteps: { y: "
         "{ day: D+1, "
         "tone: reminder, via: [email], template: atraso } }\\n\"],\"events\":[" PERSON
         "," ISSUED("15900") "],\"until\":\"2026-11-04\"}",
         LIFE("5", DECIDED("2026-11-04" MORNING, "y", BY("email"), "16223"), "")},
    };
    assert_suite("scenario", ROWS, RG_COUNT(ROWS));
}

static void test_files(void **state)
{
    (void)state;
    static const char ladder[] =
        "language: 1\nladder: a\npriority: 9\nsteps: { x: { day: D+1, tone: reminder, via: [email], template: atraso } }\n";
    char path[32], question[1024];
    write_file(path, ladder, sizeof ladder - 1);
    (void)snprintf(question, sizeof question,
                   "{\"id\":1,\"rules\":\"%s\",\"events\":[" PERSON "," ISSUED("15900") "],\"until\":\"2026-11-04\"}", path);
    const struct row row = {question, LIFE("1", DECIDED("2026-11-04" MORNING, "x", BY("email"), "16223"), "")};
    assert_suite("scenario", &row, 1);
    assert_int_equal(unlink(path), 0);
}

static void test_mistakes(void **state)
{
    (void)state;
#define RULES_EXPECTED "\"error\":\"expected \\\"rules\\\" to be a ladder or a list of at most 16, each a text or a path\"}"
    static const struct row ROWS[] = {
        {"{\"id\":1}", "{\"id\":1," RULES_EXPECTED},
        {"{\"id\":2,\"rules\":[]}", "{\"id\":2," RULES_EXPECTED},
        {"{\"id\":3,\"rules\":[5]}", "{\"id\":3," RULES_EXPECTED},
        {"{\"id\":4,\"rules\":\"/nonexistent\"}",
         "{\"id\":4,\"error\":\"the file in \\\"rules\\\" cannot be read: No such file or directory\"}"},
        {"{\"id\":5,\"rules\":\"a: b\\n\"}",
         "{\"id\":5,\"error\":\"1:1: unknown key \\\"a\\\" at the top level [unknown-key]\"}"},
        {ASK("6", ",\"policy\":5", "", "2026-11-01"), "{\"id\":6,\"error\":\"expected \\\"policy\\\" to be a string\"}"},
        {ASK("7", ",\"policy\":\"x: 1\\n\"", "", "2026-11-01"),
         "{\"id\":7,\"error\":\"1:1: unknown key \\\"x\\\" at the top level [unknown-key]\"}"},
        {ASK("8", "", "", "2026-11-31"),
         "{\"id\":8,\"error\":\"expected \\\"until\\\" to be a time such as 2026-11-04, 2026-11-04 08:30 or "
         "2026-11-04T08:30:00-03:00\"}"},
        {ASK("9", "", PERSON ",{\"at\":\"2026-10-21\",\"invoice.isued\":{}}", "2026-11-01"),
         "{\"id\":9,\"error\":\"events/1: unknown event type \\\"regua.invoice.isued\\\", did you mean "
         "\\\"regua.invoice.issued\\\"?\"}"},
        {ASK("10", ",\"world\":{\"stoped\":true}", "", "2026-11-01"),
         "{\"id\":10,\"error\":\"the world has no \\\"stoped\\\"; it has stopped, mode, payments_known_through, channels\"}"},
        {"{\"id\":11,\"rules\":\"" LADDER "\",\"events\":{},\"until\":\"2026-11-01\"}",
         "{\"id\":11,\"error\":\"expected \\\"events\\\" to be a list of at most 2000\"}"},
    };
    assert_suite("scenario", ROWS, RG_COUNT(ROWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lives), cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
