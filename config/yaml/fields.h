/* Field tables: one row per key says what may be written, where it goes, what holds when it is absent, and one line of help.
 * The same table reads a section, complains about it, and prints its documentation: the three cannot disagree.
 *
 *     struct kafka { struct rg_section section; struct rg_texts brokers; int64_t shards; };
 *
 *     static const struct rg_row kafka_fields[] = {
 *         {.key = "brokers", RG_AT(struct kafka, brokers), .type = RG_ROW_TEXTS, .flags = RG_REQUIRED, .help = "…"},
 *         {.key = "shards", RG_AT(struct kafka, shards), .type = RG_ROW_INT, .fallback = "64", .max = 512, .help = "…"},
 *     };
 *     const struct rg_table kafka_table = RG_TABLE("kafka", struct kafka, kafka_fields);
 *
 * Every struct read by a table starts with `struct rg_section section`. Defaults are applied first; a value that is wrong leaves
 * the default and a finding. All memory comes from the reader's arena. No key is guessed: `no`, `08:00` and `1e3` are what the
 * row's type makes of their text, with or without quotes. */
#pragma once

#include "brazil/days/calendar.h"
#include "brazil/days/date.h"
#include "brazil/money/money.h"
#include "config/yaml/yaml.h"

#define RG_ROWS_MAX 64
#define RG_ROW_ITEMS_MAX 256              /* items of a list, unless the row says otherwise */
#define RG_ROW_TEXT_MAX 4096              /* characters of a text, unless the row says otherwise */
#define RG_NAME_MAX 64                      /* bytes of a name */
#define RG_DAY_OFFSET_MAX 4000              /* days before or after the due day: past every statute of limitation */
#define RG_DURATION_MAX 100000              /* of whatever unit */

/* --- What values become ------------------------------------------------------------------------------------------- */

struct rg_section {
    const struct rg_node *node; /* a map; NULL: the section was not written and everything in it is a default */
    struct rg_str name;         /* its key in a map of named sections; absent elsewhere */
};

struct rg_texts {
    struct rg_str *items;
    size_t count;
};

/* D-5, D0, D+5, D+5bd */
struct rg_day_offset {
    int days;
    bool bank; /* counted in bank business days */
    bool set;  /* false: not given */
};

enum rg_unit { RG_UNIT_NONE, RG_UNIT_SECOND, RG_UNIT_MINUTE, RG_UNIT_HOUR, RG_UNIT_DAY, RG_UNIT_BANK_DAY };
struct rg_duration {
    int64_t amount;
    enum rg_unit unit; /* RG_UNIT_NONE: not given */
};
int64_t rg_duration_ms(struct rg_duration duration); /* a day is 24 h; bank days have no length: not given to this (asserted) */

/* 50/s, 200/h: at most `count` in `per_s` seconds. count 0: not given */
struct rg_rate_limit {
    int64_t count;
    int64_t per_s; /* 1, 60, 3600 or 86400 */
};

struct rg_weekly {
    bool given;
    struct rg_hours weekdays, saturday, sunday; /* both minutes 0: closed */
};

enum rg_secret_kind { RG_SECRET_NONE, RG_SECRET_CREDENTIAL, RG_SECRET_FILE };
struct rg_secret {
    enum rg_secret_kind kind;
    struct rg_str name; /* of the credential, or the file's path as written */
};

/* One duration for everywhere, or { default: …, SP: … } by state. */
struct rg_state_duration {
    struct rg_str place; /* "default" (always the first) or a state, two capital letters */
    struct rg_duration duration;
};
struct rg_by_state {
    struct rg_state_duration *items;
    size_t count; /* 0: not given */
};

/* A map of keys that are not ours: headers, tables of codes. */
struct rg_pair {
    struct rg_str key, value;
    const struct rg_node *node;
};
struct rg_pairs {
    struct rg_pair *items;
    size_t count;
};

struct rg_sections {
    void *items; /* an array of the row's table's structs */
    size_t count;
};

/* --- Tables ------------------------------------------------------------------------------------------------------- */

