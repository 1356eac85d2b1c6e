/* One reader per type of value. A reader gets a node and the address of a member, takes the whole value or nothing, and says
 * itself what is wrong; it knows nothing of sections. Guesses about what was meant are words.c's business. */
#include "brazil/days/zone.h"
#include "config/yaml/chars.h"
#include "config/yaml/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef rg_row_fn read_fn;

bool rg_node_is_text(const struct rg_node *node)
{
    if (node->kind != RG_NODE_SCALAR)
        return false;
    for (size_t at = 0; at < node->text.n;) {
        uint32_t point = rg_utf8_point(node->text, &at);
        if (point < 0x20 || !rg_char_allowed(point))
            return false;
    }
    return true;
}

static bool out_of_range(const struct rg_node *node, const struct rg_reader *reader, const char *range)
{
    char what[160] = "the value";
    if (node->key != NULL)
        (void)snprintf(what, sizeof what, "\"%.*s\"", (int)(node->key->text.n < 64 ? node->key->text.n : 64), node->key->text.p);
    size_t shown = rg_chars_offset(node->text, 40);
    rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "%s is %.*s; expected %s", what, (int)shown, node->text.p,
                   range);
    return false;
}

/* Scalars first say what they are; true when the node is one with something in it. */
static bool is_scalar(const struct rg_node *node, const char *expected, const struct rg_reader *reader)
{
    if (node->kind == RG_NODE_SCALAR && !rg_node_empty(node))
        return true;
    rg_mistyped(reader->diags, node, expected);
    return false;
}

static bool in_limits(const struct rg_node *node, const struct rg_row *row, int64_t value, const struct rg_reader *reader)
{
    if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max))
        return true;
    char range[64];
    (void)snprintf(range, sizeof range, "%" PRId64 " to %" PRId64, row->min, row->max); /* two 64-bit numbers fit */
    return out_of_range(node, reader, range);
}

static bool text_chars_fit(const struct rg_node *node, bool multiline)
{
    if (!multiline)
        return rg_node_is_text(node);
    for (size_t at = 0; at < node->text.n;)
        if (!rg_char_allowed(rg_utf8_point(node->text, &at)))
            return false;
    return true;
}

static bool read_text(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!is_scalar(node, "a text", reader))
        return false;
    bool multiline = (row->flags & RG_MULTILINE) != 0;
    if (!text_chars_fit(node, multiline)) {
        rg_diags_error(reader->diags, rg_node_place(node), "bad-character",
                       multiline ? "expected a text without control characters"
                                 : "expected a text of one line, without control characters");
        return false;
    }
    bool own = row->type == RG_ROW_TEXT && row->max > 0;
    int64_t min = own ? row->min : 1, max = own ? row->max : RG_ROW_TEXT_MAX;
    int64_t chars = (int64_t)rg_chars_count(node->text);
    if (chars < min || chars > max) {
        rg_diags_error(reader->diags, rg_node_place(node), "out-of-range",
                       "a text of %" PRId64 " characters; expected %" PRId64 " to %" PRId64, chars, min, max);
        return false;
    }
    *(struct rg_str *)member = node->text;
    return true;
}

static bool read_name(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    bool hyphen = (row->flags & RG_HYPHEN) != 0;
    if (!is_scalar(node, "a name", reader))
        return false;
    if (!rg_parse_name(node->text, hyphen)) {
        rg_say_bad_name(node, hyphen, reader->diags);
        return false;
    }
    *(struct rg_str *)member = node->text;
    return true;
}

static bool read_bool(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* no limits */
    bool yes = node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "true");
    bool no = node->kind == RG_NODE_SCALAR && rg_str_is(node->text, "false");
    if (!yes && !no)
        return rg_mistyped(reader->diags, node, "true or false"), false;
    *(bool *)member = yes;
    return true;
}

static bool read_int(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    int64_t value;
    if (!is_scalar(node, "a whole number", reader))
        return false;
    if (!rg_str_to_i64(node->text, &value))
        return rg_mistyped(reader->diags, node, "a whole number"), false;
    if (!in_limits(node, row, value, reader))
        return false;
    *(int64_t *)member = value;
    return true;
}

static bool read_cents(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    int64_t cents;
    if (!is_scalar(node, "money such as brl(\"20.00\")", reader))
        return false;
    if (!rg_parse_cents(node->text, &cents))
        return rg_say_bad_money(node, reader->diags), false;
    if (!(row->min == 0 && row->max == 0) && (cents < row->min || cents > row->max)) {
        char range[96];
        (void)snprintf(range, sizeof range, "brl(\"%" PRId64 ".%02d\") to brl(\"%" PRId64 ".%02d\")", row->min / 100,
                       (int)(row->min % 100), row->max / 100, (int)(row->max % 100)); /* two 64-bit numbers fit */
        return out_of_range(node, reader, range);
    }
    *(int64_t *)member = cents;
    return true;
}

