/* The systems around Régua as Kafka sees them: a billing system that speaks CloudEvents, Asaas with its webhooks, providers that
 * report deliveries, the network that cuts off and reconnects, and now and then somebody who sends rubbish. */
#pragma once

#include "base/core/error.h"
#include "base/kafka/kafka.h"
#include "tests/demo/agenda.h"

#define DEMO_TOPIC_BILLING "billing.events"
#define DEMO_TOPIC_ASAAS "asaas.webhooks"
#define DEMO_TOPIC_PROVIDERS "providers.receipts"
#define DEMO_TOPIC_NETWORK "network.events"
#define DEMO_RUBBISH_COUNT 4

struct demo_topic {
    const char *name;
    int partitions;
};
#define DEMO_UPSTREAM_TOPICS 4
extern const struct demo_topic demo_upstream_topics[DEMO_UPSTREAM_TOPICS];

struct demo_publisher;
RG_MUST_USE int demo_publisher_new(const struct rg_kafka_config *kafka, struct demo_publisher **ret_publisher,
                                   struct rg_error *err);
void demo_publisher_free(struct demo_publisher **publisher);
/* Queues what the entry says, as of its time. */
RG_MUST_USE int demo_publish(struct demo_publisher *publisher, const struct demo_entry *entry, struct rg_error *err);
/* Until all of it is written. */
RG_MUST_USE int demo_publisher_flush(struct demo_publisher *publisher, struct rg_error *err);
