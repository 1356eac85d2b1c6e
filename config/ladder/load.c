/* The load: what the installation has, the policy, every ladder file, then what only the whole shows, and the version's name.
 *
 * One file's tree lives in a scratch arena of its own and goes when the file is done; what stays is copied into the
 * snapshot's. Nothing stops at the first finding: all files are read, and at the end one error anywhere means no snapshot. */
#include "config/ladder/load.h"

#include "config/contract/ledger.h"
#include "config/ladder/shelf.h"
#include "config/ladder/written.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SNAPSHOT_ARENA_BYTES ((size_t)384 << 20) /* more than rg_loader_room() lets conditions and texts take */
#define SCRATCH_ARENA_BYTES (RG_YAML_ARENA_BYTES + ((size_t)32 << 20))
#define FILES_MAX 256 /* in one directory of `rules:` */
#define PATH_BYTES_MAX 4096

/* ---- what the installation has ---- */

static int by_text(const void *pa, const void *pb)
{
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

static void take_channels(struct rg_loader *loader)
{
    struct rg_rules *rules = loader->rules;
    const struct rg_rules_input *in = loader->input;
    rg_assert(in->channel_count < RG_CHANNELS_MAX);
    for (size_t i = 0; i < in->channel_count; i++) {
        struct rg_channel_info *channel = &rules->channels[rules->channel_count++];
        *channel = in->channels[i];
        channel->name = rg_loader_keep(loader, channel->name);
        loader->channel_names[loader->channel_name_count++] = channel->name.p;
    }
    qsort(loader->channel_names, loader->channel_name_count, sizeof loader->channel_names[0], by_text);
    rules->signals_channel = rules->channel_count;
    rules->channels[rules->channel_count++] = (struct rg_channel_info){
        .name = RG_STR(RG_QUEUE_SIGNALS), .best_evidence = RG_EVIDENCE_ACCEPTED, .signals = true};
}

static void take_installation(struct rg_loader *loader)
{
    struct rg_rules *rules = loader->rules;
    const struct rg_rules_input *in = loader->input;
    rg_assert(in->service_count <= RG_SERVICES_MAX && in->source_count <= RG_SOURCES_MAX);
    rules->mode = in->mode;
    take_channels(loader);
    for (size_t i = 0; i < in->service_count; i++) {
        const struct rg_service_info *s = &in->services[i];
        rules->services[rules->service_count++] = (struct rg_service_info){
            rg_loader_keep(loader, s->name), rg_loader_keep(loader, s->sector), rg_loader_keep(loader, s->creditor)};
    }
    for (size_t i = 0; i < in->source_count; i++)
        rules->sources[rules->source_count++] = (struct rg_source_info){rg_loader_keep(loader, in->sources[i].name),
                                                                        in->sources[i].payments};
}

/* ---- one ladder ---- */

static const struct rg_ladder *taken_by(const struct rg_rules *rules, struct rg_str name, int priority)
{
    for (int i = 0; i < rules->ladder_count; i++)
        if (rg_str_eq(rules->ladders[i].name, name) || rules->ladders[i].priority == priority)
            return &rules->ladders[i];
    return NULL;
}

static void check_unique(struct rg_loader *loader, const struct rg_written_ladder *w, const struct rg_ladder *ladder)
{
    const struct rg_ladder *other = taken_by(loader->rules, ladder->name, ladder->priority);
    if (other == NULL)
        return;
    if (rg_str_eq(other->name, ladder->name))
        rg_diags_error(loader->diags, rg_member_place(&w->section, "ladder"), "duplicate-name",
                       "ladder \"" RG_STR_FMT "\" is already defined in %s", RG_STR_ARG(ladder->name), other->mark.file);
    else
        rg_diags_error(loader->diags, rg_member_place(&w->section, "priority"), "duplicate-priority",
                       "priority %d is that of ladder \"" RG_STR_FMT
                       "\" already (%s); of two that apply nobody could say which is taken",
                       ladder->priority, RG_STR_ARG(other->name), other->mark.file);
}

static bool *sound_steps(const struct rg_draft *draft)
{
    size_t count = draft->written->steps.count;
    bool *sound = RG_NEW(draft->loader->scratch, bool, count);
    for (size_t i = 0; i < count; i++) {
        const struct rg_node *node = rg_draft_written(draft, (int)i)->section.node;
        sound[i] = node != NULL && rg_draft_section_sound(draft, node, &rg_step_table);
    }
    return sound;
}

static void read_ladder(struct rg_loader *loader, const struct rg_doc *doc)
{
    struct rg_rules *rules = loader->rules;
    struct rg_reader reader = rg_loader_reader(loader);
    struct rg_written_ladder written;
    struct rg_ladder ladder = {0};
    struct rg_draft draft = {.loader = loader, .written = &written, .ladder = &ladder};
    draft.fine = rg_fields_read(doc->root, &rg_ladder_table, &written, &reader);
    if (written.section.node == NULL)
        return; /* no map at all: complained about */
    if (rules->ladder_count == RG_LADDERS_MAX) {
        rg_diags_error(loader->diags, rg_node_place(doc->root), "too-many", "more than %d ladders", RG_LADDERS_MAX);
        return;
    }
    draft.sound = sound_steps(&draft);
    rg_draft_resolve(&draft);
    rg_draft_check_order(&draft);
    rg_draft_check_law(&draft);
    rg_draft_check_texts(&draft);
    if (rg_str_has(ladder.name) && rg_section_has(&written.section, "priority"))
        check_unique(loader, &written, &ladder);
    rules->ladders[rules->ladder_count++] = ladder;
}

static void load_ladder(struct rg_loader *loader, const char *path, const struct rg_rules_text *text)
{
    const struct rg_doc *doc = NULL;
    loader->scratch = rg_arena_new(SCRATCH_ARENA_BYTES);
    int rc = text != NULL ? rg_yaml_parse(text->file, text->bytes, loader->scratch, loader->diags, &doc)
                          : rg_yaml_load(path, loader->scratch, loader->diags, &doc);
    if (rc == 0)
        read_ladder(loader, doc);
    rg_arena_free(&loader->scratch);
}

/* ---- the files ---- */

static bool ends_with(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n > m && strcmp(text + n - m, suffix) == 0;
}

static bool is_ladder_name(const char *name)
{
    return name[0] != '.' && ends_with(name, ".yaml") && !ends_with(name, "_test.yaml");
}

static void load_directory(struct rg_loader *loader, const char *path)
{
    struct rg_arena *arena = rg_arena_new(FILES_MAX * (PATH_BYTES_MAX + 64));
    char *names[FILES_MAX];
    size_t count = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    if (directory == NULL)
        rg_diags_error(loader->diags, (struct rg_place){.file = path}, "unreadable", "cannot be read: %s", strerror(errno));
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.' && ends_with(entry->d_name, ".yml"))
            rg_diags_warn(loader->diags, (struct rg_place){.file = path}, "no-ladder",
                          "%s is not read: the names of ladders end in .yaml", entry->d_name);
        if (!is_ladder_name(entry->d_name))
            continue;
        if (count == FILES_MAX) {
            rg_diags_error(loader->diags, (struct rg_place){.file = path}, "too-many", "more than %d files in one directory",
                           FILES_MAX);
            break;
        }
        char *name = rg_arena_alloc(arena, strlen(path) + strlen(entry->d_name) + 2);
        (void)sprintf(name, "%s/%s", path, entry->d_name); /* sized for just that */
        names[count++] = name;
    }
    if (directory != NULL)
        (void)closedir(directory); /* only read from */
    if (count > 0)
        qsort(names, count, sizeof names[0], by_text);
    for (size_t i = 0; i < count; i++)
        load_ladder(loader, names[i], NULL);
    rg_arena_free(&arena);
}

