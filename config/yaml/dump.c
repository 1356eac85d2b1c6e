/* The tables as documentation: a walk with paths, a Markdown table and a JSON Schema. The schema is flat on purpose (no oneOf, no
 * anyOf): editors report every branch that does not fit, so that one slip reads like three. Where a key takes a scalar or a map
 * the two types stand side by side and the keywords of each apply to it alone. */
#include "config/yaml/fields.h"

#include "base/json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 256

static void walk(const struct rg_table *table, const char *prefix, rg_row_doc_fn *fn, void *ctx)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct rg_row *f = &table->fields[i];
        char path[PATH_MAX_BYTES];
        const char *below = f->type == RG_ROW_SECTIONS ? ".NAME" : f->type == RG_ROW_LIST ? "[]" : "";
        int n = snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", f->key);
        rg_assert(n > 0 && (size_t)n < sizeof path - 8);
        fn(path, f, ctx);
        if (f->table == NULL)
            continue;
        memcpy(path + n, below, strlen(below) + 1);
        walk(f->table, path, fn, ctx);
    }
}

void rg_table_each(const struct rg_table *table, rg_row_doc_fn *fn, void *ctx)
{
    walk(table, "", fn, ctx);
}

static void add_words(const struct rg_row *row, struct rg_buf *into)
{
    for (size_t i = 0; row->words[i] != NULL; i++)
        rg_buf_addf(into, "%s`%s`", i ? ", " : "", row->words[i]);
}

static const char *plain_words(enum rg_row_type type)
{
    switch (type) {
    case RG_ROW_TEXT: return "text";
    case RG_ROW_NAME: return "name";
    case RG_ROW_BOOL: return "`true` or `false`";
    case RG_ROW_INT: return "whole number";
    case RG_ROW_CENTS: return "money: `brl(\"20.00\")`";
    case RG_ROW_DECIMAL: return "decimal number";
    case RG_ROW_DAY: return "day: `D-5` `D0` `D+5` `D+5bd`";
    case RG_ROW_DURATION: return "duration: `30m` `20h` `15d` `2bd`";
    case RG_ROW_RATE: return "rate: `50/s` `600/m`";
    case RG_ROW_DATE: return "date: `2026-11-30`";
    case RG_ROW_OPENING: return "hours: `08:00-20:00`";
    case RG_ROW_HOURS: return "hours by kind of day: `weekdays`, `saturday`, `sunday`";
    case RG_ROW_TEXTS: return "list of texts";
    case RG_ROW_PAIRS: return "keys and texts";
    case RG_ROW_SECRET: return "`{ credential: NAME }` or `{ file: PATH }`";
    case RG_ROW_SECTION: return "section";
    case RG_ROW_SECTIONS: return "sections by name";
    case RG_ROW_LIST: return "list of sections";
    default: return NULL;
    }
}

static void add_clock_units(const struct rg_row *row, struct rg_buf *into)
{
    static const char *const examples[] = {[RG_UNIT_SECOND] = "30s", [RG_UNIT_MINUTE] = "5m", [RG_UNIT_HOUR] = "2h",
                                           [RG_UNIT_DAY] = "15d", [RG_UNIT_BANK_DAY] = "2bd"};
    rg_buf_adds(into, "duration:");
    for (unsigned u = RG_UNIT_SECOND; u <= RG_UNIT_BANK_DAY; u++)
        if ((row->units & RG_UNITS(u)) != 0)
            rg_buf_addf(into, " `%s`", examples[u]);
}

void rg_row_type_words(const struct rg_row *row, struct rg_buf *into)
{
    if (row->type == RG_ROW_ENUM) {
        add_words(row, into);
    } else if (row->type == RG_ROW_FLAGS) {
        rg_buf_adds(into, "list of ");
        add_words(row, into);
    } else if (row->type == RG_ROW_BY_STATE) {
        rg_buf_addf(into, "%s, or by state: `{ default: …, SP: … }`", plain_words(RG_ROW_DURATION));
    } else if (row->type == RG_ROW_DURATION && row->units != 0) {
        add_clock_units(row, into);
    } else if (row->type == RG_ROW_CUSTOM) {
        rg_buf_adds(into, row->example ? row->example : "see below");
    } else {
        rg_buf_adds(into, plain_words(row->type));
    }
    bool ranged = row->type == RG_ROW_INT && !(row->min == 0 && row->max == 0);
    if (ranged)
        rg_buf_addf(into, ", %" PRId64 " to %" PRId64, row->min, row->max);
}

/* --- Markdown ----------------------------------------------------------------------------------------------------- */

