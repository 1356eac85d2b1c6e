/* Texts in half bytes: every one comes back, takes no more than it did, and damage is noticed. */
#include "daemon/state/halves.h"

#include "base/core/arena.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static struct rg_str written(struct rg_arena *arena, struct rg_str text, enum rg_halves how)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, 1 << 16);
    rg_halves_write(text, how, &buf);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

static void comes_back(struct rg_arena *arena, struct rg_str text, enum rg_halves how)
{
    struct rg_str bytes = written(arena, text, how), rest = bytes;
    char *back = rg_arena_alloc(arena, text.n + 1);
    assert_true(text.n <= 2 * bytes.n);
    assert_true(rg_halves_read(&rest, text.n, how, back));
    assert_int_equal(rest.n, 0);
    assert_memory_equal(back, text.p, text.n);
    for (size_t cut = 1; cut <= bytes.n && cut < 4; cut++) {
        rest = (struct rg_str){bytes.p, bytes.n - cut};
        assert_false(rg_halves_read(&rest, text.n, how, back));
    }
}

static void every_text_comes_back(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new((size_t)64 * 1024 * 1024);
    uint64_t seed = 5;
    char text[300];
    for (int c = 0; c < 256; c++) {
        text[0] = (char)c;
        text[1] = 'a';
        for (enum rg_halves how = RG_HALVES_NONE; how < RG_HALVES_COUNT; how++)
            for (size_t n = 1; n <= 2; n++)
                comes_back(arena, (struct rg_str){text, n}, how);
    }
    for (int round = 0; round < 4000; round++) {
        size_t n = (size_t)(round % 280);
        for (size_t i = 0; i < n; i++) {
            static const char likely[] = "aeiorsnmldt 0123456789ABC\xc3\xa3.@";
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            text[i] = round % 3 == 0 ? (char)(seed >> 40) : likely[(seed >> 40) % (sizeof likely - 1)];
        }
        for (enum rg_halves how = RG_HALVES_NONE; how < RG_HALVES_COUNT; how++)
            comes_back(arena, (struct rg_str){text, n}, how);
        enum rg_halves best = rg_halves_choose((struct rg_str){text, n});
        assert_true(written(arena, (struct rg_str){text, n}, best).n <= n);
        rg_arena_reset(arena);
    }
    rg_arena_free(&arena);
}

static void what_is_usual_is_short(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rg_halves how;
        size_t bytes;
    } rows[] = {
        {"Maria Aparecida Santos", RG_HALVES_LETTERS, 14},
        {"MARIA APARECIDA SANTOS", RG_HALVES_CAPITALS, 12},
        {"João da Conceição", RG_HALVES_LETTERS, 15},
        {"maria.santos@exemplo.example", RG_HALVES_LETTERS, 18},
        {"+5511987654321", RG_HALVES_DIGITS, 8},
        {"52998224725", RG_HALVES_DIGITS, 6},
        {"12ABC34501DE35", RG_HALVES_NONE, 14},
        {"pay_080225913252", RG_HALVES_DIGITS, 10},
        {"550e8400-e29b-41d4-a716-446655440000", RG_HALVES_DIGITS, 20},
        {"a", RG_HALVES_NONE, 1},
        {"", RG_HALVES_NONE, 0},
        {"%%%%", RG_HALVES_NONE, 4},
    };
    struct rg_arena *arena = rg_arena_new((size_t)64 * 1024);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str text = rg_str(rows[i].text);
        assert_int_equal(rg_halves_choose(text), rows[i].how);
        assert_int_equal(written(arena, text, rows[i].how).n, rows[i].bytes);
    }
    rg_arena_free(&arena);
}

/* Any bytes may be read as a text of any alphabet and length. */
static void damage_is_read_or_refused(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)(round % 24), asked = (size_t)(round % 60);
        char *bytes = malloc(n + 1), *text = malloc(asked + 1); /* exact, so that a sanitizer sees a step too far */
        assert_true(bytes != NULL && text != NULL);
        for (size_t i = 0; i < n; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            bytes[i] = (char)(seed >> 40 | (round % 4 == 0 ? 0xf0 : 0));
        }
        struct rg_str in = {bytes, n};
        bool fine = rg_halves_read(&in, asked, (enum rg_halves)(round % RG_HALVES_COUNT), text);
        assert_true(in.n <= n && in.p == bytes + (n - in.n));
        assert_true(!fine || asked <= 2 * n);
        free(bytes);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_text_comes_back), cmocka_unit_test(what_is_usual_is_short),
                                       cmocka_unit_test(damage_is_read_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
