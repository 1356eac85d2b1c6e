/* Where events go, row by row, and that the same event goes there again. */
#include "consumers/ingest/route.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define SHARDS 64
#define NOW_MS INT64_C(1795611600000)
#define ACTION_OF_C1 "0023aa112233445566778899aabbccddeeff" /* c1 lives in shard 35 of 64 */

static struct rg_arena *arena;
static const struct rg_origin at = {.source = {"billing", 7}, .incarnation = 1, .partition = 3, .offset = 42, .sub = 77};

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

static struct rg_event event_of(enum rg_event_type type, const char *data)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_event event = {.type = type, .id = RG_STR("e1"), .source = RG_STR("/s"), .time_ms = 0, .ns = RG_STR("ns")};
    struct rg_reject reject;
    assert_int_equal(rg_json_parse(rg_str(data), RG_EVENT_BYTES_MAX, &doc, NULL), 0);
    if (rg_event_decode(&event, rg_json_root(doc), arena, &reject) < 0)
        fail_msg("%s: %s", data, reject.detail);
    return event;
}

static struct rg_route route_of(const struct rg_event *event)
{
    struct rg_route route;
    struct rg_reject reject;
    if (rg_route(event, &at, SHARDS, NOW_MS, arena, &route, &reject) < 0)
        fail_msg("%s", reject.detail);
    return route;
}

static const char *topic_name(enum rg_topic topic)
{
    return topic == RG_TOPIC_LEDGER ? "ledger" : topic == RG_TOPIC_PEOPLE ? "people" : topic == RG_TOPIC_CONTROL ? "control" : "?";
}

/* "topic partition kind sub key" per record, joined by "; ". */
static const char *told(const struct rg_route *route)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 4096);
    for (size_t i = 0; i < route->count; i++) {
        const struct rg_routed *record = &route->records[i];
        rg_buf_addf(&text, "%s%s %d %s %d " RG_STR_FMT, i > 0 ? "; " : "", topic_name(record->topic), record->partition,
                    rg_kind_name(record->kind), (int)record->sub, RG_STR_ARG(record->key));
    }
    return rg_arena_str(arena, text.len > 0 ? rg_buf_str(&text) : RG_STR("")).p;
}

#define ISSUED "\"invoice\":\"F1\",\"debtor\":\"c1\",\"due_on\":\"2026-11-03\",\"amount_cents\":1"

static void events_go_where_they_belong(void **state)
{
    (void)state;
    /* @REF@ stands for the home shard of invoice:ns:F1. */
    static const struct {
        enum rg_event_type type;
        const char *data, *told;
        bool words_dropped;
    } rows[] = {
        {RG_EV_INVOICE_ISSUED, "{" ISSUED "}", "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1", false},
        {RG_EV_INVOICE_ISSUED, "{" ISSUED ",\"description\":\"x\"}",
         "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1; people 35 update 3 c1/billing:1:3:42:3", false},
        {RG_EV_INVOICE_ISSUED, "{" ISSUED ",\"debtor_details\":{\"name\":\"M\",\"tier\":\"gold\"},\"description\":\"x\"}",
         "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1; ledger 35 event 2 c1; people 35 update 3 "
         "c1/billing:1:3:42:3; "
         "people 35 update 4 c1/billing:1:3:42:4",
         false},
        {RG_EV_INVOICE_ISSUED, "{" ISSUED ",\"debtor_details\":{\"name\":\"M\"}}",
         "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1; people 35 update 4 c1/billing:1:3:42:4", false},
        {RG_EV_INVOICE_ISSUED, "{" ISSUED ",\"debtor_details\":{\"tier\":\"gold\"}}",
         "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1; ledger 35 event 2 c1", false},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F1\",\"due_on\":\"2026-11-03\"}", "ledger @REF@ event 0 invoice:ns:F1", false},
        {RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"due_on\":\"2026-11-03\"}",
         "ledger 35 event 0 c1; ledger @REF@ located 1 invoice:ns:F1", false},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F1\",\"amount_cents\":1}", "ledger @REF@ event 0 invoice:ns:F1", false},
        {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F1\",\"amount_cents\":1,\"debtor\":\"c1\"}", "ledger 35 event 0 c1", false},
        {RG_EV_DISPUTE_OPENED, "{\"invoice\":\"F1\",\"reason\":\"errado\"}", "ledger @REF@ event 0 invoice:ns:F1", true},
        {RG_EV_DISPUTE_OPENED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"errado\"}",
         "ledger 35 event 0 c1; people 35 update 3 c1/billing:1:3:42:3", false},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"name\":\"M\"}", "people 35 update 3 c1/billing:1:3:42:3", false},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"tier\":\"gold\"}", "ledger 35 event 0 c1", false},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"tier\":\"gold\",\"name\":null}",
         "ledger 35 event 0 c1; people 35 update 3 c1/billing:1:3:42:3", false},
        {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\"}", "", false},
        {RG_EV_DEBTOR_OPTED_OUT, "{\"debtor\":\"c1\",\"channel\":\"email\"}", "ledger 35 event 0 c1", false},
        {RG_EV_DEBTOR_HELD, "{\"debtor\":\"c1\",\"reason\":\"x\",\"by\":\"y\"}",
         "ledger 35 event 0 c1; people 35 update 3 c1/billing:1:3:42:3", false},
        {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"" ACTION_OF_C1 "\",\"status\":\"read\"}",
         "ledger 35 event 0 action:" ACTION_OF_C1, false},
        {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"" ACTION_OF_C1 "\",\"status\":\"read\",\"debtor\":\"c1\"}",
         "ledger 35 event 0 c1", false},
        {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"" ACTION_OF_C1 "\",\"status\":\"bounced\",\"detail\":\"m@x\"}",
         "ledger 35 event 0 action:" ACTION_OF_C1, true},
        {RG_EV_SOURCE_SYNCED, "{\"source_name\":\"banco\",\"through\":\"2026-11-03T10:00:00Z\"}",
         "control 0 unknown 0 known/banco", false},
    };
    char ref[8];
    (void)snprintf(ref, sizeof ref, "%d", rg_shard_of(RG_STR("invoice:ns:F1"), SHARDS));
    assert_int_equal(rg_shard_of(RG_STR("c1"), SHARDS), 35);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char expected[512];
        const char *mark = strstr(rows[i].told, "@REF@");
        (void)snprintf(expected, sizeof expected, "%.*s%s%s",
                       mark == NULL ? (int)strlen(rows[i].told) : (int)(mark - rows[i].told), rows[i].told,
                       mark == NULL ? "" : ref, mark == NULL ? "" : mark + 5);
        struct rg_event event = event_of(rows[i].type, rows[i].data);
        struct rg_route route = route_of(&event), again = route_of(&event);
        assert_string_equal(told(&route), expected);
        assert_true(route.words_dropped == rows[i].words_dropped);
        assert_string_equal(told(&again), told(&route)); /* and with the same bytes */
        for (size_t r = 0; r < route.count; r++)
            assert_true(rg_str_eq(route.records[r].value, again.records[r].value));
    }
}

