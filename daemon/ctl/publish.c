/* reguactl publish: one event, checked as ingest will check it and written to a source's topic. For the first minutes, for trying
 * a ladder, and for teams that want to know what is wrong with their events before the dead letters tell them. */
#include "daemon/ctl/ctl.h"

#include "base/core/clock.h"
#include "base/core/file.h"
#include "base/core/hash.h"
#include "base/core/rand.h"
#include "base/json/write.h"
#include "daemon/connections.h"
#include "daemon/sources.h"

#include <string.h>

#define ARENA_BYTES (RG_SITE_ARENA_BYTES + RG_DECODE_ARENA_BYTES + ((size_t)64 << 20))
#define TIMEOUT_MS 15000
#define ID_BYTES 16
#define BRASILIA_MINUTES (-180)

struct publish {
    struct rg_ctl *ctl;
    struct rg_arena *arena;
    const struct rg_site *site;
    const struct rg_ingest_source *source;
    struct rg_json *file; /* the event's data */
    struct rg_buf event;  /* the envelope */
};

static void publish_done(struct publish *p)
{
    rg_json_free(&p->file);
    rg_buf_done(&p->event);
    rg_arena_free(&p->arena);
}

static int complain(const struct publish *p, int status, const char *what)
{
    fprintf(stderr, "reguactl %s: %s\n", p->ctl->command->name, what);
    return status;
}

/* ---- where to ---- */

static const struct rg_ingest_source *choose(const struct publish *p, const struct rg_ingest_source *sources, size_t count)
{
    const char *wanted = rg_ctl_option(p->ctl, "source");
    for (size_t i = 0; i < count; i++) {
        bool fits = !sources[i].again && (wanted != NULL ? rg_str_is(sources[i].upstream.name, wanted)
                                                         : sources[i].upstream.format == RG_SOURCE_CLOUDEVENTS);
        if (fits)
            return &sources[i];
    }
    return NULL;
}

static int load(struct publish *p)
{
    RG_CLEANUP(rg_diags_free) struct rg_diags *diags = rg_diags_new();
    const struct rg_ingest_source *sources = NULL;
    size_t count = 0;
    int rc = rg_ctl_site(p->ctl, p->arena, &p->site);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (rg_sources_load(p->site, p->arena, diags, &sources, &count) < 0)
        return complain(p, RG_EXIT_USAGE, "a mapping has errors: reguactl check shows them");
    p->source = choose(p, sources, count);
    if (p->source == NULL)
        return complain(p, RG_EXIT_USAGE,
                        "no such source; --source names one that reads CloudEvents (reguactl config lists them)");
    if (p->source->upstream.format != RG_SOURCE_CLOUDEVENTS)
        return complain(p, RG_EXIT_USAGE,
                        "this source reads another format through a mapping; --source names one that reads CloudEvents");
    return RG_EXIT_FINE;
}

/* ---- what ---- */

static int read_data(struct publish *p)
{
    const char *path = rg_ctl_option(p->ctl, "file");
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&bytes, RG_EVENT_BYTES_MAX);
    if (path == NULL)
        return RG_EXIT_FINE;
    if (rg_file_read(path, &bytes, &err) < 0 || rg_json_parse(rg_buf_str(&bytes), RG_EVENT_BYTES_MAX, &p->file, &err) < 0) {
        fprintf(stderr, "reguactl publish: %s: %s\n", path, err.text);
        return RG_EXIT_USAGE;
    }
    if (rg_json_kind(rg_json_root(p->file)) != RG_JSON_OBJECT)
        return complain(p, RG_EXIT_USAGE, "the file holds the event's data: a JSON object expected");
    return RG_EXIT_FINE;
}

/* False for an amount that is no whole number. */
static bool write_data(struct publish *p, struct rg_jw *jw)
{
    static const char *const texts[] = {"debtor", "invoice", "payment"};
    const char *cents = rg_ctl_option(p->ctl, "amount-cents");
    int64_t amount = 0;
    rg_jw_member_object(jw, "data");
    for (size_t i = 0; i < RG_COUNT(texts); i++)
        if (rg_ctl_option(p->ctl, texts[i]) != NULL)
            rg_jw_member_cstr(jw, texts[i], rg_ctl_option(p->ctl, texts[i]));
    if (cents != NULL) {
        if (!rg_str_to_i64(rg_str(cents), &amount))
            return false;
        rg_jw_member_int(jw, "amount_cents", amount);
    }
    if (p->file != NULL) {
        RG_JSON_EACH(member, rg_json_root(p->file)) {
            rg_jw_key_str(jw, rg_json_key(member));
            rg_jw_value(jw, member);
        }
    }
    rg_jw_object_end(jw);
    return true;
}

