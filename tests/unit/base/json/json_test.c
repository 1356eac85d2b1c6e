/* The reader: what is accepted keeps its value exactly, what is refused says where and why. */
#include "base/json/json.h"

#include "base/core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BYTES ((size_t)8 * 1024 * 1024)

static struct rg_json *parse(const char *text)
{
    struct rg_json *doc = NULL;
    struct rg_error err = {0};
    if (rg_json_parse(rg_str(text), MAX_BYTES, &doc, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

static void accepts_the_grammar(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "null", "true", "false", "0", "-0", "\"\"", "[]", "{}", " \t\r\n[ ]\n", "[[]]", "[{}]", "{\"a\":{}}",
        "[1,2,3]", "[ 1 , 2 ]", "{\"a\":1,\"b\":2}", "{ \"a\" : 1 , \"A\" : 2 }", "{\"\":0}", "[0.0]", "[-0.0]", "[1.5e3]",
        "[1E+2]",
        "[1e-2]", "[0e1]", "[123456789012345678901234567890]", "[1e999]", "[-1e-999]",
        "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\u0001\"]", "[\"\\u00e7\\u00E3o\"]", "[\"\\ud83d\\ude00\"]", "[\"\\uFFFF\"]",
        "[\"\\uD7FF\\uE000\"]",
        "[\"\\uDBFF\\uDFFF\"]", "[\"ç\"]", "[\"\xe2\x82\xac\"]", "[\"\xf4\x8f\xbf\xbf\"]", "[\"\x7f\"]", "[\"/\"]",
        "[\"\xe2\x80\xa8\"]",
        "[null,1,\"1\",{}]", "{\"a\":[{\"b\":[]}]}", "\"x\"\n", "[\"a\\\\\"]", "{\"a\\u0062\":1,\"a\":2}", "[1,1]",
        "{\"a\":{\"a\":1}}",
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = parse(cases[i]);
        assert_int_not_equal(rg_json_kind(rg_json_root(doc)), RG_JSON_ABSENT);
        rg_json_free(&doc);
        assert_null(doc);
    }
}

/* length -1: up to the NUL */
static const struct refused {
    const char *text;
    int length;
    int offset; /* named by the error */
    const char *says;
} refused[] = {
    {"", -1, 0, "expected a value, found the end"},
    {" \n", -1, 2, "expected a value, found the end"},
    {"\0", 1, 0, "found byte 0x00"},
    {"[1]\0", 4, 3, "found byte 0x00"},
    {"[\0]", 3, 1, "found byte 0x00"},
    {"[\"a\0b\"]", 7, 3, "found byte 0x00"},
    {"\xef\xbb\xbf{}", -1, 0, "byte-order mark"},
    {"\xef\xbb", -1, 0, "expected a value, found byte 0xef"},
    {"\xff\xfe[\0]\0", 6, 0, "found byte 0xff"},
    /* bare words and foreign dialects */
    {"nul", -1, 0, "expected a value"},
    {"nullx", -1, 4, "the end after the one value, found 'x'"},
    {"True", -1, 0, "found 'T'"},
    {"NaN", -1, 0, "found 'N'"},
    {"[Infinity]", -1, 1, "found 'I'"},
    {"[-Infinity]", -1, 2, "expected a digit, found 'I'"},
    {"[-NaN]", -1, 2, "expected a digit"},
    {"undefined", -1, 0, "expected a value"},
    {"a", -1, 0, "expected a value"},
    {"'a'", -1, 0, "found '''"},
    {"[1] // x", -1, 4, "found '/'"},
    {"/* x */[1]", -1, 0, "found '/'"},
    {"[1]#", -1, 3, "found '#'"},
    {"\f[1]", -1, 0, "found byte 0x0c"},
    {"[\v1]", -1, 1, "found byte 0x0b"},
    {"[1\xc2\xa0]", -1, 2, "found byte 0xc2"},
    {"[\xe2\x81\xa0]", -1, 1, "found byte 0xe2"},
    /* structure */
    {"[", -1, 1, "expected a value, found the end"},
    {"]", -1, 0, "expected a value, found ']'"},
    {"{", -1, 1, "a quoted member name or '}', found the end"},
    {"}", -1, 0, "found '}'"},
    {"[1", -1, 2, "',' or ']', found the end"},
    {"[1,", -1, 3, "expected a value, found the end"},
    {"[1,]", -1, 3, "expected a value, found ']'"},
    {"[,1]", -1, 1, "expected a value, found ','"},
    {"[1,,2]", -1, 3, "found ','"},
    {"[1 2]", -1, 3, "',' or ']', found '2'"},
    {"[1}", -1, 2, "',' or ']', found '}'"},
    {"{]", -1, 1, "found ']'"},
    {"[1]]", -1, 3, "the end after the one value, found ']'"},
    {"[][]", -1, 2, "the end after the one value"},
    {"{}{}", -1, 2, "the end after the one value"},
    {"1 2", -1, 2, "the end after the one value"},
    {"[\"a\":1]", -1, 4, "',' or ']', found ':'"},
    {"{\"a\"}", -1, 4, "':' after the member's name, found '}'"},
    {"{\"a\" 1}", -1, 5, "':' after the member's name"},
    {"{\"a\"::1}", -1, 5, "expected a value, found ':'"},
    {"{\"a\":}", -1, 5, "expected a value, found '}'"},
    {"{\"a\":1,}", -1, 7, "expected a quoted member name, found '}'"},
    {"{\"a\":1,,\"b\":2}", -1, 7, "found ','"},
    {"{,}", -1, 1, "found ','"},
    {"{\"a\":1 \"b\":2}", -1, 7, "',' or '}', found '\"'"},
    {"{\"a\":1]", -1, 6, "',' or '}', found ']'"},
    {"{a:1}", -1, 1, "found 'a'"},
    {"{1:1}", -1, 1, "found '1'"},
    {"{null:1}", -1, 1, "found 'n'"},
    {"{[]:1}", -1, 1, "found '['"},
    {"{\"a\":1", -1, 6, "found the end"},
    {"{\"a\":", -1, 5, "found the end"},
    {"{\"a", -1, 3, "a closing quote, found the end"},
    /* numbers */
    {"[-]", -1, 2, "expected a digit, found ']'"},
    {"[+1]", -1, 1, "found '+'"},
    {"[--1]", -1, 2, "expected a digit, found '-'"},
    {"[- 1]", -1, 2, "expected a digit, found ' '"},
    {"[01]", -1, 1, "leading zero"},
    {"[00]", -1, 1, "leading zero"},
    {"[-01]", -1, 1, "leading zero"},
    {"[-00]", -1, 1, "leading zero"},
    {"[012.5]", -1, 1, "leading zero"},
    {"[1.]", -1, 3, "a digit after the decimal point, found ']'"},
    {"[-1.]", -1, 4, "a digit after the decimal point"},
    {"[1.e1]", -1, 3, "a digit after the decimal point, found 'e'"},
    {"[.5]", -1, 1, "found '.'"},
    {"[-.5]", -1, 2, "expected a digit, found '.'"},
    {"[1.2.3]", -1, 4, "',' or ']', found '.'"},
    {"[1e]", -1, 3, "a digit in the exponent, found ']'"},
    {"[1e+]", -1, 4, "a digit in the exponent"},
    {"[1e-]", -1, 4, "a digit in the exponent"},
    {"[1e+-2]", -1, 4, "a digit in the exponent"},
    {"[1eE2]", -1, 3, "a digit in the exponent"},
    {"[1e1.5]", -1, 4, "',' or ']', found '.'"},
    {"[0e]", -1, 3, "a digit in the exponent"},
    {"[0x10]", -1, 2, "found 'x'"},
    {"[1_000]", -1, 2, "found '_'"},
    {"[1 000]", -1, 3, "found '0'"},
    {"[1,5.]", -1, 5, "a digit after the decimal point"},
    {"[1f]", -1, 2, "found 'f'"},
    {"[\xef\xbc\x91]", -1, 1, "found byte 0xef"},
    /* strings */
    {"[\"]", -1, 3, "a closing quote, found the end"},
    {"[\"a\nb\"]", -1, 3, "control characters in a string to be escaped, found byte 0x0a"},
    {"[\"\t\"]", -1, 2, "found byte 0x09"},
    {"[\"\x1f\"]", -1, 2, "found byte 0x1f"},
    {"{\"a\tb\":1}", -1, 3, "found byte 0x09"},
    {"[\"\\x41\"]", -1, 3, "after a backslash, found 'x'"},
    {"[\"\\a\"]", -1, 3, "after a backslash"},
    {"[\"\\'\"]", -1, 3, "after a backslash"},
    {"[\"\\U0041\"]", -1, 3, "after a backslash"},
    {"[\"\\\n\"]", -1, 3, "after a backslash"},
    {"[\"\\\0\"]", 6, 3, "after a backslash, found byte 0x00"},
    {"[\"\\", -1, 3, "after a backslash, found the end"},
    {"[\"\\\"]", -1, 5, "a closing quote"},
    {"[\"\\u\"]", -1, 4, "four hexadecimal digits"},
    {"[\"\\u12\"]", -1, 6, "four hexadecimal digits"},
    {"[\"\\u12g4\"]", -1, 6, "four hexadecimal digits after \\u, found 'g'"},
    {"[\"\\u+123\"]", -1, 4, "four hexadecimal digits"},
    {"[\"\\u123", -1, 7, "found the end"},
    {"[\"\\u0000\"]", -1, 2, "U+0000"},
    {"{\"a\\u0000\":1}", -1, 3, "U+0000"},
    {"[\"\\ud800\"]", -1, 2, "high surrogate without"},
    {"[\"x\\uDBFFx\"]", -1, 3, "high surrogate without"},
    {"[\"\\ud800\\n\"]", -1, 2, "high surrogate without"},
    {"[\"\\ud800\\u0041\"]", -1, 2, "high surrogate without"},
    {"[\"\\ud800\\udbff\"]", -1, 2, "high surrogate without"},
    {"[\"\\ud800\\ue000\"]", -1, 2, "high surrogate without"},
    {"[\"\\ud800\\ud800\"]", -1, 2, "high surrogate without"},
    {"[\"\\ud800\\u\"]", -1, 10, "four hexadecimal digits"},
    {"[\"\\ud800\\", -1, 2, "high surrogate without"},
    {"[\"\\udc00\"]", -1, 2, "low surrogate without"},
    {"[\"\\udfff\\ud800\"]", -1, 2, "low surrogate without"},
    {"{\"\\udead\":1}", -1, 2, "low surrogate without"},
    /* UTF-8 */
    {"[\"\xff\"]", -1, 2, "not UTF-8"},
    {"[\"a\x80\"]", -1, 3, "not UTF-8"},
    {"[\"\xc0\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xc3\"]", -1, 2, "not UTF-8"},
    {"[\"\xc3\xa7\xc3\"]", -1, 4, "not UTF-8"},
    {"[\"\xe0\x80\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xe2\x82\"]", -1, 2, "not UTF-8"},
    {"[\"\xed\xa0\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xf0\x80\x80\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xf4\x90\x80\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xf8\x88\x80\x80\x80\"]", -1, 2, "not UTF-8"},
    {"[\"\xe9\"]", -1, 2, "not UTF-8"}, /* Latin-1 */
    {"[\"\xf0\x9f\x98\x80\xf0\x9f\"]", -1, 6, "not UTF-8"},
    {"{\"\xe7\":1}", -1, 2, "not UTF-8"},
    /* names */
    {"{\"a\":1,\"a\":2}", -1, 7, "this member name was used before"},
    {"{\"a\":1,\"a\":1}", -1, 7, "this member name was used before"},
    {"{\"a\":1,\"\\u0061\":2}", -1, 7, "this member name was used before"},
    {"{\"\":1,\"\":2}", -1, 6, "this member name was used before"},
    {"[{\"b\":1},{\"b\":1,\"c\":[],\"b\":null}]", -1, 23, "this member name was used before"},
};

static void refuses_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(refused); i++) {
        const struct refused *c = &refused[i];
        size_t n = c->length < 0 ? strlen(c->text) : (size_t)c->length;
        struct rg_json *doc = NULL;
        struct rg_error err = {0};
        char head[32];
        (void)snprintf(head, sizeof head, "JSON byte %d,", c->offset);
        if (rg_json_parse((struct rg_str){c->text, n}, MAX_BYTES, &doc, &err) != RG_EINVAL || doc != NULL)
            fail_msg("case %zu was not refused: %s", i, c->text);
        if (strstr(err.text, head) != err.text || strstr(err.text, c->says) == NULL || err.code != RG_EINVAL)
            fail_msg("case %zu, %s: expected \"%s … %s\", got: %s", i, c->text, head, c->says, err.text);
    }
}

