/* From cases that passed to one decision: its invoices, amounts of today, identity; noted in the record at once. */
#include "daemon/rules/look.h"

#include "daemon/rules/fold.h"
#include "daemon/rules/note.h"

struct rg_decision *rg_emit_begin(struct rg_look *look, const struct rg_ladder *ladder, struct rg_str step, int repetition)
{
    struct rg_arena *arena = look->record->arena;
    struct rg_decision *d = RG_NEW(arena, struct rg_decision, 1);
    d->debtor = look->record->debtor;
    d->ladder = ladder != NULL ? rg_arena_str(arena, ladder->name) : RG_STR("");
    d->step = rg_arena_str(arena, step);
    d->repetition = repetition;
    d->mode = RG_MODE_LIVE;
    d->invoices = RG_NEW(arena, struct rg_decision_invoice, RG_DECISION_INVOICES_MAX);
    d->covers = RG_NEW(arena, struct rg_decision_cover, RG_DECISION_COVERS_MAX);
    d->amounts_on = look->now.day;
    d->deadline_on = RG_DAY_NONE;
    d->at_ms = look->world->now_ms;
    d->asof_ms = look->world->asof_ms;
    d->rests_on = look->world->rests_on;
    d->previous = look->record->previous_decision;
    d->rules = rg_arena_str(arena, rg_str(look->rules->hash));
    return d;
}

static void add_amounts(struct rg_look *look, struct rg_decision *d, const struct rg_invoice *invoice, int64_t balance_cents)
{
    if (balance_cents <= 0)
        return;
    struct rg_fees fees = rg_look_fees(look, invoice, balance_cents);
    int64_t discount = rg_look_discount_cents(look, invoice, balance_cents);
    d->amount_cents += balance_cents;
    d->fine_cents += fees.fine_cents;
    d->interest_cents += fees.interest_cents;
    d->discount_cents += discount;
    d->total_cents += fees.total_cents - discount;
}

void rg_emit_invoice(struct rg_look *look, struct rg_decision *d, struct rg_invoice *invoice, int cycle, bool listed)
{
    rg_assert(d->invoice_count < RG_DECISION_INVOICES_MAX);
    struct rg_decision_invoice *of = &d->invoices[d->invoice_count++];
    int64_t balance = rg_record_balance_cents(look->record, invoice);
    *of = (struct rg_decision_invoice){.ns = invoice->ns, .invoice = invoice->id, .cycle = cycle, .balance_cents = balance,
                                       .offset = invoice->offset, .listed = listed};
    add_amounts(look, d, invoice, balance);
    const struct rg_done *done = listed ? NULL : rg_invoice_done(invoice, d->step, d->repetition, cycle);
    if (done != NULL && done->attempt >= d->attempt)
        d->attempt = done->attempt + 1;
    if (d->attempt == 0)
        d->attempt = 1;
    if (!rg_str_has(d->service))
        d->service = invoice->service;
    if (!rg_str_has(d->creditor))
        d->creditor = rg_look_creditor(look, invoice);
}

void rg_emit_finish(struct rg_look *look, struct rg_decision *d)
{
    rg_assert(d->invoice_count > 0);
    rg_decision_identify(d, look->world->shards);
    if (look->explain || rg_action_unwanted(look->record, d) != RG_GATE_NONE)
        return; /* what the next fold would void is not begun */
    (void)rg_record_note_decision(look->record, d); /* a shadow decision has no action */
    *RG_PUSH(look->record->arena, look->out->decisions, look->out->decision_count, look->out->decision_cap) = d;
}
