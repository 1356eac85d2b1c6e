/* Private to this room: what the files share that fold one batch of records. */
#pragma once

#include "config/contract/event.h"
#include "daemon/shard/batch.h"

/* One decoded record of the batch. */
struct rg_item {
    const struct rg_fetched *intake;
    struct rg_fact_record fact;
    union { /* by its kind */
        struct rg_event event;
        struct rg_decision decision;
        struct rg_recalled recalled;
        struct rg_skipped skipped;
        struct rg_claim claim;
        struct rg_outcome outcome;
        struct rg_located located;
    };
    struct rg_str debtor;    /* whose record it changes; absent: a reference has to be looked up */
    struct rg_str reference; /* key of that reference */
    size_t found, charge;    /* where the reference, and the charge it may bring, stand in this batch's lists */
    bool skip;
    bool stranger; /* its debtor, or that reference, lives in another shard */
};

/* A reference in this batch. */
struct rg_found {
    struct rg_str key;
    size_t value; /* of batch->values */
    struct rg_reference reference;
    bool changed;
};

/* Charges of invoices in this batch. */
struct rg_charges {
    struct rg_charge_of {
        struct rg_str key;
        size_t value; /* of batch->values */
        struct rg_charge charge;
        const struct rg_item *from;     /* that changed it last; NULL: none did */
        const struct rg_record *record; /* of its debtor */
    } *items;
    size_t count, cap;
};

struct rg_folding {
    struct rg_batch *batch;
    struct rg_item *items;
    size_t count;
    struct rg_found *found;
    size_t found_count, found_cap;
    struct rg_charges charges;
    int32_t *found_at, *charge_at; /* places */
};

struct rg_str rg_fetched_first(const struct rg_fetched *intake); /* fold_batch.c: the origin it came into the ledger with */

/* fold_batch.c: where each key stands in a list whose elements begin with it, by the key's hash: its index + 1 */
int32_t *rg_folding_place(struct rg_batch *batch, int32_t **places, const void *list, size_t each_bytes, struct rg_str key);

/* references.c */
int rg_folding_home(const struct rg_folding *f, const struct rg_item *item); /* the shard it belongs to */
size_t rg_folding_want_reference(struct rg_folding *f, struct rg_str key);   /* before the load; its index in f->found */
RG_MUST_USE bool rg_folding_read_references(struct rg_folding *f, struct rg_error *err);
void rg_folding_located(struct rg_folding *f, const struct rg_item *item);
void rg_folding_nameless(struct rg_folding *f, const struct rg_item *item);
void rg_folding_stranger(struct rg_folding *f, const struct rg_item *item);
void rg_folding_learn_action(struct rg_folding *f, const struct rg_decision *decision);
void rg_folding_put_references(struct rg_folding *f);

/* charges.c */
enum rg_standing { RG_STANDING_UNKNOWN, RG_STANDING_OPEN, RG_STANDING_CLOSED }; /* of the invoice that an event is about */
bool rg_item_has_charge(const struct rg_item *item);
size_t rg_folding_want_charge(struct rg_folding *f, const struct rg_event *event); /* before the load; its index in f->charges */
RG_MUST_USE bool rg_folding_read_charges(struct rg_folding *f, struct rg_error *err);
enum rg_standing rg_folding_standing(const struct rg_folding *f, const struct rg_record *record, const struct rg_item *item);
void rg_folding_charge(struct rg_folding *f, const struct rg_item *item, const struct rg_record *record,
                       struct rg_charge_parts parts);
void rg_folding_keep_charge(struct rg_folding *f, const struct rg_item *item, enum rg_standing before, enum rg_standing now);
void rg_folding_put_charges(struct rg_folding *f);
