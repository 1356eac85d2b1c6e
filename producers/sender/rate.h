/* A limit of so many in a span of time: a bucket that fills with time and holds a tenth of a second's worth, at least one, so
 * that no span sees much more than the limit. Pure. */
#pragma once

#include "base/core/core.h"

struct rg_rate {
    int64_t count; /* in a span; 0: no limit */
    int64_t cost;  /* of one, in parts: the span in milliseconds */
    int64_t credit, full; /* parts */
    int64_t at_ms; /* boot clock */
};

void rg_rate_init(struct rg_rate *rate, int64_t count, int64_t span_s, int64_t now_ms); /* begins full */
bool rg_rate_take(struct rg_rate *rate, int64_t now_ms);
void rg_rate_give_back(struct rg_rate *rate); /* what was taken and not used */
int64_t rg_rate_wait_ms(const struct rg_rate *rate, int64_t now_ms); /* until the next may be taken; 0: now */
