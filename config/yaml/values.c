/* Bare text to values: pure, exact, no locale, no floating point. Each reader takes the whole text or nothing. */
#include "config/yaml/fields.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_with(struct rg_str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static bool ends_with(struct rg_str text, const char *suffix)
{
    size_t n = strlen(suffix);
    return text.n >= n && memcmp(text.p + text.n - n, suffix, n) == 0;
}

/* Digits only, at most `max`. */
static bool read_digits(struct rg_str text, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    if (text.n == 0 || text.n > 18)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    if (value > max)
        return false;
    *ret_value = value;
    return true;
}

bool rg_parse_cents(struct rg_str text, int64_t *ret_cents)
{
    static const char open[] = "brl(\"", close[] = "\")";
    if (text.n <= sizeof open + sizeof close - 2 || !starts_with(text, open) || !ends_with(text, close))
        return false;
    struct rg_str inner = {text.p + sizeof open - 1, text.n - (sizeof open - 1) - (sizeof close - 1)};
    return rg_cents_parse(inner, ret_cents, NULL) == 0;
}

bool rg_parse_day(struct rg_str text, struct rg_day_offset *ret_day)
{
    struct rg_day_offset day = {.set = true};
    if (!rg_str_is(text, "D0")) {
        if (text.n < 3 || text.p[0] != 'D' || (text.p[1] != '+' && text.p[1] != '-') || text.p[2] == '0')
            return false;
        day.bank = ends_with(text, "bd");
        struct rg_str number = {text.p + 2, text.n - 2 - (day.bank ? 2u : 0u)};
        int64_t days;
        if (!read_digits(number, RG_DAY_OFFSET_MAX, &days))
            return false;
        day.days = text.p[1] == '-' ? -(int)days : (int)days;
    }
    *ret_day = day;
    return true;
}

bool rg_parse_duration(struct rg_str text, struct rg_duration *ret_duration)
{
    static const struct {
        const char *suffix;
        enum rg_unit unit;
    } units[] = {{"bd", RG_UNIT_BANK_DAY}, {"d", RG_UNIT_DAY}, {"h", RG_UNIT_HOUR}, {"m", RG_UNIT_MINUTE}, {"s", RG_UNIT_SECOND}};
    for (size_t i = 0; i < RG_COUNT(units); i++) {
        if (!ends_with(text, units[i].suffix))
            continue;
        int64_t amount;
        if (!read_digits((struct rg_str){text.p, text.n - strlen(units[i].suffix)}, RG_DURATION_MAX, &amount))
            return false;
        *ret_duration = (struct rg_duration){amount, units[i].unit};
        return true;
    }
    return false;
}

static int64_t unit_seconds(enum rg_unit unit)
{
    switch (unit) {
    case RG_UNIT_SECOND: return 1;
    case RG_UNIT_MINUTE: return 60;
    case RG_UNIT_HOUR: return 3600;
    case RG_UNIT_DAY: return 86400;
    default: return 0;
    }
}

int64_t rg_duration_ms(struct rg_duration duration)
{
    int64_t seconds = unit_seconds(duration.unit);
    rg_assert(seconds > 0);
    return duration.amount * seconds * 1000;
}

bool rg_parse_rate(struct rg_str text, struct rg_rate_limit *ret_rate)
{
    static const struct {
        const char *suffix;
        int64_t per_s;
    } units[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}, {"/d", 86400}};
    for (size_t i = 0; i < RG_COUNT(units); i++) {
        int64_t count;
        if (!ends_with(text, units[i].suffix))
            continue;
        if (!read_digits((struct rg_str){text.p, text.n - 2}, 1000000, &count) || count == 0)
            return false;
        *ret_rate = (struct rg_rate_limit){count, units[i].per_s};
        return true;
    }
    return false;
}

static bool read_clock(struct rg_str text, int *ret_minutes)
{
    int64_t hours, minutes;
    if (text.n != 5 || text.p[2] != ':')
        return false;
    if (!read_digits((struct rg_str){text.p, 2}, 24, &hours) || !read_digits((struct rg_str){text.p + 3, 2}, 59, &minutes))
        return false;
    if (hours == 24 && minutes != 0)
        return false;
    *ret_minutes = (int)(hours * 60 + minutes);
    return true;
}

bool rg_parse_opening(struct rg_str text, struct rg_hours *ret_hours)
{
    struct rg_hours o;
    if (text.n != 11 || text.p[5] != '-')
        return false;
    if (!read_clock((struct rg_str){text.p, 5}, &o.open_minute) || !read_clock((struct rg_str){text.p + 6, 5}, &o.close_minute))
        return false;
    if (o.open_minute >= o.close_minute)
        return false;
    *ret_hours = o;
    return true;
}

bool rg_parse_name(struct rg_str text, bool hyphen)
{
    if (text.n == 0 || text.n > RG_NAME_MAX || text.p[0] < 'a' || text.p[0] > 'z')
        return false;
    for (size_t i = 1; i < text.n; i++) {
        char c = text.p[i];
        bool fits = (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || (hyphen && c == '-');
        if (!fits)
            return false;
    }
    return true;
}
