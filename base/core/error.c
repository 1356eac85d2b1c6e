/* One place fills errors, so that every one of them is terminated, valid UTF-8, a single line and consistently retryable.
 * Sentences quote what others sent: a control byte in it must not reach a terminal. */
#include "base/core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies `text` of n bytes; a character that was cut at the end is left out. `out` has room for n + 1. */
static void copy_sentence(const char *text, size_t n, bool cut, char *out)
{
    size_t i = 0, written = 0;
    while (i < n) {
        size_t step = rg_utf8_next((struct rg_str){text + i, n - i});
        if (step == 0 && cut && n - i < 4)
            break;
        bool control = step == 1 && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f);
        if (step == 0 || control) {
            out[written++] = control ? ' ' : '?';
            i++;
            continue;
        }
        memcpy(out + written, text + i, step);
        written += step;
        i += step;
    }
    out[written] = '\0';
}

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
    int wanted = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rg_assert(wanted >= 0);
    bool cut = (size_t)wanted >= sizeof text;
    copy_sentence(text, cut ? sizeof text - 1 : (size_t)wanted, cut, err->text);
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
