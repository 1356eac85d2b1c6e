/* Private to this room: one action in hand, what the files share, and the few calls between them. */
#pragma once

#include <stdatomic.h>

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/kafka/ack.h"
#include "producers/sender/breaker.h"
#include "producers/sender/rate.h"
#include "producers/sender/render_action.h"
#include "producers/sender/sender.h"

/* ---- one action in hand ---- */

enum rg_hand_state {
    RG_HAND_QUEUED,     /* an earlier action of its debtor is in hand */
    RG_HAND_LOOKING,    /* its state has to be read */
    RG_HAND_READY,      /* wanted; waits for leave to begin: stop, breaker, limits */
    RG_HAND_FRESHENING, /* a sanction: waits until upstream is known through the instant it began */
    RG_HAND_STORING,    /* its rendered bytes are on their way into regua.messages */
    RG_HAND_CLAIMING,   /* its claim is on its way into the ledger */
    RG_HAND_WAITING,    /* the claim stands in the ledger and is not folded yet */
    RG_HAND_FOREIGN,    /* another's claim: its time is waited out */
    RG_HAND_DELIVERING, /* the claim won: in the transport, or about to be */
    RG_HAND_CONCLUDING, /* its outcome is on its way into the ledger */
    RG_HAND_DONE,
    RG_HAND_STATE_COUNT
};

enum rg_hand_event {
    RG_HAND_FIRST,    /* no earlier one of its debtor is left */
    RG_HAND_FREE,     /* read: queued, nobody's */
    RG_HAND_TAKEN,    /* read: another's claim */
    RG_HAND_ABSENT,   /* read: not there, nobody wants it any more */
    RG_HAND_FRESHEN,  /* may begin, but upstream must be known first */
    RG_HAND_STORE,    /* may begin: rendered, to be stored */
    RG_HAND_CLAIM,    /* stored, or nothing to store: claim */
    RG_HAND_BACK,     /* may not begin after all */
    RG_HAND_CLAIMED,  /* the claim is acknowledged */
    RG_HAND_OWN,      /* read: our claim counts */
    RG_HAND_CONCLUDE, /* it ends here, with an outcome */
    RG_HAND_RECORDED, /* the outcome is acknowledged */
    RG_HAND_EVENT_COUNT
};

struct rg_hand {
    struct rg_hand *next; /* in order of arrival */
    enum rg_hand_state state;
    struct rg_arena *arena;
    struct rg_decision decision;
    char debtor[RG_ID_BYTES_MAX + 1], action[RG_ACTION_TEXT + 1]; /* for logs and keys */
    uint64_t debtor_hash;
    int shard;

    int partition; /* where its copy stands */
    int64_t offset;
    bool ours; /* its partition is still the one it was read from: its offset may be committed */

    int64_t looked_boot_ms, look_boot_ms; /* last read; next read due */
    int looks;                            /* since the state began, for the back-off */
    int lookup_failures;                  /* of the recipient */
    int64_t begin_boot_ms;                /* READY: not before */

    bool slot, probe; /* counts against the concurrency; is the breaker's probe */
    bool give_back;   /* claim nothing, begin nothing: what is claimed is released */

    /* a sanction: upstream must be known through; since when it waits; since when it is known, −1: not yet */
    int64_t fresh_from_ms, fresh_since_boot_ms, known_boot_ms;

    struct rg_claim_id claim;
    int64_t claim_offset;
    int64_t deadline_boot_ms; /* nothing begins after it: counted from before the append */

    struct rg_claim_id other; /* FOREIGN */
    int64_t other_offset, other_since_boot_ms;

    struct rg_rendered rendered;
    struct rg_transport_job job;
    bool submitted;
};

const char *rg_hand_state_name(enum rg_hand_state state);
const char *rg_hand_event_name(enum rg_hand_event event);
/* The state after the event; asserts on one that cannot come. */
enum rg_hand_state rg_hand_after(enum rg_hand_state state, enum rg_hand_event event);

/* ---- records on their way ---- */

enum rg_post_kind { RG_POST_STORE, RG_POST_CLAIM, RG_POST_OUTCOME, RG_POST_SIGNAL };

/* How a record ended. */
enum rg_post_end {
    RG_POST_WRITTEN,
    RG_POST_REFUSED,     /* the broker or the client will never take it */
    RG_POST_NOT_WRITTEN, /* signals only: its time ended, and no attempt can have been written */
    RG_POST_DOUBTFUL,    /* signals only: its time ended, and an attempt may have been written */
};

struct rg_post;
struct rg_post_record {
    enum rg_post_kind kind;
    struct rg_hand *hand; /* NULL: nobody waits for it */
    uint64_t token;       /* signals: the transport's */
    int partition;
    struct rg_str key, value;
    int64_t deadline_boot_ms; /* signals: sent again until then; 0: for ever */
};
typedef void rg_post_ended_fn(void *ctx, const struct rg_post_record *record, enum rg_post_end end, int64_t offset);

