/* base/kafka against a real Apache Kafka: what the in-process broker cannot show. Groups that change, topics that are deleted and
 * made again, batches that the broker refuses, settings of topics. Every test has topics and groups of its own names. */
#include "base/core/rand.h"
#include "base/core/hash.h"
#include "tests/fakes/kafka_server.h"
#include "tests/unit/base/kafka/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rg_kafka_server *server;
static const char *bootstrap;
static struct rg_kafka_admin *admin;
static char run[9]; /* a server that is given keeps the topics of earlier runs */

static int start_server(void **state)
{
    (void)state;
    struct rg_error err = {0};
    uint8_t bytes[4];
    rg_random_bytes(bytes, sizeof bytes);
    rg_hex(bytes, sizeof bytes, run);
    if (rg_kafka_server_start(NULL, 1, &server, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    bootstrap = rg_kafka_server_bootstrap(server);
    struct rg_kafka_config config = rig_config(bootstrap);
    return rg_kafka_admin_new(&config, &admin, &err);
}

static int stop_server(void **state)
{
    (void)state;
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    rg_kafka_server_stop(&server);
    return 0;
}

struct name {
    char text[64];
};

static struct name name_of(const char *what)
{
    struct name name;
    (void)snprintf(name.text, sizeof name.text, "%s-%s", what, run);
    return name;
}

static void make_topic(const char *topic, int partitions, const char *setting, const char *value)
{
    struct rg_kafka_setting settings[] = {{setting, value}};
    struct rg_kafka_topic_spec spec = {
        .name = topic, .partitions = partitions, .replication = 1, .settings = settings, .settings_n = setting != NULL};
    struct rg_error err = {0};
    if (rg_kafka_topics_ensure(admin, &spec, 1, RIG_WAIT_MS, &err) < 0)
        fail_msg("%s", err.text);
}

static int64_t now_ms(void)
{
    return rg_boot_ms(rg_clock_system());
}

/* ---- topics ----------------------------------------------------------------------------------------------------- */

static void topics_are_made_and_judged(void **state)
{
    (void)state;
    struct name ledger = name_of("ledger"), people = name_of("people"), absent = name_of("absent");
    const struct rg_kafka_setting settings[] = {
        {"message.timestamp.type", "LogAppendTime"}, {"retention.ms", "-1"}, {"max.message.bytes", "2000000"}};
    const struct rg_kafka_topic_spec specs[] = {
        {.name = ledger.text, .partitions = 8, .replication = -1, .settings = settings, .settings_n = RG_COUNT(settings)},
        {.name = people.text, .partitions = 4, .replication = 1},
    };
    struct rg_error err = {0};
    assert_int_equal(rg_kafka_topics_ensure(admin, specs, 2, RIG_WAIT_MS, &err), 0);
    assert_int_equal(rg_kafka_topics_ensure(admin, specs, 2, RIG_WAIT_MS, &err), 0); /* again is fine */
    int partitions = 0;
    assert_int_equal(rg_kafka_topic_partitions(admin, ledger.text, RIG_WAIT_MS, &partitions, &err), 0);
    assert_int_equal(partitions, 8);
    assert_int_equal(rg_kafka_topic_partitions(admin, absent.text, RIG_WAIT_MS, &partitions, &err), RG_ENOTFOUND);

    const struct rg_kafka_topic_wish wishes[] = {
        {.name = ledger.text,
         .partitions = 8,
         .cleanup = "delete",
         .retention_ms_min = RG_KAFKA_RETENTION_FOREVER,
         .message_bytes_min = 2000000,
         .log_append_time = true},
        {.name = people.text, .partitions = 8, .cleanup = "compact"},
        {.name = absent.text, .partitions = 8},
    };
    struct rg_kafka_finding findings[3 * RG_KAFKA_FINDINGS_PER_TOPIC_MAX];
    size_t n = 0;
    assert_int_equal(rg_kafka_topics_check(admin, wishes, 3, false, RIG_WAIT_MS, findings, RG_COUNT(findings), &n, &err), 0);
    static const struct {
        int wish;
        enum rg_kafka_severity severity;
        const char *says;
    } expected[] = {
        {0, RG_KAFKA_WARN, "one replica"},         {1, RG_KAFKA_REFUSE, "has 4 partitions, it must have 8"},
        {1, RG_KAFKA_REFUSE, "cleanup.policy is delete"}, {1, RG_KAFKA_WARN, "one replica"},
        {2, RG_KAFKA_REFUSE, "does not exist"},
    };
    assert_int_equal(n, RG_COUNT(expected));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(findings[i].topic, wishes[expected[i].wish].name);
        assert_int_equal(findings[i].severity, expected[i].severity);
        assert_non_null(strstr(findings[i].text, expected[i].says));
    }
    assert_int_equal(rg_kafka_topics_check(admin, wishes, 3, true, RIG_WAIT_MS, findings, RG_COUNT(findings), &n, &err), 0);
    assert_int_equal(n, 4); /* the cleanup policy was not asked for */
}

static void topics_that_cannot_be_made_say_why(void **state)
{
    (void)state;
    struct name name = name_of("impossible");
    const struct rg_kafka_setting unknown[] = {{"no.such.setting", "1"}}, wrong[] = {{"retention.ms", "for ever"}};
    const struct rg_kafka_topic_spec specs[] = {
        {.name = name.text, .partitions = 1, .replication = 30},
        {.name = name.text, .partitions = 0, .replication = 1},
        {.name = "not a name", .partitions = 1, .replication = 1},
        {.name = name.text, .partitions = 1, .replication = 1, .settings = unknown, .settings_n = 1},
        {.name = name.text, .partitions = 1, .replication = 1, .settings = wrong, .settings_n = 1},
    };
    for (size_t i = 0; i < RG_COUNT(specs); i++) {
        struct rg_error err = {0};
        assert_true(rg_kafka_topics_ensure(admin, &specs[i], 1, RIG_WAIT_MS, &err) < 0);
        if (strstr(err.text, specs[i].name) == NULL)
            fail_msg("%s", err.text);
    }
    assert_int_equal(rg_kafka_topic_delete(admin, name.text, RIG_WAIT_MS, NULL), 0); /* was never made */
}

/* ---- produce and consume ---------------------------------------------------------------------------------------- */

static void records_go_to_the_partition_that_was_named(void **state)
{
    (void)state;
    struct name topic = name_of("explicit"), group = name_of("explicit-reader");
    make_topic(topic.text, 5, "message.timestamp.type", "LogAppendTime");
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){.linger_ms = 5});
    int64_t before_ms = rg_wall_ms(rg_clock_system());
    for (int partition = 0; partition < 5; partition++)
        rig_send_all(sender, topic.text, partition, (size_t)partition * 100, (size_t)partition * 20);
    const struct rg_kafka_header headers[] = {{"kind", {"claim", 5}}, {"absent", {NULL, 0}}};
    struct rg_kafka_record tomb = {.topic = topic.text,
                                   .partition = 0,
                                   .key = {"k", 1},
                                   .headers = headers,
                                   .headers_n = 2,
                                   .opaque = (void *)(uintptr_t)999};
    assert_int_equal(rg_kafka_producer_send(sender->producer, &tomb, NULL), 0);
    rig_wait_reports(sender);

    struct rg_kafka_position ends[5], begins[5];
    for (int partition = 0; partition < 5; partition++)
        ends[partition] = begins[partition] = (struct rg_kafka_position){topic.text, partition, 0};
    assert_int_equal(rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_END, ends, 5, RIG_WAIT_MS, NULL), 0);
    assert_int_equal(rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_BEGINNING, begins, 5, RIG_WAIT_MS, NULL), 0);
    for (int partition = 0; partition < 5; partition++) {
        assert_int_equal(ends[partition].offset, partition == 0 ? 1 : partition * 20);
        assert_int_equal(begins[partition].offset, 0);
    }
    struct rg_kafka_position beyond = {topic.text, 5, 0}, nowhere = {"no-such-topic", 0, 0};
    struct rg_error err = {0};
    assert_true(rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_END, &beyond, 1, 2000, &err) < 0);
    assert_true(rg_kafka_topic_edges(admin, RG_KAFKA_EDGE_END, &nowhere, 1, 2000, &err) < 0);

    struct rg_kafka_consumer *reader = rig_reader(bootstrap, group.text);
    rig_read_from(reader, topic.text, 0, RG_KAFKA_BEGINNING);
    struct rg_kafka_event event = rig_message(reader);
    assert_null(event.value.p);
    assert_true(rg_str_is(rg_kafka_event_header(&event, "kind"), "claim"));
    assert_true(event.timestamp_ms >= before_ms - 5000);
    rig_read_from(reader, topic.text, 3, 40);
    for (int64_t offset = 40; offset < 60; offset++) {
        char value[32];
        (void)snprintf(value, sizeof value, "v%d", 300 + (int)offset);
        event = rig_message(reader);
        assert_int_equal(event.offset, offset);
        assert_true(rg_str_is(event.value, value));
    }
    event = rig_next(reader);
    assert_int_equal(event.kind, RG_KAFKA_EVENT_END);
    assert_int_equal(event.offset, 60);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

