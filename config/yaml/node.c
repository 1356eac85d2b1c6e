/* Looking around in a tree: values by key, places for findings, names for sentences. */
#include "config/yaml/chars.h"
#include "config/yaml/parse.h"

#include <stdio.h>
#include <string.h>

#define LABEL_TEXT_MAX 64

const struct rg_node *rg_node_get(const struct rg_node *map, const char *key)
{
    if (map == NULL || map->kind != RG_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (rg_str_is(map->entries[i].key->text, key))
            return map->entries[i].value;
    return NULL;
}

bool rg_node_empty(const struct rg_node *node)
{
    return node->kind == RG_NODE_SCALAR && node->style == RG_STYLE_PLAIN && node->text.n == 0;
}

struct rg_place rg_node_place(const struct rg_node *node)
{
    int width = node->kind == RG_NODE_SCALAR && node->line == node->end_line ? node->end_column - node->column : 1;
    return rg_doc_place(node->doc, node->line, node->column, width);
}

/* A block text: its lines stand below the header, indented by what its first line with text has. */
static struct rg_place place_in_literal(const struct rg_node *node, size_t offset, int width)
{
    int line = node->line + 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (node->text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    struct rg_str source = rg_doc_line(node->doc, line);
    size_t wanted = 0;
    while (start + wanted < node->text.n && node->text.p[start + wanted] != '\n')
        wanted++;
    if (source.p == NULL || source.n < wanted)
        return rg_node_place(node);
    int indent = (int)(source.n - wanted);
    int column = (int)rg_chars_count((struct rg_str){node->text.p + start, offset - start}) + 1;
    return rg_doc_place(node->doc, line, indent + column, width);
}

struct rg_place rg_node_place_at(const struct rg_node *node, size_t offset, size_t bytes)
{
    if (node->kind != RG_NODE_SCALAR || offset > node->text.n || bytes > node->text.n - offset)
        return rg_node_place(node);
    int before = (int)rg_chars_count((struct rg_str){node->text.p, offset});
    int width = (int)rg_chars_count((struct rg_str){node->text.p + offset, bytes});
    if (node->style == RG_STYLE_LITERAL)
        return place_in_literal(node, offset, width);
    int quotes = rg_node_quoted(node) ? 2 : 0;
    bool as_written = node->line == node->end_line &&
                      node->end_column - node->column == (int)rg_chars_count(node->text) + quotes;
    if (!as_written)
        return rg_node_place(node);
    return rg_doc_place(node->doc, node->line, node->column + quotes / 2 + before, width);
}

static size_t index_in(const struct rg_node *list, const struct rg_node *node)
{
    size_t i = 0;
    while (i < list->count && list->entries[i].value != node)
        i++;
    return i + 1;
}

void rg_node_label(const struct rg_node *node, char *ret_text, size_t size)
{
    const struct rg_node *parent = node->parent;
    const char *noun = parent && parent->key ? rg_noun_of(parent->key->text) : NULL;
    int wrote;
    if (parent == NULL)
        wrote = snprintf(ret_text, size, "the top level");
    else if (node->key == NULL && parent->key != NULL)
        wrote = snprintf(ret_text, size, "item %zu of \"%.*s\"", index_in(parent, node),
                         (int)(parent->key->text.n < LABEL_TEXT_MAX ? parent->key->text.n : LABEL_TEXT_MAX), parent->key->text.p);
    else if (node->key == NULL)
        wrote = snprintf(ret_text, size, "item %zu", index_in(parent, node));
    else
        wrote = snprintf(ret_text, size, "%s%s\"%.*s\"", noun ? noun : "", noun ? " " : "",
                         (int)(node->key->text.n < LABEL_TEXT_MAX ? node->key->text.n : LABEL_TEXT_MAX), node->key->text.p);
    rg_assert(wrote >= 0);
}

const char *rg_noun_of(struct rg_str collection)
{
    static const struct {
        const char *many, *one;
    } nouns[] = {
        {"steps", "step"},         {"on_paid", "step"},         {"templates", "template"}, {"channels", "channel"},
        {"creditors", "creditor"}, {"services", "service"},     {"sources", "source"},     {"operators", "operator"},
        {"clusters", "cluster"},   {"tiers", "tier"},           {"replies", "reply"},      {"tests", "test"},
    };
    for (size_t i = 0; i < RG_COUNT(nouns); i++)
        if (rg_str_is(collection, nouns[i].many))
            return nouns[i].one;
    return NULL;
}
