/* RFC 4648's vectors, and texts that only look like base64. */
#include "consumers/decode/base64.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static void vectors_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t n;
    } rows[] = {
        {"", "", 0}, {"Zg==", "f", 1}, {"Zm8=", "fo", 2}, {"Zm9v", "foo", 3}, {"Zm9vYg==", "foob", 4}, {"Zm9vYmE=", "fooba", 5},
        {"Zm9vYmFy", "foobar", 6}, {"AAAA", "\0\0\0", 3}, {"//8=", "\xff\xff", 2}, {"+/+/", "\xfb\xff\xbf", 3},
    };
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(4096);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str bytes;
        assert_true(rg_base64_decode(rg_str(rows[i].text), arena, &bytes));
        assert_true(rg_str_eq(bytes, (struct rg_str){rows[i].bytes, rows[i].n}));
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",      "Zg",   "Zg=",  "Zg===", "====", "=Zg=",     "Z=g=", "Zg==Zg==",
        "Zm9v\n", "Zm 9", "Zm-_", "Zh==",  "Zm9=", "Zm9v====", "ã===",
    };
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(4096);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str bytes = {NULL, 7};
        if (rg_base64_decode(rg_str(rows[i]), arena, &bytes))
            fail_msg("%s was decoded", rows[i]);
        assert_int_equal(bytes.n, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors_are_decoded), cmocka_unit_test(other_texts_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
