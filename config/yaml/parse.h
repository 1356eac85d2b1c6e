/* Between the files of this room only. */
#pragma once

#include "config/yaml/yaml.h"

#include <yaml.h>

/* text.c: what is wrong with the bytes before any YAML is read. Fills doc->bytes and doc->lines. */
RG_MUST_USE int rg_text_prepare(struct rg_doc *doc, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags);
struct rg_place rg_doc_place(const struct rg_doc *doc, int line, int column, int width);

/* syntax.c: libyaml's complaint in our words. When the cause is a value without quotes, the value is blanked in `work` (a
 * copy of doc->bytes) so that another attempt gets further, and *ret_line, *ret_column say where; false: no use in trying. */
bool rg_syntax_explain(const struct rg_doc *doc, const yaml_parser_t *parser, char *work, struct rg_diags *diags, int *ret_line,
                       int *ret_column);
