/* One reading of all that people wrote for an installation: regua.yaml, mappings, presets, ladders with their policy, calendars and
 * templates. Every file is read whatever is wrong with another, so that one run finds all mistakes; nothing is connected to.
 *
 * A reload is a second reading beside what runs. Of regua.yaml it takes what acts at a reload (rows with RG_RELOAD) and leaves the
 * rest as it was at the start, so that the new rules are judged against the channels, services and sources that really run; what
 * differs beyond that is named: keys of regua.yaml, and mappings. */
#pragma once

#include "config/ladder/load.h"
#include "consumers/ingest/ingest.h"
#include "daemon/runtime.h"

struct rg_reading_file {
    const char *path;                /* NULL: there is none */
    uint8_t digest[RG_SHA256_BYTES]; /* of what stood in it */
};

struct rg_reading {
    struct rg_arena *arena;      /* site, sources and presets lie here */
    const struct rg_site *site;  /* as written; NULL: regua.yaml itself cannot be used */
    const struct rg_ingest_source *sources; /* with their mappings; NULL when there is an error */
    size_t source_count;
    const struct rg_reading_file *mappings; /* by source of regua.yaml */
    struct rg_inventory inventory;
    struct rg_ruleset *set;      /* NULL when there is an error; take it over by setting it to NULL */
};

/* `running`: the reading at the start when this is a reload, else NULL. RG_EINVAL when `diags` holds an error; *ret_reading is made
 * either way. */
RG_MUST_USE int rg_reading_new(const char *file, const char *shipped, const struct rg_reading *running, struct rg_diags *diags,
                               struct rg_reading **ret_reading);
void rg_reading_free(struct rg_reading **reading);
