/* The evaluation: a walk over the tree whose height is bounded at load. A fault travels as `false` with its kind in the run;
 * only && and || (and all, exists, which are made of them) look at it, and drop it when another operand decides. */
#include "config/cel/node.h"

#include <stdalign.h>
#include <string.h>

#define TEST_SCRATCH_BYTES 4096

static bool fail(struct rg_cel_run *run, enum rg_cel_fault fault)
{
    run->outcome = (struct rg_cel_outcome){fault, -1};
    return false;
}

/* Turns a fault code into the walk's yes or no. */
static inline bool settle(struct rg_cel_run *run, enum rg_cel_fault fault)
{
    return fault == RG_CEL_FINE || fail(run, fault);
}

void *rg_cel_scratch_take(struct rg_cel_scratch *scratch, size_t bytes)
{
    size_t unit = alignof(max_align_t);
    if (bytes > scratch->size)
        return NULL;
    size_t wanted = (bytes + unit - 1) / unit * unit;
    if (wanted > scratch->size - scratch->used)
        return NULL;
    void *p = (char *)scratch->bytes + scratch->used;
    scratch->used += wanted;
    return p;
}

static struct rg_cel_value *take_values(struct rg_cel_run *run, size_t n)
{
    struct rg_cel_value *values = rg_cel_scratch_take(run->scratch, n * sizeof *values);
    if (values == NULL)
        (void)fail(run, RG_CEL_OTHER);
    return values;
}

static bool run_fact(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    if (run->fact(run->ctx, node->index, ret_value))
        return true;
    run->outcome = (struct rg_cel_outcome){RG_CEL_UNKNOWN_FACT, node->index};
    return false;
}

static bool run_bool(struct rg_cel_run *run, const struct rg_cel_node *node, bool *ret_value)
{
    struct rg_cel_value value;
    if (!rg_cel_run_node(run, node, &value))
        return false;
    if (value.type != RG_CEL_BOOL)
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    *ret_value = value.b;
    return true;
}

/* `deciding` is false for && and true for ||: one such operand decides, wherever it stands and whatever the others say.
 * Without it the first fault is the result. */
static bool run_chain(struct rg_cel_run *run, const struct rg_cel_node *node, bool deciding, struct rg_cel_value *ret_value)
{
    struct rg_cel_outcome first = {RG_CEL_FINE, -1};
    for (unsigned i = 0; i < node->count; i++) {
        bool value;
        if (!run_bool(run, node->args[i], &value)) {
            if (first.fault == RG_CEL_FINE)
                first = run->outcome;
        } else if (value == deciding) {
            *ret_value = rg_cel_bool(deciding);
            return true;
        }
    }
    run->outcome = first;
    *ret_value = rg_cel_bool(!deciding);
    return first.fault == RG_CEL_FINE;
}

static bool run_choice(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    bool first;
    return run_bool(run, node->args[0], &first) && rg_cel_run_node(run, node->args[first ? 1 : 2], ret_value);
}

static bool run_not(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    bool value;
    if (!run_bool(run, node->args[0], &value))
        return false;
    *ret_value = rg_cel_bool(!value);
    return true;
}

static bool run_ordering(struct rg_cel_run *run, enum rg_cel_op op, const struct rg_cel_value *a, const struct rg_cel_value *b,
                         struct rg_cel_value *ret_value)
{
    int order;
    if (!settle(run, rg_cel_order(a, b, &order)))
        return false;
    bool holds = op == RG_CEL_OP_LT   ? order == -1
                 : op == RG_CEL_OP_LE ? order == -1 || order == 0
                 : op == RG_CEL_OP_GT ? order == 1
                                      : order == 1 || order == 0;
    *ret_value = rg_cel_bool(holds);
    return true;
}

static bool run_in(struct rg_cel_run *run, const struct rg_cel_value *a, const struct rg_cel_value *b,
                   struct rg_cel_value *ret_value)
{
    bool found = false;
    if (b->type == RG_CEL_MAP)
        found = rg_cel_map_find(b, a) != NULL;
    else if (b->type == RG_CEL_LIST)
        for (size_t i = 0; i < b->items.n && !found; i++)
            found = rg_cel_equal(&b->items.p[i], a);
    else
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    *ret_value = rg_cel_bool(found);
    return true;
}

