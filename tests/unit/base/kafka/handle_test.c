/* What every handle shares: an end with a deadline even when librdkafka's never comes, and errors in our words. */
#include "base/core/log.h"
#include "base/kafka/internal.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct leak_log {
    pthread_mutex_t lock;
    int leaks;
};

static void count_leaks(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    struct leak_log *log = sink_ctx;
    (void)level;
    (void)ctx;
    (void)text;
    (void)pthread_mutex_lock(&log->lock);
    log->leaks += strcmp(id, "KAFKA-LEAK") == 0;
    (void)pthread_mutex_unlock(&log->lock);
}

/* A connection that is never made: what holds up destroy in the field is a broker that cannot be reached. */
struct gate {
    struct rg_kafka_watch watch; /* first */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool waiting, open;
};

static int wait_at_gate(int fd, const struct sockaddr *address, int address_bytes, const char *id, void *opaque)
{
    struct gate *gate = opaque;
    (void)fd;
    (void)address;
    (void)address_bytes;
    (void)id;
    (void)pthread_mutex_lock(&gate->lock);
    gate->waiting = true;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        (void)pthread_cond_wait(&gate->changed, &gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
    return ECONNREFUSED;
}

static rd_kafka_t *make_handle(struct gate *gate)
{
    struct rg_kafka_config config = {.brokers = "127.0.0.1:1", .client_id = "handle"};
    rd_kafka_conf_t *conf = NULL;
    rd_kafka_t *rk = NULL;
    assert_int_equal(rg_kafka_conf_begin(&config, RG_KAFKA_ROLE_PRODUCER, &conf, NULL), 0);
    rd_kafka_conf_set_connect_cb(conf, wait_at_gate);
    rg_kafka_watch_init(&gate->watch, NULL);
    assert_int_equal(rg_kafka_handle_new(conf, &config, RG_KAFKA_ROLE_PRODUCER, &gate->watch, &rk, NULL), 0);
    return rk;
}

static void a_handle_that_hangs_is_left_behind_loudly(void **state)
{
    (void)state;
    struct leak_log log = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct gate closed = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}, opened = closed;
    opened.open = true;
    rg_log_capture(count_leaks, &log);
    rd_kafka_t *rk = make_handle(&closed);
    (void)pthread_mutex_lock(&closed.lock);
    while (!closed.waiting)
        (void)pthread_cond_wait(&closed.changed, &closed.lock);
    (void)pthread_mutex_unlock(&closed.lock);
    int64_t before_ms = rg_kafka_real_ms();
    rg_kafka_handle_free(rk, 0, 300);
    assert_in_range(rg_kafka_real_ms() - before_ms, 290, 5000);
    assert_int_equal(log.leaks, 1);

    rg_kafka_handle_free(make_handle(&opened), 0, 10000); /* nothing is left of one that can end */
    assert_int_equal(log.leaks, 1);

    (void)pthread_mutex_lock(&closed.lock);
    closed.open = true;
    (void)pthread_cond_broadcast(&closed.changed);
    (void)pthread_mutex_unlock(&closed.lock);
    for (int turn = 0; turn < 500 && rd_kafka_thread_cnt() > 0; turn++)
        rg_kafka_pause(); /* the thread left behind comes to its end after all */
    assert_int_equal(rd_kafka_thread_cnt(), 0);
    rg_log_capture(NULL, NULL);
}

static void errors_are_told_in_our_words(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t theirs;
        int ours;
        bool retryable;
    } rows[] = {
        {RD_KAFKA_RESP_ERR__TIMED_OUT, RG_ETIMEOUT, true},
        {RD_KAFKA_RESP_ERR__TRANSPORT, RG_EUNREACHABLE, true},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RG_EUNREACHABLE, true},
        {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RG_EUNREACHABLE, true},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RG_ENOTFOUND, false},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RG_ENOTFOUND, false},
        {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RG_EREFUSED, false},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RG_EREFUSED, false},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RG_EDENIED, true},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, RG_EDENIED, true},
        {RD_KAFKA_RESP_ERR__SSL, RG_EDENIED, true},
        {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RG_EREFUSED, false},
        {RD_KAFKA_RESP_ERR__BAD_MSG, RG_EREFUSED, false},
        {RD_KAFKA_RESP_ERR__PURGE_QUEUE, RG_EIO, false},
        {RD_KAFKA_RESP_ERR_UNKNOWN, RG_EIO, false},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        assert_int_equal(rg_kafka_fail(&err, rows[i].theirs, "topic %s", "t"), rows[i].ours);
        assert_int_equal(err.retryable, rows[i].retryable);
        assert_non_null(strstr(err.text, "topic t: "));
        assert_non_null(strstr(err.text, rd_kafka_err2str(rows[i].theirs)));
    }
    assert_int_equal(rg_kafka_err_code(RD_KAFKA_RESP_ERR_NO_ERROR), 0);
}

