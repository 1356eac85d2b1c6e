/* What is asked of an accepted document: decoded strings, exact numbers, walks and pointers, and the answers of absence. */
#include "base/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MAX_BYTES ((size_t)64 * 1024)

static struct rg_json *parse(const char *text)
{
    struct rg_json *doc = NULL;
    struct rg_error err = {0};
    if (rg_json_parse(rg_str(text), MAX_BYTES, &doc, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return doc;
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
    static const char json[] = "{\"a\":[{\"b\":\"found\"},[10,11]],\"\":\"empty\",\"x/y\":\"slash\",\"m~n\":\"tilde\","
                               "\"~1\":\"both\",\"0\":\"zero\",\"s\":\"text\",\"\xc3\xa7\":\"c\"}";
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
