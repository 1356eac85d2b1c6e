/* A message costs as many parts as its span has milliseconds and each millisecond adds `count` of them: nothing is ever rounded. */
#include "producers/sender/rate.h"

void rg_rate_init(struct rg_rate *rate, int64_t count, int64_t span_s, int64_t now_ms)
{
    int64_t cost = span_s * 1000, tenth = count * 100;
    *rate = (struct rg_rate){.count = count, .cost = cost, .full = tenth > cost ? tenth : cost, .at_ms = now_ms};
    rate->credit = rate->full;
}

static int64_t credit_at(const struct rg_rate *rate, int64_t now_ms)
{
    int64_t passed = now_ms > rate->at_ms ? now_ms - rate->at_ms : 0;
    int64_t missing = rate->full - rate->credit;
    if (missing <= 0 || passed >= missing / rate->count + 1) /* also keeps the product below from overflowing */
        return rate->full;
    return rate->credit + passed * rate->count;
}

bool rg_rate_take(struct rg_rate *rate, int64_t now_ms)
{
    if (rate->count == 0)
        return true;
    rate->credit = credit_at(rate, now_ms);
    rate->at_ms = now_ms;
    if (rate->credit < rate->cost)
        return false;
    rate->credit -= rate->cost;
    return true;
}

void rg_rate_give_back(struct rg_rate *rate)
{
    if (rate->count != 0 && rate->credit + rate->cost <= rate->full)
        rate->credit += rate->cost;
}

int64_t rg_rate_wait_ms(const struct rg_rate *rate, int64_t now_ms)
{
    if (rate->count == 0)
        return 0;
    int64_t missing = rate->cost - credit_at(rate, now_ms);
    return missing <= 0 ? 0 : (missing + rate->count - 1) / rate->count;
}
