/* What expressions evaluate to: the values, the faults, which of two faults wins, and the limits of an evaluation. Dynamic
 * mode, so that mismatched operands reach the evaluation. */
#include "tests/unit/support/cmocka.h"

#include <stdalign.h>
#include <string.h>

#include "tests/unit/config/cel/facts.h"

/* Evaluates `text` and writes its value, its fault in angle brackets, or its refusal in square ones. */
static const char *outcome_of(const char *text, size_t scratch_bytes, struct rg_buf *buf)
{
    static alignas(max_align_t) char bytes[64 * 1024];
    rg_assert(scratch_bytes <= sizeof bytes);
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog = NULL;
    struct rg_cel_error err;
    struct test_world world;
    test_world_init(&world);
    rg_buf_reset(buf);
    if (rg_cel_compile(rg_str(text), &test_dynamic, arena, &prog, &err) < 0) {
        rg_buf_addf(buf, "[%s]", err.code);
    } else {
        struct rg_cel_scratch scratch = {bytes, scratch_bytes, 0};
        struct rg_cel_value value = {0};
        struct rg_cel_outcome outcome = rg_cel_eval(prog, test_fact, &world, &scratch, &value);
        if (outcome.fault == RG_CEL_FINE)
            rg_cel_value_print(&value, buf);
        else
            rg_buf_addf(buf, "<%s>", rg_cel_fault_name(outcome.fault));
        assert_true(outcome.fault == RG_CEL_UNKNOWN_FACT || outcome.slot == -1);
        assert_true(outcome.fault == RG_CEL_FINE || value.type == RG_CEL_DYN); /* untouched */
        assert_true(scratch.used <= scratch_bytes);
    }
    rg_arena_free(&arena);
    return rg_buf_cstr(buf);
}

struct row {
    const char *text, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 4096);
    for (size_t i = 0; i < count; i++)
        if (strcmp(outcome_of(rows[i].text, 16 * 1024, &buf), rows[i].expected) != 0)
            fail_msg("%s gives %s, expected %s", rows[i].text, rg_buf_cstr(&buf), rows[i].expected);
}
#define CHECK_ROWS(rows) check_rows((rows), RG_COUNT(rows))

static void test_literals(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0x1F", "31"},
        {"-0x1f", "-31"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"- 9223372036854775808", "-9223372036854775808"},
        {"1.5", "1.5"},
        {".5", "0.5"},
        {"1e3", "1000"},
        {"-2.3e+1", "-23"},
        {"1e-324", "0"},
        {"1e21", "1e+21"},
        {"0.1", "0.1"},
        {"1.0 / 3.0", "0.3333333333333333"},
        {"true", "true"},
        {"null", "null"},
        {"'x'", "\"x\""},
        {"\"a\\tb\\n\"", "\"a\\tb\\n\""},
        {"'\\u00e9\\U0001F431\\x41\\101\\?\\`'", "\"é🐱AA?`\""},
        {"r'a\\n'", "\"a\\\\n\""},
        {"'''it's'''", "\"it's\""},
        {"\"\"\"a\nb\"\"\"", "\"a\\nb\""},
        {"[]", "[]"},
        {"[1, 2,]", "[1, 2]"},
        {"{}", "{}"},
        {"{'a': 1, 2: [3]}", "{\"a\": 1, 2: [3]}"},
        {"brl('20.00')", "20.00"},
        {"brl('-0.01')", "-0.01"},
        {"brl('9999999999999.99')", "9999999999999.99"},
        {"date('2026-01-31')", "2026-01-31"},
        {"1 // until the end of the line\n + 1", "2"},
    };
    CHECK_ROWS(rows);
}

