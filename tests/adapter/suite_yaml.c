/* {file} → {result: accept} | {result: refuse, reason}, as a rules file: a ladder, on the small installation of tests/fakes/rules.h
 * with what is shipped. The reason is the first error, with its place. */
#include "tests/adapter/suite.h"

#include "config/yaml/yaml.h"
#include "tests/fakes/rules.h"

#ifndef RG_SHIPPED
#error "the build says where the shipped files are"
#endif

static void first_error(struct rg_diags *diags, struct rg_buf *into)
{
    for (size_t i = 0; i < rg_diags_count(diags); i++) {
        const struct rg_finding *finding = rg_diags_at(diags, i);
        if (finding->severity != RG_SEVERITY_ERROR)
            continue;
        rg_buf_addf(into, "%d:%d: %s [%s]", finding->line, finding->column, finding->text, finding->code);
        return;
    }
}

static void judge(const char *file, struct rg_str bytes, struct rg_jw *answer)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    struct rg_buf reason RG_CLEANUP(rg_buf_done);
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    const struct rg_rules_text text = {.file = file, .bytes = bytes};
    struct rg_rules_input input = rg_test_rules_input();
    input.shipped = RG_SHIPPED;
    input.texts = &text;
    input.text_count = 1;
    rg_buf_init(&reason, (size_t)16 * 1024);
    int rc = rg_rules_load_from(&input, diags, &rules, &templates, &inventory);
    first_error(diags, &reason);
    rg_answer_verdict(answer, rc == 0 ? NULL : rg_buf_cstr(&reason));
    rg_rules_free(&rules);
    rg_templates_free(&templates);
}

void rg_suite_yaml(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err = {0};
    rg_buf_init(&bytes, RG_YAML_BYTES_MAX);
    int rc = rg_ask_file(question, "file", answer, &bytes, &err);
    if (rc == 0)
        judge("rules.yaml", rg_buf_str(&bytes), answer);
    else if (rc == RG_ELIMIT)
        rg_answer_verdict(answer, err.text);
}
