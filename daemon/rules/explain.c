/* A debtor's page: who he is (by id), then each invoice with what was decided, what blocks it and when it is looked at next. */
#include "daemon/rules/explain.h"

#include "brazil/money/format.h"
#include "daemon/rules/look.h"

#include <stdio.h>

static const char *when(const struct rg_zone *zone, int64_t ms, char text[40])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (ms == RG_NEVER)
        return "-";
    struct rg_local at = rg_local_at(zone, ms);
    char day[RG_DAY_TEXT_MAX];
    rg_day_format(at.day, day);
    (void)snprintf(text, 40, "%s %s %02d:%02d", names[rg_day_weekday(at.day)], day, at.minute / 60, at.minute % 60);
    return text;
}

static bool open_invoice(const struct rg_rules *rules, const struct rg_record *record, const struct rg_invoice *invoice)
{
    return invoice->issued && invoice->state == RG_INVOICE_OPEN && !rg_record_paid(record, invoice, rules->policy.tolerance_cents);
}

static void head(const struct rg_rules *rules, const struct rg_world *world, const struct rg_record *record, const struct rg_zone *zone, struct rg_buf *buf)
{
    int open = 0;
    int64_t total = 0;
    for (size_t i = 0; i < record->invoice_count; i++) {
        if (!open_invoice(rules, record, &record->invoices[i]))
            continue;
        open++;
        total += rg_record_balance_cents(record, &record->invoices[i]);
    }
    char money[RG_MONEY_TEXT_MAX], now[40];
    rg_money_format(total, money);
    rg_buf_addf(buf, "debtor " RG_STR_FMT "  %s (%+03d)  %d open %s, %s   now %s\n", RG_STR_ARG(record->debtor), zone->name, zone->offset_minutes / 60,
                open, open == 1 ? "invoice" : "invoices", money, when(zone, world->now_ms, now));
}

/* One word for what was found. */
static const char *headline(const struct rg_step_view *f)
{
    switch (f->kind) {
    case RG_VIEW_BLOCKED: return "NOT NOW";
    case RG_VIEW_WAITING: return "WAITING";
    case RG_VIEW_UNDER_WAY: return "UNDER WAY";
    case RG_VIEW_DONE: return "DONE";
    case RG_VIEW_CLOSED: return "OVER";
    default: return "NOW";
    }
}

static void add_done(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_buf *buf)
{
    char at[40];
    if (f->done == NULL)
        return;
    rg_buf_addf(buf, "  %s", rg_done_state_name(f->done->state));
    if (rg_str_has(f->done->channel))
        rg_buf_addf(buf, " by " RG_STR_FMT, RG_STR_ARG(f->done->channel));
    if (f->done->evidence != RG_EVIDENCE_NONE)
        rg_buf_addf(buf, ", %s", rg_evidence_name(f->done->evidence));
    rg_buf_addf(buf, " %s", when(zone, f->done->at_ms, at));
}

static void add_gate(const struct rg_step_view *f, struct rg_buf *buf)
{
    if (f->gate == RG_GATE_NONE)
        return;
    rg_buf_addf(buf, "  %s: %s", rg_gate_name(f->gate), rg_gate_sentence(f->gate));
    if (rg_str_has(f->why))
        rg_buf_addf(buf, " (" RG_STR_FMT ")", RG_STR_ARG(f->why));
}

static void add_others(const struct rg_step_view *f, struct rg_buf *buf)
{
    bool first = true;
    for (int gate = RG_GATE_NONE + 1; gate < RG_GATE_COUNT; gate++) {
        if (gate == (int)f->gate || (f->blocking >> gate & 1) == 0)
            continue;
        rg_buf_addf(buf, "%s%s", first ? "    also: " : " ", rg_gate_name((enum rg_gate)gate));
        first = false;
    }
    if (!first)
        rg_buf_addc(buf, '\n');
}

static void add_finding(const struct rg_step_view *f, const struct rg_zone *zone, bool all_gates, struct rg_buf *buf)
{
    char text[40];
    char name[80];
    if (f->step == NULL)
        (void)snprintf(name, sizeof name, "all steps");
    else if (f->step->repeat_times > 1)
        (void)snprintf(name, sizeof name, RG_STR_FMT " %d/%d", RG_STR_ARG(f->step->name), f->repetition, f->step->repeat_times);
    else
        (void)snprintf(name, sizeof name, RG_STR_FMT, RG_STR_ARG(f->step->name));
    rg_buf_addf(buf, "  %-20s %-9s", name, headline(f));
    add_done(f, zone, buf);
    add_gate(f, buf);
    if (f->kind == RG_VIEW_WAITING && f->gate == RG_GATE_NONE)
        rg_buf_addf(buf, "  opens %s", when(zone, f->opens_ms, text));
    else if (f->until_ms != RG_NEVER)
        rg_buf_addf(buf, "; looked at again %s", when(zone, f->until_ms, text));
    if (f->kind == RG_VIEW_BLOCKED && f->until_ms == RG_NEVER && f->gate != RG_GATE_NONE)
        rg_buf_addf(buf, "; lifted by %s", rg_gate_lifted_by(f->gate));
    rg_buf_addc(buf, '\n');
    if (all_gates)
        add_others(f, buf);
}