static void test_arithmetic(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"7 - 3 - 2", "2"},
        {"24 / 4 / 2", "3"},
        {"-7 / 2", "-3"},
        {"-7 % 3", "-1"},
        {"7 % -3", "1"},
        {"2 - -3", "5"},
        {"--5", "5"},
        {"---5", "-5"},
        {"-(-5)", "5"},
        {"9223372036854775807 + 1", "<overflow>"},
        {"-9223372036854775808 - 1", "<overflow>"},
        {"-(-9223372036854775808)", "<overflow>"},
        {"-9223372036854775808 / -1", "<overflow>"},
        {"-9223372036854775808 % -1", "<overflow>"},
        {"5000000000 * 5000000000", "<overflow>"},
        {"1 / 0", "<divide_by_zero>"},
        {"1 % 0", "<divide_by_zero>"},
        {"1.0 / 0.0", "+Inf"},
        {"-1.0 / 0.0", "-Inf"},
        {"0.0 / 0.0", "NaN"},
        {"1.0 % 2.0", "<no_such_overload>"},
        {"1 + 1.0", "<no_such_overload>"},
        {"1 + 'a'", "<no_such_overload>"},
        {"-'a'", "<no_such_overload>"},
        {"'a' + 'b' + ''", "\"ab\""},
        {"[1] + [2, 'x'] + []", "[1, 2, \"x\"]"},
        {"true + true", "<no_such_overload>"},
    };
    CHECK_ROWS(rows);
}

static void test_money_and_dates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"brl('10.50') + brl('0.50')", "11.00"},
        {"brl('10.00') - brl('10.01')", "-0.01"},
        {"-brl('1.00')", "-1.00"},
        {"brl('1.00') * 2", "<no_such_overload>"},
        {"brl('1.00') + 1", "<no_such_overload>"},
        {"brl('1.00') == 100", "false"},
        {"brl('1.00') < 2", "<no_such_overload>"},
        {"brl('1.00') in [brl('1.00')]", "true"},
        {"date('2026-02-28') + duration('1d')", "2026-03-01"},
        {"duration('48h') + date('2026-12-31')", "2027-01-02"},
        {"date('2026-03-01') - duration('24h')", "2026-02-28"},
        {"date('2026-03-01') - date('2026-02-01') == duration('28d')", "true"},
        {"date('2026-03-01') + duration('1h')", "<range>"},
        {"date('2199-12-31') + duration('1d')", "<range>"},
        {"date('1900-01-01') - duration('1d')", "<range>"},
        {"date('1900-01-01') < date('2199-12-31')", "true"},
        {"date('2026-03-01') + 1", "<no_such_overload>"},
        {"date('2026-03-01') < timestamp('2026-03-01T00:00:00Z')", "<no_such_overload>"},
        {"brl('1')", "[type]"},
        {"brl('1.0')", "[type]"},
        {"brl('1,00')", "[type]"},
        {"brl('+1.00')", "[type]"},
        {"brl('10000000000000.00')", "[type]"},
        {"brl('')", "[type]"},
        {"brl('.00')", "[type]"},
        {"brl('a.00')", "[type]"},
        {"brl(1)", "[type]"},
        {"brl(debtor.id)", "[type]"},
        {"date('2026-02-29')", "[type]"},
        {"date('26-02-01')", "[type]"},
        {"date(1)", "[type]"},
    };
    CHECK_ROWS(rows);
}

static void test_comparison(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1 == 1.0", "true"},
        {"1 < 1.5", "true"},
        {"2.5 > 2", "true"},
        {"9223372036854775807 < 9223372036854775808.0", "false"},
        {"9223372036854775807 <= 9223372036854775808.0", "true"},
        {"0.0 / 0.0 == 0.0 / 0.0", "false"},
        {"0.0 / 0.0 != 1", "true"},
        {"0.0 / 0.0 < 1", "false"},
        {"0.0 / 0.0 <= 1", "false"},
        {"0.0 / 0.0 > 1", "false"},
        {"0.0 / 0.0 >= 1", "false"},
        {"-0.0 == 0.0", "true"},
        {"1 == 'a'", "false"},
        {"1 != null", "true"},
        {"null == null", "true"},
        {"null < null", "<no_such_overload>"},
        {"false < true", "true"},
        {"'a' < 'b'", "true"},
        {"'a' < 'ab'", "true"},
        {"'b' < 'ab'", "false"},
        {"'z' < 'á'", "true"},
        {"'a' < 1", "<no_such_overload>"},
        {"[1, 2.0] == [1.0, 2]", "true"},
        {"[1] == [1, 2]", "false"},
        {"[1] < [2]", "<no_such_overload>"},
        {"{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1}", "true"},
        {"{'a': 1} == {'b': 1}", "false"},
        {"{1: 1} == {1.0 == 1.0 ? 1 : 2: 1}", "true"},
        {"1 < 2 == true", "true"},
    };
    CHECK_ROWS(rows);
}

