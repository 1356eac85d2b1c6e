/* Settings: our defaults in one table with their reasons, what operators may not touch in another, and the handle made
 * from both.
 *
 * Order of application: the table, then the parameters of the consumer or producer, then the operator's own settings. A
 * setting that carries one of our guarantees is refused by name instead of being silently overridden, because an operator
 * who sets it expects it to do something. librdkafka has two names for some properties; both are listed. */
#include "base/core/log.h"
#include "base/core/suggest.h"
#include "base/kafka/internal.h"

#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#define ALL (RG_KAFKA_ROLE_CONSUMER | RG_KAFKA_ROLE_PRODUCER | RG_KAFKA_ROLE_ADMIN)
#define SETTING_VALUE_MAX 65536 /* a certificate chain fits */
#define REASON_BYTES_MAX 512

/* One row per default changed; the published part first so that the table can be handed out as it is. */
static const struct rg_kafka_default defaults[] = {
    {"enable.auto.commit", "false", "only what was acknowledged is committed, by us"},
    {"enable.auto.offset.store", "false", "a record that was merely read is not done"},
    {"auto.offset.reset", "error", "a position that is gone means lost or recreated data: stop and say so"},
    {"check.crcs", "true", "a flipped bit is not an event"},
    {"partition.assignment.strategy", "range",
     "topics with the same partitions go to the same member; newer assignors hang or lose offsets"},
    {"max.poll.interval.ms", "60000", "a member that is stuck holds up the group's rebalance for this long"},
    {"fetch.error.backoff.ms", "50", "a leader that moved costs tenths of a second, not half a second each time"},
    {"fetch.wait.max.ms", "100", "a partition that was just assigned or moved waits this long for the request under way"},
    {"topic.metadata.refresh.interval.ms", "10000", "partitions that a topic was given are read within seconds"},
    {"enable.idempotence", "true", "a repeated send is one record, in order"},
    {"enable.gapless.guarantee", "true", "a batch that is refused for good stops the stream instead of leaving a gap"},
    {"acks", "all", "acknowledged means on all in-sync replicas"},
    {"message.timeout.ms", "0", "a record that expires inside a batch breaks the sequence; deadlines are the owner's"},
    {"delivery.report.only.error", "false", "every record has its report"},
    {"allow.auto.create.topics", "false", "a topic made by a typing error has the wrong partitions"},
    {"socket.keepalive.enable", "true", "a broker that vanished without a goodbye is noticed"},
    {"socket.timeout.ms", "20000", "a broker that hangs, or behind a network that swallows all, is called away in half a minute"},
    {"socket.nagle.disable", "true", "small requests leave at once"},
    {"reconnect.backoff.max.ms", "2000", "seconds after the cluster is back we are back"},
    {"statistics.interval.ms", "2000", "whether any broker is up is read from them"},
    {"log.connection.close", "false", "idle connections closed by the broker are no news"},
};
static const struct rg_kafka_default refusals[] = {
    {"bootstrap.servers", NULL, "it is kafka.brokers"},
    {"metadata.broker.list", NULL, "it is kafka.brokers"},
    {"group.id", NULL, "groups are named by kafka.group"},
    {"group.instance.id", NULL, "static membership leaves a dead member's partitions waiting and fences its successor"},
    {"group.protocol.type", NULL, "members must be able to speak with each other"},
    {"partition.assignment.strategy", NULL, "topics with the same partitions must go to the same member"},
    {"enable.auto.commit", NULL, "it would commit what is not done"},
    {"auto.commit.enable", NULL, "it would commit what is not done"},
    {"auto.commit.interval.ms", NULL, "nothing is committed automatically"},
    {"enable.auto.offset.store", NULL, "it would commit what is not done"},
    {"offset.store.method", NULL, "positions are stored with the state they belong to"},
    {"offset.store.path", NULL, "positions are stored with the state they belong to"},
    {"offset.store.sync.interval.ms", NULL, "positions are stored with the state they belong to"},
    {"auto.offset.reset", NULL, "it would skip or repeat records in silence"},
    {"isolation.level", NULL, "records of transactions that were rolled back never happened"},
    {"check.crcs", NULL, "a flipped bit would become an event"},
    {"enable.partition.eof", NULL, "the program decides where it needs to know the end"},
    {"max.poll.interval.ms", NULL, "a stuck member would hold up its group"},
    {"enable.idempotence", NULL, "a repeated send would be two records"},
    {"enable.gapless.guarantee", NULL, "refused records would leave gaps"},
    {"acks", NULL, "records that one broker alone holds can be lost"},
    {"request.required.acks", NULL, "records that one broker alone holds can be lost"},
    {"message.timeout.ms", NULL, "records would expire unsent"},
    {"delivery.timeout.ms", NULL, "records would expire unsent"},
    {"message.send.max.retries", NULL, "records would be given up"},
    {"retries", NULL, "records would be given up"},
    {"max.in.flight", NULL, "order rests on it"},
    {"max.in.flight.requests.per.connection", NULL, "order rests on it"},
    {"queuing.strategy", NULL, "order rests on it"},
    {"transactional.id", NULL, "transactions are not used"},
    {"delivery.report.only.error", NULL, "every record needs its report"},
    {"partitioner", NULL, "the partition is always given"},
    {"msg_order_cmp", NULL, "order rests on it"},
    {"message.max.bytes", NULL, "it follows from the size of our records"},
    {"batch.num.messages", NULL, "it is how a refused record is singled out"},
    {"allow.auto.create.topics", NULL, "a topic made by a typing error has the wrong partitions"},
    {"topic.blacklist", NULL, "a topic that is hidden looks deleted"},
    {"statistics.interval.ms", NULL, "whether any broker is up is read from them"},
    {"log.queue", NULL, "log lines go where the program's do"},
    {"enabled_events", NULL, "it is for programs, not for operators"},
    {"opaque", NULL, "it is for programs, not for operators"},
    {"default_topic_conf", NULL, "it is for programs, not for operators"},
    {"interceptors", NULL, "it is for programs, not for operators"},
    {"plugin.library.paths", NULL, "it would load foreign code into the daemon"},
    {"builtin.features", NULL, "it is read-only"},
    {"test.mock.num.brokers", NULL, "the broker must be a real one"},
    {"test.mock.broker.rtt", NULL, "the broker must be a real one"},
};

