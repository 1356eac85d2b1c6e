/* A queue in order of sequence. Each entry is waiting, sent or acknowledged. Entries outlive their relay while the producer
 * still holds them: the report then frees them. */
#include "producers/relay/relay.h"

#include "base/core/crash.h"
#include "base/core/log.h"

#include <stdlib.h>
#include <string.h>

#define SENT_MAX 2048 /* in the producer at once, of one shard */
#define MAGIC 0x52454c59u

enum entry_state { WAITING, SENT, ACKNOWLEDGED };

struct entry {
    uint32_t magic;
    struct rg_relay *relay; /* NULL: the relay is gone */
    struct entry *next;
    int64_t seq;
    enum entry_state state;
    struct rg_out out; /* points into bytes */
    size_t n;
    char bytes[];
};

/* Crash points: about to be sent, and acknowledged but still in the outbox. */
static const char *const sending[RG_OUT_KIND_COUNT] = {
    [RG_OUT_LEDGER] = "before-decided", [RG_OUT_ACTION] = "decided-before-action", [RG_OUT_FORWARD] = "before-forward",
    [RG_OUT_PEOPLE] = "before-merge",   [RG_OUT_DEADLETTER] = "before-letter"};
static const char *const sent[RG_OUT_KIND_COUNT] = {
    [RG_OUT_LEDGER] = "after-decided", [RG_OUT_ACTION] = "action-in-outbox", [RG_OUT_FORWARD] = "forward-in-outbox",
    [RG_OUT_PEOPLE] = "merge-in-outbox", [RG_OUT_DEADLETTER] = "letter-in-outbox"};

struct rg_relay {
    struct entry *first, *last;
    size_t count, sent, bytes;
};

struct rg_relay *rg_relay_new(void)
{
    return rg_alloc(sizeof(struct rg_relay));
}

static void release(struct entry *entry)
{
    if (entry->state == SENT)
        entry->relay = NULL; /* the producer's report frees it */
    else
        free(entry);
}

void rg_relay_free(struct rg_relay **relay)
{
    if (*relay == NULL)
        return;
    for (struct entry *e = (*relay)->first; e != NULL;) {
        struct entry *next = e->next;
        release(e);
        e = next;
    }
    rg_free(relay);
}

int rg_relay_add(struct rg_relay *relay, int64_t seq, struct rg_str bytes, struct rg_error *err)
{
    if (relay->last != NULL && relay->last->seq >= seq)
        return rg_fail(err, RG_EINVAL, "outbox: sequence %lld comes behind %lld", (long long)seq, (long long)relay->last->seq);
    struct entry *e = rg_alloc(sizeof *e + bytes.n);
    memcpy(e->bytes, bytes.p, bytes.n);
    e->magic = MAGIC;
    e->relay = relay;
    e->seq = seq;
    e->n = bytes.n;
    int rc = rg_out_decode((struct rg_str){e->bytes, e->n}, &e->out, err);
    if (rc < 0) {
        free(e);
        return rc;
    }
    if (relay->last == NULL)
        relay->first = e;
    else
        relay->last->next = e;
    relay->last = e;
    relay->count++;
    relay->bytes += sizeof *e + e->n;
    return 0;
}

static void unlink_after(struct rg_relay *relay, struct entry *before, struct entry *e)
{
    if (before == NULL)
        relay->first = e->next;
    else
        before->next = e->next;
    if (relay->last == e)
        relay->last = before;
    relay->count--;
    relay->bytes -= sizeof *e + e->n;
}

size_t rg_relay_drop(struct rg_relay *relay, const struct rg_action_id *action, int64_t ret_seqs[8])
{
    size_t n = 0;
    struct entry *before = NULL;
    for (struct entry *e = relay->first; e != NULL && n < 8;) {
        struct entry *next = e->next;
        bool of_it = (e->out.kind == RG_OUT_ACTION || e->out.kind == RG_OUT_LEDGER) && rg_action_id_eq(&e->out.action, action);
        if (of_it && e->state == WAITING) {
            ret_seqs[n++] = e->seq;
            unlink_after(relay, before, e);
            free(e);
        } else {
            before = e;
        }
        e = next;
    }
    return n;
}

