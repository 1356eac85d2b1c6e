/* What conditions may ask about, answered from the record at the moment of the look. A fact that is not known is not
 * answered: the condition is then false, and explain names it. */
#include "daemon/rules/look.h"

#include "daemon/rules/note.h"

#include "brazil/days/bank.h"

struct asked {
    struct rg_look *look;
    struct rg_invoice *invoice;
    struct rg_cel_value tags[RG_TAGS_MAX];
};

struct history {
    int64_t on_time_streak, late_12m, unpaid_12m, settled, paid_on_time, chargebacks_12m;
};

static bool text(struct rg_str value, struct rg_cel_value *ret)
{
    if (!rg_str_has(value))
        return false;
    *ret = rg_cel_string(value);
    return true;
}

static bool number(int64_t value, bool known, struct rg_cel_value *ret)
{
    if (known)
        *ret = rg_cel_int(value);
    return known;
}

static bool day(rg_day value, struct rg_cel_value *ret)
{
    if (value == RG_DAY_NONE)
        return false;
    *ret = rg_cel_date(value);
    return true;
}

static bool flag(bool value, struct rg_cel_value *ret)
{
    *ret = rg_cel_bool(value);
    return true;
}

static bool tags(struct asked *a, const struct rg_str *texts, size_t count, struct rg_cel_value *ret)
{
    size_t n = count < RG_TAGS_MAX ? count : RG_TAGS_MAX;
    for (size_t i = 0; i < n; i++)
        a->tags[i] = rg_cel_string(texts[i]);
    *ret = rg_cel_list(a->tags, n);
    return true;
}

static int64_t tolerance(const struct asked *a)
{
    return a->look->rules->policy.tolerance_cents;
}

static bool open_and_unpaid(const struct asked *a, const struct rg_invoice *invoice)
{
    return rg_invoice_is_debt(invoice) && invoice->state == RG_INVOICE_OPEN && !rg_record_paid(a->look->record, invoice, tolerance(a));
}

static int64_t overdue_count(const struct asked *a)
{
    const struct rg_record *record = a->look->record;
    int64_t n = 0;
    for (size_t i = 0; i < record->invoice_count; i++)
        n += open_and_unpaid(a, &record->invoices[i]) && rg_payable_day(a->look, &record->invoices[i]) < a->look->now.day;
    return n;
}

static int64_t open_total(const struct asked *a)
{
    const struct rg_record *record = a->look->record;
    int64_t sum = 0;
    for (size_t i = 0; i < record->invoice_count; i++)
        if (open_and_unpaid(a, &record->invoices[i]))
            sum += rg_record_balance_cents(record, &record->invoices[i]);
    return sum;
}

/* What is remembered of closed invoices that made room for newer ones. */
static void add_past(const struct rg_past *past, rg_day year_ago, struct history *h, rg_day *newest_late)
{
    rg_day past_late = rg_past_newest_late(past);
    h->settled += past->counted;
    h->paid_on_time += past->paid;
    for (size_t i = 0; i < past->mark_count; i++) {
        const struct rg_past_mark *mark = &past->marks[i];
        h->late_12m += mark->on >= year_ago && mark->kind != RG_PAST_CHARGEBACK;
        h->unpaid_12m += mark->on >= year_ago && mark->kind == RG_PAST_UNPAID;
        h->chargebacks_12m += mark->on >= year_ago && mark->kind == RG_PAST_CHARGEBACK;
    }
    if (*newest_late == INT32_MIN || *newest_late <= past_late)
        h->on_time_streak += past->streak;
    if (past_late > *newest_late)
        *newest_late = past_late;
}

/* Punctuality over the invoices whose payable day has passed, newest first for the streak. */
static struct history punctuality(const struct asked *a)
{
    const struct rg_record *record = a->look->record;
    struct history h = {0};
    rg_day newest_late = INT32_MIN, year_ago = a->look->now.day - 365;
    for (size_t i = 0; i < record->invoice_count; i++) {
        const struct rg_invoice *invoice = &record->invoices[i];
        rg_day payable = rg_payable_day(a->look, invoice);
        if (!rg_invoice_is_debt(invoice) || payable >= a->look->now.day)
            continue;
        bool paid = rg_record_paid(record, invoice, tolerance(a));
        bool late = !paid || rg_invoice_paid_on(invoice) > payable;
        h.settled++;
        h.paid_on_time += paid;
        h.late_12m += late && payable >= year_ago;
        h.unpaid_12m += !paid && payable >= year_ago;
        if (late && payable > newest_late)
            newest_late = payable;
        for (size_t k = 0; k < invoice->payment_count; k++)
            h.chargebacks_12m += invoice->payments[k].chargeback && rg_brasilia_day(invoice->payments[k].reversed_ms) >= year_ago;
    }
    add_past(&record->past, year_ago, &h, &newest_late);
    for (size_t i = 0; i < record->invoice_count; i++) {
        const struct rg_invoice *invoice = &record->invoices[i];
        rg_day payable = rg_payable_day(a->look, invoice);
        h.on_time_streak += rg_invoice_is_debt(invoice) && payable < a->look->now.day && payable > newest_late;
    }
    return h;
}

