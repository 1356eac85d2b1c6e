/* The witness: reads the ledger, the signals and the dead letters as anybody could, and believes nothing else. What the demo
 * prints is counted here. It also tells those who answer: a message went out, a signal was given. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "base/kafka/kafka.h"
#include "config/contract/words.h"
#include "tests/fakes/inbox/inbox.h"

#define DEMO_STEPS_MAX 64
#define DEMO_REASONS_MAX 16
#define DEMO_CHANNEL_KINDS 4

/* A message that a provider took, by the outcome in the ledger. Valid for the call. */
struct demo_message {
    const char *action;
    struct rg_str debtor, step, channel;
    const struct rg_str *invoices;
    size_t invoice_count;
    int64_t at_ms;
};

struct demo_witness_ops {
    void (*on_message)(void *ctx, const struct demo_message *message);
    void (*on_signal)(void *ctx, struct rg_str type, struct rg_str debtor, int64_t at_ms);
};

struct demo_witness_config {
    const struct rg_kafka_config *kafka;
    int shards;
    struct rg_inbox *inbox; /* signals are shown there */
    struct demo_witness_ops ops;
    void *ctx;
};

struct demo_step_row {
    struct rg_str step;
    int64_t sent[DEMO_CHANNEL_KINDS]; /* in the order of demo_channels */
    int64_t skipped[RG_GATE_COUNT];
};
struct demo_reason_row {
    struct rg_str reason;
    int64_t count;
};

struct demo_counts {
    struct demo_step_row steps[DEMO_STEPS_MAX];
    size_t step_count;
    int64_t messages;                      /* accepted by a provider: email, whatsapp, sms */
    int64_t accepted[DEMO_CHANNEL_KINDS];
    int64_t refused[DEMO_CHANNEL_KINDS];   /* verdict rejected */
    int64_t delivered, read, bounced;      /* receipts of accepted messages, by the furthest */
    int64_t retried, expired, uncertain, recalled;
    int64_t voided;                        /* decided, never claimed, void because the debtor paid or the like */
    int64_t shadow;                        /* decided in shadow mode */
    int64_t invoices, invoiced_cents;      /* issued */
    int64_t paid, paid_cents;              /* invoices wholly paid now, money received less what was taken back */
    int64_t paid_after_message;            /* … with a message of collection before it */
    int64_t invoices_voided, charged_back;
    int64_t suspended, restored;           /* signals */
    int64_t still_suspended, strays;       /* debtors; restores of what was not suspended */
    int64_t skipped[RG_GATE_COUNT], skips;
    struct demo_reason_row dead[DEMO_REASONS_MAX];
    size_t dead_count;
    int64_t dead_letters;
    int64_t checked, after_payment;        /* messages of collection against payments read before their claim */
};

struct demo_witness;
RG_MUST_USE int demo_witness_new(const struct demo_witness_config *config, struct demo_witness **ret_witness,
                                 struct rg_error *err);
void demo_witness_free(struct demo_witness **witness);
/* Reads to where the topics end now. */
RG_MUST_USE int demo_witness_read(struct demo_witness *witness, struct rg_error *err);
/* Takes what has come, without asking for ends. */
RG_MUST_USE int demo_witness_glance(struct demo_witness *witness, struct rg_error *err);
/* Cheap; what takes a walk over everything (paid, voided …) is brought up to date by demo_witness_sum. */
const struct demo_counts *demo_witness_counts(const struct demo_witness *witness);
const struct demo_counts *demo_witness_sum(struct demo_witness *witness);

/* Somebody to show; absent: nobody is like that. Blocked: owes, and his last step was kept in. Restored: was cut off and is back. */
struct rg_str demo_witness_blocked(const struct demo_witness *witness, enum rg_gate *ret_gate);
struct rg_str demo_witness_restored(const struct demo_witness *witness);
/* An invoice of the billing system whose payment would bring somebody's service back, and what is missing. */
struct rg_str demo_witness_to_pay(const struct demo_witness *witness, int64_t *ret_cents);
