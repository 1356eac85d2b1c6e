/* Deciding: what this debtor gets now, and when to look again. Pure: same rules, world and record, same bytes.
 *
 * Candidates are steps whose window is open; each runs through the gates in the order of their table (gates.c); what passes
 * is consolidated to one conversation and becomes decisions. What we owe the debtor (restore) comes first and waits for
 * nothing upstream. The record is changed only by adding the decisions and skips made here. */
#pragma once

#include "config/ladder/ladder.h"
#include "daemon/rules/record.h"

#define RG_NEVER INT64_MAX
/* However long ago a step was due, nothing is dunned by what was known of upstream longer ago than this. */
#define RG_ASOF_STALE_MS 60000

/* Whether what is known of upstream lets a look act that was due for `due_ms`. */
static inline bool rg_asof_allows(int64_t asof_ms, int64_t due_ms, int64_t now_ms)
{
    return due_ms <= asof_ms && asof_ms >= now_ms - RG_ASOF_STALE_MS;
}

/* What a decision needs to know beside the record. */
struct rg_world {
    int64_t now_ms;  /* shared clock */
    int64_t asof_ms; /* everything upstream had published by then is folded; −1: nothing known */
    int64_t due_ms;  /* the instant this look was due for: dunning needs due ≤ asof, else gate frontier */
    bool stopped;
    int64_t stopped_since_ms; /* when `stopped`; 0: always */
    struct rg_str live_max_step; /* from go-live: steps up to this one (file order) are live; absent: none is */
    int64_t live_spread_ms;
    int64_t live_since_ms;
    const int64_t *known_through_ms; /* per rules->sources; −1 unknown; NULL: all unknown */
    struct rg_str lagging;           /* what `asof` waits for, for explain: "billing/3"; may be absent */
    int shards;
    int64_t rests_on; /* next ledger offset of the shard */
    bool all_known; /* rule tests and simulations: payments known, frontier reached */
    bool all_live;  /* likewise: every step is live that no file keeps in shadow */
};

/* What was found about one step of one invoice. */
enum rg_view_kind {
    RG_VIEW_BLOCKED,   /* its window is open, `gate` stands in the way */
    RG_VIEW_WAITING,   /* its window opens at until_ms, or (RG_NEVER) when something happens: `gate` prerequisite or term */
    RG_VIEW_UNDER_WAY, /* queued or in a sender's hands */
    RG_VIEW_DONE,      /* `done` says how it ended */
    RG_VIEW_CLOSED,    /* its window closed; `gate` says what blocked it last */
    RG_VIEW_DECIDED,   /* decided by this look (or would be, when explaining) */
};
/* What one gate said of an open step. */
struct rg_gate_view {
    enum rg_gate gate;
    bool blocks;
    int64_t until_ms;
    struct rg_str why;
};
struct rg_step_view {
    enum rg_view_kind kind;
    const struct rg_invoice *invoice;
    const struct rg_ladder *ladder; /* NULL with gate no_ladder */
    const struct rg_step *step;     /* NULL for a finding about the whole invoice, and for what is owed */
    struct rg_str name;             /* of the step or of what is owed; absent for a finding about the whole invoice */
    int repetition;
    enum rg_gate gate;
    const struct rg_gate_view *gates; /* every gate that blocks, and those that pass with a value worth reading; when explaining */
    size_t gate_count;
    int64_t opens_ms, closes_ms;
    int64_t until_ms;       /* next instant at which the answer may change; RG_NEVER: only by an event */
    const struct rg_done *done;
    struct rg_str why; /* values, for a person: `159.20 >= 20.00`, "opens Tue 2026-11-24 08:00" */
};

/* What is owed, went unconfirmed and has run out of its time. */
struct rg_overdue {
    const struct rg_invoice *invoice; /* the first of those it is owed for */
    struct rg_str name;
    int64_t since_ms, limit_ms;
    int64_t told_ms; /* the last instant at which there is to be an alarm: at the limit, and every day after it */
};

struct rg_decided {
    struct rg_decision **decisions; /* already in record->actions (live) or noted as shadow */
    size_t decision_count, decision_cap;
    struct rg_recalled *recalls; /* queued actions to call back through the ledger */
    size_t recall_count, recall_cap;
    struct rg_skipped skipped; /* windows that closed since the last look, invoices caught up with; nothing where both are none */
    size_t skip_cap, caught_up_cap;
    bool noted;                /* the record has changed otherwise: it has to be stored */
    bool lagging;              /* a step is open, and not all that upstream had published by `due_ms` is known: he stays due */
    struct rg_overdue *overdue;
    size_t overdue_count, overdue_cap;
    struct rg_step_view *views; /* filled only when `explain` was asked for */
    size_t view_count, view_cap;
    /* When to look again; both RG_NEVER: only when something is folded. */
    int64_t next_ms;   /* once upstream is known through it */
    int64_t prompt_ms; /* whatever is known of upstream: something is owed to him then */
};

/* Whichever comes first. */
static inline int64_t rg_decided_next_ms(const struct rg_decided *decided)
{
    return decided->prompt_ms < decided->next_ms ? decided->prompt_ms : decided->next_ms;
}

/* Whether an action may leave by what files and go-live say now: not any more where the mode was lowered below its step, or its
 * step is in no ladder. What is owed is sent in any mode. */
bool rg_decision_live(const struct rg_rules *rules, const struct rg_decision *decision, struct rg_str live_max_step);

/* Whether he is owed something that is not on its way yet: what a look would decide at once, whatever is known of upstream. */
bool rg_owes(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record);

/* Results lie in record->arena. `explain`: decide nothing, list a finding for every step of every open invoice. */
void rg_decide(const struct rg_rules *rules, const struct rg_world *world, struct rg_record *record, bool explain, struct rg_decided *ret);
