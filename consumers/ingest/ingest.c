/* The turn: our topics open, upstream's topics known, records taken as far as there is room, written, acknowledged, committed;
 * and the rounds of freshness beside it. Everything that can be unreachable is tried again with a pause and a sentence.
 *
 * Room is what bounds memory under any backlog: the queue of records not yet acknowledged and the window of each partition. When
 * either is full nothing more is fetched; the group's heartbeats go on in librdkafka's own thread. */
#include "consumers/ingest/ingest.h"

#include "base/core/log.h"
#include "brazil/days/date.h"
#include "consumers/ingest/letter.h"
#include "consumers/ingest/outgoing.h"
#include "consumers/ingest/part.h"
#include "consumers/ingest/route.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ASK_MS 3000         /* one question to the brokers */
#define RETRY_MS 2000       /* pause after a failure */
#define MISSING_MS 5000     /* between two looks for topics that do not exist yet */
#define COMMIT_MS 1000
#define REVOKE_MS 3000      /* for writing out what was read when partitions are taken away */
#define TAKE_MAX 500        /* records in one turn */
#define RUN_WAIT_MS 100
#define DRAIN_MS 5000
#define LETTER_LOG_MS 60000 /* one line per reason and minute */
#define CONTROL_PARTITION 0

static const char *const reasons[RG_INGEST_REASONS] = {
    RG_DEAD_BAD_JSON, RG_DEAD_BAD_ENVELOPE, RG_DEAD_UNKNOWN_TYPE, RG_DEAD_MISSING_FIELD, RG_DEAD_BAD_FIELD, RG_DEAD_TOO_LARGE,
    RG_DEAD_UNMAPPED, RG_DEAD_CONFLICT, RG_DEAD_UNROUTABLE, RG_DEAD_REFUSED,
};

const char *rg_ingest_reason(int index)
{
    return index >= 0 && index < RG_INGEST_REASONS ? reasons[index] : NULL;
}

struct rg_ingest {
    struct rg_ingest_config config;
    struct rg_outgoing *outgoing;
    struct rg_kafka_consumer *consumer;
    struct rg_stamps *stamps;
    struct rg_arena *arena; /* of one record */
    int partitions[RG_INGEST_SOURCES_MAX]; /* of each source's topic; 0: it does not exist */
    int deadletter_partitions;
    bool topics_open, assigned, counted;
    struct rg_part *parts[RG_INGEST_PARTITIONS_MAX], *last_part; /* last_part: of the last record, records come in runs */
    size_t part_count;
    char trouble[RG_INGEST_TEXT_MAX]; /* what keeps all of it from working */
    char missing[RG_INGEST_TEXT_MAX]; /* a source's topic that does not exist */
    int64_t topics_at_ms, sources_at_ms, open_at_ms, round_at_ms, redis_at_ms, commit_at_ms; /* boot clock: not before */
    int64_t letter_at_ms[RG_INGEST_REASONS];
    uint64_t letters_unsaid[RG_INGEST_REASONS];

    pthread_mutex_t mutex; /* what follows is read by other threads */
    struct rg_ingest_part looks[RG_INGEST_PARTITIONS_MAX];
    size_t look_count;
    struct rg_ingest_status status;
};

static int64_t boot_ms(const struct rg_ingest *g)
{
    return rg_boot_ms(g->config.clock);
}

/* Says it once: the same sentence again is no news. */
static void say(struct rg_ingest *g, const char *id, const char *fmt, ...) RG_PRINTF(3, 4);
static void say(struct rg_ingest *g, const char *id, const char *fmt, ...)
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

/* ---- what leaves ---- */

static void on_done(void *ctx, void *owner, int64_t offset)
{
    struct rg_ingest *g = ctx;
    struct rg_part *part = owner;
    atomic_fetch_add(&g->config.counters->written, 1);
    (void)rg_ack_window_ack(part->window, offset); /* false cannot be: owners are dropped before their window is reset */
}

static int64_t said_ms(const struct rg_ingest *g)
{
    int64_t shared = rg_shared_ms(g->config.clock);
    return shared >= 0 ? shared : rg_wall_ms(g->config.clock);
}

