/* A reader without group and a producer, the latter behind a mutex because acts come from the admin threads. The state is
 * rebuilt as a new snapshot for every change: they are rare. */
#include "daemon/control.h"

#include "base/core/log.h"
#include "base/json/write.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WRITE_TIMEOUT_MS 10000
#define TAKE_BACK_MS 5000
#define RETRY_MS 1000

struct rg_control {
    struct rg_runtime *runtime;
    struct rg_kafka_config kafka;
    char topic[RG_KAFKA_TOPIC_NAME_MAX + 1];
    struct rg_kafka_consumer *reader;
    int64_t read_to; /* end that the topic had when reading began; RG_KAFKA_NONE: not asked yet */
    int64_t retry_boot_ms;
    bool dirty;
    struct rg_control_state *next; /* being folded; a copy goes to the runtime */
    pthread_mutex_t mutex;
    struct rg_kafka_producer *producer;
    bool waiting;            /* the record under way has not been reported yet */
    struct rg_error written; /* its report */
};

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct rg_control *control = ctx;
    control->waiting = false;
    control->written = report->err;
}

/* From the beginning, and what was known is known no more: nothing acts before it has been read to its end again. */
static int make_reader(struct rg_control *c, struct rg_error *err)
{
    char group[RG_NAME_MAX + 16];
    (void)snprintf(group, sizeof group, RG_STR_FMT "-control", RG_STR_ARG(c->runtime->site->kafka.group));
    const struct rg_kafka_consumer_options options = {.group = group};
    const struct rg_kafka_position beginning = {c->topic, 0, RG_KAFKA_BEGINNING};
    c->read_to = RG_KAFKA_NONE;
    int rc = rg_kafka_consumer_new(&c->kafka, &options, &c->reader, err);
    return rc < 0 ? rc : rg_kafka_consumer_assign(c->reader, &beginning, 1, err);
}

int rg_control_new(struct rg_runtime *runtime, const struct rg_kafka_config *kafka, const char *topic, struct rg_control **ret_control,
                   struct rg_error *err)
{
    struct rg_control *c = rg_alloc(sizeof *c);
    c->runtime = runtime;
    c->kafka = *kafka;
    rg_assert(strlen(topic) <= RG_KAFKA_TOPIC_NAME_MAX);
    memcpy(c->topic, topic, strlen(topic) + 1);
    c->next = rg_control_state_copy(NULL);
    int rc = pthread_mutex_init(&c->mutex, NULL);
    rg_assert(rc == 0);
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = c};
    rc = rg_kafka_producer_new(kafka, &options, &c->producer, err);
    if (rc == 0)
        rc = make_reader(c, err);
    if (rc < 0) {
        rg_control_free(&c);
        return rc;
    }
    *ret_control = c;
    return 0;
}

void rg_control_free(struct rg_control **control)
{
    struct rg_control *c = *control;
    if (c == NULL)
        return;
    rg_kafka_consumer_free(&c->reader, RG_KAFKA_FREE_MS);
    rg_kafka_producer_free(&c->producer, RG_KAFKA_FREE_MS);
    rg_control_state_free(&c->next);
    (void)pthread_mutex_destroy(&c->mutex);
    rg_free(control);
}

/* ---- reading ---- */

static void take(struct rg_control *c, const struct rg_kafka_event *event)
{
    struct rg_error err;
    if (rg_control_state_fold(&c->next, event->key, event->value, &err) == 0)
        c->dirty = true;
    else
        rg_log(RG_LOG_WARNING, "CONTROL-BAD", RG_LOG_NO_CTX, "record at %s/0/%lld is left out: %s", c->topic, (long long)event->offset, err.text);
}

static void find_end(struct rg_control *c)
{
    struct rg_error err;
    struct rg_kafka_position end = {c->topic, 0, 0};
    int64_t boot_ms = rg_boot_ms(&c->runtime->clock);
    if (c->read_to != RG_KAFKA_NONE || boot_ms < c->retry_boot_ms)
        return;
    if (rg_kafka_consumer_edges(c->reader, RG_KAFKA_EDGE_END, &end, 1, RETRY_MS, &err) == 0) {
        c->read_to = end.offset;
        return;
    }
    rg_log(RG_LOG_WARNING, "CONTROL-END", RG_LOG_NO_CTX, "%s; trying again in %d ms", err.text, RETRY_MS);
    c->retry_boot_ms = boot_ms + RETRY_MS;
}