static bool read_decimal(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    struct rg_decimal decimal;
    if (!is_scalar(node, "a decimal number such as \"2\" or \"0.033\"", reader))
        return false;
    if (rg_decimal_parse(node->text, &decimal, NULL) < 0)
        return rg_say_bad_decimal(node, reader->diags), false;
    struct rg_decimal min = {row->min, 0}, max = {row->max, 0};
    bool limited = !(row->min == 0 && row->max == 0);
    if (limited && (rg_decimal_cmp(decimal, min) < 0 || rg_decimal_cmp(decimal, max) > 0)) {
        char range[64];
        (void)snprintf(range, sizeof range, "%" PRId64 " to %" PRId64, row->min, row->max); /* two 64-bit numbers fit */
        return out_of_range(node, reader, range);
    }
    *(struct rg_decimal *)member = decimal;
    return true;
}

static bool read_day(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    struct rg_day_offset day;
    if (!is_scalar(node, "a day such as D-5, D0, D+5 or D+5bd", reader))
        return false;
    if (!rg_parse_day(node->text, &day))
        return rg_say_bad_day(node, reader->diags), false;
    if (!(row->min == 0 && row->max == 0) && (day.days < row->min || day.days > row->max)) {
        char range[64];
        (void)snprintf(range, sizeof range, "D%+" PRId64 " to D%+" PRId64, row->min, row->max); /* two 64-bit numbers fit */
        return out_of_range(node, reader, range);
    }
    *(struct rg_day_offset *)member = day;
    return true;
}

static void add_seconds(int64_t seconds, struct rg_buf *into)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t u = 0;
    while (u + 1 < RG_COUNT(units) && (seconds < units[u].seconds || seconds % units[u].seconds != 0))
        u++;
    rg_buf_addf(into, "%" PRId64 "%c", seconds / units[u].seconds, units[u].unit);
}

static bool read_duration(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    struct rg_duration d;
    if (!is_scalar(node, "a duration such as 30m, 20h or 15d", reader))
        return false;
    bool fits = rg_parse_duration(node->text, &d) && (row->units == 0 || (row->units & RG_UNITS(d.unit)) != 0);
    if (!fits)
        return rg_say_bad_duration(node, row->units, reader->diags), false;
    struct rg_duration as_days = d.unit == RG_UNIT_BANK_DAY ? (struct rg_duration){d.amount, RG_UNIT_DAY} : d;
    int64_t seconds = rg_duration_ms(as_days) / 1000;
    if (!(row->min == 0 && row->max == 0) && (seconds < row->min || seconds > row->max)) {
        struct rg_buf range RG_CLEANUP(rg_buf_done);
        rg_buf_init(&range, 64);
        add_seconds(row->min, &range);
        rg_buf_adds(&range, " to ");
        add_seconds(row->max, &range);
        return out_of_range(node, reader, rg_buf_cstr(&range));
    }
    *(struct rg_duration *)member = d;
    return true;
}

static bool read_rate(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* no limits of its own */
    static const char expected[] = "a rate such as 50/s, 600/m or 1000/h";
    struct rg_rate_limit rate;
    if (!is_scalar(node, expected, reader))
        return false;
    if (!rg_parse_rate(node->text, &rate))
        return rg_mistyped(reader->diags, node, expected), false;
    *(struct rg_rate_limit *)member = rate;
    return true;
}

static bool read_date(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* no limits */
    rg_day day;
    if (!is_scalar(node, "a date such as 2026-11-30", reader))
        return false;
    if (!rg_day_parse(node->text, &day))
        return rg_mistyped(reader->diags, node, "a date such as 2026-11-30"), false;
    *(rg_day *)member = day;
    return true;
}

static bool read_opening(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row; /* no limits */
    struct rg_hours hours;
    if (!is_scalar(node, "hours such as 08:00-20:00", reader))
        return false;
    if (!rg_parse_opening(node->text, &hours))
        return rg_mistyped(reader->diags, node, "hours such as 08:00-20:00"), false;
    *(struct rg_hours *)member = hours;
    return true;
}

/* --- Words and lists ---------------------------------------------------------------------------------------------- */

static size_t count_words(const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL)
        n++;
    return n;
}

static int index_of_word(const char *const *words, struct rg_str text)
{
    for (int i = 0; words[i] != NULL; i++)
        if (rg_str_is(text, words[i]))
            return i;
    return -1;
}

static bool read_word(const struct rg_node *node, const struct rg_row *row, const char *noun, int *ret_index,
                      const struct rg_reader *reader)
{
    if (!is_scalar(node, "one word", reader))
        return false;
    int index = index_of_word(row->words, node->text);
    if (index < 0)
        return rg_unknown_value(reader->diags, node, noun, row->words, count_words(row->words)), false;
    *ret_index = index;
    return true;
}

