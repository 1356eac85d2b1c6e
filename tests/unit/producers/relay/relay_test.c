/* The relay's order: log before release, removal from the front, void actions taken back, everything again after a doubt. */
#include "producers/relay/relay.h"

#include "tests/fakes/stream.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEDGER "regua.ledger"
#define MAIL "regua.actions.email"

struct bench {
    struct rg_fake_stream *stream;
    struct rg_kafka_producer *producer;
    struct rg_relay *relay;
};

static int begin(void **state)
{
    struct bench *b = rg_alloc(sizeof *b);
    b->stream = rg_fake_stream_new(rg_relay_report, NULL);
    b->producer = rg_fake_stream_producer(b->stream);
    b->relay = rg_relay_new();
    *state = b;
    return 0;
}

static int finish(void **state)
{
    struct bench *b = *state;
    rg_relay_free(&b->relay);
    rg_fake_stream_free(&b->stream);
    free(b);
    return 0;
}

static struct rg_action_id action_of(uint8_t n)
{
    struct rg_action_id id = {{0}};
    id.b[0] = n;
    return id;
}

/* Its value is its sequence; action 0: of none. */
static void add(struct bench *b, int64_t seq, enum rg_out_kind kind, const char *topic, uint8_t action)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    char value[24];
    int n = snprintf(value, sizeof value, "%lld", (long long)seq);
    const struct rg_out out = {.kind = kind,
                               .topic = rg_str(topic),
                               .partition = 1,
                               .key = RG_STR("C-1"),
                               .value = {value, (size_t)n},
                               .action = action_of(action)};
    struct rg_error err = {0};
    rg_buf_init(&buf, 4096);
    rg_out_encode(&out, &buf);
    if (rg_relay_add(b->relay, seq, rg_buf_str(&buf), &err) < 0)
        fail_msg("%s", err.text);
}

static void pump(struct bench *b)
{
    struct rg_error err = {0};
    if (rg_relay_pump(b->relay, b->producer, &err) < 0)
        fail_msg("%s", err.text);
}

/* The values of what waits in the producer, "1 2 5". */
static void assert_waiting(struct bench *b, const char *expected)
{
    char text[256] = "";
    size_t at = 0;
    for (size_t i = 0; i < rg_fake_stream_waiting(b->stream); i++) {
        struct rg_str value = rg_fake_stream_sent(b->stream, i)->value;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s" RG_STR_FMT, i > 0 ? " " : "", RG_STR_ARG(value));
    }
    assert_string_equal(text, expected);
}

static void an_action_waits_for_its_decision_in_the_ledger(void **state)
{
    struct bench *b = *state;
    add(b, 1, RG_OUT_LEDGER, LEDGER, 7);
    add(b, 2, RG_OUT_ACTION, MAIL, 7);
    pump(b);
    assert_waiting(b, "1");
    pump(b);
    assert_waiting(b, "1"); /* sent is not acknowledged */
    rg_fake_stream_deliver(b->stream, 1);
    assert_waiting(b, "");
    pump(b);
    assert_waiting(b, "2");
    rg_fake_stream_deliver(b->stream, 1);
    assert_int_equal(rg_relay_done_through(b->relay), 2);
    assert_int_equal(rg_relay_count(b->relay), 0);
}

static void an_action_waits_for_every_decision_before_it(void **state)
{
    struct bench *b = *state;
    add(b, 1, RG_OUT_LEDGER, "ledger-a", 7);
    add(b, 2, RG_OUT_LEDGER, "ledger-b", 8);
    add(b, 3, RG_OUT_ACTION, MAIL, 8);
    add(b, 4, RG_OUT_LEDGER, LEDGER, 9);
    pump(b);
    assert_waiting(b, "1 2 4");
    rg_fake_stream_deliver_topic(b->stream, "ledger-b"); /* its own is there, an earlier one is not */
    pump(b);
    assert_waiting(b, "1 4");
    rg_fake_stream_deliver_topic(b->stream, "ledger-a");
    pump(b);
    assert_waiting(b, "4 3"); /* what comes behind does not matter to it */
}

