/* Poll Kafka, give each shard its turn, keep the rounds of freshness going, rebuild what broke. Redis and Kafka may come and go:
 * a shard that cannot open tries again, and nothing is decided meanwhile. */
#include "daemon/shard/worker.h"

#include "base/core/log.h"
#include "consumers/ingest/letter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MAX 1000         /* messages taken in one turn */
#define INBOXES_BYTES_MAX ((size_t)32 * 1024 * 1024) /* records fetched and not yet folded, of all shards together */
#define KEEPALIVE_MS 1000
#define FULL_WAIT_MS 1
#define OPEN_RETRY_MS 500
#define EDGES_TIMEOUT_MS 2000
#define REBUILD_TIMEOUT_MS 2000
#define LINGER_MS 1
#define ROUND_LOOKS 8 /* in the time of one round, while somebody waits for what it brings */
#define FLUSH_MS 2000
#define WORLD_ARENA_BYTES ((size_t)4 * 1024 * 1024)

struct rg_worker {
    struct rg_worker_config config;
    struct rg_kafka_consumer *consumer;
    struct rg_kafka_producer *producer;
    struct rg_kafka_admin *admin; /* asks for ends: on the consumer's own connection they would wait behind its fetches */
    bool topics_open;
    bool relaying; /* some outbox waits for reports: the next turn must not wait for records */
    struct rg_fresh_store *fresh;
    struct rg_shard *shards[RG_SHARDS_MAX]; /* NULL: not ours */
    int64_t open_at_boot_ms[RG_SHARDS_MAX];
    int64_t seen_told_ms[RG_SHARDS_MAX];
    char round_trouble[sizeof ((struct rg_error *)NULL)->text]; /* why rounds fail: said once */
    int64_t round_at_boot_ms, want_at_boot_ms, retry_at_boot_ms, keepalive_boot_ms, rebuild_at_boot_ms;
    struct rg_error refusal; /* the first record that failed since the producer was made: the others were thrown back for it */
    struct rg_error writing; /* what stands in the way of it; code 0: nothing */
    int deadletter_partitions;
    struct rg_arena *arena;  /* of one turn */
    struct rg_shard_word words[RG_SOURCES_MAX];
    char lagging[96];
    struct rg_ruleset *rules; /* of this turn */
    _Atomic uint64_t progress;
    pthread_mutex_t mutex;
    struct rg_worker_shard looks[RG_SHARDS_MAX];
    struct rg_shard_word words_look[RG_SOURCES_MAX];
    char lagging_look[96];
    size_t look_count;
    int64_t looked_ms, turned_boot_ms;
    char trouble_look[RG_WORKER_TROUBLE_BYTES];
};

/* ---- membership ---- */

static void on_assign(void *ctx, struct rg_kafka_position *positions, size_t n)
{
    struct rg_worker *w = ctx;
    for (size_t i = 0; i < n; i++) {
        int p = positions[i].partition;
        positions[i].offset = RG_KAFKA_HOLD;
        if (p >= w->config.shards || w->shards[p] != NULL)
            continue;
        struct rg_error err;
        struct rg_shard_config config = {.shard = p,
                                         .shards = w->config.shards,
                                         .ledger_topic = w->config.ledger_topic,
                                         .people_topic = w->config.people_topic,
                                         .deadletter_topic = w->config.deadletter_topic,
                                         .actions_prefix = w->config.actions_prefix,
                                         .deadletter_partitions = w->deadletter_partitions,
                                         .counters = w->config.counters};
        if (rg_store_redis_new(&w->config.redis, p, &config.store, &err) < 0) {
            rg_log(RG_LOG_ERROR, "SHARD-STORE", &(struct rg_log_ctx){.shard = p}, "%s", err.text);
            continue;
        }
        w->shards[p] = rg_shard_new(&config);
        w->open_at_boot_ms[p] = 0;
        w->seen_told_ms[p] = -1;
    }
}

static void drop_shards(struct rg_worker *w)
{
    for (int p = 0; p < w->config.shards; p++)
        rg_shard_free(&w->shards[p]);
}

static void on_revoke(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost)
{
    (void)positions;
    (void)n;
    (void)lost; /* positions live with the state: there is nothing to commit either way */
    drop_shards(ctx);
}

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct rg_worker *w = ctx;
    if (report->err.code < 0 && w->refusal.code == 0)
        w->refusal = report->err;
    rg_relay_report(NULL, report);
}

