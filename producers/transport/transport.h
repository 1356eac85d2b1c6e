/* The wall between senders and the ways out: a transport takes jobs, delivers each at most once, and judges each attempt
 * in one word. It never decides to try again: deferring, counting and giving up belong to its caller.
 *
 *     transport->ops->submit(transport, &job, err)        the job is borrowed until its result comes
 *     transport->ops->poll(transport, 50, results, 16)    results in any order, each job exactly one
 *
 * Verdicts: ACCEPTED the provider took it · REJECTED this message will never be taken · RETRY nothing happened, later may
 * work · THROTTLED too fast, see retry_after_ms · UNCERTAIN it may have been delivered · EXPIRED the deadline passed before
 * the irreversible byte, nothing was delivered · RELEASED given back untouched (close, or an earlier one failed).
 *
 * One owner thread per transport; only `wake` may be called by others. */
#pragma once

#include "base/core/error.h"
#include "config/contract/words.h"
#include "producers/render/mustache.h"

#define RG_TRANSPORT_DETAIL_BYTES 201      /* with its NUL */
#define RG_TRANSPORT_PROVIDER_ID_BYTES 129 /* with its NUL */

struct rg_transport;

struct rg_transport_job {
    struct rg_str action;            /* id of the action */
    struct rg_str idempotency_key;   /* the same for every attempt of the same step */
    struct rg_str to;                /* address as the channel understands it: e-mail, phone in E.164 */
    struct rg_str payload;           /* rendered bytes: the mail, the request's body, the signal */
    const struct rg_mu_value
        *values; /* http: map; what path and headers may name besides to, action, idempotency_key, channel, secret; may be NULL */
    int32_t partition;               /* signals: where it must go */
    int64_t deadline_boot_ms;        /* boot clock: not begun, and not completed if that can be helped, after this instant */
    void *opaque;
};

struct rg_transport_result {
    const struct rg_transport_job *job;
    enum rg_verdict verdict; /* never unset */
    enum rg_evidence evidence;
    int64_t retry_after_ms; /* 0: the provider named no time */
    bool channel;           /* RETRY because the channel is broken (login, certificate, connection), not this message */
    char provider_id[RG_TRANSPORT_PROVIDER_ID_BYTES]; /* "" when none came */
    char detail[RG_TRANSPORT_DETAIL_BYTES];           /* for people, without personal data */
};

struct rg_transport_ops {
    const char *name; /* "smtp", "http", "kafka" */
    /* RG_ELIMIT: as many as it takes are in flight, poll first. RG_EINVAL: refused, it could never be sent (bad address). */
    int (*submit)(struct rg_transport *transport, const struct rg_transport_job *job, struct rg_error *err) RG_MUST_USE;
    /* Waits up to timeout_ms for the first result; returns how many were written. */
    size_t (*poll)(struct rg_transport *transport, int64_t timeout_ms, struct rg_transport_result *results, size_t results_max);
    size_t (*in_flight)(const struct rg_transport *transport);
    enum rg_evidence (*best_evidence)(const struct rg_transport *transport); /* the most an attempt or its receipts can prove */
    void (*wake)(struct rg_transport *transport);
    /* Begins nothing any more: jobs not begun come back RELEASED by poll, those begun run to their end. */
    void (*drain)(struct rg_transport *transport);
    void (*close)(struct rg_transport **transport); /* frees; jobs without result are forgotten */
};

/* First member of every transport. */
struct rg_transport {
    const struct rg_transport_ops *ops;
};
