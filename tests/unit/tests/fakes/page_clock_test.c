/* The driver turns, the driven read, and nothing but a page is taken for one. */
#include "tests/fakes/clock/page_clock.h"

#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/regua-clock-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/page", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void what_the_driver_sets_is_read(void **state)
{
    (void)state;
    struct rg_error err = {0};
    struct rg_page_clock *driver = NULL, *driven = NULL;
    assert_int_equal(rg_page_clock_create(path, 1000, -1, &driver, &err), 0);
    assert_int_equal(rg_page_clock_open(path, &driven, &err), 0);
    const struct rg_clock *clock = rg_page_clock(driven);
    assert_int_equal(rg_wall_ms(clock), 1000);
    assert_int_equal(rg_shared_ms(clock), -1);
    static const int64_t instants[] = {0, 1, INT64_C(1764547200000), INT64_MAX, -5};
    for (size_t i = 0; i < RG_COUNT(instants); i++) {
        rg_page_clock_set(driver, instants[i], instants[RG_COUNT(instants) - 1 - i]);
        assert_true(rg_wall_ms(clock) == instants[i]);
        assert_true(rg_shared_ms(clock) == instants[RG_COUNT(instants) - 1 - i]);
        assert_true(rg_wall_ms(rg_page_clock(driver)) == instants[i]);
    }
    rg_page_clock_close(&driver);
    assert_null(driver);
    assert_true(rg_wall_ms(clock) == -5); /* the page outlives its driver */
    rg_page_clock_close(&driven);
    rg_page_clock_close(&driven);
}

static void boot_time_stays_real(void **state)
{
    (void)state;
    struct rg_page_clock *driver = NULL;
    assert_int_equal(rg_page_clock_create(path, 0, 0, &driver, NULL), 0);
    int64_t before = rg_boot_ms(rg_clock_system()), boot = rg_boot_ms(rg_page_clock(driver));
    assert_true(before <= boot && boot <= rg_boot_ms(rg_clock_system()));
    rg_page_clock_close(&driver);
}

static void a_child_process_sees_the_turn(void **state)
{
    (void)state;
    struct rg_page_clock *driver = NULL;
    assert_int_equal(rg_page_clock_create(path, 1, 1, &driver, NULL), 0);
    int ready[2], go[2];
    assert_int_equal(pipe(ready) + pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rg_page_clock *mine = NULL;
        char c = 0;
        bool fine = rg_page_clock_open(path, &mine, NULL) == 0 && rg_wall_ms(rg_page_clock(mine)) == 1;
        fine = fine && write(ready[1], "r", 1) == 1 && read(go[0], &c, 1) == 1;
        _exit(fine && rg_wall_ms(rg_page_clock(mine)) == 77 ? 0 : 1);
    }
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    rg_page_clock_set(driver, 77, 78);
    assert_int_equal(write(go[1], "g", 1), 1);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++)
        (void)close(ready[i]), (void)close(go[i]);
    rg_page_clock_close(&driver);
}

static void what_is_no_page_is_refused(void **state)
{
    (void)state;
    char page[RG_PAGE_CLOCK_BYTES + 1] = "RGCLOCK1\1\0\0\0"; /* version 1 in little-endian, which these machines are */
    const struct {
        size_t bytes;
        int spoiled; /* this byte is changed; -1: none */
        int expected;
    } rows[] = {
        {RG_PAGE_CLOCK_BYTES, -1, 0},         {0, -1, RG_EINVAL},
        {RG_PAGE_CLOCK_BYTES - 1, -1, RG_EINVAL}, {RG_PAGE_CLOCK_BYTES + 1, -1, RG_EINVAL},
        {RG_PAGE_CLOCK_BYTES, 0, RG_EINVAL},  {RG_PAGE_CLOCK_BYTES, 7, RG_EINVAL},
        {RG_PAGE_CLOCK_BYTES, 8, RG_EINVAL},  {RG_PAGE_CLOCK_BYTES, 11, RG_EINVAL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        FILE *file = fopen(path, "wbe");
        assert_non_null(file);
        if (rows[i].spoiled >= 0)
            page[rows[i].spoiled] ^= 0x40;
        assert_int_equal(fwrite(page, 1, rows[i].bytes, file), rows[i].bytes);
        assert_int_equal(fclose(file), 0);
        if (rows[i].spoiled >= 0)
            page[rows[i].spoiled] ^= 0x40;
        struct rg_page_clock *clock = NULL;
        struct rg_error err = {0};
        assert_int_equal(rg_page_clock_open(path, &clock, &err), rows[i].expected);
        assert_int_equal(clock != NULL, rows[i].expected == 0);
        if (rows[i].expected < 0)
            assert_non_null(strstr(err.text, path));
        rg_page_clock_close(&clock);
    }
    struct rg_page_clock *clock = NULL;
    assert_int_equal(rg_page_clock_open("/nonexistent/page", &clock, NULL), RG_EIO);
    assert_int_equal(rg_page_clock_open("/tmp", &clock, NULL), RG_EINVAL);
    assert_int_equal(rg_page_clock_create("/nonexistent/page", 0, 0, &clock, NULL), RG_EIO);
    assert_null(clock);
}

static void turn_what_was_opened(void *ctx)
{
    (void)ctx;
    struct rg_page_clock *clock = NULL;
    if (rg_page_clock_open(path, &clock, NULL) == 0)
        rg_page_clock_set(clock, 1, 1);
}

static void only_the_driver_turns(void **state)
{
    (void)state;
    struct rg_page_clock *driver = NULL;
    assert_int_equal(rg_page_clock_create(path, 5, 5, &driver, NULL), 0);
    assert_true(rg_test_aborts(turn_what_was_opened, NULL));
    assert_int_equal(rg_wall_ms(rg_page_clock(driver)), 5);
    rg_page_clock_close(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_driver_sets_is_read), cmocka_unit_test(boot_time_stays_real),
        cmocka_unit_test(a_child_process_sees_the_turn), cmocka_unit_test(what_is_no_page_is_refused),
        cmocka_unit_test(only_the_driver_turns),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
