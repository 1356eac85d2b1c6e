/* Private to this room: connections whose time is up are shut down by a thread of their own. The server library counts idle time
 * only, so that a peer which sends a byte now and then would be served for ever. */
#pragma once

#include "base/core/core.h"

struct rg_deadlines;
struct rg_deadline; /* of one connection */

struct rg_deadlines *rg_deadlines_new(size_t max) __attribute__((returns_nonnull));
void rg_deadlines_free(struct rg_deadlines **deadlines); /* every connection has ended */

/* NULL when `max` connections stand: cannot happen, for the server accepts no more. */
struct rg_deadline *rg_deadline_begin(struct rg_deadlines *deadlines, int fd);
void rg_deadline_set(struct rg_deadlines *deadlines, struct rg_deadline *deadline, int64_t in_ms); /* < 0: none for now */
void rg_deadline_end(struct rg_deadlines *deadlines, struct rg_deadline *deadline); /* before its descriptor is closed */