static void add_markdown_row(const char *path, const struct rg_row *row, void *ctx)
{
    struct rg_buf *into = ctx;
    rg_buf_addf(into, "| `%s` | ", path);
    rg_row_type_words(row, into);
    if ((row->flags & RG_REQUIRED) != 0)
        rg_buf_adds(into, " | required | ");
    else
        rg_buf_addf(into, " | %s%s%s | ", row->fallback ? "`" : "", row->fallback ? row->fallback : "–", row->fallback ? "`"
                    : "");
    rg_buf_addf(into, "%s%s%s |\n", row->help, (row->flags & RG_RELOAD) != 0 ? " A reload takes it over." : "",
                (row->flags & RG_INTERNAL) != 0 ? " Internal: leave it alone." : "");
}

void rg_table_markdown(const struct rg_table *table, struct rg_buf *into)
{
    rg_buf_adds(into, "| key | value | default | meaning |\n|---|---|---|---|\n");
    rg_table_each(table, add_markdown_row, into);
}

/* --- JSON Schema -------------------------------------------------------------------------------------------------- */

static void add_pattern(const char *pattern, const char *says, struct rg_buf *into)
{
    rg_buf_adds(into, ",\"pattern\":");
    rg_json_quote(into, rg_str(pattern));
    rg_buf_adds(into, ",\"patternErrorMessage\":");
    rg_json_quote(into, rg_str(says));
}

static void add_enum(const struct rg_row *row, struct rg_buf *into)
{
    rg_buf_adds(into, "\"enum\":[");
    for (size_t i = 0; row->words[i] != NULL; i++) {
        rg_buf_adds(into, i ? "," : "");
        rg_json_quote(into, rg_str(row->words[i]));
    }
    rg_buf_addc(into, ']');
}

/* The keywords that hold for one text of this type; nothing for what is not written as a text. */
static void add_text_pattern(const struct rg_row *row, enum rg_row_type type, struct rg_buf *into)
{
    bool hyphen = (row->flags & RG_HYPHEN) != 0;
    switch (type) {
    case RG_ROW_NAME:
        add_pattern(hyphen ? "^[a-z][a-z0-9_-]*$" : "^[a-z][a-z0-9_]*$",
                    "a name starts with a lower-case letter and holds only lower-case letters, digits and _", into);
        break;
    case RG_ROW_CENTS: add_pattern("^brl\\(\"[0-9]+(\\.[0-9]{2})?\"\\)$", "money is written brl(\"20.00\")", into); break;
    case RG_ROW_DECIMAL: add_pattern("^[0-9]+(\\.[0-9]+)?$", "expected a decimal number such as \"2\" or \"0.033\"", into); break;
    case RG_ROW_DAY: add_pattern("^D(0|[+-][1-9][0-9]*(bd)?)$", "expected a day such as D-5, D0, D+5 or D+5bd", into); break;
    case RG_ROW_DURATION: add_pattern("^[0-9]+(s|m|h|d|bd)$", "expected a duration such as 30m, 20h, 15d or 2bd", into); break;
    case RG_ROW_RATE: add_pattern("^[1-9][0-9]*/[smhd]$", "expected a rate such as 50/s", into); break;
    case RG_ROW_DATE: add_pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "expected a date such as 2026-11-30", into); break;
    case RG_ROW_OPENING: add_pattern("^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$", "expected hours such as 08:00-20:00", into); break;
    default: break;
    }
}

static void add_schema(const struct rg_table *table, struct rg_buf *into);

