/* Fractions of two 128-bit integers. With an amount of 13 digits, two decimals of 18 and a span of days there is room to
 * spare, and a computation that does not fit says so at the end; reducing fractions on the way would cost a division each
 * and is not needed at these sizes. */
#include "brazil/money/money.h"

static const int64_t POWERS[RG_DECIMAL_PLACES_MAX + 1] = {1,      10,      100,      1000,      10000,
                                                           100000, 1000000, 10000000, 100000000, 1000000000};

int rg_decimal_parse(struct rg_str text, struct rg_decimal *ret_decimal, struct rg_error *err)
{
    struct rg_decimal value = {0, 0};
    size_t digits = 0;
    bool after_point = false;
    if (text.n > RG_DECIMAL_DIGITS_MAX + 1)
        return rg_fail(err, RG_ELIMIT, "a number has at most %d digits", RG_DECIMAL_DIGITS_MAX);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '.' && !after_point && i > 0 && i + 1 < text.n) {
            after_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return rg_fail(err, RG_EINVAL, c == ',' ? "expected a decimal point, not a comma, such as 0.033"
                                                    : "expected a decimal number such as 2 or 0.033");
        if (++digits > RG_DECIMAL_DIGITS_MAX)
            return rg_fail(err, RG_ELIMIT, "a number has at most %d digits", RG_DECIMAL_DIGITS_MAX);
        value.units = value.units * 10 + (c - '0');
        value.scale += after_point;
    }
    if (digits == 0)
        return rg_fail(err, RG_EINVAL, "expected a decimal number such as 2 or 0.033");
    if (value.scale > RG_DECIMAL_PLACES_MAX)
        return rg_fail(err, RG_ELIMIT, "a number has at most %d decimals", RG_DECIMAL_PLACES_MAX);
    *ret_decimal = value;
    return 0;
}

int rg_decimal_cmp(struct rg_decimal a, struct rg_decimal b)
{
    rg_assert(a.scale >= 0 && a.scale <= RG_DECIMAL_PLACES_MAX);
    rg_assert(b.scale >= 0 && b.scale <= RG_DECIMAL_PLACES_MAX);
    __int128 left = (__int128)a.units * POWERS[b.scale];
    __int128 right = (__int128)b.units * POWERS[a.scale];
    return left < right ? -1 : left > right;
}

int rg_cents_parse(struct rg_str text, int64_t *ret_cents, struct rg_error *err)
{
    struct rg_decimal value;
    int rc = rg_decimal_parse(text, &value, err);
    if (rc < 0)
        return rc;
    if (value.scale > 2)
        return rg_fail(err, RG_EINVAL, "an amount has at most 2 decimals, such as 20.00");
    __int128 cents = (__int128)value.units * POWERS[2 - value.scale];
    if (cents > RG_CENTS_MAX)
        return rg_fail(err, RG_ELIMIT, "an amount is at most %lld.00", (long long)(RG_CENTS_MAX / 100));
    *ret_cents = (int64_t)cents;
    return 0;
}

struct rg_ratio rg_ratio_of(int64_t value)
{
    return (struct rg_ratio){value, 1, false};
}

struct rg_ratio rg_ratio_times(struct rg_ratio r, int64_t n)
{
    r.overflow |= __builtin_mul_overflow(r.num, n, &r.num);
    return r;
}

struct rg_ratio rg_ratio_per(struct rg_ratio r, int64_t n)
{
    rg_assert(n > 0);
    r.overflow |= __builtin_mul_overflow(r.den, n, &r.den);
    return r;
}

struct rg_ratio rg_ratio_percent(struct rg_ratio r, struct rg_decimal p)
{
    rg_assert(p.scale >= 0 && p.scale <= RG_DECIMAL_PLACES_MAX);
    return rg_ratio_per(rg_ratio_per(rg_ratio_times(r, p.units), POWERS[p.scale]), 100);
}

/* Whether the quotient has to grow by one in magnitude; `rest` and `den` are the magnitudes of the division. */
static bool rounds_away(__int128 quotient, __int128 rest, __int128 den, enum rg_rounding rounding)
{
    __int128 missing = den - rest; /* comparing with this instead of doubling the rest cannot overflow */
    if (rounding == RG_ROUND_TRUNCATE || rest < missing)
        return false;
    return rest > missing || rounding == RG_ROUND_HALF_UP || quotient % 2 != 0;
}

int rg_ratio_round(struct rg_ratio r, enum rg_rounding rounding, int64_t *ret_value, struct rg_error *err)
{
    if (r.overflow)
        return rg_fail(err, RG_ELIMIT, "the computation does not fit 128 bits");
    rg_assert(r.den > 0);
    __int128 quotient = r.num / r.den;
    __int128 rest = r.num % r.den;
    if (rounds_away(quotient, rest < 0 ? -rest : rest, r.den, rounding))
        quotient += r.num < 0 ? -1 : 1;
    if (quotient < INT64_MIN || quotient > INT64_MAX)
        return rg_fail(err, RG_ELIMIT, "the result does not fit 64 bits");
    *ret_value = (int64_t)quotient;
    return 0;
}
