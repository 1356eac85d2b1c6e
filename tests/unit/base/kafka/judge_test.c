/* Every sentence about a topic, one row each: what the cluster says, what was wished, what is found. */
#include "base/kafka/kafka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GOOD                                                                                                                     \
    .exists = true, .partitions = 64, .replicas = 3, .settings_known = true, .cleanup = "delete",                                \
    .timestamp_type = "LogAppendTime", .retention_ms = -1, .retention_bytes = -1, .message_bytes_max = 1048588, .min_insync = 2

static const struct rg_kafka_topic_wish ledger = {.name = "t",
                                                  .partitions = 64,
                                                  .cleanup = "delete",
                                                  .retention_ms_min = RG_KAFKA_RETENTION_FOREVER,
                                                  .message_bytes_min = 300000,
                                                  .log_append_time = true};
static const struct rg_kafka_topic_wish compacted = {
    .name = "t", .partitions = 64, .cleanup = "compact", .retention_ms_min = 1000};
static const struct rg_kafka_topic_wish month = {.name = "t", .cleanup = "delete", .retention_ms_min = 2592000000};
static const struct rg_kafka_topic_wish any = {.name = "t"};
static const struct rg_kafka_topic_wish optional = {.name = "t", .partitions = 64, .cleanup = "delete", .optional = true};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* a row is the good topic with something changed */
static const struct {
    const char *title;
    const struct rg_kafka_topic_wish *wish;
    struct rg_kafka_topic_facts facts;
    size_t n;
    enum rg_kafka_severity severity;
    const char *says; /* in the first finding */
} rows[] = {
    {"as wished", &ledger, {GOOD}, 0, 0, ""},
    {"absent", &ledger, {.exists = false}, 1, RG_KAFKA_REFUSE, "may not describe it; create it with 64 partitions"},
    {"absent, any count", &any, {.exists = false}, 1, RG_KAFKA_REFUSE, "does not exist"},
    {"absent, optional", &optional, {.exists = false}, 0, 0, ""},
    {"one partition less", &ledger, {GOOD, .partitions = 63}, 1, RG_KAFKA_REFUSE, "has 63 partitions, it must have 64"},
    {"one partition more", &ledger, {GOOD, .partitions = 65}, 1, RG_KAFKA_REFUSE, "has 65 partitions"},
    {"any number of partitions", &any, {GOOD, .partitions = 7}, 0, 0, ""},
    {"one replica", &ledger, {GOOD, .replicas = 1, .min_insync = 1}, 1, RG_KAFKA_WARN, "has one replica"},
    {"compacted ledger",
     &ledger,
     {GOOD, .cleanup = "compact"},
     1,
     RG_KAFKA_REFUSE,
     "cleanup.policy is compact, it must be delete"},
    {"both policies", &ledger, {GOOD, .cleanup = "compact,delete"}, 1, RG_KAFKA_REFUSE, "cleanup.policy=delete"},
    {"deleting state", &compacted, {GOOD}, 1, RG_KAFKA_REFUSE, "it must be compact"},
    {"compaction has no retention", &compacted, {GOOD, .cleanup = "compact", .retention_ms = 5}, 0, 0, ""},
    {"retention too short", &ledger, {GOOD, .retention_ms = 604800000}, 1, RG_KAFKA_REFUSE, "--add-config retention.ms=-1"},
    {"almost a month", &month, {GOOD, .retention_ms = 2591999999}, 1, RG_KAFKA_REFUSE, "retention.ms=2592000000"},
    {"exactly a month", &month, {GOOD, .retention_ms = 2592000000}, 0, 0, ""},
    {"bounded by size", &ledger, {GOOD, .retention_bytes = 1073741824}, 1, RG_KAFKA_REFUSE, "retention.bytes is 1073741824"},
    {"small records", &ledger, {GOOD, .message_bytes_max = 299999}, 1, RG_KAFKA_REFUSE, "max.message.bytes=300000"},
    {"just large enough", &ledger, {GOOD, .message_bytes_max = 300000}, 0, 0, ""},
    {"senders' clocks", &ledger, {GOOD, .timestamp_type = "CreateTime"}, 1, RG_KAFKA_REFUSE, "LogAppendTime"},
    {"senders' clocks, nobody minds", &month, {GOOD, .timestamp_type = "CreateTime"}, 0, 0, ""},
    {"unclean election", &any, {GOOD, .unclean_election = true}, 1, RG_KAFKA_REFUSE, "unclean.leader.election.enable=false"},
    {"one in-sync replica will do", &any, {GOOD, .min_insync = 1}, 1, RG_KAFKA_WARN, "min.insync.replicas is 1"},
    {"all must be in sync", &any, {GOOD, .min_insync = 3}, 1, RG_KAFKA_WARN, "one broker down stops all writing"},
    {"more than there are", &any, {GOOD, .min_insync = 4}, 1, RG_KAFKA_REFUSE, "nothing can be written"},
    {"settings not asked for", &ledger, {.exists = true, .partitions = 64, .replicas = 3}, 0, 0, ""},
    {"settings not asked for, partitions wrong",
     &ledger,
     {.exists = true, .partitions = 1, .replicas = 3},
     1,
     RG_KAFKA_REFUSE,
     "has 1 partitions"},
    {"everything wrong",
     &ledger,
     {.exists = true,
      .partitions = 1,
      .replicas = 1,
      .settings_known = true,
      .cleanup = "delete,compact",
      .timestamp_type = "CreateTime",
      .retention_ms = 1,
      .retention_bytes = 1,
      .message_bytes_max = 1,
      .min_insync = 2,
      .unclean_election = true},
     RG_KAFKA_FINDINGS_PER_TOPIC_MAX,
     RG_KAFKA_REFUSE,
     "has 1 partitions"},
};
#pragma GCC diagnostic pop

