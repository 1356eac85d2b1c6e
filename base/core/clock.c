/* System clocks. */
#include "base/core/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    rg_assert(rc == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_boot(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

const struct rg_clock *rg_clock_system(void)
{
    static const struct rg_clock clock = {system_wall, system_boot, system_wall, NULL};
    return &clock;
}
