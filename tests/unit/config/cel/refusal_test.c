/* Conditions that are refused: by which code, where exactly, in which words; and each limit from both sides. The place is
 * written into the text itself: what stands between ‹ and › is what the caret must underline. */
#include "tests/unit/support/cmocka.h"

#include <string.h>

#include "tests/unit/config/cel/facts.h"

#define OPEN "‹"
#define CLOSE "›"

static int compile(struct rg_str text, const struct rg_cel_env *env, struct rg_cel_error *err)
{
    struct rg_arena *arena = rg_arena_new(RG_CEL_ARENA_BYTES);
    const struct rg_cel *prog = NULL;
    int code = rg_cel_compile(text, env, arena, &prog, err);
    assert_int_equal(code == 0, prog != NULL); /* untouched on failure */
    assert_true(code == 0 || (err->code != NULL && err->text[0] != '\0' && err->offset + err->length <= text.n));
    rg_arena_free(&arena);
    return code;
}

/* Takes the marks out of a text. */
static struct rg_str unmark(const char *marked, char *text, size_t *ret_offset, size_t *ret_length)
{
    const char *open = strstr(marked, OPEN), *close = strstr(marked, CLOSE);
    rg_assert(open != NULL && close != NULL && open < close);
    const char *body = open + strlen(OPEN), *rest = close + strlen(CLOSE);
    *ret_offset = (size_t)(open - marked);
    *ret_length = (size_t)(close - body);
    size_t n = 0;
    for (const char *p = marked; *p != '\0'; p++) {
        if (p == open)
            p = body;
        if (p == close)
            p = rest;
        if (*p == '\0')
            break;
        text[n++] = *p;
    }
    return (struct rg_str){text, n};
}

struct row {
    const char *marked, *code, *words;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[512];
        size_t offset, length;
        rg_assert(strlen(rows[i].marked) < sizeof text);
        struct rg_str plain = unmark(rows[i].marked, text, &offset, &length);
        struct rg_cel_error err;
        if (compile(plain, &test_env, &err) == 0)
            fail_msg("%s is accepted", rows[i].marked);
        if (strcmp(err.code, rows[i].code) != 0 || strcmp(err.text, rows[i].words) != 0)
            fail_msg("%s\n  says     %s [%s]\n  expected %s [%s]", rows[i].marked, err.text, err.code, rows[i].words,
                     rows[i].code);
        if (err.offset != offset || err.length != length)
            fail_msg("%s is underlined at %zu, %zu bytes", rows[i].marked, err.offset, err.length);
    }
}
#define CHECK_ROWS(rows) check_rows((rows), RG_COUNT(rows))

static void test_unknown_facts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"‹debtor.clustr› == \"quebrado\"", "unknown-fact", "no fact \"debtor.clustr\", did you mean \"debtor.cluster\" (text)?"},
        {"true && ‹invoice.balanse› > brl(\"1.00\")", "unknown-fact",
         "no fact \"invoice.balanse\", did you mean \"invoice.balance\" (money)?"},
        {"‹cluster› == \"x\"", "unknown-fact", "no fact \"cluster\", did you mean \"debtor.cluster\" (text)?"},
        {"‹invoice.cluster› == \"x\"", "unknown-fact", "no fact \"invoice.cluster\", did you mean \"debtor.cluster\" (text)?"},
        {"‹debtor› == \"x\"", "unknown-fact", "\"debtor\" is a group of facts, such as debtor.id"},
        {"‹foo.bar.baz›.startsWith(\"x\")", "unknown-fact", "no fact \"foo.bar.baz\""},
        {"has(‹debtor.ters›)", "unknown-fact", "no fact \"debtor.ters\", did you mean \"debtor.tier\" (text)?"},
        {"debtor.tags.exists(t, t == ‹u›)", "unknown-fact", "no fact \"u\""},
        {"debtor.tags.exists(t, true) && ‹t› == \"x\"", "unknown-fact", "no fact \"t\""},
        {"debtor.tags.exists(t, ‹.t› == \"x\")", "unknown-fact", "no fact \"t\""},
        {"‹histroy.late_12m› > 1", "unknown-fact", "no fact \"histroy.late_12m\", did you mean \"history.late_12m\" (int)?"},
        {"‹debtor . clustr› == \"x\"", "unknown-fact", "no fact \"debtor.clustr\", did you mean \"debtor.cluster\" (text)?"},
    };
    CHECK_ROWS(rows);
}

