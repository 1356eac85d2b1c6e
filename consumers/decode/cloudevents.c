/* Written along the CloudEvents core specification 1.0.2, its JSON format and its Kafka binding. Where software in use differs
 * from them, the stricter reading wins as long as it refuses nothing that a working producer sends: "Content-Type" and "CE_" in
 * any case, a missing content-type in binary mode and a header ce_datacontenttype are taken; two different values for one
 * attribute, names outside a–z and 0–9, or data given twice are refused, because two readers would understand them differently. */
#include "consumers/decode/cloudevents.h"

#include "brazil/days/date.h"
#include "consumers/decode/base64.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ATTRIBUTE_NAME_MAX 64 /* the specification suggests 20 */
#define MEDIA_TYPE_MAX 200

static const char cloudevents_type[] = "application/cloudevents";

void rg_cloudevent_done(struct rg_cloudevent *event)
{
    rg_json_free(&event->doc);
}

static bool is_name(struct rg_str text, const char *name)
{
    return text.n == strlen(name) && strncasecmp(text.p, name, text.n) == 0;
}

/* "Application/JSON; charset=utf-8" → "application/json"; absent stays absent. */
static struct rg_str media_type(struct rg_str value, struct rg_arena *arena)
{
    if (value.p == NULL)
        return value;
    size_t end = 0, start = 0;
    while (end < value.n && value.p[end] != ';')
        end++;
    while (start < end && (value.p[start] == ' ' || value.p[start] == '\t'))
        start++;
    while (end > start && (value.p[end - 1] == ' ' || value.p[end - 1] == '\t'))
        end--;
    char *lower = rg_arena_alloc(arena, end - start + 1);
    for (size_t i = start; i < end; i++)
        lower[i - start] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] | 0x20 : value.p[i]);
    return (struct rg_str){lower, end - start};
}

/* Another character set than UTF-8 is named in the parameters. */
static bool other_charset(struct rg_str value)
{
    static const char word[] = "charset=";
    for (size_t i = 0; i + sizeof word - 1 <= value.n; i++) {
        if (strncasecmp(value.p + i, word, sizeof word - 1) != 0)
            continue;
        const char *at = value.p + i + sizeof word - 1;
        size_t left = value.n - i - (sizeof word - 1);
        size_t quote = left > 0 && at[0] == '"' ? 1 : 0;
        return left < quote + 5 || strncasecmp(at + quote, "utf-8", 5) != 0;
    }
    return false;
}

static bool ends_in(struct rg_str text, const char *end)
{
    size_t n = strlen(end);
    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

static bool is_json_type(struct rg_str media)
{
    return media.p == NULL || rg_str_is(media, "application/json") || rg_str_is(media, "text/json") || ends_in(media, "+json");
}

static bool is_text_type(struct rg_str media)
{
    return media.n > 5 && memcmp(media.p, "text/", 5) == 0;
}

static bool good_attribute_name(struct rg_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9')))
            return false;
    return name.n > 0 && name.n <= ATTRIBUTE_NAME_MAX;
}

static struct rg_str attribute(const struct rg_cloudevent *event, const char *name)
{
    for (size_t i = 0; i < event->attribute_count; i++)
        if (rg_str_is(event->attributes[i].name, name))
            return event->attributes[i].value;
    return (struct rg_str){NULL, 0};
}

static int add_attribute(struct rg_cloudevent *event, struct rg_str name, struct rg_str value, struct rg_arena *arena,
                         struct rg_reject *reject)
{
    if (!good_attribute_name(name))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute names are made of a–z and 0–9, found \"%.64s\"",
                         rg_arena_str(arena, name).p);
    if (!rg_utf8_valid(value))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute %.64s is not UTF-8", rg_arena_str(arena, name).p);
    struct rg_str before = attribute(event, rg_arena_str(arena, name).p);
    if (before.p != NULL && !rg_str_eq(before, value))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute %.64s is there twice with different values",
                         rg_arena_str(arena, name).p);
    if (before.p == NULL && event->attribute_count == RG_CLOUDEVENT_ATTRIBUTES_MAX)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "more than %d attributes", RG_CLOUDEVENT_ATTRIBUTES_MAX);
    if (before.p == NULL)
        event->attributes[event->attribute_count++] =
            (struct rg_cloudevent_attribute){rg_arena_str(arena, name), rg_arena_str(arena, value)};
    return 0;
}

