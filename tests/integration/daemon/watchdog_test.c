/* The daemon with its real threads, on a Kafka in this process and a Redis of its own, and a clock that holds whichever thread asks
 * it: so one hangs while the others work. What systemd would hear is read from the notify socket. */
#include "daemon/daemon.h"

#include "base/core/file.h"
#include "base/core/log.h"
#include "tests/fakes/mock_broker.h"
#include "tests/fakes/redis_server.h"
#include "tests/unit/support/cmocka.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SHARDS 4
#define PERIOD_MS 2000
#define PATIENCE_MS 30000
#define EVENTS 6000

struct rig {
    char directory[64], config[128];
    struct rg_redis_server *redis;
    struct rg_mock_broker *broker;
    struct rg_clock clock;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    char held[16];          /* name of the thread that the clock holds; "" none */
    bool holding;           /* it has asked */
    char stuck[256];        /* the last line STUCK */
    int notify;
    struct rg_daemon *daemon;
    pthread_t thread;
    int exit_status;
};

/* ---- a clock that holds one thread ---- */

static void hold(struct rig *rig)
{
    char name[16] = "";
    (void)pthread_getname_np(pthread_self(), name, sizeof name);
    (void)pthread_mutex_lock(&rig->mutex);
    while (rig->held[0] != '\0' && strcmp(rig->held, name) == 0) {
        rig->holding = true;
        (void)pthread_cond_wait(&rig->cond, &rig->mutex);
    }
    (void)pthread_mutex_unlock(&rig->mutex);
}

static int64_t boot_ms(void *ctx)
{
    hold(ctx);
    return rg_boot_ms(rg_clock_system());
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return rg_wall_ms(rg_clock_system());
}

static void let_hang(struct rig *rig, const char *name)
{
    (void)pthread_mutex_lock(&rig->mutex);
    (void)snprintf(rig->held, sizeof rig->held, "%s", name);
    rig->holding = false;
    rig->stuck[0] = '\0';
    (void)pthread_cond_broadcast(&rig->cond);
    (void)pthread_mutex_unlock(&rig->mutex);
}

static bool is_holding(struct rig *rig)
{
    (void)pthread_mutex_lock(&rig->mutex);
    bool holding = rig->holding;
    (void)pthread_mutex_unlock(&rig->mutex);
    return holding;
}

static void on_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    struct rig *rig = sink;
    (void)level, (void)ctx;
    if (strcmp(id, "STUCK") != 0)
        return;
    (void)pthread_mutex_lock(&rig->mutex);
    (void)snprintf(rig->stuck, sizeof rig->stuck, "%s", text);
    (void)pthread_mutex_unlock(&rig->mutex);
}

/* ---- what systemd hears ---- */

static int64_t now_ms(void)
{
    return rg_boot_ms(rg_clock_system());
}

/* Everything for so long; how often it was told that all is well, and the longest time between two of these (or to either end). */
static int hear(struct rig *rig, int64_t ms, int64_t *ret_gap_ms)
{
    int64_t until_ms = now_ms() + ms, last_ms = now_ms(), gap_ms = 0;
    int told = 0;
    for (;;) {
        char text[1024];
        int64_t left_ms = until_ms - now_ms();
        struct pollfd fd = {.fd = rig->notify, .events = POLLIN};
        bool heard = left_ms > 0 && poll(&fd, 1, (int)left_ms) == 1;
        ssize_t n = heard ? recv(rig->notify, text, sizeof text - 1, 0) : 0;
        bool well = n > 0 && (text[n] = '\0', strstr(text, "WATCHDOG=1") != NULL);
        if ((well || left_ms <= 0) && now_ms() - last_ms > gap_ms)
            gap_ms = now_ms() - last_ms;
        if (left_ms <= 0)
            break;
        if (well) {
            told++;
            last_ms = now_ms();
        }
    }
    *ret_gap_ms = gap_ms;
    return told;
}