static void test_types(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"invoice.balance >= ‹300›", "type", "money cannot be compared with a number (int); write brl(\"300.00\")"},
        {"‹300› <= invoice.balance", "type", "money cannot be compared with a number (int); write brl(\"300.00\")"},
        {"invoice.balance >= ‹299.9›", "type", "money cannot be compared with a number (double); write brl(\"299.90\")"},
        {"invoice.balance == ‹\"300.00\"›", "type", "money cannot be compared with text; write brl(\"300.00\")"},
        {"invoice.balance == ‹\"trezentos\"›", "type", "money cannot be compared with text; money is written brl(\"20.00\")"},
        {"invoice.balance > ‹invoice.days_late›", "type",
         "money cannot be compared with a number (int); money is written brl(\"20.00\")"},
        {"‹invoice.days_late› < invoice.balance", "type",
         "money cannot be compared with a number (int); money is written brl(\"20.00\")"},
        {"invoice.balance in [brl(\"1.00\"), ‹2›]", "type", "a list holds one type, this one has money and a number (int)"},
        {"invoice.balance in [‹1›, 2]", "type", "money cannot be compared with a number (int); write brl(\"1.00\")"},
        {"invoice.balance + ‹1› > brl(\"2.00\")", "type", "\"+\" does not take money and a number (int); write brl(\"1.00\")"},
        {"invoice.balance * ‹2› > brl(\"2.00\")", "type", "\"*\" does not take money and a number (int)"},
        {"‹invoice.balance / invoice.amount› > brl(\"2.00\")", "type", "\"/\" does not take money"},
        {"invoice.due_on == ‹\"2026-01-31\"›", "type", "date cannot be compared with text; write date(\"2026-01-31\")"},
        {"invoice.due_on == ‹\"2026-02-31\"›", "type",
         "date cannot be compared with text; a date is written date(\"2026-01-31\")"},
        {"invoice.due_on <= ‹now›", "type", "date cannot be compared with instant; a date is written date(\"2026-01-31\")"},
        {"today + ‹3› > invoice.due_on", "type", "\"+\" does not take date and a number (int); write duration(\"3d\")"},
        {"‹today + today› > invoice.due_on", "type", "\"+\" does not take date"},
        {"today + ‹duration(\"36h\")› > invoice.due_on", "type", "a date moves by whole days, as in duration(\"3d\")"},
        {"today - invoice.due_on > ‹3›", "type", "duration cannot be compared with a number (int); write duration(\"3d\")"},
        {"debtor.state == ‹11›", "type", "text cannot be compared with a number (int); write \"11\""},
        {"debtor.score > ‹\"600\"›", "type", "a number (int) cannot be compared with text; write a number without quotes"},
        {"debtor.state == ‹null›", "type", "text cannot be compared with null; has(…) asks whether a fact is known"},
        {"debtor.state == ‹true›", "type", "text cannot be compared with a bool"},
        {"‹debtor.tags› < [\"a\"]", "type", "\"<\" does not take a list"},
        {"debtor.tags == ‹\"vip\"›", "type", "a list cannot be compared with text"},
        {"\"vip\" in ‹debtor.city›", "type",
         "\"in\" takes a list on its right, this is text; for a part of a text write contains()"},
        {"‹1› in debtor.tags", "type", "a number (int) is never in a list of text"},
        {"debtor.cluster in [\"a\", ‹3›]", "type", "a list holds one type, this one has text and a number (int)"},
        {"‹debtor.score› && true", "type", "\"&&\" takes a bool here, this is a number (int)"},
        {"true || ‹debtor.state›", "type", "\"||\" takes a bool here, this is text"},
        {"!‹debtor.score›", "type", "\"!\" takes a bool here, this is a number (int)"},
        {"!!‹debtor.score›", "type", "\"!\" takes a bool here, this is a number (int)"},
        {"-‹debtor.state› == \"x\"", "type", "\"-\" does not take text"},
        {"‹debtor.score› ? true : false", "type", "\"?:\" takes a bool here, this is a number (int)"},
        {"(debtor.consumer ? 1 : ‹\"1\"›) == 1", "type",
         "both sides of \":\" are of one type, these are a number (int) and text"},
        {"debtor.score + ‹1.5› > 2", "type",
         "\"+\" does not take a number (int) and a number (double); double(…) makes a double of an int"},
        {"‹invoice.balance›", "type", "a condition is true or false, this is money"},
        {"‹debtor.score + 1›", "type", "a condition is true or false, this is a number (int)"},
        {"‹debtor.cluster.name› == \"x\"", "type", "text has no field \"name\""},
        {"‹debtor.cluster›[0] == \"x\"", "type", "text has no elements"},
        {"debtor.tags[‹\"a\"›] == \"x\"", "type", "a list is indexed by a number (int), this is text"},
        {"debtor.tags[‹0.0›] == \"x\"", "type", "a list is indexed by a number (int), this is a number (double)"},
        {"‹debtor.tags.contains(\"vip\")›", "type", "a list has no contains(); write x in list"},
        {"‹debtor.city.contains(1)›", "type", "contains() does not take text and a number (int)"},
        {"‹size(debtor.score)› > 1", "type", "size() does not take a number (int)"},
        {"‹size()› > 1", "type", "size() takes an argument"},
        {"‹debtor.city.contains(\"a\", \"b\")›", "type", "contains() does not take 3 arguments"},
        {"‹string(invoice.balance)› == \"1\"", "type", "string() does not take money"},
        {"‹debtor.city›.exists(c, true)", "type", "exists() goes over a list or a map, this is text"},
        {"debtor.tags.exists(t, ‹t›)", "type", "\"exists\" takes a bool here, this is text"},
        {"debtor.tags.exists(t, t > ‹1›)", "type", "text cannot be compared with a number (int); write \"1\""},
        {"debtor.tags.map(t, ‹size(t)›, t) == debtor.tags", "type", "\"map\" takes a bool here, this is a number (int)"},
        {"invoice.balance > brl(‹\"20\"›)", "type", "brl() cannot read this; write it as in brl(\"20.00\")"},
        {"invoice.balance > brl(‹\"20,00\"›)", "type", "brl() cannot read this; write it as in brl(\"20.00\")"},
        {"invoice.balance > ‹brl(20)›", "type", "brl() takes a literal, as in brl(\"20.00\")"},
        {"invoice.balance > ‹brl(debtor.city)›", "type", "brl() takes a literal, as in brl(\"20.00\")"},
        {"today > date(‹\"31/01/2026\"›)", "type", "date() cannot read this; write it as in date(\"2026-01-31\")"},
        {"now > timestamp(‹\"2026-01-31\"›)", "type",
         "timestamp() cannot read this; write it as in timestamp(\"2026-01-31T10:00:00-03:00\")"},
        {"now - now > duration(‹\"3 days\"›)", "type", "duration() cannot read this; write it as in duration(\"36h\")"},
        {"now - now > duration(‹\"900000d\"›)", "type", "duration() holds years 1 to 9999, or 292 years at most"},
        {"debtor.id in ‹{\"a\": 1, \"a\": 2}›", "type", "a map's keys are texts, ints or bools, each once"},
    };
    CHECK_ROWS(rows);
}

