/* Private to this room: one batch of a shard, from fetched records to one transaction. */
#pragma once

#include "daemon/rules/fold.h"
#include "daemon/shard/parking.h"
#include "daemon/shard/shard.h"

#define BATCH_ARENA_BYTES ((size_t)512 * 1024 * 1024)

/* A fetched record, owned. */
struct rg_fetched {
    bool people;
    int64_t offset;
    enum rg_kind kind;
    char *bytes; /* key, value, origin, first behind one another */
    size_t size; /* of them and of this */
    struct rg_str key, value, origin, first;
    bool tombstone;
};
void rg_fetched_init(struct rg_fetched *intake, const struct rg_kafka_event *message, bool people);
void rg_fetched_done(struct rg_fetched *intake);

/* What an action looked like before the batch. */
struct rg_action_before {
    struct rg_action_id id;
    enum rg_action_state state;
    struct rg_claim_id claim;
    int releases;
    bool copied; /* still there after the batch */
};

/* A debtor in this batch. */
struct rg_touched {
    struct rg_str debtor;
    size_t value; /* of batch->values: his record as stored */
    struct rg_record *record;
    struct rg_str stored; /* its bytes as loaded; absent: new */
    struct rg_action_before *before;
    size_t before_count;
    bool changed, was_overflowing;
    int64_t due_ms;              /* timer this look was due for */
    bool prompted;               /* his prompt timer is over */
    int64_t prompt_ms;           /* … which stood at this instant */
    struct rg_str *updates;      /* keys of people updates folded, to be removed */
    size_t update_count, update_cap;
};

struct rg_batch {
    struct rg_shard *shard;
    const struct rg_shard_world *world;
    struct rg_arena *arena;
    struct rg_touched *touched;
    size_t touched_count, touched_cap;
    int32_t *slots; /* hash of debtors → index + 1 */
    size_t slot_count;
    struct rg_store_key *keys; /* what has to be read, all in one question */
    size_t key_count, key_cap;
    struct rg_str *values; /* once loaded: in the order of the keys; absent where nothing is stored */
    struct rg_store_put *puts;
    size_t put_count, put_cap;
    struct rg_store_act *acts;
    size_t act_count, act_cap;
    struct rg_out_entry *outs;
    size_t out_count, out_cap;
    int64_t *removes;
    size_t remove_count, remove_cap;
    struct rg_pos pos; /* the shard's as it will be */
    int64_t live_change; /* of the number of actions under way */
    int64_t known_through_ms[RG_SOURCES_MAX]; /* payments of each source, as far as this shard has folded */
};

/* batch.c */
void rg_batch_begin(struct rg_batch *batch, struct rg_shard *shard, const struct rg_shard_world *world);
struct rg_touched *rg_batch_find(struct rg_batch *batch, struct rg_str debtor);  /* NULL: not in this batch */
struct rg_touched *rg_batch_add(struct rg_batch *batch, struct rg_str debtor);
size_t rg_batch_want(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id); /* its index in batch->values */
/* Loads what is wanted, and the records of all debtors added. Once in a batch. */
enum rg_commit rg_batch_load(struct rg_batch *batch, struct rg_error *err);
void rg_batch_put(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id, struct rg_str value, int64_t ttl_ms);
void rg_batch_keep(struct rg_batch *batch, enum rg_store_kind kind, struct rg_str id, int64_t ttl_ms); /* a value that is there */
void rg_batch_out(struct rg_batch *batch, const struct rg_out *out);
/* Receipts name the action only: where one may come, the shard remembers whose it is. */
void rg_batch_remember_action(struct rg_batch *batch, const struct rg_decision *decision);
void rg_batch_dead_letter(struct rg_batch *batch, const struct rg_fetched *intake, const char *reason, const char *detail);
void rg_batch_passed(struct rg_batch *batch, const struct rg_fetched *intake); /* the position is behind it */
/* Decides for every touched debtor (unless replaying), collects what changed, commits, and hands the outbox to the relay. */
enum rg_commit rg_batch_end(struct rg_batch *batch, struct rg_error *err);

/* under_way.c: ends actions that nobody else would end, if `act`; says when to look at them again, or RG_STORE_NEVER. */
#define RG_CLAIM_SILENT_MS (5 * RG_MS_PER_MINUTE)
#define RG_OWED_AGAIN_MS (15 * RG_MS_PER_MINUTE)
int64_t rg_batch_under_way(struct rg_batch *batch, struct rg_touched *touched, bool act);

/* poison.c: before each fold; says how many records it may take, or that the one record is to be set aside instead */
enum rg_commit rg_shard_begin_fold(struct rg_shard *shard, size_t *ret_count, bool *ret_aside, struct rg_error *err);
enum rg_commit rg_shard_set_aside(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_error *err);
void rg_shard_consume(struct rg_shard *shard, size_t count); /* the first of the inbox are done with */

/* fold_batch.c, timers.c: a batch of records; a page of timers */
enum rg_commit rg_shard_fold_batch(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_error *err);
enum rg_commit rg_shard_timer_page(struct rg_shard *shard, const struct rg_shard_world *world, bool *ret_more,
                                   struct rg_error *err);

struct rg_shard {
    struct rg_shard_config config;
    enum rg_shard_state state;
    char trouble[256];
    struct rg_store *store;
    struct rg_relay *relay;
    struct rg_arena *memory; /* position and origins; emptied at each open */
    struct rg_arena *batch_arena;
    struct rg_buf scratch; /* a record on its way to be stored */
    struct rg_pos pos;
    struct rg_fetched *inbox;
    size_t inbox_first, inbox_count, inbox_cap, inbox_bytes;
    size_t batch_max;             /* records of a batch, debtors of a page: halved when Redis does not take as much at once */
    struct rg_begun begun;        /* the fold noted last, by whoever */
    struct rg_begun noted;        /* … and by ourselves, whether or not the note stands */
    bool after_death;             /* the note is of the place we stand at, and not ours */
    bool began;                   /* a fold, since it was opened */
    size_t careful;               /* so many records are still folded one at a time */
    bool verify_crc;              /* the first ledger record that comes has to prove itself */
    int64_t live_actions;         /* in regua:{p}:act */
    int64_t expected;             /* next ledger offset to be delivered; −1: any */
    int64_t gap_at;               /* a hole before this offset was met once and read again; −1: none */
    int64_t replay_ledger, replay_people;
    int64_t ledger_from;          /* REPLAY: where the ledger goes on, once people are folded */
    bool ledger_begun;
    struct rg_shard_round round;  /* of round_open */
    bool round_open, round_reached; /* begun and not over; its ends are applied */
    int64_t round_out;            /* reached: what was released on the way stands in the outbox up to this sequence */
    bool stopped;                 /* in the last turn */
    int64_t seen_ms, asof_ms;
    int64_t ledger_end, people_end; /* last known */
    int64_t out_done;             /* acknowledged, to be removed by the next batch; −1 */
};
/* The number of actions under way in this shard; the counter is the sum of all shards. */
void rg_shard_set_live(struct rg_shard *shard, int64_t live_actions);
/* Raises the highest origin applied of one source partition. */
void rg_shard_note_origin(struct rg_shard *shard, const struct rg_origin_high *high);
