/* Slices, integers, UTF-8, allocation. */
#include "base/core/core.h"

#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static void slices_compare_by_bytes(void **state)
{
    (void)state;
    struct {
        struct rg_str a, b;
        int order;
    } rows[] = {
        {RG_STR(""), RG_STR(""), 0},        {RG_STR(""), {NULL, 0}, 0},       {{NULL, 0}, {NULL, 0}, 0},
        {RG_STR("a"), RG_STR("a"), 0},      {RG_STR("a"), RG_STR("b"), -1},   {RG_STR("a"), RG_STR("ab"), -1},
        {RG_STR("b"), RG_STR("ab"), 1},     {RG_STR("a"), {NULL, 0}, 1},      {RG_STR("a\0b"), RG_STR("a\0c"), -1},
        {RG_STR("\xff"), RG_STR("\x01"), 1}, {RG_STR("A"), RG_STR("a"), -1},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int forth = rg_str_cmp(rows[i].a, rows[i].b), back = rg_str_cmp(rows[i].b, rows[i].a);
        assert_int_equal((forth > 0) - (forth < 0), rows[i].order);
        assert_int_equal((back > 0) - (back < 0), -rows[i].order);
        assert_int_equal(rg_str_eq(rows[i].a, rows[i].b), rows[i].order == 0);
    }
    assert_true(rg_str_is(RG_STR("pix"), "pix"));
    assert_false(rg_str_is(RG_STR("pix"), "pi"));
    assert_false(rg_str_is(RG_STR("pi"), "pix"));
    assert_false(rg_str_is(RG_STR("a\0b"), "a"));
    assert_true(rg_str_has(RG_STR("a")));
    assert_false(rg_str_has(RG_STR("")));
    assert_false(rg_str_has(rg_str(NULL)));
    assert_null(rg_str(NULL).p);
    assert_int_equal(rg_str("abc").n, 3);
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"007", 7}, {"1234567890123", INT64_C(1234567890123)},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}, {"-9223372036854775807", -INT64_MAX},
    };
    static const char *const bad[] = {
        "", "-", "+", "+1", "--1", " 1", "1 ", "1.0", "1e3", "0x10", "1_000", "1,000", "١", "a", "1a", "-a", "\n1",
        "9223372036854775808", "-9223372036854775809", "18446744073709551616",
        "99999999999999999999999", "-99999999999999999999999",
    };
    for (size_t i = 0; i < RG_COUNT(good); i++) {
        int64_t value = -1;
        assert_true(rg_str_to_i64(rg_str(good[i].text), &value));
        assert_int_equal(value, good[i].value);
        char memory[RG_I64_TEXT_MAX], expected[32];
        (void)snprintf(expected, sizeof expected, "%lld", (long long)value);
        assert_true(rg_str_is(rg_i64_to_str(value, memory), expected));
    }
    for (size_t i = 0; i < RG_COUNT(bad); i++) {
        int64_t value = 4711;
        assert_false(rg_str_to_i64(rg_str(bad[i]), &value));
        assert_int_equal(value, 4711); /* untouched */
    }
    int64_t value = 4711;
    assert_false(rg_str_to_i64((struct rg_str){"1\0", 2}, &value));
    assert_false(rg_str_to_i64((struct rg_str){NULL, 0}, &value));
    assert_int_equal(value, 4711);
}

static void every_character_is_written_as_it_is_read(void **state)
{
    (void)state;
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char text[4];
        size_t n = rg_utf8_put(text, point);
        bool surrogate = point >= 0xd800 && point <= 0xdfff; /* the caller's to refuse */
        assert_int_equal(rg_utf8_next((struct rg_str){text, n}), surrogate ? 0 : n);
        uint32_t back = (uint8_t)text[0] & lead_bits[n];
        for (size_t i = 1; i < n; i++)
            back = back << 6 | ((uint8_t)text[i] & 0x3f);
        assert_int_equal(back, point);
        bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        assert_int_equal(rg_control_next((struct rg_str){text, n}), control ? n : 0);
    }
    struct rg_str letters = RG_STR("aé€😀b\xff"); /* 1, 2, 3, 4, 1 bytes and one that is none */
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t max = 0; max < RG_COUNT(ends); max++)
        assert_int_equal(rg_utf8_cut(letters, max).n, ends[max]);
    assert_int_equal(rg_control_next((struct rg_str){"\xc2\x80", 1}), 0); /* cut: not read past the end */
    assert_int_equal(rg_control_next(rg_str(NULL)), 0);
    assert_true(rg_str_has_controls(RG_STR("ab\xc2\x85")));
    assert_true(rg_str_has_controls(RG_STR("a\0b")));
    assert_false(rg_str_has_controls(RG_STR("não há \xc2\xa0")));
    assert_false(rg_str_has_controls(rg_str(NULL)));
}

