/* Dead letters: the original as it came, and why. */
#include "consumers/ingest/letter.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define NOW_MS INT64_C(1795611600000)

static struct rg_str header(const struct rg_letter *letter, const char *name)
{
    for (size_t i = 0; i < letter->header_count; i++)
        if (strcmp(letter->headers[i].name, name) == 0)
            return letter->headers[i].value;
    return (struct rg_str){NULL, 0};
}

static const struct rg_reject reject = {RG_DEAD_BAD_FIELD, "data.due_on: expected a date"};

static void the_original_is_kept(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    const struct rg_message_header headers[] = {
        {RG_STR("ce_id"), RG_STR("1")},
        {RG_STR("trace"), {NULL, 0}},
        {RG_STR("regua_reason"), RG_STR("a lie")},
        {RG_STR("x"), RG_STR("\xff")},
    };
    const struct rg_message message = {
        .key = RG_STR("k\0k"), .value = RG_STR("v\0v"), .headers = headers, .header_count = RG_COUNT(headers)};
    struct rg_letter letter;
    rg_letter_write(&message, "billing.events", 3, 42, false, &reject, NOW_MS, arena, &letter);
    assert_true(rg_str_eq(letter.key, message.key) && rg_str_eq(letter.value, message.value));
    assert_true(rg_str_is(header(&letter, RG_LETTER_REASON), "bad_field"));
    assert_true(rg_str_is(header(&letter, RG_LETTER_DETAIL), "data.due_on: expected a date"));
    assert_true(rg_str_is(header(&letter, RG_LETTER_SOURCE), "billing.events/3/42"));
    assert_true(rg_str_is(header(&letter, RG_LETTER_AT), "2026-11-25T13:00:00Z"));
    assert_true(rg_str_is(header(&letter, "ce_id"), "1") && rg_str_is(header(&letter, "x"), "\xff"));
    assert_null(header(&letter, RG_LETTER_LENGTH).p);
    assert_int_equal(letter.header_count, 7);
}

static void a_tombstone_stays_one(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    const struct rg_message message = {.key = {NULL, 0}, .value = {NULL, 0}};
    struct rg_letter letter;
    rg_letter_write(&message, "t", 0, 0, false, &reject, NOW_MS, arena, &letter);
    assert_null(letter.key.p);
    assert_null(letter.value.p);
}

static void a_large_original_leaves_its_head_and_its_hash(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new((size_t)8 << 20);
    char *bytes = rg_arena_alloc(arena, RG_LETTER_VALUE_MAX + 1);
    struct rg_message message = {.value = {bytes, RG_LETTER_VALUE_MAX}};
    struct rg_letter letter;
    rg_letter_write(&message, "t", 0, 0, false, &reject, NOW_MS, arena, &letter);
    assert_int_equal(letter.value.n, RG_LETTER_VALUE_MAX);
    assert_null(header(&letter, RG_LETTER_SHA256).p);
    message.value.n++;
    rg_letter_write(&message, "t", 0, 0, false, &reject, NOW_MS, arena, &letter);
    assert_int_equal(letter.value.n, RG_LETTER_VALUE_MAX);
    assert_true(rg_str_is(header(&letter, RG_LETTER_LENGTH), "1740801"));
    assert_true(rg_str_is(header(&letter, RG_LETTER_SHA256), "6d821bbd4e2c8a5f12648293af44ccf34416b2b1c649c6a062d51f3b12897144"));
}

static size_t bytes_of(const struct rg_letter *letter)
{
    size_t n = letter->key.n + letter->value.n;
    for (size_t i = 0; i < letter->header_count; i++)
        n += strlen(letter->headers[i].name) + letter->headers[i].value.n;
    return n;
}

