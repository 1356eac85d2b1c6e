/* Money as integer centavos, rates as exact decimals, and one rounding at the very end. No floating point anywhere.
 *
 * A computation is written as a fraction of 128-bit integers that is multiplied and divided freely and rounded once; an
 * overflow on the way is remembered and refused by rg_ratio_round(), never silent. */
#pragma once

#include "base/core/error.h"

#define RG_CENTS_MAX INT64_C(1000000000000) /* ten thousand million reais, for one amount from outside */
#define RG_DECIMAL_PLACES_MAX 9
#define RG_DECIMAL_DIGITS_MAX 18 /* in all, so that units fit 64 bits */

/* units / 10^scale, never negative */
struct rg_decimal {
    int64_t units;
    int scale; /* 0–9, as written: "2.50" keeps scale 2 */
};

/* "2", "0.033": digits, at most one point with digits on both sides, no sign, no exponent, no spaces. */
RG_MUST_USE int rg_decimal_parse(struct rg_str text, struct rg_decimal *ret_decimal, struct rg_error *err);

/* By value, whatever the scales: -1, 0, 1. */
int rg_decimal_cmp(struct rg_decimal a, struct rg_decimal b);

/* Reais with at most two decimals ("20.00", "20") as cents, 0 … RG_CENTS_MAX. */
RG_MUST_USE int rg_cents_parse(struct rg_str text, int64_t *ret_cents, struct rg_error *err);

enum rg_rounding {
    RG_ROUND_HALF_UP,   /* ties away from zero */
    RG_ROUND_HALF_EVEN, /* ties to the even neighbour (NBR 5891) */
    RG_ROUND_TRUNCATE,  /* towards zero */
};

struct rg_ratio {
    __int128 num;
    __int128 den;  /* above zero */
    bool overflow; /* sticky */
};

struct rg_ratio rg_ratio_of(int64_t value);
struct rg_ratio rg_ratio_times(struct rg_ratio r, int64_t n);
struct rg_ratio rg_ratio_per(struct rg_ratio r, int64_t n);               /* n > 0 */
struct rg_ratio rg_ratio_percent(struct rg_ratio r, struct rg_decimal p); /* times p / 100 */

/* RG_ELIMIT when the ratio overflowed or the result does not fit 64 bits. */
RG_MUST_USE int rg_ratio_round(struct rg_ratio r, enum rg_rounding rounding, int64_t *ret_value, struct rg_error *err);
