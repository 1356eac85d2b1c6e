/* Zones: the three ways to one, and local time at its edges. */
#include "brazil/days/zone.h"

#include "tests/unit/support/cmocka.h"

static void assert_offset(const struct rg_zone *zone, int offset)
{
    assert_non_null(zone);
    assert_int_equal(zone->offset_minutes, offset);
}

static void test_names(void **state)
{
    (void)state;
    assert_offset(rg_zone_find(RG_STR("America/Sao_Paulo")), -180);
    assert_offset(rg_zone_find(RG_STR("America/Manaus")), -240);
    assert_offset(rg_zone_find(RG_STR("America/Rio_Branco")), -300);
    assert_offset(rg_zone_find(RG_STR("America/Noronha")), -120);
    assert_offset(rg_zone_find(RG_STR("Brazil/West")), -240);
    assert_null(rg_zone_find(RG_STR("america/sao_paulo")));
    assert_null(rg_zone_find(RG_STR("America/Sao_Paulo ")));
    assert_null(rg_zone_find(RG_STR("Europe/Lisbon")));
    assert_null(rg_zone_find(RG_STR("")));
    assert_null(rg_zone_find((struct rg_str){NULL, 0}));
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        const char *states;
        int offset;
    } ROWS[] = {
        {"AL AP BA CE DF ES GO MA MG PA PB PE PI PR RJ RN RS SC SE SP TO", -180}, {"AM MS MT RO RR", -240}, {"AC", -300},
    };
    size_t seen = 0;
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        for (const char *p = ROWS[i].states;; p += 3, seen++) {
            assert_offset(rg_zone_of_state((struct rg_str){p, 2}), ROWS[i].offset);
            if (p[2] == '\0')
                break;
        }
    assert_int_equal(seen + RG_COUNT(ROWS), 27);
    assert_null(rg_zone_of_state(RG_STR("sp")));
    assert_null(rg_zone_of_state(RG_STR("XX")));
    assert_null(rg_zone_of_state(RG_STR("S")));
    assert_null(rg_zone_of_state(RG_STR("SPX")));
    assert_null(rg_zone_of_state((struct rg_str){NULL, 0}));
}

static void test_area_codes(void **state)
{
    (void)state;
    assert_offset(rg_zone_of_area_code(11), -180);
    assert_offset(rg_zone_of_area_code(67), -240);
    assert_offset(rg_zone_of_area_code(65), -240);
    assert_offset(rg_zone_of_area_code(69), -240);
    assert_offset(rg_zone_of_area_code(92), -240);
    assert_offset(rg_zone_of_area_code(95), -240);
    assert_offset(rg_zone_of_area_code(97), -240);
    assert_offset(rg_zone_of_area_code(93), -180);
    assert_offset(rg_zone_of_area_code(81), -180);
    assert_offset(rg_zone_of_area_code(68), -300);
    static const int NONE[] = {INT32_MIN, -1, 0, 9, 10, 20, 23, 52, 100, INT32_MAX};
    for (size_t i = 0; i < RG_COUNT(NONE); i++)
        assert_null(rg_zone_of_area_code(NONE[i]));
}

static void test_local_time(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *instant, *day;
        int minute, second_ms;
    } ROWS[] = {
        {"America/Sao_Paulo", "2026-11-23T02:59:59.999Z", "2026-11-22", 1439, 59999},
        {"America/Sao_Paulo", "2026-11-23T03:00:00Z", "2026-11-23", 0, 0},
        {"America/Rio_Branco", "2026-11-23T03:00:00Z", "2026-11-22", 1320, 0},
        {"America/Noronha", "2026-12-31T23:30:15.25-03:00", "2027-01-01", 30, 15250},
        {"America/Manaus", "1969-12-31T23:59:59.999-04:00", "1969-12-31", 1439, 59999},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        const struct rg_zone *zone = rg_zone_find(rg_str(ROWS[i].zone));
        int64_t ms;
        rg_day day;
        assert_true(rg_instant_parse(rg_str(ROWS[i].instant), &ms));
        assert_true(rg_day_parse(rg_str(ROWS[i].day), &day));
        struct rg_local local = rg_local_at(zone, ms);
        assert_int_equal(local.day, day);
        assert_int_equal(local.minute, ROWS[i].minute);
        assert_int_equal(local.second_ms, ROWS[i].second_ms);
        assert_int_equal(rg_instant_at(zone, day, local.minute) + local.second_ms, ms);
    }
    const struct rg_zone *zone = rg_zone_of_state(RG_STR("SP"));
    assert_int_equal(rg_instant_at(zone, 100, 1440), rg_instant_at(zone, 101, 0));
    assert_int_equal(rg_local_at(zone, INT64_MIN).day, RG_DAY_NONE);
    assert_int_equal(rg_local_at(zone, INT64_MAX).day, RG_DAY_NONE);
    assert_int_equal(rg_local_at(zone, 84006 * RG_MS_PER_DAY + 3 * 60 * RG_MS_PER_MINUTE).day, RG_DAY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_area_codes),
        cmocka_unit_test(test_local_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
