/* The line adapter as a program: one answer a line, the same id back, and no question that ends it. */
#include "tests/unit/tests/adapter/ask.h"

static void test_bad_questions(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"[]", "{\"id\":null,\"error\":\"expected a JSON object\"}"},
        {"7", "{\"id\":null,\"error\":\"expected a JSON object\"}"},
        {"{\"id\":1}", "{\"id\":1,\"error\":\"expected \\\"text\\\" to be a string\"}"},
        {"\n{\"id\":{\"a\":[1,null]},\"text\":3}",
         "{\"id\":{\"a\":[1,null]},\"error\":\"expected \\\"text\\\" to be a string\"}"},
        {"{\"id\":1.50,\"text\":\"a\"}", "{\"id\":1.50,\"encoding\":\"GSM-7\",\"units\":1,\"segments\":1}"},
    };
    assert_suite("sms", ROWS, RG_COUNT(ROWS));
}

/* A driver waits for answers by id, so one that can be seen at the beginning of a line comes back whatever follows it. */
static void test_broken_json_is_answered(void **state)
{
    (void)state;
    static const struct {
        const char *line, *beginning;
    } ROWS[] = {
        {"x", "{\"id\":null,\"error\":\""},
        {"{", "{\"id\":null,\"error\":\""},
        {"\377", "{\"id\":null,\"error\":\""},
        {"\"", "{\"id\":null,\"error\":\""},
        {"{\"text\":\"a\",\"text\":\"b\"}", "{\"id\":null,\"error\":\""},
        {"{\"id\":7", "{\"id\":7,\"error\":\""},
        {"{\"id\":8,\"text\":\"\\ud800\"}", "{\"id\":8,\"error\":\""},
        {" { \"id\" : \"a\\\"b\" ,, }", "{\"id\":\"a\\\"b\",\"error\":\""},
        {"{\"id\":-1.50,\"id\":2}", "{\"id\":-1.50,\"error\":\""},
        {"{\"id\":\"x", "{\"id\":null,\"error\":\""},
        {"{\"id\":\"\\", "{\"id\":null,\"error\":\""},
        {"{\"id\":1-2,", "{\"id\":null,\"error\":\""},
        {"{\"id\":{},x}", "{\"id\":null,\"error\":\""},
        {"{}", "{\"id\":null,\"error\":\""},
    };
    struct rg_buf questions RG_CLEANUP(rg_buf_done);
    rg_buf_init(&questions, 4096);
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        rg_buf_addf(&questions, "%s\n", ROWS[i].line);
    char *answers = ask("sms", rg_buf_cstr(&questions), questions.len - 1), *line = answers; /* the last one without its end */
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        if (strncmp(line, ROWS[i].beginning, strlen(ROWS[i].beginning)) != 0)
            fail_msg("%s: %.200s", ROWS[i].line, line);
        line += strcspn(line, "\n") + 1;
    }
    assert_string_equal(line, "");
    rg_free(&answers);
}

/* One byte more than a question may have, and one that may just have them. */
static void test_long_lines(void **state)
{
    (void)state;
    enum { MOST = 8 * 1024 * 1024 };
    static const char BEGIN[] = "{\"id\":1,\"text\":\"", END[] = "\"}";
    char *questions = rg_alloc(2 * (MOST + 2) + 1);
    size_t at = 0;
    for (int more = 0; more < 2; more++) {
        size_t begin = at;
        at = (size_t)(mempcpy(questions + at, BEGIN, sizeof BEGIN - 1) - (void *)questions);
        for (; at - begin + sizeof END - 1 < MOST + (size_t)more; at++)
            questions[at] = 'a';
        at = (size_t)(mempcpy(questions + at, END, sizeof END - 1) - (void *)questions);
        questions[at++] = '\n';
    }
    char *answers = ask("sms", questions, at);
    assert_string_equal(answers, "{\"id\":1,\"encoding\":\"GSM-7\",\"units\":8388590,\"segments\":54828}\n"
                                 "{\"id\":1,\"error\":\"a question has at most 8 MiB\"}\n");
    rg_free(&answers);
    rg_free(&questions);
}

static void test_unknown_suite(void **state)
{
    (void)state;
    char command[512];
    snprintf(command, sizeof command, "'%s' nothing 2>/dev/null", RG_ADAPTER);
    assert_int_equal(WEXITSTATUS(system(command)), 2);
    snprintf(command, sizeof command, "'%s' 2>/dev/null", RG_ADAPTER);
    assert_int_equal(WEXITSTATUS(system(command)), 2);
}

