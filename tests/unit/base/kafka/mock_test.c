/* Consumers and producers against the in-process broker: what can be said without Apache Kafka. Groups that change, deleted
 * topics and admin requests are in the integration lane. */
#include "tests/fakes/mock_broker.h"
#include "tests/unit/base/kafka/rig.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A topic for each test, so that none sees another's records. */
static const struct rg_mock_topic topics[] = {
    {"produce", 4}, {"limits", 2}, {"reader", 2}, {"hold", 2}, {"range", 2},
    {"group", 2},   {"broken", 2}, {"down", 1},   {"full", 1},   {"gone", 1},   {"denied", 1},
};

static struct rg_mock_broker *broker;
static const char *bootstrap;

static int start_broker(void **state)
{
    (void)state;
    broker = rg_mock_broker_new(3, topics, RG_COUNT(topics));
    bootstrap = rg_mock_broker_bootstrap(broker);
    return 0;
}

static int stop_broker(void **state)
{
    (void)state;
    rg_mock_broker_free(&broker);
    return 0;
}

static void records_arrive_as_they_were_sent(void **state)
{
    (void)state;
    static const struct {
        struct rg_str key, value;
    } rows[] = {
        {{"key", 3}, {"value", 5}}, {{"k\0y", 3}, {"v\0lue", 5}}, {{NULL, 0}, {"no key", 6}},
        {{"tomb", 4}, {NULL, 0}},   {{"", 0}, {"", 0}},
    };
    static const struct rg_kafka_header headers[] = {
        {"kind", {"first", 5}}, {"origin", {"a\0b", 3}}, {"kind", {"last", 4}}, {"empty", {"", 0}}};
    struct rig_sender *sender = rig_sender_new(bootstrap, "produce", (struct rg_kafka_producer_options){0});
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_kafka_record record = {.topic = "produce",
                                         .partition = 2,
                                         .key = rows[i].key,
                                         .value = rows[i].value,
                                         .headers = headers,
                                         .headers_n = i == 0 ? RG_COUNT(headers) : 0,
                                         .opaque = (void *)(uintptr_t)i};
        assert_int_equal(rg_kafka_producer_send(sender->producer, &record, NULL), 0);
    }
    assert_int_equal(rg_kafka_producer_flush(sender->producer, RIG_WAIT_MS, NULL), 0);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "produce-reader");
    rig_read_from(reader, "produce", 2, RG_KAFKA_BEGINNING);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        assert_int_equal(sender->fate[i], 0);
        assert_int_equal(sender->reports[i], 1);
        assert_int_equal(sender->offset[i], i);
        struct rg_kafka_event event = rig_message(reader);
        assert_string_equal(event.topic, "produce");
        assert_int_equal(event.partition, 2);
        assert_int_equal(event.offset, i);
        assert_true(rg_str_eq(event.key, rows[i].key));
        assert_true(rg_str_eq(event.value, rows[i].value));
        assert_int_equal(event.key.p == NULL, rows[i].key.p == NULL);
        assert_int_equal(event.value.p == NULL, rows[i].value.p == NULL);
        const char *name = NULL;
        struct rg_str value = {0};
        if (i > 0) {
            assert_false(rg_kafka_event_header_at(&event, 0, &name, &value));
            assert_null(rg_kafka_event_header(&event, "kind").p);
            continue;
        }
        assert_true(rg_str_is(rg_kafka_event_header(&event, "kind"), "last"));
        assert_true(rg_str_eq(rg_kafka_event_header(&event, "origin"), headers[1].value));
        assert_null(rg_kafka_event_header(&event, "Kind").p);
        for (size_t h = 0; h < RG_COUNT(headers); h++) {
            assert_true(rg_kafka_event_header_at(&event, h, &name, &value));
            assert_string_equal(name, headers[h].name);
            assert_true(rg_str_eq(value, headers[h].value));
        }
        assert_false(rg_kafka_event_header_at(&event, RG_COUNT(headers), &name, &value));
    }
    struct rg_kafka_event end = rig_next(reader);
    assert_int_equal(end.kind, RG_KAFKA_EVENT_END);
    assert_int_equal(end.offset, RG_COUNT(rows));
    assert_int_equal(rg_kafka_consumer_next(reader, "produce", 2), RG_COUNT(rows));
    assert_int_equal(rg_kafka_consumer_lag(reader, "produce", 2), 0);
    assert_int_equal(rg_kafka_consumer_next(reader, "produce", 3), RG_KAFKA_NONE);
    assert_true(rg_kafka_consumer_health(reader)->connected);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    assert_null(reader);
    rig_sender_free(&sender);
}

