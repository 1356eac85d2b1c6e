/* Thousandths, so that a millisecond at `per_s` adds exactly `per_s` of them and nothing is ever rounded. */
#include "producers/sender/rate.h"

#define ONE 1000

void rg_rate_init(struct rg_rate *rate, int per_s, int64_t now_ms)
{
    int64_t full = (int64_t)per_s * ONE / 10;
    *rate = (struct rg_rate){.per_s = per_s, .full = full > ONE ? full : ONE, .at_ms = now_ms};
    rate->credit = rate->full;
}

static int64_t credit_at(const struct rg_rate *rate, int64_t now_ms)
{
    int64_t passed = now_ms > rate->at_ms ? now_ms - rate->at_ms : 0;
    int64_t missing = rate->full - rate->credit;
    if (missing <= 0 || passed >= missing / rate->per_s + 1) /* also keeps the product below from overflowing */
        return rate->full;
    return rate->credit + passed * rate->per_s;
}

bool rg_rate_take(struct rg_rate *rate, int64_t now_ms)
{
    if (rate->per_s == 0)
        return true;
    rate->credit = credit_at(rate, now_ms);
    rate->at_ms = now_ms;
    if (rate->credit < ONE)
        return false;
    rate->credit -= ONE;
    return true;
}

void rg_rate_give_back(struct rg_rate *rate)
{
    if (rate->per_s != 0 && rate->credit + ONE <= rate->full)
        rate->credit += ONE;
}

int64_t rg_rate_wait_ms(const struct rg_rate *rate, int64_t now_ms)
{
    if (rate->per_s == 0)
        return 0;
    int64_t missing = ONE - credit_at(rate, now_ms);
    return missing <= 0 ? 0 : (missing + rate->per_s - 1) / rate->per_s;
}
