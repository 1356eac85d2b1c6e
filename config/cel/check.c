/* Types, from the leaves up. A condition is refused at the first operand that does not fit, with the operand's place and, if
 * it is a literal, what to write instead; in dynamic mode the same walk only records what it can tell. Literals whose
 * result needs no fact (lists, amounts, dates, durations) are evaluated here once and for all. */
#include "config/cel/node.h"

#include <stdio.h>

#include "brazil/days/date.h"

#define ADVICE_BYTES 96

struct checker {
    const struct rg_cel_source *src;
    bool strict;
    struct rg_cel_kind vars[RG_CEL_VARS_MAX];
};

static const struct rg_cel_kind kind_bool = {.type = RG_CEL_BOOL};

/* "money", "a number (int)", "a list": a type within a sentence. */
static const char *describe(enum rg_cel_type type)
{
    static const char *const names[RG_CEL_TYPES] = {
        [RG_CEL_INT] = "a number (int)", [RG_CEL_DOUBLE] = "a number (double)", [RG_CEL_LIST] = "a list",
        [RG_CEL_MAP] = "a map",          [RG_CEL_BOOL] = "a bool",
    };
    return names[type] ? names[type] : rg_cel_type_name(type);
}

static bool comparable(enum rg_cel_type a, enum rg_cel_type b)
{
    return a == b || a == RG_CEL_DYN || b == RG_CEL_DYN || (rg_cel_is_number(a) && rg_cel_is_number(b));
}

/* The type that both branches, or all elements, have. */
static enum rg_cel_type join(enum rg_cel_type a, enum rg_cel_type b)
{
    return a == b ? a : RG_CEL_DYN;
}

/* A number literal as an amount: 300 is brl("300.00"), 0.5 is brl("0.50"). */
static bool advise_money(const struct rg_cel_value *literal, char *ret_text)
{
    char digits[RG_CEL_NUMBER_TEXT_MAX];
    if (literal->type == RG_CEL_INT)
        (void)snprintf(digits, sizeof digits, "%lld.00", (long long)literal->i);
    else if (literal->type == RG_CEL_DOUBLE)
        (void)snprintf(digits, sizeof digits, "%.2f", literal->d > -1e12 && literal->d < 1e12 ? literal->d : 0.0);
    else if (literal->type == RG_CEL_STRING && literal->s.n < sizeof digits)
        (void)snprintf(digits, sizeof digits, RG_STR_FMT, RG_STR_ARG(literal->s));
    else
        return false;
    int64_t cents;
    if (!rg_cel_read_money(rg_str(digits), &cents))
        return false;
    (void)snprintf(ret_text, ADVICE_BYTES, "; write brl(\"%s\")", digits);
    return true;
}

/* How a literal of another type would be written as a `wanted`; "" when there is nothing to say. */
static void advise(enum rg_cel_type wanted, const struct rg_cel_node *operand, char *ret_text)
{
    static const char *const forms[RG_CEL_TYPES] = {
        [RG_CEL_MONEY] = "; money is written brl(\"20.00\")",
        [RG_CEL_DATE] = "; a date is written date(\"2026-01-31\")",
        [RG_CEL_INSTANT] = "; an instant is written timestamp(\"2026-01-31T10:00:00-03:00\")",
        [RG_CEL_DURATION] = "; a duration is written duration(\"3d\")",
    };
    ret_text[0] = '\0';
    const struct rg_cel_value *v = &operand->value;
    bool literal = operand->op == RG_CEL_OP_CONST;
    rg_day day;
    bool date = literal && v->type == RG_CEL_STRING && rg_day_parse(v->s, &day);
    if (operand->kind.type == RG_CEL_NULL)
        (void)snprintf(ret_text, ADVICE_BYTES, "; has(…) asks whether a fact is known");
    else if (literal && wanted == RG_CEL_MONEY && advise_money(v, ret_text))
        return;
    else if (date && wanted == RG_CEL_DATE)
        (void)snprintf(ret_text, ADVICE_BYTES, "; write date(\"" RG_STR_FMT "\")", RG_STR_ARG(v->s));
    else if (literal && wanted == RG_CEL_DURATION && v->type == RG_CEL_INT)
        (void)snprintf(ret_text, ADVICE_BYTES, "; write duration(\"%lldd\")", (long long)v->i);
    else if (literal && wanted == RG_CEL_STRING && v->type == RG_CEL_INT)
        (void)snprintf(ret_text, ADVICE_BYTES, "; write \"%lld\"", (long long)v->i);
    else if (literal && rg_cel_is_number(wanted) && v->type == RG_CEL_STRING)
        (void)snprintf(ret_text, ADVICE_BYTES, "; write a number without quotes");
    else if (forms[wanted] != NULL)
        (void)snprintf(ret_text, ADVICE_BYTES, "%s", forms[wanted]);
}