static void nothing_else_waits(void **state)
{
    struct bench *b = *state;
    add(b, 1, RG_OUT_LEDGER, LEDGER, 7);
    add(b, 2, RG_OUT_FORWARD, LEDGER, 0);
    add(b, 3, RG_OUT_ACTION, MAIL, 7);
    add(b, 4, RG_OUT_PEOPLE, "people", 0);
    add(b, 5, RG_OUT_DEADLETTER, "dead", 0);
    pump(b);
    assert_waiting(b, "1 2 4 5");
}

static void only_what_is_done_from_the_front_is_removed(void **state)
{
    struct bench *b = *state;
    assert_int_equal(rg_relay_done_through(b->relay), -1);
    add(b, 10, RG_OUT_FORWARD, "a", 0);
    add(b, 11, RG_OUT_FORWARD, "b", 0);
    add(b, 14, RG_OUT_FORWARD, "c", 0);
    pump(b);
    rg_fake_stream_deliver_topic(b->stream, "b");
    assert_int_equal(rg_relay_done_through(b->relay), -1);
    assert_int_equal(rg_relay_count(b->relay), 3);
    assert_false(rg_relay_drained_through(b->relay, 11));
    assert_true(rg_relay_drained_through(b->relay, 9));
    rg_fake_stream_deliver_topic(b->stream, "a");
    assert_true(rg_relay_drained_through(b->relay, 11));
    assert_true(rg_relay_drained_through(b->relay, 13));
    assert_false(rg_relay_drained_through(b->relay, 14));
    assert_int_equal(rg_relay_done_through(b->relay), 11);
    assert_int_equal(rg_relay_done_through(b->relay), -1); /* said once */
    rg_fake_stream_deliver_topic(b->stream, "c");
    assert_int_equal(rg_relay_done_through(b->relay), 14);
    assert_true(rg_relay_drained_through(b->relay, INT64_MAX));
    add(b, 15, RG_OUT_FORWARD, "a", 0); /* it goes on from empty */
    pump(b);
    assert_waiting(b, "15");
}

static void a_void_action_is_taken_back_unless_it_is_out(void **state)
{
    struct bench *b = *state;
    int64_t seqs[8];
    add(b, 1, RG_OUT_LEDGER, LEDGER, 7);
    add(b, 2, RG_OUT_ACTION, MAIL, 7);
    add(b, 3, RG_OUT_LEDGER, LEDGER, 8);
    add(b, 4, RG_OUT_ACTION, MAIL, 8);
    add(b, 5, RG_OUT_FORWARD, LEDGER, 0);
    pump(b); /* 1, 3 and 5 are out */
    assert_int_equal(rg_relay_drop(b->relay, &(struct rg_action_id){{7}}, seqs), 1);
    assert_int_equal(seqs[0], 2);
    assert_int_equal(rg_relay_drop(b->relay, &(struct rg_action_id){{9}}, seqs), 0);
    assert_int_equal(rg_relay_count(b->relay), 4);
    rg_fake_stream_deliver(b->stream, 3);
    pump(b);
    assert_waiting(b, "4");
    rg_fake_stream_deliver(b->stream, 1);
    assert_int_equal(rg_relay_done_through(b->relay), 5);
}

static void a_decision_that_did_not_leave_goes_with_its_action(void **state)
{
    struct bench *b = *state;
    int64_t seqs[8];
    add(b, 1, RG_OUT_LEDGER, LEDGER, 7);
    add(b, 2, RG_OUT_ACTION, MAIL, 7);
    assert_int_equal(rg_relay_drop(b->relay, &(struct rg_action_id){{7}}, seqs), 2);
    assert_int_equal(seqs[0], 1);
    assert_int_equal(seqs[1], 2);
    assert_int_equal(rg_relay_count(b->relay), 0);
    add(b, 3, RG_OUT_LEDGER, LEDGER, 8); /* first and last were both taken away */
    pump(b);
    assert_waiting(b, "3");
}

static void drops_eight_at_most(void **state)
{
    struct bench *b = *state;
    int64_t seqs[8];
    for (int64_t seq = 1; seq <= 9; seq++)
        add(b, seq, RG_OUT_ACTION, MAIL, 7);
    assert_int_equal(rg_relay_drop(b->relay, &(struct rg_action_id){{7}}, seqs), 8);
    assert_int_equal(rg_relay_drop(b->relay, &(struct rg_action_id){{7}}, seqs), 1);
    assert_int_equal(seqs[0], 9);
}

