/* Records on their way into our topics, in order and none lost: a queue around one producer. Every record is kept until it is
 * acknowledged; when the producer loses its order it is made anew and everything not acknowledged is sent again, oldest first,
 * so that what a partition holds of one source is always a prefix with repeats, never a sequence with a hole.
 *
 * A record that the broker refuses for good, or that could never be sent, is named to its owner, who gives a replacement (a
 * dead letter) or lets it go. Belongs to one thread. */
#pragma once

#include "base/kafka/kafka.h"

#define RG_OUTGOING_RECORDS_MAX 20000
#define RG_OUTGOING_BYTES_MAX ((size_t)24 * 1024 * 1024)
#define RG_OUTGOING_REFUSALS_MAX 3 /* times that one record travels alone before it is believed to be at fault */

struct rg_outgoing;

struct rg_outgoing_record {
    const char *topic; /* outlives the queue; opened */
    int partition;
    struct rg_str key, value;
    const struct rg_kafka_header *headers; /* names outlive the queue unless the record is a letter: then they are copied */
    size_t header_count;
    void *owner;    /* whose source partition it comes from */
    int64_t offset; /* there */
    bool letter;    /* a dead letter */
};

struct rg_outgoing_ops {
    /* Acknowledged, or given up: one call for each record added, unless its owner was dropped before. */
    void (*done)(void *ctx, void *owner, int64_t offset);
    /* Cannot be written. True: *ret_instead takes its place; what it points to outlives the callback, and is copied then. False:
     * it is given up. */
    bool (*refused)(void *ctx, const struct rg_outgoing_record *record, const char *why, struct rg_outgoing_record *ret_instead);
    void *ctx;
};

RG_MUST_USE int rg_outgoing_new(const struct rg_kafka_config *kafka, const struct rg_outgoing_ops *ops, size_t record_bytes_max,
                                struct rg_outgoing **ret_outgoing, struct rg_error *err);
void rg_outgoing_free(struct rg_outgoing **outgoing);
RG_MUST_USE int rg_outgoing_open(struct rg_outgoing *outgoing, const char *topic, int timeout_ms, int *ret_partitions,
                                 struct rg_error *err);

void rg_outgoing_add(struct rg_outgoing *outgoing, const struct rg_outgoing_record *record); /* copied */
void rg_outgoing_drop(struct rg_outgoing *outgoing,
                      const void *owner); /* forgets what it still waits for; `done` is not called */
bool rg_outgoing_full(const struct rg_outgoing *outgoing);
size_t rg_outgoing_count(const struct rg_outgoing *outgoing); /* not acknowledged yet */

/* Sends what can be sent and serves reports, waiting up to wait_ms for the first of them; rebuilds a broken producer. An error is
 * passing: call again. */
RG_MUST_USE int rg_outgoing_pump(struct rg_outgoing *outgoing, int wait_ms, struct rg_error *err);
uint64_t rg_outgoing_rebuilds(const struct rg_outgoing *outgoing);
