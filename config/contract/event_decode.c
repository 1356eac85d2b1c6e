/* From a parsed `data` object to the struct, one field after the other as the type's row asks. Every value is either taken
 * whole or refused with its place and with what was expected; a field that is there but unreadable refuses the event even
 * where it is optional, because guessing which part of a message to believe is how wrong letters go out. */
#include "config/contract/event_parts.h"

#include "brazil/days/zone.h"

#include <stdio.h>
#include <string.h>

#define FOUND_MAX 48
#define PLACE_MAX 96

/* "data.charge.pix.copy_paste" */
static void print_place(const struct rg_event_reading *reading, const char *path, char ret_place[PLACE_MAX])
{
    (void)snprintf(ret_place, PLACE_MAX, "%s.%s", reading->where, path);
    for (char *p = ret_place; *p != '\0'; p++)
        if (*p == '/')
            *p = '.';
}

/* What stands there, for the sentence: short values as they are, unless they may be personal. */
static void print_found(const struct rg_json_value *value, bool personal, char ret_found[FOUND_MAX])
{
    static const char *const kinds[] = {
        [RG_JSON_ABSENT] = "nothing", [RG_JSON_NULL] = "null", [RG_JSON_BOOL] = "a boolean", [RG_JSON_NUMBER] = "another number",
        [RG_JSON_STRING] = "other text", [RG_JSON_OBJECT] = "an object",
    };
    struct rg_str text = rg_json_number_text(value);
    bool is_text = rg_json_str(value, &text);
    if (is_text && rg_event_has_controls(text, false))
        (void)snprintf(ret_found, FOUND_MAX, "text with a control character");
    else if (is_text && text.n + 3 > FOUND_MAX)
        (void)snprintf(ret_found, FOUND_MAX, "text of %zu bytes", text.n);
    else if (rg_json_kind(value) == RG_JSON_ARRAY)
        (void)snprintf(ret_found, FOUND_MAX, "a list of %zu", rg_json_count(value));
    else if (personal || text.n + 3 > FOUND_MAX || text.p == NULL)
        (void)snprintf(ret_found, FOUND_MAX, "%s", kinds[rg_json_kind(value)]);
    else
        (void)snprintf(ret_found, FOUND_MAX, is_text ? "\"" RG_STR_FMT "\"" : RG_STR_FMT, RG_STR_ARG(text));
}

static int refuse_at(const struct rg_event_reading *reading, const char *path, const struct rg_json_value *value, bool personal,
                     const char *expected)
{
    char place[PLACE_MAX], found[FOUND_MAX];
    print_place(reading, path, place);
    print_found(value, personal, found);
    return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s: expected %s, found %s", place, expected, found);
}

static void print_words(const struct rg_words *words, char *ret_text, size_t max)
{
    size_t n = (size_t)snprintf(ret_text, max, "one of");
    for (int i = words->first; i < words->count && n < max; i++)
        n += (size_t)snprintf(ret_text + n, max - n, "%s %s", i > words->first ? "," : "", words->names[i]);
}

static int refuse_value(const struct rg_event_reading *reading, const struct rg_field_row *row, const struct rg_json_value *value)
{
    char expected[128];
    long long min = row->min, max = row->max;
    switch (row->kind) {
    case RG_FK_ID:
        (void)snprintf(expected, sizeof expected, "text of %lld to %lld bytes without control characters", min, max);
        break;
    case RG_FK_TEXT:
        (void)snprintf(expected, sizeof expected, "text of at most %lld bytes without control characters", max);
        break;
    case RG_FK_LINK:
        (void)snprintf(expected, sizeof expected, "an http or https address of at most %lld bytes", max);
        break;
    case RG_FK_CENTS:
        (void)snprintf(expected, sizeof expected, "a whole number of centavos from %lld to %lld", min, max);
        break;
    case RG_FK_DAY: (void)snprintf(expected, sizeof expected, "a date such as 2026-11-23"); break;
    case RG_FK_INSTANT:
        (void)snprintf(expected, sizeof expected, "an instant such as 2026-11-23T10:00:00-03:00, or a date");
        break;
    case RG_FK_WORD: print_words(row->words, expected, sizeof expected); break;
    case RG_FK_CHOICE: print_words(row->words, expected, sizeof expected); break;
    case RG_FK_BOOL: (void)snprintf(expected, sizeof expected, "true or false"); break;
    case RG_FK_INT: (void)snprintf(expected, sizeof expected, "a whole number from %lld to %lld", min, max); break;
    case RG_FK_PERCENT:
        (void)snprintf(expected, sizeof expected, "a percentage as text, such as \"0.033\", at most %lld", max);
        break;
    default: (void)snprintf(expected, sizeof expected, "a list of %lld to %lld entries", min, max); break;
    }
    return refuse_at(reading, row->path, value, rg_event_field_personal(reading->event->type, row->field), expected);
}

