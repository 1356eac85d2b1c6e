/* What a shard says it has seen of upstream, and what it dares on the strength of it: nobody is dunned for what somebody already
 * holds in his hands, and whoever is owed something does not wait for the slowest source. */
#include "tests/unit/daemon/shard/life.h"

#define REF "invoice:" NS ":" F1

static struct rg_shard_round round_now(struct bench *b)
{
    return (struct rg_shard_round){.fresh_ms = b->world.now_ms, .all_seen_ms = b->world.now_ms,
                                   .ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p),
                                   .people_end = rg_fake_stream_end(b->stream, PEOPLE, b->p)};
}

/* ---- seen ---- */

/* A payment that names no debtor is released while the round is under way: what was published by then has been seen only when the
 * release stands in its debtor's partition, or its debtor would be dunned for what he has paid. */
static void seen_waits_for_what_the_round_releases(void **state)
{
    (void)state;
    struct bench *h = bench_new(rg_shard_of(RG_STR(REF), SHARDS));
    (void)put_located(h, REF, D1, "billing:0:1:3:1");
    bench_settle(h);
    struct rg_event payment = payment_of(h, NULL, F1, "P1", 15900);
    (void)put_event(h, &payment, 7);
    struct rg_shard_round round = round_now(h);
    rg_shard_begin_round(h->shard, &round);
    h->keep = true;
    bench_settle(h);
    assert_int_equal(rg_shard_lag(h->shard), 0);
    assert_int_equal(rg_fake_stream_waiting(h->stream), 1);
    assert_int_equal(rg_shard_seen_ms(h->shard), -1);
    h->keep = false;
    bench_settle(h);
    assert_int_equal(rg_shard_seen_ms(h->shard), h->world.now_ms);
    bench_free(h);
}

/* Under steady traffic the ends run away: a round that is under way ends where it began. */
static void a_round_is_not_put_off_by_the_next(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    struct rg_shard_round round = round_now(b), later = round;
    rg_shard_begin_round(b->shard, &round);
    later.fresh_ms = later.all_seen_ms = round.fresh_ms + 1000;
    later.ledger_end += 100;
    rg_shard_begin_round(b->shard, &later);
    bench_settle(b);
    assert_int_equal(rg_shard_seen_ms(b->shard), round.fresh_ms);
    assert_int_equal(rg_shard_asof_ms(b->shard), round.all_seen_ms);
}

/* ---- asof ---- */

/* A sender reads in Redis through when upstream is known. Nothing else may be going on in the shard. */
static void asof_is_told_while_something_is_under_way(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    b->world.now_ms += 30000;
    bench_round(b);
    assert_int_equal(rg_fake_state_pos(b->state)->asof_ms, b->world.now_ms);
    int commits = rg_fake_state_commits(b->state);
    bench_settle(b);
    assert_int_equal(rg_fake_state_commits(b->state), commits); /* told once */
}

/* An hour that did not happen: what was read in it says nothing of what was paid after it. */
static void a_clock_that_is_set_back_proves_nothing(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    b->world.hold_timers = true; /* the clocks disagree */
    b->world.now_ms = at("2026-10-29 13:00");
    bench_round(b);
    assert_int_equal(rg_shard_asof_ms(b->shard), b->world.now_ms);
    struct rg_shard_round open = round_now(b);
    open.ledger_end += 100;
    rg_shard_begin_round(b->shard, &open);
    b->world.hold_timers = false;
    b->world.now_ms = at("2026-10-29 12:00");
    bench_settle(b);
    assert_int_equal(rg_shard_asof_ms(b->shard), -1);
    assert_int_equal(rg_shard_seen_ms(b->shard), -1);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    bench_round(b); /* and the round that was open then holds up no other */
    assert_int_equal(rg_shard_seen_ms(b->shard), b->world.now_ms);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
}

