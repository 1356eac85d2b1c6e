/* Our own headers come first and their names are taken out of the original's: whoever reads the letter finds ours. */
#include "consumers/ingest/letter.h"

#include "base/core/hash.h"
#include "brazil/days/date.h"

#include <stdio.h>
#include <string.h>

#define OWN_HEADERS_MAX 6

static void put(struct rg_letter *letter, const char *name, struct rg_str value)
{
    rg_assert(letter->header_count < RG_KAFKA_HEADERS_MAX);
    letter->headers[letter->header_count++] = (struct rg_kafka_header){name, value};
}

static bool is_own(struct rg_str name)
{
    static const char *const own[] = {RG_LETTER_REASON, RG_LETTER_DETAIL, RG_LETTER_SOURCE, RG_LETTER_AT, RG_LETTER_LENGTH,
                                      RG_LETTER_SHA256};
    static_assert(RG_COUNT(own) == OWN_HEADERS_MAX, "room for all of them");
    for (size_t i = 0; i < RG_COUNT(own); i++)
        if (rg_str_is(name, own[i]))
            return true;
    return false;
}

static struct rg_str header(const struct rg_message *message, const char *name)
{
    struct rg_str value = {NULL, 0};
    for (size_t i = 0; i < message->header_count; i++)
        if (rg_str_is(message->headers[i].name, name))
            value = message->headers[i].value;
    return value;
}

static void keep_headers(const struct rg_message *message, struct rg_arena *arena, struct rg_letter *letter)
{
    size_t bytes = 0;
    for (size_t i = 0; i < message->header_count && letter->header_count < RG_KAFKA_HEADERS_MAX; i++) {
        const struct rg_message_header *from = &message->headers[i];
        bytes += from->name.n + from->value.n;
        if (bytes > RG_LETTER_HEADERS_BYTES_MAX)
            return;
        if (!is_own(from->name))
            put(letter, rg_arena_str(arena, from->name).p, from->value);
    }
}

static void keep_value(const struct rg_message *message, struct rg_arena *arena, struct rg_letter *letter)
{
    letter->value = message->value;
    if (message->value.n <= RG_LETTER_VALUE_MAX)
        return;
    uint8_t digest[RG_SHA256_BYTES];
    char hex[2 * RG_SHA256_BYTES + 1];
    rg_sha256(message->value.p, message->value.n, digest);
    rg_hex(digest, sizeof digest, hex);
    put(letter, RG_LETTER_LENGTH, rg_arena_printf(arena, "%zu", message->value.n));
    put(letter, RG_LETTER_SHA256, rg_arena_str(arena, rg_str(hex)));
    letter->value.n = RG_LETTER_VALUE_MAX;
}

void rg_letter_write(const struct rg_message *message, const char *topic, int partition, int64_t offset, bool again,
                     const struct rg_reject *reject, int64_t now_ms, struct rg_arena *arena, struct rg_letter *ret_letter)
{
    char at[RG_INSTANT_TEXT_MAX];
    struct rg_str source = again ? header(message, RG_LETTER_SOURCE) : (struct rg_str){NULL, 0};
    if (!rg_str_has(source) || source.n > RG_LETTER_SOURCE_MAX)
        source = rg_arena_printf(arena, "%s/%d/%lld", topic, partition, (long long)offset);
    rg_instant_format(now_ms, 0, at);
    *ret_letter = (struct rg_letter){.key = message->key};
    if (ret_letter->key.n > RG_LETTER_KEY_MAX)
        ret_letter->key.n = RG_LETTER_KEY_MAX;
    put(ret_letter, RG_LETTER_REASON, rg_str(reject->reason));
    put(ret_letter, RG_LETTER_DETAIL, rg_arena_str(arena, rg_str(reject->detail)));
    put(ret_letter, RG_LETTER_SOURCE, source);
    put(ret_letter, RG_LETTER_AT, rg_arena_str(arena, rg_str(at)));
    keep_value(message, arena, ret_letter);
    keep_headers(message, arena, ret_letter);
}