static void test_logic(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"true && false || true", "true"},
        {"true || false && false", "true"},
        {"!true || true", "true"},
        {"!!true", "true"},
        {"!1", "<no_such_overload>"},
        {"!!1", "<no_such_overload>"},
        {"1 / 0 == 1 || true", "true"},
        {"true || 1 / 0 == 1", "true"},
        {"1 / 0 == 1 && false", "false"},
        {"false && 1 / 0 == 1", "false"},
        {"1 / 0 == 1 || false", "<divide_by_zero>"},
        {"1 / 0 == 1 && true", "<divide_by_zero>"},
        {"1 / 0 == 1 || [][0]", "<divide_by_zero>"},
        {"[][0] || 1 / 0 == 1", "<index>"},
        {"(true && 1 / 0 == 1) && [][0] && true", "<divide_by_zero>"},
        {"1 && false", "false"},
        {"false && 1", "false"},
        {"1 && true", "<no_such_overload>"},
        {"'x' || true", "true"},
        {"true ? 1 : 1 / 0", "1"},
        {"false ? 1 / 0 : 2", "2"},
        {"1 / 0 == 1 ? 1 : 2", "<divide_by_zero>"},
        {"1 ? 2 : 3", "<no_such_overload>"},
        {"true ? false ? 1 : 2 : 3", "[syntax]"},
        {"true ? (false ? 1 : 2) : 3", "2"},
        {"false ? 1 : true ? 2 : 3", "2"},
        {"x || true", "true"},
        {"x && true", "<undeclared>"},
        {"bureau.listed_on == today || true", "true"},
        {"bureau.listed_on == today && false", "false"},
        {"bureau.listed_on == today", "<unknown_fact>"},
    };
    CHECK_ROWS(rows);
}

static void test_collections(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2 in [1, 2]", "true"},
        {"2.0 in [1, 2]", "true"},
        {"'2' in [1, 2]", "false"},
        {"1 in []", "false"},
        {"1 in {1: 2}", "true"},
        {"1.0 in {1: 2}", "true"},
        {"2 in {1: 2}", "false"},
        {"1 in 1", "<no_such_overload>"},
        {"'vip' in debtor.tags", "true"},
        {"debtor.tags[1]", "\"condomínio\""},
        {"debtor.tags[2]", "<index>"},
        {"debtor.tags[-1]", "<index>"},
        {"[7, 8][1.0]", "8"},
        {"[7, 8][0.5]", "<index>"},
        {"[7, 8][1e30]", "<index>"},
        {"[7, 8][0.0 / 0.0]", "<index>"},
        {"[7, 8]['0']", "<index>"},
        {"7[0]", "<no_such_overload>"},
        {"{'a': 1}.a", "1"},
        {"{'a': 1}.b", "<no_such_key>"},
        {"{'a': 1}['a']", "1"},
        {"{1: 'x'}[1.0]", "\"x\""},
        {"{1: 'x'}[null]", "<no_such_key>"},
        {"{'a': {'b': [5]}}.a.b[0]", "5"},
        {"{'content-type': 1}.`content-type`", "1"},
        {"{'if': 1}.if", "1"},
        {"'a'.b", "<no_such_overload>"},
        {"has({'a': 1}.a)", "true"},
        {"has({'a': 1}.b)", "false"},
        {"has(debtor.cluster)", "true"},
        {"has(bureau.listed_on)", "false"},
        {"has('a'.b)", "<no_such_overload>"},
        {"{'a': 1, 'a': 2}", "<other>"},
        {"{1: 1, debtor.score == 640 ? 1 : 2: 2}", "<other>"},
        {"{1.5: 1}", "<other>"},
        {"{null: 1}", "<other>"},
        {"[debtor.score, 1]", "[640, 1]"},
        {"{debtor.id: debtor.score}", "{\"C1\": 640}"},
        {"[debtor.score, 1 / 0]", "<divide_by_zero>"},
    };
    CHECK_ROWS(rows);
}

