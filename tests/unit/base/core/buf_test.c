/* Buffers: grow to their ceiling and not a byte past it, and say so. */
#include "base/core/buf.h"

#include "tests/unit/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void writes_are_kept_in_order(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, 1000);
    assert_string_equal(rg_buf_cstr(&buf), ""); /* before the first write, too */
    assert_int_equal(rg_buf_str(&buf).n, 0);
    assert_non_null(rg_buf_str(&buf).p);
    rg_buf_adds(&buf, "abc");
    rg_buf_addc(&buf, '-');
    rg_buf_add(&buf, "d\0e", 3);
    rg_buf_add_str(&buf, RG_STR("/fg"));
    rg_buf_add_str(&buf, (struct rg_str){NULL, 0});
    rg_buf_add(&buf, NULL, 0);
    rg_buf_addf(&buf, "%d%s", 42, "!");
    rg_buf_addf(&buf, "%s", "");
    assert_int_equal(buf.len, 13);
    assert_memory_equal(buf.data, "abc-d\0e/fg42!", 14);
    assert_false(buf.overflow);
}

static void the_ceiling_is_exact(void **state)
{
    (void)state;
    struct {
        size_t max, first, second, len;
        bool overflow;
    } rows[] = {
        {10, 10, 0, 10, false}, {10, 9, 1, 10, false}, {10, 9, 2, 9, true}, {10, 10, 1, 10, true}, {10, 11, 3, 3, true},
        {0, 0, 0, 0, false},    {0, 1, 0, 0, true},    {64, 63, 1, 64, false}, {64, 64, 1, 64, true}, {65, 64, 1, 65, false},
        {4096, 4096, 0, 4096, false},
    };
    char text[5000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_buf plain, printed;
        rg_buf_init(&plain, rows[i].max);
        rg_buf_add(&plain, text, rows[i].first);
        rg_buf_add(&plain, text, rows[i].second);
        assert_int_equal(plain.len, rows[i].len);
        assert_int_equal(plain.overflow, rows[i].overflow);
        rg_buf_init(&printed, rows[i].max);
        rg_buf_addf(&printed, "%.*s", (int)rows[i].first, text);
        rg_buf_addf(&printed, "%.*s", (int)rows[i].second, text);
        assert_int_equal(printed.len, rows[i].len);
        assert_int_equal(printed.overflow, rows[i].overflow);
        assert_int_equal(strlen(rg_buf_cstr(&printed)), rows[i].len);
        rg_buf_done(&plain);
        rg_buf_done(&printed);
    }
}

static void huge_writes_do_not_wrap(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, 100);
    rg_buf_adds(&buf, "abc");
    rg_buf_add(&buf, "x", SIZE_MAX);
    rg_buf_add(&buf, "x", SIZE_MAX - 3);
    assert_true(buf.overflow);
    assert_string_equal(rg_buf_cstr(&buf), "abc");
}

static void reset_forgets_and_keeps_the_memory(void **state)
{
    (void)state;
    struct rg_buf buf;
    rg_buf_init(&buf, 8);
    rg_buf_reset(&buf); /* nothing was ever written */
    rg_buf_adds(&buf, "12345678");
    rg_buf_addc(&buf, '9');
    assert_true(buf.overflow);
    char *kept = buf.data;
    rg_buf_reset(&buf);
    assert_false(buf.overflow);
    assert_string_equal(rg_buf_cstr(&buf), "");
    rg_buf_adds(&buf, "abcdefgh");
    assert_ptr_equal(buf.data, kept);
    rg_buf_done(&buf);
    assert_null(buf.data);
    rg_buf_done(&buf);
}

static void a_buffer_over_foreign_memory_stays_there(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 8, 64, 65};
    for (size_t i = 0; i < RG_COUNT(sizes); i++) {
        char *memory = malloc(sizes[i]); /* its end is the end of what may be written */
        assert_non_null(memory);
        struct rg_buf buf;
        rg_buf_over(&buf, memory, sizes[i]);
        assert_string_equal(rg_buf_cstr(&buf), "");
        for (size_t n = 0; n < sizes[i] - 1; n++)
            rg_buf_addf(&buf, "%c", 'x');
        assert_false(buf.overflow);
        rg_buf_addc(&buf, 'y');
        rg_buf_addf(&buf, "%d", 7);
        assert_true(buf.overflow);
        assert_int_equal(strlen(memory), sizes[i] - 1);
        assert_ptr_equal(buf.data, memory);
        rg_buf_reset(&buf);
        assert_false(buf.overflow);
        free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_kept_in_order),
        cmocka_unit_test(the_ceiling_is_exact),
        cmocka_unit_test(huge_writes_do_not_wrap),
        cmocka_unit_test(reset_forgets_and_keeps_the_memory),
        cmocka_unit_test(a_buffer_over_foreign_memory_stays_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
