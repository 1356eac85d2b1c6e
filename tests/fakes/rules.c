/* The small installation, and the way from a text to a snapshot. */
#include "tests/fakes/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 1024

static const struct rg_channel_info channels[] = {
    {.name = {"email", 5}, .best_evidence = RG_EVIDENCE_ACCEPTED},
    {.name = {"sms", 3}, .best_evidence = RG_EVIDENCE_DELIVERED},
    {.name = {"whatsapp", 8}, .best_evidence = RG_EVIDENCE_READ},
    {.name = {"letter", 6}, .best_evidence = RG_EVIDENCE_DELIVERED},
};
static const struct rg_service_info services[] = {
    {.name = {"internet", 8}, .sector = {"telecom", 7}, .creditor = {"provedor", 8}}};
static const struct rg_source_info sources[] = {{.name = {"billing", 7}, .payments = RG_PAYMENTS_LIVE}};

/* Tests are run with the place of the sources in their environment. */
static void shipped_path(char ret_path[PATH_BYTES_MAX], const char *below)
{
    const char *source = getenv("RG_SOURCE_DIR");
    int n = snprintf(ret_path, PATH_BYTES_MAX, "%s/config/shipped%s", source != NULL ? source : ".", below);
    rg_assert(n > 0 && n < PATH_BYTES_MAX);
}

struct rg_rules_input rg_test_rules_input(void)
{
    return (struct rg_rules_input){.mode = RG_MODE_LIVE,
                                   .channels = channels,
                                   .channel_count = RG_COUNT(channels),
                                   .services = services,
                                   .service_count = RG_COUNT(services),
                                   .sources = sources,
                                   .source_count = RG_COUNT(sources)};
}

static struct rg_rules *load(struct rg_rules_input input, struct rg_templates **ret_templates)
{
    char shipped[PATH_BYTES_MAX];
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    struct rg_diags *diags = rg_diags_new();
    shipped_path(shipped, "");
    input.shipped = shipped;
    int rc = rg_rules_load_from(&input, diags, &rules, &templates, &inventory);
    if (rc < 0) {
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        rg_buf_init(&text, 64 * 1024);
        rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
        (void)fprintf(stderr, "%s", rg_buf_cstr(&text)); /* the test ends here */
    }
    rg_assert(rc == 0);
    rg_diags_free(&diags);
    if (ret_templates != NULL)
        *ret_templates = templates;
    else
        rg_templates_free(&templates);
    return rules;
}

struct rg_rules *rg_test_rules(const char *yaml)
{
    struct rg_rules_text text = {.file = "ladder.yaml", .bytes = rg_str(yaml)};
    struct rg_rules_input input = rg_test_rules_input();
    input.texts = &text;
    input.text_count = 1;
    return load(input, NULL);
}

struct rg_rules *rg_test_rules_shipped(const char *name, struct rg_templates **ret_templates)
{
    char below[128], path[PATH_BYTES_MAX];
    int n = snprintf(below, sizeof below, "/ladders/%s.yaml", name);
    rg_assert(n > 0 && n < (int)sizeof below);
    shipped_path(path, below);
    const char *const paths[] = {path};
    struct rg_rules_input input = rg_test_rules_input();
    input.paths = paths;
    input.path_count = 1;
    return load(input, ret_templates);
}
