/* Recursive descent over CEL's operators, loosest first.
 *
 * Depth is counted where the grammar nests and bounded by RG_CEL_DEPTH_MAX, so recursion cannot follow hostile input; chains
 * of operators are loops, and the height they build is bounded by RG_CEL_HEIGHT_MAX, which bounds every later walk.
 * A chain of && (or ||) becomes one node, however it was bracketed: both are associative in value and in which fault they
 * report. */
#include "config/cel/parser.h"

/* Three signs are as one; two are left alone, so that the operand's type is still checked. */
static struct rg_cel_node *sign_node(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset, struct rg_cel_node *operand)
{
    if (operand->op == op && operand->args[0]->op == op)
        return operand->args[0];
    return rg_cel_new_unary(p, op, offset, operand);
}

/* A run of ! or of -. A minus sign right before a number belongs to it, else the least int could not be written. */
static struct rg_cel_node *parse_unary(struct rg_cel_parser *p)
{
    int sign = p->token.kind;
    size_t first = p->token.offset, last = first, count = 0;
    if (sign != '!' && sign != '-')
        return rg_cel_parse_postfix(p, rg_cel_parse_primary(p));
    while (p->token.kind == sign) {
        last = p->token.offset;
        count++;
        if (!rg_cel_advance(p))
            return NULL;
    }
    struct rg_cel_node *node;
    if (sign == '-' && (p->token.kind == RG_CEL_T_INT || p->token.kind == RG_CEL_T_DOUBLE)) {
        count--;
        node = rg_cel_parse_postfix(p, rg_cel_parse_number(p, last, true));
    } else {
        node = rg_cel_parse_postfix(p, rg_cel_parse_primary(p));
    }
    for (size_t i = 0; i < count && node != NULL; i++)
        node = sign_node(p, sign == '!' ? RG_CEL_OP_NOT : RG_CEL_OP_NEG, first, node);
    return node;
}

static bool relation_of(const struct rg_cel_token *t, enum rg_cel_op *ret_op)
{
    switch (t->kind) {
    case RG_CEL_T_EQ:
        *ret_op = RG_CEL_OP_EQ;
        return true;
    case RG_CEL_T_NE:
        *ret_op = RG_CEL_OP_NE;
        return true;
    case RG_CEL_T_LE:
        *ret_op = RG_CEL_OP_LE;
        return true;
    case RG_CEL_T_GE:
        *ret_op = RG_CEL_OP_GE;
        return true;
    case '<':
        *ret_op = RG_CEL_OP_LT;
        return true;
    case '>':
        *ret_op = RG_CEL_OP_GT;
        return true;
    default:
        *ret_op = RG_CEL_OP_IN;
        return t->kind == RG_CEL_T_NAME && rg_str_is(t->text, "in");
    }
}

/* The operator that the token is at a level: 0 relations, 1 sums, 2 products. */
static bool operator_of(const struct rg_cel_token *t, int level, enum rg_cel_op *ret_op)
{
    if (level == 0)
        return relation_of(t, ret_op);
    static const struct {
        int level, kind;
        enum rg_cel_op op;
    } signs[] = {
        {1, '+', RG_CEL_OP_ADD}, {1, '-', RG_CEL_OP_SUB}, {2, '*', RG_CEL_OP_MUL},
        {2, '/', RG_CEL_OP_DIV}, {2, '%', RG_CEL_OP_MOD},
    };
    for (size_t i = 0; i < RG_COUNT(signs); i++)
        if (signs[i].level == level && signs[i].kind == t->kind) {
            *ret_op = signs[i].op;
            return true;
        }
    return false;
}

static struct rg_cel_node *parse_binary(struct rg_cel_parser *p, int level)
{
    struct rg_cel_node *node = level < 2 ? parse_binary(p, level + 1) : parse_unary(p);
    enum rg_cel_op op;
    while (node != NULL && operator_of(&p->token, level, &op)) {
        if (!rg_cel_advance(p))
            return NULL;
        struct rg_cel_node *right = level < 2 ? parse_binary(p, level + 1) : parse_unary(p);
        node = rg_cel_new_binary(p, op, node, right);
    }
    return node;
}

/* Adds an operand of && or ||, or, when it is such a chain itself, its operands. */
static bool add_flat(struct rg_cel_parser *p, enum rg_cel_op op, struct rg_cel_operands *list, struct rg_cel_node *node)
{
    if (node == NULL || node->op != op)
        return rg_cel_add_operand(p, list, node);
    for (unsigned i = 0; i < node->count; i++)
        if (!rg_cel_add_operand(p, list, node->args[i]))
            return false;
    return true;
}

static struct rg_cel_node *parse_chain(struct rg_cel_parser *p, enum rg_cel_op op)
{
    int sign = op == RG_CEL_OP_AND ? RG_CEL_T_AND : RG_CEL_T_OR;
    struct rg_cel_node *node = op == RG_CEL_OP_OR ? parse_chain(p, RG_CEL_OP_AND) : parse_binary(p, 0);
    if (node == NULL || p->token.kind != sign)
        return node;
    size_t offset = node->offset;
    struct rg_cel_operands operands = {0};
    bool fine = add_flat(p, op, &operands, node);
    while (fine && p->token.kind == sign) {
        if (!rg_cel_advance(p))
            return NULL;
        fine = add_flat(p, op, &operands, op == RG_CEL_OP_OR ? parse_chain(p, RG_CEL_OP_AND) : parse_binary(p, 0));
    }
    return fine ? rg_cel_new_parent(p, op, offset, &operands) : NULL;
}

struct rg_cel_node *rg_cel_parse_expr(struct rg_cel_parser *p)
{
    struct rg_cel_node *node = parse_chain(p, RG_CEL_OP_OR);
    if (node == NULL || p->token.kind != '?')
        return node;
    struct rg_cel_operands operands = {0};
    if (!rg_cel_enter(p) || !rg_cel_advance(p) || !rg_cel_add_operand(p, &operands, node) ||
        !rg_cel_add_operand(p, &operands, parse_chain(p, RG_CEL_OP_OR)) ||
        !rg_cel_expect(p, ':', "\":\" and what holds otherwise") ||
        !rg_cel_add_operand(p, &operands, rg_cel_parse_expr(p)))
        return NULL;
    p->depth--;
    return rg_cel_new_parent(p, RG_CEL_OP_COND, node->offset, &operands);
}

struct rg_cel_node *rg_cel_parse(const struct rg_cel_source *src)
{
    struct rg_cel_parser p = {.src = src, .lexer = {.text = src->text}};
    if (!rg_cel_lex(&p.lexer, src->err, &p.token))
        return NULL;
    if (p.token.kind == RG_CEL_T_END)
        return RG_CEL_REFUSE(&p, "syntax", p.token.offset, 0, "the condition is empty");
    struct rg_cel_node *root = rg_cel_parse_expr(&p);
    if (root != NULL && p.token.kind != RG_CEL_T_END)
        return RG_CEL_UNEXPECTED(&p, "an operator or the end");
    return root;
}