static void forget(struct rg_control *c)
{
    rg_control_state_free(&c->next);
    c->next = rg_control_state_copy(NULL);
    c->dirty = false;
    rg_runtime_set_control(c->runtime, rg_control_state_copy(c->next));
}

/* A reader that cannot go on would never hear of a stop: it is made anew. */
static void fault(struct rg_control *c, const struct rg_kafka_event *event)
{
    bool dead = event->fatal || event->stopped;
    rg_log(dead ? RG_LOG_ERROR : RG_LOG_WARNING, "CONTROL-TROUBLE", RG_LOG_NO_CTX, "%s%s", event->error.text,
           dead ? "; nothing acts before it has been read again" : "");
    if (!dead)
        return;
    rg_kafka_consumer_free(&c->reader, RG_KAFKA_FREE_MS);
    forget(c);
    c->retry_boot_ms = rg_boot_ms(&c->runtime->clock) + RETRY_MS;
}

static bool has_reader(struct rg_control *c)
{
    struct rg_error err;
    if (c->reader != NULL || rg_boot_ms(&c->runtime->clock) < c->retry_boot_ms)
        return c->reader != NULL;
    if (make_reader(c, &err) == 0)
        return true;
    rg_log(RG_LOG_WARNING, "CONTROL-READER", RG_LOG_NO_CTX, "%s; trying again in %d ms", err.text, RETRY_MS);
    rg_kafka_consumer_free(&c->reader, RG_KAFKA_FREE_MS);
    c->retry_boot_ms = rg_boot_ms(&c->runtime->clock) + RETRY_MS;
    return false;
}

void rg_control_turn(struct rg_control *c, int wait_ms)
{
    struct rg_kafka_event event;
    if (!has_reader(c)) {
        (void)poll(NULL, 0, wait_ms); /* nothing to wait for but time */
        return;
    }
    find_end(c);
    for (int i = 0; i < 1000 && c->reader != NULL; i++) {
        rg_kafka_consumer_poll(c->reader, i == 0 ? wait_ms : 0, &event);
        if (event.kind == RG_KAFKA_EVENT_NONE)
            break;
        if (event.kind == RG_KAFKA_EVENT_MESSAGE)
            take(c, &event);
        else if (event.kind == RG_KAFKA_EVENT_FAULT)
            fault(c, &event);
    }
    if (c->reader == NULL)
        return;
    int64_t next = rg_kafka_consumer_next(c->reader, c->topic, 0);
    bool at_end = c->read_to != RG_KAFKA_NONE && (c->read_to == 0 || next >= c->read_to);
    if (!c->next->loaded && at_end)
        c->next->loaded = c->dirty = true;
    if (!c->dirty || !c->next->loaded)
        return;
    c->dirty = false;
    rg_runtime_set_control(c->runtime, rg_control_state_copy(c->next));
}

const char *rg_control_trouble(const struct rg_control *c)
{
    const struct rg_kafka_health *health = c->reader != NULL ? rg_kafka_consumer_health(c->reader) : NULL;
    return health == NULL || health->down_since_ms == 0 ? "" : health->last.code != 0 ? health->last.text : "no broker is up";
}

/* ---- writing ---- */

/* An act of which somebody was told that it failed must not come into force hours later, when Kafka answers again: what is not
 * acknowledged is taken back, and what cannot be, because it may be there, is called so. */
static int take_back(struct rg_control *c, struct rg_error *err)
{
    struct rg_error why = {0};
    int rc = rg_kafka_producer_rebuild(c->producer, false, TAKE_BACK_MS, &why);
    if (rc < 0)
        rg_log(RG_LOG_WARNING, "CONTROL-PRODUCER", RG_LOG_NO_CTX, "%s; tried again with the next act", why.text);
    if (!c->waiting && c->written.code == 0)
        return 0; /* it came after all */
    if (c->waiting || c->written.code == RG_EUNKNOWN)
        return rg_fail(err, RG_EUNKNOWN, "the act was not acknowledged; look whether it is in force before repeating it");
    return rg_fail(err, RG_EUNREACHABLE, "Kafka did not take the act, nothing has changed: %.150s", c->written.text);
}

