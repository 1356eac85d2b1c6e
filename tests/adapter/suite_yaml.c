/* {file} → {result: accept} | {result: refuse, reason}, as a rules file: a ladder, on the small installation of
 * tests/fakes/rules.h with what is shipped. The reason is the first error, with its place. */
#include "tests/adapter/suite.h"

#include "config/yaml/yaml.h"
#include "tests/fakes/rules.h"

static void judge(struct rg_str bytes, struct rg_jw *answer)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    const struct rg_rules_text text = {.file = "rules", .bytes = bytes};
    struct rg_rules_input input = rg_test_rules_input();
    input.shipped = RG_SHIPPED;
    input.texts = &text;
    input.text_count = 1;
    bool fine = rg_rules_load_from(&input, diags, &rules, &templates, &inventory) == 0;
    rg_jw_member_cstr(answer, "result", fine ? "accept" : "refuse");
    if (!fine)
        rg_answer_first_error(answer, "reason", diags);
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
        judge(bytes.len > 0 ? rg_buf_str(&bytes) : RG_STR(""), answer);
    else if (rc == RG_ELIMIT)
        rg_answer_verdict(answer, err.text);
}
