/* Closed: backoff_ms is 0. Open: nothing before until_ms, then one probe. Trouble of what was under way when the breaker
 * opened says nothing new, so only a probe's trouble lengthens the back-off. */
#include "producers/sender/breaker.h"

enum rg_leave rg_breaker_ask(const struct rg_breaker *breaker, int64_t now_ms)
{
    if (now_ms < breaker->until_ms || breaker->probing)
        return RG_LEAVE_NO;
    return breaker->open ? RG_LEAVE_PROBE : RG_LEAVE_YES;
}

void rg_breaker_probe(struct rg_breaker *breaker)
{
    rg_assert(breaker->open && !breaker->probing);
    breaker->probing = true;
}

void rg_breaker_probe_gone(struct rg_breaker *breaker)
{
    breaker->probing = false;
}

void rg_breaker_trouble(struct rg_breaker *breaker, bool probe, int64_t now_ms)
{
    if (breaker->open && !probe)
        return;
    int64_t doubled = breaker->open ? 2 * breaker->backoff_ms : RG_BREAKER_FIRST_MS;
    breaker->backoff_ms = doubled < RG_BREAKER_LONGEST_MS ? doubled : RG_BREAKER_LONGEST_MS;
    breaker->open = true;
    breaker->probing = false;
    breaker->until_ms = now_ms + breaker->backoff_ms;
}

void rg_breaker_answer(struct rg_breaker *breaker)
{
    breaker->open = breaker->probing = false;
    breaker->backoff_ms = 0;
}

void rg_breaker_pause(struct rg_breaker *breaker, int64_t pause_ms, int64_t now_ms)
{
    int64_t bounded = pause_ms <= 0 ? RG_BREAKER_FIRST_MS : pause_ms < RG_BREAKER_LONGEST_MS ? pause_ms : RG_BREAKER_LONGEST_MS;
    if (now_ms + bounded > breaker->until_ms)
        breaker->until_ms = now_ms + bounded;
}