static void test_syntax(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"‹›", "syntax", "the condition is empty"},
        {"  ‹›", "syntax", "the condition is empty"},
        {"debtor.consumer ‹=› true", "syntax", "write == to compare"},
        {"debtor.consumer ‹&› true", "syntax", "write &&"},
        {"debtor.consumer ‹|› true", "syntax", "write ||"},
        {"debtor.consumer ‹and› true", "syntax", "write && instead of and"},
        {"debtor.consumer ‹or› true", "syntax", "write || instead of or"},
        {"‹not› debtor.consumer", "syntax", "write ! instead of not"},
        {"debtor.state ‹is› \"SP\"", "syntax", "write == instead of is"},
        {"debtor.consumer &&‹›", "syntax", "the expression ends here; a fact, a literal or an opening bracket was expected"},
        {"debtor.consumer && ‹&&› true", "syntax", "unexpected &&; a fact, a literal or an opening bracket was expected"},
        {"(debtor.consumer‹›", "syntax", "the expression ends here; ) was expected"},
        {"debtor.consumer‹)›", "syntax", "unexpected ); an operator or the end was expected"},
        {"debtor.state == \"SP\" ‹debtor›.consumer", "syntax", "unexpected debtor; an operator or the end was expected"},
        {"debtor.state == ‹\"›SP", "syntax", "the text that opens here is not closed by \""},
        {"debtor.state == ‹'''›SP''", "syntax", "the text that opens here is not closed by '''"},
        {"debtor.state == \"S‹\\q›P\"", "syntax", "unknown escape; a backslash itself is written \\\\"},
        {"debtor.state == '''S‹\\u›12'''", "syntax", "unknown escape; a backslash itself is written \\\\"},
        {"debtor.state == \"‹\\U›00110000\"", "syntax", "unknown escape; a backslash itself is written \\\\"},
        {"debtor.state == \"‹\\u›d800\"", "syntax", "unknown escape; a backslash itself is written \\\\"},
        {"debtor.score > ‹10d›", "syntax", "a number ends in \"d\"; a text needs quotes"},
        {"debtor.score > ‹0x›", "syntax", "a number ends in \"x\"; a text needs quotes"},
        {"debtor.score > ‹9223372036854775808›", "limit", "an int has 64 bits: from -9223372036854775808 to 9223372036854775807"},
        {"debtor.score > -‹9223372036854775809›", "limit",
         "an int has 64 bits: from -9223372036854775808 to 9223372036854775807"},
        {"debtor.score > ‹1e999›", "limit", "no double is that large"},
        {"debtor.state == ‹ã›", "syntax", "\"ã\" means nothing here; a text needs quotes"},
        {"debtor.state == ‹$›x", "syntax", "\"$\" means nothing here; a text needs quotes"},
        {"debtor.state == ‹\x01›", "syntax", "a control character is not allowed here"},
        {"‹if› == 1", "syntax", "\"if\" is a reserved word"},
        {".‹false› == 1", "syntax", "\"false\" is a reserved word"},
        {"debtor.tags‹.1› == 1", "syntax", "unexpected .1; an operator or the end was expected"},
        {"debtor.tags.exists(‹1›, true)", "syntax",
         "unexpected 1; a name for the element, as in tags.exists(t, t == \"vip\") was expected"},
        {"debtor.tags.exists(t‹)›", "syntax", "unexpected ); , and a condition on the element was expected"},
        {"‹has(1)›", "syntax", "has() takes one fact or field, as in has(service.suspended_since)"},
        {"‹has(debtor.city, 1)›", "syntax", "has() takes one fact or field, as in has(service.suspended_since)"},
        {"size(debtor.city,‹)› > 1", "syntax", "unexpected ); a value was expected"},
        {"debtor.state in [\"a\" ‹\"b\"›]", "syntax", "unexpected \"b\"; , or ] was expected"},
        {"debtor.consumer ? true‹›", "syntax", "the expression ends here; \":\" and what holds otherwise was expected"},
    };
    CHECK_ROWS(rows);
}

