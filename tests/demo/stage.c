/* The order of things: servers first, then the files that name their ports, then the daemon; and back in reverse. The daemon's
 * log goes to a file: on the terminal it would drown the story. */
#include "tests/demo/stage.h"

#include "base/core/buf.h"
#include "base/core/log.h"
#include "base/http/client.h"
#include "daemon/state/store_redis.h"
#include "tests/demo/publish.h"
#include "tests/fakes/mock_broker.h"
#include "tests/fakes/redis_server.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READY_MS 30000
#define REST_MS 30000
#define ACT_MS 10000
#define LOOK_US 300
#define APPROVED_MAX 64
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define OPERATOR "regua" /* the operator's ~/.config/regua, for whoever sets XDG_CONFIG_HOME to the state directory */
#define ROUND_MS 1       /* between two looks at upstream: real milliseconds, while days of the demo pass */

const char *const demo_channels[DEMO_CHANNELS] = {"email", "whatsapp", "sms", "signals"};

struct demo_stage {
    struct demo_stage_options options;
    struct rg_arena *arena;
    struct rg_inbox_approved approved[APPROVED_MAX];
    char clock_path[4200], config[4096], token[64], url[64], log_path[4200];
    char brokers[256];
    struct rg_page_clock *clock;
    struct rg_redis_server *redis;
    struct rg_mock_broker *broker;
    struct rg_inbox *inbox;
    struct rg_fresh_store *fresh;
    struct rg_kafka_setting settings[1];
    struct rg_kafka_config kafka;
    struct rg_daemon *daemon;
    pthread_t thread;
    bool running;
    _Atomic int ended;     /* exit status of the daemon + 1 */
    pthread_mutex_t mutex; /* the log */
    FILE *log;
    int errors;
    char last_error[256];
    struct rg_daemon_status status; /* too large for a stack */
};

static int64_t boot_ms(void)
{
    return rg_boot_ms(rg_clock_system());
}

static void nap(void)
{
    const struct timespec t = {.tv_nsec = LOOK_US * 1000};
    (void)nanosleep(&t, NULL);
}

/* ---- log ---- */

static void on_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    struct demo_stage *stage = sink_ctx;
    if (level == RG_LOG_DEBUG)
        return;
    (void)pthread_mutex_lock(&stage->mutex);
    char when[RG_INSTANT_TEXT_MAX];
    rg_instant_format(rg_wall_ms(rg_page_clock(stage->clock)), -180, when);
    fprintf(stage->log, "%s %d %s%s%s %s\n", when, (int)level, id, ctx != NULL && ctx->debtor != NULL ? " " : "",
            ctx != NULL && ctx->debtor != NULL ? ctx->debtor : "", text);
    (void)fflush(stage->log);
    if (level <= RG_LOG_ERROR) {
        stage->errors++;
        (void)snprintf(stage->last_error, sizeof stage->last_error, "%s: %.200s", id, text);
    }
    (void)pthread_mutex_unlock(&stage->mutex);
}

int demo_stage_errors(struct demo_stage *stage, char ret_last[256])
{
    (void)pthread_mutex_lock(&stage->mutex);
    int errors = stage->errors;
    memcpy(ret_last, stage->last_error, sizeof stage->last_error);
    (void)pthread_mutex_unlock(&stage->mutex);
    return errors;
}

static int open_log(struct demo_stage *stage, struct rg_error *err)
{
    (void)snprintf(stage->log_path, sizeof stage->log_path, "%s/reguad.log", stage->options.state);
    stage->log = fopen(stage->log_path, "we");
    if (stage->log == NULL)
        return rg_fail(err, RG_EIO, "%s cannot be written", stage->log_path);
    rg_log_capture(on_log, stage);
    return 0;
}

/* ---- servers ---- */

