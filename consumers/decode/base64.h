/* Base64 (RFC 4648 §4): the whole text or nothing, padding required, no line breaks. Pure. */
#pragma once

#include "base/core/arena.h"

bool rg_base64_decode(struct rg_str text, struct rg_arena *arena, struct rg_str *ret_bytes);
