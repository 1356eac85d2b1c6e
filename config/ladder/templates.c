/* The shelf: which texts there are, who wins, what is read. Directories are listed once; a file is read when a step asks for its
 * name. Names hold a layer each, the operator's or what is shipped, never a mixture. */
#include "config/ladder/templates.h"

#include "base/core/file.h"
#include "config/ladder/shelf.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4096
#define PATH_BYTES_MAX 4096
#define SHELF_BYTES_MAX ((size_t)256 << 20) /* 4,096 files of at most 64 KiB, and their names */
#define LANGUAGE ".pt-BR."
#define DEFAULT_SUBJECT "assunto"

const char *const rg_part_names[RG_PART_COUNT] = {[RG_PART_TXT] = "txt", [RG_PART_HTML] = "html", [RG_PART_SUBJECT] = "subject"};

/* ---- what lies there ---- */

static bool part_of(const char *ending, enum rg_part *ret_part)
{
    for (int i = 0; i < RG_PART_COUNT; i++) {
        if (strcmp(ending, rg_part_names[i]) == 0) {
            *ret_part = (enum rg_part)i;
            return true;
        }
    }
    return false;
}

/* NAME[.CHANNEL].pt-BR.PART */
static bool parse_file_name(const char *text, struct rg_str *ret_name, struct rg_str *ret_channel, enum rg_part *ret_part)
{
    const char *language = strstr(text, LANGUAGE);
    if (language == NULL || !part_of(language + sizeof LANGUAGE - 1, ret_part))
        return false;
    struct rg_str stem = {text, (size_t)(language - text)};
    const char *dot = memchr(stem.p, '.', stem.n);
    *ret_name = (struct rg_str){stem.p, dot != NULL ? (size_t)(dot - stem.p) : stem.n};
    *ret_channel = dot != NULL ? (struct rg_str){dot + 1, stem.n - ret_name->n - 1} : (struct rg_str){0};
    return rg_parse_name(*ret_name, false) && (dot == NULL || rg_parse_name(*ret_channel, true));
}

static void list_directory(struct rg_templates *t, const char *tree, bool own)
{
    char path[PATH_BYTES_MAX];
    int n = tree == NULL ? -1 : snprintf(path, sizeof path, "%s/templates", tree);
    DIR *directory = n > 0 && n < (int)sizeof path ? opendir(path) : NULL;
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL && t->file_count < FILES_MAX) {
        struct rg_template_file file = {.own = own};
        const char *name = rg_arena_strdup(t->arena, entry->d_name);
        if (!parse_file_name(name, &file.name, &file.channel, &file.part))
            continue;
        file.path = rg_arena_printf(t->arena, "%s/%s", path, name).p;
        *RG_PUSH(t->arena, t->files, t->file_count, t->file_capacity) = file;
    }
    if (directory != NULL)
        (void)closedir(directory); /* only read from */
}

/* ---- reading ---- */

static bool read_source(struct rg_templates *t, const char *path, struct rg_str *ret_source)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&bytes, RG_TEMPLATE_BYTES_MAX);
    struct rg_place place = {.file = path};
    if (rg_file_read(path, &bytes, &err) < 0) {
        rg_diags_error(t->diags, place, "unreadable", "cannot be read: %s", err.text);
        return false;
    }
    struct rg_str text = rg_buf_str(&bytes);
    if (!rg_utf8_valid(text) || (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)) {
        rg_diags_error(t->diags, place, "bad-encoding", "not a UTF-8 text; save the file as UTF-8");
        return false;
    }
    *ret_source = text.p != NULL ? rg_arena_str(t->arena, text) : RG_STR("");
    return true;
}

struct rg_str rg_template_trimmed(struct rg_str text)
{
    while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
        text.n--;
    return text;
}

static void add_file(struct rg_templates *t, struct rg_template *template, struct rg_str channel, enum rg_part part,
                     const char *path)
{
    struct rg_template_text text = {.channel = channel, .part = part, .file = path};
    if (!read_source(t, path, &text.source))
        return;
    *RG_PUSH(t->arena, template->texts, template->text_count, template->text_capacity) = text;
}

static struct rg_template *new_template(struct rg_templates *t, struct rg_str name)
{
    struct rg_template *template = RG_NEW(t->arena, struct rg_template, 1);
    template->name = rg_arena_str(t->arena, name);
    return template;
}

static bool has_own_file(const struct rg_templates *t, struct rg_str name)
{
    for (size_t i = 0; i < t->file_count; i++)
        if (t->files[i].own && rg_str_eq(t->files[i].name, name))
            return true;
    return false;
}

