/* The only door to time. Read once per turn and passed down; the core never asks.
 *
 *   wall    civil time of this machine, ms since 1970 UTC
 *   boot    CLOCK_BOOTTIME, ms: durations that must count through suspends (claims, time-outs)
 *   shared  one clock for all processes, ms since 1970 UTC: Redis TIME in production
 *
 * Demo and end-to-end executables put another table here; the production binary links only rg_clock_system(). */
#pragma once

#include "base/core/core.h"

struct rg_clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*boot_ms)(void *ctx);
    int64_t (*shared_ms)(void *ctx); /* < 0: not known yet (no server answered) */
    void *ctx;
};

/* The machine's clocks; `shared` answers the wall clock until rg_clock users replace it with the server's. */
const struct rg_clock *rg_clock_system(void);

static inline int64_t rg_wall_ms(const struct rg_clock *clock) { return clock->wall_ms(clock->ctx); }
static inline int64_t rg_boot_ms(const struct rg_clock *clock) { return clock->boot_ms(clock->ctx); }
static inline int64_t rg_shared_ms(const struct rg_clock *clock) { return clock->shared_ms(clock->ctx); }
