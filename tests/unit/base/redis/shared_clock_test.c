/* The shared clock on machine clocks that the test turns. */
#include "base/redis/shared_clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT 2000
#define NOON INT64_C(1800000000000)

struct machine {
    _Atomic int64_t wall_ms, boot_ms;
    struct rg_clock clock;
};

static int64_t wall(void *ctx) { return atomic_load(&((struct machine *)ctx)->wall_ms); }
static int64_t boot(void *ctx) { return atomic_load(&((struct machine *)ctx)->boot_ms); }

static struct rg_shared_clock *start(struct machine *m)
{
    atomic_store(&m->wall_ms, NOON);
    atomic_store(&m->boot_ms, 5000);
    m->clock = (struct rg_clock){wall, boot, wall, m};
    const struct rg_shared_clock_config config = {.machine = &m->clock, .jump_limit_ms = LIMIT, .resync_ms = 10000};
    return rg_shared_clock_new(&config);
}

static void pass(struct machine *m, int64_t ms)
{
    atomic_fetch_add(&m->wall_ms, ms);
    atomic_fetch_add(&m->boot_ms, ms);
}

/* Ten seconds pass and the server, off by `off_ms` against the true time, answers at once. */
static enum rg_shared_clock_state sync_after(struct machine *m, struct rg_shared_clock *clock, int64_t off_ms)
{
    pass(m, 10000);
    int64_t now = atomic_load(&m->boot_ms);
    assert_int_equal(rg_shared_clock_observe(clock, now, NOON - 5000 + now + off_ms, now, NULL), 0);
    return rg_shared_clock_state(clock, NULL);
}

static void follows_the_server(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    char text[RG_SHARED_CLOCK_TEXT_BYTES];
    assert_int_equal(rg_shared_clock_ms(clock), -1);
    assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_UNKNOWN);
    assert_non_null(strstr(text, "no Redis server"));
    assert_true(rg_shared_clock_due(clock));
    assert_int_equal(sync_after(&m, clock, 300), RG_SHARED_CLOCK_OK);
    assert_int_equal(rg_shared_clock_ms(clock), NOON + 10300);
    pass(&m, 1234);
    struct rg_clock all = rg_shared_clock_as_clock(clock);
    assert_int_equal(rg_shared_ms(&all), NOON + 11534);
    assert_int_equal(rg_wall_ms(&all), NOON + 11234);
    assert_int_equal(rg_boot_ms(&all), 16234);
    assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_OK);
    assert_string_equal(text, "");
    rg_shared_clock_free(&clock);
    rg_shared_clock_free(&clock);
}

static void splits_the_round_trip(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    pass(&m, 100);
    assert_int_equal(rg_shared_clock_observe(clock, 5000, NOON + 50, 5100, NULL), 0);
    assert_int_equal(rg_shared_clock_ms(clock), NOON + 100);
    struct rg_error err = {0};
    pass(&m, LIMIT + 1);
    assert_int_equal(rg_shared_clock_observe(clock, 5100, NOON + 90000, 5100 + LIMIT + 1, &err), RG_ETIMEOUT);
    assert_true(err.retryable);
    assert_int_equal(rg_shared_clock_ms(clock), NOON + 100 + LIMIT + 1);
    assert_int_equal(rg_shared_clock_state(clock, NULL), RG_SHARED_CLOCK_OK);
    assert_int_equal(rg_shared_clock_observe(clock, 5100, NOON + 100 + LIMIT / 2, 5100 + LIMIT, NULL), 0);
    rg_shared_clock_free(&clock);
}

static void expect_calm_after(struct machine *m, struct rg_shared_clock *clock, int64_t off_ms)
{
    for (int i = 1; i < RG_SHARED_CLOCK_CALM_SYNCS; i++)
        assert_int_equal(sync_after(m, clock, off_ms), RG_SHARED_CLOCK_JUMPED);
    assert_int_equal(sync_after(m, clock, off_ms), RG_SHARED_CLOCK_OK);
}

static void notices_a_server_that_jumped(void **state)
{
    (void)state;
    static const int64_t jumps[] = {LIMIT + 1, -LIMIT - 1, 3600000, -3600000};
    for (size_t i = 0; i < RG_COUNT(jumps); i++) {
        struct machine m;
        struct rg_shared_clock *clock = start(&m);
        char text[RG_SHARED_CLOCK_TEXT_BYTES];
        assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
        assert_int_equal(sync_after(&m, clock, jumps[i]), RG_SHARED_CLOCK_JUMPED);
        assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_JUMPED);
        assert_non_null(strstr(text, "the Redis server's clock moved"));
        for (int j = 0; j < 10; j++) /* it stays there, and so does the quarrel with the wall clock */
            assert_int_equal(sync_after(&m, clock, jumps[i]), RG_SHARED_CLOCK_JUMPED);
        assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_JUMPED);
        assert_non_null(strstr(text, "differs from the Redis server's"));
        atomic_fetch_add(&m.wall_ms, jumps[i]); /* the wall clock agrees at last: that is a jump too, then there is calm */
        assert_int_equal(sync_after(&m, clock, jumps[i]), RG_SHARED_CLOCK_JUMPED);
        expect_calm_after(&m, clock, jumps[i]);
        rg_shared_clock_free(&clock);
    }
}