struct rg_template *rg_templates_get(const struct rg_templates *t, struct rg_str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (rg_str_eq(t->items[i]->name, name))
            return t->items[i];
    return NULL;
}

/* Files of one layer; for a template that a ladder wrote the operator's own, which may add HTML or a subject. */
static void add_files(struct rg_templates *t, struct rg_template *template, bool own)
{
    for (size_t i = 0; i < t->file_count; i++) {
        const struct rg_template_file *file = &t->files[i];
        bool general_txt = file->part == RG_PART_TXT && file->channel.p == NULL;
        if (file->own == own && rg_str_eq(file->name, template->name) && !(template->ladder != NULL && general_txt))
            add_file(t, template, file->channel, file->part, file->path);
    }
    for (size_t i = 0; i < template->text_count; i++) /* the last line break is the editor's, not the message's */
        template->texts[i].source = rg_template_trimmed(template->texts[i].source);
}

struct rg_template *rg_templates_read(struct rg_templates *t, struct rg_str name)
{
    bool own = has_own_file(t, name), any = own;
    for (size_t i = 0; i < t->file_count && !any; i++)
        any = rg_str_eq(t->files[i].name, name);
    if (!any || t->count == RG_TEMPLATE_NAMES_MAX)
        return NULL;
    struct rg_template *template = new_template(t, name);
    add_files(t, template, own);
    template->mark = (struct rg_mark){.file = template->text_count > 0 ? template->texts[0].file : "", .line = 1, .column = 1};
    *RG_PUSH(t->arena, t->items, t->count, t->capacity) = template;
    return template;
}

struct rg_template *rg_templates_add_inline(struct rg_templates *t, struct rg_str name, struct rg_str text,
                                            const struct rg_node *node)
{
    if (t->count == RG_TEMPLATE_NAMES_MAX)
        return NULL;
    struct rg_template *template = new_template(t, name);
    template->ladder = rg_arena_strdup(t->arena, node->doc->file);
    template->mark = (struct rg_mark){.file = template->ladder, .line = node->line, .column = node->column};
    *RG_PUSH(t->arena, template->texts, template->text_count, template->text_capacity) =
        (struct rg_template_text){.part = RG_PART_TXT, .file = template->ladder, .source = rg_arena_str(t->arena, text)};
    add_files(t, template, true);
    *RG_PUSH(t->arena, t->items, t->count, t->capacity) = template;
    return template;
}

/* ---- partials: all of them, at once; they are few ---- */

static struct rg_template *partial_named(struct rg_templates *t, struct rg_str name, bool make)
{
    for (size_t i = 0; i < t->partial_count; i++)
        if (rg_str_eq(t->partials[i]->name, name))
            return t->partials[i];
    if (!make)
        return NULL;
    struct rg_template *partial = new_template(t, name);
    *RG_PUSH(t->arena, t->partials, t->partial_count, t->partial_capacity) = partial;
    return partial;
}

const struct rg_template *rg_templates_partial(const struct rg_templates *t, struct rg_str name)
{
    for (size_t i = 0; i < t->partial_count; i++)
        if (rg_str_eq(t->partials[i]->name, name))
            return t->partials[i];
    return NULL;
}

/* The operator's come first; a name that he has hides the shipped one. */
static void read_partials(struct rg_templates *t, const char *tree)
{
    char path[PATH_BYTES_MAX];
    int n = tree == NULL ? -1 : snprintf(path, sizeof path, "%s/templates/partials", tree);
    DIR *directory = n > 0 && n < (int)sizeof path ? opendir(path) : NULL;
    struct dirent *entry;
    size_t known = t->partial_count;
    while (directory != NULL && (entry = readdir(directory)) != NULL && t->partial_count < FILES_MAX) {
        struct rg_str name, channel;
        enum rg_part part;
        if (!parse_file_name(entry->d_name, &name, &channel, &part) || channel.p != NULL || part == RG_PART_SUBJECT)
            continue;
        bool hidden = false;
        for (size_t i = 0; i < known; i++)
            hidden = hidden || rg_str_eq(t->partials[i]->name, name);
        if (!hidden)
            add_file(t, partial_named(t, name, true), channel, part, rg_arena_printf(t->arena, "%s/%s", path, entry->d_name).p);
    }
    if (directory != NULL)
        (void)closedir(directory); /* only read from */
}

static int by_name(const void *pa, const void *pb)
{
    const struct rg_template *const *a = pa, *const *b = pb;
    return rg_str_cmp((*a)->name, (*b)->name);
}

