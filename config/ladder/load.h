/* Loads and checks the rules of an installation: every ladder file of `rules:`, the policy, the calendars they name, and the
 * index of templates. Findings go to `diags`; with an error among them no snapshot is made. Reads files, connects to nothing:
 * `reguad --check`, `reguactl check`, reload and the demo are this one call. */
#pragma once

#include "config/ladder/ladder.h"
#include "config/ladder/templates.h"
#include "config/site/site.h"
#include "config/yaml/diag.h"

/* What was loaded, for the inventory line. */
struct rg_inventory {
    int ladders, steps, templates, calendars;
};

/* On success *ret_rules owns its arena: rg_rules_free. RG_EINVAL when `diags` holds an error. */
RG_MUST_USE int rg_rules_load(const struct rg_site *site, struct rg_diags *diags, struct rg_rules **ret_rules, struct rg_templates **ret_templates,
                              struct rg_inventory *ret_inventory);
void rg_rules_free(struct rg_rules **rules);
