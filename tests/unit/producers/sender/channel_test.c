/* The channel: what each word of the transport becomes, how much begins at once, what a broken channel does, and records that the
 * broker lost, doubted or refused. */
#include "tests/unit/producers/sender/play.h"

#include "producers/sender/breaker.h"
#include "producers/sender/rate.h"

#include <stdio.h>
#include <string.h>

static int shard_of(const struct rg_decision *decision)
{
    return rg_action_id_shard(&decision->action);
}

static struct rg_outcome last_outcome(struct play *play, const struct rg_decision *decision)
{
    struct rg_outcome outcome;
    int64_t offset;
    play_last_outcome(play, shard_of(decision), &outcome, &offset);
    assert_true(rg_action_id_eq(&outcome.action, &decision->action));
    return outcome;
}

/* ---- words ---- */

static void test_words(void **state)
{
    (void)state;
    static const struct {
        enum rg_verdict given, recorded;
        enum rg_evidence evidence;
        int64_t retry_after_ms;
    } rows[] = {
        {RG_VERDICT_ACCEPTED, RG_VERDICT_ACCEPTED, RG_EVIDENCE_ACCEPTED, 0},
        {RG_VERDICT_ACCEPTED, RG_VERDICT_ACCEPTED, RG_EVIDENCE_DELIVERED, 0},
        {RG_VERDICT_REJECTED, RG_VERDICT_REJECTED, RG_EVIDENCE_NONE, 0},
        {RG_VERDICT_RETRY, RG_VERDICT_RETRY, RG_EVIDENCE_NONE, 0},
        {RG_VERDICT_THROTTLED, RG_VERDICT_THROTTLED, RG_EVIDENCE_NONE, 30000},
        {RG_VERDICT_UNCERTAIN, RG_VERDICT_UNCERTAIN, RG_EVIDENCE_NONE, 0},
        {RG_VERDICT_EXPIRED, RG_VERDICT_RELEASED, RG_EVIDENCE_NONE, 0}, /* no `until`: it was the claim's time */
        {RG_VERDICT_RELEASED, RG_VERDICT_RELEASED, RG_EVIDENCE_NONE, 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        play_start(&play);
        fake_transport_script(play.transport, (struct rg_transport_result){.verdict = rows[i].given,
                                                                           .evidence = rows[i].evidence,
                                                                           .retry_after_ms = rows[i].retry_after_ms,
                                                                           .detail = "said so"});
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        for (int k = 0; k < 40 && play_kinds(shard_of(&decision), RG_REC_OUTCOME) == 0; k++)
            play_run(&play, 10);
        struct rg_outcome outcome = last_outcome(&play, &decision);
        assert_int_equal(outcome.verdict, rows[i].recorded);
        assert_int_equal(outcome.evidence, rows[i].evidence);
        assert_int_equal(outcome.retry_after_ms, rows[i].retry_after_ms);
        assert_int_equal(outcome.claim_offset, 0);
        assert_true(rg_str_is(outcome.detail, "said so"));
        play_end(&play);
    }
}

static void test_detail_is_cut_between_characters(void **state)
{
    (void)state;
    struct play play;
    struct rg_transport_result result = {.verdict = RG_VERDICT_REJECTED};
    play_start(&play);
    memset(result.detail, 'x', RG_OUTCOME_DETAIL_MAX - 1);
    memcpy(result.detail + RG_OUTCOME_DETAIL_MAX - 1, "\xc3", 2); /* what a transport cut in the middle of a character */
    fake_transport_script(play.transport, result);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 100);
    assert_int_equal(last_outcome(&play, &decision).detail.n, RG_OUTCOME_DETAIL_MAX - 1);
    play_end(&play);
}

static void test_refused_by_the_transport(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum rg_verdict verdict;
        enum rg_gate gate;
    } rows[] = {{RG_EINVAL, RG_VERDICT_REJECTED, RG_GATE_UNREACHABLE},
                {RG_ENOTFOUND, RG_VERDICT_REJECTED, RG_GATE_MISSING_DATA},
                {RG_EIO, RG_VERDICT_RETRY, RG_GATE_NONE}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        play_start(&play);
        play.transport->refuse = rows[i].code;
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        play_run(&play, 100);
        struct rg_outcome outcome = last_outcome(&play, &decision);
        assert_int_equal(outcome.verdict, rows[i].verdict);
        assert_int_equal(outcome.gate, rows[i].gate);
        assert_int_equal(outcome.claim_offset, 0);
        play_end(&play);
    }
}

