/* The order matters in one place only: ladders are judged against channels, services and sources, so regua.yaml comes first. */
#include "daemon/reading.h"

#include "base/core/file.h"
#include "daemon/sources.h"
#include "producers/transport/preset_load.h"

#include <stdlib.h>
#include <string.h>

/* Enough for the worst that every single file may take: a hostile one is a finding, never our end. */
#define ARENA_BYTES (RG_SITE_ARENA_BYTES + RG_SOURCES_MAX * (RG_YAML_ARENA_BYTES + RG_SITE_PATH_MAX) + RG_CHANNELS_MAX * (RG_PRESET_ARENA_BYTES + RG_YAML_BYTES_MAX))
#define CHANGES_MAX 64 /* keys named by one reload; further ones are among the same sections */

/* ---- presets ---- */

static void read_preset(const struct rg_site *site, struct rg_str name, struct rg_arena *arena, struct rg_diags *diags,
                        struct rg_ruleset_preset *into)
{
    char path[RG_SITE_PATH_MAX];
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&bytes, RG_YAML_BYTES_MAX + 1); /* one too many is for the reader to refuse */
    if (!rg_site_find(site, RG_SITE_PRESETS, name, path))
        rg_diags_error(diags, (struct rg_place){.file = site->file}, "unreadable", "preset \"" RG_STR_FMT "\" is not there any more",
                       RG_STR_ARG(name));
    else if (rg_file_read(path, &bytes, &err) < 0)
        rg_diags_error(diags, (struct rg_place){.file = path}, "unreadable", "cannot be read: %s", err.text);
    else if (rg_preset_parse(path, rg_buf_str(&bytes), arena, diags, &into->preset) == 0)
        rg_sha256(bytes.data, bytes.len, into->digest);
}

static const struct rg_ruleset_preset *read_presets(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags)
{
    struct rg_ruleset_preset *presets = RG_NEW(arena, struct rg_ruleset_preset, site->channels.count + 1);
    for (size_t i = 0; i < site->channels.count; i++)
        if (rg_site_channels(site)[i].transport == RG_SITE_HTTP)
            read_preset(site, rg_site_channels(site)[i].preset, arena, diags, &presets[i]);
    return presets;
}

/* ---- mappings ---- */

/* Ingest keeps those it began with; what is asked here is only whether they are still the same. */
static const struct rg_reading_file *digest_mappings(const struct rg_site *site, struct rg_arena *arena)
{
    struct rg_reading_file *files = RG_NEW(arena, struct rg_reading_file, site->sources.count + 1);
    for (size_t i = 0; i < site->sources.count; i++) {
        char path[RG_SITE_PATH_MAX];
        struct rg_str name = rg_site_sources(site)[i].mapping;
        struct rg_buf bytes RG_CLEANUP(rg_buf_done);
        rg_buf_init(&bytes, RG_YAML_BYTES_MAX);
        if (!rg_str_has(name) || !rg_site_find(site, RG_SITE_MAPPINGS, name, path) || rg_file_read(path, &bytes, NULL) < 0)
            continue;
        files[i].path = rg_arena_strdup(arena, path);
        rg_sha256(bytes.data, bytes.len, files[i].digest);
    }
    return files;
}

static void name_mappings(const struct rg_reading *running, const struct rg_reading *written, struct rg_diags *diags)
{
    for (size_t i = 0; i < running->site->sources.count; i++)
        for (size_t k = 0; k < written->site->sources.count; k++) {
            const struct rg_reading_file *before = &running->mappings[i], *now = &written->mappings[k];
            bool same_source = rg_str_eq(rg_site_sources(running->site)[i].section.name, rg_site_sources(written->site)[k].section.name);
            if (same_source && before->path != NULL && now->path != NULL && strcmp(before->path, now->path) == 0 &&
                memcmp(before->digest, now->digest, sizeof now->digest) != 0)
                rg_diags_warn(diags, (struct rg_place){.file = now->path}, "needs-restart",
                              "this mapping has changed and acts at the next start: until then it is as it was");
        }
}

/* ---- what a reload takes over ---- */

/* Whatever the rows with RG_RELOAD fill; a test compares the two. */
static struct rg_site taken_over(const struct rg_site *running, const struct rg_site *written)
{
    struct rg_site site = *running;
    site.section = written->section; /* whether the policy was named */
    site.mode = written->mode;
    site.rules = written->rules;
    site.policy = written->policy;
    site.log.level = written->log.level;
    return site;
}

