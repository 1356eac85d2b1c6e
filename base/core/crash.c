/* The environment is read at every pass: a torture build may be slow, and there is no state but two counts. */
#include "base/core/crash.h"

#include "base/core/core.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool reached(const char *variable, const char *name, _Atomic int64_t *passes)
{
    const char *wanted = getenv(variable);
    size_t n = strlen(name);
    int64_t at = 0;
    if (wanted == NULL || strncmp(wanted, name, n) != 0 || wanted[n] != ':' || !rg_str_to_i64(rg_str(wanted + n + 1), &at))
        return false;
    return atomic_fetch_add(passes, 1) + 1 == at;
}

void rg_crash_point(const char *name)
{
    static _Atomic int64_t crashes, stops;
    if (reached("REGUA_CRASH_AT", name, &crashes))
        (void)kill(getpid(), SIGKILL);
    if (reached("REGUA_STOP_AT", name, &stops))
        (void)kill(getpid(), SIGSTOP);
}
