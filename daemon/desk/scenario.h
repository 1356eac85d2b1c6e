/* A whole life on a desk from what people write: who, what happens when, and until when. Rule tests and the line adapter's
 * scenarios are this one call. Pure. */
#pragma once

#include "daemon/desk/happening.h"

struct rg_scenario {
    const struct rg_rules *rules;
    const struct rg_json_value *events; /* a list of entries (happening.h) */
    const struct rg_json_value *person; /* data of a debtor.updated that came before everything; absent or null: none */
    const struct rg_json_value *world;  /* what holds from the beginning; absent or null: nothing out of the ordinary */
    struct rg_str debtor;               /* absent: the first that an event names, else "D1" */
    const struct rg_zone *zone;         /* of times without an offset */
    int64_t until_ms;                   /* what is due at it is not done any more */
};
#define RG_SCENARIO_DEBTOR "D1"
#define RG_SCENARIO_ARENA_BYTES ((size_t)256 * 1024 * 1024)

/* What is wrong with a scenario, and where: an index into `events`, or one of these. */
#define RG_FAULT_ANYWHERE (-1)
#define RG_FAULT_PERSON (-2)
#define RG_FAULT_WORLD (-3)
struct rg_scenario_fault {
    int entry;
    struct rg_error err;
};

/* Reads all of it and tells of everything that is wrong before anything happens. Uses `arena` like playing. */
typedef void rg_scenario_fault_fn(void *ctx, const struct rg_scenario_fault *fault);
void rg_scenario_check(const struct rg_scenario *scenario, struct rg_arena *arena, rg_scenario_fault_fn *tell, void *ctx);

/* Plays it. A person without a name is called Maria da Silva, because messages ask for one (`name: null` leaves him nameless).
 * Slices and what the desk does not keep lie in `arena`, which should have RG_SCENARIO_ARENA_BYTES to give. */
RG_MUST_USE int rg_scenario_play(const struct rg_scenario *scenario, bool watch, struct rg_arena *arena,
                                 struct rg_desk **ret_desk, struct rg_scenario_fault *ret_fault);
