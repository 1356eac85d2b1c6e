/* Ends and beginnings: SIGTERM, death and its successor, rebalances, commits, positions that are gone, copies that are none, a
 * full window, records the broker would not take. */
#include "tests/unit/producers/sender/play.h"

#include "producers/sender/sender.h"

#include <stdio.h>
#include <stdlib.h>
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

static void drain(struct play *play, int turns)
{
    bool empty = false;
    for (int i = 0; i < turns && !empty; i++) {
        play_run(play, 10);
        empty = rg_sender_drain(play->sender);
    }
    assert_true(empty);
}

/* ---- SIGTERM ---- */

static void test_drain_forgets_what_is_not_claimed(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.stopped = true; /* so that it waits */
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_true(rg_sender_drain(play.sender));
    play_run(&play, 100);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    assert_true(mk_committed(shard_of(&decision)) <= 0);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->in_hand), 0);
    play_end(&play);
}

static void test_drain_releases_what_is_claimed(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_false(rg_sender_drain(play.sender));
    play.stage.asleep = false;
    drain(&play, 20);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RELEASED);
    assert_int_equal(play.transport->count, 0);
    assert_int_equal(mk_committed(shard_of(&decision)), 1);
    const struct stage_act *act = stage_act_of(&play.stage, &decision.action);
    stage_fold(&play.stage, shard_of(&decision));
    assert_true(act->live && !act->value.claimed);
    play_end(&play);
}

static void test_drain_lets_the_begun_end(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(play.transport->count, 1);
    for (int i = 0; i < 20; i++) {
        play_run(&play, 10);
        assert_false(rg_sender_drain(play.sender));
    }
    assert_true(play.transport->draining);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    drain(&play, 20);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(mk_committed(shard_of(&decision)), 1);
    play_end(&play);
}

/* ---- another preset ---- */

static void test_paused_it_ends_what_was_begun_and_begins_nothing(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    (void)play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(play.transport->count, 1);
    rg_sender_pause(play.sender, true);
    (void)play_decide(&play, 2);
    play_run(&play, 50);
    assert_false(rg_sender_idle(play.sender));
    assert_int_equal(play.transport->count, 1);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 50);
    assert_true(rg_sender_idle(play.sender));
    assert_int_equal(play.transport->count, 1);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_ACCEPTED), 1);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_RELEASED), 0);
    rg_sender_pause(play.sender, false);
    play_run(&play, 50);
    assert_int_equal(play.transport->count, 2);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 50);
    play_end(&play);
}

/* The owner does not fold in time: the claim is given back on the way out, and the copy comes again. */
static void test_leaving_releases_unfolded_claims(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_false(rg_sender_drain(play.sender));
    rg_sender_free(&play.sender);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RELEASED);
    assert_true(mk_committed(shard_of(&decision)) <= 0);
    play.stage.asleep = false;
    play_sender(&play);
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1); /* released, so it is claimed again and goes out once */
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 2);
    play_end(&play);
}

/* ---- death ---- */

static void crash_after_delivery(struct play *play, bool resend, struct rg_decision *ret_decision, char ret_key[64],
                                 char **ret_mail)
{
    play_start(play);
    play->stage.requeue_uncertain = resend;
    play_sender(play);
    *ret_decision = play_decide(play, 1);
    play_run(play, 50);
    assert_int_equal(play->transport->count, 1);
    (void)snprintf(ret_key, 64, "%s", play->transport->jobs[0].idempotency_key);
    *ret_mail = strdup(play->transport->jobs[0].payload);
    play_crash(play); /* the provider took it, and nobody wrote that down */
    play_run(play, 1000);
    assert_int_equal(play->transport->count, 0);
    assert_int_equal(play_kinds(shard_of(ret_decision), RG_REC_OUTCOME), 0);
    stage_pass(&play->stage, RG_CLAIM_VALID_MS);
    play_run(play, 1000);
}