static void test_subset(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"debtor.score > ‹1u›", "subset", "unsigned numbers are outside the subset; write 1"},
        {"debtor.state == ‹b\"›SP\"", "subset", "bytes are outside the subset; write a text without the b"},
        {"debtor.state == ‹rR\"›SP\"", "syntax", "one r makes a text raw"},
        {"debtor.state.‹matches›(\"S.\")", "subset", "matches() is outside the subset; use startsWith, endsWith or contains"},
        {"‹type›(debtor.state) == 1", "subset", "type() is outside the subset"},
        {"‹int› == 1", "subset", "types as values are outside the subset: int"},
        {"‹math›.greatest(1, 2) == 2", "subset", "function math.greatest() is outside the subset"},
        {"debtor.city.‹lowerAscii›() == \"x\"", "subset", "no function \"lowerAscii\""},
        {"debtor.city.‹startWith›(\"S\")", "subset", "no function \"startWith\", did you mean \"startsWith\"?"},
        {"‹startsWith›(debtor.city, \"S\")", "subset", "write x.startsWith(…)"},
        {"‹exists›(debtor.tags, t)", "subset", "write x.exists(…)"},
        {"\"3d\".‹duration›() == today - today", "subset", "write duration(…)"},
        {"‹dyn(debtor.score)› > 1", "subset", "dyn() is outside the subset: every fact has a type"},
        {"now.getHours(‹\"America/Sao_Paulo\"›) > 8", "subset",
         "zone names are outside the subset; write an offset such as \"-03:00\""},
        {"‹google.Foo›{a: 1} == 1", "subset", "messages such as google.Foo{…} are outside the subset"},
        {"debtor.tags[‹?›0] == \"x\"", "subset", "optional values are outside the subset"},
        {"debtor.tags.‹?›x == \"x\"", "subset", "optional values are outside the subset"},
        {"debtor.tags == [‹?›debtor.city]", "subset", "optional values are outside the subset"},
        {"debtor.tags.exists(i, i == \"a\"‹,› true)", "subset", "macros of two variables are outside the subset"},
    };
    CHECK_ROWS(rows);
}