static void what_cannot_be_sent_is_refused_at_once(void **state)
{
    (void)state;
    enum { LIMIT = 1000 };
    static const char bytes[LIMIT + 1];
    static const struct rg_kafka_header fat = {"h", {bytes, LIMIT - 1}}, fatter = {"h", {bytes, LIMIT}};
    struct rg_kafka_header named[RG_KAFKA_HEADERS_MAX + 1];
    for (size_t i = 0; i < RG_COUNT(named); i++)
        named[i] = (struct rg_kafka_header){"n", {"v", 1}};
    const struct {
        const char *title;
        struct rg_kafka_record record;
        int code;
    } rows[] = {
        {"fits", {.topic = "limits", .value = {bytes, LIMIT}}, 0},
        {"value one byte over", {.topic = "limits", .value = {bytes, LIMIT + 1}}, RG_EINVAL},
        {"key one byte over", {.topic = "limits", .key = {bytes, 1}, .value = {bytes, LIMIT}}, RG_EINVAL},
        {"header fits", {.topic = "limits", .headers = &fat, .headers_n = 1}, 0},
        {"header one byte over", {.topic = "limits", .headers = &fatter, .headers_n = 1}, RG_EINVAL},
        {"sum would overflow", {.topic = "limits", .key = {bytes, SIZE_MAX}, .value = {bytes, 2}}, RG_EINVAL},
        {"most headers", {.topic = "limits", .headers = named, .headers_n = RG_KAFKA_HEADERS_MAX}, 0},
        {"one header more", {.topic = "limits", .headers = named, .headers_n = RG_KAFKA_HEADERS_MAX + 1}, RG_EINVAL},
        {"last partition", {.topic = "limits", .partition = 1}, 0},
        {"one partition beyond", {.topic = "limits", .partition = 2, .headers = &fat, .headers_n = 1}, RG_EINVAL},
        {"any partition", {.topic = "limits", .partition = -1}, RG_EINVAL},
        {"topic not opened", {.topic = "reader"}, RG_ENOTFOUND},
    };
    struct rig_sender *sender =
        rig_sender_new(bootstrap, "limits", (struct rg_kafka_producer_options){.record_max_bytes = LIMIT});
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_kafka_record record = rows[i].record;
        struct rg_error err = {0};
        record.opaque = (void *)(uintptr_t)i;
        if (rg_kafka_producer_send(sender->producer, &record, &err) != rows[i].code)
            fail_msg("%s: %s", rows[i].title, err.text);
        assert_false(err.retryable);
    }
    rig_wait_reports(sender);
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_int_equal(sender->reports[i], rows[i].code == 0);
    assert_false(rg_kafka_producer_broken(sender->producer)); /* refusing a record costs nothing else */
    int partitions = 0;
    char name[RG_KAFKA_TOPIC_NAME_MAX + 2] = "";
    memset(name, 't', RG_KAFKA_TOPIC_NAME_MAX + 1);
    assert_int_equal(rg_kafka_producer_open(sender->producer, name, 1000, &partitions, NULL), RG_EINVAL);
    assert_int_equal(rg_kafka_producer_open(sender->producer, "", 1000, &partitions, NULL), RG_EINVAL);
    assert_int_equal(rg_kafka_producer_open(sender->producer, "limits", RIG_WAIT_MS, &partitions, NULL), 0);
    assert_int_equal(partitions, 2);
    rig_sender_free(&sender);
}

