/* A decoder that cannot fail: a malformed sequence yields its first byte as a value past Unicode and goes on at the next. */
#include "brazil/text/utf8.h"

static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

uint32_t rg_utf8_next(struct rg_str text, size_t *at)
{
    rg_assert(*at < text.n);
    static const unsigned char FIRST_BITS[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned char first = (unsigned char)text.p[*at];
    size_t n = sequence_bytes(first);
    if (n > text.n - *at || !rg_utf8_valid((struct rg_str){text.p + *at, n})) {
        *at += 1;
        return RG_UTF8_BAD + first;
    }
    uint32_t code_point = first & FIRST_BITS[n];
    for (size_t i = 1; i < n; i++)
        code_point = code_point << 6 | ((unsigned char)text.p[*at + i] & 0x3fU);
    *at += n;
    return code_point;
}