static int64_t messages_in_cycle(const struct asked *a, enum rg_evidence at_least)
{
    int cycle = rg_invoice_cycle(a->invoice);
    int64_t n = 0;
    for (size_t i = 0; i < a->invoice->done_count; i++) {
        const struct rg_done *done = &a->invoice->done[i];
        n += done->cycle == cycle && done->signal == RG_SIGNAL_NONE && done->state == RG_DONE_SENT && done->evidence >= at_least;
    }
    return n;
}

static bool reachable(const struct asked *a)
{
    const struct rg_record *record = a->look->record;
    for (size_t i = 0; i < record->contact_count; i++)
        if (!record->contacts[i].verified_false && !rg_record_opted_out(record, record->contacts[i].channel))
            return true;
    return false;
}

static rg_day discount_until(const struct asked *a)
{
    rg_day last = RG_DAY_NONE;
    for (size_t i = 0; i < a->invoice->discount_count; i++)
        if (a->invoice->discounts[i].until > last)
            last = a->invoice->discounts[i].until;
    return last;
}

static rg_day suspended_since(const struct asked *a)
{
    int64_t since = 0, restored = 0;
    for (size_t i = 0; i < a->invoice->done_count; i++) {
        const struct rg_done *done = &a->invoice->done[i];
        if (done->signal == RG_SIGNAL_SUSPEND_REQUESTED && done->confirmed_ms > since)
            since = done->confirmed_ms;
        if (done->signal == RG_SIGNAL_RESTORE_REQUESTED && done->at_ms > restored)
            restored = done->at_ms;
    }
    return since > restored ? rg_local_at(a->look->zone, since).day : RG_DAY_NONE;
}

static bool debtor_fact(struct asked *a, enum rg_fact fact, struct rg_cel_value *ret)
{
    const struct rg_record *r = a->look->record;
    switch (fact) {
    case RG_FA_DEBTOR_ID: return text(r->debtor, ret);
    case RG_FA_DEBTOR_KIND: return r->kind != RG_KIND_UNKNOWN && text(rg_str(rg_debtor_kind_name(r->kind)), ret);
    case RG_FA_DEBTOR_CONSUMER: return flag(rg_record_consumer(r), ret);
    case RG_FA_DEBTOR_STATE: return text(r->state, ret);
    case RG_FA_DEBTOR_CITY: return text(r->city, ret);
    case RG_FA_DEBTOR_TIER: return text(r->tier, ret);
    case RG_FA_DEBTOR_LANGUAGE: return text(r->language, ret);
    case RG_FA_DEBTOR_TAGS: return tags(a, r->tags, r->tag_count, ret);
    case RG_FA_DEBTOR_SCORE: return number(r->score, r->score >= 0, ret);
    case RG_FA_DEBTOR_SCORE_ON: return day(r->score_on, ret);
    case RG_FA_DEBTOR_PAYDAY: return number(r->payday, r->payday >= 0, ret);
    case RG_FA_DEBTOR_OVERDUE_COUNT: return number(overdue_count(a), true, ret);
    case RG_FA_DEBTOR_REACHABLE: return flag(reachable(a), ret);
    case RG_FA_DEBTOR_OPEN_TOTAL: *ret = rg_cel_money(open_total(a)); return true;
    case RG_FA_DEBTOR_PROTECTED: return flag(rg_record_protected(r, a->look->world->now_ms), ret);
    default: return false;
    }
}

static bool invoice_fact(struct asked *a, enum rg_fact fact, struct rg_cel_value *ret)
{
    const struct rg_invoice *v = a->invoice;
    rg_day payable = rg_payable_day(a->look, v), today = a->look->now.day;
    switch (fact) {
    case RG_FA_INVOICE_BALANCE: *ret = rg_cel_money(rg_record_balance_cents(a->look->record, v)); return true;
    case RG_FA_INVOICE_AMOUNT: *ret = rg_cel_money(v->amount_cents); return true;
    case RG_FA_INVOICE_DUE_ON: return day(v->due_on, ret);
    case RG_FA_INVOICE_PAYABLE_ON: return day(payable, ret);
    case RG_FA_INVOICE_CHARGE_VALID_UNTIL: return day(v->boleto_until > v->pix_until ? v->boleto_until : v->pix_until, ret);
    case RG_FA_INVOICE_DISCOUNT_UNTIL: return day(discount_until(a), ret);
    case RG_FA_INVOICE_DAYS_LATE: return number(today > payable ? today - payable : 0, true, ret);
    case RG_FA_INVOICE_DAYS_TO_DUE: return number(payable > today ? payable - today : 0, true, ret);
    case RG_FA_INVOICE_CONTRACT: return text(v->contract, ret);
    case RG_FA_INVOICE_TAGS: return tags(a, v->tags, v->tag_count, ret);
    case RG_FA_INVOICE_REOPENED: return flag(rg_invoice_cycle(v) > 1, ret);
    case RG_FA_INVOICE_HAS_PIX: return flag(v->has_pix, ret);
    case RG_FA_INVOICE_HAS_BOLETO: return flag(v->has_boleto, ret);
    case RG_FA_INVOICE_RECEIVED: return flag(v->received, ret);
    case RG_FA_INVOICE_OPENED: return flag(v->opened, ret);
    default: return false;
    }
}

