/* YAML as people write it here: a tree of nodes that know their place. A deliberately small YAML:
 *
 *   - maps, lists and scalars; every scalar is text, typed later by a field table (fields.h): `no`, `08:00` and `1e3` are
 *     never guessed;
 *   - one document of UTF-8, at most 1 MiB, 32 levels, 100,000 nodes;
 *   - refused with a sentence that says what to write instead: anchors, aliases, merge keys, tags, directives, a second
 *     document, a key twice, a key that is no plain word, tabs in the indentation, invisible characters.
 *
 * Wrong quoting is repaired on a private copy so that one run finds as much as possible; what was repaired is marked `bad`,
 * and readers keep silent about it. A tree is therefore usable only when rg_diags_errors() stayed 0. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "config/yaml/diag.h"

#define RG_YAML_BYTES_MAX ((size_t)1 << 20)
#define RG_YAML_DEPTH_MAX 32
#define RG_YAML_NODES_MAX 100000
#define RG_YAML_REPAIRS_MAX 20
#define RG_YAML_ARENA_BYTES ((size_t)64 << 20) /* the most that one hostile file takes of an arena; honest ones take little */

enum rg_node_kind { RG_NODE_SCALAR, RG_NODE_LIST, RG_NODE_MAP };
enum rg_node_style { RG_STYLE_PLAIN, RG_STYLE_SINGLE, RG_STYLE_DOUBLE, RG_STYLE_LITERAL, RG_STYLE_FOLDED };

struct rg_node;

struct rg_entry {
    struct rg_node *key; /* a scalar; NULL in lists */
    struct rg_node *value;
};

struct rg_node {
    enum rg_node_kind kind;
    enum rg_node_style style; /* of a scalar; anything but plain counts as quoted */
    bool bad;                 /* already complained about: say nothing more */
    int line, column;         /* from 1; columns count characters */
    int end_line, end_column; /* one past the end; exact for scalars only */
    struct rg_str text;       /* of a scalar; ends in a NUL that is not counted, may hold others */
    struct rg_entry *entries; /* of lists and maps, as written */
    size_t count;
    const struct rg_node *parent; /* NULL at the root */
    const struct rg_node *key;    /* of a value in a map; NULL otherwise */
    const struct rg_doc *doc;
};

struct rg_doc {
    const char *file;      /* as it was named */
    struct rg_str bytes;   /* without a byte order mark */
    const uint32_t *lines; /* where each line starts */
    size_t line_count;
    struct rg_node *root;
};

/* Reads bytes into a document kept in `arena` (bytes are copied). 0: *ret_doc is there, perhaps with findings added. Negative:
 * no tree could be made, the findings say why. `file` is copied too. */
RG_MUST_USE int rg_yaml_parse(const char *file, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags,
                              const struct rg_doc **ret_doc);
/* The same for a file; one that cannot be read becomes a finding (and RG_ENOTFOUND, RG_EIO, RG_EINVAL or RG_ELIMIT). */
RG_MUST_USE int rg_yaml_load(const char *path, struct rg_arena *arena, struct rg_diags *diags, const struct rg_doc **ret_doc);

/* Looking around. NULL-safe: a NULL node has no entries. */
const struct rg_node *rg_node_get(const struct rg_node *map, const char *key); /* the value, or NULL */
static inline bool rg_node_quoted(const struct rg_node *node)
{
    return node->kind == RG_NODE_SCALAR && node->style != RG_STYLE_PLAIN;
}
bool rg_node_empty(const struct rg_node *node); /* `key:` with nothing behind it */
struct rg_str rg_doc_line(const struct rg_doc *doc, int line); /* without its line break; absent outside of the file */

/* Places for findings. `_at` marks a part of a scalar's text (bytes from `offset`), for languages inside of YAML; where the
 * text is not written as it is (escapes, folding), the place is the whole scalar. */
struct rg_place rg_node_place(const struct rg_node *node);
struct rg_place rg_node_place_at(const struct rg_node *node, size_t offset, size_t bytes);

/* For sentences: `step "atraso"`, `"kafka"`, `item 2 of "via"`; the root is "the top level". Truncates to size. */
void rg_node_label(const struct rg_node *node, char *ret_text, size_t size);
/* What one entry of a collection is called: "steps" → "step"; NULL for keys that are no collection of named things. */
const char *rg_noun_of(struct rg_str collection);
