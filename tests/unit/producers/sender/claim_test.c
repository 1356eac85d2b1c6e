/* The claim table: what becomes of an action for everything the fold may say, for time that runs out, for a stop, for upstream
 * that lags. Time is turned by hand. */
#include "tests/unit/producers/sender/play.h"

#include "tests/unit/support/death.h"
#include "producers/sender/internal.h"

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

static void expect_names(struct play *play, const struct rg_decision *decision, const struct rg_claim_id *claim)
{
    struct rg_outcome outcome = last_outcome(play, decision);
    assert_true(rg_claim_id_eq(&outcome.claim, claim));
}

static void expect_committed(struct play *play, const struct rg_decision *decision, int64_t offset)
{
    play_run(play, 1000);
    assert_int_equal(mk_committed(shard_of(decision)), offset);
}

/* ---- the fold decides ---- */

static void test_absent_is_dropped_unseen(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    stage_void(&play.stage, &decision.action);
    play_run(&play, 50);
    assert_int_equal(play.stage.recipient_asked, 0);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

/* The payment stands before the claim: the claim finds nothing, and nothing leaves. */
static void test_absent_behind_the_claim(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 100);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 1);
    stage_void(&play.stage, &decision.action);
    play.stage.asleep = false;
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 0);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), 0);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

/* Until the fold has passed the claim nothing that is read counts, not even that the action is still there. */
static void test_waits_for_the_fold(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 5000);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 1);
    assert_int_equal(play.transport->count, 0);
    assert_true(mk_committed(shard_of(&decision)) <= 0);
    play.stage.asleep = false;
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

static void test_own_too_late_is_released(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 100);
    struct rg_claim claim;
    int64_t claim_offset;
    play_last_claim(&play, shard_of(&decision), &claim, &claim_offset);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS);
    play.stage.asleep = false;
    play_run(&play, 20);
    assert_int_equal(play.transport->count, 0);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_RELEASED);
    assert_true(rg_claim_id_eq(&outcome.claim, &claim.claim));
    assert_int_equal(outcome.claim_offset, claim_offset);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->released), 1);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

static void test_own_on_its_last_millisecond(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_turns(&play, 10); /* no time passes: the claim is of now */
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 1);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS - 1);
    play.stage.asleep = false;
    play_turns(&play, 5);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

/* ---- another's claim ---- */

static void test_foreign_claim_is_waited_out(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id other;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_append_claim(&play, &decision, 0xab, &other);
    play_turns(&play, 5);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS - 100);
    play_turns(&play, 5);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), 0);
    assert_true(mk_committed(shard_of(&decision)) <= 0);
    play_run(&play, 200);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_UNCERTAIN);
    assert_true(rg_claim_id_eq(&outcome.claim, &other));
    assert_int_equal(outcome.claim_offset, 0);
    assert_int_equal(outcome.evidence, RG_EVIDENCE_NONE);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    assert_int_equal(play.transport->count, 0);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

/* Another process claimed a debtor's action and is silent: whatever comes behind it waits, but not what he is owed. */
static void test_what_is_owed_passes_a_foreign_claim(void **state)
{
    (void)state;
    for (int owed = 0; owed <= 1; owed++) {
        struct play play;
        struct rg_claim_id other;
        play_start(&play);
        play_sender(&play);
        struct rg_decision first = play_decide(&play, 1), second = stage_decision(&play.stage, 1);
        second.step = RG_STR("religar");
        second.owed = owed == 1;
        rg_decision_identify(&second, STAGE_SHARDS);
        (void)stage_queue(&play.stage, &second);
        play_append_claim(&play, &first, 0xab, &other);
        (void)play_copy(&play, &second);
        play_run(&play, 500);
        assert_int_equal(play.transport->count, owed);
        play_end(&play);
    }
}

static void test_foreign_claim_ends_well(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id other;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_append_claim(&play, &decision, 1, &other);
    play_run(&play, 1000);
    stage_void(&play.stage, &decision.action); /* its outcome was folded */
    play_run(&play, 1500);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), 0);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

