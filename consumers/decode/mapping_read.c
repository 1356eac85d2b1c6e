/* From YAML to entries. The fields of `data` are the contract's own table, so a mapping can name exactly what an event can
 * hold; each type of the other system gets its own list of entries, resolved once, and what its event requires but nobody maps
 * is found here and not in the dead letters. */
#include "consumers/decode/mapping_parts.h"

#include <string.h>

#define FIELD_PATH_MAX 96

/* ---- pointers and zones ---- */

static bool read_pointer(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    struct rg_error why;
    if (node->kind != RG_NODE_SCALAR || node->text.n == 0 || node->text.p[0] != '/') {
        rg_diags_error(reader->diags, rg_node_place(node), "bad-pointer", "expected a JSON pointer such as /payment/id");
        return false;
    }
    if (rg_json_pointer_check(node->text, &why) < 0) {
        rg_diags_error(reader->diags, rg_node_place(node), "bad-pointer", "%s", why.text);
        return false;
    }
    *(struct rg_str *)member = node->text;
    return true;
}

/* One pointer, or a list of them. */
static bool read_pointers(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    bool list = node->kind == RG_NODE_LIST;
    if (list && (node->count == 0 || node->count > RG_MAPPING_POINTERS_MAX)) {
        rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "a list of %zu places; expected 1 to %d", node->count,
                       RG_MAPPING_POINTERS_MAX);
        return false;
    }
    struct rg_texts pointers = {.count = list ? node->count : 1};
    pointers.items = RG_NEW(reader->arena, struct rg_str, pointers.count);
    bool fine = true;
    for (size_t i = 0; i < pointers.count; i++) {
        const struct rg_node *item = list ? node->entries[i].value : node;
        fine = !item->bad && read_pointer(item, field, &pointers.items[i], reader) && fine;
    }
    if (fine)
        *(struct rg_texts *)member = pointers;
    return fine;
}

static bool read_zone(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    const struct rg_zone *zone = node->kind == RG_NODE_SCALAR ? rg_zone_find(node->text) : NULL;
    if (zone == NULL) {
        rg_mistyped(reader->diags, node, "a time zone in Brazil, such as America/Sao_Paulo");
        return false;
    }
    *(const struct rg_zone **)member = zone;
    return true;
}

static const char *const units[] = {[RG_MAPPING_CENTAVOS] = "centavos", [RG_MAPPING_REAIS] = "reais", NULL};
static const char *const formats[] = {
    [RG_MAPPING_ISO] = "iso", [RG_MAPPING_DMY] = "dmy", [RG_MAPPING_UNIX] = "unix", [RG_MAPPING_UNIX_MS] = "unix_ms", NULL,
};

#define ROW(name, member_, type_) .key = name, RG_AT(struct rg_mapping_value, member_), .type = type_
static const struct rg_row value_rows[] = {
    {ROW("pointer", pointer, RG_ROW_CUSTOM), .custom = read_pointer, .help = "Where the value stands (RFC 6901).",
     .example = "/payment/id"},
    {ROW("table", table, RG_ROW_PAIRS), .help = "Words of the other system and what they mean here; others are left out."},
    {ROW("unit", unit, RG_ROW_ENUM), .words = units, .fallback = "centavos",
     .help = "Of an amount: `centavos`, or `reais` with at most two decimals."},
    {ROW("format", format, RG_ROW_ENUM), .words = formats, .fallback = "iso",
     .help = "Of a date or time: `iso` (2026-11-23, with or without time), `dmy` (23/11/2026), seconds (`unix`) or milliseconds "
             "(`unix_ms`) since 1970."},
    {ROW("zone", zone, RG_ROW_CUSTOM), .custom = read_zone, .help = "Zone of times without an offset.",
     .example = "America/Sao_Paulo"},
    {ROW("constant", constant, RG_ROW_TEXT), .help = "A value that is always the same, instead of a pointer."},
    {ROW("sum", sum, RG_ROW_CUSTOM), .custom = read_pointer, .example = "/value",
     .help = "The pointer names a list: the sum of the amounts at this place in its entries."},
    {ROW("where", where, RG_ROW_CUSTOM), .custom = read_pointer, .example = "/status",
     .help = "With `sum`: only of entries that hold one of `is` at this place."},
    {ROW("is", is, RG_ROW_TEXTS), .help = "The words for `where`."},
};
#undef ROW
const struct rg_table rg_mapping_value_table = RG_TABLE("value", struct rg_mapping_value, value_rows);

