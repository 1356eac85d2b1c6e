/* One walk over the entries of the event's type, each value converted and written into the `data` that the contract's decoder
 * then reads. Going through JSON once more costs a little and buys that there is one door, with one set of limits and one
 * set of sentences, for everything that comes in. */
#include "consumers/decode/mapping_parts.h"

#include "config/contract/path.h"
#include "consumers/decode/times.h"

#include <stdio.h>
#include <string.h>

#define CENTS_SUM_MAX (INT64_C(1) << 53)

struct applying {
    const struct rg_mapping *mapping;
    const struct rg_json_value *root;
    struct rg_arena *arena;
    struct rg_reject *reject;
};

/* A scalar as text: what a table translates and a time is read from. */
static bool scalar_text(const struct rg_json_value *value, struct rg_str *ret_text)
{
    bool flag = false;
    if (rg_json_str(value, ret_text))
        return true;
    if (rg_json_bool(value, &flag)) {
        *ret_text = flag ? RG_STR("true") : RG_STR("false");
        return true;
    }
    *ret_text = rg_json_number_text(value);
    return ret_text->p != NULL;
}

static int refuse(const struct applying *a, const struct rg_mapping_value *value, const char *expected)
{
    return rg_refuse(a->reject, RG_DEAD_BAD_FIELD, "mapping " RG_STR_FMT ": " RG_STR_FMT ": expected %s",
                     RG_STR_ARG(a->mapping->name), RG_STR_ARG(value->pointer.p != NULL ? value->pointer : value->constant),
                     expected);
}

/* ---- amounts ---- */

static bool cents_of(struct rg_str text, const struct rg_json_value *number, int unit, int64_t *ret_cents)
{
    char decimal[RG_JSON_DECIMAL_BYTES];
    if (unit == RG_MAPPING_CENTAVOS)
        return number != NULL ? rg_json_int(number, ret_cents) : rg_str_to_i64(text, ret_cents);
    if (number == NULL)
        return rg_cents_parse(text, ret_cents, NULL) == 0;
    return rg_json_decimal_text(number, decimal) && rg_cents_parse(rg_str(decimal), ret_cents, NULL) == 0;
}

static bool cents_at(const struct rg_json_value *value, int unit, int64_t *ret_cents)
{
    struct rg_str text;
    if (rg_json_str(value, &text))
        return cents_of(text, NULL, unit, ret_cents);
    return rg_json_kind(value) == RG_JSON_NUMBER && cents_of((struct rg_str){NULL, 0}, value, unit, ret_cents);
}

static bool counts(const struct rg_mapping_value *value, const struct rg_json_value *item)
{
    struct rg_str word;
    if (value->where.p == NULL)
        return true;
    if (!scalar_text(rg_json_pointer(item, value->where), &word))
        return false;
    for (size_t i = 0; i < value->is.count; i++)
        if (rg_str_eq(value->is.items[i], word))
            return true;
    return false;
}

/* 1: *ret_cents is the sum; 0: nothing to add up; negative: refused. */
static int sum_cents(const struct applying *a, const struct rg_mapping_value *value, const struct rg_json_value *list,
                     int64_t *ret_cents)
{
    int64_t sum = 0;
    bool any = false;
    if (rg_json_kind(list) != RG_JSON_ARRAY)
        return refuse(a, value, "a list");
    RG_JSON_EACH(item, list) {
        int64_t cents = 0;
        if (!counts(value, item))
            continue;
        if (!cents_at(rg_json_pointer(item, value->sum), value->unit, &cents) || __builtin_add_overflow(sum, cents, &sum) ||
            sum > CENTS_SUM_MAX)
            return refuse(a, value, "amounts with at most two decimals in all its entries");
        any = true;
    }
    *ret_cents = sum;
    return any ? 1 : 0;
}

/* ---- one value ---- */

/* A converted value, before it is written; kind ABSENT when it is left out. */
struct converted {
    enum { LEFT_OUT, CENTS, TEXT, RAW, AS_IS } kind;
    int64_t cents;
    struct rg_str text;
    const struct rg_json_value *json;
};

