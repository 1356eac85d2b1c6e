/* The threads of one process: workers, ingest, and one sender per channel. Each owns what it uses and turns until it is told to
 * stop; then senders give back what they have claimed and not begun. */
#include "daemon/internal.h"

#include "base/core/log.h"
#include "producers/render/mime.h"
#include "producers/transport/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TURN_MS 20
#define SIGNAL_CLAIM_MS 15000 /* one record into Kafka: what has not got there by then is decided about anew */
#define CONTROL_ARENA_BYTES ((size_t)1024 * 1024)
#define DRAIN_MS 25000 /* below the stop timeout of the unit */
#define JOIN_AFTER_MS 200 /* every worker but the first */

/* One more part that others may look at. */
static void publish(struct rg_daemon *daemon, size_t *count)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    ++*count;
    (void)pthread_mutex_unlock(&daemon->mutex);
}

static bool stopping(const struct rg_daemon *daemon)
{
    return atomic_load(&daemon->runtime.stopping);
}

static int64_t round_ms(const struct rg_daemon *daemon)
{
    return daemon->options.round_ms > 0 ? daemon->options.round_ms : rg_duration_ms(daemon->site->tuning.freshness_round);
}

/* As ps -T, a core dump and a debugger show it; the kernel keeps 15 bytes. */
static void name_thread(const char *fmt, ...) RG_PRINTF(1, 2);
static void name_thread(const char *fmt, ...)
{
    char name[16];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    (void)pthread_setname_np(pthread_self(), name); /* a name more or less */
}

/* A round begins between two turns: one that waits longer would be the round's true length. */
static int turn_ms(const struct rg_daemon *daemon)
{
    return round_ms(daemon) < TURN_MS ? (int)round_ms(daemon) : TURN_MS;
}

/* ---- workers ---- */

static void *run_worker(void *ctx)
{
    struct rg_worker_part *part = ctx;
    name_thread("worker-%d", (int)(part - part->daemon->workers));
    while (!atomic_load(&part->daemon->senders_gone))
        rg_worker_turn(part->worker, turn_ms(part->daemon));
    return NULL;
}

static int start_workers(struct rg_daemon *daemon, struct rg_error *err)
{
    const struct rg_site_tuning *tuning = &daemon->site->tuning;
    size_t wanted = (size_t)tuning->decide_workers;
    rg_assert(wanted >= 1 && wanted <= RG_WORKERS_MAX);
    struct rg_worker_config config = {
        .runtime = &daemon->runtime, .kafka = daemon->kafka,
        .group = rg_arena_printf(daemon->arena, RG_STR_FMT "-decide", RG_STR_ARG(daemon->site->kafka.group)).p,
        .ledger_topic = daemon->topics.ledger, .people_topic = daemon->topics.people, .deadletter_topic = daemon->topics.deadletter,
        .actions_prefix = daemon->topics.actions_prefix, .channel_topics = daemon->channel_topics, .channel_count = daemon->channel_count,
        .shards = (int)daemon->site->kafka.shards, .session_timeout_ms = (int)rg_duration_ms(tuning->session_timeout),
        .round_ms = round_ms(daemon),
        .redis = daemon->redis, .counters = &daemon->shard_counters};
    for (size_t i = 0; i < wanted; i++) {
        struct rg_worker_part *part = &daemon->workers[i];
        part->daemon = daemon;
        config.join_after_ms = i == 0 ? 0 : JOIN_AFTER_MS;
        int rc = rg_worker_new(&config, &part->worker, err);
        if (rc < 0)
            return rc;
        publish(daemon, &daemon->worker_count);
        if (pthread_create(&part->thread, NULL, run_worker, part) != 0)
            return rg_fail(err, RG_EIO, "a worker's thread could not be made");
        part->running = true;
    }
    return 0;
}

/* ---- senders ---- */

