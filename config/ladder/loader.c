/* Small services of a load: copies that stay, places for findings, words that are not done yet. */
#include "config/ladder/written.h"

#include <string.h>

#define SNAPSHOT_BYTES_MAX ((size_t)256 << 20)

struct rg_reader rg_loader_reader(struct rg_loader *loader)
{
    return (struct rg_reader){.diags = loader->diags, .arena = loader->scratch, .ctx = loader};
}

struct rg_str rg_loader_keep(struct rg_loader *loader, struct rg_str text)
{
    return rg_arena_str(loader->rules->arena, text);
}

bool rg_loader_room(struct rg_loader *loader, size_t bytes, const struct rg_node *node)
{
    if (rg_arena_used_bytes(loader->rules->arena) + bytes <= SNAPSHOT_BYTES_MAX)
        return true;
    rg_diags_error(loader->diags, rg_node_place(node), "too-many", "the rules take more than %zu MiB; split the installation",
                   SNAPSHOT_BYTES_MAX >> 20);
    return false;
}

struct rg_mark rg_loader_mark(struct rg_loader *loader, const struct rg_node *node)
{
    return (struct rg_mark){
        .file = rg_arena_strdup(loader->rules->arena, node->doc->file), .line = node->line, .column = node->column};
}

struct rg_place rg_key_place(const struct rg_node *value)
{
    return rg_node_place(value->key != NULL ? value->key : value);
}

const struct rg_node *rg_member(const struct rg_section *section, const char *key)
{
    return rg_node_get(section->node, key);
}

struct rg_place rg_member_place(const struct rg_section *section, const char *key)
{
    const struct rg_node *member = rg_member(section, key);
    return member != NULL ? rg_node_place(member) : rg_key_place(section->node);
}

bool rg_not_yet(const char *const *words, size_t count, const struct rg_node *key, const struct rg_reader *reader)
{
    for (size_t i = 0; i < count; i++) {
        if (!rg_str_is(key->text, words[i]))
            continue;
        rg_diags_error(reader->diags, rg_node_place(key), "not-yet", "\"%s\" is not supported in this version; remove it",
                       words[i]);
        return true;
    }
    return false;
}

void rg_not_yet_value(struct rg_diags *diags, const struct rg_node *value)
{
    rg_diags_error(diags, rg_node_place(value), "not-yet", "\"" RG_STR_FMT "\" is not supported in this version; remove it",
                   RG_STR_ARG(value->text));
}

bool rg_draft_section_sound(const struct rg_draft *draft, const struct rg_node *node, const struct rg_table *table)
{
    if (draft->fine)
        return true;
    struct rg_diags *unheard = rg_diags_new();
    struct rg_reader reader = rg_loader_reader(draft->loader);
    reader.diags = unheard;
    void *again = rg_arena_alloc(draft->loader->scratch, table->size);
    bool sound = rg_fields_read(node, table, again, &reader) && rg_diags_errors(unheard) == 0;
    rg_diags_free(&unheard);
    return sound;
}
