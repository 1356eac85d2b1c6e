/* The words of a calendar file. Every entry may carry `source` and `read_on`, so that an operator can ask "says who?". */
#include "config/ladder/calendar_read.h"

#include "brazil/days/zone.h"

#include <stdio.h>
#include <string.h>

#define EASTER_DAYS_MAX 120

/* ---- Days of the year ---- */

static bool two_digits(struct rg_str text, size_t at, int *ret_value)
{
    if (at + 2 > text.n || text.p[at] < '0' || text.p[at] > '9' || text.p[at + 1] < '0' || text.p[at + 1] > '9')
        return false;
    *ret_value = (text.p[at] - '0') * 10 + (text.p[at + 1] - '0');
    return true;
}

/* 07-09; 29 February is a day. */
static bool parse_month_day(struct rg_str text, int *ret_month, int *ret_day)
{
    int month, day;
    if (text.n != 5 || text.p[2] != '-' || !two_digits(text, 0, &month) || !two_digits(text, 3, &day) ||
        rg_day_of(2024, month, day) == RG_DAY_NONE)
        return false;
    *ret_month = month;
    *ret_day = day;
    return true;
}

static bool parse_holiday(struct rg_str text, struct rg_holiday_rule *rule)
{
    static const char easter[] = "easter";
    const size_t n = sizeof easter - 1;
    int64_t days = 0;
    if (text.n < n || memcmp(text.p, easter, n) != 0)
        return parse_month_day(text, &rule->month, &rule->day);
    bool moved = text.n > n, before = moved && text.p[n] == '-';
    if (moved && (text.n == n + 1 || (!before && text.p[n] != '+') || text.p[n + 1] < '0' || text.p[n + 1] > '9' ||
                  !rg_str_to_i64((struct rg_str){text.p + n + 1, text.n - n - 1}, &days)))
        return false;
    if (days > EASTER_DAYS_MAX)
        return false;
    rule->by_easter = true;
    rule->easter_days = before ? -(int)days : (int)days;
    return true;
}

static bool parse_season(struct rg_str text, struct rg_season *season)
{
    if (text.n != 12 || memcmp(text.p + 5, "..", 2) != 0)
        return false;
    return parse_month_day((struct rg_str){text.p, 5}, &season->from_month, &season->from_day) &&
           parse_month_day((struct rg_str){text.p + 7, 5}, &season->to_month, &season->to_day);
}

static bool read_seasons(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    struct rg_written_seasons *seasons = member;
    (void)field;
    if (node->kind != RG_NODE_LIST || node->count == 0 || node->count > RG_SEASONS_MAX)
        return rg_mistyped(reader->diags, node, "a list of up to twelve seasons such as [12-15..01-31]"), false;
    struct rg_written_seasons read = {RG_NEW(reader->arena, struct rg_season, node->count), node->count};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_node *item = node->entries[i].value;
        if (item->kind == RG_NODE_SCALAR && parse_season(item->text, &read.items[i]))
            continue;
        rg_mistyped(reader->diags, item, "a season such as 12-15..01-31");
        fine = false;
    }
    if (fine)
        *seasons = read;
    return fine;
}

/* ---- Holidays ---- */

struct written_holiday {
    struct rg_section section;
    struct rg_str day, name, source;
    rg_day read_on;
};

static const struct rg_row holiday_fields[] = {
    {.key = "day", RG_AT(struct written_holiday, day), .type = RG_ROW_TEXT, .flags = RG_REQUIRED,
     .help = "`07-09`, or counted from Easter: `easter-47`, `easter+60`."},
    {.key = "name", RG_AT(struct written_holiday, name), .type = RG_ROW_TEXT, .min = 1, .max = 100,
     .help = "Its name, as explain shows it."},
    {.key = "source", RG_AT(struct written_holiday, source), .type = RG_ROW_TEXT, .min = 1, .max = 200,
     .help = "Where it is written."},
    {.key = "read_on", RG_AT(struct written_holiday, read_on), .type = RG_ROW_DATE, .help = "When that was read."},
};
static const struct rg_table holiday_table = RG_TABLE("holiday", struct written_holiday, holiday_fields);

