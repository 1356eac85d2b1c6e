/* What stands in the ledger beside upstream's facts: our decisions, the senders' claims and outcomes, what was called back,
 * and where references are located. One struct and one codec each; values are compact JSON whose first member is "v":1.
 *
 * The action that travels to a sender is the decision itself: same struct, same codec. Pure. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"
#include "config/contract/route.h"
#include "brazil/days/date.h"
#include "config/contract/words.h"

#define RG_LEDGER_VERSION 1
#define RG_DECISION_INVOICES_MAX 64
#define RG_DECISION_COVERS_MAX 64
#define RG_OUTCOME_DETAIL_MAX 200
#define RG_LEDGER_BYTES_MAX ((size_t)256 * 1024) /* of one canonical record */

/* Kinds of records, in the header regua_kind. */
enum rg_kind {
    RG_REC_UNKNOWN,
    RG_REC_EVENT,     /* a fact from upstream, straight from ingest */
    RG_REC_FORWARDED, /* the same, released by a home shard */
    RG_REC_LOCATED,   /* reference → debtor, to the reference's home shard */
    RG_REC_DECIDED, RG_REC_RECALLED, RG_REC_SKIPPED, RG_REC_CLAIM, RG_REC_OUTCOME, RG_REC_SEAL,
    RG_REC_UPDATE, /* people topic: one update */
    RG_REC_MERGED, /* people topic: all that is known */
    RG_REC_COUNT
};
const char *rg_kind_name(enum rg_kind kind);
enum rg_kind rg_kind_of(struct rg_str name); /* RG_REC_UNKNOWN when it is none */

/* An invoice as an action saw it. */
struct rg_decision_invoice {
    struct rg_str ns, invoice;
    int cycle;
    int64_t balance_cents; /* principal still owed when decided; another balance makes the action unwanted */
    int64_t offset;        /* ledger offset of the last fact about this invoice: what the decision rests on */
    bool listed;           /* named in the message for a step covered by it; the decision's own step is not this invoice's */
};

/* Another step that this action speaks for. */
struct rg_decision_cover {
    int invoice; /* index into `invoices` */
    struct rg_str step;
    int repetition;
};

enum rg_act_kind { RG_ACT_MESSAGE, RG_ACT_SIGNAL, RG_ACT_TASK, RG_ACT_KIND_COUNT };
const char *rg_act_kind_name(enum rg_act_kind kind);

struct rg_decision {
    struct rg_action_id action;
    struct rg_str debtor;
    struct rg_str ladder, step;
    int repetition; /* 1 … */
    struct rg_str channel;
    int attempt; /* counts every decision of this step identity, however the last one ended */
    enum rg_act_kind kind;
    enum rg_tone tone;
    enum rg_mode mode;
    enum rg_uncertain uncertain;
    enum rg_evidence evidence; /* what the step demands; NONE when it demands nothing */
    bool owed;                 /* something we owe the debtor: no fact makes it unwanted, it is sent until it is certain */
    struct rg_str text;        /* template name of a message, kind of a task */
    enum rg_signal signal;
    struct rg_str creditor, service;
    struct rg_decision_invoice *invoices;
    size_t invoice_count;
    struct rg_decision_cover *covers;
    size_t cover_count;
    /* total = amount (the principal still owed) + fine + interest − discount */
    int64_t amount_cents, fine_cents, interest_cents, discount_cents, total_cents;
    rg_day amounts_on;  /* the day these are valid for */
    rg_day deadline_on; /* last day of the term a notice grants, for the text; RG_DAY_NONE */
    int64_t until_ms;   /* not after this instant (shared clock); 0: no limit */
    int64_t sequence;   /* signals: per debtor, growing; 0 for messages */
    int64_t at_ms, asof_ms; /* decided at; what upstream had published by then was read */
    int64_t rests_on;       /* next ledger offset of the shard when it was decided */
    int64_t previous;       /* ledger offset of the debtor's previous decision; −1 none */
    struct rg_str rules;    /* version hash of the rules */
};

/* Identity: the action id over (debtor, sorted invoices with namespace, cycle and whether one is only listed, step, repetition,
 * channel, attempt, amount_cents), and the message id: the same without attempt and amount, so that a resend carries the same
 * Message-ID and Idempotency-Key. Sorts decision->invoices first, and lets the covers follow. Fields are
 * length-prefixed; identity.c says how. */