static void refuses_without_an_error_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(refused); i++) {
        struct rg_json *doc = NULL;
        size_t n = refused[i].length < 0 ? strlen(refused[i].text) : (size_t)refused[i].length;
        assert_int_equal(rg_json_parse((struct rg_str){refused[i].text, n}, MAX_BYTES, &doc, NULL), RG_EINVAL);
    }
}

static void names_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"x", "top level:"},
        {"[1,x]", "/1:"},
        {"[[],[0,{\"k\":x}]]", "/1/1/k:"},
        {"{\"a\":{\"b\":[1,2,x]}}", "/a/b/2:"},
        {"{\"a\":{\"b\":[1,2}}", "/a/b:"},
        {"{\"a\":1,\"b\":[],\"c\":x}", "/c:"},
        {"{\"a/b\":{\"c~d\":x}}", "/a~1b/c~0d:"},
        {"{\"\\u001b[31m\\n\":x}", "/?[31m?:"},
        {"{\"\xc3\xa7\":x}", "/??:"},
        {"{\"p\":{\"a\":1,\"a\":2}}", "/p/a:"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = NULL;
        struct rg_error err = {0};
        assert_int_equal(rg_json_parse(rg_str(cases[i].text), MAX_BYTES, &doc, &err), RG_EINVAL);
        char *place = strstr(err.text, ", ");
        assert_non_null(place);
        if (strncmp(place + 2, cases[i].place, strlen(cases[i].place)) != 0)
            fail_msg("%s: expected %s, got: %s", cases[i].text, cases[i].place, err.text);
    }
}

