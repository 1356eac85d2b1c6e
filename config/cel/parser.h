/* A parse under way: shared by the files of the grammar, parse.c (operators), primary.c (what stands between them) and
 * tree.c (tokens and nodes). A function that returns NULL or false has filled in the error. */
#pragma once

#include "config/cel/lex.h"
#include "config/cel/node.h"

struct rg_cel_parser {
    const struct rg_cel_source *src;
    struct rg_cel_lexer lexer;
    struct rg_cel_token token;
    size_t consumed; /* where the last consumed token ends */
    unsigned depth, nodes;
    struct rg_str vars[RG_CEL_VARS_MAX];
    int var_count;
};

#define RG_CEL_REFUSE(p, code, offset, length, ...) (rg_cel_refuse((p)->src->err, (code), (offset), (length), __VA_ARGS__), NULL)
#define RG_CEL_UNEXPECTED(p, wanted) (rg_cel_unexpected((p), (wanted)), NULL)

bool rg_cel_advance(struct rg_cel_parser *p);                               /* to the next token */
bool rg_cel_unexpected(struct rg_cel_parser *p, const char *wanted);        /* refuses the token; false */
bool rg_cel_expect(struct rg_cel_parser *p, int kind, const char *wanted);  /* consumes a token of that kind */
bool rg_cel_enter(struct rg_cel_parser *p);                                 /* one level deeper; `depth--` leaves it */

/* Operands of a node under construction. */
struct rg_cel_operands {
    struct rg_cel_node **p;
    size_t count, capacity;
};

bool rg_cel_add_operand(struct rg_cel_parser *p, struct rg_cel_operands *list, struct rg_cel_node *node); /* false for NULL */
struct rg_cel_node *rg_cel_new_node(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset);
struct rg_cel_node *rg_cel_new_const(struct rg_cel_parser *p, size_t offset, struct rg_cel_value value);
/* A node over operands; `offset` is where it begins, it ends at the last token consumed. The others accept NULL operands. */
struct rg_cel_node *rg_cel_new_parent(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset,
                                      const struct rg_cel_operands *operands);
struct rg_cel_node *rg_cel_new_unary(struct rg_cel_parser *p, enum rg_cel_op op, size_t offset, struct rg_cel_node *operand);
struct rg_cel_node *rg_cel_new_binary(struct rg_cel_parser *p, enum rg_cel_op op, struct rg_cel_node *left,
                                      struct rg_cel_node *right);

struct rg_cel_node *rg_cel_parse_expr(struct rg_cel_parser *p);
struct rg_cel_node *rg_cel_parse_primary(struct rg_cel_parser *p);
/* A number token; a minus sign before it, at `offset`, belongs to it. */
struct rg_cel_node *rg_cel_parse_number(struct rg_cel_parser *p, size_t offset, bool negative);
struct rg_cel_node *rg_cel_parse_postfix(struct rg_cel_parser *p, struct rg_cel_node *node); /* fields and elements after it */
