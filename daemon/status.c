/* What a process says of itself: copied from what the threads published at their last turn, never asked of them. */
#include "daemon/internal.h"

#include "base/core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STALE_MS 5000 /* a thread that has not turned for so long is in trouble */
#define STATUS_ARENA_BYTES ((size_t)4 * 1024 * 1024)

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

/* Parts come one after the other while the admin port already answers; they go when it is closed. */
static size_t parts_of(struct rg_daemon *daemon, const size_t *count)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    size_t n = *count;
    (void)pthread_mutex_unlock(&daemon->mutex);
    return n;
}

static struct rg_ingest *ingest_of(struct rg_daemon *daemon)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    struct rg_ingest *ingest = daemon->ingest;
    (void)pthread_mutex_unlock(&daemon->mutex);
    return ingest;
}

static void look_whether_it_turns(struct rg_daemon *daemon, struct rg_daemon_status *s, const char *what, int64_t turned_boot_ms)
{
    int64_t still_ms = rg_boot_ms(&daemon->runtime.clock) - turned_boot_ms;
    if (turned_boot_ms != 0 && still_ms > STALE_MS)
        reason(s, "%s has not turned for %lld s", what, (long long)(still_ms / 1000));
}

static void look_at_workers(struct rg_daemon *daemon, struct rg_daemon_status *s)
{
    s->at_rest = true;
    s->now_ms = INT64_MAX;
    size_t n = parts_of(daemon, &daemon->worker_count);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        int64_t asked_ms = 0, turned_ms = 0;
        s->shard_count += rg_worker_look(daemon->workers[i].worker, s->shards + s->shard_count, RG_SHARDS_MAX - s->shard_count, &asked_ms, &turned_ms);
        char trouble[RG_WORKER_TROUBLE_BYTES];
        (void)snprintf(name, sizeof name, "worker %zu", i);
        rg_worker_trouble(daemon->workers[i].worker, trouble);
        if (trouble[0] != '\0')
            reason(s, "%s: %s", name, trouble);
        look_whether_it_turns(daemon, s, name, turned_ms);
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
    if (s->shard_count == 0)
        reason(s, "no shard is ours yet");
}

static const struct rg_ingest_part *look_at_parts(struct rg_ingest *ingest, struct rg_arena *arena, size_t *ret_count,
                                                  struct rg_ingest_status *ret_status)
{
    (void)rg_ingest_look(ingest, NULL, 0, ret_status);
    struct rg_ingest_part *parts = RG_NEW(arena, struct rg_ingest_part, ret_status->part_count + 1);
    *ret_count = rg_ingest_look(ingest, parts, ret_status->part_count, ret_status);
    return parts;
}

static void look_at_ingest(struct rg_daemon *daemon, struct rg_arena *arena, struct rg_daemon_status *s)
{
    struct rg_ingest_status status;
    size_t n = 0;
    const struct rg_ingest_part *parts = look_at_parts(daemon->ingest, arena, &n, &status);
    look_whether_it_turns(daemon, s, "ingest", status.turned_boot_ms);
    if (status.trouble[0] != '\0')
        reason(s, "ingest: %s", status.trouble);
    else if (!status.ready)
        reason(s, "ingest has no partitions yet");
    for (size_t i = 0; i < n; i++)
        if (parts[i].state == RG_INGEST_STOPPED)
            reason(s, "source %s, partition %d is stopped: %s", parts[i].source, parts[i].partition, parts[i].trouble);
}

static void look_at_senders(struct rg_daemon *daemon, struct rg_daemon_status *s)
{
    size_t n = parts_of(daemon, &daemon->sender_count);
    for (size_t i = 0; i < n; i++) {
        char name[RG_NAME_MAX + 16];
        const struct rg_sender_counters *counters = rg_sender_counters(daemon->senders[i].sender);
        const char *denied = atomic_load(&counters->denied);
        (void)snprintf(name, sizeof name, "sender %s", daemon->senders[i].queue);
        if (denied != NULL)
            reason(s, "%s may not do its work: %s; the log says more", name, denied);
        look_whether_it_turns(daemon, s, name, atomic_load(&counters->turned_boot_ms));
    }
}

/* True while the parts that this process has are there to be looked at. */
static bool look_at_sentences(struct rg_daemon *daemon, const struct rg_control_state *control, struct rg_daemon_status *s)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    bool up = daemon->waiting_for[0] == '\0';
    if (!up) /* which says the same of both */
        reason(s, "%s", daemon->waiting_for);
    if (up && daemon->kafka_trouble[0] != '\0')
        reason(s, "kafka: %s", daemon->kafka_trouble);
    if (up && daemon->redis_trouble[0] != '\0')
        reason(s, "redis: %s", daemon->redis_trouble);
    (void)pthread_mutex_unlock(&daemon->mutex);
    if (!control->loaded)
        reason(s, "%s is not read yet", daemon->topics.control);
    if (atomic_load(&daemon->runtime.clocks_disagree))
        reason(s, "the clocks disagree: timers are held");
    return up;
}

