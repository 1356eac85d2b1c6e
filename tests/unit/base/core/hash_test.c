/* Digests against published vectors: shards, chains and ids rest on their exact form. */
#include "base/core/hash.h"

#include "tests/unit/support/cmocka.h"

#include <limits.h>
#include <string.h>

static void murmur2_is_kafkas(void **state)
{
    (void)state;
    /* The vectors of Kafka's own test of its partitioner. */
    static const struct {
        const char *text;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        assert_int_equal((int32_t)rg_murmur2(rows[i].text, strlen(rows[i].text)), rows[i].hash);
    assert_int_equal((int32_t)rg_murmur2("", 0), 275646681);
    assert_int_not_equal(rg_murmur2("a\0", 2), rg_murmur2("a", 1));
}

static void murmur2_reads_any_alignment(void **state)
{
    (void)state;
    char room[40];
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(room + shift, "a-little-bit-long-string", 24);
        assert_int_equal((int32_t)rg_murmur2(room + shift, 24), -985981536);
    }
}

static void crc32_is_ieee(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t crc;
    } rows[] = {
        {"", 0}, {"123456789", 0xcbf43926}, {"a", 0xe8b7be43}, {"The quick brown fox jumps over the lazy dog", 0x414fa339}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        size_t n = strlen(rows[i].text);
        assert_int_equal(rg_crc32(0, rows[i].text, n), rows[i].crc);
        for (size_t cut = 0; cut <= n; cut++) /* continued at any place it is the same */
            assert_int_equal(rg_crc32(rg_crc32(0, rows[i].text, cut), rows[i].text + cut, n - cut), rows[i].crc);
    }
}

static void sha256_is_fips_180(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        uint8_t digest[RG_SHA256_BYTES];
        char hex[2 * RG_SHA256_BYTES + 1];
        rg_sha256(rows[i].text, strlen(rows[i].text), digest);
        rg_hex(digest, sizeof digest, hex);
        assert_string_equal(hex, rows[i].digest);
    }
}

static void fnv64_is_1a(void **state)
{
    (void)state;
    assert_true(rg_fnv64("", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(rg_fnv64("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(rg_fnv64("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void hex_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t all[256], back[256];
    char text[513];
    for (size_t i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    rg_hex(all, 256, text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_true(rg_unhex(rg_str(text), back, 256));
    assert_memory_equal(all, back, 256);
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
        const char *digit = c != 0 ? strchr(digits, c) : NULL;
        int place = digit == NULL ? -1 : (int)(digit - digits);
        assert_int_equal(rg_hex_digit((char)c), place > 15 ? place - 6 : place);
    }
    assert_true(rg_unhex(RG_STR("FfA0"), back, 2));
    assert_int_equal(back[0], 0xff);
    assert_int_equal(back[1], 0xa0);
    rg_hex(NULL, 0, text);
    assert_string_equal(text, "");
    assert_true(rg_unhex(RG_STR(""), back, 0));
}

static void wrong_hex_is_refused_untouched(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "000", "0g", "g0", " 0", "0 ", "0x", "-1", "0000", "\xc3\xa9"};
    for (size_t i = 0; i < RG_COUNT(bad); i++) {
        uint8_t out[4] = {1, 2, 3, 4};
        assert_false(rg_unhex(rg_str(bad[i]), out, 1));
        assert_int_equal(out[0], 1);
    }
    uint8_t out[2] = {7, 7};
    assert_false(rg_unhex(RG_STR("00zz"), out, 2));
    assert_int_equal(out[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_is_kafkas),   cmocka_unit_test(murmur2_reads_any_alignment),
        cmocka_unit_test(crc32_is_ieee),       cmocka_unit_test(sha256_is_fips_180),
        cmocka_unit_test(fnv64_is_1a),         cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(wrong_hex_is_refused_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
