/* The straight path: taken, looked at, rendered, stored, claimed, read back, delivered, recorded, committed. */
#include "tests/unit/producers/sender/play.h"

#include "base/core/hash.h"

#include <stdio.h>
#include <string.h>

static void test_one_mail(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play_sender(&play);
    struct rg_decision decision = play_decide(&play, 1);
    int shard = rg_action_id_shard(&decision.action);
    play_run(&play, 50);

    assert_int_equal(play.transport->count, 1);
    struct rg_claim claim;
    struct rg_outcome outcome;
    int64_t claim_offset, outcome_offset;
    play_last_claim(&play, shard, &claim, &claim_offset);
    assert_true(rg_action_id_eq(&claim.action, &decision.action));
    assert_int_equal(claim.valid_ms, RG_CLAIM_VALID_MS);
    assert_int_equal(play_kinds(shard, RG_REC_OUTCOME), 0);
    assert_true(mk_committed(shard) <= 0); /* nothing is through yet */

    /* What was sent is what was stored, under the key the claim names, with the hash it names. */
    const struct mk_record *stored = mk_at(STAGE_MESSAGES, shard, 0);
    assert_true(rg_str_eq(stored->key, claim.message_key));
    assert_memory_equal(stored->key.p, "c_1/", 4);
    assert_string_equal(stored->header, "message/rfc822");
    assert_int_equal(stored->value.n, play.transport->jobs[0].payload_bytes);
    assert_memory_equal(stored->value.p, play.transport->jobs[0].payload, stored->value.n);
    uint8_t digest[RG_SHA256_BYTES];
    char hex[2 * RG_SHA256_BYTES + 1];
    rg_sha256(stored->value.p, stored->value.n, digest);
    rg_hex(digest, sizeof digest, hex);
    assert_true(rg_str_is(claim.message_hash, hex));
    assert_string_equal(play.transport->jobs[0].to, "maria@exemplo.example");
    assert_int_equal(play.transport->jobs[0].deadline_boot_ms, play.stage.boot_ms - 40 + RG_CLAIM_VALID_MS);

    fake_transport_answer(
        play.transport, 0,
        (struct rg_transport_result){
            .verdict = RG_VERDICT_ACCEPTED, .evidence = RG_EVIDENCE_ACCEPTED, .provider_id = "q-1", .detail = "250 ok"});
    play_run(&play, 50);
    play_last_outcome(&play, shard, &outcome, &outcome_offset);
    assert_int_equal(outcome.verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(outcome.evidence, RG_EVIDENCE_ACCEPTED);
    assert_true(rg_claim_id_eq(&outcome.claim, &claim.claim));
    assert_int_equal(outcome.claim_offset, claim_offset);
    assert_true(rg_str_is(outcome.provider_id, "q-1"));
    assert_true(rg_str_is(outcome.detail, "250 ok"));
    assert_true(rg_str_is(outcome.step, "atraso"));
    assert_int_equal(outcome.invoice_count, 1);
    assert_true(rg_str_is(outcome.invoices[0].invoice, "F1"));
    assert_int_equal(outcome.at_ms, STAGE_NOW + 60);
    play_run(&play, 1000);
    assert_int_equal(mk_committed(shard), 1);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->in_hand), 0);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->taken), 1);
    assert_int_equal(atomic_load(&rg_sender_counters(play.sender)->claimed), 1);
    assert_int_equal(play_verdicts(&play, RG_VERDICT_ACCEPTED), 1);
    play_end(&play);
}

static void test_one_signal(void **state)
{
    (void)state;
    struct play play;
    play_start(&play);
    play.config.kind = RG_SENDER_SIGNALS;
    play.config.transport = NULL;
    play.config.channel = "signals";
    play.config.actions_topic = "regua.actions.signals";
    play_sender(&play);
    struct rg_decision decision = stage_signal(&play.stage, 1, RG_SIGNAL_RESTORE_REQUESTED, 4);
    int shard = rg_action_id_shard(&decision.action);
    (void)stage_queue(&play.stage, &decision);
    (void)play_copy(&play, &decision);
    play_run(&play, 50);
    assert_int_equal(mk_end(STAGE_SIGNALS, shard), 1);
    assert_int_equal(mk_end(STAGE_MESSAGES, shard), 0);
    const struct mk_record *signal = mk_at(STAGE_SIGNALS, shard, 0);
    assert_true(rg_str_is(signal->key, "c_1"));
    assert_string_equal(signal->header_name, "content-type");
    assert_string_equal(signal->header, "application/cloudevents+json; charset=UTF-8");
    struct rg_outcome outcome;
    int64_t offset;
    play_last_outcome(&play, shard, &outcome, &offset);
    assert_int_equal(outcome.verdict, RG_VERDICT_ACCEPTED);
    play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_mail),
        cmocka_unit_test(test_one_signal),
    };
    return cmocka_run_group_tests_name("producers/sender/path", tests, NULL, NULL);
}
