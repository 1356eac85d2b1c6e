/* Walks an event's data with the path of the field it is at. Members of list items have no rows of their own in the contract; the
 * few that are no text are named here. */
#include "daemon/desk/yaml_json.h"

#include "config/yaml/fields.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 128
#define KEYS_MAX 64
#define DETAILS "debtor_details"
#define TYPE_PREFIX "regua."

enum form { FORM_TEXT, FORM_NUMBER, FORM_FLAG };

struct walk {
    enum rg_event_type type;
    struct rg_diags *diags;
    struct rg_jw *jw;
    char path[PATH_MAX_BYTES];       /* below `data`, without the indices of lists */
    const struct rg_field_row *list; /* inside the items of this field */
};

/* ---- scalars ---- */

/* A number as JSON writes whole ones: no plus, no leading zero. */
static bool is_whole(struct rg_str text)
{
    int64_t number;
    char printed[24];
    return rg_str_to_i64(text, &number) && snprintf(printed, sizeof printed, "%lld", (long long)number) == (int)text.n &&
           rg_str_is(text, printed);
}

static bool is_flag(struct rg_str text)
{
    return rg_str_is(text, "true") || rg_str_is(text, "false");
}

static void write_scalar(const struct rg_node *node, enum form form, struct rg_jw *jw)
{
    bool plain = node->style == RG_STYLE_PLAIN;
    if (rg_node_empty(node) || (plain && rg_str_is(node->text, "null")))
        rg_jw_null(jw);
    else if ((form == FORM_NUMBER && is_whole(node->text)) || (form == FORM_FLAG && is_flag(node->text)))
        rg_jw_raw(jw, node->text);
    else
        rg_jw_str(jw, node->text); /* whoever reads it says what was expected */
}

static void open_level(struct rg_jw *jw, const struct rg_node *node)
{
    if (node->kind == RG_NODE_MAP)
        rg_jw_object(jw);
    else
        rg_jw_array(jw);
}

static void close_level(struct rg_jw *jw, const struct rg_node *node)
{
    if (node->kind == RG_NODE_MAP)
        rg_jw_object_end(jw);
    else
        rg_jw_array_end(jw);
}

void rg_yaml_plain(const struct rg_node *node, struct rg_jw *jw)
{
    if (node->kind == RG_NODE_SCALAR) {
        write_scalar(node, node->style == RG_STYLE_PLAIN ? FORM_FLAG : FORM_TEXT, jw);
        return;
    }
    open_level(jw, node);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == RG_NODE_MAP)
            rg_jw_key_str(jw, node->entries[i].key->text);
        rg_yaml_plain(node->entries[i].value, jw);
    }
    close_level(jw, node);
}

/* ---- fields ---- */

static uint64_t fields_of(enum rg_event_type type)
{
    const struct rg_type_row *row = rg_event_type_row(type);
    return row->required | row->optional;
}

/* The row whose place is exactly that; NULL, and *ret_above when places lie below it. */
static const struct rg_field_row *find_row(enum rg_event_type type, const char *path, bool *ret_above)
{
    size_t n = strlen(path);
    *ret_above = false;
    for (uint64_t fields = fields_of(type); fields != 0; fields &= fields - 1) {
        const struct rg_field_row *row = &rg_field_rows[__builtin_ctzll(fields)];
        if (strcmp(row->path, path) == 0)
            return row;
        *ret_above = *ret_above || (strncmp(row->path, path, n) == 0 && row->path[n] == '/');
    }
    return NULL;
}

static enum form form_of(const struct rg_field_row *row)
{
    switch (row->kind) {
    case RG_FK_CENTS:
    case RG_FK_INT: return FORM_NUMBER;
    case RG_FK_BOOL: return FORM_FLAG;
    default: return FORM_TEXT;
    }
}

static enum form form_of_item(struct rg_str key)
{
    static const char *const flags[] = {"verified", "in_contract", "preferred"};
    for (size_t i = 0; i < RG_COUNT(flags); i++)
        if (rg_str_is(key, flags[i]))
            return FORM_FLAG;
    return rg_str_is(key, "amount_cents") ? FORM_NUMBER : FORM_TEXT;
}

static bool add_name(const char **names, char (*texts)[PATH_MAX_BYTES], size_t *count, const char *name, size_t n)
{
    for (size_t i = 0; i < *count; i++)
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
            return true;
    if (*count == KEYS_MAX)
        return false;
    (void)snprintf(texts[*count], PATH_MAX_BYTES, "%.*s", (int)n, name);
    names[*count] = texts[*count];
    (*count)++;
    return true;
}

