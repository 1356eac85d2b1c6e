/* The canonical forms and the way back. Both halves are written by the same walk over the field table, with the opposite
 * answer to "is it personal?", so nothing can be in neither; the reader is the decoder itself, because `data` keeps the shape
 * upstream uses. */
#include "config/contract/event_parts.h"

#include "config/contract/path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERCENT_TEXT_MAX 32
#define EVENT_VERSION 1

/* Ids that stand in both halves. */
#define SHARED_IDS (RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_INVOICE))

static void write_percent(struct rg_jw *jw, struct rg_decimal percent)
{
    char digits[PERCENT_TEXT_MAX], text[PERCENT_TEXT_MAX];
    int n = snprintf(digits, sizeof digits, "%0*" PRId64, percent.scale + 1, percent.units);
    if (percent.scale == 0)
        (void)snprintf(text, sizeof text, "%s", digits);
    else
        (void)snprintf(text, sizeof text, "%.*s.%s", n - percent.scale, digits, digits + n - percent.scale);
    rg_jw_cstr(jw, text);
}

static void write_day(struct rg_jw *jw, rg_day day)
{
    char text[RG_DAY_TEXT_MAX];
    rg_day_format(day, text);
    rg_jw_cstr(jw, text);
}

static void write_instant(struct rg_jw *jw, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    rg_instant_format(ms, 0, text);
    rg_jw_cstr(jw, text);
}