static void test_foreign_claim_is_released(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id other;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_append_claim(&play, &decision, 1, &other);
    play_run(&play, 500);
    (void)stage_queue(&play.stage, &decision);
    play_run(&play, 1500);
    assert_int_equal(play.transport->count, 1);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 1);
    play_end(&play);
}

static void test_third_claim_is_counted_anew(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id second, third;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_append_claim(&play, &decision, 2, &second);
    play_run(&play, 100);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS - 2000);
    play_append_claim(&play, &decision, 3, &third);
    play_run(&play, 10000); /* past the second's time */
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), 0);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS);
    play_run(&play, 100);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_true(rg_claim_id_eq(&outcome.claim, &third));
    assert_int_equal(outcome.claim_offset, 1);
    play_end(&play);
}

/* Both claimed; the other stood first. */
static void test_lost_the_race(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id other;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    play_append_claim(&play, &decision, 9, &other);
    play.stage.asleep = false;
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 0);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS);
    play_run(&play, 100);
    expect_names(&play, &decision, &other);
    play_end(&play);
}

/* The claim did not count, and the action is queued again behind it: claimed anew, with bytes of its own. */
static void test_claims_anew(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    int shard = shard_of(&decision);
    play_run(&play, 50);
    struct rg_claim first, second;
    int64_t offset;
    play_last_claim(&play, shard, &first, &offset);
    play.stage.next[shard] = mk_end(STAGE_LEDGER, shard); /* folded while it was not queued */
    play.stage.asleep = false;
    play_run(&play, 100);
    play_last_claim(&play, shard, &second, &offset);
    assert_int_equal(play_kinds(shard, RG_REC_CLAIM), 2);
    assert_false(rg_claim_id_eq(&first.claim, &second.claim));
    assert_int_equal(mk_end(STAGE_MESSAGES, shard), 2);
    assert_int_equal(play.transport->count, 1);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 50);
    expect_names(&play, &decision, &second.claim);
    play_end(&play);
}

/* ---- until ---- */

static void test_expired_before_the_claim(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = stage_decision(&play.stage, 1);
    decision.until_ms = STAGE_NOW - 1;
    (void)stage_queue(&play.stage, &decision);
    (void)play_copy(&play, &decision);
    play_run(&play, 50);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_EXPIRED);
    assert_true(rg_claim_id_is_zero(&outcome.claim));
    assert_int_equal(outcome.claim_offset, -1);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

static void test_expired_before_the_first_byte(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = stage_decision(&play.stage, 1);
    decision.until_ms = STAGE_NOW + 1000;
    (void)stage_queue(&play.stage, &decision);
    (void)play_copy(&play, &decision);
    play_run(&play, 500);
    stage_pass(&play.stage, 600);
    play.stage.asleep = false;
    play_run(&play, 50);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_EXPIRED);
    assert_false(rg_claim_id_is_zero(&outcome.claim));
    assert_int_equal(outcome.claim_offset, 0);
    assert_int_equal(play.transport->count, 0);
    play_end(&play);
}

/* `until` also bounds what the transport may take; which of the two ran out decides the word. */
static void test_transport_ran_out_of_time(void **state)
{
    (void)state;
    static const struct {
        int64_t until_after_ms, pass_ms;
        enum rg_verdict verdict;
    } rows[] = {{5000, 6000, RG_VERDICT_EXPIRED}, {0, 70000, RG_VERDICT_RELEASED}, {100000, 70000, RG_VERDICT_RELEASED}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        play_start(&play);
        play_sender(&play);
        struct rg_decision decision = stage_decision(&play.stage, 1);
        decision.until_ms = rows[i].until_after_ms == 0 ? 0 : STAGE_NOW + rows[i].until_after_ms;
        (void)stage_queue(&play.stage, &decision);
        (void)play_copy(&play, &decision);
        play_run(&play, 50);
        assert_int_equal(play.transport->count, 1);
        int64_t begun = 5000000, deadline = play.transport->jobs[0].deadline_boot_ms;
        assert_true(rows[i].until_after_ms == 5000 ? deadline == begun + 5000
                                                   : deadline > begun + 5000 && deadline <= begun + 50 + RG_CLAIM_VALID_MS);
        stage_pass(&play.stage, rows[i].pass_ms);
        fake_transport_answer_all(play.transport, RG_VERDICT_EXPIRED);
        play_run(&play, 50);
        assert_int_equal(last_outcome(&play, &decision).verdict, rows[i].verdict);
        play_end(&play);
    }
}