static bool history_fact(struct asked *a, enum rg_fact fact, struct rg_cel_value *ret)
{
    if (fact == RG_FA_HISTORY_MESSAGES_CYCLE)
        return number(messages_in_cycle(a, RG_EVIDENCE_NONE), true, ret);
    if (fact == RG_FA_HISTORY_DELIVERED_CYCLE)
        return number(messages_in_cycle(a, RG_EVIDENCE_DELIVERED), true, ret);
    struct history h = punctuality(a);
    switch (fact) {
    case RG_FA_HISTORY_ON_TIME_STREAK: return number(h.on_time_streak, true, ret);
    case RG_FA_HISTORY_LATE_12M: return number(h.late_12m, true, ret);
    case RG_FA_HISTORY_UNPAID_12M: return number(h.unpaid_12m, true, ret);
    case RG_FA_HISTORY_PAID_PERCENT: return number(h.settled > 0 ? h.paid_on_time * 100 / h.settled : 0, h.settled > 0, ret);
    case RG_FA_HISTORY_CHARGEBACKS_12M: return number(h.chargebacks_12m, true, ret);
    default: return false;
    }
}

static int64_t known_through(const struct rg_look *look)
{
    int64_t known = RG_NEVER;
    for (int i = 0; i < look->rules->source_count; i++) {
        if (look->rules->sources[i].payments == RG_PAYMENTS_NONE)
            continue;
        int64_t of_source = look->world->known_through_ms == NULL ? -1 : look->world->known_through_ms[i];
        if (of_source < known)
            known = of_source;
    }
    return known;
}

static bool other_fact(struct asked *a, enum rg_fact fact, struct rg_cel_value *ret)
{
    const struct rg_service_info *service = rg_rules_service(a->look->rules, a->invoice->service);
    switch (fact) {
    case RG_FA_SERVICE_NAME: return service != NULL && text(service->name, ret);
    case RG_FA_SERVICE_SECTOR: return service != NULL && text(service->sector, ret);
    case RG_FA_SERVICE_SUSPENDED_SINCE: return day(suspended_since(a), ret);
    case RG_FA_PAYMENTS_KNOWN_THROUGH: {
        int64_t known = known_through(a->look);
        if (known < 0 || known == RG_NEVER)
            return false;
        *ret = rg_cel_instant_ms(known);
        return true;
    }
    case RG_FA_TODAY: return day(a->look->now.day, ret);
    case RG_FA_NOW: *ret = rg_cel_instant_ms(a->look->world->now_ms); return true;
    default: return false;
    }
}

static bool answer(void *ctx, int slot, struct rg_cel_value *ret)
{
    struct asked *a = ctx;
    enum rg_fact fact = (enum rg_fact)slot;
    if (fact <= RG_FA_DEBTOR_PROTECTED)
        return debtor_fact(a, fact, ret);
    if (fact <= RG_FA_INVOICE_OPENED)
        return invoice_fact(a, fact, ret);
    return fact <= RG_FA_HISTORY_CHARGEBACKS_12M ? history_fact(a, fact, ret) : other_fact(a, fact, ret);
}

enum rg_cel_verdict rg_look_test(struct rg_look *look, struct rg_invoice *invoice, const struct rg_cel *condition, struct rg_str *ret_why)
{
    struct asked a = {.look = look, .invoice = invoice};
    struct rg_cel_outcome outcome;
    enum rg_cel_verdict verdict = rg_cel_test(condition, answer, &a, &outcome);
    if (ret_why == NULL || !look->explain)
        return verdict;
    struct rg_buf text_buf;
    char memory[1024];
    rg_buf_over(&text_buf, memory, sizeof memory);
    rg_buf_add_str(&text_buf, rg_cel_text(condition));
    rg_buf_adds(&text_buf, ": ");
    rg_cel_explain(condition, answer, &a, &text_buf);
    *ret_why = rg_arena_str(look->record->arena, rg_buf_str(&text_buf));
    return verdict;
}

bool rg_condition_reads_time(const struct rg_cel *condition)
{
    size_t count;
    const int *slots = rg_cel_slots(condition, &count);
    for (size_t i = 0; i < count; i++) {
        switch ((enum rg_fact)slots[i]) {
        case RG_FA_INVOICE_DAYS_LATE:
        case RG_FA_INVOICE_DAYS_TO_DUE:
        case RG_FA_DEBTOR_OVERDUE_COUNT:
        case RG_FA_HISTORY_ON_TIME_STREAK:
        case RG_FA_HISTORY_LATE_12M:
        case RG_FA_HISTORY_UNPAID_12M:
        case RG_FA_HISTORY_PAID_PERCENT:
        case RG_FA_HISTORY_CHARGEBACKS_12M:
        case RG_FA_PAYMENTS_KNOWN_THROUGH:
        case RG_FA_TODAY:
        case RG_FA_NOW: return true;
        default: break;
        }
    }
    return false;
}