static void load_ladders(struct rg_loader *loader)
{
    const struct rg_rules_input *in = loader->input;
    loader->rules->ladders = RG_NEW(loader->rules->arena, struct rg_ladder, RG_LADDERS_MAX);
    for (size_t i = 0; i < in->path_count; i++) {
        struct stat st;
        if (stat(in->paths[i], &st) == 0 && S_ISDIR(st.st_mode))
            load_directory(loader, in->paths[i]);
        else
            load_ladder(loader, in->paths[i], NULL);
    }
    for (size_t i = 0; i < in->text_count; i++)
        load_ladder(loader, NULL, &in->texts[i]);
    if (loader->rules->ladder_count == 0 && rg_diags_errors(loader->diags) == 0)
        rg_diags_warn(loader->diags, (struct rg_place){.file = in->path_count > 0 ? in->paths[0] : "rules"}, "no-ladder",
                      "no ladder here: invoices are followed, and nobody is written to");
}

/* ---- the whole ---- */

static int by_priority(const void *pa, const void *pb)
{
    const struct rg_ladder *a = pa, *b = pb;
    return (a->priority > b->priority) - (a->priority < b->priority);
}

/* A mode written in a file can only lower that of the installation; a step's only that of its ladder. */
static void lower_modes(struct rg_rules *rules)
{
    for (int i = 0; i < rules->ladder_count; i++) {
        struct rg_ladder *ladder = &rules->ladders[i];
        if (rules->mode == RG_MODE_SHADOW)
            ladder->mode = RG_MODE_SHADOW;
        for (int k = 0; k < ladder->step_count; k++)
            if (ladder->mode == RG_MODE_SHADOW)
                ladder->steps[k].mode = RG_MODE_SHADOW;
    }
}

