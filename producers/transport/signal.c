/* Jobs in a list in the order of submission. A job is produced when no earlier one of its partition is under way; its token
 * is a number never used again, so a report that comes late or twice finds nothing.
 *
 * Waiting for each report costs throughput per partition and buys that the order holds whatever the Kafka client does
 * after an error; signals are rare (a suspension, a restore), so that is a good trade. */
#include "producers/transport/signal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct entry {
    const struct rg_transport_job *job; /* NULL: free */
    uint64_t token;                     /* grows with submission: the order */
    bool under_way, ended;
    struct rg_transport_result result;
};

struct signals {
    struct rg_transport base;
    const struct rg_clock *clock;
    rg_signal_produce_fn *produce;
    void *produce_ctx;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t done;
    struct entry *entries; /* in order of tokens; taken out from anywhere, added at the end */
    size_t count, in_flight_max;
    uint64_t next_token;
    bool draining, woken;
};

static void end_entry(struct signals *s, struct entry *entry, enum rg_verdict verdict, const char *detail)
{
    entry->ended = true;
    entry->under_way = false;
    entry->result = (struct rg_transport_result){.job = entry->job, .verdict = verdict};
    if (verdict == RG_VERDICT_ACCEPTED)
        entry->result.evidence = RG_EVIDENCE_ACCEPTED;
    snprintf(entry->result.detail, sizeof entry->result.detail, "%s", detail);
    pthread_cond_signal(&s->done);
}

/* What waits behind a signal that failed must not overtake it. */
static void release_followers(struct signals *s, const struct entry *failed)
{
    for (size_t i = 0; i < s->count; i++) {
        struct entry *entry = &s->entries[i];
        bool follows = entry->token > failed->token && entry->job->partition == failed->job->partition;
        if (follows && !entry->ended && rg_str_eq(entry->job->to, failed->job->to))
            end_entry(s, entry, RG_VERDICT_RELEASED, "an earlier signal of the same debtor failed");
    }
}

static void fail_entry(struct signals *s, struct entry *entry, enum rg_verdict verdict, const char *detail)
{
    end_entry(s, entry, verdict, detail);
    entry->result.channel = true;
    release_followers(s, entry);
}

/* May this one go now? Not while an earlier one of its partition is under way or waits. */
static bool is_first(const struct signals *s, const struct entry *entry)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct entry *other = &s->entries[i];
        if (!other->ended && other->token < entry->token && other->job->partition == entry->job->partition)
            return false;
    }
    return true;
}

/* Produces whatever may go. Called with the lock held; the owner's produce must not report from inside itself. */
static void advance(struct signals *s)
{
    int64_t now = rg_boot_ms(s->clock);
    for (size_t i = 0; i < s->count; i++) {
        struct entry *entry = &s->entries[i];
        if (entry->ended || entry->under_way || !is_first(s, entry))
            continue;
        if (now > entry->job->deadline_boot_ms) {
            end_entry(s, entry, RG_VERDICT_EXPIRED, "its time ended before it was its turn");
            continue;
        }
        struct rg_error why = {0};
        const struct rg_transport_job *job = entry->job;
        if (s->produce(s->produce_ctx, job->partition, job->to, job->payload, entry->token, &why) < 0)
            fail_entry(s, entry, RG_VERDICT_RETRY, "the record was not taken for producing");
        else
            entry->under_way = true;
    }
}

