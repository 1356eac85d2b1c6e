/* The canonical text: what it looks like, and, over random expressions, that it means the same and stays the same. */
#include "tests/unit/support/cmocka.h"

#include <stdalign.h>
#include <string.h>

#include "tests/unit/config/cel/facts.h"

static void test_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"  debtor.consumer  ", "debtor.consumer"},
        {"debtor . consumer", "debtor.consumer"},
        {"((debtor.consumer))", "debtor.consumer"},
        {"a&&b", "a && b"},
        {"(a && b) && c", "a && b && c"},
        {"a && (b && c)", "a && b && c"},
        {"a || b && c", "a || b && c"},
        {"(a || b) && c", "(a || b) && c"},
        {"a || (b || c)", "a || b || c"},
        {"!(a && b)", "!(a && b)"},
        {"!((a))", "!a"},
        {"!!!a", "!a"},
        {"!!!!a", "!!a"},
        {"(1+2)*3", "(1 + 2) * 3"},
        {"1+(2*3)", "1 + 2 * 3"},
        {"(1-2)-3", "1 - 2 - 3"},
        {"1-(2-3)", "1 - (2 - 3)"},
        {"1 < (2 < 3)", "1 < (2 < 3)"},
        {"(1 < 2) == true", "1 < 2 == true"},
        {"-5", "-5"},
        {"- 5", "-5"},
        {"-(5)", "-(5)"},
        {"-(-5)", "-(-5)"},
        {"--5", "-(-5)"},
        {"---5", "--(-5)"},
        {"!(-a)", "!(-a)"},
        {"-5.a", "(-5).a"},
        {"-(5.a)", "-(5.a)"},
        {"!(-5)", "!(-5)"},
        {"!((-5)[0])", "!(-5)[0]"},
        {"-(a)", "-a"},
        {"-(a + 1)", "-(a + 1)"},
        {"2 - -3", "2 - -3"},
        {"0x10", "16"},
        {"1.0", "1.0"},
        {"1e0", "1.0"},
        {".5", "0.5"},
        {"1e300", "1e+300"},
        {"-0.0", "-0.0"},
        {"'it\\'s'", "\"it's\""},
        {"'say \"x\" \\\\'", "\"say \\\"x\\\" \\\\\""},
        {"'\\u0001\\n\\t\\x7f é'", "\"\\x01\\n\\t\\x7f é\""},
        {"r'a\\b'", "\"a\\\\b\""},
        {"[1,2 , 3,]", "[1, 2, 3]"},
        {"{'a':1,}", "{\"a\": 1}"},
        {"a[ 0 ].b . c", "a[0].b.c"},
        {"a.`if-else`.in2", "a.`if-else`.in2"},
        {"(a + b).c", "(a + b).c"},
        {"(a).b", "(a).b"},
        {"((debtor.id)).b", "(debtor.id).b"},
        {"a.`b`", "a.`b`"},
        {"has((debtor.id).b)", "has((debtor.id).b)"},
        {"'x'.startsWith( 'y' )", "\"x\".startsWith(\"y\")"},
        {"size( [] )", "size([])"},
        {"a ? b : (c ? d : e)", "a ? b : c ? d : e"},
        {"(a ? b : c) ? d : e", "(a ? b : c) ? d : e"},
        {"a ? (b ? c : d) : e", "a ? (b ? c : d) : e"},
        {"[1].all( x , x>0 )", "[1].all(x, x > 0)"},
        {"[1].map(x, x>0, x)", "[1].map(x, x > 0, x)"},
        {"[1].all(today, .today == today)", "[1].all(today, .today == today)"},
        {"[1].all(today, has(.today))", "[1].all(today, has(.today))"},
        {".today == now", "today == now"},
        {"has( debtor.tier )", "has(debtor.tier)"},
        {"has(a.b.c)", "a.b.c"}, /* of a name that nothing declares there is nothing to ask */
        {"has({'a': 1}.a)", "has({\"a\": 1}.a)"},
        {"brl('20.00')", "brl(\"20.00\")"},
        {"duration('1h') // comment", "duration(\"1h\")"},
        {"a in [b]", "a in [b]"},
    };
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 4096);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
        const struct rg_cel *prog = NULL;
        struct rg_cel_error err;
        if (rg_cel_compile(rg_str(rows[i].text), &test_dynamic, arena, &prog, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        rg_buf_reset(&buf);
        rg_cel_canonical(prog, &buf);
        if (strcmp(rg_buf_cstr(&buf), rows[i].expected) != 0)
            fail_msg("%s becomes %s, expected %s", rows[i].text, rg_buf_cstr(&buf), rows[i].expected);
        rg_arena_free(&arena);
    }
}

/* ---- random expressions ---- */

struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(dice->state >> 33) % sides;
}

static void add_leaf(struct dice *dice, struct rg_buf *buf)
{
    static const char *const leaves[] = {
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "0x7", "1.5", "-0.0", "1e300", "true", "false", "null",
        "'a'", "\"\\\"b\\n\"", "''", "[]", "{}", "[1, 'a']", "{'a': 1, 2: 3}", "brl('1.00')", "date('2026-01-31')",
        "duration('1d')",
        "timestamp(0)", "debtor.score", "debtor.tags", "debtor.city", "invoice.balance", "today", "now", "debtor.consumer",
        "bureau.listed_on", "debtor.reachable", "unheard.of", "x", ".today", "has(debtor.tier)", "has(debtor.city)",
    };
    rg_buf_adds(buf, leaves[roll(dice, RG_COUNT(leaves))]);
}