static void count_dead(struct rg_ingest *g, const struct rg_part *part, int64_t offset, const struct rg_reject *reject)
{
    int index = 0;
    while (index < RG_INGEST_REASONS - 1 && strcmp(reasons[index], reject->reason) != 0)
        index++;
    atomic_fetch_add(&g->config.counters->dead[index], 1);
    if (boot_ms(g) < g->letter_at_ms[index]) {
        g->letters_unsaid[index]++;
        return;
    }
    const struct rg_log_ctx log = {.source = part->source->upstream.name.p, .topic = part->source->topic, .shard = -1};
    rg_log(RG_LOG_NOTICE, "DEAD-LETTER", &log, "%s/%d/%lld: %s: %s (%llu more of this reason since the last line)", part->source->topic,
           part->partition, (long long)offset, reject->reason, reject->detail, (unsigned long long)g->letters_unsaid[index]);
    g->letter_at_ms[index] = boot_ms(g) + LETTER_LOG_MS;
    g->letters_unsaid[index] = 0;
}

static struct rg_outgoing_record letter_record(struct rg_ingest *g, struct rg_part *part, int64_t offset, const struct rg_letter *letter)
{
    return (struct rg_outgoing_record){.topic = g->config.deadletter_topic, .partition = part->partition % g->deadletter_partitions,
                                       .key = letter->key, .value = letter->value, .headers = letter->headers,
                                       .header_count = letter->header_count, .owner = part, .offset = offset, .letter = true};
}

/* A record of ours that no broker takes: what it says goes to the dead letters. A letter that is refused too is given up, since
 * holding it would stop everything behind it. */
static bool on_refused(void *ctx, const struct rg_outgoing_record *record, const char *why, struct rg_outgoing_record *ret_instead)
{
    struct rg_ingest *g = ctx;
    struct rg_part *part = record->owner;
    struct rg_reject reject;
    struct rg_letter letter;
    (void)rg_refuse(&reject, RG_DEAD_REFUSED, "%.100s/%d does not take it: %s", record->topic, record->partition, why);
    count_dead(g, part, record->offset, &reject);
    if (record->letter) {
        rg_log(RG_LOG_ERROR, "LETTER-LOST", RG_LOG_NO_CTX, "%s/%d/%lld could not even be written as a dead letter: %s", part->source->topic,
               part->partition, (long long)record->offset, why);
        return false;
    }
    struct rg_message_header headers[RG_MESSAGE_HEADERS_MAX];
    struct rg_message message = {.key = record->key, .value = record->value, .headers = headers};
    rg_arena_reset(g->arena); /* between two records of upstream */
    for (size_t i = 0; i < record->header_count && i < RG_MESSAGE_HEADERS_MAX; i++)
        headers[message.header_count++] = (struct rg_message_header){rg_str(record->headers[i].name), record->headers[i].value};
    rg_letter_write(&message, part->source->topic, part->partition, record->offset, false, &reject, said_ms(g), g->arena, &letter);
    *ret_instead = letter_record(g, part, record->offset, &letter);
    return true;
}

/* ---- one record of upstream ---- */

static void read_headers(const struct rg_kafka_event *event, struct rg_message_header *room, struct rg_message *message)
{
    const char *name = NULL;
    struct rg_str value;
    for (size_t i = 0; i < RG_MESSAGE_HEADERS_MAX && rg_kafka_event_header_at(event, i, &name, &value); i++)
        room[message->header_count++] = (struct rg_message_header){rg_str(name), value};
    message->headers = room;
}

/* Of a dead letter that was sent again: the source it first came from, by its regua_source. */
static const struct rg_ingest_source *first_source(const struct rg_ingest *g, const struct rg_kafka_event *event)
{
    struct rg_str from = rg_kafka_event_header(event, RG_LETTER_SOURCE);
    size_t end = from.n;
    for (int slashes = 0; slashes < 2 && end > 0; end--)
        if (from.p[end - 1] == '/')
            slashes++;
    for (size_t i = 0; i < g->config.source_count; i++)
        if (!g->config.sources[i].again && rg_str_is((struct rg_str){from.p, end}, g->config.sources[i].topic))
            return &g->config.sources[i];
    return NULL;
}