/* Another preset is put in place between two messages: what was begun with the old one is first brought to its end. */
static void follow_preset(struct rg_sender_part *part)
{
    if (part->index < 0 || part->presets == part->rules)
        return;
    const struct rg_ruleset_preset *now = &part->presets->presets[part->index], *next = &part->rules->presets[part->index];
    bool other = now->preset != NULL && memcmp(now->digest, next->digest, sizeof now->digest) != 0;
    rg_sender_pause(part->sender, other);
    if (!other || !rg_sender_idle(part->sender))
        return;
    rg_transport_http_use(part->transport, next->preset);
    rg_ruleset_unref(&part->presets);
    part->presets = rg_ruleset_ref(part->rules);
    rg_sender_pause(part->sender, false);
    rg_log(RG_LOG_NOTICE, "PRESET", &(struct rg_log_ctx){.channel = part->queue, .shard = -1}, "works with the preset as it is now");
}

static void *run_sender(void *ctx)
{
    struct rg_sender_part *part = ctx;
    struct rg_runtime *runtime = &part->daemon->runtime;
    int64_t stop_at_boot_ms = 0;
    name_thread("send-%s", part->queue);
    for (;;) {
        part->rules = rg_runtime_rules(runtime);
        follow_preset(part);
        rg_sender_turn(part->sender, turn_ms(part->daemon));
        bool leave = false;
        if (stopping(part->daemon)) {
            int64_t boot_ms = rg_boot_ms(&runtime->clock);
            if (stop_at_boot_ms == 0)
                stop_at_boot_ms = boot_ms + DRAIN_MS;
            leave = rg_sender_drain(part->sender) || boot_ms > stop_at_boot_ms;
        }
        rg_ruleset_unref(&part->rules);
        if (leave)
            return NULL;
    }
}

static void fill_creditors(struct rg_sender_part *part)
{
    const struct rg_site *site = part->daemon->site;
    for (size_t i = 0; i < site->creditors.count && i < RG_COUNT(part->creditors); i++) {
        const struct rg_site_creditor *from = &rg_site_creditors(site)[i];
        part->creditors[part->creditor_count++] = (struct rg_creditor_info){from->title, from->document, from->address, from->email, from->phone};
    }
}

/* The part of the sender's address behind the @, for Message-IDs. */
static const char *domain_of(struct rg_arena *arena, struct rg_str from)
{
    struct rg_str name, address;
    struct rg_error err;
    if (!rg_str_has(from) || rg_mime_mailbox_split(from, &name, &address, &err) < 0)
        return "regua.invalid";
    const char *at = memchr(address.p, '@', address.n);
    return at == NULL ? "regua.invalid" : rg_arena_str(arena, (struct rg_str){at + 1, address.n - (size_t)(at + 1 - address.p)}).p;
}

