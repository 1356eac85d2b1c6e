/* One clock for all processes: Redis TIME, carried between two looks at it by this machine's CLOCK_BOOTTIME.
 *
 * Each sync measures the distance between the two; reading the clock is boot time plus that distance and needs no server.
 * A jump is what ordinary drift cannot explain: the distance changed by more than the limit (the server's clock was set, or
 * another server took over), the wall clock moved against boot time (this machine's clock was set), or wall and shared
 * clock disagree. After a jump the clock stays `jumped` until RG_SHARED_CLOCK_CALM_SYNCS syncs in a row found all three in
 * agreement; who acts on time must wait meanwhile.
 *
 * sync and its kin belong to one thread; every read may come from any thread. */
#pragma once

#include "base/core/clock.h"
#include "base/core/error.h"
#include "base/redis/redis.h"

#define RG_SHARED_CLOCK_CALM_SYNCS 3
#define RG_SHARED_CLOCK_TEXT_BYTES 160

struct rg_shared_clock;

struct rg_shared_clock_config {
    const struct rg_clock *machine; /* wall and boot; outlives the shared clock */
    int64_t jump_limit_ms;          /* e.g. 2000 */
    int64_t resync_ms;              /* e.g. 10000 */
};

enum rg_shared_clock_state {
    RG_SHARED_CLOCK_UNKNOWN, /* no server has answered yet */
    RG_SHARED_CLOCK_OK,
    RG_SHARED_CLOCK_JUMPED,
};

struct rg_shared_clock *rg_shared_clock_new(const struct rg_shared_clock_config *config) __attribute__((returns_nonnull));
void rg_shared_clock_free(struct rg_shared_clock **clock);

bool rg_shared_clock_due(const struct rg_shared_clock *clock); /* time for another sync */
/* Asks the server. An answer that took longer than the limit is too imprecise: RG_ETIMEOUT, and nothing changes. */
RG_MUST_USE int rg_shared_clock_sync(struct rg_shared_clock *clock, struct rg_redis *redis, struct rg_error *err);
/* The same for who asked by other means: boot time before and after the server said `server_ms`. */
RG_MUST_USE int rg_shared_clock_observe(struct rg_shared_clock *clock, int64_t boot_before_ms, int64_t server_ms,
                                        int64_t boot_after_ms, struct rg_error *err);

/* ms since 1970 UTC, −1 while unknown. May step back by the imprecision of a sync (milliseconds). */
int64_t rg_shared_clock_ms(const struct rg_shared_clock *clock);
/* Looks at the machine's clocks too, so that a jump shows between two syncs. ret_text (NULL: not wanted) gets a sentence
 * for readiness and log: "" when fine. */
enum rg_shared_clock_state rg_shared_clock_state(struct rg_shared_clock *clock, char ret_text[RG_SHARED_CLOCK_TEXT_BYTES]);

/* The machine's wall and boot with this `shared`; valid as long as the shared clock. */
struct rg_clock rg_shared_clock_as_clock(struct rg_shared_clock *clock);
