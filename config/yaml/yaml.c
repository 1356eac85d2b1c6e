/* libyaml's events become nodes. Events and not libyaml's own document loader: depth, node count, duplicate keys and everything
 * that hides differences (anchors, tags, merge keys) are judged while it is cheap, at the event that brings them; libyaml
 * itself has no depth limit and grows quadratically with nesting.
 *
 * A syntax error leads to a repair of the private copy and another attempt. The tree is built by the first attempt and, after
 * repairs, once more at the end; attempts between the two only look for the next error. Findings repeat harmlessly: diags
 * count an exact repetition once. */
#include "config/yaml/yaml.h"

#include "base/core/file.h"
#include "config/yaml/chars.h"
#include "config/yaml/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spot {
    int line, column;
};

struct frame {
    struct rg_node *node;
    struct rg_node *key; /* read, its value is still to come */
    size_t capacity;
};

struct builder {
    struct rg_doc *doc;
    struct rg_arena *arena;
    struct rg_diags *diags;
    char *work;
    struct spot repaired[RG_YAML_REPAIRS_MAX];
    size_t repairs;
    struct frame stack[RG_YAML_DEPTH_MAX];
    size_t depth, nodes, documents;
    bool build;
};

/* libyaml pretends a line break at the end of a file that lacks one; what it reports behind it is the end of the last line. */
static struct spot spot_of(const struct rg_doc *doc, yaml_mark_t mark)
{
    if (mark.line < doc->line_count)
        return (struct spot){(int)mark.line + 1, (int)mark.column + 1};
    struct rg_str last = rg_doc_line(doc, (int)doc->line_count);
    return (struct spot){(int)doc->line_count, (int)rg_chars_count(last) + 1};
}

static struct rg_place mark_place(const struct builder *b, const yaml_event_t *e)
{
    struct spot start = spot_of(b->doc, e->start_mark), end = spot_of(b->doc, e->end_mark);
    return rg_doc_place(b->doc, start.line, start.column, start.line == end.line ? end.column - start.column : 1);
}

static enum rg_node_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return RG_STYLE_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return RG_STYLE_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE: return RG_STYLE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE: return RG_STYLE_FOLDED;
    default: return RG_STYLE_PLAIN;
    }
}

static bool is_repaired(const struct builder *b, int line, int column)
{
    for (size_t i = 0; i < b->repairs; i++)
        if (b->repaired[i].line == line && b->repaired[i].column == column)
            return true;
    return false;
}

static struct rg_node *new_node(struct builder *b, const yaml_event_t *e, enum rg_node_kind kind)
{
    struct rg_node *node = RG_NEW(b->arena, struct rg_node, 1);
    node->kind = kind;
    node->doc = b->doc;
    struct spot start = spot_of(b->doc, e->start_mark), end = spot_of(b->doc, e->end_mark);
    node->line = start.line;
    node->column = start.column;
    node->end_line = end.line;
    node->end_column = end.column;
    if (e->type == YAML_SCALAR_EVENT) {
        struct rg_str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
        node->text = rg_arena_str(b->arena, text);
        node->style = style_of(e->data.scalar.style);
        node->bad = is_repaired(b, node->line, node->column);
    }
    return node;
}

static void refuse_alias(struct builder *b, const yaml_event_t *e, const char *what)
{
    rg_diags_error(b->diags, mark_place(b, e), "alias-refused",
                   "%s refused: write the value out, so that a change shows where it acts",
                   what);
    if (e->type == YAML_ALIAS_EVENT)
        rg_diags_advise(b->diags, "a text that starts with \"*\" needs quotes");
}

static void check_properties(struct builder *b, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    }
    if (anchor != NULL)
        refuse_alias(b, e, "anchors (&…) are");
    if (tag == NULL)
        return;
    rg_diags_error(b->diags, mark_place(b, e), "tag-refused",
                   "tags (!…) are refused; a text that starts with \"!\" needs quotes");
}

/* Puts a finished or opened node into the map or list around it. */
static void attach(struct builder *b, struct rg_node *node)
{
    if (b->depth == 0) {
        b->doc->root = node;
        return;
    }
    struct frame *f = &b->stack[b->depth - 1];
    node->parent = f->node;
    if (f->node->kind == RG_NODE_MAP && f->key == NULL) {
        f->key = node;
        return;
    }
    struct rg_entry *entry = RG_PUSH(b->arena, f->node->entries, f->node->count, f->capacity);
    entry->key = f->key;
    entry->value = node;
    node->key = f->key;
    f->key = NULL;
}

