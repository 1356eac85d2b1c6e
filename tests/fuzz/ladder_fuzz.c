/* Whatever a person writes into a ladder, a policy or a calendar: the loader ends, says something or makes a snapshot, and a snapshot has a
 * name, steps whose references hold, and a text for every message. The first byte chooses what the rest is. */
#include "config/ladder/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LADDER(calendar)                                                                                                           \
    "language: 1\nladder: a\ncalendar: " calendar "\npriority: 1\ndefaults: { via: [sms] }\nsteps:\n  b: { day: D+1, tone: reminder, template: t }\n"    \
    "templates:\n  t: \"{{> credor}}\"\n"

/* The least tree that a ladder can rest on, made once a process. */
static char tree[64];

static void put(const char *name, struct rg_str text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", tree, name);
    FILE *file = fopen(path, "w");
    rg_assert(file != NULL && fwrite(text.p, 1, text.n, file) == text.n && fclose(file) == 0);
}

static const char *const parts[] = {"calendars", "templates", "templates/partials"};
static const char *const files[] = {"calendars/br-generico.yaml", "templates/partials/credor.pt-BR.txt", "calendars/given.yaml"};

static void clean_up(void)
{
    char path[128];
    for (size_t i = 0; i < RG_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", tree, files[i]);
        (void)unlink(path); /* a temporary directory: what stays does no harm */
    }
    for (size_t i = RG_COUNT(parts); i-- > 0;) {
        (void)snprintf(path, sizeof path, "%s/%s", tree, parts[i]);
        (void)rmdir(path);
    }
    (void)rmdir(tree);
}

static void make_tree(void)
{
    (void)snprintf(tree, sizeof tree, "/tmp/regua-fuzz-XXXXXX");
    rg_assert(mkdtemp(tree) != NULL);
    for (size_t i = 0; i < RG_COUNT(parts); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", tree, parts[i]);
        rg_assert(mkdir(path, 0700) == 0);
    }
    put(files[0], RG_STR("language: 1\ncalendar: br-generico\nterms: { suspension_notice: 15d }\n"));
    put(files[1], RG_STR("{{credor.nome}} {{credor.documento}} {{credor.endereco}}"));
    (void)atexit(clean_up);
}

static void check(const struct rg_rules *rules, const struct rg_templates *templates)
{
    rg_assert(strlen(rules->hash) == RG_RULES_HASH_TEXT);
    for (int i = 0; i < rules->ladder_count; i++) {
        const struct rg_ladder *l = &rules->ladders[i];
        rg_assert(l->calendar != NULL && l->step_count > 0 && l->step_count <= RG_STEPS_MAX);
        for (int k = 0; k < l->step_count; k++) {
            const struct rg_step *step = &l->steps[k];
            rg_assert(step->index == k && step->after_step < l->step_count && step->repeat_times >= 1);
            rg_assert(step->day.given != (step->after_step >= 0));
            rg_assert(step->kind == RG_ACT_SIGNAL || step->via_count > 0);
            for (int v = 0; v < step->via_count; v++)
                rg_assert(rg_template_source(templates, step->template, rules->channels[step->via[v]].name, "txt").p != NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rg_channel_info channels[] = {{.name = {"sms", 3}, .best_evidence = RG_EVIDENCE_DELIVERED},
                                                      {.name = {"email", 5}, .best_evidence = RG_EVIDENCE_ACCEPTED}};
    if (tree[0] == '\0')
        make_tree();
    if (size == 0)
        return 0;
    bool is_policy = data[0] == 'p', is_calendar = data[0] == 'c';
    const struct rg_rules_text given = {"given.yaml", {(const char *)data + 1, size - 1}};
    const struct rg_rules_text good = {"good.yaml", is_calendar ? RG_STR(LADDER("given")) : RG_STR(LADDER("br-generico"))};
    if (is_calendar)
        put(files[2], given.bytes);
    struct rg_rules_input input = {
        .shipped = tree, .mode = RG_MODE_LIVE, .channels = channels, .channel_count = RG_COUNT(channels)};
    input.texts = is_policy || is_calendar ? &good : &given;
    input.text_count = 1;
    input.policy_text = is_policy ? &given : NULL;
    struct rg_diags *diags = rg_diags_new();
    struct rg_rules *rules = NULL;
    struct rg_templates *templates = NULL;
    struct rg_inventory inventory;
    int rc = rg_rules_load_from(&input, diags, &rules, &templates, &inventory);
    rg_assert((rc == 0) == (rg_diags_errors(diags) == 0));
    if (rc == 0)
        check(rules, templates);
    rg_rules_free(&rules);
    rg_templates_free(&templates);
    rg_diags_free(&diags);
    return 0;
}
