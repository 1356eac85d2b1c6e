/* Threads for transports that can only block: a bounded queue of jobs, a few workers, a ring of results. The owner's thread
 * submits and polls; each worker delivers one job at a time. */
#pragma once

#include <stdatomic.h>

#include "producers/transport/transport.h"

#define RG_POOL_WORKERS_MAX 64

struct rg_pool;

/* Delivers one job and fills its result; on a worker's thread. */
typedef void rg_pool_deliver_fn(void *worker, const struct rg_transport_job *job, struct rg_transport_result *ret_result);

struct rg_pool *rg_pool_new(size_t in_flight_max, rg_pool_deliver_fn *deliver) __attribute__((returns_nonnull));
void rg_pool_add(struct rg_pool *pool, void *worker); /* one more thread; `worker` is borrowed until rg_pool_stop */
/* Ends the threads. What is being delivered is not waited for beyond what `stopping` makes its worker give up. */
void rg_pool_stop(struct rg_pool *pool);
void rg_pool_free(struct rg_pool **pool); /* stopped before */

const atomic_bool *rg_pool_stopping(const struct rg_pool *pool); /* for a worker to look at while it delivers */

RG_MUST_USE int rg_pool_submit(struct rg_pool *pool, const struct rg_transport_job *job, struct rg_error *err); /* or RG_ELIMIT */
size_t rg_pool_poll(struct rg_pool *pool, int64_t timeout_ms, struct rg_transport_result *results, size_t results_max);
size_t rg_pool_in_flight(const struct rg_pool *pool); /* on the owner's thread */
void rg_pool_wake(struct rg_pool *pool);              /* from any thread */
void rg_pool_drain(struct rg_pool *pool);             /* what is queued, or will be, comes back RELEASED */
