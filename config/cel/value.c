/* Equality and order of values as CEL defines them at run time: numbers compare by value across int and double, anything
 * else equals only its own type, a NaN equals nothing. Money and dates equal only money and dates. */
#include "config/cel/node.h"

bool rg_cel_is_number(enum rg_cel_type type)
{
    return type == RG_CEL_INT || type == RG_CEL_DOUBLE;
}

bool rg_cel_is_ordered(enum rg_cel_type type)
{
    static const bool ordered[RG_CEL_TYPES] = {
        [RG_CEL_BOOL] = true,    [RG_CEL_INT] = true,      [RG_CEL_DOUBLE] = true, [RG_CEL_STRING] = true,
        [RG_CEL_INSTANT] = true, [RG_CEL_DURATION] = true, [RG_CEL_MONEY] = true,  [RG_CEL_DATE] = true,
    };
    return ordered[type];
}

static int order_ints(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_numbers(const struct rg_cel_value *a, const struct rg_cel_value *b)
{
    if (a->type == RG_CEL_INT && b->type == RG_CEL_INT)
        return order_ints(a->i, b->i);
    double x = a->type == RG_CEL_INT ? (double)a->i : a->d;
    double y = b->type == RG_CEL_INT ? (double)b->i : b->d;
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : RG_CEL_UNORDERED;
}

enum rg_cel_fault rg_cel_order(const struct rg_cel_value *a, const struct rg_cel_value *b, int *ret_order)
{
    if (rg_cel_is_number(a->type) && rg_cel_is_number(b->type)) {
        *ret_order = order_numbers(a, b);
        return RG_CEL_FINE;
    }
    if (a->type != b->type || !rg_cel_is_ordered(a->type))
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (a->type == RG_CEL_STRING)
        *ret_order = order_ints(rg_str_cmp(a->s, b->s), 0);
    else if (a->type == RG_CEL_BOOL)
        *ret_order = (int)a->b - (int)b->b;
    else
        *ret_order = a->type == RG_CEL_INSTANT && a->i == b->i ? order_ints(a->nanos, b->nanos) : order_ints(a->i, b->i);
    return RG_CEL_FINE;
}

static bool equal_lists(const struct rg_cel_value *a, const struct rg_cel_value *b)
{
    if (a->items.n != b->items.n)
        return false;
    for (size_t i = 0; i < a->items.n; i++)
        if (!rg_cel_equal(&a->items.p[i], &b->items.p[i]))
            return false;
    return true;
}

static bool equal_maps(const struct rg_cel_value *a, const struct rg_cel_value *b)
{
    if (a->items.n != b->items.n)
        return false;
    for (size_t i = 0; i < a->items.n; i++) {
        const struct rg_cel_value *other = rg_cel_map_find(b, &a->items.p[2 * i]);
        if (other == NULL || !rg_cel_equal(&a->items.p[2 * i + 1], other))
            return false;
    }
    return true;
}

bool rg_cel_equal(const struct rg_cel_value *a, const struct rg_cel_value *b)
{
    if (a->type != b->type)
        return rg_cel_is_number(a->type) && rg_cel_is_number(b->type) && order_numbers(a, b) == 0;
    switch (a->type) {
    case RG_CEL_STRING:
        return rg_str_eq(a->s, b->s);
    case RG_CEL_BOOL:
        return a->b == b->b;
    case RG_CEL_NULL:
        return true;
    case RG_CEL_DOUBLE:
        return a->d == b->d;
    case RG_CEL_LIST:
        return equal_lists(a, b);
    case RG_CEL_MAP:
        return equal_maps(a, b);
    case RG_CEL_INSTANT:
        return a->i == b->i && a->nanos == b->nanos;
    case RG_CEL_INT:
    case RG_CEL_DURATION:
    case RG_CEL_MONEY:
    case RG_CEL_DATE:
        return a->i == b->i;
    case RG_CEL_DYN:
        break;
    }
    rg_assert(a->type != RG_CEL_DYN);
    return false;
}

const struct rg_cel_value *rg_cel_map_find(const struct rg_cel_value *map, const struct rg_cel_value *key)
{
    for (size_t i = 0; i < map->items.n; i++)
        if (rg_cel_equal(&map->items.p[2 * i], key))
            return &map->items.p[2 * i + 1];
    return NULL;
}

enum rg_cel_fault rg_cel_map_check(const struct rg_cel_value *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum rg_cel_type type = pairs[2 * i].type;
        if (type != RG_CEL_STRING && type != RG_CEL_INT && type != RG_CEL_BOOL)
            return RG_CEL_OTHER;
        struct rg_cel_value before = {.type = RG_CEL_MAP, .items = {pairs, i}};
        if (rg_cel_map_find(&before, &pairs[2 * i]) != NULL)
            return RG_CEL_OTHER;
    }
    return RG_CEL_FINE;
}
