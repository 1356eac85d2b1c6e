/* The canonical text: the tree written with the fewest brackets that give the same tree again. Negative literals need care:
 * -5 is one literal, -(5) a negation of one; both bind like a sign, not like a literal. */
#include "config/cel/print.h"

#include <math.h>
#include <string.h>

enum { LEVEL_CHOICE, LEVEL_OR, LEVEL_AND, LEVEL_RELATION, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_UNARY, LEVEL_MEMBER };

static bool is_negative_literal(const struct rg_cel_node *node)
{
    const struct rg_cel_value *v = &node->value;
    return node->op == RG_CEL_OP_CONST && ((v->type == RG_CEL_INT && v->i < 0) || (v->type == RG_CEL_DOUBLE && signbit(v->d)));
}

static int level_of(const struct rg_cel_node *node)
{
    static const int levels[RG_CEL_OPS] = {
        [RG_CEL_OP_NOT] = LEVEL_UNARY,   [RG_CEL_OP_NEG] = LEVEL_UNARY,   [RG_CEL_OP_AND] = LEVEL_AND,
        [RG_CEL_OP_OR] = LEVEL_OR,       [RG_CEL_OP_EQ] = LEVEL_RELATION, [RG_CEL_OP_NE] = LEVEL_RELATION,
        [RG_CEL_OP_LT] = LEVEL_RELATION, [RG_CEL_OP_LE] = LEVEL_RELATION, [RG_CEL_OP_GT] = LEVEL_RELATION,
        [RG_CEL_OP_GE] = LEVEL_RELATION, [RG_CEL_OP_IN] = LEVEL_RELATION, [RG_CEL_OP_ADD] = LEVEL_SUM,
        [RG_CEL_OP_SUB] = LEVEL_SUM,     [RG_CEL_OP_MUL] = LEVEL_PRODUCT, [RG_CEL_OP_DIV] = LEVEL_PRODUCT,
        [RG_CEL_OP_MOD] = LEVEL_PRODUCT,
    };
    if (node->op == RG_CEL_OP_COND)
        return LEVEL_CHOICE;
    if (is_negative_literal(node))
        return LEVEL_UNARY;
    return levels[node->op] != 0 ? levels[node->op] : LEVEL_MEMBER;
}

/* The operand in brackets when it binds more loosely than `level`. */
static void print_operand(const struct rg_cel_printer *pr, const struct rg_cel_node *node, int level)
{
    bool brackets = level_of(node) < level;
    if (brackets)
        rg_buf_addc(pr->buf, '(');
    rg_cel_print_node(pr, node);
    if (brackets)
        rg_buf_addc(pr->buf, ')');
}

static void print_literal(const struct rg_cel_value *value, struct rg_buf *buf)
{
    if (value->type == RG_CEL_STRING) { /* whole, where rg_cel_value_print() would shorten it */
        rg_cel_print_quoted(value->s, buf);
        return;
    }
    size_t before = buf->len;
    rg_cel_value_print(value, buf);
    if (value->type == RG_CEL_DOUBLE && !buf->overflow && strcspn(buf->data + before, ".e") == buf->len - before)
        rg_buf_adds(buf, ".0");
}

static void print_list(const struct rg_cel_printer *pr, const struct rg_cel_node *node, unsigned from, const char *ends)
{
    rg_buf_addc(pr->buf, ends[0]);
    for (unsigned i = from; i < node->count; i++) {
        if (i > from)
            rg_buf_adds(pr->buf, node->op == RG_CEL_OP_MAP && i % 2 == 1 ? ": " : ", ");
        rg_cel_print_node(pr, node->args[i]);
    }
    rg_buf_addc(pr->buf, ends[1]);
}

/* A field of a bare name would join it to a longer name, were it not for the brackets or backquotes. */
static void print_field(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    const struct rg_cel_node *whole = node->args[0];
    bool bare = whole->op == RG_CEL_OP_FACT || whole->op == RG_CEL_OP_UNDECLARED;
    const char *quote = node->quoted ? "`" : "";
    if (node->op == RG_CEL_OP_HAS_KEY)
        rg_buf_adds(pr->buf, "has(");
    print_operand(pr, whole, bare && whole->quoted ? LEVEL_MEMBER + 1 : LEVEL_MEMBER);
    rg_buf_addf(pr->buf, ".%s" RG_STR_FMT "%s", quote, RG_STR_ARG(node->name), quote);
    if (node->op == RG_CEL_OP_HAS_KEY)
        rg_buf_addc(pr->buf, ')');
}

