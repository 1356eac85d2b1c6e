/* Acknowledgement window of one partition: which offset may be committed when answers come in any order.
 *
 * A record that was read is added with the number of acknowledgements it waits for (one per record it became; 0 when it
 * became none). `rg_ack_window_next` is the first offset that is not yet wholly acknowledged: everything below it is done,
 * so it is what a commit says and where a restart begins. Offsets may have holes. Pure; not thread-safe. */
#pragma once

#include "base/core/error.h"

#define RG_ACK_WINDOW_MAX (1U << 20) /* entries one window may be made for */
#define RG_ACK_UNKNOWN (-1)          /* nothing is known yet about the position */

struct rg_ack_window;

/* `records_max` is the number of records in flight (1 … RG_ACK_WINDOW_MAX); it is what bounds the memory of a backlog. */
struct rg_ack_window *rg_ack_window_new(size_t records_max) __attribute__((returns_nonnull));
void rg_ack_window_free(struct rg_ack_window **window);

/* Forgets all that is in flight; the next record read will be `next` or later (RG_ACK_UNKNOWN when not known). */
void rg_ack_window_reset(struct rg_ack_window *window, int64_t next);

/* RG_ELIMIT: the window is full, read no further until something is acknowledged. RG_EINVAL: the offset is negative, or not above
 * every offset added or reached before. */
int rg_ack_window_add(struct rg_ack_window *window, int64_t offset, uint32_t acks, struct rg_error *err) RG_MUST_USE;

/* One acknowledgement for `offset`. False when nothing in flight waits for it: an answer from before a reset. */
bool rg_ack_window_ack(struct rg_ack_window *window, int64_t offset);

/* The partition was read up to `next` without a record to show for the last stretch (end of partition, offsets that
 * hold transaction markers or were compacted). Lower values than known are ignored. */
void rg_ack_window_reach(struct rg_ack_window *window, int64_t next);

/* RG_ACK_UNKNOWN before anything was added, reached or reset to. */
int64_t rg_ack_window_next(const struct rg_ack_window *window);
size_t rg_ack_window_in_flight(const struct rg_ack_window *window); /* records added whose turn has not come */
bool rg_ack_window_full(const struct rg_ack_window *window);
