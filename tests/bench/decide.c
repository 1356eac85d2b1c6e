/* How much of what Kafka and Redis allow the decide stage reaches: events a second through fetch, fold, decide and commit, beside a
 * bare loop that reads the same records and writes as many bytes, in turns on the same servers.
 *
 * Each turn makes topics anew, lets the workers open their shards while these are empty (a shard does not decide the past), folds
 * everybody's personal data, and then fills the ledger while nobody reads. What is measured begins with a full ledger and ends with
 * the last fact applied. */
#include "tests/bench/decide.h"

#include "base/core/log.h"
#include "base/redis/redis.h"
#include "config/contract/state.h"
#include "daemon/rules/decide.h"
#include "daemon/rules/fold.h"
#include "daemon/state/codec.h"
#include "tests/fakes/kafka_server.h"
#include "tests/fakes/redis_server.h"
#include "tests/fakes/rules.h"

#include <librdkafka/rdkafka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define ISSUED_BYTES 600 /* longer than every fact but an issued invoice */
#define DUE_IN_DAYS 30
#define BUDGET_RATIO 0.8
#define BUDGET_EVENTS 100000
#define BYTES_APART_PERCENT 2

static int64_t debtors = 100000, events = 2000000, turns = 5, shards = 8, workers = 4;

struct stage {
    struct bench *bench;
    struct rg_kafka_server *kafka;
    struct rg_kafka_admin *admin;
    struct rg_kafka_producer *producer;
    struct rg_arena *arena;
    struct portfolio portfolio;
    struct decide_bare_sizes sizes;
    int64_t failed; /* records that Kafka did not take */
};

struct figures {
    struct bench_figure *ours, *bare, *ratio, *in_bytes, *in_apart, *out_bytes, *out_apart, *own_cpu, *bare_cpu, *redis_cpu,
        *bare_redis_cpu, *kafka_cpu, *bound, *bare_bound, *bound_ratio, *batch, *commands, *bare_commands;
};

/* ---- topics ---- */

static void name_topics(struct decide_topics *topics, int turn)
{
    static const char *const channels[] = {"email", "sms", "whatsapp"};
    (void)snprintf(topics->ledger, sizeof topics->ledger, "bench%d.ledger", turn);
    (void)snprintf(topics->people, sizeof topics->people, "bench%d.people", turn);
    (void)snprintf(topics->deadletter, sizeof topics->deadletter, "bench%d.deadletter", turn);
    (void)snprintf(topics->actions_prefix, sizeof topics->actions_prefix, "bench%d.actions.", turn);
    for (size_t i = 0; i < RG_COUNT(channels); i++)
        (void)snprintf(topics->channels[i], sizeof topics->channels[i], "%s%s", topics->actions_prefix, channels[i]);
}

static void make_topics(struct stage *s, const struct decide_topics *topics)
{
    struct rg_error err = {0};
    const char *const names[] = {topics->ledger, topics->people, topics->deadletter, topics->channels[0], topics->channels[1],
                                 topics->channels[2]};
    struct rg_kafka_topic_spec specs[RG_COUNT(names)];
    int partitions = 0;
    for (size_t i = 0; i < RG_COUNT(names); i++)
        specs[i] = (struct rg_kafka_topic_spec){names[i], (int)shards, 1, NULL, 0};
    if (rg_kafka_topics_ensure(s->admin, specs, RG_COUNT(specs), 30000, &err) < 0 ||
        rg_kafka_producer_open(s->producer, topics->ledger, 10000, &partitions, &err) < 0 ||
        rg_kafka_producer_open(s->producer, topics->people, 10000, &partitions, &err) < 0)
        bench_fail("topics cannot be made: %s", err.text);
}

static void drop_topics(struct stage *s, const struct decide_topics *topics)
{
    struct rg_error err = {0};
    const char *const names[] = {topics->ledger, topics->people, topics->deadletter, topics->channels[0], topics->channels[1],
                                 topics->channels[2]};
    for (size_t i = 0; i < RG_COUNT(names); i++)
        if (rg_kafka_topic_delete(s->admin, names[i], 30000, &err) < 0)
            bench_fail("topic %s cannot be deleted: %s", names[i], err.text);
}

static void ends_of(struct stage *s, const char *topic, int64_t *ret_ends)
{
    struct rg_error err = {0};
    struct rg_kafka_position positions[DECIDE_SHARDS_MAX];
    for (int p = 0; p < shards; p++)
        positions[p] = (struct rg_kafka_position){topic, p, 0};
    if (rg_kafka_topic_edges(s->admin, RG_KAFKA_EDGE_END, positions, (size_t)shards, 10000, &err) < 0)
        bench_fail("the ends of %s are not known: %s", topic, err.text);
    for (int p = 0; p < shards; p++)
        ret_ends[p] = positions[p].offset;
}

