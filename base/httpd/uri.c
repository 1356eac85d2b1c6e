/* Segments are found before escapes are undone, so that "%2F" in an id is a slash in the id and never a separator. */
#include "base/httpd/uri.h"

#include "base/core/hash.h"

#include <string.h>

static bool decode(struct rg_str text, bool plus_is_space, struct rg_arena *arena, struct rg_str *ret_text)
{
    char *out = rg_arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? rg_hex_digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? rg_hex_digit(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        out[n++] = c;
    }
    struct rg_str decoded = {out, n};
    if (!rg_utf8_valid(decoded))
        return false;
    *ret_text = decoded;
    return true;
}

bool rg_uri_decode(struct rg_str text, struct rg_arena *arena, struct rg_str *ret_text)
{
    return decode(text, false, arena, ret_text);
}

/* Cuts `text` at the first `at`; the rest is absent when there is none. */
static struct rg_str cut(struct rg_str text, char at, struct rg_str *ret_rest)
{
    const char *p = text.n == 0 ? NULL : memchr(text.p, at, text.n);
    *ret_rest = (struct rg_str){0};
    if (p == NULL)
        return text;
    size_t n = (size_t)(p - text.p);
    *ret_rest = (struct rg_str){p + 1, text.n - n - 1};
    return (struct rg_str){text.p, n};
}

bool rg_uri_query(struct rg_str query, const char *name, struct rg_arena *arena, struct rg_str *ret_value)
{
    struct rg_str found = {0}, rest = query;
    while (rest.n > 0) {
        struct rg_str raw, key = cut(cut(rest, '&', &rest), '=', &raw), value = RG_STR("");
        if (!decode(key, true, arena, &key) || !decode(raw.p == NULL ? RG_STR("") : raw, true, arena, &value))
            return false;
        if (!rg_str_is(key, name))
            continue;
        if (found.p != NULL)
            return false;
        found = value;
    }
    *ret_value = found;
    return true;
}

bool rg_uri_match(const char *pattern, struct rg_str path, struct rg_str *ret_segment)
{
    struct rg_str rest_pattern = rg_str(pattern), rest_path = path, segment = {0};
    while (rest_pattern.p != NULL && rest_path.p != NULL) {
        struct rg_str want = cut(rest_pattern, '/', &rest_pattern), got = cut(rest_path, '/', &rest_path);
        if (want.n > 0 && want.p[0] == '{') {
            if (got.n == 0)
                return false;
            segment = got;
        } else if (!rg_str_eq(want, got)) {
            return false;
        }
    }
    if (rest_pattern.p != NULL || rest_path.p != NULL)
        return false;
    *ret_segment = segment;
    return true;
}
