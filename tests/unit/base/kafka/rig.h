/* What the tests of base/kafka share, whatever broker they run against: sinks that remember, and calls that must work. */
#pragma once

#include "base/kafka/kafka.h"

#define RIG_WAIT_MS 20000
#define RIG_RECORDS_MAX 4096
#define RIG_PARTITIONS_MAX 32

struct rg_kafka_config rig_config(const char *bootstrap);

/* ---- producer with a memory of what became of each record; the opaque of a record is its index ---- */
struct rig_sender {
    struct rg_kafka_producer *producer;
    int fate[RIG_RECORDS_MAX]; /* 1: no report yet; else the report's code */
    int reports[RIG_RECORDS_MAX];
    int64_t offset[RIG_RECORDS_MAX];
    char text[256]; /* of the last failure */
};
struct rig_sender *rig_sender_new(const char *bootstrap, const char *topic, struct rg_kafka_producer_options options);
void rig_sender_free(struct rig_sender **sender);
/* Sends value "<prefix><index>" with key "k<index>". */
int rig_send(struct rig_sender *sender, const char *topic, int partition, size_t index, struct rg_error *err);
void rig_send_all(struct rig_sender *sender, const char *topic, int partition, size_t first,
                  size_t n); /* and waits for reports */
void rig_wait_reports(struct rig_sender *sender);

/* ---- group member that starts where it is told and remembers its assignment ---- */
struct rig_member {
    struct rg_kafka_consumer *consumer;
    int64_t start; /* offset given to every partition, or RG_KAFKA_STORED, or RG_KAFKA_HOLD */
    bool ask_committed; /* STORED, but BEGINNING where nothing was committed */
    int assigns, revokes, lost;
    bool commit_on_revoke;
    int commit_code;
    bool has[RIG_PARTITIONS_MAX];
    int64_t revoked_at[RIG_PARTITIONS_MAX];
    int committed, commit_failures;
};
void rig_member_start(struct rig_member *member, const char *bootstrap, const char *group, const char *topic);
int rig_member_count(const struct rig_member *member); /* partitions held */

struct rg_kafka_consumer *rig_reader(const char *bootstrap, const char *group);
void rig_read_from(struct rg_kafka_consumer *reader, const char *topic, int partition, int64_t offset);
/* The next event that is not NONE; fails the test after RIG_WAIT_MS. */
struct rg_kafka_event rig_next(struct rg_kafka_consumer *consumer);
/* The next message, which must come before any fault. */
struct rg_kafka_event rig_message(struct rg_kafka_consumer *consumer);
