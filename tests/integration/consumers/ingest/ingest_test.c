/* Ingest between a real Kafka and a real Redis: what it writes, what it commits, what it does when topics are made anew, refuse
 * records or do not exist, and that a second life repeats the first one's records under the same origins. */
#include "consumers/ingest/ingest.h"
#include "consumers/ingest/letter.h"

#include "base/core/hash.h"
#include "base/core/log.h"
#include "base/core/rand.h"
#include "base/redis/keys.h"
#include "config/contract/ledger.h"
#include "config/contract/state.h"
#include "tests/fakes/kafka_server.h"
#include "tests/fakes/mock_broker.h"
#include "tests/fakes/redis_server.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS 4
#define WAIT_MS 20000
#define ASK_MS 10000
#define RECORDS_MAX 512
#define NAME_BYTES 64

static struct rg_kafka_server *kafka;
static struct rg_redis_server *redis;
static struct rg_kafka_admin *admin;
static struct rg_kafka_producer *upstream;
static char run[9];

static int start_servers(void **state)
{
    (void)state;
    struct rg_error err = {0};
    uint8_t bytes[4];
    rg_random_bytes(bytes, sizeof bytes);
    rg_hex(bytes, sizeof bytes, run);
    redis = rg_redis_server_start(NULL);
    if (rg_kafka_server_start(NULL, 1, &kafka, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    const struct rg_kafka_config config = {.brokers = rg_kafka_server_bootstrap(kafka), .client_id = "test"};
    return rg_kafka_admin_new(&config, &admin, &err);
}

static int stop_servers(void **state)
{
    (void)state;
    rg_kafka_producer_free(&upstream, RG_KAFKA_FREE_MS);
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    rg_kafka_server_stop(&kafka);
    rg_redis_server_stop(&redis);
    return 0;
}

/* ---- the rig: topics of one test, and one ingest ---- */

struct rig {
    char group[NAME_BYTES], first[NAME_BYTES], second[NAME_BYTES], ledger[NAME_BYTES], people[NAME_BYTES], control[NAME_BYTES],
        dead[NAME_BYTES];
    struct rg_ingest_source sources[3];
    struct rg_ingest_config config;
    struct rg_ingest_counters counters;
    struct rg_ingest *ingest;
};

static void make_topic(const char *name, int partitions, const char *setting, const char *value)
{
    const struct rg_kafka_setting settings[] = {{setting, value}};
    const struct rg_kafka_topic_spec spec = {.name = name, .partitions = partitions, .replication = 1, .settings = settings,
                                             .settings_n = setting != NULL ? 1 : 0};
    struct rg_error err = {0};
    if (rg_kafka_topics_ensure(admin, &spec, 1, ASK_MS, &err) < 0)
        fail_msg("%s", err.text);
}

static void name_of(char name[NAME_BYTES], const char *test, const char *what)
{
    (void)snprintf(name, NAME_BYTES, "%s-%s-%s", test, what, run);
}

/* All tests call their sources the same. */
static void forget_all(void)
{
    struct rg_redis *line RG_CLEANUP(rg_redis_free) = NULL;
    const struct rg_redis_config config = {
        .url = rg_redis_server_url(redis), .connect_timeout_ms = 2000, .command_timeout_ms = 2000};
    const struct rg_redis_reply *reply;
    struct rg_error err;
    if (rg_redis_new(&config, &line, &err) < 0 || rg_redis_connect(line, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(RG_REDIS_CALL(line, &reply, &err, RG_STR("FLUSHALL")), 0);
}

static const struct rg_str creditors[] = {{"provedor", 8}};

/* Two sources of CloudEvents, `first` with two partitions and `second` with one. */
static void rig_init(struct rig *rig, const char *test)
{
    *rig = (struct rig){.ingest = NULL};
    forget_all();
    name_of(rig->group, test, "group");
    name_of(rig->first, test, "first");
    name_of(rig->second, test, "second");
    name_of(rig->ledger, test, "ledger");
    name_of(rig->people, test, "people");
    name_of(rig->control, test, "control");
    name_of(rig->dead, test, "dead");
    rig->sources[0] = (struct rg_ingest_source){
        .upstream = {.name = RG_STR("first"), .creditors = creditors, .creditor_count = 1}, .topic = rig->first};
    rig->sources[1] = (struct rg_ingest_source){
        .upstream = {.name = RG_STR("second"), .creditors = creditors, .creditor_count = 1}, .topic = rig->second};
    rig->config = (struct rg_ingest_config){
        .kafka = {.brokers = rg_kafka_server_bootstrap(kafka), .client_id = "ingest"},
        .group = rig->group,
        .ledger_topic = rig->ledger,
        .people_topic = rig->people,
        .control_topic = rig->control,
        .deadletter_topic = rig->dead,
        .shards = SHARDS,
        .sources = rig->sources,
        .source_count = 2,
        .session_timeout_ms = 6000,
        .round_ms = 50,
        .redis = {.url = rg_redis_server_url(redis), .connect_timeout_ms = 2000, .command_timeout_ms = 2000},
        .clock = rg_clock_system(),
        .counters = &rig->counters,
    };
}

static void make_own_topics(struct rig *rig)
{
    make_topic(rig->ledger, SHARDS, NULL, NULL);
    make_topic(rig->people, SHARDS, NULL, NULL);
    make_topic(rig->control, 1, NULL, NULL);
    make_topic(rig->dead, 2, "max.message.bytes", "2097152");
}

static void make_topics(struct rig *rig)
{
    make_topic(rig->first, 2, "max.message.bytes", "4194304");
    make_topic(rig->second, 1, NULL, NULL);
    make_own_topics(rig);
}

static void rig_start(struct rig *rig)
{
    struct rg_error err = {0};
    if (rg_ingest_new(&rig->config, &rig->ingest, &err) < 0)
        fail_msg("%s", err.text);
}

static uint64_t records_read(const struct rig *rig)
{
    uint64_t all = 0;
    for (size_t i = 0; i < rig->config.source_count; i++)
        all += atomic_load(&rig->counters.sources[i].accepted) + atomic_load(&rig->counters.sources[i].ignored) +
               atomic_load(&rig->counters.sources[i].rejected);
    return all;
}

static void rig_stop(struct rig *rig)
{
    rg_ingest_free(&rig->ingest);
}

static int64_t now_ms(void)
{
    return rg_boot_ms(rg_clock_system());
}

static struct rg_ingest_status rig_status(struct rig *rig, struct rg_ingest_part parts[8], size_t *ret_n)
{
    struct rg_ingest_status status;
    *ret_n = rg_ingest_look(rig->ingest, parts, 8, &status);
    return status;
}

/* Turns until `read` records of upstream in all were read by this rig and everything is acknowledged. */
static void rig_read(struct rig *rig, uint64_t read)
{
    int64_t until = now_ms() + WAIT_MS;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    while (now_ms() < until) {
        rg_ingest_turn(rig->ingest, 20);
        struct rg_ingest_status status = rig_status(rig, parts, &n);
        if (records_read(rig) >= read && status.ready && status.at_rest)
            return;
    }
    fail_msg("%llu of %llu records read; %s", (unsigned long long)records_read(rig), (unsigned long long)read,
             rig_status(rig, parts, &n).trouble);
}

static void rig_turn_for(struct rig *rig, int ms)
{
    int64_t until = now_ms() + ms;
    while (now_ms() < until)
        rg_ingest_turn(rig->ingest, 20);
}

/* ---- writing upstream ---- */

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    assert_int_equal(report->err.code, 0);
}

static const struct rg_kafka_header structured[] = {{"content-type", {"application/cloudevents+json", 28}}};

static void publish(const char *topic, int partition, struct rg_str value, const struct rg_kafka_header *headers,
                    size_t header_count)
{
    struct rg_error err = {0};
    int partitions = 0;
    const struct rg_kafka_config config = {.brokers = rg_kafka_server_bootstrap(kafka), .client_id = "upstream"};
    const struct rg_kafka_producer_options options = {.on_report = on_report, .record_max_bytes = 4000000};
    const struct rg_kafka_record record = {.topic = topic,
                                           .partition = partition,
                                           .key = RG_STR("k"),
                                           .value = value,
                                           .headers = headers,
                                           .headers_n = header_count};
    if (upstream == NULL && rg_kafka_producer_new(&config, &options, &upstream, &err) < 0)
        fail_msg("%s", err.text);
    if (rg_kafka_producer_open(upstream, topic, ASK_MS, &partitions, &err) < 0 ||
        rg_kafka_producer_send(upstream, &record, &err) < 0 || rg_kafka_producer_flush(upstream, ASK_MS, &err) < 0)
        fail_msg("%s", err.text);
}

static void publish_event(const char *topic, int partition, const char *id, const char *type, const char *data)
{
    char value[2048];
    (void)snprintf(value, sizeof value, "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/t\",\"type\":\"regua.%s\",\"time\":"
                   "\"2026-11-25T10:00:00-03:00\",\"data\":%s}", id, type, data);
    publish(topic, partition, rg_str(value), structured, 1);
}

static void publish_issued(const char *topic, int partition, const char *invoice, const char *debtor)
{
    char data[512];
    (void)snprintf(data, sizeof data,
                   "{\"invoice\":\"%s\",\"debtor\":\"%s\",\"due_on\":\"2026-11-03\",\"amount_cents\":100,\"debtor_details\":"
                   "{\"name\":\"Maria\"}}",
                   invoice, debtor);
    publish_event(topic, partition, invoice, "invoice.issued", data);
}

/* ---- reading our topics ---- */

struct record {
    int partition;
    int64_t offset;
    char key[128], value[1024], kind[32], origin[RG_ORIGIN_TEXT_MAX], reason[64], detail[256], source[128];
    size_t value_bytes;
    char sha256[65];
};

static void copy(char *room, size_t max, struct rg_str text)
{
    (void)snprintf(room, max, "%.*s", (int)(text.n < max ? text.n : max - 1), text.p == NULL ? "" : text.p);
}

static void keep(const struct rg_kafka_event *event, struct record *r)
{
    *r = (struct record){.partition = event->partition, .offset = event->offset, .value_bytes = event->value.n};
    copy(r->key, sizeof r->key, event->key);
    copy(r->value, sizeof r->value, event->value);
    copy(r->kind, sizeof r->kind, rg_kafka_event_header(event, RG_HEADER_KIND));
    copy(r->origin, sizeof r->origin, rg_kafka_event_header(event, RG_HEADER_ORIGIN));
    copy(r->reason, sizeof r->reason, rg_kafka_event_header(event, RG_LETTER_REASON));
    copy(r->detail, sizeof r->detail, rg_kafka_event_header(event, RG_LETTER_DETAIL));
    copy(r->source, sizeof r->source, rg_kafka_event_header(event, RG_LETTER_SOURCE));
    copy(r->sha256, sizeof r->sha256, rg_kafka_event_header(event, RG_LETTER_SHA256));
}

/* All records of a topic, each partition in its order. */
static size_t read_topic(const char *topic, int partitions, struct record *room)
{
    size_t count = 0;
    struct rg_error err = {0};
    struct rg_kafka_consumer *reader = NULL;
    struct rg_kafka_position from[SHARDS];
    const struct rg_kafka_config config = {.brokers = rg_kafka_server_bootstrap(kafka), .client_id = "reader"};
    const struct rg_kafka_consumer_options options = {.group = "reader", .ends = true};
    for (int p = 0; p < partitions; p++)
        from[p] = (struct rg_kafka_position){topic, p, RG_KAFKA_BEGINNING};
    if (rg_kafka_consumer_new(&config, &options, &reader, &err) < 0 ||
        rg_kafka_consumer_assign(reader, from, (size_t)partitions, &err) < 0)
        fail_msg("%s", err.text);
    int64_t until = now_ms() + WAIT_MS;
    for (int ended = 0; ended < partitions;) {
        struct rg_kafka_event event;
        rg_kafka_consumer_poll(reader, 100, &event);
        ended += event.kind == RG_KAFKA_EVENT_END;
        if (now_ms() > until)
            fail_msg("%s has no end", topic);
        if (event.kind != RG_KAFKA_EVENT_MESSAGE)
            continue;
        assert_true(count < RECORDS_MAX);
        keep(&event, &room[count++]);
    }
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    return count;
}

static const struct record *find(const struct record *records, size_t count, const char *origin)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(records[i].origin, origin) == 0)
            return &records[i];
    return NULL;
}

/* A field of regua:{all}:fresh; −1 when it is not a number. */
static int64_t fresh_field(const char *field, const char *set)
{
    struct rg_redis *line RG_CLEANUP(rg_redis_free) = NULL;
    const struct rg_redis_config config = {
        .url = rg_redis_server_url(redis), .connect_timeout_ms = 2000, .command_timeout_ms = 2000};
    const struct rg_redis_reply *reply;
    struct rg_error err;
    int64_t value = -1;
    if (rg_redis_new(&config, &line, &err) < 0 || rg_redis_connect(line, &err) < 0)
        fail_msg("%s", err.text);
    if (set != NULL)
        assert_int_equal(RG_REDIS_CALL(line, &reply, &err, RG_STR("HSET"), rg_key_fresh(), rg_str(field), rg_str(set)), 0);
    assert_int_equal(RG_REDIS_CALL(line, &reply, &err, RG_STR("HGET"), rg_key_fresh(), rg_str(field)), 0);
    return reply->kind == RG_REDIS_STR && rg_str_to_i64(reply->text, &value) ? value : -1;
}

static struct record records[RECORDS_MAX], others[RECORDS_MAX];

/* ---- tests ---- */

static void events_reach_their_shards(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "reach");
    make_topics(&rig);
    publish_issued(rig.first, 0, "F1", "c1");
    publish_event(rig.first, 1, "e2", "payment.confirmed", "{\"invoice\":\"F1\",\"amount_cents\":100}");
    publish_event(rig.second, 0, "e3", "source.synced", "{\"source_name\":\"first\",\"through\":\"2026-11-25T10:00:00Z\"}");
    publish_event(rig.second, 0, "e4", "debtor.updated", "{\"debtor\":\"c1\",\"tier\":\"gold\"}");
    publish(rig.second, 0, (struct rg_str){NULL, 0}, NULL, 0); /* a tombstone */
    rig_start(&rig);
    rig_read(&rig, 5);
    rig_stop(&rig);

    size_t n = read_topic(rig.ledger, SHARDS, records);
    assert_int_equal(n, 4);
    const struct record *facts = find(records, n, "first:0:0:0:0"), *located = find(records, n, "first:0:0:0:1");
    const struct record *paid = find(records, n, "first:0:1:0:0"), *tier = find(records, n, "second:0:0:1:0");
    assert_non_null(facts);
    assert_non_null(located);
    assert_non_null(paid);
    assert_non_null(tier);
    int home = rg_shard_of(RG_STR("invoice:provedor:F1"), SHARDS), shard = rg_shard_of(RG_STR("c1"), SHARDS);
    assert_int_equal(facts->partition, shard);
    assert_int_equal(tier->partition, shard);
    assert_int_equal(located->partition, home);
    assert_int_equal(paid->partition, home);
    assert_string_equal(facts->kind, "event");
    assert_string_equal(facts->key, "c1");
    assert_string_equal(located->kind, "located");
    assert_string_equal(located->value, "{\"v\":1,\"ref\":\"invoice:provedor:F1\",\"debtor\":\"c1\"}");
    assert_string_equal(paid->key, "invoice:provedor:F1");
    assert_non_null(strstr(facts->value, "\"creditor\":\"provedor\""));

    n = read_topic(rig.people, SHARDS, records);
    assert_int_equal(n, 1);
    assert_string_equal(records[0].key, "c1/first:0:0:0:4");
    assert_string_equal(records[0].kind, "update");
    assert_int_equal(records[0].partition, shard);

    n = read_topic(rig.control, 1, records);
    assert_int_equal(n, 1);
    assert_string_equal(records[0].key, "known/first");
    assert_non_null(strstr(records[0].value, "\"through\":1795600800000,\"at\":"));
    assert_string_equal(records[0].kind, "");
    assert_int_equal(read_topic(rig.dead, 2, records), 0);
    assert_int_equal(atomic_load(&rig.counters.sources[0].accepted), 2);
    assert_int_equal(atomic_load(&rig.counters.sources[1].accepted), 2);
    assert_int_equal(atomic_load(&rig.counters.sources[1].ignored), 1);
    assert_int_equal(atomic_load(&rig.counters.accepted[RG_EV_INVOICE_ISSUED]), 1);
    assert_int_equal(atomic_load(&rig.counters.written), 6);
}

