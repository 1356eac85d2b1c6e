/* Pages about what rules are written in: the files' keys, the facts conditions may ask about, the values texts may show, and the
 * closed lists of words. */
#include "tests/docs/generate.h"

#include "config/ladder/facts.h"
#include "config/ladder/templates.h"
#include "config/ladder/written.h"
#include "consumers/decode/mapping.h"
#include "daemon/desk/rule_test.h"
#include "producers/transport/preset_load.h"

static void page(const char *title, const char *about, const struct rg_table *table, struct rg_buf *into)
{
    rg_buf_addf(into, "# %s\n\n" RG_DOCS_NOTE "%s\n\n", title, about);
    rg_table_markdown(table, into);
}

void rg_docs_ladder(struct rg_buf *into)
{
    page("Keys of a ladder", "What the words mean: [rules.md](../rules.md). `NAME` stands for a name of your own.", &rg_ladder_table, into);
}

void rg_docs_policy(struct rg_buf *into)
{
    page("Keys of policy.yaml", "What holds for every ladder; without a file these defaults are the policy.", &rg_policy_table, into);
}

void rg_docs_calendar(struct rg_buf *into)
{
    page("Keys of a calendar", "A file of `calendars/`. `hours.NAME` is `default` or a state.", &rg_calendar_table, into);
}

void rg_docs_mapping(struct rg_buf *into)
{
    page("Keys of a mapping", "A file of `mappings/`: another system's JSON becomes events. How to write one: [events.md](../events.md).",
         &rg_mapping_table, into);
    rg_buf_adds(into, "\nA value is a JSON pointer, or a map of these:\n\n");
    rg_table_markdown(&rg_mapping_value_table, into);
}

void rg_docs_preset(struct rg_buf *into)
{
    page("Keys of a preset", "A file of `presets/`: how an HTTP provider is spoken to.", &rg_preset_table, into);
}

void rg_docs_test(struct rg_buf *into)
{
    page("Keys of a test file", "A file `…_test.yaml` beside the rules, for `reguactl test`: [rules.md](../rules.md#tests).",
         &rg_test_file_table, into);
    rg_buf_adds(into, "\nIn `then` there is beside these keys one thing that happens, as in `events`.\n");
}

static void add_words(const char *title, const char *about, const struct rg_words *words, struct rg_buf *into)
{
    rg_buf_addf(into, "\n## %s\n\n%s\n\n", title, about);
    for (int i = words->first; i < words->count; i++)
        rg_buf_addf(into, "%s`%s`", i > words->first ? " · " : "", words->names[i]);
    rg_buf_adds(into, "\n");
}

void rg_docs_words(struct rg_buf *into)
{
    rg_buf_adds(into, "# Words\n\n" RG_DOCS_NOTE "Closed lists: rules, events, `explain`, metrics and tests use these words and no others.\n\n"
                      "## Gates\n\nWhy a step does not happen now.\n\n| gate | what an operator reads | lifted by |\n|---|---|---|\n");
    for (int gate = RG_GATE_NONE + 1; gate < RG_GATE_COUNT; gate++)
        rg_buf_addf(into, "| `%s` | %s | %s |\n", rg_gate_name((enum rg_gate)gate), rg_gate_sentence((enum rg_gate)gate),
                    rg_gate_lifted_by((enum rg_gate)gate));
    add_words("Tones", "How severe a step is, from mild to hard.", &rg_words_tone, into);
    add_words("Evidence", "What is proven of a message, from weak to strong.", &rg_words_evidence, into);
    add_words("`after.has`", "What must have become of the step before.", &rg_words_has, into);
    add_words("Provider facts", "`status` of a `delivery.receipt`.", &rg_words_provider_fact, into);
    add_words("Verdicts", "How a sender judges one attempt.", &rg_words_verdict, into);
    add_words("Signals", "What leaves on `regua.signals`, with the prefix `regua.`.", &rg_words_signal, into);
    add_words("Protection", "`kind` of a `debtor.protected`.", &rg_words_protection, into);
    add_words("Uncertain outcomes", "What a step does when the provider's answer was lost.", &rg_words_uncertain, into);
}

static const char *type_word(enum rg_cel_type type)
{
    switch (type) {
    case RG_CEL_BOOL: return "true or false";
    case RG_CEL_INT: return "whole number";
    case RG_CEL_STRING: return "text";
    case RG_CEL_MONEY: return "money";
    case RG_CEL_DATE: return "date";
    case RG_CEL_INSTANT: return "instant";
    case RG_CEL_LIST: return "list of texts";
    default: rg_assert(false); return NULL;
    }
}

void rg_docs_facts(struct rg_buf *into)
{
    rg_buf_adds(into, "# Facts\n\n" RG_DOCS_NOTE "What a condition may ask about. A fact that is not known of a debtor makes the condition false, and "
                      "`explain` says which it was.\n\n| fact | type | meaning |\n|---|---|---|\n");
    for (int fact = 0; fact < RG_FA_COUNT; fact++)
        rg_buf_addf(into, "| `%s` | %s | %s |\n", rg_facts[fact].name, type_word(rg_facts[fact].type), rg_fact_help((enum rg_fact)fact));
}

void rg_docs_variables(struct rg_buf *into)
{
    rg_buf_adds(into, "# Template variables\n\n" RG_DOCS_NOTE "A value without which a message would have a hole is seen to before the decision (gate "
                      "`missing_data`). An optional one stands in a section of its own name: `{{#credor.telefone}}…{{/credor.telefone}}`.\n\n"
                      "| variable | meaning | |\n|---|---|---|\n");
    for (size_t i = 0; i < rg_template_var_count; i++) {
        const struct rg_template_var *var = &rg_template_vars[i];
        rg_buf_addf(into, "| `%s%s%s` | %s | %s |\n", var->of ? var->of : "", var->of ? "." : "", var->name, var->help,
                    var->later ? "not in this version" : var->group ? "group" : var->optional ? "optional" : var->need != 0 ? "seen to" : "");
    }
}

void rg_docs_ladder_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_ladder_table, "A ladder", into);
}

void rg_docs_policy_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_policy_table, "policy.yaml", into);
}

void rg_docs_calendar_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_calendar_table, "A calendar", into);
}

void rg_docs_mapping_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_mapping_table, "A mapping", into);
}

void rg_docs_preset_schema(struct rg_buf *into)
{
    rg_table_schema(&rg_preset_table, "A preset", into);
}
