/* The door as a whole: from a record to an event of the contract, completed with what only the installation knows. */
#include "consumers/decode/decode.h"

#include "tests/unit/consumers/decode/message_support.h"

#define STRUCTURED "content-type: application/cloudevents+json"
#define ENVELOPE(type) "\"id\":\"e1\",\"source\":\"/billing\",\"specversion\":\"1.0\",\"type\":\"" type "\""
#define ISSUED(more)                                                                                                             \
    "{" ENVELOPE("regua.invoice.issued") ",\"data\":{\"invoice\":\"F\",\"debtor\":\"c\",\"due_on\":\"2026-11-03\",\"amount_"     \
                                         "cents\":1" more "}}"
#define CONFIRMED "{" ENVELOPE("regua.payment.confirmed") ",\"data\":{\"invoice\":\"F\",\"amount_cents\":1}}"

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)64 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static const struct rg_str creditors[] = {{"provedor", 8}, {"escola", 6}};
static const struct rg_service_of services[] = {
    {{"internet", 8}, {"provedor", 8}}, {{"tv", 2}, {"provedor", 8}}, {{"ensino", 6}, {"escola", 6}},
};

/* Sources of installations from the smallest to one with two creditors. */
static const struct rg_upstream bare = {.name = {"billing", 7}};
static const struct rg_upstream single = {
    .name = {"billing", 7}, .creditors = creditors, .creditor_count = 1, .services = services, .service_count = 1};
static const struct rg_upstream twoservices = {.name = {"billing", 7}, .creditors = creditors, .creditor_count = 1,
                                               .services = services, .service_count = 2};
static const struct rg_upstream several = {
    .name = {"billing", 7}, .creditors = creditors, .creditor_count = 2, .services = services, .service_count = 3};
static const struct rg_upstream named = {.name = {"billing", 7}, .ns = {"erp", 3}, .creditors = creditors, .creditor_count = 2,
                                         .services = services, .service_count = 3};

static const struct rg_upstream owned = {.name = {"billing", 7},
                                         .creditor = {"escola", 6},
                                         .creditors = creditors,
                                         .creditor_count = 2,
                                         .services = services,
                                         .service_count = 3};

static enum rg_decoded decode(const struct rg_upstream *upstream, const char *value, struct rg_event *ret_event,
                              struct rg_reject *ret_reject)
{
    struct rg_message_header room[8];
    const char *const headers[9] = {STRUCTURED};
    struct rg_message message = message_of(headers, value, room);
    return rg_decode(upstream, &message, arena, ret_event, ret_reject);
}

