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

static void decodes_strings(void **state)
{
    (void)state;
    static const struct {
        const char *json, *decoded;
    } cases[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"a\\nb\\nc\"", "a\nb\nc"},
        {"\"\\u0041\\u00e7\\u20AC\\ud83d\\ude00z\"", "A\xc3\xa7\xe2\x82\xac\xf0\x9f\x98\x80z"},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\"",
         "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\"cobran\xc3\xa7\x61 \\u2013 r\xc3\xa9gua\"", "cobran\xc3\xa7\x61 \xe2\x80\x93 r\xc3\xa9gua"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = parse(cases[i].json);
        struct rg_str text;
        assert_true(rg_json_str(rg_json_root(doc), &text));
        assert_int_equal(text.n, strlen(cases[i].decoded));
        assert_string_equal(text.p, cases[i].decoded);
        rg_json_free(&doc);
    }
}

static void outlives_the_bytes(void **state)
{
    (void)state;
    char bytes[] = "{\"key\":[\"text\",12]}";
    struct rg_json *doc = NULL;
    assert_int_equal(rg_json_parse(rg_str(bytes), MAX_BYTES, &doc, NULL), 0);
    memset(bytes, 'x', sizeof bytes - 1);
    const struct rg_json_value *array = rg_json_get(rg_json_root(doc), "key");
    struct rg_str text;
    assert_true(rg_json_str(rg_json_at(array, 0), &text));
    assert_string_equal(text.p, "text");
    assert_true(rg_str_is(rg_json_number_text(rg_json_at(array, 1)), "12"));
    rg_json_free(&doc);
}

static void walks_containers(void **state)
{
    (void)state;
    struct rg_json *doc = parse("{\"a\":[[1,[2]],{\"x\":null},3],\"b\":{},\"c\":\"end\"}");
    const struct rg_json_value *root = rg_json_root(doc);
    const char *const keys[] = {"a", "b", "c"};
    size_t seen = 0;
    RG_JSON_EACH(member, root)
        assert_true(rg_str_is(rg_json_key(member), keys[seen++]));
    assert_int_equal(seen, 3);
    assert_int_equal(rg_json_count(root), 3);
    const struct rg_json_value *array = rg_json_get(root, "a");
    static const enum rg_json_kind kinds[] = {RG_JSON_ARRAY, RG_JSON_OBJECT, RG_JSON_NUMBER};
    seen = 0;
    RG_JSON_EACH(item, array) {
        assert_int_equal(rg_json_kind(item), kinds[seen]);
        assert_ptr_equal(rg_json_at(array, seen), item);
        assert_null(rg_json_key(item).p);
        seen++;
    }
    assert_int_equal(seen, 3);
    assert_null(rg_json_at(array, 3));
    assert_null(rg_json_at(root, 0));
    assert_null(rg_json_next(rg_json_get(root, "b"), NULL));
    assert_null(rg_json_next(rg_json_get(root, "c"), NULL));
    assert_int_equal(rg_json_offset(array), 5);
    assert_int_equal(rg_json_offset(rg_json_get(root, "c")), 39);
    rg_json_free(&doc);
}

static void absence_is_harmless(void **state)
{
    (void)state;
    int64_t number = 7;
    bool flag = true;
    struct rg_str text = RG_STR("kept");
    char decimal[RG_JSON_DECIMAL_BYTES] = "kept";
    assert_int_equal(rg_json_kind(NULL), RG_JSON_ABSENT);
    assert_null(rg_json_get(NULL, "a"));
    assert_null(rg_json_get(rg_json_get(NULL, "a"), "b"));
    assert_null(rg_json_pointer(NULL, RG_STR("/a")));
    assert_null(rg_json_next(NULL, NULL));
    assert_null(rg_json_at(NULL, 0));
    assert_int_equal(rg_json_count(NULL), 0);
    assert_null(rg_json_key(NULL).p);
    assert_null(rg_json_number_text(NULL).p);
    assert_false(rg_json_int(NULL, &number));
    assert_false(rg_json_bool(NULL, &flag));
    assert_false(rg_json_str(NULL, &text));
    assert_false(rg_json_decimal_text(NULL, decimal));
    assert_int_equal(number, 7);
    assert_true(flag);
    assert_string_equal(text.p, "kept");
    assert_string_equal(decimal, "kept");
}

