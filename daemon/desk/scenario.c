/* Entries are read and checked before anything happens: a mistake in the last one is said at once, not after a long life. */
#include "daemon/desk/scenario.h"

/* The debtor that the first event that names one is about. */
static struct rg_str debtor_of(const struct rg_scenario *scenario)
{
    struct rg_str debtor = scenario->debtor;
    RG_JSON_EACH(item, scenario->events) {
        RG_JSON_EACH(member, item) {
            if (rg_str_has(debtor))
                return debtor;
            if (!rg_json_str(rg_json_get(member, "debtor"), &debtor))
                debtor = (struct rg_str){NULL, 0};
        }
    }
    return rg_str_has(debtor) ? debtor : RG_STR(RG_SCENARIO_DEBTOR);
}

static int read_entries(const struct rg_scenario *scenario, const struct rg_happening_reading *reading,
                        struct rg_happening *entries, struct rg_scenario_fault *fault)
{
    size_t i = 0;
    RG_JSON_EACH(item, scenario->events) {
        fault->entry = (int)i;
        int rc = rg_happening_read(reading, item, i, &entries[i], &fault->err);
        if (rc < 0)
            return rc;
        i++;
    }
    rg_happenings_sort(entries, i);
    return 0;
}

/* A millisecond before the beginning, so that whatever happens then is newer. */
static int introduce(const struct rg_happening_reading *reading, const struct rg_scenario *scenario, struct rg_desk *desk,
                     struct rg_scenario_fault *fault)
{
    struct rg_event event;
    fault->entry = RG_FAULT_PERSON;
    int rc = rg_person_read(reading, scenario->person, rg_desk_now_ms(desk) - 1, &event, &fault->err);
    return rc < 0 ? rc : rg_desk_fold(desk, &event, &fault->err);
}

static int set_world(struct rg_desk *desk, const struct rg_scenario *scenario, struct rg_scenario_fault *fault)
{
    struct rg_desk_world world = rg_desk_world(desk);
    if (rg_json_kind(scenario->world) <= RG_JSON_NULL)
        return 0;
    fault->entry = RG_FAULT_WORLD;
    int rc = rg_world_read(scenario->rules, scenario->zone, scenario->world, &world, &fault->err);
    if (rc == 0)
        rg_desk_set_world(desk, &world);
    return rc;
}

static int play(const struct rg_scenario *scenario, const struct rg_happening_reading *reading,
                const struct rg_happening *entries, size_t count, struct rg_desk *desk, struct rg_scenario_fault *fault)
{
    int rc = set_world(desk, scenario, fault);
    if (rc == 0)
        rc = introduce(reading, scenario, desk, fault);
    for (size_t i = 0; i < count; i++)
        if (entries[i].kind == RG_HAPPENING_OUTCOME)
            rg_desk_will_tell(desk, entries[i].step);
    for (size_t i = 0; rc == 0 && i < count && entries[i].at_ms < scenario->until_ms; i++) {
        fault->entry = entries[i].index;
        rc = rg_happen(reading, &entries[i], desk, &fault->err);
    }
    if (rc < 0)
        return rc;
    fault->entry = RG_FAULT_ANYWHERE;
    return rg_desk_run(desk, scenario->until_ms, &fault->err);
}

void rg_scenario_check(const struct rg_scenario *scenario, struct rg_arena *arena, rg_scenario_fault_fn *tell, void *ctx)
{
    const struct rg_happening_reading reading = {
        .rules = scenario->rules, .debtor = debtor_of(scenario), .zone = scenario->zone, .arena = arena};
    struct rg_scenario_fault fault = {.entry = RG_FAULT_PERSON};
    struct rg_desk_world world = {0};
    struct rg_happening unused;
    struct rg_event event;
    size_t i = 0;
    if (rg_person_read(&reading, scenario->person, scenario->until_ms, &event, &fault.err) < 0)
        tell(ctx, &fault);
    fault.entry = RG_FAULT_WORLD;
    if (rg_json_kind(scenario->world) > RG_JSON_NULL &&
        rg_world_read(scenario->rules, scenario->zone, scenario->world, &world, &fault.err) < 0)
        tell(ctx, &fault);
    RG_JSON_EACH(item, scenario->events) {
        fault.entry = (int)i;
        if (rg_happening_read(&reading, item, i, &unused, &fault.err) < 0)
            tell(ctx, &fault);
        i++;
    }
}

int rg_scenario_play(const struct rg_scenario *scenario, bool watch, struct rg_arena *arena, struct rg_desk **ret_desk,
                     struct rg_scenario_fault *ret_fault)
{
    struct rg_scenario_fault fault = {.entry = RG_FAULT_ANYWHERE};
    size_t count = rg_json_count(scenario->events);
    if (rg_json_kind(scenario->events) != RG_JSON_ARRAY || count > RG_HAPPENINGS_MAX) {
        ret_fault->entry = RG_FAULT_ANYWHERE;
        return rg_fail(&ret_fault->err, RG_EINVAL, "expected \"events\" to be a list of at most %d", RG_HAPPENINGS_MAX);
    }
    const struct rg_happening_reading reading = {
        .rules = scenario->rules, .debtor = debtor_of(scenario), .zone = scenario->zone, .arena = arena};
    struct rg_happening *entries = RG_NEW(arena, struct rg_happening, count + 1);
    struct rg_desk *desk = NULL;
    int rc = read_entries(scenario, &reading, entries, &fault);
    if (rc == 0) {
        int64_t begin_ms = count > 0 && entries[0].at_ms < scenario->until_ms ? entries[0].at_ms : scenario->until_ms;
        desk = rg_desk_new(scenario->rules, reading.debtor, begin_ms, watch);
        rc = play(scenario, &reading, entries, count, desk, &fault);
    }
    if (rc == 0) {
        *ret_desk = desk;
        return 0;
    }
    rg_desk_free(&desk);
    *ret_fault = fault;
    return rc;
}