/* `channel`: NULL for signals. */
static int start_sender(struct rg_daemon *daemon, const struct rg_site_channel *channel, struct rg_str queue, struct rg_error *err)
{
    struct rg_sender_part *part = &daemon->senders[daemon->sender_count];
    const struct rg_site *site = daemon->site;
    part->daemon = daemon;
    part->index = channel != NULL ? (int)(channel - rg_site_channels(site)) : -1;
    part->presets = rg_runtime_rules(&daemon->runtime);
    part->queue = rg_arena_printf(daemon->arena, RG_STR_FMT, RG_STR_ARG(queue)).p;
    part->topic = rg_arena_printf(daemon->arena, "%s%s", daemon->topics.actions_prefix, part->queue).p;
    part->group = rg_arena_printf(daemon->arena, RG_STR_FMT "-send-%s", RG_STR_ARG(site->kafka.group), part->queue).p;
    fill_creditors(part);
    part->control_arena = rg_arena_new(CONTROL_ARENA_BYTES);
    int rc = rg_state_reader_new(&daemon->redis, &part->reader, err);
    if (rc == 0)
        rc = rg_fresh_store_new(&daemon->redis, (int)site->kafka.shards, &part->fresh, err);
    if (rc == 0 && channel != NULL)
        rc = rg_daemon_transport(part, channel, err);
    if (rc < 0)
        return rc;
    const struct rg_sender_config config = {
        .kafka = daemon->kafka, .group = part->group, .channel = channel != NULL ? part->queue : RG_QUEUE_SIGNALS,
        .actions_topic = part->topic, .ledger_topic = daemon->topics.ledger,
        .messages_topic = daemon->topics.messages, .signals_topic = daemon->topics.signals, .shards = (int)site->kafka.shards,
        .session_timeout_ms = (int)rg_duration_ms(site->tuning.session_timeout),
        .claim_valid_ms = channel != NULL ? rg_duration_ms(channel->claim_time) : SIGNAL_CLAIM_MS,
        .concurrency = channel != NULL && channel->concurrency > 0 ? (int)channel->concurrency : 32,
        .rate_count = channel != NULL ? channel->rate.count : 0,
        .rate_span_s = channel != NULL ? channel->rate.per_s : 0,
        .from = channel != NULL ? channel->from.p : NULL, .domain = channel != NULL ? domain_of(daemon->arena, channel->from) : "regua.invalid",
        .clock = daemon->runtime.clock, .world = rg_daemon_sender_world(part), .transport = part->transport,
        .kind = channel == NULL ? RG_SENDER_SIGNALS : channel->transport == RG_SITE_SMTP ? RG_SENDER_MAIL : RG_SENDER_PROVIDER};
    rc = rg_sender_new(&config, &part->sender, err);
    if (rc < 0)
        return rc;
    publish(daemon, &daemon->sender_count);
    if (pthread_create(&part->thread, NULL, run_sender, part) != 0)
        return rg_fail(err, RG_EIO, "the thread of sender %s could not be made", part->queue);
    part->running = true;
    return 0;
}

static int start_senders(struct rg_daemon *daemon, struct rg_error *err)
{
    int rc = start_sender(daemon, NULL, RG_STR(RG_QUEUE_OWED), err);
    if (rc == 0)
        rc = start_sender(daemon, NULL, RG_STR(RG_QUEUE_SIGNALS), err);
    for (size_t i = 0; rc == 0 && i < daemon->site->channels.count && daemon->sender_count < RG_SENDERS_MAX; i++) {
        const struct rg_site_channel *channel = &rg_site_channels(daemon->site)[i];
        rc = start_sender(daemon, channel, channel->section.name, err);
    }
    return rc;
}

static void free_sender(struct rg_sender_part *part)
{
    rg_sender_free(&part->sender);
    if (part->transport != NULL)
        part->transport->ops->close(&part->transport);
    rg_state_reader_free(&part->reader);
    rg_fresh_store_free(&part->fresh);
    rg_ruleset_unref(&part->presets);
    rg_arena_free(&part->control_arena);
}

/* ---- ingest ---- */

static void *run_ingest(void *ctx)
{
    struct rg_daemon *daemon = ctx;
    name_thread("ingest");
    rg_ingest_run(daemon->ingest, &daemon->runtime.stopping);
    return NULL;
}

static int start_ingest(struct rg_daemon *daemon, struct rg_error *err)
{
    const struct rg_site_tuning *tuning = &daemon->site->tuning;
    const struct rg_ingest_config config = {
        .kafka = daemon->kafka, .group = rg_arena_printf(daemon->arena, RG_STR_FMT "-ingest", RG_STR_ARG(daemon->site->kafka.group)).p,
        .ledger_topic = daemon->topics.ledger, .people_topic = daemon->topics.people, .control_topic = daemon->topics.control,
        .deadletter_topic = daemon->topics.deadletter, .shards = (int)daemon->site->kafka.shards, .sources = daemon->reading->sources,
        .source_count = daemon->reading->source_count, .session_timeout_ms = (int)rg_duration_ms(tuning->session_timeout),
        .round_ms = round_ms(daemon),
        .redis = daemon->redis, .clock = &daemon->runtime.clock, .counters = &daemon->ingest_counters};
    struct rg_ingest *ingest = NULL;
    int rc = rg_ingest_new(&config, &ingest, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&daemon->mutex);
    daemon->ingest = ingest;
    (void)pthread_mutex_unlock(&daemon->mutex);
    if (pthread_create(&daemon->ingest_thread, NULL, run_ingest, daemon) != 0)
        return rg_fail(err, RG_EIO, "the thread of ingest could not be made");
    daemon->ingest_running = true;
    return 0;
}

