/* The door against whatever arrives. The first byte picks what the rest is: a structured event, a binary one with headers in
 * front (name, colon, value, line feed; an empty line ends them), a document of another system, or a mapping in YAML. Whatever
 * is accepted has to come out in a form that can be read back, in partitions that there are; whatever is refused, in a dead letter
 * that its topic takes, and that can be sent again. */
#include "consumers/decode/decode.h"
#include "consumers/ingest/letter.h"
#include "consumers/ingest/route.h"

#include <string.h>

#define ARENA_BYTES ((size_t)128 * 1024 * 1024)
#define SHARDS 64
#define RECORD_BYTES_MAX ((size_t)4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mapping_yaml[] =
    "language: 1\nmapping: fuzz\nid: /id\n"
    "type: { pointer: /t, table: { I: invoice.issued, U: invoice.updated, C: payment.confirmed, D: debtor.updated, X: ignore } "
    "}\n"
    "time: { pointer: /at, zone: America/Sao_Paulo }\n"
    "data:\n"
    "  invoice: /f\n  debtor: /c\n  due_on: { pointer: /d, zone: America/Manaus }\n"
    "  amount_cents: { pointer: /a, unit: reais }\n  paid_at: { pointer: /p, format: unix }\n"
    "  issued_on: { pointer: /i, format: dmy }\n  tags: /tags\n  charge: { pix: { copy_paste: /pix }, link: /l }\n"
    "  name: /name\n  consumer: { pointer: /k, table: { a: \"true\", b: \"no\" } }\n  contacts: { email: /m, sms: /s }\n"
    "  debtor_details: { name: /name, contacts: { whatsapp: /s } }\n"
    "override:\n  C: { amount_cents: { pointer: /r, sum: /v, where: /s, is: [A], unit: reais } }\n";

static const struct rg_mapping *load(struct rg_str yaml, struct rg_arena *arena)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    const struct rg_doc *doc = NULL;
    if (rg_yaml_parse("fuzz.yaml", yaml, arena, diags, &doc) < 0 || rg_diags_errors(diags) > 0)
        return NULL;
    const struct rg_mapping *mapping = rg_mapping_read(doc, &(struct rg_reader){.diags = diags, .arena = arena});
    rg_assert((mapping == NULL) == (rg_diags_errors(diags) > 0));
    return mapping;
}

static void route(const struct rg_event *event, struct rg_arena *arena)
{
    const struct rg_origin origin = {.source = RG_STR("s"), .partition = 3, .offset = 7};
    struct rg_event back;
    struct rg_located located;
    struct rg_route route;
    struct rg_reject reject = {.reason = NULL};
    if (rg_route(event, &origin, SHARDS, 1, arena, &route, &reject) < 0) {
        rg_assert(reject.reason != NULL);
        return;
    }
    for (size_t i = 0; i < route.count; i++) {
        const struct rg_routed *record = &route.records[i];
        rg_assert(record->partition >= 0 && record->partition < SHARDS);
        if (record->kind == RG_REC_LOCATED)
            rg_assert(rg_located_read(record->value, arena, &located, NULL) == 0);
        else if (record->kind != RG_REC_UNKNOWN)
            rg_assert(rg_event_read(record->value, arena, &back, NULL) == 0);
    }
}

static void refuse(const struct rg_message *message, const struct rg_reject *reject, struct rg_arena *arena)
{
    struct rg_letter *letter = RG_NEW(arena, struct rg_letter, 1);
    for (int again = 0; again < 2; again++) {
        size_t bytes;
        rg_letter_write(message, "billing.events", 3, 7, again, reject, 1, arena, letter);
        bytes = letter->key.n + letter->value.n;
        for (size_t i = 0; i < letter->header_count; i++)
            bytes += strlen(letter->headers[i].name) + letter->headers[i].value.n;
        rg_assert(bytes <= RG_LETTER_RECORD_BYTES_MAX);
    }
}

static void decode(const struct rg_upstream *upstream, const struct rg_message *message, struct rg_arena *arena)
{
    struct rg_event event, back;
    struct rg_reject reject = {.reason = NULL};
    enum rg_decoded done = rg_decode(upstream, message, arena, &event, &reject);
    if (done == RG_DECODED_REJECT) {
        rg_assert(reject.reason != NULL && rg_utf8_valid(rg_str(reject.detail)));
        refuse(message, &reject, arena);
    }
    if (done != RG_DECODED_EVENT)
        return;
    for (int personal = 0; personal < 2; personal++) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        struct rg_jw jw;
        rg_buf_init(&buf, RECORD_BYTES_MAX);
        rg_jw_init(&jw, &buf);
        rg_event_write(&event, personal, &jw);
        rg_jw_done(&jw);
        rg_assert(rg_event_read(rg_buf_str(&buf), arena, &back, NULL) == 0);
    }
    route(&event, arena);
}

static void decode_cloudevent(struct rg_message *message, struct rg_arena *arena)
{
    static const struct rg_str creditors[] = {{"provedor", 8}};
    static const struct rg_service_of services[] = {{{"internet", 8}, {"provedor", 8}}};
    struct rg_upstream upstream = {.name = RG_STR("s"), .creditors = creditors, .creditor_count = 1, .services = services,
                                   .service_count = 1};
    decode(&upstream, message, arena);
}

static void decode_binary(struct rg_str bytes, struct rg_arena *arena)
{
    struct rg_message_header headers[RG_MESSAGE_HEADERS_MAX];
    struct rg_message message = {.headers = headers, .timestamp_ms = 0};
    while (bytes.n > 0 && bytes.p[0] != '\n' && message.header_count < RG_MESSAGE_HEADERS_MAX) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t line = end == NULL ? bytes.n : (size_t)(end - bytes.p);
        const char *colon = memchr(bytes.p, ':', line);
        size_t name = colon == NULL ? line : (size_t)(colon - bytes.p);
        headers[message.header_count++] = (struct rg_message_header){
            .name = {bytes.p, name},
            .value = colon == NULL ? (struct rg_str){NULL, 0} : (struct rg_str){colon + 1, line - name - 1},
        };
        bytes = (struct rg_str){bytes.p + line + (end != NULL ? 1 : 0), bytes.n - line - (end != NULL ? 1 : 0)};
    }
    message.value = bytes;
    decode_cloudevent(&message, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(ARENA_BYTES);
    struct rg_str bytes = {(const char *)data + 1, size - 1};
    struct rg_message_header header = {RG_STR("content-type"), RG_STR("application/cloudevents+json")};
    struct rg_message message = {.value = bytes, .headers = &header, .header_count = 1, .timestamp_ms = 0};
    struct rg_upstream upstream = {.name = RG_STR("s"), .format = RG_SOURCE_JSON, .ns = RG_STR("n")};
    switch (data[0] % 4) {
    case 0: decode_cloudevent(&message, arena); break;
    case 1: decode_binary(bytes, arena); break;
    case 2:
        upstream.mapping = load((struct rg_str){mapping_yaml, sizeof mapping_yaml - 1}, arena);
        rg_assert(upstream.mapping != NULL);
        decode(&upstream, &message, arena);
        break;
    default:
        upstream.mapping = load(bytes, arena);
        message.value = RG_STR(
            "{\"id\":1,\"t\":\"I\",\"event\":\"A\",\"f\":\"F\",\"a\":1.5,\"d\":\"2026-11-03\",\"payment\":{\"id\":\"p\"}}");
        if (upstream.mapping != NULL)
            decode(&upstream, &message, arena);
        break;
    }
    return 0;
}