static int send_entry(struct entry *e, struct rg_kafka_producer *producer, struct rg_error *err)
{
    struct rg_kafka_header headers[6];
    size_t n = 0;
    const struct rg_kafka_header all[] = {
        {RG_HEADER_KIND, e->out.record_kind}, {RG_HEADER_ORIGIN, e->out.origin}, {RG_HEADER_FIRST, e->out.first},
        {"regua_reason", e->out.reason}, {"regua_detail", e->out.detail}, {"regua_source", e->out.from},
    };
    for (size_t i = 0; i < RG_COUNT(all); i++)
        if (all[i].value.p != NULL)
            headers[n++] = all[i];
    char topic[RG_KAFKA_TOPIC_NAME_MAX + 1];
    rg_assert(e->out.topic.n <= RG_KAFKA_TOPIC_NAME_MAX);
    memcpy(topic, e->out.topic.p, e->out.topic.n);
    topic[e->out.topic.n] = '\0';
    const struct rg_kafka_record record = {.topic = topic,
                                           .partition = e->out.partition,
                                           .key = e->out.key,
                                           .value = e->out.value,
                                           .headers = headers,
                                           .headers_n = n,
                                           .opaque = e};
    return rg_kafka_producer_send(producer, &record, err);
}

/* A channel that is not configured any more has no topic: its copy would reach nobody, and must not stop what is behind it.
 * The owner calls the action back. */
static void pass_over(struct entry *e)
{
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&e->out.action, action);
    rg_log(RG_LOG_WARNING, "RELAY-NO-CHANNEL", &(struct rg_log_ctx){.action = action, .shard = e->out.partition},
           "the topic " RG_STR_FMT " belongs to no channel any more; its copy is passed over", RG_STR_ARG(e->out.topic));
    e->state = ACKNOWLEDGED;
}

int rg_relay_pump(struct rg_relay *relay, struct rg_kafka_producer *producer, struct rg_error *err)
{
    bool logged = true; /* every ledger record so far is acknowledged */
    for (struct entry *e = relay->first; e != NULL && relay->sent < SENT_MAX; e = e->next) {
        if (e->state == WAITING && (e->out.kind != RG_OUT_ACTION || logged)) {
            rg_crash_point(sending[e->out.kind]);
            int rc = send_entry(e, producer, err);
            if (rc == RG_ELIMIT)
                return 0; /* the producer is full: the next pump goes on here */
            if (rc == RG_ENOTFOUND && e->out.kind == RG_OUT_ACTION) {
                pass_over(e);
                continue;
            }
            if (rc < 0)
                return rc;
            e->state = SENT;
            relay->sent++;
        }
        if (e->out.kind == RG_OUT_LEDGER && e->state != ACKNOWLEDGED)
            logged = false;
    }
    return 0;
}

void rg_relay_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    struct entry *e = report->opaque;
    rg_assert(e->magic == MAGIC);
    rg_assert(e->state == SENT);
    if (e->relay == NULL) {
        free(e);
        return;
    }
    e->relay->sent--;
    e->state = report->err.code == 0 ? ACKNOWLEDGED : WAITING;
    if (e->state == ACKNOWLEDGED)
        rg_crash_point(sent[e->out.kind]);
}

size_t rg_relay_count(const struct rg_relay *relay)
{
    return relay->count;
}

size_t rg_relay_bytes(const struct rg_relay *relay)
{
    return relay->bytes;
}

int64_t rg_relay_done_through(struct rg_relay *relay)
{
    int64_t through = -1;
    while (relay->first != NULL && relay->first->state == ACKNOWLEDGED) {
        struct entry *e = relay->first;
        through = e->seq;
        unlink_after(relay, NULL, e);
        free(e);
    }
    return through;
}

bool rg_relay_drained_through(const struct rg_relay *relay, int64_t seq)
{
    for (const struct entry *e = relay->first; e != NULL && e->seq <= seq; e = e->next)
        if (e->state != ACKNOWLEDGED)
            return false;
    return true;
}