bool rg_event_id(const struct rg_json_value *value, size_t max_bytes, struct rg_arena *arena, struct rg_str *ret_id)
{
    struct rg_str text;
    int64_t number = 0;
    if (!rg_json_str(value, &text)) {
        if (!rg_json_int(value, &number) || number < 0)
            return false;
        text = rg_json_number_text(value);
        if (text.p[0] == '-') /* minus zero */
            return false;
    }
    if (text.n == 0 || text.n > max_bytes || rg_event_has_controls(text, false))
        return false;
    *ret_id = rg_arena_str(arena, text);
    return true;
}

static bool take_id(const struct rg_event_reading *reading, const struct rg_json_value *value, int64_t max, struct rg_str *ret_id)
{
    return rg_event_id(value, (size_t)max, reading->arena, ret_id);
}

static bool take_text(const struct rg_event_reading *reading, const struct rg_json_value *value, int64_t max,
                      struct rg_str *ret_text)
{
    struct rg_str text;
    if (!rg_json_str(value, &text) || text.n > (size_t)max || rg_event_has_controls(text, true))
        return false;
    *ret_text = rg_arena_str(reading->arena, text);
    return true;
}

static bool take_link(const struct rg_event_reading *reading, const struct rg_json_value *value, int64_t max,
                      struct rg_str *ret_link)
{
    struct rg_str text;
    if (!rg_json_str(value, &text) || text.n > (size_t)max || rg_event_has_controls(text, false) ||
        memchr(text.p, ' ', text.n) != NULL)
        return false;
    size_t scheme = text.n > 8 && strncasecmp(text.p, "https://", 8) == 0 ? 8 :
                    text.n > 7 && strncasecmp(text.p, "http://", 7) == 0  ? 7 :
                                                                            0;
    if (scheme == 0 || text.p[scheme] == '/')
        return false;
    *ret_link = rg_arena_str(reading->arena, text);
    return true;
}

static bool take_day(const struct rg_json_value *value, rg_day *ret_day)
{
    struct rg_str text;
    return rg_json_str(value, &text) && rg_day_parse(text, ret_day);
}

static bool take_instant(const struct rg_json_value *value, int64_t *ret_ms)
{
    struct rg_str text;
    rg_day day = RG_DAY_NONE;
    if (!rg_json_str(value, &text))
        return false;
    if (rg_instant_parse(text, ret_ms))
        return true;
    if (!rg_day_parse(text, &day))
        return false;
    *ret_ms = rg_instant_at(rg_zone_find(RG_STR("America/Sao_Paulo")), day, 1440) - 1;
    return true;
}

static bool take_word(const struct rg_words *words, const struct rg_json_value *value, int *ret_word)
{
    struct rg_str text;
    int word = rg_json_str(value, &text) ? rg_word(words, text) : -1;
    if (word < 0)
        return false;
    *ret_word = word;
    return true;
}

static bool take_percent(const struct rg_json_value *value, int64_t max, struct rg_decimal *ret_percent)
{
    struct rg_str text;
    struct rg_decimal percent;
    if (!rg_json_str(value, &text) || rg_decimal_parse(text, &percent, NULL) < 0)
        return false;
    if (rg_decimal_cmp(percent, (struct rg_decimal){.units = max, .scale = 0}) > 0)
        return false;
    *ret_percent = percent;
    return true;
}

