/* State calendars: places, hours, cuts and terms, with the telecom calendar as the example. */
#include "brazil/days/calendar.h"

#include "brazil/days/bank.h"

#include "tests/unit/support/cmocka.h"

static const struct rg_holiday_rule HOLIDAYS[] = {
    {.state = "SP", .month = 7, .day = 9, .name = "Revolução Constitucionalista"},
    {.state = "SP", .city = {"Campinas", 8}, .month = 12, .day = 8, .name = "Imaculada Conceição"},
    {.state = "SP", .city = {"São João d'Aliança", 21}, .by_easter = true, .easter_days = 60, .name = "Corpus Christi"},
    {.state = "RJ", .month = 4, .day = 23, .name = "São Jorge"},
    {.state = "RJ", .by_easter = true, .easter_days = -47, .name = "Carnaval"},
    {.state = "MG", .month = 2, .day = 29, .name = "every fourth year"},
};
static const struct rg_hours_rule HOURS[] = {
    {.state = "RJ", .weekdays = {540, 1140}},
    {.state = "", .weekdays = {480, 1200}, .saturday = {480, 840}},
    {.state = "BA", .weekdays = {480, 1200}, .saturday = {480, 840}, .sunday = {600, 660}},
};
#define NEVER (RG_CUT_WEEKDAY(RG_FRI) | RG_CUT_WEEKDAY(RG_SAT) | RG_CUT_WEEKDAY(RG_SUN) | RG_CUT_HOLIDAY | RG_CUT_HOLIDAY_EVE)
static const struct rg_calendar TELECOM = {
    .name = "br-telecom",
    .holidays = HOLIDAYS,
    .holidays_count = RG_COUNT(HOLIDAYS),
    .hours = HOURS,
    .hours_count = RG_COUNT(HOURS),
    .cut = {.given = true, .never = NEVER, .hours = {480, 1080}},
    .suspension_notice_days = 15,
    .restore_ms = RG_RESTORE_MS,
};
static const struct rg_calendar EMPTY = {.name = "empty"};
static const struct rg_str NOWHERE = {NULL, 0};

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

static void test_holidays_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *state, *city, *day;
        bool holiday;
    } ROWS[] = {
        {NULL, NULL, "2026-12-25", true},       {NULL, NULL, "2026-07-09", false},
        {"SP", NULL, "2026-07-09", true},       {"sp", NULL, "2026-07-09", false},
        {"RJ", NULL, "2026-07-09", false},      {"SP", NULL, "2026-12-08", false},
        {"SP", "CAMPINAS", "2026-12-08", true}, {"SP", "Campinas ", "2026-12-08", true},
        {"SP", "Câmpinas", "2026-12-08", true}, {"SP", "Campinas do Sul", "2026-12-08", false},
        {"SP", "", "2026-12-08", false},        {"RJ", "Campinas", "2026-12-08", false},
        {"SP", "SAO JOAO D ALIANCA", "2026-06-04", true}, {"SP", "Campinas", "2026-06-04", false},
        {"RJ", NULL, "2026-04-23", true},       {"RJ", NULL, "2026-02-17", true},
        {"RJ", NULL, "2027-02-09", true},       {"RJ", NULL, "2026-02-16", false},
        {"SP", NULL, "2026-02-17", false},      {"MG", NULL, "2028-02-29", true},
        {"MG", NULL, "2026-03-01", false},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        const char *name = rg_calendar_holiday(&TELECOM, rg_str(ROWS[i].state), rg_str(ROWS[i].city), day_of(ROWS[i].day));
        assert_int_equal(name != NULL, ROWS[i].holiday);
    }
    assert_string_equal(rg_calendar_holiday(&TELECOM, RG_STR("RJ"), NOWHERE, day_of("2026-04-21")), "Tiradentes");
    assert_null(rg_calendar_holiday(&TELECOM, RG_STR("RJ"), NOWHERE, RG_DAY_NONE));
}

