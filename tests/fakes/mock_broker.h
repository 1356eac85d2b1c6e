/* An in-process Kafka broker on a real TCP port, from librdkafka's mock cluster; for other processes too, while this one lives.
 *
 * What it cannot do: admin requests, idempotence checks, transactions' isolation, elections when a broker goes down. It keeps at
 * most 5 MiB or 100,000 records a partition and drops older ones silently. The first join of a group waits 3 s. */
#pragma once

#include "base/core/error.h"

struct rg_mock_broker;

struct rg_mock_topic {
    const char *name;
    int partitions;
};

/* Aborts when the cluster cannot be made: nothing a test or the demo could do about it. */
struct rg_mock_broker *rg_mock_broker_new(int brokers, const struct rg_mock_topic *topics, size_t topics_n)
    __attribute__((returns_nonnull));
void rg_mock_broker_free(struct rg_mock_broker **broker);

const char *rg_mock_broker_bootstrap(const struct rg_mock_broker *broker); /* "127.0.0.1:port,…" */

int rg_mock_broker_add_topic(struct rg_mock_broker *broker, const struct rg_mock_topic *topic, struct rg_error *err) RG_MUST_USE;

/* Faults. Broker ids count from 1; 0 means all of them. */
void rg_mock_broker_down(struct rg_mock_broker *broker, int id);
void rg_mock_broker_up(struct rg_mock_broker *broker, int id);
void rg_mock_broker_delay(struct rg_mock_broker *broker, int id, int rtt_ms);
void rg_mock_broker_hide(struct rg_mock_broker *broker, const char *topic, bool hidden); /* asked for: there is no such topic */
void rg_mock_broker_lead(struct rg_mock_broker *broker, const char *topic, int partition, int id); /* id 0: no leader */

enum rg_mock_request {
    RG_MOCK_PRODUCE = 0,
    RG_MOCK_FETCH = 1,
    RG_MOCK_LIST_OFFSETS = 2,
    RG_MOCK_METADATA = 3,
    RG_MOCK_OFFSET_COMMIT = 8,
    RG_MOCK_OFFSET_FETCH = 9,
    RG_MOCK_FIND_COORDINATOR = 10,
    RG_MOCK_JOIN_GROUP = 11,
    RG_MOCK_INIT_PRODUCER_ID = 22
};
/* The next `times` requests of the kind are answered with this protocol error (-195: the connection is cut). */
void rg_mock_broker_fail(struct rg_mock_broker *broker, enum rg_mock_request request, int error, size_t times);
