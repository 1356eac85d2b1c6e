/* Others may write into regua.control, too: what cannot be used changes nothing, and what can be used changes what it speaks of. */
#include "daemon/control_state.h"

#include "base/core/buf.h"
#include "config/contract/route.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define DAY "86400000"
#define STANDING "64 | stopped 5 maria:chuva | live corte 6 7 | bank 1000/2000"

static const struct {
    const char *key, *value;
} standing[] = {
    {"layout", "{\"v\":1,\"shards\":64}"},
    {"stop", "{\"v\":1,\"stopped\":true,\"by\":\"maria\",\"reason\":\"chuva\",\"at\":5}"},
    {"live", "{\"v\":1,\"max_step\":\"corte\",\"spread_ms\":6,\"since\":7}"},
    {"known/bank", "{\"v\":1,\"through\":1000,\"at\":2000}"},
};

static struct rg_control_state *fold_standing(void)
{
    struct rg_control_state *state = rg_control_state_copy(NULL);
    for (size_t i = 0; i < RG_COUNT(standing); i++)
        assert_int_equal(rg_control_state_fold(&state, rg_str(standing[i].key), rg_str(standing[i].value), NULL), 0);
    return state;
}

static void print(const struct rg_control_state *s, struct rg_buf *text)
{
    rg_buf_addf(text, "%d | ", s->layout_shards);
    rg_buf_addf(text, "%s %lld " RG_STR_FMT ":" RG_STR_FMT, s->stopped ? "stopped" : "going", (long long)s->stopped_since_ms,
                RG_STR_ARG(s->stopped_by), RG_STR_ARG(s->stopped_reason));
    rg_buf_addf(text, " | live " RG_STR_FMT " %lld %lld |", RG_STR_ARG(s->live_max_step), (long long)s->live_spread_ms,
                (long long)s->live_since_ms);
    for (size_t i = 0; i < s->known_count; i++)
        rg_buf_addf(text, " " RG_STR_FMT " %lld/%lld", RG_STR_ARG(s->known[i].source), (long long)s->known[i].through_ms,
                    (long long)s->known[i].at_ms);
}

static void assert_state(const struct rg_control_state *state, const char *wanted)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 4096);
    print(state, &text);
    assert_string_equal(rg_buf_cstr(&text), wanted);
}

static void what_can_be_used_changes_what_it_speaks_of(void **unused)
{
    static const struct {
        const char *key, *value, *wanted;
    } rows[] = {
        {"layout", "{\"shards\":1}", "1 | stopped 5 maria:chuva | live corte 6 7 | bank 1000/2000"},
        {"layout", "{\"shards\":512}", "512 | stopped 5 maria:chuva | live corte 6 7 | bank 1000/2000"},
        {"stop", "{\"stopped\":true,\"by\":\"lia\",\"at\":9}", "64 | stopped 5 lia: | live corte 6 7 | bank 1000/2000"},
        {"stop", "{\"stopped\":false,\"at\":9}", "64 | going 5 : | live corte 6 7 | bank 1000/2000"},
        {"stop", "{\"stopped\":false}", "64 | going 5 : | live corte 6 7 | bank 1000/2000"},
        {"live", "{\"max_step\":\"aviso\",\"spread_ms\":0,\"since\":9}", "64 | stopped 5 maria:chuva | live aviso 0 9 | bank 1000/2000"},
        {"known/bank", "{\"through\":1001,\"at\":2}", "64 | stopped 5 maria:chuva | live corte 6 7 | bank 1001/2"},
        {"known/b", "{\"through\":-1,\"at\":2}", "64 | stopped 5 maria:chuva | live corte 6 7 | bank 1000/2000 b -1/2"},
        /* What is not for us, and what was known before. */
        {"known/bank", "{\"through\":1000,\"at\":3000}", STANDING},
        {"known/bank", "{\"through\":999,\"at\":" DAY "}", STANDING},
        {"known/", "{\"through\":1,\"at\":2}", STANDING},
        {"known", "[]", STANDING},
        {"stop", NULL, STANDING},
        {"of a later version", "{\"stopped\":false}", STANDING},
        {NULL, "{\"stopped\":false}", STANDING},
    };
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_control_state *state RG_CLEANUP(rg_control_state_free) = fold_standing();
        assert_int_equal(rg_control_state_fold(&state, rg_str(rows[i].key), rg_str(rows[i].value), NULL), 0);
        assert_state(state, rows[i].wanted);
    }
}

