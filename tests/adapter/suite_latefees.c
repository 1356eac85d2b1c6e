/* {principal, due, paid, multa_pct, juros_am_pct, base, consumer, inicio, ultimo_dia_util_prorroga, rounding} → {multa, juros,
 * total} in centavos; `error` is "fine-above-law" for a consumer's fine above 2 %. */
#include "tests/adapter/suite.h"

#include "brazil/money/fees.h"

static bool ask_percent(const struct rg_json_value *question, const char *key, struct rg_jw *answer,
                        struct rg_decimal *ret_percent)
{
    struct rg_str text;
    struct rg_error err = {0};
    if (!rg_ask_str(question, key, answer, &text))
        return false;
    if (rg_decimal_parse(text, ret_percent, &err) == 0)
        return true;
    rg_jw_member_cstr(answer, "error", err.text);
    return false;
}

static bool ask_terms(const struct rg_json_value *question, struct rg_jw *answer, struct rg_fee_terms *ret_terms)
{
    static const char *const STARTS[] = {[RG_FEE_START_ORIGINAL] = "original", [RG_FEE_START_POSTPONED] = "prorrogado"};
    static const char *const ROUNDINGS[] = {
        [RG_ROUND_HALF_UP] = "half_up", [RG_ROUND_HALF_EVEN] = "half_even", [RG_ROUND_TRUNCATE] = "truncate"};
    size_t start, rounding;
    int64_t base;
    if (!ask_percent(question, "multa_pct", answer, &ret_terms->fine_percent) ||
        !ask_percent(question, "juros_am_pct", answer, &ret_terms->interest_percent_month) ||
        !rg_ask_int(question, "base", answer, &base) || !rg_ask_flag(question, "consumer", answer, &ret_terms->consumer) ||
        !rg_ask_word(question, "inicio", STARTS, RG_COUNT(STARTS), answer, &start) ||
        !rg_ask_flag(question, "ultimo_dia_util_prorroga", answer, &ret_terms->last_bank_day_of_year) ||
        !rg_ask_word(question, "rounding", ROUNDINGS, RG_COUNT(ROUNDINGS), answer, &rounding))
        return false;
    ret_terms->base = base >= 0 && base <= 365 ? (int)base : -1; /* no base: the module says so */
    ret_terms->start = (enum rg_fee_start)start;
    ret_terms->rounding = (enum rg_rounding)rounding;
    return true;
}

void rg_suite_latefees(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_fee_terms terms = {0};
    struct rg_fees fees;
    struct rg_error err = {0};
    int64_t principal_cents;
    rg_day due, paid;
    if (!rg_ask_int(question, "principal", answer, &principal_cents) || !rg_ask_day(question, "due", answer, &due) ||
        !rg_ask_day(question, "paid", answer, &paid) || !ask_terms(question, answer, &terms))
        return;
    int rc = rg_late_fees(&terms, principal_cents, due, paid, &fees, &err);
    if (rc < 0) {
        rg_jw_member_cstr(answer, "error", rc == RG_EREFUSED ? "fine-above-law" : err.text);
        return;
    }
    rg_jw_member_int(answer, "multa", fees.fine_cents);
    rg_jw_member_int(answer, "juros", fees.interest_cents);
    rg_jw_member_int(answer, "total", fees.total_cents);
}
