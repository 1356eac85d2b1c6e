/* From configuration to connections, and the questions asked before anything is trusted: may Redis evict keys, would a topic lose
 * records, is this the layout that was recorded. */
#include "daemon/internal.h"

#include "base/core/log.h"
#include "daemon/connections.h"
#include "daemon/state/store_redis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LEDGER_RECORD_BYTES (1 << 20)
#define DEADLETTER_BYTES (2 << 20)
#define DEADLETTER_RETENTION "2592000000" /* 30 days */
#define TOPICS_MAX (9 + RG_CHANNELS_MAX) /* ours, and one of each channel */
#define FINDINGS_MAX (TOPICS_MAX * RG_KAFKA_FINDINGS_PER_TOPIC_MAX)
#define ASKING_ARENA_BYTES ((size_t)1024 * 1024) /* of one look at the topics: it is taken again for as long as Kafka is away */

void rg_daemon_waiting(struct rg_daemon *daemon, const char *fmt, ...)
{
    char text[sizeof daemon->waiting_for];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)pthread_mutex_lock(&daemon->mutex);
    bool news = strcmp(text, daemon->waiting_for) != 0;
    memcpy(daemon->waiting_for, text, sizeof text);
    (void)pthread_mutex_unlock(&daemon->mutex);
    if (news && text[0] != '\0')
        rg_log(RG_LOG_WARNING, "WAITING", RG_LOG_NO_CTX, "%s; trying again", text);
}

static void name_topic(char into[RG_KAFKA_TOPIC_NAME_MAX + 1], struct rg_str name, const char *suffix)
{
    (void)snprintf(into, RG_KAFKA_TOPIC_NAME_MAX + 1, RG_STR_FMT "%s", RG_STR_ARG(name), suffix);
}

static void topic_names(struct rg_daemon *daemon)
{
    const struct rg_site_topics *site = &daemon->site->kafka.topics;
    struct rg_topic_names *t = &daemon->topics;
    name_topic(t->ledger, site->ledger, "");
    name_topic(t->people, site->people, "");
    name_topic(t->control, site->control, "");
    name_topic(t->messages, site->messages, "");
    name_topic(t->signals, site->signals, "");
    name_topic(t->deadletter, site->deadletter, "");
    name_topic(t->retry, site->retry, "");
    name_topic(t->actions_prefix, site->actions, ".");
    size_t n = daemon->site->channels.count;
    daemon->channel_topics = (const char **)(void *)RG_NEW(daemon->arena, char *, n + 2);
    for (size_t i = 0; i < n; i++)
        daemon->channel_topics[daemon->channel_count++] =
            rg_arena_printf(daemon->arena, "%s" RG_STR_FMT, t->actions_prefix, RG_STR_ARG(rg_site_channels(daemon->site)[i].section.name)).p;
    daemon->channel_topics[daemon->channel_count++] = rg_arena_printf(daemon->arena, "%s" RG_QUEUE_SIGNALS, t->actions_prefix).p;
    daemon->channel_topics[daemon->channel_count++] = rg_arena_printf(daemon->arena, "%s" RG_QUEUE_OWED, t->actions_prefix).p;
}

int rg_daemon_connections(struct rg_daemon *daemon, struct rg_error *err)
{
    topic_names(daemon);
    int rc = rg_connect_kafka(daemon->site, daemon->arena, "reguad", &daemon->runtime.clock, &daemon->kafka, err);
    return rc < 0 ? rc : rg_connect_redis(daemon->site, daemon->arena, &daemon->redis, err);
}

int rg_daemon_check_redis(struct rg_daemon *daemon, struct rg_error *err)
{
    char warning[256];
    int rc = daemon->clock_redis == NULL ? rg_redis_new(&daemon->redis, &daemon->clock_redis, err) : 0;
    if (rc == 0 && !rg_redis_alive(daemon->clock_redis))
        rc = rg_redis_connect(daemon->clock_redis, err);
    if (rc == 0)
        rc = rg_redis_check_settings(daemon->clock_redis, warning, err);
    if (rc == 0)
        rc = rg_state_check_rights(daemon->clock_redis, err);
    daemon->redis_checked = rc == 0;
    if (rc == 0 && warning[0] != '\0')
        rg_log(RG_LOG_WARNING, "REDIS-UNSAFE", RG_LOG_NO_CTX, "%s", warning);
    return rc;
}

/* ---- topics ---- */

static const struct rg_kafka_setting keep_forever[] = {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"},
                                                       {"message.timestamp.type", "LogAppendTime"}, {"max.message.bytes", "1048588"}};
static const struct rg_kafka_setting compacted[] = {{"cleanup.policy", "compact"}, {"max.message.bytes", "1048588"}};
static const struct rg_kafka_setting messages[] = {{"cleanup.policy", "compact"}, {"max.message.bytes", "3145728"}};
static const struct rg_kafka_setting kept[] = {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}};
static const struct rg_kafka_setting actions[] = {{"cleanup.policy", "delete"}, {"retention.ms", "2592000000"}};
static const struct rg_kafka_setting dead[] = {{"cleanup.policy", "delete"}, {"retention.ms", DEADLETTER_RETENTION}, {"max.message.bytes", "2097152"}};