/* ---- all of them ---- */

int rg_daemon_start_parts(struct rg_daemon *daemon, struct rg_error *err)
{
    int rc = 0;
    if ((daemon->options.roles & RG_ROLE_DECIDE) != 0)
        rc = start_workers(daemon, err);
    if (rc == 0 && (daemon->options.roles & RG_ROLE_SEND) != 0)
        rc = start_senders(daemon, err);
    if (rc == 0 && (daemon->options.roles & RG_ROLE_INGEST) != 0)
        rc = start_ingest(daemon, err);
    return rc;
}

static_assert(RG_WORKERS_MAX + RG_SENDERS_MAX + 1 <= RG_WATCH_MAX, "room for every thread");

size_t rg_daemon_steps(const struct rg_daemon *daemon, uint64_t ret_steps[RG_WATCH_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < daemon->worker_count; i++)
        ret_steps[n++] = rg_worker_progress(daemon->workers[i].worker);
    for (size_t i = 0; i < daemon->sender_count; i++)
        ret_steps[n++] = rg_sender_counters(daemon->senders[i].sender)->progress;
    if (daemon->ingest != NULL)
        ret_steps[n++] = daemon->ingest_counters.progress;
    return n;
}

const char *rg_daemon_thread_name(const struct rg_daemon *daemon, int index, char text[RG_NAME_MAX + 16])
{
    size_t i = (size_t)index;
    if (i < daemon->worker_count)
        (void)snprintf(text, RG_NAME_MAX + 16, "worker %zu", i);
    else if (i < daemon->worker_count + daemon->sender_count)
        (void)snprintf(text, RG_NAME_MAX + 16, "sender %s", daemon->senders[i - daemon->worker_count].queue);
    else
        (void)snprintf(text, RG_NAME_MAX + 16, "ingest");
    return text;
}

/* Senders first, and workers turn until they are gone: a claim that is not folded yet can only be given back once it is. */
void rg_daemon_stop_parts(struct rg_daemon *daemon)
{
    atomic_store(&daemon->runtime.stopping, true);
    for (size_t i = 0; i < daemon->sender_count; i++)
        if (daemon->senders[i].running)
            (void)pthread_join(daemon->senders[i].thread, NULL);
    if (daemon->ingest_running)
        (void)pthread_join(daemon->ingest_thread, NULL);
    atomic_store(&daemon->senders_gone, true);
    for (size_t i = 0; i < daemon->worker_count; i++)
        if (daemon->workers[i].running)
            (void)pthread_join(daemon->workers[i].thread, NULL);
    for (size_t i = 0; i < daemon->sender_count; i++)
        daemon->senders[i].running = false;
    for (size_t i = 0; i < daemon->worker_count; i++)
        daemon->workers[i].running = false;
    daemon->ingest_running = false;
}

/* Also of a sender that could not be made whole. */
void rg_daemon_free_parts(struct rg_daemon *daemon)
{
    for (size_t i = 0; i < RG_SENDERS_MAX; i++)
        free_sender(&daemon->senders[i]);
    rg_ingest_free(&daemon->ingest);
    for (size_t i = 0; i < daemon->worker_count; i++)
        rg_worker_free(&daemon->workers[i].worker);
}