/* Of two operands that do not fit the one to underline: the literal, else the less particular type, else the right one. */
static bool left_is_wrong(const struct rg_cel_node *left, const struct rg_cel_node *right)
{
    bool constant = left->op == RG_CEL_OP_CONST;
    return constant != (right->op == RG_CEL_OP_CONST) ? constant : right->kind.type == RG_CEL_MONEY;
}

static bool refuse_comparison(struct checker *c, const struct rg_cel_node *left, const struct rg_cel_node *right)
{
    bool swap = left_is_wrong(left, right);
    const struct rg_cel_node *good = swap ? right : left, *wrong = swap ? left : right;
    char advice[ADVICE_BYTES];
    advise(good->kind.type, wrong, advice);
    return RG_CEL_REFUSE_NODE(c->src, "type", wrong, "%s cannot be compared with %s%s", describe(good->kind.type),
                              describe(wrong->kind.type), advice);
}

static bool check_comparison(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *left = node->args[0], *right = node->args[1];
    node->kind = kind_bool;
    if (!c->strict)
        return true;
    if (!comparable(left->kind.type, right->kind.type))
        return refuse_comparison(c, left, right);
    bool equality = node->op == RG_CEL_OP_EQ || node->op == RG_CEL_OP_NE;
    if (equality)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (node->args[i]->kind.type != RG_CEL_DYN && !rg_cel_is_ordered(node->args[i]->kind.type))
            return RG_CEL_REFUSE_NODE(c->src, "type", node->args[i], "\"%s\" does not take %s", rg_cel_op_text(node->op),
                                      describe(node->args[i]->kind.type));
    return true;
}

static bool check_in(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *left = node->args[0], *right = node->args[1];
    enum rg_cel_type type = right->kind.type;
    node->kind = kind_bool;
    if (!c->strict || type == RG_CEL_DYN)
        return true;
    if (type != RG_CEL_LIST && type != RG_CEL_MAP)
        return RG_CEL_REFUSE_NODE(c->src, "type", right, "\"in\" takes a list on its right, this is %s%s", describe(type),
                                  type == RG_CEL_STRING ? "; for a part of a text write contains()" : "");
    for (unsigned i = 0; right->op == RG_CEL_OP_LIST && i < right->count; i++)
        if (!comparable(left->kind.type, right->args[i]->kind.type))
            return refuse_comparison(c, left, right->args[i]);
    enum rg_cel_type member = type == RG_CEL_LIST ? right->kind.elem : right->kind.key;
    if (!comparable(left->kind.type, member))
        return RG_CEL_REFUSE_NODE(c->src, "type", left, "%s is never in %s of %s", describe(left->kind.type), describe(type),
                                  rg_cel_type_name(member));
    return true;
}

static bool refuse_arith(struct checker *c, const struct rg_cel_node *node)
{
    const struct rg_cel_node *left = node->args[0], *right = node->args[1];
    bool swap = left_is_wrong(left, right);
    const struct rg_cel_node *good = swap ? right : left, *wrong = swap ? left : right;
    enum rg_cel_type wanted = good->kind.type;
    if (wanted == RG_CEL_DATE || wanted == RG_CEL_INSTANT)
        wanted = RG_CEL_DURATION;
    char advice[ADVICE_BYTES] = "";
    if (rg_cel_is_number(left->kind.type) && rg_cel_is_number(right->kind.type))
        (void)snprintf(advice, sizeof advice, "; double(…) makes a double of an int");
    else if (node->op == RG_CEL_OP_ADD || node->op == RG_CEL_OP_SUB)
        advise(wanted, wrong, advice);
    const char *op = rg_cel_op_text(node->op);
    if (left->kind.type == right->kind.type)
        return RG_CEL_REFUSE_NODE(c->src, "type", node, "\"%s\" does not take %s", op, describe(left->kind.type));
    return RG_CEL_REFUSE_NODE(c->src, "type", wrong, "\"%s\" does not take %s and %s%s", op, describe(left->kind.type),
                              describe(right->kind.type), advice);
}

/* A sum of lists has the elements of both; an empty literal has none to differ. */
static enum rg_cel_type join_lists(const struct rg_cel_node *left, const struct rg_cel_node *right)
{
    if (left->op == RG_CEL_OP_LIST && left->count == 0)
        return right->kind.elem;
    if (right->op == RG_CEL_OP_LIST && right->count == 0)
        return left->kind.elem;
    return join(left->kind.elem, right->kind.elem);
}

