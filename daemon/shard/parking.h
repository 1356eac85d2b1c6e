/* Value of a reference in its home shard: either the debtor it belongs to, or the records that wait for that to be known. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"

struct rg_parked {
    struct rg_str first; /* first origin, as text */
    struct rg_str value; /* the event's ledger half */
};
struct rg_reference {
    struct rg_str debtor; /* absent: not located yet */
    struct rg_parked *parked;
    size_t parked_count, parked_cap;
};

void rg_reference_encode(const struct rg_reference *reference, struct rg_buf *buf);
/* Absent bytes give an empty reference. Everything is copied into the arena. */
RG_MUST_USE int rg_reference_decode(struct rg_str bytes, struct rg_arena *arena, struct rg_reference *ret, struct rg_error *err);
