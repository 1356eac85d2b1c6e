/* Records that kill their owner. A death is a transaction that never came, and an owner who is there no more. */
#include "tests/unit/daemon/shard/life.h"

#include "daemon/shard/batch.h"

/* Who else lives in the shard of D1. */
static const char *neighbour(struct bench *b)
{
    for (int i = 2;; i++) {
        struct rg_str name = rg_arena_printf(b->arena, "D%d", i);
        if (rg_shard_of(name, SHARDS) == b->p)
            return name.p;
    }
}

static void start_anew(struct bench *b)
{
    rg_shard_free(&b->shard);
    bench_make_shard(b);
    bench_open(b);
}

/* The owner dies with the nth transaction from here, and another process begins. */
static void die_at(struct bench *b, int nth)
{
    rg_fake_state_doom(b->state, nth, RG_FAKE_UNKNOWN_LOST);
    for (int i = 0; i < 1000 && rg_shard_state(b->shard) != RG_SHARD_OPENING; i++) {
        bench_feed(b);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    }
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
    start_anew(b);
}

static int64_t dead_letters(const struct bench *b)
{
    return rg_fake_stream_end(b->stream, DEAD, 0);
}

static bool is_held(struct bench *b, const char *debtor)
{
    int64_t until_ms = 0;
    return rg_record_held(record_of(b, debtor), NULL, b->world.now_ms, &until_ms);
}

static bool has_payment(struct bench *b, const char *id)
{
    const struct rg_invoice *invoice = &record_of(b, D1)->invoices[0];
    for (size_t i = 0; i < invoice->payment_count; i++)
        if (rg_str_is(invoice->payments[i].id, id))
            return true;
    return false;
}

static int64_t put_payment(struct bench *b, const char *id)
{
    struct rg_event payment = payment_of(b, D1, F1, id, 100);
    return put(b, &payment);
}

/* A message is queued; then come two payments, the second one deadly, a third, and somebody else's invoice. */
static int64_t deadly_batch(struct bench *b)
{
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    (void)put_payment(b, "P1");
    int64_t deadly = put_payment(b, "P2");
    (void)put_payment(b, "P3");
    struct rg_event other = invoice_of(b, neighbour(b), "F2", "2026-11-03", 100);
    (void)put(b, &other);
    return deadly;
}

static void a_record_that_kills_is_set_aside(void **state)
{
    struct bench *b = *state;
    int64_t deadly = deadly_batch(b);
    die_at(b, 1); /* among others, in full flight */
    die_at(b, 2); /* noted, and among others again */
    die_at(b, 4); /* from here on alone: P1 noted and folded, P2 noted … */
    assert_true(has_payment(b, "P1"));
    assert_false(has_payment(b, "P2"));
    die_at(b, 2);
    assert_int_equal(dead_letters(b), 0);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(dead_letters(b), 1);
    assert_true(has_payment(b, "P1") && has_payment(b, "P3"));
    assert_false(has_payment(b, "P2"));
    assert_true(is_held(b, D1));
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    assert_false(is_held(b, neighbour(b)));
    struct rg_kafka_event letter, killer;
    assert_true(rg_fake_stream_read(b->stream, DEAD, 0, 0, &letter));
    assert_true(rg_fake_stream_read(b->stream, LEDGER, b->p, deadly, &killer));
    assert_true(rg_str_eq(letter.value, killer.value));
    assert_true(rg_str_is(rg_kafka_event_header(&letter, "regua_reason"), RG_DEAD_CRASHED));
    start_anew(b); /* that was it: nobody is careful any more */
    for (int i = 0; i < 20; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "Q%d", i);
        (void)put_payment(b, id);
    }
    int commits = rg_fake_state_commits(b->state);
    bench_feed(b);
    (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    assert_int_equal(rg_fake_state_commits(b->state), commits + 2); /* the note, and all of them at once */
}

/* The hold stands in the ledger: it is found again when the store is gone, and lifted like any other. */
static void the_hold_is_a_fact_like_any_other(void **state)
{
    struct bench *b = *state;
    (void)deadly_batch(b);
    die_at(b, 1);
    die_at(b, 2);
    die_at(b, 4);
    die_at(b, 2);
    bench_settle(b);
    rg_fake_state_wipe(b->state);
    start_anew(b);
    bench_settle(b);
    assert_true(is_held(b, D1));
    assert_true(has_payment(b, "P2")); /* mended meanwhile: it kills no more */
    b->world.now_ms += 1000;
    struct rg_event released = event_of(b, RG_EV_DEBTOR_RELEASED, "r", D1);
    (void)put(b, &released);
    bench_settle(b);
    assert_false(is_held(b, D1));
}

/* Personal data can kill as well; its key says whose it is. */
static void a_word_about_a_person_that_kills(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    put_person(b, D1);
    die_at(b, 1);
    die_at(b, 2);
    die_at(b, 2);
    die_at(b, 2);
    bench_settle(b);
    assert_int_equal(dead_letters(b), 1);
    assert_true(is_held(b, D1));
    assert_int_equal(rg_fake_state_pos(b->state)->people_next, rg_fake_stream_end(b->stream, PEOPLE, b->p));
}

