/* For code that must abort rather than go on: runs a function in a child process and tells whether it died of SIGABRT.
 * Its words on stderr are thrown away. */
#pragma once

#include "base/core/core.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool rg_test_aborts(void (*fn)(void *ctx), void *ctx)
{
    pid_t child = fork();
    rg_assert(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0)
            (void)dup2(null, STDERR_FILENO);
        fn(ctx);
        _exit(0);
    }
    int status = 0;
    pid_t waited = waitpid(child, &status, 0);
    rg_assert(waited == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