static bool check_arith(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *left = node->args[0], *right = node->args[1];
    node->kind = (struct rg_cel_kind){0};
    if (left->kind.type == RG_CEL_DYN || right->kind.type == RG_CEL_DYN)
        return true;
    if (!rg_cel_arith_type(node->op, left->kind.type, right->kind.type, &node->kind.type))
        return !c->strict || refuse_arith(c, node);
    if (node->kind.type == RG_CEL_LIST)
        node->kind.elem = join_lists(left, right);
    const struct rg_cel_node *moved_by = left->kind.type == RG_CEL_DATE ? right : left;
    if (c->strict && node->kind.type == RG_CEL_DATE && moved_by->ready && moved_by->value.i % RG_CEL_DAY_NANOS != 0)
        return RG_CEL_REFUSE_NODE(c->src, "type", moved_by, "a date moves by whole days, as in duration(\"3d\")");
    return true;
}

static bool is_type(const struct rg_cel_node *node, enum rg_cel_type type)
{
    return node->kind.type == type || node->kind.type == RG_CEL_DYN;
}

static bool check_bools(struct checker *c, const struct rg_cel_node *node, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (c->strict && !is_type(node->args[i], RG_CEL_BOOL))
            return RG_CEL_REFUSE_NODE(c->src, "type", node->args[i], "\"%s\" takes a bool here, this is %s",
                                      rg_cel_op_text(node->op), describe(node->args[i]->kind.type));
    return true;
}

static bool check_logic(struct checker *c, struct rg_cel_node *node)
{
    node->kind = kind_bool;
    return check_bools(c, node, 0, node->count);
}

static bool check_negation(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *operand = node->args[0];
    node->kind = operand->kind;
    if (!c->strict || rg_cel_is_number(operand->kind.type) || is_type(operand, RG_CEL_MONEY))
        return true;
    return RG_CEL_REFUSE_NODE(c->src, "type", operand, "\"-\" does not take %s", describe(operand->kind.type));
}

static bool check_choice(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_kind *a = &node->args[1]->kind, *b = &node->args[2]->kind;
    if (!check_bools(c, node, 0, 1))
        return false;
    node->kind = (struct rg_cel_kind){join(a->type, b->type), join(a->elem, b->elem), join(a->key, b->key)};
    if (c->strict && node->kind.type == RG_CEL_DYN && a->type != RG_CEL_DYN && b->type != RG_CEL_DYN)
        return RG_CEL_REFUSE_NODE(c->src, "type", node->args[2], "both sides of \":\" are of one type, these are %s and %s",
                                  describe(a->type), describe(b->type));
    return true;
}

static bool check_elements(struct checker *c, struct rg_cel_node *node, unsigned from, unsigned step, enum rg_cel_type *ret_type)
{
    enum rg_cel_type type = from < node->count ? node->args[from]->kind.type : RG_CEL_DYN;
    for (unsigned i = from + step; i < node->count; i += step) {
        enum rg_cel_type other = node->args[i]->kind.type;
        if (c->strict && !comparable(type, other))
            return RG_CEL_REFUSE_NODE(c->src, "type", node->args[i], "%s holds one type, this one has %s and %s",
                                      describe(node->kind.type), describe(type), describe(other));
        type = join(type, other);
    }
    *ret_type = type;
    return true;
}

static bool all_ready(const struct rg_cel_node *node)
{
    for (unsigned i = 0; i < node->count; i++)
        if (!node->args[i]->ready)
            return false;
    return true;
}

/* A list or map of literals lies in the program, so that no evaluation builds it again. */
static bool check_aggregate(struct checker *c, struct rg_cel_node *node)
{
    bool map = node->op == RG_CEL_OP_MAP;
    node->kind = (struct rg_cel_kind){.type = map ? RG_CEL_MAP : RG_CEL_LIST};
    if (!check_elements(c, node, map ? 1 : 0, map ? 2 : 1, &node->kind.elem) ||
        (map && !check_elements(c, node, 0, 2, &node->kind.key)))
        return false;
    if (!all_ready(node))
        return true;
    struct rg_cel_value *values = RG_NEW(c->src->arena, struct rg_cel_value, node->count);
    for (unsigned i = 0; i < node->count; i++)
        values[i] = node->args[i]->value;
    size_t n = map ? node->count / 2 : node->count;
    enum rg_cel_fault fault = map ? rg_cel_map_check(values, n) : RG_CEL_FINE;
    if (fault != RG_CEL_FINE)
        return !c->strict || RG_CEL_REFUSE_NODE(c->src, "type", node, "a map's keys are texts, ints or bools, each once");
    node->value = (struct rg_cel_value){.type = node->kind.type, .items = {values, n}};
    node->ready = true;
    return true;
}