/* The index may only spare the look at rules that cannot hold: all answers stay the same. */
static void test_an_index_changes_no_answer(void **state)
{
    (void)state;
    static const struct rg_holiday_rule far[] = {
        {.state = "RJ", .by_easter = true, .easter_days = -120, .name = "as early as can be"},
        {.state = "RJ", .by_easter = true, .easter_days = 120, .name = "as late as can be"},
        {.state = "RJ", .month = 12, .day = 31, .name = "the last"},
    };
    static const struct {
        const struct rg_holiday_rule *rules;
        size_t count;
    } sets[] = {{HOLIDAYS, RG_COUNT(HOLIDAYS)}, {far, RG_COUNT(far)}, {NULL, 0}};
    static const struct rg_str places[][2] = {{{"SP", 2}, {"Campinas", 8}}, {{"RJ", 2}, {NULL, 0}}, {{"MG", 2}, {NULL, 0}}};
    for (size_t s = 0; s < RG_COUNT(sets); s++) {
        const struct rg_calendar plain = {.name = "plain", .holidays = sets[s].rules, .holidays_count = sets[s].count};
        struct rg_calendar indexed = plain;
        rg_calendar_index(&indexed);
        for (rg_day day = day_of("1900-01-01"); day <= day_of("2199-12-31"); day++)
            for (size_t p = 0; p < RG_COUNT(places); p++)
                assert_ptr_equal(rg_calendar_holiday(&indexed, places[p][0], places[p][1], day),
                                 rg_calendar_holiday(&plain, places[p][0], places[p][1], day));
    }
}

static void test_hours(void **state)
{
    (void)state;
    static const struct {
        const struct rg_calendar *cal;
        const char *state, *day;
        int open, close;
    } ROWS[] = {
        {&TELECOM, "SP", "2026-11-23", 480, 1200}, {&TELECOM, "SP", "2026-11-21", 480, 840},
        {&TELECOM, "SP", "2026-11-22", 0, 0},      {&TELECOM, "SP", "2026-11-20", 0, 0},
        {&TELECOM, "SP", "2026-07-09", 0, 0},      {&TELECOM, NULL, "2026-07-09", 480, 1200},
        {&TELECOM, "RJ", "2026-11-23", 540, 1140}, {&TELECOM, "RJ", "2026-11-21", 0, 0},
        {&TELECOM, "BA", "2026-11-22", 600, 660},  {&TELECOM, "BA", "2026-11-15", 0, 0},
        {&TELECOM, NULL, "2026-11-23", 480, 1200}, {&EMPTY, "SP", "2026-11-23", 480, 1200},
        {&EMPTY, "SP", "2026-11-21", 480, 840},    {&EMPTY, "SP", "2026-11-22", 0, 0},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_hours hours = rg_calendar_hours(ROWS[i].cal, rg_str(ROWS[i].state), NOWHERE, day_of(ROWS[i].day));
        assert_int_equal(hours.open_minute, ROWS[i].open);
        assert_int_equal(hours.close_minute, ROWS[i].close);
        assert_int_equal(rg_hours_closed(hours), ROWS[i].close == 0);
        assert_int_equal(rg_hours_has(hours, hours.open_minute), ROWS[i].close != 0);
        assert_false(rg_hours_has(hours, hours.close_minute));
        assert_false(rg_hours_has(hours, hours.open_minute - 1));
    }
    assert_true(rg_hours_closed(rg_calendar_hours(&TELECOM, RG_STR("SP"), NOWHERE, RG_DAY_NONE)));
}

static void test_hours_meet(void **state)
{
    (void)state;
    static const struct {
        struct rg_hours a, b, both;
    } ROWS[] = {
        {{480, 1200}, {540, 1140}, {540, 1140}}, {{480, 900}, {600, 1200}, {600, 900}}, {{480, 540}, {540, 600}, {0, 0}},
        {{480, 540}, {0, 0}, {0, 0}},            {{0, 1440}, {480, 540}, {480, 540}},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_hours one = rg_hours_meet(ROWS[i].a, ROWS[i].b), other = rg_hours_meet(ROWS[i].b, ROWS[i].a);
        assert_true(one.open_minute == ROWS[i].both.open_minute && one.close_minute == ROWS[i].both.close_minute);
        assert_true(other.open_minute == one.open_minute && other.close_minute == one.close_minute);
    }
}

