/* Why, why not, when next: one look turned into text or JSON. The same for `reguactl explain`, the API, simulations and tests.
 * Text is stable: tests compare it word for word. Pure. */
#pragma once

#include "base/core/buf.h"
#include "base/json/write.h"
#include "daemon/rules/decide.h"

/* `step` absent: all steps. `all_gates`: further gates that block with their values, not by name only. */
void rg_explain_text(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step, bool all_gates,
                     struct rg_buf *buf);
void rg_explain_json(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step, struct rg_jw *jw);
