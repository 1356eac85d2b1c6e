/* Private to this room: rules as they were written, and the load that makes a snapshot of them.
 *
 * A ladder goes through four hands: the field tables read it (written.c), resolve.c turns names into indices and texts into
 * programs, check_*.c judges what only the whole shows, and canonical.c writes it down for the version's hash. */
#pragma once

#include "config/ladder/load.h"
#include "config/yaml/fields.h"

/* ---- as written ---- */

struct rg_written_via {
    bool given;
    int items[RG_VIA_MAX]; /* indices into rules->channels */
    int count;
};

struct rg_written_after {
    struct rg_section section;
    struct rg_str step;
    int has; /* enum rg_has */
    struct rg_duration wait;
};

struct rg_written_repeat {
    struct rg_section section;
    struct rg_duration every;
    int64_t times;
};

struct rg_written_step {
    struct rg_section section;
    struct rg_day_offset day, not_before, not_after;
    struct rg_written_after after;
    int tone, evidence, uncertain, catch_up, mode, signal;
    struct rg_written_via via;
    struct rg_str template, when, kind;
    uint64_t needs;
    struct rg_duration evidence_within;
    struct rg_by_state term;
    struct rg_written_repeat repeat;
    struct rg_until until;
    bool again;
};

struct rg_written_owed {
    struct rg_section section;
    int signal, clock;
    struct rg_duration within, when_crossed;
    struct rg_written_via via;
    struct rg_str template, when;
};

struct rg_written_holidays {
    struct rg_section section;
    int before, after;
};

struct rg_written_caps {
    struct rg_section section;
    int64_t per_day, per_week;
    struct rg_duration gap;
};

struct rg_written_defaults {
    struct rg_section section;
    struct rg_weekly hours;
    struct rg_written_holidays holidays;
    struct rg_written_caps caps;
    struct rg_written_via via;
    struct rg_until until;
    int catch_up, uncertain, on_change;
    struct rg_str when;
};

struct rg_written_ladder {
    struct rg_section section;
    int64_t language;
    struct rg_str name, title, owner, applies, calendar;
    int64_t priority;
    int mode;
    struct rg_written_defaults defaults;
    struct rg_sections steps;   /* of struct rg_written_step */
    struct rg_sections on_paid; /* of struct rg_written_owed */
    struct rg_pairs templates;
};

extern const struct rg_table rg_ladder_table, rg_step_table, rg_owed_table, rg_policy_table, rg_calendar_table;

#define RG_NEEDS_FRESH_CHARGE 2u /* words of `needs` that are refused */
#define RG_NEEDS_APPROVAL 4u

/* ---- the load ---- */

struct rg_calendar_pack {
    struct rg_calendar calendar;
    const char *sector; /* whose law it packs; NULL: nobody's in particular */
    struct rg_calendar_pack *next;
};

struct rg_loader {
    const struct rg_rules_input *input;
    struct rg_diags *diags;
    struct rg_arena *scratch; /* of the file at hand */
    struct rg_rules *rules;   /* what is being made; its arena holds what stays */
    struct rg_templates *templates;
    struct rg_calendar_pack *calendars; /* loaded so far; shared by ladders */
    const char *channel_names[RG_CHANNELS_MAX]; /* what `via` may say, sorted */
    size_t channel_name_count;
};

/* One ladder on its way. */
struct rg_draft {
    struct rg_loader *loader;
    const struct rg_written_ladder *written;
    struct rg_ladder *ladder;
    const struct rg_calendar_pack *pack;
    bool fine;   /* the tables found nothing wrong in the file */
    bool *sound; /* per step: read without an error, worth judging */
};

static inline const struct rg_written_step *rg_draft_written(const struct rg_draft *d, int i)
{
    return &((const struct rg_written_step *)d->written->steps.items)[i];
}
static inline const struct rg_written_owed *rg_draft_owed(const struct rg_draft *d, int i)
{
    return &((const struct rg_written_owed *)d->written->on_paid.items)[i];
}

struct rg_reader rg_loader_reader(struct rg_loader *loader);
struct rg_str rg_loader_keep(struct rg_loader *loader, struct rg_str text); /* copied into the snapshot */
/* Whether the snapshot may grow by so much; else a finding at `node`. */
bool rg_loader_room(struct rg_loader *loader, size_t bytes, const struct rg_node *node);
struct rg_mark rg_loader_mark(struct rg_loader *loader, const struct rg_node *node);
struct rg_place rg_key_place(const struct rg_node *value);          /* of the value's key; of a top level, its first key */
struct rg_place rg_member_place(const struct rg_section *section,
                                const char *key); /* the member's value; absent: the section's key */
const struct rg_node *rg_member(const struct rg_section *section, const char *key);
struct rg_span rg_span_of(struct rg_duration duration);
struct rg_day_spec rg_day_spec_of(struct rg_day_offset offset);
bool rg_not_yet(const char *const *words, size_t count, const struct rg_node *key, const struct rg_reader *reader);
void rg_not_yet_value(struct rg_diags *diags, const struct rg_node *value);
#define RG_NOT_YET(words, key, reader) rg_not_yet((words), RG_COUNT(words), (key), (reader))

/* condition.c: NULL when `node` is NULL or wrong, and then a finding says so. */
const struct rg_cel *rg_condition_compile(struct rg_loader *loader, const struct rg_node *node);

/* calendar_load.c: NULL when it cannot be had; `at` is where it was named, or the file that did not. */
const struct rg_calendar_pack *rg_calendar_load(struct rg_loader *loader, struct rg_str name, const struct rg_node *at);
/* policy.c */
void rg_policy_load(struct rg_loader *loader);
/* resolve.c, owed.c: fill the ladder's fields, its steps, what it owes. */
/* What a message goes out by: its own via, else the defaults'; says so when neither was written. */
const struct rg_written_via *rg_via_of(const struct rg_draft *d, const struct rg_written_via *own, const struct rg_section *step);
void rg_draft_resolve(struct rg_draft *draft);
void rg_draft_resolve_owed(struct rg_draft *draft);
/* Whether the tables found nothing wrong in a section; where the file as a whole is not fine it is read again, silently. */
bool rg_draft_section_sound(const struct rg_draft *draft, const struct rg_node *node, const struct rg_table *table);

/* check_order.c, check_law.c, check_texts.c: findings about sound steps. */
void rg_draft_check_order(struct rg_draft *draft);
void rg_draft_check_law(struct rg_draft *draft);
void rg_draft_check_texts(struct rg_draft *draft);

/* canonical.c: one line per value, in one order; names, values and canonical conditions only. */
void rg_rules_canonical(const struct rg_rules *rules, const struct rg_templates *templates, struct rg_buf *into);
void rg_rules_name(struct rg_rules *rules, const struct rg_templates *templates); /* fills rules->hash */