/* Every suite has its line, and every line names a suite. */
static void test_help(void **state)
{
    (void)state;
    static const char *const SUITES[] = {"bizdays", "cel",      "cloudevents", "cut",    "documents", "fold", "json", "latefees",
                                         "mime",    "mustache", "obligation",  "phones", "scenario",  "sms",  "yaml"};
    char command[512], line[512];
    size_t seen = 0;
    snprintf(command, sizeof command, "'%s' --help", RG_ADAPTER);
    FILE *help = popen(command, "re");
    assert_non_null(help);
    while (fgets(line, sizeof line, help) != NULL) {
        if (strncmp(line, "  ", 2) != 0)
            continue;
        assert_true(seen < RG_COUNT(SUITES));
        size_t n = strlen(SUITES[seen]);
        assert_int_equal(strncmp(line + 2, SUITES[seen], n), 0);
        assert_int_equal(line[2 + n], ' ');
        assert_non_null(strstr(line, " -> {"));
        seen++;
    }
    assert_int_equal(seen, RG_COUNT(SUITES));
    assert_int_equal(pclose(help), 0);
}

static void test_bizdays(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"id\":1,\"op\":\"add\",\"date\":\"2026-11-13\",\"n\":5}", "{\"id\":1,\"result\":\"2026-11-23\"}"},
        {"{\"id\":2,\"op\":\"is_bd\",\"date\":\"2026-11-20\"}", "{\"id\":2,\"result\":false}"},
        {"{\"id\":3,\"op\":\"following\",\"date\":\"2026-11-15\"}", "{\"id\":3,\"result\":\"2026-11-16\"}"},
        {"{\"id\":4,\"op\":\"preceding\",\"date\":\"2026-11-15\"}", "{\"id\":4,\"result\":\"2026-11-13\"}"},
        {"{\"id\":5,\"op\":\"count\",\"date\":\"2025-12-31\",\"to\":\"2026-12-31\"}", "{\"id\":5,\"result\":249}"},
        {"{\"id\":6,\"op\":\"add\",\"date\":\"2026-11-13\",\"n\":9007199254740991}",
         "{\"id\":6,\"error\":\"no such day within the years 1900 to 2199\"}"},
        {"{\"id\":7,\"op\":\"sub\",\"date\":\"2026-11-13\"}",
         "{\"id\":7,\"error\":\"expected \\\"op\\\" to be one of add is_bd following preceding count\"}"},
        {"{\"id\":8,\"op\":\"is_bd\",\"date\":\"2026-02-30\"}",
         "{\"id\":8,\"error\":\"expected \\\"date\\\" to be a date YYYY-MM-DD of the years 1900 to 2199\"}"},
        {"{\"id\":9,\"op\":\"add\",\"date\":\"2026-11-13\"}", "{\"id\":9,\"error\":\"expected \\\"n\\\" to be an integer\"}"},
    };
    assert_suite("bizdays", ROWS, RG_COUNT(ROWS));
}

static void test_identifiers(void **state)
{
    (void)state;
    static const struct row DOCUMENTS[] = {
        {"{\"id\":1,\"kind\":\"cpf\",\"input\":\"529.982.247-25\"}", "{\"id\":1,\"valid\":true}"},
        {"{\"id\":2,\"kind\":\"cnpj\",\"input\":\"12ABC34501DE35\"}", "{\"id\":2,\"valid\":true}"},
        {"{\"id\":3,\"kind\":\"cnpj\",\"input\":\"52998224725\"}", "{\"id\":3,\"valid\":false}"},
        {"{\"id\":4,\"kind\":\"rg\",\"input\":\"1\"}", "{\"id\":4,\"error\":\"expected \\\"kind\\\" to be one of cpf cnpj\"}"},
    };
    static const struct row PHONES[] = {
        {"{\"id\":\"a\",\"input\":\"(11) 91234-5678\"}", "{\"id\":\"a\",\"e164\":\"+5511912345678\",\"mobile\":true}"},
        {"{\"id\":\"b\",\"input\":\"(11) 3123-4567\"}", "{\"id\":\"b\",\"e164\":\"+551131234567\",\"mobile\":false}"},
        {"{\"id\":\"c\",\"input\":\"4004-1234\"}", "{\"id\":\"c\",\"e164\":null,\"mobile\":false}"},
    };
    assert_suite("documents", DOCUMENTS, RG_COUNT(DOCUMENTS));
    assert_suite("phones", PHONES, RG_COUNT(PHONES));
}

