/* The suites json and yaml, which are given the path of a file. */
#include "tests/unit/tests/adapter/ask.h"

struct file_row {
    const char *name, *bytes;
    size_t n;
    const char *answer; /* behind the id */
};
#define FILE_ROW(name, bytes, answer) \
    { \
        name, bytes, sizeof(bytes) - 1, answer \
    }
#define ACCEPT "\"result\":\"accept\"}"
#define REFUSE "\"result\":\"refuse\",\"reason\":\""

static void ask_file(const char *suite, const struct file_row *row)
{
    char path[32], question[128], beginning[512];
    write_file(path, row->bytes, row->n);
    (void)snprintf(question, sizeof question, "{\"id\":1,\"file\":\"%s\"}\n", path);
    (void)snprintf(beginning, sizeof beginning, "{\"id\":1,%s", row->answer);
    char *answer = ask(suite, question, strlen(question));
    if (strncmp(answer, beginning, strlen(beginning)) != 0)
        fail_msg("%s: %s", row->name, answer);
    rg_free(&answer);
    assert_int_equal(unlink(path), 0);
}

static void test_json(void **state)
{
    (void)state;
    static const struct file_row ROWS[] = {
        FILE_ROW("object", "{\"a\":[1,-0.5e+1,true,null]}", ACCEPT),
        FILE_ROW("blanks around a scalar", " \t\r\n5 \n", ACCEPT),
        FILE_ROW("empty key", "{\"\":0}", ACCEPT),
        FILE_ROW("surrogate pair", "[\"\\uD834\\uDD1E\"]", ACCEPT),
        FILE_ROW("large exponent", "[1E400]", ACCEPT),
        FILE_ROW("nothing", "", REFUSE),
        FILE_ROW("byte-order mark", "\xef\xbb\xbf{}", REFUSE),
        FILE_ROW("not UTF-8", "[\"\xff\"]", REFUSE),
        FILE_ROW("overlong", "[\"\xc0\xaf\"]", REFUSE),
        FILE_ROW("surrogate in UTF-8", "[\"\xed\xa0\x80\"]", REFUSE),
        FILE_ROW("lone surrogate", "[\"\\uDFAA\"]", REFUSE),
        FILE_ROW("U+0000", "[\"\\u0000\"]", REFUSE),
        FILE_ROW("a NUL behind", "[]\0", REFUSE),
        FILE_ROW("duplicate name", "{\"a\":1,\"a\":1}", REFUSE),
        FILE_ROW("leading zero", "[012]", REFUSE),
        FILE_ROW("no digit behind the point", "[1.]", REFUSE),
        FILE_ROW("plus", "[+1]", REFUSE),
        FILE_ROW("NaN", "[NaN]", REFUSE),
        FILE_ROW("single quotes", "['a']", REFUSE),
        FILE_ROW("trailing comma", "[1,]", REFUSE),
        FILE_ROW("comment", "[1/*a*/]", REFUSE),
        FILE_ROW("two values", "[][]", REFUSE),
        FILE_ROW("raw line break in a string", "[\"a\nb\"]", REFUSE),
        FILE_ROW("bad escape", "[\"\\x00\"]", REFUSE),
        FILE_ROW("reason", "[1}", REFUSE "JSON byte 2, "),
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        ask_file("json", &ROWS[i]);
}

#define LADDER(key, step) \
    "language: 1\nladder: padrao\npriority: 10\n" key \
    "steps:\n  atraso: { day: D+1, tone: reminder, via: [email], template: atraso" step " }\n"

static void test_yaml(void **state)
{
    (void)state;
    static const struct file_row ROWS[] = {
        FILE_ROW("a ladder", LADDER("", ""), ACCEPT),
        FILE_ROW("with a warning", LADDER("", ", again: true"), ACCEPT),
        FILE_ROW("no map", "- a\n", REFUSE),
        FILE_ROW("nothing", "", REFUSE),
        FILE_ROW("another file", "language: 1\npolicy: provedor\n", REFUSE "1:1: missing key \\\"ladder\\\""),
        FILE_ROW("unknown key", LADDER("", ", tempalte: x"),
                 REFUSE "5:71: unknown key \\\"tempalte\\\" in step \\\"atraso\\\", did you mean "
                        "\\\"template\\\"? [unknown-key]\"}"),
        FILE_ROW("duplicate key", LADDER("priority: 11\n", ""), REFUSE "4:1: "),
        FILE_ROW("tab", "language: 1\nsteps:\n\tatraso: x\n", REFUSE "3:1: tab in the indentation"),
        FILE_ROW("anchor", "language: &a 1\n", REFUSE),
        FILE_ROW("alias", "language: *a\n", REFUSE),
        FILE_ROW("tag", "language: !!int 1\n", REFUSE),
        FILE_ROW("second document", "language: 1\n---\nlanguage: 1\n", REFUSE),
        FILE_ROW("directive", "%YAML 1.1\n---\nlanguage: 1\n", REFUSE),
        FILE_ROW("not UTF-8", "language: \xff\n", REFUSE),
        FILE_ROW("a NUL",
                 "language: \0"
                 "1\n",
                 REFUSE),
        FILE_ROW("condition", LADDER("applies: debtor.clustr == \"x\"\n", ""), REFUSE "4:10: no fact \\\"debtor.clustr\\\""),
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        ask_file("yaml", &ROWS[i]);
}

/* Too large is refused; what cannot be read at all is a mistake of the question. */
static void test_files(void **state)
{
    (void)state;
    static const struct row MISSING[] = {
        {"{\"id\":1,\"file\":\"/nonexistent/a\"}",
         "{\"id\":1,\"error\":\"the file in \\\"file\\\" cannot be read: No such file or directory\"}"},
        {"{\"id\":2,\"file\":\"/tmp\"}",
         "{\"id\":2,\"error\":\"the file in \\\"file\\\" cannot be read: it is a directory; expected a file\"}"},
        {"{\"id\":3,\"file\":\"/dev/zero\"}",
         "{\"id\":3,\"error\":\"the file in \\\"file\\\" cannot be read: it is no regular file\"}"},
        {"{\"id\":4}", "{\"id\":4,\"error\":\"expected \\\"file\\\" to be a string\"}"},
    };
    static const size_t LIMITS[] = {8 * 1024 * 1024, 1024 * 1024};
    static const char *const SUITES[] = {"json", "yaml"};
    for (size_t i = 0; i < RG_COUNT(SUITES); i++) {
        assert_suite(SUITES[i], MISSING, RG_COUNT(MISSING));
        char *bytes = rg_alloc(LIMITS[i] + 1);
        memset(bytes, ' ', LIMITS[i] + 1);
        bytes[0] = '5';
        const struct file_row just = {"at the limit", bytes, LIMITS[i], i == 0 ? ACCEPT : REFUSE "1:1: "};
        const struct file_row beyond = {"beyond it", bytes, LIMITS[i] + 1, REFUSE "it is larger than "};
        ask_file(SUITES[i], &just);
        ask_file(SUITES[i], &beyond);
        rg_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_yaml), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
