/* Every question is answered from the rules by one pass over a short list; nothing is expanded by year. The strict side wins
 * wherever something is missing: an unknown day is closed, a term that cannot be computed never ends, a calendar without
 * hours gets the strictest ones known. */
#include "brazil/days/calendar.h"

#include "brazil/days/bank.h"
#include "brazil/text/fold.h"

#include <string.h>

#define MINUTES_PER_DAY 1440

/* SP Lei 15.426/2014 and AL Lei 7.782/2016 agree on these; the narrower laws of other states concern calls. */
static const struct rg_hours_rule STRICT_HOURS = {
    .weekdays = {8 * 60, 20 * 60},
    .saturday = {8 * 60, 14 * 60},
    .sunday = {0, 0},
};

const struct rg_cut_rule rg_cut_public_service = {
    .given = true,
    .never = RG_CUT_WEEKDAY(RG_FRI) | RG_CUT_WEEKDAY(RG_SAT) | RG_CUT_WEEKDAY(RG_SUN) | RG_CUT_HOLIDAY | RG_CUT_HOLIDAY_EVE,
    .hours = {8 * 60, 18 * 60},
    .source = {"Lei 14.015/2020", RG_DAY_NONE},
};

struct place {
    struct rg_str state, city;
};

static bool rule_is_here(const struct rg_holiday_rule *rule, struct place place)
{
    if (!rg_str_is(place.state, rule->state))
        return false;
    return !rg_str_has(rule->city) || (rg_str_has(place.city) && rg_fold_eq(rule->city, place.city));
}

static bool rule_is_today(const struct rg_holiday_rule *rule, rg_day day, int month, int of_month)
{
    if (rule->by_easter)
        return rg_is_easter(day - rule->easter_days);
    return rule->month == month && rule->day == of_month;
}

/* Every day of the year that a moving holiday can fall on, in common and in leap years. */
static void index_moving(struct rg_calendar *cal, int easter_days)
{
    for (int leap = 2023; leap <= 2024; leap++) {
        rg_day last = rg_day_of(leap, 4, 25) + easter_days;
        for (rg_day day = rg_day_of(leap, 3, 22) + easter_days; day <= last; day++) {
            int year, month, of_month;
            rg_day_civil(day, &year, &month, &of_month);
            cal->holiday_days[month] |= UINT32_C(1) << of_month;
        }
    }
}

void rg_calendar_index(struct rg_calendar *cal)
{
    memset(cal->holiday_days, 0, sizeof cal->holiday_days);
    for (size_t i = 0; i < cal->holidays_count; i++) {
        const struct rg_holiday_rule *rule = &cal->holidays[i];
        if (rule->by_easter)
            index_moving(cal, rule->easter_days);
        else
            cal->holiday_days[rule->month] |= UINT32_C(1) << rule->day;
    }
    cal->indexed = true;
}

const char *rg_calendar_holiday(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day)
{
    if (!rg_day_known(day))
        return NULL;
    const char *national = rg_holiday_national(day);
    if (national != NULL)
        return national;
    int year, month, of_month;
    rg_day_civil(day, &year, &month, &of_month);
    if (cal->indexed && (cal->holiday_days[month] >> of_month & 1) == 0)
        return NULL;
    for (size_t i = 0; i < cal->holidays_count; i++) {
        const struct rg_holiday_rule *rule = &cal->holidays[i];
        if (rule_is_today(rule, day, month, of_month) && rule_is_here(rule, (struct place){state, city}))
            return rule->name;
    }
    return NULL;
}

/* The state's rule, else the default one, whichever order they stand in. */
static const struct rg_hours_rule *hours_rule(const struct rg_calendar *cal, struct rg_str state)
{
    const struct rg_hours_rule *found = &STRICT_HOURS;
    for (size_t i = 0; i < cal->hours_count; i++) {
        if (cal->hours[i].state[0] == '\0')
            found = &cal->hours[i];
        else if (rg_str_is(state, cal->hours[i].state))
            return &cal->hours[i];
    }
    return found;
}

