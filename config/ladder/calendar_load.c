/* Calendars by name: the operator's file wins over the shipped one of the same name, `extends` adds to another calendar. One
 * calendar is read once and shared by all ladders that name it. */
#include "config/ladder/calendar_read.h"

#include "brazil/days/zone.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXTENDS_MAX 4 /* calendars upon one another */
#define NAMES_MAX 64
#define PATH_BYTES_MAX 4096
#define CALENDAR_SCRATCH_BYTES (RG_YAML_ARENA_BYTES + ((size_t)4 << 20))

static const struct rg_calendar_pack *load(struct rg_loader *loader, struct rg_str name, const struct rg_node *at, int depth);

/* ---- which file ---- */

static bool path_in(const char *tree, struct rg_str name, char ret_path[PATH_BYTES_MAX])
{
    if (tree == NULL)
        return false;
    int n = snprintf(ret_path, PATH_BYTES_MAX, "%s/calendars/" RG_STR_FMT ".yaml", tree, RG_STR_ARG(name));
    return n > 0 && n < PATH_BYTES_MAX && access(ret_path, F_OK) == 0;
}

static bool find(const struct rg_loader *loader, struct rg_str name, char ret_path[PATH_BYTES_MAX])
{
    return path_in(loader->input->directory, name, ret_path) || path_in(loader->input->shipped, name, ret_path);
}

static int by_text(const void *pa, const void *pb)
{
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

static void add_names(struct rg_loader *loader, const char *tree, const char *names[NAMES_MAX], size_t *count)
{
    char path[PATH_BYTES_MAX];
    int n = tree == NULL ? -1 : snprintf(path, sizeof path, "%s/calendars", tree);
    DIR *directory = n > 0 && n < (int)sizeof path ? opendir(path) : NULL;
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL && *count < NAMES_MAX) {
        size_t length = strlen(entry->d_name);
        if (length <= 5 || strcmp(entry->d_name + length - 5, ".yaml") != 0)
            continue;
        const char *name = rg_arena_str(loader->scratch, (struct rg_str){entry->d_name, length - 5}).p;
        bool known = false;
        for (size_t i = 0; i < *count; i++)
            known = known || strcmp(names[i], name) == 0;
        if (!known)
            names[(*count)++] = name;
    }
    if (directory != NULL)
        (void)closedir(directory); /* only read from */
}

static void say_unknown(struct rg_loader *loader, struct rg_str name, const struct rg_node *at)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    if (at->kind != RG_NODE_SCALAR) {
        rg_diags_error(loader->diags, rg_node_place(at), "unknown-value",
                       "there is no calendar \"" RG_STR_FMT "\", which a ladder without calendar: takes", RG_STR_ARG(name));
        return;
    }
    add_names(loader, loader->input->directory, names, &count);
    add_names(loader, loader->input->shipped, names, &count);
    qsort(names, count, sizeof names[0], by_text);
    rg_unknown_value(loader->diags, at, "calendar", names, count);
}

/* ---- from written to what stays ---- */

static struct rg_source source_of(struct rg_loader *loader, struct rg_str text, rg_day read_on)
{
    return (struct rg_source){rg_str_has(text) ? rg_loader_keep(loader, text).p : NULL, read_on};
}

static void take_holidays(struct rg_loader *loader, const struct rg_written_calendar *w, const struct rg_calendar *base,
                          struct rg_calendar *cal)
{
    size_t count = base->holidays_count + w->holidays.count;
    struct rg_holiday_rule *rules = RG_NEW(loader->rules->arena, struct rg_holiday_rule, count);
    if (base->holidays_count > 0)
        memcpy(rules, base->holidays, base->holidays_count * sizeof *rules);
    for (size_t i = 0; i < w->holidays.count; i++) {
        struct rg_holiday_rule *rule = &rules[base->holidays_count + i];
        *rule = w->holidays.items[i];
        rule->city = rg_loader_keep(loader, rule->city);
        rule->name = rg_arena_strdup(loader->rules->arena, rule->name);
        rule->source = source_of(loader, rg_str(rule->source.text), rule->source.read_on);
    }
    cal->holidays = rules;
    cal->holidays_count = count;
    rg_calendar_index(cal);
}

/* A place's own hours, in order: what was inherited for that place is replaced. */
static void put_hours(struct rg_hours_rule *rules, size_t *count, struct rg_hours_rule rule)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(rules[i].state, rule.state) == 0) {
            rules[i] = rule;
            return;
        }
    }
    rules[(*count)++] = rule;
}

static void take_hours(struct rg_loader *loader, const struct rg_written_calendar *w, const struct rg_calendar *base,
                       struct rg_calendar *cal)
{
    const struct rg_written_place_hours *written = w->hours.items;
    struct rg_hours_rule *rules = RG_NEW(loader->rules->arena, struct rg_hours_rule, base->hours_count + w->hours.count);
    size_t count = base->hours_count;
    if (count > 0)
        memcpy(rules, base->hours, count * sizeof *rules);
    for (size_t i = 0; i < w->hours.count; i++) {
        struct rg_hours_rule rule = {.weekdays = written[i].weekdays,
                                     .saturday = written[i].saturday,
                                     .sunday = written[i].sunday,
                                     .source = source_of(loader, written[i].source, written[i].read_on)};
        struct rg_str place = written[i].section.name;
        if (rg_zone_of_state(place) != NULL) {
            memcpy(rule.state, place.p, 2);
        } else if (!rg_str_is(place, "default")) {
            rg_diags_error(loader->diags, rg_key_place(written[i].section.node), "unknown-key",
                           "unknown place \"" RG_STR_FMT "\"; expected \"default\" or a state such as SP", RG_STR_ARG(place));
            continue;
        }
        put_hours(rules, &count, rule);
    }
    cal->hours = rules;
    cal->hours_count = count;
}