static void make_broker(struct demo_stage *stage)
{
    int shards = stage->options.shards;
    struct rg_mock_topic topics[32] = {{"regua.ledger", shards},  {"regua.people", shards}, {"regua.messages", shards},
                                       {"regua.signals", shards}, {"regua.control", 1},     {"regua.deadletter", 2},
                                       {"regua.retry", 1},        {"regua.actions.owed", shards}};
    char names[DEMO_CHANNELS][64];
    size_t n = 8;
    for (int i = 0; i < DEMO_CHANNELS; i++) {
        (void)snprintf(names[i], sizeof names[i], "regua.actions.%s", demo_channels[i]);
        topics[n++] = (struct rg_mock_topic){names[i], shards};
    }
    for (int i = 0; i < DEMO_UPSTREAM_TOPICS; i++)
        topics[n++] = (struct rg_mock_topic){demo_upstream_topics[i].name, demo_upstream_topics[i].partitions};
    stage->broker = rg_mock_broker_new(1, topics, n);
    (void)snprintf(stage->brokers, sizeof stage->brokers, "%s", rg_mock_broker_bootstrap(stage->broker));
    stage->settings[0] = (struct rg_kafka_setting){"fetch.wait.max.ms", "2"};
    stage->kafka = (struct rg_kafka_config){
        .brokers = stage->brokers, .client_id = "regua-demo", .settings = stage->settings, .settings_n = 1};
}

static int make_clock(struct demo_stage *stage, struct rg_error *err)
{
    (void)snprintf(stage->clock_path, sizeof stage->clock_path, "%s/clock", stage->options.state);
    return rg_page_clock_create(stage->clock_path, stage->options.now_ms, stage->options.now_ms, &stage->clock, err);
}