static void what_cannot_be_read_stops_nothing(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "dead");
    make_topics(&rig);
    publish(rig.first, 0, RG_STR("{not json"), structured, 1);
    publish(rig.first, 0, RG_STR("{}"), NULL, 0);
    publish_event(rig.first, 0, "e1", "invoice.isued", "{}");
    publish_event(rig.first, 0, "e2", "payment.confirmed", "{\"invoice\":\"F1\",\"amount_cents\":\"100\"}");
    publish_event(rig.first, 0, "e3", "source.synced", "{\"source_name\":\"frist\",\"through\":\"2026-11-25T10:00:00Z\"}");
    publish_event(rig.first, 0, "e4", "delivery.receipt",
                  "{\"action\":\"00ff00112233445566778899aabbccddeeff\",\"status\":\"read\"}");
    struct rg_buf large RG_CLEANUP(rg_buf_done);
    rg_buf_init(&large, 2000000);
    for (size_t i = 0; i < RG_LETTER_VALUE_MAX + 10; i++)
        rg_buf_addc(&large, 'x');
    publish(rig.first, 0, rg_buf_str(&large), structured, 1);
    publish_issued(rig.first, 0, "F1", "c1");
    rig_start(&rig);
    rig_read(&rig, 8);
    rig_stop(&rig);

    static const struct {
        const char *reason, *says;
    } expected[] = {
        {RG_DEAD_BAD_JSON, ""},
        {RG_DEAD_BAD_ENVELOPE, "no CloudEvent"},
        {RG_DEAD_UNKNOWN_TYPE, "did you mean \"regua.invoice.issued\"?"},
        {RG_DEAD_BAD_FIELD, "data.amount_cents: expected a whole number of centavos"},
        {RG_DEAD_BAD_FIELD, "no source \"frist\", did you mean \"first\"?"},
        {RG_DEAD_UNROUTABLE, "names shard 255, and there are 4"},
        {RG_DEAD_TOO_LARGE, "1740810 bytes"},
    };
    size_t n = read_topic(rig.dead, 2, records);
    assert_int_equal(n, RG_COUNT(expected));
    for (size_t i = 0; i < n; i++) {
        char source[NAME_BYTES + 32];
        (void)snprintf(source, sizeof source, "%s/0/%zu", rig.first, i);
        assert_string_equal(records[i].reason, expected[i].reason);
        if (strstr(records[i].detail, expected[i].says) == NULL)
            fail_msg("%s", records[i].detail);
        assert_string_equal(records[i].source, source);
        assert_string_equal(records[i].key, "k");
    }
    assert_string_equal(records[0].value, "{not json");
    assert_int_equal(records[6].value_bytes, RG_LETTER_VALUE_MAX);
    assert_int_equal(strlen(records[6].sha256), 64);
    assert_int_equal(read_topic(rig.ledger, SHARDS, records), 2); /* and the good one behind them */
    int index = 0;
    while (strcmp(rg_ingest_reason(index), RG_DEAD_BAD_FIELD) != 0)
        index++;
    assert_int_equal(atomic_load(&rig.counters.sources[0].dead[index]), 2);
    assert_int_equal(atomic_load(&rig.counters.sources[1].dead[index]), 0);
    assert_int_equal(atomic_load(&rig.counters.sources[0].accepted), 1);
    assert_int_equal(atomic_load(&rig.counters.sources[0].rejected), RG_COUNT(expected));
}

