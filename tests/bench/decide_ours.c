/* The daemon's workers without the daemon: each is the thread that reguad would start, with the rules, the store and the consumer
 * it would have. What is missing are ingest and senders, which are measured elsewhere. Between two measurements the threads stand
 * still, so that the topics can be filled and the other arm has the machine to itself. */
#include "tests/bench/decide.h"

#include "daemon/shard/worker.h"
#include "tests/fakes/rules.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TURN_MS 20
#define LOOK_NS (10 * 1000 * 1000)
#define READY_S 30.0
#define QUIET_S 0.5

struct hand {
    struct decide_ours *ours;
    struct rg_worker *worker;
    pthread_t thread;
};

struct decide_ours {
    const struct decide_topics *topics;
    struct rg_runtime runtime;
    struct rg_shard_counters counters;
    int shards;
    struct hand hands[DECIDE_WORKERS_MAX];
    int hand_count;
    atomic_bool turning, ending;
    atomic_int standing;
};

static void pause_ns(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};
    (void)nanosleep(&pause, NULL);
}

static void *run(void *ctx)
{
    struct hand *hand = ctx;
    struct decide_ours *ours = hand->ours;
    while (!atomic_load(&ours->ending)) {
        if (atomic_load(&ours->turning)) {
            rg_worker_turn(hand->worker, TURN_MS);
            continue;
        }
        atomic_fetch_add(&ours->standing, 1);
        while (!atomic_load(&ours->turning) && !atomic_load(&ours->ending))
            pause_ns(LOOK_NS);
        atomic_fetch_sub(&ours->standing, 1);
    }
    return NULL;
}

static void make_worker(struct decide_ours *ours, const char *brokers, const char *redis_url, int index)
{
    const struct decide_topics *topics = ours->topics;
    struct rg_error err = {0};
    struct hand *hand = &ours->hands[index];
    const char *const channels[] = {topics->channels[0], topics->channels[1], topics->channels[2]};
    const struct rg_worker_config config = {
        .runtime = &ours->runtime, .kafka = {.brokers = brokers, .client_id = "bench"}, .group = topics->ledger,
        .ledger_topic = topics->ledger, .people_topic = topics->people, .deadletter_topic = topics->deadletter,
        .actions_prefix = topics->actions_prefix, .channel_topics = channels, .channel_count = RG_COUNT(channels), .shards = ours->shards,
        .session_timeout_ms = 30000, .round_ms = 1000,
        .redis = {.url = redis_url, .connect_timeout_ms = 5000, .command_timeout_ms = 20000}, .counters = &ours->counters};
    hand->ours = ours;
    if (rg_worker_new(&config, &hand->worker, &err) < 0)
        bench_fail("a worker cannot be made: %s", err.text);
    int rc = pthread_create(&hand->thread, NULL, run, hand);
    rg_assert(rc == 0);
    (void)pthread_setname_np(hand->thread, "decide"); /* as profiles show it: perf report --comm decide */
    ours->hand_count++;
}

static void turn(struct decide_ours *ours, bool turning)
{
    atomic_store(&ours->turning, turning);
    while (atomic_load(&ours->standing) != (turning ? 0 : ours->hand_count))
        pause_ns(LOOK_NS);
}

static int running(struct decide_ours *ours)
{
    struct rg_worker_shard looks[RG_SHARDS_MAX];
    int64_t asked_ms, turned_ms;
    int count = 0;
    for (int i = 0; i < ours->hand_count; i++) {
        size_t n = rg_worker_look(ours->hands[i].worker, looks, RG_SHARDS_MAX, &asked_ms, &turned_ms);
        for (size_t k = 0; k < n; k++)
            count += looks[k].state == RG_SHARD_RUNNING;
    }
    return count;
}

/* Everything live: what the control topic of an installation would say. */
static void set_control(struct decide_ours *ours)
{
    struct rg_arena *arena = rg_arena_new((size_t)64 * 1024);
    struct rg_control_state *control = RG_NEW(arena, struct rg_control_state, 1);
    *control = (struct rg_control_state){.arena = arena, .loaded = true, .live_max_step = RG_STR("suspenso"), .layout_shards = ours->shards};
    rg_runtime_set_control(&ours->runtime, control);
}

struct decide_ours *decide_ours_new(const char *brokers, const struct decide_topics *topics, const char *redis_url, int shards, int workers)
{
    struct decide_ours *ours = rg_alloc(sizeof *ours);
    struct rg_templates *templates = NULL;
    ours->topics = topics;
    ours->shards = shards;
    rg_runtime_init(&ours->runtime, NULL, rg_clock_system());
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", &templates);
    rg_runtime_set_rules(&ours->runtime, rg_ruleset_new(rules, templates));
    set_control(ours);
    atomic_store(&ours->turning, true);
    for (int i = 0; i < workers; i++)
        make_worker(ours, brokers, redis_url, i);
    double until_s = bench_now_s() + READY_S;
    while (running(ours) < shards) {
        if (bench_now_s() > until_s)
            bench_fail("only %d of %d shards are running after %.0f s", running(ours), shards, READY_S);
        pause_ns(LOOK_NS);
    }
    turn(ours, false);
    return ours;
}

void decide_ours_free(struct decide_ours **pointer)
{
    struct decide_ours *ours = *pointer;
    if (ours == NULL)
        return;
    atomic_store(&ours->ending, true);
    for (int i = 0; i < ours->hand_count; i++) {
        int rc = pthread_join(ours->hands[i].thread, NULL);
        rg_assert(rc == 0);
        rg_worker_free(&ours->hands[i].worker);
    }
    rg_runtime_done(&ours->runtime);
    rg_free(pointer);
}

int64_t decide_ours_folded(const struct decide_ours *ours)
{
    return (int64_t)atomic_load(&ours->counters.folded);
}

/* A shard that was taken away reads its partition as the past, and the past is not decided: such a run would measure too little. */
static void check_running(struct decide_ours *ours)
{
    if (running(ours) < ours->shards)
        bench_fail("a shard was taken from its worker; this machine is too busy for so many events at once");
}

void decide_ours_until(struct decide_ours *ours, struct bench *bench, const char *what, int64_t facts)
{
    int64_t first = decide_ours_folded(ours);
    turn(ours, true);
    while (decide_ours_folded(ours) < facts) {
        check_running(ours);
        bench_progress(bench, what, decide_ours_folded(ours) - first, facts - first);
        pause_ns(LOOK_NS);
    }
    turn(ours, false);
}

void decide_ours_settle(struct decide_ours *ours, struct bench *bench, const char *what)
{
    double quiet_since_s = bench_now_s();
    int64_t batches = decide_ours_batches(ours);
    turn(ours, true);
    while (bench_now_s() < quiet_since_s + QUIET_S) {
        bench_progress(bench, what, decide_ours_folded(ours), 0);
        pause_ns(LOOK_NS);
        if (decide_ours_batches(ours) == batches)
            continue;
        batches = decide_ours_batches(ours);
        quiet_since_s = bench_now_s();
    }
    turn(ours, false);
}

int64_t decide_ours_batches(const struct decide_ours *ours)
{
    return (int64_t)atomic_load(&ours->counters.batches);
}