static void a_full_queue_says_so_and_recovers(void **state)
{
    (void)state;
    struct rig_sender *sender =
        rig_sender_new(bootstrap, "full", (struct rg_kafka_producer_options){.queue_max = 10, .linger_ms = 1000});
    struct rg_error err = {0};
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(rig_send(sender, "full", 0, i, &err), 0);
    assert_int_equal(rig_send(sender, "full", 0, 10, &err), RG_ELIMIT);
    assert_true(err.retryable);
    assert_int_equal(rg_kafka_producer_outstanding(sender->producer), 10);
    assert_int_equal(rg_kafka_producer_flush(sender->producer, 0, &err), RG_ETIMEOUT);
    rig_wait_reports(sender);
    rig_send_all(sender, "full", 0, 10, 10);
    rig_sender_free(&sender);
}

static void a_reader_goes_where_it_is_told(void **state)
{
    (void)state;
    struct rig_sender *sender = rig_sender_new(bootstrap, "reader", (struct rg_kafka_producer_options){0});
    rig_send_all(sender, "reader", 0, 0, 100);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "reader-reader");
    rig_read_from(reader, "reader", 0, 90);
    assert_int_equal(rig_message(reader).offset, 90);
    assert_int_equal(rig_message(reader).offset, 91);
    static const int64_t jumps[] = {10, 99, 0, 55, 55};
    for (size_t i = 0; i < RG_COUNT(jumps); i++) {
        assert_int_equal(rg_kafka_consumer_seek(reader, "reader", 0, jumps[i], NULL), 0);
        assert_int_equal(rig_message(reader).offset, jumps[i]);
    }
    assert_int_equal(rg_kafka_consumer_seek(reader, "reader", 0, RG_KAFKA_BEGINNING, NULL), 0);
    assert_int_equal(rig_message(reader).offset, 0);
    assert_int_equal(rg_kafka_consumer_seek(reader, "reader", 0, RG_KAFKA_END, NULL), 0);
    struct rg_kafka_event event = rig_next(reader);
    assert_int_equal(event.kind, RG_KAFKA_EVENT_END);
    assert_int_equal(event.offset, 100);
    rig_send_all(sender, "reader", 0, 100, 1); /* and follows */
    assert_int_equal(rig_message(reader).offset, 100);
    static const int64_t bad[] = {RG_KAFKA_STORED, RG_KAFKA_NONE, RG_KAFKA_HOLD, -7};
    for (size_t i = 0; i < RG_COUNT(bad); i++)
        assert_int_equal(rg_kafka_consumer_seek(reader, "reader", 0, bad[i], NULL), RG_EINVAL);
    assert_int_equal(rg_kafka_consumer_seek(reader, "reader", 1, 0, NULL), RG_ENOTFOUND);
    assert_int_equal(rg_kafka_consumer_seek(reader, "rider", 0, 0, NULL), RG_ENOTFOUND);

    struct rg_kafka_position edges[] = {{"reader", 0, 0}, {"reader", 1, 0}};
    assert_int_equal(rg_kafka_consumer_edges(reader, RG_KAFKA_EDGE_END, edges, 2, RIG_WAIT_MS, NULL), 0);
    assert_int_equal(edges[0].offset, 101);
    assert_int_equal(edges[1].offset, 0);
    assert_int_equal(rg_kafka_consumer_edges(reader, RG_KAFKA_EDGE_BEGINNING, edges, 2, RIG_WAIT_MS, NULL), 0);
    assert_int_equal(edges[0].offset, 0);
    assert_int_equal(rg_kafka_consumer_edges(reader, RG_KAFKA_EDGE_END, NULL, 0, RIG_WAIT_MS, NULL), 0);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void a_held_partition_waits_for_its_start(void **state)
{
    (void)state;
    struct rig_sender *sender = rig_sender_new(bootstrap, "hold", (struct rg_kafka_producer_options){0});
    rig_send_all(sender, "hold", 0, 0, 20);
    rig_send_all(sender, "hold", 1, 20, 20);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "hold-reader");
    const struct rg_kafka_position positions[] = {{"hold", 0, RG_KAFKA_HOLD}, {"hold", 1, 15}};
    assert_int_equal(rg_kafka_consumer_assign(reader, positions, 2, NULL), 0);
    for (int64_t offset = 15; offset < 20; offset++) {
        struct rg_kafka_event event = rig_message(reader);
        assert_int_equal(event.partition, 1);
        assert_int_equal(event.offset, offset);
    }
    assert_int_equal(rig_next(reader).kind, RG_KAFKA_EVENT_END);
    rig_send_all(sender, "hold", 0, 40, 5);
    struct rg_kafka_event event;
    rg_kafka_consumer_poll(reader, 300, &event);
    assert_int_equal(event.kind, RG_KAFKA_EVENT_NONE);
    assert_int_equal(rg_kafka_consumer_next(reader, "hold", 0), RG_KAFKA_NONE);
    assert_int_equal(rg_kafka_consumer_seek(reader, "hold", 0, 7, NULL), 0);
    for (int64_t offset = 7; offset < 25; offset++) {
        event = rig_message(reader);
        assert_int_equal(event.partition, 0);
        assert_int_equal(event.offset, offset);
    }
    assert_int_equal(rg_kafka_consumer_assign(reader, positions, 2, NULL), 0); /* held once more, then free from the start */
    const struct rg_kafka_position again[] = {{"hold", 0, 24}};
    assert_int_equal(rg_kafka_consumer_assign(reader, again, 1, NULL), 0);
    assert_int_equal(rig_message(reader).offset, 24);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void a_position_that_is_gone_stops_its_partition_only(void **state)
{
    (void)state;
    struct rig_sender *sender = rig_sender_new(bootstrap, "range", (struct rg_kafka_producer_options){0});
    rig_send_all(sender, "range", 0, 0, 3);
    rig_send_all(sender, "range", 1, 3, 3);
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "range-reader");
    const struct rg_kafka_position positions[] = {{"range", 0, 1000}, {"range", 1, 0}};
    assert_int_equal(rg_kafka_consumer_assign(reader, positions, 2, NULL), 0);
    int messages = 0, faults = 0;
    while (messages < 3 || faults < 1) {
        struct rg_kafka_event event = rig_next(reader);
        messages += event.kind == RG_KAFKA_EVENT_MESSAGE;
        if (event.kind != RG_KAFKA_EVENT_FAULT)
            continue;
        faults++;
        assert_int_equal(event.error.code, RG_EREFUSED);
        assert_string_equal(event.topic, "range");
        assert_int_equal(event.partition, 0);
        assert_true(event.stopped);
        assert_false(event.fatal);
        assert_non_null(strstr(event.error.text, "range/0"));
        assert_non_null(strstr(event.error.text, "1000"));
    }
    assert_int_equal(rg_kafka_consumer_seek(reader, "range", 0, 1, NULL), 0);
    assert_int_equal(rig_message(reader).offset, 1);
    assert_int_equal(rig_message(reader).offset, 2);
    rig_send_all(sender, "range", 1, 6, 1); /* the other one went on where it stood, without repeats */
    assert_int_equal(rig_message(reader).offset, 3);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