static bool run_concatenation(struct rg_cel_run *run, const struct rg_cel_value *a, const struct rg_cel_value *b,
                              struct rg_cel_value *ret_value)
{
    if (a->type == RG_CEL_STRING) {
        char *text = rg_cel_scratch_take(run->scratch, a->s.n + b->s.n);
        if (text == NULL)
            return fail(run, RG_CEL_OTHER);
        if (a->s.n > 0)
            memcpy(text, a->s.p, a->s.n);
        if (b->s.n > 0)
            memcpy(text + a->s.n, b->s.p, b->s.n);
        *ret_value = rg_cel_string((struct rg_str){text, a->s.n + b->s.n});
        return true;
    }
    struct rg_cel_value *values = take_values(run, a->items.n + b->items.n);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < a->items.n; i++)
        values[i] = a->items.p[i];
    for (size_t i = 0; i < b->items.n; i++)
        values[a->items.n + i] = b->items.p[i];
    *ret_value = rg_cel_list(values, a->items.n + b->items.n);
    return true;
}

static bool run_binary(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value a, b;
    if (!rg_cel_run_node(run, node->args[0], &a) || !rg_cel_run_node(run, node->args[1], &b))
        return false;
    switch (node->op) {
    case RG_CEL_OP_EQ:
    case RG_CEL_OP_NE:
        *ret_value = rg_cel_bool(rg_cel_equal(&a, &b) == (node->op == RG_CEL_OP_EQ));
        return true;
    case RG_CEL_OP_LT:
    case RG_CEL_OP_LE:
    case RG_CEL_OP_GT:
    case RG_CEL_OP_GE:
        return run_ordering(run, node->op, &a, &b, ret_value);
    case RG_CEL_OP_IN:
        return run_in(run, &a, &b, ret_value);
    default:
        break;
    }
    if (node->op == RG_CEL_OP_ADD && a.type == b.type && (a.type == RG_CEL_STRING || a.type == RG_CEL_LIST))
        return run_concatenation(run, &a, &b, ret_value);
    return settle(run, rg_cel_arith(node->op, &a, &b, ret_value));
}

static bool run_negation(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value value;
    return rg_cel_run_node(run, node->args[0], &value) && settle(run, rg_cel_negate(&value, ret_value));
}

static bool run_aggregate(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    bool map = node->op == RG_CEL_OP_MAP;
    struct rg_cel_value *values = take_values(run, node->count);
    if (values == NULL)
        return false;
    for (unsigned i = 0; i < node->count; i++)
        if (!rg_cel_run_node(run, node->args[i], &values[i]))
            return false;
    size_t n = map ? node->count / 2 : node->count;
    if (map && !settle(run, rg_cel_map_check(values, n)))
        return false;
    *ret_value = (struct rg_cel_value){.type = map ? RG_CEL_MAP : RG_CEL_LIST, .items = {values, n}};
    return true;
}

/* A field and has(): `value` holds the field's name as a key. */
static bool run_field(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value map;
    if (!rg_cel_run_node(run, node->args[0], &map))
        return false;
    if (map.type != RG_CEL_MAP)
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    const struct rg_cel_value *found = rg_cel_map_find(&map, &node->value);
    if (node->op == RG_CEL_OP_HAS_KEY) {
        *ret_value = rg_cel_bool(found != NULL);
        return true;
    }
    if (found == NULL)
        return fail(run, RG_CEL_NO_SUCH_KEY);
    *ret_value = *found;
    return true;
}

/* The element that a number names: a double does when it is whole. */
static bool list_place(const struct rg_cel_value *index, size_t n, size_t *ret_place)
{
    bool within = index->type == RG_CEL_INT ? index->i >= 0 && (uint64_t)index->i < n : index->d >= 0 && index->d < (double)n;
    if (!within)
        return false;
    *ret_place = index->type == RG_CEL_INT ? (size_t)index->i : (size_t)index->d;
    return index->type == RG_CEL_INT || (double)*ret_place == index->d;
}

