/* The built-in channel `signals`: CloudEvents for other systems, into a Kafka topic. The Kafka client is its owner's; this
 * transport keeps the order. One signal per partition is under way at a time, so the order of a debtor's signals never
 * rests on a client's settings; when one fails, those of the same debtor that wait behind it come back RELEASED. */
#pragma once

#include "base/core/clock.h"
#include "producers/transport/transport.h"

/* How a produced record ended. */
enum rg_signal_report { RG_SIGNAL_STORED, RG_SIGNAL_NOT_STORED, RG_SIGNAL_UNKNOWN };

/* Produces one record; exactly one rg_transport_signal_report with the same token follows if, and only if, it returns 0. */
typedef int rg_signal_produce_fn(void *ctx, int32_t partition, struct rg_str key, struct rg_str value, uint64_t token,
                                 struct rg_error *err);

struct rg_signal_config {
    const struct rg_clock *clock;
    size_t in_flight_max; /* default 256 */
    rg_signal_produce_fn *produce;
    void *produce_ctx;
};

/* A job's `to` is the record's key (the debtor id), `payload` its value. */
struct rg_transport *rg_transport_signal_new(const struct rg_signal_config *config) __attribute__((returns_nonnull));

/* From any thread. */
void rg_transport_signal_report(struct rg_transport *transport, uint64_t token, enum rg_signal_report report);
