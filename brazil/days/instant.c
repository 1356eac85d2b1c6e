/* RFC 3339 by hand: strptime accepts spaces, single digits and locales, and none of it knows offsets with a colon or leap
 * seconds the same way everywhere. The text is read left to right by fixed positions up to the seconds, then by grammar. */
#include "brazil/days/date.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_CHARS 19 /* "YYYY-MM-DDThh:mm:ss" */
#define MINUTES_PER_DAY 1440

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_two(const char *p, int max, int *ret_value)
{
    if (!is_digit(p[0]) || !is_digit(p[1]))
        return false;
    int value = (p[0] - '0') * 10 + (p[1] - '0');
    if (value > max)
        return false;
    *ret_value = value;
    return true;
}

/* Moves *at behind a fraction, if there is one. */
static bool read_fraction(struct rg_str text, size_t *at, int *ret_ms)
{
    if (*at >= text.n || text.p[*at] != '.')
        return true;
    size_t i = *at + 1;
    size_t digits = 0;
    int ms = 0;
    for (; i < text.n && is_digit(text.p[i]); i++, digits++)
        if (digits < 3)
            ms = ms * 10 + (text.p[i] - '0');
    if (digits == 0)
        return false;
    for (; digits < 3; digits++)
        ms *= 10;
    *at = i;
    *ret_ms = ms;
    return true;
}

/* What is left of the text has to be exactly an offset. */
static bool read_offset(struct rg_str rest, int *ret_minutes)
{
    if (rest.n == 1 && (rest.p[0] == 'Z' || rest.p[0] == 'z')) {
        *ret_minutes = 0;
        return true;
    }
    int hours, minutes;
    if (rest.n != 6 || (rest.p[0] != '+' && rest.p[0] != '-') || rest.p[3] != ':')
        return false;
    if (!read_two(rest.p + 1, 23, &hours) || !read_two(rest.p + 4, 59, &minutes))
        return false;
    int offset = hours * 60 + minutes;
    *ret_minutes = rest.p[0] == '-' ? -offset : offset;
    return true;
}

bool rg_instant_parse(struct rg_str text, int64_t *ret_ms)
{
    const char *p = text.p;
    rg_day day;
    int hour, minute, second, ms = 0, offset = 0;
    if (text.n <= PREFIX_CHARS || (p[10] != 'T' && p[10] != 't') || p[13] != ':' || p[16] != ':')
        return false;
    if (!rg_day_parse((struct rg_str){p, 10}, &day))
        return false;
    if (!read_two(p + 11, 23, &hour) || !read_two(p + 14, 59, &minute) || !read_two(p + 17, 60, &second))
        return false;
    size_t at = PREFIX_CHARS;
    if (!read_fraction(text, &at, &ms) || !read_offset((struct rg_str){p + at, text.n - at}, &offset))
        return false;
    int64_t minutes = (int64_t)day * MINUTES_PER_DAY + hour * 60 + minute - offset;
    if (second == 60) {
        if ((minutes % MINUTES_PER_DAY + MINUTES_PER_DAY) % MINUTES_PER_DAY != MINUTES_PER_DAY - 1)
            return false;
        second = 59;
        ms = 999;
    }
    *ret_ms = minutes * RG_MS_PER_MINUTE + second * 1000 + ms;
    return true;
}

void rg_instant_format(int64_t ms, int offset_minutes, char ret_text[RG_INSTANT_TEXT_MAX])
{
    int64_t local_ms = 0;
    bool fits = offset_minutes > -MINUTES_PER_DAY && offset_minutes < MINUTES_PER_DAY &&
                !__builtin_add_overflow(ms, (int64_t)offset_minutes * RG_MS_PER_MINUTE, &local_ms);
    int64_t days = local_ms / RG_MS_PER_DAY - (local_ms % RG_MS_PER_DAY < 0);
    if (!fits || days < INT32_MIN || days > INT32_MAX || !rg_day_known((rg_day)days)) {
        memcpy(ret_text, "-", sizeof "-");
        return;
    }
    char date[RG_DAY_TEXT_MAX];
    rg_day_format((rg_day)days, date);
    unsigned of_day = (unsigned)(local_ms - days * RG_MS_PER_DAY);
    unsigned seconds = of_day / 1000U, fraction = of_day % 1000U;
    char millis[5] = "";
    if (fraction != 0)
        snprintf(millis, sizeof millis, ".%03u", fraction % 1000U);
    char offset[7] = "Z";
    unsigned minutes = (unsigned)(offset_minutes < 0 ? -offset_minutes : offset_minutes);
    if (minutes != 0)
        snprintf(offset, sizeof offset, "%c%02u:%02u", offset_minutes < 0 ? '-' : '+', minutes / 60U % 24U, minutes % 60U);
    snprintf(ret_text, RG_INSTANT_TEXT_MAX, "%sT%02u:%02u:%02u%s%s", date, seconds / 3600U % 24U, seconds / 60U % 60U,
             seconds % 60U, millis, offset);
}