/* `before`, then `n` times `unit`, then `after`. */
static int compile_repeated(const char *before, const char *unit, size_t n, const char *after, struct rg_cel_error *err)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 64 * 1024);
    rg_buf_adds(&buf, before);
    for (size_t i = 0; i < n; i++)
        rg_buf_adds(&buf, unit);
    rg_buf_adds(&buf, after);
    return compile(rg_buf_str(&buf), &test_env, err);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *what, *before, *unit, *after;
        size_t fits; /* one more is refused */
    } rows[] = {
        {"bytes", "true", " ", "", RG_CEL_TEXT_MAX - 4},
        {"nodes", "[", "1,", "] == []", RG_CEL_NODES_MAX - 3},
        {"height", "1", "+1", " > 0", RG_CEL_HEIGHT_MAX - 2},
        {"height of signs", "true", " == true", "", RG_CEL_HEIGHT_MAX - 1},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_cel_error err;
        int fits = compile_repeated(rows[i].before, rows[i].unit, rows[i].fits, rows[i].after, &err);
        if (fits != 0)
            fail_msg("%s: %s", rows[i].what, err.text);
        assert_int_equal(compile_repeated(rows[i].before, rows[i].unit, rows[i].fits + 1, rows[i].after, &err), RG_ELIMIT);
        assert_string_equal(err.code, "limit");
    }
}

