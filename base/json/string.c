/* Strings: UTF-8, escapes and surrogates. Decoded in place: no escape is shorter than what it stands for, so the writing
 * end never overtakes the reading end, and the closing quote leaves room for a NUL. */
#include "base/json/parser.h"

#include "base/core/hash.h"

#include <string.h>

/* at the first of four hex digits */
static RG_MUST_USE int read_hex4(struct rg_json_parser *p, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        int digit = p->at < p->n ? rg_hex_digit(p->text[p->at]) : -1;
        if (digit < 0)
            return rg_json_expected(p, "four hexadecimal digits after \\u");
        unit = unit * 16 + (uint32_t)digit;
    }
    *ret_unit = unit;
    return 0;
}

/* after "\u"; a pair of surrogates is one character, half a pair is none */
static RG_MUST_USE int read_unicode(struct rg_json_parser *p, char *out, size_t *ret_n)
{
    size_t start = p->at - 2;
    uint32_t point = 0;
    int rc = read_hex4(p, &point);
    if (rc < 0)
        return rc;
    if (point == 0)
        return rg_json_refuse(p, RG_EINVAL, start, "U+0000 is not accepted in a string");
    if (point >= 0xdc00 && point <= 0xdfff)
        return rg_json_refuse(p, RG_EINVAL, start, "a low surrogate without its high surrogate");
    if (point >= 0xd800 && point <= 0xdbff) {
        uint32_t low = 0;
        if (p->n - p->at < 2 || memcmp(p->text + p->at, "\\u", 2) != 0)
            return rg_json_refuse(p, RG_EINVAL, start, "a high surrogate without its low surrogate");
        p->at += 2;
        rc = read_hex4(p, &low);
        if (rc < 0)
            return rc;
        if (low < 0xdc00 || low > 0xdfff)
            return rg_json_refuse(p, RG_EINVAL, start, "a high surrogate without its low surrogate");
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    *ret_n = rg_utf8_put(out, point);
    return 0;
}

/* at a backslash */
static RG_MUST_USE int read_escape(struct rg_json_parser *p, char *out, size_t *ret_n)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    p->at++;
    int c = rg_json_peek(p);
    if (c == 'u') {
        p->at++;
        return read_unicode(p, out, ret_n);
    }
    const char *name = c > 0 ? strchr(names, c) : NULL;
    if (name == NULL)
        return rg_json_expected(p, "one of \"\\/bfnrtu after a backslash");
    p->at++;
    *out = values[name - names];
    *ret_n = 1;
    return 0;
}

static RG_MUST_USE int skip_non_ascii(struct rg_json_parser *p)
{
    while (rg_json_peek(p) >= 0x80) {
        size_t n = rg_utf8_next((struct rg_str){p->text + p->at, p->n - p->at});
        if (n == 0)
            return rg_json_refuse(p, RG_EINVAL, p->at, "not UTF-8");
        p->at += n;
    }
    return 0;
}

/* Advances over bytes that stand for themselves. The copy ends in a NUL, which stops the inner loop. */
static RG_MUST_USE int skip_plain(struct rg_json_parser *p)
{
    for (;;) {
        const char *c = p->text + p->at;
        while ((signed char)*c >= 0x20 && *c != '"' && *c != '\\') /* bytes past 0x7f are negative */
            c++;
        p->at = (size_t)(c - p->text);
        if (rg_json_peek(p) < 0x80)
            return 0;
        int rc = skip_non_ascii(p);
        if (rc < 0)
            return rc;
    }
}

int rg_json_read_string(struct rg_json_parser *p, struct rg_str *ret_text)
{
    size_t start = ++p->at;
    size_t end = start; /* of what is decoded */
    for (;;) {
        size_t from = p->at;
        int rc = skip_plain(p);
        if (rc < 0)
            return rc;
        if (end != from)
            memmove(p->text + end, p->text + from, p->at - from);
        end += p->at - from;
        int c = rg_json_peek(p);
        if (c == '"')
            break;
        if (c != '\\')
            return c < 0 ? rg_json_expected(p, "a closing quote") : rg_json_expected(p, "control characters in a string to be escaped");
        char decoded[4];
        size_t n = 0;
        rc = read_escape(p, decoded, &n);
        if (rc < 0)
            return rc;
        memcpy(p->text + end, decoded, n);
        end += n;
    }
    p->at++;
    p->text[end] = '\0';
    *ret_text = (struct rg_str){p->text + start, end - start};
    return 0;
}
