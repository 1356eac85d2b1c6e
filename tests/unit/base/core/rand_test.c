/* Random bytes: all of those asked for, none beyond, never the same. */
#include "base/core/rand.h"

#include "tests/unit/support/cmocka.h"
#include "tests/unit/support/death.h"

#include <string.h>

static void every_byte_asked_for_is_filled(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 16, 255, 256};
    for (size_t i = 0; i < RG_COUNT(sizes); i++) {
        uint8_t seen[256] = {0}, bytes[257];
        for (int round = 0; round < 64; round++) { /* a byte that stays zero 64 times was not written */
            memset(bytes, 0, sizeof bytes);
            rg_random_bytes(bytes, sizes[i]);
            assert_int_equal(bytes[sizes[i]], 0);
            for (size_t j = 0; j < sizes[i]; j++)
                seen[j] |= bytes[j];
        }
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_not_equal(seen[j], 0);
    }
}

static void tokens_differ(void **state)
{
    (void)state;
    uint8_t tokens[100][16];
    for (size_t i = 0; i < 100; i++) {
        rg_random_bytes(tokens[i], 16);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(tokens[i], tokens[j], 16);
    }
}

static void take(void *n)
{
    uint8_t bytes[512];
    rg_random_bytes(bytes, *(size_t *)n);
}

static void more_than_256_is_our_bug(void **state)
{
    (void)state;
    size_t most = 256, over = 257;
    assert_false(rg_test_aborts(take, &most));
    assert_true(rg_test_aborts(take, &over));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_asked_for_is_filled),
        cmocka_unit_test(tokens_differ),
        cmocka_unit_test(more_than_256_is_our_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