/* ---- how much at once ---- */

static void test_claims_no_more_than_it_can_deliver(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.concurrency = 3;
    play_sender(&play);
    for (int n = 0; n < 20; n++)
        (void)play_decide(&play, n);
    play_run(&play, 500);
    assert_int_equal(play.transport->count, 3);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->claimed), 3);
    for (int i = 0; i < 10; i++) {
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        play_run(&play, 100);
        assert_true(play.transport->in_flight <= 3);
    }
    assert_int_equal(play.transport->count, 20);
    play_end(&play);
}

/* A transport that takes less than was configured: what did not fit goes later, and no more is claimed than fits. */
static void test_transport_takes_less(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.concurrency = 8;
    play.transport->in_flight_max = 2;
    play_sender(&play);
    for (int n = 0; n < 20; n++)
        (void)play_decide(&play, n);
    play_run(&play, 200);
    assert_int_equal(play.transport->count, 2);
    uint64_t claimed = atomic_load(&rg_sender_counters(play.sender)->claimed);
    assert_true(claimed <= 8);
    for (int i = 0; i < 20; i++) {
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        play_run(&play, 100);
    }
    assert_int_equal(play.transport->count, 20);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_RELEASED), 0);
    play_end(&play);
}

static void test_rate(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.rate_count = 20;
    play.config.rate_span_s = 1;
    play.config.concurrency = 200;
    play_sender(&play);
    for (int n = 0; n < 100; n++)
        (void)play_decide(&play, n);
    play_run(&play, 1000);
    assert_in_range(play.transport->count, 18, 22);
    play_run(&play, 2000);
    assert_in_range(play.transport->count, 58, 62);
    play_end(&play);
}

