/* Error sentences of the reader: byte, place as a JSON pointer, what was expected and what stands there. Only member names
 * and single bytes of the document are shown, never values. */
#include "base/json/parser.h"

#include "base/core/buf.h"

#include <stdio.h>

#define PLACE_BYTES_MAX ((size_t)120)

/* Keys come from outside and end up on terminals: only printable ASCII is shown as it is. */
static void add_place_key(struct rg_buf *place, struct rg_str key)
{
    rg_buf_addc(place, '/');
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        if (c == '~' || c == '/')
            rg_buf_adds(place, c == '~' ? "~0" : "~1");
        else
            rg_buf_addc(place, c >= 0x20 && c < 0x7f ? c : '?');
    }
}

static void add_place_step(struct rg_buf *place, const struct rg_json_value *container, struct rg_str key, size_t index)
{
    if (container->kind == RG_JSON_OBJECT)
        add_place_key(place, key);
    else
        rg_buf_addf(place, "/%zu", index);
}

static void describe_place(const struct rg_json_parser *p, struct rg_buf *place)
{
    const struct rg_json_value *nodes = p->doc->nodes;
    for (uint32_t level = 1; level < p->depth; level++) {
        const struct rg_json_value *parent = &nodes[p->open[level - 1]];
        add_place_step(place, parent, nodes[p->open[level]].key, parent->count - 1);
    }
    if (p->awaiting && p->depth > 0)
        add_place_step(place, rg_json_innermost(p), p->key, rg_json_innermost(p)->count);
    if (place->len == 0)
        rg_buf_adds(place, "top level");
}

static void describe_found(const struct rg_json_parser *p, size_t at, char *ret_text, size_t size)
{
    unsigned char c = at < p->n ? (unsigned char)p->text[at] : 0;
    if (at >= p->n)
        (void)snprintf(ret_text, size, "the end");
    else if (c >= 0x20 && c < 0x7f)
        (void)snprintf(ret_text, size, "'%c'", c);
    else
        (void)snprintf(ret_text, size, "byte 0x%02x", c);
}

int rg_json_refuse(struct rg_json_parser *p, int code, size_t at, const char *what)
{
    struct rg_buf place RG_CLEANUP(rg_buf_done);
    rg_buf_init(&place, RG_JSON_DEPTH_MAX * PLACE_BYTES_MAX);
    describe_place(p, &place);
    bool cut = place.len > PLACE_BYTES_MAX || place.overflow;
    size_t shown = place.len > PLACE_BYTES_MAX ? PLACE_BYTES_MAX : place.len;
    return rg_fail(p->err, code, "JSON byte %zu, %.*s%s: %s", at, (int)shown, rg_buf_cstr(&place), cut ? "…" : "", what);
}

int rg_json_expected(struct rg_json_parser *p, const char *what)
{
    char found[32];
    char clause[128];
    describe_found(p, p->at, found, sizeof found);
    (void)snprintf(clause, sizeof clause, "expected %s, found %s", what, found);
    return rg_json_refuse(p, RG_EINVAL, p->at, clause);
}