static int make_servers(struct demo_stage *stage, struct rg_error *err)
{
    size_t approved_count = 0;
    int rc = demo_approved_load(stage->arena, stage->approved, RG_COUNT(stage->approved), &approved_count, err);
    if (rc < 0)
        return rc;
    stage->redis = rg_redis_server_start(NULL);
    make_broker(stage);
    const struct rg_inbox_config inbox = {.https_port = -1,
                                          .clock = rg_page_clock(stage->clock),
                                          .seed = stage->options.seed,
                                          .approved = stage->approved,
                                          .approved_count = approved_count};
    rc = rg_inbox_start(&inbox, &stage->inbox, err);
    const struct rg_redis_config redis = {
        .url = rg_redis_server_url(stage->redis), .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
    if (rc == 0)
        rc = rg_fresh_store_new(&redis, stage->options.shards, &stage->fresh, err);
    return rc;
}

static int write_site(struct demo_stage *stage, struct rg_error *err)
{
    char directory[4096], operator_directory[4096], text[128];
    (void)snprintf(directory, sizeof directory, "%s/etc", stage->options.state);
    (void)snprintf(operator_directory, sizeof operator_directory, "%s/" OPERATOR, stage->options.state);
    const struct demo_site site = {.directory = directory,
                                   .brokers = stage->brokers,
                                   .redis_url = rg_redis_server_url(stage->redis),
                                   .shards = stage->options.shards,
                                   .smtp_port = rg_inbox_smtp_port(stage->inbox),
                                   .http_port = rg_inbox_http_port(stage->inbox),
                                   .admin_port = rg_redis_server_free_port()};
    int rc = demo_site_write(&site, stage->config, stage->token, err);
    (void)snprintf(stage->url, sizeof stage->url, "http://127.0.0.1:%d", site.admin_port);
    if (rc == 0)
        rc = demo_make_directory(operator_directory, err);
    (void)snprintf(text, sizeof text, "%s\n", stage->url);
    if (rc == 0)
        rc = demo_write_file(operator_directory, "url", rg_str(text), err);
    (void)snprintf(text, sizeof text, "%s\n", stage->token);
    if (rc == 0)
        rc = demo_write_file(operator_directory, "token", rg_str(text), err);
    return rc;
}

/* Nobody is there any more to be asked. */
static void forget_operator(const struct demo_stage *stage)
{
    static const char *const names[] = {"url", "token"};
    char path[4200];
    for (size_t i = 0; i < RG_COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/" OPERATOR "/%s", stage->options.state, names[i]);
        (void)unlink(path); /* it may never have been made */
    }
}

/* ---- the daemon ---- */

static void *run_daemon(void *ctx)
{
    struct demo_stage *stage = ctx;
    int status = rg_daemon_run(stage->daemon);
    atomic_store(&stage->ended, status + 1);
    return NULL;
}

static int start_daemon(struct demo_stage *stage, struct rg_error *err)
{
    int status = 0;
    const struct rg_daemon_options options = {.config_file = stage->config,
                                              .shipped = RG_DEMO_SHIPPED,
                                              .roles = RG_ROLE_ALL,
                                              .clock = rg_page_clock(stage->clock),
                                              .trust_topics = true,
                                              .round_ms = ROUND_MS};
    if (rg_daemon_new(&options, &stage->daemon, &status) < 0)
        return rg_fail(err, RG_EREFUSED, "the daemon refuses %s (exit status %d); its reasons stand above", stage->config,
                       status);
    if (pthread_create(&stage->thread, NULL, run_daemon, stage) != 0)
        return rg_fail(err, RG_EIO, "the daemon's thread could not be made");
    stage->running = true;
    return 0;
}

int demo_stage_new(const struct demo_stage_options *options, struct demo_stage **ret_stage, struct rg_error *err)
{
    struct demo_stage *stage = rg_alloc(sizeof *stage);
    stage->options = *options;
    stage->arena = rg_arena_new(ARENA_BYTES);
    int rc = pthread_mutex_init(&stage->mutex, NULL);
    rg_assert(rc == 0);
    rc = demo_make_directory(options->state, err);
    if (rc == 0)
        rc = make_clock(stage, err);
    if (rc == 0)
        rc = open_log(stage, err);
    if (rc == 0)
        rc = make_servers(stage, err);
    if (rc == 0)
        rc = write_site(stage, err);
    if (rc == 0)
        rc = start_daemon(stage, err);
    if (rc < 0) {
        demo_stage_free(&stage);
        return rc;
    }
    *ret_stage = stage;
    return 0;
}

void demo_stage_free(struct demo_stage **pointer)
{
    struct demo_stage *stage = *pointer;
    if (stage == NULL)
        return;
    forget_operator(stage);
    if (stage->running) {
        rg_daemon_stop(stage->daemon);
        (void)pthread_join(stage->thread, NULL);
    }
    rg_daemon_free(&stage->daemon);
    rg_fresh_store_free(&stage->fresh);
    rg_inbox_stop(&stage->inbox);
    rg_mock_broker_free(&stage->broker);
    rg_redis_server_stop(&stage->redis);
    rg_log_capture(NULL, NULL);
    if (stage->log != NULL)
        (void)fclose(stage->log);
    rg_page_clock_close(&stage->clock);
    (void)pthread_mutex_destroy(&stage->mutex);
    rg_arena_free(&stage->arena);
    rg_free(pointer);
}

/* ---- waiting ---- */

static int still_there(struct demo_stage *stage, struct rg_error *err)
{
    int ended = atomic_load(&stage->ended);
    return ended == 0 ? 0
                      : rg_fail(err, RG_EREFUSED, "the daemon has ended with status %d; %s says why", ended - 1, stage->log_path);
}

int demo_stage_wait_ready(struct demo_stage *stage, struct rg_error *err)
{
    int64_t until = boot_ms() + READY_MS;
    for (;;) {
        if (still_there(stage, err) < 0)
            return err->code;
        rg_daemon_status(stage->daemon, &stage->status);
        if (stage->status.ready && stage->status.shard_count == (size_t)stage->options.shards)
            return 0;
        if (boot_ms() > until)
            return rg_fail(err, RG_ETIMEOUT, "the daemon is not ready after %d s: %s", READY_MS / 1000,
                           stage->status.reason_count > 0 ? stage->status.reasons[0] : "not all shards are its own");
        nap();
    }
}

/* What keeps it from resting, for whoever has to find out why. */
static void describe_unrest(const struct demo_stage *stage, struct rg_buf *text)
{
    const struct rg_daemon_status *s = &stage->status;
    const char *channel = NULL;
    const struct rg_sender_counters *sender;
    for (size_t i = 0; i < s->reason_count; i++)
        rg_buf_addf(text, "%s; ", s->reasons[i]);
    for (size_t i = 0; i < s->shard_count; i++)
        if (!s->shards[i].at_rest)
            rg_buf_addf(text, "shard %d %s, %lld behind, upstream known %lld ms ago, next due in %lld ms; ", s->shards[i].shard,
                        rg_shard_state_name(s->shards[i].state), (long long)s->shards[i].lag,
                        (long long)(s->now_ms - s->shards[i].asof_ms), (long long)(s->shards[i].next_due_ms - s->now_ms));
    for (int i = 0; (sender = rg_daemon_sender(stage->daemon, i, &channel)) != NULL; i++)
        rg_buf_addf(text, "%s %lld in hand, ", channel, (long long)atomic_load(&sender->in_hand));
    rg_buf_addf(text, "%lld under way", (long long)atomic_load(&rg_daemon_shard_counters(stage->daemon)->under_way));
}

static int complain(struct demo_stage *stage, struct rg_error *err)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf text;
    rg_buf_init(&text, 4096);
    describe_unrest(stage, &text);
    return rg_fail(err, RG_ETIMEOUT, "not at rest after %d s: %s", REST_MS / 1000, rg_buf_cstr(&text));
}

