/* A limit of so many a second: a bucket that fills with time and holds a tenth of a second's worth, so that no second sees
 * much more than the limit. Pure. */
#pragma once

#include "base/core/core.h"

struct rg_rate {
    int per_s; /* 0: no limit */
    int64_t credit, full; /* thousandths of one */
    int64_t at_ms; /* boot clock */
};

void rg_rate_init(struct rg_rate *rate, int per_s, int64_t now_ms); /* begins full */
bool rg_rate_take(struct rg_rate *rate, int64_t now_ms);
void rg_rate_give_back(struct rg_rate *rate); /* what was taken and not used */
int64_t rg_rate_wait_ms(const struct rg_rate *rate, int64_t now_ms); /* until the next may be taken; 0: now */
