/* Times as people write them. */
#include "daemon/desk/when.h"

#include "tests/unit/support/cmocka.h"

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *state, *from, *to;
    } ROWS[] = {
        {"2026-11-04", "SP", "2026-11-04T00:00:00-03:00", "2026-11-05T00:00:00-03:00"},
        {"2026-11-04", "AC", "2026-11-04T00:00:00-05:00", "2026-11-05T00:00:00-05:00"},
        {"2026-12-31", "SP", "2026-12-31T00:00:00-03:00", "2027-01-01T00:00:00-03:00"},
        {"2026-11-04 08:30", "SP", "2026-11-04T08:30:00-03:00", "2026-11-04T08:31:00-03:00"},
        {"2026-11-04 23:59", "AM", "2026-11-04T23:59:00-04:00", "2026-11-05T00:00:00-04:00"},
        {"2026-11-04 00:00", "SP", "2026-11-04T00:00:00-03:00", "2026-11-04T00:01:00-03:00"},
        {"2026-11-04T08:30:05Z", "SP", "2026-11-04T08:30:05Z", "2026-11-04T08:30:06Z"},
        {"1900-01-01", "SP", "1900-01-01T00:00:00-03:00", "1900-01-02T00:00:00-03:00"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_when when = {0};
        int64_t from_ms, to_ms;
        assert_true(rg_when_parse(rg_str(ROWS[i].text), rg_zone_of_state(rg_str(ROWS[i].state)), &when));
        assert_true(rg_instant_parse(rg_str(ROWS[i].from), &from_ms) && rg_instant_parse(rg_str(ROWS[i].to), &to_ms));
        assert_int_equal(when.from_ms, from_ms);
        assert_int_equal(when.to_ms, to_ms);
    }
}

static void test_no_times(void **state)
{
    (void)state;
    static const char *const ROWS[] = {"",
                                       "ontem",
                                       "2026-11-31",
                                       "2026-11-04 ",
                                       "2026-11-04 8:30",
                                       "04/11/2026",
                                       "2026-11-04 24:00",
                                       "2026-11-04 08:60",
                                       "2026-11-04  08:30",
                                       "2026-11-04 08:30 ",
                                       "2026-11-04T08:30",
                                       "2026-11-04 08h30",
                                       "2026-11-04 08:30:00",
                                       "1899-12-31",
                                       "2200-01-01",
                                       "2026-11-04 -1:30",
                                       "2026-11-04 0a:30",
                                       "2026-11-04T08:30:00"};
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_when when = {7, 8};
        if (rg_when_parse(rg_str(ROWS[i]), rg_zone_of_state(RG_STR("SP")), &when))
            fail_msg("%s is no time", ROWS[i]);
        assert_int_equal(when.from_ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_no_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
