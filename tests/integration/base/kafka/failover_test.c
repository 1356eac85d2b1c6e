/* Three brokers, each killed once while records flow: everything arrives, in order, and what was acknowledged stays. */
#include "tests/fakes/kafka_server.h"
#include "tests/unit/base/kafka/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BROKERS 3
#define RECORDS 3000

static int64_t now_ms(void)
{
    return rg_boot_ms(rg_clock_system());
}

/* Sends what is not acknowledged yet, from the first such record on, for `for_ms`; rebuilds when told to. */
static int keep_sending(struct rig_sender *sender, const char *topic, size_t *next, size_t until, int for_ms)
{
    int rebuilds = 0;
    for (int64_t until_ms = now_ms() + for_ms;
         now_ms() < until_ms && (*next < until || rg_kafka_producer_outstanding(sender->producer) > 0);) {
        struct rg_error err = {0};
        if (rg_kafka_producer_broken(sender->producer)) {
            if (rg_kafka_producer_rebuild(sender->producer, false, 5000, &err) == 0) {
                rebuilds++;
                for (*next = 0; sender->fate[*next] == 0;)
                    (*next)++;
            }
            continue;
        }
        if (*next < until && rig_send(sender, topic, 0, *next, &err) == 0)
            (*next)++;
        rg_kafka_producer_poll(sender->producer, *next < until ? 1 : 20);
    }
    return rebuilds;
}

static void brokers_die_and_nothing_is_lost(void **state)
{
    (void)state;
    struct rg_kafka_server *server = NULL;
    struct rg_error err = {0};
    if (rg_kafka_server_start(NULL, BROKERS, &server, &err) < 0)
        fail_msg("%s", err.text);
    const char *bootstrap = rg_kafka_server_bootstrap(server);
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_kafka_admin *admin = NULL;
    assert_int_equal(rg_kafka_admin_new(&config, &admin, &err), 0);
    const struct rg_kafka_setting safe[] = {{"min.insync.replicas", "2"}};
    struct rg_kafka_topic_spec spec = {.name = "failover", .partitions = 1, .replication = 3, .settings = safe, .settings_n = 1};
    if (rg_kafka_topics_ensure(admin, &spec, 1, RIG_WAIT_MS, &err) < 0)
        fail_msg("%s", err.text);
    const struct rg_kafka_topic_wish wish = {.name = "failover", .partitions = 1, .cleanup = "delete"};
    struct rg_kafka_finding findings[RG_KAFKA_FINDINGS_PER_TOPIC_MAX];
    size_t n = 1;
    assert_int_equal(rg_kafka_topics_check(admin, &wish, 1, false, RIG_WAIT_MS, findings, RG_COUNT(findings), &n, &err), 0);
    assert_int_equal(n, 0);

    struct rig_sender *sender = rig_sender_new(bootstrap, "failover", (struct rg_kafka_producer_options){0});
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "failover-reader");
    rig_read_from(reader, "failover", 0, RG_KAFKA_BEGINNING);
    size_t next = 0;
    int rebuilds = keep_sending(sender, "failover", &next, RECORDS / 4, 2000);
    for (int broker = 0; broker < BROKERS; broker++) {
        if (rg_kafka_server_kill(server, broker, &err) < 0)
            fail_msg("%s", err.text);
        rebuilds += keep_sending(sender, "failover", &next, RECORDS / 4 * ((size_t)broker + 2), 3000);
        if (rg_kafka_server_revive(server, broker, &err) < 0)
            fail_msg("%s", err.text);
        rebuilds += keep_sending(sender, "failover", &next, RECORDS / 4 * ((size_t)broker + 2), 2000);
    }
    rebuilds += keep_sending(sender, "failover", &next, RECORDS, 60000);
    assert_int_equal(next, RECORDS);
    for (size_t i = 0; i < RECORDS; i++)
        if (sender->fate[i] != 0)
            fail_msg("record %zu: %d %s", i, sender->fate[i], sender->text);

    size_t seen = 0, repeats = 0;
    while (seen < RECORDS) {
        struct rg_kafka_event event = rig_next(reader);
        if (event.kind == RG_KAFKA_EVENT_FAULT && !event.error.retryable)
            fail_msg("%s", event.error.text);
        if (event.kind != RG_KAFKA_EVENT_MESSAGE)
            continue;
        size_t index = strtoul(event.value.p + 1, NULL, 10);
        assert_true(index <= seen); /* never a gap */
        repeats += index < seen;
        seen += index == seen;
    }
    print_message("%d rebuilds, %zu repeats\n", rebuilds, repeats);
    if (rebuilds == 0)
        assert_int_equal(repeats, 0);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    rg_kafka_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(brokers_die_and_nothing_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