static void test_sms(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"id\":1,\"text\":\"Olá\"}", "{\"id\":1,\"encoding\":\"UCS-2\",\"units\":3,\"segments\":1}"},
        {"{\"id\":2,\"text\":\"é €\"}", "{\"id\":2,\"encoding\":\"GSM-7\",\"units\":4,\"segments\":1}"},
        {"{\"id\":3,\"text\":\"\\ud83d\\ude00\"}", "{\"id\":3,\"encoding\":\"UCS-2\",\"units\":2,\"segments\":1}"},
    };
    assert_suite("sms", ROWS, RG_COUNT(ROWS));
}

#define FEES(id, due, paid, fine, base, start) \
    "{\"id\":" id ",\"principal\":100000,\"due\":\"" due "\",\"paid\":\"" paid "\",\"multa_pct\":\"" fine \
    "\",\"juros_am_pct\":\"1\",\"base\":" base ",\"consumer\":true,\"inicio\":\"" start \
    "\",\"ultimo_dia_util_prorroga\":true,\"rounding\":\"half_up\"}"

static void test_latefees(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {FEES("1", "2026-10-10", "2026-10-14", "2", "30", "original"),
         "{\"id\":1,\"multa\":2000,\"juros\":133,\"total\":102133}"},
        {FEES("2", "2026-10-10", "2026-10-14", "2", "30", "prorrogado"),
         "{\"id\":2,\"multa\":2000,\"juros\":33,\"total\":102033}"},
        {FEES("3", "2026-12-31", "2027-01-04", "2", "30", "original"), "{\"id\":3,\"multa\":0,\"juros\":0,\"total\":100000}"},
        {FEES("4", "2026-10-10", "2026-10-14", "2.01", "30", "original"), "{\"id\":4,\"error\":\"fine-above-law\"}"},
        {FEES("5", "2026-10-10", "2026-10-14", "2", "360", "original"),
         "{\"id\":5,\"error\":\"the base is 30 or 365 days, not 360\"}"},
        {FEES("6", "2026-10-10", "2026-10-14", "2%", "30", "original"),
         "{\"id\":6,\"error\":\"expected a decimal number such as 2 or 0.033\"}"},
        {FEES("7", "2026-10-10", "2026-10-14", "2", "30", "depois"),
         "{\"id\":7,\"error\":\"expected \\\"inicio\\\" to be one of original prorrogado\"}"},
    };
    assert_suite("latefees", ROWS, RG_COUNT(ROWS));
}

#define CUT(id, notice, days, end) \
    "{\"id\":" id ",\"notice\":\"" notice "\",\"term_days\":" days ",\"term_end\":\"" end \
    "\",\"state\":\"MG\",\"calendar\":\"br-telecom\"}"

static void test_cut(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {CUT("1", "2026-10-30", "15", "same_day"), "{\"id\":1,\"result\":\"2026-11-16\"}"},
        {CUT("2", "2026-11-04", "15", "same_day"), "{\"id\":2,\"result\":\"2026-11-23\"}"},
        {CUT("3", "2026-12-08", "15", "same_day"), "{\"id\":3,\"result\":\"2026-12-23\"}"},
        {CUT("4", "2026-12-09", "15", "same_day"), "{\"id\":4,\"result\":\"2026-12-28\"}"},
        {CUT("5", "2026-11-03", "30", "same_day"), "{\"id\":5,\"result\":\"2026-12-03\"}"},
        {CUT("6", "2026-10-30", "15", "next_day"), "{\"id\":6,\"result\":\"2026-11-17\"}"},
        {CUT("7", "2026-12-08", "15", "next_day"), "{\"id\":7,\"result\":\"2026-12-28\"}"},
        {CUT("8", "2026-11-03", "30", "next_day"), "{\"id\":8,\"result\":\"2026-12-07\"}"},
        {CUT("9", "2026-11-03", "-1", "next_day"), "{\"id\":9,\"error\":\"no such day within the years 1900 to 2199\"}"},
    };
    assert_suite("cut", ROWS, RG_COUNT(ROWS));
}