static void add_range(const struct rg_row *row, struct rg_buf *into)
{
    if (!(row->min == 0 && row->max == 0))
        rg_buf_addf(into, ",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64, row->min, row->max);
}

/* Scalars that YAML itself may take for a number are allowed to be one: our reader only sees their text. */
static void add_scalar_schema(const struct rg_row *row, enum rg_row_type type, const char *also, struct rg_buf *into)
{
    bool number = type == RG_ROW_TEXT || type == RG_ROW_DECIMAL;
    if (type == RG_ROW_INT) {
        rg_buf_addf(into, "\"type\":[\"integer\"%s]", also);
        add_range(row, into);
        return;
    }
    rg_buf_addf(into, "\"type\":[\"string\"%s%s]", number ? ",\"number\"" : "", also);
    add_text_pattern(row, type, into);
}

static void add_by_state_schema(const struct rg_row *row, struct rg_buf *into)
{
    add_scalar_schema(row, RG_ROW_DURATION, ",\"object\"", into);
    rg_buf_adds(into, ",\"required\":[\"default\"],\"propertyNames\":{\"pattern\":\"^(default|[A-Z]{2})$\"}");
    rg_buf_adds(into, ",\"additionalProperties\":{");
    add_scalar_schema(row, RG_ROW_DURATION, "", into);
    rg_buf_addc(into, '}');
}

static void add_array_schema(const struct rg_row *row, struct rg_buf *into)
{
    rg_buf_adds(into, "\"type\":\"array\",\"uniqueItems\":true,\"items\":{");
    if (row->type == RG_ROW_FLAGS)
        add_enum(row, into);
    else
        add_scalar_schema(row, RG_ROW_TEXT, "", into);
    rg_buf_addc(into, '}');
}

static void add_hours_schema(struct rg_buf *into)
{
    static const char *const days[] = {"weekdays", "saturday", "sunday"};
    rg_buf_adds(into, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (size_t i = 0; i < RG_COUNT(days); i++) {
        static const struct rg_row opening = {.type = RG_ROW_OPENING};
        rg_buf_addf(into, "%s\"%s\":{", i ? "," : "", days[i]);
        add_scalar_schema(&opening, RG_ROW_OPENING, "", into);
        rg_buf_addc(into, '}');
    }
    rg_buf_addc(into, '}');
}

static void add_type_schema(const struct rg_row *row, struct rg_buf *into)
{
    switch (row->type) {
    case RG_ROW_BOOL: rg_buf_adds(into, "\"type\":\"boolean\""); break;
    case RG_ROW_ENUM: add_enum(row, into); break;
    case RG_ROW_FLAGS:
    case RG_ROW_TEXTS: add_array_schema(row, into); break;
    case RG_ROW_HOURS: add_hours_schema(into); break;
    case RG_ROW_PAIRS:
        rg_buf_adds(into, "\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}");
        break;
    case RG_ROW_BY_STATE: add_by_state_schema(row, into); break;
    case RG_ROW_SECRET:
        rg_buf_adds(into, "\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"maxProperties\":1,"
                          "\"properties\":{\"credential\":{\"type\":\"string\"},\"file\":{\"type\":\"string\"}}");
        break;
    case RG_ROW_SECTION: add_schema(row->table, into); break;
    case RG_ROW_SECTIONS:
        rg_buf_adds(into, "\"type\":\"object\",\"additionalProperties\":{");
        add_schema(row->table, into);
        rg_buf_addc(into, '}');
        break;
    case RG_ROW_LIST:
        rg_buf_adds(into, "\"type\":\"array\",\"items\":{");
        add_schema(row->table, into);
        rg_buf_addc(into, '}');
        break;
    case RG_ROW_CUSTOM: rg_buf_adds(into, "\"type\":[\"string\",\"number\",\"boolean\",\"array\",\"object\"]"); break;
    default: add_scalar_schema(row, row->type, "", into); break;
    }
}

static void add_required(const struct rg_table *table, struct rg_buf *into)
{
    bool first = true;
    for (size_t i = 0; i < table->count; i++) {
        if ((table->fields[i].flags & RG_REQUIRED) == 0)
            continue;
        rg_buf_adds(into, first ? ",\"required\":[" : ",");
        rg_json_quote(into, rg_str(table->fields[i].key));
        first = false;
    }
    if (!first)
        rg_buf_addc(into, ']');
}

static void add_schema(const struct rg_table *table, struct rg_buf *into)
{
    rg_buf_addf(into, "\"type\":\"object\",\"additionalProperties\":%s", table->extra ? "true" : "false");
    add_required(table, into);
    rg_buf_adds(into, ",\"properties\":{");
    for (size_t i = 0; i < table->count; i++) {
        const struct rg_row *f = &table->fields[i];
        rg_buf_adds(into, i ? "," : "");
        rg_json_quote(into, rg_str(f->key));
        rg_buf_adds(into, ":{");
        add_type_schema(f, into);
        rg_buf_adds(into, ",\"description\":");
        rg_json_quote(into, rg_str(f->help));
        if (f->fallback != NULL) {
            rg_buf_adds(into, ",\"default\":");
            rg_json_quote(into, rg_str(f->fallback));
        }
        rg_buf_addc(into, '}');
    }
    rg_buf_addc(into, '}');
}

void rg_table_schema(const struct rg_table *table, const char *title, struct rg_buf *into)
{
    rg_buf_adds(into, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"title\":");
    rg_json_quote(into, rg_str(title));
    rg_buf_addc(into, ',');
    add_schema(table, into);
    rg_buf_adds(into, "}\n");
}
