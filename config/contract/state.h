/* What of a shard's state in Redis others may read, and how it is spelled: senders read `act`, `pos` and `i:`, ingest reads and
 * writes `fresh`. The keys' names are in base/redis/keys.h. Pure. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"
#include "brazil/days/date.h"
#include "config/contract/event.h"
#include "config/contract/route.h"

/* Fields of regua:{p}:pos. */
#define RG_POS_LEDGER "l"     /* next ledger offset to apply */
#define RG_POS_LEDGER_CRC "c" /* CRC-32 of the value of the last ledger record applied, decimal */
#define RG_POS_PEOPLE "p"     /* next people offset to apply */
#define RG_POS_BATCH "b"      /* number of the last batch, timer-only ones included */
#define RG_POS_SEEN "s"       /* ms: upstream up to here is folded and what it released has been forwarded */
#define RG_POS_ASOF "a"       /* ms: all sources and home shards up to here are folded */
#define RG_POS_OUT "o"        /* next sequence of the outbox */
#define RG_POS_BEGUN "f"      /* the fold begun last: "<ledger>:<people>:<0|1>:<offset>:<times>" */
/* highest origin applied: "L:<source>:<incarnation>:<partition>" for the ledger, "P:…" for the people topic → "<offset>:<sub>" */

/* Fields of regua:{all}:fresh. Clocks are set back at times: an instant that lies ahead of now by more than two clocks differ was
 * taken before that, counts for nothing and is written anew. */
#define RG_FRESH_AHEAD_MS 5000
#define RG_FRESH_WANT "want"             /* ms: some shard needs upstream known through this instant */
#define RG_FRESH_SOURCE_PREFIX "s:"      /* s:<source>:<partition> → ms */
#define RG_FRESH_COUNT_PREFIX "n:"        /* n:<source> → number of its partitions: all of them must have been stamped */
#define RG_FRESH_SHARD_PREFIX "h:"       /* h:<shard> → ms */
#define RG_FRESH_LAST_PREFIX "c:"        /* c:<source>:<partition> → <incarnation>:<offset>:<CRC-32> of the last record read;
                                          * ingest's own: a topic made anew does not hold that record at that place */

/* Value of an action in regua:{p}:act: "q" queued, "w:<claim>:<claim offset>" in a sender's hands. Absent: never send. */
struct rg_act_value {
    bool claimed;
    struct rg_claim_id claim;
    int64_t claim_offset;
};
#define RG_ACT_VALUE_MAX 96
void rg_act_value_print(const struct rg_act_value *value, char ret_text[RG_ACT_VALUE_MAX]);
RG_MUST_USE int rg_act_value_parse(struct rg_str text, struct rg_act_value *ret_value, struct rg_error *err);

/* Value of regua:{p}:i:<namespace>:<invoice>: the charge as the sender prints it. JSON, "v":1 first. */
struct rg_charge {
    struct rg_str pix_code, boleto_line, boleto_barcode, boleto_url, link;
    rg_day pix_until, boleto_until; /* RG_DAY_NONE: not given */
    int64_t pix_cents, boleto_cents; /* 0: not given */
};
struct rg_str rg_charge_key(struct rg_arena *arena, struct rg_str ns, struct rg_str invoice); /* the part after i: */
void rg_charge_write(const struct rg_charge *charge, struct rg_buf *buf);
RG_MUST_USE int rg_charge_read(struct rg_str bytes, struct rg_arena *arena, struct rg_charge *ret_charge, struct rg_error *err);