static void events_are_completed(void **state)
{
    (void)state;
    static const struct {
        const struct rg_upstream *upstream;
        const char *value, *creditor, *service, *ns;
    } rows[] = {
        {&bare, ISSUED(""), NULL, NULL, NULL},
        {&bare, ISSUED(",\"creditor\":\"x\",\"service\":\"y\""), "x", "y", "x"},
        {&single, ISSUED(""), "provedor", "internet", "provedor"},
        {&single, ISSUED(",\"creditor\":\"provedor\""), "provedor", "internet", "provedor"},
        {&single, CONFIRMED, NULL, NULL, "provedor"},
        {&twoservices, ISSUED(",\"service\":\"tv\""), "provedor", "tv", "provedor"},
        {&several, ISSUED(",\"service\":\"ensino\""), "escola", "ensino", "escola"},
        {&several, ISSUED(",\"service\":\"ensino\",\"creditor\":\"provedor\""), "provedor", "ensino", "provedor"},
        {&named, ISSUED(",\"service\":\"ensino\""), "escola", "ensino", "erp"},
        {&named, CONFIRMED, NULL, NULL, "erp"},
        {&owned, ISSUED(",\"service\":\"internet\""), "escola", "internet", "escola"}, /* the source is nearer than the service */
        {&owned, CONFIRMED, NULL, NULL, "escola"},
        {&several, "{" ENVELOPE("regua.debtor.held") ",\"data\":{\"debtor\":\"c\"}}", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject = {.detail = ""};
        if (decode(rows[i].upstream, rows[i].value, &event, &reject) != RG_DECODED_EVENT)
            fail_msg("row %zu: %s", i, reject.detail);
        assert_true(rg_str_eq(event.creditor, rg_str(rows[i].creditor)));
        assert_true(rg_str_eq(event.service, rg_str(rows[i].service)));
        assert_true(rg_str_eq(event.ns, rg_str(rows[i].ns)));
        assert_true(rg_event_has(&event, RG_F_CREDITOR) == (rows[i].creditor != NULL));
        assert_true(rg_event_has(&event, RG_F_SERVICE) == (rows[i].service != NULL));
    }
}

static void what_cannot_be_completed_is_refused(void **state)
{
    (void)state;
    static const struct {
        const struct rg_upstream *upstream;
        const char *value, *reason, *says;
    } rows[] = {
        {&twoservices, ISSUED(""), RG_DEAD_MISSING_FIELD, "data.service is missing, and 2 services are configured"},
        {&several, ISSUED(""), RG_DEAD_MISSING_FIELD, "data.service is missing, and 3 services are configured"},
        {&single, ISSUED(",\"service\":\"intenet\""), RG_DEAD_BAD_FIELD,
         "data.service: \"intenet\" is not configured, did you mean \"internet\"?"},
        {&single, ISSUED(",\"creditor\":\"banco\""), RG_DEAD_BAD_FIELD, "data.creditor: \"banco\" is not configured"},
        {&single, "{" ENVELOPE("regua.invoice.updated") ",\"data\":{\"invoice\":\"F\",\"service\":\"gas\"}}", RG_DEAD_BAD_FIELD,
         "data.service: \"gas\" is not configured"},
        {&several, CONFIRMED, RG_DEAD_UNROUTABLE, "whose invoice is it?"},
        {&several,
         "{" ENVELOPE("regua.promise.made") ",\"data\":{\"debtor\":\"c\",\"pay_on\":\"2026-11-03\",\"invoices\":[\"F\"]}}",
         RG_DEAD_UNROUTABLE, "whose invoice is it?"},
        {&bare, "{" ENVELOPE("invoice.issued") ",\"data\":{}}", RG_DEAD_UNKNOWN_TYPE,
         "type \"invoice.issued\" does not begin with \"regua.\", did you mean \"regua.invoice.issued\"?"},
        {&bare, "{" ENVELOPE("invoice.isued") ",\"data\":{}}", RG_DEAD_UNKNOWN_TYPE, "did you mean \"regua.invoice.issued\"?"},
        {&bare, "{" ENVELOPE("com.example.order") ",\"data\":{}}", RG_DEAD_UNKNOWN_TYPE,
         "type \"com.example.order\" does not begin with \"regua.\""},
        {&bare, "{" ENVELOPE("regua.invoice.isued") ",\"data\":{}}", RG_DEAD_UNKNOWN_TYPE,
         "did you mean \"regua.invoice.issued\"?"},
        {&bare, "{" ENVELOPE("regua.agreement.signed") ",\"data\":{}}", RG_DEAD_UNKNOWN_TYPE, "does not read it yet"},
        {&bare, "{" ENVELOPE("regua.invoice.voided") "}", RG_DEAD_BAD_FIELD, "data: expected an object, found nothing"},
        {&bare, "{" ENVELOPE("regua.invoice.voided") ",\"data\":\"x\"}", RG_DEAD_BAD_FIELD,
         "data: expected an object, found string"},
        {&bare, "{" ENVELOPE("regua.invoice.voided") ",\"datacontenttype\":\"text/plain\",\"data\":\"x\"}", RG_DEAD_BAD_FIELD,
         "found text"},
        {&bare, "{" ENVELOPE("regua.invoice.voided") ",\"data_base64\":\"eA==\"}", RG_DEAD_BAD_JSON, "data: "},
        {&bare, "{" ENVELOPE("regua.invoice.voided") ",\"data\":{}}", RG_DEAD_MISSING_FIELD, "data.invoice is missing"},
        {&bare,
         "{\"id\":\"a\\nb\",\"source\":\"/"
         "s\",\"specversion\":\"1.0\",\"type\":\"regua.invoice.voided\",\"data\":{\"invoice\":\"F\"}}",
         RG_DEAD_BAD_ENVELOPE, "control characters"},
        {&bare, "not json", RG_DEAD_BAD_JSON, ""},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject = {.reason = "", .detail = ""};
        if (decode(rows[i].upstream, rows[i].value, &event, &reject) != RG_DECODED_REJECT)
            fail_msg("row %zu was accepted", i);
        if (strcmp(reject.reason, rows[i].reason) != 0 || strstr(reject.detail, rows[i].says) == NULL)
            fail_msg("row %zu: %s: %s", i, reject.reason, reject.detail);
    }
}

static void time_is_the_events_or_the_records(void **state)
{
    (void)state;
    struct rg_event event;
    struct rg_reject reject;
    assert_int_equal(decode(&bare, "{" ENVELOPE("regua.invoice.voided") ",\"data\":{\"invoice\":\"F\"}}", &event, &reject),
                     RG_DECODED_EVENT);
    assert_int_equal(event.time_ms, TEST_TIMESTAMP_MS);
    assert_int_equal(
        decode(&bare,
               "{" ENVELOPE("regua.invoice.voided") ",\"time\":\"2026-11-01T10:00:00-03:00\",\"data\":{\"invoice\":\"F\"}}",
               &event, &reject),
        RG_DECODED_EVENT);
    assert_int_equal(event.time_ms, INT64_C(1793538000000));
    struct rg_message_header room[8];
    const char *const headers[9] = {STRUCTURED};
    struct rg_message message = message_of(headers, CONFIRMED, room);
    message.timestamp_ms = INT64_MIN; /* a broker that says nothing */
    assert_int_equal(rg_decode(&bare, &message, arena, &event, &reject), RG_DECODED_REJECT);
    assert_string_equal(reject.reason, RG_DEAD_BAD_ENVELOPE);
}

static void tombstones_are_nothing(void **state)
{
    (void)state;
    struct rg_message_header room[8];
    const char *const structured[9] = {STRUCTURED};
    const char *const binary[9] = {"ce_id: 1", "ce_source: /s", "ce_specversion: 1.0", "ce_type: regua.invoice.voided"};
    struct rg_event event;
    struct rg_reject reject;
    struct rg_message message = message_of(structured, NULL, room);
    assert_int_equal(rg_decode(&bare, &message, arena, &event, &reject), RG_DECODED_NOTHING);
    message = message_of(binary, NULL, room);
    assert_int_equal(rg_decode(&bare, &message, arena, &event, &reject), RG_DECODED_NOTHING);
}

static void both_modes_and_base64_give_the_same_event(void **state)
{
    (void)state;
    struct rg_message_header room[8];
    const char *const binary[9] = {"ce_id: e1", "ce_source: /billing", "ce_specversion: 1.0", "ce_type: regua.invoice.voided",
                                   "content-type: application/json"};
    const char *value = "{" ENVELOPE("regua.invoice.voided") ",\"data\":{\"invoice\":\"F\"}}";
    const char *base64 = "{" ENVELOPE("regua.invoice.voided") ",\"data_base64\":\"eyJpbnZvaWNlIjoiRiJ9\"}";
    struct rg_event events[3];
    struct rg_reject reject;
    struct rg_message message = message_of(binary, "{\"invoice\":\"F\"}", room);
    assert_int_equal(rg_decode(&bare, &message, arena, &events[0], &reject), RG_DECODED_EVENT);
    assert_int_equal(decode(&bare, value, &events[1], &reject), RG_DECODED_EVENT);
    assert_int_equal(decode(&bare, base64, &events[2], &reject), RG_DECODED_EVENT);
    for (size_t i = 0; i < 3; i++) {
        assert_true(rg_str_is(events[i].id, "e1") && rg_str_is(events[i].source, "/billing") &&
                    rg_str_is(events[i].invoice, "F"));
        assert_int_equal(events[i].has, RG_BIT(RG_F_INVOICE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_completed), cmocka_unit_test(what_cannot_be_completed_is_refused),
        cmocka_unit_test(time_is_the_events_or_the_records), cmocka_unit_test(tombstones_are_nothing),
        cmocka_unit_test(both_modes_and_base64_give_the_same_event),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