size_t rg_kafka_defaults(const struct rg_kafka_default **ret_rows)
{
    *ret_rows = defaults;
    return RG_COUNT(defaults);
}

size_t rg_kafka_refusals(const struct rg_kafka_default **ret_rows)
{
    *ret_rows = refusals;
    return RG_COUNT(refusals);
}

/* librdkafka accepts any property on any handle but warns about the wrong kind; only consumers need the consumer's. */
static bool default_applies(const char *name, enum rg_kafka_role role)
{
    static const char *const consumer_only[] = {
        "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "check.crcs", "partition.assignment.strategy",
        "max.poll.interval.ms", "fetch.error.backoff.ms", "fetch.wait.max.ms", "allow.auto.create.topics",
        "statistics.interval.ms",
        "topic.metadata.refresh.interval.ms",
    };
    static const char *const producer_only[] = {
        "enable.idempotence", "enable.gapless.guarantee", "acks", "message.timeout.ms", "delivery.report.only.error",
    };
    for (size_t i = 0; i < RG_COUNT(consumer_only); i++)
        if (strcmp(name, consumer_only[i]) == 0)
            return role == RG_KAFKA_ROLE_CONSUMER;
    for (size_t i = 0; i < RG_COUNT(producer_only); i++)
        if (strcmp(name, producer_only[i]) == 0)
            return role == RG_KAFKA_ROLE_PRODUCER;
    return true;
}

/* librdkafka's words about brokers coming and going are its own business: it retries. So nothing it says is an error of ours. */
static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    if (strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "AUTOCREATE") == 0)
        return; /* settings serve producers and consumers alike; brokers too old for the other are not supported */
    enum rg_log_level ours = level <= LOG_WARNING  ? RG_LOG_WARNING
                             : level == LOG_NOTICE ? RG_LOG_NOTICE
                             : level == LOG_INFO   ? RG_LOG_INFO
                                                   : RG_LOG_DEBUG;
    rg_log(ours, "KAFKA-CLIENT", RG_LOG_NO_CTX, "%s: %s: %s", rk == NULL ? "kafka" : rd_kafka_name(rk), facility, text);
}