static void test_functions(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"size('ação')", "4"},
        {"'ação'.size()", "4"},
        {"size([1, 2])", "2"},
        {"size({1: 2})", "1"},
        {"size(1)", "<no_such_overload>"},
        {"size()", "<no_such_overload>"},
        {"size('a', 'b', 'c')", "<no_such_overload>"},
        {"'abc'.startsWith('ab')", "true"},
        {"'abc'.startsWith('abcd')", "false"},
        {"'abc'.endsWith('bc')", "true"},
        {"'abc'.endsWith('')", "true"},
        {"'abc'.contains('b')", "true"},
        {"''.contains('')", "true"},
        {"'abc'.contains('d')", "false"},
        {"'abc'.contains(1)", "<no_such_overload>"},
        {"int(-7.9)", "-7"},
        {"int('-12')", "-12"},
        {"int('x')", "<other>"},
        {"int('9223372036854775808')", "<other>"},
        {"int(9223372036854775807.0)", "<range>"},
        {"int(0.0 / 0.0)", "<range>"},
        {"int(timestamp('1970-01-01T00:01:00Z'))", "60"},
        {"int(true)", "<no_such_overload>"},
        {"double(3)", "3"},
        {"double('1.5e2')", "150"},
        {"double('1,5')", "<other>"},
        {"double('0x1p3')", "<other>"},
        {"double('nan(1)')", "<other>"},
        {"double('NaN')", "NaN"},
        {"double('1e999')", "<other>"},
        {"string(-12)", "\"-12\""},
        {"string(1.5)", "\"1.5\""},
        {"string(true)", "\"true\""},
        {"string(timestamp('2026-11-23T07:00:00.5-03:00'))", "\"2026-11-23T10:00:00.5Z\""},
        {"string(duration('90m'))", "\"5400s\""},
        {"string([1])", "<no_such_overload>"},
        {"bool('true') && !bool('0')", "true"},
        {"bool('yes')", "<other>"},
        {"dyn(1) == 1.0", "true"},
    };
    CHECK_ROWS(rows);
}

