/* What a consumer has, where each partition stands, and how it is moved, held back and committed.
 *
 * A partition without a start yet ("held") is paused before it is assigned, at a plain offset: an assignment at a logical one
 * asks the broker where that is, and the answer moves the partition even when it comes after a seek, over records that are
 * then never delivered (seen with 2.0.2). A seek moves a held partition and resumes it. We resume only what we paused:
 * resuming anything else makes librdkafka 2.0 fetch an old position again. Held partitions are resumed before they are given
 * up, because the pause would outlive the assignment. Where a partition stands is kept in the slots rather than asked from
 * librdkafka, whose answer is a list that must not leak. */
#include "base/kafka/internal.h"

#define SEEK_TIMEOUT_MS 5000
#define FIRST_IN_MS 0x02010000 /* before 2.1.0 rd_kafka_seek_partitions waited a thousandth of the time it was told */

static rd_kafka_topic_partition_list_t *list_held(const struct rg_kafka_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < consumer->slots.count; i++)
        if (consumer->slots.items[i].held)
            rd_kafka_topic_partition_list_add(list, consumer->slots.items[i].topic, consumer->slots.items[i].partition);
    return list;
}

int rg_kafka_assignment_hold(struct rg_kafka_consumer *consumer, struct rg_error *err)
{
    RG_KAFKA_LIST held = list_held(consumer);
    if (held->cnt == 0)
        return 0;
    rd_kafka_resp_err_t paused = rd_kafka_pause_partitions(consumer->rk, held);
    return paused == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : rg_kafka_fail(err, paused, "partitions could not be held back");
}

static void resume_held(struct rg_kafka_consumer *consumer)
{
    RG_KAFKA_LIST held = list_held(consumer);
    if (held->cnt > 0)
        (void)rd_kafka_resume_partitions(consumer->rk, held); /* fails only for partitions that are gone */
}

int rg_kafka_assignment_start(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n,
                              struct rg_error *err)
{
    resume_held(consumer);
    RG_KAFKA_LIST list = rg_kafka_list_from(positions, n);
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset == RG_KAFKA_HOLD)
            list->elems[i].offset = 0; /* never fetched from */
    rg_kafka_slots_set(&consumer->slots, positions, n);
    int held = rg_kafka_assignment_hold(consumer, err);
    if (held < 0)
        return held;
    rd_kafka_resp_err_t assigned = rd_kafka_assign(consumer->rk, list);
    if (assigned != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, assigned, "%zu partitions could not be taken", n);
    return 0;
}

void rg_kafka_assignment_drop(struct rg_kafka_consumer *consumer)
{
    resume_held(consumer);
    (void)rd_kafka_assign(consumer->rk, NULL); /* without a list it only fails on a handle that is closing */
    rg_kafka_slots_done(&consumer->slots);
}

/* A reader's way back from a dead fetcher: the same assignment again, each partition where it stands. */
static int assign_again(struct rg_kafka_consumer *consumer, const struct rg_kafka_slot *moved, int64_t offset,
                        struct rg_error *err)
{
    size_t n = consumer->slots.count;
    struct rg_kafka_position *positions = rg_kafka_slots_positions(&consumer->slots);
    for (size_t i = 0; i < n; i++) {
        const struct rg_kafka_slot *slot = &consumer->slots.items[i];
        if (slot == moved)
            positions[i].offset = offset;
        else if (slot->held || slot->dead)
            positions[i].offset = RG_KAFKA_HOLD;
        else if (slot->next == RG_KAFKA_NONE)
            positions[i].offset = slot->start;
    }
    int code = rg_kafka_assignment_start(consumer, positions, n, err);
    rg_free(&positions);
    return code;
}

int rg_kafka_consumer_seek(struct rg_kafka_consumer *consumer, const char *topic, int partition, int64_t offset,
                           struct rg_error *err)
{
    if (offset < 0 && offset != RG_KAFKA_BEGINNING && offset != RG_KAFKA_END)
        return rg_fail(err, RG_EINVAL, "%.150s/%d: %lld is no offset to go to", topic, partition, (long long)offset);
    struct rg_kafka_slot *slot = rg_kafka_slots_find(&consumer->slots, topic, partition);
    if (slot == NULL)
        return rg_fail(err, RG_ENOTFOUND, "%.150s/%d is not assigned here", topic, partition);
    if (slot->dead && consumer->member)
        return rg_fail(err, RG_EREFUSED, "%.150s/%d was stopped by a fault; the consumer must be made anew", topic, partition);
    if (slot->dead)
        return assign_again(consumer, slot, offset, err);
    RG_KAFKA_LIST list = rg_kafka_list_from(&(struct rg_kafka_position){topic, partition, offset}, 1);
    int timeout = rd_kafka_version() < FIRST_IN_MS ? SEEK_TIMEOUT_MS * 1000 : SEEK_TIMEOUT_MS;
    rd_kafka_error_t *refused = rd_kafka_seek_partitions(consumer->rk, list, timeout);
    if (refused != NULL)
        return rg_kafka_fail_error(err, refused, "%.80s/%d: seek", topic, partition);
    if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_fail(err, list->elems[0].err, "%.80s/%d: seek", topic, partition);
    if (slot->held)
        (void)rd_kafka_resume_partitions(consumer->rk, list); /* fails only for partitions that are gone */
    slot->held = false;
    slot->start = offset;
    slot->next = offset >= 0 ? offset : RG_KAFKA_NONE;
    return 0;
}