/* Senders hear of it, too. */
static void asof_is_told_when_the_clock_was_set_back(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    b->world.now_ms -= 30 * RG_MS_PER_MINUTE;
    bench_round(b);
    assert_int_equal(rg_fake_state_pos(b->state)->asof_ms, b->world.now_ms);
}

static void asof_is_not_told_to_nobody(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_round(b);
    int commits = rg_fake_state_commits(b->state);
    for (int i = 0; i < 10; i++) {
        b->world.now_ms += 1000;
        bench_round(b);
    }
    assert_in_range(rg_fake_state_commits(b->state), commits, commits + 1); /* what was just folded is looked at once more */
}

/* ---- payments known ---- */

/* A source says that its payments are known through an instant, right behind the payments themselves: the word counts when those
 * are folded, not when it is heard. */
static void a_word_counts_when_what_came_before_it_is_folded(void **state)
{
    (void)state;
    struct rg_shard_word words[RG_SOURCES_MAX] = {{.wanted = true, .through_ms = 500, .given_ms = 1000}, {.wanted = false},
                                                  {true, -1, -1}};
    int64_t known[RG_SOURCES_MAX];
    rg_shard_known_through(words, 999, known);
    assert_int_equal(known[0], -1);
    assert_int_equal(known[1], 999); /* by reading it to its end */
    assert_int_equal(known[2], -1);
    rg_shard_known_through(words, 1000, known);
    assert_int_equal(known[0], 500);
    words[0].through_ms = at("2199-12-31"); /* nor for ever */
    rg_shard_known_through(words, 1000, known);
    assert_int_equal(known[0], 1000 + RG_MS_PER_DAY);
    rg_shard_known_through(words, -1, known);
    assert_int_equal(known[0], -1);
    rg_shard_known_through(NULL, 1000, known);
    assert_int_equal(known[0], 1000);
}

static void assert_restored(struct bench *b, const struct rg_decision *cut)
{
    struct rg_decision last = decision_of(b, "religar");
    assert_true(last.sequence > cut->sequence);
}

/* The owner dies, the payment comes, the next owner folds it as the past; and upstream's other partition cannot be read. */
static void a_restore_waits_for_no_source(void **state)
{
    struct bench *b = *state;
    struct rg_decision cut = suspend(b);
    rg_shard_reopen(b->shard, "test");
    pay(b);
    b->world.now_ms += 60 * 60 * 1000;
    bench_open(b);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(rg_shard_asof_ms(b->shard), -1);
    assert_restored(b, &cut);
}

/* The first attempt is refused: the second one comes after a pause, whoever may be silent by then. */
static void a_restore_that_was_refused_waits_for_no_source(void **state)
{
    struct bench *b = *state;
    struct rg_decision cut = suspend(b);
    pay(b);
    bench_settle(b);
    end(b, "religar", 3, RG_VERDICT_REJECTED);
    assert_int_equal(attempts_of(b, "religar"), 1);
    pass(b, 29000);
    assert_int_equal(attempts_of(b, "religar"), 1); /* nor in a circle */
    rg_shard_reopen(b->shard, "test"); /* the next owner knows of it, too */
    bench_open(b);
    pass(b, 2000);
    assert_int_equal(attempts_of(b, "religar"), 2);
    assert_restored(b, &cut);
    end(b, "religar", 4, RG_VERDICT_RETRY); /* the same action goes out again, at once */
    struct rg_decision again = decision_of(b, "religar");
    const struct rg_action *action = rg_record_action(record_of(b, D1), &again.action);
    assert_non_null(action);
    assert_int_equal(action->releases, 2);
}

