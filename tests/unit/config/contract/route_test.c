/* Shards, references, origins and ids against vectors: all of this is stored, so a change here is a migration. */
#include "config/contract/route.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static void shards_follow_kafkas_partitioner(void **state)
{
    (void)state;
    static const int shards[] = {1, 3, 64, 512};
    static const struct {
        const char *key;
        int shard[4];
    } rows[] = {
        {"21", {0, 0, 44, 236}}, /* the first two are vectors of Kafka's own test of its murmur2 */
        {"foobar", {0, 0, 62, 446}},
        {"c1", {0, 2, 35, 227}},
        {"cus_000005219613", {0, 2, 18, 146}},
        {"invoice:asaas:pay_080225913252", {0, 1, 3, 195}},
        {"João", {0, 0, 53, 117}},
        {"529.982.247-25", {0, 2, 45, 45}},
        {"", {0, 0, 25, 217}},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        for (size_t j = 0; j < RG_COUNT(shards); j++)
            assert_int_equal(rg_shard_of(rg_str(rows[i].key), shards[j]), rows[i].shard[j]);
}

static void references_name_kind_namespace_and_id(void **state)
{
    (void)state;
    static const char *const expected[RG_REF_COUNT] = {
        [RG_REF_INVOICE] = "invoice:asaas:F:1", [RG_REF_AGREEMENT] = "agreement:asaas:F:1", [RG_REF_OFFER] = "offer:asaas:F:1",
        [RG_REF_TASK] = "task:asaas:F:1", [RG_REF_PROVIDER] = "provider:asaas:F:1",
    };
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(4096);
    for (int kind = 0; kind < RG_REF_COUNT; kind++)
        assert_true(rg_str_is(rg_ref(arena, (enum rg_ref_kind)kind, RG_STR("asaas"), RG_STR("F:1")), expected[kind]));
}

static void origins_are_printed_and_read_back(void **state)
{
    (void)state;
    char longest[RG_ORIGIN_SOURCE_MAX + 1];
    memset(longest, 's', RG_ORIGIN_SOURCE_MAX);
    longest[RG_ORIGIN_SOURCE_MAX] = '\0';
    const struct {
        struct rg_origin origin;
        const char *text;
    } rows[] = {
        {{RG_STR("billing"), 0, 3, 42, 0}, "billing:0:3:42:0"},
        {{RG_STR("ledger"), 0, 511, 0, 17}, "ledger:0:511:0:17"},
        {{RG_STR("cobrança"), 0, 0, 1, 0}, "cobrança:0:0:1:0"},
        {{RG_STR("a:b"), 1, 0, INT64_MAX, 4}, "a:b:1:0:9223372036854775807:4"}, /* read from the right */
        {{rg_str(longest), INT32_MAX, INT32_MAX, INT64_MAX, INT32_MAX}, NULL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char text[RG_ORIGIN_TEXT_MAX];
        struct rg_origin back;
        rg_origin_print(&rows[i].origin, text);
        if (rows[i].text != NULL)
            assert_string_equal(text, rows[i].text);
        assert_int_equal(rg_origin_parse(rg_str(text), &back, NULL), 0);
        assert_true(rg_str_eq(back.source, rows[i].origin.source));
        assert_int_equal(back.incarnation, rows[i].origin.incarnation);
        assert_int_equal(back.partition, rows[i].origin.partition);
        assert_int_equal(back.offset, rows[i].origin.offset);
        assert_int_equal(back.sub, rows[i].origin.sub);
    }
}

static void what_is_no_origin_is_refused(void **state)
{
    (void)state;
    char long_source[RG_ORIGIN_SOURCE_MAX + 20];
    memset(long_source, 's', sizeof long_source);
    memcpy(long_source + RG_ORIGIN_SOURCE_MAX + 1, ":0:0:0:0", 9);
    const char *const rows[] = {
        "",
        ":",
        "::::",
        ":0:0:0:0",
        "billing",
        "billing:0:0:0",
        "billing:0:0:0:",
        "billing:0:0:0:x",
        "billing:0:0:-1:0",
        "billing:0:0: 1:0",
        "billing:0:0:01:0",
        "billing:0:0:+1:0",
        "billing:2147483648:0:0:0",
        "billing:0:2147483648:0:0",
        "billing:0:0:9223372036854775808:0",
        "billing:0:0:0:2147483648",
        "billing:0:0:0:0 ",
        "billing:0:0:1e3:0",
        "bil ling:0:0:1:0",
        "bil\nling:0:0:1:0",
        long_source,
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_origin origin = {.offset = 77};
        struct rg_error err = {0};
        assert_int_equal(rg_origin_parse(rg_str(rows[i]), &origin, &err), RG_EINVAL);
        assert_int_equal(origin.offset, 77);
        assert_true(strlen(err.text) > 0);
    }
}

static void action_ids_name_their_shard(void **state)
{
    (void)state;
    const char *text = "01ff00112233445566778899aabbccddeeff";
    struct rg_action_id id, same;
    char back[RG_ACTION_TEXT + 1];
    assert_true(rg_action_id_parse(rg_str(text), &id));
    assert_int_equal(rg_action_id_shard(&id), 511);
    rg_action_id_print(&id, back);
    assert_string_equal(back, text);
    same = id;
    assert_true(rg_action_id_eq(&id, &same));
    same.b[RG_ACTION_BYTES - 1] ^= 1;
    assert_false(rg_action_id_eq(&id, &same));
    static const char *const strangers[] = {
        "", "01ff", "01ff00112233445566778899aabbccddeef", "01ff00112233445566778899aabbccddeeff0",
        "01ff00112233445566778899aabbccddeefg", "020000112233445566778899aabbccddeeff", /* shard 512 */
        "ffff00112233445566778899aabbccddeeff",
    };
    for (size_t i = 0; i < RG_COUNT(strangers); i++)
        assert_false(rg_action_id_parse(rg_str(strangers[i]), &id));
    assert_int_equal(rg_action_id_shard(&id), 511);
}

static void claim_ids_have_a_zero(void **state)
{
    (void)state;
    struct rg_claim_id id = {{0}}, other;
    char text[RG_CLAIM_TEXT + 1];
    assert_true(rg_claim_id_is_zero(&id));
    assert_true(rg_claim_id_parse(RG_STR("00000000000000000000000000000001"), &other));
    assert_false(rg_claim_id_is_zero(&other));
    assert_false(rg_claim_id_eq(&id, &other));
    rg_claim_id_print(&other, text);
    assert_string_equal(text, "00000000000000000000000000000001");
    assert_false(rg_claim_id_parse(RG_STR("0000000000000000000000000000001"), &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_follow_kafkas_partitioner), cmocka_unit_test(references_name_kind_namespace_and_id),
        cmocka_unit_test(origins_are_printed_and_read_back), cmocka_unit_test(what_is_no_origin_is_refused),
        cmocka_unit_test(action_ids_name_their_shard), cmocka_unit_test(claim_ids_have_a_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
