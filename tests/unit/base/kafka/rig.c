/* The sinks only remember; what is right is said in the tests. Time-outs are far above what a busy machine needs. */
#include "tests/unit/base/kafka/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct rg_kafka_config rig_config(const char *bootstrap)
{
    return (struct rg_kafka_config){.brokers = bootstrap, .client_id = "rig"};
}

static void remember_report(void *ctx, const struct rg_kafka_report *report)
{
    struct rig_sender *sender = ctx;
    size_t index = (size_t)(uintptr_t)report->opaque;
    assert_true(index < RIG_RECORDS_MAX);
    sender->reports[index]++;
    sender->fate[index] = report->err.code;
    sender->offset[index] = report->offset;
    if (report->err.code != 0)
        (void)snprintf(sender->text, sizeof sender->text, "%s", report->err.text);
}

struct rig_sender *rig_sender_new(const char *bootstrap, const char *topic, struct rg_kafka_producer_options options)
{
    struct rig_sender *sender = rg_alloc(sizeof *sender);
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_error err = {0};
    int partitions = 0;
    options.on_report = remember_report;
    options.ctx = sender;
    if (rg_kafka_producer_new(&config, &options, &sender->producer, &err) < 0)
        fail_msg("%s", err.text);
    if (topic != NULL && rg_kafka_producer_open(sender->producer, topic, RIG_WAIT_MS, &partitions, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < RIG_RECORDS_MAX; i++)
        sender->fate[i] = 1;
    return sender;
}

void rig_sender_free(struct rig_sender **sender)
{
    rg_kafka_producer_free(&(*sender)->producer, RG_KAFKA_FREE_MS);
    rg_free(sender);
}

int rig_send(struct rig_sender *sender, const char *topic, int partition, size_t index, struct rg_error *err)
{
    char key[32], value[32];
    (void)snprintf(key, sizeof key, "k%zu", index);
    (void)snprintf(value, sizeof value, "v%zu", index);
    struct rg_kafka_record record = {
        .topic = topic, .partition = partition, .key = rg_str(key), .value = rg_str(value), .opaque = (void *)(uintptr_t)index};
    return rg_kafka_producer_send(sender->producer, &record, err);
}

void rig_wait_reports(struct rig_sender *sender)
{
    for (int turn = 0; turn < RIG_WAIT_MS / 10 && rg_kafka_producer_outstanding(sender->producer) > 0; turn++)
        rg_kafka_producer_poll(sender->producer, 10);
    assert_int_equal(rg_kafka_producer_outstanding(sender->producer), 0);
}

void rig_send_all(struct rig_sender *sender, const char *topic, int partition, size_t first, size_t n)
{
    struct rg_error err = {0};
    for (size_t i = first; i < first + n; i++)
        if (rig_send(sender, topic, partition, i, &err) < 0)
            fail_msg("%s", err.text);
    rig_wait_reports(sender);
    for (size_t i = first; i < first + n; i++)
        if (sender->fate[i] != 0)
            fail_msg("record %zu: %d %s", i, sender->fate[i], sender->text);
}

static void member_assign(void *ctx, struct rg_kafka_position *positions, size_t n)
{
    struct rig_member *member = ctx;
    struct rg_error err = {0};
    member->assigns++;
    if (member->ask_committed && rg_kafka_consumer_committed(member->consumer, positions, n, RIG_WAIT_MS, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++) {
        assert_true(positions[i].partition < RIG_PARTITIONS_MAX);
        assert_false(member->has[positions[i].partition]);
        member->has[positions[i].partition] = true;
        if (!member->ask_committed)
            positions[i].offset = member->start;
        else if (positions[i].offset == RG_KAFKA_NONE)
            positions[i].offset = RG_KAFKA_BEGINNING;
    }
}

static void member_revoke(void *ctx, const struct rg_kafka_position *positions, size_t n, bool lost)
{
    struct rig_member *member = ctx;
    member->revokes++;
    member->lost += lost;
    for (size_t i = 0; i < n; i++) {
        assert_true(member->has[positions[i].partition]);
        member->has[positions[i].partition] = false;
        member->revoked_at[positions[i].partition] = positions[i].offset;
        if (member->commit_on_revoke && !lost && positions[i].offset >= 0)
            member->commit_code = rg_kafka_consumer_commit(member->consumer, &positions[i], 1, RIG_WAIT_MS, NULL);
    }
}

static void member_committed(void *ctx, const struct rg_kafka_position *positions, size_t n, const struct rg_error *err)
{
    struct rig_member *member = ctx;
    (void)positions;
    assert_true(n > 0);
    if (err->code == 0)
        member->committed++;
    else
        member->commit_failures++;
}

void rig_member_start(struct rig_member *member, const char *bootstrap, const char *group, const char *topic)
{
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_kafka_consumer_options options = {
        .group = group,
        .topics = &topic,
        .topics_n = 1,
        .ops = {member_assign, member_revoke, member_committed},
        .ctx = member,
        .session_timeout_ms = 3000,
        .ends = true,
    };
    struct rg_error err = {0};
    if (rg_kafka_consumer_new(&config, &options, &member->consumer, &err) < 0)
        fail_msg("%s", err.text);
}

int rig_member_count(const struct rig_member *member)
{
    int n = 0;
    for (size_t i = 0; i < RIG_PARTITIONS_MAX; i++)
        n += member->has[i];
    return n;
}

struct rg_kafka_consumer *rig_reader(const char *bootstrap, const char *group)
{
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_kafka_consumer_options options = {.group = group, .ends = true};
    struct rg_kafka_consumer *reader = NULL;
    struct rg_error err = {0};
    if (rg_kafka_consumer_new(&config, &options, &reader, &err) < 0)
        fail_msg("%s", err.text);
    return reader;
}

void rig_read_from(struct rg_kafka_consumer *reader, const char *topic, int partition, int64_t offset)
{
    struct rg_error err = {0};
    if (rg_kafka_consumer_assign(reader, &(struct rg_kafka_position){topic, partition, offset}, 1, &err) < 0)
        fail_msg("%s", err.text);
}

struct rg_kafka_event rig_next(struct rg_kafka_consumer *consumer)
{
    struct rg_kafka_event event;
    for (int turn = 0; turn < RIG_WAIT_MS / 50; turn++) {
        rg_kafka_consumer_poll(consumer, 50, &event);
        if (event.kind != RG_KAFKA_EVENT_NONE)
            return event;
    }
    fail_msg("nothing came within %d ms", RIG_WAIT_MS);
    return event;
}

struct rg_kafka_event rig_message(struct rg_kafka_consumer *consumer)
{
    for (;;) {
        struct rg_kafka_event event = rig_next(consumer);
        if (event.kind == RG_KAFKA_EVENT_FAULT)
            fail_msg("fault: %s", event.error.text);
        if (event.kind == RG_KAFKA_EVENT_MESSAGE)
            return event;
    }
}
