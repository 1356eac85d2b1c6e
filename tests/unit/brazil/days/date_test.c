/* Dates and instants: round trips over the whole range, and everything that is nearly a date. */
#include "brazil/days/date.h"

#include "tests/unit/support/cmocka.h"

static struct rg_str str(const char *text)
{
    return rg_str(text);
}

static void test_known_days(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        rg_day expected;
        enum rg_weekday weekday;
    } ROWS[] = {
        {1970, 1, 1, 0, RG_THU},     {1969, 12, 31, -1, RG_WED},  {2000, 2, 29, 11016, RG_TUE}, {2000, 3, 1, 11017, RG_WED},
        {2026, 11, 23, 20780, RG_MON}, {1900, 1, 1, -25567, RG_MON}, {2199, 12, 31, 84005, RG_TUE}, {1997, 10, 7, 10141, RG_TUE},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        assert_int_equal(rg_day_of(ROWS[i].year, ROWS[i].month, ROWS[i].day), ROWS[i].expected);
        assert_int_equal(rg_day_weekday(ROWS[i].expected), ROWS[i].weekday);
    }
}

static void test_every_day_comes_back(void **state)
{
    (void)state;
    rg_day first = rg_day_of(1900, 1, 1), last = rg_day_of(2199, 12, 31);
    assert_int_equal(last - first + 1, 109573);
    for (rg_day day = first; day <= last; day++) {
        int year, month, of_month;
        rg_day_civil(day, &year, &month, &of_month);
        assert_int_equal(rg_day_of(year, month, of_month), day);
        char text[RG_DAY_TEXT_MAX];
        rg_day back;
        rg_day_format(day, text);
        assert_true(rg_day_parse(str(text), &back));
        assert_int_equal(back, day);
    }
    assert_false(rg_day_known(first - 1));
    assert_false(rg_day_known(last + 1));
    assert_false(rg_day_known(RG_DAY_NONE));
}

static void test_days_beyond_the_range_can_be_taken_apart(void **state)
{
    (void)state;
    int year, month, of_month;
    rg_day_civil(rg_day_of(2199, 12, 31) + 1, &year, &month, &of_month);
    assert_true(year == 2200 && month == 1 && of_month == 1);
    rg_day_civil(INT32_MAX, &year, &month, &of_month);
    assert_int_equal(year, 5881580);
    rg_day_civil(INT32_MIN + 1, &year, &month, &of_month);
    assert_true(month >= 1 && month <= 12 && of_month >= 1 && of_month <= 31);
    rg_day_civil(-719162 - 1, &year, &month, &of_month); /* the day before year 1 */
    assert_true(year == 0 && month == 12 && of_month == 31);
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(INT32_MAX, text);
    assert_string_equal(text, "-");
    rg_day_format(RG_DAY_NONE, text);
    assert_string_equal(text, "-");
}

static void test_no_dates(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "2026", "2026-11-2", "2026-11-233", "2026/11/23", "2026-1-123", "26-11-2023", "2026-00-10", "2026-13-01",
        "2026-04-31",
        "2026-02-29", "2100-02-29", "1900-02-29", "2026-11-00", "2026-11-32", "1899-12-31", "2200-01-01", "+026-11-23",
        "2026-11- 3",
        " 026-11-23", "2026-11-2a", "2026\u201111-23", "0000-00-00", "2026-11-23T00:00:00Z",
    };
    for (size_t i = 0; i < RG_COUNT(BAD); i++) {
        rg_day day = 7;
        assert_false(rg_day_parse(str(BAD[i]), &day));
        assert_int_equal(day, 7);
    }
    rg_day day;
    assert_false(rg_day_parse((struct rg_str){NULL, 0}, &day));
    assert_int_equal(rg_day_of(2026, 0, 1), RG_DAY_NONE);
    assert_int_equal(rg_day_of(2026, 2, 29), RG_DAY_NONE);
    assert_int_equal(rg_day_of(2024, 2, 30), RG_DAY_NONE);
    assert_int_equal(rg_day_of(INT32_MIN, 1, 1), RG_DAY_NONE);
    assert_int_equal(rg_day_of(2026, 1, INT32_MIN), RG_DAY_NONE);
}

static void test_years_later(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int years;
        const char *to;
    } ROWS[] = {
        {"2021-11-23", 5, "2026-11-23"}, {"2024-02-29", 5, "2029-03-01"}, {"2024-02-29", 4, "2028-02-29"},
        {"2024-02-29", -1, "2023-03-01"}, {"2199-06-01", 1, "-"},         {"1900-01-01", -1, "-"},
        {"2026-01-01", INT32_MAX, "-"},   {"2026-01-01", INT32_MIN, "-"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        rg_day day;
        char text[RG_DAY_TEXT_MAX];
        assert_true(rg_day_parse(str(ROWS[i].from), &day));
        rg_day_format(rg_day_add_years(day, ROWS[i].years), text);
        assert_string_equal(text, ROWS[i].to);
    }
    assert_int_equal(rg_day_add_years(RG_DAY_NONE, 1), RG_DAY_NONE);
}

