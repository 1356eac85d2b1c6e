/* What the files of this folder share and nobody else sees. */
#pragma once

#include "base/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

enum rg_kafka_role { RG_KAFKA_ROLE_CONSUMER = 1, RG_KAFKA_ROLE_PRODUCER = 2, RG_KAFKA_ROLE_ADMIN = 4 };

/* An owned copy of what the caller's rg_kafka_config borrowed, for handles that are made again. */
struct rg_kafka_config_copy {
    struct rg_kafka_config config;
};
void rg_kafka_config_copy_init(struct rg_kafka_config_copy *copy, const struct rg_kafka_config *config);
void rg_kafka_config_copy_done(struct rg_kafka_config_copy *copy);

/* Our defaults for the role. Parameters are set next, then rg_kafka_handle_new applies the operator's settings on top. */
int rg_kafka_conf_begin(const struct rg_kafka_config *config, enum rg_kafka_role role, rd_kafka_conf_t **ret_conf,
                        struct rg_error *err) RG_MUST_USE;
void rg_kafka_conf_put(rd_kafka_conf_t *conf, const char *name, const char *value); /* our own values: a refusal is our bug */
void rg_kafka_conf_put_i64(rd_kafka_conf_t *conf, const char *name, int64_t value);
int rg_kafka_conf_put_outside(rd_kafka_conf_t *conf, const char *name, const char *value, struct rg_error *err) RG_MUST_USE;
/* librdkafka's error as one of ours. */
int rg_kafka_err_code(rd_kafka_resp_err_t error);
int rg_kafka_fail(struct rg_error *err, rd_kafka_resp_err_t error, const char *fmt, ...) RG_PRINTF(3, 4); /* appends ": reason" */
/* Destroys `error`. */
int rg_kafka_fail_error(struct rg_error *err, rd_kafka_error_t *error, const char *fmt, ...) RG_PRINTF(3, 4);

#define RG_KAFKA_WATCH_MAGIC 0x6b776174u

/* Health, fed by librdkafka's error and statistics callbacks. The first member of whatever a handle has as its opaque. */
struct rg_kafka_watch {
    uint32_t magic;
    struct rg_kafka_health health;
    struct rg_error cause; /* why a broker cannot be spoken to; code 0: since the last answer nothing was heard of it */
    _Atomic int certificate_error; /* OpenSSL's, of the last certificate that was not accepted; written by librdkafka's threads */
    const struct rg_clock *clock;
};
void rg_kafka_watch_init(struct rg_kafka_watch *watch, const struct rg_clock *clock);
void rg_kafka_watch_error(struct rg_kafka_watch *watch, rd_kafka_t *rk, rd_kafka_resp_err_t error, const char *reason);
void rg_kafka_watch_alive(struct rg_kafka_watch *watch); /* a broker answered just now */
void rg_kafka_watch_statistics(struct rg_kafka_watch *watch, const char *json, size_t n);
/* For the end of a question to the brokers: `code` 0 is an answer; where none came *err tells the cause, not the time-out. */
int rg_kafka_watch_answer(struct rg_kafka_watch *watch, int code, struct rg_error *err);

/* Takes the conf in any case. `watch`, and whatever it is the first member of, reaches the callbacks. */
int rg_kafka_handle_new(rd_kafka_conf_t *conf, const struct rg_kafka_config *config, enum rg_kafka_role role,
                        struct rg_kafka_watch *watch, rd_kafka_t **ret_rk, struct rg_error *err) RG_MUST_USE;

/* Destroys the handle in a thread of its own and waits `deadline_ms` at most; then it is left behind, loudly. */
void rg_kafka_handle_free(rd_kafka_t *rk, int flags, int deadline_ms);

/* Real monotonic time for deadlines against hanging calls: librdkafka waits in real time also under a test clock. */
int64_t rg_kafka_real_ms(void);
int rg_kafka_rest_ms(int64_t until_ms, int at_least_ms); /* what is left until then */
void rg_kafka_pause(void); /* between two questions, a few tens of ms */

/* A broker that has not heard of a new topic yet says that there is none: such an answer is believed only after this long. */
#define RG_KAFKA_DOUBT_MS 2000

/* The partitions of an assignment, with where each stands. */
struct rg_kafka_slot {
    char *topic;
    int partition;
    int64_t start; /* as assigned, may be a special offset */
    int64_t next;  /* behind the last record delivered; RG_KAFKA_NONE when not known */
    bool held;     /* paused by us, nothing is delivered before a seek */
    bool dead;     /* its fetcher has ended: only a new assignment starts it again */
};
struct rg_kafka_slots {
    struct rg_kafka_slot *items;
    size_t count;
    uint32_t *buckets; /* index + 1, by open addressing; 0 is free */
    size_t buckets_n;
    struct rg_kafka_slot *last; /* records come in runs of one partition */
};
void rg_kafka_slots_set(struct rg_kafka_slots *slots, const struct rg_kafka_position *positions, size_t n);
void rg_kafka_slots_done(struct rg_kafka_slots *slots);
struct rg_kafka_slot *rg_kafka_slots_find(struct rg_kafka_slots *slots, const char *topic, int partition); /* or NULL */
/* The slots as positions (topics borrowed); free the array with rg_free. */
struct rg_kafka_position *rg_kafka_slots_positions(const struct rg_kafka_slots *slots);

struct rg_kafka_consumer {
    struct rg_kafka_watch watch; /* first */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    char *group;
    struct rg_kafka_consumer_ops ops;
    void *ctx;
    bool member;
    struct rg_kafka_slots slots;
    rd_kafka_message_t *current; /* what the last event borrowed from */
    struct rg_error trouble;     /* met inside a callback; the next event tells */
};

/* Takes exactly these partitions from these offsets; RG_KAFKA_HOLD is allowed. */
int rg_kafka_assignment_start(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n,
                              struct rg_error *err) RG_MUST_USE;
void rg_kafka_assignment_drop(struct rg_kafka_consumer *consumer);
/* The answer to an asynchronous commit, as librdkafka hands it out. */
void rg_kafka_commit_done(rd_kafka_t *rk, rd_kafka_resp_err_t result, rd_kafka_topic_partition_list_t *list, void *opaque);
/* Pauses every partition marked as held. */
int rg_kafka_assignment_hold(struct rg_kafka_consumer *consumer, struct rg_error *err) RG_MUST_USE;

/* Edge offsets of positions by any handle. */
int rg_kafka_edges_ask(rd_kafka_t *rk, enum rg_kafka_edge edge, struct rg_kafka_position *positions, size_t n, int timeout_ms,
                       struct rg_error *err) RG_MUST_USE;
int rg_kafka_partitions_ask(rd_kafka_t *rk, const char *topic, int timeout_ms, int *ret_partitions,
                            struct rg_error *err) RG_MUST_USE;

/* Lists never outlive their scope: one that leaks keeps its partitions alive and destroy waits for ever. */
rd_kafka_topic_partition_list_t *rg_kafka_list_from(const struct rg_kafka_position *positions, size_t n);
void rg_kafka_list_cleanup(rd_kafka_topic_partition_list_t **list);
#define RG_KAFKA_LIST RG_CLEANUP(rg_kafka_list_cleanup) rd_kafka_topic_partition_list_t *

static inline struct rg_str rg_kafka_slice(const void *bytes, size_t n)
{
    return (struct rg_str){bytes, bytes == NULL ? 0 : n};
}
