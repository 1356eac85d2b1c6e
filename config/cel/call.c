/* The functions, one row each: name, implementation, and how it may be written. The forms a function has (which argument
 * types, what result) are a second table, read by the checker; implementations look at their values' tags again, since in
 * dynamic mode nobody has checked them. */
#include "config/cel/node.h"

#include <stdio.h>
#include <string.h>

#include "base/core/suggest.h"
#include "brazil/days/date.h"

#define NANOS_PER_SECOND INT64_C(1000000000)

#define CALL(name)                                                                                                             \
    static enum rg_cel_fault name(struct rg_cel_run *run, const struct rg_cel_value *args, unsigned count,                    \
                                  struct rg_cel_value *ret_value)

static enum rg_cel_fault give(struct rg_cel_value *ret_value, struct rg_cel_value value)
{
    *ret_value = value;
    return RG_CEL_FINE;
}

/* ---- texts and collections ---- */

CALL(call_size)
{
    (void)run;
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (args[0].type == RG_CEL_LIST || args[0].type == RG_CEL_MAP)
        return give(ret_value, rg_cel_int((int64_t)args[0].items.n));
    if (args[0].type != RG_CEL_STRING)
        return RG_CEL_NO_SUCH_OVERLOAD;
    int64_t characters = 0;
    for (size_t i = 0; i < args[0].s.n; i++)
        characters += ((unsigned char)args[0].s.p[i] & 0xc0) != 0x80;
    return give(ret_value, rg_cel_int(characters));
}

static bool are_texts(const struct rg_cel_value *args, unsigned count)
{
    return count == 2 && args[0].type == RG_CEL_STRING && args[1].type == RG_CEL_STRING;
}

CALL(call_contains)
{
    (void)run;
    if (!are_texts(args, count))
        return RG_CEL_NO_SUCH_OVERLOAD;
    struct rg_str text = args[0].s, part = args[1].s;
    return give(ret_value, rg_cel_bool(part.n == 0 || (text.n >= part.n && memmem(text.p, text.n, part.p, part.n) != NULL)));
}

CALL(call_starts_with)
{
    (void)run;
    if (!are_texts(args, count))
        return RG_CEL_NO_SUCH_OVERLOAD;
    struct rg_str text = args[0].s, part = args[1].s;
    return give(ret_value, rg_cel_bool(text.n >= part.n && rg_str_eq((struct rg_str){text.p, part.n}, part)));
}

CALL(call_ends_with)
{
    (void)run;
    if (!are_texts(args, count))
        return RG_CEL_NO_SUCH_OVERLOAD;
    struct rg_str text = args[0].s, part = args[1].s;
    return give(ret_value, rg_cel_bool(text.n >= part.n && rg_str_eq((struct rg_str){text.p + (text.n - part.n), part.n}, part)));
}

/* ---- conversions ---- */

CALL(call_bool)
{
    (void)run;
    static const char *const words[] = {"true", "True", "TRUE", "t", "1", "false", "False", "FALSE", "f", "0"};
    if (count != 1 || (args[0].type != RG_CEL_BOOL && args[0].type != RG_CEL_STRING))
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (args[0].type == RG_CEL_BOOL)
        return give(ret_value, args[0]);
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (rg_str_is(args[0].s, words[i]))
            return give(ret_value, rg_cel_bool(i < RG_COUNT(words) / 2));
    return RG_CEL_OTHER;
}

CALL(call_int)
{
    (void)run;
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    int64_t number;
    switch (args[0].type) {
    case RG_CEL_INT:
        return give(ret_value, args[0]);
    case RG_CEL_INSTANT:
        return give(ret_value, rg_cel_int(args[0].i));
    case RG_CEL_DOUBLE: /* both bounds are excluded by CEL, and a NaN with them */
        return args[0].d > -0x1p63 && args[0].d < 0x1p63 ? give(ret_value, rg_cel_int((int64_t)args[0].d)) : RG_CEL_RANGE;
    case RG_CEL_STRING:
        return rg_str_to_i64(args[0].s, &number) ? give(ret_value, rg_cel_int(number)) : RG_CEL_OTHER;
    default:
        return RG_CEL_NO_SUCH_OVERLOAD;
    }
}

CALL(call_double)
{
    (void)run;
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    double number;
    switch (args[0].type) {
    case RG_CEL_DOUBLE:
        return give(ret_value, args[0]);
    case RG_CEL_INT:
        return give(ret_value, rg_cel_double((double)args[0].i));
    case RG_CEL_STRING:
        return rg_cel_read_double(args[0].s, &number) ? give(ret_value, rg_cel_double(number)) : RG_CEL_OTHER;
    default:
        return RG_CEL_NO_SUCH_OVERLOAD;
    }
}

