/* The outbox on its way out. The shard's transaction stores entries; the relay sends them in order, and an action's copy only
 * after every `decided` before it stands acknowledged in the ledger: log before release. What is acknowledged without a gap
 * from the front may leave the outbox.
 *
 * Sending twice is harmless by construction (decisions and acts fold by id, forwarded facts by origin, copies meet the claim),
 * so after any doubt the relay simply sends again from the first entry not acknowledged.
 *
 * One relay per shard; it belongs to the worker's thread and uses the worker's producer. */
#pragma once

#include "base/core/arena.h"
#include "base/kafka/kafka.h"
#include "config/contract/ledger.h"

enum rg_out_kind {
    RG_OUT_LEDGER,     /* decided, recalled: our own partition */
    RG_OUT_FORWARD,    /* a fact released to another debtor's shard */
    RG_OUT_ACTION,     /* a copy into its channel's topic; waits for all RG_OUT_LEDGER before it */
    RG_OUT_PEOPLE,     /* merged record, or a tombstone (value absent) */
    RG_OUT_DEADLETTER,
    RG_OUT_KIND_COUNT
};

/* One record to send. */
struct rg_out {
    enum rg_out_kind kind;
    struct rg_str topic;
    int partition;
    struct rg_str key, value;    /* an absent value is a tombstone */
    struct rg_str record_kind;   /* header regua_kind; absent: none */
    struct rg_str origin, first; /* headers regua_origin, regua_first; absent: none */
    struct rg_str reason, detail, from; /* dead letters: headers regua_reason, regua_detail, regua_source */
    struct rg_action_id action;  /* RG_OUT_ACTION, RG_OUT_LEDGER of a decision: to find it when the action is void */
};
/* The stored form of an entry (regua:{p}:out). */
void rg_out_encode(const struct rg_out *out, struct rg_buf *buf);
RG_MUST_USE int rg_out_decode(struct rg_str bytes, struct rg_out *ret_out, struct rg_error *err); /* slices point into `bytes` */

struct rg_relay;
struct rg_relay *rg_relay_new(void) __attribute__((returns_nonnull));
void rg_relay_free(struct rg_relay **relay); /* records still in the producer report into nothing */

/* Appends an entry; its bytes are copied. RG_EINVAL: they cannot be read, or the sequence does not grow. */
RG_MUST_USE int rg_relay_add(struct rg_relay *relay, int64_t seq, struct rg_str bytes, struct rg_error *err);
/* Takes back the entries of an action that is void, unless they are sent already; their sequences go to ret_seqs (at most 8). */
size_t rg_relay_drop(struct rg_relay *relay, const struct rg_action_id *action, int64_t ret_seqs[8]);

/* Hands to the producer what may go; stops at its limits. RG_EIO: the producer has to be rebuilt. */
RG_MUST_USE int rg_relay_pump(struct rg_relay *relay, struct rg_kafka_producer *producer, struct rg_error *err);
/* The producer's report callback: every record a relay sends carries its entry as opaque. */
void rg_relay_report(void *ctx, const struct rg_kafka_report *report);
size_t rg_relay_count(const struct rg_relay *relay);             /* entries not removed yet */
size_t rg_relay_bytes(const struct rg_relay *relay);             /* … and what they take */
int64_t rg_relay_done_through(struct rg_relay *relay);           /* acknowledged without a gap; −1: none. Forgets them */
bool rg_relay_drained_through(const struct rg_relay *relay, int64_t seq); /* all entries up to seq are acknowledged */
