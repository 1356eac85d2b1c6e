/* Doubling growth up to the ceiling. */
#include "base/core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_buf_init(struct rg_buf *buf, size_t max_bytes)
{
    *buf = (struct rg_buf){.max_bytes = max_bytes};
}

void rg_buf_over(struct rg_buf *buf, char *memory, size_t bytes)
{
    rg_assert(bytes > 0);
    memory[0] = '\0';
    *buf = (struct rg_buf){.data = memory, .cap = bytes, .max_bytes = bytes - 1}; /* full before it would have to grow */
}

void rg_buf_done(struct rg_buf *buf)
{
    free(buf->data);
    *buf = (struct rg_buf){0};
}

void rg_buf_reset(struct rg_buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->data)
        buf->data[0] = '\0';
}

static bool make_room(struct rg_buf *buf, size_t n)
{
    if (n > buf->max_bytes || buf->len > buf->max_bytes - n) {
        buf->overflow = true;
        return false;
    }
    size_t wanted = buf->len + n + 1;
    if (wanted <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < wanted)
        cap *= 2;
    buf->data = rg_realloc(buf->data, cap, 1);
    buf->cap = cap;
    return true;
}

void rg_buf_add(struct rg_buf *buf, const void *bytes, size_t n)
{
    if (!make_room(buf, n))
        return;
    if (n > 0)
        memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
}

void rg_buf_adds(struct rg_buf *buf, const char *text)
{
    rg_buf_add(buf, text, strlen(text));
}

void rg_buf_add_str(struct rg_buf *buf, struct rg_str text)
{
    rg_buf_add(buf, text.p, text.n);
}

void rg_buf_addf(struct rg_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    rg_assert(n >= 0);
    if (!make_room(buf, (size_t)n))
        return;
    va_start(args, fmt);
    (void)vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)n;
}

void rg_buf_add_percent(struct rg_buf *buf, struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     (c != '\0' && strchr("-._~", c) != NULL);
        if (plain)
            rg_buf_addc(buf, (char)c);
        else
            rg_buf_addf(buf, "%%%02X", c);
    }
}

struct rg_str rg_buf_str(const struct rg_buf *buf)
{
    return (struct rg_str){buf->data ? buf->data : "", buf->len};
}

const char *rg_buf_cstr(struct rg_buf *buf)
{
    return buf->data ? buf->data : "";
}
