/* Stepping through UTF-8. Text from outside was validated long before; a byte that is no UTF-8 still comes out as a value of
 * its own, so that folding and measuring never read past the end nor swallow what follows. */
#pragma once

#include "base/core/core.h"

#define RG_UTF8_BAD 0x110000U /* plus the offending byte */

/* The code point at *at, which must be below text.n; moves *at behind it. */
uint32_t rg_utf8_point(struct rg_str text, size_t *at);
