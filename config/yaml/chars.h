/* Characters of UTF-8 text, for columns that people can count. Pure. */
#pragma once

#include "base/core/core.h"
#include "brazil/text/utf8.h"

/* A byte that belongs to no character counts as one. */
size_t rg_chars_count(struct rg_str text);
size_t rg_chars_offset(struct rg_str text, size_t chars); /* byte where character `chars` (from 0) starts; at most text.n */

/* What may stand in a file that people read: no control characters but tab and line break, nothing invisible that changes how
 * a line is shown or counted (bidirectional overrides, other line separators, a byte order mark in the middle). */
bool rg_char_allowed(uint32_t point);
