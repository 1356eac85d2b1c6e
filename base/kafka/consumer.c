/* A consumer: member of a group, or a reader with an assignment of its own. Its life, its callbacks, its poll.
 *
 * Rebalances are answered inside poll, on the owner's thread: the owner supplies where each partition starts, and gives up
 * what is revoked before the call returns. Records come one by one: librdkafka 2.0's batch calls lose positions around seeks
 * and rebalances. A fault stops its own partition only. */
#include "base/kafka/internal.h"

#include <string.h>

#define SESSION_TIMEOUT_MS 10000
#define HEARTBEAT_MS_MAX 500 /* members learn of a rebalance by their next heartbeat: this is how long all of them may pause */
#define PREFETCH_KBYTES 16384
#define FETCH_BYTES_MIN 2097152 /* the largest record we make, and some more */
#define MAX_POLL_INTERVAL_MS 60000
#define CLOSE_TURN_MS 50

static void tell_revoked(struct rg_kafka_consumer *consumer, bool lost)
{
    if (!consumer->member || consumer->slots.count == 0)
        return;
    struct rg_kafka_position *positions = rg_kafka_slots_positions(&consumer->slots);
    consumer->ops.on_revoke(consumer->ctx, positions, consumer->slots.count, lost);
    rg_free(&positions);
}

static void take_assigned(struct rg_kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    size_t n = (size_t)list->cnt;
    struct rg_kafka_position *positions = rg_alloc((n + 1) * sizeof *positions);
    for (size_t i = 0; i < n; i++)
        positions[i] = (struct rg_kafka_position){list->elems[i].topic, list->elems[i].partition, RG_KAFKA_STORED};
    if (n > 0)
        consumer->ops.on_assign(consumer->ctx, positions, n);
    int code = rg_kafka_assignment_start(consumer, positions, n, &consumer->trouble);
    rg_assert(code == 0 || consumer->trouble.code < 0); /* told by the next event */
    rg_free(&positions);
}

static void serve_rebalance(struct rg_kafka_consumer *consumer, rd_kafka_resp_err_t what,
                            const rd_kafka_topic_partition_list_t *list)
{
    rg_kafka_watch_alive(&consumer->watch);
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && consumer->member) {
        consumer->watch.health.denied = (struct rg_error){0};
        take_assigned(consumer, list);
        return;
    }
    /* Anything else takes away; an error instead of a revocation means that nobody can say what is still ours. */
    bool lost = what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(consumer->rk) != 0;
    tell_revoked(consumer, lost);
    rg_kafka_assignment_drop(consumer);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct rg_kafka_consumer *consumer = opaque;
    rg_assert(consumer->rk == rk);
    serve_rebalance(consumer, what, list);
}

/* ---- other callbacks -------------------------------------------------------------------------------------------- */

