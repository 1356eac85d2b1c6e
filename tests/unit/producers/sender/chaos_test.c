/* Any of these at any time, by a seeded die: deaths, rebalances, owners that sleep, state that is away, records that fail or are
 * doubtful, providers that say anything or nothing, stops, payments, repeated copies. What must hold for every action:
 *
 *   - the provider takes it at most once, unless an attempt before was in doubt, and then only if the policy is resend;
 *   - it never begins when it was void before its claim, nor after its claim's time;
 *   - in the end nothing is in hand, every copy is committed, and every action that was taken has its outcome. */
#include "tests/unit/producers/sender/play.h"

#include "base/core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTIONS = 24, ROUNDS = 160, SEEDS = 30 };

struct die {
    uint64_t state;
};

static uint32_t roll(struct die *die, uint32_t sides)
{
    die->state = die->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(die->state >> 33) % sides;
}

struct chaos {
    struct play play;
    struct die die;
    uint64_t seed;
    bool resend, ending;
    struct rg_decision decisions[ACTIONS];
    int decided;
    int accepted[ACTIONS], doubts[ACTIONS]; /* by the provider; deliveries whose word was lost or doubtful */
    size_t seen;                            /* jobs of the present transport looked at */
};

static int index_of(const struct chaos *chaos, const char *action)
{
    for (int i = 0; i < chaos->decided; i++) {
        char text[RG_ACTION_TEXT + 1];
        rg_action_id_print(&chaos->decisions[i].action, text);
        if (strcmp(text, action) == 0)
            return i;
    }
    fail_msg("seed %llu: an action nobody decided", (unsigned long long)chaos->seed);
    return -1;
}

/* A message that was void when its claim was folded must not be here. */
static void look_at_jobs(struct chaos *chaos)
{
    struct fake_transport *t = chaos->play.transport;
    for (; chaos->seen < t->count; chaos->seen++) {
        const struct fake_transport_job *job = &t->jobs[chaos->seen];
        int i = index_of(chaos, job->action);
        const struct stage_act *act = stage_act_of(&chaos->play.stage, &chaos->decisions[i].action);
        if (!act->value.claimed)
            fail_msg("seed %llu: %s begins without a claim", (unsigned long long)chaos->seed, job->action);
        if (job->submitted_boot_ms >= job->deadline_boot_ms)
            fail_msg("seed %llu: %s begins after its claim's time", (unsigned long long)chaos->seed, job->action);
        if (chaos->accepted[i] + chaos->doubts[i] > 0 && !chaos->resend)
            fail_msg("seed %llu: %s begins again", (unsigned long long)chaos->seed, job->action);
        if (chaos->accepted[i] > 0 && chaos->doubts[i] == 0)
            fail_msg("seed %llu: %s begins again though nobody doubts", (unsigned long long)chaos->seed, job->action);
    }
}

static void answer(struct chaos *chaos)
{
    static const enum rg_verdict words[] = {RG_VERDICT_ACCEPTED,  RG_VERDICT_ACCEPTED, RG_VERDICT_ACCEPTED,
                                            RG_VERDICT_REJECTED,  RG_VERDICT_RETRY,    RG_VERDICT_THROTTLED,
                                            RG_VERDICT_UNCERTAIN, RG_VERDICT_EXPIRED,  RG_VERDICT_RELEASED};
    struct fake_transport *t = chaos->play.transport;
    for (size_t k = 0; k < t->count; k++) {
        struct fake_transport_job *job = &t->jobs[k];
        if (job->job == NULL || job->result.verdict != RG_VERDICT_UNSET || roll(&chaos->die, 3) == 0)
            continue;
        enum rg_verdict word = chaos->ending ? RG_VERDICT_ACCEPTED : words[roll(&chaos->die, RG_COUNT(words))];
        int i = index_of(chaos, job->action);
        chaos->accepted[i] += word == RG_VERDICT_ACCEPTED;
        chaos->doubts[i] += word == RG_VERDICT_UNCERTAIN;
        fake_transport_answer(
            t, k,
            (struct rg_transport_result){.verdict = word, .channel = word == RG_VERDICT_RETRY && roll(&chaos->die, 2) == 0});
    }
}

