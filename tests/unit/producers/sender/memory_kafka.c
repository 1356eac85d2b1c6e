/* Logs are arrays; a record is written when it is sent, and its report waits for the next poll. */
#include "tests/unit/producers/sender/memory_kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGS_MAX 64
#define QUEUED_MAX 2048
#define FAILS_MAX 256

struct log {
    char topic[64];
    int partition;
    struct mk_record records[MK_RECORDS_MAX];
    int64_t end, first;
};

struct queued {
    void *opaque;
    char topic[64];
    int partition;
    int64_t offset;
    int code;
};

static struct {
    struct log *logs[LOGS_MAX];
    size_t log_count;
    int partitions;
    bool dead, hold, rebuild_fails, open_fails, commit_fails, committed_fails;
    const char *hold_topic, *poison;
    struct {
        const char *topic;
        int code;
        bool written;
    } fails[FAILS_MAX];
    size_t fail_count;
    int rebuilds, commits, consumers;
    bool one_by_one;
    size_t sends;
    int64_t committed[MK_PARTITIONS_MAX];
    bool rebalance, revoke, lost;
    struct {
        bool due;
        int partition, code;
        bool stopped, fatal;
    } fault;
} mk;

struct rg_kafka_producer {
    struct rg_kafka_producer_options options;
    struct queued queue[QUEUED_MAX];
    size_t count;
    bool broken;
};

struct rg_kafka_consumer {
    struct rg_kafka_consumer_ops ops;
    void *ctx;
    char topic[64];
    bool assigned, held[MK_PARTITIONS_MAX];
    int64_t next[MK_PARTITIONS_MAX];
    int turn; /* partitions in turn */
    struct rg_kafka_position answered[MK_PARTITIONS_MAX]; /* an asynchronous commit that waits for the next poll */
    size_t answered_count;
    struct rg_error answer;
};

/* ---- logs ---- */

static struct log *log_of(const char *topic, int partition)
{
    for (size_t i = 0; i < mk.log_count; i++)
        if (strcmp(mk.logs[i]->topic, topic) == 0 && mk.logs[i]->partition == partition)
            return mk.logs[i];
    rg_assert(mk.log_count < LOGS_MAX);
    struct log *log = rg_alloc(sizeof *log);
    (void)snprintf(log->topic, sizeof log->topic, "%s", topic);
    log->partition = partition;
    mk.logs[mk.log_count++] = log;
    return log;
}

static struct rg_str keep(struct rg_str text)
{
    if (text.p == NULL)
        return text;
    char *bytes = rg_alloc(text.n + 1);
    memcpy(bytes, text.p, text.n);
    return (struct rg_str){bytes, text.n};
}

static void forget(struct rg_str text)
{
    void *bytes = (void *)(uintptr_t)text.p;
    free(bytes);
}

int64_t mk_append(const char *topic, int partition, struct rg_str key, struct rg_str value)
{
    struct log *log = log_of(topic, partition);
    rg_assert(log->end < MK_RECORDS_MAX);
    log->records[log->end] = (struct mk_record){.key = keep(key), .value = keep(value)};
    return log->end++;
}

int64_t mk_end(const char *topic, int partition)
{
    return log_of(topic, partition)->end;
}

const struct mk_record *mk_at(const char *topic, int partition, int64_t offset)
{
    struct log *log = log_of(topic, partition);
    rg_assert(offset >= 0 && offset < log->end);
    return &log->records[offset];
}

void mk_start(int partitions)
{
    mk_stop();
    mk.partitions = partitions;
    for (int p = 0; p < MK_PARTITIONS_MAX; p++)
        mk.committed[p] = -1;
}

void mk_stop(void)
{
    for (size_t i = 0; i < mk.log_count; i++) {
        for (int64_t k = 0; k < mk.logs[i]->end; k++) {
            forget(mk.logs[i]->records[k].key);
            forget(mk.logs[i]->records[k].value);
        }
        rg_free(&mk.logs[i]);
    }
    memset(&mk, 0, sizeof mk);
}