static bool run_index(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value whole, index;
    if (!rg_cel_run_node(run, node->args[0], &whole) || !rg_cel_run_node(run, node->args[1], &index))
        return false;
    if (whole.type == RG_CEL_MAP) {
        const struct rg_cel_value *found = rg_cel_map_find(&whole, &index);
        if (found == NULL)
            return fail(run, RG_CEL_NO_SUCH_KEY);
        *ret_value = *found;
        return true;
    }
    size_t place;
    if (whole.type != RG_CEL_LIST)
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    if (!rg_cel_is_number(index.type) || !list_place(&index, whole.items.n, &place))
        return fail(run, RG_CEL_INDEX);
    *ret_value = whole.items.p[place];
    return true;
}

/* No function has more than two arguments; more are evaluated by nobody and end as a fault. */
static bool run_call(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value args[2];
    if (node->count > RG_COUNT(args))
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    for (unsigned i = 0; i < node->count; i++)
        if (!rg_cel_run_node(run, node->args[i], &args[i]))
            return false;
    return settle(run, node->fn->call(run, args, node->count, ret_value));
}

/* ---- macros ---- */

/* A macro under way: over which elements, and which scratch a turn may reuse. */
struct walk {
    const struct rg_cel_value *p;
    size_t n, step;
};

static bool start_walk(struct rg_cel_run *run, const struct rg_cel_node *node, struct walk *ret_walk, struct rg_cel_value *range)
{
    if (!rg_cel_run_node(run, node->args[0], range))
        return false;
    if (range->type != RG_CEL_LIST && range->type != RG_CEL_MAP)
        return fail(run, RG_CEL_NO_SUCH_OVERLOAD);
    *ret_walk = (struct walk){range->items.p, range->items.n, range->type == RG_CEL_MAP ? 2 : 1};
    return true;
}

static bool set_turn(struct rg_cel_run *run, const struct rg_cel_node *node, const struct walk *walk, size_t i)
{
    if (run->turns == RG_CEL_TURNS_MAX)
        return fail(run, RG_CEL_OTHER);
    run->turns++;
    run->vars[node->index] = &walk->p[walk->step * i];
    return true;
}

/* A condition on the element; what it took of the scratch is free again, as a bool holds none of it. */
static bool run_turn(struct rg_cel_run *run, const struct rg_cel_node *node, const struct walk *walk, size_t i, bool *ret_value)
{
    size_t used = run->scratch->used;
    bool fine = set_turn(run, node, walk, i) && run_bool(run, node->args[1], ret_value);
    run->scratch->used = used;
    return fine;
}

/* all and exists: an && or || over the elements, faults absorbed alike. */
static bool run_quantifier(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    bool deciding = node->op == RG_CEL_OP_EXISTS;
    struct rg_cel_outcome first = {RG_CEL_FINE, -1};
    struct rg_cel_value range;
    struct walk walk;
    if (!start_walk(run, node, &walk, &range))
        return false;
    for (size_t i = 0; i < walk.n && run->turns < RG_CEL_TURNS_MAX; i++) {
        bool value;
        if (!run_turn(run, node, &walk, i, &value)) {
            if (first.fault == RG_CEL_FINE)
                first = run->outcome;
        } else if (value == deciding) {
            *ret_value = rg_cel_bool(deciding);
            return true;
        }
    }
    if (run->turns == RG_CEL_TURNS_MAX) /* the rest was not looked at */
        return fail(run, RG_CEL_OTHER);
    run->outcome = first;
    *ret_value = rg_cel_bool(!deciding);
    return first.fault == RG_CEL_FINE;
}

static bool run_exists_one(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    size_t count = 0;
    struct rg_cel_value range;
    struct walk walk;
    if (!start_walk(run, node, &walk, &range))
        return false;
    for (size_t i = 0; i < walk.n; i++) {
        bool value;
        if (!run_turn(run, node, &walk, i, &value))
            return false;
        count += value;
    }
    *ret_value = rg_cel_bool(count == 1);
    return true;
}

