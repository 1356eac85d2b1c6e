/* {key, headers: [[name, value]…], value|value_b64} → {valid, attributes, data: {json}|{text}|{b64}|null} | {valid: false,
 * reason} */
#include "tests/adapter/suite.h"

#include "consumers/decode/base64.h"
#include "consumers/decode/cloudevents.h"

#define HEADERS_EXPECTED "expected \"headers\" to be a list of at most 64 pairs of name and value"
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

static void write_base64(struct rg_jw *answer, struct rg_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, bytes.n * 2 + 4);
    for (size_t i = 0; i < bytes.n; i += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < bytes.n ? (unsigned char)bytes.p[i + j] : 0U);
        for (size_t j = 0; j < 4; j++)
            rg_buf_addc(&text, i + j > bytes.n ? '=' : digits[bits >> (18 - 6 * j) & 63]);
    }
    rg_jw_member_str(answer, "b64", text.len == 0 ? RG_STR("") : rg_buf_str(&text));
}

static bool ask_headers(const struct rg_json_value *question, struct rg_jw *answer, struct rg_message_header *room,
                        struct rg_message *message)
{
    const struct rg_json_value *headers = rg_json_get(question, "headers");
    bool list = rg_json_kind(headers) == RG_JSON_ABSENT || rg_json_kind(headers) == RG_JSON_ARRAY;
    if (!list) {
        rg_jw_member_cstr(answer, "error", HEADERS_EXPECTED);
        return false;
    }
    RG_JSON_EACH(pair, headers) {
        struct rg_message_header header = {.value = {NULL, 0}};
        const struct rg_json_value *value = rg_json_at(pair, 1);
        bool fine = rg_json_str(rg_json_at(pair, 0), &header.name) &&
                    (rg_json_kind(value) == RG_JSON_NULL || rg_json_str(value, &header.value));
        if (!fine || message->header_count == RG_MESSAGE_HEADERS_MAX) {
            rg_jw_member_cstr(answer, "error", HEADERS_EXPECTED);
            return false;
        }
        room[message->header_count++] = header;
    }
    message->headers = room;
    return true;
}

static bool ask_value(const struct rg_json_value *question, struct rg_jw *answer, struct rg_arena *arena,
                      struct rg_message *message)
{
    struct rg_str text;
    const struct rg_json_value *base64 = rg_json_get(question, "value_b64"), *value = rg_json_get(question, "value");
    if (rg_json_kind(base64) > RG_JSON_NULL) {
        if (rg_json_str(base64, &text) && rg_base64_decode(text, arena, &message->value))
            return true;
        rg_jw_member_cstr(answer, "error", "expected \"value_b64\" to be base64");
        return false;
    }
    if (rg_json_kind(value) <= RG_JSON_NULL) /* a record without a value */
        return true;
    return rg_ask_str(question, "value", answer, &message->value);
}

static void write_event(struct rg_jw *answer, const struct rg_cloudevent *event)
{
    rg_jw_member_bool(answer, "valid", true);
    rg_jw_member_object(answer, "attributes");
    for (size_t i = 0; i < event->attribute_count; i++) {
        rg_jw_key_str(answer, event->attributes[i].name);
        rg_jw_str(answer, event->attributes[i].value);
    }
    rg_jw_object_end(answer);
    if (event->kind == RG_CE_NOTHING) {
        rg_jw_member_null(answer, "data");
        return;
    }
    rg_jw_member_object(answer, "data");
    if (event->kind == RG_CE_JSON) {
        rg_jw_key(answer, "json");
        rg_jw_value(answer, event->json);
    } else if (event->kind == RG_CE_TEXT) {
        rg_jw_member_str(answer, "text", event->bytes);
    } else {
        write_base64(answer, event->bytes);
    }
    rg_jw_object_end(answer);
}

void rg_suite_cloudevents(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(ARENA_BYTES);
    struct rg_cloudevent event RG_CLEANUP(rg_cloudevent_done) = {0};
    struct rg_message_header headers[RG_MESSAGE_HEADERS_MAX];
    struct rg_message message = {.value = {NULL, 0}};
    struct rg_reject reject;
    if (rg_json_kind(rg_json_get(question, "key")) > RG_JSON_NULL && !rg_ask_str(question, "key", answer, &message.key))
        return;
    if (!ask_headers(question, answer, headers, &message) || !ask_value(question, answer, arena, &message))
        return;
    if (rg_cloudevent_read(&message, arena, &event, &reject) == 0) {
        write_event(answer, &event);
        return;
    }
    rg_jw_member_bool(answer, "valid", false);
    rg_jw_member_cstr(answer, "reason", reject.detail);
}
