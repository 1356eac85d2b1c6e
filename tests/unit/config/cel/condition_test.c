/* Conditions as operators write them: their verdicts, what unknown facts do to them, and how they are explained. */
#include "tests/unit/support/cmocka.h"

#include <string.h>

#include "tests/unit/config/cel/facts.h"

static const struct rg_cel *compile(const char *text, struct rg_arena *arena)
{
    const struct rg_cel *prog = NULL;
    struct rg_cel_error err;
    if (rg_cel_compile(rg_str(text), &test_env, arena, &prog, &err) < 0)
        fail_msg("%s: %s at %zu: %s", text, err.code, err.offset, err.text);
    return prog;
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rg_cel_verdict expected;
    } rows[] = {
        {"service.sector == \"telecom\" && debtor.consumer", RG_CEL_TRUE},
        {"invoice.balance >= brl(\"20.00\")", RG_CEL_TRUE},
        {"invoice.balance >= brl(\"159.20\")", RG_CEL_TRUE},
        {"invoice.balance >= brl(\"159.21\")", RG_CEL_FALSE},
        {"history.paid_percent < 50", RG_CEL_TRUE},
        {"history.paid_percent < 39.5", RG_CEL_FALSE},
        {"invoice.discount_until >= today", RG_CEL_TRUE},
        {"!invoice.received", RG_CEL_TRUE},
        {"history.on_time_streak < 6", RG_CEL_TRUE},
        {"debtor.cluster in [\"esquecido\", \"esporadico\"]", RG_CEL_FALSE},
        {"debtor.cluster == \"quebrado\" && !history.offer_used", RG_CEL_TRUE},
        {"history.delivered_cycle > 0", RG_CEL_TRUE},
        {"history.last_reply == \"no_funds\" || history.promises - history.promises_kept >= 2", RG_CEL_TRUE},
        {"history.promises - history.promises_kept >= 4", RG_CEL_FALSE},
        {"history.chargebacks_12m >= 2", RG_CEL_FALSE},
        {"invoice.balance - invoice.amount == brl(\"0.00\")", RG_CEL_TRUE},
        {"debtor.open_total > invoice.balance + invoice.balance", RG_CEL_FALSE},
        {"today - invoice.due_on == duration(\"10d\")", RG_CEL_TRUE},
        {"today - duration(\"10d\") <= debtor.cluster_since", RG_CEL_TRUE},
        {"now - payments.known_through < duration(\"12h\")", RG_CEL_TRUE},
        {"now.getHours(\"-03:00\") < 8", RG_CEL_TRUE},
        {"\"vip\" in debtor.tags", RG_CEL_TRUE},
        {"debtor.tags.exists(t, t.startsWith(\"condo\"))", RG_CEL_TRUE},
        {"size(invoice.tags) == 0", RG_CEL_TRUE},
        {"invoice.days_late in [5, 10, 15]", RG_CEL_TRUE},
        {"(debtor.state == \"SP\" ? 10 : 5) <= invoice.days_late", RG_CEL_TRUE},
        {"debtor.city.startsWith(\"São\")", RG_CEL_TRUE},
        {"has(service.suspended_since)", RG_CEL_FALSE},
        {"!has(bureau.listed_on) && has(debtor.tags)", RG_CEL_TRUE},
        {"true", RG_CEL_TRUE},
    };
    struct test_world world;
    test_world_init(&world);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
        const struct rg_cel *prog = compile(rows[i].text, arena);
        struct rg_cel_outcome outcome = {RG_CEL_OTHER, 7};
        if (rg_cel_test(prog, test_fact, &world, &outcome) != rows[i].expected)
            fail_msg("%s: %s", rows[i].text, rg_cel_fault_name(outcome.fault));
        assert_int_equal(outcome.fault, RG_CEL_FINE);
        assert_int_equal(outcome.slot, -1);
        rg_arena_free(&arena);
    }
}

