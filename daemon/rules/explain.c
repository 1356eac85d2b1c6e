/* A debtor's page: who he is (by id), then each invoice with, step by step, what was done or what stands in the way: the gate
 * with the values it saw, who can lift it, and when it is looked at again. Everything comes from one look of the engine in
 * explain mode; nothing is judged here, so that what is said cannot differ from what is done. */
#include "daemon/rules/explain.h"

#include "brazil/money/format.h"
#include "daemon/rules/look.h"

#include <stdio.h>

static bool open_invoice(const struct rg_rules *rules, const struct rg_record *record, const struct rg_invoice *invoice)
{
    return rg_invoice_is_debt(invoice) && invoice->state == RG_INVOICE_OPEN &&
           !rg_record_paid(record, invoice, rules->policy.tolerance_cents);
}

static void head(const struct rg_rules *rules, const struct rg_world *world, const struct rg_record *record,
                 const struct rg_zone *zone, struct rg_buf *buf)
{
    int open = 0;
    int64_t total = 0;
    for (size_t i = 0; i < record->invoice_count; i++) {
        if (!open_invoice(rules, record, &record->invoices[i]))
            continue;
        open++;
        total += rg_record_balance_cents(record, &record->invoices[i]);
    }
    char money[RG_MONEY_TEXT_MAX], now[RG_WHEN_TEXT_MAX];
    rg_money_format(total, money);
    rg_buf_addf(buf, "debtor " RG_STR_FMT "  %s (%+03d)  %d open %s, %s   now %s\n", RG_STR_ARG(record->debtor), zone->name,
                zone->offset_minutes / 60, open, open == 1 ? "invoice" : "invoices", money,
                rg_when_text(zone, world->now_ms, now));
}

/* ---- one finding ---- */

/* One word for what was found. */
static const char *headline(const struct rg_step_view *f)
{
    bool final = f->gate == RG_GATE_PAID || f->gate == RG_GATE_VOIDED || f->gate == RG_GATE_WRITTEN_OFF ||
                 f->gate == RG_GATE_PRESCRIBED;
    switch (f->kind) {
    case RG_VIEW_BLOCKED: return !rg_str_has(f->name) && final ? "OVER" : "NOT NOW";
    case RG_VIEW_WAITING: return "WAITING";
    case RG_VIEW_UNDER_WAY: return "UNDER WAY";
    case RG_VIEW_CLOSED: return "OVER";
    case RG_VIEW_DECIDED: return "NOW";
    case RG_VIEW_DONE: break;
    }
    if (f->done == NULL)
        return "OVER";
    switch (f->done->state) {
    case RG_DONE_SHADOW: return "SHADOW";
    case RG_DONE_RETRY: return "AGAIN";
    case RG_DONE_SENT:
    case RG_DONE_UNCERTAIN:
    case RG_DONE_COVERED: return "DONE";
    default: return "OVER";
    }
}

static void add_name(const struct rg_step_view *f, struct rg_buf *buf)
{
    char name[80];
    if (!rg_str_has(f->name))
        (void)snprintf(name, sizeof name, "all steps");
    else if (f->step != NULL && f->step->repeat_times > 1)
        (void)snprintf(name, sizeof name, RG_STR_FMT " %d/%d", RG_STR_ARG(f->name), f->repetition, f->step->repeat_times);
    else
        (void)snprintf(name, sizeof name, RG_STR_FMT, RG_STR_ARG(f->name));
    rg_buf_addf(buf, "  %-20s %-9s", name, headline(f));
}

/* "sent by email, accepted Tue …": the last that happened, and what of it is still missing. */
static void add_done(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_buf *buf)
{
    char at[RG_WHEN_TEXT_MAX];
    const struct rg_done *done = f->done;
    if (done->state == RG_DONE_COVERED || (done->state == RG_DONE_SHADOW && done->attempt == 0))
        rg_buf_adds(buf, "  another message spoke for it");
    else if (done->state == RG_DONE_SHADOW)
        rg_buf_addf(buf, "  decided for " RG_STR_FMT, RG_STR_ARG(done->channel));
    else
        rg_buf_addf(buf, "  %s%s" RG_STR_FMT, rg_done_state_name(done->state), rg_str_has(done->channel) ? " by " : "",
                    RG_STR_ARG(done->channel));
    if (done->evidence != RG_EVIDENCE_NONE)
        rg_buf_addf(buf, ", %s", rg_evidence_name(done->evidence));
    rg_buf_addf(buf, " %s", rg_when_text(zone, done->at_ms, at));
    if (f->step != NULL && done->state == RG_DONE_SENT && f->step->evidence > done->evidence)
        rg_buf_addf(buf, " (%s is demanded)", rg_evidence_name(f->step->evidence));
}

