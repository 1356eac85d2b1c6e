/* A circuit breaker for one channel. Trouble of the channel (not of a message) opens it; while it is open nothing begins, and
 * what waits stays in its own queue. When the back-off has passed one message goes out as a probe: if the channel answers, all
 * may go again, else the back-off doubles. A provider that says "too fast" only pauses it. Pure. */
#pragma once

#include "base/core/core.h"

#define RG_BREAKER_FIRST_MS 1000
#define RG_BREAKER_LONGEST_MS 60000

struct rg_breaker {
    bool open, probing;
    int64_t backoff_ms, until_ms; /* boot clock */
};

enum rg_leave { RG_LEAVE_NO, RG_LEAVE_YES, RG_LEAVE_PROBE };

enum rg_leave rg_breaker_ask(const struct rg_breaker *breaker, int64_t now_ms); /* may one more begin? */
void rg_breaker_probe(struct rg_breaker *breaker); /* one began by RG_LEAVE_PROBE */
void rg_breaker_probe_gone(struct rg_breaker *breaker); /* the probe ended without having met the channel */
void rg_breaker_trouble(struct rg_breaker *breaker, bool probe, int64_t now_ms);
void rg_breaker_answer(struct rg_breaker *breaker); /* the channel works */
void rg_breaker_pause(struct rg_breaker *breaker, int64_t pause_ms, int64_t now_ms);
