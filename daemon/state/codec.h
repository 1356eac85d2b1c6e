/* The stored form of a debtor record: a version byte, then its fields in a fixed order, each as small as coder.h can make it; what is
 * absent takes a bit. Whose record it is says its key. Reads version N and N − 1; anything newer is refused before a byte is
 * written. Pure. */
#pragma once

#include "base/core/buf.h"
#include "base/core/error.h"
#include "base/json/write.h"
#include "daemon/rules/record.h"

#define RG_RECORD_VERSION 1

/* RG_ELIMIT when it would be larger than RG_RECORD_STORED_MAX (nothing is cut). */
RG_MUST_USE int rg_record_encode(const struct rg_record *record, struct rg_buf *buf, struct rg_error *err);
/* `bytes` are copied into the arena. RG_EINVAL names the offset; RG_EREFUSED for a newer version. */
RG_MUST_USE int rg_record_decode(struct rg_str bytes, struct rg_str debtor, struct rg_arena *arena,
                                 struct rg_record **ret_record, struct rg_error *err);

/* As `reguactl show --json` prints it; personal data masked unless `reveal`. An invoice is paid where no more than the policy's
 * tolerance is missing. */
void rg_record_json(const struct rg_record *record, int64_t tolerance_cents, bool reveal, struct rg_jw *jw);