static bool expects_key(const struct builder *b)
{
    return b->depth > 0 && b->stack[b->depth - 1].node->kind == RG_NODE_MAP && b->stack[b->depth - 1].key == NULL;
}

/* A map or list as a key: `{{nome}}` without quotes, or somebody who knows too much YAML. */
static void refuse_complex_key(struct builder *b, const yaml_event_t *e, struct rg_node *node)
{
    struct rg_node *outer = b->stack[b->depth - 1].node;
    struct rg_place place = rg_node_place(outer);
    bool braces = node->kind == RG_NODE_MAP && node->line == outer->line && node->column == outer->column + 1;
    if (braces) {
        place.width = 2;
        rg_diags_error(b->diags, place, "quote-it", "a text that starts with \"{{\" needs quotes, else YAML reads a map");
    } else {
        rg_diags_error(b->diags, mark_place(b, e), "syntax", "a key must be a plain word, not a map or a list");
    }
    outer->bad = true;
    node->bad = true;
}

static void on_scalar(struct builder *b, const yaml_event_t *e)
{
    struct rg_node *node = new_node(b, e, RG_NODE_SCALAR);
    bool key = expects_key(b);
    if (e->type == YAML_ALIAS_EVENT) {
        refuse_alias(b, e, "aliases (*…) are");
        node->text = RG_STR("");
        node->bad = true;
    } else if (key && node->style == RG_STYLE_PLAIN && rg_str_is(node->text, "<<")) {
        refuse_alias(b, e, "merge keys (<<) are");
        node->bad = true;
    }
    attach(b, node);
}

static int on_open(struct builder *b, const yaml_event_t *e)
{
    if (b->depth == RG_YAML_DEPTH_MAX) {
        rg_diags_error(b->diags, mark_place(b, e), "too-deep", "nested deeper than %d levels", RG_YAML_DEPTH_MAX);
        return RG_ELIMIT;
    }
    struct rg_node *node = NULL;
    if (b->build) {
        node = new_node(b, e, e->type == YAML_MAPPING_START_EVENT ? RG_NODE_MAP : RG_NODE_LIST);
        bool key = expects_key(b);
        if (key)
            refuse_complex_key(b, e, node);
        attach(b, node);
    }
    b->stack[b->depth++] = (struct frame){.node = node};
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct rg_node *x = *(const struct rg_node *const *)a, *y = *(const struct rg_node *const *)b;
    int order = rg_str_cmp(x->text, y->text);
    if (order == 0)
        order = (x->line > y->line) - (x->line < y->line);
    return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

static void complain_about_duplicate(const struct builder *b, const struct rg_node *first, const struct rg_node *again)
{
    const struct rg_node *map = again->parent;
    const char *noun = map->key ? rg_noun_of(map->key->text) : NULL;
    rg_diags_error(b->diags, rg_node_place(again), "duplicate-key",
                   "%s \"" RG_STR_FMT "\" is already defined at line %d; the first would be lost silently", noun ? noun : "key",
                   RG_STR_ARG(again->text), first->line);
}

static void check_duplicates(const struct builder *b, const struct rg_node *map)
{
    if (map->count < 2 || map->bad)
        return;
    const struct rg_node **keys = rg_realloc(NULL, map->count, sizeof *keys);
    for (size_t i = 0; i < map->count; i++)
        keys[i] = map->entries[i].key;
    qsort(keys, map->count, sizeof *keys, by_key);
    const struct rg_node *first = keys[0];
    for (size_t i = 1; i < map->count; i++) {
        if (!rg_str_eq(first->text, keys[i]->text))
            first = keys[i];
        else if (!keys[i]->bad)
            complain_about_duplicate(b, first, keys[i]);
    }
    rg_free(&keys);
}

static void on_close(struct builder *b, const yaml_event_t *e)
{
    struct rg_node *node = b->stack[--b->depth].node;
    if (!b->build)
        return;
    struct spot end = spot_of(b->doc, e->end_mark);
    node->end_line = end.line;
    node->end_column = end.column;
    if (node->kind == RG_NODE_MAP)
        check_duplicates(b, node);
    bool was_key = b->depth > 0 && b->stack[b->depth - 1].key == node;
    if (was_key) { /* refused; whoever walks the tree finds scalars for keys all the same */
        node->kind = RG_NODE_SCALAR;
        node->text = RG_STR("");
        node->count = 0;
    }
}

static int on_document(struct builder *b, const yaml_event_t *e)
{
    if (++b->documents > 1) {
        rg_diags_error(b->diags, mark_place(b, e), "multi-document",
                       "one document a file; write the second into a file of its own");
        return RG_EINVAL;
    }
    const yaml_tag_directive_t *tags = e->data.document_start.tag_directives.start;
    if (e->data.document_start.version_directive != NULL || tags != e->data.document_start.tag_directives.end)
        rg_diags_error(b->diags, rg_doc_place(b->doc, 1, 1, 1), "tag-refused", "directives (%%…) are refused; delete the line");
    return 0;
}

static int on_node(struct builder *b, const yaml_event_t *e)
{
    if (++b->nodes > RG_YAML_NODES_MAX) {
        rg_diags_error(b->diags, mark_place(b, e), "too-large", "more than %d values in one file", RG_YAML_NODES_MAX);
        return RG_ELIMIT;
    }
    if (b->build)
        check_properties(b, e);
    if (e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT)
        return on_open(b, e);
    if (b->build)
        on_scalar(b, e);
    return 0;
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT: return on_document(b, e);
    case YAML_ALIAS_EVENT:
    case YAML_SCALAR_EVENT:
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT: return on_node(b, e);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: on_close(b, e); return 0;
    default: return 0;
    }
}

