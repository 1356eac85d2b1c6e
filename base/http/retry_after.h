/* The header Retry-After (RFC 9110): seconds, or a date in any of the three forms HTTP allows. Pure. */
#pragma once

#include "base/core/core.h"

#define RG_RETRY_AFTER_MAX_MS (INT64_C(24) * 3600 * 1000) /* longer waits are cut to this */

/* ms to wait from `now_wall_ms`, 0 for a date that has passed. False: not such a value. */
RG_MUST_USE bool rg_retry_after(struct rg_str value, int64_t now_wall_ms, int64_t *ret_ms);

/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" (nearest such year to now), "Sun Nov  6 08:49:37 1994". */
RG_MUST_USE bool rg_http_date(struct rg_str value, int64_t now_wall_ms, int64_t *ret_wall_ms);