/* A letter that no broker takes is lost, so the largest record that can come must make one that fits. */
static void whatever_came_the_letter_fits(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new((size_t)16 << 20);
    char *bytes = rg_arena_alloc(arena, (size_t)4 << 20);
    memset(bytes, 'k', (size_t)4 << 20);
    struct rg_reject long_reject = reject;
    memset(long_reject.detail, 'd', sizeof long_reject.detail - 1);
    char topic[RG_KAFKA_TOPIC_NAME_MAX + 1] = "";
    memset(topic, 't', RG_KAFKA_TOPIC_NAME_MAX);
    static const size_t sizes[] = {RG_LETTER_KEY_MAX, RG_LETTER_KEY_MAX + 1, (size_t)4 << 20};
    for (size_t i = 0; i < RG_COUNT(sizes); i++) {
        const struct rg_message_header headers[] = {{RG_STR("h"), {bytes, RG_LETTER_HEADERS_BYTES_MAX - 1}},
                                                    {RG_STR(RG_LETTER_SOURCE), {bytes, sizes[i]}}};
        const struct rg_message message = {
            .key = {bytes, sizes[i]}, .value = {bytes, (size_t)4 << 20}, .headers = headers, .header_count = 2};
        struct rg_letter letter;
        rg_letter_write(&message, topic, INT32_MAX, INT64_MAX, true, &long_reject, NOW_MS, arena, &letter);
        assert_int_equal(letter.key.n, RG_LETTER_KEY_MAX);
        assert_true(bytes_of(&letter) <= RG_LETTER_RECORD_BYTES_MAX);
        assert_true(header(&letter, RG_LETTER_SOURCE).n <= RG_LETTER_SOURCE_MAX);
        assert_true(rg_str_is(header(&letter, RG_LETTER_LENGTH), "4194304"));
    }
}

static void headers_have_their_room(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new((size_t)8 << 20);
    struct rg_message_header many[RG_MESSAGE_HEADERS_MAX];
    for (size_t i = 0; i < RG_MESSAGE_HEADERS_MAX; i++)
        many[i] = (struct rg_message_header){rg_arena_printf(arena, "h%zu", i), RG_STR("v")};
    struct rg_message message = {.value = RG_STR("v"), .headers = many, .header_count = RG_MESSAGE_HEADERS_MAX};
    struct rg_letter letter;
    rg_letter_write(&message, "t", 0, 0, false, &reject, NOW_MS, arena, &letter);
    assert_int_equal(letter.header_count, RG_KAFKA_HEADERS_MAX);
    assert_true(rg_str_is(header(&letter, "h59"), "v"));
    char *bytes = rg_arena_alloc(arena, RG_LETTER_HEADERS_BYTES_MAX);
    const struct rg_message_header wide[] = {{RG_STR("a"), RG_STR("b")}, {RG_STR("c"), {bytes, RG_LETTER_HEADERS_BYTES_MAX}}};
    message = (struct rg_message){.value = RG_STR("v"), .headers = wide, .header_count = 2};
    rg_letter_write(&message, "t", 0, 0, false, &reject, NOW_MS, arena, &letter);
    assert_int_equal(letter.header_count, 5); /* ours and the first */
}

static void a_letter_sent_again_keeps_its_first_source(void **state)
{
    (void)state;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    const struct rg_message_header headers[] = {{RG_STR(RG_LETTER_SOURCE), RG_STR("billing.events/3/42")},
                                                {RG_STR("ce_id"), RG_STR("1")}};
    const struct rg_message message = {.value = RG_STR("v"), .headers = headers, .header_count = 2};
    struct rg_letter letter;
    rg_letter_write(&message, "regua.retry", 0, 7, true, &reject, NOW_MS, arena, &letter);
    assert_true(rg_str_is(header(&letter, RG_LETTER_SOURCE), "billing.events/3/42"));
    assert_int_equal(letter.header_count, 5);
    rg_letter_write(&message, "billing.events", 0, 7, false, &reject, NOW_MS, arena,
                    &letter); /* upstream cannot claim to be another */
    assert_true(rg_str_is(header(&letter, RG_LETTER_SOURCE), "billing.events/0/7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_is_kept), cmocka_unit_test(a_tombstone_stays_one),
        cmocka_unit_test(a_large_original_leaves_its_head_and_its_hash), cmocka_unit_test(headers_have_their_room),
        cmocka_unit_test(whatever_came_the_letter_fits),
        cmocka_unit_test(a_letter_sent_again_keeps_its_first_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
