/* The suites mustache and mime: public vectors as they stand in the Mustache specification and in RFC 2047 and 2231. */
#include "tests/unit/tests/adapter/ask.h"

#define MU(id, template, data, output) \
    { \
        "{\"id\":" id ",\"template\":\"" template "\",\"data\":" data "}", "{\"id\":" id ",\"output\":\"" output "\"}" \
    }
#define MUP(id, template, data, partials, output) \
    { \
        "{\"id\":" id ",\"template\":\"" template "\",\"data\":" data ",\"partials\":" partials "}", \
            "{\"id\":" id ",\"output\":\"" output "\"}" \
    }

static void test_mustache_values(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        MU("1", "Hello, {{subject}}!\\n", "{\"subject\":\"world\"}", "Hello, world!\\n"),
        MU("2", "{{forbidden}}", "{\"forbidden\":\"& \\\" < >\"}", "&amp; &quot; &lt; &gt;"),
        MU("3", "{{{forbidden}}} {{&forbidden}}", "{\"forbidden\":\"& \\\" < >\"}", "& \\\" < > & \\\" < >"),
        MU("4", "{{mph}} miles, {{power}} jiggawatts", "{\"mph\":85,\"power\":1.210}", "85 miles, 1.21 jiggawatts"),
        MU("5", "({{cannot}}) ({{a.b.c}})", "{\"cannot\":null,\"a\":{}}", "() ()"),
        MU("6", "{{person.name}} == {{#person}}{{name}}{{/person}}", "{\"person\":{\"name\":\"Joe\"}}", "Joe == Joe"),
        MU("7", "{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERROR\"}}", ""),
        MU("8", "Hello, {{.}}!", "\"world\"", "Hello, world!"),
        MU("9", "{{#list}}({{.}}){{/list}}", "{\"list\":[1,2,3,4,5]}", "(1)(2)(3)(4)(5)"),
        MU("10", "{{#list}}({{#.}}{{.}}{{/.}}){{/list}}", "{\"list\":[[1,2,3],[\"a\",\"b\",\"c\"]]}", "(123)(abc)"),
        MU("11", "{{^boolean}}no{{/boolean}}{{#boolean}}yes{{/boolean}}", "{\"boolean\":false}", "no"),
        MU("12", "12345{{! Comment Block! }}67890", "{}", "1234567890"),
        MU("13", "{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey!\"}", "(Hey!)"),
        MU("14", "| This Is\\n{{#boolean}}\\n|\\n{{/boolean}}\\n| A Line\\n", "{\"boolean\":true}",
           "| This Is\\n|\\n| A Line\\n"),
        MU("15", "{{#b}}{{#c}}{{c}}{{/c}}{{/b}}", "{\"b\":true,\"c\":\"{{b}}\"}", "{{b}}"),
    };
    assert_suite("mustache", ROWS, RG_COUNT(ROWS));
}

static void test_mustache_partials(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        MUP("1", "\\\"{{>text}}\\\"", "{}", "{\"text\":\"from partial\"}", "\\\"from partial\\\""),
        MUP("2", "\\\"{{>text}}\\\"", "{}", "{}", "\\\"\\\""),
        MUP("3", "{{>node}}", "{\"content\":\"X\",\"nodes\":[{\"content\":\"Y\",\"nodes\":[]}]}",
            "{\"node\":\"{{content}}<{{#nodes}}{{>node}}{{/nodes}}>\"}", "X<Y<>>"),
        MUP("4", "\\\\\\n {{>partial}}\\n/\\n", "{\"content\":\"<\\n->\"}", "{\"partial\":\"|\\n{{{content}}}\\n|\\n\"}",
            "\\\\\\n |\\n <\\n->\\n |\\n/\\n"),
        MUP("5", "{{=| |=}}|>p|", "{\"text\":\"content\"}", "{\"p\":\".{{text}}.\"}", ".content."),
    };
    assert_suite("mustache", ROWS, RG_COUNT(ROWS));
}

static void test_mustache_refused(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"{\"id\":1,\"template\":\"{{a\"}",
         "{\"id\":1,\"error\":\"template, byte 0: a tag is opened here and never closed by \\\"}}\\\"\"}"},
        {"{\"id\":2,\"template\":\"x\",\"partials\":{\"p\":\"{{/q}}\"}}",
         "{\"id\":2,\"error\":\"partial p, byte 0: \\\"/q\\\" closes a section that was never opened\"}"},
        {"{\"id\":3,\"template\":\"x\",\"partials\":[\"p\"]}",
         "{\"id\":3,\"error\":\"expected \\\"partials\\\" to be an object of at most 64 texts\"}"},
        {"{\"id\":4,\"template\":\"x\",\"partials\":{\"p\":5}}",
         "{\"id\":4,\"error\":\"expected \\\"partials\\\" to be an object of at most 64 texts\"}"},
        {"{\"id\":5,\"template\":\"{{>p}}\",\"partials\":{\"p\":\"{{>p}}\"}}",
         "{\"id\":5,\"error\":\"partials more than 32 deep, does \\\"p\\\" include itself?\"}"},
    };
    assert_suite("mustache", ROWS, RG_COUNT(ROWS));
}