static void test_cut_days(void **state)
{
    (void)state;
    static const struct {
        const char *state, *city, *day;
        bool allowed;
    } ROWS[] = {
        {NULL, NULL, "2026-11-16", true},  {NULL, NULL, "2026-11-19", false}, {NULL, NULL, "2026-11-20", false},
        {NULL, NULL, "2026-11-21", false}, {NULL, NULL, "2026-11-22", false}, {NULL, NULL, "2026-11-13", false},
        {NULL, NULL, "2026-12-24", false}, {NULL, NULL, "2026-12-23", true},  {NULL, NULL, "2026-07-08", true},
        {"SP", NULL, "2026-07-08", false}, {"SP", NULL, "2026-07-09", false}, {"SP", "Campinas", "2026-12-07", false},
        {"SP", "Santos", "2026-12-07", true},
        /* Carnival closes banks, but is a holiday only where listed. */
        {"SP", NULL, "2026-02-16", true},  {"SP", NULL, "2026-02-17", true},  {"RJ", NULL, "2026-02-16", false},
        {"RJ", NULL, "2026-02-17", false}, {"RJ", NULL, "2026-02-18", true},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_str uf = rg_str(ROWS[i].state), city = rg_str(ROWS[i].city);
        rg_day day = day_of(ROWS[i].day);
        assert_int_equal(rg_calendar_cut_allowed(&TELECOM, uf, city, day), ROWS[i].allowed);
        struct rg_hours hours = rg_calendar_cut_hours(&TELECOM, uf, city, day);
        assert_int_equal(hours.open_minute, ROWS[i].allowed ? 480 : 0);
        assert_int_equal(hours.close_minute, ROWS[i].allowed ? 1080 : 0);
        assert_true(rg_calendar_cut_allowed(&EMPTY, uf, city, day));
        assert_int_equal(rg_calendar_cut_hours(&EMPTY, uf, city, day).close_minute, 1440);
    }
    assert_false(rg_calendar_cut_allowed(&EMPTY, NOWHERE, NOWHERE, RG_DAY_NONE));
}

static void test_public_service_is_the_strict_rule(void **state)
{
    (void)state;
    assert_true(rg_cut_public_service.given);
    assert_int_equal(rg_cut_public_service.never, NEVER);
    assert_int_equal(rg_cut_public_service.hours.open_minute, 480);
    assert_int_equal(rg_cut_public_service.hours.close_minute, 1080);
    assert_non_null(rg_cut_public_service.source.text);
}