static void test_time(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"timestamp('2026-11-23T10:00:00Z')", "2026-11-23T10:00:00Z"},
        {"timestamp('2026-11-23T10:00:00.123456789-03:00')", "2026-11-23T13:00:00.123456789Z"},
        {"timestamp('0001-01-01T00:00:00Z')", "0001-01-01T00:00:00Z"},
        {"timestamp('9999-12-31T23:59:59.999999999Z')", "9999-12-31T23:59:59.999999999Z"},
        {"timestamp('0001-01-01T00:00:00+00:01')", "<range>"},
        {"timestamp('0000-12-31T23:59:59Z')", "<range>"},
        {"timestamp('10000-01-01T00:00:00Z')", "<range>"},
        {"timestamp('2024-02-29T00:00:00Z')", "2024-02-29T00:00:00Z"},
        {"timestamp('2100-02-29T00:00:00Z')", "<other>"},
        {"timestamp('2400-02-29T00:00:00Z')", "2400-02-29T00:00:00Z"},
        {"timestamp('2026-11-23')", "<other>"},
        {"timestamp('2026-11-23 10:00:00Z')", "<other>"},
        {"timestamp('2026-11-23T10:00:00')", "<other>"},
        {"timestamp('2026-11-23T24:00:00Z')", "<other>"},
        {"timestamp('2026-11-23T10:00:60Z')", "<other>"},
        {"timestamp('2026-11-23T10:00:00.Z')", "<other>"},
        {"timestamp('2026-11-23T10:00:00Z ')", "<other>"},
        {"timestamp('2026-11-23T10:00:00-0300')", "<other>"},
        {"timestamp(0)", "1970-01-01T00:00:00Z"},
        {"timestamp(-1)", "1969-12-31T23:59:59Z"},
        {"timestamp(253402300800)", "<range>"},
        {"timestamp(-62135596801)", "<range>"},
        {"duration('1h30m')", "5400s"},
        {"duration('1.5h')", "5400s"},
        {"duration('-1ms')", "-0.001s"},
        {"duration('1us1ns')", "0.000001001s"},
        {"duration('2d')", "172800s"},
        {"duration('0')", "0s"},
        {"duration('9223372036854775807ns')", "9223372036.854775807s"},
        {"duration('-9223372036854775808ns')", "-9223372036.854775808s"},
        {"duration('9223372036854775808ns')", "<range>"},
        {"duration('99999999999999999999h')", "<range>"},
        {"duration('106752d')", "<range>"},
        {"duration('')", "<other>"},
        {"duration('-')", "<other>"},
        {"duration('1')", "<other>"},
        {"duration('h')", "<other>"},
        {"duration('.h')", "<other>"},
        {"duration('1h ')", "<other>"},
        {"duration('1w')", "<other>"},
        {"duration('1h') + duration('1m') == duration('61m')", "true"},
        {"duration('106751d') + duration('106751d')", "<range>"},
        {"timestamp(0) + duration('-1ns')", "1969-12-31T23:59:59.999999999Z"},
        {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "<range>"},
        {"timestamp('2026-11-23T10:00:00Z') - timestamp('2026-11-23T09:00:00.5Z')", "3599.5s"},
        {"timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "<range>"},
        {"timestamp(1) < timestamp(2)", "true"},
        {"timestamp('2026-11-23T10:00:00.1Z') < timestamp('2026-11-23T10:00:00.2Z')", "true"},
        {"now.getHours()", "10"},
        {"now.getHours('-03:00')", "7"},
        {"now.getHours('03:00')", "13"},
        {"now.getDate('-11:00')", "22"},
        {"now.getDayOfWeek()", "1"},
        {"timestamp('1969-12-28T00:00:00Z').getDayOfWeek()", "0"},
        {"now.getMonth()", "10"},
        {"now.getFullYear()", "2026"},
        {"now.getDayOfMonth()", "22"},
        {"now.getDayOfYear()", "326"},
        {"now.getHours(string('America/Sao_Paulo'))", "<other>"},
        {"now.getHours('America/Sao_Paulo')", "[subset]"},
        {"now.getHours(1)", "<no_such_overload>"},
        {"duration('3730s').getMinutes()", "62"},
        {"duration('1.25s').getMilliseconds()", "250"},
        {"duration('36h').getHours()", "36"},
        {"duration('36h').getDate()", "<no_such_overload>"},
    };
    CHECK_ROWS(rows);
}

static void test_macros(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[1, 2, 3].all(x, x > 0)", "true"},
        {"[1, 2, 3].all(x, x > 1)", "false"},
        {"[].all(x, false)", "true"},
        {"[1, 2, 3].exists(x, x == 2)", "true"},
        {"[].exists(x, true)", "false"},
        {"[1, 0].exists(x, 1 / x == 1)", "true"},
        {"[0, 1].exists(x, 1 / x == 1)", "true"},
        {"[0, 2].exists(x, 1 / x == 1)", "<divide_by_zero>"},
        {"[0, 1].all(x, 1 / x == 2)", "false"},
        {"[0, 1].all(x, 1 / x == 1)", "<divide_by_zero>"},
        {"[1, 2, 2].exists_one(x, x == 1)", "true"},
        {"[1, 2, 2].exists_one(x, x == 2)", "false"},
        {"[1, 0].exists_one(x, 1 / x == 1)", "<divide_by_zero>"},
        {"[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"},
        {"[1, 2, 3].map(x, x * x)", "[1, 4, 9]"},
        {"[1, 2, 3].map(x, x > 1, x + 10)", "[12, 13]"},
        {"[1, 2].map(x, [3, 4].map(y, x * y))", "[[3, 4], [6, 8]]"},
        {"[[1], [2]].map(x, x.map(x, x + 1))", "[[2], [3]]"},
        {"{'a': 1, 'b': 2}.map(k, k)", "[\"a\", \"b\"]"},
        {"{'a': 1}.exists(k, k == 'a')", "true"},
        {"debtor.tags.exists(t, t.startsWith('cond'))", "true"},
        {"['a', 'b'].map(t, t + '!')", "[\"a!\", \"b!\"]"},
        {"['debtor'].exists(today, .today == date('2026-11-23'))", "true"},
        {"1.all(x, true)", "<no_such_overload>"},
        {"[1].all(x, 1)", "<no_such_overload>"},
        {"[1].filter(x, 1)", "<no_such_overload>"},
    };
    CHECK_ROWS(rows);
}

