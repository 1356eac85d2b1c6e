/* What one look at a debtor rests on: his zone, the ladder of each invoice, the payable day, the charges of today. */
#include "daemon/rules/look.h"

#include "brazil/days/bank.h"
#include "brazil/ids/phone.h"

#include <stdio.h>

#define DEFAULT_STATE "SP" /* where nothing tells the debtor's zone: Brasília time, which most of the country keeps */

const char *rg_when_text(const struct rg_zone *zone, int64_t ms, char ret_text[RG_WHEN_TEXT_MAX])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (ms == RG_NEVER)
        return "further notice";
    struct rg_local at = rg_local_at(zone, ms);
    char day[RG_DAY_TEXT_MAX];
    if (at.day == RG_DAY_NONE)
        return "-";
    rg_day_format(at.day, day);
    (void)snprintf(ret_text, RG_WHEN_TEXT_MAX, "%s %s %02d:%02d", names[rg_day_weekday(at.day)], day, at.minute / 60, at.minute % 60);
    return ret_text;
}

void rg_look_at(struct rg_look *look, int64_t instant_ms)
{
    if (instant_ms < look->next_ms)
        look->next_ms = instant_ms;
}

void rg_look_prompt_at(struct rg_look *look, int64_t instant_ms)
{
    if (instant_ms < look->prompt_ms)
        look->prompt_ms = instant_ms;
}

/* Said so, else by state, else by the area code of a phone. */
const struct rg_zone *rg_debtor_zone(const struct rg_record *record)
{
    const struct rg_zone *zone = rg_str_has(record->time_zone) ? rg_zone_find(record->time_zone) : NULL;
    if (zone == NULL && rg_str_has(record->state))
        zone = rg_zone_of_state(record->state);
    for (size_t i = 0; zone == NULL && i < record->contact_count; i++) {
        struct rg_phone phone;
        if (rg_phone_parse(record->contacts[i].address, &phone, NULL) == 0)
            zone = rg_zone_of_area_code(phone.area_code);
    }
    if (zone == NULL)
        zone = rg_zone_of_state(RG_STR(DEFAULT_STATE));
    rg_assert(zone != NULL);
    return zone;
}

/* The last days that can be counted have no bank day behind them: they are payable themselves. */
rg_day rg_payable_day(const struct rg_look *look, const struct rg_invoice *invoice)
{
    rg_day payable = rg_bank_payable(invoice->due_on, look->rules->policy.fees.last_bank_day_of_year);
    return payable == RG_DAY_NONE ? invoice->due_on : payable;
}

int64_t rg_start_of_day(const struct rg_zone *zone, rg_day day)
{
    return day == RG_DAY_NONE ? RG_NEVER : rg_instant_at(zone, day, 0);
}

int64_t rg_after_bank_days(const struct rg_look *look, rg_day day, int n)
{
    rg_day last = rg_bank_add(day, n);
    return last == RG_DAY_NONE ? RG_NEVER : rg_start_of_day(look->zone, last + 1);
}

void rg_case_enter(struct rg_case *c, const struct rg_step *step, int repetition)
{
    c->step = step;
    c->repetition = repetition;
    c->done = rg_invoice_done(c->invoice, step->name, repetition, c->cycle);
    c->channel = -1;
    c->opens_ms = c->closes_ms = 0;
    c->until_ms = RG_NEVER;
    c->why = (struct rg_str){0};
    c->gates = NULL;
    c->gate_count = c->gate_cap = 0;
}

struct rg_str rg_look_creditor(const struct rg_look *look, const struct rg_invoice *invoice)
{
    const struct rg_service_info *service = rg_rules_service(look->rules, invoice->service);
    return rg_str_has(invoice->creditor) || service == NULL ? invoice->creditor : service->creditor;
}

const struct rg_ladder *rg_look_ladder(struct rg_look *look, struct rg_invoice *invoice)
{
    for (int i = 0; i < look->rules->ladder_count; i++) {
        const struct rg_ladder *ladder = &look->rules->ladders[i];
        if (ladder->applies == NULL || rg_look_test(look, invoice, ladder->applies, NULL) == RG_CEL_TRUE)
            return ladder;
    }
    return NULL;
}

/* The invoice's own terms where it brings them, else the policy's. Terms that the law forbids were refused at load; what an
 * invoice brings beyond it is left out rather than charged. */
struct rg_fees rg_look_fees(const struct rg_look *look, const struct rg_invoice *invoice, int64_t balance_cents)
{
    struct rg_fee_terms terms = look->rules->policy.fees;
    struct rg_fees fees = {.total_cents = balance_cents};
    terms.consumer = rg_record_consumer(look->record);
    if (invoice->fine_percent.units >= 0)
        terms.fine_percent = invoice->fine_percent;
    if (invoice->interest_percent_month.units >= 0)
        terms.interest_percent_month = invoice->interest_percent_month;
    if (rg_fee_terms_check(&terms, NULL) < 0)
        terms.fine_percent = look->rules->policy.fees.fine_percent;
    struct rg_fees computed;
    if (balance_cents > 0 && rg_late_fees(&terms, balance_cents, invoice->due_on, look->now.day, &computed, NULL) == 0)
        fees = computed;
    return fees;
}

/* What paying today saves. A discount is for paying the whole in time. */
int64_t rg_look_discount_cents(const struct rg_look *look, const struct rg_invoice *invoice, int64_t balance_cents)
{
    bool whole = balance_cents == invoice->amount_cents;
    return whole ? rg_invoice_discount_cents(invoice, look->now.day, look->rules->policy.fees.rounding) : 0;
}

/* A ladder or a step may stay in shadow on its own. */
static bool shadowed(const struct rg_ladder *ladder, const struct rg_step *step)
{
    return ladder->mode == RG_MODE_SHADOW || (step != NULL && step->mode == RG_MODE_SHADOW);
}

/* `step` NULL: what is said to who has paid. */
static bool within(const struct rg_ladder *ladder, const struct rg_step *step, struct rg_str live_max_step)
{
    const struct rg_step *last = rg_str_has(live_max_step) ? rg_ladder_step(ladder, live_max_step) : NULL;
    return last != NULL && (step == NULL || step->index <= last->index);
}

bool rg_decision_live(const struct rg_rules *rules, const struct rg_decision *decision, struct rg_str live_max_step)
{
    const struct rg_ladder *ladder = rg_rules_ladder(rules, decision->ladder);
    const struct rg_step *step = ladder == NULL ? NULL : rg_ladder_step(ladder, decision->step);
    bool known = step != NULL;
    for (int i = 0; ladder != NULL && i < ladder->owed_count; i++)
        known = known || rg_str_eq(ladder->owed[i].name, decision->step);
    return decision->owed || (known && !shadowed(ladder, step) && within(ladder, step, live_max_step));
}

/* Steps up to the one named by go-live are live, once the debtor's turn in the spread has come. */
bool rg_look_live(const struct rg_look *look, const struct rg_ladder *ladder, const struct rg_step *step, int64_t *ret_since_ms)
{
    const struct rg_world *world = look->world;
    *ret_since_ms = 0;
    if (shadowed(ladder, step))
        return false;
    if (world->all_live)
        return true;
    if (!within(ladder, step, world->live_max_step))
        return false;
    *ret_since_ms = world->live_since_ms + rg_spread_ms(look->record, world->live_spread_ms);
    return *ret_since_ms <= world->now_ms;
}