static int64_t clock_reads(void *ctx)
{
    return ++*(int64_t *)ctx;
}

static void health_follows_errors_and_statistics(void **state)
{
    (void)state;
    int64_t now_ms = 100;
    struct rg_clock clock = {.boot_ms = clock_reads, .wall_ms = clock_reads, .shared_ms = clock_reads, .ctx = &now_ms};
    static const char up[] = "{\"brokers\":{\"a\":{\"state\":\"DOWN\"},\"b\":{\"state\":\"UP\"}}}",
                      down[] = "{\"brokers\":{\"a\":{\"state\":\"TRY_CONNECT\"}}}";
    struct rg_kafka_watch watch;
    rg_kafka_watch_init(&watch, &clock);
    assert_false(watch.health.connected);
    assert_int_equal(watch.health.down_since_ms, 0);
    rg_kafka_watch_error(&watch, NULL, RD_KAFKA_RESP_ERR__TRANSPORT, "refused"); /* one broker of several */
    assert_int_equal(watch.health.down_since_ms, 0);
    assert_true(watch.health.last.retryable);
    rg_kafka_watch_error(&watch, NULL, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "all");
    assert_int_equal(watch.health.down_since_ms, 101);
    rg_kafka_watch_error(&watch, NULL, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "all");
    rg_kafka_watch_statistics(&watch, down, sizeof down - 1);
    assert_int_equal(watch.health.down_since_ms, 101); /* since when, not when last */
    rg_kafka_watch_statistics(&watch, up, sizeof up - 1);
    assert_true(watch.health.connected);
    assert_int_equal(watch.health.down_since_ms, 0);
    rg_kafka_watch_statistics(&watch, down, sizeof down - 1);
    assert_false(watch.health.connected);
    assert_int_equal(watch.health.down_since_ms, 102);
    rg_kafka_watch_statistics(&watch, "", 0);
    rg_kafka_watch_alive(&watch);
    assert_true(watch.health.connected);
}