enum rg_row_type {
    RG_ROW_TEXT,     /* struct rg_str: one line, min … max characters (default 1 … RG_ROW_TEXT_MAX) */
    RG_ROW_NAME,     /* struct rg_str: lower-case letters, digits, "_" (and "-" with RG_HYPHEN) */
    RG_ROW_BOOL,     /* bool: true, false */
    RG_ROW_INT,      /* int64_t: min … max */
    RG_ROW_CENTS,    /* int64_t: brl("20.00"), min … max in centavos */
    RG_ROW_DECIMAL,  /* struct rg_decimal: min … max of its whole part */
    RG_ROW_DAY,      /* struct rg_day_offset */
    RG_ROW_DURATION, /* struct rg_duration: min … max in seconds, `units` restricts */
    RG_ROW_RATE,     /* struct rg_rate_limit */
    RG_ROW_DATE,     /* rg_day; RG_DAY_NONE: not given */
    RG_ROW_OPENING,  /* struct rg_hours: 08:00-20:00 */
    RG_ROW_HOURS,    /* struct rg_weekly: { weekdays: 08:00-20:00, saturday: 08:00-14:00 } */
    RG_ROW_ENUM,     /* int: index of the word in `words` */
    RG_ROW_FLAGS,    /* uint64_t: a list of `words`, one bit each */
    RG_ROW_TEXTS,    /* struct rg_texts: a list of texts, none twice */
    RG_ROW_PAIRS,    /* struct rg_pairs */
    RG_ROW_BY_STATE, /* struct rg_by_state: a DURATION, or one by state */
    RG_ROW_SECRET,   /* struct rg_secret: { credential: NAME } or { file: PATH }; a literal is refused and not shown */
    RG_ROW_SECTION,  /* the table's struct, embedded */
    RG_ROW_SECTIONS, /* struct rg_sections: a map of named sections */
    RG_ROW_LIST,     /* struct rg_sections: a list of sections */
    RG_ROW_CUSTOM,   /* whatever `custom` makes of the node */
};

enum {
    RG_REQUIRED = 1,
    RG_RELOAD = 2,     /* a change acts at reload; otherwise at the next start */
    RG_HYPHEN = 4,     /* names may hold "-" */
    RG_MULTILINE = 8,  /* texts may hold line breaks and tabs */
    RG_ANY_NAME = 16,  /* keys of SECTIONS are any words, not names */
    RG_INTERNAL = 32,  /* a knob that nobody should need; documented apart */
};

#define RG_UNITS(unit) (1u << (unit))
#define RG_UNITS_CLOCK (RG_UNITS(RG_UNIT_SECOND) | RG_UNITS(RG_UNIT_MINUTE) | RG_UNITS(RG_UNIT_HOUR))

struct rg_reader {
    struct rg_diags *diags;
    struct rg_arena *arena;
    void *ctx; /* for custom rows */
};

struct rg_row;
struct rg_table;

/* Reads `node` (never NULL, never bad) into `member`; complains itself and returns false when it did. */
typedef bool rg_row_fn(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader);
/* Takes a key that no row knows; false: it is unknown after all, and the reader says so. */
typedef bool rg_extra_fn(const struct rg_node *key, const struct rg_node *value, void *target, const struct rg_reader *reader);

struct rg_row {
    const char *key;
    enum rg_row_type type;
    unsigned flags;
    size_t offset, size;          /* RG_AT() */
    const char *fallback;         /* as one would write it; lists as "a, b"; NULL: zeroes ("not given") */
    int64_t min, max;             /* both 0: the type's own limits */
    unsigned units;               /* DURATION, BY_STATE; 0: all */
    const char *const *words;     /* ENUM, FLAGS; ends in NULL */
    const struct rg_table *table; /* SECTION, SECTIONS, LIST */
    rg_row_fn *custom;
    const char *help;    /* whole sentences, Markdown's `code` allowed */
    const char *example; /* for documentation; what CUSTOM looks like */
};