void rg_kafka_commit_done(rd_kafka_t *rk, rd_kafka_resp_err_t result, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    (void)rk;
    struct rg_kafka_consumer *consumer = opaque;
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR)
        rg_kafka_watch_alive(&consumer->watch);
    if (consumer->ops.on_committed == NULL || list == NULL)
        return;
    size_t n = (size_t)list->cnt;
    struct rg_error err = {0};
    struct rg_kafka_position *positions = rg_alloc((n + 1) * sizeof *positions);
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_topic_partition_t *part = &list->elems[i];
        positions[i] = (struct rg_kafka_position){part->topic, part->partition, part->offset};
        if (result == RD_KAFKA_RESP_ERR_NO_ERROR)
            result = part->err;
    }
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)rg_kafka_fail(&err, result, "commit");
    consumer->ops.on_committed(consumer->ctx, positions, n, &err);
    rg_free(&positions);
}

static int wait_commit(struct rg_kafka_consumer *consumer, rd_kafka_topic_partition_list_t *list, int wait_ms,
                       struct rg_error *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->rk);
    rd_kafka_resp_err_t result = rd_kafka_commit_queue(consumer->rk, list, queue, NULL, NULL);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, wait_ms);
        const rd_kafka_topic_partition_list_t *answer = event == NULL ? NULL : rd_kafka_event_topic_partition_list(event);
        result = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
        for (int i = 0; answer != NULL && result == RD_KAFKA_RESP_ERR_NO_ERROR && i < answer->cnt; i++)
            result = answer->elems[i].err;
        if (event != NULL)
            rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : rg_kafka_fail(err, result, "commit of %s/%d", list->elems[0].topic, (int)list->elems[0].partition);
}

int rg_kafka_consumer_commit(struct rg_kafka_consumer *consumer, const struct rg_kafka_position *positions, size_t n, int wait_ms,
                             struct rg_error *err)
{
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (positions[i].offset < 0)
            return rg_fail(err, RG_EINVAL, "%.150s/%d: %lld cannot be committed", positions[i].topic, positions[i].partition,
                           (long long)positions[i].offset);
    RG_KAFKA_LIST list = rg_kafka_list_from(positions, n);
    if (wait_ms > 0)
        return wait_commit(consumer, list, wait_ms, err);
    /* Not rd_kafka_commit: its callback would also be told of the commits that were waited for. */
    rd_kafka_resp_err_t queued = rd_kafka_commit_queue(consumer->rk, list, consumer->queue, rg_kafka_commit_done, consumer);
    return queued == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : rg_kafka_fail(err, queued, "commit of %s/%d", positions[0].topic, positions[0].partition);
}

int rg_kafka_consumer_committed(struct rg_kafka_consumer *consumer, struct rg_kafka_position *positions, size_t n, int timeout_ms,
                                struct rg_error *err)
{
    if (n == 0)
        return 0;
    RG_KAFKA_LIST list = rg_kafka_list_from(positions, n);
    rd_kafka_resp_err_t asked = rd_kafka_committed(consumer->rk, list, timeout_ms);
    for (int i = 0; asked == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
        asked = list->elems[i].err;
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR)
        return rg_kafka_watch_answer(
            &consumer->watch,
            rg_kafka_fail(err, asked, "committed positions of %s could not be asked for", positions[0].topic), err);
    for (size_t i = 0; i < n; i++)
        positions[i].offset = list->elems[i].offset >= 0 ? list->elems[i].offset : RG_KAFKA_NONE;
    return 0;
}

int rg_kafka_consumer_edges(struct rg_kafka_consumer *consumer, enum rg_kafka_edge edge, struct rg_kafka_position *positions,
                            size_t n, int timeout_ms, struct rg_error *err)
{
    return rg_kafka_watch_answer(&consumer->watch, rg_kafka_edges_ask(consumer->rk, edge, positions, n, timeout_ms, err), err);
}

int64_t rg_kafka_consumer_next(struct rg_kafka_consumer *consumer, const char *topic, int partition)
{
    const struct rg_kafka_slot *slot = rg_kafka_slots_find(&consumer->slots, topic, partition);
    return slot == NULL ? RG_KAFKA_NONE : slot->next;
}

int64_t rg_kafka_consumer_lag(struct rg_kafka_consumer *consumer, const char *topic, int partition)
{
    int64_t next = rg_kafka_consumer_next(consumer, topic, partition), low = -1, high = -1;
    if (next < 0 || rd_kafka_get_watermark_offsets(consumer->rk, topic, partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
        return -1;
    return high > next ? high - next : 0;
}

const struct rg_kafka_health *rg_kafka_consumer_health(struct rg_kafka_consumer *consumer)
{
    return &consumer->watch.health;
}
