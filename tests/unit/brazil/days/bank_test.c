/* Bank calendar 2025–2027 day by day against a written list, and counting at its edges. */
#include "brazil/days/bank.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static rg_day day_of(const char *text)
{
    rg_day day;
    assert_true(rg_day_parse(rg_str(text), &day));
    return day;
}

static void assert_day(rg_day day, const char *expected)
{
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(day, text);
    assert_string_equal(text, expected);
}

static const char *const NATIONAL[] = {
    "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-01", "2025-09-07", "2025-10-12", "2025-11-02", "2025-11-15",
    "2025-11-20", "2025-12-25", "2026-01-01", "2026-04-03", "2026-04-21", "2026-05-01", "2026-09-07", "2026-10-12",
    "2026-11-02", "2026-11-15", "2026-11-20", "2026-12-25", "2027-01-01", "2027-03-26", "2027-04-21", "2027-05-01",
    "2027-09-07", "2027-10-12", "2027-11-02", "2027-11-15", "2027-11-20", "2027-12-25",
};
static const char *const BANK_ONLY[] = {
    "2025-03-03", "2025-03-04", "2025-06-19", "2026-02-16", "2026-02-17", "2026-06-04", "2027-02-08", "2027-02-09", "2027-05-27",
};

static bool listed(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static void test_three_years_day_by_day(void **state)
{
    (void)state;
    for (rg_day day = day_of("2025-01-01"); day <= day_of("2027-12-31"); day++) {
        char text[RG_DAY_TEXT_MAX];
        rg_day_format(day, text);
        bool national = listed(text, NATIONAL, RG_COUNT(NATIONAL));
        bool bank_only = listed(text, BANK_ONLY, RG_COUNT(BANK_ONLY));
        assert_int_equal(rg_holiday_national(day) != NULL, national);
        assert_int_equal(rg_holiday_bank_only(day) != NULL, bank_only);
        assert_int_equal(rg_bank_day(day), !national && !bank_only && rg_day_weekday(day) < RG_SAT);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(rg_holiday_national(day_of("2026-04-03")), "Paixão de Cristo");
    assert_string_equal(rg_holiday_national(day_of("2026-12-25")), "Natal");
    assert_string_equal(rg_holiday_bank_only(day_of("2026-06-04")), "Corpus Christi");
    assert_null(rg_holiday_bank_only(day_of("2026-04-03")));
    assert_null(rg_holiday_national(day_of("2023-11-20"))); /* the law is of December 2023 */
    assert_non_null(rg_holiday_national(day_of("2024-11-20")));
    assert_true(rg_bank_day(day_of("2026-02-18"))); /* Ash Wednesday opens at noon and counts */
}

static void test_days_per_year(void **state)
{
    (void)state;
    assert_int_equal(rg_bank_count(day_of("2024-12-31"), day_of("2025-12-31")), 252);
    assert_int_equal(rg_bank_count(day_of("2025-12-31"), day_of("2026-12-31")), 249);
    assert_int_equal(rg_bank_count(day_of("2026-12-31"), day_of("2027-12-31")), 251);
}

static void test_add(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int n;
        const char *to;
    } ROWS[] = {
        /* Five bank days after clearing, and two in São Paulo. */
        {"2026-11-13", 5, "2026-11-23"}, {"2026-11-13", 2, "2026-11-17"}, {"2026-12-23", 5, "2026-12-31"},
        {"2026-12-23", 2, "2026-12-28"},
        /* From a free day the first bank day is number one; zero moves nothing. */
        {"2026-11-14", 1, "2026-11-16"}, {"2026-11-15", 1, "2026-11-16"}, {"2026-11-14", 0, "2026-11-14"},
        {"2026-11-16", -1, "2026-11-13"}, {"2026-11-15", -1, "2026-11-13"}, {"2026-02-13", 1, "2026-02-18"},
        {"2026-02-18", -1, "2026-02-13"}, {"2026-12-31", 1, "2027-01-04"},
        /* Off the edges. */
        {"2199-12-31", 1, "-"}, {"1900-01-02", -1, "-"}, {"2026-11-13", INT32_MAX, "-"}, {"2026-11-13", INT32_MIN, "-"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        assert_day(rg_bank_add(day_of(ROWS[i].from), ROWS[i].n), ROWS[i].to);
    assert_int_equal(rg_bank_add(RG_DAY_NONE, 3), RG_DAY_NONE);
    assert_int_equal(rg_bank_add(RG_DAY_NONE, 0), RG_DAY_NONE);
}

static void test_count_undoes_add(void **state)
{
    (void)state;
    for (rg_day from = day_of("2025-12-20"); from < day_of("2026-03-10"); from++) {
        for (int n = -40; n <= 40; n++)
            assert_int_equal(rg_bank_count(from, rg_bank_add(from, n)), n);
        assert_int_equal(rg_bank_count(from, from), 0);
    }
    assert_int_equal(rg_bank_count(RG_DAY_NONE, 0), 0);
    assert_int_equal(rg_bank_count(0, RG_DAY_NONE), 0);
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *day, *following, *preceding;
    } ROWS[] = {
        {"2026-11-13", "2026-11-13", "2026-11-13"}, {"2026-11-15", "2026-11-16", "2026-11-13"},
        {"2026-10-10", "2026-10-13", "2026-10-09"}, {"2025-04-18", "2025-04-22", "2025-04-17"},
        {"2026-02-14", "2026-02-18", "2026-02-13"}, {"1900-01-01", "1900-01-02", "-"},
        {"2199-12-31", "2199-12-31", "2199-12-31"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        assert_day(rg_bank_following(day_of(ROWS[i].day)), ROWS[i].following);
        assert_day(rg_bank_preceding(day_of(ROWS[i].day)), ROWS[i].preceding);
    }
    assert_int_equal(rg_bank_following(RG_DAY_NONE), RG_DAY_NONE);
    assert_int_equal(rg_bank_preceding(RG_DAY_NONE), RG_DAY_NONE);
    assert_false(rg_bank_day(RG_DAY_NONE));
}

static void test_payable(void **state)
{
    (void)state;
    static const struct {
        const char *due, *plain, *year_end;
    } ROWS[] = {
        {"2026-11-23", "2026-11-23", "2026-11-23"}, {"2026-11-15", "2026-11-16", "2026-11-16"},
        {"2026-12-31", "2026-12-31", "2027-01-04"}, {"2026-12-30", "2026-12-30", "2026-12-30"},
        {"2028-12-29", "2028-12-29", "2029-01-02"}, {"2028-12-30", "2029-01-02", "2029-01-02"},
        {"2029-12-30", "2029-12-31", "2030-01-02"}, /* a Sunday before the year's last bank day */
        {"2199-12-31", "2199-12-31", "-"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        assert_day(rg_bank_payable(day_of(ROWS[i].due), false), ROWS[i].plain);
        assert_day(rg_bank_payable(day_of(ROWS[i].due), true), ROWS[i].year_end);
    }
    assert_true(rg_bank_last_of_year(day_of("2026-12-31")));
    assert_true(rg_bank_last_of_year(day_of("2028-12-29")));
    assert_false(rg_bank_last_of_year(day_of("2026-12-30")));
    assert_false(rg_bank_last_of_year(day_of("2028-12-31")));
    assert_false(rg_bank_last_of_year(RG_DAY_NONE));
    assert_int_equal(rg_bank_payable(RG_DAY_NONE, true), RG_DAY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_years_day_by_day), cmocka_unit_test(test_names), cmocka_unit_test(test_days_per_year),
        cmocka_unit_test(test_add), cmocka_unit_test(test_count_undoes_add), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_payable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