static void test_successor_says_uncertain(void **state)
{
    (void)state;
    struct play play;
    struct rg_decision decision;
    char key[64], *mail = NULL;
    crash_after_delivery(&play, false, &decision, key, &mail);
    struct rg_claim claim;
    int64_t offset;
    play_last_claim(&play, shard_of(&decision), &claim, &offset);
    struct rg_outcome outcome = last_outcome(&play, &decision);
    assert_int_equal(outcome.verdict, RG_VERDICT_UNCERTAIN);
    assert_true(rg_claim_id_eq(&outcome.claim, &claim.claim));
    assert_int_equal(outcome.claim_offset, offset);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 0); /* the policy is skip */
    assert_int_equal(mk_committed(shard_of(&decision)), 1);
    free(mail);
    play_end(&play);
}

/* The policy is resend: decided anew with another attempt, so another action, but the same message. */
static void test_resend_is_the_same_message(void **state)
{
    (void)state;
    struct play play;
    struct rg_decision decision;
    char key[64], *mail = NULL;
    crash_after_delivery(&play, false, &decision, key, &mail);
    struct rg_decision again = decision;
    again.attempt = 2;
    rg_decision_identify(&again, STAGE_SHARDS);
    assert_false(rg_action_id_eq(&again.action, &decision.action));
    (void)stage_queue(&play.stage, &again);
    (void)play_copy(&play, &again);
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1);
    assert_string_equal(play.transport->jobs[0].idempotency_key, key);
    const char *first = strstr(mail, "Message-ID: "), *second = strstr(play.transport->jobs[0].payload, "Message-ID: ");
    assert_non_null(first);
    assert_non_null(second);
    assert_memory_equal(first, second, strlen("Message-ID: <") + 32 + strlen("@provedor.example>"));
    free(mail);
    play_end(&play);
}

/* What we owe is released again with its old id: the same copy, the same message. */
static void test_requeued_with_its_old_id(void **state)
{
    (void)state;
    struct play play;
    struct rg_decision decision;
    char key[64], *mail = NULL;
    crash_after_delivery(&play, true, &decision, key, &mail);
    (void)play_copy(&play, &decision);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 1);
    assert_string_equal(play.transport->jobs[0].idempotency_key, key);
    free(mail);
    play_end(&play);
}

/* Death at every turn of one delivery: never two messages, and in the end an outcome. */
static void test_death_at_every_turn(void **state)
{
    (void)state;
    for (int turns = 0; turns < 24; turns++) {
        struct play play;
        play_start(&play);
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        size_t left = 0;
        for (int i = 0; i < turns; i++) {
            stage_pass(&play.stage, 1);
            play_turns(&play, 1);
            fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        }
        left += play.transport->count;
        play_crash(&play);
        fake_transport_script(play.transport, (struct rg_transport_result){.verdict = RG_VERDICT_ACCEPTED});
        play_run(&play, 200);
        stage_pass(&play.stage, RG_CLAIM_VALID_MS);
        play_run(&play, 2000);
        left += play.transport->count;
        stage_fold(&play.stage, shard_of(&decision));
        if (left > 1 || stage_act_of(&play.stage, &decision.action)->live)
            fail_msg("death after %d turns: %zu left, last verdict %s", turns, left, rg_verdict_name(play.stage.last.verdict));
        assert_true(left == 1 || play.stage.last.verdict == RG_VERDICT_UNCERTAIN);
        assert_false(stage_act_of(&play.stage, &decision.action)->live);
        assert_int_equal(mk_committed(shard_of(&decision)), 1);
        play_end(&play);
    }
}

/* ---- rebalances ---- */

static void test_rebalance_gives_back(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        struct play play;
        play_start(&play);
        play.stage.asleep = true;
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        play_run(&play, 50);
        mk_rebalance(lost != 0);
        play_run(&play, 50);
        play.stage.asleep = false;
        play_run(&play, 200);
        /* The claim is given back when it is folded; the copy, read again, is claimed anew. */
        assert_int_equal(play_verdicts(&play, RG_VERDICT_RELEASED), 1);
        assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 2);
        assert_int_equal(play.transport->count, 1);
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
        play_run(&play, 1000);
        assert_int_equal(mk_committed(shard_of(&decision)), 1);
        play_end(&play);
    }
}

