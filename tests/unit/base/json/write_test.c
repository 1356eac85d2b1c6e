/* The writer: compact, always valid, and read back by the reader as what was written. Misuse aborts (checked in a child). */
#include "base/json/write.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void writes_an_event(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, 4096);
    rg_jw_init(&jw, &buf);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "v", 1);
    rg_jw_member_cstr(&jw, "kind", "invoice.issued");
    rg_jw_member_str(&jw, "none", (struct rg_str){0});
    rg_jw_member_opt_str(&jw, "left-out", (struct rg_str){0});
    rg_jw_member_opt_str(&jw, "empty", RG_STR(""));
    rg_jw_member_bool(&jw, "live", true);
    rg_jw_member_null(&jw, "until");
    rg_jw_member_raw(&jw, "rate", RG_STR("1.50"));
    rg_jw_member_array(&jw, "invoices");
    rg_jw_str(&jw, RG_STR("a"));
    rg_jw_object(&jw);
    rg_jw_object_end(&jw);
    rg_jw_array(&jw);
    rg_jw_array_end(&jw);
    rg_jw_bool(&jw, false);
    rg_jw_null(&jw);
    rg_jw_int(&jw, -5);
    rg_jw_array_end(&jw);
    rg_jw_member_object(&jw, "who");
    rg_jw_key_str(&jw, RG_STR("by"));
    rg_jw_cstr(&jw, NULL);
    rg_jw_object_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    assert_string_equal(rg_buf_cstr(&buf),
                        "{\"v\":1,\"kind\":\"invoice.issued\",\"none\":null,\"empty\":\"\",\"live\":true,\"until\":null,"
                        "\"rate\":1.50,\"invoices\":[\"a\",{},[],false,null,-5],\"who\":{\"by\":null}}");
}

static void writes_scalars_at_the_top(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"}, {-1, "-1"}, {10, "10"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        struct rg_jw jw;
        rg_buf_init(&buf, 64);
        rg_jw_init(&jw, &buf);
        rg_jw_int(&jw, cases[i].number);
        rg_jw_done(&jw);
        assert_string_equal(rg_buf_cstr(&buf), cases[i].text);
    }
}

static void escapes(void **state)
{
    (void)state;
    static const struct {
        struct rg_str text;
        const char *json;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"a\"b\\c/d", 7}, "\"a\\\"b\\\\c/d\""},
        {{"\b\f\n\r\t\x01\x1f\x7f", 8}, "\"\\u0008\\u000c\\n\\r\\t\\u0001\\u001f\x7f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"cobran\xc3\xa7\x61 \xf0\x9f\x98\x80", 14}, "\"cobran\xc3\xa7\x61 \xf0\x9f\x98\x80\""},
        {{"\xff", 1}, "\"\xef\xbf\xbd\""},
        {{"a\xe7\xf5z", 4}, "\"a\xef\xbf\xbd\xef\xbf\xbdz\""},
        {{"\xc3\"", 2}, "\"\xef\xbf\xbd\\\"\""},
        {{"\xe2\x82", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {{"\xc3\xa7\xed\xa0\x80", 5}, "\"\xc3\xa7\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        rg_buf_init(&buf, 256);
        rg_json_quote(&buf, cases[i].text);
        assert_string_equal(rg_buf_cstr(&buf), cases[i].json);
    }
}

static void copies_parsed_values(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "null", "true", "\"x\"", "1.50", "-0", "1e999", "[]", "{}", "[[],{},[[]]]",
        "{\"a\":{\"b\":[1,{\"c\":null}],\"d\":\"\\n\"},\"e\":false}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "[1,[2,[3],4],5]",
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
        struct rg_buf buf RG_CLEANUP(rg_buf_done);
        struct rg_jw jw;
        assert_int_equal(rg_json_parse(rg_str(cases[i]), 4096, &doc, NULL), 0);
        rg_buf_init(&buf, 4096);
        rg_jw_init(&jw, &buf);
        rg_jw_value(&jw, rg_json_root(doc));
        rg_jw_done(&jw);
        assert_string_equal(rg_buf_cstr(&buf), cases[i]);
    }
}