static void a_full_producer_is_filled_again_from_where_it_stopped(void **state)
{
    struct bench *b = *state;
    for (int64_t seq = 1; seq <= 5; seq++)
        add(b, seq, RG_OUT_FORWARD, LEDGER, 0);
    rg_fake_stream_limit(b->stream, 2);
    pump(b);
    assert_waiting(b, "1 2");
    rg_fake_stream_deliver(b->stream, 1);
    pump(b);
    assert_waiting(b, "2 3");
}

/* Nothing is known of the first, nothing was written of the rest: all go again, in the old order, but for what was
 * acknowledged. */
static void after_a_failure_all_go_again_in_order(void **state)
{
    struct bench *b = *state;
    struct rg_error err = {0};
    add(b, 1, RG_OUT_FORWARD, "a", 0);
    add(b, 2, RG_OUT_LEDGER, LEDGER, 7);
    add(b, 3, RG_OUT_ACTION, MAIL, 7);
    add(b, 4, RG_OUT_FORWARD, "b", 0);
    pump(b);
    assert_waiting(b, "1 2 4");
    rg_fake_stream_deliver_topic(b->stream, "b");
    rg_fake_stream_break(b->stream, true);
    assert_int_equal(rg_relay_pump(b->relay, b->producer, &err), RG_EIO);
    assert_int_equal(rg_relay_done_through(b->relay), -1);
    rg_fake_stream_mend(b->stream);
    pump(b);
    assert_waiting(b, "1 2"); /* the action waits again, for it is not known that its decision stands */
    rg_fake_stream_deliver(b->stream, 2);
    pump(b);
    assert_waiting(b, "3");
    rg_fake_stream_deliver(b->stream, 1);
    assert_int_equal(rg_relay_done_through(b->relay), 4);
    assert_int_equal(rg_fake_stream_end(b->stream, "a", 1), 2); /* twice, and harmless by construction */
}

static void keeps_at_most_so_many_in_the_producer(void **state)
{
    struct bench *b = *state;
    for (int64_t seq = 1; seq <= 3000; seq++)
        add(b, seq, RG_OUT_FORWARD, LEDGER, 0);
    pump(b);
    size_t most = rg_fake_stream_waiting(b->stream);
    assert_true(most > 0 && most < 3000);
    pump(b);
    assert_int_equal(rg_fake_stream_waiting(b->stream), most);
    for (int i = 0; i < 3 && rg_relay_count(b->relay) > 0; i++) {
        rg_fake_stream_deliver(b->stream, SIZE_MAX);
        pump(b);
        (void)rg_relay_done_through(b->relay);
    }
    rg_fake_stream_deliver(b->stream, SIZE_MAX);
    (void)rg_relay_done_through(b->relay);
    assert_int_equal(rg_relay_count(b->relay), 0);
    assert_int_equal(rg_fake_stream_end(b->stream, LEDGER, 1), 3000);
}

/* A shard that opens again makes its relay anew while the producer still holds what the old one sent. */
static void reports_may_outlive_the_relay(void **state)
{
    struct bench *b = *state;
    add(b, 1, RG_OUT_FORWARD, LEDGER, 0);
    add(b, 2, RG_OUT_FORWARD, LEDGER, 0);
    add(b, 3, RG_OUT_ACTION, MAIL, 7);
    rg_fake_stream_limit(b->stream, 2);
    pump(b);
    rg_relay_free(&b->relay);
    assert_null(b->relay);
    b->relay = rg_relay_new();
    add(b, 1, RG_OUT_FORWARD, LEDGER, 0);
    rg_fake_stream_deliver(b->stream, 1);
    assert_int_equal(rg_relay_done_through(b->relay), -1); /* it was the old one's */
    rg_fake_stream_break(b->stream, false);
    rg_fake_stream_mend(b->stream);
    pump(b);
    assert_waiting(b, "1");
}

