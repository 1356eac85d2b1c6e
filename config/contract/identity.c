/* What an action is called. The name is a hash of what it is about, so that the same decision has the same name in every life
 * of the process, and a resend of the same step carries the same Message-ID; two decisions that differ in anything the debtor
 * would notice have different names.
 *
 * Every field is hashed as its length (four bytes, big end first) and its text, numbers in decimal, in this order: debtor;
 * number of invoices; of each namespace, id, cycle; step; repetition; channel; and for the action id attempt and amount_cents.
 * No two different lists of fields give the same bytes, and a few lines in any language compute the same. */
#include "config/contract/ledger.h"

#include "base/core/hash.h"

#include <stdio.h>
#include <string.h>

#define IDENTITY_BYTES_MAX ((size_t)64 * 1024) /* 64 invoices of two longest ids each take 20 KiB */

static void add_text(struct rg_buf *buf, struct rg_str text)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        rg_buf_addc(buf, (char)(text.n >> shift & 0xff));
    rg_buf_add_str(buf, text);
}

static void add_number(struct rg_buf *buf, int64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    add_text(buf, rg_str(digits));
}

static void add_step(struct rg_buf *buf, const struct rg_decision *decision)
{
    add_text(buf, decision->debtor);
    add_number(buf, (int64_t)decision->invoice_count);
    for (size_t i = 0; i < decision->invoice_count; i++) {
        add_text(buf, decision->invoices[i].ns);
        add_text(buf, decision->invoices[i].invoice);
        add_number(buf, decision->invoices[i].cycle);
    }
    add_text(buf, decision->step);
    add_number(buf, decision->repetition);
    add_text(buf, decision->channel);
}

static int invoice_cmp(const struct rg_decision_invoice *a, const struct rg_decision_invoice *b)
{
    int order = rg_str_cmp(a->ns, b->ns);
    if (order == 0)
        order = rg_str_cmp(a->invoice, b->invoice);
    return order != 0 ? order : (a->cycle > b->cycle) - (a->cycle < b->cycle);
}

/* Covers name invoices by their place, so they follow when two change places. */
static void swap_invoices(struct rg_decision *decision, size_t a, size_t b)
{
    struct rg_decision_invoice kept = decision->invoices[a];
    decision->invoices[a] = decision->invoices[b];
    decision->invoices[b] = kept;
    for (size_t i = 0; i < decision->cover_count; i++) {
        int *place = &decision->covers[i].invoice;
        if (*place == (int)a)
            *place = (int)b;
        else if (*place == (int)b)
            *place = (int)a;
    }
}

static void sort_invoices(struct rg_decision *decision)
{
    for (size_t i = 1; i < decision->invoice_count; i++)
        for (size_t j = i; j > 0 && invoice_cmp(&decision->invoices[j - 1], &decision->invoices[j]) > 0; j--)
            swap_invoices(decision, j - 1, j);
}

static void digest(struct rg_buf *buf, uint8_t ret_digest[RG_SHA256_BYTES])
{
    rg_assert(!buf->overflow);
    rg_sha256(buf->data, buf->len, ret_digest);
    rg_buf_done(buf);
}

void rg_decision_identify(struct rg_decision *decision, int shards)
{
    rg_assert(decision->invoice_count <= RG_DECISION_INVOICES_MAX);
    uint8_t hash[RG_SHA256_BYTES];
    struct rg_buf buf;
    rg_buf_init(&buf, IDENTITY_BYTES_MAX);
    sort_invoices(decision);
    add_step(&buf, decision);
    add_number(&buf, decision->attempt);
    add_number(&buf, decision->amount_cents);
    digest(&buf, hash);
    int shard = rg_shard_of(decision->debtor, shards);
    decision->action.b[0] = (uint8_t)(shard >> 8);
    decision->action.b[1] = (uint8_t)shard;
    memcpy(decision->action.b + 2, hash, RG_ACTION_BYTES - 2);
}

void rg_decision_message_id(const struct rg_decision *decision, char ret_hex[33])
{
    uint8_t hash[RG_SHA256_BYTES];
    struct rg_buf buf;
    rg_buf_init(&buf, IDENTITY_BYTES_MAX);
    add_step(&buf, decision);
    digest(&buf, hash);
    rg_hex(hash, 16, ret_hex);
}