static void kinds_are_not_mixed_up(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum rg_json_kind kind;
        const char *name;
    } cases[] = {
        {"null", RG_JSON_NULL, "null"},     {"true", RG_JSON_BOOL, "boolean"}, {"false", RG_JSON_BOOL, "boolean"},
        {"1", RG_JSON_NUMBER, "number"},    {"\"1\"", RG_JSON_STRING, "string"}, {"[1]", RG_JSON_ARRAY, "array"},
        {"{\"1\":1}", RG_JSON_OBJECT, "object"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = parse(cases[i].json);
        const struct rg_json_value *v = rg_json_root(doc);
        int64_t number;
        bool flag = false;
        struct rg_str text;
        assert_int_equal(rg_json_kind(v), cases[i].kind);
        assert_string_equal(rg_json_kind_name(rg_json_kind(v)), cases[i].name);
        assert_int_equal(rg_json_int(v, &number), cases[i].kind == RG_JSON_NUMBER);
        assert_int_equal(rg_json_bool(v, &flag), cases[i].kind == RG_JSON_BOOL);
        assert_int_equal(rg_json_str(v, &text), cases[i].kind == RG_JSON_STRING);
        assert_int_equal(flag, strcmp(cases[i].json, "true") == 0);
        assert_int_equal(rg_json_get(v, "1") != NULL, cases[i].kind == RG_JSON_OBJECT);
        assert_int_equal(rg_json_at(v, 0) != NULL, cases[i].kind == RG_JSON_ARRAY);
        rg_json_free(&doc);
    }
}

static void follows_pointers(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":[{\"b\":\"found\"},[10,11]],\"\":\"empty\",\"x/y\":\"slash\",\"m~n\":\"tilde\",\"~1\":\"both\","
                               "\"0\":\"zero\",\"s\":\"text\",\"\xc3\xa7\":\"c\"}";
    static const struct {
        const char *pointer, *text; /* NULL: nothing is there */
    } cases[] = {
        {"/a/0/b", "found"}, {"/", "empty"}, {"/x~1y", "slash"}, {"/m~0n", "tilde"}, {"/~01", "both"}, {"/0", "zero"},
        {"/s", "text"}, {"/\xc3\xa7", "c"},
        {"a/0/b", NULL}, {"/a/2", NULL}, {"/a/-", NULL}, {"/a/00/b", NULL}, {"/a/+0/b", NULL}, {"/a/-0/b", NULL},
        {"/a/0/b/", NULL}, {"/a/0/b/c", NULL}, {"/a/", NULL}, {"/s/0", NULL}, {"//", NULL}, {"/x/y", NULL}, {"/m~n", NULL},
        {"/m~", NULL}, {"/~2", NULL}, {"/a/99999999999999999999", NULL}, {"/a/ 0", NULL}, {"/A", NULL}, {"/a/0/b~", NULL},
    };
    struct rg_json *doc = parse(json);
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        const struct rg_json_value *v = rg_json_pointer(rg_json_root(doc), rg_str(cases[i].pointer));
        struct rg_str text;
        if (cases[i].text == NULL && v != NULL)
            fail_msg("%s found something", cases[i].pointer);
        if (cases[i].text != NULL && (!rg_json_str(v, &text) || !rg_str_is(text, cases[i].text)))
            fail_msg("%s did not find %s", cases[i].pointer, cases[i].text);
    }
    assert_ptr_equal(rg_json_pointer(rg_json_root(doc), RG_STR("")), rg_json_root(doc));
    int64_t eleven = 0;
    assert_true(rg_json_int(rg_json_pointer(rg_json_root(doc), RG_STR("/a/1/1")), &eleven));
    assert_int_equal(eleven, 11);
    rg_json_free(&doc);
}

static void checks_pointers(void **state)
{
    (void)state;
    static const struct {
        const char *pointer;
        size_t n;
        int rc;
    } cases[] = {
        {"", 0, 0}, {"/", 1, 0}, {"/a/0/b", 6, 0}, {"/a~0b~1c", 8, 0}, {"//", 2, 0},
        {"a", 1, RG_EINVAL}, {"a/b", 3, RG_EINVAL}, {"/~", 2, RG_EINVAL}, {"/~2", 3, RG_EINVAL}, {"/a~/b", 5, RG_EINVAL},
        {"/\0", 2, RG_EINVAL}, {"/\xff", 2, RG_EINVAL}, {"#/a", 3, RG_EINVAL},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++)
        assert_int_equal(rg_json_pointer_check((struct rg_str){cases[i].pointer, cases[i].n}, NULL), cases[i].rc);
}

