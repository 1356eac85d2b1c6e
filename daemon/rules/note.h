/* Shared by deciding and folding, private to this room: how a decision is written into a record. */
#pragma once

#include "daemon/rules/fold.h"

/* Finds or adds. A new invoice is empty but for its ids; NULL when the record is full (it is marked overflowing then). */
struct rg_invoice *rg_record_touch(struct rg_record *record, struct rg_str ns, struct rg_str id);
struct rg_done *rg_invoice_touch_done(struct rg_record *record, struct rg_invoice *invoice, struct rg_str step, int repetition, int cycle);

/* Notes the decision with every invoice and covered step, and puts a live one among the actions under way. The decision must
 * lie in the record's arena. Returns the action, or NULL for a shadow decision. */
struct rg_action *rg_record_note_decision(struct rg_record *record, const struct rg_decision *decision);

/* That channel will not do for this step in this cycle any more. */
void rg_done_refuse(struct rg_record *record, struct rg_done *done, struct rg_str channel);

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
