/* What is written in place of a record that no broker takes: it is read after the one who made it has returned. */
#include "consumers/ingest/ingest_parts.h"

#include "base/core/log.h"
#include "config/contract/ledger.h"
#include "consumers/ingest/letter.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

#define NOW_MS INT64_C(1795611600000)

static int64_t now(void *ctx)
{
    (void)ctx;
    return NOW_MS;
}

static void swallow(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    (void)level, (void)ctx, (void)text, (void)sink;
    assert_true(strcmp(id, "DEAD-LETTER") == 0 || strcmp(id, "LETTER-LOST") == 0);
}

/* Whatever lay in frames that are gone is overwritten. */
__attribute__((noinline)) static void trample(void)
{
    volatile char bytes[64 * 1024];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)0xa5;
}

struct rig {
    struct rg_clock clock;
    struct rg_ingest_source source;
    struct rg_ingest_counters counters;
    struct rg_ingest ingest;
    struct rg_part *part;
};

static int open_rig(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    rig->clock = (struct rg_clock){now, now, now, NULL};
    rig->source = (struct rg_ingest_source){.upstream = {.name = RG_STR("billing")}, .topic = "billing.events"};
    rig->ingest.config = (struct rg_ingest_config){.clock = &rig->clock, .sources = &rig->source, .source_count = 1,
                                                   .deadletter_topic = "regua.deadletter", .counters = &rig->counters};
    rig->ingest.arena = rg_arena_new(RG_DECODE_ARENA_BYTES);
    rig->ingest.deadletter_partitions = 2;
    rig->part = rg_part_new(&rig->source, 3);
    rg_log_capture(swallow, NULL);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    rg_log_capture(NULL, NULL);
    rg_part_free(&rig->part);
    rg_arena_free(&rig->ingest.arena);
    rg_free(&rig);
    return 0;
}

static void a_letter_takes_its_place_and_is_whole(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *name, *value; /* of the letter's headers; NULL: any value */
    } expected[] = {{RG_LETTER_REASON, RG_DEAD_REFUSED}, {RG_LETTER_DETAIL, "regua.people/1 does not take it: too large"},
                    {RG_LETTER_SOURCE, "billing.events/3/42"}, {RG_LETTER_AT, NULL},
                    {RG_HEADER_ORIGIN, "billing:0:3:42:3"}, {RG_HEADER_KIND, "update"}};
    const struct rg_kafka_header headers[] = {{RG_HEADER_ORIGIN, RG_STR("billing:0:3:42:3")}, {RG_HEADER_KIND, RG_STR("update")}};
    const struct rg_outgoing_record record = {.topic = "regua.people", .partition = 1, .key = RG_STR("c1"), .value = RG_STR("{}"),
                                              .headers = headers, .header_count = RG_COUNT(headers), .owner = rig->part, .offset = 42};
    struct rg_outgoing_record instead;
    assert_true(rg_ingest_refused(&rig->ingest, &record, "too large", &instead));
    trample();
    assert_string_equal(instead.topic, "regua.deadletter");
    assert_int_equal(instead.partition, 1);
    assert_true(instead.letter && instead.owner == rig->part && instead.offset == 42);
    assert_true(rg_str_is(instead.key, "c1") && rg_str_is(instead.value, "{}"));
    assert_int_equal(instead.header_count, RG_COUNT(expected));
    for (size_t i = 0; i < RG_COUNT(expected); i++) {
        assert_string_equal(instead.headers[i].name, expected[i].name);
        assert_true(expected[i].value == NULL || rg_str_is(instead.headers[i].value, expected[i].value));
    }
}

static void a_letter_that_is_refused_too_is_given_up(void **state)
{
    struct rig *rig = *state;
    const struct rg_outgoing_record record = {.topic = "regua.deadletter", .owner = rig->part, .offset = 42, .letter = true};
    struct rg_outgoing_record instead;
    assert_false(rg_ingest_refused(&rig->ingest, &record, "too large", &instead));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_letter_takes_its_place_and_is_whole, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_letter_that_is_refused_too_is_given_up, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
