/* Dead letters as reguactl reads them: from their topic's beginning to the end that it has now, one at a time. */
#pragma once

#include "base/core/clock.h"
#include "consumers/ingest/letter.h"
#include "daemon/ctl/ctl.h"

struct letters {
    struct rg_ctl *ctl; /* whose further arguments are places: only those, unless there are none */
    struct rg_arena *arena;
    const struct rg_site *site;
    struct rg_kafka_config kafka;
    const char *reason, *topic; /* filters; NULL: any */
    int rc;                     /* of sending */
    struct rg_error err;
    char at[RG_INSTANT_TEXT_MAX]; /* of the letter that is looked at */
};

/* One of them, as long as it is being looked at. */
struct letter {
    const struct rg_kafka_event *event;
    struct rg_str place, reason, detail, at;
};
typedef bool letter_fn(struct letters *letters, const struct letter *letter, void *ctx); /* false: enough */

/* Every letter there is now that fits. */
RG_MUST_USE int letters_walk(struct letters *letters, letter_fn *fn, void *ctx, struct rg_error *err);
struct rg_str letters_topic_of(struct rg_str place); /* "billing.events/3/88120" → "billing.events" */
bool letters_own_header(const char *name);           /* one that was put on by whoever wrote the letter */