static bool read_value(const struct rg_node *node, const struct rg_reader *reader, const struct rg_mapping_value **ret_value)
{
    struct rg_mapping_value *value = RG_NEW(reader->arena, struct rg_mapping_value, 1);
    *ret_value = value;
    if (node->kind == RG_NODE_SCALAR) {
        (void)rg_fields_read(NULL, &rg_mapping_value_table, value, reader); /* the defaults */
        return read_pointer(node, NULL, &value->pointer, reader);
    }
    if (!rg_fields_read(node, &rg_mapping_value_table, value, reader))
        return false;
    size_t before = rg_diags_errors(reader->diags);
    if ((value->pointer.p == NULL) == (value->constant.p == NULL))
        rg_diags_error(reader->diags, rg_node_place(node), "missing-key", "expected either pointer or constant");
    if (value->where.p != NULL && (value->sum.p == NULL || value->is.count == 0))
        rg_diags_error(reader->diags, rg_node_place(node), "missing-key", "where needs sum and is");
    return rg_diags_errors(reader->diags) == before;
}

/* ---- fields of data ---- */

/* Which fields may be meant by a path: the protection's kind shares its path with the debtor's, and both may be mapped. */
static const struct rg_field_row *find_row(const char *path, enum rg_field after)
{
    for (int field = (int)after + 1; field < RG_F_COUNT; field++)
        if (strcmp(rg_field_rows[field].path, path) == 0)
            return &rg_field_rows[field];
    return NULL;
}

static bool is_alone(const struct rg_field_row *row)
{
    return find_row(row->path, (enum rg_field)-1) == row && find_row(row->path, row->field) == NULL;
}

static bool is_object_path(const char *path)
{
    size_t n = strlen(path);
    for (int field = 0; field < RG_F_COUNT; field++)
        if (strncmp(rg_field_rows[field].path, path, n) == 0 && rg_field_rows[field].path[n] == '/')
            return true;
    return false;
}

/* Names that may stand below `prefix`, for "did you mean". */
static void say_unknown(const struct rg_node *key, const char *prefix, const struct rg_reader *reader)
{
    const char *names[RG_F_COUNT + 1];
    size_t count = 0, n = strlen(prefix);
    for (int field = 0; field < RG_F_COUNT; field++) {
        const char *path = rg_field_rows[field].path;
        if (strncmp(path, prefix, n) != 0)
            continue;
        struct rg_str name = {path + n, strcspn(path + n, "/")};
        names[count++] = rg_arena_str(reader->arena, name).p;
    }
    if (n == 0)
        names[count++] = "debtor_details";
    rg_unknown_key(reader->diags, key, names, count);
}

/* One collection of entries being read: `data`, or what an override says of one type. */
struct collecting {
    const struct rg_reader *reader;
    struct rg_mapping_entries *entries;
    bool details;
    bool none_allowed;
};

static void add_entry(const struct collecting *c, const struct rg_field_row *row, struct rg_str channel,
                      const struct rg_node *node)
{
    const struct rg_mapping_value *value = NULL;
    bool none = c->none_allowed && node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "none");
    if (!none && !read_value(node, c->reader, &value))
        return;
    if (c->entries->count == RG_MAPPING_ENTRIES_MAX) {
        rg_diags_error(c->reader->diags, rg_node_place(node), "too-many", "at most %d fields", RG_MAPPING_ENTRIES_MAX);
        return;
    }
    if (value != NULL && value->unit == RG_MAPPING_REAIS && row->kind != RG_FK_CENTS)
        rg_diags_error(c->reader->diags, rg_node_place(node), "mistyped", "only amounts have a unit; %s is none", row->path);
    if (value != NULL && value->sum.p != NULL && row->kind != RG_FK_CENTS)
        rg_diags_error(c->reader->diags, rg_node_place(node), "mistyped", "only amounts can be summed; %s is none", row->path);
    *RG_PUSH(c->reader->arena, c->entries->items, c->entries->count, c->entries->capacity) =
        (struct rg_mapping_entry){.row = row, .details = c->details, .channel = channel, .node = node, .value = value};
}

