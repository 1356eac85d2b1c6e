/* A producer that keeps order without gaps or says that it could not.
 *
 * Idempotent and gapless: librdkafka numbers what it sends per partition, and a batch refused for good is a fatal error
 * instead of a hole that is numbered over. One rule covers all that can go wrong: after the first record that failed, for
 * whatever reason, nothing more is accepted, what still waits in the queue is thrown back, and the owner rebuilds. What is
 * on the wire at that moment is waited for, so that the reports tell what was really written.
 *
 * The partition count is learned before the first record (open): an explicit partition is then checked here, and the first
 * record does not wait for metadata. The owner keeps the records; keeping copies here as well would double the memory of
 * every backlog. */
#include "base/kafka/internal.h"

#include <string.h>

#define QUEUE_MAX 100000
#define QUEUE_KBYTES_MAX 65536
#define RECORD_BYTES_DEFAULT 900000
#define RECORD_BYTES_MAX (64 * 1024 * 1024)
#define BATCH_BYTES_MAX 1000000 /* librdkafka's default, and below the brokers' default limit */
#define FRAME_BYTES 8192        /* more than the protocol adds to one record with its headers */
#define REBUILD_TURN_MS 50
#define GIVE_UP_TURNS 20
#define CLOSE_MS_MIN 1000 /* closing takes milliseconds, unless a thread hangs: then it is left behind */
#define FLUSH_TURN_MS 100
#define THROW_BACK_EVERY_MS 20
#define DENIED_PAUSE_MS 1000 /* between two attempts to write where we may not */

struct open_topic {
    char *name;
    rd_kafka_topic_t *handle;
    int partitions;
};

struct rg_kafka_producer {
    struct rg_kafka_watch watch; /* first */
    rd_kafka_t *rk;
    struct rg_kafka_config_copy config;
    struct rg_kafka_producer_options options;
    struct open_topic topics[RG_KAFKA_TOPICS_MAX];
    size_t topics_n;
    size_t outstanding;
    bool broken;
    int64_t throw_back_ms; /* real time of the next attempt */
    struct rg_error denied; /* the last report that said so */
    int64_t denied_ms;      /* real time of it */
};

/* ---- callbacks -------------------------------------------------------------------------------------------------- */

/* Written for certain, not written for certain, or unknown; a refusal for good is told apart because it will come again. */
static int classify(const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (rg_kafka_err_code(message->err) == RG_EDENIED)
        return RG_EDENIED; /* whatever librdkafka holds possible */
    if (rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
        return RG_EUNKNOWN;
    int code = rg_kafka_err_code(message->err);
    return code == RG_EREFUSED || code == RG_ENOTFOUND ? RG_EREFUSED : RG_EIO;
}

/* Throws back what has not left yet. What is on the wire goes on, and its fate will be known. Once is not enough: requests that
 * were ready to leave may be taken apart a moment later, and their records return to a queue that is never served again. */
static void throw_back(struct rg_kafka_producer *producer)
{
    int64_t now_ms = rg_kafka_real_ms();
    if (!producer->broken || producer->outstanding == 0 || now_ms < producer->throw_back_ms)
        return;
    producer->throw_back_ms = now_ms + THROW_BACK_EVERY_MS;
    (void)rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING); /* valid flags on a producer */
}

static void break_off(struct rg_kafka_producer *producer)
{
    producer->broken = true;
    throw_back(producer);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct rg_kafka_producer *producer = opaque;
    rg_assert(producer->outstanding > 0);
    producer->outstanding--;
    struct rg_kafka_report report = {
        .opaque = message->_private,
        .topic = rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = -1,
    };
    int code = classify(message);
    if (code == 0) {
        report.offset = message->offset;
    } else {
        (void)rg_fail(&report.err, code, "%.100s/%d: %s", report.topic, report.partition, rd_kafka_err2str(message->err));
        if (code == RG_EDENIED) {
            producer->denied = report.err;
            producer->denied_ms = rg_kafka_real_ms();
        }
        break_off(producer);
    }
    producer->options.on_report(producer->options.ctx, &report);
}

