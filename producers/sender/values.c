/* One row per value. Absent values are absent: a text that needs one is refused, a section around one is left out.
 *
 * Amounts are the decision's, never computed here: what was decided, stored and claimed is what the message says. Of several
 * invoices `faturas` lists each, with its own code and link; a code at the top then names its invoice, one a line. */
#include "producers/sender/values.h"

#include "base/core/buf.h"
#include "brazil/days/bank.h"
#include "brazil/ids/document.h"
#include "brazil/money/format.h"
#include "brazil/text/utf8.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX ((size_t)128 * 1024) /* codes of all invoices of one message, joined */
#define VALUES_MAX 32

struct map {
    struct rg_arena *arena;
    struct rg_str keys[VALUES_MAX];
    struct rg_mu_value items[VALUES_MAX];
    size_t count;
};

static void put_value(struct map *map, const char *key, struct rg_mu_value value)
{
    rg_assert(map->count < VALUES_MAX);
    map->keys[map->count] = rg_str(key);
    map->items[map->count++] = value;
}

static void put(struct map *map, const char *key, struct rg_str text)
{
    put_value(map, key, rg_mu_text(rg_str_has(text) ? text : (struct rg_str){0}));
}

static struct rg_mu_value finish(struct map *map)
{
    struct rg_str *keys = RG_NEW(map->arena, struct rg_str, map->count);
    struct rg_mu_value *items = RG_NEW(map->arena, struct rg_mu_value, map->count);
    memcpy(keys, map->keys, map->count * sizeof *keys);
    memcpy(items, map->items, map->count * sizeof *items);
    return (struct rg_mu_value){.kind = RG_MU_MAP, .keys = keys, .items = items, .count = map->count};
}

/* ---- texts ---- */

/* Controls, line and paragraph separators, marks of direction, and bytes that are no UTF-8. */
static bool is_unwelcome(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff ||
           point >= RG_UTF8_BAD;
}

struct rg_str rg_clean_text(struct rg_arena *arena, struct rg_str text)
{
    if (text.p == NULL)
        return text;
    char *clean = rg_arena_alloc(arena, text.n + 1);
    size_t n = 0;
    bool gap = false;
    for (size_t at = 0, from = 0; at < text.n; from = at) {
        bool unwelcome = is_unwelcome(rg_utf8_point(text, &at));
        if (unwelcome || (at - from == 1 && text.p[from] == ' ')) {
            gap = n > 0; /* what is left out separates words; none at the ends */
            continue;
        }
        if (gap)
            clean[n++] = ' ';
        gap = false;
        memcpy(clean + n, text.p + from, at - from);
        n += at - from;
    }
    return (struct rg_str){clean, n};
}

static struct rg_str money(struct rg_arena *arena, int64_t cents)
{
    char text[RG_MONEY_TEXT_MAX];
    rg_money_format(cents, text);
    return rg_arena_str(arena, rg_str(text));
}

static struct rg_str date(struct rg_arena *arena, rg_day day)
{
    int year, month, mday;
    if (!rg_day_known(day))
        return (struct rg_str){0};
    rg_day_civil(day, &year, &month, &mday);
    return rg_arena_printf(arena, "%02d/%02d/%04d", mday, month, year);
}

static struct rg_str formatted_document(struct rg_arena *arena, struct rg_str text)
{
    struct rg_document document;
    if (!rg_str_has(text) || rg_document_check(text, RG_DOCUMENT_AUTO, &document, NULL) < 0)
        return rg_clean_text(arena, text);
    const char *t = document.text;
    if (document.kind == RG_DOCUMENT_CPF)
        return rg_arena_printf(arena, "%.3s.%.3s.%.3s-%.2s", t, t + 3, t + 6, t + 9);
    return rg_arena_printf(arena, "%.2s.%.3s.%.3s/%.4s-%.2s", t, t + 2, t + 5, t + 8, t + 12);
}

static struct rg_str masked_document(struct rg_arena *arena, struct rg_str text)
{
    struct rg_document document;
    char masked[RG_DOCUMENT_MASK_MAX];
    if (!rg_str_has(text) || rg_document_check(text, RG_DOCUMENT_AUTO, &document, NULL) < 0)
        return (struct rg_str){0};
    rg_document_mask(&document, masked);
    return rg_arena_str(arena, rg_str(masked));
}

