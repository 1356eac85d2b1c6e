/* Each call appends at once; two bit sets remember what every open level is and whether it has a child already. The one
 * rule for commas and keys lives in `begin_value`. */
#include "base/json/write.h"

#include <string.h>

void rg_jw_init(struct rg_jw *jw, struct rg_buf *buf)
{
    *jw = (struct rg_jw){.buf = buf};
}

void rg_jw_done(const struct rg_jw *jw)
{
    rg_assert(jw->depth == 0);
    rg_assert(jw->complete);
}

static uint64_t level_bit(const struct rg_jw *jw)
{
    return UINT64_C(1) << (jw->depth - 1);
}

static bool in_object(const struct rg_jw *jw)
{
    return jw->depth > 0 && (jw->objects & level_bit(jw)) != 0;
}

static void begin_child(struct rg_jw *jw)
{
    if ((jw->started & level_bit(jw)) != 0)
        rg_buf_addc(jw->buf, ',');
    jw->started |= level_bit(jw);
}

static void begin_value(struct rg_jw *jw)
{
    rg_assert(!jw->complete);
    rg_assert(in_object(jw) == jw->key_written);
    if (jw->depth == 0)
        jw->complete = true;
    else if (!jw->key_written)
        begin_child(jw);
    jw->key_written = false;
}

static void open_level(struct rg_jw *jw, bool object)
{
    begin_value(jw);
    rg_assert(jw->depth < RG_JW_DEPTH_MAX);
    jw->complete = false;
    jw->depth++;
    jw->started &= ~level_bit(jw);
    jw->objects = object ? jw->objects | level_bit(jw) : jw->objects & ~level_bit(jw);
    rg_buf_addc(jw->buf, object ? '{' : '[');
}

static void close_level(struct rg_jw *jw, bool object)
{
    rg_assert(jw->depth > 0);
    rg_assert(in_object(jw) == object);
    rg_assert(!jw->key_written);
    rg_buf_addc(jw->buf, object ? '}' : ']');
    jw->depth--;
    jw->complete = jw->depth == 0;
}

void rg_jw_object(struct rg_jw *jw)
{
    open_level(jw, true);
}

void rg_jw_object_end(struct rg_jw *jw)
{
    close_level(jw, true);
}

void rg_jw_array(struct rg_jw *jw)
{
    open_level(jw, false);
}

void rg_jw_array_end(struct rg_jw *jw)
{
    close_level(jw, false);
}

static void add_escape(struct rg_buf *buf, unsigned char c)
{
    switch (c) {
    case '"': rg_buf_add(buf, "\\\"", 2); return;
    case '\\': rg_buf_add(buf, "\\\\", 2); return;
    case '\n': rg_buf_add(buf, "\\n", 2); return;
    case '\r': rg_buf_add(buf, "\\r", 2); return;
    case '\t': rg_buf_add(buf, "\\t", 2); return;
    default: rg_buf_addf(buf, "\\u%04x", c); return;
    }
}

static void add_repaired(struct rg_buf *buf, const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t good = rg_utf8_next((struct rg_str){p + i, n - i});
        if (good > 0)
            rg_buf_add(buf, p + i, good);
        else
            rg_buf_add(buf, "\xef\xbf\xbd", 3);
        i += good > 0 ? good : 1;
    }
}

void rg_json_escape(struct rg_buf *buf, struct rg_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t start = i;
        bool ascii = true;
        for (; i < text.n && (unsigned char)text.p[i] >= 0x20 && text.p[i] != '"' && text.p[i] != '\\'; i++)
            ascii = ascii && (unsigned char)text.p[i] < 0x80;
        if (ascii || rg_utf8_valid((struct rg_str){text.p + start, i - start}))
            rg_buf_add(buf, text.p + start, i - start);
        else
            add_repaired(buf, text.p + start, i - start);
        if (i < text.n)
            add_escape(buf, (unsigned char)text.p[i++]);
    }
}

void rg_json_quote(struct rg_buf *buf, struct rg_str text)
{
    rg_buf_addc(buf, '"');
    rg_json_escape(buf, text);
    rg_buf_addc(buf, '"');
}

void rg_jw_key_str(struct rg_jw *jw, struct rg_str key)
{
    rg_assert(in_object(jw));
    rg_assert(!jw->key_written);
    rg_assert(key.p != NULL);
    begin_child(jw);
    rg_json_quote(jw->buf, key);
    rg_buf_addc(jw->buf, ':');
    jw->key_written = true;
}

