/* What is asked of Kafka before anything runs is asked for as long as Kafka is away: months must not cost more than the first time. */
#include "daemon/internal.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

static void asking_for_topics_again_keeps_nothing(void **state)
{
    (void)state;
    static const struct rg_kafka_setting settings[] = {{"no.such.setting", "x"}}; /* the quickest way not to come through */
    struct rg_site site = {.kafka = {.shards = 4, .create_topics = true}};
    struct rg_daemon *daemon = rg_alloc(sizeof *daemon);
    static const char *const channels[] = {"regua.actions.email", "regua.actions.signals", "regua.actions.owed"};
    struct rg_error err = {0};
    daemon->site = &site;
    daemon->arena = rg_arena_new(ARENA_BYTES);
    daemon->kafka = (struct rg_kafka_config){.brokers = "127.0.0.1:9", .client_id = "test", .settings = settings, .settings_n = 1};
    struct rg_topic_names *t = &daemon->topics;
    char *const names[] = {t->ledger, t->people, t->control, t->messages, t->signals, t->deadletter, t->retry};
    for (size_t i = 0; i < RG_COUNT(names); i++)
        (void)snprintf(names[i], sizeof t->ledger, "topic%zu", i);
    daemon->channel_topics = (const char **)(uintptr_t)channels;
    daemon->channel_count = RG_COUNT(channels);
    size_t used = rg_arena_used_bytes(daemon->arena);
    assert_true(rg_daemon_check_topics(daemon, &err) < 0);
    assert_int_equal(rg_arena_used_bytes(daemon->arena), used);
    rg_arena_free(&daemon->arena);
    rg_free(&daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(asking_for_topics_again_keeps_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
