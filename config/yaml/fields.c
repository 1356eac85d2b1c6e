/* The section reader: keys to rows, rows to readers (read.c). Defaults go through the same readers as what people write, from a
 * node made of the row's text: a default that its own row refuses is our bug and asserts.
 *
 * Recursion follows the tables (SECTION rows name other tables), which we write, and the tree, which is at most
 * RG_YAML_DEPTH_MAX deep. */
#include "config/yaml/fields.h"

#include "config/yaml/words.h"

#include <string.h>

#define FLAGS_WORDS_MAX 64

/* --- Sections ----------------------------------------------------------------------------------------------------- */

static bool read_sections(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!rg_is_map(node, row, reader))
        return false;
    const struct rg_table *table = row->table;
    char *items = rg_arena_alloc(reader->arena, table->size * node->count);
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_entry *e = &node->entries[i];
        bool hyphen = (row->flags & RG_HYPHEN) != 0;
        void *item = items + i * table->size;
        if (!e->key->bad && (row->flags & RG_ANY_NAME) == 0 && !rg_parse_name(e->key->text, hyphen)) {
            rg_say_bad_name(e->key, hyphen, reader->diags);
            fine = false;
        }
        if (e->value->bad || !rg_fields_read(e->value, table, item, reader))
            fine = false;
        ((struct rg_section *)item)->name = e->key->text;
    }
    *(struct rg_sections *)member = (struct rg_sections){items, node->count};
    return fine;
}

static bool read_section_list(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!rg_is_list(node, row, reader))
        return false;
    const struct rg_table *table = row->table;
    char *items = rg_arena_alloc(reader->arena, table->size * node->count);
    bool fine = true;
    for (size_t i = 0; i < node->count; i++)
        if (node->entries[i].value->bad || !rg_fields_read(node->entries[i].value, table, items + i * table->size, reader))
            fine = false;
    *(struct rg_sections *)member = (struct rg_sections){items, node->count};
    return fine;
}

/* What the member of a row must be in bytes; 0: the row says. */
static size_t member_size(const struct rg_row *row)
{
    if ((size_t)row->type < RG_VALUE_TYPES)
        return rg_value_types[row->type].size;
    return row->type == RG_ROW_SECTIONS || row->type == RG_ROW_LIST ? sizeof(struct rg_sections) : 0;
}

bool rg_row_read(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    rg_assert(row->size == 0 || member_size(row) == 0 || row->size == member_size(row));
    if (node->bad)
        return false;
    switch (row->type) {
    case RG_ROW_SECTION: return rg_fields_read(node, row->table, member, reader);
    case RG_ROW_SECTIONS: return read_sections(node, row, member, reader);
    case RG_ROW_LIST: return read_section_list(node, row, member, reader);
    case RG_ROW_CUSTOM: return row->custom(node, row, member, reader);
    default: break;
    }
    rg_assert((size_t)row->type < RG_VALUE_TYPES);
    return rg_value_types[row->type].read(node, row, member, reader);
}

/* --- Defaults ----------------------------------------------------------------------------------------------------- */

static struct rg_node *text_node(const struct rg_doc *doc, struct rg_arena *arena, const char *text, size_t n)
{
    struct rg_node *node = RG_NEW(arena, struct rg_node, 1);
    *node = (struct rg_node){.kind = RG_NODE_SCALAR, .style = RG_STYLE_DOUBLE, .text = {text, n}, .doc = doc};
    return node;
}

static struct rg_node *list_node(const struct rg_doc *doc, struct rg_arena *arena, const char *text)
{
    struct rg_node *list = RG_NEW(arena, struct rg_node, 1);
    *list = (struct rg_node){.kind = RG_NODE_LIST, .doc = doc};
    size_t capacity = 0;
    for (const char *at = text; *at != '\0';) {
        size_t n = strcspn(at, ",");
        RG_PUSH(arena, list->entries, list->count, capacity)->value = text_node(doc, arena, at, n);
        at += n;
        at += strspn(at, ", ");
    }
    return list;
}

static bool takes_list(enum rg_row_type type)
{
    return type == RG_ROW_FLAGS || type == RG_ROW_TEXTS;
}

static void apply_default(const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    static const struct rg_doc defaults = {.file = "default"};
    if (row->type == RG_ROW_SECTION) {
        (void)rg_fields_read(NULL, row->table, member, reader); /* defaults only: finds nothing */
        return;
    }
    if (row->type == RG_ROW_DATE)
        *(rg_day *)member = RG_DAY_NONE;
    if (row->fallback == NULL)
        return;
    const struct rg_node *node = takes_list(row->type) ? list_node(&defaults, reader->arena, row->fallback)
                                                         : text_node(&defaults, reader->arena, row->fallback,
                                                                     strlen(row->fallback));
    bool fine = rg_row_read(node, row, member, reader);
    rg_assert(fine); /* a default that its own row refuses */
}

