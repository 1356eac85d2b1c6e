/* The line adapter as a program: one answer a line, the same id back, and no question that ends it. */
#include "base/core/core.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct row {
    const char *question, *answer;
};

/* Runs a suite over all questions at once and compares line by line. */
static void assert_suite(const char *suite, const struct row *rows, size_t count)
{
    char path[] = "/tmp/adapter_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *questions = fdopen(fd, "w");
    assert_non_null(questions);
    for (size_t i = 0; i < count; i++)
        fprintf(questions, "%s\n", rows[i].question);
    assert_int_equal(fclose(questions), 0);
    char command[512];
    snprintf(command, sizeof command, "'%s' %s < %s", RG_ADAPTER, suite, path);
    FILE *answers = popen(command, "re");
    assert_non_null(answers);
    char line[1024];
    for (size_t i = 0; i < count; i++) {
        assert_non_null(fgets(line, sizeof line, answers));
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(line, rows[i].answer);
    }
    assert_null(fgets(line, sizeof line, answers));
    assert_int_equal(pclose(answers), 0);
    assert_int_equal(unlink(path), 0);
}

static void test_bad_questions(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"[]", "{\"id\":null,\"error\":\"expected a JSON object\"}"},
        {"7", "{\"id\":null,\"error\":\"expected a JSON object\"}"},
        {"{\"id\":1}", "{\"id\":1,\"error\":\"expected \\\"text\\\" to be a string\"}"},
        {"\n{\"id\":{\"a\":[1,null]},\"text\":3}", "{\"id\":{\"a\":[1,null]},\"error\":\"expected \\\"text\\\" to be a string\"}"},
        {"{\"id\":1.50,\"text\":\"a\"}", "{\"id\":1.50,\"encoding\":\"GSM-7\",\"units\":1,\"segments\":1}"},
    };
    assert_suite("sms", ROWS, RG_COUNT(ROWS));
}

static void test_broken_json_is_answered(void **state)
{
    (void)state;
    char command[512], line[1024];
    snprintf(command, sizeof command, "printf 'x\\n{\\n{\"a\":1,\"a\":2}\\n\\377\\n{}' | '%s' sms", RG_ADAPTER);
    FILE *answers = popen(command, "re");
    assert_non_null(answers);
    for (int i = 0; i < 5; i++) {
        assert_non_null(fgets(line, sizeof line, answers));
        assert_int_equal(strncmp(line, "{\"id\":null,\"error\":\"", 20), 0);
    }
    assert_null(fgets(line, sizeof line, answers));
    assert_int_equal(pclose(answers), 0);
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
        {FEES("1", "2026-10-10", "2026-10-14", "2", "30", "original"), "{\"id\":1,\"multa\":2000,\"juros\":133,\"total\":102133}"},
        {FEES("2", "2026-10-10", "2026-10-14", "2", "30", "prorrogado"), "{\"id\":2,\"multa\":2000,\"juros\":33,\"total\":102033}"},
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
         "{\"id\":10,\"error\":\"expected each of \\\"vars\\\" to be {type,"
         " value} with a value such as {\\\"int\\\": \\\"1\\\"}\"}"},
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
        {"{\"id\":5,\"headers\":[[\"ce_id\",\"1\"]],\"value\":\"{}\"}", "{\"id\":5,\"valid\":false,\"reason\":\"attribute source is missing\"}"},
        {"{\"id\":6,\"headers\":[5]}", "{\"id\":6,\"error\":\"expected \\\"headers\\\" to be a list of at most 64 pairs of name and value\"}"},
    };
    assert_suite("cloudevents", ROWS, RG_COUNT(ROWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_questions), cmocka_unit_test(test_broken_json_is_answered), cmocka_unit_test(test_unknown_suite),
        cmocka_unit_test(test_bizdays),       cmocka_unit_test(test_identifiers),             cmocka_unit_test(test_sms),
        cmocka_unit_test(test_latefees),      cmocka_unit_test(test_cut),                     cmocka_unit_test(test_obligation),
        cmocka_unit_test(test_cel),           cmocka_unit_test(test_cloudevents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
