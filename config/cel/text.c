/* Readers and writers of what is written inside quotes, and of values for people. Durations and instants follow CEL (Go's
 * durations, RFC 3339 with nanoseconds, years 1 to 9999); `d` for days is ours, because ladders count in days. */
#include "config/cel/node.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brazil/days/date.h"

#define NANOS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define SHOWN_TEXT_BYTES 40
#define SHOWN_ITEMS 8
#define SHOWN_DEPTH 4

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `digits` decimal digits at `at`. */
static bool read_digits(struct rg_str text, size_t at, size_t digits, int *ret_value)
{
    int value = 0;
    for (size_t i = at; i < at + digits; i++) {
        if (i >= text.n || !is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    *ret_value = value;
    return true;
}

static char char_at(struct rg_str text, size_t at)
{
    return at < text.n ? text.p[at] : '\0';
}

bool rg_cel_read_money(struct rg_str text, int64_t *ret_cents)
{
    size_t sign = char_at(text, 0) == '-';
    if (text.n < sign + 4 || text.n > sign + 16 || text.p[text.n - 3] != '.')
        return false;
    int64_t cents = 0;
    for (size_t i = sign; i < text.n; i++) {
        if (i == text.n - 3)
            continue;
        if (!is_digit(text.p[i]))
            return false;
        cents = cents * 10 + (text.p[i] - '0');
    }
    *ret_cents = sign ? -cents : cents;
    return true;
}

static bool is_decimal(struct rg_str text)
{
    static const char *const words[] = {"NaN", "Inf", "Infinity"};
    struct rg_str unsigned_text = text;
    if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
        unsigned_text = (struct rg_str){text.p + 1, text.n - 1};
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (rg_str_is(unsigned_text, words[i]))
            return true;
    for (size_t i = 0; i < text.n; i++)
        if (!is_digit(text.p[i]) && (text.p[i] == '\0' || strchr("+-.eE", text.p[i]) == NULL))
            return false;
    return text.n > 0;
}

bool rg_cel_read_double(struct rg_str text, double *ret_value)
{
    char copy[512];
    if (text.n >= sizeof copy || !is_decimal(text))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    char *end;
    double value = strtod(copy, &end);
    bool word = strpbrk(copy, "Ia") != NULL; /* Inf and NaN, asked for by name */
    if (end != copy + text.n || (!word && !isfinite(value)))
        return false;
    *ret_value = value;
    return true;
}

/* The calendar of months is a template year's: the country's dates end in 2199, instants go on to 9999. */
bool rg_cel_days_of(int year, int month, int day, int64_t *ret_days)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int template_year = leap ? 2000 : 2001;
    rg_day within = rg_day_of(template_year, month, day);
    if (within == RG_DAY_NONE)
        return false;
    int64_t before = year - 1;
    int64_t first = 365 * before + before / 4 - before / 100 + before / 400 - 719162; /* 1970-01-01 is day 719162 of year 1 */
    *ret_days = first + (within - rg_day_of(template_year, 1, 1));
    return true;
}

/* The fraction and zone of an instant from `at`; the offset in seconds. */
static bool read_instant_tail(struct rg_str text, size_t at, int32_t *ret_nanos, int64_t *ret_offset)
{
    int32_t nanos = 0;
    if (char_at(text, at) == '.') {
        int32_t unit = NANOS_PER_SECOND / 10;
        if (!is_digit(char_at(text, ++at)))
            return false;
        for (; is_digit(char_at(text, at)); at++, unit /= 10)
            nanos += unit * (text.p[at] - '0');
    }
    *ret_nanos = nanos;
    *ret_offset = 0;
    char zone = char_at(text, at);
    if (zone == 'Z')
        return at + 1 == text.n;
    int hours, minutes;
    if ((zone != '+' && zone != '-') || !read_digits(text, at + 1, 2, &hours) || char_at(text, at + 3) != ':' ||
        !read_digits(text, at + 4, 2, &minutes) || hours > 23 || minutes > 59 || at + 6 != text.n)
        return false;
    *ret_offset = (zone == '-' ? -60 : 60) * (hours * 60 + minutes);
    return true;
}

enum rg_cel_fault rg_cel_read_instant(struct rg_str text, struct rg_cel_value *ret_value)
{
    size_t digits = 0;
    while (is_digit(char_at(text, digits)))
        digits++;
    if (digits > 4 && char_at(text, digits) == '-')
        return RG_CEL_RANGE;
    int year, month, day, hour, minute, second;
    bool fine = text.n >= 20 && read_digits(text, 0, 4, &year) && text.p[4] == '-' && read_digits(text, 5, 2, &month) &&
                text.p[7] == '-' && read_digits(text, 8, 2, &day) && text.p[10] == 'T' && read_digits(text, 11, 2, &hour) &&
                text.p[13] == ':' && read_digits(text, 14, 2, &minute) && text.p[16] == ':' && read_digits(text, 17, 2, &second);
    int32_t nanos;
    int64_t offset, days;
    if (!fine || hour > 23 || minute > 59 || second > 59 || !read_instant_tail(text, 19, &nanos, &offset))
        return RG_CEL_OTHER;
    if (year == 0)
        return RG_CEL_RANGE;
    if (!rg_cel_days_of(year, month, day, &days))
        return RG_CEL_OTHER;
    int64_t seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    if (seconds < RG_CEL_INSTANT_MIN || seconds > RG_CEL_INSTANT_MAX)
        return RG_CEL_RANGE;
    *ret_value = (struct rg_cel_value){.type = RG_CEL_INSTANT, .i = seconds, .nanos = nanos};
    return RG_CEL_FINE;
}

struct unit {
    const char *name;
    int64_t nanos;
};

/* The unit at `at`, longest name first. */
static const struct unit *read_unit(struct rg_str text, size_t *at)
{
    static const struct unit units[] = {
        {"ns", 1},    {"us", 1000}, {"µs", 1000},          {"ms", 1000000}, {"s", NANOS_PER_SECOND}, {"m", 60 * NANOS_PER_SECOND},
        {"h", 3600 * NANOS_PER_SECOND}, {"d", RG_CEL_DAY_NANOS},
    };
    for (size_t i = 0; i < RG_COUNT(units); i++) {
        size_t n = strlen(units[i].name);
        if (text.n - *at >= n && memcmp(text.p + *at, units[i].name, n) == 0) {
            *at += n;
            return &units[i];
        }
    }
    return NULL;
}

/* One "1.5h" of a duration, added downwards, since the least value has no positive twin. */
static enum rg_cel_fault read_amount(struct rg_str text, size_t *at, int64_t *total)
{
    size_t start = *at, dot = 0;
    int64_t whole = 0;
    bool overflow = false;
    while (is_digit(char_at(text, *at))) {
        overflow = overflow || __builtin_mul_overflow(whole, 10, &whole) ||
                   __builtin_sub_overflow(whole, text.p[*at] - '0', &whole);
        *at += 1;
    }
    size_t digits = *at - start;
    if (char_at(text, *at) == '.') {
        dot = *at += 1;
        while (is_digit(char_at(text, *at)))
            *at += 1;
        digits += *at - dot;
    }
    size_t end = *at;
    const struct unit *unit = digits > 0 ? read_unit(text, at) : NULL;
    if (unit == NULL)
        return RG_CEL_OTHER;
    int64_t nanos;
    if (overflow || __builtin_mul_overflow(whole, unit->nanos, &nanos))
        return RG_CEL_RANGE;
    int64_t scale = unit->nanos / 10;
    for (size_t i = dot; dot != 0 && i < end && scale > 0; i++, scale /= 10)
        if (__builtin_sub_overflow(nanos, scale * (text.p[i] - '0'), &nanos))
            return RG_CEL_RANGE;
    return __builtin_add_overflow(*total, nanos, total) ? RG_CEL_RANGE : RG_CEL_FINE;
}

enum rg_cel_fault rg_cel_read_duration(struct rg_str text, struct rg_cel_value *ret_value)
{
    bool negative = char_at(text, 0) == '-';
    size_t at = negative || char_at(text, 0) == '+';
    int64_t nanos = 0;
    if (text.n == at + 1 && text.p[at] == '0')
        at++;
    else if (at == text.n)
        return RG_CEL_OTHER;
    while (at < text.n) {
        enum rg_cel_fault fault = read_amount(text, &at, &nanos);
        if (fault != RG_CEL_FINE)
            return fault;
    }
    if (!negative && __builtin_sub_overflow(0, nanos, &nanos))
        return RG_CEL_RANGE;
    *ret_value = (struct rg_cel_value){.type = RG_CEL_DURATION, .i = nanos};
    return RG_CEL_FINE;
}

/* ---- writers ---- */

size_t rg_cel_write_double(double value, char *ret_text)
{
    if (!isfinite(value))
        return (size_t)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    int precision = 0; /* the fewest digits that read back as the same double */
    do {
        (void)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "%.*e", precision, value);
    } while (strtod(ret_text, NULL) != value && ++precision < 17);
    double size = fabs(value);
    if (size != 0 && (size < 1e-6 || size >= 1e21))
        return strlen(ret_text);
    const char *exponent_text = strchr(ret_text, 'e') + 1; /* a sign and two digits, within these bounds */
    int exponent = (exponent_text[1] - '0') * 10 + (exponent_text[2] - '0');
    if (exponent_text[0] == '-')
        exponent = -exponent;
    int decimals = precision > exponent ? precision - exponent : 0;
    return (size_t)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "%.*f", decimals, value);
}