/* Reads until every record of `n` was seen, by whichever member holds its partition. */
static void read_by_both(struct rig_member *members, size_t members_n, int *seen, size_t n)
{
    int64_t until_ms = now_ms() + RIG_WAIT_MS;
    for (size_t left = n; left > 0 && now_ms() < until_ms;) {
        for (size_t m = 0; m < members_n; m++) {
            struct rg_kafka_event event;
            rg_kafka_consumer_poll(members[m].consumer, 5, &event);
            if (event.kind == RG_KAFKA_EVENT_FAULT)
                fail_msg("%s", event.error.text);
            if (event.kind != RG_KAFKA_EVENT_MESSAGE)
                continue;
            assert_true(members[m].has[event.partition]);
            size_t index = (size_t)event.partition * 1000 + (size_t)event.offset;
            assert_true(index < RIG_RECORDS_MAX);
            left -= seen[index]++ == 0;
        }
    }
}

static void wait_shares(struct rig_member *members, size_t members_n, int share)
{
    int64_t until_ms = now_ms() + RIG_WAIT_MS;
    for (;;) {
        bool settled = true;
        for (size_t m = 0; m < members_n; m++) {
            struct rg_kafka_event event;
            rg_kafka_consumer_poll(members[m].consumer, 5, &event);
            assert_int_not_equal(event.kind, RG_KAFKA_EVENT_MESSAGE);
            settled = settled && rig_member_count(&members[m]) == share;
        }
        if (settled)
            return;
        if (now_ms() > until_ms)
            fail_msg("the group did not settle");
    }
}

