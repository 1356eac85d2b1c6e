/* A partition from opening to the last acknowledgement: where it begins, when it is not the one it was, and when it is fresh. */
#include "consumers/ingest/part.h"

#include "base/core/hash.h"
#include "base/core/log.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

static const struct rg_ingest_source source = {.upstream = {.name = {"billing", 7}}, .topic = "billing.events", .incarnation = 2};
static const struct rg_last_read nothing = {.offset = -1};

static void swallow(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    (void)level;
    (void)ctx;
    (void)text;
    assert_string_equal(id, "SOURCE-STOPPED");
    (*(int *)sink_ctx)++;
}

static void opening_knows_where_to_begin(void **state)
{
    (void)state;
    const uint32_t crc = rg_crc32(0, "v", 1);
    const struct {
        int64_t committed, begin, end;
        struct rg_last_read last;
        int64_t start; /* negative: stopped, and `why` says why */
        int64_t from;
        const char *why;
    } rows[] = {
        {RG_KAFKA_NONE, 0, 0, nothing, 0, 0, NULL},
        {RG_KAFKA_NONE, 7, 90, nothing, 7, 7, NULL},
        {RG_KAFKA_NONE, 0, 90, {2, 41, crc}, 41, 42, NULL}, /* the group forgot, as it does when a topic is deleted */
        {RG_KAFKA_NONE, 42, 90, {2, 41, crc}, 42, 42, NULL},
        {RG_KAFKA_NONE, 0, 90, {1, 41, crc}, 0, 0, NULL},   /* of the topic before this one */
        {RG_KAFKA_NONE, 0, 41, {2, 41, crc}, RG_EREFUSED, 0, "it ends at offset 41, and was read up to 42"},
        {RG_KAFKA_NONE, 43, 90, {2, 41, crc}, RG_EREFUSED, 0, "it begins at offset 43, and was read up to 42"},
        {42, 0, 90, nothing, 42, 42, NULL},
        {42, 0, 90, {2, 41, crc}, 41, 42, NULL},
        {42, 0, 90, {2, 30, crc}, 30, 42, NULL},
        {42, 42, 42, {2, 41, crc}, 42, 42, NULL},  /* gone by retention: cannot be tested */
        {42, 0, 90, {2, 42, crc}, 42, 42, NULL},   /* of a later commit */
        {42, 0, 90, {1, 41, crc}, 0, 0, NULL},     /* an operator accepted the new topic: from its beginning */
        {42, 0, 42, {2, 41, crc}, 41, 42, NULL},
        {42, 0, 41, {2, 41, crc}, RG_EREFUSED, 0, "it ends at offset 41, and was read up to 42"},
        {42, 43, 90, {2, 41, crc}, RG_EREFUSED, 0, "it begins at offset 43, and was read up to 42"},
    };
    int stopped = 0;
    rg_log_capture(swallow, &stopped);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_part *part RG_CLEANUP(rg_part_free) = rg_part_new(&source, 3);
        assert_int_equal(rg_part_open(part, rows[i].committed, rows[i].begin, rows[i].end, &rows[i].last), rows[i].start);
        assert_int_equal(part->state, rows[i].why == NULL ? RG_INGEST_READING : RG_INGEST_STOPPED);
        if (rows[i].why != NULL)
            assert_non_null(strstr(part->trouble, rows[i].why));
        else
            assert_int_equal(part->from, rows[i].from);
    }
    rg_log_capture(NULL, NULL);
    assert_int_equal(stopped, 4);
}

static struct rg_part *opened(int64_t committed, struct rg_last_read last)
{
    struct rg_part *part = rg_part_new(&source, 3);
    assert_true(rg_part_open(part, committed, 0, 1000, &last) >= 0);
    return part;
}

static void the_record_read_last_must_be_there_again(void **state)
{
    (void)state;
    int stopped = 0;
    struct rg_last_read last = {2, 41, rg_crc32(0, "v", 1)};
    rg_log_capture(swallow, &stopped);
    struct rg_part *same RG_CLEANUP(rg_part_free) = opened(42, last);
    assert_false(rg_part_takes(same, 41, RG_STR("v")));
    assert_int_equal(same->state, RG_INGEST_READING);
    assert_true(rg_part_takes(same, 42, RG_STR("w")));
    struct rg_part *other RG_CLEANUP(rg_part_free) = opened(42, last);
    assert_false(rg_part_takes(other, 41, RG_STR("x")));
    assert_int_equal(other->state, RG_INGEST_STOPPED);
    assert_non_null(strstr(other->trouble, "the topic was made anew"));
    assert_false(rg_part_takes(other, 42, RG_STR("w")));
    struct rg_part *compacted RG_CLEANUP(rg_part_free) = opened(42, last);
    assert_true(rg_part_takes(compacted, 43, RG_STR("w"))); /* its place is empty: nothing to compare */
    struct rg_part *tombstone RG_CLEANUP(rg_part_free) = opened(42, (struct rg_last_read){2, 41, 0});
    assert_false(rg_part_takes(tombstone, 41, (struct rg_str){NULL, 0}));
    assert_true(rg_part_takes(tombstone, 42, RG_STR("w")));
    rg_log_capture(NULL, NULL);
    assert_int_equal(stopped, 1);
}