int demo_stage_want(struct demo_stage *stage, int64_t now_ms, struct rg_error *err)
{
    return rg_fresh_store_want(stage->fresh, now_ms, err);
}

int demo_stage_rest(struct demo_stage *stage, int64_t now_ms, int64_t *ret_next_due_ms, struct rg_error *err)
{
    int64_t until = boot_ms() + REST_MS;
    int rc = demo_stage_want(stage, now_ms, err);
    while (rc == 0) {
        rg_daemon_status(stage->daemon, &stage->status);
        if (stage->status.at_rest && stage->status.now_ms >= now_ms) {
            *ret_next_due_ms = stage->status.next_due_ms;
            return 0;
        }
        rc = still_there(stage, err);
        if (rc == 0 && boot_ms() > until)
            rc = complain(stage, err);
        nap();
    }
    return rc;
}

/* ---- the API ---- */

struct answer {
    int status;
    char text[160];
};

static void on_answer(const struct rg_http_response *response, void *ctx)
{
    struct answer *answer = ctx;
    answer->status = response->fate == RG_HTTP_ANSWERED ? response->status : -1;
    (void)snprintf(answer->text, sizeof answer->text, RG_STR_FMT "%s", RG_STR_ARG(response->body), response->detail);
}

int demo_stage_act(struct demo_stage *stage, const char *path, const char *body, struct rg_error *err)
{
    const struct rg_http_config config = {.clock = rg_clock_system(), .private_allowed = true};
    char url[256], token[96];
    struct answer answer = {.status = 0};
    struct rg_http_client *client = rg_http_client_new(&config);
    (void)snprintf(url, sizeof url, "%s%s", stage->url, path);
    (void)snprintf(token, sizeof token, "Bearer %s", stage->token);
    const struct rg_http_header headers[] = {{RG_STR("Authorization"), rg_str(token)},
                                             {RG_STR("Content-Type"), RG_STR("application/json")}};
    const struct rg_http_request request = {.method = RG_STR("POST"),
                                            .url = rg_str(url),
                                            .headers = headers,
                                            .header_count = RG_COUNT(headers),
                                            .body = rg_str(body),
                                            .timeout_ms = ACT_MS};
    int rc = rg_http_submit(client, &request, err);
    while (rc == 0 && answer.status == 0)
        (void)rg_http_poll(client, ACT_MS, on_answer, &answer);
    rg_http_client_free(&client);
    if (rc == 0 && (answer.status < 200 || answer.status > 299))
        rc = rg_fail(err, RG_EREFUSED, "POST %s: %d %s", path, answer.status, answer.text);
    return rc;
}

/* ---- parts ---- */

void demo_stage_set_time(struct demo_stage *stage, int64_t now_ms)
{
    rg_page_clock_set(stage->clock, now_ms, now_ms);
}

struct rg_daemon *demo_stage_daemon(struct demo_stage *stage)
{
    return stage->daemon;
}
struct rg_inbox *demo_stage_inbox(struct demo_stage *stage)
{
    return stage->inbox;
}
const struct rg_kafka_config *demo_stage_kafka(const struct demo_stage *stage)
{
    return &stage->kafka;
}
const char *demo_stage_log(const struct demo_stage *stage)
{
    return stage->log_path;
}