static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    struct rg_kafka_consumer *consumer = opaque;
    rg_kafka_watch_error(&consumer->watch, rk, (rd_kafka_resp_err_t)error, reason);
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t n, void *opaque)
{
    (void)rk;
    struct rg_kafka_consumer *consumer = opaque;
    rg_kafka_watch_statistics(&consumer->watch, json, n);
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static int check_options(const struct rg_kafka_consumer_options *options, struct rg_error *err)
{
    if (options->group == NULL || options->group[0] == '\0')
        return rg_fail(err, RG_EINVAL, "a consumer needs the name of its group");
    if (options->topics_n > RG_KAFKA_TOPICS_MAX)
        return rg_fail(err, RG_ELIMIT, "group %.60s: %zu topics, at most %d are taken", options->group, options->topics_n,
                       RG_KAFKA_TOPICS_MAX);
    for (size_t i = 0; i < options->topics_n; i++) {
        size_t length = strlen(options->topics[i]);
        if (length == 0 || length > RG_KAFKA_TOPIC_NAME_MAX || options->topics[i][0] == '^') /* a caret would make it a pattern */
            return rg_fail(err, RG_EINVAL, "group %.60s: %.100s is no name of a topic", options->group, options->topics[i]);
    }
    return 0;
}

static void put_options(rd_kafka_conf_t *conf, const struct rg_kafka_consumer_options *options)
{
    int64_t session = options->session_timeout_ms > 0 ? options->session_timeout_ms : SESSION_TIMEOUT_MS;
    int64_t heartbeat = session / 3 < HEARTBEAT_MS_MAX ? session / 3 : HEARTBEAT_MS_MAX;
    int64_t prefetch = options->prefetch_kbytes > 0 ? options->prefetch_kbytes : PREFETCH_KBYTES;
    rg_kafka_conf_put_i64(conf, "session.timeout.ms", session);
    rg_kafka_conf_put_i64(conf, "heartbeat.interval.ms", heartbeat);
    rg_kafka_conf_put_i64(conf, "max.poll.interval.ms", session > MAX_POLL_INTERVAL_MS ? session : MAX_POLL_INTERVAL_MS);
    rg_kafka_conf_put_i64(conf, "queued.max.messages.kbytes", prefetch);
    rg_kafka_conf_put_i64(conf, "fetch.max.bytes", prefetch * 1024 > FETCH_BYTES_MIN ? prefetch * 1024 : FETCH_BYTES_MIN);
    rg_kafka_conf_put(conf, "enable.partition.eof", options->ends ? "true" : "false");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
}

static int subscribe(struct rg_kafka_consumer *consumer, const struct rg_kafka_consumer_options *options, struct rg_error *err)
{
    RG_KAFKA_LIST topics = rd_kafka_topic_partition_list_new((int)options->topics_n);
    for (size_t i = 0; i < options->topics_n; i++)
        rd_kafka_topic_partition_list_add(topics, options->topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t subscribed = rd_kafka_subscribe(consumer->rk, topics);
    return subscribed == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : rg_kafka_fail(err, subscribed, "group %.60s", options->group);
}

int rg_kafka_consumer_new(const struct rg_kafka_config *config, const struct rg_kafka_consumer_options *options,
                          struct rg_kafka_consumer **ret_consumer, struct rg_error *err)
{
    int code = check_options(options, err);
    rd_kafka_conf_t *conf = NULL;
    if (code == 0)
        code = rg_kafka_conf_begin(config, RG_KAFKA_ROLE_CONSUMER, &conf, err);
    if (code < 0)
        return code;
    put_options(conf, options);
    code = rg_kafka_conf_put_outside(conf, "group.id", options->group, err);
    if (code < 0) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    struct rg_kafka_consumer *consumer = rg_alloc(sizeof *consumer);
    consumer->group = rg_strdup(options->group);
    consumer->ops = options->ops;
    consumer->ctx = options->ctx;
    consumer->member = options->topics_n > 0;
    rg_kafka_watch_init(&consumer->watch, config->clock);
    rg_assert(!consumer->member || consumer->ops.on_assign != NULL);
    rg_assert(!consumer->member || consumer->ops.on_revoke != NULL);
    code = rg_kafka_handle_new(conf, config, RG_KAFKA_ROLE_CONSUMER, &consumer->watch, &consumer->rk, err);
    if (code == 0) {
        (void)rd_kafka_poll_set_consumer(consumer->rk); /* fails only without a group */
        consumer->queue = rd_kafka_queue_get_consumer(consumer->rk);
        if (consumer->member)
            code = subscribe(consumer, options, err);
    }
    if (code < 0) {
        rg_kafka_consumer_free(&consumer, RG_KAFKA_FREE_MS);
        return code;
    }
    *ret_consumer = consumer;
    return 0;
}

static void release_current(struct rg_kafka_consumer *consumer)
{
    if (consumer->current != NULL)
        rd_kafka_message_destroy(consumer->current);
    consumer->current = NULL;
}

/* Served as events here: on a queue of its own librdkafka hands rebalances out instead of calling back. */
static void serve_closing(struct rg_kafka_consumer *consumer, rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CLOSE_TURN_MS);
    if (event == NULL)
        return;
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
        serve_rebalance(consumer, rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event));
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT)
        rg_kafka_commit_done(consumer->rk, rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event), consumer);
    rd_kafka_event_destroy(event);
}

