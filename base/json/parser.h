/* What the files that read a document share. Private to base/json.
 *
 * Invariants: `open` holds the indices of the containers not yet closed, outermost first; `awaiting` says whether the
 * place of an error is the value about to come or the container around it. */
#pragma once

#include "base/json/node.h"

struct rg_json_parser {
    struct rg_json *doc;
    char *text;
    size_t n;
    size_t at;
    struct rg_error *err;
    struct rg_str key; /* of the member whose value is awaited */
    bool awaiting;
    uint32_t depth;
    uint32_t open[RG_JSON_DEPTH_MAX];
};

static inline int rg_json_peek(const struct rg_json_parser *p)
{
    return p->at < p->n ? (unsigned char)p->text[p->at] : -1; /* −1: the end */
}

static inline struct rg_json_value *rg_json_innermost(const struct rg_json_parser *p)
{
    return p->depth > 0 ? &p->doc->nodes[p->open[p->depth - 1]] : NULL;
}

/* Fills the error with byte, place and `what`, a whole clause: "a byte-order mark". Returns code. */
int rg_json_refuse(struct rg_json_parser *p, int code, size_t at, const char *what);
/* RG_EINVAL at the present byte: "expected WHAT, found …". */
int rg_json_expected(struct rg_json_parser *p, const char *what);

/* At the opening quote; leaves p->at past the closing one. The text is decoded in place and NUL-terminated. */
RG_MUST_USE int rg_json_read_string(struct rg_json_parser *p, struct rg_str *ret_text);