static void what_cannot_be_used_changes_nothing(void **unused)
{
    static const struct {
        const char *key, *value, *why;
    } rows[] = {
        {"layout", "{\"shards\":0}", "shards: 1 to 512 expected"},
        {"layout", "{\"shards\":513}", "shards: 1 to 512 expected"},
        {"layout", "{\"shards\":4294967360}", "shards: 1 to 512 expected"}, /* 64 in an int */
        {"layout", "{\"shards\":-64}", "shards: 1 to 512 expected"},
        {"layout", "{\"shards\":\"64\"}", "shards: a whole number expected"},
        {"layout", "{}", "shards: a whole number expected"},
        {"layout", "[64]", "shards: a whole number expected"},
        {"stop", "{\"at\":9}", "stopped: true or false expected"},
        {"stop", "{\"stopped\":\"false\",\"at\":9}", "stopped: true or false expected"},
        {"live", "{\"spread_ms\":0,\"since\":9}", "max_step: the name of a step expected"},
        {"live", "{\"max_step\":\"\",\"spread_ms\":0,\"since\":9}", "max_step: the name of a step expected"},
        {"live", "{\"max_step\":\"aviso\",\"since\":9}", "spread_ms: a whole number expected"},
        {"live", "{\"max_step\":\"aviso\",\"spread_ms\":0}", "since: a whole number expected"},
        {"live", "{\"max_step\":\"aviso\",\"spread_ms\":0,\"since\":1.5}", "since: a whole number expected"},
        {"known/bank", "{\"at\":9}", "through: a whole number expected"},
        {"known/bank", "{\"through\":5000,\"at\":null}", "at: a whole number expected"},
        {"known/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "{\"through\":1,\"at\":2}",
         "a source's name has at most 64 bytes"},
        {"stop", "", "expected"},
        {"stop", "{\"stopped\":false,\"at\":9", "expected"},
    };
    (void)unused;
    assert_int_equal(RG_SHARDS_MAX, 512);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        struct rg_control_state *state RG_CLEANUP(rg_control_state_free) = fold_standing();
        assert_true(rg_control_state_fold(&state, rg_str(rows[i].key), rg_str(rows[i].value), &err) < 0);
        assert_non_null(strstr(err.text, rows[i].why));
        assert_state(state, STANDING);
    }
}

/* Nothing is asked of who stops everything but that he says so. */
static void a_stop_needs_no_more_than_its_word(void **unused)
{
    static const char *const rows[] = {"{\"stopped\":true}", "{\"stopped\":true,\"at\":\"now\",\"by\":7}"};
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_control_state *state RG_CLEANUP(rg_control_state_free) = rg_control_state_copy(NULL);
        assert_int_equal(rg_control_state_fold(&state, RG_STR("stop"), rg_str(rows[i]), NULL), 0);
        assert_true(state->stopped && state->stopped_since_ms == 0);
    }
}

/* However much of it there is, all who look at it have room for it. */
static void nobody_can_fill_the_memory(void **unused)
{
    struct rg_control_state *state RG_CLEANUP(rg_control_state_free) = rg_control_state_copy(NULL);
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new((size_t)256 * 1024);
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_error err = {0};
    (void)unused;
    rg_buf_init(&text, RG_CONTROL_VALUE_MAX + 1);
    rg_buf_adds(&text, "{\"stopped\":true,\"at\":1,\"max_step\":\"a\",\"spread_ms\":1,\"since\":1,\"reason\":\"");
    while (text.len < RG_CONTROL_VALUE_MAX - 2)
        rg_buf_adds(&text, "x");
    rg_buf_adds(&text, "\"}");
    assert_int_equal(rg_control_state_fold(&state, RG_STR("stop"), rg_buf_str(&text), &err), 0);
    assert_int_equal(rg_control_state_fold(&state, RG_STR("live"), rg_buf_str(&text), &err), 0);
    rg_buf_adds(&text, " ");
    assert_int_equal(rg_control_state_fold(&state, RG_STR("stop"), rg_buf_str(&text), &err), RG_ELIMIT);
    for (int i = 0; i <= 256; i++) {
        char key[80];
        (void)snprintf(key, sizeof key, "known/%064d", i);
        int rc = rg_control_state_fold(&state, rg_str(key), RG_STR("{\"through\":1,\"at\":2}"), &err);
        assert_int_equal(rc, i < 256 ? 0 : RG_ELIMIT);
    }
    assert_int_equal(rg_control_state_fold(&state, rg_str("known/0000000000000000000000000000000000000000000000000000000000000007"),
                                           RG_STR("{\"through\":2,\"at\":2}"), &err), 0);
    assert_int_equal(state->known_count, 256);
    (void)rg_control_state_in(arena, state); /* it aborts where there is no room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_used_changes_what_it_speaks_of),
        cmocka_unit_test(what_cannot_be_used_changes_nothing),
        cmocka_unit_test(a_stop_needs_no_more_than_its_word),
        cmocka_unit_test(nobody_can_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