static bool read_enum(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    return read_word(node, row, row->key, member, reader);
}

bool rg_is_list(const struct rg_node *node, const struct rg_row *row, const struct rg_reader *reader)
{
    if (node->kind != RG_NODE_LIST) {
        rg_mistyped(reader->diags, node, "a list");
        if (node->kind == RG_NODE_SCALAR && !rg_node_empty(node))
            rg_diags_advise(reader->diags, "lists are always lists, also of one: [" RG_STR_FMT "]", RG_STR_ARG(node->text));
        return false;
    }
    size_t max = row->max > 0 ? (size_t)row->max : RG_ROW_ITEMS_MAX, min = row->min > 0 ? (size_t)row->min : 0;
    if (node->count >= min && node->count <= max)
        return true;
    rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "a list of %zu; expected %zu to %zu", node->count, min,
                   max);
    return false;
}

static bool read_flags(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!rg_is_list(node, row, reader))
        return false;
    uint64_t flags = 0;
    bool fine = true;
    char one[RG_NAME_MAX]; /* of `roles`: a role */
    size_t n = strlen(row->key);
    (void)snprintf(one, sizeof one, "%.*s", (int)(n > 1 && row->key[n - 1] == 's' ? n - 1 : n), row->key); /* keys are short */
    for (size_t i = 0; i < node->count; i++) {
        int index;
        const struct rg_node *item = node->entries[i].value;
        if (item->bad || !read_word(item, row, one, &index, reader))
            fine = false;
        else
            flags |= UINT64_C(1) << index;
    }
    if (fine)
        *(uint64_t *)member = flags;
    return fine;
}

static bool says_twice(const struct rg_node *list, size_t i, const struct rg_reader *reader)
{
    const struct rg_node *item = list->entries[i].value;
    for (size_t before = 0; before < i; before++) {
        if (!rg_str_eq(list->entries[before].value->text, item->text))
            continue;
        rg_diags_error(reader->diags, rg_node_place(item), "repeated", "\"%.*s\" stands twice in this list",
                       (int)rg_chars_offset(item->text, 40), item->text.p);
        return true;
    }
    return false;
}

static bool read_texts(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!rg_is_list(node, row, reader))
        return false;
    struct rg_texts texts = {RG_NEW(reader->arena, struct rg_str, node->count), node->count};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_node *item = node->entries[i].value;
        if (item->bad || !read_text(item, row, &texts.items[i], reader) || says_twice(node, i, reader))
            fine = false;
    }
    if (fine)
        *(struct rg_texts *)member = texts;
    return fine;
}

/* --- Maps --------------------------------------------------------------------------------------------------------- */

bool rg_is_map(const struct rg_node *node, const struct rg_row *row, const struct rg_reader *reader)
{
    if (node->kind != RG_NODE_MAP) {
        rg_mistyped(reader->diags, node, "keys and values");
        return false;
    }
    size_t max = row->max > 0 ? (size_t)row->max : RG_ROW_ITEMS_MAX;
    if (node->count <= max)
        return true;
    rg_diags_error(reader->diags, rg_node_place(node), "out-of-range", "%zu keys; expected at most %zu", node->count, max);
    return false;
}

static bool read_pairs(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (!rg_is_map(node, row, reader))
        return false;
    struct rg_pairs pairs = {RG_NEW(reader->arena, struct rg_pair, node->count), node->count};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_entry *e = &node->entries[i];
        pairs.items[i] = (struct rg_pair){.key = e->key->text, .node = e->value};
        if (e->value->bad || !read_text(e->value, row, &pairs.items[i].value, reader))
            fine = false;
    }
    if (fine)
        *(struct rg_pairs *)member = pairs;
    return fine;
}

static bool read_hours(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    static const char *const days[] = {"weekdays", "saturday", "sunday"};
    if (!rg_is_map(node, row, reader))
        return false;
    struct rg_weekly hours = {.given = true};
    struct rg_hours *slots[] = {&hours.weekdays, &hours.saturday, &hours.sunday};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_entry *e = &node->entries[i];
        size_t day = 0;
        while (day < RG_COUNT(days) && !rg_str_is(e->key->text, days[day]))
            day++;
        if (day == RG_COUNT(days)) {
            rg_unknown_key(reader->diags, e->key, days, RG_COUNT(days));
            fine = false;
        } else if (e->value->bad || !read_opening(e->value, row, slots[day], reader)) {
            fine = false;
        }
    }
    if (fine)
        *(struct rg_weekly *)member = hours;
    return fine;
}

