/* What may be wrong with a topic, as sentences for an operator: what is, why it matters, how to set it.
 *
 * Refused is what would break a promise sooner or later (records that vanish, a partition count that moves debtors, records
 * that cannot be written); warned of is what only lowers the odds of surviving a broken disk. Pure, so that every sentence
 * has a test without a broker. */
#include "base/kafka/kafka.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct findings {
    const char *topic;
    struct rg_kafka_finding *items;
    size_t n, max;
};

static void add_finding(struct findings *findings, enum rg_kafka_severity severity, const char *fmt, ...) RG_PRINTF(3, 4);
static void add_finding(struct findings *findings, enum rg_kafka_severity severity, const char *fmt, ...)
{
    if (findings->n >= findings->max)
        return;
    struct rg_kafka_finding *finding = &findings->items[findings->n++];
    finding->severity = severity;
    finding->topic = findings->topic;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->text, sizeof finding->text, fmt, args);
    va_end(args);
}

/* Appends the command that cures it; `setting` is name=value. */
#define HOW_TO_SET "; set it with kafka-configs.sh --alter --entity-type topics --entity-name %s --add-config %s"

static void judge_copies(struct findings *found, const struct rg_kafka_topic_facts *facts)
{
    if (facts->replicas == 1)
        add_finding(found, RG_KAFKA_WARN, "has one replica: a broker that loses its disk loses the topic; three are advised");
    if (!facts->settings_known)
        return;
    if (facts->unclean_election)
        add_finding(found, RG_KAFKA_REFUSE,
                    "unclean.leader.election.enable is true: an out-of-date replica may become leader and acknowledged "
                    "records vanish" HOW_TO_SET,
                    found->topic, "unclean.leader.election.enable=false");
    if (facts->min_insync > facts->replicas)
        add_finding(found, RG_KAFKA_REFUSE,
                    "min.insync.replicas is %lld but there are %d replicas: nothing can be written" HOW_TO_SET,
                    (long long)facts->min_insync, facts->replicas, found->topic,
                    facts->replicas > 1 ? "min.insync.replicas=2" : "min.insync.replicas=1");
    else if (facts->replicas > 1 && facts->min_insync == 1)
        add_finding(found, RG_KAFKA_WARN,
                    "min.insync.replicas is 1: a record may be acknowledged by a single broker and lost with it" HOW_TO_SET,
                    found->topic, "min.insync.replicas=2");
    else if (facts->replicas > 1 && facts->min_insync == facts->replicas)
        add_finding(found, RG_KAFKA_WARN, "min.insync.replicas equals the %d replicas: one broker down stops all writing",
                    facts->replicas);
}

static bool wants_retention(const struct rg_kafka_topic_wish *wish, const struct rg_kafka_topic_facts *facts)
{
    return wish->retention_ms_min > 0 && strstr(facts->cleanup, "delete") != NULL;
}

static void judge_retention(struct findings *found, const struct rg_kafka_topic_wish *wish,
                            const struct rg_kafka_topic_facts *facts)
{
    char wanted[48];
    if (!wants_retention(wish, facts))
        return;
    bool forever = wish->retention_ms_min == RG_KAFKA_RETENTION_FOREVER;
    (void)snprintf(wanted, sizeof wanted, "retention.ms=%lld", forever ? -1LL : (long long)wish->retention_ms_min);
    if (facts->retention_ms >= 0 && facts->retention_ms < wish->retention_ms_min)
        add_finding(found, RG_KAFKA_REFUSE, "retention.ms is %lld: records vanish before they may" HOW_TO_SET,
                    (long long)facts->retention_ms, found->topic, wanted);
    if (facts->retention_bytes >= 0)
        add_finding(found, RG_KAFKA_REFUSE,
                    "retention.bytes is %lld: records vanish when the topic grows, however young they are" HOW_TO_SET,
                    (long long)facts->retention_bytes, found->topic, "retention.bytes=-1");
}

static void judge_cleanup(struct findings *found, const struct rg_kafka_topic_wish *wish,
                          const struct rg_kafka_topic_facts *facts)
{
    char wanted[48];
    if (wish->cleanup == NULL || strcmp(facts->cleanup, wish->cleanup) == 0)
        return;
    const char *why = strcmp(wish->cleanup, "delete") == 0
                          ? "compaction removes records that still count"
                          : "without compaction, or with deletion, what still counts is lost or what was erased stays";
    (void)snprintf(wanted, sizeof wanted, "cleanup.policy=%.24s", wish->cleanup);
    add_finding(found, RG_KAFKA_REFUSE, "cleanup.policy is %s, it must be %.24s: %s" HOW_TO_SET, facts->cleanup, wish->cleanup,
                why, found->topic, wanted);
}

static void judge_settings(struct findings *found, const struct rg_kafka_topic_wish *wish,
                           const struct rg_kafka_topic_facts *facts)
{
    char wanted[48];
    judge_cleanup(found, wish, facts);
    judge_retention(found, wish, facts);
    (void)snprintf(wanted, sizeof wanted, "max.message.bytes=%lld", (long long)wish->message_bytes_min);
    if (facts->message_bytes_max >= 0 && facts->message_bytes_max < wish->message_bytes_min)
        add_finding(found, RG_KAFKA_REFUSE, "max.message.bytes is %lld: our largest records would be refused" HOW_TO_SET,
                    (long long)facts->message_bytes_max, found->topic, wanted);
    if (wish->log_append_time && strcmp(facts->timestamp_type, "LogAppendTime") != 0)
        add_finding(found, RG_KAFKA_REFUSE, "message.timestamp.type is %s: retention would follow the senders' clocks" HOW_TO_SET,
                    facts->timestamp_type, found->topic, "message.timestamp.type=LogAppendTime");
}

size_t rg_kafka_topic_judge(const struct rg_kafka_topic_wish *wish, const struct rg_kafka_topic_facts *facts,
                            struct rg_kafka_finding *findings, size_t n, size_t max)
{
    struct findings found = {.topic = wish->name, .items = findings, .n = n, .max = max};
    if (!facts->exists) {
        if (!wish->optional && wish->partitions > 0)
            add_finding(&found, RG_KAFKA_REFUSE,
                        "does not exist, or the Kafka user may not describe it; create it with %d partitions", wish->partitions);
        else if (!wish->optional)
            add_finding(&found, RG_KAFKA_REFUSE, "does not exist, or the Kafka user may not describe it");
        return found.n;
    }
    if (wish->partitions > 0 && facts->partitions != wish->partitions)
        add_finding(&found, RG_KAFKA_REFUSE,
                    "has %d partitions, it must have %d: which partition a key belongs to follows from their number, "
                    "which is fixed for ever",
                    facts->partitions, wish->partitions);
    if (facts->settings_known)
        judge_settings(&found, wish, facts);
    judge_copies(&found, facts);
    return found.n;
}
