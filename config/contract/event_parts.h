/* What the files of the event codec share; nobody else includes this. */
#pragma once

#include "config/contract/event.h"

/* One `data` object being read. */
struct rg_event_reading {
    struct rg_event *event;
    struct rg_arena *arena;
    struct rg_reject *reject;
    const char *where; /* "data", for error sentences */
    bool partial;      /* only the personal half: required fields may be missing */
};

/* Fills the fields of event->type from `data` and returns like rg_event_decode. */
RG_MUST_USE int rg_event_fields(const struct rg_event_reading *reading, const struct rg_json_value *data);

/* Documents, phones, addresses, states, zones, action ids: checks and normalises what the fields hold. */
RG_MUST_USE int rg_event_settle(const struct rg_event_reading *reading);

/* The list behind a field of kind TEXTS. */
void rg_event_texts(struct rg_event *event, enum rg_field field, struct rg_str ***ret_items, size_t **ret_count);

static inline void *rg_event_at(struct rg_event *event, const struct rg_field_row *row)
{
    return (char *)event + row->offset;
}

static inline bool rg_event_has_controls(struct rg_str text, bool allow_layout)
{
    for (size_t i = 0; i < text.n; i++) {
        bool layout = text.p[i] == '\t' || text.p[i] == '\n' || text.p[i] == '\r';
        if (rg_control_next((struct rg_str){text.p + i, text.n - i}) > 0 && !(layout && allow_layout))
            return true;
    }
    return false;
}
