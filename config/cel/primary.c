/* What stands between operators: literals, names, calls, macros, brackets, and the fields and elements after them.
 *
 * Names are resolved here rather than by the checker because a dotted name and a field selection look alike: the longest
 * declared name wins, as CEL has it, and finding it needs the tokens. */
#include "config/cel/parser.h"

#include "base/core/hash.h"

#include <string.h>

/* ---- literals ---- */

/* Digits of an int literal, decimal or hexadecimal, without sign. Counted downwards: the least int has no positive twin. */
static bool read_int(struct rg_str digits, bool negative, int64_t *ret_value)
{
    bool hex = digits.n > 1 && (digits.p[1] == 'x' || digits.p[1] == 'X');
    int64_t value = 0;
    for (size_t i = hex ? 2 : 0; i < digits.n; i++)
        if (__builtin_mul_overflow(value, hex ? 16 : 10, &value) ||
            __builtin_sub_overflow(value, rg_hex_digit(digits.p[i]), &value))
            return false;
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

/* A number token; a minus sign before it, at `offset`, belongs to it. */
struct rg_cel_node *rg_cel_parse_number(struct rg_cel_parser *p, size_t offset, bool negative)
{
    struct rg_cel_token t = p->token;
    struct rg_cel_value value;
    if (t.kind == RG_CEL_T_INT) {
        int64_t number;
        if (!read_int(t.text, negative, &number))
            return RG_CEL_REFUSE(p, "limit", t.offset, t.length,
                                 "an int has 64 bits: from -9223372036854775808 to 9223372036854775807");
        value = rg_cel_int(number);
    } else {
        double number;
        if (!rg_cel_read_double(t.text, &number))
            return RG_CEL_REFUSE(p, "limit", t.offset, t.length, "no double is that large");
        value = rg_cel_double(negative ? -number : number);
    }
    return rg_cel_advance(p) ? rg_cel_new_const(p, offset, value) : NULL;
}

static struct rg_cel_node *parse_string(struct rg_cel_parser *p)
{
    struct rg_cel_token t = p->token;
    struct rg_str text;
    if (!rg_cel_unescape(&t, p->src->arena, p->src->err, &text) || !rg_cel_advance(p))
        return NULL;
    return rg_cel_new_const(p, t.offset, rg_cel_string(text));
}

/* Elements up to `close`; maps have key: value. */
static bool parse_elements(struct rg_cel_parser *p, int close, bool pairs, struct rg_cel_operands *ret_elements)
{
    const char *wanted = close == ']' ? ", or ]" : close == '}' ? ", or }" : ", or )";
    bool trailing = close != ')';
    if (!rg_cel_enter(p) || !rg_cel_advance(p))
        return false;
    while (p->token.kind != close) {
        if (p->token.kind == '?')
            return rg_cel_refuse(p->src->err, "subset", p->token.offset, 1, "optional values are outside the subset");
        if (!rg_cel_add_operand(p, ret_elements, rg_cel_parse_expr(p)))
            return false;
        if (pairs && (!rg_cel_expect(p, ':', "\":\" and a value") || !rg_cel_add_operand(p, ret_elements, rg_cel_parse_expr(p))))
            return false;
        if (p->token.kind != ',') {
            if (p->token.kind != close)
                return RG_CEL_UNEXPECTED(p, wanted);
            break;
        }
        if (!rg_cel_advance(p))
            return false;
        if (p->token.kind == close && !trailing)
            return rg_cel_unexpected(p, "a value");
    }
    p->depth--;
    return rg_cel_advance(p);
}

static struct rg_cel_node *parse_aggregate(struct rg_cel_parser *p, int close, bool pairs)
{
    size_t offset = p->token.offset;
    struct rg_cel_operands elements = {0};
    if (!parse_elements(p, close, pairs, &elements))
        return NULL;
    return rg_cel_new_parent(p, pairs ? RG_CEL_OP_MAP : RG_CEL_OP_LIST, offset, &elements);
}

/* ---- names ---- */

static int find_var(const struct rg_cel_parser *p, struct rg_str name)
{
    for (int i = p->var_count - 1; i >= 0; i--)
        if (rg_str_eq(p->vars[i], name))
            return i;
    return -1;
}

static struct rg_cel_node *new_fact(struct rg_cel_parser *p, size_t offset, const struct rg_cel_decl *decl)
{
    struct rg_cel_node *node = rg_cel_new_node(p, RG_CEL_OP_FACT, offset);
    if (node == NULL)
        return NULL;
    rg_assert(decl->slot >= 0);
    node->index = decl->slot;
    node->name = rg_arena_str(p->src->arena, rg_str(decl->name));
    node->kind = (struct rg_cel_kind){decl->type, decl->elem, decl->key};
    return node;
}

/* A name that nothing declares, already consumed; `method` is the function called upon it, absent when there is none. */
static struct rg_cel_node *unknown_name(struct rg_cel_parser *p, size_t offset, struct rg_str name, struct rg_str method)
{
    size_t length = p->consumed - offset;
    if (method.p != NULL && rg_cel_fn_find(method, true) == NULL && !rg_cel_is_macro(method))
        return RG_CEL_REFUSE(p, "subset", offset, length, "function " RG_STR_FMT "." RG_STR_FMT "() is outside the subset",
                      RG_STR_ARG(name), RG_STR_ARG(method));
    if (p->token.kind == '{')
        return RG_CEL_REFUSE(p, "subset", offset, length, "messages such as " RG_STR_FMT "{…} are outside the subset",
                             RG_STR_ARG(name));
    if (rg_cel_is_type(name))
        return RG_CEL_REFUSE(p, "subset", offset, length, "types as values are outside the subset: " RG_STR_FMT,
                             RG_STR_ARG(name));
    if (!p->src->env->dynamic) {
        rg_cel_unknown_name(p->src, offset, length, name);
        return NULL;
    }
    struct rg_cel_node *node = rg_cel_new_node(p, RG_CEL_OP_UNDECLARED, offset);
    if (node != NULL)
        node->name = rg_arena_str(p->src->arena, name);
    return node;
}

/* Whether the tokens from here are .NAME; `ret_method` is that name when a bracket makes it a call, else absent. */
static bool peek_field(const struct rg_cel_parser *p, struct rg_str *ret_method)
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
static struct rg_cel_node *parse_path(struct rg_cel_parser *p, size_t offset)
{
    char name[RG_CEL_NAME_MAX];
    size_t n = 0;
    const struct rg_cel_decl *found = NULL;
    struct rg_cel_parser after_found = *p;
    struct rg_str method;
    for (;;) {
        struct rg_str part = p->token.text;
        if (n + part.n + 1 > sizeof name)
            return RG_CEL_REFUSE(p, "limit", offset, p->token.offset + part.n - offset, "a name has at most %d bytes",
                                 RG_CEL_NAME_MAX - 1);
        memcpy(name + n, part.p, part.n);
        n += part.n;
        if (!rg_cel_advance(p))
            return NULL;
        const struct rg_cel_decl *decl = rg_cel_find_decl(p->src->env, (struct rg_str){name, n});
        if (decl != NULL) {
            found = decl;
            after_found = *p;
        }
        if (!peek_field(p, &method) || method.p != NULL)
            break;
        name[n++] = '.';
        if (!rg_cel_advance(p))
            return NULL;
    }
    if (found == NULL)
        return unknown_name(p, offset, (struct rg_str){name, n}, method);
    *p = after_found;
    return new_fact(p, offset, found);
}

/* ---- calls ---- */

/* The function of that name, or the error that says why there is none. */
static const struct rg_cel_fn *find_function(struct rg_cel_parser *p, const struct rg_cel_token *token, bool member)
{
    struct rg_str name = token->text;
    const struct rg_cel_fn *fn = rg_cel_fn_find(name, member);
    if (fn != NULL)
        return fn;
    const char *outside = rg_cel_fn_outside(name);
    if (outside != NULL)
        return RG_CEL_REFUSE(p, "subset", token->offset, name.n, RG_STR_FMT "() is outside the subset%s",
                             RG_STR_ARG(name), outside);
    if (rg_cel_fn_find(name, !member) != NULL || (!member && rg_cel_is_macro(name)))
        return RG_CEL_REFUSE(p, "subset", token->offset, name.n, "write %s" RG_STR_FMT "(…)", member ? "" : "x.",
                             RG_STR_ARG(name));
    const char *near = rg_cel_fn_suggest(name);
    return RG_CEL_REFUSE(p, "subset", token->offset, name.n, "no function \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(name),
                         near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The arguments of a call and the call; the opening bracket is the current token, `args` holds a receiver or nothing. */
static struct rg_cel_node *parse_call(struct rg_cel_parser *p, const struct rg_cel_token *name, size_t offset,
                                      struct rg_cel_operands args)
{
    bool member = args.count == 1;
    const struct rg_cel_fn *fn = find_function(p, name, member);
    if (fn == NULL || !parse_elements(p, ')', false, &args))
        return NULL;
    struct rg_cel_node *node = rg_cel_new_parent(p, RG_CEL_OP_CALL, offset, &args);
    if (node != NULL) {
        node->fn = fn;
        node->name = rg_str(fn->name);
        node->member = member;
    }
    return node;
}

/* has(x.y): of a fact, whether it is known; of a map, whether the key is there. */
static struct rg_cel_node *parse_has(struct rg_cel_parser *p, size_t offset)
{
    struct rg_cel_operands args = {0};
    if (!parse_elements(p, ')', false, &args))
        return NULL;
    size_t length = p->consumed - offset;
    struct rg_cel_node *node = args.count == 1 ? args.p[0] : NULL;
    if (node == NULL || (node->op != RG_CEL_OP_FACT && node->op != RG_CEL_OP_SELECT && node->op != RG_CEL_OP_UNDECLARED))
        return RG_CEL_REFUSE(p, "syntax", offset, length, "has() takes one fact or field, as in has(service.suspended_since)");
    if (node->op != RG_CEL_OP_UNDECLARED)
        node->op = node->op == RG_CEL_OP_FACT ? RG_CEL_OP_HAS_FACT : RG_CEL_OP_HAS_KEY;
    node->offset = offset;
    node->length = length;
    return node;
}

/* receiver.all(name, condition) and its kin; the opening bracket is the current token. */
static struct rg_cel_node *parse_macro(struct rg_cel_parser *p, enum rg_cel_op op, struct rg_cel_node *range)
{
    if (!rg_cel_enter(p) || !rg_cel_advance(p))
        return NULL;
    struct rg_cel_token name = p->token;
    if (name.kind != RG_CEL_T_NAME || rg_cel_is_reserved(name.text))
        return RG_CEL_UNEXPECTED(p, "a name for the element, as in tags.exists(t, t == \"vip\")");
    if (p->var_count == RG_CEL_VARS_MAX)
        return RG_CEL_REFUSE(p, "limit", name.offset, name.length, "more than %d macros inside one another", RG_CEL_VARS_MAX);
    if (!rg_cel_advance(p) || !rg_cel_expect(p, ',', ", and a condition on the element"))
        return NULL;
    struct rg_cel_operands operands = {0};
    (void)rg_cel_add_operand(p, &operands, range);
    p->vars[p->var_count++] = name.text;
    bool fine = rg_cel_add_operand(p, &operands, rg_cel_parse_expr(p));
    if (fine && op == RG_CEL_OP_COLLECT && p->token.kind == ',')
        fine = rg_cel_advance(p) && rg_cel_add_operand(p, &operands, rg_cel_parse_expr(p));
    else if (fine && p->token.kind == ',')
        return RG_CEL_REFUSE(p, "subset", p->token.offset, 1, "macros of two variables are outside the subset");
    p->var_count--;
    p->depth--;
    if (!fine || !rg_cel_expect(p, ')', ")"))
        return NULL;
    struct rg_cel_node *node = rg_cel_new_parent(p, op, range->offset, &operands);
    if (node != NULL) {
        node->name = rg_arena_str(p->src->arena, name.text);
        node->index = p->var_count;
    }
    return node;
}

/* A bracket or field after `node`. */
static struct rg_cel_node *parse_field(struct rg_cel_parser *p, struct rg_cel_node *receiver)
{
    if (!rg_cel_advance(p))
        return NULL;
    struct rg_cel_token name = p->token;
    if (name.kind == '?')
        return RG_CEL_REFUSE(p, "subset", name.offset, 1, "optional values are outside the subset");
    if (name.kind != RG_CEL_T_NAME && name.kind != RG_CEL_T_QUOTED_NAME)
        return RG_CEL_UNEXPECTED(p, "a field or a function");
    if (!rg_cel_advance(p))
        return NULL;
    if (p->token.kind != '(' || name.kind == RG_CEL_T_QUOTED_NAME) {
        struct rg_cel_node *node = rg_cel_new_unary(p, RG_CEL_OP_SELECT, receiver->offset, receiver);
        if (node != NULL) {
            node->name = rg_arena_str(p->src->arena, name.text);
            node->value = rg_cel_string(node->name);
            node->quoted = name.kind == RG_CEL_T_QUOTED_NAME;
        }
        return node;
    }
    if (rg_cel_is_macro(name.text))
        return parse_macro(p, rg_cel_macro_op(name.text), receiver);
    struct rg_cel_operands args = {0};
    (void)rg_cel_add_operand(p, &args, receiver); /* it is there */
    return parse_call(p, &name, receiver->offset, args);
}

static struct rg_cel_node *parse_index(struct rg_cel_parser *p, struct rg_cel_node *receiver)
{
    if (!rg_cel_enter(p) || !rg_cel_advance(p))
        return NULL;
    if (p->token.kind == '?')
        return RG_CEL_REFUSE(p, "subset", p->token.offset, 1, "optional values are outside the subset");
    struct rg_cel_node *index = rg_cel_parse_expr(p);
    p->depth--;
    if (index == NULL || !rg_cel_expect(p, ']', "]"))
        return NULL;
    return rg_cel_new_binary(p, RG_CEL_OP_INDEX, receiver, index);
}

/* ---- primary expressions ---- */

static struct rg_cel_node *parse_named(struct rg_cel_parser *p, size_t offset, bool rooted)
{
    struct rg_cel_token name = p->token;
    static const char *const words[] = {"true", "false", "null"};
    bool reserved = rg_cel_is_reserved(name.text) || rg_str_is(name.text, "in");
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (rg_str_is(name.text, words[i]) && rooted)
            reserved = true;
        else if (rg_str_is(name.text, words[i]))
            return rg_cel_advance(p) ? rg_cel_new_const(p, offset, i == 2 ? rg_cel_null() : rg_cel_bool(i == 0)) : NULL;
    if (reserved)
        return RG_CEL_REFUSE(p, "syntax", name.offset, name.length, "\"" RG_STR_FMT "\" is a reserved word",
                             RG_STR_ARG(name.text));
    struct rg_cel_lexer ahead = p->lexer;
    struct rg_cel_token next;
    struct rg_cel_error ignored;
    bool known = rg_cel_lex(&ahead, &ignored, &next);
    if (known && next.kind == '(') {
        if (!rg_cel_advance(p))
            return NULL;
        return rg_str_is(name.text, "has") ? parse_has(p, offset) : parse_call(p, &name, offset, (struct rg_cel_operands){0});
    }
    if (known && next.kind == RG_CEL_T_NAME && rg_str_is(name.text, "not"))
        return RG_CEL_REFUSE(p, "syntax", name.offset, name.length, "write ! instead of not");
    int var = find_var(p, name.text);
    if (var < 0 || rooted) {
        struct rg_cel_node *fact = parse_path(p, offset);
        if (fact != NULL)
            fact->rooted = var >= 0;
        return fact;
    }
    if (!rg_cel_advance(p))
        return NULL;
    struct rg_cel_node *node = rg_cel_new_node(p, RG_CEL_OP_VAR, offset);
    if (node != NULL) {
        node->index = var;
        node->name = rg_arena_str(p->src->arena, name.text);
    }
    return node;
}

static struct rg_cel_node *parse_brackets(struct rg_cel_parser *p)
{
    size_t offset = p->token.offset;
    if (!rg_cel_enter(p) || !rg_cel_advance(p))
        return NULL;
    struct rg_cel_node *node = rg_cel_parse_expr(p);
    p->depth--;
    if (node == NULL || !rg_cel_expect(p, ')', ")"))
        return NULL;
    node->quoted = node->quoted || node->op == RG_CEL_OP_FACT || node->op == RG_CEL_OP_UNDECLARED;
    node->offset = offset; /* so that an error underlines the brackets too */
    node->length = p->consumed - offset;
    return node;
}

struct rg_cel_node *rg_cel_parse_primary(struct rg_cel_parser *p)
{
    size_t offset = p->token.offset;
    switch (p->token.kind) {
    case RG_CEL_T_INT:
    case RG_CEL_T_DOUBLE:
        return rg_cel_parse_number(p, offset, false);
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
        if (!rg_cel_advance(p))
            return NULL;
        if (p->token.kind == RG_CEL_T_NAME)
            return parse_named(p, offset, true);
        break;
    default:
        break;
    }
    return RG_CEL_UNEXPECTED(p, "a fact, a literal or an opening bracket");
}

struct rg_cel_node *rg_cel_parse_postfix(struct rg_cel_parser *p, struct rg_cel_node *node)
{
    while (node != NULL && (p->token.kind == '.' || p->token.kind == '['))
        node = p->token.kind == '.' ? parse_field(p, node) : parse_index(p, node);
    return node;
}
