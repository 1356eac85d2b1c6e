/* The debtor's calendar: state and city holidays, hours in which messages may go out, days on which a service may be cut,
 * and legal terms. Plain immutable data that config fills from calendars/NAME.yaml and owns; every entry carries its source,
 * because an operator has to be able to ask "says who?".
 *
 * `state` is two capital letters, `city` any spelling (compared without regard to accents, case, hyphens, apostrophes and
 * repeated spaces); either may be absent: then only what holds everywhere applies.
 *
 * Two notions of a free day, on purpose: for hours and cuts a holiday is a national, state or city one; terms are moved
 * by those and by the days on which banks close. */
#pragma once

#include "brazil/days/date.h"

#define RG_CALENDAR_SEARCH_MAX 800 /* days looked ahead, so that a season of one day a year is found over two years */
#define RG_TERM_DAYS_MAX 3660      /* longest term */

/* Where an entry comes from. */
struct rg_source {
    const char *text; /* "Lei 14.015/2020"; NULL when the file names none */
    rg_day read_on;   /* RG_DAY_NONE when not given */
};

struct rg_holiday_rule {
    char state[3];
    struct rg_str city; /* absent: all of the state */
    bool by_easter;     /* `easter_days` counts, else `month` and `day` */
    int month, day;
    int easter_days;  /* negative before Easter Sunday */
    const char *name; /* never NULL */
    struct rg_source source;
};

/* Minutes of the local day, close excluded; closed when both are equal. */
struct rg_hours {
    int open_minute, close_minute;
};

struct rg_hours_rule {
    char state[3]; /* "" is the default */
    struct rg_hours weekdays, saturday, sunday;
    struct rg_source source;
};

/* A stretch of the year, both ends included; may pass over New Year. */
struct rg_season {
    int from_month, from_day, to_month, to_day;
};

#define RG_CUT_WEEKDAY(weekday) (1U << (weekday))
#define RG_CUT_HOLIDAY (1U << 7)
#define RG_CUT_HOLIDAY_EVE (1U << 8)

struct rg_cut_rule {
    bool given;            /* false: a cut may happen at any time */
    unsigned never;        /* set of the bits above */
    struct rg_hours hours; /* both zero: the whole day */
    const struct rg_season *only;
    size_t only_count; /* zero: the whole year */
    struct rg_source source;
};

/* Lei 14.015/2020 for any public service: a cut does not start on a Friday, Saturday, Sunday, holiday or holiday's eve, and
 * keeps to business hours. */
extern const struct rg_cut_rule rg_cut_public_service;

enum rg_term_end {
    RG_TERM_NEXT_DAY, /* the term runs to the end of its last day */
    RG_TERM_SAME_DAY, /* the last day itself is free */
};

struct rg_calendar {
    const char *name;
    const struct rg_holiday_rule *holidays;
    size_t holidays_count;
    bool indexed;
    uint32_t holiday_days[13]; /* indexed: by month, the days (bits) on which some rule can hold in some year */
    const struct rg_hours_rule *hours;
    size_t hours_count;
    struct rg_cut_rule cut;
    enum rg_term_end term_end;
    int suspension_notice_days; /* 0: the calendar asks for none */
    int64_t restore_ms;         /* 0: the calendar sets no term */
    struct rg_source terms_source;
};

/* For a calendar that is complete: what is asked most, a day that no rule names, is then answered without looking at them. */
void rg_calendar_index(struct rg_calendar *cal);

/* Name of the national, state or city holiday, or NULL. Bank-only days count only where a rule lists them. */
const char *rg_calendar_holiday(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day);

/* When messages may go out on that day: the state's rule, else the default, else the strictest intersection of the states'
 * laws known for text (Mon–Fri 08–20, Sat 08–14). Closed on holidays. */
struct rg_hours rg_calendar_hours(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day);

static inline bool rg_hours_closed(struct rg_hours hours) { return hours.open_minute >= hours.close_minute; }
static inline bool rg_hours_has(struct rg_hours hours, int minute)
{
    return minute >= hours.open_minute && minute < hours.close_minute;
}
/* What both allow; {0, 0} when nothing is left. */
struct rg_hours rg_hours_meet(struct rg_hours a, struct rg_hours b);

/* Whether a cut may start on that day, and within which hours (closed when it may not). */
bool rg_calendar_cut_allowed(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day);
struct rg_hours rg_calendar_cut_hours(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day);
/* First day on or after `from` on which a cut may start; RG_DAY_NONE when none comes within RG_CALENDAR_SEARCH_MAX days. */
rg_day rg_calendar_next_cut(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day from);

/* The day itself or the first one after it that is a bank day and no state or city holiday: where a term may end. */
rg_day rg_calendar_next_business(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day day);

/* Last day of a term of n calendar days given by a notice (Código Civil art. 132): the notice's day is excluded, the last one
 * included and moved to the next business day. RG_DAY_NONE when n is negative or above RG_TERM_DAYS_MAX: such a term never
 * ends. */
rg_day rg_term_last_day(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day notice_day, int n_days);

/* From 00:00 of this day, in the debtor's zone, the term has ended. */
rg_day rg_term_first_free_day(const struct rg_calendar *cal, struct rg_str state, struct rg_str city, rg_day notice_day,
                              int n_days, enum rg_term_end term_end);

/* What the creditor owes once the money is there. Bank days after the day of settlement within which a bureau listing must
 * be gone: 5 (STJ Súmula 548), in SP 2 (Procon-SP). */
int rg_exclusion_bank_days(struct rg_str state);
/* And the longest a suspended service may stay so after the payment is known: a day (telecom: Anatel Res. 765/2023, energy:
 * ANEEL REN 1.000/2021, urban). Calendars may say otherwise in `restore_ms`. */
#define RG_RESTORE_MS RG_MS_PER_DAY