static void a_restart_goes_on_behind_the_commit(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "restart");
    make_topics(&rig);
    for (int i = 0; i < 20; i++) {
        char invoice[16];
        (void)snprintf(invoice, sizeof invoice, "F%d", i);
        publish_issued(rig.first, i % 2, invoice, invoice);
    }
    rig_start(&rig);
    rig_read(&rig, 20);
    rig_stop(&rig);
    size_t n = read_topic(rig.ledger, SHARDS, records);
    assert_int_equal(n, 40);
    rig_start(&rig);
    publish_issued(rig.first, 0, "F20", "F20");
    rig_read(&rig, 21);
    rig_stop(&rig);
    assert_int_equal(read_topic(rig.ledger, SHARDS, records), 42);
    assert_int_equal(records_read(&rig), 21);
}

/* A group that begins again stands for any process that died before its commit. */
static void repeats_have_the_same_origins_and_bytes(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "repeat");
    make_topics(&rig);
    for (int i = 0; i < 50; i++) {
        char invoice[16], debtor[16];
        (void)snprintf(invoice, sizeof invoice, "F%d", i);
        (void)snprintf(debtor, sizeof debtor, "c%d", i % 7);
        publish_issued(rig.first, i % 2, invoice, debtor);
    }
    rig_start(&rig);
    rig_read(&rig, 50);
    rig_stop(&rig);
    size_t n = read_topic(rig.ledger, SHARDS, records);
    assert_int_equal(n, 100);
    name_of(rig.group, "repeat", "another");
    forget_all();
    rig_start(&rig);
    rig_read(&rig, 100);
    rig_stop(&rig);
    assert_int_equal(read_topic(rig.ledger, SHARDS, others), 200);
    for (size_t i = 0; i < 200; i++) {
        const struct record *first = find(records, n, others[i].origin);
        assert_non_null(first);
        assert_int_equal(first->partition, others[i].partition);
        assert_string_equal(first->value, others[i].value);
        assert_string_equal(first->key, others[i].key);
        assert_string_equal(first->kind, others[i].kind);
    }
    /* Per shard and source partition origins only grow, but for the one step back at the repeat. */
    for (size_t i = 1; i < 200; i++) {
        struct rg_origin a, b;
        int64_t steps_back = 0;
        for (size_t j = 0; j < i; j++) {
            if (others[j].partition != others[i].partition)
                continue;
            assert_int_equal(rg_origin_parse(rg_str(others[j].origin), &a, NULL), 0);
            assert_int_equal(rg_origin_parse(rg_str(others[i].origin), &b, NULL), 0);
            steps_back += a.partition == b.partition && a.offset == b.offset && a.sub == b.sub;
        }
        assert_true(steps_back <= 1);
    }
}

