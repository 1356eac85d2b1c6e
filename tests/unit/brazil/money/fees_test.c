/* Late fees and discounts: published examples where they follow exact arithmetic, computed ones everywhere else. */
#include "brazil/money/fees.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static rg_day day_of(const char *text)
{
    rg_day day;
    assert_true(rg_day_parse(rg_str(text), &day));
    return day;
}

static struct rg_decimal dec(const char *text)
{
    struct rg_decimal value;
    assert_int_equal(rg_decimal_parse(rg_str(text), &value, NULL), 0);
    return value;
}

static struct rg_fee_terms usual(enum rg_rounding rounding)
{
    return (struct rg_fee_terms){
        .fine_percent = dec("2"), .interest_percent_month = dec("1"), .base = 30, .rounding = rounding, .consumer = true};
}

static void assert_fees(const struct rg_fee_terms *terms, int64_t principal, rg_day due, rg_day paid, int64_t fine,
                        int64_t interest)
{
    struct rg_fees fees;
    struct rg_error err = {0};
    assert_int_equal(rg_late_fees(terms, principal, due, paid, &fees, &err), 0);
    assert_int_equal(fees.fine_cents, fine);
    assert_int_equal(fees.interest_cents, interest);
    assert_int_equal(fees.total_cents, principal + fine + interest);
}

static void test_roundings(void **state)
{
    (void)state;
    static const struct {
        int64_t principal;
        int days;
        int64_t fine_up, interest_up, fine_even, interest_even, fine_cut, interest_cut;
    } ROWS[] = {
        {10000, 5, 200, 17, 200, 17, 200, 16},       {100000, 5, 2000, 167, 2000, 167, 2000, 166},
        {8990, 3, 180, 9, 180, 9, 179, 8},           {99, 1, 2, 0, 2, 0, 1, 0},
        {250000, 31, 5000, 2583, 5000, 2583, 5000, 2583}, {10000, 10, 200, 33, 200, 33, 200, 33},
        {10025, 1, 201, 3, 200, 3, 200, 3},          {25, 1, 1, 0, 0, 0, 0, 0},
        {1500, 1, 30, 1, 30, 0, 30, 0},              {0, 1, 0, 0, 0, 0, 0, 0},
    };
    rg_day due = day_of("2026-11-09"); /* a Monday and a bank day */
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_fee_terms up = usual(RG_ROUND_HALF_UP), even = usual(RG_ROUND_HALF_EVEN), cut = usual(RG_ROUND_TRUNCATE);
        rg_day paid = due + ROWS[i].days;
        assert_fees(&up, ROWS[i].principal, due, paid, ROWS[i].fine_up, ROWS[i].interest_up);
        assert_fees(&even, ROWS[i].principal, due, paid, ROWS[i].fine_even, ROWS[i].interest_even);
        assert_fees(&cut, ROWS[i].principal, due, paid, ROWS[i].fine_cut, ROWS[i].interest_cut);
    }
}

static void test_due_on_a_free_day(void **state)
{
    (void)state;
    static const struct {
        const char *due, *paid;
        bool year_end;
        int64_t fine, from_original, from_postponed;
    } ROWS[] = {
        {"2026-11-09", "2026-11-09", false, 0, 0, 0},     {"2026-11-09", "2026-10-01", false, 0, 0, 0},
        {"2026-11-09", "2026-11-10", false, 2000, 33, 33}, {"2026-11-15", "2026-11-16", false, 0, 0, 0},
        {"2026-11-15", "2026-11-17", false, 2000, 67, 33}, {"2026-10-10", "2026-10-13", false, 0, 0, 0},
        {"2026-10-10", "2026-10-14", false, 2000, 133, 33}, {"2025-04-18", "2025-04-22", false, 0, 0, 0},
        {"2025-04-18", "2025-04-23", false, 2000, 167, 33}, {"2026-12-31", "2027-01-04", true, 0, 0, 0},
        {"2026-12-31", "2027-01-04", false, 2000, 133, 133}, {"2026-12-31", "2027-01-05", true, 2000, 167, 33},
        {"2199-12-31", "2199-12-31", true, 0, 0, 0},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_fee_terms terms = usual(RG_ROUND_HALF_UP);
        terms.last_bank_day_of_year = ROWS[i].year_end;
        rg_day due = day_of(ROWS[i].due), paid = day_of(ROWS[i].paid);
        assert_fees(&terms, 100000, due, paid, ROWS[i].fine, ROWS[i].from_original);
        terms.start = RG_FEE_START_POSTPONED;
        assert_fees(&terms, 100000, due, paid, ROWS[i].fine, ROWS[i].from_postponed);
    }
}

