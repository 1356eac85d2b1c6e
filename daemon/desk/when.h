/* Times as people write them in tests: a day, a minute, or an instant with its offset. Pure. */
#pragma once

#include "brazil/days/zone.h"

/* What was meant: a whole day, a minute or a second, its end excluded. */
struct rg_when {
    int64_t from_ms, to_ms;
};

/* "2026-11-04", "2026-11-04 08:30" (both in `zone`), "2026-11-04T08:30:00-03:00". False on anything else. */
bool rg_when_parse(struct rg_str text, const struct rg_zone *zone, struct rg_when *ret_when);
#define RG_WHEN_EXPECTED "a time such as 2026-11-04, 2026-11-04 08:30 or 2026-11-04T08:30:00-03:00"
