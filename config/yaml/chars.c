/* Counting and judging; the decoding is brazil/text's. */
#include "config/yaml/chars.h"

size_t rg_chars_count(struct rg_str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.n; count++)
        (void)rg_utf8_point(text, &at);
    return count;
}

size_t rg_chars_offset(struct rg_str text, size_t chars)
{
    size_t at = 0;
    for (; at < text.n && chars > 0; chars--)
        (void)rg_utf8_point(text, &at);
    return at;
}

bool rg_char_allowed(uint32_t point)
{
    if (point < 0x20)
        return point == '\t' || point == '\n' || point == '\r';
    if ((point >= 0x7f && point <= 0x9f) || point >= RG_UTF8_BAD)
        return false;
    bool separator = point == 0x2028 || point == 0x2029;
    bool bidirectional = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    bool no_character = point == 0xfeff || (point & 0xfffe) == 0xfffe;
    return !separator && !bidirectional && !no_character;
}
