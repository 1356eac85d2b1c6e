/* Exact fractions up to one rounding per component, never of a daily amount and never of a rate: published examples that round
 * earlier drift by centavos within days, and always against somebody. Fine and interest never feed each other. */
#include "brazil/money/fees.h"

#include "brazil/days/bank.h"

static const struct rg_decimal HUNDRED = {100, 0};
static const struct rg_decimal CONSUMER_FINE_MAX = {RG_FINE_PERCENT_CONSUMER_MAX, 0};

int rg_fee_terms_check(const struct rg_fee_terms *terms, struct rg_error *err)
{
    if (terms->base != 30 && terms->base != 365)
        return rg_fail(err, RG_EINVAL, "the base is 30 or 365 days, not %d", terms->base);
    if (terms->fine_percent.units < 0 || rg_decimal_cmp(terms->fine_percent, HUNDRED) >= 0)
        return rg_fail(err, RG_EINVAL, "a fine is 0 percent or more and below 100");
    if (terms->interest_percent_month.units < 0 || rg_decimal_cmp(terms->interest_percent_month, HUNDRED) > 0)
        return rg_fail(err, RG_EINVAL, "interest is between 0 and 100 percent a month");
    if (terms->consumer && rg_decimal_cmp(terms->fine_percent, CONSUMER_FINE_MAX) > 0)
        return rg_fail(err, RG_EREFUSED, "fine-above-law: a consumer's fine is at most %d percent (CDC art. 52 paragraph 1)",
                       RG_FINE_PERCENT_CONSUMER_MAX);
    return 0;
}

static int round_component(struct rg_ratio exact, enum rg_rounding rounding, const char *name,
                           int64_t *ret_cents, struct rg_error *err)
{
    int64_t cents;
    int rc = rg_ratio_round(exact, rounding, &cents, err);
    if (rc < 0)
        return rc;
    if (cents > RG_CENTS_MAX)
        return rg_fail(err, RG_ELIMIT, "the %s passes the largest amount", name);
    *ret_cents = cents;
    return 0;
}

static struct rg_ratio exact_interest(const struct rg_fee_terms *terms, int64_t principal_cents, int64_t days)
{
    struct rg_ratio monthly = rg_ratio_percent(rg_ratio_of(principal_cents), terms->interest_percent_month);
    struct rg_ratio spread = rg_ratio_times(monthly, days);
    if (terms->base == 365)
        spread = rg_ratio_times(spread, 12);
    return rg_ratio_per(spread, terms->base);
}

int rg_late_fees(const struct rg_fee_terms *terms, int64_t principal_cents, rg_day due, rg_day paid,
                 struct rg_fees *ret_fees, struct rg_error *err)
{
    int rc = rg_fee_terms_check(terms, err);
    if (rc < 0)
        return rc;
    if (principal_cents < 0 || principal_cents > RG_CENTS_MAX)
        return rg_fail(err, RG_EINVAL, "a principal is between 0 and %lld cents", (long long)RG_CENTS_MAX);
    if (!rg_day_known(due) || !rg_day_known(paid))
        return rg_fail(err, RG_EINVAL, "the due date and the day of payment lie between 1900 and 2199");
    struct rg_fees fees = {.total_cents = principal_cents};
    rg_day payable = rg_bank_payable(due, terms->last_bank_day_of_year);
    if (payable != RG_DAY_NONE && paid > payable) {
        rg_day start = terms->start == RG_FEE_START_POSTPONED ? payable : due;
        rc = round_component(rg_ratio_percent(rg_ratio_of(principal_cents), terms->fine_percent), terms->rounding, "fine",
                             &fees.fine_cents, err);
        if (rc < 0)
            return rc;
        rc = round_component(exact_interest(terms, principal_cents, paid - start), terms->rounding, "interest",
                             &fees.interest_cents, err);
        if (rc < 0)
            return rc;
        fees.total_cents += fees.fine_cents + fees.interest_cents; /* three amounts of at most RG_CENTS_MAX */
    }
    *ret_fees = fees;
    return 0;
}

static int64_t discount_cents(const struct rg_discount *tier, int64_t principal_cents, enum rg_rounding rounding)
{
    if (!tier->by_percent)
        return tier->amount_cents;
    int64_t cents = 0;
    int rc = rg_ratio_round(rg_ratio_percent(rg_ratio_of(principal_cents), tier->percent), rounding, &cents, NULL);
    rg_assert(rc == 0); /* at most 100 percent of 64 bits */
    return cents;
}

/* A bill that can be paid on the next bank day only has its discount on that day, too. */
static rg_day last_day(const struct rg_discount *tier, rg_day due)
{
    rg_day named = tier->until < due ? tier->until : due, payable = rg_bank_payable(named, true);
    return payable != RG_DAY_NONE ? payable : named;
}

int64_t rg_discount_best(const struct rg_discount *tiers, size_t count, int64_t principal_cents, rg_day due, rg_day day,
                         enum rg_rounding rounding)
{
    rg_assert(count <= RG_DISCOUNTS_MAX);
    int64_t best = 0;
    for (size_t i = 0; i < count; i++) {
        if (day > last_day(&tiers[i], due))
            continue;
        int64_t cents = discount_cents(&tiers[i], principal_cents, rounding);
        if (cents > best && cents < principal_cents)
            best = cents;
    }
    return best;
}