static bool read_holiday(const struct rg_node *item, const struct rg_holiday_rule *place, struct rg_holiday_rule *rule,
                         const struct rg_reader *reader)
{
    struct written_holiday written = {.read_on = RG_DAY_NONE};
    const struct rg_node *day = item;
    if (item->kind == RG_NODE_SCALAR)
        written.day = item->text;
    else if (!rg_fields_read(item, &holiday_table, &written, reader))
        return false;
    else
        day = rg_node_get(item, "day");
    *rule = *place;
    rule->name = rg_str_has(written.name) ? written.name.p : rg_str_has(place->city) ? "feriado municipal" : "feriado estadual";
    rule->source = (struct rg_source){rg_str_has(written.source) ? written.source.p : NULL, written.read_on};
    if (parse_holiday(written.day, rule))
        return true;
    rg_mistyped(reader->diags, day, "a day of the year such as 07-09 or easter-47");
    return false;
}

/* SP, or SP/Campinas */
static bool read_holiday_place(const struct rg_node *key, struct rg_holiday_rule *place, const struct rg_reader *reader)
{
    struct rg_str text = key->text;
    const char *slash = memchr(text.p, '/', text.n);
    struct rg_str state = {text.p, slash != NULL ? (size_t)(slash - text.p) : text.n};
    if (rg_zone_of_state(state) == NULL || (slash != NULL && text.n == state.n + 1)) {
        rg_diags_error(reader->diags, rg_node_place(key), "unknown-key",
                       "unknown place \"" RG_STR_FMT "\"; expected a state such as SP, or a city such as \"SP/Campinas\"",
                       RG_STR_ARG(text));
        return false;
    }
    memcpy(place->state, state.p, 2);
    if (slash != NULL)
        place->city = (struct rg_str){slash + 1, text.n - state.n - 1};
    return true;
}

static bool read_holidays_of(const struct rg_entry *e, struct rg_written_holiday_rules *rules, size_t *capacity,
                             const struct rg_reader *reader)
{
    struct rg_holiday_rule place = {.name = ""};
    if (e->key->bad || e->value->bad || !read_holiday_place(e->key, &place, reader))
        return false;
    if (e->value->kind != RG_NODE_LIST)
        return rg_mistyped(reader->diags, e->value, "a list of days"), false;
    bool fine = true;
    for (size_t i = 0; i < e->value->count; i++) {
        struct rg_holiday_rule rule;
        if (e->value->entries[i].value->bad || !read_holiday(e->value->entries[i].value, &place, &rule, reader))
            fine = false;
        else
            *RG_PUSH(reader->arena, rules->items, rules->count, *capacity) = rule;
    }
    return fine;
}

static bool read_holidays(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    struct rg_written_holiday_rules rules = {0};
    size_t capacity = 0;
    (void)field;
    if (node->kind != RG_NODE_MAP)
        return rg_mistyped(reader->diags, node, "keys and values"), false;
    bool fine = true;
    for (size_t i = 0; i < node->count; i++)
        if (!read_holidays_of(&node->entries[i], &rules, &capacity, reader))
            fine = false;
    if (fine)
        *(struct rg_written_holiday_rules *)member = rules;
    return fine;
}

/* ---- Tables ---- */

/* Bits of a flag set stand in the order of the words: RG_CUT_WEEKDAY(RG_MON) … RG_CUT_HOLIDAY_EVE. */
static const char *const never_words[] = {"monday",   "tuesday", "wednesday", "thursday",    "friday",
                                          "saturday", "sunday",  "holiday",   "holiday_eve", NULL};
static_assert(RG_CUT_WEEKDAY(RG_SUN) == 1U << 6 && RG_CUT_HOLIDAY == 1U << 7 && RG_CUT_HOLIDAY_EVE == 1U << 8,
              "words are in the order of the bits");

#define SOURCE_FIELDS(section_) \
    {.key = "source", RG_AT(section_, source), .type = RG_ROW_TEXT, .min = 1, .max = 200, .help = "Where it is written."}, \
    {.key = "read_on", RG_AT(section_, read_on), .type = RG_ROW_DATE, .help = "When that was read."}