/* A source.synced has to name a source of ours, or nothing would ever look at it. */
static int check_synced(const struct rg_ingest *g, const struct rg_event *event, struct rg_reject *reject)
{
    const char *names[RG_INGEST_SOURCES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < g->config.source_count; i++) {
        if (rg_str_eq(g->config.sources[i].upstream.name, event->source_name))
            return 0;
        names[count++] = g->config.sources[i].upstream.name.p;
    }
    const struct rg_words sources = {"source", names, (int)count, 0};
    const char *near = rg_words_suggest(&sources, event->source_name);
    return rg_refuse(reject, RG_DEAD_BAD_FIELD, "data.source_name: no source \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(event->source_name),
                     near != NULL ? ", did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static enum rg_decoded decode(struct rg_ingest *g, const struct rg_part *part, const struct rg_kafka_event *event,
                              const struct rg_message *message, struct rg_event *ret_event, struct rg_reject *ret_reject)
{
    const struct rg_ingest_source *source = part->source->again ? first_source(g, event) : part->source;
    if (source == NULL) {
        (void)rg_refuse(ret_reject, RG_DEAD_UNROUTABLE, "no header " RG_LETTER_SOURCE " that names the topic of a source");
        return RG_DECODED_REJECT;
    }
    enum rg_decoded done = rg_decode(&source->upstream, message, g->arena, ret_event, ret_reject);
    if (done == RG_DECODED_EVENT && ret_event->type == RG_EV_SOURCE_SYNCED && check_synced(g, ret_event, ret_reject) < 0)
        return RG_DECODED_REJECT;
    return done;
}

static const char *topic_of(const struct rg_ingest *g, enum rg_topic topic)
{
    switch (topic) {
    case RG_TOPIC_LEDGER: return g->config.ledger_topic;
    case RG_TOPIC_PEOPLE: return g->config.people_topic;
    default: rg_assert(topic == RG_TOPIC_CONTROL); return g->config.control_topic;
    }
}

static void send_route(struct rg_ingest *g, struct rg_part *part, const struct rg_origin *at, const struct rg_route *route)
{
    for (size_t i = 0; i < route->count; i++) {
        const struct rg_routed *routed = &route->records[i];
        struct rg_origin origin = *at;
        char text[RG_ORIGIN_TEXT_MAX];
        origin.sub = (int32_t)routed->sub;
        rg_origin_print(&origin, text);
        const struct rg_kafka_header headers[] = {
            {RG_HEADER_ORIGIN, rg_str(text)}, {RG_HEADER_KIND, rg_str(rg_kind_name(routed->kind))},
        };
        size_t header_count = routed->kind == RG_REC_UNKNOWN ? 1 : 2;
        rg_outgoing_add(g->outgoing, &(struct rg_outgoing_record){
            .topic = topic_of(g, routed->topic), .partition = routed->topic == RG_TOPIC_CONTROL ? CONTROL_PARTITION : routed->partition,
            .key = routed->key, .value = routed->value, .headers = headers, .header_count = header_count, .owner = part,
            .offset = at->offset});
    }
}

static void take_record(struct rg_ingest *g, struct rg_part *part, const struct rg_kafka_event *event)
{
    struct rg_message_header headers[RG_MESSAGE_HEADERS_MAX];
    struct rg_message message = {.key = event->key, .value = event->value, .timestamp_ms = event->timestamp_ms};
    struct rg_event decoded;
    struct rg_reject reject;
    struct rg_route route = {.count = 0};
    rg_arena_reset(g->arena);
    read_headers(event, headers, &message);
    const struct rg_origin at = {.source = part->source->upstream.name, .incarnation = part->source->incarnation,
                                 .partition = part->partition, .offset = event->offset};
    enum rg_decoded done = decode(g, part, event, &message, &decoded, &reject);
    if (done == RG_DECODED_EVENT && rg_route(&decoded, &at, g->config.shards, said_ms(g), g->arena, &route, &reject) < 0)
        done = RG_DECODED_REJECT;
    atomic_fetch_add(&g->config.counters->read, 1);
    rg_part_add(part, event->offset, event->value, done == RG_DECODED_REJECT ? 1 : (uint32_t)route.count);
    if (done == RG_DECODED_REJECT) {
        struct rg_letter letter;
        count_dead(g, part, event->offset, &reject);
        rg_letter_write(&message, event->topic, event->partition, event->offset, part->source->again, &reject, said_ms(g), g->arena, &letter);
        const struct rg_outgoing_record record = letter_record(g, part, event->offset, &letter);
        rg_outgoing_add(g->outgoing, &record);
        return;
    }
    if (done == RG_DECODED_NOTHING) {
        atomic_fetch_add(&g->config.counters->ignored, 1);
        return;
    }
    atomic_fetch_add(&g->config.counters->accepted[decoded.type], 1);
    if (route.words_dropped)
        atomic_fetch_add(&g->config.counters->words_dropped, 1);
    send_route(g, part, &at, &route);
}

/* ---- partitions come and go ---- */

static bool is_part(const struct rg_part *part, const char *topic, int partition)
{
    return part->partition == partition && strcmp(part->source->topic, topic) == 0;
}

static struct rg_part *find_part(struct rg_ingest *g, const char *topic, int partition)
{
    if (g->last_part != NULL && is_part(g->last_part, topic, partition))
        return g->last_part;
    for (size_t i = 0; i < g->part_count; i++)
        if (is_part(g->parts[i], topic, partition)) {
            g->last_part = g->parts[i];
            return g->last_part;
        }
    return NULL;
}

static void drop_parts(struct rg_ingest *g)
{
    for (size_t i = 0; i < g->part_count; i++) {
        rg_outgoing_drop(g->outgoing, g->parts[i]);
        rg_part_free(&g->parts[i]);
    }
    g->part_count = 0;
    g->last_part = NULL;
}

static size_t positions_to_commit(struct rg_ingest *g, struct rg_kafka_position *positions)
{
    size_t n = 0;
    for (size_t i = 0; i < g->part_count; i++) {
        int64_t next = rg_part_commit(g->parts[i]);
        if (next >= 0)
            positions[n++] = (struct rg_kafka_position){g->parts[i]->source->topic, g->parts[i]->partition, next};
    }
    return n;
}

static void note_committed(struct rg_ingest *g, const struct rg_kafka_position *positions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct rg_part *part = find_part(g, positions[i].topic, positions[i].partition);
        if (part != NULL && positions[i].offset > part->committed)
            part->committed = positions[i].offset;
    }
}