/* --- The section reader ------------------------------------------------------------------------------------------- */

const struct rg_row *rg_table_row(const struct rg_table *table, struct rg_str key)
{
    for (size_t i = 0; i < table->count; i++)
        if (rg_str_is(key, table->fields[i].key))
            return &table->fields[i];
    return NULL;
}

static void say_unknown(const struct rg_node *key, const struct rg_table *table, struct rg_diags *diags)
{
    const char *keys[RG_ROWS_MAX];
    for (size_t i = 0; i < table->count; i++)
        keys[i] = table->fields[i].key;
    rg_unknown_key(diags, key, keys, table->count);
}

void rg_missing_key(struct rg_diags *diags, const struct rg_node *node, const struct rg_row *row)
{
    char label[160];
    rg_node_label(node, label, sizeof label);
    const struct rg_node *at = node->key != NULL ? node->key : node;
    rg_diags_error(diags, rg_node_place(at), "missing-key", "missing key \"%s\" %s %s", row->key, node->parent ? "in" : "at",
                   label);
    rg_diags_advise(diags, "%s", row->help);
}

static bool read_entry(const struct rg_entry *e, const struct rg_table *table, char *target, const struct rg_reader *reader)
{
    const struct rg_row *row = rg_table_row(table, e->key->text);
    if (row != NULL)
        return rg_row_read(e->value, row, target + row->offset, reader);
    if (table->extra != NULL && !e->key->bad && table->extra(e->key, e->value, target, reader))
        return !e->value->bad;
    say_unknown(e->key, table, reader->diags);
    return false;
}

bool rg_fields_read(const struct rg_node *node, const struct rg_table *table, void *target, const struct rg_reader *reader)
{
    rg_assert(table->count <= RG_ROWS_MAX);
    memset(target, 0, table->size);
    for (size_t i = 0; i < table->count; i++)
        apply_default(&table->fields[i], (char *)target + table->fields[i].offset, reader);
    if (node == NULL)
        return true;
    if (node->bad)
        return false;
    if (node->kind != RG_NODE_MAP) {
        rg_mistyped(reader->diags, node, "keys and values");
        return false;
    }
    ((struct rg_section *)target)->node = node;
    bool fine = true;
    for (size_t i = 0; i < node->count; i++)
        if (!read_entry(&node->entries[i], table, target, reader))
            fine = false;
    for (size_t i = 0; i < table->count; i++) {
        if ((table->fields[i].flags & RG_REQUIRED) == 0 || rg_node_get(node, table->fields[i].key) != NULL)
            continue;
        rg_missing_key(reader->diags, node, &table->fields[i]);
        fine = false;
    }
    return fine;
}

bool rg_section_has(const struct rg_section *section, const char *key)
{
    return section->node != NULL && rg_node_get(section->node, key) != NULL;
}

static bool words_fit(const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL)
        n++;
    return n > 0 && n <= FLAGS_WORDS_MAX;
}

void rg_table_check(const struct rg_table *table)
{
    rg_assert(table->count <= RG_ROWS_MAX && table->size >= sizeof(struct rg_section));
    for (size_t i = 0; i < table->count; i++) {
        const struct rg_row *f = &table->fields[i];
        bool section = f->type == RG_ROW_SECTION || f->type == RG_ROW_SECTIONS || f->type == RG_ROW_LIST;
        bool words = f->type == RG_ROW_ENUM || f->type == RG_ROW_FLAGS;
        rg_assert(f->key != NULL && f->help != NULL && f->type <= RG_ROW_CUSTOM);
        rg_assert(f->offset >= sizeof(struct rg_section) && f->offset + f->size <= table->size);
        rg_assert(member_size(f) == 0 || member_size(f) == f->size);
        rg_assert((f->table != NULL) == section && (f->words != NULL) == words);
        rg_assert((f->custom != NULL) == (f->type == RG_ROW_CUSTOM));
        rg_assert(!words || words_fit(f->words));
        rg_assert(f->type != RG_ROW_SECTION || f->size == f->table->size);
        rg_assert((f->flags & RG_REQUIRED) == 0 || f->fallback == NULL);
        rg_assert(rg_table_row(table, rg_str(f->key)) == f);
        if (section)
            rg_table_check(f->table);
    }
}