static void one_that_names_no_debtor_is_only_laid_aside(void **state)
{
    struct bench *b = *state;
    int home = rg_shard_of(RG_STR("invoice:" NS ":" F1), SHARDS);
    struct bench *h = bench_beside(b, home);
    struct rg_event payment = payment_of(h, NULL, F1, "P1", 100);
    char origin[] = "billing:0:0:7:0";
    (void)append(h, LEDGER, home, RG_REC_EVENT, RG_STR("invoice:" NS ":" F1), bytes_of(h, &payment, false), origin);
    die_at(h, 2);
    die_at(h, 2);
    die_at(h, 2);
    bench_settle(h);
    assert_int_equal(dead_letters(h), 1);
    assert_null(rg_fake_state_value(h->state, RG_STORE_REFERENCE, "invoice:" NS ":" F1).p);
    assert_int_equal(rg_fake_stream_end(h->stream, LEDGER, home), 1);
    bench_free(h);
}

/* What an owner survives is no death, however often. */
static void a_server_that_refuses_kills_nobody(void **state)
{
    struct bench *b = *state;
    (void)deadly_batch(b);
    for (int i = 0; i < 12; i++) {
        rg_fake_state_doom(b->state, 1 + i % 3, i % 2 == 0 ? RG_FAKE_REFUSED : RG_FAKE_UNKNOWN_LOST);
        for (int k = 0; k < 50 && rg_shard_state(b->shard) != RG_SHARD_OPENING; k++) {
            bench_feed(b);
            (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        }
        if (rg_shard_state(b->shard) == RG_SHARD_OPENING)
            bench_open(b);
    }
    rg_fake_state_doom(b->state, 0, RG_FAKE_REFUSED);
    bench_settle(b);
    assert_int_equal(dead_letters(b), 0);
    assert_true(has_payment(b, "P2"));
    assert_false(is_held(b, D1));
}

/* The note stands, and nobody heard that it does. */
static void a_note_whose_answer_is_lost_is_no_death(void **state)
{
    struct bench *b = *state;
    (void)deadly_batch(b);
    die_at(b, 1);
    die_at(b, 2);
    for (int i = 0; i < 6; i++) {
        rg_fake_state_doom(b->state, 1, RG_FAKE_UNKNOWN_APPLIED);
        bench_feed(b);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
        bench_open(b);
    }
    bench_settle(b);
    assert_int_equal(dead_letters(b), 0);
    assert_true(has_payment(b, "P1") && has_payment(b, "P2") && has_payment(b, "P3"));
}

/* A note of our own is none of a death, however often the shard is opened before anything is folded again. */
static void a_note_of_ones_own_makes_nobody_careful(void **state)
{
    struct bench *b = *state;
    (void)deadly_batch(b);
    start_anew(b);
    for (int i = 0; i < 4; i++) {
        rg_fake_state_doom(b->state, 2, RG_FAKE_REFUSED); /* noted, and refused */
        bench_feed(b);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
        bench_open(b);
        rg_shard_reopen(b->shard, "the ends could not be asked for");
        bench_open(b);
    }
    int commits = rg_fake_state_commits(b->state);
    bench_feed(b); /* people, then the ledger */
    do {
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        bench_feed(b);
    } while (rg_shard_inbox(b->shard) > 0);
    assert_in_range(rg_fake_state_commits(b->state), commits + 2, commits + 3); /* the note, all at once, a page of timers */
    assert_int_equal(dead_letters(b), 0);
    assert_true(has_payment(b, "P1") && has_payment(b, "P2") && has_payment(b, "P3"));
}

/* Killed again and again, but never twice at the same record alone. */
static void deaths_here_and_there_set_nothing_aside(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    for (int i = 0; i < 40; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        (void)put_payment(b, id);
    }
    die_at(b, 1);
    die_at(b, 2);
    for (int i = 0; i < 7; i++)
        die_at(b, 6 + 2 * (i % 2)); /* noted, and folded no more */
    bench_settle(b);
    assert_int_equal(dead_letters(b), 0);
    assert_int_equal(record_of(b, D1)->invoices[0].payment_count, 40);
}

/* Nothing was begun, so nothing was died of. */
static void restarts_without_work_are_no_deaths(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    for (int i = 0; i < 6; i++) {
        start_anew(b);
        bench_settle(b);
    }
    int64_t before = rg_fake_state_commits(b->state);
    for (int i = 0; i < 10; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        (void)put_payment(b, id);
    }
    bench_feed(b);
    (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    assert_in_range(rg_fake_state_commits(b->state), before + 1, before + 3); /* a note, a batch, a page of timers */
    assert_int_equal(record_of(b, D1)->invoices[0].payment_count, 10);
    assert_int_equal(dead_letters(b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(a_record_that_kills_is_set_aside),
        LIFE_TEST(the_hold_is_a_fact_like_any_other),
        LIFE_TEST(a_word_about_a_person_that_kills),
        LIFE_TEST(one_that_names_no_debtor_is_only_laid_aside),
        LIFE_TEST(a_server_that_refuses_kills_nobody),
        LIFE_TEST(a_note_whose_answer_is_lost_is_no_death),
        LIFE_TEST(a_note_of_ones_own_makes_nobody_careful),
        LIFE_TEST(deaths_here_and_there_set_nothing_aside),
        LIFE_TEST(restarts_without_work_are_no_deaths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