static void test_begun_goes_on_through_a_rebalance(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    mk_rebalance(true);
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 1);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(mk_committed(shard_of(&decision)), 1); /* by the copy that was read again and dropped */
    play_end(&play);
}

static void test_taken_away_for_good(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.asleep = true;
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    mk_revoke(false);
    play_turns(&play, 1);
    mk_revoke(false);
    play.stage.asleep = false;
    play_turns(&play, 1);
    for (int i = 0; i < 20; i++) {
        mk_revoke(false); /* stays away */
        stage_pass(&play.stage, 10);
        play_turns(&play, 1);
    }
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RELEASED);
    assert_int_equal(play.transport->count, 0);
    assert_true(mk_committed(shard_of(&decision)) <= 0);
    play_end(&play);
}

/* ---- positions ---- */

static void test_commits_the_contiguous_prefix_only(void **state)
{
    (void)state;
    struct play play;
    struct rg_claim_id other;
    play_start(&play);
    play_sender(&play);
    struct rg_decision stuck = stage_decision(&play.stage, 1);
    (void)stage_queue(&play.stage, &stuck);
    int shard = shard_of(&stuck), after = 0;
    for (int n = 2; after < 3; n++) {
        struct rg_decision other_debtor = stage_decision(&play.stage, n);
        if (shard_of(&other_debtor) != shard)
            continue;
        if (after == 1)
            (void)play_copy(&play, &stuck); /* second in its partition */
        (void)stage_queue(&play.stage, &other_debtor);
        (void)play_copy(&play, &other_debtor);
        after++;
    }
    play_append_claim(&play, &stuck, 7, &other);
    play_run(&play, 50);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 2000);
    assert_int_equal(play.transport->count, 3);
    assert_int_equal(mk_committed(shard), 1);
    stage_pass(&play.stage, RG_CLAIM_VALID_MS);
    play_run(&play, 2000);
    assert_int_equal(mk_committed(shard), 4);
    play_end(&play);
}

static void test_commit_fails_once(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    stage_void(&play.stage, &decision.action);
    mk_commit_fails(true);
    play_run(&play, 2000);
    assert_int_equal(mk_committed(shard_of(&decision)), 1);
    play_end(&play);
}

static void test_start_not_known_at_once(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    mk_committed_fails(true);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 3000);
    assert_int_equal(play.transport->count, 0);
    mk_committed_fails(false);
    play_run(&play, 2000);
    assert_int_equal(play.transport->count, 1);
    (void)decision;
    play_end(&play);
}

/* A position that is gone: loud, and from the beginning of what there is. */
static void test_topic_was_cut(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision old = play_decide(&play, 1);
    int shard = shard_of(&old);
    play_run(&play, 50);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 1000);
    assert_int_equal(mk_committed(shard), 1);
    mk_fault(shard, RG_EREFUSED, true, false);
    play_run(&play, 100);
    assert_int_equal(mk_consumers(), 2);
    play_run(&play, 2000);
    assert_int_equal(play.transport->count, 1); /* read again, looked at, dropped */
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->dropped), 1);
    assert_int_equal(mk_committed(shard), 1);
    play_end(&play);
}