void rg_decision_identify(struct rg_decision *decision, int shards);
void rg_decision_message_id(const struct rg_decision *decision, char ret_hex[33]);

/* The queue an action waits in, by the last part of its topic's name: its channel's; but signals that are owed have one of their
 * own, for what presses may wait there for upstream, and what is owed waits for nothing. */
#define RG_QUEUE_SIGNALS "signals"
#define RG_QUEUE_OWED "owed"
struct rg_str rg_decision_queue(const struct rg_decision *decision);

void rg_decision_write(const struct rg_decision *decision, struct rg_buf *buf);
RG_MUST_USE int rg_decision_read(struct rg_str bytes, struct rg_arena *arena, struct rg_decision *ret, struct rg_error *err);

/* A queued action called back by its owner for a reason outside the ledger. */
struct rg_recalled {
    struct rg_action_id action;
    struct rg_str debtor;
    enum rg_gate gate;
    int64_t at_ms;
};
void rg_recalled_write(const struct rg_recalled *recalled, struct rg_buf *buf);
RG_MUST_USE int rg_recalled_read(struct rg_str bytes, struct rg_arena *arena, struct rg_recalled *ret, struct rg_error *err);

/* Steps whose window closed without anything having gone out, each with the gate that blocked it last: why nothing was sent
 * stands in the ledger as what was sent does. `through_ms`: windows that closed up to here are accounted for. */
#define RG_SKIPS_MAX 256
#define RG_CAUGHT_UP_MAX 300
struct rg_skip {
    struct rg_str ns, invoice, step;
    int cycle, repetition;
    enum rg_gate gate;
};
/* An invoice that steps were due for before anything could be done about it: looked at for the first time at `at_ms`. */
struct rg_caught_up {
    struct rg_str ns, invoice;
};
struct rg_skipped {
    struct rg_str debtor;
    struct rg_skip *skips;
    size_t skip_count;
    struct rg_caught_up *caught_up;
    size_t caught_up_count;
    int64_t through_ms, at_ms;
};
void rg_skipped_write(const struct rg_skipped *skipped, struct rg_buf *buf);
RG_MUST_USE int rg_skipped_read(struct rg_str bytes, struct rg_arena *arena, struct rg_skipped *ret, struct rg_error *err);

/* A sender's claim to deliver, in the ledger just before the irreversible byte. Valid for a duration from `at_ms`. */
struct rg_claim {
    struct rg_claim_id claim;
    struct rg_action_id action;
    struct rg_str debtor;
    int64_t valid_ms;
    struct rg_str message_key;  /* key of the rendered bytes in regua.messages; absent for signals */
    struct rg_str message_hash; /* SHA-256 of those bytes, hex */
    int64_t at_ms;              /* shared clock */
};
void rg_claim_write(const struct rg_claim *claim, struct rg_buf *buf);
RG_MUST_USE int rg_claim_read(struct rg_str bytes, struct rg_arena *arena, struct rg_claim *ret, struct rg_error *err);

/* The end of one attempt. It names the step identity too, so that a delivery counts even where its decision is not known. */
struct rg_outcome {
    struct rg_action_id action;
    struct rg_claim_id claim; /* zero: no claim was made (expired or refused before it) */
    int64_t claim_offset;     /* −1 without claim */
    struct rg_str debtor, step, channel;
    int repetition, attempt;
    struct rg_decision_invoice *invoices; /* ns, invoice, cycle only */
    size_t invoice_count;
    enum rg_verdict verdict;
    enum rg_evidence evidence;
    struct rg_str provider_id;
    struct rg_str detail; /* ≤ RG_OUTCOME_DETAIL_MAX bytes, no personal data */
    enum rg_gate gate;    /* why a sender refused: missing_data, unreachable …; NONE otherwise */
    int64_t retry_after_ms;
    int64_t at_ms;
};
void rg_outcome_write(const struct rg_outcome *outcome, struct rg_buf *buf);
RG_MUST_USE int rg_outcome_read(struct rg_str bytes, struct rg_arena *arena, struct rg_outcome *ret, struct rg_error *err);

struct rg_located {
    struct rg_str ref;    /* `invoice:asaas:pay_1` */
    struct rg_str debtor;
};
void rg_located_write(const struct rg_located *located, struct rg_buf *buf);
RG_MUST_USE int rg_located_read(struct rg_str bytes, struct rg_arena *arena, struct rg_located *ret, struct rg_error *err);