static const struct rg_row cut_fields[] = {
    {.key = "never", RG_AT(struct rg_written_cut, never), .type = RG_ROW_FLAGS, .words = never_words,
     .help = "Days on which no service is cut."},
    {.key = "only", RG_AT(struct rg_written_cut, only), .type = RG_ROW_CUSTOM, .custom = read_seasons,
     .example = "[12-15..01-31]", .help = "Seasons in which services are cut; all of the year when not written."},
    {.key = "hours", RG_AT(struct rg_written_cut, hours), .type = RG_ROW_OPENING, .help = "Hours in which a cut may start."},
    SOURCE_FIELDS(struct rg_written_cut),
};
static const struct rg_table cut_table = RG_TABLE("cut", struct rg_written_cut, cut_fields);

static const struct rg_row hours_fields[] = {
    {.key = "weekdays", RG_AT(struct rg_written_place_hours, weekdays), .type = RG_ROW_OPENING, .help = "Monday to Friday."},
    {.key = "saturday", RG_AT(struct rg_written_place_hours, saturday), .type = RG_ROW_OPENING,
     .help = "Saturday; closed when not written."},
    {.key = "sunday", RG_AT(struct rg_written_place_hours, sunday), .type = RG_ROW_OPENING,
     .help = "Sunday; closed when not written."},
    SOURCE_FIELDS(struct rg_written_place_hours),
};
static const struct rg_table hours_table = RG_TABLE("hours", struct rg_written_place_hours, hours_fields);

static const struct rg_row terms_fields[] = {
    {.key = "suspension_notice", RG_AT(struct rg_written_terms, suspension_notice), .type = RG_ROW_DURATION,
     .units = RG_UNITS(RG_UNIT_DAY), .min = 86400, .max = 366 * 86400,
     .help = "Term that must be granted before a service is suspended."},
    {.key = "restore", RG_AT(struct rg_written_terms, restore), .type = RG_ROW_DURATION, .units = RG_UNITS_CLOCK, .min = 60,
     .max = 30 * 86400, .help = "Within which a paid service is given back."},
    SOURCE_FIELDS(struct rg_written_terms),
};
static const struct rg_table terms_table = RG_TABLE("terms", struct rg_written_terms, terms_fields);

static const char *const term_end_words[] = {"next_day", "same_day", NULL}; /* in the order of enum rg_term_end */

static const struct rg_row calendar_fields[] = {
    {.key = "language", RG_AT(struct rg_written_calendar, language), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of this language: 1."},
    {.key = "calendar", RG_AT(struct rg_written_calendar, name), .type = RG_ROW_NAME, .flags = RG_REQUIRED | RG_HYPHEN,
     .help = "Its name, that of the file."},
    {.key = "extends", RG_AT(struct rg_written_calendar, extends), .type = RG_ROW_NAME, .flags = RG_HYPHEN,
     .help = "The calendar it adds to."},
    {.key = "sector", RG_AT(struct rg_written_calendar, sector), .type = RG_ROW_NAME,
     .help = "The sector whose law it packs, for sentences."},
    {.key = "cut", RG_AT(struct rg_written_calendar, cut), .type = RG_ROW_SECTION, .table = &cut_table,
     .help = "When services may be cut; at any time when not written."},
    {.key = "hours", RG_AT(struct rg_written_calendar, hours), .type = RG_ROW_SECTIONS, .flags = RG_ANY_NAME,
     .table = &hours_table, .help = "When debtors may be written to: `default`, and states whose law is narrower."},
    {.key = "holidays", RG_AT(struct rg_written_calendar, holidays), .type = RG_ROW_CUSTOM, .custom = read_holidays,
     .example = "{ SP: [07-09], \"SP/Campinas\": [12-08] }",
     .help = "Holidays of states and cities; the national ones are known."},
    {.key = "terms", RG_AT(struct rg_written_calendar, terms), .type = RG_ROW_SECTION, .table = &terms_table,
     .help = "Terms that the sector's law sets."},
    {.key = "term_end", RG_AT(struct rg_written_calendar, term_end), .type = RG_ROW_ENUM, .words = term_end_words,
     .fallback = "next_day", .help = "A term has ended the day after its last day, or on it."},
};
const struct rg_table rg_calendar_table = RG_TABLE("calendar", struct rg_written_calendar, calendar_fields);
