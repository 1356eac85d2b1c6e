/* What the threads of one process share, and nothing else: the rules in force, what regua.control says, the clock, and where to
 * stop. Readers take a snapshot at the start of a turn and give it back at its end; writers swap. */
#pragma once

#include "base/core/clock.h"
#include "base/core/hash.h"
#include "brazil/days/date.h"
#include "config/ladder/load.h"
#include "config/site/site.h"

#include <stdatomic.h>

struct rg_preset;

/* What regua.control says, as of its end when it was last read. Immutable. */
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

/* The preset of one channel. */
struct rg_ruleset_preset {
    const struct rg_preset *preset; /* NULL: the channel has none */
    uint8_t digest[RG_SHA256_BYTES]; /* of its file */
};

/* Rules, templates and presets of one reading, counted: freed when the last reader has given them back. */
struct rg_ruleset {
    struct rg_rules *rules;
    struct rg_templates *templates;
    struct rg_arena *arena;                  /* of what the presets point to; NULL: it lies elsewhere, for longer */
    const struct rg_ruleset_preset *presets; /* by channel of regua.yaml; NULL: none */
    _Atomic int readers;
};

struct rg_runtime {
    const struct rg_site *site;
    struct rg_clock clock; /* shared = Redis TIME */
    _Atomic bool stopping;
    _Atomic bool clocks_disagree;
    _Atomic bool redis_refused; /* its settings would lose state: what it says of a debtor may not be all there was */
    struct rg_runtime_locked *locked; /* what is behind the mutex */
};

/* Nothing acts on time, and nothing is sent: nobody knows what time it is, or whether what is known is complete. */
bool rg_runtime_holds(const struct rg_runtime *runtime);

void rg_runtime_init(struct rg_runtime *runtime, const struct rg_site *site, const struct rg_clock *clock);
void rg_runtime_done(struct rg_runtime *runtime);

/* Takes over `rules` and `templates`; the caller is its one reader. */
struct rg_ruleset *rg_ruleset_new(struct rg_rules *rules, struct rg_templates *templates) __attribute__((returns_nonnull));
struct rg_ruleset *rg_ruleset_ref(struct rg_ruleset *set);
void rg_ruleset_unref(struct rg_ruleset **set); /* NULL is fine */

void rg_runtime_set_rules(struct rg_runtime *runtime, struct rg_ruleset *set); /* takes over the caller's part of it */
struct rg_ruleset *rg_runtime_rules(struct rg_runtime *runtime); /* never NULL once set; unref it */

void rg_runtime_set_control(struct rg_runtime *runtime, struct rg_control_state *state); /* takes it over */
/* A copy whose slices lie in `arena`. */
struct rg_control_state rg_runtime_control(struct rg_runtime *runtime, struct rg_arena *arena);
