/* Sums, differences, products. One table says which types go together; the checker reads it at load and the evaluation acts
 * on it, so the two cannot disagree. Whatever leaves its type's range is a fault, never a wrapped number. */
#include "config/cel/node.h"

#include "brazil/days/date.h"

#define NANOS_PER_SECOND INT64_C(1000000000)

struct rule {
    enum rg_cel_op op;
    enum rg_cel_type a, b, result;
};

static const struct rule rules[] = {
    {RG_CEL_OP_ADD, RG_CEL_INT, RG_CEL_INT, RG_CEL_INT},
    {RG_CEL_OP_ADD, RG_CEL_DOUBLE, RG_CEL_DOUBLE, RG_CEL_DOUBLE},
    {RG_CEL_OP_ADD, RG_CEL_STRING, RG_CEL_STRING, RG_CEL_STRING},
    {RG_CEL_OP_ADD, RG_CEL_LIST, RG_CEL_LIST, RG_CEL_LIST},
    {RG_CEL_OP_ADD, RG_CEL_MONEY, RG_CEL_MONEY, RG_CEL_MONEY},
    {RG_CEL_OP_ADD, RG_CEL_DURATION, RG_CEL_DURATION, RG_CEL_DURATION},
    {RG_CEL_OP_ADD, RG_CEL_INSTANT, RG_CEL_DURATION, RG_CEL_INSTANT},
    {RG_CEL_OP_ADD, RG_CEL_DURATION, RG_CEL_INSTANT, RG_CEL_INSTANT},
    {RG_CEL_OP_ADD, RG_CEL_DATE, RG_CEL_DURATION, RG_CEL_DATE},
    {RG_CEL_OP_ADD, RG_CEL_DURATION, RG_CEL_DATE, RG_CEL_DATE},
    {RG_CEL_OP_SUB, RG_CEL_INT, RG_CEL_INT, RG_CEL_INT},
    {RG_CEL_OP_SUB, RG_CEL_DOUBLE, RG_CEL_DOUBLE, RG_CEL_DOUBLE},
    {RG_CEL_OP_SUB, RG_CEL_MONEY, RG_CEL_MONEY, RG_CEL_MONEY},
    {RG_CEL_OP_SUB, RG_CEL_DURATION, RG_CEL_DURATION, RG_CEL_DURATION},
    {RG_CEL_OP_SUB, RG_CEL_INSTANT, RG_CEL_DURATION, RG_CEL_INSTANT},
    {RG_CEL_OP_SUB, RG_CEL_INSTANT, RG_CEL_INSTANT, RG_CEL_DURATION},
    {RG_CEL_OP_SUB, RG_CEL_DATE, RG_CEL_DURATION, RG_CEL_DATE},
    {RG_CEL_OP_SUB, RG_CEL_DATE, RG_CEL_DATE, RG_CEL_DURATION},
    {RG_CEL_OP_MUL, RG_CEL_INT, RG_CEL_INT, RG_CEL_INT},
    {RG_CEL_OP_MUL, RG_CEL_DOUBLE, RG_CEL_DOUBLE, RG_CEL_DOUBLE},
    {RG_CEL_OP_DIV, RG_CEL_INT, RG_CEL_INT, RG_CEL_INT},
    {RG_CEL_OP_DIV, RG_CEL_DOUBLE, RG_CEL_DOUBLE, RG_CEL_DOUBLE},
    {RG_CEL_OP_MOD, RG_CEL_INT, RG_CEL_INT, RG_CEL_INT},
};

bool rg_cel_arith_type(enum rg_cel_op op, enum rg_cel_type a, enum rg_cel_type b, enum rg_cel_type *ret_type)
{
    for (size_t i = 0; i < RG_COUNT(rules); i++)
        if (rules[i].op == op && rules[i].a == a && rules[i].b == b) {
            *ret_type = rules[i].result;
            return true;
        }
    return false;
}

/* The integer operation under ints, money and durations. */
static enum rg_cel_fault whole(enum rg_cel_op op, int64_t a, int64_t b, int64_t *ret)
{
    switch (op) {
    case RG_CEL_OP_ADD:
        return __builtin_add_overflow(a, b, ret) ? RG_CEL_OVERFLOW : RG_CEL_FINE;
    case RG_CEL_OP_SUB:
        return __builtin_sub_overflow(a, b, ret) ? RG_CEL_OVERFLOW : RG_CEL_FINE;
    case RG_CEL_OP_MUL:
        return __builtin_mul_overflow(a, b, ret) ? RG_CEL_OVERFLOW : RG_CEL_FINE;
    default:
        break;
    }
    if (b == 0)
        return RG_CEL_DIVIDE_BY_ZERO;
    if (a == INT64_MIN && b == -1)
        return RG_CEL_OVERFLOW;
    *ret = op == RG_CEL_OP_DIV ? a / b : a % b;
    return RG_CEL_FINE;
}

static double fractional(enum rg_cel_op op, double a, double b)
{
    switch (op) {
    case RG_CEL_OP_ADD:
        return a + b;
    case RG_CEL_OP_SUB:
        return a - b;
    case RG_CEL_OP_MUL:
        return a * b;
    default:
        rg_assert(op == RG_CEL_OP_DIV);
        return a / b; /* by zero: an infinity or a NaN, as IEEE 754 and CEL have it */
    }
}