static void utf8_is_checked_to_the_last_bit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t first; /* bytes of the first character, 0: not valid */
    } rows[] = {
        {"a", 1}, {"\x7f", 1}, {"\xc2\x80", 2}, {"\xdf\xbf", 2}, {"\xe0\xa0\x80", 3}, {"\xed\x9f\xbf", 3}, {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3}, {"\xf0\x90\x80\x80", 4}, {"\xf4\x8f\xbf\xbf", 4}, {"é", 2}, {"😀", 4},
        {"\x80", 0}, {"\xbf", 0}, {"\xc0\x80", 0}, {"\xc1\xbf", 0}, {"\xc2", 0}, {"\xc2\x41", 0}, {"\xc2\xc2", 0},
        {"\xe0\x80\x80", 0}, {"\xe0\x9f\xbf", 0}, {"\xe1\x80", 0}, {"\xe1\x80\x41", 0}, {"\xed\xa0\x80", 0}, {"\xed\xbf\xbf", 0},
        {"\xf0\x80\x80\x80", 0}, {"\xf0\x8f\xbf\xbf", 0}, {"\xf0\x90\x80", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0},
        {"\xf8\x88\x80\x80\x80", 0}, {"\xfe", 0}, {"\xff", 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str text = rg_str(rows[i].text);
        assert_int_equal(rg_utf8_next(text), rows[i].first);
        assert_int_equal(rg_utf8_valid(text), rows[i].first > 0);
        char behind[16] = "abc";
        strcat(behind, rows[i].text);
        assert_int_equal(rg_utf8_valid(rg_str(behind)), rows[i].first > 0);
    }
    assert_true(rg_utf8_valid(RG_STR("")));
    assert_true(rg_utf8_valid(RG_STR("a\0b")));
    assert_true(rg_utf8_valid(rg_str(NULL)));
    assert_int_equal(rg_utf8_next(RG_STR("")), 0);
    assert_true(rg_utf8_valid(RG_STR("Não há dívida: R$ 1.234,56 → paga ✓")));
    /* A sequence that is whole in memory and cut by its length must not be read past it. */
    assert_int_equal(rg_utf8_next((struct rg_str){"\xe2\x82\xac", 2}), 0);
}

static void allocation_is_zeroed(void **state)
{
    (void)state;
    char *p = rg_alloc(1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    memset(p, 'x', 1000);
    p = rg_realloc(p, 100, 20);
    assert_int_equal(p[999], 'x');
    rg_free(&p);
    assert_null(p);
    rg_free(&p);
    p = rg_alloc(0);
    rg_free(&p);
    p = rg_strdup("abc");
    assert_string_equal(p, "abc");
    rg_free(&p);
}

static void assert_false_thing(void *ctx)
{
    rg_assert(ctx != NULL);
}

static void reallocate_past_size_t(void *ctx)
{
    (void)ctx;
    volatile size_t half = SIZE_MAX / 2; /* volatile: the compiler would see through it and warn */
    free(rg_realloc(NULL, half, 3));
}

static void our_own_bugs_abort(void **state)
{
    (void)state;
    int something = 0;
    assert_false(rg_test_aborts(assert_false_thing, &something));
    assert_true(rg_test_aborts(assert_false_thing, NULL));
    assert_true(rg_test_aborts(reallocate_past_size_t, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_bytes),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(every_character_is_written_as_it_is_read),
        cmocka_unit_test(utf8_is_checked_to_the_last_bit),
        cmocka_unit_test(allocation_is_zeroed),
        cmocka_unit_test(our_own_bugs_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