void rg_daemon_status(struct rg_daemon *daemon, struct rg_daemon_status *s)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(STATUS_ARENA_BYTES);
    struct rg_control_state control = rg_runtime_control(&daemon->runtime, arena);
    struct rg_ruleset *rules = rg_runtime_rules(&daemon->runtime);
    *s = (struct rg_daemon_status){.stopped = control.stopped, .live = rg_str_has(control.live_max_step),
                                   .shards_configured = (int)daemon->site->kafka.shards,
                                   .now_ms = rg_shared_ms(&daemon->runtime.clock), .next_due_ms = RG_STORE_NEVER};
    (void)snprintf(s->live_max_step, sizeof s->live_max_step, RG_STR_FMT, RG_STR_ARG(control.live_max_step));
    memcpy(s->rules, rules->rules->hash, sizeof s->rules);
    rg_ruleset_unref(&rules);
    if (look_at_sentences(daemon, &control, s)) {
        if ((daemon->options.roles & RG_ROLE_INGEST) != 0)
            look_at_ingest(daemon, arena, s);
        if ((daemon->options.roles & RG_ROLE_SEND) != 0)
            look_at_senders(daemon, s);
        if ((daemon->options.roles & RG_ROLE_DECIDE) != 0)
            look_at_workers(daemon, s);
    }
    s->at_rest = s->at_rest && s->shard_count == (size_t)s->shards_configured;
    s->ready = s->reason_count == 0;
}

void rg_daemon_trouble(struct rg_daemon *daemon, char sentence[RG_TROUBLE_BYTES], const char *id, const char *text)
{
    if (strncmp(sentence, text, RG_TROUBLE_BYTES - 1) == 0)
        return; /* only this thread writes it */
    if (text[0] != '\0')
        rg_log(RG_LOG_WARNING, id, RG_LOG_NO_CTX, "%s; trying again", text);
    else
        rg_log(RG_LOG_NOTICE, id, RG_LOG_NO_CTX, "it answers again; before: %s", sentence);
    (void)pthread_mutex_lock(&daemon->mutex);
    (void)snprintf(sentence, RG_TROUBLE_BYTES, "%s", text);
    (void)pthread_mutex_unlock(&daemon->mutex);
}

struct rg_runtime *rg_daemon_runtime(struct rg_daemon *daemon)
{
    return &daemon->runtime;
}

struct rg_control *rg_daemon_control(struct rg_daemon *daemon)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    struct rg_control *control = daemon->control;
    (void)pthread_mutex_unlock(&daemon->mutex);
    return control;
}

const struct rg_redis_config *rg_daemon_redis(struct rg_daemon *daemon)
{
    return &daemon->redis;
}

const struct rg_shard_counters *rg_daemon_shard_counters(struct rg_daemon *daemon)
{
    return &daemon->shard_counters;
}

const struct rg_sender_counters *rg_daemon_sender(struct rg_daemon *daemon, int index, const char **ret_queue)
{
    if (index < 0 || (size_t)index >= parts_of(daemon, &daemon->sender_count))
        return NULL;
    *ret_queue = daemon->senders[index].queue;
    return rg_sender_counters(daemon->senders[index].sender);
}

const struct rg_ingest_source_counters *rg_daemon_source(struct rg_daemon *daemon, int index, const char **ret_source)
{
    if (index < 0 || (size_t)index >= daemon->reading->source_count)
        return NULL;
    *ret_source = daemon->reading->sources[index].upstream.name.p;
    return &daemon->ingest_counters.sources[index];
}

const struct rg_ingest_part *rg_daemon_source_parts(struct rg_daemon *daemon, struct rg_arena *arena, size_t *ret_count)
{
    struct rg_ingest_status status;
    struct rg_ingest *ingest = ingest_of(daemon);
    *ret_count = 0;
    return ingest == NULL ? NULL : look_at_parts(ingest, arena, ret_count, &status);
}

struct rg_world rg_daemon_world(struct rg_daemon *daemon, int shard, struct rg_arena *arena)
{
    struct rg_control_state control = rg_runtime_control(&daemon->runtime, arena);
    struct rg_world world = {.now_ms = rg_shared_ms(&daemon->runtime.clock), .asof_ms = -1, .stopped = control.stopped,
                             .stopped_since_ms = control.stopped_since_ms,
                             .live_max_step = control.live_max_step, .live_spread_ms = control.live_spread_ms, .live_since_ms = control.live_since_ms,
                             .shards = (int)daemon->site->kafka.shards};
    for (size_t i = 0, n = parts_of(daemon, &daemon->worker_count); i < n; i++)
        rg_worker_world(daemon->workers[i].worker, shard, arena, &world);
    world.due_ms = world.asof_ms; /* explain asks about now: the frontier shows when asof stands behind it */
    return world;
}
