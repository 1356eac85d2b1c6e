/* The stage on which a sender plays: a debtor's shards with their owner, a clock turned by hand, texts, and the decisions that
 * come in. The owner folds the ledger as the engine does with claims and outcomes, and may be told to sleep. */
#pragma once

#include "producers/sender/sender.h"

#define STAGE_SHARDS 4
#define STAGE_ACTS_MAX 1024
#define STAGE_NOW INT64_C(1795867200000) /* 2026-11-28T09:00:00-03:00 */

#define STAGE_ACTIONS "regua.actions.email"
#define STAGE_LEDGER "regua.ledger"
#define STAGE_MESSAGES "regua.messages"
#define STAGE_SIGNALS "regua.signals"

struct stage_act {
    struct rg_action_id action;
    bool live;
    struct rg_act_value value;
};

/* Reads the ledger record of a shard at an offset; false when there is none yet. Slices live until the next call. */
typedef bool stage_ledger_fn(void *ctx, int shard, int64_t offset, struct rg_str *ret_kind, struct rg_str *ret_value);

struct stage {
    int64_t boot_ms, shared_ms, wall_ms; /* turned by hand */
    bool boot_runs;                      /* boot time is the machine's instead */
    struct rg_clock clock;
    struct stage_act acts[STAGE_ACTS_MAX];
    size_t act_count;
    int64_t next[STAGE_SHARDS]; /* the owner's position in the ledger */
    bool asleep;                /* the owner folds nothing */
    bool away;                  /* its state cannot be read */
    int looks;                  /* how often it was asked */
    int64_t asof_ms, want_ms;   /* upstream known through; somebody wants it through */
    int wants;                  /* how often it was asked for */
    bool stopped, lowered;      /* the mode, below every step there is */
    bool clocks_disagree;
    bool requeue_uncertain;     /* the step's policy is resend */
    int outcomes, claims;       /* folded */
    struct rg_outcome last;     /* the last outcome folded; slices in `arena` */
    struct rg_arena *arena;
    stage_ledger_fn *ledger;
    void *ledger_ctx;

    /* texts, recipient, creditor; absent: there is none */
    const char *txt, *html, *subject, *partial_name, *partial;
    struct rg_recipient recipient;
    int recipient_code; /* the lookup fails so */
    int recipient_asked;
    struct rg_creditor_info creditor;
    bool no_creditor;
};

void stage_init(struct stage *stage);
void stage_done(struct stage *stage);
struct rg_sender_world stage_world(struct stage *stage);
void stage_pass(struct stage *stage, int64_t ms); /* all clocks go on */

/* A reminder by e-mail for debtor `c_<n>`, one invoice `F<n>` of R$ 100,00. */
struct rg_decision stage_decision(struct stage *stage, int n);
struct rg_decision stage_signal(struct stage *stage, int n, enum rg_signal signal, int64_t sequence);
/* The engine has decided it: it is queued in its shard. Returns the entry. */
struct stage_act *stage_queue(struct stage *stage, const struct rg_decision *decision);
struct stage_act *stage_act_of(struct stage *stage, const struct rg_action_id *action);
void stage_void(struct stage *stage, const struct rg_action_id *action);
void stage_fold(struct stage *stage, int shard); /* as far as the ledger goes */
