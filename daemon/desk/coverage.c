/* Counted from what the desk has seen, so that nothing in the engine has to count. */
#include "daemon/desk/coverage.h"

#define NAMED_MAX 5 /* untested steps that are named */

void rg_coverage_begin(struct rg_coverage *coverage, struct rg_arena *arena)
{
    *coverage = (struct rg_coverage){.arena = arena};
}

static struct rg_covered_step *find(const struct rg_coverage *coverage, struct rg_str ladder, struct rg_str name)
{
    for (size_t i = 0; i < coverage->step_count; i++)
        if (rg_str_eq(coverage->steps[i].name, name) && rg_str_eq(coverage->steps[i].ladder, ladder))
            return &coverage->steps[i];
    return NULL;
}

static void add_step(struct rg_coverage *coverage, struct rg_str ladder, struct rg_str name, bool conditional)
{
    if (find(coverage, ladder, name) != NULL)
        return;
    *RG_PUSH(coverage->arena, coverage->steps, coverage->step_count, coverage->step_cap) = (struct rg_covered_step){
        .ladder = rg_arena_str(coverage->arena, ladder), .name = rg_arena_str(coverage->arena, name), .conditional = conditional};
}

void rg_coverage_rules(struct rg_coverage *coverage, const struct rg_rules *rules)
{
    for (int i = 0; i < rules->ladder_count; i++) {
        const struct rg_ladder *ladder = &rules->ladders[i];
        for (int k = 0; k < ladder->step_count; k++) {
            const struct rg_step *step = &ladder->steps[k];
            add_step(coverage, ladder->name, step->name, step->when[0] != NULL || step->when[1] != NULL);
        }
        for (int k = 0; k < ladder->owed_count; k++)
            add_step(coverage, ladder->name, ladder->owed[k].name, false);
    }
}

void rg_coverage_add(struct rg_coverage *coverage, const struct rg_desk *desk)
{
    const struct rg_desk_log *log = rg_desk_log(desk);
    for (size_t i = 0; i < log->decision_count; i++) {
        const struct rg_decision *d = log->decisions[i].decision;
        struct rg_covered_step *step = find(coverage, d->ladder, d->step);
        if (step != NULL && d->mode == RG_MODE_LIVE)
            step->decided = true;
    }
    for (size_t i = 0; i < log->sighting_count; i++) {
        const struct rg_desk_sighting *s = &log->sightings[i];
        coverage->gates |= s->blocking;
        struct rg_covered_step *step = s->step != NULL ? find(coverage, s->ladder->name, s->step->name) : NULL;
        if (step == NULL)
            continue;
        step->held = step->held || (s->passing & RG_GATE_BIT(RG_GATE_CONDITION)) != 0;
        step->failed = step->failed || (s->blocking & RG_GATE_BIT(RG_GATE_CONDITION)) != 0;
    }
    for (size_t i = 0; i < log->skip_count; i++)
        coverage->gates |= RG_GATE_BIT(log->skips[i].skip.gate);
    coverage->gates &= ~RG_GATE_BIT(RG_GATE_NONE);
}

struct counts {
    size_t steps, decided, conditions, sides, both;
};

static struct counts count(const struct rg_coverage *coverage)
{
    struct counts c = {.steps = coverage->step_count};
    for (size_t i = 0; i < coverage->step_count; i++) {
        const struct rg_covered_step *step = &coverage->steps[i];
        c.decided += step->decided;
        c.conditions += step->conditional;
        c.sides += step->conditional ? (size_t)step->held + (size_t)step->failed : 0;
        c.both += step->conditional && step->held && step->failed;
    }
    return c;
}

int rg_coverage_percent(const struct rg_coverage *coverage)
{
    struct counts c = count(coverage);
    size_t of_steps = c.steps > 0 ? c.decided * 100 / c.steps : 100;
    size_t of_sides = c.conditions > 0 ? c.sides * 100 / (2 * c.conditions) : 100;
    return (int)(of_steps < of_sides ? of_steps : of_sides);
}

static void print_untested(const struct rg_coverage *coverage, struct rg_buf *to)
{
    size_t named = 0, untested = 0;
    for (size_t i = 0; i < coverage->step_count; i++) {
        if (coverage->steps[i].decided || untested++ >= NAMED_MAX)
            continue;
        rg_buf_addf(to, "%s" RG_STR_FMT, named++ == 0 ? " (" : ", ", RG_STR_ARG(coverage->steps[i].name));
    }
    if (untested > named)
        rg_buf_addf(to, " and %zu more", untested - named);
    if (untested > 0)
        rg_buf_adds(to, " untested)");
}

void rg_coverage_print(const struct rg_coverage *coverage, struct rg_buf *to)
{
    struct counts c = count(coverage);
    rg_buf_addf(to, "steps %zu/%zu", c.decided, c.steps);
    print_untested(coverage, to);
    rg_buf_addf(to, " · gates %d/%d · conditions both ways %zu/%zu", __builtin_popcountll(coverage->gates), RG_GATE_COUNT - 1,
                c.both, c.conditions);
}
