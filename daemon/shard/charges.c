/* Charges: how an invoice can be paid, kept beside its debtor's record for senders alone.
 *
 * Codes of closed invoices would lie in Redis for ever, more than all debtors' records after a few years: their charges get an
 * end when they are closed, and lose it when they are opened again. */
#include "daemon/shard/folding.h"

#define CHARGE_FIELDS (RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_BOLETO_LINE) | RG_BIT(RG_F_BOLETO_BARCODE) | RG_BIT(RG_F_LINK))

bool rg_item_has_charge(const struct rg_item *item)
{
    if (item->skip || item->stranger || item->debtor.p == NULL || item->fact.event == NULL || item->fact.personal)
        return false;
    return ((item->event.has | item->event.null) & CHARGE_FIELDS) != 0 && rg_event_has(&item->event, RG_F_INVOICE);
}

size_t rg_folding_want_charge(struct rg_folding *f, const struct rg_event *event)
{
    struct rg_str key = rg_charge_key(f->batch->arena, event->ns, event->invoice);
    int32_t *place = rg_folding_place(f->batch, &f->charge_at, f->charges.items, sizeof *f->charges.items, key);
    if (*place == 0) {
        *RG_PUSH(f->batch->arena, f->charges.items, f->charges.count, f->charges.cap) =
            (struct rg_charge_of){.key = key, .value = rg_batch_want(f->batch, RG_STORE_INVOICE, key)};
        *place = (int32_t)f->charges.count;
    }
    return (size_t)*place - 1;
}

bool rg_folding_read_charges(struct rg_folding *f, struct rg_error *err)
{
    for (size_t i = 0; i < f->charges.count; i++) {
        struct rg_str stored = f->batch->values[f->charges.items[i].value];
        f->charges.items[i].charge = (struct rg_charge){.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE};
        if (stored.p != NULL && rg_charge_read(stored, f->batch->arena, &f->charges.items[i].charge, err) < 0)
            return false;
    }
    return true;
}

enum rg_standing rg_folding_standing(const struct rg_folding *f, const struct rg_record *record, const struct rg_item *item)
{
    const struct rg_event *e = item->fact.event;
    bool names_one = e != NULL && !item->fact.personal && rg_event_has(e, RG_F_INVOICE);
    const struct rg_invoice *invoice = names_one ? rg_record_invoice(record, e->ns, e->invoice) : NULL;
    if (invoice == NULL)
        return RG_STANDING_UNKNOWN;
    bool paid = rg_record_paid(record, invoice, f->batch->world->rules->policy.tolerance_cents);
    return paid || invoice->state != RG_INVOICE_OPEN ? RG_STANDING_CLOSED : RG_STANDING_OPEN;
}

/* A charge that this batch writes anyway is written behind it, with its own time. */
void rg_folding_keep_charge(struct rg_folding *f, const struct rg_item *item, enum rg_standing before, enum rg_standing now)
{
    if (before == now || before == RG_STANDING_UNKNOWN || now == RG_STANDING_UNKNOWN)
        return;
    rg_batch_keep(f->batch, RG_STORE_INVOICE, rg_charge_key(f->batch->arena, item->event.ns, item->event.invoice),
                  now == RG_STANDING_CLOSED ? RG_CHARGE_TTL_MS : RG_STORE_STAYS);
}

void rg_folding_charge(struct rg_folding *f, const struct rg_item *item, const struct rg_record *record,
                       struct rg_charge_parts parts)
{
    const struct rg_event *e = &item->event;
    if (rg_record_invoice(record, e->ns, e->invoice) == NULL)
        return;
    f->charges.items[item->charge].from = item;
    f->charges.items[item->charge].record = record;
    struct rg_charge *charge = &f->charges.items[item->charge].charge;
    if (parts.pix) {
        charge->pix_code = e->pix_code;
        charge->pix_cents = e->pix_cents;
        charge->pix_until = rg_event_has(e, RG_F_PIX_UNTIL) ? e->pix_until : RG_DAY_NONE;
    }
    if (parts.boleto) {
        charge->boleto_line = e->boleto_line;
        charge->boleto_barcode = e->boleto_barcode;
        charge->boleto_url = e->boleto_url;
        charge->boleto_cents = e->boleto_cents;
        charge->boleto_until = rg_event_has(e, RG_F_BOLETO_UNTIL) ? e->boleto_until : RG_DAY_NONE;
    }
    if (parts.link)
        charge->link = e->link;
}

void rg_folding_put_charges(struct rg_folding *f)
{
    for (size_t i = 0; i < f->charges.count; i++) {
        const struct rg_charge_of *of = &f->charges.items[i];
        if (of->from == NULL)
            continue;
        RG_CLEANUP(rg_buf_done) struct rg_buf buf;
        rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
        rg_charge_write(&of->charge, &buf);
        bool closed = rg_folding_standing(f, of->record, of->from) == RG_STANDING_CLOSED;
        rg_batch_put(f->batch, RG_STORE_INVOICE, of->key, rg_arena_str(f->batch->arena, rg_buf_str(&buf)),
                     closed ? RG_CHARGE_TTL_MS : 0);
    }
}