/* The broker, what is wrong, what to do; and when all brokers are away that sentence stays, until one of them has answered. */
static void a_broker_that_cannot_be_spoken_to_is_explained(void **state)
{
    (void)state;
    static const char tls[] = "sasl_ssl://b:9/1: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: "
                              "broker certificate could not be verified, verify that ssl.ca.location is (after 9ms in state SSL)";
    enum { TLS = RD_KAFKA_RESP_ERR__SSL, LOGIN = RD_KAFKA_RESP_ERR__AUTHENTICATION, NETWORK = RD_KAFKA_RESP_ERR__TRANSPORT };
    static const struct {
        int certificate, error;
        const char *reason, *says, *silent;
    } rows[] = {
        {X509_V_ERR_IP_ADDRESS_MISMATCH, TLS, tls, "sasl_ssl://b:9/1: its certificate is not accepted: it is for", "ca.loc"},
        {X509_V_ERR_HOSTNAME_MISMATCH, TLS, tls, "advertised.listeners", "ca.loc"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS, tls, "is not in ssl.ca.location of kafka.client", "another name"},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS, tls, "is not in ssl.ca.location of kafka.client", "after"},
        {X509_V_ERR_CERT_HAS_EXPIRED, TLS, tls, "it has expired", "after"},
        {X509_V_ERR_CERT_REVOKED, TLS, tls, "not accepted: certificate revoked", "after"},
        {X509_V_OK, TLS, tls, "_SSL: sasl_ssl://b:9/1: SSL handshake failed", "after"},
        {X509_V_ERR_CERT_HAS_EXPIRED, TLS, "ssl://b:9/1: SSL handshake failed: Disconnected", "failed: Disconnected", "expired"},
        {X509_V_ERR_CERT_HAS_EXPIRED, TLS, "certificate verify failed", "_SSL: certificate verify failed", "expired"},
        {X509_V_OK, TLS, "", "_SSL: ", "after"},
        {X509_V_ERR_CERT_HAS_EXPIRED, NETWORK, "b:9/1: Connect: refused (after 0ms in C)", "b:9/1: Connect: refused", "after"},
        {X509_V_OK, NETWORK, "b:9/1: ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0.10 (see api.version.request "
                             "configuration) (after 10006ms in state APIVERSION_QUERY)",
         "b:9/1: it takes the connection and answers nothing", "version"},
        {X509_V_OK, LOGIN, "b:9/1: SASL error: no (after 3ms in A)", "b:9/1: the login is refused; compare sasl.", "after"},
        {X509_V_OK, LOGIN, "b:9/1: SASL error: no (after 3ms in A)", ": SASL error: no", "after"},
        {X509_V_OK, LOGIN, "GroupCoordinator: b:9: SASL error: no", "b:9: the login is refused; compare sasl.", "Coordinator"},
        {X509_V_OK, LOGIN, "no address", "_AUTHENTICATION: no address", "compare"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_kafka_watch watch;
        struct rg_error err = {0};
        rg_kafka_watch_init(&watch, NULL);
        assert_int_equal(rg_kafka_watch_answer(&watch, rg_fail(&err, RG_ETIMEOUT, "nothing came"), &err), RG_ETIMEOUT);
        atomic_store(&watch.certificate_error, rows[i].certificate);
        rg_kafka_watch_error(&watch, NULL, (rd_kafka_resp_err_t)rows[i].error, rows[i].reason);
        rg_kafka_watch_error(&watch, NULL, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
        assert_int_equal(rg_kafka_watch_answer(&watch, rg_fail(&err, RG_ETIMEOUT, "nothing came"), &err),
                         rows[i].error == NETWORK ? RG_EUNREACHABLE : RG_EDENIED);
        assert_true(err.retryable);
        if (strstr(err.text, rows[i].says) == NULL || strstr(err.text, rows[i].silent) != NULL)
            fail_msg("row %zu: %s", i, err.text);
        assert_string_equal(watch.health.last.text, err.text);
        assert_int_not_equal(watch.health.down_since_ms, 0);
        assert_int_equal(rg_kafka_watch_answer(&watch, RG_EINVAL, &err), RG_EINVAL); /* an answer of another kind stays */
        assert_int_equal(rg_kafka_watch_answer(&watch, 0, &err), 0);
        assert_int_equal(watch.health.down_since_ms, 0);
        assert_int_equal(rg_kafka_watch_answer(&watch, RG_ETIMEOUT, &err), RG_ETIMEOUT);
    }
}

static void partitions_are_found_among_many(void **state)
{
    (void)state;
    enum { TOPICS = 3, PARTITIONS = 512 };
    static const char *const names[TOPICS] = {"ledger", "people", "ledger.people"};
    static struct rg_kafka_position positions[TOPICS * PARTITIONS];
    struct rg_kafka_slots slots = {0};
    assert_null(rg_kafka_slots_find(&slots, "ledger", 0));
    rg_kafka_slots_set(&slots, NULL, 0);
    assert_null(rg_kafka_slots_find(&slots, "ledger", 0));
    for (int t = 0; t < TOPICS; t++)
        for (int p = 0; p < PARTITIONS; p++)
            positions[t * PARTITIONS + p] = (struct rg_kafka_position){names[t], p, p % 3 == 0 ? RG_KAFKA_HOLD : p};
    rg_kafka_slots_set(&slots, positions, RG_COUNT(positions));
    for (size_t i = 0; i < RG_COUNT(positions); i++) {
        const struct rg_kafka_slot *slot = rg_kafka_slots_find(&slots, positions[i].topic, positions[i].partition);
        assert_non_null(slot);
        assert_string_equal(slot->topic, positions[i].topic);
        assert_int_equal(slot->partition, positions[i].partition);
        assert_int_equal(slot->held, positions[i].partition % 3 == 0);
        assert_int_equal(slot->next, slot->held ? RG_KAFKA_NONE : positions[i].partition);
    }
    assert_null(rg_kafka_slots_find(&slots, "ledger", PARTITIONS));
    assert_null(rg_kafka_slots_find(&slots, "ledge", 1));
    assert_null(rg_kafka_slots_find(&slots, "ledger", -1));
    struct rg_kafka_position *again = rg_kafka_slots_positions(&slots);
    rg_kafka_slots_set(&slots, again, 10); /* from itself */
    assert_non_null(rg_kafka_slots_find(&slots, "ledger", 9));
    assert_null(rg_kafka_slots_find(&slots, "ledger", 10));
    rg_free(&again);
    rg_kafka_slots_done(&slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_that_hangs_is_left_behind_loudly),
        cmocka_unit_test(errors_are_told_in_our_words),
        cmocka_unit_test(a_broker_that_cannot_be_spoken_to_is_explained),
        cmocka_unit_test(health_follows_errors_and_statistics),
        cmocka_unit_test(partitions_are_found_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