/* What was taken from the limit and not used is given back: actions that turned out void cost nothing. */
static void test_rate_counts_what_leaves(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.rate_count = 10;
    play.config.rate_span_s = 1;
    play_sender(&play);
    play.stage.asleep = true;
    struct rg_decision voided = play_decide(&play, 1);
    play_run(&play, 20);
    assert_int_equal(play_kinds(shard_of(&voided), RG_REC_CLAIM), 1);
    stage_void(&play.stage, &voided.action);
    play.stage.asleep = false;
    (void)play_decide(&play, 2);
    play_run(&play, 60); /* a whole token would take 100 ms */
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

static void test_rate_alone(void **state)
{
    (void)state;
    struct rg_rate rate;
    rg_rate_init(&rate, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(rg_rate_take(&rate, 0));
    rg_rate_init(&rate, 50, 1, 1000);
    for (int i = 0; i < 5; i++)
        assert_true(rg_rate_take(&rate, 1000));
    assert_false(rg_rate_take(&rate, 1000));
    assert_int_equal(rg_rate_wait_ms(&rate, 1000), 20);
    assert_false(rg_rate_take(&rate, 1019));
    assert_true(rg_rate_take(&rate, 1020));
    rg_rate_give_back(&rate);
    assert_true(rg_rate_take(&rate, 1020));
    assert_false(rg_rate_take(&rate, 900)); /* a clock that stood still or worse */
    for (int i = 0; i < 5; i++)
        assert_true(rg_rate_take(&rate, INT64_MAX / 2)); /* a long sleep fills it, no more */
    assert_false(rg_rate_take(&rate, INT64_MAX / 2));
    rg_rate_init(&rate, 1, 1, 0);
    assert_true(rg_rate_take(&rate, 0));
    assert_int_equal(rg_rate_wait_ms(&rate, 0), 1000);
    rg_rate_give_back(&rate);
    rg_rate_give_back(&rate); /* never above full */
    assert_true(rg_rate_take(&rate, 0));
    assert_false(rg_rate_take(&rate, 0));
    assert_int_equal(rg_rate_wait_ms(&rate, 1000), 0);
    rg_rate_init(&rate, 50, 3600, 0); /* fifty an hour: one each 72 seconds, never a burst */
    assert_true(rg_rate_take(&rate, 0));
    assert_int_equal(rg_rate_wait_ms(&rate, 0), 72000);
    assert_false(rg_rate_take(&rate, 71999));
    assert_true(rg_rate_take(&rate, 72000));
    assert_false(rg_rate_take(&rate, 72001));
}

/* ---- a broken channel ---- */

static void test_breaker_alone(void **state)
{
    (void)state;
    struct rg_breaker breaker = {0};
    assert_int_equal(rg_breaker_ask(&breaker, 0), RG_LEAVE_YES);
    rg_breaker_trouble(&breaker, false, 100);
    rg_breaker_trouble(&breaker, false, 150); /* was under way: says nothing new */
    assert_int_equal(rg_breaker_ask(&breaker, 1099), RG_LEAVE_NO);
    assert_int_equal(rg_breaker_ask(&breaker, 1100), RG_LEAVE_PROBE);
    rg_breaker_probe(&breaker);
    assert_int_equal(rg_breaker_ask(&breaker, 1100), RG_LEAVE_NO); /* one at a time */
    rg_breaker_probe_gone(&breaker);
    assert_int_equal(rg_breaker_ask(&breaker, 1100), RG_LEAVE_PROBE);
    int64_t now = 1100, expected = 1000;
    for (int i = 0; i < 10; i++) {
        rg_breaker_probe(&breaker);
        rg_breaker_trouble(&breaker, true, now);
        expected = 2 * expected < RG_BREAKER_LONGEST_MS ? 2 * expected : RG_BREAKER_LONGEST_MS;
        assert_int_equal(rg_breaker_ask(&breaker, now + expected - 1), RG_LEAVE_NO);
        now += expected;
        assert_int_equal(rg_breaker_ask(&breaker, now), RG_LEAVE_PROBE);
    }
    rg_breaker_probe(&breaker);
    rg_breaker_answer(&breaker);
    assert_int_equal(rg_breaker_ask(&breaker, now), RG_LEAVE_YES);
    rg_breaker_pause(&breaker, 5000, now);
    rg_breaker_pause(&breaker, 100, now); /* never shortens */
    assert_int_equal(rg_breaker_ask(&breaker, now + 4999), RG_LEAVE_NO);
    assert_int_equal(rg_breaker_ask(&breaker, now + 5000), RG_LEAVE_YES);
    rg_breaker_pause(&breaker, INT64_C(86400000), now);
    assert_int_equal(rg_breaker_ask(&breaker, now + RG_BREAKER_LONGEST_MS), RG_LEAVE_YES);
    rg_breaker_pause(&breaker, 0, now + RG_BREAKER_LONGEST_MS); /* the provider named no time */
    assert_int_equal(rg_breaker_ask(&breaker, now + RG_BREAKER_LONGEST_MS + 1), RG_LEAVE_NO);
}

static void test_channel_breaks_and_mends(void **state)
{
    (void)state;
    struct play play;
    const struct rg_transport_result broken = {.verdict = RG_VERDICT_RETRY, .channel = true};
    play_start(&play);
    play.config.concurrency = 1;
    play_sender(&play);
    for (int n = 0; n < 30; n++)
        (void)play_decide(&play, n);
    fake_transport_script(play.transport, broken);
    fake_transport_script(play.transport, broken); /* the first probe */
    fake_transport_script(play.transport, (struct rg_transport_result){.verdict = RG_VERDICT_ACCEPTED});
    play_run(&play, 500);
    assert_int_equal(play.transport->count, 1);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 2);
    play_run(&play, 1500);
    assert_int_equal(play.transport->count, 2);
    play_run(&play, 1000);
    assert_in_range(play.transport->count, 3, 4); /* the second probe got through, and all may go again */
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->claimed), play.transport->count);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->in_hand), 30 - 3);
    for (int i = 0; i < 40; i++) {
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        play_run(&play, 50);
    }
    assert_int_equal(play.transport->count, 30);
    play_end(&play);
}

