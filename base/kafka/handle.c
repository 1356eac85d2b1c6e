/* What every handle needs: errors in our words, health, lists that cannot leak, edge offsets, and an end with a deadline.
 *
 * rd_kafka_destroy can wait for ever (an unreachable broker, a partition that something still refers to), so it runs in a
 * thread of its own; when the deadline passes, thread and handle are left behind and the log says so. Ending the process
 * is then the only cure, and it is safe: nothing rests on destroy. */
#include "base/core/log.h"
#include "base/kafka/internal.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int rg_kafka_err_code(rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return 0;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return RG_ETIMEOUT;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER: return RG_EUNREACHABLE;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__NO_OFFSET: return RG_ENOTFOUND;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST: return RG_EREFUSED;
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return RG_EDENIED;
    default: return RG_EIO;
    }
}

int rg_kafka_fail(struct rg_error *err, rd_kafka_resp_err_t error, const char *fmt, ...)
{
    char what[160];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    int code = rg_kafka_err_code(error);
    return rg_fail(err, code == 0 ? RG_EIO : code, "%s: %s", what, rd_kafka_err2str(error));
}

int rg_kafka_fail_error(struct rg_error *err, rd_kafka_error_t *error, const char *fmt, ...)
{
    char what[120];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    int code = rg_kafka_err_code(rd_kafka_error_code(error));
    code = rg_fail(err, code == 0 ? RG_EIO : code, "%s: %.120s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return code;
}

void rg_kafka_watch_init(struct rg_kafka_watch *watch, const struct rg_clock *clock)
{
    *watch = (struct rg_kafka_watch){.magic = RG_KAFKA_WATCH_MAGIC, .clock = clock == NULL ? rg_clock_system() : clock};
}

/* What a person does about a certificate that is not accepted. */
static const char *certificate_advice(int error)
{
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "it is for another name than kafka.brokers or advertised.listeners say";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "the CA that signed it is not in ssl.ca.location of kafka.client";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "it has expired: renew it";
    default: return X509_verify_cert_error_string(error);
    }
}

/* librdkafka before 2.6.1 repeats its own nonce in SCRAM's last message, which brokers of Kafka 4 take for a wrong password. */
#define SCRAM_MENDED 0x020601ff

/* The broker, what is wrong with it, what to do. librdkafka's sentence begins with the broker's address and ends with how long it
 * took, which would make the same trouble a new one each time. */
static void tell_cause(struct rg_kafka_watch *watch, rd_kafka_resp_err_t error, const char *reason)
{
    static const char logical[] = "GroupCoordinator: "; /* stands before the address of the broker that is one */
    if (strncmp(reason, logical, sizeof logical - 1) == 0)
        reason += sizeof logical - 1;
    const char *timing = strstr(reason, " (after "), *colon = strstr(reason, ": ");
    int length = (int)(timing != NULL ? (size_t)(timing - reason) : strlen(reason));
    int address = colon != NULL && colon - reason < length ? (int)(colon - reason) : 0;
    int code = rg_kafka_err_code(error), certificate = atomic_load(&watch->certificate_error);
    if (certificate != X509_V_OK && address > 0 && strstr(reason, "certificate verify failed") != NULL)
        (void)rg_fail(&watch->health.last, code, "%.*s: its certificate is not accepted: %s", address, reason,
                      certificate_advice(certificate));
    else if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION && address > 0)
        (void)rg_fail(&watch->health.last, code,
                      "%.*s: the login is refused; compare sasl.mechanism, sasl.username and sasl.password of kafka.client%s: %.*s",
                      address, reason, rd_kafka_version() < SCRAM_MENDED ? " (Kafka 4 takes no SCRAM of this old librdkafka)" : "",
                      length - address - 2, reason + address + 2);
    else if (address > 0 && strstr(reason, "ApiVersionRequest failed: Local: Timed out") != NULL) /* it goes on about old versions */
        (void)rg_fail(&watch->health.last, code, "%.*s: it takes the connection and answers nothing", address, reason);
    else
        (void)rg_fail(&watch->health.last, code, "%s: %.*s", rd_kafka_err2name(error), length < 200 ? length : 200, reason);
}