/* ---- filling ---- */

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct stage *s = ctx;
    s->failed += report->err.code != 0;
}

static void produce(struct stage *s, const struct decide_topics *topics, const struct rg_routed *routed, struct rg_origin origin)
{
    char text[RG_ORIGIN_TEXT_MAX];
    struct rg_error err = {0};
    origin.sub = (int32_t)routed->sub;
    rg_origin_print(&origin, text);
    const struct rg_kafka_header headers[] = {{RG_HEADER_ORIGIN, rg_str(text)}, {RG_HEADER_KIND, rg_str(rg_kind_name(routed->kind))}};
    const struct rg_kafka_record record = {.topic = routed->topic == RG_TOPIC_PEOPLE ? topics->people : topics->ledger,
                                           .partition = routed->partition, .key = routed->key, .value = routed->value,
                                           .headers = headers, .headers_n = RG_COUNT(headers)};
    for (;;) {
        int rc = rg_kafka_producer_send(s->producer, &record, &err);
        if (rc == 0)
            return;
        if (rc != RG_ELIMIT)
            bench_fail("Kafka does not take a record: %s", err.text);
        rg_kafka_producer_poll(s->producer, 10);
    }
}

static void publish(struct stage *s, const struct decide_topics *topics, int64_t debtor, const struct rg_event *event)
{
    struct rg_route route;
    struct rg_origin origin;
    portfolio_route(&s->portfolio, s->arena, debtor, event, &route, &origin);
    for (size_t i = 0; i < route.count; i++)
        produce(s, topics, &route.records[i], origin);
    rg_arena_reset(s->arena);
    if (s->portfolio.serial % 1000 == 0)
        rg_kafka_producer_poll(s->producer, 0);
}

static void flush(struct stage *s)
{
    struct rg_error err = {0};
    if (rg_kafka_producer_flush(s->producer, 60000, &err) < 0 || s->failed > 0)
        bench_fail("the topics could not be filled: %lld records refused, %s", (long long)s->failed, err.text);
}

static void fill_people(struct stage *s, const struct decide_topics *topics)
{
    for (int64_t d = 0; d < debtors; d++) {
        struct rg_event person = portfolio_person(&s->portfolio, s->arena, d);
        publish(s, topics, d, &person);
        bench_progress(s->bench, "publishing who the debtors are", d, debtors);
    }
    flush(s);
}

/* One event for each debtor, then the next: nobody has two in one batch, as in real traffic. */
static void fill_events(struct stage *s, const struct decide_topics *topics)
{
    for (int64_t n = 0; n < events; n++) {
        int64_t debtor = n % debtors * 7919 % debtors;
        struct rg_event event = portfolio_event(&s->portfolio, s->arena, debtor, n / debtors);
        publish(s, topics, debtor, &event);
        bench_progress(s->bench, "publishing events", n, events);
    }
    flush(s);
}

/* ---- how many bytes ---- */

static size_t stored_bytes(const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_error err = {0};
    rg_buf_init(&buf, RG_RECORD_BYTES_MAX);
    if (rg_record_encode(record, &buf, &err) < 0)
        bench_fail("a record cannot be stored: %s", err.text);
    return buf.len;
}

static size_t charge_bytes(const struct rg_event *issued)
{
    const struct rg_charge charge = {.pix_code = issued->pix_code, .boleto_line = issued->boleto_line, .link = issued->link,
                                     .pix_until = issued->pix_until, .boleto_until = issued->boleto_until};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_RECORD_BYTES_MAX);
    rg_charge_write(&charge, &buf);
    return buf.len;
}

static void fold(struct rg_record *record, const struct rg_event *event, bool personal, int64_t offset)
{
    struct rg_error err = {0};
    const struct rg_fact_record fact = {.event = event, .personal = personal, .offset = offset};
    enum rg_folded folded = rg_record_apply(record, &fact, &err);
    rg_assert(folded == RG_FOLD_CHANGED);
}

static bool look_sets_timer(const struct rg_rules *rules, struct rg_record *record, int64_t now_ms)
{
    const struct rg_world world = {.now_ms = now_ms, .asof_ms = -1, .due_ms = now_ms, .live_max_step = RG_STR("suspenso"), .shards = (int)shards};
    struct rg_decided decided;
    rg_decide(rules, &world, record, false, &decided);
    return decided.next_ms != RG_NEVER;
}