/* ---- the rig ---- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_site(struct rig *rig)
{
    char text[2048], path[192];
    (void)snprintf(text, sizeof text,
                   "language: 1\n"
                   "creditors: { provedor: { name: Provedor, document: 12.345.678/0001-95, address: \"Rua 1\" } }\n"
                   "services: { internet: { sector: telecom, creditor: provedor } }\n"
                   "kafka: { brokers: [\"%s\"], shards: %d, client: { fetch.wait.max.ms: \"5\" } }\n"
                   "redis: { url: \"%s\" }\n"
                   "sources: { billing: { topic: billing.events, live: true } }\n"
                   "channels: { email: { transport: smtp, url: \"smtp://127.0.0.1:9\", tls: none, from: \"a@b.example\", evidence: delivered } }\n"
                   "rules: [rules.d]\n"
                   "http: { listen: none }\n",
                   rg_mock_broker_bootstrap(rig->broker), SHARDS, rg_redis_server_url(rig->redis));
    (void)snprintf(rig->config, sizeof rig->config, "%s/regua.yaml", rig->directory);
    write_file(rig->config, text);
    (void)snprintf(path, sizeof path, "%s/rules.d", rig->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/rules.d/curta.yaml", rig->directory);
    write_file(path, "language: 1\nladder: curta\ntitle: Curta\nowner: a@b.example\npriority: 10\ncalendar: br-generico\nsteps:\n"
                     "  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete }\n"
                     "templates:\n  lembrete: \"{{nome}} {{> credor}}\"\n");
}

static void listen_to(struct rig *rig)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char usec[32];
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", rig->directory);
    rig->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(rig->notify >= 0);
    assert_int_equal(bind(rig->notify, (struct sockaddr *)&address, sizeof address), 0);
    (void)snprintf(usec, sizeof usec, "%d", PERIOD_MS * 1000);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1) | setenv("WATCHDOG_USEC", usec, 1), 0);
}

static void *run_daemon(void *ctx)
{
    struct rig *rig = ctx;
    rig->exit_status = rg_daemon_run(rig->daemon);
    return NULL;
}

static int open_rig(void **state)
{
    static const struct rg_mock_topic topics[] = {
        {"regua.ledger", SHARDS}, {"regua.people", SHARDS}, {"regua.messages", SHARDS}, {"regua.signals", SHARDS}, {"regua.control", 1},
        {"regua.deadletter", 2}, {"regua.actions.email", SHARDS}, {"regua.actions.signals", SHARDS}, {"billing.events", 2},
        {"regua.actions.owed", SHARDS}, {"regua.retry", 1}};
    struct rig *rig = rg_alloc(sizeof *rig);
    char shipped[512];
    int status = 0;
    *rig = (struct rig){.directory = "/tmp/regua-watchdog-XXXXXX", .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    rig->clock = (struct rg_clock){wall_ms, boot_ms, wall_ms, rig};
    assert_non_null(mkdtemp(rig->directory));
    rig->redis = rg_redis_server_start(NULL);
    rig->broker = rg_mock_broker_new(1, topics, RG_COUNT(topics));
    write_site(rig);
    listen_to(rig);
    rg_log_capture(on_log, rig);
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    const struct rg_daemon_options options = {
        .config_file = rig->config, .shipped = shipped, .roles = RG_ROLE_ALL, .clock = &rig->clock, .trust_topics = true};
    assert_int_equal(rg_daemon_new(&options, &rig->daemon, &status), 0);
    assert_int_equal(pthread_create(&rig->thread, NULL, run_daemon, rig), 0);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    char path[192];
    static const char *const names[] = {"notify", "regua.yaml", "rules.d/curta.yaml", "rules.d", ""};
    let_hang(rig, "");
    rg_daemon_stop(rig->daemon);
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    assert_int_equal(rig->exit_status, 0);
    rg_daemon_free(&rig->daemon);
    rg_log_capture(NULL, NULL);
    rg_mock_broker_free(&rig->broker);
    rg_redis_server_stop(&rig->redis);
    (void)close(rig->notify);
    for (size_t i = 0; i < RG_COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->directory, names[i]);
        (void)remove(path);
    }
    rg_free(&rig);
    return 0;
}

static void wait_ready(struct rig *rig)
{
    struct rg_daemon_status *status = rg_alloc(sizeof *status);
    int64_t until_ms = now_ms() + PATIENCE_MS, gap_ms;
    do {
        (void)hear(rig, 50, &gap_ms);
        rg_daemon_status(rig->daemon, status);
    } while (!status->ready && now_ms() < until_ms);
    if (!status->ready)
        fail_msg("not ready: %s", status->reasons[0]);
    rg_free(&status);
}

/* ---- the tests ---- */