static bool check_field(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *map = node->args[0];
    node->kind = node->op == RG_CEL_OP_HAS_KEY ? kind_bool : (struct rg_cel_kind){.type = map->kind.elem};
    if (!c->strict || is_type(map, RG_CEL_MAP))
        return true;
    return RG_CEL_REFUSE_NODE(c->src, "type", node, "%s has no field \"" RG_STR_FMT "\"", describe(map->kind.type),
                              RG_STR_ARG(node->name));
}

static bool check_index(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_node *whole = node->args[0], *index = node->args[1];
    node->kind = (struct rg_cel_kind){.type = whole->kind.elem};
    if (!c->strict || whole->kind.type == RG_CEL_DYN)
        return true;
    if (whole->kind.type != RG_CEL_LIST && whole->kind.type != RG_CEL_MAP)
        return RG_CEL_REFUSE_NODE(c->src, "type", whole, "%s has no elements", describe(whole->kind.type));
    enum rg_cel_type wanted = whole->kind.type == RG_CEL_LIST ? RG_CEL_INT : whole->kind.key;
    if (comparable(index->kind.type, wanted) && (wanted != RG_CEL_INT || index->kind.type != RG_CEL_DOUBLE))
        return true;
    return RG_CEL_REFUSE_NODE(c->src, "type", index, "%s is indexed by %s, this is %s", describe(whole->kind.type),
                              describe(wanted), describe(index->kind.type));
}

/* A call upon a literal that can be known now. */
static bool settle_literal(struct checker *c, struct rg_cel_node *node)
{
    const struct rg_cel_fn *fn = node->fn;
    const struct rg_cel_node *operand = node->count == 1 ? node->args[0] : NULL;
    bool literal = operand != NULL && operand->op == RG_CEL_OP_CONST;
    if (fn->ours && (!literal || operand->value.type != RG_CEL_STRING))
        return RG_CEL_REFUSE_NODE(c->src, "type", node, "%s() takes a literal, as in %s(\"%s\")", fn->name, fn->name,
                                  fn->example);
    if (!literal)
        return true;
    enum rg_cel_fault fault = fn->call(NULL, &operand->value, 1, &node->value);
    node->ready = fault == RG_CEL_FINE;
    if (node->ready || (!c->strict && !fn->ours))
        return true;
    if (fault == RG_CEL_RANGE)
        return RG_CEL_REFUSE_NODE(c->src, "type", operand, "%s() holds years 1 to 9999, or 292 years at most", fn->name);
    return RG_CEL_REFUSE_NODE(c->src, "type", operand, "%s() cannot read this; write it as in %s(\"%s\")", fn->name, fn->name,
                              fn->example);
}

static bool refuse_call(struct checker *c, const struct rg_cel_node *node, const struct rg_cel_kind *kinds)
{
    if (node->member && rg_str_is(node->name, "contains") && node->count == 2 && kinds[0].type == RG_CEL_LIST)
        return RG_CEL_REFUSE_NODE(c->src, "type", node, "a list has no contains(); write x in list");
    if (node->count == 0)
        return RG_CEL_REFUSE_NODE(c->src, "type", node, RG_STR_FMT "() takes an argument", RG_STR_ARG(node->name));
    unsigned last = node->count - 1;
    return RG_CEL_REFUSE_NODE(c->src, "type", node, RG_STR_FMT "() does not take %s%s%s", RG_STR_ARG(node->name),
                              describe(kinds[0].type), last > 0 ? " and " : "", last > 0 ? describe(kinds[last].type) : "");
}

static bool check_call(struct checker *c, struct rg_cel_node *node)
{
    struct rg_cel_kind kinds[2] = {0};
    for (unsigned i = 0; i < node->count && i < RG_COUNT(kinds); i++)
        kinds[i] = node->args[i]->kind;
    node->kind = (struct rg_cel_kind){0};
    if (c->strict && node->fn->dynamic)
        return RG_CEL_REFUSE_NODE(c->src, "subset", node, "%s() is outside the subset: every fact has a type", node->fn->name);
    if (c->strict && node->count > RG_COUNT(kinds))
        return RG_CEL_REFUSE_NODE(c->src, "type", node, "%s() does not take %u arguments", node->fn->name, node->count);
    bool fine = node->count <= RG_COUNT(kinds) && rg_cel_fn_type(node->fn, kinds, node->count, &node->kind.type);
    if (!fine && c->strict && !node->fn->ours)
        return refuse_call(c, node, kinds);
    if (node->fn->literal)
        return settle_literal(c, node);
    const struct rg_cel_node *zone = node->count == 2 ? node->args[1] : NULL;
    if (fine && zone != NULL && zone->op == RG_CEL_OP_CONST && !rg_cel_fn_zone_fits(node->fn, zone->value.s))
        return RG_CEL_REFUSE_NODE(c->src, "subset", zone,
                                  "zone names are outside the subset; write an offset such as \"-03:00\"");
    return true;
}

