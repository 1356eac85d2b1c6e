/* Conditions of rules: compiled against the one list of facts, their complaints carried to where they stand in the file. */
#include "config/ladder/facts.h"
#include "config/ladder/written.h"

#include <string.h>

/* Facts of the language that nothing tells us yet. */
static const char *const later_facts[] = {
    "debtor.cluster",           "debtor.cluster_since", "invoice.reopen_reason", "invoice.debit_scheduled",
    "history.days_late_median", "history.promises",     "history.promises_kept", "history.last_reply",
    "history.last_reply_on",    "history.offer_used",   "bureau.listed_on",      "offer.valid_until",
};

static bool is_later_fact(struct rg_str name)
{
    for (size_t i = 0; i < RG_COUNT(later_facts); i++)
        if (rg_str_is(name, later_facts[i]))
            return true;
    return false;
}

static void complain(struct rg_loader *loader, const struct rg_node *node, const struct rg_cel_error *wrong)
{
    struct rg_place place = rg_node_place_at(node, wrong->offset, wrong->length);
    bool unknown = strcmp(wrong->code, "unknown-fact") == 0;
    struct rg_str name = {node->text.p + wrong->offset, wrong->length};
    if (unknown && is_later_fact(name)) {
        rg_diags_error(loader->diags, place, "not-yet", "the fact \"" RG_STR_FMT "\" is not supported in this version; remove it",
                       RG_STR_ARG(name));
        return;
    }
    const char *asked = strchr(wrong->text, '?');
    rg_diags_error(loader->diags, place, wrong->code, "%s%s", wrong->text,
                   !unknown        ? ""
                   : asked != NULL ? " reguactl check --facts lists all"
                                   : "; reguactl check --facts lists all");
}

const struct rg_cel *rg_condition_compile(struct rg_loader *loader, const struct rg_node *node)
{
    const struct rg_cel_env env = {.decls = rg_facts, .count = RG_FA_COUNT};
    const struct rg_cel *program = NULL;
    struct rg_cel_error wrong;
    if (node == NULL || node->bad || node->kind != RG_NODE_SCALAR || rg_node_empty(node))
        return NULL; /* absent, or complained about by whoever read it */
    if (!rg_loader_room(loader, RG_CEL_ARENA_BYTES, node))
        return NULL;
    if (rg_cel_compile(node->text, &env, loader->rules->arena, &program, &wrong) == 0)
        return program;
    complain(loader, node, &wrong);
    return NULL;
}