static void cuts_a_long_place(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, MAX_BYTES);
    rg_buf_adds(&buf, "{\"");
    for (int i = 0; i < 100000; i++)
        rg_buf_addc(&buf, 'k');
    rg_buf_adds(&buf, "\":x}");
    struct rg_json *doc = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_json_parse(rg_buf_str(&buf), MAX_BYTES, &doc, &err), RG_EINVAL);
    assert_non_null(strstr(err.text, "kkk…: expected a value, found 'x'"));
}

static void any_truncation_is_refused(void **state)
{
    (void)state;
    const char *whole = "{\"id\":\"e-1\",\"n\":[-1.5e+3,true,null],\"s\":\"a\\\\\\ud83d\\ude00\xe2\x82\xac\"}";
    struct rg_json *doc = parse(whole);
    rg_json_free(&doc);
    for (size_t n = 0; n < strlen(whole); n++)
        assert_int_equal(rg_json_parse((struct rg_str){whole, n}, MAX_BYTES, &doc, NULL), RG_EINVAL);
    assert_null(doc);
}

static int parse_nested(size_t depth, char open, char close, struct rg_error *err)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, MAX_BYTES);
    for (size_t i = 0; i < depth; i++)
        rg_buf_adds(&buf, open == '[' ? "[" : i + 1 < depth ? "{\"a\":" : "{");
    for (size_t i = 0; i < depth; i++)
        rg_buf_addc(&buf, close);
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    return rg_json_parse(rg_buf_str(&buf), MAX_BYTES, &doc, err);
}