static bool check_node(struct checker *c, struct rg_cel_node *node);

static bool check_macro(struct checker *c, struct rg_cel_node *node)
{
    struct rg_cel_node *range = node->args[0];
    if (!check_node(c, range))
        return false;
    enum rg_cel_type type = range->kind.type;
    if (c->strict && type != RG_CEL_LIST && type != RG_CEL_MAP && type != RG_CEL_DYN)
        return RG_CEL_REFUSE_NODE(c->src, "type", range, "%s() goes over a list or a map, this is %s", rg_cel_op_text(node->op),
                                  describe(type));
    struct rg_cel_kind element = {.type = type == RG_CEL_MAP ? range->kind.key : range->kind.elem};
    c->vars[node->index] = element;
    for (unsigned i = 1; i < node->count; i++)
        if (!check_node(c, node->args[i]))
            return false;
    const struct rg_cel_node *last = node->args[node->count - 1];
    if (node->op == RG_CEL_OP_COLLECT)
        node->kind = (struct rg_cel_kind){.type = RG_CEL_LIST, .elem = last->kind.type};
    else if (node->op == RG_CEL_OP_FILTER)
        node->kind = (struct rg_cel_kind){.type = RG_CEL_LIST, .elem = element.type};
    else
        node->kind = kind_bool;
    return check_bools(c, node, 1, node->op == RG_CEL_OP_COLLECT ? node->count - 1 : node->count);
}

static bool check_children(struct checker *c, struct rg_cel_node *node)
{
    for (unsigned i = 0; i < node->count; i++)
        if (!check_node(c, node->args[i]))
            return false;
    return true;
}

static bool check_node(struct checker *c, struct rg_cel_node *node)
{
    if (node->op >= RG_CEL_OP_ALL)
        return check_macro(c, node);
    if (!check_children(c, node))
        return false;
    switch (node->op) {
    case RG_CEL_OP_CONST:
        node->kind.type = node->value.type;
        return true;
    case RG_CEL_OP_VAR:
        node->kind = c->vars[node->index];
        return true;
    case RG_CEL_OP_HAS_FACT:
        node->kind = kind_bool;
        return true;
    case RG_CEL_OP_HAS_KEY:
    case RG_CEL_OP_SELECT:
        return check_field(c, node);
    case RG_CEL_OP_INDEX:
        return check_index(c, node);
    case RG_CEL_OP_NOT:
    case RG_CEL_OP_AND:
    case RG_CEL_OP_OR:
        return check_logic(c, node);
    case RG_CEL_OP_NEG:
        return check_negation(c, node);
    case RG_CEL_OP_COND:
        return check_choice(c, node);
    case RG_CEL_OP_EQ:
    case RG_CEL_OP_NE:
    case RG_CEL_OP_LT:
    case RG_CEL_OP_LE:
    case RG_CEL_OP_GT:
    case RG_CEL_OP_GE:
        return check_comparison(c, node);
    case RG_CEL_OP_IN:
        return check_in(c, node);
    case RG_CEL_OP_ADD:
    case RG_CEL_OP_SUB:
    case RG_CEL_OP_MUL:
    case RG_CEL_OP_DIV:
    case RG_CEL_OP_MOD:
        return check_arith(c, node);
    case RG_CEL_OP_LIST:
    case RG_CEL_OP_MAP:
        return check_aggregate(c, node);
    case RG_CEL_OP_CALL:
        return check_call(c, node);
    default: /* facts know their kind, undeclared names have none */
        return true;
    }
}

bool rg_cel_check(const struct rg_cel_source *src, struct rg_cel_node *root)
{
    struct checker c = {.src = src, .strict = !src->env->dynamic};
    if (!check_node(&c, root))
        return false;
    if (c.strict && !is_type(root, RG_CEL_BOOL))
        return RG_CEL_REFUSE_NODE(src, "type", root, "a condition is true or false, this is %s", describe(root->kind.type));
    return true;
}