static int make_consumer(struct rg_worker *w, struct rg_error *err)
{
    const char *const topics[] = {w->config.ledger_topic, w->config.people_topic};
    const struct rg_kafka_consumer_options options = {.group = w->config.group, .topics = topics, .topics_n = RG_COUNT(topics),
                                                      .ops = {.on_assign = on_assign, .on_revoke = on_revoke}, .ctx = w,
                                                      .session_timeout_ms = w->config.session_timeout_ms, .ends = true};
    return rg_kafka_consumer_new(&w->config.kafka, &options, &w->consumer, err);
}

int rg_worker_new(const struct rg_worker_config *config, struct rg_worker **ret_worker, struct rg_error *err)
{
    struct rg_worker *w = rg_alloc(sizeof *w);
    w->config = *config;
    w->arena = rg_arena_new(WORLD_ARENA_BYTES);
    w->deadletter_partitions = 1;
    int rc = pthread_mutex_init(&w->mutex, NULL);
    rg_assert(rc == 0);
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = w, .linger_ms = LINGER_MS,
                                                      .record_max_bytes = RG_LETTER_RECORD_BYTES_MAX};
    rc = rg_fresh_store_new(&config->redis, config->shards, &w->fresh, err);
    if (rc == 0)
        rc = rg_kafka_producer_new(&config->kafka, &options, &w->producer, err);
    if (rc == 0)
        rc = rg_kafka_admin_new(&config->kafka, &w->admin, err);
    w->retry_at_boot_ms = config->join_after_ms > 0 ? rg_boot_ms(&config->runtime->clock) + config->join_after_ms : 0;
    if (rc == 0 && config->join_after_ms == 0)
        rc = make_consumer(w, err);
    if (rc < 0) {
        rg_worker_free(&w);
        return rc;
    }
    *ret_worker = w;
    return 0;
}

void rg_worker_free(struct rg_worker **worker)
{
    struct rg_worker *w = *worker;
    if (w == NULL)
        return;
    rg_kafka_consumer_free(&w->consumer, RG_KAFKA_FREE_MS);
    drop_shards(w);
    if (w->producer != NULL && rg_kafka_producer_flush(w->producer, FLUSH_MS, NULL) < 0)
        rg_log(RG_LOG_NOTICE, "PRODUCER-FLUSH", RG_LOG_NO_CTX,
               "some records were not acknowledged in time; whoever has the shards next sends them again");
    rg_kafka_producer_free(&w->producer, RG_KAFKA_FREE_MS);
    rg_kafka_admin_free(&w->admin, RG_KAFKA_FREE_MS);
    rg_fresh_store_free(&w->fresh);
    rg_arena_free(&w->arena);
    (void)pthread_mutex_destroy(&w->mutex);
    rg_free(worker);
}

/* ---- topics and producer ---- */

/* The same sentence again is no news. */
static void note_writing(struct rg_worker *w, const char *id, const struct rg_error *err)
{
    if (strcmp(w->writing.text, err->text) != 0)
        rg_log(RG_LOG_WARNING, id, RG_LOG_NO_CTX, "%s; trying again", err->text);
    w->writing = *err;
}

static bool open_topics(struct rg_worker *w)
{
    struct rg_error err = {0};
    int partitions = 0;
    if (w->topics_open)
        return true;
    int rc = rg_kafka_producer_open(w->producer, w->config.ledger_topic, EDGES_TIMEOUT_MS, &partitions, &err);
    if (rc == 0 && partitions != w->config.shards)
        rc = rg_fail(&err, RG_EREFUSED, "%s has %d partitions, %d shards are configured", w->config.ledger_topic, partitions,
                     w->config.shards);
    if (rc == 0)
        rc = rg_kafka_producer_open(w->producer, w->config.people_topic, EDGES_TIMEOUT_MS, &partitions, &err);
    if (rc == 0)
        rc = rg_kafka_producer_open(w->producer, w->config.deadletter_topic, EDGES_TIMEOUT_MS, &w->deadletter_partitions, &err);
    for (size_t i = 0; rc == 0 && i < w->config.channel_count; i++)
        rc = rg_kafka_producer_open(w->producer, w->config.channel_topics[i], EDGES_TIMEOUT_MS, &partitions, &err);
    if (rc < 0)
        note_writing(w, "WORKER-TOPICS", &err);
    else
        w->writing = (struct rg_error){0};
    w->topics_open = rc == 0;
    return w->topics_open;
}