static void a_thread_that_hangs_ends_the_telling(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *thread, *says;
    } rows[] = {
        {"ingest", "ingest has made no step"},
        {"worker-0", "worker 0 has made no step"},
        {"worker-1", "worker 1 has made no step"},
        {"send-email", "sender email has made no step"},
        {"send-signals", "sender signals has made no step"},
    };
    int64_t gap_ms;
    wait_ready(rig);
    assert_true(hear(rig, 2 * PERIOD_MS, &gap_ms) > 0);
    assert_true(gap_ms < PERIOD_MS);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        let_hang(rig, rows[i].thread);
        for (int64_t until_ms = now_ms() + PATIENCE_MS; !is_holding(rig) && now_ms() < until_ms;)
            (void)hear(rig, 20, &gap_ms);
        assert_true(is_holding(rig));
        (void)hear(rig, PERIOD_MS / 2, &gap_ms); /* the last one may be on its way */
        int told = hear(rig, PERIOD_MS + PERIOD_MS / 2, &gap_ms);
        (void)pthread_mutex_lock(&rig->mutex);
        bool said = strstr(rig->stuck, rows[i].says) != NULL;
        (void)pthread_mutex_unlock(&rig->mutex);
        if (told != 0 || !said)
            fail_msg("%s hangs: told %d times; %s", rows[i].thread, told, rig->stuck);
        let_hang(rig, "");
        (void)hear(rig, PERIOD_MS / 2, &gap_ms);
        assert_true(hear(rig, PERIOD_MS, &gap_ms) > 0);
    }
}

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    assert_int_equal(report->err.code, 0);
}

static void publish_flood(struct rig *rig)
{
    struct rg_kafka_producer *producer = NULL;
    struct rg_error err = {0};
    int partitions = 0;
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(rig->broker), .client_id = "flood"};
    const struct rg_kafka_producer_options options = {.on_report = on_report};
    const struct rg_kafka_header header = {"content-type", RG_STR("application/cloudevents+json")};
    assert_int_equal(rg_kafka_producer_new(&kafka, &options, &producer, &err), 0);
    assert_int_equal(rg_kafka_producer_open(producer, "billing.events", PATIENCE_MS, &partitions, &err), 0);
    for (int i = 0; i < EVENTS; i++) {
        char event[512], key[16];
        (void)snprintf(key, sizeof key, "d%d", i % 500);
        (void)snprintf(event, sizeof event,
                       "{\"specversion\":\"1.0\",\"id\":\"e%d\",\"source\":\"/t\",\"type\":\"regua.invoice.issued\",\"time\":\"2026-01-01T00:00:00Z\","
                       "\"data\":{\"invoice\":\"F%d\",\"debtor\":\"%s\",\"due_on\":\"2026-12-10\",\"amount_cents\":15990}}",
                       i, i, key);
        const struct rg_kafka_record record = {.topic = "billing.events", .partition = i % partitions, .key = rg_str(key), .value = rg_str(event),
                                               .headers = &header, .headers_n = 1};
        while (rg_kafka_producer_send(producer, &record, &err) < 0)
            rg_kafka_producer_poll(producer, 10);
    }
    assert_int_equal(rg_kafka_producer_flush(producer, PATIENCE_MS, &err), 0);
    rg_kafka_producer_free(&producer, RG_KAFKA_FREE_MS);
}

/* All threads at full load, and neighbours that come and go: late is not stuck. */
static void load_is_no_hang(void **state)
{
    struct rig *rig = *state;
    int64_t gap_ms;
    wait_ready(rig);
    publish_flood(rig);
    for (int64_t until_ms = now_ms() + PATIENCE_MS;
         atomic_load(&rg_daemon_shard_counters(rig->daemon)->folded) < EVENTS && now_ms() < until_ms;) {
        assert_true(hear(rig, PERIOD_MS, &gap_ms) > 0);
        assert_true(gap_ms < PERIOD_MS);
    }
    assert_true(atomic_load(&rg_daemon_shard_counters(rig->daemon)->folded) >= EVENTS);
    rg_redis_server_kill(rig->redis);
    rg_mock_broker_down(rig->broker, 0);
    assert_true(hear(rig, 2 * PERIOD_MS, &gap_ms) > 0);
    rg_mock_broker_up(rig->broker, 0);
    rg_redis_server_restart(rig->redis);
    wait_ready(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thread_that_hangs_ends_the_telling, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(load_is_no_hang, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