enum outcome { READ, REPAIRED, GIVEN_UP };

static enum outcome repair(struct builder *b, const yaml_parser_t *parser)
{
    rg_assert(parser->error != YAML_MEMORY_ERROR);
    struct spot spot;
    if (!rg_syntax_explain(b->doc, parser, b->work, b->diags, &spot.line, &spot.column))
        return GIVEN_UP;
    if (b->repairs == RG_YAML_REPAIRS_MAX)
        return GIVEN_UP;
    b->repaired[b->repairs++] = spot;
    return REPAIRED;
}

static enum outcome run_parser(struct builder *b, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0)
            return repair(b, parser);
        int rc = on_event(b, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (rc < 0)
            return GIVEN_UP;
    }
    return READ;
}

static enum outcome attempt(struct builder *b, bool build)
{
    yaml_parser_t parser;
    int ready = yaml_parser_initialize(&parser);
    rg_assert(ready == 1); /* it fails only without memory */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->work, b->doc->bytes.n);
    b->build = build;
    b->depth = b->nodes = b->documents = 0;
    b->doc->root = NULL;
    enum outcome outcome = run_parser(b, &parser);
    yaml_parser_delete(&parser);
    return outcome;
}

static enum outcome read_tree(struct builder *b)
{
    enum outcome outcome = attempt(b, true);
    if (outcome != REPAIRED)
        return outcome;
    while (outcome == REPAIRED)
        outcome = attempt(b, false);
    return outcome == READ ? attempt(b, true) : GIVEN_UP;
}

int rg_yaml_parse(const char *file, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags,
                  const struct rg_doc **ret_doc)
{
    struct rg_doc *doc = RG_NEW(arena, struct rg_doc, 1);
    doc->file = rg_arena_strdup(arena, file);
    int rc = rg_text_prepare(doc, bytes, arena, diags);
    if (rc < 0)
        return rc;
    struct builder *b = rg_alloc(sizeof *b);
    *b = (struct builder){.doc = doc, .arena = arena, .diags = diags, .work = rg_realloc(NULL, doc->bytes.n + 1, 1)};
    memcpy(b->work, doc->bytes.p, doc->bytes.n);
    enum outcome outcome = read_tree(b);
    rg_free(&b->work);
    rg_free(&b);
    if (outcome != READ)
        return RG_EINVAL;
    if (doc->root == NULL) {
        rg_diags_error(diags, rg_doc_place(doc, 1, 1, 1), "empty", "the file holds nothing; expected keys and values");
        return RG_EINVAL;
    }
    *ret_doc = doc;
    return 0;
}

int rg_yaml_load(const char *path, struct rg_arena *arena, struct rg_diags *diags, const struct rg_doc **ret_doc)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    rg_buf_init(&bytes, RG_YAML_BYTES_MAX);
    struct rg_error err;
    int rc = rg_file_read(path, &bytes, &err);
    if (rc == 0)
        return rg_yaml_parse(path, rg_buf_str(&bytes), arena, diags, ret_doc);
    rg_diags_error(diags, (struct rg_place){.file = path}, rc == RG_ELIMIT ? "too-large" : "unreadable", "cannot be read: %s",
                   err.text);
    return rc;
}