static void headers_say_what_a_record_is(void **state)
{
    struct bench *b = *state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_out out = {.kind = RG_OUT_FORWARD,
                               .topic = RG_STR(LEDGER),
                               .partition = 3,
                               .key = RG_STR("C-1"),
                               .record_kind = RG_STR("forwarded"),
                               .origin = RG_STR("ledger:0:1:2:3"),
                               .first = RG_STR("asaas:0:0:9:0"),
                               .reason = RG_STR("r"),
                               .detail = RG_STR("d"),
                               .from = RG_STR("f")};
    rg_buf_init(&buf, 4096);
    rg_out_encode(&out, &buf);
    assert_int_equal(rg_relay_add(b->relay, 0, rg_buf_str(&buf), NULL), 0);
    pump(b);
    rg_fake_stream_deliver(b->stream, 1);
    struct rg_kafka_event event;
    assert_true(rg_fake_stream_read(b->stream, LEDGER, 3, 0, &event));
    assert_true(rg_str_is(event.key, "C-1"));
    assert_null(event.value.p); /* a tombstone stays one */
    static const char *const rows[][2] = {{RG_HEADER_KIND, "forwarded"},
                                          {RG_HEADER_ORIGIN, "ledger:0:1:2:3"},
                                          {RG_HEADER_FIRST, "asaas:0:0:9:0"},
                                          {"regua_reason", "r"},
                                          {"regua_detail", "d"},
                                          {"regua_source", "f"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_true(rg_str_is(rg_kafka_event_header(&event, rows[i][0]), rows[i][1]));
}

/* A channel that was taken out of the configuration while something was on its way there. */
static void a_copy_without_a_channel_stops_nothing(void **state)
{
    struct bench *b = *state;
    rg_fake_stream_unopened(b->stream, MAIL);
    add(b, 1, RG_OUT_ACTION, MAIL, 7);
    add(b, 2, RG_OUT_FORWARD, LEDGER, 0);
    add(b, 3, RG_OUT_ACTION, MAIL, 8);
    pump(b);
    assert_waiting(b, "2");
    rg_fake_stream_deliver(b->stream, 1);
    assert_int_equal(rg_relay_done_through(b->relay), 3);
    struct rg_error err = {0};
    rg_fake_stream_unopened(b->stream, LEDGER); /* what is no copy may not be left out */
    add(b, 4, RG_OUT_FORWARD, LEDGER, 0);
    assert_int_equal(rg_relay_pump(b->relay, b->producer, &err), RG_ENOTFOUND);
}

static void broken_bytes_are_not_taken(void **state)
{
    struct bench *b = *state;
    struct rg_error err = {0};
    assert_int_equal(rg_relay_add(b->relay, 1, RG_STR(""), &err), RG_EINVAL);
    assert_int_equal(rg_relay_add(b->relay, 1, RG_STR("\1\0"), &err), RG_EINVAL);
    assert_int_equal(rg_relay_count(b->relay), 0);
    pump(b);
    assert_waiting(b, "");
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_out out = {.kind = RG_OUT_LEDGER, .topic = RG_STR(LEDGER), .value = RG_STR("x")};
    rg_buf_init(&buf, 4096);
    rg_out_encode(&out, &buf);
    assert_int_equal(rg_relay_add(b->relay, 5, rg_buf_str(&buf), &err), 0);
    assert_int_equal(rg_relay_add(b->relay, 5, rg_buf_str(&buf), &err), RG_EINVAL); /* a damaged store may say anything */
    assert_int_equal(rg_relay_add(b->relay, 4, rg_buf_str(&buf), &err), RG_EINVAL);
    assert_non_null(strstr(err.text, "comes behind 5"));
    assert_int_equal(rg_relay_add(b->relay, 6, rg_buf_str(&buf), &err), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_action_waits_for_its_decision_in_the_ledger),
        TEST(an_action_waits_for_every_decision_before_it),
        TEST(nothing_else_waits),
        TEST(only_what_is_done_from_the_front_is_removed),
        TEST(a_void_action_is_taken_back_unless_it_is_out),
        TEST(a_decision_that_did_not_leave_goes_with_its_action),
        TEST(drops_eight_at_most),
        TEST(a_full_producer_is_filled_again_from_where_it_stopped),
        TEST(after_a_failure_all_go_again_in_order),
        TEST(keeps_at_most_so_many_in_the_producer),
        TEST(reports_may_outlive_the_relay),
        TEST(headers_say_what_a_record_is),
        TEST(a_copy_without_a_channel_stops_nothing),
        TEST(broken_bytes_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