void rg_kafka_watch_error(struct rg_kafka_watch *watch, rd_kafka_t *rk, rd_kafka_resp_err_t error, const char *reason)
{
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        char text[200] = "";
        rd_kafka_resp_err_t cause = rd_kafka_fatal_error(rk, text, sizeof text);
        watch->health.fatal = true;
        (void)rg_fail(&watch->health.last, RG_EIO, "%s: %s", rd_kafka_err2name(cause), text);
        return;
    }
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && watch->cause.code != 0)
        watch->health.last = watch->cause; /* says more than how many there are */
    else
        tell_cause(watch, error, reason);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        watch->health.connected = false;
        if (watch->health.down_since_ms == 0)
            watch->health.down_since_ms = rg_boot_ms(watch->clock);
    } else if (watch->health.last.retryable) {
        watch->cause = watch->health.last;
    }
}

void rg_kafka_watch_alive(struct rg_kafka_watch *watch)
{
    watch->health.connected = true;
    watch->health.down_since_ms = 0;
    watch->cause = (struct rg_error){0};
}

int rg_kafka_watch_answer(struct rg_kafka_watch *watch, int code, struct rg_error *err)
{
    if (code == 0)
        rg_kafka_watch_alive(watch);
    if ((code != RG_ETIMEOUT && code != RG_EUNREACHABLE) || watch->cause.code == 0)
        return code;
    if (err != NULL)
        *err = watch->cause;
    return watch->cause.code;
}

void rg_kafka_watch_statistics(struct rg_kafka_watch *watch, const char *json, size_t n)
{
    static const char up[] = "\"state\":\"UP\"";
    if (memmem(json, n, up, sizeof up - 1) != NULL) {
        rg_kafka_watch_alive(watch);
        return;
    }
    watch->health.connected = false;
    if (watch->health.down_since_ms == 0)
        watch->health.down_since_ms = rg_boot_ms(watch->clock);
}

void rg_kafka_pause(void)
{
    (void)poll(NULL, 0, 20);
}

int64_t rg_kafka_real_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int rg_kafka_rest_ms(int64_t until_ms, int at_least_ms)
{
    int64_t rest_ms = until_ms - rg_kafka_real_ms();
    return rest_ms > at_least_ms ? (int)rest_ms : at_least_ms;
}

/* Shared by the caller and the thread that destroys; whoever leaves last frees it. */
struct undertaker {
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    rd_kafka_t *rk;
    int flags, users;
    bool done;
};

static void leave_undertaker(struct undertaker *undertaker)
{
    (void)pthread_mutex_lock(&undertaker->lock);
    bool last = --undertaker->users == 0;
    (void)pthread_mutex_unlock(&undertaker->lock);
    if (last) {
        (void)pthread_cond_destroy(&undertaker->done_cond);
        (void)pthread_mutex_destroy(&undertaker->lock);
        rg_free(&undertaker);
    }
}

static void *destroy_handle(void *arg)
{
    struct undertaker *undertaker = arg;
    rd_kafka_destroy_flags(undertaker->rk, undertaker->flags);
    (void)pthread_mutex_lock(&undertaker->lock);
    undertaker->done = true;
    (void)pthread_cond_signal(&undertaker->done_cond);
    (void)pthread_mutex_unlock(&undertaker->lock);
    leave_undertaker(undertaker);
    return NULL;
}

static struct undertaker *new_undertaker(rd_kafka_t *rk, int flags)
{
    struct undertaker *undertaker = rg_alloc(sizeof *undertaker);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&undertaker->done_cond, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&undertaker->lock, NULL);
    undertaker->rk = rk;
    undertaker->flags = flags;
    undertaker->users = 2;
    return undertaker;
}

/* The thread takes no signals: they are the daemon's. */
static bool start_undertaker(struct undertaker *undertaker)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    bool started = pthread_create(&thread, NULL, destroy_handle, undertaker) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        (void)pthread_detach(thread);
    return started;
}

