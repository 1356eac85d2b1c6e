/* From an installation to what ingest reads: the sources of regua.yaml, each with its mapping. */
#pragma once

#include "config/site/site.h"
#include "consumers/ingest/ingest.h"

/* In `arena`; RG_EINVAL when `diags` holds an error. */
RG_MUST_USE int rg_sources_load(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, const struct rg_ingest_source **ret_sources,
                                size_t *ret_count);
/* Channels whose transport this version does not have are refused, never accepted and silent. */
void rg_channels_check(const struct rg_site *site, struct rg_diags *diags);