static struct rg_inventory count(const struct rg_loader *loader)
{
    struct rg_inventory inventory = {.ladders = loader->rules->ladder_count, .templates = loader->rules->template_count};
    for (const struct rg_calendar_pack *pack = loader->calendars; pack != NULL; pack = pack->next)
        inventory.calendars++;
    for (int i = 0; i < loader->rules->ladder_count; i++)
        inventory.steps += loader->rules->ladders[i].step_count;
    return inventory;
}

int rg_rules_load_from(const struct rg_rules_input *input, struct rg_diags *diags, struct rg_rules **ret_rules,
                       struct rg_templates **ret_templates, struct rg_inventory *ret_inventory)
{
    struct rg_arena *arena = rg_arena_new(SNAPSHOT_ARENA_BYTES);
    struct rg_rules *rules = RG_NEW(arena, struct rg_rules, 1);
    struct rg_loader loader = {
        .input = input, .diags = diags, .rules = rules, .templates = rg_templates_new(input->directory, input->shipped, diags)};
    rules->arena = arena;
    take_installation(&loader);
    rg_policy_load(&loader);
    load_ladders(&loader);
    rg_templates_list(loader.templates, rules);
    *ret_inventory = count(&loader);
    if (rg_diags_errors(diags) > 0) {
        rg_rules_free(&rules);
        rg_templates_free(&loader.templates);
        return RG_EINVAL;
    }
    qsort(rules->ladders, (size_t)rules->ladder_count, sizeof rules->ladders[0], by_priority);
    rg_rules_name(rules, loader.templates);
    lower_modes(rules);
    *ret_rules = rules;
    *ret_templates = loader.templates;
    return 0;
}

void rg_rules_free(struct rg_rules **rules)
{
    if (*rules == NULL)
        return;
    struct rg_arena *arena = (*rules)->arena; /* holds the rules themselves, too */
    *rules = NULL;
    rg_arena_free(&arena);
}

static void add_count(struct rg_buf *into, size_t n, const char *one)
{
    rg_buf_addf(into, "%zu %s%s, ", n, one, n == 1 ? "" : "s");
}

void rg_inventory_print(const struct rg_inventory *inventory, const struct rg_diags *diags, int64_t took_ms, struct rg_buf *into)
{
    add_count(into, (size_t)inventory->ladders, "ladder");
    add_count(into, (size_t)inventory->steps, "step");
    add_count(into, (size_t)inventory->templates, "template");
    add_count(into, (size_t)inventory->calendars, "calendar");
    add_count(into, rg_diags_errors(diags), "error");
    size_t warnings = rg_diags_warnings(diags);
    rg_buf_addf(into, "%zu warning%s (%lld ms)", warnings, warnings == 1 ? "" : "s", (long long)took_ms);
}
