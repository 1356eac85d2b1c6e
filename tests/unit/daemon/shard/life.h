/* One debtor on the bench, with one invoice: what may happen to him, in a few words each. */
#pragma once

#include "tests/unit/daemon/shard/bench.h"

#define D1 "D1"
#define F1 "F1"

static inline int life_begin(void **state)
{
    *state = bench_new(rg_shard_of(RG_STR(D1), SHARDS));
    return 0;
}

static inline int life_end(void **state)
{
    bench_free(*state);
    return 0;
}

#define LIFE_TEST(fn) cmocka_unit_test_setup_teardown(fn, life_begin, life_end)

static inline void put_debt(struct bench *b)
{
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
}

static inline void pay(struct bench *b)
{
    struct rg_event payment = payment_of(b, D1, F1, "P1", 15900);
    (void)put(b, &payment);
}

/* The last decision of a step. */
static inline struct rg_decision decision_of(struct bench *b, const char *step)
{
    struct rg_kafka_event event;
    struct rg_decision decision;
    for (int64_t i = rg_fake_stream_end(b->stream, LEDGER, b->p); i > 0; i--)
        if (rg_str_is(kind_at(b, LEDGER, b->p, i - 1, &event), "decided") &&
            rg_decision_read(event.value, b->arena, &decision, NULL) == 0 && rg_str_is(decision.step, step))
            return decision;
    fail_msg("%s was not decided", step);
    return (struct rg_decision){0};
}

/* The notice delivered, its term over, the service cut: everything up to the claim of the suspend. */
static inline struct rg_decision suspend(struct bench *b)
{
    put_debt(b);
    bench_settle(b);
    bench_to(b, "2026-11-18 23:00");
    struct rg_decision notice = decision_of(b, "aviso_suspensao");
    int64_t claimed = put_claim(b, &notice, 1);
    (void)put_outcome(b, &notice, 1, claimed, RG_VERDICT_ACCEPTED);
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&notice.action, action);
    struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "receipt", D1);
    receipt.action = rg_str(action);
    receipt.status = RG_FACT_DELIVERED;
    receipt.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    (void)put(b, &receipt);
    bench_to(b, "2026-12-07 12:00");
    struct rg_decision cut = decision_of(b, "suspensao");
    (void)put_claim(b, &cut, 2);
    bench_settle(b);
    return cut;
}

static inline int attempts_of(struct bench *b, const char *step)
{
    const struct rg_record *record = record_of(b, D1);
    for (size_t i = 0; i < record->invoices[0].done_count; i++)
        if (rg_str_is(record->invoices[0].done[i].step, step))
            return record->invoices[0].done[i].attempt;
    return 0;
}

/* Nothing more is heard of upstream from here on. */
static inline void pass(struct bench *b, int64_t ms)
{
    b->world.now_ms += ms;
    bench_settle(b);
}

static inline void end(struct bench *b, const char *step, uint8_t n, enum rg_verdict verdict)
{
    struct rg_decision decision = decision_of(b, step);
    int64_t claimed = put_claim(b, &decision, n);
    (void)put_outcome(b, &decision, n, claimed, verdict);
    bench_settle(b);
}