static void test_other_terms(void **state)
{
    (void)state;
    /* Bacen's cobv example: 15 % and 2 % a day between companies. Due on the year's last bank day, paid on 4 January. */
    struct rg_fee_terms cobv = {
        .fine_percent = dec("15"), .interest_percent_month = dec("60"), .base = 30, .rounding = RG_ROUND_HALF_UP};
    assert_fees(&cobv, 12345, day_of("2020-12-31"), day_of("2020-12-31"), 0, 0);
    assert_fees(&cobv, 12345, day_of("2020-12-31"), day_of("2021-01-04"), 1852, 988);
    /* And its other one: 3 % and 1 % a day over two days. */
    struct rg_fee_terms other = {
        .fine_percent = dec("3"), .interest_percent_month = dec("30"), .base = 30, .rounding = RG_ROUND_HALF_UP};
    assert_fees(&other, 10000, day_of("2026-11-09"), day_of("2026-11-11"), 300, 200);
    /* Twelve months over 365 days: 1000.00 at 12 % a year for 73 days is a fifth of 120.00. */
    struct rg_fee_terms yearly = usual(RG_ROUND_HALF_UP);
    yearly.base = 365;
    assert_fees(&yearly, 100000, day_of("2026-03-02"), day_of("2026-05-14"), 2000, 2400);
    /* Free of both. */
    struct rg_fee_terms none = {.base = 30};
    assert_fees(&none, 100000, day_of("2026-11-09"), day_of("2027-11-09"), 0, 0);
    /* Nine decimals count: 0.000000001 % a month of the largest amount in 30 days is 10 cents. */
    struct rg_fee_terms fine_grained = {.interest_percent_month = dec("0.000000001"), .base = 30};
    assert_fees(&fine_grained, RG_CENTS_MAX, day_of("2026-11-09"), day_of("2026-12-09"), 0, 10);
}

static void test_law(void **state)
{
    (void)state;
    static const struct {
        const char *fine, *interest;
        int base;
        bool consumer;
        int rc;
    } ROWS[] = {
        {"2", "1", 30, true, 0},          {"2.000000000", "1", 365, true, 0},  {"2.000000001", "1", 30, true, RG_EREFUSED},
        {"10", "1", 30, true, RG_EREFUSED}, {"10", "1", 30, false, 0},         {"99.99", "100", 30, false, 0},
        {"100", "1", 30, false, RG_EINVAL}, {"2", "100.01", 30, false, RG_EINVAL}, {"2", "1", 0, true, RG_EINVAL},
        {"2", "1", 31, true, RG_EINVAL},  {"2", "1", 360, true, RG_EINVAL},    {"2", "1", -30, true, RG_EINVAL},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_fee_terms terms = {.fine_percent = dec(ROWS[i].fine), .interest_percent_month = dec(ROWS[i].interest),
                                     .base = ROWS[i].base, .consumer = ROWS[i].consumer};
        struct rg_error err = {0};
        struct rg_fees fees = {7, 7, 7};
        assert_int_equal(rg_fee_terms_check(&terms, &err), ROWS[i].rc);
        assert_int_equal(strncmp(err.text, "fine-above-law", 14) == 0, ROWS[i].rc == RG_EREFUSED);
        /* The law binds even where nothing would be charged. */
        int rc = rg_late_fees(&terms, 10000, day_of("2026-11-09"), day_of("2026-11-01"), &fees, NULL);
        assert_int_equal(rc, ROWS[i].rc);
        assert_int_equal(fees.total_cents, rc == 0 ? 10000 : 7);
    }
}

static void test_terms_not_given(void **state)
{
    (void)state;
    const struct rg_decimal absent = {-1, 0};
    struct rg_fee_terms no_fine = {.fine_percent = absent, .base = 30}, no_interest = {.interest_percent_month = absent, .base = 30};
    assert_int_equal(rg_fee_terms_check(&no_fine, NULL), RG_EINVAL);
    assert_int_equal(rg_fee_terms_check(&no_interest, NULL), RG_EINVAL);
}

static void test_hostile_numbers(void **state)
{
    (void)state;
    struct rg_fee_terms dear = {.fine_percent = dec("99.999999999"), .interest_percent_month = dec("100"), .base = 365};
    struct rg_fees fees = {7, 7, 7};
    rg_day due = day_of("1900-01-02"), paid = day_of("2199-12-31");
    assert_int_equal(rg_late_fees(&dear, RG_CENTS_MAX, due, paid, &fees, NULL), RG_ELIMIT);
    assert_int_equal(rg_late_fees(&dear, RG_CENTS_MAX + 1, due, paid, &fees, NULL), RG_EINVAL);
    assert_int_equal(rg_late_fees(&dear, -1, due, paid, &fees, NULL), RG_EINVAL);
    assert_int_equal(rg_late_fees(&dear, INT64_MIN, due, paid, &fees, NULL), RG_EINVAL);
    assert_int_equal(rg_late_fees(&dear, 100, RG_DAY_NONE, paid, &fees, NULL), RG_EINVAL);
    assert_int_equal(rg_late_fees(&dear, 100, due, RG_DAY_NONE, &fees, NULL), RG_EINVAL);
    assert_int_equal(rg_late_fees(&dear, 100, due, paid + 1, &fees, NULL), RG_EINVAL);
    assert_int_equal(fees.total_cents, 7);
    assert_int_equal(rg_late_fees(&dear, 100, due, paid, &fees, NULL), 0);
    /* The largest interest that passes, and one cent of principal more. */
    struct rg_fee_terms hundred = {.interest_percent_month = dec("100"), .base = 30};
    due = day_of("2026-11-09");
    assert_int_equal(rg_late_fees(&hundred, RG_CENTS_MAX, due, due + 30, &fees, NULL), 0);
    assert_int_equal(fees.total_cents, 2 * RG_CENTS_MAX);
    assert_int_equal(rg_late_fees(&hundred, RG_CENTS_MAX, due, due + 31, &fees, NULL), RG_ELIMIT);
}

