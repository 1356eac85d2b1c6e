/* Acts in regua.control when Kafka goes away: whoever is told that an act failed must not find it in force later. */
#include "daemon/control.h"

#include "base/core/log.h"
#include "tests/fakes/mock_broker.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

#define TOPIC "regua.control"
#define PATIENCE_MS 30000

struct rig {
    int64_t now_ms; /* on the shared clock */
    struct rg_mock_broker *broker;
    struct rg_runtime runtime;
    struct rg_control *control;
    struct rg_arena *arena;
    struct rg_site site;
};

static void swallow(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    (void)level, (void)id, (void)ctx, (void)text, (void)sink;
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return rg_wall_ms(rg_clock_system());
}

static int64_t boot_ms(void *ctx)
{
    (void)ctx;
    return rg_boot_ms(rg_clock_system());
}

static int64_t shared_ms(void *ctx)
{
    return ((struct rig *)ctx)->now_ms;
}

static int open_rig(void **state)
{
    static const struct rg_mock_topic topics[] = {{TOPIC, 1}};
    struct rig *rig = rg_alloc(sizeof *rig);
    struct rg_error err;
    rg_log_capture(swallow, NULL);
    rig->broker = rg_mock_broker_new(1, topics, RG_COUNT(topics));
    rig->arena = rg_arena_new((size_t)1 << 20);
    const struct rg_clock clock = {wall_ms, boot_ms, shared_ms, rig};
    rig->now_ms = INT64_C(1795489199000);
    rg_runtime_init(&rig->runtime, &rig->site, &clock);
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(rig->broker), .client_id = "test"};
    assert_int_equal(rg_control_new(&rig->runtime, &kafka, TOPIC, &rig->control, &err), 0);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    rg_control_free(&rig->control);
    rg_runtime_done(&rig->runtime);
    rg_arena_free(&rig->arena);
    rg_mock_broker_free(&rig->broker);
    rg_log_capture(NULL, NULL);
    rg_free(&rig);
    return 0;
}

static struct rg_control_state turn(struct rig *rig)
{
    rg_control_turn(rig->control, 50);
    rg_arena_reset(rig->arena);
    return rg_runtime_control(&rig->runtime, rig->arena);
}

static void turn_until_stopped(struct rig *rig, bool stopped)
{
    int64_t until_ms = rg_boot_ms(rg_clock_system()) + PATIENCE_MS;
    struct rg_control_state seen;
    do {
        seen = turn(rig);
        assert_true(rg_boot_ms(rg_clock_system()) < until_ms);
    } while (!seen.loaded || seen.stopped != stopped);
}

/* The records of the topic from its beginning, one after the other. */
static void read_all(struct rig *rig, struct rg_buf *into)
{
    struct rg_kafka_consumer *consumer = NULL;
    struct rg_error err;
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(rig->broker), .client_id = "test"};
    const struct rg_kafka_consumer_options options = {.group = "test", .ends = true};
    const struct rg_kafka_position from = {TOPIC, 0, RG_KAFKA_BEGINNING};
    assert_int_equal(rg_kafka_consumer_new(&kafka, &options, &consumer, &err), 0);
    assert_int_equal(rg_kafka_consumer_assign(consumer, &from, 1, &err), 0);
    for (struct rg_kafka_event event = {.kind = RG_KAFKA_EVENT_NONE}; event.kind != RG_KAFKA_EVENT_END;) {
        rg_kafka_consumer_poll(consumer, 100, &event);
        if (event.kind == RG_KAFKA_EVENT_MESSAGE)
            rg_buf_addf(into, RG_STR_FMT "=" RG_STR_FMT "\n", RG_STR_ARG(event.key), RG_STR_ARG(event.value));
    }
    rg_kafka_consumer_free(&consumer, RG_KAFKA_FREE_MS);
}

