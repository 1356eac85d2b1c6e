/* Actions whose copies are gone, whose claimer is dead, whose channel is not there any more: each comes to an end, and what is
 * owed goes out. Nothing is heard of upstream meanwhile, for nobody needs it for that. */
#include "tests/unit/daemon/shard/life.h"

#include "base/core/log.h"
#include "daemon/shard/batch.h"

#define CLAIM_MS 60000 /* as put_claim says */

static int outcomes(struct bench *b)
{
    return count_kind(b, LEDGER, b->p, RG_REC_OUTCOME);
}

static int64_t copies(struct bench *b, const char *channel)
{
    char topic[64];
    (void)snprintf(topic, sizeof topic, ACTIONS "%s", channel);
    return rg_fake_stream_end(b->stream, topic, b->p);
}

static const struct rg_done *done_of(struct bench *b, const char *step)
{
    const struct rg_record *record = record_of(b, D1);
    for (size_t i = 0; i < record->invoices[0].done_count; i++)
        if (rg_str_is(record->invoices[0].done[i].step, step))
            return &record->invoices[0].done[i];
    fail_msg("nothing is known of %s", step);
    return NULL;
}

static int64_t prompt_ms(const struct bench *b)
{
    return b->store->ops->next_due_ms(b->store, RG_TIMER_PROMPT);
}

/* The channel is taken out of the configuration; the daemon was started anew. */
static void remove_channel(struct bench *b, const char *channel)
{
    int index = rg_rules_channel(b->rules, rg_str(channel));
    assert_true(index >= 0);
    struct rg_rules *less = RG_NEW(b->arena, struct rg_rules, 1);
    *less = *b->rules;
    less->channels[index].name = RG_STR("no-more");
    b->world.rules = less;
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    bench_settle(b);
}

/* ---- claims ---- */

static void a_claim_nobody_speaks_of_is_in_doubt(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int64_t claim = put_claim(b, &decision, 1);
    bench_settle(b);
    pass(b, CLAIM_MS + RG_CLAIM_SILENT_MS - 1);
    assert_int_equal(outcomes(b), 0);
    pass(b, 1);
    assert_int_equal(outcomes(b), 1);
    struct rg_kafka_event event;
    struct rg_outcome outcome;
    int64_t at = rg_fake_stream_end(b->stream, LEDGER, b->p) - 1;
    assert_true(rg_str_is(kind_at(b, LEDGER, b->p, at, &event), "outcome"));
    assert_int_equal(rg_outcome_read(event.value, b->arena, &outcome, NULL), 0);
    assert_int_equal(outcome.verdict, RG_VERDICT_UNCERTAIN);
    assert_true(rg_claim_id_eq(&outcome.claim, &(struct rg_claim_id){{1, 1}}));
    assert_int_equal(outcome.claim_offset, claim);
    assert_int_equal(done_of(b, "lembrete")->state, RG_DONE_UNCERTAIN);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    assert_int_equal(prompt_ms(b), RG_STORE_NEVER);
}

static void a_claim_that_ends_in_time_is_left_alone(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int64_t claim = put_claim(b, &decision, 1);
    bench_settle(b);
    assert_int_equal(prompt_ms(b), b->world.now_ms + CLAIM_MS + RG_CLAIM_SILENT_MS);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    assert_int_equal(prompt_ms(b), RG_STORE_NEVER); /* it would cost a look for every message */
    pass(b, CLAIM_MS + RG_CLAIM_SILENT_MS);
    assert_int_equal(outcomes(b), 1);
}

/* It is said once, however long the word takes into the ledger, and after a death too. */
static void a_doubt_is_said_once(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    (void)put_claim(b, &decision, 1);
    bench_settle(b);
    b->keep = true;
    pass(b, CLAIM_MS + RG_CLAIM_SILENT_MS);
    for (int i = 0; i < 3; i++) {
        struct rg_event part = payment_of(b, D1, F1, i == 0 ? "P1" : i == 1 ? "P2" : "P3", 100);
        (void)put(b, &part);
        pass(b, RG_CLAIM_SILENT_MS);
    }
    assert_int_equal(out_count(b), 1);
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    b->keep = false;
    pass(b, RG_CLAIM_SILENT_MS);
    assert_in_range(outcomes(b), 1, 2); /* sent again where nobody knew; the second names a claim that does not stand */
    assert_int_equal(done_of(b, "lembrete")->state, RG_DONE_UNCERTAIN);
}

