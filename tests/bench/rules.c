/* What one look at one debtor costs, and the steps of folding one event, in processor time of one thread and without any server.
 * Every look begins with a record fresh from its stored form, for a look may change it; taking it from there is not counted. */
#include "daemon/state/codec.h"
#include "tests/bench/bench.h"
#include "tests/bench/portfolio.h"
#include "tests/bench/reference.h"

#include <string.h>

#define COPIES 64 /* records of one timing: the clock costs as much as a look */
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define BUDGET_US 2.0
#define LIFE_FROM (-10)
#define LIFE_TO 40

static int64_t repeats = 9, rounds = 300;

struct stored {
    struct rg_buf bytes;
    struct rg_world world;
    struct rg_rules *rules;
};

static void store(const struct reference *r, struct rg_buf *buf)
{
    struct rg_error err = {0};
    rg_buf_reset(buf);
    if (rg_record_encode(r->record, buf, &err) < 0)
        bench_fail("%s", err.text);
}

static struct rg_record *load(struct rg_arena *arena, struct rg_str bytes)
{
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    if (rg_record_decode(bytes, RG_STR("cus_000005219613"), arena, &record, &err) < 0)
        bench_fail("%s", err.text);
    return record;
}

/* Processor seconds of COPIES looks. */
static double time_looks(struct rg_arena *arena, const struct stored *stored, bool explain, size_t *ret_decisions)
{
    struct rg_record *records[COPIES];
    struct rg_decided decided;
    size_t decisions = 0;
    rg_arena_reset(arena);
    for (int i = 0; i < COPIES; i++)
        records[i] = load(arena, rg_buf_str(&stored->bytes));
    double before_s = bench_thread_cpu_s();
    for (int i = 0; i < COPIES; i++) {
        rg_decide(stored->rules, &stored->world, records[i], explain, &decided);
        decisions += decided.decision_count;
    }
    double took_s = bench_thread_cpu_s() - before_s;
    *ret_decisions = decisions / COPIES;
    return took_s;
}

static void measure_look(struct bench *bench, struct rg_arena *arena, struct bench_figure *figure, const struct stored *stored, bool explain,
                         bool decides)
{
    for (int64_t repeat = 0; repeat < repeats; repeat++) {
        double took_s = 0;
        size_t decisions = 0;
        bench_progress(bench, "deciding", repeat, repeats);
        for (int64_t i = 0; i < rounds; i++)
            took_s += time_looks(arena, stored, explain, &decisions);
        if ((decisions > 0) != decides)
            bench_fail("a look that should decide %s decided %zu times", decides ? "something" : "nothing", decisions);
        bench_add(figure, took_s / (double)(rounds * COPIES) * 1e6);
    }
}

/* ---- a ladder's whole life: one look each noon ---- */

static void measure_life(struct bench *bench, struct rg_arena *arena, struct bench_figure *mean, struct bench_figure *worst)
{
    enum { DAYS = LIFE_TO - LIFE_FROM + 1 };
    static struct stored days[DAYS];
    struct reference reference;
    reference_init(&reference, false);
    for (int day = LIFE_FROM; day <= LIFE_TO; day++) {
        struct stored *stored = &days[day - LIFE_FROM];
        reference_live(&reference, day - 1);
        rg_buf_init(&stored->bytes, RG_RECORD_BYTES_MAX);
        store(&reference, &stored->bytes);
        stored->world = reference_world(&reference, day);
        stored->rules = reference.rules;
    }
    for (int64_t repeat = 0; repeat < repeats; repeat++) {
        double whole_s = 0, worst_s = 0;
        bench_progress(bench, "deciding on every day of a ladder", repeat, repeats);
        for (int day = 0; day < DAYS; day++) {
            double took_s = 0;
            size_t decisions;
            for (int64_t i = 0; i < rounds / 10 + 1; i++)
                took_s += time_looks(arena, &days[day], false, &decisions);
            whole_s += took_s;
            worst_s = took_s > worst_s ? took_s : worst_s;
        }
        bench_add(mean, whole_s / (double)(DAYS * (rounds / 10 + 1) * COPIES) * 1e6);
        bench_add(worst, worst_s / (double)((rounds / 10 + 1) * COPIES) * 1e6);
    }
    for (int day = 0; day < DAYS; day++)
        rg_buf_done(&days[day].bytes);
    reference_done(&reference);
}

