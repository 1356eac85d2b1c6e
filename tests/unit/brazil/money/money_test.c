/* Decimals, amounts and exact fractions, at each limit and one beyond it. */
#include "brazil/money/money.h"

#include "tests/unit/support/cmocka.h"

static void test_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t units;
        int scale;
    } ROWS[] = {
        {"0", 0, 0},       {"2", 2, 0},         {"2.50", 250, 2}, {"0.033", 33, 3}, {"0.000000001", 1, 9}, {"007", 7, 0},
        {"999999999999999999", 999999999999999999, 0}, {"999999999.999999999", 999999999999999999, 9},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_decimal value;
        assert_int_equal(rg_decimal_parse(rg_str(ROWS[i].text), &value, NULL), 0);
        assert_int_equal(value.units, ROWS[i].units);
        assert_int_equal(value.scale, ROWS[i].scale);
    }
}

static void test_no_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } ROWS[] = {
        {"", RG_EINVAL}, {".", RG_EINVAL}, {"2.", RG_EINVAL}, {".5", RG_EINVAL}, {"-1", RG_EINVAL}, {"+1", RG_EINVAL},
        {"1e3", RG_EINVAL},
        {" 1", RG_EINVAL}, {"1 ", RG_EINVAL}, {"1.2.3", RG_EINVAL}, {"1,5", RG_EINVAL}, {"NaN", RG_EINVAL}, {"0x1", RG_EINVAL},
        {"1_000", RG_EINVAL}, {"\u0661", RG_EINVAL}, {"0.0000000001", RG_ELIMIT}, {"1000000000000000000", RG_ELIMIT},
        {"9999999999.999999999", RG_ELIMIT}, {"00000000000000000000000000000000000000000000000", RG_ELIMIT},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_decimal value = {7, 7};
        struct rg_error err = {0};
        assert_int_equal(rg_decimal_parse(rg_str(ROWS[i].text), &value, &err), ROWS[i].rc);
        assert_true(value.units == 7 && value.scale == 7);
        assert_true(err.text[0] != '\0');
    }
    struct rg_decimal value;
    assert_int_equal(rg_decimal_parse((struct rg_str){NULL, 0}, &value, NULL), RG_EINVAL);
}

static void test_decimals_compare(void **state)
{
    (void)state;
    assert_int_equal(rg_decimal_cmp((struct rg_decimal){2, 0}, (struct rg_decimal){200, 2}), 0);
    assert_int_equal(rg_decimal_cmp((struct rg_decimal){200000001, 8}, (struct rg_decimal){2, 0}), 1);
    assert_int_equal(rg_decimal_cmp((struct rg_decimal){199999999, 8}, (struct rg_decimal){2, 0}), -1);
    assert_int_equal(rg_decimal_cmp((struct rg_decimal){INT64_MAX, 0}, (struct rg_decimal){INT64_MAX, 9}), 1);
}

static void test_amounts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        int64_t cents;
    } ROWS[] = {
        {"20.00", 0, 2000}, {"20", 0, 2000}, {"20.5", 0, 2050}, {"0", 0, 0}, {"0.01", 0, 1}, {"10000000000", 0, RG_CENTS_MAX},
        {"10000000000.00", 0, RG_CENTS_MAX}, {"10000000000.01", RG_ELIMIT, 7}, {"999999999999999999", RG_ELIMIT, 7},
        {"20.000", RG_EINVAL, 7}, {"20,00", RG_EINVAL, 7}, {"1.234,56", RG_EINVAL, 7}, {"R$ 20", RG_EINVAL, 7},
        {"-1.00", RG_EINVAL, 7},
        {"", RG_EINVAL, 7},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        int64_t cents = 7;
        assert_int_equal(rg_cents_parse(rg_str(ROWS[i].text), &cents, NULL), ROWS[i].rc);
        assert_int_equal(cents, ROWS[i].cents);
    }
}

