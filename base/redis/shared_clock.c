/* Two distances from boot time are remembered at each sync: the server's and the wall clock's. Boot time itself never
 * jumps, so a change of either distance is a jump of the other clock, and the distance between them is their quarrel.
 *
 * The new distance is taken over even when it jumped: the server's answer is what all processes share. Who acts on time
 * looks at the state first. The distance is atomic because it is read for every record; all else has a lock. */
#include "base/redis/shared_clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rg_shared_clock {
    struct rg_shared_clock_config config;
    _Atomic bool known;
    _Atomic int64_t distance_ms; /* server − boot */
    int64_t asked_boot_ms;       /* of the last attempt; the syncing thread's own */
    bool asked;
    pthread_mutex_t lock; /* guards what follows */
    int64_t wall_distance_ms; /* wall − boot at the last sync */
    int calm_needed;
    char reason[RG_SHARED_CLOCK_TEXT_BYTES];
};

struct rg_shared_clock *rg_shared_clock_new(const struct rg_shared_clock_config *config)
{
    rg_assert(config->jump_limit_ms > 0);
    rg_assert(config->resync_ms > 0);
    struct rg_shared_clock *clock = rg_alloc(sizeof *clock);
    clock->config = *config;
    int rc = pthread_mutex_init(&clock->lock, NULL);
    rg_assert(rc == 0);
    return clock;
}

void rg_shared_clock_free(struct rg_shared_clock **clock)
{
    if (*clock == NULL)
        return;
    int rc = pthread_mutex_destroy(&(*clock)->lock);
    rg_assert(rc == 0);
    rg_free(clock);
}

bool rg_shared_clock_due(const struct rg_shared_clock *clock)
{
    return !clock->asked || rg_boot_ms(clock->config.machine) - clock->asked_boot_ms >= clock->config.resync_ms;
}

static int64_t wall_distance(const struct rg_shared_clock *clock)
{
    return rg_wall_ms(clock->config.machine) - rg_boot_ms(clock->config.machine);
}

static bool past_limit(const struct rg_shared_clock *clock, int64_t ms)
{
    return ms > clock->config.jump_limit_ms || ms < -clock->config.jump_limit_ms;
}

static void note_jump(struct rg_shared_clock *clock, const char *what, int64_t ms)
{
    (void)snprintf(clock->reason, sizeof clock->reason, "%s by %" PRId64 " ms", what, ms);
    clock->calm_needed = RG_SHARED_CLOCK_CALM_SYNCS;
}

/* with the lock held, before the new distances are taken over */
static void judge(struct rg_shared_clock *clock, int64_t distance, int64_t wall)
{
    int64_t server_moved = distance - atomic_load(&clock->distance_ms);
    int64_t wall_moved = wall - clock->wall_distance_ms;
    bool known = atomic_load(&clock->known);
    if (known && past_limit(clock, server_moved))
        note_jump(clock, "the Redis server's clock moved against this machine's boot time", server_moved);
    else if (known && past_limit(clock, wall_moved))
        note_jump(clock, "this machine's wall clock moved against its boot time", wall_moved);
    else if (past_limit(clock, wall - distance))
        note_jump(clock, "this machine's wall clock differs from the Redis server's", wall - distance);
    else if (clock->calm_needed > 0)
        clock->calm_needed--;
}

int rg_shared_clock_observe(struct rg_shared_clock *clock, int64_t boot_before_ms, int64_t server_ms, int64_t boot_after_ms,
                            struct rg_error *err)
{
    int64_t took = boot_after_ms - boot_before_ms;
    rg_assert(took >= 0);
    if (took > clock->config.jump_limit_ms)
        return rg_fail(err, RG_ETIMEOUT, "Redis took %" PRId64 " ms to tell its time, more than %" PRId64 " ms make it useless",
                       took, clock->config.jump_limit_ms);
    int64_t distance = server_ms - (boot_before_ms + took / 2);
    int64_t wall = wall_distance(clock);
    pthread_mutex_lock(&clock->lock);
    judge(clock, distance, wall);
    clock->wall_distance_ms = wall;
    atomic_store(&clock->distance_ms, distance);
    atomic_store(&clock->known, true);
    pthread_mutex_unlock(&clock->lock);
    return 0;
}

int rg_shared_clock_sync(struct rg_shared_clock *clock, struct rg_redis *redis, struct rg_error *err)
{
    int64_t before = rg_boot_ms(clock->config.machine);
    clock->asked = true;
    clock->asked_boot_ms = before;
    int64_t server_ms;
    int rc = rg_redis_time_ms(redis, &server_ms, err);
    if (rc < 0)
        return rc;
    return rg_shared_clock_observe(clock, before, server_ms, rg_boot_ms(clock->config.machine), err);
}

int64_t rg_shared_clock_ms(const struct rg_shared_clock *clock)
{
    if (!atomic_load(&clock->known))
        return -1;
    return rg_boot_ms(clock->config.machine) + atomic_load(&clock->distance_ms);
}

enum rg_shared_clock_state rg_shared_clock_state(struct rg_shared_clock *clock, char ret_text[RG_SHARED_CLOCK_TEXT_BYTES])
{
    const char *text = "";
    enum rg_shared_clock_state state = RG_SHARED_CLOCK_OK;
    int64_t wall = wall_distance(clock);
    pthread_mutex_lock(&clock->lock);
    if (!atomic_load(&clock->known)) {
        state = RG_SHARED_CLOCK_UNKNOWN;
        text = "no Redis server has told its time yet";
    } else {
        int64_t wall_moved = wall - clock->wall_distance_ms;
        if (past_limit(clock, wall_moved))
            note_jump(clock, "this machine's wall clock moved against its boot time", wall_moved);
        if (clock->calm_needed > 0) {
            state = RG_SHARED_CLOCK_JUMPED;
            text = clock->reason;
        }
    }
    if (ret_text != NULL)
        (void)snprintf(ret_text, RG_SHARED_CLOCK_TEXT_BYTES, "%s", text);
    pthread_mutex_unlock(&clock->lock);
    return state;
}

static int64_t machine_wall(void *ctx)
{
    const struct rg_shared_clock *clock = ctx;
    return rg_wall_ms(clock->config.machine);
}

static int64_t machine_boot(void *ctx)
{
    const struct rg_shared_clock *clock = ctx;
    return rg_boot_ms(clock->config.machine);
}

static int64_t shared(void *ctx)
{
    return rg_shared_clock_ms(ctx);
}

struct rg_clock rg_shared_clock_as_clock(struct rg_shared_clock *clock)
{
    return (struct rg_clock){machine_wall, machine_boot, shared, clock};
}
