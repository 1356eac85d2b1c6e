/* Texts in half bytes, for names, addresses and ids: most letters of a Brazilian name take four bits, digits always do. Private to
 * this room; only the stored form of a record uses it. Pure. */
#pragma once

#include "base/core/buf.h"

/* How a text is written; the numbers are stored. */
enum rg_halves {
    RG_HALVES_NONE,    /* as it is */
    RG_HALVES_LETTERS, /* the twelve most frequent small letters in four bits, all other letters and digits in eight */
    RG_HALVES_CAPITALS, /* the same with capitals and small letters exchanged */
    RG_HALVES_DIGITS,  /* digits and a … e in four bits: documents, phones, invoice numbers, UUIDs */
    RG_HALVES_COUNT
};

/* The shortest of them, as far as a glance can tell; never longer than the text. */
enum rg_halves rg_halves_choose(struct rg_str text);
/* Appends the text, half a byte of zeros behind it where its last byte is not full. */
void rg_halves_write(struct rg_str text, enum rg_halves how, struct rg_buf *out);
/* Reads n bytes of text from `in` on and moves `in` behind them; false when they are not there. No text is longer than twice the
 * bytes it is written in, so n may be checked before room is made. */
RG_MUST_USE bool rg_halves_read(struct rg_str *in, size_t n, enum rg_halves how, char *ret_text);