/* Not again at once: what is refused for good (a topic that may not be written) is refused again, until somebody mends it. */
static void keep_producer(struct rg_worker *w, int64_t boot_ms)
{
    struct rg_error err;
    rg_kafka_producer_poll(w->producer, 0);
    if (!rg_kafka_producer_broken(w->producer) || boot_ms < w->rebuild_at_boot_ms)
        return;
    w->rebuild_at_boot_ms = boot_ms + OPEN_RETRY_MS;
    if (rg_kafka_producer_rebuild(w->producer, false, REBUILD_TIMEOUT_MS, &err) < 0) {
        note_writing(w, "PRODUCER-REBUILD", &err);
        return;
    }
    w->writing = (struct rg_error){0};
    bool mended_by_people = w->refusal.code == RG_EREFUSED || w->refusal.code == RG_EDENIED;
    rg_log(mended_by_people ? RG_LOG_WARNING : RG_LOG_NOTICE, "PRODUCER-REBUILD", RG_LOG_NO_CTX,
           "%s; the producer was made anew, and what was not acknowledged is sent again",
           w->refusal.code == 0 ? "the producer lost its order" : w->refusal.text);
    w->refusal = (struct rg_error){0};
}

/* ---- opening shards ---- */

/* Whatever the brokers answer (that nobody may ask, say, until they have read who may), it is no word about the shard. */
static int ask_ends(struct rg_worker *w, struct rg_kafka_position *ends, size_t n, struct rg_error *err)
{
    int rc = rg_kafka_topic_edges(w->admin, RG_KAFKA_EDGE_END, ends, n, EDGES_TIMEOUT_MS, err);
    err->retryable = err->retryable || rc < 0;
    return rc;
}

static int open_shard(struct rg_worker *w, struct rg_shard *shard, struct rg_error *err)
{
    int p = rg_shard_id(shard);
    int64_t ledger_from = 0, people_from = 0;
    struct rg_kafka_position ends[] = {{w->config.ledger_topic, p, 0}, {w->config.people_topic, p, 0}};
    int rc = rg_shard_open(shard, &ledger_from, &people_from, err);
    if (rc == 0)
        rc = ask_ends(w, ends, RG_COUNT(ends), err);
    if (rc == 0)
        rc = rg_shard_replay_to(shard, ends[0].offset, ends[1].offset, err);
    return rc == 0 ? rg_kafka_consumer_seek(w->consumer, w->config.people_topic, p, people_from, err) : rc;
}

static void open_shards(struct rg_worker *w, int64_t boot_ms)
{
    for (int p = 0; p < w->config.shards; p++) {
        struct rg_shard *shard = w->shards[p];
        struct rg_error err = {0};
        if (shard == NULL || rg_shard_state(shard) != RG_SHARD_OPENING || boot_ms < w->open_at_boot_ms[p])
            continue;
        w->open_at_boot_ms[p] = boot_ms + OPEN_RETRY_MS; /* also of one that opens and falls at once, for a refusal may last */
        int rc = open_shard(w, shard, &err);
        atomic_fetch_add(&w->progress, 1);
        if (rc == 0)
            continue;
        const struct rg_log_ctx ctx = {.shard = p};
        bool damaged = err.code == RG_EREFUSED || err.code == RG_EINVAL;
        if (damaged && !err.retryable) {
            rg_shard_stop(shard, err.text);
            continue;
        }
        rg_log(RG_LOG_WARNING, "SHARD-OPEN", &ctx, "%s; trying again in %d ms", err.text, OPEN_RETRY_MS);
        rg_shard_reopen(shard, err.text);
    }
}

/* Those whose people are folded go on with the ledger. */
static void begin_ledgers(struct rg_worker *w)
{
    for (int p = 0; p < w->config.shards; p++) {
        int64_t from = 0;
        struct rg_error err;
        if (w->shards[p] == NULL || !rg_shard_awaits_ledger(w->shards[p], &from))
            continue;
        if (rg_kafka_consumer_seek(w->consumer, w->config.ledger_topic, p, from, &err) == 0) {
            rg_shard_begin_ledger(w->shards[p]);
            continue;
        }
        rg_log(RG_LOG_WARNING, "SHARD-OPEN", &(struct rg_log_ctx){.shard = p}, "%s; trying again in %d ms", err.text, OPEN_RETRY_MS);
        rg_shard_reopen(w->shards[p], err.text);
    }
}