/* What the store will hold, so that the bare loop can write as much: one debtor's life is folded and decided in memory, and since
 * all lives are alike what his record weighs after each fact is what everybody's does. */
static void measure_sizes(struct stage *s)
{
    struct portfolio p = s->portfolio;
    struct decide_bare_sizes *sizes = &s->sizes;
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", NULL);
    struct rg_arena *arena = rg_arena_new(ARENA_BYTES);
    struct rg_record *record = rg_record_new(arena, portfolio_debtor(arena, debtors / 2));
    struct rg_event person = portfolio_person(&p, arena, debtors / 2);
    fold(record, &person, true, 0);
    fold(record, &person, false, 0);
    size_t issued = 0;
    sizes->issued_bytes = ISSUED_BYTES;
    sizes->life = (size_t)((events + debtors - 1) / debtors);
    sizes->record_bytes[0] = stored_bytes(record);
    for (size_t k = 0; k < sizes->life; k++) {
        p.serial = (int64_t)(k + 1) * debtors;
        struct rg_event event = portfolio_event(&p, arena, debtors / 2, (int64_t)k);
        fold(record, &event, false, (int64_t)(k + 1) * debtors / shards);
        sizes->timed[k + 1] = look_sets_timer(rules, record, p.now_ms);
        sizes->record_bytes[k + 1] = stored_bytes(record);
        if (event.type == RG_EV_INVOICE_ISSUED) {
            sizes->charge_bytes = charge_bytes(&event);
            issued = k;
        }
        if (event.type == RG_EV_PAYMENT_CONFIRMED)
            sizes->closed_after[k] = (int)(k - issued);
    }
    rg_rules_free(&rules);
    rg_arena_free(&arena);
}

/* ---- measuring ---- */

static int64_t info(struct rg_redis *redis, const char *section, const char *field)
{
    const struct rg_redis_reply *reply;
    struct rg_error err = {0};
    if (RG_REDIS_CALL(redis, &reply, &err, RG_STR("INFO"), rg_str(section)) < 0 || reply->kind != RG_REDIS_STR)
        bench_fail("INFO %s: %s", section, err.text);
    const char *at = strstr(reply->text.p, field);
    if (at == NULL)
        bench_fail("INFO %s does not tell %s", section, field);
    int64_t value = strtoll(at + strlen(field) + 1, NULL, 10);
    rg_redis_release(redis);
    return value;
}

static struct rg_redis *client_of(struct rg_redis_server *server)
{
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    const struct rg_redis_config config = {.url = rg_redis_server_url(server), .connect_timeout_ms = 5000, .command_timeout_ms = 20000};
    if (rg_redis_new(&config, &redis, &err) < 0 || rg_redis_connect(redis, &err) < 0)
        bench_fail("%s", err.text);
    return redis;
}

/* Differences between two looks are what the run cost. */
static struct decide_run look(struct stage *s, struct rg_redis_server *server)
{
    struct rg_redis *redis RG_CLEANUP(rg_redis_free) = client_of(server);
    return (struct decide_run){.redis_in_bytes = info(redis, "stats", "total_net_input_bytes"),
                               .redis_out_bytes = info(redis, "stats", "total_net_output_bytes"),
                               .redis_commands = info(redis, "stats", "total_commands_processed"),
                               .redis_cpu_s = bench_cpu_of_s(rg_redis_server_pid(server)),
                               .kafka_cpu_s = bench_cpu_of_s(rg_kafka_server_pid(s->kafka)),
                               .own_cpu_s = bench_own_cpu_s(),
                               .seconds = bench_now_s()};
}

static struct decide_run since(const struct decide_run *before, const struct decide_run *after)
{
    return (struct decide_run){.seconds = after->seconds - before->seconds,
                               .own_cpu_s = after->own_cpu_s - before->own_cpu_s,
                               .redis_cpu_s = after->redis_cpu_s - before->redis_cpu_s,
                               .kafka_cpu_s = after->kafka_cpu_s - before->kafka_cpu_s,
                               .redis_in_bytes = after->redis_in_bytes - before->redis_in_bytes,
                               .redis_out_bytes = after->redis_out_bytes - before->redis_out_bytes,
                               .redis_commands = after->redis_commands - before->redis_commands};
}

static struct rg_redis_server *start_redis(void)
{
    static const char *const args[] = {"--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0", NULL};
    return rg_redis_server_start(args);
}

/* Events a second if nobody else wanted the machine and everything went on at once: no core does more than one second of work a
 * second, and Redis is one thread. A busy machine makes rates and their ratio worthless; processor time it hardly touches. */