static void integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool accepted;
        int64_t value;
    } cases[] = {
        {"0", true, 0}, {"-0", true, 0}, {"1", true, 1}, {"-1", true, -1}, {"1000000000000", true, 1000000000000},
        {"9007199254740991", true, 9007199254740991}, {"-9007199254740991", true, -9007199254740991},
        {"9007199254740992", false, 0}, {"-9007199254740992", false, 0}, {"9007199254740993", false, 0},
        {"9223372036854775807", false, 0}, {"9223372036854775808", false, 0}, {"-9223372036854775808", false, 0},
        {"123456789012345678901234567890", false, 0}, {"1.0", false, 0}, {"0.0", false, 0}, {"1e0", false, 0}, {"1E2", false, 0},
        {"1.5", false, 0}, {"\"1\"", false, 0}, {"true", false, 0}, {"null", false, 0}, {"[1]", false, 0},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = parse(cases[i].json);
        int64_t value = -77;
        if (rg_json_int(rg_json_root(doc), &value) != cases[i].accepted)
            fail_msg("%s", cases[i].json);
        assert_int_equal(value, cases[i].accepted ? cases[i].value : -77);
        rg_json_free(&doc);
    }
}

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *json, *decimal; /* NULL: refused */
    } cases[] = {
        {"0", "0"}, {"-0", "0"}, {"0.00", "0"}, {"-0.0e5", "0"}, {"0e999999999999999999999", "0"}, {"1", "1"}, {"-1", "-1"},
        {"150.90", "150.9"}, {"150.9", "150.9"}, {"1509e-1", "150.9"}, {"1.50e2", "150"}, {"1.5E+2", "150"}, {"100", "100"},
        {"100.00", "100"}, {"100.05", "100.05"}, {"0.1", "0.1"}, {"0.01", "0.01"}, {"-0.07", "-0.07"}, {"10e-3", "0.01"},
        {"1e14", "100000000000000"},
        {"123456789012345", "123456789012345"}, {"-12345678901234.5", "-12345678901234.5"}, {"0.123456789012345",
        "0.123456789012345"},
        {"-0.123456789012345", "-0.123456789012345"}, {"0.000000000000001", "0.000000000000001"}, {"1e-15", "0.000000000000001"},
        {"123456789012345000e-3", "123456789012345"}, {"1.10000000000000000000", "1.1"}, {"0.5e1", "5"}, {"0.005e2", "0.5"},
        {"99.99", "99.99"}, {"1e-2", "0.01"}, {"12.5e0", "12.5"},
        {"1234567890123456", NULL}, {"0.1234567890123456", NULL}, {"0.30000000000000004", NULL}, {"1e15", NULL},
        {"1000000000000000", NULL},
        {"1e-16", NULL}, {"0.0000000000000001", NULL}, {"1.5e-15", NULL}, {"1e999", NULL}, {"1e99999999999999999999", NULL},
        {"1e-99999999999999999999", NULL}, {"1e9223372036854775807", NULL}, {"1e-9223372036854775808", NULL},
        {"0.1e-9223372036854775808", NULL},
        {"\"1.5\"", NULL}, {"true", NULL}, {"[1.5]", NULL},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc = parse(cases[i].json);
        char decimal[RG_JSON_DECIMAL_BYTES] = "untouched";
        bool accepted = rg_json_decimal_text(rg_json_root(doc), decimal);
        const char *wanted = cases[i].decimal != NULL ? cases[i].decimal : "untouched";
        if (accepted != (cases[i].decimal != NULL) || strcmp(decimal, wanted) != 0)
            fail_msg("%s: expected %s, got %s", cases[i].json, wanted, decimal);
        rg_json_free(&doc);
    }
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
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(outlives_the_bytes),
        cmocka_unit_test(walks_containers),
        cmocka_unit_test(absence_is_harmless),
        cmocka_unit_test(kinds_are_not_mixed_up),
        cmocka_unit_test(follows_pointers),
        cmocka_unit_test(checks_pointers),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(decimals_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
