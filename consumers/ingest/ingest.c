/* The turn: our topics open, upstream's topics known, records taken as far as there is room, written, acknowledged, committed;
 * and the rounds of freshness beside it. Everything that can be unreachable is tried again with a pause and a sentence.
 *
 * Room is what bounds memory under any backlog: the queue of records not yet acknowledged and the window of each partition. When
 * either is full nothing more is fetched; the group's heartbeats go on in librdkafka's own thread. */
#include "consumers/ingest/ingest_parts.h"

#include "base/core/log.h"
#include "config/contract/route.h"
#include "consumers/ingest/letter.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TAKE_MAX 500 /* records in one turn */
#define RUN_WAIT_MS 100
#define DRAIN_MS 5000

/* Says it once: the same sentence again is no news. */
void rg_ingest_say(struct rg_ingest *g, const char *id, const char *fmt, ...)
{
    char text[RG_INGEST_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (strcmp(text, g->trouble) != 0)
        rg_log(RG_LOG_WARNING, id, RG_LOG_NO_CTX, "%s; trying again", text);
    (void)snprintf(g->trouble, sizeof g->trouble, "%s", text);
}

static void on_done(void *ctx, void *owner, int64_t offset)
{
    struct rg_ingest *g = ctx;
    struct rg_part *part = owner;
    atomic_fetch_add(&g->config.counters->written, 1);
    (void)rg_ack_window_ack(part->window, offset); /* false cannot be: owners are dropped before their window is reset */
}

static bool any_full(const struct rg_ingest *g)
{
    for (size_t i = 0; i < g->part_count; i++)
        if (rg_ack_window_full(g->parts[i]->window))
            return true;
    return false;
}

static void take_fault(struct rg_ingest *g, const struct rg_kafka_event *event)
{
    struct rg_part *part = event->topic != NULL ? rg_ingest_find_part(g, event->topic, event->partition) : NULL;
    if (event->fatal) {
        rg_log(RG_LOG_WARNING, "CONSUMER-FATAL", RG_LOG_NO_CTX, "%s; the consumer is made anew", event->error.text);
        rg_ingest_leave(g);
        g->sources_at_ms = 0;
    } else if (part != NULL && event->stopped && part->state != RG_INGEST_STOPPED) {
        rg_part_stop(part, event->error.text);
    } else {
        rg_log(RG_LOG_WARNING, "CONSUMER-TROUBLE", RG_LOG_NO_CTX, "%s", event->error.text);
    }
}

static void take(struct rg_ingest *g, int wait_ms)
{
    struct rg_error err;
    bool room = !any_full(g);
    for (int i = 0; i < TAKE_MAX && g->consumer != NULL && room && !rg_outgoing_full(g->outgoing); i++) {
        struct rg_kafka_event event;
        rg_kafka_consumer_poll(g->consumer, i == 0 ? wait_ms : 0, &event);
        if (event.kind == RG_KAFKA_EVENT_NONE)
            return;
        if (event.kind == RG_KAFKA_EVENT_FAULT) {
            take_fault(g, &event);
            continue;
        }
        struct rg_part *part = rg_ingest_find_part(g, event.topic, event.partition);
        if (part == NULL || part->state != RG_INGEST_READING)
            continue;
        if (event.kind == RG_KAFKA_EVENT_END) {
            rg_part_ended(part, event.offset);
        } else if (rg_part_takes(part, event.offset, event.value)) {
            rg_ingest_take(g, part, &event);
            room = !rg_ack_window_full(part->window);
        } else if (part->state == RG_INGEST_STOPPED && /* spares fetching what nobody will look at */
                   rg_kafka_consumer_seek(g->consumer, event.topic, event.partition, RG_KAFKA_END, &err) < 0) {
            rg_log(RG_LOG_WARNING, "CONSUMER-TROUBLE", RG_LOG_NO_CTX, "%s", err.text);
        }
    }
}

/* ---- the turn ---- */

/* Why upstream cannot be read although all is open: no broker answers or lets us. "" when one does, or nobody was asked yet. */
static const char *unreached(const struct rg_ingest *g)
{
    const struct rg_kafka_health *health = g->consumer != NULL ? rg_kafka_consumer_health(g->consumer) : NULL;
    if (health != NULL && health->denied.code != 0)
        return health->denied.text;
    return health == NULL || health->down_since_ms == 0 ? "" : health->last.code != 0 ? health->last.text : "no broker is up";
}

static void publish(struct rg_ingest *g)
{
    const char *away = unreached(g);
    struct rg_ingest_status status = {.ready = g->topics_open && g->assigned && away[0] == '\0' && !g->unwritten,
                                      .at_rest = rg_outgoing_count(g->outgoing) == 0};
    (void)pthread_mutex_lock(&g->mutex);
    for (size_t i = 0; i < g->part_count; i++) {
        const struct rg_part *part = g->parts[i];
        struct rg_ingest_part *seen = &g->looks[i];
        *seen = (struct rg_ingest_part){.source = part->source->upstream.name.p,
                                        .topic = part->source->topic,
                                        .partition = part->partition,
                                        .state = part->state,
                                        .next = rg_ack_window_next(part->window),
                                        .lag = rg_kafka_consumer_lag(g->consumer, part->source->topic, part->partition),
                                        .fresh_ms = part->fresh_ms};
        memcpy(seen->trouble, part->trouble, sizeof seen->trouble);
        status.ready = status.ready && part->state != RG_INGEST_OPENING;
        status.at_rest =
            status.at_rest && seen->lag == 0 && part->state == RG_INGEST_READING && rg_ack_window_in_flight(part->window) == 0;
    }
    status.at_rest = status.at_rest && status.ready;
    if (status.ready && rg_ingest_boot_ms(g) >= g->redis_at_ms)
        g->trouble[0] = '\0';
    (void)snprintf(status.trouble, sizeof status.trouble, "%s",
                   away[0] != '\0' ? away : g->trouble[0] != '\0' ? g->trouble : g->missing);
    status.turned_boot_ms = rg_ingest_boot_ms(g);
    g->look_count = status.part_count = g->part_count;
    g->status = status;
    (void)pthread_mutex_unlock(&g->mutex);
}

static void pump(struct rg_ingest *g, int wait_ms)
{
    struct rg_error err;
    g->unwritten = rg_outgoing_pump(g->outgoing, wait_ms, &err) < 0;
    if (g->unwritten)
        rg_ingest_say(g, "INGEST-WRITE", "%s", err.text);
    atomic_store(&g->config.counters->rebuilds, rg_outgoing_rebuilds(g->outgoing));
}

void rg_ingest_turn(struct rg_ingest *ingest, int wait_ms)
{
    struct rg_ingest *g = ingest;
    rg_ingest_keep_topics(g);
    rg_ingest_step(g);
    if (g->topics_open)
        rg_ingest_keep_consumer(g);
    rg_ingest_step(g);
    pump(g, 0);
    rg_ingest_step(g);
    if (g->consumer == NULL) {
        (void)poll(NULL, 0, wait_ms); /* nothing to wait for but time */
        publish(g);
        return;
    }
    bool busy = rg_outgoing_count(g->outgoing) > 0;
    rg_ingest_open_parts(g);
    rg_ingest_step(g);
    take(g, busy ? 0 : wait_ms);
    rg_ingest_step(g);
    pump(g, busy ? wait_ms : 0);
    rg_ingest_step(g);
    if (rg_ingest_boot_ms(g) >= g->commit_at_ms && g->consumer != NULL)
        rg_ingest_commit(g, 0);
    if (g->consumer != NULL)
        rg_ingest_rounds(g);
    publish(g);
}

void rg_ingest_drain(struct rg_ingest *ingest, int limit_ms)
{
    rg_ingest_flush(ingest, limit_ms);
    rg_ingest_commit(ingest, limit_ms);
}

void rg_ingest_run(struct rg_ingest *ingest, const _Atomic bool *stopping)
{
    int64_t round_ms = ingest->config.round_ms; /* a round begins between two turns: none may wait longer */
    while (!atomic_load(stopping))
        rg_ingest_turn(ingest, round_ms > 0 && round_ms < RUN_WAIT_MS ? (int)round_ms : RUN_WAIT_MS);
    rg_ingest_drain(ingest, DRAIN_MS);
}

/* ---- life ---- */

static int check_config(const struct rg_ingest_config *config, struct rg_error *err)
{
    if (config->source_count == 0 || config->source_count > RG_INGEST_SOURCES_MAX)
        return rg_fail(err, RG_EINVAL, "%zu sources, 1 to %d can be read", config->source_count, RG_INGEST_SOURCES_MAX);
    if (config->shards < 1 || config->shards > RG_SHARDS_MAX)
        return rg_fail(err, RG_EINVAL, "%d shards, 1 to %d are possible", config->shards, RG_SHARDS_MAX);
    for (size_t i = 0; i < config->source_count; i++) {
        const struct rg_ingest_source *source = &config->sources[i];
        if (!rg_str_has(source->upstream.name) || source->upstream.name.n > RG_ORIGIN_SOURCE_MAX)
            return rg_fail(err, RG_EINVAL, "a source's name has 1 to %d bytes", RG_ORIGIN_SOURCE_MAX);
        if (rg_str_is(source->upstream.name, RG_ORIGIN_LEDGER))
            return rg_fail(err, RG_EINVAL,
                           "no source may be named " RG_ORIGIN_LEDGER ": forwarded records say that of themselves");
        for (size_t j = 0; j < i; j++)
            if (strcmp(config->sources[j].topic, source->topic) == 0 ||
                rg_str_eq(config->sources[j].upstream.name, source->upstream.name))
                return rg_fail(err, RG_EINVAL, "source %.60s: another source has the same name or topic",
                               source->upstream.name.p);
    }
    return 0;
}

int rg_ingest_new(const struct rg_ingest_config *config, struct rg_ingest **ret_ingest, struct rg_error *err)
{
    int failed = check_config(config, err);
    if (failed < 0)
        return failed;
    struct rg_ingest *g = rg_alloc(sizeof *g);
    g->config = *config;
    g->arena = rg_arena_new(RG_DECODE_ARENA_BYTES);
    failed = pthread_mutex_init(&g->mutex, NULL);
    rg_assert(failed == 0);
    const struct rg_outgoing_ops ops = {.done = on_done, .refused = rg_ingest_refused, .ctx = g};
    failed = rg_stamps_new(&config->redis, &g->stamps, err);
    if (failed == 0)
        failed = rg_kafka_admin_new(&config->kafka, &g->admin, err);
    if (failed == 0)
        failed = rg_outgoing_new(&config->kafka, &ops, RG_LETTER_RECORD_BYTES_MAX, &g->outgoing, err);
    if (failed < 0) {
        rg_ingest_free(&g);
        return failed;
    }
    *ret_ingest = g;
    return 0;
}

void rg_ingest_free(struct rg_ingest **ingest)
{
    struct rg_ingest *g = *ingest;
    if (g == NULL)
        return;
    rg_kafka_consumer_free(&g->consumer, RG_KAFKA_FREE_MS);
    if (g->outgoing != NULL)
        rg_ingest_drop_parts(g);
    rg_outgoing_free(&g->outgoing);
    rg_kafka_admin_free(&g->admin, RG_KAFKA_FREE_MS);
    rg_stamps_free(&g->stamps);
    rg_arena_free(&g->arena);
    (void)pthread_mutex_destroy(&g->mutex);
    rg_free(ingest);
}

size_t rg_ingest_look(struct rg_ingest *ingest, struct rg_ingest_part *ret_parts, size_t max, struct rg_ingest_status *ret_status)
{
    (void)pthread_mutex_lock(&ingest->mutex);
    size_t n = ingest->look_count < max ? ingest->look_count : max;
    if (n > 0)
        memcpy(ret_parts, ingest->looks, n * sizeof *ret_parts);
    *ret_status = ingest->status;
    (void)pthread_mutex_unlock(&ingest->mutex);
    return n;
}