/* ".5" for half a second, nothing for none: nanoseconds without trailing zeros. */
static size_t write_fraction(int64_t nanos, char *ret_text, size_t room)
{
    if (nanos == 0)
        return 0;
    size_t n = (size_t)snprintf(ret_text, room, ".%09lld", (long long)nanos);
    while (ret_text[n - 1] == '0')
        n--;
    ret_text[n] = '\0';
    return n;
}

size_t rg_cel_write_instant(const struct rg_cel_value *instant, char *ret_text)
{
    int64_t days = instant->i / SECONDS_PER_DAY, second = instant->i % SECONDS_PER_DAY;
    if (second < 0) {
        second += SECONDS_PER_DAY;
        days--;
    }
    if (instant->i < RG_CEL_INSTANT_MIN || instant->i > RG_CEL_INSTANT_MAX)
        return (size_t)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "-");
    int year, month, day;
    rg_day_civil((rg_day)days, &year, &month, &day);
    size_t n = (size_t)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
                                (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    n += write_fraction(instant->nanos, ret_text + n, RG_CEL_NUMBER_TEXT_MAX - n);
    return n + (size_t)snprintf(ret_text + n, RG_CEL_NUMBER_TEXT_MAX - n, "Z");
}

size_t rg_cel_write_duration(int64_t nanos, char *ret_text)
{
    uint64_t size = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
    size_t n = (size_t)snprintf(ret_text, RG_CEL_NUMBER_TEXT_MAX, "%s%llu", nanos < 0 ? "-" : "",
                                (unsigned long long)(size / NANOS_PER_SECOND));
    n += write_fraction((int64_t)(size % NANOS_PER_SECOND), ret_text + n, RG_CEL_NUMBER_TEXT_MAX - n);
    return n + (size_t)snprintf(ret_text + n, RG_CEL_NUMBER_TEXT_MAX - n, "s");
}

