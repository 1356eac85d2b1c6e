/* Civil dates and instants. A date is a count of days, so that terms and due dates are plain arithmetic; an instant is a
 * count of milliseconds since 1970 UTC. Pure: "today" always comes from the caller.
 *
 * What comes from outside lies in the years 1900–2199, and whatever leaves them while counting business days becomes
 * RG_DAY_NONE. Plain `day + n` past the end is still a date that can be taken apart and printed. */
#pragma once

#include "base/core/core.h"

typedef int32_t rg_day; /* days since 1970-01-01, proleptic Gregorian */

#define RG_DAY_NONE INT32_MIN
#define RG_DAY_TEXT_MAX 11     /* "YYYY-MM-DD" and its NUL */
#define RG_INSTANT_TEXT_MAX 32 /* "YYYY-MM-DDThh:mm:ss.sss-03:00" and its NUL, with room */
#define RG_MS_PER_DAY INT64_C(86400000)
#define RG_MS_PER_MINUTE INT64_C(60000)

enum rg_weekday { RG_MON, RG_TUE, RG_WED, RG_THU, RG_FRI, RG_SAT, RG_SUN };

/* RG_DAY_NONE unless it is a real date of the years 1900–2199. */
rg_day rg_day_of(int year, int month, int day);

/* Whether the day lies in the years 1900–2199. */
bool rg_day_known(rg_day day);

/* Not for RG_DAY_NONE. */
void rg_day_civil(rg_day day, int *ret_year, int *ret_month, int *ret_day);
enum rg_weekday rg_day_weekday(rg_day day);

/* Exactly "YYYY-MM-DD", years 1900–2199. */
bool rg_day_parse(struct rg_str text, rg_day *ret_day);

/* "-" for RG_DAY_NONE and for years that do not have four digits. */
void rg_day_format(rg_day day, char ret_text[RG_DAY_TEXT_MAX]);

/* The day of equal number `years` later; 29 February without one gives 1 March (Código Civil art. 132 §3: the day that
 * follows immediately where the exact one is missing). RG_DAY_NONE outside 1900–2199. */
rg_day rg_day_add_years(rg_day day, int years);

/* Easter Sunday of the western churches, from which Brazil's moving holidays are counted. Years 1900–2199. */
rg_day rg_easter(int year);
bool rg_is_easter(rg_day day);

/* RFC 3339: "2026-11-23T10:00:00-03:00", fraction of any length (truncated to milliseconds) and 'Z' allowed, the offset
 * mandatory. A leap second, which only exists at 23:59:60 UTC, is folded to 59.999. */
bool rg_instant_parse(struct rg_str text, int64_t *ret_ms);

/* The offset is printed as 'Z' when zero, milliseconds only when there are any. "-" outside the years 1900–2199 or for an
 * offset of a day and more. */
void rg_instant_format(int64_t ms, int offset_minutes, char ret_text[RG_INSTANT_TEXT_MAX]);