static void rounds_stamp_what_is_read(void **state)
{
    (void)state;
    struct rig rig;
    char want[32];
    rig_init(&rig, "fresh");
    make_topics(&rig);
    publish_issued(rig.first, 0, "F1", "c1");
    rig_start(&rig);
    rig_read(&rig, 1);
    rig_turn_for(&rig, 300);
    assert_int_equal(atomic_load(&rig.counters.rounds), 0); /* nobody asks: no round */
    assert_int_equal(fresh_field("s:first:0", NULL), -1);
    int64_t wanted = rg_wall_ms(rg_clock_system());
    (void)snprintf(want, sizeof want, "%lld", (long long)wanted);
    assert_int_equal(fresh_field(RG_FRESH_WANT, want), wanted);
    for (int64_t until = now_ms() + WAIT_MS; fresh_field("s:second:0", NULL) < wanted && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    rig_turn_for(&rig, 300);
    assert_true(fresh_field("s:first:0", NULL) >= wanted);
    assert_true(fresh_field("s:first:1", NULL) >= wanted);
    assert_true(fresh_field("s:second:0", NULL) >= wanted);
    assert_int_equal(fresh_field("n:first", NULL), 2);
    assert_int_equal(fresh_field("n:second", NULL), 1);
    uint64_t rounds = atomic_load(&rig.counters.rounds);
    rig_turn_for(&rig, 300);
    assert_int_equal(atomic_load(&rig.counters.rounds), rounds); /* what is wanted is known */
    forget_all(); /* Redis lost it: what was said is said again, and asked for anew by whoever needs it */
    for (int64_t until = now_ms() + WAIT_MS; fresh_field("n:second", NULL) < 1 && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_true(fresh_field("s:first:1", NULL) >= wanted);
    assert_int_equal(fresh_field("n:first", NULL), 2);
    struct rg_ingest_part parts[8];
    size_t n = 0;
    assert_true(rig_status(&rig, parts, &n).at_rest);
    assert_int_equal(n, 3);
    assert_true(parts[0].fresh_ms >= wanted);
    rig_stop(&rig);
}

/* Nothing for that is in the library: the daemon never does it. */
static int64_t shared_ahead(void *ctx)
{
    return rg_wall_ms(rg_clock_system()) + *(const int64_t *)ctx;
}

static int64_t machine_boot(void *ctx)
{
    (void)ctx;
    return rg_boot_ms(rg_clock_system());
}

/* An hour that did not happen: whoever asks afterwards is not told what was read in it. */
static void a_clock_that_was_set_back_is_stamped_anew(void **state)
{
    (void)state;
    struct rig rig;
    int64_t ahead_ms = 60 * RG_MS_PER_MINUTE;
    const struct rg_clock clock = {machine_boot, machine_boot, shared_ahead, &ahead_ms};
    char want[32];
    rig_init(&rig, "back");
    rig.config.clock = &clock;
    make_topics(&rig);
    rig_start(&rig);
    rig_read(&rig, 0);
    for (int hour = 1; hour >= 0; hour--) {
        ahead_ms = hour * 60 * RG_MS_PER_MINUTE;
        int64_t wanted = rg_shared_ms(&clock), stamped = -1;
        (void)snprintf(want, sizeof want, "%lld", (long long)wanted);
        assert_int_equal(fresh_field(RG_FRESH_WANT, want), wanted);
        for (int64_t until = now_ms() + WAIT_MS; (stamped < wanted || stamped > rg_shared_ms(&clock)) && now_ms() < until;) {
            rg_ingest_turn(rig.ingest, 20);
            stamped = fresh_field("s:second:0", NULL);
        }
        assert_in_range(stamped, wanted, rg_shared_ms(&clock));
    }
    rig_stop(&rig);
}

static void add_partitions(const char *topic, int partitions)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 -c 'from confluent_kafka.admin import AdminClient, NewPartitions\n"
                   "admin = AdminClient({\"bootstrap.servers\": \"%s\"})\n"
                   "for done in admin.create_partitions([NewPartitions(\"%s\", %d)]).values(): done.result(10)'",
                   rg_kafka_server_bootstrap(kafka), topic, partitions);
    assert_int_equal(system(command), 0);
}

