/* Entries are read and checked before anything happens: a mistake in the last one is said at once, not after a long life. */
#include "daemon/desk/scenario.h"

#define NAME "Maria da Silva"

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

static int read_entries(const struct rg_scenario *scenario, const struct rg_happening_reading *reading, struct rg_happening *entries,
                        struct rg_scenario_fault *fault)
{
    size_t i = 0;
    RG_JSON_EACH(item, scenario->events) {
        fault->entry = (int)i;
        int rc = rg_happening_read(reading, item, i, &entries[i], &fault->err);
        if (rc < 0)
            return rc;
        i++;
    }
    fault->entry = -1;
    rg_happenings_sort(entries, i);
    return 0;
}

static int name_debtor(struct rg_desk *desk, struct rg_error *err)
{
    const struct rg_event event = {.type = RG_EV_DEBTOR_UPDATED, .id = RG_STR("name"), .source = RG_STR("desk"),
                                   .time_ms = rg_desk_now_ms(desk) - 1, .debtor = rg_desk_debtor(desk), .name = RG_STR(NAME),
                                   .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_NAME)};
    return rg_desk_fold(desk, &event, err);
}

static int set_world(struct rg_desk *desk, const struct rg_scenario *scenario, struct rg_error *err)
{
    struct rg_desk_world world = rg_desk_world(desk);
    if (rg_json_kind(scenario->world) <= RG_JSON_NULL)
        return 0;
    int rc = rg_world_read(scenario->rules, scenario->zone, scenario->world, &world, err);
    if (rc == 0)
        rg_desk_set_world(desk, &world);
    return rc;
}

static int play(const struct rg_scenario *scenario, const struct rg_happening_reading *reading, const struct rg_happening *entries,
                size_t count, struct rg_desk *desk, struct rg_scenario_fault *fault)
{
    int rc = set_world(desk, scenario, &fault->err);
    if (rc == 0)
        rc = name_debtor(desk, &fault->err);
    for (size_t i = 0; i < count; i++)
        if (entries[i].kind == RG_HAPPENING_OUTCOME)
            rg_desk_will_tell(desk, entries[i].step);
    for (size_t i = 0; rc == 0 && i < count && entries[i].at_ms < scenario->until_ms; i++) {
        fault->entry = entries[i].index;
        rc = rg_happen(reading, &entries[i], desk, &fault->err);
    }
    if (rc < 0)
        return rc;
    fault->entry = -1;
    return rg_desk_run(desk, scenario->until_ms, &fault->err);
}

int rg_scenario_play(const struct rg_scenario *scenario, bool watch, struct rg_arena *arena, struct rg_desk **ret_desk,
                     struct rg_scenario_fault *ret_fault)
{
    struct rg_scenario_fault fault = {.entry = -1};
    size_t count = rg_json_count(scenario->events);
    if (rg_json_kind(scenario->events) != RG_JSON_ARRAY || count > RG_HAPPENINGS_MAX) {
        ret_fault->entry = -1;
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
