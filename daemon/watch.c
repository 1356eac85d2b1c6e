/* Told four times a period: often enough to forgive three that come late, rarely enough not to matter. */
#include "daemon/watch.h"

#include <string.h>
#include <systemd/sd-daemon.h>

#define TOLD_EVERY 4

void rg_watch_init(struct rg_watch *watch, int64_t boot_ms)
{
    uint64_t period_us = 0;
    *watch = (struct rg_watch){.told_boot_ms = boot_ms};
    if (sd_watchdog_enabled(0, &period_us) > 0)
        watch->period_ms = (int64_t)(period_us / 1000);
}

static int first_still(const struct rg_watch *watch, const uint64_t *steps)
{
    for (size_t i = 0; i < watch->count; i++)
        if (steps[i] == watch->seen[i])
            return (int)i;
    return -1;
}

bool rg_watch_turn(struct rg_watch *watch, int64_t boot_ms, const uint64_t *steps, size_t count, int *ret_stuck)
{
    int64_t since_ms = boot_ms - watch->told_boot_ms;
    rg_assert(count <= RG_WATCH_MAX);
    rg_assert(count >= watch->count);
    *ret_stuck = -1;
    if (watch->period_ms == 0 || since_ms < watch->period_ms / TOLD_EVERY)
        return false;
    int still = first_still(watch, steps);
    if (still >= 0) {
        if (since_ms >= watch->period_ms / 2 && !watch->said) {
            watch->said = true;
            *ret_stuck = still;
        }
        return false;
    }
    if (count > 0)
        memcpy(watch->seen, steps, count * sizeof *steps);
    watch->count = count;
    watch->told_boot_ms = boot_ms;
    watch->said = false;
    return true;
}