static void write_contacts(struct rg_jw *jw, const struct rg_event *event)
{
    rg_jw_array(jw);
    for (size_t i = 0; i < event->contact_count; i++) {
        const struct rg_contact *contact = &event->contacts[i];
        rg_jw_object(jw);
        rg_jw_member_str(jw, "channel", contact->channel);
        rg_jw_member_str(jw, "address", contact->address);
        if (contact->verified_false)
            rg_jw_member_bool(jw, "verified", false);
        if (contact->in_contract)
            rg_jw_member_bool(jw, "in_contract", true);
        if (contact->preferred)
            rg_jw_member_bool(jw, "preferred", true);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_discounts(struct rg_jw *jw, const struct rg_event *event)
{
    rg_jw_array(jw);
    for (size_t i = 0; i < event->discount_count; i++) {
        const struct rg_discount *tier = &event->discounts[i];
        rg_jw_object(jw);
        if (tier->by_percent) {
            rg_jw_key(jw, "percent");
            write_percent(jw, tier->percent);
        } else {
            rg_jw_member_int(jw, "amount_cents", tier->amount_cents);
        }
        rg_jw_key(jw, "until");
        write_day(jw, tier->until);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_texts(struct rg_jw *jw, const struct rg_event *event, enum rg_field field)
{
    const struct rg_str *items = field == RG_F_TAGS ? event->tags : event->invoices;
    size_t count = field == RG_F_TAGS ? event->tag_count : event->invoice_count;
    rg_jw_array(jw);
    for (size_t i = 0; i < count; i++)
        rg_jw_str(jw, items[i]);
    rg_jw_array_end(jw);
}

static void write_value(struct rg_jw *jw, const struct rg_event *event, const struct rg_field_row *row)
{
    const void *at = (const char *)event + row->offset;
    switch (row->kind) {
    case RG_FK_ID:
    case RG_FK_TEXT:
    case RG_FK_LINK:
    case RG_FK_CHOICE: rg_jw_str(jw, *(const struct rg_str *)at); break;
    case RG_FK_CENTS:
    case RG_FK_INT: rg_jw_int(jw, *(const int64_t *)at); break;
    case RG_FK_DAY: write_day(jw, *(const rg_day *)at); break;
    case RG_FK_INSTANT: write_instant(jw, *(const int64_t *)at); break;
    case RG_FK_WORD: rg_jw_cstr(jw, row->words->names[*(const int *)at]); break;
    case RG_FK_BOOL: rg_jw_bool(jw, *(const bool *)at); break;
    case RG_FK_PERCENT: write_percent(jw, *(const struct rg_decimal *)at); break;
    case RG_FK_TEXTS: write_texts(jw, event, row->field); break;
    case RG_FK_CONTACTS: write_contacts(jw, event); break;
    case RG_FK_DISCOUNTS: write_discounts(jw, event); break;
    case RG_FK_COUNT: rg_assert(row->kind != RG_FK_COUNT);
    }
}

static bool in_half(const struct rg_event *event, enum rg_field field, bool personal)
{
    return (personal && (SHARED_IDS & RG_BIT(field)) != 0) || rg_event_field_personal(event->type, field) == personal;
}

static void write_data(const struct rg_event *event, bool personal, struct rg_jw *jw)
{
    struct rg_path open = {0};
    rg_jw_member_object(jw, "data");
    for (uint64_t fields = event->has | event->null; fields != 0; fields &= fields - 1) {
        enum rg_field field = (enum rg_field)__builtin_ctzll(fields);
        if (!in_half(event, field, personal))
            continue;
        rg_path_key(jw, &open, rg_field_rows[field].path);
        if (rg_event_has(event, field))
            write_value(jw, event, &rg_field_rows[field]);
        else
            rg_jw_null(jw);
    }
    rg_path_end(jw, &open);
    rg_jw_object_end(jw);
}

void rg_event_write(const struct rg_event *event, bool personal, struct rg_jw *jw)
{
    rg_jw_object(jw);
    rg_jw_member_int(jw, "v", EVENT_VERSION);
    rg_jw_member_cstr(jw, "type", rg_event_type_name(event->type));
    rg_jw_member_str(jw, "id", event->id);
    rg_jw_member_str(jw, "source", event->source);
    rg_jw_key(jw, "time");
    write_instant(jw, event->time_ms);
    rg_jw_member_opt_str(jw, "ns", event->ns);
    if (personal)
        rg_jw_member_bool(jw, "personal", true);
    write_data(event, personal, jw);
    rg_jw_object_end(jw);
}

bool rg_event_has_half(const struct rg_event *event, bool personal)
{
    if (!personal && event->type != RG_EV_DEBTOR_UPDATED)
        return true;
    for (uint64_t fields = (event->has | event->null) & ~SHARED_IDS; fields != 0; fields &= fields - 1)
        if (rg_event_field_personal(event->type, (enum rg_field)__builtin_ctzll(fields)) == personal)
            return true;
    return false;
}

/* A member of the envelope as text in the arena. */
static bool envelope_text(const struct rg_json_value *root, const char *key, struct rg_arena *arena, struct rg_str *ret_text)
{
    struct rg_str text;
    if (!rg_json_str(rg_json_get(root, key), &text))
        return false;
    *ret_text = rg_arena_str(arena, text);
    return true;
}

static int read_envelope(const struct rg_json_value *root, struct rg_arena *arena, struct rg_event *event, struct rg_error *err)
{
    int64_t version = 0;
    struct rg_str type, time;
    if (!rg_json_int(rg_json_get(root, "v"), &version))
        return rg_fail(err, RG_EINVAL, "event record: v is missing");
    if (version != EVENT_VERSION)
        return rg_fail(err, RG_EREFUSED, "event record: version %lld is newer than this program", (long long)version);
    if (!rg_json_str(rg_json_get(root, "type"), &type) || rg_word(&rg_words_event_type, type) < 0)
        return rg_fail(err, RG_EINVAL, "event record: type is missing or unknown");
    if (!rg_json_str(rg_json_get(root, "time"), &time) || !rg_instant_parse(time, &event->time_ms))
        return rg_fail(err, RG_EINVAL, "event record: time is missing or no instant");
    if (!envelope_text(root, "id", arena, &event->id) || !envelope_text(root, "source", arena, &event->source))
        return rg_fail(err, RG_EINVAL, "event record: id or source is missing");
    event->type = (enum rg_event_type)rg_word(&rg_words_event_type, type);
    (void)envelope_text(root, "ns", arena, &event->ns); /* an event about a debtor alone needs none */
    return 0;
}

int rg_event_read(struct rg_str bytes, struct rg_arena *arena, struct rg_event *ret_event, struct rg_error *err)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_event event = {.type = RG_EV_NONE};
    struct rg_reject reject;
    bool personal;
    int failed = rg_json_parse(bytes, RG_EVENT_BYTES_MAX, &doc, err);
    if (failed < 0)
        return failed;
    const struct rg_json_value *root = rg_json_root(doc);
    failed = read_envelope(root, arena, &event, err);
    if (failed < 0)
        return failed;
    if (!rg_json_bool(rg_json_get(root, "personal"), &personal))
        personal = false;
    struct rg_event_reading reading = {.event = &event, .arena = arena, .reject = &reject, .where = "data", .partial = personal};
    if (rg_event_fields(&reading, rg_json_get(root, "data")) < 0)
        return rg_fail(err, RG_EINVAL, "event record: %s", reject.detail);
    *ret_event = event;
    return 0;
}
