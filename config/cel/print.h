/* Writing a tree back as text, for the canonical form and, with values filled in, for explain. */
#pragma once

#include "config/cel/node.h"

struct rg_cel_printer {
    struct rg_buf *buf;
    /* Asked before each node; true when it has written the node itself. NULL: nobody fills anything in. */
    bool (*fill_in)(void *ctx, const struct rg_cel_node *node, struct rg_buf *buf);
    void *ctx;
};

void rg_cel_print_node(const struct rg_cel_printer *pr, const struct rg_cel_node *node);