void rg_kafka_handle_free(rd_kafka_t *rk, int flags, int deadline_ms)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s", rd_kafka_name(rk));
    struct undertaker *undertaker = new_undertaker(rk, flags);
    if (!start_undertaker(undertaker)) { /* without a thread there is no deadline, and waiting for ever is worse than a leak */
        rg_log(RG_LOG_ERROR, "KAFKA-LEAK", RG_LOG_NO_CTX, "%s: no thread to close it with; left open", name);
        leave_undertaker(undertaker);
        leave_undertaker(undertaker);
        return;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)(deadline_ms > 0 ? deadline_ms : 0) * 1000000;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_mutex_lock(&undertaker->lock);
    int waited = 0;
    while (!undertaker->done && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&undertaker->done_cond, &undertaker->lock, &until);
    bool done = undertaker->done;
    (void)pthread_mutex_unlock(&undertaker->lock);
    leave_undertaker(undertaker);
    if (!done)
        rg_log(RG_LOG_ERROR, "KAFKA-LEAK", RG_LOG_NO_CTX, "%s did not close within %d ms; left behind until the process ends",
               name, deadline_ms);
}

rd_kafka_topic_partition_list_t *rg_kafka_list_from(const struct rg_kafka_position *positions, size_t n)
{
    rg_assert(n <= RG_KAFKA_POSITIONS_MAX);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition)->offset = positions[i].offset;
    return list;
}

void rg_kafka_list_cleanup(rd_kafka_topic_partition_list_t **list)
{
    if (*list != NULL)
        rd_kafka_topic_partition_list_destroy(*list);
    *list = NULL;
}

int rg_kafka_edges_ask(rd_kafka_t *rk, enum rg_kafka_edge edge, struct rg_kafka_position *positions, size_t n, int timeout_ms,
                       struct rg_error *err)
{
    if (n == 0)
        return 0;
    RG_KAFKA_LIST list = rg_kafka_list_from(positions, n);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = (int64_t)edge; /* as a time these mean the first offset and the end */
    rd_kafka_resp_err_t asked = rd_kafka_offsets_for_times(rk, list, timeout_ms);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, asked, "offsets of %s could not be asked for", positions[0].topic);
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        if (answer->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return rg_kafka_fail(err, answer->err, "offset of %s/%d", answer->topic, (int)answer->partition);
        if (answer->offset < 0)
            return rg_fail(err, RG_EIO, "offset of %s/%d: the broker did not say", answer->topic, (int)answer->partition);
    }
    for (size_t i = 0; i < n; i++)
        positions[i].offset = list->elems[i].offset;
    return 0;
}

static int ask_partitions(rd_kafka_t *rk, rd_kafka_topic_t *handle, int timeout_ms, int *ret_partitions, struct rg_error *err)
{
    const char *name = rd_kafka_topic_name(handle);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t asked = rd_kafka_metadata(rk, 0, handle, &metadata, timeout_ms);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, asked, "topic %.100s could not be asked for", name);
    rd_kafka_resp_err_t said = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    int partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (said != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, said, "topic %.100s", name);
    if (partitions <= 0)
        return rg_fail(err, RG_ENOTFOUND, "topic %.100s has no partitions", name);
    *ret_partitions = partitions;
    return 0;
}

int rg_kafka_partitions_ask(rd_kafka_t *rk, const char *topic, int timeout_ms, int *ret_partitions, struct rg_error *err)
{
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms;
    int64_t doubt_ms = rg_kafka_real_ms() + (timeout_ms < RG_KAFKA_DOUBT_MS ? timeout_ms : RG_KAFKA_DOUBT_MS);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    if (handle == NULL)
        return rg_kafka_fail(err, rd_kafka_last_error(), "topic %.100s", topic);
    int code = 0;
    for (;;) {
        code = ask_partitions(rk, handle, rg_kafka_rest_ms(until_ms, 1), ret_partitions, err);
        if (code != RG_ENOTFOUND || rg_kafka_real_ms() >= doubt_ms)
            break;
        rg_kafka_pause();
    }
    rd_kafka_topic_destroy(handle);
    return code;
}
