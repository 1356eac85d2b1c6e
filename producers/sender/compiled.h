/* Templates compiled once. A compiled template is found by its source text, of which it keeps a copy: the same text is the same
 * template, whatever it is called and whichever rules it came with. */
#pragma once

#include "producers/render/mustache.h"

#define RG_COMPILED_MAX 512

struct rg_compiled;

struct rg_compiled *rg_compiled_new(void) __attribute__((returns_nonnull));
void rg_compiled_free(struct rg_compiled **compiled);

/* Lives until RG_COMPILED_MAX others were asked for. RG_EINVAL or RG_ELIMIT: it does not compile; also that is remembered. */
RG_MUST_USE int rg_compiled_get(struct rg_compiled *compiled, struct rg_str source, const struct rg_mu_template **ret_template,
                                struct rg_error *err);