/* What both modes have to look like once their attributes are known. */
static int check_attributes(struct rg_cloudevent *event, struct rg_reject *reject)
{
    static const char *const never_empty[] = {"id", "source", "specversion", "type", "subject", "dataschema", "datacontenttype"};
    for (size_t i = 0; i < RG_COUNT(never_empty); i++) {
        struct rg_str value = attribute(event, never_empty[i]);
        if (value.p == NULL && i < 4)
            return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute %s is missing", never_empty[i]);
        if (value.p != NULL && value.n == 0)
            return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute %s is empty", never_empty[i]);
    }
    struct rg_str version = attribute(event, "specversion");
    if (!rg_str_is(version, "1.0"))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "specversion: expected 1.0, found \"%.20s\"", version.p);
    event->id = attribute(event, "id");
    event->source = attribute(event, "source");
    event->type = attribute(event, "type");
    event->time = attribute(event, "time");
    int64_t ms = 0;
    if (event->time.p != NULL && !rg_instant_parse(event->time, &ms))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE,
                         "time: expected an instant such as 2026-11-23T10:00:00-03:00, found \"%.40s\"", event->time.p);
    return 0;
}

static int parse_json(struct rg_str bytes, struct rg_cloudevent *event, struct rg_reject *reject)
{
    struct rg_error err;
    int failed = rg_json_parse(bytes, RG_EVENT_BYTES_MAX, &event->doc, &err);
    if (failed < 0)
        return rg_refuse(reject, failed == RG_ELIMIT && bytes.n > RG_EVENT_BYTES_MAX ? RG_DEAD_TOO_LARGE : RG_DEAD_BAD_JSON, "%s",
                         err.text);
    return 0;
}

/* ---- binary mode ---- */

static int read_binary_data(const struct rg_message *message, struct rg_str media, struct rg_arena *arena,
                            struct rg_cloudevent *event, struct rg_reject *reject)
{
    if (message->value.p == NULL)
        return 0;
    if (is_json_type(media)) {
        int failed = parse_json(message->value, event, reject);
        if (failed < 0)
            return failed;
        event->kind = RG_CE_JSON;
        event->json = rg_json_root(event->doc);
        return 0;
    }
    event->kind = is_text_type(media) && rg_utf8_valid(message->value) ? RG_CE_TEXT : RG_CE_BINARY;
    event->bytes = rg_arena_str(arena, message->value);
    return 0;
}

static int read_binary(const struct rg_message *message, struct rg_str content_type, struct rg_arena *arena,
                       struct rg_cloudevent *event, struct rg_reject *reject)
{
    bool any = false;
    event->attributes = RG_NEW(arena, struct rg_cloudevent_attribute, RG_CLOUDEVENT_ATTRIBUTES_MAX);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct rg_message_header *header = &message->headers[i];
        if (header->name.n < 3 || strncasecmp(header->name.p, "ce_", 3) != 0 || header->value.p == NULL)
            continue;
        any = true;
        struct rg_str name = {header->name.p + 3, header->name.n - 3};
        if (rg_str_is(name, "datacontenttype") && content_type.p != NULL)
            continue; /* some SDKs send it beside content-type, which wins */
        int failed = add_attribute(event, name, header->value, arena, reject);
        if (failed < 0)
            return failed;
    }
    if (!any)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE,
                         "no CloudEvent: neither content-type %s+json nor headers ce_id, ce_source, ce_specversion, ce_type",
                         cloudevents_type);
    if (content_type.p != NULL) {
        int failed = add_attribute(event, RG_STR("datacontenttype"), content_type, arena, reject);
        if (failed < 0)
            return failed;
    }
    int failed = check_attributes(event, reject);
    if (failed < 0)
        return failed;
    return read_binary_data(message, media_type(attribute(event, "datacontenttype"), arena), arena, event, reject);
}

/* ---- structured mode ---- */

/* The text of an attribute in the JSON format: strings, booleans and 32-bit integers. */
static bool attribute_text(const struct rg_json_value *value, struct rg_str *ret_text)
{
    bool flag = false;
    int64_t number = 0;
    if (rg_json_str(value, ret_text))
        return true;
    if (rg_json_bool(value, &flag)) {
        *ret_text = flag ? RG_STR("true") : RG_STR("false");
        return true;
    }
    if (!rg_json_int(value, &number) || number < INT32_MIN || number > INT32_MAX)
        return false;
    *ret_text = rg_json_number_text(value);
    return true;
}

/* The core attributes are strings; only extensions may be something else. */
static bool must_be_string(struct rg_str name)
{
    static const char *const core[] = {"id", "source", "specversion", "type", "subject", "dataschema", "datacontenttype", "time"};
    for (size_t i = 0; i < RG_COUNT(core); i++)
        if (rg_str_is(name, core[i]))
            return true;
    return false;
}

