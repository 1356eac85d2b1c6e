/* A sender: takes actions of one channel from Kafka and brings each to its end — rendered, claimed, delivered, judged.
 *
 * The ledger's order decides between a message and a payment. So before the irreversible byte the sender appends a claim to
 * the debtor's partition, learns its offset, waits until the shard has folded past it and reads what became of the action in
 * the same transaction: its own claim → deliver; absent → drop the copy; another's claim → wait out its time and, if it still
 * stands, append `uncertain` naming it; still queued → claim anew. A copy's offset is committed only after its outcome is
 * acknowledged or the copy was dropped as absent.
 *
 * One thread, one consumer, one producer, one state reader, one transport; nothing shared. What it needs to know of the rest
 * of the daemon comes through struct rg_sender_world, so that it can be tested without one. */
#pragma once

#include "base/core/clock.h"
#include "base/kafka/kafka.h"
#include "config/contract/ledger.h"
#include "config/contract/state.h"
#include "producers/transport/transport.h"

#define RG_SENDER_WINDOW_MAX 256       /* actions of one sender in any state */
#define RG_CLAIM_VALID_MS 60000        /* default of a channel's claim_time */
#define RG_SANCTION_WAIT_MS 30000      /* a sanction waits this long for upstream, then the outcome is retry */

/* To whom and about what: read from the debtor's record and the invoices' charges just before rendering. Slices lie in the
 * arena given to the lookup. */
struct rg_recipient_invoice {
    struct rg_str ns, invoice;
    rg_day due_on;
    int64_t balance_cents;
    struct rg_str contract, service;
    struct rg_charge charge;
};
struct rg_recipient {
    struct rg_str name, document, state, city, language;
    struct rg_str address; /* the contact to use for this channel; absent: none any more → outcome rejected, gate unreachable */
    int utc_offset_minutes; /* of the debtor's zone */
    struct rg_recipient_invoice *invoices; /* in the order of the decision */
    size_t invoice_count;
};

struct rg_creditor_info {
    struct rg_str name, document, address, email, phone;
};

struct rg_act_seen {
    bool live;
    struct rg_act_value value;
};

/* The rest of the daemon, as a sender sees it. All calls come from the sender's thread. */
struct rg_sender_world {
    void *ctx;
    /* States of actions of one shard, with the shard's ledger position and asof, read in one transaction. */
    int (*acts)(void *ctx, int shard, const struct rg_action_id *actions, size_t n, struct rg_act_seen *ret_seen, int64_t *ret_ledger_next,
                int64_t *ret_asof_ms, struct rg_error *err);
    /* RG_EUNKNOWN: what was read does not hold the action. It has just ended, or Redis lost its last seconds and knows less than
     * the decision rests on: nothing can be said of it before its state was read again. */
    int (*recipient)(void *ctx, const struct rg_decision *decision, struct rg_arena *arena, struct rg_recipient *ret, struct rg_error *err);
    const struct rg_creditor_info *(*creditor)(void *ctx, struct rg_str name); /* NULL: unknown; absent name: the only one */
    /* Source text of a template part ("txt", "html", "subject") or partial; absent when there is none. */
    struct rg_str (*template_part)(void *ctx, struct rg_str name, struct rg_str channel, const char *part);
    struct rg_str (*template_partial)(void *ctx, struct rg_str name, const char *part); /* "txt" or "html" */
    bool (*stopped)(void *ctx);       /* regua.control says stop, or was not read to its end; asked once a turn, first of all */
    bool (*live)(void *ctx, const struct rg_decision *decision); /* the mode still lets it leave the house */
    bool (*timely)(void *ctx); /* the clocks agree: it can be told whether an action's time is over */
    int (*want_asof)(void *ctx, int64_t at_ms); /* a sanction waits for upstream to be known through that instant */
};

struct rg_sender_config {
    struct rg_kafka_config kafka;
    const char *group;         /* "regua-send-email" */
    const char *channel;       /* "email" */
    const char *actions_topic, *ledger_topic, *messages_topic, *signals_topic;
    int shards;
    int session_timeout_ms;
    int64_t claim_valid_ms;
    int concurrency;           /* in the transport at once, 1 … RG_SENDER_WINDOW_MAX */
    int64_t rate_count;        /* at most so many messages … 0: no limit */
    int64_t rate_span_s;       /* … in this time */
    const char *from;          /* e-mail: "Name <address>" */
    const char *domain;        /* of Message-IDs */
    struct rg_clock clock;
    struct rg_sender_world world;
    struct rg_transport *transport; /* NULL for the built-in channel `signals`: the sender makes its own from its producer */
    enum { RG_SENDER_MAIL, RG_SENDER_PROVIDER, RG_SENDER_SIGNALS } kind;
};

/* Read by the metrics; each is written by the sender's thread only, relaxed. */
struct rg_sender_counters {
    _Atomic uint64_t taken, dropped, claimed, verdicts[RG_VERDICT_COUNT], released;
    _Atomic uint64_t unreadable;  /* records of the channel's topic that are no actions of it: passed over, with an error in the log */
    _Atomic int64_t in_hand;      /* actions in the window */
    _Atomic(const char *) denied; /* what it may not do although the servers answer, a constant; NULL: nothing is known */
    _Atomic int64_t turned_boot_ms; /* last turn */
    _Atomic uint64_t progress;      /* grows with every turn and every shard that was asked: one that stands still hangs */
};

struct rg_sender;
RG_MUST_USE int rg_sender_new(const struct rg_sender_config *config, struct rg_sender **ret_sender, struct rg_error *err);
/* One turn: takes copies, moves each action on, polls transport and producer. Returns after at most `wait_ms`. */
void rg_sender_turn(struct rg_sender *sender, int wait_ms);
/* Paused, it begins nothing new and brings to its end what was begun; idle: nothing is begun, so the transport may be changed. */
void rg_sender_pause(struct rg_sender *sender, bool paused);
bool rg_sender_idle(const struct rg_sender *sender);
/* Begins nothing new and gives back what is claimed and not begun; true when the window is empty. */
bool rg_sender_drain(struct rg_sender *sender);
void rg_sender_free(struct rg_sender **sender);
const struct rg_sender_counters *rg_sender_counters(const struct rg_sender *sender);
