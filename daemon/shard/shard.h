/* One shard's turn: fetch → fold → decide → commit → relay. A shard owns one partition of the ledger and of the people topic,
 * one slot of Redis, and nobody else writes either. It has no thread and no clock of its own, so that a simulator is a `for`
 * loop over rg_shard_turn.
 *
 * Life: OPENING (take the fence, read the position, ask for the right offsets) → REPLAY (fold up to the end that the partitions
 * had when they were opened, people first; the past is never decided again) → RUNNING → and back to OPENING after any doubt. STOPPED is for
 * what people must look at: a ledger that is not the one we knew, or state that was applied in part. */
#pragma once

#include "base/core/clock.h"
#include "base/kafka/kafka.h"
#include "config/ladder/ladder.h"
#include "daemon/rules/decide.h"
#include "daemon/state/store.h"
#include "producers/relay/relay.h"

#include <stdatomic.h>

#define RG_SHARD_BATCH_MAX 500    /* records folded in one transaction */
#define RG_SHARD_PAGE_MAX 256     /* debtors looked at in one timer page */
#define RG_SHARD_BATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)  /* … and their bytes, but for one that is larger alone */
#define RG_SHARD_STORED_BYTES_MAX ((size_t)16 * 1024 * 1024) /* debtors' records of one batch; decoded they take ten times that */
#define RG_SHARD_OUTBOX_BYTES_MAX ((size_t)8 * 1024 * 1024) /* from here on nothing is folded or decided until some has left */
#define RG_RECEIPT_TTL_MS (90 * RG_MS_PER_DAY) /* how long a receipt finds its debtor */
#define RG_CHARGE_TTL_MS (180 * RG_MS_PER_DAY) /* how long a closed invoice keeps its charge: a chargeback may open it again */

enum rg_shard_state { RG_SHARD_OPENING, RG_SHARD_REPLAY, RG_SHARD_RUNNING, RG_SHARD_STOPPED };
const char *rg_shard_state_name(enum rg_shard_state state);

/* Counted by the shard's thread, read by any; names as in the metrics. */
struct rg_shard_counters {
    _Atomic uint64_t folded, repeated, strangers, dead, decided, voided, recalled, skipped, overdue, batches, rewinds;
    _Atomic uint64_t repeated_of[RG_SOURCES_MAX]; /* … `repeated` by upstream's source, in the order of the rules */
    _Atomic uint64_t suppressed[RG_GATE_COUNT]; /* steps whose window closed, by what blocked them last */
    _Atomic int64_t under_way;                  /* actions queued or claimed */
};

struct rg_shard_config {
    int shard, shards;
    const char *ledger_topic, *people_topic, *deadletter_topic, *actions_prefix;
    int deadletter_partitions;
    struct rg_store *store; /* taken over */
    struct rg_shard_counters *counters;
};

/* How payments of one source become known: with all that is folded, or by its word that they are through an instant, which counts
 * where everything is folded that upstream had published when it was given. */
struct rg_shard_word {
    bool wanted;
    int64_t through_ms, given_ms; /* −1: none was given */
};

/* What the worker gives a turn to decide with. */
struct rg_shard_world {
    const struct rg_rules *rules;
    int64_t now_ms; /* shared clock */
    bool hold_timers; /* rg_runtime_holds: nothing acts on time */
    bool stopped;
    int64_t stopped_since_ms;
    struct rg_str live_max_step;
    int64_t live_spread_ms, live_since_ms;
    const struct rg_shard_word *words; /* RG_SOURCES_MAX of them, in the order of rules->sources; NULL: no word is wanted */
    struct rg_str lagging;
};

/* A place in upstream's time and in our partitions: everything upstream had published by `fresh_ms` stands below the ends, and
 * what home shards had released by `all_seen_ms` too. */
struct rg_shard_round {
    int64_t fresh_ms, all_seen_ms; /* −1 unknown */
    int64_t ledger_end, people_end;
};

struct rg_shard;
struct rg_shard *rg_shard_new(const struct rg_shard_config *config);
void rg_shard_free(struct rg_shard **shard);

enum rg_shard_state rg_shard_state(const struct rg_shard *shard);
int rg_shard_id(const struct rg_shard *shard);
const char *rg_shard_trouble(const struct rg_shard *shard); /* why it is not running; "" when it is */

/* OPENING: reads the position. On success the caller tells the ends that the partitions have now, and seeks people to the offset
 * returned (RG_KAFKA_BEGINNING where nothing was applied yet); from then on the shard is in REPLAY. RG_EREFUSED: the ledger ends
 * below what was applied. */
RG_MUST_USE int rg_shard_open(struct rg_shard *shard, int64_t *ret_ledger_from, int64_t *ret_people_from, struct rg_error *err);
RG_MUST_USE int rg_shard_replay_to(struct rg_shard *shard, int64_t ledger_end, int64_t people_end, struct rg_error *err);
/* REPLAY: people are folded, now the caller seeks the ledger to that offset and says so; what came of it before was ignored.
 * A decision was made with contacts that were known then: folded without them it would show senders a debtor who cannot be
 * reached. */
bool rg_shard_awaits_ledger(const struct rg_shard *shard, int64_t *ret_from);
void rg_shard_begin_ledger(struct rg_shard *shard);
void rg_shard_reopen(struct rg_shard *shard, const char *why);
void rg_shard_stop(struct rg_shard *shard, const char *why);

/* A record of one of its partitions, copied. Ignored while OPENING or STOPPED. */
void rg_shard_receive(struct rg_shard *shard, const struct rg_kafka_event *message);
/* The position moved without a record (markers, compaction). */
void rg_shard_reached(struct rg_shard *shard, bool people, int64_t next);
size_t rg_shard_inbox(const struct rg_shard *shard);       /* records fetched and not yet folded */
size_t rg_shard_inbox_bytes(const struct rg_shard *shard); /* … and what they take */

/* One turn: a batch of records, else a page of timers; then the relay. True when there is more to do at once. */
bool rg_shard_turn(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_kafka_producer *producer);

/* Freshness. `wants`: some timer is due or a sanction waits, and asof has to come past the instant returned. */
bool rg_shard_wants(const struct rg_shard *shard, int64_t now_ms, int64_t *ret_want_ms);
/* Whether a round that brings this tells it anything, and none is under way. */
bool rg_shard_learns(const struct rg_shard *shard, int64_t fresh_ms, int64_t all_seen_ms);
/* A round that is under way goes on instead: under steady traffic the ends run away, and one that is never reached tells
 * nothing. */
void rg_shard_begin_round(struct rg_shard *shard, const struct rg_shard_round *round);
int64_t rg_shard_seen_ms(const struct rg_shard *shard); /* −1; grows as rounds are reached */
int64_t rg_shard_asof_ms(const struct rg_shard *shard);
/* Through when payments of each source are known to a shard whose `asof` is that one. */
void rg_shard_known_through(const struct rg_shard_word *words, int64_t asof_ms, int64_t ret_known_ms[RG_SOURCES_MAX]);

bool rg_shard_relaying(const struct rg_shard *shard);       /* the outbox is not empty: reports are awaited */
int64_t rg_shard_next_due_ms(const struct rg_shard *shard); /* earliest timer, lower bound; RG_STORE_NEVER */
int64_t rg_shard_lag(const struct rg_shard *shard);         /* records known to be ahead */
/* Nothing under way, nothing to send, nothing due up to `now_ms`, upstream known past it. */
bool rg_shard_at_rest(const struct rg_shard *shard, int64_t now_ms);
