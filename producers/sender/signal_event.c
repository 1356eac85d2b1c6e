/* Members in a fixed order. What is not known is left out, never guessed: `deadline` only where the decision has one. */
#include "producers/sender/signal_event.h"

#include "base/json/write.h"

#include <stdio.h>

static void write_invoices(struct rg_jw *jw, const struct rg_decision *decision)
{
    rg_jw_member_array(jw, "invoices");
    for (size_t i = 0; i < decision->invoice_count; i++) {
        const struct rg_decision_invoice *invoice = &decision->invoices[i];
        rg_jw_object(jw);
        rg_jw_member_opt_str(jw, "namespace", invoice->ns);
        rg_jw_member_str(jw, "invoice", invoice->invoice);
        rg_jw_member_int(jw, "cycle", invoice->cycle);
        rg_jw_member_int(jw, "balance_cents", invoice->balance_cents);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_amounts(struct rg_jw *jw, const struct rg_decision *decision)
{
    char day[RG_DAY_TEXT_MAX];
    rg_jw_member_int(jw, "amount_cents", decision->total_cents);
    rg_jw_member_object(jw, "breakdown");
    rg_jw_member_int(jw, "principal_cents", decision->amount_cents);
    rg_jw_member_int(jw, "fine_cents", decision->fine_cents);
    rg_jw_member_int(jw, "interest_cents", decision->interest_cents);
    rg_jw_member_int(jw, "discount_cents", decision->discount_cents);
    rg_jw_object_end(jw);
    if (rg_day_known(decision->amounts_on)) {
        rg_day_format(decision->amounts_on, day);
        rg_jw_member_cstr(jw, "amount_on", day);
    }
}

/* The ledger records that made it permissible, by their offsets in the debtor's partition. */
static void write_evidence(struct rg_jw *jw, const struct rg_decision *decision)
{
    rg_jw_member_object(jw, "evidence");
    rg_jw_member_int(jw, "partition", rg_action_id_shard(&decision->action));
    rg_jw_member_int(jw, "rests_on", decision->rests_on);
    if (decision->previous >= 0)
        rg_jw_member_int(jw, "previous", decision->previous);
    rg_jw_member_array(jw, "facts");
    for (size_t i = 0; i < decision->invoice_count; i++)
        rg_jw_int(jw, decision->invoices[i].offset);
    rg_jw_array_end(jw);
    rg_jw_object_end(jw);
}

static void write_data(struct rg_jw *jw, const struct rg_decision *decision)
{
    char text[RG_INSTANT_TEXT_MAX];
    rg_jw_member_object(jw, "data");
    rg_jw_member_str(jw, "debtor", decision->debtor);
    rg_jw_member_opt_str(jw, "creditor", decision->creditor);
    rg_jw_member_opt_str(jw, "service", decision->service);
    write_invoices(jw, decision);
    write_amounts(jw, decision);
    rg_jw_member_cstr(jw, "reason", decision->owed ? "resolved" : "unpaid");
    rg_jw_member_str(jw, "ladder", decision->ladder);
    rg_jw_member_str(jw, "step", decision->step);
    rg_jw_member_str(jw, "rules", decision->rules);
    rg_jw_member_int(jw, "sequence", decision->sequence);
    if (rg_day_known(decision->deadline_on)) {
        rg_day_format(decision->deadline_on, text);
        rg_jw_member_cstr(jw, "deadline", text);
    }
    if (decision->until_ms != 0) {
        rg_instant_format(decision->until_ms, 0, text);
        rg_jw_member_cstr(jw, "not_after", text);
    }
    write_evidence(jw, decision);
    rg_jw_object_end(jw);
}

void rg_signal_event_write(const struct rg_decision *decision, struct rg_buf *buf)
{
    char id[RG_ACTION_TEXT + 1], type[64], time[RG_INSTANT_TEXT_MAX];
    struct rg_jw jw;
    rg_assert(decision->signal > RG_SIGNAL_NONE);
    rg_assert(decision->signal < RG_SIGNAL_COUNT);
    rg_action_id_print(&decision->action, id);
    (void)snprintf(type, sizeof type, "regua.%s", rg_signal_name(decision->signal));
    rg_instant_format(decision->at_ms, 0, time);
    rg_jw_init(&jw, buf);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "specversion", "1.0");
    rg_jw_member_cstr(&jw, "id", id);
    rg_jw_member_cstr(&jw, "source", "regua");
    rg_jw_member_cstr(&jw, "type", type);
    rg_jw_member_str(&jw, "subject", decision->debtor);
    rg_jw_member_cstr(&jw, "time", time);
    rg_jw_member_cstr(&jw, "datacontenttype", "application/json");
    write_data(&jw, decision);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}
