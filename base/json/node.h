/* What the reader's two halves share: parse.c builds documents, value.c answers questions about them. Private to base/json.
 *
 * A document is one array of nodes in document order; a container's children follow it, so the first child is the next
 * node, and the next sibling lies `span` nodes further on. No pointers to keep right while the array grows. */
#pragma once

#include "base/json/json.h"

struct rg_json_value {
    uint32_t span;   /* nodes of this value, itself included */
    uint32_t count;  /* children */
    uint32_t offset; /* in the parsed bytes */
    uint8_t kind;    /* enum rg_json_kind */
    bool flag;       /* a boolean's value */
    struct rg_str key;  /* inside an object */
    struct rg_str text; /* a string decoded, a number as written */
};

struct rg_json {
    struct rg_json_value *nodes;
    size_t count;
    size_t capacity;
    char text[]; /* a copy of the bytes; strings are decoded in place */
};
