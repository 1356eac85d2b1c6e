/* What an action is called. The name is a hash of what it is about, so that the same decision has the same name in every life
 * of the process, and a resend of the same step carries the same Message-ID; two decisions that differ in anything the debtor
 * would notice have different names.
 *
 * Every field is hashed as its length (four bytes, big end first) and its text, numbers in decimal, in this order: debtor;
 * number of invoices; of each namespace, id, cycle (behind "listed " where the message only names it); step; repetition; channel;
 * and for the action id attempt and amount_cents.
 * No two different lists of fields give the same bytes, and a few lines in any language compute the same. */
#include "config/contract/ledger.h"

#include "base/core/hash.h"

#include <stdio.h>
#include <string.h>

/* 64 invoices with the longest ids take 19 KiB. On the stack, because deciding allocates nothing. */
#define HASHED_BYTES_MAX (24 * 1024)

struct hashed {
    char bytes[HASHED_BYTES_MAX];
    size_t n;
};

static void add_text(struct hashed *hashed, struct rg_str text)
{
    rg_assert(text.n <= HASHED_BYTES_MAX && hashed->n + 4 + text.n <= HASHED_BYTES_MAX);
    for (int shift = 24; shift >= 0; shift -= 8)
        hashed->bytes[hashed->n++] = (char)(text.n >> shift & 0xff);
    if (text.n > 0)
        memcpy(hashed->bytes + hashed->n, text.p, text.n);
    hashed->n += text.n;
}

static void add_number(struct hashed *hashed, int64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    add_text(hashed, rg_str(digits));
}

/* The same step may speak for one of two invoices and list the other, and later the other way round: two messages. */
static void add_cycle(struct hashed *hashed, const struct rg_decision_invoice *invoice)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%s%d", invoice->listed ? "listed " : "", invoice->cycle);
    add_text(hashed, rg_str(text));
}

static void add_step(struct hashed *hashed, const struct rg_decision *decision)
{
    add_text(hashed, decision->debtor);
    add_number(hashed, (int64_t)decision->invoice_count);
    for (size_t i = 0; i < decision->invoice_count; i++) {
        add_text(hashed, decision->invoices[i].ns);
        add_text(hashed, decision->invoices[i].invoice);
        add_cycle(hashed, &decision->invoices[i]);
    }
    add_text(hashed, decision->step);
    add_number(hashed, decision->repetition);
    add_text(hashed, decision->channel);
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

void rg_decision_identify(struct rg_decision *decision, int shards)
{
    rg_assert(decision->invoice_count <= RG_DECISION_INVOICES_MAX);
    uint8_t digest[RG_SHA256_BYTES];
    struct hashed hashed;
    hashed.n = 0;
    sort_invoices(decision);
    add_step(&hashed, decision);
    add_number(&hashed, decision->attempt);
    add_number(&hashed, decision->amount_cents);
    rg_sha256(hashed.bytes, hashed.n, digest);
    int shard = rg_shard_of(decision->debtor, shards);
    decision->action.b[0] = (uint8_t)(shard >> 8);
    decision->action.b[1] = (uint8_t)shard;
    memcpy(decision->action.b + 2, digest, RG_ACTION_BYTES - 2);
}

struct rg_str rg_decision_queue(const struct rg_decision *decision)
{
    return decision->owed && decision->kind == RG_ACT_SIGNAL ? RG_STR(RG_QUEUE_OWED) : decision->channel;
}

void rg_decision_message_id(const struct rg_decision *decision, char ret_hex[33])
{
    uint8_t digest[RG_SHA256_BYTES];
    struct hashed hashed;
    hashed.n = 0;
    add_step(&hashed, decision);
    rg_sha256(hashed.bytes, hashed.n, digest);
    rg_hex(digest, 16, ret_hex);
}
