/* Whatever is said to happen to a debtor: read or refused with a reason, and lived through to its end or to a named limit. The
 * first byte chooses the ladder and whether somebody watches. */
#include "daemon/desk/scenario.h"
#include "tests/fakes/rules.h"

#include <stdlib.h>

#define SCENARIO_BYTES_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"padrao", "internet_residencial"};
static struct rg_rules *rules[RG_COUNT(names)];

static void clean_up(void)
{
    for (size_t i = 0; i < RG_COUNT(names); i++)
        rg_rules_free(&rules[i]);
}

static void load(void)
{
    (void)setenv("RG_SOURCE_DIR", RG_SOURCE, 0); /* where the shipped ladders are, unless the caller knows better */
    for (size_t i = 0; i < RG_COUNT(names); i++)
        rules[i] = rg_test_rules_shipped(names[i], NULL);
    (void)atexit(clean_up);
}

static void check(const struct rg_desk *desk)
{
    const struct rg_desk_log *log = rg_desk_log(desk);
    for (size_t i = 1; i < log->decision_count; i++)
        rg_assert(log->decisions[i - 1].at_ms <= log->decisions[i].at_ms);
    for (size_t i = 1; i < log->skip_count; i++)
        rg_assert(log->skips[i - 1].at_ms <= log->skips[i].at_ms);
    for (size_t i = 0; i < log->sighting_count; i++)
        rg_assert(log->sightings[i].from_ms <= log->sightings[i].until_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_desk *desk RG_CLEANUP(rg_desk_free) = NULL;
    struct rg_scenario_fault fault = {.entry = RG_FAULT_ANYWHERE};
    struct rg_when until;
    struct rg_str text;
    if (rules[0] == NULL)
        load();
    if (size == 0 || rg_json_parse((struct rg_str){(const char *)data + 1, size - 1}, SCENARIO_BYTES_MAX, &doc, NULL) < 0)
        return 0;
    const struct rg_json_value *root = rg_json_root(doc);
    struct rg_scenario scenario = {.rules = rules[data[0] & 1],
                                   .events = rg_json_get(root, "events"),
                                   .person = rg_json_get(root, "person"),
                                   .world = rg_json_get(root, "world"),
                                   .zone = rg_zone_of_state(RG_STR("SP"))};
    if (!rg_json_str(rg_json_get(root, "until"), &text) || !rg_when_parse(text, scenario.zone, &until))
        return 0;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    scenario.until_ms = until.to_ms;
    int rc = rg_scenario_play(&scenario, (data[0] & 2) != 0, arena, &desk, &fault);
    if (rc == 0)
        check(desk);
    else
        rg_assert(fault.err.text[0] != '\0');
    return 0;
}
