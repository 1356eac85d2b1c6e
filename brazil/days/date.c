/* The proleptic Gregorian calendar by whole 400-year cycles of 146,097 days, in divisions alone: every decision asks for the
 * month of dozens of days. The C library's gmtime/timegm were the alternative: they read no globals either, but take a struct with
 * twice the fields and seconds where we have days. */
#include "brazil/days/date.h"

#include <stdio.h>
#include <string.h>

#define YEAR_MIN 1900
#define YEAR_MAX 2199
#define CYCLE_DAYS 146097
#define EPOCH_DAYS 719162 /* 1970-01-01 counted from 0001-01-01 */
#define DAYS_BEFORE_MARCH 306 /* of 0001-01-01 since 0000-03-01 */
#define DAY_MIN (-25567)  /* 1900-01-01 */
#define DAY_MAX 84005     /* 2199-12-31 */

/* Days before the given month in a common year. */
static const int MONTH_STARTS[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    return MONTH_STARTS[month] - MONTH_STARTS[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first day of the year that comes `years` later. */
static int days_in_years(int years)
{
    return 365 * years + years / 4 - years / 100 + years / 400;
}

bool rg_day_known(rg_day day)
{
    return day >= DAY_MIN && day <= DAY_MAX;
}

rg_day rg_day_of(int year, int month, int day)
{
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return RG_DAY_NONE;
    int day_of_year = MONTH_STARTS[month - 1] + (month > 2 && is_leap(year)) + day - 1;
    return days_in_years(year - 1) + day_of_year - EPOCH_DAYS;
}

/* Counted from 0000-03-01: the leap day is then the last of its year, and the months' lengths follow one line, 30.6 days each. */
void rg_day_civil(rg_day day, int *ret_year, int *ret_month, int *ret_day)
{
    rg_assert(day != RG_DAY_NONE);
    int64_t since = (int64_t)day + EPOCH_DAYS + DAYS_BEFORE_MARCH;
    int64_t cycle = since / CYCLE_DAYS - (since % CYCLE_DAYS < 0);
    int n = (int)(since - cycle * CYCLE_DAYS);
    int years = (n - n / 1460 + n / 36524 - n / (CYCLE_DAYS - 1)) / 365; /* leap days taken out: four years, a century, a cycle */
    n -= 365 * years + years / 4 - years / 100;
    int month = (5 * n + 2) / 153; /* 0: March */
    *ret_year = (int)(cycle * 400) + years + (month >= 10);
    *ret_month = month < 10 ? month + 3 : month - 9;
    *ret_day = n - (153 * month + 2) / 5 + 1;
}

enum rg_weekday rg_day_weekday(rg_day day)
{
    rg_assert(day != RG_DAY_NONE);
    int since_monday = (int)(((int64_t)day + 3) % 7); /* 1970-01-01 was a Thursday */
    return (enum rg_weekday)(since_monday < 0 ? since_monday + 7 : since_monday);
}

static bool is_number(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

static int number_of(const char *p, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (p[i] - '0');
    return value;
}

bool rg_day_parse(struct rg_str text, rg_day *ret_day)
{
    const char *p = text.p;
    if (text.n != 10 || p[4] != '-' || p[7] != '-' || !is_number(p, 4) || !is_number(p + 5, 2) || !is_number(p + 8, 2))
        return false;
    rg_day day = rg_day_of(number_of(p, 4), number_of(p + 5, 2), number_of(p + 8, 2));
    if (day == RG_DAY_NONE)
        return false;
    *ret_day = day;
    return true;
}

void rg_day_format(rg_day day, char ret_text[RG_DAY_TEXT_MAX])
{
    int year = 0, month = 0, of_month = 0;
    if (day != RG_DAY_NONE)
        rg_day_civil(day, &year, &month, &of_month);
    if (year < 1000 || year > 9999) {
        memcpy(ret_text, "-", sizeof "-");
        return;
    }
    /* The masks change nothing; they tell the compiler how little room the numbers need. */
    snprintf(ret_text, RG_DAY_TEXT_MAX, "%04u-%02u-%02u", (unsigned)year % 10000U, (unsigned)month % 100U,
             (unsigned)of_month % 100U);
}

rg_day rg_day_add_years(rg_day day, int years)
{
    if (!rg_day_known(day) || years > YEAR_MAX - YEAR_MIN || years < YEAR_MIN - YEAR_MAX)
        return RG_DAY_NONE;
    int year, month, of_month;
    rg_day_civil(day, &year, &month, &of_month);
    if (month == 2 && of_month == 29 && !is_leap(year + years))
        return rg_day_of(year + years, 3, 1);
    return rg_day_of(year + years, month, of_month);
}

/* The anonymous Gregorian computus: golden number, epact with its two century corrections, Sunday after the full moon. */
rg_day rg_easter(int year)
{
    rg_assert(year >= YEAR_MIN && year <= YEAR_MAX);
    int golden = year % 19;
    int century = year / 100;
    int in_century = year % 100;
    int lunar = (century + 8) / 25;
    int epact = (19 * golden + century - century / 4 - (century - lunar + 1) / 3 + 15) % 30;
    int to_sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    int late = (golden + 11 * epact + 22 * to_sunday) / 451;
    int from_march = epact + to_sunday - 7 * late + 114;
    return rg_day_of(year, from_march / 31, from_march % 31 + 1);
}

bool rg_is_easter(rg_day day)
{
    int year, month, of_month;
    if (!rg_day_known(day) || rg_day_weekday(day) != RG_SUN)
        return false; /* six days of seven cost no more than this */
    rg_day_civil(day, &year, &month, &of_month);
    return (month == 3 || month == 4) && rg_easter(year) == day;
}
