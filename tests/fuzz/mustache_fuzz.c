/* Any bytes as a template: compiled or refused with a place inside the source; what compiles renders within its limits in
 * every escaping, and never writes a raw quote into JSON nor a control character into a header. The first line of the input,
 * when there is one, is the value of every name. */
#include "producers/render/mustache.h"

#include <string.h>

#define OUTPUT_BYTES_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small world: names a, b.c, the list l of maps, the string s. */
static void render(const struct rg_mu_template *template, struct rg_str value, enum rg_mu_escape escape, bool strict)
{
    const struct rg_str inner_keys[] = {RG_STR("c"), RG_STR("a")}, keys[] = {RG_STR("a"), RG_STR("b"), RG_STR("l"), RG_STR("s")};
    const struct rg_mu_value text = rg_mu_text(value);
    const struct rg_mu_value inner_items[] = {text, text};
    const struct rg_mu_value map = {.kind = RG_MU_MAP, .keys = inner_keys, .items = inner_items, .count = 2};
    const struct rg_mu_value list_items[] = {map, text, {.kind = RG_MU_BOOL, .flag = true}};
    const struct rg_mu_value list = {.kind = RG_MU_LIST, .items = list_items, .count = 3};
    const struct rg_mu_value items[] = {text, map, list, text};
    const struct rg_mu_value root = {.kind = RG_MU_MAP, .keys = keys, .items = items, .count = 4};
    const struct rg_mu_partial partials[] = {{RG_STR("p"), template}};
    struct rg_mu_options options = {.escape = escape, .strict = strict, .partials = partials, .partial_count = 1};
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    struct rg_str missing = {NULL, 0};
    struct rg_error err = {0};
    rg_buf_init(&out, OUTPUT_BYTES_MAX);
    int r = rg_mu_render(template, &root, &options, &out, &missing, &err);
    rg_assert(r == 0 || r == RG_ELIMIT || (r == RG_ENOTFOUND && strict && missing.p));
    rg_assert(out.len <= OUTPUT_BYTES_MAX);
}

static void escapes_hold(struct rg_str value)
{
    struct rg_buf json RG_CLEANUP(rg_buf_done), header RG_CLEANUP(rg_buf_done), url RG_CLEANUP(rg_buf_done);
    rg_buf_init(&json, OUTPUT_BYTES_MAX);
    rg_buf_init(&header, OUTPUT_BYTES_MAX);
    rg_buf_init(&url, OUTPUT_BYTES_MAX);
    rg_mu_escape_text(RG_MU_JSON, value, &json);
    rg_mu_escape_text(RG_MU_HEADER, value, &header);
    rg_mu_escape_text(RG_MU_URL, value, &url);
    for (size_t i = 0; i < json.len; i++) {
        rg_assert((unsigned char)json.data[i] >= 0x20 && json.data[i] != '"');
        i += json.data[i] == '\\'; /* and the escaped one */
    }
    for (size_t i = 0; i < header.len; i++)
        rg_assert((unsigned char)header.data[i] >= 0x20 && header.data[i] != 0x7f);
    for (size_t i = 0; i < url.len; i++)
        rg_assert(url.data[i] != '/' && url.data[i] != '?' && (unsigned char)url.data[i] > 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    struct rg_str source = {(const char *)data, size}, value = RG_STR("x");
    const char *line = size ? memchr(data, '\n', size) : NULL;
    if (line) {
        value = (struct rg_str){source.p, (size_t)(line - source.p)};
        source = (struct rg_str){line + 1, size - value.n - 1};
    }
    escapes_hold(value);
    struct rg_arena *arena = rg_arena_new(RG_MU_ARENA_BYTES);
    const struct rg_mu_template *template = NULL;
    size_t offset = 0;
    struct rg_error err = {0};
    int r = rg_mu_compile(arena, source, &template, &offset, &err);
    if (r < 0) {
        rg_assert(template == NULL && offset <= source.n && err.text[0] != '\0');
    } else {
        for (enum rg_mu_escape escape = RG_MU_PLAIN; escape <= RG_MU_URL; escape++)
            render(template, value, escape, escape == RG_MU_PLAIN);
    }
    rg_arena_free(&arena);
    return 0;
}
