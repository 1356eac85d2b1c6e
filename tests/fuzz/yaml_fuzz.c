/* Whatever the bytes: the reader ends, keeps its limits, speaks our language and no parser's, and a table that holds every type of
 * value reads what came out without harm. */
#include "config/yaml/fields.h"

#include <string.h>

#define PRINTED_MAX ((size_t)2 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"a", "b", "email", NULL};

struct item {
    struct rg_section section;
    struct rg_day_offset day;
    struct rg_by_state term;
    int word;
};
static const struct rg_row item_rows[] = {
    {.key = "day", RG_AT(struct item, day), .type = RG_ROW_DAY, .flags = RG_REQUIRED, .help = "Day."},
    {.key = "term", RG_AT(struct item, term), .type = RG_ROW_BY_STATE, .help = "Term."},
    {.key = "word", RG_AT(struct item, word), .type = RG_ROW_ENUM, .words = words, .fallback = "a", .help = "Word."},
};
static const struct rg_table item_table = RG_TABLE("item", struct item, item_rows);

struct all {
    struct rg_section section;
    struct rg_str title, text, name;
    bool flag;
    int64_t number, cents;
    struct rg_decimal percent;
    struct rg_duration wait;
    struct rg_rate_limit rate;
    rg_day date;
    struct rg_hours open;
    struct rg_weekly hours;
    uint64_t never;
    struct rg_texts texts;
    struct rg_pairs headers;
    struct rg_secret token;
    struct item item;
    struct rg_sections steps, tests;
};
static const struct rg_row all_rows[] = {
    {.key = "title", RG_AT(struct all, title), .type = RG_ROW_TEXT, .help = "Title."},
    {.key = "text", RG_AT(struct all, text), .type = RG_ROW_TEXT, .flags = RG_MULTILINE, .help = "Text."},
    {.key = "name", RG_AT(struct all, name), .type = RG_ROW_NAME, .flags = RG_HYPHEN, .help = "Name."},
    {.key = "flag", RG_AT(struct all, flag), .type = RG_ROW_BOOL, .help = "Flag."},
    {.key = "number", RG_AT(struct all, number), .type = RG_ROW_INT, .min = -5, .max = 512, .help = "Number."},
    {.key = "cents", RG_AT(struct all, cents), .type = RG_ROW_CENTS, .help = "Cents."},
    {.key = "percent", RG_AT(struct all, percent), .type = RG_ROW_DECIMAL, .max = 100, .help = "Percent."},
    {.key = "wait", RG_AT(struct all, wait), .type = RG_ROW_DURATION, .help = "Wait."},
    {.key = "rate", RG_AT(struct all, rate), .type = RG_ROW_RATE, .help = "Rate."},
    {.key = "date", RG_AT(struct all, date), .type = RG_ROW_DATE, .help = "Date."},
    {.key = "open", RG_AT(struct all, open), .type = RG_ROW_OPENING, .help = "Open."},
    {.key = "hours", RG_AT(struct all, hours), .type = RG_ROW_HOURS, .help = "Hours."},
    {.key = "never", RG_AT(struct all, never), .type = RG_ROW_FLAGS, .words = words, .help = "Never."},
    {.key = "texts", RG_AT(struct all, texts), .type = RG_ROW_TEXTS, .help = "Texts."},
    {.key = "headers", RG_AT(struct all, headers), .type = RG_ROW_PAIRS, .help = "Headers."},
    {.key = "token", RG_AT(struct all, token), .type = RG_ROW_SECRET, .help = "Token."},
    {.key = "item", RG_AT(struct all, item), .type = RG_ROW_SECTION, .table = &item_table, .help = "Item."},
    {.key = "steps", RG_AT(struct all, steps), .type = RG_ROW_SECTIONS, .table = &item_table, .help = "Steps."},
    {.key = "tests", RG_AT(struct all, tests), .type = RG_ROW_LIST, .table = &item_table, .help = "Tests."},
};
static const struct rg_table all_table = RG_TABLE("all", struct all, all_rows);

/* Depth is limited by the reader, so this may recurse. */
static size_t walk(const struct rg_node *node, unsigned depth)
{
    char text[128];
    size_t nodes = 1;
    rg_assert(depth < RG_YAML_DEPTH_MAX + 1);
    rg_assert(node->line >= 1 && node->column >= 1 && (size_t)node->line <= node->doc->line_count);
    rg_assert(rg_utf8_valid(node->text));
    for (size_t i = 0; i < node->count && i < 100; i++) {
        const struct rg_entry *e = &node->entries[i];
        rg_assert((e->key != NULL) == (node->kind == RG_NODE_MAP));
        rg_assert(e->value->parent == node && e->value->key == e->key);
        rg_assert(e->key == NULL || (e->key->kind == RG_NODE_SCALAR && e->key->text.p != NULL));
        nodes += walk(e->value, depth + 1);
    }
    rg_node_label(node, text, sizeof text);
    struct rg_place place = rg_node_place_at(node, node->text.n / 2, node->text.n - node->text.n / 2);
    rg_assert(place.line >= node->line && place.column >= 1);
    return nodes;
}

static void check_finding(const struct rg_finding *f)
{
    /* words that only the parser below uses */
    static const char *const foreign[] = {"did not find", "while parsing", "while scanning", "token", "context", "found "};
    rg_assert(rg_utf8_valid(rg_str(f->text)));
    for (const char *p = f->text; *p != '\0'; p++)
        rg_assert((unsigned char)*p >= 0x20 && *p != 0x7f);
    bool quotes_input = strchr(f->text, '"') != NULL;
    for (size_t i = 0; i < RG_COUNT(foreign) && !quotes_input; i++)
        rg_assert(strstr(f->text, foreign[i]) == NULL);
}

static void check_findings(struct rg_diags *diags)
{
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, PRINTED_MAX);
    for (size_t i = 0; i < rg_diags_count(diags); i++)
        check_finding(rg_diags_at(diags, i));
    rg_diags_print(diags, RG_DIAGS_COLOUR, &out);
    rg_diags_json(diags, &out);
    rg_diags_first(diags, &out);
    rg_assert(rg_utf8_valid(rg_buf_str(&out)));
}

static void check_effective(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    (void)ctx, (void)row;
    rg_assert(path[0] != '\0' || node != NULL);
    rg_assert(rg_utf8_valid(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_arena *arena = rg_arena_new(2 * RG_YAML_ARENA_BYTES);
    struct rg_diags *diags = rg_diags_new();
    const struct rg_doc *doc = NULL;
    int rc = rg_yaml_parse("fuzz.yaml", (struct rg_str){(const char *)data, size}, arena, diags, &doc);
    rg_assert((rc == 0) == (doc != NULL));
    rg_assert(rc == 0 || rg_diags_errors(diags) > 0);
    rg_assert(rg_arena_used_bytes(arena) <= RG_YAML_ARENA_BYTES);
    if (rc == 0) {
        (void)walk(doc->root, 0);
        struct all all;
        struct rg_reader reader = {diags, arena, NULL};
        bool fine = rg_fields_read(doc->root, &all_table, &all, &reader);
        rg_assert(fine || rg_diags_errors(diags) > 0);
        rg_table_effective(&all_table, doc->root, check_effective, NULL);
    }
    check_findings(diags);
    rg_diags_free(&diags);
    rg_arena_free(&arena);
    return 0;
}
