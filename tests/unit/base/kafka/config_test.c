/* Settings: what carries a guarantee cannot be set, what is misspelt is named, what is secret is not repeated. */
#include "base/kafka/kafka.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int check_one(const char *name, const char *value, struct rg_error *err)
{
    struct rg_kafka_setting setting = {name, value};
    struct rg_kafka_config config = {.brokers = "127.0.0.1:1", .client_id = "test", .settings = &setting, .settings_n = 1};
    *err = (struct rg_error){0};
    return rg_kafka_config_check(&config, err);
}

static void guarantees_cannot_be_set(void **state)
{
    (void)state;
    const struct rg_kafka_default *rows = NULL;
    size_t n = rg_kafka_refusals(&rows);
    assert_true(n > 30);
    for (size_t i = 0; i < n; i++) {
        struct rg_error err;
        assert_int_equal(check_one(rows[i].name, "1", &err), RG_EREFUSED);
        assert_non_null(strstr(err.text, rows[i].name));
        char shouted[128] = "";
        for (size_t c = 0; rows[i].name[c] != '\0'; c++)
            shouted[c] = (char)toupper((unsigned char)rows[i].name[c]);
        assert_int_equal(check_one(shouted, "1", &err), RG_EREFUSED);
        char prefixed[128]; /* librdkafka's other way to name what belongs to a topic */
        (void)snprintf(prefixed, sizeof prefixed, "topic.%s", rows[i].name);
        assert_int_equal(check_one(prefixed, "1", &err), RG_EREFUSED);
    }
}

/* A default that an operator could override in silence would be no guarantee. These are matters of taste. */
static void defaults_are_either_guarded_or_harmless(void **state)
{
    (void)state;
    static const char *const harmless[] = {
        "fetch.error.backoff.ms", "fetch.wait.max.ms",        "topic.metadata.refresh.interval.ms", "socket.keepalive.enable",
        "socket.nagle.disable",   "reconnect.backoff.max.ms", "log.connection.close",
        "socket.timeout.ms",
    };
    bool patient = true;
    const struct rg_kafka_default *rows = NULL, *refusals = NULL;
    size_t n = rg_kafka_defaults(&rows), refusals_n = rg_kafka_refusals(&refusals);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        assert_non_null(rows[i].value);
        assert_true(strlen(rows[i].reason) > 10);
        for (size_t k = 0; k < RG_COUNT(harmless); k++)
            known = known || strcmp(rows[i].name, harmless[k]) == 0;
        for (size_t k = 0; k < refusals_n; k++)
            known = known || strcmp(rows[i].name, refusals[k].name) == 0;
        assert_true(known);
        patient = patient && (strcmp(rows[i].name, "socket.timeout.ms") != 0 || atoi(rows[i].value) > 30000);
    }
    assert_false(patient); /* librdkafka's own minute, and what follows, is a long time for the person on call */
}

static void settings_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int code;
        const char *says;
    } rows[] = {
        {"security.protocol", "plaintext", 0, ""},
        {"sasl.mechanism", "SCRAM-SHA-512", 0, ""},
        {"session.timeout.ms", "20000", 0, ""},
        {"compression.type", "lz4", 0, ""},
        {"broker.address.family", "v4", 0, ""},
        {"security.protocl", "ssl", RG_EINVAL, "did you mean security.protocol"},
        {"acs", "all", RG_EINVAL, "acs is no setting"},
        {"what.is.this", "1", RG_EINVAL, "what.is.this is no setting"},
        {"", "1", RG_EINVAL, "no setting"},
        {"socket.timeout.ms", "soon", RG_EINVAL, "socket.timeout.ms"},
        {"socket.timeout.ms", "-4", RG_EINVAL, "socket.timeout.ms"},
        {"security.protocol", "telnet", RG_EINVAL, "security.protocol"},
        {"security.protocol", NULL, RG_EINVAL, "security.protocol"},
        {"rebalance_cb", "1", RG_EREFUSED, "rebalance_cb"},
        {"oauthbearer_token_refresh_cb", "1", RG_EREFUSED, "for programs"},
        {"log_cb", "1", RG_EREFUSED, "for programs"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err;
        assert_int_equal(check_one(rows[i].name, rows[i].value, &err), rows[i].code);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].name, err.text, rows[i].says);
    }
}