/* ---- stop ---- */

static void test_stopped_claims_nothing(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.stopped = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1), voided = play_decide(&play, 2);
    play_run(&play, 500);
    assert_int_equal(play.stage.recipient_asked, 0);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    stage_void(&play.stage, &voided.action); /* what the stop recalled leaves the window all the same */
    play_run(&play, 6000);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    play.stage.stopped = false;
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

static void test_stopped_after_the_claim(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    play.stage.stopped = true;
    play.stage.asleep = false;
    play_run(&play, 50);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_RELEASED);
    assert_int_equal(outcome.gate, RG_GATE_STOPPED);
    assert_int_equal(play.transport->count, 0);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

static void test_stopped_while_it_is_stored(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    mk_hold_reports(true);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(mk_end(STAGE_MESSAGES, shard_of(&decision)), 1);
    play.stage.stopped = true;
    play_run(&play, 50);
    mk_hold_reports(false);
    play_run(&play, 200);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.stopped = false;
    play_run(&play, 200);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

/* ---- a lowered mode ---- */

/* Nothing of it is claimed, nothing holds up what is behind it; the engine hears of it and looks again. */
static void test_a_lowered_mode_claims_nothing(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.lowered = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 100);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_RETRY);
    assert_int_equal(outcome.gate, RG_GATE_SHADOW);
    assert_true(rg_claim_id_is_zero(&outcome.claim));
    assert_int_equal(play.stage.recipient_asked, 0);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    expect_committed(&play, &decision, 1);
    play_end(&play);
}

/* A stop and a mode that is lowered behind it. */
static void test_lowered_while_stopped(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.stopped = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 100);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.lowered = true;
    play.stage.stopped = false;
    play_run(&play, 100);
    assert_int_equal(last_outcome(&play, &decision).gate, RG_GATE_SHADOW);
    assert_int_equal(play.transport->count, 0);
    play_end(&play);
}

static void test_lowered_while_it_is_stored(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    mk_hold_reports(true);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(mk_end(STAGE_MESSAGES, shard_of(&decision)), 1);
    play.stage.lowered = true;
    mk_hold_reports(false);
    play_run(&play, 200);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RETRY);
    play_end(&play);
}

/* Claimed, and the mode is lowered before the fold has come to the claim: given back, it is looked at as any that was not claimed. */
static void test_lowered_after_the_claim(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 1);
    play.stage.lowered = true;
    play.stage.asleep = false;
    play_run(&play, 50);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_RELEASED);
    assert_int_equal(outcome.gate, RG_GATE_SHADOW);
    assert_false(rg_claim_id_is_zero(&outcome.claim));
    assert_int_equal(play.transport->count, 0);
    (void)play_copy(&play, &decision); /* as its owner does */
    play_run(&play, 50);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RETRY);
    assert_int_equal(play.transport->count, 0);
    play_end(&play);
}

/* ---- sanctions ---- */

static void signals_sender(struct play *play)
{
    play->config.kind = RG_SENDER_SIGNALS;
    play->config.transport = NULL;
    play->config.channel = "signals";
    play->config.actions_topic = "regua.actions.signals";
    play_sender(play);
}

static struct rg_decision decide_signal(struct play *play, int n, enum rg_signal signal, int64_t sequence)
{
    struct rg_decision decision = stage_signal(&play->stage, n, signal, sequence);
    (void)stage_queue(&play->stage, &decision);
    (void)play_copy(play, &decision);
    return decision;
}