/* A list of n elements written out. */
static void add_numbers(struct rg_buf *buf, int n)
{
    rg_buf_addc(buf, '[');
    for (int i = 0; i < n; i++)
        rg_buf_addf(buf, "%s%d", i > 0 ? "," : "", i % 10);
    rg_buf_addc(buf, ']');
}

/* Four macros inside one another visit n + n² + n³ + n⁴ elements. */
static const char *visit(int n, struct rg_buf *text, struct rg_buf *result)
{
    rg_buf_reset(text);
    for (int depth = 0; depth < 4; depth++) {
        add_numbers(text, n);
        rg_buf_addf(text, ".all(x%d, ", depth);
    }
    rg_buf_adds(text, "true))))");
    return outcome_of(rg_buf_cstr(text), 1024, result);
}

static void test_turns_are_limited(void **state)
{
    (void)state;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_buf result RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 8192);
    rg_buf_init(&result, 4096);
    assert_string_equal(visit(9, &text, &result), "true"); /* 7,380 */
    assert_string_equal(visit(10, &text, &result), "<other>"); /* 11,110 */
}

static void test_scratch_is_limited(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 4096);
    size_t each = sizeof(struct rg_cel_value);
    assert_string_equal(outcome_of("size([debtor.score, 2, 3, 4])", 4 * each, &buf), "4");
    assert_string_equal(outcome_of("size([debtor.score, 2, 3, 4])", 4 * each - 1, &buf), "<other>");
    assert_string_equal(outcome_of("size(debtor.id + '0123456789abcd')", 16, &buf), "16");
    assert_string_equal(outcome_of("size(debtor.id + '0123456789abcde')", 16, &buf), "<other>");
    assert_string_equal(outcome_of("string(debtor.score)", 0, &buf), "<other>");
    assert_string_equal(outcome_of("[1, 2].map(x, x)", 0, &buf), "<other>");
    assert_string_equal(outcome_of("debtor.score in [640, 1]", 0, &buf), "true"); /* literals need none */
    /* A condition's turns reuse what the last one took. */
    assert_string_equal(outcome_of("[1,2,3,4,5,6,7,8,9].all(x, debtor.id + 'x' == 'C1x')", 16, &buf), "true");
}

static void test_programs_are_reusable(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog = NULL;
    struct rg_cel_error err;
    struct test_world world;
    test_world_init(&world);
    struct rg_str text = RG_STR("debtor.score > 600 && debtor.score < 700 || debtor.reachable");
    assert_int_equal(rg_cel_compile(text, &test_env, arena, &prog, &err), 0);
    size_t count;
    const int *slots = rg_cel_slots(prog, &count);
    assert_int_equal(count, 2);
    assert_int_equal(slots[0], 9);
    assert_int_equal(slots[1], 12);
    assert_true(rg_str_eq(rg_cel_text(prog), text) && rg_cel_text(prog).p != text.p);
    for (int64_t score = 599; score <= 701; score++) {
        world.values[9] = rg_cel_int(score);
        enum rg_cel_verdict expected = score > 600 && score < 700 ? RG_CEL_TRUE : RG_CEL_UNKNOWN;
        assert_int_equal(rg_cel_test(prog, test_fact, &world, NULL), expected);
    }
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),      cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_money_and_dates), cmocka_unit_test(test_comparison),
        cmocka_unit_test(test_logic),         cmocka_unit_test(test_collections),
        cmocka_unit_test(test_functions),     cmocka_unit_test(test_time),
        cmocka_unit_test(test_macros),        cmocka_unit_test(test_turns_are_limited),
        cmocka_unit_test(test_scratch_is_limited), cmocka_unit_test(test_programs_are_reusable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
