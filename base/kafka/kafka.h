/* Kafka: consume, seek, commit, produce with reports, topics. The only folder that knows librdkafka.
 *
 * Threads share nothing: a consumer, a producer or an admin belongs to the thread that made it, and all callbacks run there,
 * inside the poll call. No call blocks past the time it is given.
 *
 * What the product's guarantees rest on is set here and cannot be overridden: no automatic commits, no silent reset of a
 * position, checked checksums, range assignment, an idempotent producer that never leaves a gap. */
#pragma once

#include "base/core/clock.h"
#include "base/core/error.h"

#define RG_KAFKA_SETTINGS_MAX 128 /* settings of the operator's own */
#define RG_KAFKA_TOPICS_MAX 64    /* topics of one consumer, one producer, one check */
#define RG_KAFKA_POSITIONS_MAX 65536
#define RG_KAFKA_HEADERS_MAX 64
#define RG_KAFKA_TOPIC_NAME_MAX 249
#define RG_KAFKA_FREE_MS 10000 /* a sensible deadline for the free calls */

/* ---- configuration ---------------------------------------------------------------------------------------------- */

struct rg_kafka_setting {
    const char *name, *value;
};

/* Borrowed for the time of the call it is given to. */
struct rg_kafka_config {
    const char *brokers; /* "host:port,host:port" */
    const char *client_id;
    const struct rg_kafka_setting *settings; /* librdkafka's names; applied last, so they win over our own defaults */
    size_t settings_n;
    const struct rg_clock *clock; /* NULL: the machine's */
};

/* Is every setting known, well-formed and allowed? Names the first that is not, with what was probably meant. */
int rg_kafka_config_check(const struct rg_kafka_config *config, struct rg_error *err) RG_MUST_USE;

/* Where we differ from librdkafka, and what operators may not set. */
struct rg_kafka_default {
    const char *name, *value; /* value NULL: refused in the operator's settings */
    const char *reason;
};
size_t rg_kafka_defaults(const struct rg_kafka_default **ret_rows);
size_t rg_kafka_refusals(const struct rg_kafka_default **ret_rows);

/* What readiness reads of a consumer. It changes only inside poll, so one that is not polled knows nothing. */
struct rg_kafka_health {
    bool connected;         /* at least one broker was up at the last look (every few seconds) */
    bool fatal;             /* the consumer is of no more use: free it and make another */
    int64_t down_since_ms;  /* boot clock: since when no broker is up; 0: not down */
    struct rg_error last;   /* the last trouble, kept after it has passed */
    struct rg_error denied; /* group or topics are not for us, so nothing is assigned; code 0: they are, as far as is known */
};

/* ---- consumer --------------------------------------------------------------------------------------------------- */

/* Special offsets of a position. */
#define RG_KAFKA_BEGINNING (-2) /* the first record that still exists */
#define RG_KAFKA_END (-1)       /* only what comes from now on */
#define RG_KAFKA_STORED (-1000) /* what the group committed; a fault (RG_ENOTFOUND) when it never did */
#define RG_KAFKA_NONE (-1001)   /* as a result: nothing committed, or not known */
#define RG_KAFKA_HOLD (-3000)   /* assigned but not fetched before rg_kafka_consumer_seek says from where */

struct rg_kafka_position {
    const char *topic;
    int partition;
    int64_t offset;
};

/* The owner's side of a rebalance, called inside poll and free.
 *
 * on_assign     all partitions that are now ours (the former ones were revoked before), offsets RG_KAFKA_STORED. The owner writes
 *               the offset to start from into each. It must not wait long: what is not at hand yet is RG_KAFKA_HOLD.
 * on_revoke     what we had, with where each stands: behind the last record delivered (RG_KAFKA_NONE if not known). `lost`: the
 *               group has already given them to others, so nothing may be committed. Otherwise a last commit that is waited for
 *               is allowed here.
 * on_committed  how an asynchronous commit ended; err->code 0 is fine. May be NULL. */
struct rg_kafka_consumer_ops {
    void (*on_assign)(void *ctx, struct rg_kafka_position *positions, size_t n);
    void (*on_revoke)(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost);
    void (*on_committed)(void *ctx, const struct rg_kafka_position *positions, size_t n, const struct rg_error *err);
};

struct rg_kafka_consumer_options {
    const char *group;         /* always needed; a reader (below) only uses it as a name and for stored offsets */
    const char *const *topics; /* member of the group: must exist. NULL: a reader that uses rg_kafka_consumer_assign */
    size_t topics_n;
    struct rg_kafka_consumer_ops ops;
    void *ctx;
    int session_timeout_ms;    /* 0: 10 s */
    int prefetch_kbytes;       /* 0: 16 MiB; one fetch more may come. Less than a second of traffic costs a second of latency */
    bool ends;                 /* report RG_KAFKA_EVENT_END */
};