static void values_are_the_canonical_forms(void **state)
{
    (void)state;
    struct rg_event event = event_of(RG_EV_INVOICE_ISSUED,
                                     "{" ISSUED ",\"description\":\"x\",\"debtor_details\":{\"name\":\"M\",\"tier\":\"gold\"}}");
    struct rg_route route = route_of(&event);
    assert_int_equal(route.count, RG_SUB_COUNT);
    struct rg_event back;
    struct rg_located located;
    assert_int_equal(rg_event_read(route.records[0].value, arena, &back, NULL), 0);
    assert_true(rg_event_has(&back, RG_F_AMOUNT) && !rg_event_has(&back, RG_F_DESCRIPTION));
    assert_int_equal(rg_located_read(route.records[1].value, arena, &located, NULL), 0);
    assert_true(rg_str_is(located.ref, "invoice:ns:F1") && rg_str_is(located.debtor, "c1"));
    assert_int_equal(rg_event_read(route.records[2].value, arena, &back, NULL), 0);
    assert_true(back.type == RG_EV_DEBTOR_UPDATED && rg_str_is(back.tier, "gold") && !rg_event_has(&back, RG_F_NAME));
    assert_int_equal(rg_event_read(route.records[3].value, arena, &back, NULL), 0);
    assert_true(back.type == RG_EV_INVOICE_ISSUED && rg_str_is(back.description, "x") && rg_str_is(back.invoice, "F1"));
    assert_int_equal(rg_event_read(route.records[4].value, arena, &back, NULL), 0);
    assert_true(back.type == RG_EV_DEBTOR_UPDATED && rg_str_is(back.name, "M") && rg_str_is(back.debtor, "c1"));
    event = event_of(RG_EV_SOURCE_SYNCED, "{\"source_name\":\"banco\",\"through\":\"2026-11-03T10:00:00Z\"}");
    route = route_of(&event);
    assert_true(rg_str_is(route.records[0].value, "{\"v\":1,\"through\":1793700000000,\"at\":1795611600000}"));
}

/* What a shard counts on: within one partition of one topic subs only grow. */
static void subs_only_grow_within_a_partition(void **state)
{
    (void)state;
    struct rg_event event = event_of(RG_EV_INVOICE_ISSUED,
                                     "{" ISSUED ",\"description\":\"x\",\"debtor_details\":{\"name\":\"M\",\"tier\":\"gold\"}}");
    for (int shards = 1; shards <= RG_SHARDS_MAX; shards++) {
        struct rg_route route;
        struct rg_reject reject;
        assert_int_equal(rg_route(&event, &at, shards, NOW_MS, arena, &route, &reject), 0);
        for (size_t a = 0; a < route.count; a++)
            for (size_t b = 0; b < a; b++)
                if (route.records[a].topic == route.records[b].topic && route.records[a].partition == route.records[b].partition)
                    assert_true(route.records[a].sub > route.records[b].sub);
        for (size_t a = 0; a < route.count; a++)
            assert_true(route.records[a].partition >= 0 && route.records[a].partition < shards);
    }
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *data, *reason, *says;
    } rows[] = {
        {"{\"action\":\"0040aa112233445566778899aabbccddeeff\",\"status\":\"read\"}", RG_DEAD_UNROUTABLE,
         "names shard 64, and there are 64"},
        {"{\"action\":\"0001aa112233445566778899aabbccddeeff\",\"status\":\"read\",\"debtor\":\"c1\"}", RG_DEAD_CONFLICT,
         "data.action is not an action of data.debtor"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event = event_of(RG_EV_DELIVERY_RECEIPT, rows[i].data);
        struct rg_route route = {.count = 77};
        struct rg_reject reject;
        assert_int_equal(rg_route(&event, &at, SHARDS, NOW_MS, arena, &route, &reject), RG_EINVAL);
        assert_string_equal(reject.reason, rows[i].reason);
        assert_non_null(strstr(reject.detail, rows[i].says));
        assert_int_equal(route.count, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_go_where_they_belong), cmocka_unit_test(values_are_the_canonical_forms),
        cmocka_unit_test(subs_only_grow_within_a_partition), cmocka_unit_test(what_has_no_place_is_refused),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