struct rg_hours rg_calendar_hours(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day)
{
    const struct rg_hours closed = {0, 0};
    if (!rg_day_known(day) || rg_calendar_holiday(cal, state, city, day) != NULL)
        return closed;
    const struct rg_hours_rule *rule = hours_rule(cal, state);
    enum rg_weekday weekday = rg_day_weekday(day);
    return weekday == RG_SUN ? rule->sunday : weekday == RG_SAT ? rule->saturday : rule->weekdays;
}

struct rg_hours rg_hours_meet(struct rg_hours a, struct rg_hours b)
{
    struct rg_hours both = {
        a.open_minute > b.open_minute ? a.open_minute : b.open_minute,
        a.close_minute < b.close_minute ? a.close_minute : b.close_minute,
    };
    return rg_hours_closed(both) ? (struct rg_hours){0, 0} : both;
}

static bool in_season(const struct rg_season *season, int month, int of_month)
{
    int from = season->from_month * 100 + season->from_day;
    int to = season->to_month * 100 + season->to_day;
    int today = month * 100 + of_month;
    if (from <= to)
        return today >= from && today <= to;
    return today >= from || today <= to;
}

static bool in_any_season(const struct rg_cut_rule *cut, rg_day day)
{
    int year, month, of_month;
    rg_day_civil(day, &year, &month, &of_month);
    for (size_t i = 0; i < cut->only_count; i++)
        if (in_season(&cut->only[i], month, of_month))
            return true;
    return cut->only_count == 0;
}

bool rg_calendar_cut_allowed(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day)
{
    const struct rg_cut_rule *cut = &cal->cut;
    if (!rg_day_known(day))
        return false;
    if (!cut->given)
        return true;
    if ((cut->never & RG_CUT_WEEKDAY(rg_day_weekday(day))) != 0)
        return false;
    if ((cut->never & RG_CUT_HOLIDAY) != 0 && rg_calendar_holiday(cal, state, city, day) != NULL)
        return false;
    if ((cut->never & RG_CUT_HOLIDAY_EVE) != 0 && rg_calendar_holiday(cal, state, city, day + 1) != NULL)
        return false;
    return in_any_season(cut, day);
}

struct rg_hours rg_calendar_cut_hours(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day)
{
    if (!rg_calendar_cut_allowed(cal, state, city, day))
        return (struct rg_hours){0, 0};
    if (!cal->cut.given || (cal->cut.hours.open_minute == 0 && cal->cut.hours.close_minute == 0))
        return (struct rg_hours){0, MINUTES_PER_DAY};
    return cal->cut.hours;
}

rg_day rg_calendar_next_cut(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day from)
{
    for (int i = 0; i < RG_CALENDAR_SEARCH_MAX && rg_day_known(from); i++, from++)
        if (rg_calendar_cut_allowed(cal, state, city, from))
            return from;
    return RG_DAY_NONE;
}

rg_day rg_calendar_next_business(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day)
{
    for (int i = 0; i < RG_CALENDAR_SEARCH_MAX && rg_day_known(day); i++, day++)
        if (rg_bank_day(day) && rg_calendar_holiday(cal, state, city, day) == NULL)
            return day;
    return RG_DAY_NONE;
}

rg_day rg_term_last_day(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day notice_day, int n_days)
{
    if (!rg_day_known(notice_day) || n_days < 0 || n_days > RG_TERM_DAYS_MAX)
        return RG_DAY_NONE;
    return rg_calendar_next_business(cal, state, city, notice_day + n_days);
}

rg_day rg_term_first_free_day(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day notice_day,
                              int n_days, enum rg_term_end term_end)
{
    rg_day last = rg_term_last_day(cal, state, city, notice_day, n_days);
    if (last == RG_DAY_NONE || term_end == RG_TERM_SAME_DAY)
        return last;
    return last + 1;
}

int rg_exclusion_bank_days(struct rg_str state)
{
    return rg_str_is(state, "SP") ? 2 : 5;
}