void mk_die(void) { mk.dead = true; }
void mk_live(void) { mk.dead = false; }
void mk_hold_reports(bool hold) { mk.hold = hold; }
void mk_hold_reports_of(const char *topic) { mk.hold_topic = topic; }
void mk_poison(const char *needle) { mk.poison = needle; }
void mk_rebuild_fails(bool fails) { mk.rebuild_fails = fails; }
int mk_rebuilds(void) { return mk.rebuilds; }
bool mk_one_by_one(void) { return mk.one_by_one; }
void mk_open_fails(bool fails) { mk.open_fails = fails; }
size_t mk_sends(void) { return mk.sends; }
int64_t mk_committed(int partition) { return mk.committed[partition]; }
int mk_commits(void) { return mk.commits; }
void mk_commit_fails(bool fails) { mk.commit_fails = fails; }
void mk_committed_fails(bool fails) { mk.committed_fails = fails; }
int mk_consumers(void) { return mk.consumers; }

void mk_fail_next(const char *topic, int code, bool written)
{
    rg_assert(mk.fail_count < FAILS_MAX);
    mk.fails[mk.fail_count].topic = topic;
    mk.fails[mk.fail_count].code = code;
    mk.fails[mk.fail_count++].written = written;
}

void mk_rebalance(bool lost)
{
    mk.rebalance = true;
    mk.lost = lost;
}

void mk_revoke(bool lost)
{
    mk.revoke = true;
    mk.lost = lost;
}

void mk_fault(int partition, int code, bool stopped, bool fatal)
{
    mk.fault.due = true;
    mk.fault.partition = partition;
    mk.fault.code = code;
    mk.fault.stopped = stopped;
    mk.fault.fatal = fatal;
}

void mk_truncate(const char *topic, int partition, int64_t first)
{
    log_of(topic, partition)->first = first;
}

/* ---- producer ---- */

int rg_kafka_producer_new(const struct rg_kafka_config *config, const struct rg_kafka_producer_options *options,
                          struct rg_kafka_producer **ret_producer, struct rg_error *err)
{
    (void)config;
    (void)err;
    struct rg_kafka_producer *producer = rg_alloc(sizeof *producer);
    producer->options = *options;
    *ret_producer = producer;
    return 0;
}

void rg_kafka_producer_free(struct rg_kafka_producer **producer, int deadline_ms)
{
    (void)deadline_ms;
    rg_free(producer);
}

int rg_kafka_producer_open(struct rg_kafka_producer *producer, const char *topic, int timeout_ms, int *ret_partitions,
                           struct rg_error *err)
{
    (void)producer;
    (void)timeout_ms;
    if (mk.open_fails)
        return rg_fail(err, RG_ENOTFOUND, "no topic %s", topic);
    *ret_partitions = mk.partitions;
    return 0;
}

static bool is_poisoned(struct rg_str value)
{
    return mk.poison != NULL && memmem(value.p, value.n, mk.poison, strlen(mk.poison)) != NULL;
}

static void write_record(struct queued *queued, const struct rg_kafka_record *record)
{
    queued->offset = mk_append(record->topic, record->partition, record->key, record->value);
    struct mk_record *kept = &log_of(record->topic, record->partition)->records[queued->offset];
    if (record->headers_n > 0) {
        (void)snprintf(kept->header_name, sizeof kept->header_name, "%s", record->headers[0].name);
        (void)snprintf(kept->header, sizeof kept->header, RG_STR_FMT, RG_STR_ARG(record->headers[0].value));
    }
}

int rg_kafka_producer_send(struct rg_kafka_producer *producer, const struct rg_kafka_record *record, struct rg_error *err)
{
    if (producer->broken)
        return rg_fail(err, RG_EIO, "broken");
    if (mk.dead) {
        producer->broken = true;
        return rg_fail(err, RG_EIO, "dead");
    }
    if (record->key.n + record->value.n > 900000)
        return rg_fail(err, RG_EINVAL, "too large");
    rg_assert(record->partition >= 0 && record->partition < mk.partitions);
    rg_assert(producer->count < QUEUED_MAX);
    struct queued *queued = &producer->queue[producer->count++];
    *queued = (struct queued){.opaque = record->opaque, .partition = record->partition, .offset = -1};
    (void)snprintf(queued->topic, sizeof queued->topic, "%s", record->topic);
    mk.sends++;
    bool written = true;
    for (size_t i = 0; i < mk.fail_count; i++) {
        if (strcmp(mk.fails[i].topic, record->topic) != 0)
            continue;
        queued->code = mk.fails[i].code;
        written = mk.fails[i].written;
        memmove(&mk.fails[i], &mk.fails[i + 1], (--mk.fail_count - i) * sizeof mk.fails[0]);
        break;
    }
    if (is_poisoned(record->value)) {
        written = false;
        queued->code = RG_EREFUSED;
    }
    if (written)
        write_record(queued, record);
    return 0;
}