/* ---- intake ---- */

static void fault(struct rg_worker *w, const struct rg_kafka_event *event)
{
    struct rg_shard *shard =
        event->topic != NULL && event->partition >= 0 && event->partition < w->config.shards ? w->shards[event->partition] : NULL;
    if (event->fatal) {
        rg_log(RG_LOG_WARNING, "CONSUMER-FATAL", RG_LOG_NO_CTX, "%s; the consumer is made anew", event->error.text);
        rg_kafka_consumer_free(&w->consumer, RG_KAFKA_FREE_MS);
        drop_shards(w);
        return;
    }
    if (shard != NULL && event->stopped && event->error.code == RG_EREFUSED)
        rg_shard_stop(shard, event->error.text);
    else if (shard != NULL && event->stopped)
        rg_shard_reopen(shard, event->error.text);
    else
        rg_log(RG_LOG_WARNING, "CONSUMER-TROUBLE", RG_LOG_NO_CTX, "%s", event->error.text);
}

static size_t inboxes_bytes(const struct rg_worker *w)
{
    size_t bytes = 0;
    for (int p = 0; p < w->config.shards; p++)
        bytes += w->shards[p] == NULL ? 0 : rg_shard_inbox_bytes(w->shards[p]);
    return bytes;
}

/* A record now and then all the same, because a member that does not poll is put out of its group. */
static int take_when_full(struct rg_worker *w, int64_t boot_ms)
{
    rg_kafka_producer_poll(w->producer, FULL_WAIT_MS); /* shards may be waiting for its reports alone */
    if (boot_ms < w->keepalive_boot_ms)
        return 0;
    w->keepalive_boot_ms = boot_ms + KEEPALIVE_MS;
    return 1;
}

/* What was fetched and not folded stays within bounds: past them nothing more is taken until shards have caught up. */
static void take(struct rg_worker *w, int wait_ms, int64_t boot_ms)
{
    size_t held = inboxes_bytes(w);
    int most = held < INBOXES_BYTES_MAX ? POLL_MAX : take_when_full(w, boot_ms);
    for (int i = 0; i < most && (i == 0 || held < INBOXES_BYTES_MAX) && w->consumer != NULL; i++) {
        struct rg_kafka_event event;
        rg_kafka_consumer_poll(w->consumer, i == 0 ? wait_ms : 0, &event);
        if (event.kind == RG_KAFKA_EVENT_NONE)
            return;
        if (event.kind == RG_KAFKA_EVENT_FAULT) {
            fault(w, &event);
            continue;
        }
        struct rg_shard *shard = event.partition < w->config.shards ? w->shards[event.partition] : NULL;
        held += event.key.n + event.value.n;
        if (shard == NULL)
            continue;
        if (event.kind == RG_KAFKA_EVENT_MESSAGE)
            rg_shard_receive(shard, &event);
        else
            rg_shard_reached(shard, strcmp(event.topic, w->config.people_topic) == 0, event.offset);
    }
}

/* ---- freshness ---- */

/* What was stamped by a clock that has been set back since. */
static int64_t believed(int64_t at_ms, int64_t now_ms)
{
    return at_ms <= now_ms + RG_FRESH_AHEAD_MS ? at_ms : -1;
}

/* Through when one source is known: all its partitions stamped, the earliest of them; −1 when one is missing. Stamps of partitions
 * past the count are those of a topic that the source had before. */
static int64_t source_fresh(const struct rg_fresh *fresh, struct rg_str source, int64_t now_ms, int *ret_partition)
{
    int64_t earliest = INT64_MAX;
    int stamped = 0, partitions = 0;
    *ret_partition = -1;
    for (size_t i = 0; i < fresh->source_count; i++)
        if (fresh->sources[i].partition < 0 && rg_str_eq(fresh->sources[i].source, source))
            partitions = (int)fresh->sources[i].at_ms; /* the count */
    for (size_t i = 0; i < fresh->source_count; i++) {
        const struct rg_fresh_source *of = &fresh->sources[i];
        if (of->partition < 0 || of->partition >= partitions || !rg_str_eq(of->source, source))
            continue;
        stamped++;
        if (believed(of->at_ms, now_ms) < earliest) {
            earliest = believed(of->at_ms, now_ms);
            *ret_partition = of->partition;
        }
    }
    return partitions > 0 && stamped == partitions ? earliest : -1;
}