/* Through when a shard would take the first source to be read: by all of the partitions that it is said to have. */
static int64_t first_known_ms(void)
{
    int64_t earliest = INT64_MAX, partitions = fresh_field("n:first", NULL);
    for (int64_t p = 0; p < partitions; p++) {
        char field[32];
        (void)snprintf(field, sizeof field, "s:first:%lld", (long long)p);
        int64_t at_ms = fresh_field(field, NULL);
        if (at_ms < earliest)
            earliest = at_ms;
    }
    return partitions > 0 ? earliest : -1;
}

/* A topic is given a third partition while it is read, and the next payment lies there. Until it is written into the ledger
 * nothing may be taken to be known through the instant it was published at; and it must not take minutes. */
static void a_topic_that_grows_is_not_taken_to_be_read(void **state)
{
    (void)state;
    struct rig rig;
    char want[32];
    rig_init(&rig, "grows");
    make_topics(&rig);
    publish_issued(rig.first, 0, "F1", "c1");
    rig_start(&rig);
    rig_read(&rig, 1);
    int64_t before_ms = rg_wall_ms(rg_clock_system());
    (void)snprintf(want, sizeof want, "%lld", (long long)before_ms);
    (void)fresh_field(RG_FRESH_WANT, want);
    for (int64_t until = now_ms() + WAIT_MS; first_known_ms() < before_ms && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_true(first_known_ms() >= before_ms);

    add_partitions(rig.first, 3);
    publish_event(rig.first, 2, "p1", "payment.confirmed", "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"amount_cents\":100}");
    int64_t published_ms = rg_wall_ms(rg_clock_system());
    int64_t until = now_ms() + 2 * WAIT_MS;
    while (atomic_load(&rig.counters.sources[0].accepted) < 2) {
        if (now_ms() > until)
            fail_msg("the new partition is not read");
        (void)snprintf(want, sizeof want, "%lld", (long long)rg_wall_ms(rg_clock_system()));
        (void)fresh_field(RG_FRESH_WANT, want);
        rg_ingest_turn(rig.ingest, 20);
        if (atomic_load(&rig.counters.sources[0].accepted) < 2 && first_known_ms() > published_ms)
            fail_msg("known through %lld, and the payment of %lld is not read", (long long)first_known_ms(),
                     (long long)published_ms);
    }
    for (; first_known_ms() <= published_ms && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_true(first_known_ms() > published_ms);
    assert_int_equal(fresh_field("n:first", NULL), 3);
    rig_stop(&rig);
}

static int stopped_lines;

static void count_stopped(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    (void)level;
    (void)ctx;
    (void)text;
    (void)sink_ctx;
    stopped_lines += strcmp(id, "SOURCE-STOPPED") == 0;
}

/* Deletes the topic and makes it again with that many events in it. */
static void recreate(const char *topic, int partitions, int events)
{
    struct rg_error err = {0};
    int left = 0;
    if (rg_kafka_topic_delete(admin, topic, ASK_MS, &err) < 0)
        fail_msg("%s", err.text);
    for (int64_t until = now_ms() + WAIT_MS; now_ms() < until;) /* gone for certain */
        if (rg_kafka_topic_partitions(admin, topic, ASK_MS, &left, &err) == RG_ENOTFOUND)
            break;
    make_topic(topic, partitions, NULL, NULL);
    rg_kafka_producer_free(&upstream, RG_KAFKA_FREE_MS); /* it numbers its records for the topic that is gone */
    for (int i = 0; i < events; i++) {
        char invoice[16];
        (void)snprintf(invoice, sizeof invoice, "G%d", i);
        publish_issued(topic, 0, invoice, "c1");
    }
}

/* `events` in the topic made anew: fewer than were read, or more. */
static void a_topic_made_anew_stops_its_source(const char *test, int events, const char *why)
{
    struct rig rig;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    rig_init(&rig, test);
    make_topics(&rig);
    for (int i = 0; i < 5; i++) {
        char invoice[16];
        (void)snprintf(invoice, sizeof invoice, "F%d", i);
        publish_issued(rig.second, 0, invoice, "c1");
    }
    rig_start(&rig);
    rig_read(&rig, 5);
    rig_turn_for(&rig, 1500); /* a commit, and what it says of the last record */
    rig_stop(&rig);
    recreate(rig.second, 1, events);
    publish_issued(rig.first, 0, "H1", "c2");
    stopped_lines = 0;
    rg_log_capture(count_stopped, NULL);
    rig_start(&rig);
    bool stopped = false;
    for (int64_t until = now_ms() + WAIT_MS; now_ms() < until && (!stopped || records_read(&rig) < 6);) {
        rg_ingest_turn(rig.ingest, 20);
        (void)rig_status(&rig, parts, &n);
        for (size_t i = 0; i < n; i++)
            stopped = stopped || (strcmp(parts[i].source, "second") == 0 && parts[i].state == RG_INGEST_STOPPED &&
                                  strstr(parts[i].trouble, why) != NULL);
    }
    rig_turn_for(&rig, 300);
    rg_log_capture(NULL, NULL);
    assert_true(stopped);
    assert_int_equal(stopped_lines, 1);
    assert_int_equal(records_read(&rig), 6); /* the other source goes on, of this one nothing is taken */
    rig_stop(&rig);
}

static void a_topic_made_anew_and_shorter_stops_its_source(void **state)
{
    (void)state;
    a_topic_made_anew_stops_its_source("shorter", 2, "truncated or made anew");
}

static void a_topic_made_anew_and_longer_stops_its_source(void **state)
{
    (void)state;
    a_topic_made_anew_stops_its_source("longer", 9, "the topic was made anew");
}

static void a_record_that_is_refused_goes_to_the_letters(void **state)
{
    (void)state;
    struct rig rig;
    char text[600], data[900];
    rig_init(&rig, "refused");
    make_topic(rig.first, 1, NULL, NULL);
    make_topic(rig.second, 1, NULL, NULL);
    make_topic(rig.people, SHARDS, "max.message.bytes", "700");
    make_topic(rig.ledger, SHARDS, NULL, NULL);
    make_topic(rig.control, 1, NULL, NULL);
    make_topic(rig.dead, 2, NULL, NULL);
    memset(text, 'x', 500);
    text[500] = '\0';
    for (int i = 0; i < 12; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "e%d", i);
        (void)snprintf(data, sizeof data, "{\"debtor\":\"c%d\",\"name\":\"%s\"}", i % 5, i == 6 ? text : "Maria");
        publish_event(rig.first, 0, id, "debtor.updated", data);
    }
    rig_start(&rig);
    rig_read(&rig, 12);
    rig_stop(&rig);
    size_t n = read_topic(rig.people, SHARDS, records);
    for (int offset = 0; offset < 12; offset++) { /* every other record once or with repeats, in order */
        char origin[32];
        (void)snprintf(origin, sizeof origin, "first:0:0:%d:3", offset);
        assert_true((find(records, n, origin) != NULL) == (offset != 6));
    }
    for (size_t i = 1; i < n; i++) {
        struct rg_origin a, b;
        assert_int_equal(rg_origin_parse(rg_str(records[i - 1].origin), &a, NULL), 0);
        assert_int_equal(rg_origin_parse(rg_str(records[i].origin), &b, NULL), 0);
        bool later = a.offset < b.offset || (a.offset == b.offset && a.sub < b.sub);
        assert_true(records[i].partition != records[i - 1].partition || later);
    }
    assert_int_equal(read_topic(rig.dead, 2, records), 1);
    assert_string_equal(records[0].reason, RG_DEAD_REFUSED);
    assert_non_null(strstr(records[0].detail, rig.people));
    assert_non_null(strstr(records[0].value, "xxxxxxxx"));
    assert_true(atomic_load(&rig.counters.rebuilds) > 0);
}

static void letters_can_be_sent_again(void **state)
{
    (void)state;
    struct rig rig;
    char retry[NAME_BYTES], source[NAME_BYTES + 16], stranger[NAME_BYTES];
    rig_init(&rig, "again");
    name_of(retry, "again", "retry");
    make_topics(&rig);
    make_topic(retry, 1, NULL, NULL);
    rig.sources[2] = (struct rg_ingest_source){.upstream = {.name = RG_STR("retry")}, .topic = retry, .again = true};
    rig.config.source_count = 3;
    (void)snprintf(source, sizeof source, "%s/0/5", rig.first);
    (void)snprintf(stranger, sizeof stranger, "other/0/5");
    const struct rg_kafka_header headers[] = {
        structured[0], {RG_LETTER_SOURCE, rg_str(source)}, {RG_LETTER_REASON, RG_STR("bad_field")}};
    const struct rg_kafka_header strange[] = {structured[0], {RG_LETTER_SOURCE, rg_str(stranger)}};
    const char *fine = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/"
                       "t\",\"type\":\"regua.invoice.voided\",\"data\":{\"invoice\":\"F1\"}}";
    const char *still_bad =
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"regua.invoice.voided\",\"data\":{}}";
    publish(retry, 0, rg_str(fine), headers, 3);
    publish(retry, 0, rg_str(still_bad), headers, 3);
    publish(retry, 0, rg_str(fine), strange, 2);
    publish(retry, 0, rg_str(fine), structured, 1);
    publish_event(rig.first, 0, "e9", "source.synced", "{\"source_name\":\"retry\",\"through\":\"2026-11-25T10:00:00Z\"}");
    rig_start(&rig);
    rig_read(&rig, 5);
    rig_stop(&rig);
    size_t n = read_topic(rig.ledger, SHARDS, records);
    assert_int_equal(n, 1);
    assert_string_equal(records[0].origin, "retry:0:0:0:0");
    assert_string_equal(records[0].key, "invoice:provedor:F1"); /* read as the source it came from */
    assert_int_equal(read_topic(rig.control, 1, records), 0); /* nobody waits for what is sent again */
    n = read_topic(rig.dead, 2, records);
    assert_int_equal(n, 4);
    int seen = 0; /* two topics are read, in no order between them */
    for (size_t i = 0; i < n; i++) {
        bool first = strcmp(records[i].reason, RG_DEAD_MISSING_FIELD) == 0;
        bool named = strcmp(records[i].source, source) == 0; /* the letter keeps its name */
        bool unknown = strcmp(records[i].source, stranger) == 0 && strcmp(records[i].reason, RG_DEAD_UNROUTABLE) == 0;
        bool synced = strcmp(records[i].reason, RG_DEAD_BAD_FIELD) == 0 && strstr(records[i].detail, "\"retry\"") != NULL;
        seen |= first && named ? 1 : unknown ? 2 : synced ? 4 : strcmp(records[i].reason, RG_DEAD_UNROUTABLE) == 0 ? 8 : 16;
    }
    assert_int_equal(seen, 15);
}

static void quiet(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    (void)level;
    (void)id;
    (void)ctx;
    (void)text;
    (void)sink_ctx;
}

static void what_is_missing_is_said_and_waited_for(void **state)
{
    (void)state;
    struct rig rig;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    rig_init(&rig, "missing");
    rg_log_capture(quiet, NULL);
    rig_start(&rig);
    rig_turn_for(&rig, 500);
    assert_false(rig_status(&rig, parts, &n).ready);
    assert_non_null(strstr(rig_status(&rig, parts, &n).trouble, rig.ledger));
    make_own_topics(&rig);
    rig_turn_for(&rig, 5000);
    assert_false(rig_status(&rig, parts, &n).ready);
    assert_non_null(strstr(rig_status(&rig, parts, &n).trouble, "none of the sources' topics exists"));
    make_topic(rig.first, 2, NULL, NULL);
    publish_issued(rig.first, 0, "F1", "c1");
    rig_read(&rig, 1);
    assert_non_null(strstr(rig_status(&rig, parts, &n).trouble, rig.second)); /* works, and still says what is missing */
    make_topic(rig.second, 1, NULL, NULL);
    publish_issued(rig.second, 0, "F2", "c1");
    rig_read(&rig, 2);
    assert_int_equal(rig_status(&rig, parts, &n).trouble[0], '\0');
    assert_int_equal(n, 3);
    rig_stop(&rig);
    rg_log_capture(NULL, NULL);
}

static void a_ledger_with_other_partitions_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    rig_init(&rig, "layout");
    make_topics(&rig);
    rig.config.shards = SHARDS + 1;
    publish_issued(rig.first, 0, "F1", "c1");
    rg_log_capture(quiet, NULL);
    rig_start(&rig);
    rig_turn_for(&rig, 1000);
    struct rg_ingest_status status = rig_status(&rig, parts, &n);
    assert_false(status.ready);
    assert_non_null(strstr(status.trouble, "has 4 partitions, 5 shards are configured"));
    rig_stop(&rig);
    rg_log_capture(NULL, NULL);
    assert_int_equal(records_read(&rig), 0);
}