static void test_sanction_waits_for_upstream(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    int shard = shard_of(&decision);
    play_run(&play, 1000);
    assert_true(play.stage.want_ms >= STAGE_NOW && play.stage.want_ms <= STAGE_NOW + 50);
    assert_int_equal(play_ledger_end(shard), 0);
    play.stage.asof_ms = play.stage.want_ms - 1;
    play_run(&play, 1000);
    assert_int_equal(play_ledger_end(shard), 0);
    play.stage.asof_ms = play.stage.want_ms;
    play_run(&play, 200);
    assert_int_equal(mk_end(STAGE_SIGNALS, shard), 1);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
    play_end(&play);
}

/* A herd of them waits for one round, not for as many as it fills the places there are; and whoever is owed something goes past. */
static void test_sanctions_wait_together(void **state)
{
    enum { HERD = 40 };
    (void)state;
    struct play play;
    play_start(&play);
    play.config.concurrency = 2;
    signals_sender(&play);
    for (int n = 0; n < HERD; n++)
        (void)decide_signal(&play, n + 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play_run(&play, 100);
    struct rg_decision restore = decide_signal(&play, HERD + 1, RG_SIGNAL_RESTORE_REQUESTED, 1);
    play_run(&play, 200);
    assert_int_equal(last_outcome(&play, &restore).verdict, RG_VERDICT_ACCEPTED);
    assert_in_range(play.stage.wants, 1, HERD / 2); /* in 300 ms: for all of them together */
    play.stage.asof_ms = play.stage.want_ms;
    play_run(&play, 900);
    int64_t sent = 0;
    for (int shard = 0; shard < STAGE_SHARDS; shard++)
        sent += mk_end(STAGE_SIGNALS, shard);
    assert_int_equal(sent, HERD + 1);
    play_end(&play);
}

static void test_sanction_gives_up_waiting(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play_run(&play, 100);
    stage_pass(&play.stage, RG_SANCTION_WAIT_MS - 200);
    play_turns(&play, 3);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play_run(&play, 250);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_RETRY);
    assert_int_equal(outcome.gate, RG_GATE_FRONTIER);
    assert_true(rg_claim_id_is_zero(&outcome.claim));
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    play_end(&play);
}

static void test_sanction_paid_while_waiting(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play_run(&play, 100);
    stage_void(&play.stage, &decision.action);
    play.stage.asof_ms = play.stage.want_ms + 5; /* known now, and it brought the payment */
    play_run(&play, 200);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    play_end(&play);
}

/* The clock that said so has been set back since: it says nothing of what was published up to now. */
static void test_sanction_is_not_known_ahead_of_time(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play.stage.asof_ms = STAGE_NOW + 60 * RG_MS_PER_MINUTE;
    play_run(&play, 1000);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.asof_ms = play.stage.want_ms;
    play_run(&play, 200);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
    play_end(&play);
}