static void test_consumer_dies(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    play_run(&play, 50);
    mk_fault(-1, RG_EIO, false, true);
    play_run(&play, 100);
    mk_fault(-1, RG_EIO, false, false); /* passing trouble changes nothing */
    play_run(&play, 100);
    assert_int_equal(mk_consumers(), 2);
    (void)play_decide(&play, 1);
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

/* ---- copies that are none ---- */

static void test_bad_copies_are_passed_over(void **state)
{
    (void)state;
    static const char *const garbage[] = {"", "{", "[]", "{\"v\":1}", "{\"v\":99}", "null", "\xff\xfe"};
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision good = stage_decision(&play.stage, 1);
    int shard = shard_of(&good);
    int64_t copies = 0;
    for (size_t i = 0; i < RG_COUNT(garbage); i++, copies++)
        (void)mk_append(STAGE_ACTIONS, shard, RG_STR("c_1"), rg_str(garbage[i]));
    (void)mk_append(STAGE_ACTIONS, shard, RG_STR("c_1"), (struct rg_str){0});
    struct rg_decision bad = good;
    bad.mode = RG_MODE_SHADOW;
    (void)play_copy(&play, &bad);
    bad = good;
    bad.channel = RG_STR("sms");
    rg_decision_identify(&bad, STAGE_SHARDS);
    struct rg_buf value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&value, RG_LEDGER_BYTES_MAX);
    rg_decision_write(&bad, &value);
    (void)mk_append(STAGE_ACTIONS, shard, RG_STR("c_1"), rg_buf_str(&value));
    bad = good;
    rg_decision_identify(&bad, 512); /* a shard that this installation may not have */
    bad.action.b[0] = 0;
    bad.action.b[1] = STAGE_SHARDS;
    rg_buf_reset(&value);
    rg_decision_write(&bad, &value);
    (void)mk_append(STAGE_ACTIONS, shard, RG_STR("c_1"), rg_buf_str(&value));
    copies += 4;
    (void)stage_queue(&play.stage, &good);
    (void)play_copy(&play, &good);
    play_run(&play, 100);
    assert_int_equal(play.transport->count, 1);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->taken), 1);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->unreadable), copies);
    fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    play_run(&play, 1000);
    assert_int_equal(mk_committed(shard), copies + 1);
    play_end(&play);
}

/* ---- a full window ---- */

static void test_full_window_loses_nothing(void **state)
{
    (void)state;
    struct play play;
    enum { COPIES = RG_SENDER_WINDOW_MAX + 150 };
    play_start(&play);
    play.config.concurrency = RG_SENDER_WINDOW_MAX;
    play_sender(&play);
    play.stage.stopped = true;
    for (int n = 0; n < COPIES; n++)
        (void)play_decide(&play, n);
    play_run(&play, 5000);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->in_hand), RG_SENDER_WINDOW_MAX);
    play.stage.stopped = false;
    for (int i = 0; i < 20 && play_verdicts(&play, RG_VERDICT_ACCEPTED) < COPIES; i++) {
        play_run(&play, 200);
        fake_transport_answer_all(play.transport, RG_VERDICT_ACCEPTED);
    }
    play_run(&play, 1000);
    assert_int_equal(play.transport->count, COPIES);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_ACCEPTED), COPIES);
    for (int p = 0; p < STAGE_SHARDS; p++)
        assert_int_equal(mk_committed(p), mk_end(STAGE_ACTIONS, p));
    play_end(&play);
}

/* ---- state that cannot be read, time that is not known ---- */

static void test_state_is_away(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.away = true;
    play_sender(&play);
    (void)play_decide(&play, 1);
    play_run(&play, 10000);
    assert_int_equal(play.transport->count, 0);
    assert_true(play.stage.looks < 20); /* asked less and less often */
    play.stage.away = false;
    play_run(&play, 3000);
    assert_int_equal(play.transport->count, 1);
    play_end(&play);
}

static void test_shared_time_is_not_known(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.stage.shared_ms = -1000000;
    play_sender(&play);
    struct rg_decision decision = stage_decision(&play.stage, 1);
    decision.until_ms = 1; /* long past, if one knew */
    (void)stage_queue(&play.stage, &decision);
    (void)play_copy(&play, &decision);
    play_run(&play, 500);
    assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
    play.stage.shared_ms = STAGE_NOW;
    play_run(&play, 50);
    assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_EXPIRED);
    play_end(&play);
}