static void test_mustache_limits(void **state)
{
    (void)state;
    struct rg_buf question RG_CLEANUP(rg_buf_done);
    rg_buf_init(&question, (size_t)64 * 1024);
    for (int partials = 64; partials <= 65; partials++) {
        rg_buf_addf(&question, "{\"id\":%d,\"template\":\"{{>p63}}\",\"partials\":{", partials);
        for (int i = 0; i < partials; i++)
            rg_buf_addf(&question, "%s\"p%d\":\"%d\"", i > 0 ? "," : "", i, i);
        rg_buf_adds(&question, "}}\n");
    }
    char *answers = ask("mustache", rg_buf_cstr(&question), question.len);
    assert_string_equal(answers, "{\"id\":64,\"output\":\"63\"}\n"
                                 "{\"id\":65,\"error\":\"expected \\\"partials\\\" to be an object of at most 64 texts\"}\n");
    rg_free(&answers);
}

#define MIME(id, kind, text, header) \
    { \
        "{\"id\":" id ",\"kind\":\"" kind "\",\"text\":\"" text "\"}", "{\"id\":" id ",\"header\":" header "}" \
    }
#define NAME(id, text, address, header) \
    { \
        "{\"id\":" id ",\"kind\":\"display_name\",\"text\":\"" text "\",\"address\":\"" address "\"}", \
            "{\"id\":" id ",\"header\":" header "}" \
    }

/* The people and texts of RFC 2047 section 8 and RFC 2231 section 4, in the one character set that we write. */
static void test_mime(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        NAME("1", "Keith Moore", "moore@cs.utk.edu", "\"From: Keith Moore <moore@cs.utk.edu>\""),
        NAME("2", "Keld Jørn Simonsen", "keld@dkuug.dk", "\"From: =?UTF-8?B?S2VsZCBKw7hybiBTaW1vbnNlbg==?= <keld@dkuug.dk>\""),
        NAME("3", "Olle Järnefors", "ojarnef@admin.kth.se", "\"From: =?UTF-8?B?T2xsZSBKw6RybmVmb3Jz?= <ojarnef@admin.kth.se>\""),
        NAME("4", "", "keld@dkuug.dk", "\"From: keld@dkuug.dk\""),
        NAME("5", "a\\r\\nBcc: x@y.example", "keld@dkuug.dk", "null"),
        NAME("6", "Keld", "keld@dkuug.dk\\r\\nBcc: x@y.example", "null"),
        NAME("7", "Keld", "keld", "null"),
        MIME("8", "subject", "Patrik Fältström", "\"Subject: =?UTF-8?B?UGF0cmlrIEbDpGx0c3Ryw7Zt?=\""),
        MIME("9", "subject", "If you can read this you understand the example.",
             "\"Subject: If you can read this you understand the example.\""),
        MIME("10", "subject", "=?ISO-8859-1?Q?a?=", "\"Subject: =?UTF-8?B?PT9JU08tODg1OS0xP1E/YT89?=\""),
        MIME("11", "subject", "a\\nb", "null"),
        MIME("12", "filename", "fatura.pdf", "\"Content-Disposition: attachment;\\r\\n filename=\\\"fatura.pdf\\\"\""),
        MIME("13", "filename", "£ rates.pdf", "\"Content-Disposition: attachment;\\r\\n filename*=UTF-8''%C2%A3%20rates.pdf\""),
        MIME("14", "filename", "a\\u0085b", "null"),
        {"{\"id\":15,\"kind\":\"display_name\",\"text\":\"x\"}",
         "{\"id\":15,\"error\":\"expected \\\"address\\\" to be a string\"}"},
        {"{\"id\":16,\"kind\":\"body\",\"text\":\"x\"}",
         "{\"id\":16,\"error\":\"expected \\\"kind\\\" to be one of subject display_name filename\"}"},
    };
    assert_suite("mime", ROWS, RG_COUNT(ROWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mustache_values),
        cmocka_unit_test(test_mustache_partials),
        cmocka_unit_test(test_mustache_refused),
        cmocka_unit_test(test_mustache_limits),
        cmocka_unit_test(test_mime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