static int read_members(const struct rg_json_value *root, struct rg_arena *arena, struct rg_cloudevent *event,
                        struct rg_reject *reject)
{
    event->attributes = RG_NEW(arena, struct rg_cloudevent_attribute, RG_CLOUDEVENT_ATTRIBUTES_MAX);
    RG_JSON_EACH(member, root) {
        struct rg_str name = rg_json_key(member), value;
        if (rg_str_is(name, "data") || rg_str_is(name, "data_base64") || rg_json_kind(member) == RG_JSON_NULL)
            continue; /* null is the same as absent */
        if (!attribute_text(member, &value) || (must_be_string(name) && rg_json_kind(member) != RG_JSON_STRING))
            return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "attribute %.64s: %s is no value for it", name.p,
                             rg_json_kind_name(rg_json_kind(member)));
        int failed = add_attribute(event, name, value, arena, reject);
        if (failed < 0)
            return failed;
    }
    return check_attributes(event, reject);
}

static int read_structured_data(const struct rg_json_value *root, struct rg_arena *arena, struct rg_cloudevent *event,
                                struct rg_reject *reject)
{
    const struct rg_json_value *data = rg_json_get(root, "data"), *base64 = rg_json_get(root, "data_base64");
    struct rg_str text;
    if (rg_json_kind(data) > RG_JSON_NULL && rg_json_kind(base64) > RG_JSON_NULL)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "data and data_base64 exclude each other");
    if (rg_json_kind(base64) > RG_JSON_NULL) {
        if (!rg_json_str(base64, &text) || !rg_base64_decode(text, arena, &event->bytes))
            return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "data_base64 is no base64 text");
        event->kind = RG_CE_BINARY;
    } else if (rg_json_kind(data) > RG_JSON_NULL) {
        bool is_text = rg_json_str(data, &text) && !is_json_type(media_type(attribute(event, "datacontenttype"), arena));
        event->kind = is_text ? RG_CE_TEXT : RG_CE_JSON;
        event->json = is_text ? NULL : data;
        if (is_text)
            event->bytes = rg_arena_str(arena, text);
    }
    return 0;
}

static int read_structured(const struct rg_message *message, struct rg_arena *arena, struct rg_cloudevent *event,
                           struct rg_reject *reject)
{
    if (message->value.p == NULL)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "structured mode without a value");
    int failed = parse_json(message->value, event, reject);
    if (failed < 0)
        return failed;
    const struct rg_json_value *root = rg_json_root(event->doc);
    if (rg_json_kind(root) != RG_JSON_OBJECT)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "expected an object as envelope, found %s",
                         rg_json_kind_name(rg_json_kind(root)));
    failed = read_members(root, arena, event, reject);
    return failed < 0 ? failed : read_structured_data(root, arena, event, reject);
}

/* ---- both ---- */

/* application/cloudevents… : 1 to read as structured JSON, 0 not ours, negative refused. */
static int structured_kind(struct rg_str media, struct rg_reject *reject)
{
    size_t n = sizeof cloudevents_type - 1;
    if (media.n < n || memcmp(media.p, cloudevents_type, n) != 0)
        return 0;
    struct rg_str rest = {media.p + n, media.n - n};
    if (rg_str_is(rest, "+json"))
        return 1;
    if (rest.n >= 6 && memcmp(rest.p, "-batch", 6) == 0)
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "batches of CloudEvents do not exist on Kafka: send one event a record");
    return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "content-type %.80s: only %s+json is read",
                     media.p, cloudevents_type);
}

int rg_cloudevent_read(const struct rg_message *message, struct rg_arena *arena, struct rg_cloudevent *ret_event,
                       struct rg_reject *reject)
{
    struct rg_str content_type = {NULL, 0};
    for (size_t i = 0; i < message->header_count; i++)
        if (is_name(message->headers[i].name, "content-type") && message->headers[i].value.p != NULL)
            content_type = message->headers[i].value;
    if (content_type.n > MEDIA_TYPE_MAX || !rg_utf8_valid(content_type))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "content-type is no media type");
    if (other_charset(content_type))
        return rg_refuse(reject, RG_DEAD_BAD_ENVELOPE, "content-type: only UTF-8 is read");
    if (message->value.n > RG_EVENT_BYTES_MAX)
        return rg_refuse(reject, RG_DEAD_TOO_LARGE, "the value has %zu bytes, an event may have %zu", message->value.n,
                         RG_EVENT_BYTES_MAX);
    struct rg_cloudevent event RG_CLEANUP(rg_cloudevent_done) = {0};
    int structured = structured_kind(media_type(content_type, arena), reject);
    if (structured < 0)
        return structured;
    int failed = structured > 0 ? read_structured(message, arena, &event, reject)
                                : read_binary(message, content_type, arena, &event, reject);
    if (failed < 0)
        return failed;
    *ret_event = event;
    event.doc = NULL;
    return 0;
}