/* The earliest of all sources; also notes who lags. */
static int64_t all_fresh(struct rg_worker *w, const struct rg_fresh *fresh, int64_t now_ms)
{
    const struct rg_rules *rules = w->rules->rules;
    int64_t earliest = INT64_MAX;
    for (int i = 0; i < rules->source_count; i++) {
        int partition = -1;
        const struct rg_source_info *source = &rules->sources[i];
        int64_t at_ms = source_fresh(fresh, source->name, now_ms, &partition);
        if (at_ms >= earliest)
            continue;
        earliest = at_ms;
        if (partition >= 0)
            (void)snprintf(w->lagging, sizeof w->lagging, RG_STR_FMT "/%d", RG_STR_ARG(source->name), partition);
        else
            (void)snprintf(w->lagging, sizeof w->lagging, RG_STR_FMT, RG_STR_ARG(source->name));
    }
    return earliest == INT64_MAX ? -1 : earliest;
}

/* What the sources have said of their payments, in the order of the rules. */
static void note_words(const struct rg_rules *rules, const struct rg_control_state *control, struct rg_shard_word words[RG_SOURCES_MAX])
{
    for (int i = 0; i < rules->source_count; i++) {
        words[i] = (struct rg_shard_word){rules->sources[i].payments == RG_PAYMENTS_SYNCED, -1, -1};
        for (size_t k = 0; k < control->known_count; k++)
            if (rg_str_eq(control->known[k].source, rules->sources[i].name))
                words[i] = (struct rg_shard_word){words[i].wanted, control->known[k].through_ms, control->known[k].at_ms};
    }
}

static int64_t all_seen(struct rg_worker *w, const struct rg_fresh *fresh, int64_t now_ms)
{
    int64_t earliest = INT64_MAX;
    for (int p = 0; p < w->config.shards; p++) {
        int64_t seen = w->shards[p] != NULL ? rg_shard_seen_ms(w->shards[p]) : believed(fresh->seen_ms[p], now_ms);
        if (seen < earliest)
            earliest = seen;
    }
    return earliest == INT64_MAX ? -1 : earliest;
}

static int64_t own_asof(struct rg_worker *w)
{
    int64_t earliest = INT64_MAX;
    for (int p = 0; p < w->config.shards; p++)
        if (w->shards[p] != NULL && rg_shard_state(w->shards[p]) == RG_SHARD_RUNNING && rg_shard_asof_ms(w->shards[p]) < earliest)
            earliest = rg_shard_asof_ms(w->shards[p]);
    return earliest;
}

static bool any_wants(struct rg_worker *w, int64_t now_ms, int64_t *ret_want_ms)
{
    bool wants = false;
    for (int p = 0; p < w->config.shards; p++) {
        int64_t want_ms = -1;
        if (w->shards[p] != NULL && rg_shard_wants(w->shards[p], now_ms, &want_ms)) {
            *ret_want_ms = want_ms;
            wants = true;
        }
    }
    return wants;
}

/* First what upstream says, then where our partitions end: what the first covers then lies below the second. `ret_waits`: what
 * somebody wanted is not there yet. */
static int begin_rounds(struct rg_worker *w, int64_t now_ms, int64_t want_ms, bool *ret_waits, struct rg_error *err)
{
    struct rg_fresh fresh;
    struct rg_kafka_position ends[2 * RG_SHARDS_MAX];
    size_t n = 0;
    int rc = want_ms < 0 ? 0 : rg_fresh_store_want(w->fresh, want_ms, err);
    if (rc == 0)
        rc = rg_fresh_store_read(w->fresh, w->arena, &fresh, err);
    if (rc < 0)
        return rc;
    int64_t fresh_ms = all_fresh(w, &fresh, now_ms), seen_ms = all_seen(w, &fresh, now_ms);
    *ret_waits = fresh.want_ms > own_asof(w);
    for (int p = 0; *ret_waits && p < w->config.shards; p++) {
        if (w->shards[p] == NULL || !rg_shard_learns(w->shards[p], fresh_ms, seen_ms))
            continue;
        ends[n++] = (struct rg_kafka_position){w->config.ledger_topic, p, 0};
        ends[n++] = (struct rg_kafka_position){w->config.people_topic, p, 0};
    }
    if (n == 0)
        return 0;
    rc = rg_kafka_topic_edges(w->admin, RG_KAFKA_EDGE_END, ends, n, EDGES_TIMEOUT_MS, err);
    for (size_t i = 0; rc == 0 && i < n; i += 2)
        rg_shard_begin_round(w->shards[ends[i].partition], &(struct rg_shard_round){.fresh_ms = fresh_ms,
                                                                                    .all_seen_ms = seen_ms,
                                                                                    .ledger_end = ends[i].offset,
                                                                                    .people_end = ends[i + 1].offset});
    return rc;
}

