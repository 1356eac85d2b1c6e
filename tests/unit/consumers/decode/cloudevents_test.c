/* Both modes of the Kafka binding: what is read, what is refused and by which sentence. */
#include "tests/unit/consumers/decode/message_support.h"

#define STRUCTURED "content-type: application/cloudevents+json"
#define BINARY "ce_id: 1", "ce_source: /s", "ce_specversion: 1.0", "ce_type: regua.invoice.voided"
#define ENVELOPE "\"id\":\"1\",\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"regua.invoice.voided\""

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)16 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static struct rg_str attribute(const struct rg_cloudevent *event, const char *name)
{
    for (size_t i = 0; i < event->attribute_count; i++)
        if (rg_str_is(event->attributes[i].name, name))
            return event->attributes[i].value;
    return (struct rg_str){NULL, 0};
}

static void what_is_an_event_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *headers[9], *value;
        enum rg_cloudevent_data kind;
        const char *text; /* of TEXT and BINARY */
        const char *name, *expected; /* one attribute */
    } rows[] = {
        {{STRUCTURED}, "{" ENVELOPE ",\"data\":{\"a\":1}}", RG_CE_JSON, NULL, "id", "1"},
        {{"Content-Type: Application/CloudEvents+JSON; charset=UTF-8"},
         "{" ENVELOPE ",\"data\":[]}",
         RG_CE_JSON,
         NULL,
         "source",
         "/s"},
        {{"content-type: application/cloudevents+json;charset=\"utf-8\""},
         "{" ENVELOPE ",\"data\":0}",
         RG_CE_JSON,
         NULL,
         NULL,
         NULL},
        {{STRUCTURED}, "{" ENVELOPE "}", RG_CE_NOTHING, NULL, "type", "regua.invoice.voided"},
        {{STRUCTURED}, "{" ENVELOPE ",\"data\":null,\"subject\":null}", RG_CE_NOTHING, NULL, "subject", NULL},
        {{STRUCTURED}, "{" ENVELOPE ",\"data_base64\":\"eyJhIjoxfQ==\"}", RG_CE_BINARY, "{\"a\":1}", NULL, NULL},
        {{STRUCTURED}, "{" ENVELOPE ",\"data_base64\":\"eyJhIjoxfQ==\",\"data\":null}", RG_CE_BINARY, "{\"a\":1}", NULL, NULL},
        {{STRUCTURED},
         "{" ENVELOPE ",\"datacontenttype\":\"text/plain\",\"data\":\"olá\"}",
         RG_CE_TEXT,
         "olá",
         "datacontenttype",
         "text/plain"},
        {{STRUCTURED}, "{" ENVELOPE ",\"datacontenttype\":\"application/json\",\"data\":\"olá\"}", RG_CE_JSON, NULL, NULL, NULL},
        {{STRUCTURED},
         "{" ENVELOPE ",\"datacontenttype\":\"application/vnd.x+JSON\",\"data\":\"x\"}",
         RG_CE_JSON,
         NULL,
         NULL,
         NULL},
        {{STRUCTURED}, "{" ENVELOPE ",\"datacontenttype\":\"text/plain\",\"data\":{}}", RG_CE_JSON, NULL, NULL, NULL},
        {{STRUCTURED},
         "{" ENVELOPE ",\"time\":\"2026-11-25T10:00:00-03:00\",\"partitionkey\":\"c1\",\"urgent\":true}",
         RG_CE_NOTHING,
         NULL,
         "urgent",
         "true"},
        {{STRUCTURED}, "{" ENVELOPE ",\"sequence\":-2147483648}", RG_CE_NOTHING, NULL, "sequence", "-2147483648"},
        {{STRUCTURED, "ce_id: other", "ce_type: other"}, "{" ENVELOPE "}", RG_CE_NOTHING, NULL, "id", "1"}, /* content-type
                                                                                                               decides */
        {{BINARY, "content-type: application/json"}, "{\"a\":1}", RG_CE_JSON, NULL, "datacontenttype", "application/json"},
        {{BINARY, "content-type: application/json; charset=utf-8"}, "[1]", RG_CE_JSON, NULL, NULL, NULL},
        {{BINARY}, "{\"a\":1}", RG_CE_JSON, NULL, "datacontenttype", NULL}, /* nothing said: JSON */
        {{BINARY, "ce_datacontenttype: text/plain"}, "olá", RG_CE_TEXT, "olá", "datacontenttype", "text/plain"},
        {{BINARY, "ce_datacontenttype: text/plain", "content-type: application/json"},
         "{}",
         RG_CE_JSON,
         NULL,
         "datacontenttype",
         "application/json"},
        {{BINARY, "content-type: text/plain"}, "\xff", RG_CE_BINARY, "\xff", NULL, NULL},
        {{BINARY, "content-type: application/octet-stream"}, "abc", RG_CE_BINARY, "abc", NULL, NULL},
        {{BINARY, "content-type: text/xml"}, "<a/>", RG_CE_TEXT, "<a/>", NULL, NULL},
        {{BINARY}, NULL, RG_CE_NOTHING, NULL, "id", "1"},
        {{BINARY, "CE_subject: F1", "other: x", "ce_time: 2026-11-25T10:00:00Z"}, NULL, RG_CE_NOTHING, NULL, "subject", "F1"},
        {{BINARY, "ce_id: 1"}, NULL, RG_CE_NOTHING, NULL, "id", "1"}, /* twice the same says nothing new */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_message_header room[8];
        struct rg_message message = message_of(rows[i].headers, rows[i].value, room);
        struct rg_cloudevent event RG_CLEANUP(rg_cloudevent_done) = {0};
        struct rg_reject reject = {.detail = ""};
        if (rg_cloudevent_read(&message, arena, &event, &reject) < 0)
            fail_msg("row %zu: %s", i, reject.detail);
        assert_int_equal(event.kind, rows[i].kind);
        assert_true((event.json != NULL) == (rows[i].kind == RG_CE_JSON));
        if (rows[i].text != NULL)
            assert_true(rg_str_is(event.bytes, rows[i].text));
        if (rows[i].name != NULL)
            assert_true(rg_str_eq(attribute(&event, rows[i].name), rg_str(rows[i].expected)));
    }
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *headers[9], *value, *reason, *says;
    } rows[] = {
        {{NULL}, "{}", RG_DEAD_BAD_ENVELOPE, "no CloudEvent"},
        {{NULL}, "{" ENVELOPE ",\"data\":{}}", RG_DEAD_BAD_ENVELOPE, "no CloudEvent"},
        {{"content-type: application/json"}, "{" ENVELOPE "}", RG_DEAD_BAD_ENVELOPE, "no CloudEvent"},
        {{"content-type: application/cloudevents"},
         "{" ENVELOPE "}",
         RG_DEAD_BAD_ENVELOPE,
         "only application/cloudevents+json is read"},
        {{"content-type: application/cloudevents+avro"}, "x", RG_DEAD_BAD_ENVELOPE, "only application/cloudevents+json is read"},
        {{"content-type: application/cloudevents+avro", BINARY}, "x", RG_DEAD_BAD_ENVELOPE, "only application/cloudevents+json"},
        {{"content-type: application/cloudevents-batch+json"}, "[{" ENVELOPE "}]", RG_DEAD_BAD_ENVELOPE, "batches"},
        {{"content-type: application/cloudevents-batch"}, "[]", RG_DEAD_BAD_ENVELOPE, "batches"},
        {{"content-type: application/cloudevents+json; charset=iso-8859-1"},
         "{" ENVELOPE "}",
         RG_DEAD_BAD_ENVELOPE,
         "only UTF-8"},
        {{STRUCTURED}, "", RG_DEAD_BAD_JSON, ""},
        {{STRUCTURED}, "{" ENVELOPE, RG_DEAD_BAD_JSON, ""},
        {{STRUCTURED}, "{" ENVELOPE ",\"id\":\"2\"}", RG_DEAD_BAD_JSON, ""},
        {{STRUCTURED}, NULL, RG_DEAD_BAD_ENVELOPE, "without a value"},
        {{STRUCTURED}, "[]", RG_DEAD_BAD_ENVELOPE, "expected an object as envelope, found array"},
        {{STRUCTURED},
         "{\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "attribute id is missing"},
        {{STRUCTURED},
         "{\"id\":\"1\",\"specversion\":\"1.0\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "attribute source is missing"},
        {{STRUCTURED},
         "{\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "attribute specversion is missing"},
        {{STRUCTURED},
         "{\"id\":\"1\",\"source\":\"/s\",\"specversion\":\"1.0\"}",
         RG_DEAD_BAD_ENVELOPE,
         "attribute type is missing"},
        {{STRUCTURED},
         "{\"id\":\"\",\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "id is empty"},
        {{STRUCTURED},
         "{\"id\":null,\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "id is missing"},
        {{STRUCTURED},
         "{\"id\":1,\"source\":\"/s\",\"specversion\":\"1.0\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "attribute id: number"},
        {{STRUCTURED},
         "{\"id\":\"1\",\"source\":\"/s\",\"specversion\":\"0.3\",\"type\":\"t\"}",
         RG_DEAD_BAD_ENVELOPE,
         "specversion: expected 1.0, found \"0.3\""},
        {{STRUCTURED}, "{" ENVELOPE ",\"subject\":\"\"}", RG_DEAD_BAD_ENVELOPE, "subject is empty"},
        {{STRUCTURED}, "{" ENVELOPE ",\"time\":\"2026-11-25 10:00\"}", RG_DEAD_BAD_ENVELOPE, "time: expected an instant"},
        {{STRUCTURED}, "{" ENVELOPE ",\"Extension\":\"x\"}", RG_DEAD_BAD_ENVELOPE, "attribute names are made of"},
        {{STRUCTURED}, "{" ENVELOPE ",\"my_ext\":\"x\"}", RG_DEAD_BAD_ENVELOPE, "attribute names are made of"},
        {{STRUCTURED}, "{" ENVELOPE ",\"ext\":{}}", RG_DEAD_BAD_ENVELOPE, "attribute ext: object"},
        {{STRUCTURED}, "{" ENVELOPE ",\"ext\":1.5}", RG_DEAD_BAD_ENVELOPE, "attribute ext: number"},
        {{STRUCTURED}, "{" ENVELOPE ",\"ext\":2147483648}", RG_DEAD_BAD_ENVELOPE, "attribute ext: number"},
        {{STRUCTURED}, "{" ENVELOPE ",\"data\":{},\"data_base64\":\"\"}", RG_DEAD_BAD_ENVELOPE, "exclude each other"},
        {{STRUCTURED}, "{" ENVELOPE ",\"data_base64\":\"a\"}", RG_DEAD_BAD_ENVELOPE, "no base64"},
        {{STRUCTURED}, "{" ENVELOPE ",\"data_base64\":5}", RG_DEAD_BAD_ENVELOPE, "no base64"},
        {{BINARY, "content-type: application/json"}, "{", RG_DEAD_BAD_JSON, ""},
        {{BINARY}, "", RG_DEAD_BAD_JSON, ""},
        {{BINARY, "ce_id: 2"}, "{}", RG_DEAD_BAD_ENVELOPE, "attribute id is there twice with different values"},
        {{BINARY, "ce_my-ext: 2"}, "{}", RG_DEAD_BAD_ENVELOPE, "attribute names are made of"},
        {{BINARY, "ce_: 2"}, "{}", RG_DEAD_BAD_ENVELOPE, "attribute names are made of"},
        {{BINARY, "ce_subject: \xff"}, "{}", RG_DEAD_BAD_ENVELOPE, "attribute subject is not UTF-8"},
        {{BINARY, "ce_time: now"}, "{}", RG_DEAD_BAD_ENVELOPE, "time: expected an instant"},
        {{"ce_id: 1", "ce_source: /s", "ce_type: t"}, "{}", RG_DEAD_BAD_ENVELOPE, "attribute specversion is missing"},
        {{"ce_id: 1", "ce_source: /s", "ce_type: t", "ce_specversion: 1"},
         "{}",
         RG_DEAD_BAD_ENVELOPE,
         "specversion: expected 1.0"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_message_header room[8];
        struct rg_message message = message_of(rows[i].headers, rows[i].value, room);
        struct rg_cloudevent event = {.attribute_count = 77};
        struct rg_reject reject = {.detail = ""};
        if (rg_cloudevent_read(&message, arena, &event, &reject) == 0)
            fail_msg("row %zu was read", i);
        assert_string_equal(reject.reason, rows[i].reason);
        if (strstr(reject.detail, rows[i].says) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, reject.detail, rows[i].says);
        assert_int_equal(event.attribute_count, 77);
    }
}

static void a_null_header_is_no_header(void **state)
{
    (void)state;
    struct rg_message_header headers[] = {
        {RG_STR("ce_id"), RG_STR("1")}, {RG_STR("ce_source"), RG_STR("/s")}, {RG_STR("ce_specversion"), RG_STR("1.0")},
        {RG_STR("ce_type"), RG_STR("t")}, {RG_STR("ce_subject"), {NULL, 0}}, {RG_STR("content-type"), {NULL, 0}},
    };
    struct rg_message message = {.value = RG_STR("{}"), .headers = headers, .header_count = RG_COUNT(headers)};
    struct rg_cloudevent event RG_CLEANUP(rg_cloudevent_done) = {0};
    struct rg_reject reject;
    assert_int_equal(rg_cloudevent_read(&message, arena, &event, &reject), 0);
    assert_int_equal(event.attribute_count, 4);
}

static void attributes_are_counted(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        struct rg_buf value RG_CLEANUP(rg_buf_done);
        struct rg_message_header header = {RG_STR("content-type"), RG_STR("application/cloudevents+json")};
        struct rg_cloudevent event RG_CLEANUP(rg_cloudevent_done) = {0};
        struct rg_reject reject = {.detail = ""};
        rg_buf_init(&value, 65536);
        rg_buf_adds(&value, "{" ENVELOPE);
        for (int i = 4; i < RG_CLOUDEVENT_ATTRIBUTES_MAX + extra; i++)
            rg_buf_addf(&value, ",\"ext%d\":%d", i, i);
        rg_buf_adds(&value, "}");
        struct rg_message message = {.value = rg_buf_str(&value), .headers = &header, .header_count = 1};
        assert_int_equal(rg_cloudevent_read(&message, arena, &event, &reject), extra == 0 ? 0 : RG_EINVAL);
        assert_true(extra == 0 || strstr(reject.detail, "more than 64 attributes") != NULL);
    }
}

static void an_event_of_a_mebibyte_is_too_large(void **state)
{
    (void)state;
    char *value = rg_arena_alloc(arena, (size_t)1024 * 1024);
    memset(value, ' ', (size_t)1024 * 1024);
    struct rg_message_header header = {RG_STR("content-type"), RG_STR("application/cloudevents+json")};
    struct rg_message message = {.value = {value, (size_t)1024 * 1024}, .headers = &header, .header_count = 1};
    struct rg_cloudevent event = {0};
    struct rg_reject reject;
    assert_int_equal(rg_cloudevent_read(&message, arena, &event, &reject), RG_EINVAL);
    assert_string_equal(reject.reason, RG_DEAD_TOO_LARGE);
    assert_non_null(strstr(reject.detail, "1048576"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_an_event_is_read), cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(a_null_header_is_no_header), cmocka_unit_test(an_event_of_a_mebibyte_is_too_large),
        cmocka_unit_test(attributes_are_counted),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
