/* Copies coming in: membership of the channel's group, the window of what is in hand, and what may be committed. A position
 * moves past a copy only when nothing of it can be owed any more, so a restart begins with everything that is.
 *
 * When there is no room the consumer is still polled now and then, because a member that does not poll is put out of its
 * group; what comes is put back by a seek. A topic that was cut off or made anew starts from its beginning: copies that
 * nobody wants any more are dropped after one look, and what was lost its shard's owner releases again. */
#include "producers/sender/internal.h"

#include "base/core/crash.h"
#include "base/core/log.h"

#include <string.h>

#define WINDOW_RECORDS 1024
#define DECISION_ARENA_BYTES ((size_t)2 * 1024 * 1024)
#define PENDING_MAX ((size_t)RG_SENDER_WINDOW_MAX * 2) /* records on their way, those of hands let go among them */
#define PREFETCH_KBYTES 1024
#define COMMIT_EVERY_MS 500
#define COMMIT_WAIT_MS 2000
#define KEEPALIVE_MS 1000
#define COMMITTED_TIMEOUT_MS 2000
#define CONSUMER_RETRY_MS 1000
#define CONSUMER_RETRY_MS_MAX 60000

/* ---- membership ---- */

/* Where each partition starts: where the group stands, or at the very beginning. */
static int find_starts(struct rg_sender *sender, struct rg_kafka_position *positions, size_t n, struct rg_error *err)
{
    int rc = rg_kafka_consumer_committed(sender->consumer, positions, n, COMMITTED_TIMEOUT_MS, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (positions[i].offset == RG_KAFKA_NONE || sender->partitions[positions[i].partition].from_beginning)
            positions[i].offset = RG_KAFKA_BEGINNING;
    return rc;
}

static void on_assign(void *ctx, struct rg_kafka_position *positions, size_t n)
{
    struct rg_sender *sender = ctx;
    struct rg_error err = {0};
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        known += positions[i].partition < sender->config.shards;
    bool asked = known == n && find_starts(sender, positions, n, &err) == 0;
    for (size_t i = 0; i < n; i++) {
        if (!asked)
            positions[i].offset = RG_KAFKA_HOLD;
        if (positions[i].partition >= sender->config.shards)
            continue; /* a topic with more partitions than there are shards: nothing of ours stands there */
        struct rg_partition *part = &sender->partitions[positions[i].partition];
        rg_assert(part->window == NULL);
        *part = (struct rg_partition){.window = rg_ack_window_new(WINDOW_RECORDS), .committed = -1, .held = !asked};
    }
}

static void on_revoke(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost)
{
    struct rg_sender *sender = ctx;
    if (!lost)
        rg_intake_commit(sender, true);
    for (size_t i = 0; i < n; i++)
        if (positions[i].partition < sender->config.shards)
            rg_ack_window_free(&sender->partitions[positions[i].partition].window);
    rg_hands_give_back(sender, true);
}

static void on_committed(void *ctx, const struct rg_kafka_position *positions, size_t n, const struct rg_error *err)
{
    struct rg_sender *sender = ctx;
    if (err->code == 0)
        return;
    rg_log(RG_LOG_WARNING, "SENDER-COMMIT", &(struct rg_log_ctx){.topic = sender->config.actions_topic, .shard = -1},
           "%s; trying again", err->text);
    for (size_t i = 0; i < n; i++)
        if (positions[i].partition < sender->config.shards)
            sender->partitions[positions[i].partition].committed = -1;
}

int rg_intake_start(struct rg_sender *sender, struct rg_error *err)
{
    const struct rg_kafka_consumer_options options = {.group = sender->config.group,
                                                      .topics = &sender->config.actions_topic,
                                                      .topics_n = 1,
                                                      .ops = {on_assign, on_revoke, on_committed},
                                                      .ctx = sender,
                                                      .session_timeout_ms = sender->config.session_timeout_ms,
                                                      .prefetch_kbytes = PREFETCH_KBYTES};
    return rg_kafka_consumer_new(&sender->config.kafka, &options, &sender->consumer, err);
}

void rg_intake_stop(struct rg_sender *sender)
{
    rg_kafka_consumer_free(&sender->consumer, RG_KAFKA_FREE_MS);
    for (int p = 0; p < sender->config.shards; p++)
        rg_ack_window_free(&sender->partitions[p].window);
}

/* A consumer that cannot go on is replaced by a new member; what it had in hand was given back. */
static void renew(struct rg_sender *sender)
{
    struct rg_error err = {0};
    if (sender->boot_ms < sender->consumer_retry_boot_ms)
        return;
    if (sender->consumer != NULL)
        rg_intake_stop(sender);
    int64_t wait_ms = (int64_t)CONSUMER_RETRY_MS << (sender->consumer_failures < 6 ? sender->consumer_failures : 6);
    sender->consumer_retry_boot_ms = sender->boot_ms + (wait_ms < CONSUMER_RETRY_MS_MAX ? wait_ms : CONSUMER_RETRY_MS_MAX);
    sender->consumer_failures++;
    if (rg_intake_start(sender, &err) < 0)
        rg_log(RG_LOG_ERROR, "SENDER-CONSUMER", &(struct rg_log_ctx){.topic = sender->config.actions_topic, .shard = -1},
               "%s; retrying", err.text);
    else
        sender->consumer_broken = false;
}

/* Partitions whose start could not be asked for when they were assigned. */
static void start_held(struct rg_sender *sender)
{
    bool any = false;
    for (int p = 0; p < sender->config.shards; p++)
        any = any || (sender->partitions[p].window != NULL && sender->partitions[p].held);
    if (!any || sender->boot_ms < sender->consumer_retry_boot_ms)
        return;
    sender->consumer_retry_boot_ms = sender->boot_ms + CONSUMER_RETRY_MS;
    for (int p = 0; p < sender->config.shards; p++) {
        struct rg_error err = {0};
        struct rg_kafka_position position = {sender->config.actions_topic, p, RG_KAFKA_NONE};
        if (sender->partitions[p].window == NULL || !sender->partitions[p].held)
            continue;
        if (find_starts(sender, &position, 1, &err) < 0 ||
            rg_kafka_consumer_seek(sender->consumer, position.topic, p, position.offset, &err) < 0) {
            rg_log(RG_LOG_WARNING, "SENDER-START", &(struct rg_log_ctx){.topic = position.topic, .shard = p}, "%s; retrying",
                   err.text);
            return;
        }
        sender->partitions[p].held = false;
    }
}

/* ---- copies ---- */

static void skip(struct rg_sender *sender, const struct rg_kafka_event *event, const char *why)
{
    atomic_fetch_add_explicit(&sender->counters.unreadable, 1, memory_order_relaxed);
    rg_log(RG_LOG_ERROR, "SENDER-COPY",
           &(struct rg_log_ctx){.topic = event->topic, .shard = event->partition, .channel = sender->config.channel},
           "the record at offset %lld is no action of this channel: %s; it is passed over", (long long)event->offset, why);
}

/* NULL and a reason when it is nothing that this sender could ever send. */
static const char *judge_copy(const struct rg_sender *sender, const struct rg_decision *decision)
{
    if (rg_action_id_shard(&decision->action) >= sender->config.shards)
        return "its id names a shard that does not exist";
    if (!rg_str_is(decision->channel, sender->config.channel))
        return "it names another channel";
    if (decision->mode != RG_MODE_LIVE)
        return "it was decided in shadow";
    if (!rg_str_has(decision->debtor) || decision->debtor.n > RG_ID_BYTES_MAX)
        return "its debtor has no id";
    return NULL;
}

static void take_copy(struct rg_sender *sender, const struct rg_kafka_event *event)
{
    struct rg_arena *arena = rg_arena_new(DECISION_ARENA_BYTES);
    struct rg_decision decision;
    struct rg_error err = {0};
    struct rg_ack_window *window = sender->partitions[event->partition].window;
    const char *wrong = NULL;
    if (event->value.p == NULL)
        wrong = "it is a tombstone";
    else if (rg_decision_read(event->value, arena, &decision, &err) < 0)
        wrong = err.text;
    else
        wrong = judge_copy(sender, &decision);
    if (rg_ack_window_add(window, event->offset, wrong == NULL ? 1 : 0, &err) < 0) {
        /* Room was made sure of, so the offset is below one that was read before: a position went backwards. */
        rg_log(RG_LOG_ERROR, "SENDER-COPY", &(struct rg_log_ctx){.topic = event->topic, .shard = event->partition},
               "%s; starting over", err.text);
        sender->consumer_broken = true;
        rg_arena_free(&arena);
        return;
    }
    sender->moved = true;
    if (wrong != NULL) {
        skip(sender, event, wrong);
        rg_arena_free(&arena);
        return;
    }
    (void)rg_hand_add(sender, arena, &decision, event->partition, event->offset);
    atomic_fetch_add_explicit(&sender->counters.taken, 1, memory_order_relaxed);
}

/* No room for it: it is read again later. */
static void put_back(struct rg_sender *sender, const struct rg_kafka_event *event)
{
    struct rg_error err = {0};
    if (rg_kafka_consumer_seek(sender->consumer, sender->config.actions_topic, event->partition, event->offset, &err) == 0)
        return;
    rg_log(RG_LOG_WARNING, "SENDER-CONSUMER",
           &(struct rg_log_ctx){.topic = sender->config.actions_topic, .shard = event->partition}, "%s; starting over", err.text);
    sender->consumer_broken = true;
}

static void take_fault(struct rg_sender *sender, const struct rg_kafka_event *event)
{
    rg_log(event->stopped || event->fatal ? RG_LOG_ERROR : RG_LOG_WARNING, "SENDER-CONSUMER",
           &(struct rg_log_ctx){.topic = sender->config.actions_topic, .shard = event->partition}, "%s", event->error.text);
    if (!event->stopped && !event->fatal)
        return;
    sender->consumer_broken = true;
    if (event->stopped && event->error.code == RG_EREFUSED && event->partition >= 0 && event->partition < sender->config.shards)
        sender->partitions[event->partition].from_beginning = true;
}

bool rg_intake_has_room(const struct rg_sender *sender)
{
    if (sender->draining || sender->hand_count >= RG_SENDER_WINDOW_MAX || rg_post_pending(sender->post) >= PENDING_MAX)
        return false;
    for (int p = 0; p < sender->config.shards; p++)
        if (sender->partitions[p].window != NULL && rg_ack_window_full(sender->partitions[p].window))
            return false;
    return true;
}

/* One event; false when nothing came. */
static bool take_event(struct rg_sender *sender, int wait_ms)
{
    struct rg_kafka_event event;
    bool room = rg_intake_has_room(sender);
    rg_kafka_consumer_poll(sender->consumer, wait_ms, &event);
    if (event.kind == RG_KAFKA_EVENT_NONE)
        return false;
    if (event.kind == RG_KAFKA_EVENT_FAULT) {
        take_fault(sender, &event);
    } else if (event.kind == RG_KAFKA_EVENT_MESSAGE && event.partition < sender->config.shards &&
               sender->partitions[event.partition].window != NULL) {
        sender->consumer_failures = 0;
        if (room)
            take_copy(sender, &event);
        else
            put_back(sender, &event);
    }
    return !sender->consumer_broken;
}

void rg_intake_poll(struct rg_sender *sender, int wait_ms)
{
    if (sender->consumer_broken || sender->consumer == NULL)
        renew(sender);
    if (sender->consumer == NULL || sender->consumer_broken)
        return;
    start_held(sender);
    if (!rg_intake_has_room(sender)) {
        if (sender->boot_ms < sender->keepalive_boot_ms)
            return;
        sender->keepalive_boot_ms = sender->boot_ms + KEEPALIVE_MS;
        (void)take_event(sender, 0);
        return;
    }
    while (take_event(sender, wait_ms) && rg_intake_has_room(sender))
        wait_ms = 0;
}

/* ---- what is done ---- */

void rg_intake_done(struct rg_sender *sender, const struct rg_hand *hand)
{
    struct rg_partition *part = &sender->partitions[hand->partition];
    if (hand->ours && part->window != NULL)
        (void)rg_ack_window_ack(part->window, hand->offset); /* false cannot matter: then it is read once more */
}

void rg_intake_commit(struct rg_sender *sender, bool now)
{
    struct rg_kafka_position positions[RG_SHARDS_MAX];
    size_t n = 0;
    struct rg_error err = {0};
    if (sender->consumer == NULL || sender->consumer_broken || (!now && sender->boot_ms < sender->commit_boot_ms))
        return;
    sender->commit_boot_ms = sender->boot_ms + COMMIT_EVERY_MS;
    for (int p = 0; p < sender->config.shards; p++) {
        struct rg_partition *part = &sender->partitions[p];
        int64_t next = part->window == NULL ? RG_ACK_UNKNOWN : rg_ack_window_next(part->window);
        if (next != RG_ACK_UNKNOWN && next != part->committed)
            positions[n++] = (struct rg_kafka_position){sender->config.actions_topic, p, next};
    }
    if (n == 0)
        return;
    rg_crash_point("outcome-before-commit");
    if (rg_kafka_consumer_commit(sender->consumer, positions, n, now ? COMMIT_WAIT_MS : 0, &err) < 0) {
        rg_log(RG_LOG_WARNING, "SENDER-COMMIT", &(struct rg_log_ctx){.topic = sender->config.actions_topic, .shard = -1},
               "%s; what is done is read again", err.text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        sender->partitions[positions[i].partition].committed = positions[i].offset;
        sender->partitions[positions[i].partition].from_beginning = false;
    }
}