static void invoice_line(const struct rg_record *record, const struct rg_invoice *invoice, const struct rg_step_view *f, struct rg_buf *buf)
{
    char money[RG_MONEY_TEXT_MAX], due[RG_DAY_TEXT_MAX];
    rg_money_format(rg_record_balance_cents(record, invoice), money);
    rg_day_format(invoice->due_on, due);
    rg_buf_addf(buf, "invoice " RG_STR_FMT "  due %s  %s", RG_STR_ARG(invoice->id), due, money);
    if (f->ladder != NULL)
        rg_buf_addf(buf, "  ladder " RG_STR_FMT, RG_STR_ARG(f->ladder->name));
    if (rg_invoice_cycle(invoice) > 1)
        rg_buf_addf(buf, "  cycle %d", rg_invoice_cycle(invoice));
    rg_buf_addc(buf, '\n');
}

void rg_explain_text(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step, bool all_gates,
                     struct rg_buf *buf)
{
    struct rg_decided look;
    const struct rg_zone *zone = rg_debtor_zone(record);
    rg_decide(rules, world, record, true, &look);
    head(rules, world, record, zone, buf);
    const struct rg_invoice *last = NULL;
    for (size_t i = 0; i < look.view_count; i++) {
        const struct rg_step_view *f = &look.views[i];
        if (rg_str_has(step) && f->step != NULL && !rg_str_eq(step, f->step->name))
            continue;
        if (f->invoice != last)
            invoice_line(record, f->invoice, f, buf);
        last = f->invoice;
        add_finding(f, zone, all_gates, buf);
    }
    if (look.view_count == 0)
        rg_buf_adds(buf, "nothing is owed: no invoice is known of this debtor\n");
    char text[40];
    if (look.next_ms != RG_NEVER)
        rg_buf_addf(buf, "next look: %s\n", when(zone, look.next_ms, text));
    else
        rg_buf_adds(buf, "next look: when something happens\n");
}

static void json_instant(struct rg_jw *jw, const char *key, const struct rg_zone *zone, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    if (ms == RG_NEVER || ms == 0)
        return;
    rg_instant_format(ms, zone->offset_minutes, text);
    rg_jw_member_cstr(jw, key, text);
}

static void json_finding(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_jw *jw)
{
    static const char *const kinds[] = {"blocked", "waiting", "under_way", "done", "closed", "now"};
    rg_jw_object(jw);
    rg_jw_member_str(jw, "invoice", f->invoice->id);
    if (f->ladder != NULL)
        rg_jw_member_str(jw, "ladder", f->ladder->name);
    if (f->step != NULL) {
        rg_jw_member_str(jw, "step", f->step->name);
        rg_jw_member_int(jw, "repetition", f->repetition);
    }
    rg_jw_member_cstr(jw, "state", kinds[f->kind]);
    if (f->gate != RG_GATE_NONE) {
        rg_jw_member_cstr(jw, "gate", rg_gate_name(f->gate));
        rg_jw_member_cstr(jw, "sentence", rg_gate_sentence(f->gate));
        rg_jw_member_cstr(jw, "lifted_by", rg_gate_lifted_by(f->gate));
    }
    rg_jw_member_opt_str(jw, "why", f->why);
    if (f->done != NULL) {
        rg_jw_member_cstr(jw, "ended", rg_done_state_name(f->done->state));
        rg_jw_member_opt_str(jw, "channel", f->done->channel);
        rg_jw_member_cstr(jw, "evidence", rg_evidence_name(f->done->evidence));
        json_instant(jw, "at", zone, f->done->at_ms);
    }
    json_instant(jw, "opens", zone, f->opens_ms);
    json_instant(jw, "closes", zone, f->closes_ms);
    json_instant(jw, "again", zone, f->until_ms);
    rg_jw_object_end(jw);
}

void rg_explain_json(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step, struct rg_jw *jw)
{
    struct rg_decided look;
    const struct rg_zone *zone = rg_debtor_zone(record);
    rg_decide(rules, world, record, true, &look);
    rg_jw_object(jw);
    rg_jw_member_str(jw, "debtor", record->debtor);
    rg_jw_member_cstr(jw, "zone", zone->name);
    rg_jw_member_cstr(jw, "rules", rules->hash);
    json_instant(jw, "now", zone, world->now_ms);
    rg_jw_member_array(jw, "views");
    for (size_t i = 0; i < look.view_count; i++)
        if (!rg_str_has(step) || look.views[i].step == NULL || rg_str_eq(step, look.views[i].step->name))
            json_finding(&look.views[i], zone, jw);
    rg_jw_array_end(jw);
    json_instant(jw, "next_look", zone, look.next_ms);
    rg_jw_object_end(jw);
}