static double bound(const struct decide_run *run)
{
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN), whole_s = (run->own_cpu_s + run->redis_cpu_s + run->kafka_cpu_s) / cores;
    double own_s = run->own_cpu_s / (double)workers, slowest_s = own_s > run->redis_cpu_s ? own_s : run->redis_cpu_s;
    return (double)events / (whole_s > slowest_s ? whole_s : slowest_s);
}

static void record(struct figures *f, const struct decide_run *ours, const struct decide_run *bare, int64_t batches)
{
    double n = (double)events;
    bench_add(f->ours, n / ours->seconds);
    bench_add(f->bare, n / bare->seconds);
    bench_add(f->ratio, bare->seconds / ours->seconds);
    bench_add(f->in_bytes, (double)ours->redis_in_bytes / n);
    bench_add(f->out_bytes, (double)ours->redis_out_bytes / n);
    bench_add(f->in_apart, 100 * fabs((double)bare->redis_in_bytes / (double)ours->redis_in_bytes - 1));
    bench_add(f->out_apart, 100 * fabs((double)bare->redis_out_bytes / (double)ours->redis_out_bytes - 1));
    bench_add(f->own_cpu, ours->own_cpu_s / n * 1e6);
    bench_add(f->bare_cpu, bare->own_cpu_s / n * 1e6);
    bench_add(f->redis_cpu, ours->redis_cpu_s / n * 1e6);
    bench_add(f->bare_redis_cpu, bare->redis_cpu_s / n * 1e6);
    bench_add(f->kafka_cpu, ours->kafka_cpu_s / n * 1e6);
    bench_add(f->bound, bound(ours));
    bench_add(f->bare_bound, bound(bare));
    bench_add(f->bound_ratio, bound(ours) / bound(bare));
    bench_add(f->batch, n / (double)batches);
    bench_add(f->commands, (double)ours->redis_commands / n);
    bench_add(f->bare_commands, (double)bare->redis_commands / n);
}

/* Nothing was to fall due: a record of our own would be work that the bare loop has not. */
static void check_nothing_written(struct stage *s, const struct decide_topics *topics, const int64_t *end)
{
    int64_t now[DECIDE_SHARDS_MAX];
    ends_of(s, topics->ledger, now);
    for (int p = 0; p < shards; p++)
        if (now[p] != end[p])
            bench_fail("shard %d wrote %lld records of its own", p, (long long)(now[p] - end[p]));
}

static void run_turn(struct stage *s, int turn, struct figures *f)
{
    struct decide_topics topics;
    char what[64];
    int64_t from[DECIDE_SHARDS_MAX], end[DECIDE_SHARDS_MAX];
    name_topics(&topics, turn);
    make_topics(s, &topics);
    struct rg_redis_server *redis = start_redis(), *bare_redis = start_redis();
    const char *brokers = rg_kafka_server_bootstrap(s->kafka);
    struct decide_ours *ours = decide_ours_new(brokers, &topics, rg_redis_server_url(redis), (int)shards, (int)workers);
    fill_people(s, &topics);
    decide_ours_settle(ours, s->bench, "folding who the debtors are");
    int64_t folded = decide_ours_folded(ours), batches = decide_ours_batches(ours);
    ends_of(s, topics.ledger, from);
    fill_events(s, &topics);
    ends_of(s, topics.ledger, end);
    (void)snprintf(what, sizeof what, "turn %d of %lld: régua", turn, (long long)turns);
    struct decide_run before = look(s, redis);
    decide_ours_until(ours, s->bench, what, folded + events);
    struct decide_run after = look(s, redis);
    const struct decide_run mine = since(&before, &after);
    batches = decide_ours_batches(ours) - batches;
    check_nothing_written(s, &topics, end);
    decide_ours_free(&ours);
    (void)snprintf(what, sizeof what, "turn %d of %lld: bare loop", turn, (long long)turns);
    struct decide_bare *bare = decide_bare_new(brokers, &topics, rg_redis_server_socket(bare_redis), (int)shards, (int)workers, from, end, debtors, &s->sizes);
    before = look(s, bare_redis);
    decide_bare_run(bare, s->bench, what);
    after = look(s, bare_redis);
    const struct decide_run its = since(&before, &after);
    decide_bare_free(&bare);
    rg_redis_server_stop(&redis);
    rg_redis_server_stop(&bare_redis);
    drop_topics(s, &topics);
    record(f, &mine, &its, batches);
}