static void members_share_and_hand_over(void **state)
{
    (void)state;
    struct name topic = name_of("shared"), group = name_of("sharing");
    make_topic(topic.text, 4, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    for (int partition = 0; partition < 4; partition++)
        rig_send_all(sender, topic.text, partition, 0, 50);
    static int seen[RIG_RECORDS_MAX];
    struct rig_member members[2] = {{.ask_committed = true, .commit_on_revoke = true},
                                    {.ask_committed = true, .commit_on_revoke = true}};
    rig_member_start(&members[0], bootstrap, group.text, topic.text);
    read_by_both(members, 1, seen, 200);
    assert_int_equal(rig_member_count(&members[0]), 4);

    int64_t joined_ms = now_ms();
    rig_member_start(&members[1], bootstrap, group.text, topic.text);
    wait_shares(members, 2, 2);
    print_message("a second member joined in %d ms\n", (int)(now_ms() - joined_ms));
    assert_int_equal(members[0].commit_code, 0);
    assert_int_equal(members[0].revoked_at[0], 50);
    for (int partition = 0; partition < 4; partition++) {
        assert_true(members[0].has[partition] != members[1].has[partition]);
        rig_send_all(sender, topic.text, partition, 50, 30);
    }
    read_by_both(members, 2, seen, 120);

    int64_t left_ms = now_ms();
    rg_kafka_consumer_free(&members[1].consumer, RG_KAFKA_FREE_MS);
    assert_true(now_ms() - left_ms < 2000);
    assert_int_equal(rig_member_count(&members[1]), 0);
    assert_int_equal(members[1].lost, 0);
    wait_shares(members, 1, 4);
    print_message("and left in %d ms\n", (int)(now_ms() - left_ms));
    for (int partition = 0; partition < 4; partition++)
        rig_send_all(sender, topic.text, partition, 80, 20);
    read_by_both(members, 1, seen, 80);
    for (size_t partition = 0; partition < 4; partition++)
        for (size_t offset = 0; offset < 100; offset++)
            assert_int_equal(seen[partition * 1000 + offset], 1);
    rg_kafka_consumer_free(&members[0].consumer, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

/* A rebalance waits for a member that is busy. */
static void a_member_that_comes_late_still_gives_up(void **state)
{
    (void)state;
    struct name topic = name_of("zombie"), group = name_of("zombies");
    make_topic(topic.text, 2, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    rig_send_all(sender, topic.text, 0, 0, 5);
    struct rig_member members[2] = {{.start = 0}, {.start = 0}};
    rig_member_start(&members[0], bootstrap, group.text, topic.text);
    for (int i = 0; i < 5; i++)
        (void)rig_message(members[0].consumer);
    /* The second joins, but the first does not poll any more: the group waits for it no longer than its poll interval. Here it
     * comes back in time to give up what it has, so nothing is lost, only late. */
    rig_member_start(&members[1], bootstrap, group.text, topic.text);
    struct rg_kafka_event event;
    for (int64_t until_ms = now_ms() + 1500; now_ms() < until_ms;)
        rg_kafka_consumer_poll(members[1].consumer, 50, &event);
    assert_int_equal(rig_member_count(&members[1]), 0);
    int64_t until_ms = now_ms() + RIG_WAIT_MS;
    while ((rig_member_count(&members[0]) != 1 || rig_member_count(&members[1]) != 1) && now_ms() < until_ms)
        for (int m = 0; m < 2; m++)
            rg_kafka_consumer_poll(members[m].consumer, 10, &event);
    assert_int_equal(rig_member_count(&members[0]), 1);
    assert_int_equal(rig_member_count(&members[1]), 1);
    rg_kafka_consumer_free(&members[0].consumer, RG_KAFKA_FREE_MS);
    rg_kafka_consumer_free(&members[1].consumer, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void held_partitions_of_a_member_start_one_by_one(void **state)
{
    (void)state;
    struct name topic = name_of("held"), group = name_of("holding");
    make_topic(topic.text, 3, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    for (int partition = 0; partition < 3; partition++)
        rig_send_all(sender, topic.text, partition, 0, 40);
    for (int round = 0; round < 3; round++) { /* a pause must not outlive its assignment, nor a resume repeat anything */
        struct rig_member member = {.start = RG_KAFKA_HOLD};
        rig_member_start(&member, bootstrap, group.text, topic.text);
        struct rg_kafka_event event;
        while (member.assigns == 0)
            rg_kafka_consumer_poll(member.consumer, 50, &event);
        rg_kafka_consumer_poll(member.consumer, 200, &event);
        assert_int_equal(event.kind, RG_KAFKA_EVENT_NONE);
        for (int partition = 2; partition >= 0; partition--) {
            assert_int_equal(rg_kafka_consumer_seek(member.consumer, topic.text, partition, 10 * (partition + round), NULL), 0);
            for (int64_t offset = 10 * (partition + round); offset < 40; offset++) {
                event = rig_message(member.consumer);
                assert_int_equal(event.partition, partition);
                assert_int_equal(event.offset, offset);
            }
        }
        rg_kafka_consumer_free(&member.consumer, RG_KAFKA_FREE_MS);
        assert_int_equal(member.revokes, 1);
    }
    rig_sender_free(&sender);
}

/* ---- what must not pass in silence ------------------------------------------------------------------------------ */

static struct rg_kafka_event next_fault(struct rg_kafka_consumer *consumer)
{
    for (;;) {
        struct rg_kafka_event event = rig_next(consumer);
        if (event.kind == RG_KAFKA_EVENT_FAULT)
            return event;
        assert_int_not_equal(event.kind, RG_KAFKA_EVENT_MESSAGE);
    }
}

static void remake_topic(const char *topic, int partitions)
{
    struct rg_error err = {0};
    struct rg_kafka_topic_spec spec = {.name = topic, .partitions = partitions, .replication = 1};
    if (rg_kafka_topic_delete(admin, topic, RIG_WAIT_MS, &err) < 0)
        fail_msg("%s", err.text);
    int code = RG_EIO; /* the deletion is finished in the background */
    for (int64_t until_ms = now_ms() + RIG_WAIT_MS; code < 0 && now_ms() < until_ms;)
        code = rg_kafka_topics_ensure(admin, &spec, 1, RIG_WAIT_MS, &err);
    assert_int_equal(code, 0);
}

static void a_topic_made_again_is_noticed_by_a_reader(void **state)
{
    (void)state;
    struct name topic = name_of("remade"), group = name_of("remade-reader");
    make_topic(topic.text, 1, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    rig_send_all(sender, topic.text, 0, 0, 50);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, group.text);
    rig_read_from(reader, topic.text, 0, 45);
    for (int i = 0; i < 5; i++)
        (void)rig_message(reader);
    rig_sender_free(&sender);
    remake_topic(topic.text, 1);
    sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    rig_send_all(sender, topic.text, 0, 50, 3);
    struct rg_kafka_event event = next_fault(reader);
    for (; !event.stopped; event = next_fault(reader))
        assert_int_equal(event.error.code, RG_EREFUSED); /* it may be seen missing first */
    assert_int_equal(event.error.code, RG_EREFUSED);
    assert_string_equal(event.topic, topic.text);
    assert_int_equal(event.partition, 0);
    assert_non_null(strstr(event.error.text, topic.text));
    assert_int_equal(rg_kafka_consumer_seek(reader, topic.text, 0, RG_KAFKA_BEGINNING, NULL), 0);
    event = rig_message(reader);
    assert_int_equal(event.offset, 0);
    assert_true(rg_str_is(event.value, "v50"));
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void a_topic_made_again_is_noticed_by_a_member(void **state)
{
    (void)state;
    struct name topic = name_of("gone"), group = name_of("gone-member");
    make_topic(topic.text, 2, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    rig_send_all(sender, topic.text, 0, 0, 50);
    rig_send_all(sender, topic.text, 1, 50, 50);
    struct rig_member member = {.start = 40};
    rig_member_start(&member, bootstrap, group.text, topic.text);
    for (int i = 0; i < 20; i++)
        (void)rig_message(member.consumer);
    rig_sender_free(&sender);
    remake_topic(topic.text, 2);
    bool stopped[2] = {false};
    while (!stopped[0] || !stopped[1]) { /* either the running fetch or, after a rebalance, the new start */
        struct rg_kafka_event event = next_fault(member.consumer);
        assert_int_equal(event.error.code, RG_EREFUSED);
        assert_non_null(strstr(event.error.text, topic.text));
        assert_false(event.fatal);
        if (event.stopped)
            stopped[event.partition] = true;
    }
    struct rg_error err = {0};
    assert_int_equal(rg_kafka_consumer_seek(member.consumer, topic.text, 0, 0, &err), RG_EREFUSED);
    rg_kafka_consumer_free(&member.consumer, RG_KAFKA_FREE_MS);
}

static void a_group_without_a_position_says_so(void **state)
{
    (void)state;
    struct name topic = name_of("fresh"), group = name_of("fresh-group");
    make_topic(topic.text, 1, NULL, NULL);
    struct rig_member member = {.start = RG_KAFKA_STORED};
    rig_member_start(&member, bootstrap, group.text, topic.text);
    struct rg_kafka_event event = next_fault(member.consumer);
    assert_int_equal(event.error.code, RG_ENOTFOUND);
    assert_true(event.stopped);
    rg_kafka_consumer_free(&member.consumer, RG_KAFKA_FREE_MS);

    struct name absent = name_of("never-made"), other = name_of("never-made-group");
    struct rig_member lost = {.start = 0};
    rig_member_start(&lost, bootstrap, other.text, absent.text);
    event = next_fault(lost.consumer);
    assert_int_equal(event.error.code, RG_EREFUSED);
    assert_non_null(strstr(event.error.text, absent.text));
    assert_int_equal(lost.assigns, 0);
    rg_kafka_consumer_free(&lost.consumer, RG_KAFKA_FREE_MS);
}

/* The owner's side of a refusal, as the header tells it: keep everything, rebuild, send again alone, set the culprit aside. */
static void send_in_order(struct rig_sender *sender, const char *topic, const struct rg_str *values, size_t n, bool *aside)
{
    bool one_by_one = false;
    struct rg_error err = {0};
    for (int attempt = 0; attempt < 10; attempt++) {
        for (size_t i = 0; i < n && !rg_kafka_producer_broken(sender->producer); i++) {
            struct rg_kafka_record record = {.topic = topic, .partition = 0, .value = values[i], .opaque = (void *)(uintptr_t)i};
            if (sender->fate[i] == 0 || aside[i])
                continue;
            sender->fate[i] = 1;
            int code = rg_kafka_producer_send(sender->producer, &record, &err);
            assert_true(code == 0 || code == RG_EIO);
        }
        rig_wait_reports(sender);
        if (!rg_kafka_producer_broken(sender->producer))
            return;
        bool refused = false;
        for (size_t i = 0; i < n; i++) {
            refused = refused || sender->fate[i] == RG_EREFUSED;
            aside[i] = aside[i] || (one_by_one && sender->fate[i] == RG_EREFUSED);
        }
        one_by_one = refused;
        if (rg_kafka_producer_rebuild(sender->producer, one_by_one, RIG_WAIT_MS, &err) < 0)
            fail_msg("%s", err.text);
    }
    fail_msg("never came through: %s", sender->text);
}

static void a_refused_record_does_not_cost_its_neighbours(void **state)
{
    (void)state;
    enum { N = 60 };
    static char fat[5000];
    static char texts[N][16];
    struct rg_str values[N];
    bool aside[N] = {false};
    struct name topic = name_of("refusing"), group = name_of("refusing-reader");
    make_topic(topic.text, 1, "max.message.bytes", "3000");
    memset(fat, 'f', sizeof fat);
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "v%zu", i);
        values[i] = i == 7 || i == 40 ? (struct rg_str){fat, sizeof fat} : rg_str(texts[i]);
    }
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){.linger_ms = 50});
    send_in_order(sender, topic.text, values, N, aside);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, group.text);
    rig_read_from(reader, topic.text, 0, RG_KAFKA_BEGINNING);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(aside[i], i == 7 || i == 40);
        assert_int_equal(sender->fate[i], aside[i] ? RG_EREFUSED : 0);
        if (aside[i])
            continue;
        struct rg_kafka_event event = rig_message(reader);
        assert_true(rg_str_eq(event.value, values[i])); /* in order, once */
    }
    assert_int_equal(rig_next(reader).kind, RG_KAFKA_EVENT_END);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void a_topic_deleted_under_a_producer_breaks_it(void **state)
{
    (void)state;
    struct name topic = name_of("pulled");
    make_topic(topic.text, 1, NULL, NULL);
    struct rig_sender *sender = rig_sender_new(bootstrap, topic.text, (struct rg_kafka_producer_options){0});
    rig_send_all(sender, topic.text, 0, 0, 3);
    assert_int_equal(rg_kafka_topic_delete(admin, topic.text, RIG_WAIT_MS, NULL), 0);
    struct rg_error err = {0};
    const struct rg_kafka_header header = {"h", {"v", 1}};
    size_t sent = 3;
    for (int64_t until_ms = now_ms() + RIG_WAIT_MS; !rg_kafka_producer_broken(sender->producer) && now_ms() < until_ms;) {
        struct rg_kafka_record record = {
            .topic = topic.text, .value = {"x", 1}, .headers = &header, .headers_n = 1, .opaque = (void *)(uintptr_t)sent};
        if (sent < 1000 && rg_kafka_producer_send(sender->producer, &record, &err) == 0)
            sent++;
        rg_kafka_producer_poll(sender->producer, 50);
    }
    assert_true(rg_kafka_producer_broken(sender->producer));
    rig_wait_reports(sender);
    for (size_t i = 3; i < sent; i++) {
        assert_int_equal(sender->reports[i], 1);
        assert_true(sender->fate[i] < 0);
    }
    assert_true(rg_kafka_producer_rebuild(sender->producer, false, 1000, &err) < 0); /* until the topic is back */
    assert_true(rg_kafka_producer_broken(sender->producer));
    assert_int_equal(rig_send(sender, topic.text, 0, 0, &err), RG_EIO);
    remake_topic(topic.text, 1);
    assert_int_equal(rg_kafka_producer_rebuild(sender->producer, false, RIG_WAIT_MS, &err), 0);
    rig_send_all(sender, topic.text, 0, 0, 3);
    rig_sender_free(&sender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_made_and_judged),
        cmocka_unit_test(topics_that_cannot_be_made_say_why),
        cmocka_unit_test(records_go_to_the_partition_that_was_named),
        cmocka_unit_test(members_share_and_hand_over),
        cmocka_unit_test(a_member_that_comes_late_still_gives_up),
        cmocka_unit_test(held_partitions_of_a_member_start_one_by_one),
        cmocka_unit_test(a_topic_made_again_is_noticed_by_a_reader),
        cmocka_unit_test(a_topic_made_again_is_noticed_by_a_member),
        cmocka_unit_test(a_group_without_a_position_says_so),
        cmocka_unit_test(a_refused_record_does_not_cost_its_neighbours),
        cmocka_unit_test(a_topic_deleted_under_a_producer_breaks_it),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