static void on_committed(void *ctx, const struct rg_kafka_position *positions, size_t n, const struct rg_error *err)
{
    if (err->code == 0)
        note_committed(ctx, positions, n);
    else
        rg_log(RG_LOG_WARNING, "COMMIT", RG_LOG_NO_CTX, "%s; committed again with the next one", err->text);
}

static void commit(struct rg_ingest *g, int wait_ms)
{
    struct rg_kafka_position positions[RG_INGEST_PARTITIONS_MAX];
    struct rg_error err;
    size_t n = positions_to_commit(g, positions);
    g->commit_at_ms = boot_ms(g) + COMMIT_MS;
    if (n == 0 || g->consumer == NULL)
        return;
    if (rg_kafka_consumer_commit(g->consumer, positions, n, wait_ms, &err) < 0)
        rg_log(RG_LOG_WARNING, "COMMIT", RG_LOG_NO_CTX, "%s; what is not committed is read again", err.text);
    else if (wait_ms > 0)
        note_committed(g, positions, n);
}

/* Writes out what was read. */
static void flush(struct rg_ingest *g, int limit_ms)
{
    struct rg_error err;
    int64_t until_ms = boot_ms(g) + limit_ms;
    while (rg_outgoing_count(g->outgoing) > 0 && boot_ms(g) < until_ms)
        if (rg_outgoing_pump(g->outgoing, 50, &err) < 0)
            return;
}

/* Stamps what was reached, and says which record was read last. */
static int tell(struct rg_ingest *g, struct rg_error *err)
{
    struct rg_stamp rows[RG_INGEST_PARTITIONS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        bool proof = !part->proof_told && part->proof.offset < part->committed;
        if (part->fresh_told && !proof)
            continue;
        rows[n++] = (struct rg_stamp){.source = part->source->upstream.name, .partition = part->partition,
                                      .fresh_ms = part->fresh_told ? -1 : part->fresh_ms,
                                      .last = proof ? part->proof : (struct rg_last_read){.offset = -1}};
    }
    int failed = n == 0 ? 0 : rg_stamps_write(g->stamps, rows, n, err);
    for (size_t i = 0; failed == 0 && i < g->part_count; i++) {
        g->parts[i]->fresh_told = true;
        g->parts[i]->proof_told = g->parts[i]->proof_told || g->parts[i]->proof.offset < g->parts[i]->committed;
    }
    return failed;
}

static void on_assign(void *ctx, struct rg_kafka_position *positions, size_t n)
{
    struct rg_ingest *g = ctx;
    drop_parts(g);
    for (size_t i = 0; i < n; i++) {
        positions[i].offset = RG_KAFKA_HOLD;
        for (size_t s = 0; s < g->config.source_count && g->part_count < RG_INGEST_PARTITIONS_MAX; s++)
            if (strcmp(g->config.sources[s].topic, positions[i].topic) == 0)
                g->parts[g->part_count++] = rg_part_new(&g->config.sources[s], positions[i].partition);
    }
    if (n > RG_INGEST_PARTITIONS_MAX)
        rg_log(RG_LOG_ERROR, "PARTITIONS", RG_LOG_NO_CTX, "%zu partitions are assigned here, %d can be read: start more processes", n,
               RG_INGEST_PARTITIONS_MAX);
    g->assigned = true;
    g->counted = false;
    g->open_at_ms = 0;
}