/* Nobody knows whether it is night: what is owed leaves, what presses for money waits, and its time is not over either. */
static void test_clocks_that_disagree_hold_what_is_not_owed(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.clocks_disagree = true;
    signals_sender(&play);
    struct rg_decision cut = stage_signal(&play.stage, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    cut.tone = RG_TONE_REMINDER; /* needs nothing of upstream */
    cut.until_ms = STAGE_NOW + 60 * RG_MS_PER_MINUTE;
    (void)stage_queue(&play.stage, &cut);
    (void)play_copy(&play, &cut);
    struct rg_decision owed = decide_signal(&play, 2, RG_SIGNAL_RESTORE_REQUESTED, 1);
    play.stage.shared_ms += 120 * RG_MS_PER_MINUTE;
    play_run(&play, 1000);
    assert_int_equal(last_outcome(&play, &owed).verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(play_kinds(shard_of(&cut), RG_REC_CLAIM), shard_of(&cut) == shard_of(&owed) ? 1 : 0);
    play.stage.shared_ms -= 120 * RG_MS_PER_MINUTE;
    play.stage.clocks_disagree = false;
    play_run(&play, 1000);
    assert_int_equal(last_outcome(&play, &cut).verdict, RG_VERDICT_ACCEPTED);
    play_end(&play);
}

static void test_clocks_that_disagree_while_it_waits(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play_run(&play, 100);
    int64_t wanted = play.stage.want_ms;
    play.stage.clocks_disagree = true;
    play.stage.asof_ms = wanted;
    play_run(&play, 1000);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.clocks_disagree = false;
    play_run(&play, 200);
    play.stage.asof_ms = play.stage.want_ms;
    play_run(&play, 200);
    assert_true(play.stage.want_ms > wanted);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
    play_end(&play);
}

static void test_sanction_stopped_while_waiting(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    play_run(&play, 100);
    int64_t wanted = play.stage.want_ms;
    play.stage.stopped = true;
    play.stage.asof_ms = wanted;
    play_run(&play, 200);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.stopped = false;
    play_run(&play, 2000);
    assert_true(play.stage.want_ms > wanted); /* waits for upstream as of its new beginning */
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play_end(&play);
}

/* What we owe needs nothing of upstream. */
static void test_restore_does_not_wait(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision decision = decide_signal(&play, 1, RG_SIGNAL_RESTORE_REQUESTED, 2);
    play_run(&play, 100);
    assert_int_equal(play.stage.want_ms, 0);
    assert_int_equal(mk_end(STAGE_SIGNALS, shard_of(&decision)), 1);
    play_end(&play);
}

/* ---- order ---- */

static void test_restore_stays_behind_suspend(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    signals_sender(&play);
    struct rg_decision suspend = decide_signal(&play, 1, RG_SIGNAL_SUSPEND_REQUESTED, 1);
    struct rg_decision restore = decide_signal(&play, 1, RG_SIGNAL_RESTORE_REQUESTED, 2);
    int shard = shard_of(&suspend);
    assert_int_equal(shard, shard_of(&restore));
    play_run(&play, 1000);
    assert_int_equal(play_ledger_end(shard), 0); /* the suspend waits for upstream, the restore for the suspend */
    play.stage.asof_ms = play.stage.want_ms;
    mk_hold_reports_of(STAGE_SIGNALS);
    play_run(&play, 1000);
    assert_int_equal(mk_end(STAGE_SIGNALS, shard), 1);
    mk_hold_reports_of(NULL);
    play_run(&play, 1000);
    assert_int_equal(mk_end(STAGE_SIGNALS, shard), 2);
    assert_non_null(
        memmem(mk_at(STAGE_SIGNALS, shard, 0)->value.p, mk_at(STAGE_SIGNALS, shard, 0)->value.n, "suspend_requested", 17));
    assert_non_null(
        memmem(mk_at(STAGE_SIGNALS, shard, 1)->value.p, mk_at(STAGE_SIGNALS, shard, 1)->value.n, "restore_requested", 17));
    play_end(&play);
}

static void test_one_of_a_debtor_at_a_time(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision first = play_decide(&play, 1);
    struct rg_decision second = stage_decision(&play.stage, 1);
    second.step = RG_STR("insiste");
    rg_decision_identify(&second, STAGE_SHARDS);
    (void)stage_queue(&play.stage, &second);
    (void)play_copy(&play, &second);
    struct rg_decision stranger = play_decide(&play, 2);
    play_run(&play, 500);
    assert_int_equal(play.transport->count, 2); /* the first, and another debtor's */
    for (size_t i = 0; i < play.transport->count; i++) {
        char text[RG_ACTION_TEXT + 1];
        rg_action_id_print(&second.action, text);
        assert_string_not_equal(play.transport->jobs[i].action, text);
    }
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 200);
    assert_int_equal(play.transport->count, 3);
    fake_transport_answer_all(play.transport, RG_VERDICT_REJECTED);
    play_run(&play, 50);
    assert_int_equal(last_outcome(&play, &second).verdict, RG_VERDICT_REJECTED);
    (void)first;
    (void)stranger;
    play_end(&play);
}

/* The same copy twice: the second finds that nobody wants it any more. */
static void test_copy_comes_twice(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    (void)play_copy(&play, &decision);
    play_run(&play, 100);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 200);
    assert_int_equal(play.transport->count, 1);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    expect_committed(&play, &decision, 2);
    play_end(&play);
}

