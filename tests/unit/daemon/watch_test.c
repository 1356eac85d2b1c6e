/* When systemd is told: the arithmetic of it, step by step. */
#include "daemon/watch.h"

#include "tests/unit/support/cmocka.h"

#include <stdlib.h>

#define PERIOD_MS 4000

static struct rg_watch watched(const char *usec)
{
    struct rg_watch watch;
    if (usec != NULL)
        assert_int_equal(setenv("WATCHDOG_USEC", usec, 1), 0);
    else
        assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    rg_watch_init(&watch, 1000);
    return watch;
}

static void nobody_watches_nobody_is_told(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, "0", "nonsense", ""};
    for (size_t i = 0; i < RG_COUNT(none); i++) {
        struct rg_watch watch = watched(none[i]);
        uint64_t steps[] = {0};
        int stuck = 0;
        assert_int_equal(watch.period_ms, 0);
        for (int64_t ms = 1000; ms < 100000; ms += 1000, steps[0]++)
            assert_false(rg_watch_turn(&watch, ms, steps, 1, &stuck));
        assert_int_equal(stuck, -1);
    }
}

/* One row is one look: what each thread has counted by then. */
static void all_have_to_go_on(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        uint64_t steps[3];
        bool told;
        int stuck;
    } rows[] = {
        {1000, {0, 0, 0}, false, -1},
        {1999, {9, 9, 9}, false, -1}, /* too early to bother anybody */
        {2000, {9, 9, 9}, true, -1},
        {2050, {99, 99, 99}, false, -1},
        {3000, {100, 10, 100}, true, -1}, /* one step is enough */
        {4000, {200, 11, 100}, false, -1},
        {4900, {300, 12, 100}, false, -1},
        {4999, {300, 12, 101}, true, -1}, /* late, and in time */
        {6000, {301, 12, 102}, false, -1},
        {6999, {302, 12, 103}, false, 1}, /* half a period: said once */
        {7999, {303, 12, 104}, false, -1},
        {8999, {304, 12, 105}, false, -1}, /* here systemd acts */
        {9999, {305, 13, 106}, true, -1},
        {11000, {305, 13, 107}, false, -1},
        {12000, {305, 14, 108}, false, 0}, /* another one, said anew */
        {13000, {306, 15, 109}, true, -1},
    };
    struct rg_watch watch = watched("4000000");
    assert_int_equal(watch.period_ms, PERIOD_MS);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int stuck = -2;
        bool told = rg_watch_turn(&watch, rows[i].ms, rows[i].steps, 3, &stuck);
        if (told != rows[i].told || stuck != rows[i].stuck)
            fail_msg("row %zu: told %d, stuck %d", i, told, stuck);
    }
}

/* Before they are there nobody can hang; who comes is watched from then on. */
static void threads_come_later(void **state)
{
    (void)state;
    struct rg_watch watch = watched("4000000");
    uint64_t steps[RG_WATCH_MAX] = {0};
    int stuck = -1;
    assert_true(rg_watch_turn(&watch, 2000, steps, 0, &stuck));
    assert_true(rg_watch_turn(&watch, 3000, steps, RG_WATCH_MAX, &stuck));
    assert_false(rg_watch_turn(&watch, 4000, steps, RG_WATCH_MAX, &stuck));
    for (size_t i = 0; i < RG_WATCH_MAX; i++)
        steps[i]++;
    assert_true(rg_watch_turn(&watch, 4001, steps, RG_WATCH_MAX, &stuck));
    steps[0]++;
    assert_false(rg_watch_turn(&watch, 8000, steps, RG_WATCH_MAX, &stuck));
    assert_int_equal(stuck, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_watches_nobody_is_told),
        cmocka_unit_test(all_have_to_go_on),
        cmocka_unit_test(threads_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