static void redis_may_come_and_go(void **state)
{
    (void)state;
    struct rig rig;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    rig_init(&rig, "redis");
    make_topics(&rig);
    rig_start(&rig);
    publish_issued(rig.first, 0, "F1", "c1");
    rig_read(&rig, 1);
    rg_log_capture(quiet, NULL);
    rg_redis_server_kill(redis);
    publish_issued(rig.first, 0, "F2", "c1");
    for (int64_t until = now_ms() + WAIT_MS; records_read(&rig) < 2 && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20); /* events go on: only freshness stands still */
    assert_int_equal(records_read(&rig), 2);
    rig_turn_for(&rig, 500);
    assert_true(rig_status(&rig, parts, &n).trouble[0] != '\0');
    rg_redis_server_restart(redis);
    (void)fresh_field(RG_FRESH_WANT, "5");
    for (int64_t until = now_ms() + WAIT_MS; fresh_field("s:first:0", NULL) < 5 && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_true(fresh_field("s:first:0", NULL) >= 5);
    rig_turn_for(&rig, 200);
    assert_int_equal(rig_status(&rig, parts, &n).trouble[0], '\0');
    rg_log_capture(NULL, NULL);
    rig_stop(&rig);
}

static void a_broker_that_is_away_is_said(void **state)
{
    (void)state;
    struct rig rig;
    struct rg_ingest_part parts[8];
    size_t n = 0;
    rig_init(&rig, "away");
    const struct rg_mock_topic topics[] = {{rig.first, 2},  {rig.second, 1},  {rig.ledger, SHARDS},
                                           {rig.people, SHARDS}, {rig.control, 1}, {rig.dead, 2}};
    struct rg_mock_broker *mock = rg_mock_broker_new(1, topics, RG_COUNT(topics));
    rig.config.kafka.brokers = rg_mock_broker_bootstrap(mock);
    rg_log_capture(quiet, NULL);
    rig_start(&rig);
    rig_read(&rig, 0);
    rg_mock_broker_down(mock, 0);
    for (int64_t until = now_ms() + WAIT_MS; rig_status(&rig, parts, &n).ready && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_false(rig_status(&rig, parts, &n).ready);
    assert_true(rig_status(&rig, parts, &n).trouble[0] != '\0');
    rg_mock_broker_up(mock, 0);
    for (int64_t until = now_ms() + WAIT_MS; !rig_status(&rig, parts, &n).ready && now_ms() < until;)
        rg_ingest_turn(rig.ingest, 20);
    assert_true(rig_status(&rig, parts, &n).ready);
    assert_int_equal(rig_status(&rig, parts, &n).trouble[0], '\0');
    rig_stop(&rig);
    rg_mock_broker_free(&mock);
    rg_log_capture(NULL, NULL);
}

static void two_members_share_the_partitions(void **state)
{
    (void)state;
    struct rig rig, other;
    struct rg_ingest_part parts[8];
    size_t mine = 0, theirs = 0;
    rig_init(&rig, "share");
    rig_init(&other, "share");
    make_topics(&rig);
    for (int i = 0; i < 10; i++)
        publish_issued(rig.first, i % 2, "F", "c1");
    rig_start(&rig);
    rig_read(&rig, 10);
    rig_start(&other);
    for (int64_t until = now_ms() + WAIT_MS; now_ms() < until && (theirs == 0 || mine + theirs != 3);) {
        rg_ingest_turn(rig.ingest, 10);
        rg_ingest_turn(other.ingest, 10);
        (void)rig_status(&rig, parts, &mine);
        (void)rig_status(&other, parts, &theirs);
    }
    assert_int_equal(mine + theirs, 3);
    for (int i = 0; i < 10; i++)
        publish_issued(rig.first, i % 2, "F", "c1");
    for (int64_t until = now_ms() + WAIT_MS;
         now_ms() < until && records_read(&rig) + records_read(&other) < 20;) {
        rg_ingest_turn(rig.ingest, 10);
        rg_ingest_turn(other.ingest, 10);
    }
    rig_stop(&other);
    rig_turn_for(&rig, 500);
    rig_stop(&rig);
    assert_int_equal(records_read(&rig) + records_read(&other),
                     20); /* nothing twice: committed at the handover */
    assert_int_equal(read_topic(rig.ledger, SHARDS, records), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_reach_their_shards),
        cmocka_unit_test(what_cannot_be_read_stops_nothing),
        cmocka_unit_test(a_restart_goes_on_behind_the_commit),
        cmocka_unit_test(repeats_have_the_same_origins_and_bytes),
        cmocka_unit_test(rounds_stamp_what_is_read),
        cmocka_unit_test(a_clock_that_was_set_back_is_stamped_anew),
        cmocka_unit_test(a_topic_that_grows_is_not_taken_to_be_read),
        cmocka_unit_test(a_topic_made_anew_and_shorter_stops_its_source),
        cmocka_unit_test(a_topic_made_anew_and_longer_stops_its_source),
        cmocka_unit_test(a_record_that_is_refused_goes_to_the_letters),
        cmocka_unit_test(letters_can_be_sent_again),
        cmocka_unit_test(what_is_missing_is_said_and_waited_for),
        cmocka_unit_test(a_ledger_with_other_partitions_is_refused),
        cmocka_unit_test(redis_may_come_and_go),
        cmocka_unit_test(two_members_share_the_partitions),
        cmocka_unit_test(a_broker_that_is_away_is_said),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