/* One wish in the time of a round. What it brings takes three steps by three hands (stamped, seen by each shard, known to all), and
 * while somebody waits for it each hand looks often; the brokers are asked only when there is news. */
static void rounds(struct rg_worker *w, int64_t now_ms, int64_t boot_ms)
{
    struct rg_error err;
    int64_t want_ms = -1;
    bool waits = false;
    if (boot_ms < w->round_at_boot_ms || own_asof(w) == INT64_MAX)
        return; /* also while no shard runs: the first that does is to look at once */
    bool says = boot_ms >= w->want_at_boot_ms && any_wants(w, now_ms, &want_ms);
    if (begin_rounds(w, now_ms, says ? want_ms : -1, &waits, &err) < 0) {
        if (strncmp(w->round_trouble, err.text, sizeof w->round_trouble) != 0)
            rg_log(RG_LOG_WARNING, "ROUND", RG_LOG_NO_CTX, "%s; trying again", err.text);
        (void)snprintf(w->round_trouble, sizeof w->round_trouble, "%s", err.text);
        w->round_at_boot_ms = boot_ms + OPEN_RETRY_MS;
        return;
    }
    w->round_trouble[0] = '\0';
    w->round_at_boot_ms = boot_ms + (waits ? w->config.round_ms / ROUND_LOOKS : w->config.round_ms);
    if (says)
        w->want_at_boot_ms = boot_ms + w->config.round_ms;
}

static void tell_seen(struct rg_worker *w)
{
    int ids[RG_SHARDS_MAX];
    int64_t seen[RG_SHARDS_MAX];
    size_t n = 0;
    struct rg_error err;
    for (int p = 0; p < w->config.shards; p++) {
        int64_t seen_ms = w->shards[p] == NULL ? -1 : rg_shard_seen_ms(w->shards[p]);
        if (seen_ms < 0 || seen_ms == w->seen_told_ms[p])
            continue;
        ids[n] = p;
        seen[n++] = seen_ms;
    }
    if (n == 0)
        return;
    if (rg_fresh_store_seen(w->fresh, ids, seen, n, &err) < 0)
        return; /* said again with the next round */
    for (size_t i = 0; i < n; i++)
        w->seen_told_ms[ids[i]] = seen[i];
}

/* ---- the turn ---- */

static void publish(struct rg_worker *w, int64_t now_ms, int64_t boot_ms)
{
    (void)pthread_mutex_lock(&w->mutex);
    w->look_count = 0;
    for (int p = 0; p < w->config.shards; p++) {
        const struct rg_shard *shard = w->shards[p];
        if (shard == NULL)
            continue;
        struct rg_worker_shard *look = &w->looks[w->look_count++];
        *look = (struct rg_worker_shard){.shard = p,
                                         .state = rg_shard_state(shard),
                                         .lag = rg_shard_lag(shard),
                                         .asof_ms = rg_shard_asof_ms(shard),
                                         .next_due_ms = rg_shard_next_due_ms(shard),
                                         .at_rest = rg_shard_at_rest(shard, now_ms)};
        (void)snprintf(look->trouble, sizeof look->trouble, "%s", rg_shard_trouble(shard));
    }
    memcpy(w->words_look, w->words, sizeof w->words_look);
    memcpy(w->lagging_look, w->lagging, sizeof w->lagging_look);
    const struct rg_error *denied = w->consumer != NULL ? &rg_kafka_consumer_health(w->consumer)->denied : &w->writing;
    (void)snprintf(w->trouble_look, sizeof w->trouble_look, "%s", denied->code != 0 ? denied->text : w->writing.text);
    w->looked_ms = now_ms;
    w->turned_boot_ms = boot_ms;
    (void)pthread_mutex_unlock(&w->mutex);
}