/* filter, and map with or without a filter. */
static bool run_collection(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    struct rg_cel_value range;
    struct walk walk;
    if (!start_walk(run, node, &walk, &range))
        return false;
    struct rg_cel_value *values = take_values(run, walk.n);
    if (values == NULL)
        return false;
    bool filtered = node->op == RG_CEL_OP_FILTER || node->count == 3;
    size_t n = 0;
    for (size_t i = 0; i < walk.n; i++) {
        bool wanted = true;
        if (filtered ? !run_turn(run, node, &walk, i, &wanted) : !set_turn(run, node, &walk, i))
            return false;
        if (!wanted)
            continue;
        if (node->op == RG_CEL_OP_FILTER)
            values[n++] = walk.p[walk.step * i];
        else if (!rg_cel_run_node(run, node->args[node->count - 1], &values[n++]))
            return false;
    }
    *ret_value = rg_cel_list(values, n);
    return true;
}

bool rg_cel_run_node(struct rg_cel_run *run, const struct rg_cel_node *node, struct rg_cel_value *ret_value)
{
    if (node->ready) {
        *ret_value = node->value;
        return true;
    }
    switch (node->op) {
    case RG_CEL_OP_FACT:
        return run_fact(run, node, ret_value);
    case RG_CEL_OP_AND:
        return run_chain(run, node, false, ret_value);
    case RG_CEL_OP_OR:
        return run_chain(run, node, true, ret_value);
    case RG_CEL_OP_NOT:
        return run_not(run, node, ret_value);
    case RG_CEL_OP_VAR:
        *ret_value = *run->vars[node->index];
        return true;
    case RG_CEL_OP_HAS_FACT:
        *ret_value = rg_cel_bool(run->fact(run->ctx, node->index, ret_value));
        return true;
    case RG_CEL_OP_UNDECLARED:
        return fail(run, RG_CEL_UNDECLARED);
    case RG_CEL_OP_HAS_KEY:
    case RG_CEL_OP_SELECT:
        return run_field(run, node, ret_value);
    case RG_CEL_OP_INDEX:
        return run_index(run, node, ret_value);
    case RG_CEL_OP_NEG:
        return run_negation(run, node, ret_value);
    case RG_CEL_OP_COND:
        return run_choice(run, node, ret_value);
    case RG_CEL_OP_LIST:
    case RG_CEL_OP_MAP:
        return run_aggregate(run, node, ret_value);
    case RG_CEL_OP_CALL:
        return run_call(run, node, ret_value);
    case RG_CEL_OP_ALL:
    case RG_CEL_OP_EXISTS:
        return run_quantifier(run, node, ret_value);
    case RG_CEL_OP_EXISTS_ONE:
        return run_exists_one(run, node, ret_value);
    case RG_CEL_OP_FILTER:
    case RG_CEL_OP_COLLECT:
        return run_collection(run, node, ret_value);
    default:
        return run_binary(run, node, ret_value);
    }
}

struct rg_cel_outcome rg_cel_eval(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_cel_scratch *scratch,
                                  struct rg_cel_value *ret_value)
{
    struct rg_cel_run run = {.fact = fact, .ctx = ctx, .scratch = scratch, .outcome = {RG_CEL_FINE, -1}};
    struct rg_cel_value value;
    if (!rg_cel_run_node(&run, prog->root, &value))
        return run.outcome;
    *ret_value = value;
    return (struct rg_cel_outcome){RG_CEL_FINE, -1};
}

enum rg_cel_verdict rg_cel_test(const struct rg_cel *prog, rg_cel_fact_fn *fact, void *ctx, struct rg_cel_outcome *ret_outcome)
{
    alignas(max_align_t) char bytes[TEST_SCRATCH_BYTES];
    struct rg_cel_scratch scratch = {bytes, sizeof bytes, 0};
    struct rg_cel_value value = {0};
    struct rg_cel_outcome outcome = rg_cel_eval(prog, fact, ctx, &scratch, &value);
    if (outcome.fault == RG_CEL_FINE && value.type != RG_CEL_BOOL)
        outcome.fault = RG_CEL_NO_SUCH_OVERLOAD;
    if (ret_outcome != NULL)
        *ret_outcome = outcome;
    return outcome.fault != RG_CEL_FINE ? RG_CEL_UNKNOWN : value.b ? RG_CEL_TRUE : RG_CEL_FALSE;
}
