/* What a process says of itself: copied from what the threads published at their last turn, never asked of them. */
#include "daemon/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STALE_MS 5000 /* a worker that has not turned for so long is in trouble */

static void reason(struct rg_daemon_status *s, const char *fmt, ...) RG_PRINTF(2, 3);
static void reason(struct rg_daemon_status *s, const char *fmt, ...)
{
    va_list args;
    if (s->reason_count == RG_REASONS_MAX)
        return;
    va_start(args, fmt);
    (void)vsnprintf(s->reasons[s->reason_count++], sizeof s->reasons[0], fmt, args);
    va_end(args);
}

static void look_at_workers(struct rg_daemon *daemon, struct rg_daemon_status *s)
{
    int64_t boot_ms = rg_boot_ms(&daemon->runtime.clock);
    s->next_due_ms = RG_STORE_NEVER;
    s->at_rest = true;
    s->now_ms = INT64_MAX;
    for (size_t i = 0; i < daemon->worker_count; i++) {
        int64_t asked_ms = 0, turned_ms = 0;
        s->shard_count += rg_worker_look(daemon->workers[i].worker, s->shards + s->shard_count, RG_SHARDS_MAX - s->shard_count, &asked_ms, &turned_ms);
        if (turned_ms != 0 && boot_ms - turned_ms > STALE_MS)
            reason(s, "worker %zu has not turned for %lld s", i, (long long)((boot_ms - turned_ms) / 1000));
        if (asked_ms < s->now_ms)
            s->now_ms = asked_ms;
    }
    for (size_t i = 0; i < s->shard_count; i++) {
        const struct rg_worker_shard *shard = &s->shards[i];
        s->at_rest = s->at_rest && shard->at_rest;
        if (shard->next_due_ms < s->next_due_ms)
            s->next_due_ms = shard->next_due_ms;
        if (shard->state != RG_SHARD_RUNNING)
            reason(s, "shard %d is %s%s%s", shard->shard, rg_shard_state_name(shard->state), shard->trouble[0] != '\0' ? ": " : "", shard->trouble);
    }
}

void rg_daemon_status(struct rg_daemon *daemon, struct rg_daemon_status *s)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    struct rg_control_state control = rg_runtime_control(&daemon->runtime, arena);
    struct rg_ruleset *rules = rg_runtime_rules(&daemon->runtime);
    *s = (struct rg_daemon_status){.stopped = control.stopped, .live = rg_str_has(control.live_max_step),
                                   .shards_configured = (int)daemon->site->kafka.shards};
    (void)snprintf(s->live_max_step, sizeof s->live_max_step, RG_STR_FMT, RG_STR_ARG(control.live_max_step));
    memcpy(s->rules, rules->rules->hash, sizeof s->rules);
    rg_runtime_rules_put(&daemon->runtime, &rules);
    (void)pthread_mutex_lock(&daemon->mutex);
    if (daemon->waiting_for[0] != '\0')
        reason(s, "%s", daemon->waiting_for);
    (void)pthread_mutex_unlock(&daemon->mutex);
    if (!control.loaded)
        reason(s, "%s is not read yet", daemon->topics.control);
    if (atomic_load(&daemon->runtime.clocks_disagree))
        reason(s, "the clocks disagree: timers are held");
    if (s->reason_count == 0 && (daemon->options.roles & RG_ROLE_DECIDE) != 0) {
        look_at_workers(daemon, s);
        if (s->shard_count == 0)
            reason(s, "no shard is ours yet");
    }
    s->at_rest = s->at_rest && s->shard_count == (size_t)s->shards_configured;
    s->ready = s->reason_count == 0;
}

struct rg_runtime *rg_daemon_runtime(struct rg_daemon *daemon)
{
    return &daemon->runtime;
}

struct rg_control *rg_daemon_control(struct rg_daemon *daemon)
{
    return daemon->control;
}

const struct rg_redis_config *rg_daemon_redis(struct rg_daemon *daemon)
{
    return &daemon->redis;
}

const struct rg_shard_counters *rg_daemon_shard_counters(struct rg_daemon *daemon)
{
    return &daemon->shard_counters;
}

const struct rg_sender_counters *rg_daemon_sender(struct rg_daemon *daemon, int index, const char **ret_channel)
{
    if (index < 0 || (size_t)index >= daemon->sender_count || daemon->senders[index].sender == NULL)
        return NULL;
    *ret_channel = daemon->senders[index].channel;
    return rg_sender_counters(daemon->senders[index].sender);
}

struct rg_world rg_daemon_world(struct rg_daemon *daemon, int shard, struct rg_arena *arena)
{
    struct rg_control_state control = rg_runtime_control(&daemon->runtime, arena);
    struct rg_world world = {.now_ms = rg_shared_ms(&daemon->runtime.clock), .asof_ms = -1, .stopped = control.stopped,
                             .live_max_step = control.live_max_step, .live_spread_ms = control.live_spread_ms, .live_since_ms = control.live_since_ms,
                             .shards = (int)daemon->site->kafka.shards};
    for (size_t i = 0; i < daemon->worker_count; i++)
        rg_worker_world(daemon->workers[i].worker, shard, arena, &world);
    world.due_ms = world.asof_ms; /* explain asks about now: the frontier shows when asof stands behind it */
    return world;
}
