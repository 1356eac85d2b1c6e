/* Shared by deciding and folding, private to this room: how a decision is written into a record. */
#pragma once

#include "daemon/rules/fold.h"

/* Finds or adds. */
struct rg_done *rg_invoice_touch_done(struct rg_record *record, struct rg_invoice *invoice, struct rg_str step, int repetition, int cycle);

/* Notes the decision with every invoice and covered step, and puts a live one among the actions under way. The decision must
 * lie in the record's arena. Returns the action, or NULL for a shadow decision. */
struct rg_action *rg_record_note_decision(struct rg_record *record, const struct rg_decision *decision);

/* Steps are dated in whole seconds, never earlier than it was. */
static inline int64_t rg_second_up(int64_t ms)
{
    return ms % 1000 > 0 && ms < INT64_MAX - 1000 ? ms - ms % 1000 + 1000 : ms - ms % 1000;
}

/* That channel will not do for this step in this cycle any more. */
void rg_done_refuse(struct rg_record *record, struct rg_done *done, struct rg_str channel);

/* What became of an attempt that is over, by the sender's word and the provider's: what arrived is out, however its end was told;
 * what came back is refused. */
void rg_done_settle(struct rg_done *done, int64_t offset);

/* Removes an action that is under way; its entries get `state` and `gate`, their time stays that of the decision. */
void rg_record_end_action(struct rg_record *record, const struct rg_action_id *id, enum rg_done_state state, enum rg_gate gate);
/* Voids every queued action that the facts have made unwanted. */
void rg_record_void_unwanted(struct rg_record *record);

/* Free text beside a fact: the last one about each thing is kept. */
void rg_record_note(struct rg_record *record, struct rg_str about, struct rg_str text, int64_t time_ms);

/* The halves of rg_record_apply. */
enum rg_folded rg_fold_own(struct rg_record *record, const struct rg_fact_record *fact);
enum rg_folded rg_fold_event(struct rg_record *record, const struct rg_event *event, int64_t offset, struct rg_error *ret_why);
enum rg_folded rg_fold_person(struct rg_record *record, const struct rg_event *event);

/* fold.c */
uint32_t rg_event_identity(const struct rg_event *event); /* a hash of source and id */

/* fold_money.c */
void rg_fold_payment(struct rg_record *record, struct rg_invoice *invoice, const struct rg_event *event);
void rg_fold_credit(struct rg_record *record, const struct rg_event *event, struct rg_invoice *invoice); /* NULL: the debtor's */
void rg_earliest(int64_t *first_ms, int64_t ms); /* 0: none yet */

/* room.c. Invoices may move or go with the first four: look them up again. */
bool rg_record_room_for_issued(struct rg_record *record); /* false: there is none to be had */
void rg_record_room_for_shell(struct rg_record *record);
void rg_record_bound(struct rg_record *record);           /* after each fold: lets closed invoices go, or marks it overflowing */
bool rg_record_forget_steps(struct rg_record *record, int64_t now_ms); /* by the date of one of our own records; true: it did */
size_t rg_record_weight(const struct rg_record *record);  /* about as many bytes as its part of the ledger takes when stored */
void rg_past_mark(struct rg_past *past, rg_day on, enum rg_past_kind kind);
rg_day rg_past_newest_late(const struct rg_past *past);   /* RG_DAY_NONE: none is remembered */
