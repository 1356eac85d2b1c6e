/* Where a record goes and what it is called: shards, references, origins, identities. Pure, and final: a change here is
 * a migration in every installation. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"
#include "config/contract/words.h"

#define RG_SHARDS_MAX 512

/* shard = Kafka's murmur2 of the key's UTF-8 bytes, sign bit cleared, modulo the number of shards; in every topic of ours
 * partition = shard. The key is the debtor id as given, or a reference's text. */
int rg_shard_of(struct rg_str key, int shards);

/* A reference is a name by which a debtor can be found: `<kind>:<namespace>:<id>`. */
enum rg_ref_kind { RG_REF_INVOICE, RG_REF_AGREEMENT, RG_REF_OFFER, RG_REF_TASK, RG_REF_PROVIDER, RG_REF_COUNT };
struct rg_str rg_ref(struct rg_arena *arena, enum rg_ref_kind kind, struct rg_str ns, struct rg_str id);

/* Origin of a fact: the place it was first read at. Text form `<source>:<incarnation>:<partition>:<offset>:<sub>`. A fact
 * forwarded by a home shard has the source RG_ORIGIN_LEDGER, the home shard as partition, the offset of the ledger record
 * that released it, and its index among those. Origins of one (source, incarnation, partition) only grow. */
#define RG_ORIGIN_LEDGER "ledger"
#define RG_ORIGIN_TEXT_MAX 160
#define RG_ORIGIN_SOURCE_MAX 96 /* bytes of a source's name */
struct rg_origin {
    struct rg_str source; /* absent: the record has no origin (it is ours and folds by an id) */
    int32_t incarnation, partition;
    int64_t offset;
    int32_t sub;
};
void rg_origin_print(const struct rg_origin *origin, char ret_text[RG_ORIGIN_TEXT_MAX]);
/* The slices of *ret_origin point into `text`. */
RG_MUST_USE int rg_origin_parse(struct rg_str text, struct rg_origin *ret_origin, struct rg_error *err);

/* Fixed subs: one upstream event makes at most these records, in this order. DETAILS and PEOPLE_DETAILS are the two halves of
 * an invoice's debtor_details; PEOPLE is the personal half of the event itself. */
enum rg_sub {
    RG_SUB_FACTS = 0, RG_SUB_LOCATED = 1, RG_SUB_DETAILS = 2, RG_SUB_PEOPLE = 3, RG_SUB_PEOPLE_DETAILS = 4, RG_SUB_COUNT
};

/* Action ids: shard (4 hex digits) + 128 bits of SHA-256. Claim ids: 128 random bits. Text is lower-case hex. */
#define RG_ACTION_BYTES 18
#define RG_ACTION_TEXT 36
#define RG_CLAIM_BYTES 16
#define RG_CLAIM_TEXT 32

struct rg_action_id {
    uint8_t b[RG_ACTION_BYTES];
};
struct rg_claim_id {
    uint8_t b[RG_CLAIM_BYTES];
};
bool rg_action_id_eq(const struct rg_action_id *a, const struct rg_action_id *b);
bool rg_claim_id_eq(const struct rg_claim_id *a, const struct rg_claim_id *b);
bool rg_claim_id_is_zero(const struct rg_claim_id *id); /* zero: no claim */
bool rg_action_id_parse(struct rg_str text, struct rg_action_id *ret_id);
bool rg_claim_id_parse(struct rg_str text, struct rg_claim_id *ret_id);
void rg_action_id_print(const struct rg_action_id *id, char ret_text[RG_ACTION_TEXT + 1]);
void rg_claim_id_print(const struct rg_claim_id *id, char ret_text[RG_CLAIM_TEXT + 1]);
int rg_action_id_shard(const struct rg_action_id *id);

/* Header names of our records. */
#define RG_HEADER_KIND "regua_kind"
#define RG_HEADER_ORIGIN "regua_origin"
#define RG_HEADER_FIRST "regua_first" /* first origin of a forwarded fact */
