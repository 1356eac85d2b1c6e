/* What a condition may ask about and what a text may show, as findings point to them: from the tables that the compiler reads, so
 * that a person without the manual at hand finds no other names here than check accepts. */
#include "daemon/ctl/ctl.h"

#include "config/ladder/facts.h"
#include "config/ladder/templates.h"

static void row(struct rg_jw *jw, const char *name, const char *kind, const char *help)
{
    rg_jw_object(jw);
    rg_jw_member_str(jw, "name", rg_str(name));
    rg_jw_member_str(jw, "kind", rg_str(kind));
    rg_jw_member_str(jw, "meaning", rg_str(help));
    rg_jw_object_end(jw);
}

static void facts(struct rg_jw *jw)
{
    for (int fact = 0; fact < RG_FA_COUNT; fact++)
        row(jw, rg_facts[fact].name, rg_cel_type_name(rg_facts[fact].type), rg_fact_help((enum rg_fact)fact));
}

static void variables(struct rg_jw *jw)
{
    char name[64];
    for (size_t i = 0; i < rg_template_var_count; i++) {
        const struct rg_template_var *var = &rg_template_vars[i];
        if (var->later)
            continue;
        (void)snprintf(name, sizeof name, "%s%s%s", var->of != NULL ? var->of : "", var->of != NULL ? "." : "", var->name);
        row(jw, name, var->group ? "group" : var->optional ? "optional" : "value", var->help);
    }
}

int rg_ctl_list_names(struct rg_ctl *ctl)
{
    static const struct rg_ctl_column columns[] = {
        {"NAME", "name", RG_CTL_TEXT}, {"KIND", "kind", RG_CTL_TEXT}, {"MEANING", "meaning", RG_CTL_TEXT}};
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_jw jw;
    rg_buf_init(&text, (size_t)1 << 16);
    rg_jw_init(&jw, &text);
    rg_jw_array(&jw);
    if (rg_ctl_option(ctl, "facts") != NULL)
        facts(&jw);
    else
        variables(&jw);
    rg_jw_array_end(&jw);
    rg_jw_done(&jw);
    int rc = rg_json_parse(rg_buf_str(&text), text.len, &doc, NULL);
    rg_assert(rc == 0);
    if (rg_ctl_option(ctl, "json") != NULL)
        puts(rg_buf_cstr(&text));
    else
        rg_ctl_table(rg_json_root(doc), columns, RG_COUNT(columns));
    return RG_EXIT_FINE;
}
