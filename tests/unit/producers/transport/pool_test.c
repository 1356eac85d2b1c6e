/* The pool by itself: every job has one result, whoever delivers it; full is said, draining gives back, waking wakes. */
#include "producers/transport/pool.h"

#include "tests/unit/support/cmocka.h"

#include <pthread.h>
#include <string.h>

#define JOBS 1000
#define WORKERS 4

struct gate { /* holds workers back until opened */
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_int inside;
};

static void pass(struct gate *gate)
{
    atomic_fetch_add(&gate->inside, 1);
    pthread_mutex_lock(&gate->lock);
    while (!gate->open)
        pthread_cond_wait(&gate->opened, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

static void deliver(void *worker, const struct rg_transport_job *job, struct rg_transport_result *ret_result)
{
    pass(worker);
    *ret_result = (struct rg_transport_result){.job = job, .verdict = RG_VERDICT_ACCEPTED};
}

static void each_job_has_one_result(void **state)
{
    (void)state;
    static struct rg_transport_job jobs[JOBS];
    static int seen[JOBS];
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER, .open = true};
    struct rg_pool *pool = rg_pool_new(8, deliver);
    for (int i = 0; i < WORKERS; i++)
        rg_pool_add(pool, &gate);
    size_t sent = 0, got = 0;
    while (got < JOBS) {
        struct rg_transport_result results[3];
        while (sent < JOBS && rg_pool_submit(pool, &jobs[sent], NULL) == 0)
            sent++;
        assert_true(sent == JOBS || rg_pool_in_flight(pool) == 8);
        size_t n = rg_pool_poll(pool, 10000, results, RG_COUNT(results));
        assert_in_range(n, 1, 3);
        for (size_t i = 0; i < n; i++)
            seen[results[i].job - jobs]++;
        got += n;
    }
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(seen[i], 1);
    rg_pool_stop(pool);
    rg_pool_free(&pool);
    assert_null(pool);
    rg_pool_free(&pool);
}

static void full_drained_and_woken(void **state)
{
    (void)state;
    struct rg_transport_job jobs[4] = {{.deadline_boot_ms = 1}};
    struct rg_transport_result results[4];
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    struct rg_pool *pool = rg_pool_new(3, deliver);
    struct rg_error err = {0};
    rg_pool_add(pool, &gate);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rg_pool_submit(pool, &jobs[i], &err), 0);
    assert_int_equal(rg_pool_submit(pool, &jobs[3], &err), RG_ELIMIT);
    rg_pool_wake(pool);
    assert_int_equal(rg_pool_poll(pool, 60000, results, 4), 0);
    assert_int_equal(rg_pool_poll(pool, 1, results, 4), 0); /* nothing comes, the wait ends */
    while (atomic_load(&gate.inside) == 0)
        assert_int_equal(rg_pool_poll(pool, 1, results, 4), 0);
    rg_pool_drain(pool);
    assert_int_equal(rg_pool_poll(pool, 60000, results, 4), 2);
    assert_int_equal(results[0].verdict, RG_VERDICT_RELEASED);
    assert_ptr_equal(results[1].job, &jobs[2]);
    assert_int_equal(rg_pool_submit(pool, &jobs[3], &err), 0);
    assert_int_equal(rg_pool_poll(pool, 60000, results, 4), 1);
    assert_int_equal(results[0].verdict, RG_VERDICT_RELEASED);
    open_gate(&gate); /* what was begun runs to its end */
    assert_int_equal(rg_pool_poll(pool, 60000, results, 4), 1);
    assert_int_equal(results[0].verdict, RG_VERDICT_ACCEPTED);
    assert_false(atomic_load(rg_pool_stopping(pool)));
    rg_pool_stop(pool);
    assert_true(atomic_load(rg_pool_stopping(pool)));
    rg_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_has_one_result),
        cmocka_unit_test(full_drained_and_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
