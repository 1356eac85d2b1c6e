/* A day without a time is the whole day for an expectation, and its first instant for what happens. */
#include "daemon/desk/when.h"

#define SECOND_MS 1000
#define MINUTE_TEXT 16 /* "2026-11-04 08:30" */
#define DAY_TEXT 10

static bool two_digits(const char *p, int max, int *ret_number)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *ret_number = (p[0] - '0') * 10 + p[1] - '0';
    return *ret_number <= max;
}

static bool parse_minute(struct rg_str text, const struct rg_zone *zone, struct rg_when *ret_when)
{
    rg_day day;
    int hour, minute;
    if (text.n != MINUTE_TEXT || text.p[DAY_TEXT] != ' ' || text.p[DAY_TEXT + 3] != ':' ||
        !rg_day_parse((struct rg_str){text.p, DAY_TEXT}, &day) || !two_digits(text.p + DAY_TEXT + 1, 23, &hour) ||
        !two_digits(text.p + DAY_TEXT + 4, 59, &minute))
        return false;
    ret_when->from_ms = rg_instant_at(zone, day, hour * 60 + minute);
    ret_when->to_ms = ret_when->from_ms + RG_MS_PER_MINUTE;
    return true;
}

bool rg_when_parse(struct rg_str text, const struct rg_zone *zone, struct rg_when *ret_when)
{
    rg_day day;
    int64_t ms;
    if (rg_day_parse(text, &day)) {
        *ret_when = (struct rg_when){rg_instant_at(zone, day, 0), rg_instant_at(zone, day + 1, 0)};
        return true;
    }
    if (rg_instant_parse(text, &ms)) {
        *ret_when = (struct rg_when){ms, ms + SECOND_MS};
        return true;
    }
    return parse_minute(text, zone, ret_when);
}