static bool is_secret(const char *name)
{
    return strcasestr(name, "password") != NULL || strcasestr(name, "secret") != NULL || strcasestr(name, "pem") != NULL ||
           strcasestr(name, "oauthbearer") != NULL || strcasestr(name, "jaas") != NULL;
}

static int fail_unknown(const rd_kafka_conf_t *conf, const char *name, struct rg_error *err)
{
    size_t dumped = 0;
    const char **dump = rd_kafka_conf_dump((rd_kafka_conf_t *)(uintptr_t)conf, &dumped); /* it only reads */
    const char **names = rg_alloc((dumped / 2 + 1) * sizeof *names);
    for (size_t i = 0; i < dumped / 2; i++)
        names[i] = dump[2 * i];
    const char *meant = rg_suggest(rg_str(name), names, dumped / 2);
    int code = meant == NULL ? rg_fail(err, RG_EINVAL, "%.100s is no setting of the Kafka client", name)
                             : rg_fail(err, RG_EINVAL, "%.100s is no setting of the Kafka client, did you mean %s?", name, meant);
    rg_free(&names);
    rd_kafka_conf_dump_free(dump, dumped);
    return code;
}

int rg_kafka_conf_put_outside(rd_kafka_conf_t *conf, const char *name, const char *value, struct rg_error *err)
{
    char reason[REASON_BYTES_MAX];
    switch (rd_kafka_conf_set(conf, name, value, reason, sizeof reason)) {
    case RD_KAFKA_CONF_OK: return 0;
    case RD_KAFKA_CONF_UNKNOWN: return fail_unknown(conf, name, err);
    case RD_KAFKA_CONF_INVALID:
    default:
        if (is_secret(name)) /* the reason may quote the value */
            return rg_fail(err, RG_EINVAL, "Kafka client setting %.100s has a value that is not accepted", name);
        return rg_fail(err, RG_EINVAL, "Kafka client setting %.60s: %.150s", name, reason);
    }
}

void rg_kafka_conf_put(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[REASON_BYTES_MAX];
    rd_kafka_conf_res_t set = rd_kafka_conf_set(conf, name, value, reason, sizeof reason);
    rg_assert(set == RD_KAFKA_CONF_OK);
}

void rg_kafka_conf_put_i64(rd_kafka_conf_t *conf, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    rg_kafka_conf_put(conf, name, text);
}

/* librdkafka takes a property of topics also with "topic." before its name. */
static int refuse_setting(const char *name, struct rg_error *err)
{
    static const char prefix[] = "topic.";
    const char *plain = strncasecmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
    for (size_t i = 0; i < RG_COUNT(refusals); i++)
        if (strcasecmp(name, refusals[i].name) == 0 || strcasecmp(plain, refusals[i].name) == 0)
            return rg_fail(err, RG_EREFUSED, "Kafka client setting %s cannot be set: %s", refusals[i].name, refusals[i].reason);
    size_t n = strlen(name);
    if (n >= 3 && strcasecmp(name + n - 3, "_cb") == 0)
        return rg_fail(err, RG_EREFUSED, "Kafka client setting %.100s cannot be set: it is for programs, not for operators",
                       name);
    return 0;
}

static int apply_settings(rd_kafka_conf_t *conf, const struct rg_kafka_config *config, struct rg_error *err)
{
    if (config->settings_n > RG_KAFKA_SETTINGS_MAX)
        return rg_fail(err, RG_ELIMIT, "%zu Kafka client settings, at most %d are taken", config->settings_n,
                       RG_KAFKA_SETTINGS_MAX);
    for (size_t i = 0; i < config->settings_n; i++) {
        const struct rg_kafka_setting *setting = &config->settings[i];
        rg_assert(setting->name != NULL);
        if (setting->value == NULL || strlen(setting->value) > SETTING_VALUE_MAX)
            return rg_fail(err, RG_EINVAL, "Kafka client setting %.100s needs a value of at most %d bytes", setting->name,
                           SETTING_VALUE_MAX);
        int code = refuse_setting(setting->name, err);
        if (code == 0)
            code = rg_kafka_conf_put_outside(conf, setting->name, setting->value, err);
        if (code < 0)
            return code;
    }
    return 0;
}