static void measure_moments(struct bench *bench, struct rg_arena *arena)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf bytes;
    struct reference reference, silent;
    rg_buf_init(&bytes, RG_RECORD_BYTES_MAX);
    reference_init(&reference, false);
    reference_live_until(&reference, 5);
    int today = (int)(reference.now_ms / RG_MS_PER_DAY - reference.due_on);
    store(&reference, &bytes);
    struct stored stored = {bytes, reference_world(&reference, today), reference.rules};
    measure_look(bench, arena, bench_figure(bench, "5 of 12 done, nothing to do yet", "µs", BENCH_AT_MOST, BUDGET_US), &stored, false, false);
    measure_look(bench, arena, bench_figure(bench, "the same, explained", "µs", BENCH_NO_AIM, 0), &stored, true, false);
    reference_init(&silent, true);
    store(&silent, &bytes);
    stored = (struct stored){bytes, reference_world(&silent, 17), silent.rules};
    stored.world.live_max_step = (struct rg_str){0};
    measure_look(bench, arena, bench_figure(bench, "11 windows open, a message decided", "µs", BENCH_NO_AIM, 0), &stored, false, true);
    reference_done(&reference);
    reference_done(&silent);
}

/* ---- the steps of folding ---- */

static void measure_folding(struct bench *bench, struct rg_arena *arena)
{
    struct bench_figure *read = bench_figure(bench, "reading a fact of the ledger", "µs", BENCH_NO_AIM, 0),
                        *fold = bench_figure(bench, "folding it", "µs", BENCH_NO_AIM, 0),
                        *decode = bench_figure(bench, "reading a stored record", "µs", BENCH_NO_AIM, 0),
                        *encode = bench_figure(bench, "storing it", "µs", BENCH_NO_AIM, 0);
    struct reference reference;
    RG_CLEANUP(rg_buf_done) struct rg_buf bytes, out;
    struct rg_str facts[COPIES];
    struct rg_event events[COPIES];
    struct rg_record *records[COPIES];
    struct rg_error err = {0};
    struct portfolio p = {.shards = REFERENCE_SHARDS, .now_ms = REFERENCE_ISSUED_MS, .due_in_days = 30};
    reference_init(&reference, false);
    reference_live_until(&reference, 5);
    rg_buf_init(&bytes, RG_RECORD_BYTES_MAX);
    rg_buf_init(&out, RG_RECORD_BYTES_MAX);
    store(&reference, &bytes);
    for (int i = 0; i < COPIES; i++) {
        struct rg_route route;
        struct rg_origin origin;
        struct rg_event event = portfolio_event(&p, reference.arena, 1, i % PORTFOLIO_EVENTS_PER_INVOICE);
        portfolio_route(&p, reference.arena, 1, &event, &route, &origin);
        facts[i] = route.records[0].value;
    }
    for (int64_t repeat = 0; repeat < repeats; repeat++) {
        double took_s[4] = {0};
        bench_progress(bench, "folding", repeat, repeats);
        for (int64_t n = 0; n < rounds; n++) {
            rg_arena_reset(arena);
            double at_s[5] = {bench_thread_cpu_s()};
            for (int i = 0; i < COPIES; i++)
                if (rg_event_read(facts[i], arena, &events[i], &err) < 0)
                    bench_fail("%s", err.text);
            at_s[1] = bench_thread_cpu_s();
            for (int i = 0; i < COPIES; i++)
                records[i] = load(arena, rg_buf_str(&bytes));
            at_s[2] = bench_thread_cpu_s();
            for (int i = 0; i < COPIES; i++)
                (void)rg_record_apply(records[i], &(struct rg_fact_record){.event = &events[i], .offset = i}, &err);
            at_s[3] = bench_thread_cpu_s();
            for (int i = 0; i < COPIES; i++) {
                rg_buf_reset(&out);
                if (rg_record_encode(records[i], &out, &err) < 0)
                    bench_fail("%s", err.text);
            }
            at_s[4] = bench_thread_cpu_s();
            for (int i = 0; i < 4; i++)
                took_s[i] += at_s[i + 1] - at_s[i];
        }
        struct bench_figure *const figures[] = {read, decode, fold, encode};
        for (int i = 0; i < 4; i++)
            bench_add(figures[i], took_s[i] / (double)(rounds * COPIES) * 1e6);
    }
    reference_done(&reference);
}

int main(int argc, char **argv)
{
    const struct bench_option options[] = {
        {"repeats", &repeats, 1, BENCH_SAMPLES_MAX, "samples of each figure"},
        {"rounds", &rounds, 1, 1000000, "times 64 in one sample"},
    };
    struct bench *bench = bench_new(argc, argv, "rules", "one decision, 12 steps and 20 conditions; processor time", options, RG_COUNT(options));
    struct rg_arena *arena = rg_arena_new(ARENA_BYTES);
    struct bench_figure *mean = bench_figure(bench, "one decision, mean over 51 days", "µs", BENCH_AT_MOST, BUDGET_US),
                        *worst = bench_figure(bench, "… on the dearest day", "µs", BENCH_NO_AIM, 0);
    measure_life(bench, arena, mean, worst);
    measure_moments(bench, arena);
    measure_folding(bench, arena);
    bench_report(bench);
    rg_arena_free(&arena);
    bench_free(&bench);
    return 0;
}
