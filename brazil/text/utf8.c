/* A decoder that cannot fail: a malformed sequence yields its first byte as a value past Unicode and goes on at the next. */
#include "brazil/text/utf8.h"

uint32_t rg_utf8_point(struct rg_str text, size_t *at)
{
    static const unsigned char FIRST_BITS[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    rg_assert(*at < text.n);
    const unsigned char *p = (const unsigned char *)text.p + *at;
    size_t n = rg_utf8_next((struct rg_str){text.p + *at, text.n - *at});
    *at += n == 0 ? 1 : n;
    if (n == 0)
        return RG_UTF8_BAD + p[0];
    uint32_t code_point = p[0] & FIRST_BITS[n];
    for (size_t i = 1; i < n; i++)
        code_point = code_point << 6 | (p[i] & 0x3fU);
    return code_point;
}
