/* Errors: one line of valid UTF-8 whatever it quotes, and the right ones retryable. */
#include "base/core/error.h"

#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <string.h>

static void only_what_may_pass_is_retryable(void **state)
{
    (void)state;
    static const struct {
        int code;
        bool retryable;
    } rows[] = {
        {RG_EINVAL, false},  {RG_ENOTFOUND, false},   {RG_ELIMIT, false},   {RG_EIO, false},
        {RG_ETIMEOUT, true}, {RG_EUNREACHABLE, true}, {RG_EREFUSED, false}, {RG_EUNKNOWN, false}, {RG_EDENIED, true},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {.retryable = !rows[i].retryable};
        assert_int_equal(rg_fail(&err, rows[i].code, "step %d", 3), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(err.retryable, rows[i].retryable);
        assert_string_equal(err.text, "step 3");
        assert_int_equal(rg_fail(NULL, rows[i].code, "nobody listens"), rows[i].code);
    }
}

static void hostile_text_stays_one_clean_line(void **state)
{
    (void)state;
    static const struct {
        const char *quoted, *expected;
    } rows[] = {
        {"two\nlines\r\n", "two lines  "}, {"\x1b[31mred\x7f", " [31mred "}, {"tab\there", "tab here"},
        {"não há", "não há"}, {"latin1 \xe9 and lone \x80", "latin1 ? and lone ?"}, {"cut \xe2\x82", "cut ??"}, {"%s%n", "%s%n"},
        {"csi \xc2\x9b""2J", "csi  2J"}, {"\xc2\x80\xc2\x9f", "  "}, {"\xc2\xa0", "\xc2\xa0"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        (void)rg_fail(&err, RG_EINVAL, "%s", rows[i].quoted);
        assert_string_equal(err.text, rows[i].expected);
    }
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct rg_error err = {0};
    const size_t room = sizeof err.text - 1;
    char text[600];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 0, sizeof text);
        memset(text, 'x', shift);
        while (strlen(text) < 500)
            strcat(text, "😀");
        (void)rg_fail(&err, RG_EINVAL, "%s", text);
        assert_true(rg_utf8_valid(rg_str(err.text)));
        assert_true(strlen(err.text) > room - 4);
        assert_memory_equal(err.text, text, strlen(err.text));
    }
    memset(text, 0, sizeof text);
    memset(text, 'y', room);
    (void)rg_fail(&err, RG_EINVAL, "%s", text);
    assert_string_equal(err.text, text);
    text[room] = 'z';
    (void)rg_fail(&err, RG_EINVAL, "%s", text);
    assert_int_equal(strlen(err.text), room);
}

static void an_error_may_quote_itself(void **state)
{
    (void)state;
    struct rg_error err = {0};
    (void)rg_fail(&err, RG_ETIMEOUT, "no answer");
    (void)rg_fail(&err, RG_EIO, "ladder.yaml: %s", err.text);
    assert_string_equal(err.text, "ladder.yaml: no answer");
    assert_false(err.retryable);
}

static void fail_with_success(void *ctx)
{
    (void)ctx;
    (void)rg_fail(NULL, 0, "not an error");
}

static void success_is_no_error(void **state)
{
    (void)state;
    assert_true(rg_test_aborts(fail_with_success, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_pass_is_retryable),
        cmocka_unit_test(hostile_text_stays_one_clean_line),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(success_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
