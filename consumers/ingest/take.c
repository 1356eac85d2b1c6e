/* One record of upstream: what it means, where it goes, and if it means nothing, why. Nothing here waits or fails: what cannot be
 * read becomes a dead letter, which is one more record on its way. */
#include "consumers/ingest/ingest_parts.h"

#include "base/core/log.h"
#include "consumers/ingest/letter.h"
#include "consumers/ingest/route.h"

#include <string.h>

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
    atomic_fetch_add(&rg_ingest_counters_of(g, part)->dead[index], 1);
    if (rg_ingest_boot_ms(g) < g->letter_at_ms[index]) {
        g->letters_unsaid[index]++;
        return;
    }
    const struct rg_log_ctx log = {.source = part->source->upstream.name.p, .topic = part->source->topic, .shard = -1};
    rg_log(RG_LOG_NOTICE, "DEAD-LETTER", &log, "%s/%d/%lld: %s: %s (%llu more of this reason since the last line)",
           part->source->topic, part->partition, (long long)offset, reject->reason, reject->detail,
           (unsigned long long)g->letters_unsaid[index]);
    g->letter_at_ms[index] = rg_ingest_boot_ms(g) + LETTER_LOG_MS;
    g->letters_unsaid[index] = 0;
}

static struct rg_outgoing_record letter_record(struct rg_ingest *g, struct rg_part *part, int64_t offset,
                                               const struct rg_letter *letter)
{
    return (struct rg_outgoing_record){.topic = g->config.deadletter_topic,
                                       .partition = part->partition % g->deadletter_partitions,
                                       .key = letter->key,
                                       .value = letter->value,
                                       .headers = letter->headers,
                                       .header_count = letter->header_count,
                                       .owner = part,
                                       .offset = offset,
                                       .letter = true};
}

/* A record of ours that no broker takes: what it says goes to the dead letters. A letter that is refused too is given up, since
 * holding it would stop everything behind it. */
bool rg_ingest_refused(void *ctx, const struct rg_outgoing_record *record, const char *why,
                       struct rg_outgoing_record *ret_instead)
{
    struct rg_ingest *g = ctx;
    struct rg_part *part = record->owner;
    struct rg_reject reject;
    (void)rg_refuse(&reject, RG_DEAD_REFUSED, "%.100s/%d does not take it: %s", record->topic, record->partition, why);
    count_dead(g, part, record->offset, &reject);
    if (record->letter) {
        rg_log(RG_LOG_ERROR, "LETTER-LOST", RG_LOG_NO_CTX, "%s/%d/%lld could not even be written as a dead letter: %s",
               part->source->topic, part->partition, (long long)record->offset, why);
        return false;
    }
    struct rg_message_header headers[RG_MESSAGE_HEADERS_MAX];
    struct rg_message message = {.key = record->key, .value = record->value, .headers = headers};
    rg_arena_reset(g->arena); /* between two records of upstream */
    struct rg_letter *letter = RG_NEW(g->arena, struct rg_letter, 1); /* its headers are read after our return */
    for (size_t i = 0; i < record->header_count && i < RG_MESSAGE_HEADERS_MAX; i++)
        headers[message.header_count++] = (struct rg_message_header){rg_str(record->headers[i].name), record->headers[i].value};
    rg_letter_write(&message, part->source->topic, part->partition, record->offset, false, &reject, said_ms(g), g->arena,
                    letter);
    *ret_instead = letter_record(g, part, record->offset, letter);
    return true;
}

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
        if (g->config.sources[i].again)
            continue; /* no source of its own: nobody waits for it */
        if (rg_str_eq(g->config.sources[i].upstream.name, event->source_name))
            return 0;
        names[count++] = g->config.sources[i].upstream.name.p;
    }
    const struct rg_words sources = {"source", names, (int)count, 0};
    const char *near = rg_words_suggest(&sources, event->source_name);
    return rg_refuse(reject, RG_DEAD_BAD_FIELD, "data.source_name: no source \"" RG_STR_FMT "\"%s%s%s",
                     RG_STR_ARG(event->source_name), near != NULL ? ", did you mean \"" : "", near != NULL ? near : "",
                     near != NULL ? "\"?" : "");
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
                                         .topic = topic_of(g, routed->topic),
                                         .partition = routed->topic == RG_TOPIC_CONTROL ? CONTROL_PARTITION : routed->partition,
                                         .key = routed->key,
                                         .value = routed->value,
                                         .headers = headers,
                                         .header_count = header_count,
                                         .owner = part,
                                         .offset = at->offset});
    }
}

void rg_ingest_take(struct rg_ingest *g, struct rg_part *part, const struct rg_kafka_event *event)
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
    struct rg_ingest_source_counters *counters = rg_ingest_counters_of(g, part);
    rg_part_add(part, event->offset, event->value, done == RG_DECODED_REJECT ? 1 : (uint32_t)route.count);
    if (done == RG_DECODED_REJECT) {
        struct rg_letter letter;
        atomic_fetch_add(&counters->rejected, 1);
        count_dead(g, part, event->offset, &reject);
        rg_letter_write(&message, event->topic, event->partition, event->offset, part->source->again, &reject, said_ms(g),
                        g->arena, &letter);
        const struct rg_outgoing_record record = letter_record(g, part, event->offset, &letter);
        rg_outgoing_add(g->outgoing, &record);
        return;
    }
    if (done == RG_DECODED_NOTHING) {
        atomic_fetch_add(&counters->ignored, 1);
        return;
    }
    atomic_fetch_add(&counters->accepted, 1);
    atomic_fetch_add(&g->config.counters->accepted[decoded.type], 1);
    if (route.words_dropped)
        atomic_fetch_add(&g->config.counters->words_dropped, 1);
    send_route(g, part, &at, &route);
}
