/* References at their home shard: both ways, and whatever else Redis may hand us is refused whole. */
#include "daemon/shard/parking.h"

#include "tests/unit/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static struct rg_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)16 * 1024 * 1024);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static struct rg_str encoded(const struct rg_reference *reference)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, (size_t)1024 * 1024);
    rg_reference_encode(reference, &buf);
    assert_false(buf.overflow);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

static struct rg_reference decoded(struct rg_str bytes)
{
    struct rg_reference reference;
    struct rg_error err = {0};
    if (rg_reference_decode(bytes, arena, &reference, &err) < 0)
        fail_msg("%s", err.text);
    return reference;
}

static void nothing_stored_is_an_unknown_reference(void **state)
{
    (void)state;
    struct rg_reference reference = decoded((struct rg_str){0});
    assert_null(reference.debtor.p);
    assert_int_equal(reference.parked_count, 0);
}

static void a_debtor_comes_back(void **state)
{
    (void)state;
    static const struct rg_str debtors[] = {{"C-1", 3}, {"a\0b", 3}, {"", 0}, {"D", 1}};
    for (size_t i = 0; i < RG_COUNT(debtors); i++) {
        struct rg_reference reference = decoded(encoded(&(struct rg_reference){.debtor = debtors[i]}));
        assert_non_null(reference.debtor.p);
        assert_true(rg_str_eq(reference.debtor, debtors[i]));
        assert_int_equal(reference.parked_count, 0);
    }
}

static void parked_records_come_back_in_order(void **state)
{
    (void)state;
    struct rg_parked parked[70];
    for (size_t i = 0; i < RG_COUNT(parked); i++)
        parked[i] = (struct rg_parked){rg_arena_printf(arena, "asaas:0:1:%zu:0", i),
                                       i % 7 == 0 ? RG_STR("") : rg_arena_printf(arena, "{\"n\":%zu}", i)};
    struct rg_reference reference = decoded(encoded(&(struct rg_reference){.parked = parked, .parked_count = RG_COUNT(parked)}));
    assert_null(reference.debtor.p);
    assert_int_equal(reference.parked_count, RG_COUNT(parked));
    for (size_t i = 0; i < RG_COUNT(parked); i++) {
        assert_true(rg_str_eq(reference.parked[i].first, parked[i].first));
        assert_true(rg_str_eq(reference.parked[i].value, parked[i].value));
    }
    assert_int_equal(decoded(encoded(&(struct rg_reference){0})).parked_count, 0);
}

static void more_can_be_parked_behind_what_came_back(void **state)
{
    (void)state;
    struct rg_reference reference =
        decoded(encoded(&(struct rg_reference){.parked = (struct rg_parked[]){{RG_STR("a"), RG_STR("1")}}, .parked_count = 1}));
    *RG_PUSH(arena, reference.parked, reference.parked_count, reference.parked_cap) =
        (struct rg_parked){RG_STR("b"), RG_STR("2")};
    reference = decoded(encoded(&reference));
    assert_int_equal(reference.parked_count, 2);
    assert_true(rg_str_is(reference.parked[1].value, "2"));
}

/* Each cut of a good one either reads as fewer records, where it falls between two, or is refused. */
static void cuts_are_noticed(void **state)
{
    (void)state;
    struct rg_parked parked[] = {{RG_STR("first"), RG_STR("value")}, {RG_STR("f"), RG_STR("v")}};
    struct rg_str whole[] = {encoded(&(struct rg_reference){.parked = parked, .parked_count = 2}),
                             encoded(&(struct rg_reference){.debtor = RG_STR("C-1")})};
    size_t between = 2 + 4 + 5 + 4 + 5;
    for (size_t w = 0; w < RG_COUNT(whole); w++) {
        for (size_t n = 0; n < whole[w].n; n++) {
            char *exact = rg_alloc(n + 1);
            memcpy(exact, whole[w].p, n);
            struct rg_reference reference = {.parked_count = 77};
            struct rg_error err = {0};
            int rc = rg_reference_decode((struct rg_str){exact, n}, arena, &reference, &err);
            if (w == 0 && (n == 2 || n == between)) {
                assert_int_equal(rc, 0);
                assert_int_equal(reference.parked_count, n == 2 ? 0 : 1);
            } else {
                assert_int_equal(rc, RG_EINVAL);
                assert_int_equal(reference.parked_count, 77);
                assert_int_not_equal(err.text[0], '\0');
            }
            free(exact);
        }
    }
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    static const struct rg_str rows[] = {
        {"\2D\3\0\0\0C-1", 9}, {"\1X\3\0\0\0C-1", 9},         {"\0P", 2},
        {"\1D", 2},           {"\1D\377\377\377\377C-1", 9}, {"\1D\3\0\0\0C-1\1\0\0\0a\1\0\0\0b", 19},
        {"\1D\3\0\0\0C-1x", 10}, {"\1P\1\0\0\0a", 7},        {"\1P\1\0\0\0a\377\377\377\177", 11},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_reference reference;
        if (rg_reference_decode(rows[i], arena, &reference, NULL) != RG_EINVAL)
            fail_msg("row %zu", i);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_stored_is_an_unknown_reference), TEST(a_debtor_comes_back),     TEST(parked_records_come_back_in_order),
        TEST(more_can_be_parked_behind_what_came_back), TEST(cuts_are_noticed),      TEST(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
