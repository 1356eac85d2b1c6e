/* Key names are a contract with every running installation, and all of a shard's lie in one cluster slot. */
#include "base/redis/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* CRC-16/XMODEM over the hash tag, as Redis Cluster places keys. */
static unsigned slot_of(struct rg_str key)
{
    const char *open = memchr(key.p, '{', key.n);
    assert_non_null(open);
    const char *close = memchr(open, '}', key.n - (size_t)(open - key.p));
    assert_non_null(close);
    assert_true(close > open + 1); /* an empty tag would not count */
    unsigned crc = 0;
    for (const char *c = open + 1; c < close; c++) {
        crc ^= (unsigned)(unsigned char)*c << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
    }
    return crc % 16384;
}

static void names(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(65536);
    const struct {
        struct rg_str key;
        const char *name;
    } cases[] = {
        {rg_key_debtor(arena, 7, RG_STR("cust-1")), "regua:{7}:d:cust-1"},
        {rg_key_invoice(arena, 0, RG_STR("ns:1001")), "regua:{0}:i:ns:1001"},
        {rg_key_reference(arena, 63, RG_STR("invoice:ns:1001")), "regua:{63}:r:invoice:ns:1001"},
        {rg_key_due(arena, 511, (struct rg_str){0}), "regua:{511}:due"},
        {rg_key_due(arena, 511, RG_STR("12")), "regua:{511}:due:12"},
        {rg_key_pos(arena, 10), "regua:{10}:pos"},
        {rg_key_out(arena, 10), "regua:{10}:out"},
        {rg_key_act(arena, 10), "regua:{10}:act"},
        {rg_key_own(arena, UINT32_MAX), "regua:{4294967295}:own"},
        {rg_key_fresh(), "regua:{all}:fresh"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        assert_string_equal(cases[i].key.p, cases[i].name);
        assert_int_equal(cases[i].key.n, strlen(cases[i].name));
    }
    struct rg_str binary = rg_key_debtor(arena, 1, (struct rg_str){"a\0b", 3});
    assert_true(rg_str_eq(binary, (struct rg_str){"regua:{1}:d:a\0b", 15}));
    rg_arena_free(&arena);
}

static void one_shard_one_slot(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    for (uint32_t shard = 0; shard < 512; shard++) {
        const struct rg_str keys[] = {
            rg_key_debtor(arena, shard, RG_STR("{x}{")), rg_key_invoice(arena, shard, RG_STR("}")),
            rg_key_reference(arena, shard, RG_STR("task:{}:1")), rg_key_due(arena, shard, (struct rg_str){0}),
            rg_key_due(arena, shard, RG_STR("{9}")), rg_key_pos(arena, shard), rg_key_out(arena, shard), rg_key_act(arena, shard),
        };
        for (size_t i = 0; i < RG_COUNT(keys); i++)
            assert_int_equal(slot_of(keys[i]), slot_of(rg_key_own(arena, shard)));
        rg_arena_reset(arena);
    }
    assert_int_equal(slot_of(RG_STR("{123456789}")), 0x31c3); /* the published check value of the CRC */
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(one_shard_one_slot)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