/* Leaves the group without ever blocking in librdkafka; false when it was not done by the deadline. */
static bool leave_group(struct rg_kafka_consumer *consumer, int64_t until_ms)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->rk);
    rd_kafka_error_t *refused = rd_kafka_consumer_close_queue(consumer->rk, queue);
    bool closed = false;
    if (refused != NULL) {
        rd_kafka_error_destroy(refused); /* a fatal error: there is nothing to leave */
    } else {
        while (!closed && rg_kafka_real_ms() < until_ms) {
            serve_closing(consumer, queue);
            closed = rd_kafka_consumer_closed(consumer->rk) != 0;
        }
    }
    rd_kafka_queue_destroy(queue);
    return closed;
}

void rg_kafka_consumer_free(struct rg_kafka_consumer **pointer, int deadline_ms)
{
    struct rg_kafka_consumer *consumer = *pointer;
    if (consumer == NULL)
        return;
    int64_t until_ms = rg_kafka_real_ms() + deadline_ms;
    release_current(consumer);
    if (consumer->queue != NULL)
        rd_kafka_queue_destroy(consumer->queue);
    if (consumer->rk != NULL) {
        bool closed = leave_group(consumer, until_ms);
        tell_revoked(consumer, true); /* only if the group did not get to it */
        rg_kafka_handle_free(consumer->rk, closed ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE,
                             rg_kafka_rest_ms(until_ms, CLOSE_TURN_MS));
    }
    rg_kafka_slots_done(&consumer->slots);
    rg_free(&consumer->group);
    rg_free(pointer);
}

int rg_kafka_consumer_assign(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n,
                             struct rg_error *err)
{
    rg_assert(!consumer->member);
    if (n > RG_KAFKA_POSITIONS_MAX)
        return rg_fail(err, RG_ELIMIT, "%zu partitions, at most %d are taken", n, RG_KAFKA_POSITIONS_MAX);
    return rg_kafka_assignment_start(consumer, positions, n, err);
}

/* ---- poll ------------------------------------------------------------------------------------------------------- */

/* The fault's sentence and class. A position that is gone is never passing: somebody must decide what it means. */
static void explain_fault(const struct rg_kafka_consumer *consumer, struct rg_kafka_event *event, rd_kafka_resp_err_t error,
                          const char *reason)
{
    const char *topic = event->topic == NULL ? "?" : event->topic;
    long long offset = (long long)event->offset;
    switch (error) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        event->stopped = true;
        if (event->offset == RD_KAFKA_OFFSET_STORED || event->offset == RD_KAFKA_OFFSET_INVALID)
            (void)rg_fail(&event->error, RG_ENOTFOUND, "%s/%d: the group has no committed position", topic, event->partition);
        else
            (void)rg_fail(&event->error, RG_EREFUSED,
                          "%.100s/%d: offset %lld does not exist (any more): the topic was truncated or recreated", topic,
                          event->partition, offset);
        return;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        event->stopped = true;
        (void)rg_fail(&event->error, RG_EREFUSED, "%.80s/%d: record at offset %lld is damaged: %.90s", topic, event->partition,
                      offset, reason);
        return;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        if (event->partition >= 0)
            (void)rg_fail(&event->error, RG_EREFUSED, "%.150s/%d does not exist (any more)", topic, event->partition);
        else
            (void)rg_fail(&event->error, RG_EREFUSED, "topic %.150s does not exist (any more)", topic);
        return;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: /* librdkafka does not say which */
        (void)rg_fail(&event->error, RG_EDENIED, "group %.150s: the Kafka user may not Read in it", consumer->group);
        return;
    default:
        (void)rg_fail(&event->error, rg_kafka_err_code(error), "%.80s%s%.140s", event->topic == NULL ? "" : topic,
                      event->topic == NULL ? "" : ": ", reason);
        return;
    }
}