static void test_cut_seasons(void **state)
{
    (void)state;
    static const struct rg_season SEASONS[] = {{12, 15, 1, 31}, {7, 1, 7, 1}};
    struct rg_calendar school = {.name = "school", .cut = {.given = true, .only = SEASONS, .only_count = RG_COUNT(SEASONS)}};
    static const struct {
        const char *day;
        bool allowed;
    } ROWS[] = {
        {"2026-12-14", false}, {"2026-12-15", true},  {"2026-12-31", true}, {"2027-01-01", true},  {"2027-01-31", true},
        {"2027-02-01", false}, {"2026-06-30", false}, {"2026-07-01", true}, {"2026-07-02", false},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        assert_int_equal(rg_calendar_cut_allowed(&school, NOWHERE, NOWHERE, day_of(ROWS[i].day)), ROWS[i].allowed);
    assert_day(rg_calendar_next_cut(&school, NOWHERE, NOWHERE, day_of("2027-02-01")), "2027-07-01");
    /* One day a year, and that one a Sunday next time: found a year later. */
    school.cut.only_count = 1;
    school.cut.only = &(struct rg_season){2, 7, 2, 7};
    school.cut.never = RG_CUT_WEEKDAY(RG_SUN);
    assert_day(rg_calendar_next_cut(&school, NOWHERE, NOWHERE, day_of("2026-02-08")), "2028-02-07");
    school.cut.never = 0x7f;
    assert_day(rg_calendar_next_cut(&school, NOWHERE, NOWHERE, day_of("2026-02-08")), "-");
    assert_day(rg_calendar_next_cut(&EMPTY, NOWHERE, NOWHERE, RG_DAY_NONE), "-");
}

static void test_terms_and_cuts(void **state)
{
    (void)state;
    static const struct {
        const char *notice;
        int days;
        const char *last, *cut_same_day, *cut_next_day;
    } ROWS[] = {
        {"2026-10-30", 15, "2026-11-16", "2026-11-16", "2026-11-17"},
        {"2026-11-04", 15, "2026-11-19", "2026-11-23", "2026-11-23"},
        {"2026-12-08", 15, "2026-12-23", "2026-12-23", "2026-12-28"},
        {"2026-12-09", 15, "2026-12-24", "2026-12-28", "2026-12-28"},
        {"2026-11-03", 30, "2026-12-03", "2026-12-03", "2026-12-07"},
        {"2026-11-18", 15, "2026-12-03", "2026-12-03", "2026-12-07"},
        {"2026-02-02", 15, "2026-02-18", "2026-02-18", "2026-02-19"}, /* Carnival Tuesday ends no term */
        {"2026-11-23", 0, "2026-11-23", "2026-11-23", "2026-11-24"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        rg_day notice = day_of(ROWS[i].notice);
        int days = ROWS[i].days;
        assert_day(rg_term_last_day(&TELECOM, NOWHERE, NOWHERE, notice, days), ROWS[i].last);
        rg_day same = rg_term_first_free_day(&TELECOM, NOWHERE, NOWHERE, notice, days, RG_TERM_SAME_DAY);
        rg_day next = rg_term_first_free_day(&TELECOM, NOWHERE, NOWHERE, notice, days, RG_TERM_NEXT_DAY);
        assert_day(same, ROWS[i].last);
        assert_int_equal(next, same + 1);
        assert_day(rg_calendar_next_cut(&TELECOM, NOWHERE, NOWHERE, same), ROWS[i].cut_same_day);
        assert_day(rg_calendar_next_cut(&TELECOM, NOWHERE, NOWHERE, next), ROWS[i].cut_next_day);
    }
}

static void test_terms_know_the_place(void **state)
{
    (void)state;
    rg_day notice = day_of("2026-06-24"); /* + 15 = 9 July, a holiday in SP */
    assert_day(rg_term_last_day(&TELECOM, RG_STR("SP"), NOWHERE, notice, 15), "2026-07-10");
    assert_day(rg_term_last_day(&TELECOM, RG_STR("RJ"), NOWHERE, notice, 15), "2026-07-09");
    rg_day before = day_of("2026-12-08");
    assert_day(rg_calendar_next_business(&TELECOM, RG_STR("SP"), RG_STR("Campinas"), before), "2026-12-09");
    assert_day(rg_calendar_next_business(&TELECOM, RG_STR("SP"), RG_STR("Santos"), before), "2026-12-08");
}

static void test_terms_that_never_end(void **state)
{
    (void)state;
    rg_day notice = day_of("2026-11-23");
    static const int BAD[] = {-1, INT32_MIN, RG_TERM_DAYS_MAX + 1, INT32_MAX};
    for (size_t i = 0; i < RG_COUNT(BAD); i++) {
        assert_int_equal(rg_term_last_day(&TELECOM, NOWHERE, NOWHERE, notice, BAD[i]), RG_DAY_NONE);
        assert_int_equal(rg_term_first_free_day(&TELECOM, NOWHERE, NOWHERE, notice, BAD[i], RG_TERM_NEXT_DAY), RG_DAY_NONE);
    }
    assert_true(rg_term_last_day(&TELECOM, NOWHERE, NOWHERE, notice, RG_TERM_DAYS_MAX) != RG_DAY_NONE);
    assert_int_equal(rg_term_last_day(&TELECOM, NOWHERE, NOWHERE, RG_DAY_NONE, 15), RG_DAY_NONE);
    assert_int_equal(rg_term_last_day(&TELECOM, NOWHERE, NOWHERE, day_of("2199-12-31"), 1), RG_DAY_NONE);
    /* A city that never works. */
    struct rg_holiday_rule always[366];
    size_t count = 0;
    for (rg_day day = day_of("2028-01-01"); day <= day_of("2028-12-31"); day++) {
        int year, month, of_month;
        rg_day_civil(day, &year, &month, &of_month);
        always[count++] = (struct rg_holiday_rule){.state = "SP", .month = month, .day = of_month, .name = "feriado"};
    }
    struct rg_calendar lazy = {.name = "lazy", .holidays = always, .holidays_count = count};
    assert_int_equal(rg_term_last_day(&lazy, RG_STR("SP"), NOWHERE, notice, 15), RG_DAY_NONE);
    assert_true(rg_term_last_day(&lazy, RG_STR("RJ"), NOWHERE, notice, 15) != RG_DAY_NONE);
}

static void test_what_is_owed(void **state)
{
    (void)state;
    assert_int_equal(rg_exclusion_bank_days(RG_STR("SP")), 2);
    assert_int_equal(rg_exclusion_bank_days(RG_STR("RJ")), 5);
    assert_int_equal(rg_exclusion_bank_days(NOWHERE), 5);
    assert_day(rg_bank_add(day_of("2026-11-13"), rg_exclusion_bank_days(RG_STR("MG"))), "2026-11-23");
    assert_day(rg_bank_add(day_of("2026-11-13"), rg_exclusion_bank_days(RG_STR("SP"))), "2026-11-17");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holidays_by_place),
        cmocka_unit_test(test_an_index_changes_no_answer),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_hours_meet),
        cmocka_unit_test(test_cut_days),
        cmocka_unit_test(test_public_service_is_the_strict_rule),
        cmocka_unit_test(test_cut_seasons),
        cmocka_unit_test(test_terms_and_cuts),
        cmocka_unit_test(test_terms_know_the_place),
        cmocka_unit_test(test_terms_that_never_end),
        cmocka_unit_test(test_what_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
