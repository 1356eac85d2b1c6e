/* Jobs in the order of submission, never forgotten, so that a test can ask afterwards what left the house. */
#include "tests/fakes/transport/transport.h"

#include <stdio.h>
#include <string.h>

static struct fake_transport *fake(struct rg_transport *transport)
{
    return (struct fake_transport *)transport;
}

static void copy(char *into, size_t bytes, struct rg_str text)
{
    (void)snprintf(into, bytes, RG_STR_FMT, RG_STR_ARG(text));
}

static int submit(struct rg_transport *transport, const struct rg_transport_job *job, struct rg_error *err)
{
    struct fake_transport *f = fake(transport);
    if (f->refuse != 0)
        return rg_fail(err, f->refuse, "the script refuses it");
    if (f->in_flight >= f->in_flight_max)
        return rg_fail(err, RG_ELIMIT, "%zu jobs are in flight already", f->in_flight);
    rg_assert(f->count < FAKE_TRANSPORT_JOBS_MAX);
    struct fake_transport_job *kept = &f->jobs[f->count++];
    *kept = (struct fake_transport_job){.payload = rg_alloc(job->payload.n + 1),
                                        .payload_bytes = job->payload.n,
                                        .partition = job->partition,
                                        .deadline_boot_ms = job->deadline_boot_ms,
                                        .submitted_boot_ms = f->clock == NULL ? 0 : rg_boot_ms(f->clock),
                                        .job = job};
    memcpy(kept->payload, job->payload.p, job->payload.n);
    copy(kept->action, sizeof kept->action, job->action);
    copy(kept->idempotency_key, sizeof kept->idempotency_key, job->idempotency_key);
    copy(kept->to, sizeof kept->to, job->to);
    if (f->draining)
        kept->result.verdict = RG_VERDICT_RELEASED;
    else if (f->script_at < f->script_count)
        kept->result = f->script[f->script_at++];
    f->in_flight++;
    return 0;
}

static size_t poll_results(struct rg_transport *transport, int64_t timeout_ms, struct rg_transport_result *results,
                           size_t results_max)
{
    (void)timeout_ms; /* what is to be answered is known already */
    struct fake_transport *f = fake(transport);
    size_t n = 0;
    for (size_t i = 0; i < f->count && n < results_max; i++) {
        struct fake_transport_job *kept = &f->jobs[i];
        if (kept->job == NULL || kept->result.verdict == RG_VERDICT_UNSET)
            continue;
        results[n] = kept->result;
        results[n++].job = kept->job;
        kept->job = NULL;
        f->in_flight--;
    }
    return n;
}

static size_t in_flight(const struct rg_transport *transport)
{
    return ((const struct fake_transport *)transport)->in_flight;
}

static enum rg_evidence best_evidence(const struct rg_transport *transport)
{
    return ((const struct fake_transport *)transport)->best;
}

static void wake(struct rg_transport *transport)
{
    (void)transport;
}

static void drain(struct rg_transport *transport)
{
    fake(transport)->draining = true;
}

static void close_all(struct rg_transport **transport)
{
    struct fake_transport *f = fake(*transport);
    *transport = NULL;
    fake_transport_free(&f);
}

static const struct rg_transport_ops ops = {
    .name = "fake",
    .submit = submit,
    .poll = poll_results,
    .in_flight = in_flight,
    .best_evidence = best_evidence,
    .wake = wake,
    .drain = drain,
    .close = close_all,
};

struct fake_transport *fake_transport_new(void)
{
    struct fake_transport *transport = rg_alloc(sizeof *transport);
    transport->base.ops = &ops;
    transport->in_flight_max = FAKE_TRANSPORT_JOBS_MAX;
    transport->best = RG_EVIDENCE_ACCEPTED;
    return transport;
}

void fake_transport_free(struct fake_transport **transport)
{
    if (*transport == NULL)
        return;
    for (size_t i = 0; i < (*transport)->count; i++)
        rg_free(&(*transport)->jobs[i].payload);
    rg_free(transport);
}

void fake_transport_script(struct fake_transport *transport, struct rg_transport_result result)
{
    rg_assert(transport->script_count < RG_COUNT(transport->script));
    transport->script[transport->script_count++] = result;
}

void fake_transport_answer(struct fake_transport *transport, size_t index, struct rg_transport_result result)
{
    rg_assert(index < transport->count);
    rg_assert(transport->jobs[index].job != NULL);
    transport->jobs[index].result = result;
}

void fake_transport_answer_all(struct fake_transport *transport, enum rg_verdict verdict)
{
    for (size_t i = 0; i < transport->count; i++)
        if (transport->jobs[i].job != NULL && transport->jobs[i].result.verdict == RG_VERDICT_UNSET)
            transport->jobs[i].result.verdict = verdict;
}
