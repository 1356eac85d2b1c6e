/* What is shipped loads without a single finding, and says what the law wants said. */
#include "config/ladder/facts.h"
#include "tests/fakes/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct loaded {
    struct rg_rules *rules;
    struct rg_templates *templates;
    struct rg_diags *diags;
    struct rg_inventory inventory;
};

static struct loaded load_all(void)
{
    struct loaded l = {.diags = rg_diags_new()};
    char shipped[1024], ladders[1100], policy[1100];
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    (void)snprintf(ladders, sizeof ladders, "%s/ladders", shipped);
    (void)snprintf(policy, sizeof policy, "%s/policy.yaml", shipped);
    const char *const paths[] = {ladders};
    struct rg_rules_input input = rg_test_rules_input();
    input.shipped = shipped;
    input.paths = paths;
    input.path_count = 1;
    input.policy = policy;
    int rc = rg_rules_load_from(&input, l.diags, &l.rules, &l.templates, &l.inventory);
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 64 * 1024);
    rg_diags_print(l.diags, RG_DIAGS_PLAIN, &text);
    assert_string_equal(rg_buf_cstr(&text), "");
    assert_int_equal(rc, 0);
    return l;
}

static void done(struct loaded *l)
{
    rg_rules_free(&l->rules);
    rg_templates_free(&l->templates);
    rg_diags_free(&l->diags);
}

static void no_findings(void **state)
{
    (void)state;
    struct loaded l = load_all();
    assert_int_equal(l.inventory.ladders, 2);
    assert_int_equal(l.rules->ladder_count, 2);
    assert_true(rg_str_is(l.rules->ladders[0].name, "internet_residencial"));
    assert_true(l.rules->ladders[0].step_count >= 12);
    done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_findings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
