/* Holidays are computed, never listed by year: fixed dates in a table, moving ones as distances from Easter. Counting walks
 * day by day; a term is a handful of days, and even the whole 300 years take a few milliseconds. A table of closed days per
 * year (ANBIMA's file) was the alternative: faster for long spans we never count, and stale from its last year on. */
#include "brazil/days/bank.h"

#define CONSCIENCE_DAY_SINCE 2024 /* Lei 14.759/2023 */

static const struct fixed_holiday {
    int month, day, since;
    const char *name;
} FIXED[] = {
    {1, 1, 0, "Confraternização Universal"},
    {4, 21, 0, "Tiradentes"},
    {5, 1, 0, "Dia do Trabalho"},
    {9, 7, 0, "Independência do Brasil"},
    {10, 12, 0, "Nossa Senhora Aparecida"},
    {11, 2, 0, "Finados"},
    {11, 15, 0, "Proclamação da República"},
    {11, 20, CONSCIENCE_DAY_SINCE, "Dia Nacional de Zumbi e da Consciência Negra"},
    {12, 25, 0, "Natal"},
};

static const struct moving_holiday {
    int easter_days;
    bool bank_only;
    const char *name;
} MOVING[] = {
    {-48, true, "Segunda-feira de Carnaval"},
    {-47, true, "Terça-feira de Carnaval"},
    {-2, false, "Paixão de Cristo"},
    {60, true, "Corpus Christi"},
};

static const char *moving_holiday(rg_day day, int month, bool bank_only)
{
    if (month < 2 || month > 6) /* with Easter between 22 March and 25 April: 2 February to 24 June */
        return NULL;
    for (size_t i = 0; i < RG_COUNT(MOVING); i++)
        if (MOVING[i].bank_only == bank_only && rg_is_easter(day - MOVING[i].easter_days))
            return MOVING[i].name;
    return NULL;
}

static const char *fixed_holiday(int year, int month, int of_month)
{
    for (size_t i = 0; i < RG_COUNT(FIXED); i++)
        if (FIXED[i].month == month && FIXED[i].day == of_month && year >= FIXED[i].since)
            return FIXED[i].name;
    return NULL;
}

const char *rg_holiday_national(rg_day day)
{
    if (!rg_day_known(day))
        return NULL;
    int year, month, of_month;
    rg_day_civil(day, &year, &month, &of_month);
    const char *fixed = fixed_holiday(year, month, of_month);
    return fixed != NULL ? fixed : moving_holiday(day, month, false);
}

const char *rg_holiday_bank_only(rg_day day)
{
    if (!rg_day_known(day))
        return NULL;
    int year, month, of_month;
    rg_day_civil(day, &year, &month, &of_month);
    return moving_holiday(day, month, true);
}

bool rg_bank_day(rg_day day)
{
    int year, month, of_month;
    if (!rg_day_known(day) || rg_day_weekday(day) >= RG_SAT)
        return false;
    rg_day_civil(day, &year, &month, &of_month);
    return fixed_holiday(year, month, of_month) == NULL && moving_holiday(day, month, false) == NULL &&
           moving_holiday(day, month, true) == NULL;
}

/* The first bank day at `day` or beyond it in the direction of `step`. */
static rg_day nearest(rg_day day, int step)
{
    while (rg_day_known(day)) {
        if (rg_bank_day(day))
            return day;
        day += step;
    }
    return RG_DAY_NONE;
}

rg_day rg_bank_following(rg_day day)
{
    return nearest(day, 1);
}

rg_day rg_bank_preceding(rg_day day)
{
    return nearest(day, -1);
}

rg_day rg_bank_add(rg_day day, int n)
{
    int step = n < 0 ? -1 : 1;
    if (!rg_day_known(day))
        return RG_DAY_NONE;
    for (; n != 0 && day != RG_DAY_NONE; n -= step)
        day = nearest(day + step, step);
    return day;
}

int rg_bank_count(rg_day from, rg_day to)
{
    if (!rg_day_known(from) || !rg_day_known(to))
        return 0;
    int sign = from <= to ? 1 : -1;
    rg_day first = from <= to ? from + 1 : to;
    rg_day last = from <= to ? to : from - 1;
    int count = 0;
    for (rg_day day = first; day <= last; day++)
        count += rg_bank_day(day);
    return sign * count;
}

bool rg_bank_last_of_year(rg_day day)
{
    int year, month, of_month;
    if (!rg_day_known(day))
        return false;
    rg_day_civil(day, &year, &month, &of_month);
    return month == 12 && rg_bank_preceding(rg_day_of(year, 12, 31)) == day;
}

rg_day rg_bank_payable(rg_day due, bool last_bank_day_of_year)
{
    rg_day payable = rg_bank_following(due);
    if (last_bank_day_of_year && rg_bank_last_of_year(payable))
        return rg_bank_following(payable + 1);
    return payable;
}