static void test_unknown_facts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rg_cel_verdict expected;
        const char *missing; /* NULL: another fault, or none */
    } rows[] = {
        {"bureau.listed_on < today", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"!(bureau.listed_on < today)", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"bureau.listed_on < today || debtor.consumer", RG_CEL_TRUE, NULL},
        {"debtor.consumer || bureau.listed_on < today", RG_CEL_TRUE, NULL},
        {"bureau.listed_on < today && !debtor.consumer", RG_CEL_FALSE, NULL},
        {"!debtor.consumer && bureau.listed_on < today", RG_CEL_FALSE, NULL},
        {"bureau.listed_on < today && debtor.consumer", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"debtor.consumer && bureau.listed_on < today", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"bureau.listed_on < today || service.suspended_since < today", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"service.suspended_since < today || bureau.listed_on < today", RG_CEL_UNKNOWN, "service.suspended_since"},
        {"has(bureau.listed_on) && bureau.listed_on < today", RG_CEL_FALSE, NULL},
        {"bureau.listed_on == bureau.listed_on", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"bureau.listed_on in [today]", RG_CEL_UNKNOWN, "bureau.listed_on"},
        {"debtor.reachable", RG_CEL_UNKNOWN, "debtor.reachable"},
        {"debtor.reachable ? true : true", RG_CEL_UNKNOWN, "debtor.reachable"},
        {"debtor.consumer ? true : debtor.reachable", RG_CEL_TRUE, NULL},
        {"debtor.tags.exists(t, t == debtor.tier)", RG_CEL_UNKNOWN, "debtor.tier"},
        {"debtor.tags.exists(t, t == debtor.tier || t == \"vip\")", RG_CEL_TRUE, NULL},
        {"debtor.score / (history.promises - 5) > 1", RG_CEL_UNKNOWN, NULL},
        {"debtor.score / (history.promises - 5) > 1 || debtor.reachable", RG_CEL_UNKNOWN, NULL},
        {"debtor.reachable || debtor.score / (history.promises - 5) > 1", RG_CEL_UNKNOWN, "debtor.reachable"},
    };
    struct test_world world;
    test_world_init(&world);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
        const struct rg_cel *prog = compile(rows[i].text, arena);
        struct rg_cel_outcome outcome = {RG_CEL_OTHER, 7};
        enum rg_cel_verdict verdict = rg_cel_test(prog, test_fact, &world, &outcome);
        const char *missing = outcome.slot >= 0 ? test_facts[outcome.slot].name : NULL;
        if (verdict != rows[i].expected || (missing == NULL) != (rows[i].missing == NULL) ||
            (missing != NULL && strcmp(missing, rows[i].missing) != 0))
            fail_msg("%s: verdict %d, missing %s", rows[i].text, (int)verdict, missing ? missing : "none");
        assert_int_equal(outcome.fault == RG_CEL_UNKNOWN_FACT, missing != NULL);
        assert_int_equal(outcome.fault == RG_CEL_FINE, verdict != RG_CEL_UNKNOWN);
        rg_arena_free(&arena);
    }
}

/* What decides early asks for nothing more. */
static void test_facts_are_asked_lazily(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    struct test_world world;
    test_world_init(&world);
    const struct rg_cel *prog = compile("invoice.received && debtor.score > 1 && debtor.cluster == \"x\"", arena);
    assert_int_equal(rg_cel_test(prog, test_fact, &world, NULL), RG_CEL_FALSE);
    assert_int_equal(world.asked, 1);
    rg_arena_free(&arena);
}

/* A fact of another type than declared is our caller's mistake; it must not be more than a fault. */
static void test_a_fact_of_the_wrong_type_is_a_fault(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    struct test_world world;
    struct rg_cel_outcome outcome;
    test_world_init(&world);
    world.values[9] = rg_cel_string(RG_STR("640"));
    const struct rg_cel *prog = compile("debtor.score > 600", arena);
    assert_int_equal(rg_cel_test(prog, test_fact, &world, &outcome), RG_CEL_UNKNOWN);
    assert_int_equal(outcome.fault, RG_CEL_NO_SUCH_OVERLOAD);
    world.values[2] = rg_cel_int(1);
    prog = compile("debtor.consumer", arena);
    assert_int_equal(rg_cel_test(prog, test_fact, &world, &outcome), RG_CEL_UNKNOWN);
    assert_int_equal(outcome.fault, RG_CEL_NO_SUCH_OVERLOAD);
    rg_arena_free(&arena);
}

