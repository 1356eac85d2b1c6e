/* A whole life on a desk from what people write: who, what happens when, and until when. Rule tests and the line adapter's scenarios
 * are this one call. Pure. */
#pragma once

#include "daemon/desk/happening.h"

struct rg_scenario {
    const struct rg_rules *rules;
    const struct rg_json_value *events; /* a list of entries (happening.h) */
    const struct rg_json_value *world;  /* what holds from the beginning; absent or null: nothing out of the ordinary */
    struct rg_str debtor;               /* absent: the first that an event names, else "D1" */
    const struct rg_zone *zone;         /* of times without an offset */
    int64_t until_ms;                   /* what is due at it is not done any more */
};
#define RG_SCENARIO_DEBTOR "D1"
#define RG_SCENARIO_ARENA_BYTES ((size_t)256 * 1024 * 1024)

/* What is wrong with a scenario, and where: an index into `events`, or −1. */
struct rg_scenario_fault {
    int entry;
    struct rg_error err;
};

/* Plays it. The debtor has a name from the beginning, because messages ask for one; whatever the events say wins. Slices and what
 * the desk does not keep lie in `arena`, which should have RG_SCENARIO_ARENA_BYTES to give. */
RG_MUST_USE int rg_scenario_play(const struct rg_scenario *scenario, bool watch, struct rg_arena *arena, struct rg_desk **ret_desk,
                                 struct rg_scenario_fault *ret_fault);