static void fill_fault(struct rg_kafka_consumer *consumer, struct rg_kafka_event *event, struct rg_kafka_slot *slot)
{
    const rd_kafka_message_t *message = consumer->current;
    event->kind = RG_KAFKA_EVENT_FAULT;
    explain_fault(consumer, event, message->err, rd_kafka_message_errstr(message));
    if (message->err == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_fatal_error(consumer->rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rg_kafka_watch_error(&consumer->watch, consumer->rk, RD_KAFKA_RESP_ERR__FATAL, "");
        event->fatal = true;
    }
    consumer->watch.health.last = event->error;
    if (event->error.code == RG_EDENIED && (event->topic == NULL || event->partition < 0))
        consumer->watch.health.denied = event->error;
    if (slot == NULL || !event->stopped)
        return;
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        slot->dead = true;
        return;
    }
    /* librdkafka would go on behind the damaged record: hold the partition where it stands. */
    slot->held = true;
    if (rg_kafka_assignment_hold(consumer, &consumer->trouble) < 0)
        slot->dead = true;
}

static void fill_message(struct rg_kafka_event *event, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    event->kind = RG_KAFKA_EVENT_MESSAGE;
    event->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    event->key = rg_kafka_slice(message->key, message->key_len);
    event->value = rg_kafka_slice(message->payload, message->len);
}

/* False when it is of no concern to the owner. */
static bool fill_event(struct rg_kafka_consumer *consumer, struct rg_kafka_event *event)
{
    rd_kafka_message_t *message = consumer->current;
    struct rg_kafka_slot *slot = NULL;
    *event =
        (struct rg_kafka_event){.partition = message->partition, .offset = message->offset, .timestamp_ms = -1, .raw = message};
    if (message->rkt != NULL) {
        event->topic = rd_kafka_topic_name(message->rkt);
        slot = rg_kafka_slots_find(&consumer->slots, event->topic, event->partition);
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        fill_fault(consumer, event, slot);
        return true;
    }
    if (slot == NULL || slot->held)
        return false;
    rg_kafka_watch_alive(&consumer->watch);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        event->kind = RG_KAFKA_EVENT_END;
        slot->next = event->offset;
        return true;
    }
    fill_message(event, message);
    slot->next = event->offset + 1;
    return true;
}

/* Something a callback met on the way, told as a fault of no partition. */
static bool tell_trouble(struct rg_kafka_consumer *consumer, struct rg_kafka_event *event)
{
    if (consumer->trouble.code == 0)
        return false;
    *event = (struct rg_kafka_event){
        .kind = RG_KAFKA_EVENT_FAULT, .partition = -1, .offset = RG_KAFKA_NONE, .error = consumer->trouble};
    consumer->trouble = (struct rg_error){0};
    return true;
}

void rg_kafka_consumer_poll(struct rg_kafka_consumer *consumer, int timeout_ms, struct rg_kafka_event *ret_event)
{
    release_current(consumer);
    if (tell_trouble(consumer, ret_event))
        return;
    for (;;) {
        consumer->current = rd_kafka_consumer_poll(consumer->rk, timeout_ms);
        if (consumer->current == NULL)
            break;
        if (fill_event(consumer, ret_event))
            return;
        release_current(consumer);
        timeout_ms = 0; /* whatever came in between, the owner's time is not taken twice */
    }
    if (!tell_trouble(consumer, ret_event))
        *ret_event =
            (struct rg_kafka_event){.kind = RG_KAFKA_EVENT_NONE, .partition = -1, .offset = RG_KAFKA_NONE, .timestamp_ms = -1};
}

struct rg_str rg_kafka_event_header(const struct rg_kafka_event *event, const char *name)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t n = 0;
    if (event->raw == NULL || rd_kafka_message_headers(event->raw, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_slice(NULL, 0);
    return rg_kafka_slice(value, n);
}

bool rg_kafka_event_header_at(const struct rg_kafka_event *event, size_t index, const char **ret_name, struct rg_str *ret_value)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name = NULL;
    const void *value = NULL;
    size_t n = 0;
    if (event->raw == NULL || rd_kafka_message_headers(event->raw, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_all(headers, index, &name, &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *ret_name = name;
    *ret_value = rg_kafka_slice(value, n);
    return true;
}