static void copies_into_the_middle(void **state)
{
    (void)state;
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    assert_int_equal(rg_json_parse(RG_STR("{\"a\":[1,2],\"b\":3}"), 4096, &doc, NULL), 0);
    rg_buf_init(&buf, 4096);
    rg_jw_init(&jw, &buf);
    rg_jw_array(&jw);
    rg_jw_value(&jw, rg_json_get(rg_json_root(doc), "a"));
    rg_jw_value(&jw, NULL);
    rg_jw_object(&jw);
    rg_jw_key(&jw, "copy");
    rg_jw_value(&jw, rg_json_root(doc));
    rg_jw_member_int(&jw, "after", 1);
    rg_jw_object_end(&jw);
    rg_jw_array_end(&jw);
    rg_jw_done(&jw);
    assert_string_equal(rg_buf_cstr(&buf), "[[1,2],null,{\"copy\":{\"a\":[1,2],\"b\":3},\"after\":1}]");
}

static void remembers_overflow(void **state)
{
    (void)state;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, 8);
    rg_jw_init(&jw, &buf);
    rg_jw_array(&jw);
    rg_jw_cstr(&jw, "123456");
    rg_jw_array_end(&jw);
    rg_jw_done(&jw);
    assert_true(buf.overflow);
}

static void misuse_key_outside(struct rg_jw *jw) { rg_jw_key(jw, "a"); }
static void misuse_key_in_array(struct rg_jw *jw) { rg_jw_array(jw), rg_jw_key(jw, "a"); }
static void misuse_two_keys(struct rg_jw *jw) { rg_jw_object(jw), rg_jw_key(jw, "a"), rg_jw_key(jw, "b"); }
static void misuse_value_without_key(struct rg_jw *jw) { rg_jw_object(jw), rg_jw_int(jw, 1); }
static void misuse_wrong_end(struct rg_jw *jw) { rg_jw_object(jw), rg_jw_array_end(jw); }
static void misuse_other_wrong_end(struct rg_jw *jw) { rg_jw_array(jw), rg_jw_object_end(jw); }
static void misuse_end_of_nothing(struct rg_jw *jw) { rg_jw_array_end(jw); }
static void misuse_key_left_alone(struct rg_jw *jw) { rg_jw_object(jw), rg_jw_key(jw, "a"), rg_jw_object_end(jw); }
static void misuse_two_values(struct rg_jw *jw) { rg_jw_int(jw, 1), rg_jw_int(jw, 2); }
static void misuse_after_the_end(struct rg_jw *jw) { rg_jw_array(jw), rg_jw_array_end(jw), rg_jw_array(jw); }
static void misuse_nothing_written(struct rg_jw *jw) { rg_jw_done(jw); }
static void misuse_left_open(struct rg_jw *jw) { rg_jw_array(jw), rg_jw_done(jw); }
static void misuse_empty_raw(struct rg_jw *jw) { rg_jw_raw(jw, RG_STR("")); }
static void misuse_too_deep(struct rg_jw *jw)
{
    for (int i = 0; i < RG_JW_DEPTH_MAX + 1; i++)
        rg_jw_array(jw);
}
static void use_at_full_depth(struct rg_jw *jw)
{
    for (int i = 0; i < RG_JW_DEPTH_MAX; i++)
        rg_jw_array(jw);
    for (int i = 0; i < RG_JW_DEPTH_MAX; i++)
        rg_jw_array_end(jw);
    rg_jw_done(jw);
}

static bool aborts(void (*use)(struct rg_jw *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)close(STDERR_FILENO);
        struct rg_buf buf;
        struct rg_jw jw;
        rg_buf_init(&buf, 4096);
        rg_jw_init(&jw, &buf);
        use(&jw);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void misuse_aborts(void **state)
{
    (void)state;
    static void (*const cases[])(struct rg_jw *) = {
        misuse_key_outside, misuse_key_in_array, misuse_two_keys, misuse_value_without_key, misuse_wrong_end,
        misuse_other_wrong_end,
        misuse_end_of_nothing, misuse_key_left_alone, misuse_two_values, misuse_after_the_end, misuse_nothing_written,
        misuse_left_open,
        misuse_empty_raw, misuse_too_deep,
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++)
        if (!aborts(cases[i]))
            fail_msg("misuse %zu went unnoticed", i);
    assert_false(aborts(use_at_full_depth));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_an_event),
        cmocka_unit_test(writes_scalars_at_the_top),
        cmocka_unit_test(escapes),
        cmocka_unit_test(copies_parsed_values),
        cmocka_unit_test(copies_into_the_middle),
        cmocka_unit_test(remembers_overflow),
        cmocka_unit_test(misuse_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
