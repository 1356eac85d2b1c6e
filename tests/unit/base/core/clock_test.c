/* The system clock table: three clocks that are what they are named after. */
#include "base/core/clock.h"

#include "tests/unit/support/cmocka.h"

#include <time.h>

static int64_t now_ms(clockid_t id)
{
    struct timespec t;
    assert_int_equal(clock_gettime(id, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void each_clock_reads_its_own_time(void **state)
{
    (void)state;
    const struct rg_clock *clock = rg_clock_system();
    int64_t before = now_ms(CLOCK_REALTIME), wall = rg_wall_ms(clock), shared = rg_shared_ms(clock),
            after = now_ms(CLOCK_REALTIME);
    assert_true(before <= wall && wall <= after);
    assert_true(wall <= shared && shared <= after);
    before = now_ms(CLOCK_BOOTTIME);
    int64_t boot = rg_boot_ms(clock);
    assert_true(before <= boot && boot <= now_ms(CLOCK_BOOTTIME));
}

static void boot_never_goes_back(void **state)
{
    (void)state;
    const struct rg_clock *clock = rg_clock_system();
    int64_t last = rg_boot_ms(clock);
    for (int i = 0; i < 10000; i++) {
        int64_t next = rg_boot_ms(clock);
        assert_true(next >= last);
        last = next;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clock_reads_its_own_time),
        cmocka_unit_test(boot_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
