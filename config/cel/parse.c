/* Recursive descent over CEL's grammar, names resolved on the way.
 *
 * Depth is counted where the grammar nests and bounded by RG_CEL_DEPTH_MAX, so recursion cannot follow hostile input; chains
 * of operators are loops, and the height they build is bounded by RG_CEL_HEIGHT_MAX, which bounds every later walk.
 * Names are resolved here rather than by the checker because a dotted name and a field selection look alike: the longest
 * declared name wins, as CEL has it, and finding it needs the tokens. A chain of && (or ||) becomes one node, however it was
 * bracketed: both are associative in value and in which error they report. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/cel/lex.h"
#include "config/cel/node.h"

struct parser {
    const struct rg_cel_source *src;
    struct rg_cel_lexer lexer;
    struct rg_cel_token token;
    size_t consumed; /* where the last consumed token ends */
    unsigned depth, nodes;
    struct rg_str vars[RG_CEL_VARS_MAX];
    int var_count;
};

static struct rg_cel_node *parse_expr(struct parser *p);
static struct rg_cel_node *parse_unary(struct parser *p);

/* Refusals of the parser give the NULL that its functions return. */
#define REFUSE(p, code, offset, length, ...) (rg_cel_refuse((p)->src->err, (code), (offset), (length), __VA_ARGS__), NULL)

static bool advance(struct parser *p)
{
    p->consumed = p->token.offset + p->token.length;
    return rg_cel_lex(&p->lexer, p->src->err, &p->token);
}

static bool unexpected(struct parser *p, const char *wanted)
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

#define UNEXPECTED(p, wanted) (unexpected((p), (wanted)), NULL)

static bool expect(struct parser *p, int kind, const char *wanted)
{
    return p->token.kind == kind ? advance(p) : unexpected(p, wanted);
}

static bool enter(struct parser *p)
{
    if (p->depth == RG_CEL_DEPTH_MAX)
        return rg_cel_refuse(p->src->err, "limit", p->token.offset, p->token.length, "nested more than %d deep", RG_CEL_DEPTH_MAX);
    p->depth++;
    return true;
}

static struct rg_cel_node *new_node(struct parser *p, enum rg_cel_op op, size_t offset)
{
    if (p->nodes == RG_CEL_NODES_MAX)
        return REFUSE(p, "limit", offset, 1, "more than %d names, literals and operators in one expression", RG_CEL_NODES_MAX);
    p->nodes++;
    struct rg_cel_node *node = RG_NEW(p->src->arena, struct rg_cel_node, 1);
    node->op = op;
    node->height = 1;
    node->offset = offset;
    node->length = p->consumed > offset ? p->consumed - offset : 0;
    return node;
}

/* Operands of a node under construction. */
struct operands {
    struct rg_cel_node **p;
    size_t count, capacity;
};

static bool add_operand(struct parser *p, struct operands *list, struct rg_cel_node *node)
{
    if (node == NULL)
        return false;
    *RG_PUSH(p->src->arena, list->p, list->count, list->capacity) = node;
    return true;
}

/* A node over operands; `offset` is where it begins, it ends at the last token consumed. */
static struct rg_cel_node *new_parent(struct parser *p, enum rg_cel_op op, size_t offset, const struct operands *operands)
{
    struct rg_cel_node *node = new_node(p, op, offset);
    if (node == NULL)
        return NULL;
    node->args = operands->p;
    node->count = (unsigned)operands->count;
    for (unsigned i = 0; i < node->count; i++)
        if (node->args[i]->height >= node->height)
            node->height = node->args[i]->height + 1;
    if (node->height > RG_CEL_HEIGHT_MAX)
        return REFUSE(p, "limit", offset, node->length, "more than %d operators upon one another", RG_CEL_HEIGHT_MAX);
    return node;
}

static struct rg_cel_node *new_binary(struct parser *p, enum rg_cel_op op, struct rg_cel_node *left, struct rg_cel_node *right)
{
    struct operands operands = {0};
    if (!add_operand(p, &operands, left) || !add_operand(p, &operands, right))
        return NULL;
    return new_parent(p, op, left->offset, &operands);
}

