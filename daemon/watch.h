/* Whether systemd may be told that all is well. Every thread counts its steps; the main thread compares, and tells only when each
 * of them has gone on since it told last. So a thread that hangs is noticed after the unit's WatchdogSec=, however alive the others
 * are, and a thread that is merely slow is not: what counts is a step within that time, and no step waits so long. */
#pragma once

#include "base/core/core.h"

#define RG_WATCH_MAX 128 /* threads */

struct rg_watch {
    int64_t period_ms; /* WatchdogSec=; 0: nobody watches */
    int64_t told_boot_ms;
    uint64_t seen[RG_WATCH_MAX]; /* steps of each thread when it was told last */
    size_t count;
    bool said; /* that one hangs */
};

/* The period that systemd has set for this process, in its environment. */
void rg_watch_init(struct rg_watch *watch, int64_t boot_ms);

/* `steps` of the threads there are, always in the same order; new ones come behind. True: tell now. False with *ret_stuck ≥ 0: the
 * first thread without a step since half the period, told once. */
bool rg_watch_turn(struct rg_watch *watch, int64_t boot_ms, const uint64_t *steps, size_t count, int *ret_stuck);