/* ---- the table itself ---- */

struct step {
    enum rg_hand_state state;
    enum rg_hand_event event;
};

static void try_step(void *ctx)
{
    const struct step *step = ctx;
    (void)rg_hand_after(step->state, step->event);
}

static void test_table(void **state)
{
    (void)state;
    static const struct step impossible[] = {
        {RG_HAND_QUEUED, RG_HAND_STORE},      {RG_HAND_LOOKING, RG_HAND_CLAIM},   {RG_HAND_READY, RG_HAND_OWN},
        {RG_HAND_STORING, RG_HAND_OWN},       {RG_HAND_CLAIMING, RG_HAND_ABSENT}, {RG_HAND_FOREIGN, RG_HAND_OWN},
        {RG_HAND_DELIVERING, RG_HAND_ABSENT}, {RG_HAND_DONE, RG_HAND_CONCLUDE},
    };
    for (int s = 0; s < RG_HAND_STATE_COUNT; s++)
        assert_non_null(rg_hand_state_name((enum rg_hand_state)s));
    for (int e = 0; e < RG_HAND_EVENT_COUNT; e++)
        assert_non_null(rg_hand_event_name((enum rg_hand_event)e));
    assert_int_equal(rg_hand_after(RG_HAND_WAITING, RG_HAND_OWN), RG_HAND_DELIVERING);
    for (size_t i = 0; i < RG_COUNT(impossible); i++) {
        struct step step = impossible[i];
        assert_true(rg_test_aborts(try_step, &step));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_is_dropped_unseen),
        cmocka_unit_test(test_absent_behind_the_claim),
        cmocka_unit_test(test_waits_for_the_fold),
        cmocka_unit_test(test_own_too_late_is_released),
        cmocka_unit_test(test_own_on_its_last_millisecond),
        cmocka_unit_test(test_foreign_claim_is_waited_out),
        cmocka_unit_test(test_what_is_owed_passes_a_foreign_claim),
        cmocka_unit_test(test_foreign_claim_ends_well),
        cmocka_unit_test(test_foreign_claim_is_released),
        cmocka_unit_test(test_third_claim_is_counted_anew),
        cmocka_unit_test(test_lost_the_race),
        cmocka_unit_test(test_claims_anew),
        cmocka_unit_test(test_expired_before_the_claim),
        cmocka_unit_test(test_expired_before_the_first_byte),
        cmocka_unit_test(test_transport_ran_out_of_time),
        cmocka_unit_test(test_stopped_claims_nothing),
        cmocka_unit_test(test_stopped_after_the_claim),
        cmocka_unit_test(test_stopped_while_it_is_stored),
        cmocka_unit_test(test_a_lowered_mode_claims_nothing),
        cmocka_unit_test(test_lowered_while_stopped),
        cmocka_unit_test(test_lowered_while_it_is_stored),
        cmocka_unit_test(test_lowered_after_the_claim),
        cmocka_unit_test(test_sanction_waits_for_upstream),
        cmocka_unit_test(test_sanctions_wait_together),
        cmocka_unit_test(test_sanction_gives_up_waiting),
        cmocka_unit_test(test_sanction_paid_while_waiting),
        cmocka_unit_test(test_sanction_is_not_known_ahead_of_time),
        cmocka_unit_test(test_clocks_that_disagree_hold_what_is_not_owed),
        cmocka_unit_test(test_clocks_that_disagree_while_it_waits),
        cmocka_unit_test(test_sanction_stopped_while_waiting),
        cmocka_unit_test(test_restore_does_not_wait),
        cmocka_unit_test(test_restore_stays_behind_suspend),
        cmocka_unit_test(test_one_of_a_debtor_at_a_time),
        cmocka_unit_test(test_copy_comes_twice),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests_name("producers/sender/claim", tests, NULL, NULL);
}