static void a_member_starts_where_its_owner_says(void **state)
{
    (void)state;
    struct rig_sender *sender = rig_sender_new(bootstrap, "group", (struct rg_kafka_producer_options){0});
    rig_send_all(sender, "group", 0, 0, 10);
    rig_send_all(sender, "group", 1, 10, 10);
    struct rig_member first = {.start = 6};
    rig_member_start(&first, bootstrap, "mock-group", "group");
    int64_t next[2] = {6, 6};
    for (int i = 0; i < 8; i++) {
        struct rg_kafka_event event = rig_message(first.consumer);
        assert_int_equal(event.offset, next[event.partition]++);
        struct rg_kafka_position done = {event.topic, event.partition, event.offset + 1};
        assert_int_equal(rg_kafka_consumer_commit(first.consumer, &done, 1, i < 4 ? 0 : RIG_WAIT_MS, NULL), 0);
    }
    assert_int_equal(first.assigns, 1);
    assert_int_equal(rig_member_count(&first), 2);
    struct rg_kafka_position bad = {"group", 0, -1};
    assert_int_equal(rg_kafka_consumer_commit(first.consumer, &bad, 1, 0, NULL), RG_EINVAL);
    rg_kafka_consumer_free(&first.consumer, RG_KAFKA_FREE_MS);
    assert_int_equal(first.committed, 4);
    assert_int_equal(first.commit_failures, 0);
    assert_int_equal(first.revokes, 1);
    assert_int_equal(first.lost, 0);
    assert_int_equal(first.revoked_at[0], 10);
    assert_int_equal(first.revoked_at[1], 10);

    rig_send_all(sender, "group", 1, 20, 1);
    struct rig_member second = {.ask_committed = true, .commit_on_revoke = true, .commit_code = 1};
    rig_member_start(&second, bootstrap, "mock-group", "group");
    struct rg_kafka_event event = rig_message(second.consumer);
    assert_int_equal(event.partition, 1);
    assert_int_equal(event.offset, 10);
    rg_kafka_consumer_free(&second.consumer, RG_KAFKA_FREE_MS);
    assert_int_equal(second.revokes, 1);
    assert_int_equal(second.commit_code, 0); /* the last commit, from inside the revocation of a close */
    rig_sender_free(&sender);
}

