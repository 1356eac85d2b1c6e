/* The state of shards in Redis: the one table between the shard's turn and the server. Two implementations pass one
 * conformance suite: the real one (store_redis.h) and the fake of tests/fakes.
 *
 * A store is one connection for one shard, owned by one thread. Everything a batch changes is applied in one transaction
 * under a fence: `own` holds the random token of the present connection, taken anew at every open; a dead connection's late
 * transaction fails on it. The number of the last batch is compared with memory at every load: a difference means that
 * Redis lost or regained something. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "config/contract/state.h"

#define RG_DUE_BUCKETS 256          /* due timers of a shard: zsets small enough to stay compact; prompt ones are few: one more */
#define RG_STORE_KEYS_MAX 4096      /* of one load */
#define RG_STORE_NEVER INT64_MAX    /* no timer */
#define RG_STORE_UNCHANGED (-1)     /* leave the timer as it is */
#define RG_STORE_STAYS (-1)         /* a value that was to go stays for ever again */
#define RG_PARKED_MAX 64            /* records waiting for one reference */
#define RG_PARKED_BYTES_MAX ((size_t)256 * 1024) /* their values together */

struct rg_origin_high {
    bool people;
    struct rg_str source;
    int32_t incarnation, partition;
    int64_t offset;
    int32_t sub;
};

struct rg_pos {
    int64_t ledger_next, people_next; /* −1: nothing was ever applied */
    uint32_t ledger_crc;
    int64_t batch;
    int64_t seen_ms, asof_ms; /* −1 unknown */
    int64_t out_next;
    struct rg_origin_high *origins;
    size_t origin_count, origin_cap;
};

/* The fold that was begun last: whoever comes after a death knows by it what somebody died of. */
struct rg_begun {
    int64_t ledger_next, people_next; /* the position it began at */
    bool people;                      /* topic and offset of its first record */
    int64_t offset;
    int times;                        /* how often it was begun with; 0: never */
};

struct rg_out_entry {
    int64_t seq;
    struct rg_str bytes; /* the shard's own encoding (daemon/shard/outbox.h) */
};

/* What open finds. */
struct rg_store_opened {
    struct rg_pos pos;
    struct rg_out_entry *out; /* in order */
    size_t out_count;
    int64_t act_count; /* actions under way */
    struct rg_begun begun;
};

enum rg_store_kind { RG_STORE_DEBTOR, RG_STORE_INVOICE, RG_STORE_REFERENCE };
struct rg_store_key {
    enum rg_store_kind kind;
    struct rg_str id;
};

/* A debtor may have one timer of each kind. */
enum rg_timer {
    RG_TIMER_DUE,    /* acts once upstream is known through it */
    RG_TIMER_PROMPT, /* acts whatever is known of upstream */
};

struct rg_store_put {
    struct rg_store_key key;
    bool write;          /* false: only the timer, or how long the value that is there stays */
    struct rg_str value; /* absent: delete */
    int64_t ttl_ms;      /* 0: for ever; of a value not written: as it was */
    enum rg_timer timer; /* debtors: which one `due_ms` is about */
    int64_t due_ms;      /* RG_STORE_NEVER removes it, RG_STORE_UNCHANGED leaves it */
    bool earlier;        /* `due_ms` is taken only where there is no timer, or a later one */
};

struct rg_store_act {
    struct rg_action_id action;
    bool live;                 /* false: remove */
    struct rg_act_value value;
};

struct rg_store_batch {
    const struct rg_store_put *puts;
    size_t put_count;
    const struct rg_store_act *acts;
    size_t act_count;
    const struct rg_out_entry *out_adds;
    size_t out_add_count;
    const int64_t *out_removes; /* single entries */
    size_t out_remove_count;
    int64_t out_done_through;  /* every entry up to this sequence is acknowledged; −1: none */
    const struct rg_pos *pos;  /* whole; `origins` only those that changed */
    const struct rg_begun *begun; /* NULL: as it was */
};

struct rg_due {
    struct rg_str debtor;
    int64_t due_ms;
};

/* What became of a commit.
 *   COMMITTED  applied
 *   REOWN      another owner has the shard: nothing applied
 *   UNKNOWN    the connection broke: it may have been applied; open again (which fences the old connection) and compare pos
 *   REFUSED    Redis refused (moved, loading, full, read-only …): nothing applied; back off
 *   BROKEN     partly applied, or state that cannot be: stop the shard, loudly */
enum rg_commit { RG_COMMITTED, RG_COMMIT_REOWN, RG_COMMIT_UNKNOWN, RG_COMMIT_REFUSED, RG_COMMIT_BROKEN };

struct rg_store;
struct rg_store_ops {
    /* Connects where needed, takes the fence, reads the position and the outbox. Everything returned lies in `arena`. */
    int (*open)(struct rg_store *store, struct rg_arena *arena, struct rg_store_opened *ret, struct rg_error *err);
    /* Values in the order of the keys, absent where there is none, in `arena`. Compares fence and batch number, and what it
     * found holds until the next commit: one that follows a load costs one round trip, one without a load two. */
    enum rg_commit (*load)(struct rg_store *store, const struct rg_store_key *keys, size_t n, int64_t batch,
                           struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err);
    /* Debtors whose timer of that kind is due up to `until_ms`, at most `max`, earliest of their buckets first. */
    enum rg_commit (*due)(struct rg_store *store, enum rg_timer timer, int64_t until_ms, size_t max, struct rg_arena *arena,
                          struct rg_due *ret, size_t *ret_count, struct rg_error *err);
    enum rg_commit (*commit)(struct rg_store *store, const struct rg_store_batch *batch, struct rg_error *err);
    int64_t (*next_due_ms)(const struct rg_store *store, enum rg_timer timer); /* lower bound, no round trip */
    void (*free)(struct rg_store *store);
};
/* First member of every implementation. */
struct rg_store {
    const struct rg_store_ops *ops;
    int shard;
    uint64_t trips; /* round trips to the server, for whoever measures */
};
void rg_store_free(struct rg_store **store);

/* ---- what all shards share ({all}) ---- */

struct rg_fresh_source {
    struct rg_str source;
    int partition; /* −1: `at_ms` is the number of partitions the source has */
    int64_t at_ms;
};
struct rg_fresh {
    struct rg_fresh_source *sources;
    size_t source_count;
    int64_t *seen_ms; /* per shard; −1 unknown */
    int64_t want_ms;
};