/* A probe whose action was paid meanwhile has not met the channel: another one probes. */
static void test_probe_that_is_dropped(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.concurrency = 1;
    play_sender(&play);
    fake_transport_script(play.transport, (struct rg_transport_result){.verdict = RG_VERDICT_RETRY, .channel = true});
    struct rg_decision decisions[5];
    for (int n = 0; n < 5; n++)
        decisions[n] = play_decide(&play, n);
    play_run(&play, 500);
    assert_int_equal(play.transport->count, 1);
    play.stage.asleep = true;
    play_run(&play, 1000);
    for (int n = 0; n < 4; n++)
        stage_void(&play.stage, &decisions[n].action);
    play.stage.asleep = false;
    play_run(&play, 500);
    assert_int_equal(play.transport->count, 2);
    play_end(&play);
}

static void test_throttled_pauses(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.concurrency = 1;
    play_sender(&play);
    fake_transport_script(play.transport, (struct rg_transport_result){.verdict = RG_VERDICT_THROTTLED, .retry_after_ms = 4000});
    for (int n = 0; n < 5; n++)
        (void)play_decide(&play, n);
    play_run(&play, 3500);
    assert_int_equal(play.transport->count, 1);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 2);
    play_end(&play);
}

/* ---- records ---- */

/* Whatever happens to the records of one delivery, the message leaves once and its end is written. */
static void test_records_fail(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        int code;
        bool written;
        int times;
    } rows[] = {
        {STAGE_MESSAGES, RG_EIO, false, 1},   {STAGE_MESSAGES, RG_EUNKNOWN, true, 1}, {STAGE_LEDGER, RG_EIO, false, 1},
        {STAGE_LEDGER, RG_EIO, false, 3},     {STAGE_LEDGER, RG_EUNKNOWN, false, 1},  {STAGE_LEDGER, RG_EUNKNOWN, true, 1},
        {STAGE_LEDGER, RG_EUNKNOWN, true, 2}, {STAGE_LEDGER, RG_EREFUSED, false, 1},  {STAGE_MESSAGES, RG_EREFUSED, false, 1},
        {STAGE_LEDGER, RG_EDENIED, false, 3},   {STAGE_MESSAGES, RG_EDENIED, false, 2},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        play_start(&play);
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        for (int k = 0; k < rows[i].times; k++)
            mk_fail_next(rows[i].topic, rows[i].code, rows[i].written);
        play_run(&play, 3000);
        assert_int_equal(play.transport->count, 1);
        assert_int_equal(mk_rebuilds(),
                         rows[i].times + (rows[i].code == RG_EREFUSED)); /* back to batches, once nothing is left */
        mk_fail_next(STAGE_LEDGER, RG_EUNKNOWN, true); /* the outcome, twice */
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        play_run(&play, 3000);
        assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), 2);
        assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
        assert_int_equal(play.transport->count, 1);
        assert_int_equal(mk_committed(shard_of(&decision)), 1);
        assert_false(mk_one_by_one());
        play_end(&play);
    }
}

/* A claim written twice counts where it stood first; the outcome names that place. */
static void test_claim_written_twice(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    int shard = shard_of(&decision);
    mk_fail_next(STAGE_LEDGER, RG_EUNKNOWN, true);
    play_run(&play, 500);
    assert_int_equal(play_kinds(shard, RG_REC_CLAIM), 2);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 100);
    assert_int_equal(last_outcome(&play, &decision).claim_offset, 0);
    play_end(&play);
}

static void test_producer_cannot_be_mended_for_long(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    mk_rebuild_fails(true);
    mk_fail_next(STAGE_LEDGER, RG_EIO, false);
    play_run(&play, 500);
    (void)play_decide(&play, 2);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS); /* meanwhile the claim's time passes, counted from before its first append */
    play_run(&play, 2000);
    assert_int_equal(play.transport->count, 0);
    mk_rebuild_fails(false);
    play_run(&play, 3000);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RELEASED);
    assert_int_equal(play.transport->count, 1); /* the second debtor's, which had not begun */
    play_end(&play);
}

/* Records that a broker refuses are found one by one: the one to blame ends, its neighbours arrive. */
static void test_poisoned_neighbour(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.txt = "{{nome}} {{#faturas}}{{numero}}{{/faturas}} {{> credor}}";
    play_sender(&play);
    mk_poison("F3 Provedor");
    for (int n = 0; n < 6; n++)
        (void)play_decide(&play, n);
    for (int i = 0; i < 10; i++) {
        play_run(&play, 1000);
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    }
    assert_int_equal(play.transport->count, 5);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_REJECTED), 1);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_ACCEPTED), 5);
    play_end(&play);
}