/* Nobody is to blame: all of it waits until somebody mends the access lists, and nobody asks for that a hundred times a second. */
static void what_is_denied_is_sent_again_after_a_pause(void **state)
{
    (void)state;
    enum { TOPIC_AUTHORIZATION_FAILED = 29 };
    struct rig_sender *sender = rig_sender_new(bootstrap, "denied", (struct rg_kafka_producer_options){0});
    struct rg_error err = {0};
    rg_mock_broker_fail(broker, RG_MOCK_PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
    assert_int_equal(rig_send(sender, "denied", 0, 0, &err), 0);
    int64_t denied_ms = rg_boot_ms(rg_clock_system());
    rig_wait_reports(sender);
    assert_int_equal(sender->fate[0], RG_EDENIED);
    int rebuilt = 0;
    for (int turn = 0; turn == 0 || rebuilt == RG_EDENIED; turn++) {
        rebuilt = rg_kafka_producer_rebuild(sender->producer, false, RIG_WAIT_MS, &err);
        if (rebuilt == RG_EDENIED) {
            assert_true(err.retryable);
            assert_non_null(strstr(err.text, "denied/0: "));
            assert_non_null(strstr(err.text, "authorization failed"));
            assert_true(rg_kafka_producer_broken(sender->producer));
            (void)poll(NULL, 0, 20);
        }
    }
    assert_int_equal(rebuilt, 0);
    assert_true(rg_boot_ms(rg_clock_system()) - denied_ms >= 1000);
    rig_send_all(sender, "denied", 0, 0, 1);
    rig_sender_free(&sender);
}

/* A batch that is refused for good: nothing is skipped, nothing sent twice, order kept. */
static void a_refused_batch_breaks_the_producer_until_rebuilt(void **state)
{
    (void)state;
    static const int errors[] = {10 /* too large */, 45 /* out of order: fatal */};
    size_t first = 0;
    for (size_t e = 0; e < RG_COUNT(errors); e++) {
        struct rig_sender *sender = rig_sender_new(bootstrap, "broken", (struct rg_kafka_producer_options){.linger_ms = 500});
        struct rg_error err = {0};
        rg_mock_broker_fail(broker, RG_MOCK_PRODUCE, errors[e], 1);
        for (size_t i = first; i < first + 5; i++)
            assert_int_equal(rig_send(sender, "broken", (int)e, i, &err), 0);
        rig_wait_reports(sender);
        assert_true(rg_kafka_producer_broken(sender->producer));
        assert_int_equal(rig_send(sender, "broken", (int)e, first + 5, &err), RG_EIO);
        assert_int_equal(rg_kafka_producer_flush(sender->producer, 100, &err), RG_EIO);
        for (size_t i = first; i < first + 5; i++) {
            assert_int_equal(sender->reports[i], 1);
            assert_true(sender->fate[i] == (errors[e] == 10 ? RG_EREFUSED : RG_EUNKNOWN));
        }
        assert_int_equal(rg_kafka_producer_rebuild(sender->producer, errors[e] == 10, RIG_WAIT_MS, &err), 0);
        assert_false(rg_kafka_producer_broken(sender->producer));
        rig_send_all(sender, "broken", (int)e, first, 6);
        struct rg_kafka_consumer *reader = rig_reader(bootstrap, "broken-reader");
        rig_read_from(reader, "broken", (int)e, RG_KAFKA_BEGINNING);
        for (size_t i = first; i < first + 6; i++) {
            char value[32];
            (void)snprintf(value, sizeof value, "v%zu", i);
            assert_true(rg_str_is(rig_message(reader).value, value));
        }
        assert_int_equal(rig_next(reader).kind, RG_KAFKA_EVENT_END);
        rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
        rig_sender_free(&sender);
        first += 6;
    }
}

/* librdkafka refuses the record itself; its headers are freed once. */
static void a_topic_that_vanishes_breaks_the_producer(void **state)
{
    (void)state;
    static const struct rg_kafka_header header = {"kind", {"claim", 5}};
    const struct rg_kafka_record record = {.topic = "gone", .value = {"v", 1}, .headers = &header, .headers_n = 1};
    struct rig_sender *sender = rig_sender_new(bootstrap, "gone", (struct rg_kafka_producer_options){0});
    struct rg_error err = {0};
    int partitions = 0, code = 0;
    rg_mock_broker_hide(broker, "gone", true);
    for (int turn = 0; turn < 10 && code == 0; turn++) { /* librdkafka takes its time to believe it, and not much to forget it */
        assert_int_equal(rg_kafka_producer_open(sender->producer, "gone", RIG_WAIT_MS, &partitions, &err), RG_ENOTFOUND);
        code = rg_kafka_producer_send(sender->producer, &record, &err);
    }
    assert_int_equal(code, RG_EIO);
    assert_non_null(strstr(err.text, "gone/0"));
    assert_true(rg_kafka_producer_broken(sender->producer));
    assert_true(rg_kafka_producer_rebuild(sender->producer, false, 300, &err) < 0);
    rg_mock_broker_hide(broker, "gone", false);
    assert_int_equal(rg_kafka_producer_rebuild(sender->producer, false, RIG_WAIT_MS, &err), 0);
    rig_send_all(sender, "gone", 0, 0, 1);
    rig_sender_free(&sender);
}

static void nothing_is_lost_while_the_brokers_are_down(void **state)
{
    (void)state;
    struct rig_sender *sender = rig_sender_new(bootstrap, "down", (struct rg_kafka_producer_options){0});
    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "down-reader");
    rig_read_from(reader, "down", 0, RG_KAFKA_BEGINNING);
    rig_send_all(sender, "down", 0, 0, 5);
    assert_int_equal(rig_message(reader).offset, 0);
    rg_mock_broker_down(broker, 0);
    struct rg_error err = {0};
    for (size_t i = 5; i < 10; i++)
        assert_int_equal(rig_send(sender, "down", 0, i, &err), 0);
    assert_int_equal(rg_kafka_producer_flush(sender->producer, 300, &err), RG_ETIMEOUT);
    struct rg_kafka_position end = {"down", 0, 0};
    assert_true(rg_kafka_consumer_edges(reader, RG_KAFKA_EDGE_END, &end, 1, 200, &err) < 0);
    assert_true(err.retryable);
    rg_mock_broker_up(broker, 0);
    rig_wait_reports(sender);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(sender->fate[i], 0);
    for (int64_t offset = 1; offset < 10; offset++)
        assert_int_equal(rig_message(reader).offset, offset);
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
}

