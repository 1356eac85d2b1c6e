/* One place fills errors, so that every one of them is terminated, valid UTF-8, a single line and consistently retryable.
 * Sentences quote what others sent: a control byte in it must not reach a terminal. */
#include "base/core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rg_sentence_clean(char *text, size_t n, bool cut)
{
    size_t written = 0;
    for (size_t i = 0; i < n;) {
        struct rg_str rest = {text + i, n - i};
        size_t step = rg_utf8_next(rest);
        bool control = rg_control_next(rest) > 0;
        if (step == 0 && cut && rest.n < 4)
            break;
        if (step > 0 && !control) {
            memmove(text + written, rest.p, step);
            written += step;
        } else {
            text[written++] = control ? ' ' : '?';
        }
        i += step > 0 ? step : 1;
    }
    text[written] = '\0';
}

int rg_fail(struct rg_error *err, int code, const char *fmt, ...)
{
    rg_assert(code < 0);
    if (err == NULL)
        return code;
    err->code = code;
    err->retryable = code == RG_ETIMEOUT || code == RG_EUNREACHABLE || code == RG_EDENIED;
    char text[sizeof err->text]; /* the arguments may point into *err */
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    rg_assert(wanted >= 0);
    bool cut = (size_t)wanted >= sizeof text;
    rg_sentence_clean(text, cut ? sizeof text - 1 : (size_t)wanted, cut);
    memcpy(err->text, text, sizeof text);
    return code;
}
