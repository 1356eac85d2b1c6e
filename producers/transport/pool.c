/* One mutex, two conditions: `work` for the workers, `done` for the owner. Waiting uses the machine's monotonic clock: it is
 * patience, not the product's time. */
#include "producers/transport/pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

struct member {
    struct rg_pool *pool;
    void *worker;
    pthread_t thread;
};

struct rg_pool {
    rg_pool_deliver_fn *deliver;
    size_t in_flight_max;
    struct member members[RG_POOL_WORKERS_MAX];
    size_t member_count;
    atomic_bool stopping; /* also read outside the lock */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work, done;
    const struct rg_transport_job **queue; /* ring of in_flight_max */
    size_t queue_at, queue_count;
    struct rg_transport_result *results; /* ring of in_flight_max */
    size_t result_at, result_count;
    size_t in_flight; /* written by the owner's thread alone */
    bool draining, woken;
};

struct rg_pool *rg_pool_new(size_t in_flight_max, rg_pool_deliver_fn *deliver)
{
    rg_assert(in_flight_max > 0);
    struct rg_pool *pool = rg_alloc(sizeof *pool);
    pool->deliver = deliver;
    pool->in_flight_max = in_flight_max;
    pool->queue = rg_alloc(in_flight_max * sizeof(*pool->queue));
    pool->results = rg_alloc(in_flight_max * sizeof *pool->results);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->done, &attributes);
    pthread_condattr_destroy(&attributes);
    return pool;
}

/* Called with the lock held. */
static void add_result(struct rg_pool *pool, const struct rg_transport_result *result)
{
    rg_assert(pool->result_count < pool->in_flight_max);
    pool->results[(pool->result_at + pool->result_count) % pool->in_flight_max] = *result;
    pool->result_count++;
    pthread_cond_signal(&pool->done);
}

static const struct rg_transport_job *take_job(struct rg_pool *pool)
{
    const struct rg_transport_job *job = pool->queue[pool->queue_at];
    pool->queue_at = (pool->queue_at + 1) % pool->in_flight_max;
    pool->queue_count--;
    return job;
}

static void *run_member(void *ctx)
{
    struct member *member = ctx;
    struct rg_pool *pool = member->pool;
    pthread_mutex_lock(&pool->lock);
    while (!atomic_load(&pool->stopping)) {
        if (pool->queue_count == 0) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        const struct rg_transport_job *job = take_job(pool);
        pthread_mutex_unlock(&pool->lock);
        struct rg_transport_result result = {.verdict = RG_VERDICT_UNSET};
        pool->deliver(member->worker, job, &result);
        rg_assert(result.verdict != RG_VERDICT_UNSET && result.job == job);
        pthread_mutex_lock(&pool->lock);
        add_result(pool, &result);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Threads take no signals: those are for the thread that waits for them. */
void rg_pool_add(struct rg_pool *pool, void *worker)
{
    rg_assert(pool->member_count < RG_POOL_WORKERS_MAX);
    struct member *member = &pool->members[pool->member_count++];
    *member = (struct member){.pool = pool, .worker = worker};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rg_assert(pthread_create(&member->thread, NULL, run_member, member) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void rg_pool_stop(struct rg_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->member_count; i++)
        pthread_join(pool->members[i].thread, NULL);
    pool->member_count = 0;
}

void rg_pool_free(struct rg_pool **pool_ptr)
{
    struct rg_pool *pool = *pool_ptr;
    if (pool == NULL)
        return;
    rg_assert(pool->member_count == 0);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    rg_free(&pool->queue);
    rg_free(&pool->results);
    rg_free(pool_ptr);
}

const atomic_bool *rg_pool_stopping(const struct rg_pool *pool)
{
    return &pool->stopping;
}

int rg_pool_submit(struct rg_pool *pool, const struct rg_transport_job *job, struct rg_error *err)
{
    int r = 0;
    pthread_mutex_lock(&pool->lock);
    if (pool->in_flight == pool->in_flight_max) {
        r = rg_fail(err, RG_ELIMIT, "%zu messages are in flight already", pool->in_flight_max);
    } else {
        pool->in_flight++;
        if (pool->draining) {
            add_result(pool, &(struct rg_transport_result){.job = job, .verdict = RG_VERDICT_RELEASED});
        } else {
            pool->queue[(pool->queue_at + pool->queue_count) % pool->in_flight_max] = job;
            pool->queue_count++;
            pthread_cond_signal(&pool->work);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return r;
}

static void wait_for_results(struct rg_pool *pool, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while (pool->result_count == 0 && !pool->woken)
        if (pthread_cond_timedwait(&pool->done, &pool->lock, &until) != 0)
            break;
    pool->woken = false;
}

size_t rg_pool_poll(struct rg_pool *pool, int64_t timeout_ms, struct rg_transport_result *results, size_t results_max)
{
    size_t n = 0;
    pthread_mutex_lock(&pool->lock);
    if (pool->result_count == 0 && timeout_ms > 0)
        wait_for_results(pool, timeout_ms);
    for (; n < results_max && pool->result_count > 0; n++) {
        results[n] = pool->results[pool->result_at];
        pool->result_at = (pool->result_at + 1) % pool->in_flight_max;
        pool->result_count--;
        pool->in_flight--;
    }
    pthread_mutex_unlock(&pool->lock);
    return n;
}

size_t rg_pool_in_flight(const struct rg_pool *pool)
{
    return pool->in_flight;
}

void rg_pool_wake(struct rg_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->woken = true;
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

void rg_pool_drain(struct rg_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->draining = true;
    while (pool->queue_count > 0)
        add_result(pool, &(struct rg_transport_result){.job = take_job(pool), .verdict = RG_VERDICT_RELEASED});
    pthread_mutex_unlock(&pool->lock);
}
