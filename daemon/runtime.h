/* What the threads of one process share, and nothing else: the rules in force, what regua.control says, the clock, and where to
 * stop. Readers take a snapshot at the start of a turn and give it back at its end; writers swap. */
#pragma once

#include "base/core/clock.h"
#include "base/core/hash.h"
#include "config/ladder/load.h"
#include "config/site/site.h"
#include "daemon/control_state.h"

#include <stdatomic.h>

struct rg_preset;

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
/* As rg_control_state_in(); nothing is known while none was set. */
struct rg_control_state rg_runtime_control(struct rg_runtime *runtime, struct rg_arena *arena);