/* Everything the dead one had with the provider is in doubt, said or not. */
static void die_and_rise(struct chaos *chaos)
{
    struct fake_transport *t = chaos->play.transport;
    for (int i = 0; i < chaos->decided; i++) {
        const struct stage_act *act = stage_act_of(&chaos->play.stage, &chaos->decisions[i].action);
        char text[RG_ACTION_TEXT + 1];
        rg_action_id_print(&chaos->decisions[i].action, text);
        bool left = chaos->accepted[i] > 0;
        for (size_t k = 0; k < t->count && !left; k++)
            left = strcmp(t->jobs[k].action, text) == 0 && t->jobs[k].job != NULL;
        if (left && act->live)
            chaos->doubts[i]++;
    }
    play_crash(&chaos->play);
    chaos->seen = 0;
}

static void decide_one(struct chaos *chaos)
{
    if (chaos->decided == ACTIONS)
        return;
    struct rg_decision decision = stage_decision(&chaos->play.stage, (int)roll(&chaos->die, 10));
    decision.attempt = chaos->decided + 1;
    decision.until_ms = roll(&chaos->die, 4) == 0 ? chaos->play.stage.shared_ms + roll(&chaos->die, 200000) : 0;
    rg_decision_identify(&decision, STAGE_SHARDS);
    chaos->decisions[chaos->decided++] = decision;
    (void)stage_queue(&chaos->play.stage, &decision);
    (void)play_copy(&chaos->play, &decision);
}

/* A queued one is void at once; one in a sender's hands ends by its outcome. */
static void pay_one(struct chaos *chaos)
{
    if (chaos->decided == 0)
        return;
    struct stage *stage = &chaos->play.stage;
    struct stage_act *act = stage_act_of(stage, &chaos->decisions[roll(&chaos->die, (uint32_t)chaos->decided)].action);
    if (act->live && !act->value.claimed)
        act->live = false;
}

static void mishap(struct chaos *chaos)
{
    static const int codes[] = {RG_EIO, RG_EUNKNOWN, RG_EUNKNOWN, RG_EREFUSED};
    struct stage *stage = &chaos->play.stage;
    int code = codes[roll(&chaos->die, RG_COUNT(codes))];
    switch (roll(&chaos->die, 16)) {
    case 0: die_and_rise(chaos); break;
    case 1: mk_rebalance(roll(&chaos->die, 2) == 0); break;
    case 2: stage->asleep = !stage->asleep; break;
    case 3: stage->away = !stage->away; break;
    case 4: *(roll(&chaos->die, 2) == 0 ? &stage->stopped : &stage->lowered) = roll(&chaos->die, 3) == 0; break;
    case 5: mk_fail_next(STAGE_LEDGER, code, code == RG_EUNKNOWN && roll(&chaos->die, 2) == 0); break;
    case 6: mk_fail_next(STAGE_MESSAGES, code, code == RG_EUNKNOWN && roll(&chaos->die, 2) == 0); break;
    case 7: mk_hold_reports(roll(&chaos->die, 2) == 0); break;
    case 8: pay_one(chaos); break;
    case 9: stage_pass(stage, roll(&chaos->die, 70000)); break;
    case 10: mk_rebuild_fails(roll(&chaos->die, 3) == 0); break;
    case 11: mk_fault((int)roll(&chaos->die, STAGE_SHARDS), RG_EREFUSED, true, roll(&chaos->die, 2) == 0); break;
    case 12: mk_commit_fails(true); break;
    case 13:
        if (chaos->decided > 0)
            (void)play_copy(&chaos->play, &chaos->decisions[roll(&chaos->die, (uint32_t)chaos->decided)]);
        break;
    default: decide_one(chaos); break;
    }
}

static void go_on(struct chaos *chaos)
{
    for (int i = 0; i < 60; i++) {
        stage_pass(&chaos->play.stage, 50);
        play_turns(&chaos->play, 4);
    }
}