/* ---- the invoices together ---- */

struct subject {
    struct rg_arena *arena;
    const struct rg_decision *decision;
    const struct rg_recipient *recipient;
};

typedef struct rg_str pick_fn(const struct rg_recipient_invoice *invoice);

static struct rg_str pick_pix(const struct rg_recipient_invoice *invoice) { return invoice->charge.pix_code; }
static struct rg_str pick_boleto(const struct rg_recipient_invoice *invoice) { return invoice->charge.boleto_line; }
static struct rg_str pick_contract(const struct rg_recipient_invoice *invoice) { return invoice->contract; }
static struct rg_str pick_service(const struct rg_recipient_invoice *invoice) { return invoice->service; }

static struct rg_str pick_link(const struct rg_recipient_invoice *invoice)
{
    return rg_str_has(invoice->charge.link) ? invoice->charge.link : invoice->charge.boleto_url;
}

/* Codes: of one invoice as it is, of several each with its invoice's number before it. */
static struct rg_str codes(const struct subject *s, pick_fn *pick)
{
    struct rg_buf joined RG_CLEANUP(rg_buf_done);
    rg_buf_init(&joined, TEXT_BYTES_MAX);
    for (size_t i = 0; i < s->recipient->invoice_count; i++) {
        const struct rg_recipient_invoice *invoice = &s->recipient->invoices[i];
        struct rg_str code = rg_clean_text(s->arena, pick(invoice));
        if (!rg_str_has(code))
            continue;
        if (joined.len > 0)
            rg_buf_addc(&joined, '\n');
        if (s->recipient->invoice_count > 1)
            rg_buf_addf(&joined, RG_STR_FMT ": ", RG_STR_ARG(rg_clean_text(s->arena, invoice->invoice)));
        rg_buf_add_str(&joined, code);
    }
    return joined.len == 0 || joined.overflow ? (struct rg_str){0} : rg_arena_str(s->arena, rg_buf_str(&joined));
}

/* A link stands in an href, so there is one: of the step's own invoices before those that are only named beside them. */
static struct rg_str one_link(const struct subject *s)
{
    struct rg_str found = {0};
    for (size_t i = s->recipient->invoice_count; i-- > 0;) {
        struct rg_str link = pick_link(&s->recipient->invoices[i]);
        if (rg_str_has(link) && (!s->decision->invoices[i].listed || !rg_str_has(found)))
            found = link;
    }
    return rg_clean_text(s->arena, found);
}

/* Names that invoices share: each once. */
static struct rg_str names(const struct subject *s, pick_fn *pick, struct rg_str otherwise)
{
    struct rg_buf joined RG_CLEANUP(rg_buf_done);
    rg_buf_init(&joined, TEXT_BYTES_MAX);
    for (size_t i = 0; i < s->recipient->invoice_count; i++) {
        struct rg_str name = pick(&s->recipient->invoices[i]);
        bool said = !rg_str_has(name);
        for (size_t k = 0; k < i && !said; k++)
            said = rg_str_eq(pick(&s->recipient->invoices[k]), name);
        if (said)
            continue;
        if (joined.len > 0)
            rg_buf_adds(&joined, ", ");
        rg_buf_add_str(&joined, rg_clean_text(s->arena, name));
    }
    return joined.len == 0 ? rg_clean_text(s->arena, otherwise) : rg_arena_str(s->arena, rg_buf_str(&joined));
}

static rg_day earlier(rg_day a, rg_day b)
{
    return a == RG_DAY_NONE || (b != RG_DAY_NONE && b < a) ? b : a;
}

static rg_day first_due(const struct rg_recipient *recipient)
{
    rg_day first = RG_DAY_NONE;
    for (size_t i = 0; i < recipient->invoice_count; i++)
        first = earlier(first, recipient->invoices[i].due_on);
    return first;
}

static rg_day payable_until(const struct rg_recipient *recipient)
{
    rg_day first = RG_DAY_NONE;
    for (size_t i = 0; i < recipient->invoice_count; i++)
        first = earlier(first, earlier(recipient->invoices[i].charge.pix_until, recipient->invoices[i].charge.boleto_until));
    return first;
}

