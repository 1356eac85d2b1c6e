/* The acknowledgement window against a model that is too simple to be wrong, over every order of answers. */
#include "base/kafka/ack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define RECORDS_MAX 7

struct record {
    int64_t offset;
    uint32_t acks;
};

/* The first offset not wholly acknowledged, by looking at everything. */
static int64_t model_next(const struct record *records, const uint32_t *missing, size_t n, int64_t reached)
{
    for (size_t i = 0; i < n; i++)
        if (missing[i] > 0)
            return records[i].offset;
    return reached;
}

static void check_order(const struct record *records, size_t n, const size_t *answers, size_t answers_n)
{
    uint32_t missing[RECORDS_MAX];
    int64_t reached = records[n - 1].offset + 1;
    struct rg_ack_window *window = rg_ack_window_new(RECORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        missing[i] = records[i].acks;
        assert_int_equal(rg_ack_window_add(window, records[i].offset, records[i].acks, NULL), 0);
    }
    assert_int_equal(rg_ack_window_next(window), model_next(records, missing, n, reached));
    for (size_t i = 0; i < answers_n; i++) {
        assert_true(rg_ack_window_ack(window, records[answers[i]].offset));
        missing[answers[i]]--;
        assert_int_equal(rg_ack_window_next(window), model_next(records, missing, n, reached));
    }
    assert_int_equal(rg_ack_window_in_flight(window), 0);
    for (size_t i = 0; i < n; i++)
        assert_false(rg_ack_window_ack(window, records[i].offset));
    rg_ack_window_free(&window);
    assert_null(window);
}

static size_t permute(const struct record *records, size_t n, size_t *answers, size_t answers_n, size_t at)
{
    size_t tried = 0;
    if (at == answers_n) {
        check_order(records, n, answers, answers_n);
        return 1;
    }
    for (size_t i = at; i < answers_n; i++) {
        size_t kept = answers[at];
        answers[at] = answers[i];
        answers[i] = kept;
        tried += permute(records, n, answers, answers_n, at + 1);
        answers[i] = answers[at];
        answers[at] = kept;
    }
    return tried;
}

static void every_order_of_answers_yields_the_prefix(void **state)
{
    (void)state;
    static const struct {
        struct record records[RECORDS_MAX];
        size_t n, orders;
    } rows[] = {
        {{{0, 1}}, 1, 1},
        {{{0, 0}}, 1, 1},
        {{{5, 2}}, 1, 2},
        {{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}}, 7, 5040},
        {{{0, 1}, {10, 1}, {11, 1}, {1000000000000, 1}, {INT64_MAX - 1, 1}}, 5, 120}, /* holes of any size */
        {{{3, 2}, {4, 0}, {6, 1}, {7, 3}, {9, 0}}, 5, 720},
        {{{3, 0}, {4, 0}, {6, 2}, {7, 0}, {9, 2}, {10, 0}, {11, 1}}, 7, 120},
        {{{0, 0}, {1, 0}, {2, 0}}, 3, 1},
    };
    for (size_t r = 0; r < RG_COUNT(rows); r++) {
        size_t answers[32], n = 0;
        for (size_t i = 0; i < rows[r].n; i++)
            for (uint32_t k = 0; k < rows[r].records[i].acks; k++)
                answers[n++] = i;
        assert_int_equal(permute(rows[r].records, rows[r].n, answers, n, 0), rows[r].orders);
    }
}

static void a_new_window_knows_nothing(void **state)
{
    (void)state;
    struct rg_ack_window *window = rg_ack_window_new(1);
    assert_int_equal(rg_ack_window_next(window), RG_ACK_UNKNOWN);
    assert_false(rg_ack_window_ack(window, 0));
    assert_false(rg_ack_window_full(window));
    rg_ack_window_free(&window);
    rg_ack_window_free(&window);
}

static void offsets_that_go_back_are_refused(void **state)
{
    (void)state;
    static const int64_t bad[] = {-1, INT64_MIN, 0, 41, 42, INT64_MAX};
    struct rg_ack_window *window = rg_ack_window_new(4);
    assert_int_equal(rg_ack_window_add(window, 42, 1, NULL), 0);
    for (size_t i = 0; i < RG_COUNT(bad); i++) {
        struct rg_error err = {0};
        assert_int_equal(rg_ack_window_add(window, bad[i], 1, &err), RG_EINVAL);
        assert_int_equal(err.code, RG_EINVAL);
    }
    assert_true(rg_ack_window_ack(window, 42));
    assert_int_equal(rg_ack_window_add(window, 42, 1, NULL), RG_EINVAL); /* also when it has left already */
    assert_int_equal(rg_ack_window_add(window, 43, 1, NULL), 0);
    assert_int_equal(rg_ack_window_next(window), 43);
    rg_ack_window_free(&window);
}

