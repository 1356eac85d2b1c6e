/* The compiled form, shared by the compiler and the renderer alone. */
#pragma once

#include "producers/render/mustache.h"

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_CLOSE, NODE_PARTIAL };

struct mu_node {
    enum node_kind kind;
    bool raw;           /* VALUE: {{{ }}} or {{& }} */
    bool line_start;    /* first on its line: the indentation of a partial goes before it */
    struct rg_str text; /* TEXT: the bytes; others: the name */
    struct rg_str *path; /* name split at its dots; path_count 0 is "." */
    size_t path_count;
    struct rg_str indent; /* PARTIAL that stands alone: white space before the tag */
    size_t end;           /* SECTION, INVERTED: index of its CLOSE */
};

struct rg_mu_template {
    struct mu_node *nodes;
    size_t node_count, node_cap;
    struct rg_mu_use *uses;
    size_t use_count, use_cap;
};