static int submit(struct rg_transport *transport, const struct rg_transport_job *job, struct rg_error *err)
{
    struct signals *s = (struct signals *)transport;
    int r = 0;
    if (job->partition < 0 || !rg_str_has(job->to) || !rg_str_has(job->payload))
        return rg_fail(err, RG_EINVAL, "a signal needs a partition, a key and a value");
    pthread_mutex_lock(&s->lock);
    if (s->count == s->in_flight_max) {
        r = rg_fail(err, RG_ELIMIT, "%zu signals are in flight already", s->in_flight_max);
    } else {
        struct entry *entry = &s->entries[s->count++];
        *entry = (struct entry){.job = job, .token = s->next_token++};
        if (s->draining)
            end_entry(s, entry, RG_VERDICT_RELEASED, "");
        else
            advance(s);
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

void rg_transport_signal_report(struct rg_transport *transport, uint64_t token, enum rg_signal_report report)
{
    struct signals *s = (struct signals *)transport;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        struct entry *entry = &s->entries[i];
        if (entry->token != token || !entry->under_way)
            continue;
        switch (report) {
        case RG_SIGNAL_STORED: end_entry(s, entry, RG_VERDICT_ACCEPTED, ""); break;
        case RG_SIGNAL_NOT_STORED: fail_entry(s, entry, RG_VERDICT_RETRY, "the broker did not take the record"); break;
        case RG_SIGNAL_UNKNOWN: fail_entry(s, entry, RG_VERDICT_UNCERTAIN, "no answer whether the record was stored"); break;
        }
        break;
    }
    pthread_mutex_unlock(&s->lock);
}

static bool any_ended(const struct signals *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].ended)
            return true;
    return false;
}

static void wait_for_end(struct signals *s, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until); /* the machine's patience, not the product's time */
    int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while (!any_ended(s) && !s->woken)
        if (pthread_cond_timedwait(&s->done, &s->lock, &until) == ETIMEDOUT)
            break;
    s->woken = false;
}

static size_t poll_results(struct rg_transport *transport, int64_t timeout_ms, struct rg_transport_result *results,
                           size_t results_max)
{
    struct signals *s = (struct signals *)transport;
    size_t n = 0, kept = 0;
    pthread_mutex_lock(&s->lock);
    advance(s);
    if (timeout_ms > 0 && !any_ended(s))
        wait_for_end(s, timeout_ms);
    for (size_t i = 0; i < s->count; i++) {
        if (s->entries[i].ended && n < results_max)
            results[n++] = s->entries[i].result;
        else
            s->entries[kept++] = s->entries[i];
    }
    s->count = kept;
    advance(s);
    pthread_mutex_unlock(&s->lock);
    return n;
}

static size_t in_flight(const struct rg_transport *transport)
{
    return ((const struct signals *)transport)->count; /* changed by the owner's thread alone */
}

static enum rg_evidence best_evidence(const struct rg_transport *transport)
{
    (void)transport;
    return RG_EVIDENCE_ACCEPTED; /* that it was acted upon comes as an event */
}

static void wake(struct rg_transport *transport)
{
    struct signals *s = (struct signals *)transport;
    pthread_mutex_lock(&s->lock);
    s->woken = true;
    pthread_cond_signal(&s->done);
    pthread_mutex_unlock(&s->lock);
}

static void drain(struct rg_transport *transport)
{
    struct signals *s = (struct signals *)transport;
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    for (size_t i = 0; i < s->count; i++)
        if (!s->entries[i].ended && !s->entries[i].under_way)
            end_entry(s, &s->entries[i], RG_VERDICT_RELEASED, "");
    pthread_mutex_unlock(&s->lock);
}

static void close_all(struct rg_transport **transport)
{
    if (*transport == NULL)
        return;
    struct signals *s = (struct signals *)*transport;
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    rg_free(&s->entries);
    rg_free(transport);
}

static const struct rg_transport_ops signal_ops = {
    .name = "kafka",
    .submit = submit,
    .poll = poll_results,
    .in_flight = in_flight,
    .best_evidence = best_evidence,
    .wake = wake,
    .drain = drain,
    .close = close_all,
};

struct rg_transport *rg_transport_signal_new(const struct rg_signal_config *config)
{
    rg_assert(config->clock != NULL && config->produce != NULL);
    struct signals *s = rg_alloc(sizeof *s);
    s->base.ops = &signal_ops;
    s->clock = config->clock;
    s->produce = config->produce;
    s->produce_ctx = config->produce_ctx;
    s->in_flight_max = config->in_flight_max ? config->in_flight_max : 256;
    s->entries = rg_alloc(s->in_flight_max * sizeof *s->entries);
    s->next_token = 1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->done, &attributes);
    pthread_condattr_destroy(&attributes);
    return &s->base;
}
