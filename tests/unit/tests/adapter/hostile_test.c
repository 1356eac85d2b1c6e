/* Every suite against questions with a member missing, or with every kind of wrong value in its place: each line is answered
 * under its id, and the program ends well. Under the address sanitizer this is also the test that nothing leaks. */
#include "tests/unit/tests/adapter/ask.h"

#define MEMBERS_MAX 12
#define LONG_BYTES ((size_t)1024 * 1024)

struct member {
    const char *key, *value;
};
struct question {
    const char *suite;
    struct member members[MEMBERS_MAX];
};

#define CE "[[\"ce_id\",\"1\"],[\"ce_source\",\"/s\"],[\"ce_specversion\",\"1.0\"],[\"ce_type\",\"t\"]]"
#define ISSUED \
    "[{\"v\":1,\"type\":\"invoice.issued\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-10-20T10:00:00Z\",\"ns\":\"n\"," \
    "\"data\":{\"debtor\":\"D\",\"invoice\":\"F\",\"due_on\":\"2026-11-03\",\"amount_cents\":1}}]"

#define RULES \
    "\"language: 1\\nladder: a\\npriority: 9\\nsteps: { x: { day: D+1, tone: reminder, via: [email], template: atraso } }\\n\""

static const struct question QUESTIONS[] = {
    {"bizdays", {{"op", "\"add\""}, {"date", "\"2199-12-31\""}, {"n", "-2147483648"}}},
    {"bizdays", {{"op", "\"count\""}, {"date", "\"1900-01-01\""}, {"to", "\"2199-12-31\""}}},
    {"bizdays", {{"op", "\"preceding\""}, {"date", "\"1900-01-01\""}}},
    {"bizdays", {{"op", "\"following\""}, {"date", "\"2199-12-31\""}}},
    {"cel", {{"op", "\"eval\""}, {"expr", "\"x + 1\""}, {"vars", "{\"x\":{\"type\":\"int\",\"value\":{\"int\":\"41\"}}}"}}},
    {"cel", {{"op", "\"eval\""}, {"expr", "\"m\""}, {"vars", "{\"m\":{\"value\":{\"map\":[[{\"list\":[]},{\"int\":\"1\"}]]}}}"}}},
    {"cloudevents", {{"key", "\"k\""}, {"headers", CE}, {"value", "\"[1]\""}, {"value_b64", "\"AA==\""}}},
    {"cloudevents", {{"headers", CE}, {"value", "\"[1]\""}}},
    {"cut",
     {{"notice", "\"2199-12-31\""},
      {"term_days", "3660"},
      {"term_end", "\"next_day\""},
      {"state", "\"MG\""},
      {"calendar", "\"br-telecom\""}}},
    {"documents", {{"kind", "\"cpf\""}, {"input", "\"529.982.247-25\""}}},
    {"fold", {{"events", ISSUED}}},
    {"json", {{"file", "\"/dev/null\""}}},
    {"latefees",
     {{"principal", "9007199254740991"},
      {"due", "\"1900-01-01\""},
      {"paid", "\"2199-12-31\""},
      {"multa_pct", "\"2\""},
      {"juros_am_pct", "\"99999999\""},
      {"base", "30"},
      {"consumer", "true"},
      {"inicio", "\"prorrogado\""},
      {"ultimo_dia_util_prorroga", "true"},
      {"rounding", "\"half_even\""}}},
    {"mime", {{"kind", "\"display_name\""}, {"text", "\"Jos\u00e9\""}, {"address", "\"a@b.example\""}}},
    {"mime", {{"kind", "\"filename\""}, {"text", "\"Jos\u00e9\""}}},
    {"mustache", {{"template", "\"{{a}}{{>p}}\""}, {"data", "{\"a\":[1]}"}, {"partials", "{\"p\":\"{{#a}}{{>p}}{{/a}}\"}"}}},
    {"obligation", {{"settled", "\"1900-01-01T00:00:00Z\""}, {"state", "\"AC\""}, {"kind", "\"exclude\""}}},
    {"obligation", {{"settled", "\"2199-12-31\""}, {"state", "\"AC\""}, {"kind", "\"restore\""}}},
    {"phones", {{"input", "\"(11) 91234-5678\""}}},
    {"scenario",
     {{"rules", RULES},
      {"policy", "\"language: 1\\npolicy: p\\n\""},
      {"events", "[{\"at\":\"2026-10-20\",\"invoice.issued\":{\"invoice\":\"F\",\"due_on\":\"2026-11-03\",\"amount_cents\":1}}]"},
      {"world", "{\"stopped\":false,\"mode\":\"live\",\"payments_known_through\":\"all\",\"channels\":{\"sms\":\"down\"}}"},
      {"until", "\"2026-12-01\""}}},
    {"sms", {{"text", "\"x\""}}},
    {"yaml", {{"file", "\"/dev/null\""}}},
};