#define OWED(id, settled, uf, kind) "{\"id\":" id ",\"settled\":\"" settled "\",\"state\":\"" uf "\",\"kind\":\"" kind "\"}"

static void test_obligation(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {OWED("1", "2026-11-13", "MG", "exclude"), "{\"id\":1,\"deadline\":\"2026-11-23\"}"},
        {OWED("2", "2026-11-13", "SP", "exclude"), "{\"id\":2,\"deadline\":\"2026-11-17\"}"},
        {OWED("3", "2026-12-23", "MG", "exclude"), "{\"id\":3,\"deadline\":\"2026-12-31\"}"},
        {OWED("4", "2026-12-23", "SP", "exclude"), "{\"id\":4,\"deadline\":\"2026-12-28\"}"},
        {OWED("5", "2026-11-13", "MG", "restore"), "{\"id\":5,\"deadline\":\"2026-11-14\"}"},
        {OWED("6", "2026-11-13T22:30:00-03:00", "AC", "restore"), "{\"id\":6,\"deadline\":\"2026-11-14T20:30:00-05:00\"}"},
        {OWED("7", "2026-11-14T02:30:00Z", "AC", "exclude"), "{\"id\":7,\"deadline\":\"2026-11-23\"}"},
        {OWED("8", "2026-11-14T02:30:00Z", "XX", "exclude"),
         "{\"id\":8,\"error\":\"expected \\\"state\\\" to be a state such as SP\"}"},
        {OWED("8", "2026-11-14", "XX", "restore"), "{\"id\":8,\"error\":\"expected \\\"state\\\" to be a state such as SP\"}"},
        {OWED("9", "ontem", "SP", "exclude"),
         "{\"id\":9,\"error\":\"expected \\\"settled\\\" to be a date YYYY-MM-DD of the years 1900 to 2199\"}"},
    };
    assert_suite("obligation", ROWS, RG_COUNT(ROWS));
}

static void test_cel(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"id\":1,\"op\":\"eval\",\"expr\":\"x + 1\",\"vars\":{\"x\":{\"type\":\"int\",\"value\":{\"int\":\"41\"}}}}",
         "{\"id\":1,\"value\":{\"int\":\"42\"}}"},
        {"{\"id\":2,\"op\":\"eval\",\"expr\":\"[1.5, 0.0 / 0.0, -1.0 / 0.0, 'a', null, true]\"}",
         "{\"id\":2,\"value\":{\"list\":[{\"double\":1.5},{\"double\":\"NaN\"},{\"double\":\"-Inf\"},{\"string\":\"a\"},"
         "{\"null\":null},{\"bool\":true}]}}"},
        {"{\"id\":3,\"op\":\"eval\",\"expr\":\"m\",\"vars\":{\"m\":{\"type\":\"map(string, int)\","
         "\"value\":{\"map\":[[{\"string\":\"a\"},{\"int\":\"1\"}]]}}}}",
         "{\"id\":3,\"value\":{\"map\":[[{\"string\":\"a\"},{\"int\":\"1\"}]]}}"},
        {"{\"id\":4,\"op\":\"eval\",\"expr\":\"t + d\",\"vars\":{\"t\":{\"type\":\"timestamp\","
         "\"value\":{\"timestamp\":\"2026-11-23T10:00:00Z\"}},\"d\":{\"type\":\"duration\","
         "\"value\":{\"duration\":{\"seconds\":\"90\",\"nanos\":5}}}}}",
         "{\"id\":4,\"value\":{\"timestamp\":\"2026-11-23T10:01:30.000000005Z\"}}"},
        {"{\"id\":5,\"op\":\"eval\",\"expr\":\"duration('-1.5s')\"}",
         "{\"id\":5,\"value\":{\"duration\":{\"seconds\":\"-1\",\"nanos\":-500000000}}}"},
        {"{\"id\":6,\"op\":\"eval\",\"expr\":\"1 / 0\"}", "{\"id\":6,\"error\":\"divide_by_zero\"}"},
        {"{\"id\":7,\"op\":\"eval\",\"expr\":\"x || y\",\"vars\":{\"x\":{\"type\":\"bool\"},\"y\":{\"type\":\"bool\","
         "\"value\":{\"bool\":true}}}}",
         "{\"id\":7,\"value\":{\"bool\":true}}"},
        {"{\"id\":8,\"op\":\"eval\",\"expr\":\"x && y\",\"vars\":{\"x\":{\"type\":\"bool\"}}}",
         "{\"id\":8,\"error\":\"undeclared\"}"},
        {"{\"id\":9,\"op\":\"eval\",\"expr\":\"1u\"}",
         "{\"id\":9,\"load_error\":\"unsigned numbers are outside the subset; write 1\"}"},
        {"{\"id\":10,\"op\":\"eval\",\"expr\":\"x\",\"vars\":{\"x\":{\"type\":\"int\",\"value\":{\"int\":1}}}}",
         "{\"id\":10,\"error\":\"expected \\\"vars\\\" to be an object of {type,"
         " value} with a value such as {\\\"int\\\": \\\"1\\\"}\"}"},
        /* deeper than an answer can be written */
        {"{\"id\":12,\"op\":\"eval\",\"expr\":\"[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]\",\"vars\":{\"x\":{\"value\":"
         "{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{\"list\":[{"
         "\"list\":["
         "{\"int\":\"1\"}]}]}]}]}]}]}]}]}]}]}]}}}}",
         "{\"id\":12,\"error\":\"other\"}"},
        {"{\"id\":13,\"op\":\"eval\",\"expr\":\"1\",\"vars\":[1]}",
         "{\"id\":13,\"error\":\"expected \\\"vars\\\" to be an object of {type, value} with a value such as {\\\"int\\\": "
         "\\\"1\\\"}\"}"},
        {"{\"id\":11,\"op\":\"parse\",\"expr\":\"x\"}", "{\"id\":11,\"error\":\"expected \\\"op\\\" to be one of eval\"}"},
    };
    assert_suite("cel", ROWS, RG_COUNT(ROWS));
}

