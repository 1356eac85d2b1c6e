/* The point of the wanted name ends the process by SIGKILL, or stops it, when it is passed for the N-th time, and no other does. */
#include "base/core/crash.h"

#include "base/core/core.h"
#include "tests/unit/support/cmocka.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const points[] = {"a", "ab", "a", "b", "a"};

static void pass_points(const char *variable, const char *wanted, int told)
{
    (void)unsetenv("REGUA_CRASH_AT");
    (void)unsetenv("REGUA_STOP_AT");
    if (wanted != NULL)
        (void)setenv(variable, wanted, 1);
    for (size_t i = 0; i < RG_COUNT(points); i++) {
        char step = (char)i;
        if (write(told, &step, 1) != 1)
            _exit(1);
        rg_crash_point(points[i]);
    }
    _exit(0);
}

/* The number of the pass that a child died or stopped at, or 0 when it got through. A stopped one is continued. */
static int caught_at(const char *variable, int signal, const char *wanted)
{
    int told[2], status = 0, last = 0, stopped_at = 0;
    char steps[RG_COUNT(points)];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0)
        pass_points(variable, wanted, told[1]);
    (void)close(told[1]);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status)) {
        assert_int_equal(WSTOPSIG(status), SIGSTOP);
        stopped_at = (int)read(told[0], steps, sizeof steps);
        assert_int_equal(kill(child, SIGCONT), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    for (ssize_t n; (n = read(told[0], steps, sizeof steps)) > 0;)
        last += (int)n;
    (void)close(told[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        assert_int_equal(stopped_at + last, RG_COUNT(points));
        return stopped_at;
    }
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    return last;
}

static void test_caught_at_the_pass_that_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        int pass;
    } rows[] = {
        {"a:1", 1},  {"a:2", 3}, {"a:3", 5}, {"ab:1", 2}, {"b:1", 4}, {"a:4", 0},   {"b:2", 0}, {"a:0", 0},
        {"a:-1", 0}, {"a:", 0},  {"a", 0},   {":1", 0},   {"", 0},    {"a:x", 0},   {"A:1", 0}, {"a:99999999999999999999", 0},
        {NULL, 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        assert_int_equal(caught_at("REGUA_CRASH_AT", SIGKILL, rows[i].wanted), rows[i].pass);
        assert_int_equal(caught_at("REGUA_STOP_AT", SIGSTOP, rows[i].wanted), rows[i].pass);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_caught_at_the_pass_that_was_asked_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
