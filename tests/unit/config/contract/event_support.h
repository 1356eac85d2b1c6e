/* Decoding events from literals, for the two tests of the event codec. */
#pragma once

#include "config/contract/event.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define TEST_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define TEST_TIME_MS INT64_C(1795611600123) /* 2026-11-25T13:00:00.123Z */

static inline int decode_text(enum rg_event_type type, const char *data, struct rg_arena *arena, struct rg_event *ret_event,
                              struct rg_reject *ret_reject)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err;
    if (rg_json_parse(rg_str(data), RG_EVENT_BYTES_MAX, &doc, &err) < 0)
        fail_msg("%s: %s", data, err.text);
    *ret_event = (struct rg_event){.type = type, .id = RG_STR("e-1"), .source = RG_STR("/billing"), .time_ms = TEST_TIME_MS,
                                   .ns = RG_STR("asaas")};
    return rg_event_decode(ret_event, rg_json_root(doc), arena, ret_reject);
}

static inline struct rg_event decoded(enum rg_event_type type, const char *data, struct rg_arena *arena)
{
    struct rg_event event;
    struct rg_reject reject;
    if (decode_text(type, data, arena, &event, &reject) < 0)
        fail_msg("%s %s: %s: %s", rg_event_type_name(type), data, reject.reason, reject.detail);
    return event;
}

static inline struct rg_str written(const struct rg_event *event, bool personal, struct rg_arena *arena)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    assert_false(buf.overflow);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

/* `data` without the member of that name. */
static inline void without(const char *data, const char *member, char *ret_data, size_t max)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    assert_int_equal(rg_json_parse(rg_str(data), RG_EVENT_BYTES_MAX, &doc, NULL), 0);
    rg_buf_init(&buf, max);
    rg_jw_init(&jw, &buf);
    rg_jw_object(&jw);
    RG_JSON_EACH(child, rg_json_root(doc)) {
        if (rg_str_is(rg_json_key(child), member))
            continue;
        rg_jw_key_str(&jw, rg_json_key(child));
        rg_jw_value(&jw, child);
    }
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    (void)snprintf(ret_data, max, "%s", rg_buf_cstr(&buf));
}