static void on_revoke(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost)
{
    (void)positions;
    (void)n;
    struct rg_ingest *g = ctx;
    struct rg_error err;
    if (!lost) {
        flush(g, REVOKE_MS);
        commit(g, REVOKE_MS);
        if (tell(g, &err) < 0)
            rg_log(RG_LOG_WARNING, "INGEST-REDIS", RG_LOG_NO_CTX, "%s; the next owner cannot test that the topics are the same", err.text);
    }
    drop_parts(g);
    g->assigned = false;
}

/* ---- opening ---- */

static int open_topics(struct rg_ingest *g, struct rg_error *err)
{
    const char *const sharded[] = {g->config.ledger_topic, g->config.people_topic};
    int partitions = 0;
    for (size_t i = 0; i < RG_COUNT(sharded); i++) {
        int failed = rg_outgoing_open(g->outgoing, sharded[i], ASK_MS, &partitions, err);
        if (failed < 0)
            return failed;
        if (partitions != g->config.shards)
            return rg_fail(err, RG_EREFUSED, "%.150s has %d partitions, %d shards are configured", sharded[i], partitions, g->config.shards);
    }
    int failed = rg_outgoing_open(g->outgoing, g->config.control_topic, ASK_MS, &partitions, err);
    return failed < 0 ? failed : rg_outgoing_open(g->outgoing, g->config.deadletter_topic, ASK_MS, &g->deadletter_partitions, err);
}

/* How many partitions each source has. True when that is known; a topic that does not exist has none. */
static bool ask_sources(struct rg_ingest *g, int *ret_partitions, struct rg_error *err)
{
    struct rg_kafka_admin *admin = NULL;
    int failed = rg_kafka_admin_new(&g->config.kafka, &admin, err);
    for (size_t i = 0; failed == 0 && i < g->config.source_count; i++) {
        ret_partitions[i] = 0;
        failed = rg_kafka_topic_partitions(admin, g->config.sources[i].topic, ASK_MS, &ret_partitions[i], err);
        if (failed == RG_ENOTFOUND)
            failed = 0;
    }
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    return failed == 0;
}

static int join(struct rg_ingest *g, struct rg_error *err)
{
    const char *topics[RG_INGEST_SOURCES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < g->config.source_count; i++)
        if (g->partitions[i] > 0)
            topics[n++] = g->config.sources[i].topic;
    if (n == 0)
        return rg_fail(err, RG_ENOTFOUND, "none of the sources' topics exists, %.150s among them", g->config.sources[0].topic);
    const struct rg_kafka_consumer_options options = {
        .group = g->config.group, .topics = topics, .topics_n = n, .ctx = g, .session_timeout_ms = g->config.session_timeout_ms, .ends = true,
        .ops = {.on_assign = on_assign, .on_revoke = on_revoke, .on_committed = on_committed},
    };
    return rg_kafka_consumer_new(&g->config.kafka, &options, &g->consumer, err);
}

static void leave(struct rg_ingest *g)
{
    rg_kafka_consumer_free(&g->consumer, RG_KAFKA_FREE_MS); /* revokes what is assigned */
    drop_parts(g);
    g->assigned = false;
}

/* Names the first topic that does not exist, once. */
static void say_missing(struct rg_ingest *g, const int *partitions)
{
    char text[RG_INGEST_TEXT_MAX] = "";
    for (size_t i = g->config.source_count; i-- > 0;)
        if (partitions[i] == 0)
            (void)snprintf(text, sizeof text, "topic %.150s of source %.60s does not exist", g->config.sources[i].topic,
                           g->config.sources[i].upstream.name.p);
    if (text[0] != '\0' && strcmp(text, g->missing) != 0)
        rg_log(RG_LOG_WARNING, "SOURCE-MISSING", RG_LOG_NO_CTX, "%s; looking again every %d s", text, MISSING_MS / 1000);
    memcpy(g->missing, text, sizeof text);
}