static struct rg_cel_node *new_unary(struct parser *p, enum rg_cel_op op, size_t offset, struct rg_cel_node *operand)
{
    struct operands operands = {0};
    return add_operand(p, &operands, operand) ? new_parent(p, op, offset, &operands) : NULL;
}

static struct rg_cel_node *new_const(struct parser *p, size_t offset, struct rg_cel_value value)
{
    struct rg_cel_node *node = new_node(p, RG_CEL_OP_CONST, offset);
    if (node != NULL) {
        node->value = value;
        node->ready = true;
    }
    return node;
}

/* ---- literals ---- */

/* Digits of an int literal, decimal or hexadecimal, without sign. */
static bool read_int(struct rg_str digits, bool negative, int64_t *ret_value)
{
    char text[64];
    if (digits.n >= sizeof text)
        return false;
    memcpy(text, digits.p, digits.n);
    text[digits.n] = '\0';
    errno = 0;
    uint64_t value = strtoull(text, NULL, digits.n > 1 && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
    if (errno != 0 || value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* A number token; a minus sign before it, at `offset`, belongs to it. */
static struct rg_cel_node *parse_number(struct parser *p, size_t offset, bool negative)
{
    struct rg_cel_token t = p->token;
    struct rg_cel_value value;
    if (t.kind == RG_CEL_T_INT) {
        int64_t number;
        if (!read_int(t.text, negative, &number))
            return REFUSE(p, "limit", t.offset, t.length, "an int has 64 bits: from -9223372036854775808 to 9223372036854775807");
        value = rg_cel_int(number);
    } else {
        double number;
        if (!rg_cel_read_double(t.text, &number))
            return REFUSE(p, "limit", t.offset, t.length, "no double is that large");
        value = rg_cel_double(negative ? -number : number);
    }
    return advance(p) ? new_const(p, offset, value) : NULL;
}

static struct rg_cel_node *parse_string(struct parser *p)
{
    struct rg_cel_token t = p->token;
    struct rg_str text;
    if (!rg_cel_unescape(&t, p->src->arena, p->src->err, &text) || !advance(p))
        return NULL;
    return new_const(p, t.offset, rg_cel_string(text));
}

/* Elements up to `close`; maps have key: value. */
static bool parse_elements(struct parser *p, int close, bool pairs, struct operands *ret_elements)
{
    const char *wanted = close == ']' ? ", or ]" : close == '}' ? ", or }" : ", or )";
    bool trailing = close != ')';
    if (!enter(p) || !advance(p))
        return false;
    while (p->token.kind != close) {
        if (p->token.kind == '?')
            return rg_cel_refuse(p->src->err, "subset", p->token.offset, 1, "optional values are outside the subset");
        if (!add_operand(p, ret_elements, parse_expr(p)))
            return false;
        if (pairs && (!expect(p, ':', "\":\" and a value") || !add_operand(p, ret_elements, parse_expr(p))))
            return false;
        if (p->token.kind != ',') {
            if (p->token.kind != close)
                return UNEXPECTED(p, wanted);
            break;
        }
        if (!advance(p))
            return false;
        if (p->token.kind == close && !trailing)
            return unexpected(p, "a value");
    }
    p->depth--;
    return advance(p);
}

static struct rg_cel_node *parse_aggregate(struct parser *p, int close, bool pairs)
{
    size_t offset = p->token.offset;
    struct operands elements = {0};
    if (!parse_elements(p, close, pairs, &elements))
        return NULL;
    return new_parent(p, pairs ? RG_CEL_OP_MAP : RG_CEL_OP_LIST, offset, &elements);
}

/* ---- names ---- */

static int find_var(const struct parser *p, struct rg_str name)
{
    for (int i = p->var_count - 1; i >= 0; i--)
        if (rg_str_eq(p->vars[i], name))
            return i;
    return -1;
}

static struct rg_cel_node *new_fact(struct parser *p, size_t offset, const struct rg_cel_decl *decl)
{
    struct rg_cel_node *node = new_node(p, RG_CEL_OP_FACT, offset);
    if (node == NULL)
        return NULL;
    rg_assert(decl->slot >= 0);
    node->index = decl->slot;
    node->name = rg_arena_str(p->src->arena, rg_str(decl->name));
    node->kind = (struct rg_cel_kind){decl->type, decl->elem, decl->key};
    return node;
}

/* A name that nothing declares, already consumed; `method` is the function called upon it, absent when there is none. */
static struct rg_cel_node *unknown_name(struct parser *p, size_t offset, struct rg_str name, struct rg_str method)
{
    size_t length = p->consumed - offset;
    if (method.p != NULL && rg_cel_fn_find(method, true) == NULL && !rg_cel_is_macro(method))
        return REFUSE(p, "subset", offset, length, "function " RG_STR_FMT "." RG_STR_FMT "() is outside the subset",
                      RG_STR_ARG(name), RG_STR_ARG(method));
    if (p->token.kind == '{')
        return REFUSE(p, "subset", offset, length, "messages such as " RG_STR_FMT "{…} are outside the subset", RG_STR_ARG(name));
    if (rg_cel_is_type(name))
        return REFUSE(p, "subset", offset, length, "types as values are outside the subset: " RG_STR_FMT, RG_STR_ARG(name));
    if (!p->src->env->dynamic) {
        rg_cel_unknown_name(p->src, offset, length, name);
        return NULL;
    }
    struct rg_cel_node *node = new_node(p, RG_CEL_OP_UNDECLARED, offset);
    if (node != NULL)
        node->name = rg_arena_str(p->src->arena, name);
    return node;
}

/* Whether the tokens from here are .NAME; `ret_method` is that name when a bracket makes it a call, else absent. */
static bool peek_field(const struct parser *p, struct rg_str *ret_method)
{
    struct rg_cel_lexer ahead = p->lexer;
    struct rg_cel_token name, after;
    struct rg_cel_error ignored;
    *ret_method = (struct rg_str){0};
    if (p->token.kind != '.' || !rg_cel_lex(&ahead, &ignored, &name) || name.kind != RG_CEL_T_NAME)
        return false;
    if (rg_cel_lex(&ahead, &ignored, &after) && after.kind == '(')
        *ret_method = name.text;
    return true;
}

/* A dotted name: the longest part of it that is declared. Fields beyond are left to the caller. */
static struct rg_cel_node *parse_path(struct parser *p, size_t offset)
{
    char name[RG_CEL_NAME_MAX];
    size_t n = 0;
    const struct rg_cel_decl *found = NULL;
    struct parser after_found = *p;
    struct rg_str method;
    for (;;) {
        struct rg_str part = p->token.text;
        if (n + part.n + 1 > sizeof name)
            return REFUSE(p, "limit", offset, p->consumed - offset, "a name has at most %d bytes", RG_CEL_NAME_MAX - 1);
        memcpy(name + n, part.p, part.n);
        n += part.n;
        if (!advance(p))
            return NULL;
        const struct rg_cel_decl *decl = rg_cel_find_decl(p->src->env, (struct rg_str){name, n});
        if (decl != NULL) {
            found = decl;
            after_found = *p;
        }
        if (!peek_field(p, &method) || method.p != NULL)
            break;
        name[n++] = '.';
        if (!advance(p))
            return NULL;
    }
    if (found == NULL)
        return unknown_name(p, offset, (struct rg_str){name, n}, method);
    *p = after_found;
    return new_fact(p, offset, found);
}

/* ---- calls ---- */

static struct rg_cel_node *new_call(struct parser *p, struct rg_str name, size_t name_offset, size_t offset, bool member,
                                    const struct operands *args)
{
    const struct rg_cel_fn *fn = rg_cel_fn_find(name, member);
    if (fn == NULL) {
        const char *outside = rg_cel_fn_outside(name);
        if (outside != NULL)
            return REFUSE(p, "subset", name_offset, name.n, RG_STR_FMT "() is outside the subset%s", RG_STR_ARG(name), outside);
        if (rg_cel_fn_find(name, !member) != NULL)
            return REFUSE(p, "subset", name_offset, name.n, member ? "write " RG_STR_FMT "(…) without a dot" : "write x." RG_STR_FMT "(…)",
                          RG_STR_ARG(name));
        const char *near = rg_cel_fn_suggest(name);
        return REFUSE(p, "subset", name_offset, name.n, "no function \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(name),
                      near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    struct rg_cel_node *node = new_parent(p, RG_CEL_OP_CALL, offset, args);
    if (node != NULL) {
        node->fn = fn;
        node->name = rg_str(fn->name);
        node->member = member;
    }
    return node;
}

/* has(x.y): of a fact, whether it is known; of a map, whether the key is there. */
static struct rg_cel_node *new_has(struct parser *p, size_t offset, const struct operands *args)
{
    size_t length = p->consumed - offset;
    struct rg_cel_node *node = args->count == 1 ? args->p[0] : NULL;
    if (node == NULL || (node->op != RG_CEL_OP_FACT && node->op != RG_CEL_OP_SELECT && node->op != RG_CEL_OP_UNDECLARED))
        return REFUSE(p, "syntax", offset, length, "has() takes one fact or field, as in has(service.suspended_since)");
    node->op = node->op == RG_CEL_OP_FACT ? RG_CEL_OP_HAS_FACT : node->op == RG_CEL_OP_SELECT ? RG_CEL_OP_HAS_KEY : node->op;
    node->offset = offset;
    node->length = length;
    return node;
}

/* receiver.all(name, condition) and its kin; the opening bracket is the current token. */
static struct rg_cel_node *parse_macro(struct parser *p, enum rg_cel_op op, struct rg_cel_node *range)
{
    if (!enter(p) || !advance(p))
        return NULL;
    struct rg_cel_token name = p->token;
    if (name.kind != RG_CEL_T_NAME || rg_cel_is_reserved(name.text))
        return unexpected(p, "a name for the element, as in tags.exists(t, t == \"vip\")");
    if (p->var_count == RG_CEL_VARS_MAX)
        return REFUSE(p, "limit", name.offset, name.length, "more than %d macros inside one another", RG_CEL_VARS_MAX);
    if (!advance(p) || !expect(p, ',', ", and a condition on the element"))
        return NULL;
    struct operands operands = {0};
    (void)add_operand(p, &operands, range);
    p->vars[p->var_count++] = name.text;
    bool fine = add_operand(p, &operands, parse_expr(p));
    if (fine && op == RG_CEL_OP_COLLECT && p->token.kind == ',')
        fine = advance(p) && add_operand(p, &operands, parse_expr(p));
    else if (fine && p->token.kind == ',')
        return REFUSE(p, "subset", p->token.offset, 1, "macros of two variables are outside the subset");
    p->var_count--;
    p->depth--;
    if (!fine || !expect(p, ')', ")"))
        return NULL;
    struct rg_cel_node *node = new_parent(p, op, range->offset, &operands);
    if (node != NULL) {
        node->name = rg_arena_str(p->src->arena, name.text);
        node->index = p->var_count;
    }
    return node;
}

/* A bracket or field after `node`. */
static struct rg_cel_node *parse_field(struct parser *p, struct rg_cel_node *receiver)
{
    if (!advance(p))
        return NULL;
    struct rg_cel_token name = p->token;
    if (name.kind == '?')
        return REFUSE(p, "subset", name.offset, 1, "optional values are outside the subset");
    if (name.kind != RG_CEL_T_NAME && name.kind != RG_CEL_T_QUOTED_NAME)
        return UNEXPECTED(p, "a field or a function");
    if (!advance(p))
        return NULL;
    if (p->token.kind != '(' || name.kind == RG_CEL_T_QUOTED_NAME) {
        struct rg_cel_node *node = new_unary(p, RG_CEL_OP_SELECT, receiver->offset, receiver);
        if (node != NULL) {
            node->name = rg_arena_str(p->src->arena, name.text);
            node->value = rg_cel_string(node->name);
        }
        return node;
    }
    if (rg_cel_is_macro(name.text))
        return parse_macro(p, rg_cel_macro_op(name.text), receiver);
    struct operands args = {0};
    if (!add_operand(p, &args, receiver) || !parse_elements(p, ')', false, &args))
        return NULL;
    return new_call(p, name.text, name.offset, receiver->offset, true, &args);
}

static struct rg_cel_node *parse_index(struct parser *p, struct rg_cel_node *receiver)
{
    if (!enter(p) || !advance(p))
        return NULL;
    if (p->token.kind == '?')
        return REFUSE(p, "subset", p->token.offset, 1, "optional values are outside the subset");
    struct rg_cel_node *index = parse_expr(p);
    p->depth--;
    if (index == NULL || !expect(p, ']', "]"))
        return NULL;
    return new_binary(p, RG_CEL_OP_INDEX, receiver, index);
}

/* ---- primary expressions ---- */

static struct rg_cel_node *parse_named(struct parser *p, size_t offset, bool rooted)
{
    struct rg_cel_token name = p->token;
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < RG_COUNT(words) && !rooted; i++)
        if (rg_str_is(name.text, words[i]))
            return advance(p) ? new_const(p, offset, i == 2 ? rg_cel_null() : rg_cel_bool(i == 0)) : NULL;
    if (rg_cel_is_reserved(name.text) || rg_str_is(name.text, "in"))
        return REFUSE(p, "syntax", name.offset, name.length, "\"" RG_STR_FMT "\" is a reserved word", RG_STR_ARG(name.text));
    struct rg_cel_lexer ahead = p->lexer;
    struct rg_cel_token next;
    struct rg_cel_error ignored;
    bool known = rg_cel_lex(&ahead, &ignored, &next);
    if (known && next.kind == '(') {
        struct operands args = {0};
        if (!advance(p) || !parse_elements(p, ')', false, &args))
            return NULL;
        if (rg_str_is(name.text, "has"))
            return new_has(p, offset, &args);
        return new_call(p, name.text, name.offset, offset, false, &args);
    }
    if (known && next.kind == RG_CEL_T_NAME && rg_str_is(name.text, "not"))
        return REFUSE(p, "syntax", name.offset, name.length, "write ! instead of not");
    int var = find_var(p, name.text);
    if (var < 0 || rooted) {
        struct rg_cel_node *fact = parse_path(p, offset);
        if (fact != NULL)
            fact->rooted = var >= 0;
        return fact;
    }
    if (!advance(p))
        return NULL;
    struct rg_cel_node *node = new_node(p, RG_CEL_OP_VAR, offset);
    if (node != NULL) {
        node->index = var;
        node->name = rg_arena_str(p->src->arena, name.text);
    }
    return node;
}

static struct rg_cel_node *parse_brackets(struct parser *p)
{
    size_t offset = p->token.offset;
    if (!enter(p) || !advance(p))
        return NULL;
    struct rg_cel_node *node = parse_expr(p);
    p->depth--;
    if (node == NULL || !expect(p, ')', ")"))
        return NULL;
    node->offset = offset; /* so that an error underlines the brackets too */
    node->length = p->consumed - offset;
    return node;
}

static struct rg_cel_node *parse_primary(struct parser *p)
{
    size_t offset = p->token.offset;
    switch (p->token.kind) {
    case RG_CEL_T_INT:
    case RG_CEL_T_DOUBLE:
        return parse_number(p, offset, false);
    case RG_CEL_T_STRING:
        return parse_string(p);
    case '(':
        return parse_brackets(p);
    case '[':
        return parse_aggregate(p, ']', false);
    case '{':
        return parse_aggregate(p, '}', true);
    case RG_CEL_T_NAME:
        return parse_named(p, offset, false);
    case '.':
        if (!advance(p))
            return NULL;
        if (p->token.kind == RG_CEL_T_NAME)
            return parse_named(p, offset, true);
        break;
    default:
        break;
    }
    return UNEXPECTED(p, "a fact, a literal or an opening bracket");
}

static struct rg_cel_node *parse_postfix(struct parser *p, struct rg_cel_node *node)
{
    while (node != NULL && (p->token.kind == '.' || p->token.kind == '['))
        node = p->token.kind == '.' ? parse_field(p, node) : parse_index(p, node);
    return node;
}

/* ---- operators ---- */

/* A run of ! or of -: pairs cancel out, but one pair stays so that the operand's type is still checked. A minus sign right
 * before a number belongs to it, else the least int could not be written. */
static struct rg_cel_node *parse_unary(struct parser *p)
{
    int sign = p->token.kind;
    size_t first = p->token.offset, last = first, count = 0;
    if (sign != '!' && sign != '-')
        return parse_postfix(p, parse_primary(p));
    while (p->token.kind == sign) {
        last = p->token.offset;
        count++;
        if (!advance(p))
            return NULL;
    }
    struct rg_cel_node *node;
    if (sign == '-' && (p->token.kind == RG_CEL_T_INT || p->token.kind == RG_CEL_T_DOUBLE)) {
        count--;
        node = parse_postfix(p, parse_number(p, last, true));
    } else {
        node = parse_postfix(p, parse_primary(p));
    }
    size_t layers = count == 0 ? 0 : count % 2 == 1 ? 1 : 2;
    for (size_t i = 0; i < layers && node != NULL; i++)
        node = new_unary(p, sign == '!' ? RG_CEL_OP_NOT : RG_CEL_OP_NEG, first, node);
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
        {1, '+', RG_CEL_OP_ADD}, {1, '-', RG_CEL_OP_SUB}, {2, '*', RG_CEL_OP_MUL}, {2, '/', RG_CEL_OP_DIV}, {2, '%', RG_CEL_OP_MOD},
    };
    for (size_t i = 0; i < RG_COUNT(signs); i++)
        if (signs[i].level == level && signs[i].kind == t->kind) {
            *ret_op = signs[i].op;
            return true;
        }
    return false;
}

static struct rg_cel_node *parse_binary(struct parser *p, int level)
{
    struct rg_cel_node *node = level < 2 ? parse_binary(p, level + 1) : parse_unary(p);
    enum rg_cel_op op;
    while (node != NULL && operator_of(&p->token, level, &op)) {
        if (!advance(p))
            return NULL;
        struct rg_cel_node *right = level < 2 ? parse_binary(p, level + 1) : parse_unary(p);
        node = new_binary(p, op, node, right);
    }
    return node;
}

/* Adds an operand of && or ||, or, when it is such a chain itself, its operands. */
static bool add_flat(struct parser *p, enum rg_cel_op op, struct operands *list, struct rg_cel_node *node)
{
    if (node == NULL || node->op != op)
        return add_operand(p, list, node);
    for (unsigned i = 0; i < node->count; i++)
        if (!add_operand(p, list, node->args[i]))
            return false;
    return true;
}

static struct rg_cel_node *parse_chain(struct parser *p, enum rg_cel_op op)
{
    int sign = op == RG_CEL_OP_AND ? RG_CEL_T_AND : RG_CEL_T_OR;
    struct rg_cel_node *node = op == RG_CEL_OP_OR ? parse_chain(p, RG_CEL_OP_AND) : parse_binary(p, 0);
    if (node == NULL || p->token.kind != sign)
        return node;
    size_t offset = node->offset;
    struct operands operands = {0};
    bool fine = add_flat(p, op, &operands, node);
    while (fine && p->token.kind == sign) {
        if (!advance(p))
            return NULL;
        fine = add_flat(p, op, &operands, op == RG_CEL_OP_OR ? parse_chain(p, RG_CEL_OP_AND) : parse_binary(p, 0));
    }
    return fine ? new_parent(p, op, offset, &operands) : NULL;
}

static struct rg_cel_node *parse_expr(struct parser *p)
{
    struct rg_cel_node *node = parse_chain(p, RG_CEL_OP_OR);
    if (node == NULL || p->token.kind != '?')
        return node;
    struct operands operands = {0};
    if (!enter(p) || !advance(p) || !add_operand(p, &operands, node) ||
        !add_operand(p, &operands, parse_chain(p, RG_CEL_OP_OR)) || !expect(p, ':', "\":\" and what holds otherwise") ||
        !add_operand(p, &operands, parse_expr(p)))
        return NULL;
    p->depth--;
    return new_parent(p, RG_CEL_OP_COND, node->offset, &operands);
}

struct rg_cel_node *rg_cel_parse(const struct rg_cel_source *src)
{
    struct parser p = {.src = src, .lexer = {.text = src->text}};
    if (!rg_cel_lex(&p.lexer, src->err, &p.token))
        return NULL;
    if (p.token.kind == RG_CEL_T_END)
        return REFUSE(&p, "syntax", 0, 0, "the condition is empty");
    struct rg_cel_node *root = parse_expr(&p);
    if (root != NULL && p.token.kind != RG_CEL_T_END)
        return UNEXPECTED(&p, "an operator or the end");
    return root;
}
