/* One place fills errors, so that every one of them is terminated, single-line and consistently retryable. */
#include "base/core/error.h"

#include <stdarg.h>
#include <stdio.h>

int rg_fail(struct rg_error *err, int code, const char *fmt, ...)
{
    rg_assert(code < 0);
    if (err == NULL)
        return code;
    err->code = code;
    err->retryable = code == RG_ETIMEOUT || code == RG_EUNREACHABLE;
    char text[sizeof err->text]; /* the arguments may point into *err */
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* a longer sentence is cut */
    va_end(args);
    for (size_t i = 0; i < sizeof text; i++) {
        err->text[i] = text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
        if (text[i] == '\0')
            break;
    }
    return code;
}

const char *rg_err_name(int code)
{
    switch (code) {
    case 0: return "fine";
    case RG_EINVAL: return "invalid input";
    case RG_ENOTFOUND: return "not found";
    case RG_ELIMIT: return "limit passed";
    case RG_EIO: return "input/output error";
    case RG_ETIMEOUT: return "timeout";
    case RG_EUNREACHABLE: return "unreachable";
    case RG_EREFUSED: return "refused";
    case RG_EUNKNOWN: return "outcome unknown";
    default: return "unknown error";
    }
}
