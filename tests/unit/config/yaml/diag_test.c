/* Findings: their order, their layout, their caps, and that nothing harmful reaches a terminal. */
#include "config/yaml/diag.h"

#include "tests/unit/config/yaml/heads.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

#define PRINTED_MAX ((size_t)4 << 20)

static struct rg_place at(const char *file, int line, int column, const char *source)
{
    return (struct rg_place){.file = file, .line = line, .column = column, .source = rg_str(source)};
}

static void assert_printed(struct rg_diags *diags, unsigned flags, const char *expected)
{
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, PRINTED_MAX);
    rg_diags_print(diags, flags, &out);
    assert_string_equal(rg_buf_cstr(&out), expected);
}

static void nothing_found_prints_nothing(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    assert_printed(diags, RG_DIAGS_PLAIN, "");
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, PRINTED_MAX);
    rg_diags_first(diags, &out);
    assert_string_equal(rg_buf_cstr(&out), "");
    rg_diags_json(diags, &out);
    assert_string_equal(rg_buf_cstr(&out), "{\"errors\":0,\"warnings\":0,\"findings\":[]}\n");
    rg_diags_free(&diags);
    assert_null(diags);
    rg_diags_free(&diags);
}

static void the_layout_is_the_one_of_the_language(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    struct rg_place place = at("internet.yaml", 32, 18, "  atraso: { día, tempalte: atraso }");
    place.width = 8;
    rg_diags_error(diags, place, "unknown-key", "unknown key \"%s\" in step \"atraso\", did you mean \"template\"?", "tempalte");
    rg_diags_advise(diags, "see %d", 5);
    rg_diags_advise(diags, "only the first advice counts");
    rg_diags_warn(diags, (struct rg_place){.file = "policy.yaml"}, "unreadable", "cannot be read");
    assert_printed(diags, RG_DIAGS_PLAIN,
                   "internet.yaml:32:18: error: unknown key \"tempalte\" in step \"atraso\", did you mean \"template\"? "
                   "[unknown-key]\n"
                   "    atraso: { día, tempalte: atraso }\n"
                   "                   ^~~~~~~~\n"
                   "  = see 5\n"
                   "policy.yaml: warning: cannot be read [unreadable]\n");
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, PRINTED_MAX);
    rg_diags_first(diags, &out);
    assert_non_null(strstr(rg_buf_cstr(&out), "did you mean \"template\"? [unknown-key]"));
    assert_null(strchr(rg_buf_cstr(&out), '\n'));
    rg_diags_free(&diags);
}

static void colour_comes_only_when_asked(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    rg_diags_error(diags, at("a.yaml", 1, 1, "x"), "syntax", "wrong");
    assert_printed(diags, RG_DIAGS_COLOUR,
                   "\033[1ma.yaml:1:1:\033[0m \033[1;31merror:\033[0m wrong [syntax]\n  x\n  \033[1;32m^\033[0m\n");
    assert_printed(diags, RG_DIAGS_PLAIN, "a.yaml:1:1: error: wrong [syntax]\n  x\n  ^\n");
    rg_diags_free(&diags);
}

static void findings_are_sorted_and_said_once(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    rg_diags_error(diags, at("b.yaml", 1, 1, NULL), "x", "five");
    rg_diags_error(diags, at("a.yaml", 10, 1, NULL), "x", "four");
    rg_diags_error(diags, at("a.yaml", 9, 2, NULL), "x", "three");
    rg_diags_error(diags, at("a.yaml", 9, 1, NULL), "x", "one");
    rg_diags_warn(diags, at("a.yaml", 9, 1, NULL), "x", "two");
    rg_diags_error(diags, at("a.yaml", 9, 1, NULL), "x", "one");
    rg_diags_advise(diags, "advice for a repetition goes nowhere");
    assert_int_equal(rg_diags_count(diags), 5);
    assert_int_equal(rg_diags_errors(diags), 4);
    assert_int_equal(rg_diags_warnings(diags), 1);
    static const char *const order[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < RG_COUNT(order); i++) {
        assert_string_equal(rg_diags_at(diags, i)->text, order[i]);
        assert_null(rg_diags_at(diags, i)->advice);
    }
    rg_diags_free(&diags);
}

static void twenty_are_shown_and_the_others_counted(void **state)
{
    (void)state;
    static const struct {
        int errors, warnings;
        const char *last;
    } rows[] = {
        {19, 1, NULL},
        {20, 1, "… and 1 more (20 errors, 1 warnings in all)\n"},
        {RG_DIAGS_MAX, 0, "… and 480 more (500 errors, 0 warnings in all)\n"},
        {RG_DIAGS_MAX + 7, 3, "… and 490 more (507 errors, 3 warnings in all)\n"},
    };
    for (size_t r = 0; r < RG_COUNT(rows); r++) {
        struct rg_diags *diags = rg_diags_new();
        for (int i = 0; i < rows[r].errors; i++) {
            rg_diags_error(diags, at("a.yaml", i + 1, 1, NULL), "x", "wrong");
            rg_diags_advise(diags, "never printed past the cap");
        }
        for (int i = 0; i < rows[r].warnings; i++)
            rg_diags_warn(diags, at("a.yaml", i + 1, 2, NULL), "x", "odd");
        assert_int_equal(rg_diags_errors(diags), rows[r].errors);
        assert_int_equal(rg_diags_full(diags), rows[r].errors + rows[r].warnings >= RG_DIAGS_MAX);
        struct rg_buf out RG_CLEANUP(rg_buf_done);
        rg_buf_init(&out, PRINTED_MAX);
        rg_diags_print(diags, RG_DIAGS_PLAIN, &out);
        const char *more = strstr(rg_buf_cstr(&out), "… and");
        if (rows[r].last == NULL)
            assert_null(more);
        else
            assert_string_equal(more, rows[r].last);
        rg_diags_free(&diags);
    }
}

