/* Reads lines, lets the suite answer, writes lines; each answer is flushed, so that a driver may ask one question at a time.
 * The answer is built in a buffer and printed whole: half an answer would be worse than none. */
#include "tests/adapter/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTION_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)

static const struct suite {
    const char *name;
    rg_suite_fn *answer;
} SUITES[] = {
    {"bizdays", rg_suite_bizdays},
    {"cel", rg_suite_cel},
    {"cloudevents", rg_suite_cloudevents},
    {"cut", rg_suite_cut},
    {"documents", rg_suite_documents},
    {"latefees", rg_suite_latefees},
    {"obligation", rg_suite_obligation},
    {"phones", rg_suite_phones},
    {"sms", rg_suite_sms},
};

static const struct suite *find_suite(const char *name)
{
    for (size_t i = 0; i < RG_COUNT(SUITES); i++)
        if (strcmp(SUITES[i].name, name) == 0)
            return &SUITES[i];
    return NULL;
}

static int usage(void)
{
    fputs("usage: adapter SUITE < questions > answers\nsuites:", stderr);
    for (size_t i = 0; i < RG_COUNT(SUITES); i++)
        fprintf(stderr, " %s", SUITES[i].name);
    fputs("\n", stderr);
    return 2;
}

static void answer_line(const struct suite *suite, struct rg_str line, struct rg_buf *out)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err = {0};
    struct rg_jw answer;
    int rc = rg_json_parse(line, QUESTION_MAX_BYTES, &doc, &err);
    const struct rg_json_value *question = rc < 0 ? NULL : rg_json_root(doc);
    rg_jw_init(&answer, out);
    rg_jw_object(&answer);
    rg_jw_key(&answer, "id");
    rg_jw_value(&answer, rg_json_get(question, "id"));
    if (rc < 0)
        rg_jw_member_cstr(&answer, "error", err.text);
    else if (rg_json_kind(question) != RG_JSON_OBJECT)
        rg_jw_member_cstr(&answer, "error", "expected a JSON object");
    else
        suite->answer(question, &answer);
    rg_jw_object_end(&answer);
    rg_jw_done(&answer);
}

static bool is_blank(struct rg_str line)
{
    return strspn(line.p, " \t\r\n") == line.n;
}

int main(int argc, char **argv)
{
    const struct suite *suite = argc == 2 ? find_suite(argv[1]) : NULL;
    if (suite == NULL)
        return usage();
    struct rg_buf out;
    rg_buf_init(&out, ANSWER_MAX_BYTES);
    char *text = NULL;
    size_t capacity = 0;
    ssize_t n;
    while ((n = getline(&text, &capacity, stdin)) >= 0) {
        struct rg_str line = {text, (size_t)n};
        if (is_blank(line))
            continue;
        rg_buf_reset(&out);
        answer_line(suite, line, &out);
        rg_buf_addc(&out, '\n');
        fwrite(out.data, 1, out.len, stdout);
        fflush(stdout);
    }
    bool failed = ferror(stdin) != 0 || ferror(stdout) != 0 || out.overflow;
    free(text);
    rg_buf_done(&out);
    return failed ? 1 : 0;
}