/* An instant moved by a duration; `sign` is 1 or -1. */
static enum rg_cel_fault move_instant(const struct rg_cel_value *instant, int64_t nanos, int sign, struct rg_cel_value *ret)
{
    int64_t seconds = instant->i + sign * (nanos / NANOS_PER_SECOND);
    int64_t rest = instant->nanos + sign * (nanos % NANOS_PER_SECOND);
    if (rest < 0) {
        rest += NANOS_PER_SECOND;
        seconds--;
    } else if (rest >= NANOS_PER_SECOND) {
        rest -= NANOS_PER_SECOND;
        seconds++;
    }
    if (seconds < RG_CEL_INSTANT_MIN || seconds > RG_CEL_INSTANT_MAX)
        return RG_CEL_RANGE;
    *ret = (struct rg_cel_value){.type = RG_CEL_INSTANT, .i = seconds, .nanos = (int32_t)rest};
    return RG_CEL_FINE;
}

static enum rg_cel_fault between_instants(const struct rg_cel_value *a, const struct rg_cel_value *b, struct rg_cel_value *ret)
{
    int64_t nanos;
    if (__builtin_mul_overflow(a->i - b->i, NANOS_PER_SECOND, &nanos) ||
        __builtin_add_overflow(nanos, (int64_t)a->nanos - b->nanos, &nanos))
        return RG_CEL_RANGE;
    *ret = (struct rg_cel_value){.type = RG_CEL_DURATION, .i = nanos};
    return RG_CEL_FINE;
}

static enum rg_cel_fault move_date(int64_t day, int64_t nanos, int sign, struct rg_cel_value *ret)
{
    if (nanos % RG_CEL_DAY_NANOS != 0)
        return RG_CEL_RANGE;
    int64_t moved = day + sign * (nanos / RG_CEL_DAY_NANOS);
    if (moved < INT32_MIN || moved > INT32_MAX || !rg_day_known((rg_day)moved))
        return RG_CEL_RANGE;
    *ret = rg_cel_date((int32_t)moved);
    return RG_CEL_FINE;
}

static enum rg_cel_fault between_dates(int64_t a, int64_t b, struct rg_cel_value *ret)
{
    int64_t nanos;
    if (__builtin_mul_overflow(a - b, RG_CEL_DAY_NANOS, &nanos))
        return RG_CEL_RANGE;
    *ret = (struct rg_cel_value){.type = RG_CEL_DURATION, .i = nanos};
    return RG_CEL_FINE;
}

/* Where an instant or a date takes part. */
static enum rg_cel_fault calendar(enum rg_cel_op op, const struct rg_cel_value *a, const struct rg_cel_value *b,
                                  struct rg_cel_value *ret_value)
{
    bool dates = a->type == RG_CEL_DATE || b->type == RG_CEL_DATE;
    if (a->type == b->type)
        return dates ? between_dates(a->i, b->i, ret_value) : between_instants(a, b, ret_value);
    const struct rg_cel_value *moved = a->type == RG_CEL_DURATION ? b : a;
    int64_t nanos = a->type == RG_CEL_DURATION ? a->i : b->i;
    int sign = op == RG_CEL_OP_SUB ? -1 : 1;
    return dates ? move_date(moved->i, nanos, sign, ret_value) : move_instant(moved, nanos, sign, ret_value);
}

enum rg_cel_fault rg_cel_arith(enum rg_cel_op op, const struct rg_cel_value *a, const struct rg_cel_value *b,
                               struct rg_cel_value *ret_value)
{
    enum rg_cel_type type;
    if (!rg_cel_arith_type(op, a->type, b->type, &type))
        return RG_CEL_NO_SUCH_OVERLOAD;
    rg_assert(type != RG_CEL_STRING && type != RG_CEL_LIST);
    if (type == RG_CEL_INSTANT || type == RG_CEL_DATE || (type == RG_CEL_DURATION && a->type != RG_CEL_DURATION))
        return calendar(op, a, b, ret_value);
    if (type == RG_CEL_DOUBLE) {
        *ret_value = rg_cel_double(fractional(op, a->d, b->d));
        return RG_CEL_FINE;
    }
    int64_t result;
    enum rg_cel_fault fault = whole(op, a->i, b->i, &result);
    if (fault == RG_CEL_FINE)
        *ret_value = (struct rg_cel_value){.type = type, .i = result};
    return fault == RG_CEL_OVERFLOW && type == RG_CEL_DURATION ? RG_CEL_RANGE : fault;
}

enum rg_cel_fault rg_cel_negate(const struct rg_cel_value *a, struct rg_cel_value *ret_value)
{
    if (a->type == RG_CEL_DOUBLE) {
        *ret_value = rg_cel_double(-a->d);
        return RG_CEL_FINE;
    }
    if (a->type != RG_CEL_INT && a->type != RG_CEL_MONEY)
        return RG_CEL_NO_SUCH_OVERLOAD;
    if (a->i == INT64_MIN)
        return RG_CEL_OVERFLOW;
    *ret_value = (struct rg_cel_value){.type = a->type, .i = -a->i};
    return RG_CEL_FINE;
}
