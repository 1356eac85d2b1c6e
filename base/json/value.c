/* Questions about a parsed document. Objects are searched from their first member on: they are short, and the order of
 * an event's fields is the order in which its readers ask. */
#include "base/json/node.h"

#include <string.h>

const struct rg_json_value *rg_json_root(const struct rg_json *doc)
{
    return doc->nodes;
}

enum rg_json_kind rg_json_kind(const struct rg_json_value *value)
{
    return value != NULL ? (enum rg_json_kind)value->kind : RG_JSON_ABSENT;
}

const char *rg_json_kind_name(enum rg_json_kind kind)
{
    switch (kind) {
    case RG_JSON_ABSENT: return "nothing";
    case RG_JSON_NULL: return "null";
    case RG_JSON_BOOL: return "boolean";
    case RG_JSON_NUMBER: return "number";
    case RG_JSON_STRING: return "string";
    case RG_JSON_ARRAY: return "array";
    case RG_JSON_OBJECT: return "object";
    }
    return "unknown";
}

const struct rg_json_value *rg_json_next(const struct rg_json_value *container, const struct rg_json_value *child)
{
    if (container == NULL)
        return NULL;
    const struct rg_json_value *next = child != NULL ? child + child->span : container + 1;
    return next < container + container->span ? next : NULL;
}

size_t rg_json_count(const struct rg_json_value *container)
{
    return container != NULL ? container->count : 0;
}

const struct rg_json_value *rg_json_at(const struct rg_json_value *array, size_t index)
{
    if (rg_json_kind(array) != RG_JSON_ARRAY)
        return NULL;
    RG_JSON_EACH(child, array)
        if (index-- == 0)
            return child;
    return NULL;
}

struct rg_str rg_json_key(const struct rg_json_value *member)
{
    return member != NULL ? member->key : (struct rg_str){0};
}

const struct rg_json_value *rg_json_get_str(const struct rg_json_value *object, struct rg_str key)
{
    if (rg_json_kind(object) != RG_JSON_OBJECT)
        return NULL;
    RG_JSON_EACH(member, object)
        if (rg_str_eq(member->key, key))
            return member;
    return NULL;
}

const struct rg_json_value *rg_json_get(const struct rg_json_value *object, const char *key)
{
    return rg_json_get_str(object, rg_str(key));
}

/* Cuts the first "/token" off and returns the token, still escaped. */
static struct rg_str take_token(struct rg_str *rest)
{
    size_t n = 1;
    while (n < rest->n && rest->p[n] != '/')
        n++;
    struct rg_str token = {rest->p + 1, n - 1};
    *rest = (struct rg_str){rest->p + n, rest->n - n};
    return token;
}

static bool token_is_key(struct rg_str token, struct rg_str key)
{
    size_t at = 0;
    for (size_t i = 0; i < token.n; i++, at++) {
        char c = token.p[i];
        if (c == '~') {
            i++;
            if (i == token.n || (token.p[i] != '0' && token.p[i] != '1'))
                return false;
            c = token.p[i] == '0' ? '~' : '/';
        }
        if (at == key.n || key.p[at] != c)
            return false;
    }
    return at == key.n;
}

static const struct rg_json_value *step_down(const struct rg_json_value *value, struct rg_str token)
{
    if (rg_json_kind(value) == RG_JSON_OBJECT) {
        RG_JSON_EACH(member, value)
            if (token_is_key(token, member->key))
                return member;
        return NULL;
    }
    int64_t index;
    bool canonical = token.n > 0 && token.p[0] != '-' && (token.n == 1 || token.p[0] != '0');
    if (!canonical || !rg_str_to_i64(token, &index))
        return NULL;
    return rg_json_at(value, (size_t)index);
}

const struct rg_json_value *rg_json_pointer(const struct rg_json_value *value, struct rg_str pointer)
{
    while (pointer.n > 0 && value != NULL) {
        if (pointer.p[0] != '/')
            return NULL;
        value = step_down(value, take_token(&pointer));
    }
    return value;
}