static int convert_cents(const struct applying *a, const struct rg_mapping_value *value, const struct rg_json_value *json,
                         struct converted *ret)
{
    ret->kind = CENTS;
    if (value->sum.p != NULL) {
        int found = sum_cents(a, value, json, &ret->cents);
        if (found == 0)
            ret->kind = LEFT_OUT;
        return found < 0 ? found : 0;
    }
    if (json != NULL ? cents_at(json, value->unit, &ret->cents) : cents_of(value->constant, NULL, value->unit, &ret->cents))
        return 0;
    return refuse(a, value, value->unit == RG_MAPPING_REAIS ? "reais with at most two decimals after a point, such as 1234.56" : "a whole number of centavos");
}

/* An example says more than the name of a form. */
static const char *example_of(const struct rg_mapping_value *value, enum rg_field_kind kind)
{
    bool day = kind == RG_FK_DAY;
    switch ((enum rg_mapping_format)value->format) {
    case RG_MAPPING_DMY: return "a date such as 23/11/2026";
    case RG_MAPPING_UNIX: return day ? "a date in seconds since 1970" : "a time in seconds since 1970";
    case RG_MAPPING_UNIX_MS: return day ? "a date in milliseconds since 1970" : "a time in milliseconds since 1970";
    case RG_MAPPING_ISO: break;
    }
    if (day)
        return "a date such as 2026-11-23";
    return value->zone != NULL ? "a time such as 2026-11-23 10:00:00" : "a time such as 2026-11-23T10:00:00-03:00";
}

static int convert_time(const struct applying *a, const struct rg_mapping_value *value, enum rg_field_kind kind,
                        struct rg_str text, struct converted *ret)
{
    char day[RG_DAY_TEXT_MAX], instant[RG_INSTANT_TEXT_MAX];
    enum rg_mapping_format format = (enum rg_mapping_format)value->format;
    ret->kind = TEXT;
    if (kind == RG_FK_DAY && rg_time_day(text, format, value->zone, day))
        ret->text = rg_arena_str(a->arena, rg_str(day));
    else if (kind == RG_FK_INSTANT && rg_time_instant(text, format, value->zone, instant))
        ret->text = rg_arena_str(a->arena, rg_str(instant));
    else
        return refuse(a, value, example_of(value, kind));
    return 0;
}

static bool look_up(const struct rg_pairs *table, struct rg_str word, struct rg_str *ret_text)
{
    for (size_t i = 0; i < table->count; i++)
        if (rg_str_eq(table->items[i].key, word)) {
            *ret_text = table->items[i].value;
            return true;
        }
    return false;
}

/* Forms and their kin write nothing as an empty text; of an amount or a time it can mean nothing else. */
static bool is_nothing(const struct rg_json_value *json, enum rg_field_kind kind)
{
    struct rg_str text;
    if (rg_json_kind(json) <= RG_JSON_NULL)
        return true;
    return (kind == RG_FK_CENTS || kind == RG_FK_DAY || kind == RG_FK_INSTANT) && rg_json_str(json, &text) && text.n == 0;
}

static bool is_raw(enum rg_field_kind kind)
{
    return kind == RG_FK_BOOL || kind == RG_FK_INT;
}

static int convert(const struct applying *a, const struct rg_mapping_value *value, enum rg_field_kind kind, struct converted *ret)
{
    const struct rg_json_value *json = value->pointer.p != NULL ? rg_json_pointer(a->root, value->pointer) : NULL;
    struct rg_str text = value->constant;
    *ret = (struct converted){.kind = LEFT_OUT};
    if (value->pointer.p != NULL && is_nothing(json, kind))
        return 0;
    if (kind == RG_FK_CENTS)
        return convert_cents(a, value, json, ret);
    bool scalar = json == NULL || scalar_text(json, &text);
    if (value->table.count > 0) {
        if (!scalar || !look_up(&value->table, text, &text))
            return 0;
        json = NULL;
    }
    if ((kind == RG_FK_DAY || kind == RG_FK_INSTANT) && scalar)
        return convert_time(a, value, kind, text, ret);
    ret->kind = json != NULL ? AS_IS : is_raw(kind) ? RAW : TEXT;
    ret->json = json;
    ret->text = text;
    return 0;
}

