/* Errors: a negative code for the program, a sentence for the person. A function that can fail returns `int`, 0 or one
 * of these, and leaves its `ret_` outputs untouched on failure. */
#pragma once

#include "base/core/core.h"

enum rg_err {
    RG_EINVAL = -1,       /* input that is wrong: says where and what was expected */
    RG_ENOTFOUND = -2,    /* what was asked for does not exist */
    RG_ELIMIT = -3,       /* a named limit was passed */
    RG_EIO = -4,          /* the operating system or a peer failed */
    RG_ETIMEOUT = -5,     /* no answer within our own deadline */
    RG_EUNREACHABLE = -6, /* Kafka, Redis or a provider cannot be reached */
    RG_EREFUSED = -7,     /* refused for safety */
    RG_EUNKNOWN = -8,     /* the outcome is not known: it may or may not have happened */
    RG_EDENIED = -9,      /* a peer does not let us, or we not it: a password, certificate or permission must be mended */
};

struct rg_error {
    int code;       /* 0 or enum rg_err */
    bool retryable; /* the same call may succeed later */
    char text[256]; /* one sentence, no newline, no secrets */
};

/* Fills *err (may be NULL) and returns `code`, so that callers write `return rg_fail(err, RG_EINVAL, "…", …);`.
 * Timeouts, unreachable peers and what is denied are marked retryable: all of it can be mended without us. */
int rg_fail(struct rg_error *err, int code, const char *fmt, ...) RG_PRINTF(3, 4);

/* Makes the first n bytes of a text with room for n + 1 a sentence that is fit for a terminal and a log, in place: control
 * characters become spaces, what is not UTF-8 question marks. `cut`: the text was cut at n, a character without its end goes. */
void rg_sentence_clean(char *text, size_t n, bool cut);
