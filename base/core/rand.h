/* Random bytes from the kernel, for tokens and claim ids. Never for decisions: those are deterministic. */
#pragma once

#include "base/core/core.h"

void rg_random_bytes(void *ret_bytes, size_t n); /* n ≤ 256 */