/* Given back at the last moment: the doubt that was on its way means nothing, and the action may be called back again. */
static void a_doubt_that_came_late_is_forgotten(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int64_t claim = put_claim(b, &decision, 1);
    bench_settle(b);
    b->keep = true;
    pass(b, CLAIM_MS + RG_CLAIM_SILENT_MS);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_RELEASED);
    bench_settle(b);
    b->keep = false;
    bench_settle(b);
    assert_int_equal(outcomes(b), 2);
    struct rg_act_value act;
    assert_true(rg_fake_state_act(b->state, &decision.action, &act) && !act.claimed);
    bench_to(b, "2026-10-29 20:01"); /* past its last instant */
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_RECALLED), 1);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
}

/* The past is folded first: the outcome may stand further on in it. */
static void a_claim_of_the_past_is_judged_when_it_is_over(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int64_t claim = put_claim(b, &decision, 1);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    rg_fake_state_wipe(b->state);
    rg_shard_reopen(b->shard, "test");
    b->world.now_ms += 10 * RG_MS_PER_DAY;
    bench_open(b);
    while (rg_shard_state(b->shard) == RG_SHARD_REPLAY) { /* record by record */
        struct rg_kafka_event event;
        if (rg_fake_stream_read(b->stream, PEOPLE, b->p, b->people_at, &event))
            b->people_at++;
        else if (bench_reads_ledger(b) && rg_fake_stream_read(b->stream, LEDGER, b->p, b->ledger_at, &event))
            b->ledger_at++;
        else
            break;
        rg_shard_receive(b->shard, &event);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    }
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(outcomes(b), 1);
    assert_int_equal(done_of(b, "lembrete")->state, RG_DONE_SENT);
}

/* ---- channels ---- */

static void what_is_queued_for_no_channel_is_called_back(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-31 12:00"); /* by WhatsApp */
    struct rg_decision decision = decision_of(b, "nao_recebido");
    assert_true(rg_str_is(decision.channel, "whatsapp"));
    remove_channel(b, "whatsapp");
    bench_to(b, "2026-10-31 14:01");
    struct rg_act_value act;
    assert_false(rg_fake_state_act(b->state, &decision.action, &act));
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_RECALLED), 1);
    struct rg_kafka_event event;
    for (int64_t i = 0; i < rg_fake_stream_end(b->stream, LEDGER, b->p); i++) {
        struct rg_recalled recalled;
        if (!rg_str_is(kind_at(b, LEDGER, b->p, i, &event), "recalled"))
            continue;
        assert_int_equal(rg_recalled_read(event.value, b->arena, &recalled, NULL), 0);
        assert_int_equal(recalled.gate, RG_GATE_CHANNEL_DOWN);
        assert_true(rg_action_id_eq(&recalled.action, &decision.action));
    }
}

static void what_is_claimed_for_no_channel_ends_in_doubt(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-31 12:00");
    struct rg_decision decision = decision_of(b, "nao_recebido");
    (void)put_claim(b, &decision, 1);
    bench_settle(b);
    remove_channel(b, "whatsapp");
    pass(b, CLAIM_MS + RG_CLAIM_SILENT_MS);
    assert_int_equal(outcomes(b), 1);
    assert_int_equal(done_of(b, "nao_recebido")->state, RG_DONE_UNCERTAIN);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
}

/* ---- a lowered mode ---- */

