/* Allocation and slices. Everything here is free of policy; the abort on exhaustion is deliberate (see core.h). */
#include "base/core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rg_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}

void *rg_alloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    rg_assert(p != NULL);
    return p;
}

void *rg_realloc(void *old, size_t count, size_t each_bytes)
{
    size_t bytes = 0;
    bool wraps = __builtin_mul_overflow(count, each_bytes, &bytes);
    rg_assert(!wraps);
    void *p = realloc(old, bytes ? bytes : 1);
    rg_assert(p != NULL);
    return p;
}

char *rg_strdup(const char *text)
{
    char *copy = strdup(text);
    rg_assert(copy != NULL);
    return copy;
}

void rg_free_ptr(void *pointer_to_pointer)
{
    void **pp = pointer_to_pointer;
    free(*pp);
    *pp = NULL;
}

int rg_str_cmp(struct rg_str a, struct rg_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool rg_str_to_i64(struct rg_str text, int64_t *ret_value)
{
    size_t i = 0;
    bool negative = text.n > 0 && text.p[0] == '-';
    if (negative)
        i = 1;
    if (i >= text.n)
        return false;
    int64_t value = 0;
    for (; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text.p[i] - '0', &value)) /* downwards: INT64_MIN has no positive twin */
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

struct rg_str rg_i64_to_str(int64_t value, char ret_memory[RG_I64_TEXT_MAX])
{
    size_t at = RG_I64_TEXT_MAX;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        ret_memory[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        ret_memory[--at] = '-';
    return (struct rg_str){ret_memory + at, RG_I64_TEXT_MAX - at};
}

size_t rg_utf8_next(struct rg_str text)
{
    if (text.n == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)text.p;
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > text.n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f); /* surrogates, past U+10FFFF */
    return overlong || outside ? 0 : n;
}

struct rg_str rg_utf8_cut(struct rg_str text, size_t bytes_max)
{
    struct rg_str rest = text;
    for (size_t step; (step = rg_utf8_next(rest)) > 0 && text.n - rest.n + step <= bytes_max;)
        rest = (struct rg_str){rest.p + step, rest.n - step};
    return (struct rg_str){text.p, text.n - rest.n};
}

size_t rg_control_next(struct rg_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    if (text.n > 0 && (p[0] < 0x20 || p[0] == 0x7f))
        return 1;
    return text.n > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

bool rg_str_has_controls(struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (rg_control_next((struct rg_str){text.p + i, text.n - i}) > 0)
            return true;
    return false;
}

bool rg_utf8_valid(struct rg_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t n = rg_utf8_next((struct rg_str){text.p + i, text.n - i});
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t rg_utf8_put(char *out, uint32_t point)
{
    rg_assert(point <= 0x10ffff);
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    static const uint32_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[n] | point);
    return n;
}