struct rg_table {
    const char *name;
    size_t size;
    const struct rg_row *fields;
    size_t count;
    rg_extra_fn *extra; /* NULL: unknown keys are refused */
};

#define RG_AT(type_, member) .offset = offsetof(type_, member), .size = sizeof(((type_ *)NULL)->member)
#define RG_TABLE(name_, type_, fields_) \
    {.name = (name_), .size = sizeof(type_), .fields = (fields_), .count = RG_COUNT(fields_)}

/* Reads a section; node NULL gives the defaults. False when something in it is wrong, and then findings say what. `target` is
 * overwritten whole. */
bool rg_fields_read(const struct rg_node *node, const struct rg_table *table, void *target, const struct rg_reader *reader);
/* Reads one value as a row says, for custom rows. */
bool rg_row_read(const struct rg_node *node, const struct rg_row *field, void *member, const struct rg_reader *reader);
const struct rg_row *rg_table_row(const struct rg_table *table, struct rg_str key); /* NULL: no such key */
/* Was the key written (as opposed to defaulted)? */
bool rg_section_has(const struct rg_section *section, const char *key);

/* --- Findings that more than one reader needs --------------------------------------------------------------------- */

/* unknown channel "emial", did you mean "email"? expected one of email, letter, sms, whatsapp [unknown-value] */
void rg_unknown_value(struct rg_diags *diags, const struct rg_node *node, const char *noun, const char *const *candidates,
                      size_t count);
bool rg_sounds_secret(struct rg_str key); /* token, password, api_key …: what stands there is not shown */
/* unknown key "tempalte" in step "atraso", did you mean "template"? [unknown-key]; known synonyms count as near */
void rg_unknown_key(struct rg_diags *diags, const struct rg_node *key, const char *const *candidates, size_t count);
/* missing key "day" in step "atraso" [missing-key], with the row's help as advice */
void rg_missing_key(struct rg_diags *diags, const struct rg_node *map, const struct rg_row *row);
/* expected a list, got "x" [mistyped] */
void rg_mistyped(struct rg_diags *diags, const struct rg_node *node, const char *expected);
/* A text that is fine as a scalar of one line: no control characters. */
bool rg_node_is_text(const struct rg_node *node);

/* --- The same readers on bare text; false leaves the output untouched --------------------------------------------- */

bool rg_parse_cents(struct rg_str text, int64_t *ret_cents); /* brl("20.00") */
bool rg_parse_day(struct rg_str text, struct rg_day_offset *ret_day);
bool rg_parse_duration(struct rg_str text, struct rg_duration *ret_duration);
bool rg_parse_rate(struct rg_str text, struct rg_rate_limit *ret_rate);
bool rg_parse_opening(struct rg_str text, struct rg_hours *ret_hours);
bool rg_parse_name(struct rg_str text, bool hyphen);

/* --- Documentation from the table --------------------------------------------------------------------------------- */

/* One call per key in the table's order, sections before what they hold; paths like `channels.NAME.rate`. */
typedef void rg_row_doc_fn(const char *path, const struct rg_row *field, void *ctx);
void rg_table_each(const struct rg_table *table, rg_row_doc_fn *fn, void *ctx);
/* One call per value that holds: what was written in `map` (may be NULL), else the row's default. `node` is NULL for defaults,
 * else it tells where the value was written. Secrets are named, never read: «credential smtp». Keys that no row knows come after
 * the rows, with `row` NULL. */
typedef void rg_effective_fn(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx);
void rg_table_effective(const struct rg_table *table, const struct rg_node *map, rg_effective_fn *fn, void *ctx);
void rg_row_type_words(const struct rg_row *field, struct rg_buf *into); /* "whole number, 1 to 512" */
void rg_table_markdown(const struct rg_table *table, struct rg_buf *into);
/* A JSON Schema (draft-07, what editors know) of files read by this table. */
void rg_table_schema(const struct rg_table *table, const char *title, struct rg_buf *into);
/* Asserts that a table is sound: sizes fit types, defaults can be read, words and tables are there. Tests call it. */
void rg_table_check(const struct rg_table *table);