/* true, false and whole numbers are written bare; anything else as text, which the decoder then refuses by name. */
static void write_raw(struct rg_jw *jw, struct rg_str text)
{
    int64_t number = 0;
    if (rg_str_is(text, "true") || rg_str_is(text, "false"))
        rg_jw_bool(jw, rg_str_is(text, "true"));
    else if (rg_str_to_i64(text, &number))
        rg_jw_int(jw, number);
    else
        rg_jw_str(jw, text);
}

static void write_converted(struct rg_jw *jw, const struct converted *value)
{
    switch (value->kind) {
    case CENTS: rg_jw_int(jw, value->cents); break;
    case TEXT: rg_jw_str(jw, value->text); break;
    case RAW: write_raw(jw, value->text); break;
    case AS_IS: rg_jw_value(jw, value->json); break;
    case LEFT_OUT: rg_assert(value->kind != LEFT_OUT);
    }
}

/* ---- data ---- */

/* The contacts by channel from entries[*at] on; *at ends at the last of them. */
static int write_contacts(const struct applying *a, const struct rg_mapping_entries *entries, size_t *at, struct rg_jw *jw,
                          struct rg_path *open, const char *path)
{
    bool details = entries->items[*at].details, any = false;
    for (size_t i = *at;
         i < entries->count && entries->items[i].row->field == RG_F_CONTACTS && entries->items[i].details == details; i++) {
        const struct rg_mapping_entry *entry = &entries->items[i];
        struct converted address;
        *at = i;
        if (entry->value == NULL)
            continue;
        int failed = convert(a, entry->value, RG_FK_ID, &address);
        if (failed < 0)
            return failed;
        if (address.kind == LEFT_OUT)
            continue;
        if (!any) {
            rg_path_key(jw, open, path);
            rg_jw_array(jw);
        }
        any = true;
        rg_jw_object(jw);
        rg_jw_member_str(jw, "channel", entry->channel);
        rg_jw_key(jw, "address");
        write_converted(jw, &address);
        rg_jw_object_end(jw);
    }
    if (any)
        rg_jw_array_end(jw);
    return 0;
}

static int write_data(const struct applying *a, const struct rg_mapping_entries *entries, struct rg_jw *jw)
{
    struct rg_path open = {0};
    rg_jw_object(jw);
    for (size_t i = 0; i < entries->count; i++) {
        const struct rg_mapping_entry *entry = &entries->items[i];
        const char *path = entry->row->path;
        struct converted value;
        if (entry->details)
            path = rg_arena_printf(a->arena, "debtor_details/%s", path).p;
        int failed = 0;
        if (entry->row->field == RG_F_CONTACTS && entry->channel.p != NULL) {
            failed = write_contacts(a, entries, &i, jw, &open, path);
            if (failed < 0)
                return failed;
            continue;
        }
        if (entry->value == NULL)
            continue;
        failed = convert(a, entry->value, entry->row->kind, &value);
        if (failed < 0)
            return failed;
        if (value.kind == LEFT_OUT)
            continue;
        rg_path_key(jw, &open, path);
        write_converted(jw, &value);
    }
    rg_path_end(jw, &open);
    rg_jw_object_end(jw);
    return 0;
}

/* ---- envelope ---- */

/* The words of a type, joined by slashes, and where each of them ends. */
struct type_words {
    struct rg_str text;
    size_t ends[RG_MAPPING_POINTERS_MAX];
    size_t count;
};

static struct type_words read_type(const struct applying *a)
{
    const struct rg_texts *pointers = &a->mapping->type_pointers;
    struct type_words words = {.count = 0};
    for (size_t i = 0; i < pointers->count; i++) {
        struct rg_str word;
        if (!scalar_text(rg_json_pointer(a->root, pointers->items[i]), &word) || word.n > RG_TEXT_BYTES_MAX)
            continue;
        words.text = words.count == 0 ? word : rg_arena_printf(a->arena, RG_STR_FMT "/" RG_STR_FMT, RG_STR_ARG(words.text),
                                                               RG_STR_ARG(word));
        words.ends[words.count++] = words.text.n;
    }
    return words;
}

static const struct rg_mapping_type *find_type(const struct rg_mapping *mapping, const struct type_words *words)
{
    for (size_t count = words->count; count > 0; count--)
        for (size_t i = 0; i < mapping->type_count; i++)
            if (rg_str_eq(mapping->types[i].word, (struct rg_str){words->text.p, words->ends[count - 1]}))
                return &mapping->types[i];
    return NULL;
}