static void add_gate(enum rg_gate gate, struct rg_str why, struct rg_buf *buf)
{
    rg_buf_addf(buf, "%s", rg_gate_sentence(gate));
    if (rg_str_has(why))
        rg_buf_addf(buf, ": " RG_STR_FMT, RG_STR_ARG(why));
}

static void add_window(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_buf *buf)
{
    char text[RG_WHEN_TEXT_MAX];
    if (f->kind == RG_VIEW_WAITING && f->opens_ms != RG_NEVER)
        rg_buf_addf(buf, "  opens %s", rg_when_text(zone, f->opens_ms, text));
    else
        rg_buf_addf(buf, "  since %s", rg_when_text(zone, f->opens_ms, text));
    if (f->closes_ms != RG_NEVER)
        rg_buf_addf(buf, ", until %s", rg_when_text(zone, f->closes_ms, text));
}

static void add_again(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_buf *buf)
{
    char text[RG_WHEN_TEXT_MAX];
    if (f->until_ms != RG_NEVER)
        rg_buf_addf(buf, "; looked at again %s", rg_when_text(zone, f->until_ms, text));
}

/* The gates of an open step: what stands in the way and who can move it, further ones by name (or in full), and what passed with
 * its values. */
static void add_gates(const struct rg_step_view *f, const struct rg_zone *zone, bool all_gates, struct rg_buf *buf)
{
    size_t others = 0;
    if (f->gate != RG_GATE_NONE) {
        rg_buf_addf(buf, "    BLOCK  %-16s", rg_gate_name(f->gate));
        add_gate(f->gate, f->why, buf);
        rg_buf_addf(buf, "\n           lifted by       %s", rg_gate_lifted_by(f->gate));
        add_again(f, zone, buf);
        rg_buf_addc(buf, '\n');
    }
    for (size_t i = 0; i < f->gate_count; i++) {
        const struct rg_gate_view *g = &f->gates[i];
        if (!g->blocks || g->gate == f->gate)
            continue;
        if (!all_gates) {
            rg_buf_addf(buf, "%s%s", others++ == 0 ? "           also            " : " ", rg_gate_name(g->gate));
            continue;
        }
        rg_buf_addf(buf, "    BLOCK  %-16s", rg_gate_name(g->gate));
        add_gate(g->gate, g->why, buf);
        rg_buf_addc(buf, '\n');
    }
    if (others > 0)
        rg_buf_addc(buf, '\n');
    for (size_t i = 0; i < f->gate_count; i++)
        if (!f->gates[i].blocks)
            rg_buf_addf(buf, "    pass   %-16s" RG_STR_FMT "\n", rg_gate_name(f->gates[i].gate), RG_STR_ARG(f->gates[i].why));
}

static bool open_step(const struct rg_step_view *f)
{
    return rg_str_has(f->name) && (f->kind == RG_VIEW_BLOCKED || f->kind == RG_VIEW_DECIDED);
}

static void add_finding(const struct rg_step_view *f, const struct rg_zone *zone, bool all_gates, struct rg_buf *buf)
{
    bool opens_later = f->kind == RG_VIEW_WAITING && f->gate == RG_GATE_NONE;
    add_name(f, buf);
    if (f->done != NULL)
        add_done(f, zone, buf);
    if (open_step(f) || opens_later)
        add_window(f, zone, buf);
    if (open_step(f)) {
        rg_buf_addc(buf, '\n');
        add_gates(f, zone, all_gates, buf);
        return;
    }
    if (f->gate != RG_GATE_NONE && (f->gate != RG_GATE_COVERED || rg_str_has(f->why))) {
        struct rg_str why = rg_str_has(f->why) ? f->why : rg_str(rg_gate_sentence(f->gate));
        rg_buf_addf(buf, "  %s: " RG_STR_FMT, rg_gate_name(f->gate), RG_STR_ARG(why));
    }
    if (f->kind == RG_VIEW_BLOCKED && f->gate == RG_GATE_NO_LADDER)
        rg_buf_addf(buf, "; lifted by %s", rg_gate_lifted_by(f->gate));
    if (!opens_later)
        add_again(f, zone, buf);
    rg_buf_addc(buf, '\n');
}

/* ---- the page ---- */

static void invoice_line(const struct rg_rules *rules, const struct rg_record *record, const struct rg_step_view *f,
                         struct rg_buf *buf)
{
    char money[RG_MONEY_TEXT_MAX], due[RG_DAY_TEXT_MAX];
    int64_t balance_cents = rg_record_balance_cents(record, f->invoice);
    rg_money_format(balance_cents > 0 ? balance_cents : 0, money); /* what is owed: less than nothing is nothing */
    rg_day_format(f->invoice->due_on, due);
    rg_buf_addf(buf, "\ninvoice " RG_STR_FMT "  due %s  %s", RG_STR_ARG(f->invoice->id), due, money);
    if (f->ladder != NULL)
        rg_buf_addf(buf, "  ladder " RG_STR_FMT " @%s", RG_STR_ARG(f->ladder->name), rules->hash);
    if (rg_invoice_cycle(f->invoice) > 1)
        rg_buf_addf(buf, "  cycle %d", rg_invoice_cycle(f->invoice));
    rg_buf_addc(buf, '\n');
}