/* Everything but a fatal error passes by itself, and all of them were logged. */
static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    struct rg_kafka_producer *producer = opaque;
    rg_kafka_watch_error(&producer->watch, rk, (rd_kafka_resp_err_t)error, reason);
    if (error == RD_KAFKA_RESP_ERR__FATAL)
        break_off(producer);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void put_options(rd_kafka_conf_t *conf, const struct rg_kafka_producer_options *options, bool one_by_one)
{
    size_t record = options->record_max_bytes + FRAME_BYTES;
    rg_kafka_conf_put_i64(conf, "linger.ms", options->linger_ms);
    rg_kafka_conf_put_i64(conf, "queue.buffering.max.messages", (int64_t)options->queue_max);
    rg_kafka_conf_put_i64(conf, "queue.buffering.max.kbytes", (int64_t)options->queue_max_kbytes);
    rg_kafka_conf_put_i64(conf, "message.max.bytes", (int64_t)(record > BATCH_BYTES_MAX ? record : BATCH_BYTES_MAX));
    /* A batch is no larger than one record may be, so a topic that takes every record takes every batch. */
    rg_kafka_conf_put_i64(conf, "batch.size", (int64_t)(record < BATCH_BYTES_MAX ? record : BATCH_BYTES_MAX));
    if (one_by_one) {
        rg_kafka_conf_put(conf, "batch.num.messages", "1");
        rg_kafka_conf_put(conf, "max.in.flight.requests.per.connection", "1");
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
}

static int make_handle(struct rg_kafka_producer *producer, bool one_by_one, struct rg_error *err)
{
    rd_kafka_conf_t *conf = NULL;
    int code = rg_kafka_conf_begin(&producer->config.config, RG_KAFKA_ROLE_PRODUCER, &conf, err);
    if (code < 0)
        return code;
    put_options(conf, &producer->options, one_by_one);
    code = rg_kafka_handle_new(conf, &producer->config.config, RG_KAFKA_ROLE_PRODUCER, &producer->watch, &producer->rk, err);
    if (code < 0)
        return code;
    producer->broken = false;
    producer->throw_back_ms = 0;
    return 0;
}

/* The topics stay known by name. */
static void drop_handle(struct rg_kafka_producer *producer, int deadline_ms)
{
    for (size_t i = 0; i < producer->topics_n; i++) {
        if (producer->topics[i].handle != NULL)
            rd_kafka_topic_destroy(producer->topics[i].handle);
        producer->topics[i].handle = NULL;
    }
    if (producer->rk != NULL) {
        (void)rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
        rg_kafka_handle_free(producer->rk, 0, deadline_ms);
    }
    producer->rk = NULL;
    producer->outstanding = 0;
}

static int check_options(const struct rg_kafka_producer_options *options, struct rg_error *err)
{
    rg_assert(options->on_report != NULL);
    if (options->record_max_bytes > RECORD_BYTES_MAX)
        return rg_fail(err, RG_ELIMIT, "records of %zu bytes, at most %d are possible", options->record_max_bytes,
                       RECORD_BYTES_MAX);
    if (options->queue_max > 10000000 || options->queue_max_kbytes > INT32_MAX) /* librdkafka's own limits */
        return rg_fail(err, RG_ELIMIT, "a queue of %zu records and %zu KiB is too large", options->queue_max,
                       options->queue_max_kbytes);
    if (options->linger_ms < 0 || options->linger_ms > 900000)
        return rg_fail(err, RG_ELIMIT, "linger of %d ms is not within 0 and 900000", options->linger_ms);
    return 0;
}

int rg_kafka_producer_new(const struct rg_kafka_config *config, const struct rg_kafka_producer_options *options,
                          struct rg_kafka_producer **ret_producer, struct rg_error *err)
{
    int code = check_options(options, err);
    if (code == 0 && config->brokers == NULL)
        code = rg_fail(err, RG_EINVAL, "kafka.brokers is empty: give at least one host:port");
    if (code < 0)
        return code;
    struct rg_kafka_producer *producer = rg_alloc(sizeof *producer);
    rg_kafka_config_copy_init(&producer->config, config);
    rg_kafka_watch_init(&producer->watch, config->clock);
    producer->options = *options;
    if (options->queue_max == 0)
        producer->options.queue_max = QUEUE_MAX;
    if (options->queue_max_kbytes == 0)
        producer->options.queue_max_kbytes = QUEUE_KBYTES_MAX;
    if (options->record_max_bytes == 0)
        producer->options.record_max_bytes = RECORD_BYTES_DEFAULT;
    code = make_handle(producer, false, err);
    if (code < 0) {
        rg_kafka_producer_free(&producer, RG_KAFKA_FREE_MS);
        return code;
    }
    *ret_producer = producer;
    return 0;
}

void rg_kafka_producer_free(struct rg_kafka_producer **pointer, int deadline_ms)
{
    struct rg_kafka_producer *producer = *pointer;
    if (producer == NULL)
        return;
    drop_handle(producer, deadline_ms);
    for (size_t i = 0; i < producer->topics_n; i++)
        rg_free(&producer->topics[i].name);
    rg_kafka_config_copy_done(&producer->config);
    rg_free(pointer);
}

/* ---- topics ----------------------------------------------------------------------------------------------------- */

static struct open_topic *find_topic(struct rg_kafka_producer *producer, const char *name)
{
    for (size_t i = 0; i < producer->topics_n; i++)
        if (strcmp(producer->topics[i].name, name) == 0)
            return &producer->topics[i];
    return NULL;
}

static int open_topic(struct rg_kafka_producer *producer, struct open_topic *topic, int timeout_ms, struct rg_error *err)
{
    int partitions = 0;
    int code = rg_kafka_partitions_ask(producer->rk, topic->name, timeout_ms, &partitions, err);
    if (code < 0 && producer->outstanding == 0)
        (void)rd_kafka_poll(producer->rk, 0); /* there are no reports: only why no broker answered */
    code = rg_kafka_watch_answer(&producer->watch, code, err);
    if (code < 0)
        return code;
    if (topic->handle == NULL)
        topic->handle = rd_kafka_topic_new(producer->rk, topic->name, NULL);
    if (topic->handle == NULL)
        return rg_kafka_fail(err, rd_kafka_last_error(), "topic %.100s", topic->name);
    topic->partitions = partitions;
    return 0;
}

int rg_kafka_producer_open(struct rg_kafka_producer *producer, const char *name, int timeout_ms, int *ret_partitions,
                           struct rg_error *err)
{
    size_t length = strlen(name);
    if (length == 0 || length > RG_KAFKA_TOPIC_NAME_MAX)
        return rg_fail(err, RG_EINVAL, "%.100s is no name of a topic", name);
    if (producer->rk == NULL)
        return rg_fail(err, RG_EIO, "the producer must be rebuilt first");
    struct open_topic *known = find_topic(producer, name);
    if (known == NULL && producer->topics_n == RG_KAFKA_TOPICS_MAX)
        return rg_fail(err, RG_ELIMIT, "%d topics are open, the most allowed", RG_KAFKA_TOPICS_MAX);
    struct open_topic fresh = {.name = known == NULL ? rg_strdup(name) : NULL};
    struct open_topic *topic = known == NULL ? &fresh : known;
    int code = open_topic(producer, topic, timeout_ms, err);
    if (code < 0) {
        rg_free(&fresh.name);
        return code;
    }
    *ret_partitions = topic->partitions;
    if (known == NULL)
        producer->topics[producer->topics_n++] = fresh;
    return 0;
}

/* ---- send and serve --------------------------------------------------------------------------------------------- */

static int check_record(const struct rg_kafka_producer *producer, const struct open_topic *topic,
                        const struct rg_kafka_record *record, struct rg_error *err)
{
    if (record->partition < 0 || record->partition >= topic->partitions)
        return rg_fail(err, RG_EINVAL, "%.150s has no partition %d, it has %d", topic->name, record->partition,
                       topic->partitions);
    if (record->headers_n > RG_KAFKA_HEADERS_MAX)
        return rg_fail(err, RG_EINVAL, "record for %.150s has %zu headers, at most %d are sent", topic->name, record->headers_n,
                       RG_KAFKA_HEADERS_MAX);
    size_t limit = producer->options.record_max_bytes, bytes = 0;
    bool fits = record->key.n <= limit && record->value.n <= limit; /* so that the sum cannot overflow */
    bytes = record->key.n + record->value.n;
    for (size_t i = 0; fits && i < record->headers_n; i++) {
        fits = record->headers[i].value.n <= limit;
        bytes += strlen(record->headers[i].name) + record->headers[i].value.n;
    }
    if (!fits || bytes > limit)
        return rg_fail(err, RG_EINVAL, "record for %.100s/%d is larger than %zu bytes", topic->name, record->partition, limit);
    return 0;
}

/* A list of ours: the one that librdkafka makes of single headers is freed twice by 2.0 when the topic or partition is gone. */
static rd_kafka_headers_t *make_headers(const struct rg_kafka_record *record)
{
    if (record->headers_n == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->headers_n);
    for (size_t i = 0; i < record->headers_n; i++) {
        const struct rg_kafka_header *header = &record->headers[i];
        (void)rd_kafka_header_add(headers, header->name, -1, header->value.p,
                                  (ssize_t)header->value.n); /* cannot fail on a list of ours */
    }
    return headers;
}

static int fail_send(struct rg_kafka_producer *producer, rd_kafka_resp_err_t queued, const struct rg_kafka_record *record,
                     struct rg_error *err)
{
    if (queued == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        int code = rg_fail(err, RG_ELIMIT, "%zu records wait to be sent, the queue is full", producer->outstanding);
        if (err != NULL)
            err->retryable = true;
        return code;
    }
    /* The topic changed under us, or a fatal error has not been polled yet: the stream cannot go on in either case. */
    break_off(producer);
    return rg_fail(err, RG_EIO, "%.100s/%d: %s", record->topic, record->partition, rd_kafka_err2str(queued));
}

int rg_kafka_producer_send(struct rg_kafka_producer *producer, const struct rg_kafka_record *record, struct rg_error *err)
{
    if (producer->broken || producer->rk == NULL)
        return rg_fail(err, RG_EIO, "the producer lost its order and must be rebuilt");
    const struct open_topic *topic = find_topic(producer, record->topic);
    if (topic == NULL)
        return rg_fail(err, RG_ENOTFOUND, "topic %.150s was not opened", record->topic);
    int code = check_record(producer, topic, record, err);
    if (code < 0)
        return code;
    rd_kafka_headers_t *headers = make_headers(record);
    /* librdkafka takes the pointers as if it might write; with the copy flag it does not. */
    void *key = (void *)(uintptr_t)record->key.p, *value = (void *)(uintptr_t)record->value.p;
    rd_kafka_resp_err_t queued = rd_kafka_producev(
        producer->rk, RD_KAFKA_V_RKT(topic->handle), RD_KAFKA_V_PARTITION(record->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, record->key.n), RD_KAFKA_V_VALUE(value, record->value.n),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(record->opaque), RD_KAFKA_V_END);
    if (queued != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (headers != NULL)
            rd_kafka_headers_destroy(headers); /* still ours, whatever was refused */
        return fail_send(producer, queued, record, err);
    }
    producer->outstanding++;
    return 0;
}

void rg_kafka_producer_poll(struct rg_kafka_producer *producer, int timeout_ms)
{
    if (producer->rk != NULL) {
        throw_back(producer);
        (void)rd_kafka_poll(producer->rk, timeout_ms);
    }
}

int rg_kafka_producer_flush(struct rg_kafka_producer *producer, int timeout_ms, struct rg_error *err)
{
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms, rest_ms = timeout_ms;
    while (producer->rk != NULL && !producer->broken && producer->outstanding > 0 && rest_ms >= 0) { /* once also without time */
        /* In slices: a flush does not end when a failure makes waiting pointless. What it answers is also in the counter. */
        (void)rd_kafka_flush(producer->rk, rest_ms < FLUSH_TURN_MS ? (int)rest_ms : FLUSH_TURN_MS);
        rest_ms = until_ms - rg_kafka_real_ms() - 1;
    }
    if (producer->broken || producer->rk == NULL)
        return rg_fail(err, RG_EIO, "the producer lost its order and must be rebuilt");
    if (producer->outstanding > 0)
        return rg_fail(err, RG_ETIMEOUT, "%zu records are not acknowledged after %d ms", producer->outstanding, timeout_ms);
    return 0;
}

size_t rg_kafka_producer_outstanding(const struct rg_kafka_producer *producer)
{
    return producer->outstanding;
}

bool rg_kafka_producer_broken(const struct rg_kafka_producer *producer)
{
    return producer->broken || producer->rk == NULL;
}

/* Serves what is outstanding. What is still on the wire at the deadline is given up, with the report that says so. Records can
 * be left all the same: a broker's thread that waits for a name to be resolved reports nothing before it is back. */
static void drain(struct rg_kafka_producer *producer, int64_t until_ms)
{
    producer->broken = true;
    while (producer->outstanding > 0 && rg_kafka_real_ms() < until_ms) {
        throw_back(producer);
        (void)rd_kafka_poll(producer->rk, REBUILD_TURN_MS);
    }
    if (producer->outstanding == 0)
        return;
    /* Never the blocking purge: it waits for broker threads without a limit. */
    (void)rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    for (int turn = 0; producer->outstanding > 0 && turn < GIVE_UP_TURNS; turn++)
        (void)rd_kafka_poll(producer->rk, REBUILD_TURN_MS);
}

static int fail_denied(const struct rg_kafka_producer *producer, struct rg_error *err)
{
    if (err != NULL)
        *err = producer->denied;
    return producer->denied.code;
}

int rg_kafka_producer_rebuild(struct rg_kafka_producer *producer, bool one_by_one, int timeout_ms, struct rg_error *err)
{
    int64_t until_ms = rg_kafka_real_ms() + timeout_ms;
    if (producer->rk != NULL) {
        drain(producer, until_ms - timeout_ms / 2);
        if (producer->outstanding > 0) /* their fate is not known yet, and would never be told without the handle */
            return rg_fail(err, RG_ETIMEOUT, "%zu records were neither acknowledged nor given back within %d ms",
                           producer->outstanding, timeout_ms);
        drop_handle(producer, rg_kafka_rest_ms(until_ms, CLOSE_MS_MIN));
    }
    if (producer->denied.code != 0 && rg_kafka_real_ms() - producer->denied_ms < DENIED_PAUSE_MS)
        return fail_denied(producer, err);
    producer->denied = (struct rg_error){0};
    int code = make_handle(producer, one_by_one, err);
    for (size_t i = 0; code == 0 && i < producer->topics_n; i++)
        code = open_topic(producer, &producer->topics[i], rg_kafka_rest_ms(until_ms, REBUILD_TURN_MS), err);
    if (code < 0)
        drop_handle(producer, rg_kafka_rest_ms(until_ms, CLOSE_MS_MIN));
    return code;
}
