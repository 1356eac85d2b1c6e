/* The same sender over the real client and an in-process broker, on real time: that what was played in memory also holds where
 * records travel. One delivery of each kind, a successor after a death, and a broker that cuts the line under the records. */
#include "tests/unit/support/cmocka.h"

#include "tests/fakes/mock_broker.h"
#include "tests/fakes/transport/transport.h"
#include "tests/unit/producers/sender/stage.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define CLAIM_MS 3000
#define WAIT_MS 30000

struct proof {
    struct rg_mock_broker *broker;
    struct stage stage;
    struct fake_transport *transport;
    struct rg_sender_config config;
    struct rg_sender *sender;
    struct rg_kafka_producer *relay;
    struct rg_kafka_consumer *reader; /* of the whole ledger */
    struct {
        char kind[32];
        struct rg_str value;
    } ledger[STAGE_SHARDS][256];
    int64_t ends[STAGE_SHARDS];
    size_t signals;
};

static void no_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    assert_int_equal(report->err.code, 0);
}

/* Reads on and answers from what was read. */
static bool read_ledger(void *ctx, int shard, int64_t offset, struct rg_str *ret_kind, struct rg_str *ret_value)
{
    struct proof *proof = ctx;
    struct rg_kafka_event event;
    for (rg_kafka_consumer_poll(proof->reader, 0, &event); event.kind != RG_KAFKA_EVENT_NONE;
         rg_kafka_consumer_poll(proof->reader, 0, &event)) {
        if (event.kind != RG_KAFKA_EVENT_MESSAGE)
            continue;
        if (strcmp(event.topic, STAGE_SIGNALS) == 0) {
            proof->signals++;
            continue;
        }
        assert_int_equal(event.offset, proof->ends[event.partition]);
        assert_true(event.offset < 256);
        struct rg_str kind = rg_kafka_event_header(&event, RG_HEADER_KIND);
        (void)snprintf(proof->ledger[event.partition][event.offset].kind, 32, RG_STR_FMT, RG_STR_ARG(kind));
        proof->ledger[event.partition][event.offset].value = rg_arena_str(proof->stage.arena, event.value);
        proof->ends[event.partition]++;
    }
    if (offset >= proof->ends[shard])
        return false;
    *ret_kind = rg_str(proof->ledger[shard][offset].kind);
    *ret_value = proof->ledger[shard][offset].value;
    return true;
}

static void start(struct proof *proof)
{
    static const char *const topics[] = {STAGE_ACTIONS, "regua.actions.signals", STAGE_LEDGER, STAGE_MESSAGES, STAGE_SIGNALS};
    struct rg_mock_topic specs[RG_COUNT(topics)];
    struct rg_error err = {0};
    int partitions = 0;
    memset(proof, 0, sizeof *proof);
    for (size_t i = 0; i < RG_COUNT(topics); i++)
        specs[i] = (struct rg_mock_topic){topics[i], STAGE_SHARDS};
    proof->broker = rg_mock_broker_new(1, specs, RG_COUNT(specs));
    stage_init(&proof->stage);
    proof->stage.boot_runs = true;
    proof->stage.ledger = read_ledger;
    proof->stage.ledger_ctx = proof;
    proof->transport = fake_transport_new();
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(proof->broker), .client_id = "test"};
    const struct rg_kafka_producer_options relay = {.on_report = no_report};
    const struct rg_kafka_consumer_options reader = {.group = "test-reader"};
    assert_int_equal(rg_kafka_producer_new(&kafka, &relay, &proof->relay, &err), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(rg_kafka_producer_open(proof->relay, topics[i], WAIT_MS, &partitions, &err), 0);
    assert_int_equal(rg_kafka_consumer_new(&kafka, &reader, &proof->reader, &err), 0);
    struct rg_kafka_position positions[2 * STAGE_SHARDS];
    for (int p = 0; p < STAGE_SHARDS; p++) {
        positions[p] = (struct rg_kafka_position){STAGE_LEDGER, p, 0};
        positions[STAGE_SHARDS + p] = (struct rg_kafka_position){STAGE_SIGNALS, p, 0};
    }
    assert_int_equal(rg_kafka_consumer_assign(proof->reader, positions, RG_COUNT(positions), &err), 0);
    proof->config = (struct rg_sender_config){.kafka = kafka,
                                              .group = "regua-send-email",
                                              .channel = "email",
                                              .actions_topic = STAGE_ACTIONS,
                                              .ledger_topic = STAGE_LEDGER,
                                              .messages_topic = STAGE_MESSAGES,
                                              .signals_topic = STAGE_SIGNALS,
                                              .shards = STAGE_SHARDS,
                                              .session_timeout_ms = 6000,
                                              .claim_valid_ms = CLAIM_MS,
                                              .concurrency = 32,
                                              .from = "Provedor Exemplo <cobranca@provedor.example>",
                                              .domain = "provedor.example",
                                              .clock = proof->stage.clock,
                                              .world = stage_world(&proof->stage),
                                              .transport = &proof->transport->base,
                                              .kind = RG_SENDER_MAIL};
}