static bool take_int(const struct rg_json_value *value, int64_t min, int64_t max, int64_t *ret_number)
{
    int64_t number = 0;
    if (!rg_json_int(value, &number) || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

void rg_event_texts(struct rg_event *event, enum rg_field field, struct rg_str ***ret_items, size_t **ret_count)
{
    rg_assert(field == RG_F_TAGS || field == RG_F_INVOICES);
    *ret_items = field == RG_F_TAGS ? &event->tags : &event->invoices;
    *ret_count = field == RG_F_TAGS ? &event->tag_count : &event->invoice_count;
}

static bool list_fits(const struct rg_field_row *row, const struct rg_json_value *value)
{
    size_t n = rg_json_count(value);
    return rg_json_kind(value) == RG_JSON_ARRAY && n >= (size_t)row->min && n <= (size_t)row->max;
}

static int take_texts(const struct rg_event_reading *reading, const struct rg_field_row *row, const struct rg_json_value *value)
{
    struct rg_str **items;
    size_t *count;
    if (!list_fits(row, value))
        return refuse_value(reading, row, value);
    rg_event_texts(reading->event, row->field, &items, &count);
    *items = RG_NEW(reading->arena, struct rg_str, rg_json_count(value) + 1);
    RG_JSON_EACH(item, value) {
        if (!take_id(reading, item, RG_ID_BYTES_MAX, &(*items)[*count])) {
            char path[PLACE_MAX];
            (void)snprintf(path, sizeof path, "%s[%zu]", row->path, *count);
            return refuse_at(reading, path, item, false, "text of 1 to 128 bytes without control characters");
        }
        (*count)++;
    }
    return 0;
}

static int refuse_item(const struct rg_event_reading *reading, const struct rg_field_row *row, size_t index, const char *member,
                       const struct rg_json_value *value, const char *expected)
{
    char path[PLACE_MAX];
    (void)snprintf(path, sizeof path, "%s[%zu]%s%s", row->path, index, member[0] == '\0' ? "" : ".", member);
    return refuse_at(reading, path, value, row->personal, expected);
}

/* A flag that may be absent or null; false when it is something else. */
static bool take_flag(const struct rg_json_value *value, bool *ret_flag)
{
    return rg_json_kind(value) <= RG_JSON_NULL || rg_json_bool(value, ret_flag);
}

static int take_contacts(const struct rg_event_reading *reading, const struct rg_field_row *row,
                         const struct rg_json_value *value)
{
    struct rg_event *event = reading->event;
    if (!list_fits(row, value))
        return refuse_value(reading, row, value);
    event->contacts = RG_NEW(reading->arena, struct rg_contact, rg_json_count(value) + 1);
    RG_JSON_EACH(item, value) {
        size_t i = event->contact_count;
        struct rg_contact *contact = &event->contacts[i];
        bool verified = true;
        if (rg_json_kind(item) != RG_JSON_OBJECT)
            return refuse_item(reading, row, i, "", item, "an object with channel and address");
        if (!take_id(reading, rg_json_get(item, "channel"), RG_WORD_BYTES_MAX, &contact->channel))
            return refuse_item(reading, row, i, "channel", rg_json_get(item, "channel"), "the name of a channel");
        if (!take_id(reading, rg_json_get(item, "address"), RG_TEXT_BYTES_MAX, &contact->address))
            return refuse_item(reading, row, i, "address", rg_json_get(item, "address"),
                               "text of 1 to 512 bytes without control characters");
        if (!take_flag(rg_json_get(item, "verified"), &verified))
            return refuse_item(reading, row, i, "verified", rg_json_get(item, "verified"), "true or false");
        if (!take_flag(rg_json_get(item, "in_contract"), &contact->in_contract))
            return refuse_item(reading, row, i, "in_contract", rg_json_get(item, "in_contract"), "true or false");
        if (!take_flag(rg_json_get(item, "preferred"), &contact->preferred))
            return refuse_item(reading, row, i, "preferred", rg_json_get(item, "preferred"), "true or false");
        contact->verified_false = !verified;
        event->contact_count++;
    }
    return 0;
}

static int take_discounts(const struct rg_event_reading *reading, const struct rg_field_row *row,
                          const struct rg_json_value *value)
{
    struct rg_event *event = reading->event;
    if (!list_fits(row, value))
        return refuse_value(reading, row, value);
    RG_JSON_EACH(item, value) {
        size_t i = event->discount_count;
        struct rg_discount *tier = &event->discounts[i];
        const struct rg_json_value *percent = rg_json_get(item, "percent"), *cents = rg_json_get(item, "amount_cents");
        tier->by_percent = rg_json_kind(percent) > RG_JSON_NULL;
        if (rg_json_kind(item) != RG_JSON_OBJECT)
            return refuse_item(reading, row, i, "", item, "an object with percent or amount_cents, and until");
        if (tier->by_percent == (rg_json_kind(cents) > RG_JSON_NULL))
            return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s.%s[%zu]: expected either percent or amount_cents, found %s",
                             reading->where, "terms.discounts", i, tier->by_percent ? "both" : "neither");
        if (tier->by_percent && (!take_percent(percent, 100, &tier->percent) || tier->percent.units == 0))
            return refuse_item(reading, row, i, "percent", percent, "a percentage as text, such as \"5\", above 0, at most 100");
        if (!tier->by_percent && !take_int(cents, 1, RG_CENTS_MAX, &tier->amount_cents))
            return refuse_item(reading, row, i, "amount_cents", cents, "a whole number of centavos above 0");
        if (!take_day(rg_json_get(item, "until"), &tier->until))
            return refuse_item(reading, row, i, "until", rg_json_get(item, "until"), "a date such as 2026-11-23");
        event->discount_count++;
    }
    return 0;
}

static bool take_scalar(const struct rg_event_reading *reading, const struct rg_field_row *row, const struct rg_json_value *value)
{
    void *at = rg_event_at(reading->event, row);
    int word = 0;
    struct rg_str text;
    switch (row->kind) {
    case RG_FK_ID: return take_id(reading, value, row->max, at);
    case RG_FK_TEXT: return take_text(reading, value, row->max, at);
    case RG_FK_LINK: return take_link(reading, value, row->max, at);
    case RG_FK_CENTS: return take_int(value, row->min, row->max, at);
    case RG_FK_INT: return take_int(value, row->min, row->max, at);
    case RG_FK_DAY: return take_day(value, at);
    case RG_FK_INSTANT: return take_instant(value, at);
    case RG_FK_WORD: return take_word(row->words, value, at);
    case RG_FK_CHOICE:
        if (!take_word(row->words, value, &word) || !rg_json_str(value, &text))
            return false;
        *(struct rg_str *)at = rg_arena_str(reading->arena, text);
        return true;
    case RG_FK_BOOL: return rg_json_bool(value, at);
    case RG_FK_PERCENT: return take_percent(value, row->max, at);
    default: return false;
    }
}

static int take_field(const struct rg_event_reading *reading, const struct rg_field_row *row, const struct rg_json_value *value)
{
    int failed = 0;
    switch (row->kind) {
    case RG_FK_TEXTS: failed = take_texts(reading, row, value); break;
    case RG_FK_CONTACTS: failed = take_contacts(reading, row, value); break;
    case RG_FK_DISCOUNTS: failed = take_discounts(reading, row, value); break;
    default: failed = take_scalar(reading, row, value) ? 0 : refuse_value(reading, row, value); break;
    }
    if (failed == 0)
        reading->event->has |= RG_BIT(row->field);
    return failed;
}

/* Walks a path down; an explicit null above the field is a null of the field. */
static int walk(const struct rg_event_reading *reading, const struct rg_json_value *data, const char *path,
                const struct rg_json_value **ret_value)
{
    const struct rg_json_value *value = data;
    for (const char *p = path;;) {
        size_t n = strcspn(p, "/");
        value = rg_json_get_str(value, (struct rg_str){p, n});
        if (p[n] == '\0' || rg_json_kind(value) <= RG_JSON_NULL)
            break;
        if (rg_json_kind(value) != RG_JSON_OBJECT) {
            char above[PLACE_MAX];
            (void)snprintf(above, sizeof above, "%.*s", (int)(p + n - path), path);
            return refuse_at(reading, above, value, true, "an object");
        }
        p += n + 1;
    }
    *ret_value = value;
    return 0;
}

static int read_field(const struct rg_event_reading *reading, const struct rg_json_value *data, enum rg_field field,
                      const struct rg_type_row *type)
{
    const struct rg_field_row *row = &rg_field_rows[field];
    const struct rg_json_value *value = NULL;
    struct rg_event *event = reading->event;
    int failed = walk(reading, data, row->path, &value);
    if (failed < 0)
        return failed;
    if (rg_json_kind(value) > RG_JSON_NULL) {
        struct rg_field_row reversal = *row;
        if (event->type == RG_EV_PAYMENT_REVERSED && field == RG_F_REASON) {
            reversal.kind = RG_FK_CHOICE;
            reversal.words = &rg_words_reversal;
        }
        return take_field(reading, &reversal, value);
    }
    if ((type->required & RG_BIT(field)) != 0 && !reading->partial) {
        char place[PLACE_MAX];
        print_place(reading, row->path, place);
        return rg_refuse(reading->reject, RG_DEAD_MISSING_FIELD, "%s is %s; %s needs it", place,
                         value == NULL ? "missing" : "null", rg_event_type_name(event->type));
    }
    if (value != NULL && type->updates && (type->optional & RG_BIT(field)) != 0)
        event->null |= RG_BIT(field);
    return 0;
}

/* Forgets everything but what the caller had filled in. */
static void start_event(struct rg_event *event)
{
    *event = (struct rg_event){
        .type = event->type, .id = event->id, .source = event->source, .time_ms = event->time_ms, .ns = event->ns,
        .due_on = RG_DAY_NONE, .issued_on = RG_DAY_NONE, .pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE,
        .available_on = RG_DAY_NONE, .on = RG_DAY_NONE, .pay_on = RG_DAY_NONE, .score_on = RG_DAY_NONE,
    };
}

int rg_event_fields(const struct rg_event_reading *reading, const struct rg_json_value *data)
{
    start_event(reading->event);
    const struct rg_type_row *type = rg_event_type_row(reading->event->type);
    if (rg_json_kind(data) != RG_JSON_OBJECT)
        return rg_refuse(reading->reject, RG_DEAD_BAD_FIELD, "%s: expected an object, found %s", reading->where,
                         rg_json_kind_name(rg_json_kind(data)));
    for (uint64_t fields = type->required | type->optional; fields != 0; fields &= fields - 1) {
        int failed = read_field(reading, data, (enum rg_field)__builtin_ctzll(fields), type);
        if (failed < 0)
            return failed;
    }
    return 0;
}

/* debtor_details is a debtor.updated of its own, about the same debtor. */
static int read_details(const struct rg_event_reading *reading, const struct rg_json_value *value)
{
    struct rg_event *event = reading->event;
    char where[PLACE_MAX];
    (void)snprintf(where, sizeof where, "%s.debtor_details", reading->where);
    if (!rg_event_has(event, RG_F_DEBTOR))
        return rg_refuse(reading->reject, RG_DEAD_MISSING_FIELD, "%s.debtor is missing; debtor_details need it", reading->where);
    struct rg_event *details = RG_NEW(reading->arena, struct rg_event, 1);
    *details = (struct rg_event){
        .type = RG_EV_DEBTOR_UPDATED, .id = event->id, .source = event->source, .time_ms = event->time_ms, .ns = event->ns};
    struct rg_event_reading inner = *reading;
    inner.event = details;
    inner.where = where;
    inner.partial = true; /* its debtor is the invoice's, whatever stands in there */
    int failed = rg_event_fields(&inner, value);
    if (failed < 0)
        return failed;
    details->debtor = event->debtor;
    details->has |= RG_BIT(RG_F_DEBTOR);
    failed = rg_event_settle(&inner);
    if (failed < 0)
        return failed;
    event->details = details;
    return 0;
}

int rg_event_decode(struct rg_event *event, const struct rg_json_value *data, struct rg_arena *arena, struct rg_reject *reject)
{
    struct rg_event_reading reading = {.event = event, .arena = arena, .reject = reject, .where = "data"};
    int failed = rg_event_fields(&reading, data);
    if (failed < 0)
        return failed;
    const struct rg_json_value *currency = rg_json_get(data, "currency");
    struct rg_str code = RG_STR("BRL");
    if (rg_json_kind(currency) > RG_JSON_NULL && (!rg_json_str(currency, &code) || !rg_str_is(code, "BRL")))
        return refuse_at(&reading, "currency", currency, false, "BRL");
    failed = rg_event_settle(&reading);
    if (failed < 0)
        return failed;
    const struct rg_json_value *details = rg_json_get(data, "debtor_details");
    if (rg_event_type_row(event->type)->details && rg_json_kind(details) > RG_JSON_NULL)
        return read_details(&reading, details);
    return 0;
}
