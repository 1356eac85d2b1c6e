/* Judging a test: each expectation against what happened. Sentences are for people; tests of ours compare them word for word. */
#pragma once

#include "daemon/desk/rule_test.h"

/* What a failed expectation says. Slices in the arena given. */
struct rg_failure {
    int line; /* of the expectation */
    struct rg_str expected, got;
    struct rg_str where; /* "internet.yaml:52": the step that was decided; absent: none was */
    struct rg_str why;   /* absent: nothing to add */
};

struct rg_verdict_on_test {
    struct rg_failure *failures;
    size_t count, cap;
};

/* Plays the test and judges it. RG_EINVAL: it cannot be played, and `diags` says why and where. The desk lives on for whoever
 * wants to know what was seen (coverage.h). */
RG_MUST_USE int rg_test_judge(const struct rg_test_file *file, const struct rg_rule_test *test, struct rg_arena *arena,
                              struct rg_diags *diags, struct rg_desk **ret_desk, struct rg_verdict_on_test *ret_verdict);