static void topics_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_kafka_finding findings[RG_KAFKA_FINDINGS_PER_TOPIC_MAX + 4] = {0};
        size_t n = rg_kafka_topic_judge(rows[i].wish, &rows[i].facts, findings, 0, RG_COUNT(findings));
        if (n != rows[i].n)
            fail_msg("%s: %zu findings, first \"%s\"", rows[i].title, n, findings[0].text);
        if (n == 0)
            continue;
        assert_int_equal(findings[0].severity, rows[i].severity);
        assert_string_equal(findings[0].topic, "t");
        if (strstr(findings[0].text, rows[i].says) == NULL)
            fail_msg("%s: \"%s\"", rows[i].title, findings[0].text);
    }
}

static void findings_stop_at_the_room_given(void **state)
{
    (void)state;
    const struct rg_kafka_topic_facts *worst = &rows[RG_COUNT(rows) - 1].facts;
    struct rg_kafka_finding findings[4] = {0};
    assert_int_equal(rg_kafka_topic_judge(&ledger, worst, findings, 0, 3), 3);
    assert_int_equal(findings[3].severity, 0);
    assert_int_equal(rg_kafka_topic_judge(&ledger, worst, findings, 3, 3), 3);
}

static void the_longest_name_is_not_cut_out_of_the_command(void **state)
{
    (void)state;
    char name[RG_KAFKA_TOPIC_NAME_MAX + 1] = "";
    memset(name, 'n', RG_KAFKA_TOPIC_NAME_MAX);
    struct rg_kafka_topic_wish wish = ledger;
    wish.name = name;
    struct rg_kafka_finding findings[RG_KAFKA_FINDINGS_PER_TOPIC_MAX] = {0};
    size_t n = rg_kafka_topic_judge(&wish, &rows[RG_COUNT(rows) - 1].facts, findings, 0, RG_COUNT(findings));
    for (size_t i = 0; i < n; i++)
        if (strstr(findings[i].text, "--entity-name") != NULL && strstr(findings[i].text, name) == NULL)
            fail_msg("cut: %s", findings[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_judged),
        cmocka_unit_test(findings_stop_at_the_room_given),
        cmocka_unit_test(the_longest_name_is_not_cut_out_of_the_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
