/* Why a condition came out as it did. Evaluating each part again is cheap (a person reads one explanation at a time) and
 * keeps the evaluation itself free of bookkeeping. Of a chain only what decided is shown, so that nested chains never need
 * brackets: a true && shows all its parts, a false one only the first that was false, a || the other way round. */
#include "config/cel/print.h"

struct explainer {
    rg_cel_fact_fn *fact;
    void *ctx;
    struct rg_buf *buf;
};

static enum rg_cel_verdict judge(const struct explainer *ex, const struct rg_cel_node *node, struct rg_cel_outcome *ret_outcome)
{
    struct rg_cel part = {.root = node};
    return rg_cel_test(&part, ex->fact, ex->ctx, ret_outcome);
}

static bool fill_in(void *ctx, const struct rg_cel_node *node, struct rg_buf *buf)
{
    const struct explainer *ex = ctx;
    struct rg_cel_value value;
    if (node->ready) {
        rg_cel_value_print(&node->value, buf);
        return true;
    }
    if (node->op != RG_CEL_OP_FACT)
        return false;
    if (ex->fact(ex->ctx, node->index, &value))
        rg_cel_value_print(&value, buf);
    else
        rg_buf_addf(buf, RG_STR_FMT " unknown", RG_STR_ARG(node->name));
    return true;
}

/* A part that is not taken apart any further. */
static void explain_leaf(const struct explainer *ex, const struct rg_cel_node *node)
{
    struct explainer copy = *ex;
    struct rg_cel_printer pr = {ex->buf, fill_in, &copy};
    struct rg_cel_outcome outcome;
    enum rg_cel_verdict verdict = judge(ex, node, &outcome);
    bool fact = node->op == RG_CEL_OP_FACT;
    if (node->op == RG_CEL_OP_HAS_FACT)
        rg_buf_addf(ex->buf, RG_STR_FMT " %s", RG_STR_ARG(node->name), verdict == RG_CEL_TRUE ? "known" : "unknown");
    else if (fact && verdict != RG_CEL_UNKNOWN)
        rg_buf_addf(ex->buf, RG_STR_FMT " = %s", RG_STR_ARG(node->name), verdict == RG_CEL_TRUE ? "true" : "false");
    else
        rg_cel_print_node(&pr, node);
    if (verdict == RG_CEL_UNKNOWN && outcome.fault != RG_CEL_UNKNOWN_FACT)
        rg_buf_addf(ex->buf, " (%s)", rg_cel_fault_name(outcome.fault));
}

static void explain(const struct explainer *ex, const struct rg_cel_node *node);

static void explain_chain(const struct explainer *ex, const struct rg_cel_node *node)
{
    enum rg_cel_verdict whole = judge(ex, node, NULL);
    enum rg_cel_verdict all = node->op == RG_CEL_OP_AND ? RG_CEL_TRUE : RG_CEL_FALSE;
    for (unsigned i = 0; i < node->count; i++) {
        if (whole != all) { /* one part decided: the first that came out like the whole */
            if (judge(ex, node->args[i], NULL) != whole)
                continue;
            explain(ex, node->args[i]);
            return;
        }
        if (i > 0)
            rg_buf_addf(ex->buf, " %s ", rg_cel_op_text(node->op));
        explain(ex, node->args[i]);
    }
}

static void explain_not(const struct explainer *ex, const struct rg_cel_node *node)
{
    const struct rg_cel_node *operand = node->args[0];
    bool named = operand->op == RG_CEL_OP_FACT || operand->op == RG_CEL_OP_HAS_FACT;
    if (!named) /* a fact's own line already says which of the two it is */
        rg_buf_adds(ex->buf, "!(");
    explain(ex, operand);
    if (!named)
        rg_buf_addc(ex->buf, ')');
}

static void explain(const struct explainer *ex, const struct rg_cel_node *node)
{
    enum rg_cel_verdict first;
    switch (node->op) {
    case RG_CEL_OP_AND:
    case RG_CEL_OP_OR:
        explain_chain(ex, node);
        return;
    case RG_CEL_OP_NOT:
        explain_not(ex, node);
        return;
    case RG_CEL_OP_COND:
        explain(ex, node->args[0]);
        first = judge(ex, node->args[0], NULL);
        if (first == RG_CEL_UNKNOWN)
            return;
        rg_buf_adds(ex->buf, ", ");
        explain(ex, node->args[first == RG_CEL_TRUE ? 1 : 2]);
        return;
    default:
        explain_leaf(ex, node);
        return;
    }
}

void rg_cel_explain(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_buf *buf)
{
    struct explainer ex = {fact, ctx, buf};
    explain(&ex, prog->root);
}
