/* Brazil's time zones as a static table of fixed offsets. There has been no daylight saving since Decreto 9.772/2019 (the
 * last one ended on 2019-02-17), and Acre and western Amazonas are at -05 since Lei 12.876/2013; so instants before
 * 2019-02-17 may be an hour off, and everything the engine decides is later. Should daylight saving return, this table is
 * the one place to change. */
#pragma once

#include "brazil/days/date.h"

struct rg_zone {
    const char *name; /* IANA */
    int offset_minutes;
};

/* Exact IANA name ("America/Sao_Paulo"; the old "Brazil/East" family too); NULL for any other. */
const struct rg_zone *rg_zone_find(struct rg_str name);

/* State as two capital letters; NULL when there is no such state. Of the states with two zones the greater part counts:
 * AM is Manaus (-04, not its western municipalities at -05), PE is Recife (not Fernando de Noronha at -02). */
const struct rg_zone *rg_zone_of_state(struct rg_str state);

/* Area code (DDD) 11–99; NULL when none is assigned. Two codes span two zones and take the majority's: 97 (interior of
 * Amazonas: Manaus time, though its far west is at -05) and 81 (Recife, though Fernando de Noronha is at -02). */
const struct rg_zone *rg_zone_of_area_code(int area_code);

struct rg_local {
    rg_day day;    /* RG_DAY_NONE outside the years 1900–2199 */
    int minute;    /* of the day, 0–1439 */
    int second_ms; /* of the minute, 0–59999 */
};
struct rg_local rg_local_at(const struct rg_zone *zone, int64_t ms);

/* The instant of that local minute; minute 1440 is the end of the day. Not for RG_DAY_NONE. */
int64_t rg_instant_at(const struct rg_zone *zone, rg_day day, int minute);