static void test_message_too_large_to_keep(void **state)
{
    (void)state;
    struct play play;
    static char text[300000];
    play_start(&play);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa1", 2); /* three bytes of quoted-printable each byte */
    memcpy(text + 250000, "", 1);
    play.stage.txt = text;
    play.stage.html = text;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 200);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_REJECTED);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    play_end(&play);
}

static void test_topics_are_not_there_yet(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    mk_open_fails(true);
    play_sender(&play);
    (void)play_decide(&play, 1);
    play_run(&play, 3000);
    assert_int_equal(mk_sends(), 0);
    mk_open_fails(false);
    play_run(&play, 2000);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

/* ---- signals ---- */

static struct rg_decision restore_in_hand(struct play *play)
{
    play_start(play);
    play->config.kind = RG_SENDER_SIGNALS;
    play->config.transport = NULL;
    play->config.channel = "signals";
    play->config.actions_topic = "regua.actions.signals";
    play_sender(play);
    struct rg_decision decision = stage_signal(&play->stage, 1, RG_SIGNAL_RESTORE_REQUESTED, 7);
    (void)stage_queue(&play->stage, &decision);
    (void)play_copy(play, &decision);
    return decision;
}

/* Within its claim's time a signal is sent until it is written: its id makes a repeat harmless. */
static void test_signal_is_sent_again(void **state)
{
    (void)state;
    static const bool written[] = {false, true};
    for (size_t i = 0; i < RG_COUNT(written); i++) {
        struct play play;
        struct rg_decision decision = restore_in_hand(&play);
        int shard = shard_of(&decision);
        mk_fail_next(STAGE_SIGNALS, RG_EUNKNOWN, written[i]);
        play_run(&play, 2000);
        assert_int_equal(mk_end(STAGE_SIGNALS, shard), written[i] ? 2 : 1);
        assert_true(rg_str_eq(mk_at(STAGE_SIGNALS, shard, 0)->value,
                              mk_at(STAGE_SIGNALS, shard, mk_end(STAGE_SIGNALS, shard) - 1)->value));
        assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
        play_end(&play);
    }
}

static void test_signal_past_its_time(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum rg_verdict verdict;
    } rows[] = {{RG_EIO, RG_VERDICT_RETRY}, {RG_EUNKNOWN, RG_VERDICT_UNCERTAIN}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        struct rg_decision decision = restore_in_hand(&play);
        mk_fail_next(STAGE_SIGNALS, rows[i].code, false);
        mk_rebuild_fails(true);
        play_run(&play, 200);
        stage_pass(&play.stage, RG_CLAIM_VALID_MS);
        mk_rebuild_fails(false);
        play_run(&play, 2000);
        assert_int_equal(mk_end(STAGE_SIGNALS, shard_of(&decision)), 0);
        assert_int_equal(last_outcome(&play, &decision).verdict, rows[i].verdict);
        play_end(&play);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_detail_is_cut_between_characters),
        cmocka_unit_test(test_refused_by_the_transport),
        cmocka_unit_test(test_claims_no_more_than_it_can_deliver),
        cmocka_unit_test(test_transport_takes_less),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_counts_what_leaves),
        cmocka_unit_test(test_rate_alone),
        cmocka_unit_test(test_breaker_alone),
        cmocka_unit_test(test_channel_breaks_and_mends),
        cmocka_unit_test(test_probe_that_is_dropped),
        cmocka_unit_test(test_throttled_pauses),
        cmocka_unit_test(test_records_fail),
        cmocka_unit_test(test_claim_written_twice),
        cmocka_unit_test(test_producer_cannot_be_mended_for_long),
        cmocka_unit_test(test_poisoned_neighbour),
        cmocka_unit_test(test_message_too_large_to_keep),
        cmocka_unit_test(test_topics_are_not_there_yet),
        cmocka_unit_test(test_signal_is_sent_again),
        cmocka_unit_test(test_signal_past_its_time),
    };
    return cmocka_run_group_tests_name("producers/sender/channel", tests, NULL, NULL);
}
