/* From an installation to what ingest reads: the sources of regua.yaml, each with its mapping, and behind them the dead letters that
 * are sent again. */
#pragma once

#include "config/site/site.h"
#include "consumers/ingest/ingest.h"

#define RG_SOURCE_RETRY "regua.retry" /* a name that no source of regua.yaml can have */

/* In `arena`; RG_EINVAL when `diags` holds an error. */
RG_MUST_USE int rg_sources_load(const struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags, const struct rg_ingest_source **ret_sources,
                                size_t *ret_count);
/* What may be written and this version does not do is said, never accepted in silence: an error where somebody could be written to,
 * or go on being written to, who should not; else a warning. */
void rg_not_yet_check(const struct rg_site *site, struct rg_diags *diags);
