/* The configuration as it holds: rows and tree walked side by side. What was written is shown as text in flow form, so that it
 * can be pasted back; the one exception are secrets, of which only the name is known here anyway. */
#include "config/yaml/fields.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES_MAX 512
#define VALUE_BYTES_MAX ((size_t)1 << 20)

struct walk {
    rg_effective_fn *fn;
    void *ctx;
    struct rg_buf value;
};

/* Quotes only where the text could be read as something else. */
static void add_scalar(struct rg_str text, bool quoted, struct rg_buf *into)
{
    if (!quoted) {
        rg_buf_add_str(into, text);
        return;
    }
    rg_buf_addc(into, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' || c == '\\')
            rg_buf_addc(into, '\\');
        if (c == '\n' || c == '\t')
            rg_buf_adds(into, c == '\n' ? "\\n" : "\\t");
        else
            rg_buf_addc(into, c);
    }
    rg_buf_addc(into, '"');
}

/* Depth is limited by the reader, so this may recurse. */
static void add_value(const struct rg_node *node, struct rg_buf *into)
{
    if (node->kind == RG_NODE_SCALAR) {
        add_scalar(node->text, rg_node_quoted(node), into);
        return;
    }
    bool map = node->kind == RG_NODE_MAP;
    if (map && node->count == 1 && (rg_node_get(node, "credential") != NULL || rg_node_get(node, "file") != NULL)) {
        rg_buf_addf(into, "«" RG_STR_FMT " " RG_STR_FMT "»", RG_STR_ARG(node->entries[0].key->text),
                    RG_STR_ARG(node->entries[0].value->text));
        return;
    }
    rg_buf_adds(into, map ? "{ " : "[");
    for (size_t i = 0; i < node->count; i++) {
        rg_buf_adds(into, i ? ", " : "");
        if (map)
            rg_buf_addf(into, RG_STR_FMT ": ", RG_STR_ARG(node->entries[i].key->text));
        add_value(node->entries[i].value, into);
    }
    rg_buf_adds(into, map ? " }" : "]");
}

static void tell(struct walk *w, const char *path, const struct rg_node *node, const struct rg_row *row)
{
    rg_buf_reset(&w->value);
    add_value(node, &w->value);
    w->fn(path, rg_buf_str(&w->value), node, row, w->ctx);
}

static void tell_default(struct walk *w, const char *path, const struct rg_row *row)
{
    bool list = row->type == RG_ROW_FLAGS || row->type == RG_ROW_TEXTS;
    if (row->fallback == NULL)
        return;
    rg_buf_reset(&w->value);
    rg_buf_addf(&w->value, "%s%s%s", list ? "[" : "", row->fallback, list ? "]" : "");
    w->fn(path, rg_buf_str(&w->value), NULL, row, w->ctx);
}

static void walk_table(struct walk *w, const struct rg_table *table, const struct rg_node *map, const char *prefix);

static void walk_children(struct walk *w, const struct rg_row *row, const struct rg_node *node, const char *path)
{
    for (size_t i = 0; node != NULL && i < node->count; i++) {
        char below[PATH_BYTES_MAX];
        const struct rg_entry *e = &node->entries[i];
        int n = e->key != NULL ? snprintf(below, sizeof below, "%s." RG_STR_FMT, path, RG_STR_ARG(e->key->text))
                               : snprintf(below, sizeof below, "%s[%zu]", path, i + 1);
        if (n > 0 && (size_t)n < sizeof below) /* a longer name was refused by its reader */
            walk_table(w, row->table, e->value, below);
    }
}

static void walk_row(struct walk *w, const struct rg_row *row, const struct rg_node *node, const char *path)
{
    if (row->type == RG_ROW_SECTION)
        walk_table(w, row->table, node, path);
    else if (row->type == RG_ROW_SECTIONS || row->type == RG_ROW_LIST)
        walk_children(w, row, node, path);
    else if (node != NULL)
        tell(w, path, node, row);
    else
        tell_default(w, path, row);
}

static void walk_table(struct walk *w, const struct rg_table *table, const struct rg_node *map, const char *prefix)
{
    char path[PATH_BYTES_MAX];
    for (size_t i = 0; i < table->count; i++) {
        const struct rg_row *row = &table->fields[i];
        int n = snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", row->key);
        if (n > 0 && (size_t)n < sizeof path)
            walk_row(w, row, rg_node_get(map, row->key), path);
    }
    for (size_t i = 0; map != NULL && map->kind == RG_NODE_MAP && i < map->count; i++) {
        const struct rg_entry *e = &map->entries[i];
        if (rg_table_row(table, e->key->text) != NULL)
            continue;
        int n = snprintf(path, sizeof path, "%s%s" RG_STR_FMT, prefix, prefix[0] ? "." : "", RG_STR_ARG(e->key->text));
        if (n > 0 && (size_t)n < sizeof path)
            tell(w, path, e->value, NULL);
    }
}

void rg_table_effective(const struct rg_table *table, const struct rg_node *map, rg_effective_fn *fn, void *ctx)
{
    struct walk w = {.fn = fn, .ctx = ctx};
    rg_buf_init(&w.value, VALUE_BYTES_MAX);
    walk_table(&w, table, map, "");
    rg_buf_done(&w.value);
}