/* What is not written stays as the calendar it extends says: whoever narrows its hours does not lift its Fridays. */
static void take_cut(struct rg_loader *loader, const struct rg_written_cut *w, struct rg_calendar *cal)
{
    struct rg_cut_rule *cut = &cal->cut;
    if (w->section.node == NULL)
        return;
    cut->given = true;
    if (rg_section_has(&w->section, "never"))
        cut->never = (unsigned)w->never;
    if (rg_section_has(&w->section, "hours"))
        cut->hours = w->hours;
    if (w->only.count > 0) {
        struct rg_season *only = RG_NEW(loader->rules->arena, struct rg_season, w->only.count);
        memcpy(only, w->only.items, w->only.count * sizeof *only);
        cut->only = only;
        cut->only_count = w->only.count;
    }
    if (rg_str_has(w->source))
        cut->source = source_of(loader, w->source, w->read_on);
}

static void take_terms(struct rg_loader *loader, const struct rg_written_terms *w, struct rg_calendar *cal)
{
    if (w->suspension_notice.unit != RG_UNIT_NONE)
        cal->suspension_notice_days = (int)w->suspension_notice.amount;
    if (w->restore.unit != RG_UNIT_NONE)
        cal->restore_ms = rg_duration_ms(w->restore);
    if (rg_str_has(w->source))
        cal->terms_source = source_of(loader, w->source, w->read_on);
}

static void take(struct rg_loader *loader, const struct rg_written_calendar *w, const struct rg_calendar_pack *base,
                 struct rg_calendar_pack *pack)
{
    static const struct rg_calendar nothing = {.name = ""};
    const struct rg_calendar *from = base != NULL ? &base->calendar : &nothing;
    struct rg_calendar *cal = &pack->calendar;
    *cal = *from;
    cal->name = rg_loader_keep(loader, w->name).p;
    take_holidays(loader, w, from, cal);
    take_hours(loader, w, from, cal);
    take_cut(loader, &w->cut, cal);
    take_terms(loader, &w->terms, cal);
    if (rg_section_has(&w->section, "term_end"))
        cal->term_end = (enum rg_term_end)w->term_end;
    pack->sector = rg_str_has(w->sector) ? rg_loader_keep(loader, w->sector).p : base != NULL ? base->sector : NULL;
}

/* ---- one file ---- */

static const struct rg_calendar_pack *read_file(struct rg_loader *loader, const char *path, struct rg_str name, int depth)
{
    const struct rg_doc *doc = NULL;
    const struct rg_calendar_pack *base = NULL;
    struct rg_written_calendar written;
    struct rg_reader reader = rg_loader_reader(loader);
    if (rg_yaml_load(path, loader->scratch, loader->diags, &doc) < 0)
        return NULL;
    if (!rg_fields_read(doc->root, &rg_calendar_table, &written, &reader))
        return NULL;
    const struct rg_node *extends = rg_member(&written.section, "extends");
    if (!rg_str_eq(written.name, name))
        rg_diags_error(loader->diags, rg_member_place(&written.section, "calendar"), "bad-name",
                       "a calendar bears the name of its file: expected \"" RG_STR_FMT "\"", RG_STR_ARG(name));
    if (extends != NULL)
        base = load(loader, written.extends, extends, depth + 1);
    struct rg_calendar_pack *pack = RG_NEW(loader->rules->arena, struct rg_calendar_pack, 1);
    take(loader, &written, base, pack);
    pack->next = loader->calendars;
    loader->calendars = pack;
    return pack;
}

static const struct rg_calendar_pack *load(struct rg_loader *loader, struct rg_str name, const struct rg_node *at, int depth)
{
    char path[PATH_BYTES_MAX];
    for (const struct rg_calendar_pack *pack = loader->calendars; pack != NULL; pack = pack->next)
        if (rg_str_is(name, pack->calendar.name))
            return pack;
    if (!rg_str_has(name))
        return NULL; /* complained about */
    if (depth >= EXTENDS_MAX) {
        rg_diags_error(loader->diags, rg_node_place(at), "too-deep",
                       "calendars extend each other more than %d times, or in a circle", EXTENDS_MAX);
        return NULL;
    }
    if (!find(loader, name, path)) {
        say_unknown(loader, name, at);
        return NULL;
    }
    struct rg_arena *outer = loader->scratch;
    loader->scratch = rg_arena_new(CALENDAR_SCRATCH_BYTES);
    const struct rg_calendar_pack *pack = read_file(loader, path, name, depth);
    rg_arena_free(&loader->scratch);
    loader->scratch = outer;
    return pack;
}

const struct rg_calendar_pack *rg_calendar_load(struct rg_loader *loader, struct rg_str name, const struct rg_node *at)
{
    return load(loader, name, at, 0);
}