CALL(call_string)
{
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    char text[RG_CEL_NUMBER_TEXT_MAX];
    size_t n;
    switch (args[0].type) {
    case RG_CEL_STRING:
        return give(ret_value, args[0]);
    case RG_CEL_BOOL:
        return give(ret_value, rg_cel_string(args[0].b ? RG_STR("true") : RG_STR("false")));
    case RG_CEL_INT:
        n = (size_t)snprintf(text, sizeof text, "%lld", (long long)args[0].i);
        break;
    case RG_CEL_DOUBLE:
        n = rg_cel_write_double(args[0].d, text);
        break;
    case RG_CEL_INSTANT:
        n = rg_cel_write_instant(&args[0], text);
        break;
    case RG_CEL_DURATION:
        n = rg_cel_write_duration(args[0].i, text);
        break;
    default:
        return RG_CEL_NO_SUCH_OVERLOAD;
    }
    char *copy = rg_cel_scratch_take(run->scratch, n);
    if (copy == NULL)
        return RG_CEL_OTHER;
    memcpy(copy, text, n);
    return give(ret_value, rg_cel_string((struct rg_str){copy, n}));
}

CALL(call_timestamp)
{
    (void)run;
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    switch (args[0].type) {
    case RG_CEL_INSTANT:
        return give(ret_value, args[0]);
    case RG_CEL_STRING:
        return rg_cel_read_instant(args[0].s, ret_value);
    case RG_CEL_INT:
        if (args[0].i < RG_CEL_INSTANT_MIN || args[0].i > RG_CEL_INSTANT_MAX)
            return RG_CEL_RANGE;
        return give(ret_value, (struct rg_cel_value){.type = RG_CEL_INSTANT, .i = args[0].i});
    default:
        return RG_CEL_NO_SUCH_OVERLOAD;
    }
}

CALL(call_duration)
{
    (void)run;
    if (count != 1)
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (args[0].type == RG_CEL_DURATION)
        return give(ret_value, args[0]);
    return args[0].type == RG_CEL_STRING ? rg_cel_read_duration(args[0].s, ret_value) : RG_CEL_NO_SUCH_OVERLOAD;
}

CALL(call_brl)
{
    (void)run;
    int64_t cents;
    if (count != 1 || args[0].type != RG_CEL_STRING)
        return RG_CEL_NO_SUCH_OVERLOAD;
    return rg_cel_read_money(args[0].s, &cents) ? give(ret_value, rg_cel_money(cents)) : RG_CEL_OTHER;
}

CALL(call_date)
{
    (void)run;
    rg_day day;
    if (count != 1 || args[0].type != RG_CEL_STRING)
        return RG_CEL_NO_SUCH_OVERLOAD;
    return rg_day_parse(args[0].s, &day) ? give(ret_value, rg_cel_date(day)) : RG_CEL_OTHER;
}

CALL(call_dyn)
{
    (void)run;
    return count == 1 ? give(ret_value, args[0]) : RG_CEL_NO_SUCH_OVERLOAD;
}

/* ---- getters of instants and durations ---- */

