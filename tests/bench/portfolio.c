/* Ids, codes and links have the lengths of a Brazilian billing platform's. */
#include "tests/bench/portfolio.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

struct rg_str portfolio_debtor(struct rg_arena *arena, int64_t debtor)
{
    return rg_arena_printf(arena, "cus_%012lld", (long long)debtor);
}

static struct rg_event begin(struct portfolio *p, struct rg_arena *arena, enum rg_event_type type, int64_t debtor)
{
    struct rg_event e = {.type = type, .source = RG_STR("https://billing.example"), .ns = RG_STR(PORTFOLIO_NS),
                         .time_ms = p->now_ms - MS_PER_DAY + p->serial / 100, .has = RG_BIT(RG_F_DEBTOR),
                         .due_on = RG_DAY_NONE, .issued_on = RG_DAY_NONE, .pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE,
                         .available_on = RG_DAY_NONE, .on = RG_DAY_NONE, .pay_on = RG_DAY_NONE, .score_on = RG_DAY_NONE,
                         .fine_percent = {.units = -1}, .interest_percent_month = {.units = -1}};
    e.id = rg_arena_printf(arena, "evt_%014lld", (long long)p->serial++);
    e.debtor = portfolio_debtor(arena, debtor);
    return e;
}

struct rg_event portfolio_person(struct portfolio *p, struct rg_arena *arena, int64_t debtor)
{
    struct rg_event e = begin(p, arena, RG_EV_DEBTOR_UPDATED, debtor);
    e.name = rg_arena_printf(arena, "Maria Aparecida %06lld", (long long)(debtor % 1000000));
    e.document = RG_STR("52998224725");
    e.state = RG_STR("SP");
    e.city = RG_STR("Campinas");
    e.kind = 1;
    e.contact_count = 2;
    e.contacts = RG_NEW(arena, struct rg_contact, 2);
    e.contacts[0] = (struct rg_contact){.channel = RG_STR("email"),
                                        .address = rg_arena_printf(arena, "maria.%06lld@example.com", (long long)(debtor % 1000000))};
    e.contacts[1] = (struct rg_contact){.channel = RG_STR("sms"),
                                        .address = rg_arena_printf(arena, "+551998%07lld", (long long)(debtor % 10000000))};
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_DOCUMENT) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_CITY) | RG_BIT(RG_F_KIND) | RG_BIT(RG_F_CONTACTS);
    return e;
}

static void issue(const struct portfolio *p, struct rg_arena *arena, struct rg_event *e, int64_t number)
{
    rg_day today = (rg_day)(p->now_ms / MS_PER_DAY);
    e->amount_cents = 15990;
    e->issued_on = today;
    e->due_on = today + p->due_in_days;
    e->contract = RG_STR("sub_9x81kq2mvz4n");
    e->pix_code = rg_arena_printf(arena,
                                  "00020101021226820014br.gov.bcb.pix2560pix.example.com/qr/v2/cobv/%032llx5204000053039865802BR5917Provedor Exem"
                                  "plo6008Campinas62070503***6304ABCD",
                                  (long long)e->time_ms + number);
    e->pix_until = e->boleto_until = e->due_on + 60;
    e->boleto_line = rg_arena_printf(arena, "3419109008%010lld09130047000900000015990%03lld", (long long)number, (long long)(number % 1000));
    e->link = rg_arena_printf(arena, "https://billing.example/i/%016lld", (long long)number);
    e->fine_percent = (struct rg_decimal){.units = 2, .scale = 0};
    e->interest_percent_month = (struct rg_decimal){.units = 1, .scale = 0};
    e->has |= RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_ISSUED_ON) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_CONTRACT) | RG_BIT(RG_F_PIX_CODE) |
              RG_BIT(RG_F_PIX_UNTIL) | RG_BIT(RG_F_BOLETO_LINE) | RG_BIT(RG_F_BOLETO_UNTIL) | RG_BIT(RG_F_LINK) | RG_BIT(RG_F_FINE) |
              RG_BIT(RG_F_INTEREST);
}

static void pay(struct rg_arena *arena, struct rg_event *e, int64_t number)
{
    e->amount_cents = 15990;
    e->payment = rg_arena_printf(arena, "pay_%016lld", (long long)number);
    e->paid_at_ms = e->time_ms;
    e->method = RG_STR("pix");
    e->has |= RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_PAID_AT) | RG_BIT(RG_F_METHOD);
}

struct rg_event portfolio_event(struct portfolio *p, struct rg_arena *arena, int64_t debtor, int64_t k)
{
    static const enum rg_event_type life[PORTFOLIO_EVENTS_PER_INVOICE] = {
        RG_EV_INVOICE_ISSUED, RG_EV_BILL_DELIVERED, RG_EV_BILL_OPENED, RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_SETTLED};
    struct rg_event e = begin(p, arena, life[k % PORTFOLIO_EVENTS_PER_INVOICE], debtor);
    int64_t number = debtor * 1000 + k / PORTFOLIO_EVENTS_PER_INVOICE;
    e.invoice = rg_arena_printf(arena, "inv_%016lld", (long long)number);
    e.has |= RG_BIT(RG_F_INVOICE);
    switch (e.type) {
    case RG_EV_INVOICE_ISSUED: issue(p, arena, &e, number); break;
    case RG_EV_BILL_DELIVERED:
    case RG_EV_BILL_OPENED:
        e.channel = RG_STR("email");
        e.at_ms = e.time_ms;
        e.has |= RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_AT);
        break;
    default: pay(arena, &e, number); break;
    }
    return e;
}

void portfolio_route(struct portfolio *p, struct rg_arena *arena, int64_t debtor, const struct rg_event *event,
                     struct rg_route *ret_route, struct rg_origin *ret_origin)
{
    struct rg_reject reject;
    int partition = (int)(debtor % PORTFOLIO_UPSTREAM_PARTITIONS);
    *ret_origin = (struct rg_origin){.source = RG_STR(PORTFOLIO_SOURCE), .partition = partition, .offset = p->offsets[partition]++};
    int rc = rg_route(event, ret_origin, p->shards, p->now_ms, arena, ret_route, &reject);
    rg_assert(rc == 0);
}