/* Says that the event has no such key where it stands, and which it has. */
static void say_unknown(const struct walk *w, const struct rg_node *key)
{
    char texts[KEYS_MAX][PATH_MAX_BYTES];
    const char *names[KEYS_MAX];
    size_t count = 0, n = strlen(w->path);
    for (uint64_t fields = fields_of(w->type); fields != 0; fields &= fields - 1) {
        const char *path = rg_field_rows[__builtin_ctzll(fields)].path;
        if (n > 0 && (strncmp(path, w->path, n) != 0 || path[n] != '/'))
            continue;
        path += n > 0 ? n + 1 : 0;
        (void)add_name(names, texts, &count, path, strcspn(path, "/"));
    }
    if (n == 0 && rg_event_type_row(w->type)->details)
        (void)add_name(names, texts, &count, DETAILS, sizeof DETAILS - 1);
    rg_unknown_key(w->diags, key, names, count);
}

static void write_node(struct walk *w, const struct rg_node *node, enum form form);

static void write_member(struct walk *w, const struct rg_entry *entry)
{
    size_t used = strlen(w->path);
    bool above = false;
    struct rg_str key = entry->key->text;
    const struct rg_field_row *row = NULL;
    if (w->list != NULL) {
        write_node(w, entry->value, form_of_item(key));
        return;
    }
    if (used == 0 && rg_str_is(key, DETAILS) && rg_event_type_row(w->type)->details) {
        rg_yaml_event_data(entry->value, RG_EV_DEBTOR_UPDATED, w->diags, w->jw);
        return;
    }
    int n = snprintf(w->path + used, sizeof w->path - used, "%s" RG_STR_FMT, used > 0 ? "/" : "", RG_STR_ARG(key));
    if (n > 0 && (size_t)n < sizeof w->path - used)
        row = find_row(w->type, w->path, &above);
    bool known = row != NULL || above || (used == 0 && rg_str_is(key, "currency"));
    if (!known) {
        w->path[used] = '\0';
        say_unknown(w, entry->key);
    }
    w->list = row != NULL && entry->value->kind == RG_NODE_LIST ? row : NULL;
    write_node(w, entry->value, row != NULL ? form_of(row) : FORM_TEXT);
    w->list = NULL;
    w->path[used] = '\0';
}

static void write_node(struct walk *w, const struct rg_node *node, enum form form)
{
    if (node->kind == RG_NODE_SCALAR) {
        write_scalar(node, form, w->jw);
        return;
    }
    open_level(w->jw, node);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == RG_NODE_MAP) {
            rg_jw_key_str(w->jw, node->entries[i].key->text);
            write_member(w, &node->entries[i]);
        } else {
            write_node(w, node->entries[i].value, form);
        }
    }
    close_level(w->jw, node);
}

void rg_yaml_event_data(const struct rg_node *node, enum rg_event_type type, struct rg_diags *diags, struct rg_jw *jw)
{
    struct walk walk = {.type = type, .diags = diags, .jw = jw};
    write_node(&walk, node, FORM_TEXT);
}

/* ---- one entry ---- */

/* The type that a key names; RG_EV_NONE: no event, or none that this version reads. */
static enum rg_event_type type_of(struct rg_str key)
{
    struct rg_reject reject;
    enum rg_event_type type = RG_EV_NONE;
    size_t n = sizeof TYPE_PREFIX - 1;
    if (key.n > n && memcmp(key.p, TYPE_PREFIX, n) == 0)
        key = (struct rg_str){key.p + n, key.n - n};
    return rg_event_type_parse(key, &reject, &type) == 0 ? type : RG_EV_NONE;
}

void rg_yaml_happening(const struct rg_node *node, struct rg_diags *diags, struct rg_jw *jw)
{
    if (node->kind != RG_NODE_MAP) {
        rg_yaml_plain(node, jw);
        return;
    }
    rg_jw_object(jw);
    for (size_t i = 0; i < node->count; i++) {
        struct rg_str key = node->entries[i].key->text;
        const struct rg_node *value = node->entries[i].value;
        enum rg_event_type type = type_of(key);
        rg_jw_key_str(jw, key);
        if (type != RG_EV_NONE)
            rg_yaml_event_data(value, type, diags, jw);
        else
            rg_yaml_plain(value, jw);
    }
    rg_jw_object_end(jw);
}
