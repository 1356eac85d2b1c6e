/* Dates and times as other systems write them, put into the contract's forms. Pure. */
#pragma once

#include "base/json/json.h"
#include "brazil/days/zone.h"
#include "consumers/decode/mapping_parts.h"

/* "2026-11-23 10:00", "2026-11-23T10:00:00.5" in `zone`, or with an offset of its own; "2026-11-23" is the start of that day. */
bool rg_time_local(struct rg_str text, const struct rg_zone *zone, int64_t *ret_ms);

/* The value as "2026-11-23" and as RFC 3339 or a plain day; false when it is not what `format` says. `zone` may be NULL: then a
 * time needs an offset of its own. */
bool rg_time_day(struct rg_str text, enum rg_mapping_format format, const struct rg_zone *zone, char ret_text[RG_DAY_TEXT_MAX]);
bool rg_time_instant(struct rg_str text, enum rg_mapping_format format, const struct rg_zone *zone,
                     char ret_text[RG_INSTANT_TEXT_MAX]);