/* Joins the group with the topics that exist, and again when more of them do. */
static void keep_consumer(struct rg_ingest *g)
{
    struct rg_error err;
    int partitions[RG_INGEST_SOURCES_MAX] = {0};
    bool missing = g->consumer == NULL;
    for (size_t i = 0; i < g->config.source_count; i++)
        missing = missing || g->partitions[i] == 0;
    if (!missing || boot_ms(g) < g->sources_at_ms)
        return;
    g->sources_at_ms = boot_ms(g) + (g->consumer == NULL ? RETRY_MS : MISSING_MS);
    if (!ask_sources(g, partitions, &err)) {
        say(g, "INGEST-SOURCES", "%s", err.text);
        return;
    }
    bool more = g->consumer == NULL;
    for (size_t i = 0; i < g->config.source_count; i++)
        more = more || (g->partitions[i] == 0 && partitions[i] > 0);
    say_missing(g, partitions);
    if (!more)
        return;
    leave(g);
    memcpy(g->partitions, partitions, sizeof partitions);
    if (join(g, &err) < 0)
        say(g, "INGEST-JOIN", "%s", err.text);
}

struct opening {
    struct rg_part *parts[RG_INGEST_PARTITIONS_MAX];
    struct rg_kafka_position committed[RG_INGEST_PARTITIONS_MAX], begin[RG_INGEST_PARTITIONS_MAX], end[RG_INGEST_PARTITIONS_MAX];
    struct rg_stamp stamps[RG_INGEST_PARTITIONS_MAX];
    size_t n;
};

static int ask_places(struct rg_ingest *g, struct opening *o, struct rg_error *err)
{
    int64_t want_ms = -1;
    int failed = rg_kafka_consumer_committed(g->consumer, o->committed, o->n, ASK_MS, err);
    if (failed == 0)
        failed = rg_kafka_consumer_edges(g->consumer, RG_KAFKA_EDGE_BEGINNING, o->begin, o->n, ASK_MS, err);
    if (failed == 0)
        failed = rg_kafka_consumer_edges(g->consumer, RG_KAFKA_EDGE_END, o->end, o->n, ASK_MS, err);
    if (failed == 0)
        failed = rg_stamps_read(g->stamps, o->stamps, o->n, &want_ms, err);
    return failed;
}