static void test_rounding(void **state)
{
    (void)state;
    static const struct {
        int64_t num, den, half_up, half_even, truncated;
    } ROWS[] = {
        {5, 2, 3, 2, 2},    {7, 2, 4, 4, 3},    {1, 2, 1, 0, 0},     {499, 1000, 0, 0, 0},      {501, 1000, 1, 1, 0},
        {-5, 2, -3, -2, -2}, {-7, 2, -4, -4, -3}, {-1, 3, 0, 0, 0},  {-2, 3, -1, -1, 0},        {6, 3, 2, 2, 2},
        {0, 7, 0, 0, 0},    {INT64_MAX, 1, INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, 1, INT64_MIN, INT64_MIN, INT64_MIN},
        {INT64_MAX, INT64_MAX, 1, 1, 1}, {INT64_MAX - 1, INT64_MAX, 1, 1, 0},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_ratio r = rg_ratio_per(rg_ratio_of(ROWS[i].num), ROWS[i].den);
        int64_t value;
        assert_int_equal(rg_ratio_round(r, RG_ROUND_HALF_UP, &value, NULL), 0);
        assert_int_equal(value, ROWS[i].half_up);
        assert_int_equal(rg_ratio_round(r, RG_ROUND_HALF_EVEN, &value, NULL), 0);
        assert_int_equal(value, ROWS[i].half_even);
        assert_int_equal(rg_ratio_round(r, RG_ROUND_TRUNCATE, &value, NULL), 0);
        assert_int_equal(value, ROWS[i].truncated);
    }
}

static void test_overflow_is_remembered(void **state)
{
    (void)state;
    int64_t value = 7;
    struct rg_ratio two_64 = rg_ratio_times(rg_ratio_of(INT64_MAX), 4);
    assert_false(two_64.overflow);
    assert_int_equal(rg_ratio_round(two_64, RG_ROUND_TRUNCATE, &value, NULL), RG_ELIMIT);
    assert_int_equal(rg_ratio_round(rg_ratio_per(two_64, 4), RG_ROUND_TRUNCATE, &value, NULL), 0);
    assert_int_equal(value, INT64_MAX);
    value = 7;
    struct rg_ratio big = rg_ratio_times(rg_ratio_times(two_64, INT64_MAX), 4);
    assert_true(big.overflow);
    big = rg_ratio_per(rg_ratio_times(big, 0), 1); /* what comes later does not heal it */
    assert_int_equal(rg_ratio_round(big, RG_ROUND_TRUNCATE, &value, NULL), RG_ELIMIT);
    struct rg_ratio deep = rg_ratio_per(rg_ratio_per(rg_ratio_per(rg_ratio_of(1), INT64_MAX), INT64_MAX), 3);
    assert_int_equal(rg_ratio_round(deep, RG_ROUND_HALF_UP, &value, NULL), RG_ELIMIT);
    assert_int_equal(value, 7);
    /* The largest denominator: doubling a rest would overflow, comparing it does not. */
    struct rg_ratio edge = {((__int128)1 << 126) + 1, ((__int128)1 << 126) - 1 + ((__int128)1 << 126), false};
    assert_int_equal(rg_ratio_round(edge, RG_ROUND_HALF_UP, &value, NULL), 0);
    assert_int_equal(value, 1);
}

static void test_percent(void **state)
{
    (void)state;
    int64_t value;
    struct rg_ratio two_percent = rg_ratio_percent(rg_ratio_of(10025), (struct rg_decimal){2, 0});
    assert_int_equal(rg_ratio_round(two_percent, RG_ROUND_HALF_UP, &value, NULL), 0);
    assert_int_equal(value, 201);
    struct rg_ratio five_days = rg_ratio_times(rg_ratio_percent(rg_ratio_of(100000), (struct rg_decimal){333, 4}), 5);
    assert_int_equal(rg_ratio_round(five_days, RG_ROUND_HALF_UP, &value, NULL), 0);
    assert_int_equal(value, 167); /* 166.5 */
    assert_int_equal(rg_ratio_round(five_days, RG_ROUND_HALF_EVEN, &value, NULL), 0);
    assert_int_equal(value, 166);
    struct rg_ratio widest = rg_ratio_percent(rg_ratio_of(RG_CENTS_MAX), (struct rg_decimal){999999999999999999, 9});
    assert_int_equal(rg_ratio_round(rg_ratio_times(widest, 110000), RG_ROUND_HALF_UP, &value, NULL), RG_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),  cmocka_unit_test(test_no_decimals), cmocka_unit_test(test_decimals_compare),
        cmocka_unit_test(test_amounts),   cmocka_unit_test(test_rounding),    cmocka_unit_test(test_overflow_is_remembered),
        cmocka_unit_test(test_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