/* A topic that is missing is asked for twice, but not with twice the time. */
static void a_check_keeps_its_time(void **state)
{
    (void)state;
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_kafka_admin *admin = NULL;
    struct rg_kafka_finding findings[RG_KAFKA_FINDINGS_PER_TOPIC_MAX];
    const struct rg_kafka_topic_wish wish = {.name = "missing"};
    size_t n = 0;
    struct rg_error err = {0};
    assert_int_equal(rg_kafka_admin_new(&config, &admin, &err), 0);
    assert_int_equal(
        rg_kafka_topics_check(admin, &wish, 1, true, RIG_WAIT_MS, findings, RG_COUNT(findings), &n, &err), 0);
    assert_int_equal(n, 1);
    rg_mock_broker_delay(broker, 0, 1400);
    int64_t before_ms = rg_boot_ms(rg_clock_system());
    int code = rg_kafka_topics_check(admin, &wish, 1, true, 1500, findings, RG_COUNT(findings), &n, &err);
    assert_true(code == 0 || code == RG_ETIMEOUT); /* 0: the machine was so busy that one question took all of it */
    assert_in_range(rg_boot_ms(rg_clock_system()) - before_ms, 1400, 2500);
    rg_mock_broker_delay(broker, 0, 0);
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
}

static void closing_without_a_broker_keeps_the_deadline(void **state)
{
    (void)state;
    struct rig_member member = {.start = 0};
    rig_member_start(&member, "127.0.0.1:1", "nobody", "group"); /* nothing listens there: no failure, only no health */
    struct rg_kafka_event event;
    for (int turn = 0; turn < 100 && rg_kafka_consumer_health(member.consumer)->down_since_ms == 0; turn++)
        rg_kafka_consumer_poll(member.consumer, 50, &event);
    assert_true(rg_kafka_consumer_health(member.consumer)->down_since_ms > 0);
    assert_false(rg_kafka_consumer_health(member.consumer)->connected);
    struct rig_sender *sender = rig_sender_new("127.0.0.1:1", NULL, (struct rg_kafka_producer_options){0});
    struct rg_error err = {0};
    int partitions = 0;
    assert_true(rg_kafka_producer_open(sender->producer, "group", 200, &partitions, &err) < 0);
    assert_true(err.retryable);
    int64_t before_ms = rg_boot_ms(rg_clock_system());
    rg_kafka_consumer_free(&member.consumer, 3000);
    rig_sender_free(&sender);
    assert_true(rg_boot_ms(rg_clock_system()) - before_ms < 3000 + RG_KAFKA_FREE_MS);
    assert_int_equal(member.revokes, 0);
    rg_kafka_consumer_free(&member.consumer, 0);
    rg_kafka_producer_free(&(struct rg_kafka_producer *){NULL}, 0);
    rg_kafka_admin_free(&(struct rg_kafka_admin *){NULL}, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_arrive_as_they_were_sent),
        cmocka_unit_test(what_cannot_be_sent_is_refused_at_once),
        cmocka_unit_test(a_full_queue_says_so_and_recovers),
        cmocka_unit_test(a_reader_goes_where_it_is_told),
        cmocka_unit_test(a_held_partition_waits_for_its_start),
        cmocka_unit_test(a_position_that_is_gone_stops_its_partition_only),
        cmocka_unit_test(a_member_starts_where_its_owner_says),
        cmocka_unit_test(what_is_denied_is_sent_again_after_a_pause),
        cmocka_unit_test(a_refused_batch_breaks_the_producer_until_rebuilt),
        cmocka_unit_test(a_topic_that_vanishes_breaks_the_producer),
        cmocka_unit_test(nothing_is_lost_while_the_brokers_are_down),
        cmocka_unit_test(a_check_keeps_its_time),
        cmocka_unit_test(closing_without_a_broker_keeps_the_deadline),
    };
    return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
