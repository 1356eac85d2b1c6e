/* What the documents take from the product's own tables. Each function writes one whole file into `into`. */
#pragma once

#include "base/core/buf.h"

/* Stands first in every generated page. */
#define RG_DOCS_NOTE "Made from the tables of the program by `./dev docs`; do not edit.\n\n"

typedef void rg_docs_fn(struct rg_buf *into);

rg_docs_fn rg_docs_api, rg_docs_events, rg_docs_ladder, rg_docs_policy, rg_docs_calendar, rg_docs_mapping, rg_docs_preset, rg_docs_test,
    rg_docs_words, rg_docs_facts, rg_docs_variables, rg_docs_configuration, rg_docs_manual, rg_docs_ctl, rg_docs_site_schema, rg_docs_ladder_schema, rg_docs_policy_schema,
    rg_docs_calendar_schema, rg_docs_mapping_schema, rg_docs_preset_schema;