static bool read_secret(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    static const char *const kinds[] = {"credential", "file"};
    if (node->kind != RG_NODE_MAP) {
        if (rg_node_empty(node) || node->kind == RG_NODE_LIST)
            rg_mistyped(reader->diags, node, "{ credential: NAME } or { file: PATH }");
        else
            rg_say_literal_secret(node, reader->diags);
        return false;
    }
    if (node->count != 1) {
        rg_mistyped(reader->diags, node, "one of { credential: NAME } and { file: PATH }");
        return false;
    }
    const struct rg_entry *e = &node->entries[0];
    bool file = rg_str_is(e->key->text, "file");
    if (!file && !rg_str_is(e->key->text, "credential"))
        return rg_unknown_key(reader->diags, e->key, kinds, RG_COUNT(kinds)), false;
    struct rg_str name;
    if (e->value->bad || !read_text(e->value, row, &name, reader))
        return false;
    bool leaves = memchr(name.p, '/', name.n) != NULL || rg_str_is(name, "..") || rg_str_is(name, ".");
    if (!file && leaves) {
        rg_diags_error(reader->diags, rg_node_place(e->value), "bad-name",
                       "a credential's name is no path; for a path write { file: PATH }");
        return false;
    }
    *(struct rg_secret *)member = (struct rg_secret){file ? RG_SECRET_FILE : RG_SECRET_CREDENTIAL, name};
    return true;
}

/* --- Durations by state ------------------------------------------------------------------------------------------- */

static bool read_place(const struct rg_node *key, const struct rg_reader *reader)
{
    if (rg_str_is(key->text, "default") || rg_zone_of_state(key->text) != NULL)
        return true;
    if (!key->bad)
        rg_diags_error(reader->diags, rg_node_place(key), "unknown-key",
                       "unknown place \"%.*s\"; expected \"default\" or a state such as SP", (int)rg_chars_offset(key->text, 40),
                       key->text.p);
    return false;
}

static bool read_state_map(const struct rg_node *node, const struct rg_row *row, struct rg_by_state *ret_all,
                           const struct rg_reader *reader)
{
    struct rg_by_state all = {RG_NEW(reader->arena, struct rg_state_duration, node->count + 1), 1};
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_entry *e = &node->entries[i];
        bool everywhere = rg_str_is(e->key->text, "default");
        struct rg_state_duration *item = everywhere ? &all.items[0] : &all.items[all.count];
        item->place = e->key->text;
        all.count += !everywhere;
        if (!read_place(e->key, reader) || e->value->bad || !read_duration(e->value, row, &item->duration, reader))
            fine = false;
    }
    if (fine && all.items[0].place.p == NULL) {
        rg_diags_error(reader->diags, rg_node_place(node), "missing-key",
                       "missing key \"default\": what holds in all other states");
        return false;
    }
    if (fine)
        *ret_all = all;
    return fine;
}

static bool read_by_state(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    if (node->kind == RG_NODE_MAP)
        return rg_is_map(node, row, reader) && read_state_map(node, row, member, reader);
    struct rg_by_state all = {RG_NEW(reader->arena, struct rg_state_duration, 1), 1};
    all.items[0].place = RG_STR("default");
    if (!read_duration(node, row, &all.items[0].duration, reader))
        return false;
    *(struct rg_by_state *)member = all;
    return true;
}

const struct rg_value_type rg_value_types[] = {
    [RG_ROW_TEXT] = {read_text, sizeof(struct rg_str)},
    [RG_ROW_NAME] = {read_name, sizeof(struct rg_str)},
    [RG_ROW_BOOL] = {read_bool, sizeof(bool)},
    [RG_ROW_INT] = {read_int, sizeof(int64_t)},
    [RG_ROW_CENTS] = {read_cents, sizeof(int64_t)},
    [RG_ROW_DECIMAL] = {read_decimal, sizeof(struct rg_decimal)},
    [RG_ROW_DAY] = {read_day, sizeof(struct rg_day_offset)},
    [RG_ROW_DURATION] = {read_duration, sizeof(struct rg_duration)},
    [RG_ROW_RATE] = {read_rate, sizeof(struct rg_rate_limit)},
    [RG_ROW_DATE] = {read_date, sizeof(rg_day)},
    [RG_ROW_OPENING] = {read_opening, sizeof(struct rg_hours)},
    [RG_ROW_HOURS] = {read_hours, sizeof(struct rg_weekly)},
    [RG_ROW_ENUM] = {read_enum, sizeof(int)},
    [RG_ROW_FLAGS] = {read_flags, sizeof(uint64_t)},
    [RG_ROW_TEXTS] = {read_texts, sizeof(struct rg_texts)},
    [RG_ROW_PAIRS] = {read_pairs, sizeof(struct rg_pairs)},
    [RG_ROW_BY_STATE] = {read_by_state, sizeof(struct rg_by_state)},
    [RG_ROW_SECRET] = {read_secret, sizeof(struct rg_secret)},
};
static_assert(RG_COUNT(rg_value_types) == RG_VALUE_TYPES, "every type of value has a reader");