static bool is_held(const struct queued *queued)
{
    return mk.hold || (mk.hold_topic != NULL && strcmp(mk.hold_topic, queued->topic) == 0);
}

static void report(struct rg_kafka_producer *producer, const struct queued *queued)
{
    struct rg_kafka_report told = {
        .opaque = queued->opaque, .topic = queued->topic, .partition = queued->partition, .offset = queued->offset};
    if (queued->code != 0) {
        (void)rg_fail(&told.err, queued->code, "the script says so");
        told.offset = -1;
        producer->broken = true;
    }
    producer->options.on_report(producer->options.ctx, &told);
}

static void report_all(struct rg_kafka_producer *producer, bool held_too)
{
    struct queued *batch = rg_alloc(sizeof producer->queue);
    size_t n = producer->count, kept = 0;
    memcpy(batch, producer->queue, n * sizeof *batch);
    for (size_t i = 0; i < n; i++)
        if (is_held(&batch[i]) && !held_too)
            producer->queue[kept++] = batch[i];
    producer->count = kept;
    for (size_t i = 0; i < n; i++)
        if (!is_held(&batch[i]) || held_too)
            report(producer, &batch[i]);
    rg_free(&batch);
}

void rg_kafka_producer_poll(struct rg_kafka_producer *producer, int timeout_ms)
{
    (void)timeout_ms;
    producer->broken = producer->broken || mk.dead;
    if (!mk.dead)
        report_all(producer, false);
}

size_t rg_kafka_producer_outstanding(const struct rg_kafka_producer *producer)
{
    return producer->count;
}

bool rg_kafka_producer_broken(const struct rg_kafka_producer *producer)
{
    return producer->broken;
}

int rg_kafka_producer_rebuild(struct rg_kafka_producer *producer, bool one_by_one, int timeout_ms, struct rg_error *err)
{
    (void)timeout_ms;
    report_all(producer, true);
    if (mk.rebuild_fails) {
        producer->broken = true;
        return rg_fail(err, RG_EUNREACHABLE, "the script says so");
    }
    mk.rebuilds++;
    mk.one_by_one = one_by_one;
    producer->broken = false;
    return 0;
}

/* ---- consumer ---- */

int rg_kafka_consumer_new(const struct rg_kafka_config *config, const struct rg_kafka_consumer_options *options,
                          struct rg_kafka_consumer **ret_consumer, struct rg_error *err)
{
    (void)config;
    (void)err;
    rg_assert(options->topics_n == 1);
    struct rg_kafka_consumer *consumer = rg_alloc(sizeof *consumer);
    consumer->ops = options->ops;
    consumer->ctx = options->ctx;
    (void)snprintf(consumer->topic, sizeof consumer->topic, "%s", options->topics[0]);
    mk.consumers++;
    *ret_consumer = consumer;
    return 0;
}

static void take(struct rg_kafka_consumer *consumer, bool lost)
{
    struct rg_kafka_position positions[MK_PARTITIONS_MAX];
    if (!consumer->assigned)
        return;
    for (int p = 0; p < mk.partitions; p++)
        positions[p] = (struct rg_kafka_position){consumer->topic, p, consumer->next[p]};
    consumer->ops.on_revoke(consumer->ctx, positions, (size_t)mk.partitions, lost);
    consumer->assigned = false;
}

void rg_kafka_consumer_free(struct rg_kafka_consumer **consumer, int deadline_ms)
{
    (void)deadline_ms;
    if (*consumer == NULL)
        return;
    take(*consumer, false);
    rg_free(consumer);
}

static void give(struct rg_kafka_consumer *consumer)
{
    struct rg_kafka_position positions[MK_PARTITIONS_MAX];
    for (int p = 0; p < mk.partitions; p++)
        positions[p] = (struct rg_kafka_position){consumer->topic, p, RG_KAFKA_STORED};
    consumer->ops.on_assign(consumer->ctx, positions, (size_t)mk.partitions);
    consumer->assigned = true;
    for (int p = 0; p < mk.partitions; p++) {
        consumer->held[p] = positions[p].offset == RG_KAFKA_HOLD;
        consumer->next[p] = positions[p].offset == RG_KAFKA_BEGINNING ? log_of(consumer->topic, p)->first : positions[p].offset;
    }
}