static void test_explanations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"invoice.balance >= brl(\"20.00\")", "159.20 >= 20.00"},
        {"invoice.balance >= brl(\"200.00\")", "159.20 >= 200.00"},
        {"debtor.consumer", "debtor.consumer = true"},
        {"!invoice.received", "invoice.received = false"},
        {"debtor.cluster == \"quebrado\" && !history.offer_used", "\"quebrado\" == \"quebrado\" && history.offer_used = false"},
        {"debtor.cluster == \"x\" && !history.offer_used", "\"quebrado\" == \"x\""},
        {"debtor.cluster == \"quebrado\" && history.offer_used", "history.offer_used = false"},
        {"debtor.cluster == \"x\" || debtor.score > 600 || debtor.consumer", "640 > 600"},
        {"debtor.cluster == \"x\" || debtor.score > 700", "\"quebrado\" == \"x\" || 640 > 700"},
        {"(debtor.score > 1 && debtor.score < 9) || invoice.received", "640 < 9 || invoice.received = false"},
        {"!(debtor.score > 1 && debtor.score > 2)", "!(640 > 1 && 640 > 2)"},
        {"bureau.listed_on < today", "bureau.listed_on unknown < 2026-11-23"},
        {"debtor.reachable && debtor.consumer", "debtor.reachable unknown"},
        {"debtor.consumer && debtor.reachable", "debtor.reachable unknown"},
        {"has(bureau.listed_on)", "bureau.listed_on unknown"},
        {"!has(debtor.city)", "debtor.city known"},
        {"debtor.cluster in [\"a\", \"b\"]", "\"quebrado\" in [\"a\", \"b\"]"},
        {"\"x\" in debtor.tags", "\"x\" in [\"vip\", \"condomínio\"]"},
        {"debtor.tags.exists(t, t == debtor.id)", "[\"vip\", \"condomínio\"].exists(t, t == \"C1\")"},
        {"debtor.consumer ? debtor.score > 1 : false", "debtor.consumer = true, 640 > 1"},
        {"debtor.reachable ? debtor.score > 1 : false", "debtor.reachable unknown"},
        {"history.promises - history.promises_kept >= 2", "5 - 2 >= 2"},
        {"debtor.score / 0 > 1", "640 / 0 > 1 (divide_by_zero)"},
        {"now - payments.known_through > duration(\"1h\")", "2026-11-23T10:00:00Z - 2026-11-23T00:00:00Z > 3600s"},
        {"debtor.id == \"ááááááááááááááááááááááááá\"", "\"C1\" == \"áááááááááááááááááááá\"…"},
        {"debtor.id in [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
         "\"C1\" in [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", …]"},
    };
    struct test_world world;
    test_world_init(&world);
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 4096);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
        rg_buf_reset(&buf);
        rg_cel_explain(compile(rows[i].text, arena), test_fact, &world, &buf);
        if (strcmp(rg_buf_cstr(&buf), rows[i].expected) != 0)
            fail_msg("%s explains as\n  %s, expected\n  %s", rows[i].text, rg_buf_cstr(&buf), rows[i].expected);
        rg_arena_free(&arena);
    }
}

static void test_instants_of_milliseconds(void **state)
{
    (void)state;
    struct rg_cel_value before = rg_cel_instant_ms(-1);
    assert_int_equal(before.i, -1);
    assert_int_equal(before.nanos, 999000000);
    assert_int_equal(rg_cel_instant_ms(1001).i, 1);
    assert_int_equal(rg_cel_instant_ms(1001).nanos, 1000000);
    struct rg_cel_value far = rg_cel_instant_ms(INT64_MAX);
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 64);
    rg_cel_value_print(&far, &buf);
    assert_string_equal(rg_buf_cstr(&buf), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_unknown_facts),
        cmocka_unit_test(test_facts_are_asked_lazily),
        cmocka_unit_test(test_a_fact_of_the_wrong_type_is_a_fault),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_instants_of_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
