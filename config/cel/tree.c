/* Tokens consumed and nodes made: what every rule of the grammar does, with the limits in one place. */
#include "config/cel/parser.h"

bool rg_cel_advance(struct rg_cel_parser *p)
{
    p->consumed = p->token.offset + p->token.length;
    return rg_cel_lex(&p->lexer, p->src->err, &p->token);
}

bool rg_cel_unexpected(struct rg_cel_parser *p, const char *wanted)
{
    const struct rg_cel_token *t = &p->token;
    static const char *const words[][2] = {{"and", "&&"}, {"or", "||"}, {"is", "=="}};
    if (t->kind == RG_CEL_T_END)
        return rg_cel_refuse(p->src->err, "syntax", t->offset, 0, "the expression ends here; %s was expected", wanted);
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (t->kind == RG_CEL_T_NAME && rg_str_is(t->text, words[i][0]))
            return rg_cel_refuse(p->src->err, "syntax", t->offset, t->length, "write %s instead of %s", words[i][1], words[i][0]);
    int shown = t->length > 40 ? 40 : (int)t->length;
    return rg_cel_refuse(p->src->err, "syntax", t->offset, t->length, "unexpected %.*s; %s was expected", shown,
                         p->src->text.p + t->offset, wanted);
}

bool rg_cel_expect(struct rg_cel_parser *p, int kind, const char *wanted)
{
    return p->token.kind == kind ? rg_cel_advance(p) : rg_cel_unexpected(p, wanted);
}

bool rg_cel_enter(struct rg_cel_parser *p)
{
    if (p->depth == RG_CEL_DEPTH_MAX)
        return rg_cel_refuse(p->src->err, "limit", p->token.offset, p->token.length, "nested more than %d deep",
                             RG_CEL_DEPTH_MAX);
    p->depth++;
    return true;
}

struct rg_cel_node *rg_cel_new_node(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset)
{
    if (p->nodes == RG_CEL_NODES_MAX)
        return RG_CEL_REFUSE(p, "limit", offset, 1, "more than %d names, literals and operators in one expression",
                             RG_CEL_NODES_MAX);
    p->nodes++;
    struct rg_cel_node *node = RG_NEW(p->src->arena, struct rg_cel_node, 1);
    node->op = op;
    node->height = 1;
    node->offset = offset;
    node->length = p->consumed > offset ? p->consumed - offset : 0;
    return node;
}

bool rg_cel_add_operand(struct rg_cel_parser *p, struct rg_cel_operands *list, struct rg_cel_node *node)
{
    if (node == NULL)
        return false;
    *RG_PUSH(p->src->arena, list->p, list->count, list->capacity) = node;
    return true;
}

struct rg_cel_node *rg_cel_new_parent(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset,
                                      const struct rg_cel_operands *operands)
{
    struct rg_cel_node *node = rg_cel_new_node(p, op, offset);
    if (node == NULL)
        return NULL;
    node->args = operands->p;
    node->count = (unsigned)operands->count;
    for (unsigned i = 0; i < node->count; i++)
        if (node->args[i]->height >= node->height)
            node->height = node->args[i]->height + 1;
    if (node->height > RG_CEL_HEIGHT_MAX)
        return RG_CEL_REFUSE(p, "limit", offset, node->length, "more than %d operators upon one another", RG_CEL_HEIGHT_MAX);
    return node;
}

struct rg_cel_node *rg_cel_new_binary(struct rg_cel_parser *p, enum rg_cel_op op, struct rg_cel_node *left,
                                      struct rg_cel_node *right)
{
    struct rg_cel_operands operands = {0};
    if (!rg_cel_add_operand(p, &operands, left) || !rg_cel_add_operand(p, &operands, right))
        return NULL;
    return rg_cel_new_parent(p, op, left->offset, &operands);
}

struct rg_cel_node *rg_cel_new_unary(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset, struct rg_cel_node *operand)
{
    struct rg_cel_operands operands = {0};
    return rg_cel_add_operand(p, &operands, operand) ? rg_cel_new_parent(p, op, offset, &operands) : NULL;
}

struct rg_cel_node *rg_cel_new_const(struct rg_cel_parser *p, size_t offset, struct rg_cel_value value)
{
    struct rg_cel_node *node = rg_cel_new_node(p, RG_CEL_OP_CONST, offset);
    if (node != NULL) {
        node->value = value;
        node->ready = true;
    }
    return node;
}