int rg_kafka_conf_begin(const struct rg_kafka_config *config, enum rg_kafka_role role, rd_kafka_conf_t **ret_conf,
                        struct rg_error *err)
{
    rg_assert((role & ALL) != 0);
    if (config->brokers == NULL || config->brokers[0] == '\0')
        return rg_fail(err, RG_EINVAL, "kafka.brokers is empty: give at least one host:port");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, log_line);
    for (size_t i = 0; i < RG_COUNT(defaults); i++)
        if (default_applies(defaults[i].name, role))
            rg_kafka_conf_put(conf, defaults[i].name, defaults[i].value);
    int code = rg_kafka_conf_put_outside(conf, "bootstrap.servers", config->brokers, err);
    if (code == 0 && config->client_id != NULL)
        code = rg_kafka_conf_put_outside(conf, "client.id", config->client_id, err);
    if (code < 0) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    *ret_conf = conf;
    return 0;
}

/* Only notes why: librdkafka has one sentence for all certificates that are not accepted. What OpenSSL refuses stays refused. */
static int note_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *error, int depth, const char *certificate,
                            size_t certificate_bytes, char *ret_reason, size_t reason_bytes, void *opaque)
{
    struct rg_kafka_watch *watch = opaque;
    (void)rk;
    (void)broker;
    (void)broker_id;
    (void)depth;
    (void)certificate;
    (void)certificate_bytes;
    rg_assert(watch->magic == RG_KAFKA_WATCH_MAGIC);
    if (*error == X509_V_OK)
        return 1;
    atomic_store(&watch->certificate_error, *error);
    (void)snprintf(ret_reason, reason_bytes, "%s", X509_verify_cert_error_string(*error));
    return 0;
}

int rg_kafka_handle_new(rd_kafka_conf_t *conf, const struct rg_kafka_config *config, enum rg_kafka_role role,
                        struct rg_kafka_watch *watch, rd_kafka_t **ret_rk, struct rg_error *err)
{
    int code = apply_settings(conf, config, err);
    if (code < 0) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    rg_assert(watch->magic == RG_KAFKA_WATCH_MAGIC);
    rd_kafka_conf_set_opaque(conf, watch);
    (void)rd_kafka_conf_set_ssl_cert_verify_cb(conf, note_certificate); /* fails only where TLS is not built in */
    char reason[REASON_BYTES_MAX] = "";
    rd_kafka_t *rk =
        rd_kafka_new(role == RG_KAFKA_ROLE_CONSUMER ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return rg_fail(err, RG_EINVAL, "the Kafka client refuses its settings: %.200s", reason);
    }
    *ret_rk = rk;
    return 0;
}

int rg_kafka_config_check(const struct rg_kafka_config *config, struct rg_error *err)
{
    rd_kafka_conf_t *conf = NULL;
    int code = rg_kafka_conf_begin(config, RG_KAFKA_ROLE_ADMIN, &conf, err);
    if (code < 0)
        return code;
    code = apply_settings(conf, config, err);
    rd_kafka_conf_destroy(conf);
    return code;
}

void rg_kafka_config_copy_init(struct rg_kafka_config_copy *copy, const struct rg_kafka_config *config)
{
    struct rg_kafka_setting *settings = rg_alloc((config->settings_n + 1) * sizeof *settings);
    for (size_t i = 0; i < config->settings_n; i++)
        settings[i] = (struct rg_kafka_setting){rg_strdup(config->settings[i].name), rg_strdup(config->settings[i].value)};
    copy->config = (struct rg_kafka_config){
        .brokers = rg_strdup(config->brokers),
        .client_id = config->client_id == NULL ? NULL : rg_strdup(config->client_id),
        .settings = settings,
        .settings_n = config->settings_n,
        .clock = config->clock,
    };
}

/* The struct borrows from its callers, so its members are const; here they are our own. */
static void free_text(const char *text)
{
    char *own = (char *)(uintptr_t)text;
    rg_free(&own);
}

void rg_kafka_config_copy_done(struct rg_kafka_config_copy *copy)
{
    for (size_t i = 0; i < copy->config.settings_n; i++) {
        free_text(copy->config.settings[i].name);
        free_text(copy->config.settings[i].value);
    }
    struct rg_kafka_setting *settings = (struct rg_kafka_setting *)(uintptr_t)copy->config.settings;
    rg_free(&settings);
    free_text(copy->config.brokers);
    free_text(copy->config.client_id);
    copy->config = (struct rg_kafka_config){0};
}
