/* Tests of rules, in YAML beside them: what happens to a debtor, and what he must and must not get then.
 *
 *     rules: [internet.yaml]                       # relative to this file
 *     defaults:
 *       service: { name: internet, sector: telecom }
 *       debtor: { state: SP, contacts: [{ channel: email, address: m@x.example }] }
 *     tests:
 *       - name: corte nunca cai em sexta
 *         events:                                  # happening.h
 *           - { at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }
 *         expect:
 *           - { at: 2026-11-04, step: atraso, channel: email }
 *           - { from: 2026-12-04, to: 2026-12-06, none: suspensao, gate: cut_calendar }
 *         then: { at: 2026-12-08 10:00, payment.confirmed: { … }, expect: [{ within: 1m, signal: service.restore_requested }] }
 *
 * Calendars and templates are those of the installation that the file lies in or below, else what is shipped.
 *
 * An expectation compares what it names and nothing else. Times without an offset are the debtor's. Everything runs live, with
 * all payments known and every channel proving the most it can, unless `world:` says otherwise. */
#pragma once

#include "base/core/buf.h"
#include "config/ladder/load.h"
#include "config/yaml/yaml.h"
#include "daemon/desk/scenario.h"

#define RG_TESTS_MAX 1000  /* in one file */
#define RG_EXPECTS_MAX 256 /* of one test, and of what comes then */

struct rg_expect {
    const struct rg_node *node;
    struct rg_when when;      /* a decision made in it counts */
    bool moment;              /* written as one time, not as a stretch */
    int64_t within_ms;        /* of what comes then; −1 */
    struct rg_str step, none; /* one of them, or a signal */
    struct rg_str channel, invoice;
    enum rg_signal signal;
    int64_t amount_cents; /* −1: not compared */
    enum rg_gate gate;    /* with `none`: what has to stand in the way */
};

struct rg_rule_test {
    struct rg_str name;
    const struct rg_node *node;
    const struct rg_node **happenings; /* where each was written: the test's events, then what comes then */
    struct rg_json *doc;               /* {"events": [...], "person": {...}, "world": {...}} */
    const struct rg_zone *zone;
    int64_t until_ms;
    struct rg_expect *expects;
    size_t expect_count;
};

struct rg_test_file {
    struct rg_arena *arena;
    const char *path;
    struct rg_rules *rules;
    struct rg_templates *templates;
    struct rg_rule_test *tests;
    size_t test_count;
};

/* Reads a file, its rules and its tests. `shipped` NULL: where the package puts it. RG_EINVAL: `diags` holds an error; nothing is
 * returned then. */
RG_MUST_USE int rg_test_file_load(const char *path, const char *shipped, struct rg_diags *diags, struct rg_test_file **ret_file);
void rg_test_file_free(struct rg_test_file **file);

/* What playing one of them takes. */
struct rg_scenario rg_test_scenario(const struct rg_test_file *file, const struct rg_rule_test *test);
/* Adds a finding where the fault was written. */
void rg_test_say_fault(const struct rg_rule_test *test, const struct rg_scenario_fault *fault, struct rg_diags *diags);

/* The channels of a file that names none: each proves the most that its transport can. */
#define RG_TEST_CHANNELS 4
extern const struct rg_channel_info rg_test_channels[RG_TEST_CHANNELS];

extern const struct rg_table rg_test_file_table;