/* Escapes, bidirectional overrides and broken bytes come from files that others wrote. */
static void nothing_harmful_reaches_the_terminal(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    rg_diags_error(diags, at("a\033[2J.yaml", 1, 4, "a:\t\033[31mé\xff\xe2\x80\xaez\xc2\x9b"), "x",
                   "un\033]0;title\007known \"\xc3\"\r\nkey\x7f");
    rg_diags_advise(diags, "b\bc");
    assert_printed(diags, RG_DIAGS_PLAIN,
                   "a?[2J.yaml:1:4: error: un?]0;title?known \"?\"? key? [x]\n  a: ?[31mé?" "?z?\n     ^\n  = b?c\n");
    rg_diags_free(&diags);
}

static void json_escapes_and_holds_all(void **state)
{
    (void)state;
    struct rg_diags *diags = rg_diags_new();
    rg_diags_error(diags, at("a\\b.yaml", 2, 3, "say \"hi\"\n"), "x", "a \"quoted\" \\ text\001");
    rg_diags_advise(diags, "do");
    rg_diags_warn(diags, (struct rg_place){.file = "z"}, "y", "odd");
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, PRINTED_MAX);
    rg_diags_json(diags, &out);
    assert_string_equal(rg_buf_cstr(&out),
                        "{\"errors\":1,\"warnings\":1,\"findings\":["
                        "{\"line\":2,\"column\":3,\"file\":\"a\\\\b.yaml\",\"severity\":\"error\",\"code\":\"x\","
                        "\"text\":\"a \\\"quoted\\\" \\\\ text?\",\"advice\":\"do\",\"source\":\"say \\\"hi\\\" \"},"
                        "{\"line\":0,\"column\":0,\"file\":\"z\",\"severity\":\"warning\",\"code\":\"y\",\"text\":\"odd\"}]}\n");
    rg_diags_free(&diags);
}

static void long_texts_and_lines_are_cut(void **state)
{
    (void)state;
    static const struct {
        size_t line, column;
        const char *first, *last; /* of the shown source */
        int caret;
    } rows[] = {
        {RG_DIAG_SOURCE_MAX, RG_DIAG_SOURCE_MAX, "é", "é", RG_DIAG_SOURCE_MAX},
        {RG_DIAG_SOURCE_MAX + 1, 10, "é", "é…", 10},
        {RG_DIAG_SOURCE_MAX + 1, RG_DIAG_SOURCE_MAX, "…é", "é", 81},
        {1000, 500, "…é", "é…", 81},
        {1000, 5000, "", "", 0},
    };
    for (size_t r = 0; r < RG_COUNT(rows); r++) {
        struct rg_buf line RG_CLEANUP(rg_buf_done);
        rg_buf_init(&line, PRINTED_MAX);
        for (size_t i = 0; i < rows[r].line; i++)
            rg_buf_adds(&line, "é");
        struct rg_diags *diags = rg_diags_new();
        struct rg_place place = at("a.yaml", 1, (int)rows[r].column, rg_buf_cstr(&line));
        place.width = 10000;
        rg_diags_error(diags, place, "x", "%s", rg_buf_cstr(&line));
        const struct rg_finding *f = rg_diags_at(diags, 0);
        assert_true(strlen(f->text) <= RG_DIAG_TEXT_MAX + strlen("…"));
        assert_true(rg_utf8_valid(rg_str(f->text)));
        assert_true(rg_utf8_valid(rg_str(f->source)));
        if (rows[r].caret > 0) {
            assert_int_equal(f->source_column, rows[r].caret);
            assert_memory_equal(f->source, rows[r].first, strlen(rows[r].first));
            assert_string_equal(f->source + strlen(f->source) - strlen(rows[r].last), rows[r].last);
        }
        assert_true(f->source_column + f->width <= RG_DIAG_SOURCE_MAX + 2 || f->width == 0);
        rg_diags_free(&diags);
    }
}

static void of_a_huge_line_nothing_is_shown(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        size_t n = RG_DIAG_LINE_MAX + over;
        char *line = rg_alloc(n + 1);
        memset(line, 'a', n);
        struct rg_diags *diags = rg_diags_new();
        rg_diags_error(diags, at("a.yaml", 1, 1, line), "x", "wrong");
        assert_int_equal(rg_diags_at(diags, 0)->source == NULL, over == 1);
        rg_diags_free(&diags);
        rg_free(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found_prints_nothing),
        cmocka_unit_test(the_layout_is_the_one_of_the_language),
        cmocka_unit_test(colour_comes_only_when_asked),
        cmocka_unit_test(findings_are_sorted_and_said_once),
        cmocka_unit_test(twenty_are_shown_and_the_others_counted),
        cmocka_unit_test(nothing_harmful_reaches_the_terminal),
        cmocka_unit_test(json_escapes_and_holds_all),
        cmocka_unit_test(long_texts_and_lines_are_cut),
        cmocka_unit_test(of_a_huge_line_nothing_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