static void values_of_secrets_are_not_repeated(void **state)
{
    (void)state;
    struct rg_error err;
    assert_int_equal(check_one("ssl.key.pem", "hunter2 is no key", &err), 0); /* looked at when the handle is made */
    struct rg_kafka_setting setting = {"ssl.key.pem", "hunter2 is no key"};
    struct rg_kafka_setting settings[] = {{"security.protocol", "ssl"}, setting};
    struct rg_kafka_config config = {.brokers = "127.0.0.1:1", .settings = settings, .settings_n = 2};
    struct rg_kafka_admin *admin = NULL;
    err = (struct rg_error){0};
    assert_int_equal(rg_kafka_admin_new(&config, &admin, &err), RG_EINVAL);
    assert_null(strstr(err.text, "hunter2"));
    assert_null(admin);
}

static void counts_and_sizes_have_limits(void **state)
{
    (void)state;
    struct rg_kafka_setting settings[RG_KAFKA_SETTINGS_MAX + 1];
    for (size_t i = 0; i < RG_COUNT(settings); i++)
        settings[i] = (struct rg_kafka_setting){"security.protocol", "plaintext"};
    struct rg_kafka_config config = {.brokers = "127.0.0.1:1", .settings = settings, .settings_n = RG_KAFKA_SETTINGS_MAX};
    struct rg_error err = {0};
    assert_int_equal(rg_kafka_config_check(&config, &err), 0);
    config.settings_n++;
    assert_int_equal(rg_kafka_config_check(&config, &err), RG_ELIMIT);
    static char longest[65536 + 2];
    memset(longest, 'x', 65536);
    assert_int_equal(check_one("sasl.password", longest, &err), 0);
    longest[65536] = 'x';
    assert_int_equal(check_one("sasl.password", longest, &err), RG_EINVAL);
    assert_true(strlen(err.text) < 200);
}

static void brokers_must_be_given(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL, ""};
    for (size_t i = 0; i < RG_COUNT(bad); i++) {
        struct rg_error err = {0};
        assert_int_equal(rg_kafka_config_check(&(struct rg_kafka_config){.brokers = bad[i]}, &err), RG_EINVAL);
        assert_non_null(strstr(err.text, "brokers"));
    }
}

static void nop_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    (void)report;
}

static void options_have_limits(void **state)
{
    (void)state;
    struct rg_kafka_config config = {.brokers = "127.0.0.1:1"};
    struct rg_error err = {0};
    struct rg_kafka_producer *producer = NULL;
    static const struct rg_kafka_producer_options producers[] = {
        {.on_report = nop_report, .linger_ms = -1},
        {.on_report = nop_report, .linger_ms = 900001},
        {.on_report = nop_report, .queue_max = 10000001},
        {.on_report = nop_report, .queue_max_kbytes = (size_t)INT32_MAX + 1},
        {.on_report = nop_report, .record_max_bytes = 64 * 1024 * 1024 + 1},
    };
    for (size_t i = 0; i < RG_COUNT(producers); i++)
        assert_int_equal(rg_kafka_producer_new(&config, &producers[i], &producer, &err), RG_ELIMIT);
    char name[RG_KAFKA_TOPIC_NAME_MAX + 2] = "";
    memset(name, 't', RG_KAFKA_TOPIC_NAME_MAX + 1);
    const char *long_name = name, *pattern = "^.*", *empty = "";
    const char *many[RG_KAFKA_TOPICS_MAX + 1];
    for (size_t i = 0; i < RG_COUNT(many); i++)
        many[i] = "t";
    const struct rg_kafka_consumer_options consumers[] = {
        {.group = NULL},
        {.group = ""},
        {.group = "g", .topics = &long_name, .topics_n = 1},
        {.group = "g", .topics = &pattern, .topics_n = 1},
        {.group = "g", .topics = &empty, .topics_n = 1},
        {.group = "g", .topics = many, .topics_n = RG_COUNT(many)},
    };
    struct rg_kafka_consumer *consumer = NULL;
    for (size_t i = 0; i < RG_COUNT(consumers); i++)
        assert_true(rg_kafka_consumer_new(&config, &consumers[i], &consumer, &err) < 0);
    assert_null(producer);
    assert_null(consumer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guarantees_cannot_be_set), cmocka_unit_test(defaults_are_either_guarded_or_harmless),
        cmocka_unit_test(settings_are_checked),     cmocka_unit_test(values_of_secrets_are_not_repeated),
        cmocka_unit_test(counts_and_sizes_have_limits), cmocka_unit_test(brokers_must_be_given),
        cmocka_unit_test(options_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
