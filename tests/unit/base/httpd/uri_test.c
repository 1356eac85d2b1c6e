/* Targets: escapes are undone once, strictly, and after the segments were found. */
#include "base/httpd/uri.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static void escapes_are_undone_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* NULL: refused */
    } rows[] = {
        {"", ""},         {"8841", "8841"},       {"a%20b", "a b"}, {"a+b", "a+b"},   {"%2F", "/"},
        {"%2f%2F", "//"}, {"%C3%A7", "\xc3\xa7"}, {"%25", "%"},     {"%2541", "%41"}, {"%", NULL},
        {"%4", NULL},     {"a%4", NULL},          {"%4g", NULL},    {"%g4", NULL},    {"%00", NULL},
        {"a%00b", NULL},  {"%C3", NULL},          {"%ff", NULL},    {"%-1", NULL},    {"% 1", NULL},
    };
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str got = RG_STR("untouched");
        bool fine = rg_uri_decode(rg_str(rows[i].in), arena, &got);
        assert_int_equal(fine, rows[i].out != NULL);
        assert_true(rg_str_is(got, rows[i].out != NULL ? rows[i].out : "untouched"));
    }
}

static void values_of_a_query(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name;
        bool fine;
        const char *value; /* NULL: absent */
    } rows[] = {
        {NULL, "a", true, NULL},         {"", "a", true, NULL},         {"a=1", "a", true, "1"},
        {"b=1", "a", true, NULL},        {"a", "a", true, ""},          {"a=", "a", true, ""},
        {"x=1&a=2&y=3", "a", true, "2"}, {"a=b=c", "a", true, "b=c"},   {"a=x+y%2B", "a", true, "x y+"},
        {"%61=1", "a", true, "1"},       {"aa=1&a=2", "a", true, "2"},  {"&&a=1&", "a", true, "1"},
        {"a=1&a=2", "a", false, NULL},   {"a=1&a=1", "a", false, NULL}, {"a=%", "a", false, NULL},
        {"%zz=1", "a", false, NULL},     {"b=%00", "a", false, NULL},
    };
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str got = {0};
        assert_int_equal(rg_uri_query(rg_str(rows[i].query), rows[i].name, arena, &got), rows[i].fine);
        assert_int_equal(got.p != NULL, rows[i].value != NULL);
        assert_true(rows[i].value == NULL || rg_str_is(got, rows[i].value));
    }
}

static void paths_meet_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool match;
        const char *segment;
    } rows[] = {
        {"/livez", "/livez", true, NULL},      {"/livez", "/livez/", false, NULL},
        {"/livez", "/live", false, NULL},      {"/livez", "", false, NULL},
        {"/livez", "livez", false, NULL},      {"/livez", "//livez", false, NULL},
        {"/d/{id}", "/d/8841", true, "8841"},  {"/d/{id}", "/d/", false, NULL},
        {"/d/{id}", "/d", false, NULL},        {"/d/{id}", "/d/a%2Fb", true, "a%2Fb"},
        {"/d/{id}", "/d/a/b", false, NULL},    {"/d/{id}/x", "/d/a/x", true, "a"},
        {"/d/{id}/x", "/d//x", false, NULL},   {"/d/{id}/x", "/d/a/y", false, NULL},
        {"/d/{id}/x", "/d/a/x/", false, NULL}, {"/d/{id}", "/d/..", true, ".."},
        {"/LIVEZ", "/livez", false, NULL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_str segment = RG_STR("untouched");
        assert_int_equal(rg_uri_match(rows[i].pattern, rg_str(rows[i].path), &segment), rows[i].match);
        if (rows[i].match && rows[i].segment == NULL)
            assert_null(segment.p);
        else
            assert_true(rg_str_is(segment, rows[i].match ? rows[i].segment : "untouched"));
    }
}

static void what_is_encoded_is_decoded_again(void **state)
{
    (void)state;
    char all[256];
    size_t n = 0;
    for (int c = 1; c < 128; c++)
        all[n++] = (char)c;
    memcpy(all + n, "\xc3\xa7", 2);
    n += 2;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(1 << 20);
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    rg_buf_init(&buf, 4096);
    rg_buf_add_percent(&buf, (struct rg_str){all, n});
    assert_null(strpbrk(rg_buf_cstr(&buf), "/?#&=+ \"<>\n"));
    struct rg_str back = {0};
    assert_true(rg_uri_decode(rg_buf_str(&buf), arena, &back));
    assert_true(rg_str_eq(back, (struct rg_str){all, n}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_undone_or_refused),
        cmocka_unit_test(values_of_a_query),
        cmocka_unit_test(paths_meet_patterns),
        cmocka_unit_test(what_is_encoded_is_decoded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