/* A word of thanks waits for the morning and for a server that is away, but for no source; a demand for money does. */
static void a_word_of_thanks_waits_for_no_source(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    end(b, "lembrete", 1, RG_VERDICT_ACCEPTED);
    bench_to(b, "2026-10-30 21:00");
    struct rg_event other = invoice_of(b, D1, "F2", "2026-11-05", 9900);
    (void)put(b, &other);
    pay(b);
    bench_settle(b);
    assert_int_equal(attempts_of(b, "obrigado"), 0);
    pass(b, at("2026-10-31 08:30") - b->world.now_ms);
    assert_int_equal(attempts_of(b, "obrigado"), 1);
    end(b, "obrigado", 2, RG_VERDICT_RETRY);
    pass(b, 31000);
    assert_int_equal(attempts_of(b, "obrigado"), 2);
    end(b, "obrigado", 3, RG_VERDICT_ACCEPTED);
    int decided = count_kind(b, LEDGER, b->p, RG_REC_DECIDED), commits = rg_fake_state_commits(b->state);
    for (int i = 0; i < 20; i++)
        pass(b, 20000);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), decided); /* the other invoice is due for a reminder */
    assert_in_range(rg_fake_state_commits(b->state), commits, commits + 1); /* nor is he looked at again and again */
    bench_round(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), decided + 1);
}

/* A restore that stands further on in the past is not decided again. */
static void a_restore_of_the_past_is_not_repeated(void **state)
{
    struct bench *b = *state;
    struct rg_decision cut = suspend(b);
    pay(b);
    bench_settle(b);
    assert_restored(b, &cut);
    int64_t sequence = record_of(b, D1)->sequence;
    rg_fake_state_wipe(b->state);
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    bench_settle(b);
    bench_to(b, "2026-12-08 12:00");
    assert_int_equal(record_of(b, D1)->sequence, sequence);
}

/* ---- stop ---- */

static void a_restore_comes_when_the_stop_is_lifted(void **state)
{
    struct bench *b = *state;
    struct rg_decision cut = suspend(b);
    b->world.stopped = true;
    pay(b);
    bench_settle(b);
    b->world.now_ms = at("2026-12-08 12:00");
    bench_round(b);
    assert_int_equal(record_of(b, D1)->sequence, cut.sequence);
    b->world.stopped = false;
    bench_settle(b);
    assert_restored(b, &cut);
}

/* Nobody tells each debtor that a stop was lifted: who was due meanwhile is looked at then, and not when something else
 * happens. */
static void a_stop_forgets_nobody(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    bench_to(b, "2026-10-28 12:00");
    b->world.stopped = true;
    b->world.now_ms = at("2026-10-29 09:00");
    bench_round(b);
    pay(b); /* what comes in meanwhile is folded */
    struct rg_event back = payment_of(b, D1, F1, "P1", 15900);
    back.type = RG_EV_PAYMENT_REVERSED;
    (void)put(b, &back);
    bench_settle(b);
    int commits = rg_fake_state_commits(b->state);
    bench_settle(b);
    assert_int_equal(rg_fake_state_commits(b->state), commits);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    assert_true(rg_shard_at_rest(b->shard, b->world.now_ms));
    b->world.stopped = false;
    b->world.now_ms = at("2026-10-29 09:10");
    bench_round(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(seen_waits_for_what_the_round_releases),
        LIFE_TEST(a_round_is_not_put_off_by_the_next),
        LIFE_TEST(asof_is_told_while_something_is_under_way),
        LIFE_TEST(a_clock_that_is_set_back_proves_nothing),
        LIFE_TEST(asof_is_told_when_the_clock_was_set_back),
        LIFE_TEST(asof_is_not_told_to_nobody),
        cmocka_unit_test(a_word_counts_when_what_came_before_it_is_folded),
        LIFE_TEST(a_restore_waits_for_no_source),
        LIFE_TEST(a_restore_that_was_refused_waits_for_no_source),
        LIFE_TEST(a_word_of_thanks_waits_for_no_source),
        LIFE_TEST(a_restore_of_the_past_is_not_repeated),
        LIFE_TEST(a_restore_comes_when_the_stop_is_lifted),
        LIFE_TEST(a_stop_forgets_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
