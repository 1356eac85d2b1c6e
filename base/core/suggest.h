/* "did you mean": the candidate nearest to a mistyped word, at most two edits away (insertions, deletions,
 * substitutions, swaps of neighbours), compared without regard to ASCII case. Pure. */
#pragma once

#include "base/core/core.h"

#define RG_SUGGEST_WORD_MAX 64 /* bytes; longer words get no suggestion */

/* NULL when nothing is near enough; of several equally near the first. A one- or two-letter word accepts one edit. */
const char *rg_suggest(struct rg_str word, const char *const *candidates, size_t count);