/* "UTC", "-03:00", "03:00" as seconds east. */
static bool read_zone(struct rg_str zone, int64_t *ret_offset)
{
    *ret_offset = 0;
    if (rg_str_is(zone, "UTC") || rg_str_is(zone, "Z"))
        return true;
    bool west = zone.n > 0 && zone.p[0] == '-';
    if (zone.n > 0 && (west || zone.p[0] == '+'))
        zone = (struct rg_str){zone.p + 1, zone.n - 1};
    int64_t hours, minutes;
    if (zone.n != 5 || zone.p[2] != ':' || !rg_str_to_i64((struct rg_str){zone.p, 2}, &hours) ||
        !rg_str_to_i64((struct rg_str){zone.p + 3, 2}, &minutes) || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ret_offset = (west ? -60 : 60) * (hours * 60 + minutes);
    return true;
}

bool rg_cel_fn_zone_fits(const struct rg_cel_fn *fn, struct rg_str zone)
{
    int64_t offset;
    return strncmp(fn->name, "get", 3) != 0 || read_zone(zone, &offset);
}

struct civil {
    int year, month, day, day_of_year, weekday, hour, minute, second, millisecond;
};

/* The civil time of an instant in UTC or at the offset that args[1] names. */
static enum rg_cel_fault read_civil(const struct rg_cel_value *args, unsigned count, struct civil *ret_civil)
{
    int64_t offset = 0;
    if (count < 1 || count > 2 || args[0].type != RG_CEL_INSTANT || (count == 2 && args[1].type != RG_CEL_STRING))
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (count == 2 && !read_zone(args[1].s, &offset))
        return RG_CEL_OTHER;
    int64_t seconds = args[0].i + offset;
    int64_t days = seconds / 86400, second = seconds % 86400;
    if (second < 0) {
        second += 86400;
        days--;
    }
    struct civil c = {
        .hour = (int)(second / 3600), .minute = (int)(second / 60 % 60), .second = (int)(second % 60),
        .millisecond = args[0].nanos / 1000000,
    };
    rg_day_civil((rg_day)days, &c.year, &c.month, &c.day);
    c.weekday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday; CEL counts from Sunday */
    int64_t new_year;
    (void)rg_cel_days_of(c.year, 1, 1, &new_year); /* every year has one */
    c.day_of_year = (int)(days - new_year);
    *ret_civil = c;
    return RG_CEL_FINE;
}

#define GETTER(name, field)                                                                                                    \
    CALL(name)                                                                                                                 \
    {                                                                                                                          \
        (void)run;                                                                                                             \
        struct civil c;                                                                                                        \
        enum rg_cel_fault fault = read_civil(args, count, &c);                                                                 \
        return fault == RG_CEL_FINE ? give(ret_value, rg_cel_int(c.field)) : fault;                                            \
    }
GETTER(call_year, year)
GETTER(call_month, month - 1)
GETTER(call_date_of_month, day)
GETTER(call_day_of_month, day - 1)
GETTER(call_day_of_year, day_of_year)
GETTER(call_weekday, weekday)

/* Of a duration the whole of it in that unit; getMilliseconds alone is the part below a second. */
#define CLOCK_GETTER(name, field, of_duration)                                                                                 \
    GETTER(name##_of_instant, field)                                                                                           \
    CALL(name)                                                                                                                 \
    {                                                                                                                          \
        if (count == 1 && args[0].type == RG_CEL_DURATION)                                                                     \
            return give(ret_value, rg_cel_int(of_duration));                                                                   \
        return name##_of_instant(run, args, count, ret_value);                                                                 \
    }
CLOCK_GETTER(call_hours, hour, args[0].i / (3600 * NANOS_PER_SECOND))
CLOCK_GETTER(call_minutes, minute, args[0].i / (60 * NANOS_PER_SECOND))
CLOCK_GETTER(call_seconds, second, args[0].i / NANOS_PER_SECOND)
CLOCK_GETTER(call_milliseconds, millisecond, args[0].i % NANOS_PER_SECOND / 1000000)

/* ---- tables ---- */

static const struct rg_cel_fn functions[] = {
    {"size", call_size, .global = true, .member = true},
    {"contains", call_contains, .member = true},
    {"startsWith", call_starts_with, .member = true},
    {"endsWith", call_ends_with, .member = true},
    {"bool", call_bool, .global = true},
    {"int", call_int, .global = true},
    {"double", call_double, .global = true},
    {"string", call_string, .global = true},
    {"timestamp", call_timestamp, .global = true, .literal = true, .example = "2026-01-31T10:00:00-03:00"},
    {"duration", call_duration, .global = true, .literal = true, .example = "36h"},
    {"brl", call_brl, .global = true, .literal = true, .ours = true, .example = "20.00"},
    {"date", call_date, .global = true, .literal = true, .ours = true, .example = "2026-01-31"},
    {"dyn", call_dyn, .global = true, .dynamic = true},
    {"getFullYear", call_year, .member = true},
    {"getMonth", call_month, .member = true},
    {"getDate", call_date_of_month, .member = true},
    {"getDayOfMonth", call_day_of_month, .member = true},
    {"getDayOfYear", call_day_of_year, .member = true},
    {"getDayOfWeek", call_weekday, .member = true},
    {"getHours", call_hours, .member = true},
    {"getMinutes", call_minutes, .member = true},
    {"getSeconds", call_seconds, .member = true},
    {"getMilliseconds", call_milliseconds, .member = true},
};

/* A form: argument types (RG_CEL_DYN ends them) and the result. */
static const struct form {
    rg_cel_call_fn *call;
    enum rg_cel_type args[2], result;
} forms[] = {
    {call_size, {RG_CEL_STRING}, RG_CEL_INT},
    {call_size, {RG_CEL_LIST}, RG_CEL_INT},
    {call_size, {RG_CEL_MAP}, RG_CEL_INT},
    {call_contains, {RG_CEL_STRING, RG_CEL_STRING}, RG_CEL_BOOL},
    {call_starts_with, {RG_CEL_STRING, RG_CEL_STRING}, RG_CEL_BOOL},
    {call_ends_with, {RG_CEL_STRING, RG_CEL_STRING}, RG_CEL_BOOL},
    {call_bool, {RG_CEL_BOOL}, RG_CEL_BOOL},
    {call_bool, {RG_CEL_STRING}, RG_CEL_BOOL},
    {call_int, {RG_CEL_INT}, RG_CEL_INT},
    {call_int, {RG_CEL_DOUBLE}, RG_CEL_INT},
    {call_int, {RG_CEL_STRING}, RG_CEL_INT},
    {call_int, {RG_CEL_INSTANT}, RG_CEL_INT},
    {call_double, {RG_CEL_DOUBLE}, RG_CEL_DOUBLE},
    {call_double, {RG_CEL_INT}, RG_CEL_DOUBLE},
    {call_double, {RG_CEL_STRING}, RG_CEL_DOUBLE},
    {call_string, {RG_CEL_STRING}, RG_CEL_STRING},
    {call_string, {RG_CEL_BOOL}, RG_CEL_STRING},
    {call_string, {RG_CEL_INT}, RG_CEL_STRING},
    {call_string, {RG_CEL_DOUBLE}, RG_CEL_STRING},
    {call_string, {RG_CEL_INSTANT}, RG_CEL_STRING},
    {call_string, {RG_CEL_DURATION}, RG_CEL_STRING},
    {call_timestamp, {RG_CEL_STRING}, RG_CEL_INSTANT},
    {call_timestamp, {RG_CEL_INT}, RG_CEL_INSTANT},
    {call_timestamp, {RG_CEL_INSTANT}, RG_CEL_INSTANT},
    {call_duration, {RG_CEL_STRING}, RG_CEL_DURATION},
    {call_duration, {RG_CEL_DURATION}, RG_CEL_DURATION},
    {call_brl, {RG_CEL_STRING}, RG_CEL_MONEY},
    {call_date, {RG_CEL_STRING}, RG_CEL_DATE},
    {call_hours, {RG_CEL_DURATION}, RG_CEL_INT},
    {call_minutes, {RG_CEL_DURATION}, RG_CEL_INT},
    {call_seconds, {RG_CEL_DURATION}, RG_CEL_INT},
    {call_milliseconds, {RG_CEL_DURATION}, RG_CEL_INT},
};

const struct rg_cel_fn *rg_cel_fn_find(struct rg_str name, bool member)
{
    for (size_t i = 0; i < RG_COUNT(functions); i++)
        if ((member ? functions[i].member : functions[i].global) && rg_str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

const char *rg_cel_fn_suggest(struct rg_str name)
{
    const char *names[RG_COUNT(functions) + 1];
    for (size_t i = 0; i < RG_COUNT(functions); i++)
        names[i] = functions[i].name;
    names[RG_COUNT(functions)] = "has";
    return rg_suggest(name, names, RG_COUNT(names));
}

const char *rg_cel_fn_outside(struct rg_str name)
{
    static const struct {
        const char *name, *advice;
    } outside[] = {
        {"matches", "; use startsWith, endsWith or contains"},
        {"uint", "; use int()"},
        {"bytes", "; use texts"},
        {"type", ""},
    };
    for (size_t i = 0; i < RG_COUNT(outside); i++)
        if (rg_str_is(name, outside[i].name))
            return outside[i].advice;
    return NULL;
}

static bool fits(const struct form *form, const struct rg_cel_kind *args, unsigned count)
{
    for (unsigned i = 0; i < RG_COUNT(form->args); i++) {
        if (i >= count || form->args[i] == RG_CEL_DYN)
            return i == count && form->args[i] == RG_CEL_DYN;
        if (args[i].type != form->args[i] && args[i].type != RG_CEL_DYN)
            return false;
    }
    return count == RG_COUNT(form->args);
}

bool rg_cel_fn_type(const struct rg_cel_fn *fn, const struct rg_cel_kind *args, unsigned count, enum rg_cel_type *ret_type)
{
    /* Each getter of an instant takes a zone or none. */
    bool getter = strncmp(fn->name, "get", 3) == 0;
    bool zone = count == 1 || (count == 2 && (args[1].type == RG_CEL_STRING || args[1].type == RG_CEL_DYN));
    if (getter && zone && (args[0].type == RG_CEL_INSTANT || args[0].type == RG_CEL_DYN)) {
        *ret_type = RG_CEL_INT;
        return true;
    }
    for (size_t i = 0; i < RG_COUNT(forms); i++)
        if (forms[i].call == fn->call && fits(&forms[i], args, count)) {
            *ret_type = forms[i].result;
            return true;
        }
    return false;
}