static void test_easter(void **state)
{
    (void)state;
    /* Extremes and the years of the published tables. */
    static const char *const SUNDAYS[] = {"1913-03-23", "1943-04-25", "1954-04-18", "1981-04-19", "2008-03-23", "2019-04-21",
                                          "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18",
                                          "2076-04-19", "2100-03-28", "2160-03-23"};
    for (size_t i = 0; i < RG_COUNT(SUNDAYS); i++) {
        rg_day day;
        int year, month, of_month;
        assert_true(rg_day_parse(str(SUNDAYS[i]), &day));
        rg_day_civil(day, &year, &month, &of_month);
        assert_int_equal(rg_easter(year), day);
    }
    for (int year = 1900; year <= 2199; year++) {
        assert_int_equal(rg_day_weekday(rg_easter(year)), RG_SUN);
        assert_true(rg_easter(year) >= rg_day_of(year, 3, 22) && rg_easter(year) <= rg_day_of(year, 4, 25));
    }
    int sundays = 0;
    for (rg_day day = rg_day_of(1900, 1, 1) - 200; day <= rg_day_of(2199, 12, 31) + 200; day++) {
        int year, month, of_month;
        rg_day_civil(day, &year, &month, &of_month);
        assert_int_equal(rg_is_easter(day), rg_day_known(day) && rg_easter(year) == day);
        sundays += rg_is_easter(day);
    }
    assert_int_equal(sundays, 300);
    assert_false(rg_is_easter(RG_DAY_NONE));
}

static void test_instants(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } ROWS[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-23T10:00:00-03:00", 1795438800000},
        {"2026-11-23T13:00:00+00:00", 1795438800000},
        {"2026-11-24T12:59:00+23:59", 1795438800000},
        {"2026-11-23T10:00:00.5-03:00", 1795438800500},
        {"2026-11-23T10:00:00.0019999999999999999-03:00", 1795438800001},
        {"2016-12-31T23:59:60Z", 1483228799999},
        {"2016-12-31T20:59:60.25-03:00", 1483228799999},
        {"1900-01-01T00:00:00Z", -25567 * RG_MS_PER_DAY},
        {"2199-12-31T23:59:59.999Z", 84006 * RG_MS_PER_DAY - 1},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        int64_t ms = 7;
        assert_true(rg_instant_parse(str(ROWS[i].text), &ms));
        assert_int_equal(ms, ROWS[i].ms);
    }
}

static void test_no_instants(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "2026-11-23", "2026-11-23T10:00:00", "2026-11-23T10:00Z", "2026-11-23T10:00:00 Z", "2026-11-23 10:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z", "2026-11-23T10:00:61Z", "2026-11-23T10:00:60Z",
        "2026-11-23T23:59:60-03:00",
        "2026-11-23T10:00:00.Z", "2026-11-23T10:00:00,5Z", "2026-11-23T10:00:00-3:00", "2026-11-23T10:00:00-0300",
        "2026-11-23T10:00:00-24:00", "2026-11-23T10:00:00-03:60", "2026-11-23T10:00:00-03", "2026-11-23T10:00:00Zx",
        "2026-02-30T10:00:00Z", "1899-12-31T23:59:59Z", "2026-11-23T1:000:00Z", "2026-11-23T10:00:0Z",
        "2026-11-23T10:00:00z03:00",
        "2026-11-23T10:00:00.", "2026-11-23T10:00:00+", "2026-11-23X10:00:00Z", "2026-11-23T10-00-00Z",
    };
    for (size_t i = 0; i < RG_COUNT(BAD); i++) {
        int64_t ms = 7;
        assert_false(rg_instant_parse(str(BAD[i]), &ms));
        assert_int_equal(ms, 7);
    }
}

static void test_instants_are_printed(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        int offset;
        const char *text;
    } ROWS[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {-1, 0, "1969-12-31T23:59:59.999Z"},
        {1795438800000, -180, "2026-11-23T10:00:00-03:00"},
        {1795438800007, -300, "2026-11-23T08:00:00.007-05:00"},
        {1795438800000, 330, "2026-11-23T18:30:00+05:30"},
        {1795438800000, 1439, "2026-11-24T12:59:00+23:59"},
        {1795438800000, 1440, "-"},
        {1795438800000, INT32_MIN, "-"},
        {INT64_MAX, 0, "-"},
        {INT64_MIN, -180, "-"},
        {INT64_MAX, 180, "-"},
        {84006 * RG_MS_PER_DAY, 0, "-"},
        {84006 * RG_MS_PER_DAY, -180, "2199-12-31T21:00:00-03:00"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        char text[RG_INSTANT_TEXT_MAX];
        rg_instant_format(ROWS[i].ms, ROWS[i].offset, text);
        assert_string_equal(text, ROWS[i].text);
        int64_t back;
        if (text[1] != '\0') {
            assert_true(rg_instant_parse(str(text), &back));
            assert_int_equal(back, ROWS[i].ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_every_day_comes_back),
        cmocka_unit_test(test_days_beyond_the_range_can_be_taken_apart),
        cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_years_later),
        cmocka_unit_test(test_easter),
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_no_instants),
        cmocka_unit_test(test_instants_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