struct setting {
    struct rg_str path, value;
};
struct settings {
    struct rg_arena *arena;
    struct setting *items;
    size_t count, capacity;
    /* the comparison */
    const struct settings *other;
    const char *file;
    struct rg_diags *diags;
    struct rg_str named[CHANGES_MAX];
    size_t named_count;
};

static void keep_setting(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    struct settings *s = ctx;
    (void)node;
    if (row == NULL || (row->flags & RG_RELOAD) == 0)
        *RG_PUSH(s->arena, s->items, s->count, s->capacity) = (struct setting){rg_arena_str(s->arena, rg_str(path)), rg_arena_str(s->arena, value)};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct setting *)a)->path.p, ((const struct setting *)b)->path.p);
}

static void sort_settings(struct settings *s)
{
    if (s->count > 0)
        qsort(s->items, s->count, sizeof s->items[0], by_path);
}

static const struct setting *find_setting(const struct settings *in, struct rg_str path)
{
    const struct setting wanted = {.path = path};
    return in->count == 0 ? NULL : bsearch(&wanted, in->items, in->count, sizeof in->items[0], by_path);
}

/* "channels.email.url" is named as channels.email, once: its line leads to the rest. */
static struct rg_str section_of(struct rg_str path)
{
    int dots = 0;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '.' && ++dots == 2)
            return (struct rg_str){path.p, i};
    return path;
}

static void name_change(struct settings *s, struct rg_place place, struct rg_str path)
{
    struct rg_str section = section_of(path);
    for (size_t i = 0; i < s->named_count; i++)
        if (rg_str_eq(s->named[i], section))
            return;
    if (s->named_count == CHANGES_MAX)
        return;
    s->named[s->named_count++] = rg_arena_str(s->arena, section);
    rg_diags_warn(s->diags, place, "needs-restart", "\"" RG_STR_FMT "\" has changed and acts at the next start: until then it is as it was",
                  RG_STR_ARG(section));
}

static void compare_setting(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    struct settings *s = ctx;
    keep_setting(path, value, node, row, ctx);
    if (row != NULL && (row->flags & RG_RELOAD) != 0)
        return;
    const struct setting *before = find_setting(s->other, rg_str(path));
    if (before == NULL || !rg_str_eq(before->value, value))
        name_change(s, node != NULL ? rg_node_place(node) : (struct rg_place){.file = s->file}, rg_str(path));
}

static void name_changes(const struct rg_site *running, const struct rg_site *written, struct rg_diags *diags)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(2 * RG_SITE_ARENA_BYTES);
    struct settings before = {.arena = arena}, now = {.arena = arena, .other = &before, .file = written->file, .diags = diags};
    rg_table_effective(&rg_site_table, running->section.node, keep_setting, &before);
    sort_settings(&before);
    rg_table_effective(&rg_site_table, written->section.node, compare_setting, &now);
    sort_settings(&now);
    for (size_t i = 0; i < before.count; i++)
        if (find_setting(&now, before.items[i].path) == NULL)
            name_change(&now, (struct rg_place){.file = written->file}, before.items[i].path);
}

/* ---- the reading ---- */

int rg_reading_new(const char *file, const char *shipped, const struct rg_reading *running, struct rg_diags *diags,
                   struct rg_reading **ret_reading)
{
    struct rg_reading *reading = rg_alloc(sizeof *reading);
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    reading->arena = rg_arena_new(ARENA_BYTES);
    *ret_reading = reading;
    int rc = rg_site_load(file, shipped, reading->arena, diags, &reading->site);
    if (rc < 0)
        return rc;
    const struct rg_site site = running != NULL ? taken_over(running->site, reading->site) : *reading->site;
    rg_not_yet_check(reading->site, diags);
    reading->mappings = digest_mappings(reading->site, reading->arena);
    if (running != NULL) {
        name_changes(running->site, reading->site, diags);
        name_mappings(running, reading, diags);
    }
    int sources = rg_sources_load(reading->site, reading->arena, diags, &reading->sources, &reading->source_count);
    rc = rg_rules_load(&site, diags, &rules, &templates, &reading->inventory);
    const struct rg_ruleset_preset *presets = read_presets(&site, reading->arena, diags);
    if (rc == 0)
        reading->set = rg_ruleset_new(rules, templates);
    if (sources == 0 && rc == 0 && rg_diags_errors(diags) == 0) {
        reading->set->presets = presets;
        return 0;
    }
    rg_ruleset_unref(&reading->set);
    return RG_EINVAL;
}

void rg_reading_free(struct rg_reading **reading)
{
    if (*reading == NULL)
        return;
    rg_ruleset_unref(&(*reading)->set);
    rg_arena_free(&(*reading)->arena);
    rg_free(reading);
}