static void add_expr(struct dice *dice, int depth, struct rg_buf *buf)
{
    static const char *const infix[] = {" && ", "||", " == ", "!=", "<", " <= ", ">", ">=", " in ", "+", " - ", "*", "/", " % "};
    static const char *const before[] = {"!", "-", "size(", "string(", "int(", "[", "!!", "- -"};
    static const char *const after[] = {"", "", ")", ")", ")", "]", "", ""};
    static const char *const macros[] = {"all", "exists", "exists_one", "filter", "map"};
    unsigned what = depth == 0 ? 0 : roll(dice, 9);
    bool brackets = roll(dice, 3) == 0;
    unsigned i;
    if (brackets)
        rg_buf_addc(buf, '(');
    switch (what) {
    case 1:
    case 2:
    case 3:
    case 4:
        add_expr(dice, depth - 1, buf);
        rg_buf_adds(buf, infix[roll(dice, RG_COUNT(infix))]);
        add_expr(dice, depth - 1, buf);
        break;
    case 5:
        i = roll(dice, RG_COUNT(before));
        rg_buf_adds(buf, before[i]);
        add_expr(dice, depth - 1, buf);
        rg_buf_adds(buf, after[i]);
        break;
    case 6:
        add_expr(dice, depth - 1, buf);
        rg_buf_adds(buf, " ? ");
        add_expr(dice, 0, buf);
        rg_buf_adds(buf, " : ");
        add_expr(dice, depth - 1, buf);
        break;
    case 7:
        rg_buf_adds(buf, "(");
        add_expr(dice, depth - 1, buf);
        rg_buf_addf(buf, ").%s(%s, ", macros[roll(dice, RG_COUNT(macros))], roll(dice, 2) ? "x" : "today");
        add_expr(dice, depth - 1, buf);
        rg_buf_adds(buf, ")");
        break;
    case 8:
        add_leaf(dice, buf);
        rg_buf_adds(buf, roll(dice, 2) ? "[0]" : ".a");
        break;
    default:
        add_leaf(dice, buf);
        break;
    }
    if (brackets)
        rg_buf_addc(buf, ')');
}

/* Compiles a text; on success its canonical text, its value or fault, and (in buf) both. */
static bool digest(struct rg_str text, bool dynamic, struct rg_buf *canonical, struct rg_buf *outcome)
{
    static alignas(max_align_t) char bytes[16 * 1024];
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog = NULL;
    struct rg_cel_error err;
    struct test_world world;
    test_world_init(&world);
    rg_buf_reset(canonical);
    rg_buf_reset(outcome);
    bool fine = rg_cel_compile(text, dynamic ? &test_dynamic : &test_env, arena, &prog, &err) == 0;
    if (fine) {
        struct rg_cel_scratch scratch = {bytes, sizeof bytes, 0};
        struct rg_cel_value value;
        rg_cel_canonical(prog, canonical);
        struct rg_cel_outcome result = rg_cel_eval(prog, test_fact, &world, &scratch, &value);
        rg_buf_addf(outcome, "%s %d ", rg_cel_fault_name(result.fault), result.slot);
        if (result.fault == RG_CEL_FINE)
            rg_cel_value_print(&value, outcome);
        rg_buf_addc(outcome, ' ');
        rg_cel_explain(prog, test_fact, &world, outcome);
    }
    rg_arena_free(&arena);
    return fine;
}

static void test_canonical_means_the_same(void **state)
{
    (void)state;
    struct dice dice = {20261123};
    struct rg_buf text RG_CLEANUP(rg_buf_done), once RG_CLEANUP(rg_buf_done), twice RG_CLEANUP(rg_buf_done);
    struct rg_buf before RG_CLEANUP(rg_buf_done), after RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 64 * 1024);
    rg_buf_init(&once, 64 * 1024);
    rg_buf_init(&twice, 64 * 1024);
    rg_buf_init(&before, 64 * 1024);
    rg_buf_init(&after, 64 * 1024);
    size_t compiled[2] = {0};
    for (int i = 0; i < 20000; i++) {
        bool dynamic = i % 2 == 0;
        rg_buf_reset(&text);
        add_expr(&dice, 1 + i % 5, &text);
        if (!digest(rg_buf_str(&text), dynamic, &once, &before))
            continue;
        compiled[dynamic]++;
        bool fine = digest(rg_buf_str(&once), dynamic, &twice, &after);
        if (!fine || strcmp(rg_buf_cstr(&once), rg_buf_cstr(&twice)) != 0 ||
            strcmp(rg_buf_cstr(&before), rg_buf_cstr(&after)) != 0)
            fail_msg("%s\n  once  %s\n  twice %s\n  gives %s\n  then  %s", rg_buf_cstr(&text), rg_buf_cstr(&once),
                     rg_buf_cstr(&twice), rg_buf_cstr(&before), rg_buf_cstr(&after));
    }
    assert_true(compiled[true] > 5000); /* else the dice no longer test anything */
    assert_true(compiled[false] > 200);
}

static void test_a_full_buffer_is_no_harm(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog = NULL;
    struct rg_cel_error err;
    assert_int_equal(rg_cel_compile(RG_STR("1.0 < 2.5 && debtor.city == \"x\""), &test_env, arena, &prog, &err), 0);
    struct test_world world;
    test_world_init(&world);
    for (size_t max = 0; max < 40; max++) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        rg_buf_init(&buf, max);
        rg_cel_canonical(prog, &buf);
        assert_true(buf.len <= max && buf.overflow == (max < 31));
        rg_buf_reset(&buf);
        rg_cel_explain(prog, test_fact, &world, &buf);
        assert_true(buf.len <= max);
    }
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_canonical_means_the_same),
        cmocka_unit_test(test_a_full_buffer_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
