/* Messages from literals, for the tests of this room. */
#pragma once

#include "consumers/decode/cloudevents.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define TEST_TIMESTAMP_MS INT64_C(1795611600000) /* 2026-11-25T13:00:00Z */

/* "name: value" per header, at most eight, ends in NULL. */
static inline struct rg_message message_of(const char *const headers[9], const char *value, struct rg_message_header room[8])
{
    struct rg_message message = {.value = rg_str(value), .headers = room, .timestamp_ms = TEST_TIMESTAMP_MS};
    for (; headers[message.header_count] != NULL; message.header_count++) {
        const char *text = headers[message.header_count], *colon = strstr(text, ": ");
        assert_true(colon != NULL && message.header_count < 8);
        room[message.header_count] = (struct rg_message_header){{text, (size_t)(colon - text)}, rg_str(colon + 2)};
    }
    return message;
}