static void collect(const struct collecting *c, const struct rg_node *map, const char *prefix);

/* contacts: a pointer to a list in our own shape, or one pointer per channel. */
static void collect_contacts(const struct collecting *c, const struct rg_field_row *row, const struct rg_node *node)
{
    struct rg_str whole = {NULL, 0};
    if (node->kind != RG_NODE_MAP || rg_node_get(node, "pointer") != NULL) {
        add_entry(c, row, whole, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        if (!node->entries[i].value->bad)
            add_entry(c, row, node->entries[i].key->text, node->entries[i].value);
}

static void collect_one(const struct collecting *c, const struct rg_entry *e, const char *prefix)
{
    struct rg_str path = rg_arena_printf(c->reader->arena, "%s" RG_STR_FMT, prefix, RG_STR_ARG(e->key->text));
    const struct rg_field_row *row = path.n < FIELD_PATH_MAX ? find_row(path.p, (enum rg_field)-1) : NULL;
    if (e->key->bad || e->value->bad)
        return;
    if (row != NULL && row->field == RG_F_CONTACTS)
        collect_contacts(c, row, e->value);
    else if (row != NULL)
        for (; row != NULL; row = find_row(path.p, row->field))
            add_entry(c, row, (struct rg_str){NULL, 0}, e->value);
    else if (is_object_path(path.p) && e->value->kind == RG_NODE_MAP)
        collect(c, e->value, rg_arena_printf(c->reader->arena, "%s/", path.p).p);
    else if (is_object_path(path.p))
        rg_mistyped(c->reader->diags, e->value, "the fields below it");
    else
        say_unknown(e->key, prefix, c->reader);
}

static void collect(const struct collecting *c, const struct rg_node *map, const char *prefix)
{
    if (map->kind != RG_NODE_MAP) {
        rg_mistyped(c->reader->diags, map, "fields and where they stand");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct rg_entry *e = &map->entries[i];
        if (prefix[0] == '\0' && !c->details && rg_str_is(e->key->text, "debtor_details")) {
            struct collecting inner = *c;
            inner.details = true;
            if (!e->value->bad)
                collect(&inner, e->value, "");
            continue;
        }
        collect_one(c, e, prefix);
    }
}

/* ---- the file ---- */

struct type_section {
    struct rg_section section;
    struct rg_texts pointers;
    struct rg_pairs table;
};

struct override {
    struct rg_str word;
    const struct rg_node *key;
    struct rg_mapping_entries entries;
    bool used;
};

struct overrides {
    struct override *items;
    size_t count;
};

struct file {
    struct rg_section section;
    int64_t language;
    struct rg_str mapping, source;
    struct rg_texts id;
    struct type_section type;
    int fallback; /* others[] */
    struct rg_mapping_value *time;
    struct rg_mapping_entries data;
    struct overrides override;
};

static bool read_data(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    size_t before = rg_diags_errors(reader->diags);
    collect(&(struct collecting){.reader = reader, .entries = member}, node, "");
    return rg_diags_errors(reader->diags) == before;
}

static bool read_override(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    struct overrides *all = member;
    size_t before = rg_diags_errors(reader->diags);
    if (node->kind != RG_NODE_MAP) {
        rg_mistyped(reader->diags, node, "types of the other system and their fields");
        return false;
    }
    all->items = RG_NEW(reader->arena, struct override, node->count + 1);
    for (size_t i = 0; i < node->count; i++) {
        struct override *one = &all->items[all->count++];
        one->word = node->entries[i].key->text;
        one->key = node->entries[i].key;
        if (!node->entries[i].value->bad)
            collect(&(struct collecting){.reader = reader, .entries = &one->entries, .none_allowed = true},
                    node->entries[i].value, "");
    }
    return rg_diags_errors(reader->diags) == before;
}

static bool read_time(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader)
{
    (void)field;
    return read_value(node, reader, member);
}

static const char *const others[] = {"dead_letter", "ignore", NULL};

#define TYPE_ROW(name, member_, type_) .key = name, RG_AT(struct type_section, member_), .type = type_
static const struct rg_row type_rows[] = {
    {TYPE_ROW("pointer", pointers, RG_ROW_CUSTOM), .flags = RG_REQUIRED, .custom = read_pointers,
     .help = "Where the type stands. Of a list of places the words are joined by slashes, without those that are missing; a type "
             "that has no row is looked up again without its last word.",
     .example = "/event"},
    {TYPE_ROW("table", table, RG_ROW_PAIRS), .flags = RG_REQUIRED, .max = RG_MAPPING_TYPES_MAX,
     .help = "Types of the other system and ours, without `regua.`; or `ignore`."},
};
static const struct rg_table type_table = RG_TABLE("type", struct type_section, type_rows);

#define FILE_ROW(name, member_, type_) .key = name, RG_AT(struct file, member_), .type = type_
static const struct rg_row file_rows[] = {
    {FILE_ROW("language", language, RG_ROW_INT), .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of this language: 1."},
    {FILE_ROW("mapping", mapping, RG_ROW_NAME), .flags = RG_REQUIRED | RG_HYPHEN,
     .help = "Name of the mapping, that of its file."},
    {FILE_ROW("source", source, RG_ROW_TEXT), .max = RG_ID_BYTES_MAX,
     .help = "Source of the events, part of their identity; absent: the mapping's name."},
    {FILE_ROW("id", id, RG_ROW_CUSTOM), .flags = RG_REQUIRED, .custom = read_pointers,
     .help = "Where the id of the event stands. What stands at a list of places is joined by slashes, and has to be there.",
     .example = "/id"},
    {FILE_ROW("type", type, RG_ROW_SECTION), .flags = RG_REQUIRED, .table = &type_table, .help = "What kind of event it is."},
    {FILE_ROW("default", fallback, RG_ROW_ENUM), .words = others, .fallback = "dead_letter",
     .help = "What happens to types outside of the table: `dead_letter` or `ignore`."},
    {FILE_ROW("time", time, RG_ROW_CUSTOM), .custom = read_time, .help = "When it happened; absent: the record's timestamp.",
     .example = "{ pointer: /dateCreated, zone: America/Sao_Paulo }"},
    {FILE_ROW("data", data, RG_ROW_CUSTOM), .flags = RG_REQUIRED, .custom = read_data,
     .help = "Fields of the event and where they stand."},
    {FILE_ROW("override", override, RG_ROW_CUSTOM), .custom = read_override,
     .help = "Other places for single types of the other system; `none` leaves a field out."},
};
const struct rg_table rg_mapping_table = RG_TABLE("mapping", struct file, file_rows);

/* ---- types ---- */

static bool same_place(const struct rg_mapping_entry *a, const struct rg_mapping_entry *b)
{
    return a->row == b->row && a->details == b->details && rg_str_eq(a->channel, b->channel);
}

static bool takes(const struct rg_mapping_entry *entry, enum rg_event_type type)
{
    const struct rg_type_row *row = rg_event_type_row(type);
    if (entry->details && !row->details)
        return false;
    const struct rg_type_row *own = entry->details ? rg_event_type_row(RG_EV_DEBTOR_UPDATED) : row;
    return ((own->required | own->optional) & RG_BIT(entry->row->field)) != 0;
}

/* Details behind everything else, otherwise the contract's order: what lies in one object comes together. */
static int place_cmp(const struct rg_mapping_entry *a, const struct rg_mapping_entry *b)
{
    if (a->details != b->details)
        return a->details ? 1 : -1;
    return (a->row->field > b->row->field) - (a->row->field < b->row->field);
}

/* Puts one entry where it belongs; one for the same place replaces it. */
static void place_entry(struct rg_mapping_entries *entries, const struct rg_mapping_entry *entry, struct rg_arena *arena)
{
    for (size_t i = 0; i < entries->count; i++)
        if (same_place(&entries->items[i], entry)) {
            entries->items[i] = *entry;
            return;
        }
    *RG_PUSH(arena, entries->items, entries->count, entries->capacity) = *entry;
    for (size_t i = entries->count - 1; i > 0 && place_cmp(&entries->items[i - 1], &entries->items[i]) > 0; i--) {
        struct rg_mapping_entry kept = entries->items[i];
        entries->items[i] = entries->items[i - 1];
        entries->items[i - 1] = kept;
    }
}

static void say_not_mapped(const struct rg_mapping_type *type, const struct rg_node *node, const struct rg_reader *reader)
{
    uint64_t missing = rg_event_type_row(type->type)->required;
    for (size_t i = 0; i < type->entries.count; i++)
        if (!type->entries.items[i].details && type->entries.items[i].value != NULL)
            missing &= ~RG_BIT(type->entries.items[i].row->field);
    for (; missing != 0; missing &= missing - 1)
        rg_diags_error(reader->diags, rg_node_place(node), "missing-key", "%s needs %s, and nothing maps it",
                       rg_event_type_name(type->type), rg_field_rows[__builtin_ctzll(missing)].path);
}

static struct override *find_override(struct file *file, struct rg_str word)
{
    for (size_t i = 0; i < file->override.count; i++)
        if (rg_str_eq(file->override.items[i].word, word))
            return &file->override.items[i];
    return NULL;
}

static void resolve_type(struct file *file, const struct rg_pair *pair, struct rg_mapping_type *type,
                         const struct rg_reader *reader)
{
    struct override *override = find_override(file, pair->key);
    type->word = pair->key;
    type->type = RG_EV_NONE;
    if (override != NULL)
        override->used = true;
    if (rg_str_is(pair->value, "ignore"))
        return;
    int found = rg_word(&rg_words_event_type, pair->value);
    if (found < 0) {
        const char *names[RG_EV_COUNT];
        size_t count = 0;
        for (int i = rg_words_event_type.first; i < rg_words_event_type.count; i++)
            names[count++] = rg_words_event_type.names[i];
        names[count++] = "ignore";
        rg_unknown_value(reader->diags, pair->node, "event type", names, count);
        return;
    }
    type->type = (enum rg_event_type)found;
    for (size_t i = 0; i < file->data.count; i++)
        if (takes(&file->data.items[i], type->type))
            place_entry(&type->entries, &file->data.items[i], reader->arena);
    for (size_t i = 0; override != NULL && i < override->entries.count; i++)
        if (takes(&override->entries.items[i], type->type))
            place_entry(&type->entries, &override->entries.items[i], reader->arena);
        else if (is_alone(override->entries.items[i].row))
            rg_diags_error(reader->diags, rg_node_place(override->entries.items[i].node), "unknown-key", "%s has no field %s",
                           rg_event_type_name(type->type), override->entries.items[i].row->path);
    say_not_mapped(type, pair->node, reader);
}

static void check_time(const struct file *file, const struct rg_reader *reader)
{
    if (file->time != NULL && (file->time->pointer.p == NULL || file->time->table.count > 0 || file->time->sum.p != NULL))
        rg_diags_error(reader->diags, rg_node_place(rg_node_get(file->section.node, "time")), "mistyped",
                       "time takes pointer, format and zone");
}

const struct rg_mapping *rg_mapping_read(const struct rg_doc *doc, const struct rg_reader *reader)
{
    struct file file;
    size_t before = rg_diags_errors(reader->diags);
    if (doc->root == NULL || !rg_fields_read(doc->root, &rg_mapping_table, &file, reader))
        return NULL;
    check_time(&file, reader);
    struct rg_mapping *mapping = RG_NEW(reader->arena, struct rg_mapping, 1);
    *mapping = (struct rg_mapping){
        .name = file.mapping, .source = file.source.p != NULL ? file.source : file.mapping, .id = file.id,
        .type_pointers = file.type.pointers, .ignore_others = file.fallback != 0, .time = file.time,
        .types = RG_NEW(reader->arena, struct rg_mapping_type, file.type.table.count + 1),
    };
    for (size_t i = 0; i < file.type.table.count; i++)
        resolve_type(&file, &file.type.table.items[i], &mapping->types[mapping->type_count++], reader);
    for (size_t i = 0; i < file.override.count; i++)
        if (!file.override.items[i].used)
            rg_diags_error(reader->diags, rg_node_place(file.override.items[i].key), "unknown-key",
                           "override of a type that is not in the table");
    return rg_diags_errors(reader->diags) == before ? mapping : NULL;
}

struct rg_str rg_mapping_name(const struct rg_mapping *mapping)
{
    return mapping->name;
}

bool rg_mapping_type_at(const struct rg_mapping *mapping, size_t index, struct rg_str *ret_word, enum rg_event_type *ret_type)
{
    if (index >= mapping->type_count)
        return false;
    *ret_word = mapping->types[index].word;
    *ret_type = mapping->types[index].type;
    return true;
}