static void what_came_before_is_not_taken_again(void **state)
{
    (void)state;
    struct rg_part *part RG_CLEANUP(rg_part_free) = opened(42, nothing);
    assert_false(rg_part_takes(part, 40, RG_STR("v")));
    assert_true(rg_part_takes(part, 42, RG_STR("v")));
    rg_part_add(part, 42, RG_STR("v"), 1);
    assert_false(rg_part_takes(part, 42, RG_STR("v")));
    assert_true(rg_part_takes(part, 43, RG_STR("v")));
}

static void only_what_is_acknowledged_without_a_gap_is_committed(void **state)
{
    (void)state;
    struct rg_part *part RG_CLEANUP(rg_part_free) = opened(RG_KAFKA_NONE, nothing);
    assert_int_equal(rg_part_commit(part), -1);
    rg_part_add(part, 0, RG_STR("a"), 2);
    rg_part_add(part, 1, RG_STR("b"), 0);
    rg_part_add(part, 2, RG_STR("c"), 1);
    assert_int_equal(rg_part_commit(part), -1);
    assert_true(rg_ack_window_ack(part->window, 2));
    assert_true(rg_ack_window_ack(part->window, 0));
    assert_int_equal(rg_part_commit(part), -1);
    assert_true(rg_ack_window_ack(part->window, 0));
    assert_int_equal(rg_part_commit(part), 3);
    assert_int_equal(part->proof.offset, 2);
    assert_int_equal(part->proof.crc, rg_crc32(0, "c", 1));
    assert_int_equal(part->proof.incarnation, 2);
    assert_false(part->proof_told);
    part->committed = 3;
    assert_int_equal(rg_part_commit(part), -1);
    rg_part_ended(part, 7); /* markers of transactions behind the last record */
    assert_int_equal(rg_part_commit(part), 7);
    assert_int_equal(part->proof.offset, 2);
}

static void a_round_is_reached_with_the_last_acknowledgement(void **state)
{
    (void)state;
    struct rg_part *part RG_CLEANUP(rg_part_free) = opened(RG_KAFKA_NONE, nothing);
    part->round_ms = 1000;
    part->round_end = 2;
    rg_part_add(part, 0, RG_STR("a"), 1);
    rg_part_add(part, 1, RG_STR("b"), 1);
    assert_true(rg_ack_window_ack(part->window, 1));
    rg_part_settle(part);
    assert_int_equal(part->fresh_ms, -1);
    assert_true(rg_ack_window_ack(part->window, 0));
    rg_part_settle(part);
    assert_int_equal(part->fresh_ms, 1000);
    assert_false(part->fresh_told);
    assert_int_equal(part->round_ms, -1);
    part->round_ms = 2000; /* nothing new was published since */
    part->round_end = 2;
    rg_part_settle(part);
    assert_int_equal(part->fresh_ms, 2000);
}

static void a_stopped_partition_is_never_fresh(void **state)
{
    (void)state;
    int stopped = 0;
    rg_log_capture(swallow, &stopped);
    struct rg_part *part RG_CLEANUP(rg_part_free) = opened(5, nothing);
    part->round_ms = 1000;
    part->round_end = 5;
    rg_part_stop(part, "why not");
    rg_part_settle(part);
    assert_int_equal(part->fresh_ms, -1);
    rg_log_capture(NULL, NULL);
}

static void the_window_is_bounded(void **state)
{
    (void)state;
    struct rg_part *part RG_CLEANUP(rg_part_free) = opened(RG_KAFKA_NONE, nothing);
    for (int round = 0; round < 3; round++) { /* also with what was settled only when room was needed */
        int64_t base = (int64_t)round * RG_PART_WINDOW_MAX;
        for (int64_t i = 0; i < RG_PART_WINDOW_MAX; i++) {
            assert_false(rg_ack_window_full(part->window));
            rg_part_add(part, base + i, RG_STR("a"), 1);
        }
        assert_true(rg_ack_window_full(part->window));
        for (int64_t i = 0; i < RG_PART_WINDOW_MAX; i++)
            assert_true(rg_ack_window_ack(part->window, base + i));
    }
    assert_int_equal(rg_part_commit(part), 3 * (int64_t)RG_PART_WINDOW_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_knows_where_to_begin),
        cmocka_unit_test(the_record_read_last_must_be_there_again),
        cmocka_unit_test(what_came_before_is_not_taken_again),
        cmocka_unit_test(only_what_is_acknowledged_without_a_gap_is_committed),
        cmocka_unit_test(a_round_is_reached_with_the_last_acknowledgement),
        cmocka_unit_test(a_stopped_partition_is_never_fresh),
        cmocka_unit_test(the_window_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