/* Counted as the engine counts: from the payable day to the day the amounts are of. */
static struct rg_str days_late(const struct subject *s, int64_t now_ms)
{
    rg_day due = first_due(s->recipient), on = s->decision->amounts_on;
    if (due == RG_DAY_NONE)
        return (struct rg_str){0};
    if (on == RG_DAY_NONE)
        on = (rg_day)((now_ms + s->recipient->utc_offset_minutes * RG_MS_PER_MINUTE) / RG_MS_PER_DAY);
    int late = on - rg_bank_payable(due, true);
    return rg_arena_printf(s->arena, "%d", late > 0 ? late : 0);
}

static struct rg_mu_value invoice_list(const struct subject *s)
{
    size_t n = s->recipient->invoice_count;
    struct rg_mu_value *items = RG_NEW(s->arena, struct rg_mu_value, n);
    for (size_t i = 0; i < n; i++) {
        const struct rg_recipient_invoice *invoice = &s->recipient->invoices[i];
        struct map map = {.arena = s->arena};
        put(&map, "numero", rg_clean_text(s->arena, invoice->invoice));
        put(&map, "valor", money(s->arena, s->decision->invoices[i].balance_cents));
        put(&map, "vencimento", date(s->arena, invoice->due_on));
        put(&map, "pix", rg_clean_text(s->arena, pick_pix(invoice)));
        put(&map, "boleto", rg_clean_text(s->arena, pick_boleto(invoice)));
        put(&map, "link", rg_clean_text(s->arena, pick_link(invoice)));
        items[i] = finish(&map);
    }
    return (struct rg_mu_value){.kind = RG_MU_LIST, .items = items, .count = n};
}

static struct rg_mu_value creditor_map(struct rg_arena *arena, const struct rg_creditor_info *creditor)
{
    struct map map = {.arena = arena};
    put(&map, "nome", rg_clean_text(arena, creditor->name));
    put(&map, "documento", formatted_document(arena, creditor->document));
    put(&map, "endereco", rg_clean_text(arena, creditor->address));
    put(&map, "email", rg_clean_text(arena, creditor->email));
    put(&map, "telefone", rg_clean_text(arena, creditor->phone));
    return finish(&map);
}

struct rg_mu_value rg_message_values(struct rg_arena *arena, const struct rg_decision *decision,
                                     const struct rg_recipient *recipient, const struct rg_creditor_info *creditor,
                                     int64_t now_ms)
{
    rg_assert(recipient->invoice_count == decision->invoice_count);
    const struct subject s = {arena, decision, recipient};
    struct map map = {.arena = arena};
    rg_day deadline = decision->deadline_on;
    put(&map, "nome", rg_clean_text(arena, recipient->name));
    put(&map, "valor", money(arena, decision->total_cents));
    put(&map, "total", money(arena, decision->total_cents));
    put(&map, "valor_original", money(arena, decision->amount_cents));
    put(&map, "multa", money(arena, decision->fine_cents));
    put(&map, "juros", money(arena, decision->interest_cents));
    put(&map, "desconto", decision->discount_cents > 0 ? money(arena, decision->discount_cents) : (struct rg_str){0});
    put(&map, "vencimento", date(arena, first_due(recipient)));
    put(&map, "dias_atraso", days_late(&s, now_ms));
    put(&map, "servico", names(&s, pick_service, decision->service));
    put(&map, "contrato", names(&s, pick_contract, (struct rg_str){0}));
    put(&map, "pix", codes(&s, pick_pix));
    put(&map, "boleto", codes(&s, pick_boleto));
    put(&map, "link", one_link(&s));
    put(&map, "valido_ate", date(arena, payable_until(recipient)));
    put(&map, "prazo", date(arena, deadline));
    put(&map, "data_corte",
        deadline == RG_DAY_NONE ? (struct rg_str){0} : date(arena, deadline + 1)); /* the term's last day is still free */
    put(&map, "documento_mascarado", masked_document(arena, recipient->document));
    put_value(&map, "faturas", invoice_list(&s));
    put_value(&map, "credor", creditor_map(arena, creditor));
    return finish(&map);
}
