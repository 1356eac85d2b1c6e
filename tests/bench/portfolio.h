/* The debtors of the benchmarks and what happens to them: as regular as an installation's average, so that figures of two runs
 * can be compared. Every debtor has a name of 22 characters, one e-mail address and one phone; each of his invoices, with PIX
 * code and boleto, is issued, delivered, opened, paid and settled. Nothing falls due while a benchmark runs, unless it wants that:
 * due days lie `due_in_days` ahead. */
#pragma once

#include "consumers/ingest/route.h"

#define PORTFOLIO_NS "asaas"
#define PORTFOLIO_SOURCE "billing"
#define PORTFOLIO_UPSTREAM_PARTITIONS 12 /* of the source's topic */
#define PORTFOLIO_EVENTS_PER_INVOICE 5

struct portfolio {
    int shards;
    int64_t now_ms; /* the day it begins */
    int due_in_days;
    int64_t offsets[PORTFOLIO_UPSTREAM_PARTITIONS]; /* next of each */
    int64_t serial;                                 /* events so far */
};

struct rg_str portfolio_debtor(struct rg_arena *arena, int64_t debtor);

/* His name, document and addresses, as one debtor.updated. */
struct rg_event portfolio_person(struct portfolio *p, struct rg_arena *arena, int64_t debtor);
/* Event `k` of his life, from 0. */
struct rg_event portfolio_event(struct portfolio *p, struct rg_arena *arena, int64_t debtor, int64_t k);

/* What ingest would make of it, with the origin it would have been read at; the origin's sub is each record's own. */
void portfolio_route(struct portfolio *p, struct rg_arena *arena, int64_t debtor, const struct rg_event *event,
                     struct rg_route *ret_route, struct rg_origin *ret_origin);