static void print_call(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    if (node->member) {
        print_operand(pr, node->args[0], LEVEL_MEMBER);
        rg_buf_addc(pr->buf, '.');
    }
    rg_buf_add_str(pr->buf, node->name);
    print_list(pr, node, node->member ? 1 : 0, "()");
}

static void print_macro(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    print_operand(pr, node->args[0], LEVEL_MEMBER);
    rg_buf_addf(pr->buf, ".%s(" RG_STR_FMT, rg_cel_op_text(node->op), RG_STR_ARG(node->name));
    for (unsigned i = 1; i < node->count; i++) {
        rg_buf_adds(pr->buf, ", ");
        rg_cel_print_node(pr, node->args[i]);
    }
    rg_buf_addc(pr->buf, ')');
}

/* Operators between operands group to the left, so the left one may be of the same level. */
static void print_infix(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    int level = level_of(node);
    for (unsigned i = 0; i < node->count; i++) {
        if (i > 0)
            rg_buf_addf(pr->buf, " %s ", rg_cel_op_text(node->op));
        print_operand(pr, node->args[i], i == 0 ? level : level + 1);
    }
}

static void print_choice(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    print_operand(pr, node->args[0], LEVEL_OR);
    rg_buf_adds(pr->buf, " ? ");
    print_operand(pr, node->args[1], LEVEL_OR);
    rg_buf_adds(pr->buf, " : ");
    rg_cel_print_node(pr, node->args[2]);
}

/* Whether the text of a node begins with the digits of a number, which would swallow a minus sign before it. */
static bool begins_with_number(const struct rg_cel_node *node)
{
    while (node->op == RG_CEL_OP_SELECT || node->op == RG_CEL_OP_INDEX || node->member || node->op >= RG_CEL_OP_ALL)
        node = node->args[0];
    return node->op == RG_CEL_OP_CONST && rg_cel_is_number(node->value.type);
}

/* The grammar lets signs of one kind follow one another, never ! and - mixed. */
static void print_sign(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    const struct rg_cel_node *operand = node->args[0];
    rg_buf_adds(pr->buf, rg_cel_op_text(node->op));
    if (operand->op == node->op) {
        rg_cel_print_node(pr, operand);
    } else if (node->op == RG_CEL_OP_NEG && begins_with_number(operand)) {
        rg_buf_addc(pr->buf, '(');
        rg_cel_print_node(pr, operand);
        rg_buf_addc(pr->buf, ')');
    } else {
        print_operand(pr, operand, LEVEL_MEMBER);
    }
}

void rg_cel_print_node(const struct rg_cel_printer *pr, const struct rg_cel_node *node)
{
    if (pr->fill_in != NULL && pr->fill_in(pr->ctx, node, pr->buf))
        return;
    switch (node->op) {
    case RG_CEL_OP_CONST:
        print_literal(&node->value, pr->buf);
        return;
    case RG_CEL_OP_FACT:
    case RG_CEL_OP_VAR:
    case RG_CEL_OP_UNDECLARED:
        rg_buf_addf(pr->buf, "%s" RG_STR_FMT, node->rooted ? "." : "", RG_STR_ARG(node->name));
        return;
    case RG_CEL_OP_HAS_FACT:
        rg_buf_addf(pr->buf, "has(%s" RG_STR_FMT ")", node->rooted ? "." : "", RG_STR_ARG(node->name));
        return;
    case RG_CEL_OP_HAS_KEY:
    case RG_CEL_OP_SELECT:
        print_field(pr, node);
        return;
    case RG_CEL_OP_INDEX:
        print_operand(pr, node->args[0], LEVEL_MEMBER);
        rg_buf_addc(pr->buf, '[');
        rg_cel_print_node(pr, node->args[1]);
        rg_buf_addc(pr->buf, ']');
        return;
    case RG_CEL_OP_NOT:
    case RG_CEL_OP_NEG:
        print_sign(pr, node);
        return;
    case RG_CEL_OP_COND:
        print_choice(pr, node);
        return;
    case RG_CEL_OP_LIST:
        print_list(pr, node, 0, "[]");
        return;
    case RG_CEL_OP_MAP:
        print_list(pr, node, 0, "{}");
        return;
    case RG_CEL_OP_CALL:
        print_call(pr, node);
        return;
    default:
        if (node->op >= RG_CEL_OP_ALL)
            print_macro(pr, node);
        else
            print_infix(pr, node);
        return;
    }
}

void rg_cel_canonical(const struct rg_cel *prog, struct rg_buf *buf)
{
    struct rg_cel_printer pr = {.buf = buf};
    rg_cel_print_node(&pr, prog->root);
}
