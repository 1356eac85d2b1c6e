/* A scanner over the three date forms; month and day names are compared as the RFC writes them, case included. The
 * weekday is checked for being one and otherwise ignored: it adds nothing to the date. */
#include "base/http/retry_after.h"

#include <string.h>

struct scan {
    struct rg_str text;
    size_t at;
    bool failed;
};

struct civil {
    int64_t year, month, day, hour, minute, second;
};

static void expect(struct scan *s, const char *literal)
{
    size_t n = strlen(literal);
    if (s->failed || s->text.n - s->at < n || memcmp(s->text.p + s->at, literal, n) != 0)
        s->failed = true;
    else
        s->at += n;
}

/* Exactly `digits` digits; `blank` lets the first be a space. */
static int64_t number(struct scan *s, size_t digits, bool blank)
{
    int64_t value = 0;
    if (s->failed || s->text.n - s->at < digits) {
        s->failed = true;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = s->text.p[s->at++];
        if (blank && i == 0 && c == ' ')
            continue;
        if (c < '0' || c > '9')
            s->failed = true;
        value = value * 10 + (c - '0');
    }
    return value;
}

/* Index of the name that stands here; the longest names of a list must come first where one begins another. */
static int64_t name(struct scan *s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && !s->failed; i++) {
        size_t n = strlen(names[i]);
        if (s->text.n - s->at >= n && memcmp(s->text.p + s->at, names[i], n) == 0) {
            s->at += n;
            return (int64_t)i;
        }
    }
    s->failed = true;
    return 0;
}

static int64_t month_name(struct scan *s)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return name(s, names, RG_COUNT(names)) + 1;
}

static void time_of_day(struct scan *s, struct civil *c)
{
    c->hour = number(s, 2, false);
    expect(s, ":");
    c->minute = number(s, 2, false);
    expect(s, ":");
    c->second = number(s, 2, false);
}

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, yoe = year % 400; /* years from outside are 1601 at least */
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool civil_to_ms(const struct civil *c, int64_t *ret_ms)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->year < 1601 || c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    if (c->day < 1 || c->day > lengths[c->month - 1] + (c->month == 2 && leap))
        return false;
    *ret_ms = (((days_from_civil(c->year, c->month, c->day) * 24 + c->hour) * 60 + c->minute) * 60 + c->second) * 1000;
    return true;
}

static int64_t year_of(int64_t wall_ms)
{
    int64_t year = 1970 + wall_ms / (INT64_C(31556952) * 1000); /* mean year: at most one off, which the search corrects */
    while (days_from_civil(year + 1, 1, 1) * INT64_C(86400000) <= wall_ms)
        year++;
    while (days_from_civil(year, 1, 1) * INT64_C(86400000) > wall_ms)
        year--;
    return year;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static void scan_fixdate(struct scan *s, struct civil *c)
{
    c->day = number(s, 2, false);
    expect(s, " ");
    c->month = month_name(s);
    expect(s, " ");
    c->year = number(s, 4, false);
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " GMT");
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": a year more than 50 years ahead means the past century. */
static void scan_rfc850(struct scan *s, struct civil *c, int64_t now_wall_ms)
{
    c->day = number(s, 2, false);
    expect(s, "-");
    c->month = month_name(s);
    expect(s, "-");
    int64_t now = year_of(now_wall_ms);
    c->year = now - now % 100 + number(s, 2, false);
    if (c->year > now + 50)
        c->year -= 100;
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " GMT");
}

/* "Sun Nov  6 08:49:37 1994" */
static void scan_asctime(struct scan *s, struct civil *c)
{
    c->month = month_name(s);
    expect(s, " ");
    c->day = number(s, 2, true);
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " ");
    c->year = number(s, 4, false);
}

bool rg_http_date(struct rg_str value, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
    static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
                                           "Mon",    "Tue",     "Wed",       "Thu",      "Fri",    "Sat",      "Sun"};
    struct scan s = {.text = value};
    struct civil c = {0};
    bool is_long = name(&s, weekdays, RG_COUNT(weekdays)) < 7;
    bool comma = !s.failed && s.at < value.n && value.p[s.at] == ',';
    expect(&s, comma ? ", " : " ");
    if (is_long)
        scan_rfc850(&s, &c, now_wall_ms);
    else if (comma)
        scan_fixdate(&s, &c);
    else
        scan_asctime(&s, &c);
    return !s.failed && (comma || !is_long) && s.at == value.n && civil_to_ms(&c, ret_wall_ms);
}

bool rg_retry_after(struct rg_str value, int64_t now_wall_ms, int64_t *ret_ms)
{
    while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t')) {
        value.p++;
        value.n--;
    }
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    if (value.n == 0)
        return false;
    int64_t wait = 0, until;
    size_t digits = 0;
    while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
        digits++;
    if (digits == value.n) {
        for (size_t i = 0; i < digits && wait <= RG_RETRY_AFTER_MAX_MS; i++)
            wait = wait * 10 + (value.p[i] - '0');
        wait = wait > RG_RETRY_AFTER_MAX_MS / 1000 ? RG_RETRY_AFTER_MAX_MS : wait * 1000;
    } else if (rg_http_date(value, now_wall_ms, &until)) {
        wait = until > now_wall_ms ? until - now_wall_ms : 0;
        if (wait > RG_RETRY_AFTER_MAX_MS)
            wait = RG_RETRY_AFTER_MAX_MS;
    } else {
        return false;
    }
    *ret_ms = wait;
    return true;
}
