/* Refuses bits that would be thrown away, so that no two texts mean the same bytes. */
#include "consumers/decode/base64.h"

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool rg_base64_decode(struct rg_str text, struct rg_arena *arena, struct rg_str *ret_bytes)
{
    size_t padding = 0;
    if (text.n % 4 != 0)
        return false;
    while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
        padding++;
    char *bytes = rg_arena_alloc(arena, text.n / 4 * 3 + 1);
    size_t n = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.n - padding; i++) {
        int value = digit(text.p[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 == 0)
            continue;
        unsigned left = 6 - 2 * (unsigned)(i % 4); /* bits not yet given out */
        bytes[n++] = (char)(bits >> left & 0xff);
        if (left == 0)
            bits = 0;
    }
    if ((padding == 1 && (bits & 3) != 0) || (padding == 2 && (bits & 15) != 0))
        return false;
    *ret_bytes = (struct rg_str){bytes, n};
    return true;
}
