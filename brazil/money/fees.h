/* What a late payment costs and what an early one saves.
 *
 * Fine (multa): once, a percentage of the principal. Interest (juros): simple, on the principal alone, per calendar day:
 * principal × percent a month × days / base, where base 30 takes every month for 30 days and base 365 spreads twelve months
 * over 365 days. Each of the two is rounded once. For a consumer the fine is at most 2 % (CDC art. 52 §1).
 *
 * Nothing is owed on top when the payment comes by the payable day (rg_bank_payable): a title due on a day without bank
 * service may be paid on the next one (Lei 7.089/1983). When it comes later still, the interest counts from the original due
 * date (STJ, REsp 1.954.924) or from the postponed one (Bacen's Pix Cobrança): two legal bases, hence `start`. */
#pragma once

#include "brazil/days/date.h"
#include "brazil/money/money.h"

#define RG_FINE_PERCENT_CONSUMER_MAX 2
#define RG_DISCOUNTS_MAX 3 /* FEBRABAN C021, API Pix */

enum rg_fee_start { RG_FEE_START_ORIGINAL, RG_FEE_START_POSTPONED };

struct rg_fee_terms {
    struct rg_decimal fine_percent;           /* below 100 */
    struct rg_decimal interest_percent_month; /* at most 100 */
    int base;                                 /* 30 or 365 */
    enum rg_fee_start start;
    enum rg_rounding rounding;
    bool last_bank_day_of_year; /* due on the year's last bank day: payable on the first of the next */
    bool consumer;
};

struct rg_fees {
    int64_t fine_cents;
    int64_t interest_cents;
    int64_t total_cents; /* with the principal */
};

/* RG_EREFUSED, and a text that begins with "fine-above-law", for a consumer's fine above 2 %; RG_EINVAL for terms that make
 * no sense. rg_late_fees() checks the same. */
RG_MUST_USE int rg_fee_terms_check(const struct rg_fee_terms *terms, struct rg_error *err);

/* principal 0 … RG_CENTS_MAX. RG_ELIMIT when a component would pass RG_CENTS_MAX. */
RG_MUST_USE int rg_late_fees(const struct rg_fee_terms *terms, int64_t principal_cents, rg_day due, rg_day paid,
                             struct rg_fees *ret_fees, struct rg_error *err);

/* A discount for paying by a day: a percentage or an amount. */
struct rg_discount {
    bool by_percent;
    struct rg_decimal percent; /* 0 … 100 */
    int64_t amount_cents;
    rg_day until; /* included */
};

/* The best discount in force on `day`, in cents; 0 when none is. One that is said to last past the due date ends with it, as
 * banks read it; one that ends on a day without bank service, on the next day that has it (Código Civil art. 132 paragraph 1), the
 * year's last bank day among them; one that would leave nothing to pay is an error of whoever wrote it, and none. */
int64_t rg_discount_best(const struct rg_discount *tiers, size_t count, int64_t principal_cents, rg_day due, rg_day day,
                         enum rg_rounding rounding);