struct rg_kafka_consumer;

/* Connects in the background: a broker that cannot be reached is no failure here, it shows in the health. */
int rg_kafka_consumer_new(const struct rg_kafka_config *config, const struct rg_kafka_consumer_options *options,
                          struct rg_kafka_consumer **ret_consumer, struct rg_error *err) RG_MUST_USE;

/* Leaves the group (on_revoke is called) and frees, in `deadline_ms` at most. librdkafka can hang in either: what is not done by
 * then is leaked and logged as KAFKA-LEAK. Nothing may rest on it; whatever must be safe is safe before. */
void rg_kafka_consumer_free(struct rg_kafka_consumer **consumer, int deadline_ms);

/* Readers only: replaces what is read. Offsets may be RG_KAFKA_STORED. */
int rg_kafka_consumer_assign(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n,
                             struct rg_error *err) RG_MUST_USE;

enum rg_kafka_event_kind {
    RG_KAFKA_EVENT_NONE,    /* nothing within the time, or only callbacks were served */
    RG_KAFKA_EVENT_MESSAGE,
    RG_KAFKA_EVENT_END,     /* the end was reached; `offset` is the position, past markers. Once per end, not again in silence */
    RG_KAFKA_EVENT_FAULT,   /* see `error`; topic NULL when it concerns no partition */
};

/* Everything in it is borrowed until the next poll or free. */
struct rg_kafka_event {
    enum rg_kafka_event_kind kind;
    const char *topic;
    int partition;
    int64_t offset;
    int64_t timestamp_ms;     /* as the broker has it; -1 unknown. No decision may compare it */
    struct rg_str key, value; /* absent = null; a value that is absent is a tombstone */
    struct rg_error error;    /* FAULT: RG_EREFUSED position or topic do not exist any more (truncated, deleted, made again), or a
                               * record is damaged; RG_ENOTFOUND nothing was committed; RG_EDENIED group or topic are not for
                               * us: it goes on by itself when they are; else passing */
    bool stopped;             /* FAULT: this partition is not fetched any more; the others are */
    bool fatal;               /* FAULT: free the consumer and make another */
    void *raw;                /* for the header calls */
};

/* At most one event. 0 ms only looks. */
void rg_kafka_consumer_poll(struct rg_kafka_consumer *consumer, int timeout_ms, struct rg_kafka_event *ret_event);

/* Of several headers of one name the last. Absent when there is none or it is null. */
struct rg_str rg_kafka_event_header(const struct rg_kafka_event *event, const char *name);
/* In order, for copying them all; false past the last. */
bool rg_kafka_event_header_at(const struct rg_kafka_event *event, size_t index, const char **ret_name, struct rg_str *ret_value);

/* Starts a held partition, or moves one; after a damaged record it tries again. Where the position did not exist a reader starts
 * again, but a group member answers RG_EREFUSED: it must be freed and made anew. RG_ENOTFOUND: not assigned to us (any more). */
int rg_kafka_consumer_seek(struct rg_kafka_consumer *consumer, const char *topic, int partition, int64_t offset,
                           struct rg_error *err) RG_MUST_USE;

/* Offsets are the next to read. wait_ms 0: the answer comes to on_committed. Otherwise waits for it; RG_EREFUSED means the group
 * has moved on and the partitions are no longer ours, RG_ETIMEOUT that it is not known. */
int rg_kafka_consumer_commit(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n, int wait_ms,
                             struct rg_error *err) RG_MUST_USE;
/* Fills in the offsets committed by the group, RG_KAFKA_NONE where there is none. Allowed inside on_assign. */
int rg_kafka_consumer_committed(struct rg_kafka_consumer *consumer, struct rg_kafka_position *positions, size_t n, int timeout_ms,
                                struct rg_error *err) RG_MUST_USE;

/* Asks the brokers, one request per leader, for the first offset or for the end (what a reader of committed records could reach).
 * All or nothing: an offset that cannot be had fails the call. On a consumer the question waits behind the fetch under way, up to
 * 100 ms; whoever asks often asks rg_kafka_topic_edges, whose connection is idle. */
enum rg_kafka_edge { RG_KAFKA_EDGE_BEGINNING = RG_KAFKA_BEGINNING, RG_KAFKA_EDGE_END = RG_KAFKA_END };
int rg_kafka_consumer_edges(struct rg_kafka_consumer *consumer, enum rg_kafka_edge edge, struct rg_kafka_position *positions,
                            size_t n, int timeout_ms, struct rg_error *err) RG_MUST_USE;