static void a_full_window_takes_no_more(void **state)
{
    (void)state;
    struct rg_ack_window *window = rg_ack_window_new(3);
    for (int64_t offset = 0; offset < 3; offset++)
        assert_int_equal(rg_ack_window_add(window, offset, 1, NULL), 0);
    assert_true(rg_ack_window_full(window));
    assert_int_equal(rg_ack_window_add(window, 3, 1, NULL), RG_ELIMIT);
    assert_int_equal(rg_ack_window_add(window, 3, 0, NULL), RG_ELIMIT);
    assert_true(rg_ack_window_ack(window, 1));
    assert_true(rg_ack_window_full(window)); /* the oldest still blocks */
    assert_true(rg_ack_window_ack(window, 0));
    assert_int_equal(rg_ack_window_in_flight(window), 1);
    assert_int_equal(rg_ack_window_add(window, 3, 1, NULL), 0);
    assert_int_equal(rg_ack_window_next(window), 2);
    rg_ack_window_free(&window);
}

static void the_ring_goes_round(void **state)
{
    (void)state;
    struct rg_ack_window *window = rg_ack_window_new(3);
    for (int64_t offset = 0; offset < 1000; offset += 2) {
        assert_int_equal(rg_ack_window_add(window, offset, 1, NULL), 0);
        assert_int_equal(rg_ack_window_add(window, offset + 1, 2, NULL), 0);
        assert_true(rg_ack_window_ack(window, offset + 1));
        assert_true(rg_ack_window_ack(window, offset));
        assert_int_equal(rg_ack_window_next(window), offset + 1);
        assert_true(rg_ack_window_ack(window, offset + 1));
        assert_int_equal(rg_ack_window_next(window), offset + 2);
    }
    rg_ack_window_free(&window);
}

static void reaching_moves_behind_what_is_in_flight(void **state)
{
    (void)state;
    struct rg_ack_window *window = rg_ack_window_new(4);
    rg_ack_window_reach(window, 10);
    assert_int_equal(rg_ack_window_next(window), 10);
    rg_ack_window_reach(window, 7);
    assert_int_equal(rg_ack_window_next(window), 10);
    assert_int_equal(rg_ack_window_add(window, 9, 1, NULL), RG_EINVAL);
    assert_int_equal(rg_ack_window_add(window, 10, 1, NULL), 0);
    assert_int_equal(rg_ack_window_add(window, 12, 1, NULL), 0);
    rg_ack_window_reach(window, 20);
    assert_int_equal(rg_ack_window_next(window), 10);
    assert_true(rg_ack_window_ack(window, 12));
    assert_int_equal(rg_ack_window_next(window), 10);
    assert_true(rg_ack_window_ack(window, 10));
    assert_int_equal(rg_ack_window_next(window), 20);
    rg_ack_window_free(&window);
}

static void a_reset_forgets_late_answers(void **state)
{
    (void)state;
    struct rg_ack_window *window = rg_ack_window_new(4);
    assert_int_equal(rg_ack_window_add(window, 100, 1, NULL), 0);
    rg_ack_window_reset(window, 50);
    assert_int_equal(rg_ack_window_next(window), 50);
    assert_false(rg_ack_window_ack(window, 100));
    assert_int_equal(rg_ack_window_add(window, 49, 1, NULL), RG_EINVAL);
    assert_int_equal(rg_ack_window_add(window, 50, 1, NULL), 0);
    rg_ack_window_reset(window, RG_ACK_UNKNOWN);
    assert_int_equal(rg_ack_window_next(window), RG_ACK_UNKNOWN);
    assert_int_equal(rg_ack_window_add(window, 0, 1, NULL), 0);
    rg_ack_window_free(&window);
}

/* Long seeded runs with adds and answers mixed, compared at every step. */
static void random_runs_agree_with_the_model(void **state)
{
    (void)state;
    uint64_t seed = 20240229;
    struct rg_ack_window *window = rg_ack_window_new(64);
    static struct record records[4096];
    static uint32_t missing[4096];
    size_t n = 0;
    int64_t reached = RG_ACK_UNKNOWN;
    for (size_t step = 0; step < 12000; step++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        uint64_t dice = seed >> 33;
        if (dice % 3 == 0 && n < RG_COUNT(records) && !rg_ack_window_full(window)) {
            records[n] = (struct record){(reached < 0 ? 0 : reached) + (int64_t)(dice / 3 % 4), (uint32_t)(dice / 16 % 4)};
            missing[n] = records[n].acks;
            reached = records[n].offset + 1;
            assert_int_equal(rg_ack_window_add(window, records[n].offset, records[n].acks, NULL), 0);
            n++;
        } else if (n > 0) {
            size_t at = n - 1 - (dice / 3) % (n < 80 ? n : 80);
            assert_int_equal(rg_ack_window_ack(window, records[at].offset), missing[at] > 0);
            missing[at] -= missing[at] > 0;
        }
        assert_int_equal(rg_ack_window_next(window), model_next(records, missing, n, reached));
    }
    assert_true(n > 500);
    rg_ack_window_free(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_answers_yields_the_prefix),
        cmocka_unit_test(a_new_window_knows_nothing),
        cmocka_unit_test(offsets_that_go_back_are_refused),
        cmocka_unit_test(a_full_window_takes_no_more),
        cmocka_unit_test(the_ring_goes_round),
        cmocka_unit_test(reaching_moves_behind_what_is_in_flight),
        cmocka_unit_test(a_reset_forgets_late_answers),
        cmocka_unit_test(random_runs_agree_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
