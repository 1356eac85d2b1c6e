/* The merged people record: all that is known of a person, written by the shard's owner under the debtor's key, so that the
 * updates before it may go. Folding it gives back what the updates gave: every field carries the stamp that set it. Pure. */
#pragma once

#include "daemon/rules/fold.h"

void rg_people_write(const struct rg_record *record, struct rg_buf *buf);
RG_MUST_USE int rg_people_fold(struct rg_record *record, struct rg_str bytes, struct rg_error *err);