void rg_jw_key(struct rg_jw *jw, const char *key)
{
    rg_jw_key_str(jw, rg_str(key));
}

void rg_jw_null(struct rg_jw *jw)
{
    begin_value(jw);
    rg_buf_add(jw->buf, "null", 4);
}

void rg_jw_str(struct rg_jw *jw, struct rg_str text)
{
    if (text.p == NULL) {
        rg_jw_null(jw);
        return;
    }
    begin_value(jw);
    rg_json_quote(jw->buf, text);
}

void rg_jw_cstr(struct rg_jw *jw, const char *text)
{
    rg_jw_str(jw, rg_str(text));
}

void rg_jw_int(struct rg_jw *jw, int64_t number)
{
    begin_value(jw);
    char memory[RG_I64_TEXT_MAX];
    rg_buf_add_str(jw->buf, rg_i64_to_str(number, memory));
}

void rg_jw_bool(struct rg_jw *jw, bool flag)
{
    begin_value(jw);
    rg_buf_add_str(jw->buf, flag ? RG_STR("true") : RG_STR("false"));
}

void rg_jw_raw(struct rg_jw *jw, struct rg_str json)
{
    rg_assert(rg_str_has(json));
    begin_value(jw);
    rg_buf_add_str(jw->buf, json);
}

static void write_scalar(struct rg_jw *jw, const struct rg_json_value *value)
{
    struct rg_str text;
    bool flag;
    if (rg_json_str(value, &text))
        rg_jw_str(jw, text);
    else if (rg_json_bool(value, &flag))
        rg_jw_bool(jw, flag);
    else if (rg_json_kind(value) == RG_JSON_NUMBER)
        rg_jw_raw(jw, rg_json_number_text(value));
    else
        rg_jw_null(jw);
}

static bool is_container(const struct rg_json_value *value)
{
    enum rg_json_kind kind = rg_json_kind(value);
    return kind == RG_JSON_OBJECT || kind == RG_JSON_ARRAY;
}

/* Walks down and up with the containers not yet finished and the child last written in each. */
void rg_jw_value(struct rg_jw *jw, const struct rg_json_value *value)
{
    const struct rg_json_value *open[RG_JSON_DEPTH_MAX];
    const struct rg_json_value *last[RG_JSON_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        if (is_container(value)) {
            open_level(jw, rg_json_kind(value) == RG_JSON_OBJECT);
            open[depth] = value;
            last[depth++] = NULL;
        } else {
            write_scalar(jw, value);
        }
        for (value = NULL; depth > 0; depth--) {
            value = rg_json_next(open[depth - 1], last[depth - 1]);
            if (value != NULL)
                break;
            close_level(jw, rg_json_kind(open[depth - 1]) == RG_JSON_OBJECT);
        }
        if (depth == 0)
            return;
        last[depth - 1] = value;
        if (rg_json_kind(open[depth - 1]) == RG_JSON_OBJECT)
            rg_jw_key_str(jw, rg_json_key(value));
    }
}

void rg_jw_member_str(struct rg_jw *jw, const char *key, struct rg_str text)
{
    rg_jw_key(jw, key);
    rg_jw_str(jw, text);
}

void rg_jw_member_cstr(struct rg_jw *jw, const char *key, const char *text)
{
    rg_jw_member_str(jw, key, rg_str(text));
}

void rg_jw_member_int(struct rg_jw *jw, const char *key, int64_t number)
{
    rg_jw_key(jw, key);
    rg_jw_int(jw, number);
}

void rg_jw_member_bool(struct rg_jw *jw, const char *key, bool flag)
{
    rg_jw_key(jw, key);
    rg_jw_bool(jw, flag);
}

void rg_jw_member_null(struct rg_jw *jw, const char *key)
{
    rg_jw_key(jw, key);
    rg_jw_null(jw);
}

void rg_jw_member_raw(struct rg_jw *jw, const char *key, struct rg_str json)
{
    rg_jw_key(jw, key);
    rg_jw_raw(jw, json);
}

void rg_jw_member_object(struct rg_jw *jw, const char *key)
{
    rg_jw_key(jw, key);
    rg_jw_object(jw);
}

void rg_jw_member_array(struct rg_jw *jw, const char *key)
{
    rg_jw_key(jw, key);
    rg_jw_array(jw);
}

void rg_jw_member_opt_str(struct rg_jw *jw, const char *key, struct rg_str text)
{
    if (text.p != NULL)
        rg_jw_member_str(jw, key, text);
}
