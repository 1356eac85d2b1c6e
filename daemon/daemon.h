/* One process of Régua: which parts run in it, how they start, and how they stop. `reguad` is this and an argument parser; the
 * demo and the end-to-end driver run the very same with another clock.
 *
 * Start: configuration and rules are read (exit 2 when they are wrong), the admin port opens, then Kafka and Redis are
 * waited for — it says which is missing, keeps trying, and is not ready meanwhile. What could lose records or state is refused
 * (exit 4). Then the roles' threads run until they are told to stop. Rules, templates, calendars and presets are read anew when
 * it is told to, and swapped between two turns; a file that is wrong leaves the old ones in force. */
#pragma once

#include "consumers/ingest/ingest.h"
#include "daemon/control.h"
#include "daemon/runtime.h"
#include "daemon/shard/worker.h"
#include "producers/sender/sender.h"

#define RG_ROLE_INGEST 1u
#define RG_ROLE_DECIDE 2u
#define RG_ROLE_SEND 4u
#define RG_ROLE_ALL (RG_ROLE_INGEST | RG_ROLE_DECIDE | RG_ROLE_SEND)

enum rg_exit { RG_EXIT_FINE = 0, RG_EXIT_FINDINGS = 1, RG_EXIT_USAGE = 2, RG_EXIT_UNREACHABLE = 3, RG_EXIT_REFUSED = 4 };

struct rg_daemon_options {
    const char *config_file;
    const char *shipped;          /* NULL: where the package puts it */
    unsigned roles;
    const struct rg_clock *clock; /* NULL: the machine's, with Redis TIME as the shared one */
    bool trust_topics;            /* the demo's in-process broker has no settings to check and no admin calls to create topics with */
    int64_t round_ms;             /* 0: as configured */
};

struct rg_daemon;

/* reguad's command line, from arguments to exit status. `given` holds what no argument can say: a clock, the pace of rounds. */
int rg_daemon_main(int argc, char **argv, const struct rg_daemon_options *given);

/* `reguad --check`, `reguactl check`: reads everything, connects to nothing, prints findings and inventory to stdout. */
int rg_daemon_check(const char *config_file, const char *shipped, bool json, bool colour);

/* Reads the configuration and opens the admin port. On failure *ret_exit is the process's exit status and everything was said. */
RG_MUST_USE int rg_daemon_new(const struct rg_daemon_options *options, struct rg_daemon **ret_daemon, int *ret_exit);
/* Runs until rg_daemon_stop; the exit status. */
int rg_daemon_run(struct rg_daemon *daemon);
void rg_daemon_stop(struct rg_daemon *daemon);   /* async-signal-safe */
void rg_daemon_reload(struct rg_daemon *daemon); /* async-signal-safe: the main thread reads the rules anew */
void rg_daemon_free(struct rg_daemon **daemon);

/* ---- what the admin port asks; from any thread ---- */

#define RG_REASONS_MAX 16
struct rg_daemon_status {
    bool ready;
    char reasons[RG_REASONS_MAX][320]; /* why not; each a sentence */
    size_t reason_count;
    struct rg_worker_shard shards[RG_SHARDS_MAX];
    size_t shard_count;
    int shards_configured;
    bool stopped, live;
    char live_max_step[RG_ID_BYTES_MAX + 1];
    char rules[RG_RULES_HASH_TEXT + 1];
    int64_t now_ms;
    int64_t next_due_ms; /* earliest timer of our shards */
    bool at_rest;        /* every configured shard is ours and at rest, as of `now_ms` */
};
void rg_daemon_status(struct rg_daemon *daemon, struct rg_daemon_status *ret_status);

/* How the last reading of the rules ended. `done` counts the requests that it answers: one made as the n-th is answered when it is
 * at least n. */
struct rg_daemon_reload {
    uint64_t asked, done;
    bool rejected;
    int64_t at_ms, fine_at_ms; /* wall clock: of the last reading, of the last that is in force */
    struct rg_str findings;    /* as --check prints them; "" when there are none */
};
/* `findings` in `arena`. */
void rg_daemon_reload_state(struct rg_daemon *daemon, struct rg_arena *arena, struct rg_daemon_reload *ret_state);

struct rg_runtime *rg_daemon_runtime(struct rg_daemon *daemon);
struct rg_control *rg_daemon_control(struct rg_daemon *daemon); /* NULL while Kafka was never reached */
const struct rg_redis_config *rg_daemon_redis(struct rg_daemon *daemon);
const struct rg_shard_counters *rg_daemon_shard_counters(struct rg_daemon *daemon);
/* Senders by index, NULL past the last; with the queue's name: its channel's, or "owed". */
const struct rg_sender_counters *rg_daemon_sender(struct rg_daemon *daemon, int index, const char **ret_queue);
/* Sources by index, NULL past the last; with the source's name. Zeroes where this process has no such role. */
const struct rg_ingest_source_counters *rg_daemon_source(struct rg_daemon *daemon, int index, const char **ret_source);
/* The sources' partitions that are read here, as of ingest's last turn, in `arena`; none without that role. */
const struct rg_ingest_part *rg_daemon_source_parts(struct rg_daemon *daemon, struct rg_arena *arena, size_t *ret_count);
/* The world in which explain looks at a debtor of `shard` now: filled from the same sources as a turn. Slices in `arena`. */
struct rg_world rg_daemon_world(struct rg_daemon *daemon, int shard, struct rg_arena *arena);