struct plan {
    struct rg_kafka_topic_spec specs[TOPICS_MAX];
    struct rg_kafka_topic_wish wishes[TOPICS_MAX];
    size_t n;
};

#define ADD(plan, topic, partitions_, settings_, ...)                                                                      \
    do {                                                                                                                   \
        (plan)->specs[(plan)->n] = (struct rg_kafka_topic_spec){.name = (topic), .partitions = (partitions_), .replication = replicas, \
                                                                .settings = (settings_), .settings_n = RG_COUNT(settings_)};           \
        (plan)->wishes[(plan)->n++] = (struct rg_kafka_topic_wish){.name = (topic), __VA_ARGS__};                            \
    } while (0)

static void make_plan(struct rg_daemon *daemon, struct plan *plan)
{
    const struct rg_topic_names *t = &daemon->topics;
    int shards = (int)daemon->site->kafka.shards, replicas = daemon->site->kafka.replicas > 0 ? (int)daemon->site->kafka.replicas : -1;
    plan->n = 0;
    ADD(plan, t->ledger, shards, keep_forever, .partitions = shards, .cleanup = "delete", .retention_ms_min = RG_KAFKA_RETENTION_FOREVER,
        .message_bytes_min = LEDGER_RECORD_BYTES, .log_append_time = true);
    ADD(plan, t->people, shards, compacted, .partitions = shards, .cleanup = "compact", .message_bytes_min = LEDGER_RECORD_BYTES);
    ADD(plan, t->control, 1, compacted, .partitions = 1, .cleanup = "compact");
    ADD(plan, t->messages, shards, messages, .partitions = shards, .cleanup = "compact", .message_bytes_min = DEADLETTER_BYTES);
    ADD(plan, t->signals, shards, kept, .partitions = shards);
    ADD(plan, t->deadletter, shards, dead, .message_bytes_min = DEADLETTER_BYTES);
    ADD(plan, t->retry, shards, dead, .message_bytes_min = DEADLETTER_BYTES);
    for (size_t i = 0; i < daemon->channel_count; i++)
        ADD(plan, daemon->channel_topics[i], shards, actions, .partitions = shards, .cleanup = "delete");
}

static int judge(const struct rg_kafka_finding *findings, size_t n, struct rg_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rg_log_ctx ctx = {.topic = findings[i].topic, .shard = -1};
        bool refuse = findings[i].severity == RG_KAFKA_REFUSE;
        rg_log(refuse ? RG_LOG_ERROR : RG_LOG_WARNING, "TOPIC", &ctx, "%s", findings[i].text);
        if (refuse && rc == 0)
            rc = rg_fail(err, RG_EREFUSED, "%s", findings[i].text);
    }
    return rc;
}

int rg_daemon_check_topics(struct rg_daemon *daemon, struct rg_error *err)
{
    struct rg_kafka_admin *admin = NULL;
    size_t n = 0;
    if (daemon->options.trust_topics)
        return 0;
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(ASKING_ARENA_BYTES);
    struct plan *plan = RG_NEW(arena, struct plan, 1);
    struct rg_kafka_finding *findings = RG_NEW(arena, struct rg_kafka_finding, FINDINGS_MAX);
    make_plan(daemon, plan);
    int rc = rg_kafka_admin_new(&daemon->kafka, &admin, err);
    if (rc == 0)
        rc = rg_kafka_reach(admin, RG_TOPIC_TIMEOUT_MS, err);
    if (rc == 0 && daemon->site->kafka.create_topics)
        rc = rg_kafka_topics_ensure(admin, plan->specs, plan->n, RG_TOPIC_TIMEOUT_MS, err);
    if (rc == 0)
        rc = rg_kafka_topics_check(admin, plan->wishes, plan->n, false, RG_TOPIC_TIMEOUT_MS, findings, FINDINGS_MAX, &n, err);
    if (rc == 0)
        rc = judge(findings, n, err);
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    return rc;
}

int rg_daemon_check_layout(struct rg_daemon *daemon, struct rg_error *err)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    int shards = (int)daemon->site->kafka.shards;
    rg_control_turn(daemon->control, 50);
    struct rg_control_state state = rg_runtime_control(&daemon->runtime, arena);
    if (!state.loaded)
        return rg_fail(err, RG_EUNREACHABLE, "%s is not read to its end yet", daemon->topics.control);
    if (state.layout_shards == 0) {
        int rc = rg_control_record_layout(daemon->control, shards, err);
        return rc < 0 ? rc : rg_fail(err, RG_EUNREACHABLE, "the number of shards was just recorded; reading it back");
    }
    if (state.layout_shards != shards)
        return rg_fail(err, RG_EREFUSED, "kafka.shards is %d, but %d is recorded in %s: the number of shards is fixed for ever", shards,
                       state.layout_shards, daemon->topics.control);
    return 0;
}
