/* One mutex around two pointers. */
#include "daemon/runtime.h"

#include <pthread.h>

struct rg_runtime_locked {
    pthread_mutex_t mutex;
    struct rg_ruleset *rules;
    struct rg_control_state *control;
};

bool rg_runtime_holds(const struct rg_runtime *runtime)
{
    return atomic_load(&runtime->clocks_disagree) || atomic_load(&runtime->redis_refused);
}

void rg_runtime_init(struct rg_runtime *runtime, const struct rg_site *site, const struct rg_clock *clock)
{
    *runtime = (struct rg_runtime){.site = site, .clock = *clock};
    runtime->locked = rg_alloc(sizeof *runtime->locked);
    int rc = pthread_mutex_init(&runtime->locked->mutex, NULL);
    rg_assert(rc == 0);
}

static void lock(struct rg_runtime *runtime)
{
    int rc = pthread_mutex_lock(&runtime->locked->mutex);
    rg_assert(rc == 0);
}

static void unlock(struct rg_runtime *runtime)
{
    int rc = pthread_mutex_unlock(&runtime->locked->mutex);
    rg_assert(rc == 0);
}

struct rg_ruleset *rg_ruleset_new(struct rg_rules *rules, struct rg_templates *templates)
{
    struct rg_ruleset *set = rg_alloc(sizeof *set);
    set->rules = rules;
    set->templates = templates;
    atomic_store(&set->readers, 1);
    return set;
}

struct rg_ruleset *rg_ruleset_ref(struct rg_ruleset *set)
{
    atomic_fetch_add(&set->readers, 1);
    return set;
}

void rg_ruleset_unref(struct rg_ruleset **pointer)
{
    struct rg_ruleset *set = *pointer;
    *pointer = NULL;
    if (set == NULL || atomic_fetch_sub(&set->readers, 1) != 1)
        return;
    rg_rules_free(&set->rules);
    rg_templates_free(&set->templates);
    rg_arena_free(&set->arena);
    rg_free(&set);
}

void rg_runtime_done(struct rg_runtime *runtime)
{
    rg_ruleset_unref(&runtime->locked->rules);
    rg_control_state_free(&runtime->locked->control);
    (void)pthread_mutex_destroy(&runtime->locked->mutex); /* nobody holds it any more */
    rg_free(&runtime->locked);
}

void rg_runtime_set_rules(struct rg_runtime *runtime, struct rg_ruleset *set)
{
    lock(runtime);
    struct rg_ruleset *old = runtime->locked->rules;
    runtime->locked->rules = set;
    unlock(runtime);
    rg_ruleset_unref(&old);
}

struct rg_ruleset *rg_runtime_rules(struct rg_runtime *runtime)
{
    lock(runtime);
    rg_assert(runtime->locked->rules != NULL);
    struct rg_ruleset *set = rg_ruleset_ref(runtime->locked->rules);
    unlock(runtime);
    return set;
}

void rg_runtime_set_control(struct rg_runtime *runtime, struct rg_control_state *state)
{
    lock(runtime);
    struct rg_control_state *old = runtime->locked->control;
    runtime->locked->control = state;
    unlock(runtime);
    rg_control_state_free(&old);
}

struct rg_control_state rg_runtime_control(struct rg_runtime *runtime, struct rg_arena *arena)
{
    struct rg_control_state copy = {0};
    lock(runtime);
    if (runtime->locked->control != NULL)
        copy = rg_control_state_in(arena, runtime->locked->control);
    unlock(runtime);
    return copy;
}
