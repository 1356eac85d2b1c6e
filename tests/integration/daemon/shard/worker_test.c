/* A worker on a broker and a server of its own: it opens its shards whatever the brokers answer at first. */
#include "daemon/shard/worker.h"
#include "tests/fakes/mock_broker.h"
#include "tests/fakes/redis_server.h"
#include "tests/fakes/rules.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>

#define SHARDS 2
#define TURNS_MAX 2000
#define TOPIC_AUTHORIZATION_FAILED 29

static const struct rg_mock_topic topics[] = {{"ledger", SHARDS}, {"people", SHARDS}, {"dead", 1}, {"actions.email", SHARDS}};

struct rig {
    struct rg_mock_broker *broker;
    struct rg_redis_server *redis;
    struct rg_runtime runtime;
    struct rg_shard_counters counters;
    struct rg_worker *worker;
};

static int begin(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    struct rg_templates *templates = NULL;
    struct rg_arena *arena = rg_arena_new(4096);
    struct rg_control_state *control = RG_NEW(arena, struct rg_control_state, 1);
    rig->broker = rg_mock_broker_new(1, topics, RG_COUNT(topics));
    rig->redis = rg_redis_server_start(NULL);
    rg_runtime_init(&rig->runtime, NULL, rg_clock_system());
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", &templates);
    rg_runtime_set_rules(&rig->runtime, rg_ruleset_new(rules, templates));
    *control = (struct rg_control_state){.arena = arena, .loaded = true, .layout_shards = SHARDS};
    rg_runtime_set_control(&rig->runtime, control);
    *state = rig;
    return 0;
}

static int finish(void **state)
{
    struct rig *rig = *state;
    rg_worker_free(&rig->worker);
    rg_runtime_done(&rig->runtime);
    rg_redis_server_stop(&rig->redis);
    rg_mock_broker_free(&rig->broker);
    free(rig);
    return 0;
}

static void make_worker(struct rig *rig)
{
    static const char *const channels[] = {"actions.email"};
    const struct rg_worker_config config = {
        .runtime = &rig->runtime, .kafka = {.brokers = rg_mock_broker_bootstrap(rig->broker), .client_id = "test"},
        .group = "decide", .ledger_topic = "ledger", .people_topic = "people", .deadletter_topic = "dead", .actions_prefix = "actions.",
        .channel_topics = channels, .channel_count = 1, .shards = SHARDS, .session_timeout_ms = 6000, .round_ms = 1000,
        .redis = {.url = rg_redis_server_url(rig->redis), .connect_timeout_ms = 2000, .command_timeout_ms = 2000},
        .counters = &rig->counters};
    struct rg_error err = {0};
    if (rg_worker_new(&config, &rig->worker, &err) < 0)
        fail_msg("%s", err.text);
}

static int count_in(struct rig *rig, enum rg_shard_state state)
{
    struct rg_worker_shard looks[SHARDS];
    int64_t asked_ms, turned_ms;
    size_t n = rg_worker_look(rig->worker, looks, SHARDS, &asked_ms, &turned_ms);
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += looks[i].state == state;
    return count;
}

static void shards_open_once_the_brokers_answer(void **state)
{
    struct rig *rig = *state;
    rg_mock_broker_fail(rig->broker, RG_MOCK_LIST_OFFSETS, TOPIC_AUTHORIZATION_FAILED, 3);
    make_worker(rig);
    for (int i = 0; i < TURNS_MAX && count_in(rig, RG_SHARD_RUNNING) < SHARDS; i++) {
        rg_worker_turn(rig->worker, 10);
        assert_int_equal(count_in(rig, RG_SHARD_STOPPED), 0);
    }
    assert_int_equal(count_in(rig, RG_SHARD_RUNNING), SHARDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(shards_open_once_the_brokers_answer, begin, finish)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