static int write_record(struct rg_control *c, const char *key, struct rg_str value, struct rg_error *err)
{
    int partitions = 0;
    if (rg_kafka_producer_broken(c->producer)) {
        int rebuilt = rg_kafka_producer_rebuild(c->producer, false, WRITE_TIMEOUT_MS, err);
        if (rebuilt < 0)
            return rebuilt;
    }
    int rc = rg_kafka_producer_open(c->producer, c->topic, WRITE_TIMEOUT_MS, &partitions, err);
    if (rc < 0)
        return rc;
    c->waiting = true;
    c->written = (struct rg_error){0};
    const struct rg_kafka_record record = {.topic = c->topic, .partition = 0, .key = rg_str(key), .value = value};
    rc = rg_kafka_producer_send(c->producer, &record, err);
    if (rc == 0 && (rg_kafka_producer_flush(c->producer, WRITE_TIMEOUT_MS, err) < 0 || c->written.code != 0))
        rc = take_back(c, err);
    return rc;
}

struct act {
    struct rg_buf buf;
    struct rg_jw jw;
};

static void begin(struct act *act)
{
    rg_buf_init(&act->buf, RG_CONTROL_VALUE_MAX);
    rg_jw_init(&act->jw, &act->buf);
    rg_jw_object(&act->jw);
    rg_jw_member_int(&act->jw, "v", 1);
}

static int finish(struct rg_control *c, struct act *act, const char *key, struct rg_error *err)
{
    rg_jw_object_end(&act->jw);
    rg_jw_done(&act->jw);
    (void)pthread_mutex_lock(&c->mutex);
    int rc = write_record(c, key, rg_buf_str(&act->buf), err);
    (void)pthread_mutex_unlock(&c->mutex);
    rg_buf_done(&act->buf);
    return rc;
}

static void author(struct act *act, struct rg_control *c, struct rg_str by, struct rg_str reason)
{
    rg_jw_member_opt_str(&act->jw, "by", by);
    rg_jw_member_opt_str(&act->jw, "reason", reason);
    rg_jw_member_int(&act->jw, "at", rg_shared_ms(&c->runtime->clock));
}

int rg_control_record_layout(struct rg_control *c, int shards, struct rg_error *err)
{
    struct act act;
    begin(&act);
    rg_jw_member_int(&act.jw, "shards", shards);
    return finish(c, &act, "layout", err);
}

int rg_control_go_live(struct rg_control *c, struct rg_str max_step, int64_t spread_ms, struct rg_str by, struct rg_str reason, struct rg_error *err)
{
    struct act act;
    begin(&act);
    rg_jw_member_str(&act.jw, "max_step", max_step);
    rg_jw_member_int(&act.jw, "spread_ms", spread_ms);
    rg_jw_member_int(&act.jw, "since", rg_shared_ms(&c->runtime->clock));
    author(&act, c, by, reason);
    return finish(c, &act, "live", err);
}

int rg_control_stop(struct rg_control *c, bool stopped, struct rg_str by, struct rg_str reason, struct rg_error *err)
{
    struct act act;
    begin(&act);
    rg_jw_member_bool(&act.jw, "stopped", stopped);
    author(&act, c, by, reason);
    return finish(c, &act, "stop", err);
}

int rg_control_synced(struct rg_control *c, struct rg_str source, int64_t through_ms, struct rg_str by, struct rg_str reason, struct rg_error *err)
{
    char key[128];
    struct act act;
    struct rg_buf name;
    rg_buf_init(&name, sizeof key - 1);
    rg_buf_addf(&name, "known/" RG_STR_FMT, RG_STR_ARG(source));
    if (name.overflow) {
        rg_buf_done(&name);
        return rg_fail(err, RG_ELIMIT, "source name longer than %zu bytes", sizeof key - 8);
    }
    memcpy(key, name.data, name.len + 1);
    rg_buf_done(&name);
    begin(&act);
    rg_jw_member_int(&act.jw, "through", through_ms);
    author(&act, c, by, reason);
    return finish(c, &act, key, err);
}