static bool tell_fault(struct rg_kafka_consumer *consumer, struct rg_kafka_event *ret_event)
{
    if (!mk.fault.due)
        return false;
    mk.fault.due = false;
    *ret_event = (struct rg_kafka_event){.kind = RG_KAFKA_EVENT_FAULT, .topic = consumer->topic, .partition = mk.fault.partition,
                                         .stopped = mk.fault.stopped, .fatal = mk.fault.fatal};
    (void)rg_fail(&ret_event->error, mk.fault.code, "the script says so");
    return true;
}

void rg_kafka_consumer_poll(struct rg_kafka_consumer *consumer, int timeout_ms, struct rg_kafka_event *ret_event)
{
    (void)timeout_ms;
    *ret_event = (struct rg_kafka_event){.kind = RG_KAFKA_EVENT_NONE, .partition = -1};
    if (consumer->answered_count > 0)
        consumer->ops.on_committed(consumer->ctx, consumer->answered, consumer->answered_count, &consumer->answer);
    consumer->answered_count = 0;
    if (mk.rebalance || mk.revoke)
        take(consumer, mk.lost);
    bool away = mk.revoke;
    mk.rebalance = mk.revoke = false;
    if (away || tell_fault(consumer, ret_event))
        return;
    if (!consumer->assigned) {
        give(consumer);
        return;
    }
    for (int i = 0; i < mk.partitions; i++) {
        int p = (consumer->turn + i) % mk.partitions;
        struct log *log = log_of(consumer->topic, p);
        if (consumer->held[p] || consumer->next[p] >= log->end)
            continue;
        rg_assert(consumer->next[p] >= 0);
        const struct mk_record *record = &log->records[consumer->next[p]];
        *ret_event = (struct rg_kafka_event){.kind = RG_KAFKA_EVENT_MESSAGE,
                                             .topic = consumer->topic,
                                             .partition = p,
                                             .offset = consumer->next[p]++,
                                             .key = record->key,
                                             .value = record->value};
        consumer->turn = p + 1;
        return;
    }
}

int rg_kafka_consumer_committed(struct rg_kafka_consumer *consumer, struct rg_kafka_position *positions, size_t n, int timeout_ms,
                                struct rg_error *err)
{
    (void)consumer;
    (void)timeout_ms;
    if (mk.committed_fails)
        return rg_fail(err, RG_ETIMEOUT, "the script says so");
    for (size_t i = 0; i < n; i++)
        positions[i].offset = mk.committed[positions[i].partition] < 0 ? RG_KAFKA_NONE : mk.committed[positions[i].partition];
    return 0;
}

const struct rg_kafka_health *rg_kafka_consumer_health(struct rg_kafka_consumer *consumer)
{
    static const struct rg_kafka_health well = {.connected = true};
    (void)consumer;
    return &well;
}

int rg_kafka_consumer_seek(struct rg_kafka_consumer *consumer, const char *topic, int partition, int64_t offset,
                           struct rg_error *err)
{
    if (!consumer->assigned)
        return rg_fail(err, RG_ENOTFOUND, "%s/%d is not assigned here", topic, partition);
    consumer->next[partition] = offset == RG_KAFKA_BEGINNING ? log_of(topic, partition)->first : offset;
    consumer->held[partition] = false;
    return 0;
}

int rg_kafka_consumer_commit(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n, int wait_ms,
                             struct rg_error *err)
{
    struct rg_error answer = {0};
    if (mk.dead)
        return rg_fail(err, RG_ETIMEOUT, "dead");
    bool fails = mk.commit_fails;
    mk.commit_fails = false;
    if (fails)
        (void)rg_fail(&answer, RG_EREFUSED, "the script says so");
    for (size_t i = 0; i < n && !fails; i++) {
        rg_assert(positions[i].offset >= 0);
        mk.committed[positions[i].partition] = positions[i].offset;
    }
    mk.commits++;
    if (wait_ms == 0) {
        memcpy(consumer->answered, positions, n * sizeof *positions);
        consumer->answered_count = n;
        consumer->answer = answer;
    } else if (fails)
        return rg_fail(err, RG_EREFUSED, "the script says so");
    return 0;
}
