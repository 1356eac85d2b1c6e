/* CloudEvents 1.0 as they come on Kafka, in both modes of the protocol binding. Pure.
 *
 * The header `content-type` decides, whatever else is there: application/cloudevents+json is structured mode (the value is
 * the envelope), everything else is binary mode (attributes in headers ce_…, the value is the data). Batches and formats that
 * we do not read are refused by name. */
#pragma once

#include "base/json/json.h"
#include "config/contract/event.h"

#define RG_MESSAGE_HEADERS_MAX 64
#define RG_CLOUDEVENT_ATTRIBUTES_MAX 64

struct rg_message_header {
    struct rg_str name, value; /* an absent value is a null header */
};

/* One record of an upstream topic, borrowed. */
struct rg_message {
    struct rg_str key, value; /* an absent value is a tombstone */
    const struct rg_message_header *headers;
    size_t header_count;
    int64_t timestamp_ms; /* of the record, as the broker has it */
};

enum rg_cloudevent_data {
    RG_CE_NOTHING, /* the event has no data */
    RG_CE_JSON,    /* `json` */
    RG_CE_TEXT,    /* `bytes`, UTF-8 */
    RG_CE_BINARY,  /* `bytes` */
};

struct rg_cloudevent_attribute {
    struct rg_str name, value;
};

struct rg_cloudevent {
    /* Every attribute that is set, in the order it came; datacontenttype is there in binary mode too. */
    struct rg_cloudevent_attribute *attributes;
    size_t attribute_count;
    struct rg_str id, source, type, time; /* of those; time may be absent */
    enum rg_cloudevent_data kind;
    const struct rg_json_value *json; /* owned by `doc` */
    struct rg_str bytes;
    struct rg_json *doc; /* given back by rg_cloudevent_done */
};

/* 0 or RG_EINVAL with the reject filled in. Text lives in the arena, json in *ret_event until rg_cloudevent_done. */
RG_MUST_USE int rg_cloudevent_read(const struct rg_message *message, struct rg_arena *arena, struct rg_cloudevent *ret_event,
                                   struct rg_reject *reject);
void rg_cloudevent_done(struct rg_cloudevent *event); /* usable with RG_CLEANUP on a zeroed struct */
