/* Each form is recognised by its whole text; nothing is tried until something fits, because 01/02/2026 fits too much. */
#include "consumers/decode/times.h"

#include <stdio.h>
#include <string.h>

#define DAY_BYTES 10

static const struct rg_zone *or_brasilia(const struct rg_zone *zone)
{
    return zone != NULL ? zone : rg_zone_find(RG_STR("America/Sao_Paulo"));
}

static bool two_digits(struct rg_str text, size_t at, int max, int *ret_number)
{
    if (at + 2 > text.n || text.p[at] < '0' || text.p[at] > '9' || text.p[at + 1] < '0' || text.p[at + 1] > '9')
        return false;
    *ret_number = (text.p[at] - '0') * 10 + (text.p[at + 1] - '0');
    return *ret_number <= max;
}

/* "hh:mm", "hh:mm:ss", "hh:mm:ss.fff…" as milliseconds of the day. */
static bool clock_ms(struct rg_str text, int64_t *ret_ms)
{
    int hour = 0, minute = 0, second = 0;
    int64_t fraction = 0, weight = 100;
    if (!two_digits(text, 0, 23, &hour) || text.n < 5 || text.p[2] != ':' || !two_digits(text, 3, 59, &minute))
        return false;
    if (text.n > 5 && (text.p[5] != ':' || !two_digits(text, 6, 59, &second)))
        return false;
    if (text.n > 8 && (text.p[8] != '.' || text.n == 9))
        return false;
    for (size_t i = 9; i < text.n; i++, weight /= 10) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        fraction += weight * (text.p[i] - '0');
    }
    *ret_ms = ((hour * INT64_C(60) + minute) * 60 + second) * 1000 + fraction;
    return true;
}

bool rg_time_local(struct rg_str text, const struct rg_zone *zone, int64_t *ret_ms)
{
    rg_day day = RG_DAY_NONE;
    int64_t ms = 0;
    if (rg_instant_parse(text, ret_ms))
        return true;
    if (zone == NULL || text.n < DAY_BYTES || !rg_day_parse((struct rg_str){text.p, DAY_BYTES}, &day))
        return false;
    if (text.n > DAY_BYTES) {
        if (text.p[DAY_BYTES] != ' ' && text.p[DAY_BYTES] != 'T')
            return false;
        if (!clock_ms((struct rg_str){text.p + DAY_BYTES + 1, text.n - DAY_BYTES - 1}, &ms))
            return false;
    }
    *ret_ms = rg_instant_at(zone, day, 0) + ms;
    return true;
}

static bool day_dmy(struct rg_str text, rg_day *ret_day)
{
    int day = 0, month = 0, century = 0, year = 0;
    if (text.n != DAY_BYTES || text.p[2] != '/' || text.p[5] != '/' || !two_digits(text, 0, 31, &day) ||
        !two_digits(text, 3, 12, &month) || !two_digits(text, 6, 99, &century) || !two_digits(text, 8, 99, &year))
        return false;
    *ret_day = rg_day_of(century * 100 + year, month, day);
    return *ret_day != RG_DAY_NONE;
}

static bool epoch_ms(struct rg_str text, int64_t per_second, int64_t *ret_ms)
{
    int64_t number = 0, ms = 0;
    if (!rg_str_to_i64(text, &number) || __builtin_mul_overflow(number, 1000 / per_second, &ms))
        return false;
    char probe[RG_INSTANT_TEXT_MAX];
    rg_instant_format(ms, 0, probe);
    *ret_ms = ms;
    return probe[0] != '-'; /* outside of the years we know */
}

bool rg_time_day(struct rg_str text, enum rg_mapping_format format, const struct rg_zone *zone, char ret_text[RG_DAY_TEXT_MAX])
{
    rg_day day = RG_DAY_NONE;
    int64_t ms = 0;
    switch (format) {
    case RG_MAPPING_DMY:
        if (!day_dmy(text, &day))
            return false;
        break;
    case RG_MAPPING_UNIX:
    case RG_MAPPING_UNIX_MS:
        if (!epoch_ms(text, format == RG_MAPPING_UNIX ? 1 : 1000, &ms))
            return false;
        day = rg_local_at(or_brasilia(zone), ms).day;
        break;
    default:
        if (rg_day_parse(text, &day))
            break;
        if (zone == NULL || !rg_time_local(text, zone, &ms))
            return false;
        day = rg_local_at(zone, ms).day;
        break;
    }
    rg_day_format(day, ret_text);
    return true;
}

bool rg_time_instant(struct rg_str text, enum rg_mapping_format format, const struct rg_zone *zone,
                     char ret_text[RG_INSTANT_TEXT_MAX])
{
    rg_day day = RG_DAY_NONE;
    int64_t ms = 0;
    if (format == RG_MAPPING_DMY || (format == RG_MAPPING_ISO && rg_day_parse(text, &day))) {
        char plain[RG_DAY_TEXT_MAX];
        if (!rg_time_day(text, format, zone, plain))
            return false;
        (void)snprintf(ret_text, RG_INSTANT_TEXT_MAX, "%s", plain);
        return true;
    }
    if (format == RG_MAPPING_ISO ? !rg_time_local(text, zone, &ms) : !epoch_ms(text, format == RG_MAPPING_UNIX ? 1 : 1000, &ms))
        return false;
    rg_instant_format(ms, 0, ret_text);
    return ret_text[0] != '-';
}