/* The owner judges by the instant in a claim when it is over: without the shared time nothing is claimed. */
static void test_shared_time_is_lost_before_the_claim(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    mk_hold_reports(true);
    struct rg_decision decision = play_decide(&play, 1);
    play_run(&play, 50);
    assert_int_equal(mk_end(STAGE_MESSAGES, shard_of(&decision)), 1);
    play.stage.shared_ms = -1000000;
    mk_hold_reports(false);
    play_run(&play, 500);
    assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
    play.stage.shared_ms = STAGE_NOW;
    play_run(&play, 50);
    struct rg_claim claim;
    int64_t offset;
    play_last_claim(&play, shard_of(&decision), &claim, &offset);
    assert_in_range(claim.at_ms, STAGE_NOW, STAGE_NOW + 50);
    play_end(&play);
}

static void test_recipient_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        int code;
        bool ends;
    } rows[] = {{RG_EUNREACHABLE, false}, {RG_ETIMEOUT, false}, {RG_EIO, false}, {RG_ENOTFOUND, true}, {RG_EINVAL, true}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play play;
        play_start(&play);
        play.stage.recipient_code = rows[i].code;
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        play_run(&play, 20000);
        assert_int_equal(play_kinds(shard_of(&decision), RG_REC_OUTCOME), rows[i].ends ? 1 : 0);
        assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), 0);
        if (rows[i].ends)
            assert_int_equal(last_outcome(&play, &decision).verdict, RG_VERDICT_RETRY);
        play.stage.recipient_code = 0;
        play_run(&play, 2000);
        assert_int_equal(play.transport->count, rows[i].ends ? 0 : 1);
        play_end(&play);
    }
}

/* Between the two readings Redis lost its last seconds, or the action ended: nothing is said of it, its state is read again. */
static void test_record_that_does_not_hold_the_action(void **state)
{
    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        struct play play;
        play_start(&play);
        play.stage.recipient_code = RG_EUNKNOWN;
        play_sender(&play);
        struct rg_decision decision = play_decide(&play, 1);
        play_run(&play, 2000);
        assert_true(play.stage.recipient_asked > 1);
        assert_true(play.stage.looks >= play.stage.recipient_asked); /* never asked twice of one reading */
        assert_int_equal(play_ledger_end(shard_of(&decision)), 0);
        if (ends)
            stage_void(&play.stage, &decision.action);
        else
            play.stage.recipient_code = 0;
        play_run(&play, 2000);
        assert_int_equal(play.transport->count, ends ? 0 : 1);
        assert_int_equal(play_kinds(shard_of(&decision), RG_REC_CLAIM), ends ? 0 : 1);
        play_end(&play);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drain_forgets_what_is_not_claimed),
        cmocka_unit_test(test_drain_releases_what_is_claimed),
        cmocka_unit_test(test_drain_lets_the_begun_end),
        cmocka_unit_test(test_paused_it_ends_what_was_begun_and_begins_nothing),
        cmocka_unit_test(test_leaving_releases_unfolded_claims),
        cmocka_unit_test(test_successor_says_uncertain),
        cmocka_unit_test(test_resend_is_the_same_message),
        cmocka_unit_test(test_requeued_with_its_old_id),
        cmocka_unit_test(test_death_at_every_turn),
        cmocka_unit_test(test_rebalance_gives_back),
        cmocka_unit_test(test_begun_goes_on_through_a_rebalance),
        cmocka_unit_test(test_taken_away_for_good),
        cmocka_unit_test(test_commits_the_contiguous_prefix_only),
        cmocka_unit_test(test_commit_fails_once),
        cmocka_unit_test(test_start_not_known_at_once),
        cmocka_unit_test(test_topic_was_cut),
        cmocka_unit_test(test_consumer_dies),
        cmocka_unit_test(test_bad_copies_are_passed_over),
        cmocka_unit_test(test_full_window_loses_nothing),
        cmocka_unit_test(test_state_is_away),
        cmocka_unit_test(test_shared_time_is_not_known),
        cmocka_unit_test(test_shared_time_is_lost_before_the_claim),
        cmocka_unit_test(test_recipient_cannot_be_read),
        cmocka_unit_test(test_record_that_does_not_hold_the_action),
    };
    return cmocka_run_group_tests_name("producers/sender/life", tests, NULL, NULL);
}