struct rg_post_config {
    const struct rg_kafka_config *kafka;
    const struct rg_clock *clock;
    const char *topics[4]; /* by kind; NULL: not used */
    const char *message_type; /* content type of what RG_POST_STORE stores */
    int shards;
    rg_post_ended_fn *ended; /* from rg_post_serve; may add records */
    void *ctx;
};
RG_MUST_USE int rg_post_new(const struct rg_post_config *config, struct rg_post **ret_post, struct rg_error *err);
void rg_post_free(struct rg_post **post);
void rg_post_add(struct rg_post *post, const struct rg_post_record *record); /* copies key and value */
void rg_post_detach(struct rg_post *post, const struct rg_hand *hand);
/* Hands to the producer what waits, serves what came back waiting at most wait_ms, mends what is broken. */
void rg_post_serve(struct rg_post *post, int wait_ms);
size_t rg_post_pending(const struct rg_post *post);
bool rg_post_denied(const struct rg_post *post); /* the brokers answer, and do not let us write */
bool rg_post_open(const struct rg_post *post); /* the topics are known and the producer is well: records can be written */

/* ---- copies coming in ---- */

struct rg_partition {
    struct rg_ack_window *window; /* NULL: not ours */
    int64_t committed;            /* what was committed last; −1 nothing */
    bool held;                    /* where to start could not be asked yet */
    bool from_beginning;          /* its position is gone */
};

/* ---- the sender ---- */

struct rg_sender {
    struct rg_sender_config config;
    struct rg_sender_counters counters;
    struct rg_kafka_consumer *consumer;
    struct rg_partition *partitions; /* config.shards of them */
    int64_t consumer_retry_boot_ms, commit_boot_ms, keepalive_boot_ms;
    int consumer_failures;
    bool consumer_broken;

    struct rg_post *post;
    struct rg_transport *transport, *own_transport;
    struct rg_breaker breaker;
    struct rg_rate rate;
    struct rg_renderer *renderer;

    struct rg_hand *first, *last;
    size_t hand_count, slots;
    size_t slots_max; /* the concurrency, or what the transport turned out to take */

    int64_t boot_ms, shared_ms; /* of this turn */
    int64_t wanted_ms, want_boot_ms; /* through when upstream was asked for, and when it is asked for again */
    bool stopped, draining, paused;
    bool moved; /* something happened in this turn */
    bool recipients_failing; /* said so already */
    int64_t *shard_look_boot_ms; /* by shard: not asked before */
    int *shard_failures;
    bool state_denied;
};

#define RG_READY_LOOK_MS 5000 /* a READY one is read so often: what nobody wants any more leaves */
#define RG_WAIT_LOOK_MS 2     /* a WAITING one, doubled with each look */
#define RG_MESSAGE_KEY_MAX (RG_ID_BYTES_MAX + 1 + RG_ACTION_TEXT + 1 + RG_CLAIM_TEXT + 1)

/* hand.c */
void rg_hand_move(struct rg_sender *sender, struct rg_hand *hand, enum rg_hand_event event);
struct rg_hand *rg_hand_add(struct rg_sender *sender, struct rg_arena *arena, const struct rg_decision *decision, int partition,
                            int64_t offset);
void rg_hands_queue(struct rg_sender *sender); /* QUEUED ones whose turn has come */
void rg_hands_reap(struct rg_sender *sender);  /* DONE ones leave, and those given back of which nothing stands in the ledger */
/* Nothing of what is in hand begins any more; what is not claimed is forgotten, its copy comes again. `revoked`: elsewhere. */
void rg_hands_give_back(struct rg_sender *sender, bool revoked);

/* claim.c */
void rg_hands_begin(struct rg_sender *sender); /* READY ones that may begin */
void rg_hand_seen(struct rg_sender *sender, struct rg_hand *hand, const struct rg_act_seen *seen, int64_t ledger_next,
                  int64_t asof_ms);
void rg_hand_posted(void *ctx, const struct rg_post_record *record, enum rg_post_end end, int64_t offset);
bool rg_sender_live(const struct rg_sender *sender, const struct rg_hand *hand);
bool rg_sender_past_until(const struct rg_sender *sender, const struct rg_hand *hand);

/* deliver.c */
void rg_hands_deliver(struct rg_sender *sender,
                      int wait_ms); /* into the transport and back, waiting at most so long for results */
RG_MUST_USE int rg_sender_produce_signal(void *ctx, int32_t partition, struct rg_str key, struct rg_str value, uint64_t token,
                                         struct rg_error *err);

/* outcome.c */
struct rg_ending {
    enum rg_verdict verdict;
    enum rg_gate gate;
    const struct rg_claim_id *claim; /* NULL: none was made */
    int64_t claim_offset;
    const struct rg_transport_result *result; /* NULL: it never got to the transport */
    const char *detail; /* instead of the result's */
};
void rg_hand_conclude(struct rg_sender *sender, struct rg_hand *hand, const struct rg_ending *ending);

/* look.c */
void rg_sender_look(struct rg_sender *sender); /* asks the shards for the states of what waits for them */

/* intake.c */
RG_MUST_USE int rg_intake_start(struct rg_sender *sender, struct rg_error *err);
void rg_intake_poll(struct rg_sender *sender, int wait_ms);
void rg_intake_done(struct rg_sender *sender, const struct rg_hand *hand); /* its copy is through */
void rg_intake_commit(struct rg_sender *sender, bool now);
bool rg_intake_has_room(const struct rg_sender *sender);
void rg_intake_stop(struct rg_sender *sender);
