/* Whatever the bytes: the reader accepts or refuses without harm, and what it accepts survives being written and read
 * again, byte for byte. Every accessor is called on every value. */
#include "base/json/json.h"
#include "base/json/write.h"

#include <string.h>

#define MAX_BYTES ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_scalar(const struct rg_json_value *v)
{
    struct rg_str text;
    int64_t number;
    bool flag;
    char decimal[RG_JSON_DECIMAL_BYTES];
    if (rg_json_str(v, &text))
        rg_assert(rg_utf8_valid(text) && strlen(text.p) == text.n);
    if (rg_json_decimal_text(v, decimal)) {
        rg_assert(strlen(decimal) < RG_JSON_DECIMAL_BYTES);
        rg_assert(strpbrk(decimal, "eE+") == NULL);
    }
    if (rg_json_int(v, &number))
        rg_assert(number >= -RG_JSON_INT_MAX && number <= RG_JSON_INT_MAX);
    rg_assert(rg_json_bool(v, &flag) == (rg_json_kind(v) == RG_JSON_BOOL));
}

/* Depth is limited by the reader, so this may recurse. */
static void ask(const struct rg_json_value *v, unsigned depth)
{
    rg_assert(depth <= RG_JSON_DEPTH_MAX);
    ask_scalar(v);
    size_t count = 0;
    RG_JSON_EACH(child, v) {
        ask(child, depth + 1);
        count++;
        if (rg_json_kind(v) == RG_JSON_OBJECT && count <= 32)
            rg_assert(rg_json_get_str(v, rg_json_key(child)) == child);
    }
    rg_assert(count == rg_json_count(v));
}

static void write_again(const struct rg_json *doc, struct rg_buf *buf)
{
    struct rg_jw jw;
    rg_buf_init(buf, 8 * MAX_BYTES);
    rg_jw_init(&jw, buf);
    rg_jw_value(&jw, rg_json_root(doc));
    rg_jw_done(&jw);
    rg_assert(!buf->overflow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rg_str bytes = {(const char *)data, size};
    int pointer = rg_json_pointer_check(bytes, NULL);
    rg_assert(pointer <= 0); /* any answer is fine, harm is not */
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err = {0};
    if (rg_json_parse(bytes, MAX_BYTES, &doc, &err) < 0) {
        rg_assert(doc == NULL && err.code < 0 && err.text[0] != '\0');
        return 0;
    }
    ask(rg_json_root(doc), 0);
    (void)rg_json_pointer(rg_json_root(doc), bytes); /* as above */
    struct rg_buf once RG_CLEANUP(rg_buf_done);
    write_again(doc, &once);
    struct rg_json *again RG_CLEANUP(rg_json_free) = NULL;
    rg_assert(rg_json_parse(rg_buf_str(&once), 8 * MAX_BYTES, &again, &err) == 0);
    struct rg_buf twice RG_CLEANUP(rg_buf_done);
    write_again(again, &twice);
    rg_assert(rg_str_eq(rg_buf_str(&once), rg_buf_str(&twice)));
    return 0;
}
