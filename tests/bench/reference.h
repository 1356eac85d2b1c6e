/* The reference debtor: a name of 22 characters, one e-mail address, one phone, one open invoice with PIX code and boleto, and a
 * ladder of twelve steps with twenty conditions. What he is measured by is decided and folded by the engine itself, one day after
 * the other, as if every message were accepted at once. */
#pragma once

#include "daemon/rules/decide.h"
#include "daemon/rules/fold.h"

#define REFERENCE_STEPS 12
#define REFERENCE_CONDITIONS 20
#define REFERENCE_SHARDS 64
#define REFERENCE_ISSUED_MS INT64_C(1772463600000) /* 2026-03-02 12:00 in Brasília: Easter lies in the ladder's days */

struct reference {
    struct rg_arena *arena; /* of the record */
    struct rg_rules *rules;
    struct rg_record *record;
    rg_day due_on;
    int64_t now_ms;   /* of the last look */
    int64_t offset;   /* next in his shard's ledger */
    int messages;     /* gone out */
    int64_t known_through_ms[RG_SOURCES_MAX];
};

/* `all_open`: every window stays open for months, as it would look after a long silence. */
void reference_init(struct reference *reference, bool all_open);
void reference_done(struct reference *reference);

/* Noon of the day so many days from the due day, with everything upstream known. */
struct rg_world reference_world(struct reference *reference, int days_from_due);
/* From where he stands through that day at noon; decisions are taken, claimed and accepted on their day. */
void reference_live(struct reference *reference, int until_days_from_due);
/* … or until so many messages have gone out. */
void reference_live_until(struct reference *reference, int messages);