static int write_event(struct publish *p)
{
    uint8_t random[ID_BYTES];
    char id[2 * ID_BYTES + 1], now[RG_INSTANT_TEXT_MAX], type[128];
    const char *name = p->ctl->args[0], *given = rg_ctl_option(p->ctl, "id");
    struct rg_jw jw;
    rg_random_bytes(random, sizeof random);
    rg_hex(random, sizeof random, id);
    rg_instant_format(rg_wall_ms(rg_clock_system()), BRASILIA_MINUTES, now);
    (void)snprintf(type, sizeof type, "%s%s", strncmp(name, "regua.", 6) == 0 ? "" : "regua.", name);
    rg_jw_init(&jw, &p->event);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "specversion", "1.0");
    rg_jw_member_cstr(&jw, "id", given != NULL ? given : id);
    rg_jw_member_cstr(&jw, "source", "reguactl");
    rg_jw_member_cstr(&jw, "type", type);
    rg_jw_member_cstr(&jw, "time", now);
    rg_jw_member_cstr(&jw, "datacontenttype", "application/json");
    if (!write_data(p, &jw))
        return complain(p, RG_EXIT_USAGE, "--amount-cents: a whole number of centavos expected");
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    return p->event.overflow ? complain(p, RG_EXIT_USAGE, "the event is too large") : RG_EXIT_FINE;
}

static const struct rg_message_header content_type = {{"content-type", 12}, {"application/cloudevents+json", 28}};

/* As ingest will read it. */
static int check(struct publish *p, struct rg_event *ret_event)
{
    const struct rg_message message = {.value = rg_buf_str(&p->event), .headers = &content_type, .header_count = 1};
    struct rg_reject reject;
    if (rg_decode(&p->source->upstream, &message, p->arena, ret_event, &reject) == RG_DECODED_EVENT)
        return RG_EXIT_FINE;
    fprintf(stderr, "reguactl publish: this would become a dead letter: %s: %s\n", reject.reason, reject.detail);
    return RG_EXIT_FINDINGS;
}

/* ---- sending ---- */

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    *(struct rg_kafka_report *)ctx = *report;
}

static int send_event(struct publish *p, struct rg_str key, struct rg_kafka_report *ret_report, struct rg_error *err)
{
    struct rg_kafka_config config;
    struct rg_kafka_producer *producer = NULL;
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = ret_report};
    const struct rg_kafka_header header = {content_type.name.p, content_type.value};
    int partitions = 0;
    ret_report->err.code = RG_EUNKNOWN;
    int rc = rg_connect_kafka(p->site, p->arena, "reguactl", rg_clock_system(), &config, err);
    if (rc == 0)
        rc = rg_kafka_producer_new(&config, &options, &producer, err);
    if (rc == 0)
        rc = rg_kafka_producer_open(producer, p->source->topic, TIMEOUT_MS, &partitions, err);
    const struct rg_kafka_record record = {.topic = p->source->topic,
                                           .partition = rc == 0 ? rg_shard_of(key, partitions) : 0,
                                           .key = key,
                                           .value = rg_buf_str(&p->event),
                                           .headers = &header,
                                           .headers_n = 1};
    if (rc == 0)
        rc = rg_kafka_producer_send(producer, &record, err);
    if (rc == 0)
        rc = rg_kafka_producer_flush(producer, TIMEOUT_MS, err);
    if (rc == 0 && ret_report->err.code != 0) {
        *err = ret_report->err;
        rc = err->code;
    }
    if (producer != NULL)
        rg_kafka_producer_free(&producer, RG_KAFKA_FREE_MS);
    return rc;
}

int rg_ctl_publish(struct rg_ctl *ctl)
{
    RG_CLEANUP(publish_done) struct publish p = {.ctl = ctl, .arena = rg_arena_new(ARENA_BYTES)};
    struct rg_event event;
    struct rg_kafka_report report = {0};
    struct rg_error err;
    rg_buf_init(&p.event, 2 * RG_EVENT_BYTES_MAX);
    int rc = load(&p);
    if (rc == RG_EXIT_FINE)
        rc = read_data(&p);
    if (rc == RG_EXIT_FINE)
        rc = write_event(&p);
    if (rc == RG_EXIT_FINE)
        rc = check(&p, &event);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (rg_ctl_option(ctl, "check") != NULL) {
        puts(rg_buf_cstr(&p.event));
        return RG_EXIT_FINE;
    }
    struct rg_str key = rg_str_has(event.debtor) ? event.debtor : event.invoice;
    if (send_event(&p, key, &report, &err) < 0)
        return rg_ctl_kafka_failed(ctl, p.site, &err);
    printf(rg_ctl_option(ctl, "json") != NULL ? "{\"type\":\"regua.%s\",\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld}\n"
                                             : "regua.%s published to %s, partition %d, offset %lld\n",
           rg_event_type_name(event.type), p.source->topic, report.partition, (long long)report.offset);
    return RG_EXIT_FINE;
}
