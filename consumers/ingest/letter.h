/* Dead letters: the original as it came, key and headers included, and beside it why it could not be read. Pure.
 *
 *   regua_reason  one of RG_DEAD_…        regua_detail  a sentence for a person
 *   regua_source  topic/partition/offset  regua_at      when, RFC 3339
 *
 * An original larger than RG_LETTER_VALUE_MAX is kept as its head, with regua_length and regua_sha256 of the whole; so is a key
 * past RG_LETTER_KEY_MAX, without them. Whatever came, the letter fits into RG_LETTER_RECORD_BYTES_MAX. */
#pragma once

#include "base/core/arena.h"
#include "base/kafka/kafka.h"
#include "config/contract/event.h"
#include "consumers/decode/cloudevents.h"

#define RG_LETTER_VALUE_MAX ((size_t)1700 * 1024) /* the topic is made for 2 MiB */
#define RG_LETTER_KEY_MAX ((size_t)64 * 1024)
#define RG_LETTER_SOURCE_MAX 300 /* topic, partition and offset are shorter */
#define RG_LETTER_HEADERS_BYTES_MAX ((size_t)64 * 1024) /* of the original's headers; the others are left out */
#define RG_LETTER_RECORD_BYTES_MAX ((size_t)1900 * 1024)

#define RG_LETTER_REASON "regua_reason"
#define RG_LETTER_DETAIL "regua_detail"
#define RG_LETTER_SOURCE "regua_source"
#define RG_LETTER_AT "regua_at"
#define RG_LETTER_LENGTH "regua_length"
#define RG_LETTER_SHA256 "regua_sha256"

struct rg_letter {
    struct rg_str key, value;
    struct rg_kafka_header headers[RG_KAFKA_HEADERS_MAX];
    size_t header_count;
};

/* Slices borrow from the message and the arena. A message that was a dead letter before (sent again) keeps its first
 * regua_source: that is what identifies it. */
void rg_letter_write(const struct rg_message *message, const char *topic, int partition, int64_t offset, bool again,
                     const struct rg_reject *reject, int64_t now_ms, struct rg_arena *arena, struct rg_letter *ret_letter);