int rg_json_pointer_check(struct rg_str pointer, struct rg_error *err)
{
    if (pointer.n > 0 && pointer.p[0] != '/')
        return rg_fail(err, RG_EINVAL, "a JSON pointer starts with '/', found '%c'", pointer.p[0]);
    for (size_t i = 0; i < pointer.n; i++) {
        if (pointer.p[i] == '\0')
            return rg_fail(err, RG_EINVAL, "a JSON pointer holds no NUL");
        bool escaped = i + 1 < pointer.n && (pointer.p[i + 1] == '0' || pointer.p[i + 1] == '1');
        if (pointer.p[i] == '~' && !escaped)
            return rg_fail(err, RG_EINVAL, "'~' at byte %zu of a JSON pointer: expected ~0 (for '~') or ~1 (for '/')", i);
    }
    if (!rg_utf8_valid(pointer))
        return rg_fail(err, RG_EINVAL, "a JSON pointer is UTF-8");
    return 0;
}

bool rg_json_str(const struct rg_json_value *value, struct rg_str *ret_text)
{
    if (rg_json_kind(value) != RG_JSON_STRING)
        return false;
    *ret_text = value->text;
    return true;
}

bool rg_json_bool(const struct rg_json_value *value, bool *ret_flag)
{
    if (rg_json_kind(value) != RG_JSON_BOOL)
        return false;
    *ret_flag = value->flag;
    return true;
}

bool rg_json_int(const struct rg_json_value *value, int64_t *ret_number)
{
    int64_t number;
    if (rg_json_kind(value) != RG_JSON_NUMBER || !rg_str_to_i64(value->text, &number))
        return false;
    if (number > RG_JSON_INT_MAX || number < -RG_JSON_INT_MAX)
        return false;
    *ret_number = number;
    return true;
}

struct rg_str rg_json_number_text(const struct rg_json_value *value)
{
    return rg_json_kind(value) == RG_JSON_NUMBER ? value->text : (struct rg_str){0};
}

/* A number as sign, significant digits and the place of its point: digits d1 d2 … dn mean 0.d1d2…dn × 10^point. */
struct decimal {
    bool negative;
    size_t count;
    int64_t point;
    char digits[RG_JSON_DECIMAL_DIGITS_MAX];
};

/* Zeros before the first significant digit are dropped at once, those after the last only if nothing follows them. */
static bool collect_digits(struct rg_str text, struct decimal *d)
{
    bool fraction = false;
    int64_t zeros = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '.') {
            fraction = true;
            continue;
        }
        if (c == '0') {
            d->point += d->count > 0 ? !fraction : fraction ? -1 : 0;
            zeros += d->count > 0;
            continue;
        }
        if (zeros + 1 > (int64_t)(RG_JSON_DECIMAL_DIGITS_MAX - d->count))
            return false;
        for (; zeros > 0; zeros--)
            d->digits[d->count++] = '0';
        d->digits[d->count++] = c;
        d->point += !fraction;
    }
    return true;
}

static bool split_number(struct rg_str text, struct decimal *d)
{
    *d = (struct decimal){.negative = text.p[0] == '-'};
    size_t start = d->negative ? 1 : 0;
    size_t end = start;
    while (end < text.n && text.p[end] != 'e' && text.p[end] != 'E')
        end++;
    if (!collect_digits((struct rg_str){text.p + start, end - start}, d))
        return false;
    if (d->count == 0) {
        *d = (struct decimal){0};
        return true;
    }
    if (end == text.n)
        return true;
    size_t sign = text.p[end + 1] == '+' ? 2 : 1;
    int64_t exponent;
    if (!rg_str_to_i64((struct rg_str){text.p + end + sign, text.n - end - sign}, &exponent))
        return false;
    return !__builtin_add_overflow(d->point, exponent, &d->point);
}

bool rg_json_decimal_text(const struct rg_json_value *value, char ret_text[RG_JSON_DECIMAL_BYTES])
{
    const int64_t most = RG_JSON_DECIMAL_DIGITS_MAX;
    struct decimal d;
    if (rg_json_kind(value) != RG_JSON_NUMBER || !split_number(value->text, &d))
        return false;
    if (d.point > most || d.point < -most || (int64_t)d.count - d.point > most)
        return false;
    char *out = ret_text;
    if (d.negative)
        *out++ = '-';
    if (d.point <= 0)
        *out++ = '0';
    for (int64_t place = 0; place < d.point; place++)
        *out++ = place < (int64_t)d.count ? d.digits[place] : '0';
    if ((int64_t)d.count > d.point) {
        *out++ = '.';
        for (int64_t place = d.point; place < (int64_t)d.count; place++)
            *out++ = place < 0 ? '0' : d.digits[place];
    }
    *out = '\0';
    rg_assert(out - ret_text < RG_JSON_DECIMAL_BYTES);
    return true;
}