void rg_cel_print_quoted(struct rg_str text, struct rg_buf *buf)
{
    rg_buf_addc(buf, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            rg_buf_addf(buf, "\\%c", c);
        else if (c == '\n')
            rg_buf_adds(buf, "\\n");
        else if (c == '\t')
            rg_buf_adds(buf, "\\t");
        else if (c < ' ' || c == 0x7f)
            rg_buf_addf(buf, "\\x%02x", c);
        else
            rg_buf_addc(buf, (char)c);
    }
    rg_buf_addc(buf, '"');
}

static void print_short(struct rg_str text, struct rg_buf *buf)
{
    size_t n = text.n;
    if (n > SHOWN_TEXT_BYTES) {
        n = SHOWN_TEXT_BYTES;
        while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80) /* never half a character */
            n--;
    }
    rg_cel_print_quoted((struct rg_str){text.p, n}, buf);
    if (n < text.n)
        rg_buf_adds(buf, "…");
}

static void print_value(const struct rg_cel_value *value, int depth, struct rg_buf *buf);

static void print_items(const struct rg_cel_value *value, int depth, struct rg_buf *buf)
{
    bool map = value->type == RG_CEL_MAP;
    size_t each = map ? 2 : 1;
    rg_buf_addc(buf, map ? '{' : '[');
    for (size_t i = 0; i < value->items.n; i++) {
        if (i > 0)
            rg_buf_adds(buf, ", ");
        if (i == SHOWN_ITEMS || depth == SHOWN_DEPTH) {
            rg_buf_adds(buf, "…");
            break;
        }
        print_value(&value->items.p[each * i], depth + 1, buf);
        if (map) {
            rg_buf_adds(buf, ": ");
            print_value(&value->items.p[2 * i + 1], depth + 1, buf);
        }
    }
    rg_buf_addc(buf, map ? '}' : ']');
}

static void print_money(int64_t cents, struct rg_buf *buf)
{
    uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    rg_buf_addf(buf, "%s%llu.%02d", cents < 0 ? "-" : "", (unsigned long long)(size / 100), (int)(size % 100));
}

static void print_value(const struct rg_cel_value *value, int depth, struct rg_buf *buf)
{
    char text[RG_CEL_NUMBER_TEXT_MAX];
    size_t n = 0;
    switch (value->type) {
    case RG_CEL_NULL:
        rg_buf_adds(buf, "null");
        return;
    case RG_CEL_BOOL:
        rg_buf_adds(buf, value->b ? "true" : "false");
        return;
    case RG_CEL_INT:
        rg_buf_addf(buf, "%lld", (long long)value->i);
        return;
    case RG_CEL_MONEY:
        print_money(value->i, buf);
        return;
    case RG_CEL_STRING:
        print_short(value->s, buf);
        return;
    case RG_CEL_LIST:
    case RG_CEL_MAP:
        print_items(value, depth, buf);
        return;
    case RG_CEL_DOUBLE:
        n = rg_cel_write_double(value->d, text);
        break;
    case RG_CEL_INSTANT:
        n = rg_cel_write_instant(value, text);
        break;
    case RG_CEL_DURATION:
        n = rg_cel_write_duration(value->i, text);
        break;
    case RG_CEL_DATE:
        rg_day_format((rg_day)value->i, text);
        n = strlen(text);
        break;
    case RG_CEL_DYN:
        rg_assert(value->type != RG_CEL_DYN);
    }
    rg_buf_add(buf, text, n);
}

void rg_cel_value_print(const struct rg_cel_value *value, struct rg_buf *buf)
{
    print_value(value, 0, buf);
}
