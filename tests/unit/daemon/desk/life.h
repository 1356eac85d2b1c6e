/* Scenarios written as JSON with single quotes, and what came of them as lines. */
#pragma once

#include "daemon/desk/scenario.h"
#include "tests/fakes/rules.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define LIFE_BYTES_MAX 65536

struct life {
    struct rg_arena *arena;
    struct rg_rules *rules;
    struct rg_json *doc;
    struct rg_desk *desk;
    struct rg_scenario_fault fault;
    int rc;
};

/* `text`: {'events': [...], 'person': {...}, 'world': {...}, 'until': '...'} */
static inline void life_play(struct life *l, const char *text, bool watch)
{
    static char json[LIFE_BYTES_MAX];
    struct rg_when until = {0};
    struct rg_str when = {NULL, 0};
    struct rg_error err;
    (void)snprintf(json, sizeof json, "%s", text);
    for (char *p = json; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    if (rg_json_parse(rg_str(json), sizeof json, &l->doc, &err) < 0)
        fail_msg("%s: %s", json, err.text);
    const struct rg_json_value *root = rg_json_root(l->doc);
    struct rg_scenario scenario = {.rules = l->rules,
                                   .events = rg_json_get(root, "events"),
                                   .person = rg_json_get(root, "person"),
                                   .world = rg_json_get(root, "world"),
                                   .zone = rg_zone_of_state(RG_STR("SP"))};
    assert_true(rg_json_str(rg_json_get(root, "until"), &when) && rg_when_parse(when, scenario.zone, &until));
    scenario.until_ms = until.to_ms;
    l->arena = rg_arena_new(RG_SCENARIO_ARENA_BYTES);
    l->rc = rg_scenario_play(&scenario, watch, l->arena, &l->desk, &l->fault);
}

/* With a shipped ladder. */
static inline void life_begin(struct life *l, const char *ladder, const char *text, bool watch)
{
    *l = (struct life){.rules = rg_test_rules_shipped(ladder, NULL)};
    life_play(l, text, watch);
}

static inline void life_end(struct life *l)
{
    rg_desk_free(&l->desk);
    rg_json_free(&l->doc);
    rg_arena_free(&l->arena);
    rg_rules_free(&l->rules);
}

/* Every decision as "2026-11-04 08:12 atraso whatsapp", every skip as "2026-11-04 00:00 -vence_hoje condition", by time. */
static inline const char *life_lines(const struct life *l)
{
    static char lines[LIFE_BYTES_MAX];
    const struct rg_desk_log *log = rg_desk_log(l->desk);
    const struct rg_zone *zone = rg_desk_zone(l->desk);
    size_t n = 0;
    lines[0] = '\0';
    for (size_t i = 0, k = 0; i < log->decision_count || k < log->skip_count;) {
        bool skip = i == log->decision_count || (k < log->skip_count && log->skips[k].at_ms <= log->decisions[i].at_ms);
        struct rg_local at = rg_local_at(zone, skip ? log->skips[k].at_ms : log->decisions[i].at_ms);
        const struct rg_decision *d = skip ? NULL : log->decisions[i].decision;
        char day[RG_DAY_TEXT_MAX];
        rg_day_format(at.day, day);
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%s %02d:%02d ", day, at.minute / 60, at.minute % 60);
        if (skip)
            n += (size_t)snprintf(lines + n, sizeof lines - n, "-" RG_STR_FMT " %s\n", RG_STR_ARG(log->skips[k].skip.step),
                                  rg_gate_name(log->skips[k].skip.gate));
        else
            n += (size_t)snprintf(lines + n, sizeof lines - n, RG_STR_FMT " " RG_STR_FMT "%s\n", RG_STR_ARG(d->step),
                                  RG_STR_ARG(d->channel), d->mode == RG_MODE_SHADOW ? " shadow" : "");
        assert_true(n < sizeof lines);
        i += !skip;
        k += skip;
    }
    return lines;
}

static inline void life_expect(const char *text, const char *ladder, const char *lines)
{
    struct life l;
    life_begin(&l, ladder, text, false);
    if (l.rc < 0)
        fail_msg("entry %d: %s", l.fault.entry, l.fault.err.text);
    assert_string_equal(life_lines(&l), lines);
    life_end(&l);
}