size_t rg_worker_look(struct rg_worker *worker, struct rg_worker_shard *ret_shards, size_t max, int64_t *ret_asked_ms,
                      int64_t *ret_turned_boot_ms)
{
    (void)pthread_mutex_lock(&worker->mutex);
    size_t n = worker->look_count < max ? worker->look_count : max;
    memcpy(ret_shards, worker->looks, n * sizeof *ret_shards);
    *ret_asked_ms = worker->looked_ms;
    *ret_turned_boot_ms = worker->turned_boot_ms;
    (void)pthread_mutex_unlock(&worker->mutex);
    return n;
}

void rg_worker_trouble(struct rg_worker *worker, char ret_text[RG_WORKER_TROUBLE_BYTES])
{
    (void)pthread_mutex_lock(&worker->mutex);
    memcpy(ret_text, worker->trouble_look, sizeof worker->trouble_look);
    (void)pthread_mutex_unlock(&worker->mutex);
}

uint64_t rg_worker_progress(const struct rg_worker *worker)
{
    return atomic_load(&worker->progress);
}

void rg_worker_world(struct rg_worker *worker, int shard, struct rg_arena *arena, struct rg_world *world)
{
    (void)pthread_mutex_lock(&worker->mutex);
    for (size_t i = 0; i < worker->look_count; i++) {
        if (worker->looks[i].shard != shard)
            continue;
        int64_t *known = RG_NEW(arena, int64_t, RG_SOURCES_MAX);
        rg_shard_known_through(worker->words_look, worker->looks[i].asof_ms, known);
        world->known_through_ms = known;
        world->asof_ms = worker->looks[i].asof_ms;
        world->lagging = rg_arena_str(arena, rg_str(worker->lagging_look));
    }
    (void)pthread_mutex_unlock(&worker->mutex);
}

static bool turn_shards(struct rg_worker *w, const struct rg_shard_world *world)
{
    bool more = false;
    for (int p = 0; p < w->config.shards; p++) {
        if (w->shards[p] == NULL)
            continue;
        more = rg_shard_turn(w->shards[p], world, w->producer) || more;
        atomic_fetch_add(&w->progress, 1);
    }
    return more;
}

/* The consumer may not be there yet, or have died; and nothing is read before there is somewhere to send to. */
static bool stand(struct rg_worker *w, int64_t boot_ms)
{
    struct rg_error err;
    if (boot_ms < w->retry_at_boot_ms)
        return false;
    if (w->consumer == NULL && make_consumer(w, &err) < 0)
        rg_log(RG_LOG_ERROR, "CONSUMER-NEW", RG_LOG_NO_CTX, "%s; trying again", err.text);
    if (w->consumer != NULL && open_topics(w))
        return true;
    w->retry_at_boot_ms = boot_ms + OPEN_RETRY_MS;
    return false;
}

void rg_worker_turn(struct rg_worker *w, int wait_ms)
{
    const struct rg_clock *clock = &w->config.runtime->clock;
    int64_t boot_ms = rg_boot_ms(clock);
    rg_arena_reset(w->arena);
    w->rules = rg_runtime_rules(w->config.runtime);
    struct rg_control_state control = rg_runtime_control(w->config.runtime, w->arena);
    if (w->consumer != NULL)
        take(w, w->relaying && wait_ms > 1 ? 1 : wait_ms, boot_ms);
    int64_t now_ms = rg_shared_ms(clock);
    if (stand(w, boot_ms) && now_ms >= 0 && control.loaded) {
        const struct rg_shard_world world = {
            .rules = w->rules->rules, .now_ms = now_ms, .hold_timers = rg_runtime_holds(w->config.runtime), .stopped = control.stopped,
            .stopped_since_ms = control.stopped_since_ms,
            .live_max_step = control.live_max_step, .live_spread_ms = control.live_spread_ms, .live_since_ms = control.live_since_ms,
            .words = w->words, .lagging = rg_str(w->lagging)};
        note_words(w->rules->rules, &control, w->words);
        open_shards(w, boot_ms);
        begin_ledgers(w);
        keep_producer(w, boot_ms);
        for (int again = 0; turn_shards(w, &world) && again < 4; again++)
            keep_producer(w, boot_ms);
        rounds(w, now_ms, boot_ms);
        tell_seen(w);
    }
    w->relaying = false;
    for (int p = 0; p < w->config.shards; p++)
        w->relaying = w->relaying || (w->shards[p] != NULL && rg_shard_relaying(w->shards[p]));
    publish(w, now_ms, boot_ms);
    atomic_fetch_add(&w->progress, 1);
    rg_ruleset_unref(&w->rules);
}