static void limits_depth(void **state)
{
    (void)state;
    struct rg_error err = {0};
    assert_int_equal(parse_nested(RG_JSON_DEPTH_MAX, '[', ']', &err), 0);
    assert_int_equal(parse_nested(RG_JSON_DEPTH_MAX, '{', '}', &err), 0);
    assert_int_equal(parse_nested(RG_JSON_DEPTH_MAX + 1, '[', ']', &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "JSON byte 32, /0/0"));
    assert_non_null(strstr(err.text, "nested deeper than 32 levels"));
    assert_int_equal(parse_nested(RG_JSON_DEPTH_MAX + 1, '{', '}', &err), RG_ELIMIT);
    assert_int_equal(parse_nested(1000000, '[', ']', &err), RG_ELIMIT);
}

static void limits_bytes(void **state)
{
    (void)state;
    struct rg_json *doc = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_json_parse(RG_STR("[12345]"), 7, &doc, &err), 0);
    rg_json_free(&doc);
    assert_int_equal(rg_json_parse(RG_STR("[12345]"), 6, &doc, &err), RG_ELIMIT);
    assert_string_equal(err.text, "JSON of 7 bytes, at most 6 are accepted");
    assert_int_equal(rg_json_parse((struct rg_str){0}, 0, &doc, &err), RG_EINVAL);
    rg_json_free(&doc); /* NULL is fine */
}