static void bears_what_is_at_the_limit(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
    assert_int_equal(sync_after(&m, clock, LIMIT), RG_SHARED_CLOCK_OK);
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
    assert_int_equal(sync_after(&m, clock, -LIMIT), RG_SHARED_CLOCK_OK);
    rg_shared_clock_free(&clock);
}

static void notices_a_wall_clock_that_jumped(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    char text[RG_SHARED_CLOCK_TEXT_BYTES];
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
    atomic_fetch_add(&m.wall_ms, 3600000);
    assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_JUMPED); /* between two syncs */
    assert_non_null(strstr(text, "wall clock moved against its boot time by 3600000 ms"));
    assert_int_equal(rg_shared_clock_ms(clock), NOON + 10000); /* the shared clock does not follow */
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_JUMPED);
    atomic_fetch_sub(&m.wall_ms, 3600000);
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_JUMPED); /* setting it right is a jump as well */
    expect_calm_after(&m, clock, 0);
    atomic_fetch_sub(&m.wall_ms, LIMIT + 1); /* there and back again between two looks at it is still seen by who looked */
    assert_int_equal(rg_shared_clock_state(clock, NULL), RG_SHARED_CLOCK_JUMPED);
    atomic_fetch_add(&m.wall_ms, LIMIT + 1);
    assert_int_equal(rg_shared_clock_state(clock, NULL), RG_SHARED_CLOCK_JUMPED);
    expect_calm_after(&m, clock, 0);
    rg_shared_clock_free(&clock);
}

static void starts_only_in_agreement(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    char text[RG_SHARED_CLOCK_TEXT_BYTES];
    assert_int_equal(sync_after(&m, clock, -LIMIT - 1), RG_SHARED_CLOCK_JUMPED);
    assert_int_equal(rg_shared_clock_state(clock, text), RG_SHARED_CLOCK_JUMPED);
    assert_string_equal(text, "this machine's wall clock differs from the Redis server's by 2001 ms");
    expect_calm_after(&m, clock, -LIMIT);
    rg_shared_clock_free(&clock);
}

static void survives_a_suspend(void **state)
{
    (void)state;
    struct machine m;
    struct rg_shared_clock *clock = start(&m);
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
    pass(&m, 8 * 3600000); /* boot time counts through it */
    assert_int_equal(rg_shared_clock_state(clock, NULL), RG_SHARED_CLOCK_OK);
    assert_int_equal(rg_shared_clock_ms(clock), NOON + 10000 + 8 * 3600000);
    assert_int_equal(sync_after(&m, clock, 0), RG_SHARED_CLOCK_OK);
    rg_shared_clock_free(&clock);
}

struct reading {
    struct rg_shared_clock *clock;
    _Atomic bool stop;
};

static void *keep_reading(void *ctx)
{
    struct reading *r = ctx;
    while (!atomic_load(&r->stop)) {
        int64_t now = rg_shared_clock_ms(r->clock);
        rg_assert(now == -1 || now >= NOON);
        (void)rg_shared_clock_state(r->clock, NULL); /* for the race detector */
    }
    return NULL;
}

static void is_read_by_other_threads(void **state)
{
    (void)state;
    struct machine m;
    struct reading r = {.clock = start(&m)};
    pthread_t threads[2];
    for (size_t i = 0; i < RG_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_reading, &r), 0);
    for (int i = 0; i < 1000; i++)
        (void)sync_after(&m, r.clock, 0); /* the state may be seen between the two clocks' steps: not judged here */
    atomic_store(&r.stop, true);
    for (size_t i = 0; i < RG_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    rg_shared_clock_free(&r.clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_server),
        cmocka_unit_test(splits_the_round_trip),
        cmocka_unit_test(notices_a_server_that_jumped),
        cmocka_unit_test(bears_what_is_at_the_limit),
        cmocka_unit_test(notices_a_wall_clock_that_jumped),
        cmocka_unit_test(starts_only_in_agreement),
        cmocka_unit_test(survives_a_suspend),
        cmocka_unit_test(is_read_by_other_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