/* The sender gives it back unclaimed: looked at again, the step is noted as shadow, and once live again it is decided anew. */
static void what_a_lowered_mode_gives_back_is_noted_as_shadow(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    b->world.live_max_step = RG_STR("como_pagar");
    (void)put_outcome(b, &decision, 0, -1, RG_VERDICT_RETRY);
    bench_to(b, "2026-10-29 12:01");
    assert_int_equal(done_of(b, "lembrete")->state, RG_DONE_SHADOW);
    assert_int_equal(last_decision(b).mode, RG_MODE_SHADOW);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    assert_int_equal(copies(b, "email"), 1);
    b->world.live_max_step = RG_STR("suspenso");
    put_person(b, D1); /* whatever makes him looked at again */
    bench_to(b, "2026-10-29 12:02");
    assert_int_equal(last_decision(b).mode, RG_MODE_LIVE);
    assert_int_equal(copies(b, "email"), 2);
}

/* ---- copies ---- */

static struct rg_decision owe(struct bench *b)
{
    (void)suspend(b);
    pay(b);
    bench_settle(b);
    return decision_of(b, "religar");
}

static const struct rg_action *restore_of(struct bench *b, const struct rg_decision *owed)
{
    const struct rg_action *action = rg_record_action(record_of(b, D1), &owed->action);
    assert_non_null(action);
    return action;
}

static void what_is_owed_is_released_again_when_its_topic_is_gone(void **state)
{
    struct bench *b = *state;
    struct rg_decision owed = owe(b);
    rg_fake_stream_recreate(b->stream, ACTIONS "owed", b->p);
    pass(b, RG_OWED_AGAIN_MS - 1);
    assert_int_equal(copies(b, "owed"), 0);
    pass(b, 1);
    assert_int_equal(copies(b, "owed"), 1);
    struct rg_kafka_event event;
    struct rg_decision copy;
    assert_true(rg_fake_stream_read(b->stream, ACTIONS "owed", b->p, 0, &event));
    assert_int_equal(rg_decision_read(event.value, b->arena, &copy, NULL), 0);
    assert_true(rg_action_id_eq(&copy.action, &owed.action));
    assert_int_equal(copy.sequence, owed.sequence);
    pass(b, RG_OWED_AGAIN_MS);
    assert_int_equal(copies(b, "owed"), 2);
    int64_t claim = put_claim(b, &owed, 9);
    (void)put_outcome(b, &owed, 9, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    pass(b, RG_OWED_AGAIN_MS);
    assert_int_equal(copies(b, "owed"), 2);
    assert_int_equal(done_of(b, "religar")->state, RG_DONE_SENT);
}

/* However long nobody looked, and whatever else happens to the debtor, there is one more copy and not a hundred. */
static void copies_do_not_pile_up(void **state)
{
    struct bench *b = *state;
    struct rg_decision owed = owe(b);
    int64_t before = copies(b, "owed");
    pass(b, 100 * RG_OWED_AGAIN_MS);
    assert_int_equal(copies(b, "owed"), before + 1);
    for (int i = 0; i < 10; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "X%d", i);
        struct rg_event more = payment_of(b, D1, F1, id, 1);
        (void)put(b, &more);
        pass(b, 1000);
    }
    assert_int_equal(copies(b, "owed"), before + 1);
    assert_int_equal(restore_of(b, &owed)->releases, 101);
    rg_fake_state_wipe(b->state); /* folded again it counts from one */
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    bench_settle(b);
    int64_t folded = copies(b, "owed");
    assert_in_range(folded, before + 1, before + 4); /* what the past releases, the suspend's too */
    pass(b, 30 * 60 * 1000);
    assert_in_range(copies(b, "owed"), folded, folded + 2);
}

/* A message has an end of its own. Its copy gone, it is called back then and decided anew. */
static void a_message_without_a_copy_is_decided_anew(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    rg_fake_stream_recreate(b->stream, ACTIONS "email", b->p);
    bench_to(b, "2026-10-30 12:00");
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_RECALLED), 1);
    assert_int_equal(attempts_of(b, "lembrete"), 2);
    assert_int_equal(copies(b, "email"), 1);
}

/* Yesterday's state: what was decided since is folded from the ledger and released again, what was queued then and has ended
 * since ends again. */
