/* From an installation to its rules: what regua.yaml says of channels, services and sources, handed to the loader of ladders. */
#pragma once

#include "config/ladder/load.h"
#include "config/site/site.h"
#include "consumers/ingest/ingest.h"

/* As rg_rules_load_from. Presets are read for the most their providers can prove; their findings go to `diags` too. */
RG_MUST_USE int rg_rules_load_site(const struct rg_site *site, struct rg_diags *diags, struct rg_rules **ret_rules,
                                   struct rg_templates **ret_templates, struct rg_inventory *ret_inventory);

/* The sources of ingest with their mappings, in `arena`: those of regua.yaml. */
RG_MUST_USE int rg_sources_load_site(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags,
                                     const struct rg_ingest_source **ret_sources, size_t *ret_count);