static void test_cloudevents(void **state)
{
    (void)state;
#define HEADERS "\"headers\":[[\"ce_id\",\"1\"],[\"ce_source\",\"/s\"],[\"ce_specversion\",\"1.0\"],[\"ce_type\",\"t\"]"
#define ATTRIBUTES "\"valid\":true,\"attributes\":{\"id\":\"1\",\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"t\""
    static const struct row ROWS[] = {
        {"{\"id\":1," HEADERS "],\"value\":\"[1.50]\"}", "{\"id\":1," ATTRIBUTES "},\"data\":{\"json\":[1.50]}}"},
        {"{\"id\":2," HEADERS ",[\"content-type\",\"text/plain\"]],\"value\":\"x\"}",
         "{\"id\":2," ATTRIBUTES ",\"datacontenttype\":\"text/plain\"},\"data\":{\"text\":\"x\"}}"},
        {"{\"id\":3," HEADERS ",[\"content-type\",\"a/b\"]],\"value_b64\":\"AAEC/w==\"}",
         "{\"id\":3," ATTRIBUTES ",\"datacontenttype\":\"a/b\"},\"data\":{\"b64\":\"AAEC/w==\"}}"},
        {"{\"id\":4," HEADERS "],\"value\":null}", "{\"id\":4," ATTRIBUTES "},\"data\":null}"},
        {"{\"id\":5,\"headers\":[[\"ce_id\",\"1\"]],\"value\":\"{}\"}",
         "{\"id\":5,\"valid\":false,\"reason\":\"attribute source is missing\"}"},
        {"{\"id\":7,\"headers\":5}",
         "{\"id\":7,\"error\":\"expected \\\"headers\\\" to be a list of at most 64 pairs of name and value\"}"},
        {"{\"id\":8,\"key\":5,\"headers\":[]}", "{\"id\":8,\"error\":\"expected \\\"key\\\" to be a string\"}"},
        {"{\"id\":6,\"headers\":[5]}",
         "{\"id\":6,\"error\":\"expected \\\"headers\\\" to be a list of at most 64 pairs of name and value\"}"},
    };
    assert_suite("cloudevents", ROWS, RG_COUNT(ROWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_questions), cmocka_unit_test(test_broken_json_is_answered),
        cmocka_unit_test(test_unknown_suite), cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_help),          cmocka_unit_test(test_bizdays),
        cmocka_unit_test(test_identifiers),   cmocka_unit_test(test_sms),
        cmocka_unit_test(test_latefees),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_obligation),    cmocka_unit_test(test_cel),
        cmocka_unit_test(test_cloudevents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
