/* Private to this room: a calendar file as written. */
#pragma once

#include "config/ladder/written.h"

#define RG_SEASONS_MAX 12

struct rg_written_seasons {
    struct rg_season *items;
    size_t count;
};

struct rg_written_holiday_rules {
    struct rg_holiday_rule *items;
    size_t count;
};

struct rg_written_cut {
    struct rg_section section;
    uint64_t never;
    struct rg_written_seasons only;
    struct rg_hours hours;
    struct rg_str source;
    rg_day read_on;
};

struct rg_written_place_hours {
    struct rg_section section;
    struct rg_hours weekdays, saturday, sunday;
    struct rg_str source;
    rg_day read_on;
};

struct rg_written_terms {
    struct rg_section section;
    struct rg_duration suspension_notice, restore;
    struct rg_str source;
    rg_day read_on;
};

struct rg_written_calendar {
    struct rg_section section;
    int64_t language;
    struct rg_str name, extends, sector;
    struct rg_written_cut cut;
    struct rg_sections hours; /* of struct rg_written_place_hours */
    struct rg_written_holiday_rules holidays;
    struct rg_written_terms terms;
    int term_end;
};
