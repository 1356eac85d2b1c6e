/* Where an event goes: a pure function of the event, the place it was read at and the number of shards. Repeats of a record
 * therefore land in the same shards under the same origins, where they are recognised: ingest needs no memory of its own.
 *
 *   names a debtor            → facts to the debtor's shard; what is personal to the people topic, same shard
 *   names only an invoice     → facts to the reference's home shard, which knows the debtor or waits until it does
 *   delivery.receipt          → the shard that stands in the action's id
 *   invoice.issued, and .updated that names its debtor
 *                             → also `located` to the invoice's home shard, so that nameless facts find the debtor
 *   debtor_details            → facts and people update of their own
 *   source.synced             → regua.control, where all shards read it */
#pragma once

#include "config/contract/event.h"
#include "config/contract/ledger.h"
#include "config/contract/route.h"

enum rg_topic { RG_TOPIC_LEDGER, RG_TOPIC_PEOPLE, RG_TOPIC_CONTROL };

struct rg_routed {
    enum rg_topic topic;
    int partition;
    struct rg_str key, value;
    enum rg_kind kind;   /* RG_REC_UNKNOWN in regua.control: no header */
    enum rg_sub sub;
};

struct rg_route {
    struct rg_routed records[RG_SUB_COUNT];
    size_t count;      /* 0: the event says nothing that anybody has to know */
    bool words_dropped; /* a nameless event had personal texts: nobody knows yet whose they are, and the ledger may not hold them
                         */
};

/* `at` is where the event was read (its sub is ignored); `now_ms` the shared clock, for regua.control only. Everything lives in
 * the arena. 0, or RG_EINVAL with the reject filled in. */
RG_MUST_USE int rg_route(const struct rg_event *event, const struct rg_origin *at, int shards, int64_t now_ms,
                         struct rg_arena *arena, struct rg_route *ret_route, struct rg_reject *reject);
