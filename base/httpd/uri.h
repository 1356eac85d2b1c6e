/* Request targets taken apart, strictly: what two readers could understand differently is refused. Pure. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"

/* %41 → A. False for an unfinished or wrong escape, for NUL, and for bytes that are not UTF-8 in the end. */
RG_MUST_USE bool rg_uri_decode(struct rg_str text, struct rg_arena *arena, struct rg_str *ret_text);
/* The value of `name` in a query ("a=1&b=x%20y", "+" is a space): absent when it is not there, "" when it has none. False when
 * the query is malformed or says it twice. */
RG_MUST_USE bool rg_uri_query(struct rg_str query, const char *name, struct rg_arena *arena, struct rg_str *ret_value);

/* One table row's path against a request's: "/debtors/{debtor}/explain" has at most one segment in braces, which may be anything
 * but empty; *ret_segment is that segment as it came (not decoded), absent when the pattern has none. */
bool rg_uri_match(const char *pattern, struct rg_str path, struct rg_str *ret_segment);
