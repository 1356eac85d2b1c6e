/* Findings without their source lines, one a line: what table-driven tests compare. */
#pragma once

#include "config/yaml/diag.h"

static inline void add_heads(struct rg_diags *diags, struct rg_buf *into)
{
    for (size_t i = 0; i < rg_diags_count(diags); i++) {
        const struct rg_finding *f = rg_diags_at(diags, i);
        rg_buf_addf(into, "%d:%d: %s: %s [%s]\n", f->line, f->column, f->severity == RG_SEVERITY_ERROR ? "error" : "warning",
                    f->text,
                    f->code);
    }
}
