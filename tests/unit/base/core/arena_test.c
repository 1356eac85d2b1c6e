/* Arenas: zeroed, aligned, bounded, reusable. */
#include "base/core/arena.h"

#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <stdalign.h>
#include <string.h>

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 100, 4096, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 100 * 1024};
    struct rg_arena *arena = rg_arena_new((size_t)1 << 20);
    char *before = NULL;
    for (size_t i = 0; i < RG_COUNT(sizes); i++) {
        char *p = rg_arena_alloc(arena, sizes[i]);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        assert_true(is_zero(p, sizes[i]));
        memset(p, 0xa5, sizes[i]);
        if (before != NULL)
            assert_true(before[0] == (char)0xa5); /* the neighbour is untouched */
        before = sizes[i] > 0 ? p : before;
    }
    rg_arena_free(&arena);
    assert_null(arena);
    rg_arena_free(&arena); /* accepts NULL */
}

static void a_reset_arena_gives_zeroed_memory_again(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new((size_t)1 << 20);
    rg_arena_reset(arena); /* nothing was ever taken */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            char *p = rg_arena_alloc(arena, 1000);
            assert_true(is_zero(p, 1000));
            memset(p, 0xff, 1000);
        }
        assert_true(rg_arena_used_bytes(arena) >= 50000);
        rg_arena_reset(arena);
        assert_int_equal(rg_arena_used_bytes(arena), 0);
    }
    rg_arena_free(&arena);
}

static void copies_end_in_a_nul_that_is_not_counted(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(4096);
    const char raw[] = {'a', '\0', 'b'};
    struct rg_str copy = rg_arena_str(arena, (struct rg_str){raw, sizeof raw});
    assert_int_equal(copy.n, 3);
    assert_memory_equal(copy.p, "a\0b", 4);
    assert_ptr_not_equal(copy.p, raw);

    struct rg_str empty = rg_arena_str(arena, RG_STR(""));
    assert_non_null(empty.p);
    assert_int_equal(empty.n, 0);
    assert_int_equal(empty.p[0], '\0');

    struct rg_str absent = rg_arena_str(arena, (struct rg_str){NULL, 0});
    assert_null(absent.p);

    assert_string_equal(rg_arena_strdup(arena, "régua"), "régua");
    struct rg_str printed = rg_arena_printf(arena, "%s-%d", "step", 7);
    assert_int_equal(printed.n, 6);
    assert_string_equal(printed.p, "step-7");
    assert_int_equal(rg_arena_printf(arena, "%s", "").n, 0);
    rg_arena_free(&arena);
}

static void a_vector_grows_and_keeps_its_elements(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new((size_t)1 << 20);
    struct pair {
        int a, b;
    } *items = NULL;
    size_t count = 0, capacity = 0;
    for (int i = 0; i < 1000; i++) {
        struct pair *p = RG_PUSH(arena, items, count, capacity);
        assert_int_equal(p->a, 0);
        assert_int_equal(p->b, 0);
        p->a = i;
        p->b = -i;
    }
    assert_int_equal(count, 1000);
    assert_true(capacity >= count);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(items[i].a, i);
        assert_int_equal(items[i].b, -i);
    }
    int *numbers = RG_NEW(arena, int, 3);
    assert_int_equal(numbers[0] + numbers[1] + numbers[2], 0);

    count -= 2; /* shortened by its owner: what is added again is new, not what stood there */
    struct pair *p = RG_PUSH(arena, items, count, capacity);
    assert_int_equal(p->a, 0);
    assert_int_equal(p->b, 0);
    assert_int_equal(items[997].a, 997);
    rg_arena_free(&arena);
}

static void take(void *bytes)
{
    struct rg_arena *arena = rg_arena_new(1024);
    for (int i = 0; i < 4; i++)
        (void)rg_arena_alloc(arena, *(size_t *)bytes);
}

static void take_too_many(void *count)
{
    struct rg_arena *arena = rg_arena_new(1024);
    (void)RG_NEW(arena, int64_t, *(size_t *)count);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct {
        size_t bytes; /* taken four times of 1024 */
        bool aborts;
    } rows[] = {{0, false},   {16, false},  {255, false},     {256, false},        {257, true},
                {1024, true}, {1025, true}, {SIZE_MAX, true}, {SIZE_MAX - 8, true}};
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_int_equal(rg_test_aborts(take, &rows[i].bytes), rows[i].aborts);
    size_t fits = 128, over = 129, wraps = SIZE_MAX / 8 + 2; /* times eight: past the end of size_t, eight again */
    assert_false(rg_test_aborts(take_too_many, &fits));
    assert_true(rg_test_aborts(take_too_many, &over));
    assert_true(rg_test_aborts(take_too_many, &wraps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(a_reset_arena_gives_zeroed_memory_again),
        cmocka_unit_test(copies_end_in_a_nul_that_is_not_counted),
        cmocka_unit_test(a_vector_grows_and_keeps_its_elements),
        cmocka_unit_test(the_ceiling_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