static void test_discounts(void **state)
{
    (void)state;
    const struct rg_discount tiers[] = {
        {.by_percent = true, .percent = dec("10"), .until = day_of("2026-11-10")},
        {.amount_cents = 1200, .until = day_of("2026-11-05")},
        {.by_percent = true, .percent = dec("2.5"), .until = day_of("2027-01-01")},
    };
    static const struct {
        const char *day;
        int64_t cents;
    } ROWS[] = {
        {"2026-10-01", 1200}, {"2026-11-05", 1200}, {"2026-11-06", 1000}, {"2026-11-10", 1000},
        {"2026-11-11", 250},  {"2026-11-19", 250},  {"2026-11-20", 0},    {"2027-01-01", 0},
    };
    rg_day due = day_of("2026-11-19");
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        assert_int_equal(rg_discount_best(tiers, RG_COUNT(tiers), 10000, due, day_of(ROWS[i].day), RG_ROUND_HALF_UP),
                         ROWS[i].cents);
    assert_int_equal(rg_discount_best(NULL, 0, 10000, due, due, RG_ROUND_HALF_UP), 0);
    assert_int_equal(rg_discount_best(&tiers[2], 1, 20, due, due, RG_ROUND_HALF_UP), 1); /* 0.5 */
    assert_int_equal(rg_discount_best(&tiers[2], 1, 20, due, due, RG_ROUND_HALF_EVEN), 0);
    /* Bacen's cobv example: 30.00 off 123.45 until 30 November. */
    const struct rg_discount cobv = {.amount_cents = 3000, .until = day_of("2020-11-30")};
    assert_int_equal(rg_discount_best(&cobv, 1, 12345, day_of("2020-12-31"), day_of("2020-11-30"), RG_ROUND_HALF_UP), 3000);
    assert_int_equal(rg_discount_best(&cobv, 1, 12345, day_of("2020-12-31"), day_of("2020-12-31"), RG_ROUND_HALF_UP), 0);
}

/* Whoever may pay on the next bank day has the discount on it, and no day longer. */
static void test_discounts_end_on_bank_days(void **state)
{
    (void)state;
    static const struct {
        const char *until, *due, *last;
    } ROWS[] = {
        {"2026-11-10", "2026-11-20", "2026-11-10"}, {"2026-11-15", "2026-11-30", "2026-11-16"}, /* a Sunday */
        {"2026-11-20", "2026-11-20", "2026-11-23"}, /* a holiday, and a weekend behind it */
        {"2026-12-25", "2026-11-21", "2026-11-23"}, /* ends with the due date, a Saturday */
        {"2027-02-08", "2027-02-08", "2027-02-10"}, /* Carnival */
        {"2026-12-31", "2027-01-10", "2027-01-04"}, /* the year's last bank day */
        {"2026-11-30", "2026-11-30", "2026-11-30"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        const struct rg_discount tier = {.amount_cents = 700, .until = day_of(ROWS[i].until)};
        rg_day due = day_of(ROWS[i].due), last = day_of(ROWS[i].last);
        assert_int_equal(rg_discount_best(&tier, 1, 10000, due, last, RG_ROUND_HALF_UP), 700);
        assert_int_equal(rg_discount_best(&tier, 1, 10000, due, last + 1, RG_ROUND_HALF_UP), 0);
    }
}

/* Nobody gives a debt away for paying it early: the tier is ignored, the others hold. */
static void test_no_discounts(void **state)
{
    (void)state;
    rg_day until = day_of("2026-11-10");
    const struct rg_discount tiers[] = {
        {.by_percent = true, .percent = dec("100"), .until = until},
        {.amount_cents = 10000, .until = until},
        {.amount_cents = RG_CENTS_MAX, .until = until},
        {.by_percent = true, .percent = dec("5"), .until = until},
        {.amount_cents = 9999, .until = until},
    };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rg_discount_best(&tiers[i], 1, 10000, until, until, RG_ROUND_HALF_UP), 0);
    assert_int_equal(rg_discount_best(&tiers[1], 3, 10000, until, until, RG_ROUND_HALF_UP), 500);
    assert_int_equal(rg_discount_best(&tiers[4], 1, 10000, until, until, RG_ROUND_HALF_UP), 9999);
    assert_int_equal(rg_discount_best(&tiers[0], 1, 0, until, until, RG_ROUND_HALF_UP), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roundings), cmocka_unit_test(test_due_on_a_free_day), cmocka_unit_test(test_other_terms),
        cmocka_unit_test(test_law),       cmocka_unit_test(test_terms_not_given),   cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_discounts), cmocka_unit_test(test_discounts_end_on_bank_days), cmocka_unit_test(test_no_discounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
