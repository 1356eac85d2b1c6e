/* The one door: a record of an upstream topic becomes an event of ours, or nothing, or a reject with its reason. Pure: the same
 * record, source and configuration give the same answer, in every process and after every restart. */
#pragma once

#include "config/contract/event.h"
#include "consumers/decode/cloudevents.h"
#include "consumers/decode/mapping.h"

enum rg_source_format { RG_SOURCE_CLOUDEVENTS, RG_SOURCE_JSON, RG_SOURCE_FORMAT_COUNT };

/* A service that is billed, and who bills it. */
struct rg_service_of {
    struct rg_str service, creditor;
};

/* What the decoder has to know of a configured source; borrowed. */
struct rg_upstream {
    struct rg_str name;
    enum rg_source_format format;
    const struct rg_mapping *mapping;     /* of RG_SOURCE_JSON */
    struct rg_str ns;                     /* namespace of its invoice ids; absent: the event's creditor */
    struct rg_str creditor;               /* of events that name none; absent: the service's, or the only one configured */
    const struct rg_str *creditors;       /* all that are configured; none: nothing is checked or filled in */
    size_t creditor_count;
    const struct rg_service_of *services; /* likewise */
    size_t service_count;
};

enum rg_decoded {
    RG_DECODED_EVENT,
    RG_DECODED_NOTHING, /* a tombstone, or something the mapping ignores */
    RG_DECODED_REJECT,
};

/* The event's text lives in the arena, which should have RG_DECODE_ARENA_BYTES to give. */
#define RG_DECODE_ARENA_BYTES ((size_t)16 * 1024 * 1024)
enum rg_decoded rg_decode(const struct rg_upstream *upstream, const struct rg_message *message, struct rg_arena *arena,
                          struct rg_event *ret_event, struct rg_reject *ret_reject);