static const char *const BAD[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "9007199254740991",
    "-9007199254740992",
    "99999999999999999999",
    "1e999",
    "\"\"",
    "\"x\"",
    "\"2026-02-30\"",
    "\"0000-00-00\"",
    "\"\\u0001\"",
    "\"\\ufffe\\uffff\"",
    "\"{{#a}}\"",
    "\"=?UTF-8?B?\"",
    "\"../../etc/passwd\"",
    "[]",
    "[[]]",
    "[1,2,3]",
    "[\"x\"]",
    "[[\"a\"]]",
    "[[\"a\",\"b\",\"c\"]]",
    "[[1,2]]",
    "[{}]",
    "{}",
    "{\"a\":1}",
    "{\"x\":null}",
    "{\"x\":{\"value\":{}}}",
    "{\"x\":{\"value\":{\"int\":1}}}",
    "{\"\":{\"value\":{\"int\":\"1\"}}}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static void add(struct rg_buf *to, int id, const struct member *members, size_t without, const char *instead)
{
    rg_buf_addf(to, "{\"id\":%d", id);
    for (size_t i = 0; i < MEMBERS_MAX && members[i].key != NULL; i++)
        if (i != without || instead != NULL)
            rg_buf_addf(to, ",\"%s\":%s", members[i].key, i == without ? instead : members[i].value);
    rg_buf_adds(to, "}\n");
}

static int add_all(struct rg_buf *to, int id, const struct question *q, const char *long_text)
{
    add(to, id++, q->members, MEMBERS_MAX, NULL);
    for (size_t i = 0; i < MEMBERS_MAX && q->members[i].key != NULL; i++) {
        add(to, id++, q->members, i, NULL);
        add(to, id++, q->members, i, long_text);
        for (size_t k = 0; k < RG_COUNT(BAD); k++)
            add(to, id++, q->members, i, BAD[k]);
    }
    return id;
}

static void test_wrong_members(void **state)
{
    (void)state;
    char *long_text = rg_alloc(LONG_BYTES + 3), expected[32];
    memset(long_text, 'a', LONG_BYTES + 2);
    long_text[0] = long_text[LONG_BYTES + 1] = '"';
    for (size_t i = 0; i < RG_COUNT(QUESTIONS); i++) {
        struct rg_buf questions RG_CLEANUP(rg_buf_done);
        rg_buf_init(&questions, (size_t)64 * 1024 * 1024);
        int count = add_all(&questions, 0, &QUESTIONS[i], long_text);
        assert_false(questions.overflow);
        char *answers = ask(QUESTIONS[i].suite, rg_buf_cstr(&questions), questions.len), *line = answers;
        for (int id = 0; id < count; id++) {
            (void)snprintf(expected, sizeof expected, "{\"id\":%d,\"", id);
            if (strncmp(line, expected, strlen(expected)) != 0)
                fail_msg("%s: question %d: %.200s", QUESTIONS[i].suite, id, line);
            line += strcspn(line, "\n") + 1;
        }
        assert_string_equal(line, "");
        rg_free(&answers);
    }
    rg_free(&long_text);
}

/* A few bytes changed by chance, the same ones in every run: a line stays a line, and is answered. */
static void test_noise(void **state)
{
    (void)state;
    uint64_t seed = 20261124;
    for (size_t i = 0; i < RG_COUNT(QUESTIONS); i++) {
        struct rg_buf questions RG_CLEANUP(rg_buf_done);
        rg_buf_init(&questions, (size_t)4 * 1024 * 1024);
        const int count = 300;
        for (int id = 0; id < count; id++) {
            size_t begin = questions.len;
            add(&questions, 7, QUESTIONS[i].members, MEMBERS_MAX, NULL);
            for (int k = 0; k < 1 + id % 4; k++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                size_t at = begin + 8 + (size_t)(seed >> 33) % (questions.len - begin - 9);
                char c = (char)(seed >> 25);
                questions.data[at] = c == '\n' ? ' ' : c;
            }
        }
        char *answers = ask(QUESTIONS[i].suite, rg_buf_cstr(&questions), questions.len), *line = answers;
        for (int id = 0; id < count; id++) {
            if (strncmp(line, "{\"id\":", 6) != 0)
                fail_msg("%s: %.200s", QUESTIONS[i].suite, line);
            line += strcspn(line, "\n") + 1;
        }
        assert_string_equal(line, "");
        rg_free(&answers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrong_members), cmocka_unit_test(test_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