/* Records the broker has beyond what was delivered, as of the last fetch, for metrics; -1 not known. Does not ask anybody. */
int64_t rg_kafka_consumer_lag(struct rg_kafka_consumer *consumer, const char *topic, int partition);
/* Where the partition stands: behind the last record delivered or at the end reported; RG_KAFKA_NONE when not assigned, or not
 * known yet because it started from a special offset. */
int64_t rg_kafka_consumer_next(struct rg_kafka_consumer *consumer, const char *topic, int partition);
const struct rg_kafka_health *rg_kafka_consumer_health(struct rg_kafka_consumer *consumer);

/* ---- producer --------------------------------------------------------------------------------------------------- */

/* The fate of one record; exactly one for each that was queued, unless the producer is freed first.
 *   0            written and acknowledged by all in-sync replicas at `offset`
 *   RG_EREFUSED  the broker refused the batch for good; neighbours in the batch share the fate though only one is to blame
 *   RG_EDENIED   not written: we may not; send it again after a rebuild, which waits a second
 *   RG_EIO       not written; send it again after a rebuild
 *   RG_EUNKNOWN  it may have been written; send it again after a rebuild, with the identity that lets readers see a repeat */
struct rg_kafka_report {
    void *opaque;
    const char *topic;
    int partition;
    int64_t offset; /* -1 unless err.code is 0 */
    struct rg_error err;
};
typedef void rg_kafka_report_fn(void *ctx, const struct rg_kafka_report *report);

struct rg_kafka_producer_options {
    rg_kafka_report_fn *on_report; /* inside poll, flush and rebuild; it must not send */
    void *ctx;
    int linger_ms;           /* how long a batch may wait for company */
    size_t queue_max;        /* records; 0: 100,000 */
    size_t queue_max_kbytes; /* 0: 64 MiB */
    size_t record_max_bytes; /* key + value + headers of one record; 0: 900,000. Topics need max.message.bytes 8 KiB above it */
};

struct rg_kafka_header {
    const char *name;
    struct rg_str value;
};

struct rg_kafka_record {
    const char *topic; /* opened before */
    int partition;     /* always explicit */
    struct rg_str key, value; /* absent = null; an absent value is a tombstone */
    const struct rg_kafka_header *headers;
    size_t headers_n;
    void *opaque; /* comes back in the report */
};

struct rg_kafka_producer;

int rg_kafka_producer_new(const struct rg_kafka_config *config, const struct rg_kafka_producer_options *options,
                          struct rg_kafka_producer **ret_producer, struct rg_error *err) RG_MUST_USE;
/* Drops what is queued without reports (flush first), within the deadline; see rg_kafka_consumer_free. */
void rg_kafka_producer_free(struct rg_kafka_producer **producer, int deadline_ms);

/* Learns the topic's partitions, and warms the way to it. RG_ENOTFOUND: no such topic, asked for two seconds because a topic just
 * made is not known to every broker at once. Opening again asks again. */
int rg_kafka_producer_open(struct rg_kafka_producer *producer, const char *topic, int timeout_ms, int *ret_partitions,
                           struct rg_error *err) RG_MUST_USE;

/* Queues a copy. 0: one report will come. Nothing was queued:
 *   RG_ELIMIT    the queue is full: poll, then send again. The only retryable answer
 *   RG_EINVAL    the record is too large, its partition does not exist, or it has too many headers
 *   RG_ENOTFOUND the topic was not opened
 *   RG_EIO       broken, see below */
int rg_kafka_producer_send(struct rg_kafka_producer *producer, const struct rg_kafka_record *record,
                           struct rg_error *err) RG_MUST_USE;

/* Serves reports, waiting up to timeout_ms for the first. */
void rg_kafka_producer_poll(struct rg_kafka_producer *producer, int timeout_ms);
/* Sends at once and serves reports until none is outstanding. RG_ETIMEOUT: some still are. RG_EIO: broken. */
int rg_kafka_producer_flush(struct rg_kafka_producer *producer, int timeout_ms, struct rg_error *err) RG_MUST_USE;
size_t rg_kafka_producer_outstanding(const struct rg_kafka_producer *producer); /* queued, report not yet served */

/* After the first record that failed, or a fatal error (an idempotent producer may have one after a mere disconnect), the order
 * has a hole: nothing more is accepted and what is queued is thrown back. The owner keeps every record until its report says 0;
 *   1. it calls rebuild: outstanding reports are served first (what was written after all counts), then the topics are opened
 *      anew, all within timeout_ms and a second or two; on failure (RG_ETIMEOUT: reports are still missing) it calls again later;
 *   2. it sends every record not acknowledged again, in the old order.
 * `one_by_one` after an RG_EREFUSED: each record travels alone, so the next refusal names the one to blame; set it aside,
 * rebuild, and go back to batches (rebuild with false) when the suspects are through. */