static struct figures name_figures(struct bench *bench)
{
    struct figures f;
    f.ours = bench_figure(bench, "régua", "events/s", BENCH_AT_LEAST, BUDGET_EVENTS);
    f.bare = bench_figure(bench, "bare loop", "events/s", BENCH_NO_AIM, 0);
    f.ratio = bench_figure(bench, "régua / bare loop", "", BENCH_AT_LEAST, BUDGET_RATIO);
    f.in_bytes = bench_figure(bench, "to Redis", "B/event", BENCH_NO_AIM, 0);
    f.in_apart = bench_figure(bench, "the bare loop's differ by", "%", BENCH_AT_MOST, BYTES_APART_PERCENT);
    f.out_bytes = bench_figure(bench, "from Redis", "B/event", BENCH_NO_AIM, 0);
    f.out_apart = bench_figure(bench, "the bare loop's differ by", "%", BENCH_AT_MOST, BYTES_APART_PERCENT);
    f.own_cpu = bench_figure(bench, "CPU of régua", "µs/event", BENCH_NO_AIM, 0);
    f.bare_cpu = bench_figure(bench, "CPU of the bare loop", "µs/event", BENCH_NO_AIM, 0);
    f.redis_cpu = bench_figure(bench, "CPU of Redis, régua's", "µs/event", BENCH_NO_AIM, 0);
    f.bare_redis_cpu = bench_figure(bench, "CPU of Redis, the bare loop's", "µs/event", BENCH_NO_AIM, 0);
    f.kafka_cpu = bench_figure(bench, "CPU of Kafka", "µs/event", BENCH_NO_AIM, 0);
    f.bound = bench_figure(bench, "régua, by processor time at most", "events/s", BENCH_NO_AIM, 0);
    f.bare_bound = bench_figure(bench, "bare loop, by processor time at most", "events/s", BENCH_NO_AIM, 0);
    f.bound_ratio = bench_figure(bench, "régua / bare loop, by processor time", "", BENCH_NO_AIM, 0);
    f.batch = bench_figure(bench, "events in a transaction", "", BENCH_NO_AIM, 0);
    f.commands = bench_figure(bench, "Redis commands", "per event", BENCH_NO_AIM, 0);
    f.bare_commands = bench_figure(bench, "Redis commands of the bare loop", "per event", BENCH_NO_AIM, 0);
    return f;
}

static void start(struct stage *s)
{
    struct rg_error err = {0};
    bench_progress(s->bench, "starting Apache Kafka", 0, 0);
    if (rg_kafka_server_start(NULL, 1, &s->kafka, &err) < 0)
        bench_fail("%s", err.text);
    const struct rg_kafka_config config = {.brokers = rg_kafka_server_bootstrap(s->kafka), .client_id = "bench-fill"};
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = s, .linger_ms = 5};
    if (rg_kafka_producer_new(&config, &options, &s->producer, &err) < 0 || rg_kafka_admin_new(&config, &s->admin, &err) < 0)
        bench_fail("%s", err.text);
    s->arena = rg_arena_new(ARENA_BYTES);
    s->portfolio = (struct portfolio){.shards = (int)shards, .now_ms = rg_wall_ms(rg_clock_system()), .due_in_days = DUE_IN_DAYS};
    measure_sizes(s);
    bench_note(s->bench, "librdkafka", "%s", rd_kafka_version_str());
}

static void finish(struct stage *s)
{
    rg_kafka_producer_free(&s->producer, RG_KAFKA_FREE_MS);
    rg_kafka_admin_free(&s->admin, RG_KAFKA_FREE_MS);
    rg_arena_free(&s->arena);
    rg_kafka_server_stop(&s->kafka);
}

int main(int argc, char **argv)
{
    const struct bench_option options[] = {
        {"debtors", &debtors, 100, 10000000, "debtors"},
        {"events", &events, 1000, 100000000, "facts in one turn"},
        {"turns", &turns, 1, BENCH_SAMPLES_MAX, "alternations"},
        {"shards", &shards, 1, DECIDE_SHARDS_MAX, "partitions of the ledger"},
        {"workers", &workers, 1, DECIDE_WORKERS_MAX, "threads of either side"},
    };
    struct bench *bench = bench_new(argc, argv, "decide", "events through fetch, fold, decide and commit, beside a bare loop", options,
                                    RG_COUNT(options));
    struct stage stage = {.bench = bench};
    if (events / debtors >= DECIDE_LIFE_MAX)
        bench_fail("more than %d facts a debtor", DECIDE_LIFE_MAX);
    rg_log_setup(RG_LOG_HUMAN, RG_LOG_ERROR);
    start(&stage);
    struct figures figures = name_figures(bench);
    for (int turn = 1; turn <= turns; turn++)
        run_turn(&stage, turn, &figures);
    finish(&stage);
    bench_report(bench);
    bench_free(&bench);
    return 0;
}
