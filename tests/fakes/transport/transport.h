/* A transport whose verdicts are scripted: for tests of senders. It keeps what it was given and answers when it is told to.
 *
 * Verdicts are taken from the script in order of submission; without one left a job waits until fake_transport_answer or
 * fake_transport_answer_all. One thread. */
#pragma once

#include "base/core/clock.h"
#include "producers/transport/transport.h"

#define FAKE_TRANSPORT_JOBS_MAX 1024

struct fake_transport_job {
    char action[64], idempotency_key[64], to[256];
    char *payload;
    size_t payload_bytes;
    int32_t partition;
    int64_t deadline_boot_ms, submitted_boot_ms;
    const struct rg_transport_job *job; /* NULL once it was answered */
    struct rg_transport_result result;  /* verdict unset until it is to be answered */
};

struct fake_transport {
    struct rg_transport base;     /* first */
    const struct rg_clock *clock; /* for submitted_boot_ms; may be NULL */
    struct fake_transport_job jobs[FAKE_TRANSPORT_JOBS_MAX]; /* all there ever were, in order */
    size_t count, in_flight, in_flight_max;
    struct rg_transport_result script[64];
    size_t script_count, script_at;
    int refuse; /* submit fails with this code, until it is set to 0 */
    bool draining;
    enum rg_evidence best;
};

struct fake_transport *fake_transport_new(void) __attribute__((returns_nonnull));
void fake_transport_free(struct fake_transport **transport);

/* What the next job without a word of its own will be answered. */
void fake_transport_script(struct fake_transport *transport, struct rg_transport_result result);
void fake_transport_answer(struct fake_transport *transport, size_t index, struct rg_transport_result result);
void fake_transport_answer_all(struct fake_transport *transport, enum rg_verdict verdict);
