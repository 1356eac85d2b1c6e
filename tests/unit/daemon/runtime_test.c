/* The one snapshot that threads share: swapped under those who read it, whole for each of them, and gone with the last. The thread
 * and address sanitizers are this test's eyes. */
#include "daemon/runtime.h"

#include "tests/fakes/rules.h"
#include "tests/unit/support/cmocka.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READERS 4
#define SWAPS 200
#define LADDER_BYTES 1024

struct rig {
    struct rg_runtime runtime;
    _Atomic bool over;
    _Atomic int turns[READERS];
    _Atomic int mixed;
};
struct reader {
    struct rig *rig;
    int number;
};

/* A ladder whose title, step and template all say which one it is. */
static struct rg_ruleset *ruleset(int number)
{
    char text[LADDER_BYTES], name[32], shipped[512];
    struct rg_diags *diags = rg_diags_new();
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    (void)snprintf(name, sizeof name, "step_%d", number);
    (void)snprintf(text, sizeof text,
                   "language: 1\nladder: curta\ntitle: %s\nowner: a@b.example\npriority: 10\ncalendar: br-generico\nsteps:\n"
                   "  %s: { day: D-5, tone: courtesy, via: [email], template: %s }\n"
                   "templates:\n  %s: \"%s {{nome}} {{> credor}}\"\n",
                   name, name, name, name, name);
    const struct rg_rules_text file = {"curta.yaml", rg_str(text)};
    struct rg_rules_input input = rg_test_rules_input();
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    input.shipped = shipped;
    input.texts = &file;
    input.text_count = 1;
    if (rg_rules_load_from(&input, diags, &rules, &templates, &inventory) < 0) {
        struct rg_buf why RG_CLEANUP(rg_buf_done);
        rg_buf_init(&why, 65536);
        rg_diags_print(diags, RG_DIAGS_PLAIN, &why);
        fail_msg("%s", rg_buf_cstr(&why));
    }
    rg_diags_free(&diags);
    struct rg_ruleset *set = rg_ruleset_new(rules, templates);
    set->arena = rg_arena_new(65536);
    set->presets = RG_NEW(set->arena, struct rg_ruleset_preset, 1);
    return set;
}

/* As a worker or a sender does: one snapshot at the beginning, the same until the end. */
static void *read_rules(void *ctx)
{
    struct reader *reader = ctx;
    struct rig *rig = reader->rig;
    while (!atomic_load(&rig->over)) {
        struct rg_ruleset *set = rg_runtime_rules(&rig->runtime);
        const struct rg_ladder *ladder = &set->rules->ladders[0];
        for (int look = 0; look < 20; look++) {
            struct rg_str name = ladder->steps[0].name, text = rg_template_source(set->templates, name, RG_STR("email"), "txt");
            if (!rg_str_eq(ladder->title, name) || text.n < name.n || memcmp(text.p, name.p, name.n) != 0 ||
                set->presets[0].preset != NULL)
                atomic_fetch_add(&rig->mixed, 1);
        }
        rg_ruleset_unref(&set);
        atomic_fetch_add(&rig->turns[reader->number], 1);
    }
    return NULL;
}

static void no_turn_sees_a_mix(void **state)
{
    (void)state;
    struct rg_site site = {0};
    struct rig rig = {.mixed = 0};
    struct reader readers[READERS];
    pthread_t threads[READERS];
    rg_runtime_init(&rig.runtime, &site, rg_clock_system());
    rg_runtime_set_rules(&rig.runtime, ruleset(0));
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){&rig, i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_rules, &readers[i]), 0);
    }
    struct rg_ruleset *kept = rg_runtime_rules(&rig.runtime);
    for (int i = 1; i <= SWAPS; i++)
        rg_runtime_set_rules(&rig.runtime, ruleset(i));
    for (int i = 0; i < READERS; i++)
        while (atomic_load(&rig.turns[i]) == 0)
            (void)sched_yield();
    atomic_store(&rig.over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(rig.mixed, 0);
    assert_true(rg_str_is(kept->rules->ladders[0].title, "step_0")); /* who holds one keeps it, whatever is in force */
    struct rg_ruleset *last = rg_runtime_rules(&rig.runtime);
    assert_true(last->rules != kept->rules);
    rg_ruleset_unref(&last);
    rg_ruleset_unref(&kept);
    assert_null(kept);
    rg_ruleset_unref(&kept); /* nothing is no harm */
    rg_runtime_done(&rig.runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_turn_sees_a_mix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