static void an_act_has_its_author_and_its_reason(void **state)
{
    struct rig *rig = *state;
    struct rg_error err = {0};
    struct rg_buf records RG_CLEANUP(rg_buf_done);
    rg_buf_init(&records, 65536);
    assert_int_equal(rg_control_stop(rig->control, true, RG_STR("maria"), RG_STR("chuva"), &err), 0);
    assert_int_equal(rg_control_synced(rig->control, RG_STR("bank"), 1795489199000, RG_STR("lia"), RG_STR("retorno"), &err), 0);
    turn_until_stopped(rig, true);
    assert_true(rg_str_is(turn(rig).stopped_by, "maria") && rg_str_is(turn(rig).stopped_reason, "chuva"));
    assert_int_equal(turn(rig).known_count, 1);
    read_all(rig, &records);
    assert_non_null(strstr(rg_buf_cstr(&records), "stop={\"v\":1,\"stopped\":true,\"by\":\"maria\",\"reason\":\"chuva\",\"at\":"));
    assert_non_null(strstr(rg_buf_cstr(&records), "known/bank={\"v\":1,\"through\":1795489199000,\"by\":\"lia\",\"reason\":\"retorno\",\"at\":"));
}

/* Somebody wrote a wrong year: it reaches a day, and what is said after it counts. */
static void a_word_that_promises_too_much_silences_no_other(void **state)
{
    struct rig *rig = *state;
    static const struct {
        int64_t days, through_days; /* since the beginning: said then, known through */
        int64_t known_days;         /* what counts afterwards */
    } rows[] = {{0, -1, -1}, {0, 365, 365}, {0, 0, 365}, {3, 3, 3}, {3, 2, 3}, {4, 4, 4}};
    struct rg_error err = {0};
    const int64_t begin_ms = rig->now_ms, day_ms = INT64_C(86400000);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        rig->now_ms = begin_ms + rows[i].days * day_ms;
        assert_int_equal(rg_control_synced(rig->control, RG_STR("bank"), begin_ms + rows[i].through_days * day_ms, RG_STR("lia"), RG_STR("x"), &err), 0);
        assert_int_equal(rg_control_stop(rig->control, i % 2 == 0, RG_STR("lia"), RG_STR("so that its end can be seen"), &err), 0);
        turn_until_stopped(rig, i % 2 == 0);
        struct rg_control_state seen = turn(rig);
        assert_int_equal(seen.known_count, 1);
        assert_int_equal(seen.known[0].through_ms, begin_ms + rows[i].known_days * day_ms);
    }
}

static void an_act_that_failed_stays_undone_when_kafka_is_back(void **state)
{
    struct rig *rig = *state;
    struct rg_error err = {0};
    assert_int_equal(rg_control_stop(rig->control, true, RG_STR("maria"), RG_STR("first"), &err), 0);
    turn_until_stopped(rig, true);
    rg_mock_broker_lead(rig->broker, TOPIC, 0, 0); /* Kafka answers, and takes no record: too few replicas, say */
    assert_int_equal(rg_control_stop(rig->control, false, RG_STR("maria"), RG_STR("lost"), &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "nothing has changed"));
    rg_mock_broker_lead(rig->broker, TOPIC, 0, 1);
    int64_t until_ms = rg_boot_ms(rg_clock_system()) + PATIENCE_MS;
    while (rg_control_stop(rig->control, true, RG_STR("maria"), RG_STR("last"), &err) < 0)
        assert_true(rg_boot_ms(rg_clock_system()) < until_ms);
    while (!rg_str_is(turn(rig).stopped_reason, "last"))
        assert_true(rg_boot_ms(rg_clock_system()) < until_ms);
    struct rg_buf records RG_CLEANUP(rg_buf_done);
    rg_buf_init(&records, 65536);
    read_all(rig, &records);
    assert_null(strstr(rg_buf_cstr(&records), "lost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_act_has_its_author_and_its_reason, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_word_that_promises_too_much_silences_no_other, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(an_act_that_failed_stays_undone_when_kafka_is_back, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