static int parse_array_of(size_t count, struct rg_error *err)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, MAX_BYTES);
    rg_buf_addc(&buf, '[');
    for (size_t i = 0; i < count; i++)
        rg_buf_adds(&buf, i > 0 ? ",0" : "0");
    rg_buf_addc(&buf, ']');
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    int rc = rg_json_parse(rg_buf_str(&buf), MAX_BYTES, &doc, err);
    if (rc == 0)
        assert_int_equal(rg_json_count(rg_json_root(doc)), count);
    return rc;
}

static void limits_values(void **state)
{
    (void)state;
    struct rg_error err = {0};
    assert_int_equal(parse_array_of(RG_JSON_VALUES_MAX - 1, &err), 0);
    assert_int_equal(parse_array_of(RG_JSON_VALUES_MAX, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "more than 262144 values"));
}

/* `twin` of `count` names repeats name 0; past the end: none does. */
static int parse_members(size_t count, size_t twin, struct rg_error *err)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, MAX_BYTES);
    for (size_t i = 0; i < count; i++)
        rg_buf_addf(&buf, "%c\"k%zu\":%zu", i > 0 ? ',' : '{', i == twin ? 0 : i, i);
    rg_buf_addc(&buf, '}');
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    return rg_json_parse(rg_buf_str(&buf), MAX_BYTES, &doc, err);
}

static void finds_twins_in_objects_of_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 3, 15, 16, 17, 18, 40, 1000, 100000};
    for (size_t i = 0; i < RG_COUNT(sizes); i++) {
        struct rg_error err = {0};
        assert_int_equal(parse_members(sizes[i], sizes[i], &err), 0);
        assert_int_equal(parse_members(sizes[i], 1, &err), RG_EINVAL);
        assert_non_null(strstr(err.text, "JSON byte 8, /k0: this member name was used before"));
        assert_int_equal(parse_members(sizes[i], sizes[i] - 1, &err), RG_EINVAL);
    }
}

static void names_the_first_of_several_twins(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, MAX_BYTES);
    for (size_t i = 0; i < 40; i++) /* 20 and 30 repeat names whose alphabetical order is the other way round */
        rg_buf_addf(&buf, "%c\"k%02zu\":1", i > 0 ? ',' : '{', i == 20 ? 9 : i == 30 ? 5 : i == 35 ? 9 : i);
    rg_buf_addc(&buf, '}');
    struct rg_json *doc = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_json_parse(rg_buf_str(&buf), MAX_BYTES, &doc, &err), RG_EINVAL);
    assert_non_null(strstr(err.text, "JSON byte 161, /k09: this member name was used before"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_grammar),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(refuses_without_an_error_object),
        cmocka_unit_test(names_the_place),
        cmocka_unit_test(cuts_a_long_place),
        cmocka_unit_test(any_truncation_is_refused),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(limits_bytes),
        cmocka_unit_test(limits_values),
        cmocka_unit_test(finds_twins_in_objects_of_any_size),
        cmocka_unit_test(names_the_first_of_several_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