static void open_parts(struct rg_ingest *g)
{
    struct opening *o RG_CLEANUP(rg_free_ptr) = NULL;
    struct rg_error err;
    size_t waiting = 0;
    for (size_t i = 0; i < g->part_count; i++)
        waiting += g->parts[i]->state == RG_INGEST_OPENING;
    if (waiting == 0 || boot_ms(g) < g->open_at_ms)
        return;
    o = rg_alloc(sizeof *o);
    for (size_t i = 0; i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        if (part->state != RG_INGEST_OPENING)
            continue;
        const struct rg_kafka_position position = {part->source->topic, part->partition, 0};
        o->parts[o->n] = part;
        o->committed[o->n] = o->begin[o->n] = o->end[o->n] = position;
        o->stamps[o->n++] = (struct rg_stamp){.source = part->source->upstream.name, .partition = part->partition};
    }
    g->open_at_ms = boot_ms(g) + RETRY_MS;
    if (ask_places(g, o, &err) < 0) {
        say(g, "INGEST-OPEN", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < o->n; i++) {
        struct rg_part *part = o->parts[i];
        int64_t start = rg_part_open(part, o->committed[i].offset, o->begin[i].offset, o->end[i].offset, &o->stamps[i].last);
        if (start < 0 || rg_kafka_consumer_seek(g->consumer, part->source->topic, part->partition, start, &err) == 0)
            continue;
        part->state = RG_INGEST_OPENING;
        say(g, "INGEST-OPEN", "%s", err.text);
    }
}

/* ---- taking ---- */

static bool any_full(const struct rg_ingest *g)
{
    for (size_t i = 0; i < g->part_count; i++)
        if (rg_ack_window_full(g->parts[i]->window))
            return true;
    return false;
}

static void take_fault(struct rg_ingest *g, const struct rg_kafka_event *event)
{
    struct rg_part *part = event->topic != NULL ? find_part(g, event->topic, event->partition) : NULL;
    if (event->fatal) {
        rg_log(RG_LOG_WARNING, "CONSUMER-FATAL", RG_LOG_NO_CTX, "%s; the consumer is made anew", event->error.text);
        leave(g);
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
        struct rg_part *part = find_part(g, event.topic, event.partition);
        if (part == NULL || part->state != RG_INGEST_READING)
            continue;
        if (event.kind == RG_KAFKA_EVENT_END) {
            rg_part_ended(part, event.offset);
        } else if (rg_part_takes(part, event.offset, event.value)) {
            take_record(g, part, &event);
            room = !rg_ack_window_full(part->window);
        } else if (part->state == RG_INGEST_STOPPED && /* spares fetching what nobody will look at */
                   rg_kafka_consumer_seek(g->consumer, event.topic, event.partition, RG_KAFKA_END, &err) < 0) {
            rg_log(RG_LOG_WARNING, "CONSUMER-TROUBLE", RG_LOG_NO_CTX, "%s", err.text);
        }
    }
}

/* ---- freshness ---- */

/* Says how many partitions the sources have that are read here. */
static int tell_counts(struct rg_ingest *g, struct rg_error *err)
{
    for (size_t i = 0; i < g->config.source_count; i++) {
        bool here = false;
        for (size_t p = 0; p < g->part_count; p++)
            here = here || g->parts[p]->source == &g->config.sources[i];
        int failed = here ? rg_stamps_count(g->stamps, g->config.sources[i].upstream.name, g->partitions[i], err) : 0;
        if (failed < 0)
            return failed;
    }
    g->counted = true;
    return 0;
}

/* What stands in Redis below what we have said was lost: said again. */
static int look(struct rg_ingest *g, int64_t *ret_want_ms, struct rg_error *err)
{
    struct rg_stamp rows[RG_INGEST_PARTITIONS_MAX];
    for (size_t i = 0; i < g->part_count; i++)
        rows[i] = (struct rg_stamp){.source = g->parts[i]->source->upstream.name, .partition = g->parts[i]->partition};
    int failed = rg_stamps_read(g->stamps, rows, g->part_count, ret_want_ms, err);
    for (size_t i = 0; failed == 0 && i < g->part_count; i++) {
        if (rows[i].fresh_ms < 0)
            g->counted = false;
        if (rows[i].fresh_ms < g->parts[i]->fresh_ms)
            g->parts[i]->fresh_told = false;
    }
    return failed;
}

/* First the time, then the ends: what was published by then lies below them. */
static int begin_round(struct rg_ingest *g, int64_t want_ms, struct rg_error *err)
{
    struct rg_kafka_position ends[RG_INGEST_PARTITIONS_MAX];
    struct rg_part *asked[RG_INGEST_PARTITIONS_MAX];
    size_t n = 0;
    int64_t now_ms = rg_shared_ms(g->config.clock);
    for (size_t i = 0; now_ms >= 0 && i < g->part_count; i++) {
        struct rg_part *part = g->parts[i];
        if (part->state != RG_INGEST_READING || part->round_ms >= 0 || part->fresh_ms >= want_ms)
            continue;
        ends[n] = (struct rg_kafka_position){part->source->topic, part->partition, 0};
        asked[n++] = part;
    }
    if (n == 0)
        return 0;
    int failed = rg_kafka_consumer_edges(g->consumer, RG_KAFKA_EDGE_END, ends, n, ASK_MS, err);
    if (failed < 0)
        return failed;
    for (size_t i = 0; i < n; i++) {
        asked[i]->round_ms = now_ms;
        asked[i]->round_end = ends[i].offset;
        rg_part_settle(asked[i]);
    }
    atomic_fetch_add(&g->config.counters->rounds, 1);
    return 0;
}

static int round_turn(struct rg_ingest *g, struct rg_error *err)
{
    int64_t want_ms = -1;
    int failed = 0;
    if (boot_ms(g) >= g->round_at_ms) {
        g->round_at_ms = boot_ms(g) + g->config.round_ms;
        failed = look(g, &want_ms, err);
        if (failed == 0)
            failed = begin_round(g, want_ms, err);
        if (failed == 0 && !g->counted)
            failed = tell_counts(g, err);
    }
    for (size_t i = 0; i < g->part_count; i++)
        rg_part_settle(g->parts[i]);
    return failed < 0 ? failed : tell(g, err);
}

static void rounds(struct rg_ingest *g)
{
    struct rg_error err;
    if (g->part_count == 0 || boot_ms(g) < g->redis_at_ms || round_turn(g, &err) == 0)
        return;
    say(g, "INGEST-ROUND", "%s", err.text);
    g->redis_at_ms = boot_ms(g) + RETRY_MS;
}

/* ---- the turn ---- */

static void publish(struct rg_ingest *g)
{
    struct rg_ingest_status status = {.ready = g->topics_open && g->assigned, .at_rest = rg_outgoing_count(g->outgoing) == 0};
    (void)pthread_mutex_lock(&g->mutex);
    for (size_t i = 0; i < g->part_count; i++) {
        const struct rg_part *part = g->parts[i];
        struct rg_ingest_part *seen = &g->looks[i];
        *seen = (struct rg_ingest_part){.source = part->source->upstream.name.p, .topic = part->source->topic, .partition = part->partition,
                                        .state = part->state, .next = rg_ack_window_next(part->window),
                                        .lag = rg_kafka_consumer_lag(g->consumer, part->source->topic, part->partition),
                                        .fresh_ms = part->fresh_ms};
        memcpy(seen->trouble, part->trouble, sizeof seen->trouble);
        status.ready = status.ready && part->state != RG_INGEST_OPENING;
        status.at_rest = status.at_rest && seen->lag == 0 && part->state == RG_INGEST_READING && rg_ack_window_in_flight(part->window) == 0;
    }
    status.at_rest = status.at_rest && status.ready;
    if (status.ready && boot_ms(g) >= g->redis_at_ms)
        g->trouble[0] = '\0';
    memcpy(status.trouble, g->trouble[0] != '\0' ? g->trouble : g->missing, sizeof status.trouble);
    status.turned_boot_ms = boot_ms(g);
    g->look_count = g->part_count;
    g->status = status;
    (void)pthread_mutex_unlock(&g->mutex);
}

static void keep_topics(struct rg_ingest *g)
{
    struct rg_error err;
    if (g->topics_open || boot_ms(g) < g->topics_at_ms)
        return;
    g->topics_at_ms = boot_ms(g) + RETRY_MS;
    if (open_topics(g, &err) == 0)
        g->topics_open = true;
    else
        say(g, "INGEST-TOPICS", "%s", err.text);
}

static void pump(struct rg_ingest *g, int wait_ms)
{
    struct rg_error err;
    if (rg_outgoing_pump(g->outgoing, wait_ms, &err) < 0)
        say(g, "INGEST-WRITE", "%s", err.text);
    atomic_store(&g->config.counters->rebuilds, rg_outgoing_rebuilds(g->outgoing));
}

void rg_ingest_turn(struct rg_ingest *ingest, int wait_ms)
{
    struct rg_ingest *g = ingest;
    keep_topics(g);
    if (g->topics_open)
        keep_consumer(g);
    pump(g, 0);
    if (g->consumer == NULL) {
        (void)poll(NULL, 0, wait_ms); /* nothing to wait for but time */
        publish(g);
        return;
    }
    bool busy = rg_outgoing_count(g->outgoing) > 0;
    open_parts(g);
    take(g, busy ? 0 : wait_ms);
    pump(g, busy ? wait_ms : 0);
    if (boot_ms(g) >= g->commit_at_ms && g->consumer != NULL)
        commit(g, 0);
    if (g->consumer != NULL)
        rounds(g);
    publish(g);
}

void rg_ingest_drain(struct rg_ingest *ingest, int limit_ms)
{
    flush(ingest, limit_ms);
    commit(ingest, limit_ms);
}

void rg_ingest_run(struct rg_ingest *ingest, const _Atomic bool *stopping)
{
    while (!atomic_load(stopping))
        rg_ingest_turn(ingest, RUN_WAIT_MS);
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
            return rg_fail(err, RG_EINVAL, "no source may be named " RG_ORIGIN_LEDGER ": forwarded records say that of themselves");
        for (size_t j = 0; j < i; j++)
            if (strcmp(config->sources[j].topic, source->topic) == 0 || rg_str_eq(config->sources[j].upstream.name, source->upstream.name))
                return rg_fail(err, RG_EINVAL, "source %.60s: another source has the same name or topic", source->upstream.name.p);
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
    const struct rg_outgoing_ops ops = {.done = on_done, .refused = on_refused, .ctx = g};
    failed = rg_stamps_new(&config->redis, &g->stamps, err);
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
        drop_parts(g);
    rg_outgoing_free(&g->outgoing);
    rg_stamps_free(&g->stamps);
    rg_arena_free(&g->arena);
    (void)pthread_mutex_destroy(&g->mutex);
    rg_free(ingest);
}

size_t rg_ingest_look(struct rg_ingest *ingest, struct rg_ingest_part *ret_parts, size_t max, struct rg_ingest_status *ret_status)
{
    (void)pthread_mutex_lock(&ingest->mutex);
    size_t n = ingest->look_count < max ? ingest->look_count : max;
    memcpy(ret_parts, ingest->looks, n * sizeof *ret_parts);
    *ret_status = ingest->status;
    (void)pthread_mutex_unlock(&ingest->mutex);
    return n;
}