static int read_id(const struct applying *a, struct rg_str *ret_id)
{
    const struct rg_texts *pointers = &a->mapping->id;
    struct rg_str id = {NULL, 0}, part;
    for (size_t i = 0; i < pointers->count; i++) {
        if (!rg_event_id(rg_json_pointer(a->root, pointers->items[i]), RG_ID_BYTES_MAX, a->arena, &part))
            return rg_refuse(a->reject, RG_DEAD_MISSING_FIELD, "mapping " RG_STR_FMT ": no id at " RG_STR_FMT,
                             RG_STR_ARG(a->mapping->name), RG_STR_ARG(pointers->items[i]));
        id = i == 0 ? part : rg_arena_printf(a->arena, RG_STR_FMT "/" RG_STR_FMT, RG_STR_ARG(id), RG_STR_ARG(part));
    }
    if (id.n > RG_ID_BYTES_MAX)
        return rg_refuse(a->reject, RG_DEAD_BAD_FIELD, "mapping " RG_STR_FMT ": the id has %zu bytes, at most %d are taken",
                         RG_STR_ARG(a->mapping->name), id.n, RG_ID_BYTES_MAX);
    *ret_id = id;
    return 0;
}

static int read_time(const struct applying *a, int64_t timestamp_ms, int64_t *ret_ms)
{
    const struct rg_mapping_value *value = a->mapping->time;
    const struct rg_json_value *json = value != NULL ? rg_json_pointer(a->root, value->pointer) : NULL;
    struct rg_str text;
    char instant[RG_INSTANT_TEXT_MAX];
    if (rg_json_kind(json) <= RG_JSON_NULL) {
        *ret_ms = timestamp_ms;
        return 0;
    }
    if (!scalar_text(json, &text) || !rg_time_instant(text, (enum rg_mapping_format)value->format, value->zone, instant))
        return refuse(a, value, example_of(value, RG_FK_INSTANT));
    const struct rg_zone *zone = value->zone != NULL ? value->zone : rg_zone_find(RG_STR("America/Sao_Paulo"));
    return rg_time_local(rg_str(instant), zone, ret_ms) ? 0 : refuse(a, value, "a time");
}

enum rg_mapped rg_mapping_apply(const struct rg_mapping *mapping, const struct rg_json_value *root, int64_t timestamp_ms,
                                struct rg_arena *arena, struct rg_event *ret_event, struct rg_buf *data,
                                struct rg_reject *ret_reject)
{
    struct applying a = {.mapping = mapping, .root = root, .arena = arena, .reject = ret_reject};
    struct rg_event event = {.source = mapping->source};
    struct rg_jw jw;
    struct type_words words = read_type(&a);
    if (words.count == 0) {
        (void)rg_refuse(ret_reject, RG_DEAD_UNMAPPED, "mapping " RG_STR_FMT ": no type at " RG_STR_FMT, RG_STR_ARG(mapping->name),
                        RG_STR_ARG(mapping->type_pointers.items[0]));
        return RG_MAPPED_REJECT;
    }
    const struct rg_mapping_type *type = find_type(mapping, &words);
    if (type == NULL && !mapping->ignore_others) {
        struct rg_str shown = rg_utf8_cut(words.text, RG_WORD_BYTES_MAX);
        (void)rg_refuse(ret_reject, RG_DEAD_UNMAPPED, "mapping " RG_STR_FMT " has no row for type \"" RG_STR_FMT "\"",
                        RG_STR_ARG(mapping->name), RG_STR_ARG(shown));
        return RG_MAPPED_REJECT;
    }
    if (type == NULL || type->type == RG_EV_NONE)
        return RG_MAPPED_IGNORED;
    event.type = type->type;
    rg_jw_init(&jw, data);
    if (read_id(&a, &event.id) < 0 || read_time(&a, timestamp_ms, &event.time_ms) < 0 || write_data(&a, &type->entries, &jw) < 0)
        return RG_MAPPED_REJECT;
    rg_jw_done(&jw);
    *ret_event = event;
    return RG_MAPPED_EVENT;
}