bool rg_kafka_producer_broken(const struct rg_kafka_producer *producer);
int rg_kafka_producer_rebuild(struct rg_kafka_producer *producer, bool one_by_one, int timeout_ms,
                              struct rg_error *err) RG_MUST_USE;

/* ---- topics ----------------------------------------------------------------------------------------------------- */

struct rg_kafka_admin;

int rg_kafka_admin_new(const struct rg_kafka_config *config, struct rg_kafka_admin **ret_admin, struct rg_error *err) RG_MUST_USE;
void rg_kafka_admin_free(struct rg_kafka_admin **admin, int deadline_ms);
/* Does any broker answer us? Ends before its time when none of them can be spoken to. RG_EDENIED: certificate or login; the
 * sentence names the broker and what has to be mended. */
int rg_kafka_reach(struct rg_kafka_admin *admin, int timeout_ms, struct rg_error *err) RG_MUST_USE;

struct rg_kafka_topic_spec {
    const char *name;
    int partitions;
    int replication; /* -1: the broker's default */
    const struct rg_kafka_setting *settings; /* "cleanup.policy", … */
    size_t settings_n;
};

/* Creates those that do not exist and waits until they are seen; an existing topic is left as it is, whatever its settings. */
int rg_kafka_topics_ensure(struct rg_kafka_admin *admin, const struct rg_kafka_topic_spec *specs, size_t n, int timeout_ms,
                           struct rg_error *err) RG_MUST_USE;
/* Deleting one that does not exist is fine. For tests and tools; the daemon never does. */
int rg_kafka_topic_delete(struct rg_kafka_admin *admin, const char *name, int timeout_ms, struct rg_error *err) RG_MUST_USE;
/* RG_ENOTFOUND: no such topic. */
int rg_kafka_topic_partitions(struct rg_kafka_admin *admin, const char *name, int timeout_ms, int *ret_partitions,
                              struct rg_error *err) RG_MUST_USE;
int rg_kafka_topic_edges(struct rg_kafka_admin *admin, enum rg_kafka_edge edge, struct rg_kafka_position *positions, size_t n,
                         int timeout_ms, struct rg_error *err) RG_MUST_USE;

#define RG_KAFKA_RETENTION_FOREVER INT64_MAX

struct rg_kafka_topic_wish {
    const char *name;
    int partitions;             /* 0: any */
    const char *cleanup;        /* "delete", "compact"; NULL: any */
    int64_t retention_ms_min;   /* 0: any; RG_KAFKA_RETENTION_FOREVER: must be unlimited. Asked of cleanup "delete" only */
    int64_t message_bytes_min;  /* max.message.bytes at least this; 0: any */
    bool log_append_time;       /* message.timestamp.type must be LogAppendTime */
    bool optional;              /* its absence is no finding */
};

enum rg_kafka_severity { RG_KAFKA_WARN = 1, RG_KAFKA_REFUSE };

struct rg_kafka_finding {
    enum rg_kafka_severity severity;
    const char *topic; /* the wish's */
    char text[640];    /* what is, what must be, and how to set it */
};

/* What the cluster says of one topic; -1 and "" where it did not say. */
struct rg_kafka_topic_facts {
    bool exists;
    int partitions, replicas; /* replicas: of the partition that has fewest */
    bool settings_known;
    char cleanup[32], timestamp_type[32];
    int64_t retention_ms, retention_bytes, message_bytes_max, min_insync;
    bool unclean_election;
};

/* Pure: judges facts against a wish; appends at most `max - n` findings and returns the new n. */
size_t rg_kafka_topic_judge(const struct rg_kafka_topic_wish *wish, const struct rg_kafka_topic_facts *facts,
                            struct rg_kafka_finding *findings, size_t n, size_t max);
#define RG_KAFKA_FINDINGS_PER_TOPIC_MAX 9

/* Reads metadata and settings of the topics and judges them. With `metadata_only` the settings are not asked for, which is all a
 * broker without the admin protocol can answer. `findings` has room for max ≥ n * RG_KAFKA_FINDINGS_PER_TOPIC_MAX. */
int rg_kafka_topics_check(struct rg_kafka_admin *admin, const struct rg_kafka_topic_wish *wishes, size_t n, bool metadata_only,
                          int timeout_ms, struct rg_kafka_finding *ret_findings, size_t max, size_t *ret_n,
                          struct rg_error *err) RG_MUST_USE;