static void a_restored_store_leaves_nothing_queued(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int commits = rg_fake_state_commits(b->state);
    int64_t claim = put_claim(b, &decision, 1);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    bench_to(b, "2026-10-31 12:00");
    struct rg_decision later = last_decision(b);
    assert_false(rg_action_id_eq(&later.action, &decision.action));
    size_t acts = rg_fake_state_act_count(b->state);
    int64_t before = copies(b, "whatsapp");
    rg_fake_state_roll_back(b->state, (size_t)(rg_fake_state_commits(b->state) - commits));
    rg_fake_stream_recreate(b->stream, ACTIONS "email", b->p);
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    bench_settle(b);
    struct rg_act_value act;
    assert_false(rg_fake_state_act(b->state, &decision.action, &act));
    assert_true(rg_fake_state_act(b->state, &later.action, &act));
    assert_int_equal(rg_fake_state_act_count(b->state), acts);
    assert_true(copies(b, "whatsapp") > before);
    assert_int_equal(done_of(b, "lembrete")->state, RG_DONE_SENT);
}

/* ---- the clock of what is owed ---- */

struct alarms {
    int count;
    char text[256];
};

static void listen(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    struct alarms *alarms = sink;
    if (strcmp(id, "RESTORE-OVERDUE") != 0)
        return;
    assert_int_equal(level, RG_LOG_ERROR);
    assert_string_equal(ctx->debtor, D1);
    alarms->count++;
    (void)snprintf(alarms->text, sizeof alarms->text, "%s", text);
}

/* Sent or not, a restore that nobody has confirmed in time is told of once a day, whatever else wakes the debtor; until it is. */
static void an_overdue_restore_is_told_of_once_a_day(void **state)
{
    struct bench *b = *state;
    struct alarms alarms = {0};
    rg_log_capture(listen, &alarms);
    struct rg_decision owed = owe(b); /* on 7 December at noon */
    pass(b, RG_MS_PER_DAY - RG_MS_PER_MINUTE);
    assert_int_equal(alarms.count, 0);
    pass(b, RG_MS_PER_MINUTE);
    assert_int_equal(alarms.count, 1);
    assert_string_equal(alarms.text, "religar is owed for invoice F1 since 2026-12-07T12:00:00-03:00 and had to be confirmed by "
                                     "2026-12-08T12:00:00-03:00: see to it where services are restored");
    for (int i = 0; i < 90; i++) /* copies of it are put into its topic all the time */
        pass(b, RG_OWED_AGAIN_MS);
    assert_int_equal(alarms.count, 1);
    int64_t claim = put_claim(b, &owed, 9);
    (void)put_outcome(b, &owed, 9, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    for (int i = 0; i < 24; i++)
        pass(b, 60 * RG_MS_PER_MINUTE);
    assert_int_equal(alarms.count, 2);
    assert_int_equal(atomic_load(&b->counters.overdue), 2);
    struct rg_event restored = event_of(b, RG_EV_SERVICE_RESTORED, "restored", D1);
    (void)put(b, &restored);
    bench_settle(b);
    for (int i = 0; i < 60; i++)
        pass(b, 60 * RG_MS_PER_MINUTE);
    assert_int_equal(alarms.count, 2);
    rg_log_capture(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(a_claim_nobody_speaks_of_is_in_doubt),
        LIFE_TEST(a_claim_that_ends_in_time_is_left_alone),
        LIFE_TEST(a_doubt_is_said_once),
        LIFE_TEST(a_doubt_that_came_late_is_forgotten),
        LIFE_TEST(a_claim_of_the_past_is_judged_when_it_is_over),
        LIFE_TEST(what_is_queued_for_no_channel_is_called_back),
        LIFE_TEST(what_is_claimed_for_no_channel_ends_in_doubt),
        LIFE_TEST(what_a_lowered_mode_gives_back_is_noted_as_shadow),
        LIFE_TEST(what_is_owed_is_released_again_when_its_topic_is_gone),
        LIFE_TEST(copies_do_not_pile_up),
        LIFE_TEST(a_message_without_a_copy_is_decided_anew),
        LIFE_TEST(a_restored_store_leaves_nothing_queued),
        LIFE_TEST(an_overdue_restore_is_told_of_once_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
