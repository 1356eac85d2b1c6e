/* Growing byte buffer with a named ceiling. Writes past the ceiling are dropped and remembered in `overflow`, so a
 * writer checks once at the end. Always NUL-terminated after the first write (the NUL is not counted). */
#pragma once

#include "base/core/core.h"

struct rg_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool overflow;
};

void rg_buf_init(struct rg_buf *buf, size_t max_bytes);
void rg_buf_done(struct rg_buf *buf); /* usable with RG_CLEANUP */
/* Over memory that someone else owns (an arena, an array), for code that must not allocate: `bytes` − 1 characters and the
 * NUL fit. It needs no rg_buf_done and must not get one. */
void rg_buf_over(struct rg_buf *buf, char *memory, size_t bytes);
void rg_buf_reset(struct rg_buf *buf); /* empty again, memory kept */
void rg_buf_add(struct rg_buf *buf, const void *bytes, size_t n);
static inline void rg_buf_addc(struct rg_buf *buf, char c); /* with room left no call */
void rg_buf_adds(struct rg_buf *buf, const char *text);
void rg_buf_add_str(struct rg_buf *buf, struct rg_str text);
void rg_buf_addf(struct rg_buf *buf, const char *fmt, ...) RG_PRINTF(2, 3);
/* Everything but letters, digits and "-._~" as %XX: safe as one segment of a path and as a value of a query. */
void rg_buf_add_percent(struct rg_buf *buf, struct rg_str text);
struct rg_str rg_buf_str(const struct rg_buf *buf); /* borrowed until the next write */
const char *rg_buf_cstr(struct rg_buf *buf);

static inline void rg_buf_addc(struct rg_buf *buf, char c)
{
    if (buf->len + 1 >= buf->cap || buf->len >= buf->max_bytes) {
        rg_buf_add(buf, &c, 1);
        return;
    }
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}