static bool is_over(struct chaos *chaos)
{
    bool over = atomic_load(&rg_sender_counters(chaos->play.sender)->in_hand) == 0;
    for (int p = 0; p < STAGE_SHARDS; p++) {
        stage_fold(&chaos->play.stage, p);
        over = over && (mk_end(STAGE_ACTIONS, p) == 0 || mk_committed(p) == mk_end(STAGE_ACTIONS, p));
    }
    for (int i = 0; i < chaos->decided && over; i++)
        over = !stage_act_of(&chaos->play.stage, &chaos->decisions[i].action)->live;
    return over;
}

static void let_it_end(struct chaos *chaos)
{
    struct stage *stage = &chaos->play.stage;
    chaos->ending = true;
    mk_hold_reports(false);
    mk_rebuild_fails(false);
    stage->asleep = stage->away = stage->stopped = stage->lowered = false;
    for (int i = 0; i < 300 && !is_over(chaos); i++) { /* actions of one debtor wait for each other, each for a claim's time */
        go_on(chaos);
        look_at_jobs(chaos);
        answer(chaos);
        for (int d = 0; d < chaos->decided; d++) /* the engine releases again what it still wants */
            if (stage_act_of(stage, &chaos->decisions[d].action)->live && i % 8 == 3)
                (void)play_copy(&chaos->play, &chaos->decisions[d]);
    }
    go_on(chaos);
}

static void expect_end(struct chaos *chaos)
{
    unsigned long long seed = chaos->seed;
    if (atomic_load(&rg_sender_counters(chaos->play.sender)->in_hand) != 0)
        fail_msg("seed %llu: %lld are still in hand", seed,
                 (long long)atomic_load(&rg_sender_counters(chaos->play.sender)->in_hand));
    for (int p = 0; p < STAGE_SHARDS; p++)
        if (mk_end(STAGE_ACTIONS, p) != 0 && mk_committed(p) != mk_end(STAGE_ACTIONS, p))
            fail_msg("seed %llu: partition %d committed to %lld of %lld", seed, p, (long long)mk_committed(p),
                     (long long)mk_end(STAGE_ACTIONS, p));
    for (int p = 0; p < STAGE_SHARDS; p++)
        stage_fold(&chaos->play.stage, p);
    for (int i = 0; i < chaos->decided; i++)
        if (stage_act_of(&chaos->play.stage, &chaos->decisions[i].action)->live)
            fail_msg("seed %llu: action %d of %d is still wanted", seed, i, chaos->decided);
}

static void one_seed(uint64_t seed)
{
    struct chaos *chaos = rg_alloc(sizeof *chaos);
    chaos->seed = seed;
    chaos->die.state = seed * 77777 + 1;
    play_start(&chaos->play);
    chaos->resend = chaos->play.stage.requeue_uncertain = seed % 2 == 1;
    chaos->play.config.concurrency = 1 + (int)(seed % 7);
    chaos->play.config.rate_count = seed % 3 == 0 ? 50 : 0;
    chaos->play.config.rate_span_s = 1;
    play_sender(&chaos->play);
    for (int round = 0; round < ROUNDS; round++) {
        mishap(chaos);
        for (uint32_t i = roll(&chaos->die, 8); i > 0; i--) {
            stage_pass(&chaos->play.stage, 1 + roll(&chaos->die, 20));
            play_turns(&chaos->play, 1);
            look_at_jobs(chaos);
        }
        answer(chaos);
    }
    let_it_end(chaos);
    expect_end(chaos);
    play_end(&chaos->play);
    rg_free(&chaos);
}

static void silence(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    (void)level;
    (void)id;
    (void)ctx;
    (void)text;
    (void)sink;
}

static void test_chaos(void **state)
{
    (void)state;
    const char *one = getenv("RG_SEED"), *many = getenv("RG_SEEDS");
    if (one == NULL)
        rg_log_capture(silence, NULL);
    uint64_t first = one == NULL ? 1 : strtoull(one, NULL, 10), count = one != NULL    ? 1
                                                                        : many != NULL ? strtoull(many, NULL, 10)
                                                                                       : SEEDS;
    for (uint64_t seed = first; seed < first + count; seed++)
        one_seed(seed);
    rg_log_capture(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chaos)};
    return cmocka_run_group_tests_name("producers/sender/chaos", tests, NULL, NULL);
}
