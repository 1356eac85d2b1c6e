/* Which of the rules tests have exercised: steps that were decided, gates that stood in the way, and conditions that were seen to
 * hold and to fail. Ladders are told apart by name: two files that test the same ladder add up. */
#pragma once

#include "base/core/buf.h"
#include "daemon/desk/desk.h"

struct rg_covered_step {
    struct rg_str ladder, name;
    bool decided;
    bool conditional, held, failed; /* it has a condition of its own or of the ladder's defaults */
};

struct rg_coverage {
    struct rg_arena *arena;
    struct rg_covered_step *steps;
    size_t step_count, step_cap;
    uint64_t gates;
};

void rg_coverage_begin(struct rg_coverage *coverage, struct rg_arena *arena);
void rg_coverage_rules(struct rg_coverage *coverage, const struct rg_rules *rules); /* what there is to be covered */
void rg_coverage_add(struct rg_coverage *coverage, const struct rg_desk *desk);     /* of a desk that was watched */

/* The smaller of the shares of steps and of sides of conditions, in percent, never rounded up. 100 when there is nothing. */
int rg_coverage_percent(const struct rg_coverage *coverage);
/* "steps 17/18 (ligacao untested) · gates 14/39 · conditions both ways 8/10" */
void rg_coverage_print(const struct rg_coverage *coverage, struct rg_buf *to);