static int by_part(const void *pa, const void *pb)
{
    const struct rg_template_text *a = pa, *b = pb;
    int by_channel = rg_str_cmp(a->channel, b->channel);
    return by_channel != 0 ? by_channel : (int)a->part - (int)b->part;
}

struct rg_templates *rg_templates_new(const char *own, const char *shipped, struct rg_diags *diags)
{
    struct rg_arena *arena = rg_arena_new(SHELF_BYTES_MAX + ((size_t)64 << 20));
    struct rg_templates *t = RG_NEW(arena, struct rg_templates, 1);
    *t = (struct rg_templates){.arena = arena, .own = own, .shipped = shipped, .diags = diags};
    list_directory(t, own, true);
    list_directory(t, shipped, false);
    read_partials(t, own);
    read_partials(t, shipped);
    if (t->partial_count > 0)
        qsort(t->partials, t->partial_count, sizeof t->partials[0], by_name);
    for (size_t i = 0; i < t->partial_count; i++)
        if (t->partials[i]->text_count > 0)
            qsort(t->partials[i]->texts, t->partials[i]->text_count, sizeof t->partials[i]->texts[0], by_part);
    return t;
}

/* Directories come in no order: what is kept is sorted, so that the same files give the same version. */
void rg_templates_list(struct rg_templates *t, struct rg_rules *rules)
{
    if (t->count > 0)
        qsort(t->items, t->count, sizeof t->items[0], by_name);
    rules->templates = RG_NEW(rules->arena, struct rg_template_info, t->count);
    rules->template_count = (int)t->count;
    for (size_t i = 0; i < t->count; i++) {
        struct rg_template *template = t->items[i];
        if (template->text_count > 0)
            qsort(template->texts, template->text_count, sizeof template->texts[0], by_part);
        struct rg_mark mark = template->mark;
        mark.file = rg_arena_strdup(rules->arena, mark.file);
        rules->templates[i] = (struct rg_template_info){.name = rg_arena_str(rules->arena, template->name), .mark = mark};
    }
    t->diags = NULL;
    t->own = t->shipped = NULL; /* borrowed for the load */
}

/* ---- asking ---- */

struct rg_template_text *rg_template_text_for(const struct rg_template *template, struct rg_str channel, enum rg_part part)
{
    struct rg_template_text *general = NULL;
    for (size_t i = 0; i < template->text_count; i++) {
        struct rg_template_text *text = &template->texts[i];
        if (text->part != part)
            continue;
        if (text->channel.p == NULL)
            general = text;
        else if (rg_str_eq(text->channel, channel))
            return text;
    }
    return general;
}

struct rg_str rg_template_source(const struct rg_templates *t, struct rg_str name, struct rg_str channel, const char *part)
{
    enum rg_part wanted;
    const struct rg_template *template = rg_templates_get(t, name);
    if (template == NULL || !part_of(part, &wanted))
        return (struct rg_str){0};
    const struct rg_template_text *text = rg_template_text_for(template, channel, wanted);
    if (text == NULL && wanted == RG_PART_SUBJECT) /* a partial keeps its line's end, a header has none */
        return rg_template_trimmed(rg_template_partial(t, RG_STR(DEFAULT_SUBJECT), "txt"));
    return text != NULL ? text->source : (struct rg_str){0};
}

struct rg_str rg_template_partial(const struct rg_templates *t, struct rg_str name, const char *part)
{
    enum rg_part wanted;
    const struct rg_template *partial = rg_templates_partial(t, name);
    if (partial == NULL || !part_of(part, &wanted))
        return (struct rg_str){0};
    const struct rg_template_text *text = rg_template_text_for(partial, (struct rg_str){0}, wanted);
    if (text == NULL)
        text = rg_template_text_for(partial, (struct rg_str){0}, RG_PART_TXT);
    return text != NULL ? text->source : (struct rg_str){0};
}

bool rg_template_partial_at(const struct rg_templates *t, size_t index, struct rg_str *ret_name, struct rg_str *ret_part,
                            struct rg_str *ret_source)
{
    for (size_t i = 0; i < t->partial_count; i++) {
        const struct rg_template *partial = t->partials[i];
        if (index >= partial->text_count) {
            index -= partial->text_count;
            continue;
        }
        *ret_name = partial->name;
        *ret_part = rg_str(rg_part_names[partial->texts[index].part]);
        *ret_source = partial->texts[index].source;
        return true;
    }
    return false;
}

void rg_templates_free(struct rg_templates **templates)
{
    if (*templates == NULL)
        return;
    struct rg_arena *arena = (*templates)->arena; /* holds the templates themselves, too */
    *templates = NULL;
    rg_arena_free(&arena);
}