static void test_depth(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"(", "true", ")"}, {"bool(", "true", ")"}, {"true ? true : ", "true", ""}, {"[0][", "0", "]"}, {"[", "0", "]"},
        {"{0: ", "0", "}"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        for (size_t depth = RG_CEL_DEPTH_MAX; depth <= RG_CEL_DEPTH_MAX + 1; depth++) {
            struct rg_buf buf RG_CLEANUP(rg_buf_done);
            struct rg_cel_error err;
            rg_buf_init(&buf, 4096);
            for (size_t d = 0; d < depth; d++)
                rg_buf_adds(&buf, rows[i][0]);
            rg_buf_adds(&buf, rows[i][1]);
            for (size_t d = 0; d < depth; d++)
                rg_buf_adds(&buf, rows[i][2]);
            assert_int_equal(compile(rg_buf_str(&buf), &test_dynamic, &err), depth <= RG_CEL_DEPTH_MAX ? 0 : RG_ELIMIT);
        }
}

static void test_names_and_variables(void **state)
{
    (void)state;
    struct rg_cel_error err;
    assert_int_equal(compile_repeated("", "a", RG_CEL_NAME_MAX - 1, " == 1", &err), RG_EINVAL);
    assert_string_equal(err.code, "unknown-fact");
    assert_int_equal(compile_repeated("", "a", RG_CEL_NAME_MAX, " == 1", &err), RG_ELIMIT);
    assert_int_equal(compile_repeated("true && ", "a", RG_CEL_NAME_MAX, " == 1", &err), RG_ELIMIT);
    assert_int_equal(err.offset, strlen("true && "));
    assert_int_equal(err.length, RG_CEL_NAME_MAX);
    assert_int_equal(compile_repeated("a", ".a", RG_CEL_NAME_MAX, " == 1", &err), RG_ELIMIT);
    for (size_t n = RG_CEL_VARS_MAX; n <= RG_CEL_VARS_MAX + 1; n++) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        rg_buf_init(&buf, 4096);
        for (size_t i = 0; i < n; i++)
            rg_buf_addf(&buf, "[1].all(x%zu, ", i);
        rg_buf_adds(&buf, "true");
        for (size_t i = 0; i < n; i++)
            rg_buf_adds(&buf, ")");
        assert_int_equal(compile(rg_buf_str(&buf), &test_env, &err), n <= RG_CEL_VARS_MAX ? 0 : RG_ELIMIT);
    }
}

/* Whatever fits the limits of a text fits the arena that is promised to be enough. */
static void test_arena_is_enough(void **state)
{
    (void)state;
    static const char *const units[] = {"true&&", "[],", "a.", "'',", "(1)+", "x ", "!", "has(a.b)&&", "1?1:", "{1:1},",
                                        "'\\n',"};
    for (size_t i = 0; i < RG_COUNT(units); i++)
        for (size_t n = 1; n * strlen(units[i]) < RG_CEL_TEXT_MAX; n = n * 3 / 2 + 1) {
            struct rg_cel_error err;
            (void)compile_repeated("[", units[i], n, "1]", &err);
            (void)compile_repeated("", units[i], n, "true", &err);
        }
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"\xff", "\"\xc3\" == \"x\"", "true\xe2\x82"};
    struct rg_cel_error err;
    for (size_t i = 0; i < RG_COUNT(texts); i++) {
        assert_int_equal(compile(rg_str(texts[i]), &test_env, &err), RG_EINVAL);
        assert_string_equal(err.text, "the condition is not valid UTF-8");
    }
    assert_int_equal(compile((struct rg_str){"true\0true", 9}, &test_env, &err), RG_EINVAL);
    assert_int_equal(compile((struct rg_str){0}, &test_env, &err), RG_EINVAL);
    assert_int_equal(compile((struct rg_str){"\"a\0b\" == \"a\"", 12}, &test_env, &err), 0); /* within quotes it is a character */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_facts), cmocka_unit_test(test_types),
        cmocka_unit_test(test_syntax),        cmocka_unit_test(test_subset),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_names_and_variables), cmocka_unit_test(test_arena_is_enough),
        cmocka_unit_test(test_bytes_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
