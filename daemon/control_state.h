/* What the records of regua.control (control.h) come to, one after the other. Pure: bytes in, a state out. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "brazil/days/date.h"

#define RG_CONTROL_VALUE_MAX ((size_t)64 * 1024) /* bytes of one record */

struct rg_control_known {
    struct rg_str source;
    int64_t through_ms; /* as it was said: see rg_known_reach_ms() */
    int64_t at_ms;      /* said at this instant: it counts once the source has been read past it */
};
/* Nobody knows payments that are still to come: a word may reach to the end of the day it was given on, no further. */
static inline int64_t rg_known_reach_ms(int64_t through_ms, int64_t at_ms)
{
    int64_t most_ms;
    return __builtin_add_overflow(at_ms, RG_MS_PER_DAY, &most_ms) || through_ms < most_ms ? through_ms : most_ms;
}

/* What regua.control says, as of its end when it was last read. Immutable. */
struct rg_control_state {
    struct rg_arena *arena; /* owns the slices */
    bool loaded;            /* read to its end at least once */
    bool stopped;
    int64_t stopped_since_ms;
    struct rg_str stopped_by, stopped_reason;
    struct rg_str live_max_step; /* absent: everything in shadow */
    int64_t live_spread_ms, live_since_ms;
    int layout_shards; /* 0: not recorded yet */
    const struct rg_control_known *known;
    size_t known_count;
};

/* A state lies in its own arena. NULL to copy: nothing is known yet. */
struct rg_control_state *rg_control_state_copy(const struct rg_control_state *from) __attribute__((returns_nonnull));
void rg_control_state_free(struct rg_control_state **state);
/* A copy whose slices lie in `arena`, less than 256 KiB of them whatever was read. */
struct rg_control_state rg_control_state_in(struct rg_arena *arena, const struct rg_control_state *from);

/* Replaces *state by what it is after one more record. An error: the record cannot be used, and everything stands as it stood. Keys that
 * this version does not know, and those without a value, change nothing. */
RG_MUST_USE int rg_control_state_fold(struct rg_control_state **state, struct rg_str key, struct rg_str value, struct rg_error *err);