static void add_overdue(const struct rg_overdue *overdue, const struct rg_zone *zone, struct rg_buf *buf)
{
    char since[RG_WHEN_TEXT_MAX], limit[RG_WHEN_TEXT_MAX];
    rg_buf_addf(buf, "  %-20.*s OVERDUE    owed since %s, and had to be confirmed by %s\n", (int)overdue->name.n, overdue->name.p,
                rg_when_text(zone, overdue->since_ms, since), rg_when_text(zone, overdue->limit_ms, limit));
}

static bool wanted(const struct rg_step_view *f, struct rg_str step)
{
    return !rg_str_has(step) || !rg_str_has(f->name) || rg_str_eq(step, f->name);
}

void rg_explain_text(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step,
                     bool all_gates, struct rg_buf *buf)
{
    struct rg_decided look;
    const struct rg_zone *zone = rg_debtor_zone(record);
    rg_decide(rules, world, record, true, &look);
    head(rules, world, record, zone, buf);
    for (size_t i = 0; i < record->invoice_count; i++) {
        bool first = true;
        for (size_t k = 0; k < look.view_count; k++) {
            const struct rg_step_view *f = &look.views[k];
            if (f->invoice != &record->invoices[i] || !wanted(f, step))
                continue;
            if (first)
                invoice_line(rules, record, f, buf);
            first = false;
            add_finding(f, zone, all_gates, buf);
        }
        for (size_t k = 0; k < look.overdue_count && !first; k++)
            if (look.overdue[k].invoice == &record->invoices[i])
                add_overdue(&look.overdue[k], zone, buf);
    }
    if (look.view_count == 0)
        rg_buf_adds(buf, "\nnothing is owed: no invoice is known of this debtor\n");
    char text[RG_WHEN_TEXT_MAX];
    if (rg_decided_next_ms(&look) != RG_NEVER)
        rg_buf_addf(buf, "\nnext look: %s\n", rg_when_text(zone, rg_decided_next_ms(&look), text));
    else
        rg_buf_adds(buf, "\nnext look: when something happens\n");
}

/* ---- the same as JSON ---- */

static void json_instant(struct rg_jw *jw, const char *key, const struct rg_zone *zone, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    if (ms == RG_NEVER || ms == 0)
        return;
    rg_instant_format(ms, zone->offset_minutes, text);
    rg_jw_member_cstr(jw, key, text);
}

static void json_gates(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_jw *jw)
{
    rg_jw_member_array(jw, "gates");
    for (size_t i = 0; i < f->gate_count; i++) {
        const struct rg_gate_view *g = &f->gates[i];
        rg_jw_object(jw);
        rg_jw_member_cstr(jw, "gate", rg_gate_name(g->gate));
        rg_jw_member_bool(jw, "blocks", g->blocks);
        rg_jw_member_opt_str(jw, "why", g->why);
        if (g->blocks)
            json_instant(jw, "until", zone, g->until_ms);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void json_finding(const struct rg_step_view *f, const struct rg_zone *zone, struct rg_jw *jw)
{
    static const char *const kinds[] = {"blocked", "waiting", "under_way", "done", "closed", "now"};
    rg_jw_object(jw);
    rg_jw_member_str(jw, "invoice", f->invoice->id);
    if (f->ladder != NULL)
        rg_jw_member_str(jw, "ladder", f->ladder->name);
    if (rg_str_has(f->name)) {
        rg_jw_member_str(jw, "step", f->name);
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
    if (f->gate_count > 0)
        json_gates(f, zone, jw);
    rg_jw_object_end(jw);
}

static void json_overdue(const struct rg_decided *look, const struct rg_zone *zone, struct rg_jw *jw)
{
    if (look->overdue_count == 0)
        return;
    rg_jw_member_array(jw, "overdue");
    for (size_t i = 0; i < look->overdue_count; i++) {
        rg_jw_object(jw);
        rg_jw_member_str(jw, "invoice", look->overdue[i].invoice->id);
        rg_jw_member_str(jw, "step", look->overdue[i].name);
        json_instant(jw, "since", zone, look->overdue[i].since_ms);
        json_instant(jw, "limit", zone, look->overdue[i].limit_ms);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

void rg_explain_json(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, struct rg_str step,
                     struct rg_jw *jw)
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
        if (wanted(&look.views[i], step))
            json_finding(&look.views[i], zone, jw);
    rg_jw_array_end(jw);
    json_overdue(&look, zone, jw);
    json_instant(jw, "next_look", zone, rg_decided_next_ms(&look));
    rg_jw_object_end(jw);
}