static void start_sender(struct proof *proof)
{
    struct rg_error err = {0};
    if (rg_sender_new(&proof->config, &proof->sender, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(struct proof *proof)
{
    fake_transport_answer_all(proof->transport, RG_VERDICT_ACCEPTED);
    rg_sender_free(&proof->sender);
    rg_kafka_consumer_free(&proof->reader, RG_KAFKA_FREE_MS);
    rg_kafka_producer_free(&proof->relay, RG_KAFKA_FREE_MS);
    fake_transport_free(&proof->transport);
    stage_done(&proof->stage);
    rg_mock_broker_free(&proof->broker);
}

static void copy(struct proof *proof, const struct rg_decision *decision)
{
    struct rg_error err = {0};
    struct rg_buf value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&value, RG_LEDGER_BYTES_MAX);
    rg_decision_write(decision, &value);
    (void)stage_queue(&proof->stage, decision);
    const struct rg_kafka_record record = {.topic = proof->config.actions_topic,
                                           .partition = rg_action_id_shard(&decision->action),
                                           .key = decision->debtor,
                                           .value = rg_buf_str(&value)};
    assert_int_equal(rg_kafka_producer_send(proof->relay, &record, &err), 0);
    assert_int_equal(rg_kafka_producer_flush(proof->relay, WAIT_MS, &err), 0);
}

static bool turn_until(struct proof *proof, bool (*done)(const struct proof *proof))
{
    int64_t until_ms = rg_boot_ms(rg_clock_system()) + WAIT_MS;
    while (!done(proof) && rg_boot_ms(rg_clock_system()) < until_ms) {
        rg_sender_turn(proof->sender, 20);
        for (int p = 0; p < STAGE_SHARDS; p++)
            stage_fold(&proof->stage, p);
    }
    return done(proof);
}

static bool has_left(const struct proof *proof) { return proof->transport->count > 0; }
static bool one_outcome(const struct proof *proof) { return proof->stage.outcomes >= 1; }
static bool five_outcomes(const struct proof *proof) { return proof->stage.outcomes >= 5; }
static bool nothing_live(const struct proof *proof)
{
    for (size_t i = 0; i < proof->stage.act_count; i++)
        if (proof->stage.acts[i].live)
            return false;
    return atomic_load(&rg_sender_counters(proof->sender)->in_hand) == 0;
}

static void test_mail(void **state)
{
    (void)state;
    static struct proof proof;
    start(&proof);
    start_sender(&proof);
    struct rg_decision decision = stage_decision(&proof.stage, 1);
    copy(&proof, &decision);
    assert_true(turn_until(&proof, has_left));
    fake_transport_answer_all(proof.transport, RG_VERDICT_ACCEPTED);
    assert_true(turn_until(&proof, one_outcome));
    assert_int_equal(proof.stage.last.verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(proof.stage.last.claim_offset, 0);
    assert_int_equal(proof.transport->count, 1);
    /* A successor does not read it again: its position was committed on the way out. */
    for (int i = 0; i < 100 && !rg_sender_drain(proof.sender); i++)
        rg_sender_turn(proof.sender, 20);
    rg_sender_free(&proof.sender);
    start_sender(&proof);
    struct rg_decision second = stage_decision(&proof.stage, 2);
    copy(&proof, &second);
    fake_transport_free(&proof.transport);
    proof.transport = fake_transport_new();
    rg_sender_free(&proof.sender);
    proof.config.transport = &proof.transport->base;
    start_sender(&proof);
    assert_true(turn_until(&proof, has_left));
    assert_int_equal(atomic_load(&rg_sender_counters(proof.sender)->taken), 1);
    end(&proof);
}

/* The process died with the message out: its successor waits the claim's time, says so, and sends nothing. */
static void test_successor(void **state)
{
    (void)state;
    static struct proof proof;
    start(&proof);
    start_sender(&proof);
    struct rg_decision decision = stage_decision(&proof.stage, 1);
    copy(&proof, &decision);
    assert_true(turn_until(&proof, has_left));
    rg_mock_broker_down(proof.broker, 0);
    fake_transport_answer_all(proof.transport, RG_VERDICT_UNCERTAIN); /* frees the job; nobody hears it */
    rg_sender_free(&proof.sender);
    rg_mock_broker_up(proof.broker, 0);
    fake_transport_free(&proof.transport);
    proof.transport = fake_transport_new();
    proof.config.transport = &proof.transport->base;
    start_sender(&proof);
    int64_t begun_ms = rg_boot_ms(rg_clock_system());
    assert_true(turn_until(&proof, one_outcome));
    assert_true(rg_boot_ms(rg_clock_system()) - begun_ms >= CLAIM_MS);
    assert_int_equal(proof.stage.last.verdict, RG_VERDICT_UNCERTAIN);
    assert_int_equal(proof.stage.last.claim_offset, 0);
    assert_int_equal(proof.transport->count, 0);
    end(&proof);
}

/* Cut lines and errors under the records: each message leaves once, each end is written. */
static void test_cut_lines(void **state)
{
    (void)state;
    static struct proof proof;
    start(&proof);
    proof.config.claim_valid_ms = 60000;
    start_sender(&proof);
    for (int n = 0; n < 5; n++) {
        struct rg_decision decision = stage_decision(&proof.stage, n);
        copy(&proof, &decision);
        fake_transport_script(proof.transport, (struct rg_transport_result){.verdict = RG_VERDICT_ACCEPTED});
    }
    rg_mock_broker_fail(proof.broker, RG_MOCK_PRODUCE, -195, 3);
    rg_mock_broker_fail(proof.broker, RG_MOCK_PRODUCE, 45, 1); /* out of order sequence: a fatal error of the producer */
    rg_mock_broker_fail(proof.broker, RG_MOCK_PRODUCE, -195, 2);
    assert_true(turn_until(&proof, five_outcomes));
    assert_true(turn_until(&proof, nothing_live));
    assert_int_equal(proof.transport->count, 5);
    end(&proof);
}

static void test_signals(void **state)
{
    (void)state;
    static struct proof proof;
    start(&proof);
    proof.config.kind = RG_SENDER_SIGNALS;
    proof.config.transport = NULL;
    proof.config.channel = "signals";
    proof.config.group = "regua-send-signals";
    proof.config.actions_topic = "regua.actions.signals";
    start_sender(&proof);
    for (int n = 0; n < 5; n++) {
        struct rg_decision restore = stage_signal(&proof.stage, n, RG_SIGNAL_RESTORE_REQUESTED, 1);
        copy(&proof, &restore);
    }
    assert_true(turn_until(&proof, five_outcomes));
    assert_true(turn_until(&proof, nothing_live));
    assert_int_equal(proof.signals, 5);
    assert_int_equal(atomic_load(&rg_sender_counters(proof.sender)->verdicts[RG_VERDICT_ACCEPTED]), 5);
    end(&proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail),
        cmocka_unit_test(test_successor),
        cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_signals),
    };
    return cmocka_run_group_tests_name("producers/sender/broker", tests, NULL, NULL);
}
