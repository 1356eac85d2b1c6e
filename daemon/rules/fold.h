/* Folding: the only way from a ledger record to a new debtor record. Idempotent, deterministic, judged by the partition
 * alone: no clock, no rules, no other topic (the people topic changes only the words and the reachability).
 *
 * What the shard has to do afterwards follows from comparing `actions` before and after: an action that is gone leaves the
 * set of live actions, one whose `releases` grew gets another copy in its channel's topic. Pure. */
#pragma once

#include "daemon/rules/record.h"

/* One ledger or people record, decoded. Exactly one pointer is set. */
struct rg_fact_record {
    int64_t offset; /* in its partition */
    const struct rg_event *event; /* the ledger's or the people topic's half */
    bool personal;                /* `event` is the people topic's half */
    const struct rg_decision *decided;
    const struct rg_recalled *recalled;
    const struct rg_skipped *skipped;
    const struct rg_claim *claim;
    const struct rg_outcome *outcome;
};

enum rg_folded {
    RG_FOLD_NOTHING,  /* a repeat, or nothing that concerns this record */
    RG_FOLD_CHANGED,
    RG_FOLD_CONFLICT, /* refused: contradicts what is known; `ret_why` says it (dead letter) */
};
enum rg_folded rg_record_apply(struct rg_record *record, const struct rg_fact_record *fact, struct rg_error *ret_why);

/* Which parts of its invoice's charge an event sets when it is folded into that record next: whoever keeps the codes themselves, which
 * the record does not, writes those. */
struct rg_charge_parts {
    bool pix, boleto, link;
};
struct rg_charge_parts rg_event_charges(const struct rg_record *record, const struct rg_event *event);

/* Whether the facts have made a decision unwanted since it was made: paid, other amount, other cycle, voided, disputed,
 * promised, held, protected, consent gone. RG_GATE_NONE: still wanted. What is owed is always wanted. */
enum rg_gate rg_action_unwanted(const struct rg_record *record, const struct rg_decision *decision);

/* For whoever keeps records: what came last cannot be kept any more. The debtor is held from now on, and what is queued for him is
 * void, since what was not applied may have been the reason not to send it. What is owed to him stays. */
void rg_record_overflow(struct rg_record *record);
