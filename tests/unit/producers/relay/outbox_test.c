/* The stored form of outbox entries: everything comes back, and broken bytes are refused whole. */
#include "producers/relay/relay.h"

#include "tests/unit/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void encode(const struct rg_out *out, struct rg_buf *buf)
{
    rg_buf_init(buf, (size_t)1024 * 1024);
    rg_out_encode(out, buf);
    assert_false(buf->overflow);
}

static void assert_same_text(struct rg_str a, struct rg_str b)
{
    assert_int_equal(a.p == NULL, b.p == NULL);
    assert_true(rg_str_eq(a, b));
}

static void assert_same_out(const struct rg_out *a, const struct rg_out *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->partition, b->partition);
    assert_same_text(a->topic, b->topic);
    assert_same_text(a->key, b->key);
    assert_same_text(a->value, b->value);
    assert_same_text(a->record_kind, b->record_kind);
    assert_same_text(a->origin, b->origin);
    assert_same_text(a->first, b->first);
    assert_same_text(a->reason, b->reason);
    assert_same_text(a->detail, b->detail);
    assert_same_text(a->from, b->from);
    assert_true(rg_action_id_eq(&a->action, &b->action));
}

static const struct rg_out full = {.kind = RG_OUT_DEADLETTER,
                                   .topic = {"regua.deadletter", 16},
                                   .partition = 511,
                                   .key = {"C\0 1", 4},
                                   .value = {"{\"v\":1}\xff", 8},
                                   .record_kind = {"event", 5},
                                   .origin = {"asaas:0:1:2:0", 13},
                                   .first = {"", 0},
                                   .reason = {"bad_json", 8},
                                   .detail = {"d", 1},
                                   .from = {"t/0/1", 5},
                                   .action = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}}};

static void entries_come_back(void **state)
{
    (void)state;
    char topic[RG_KAFKA_TOPIC_NAME_MAX];
    memset(topic, 't', sizeof topic);
    const struct rg_out rows[] = {
        full,
        {.kind = RG_OUT_LEDGER, .topic = RG_STR("t"), .key = RG_STR(""), .value = RG_STR("")},
        {.kind = RG_OUT_PEOPLE, .topic = RG_STR("t"), .key = RG_STR("k")}, /* a tombstone */
        {.kind = RG_OUT_FORWARD, .topic = {topic, sizeof topic}, .partition = INT32_MAX},
        {.kind = RG_OUT_ACTION, .topic = RG_STR("t"), .first = RG_STR("f")},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf buf;
        struct rg_out out;
        struct rg_error err = {0};
        encode(&rows[i], &buf);
        if (rg_out_decode(rg_buf_str(&buf), &out, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        assert_same_out(&out, &rows[i]);
    }
}

static void assert_refused(const char *bytes, size_t n, size_t row)
{
    char *exact = rg_alloc(n + 1); /* so that a sanitizer sees a read past the end */
    struct rg_out out = {.partition = 77};
    struct rg_error err = {0};
    memcpy(exact, bytes, n);
    if (rg_out_decode((struct rg_str){exact, n}, &out, &err) != RG_EINVAL)
        fail_msg("row %zu was taken", row);
    assert_int_equal(out.partition, 77);
    assert_int_not_equal(err.text[0], '\0');
    free(exact);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    encode(&full, &buf);
    for (size_t n = 0; n < buf.len; n++)
        assert_refused(buf.data, n, n);
    rg_buf_addc(&buf, '\0');
    assert_refused(buf.data, buf.len, buf.len);
}

static void broken_entries_are_refused(void **state)
{
    (void)state;
    char long_topic[RG_KAFKA_TOPIC_NAME_MAX + 1];
    memset(long_topic, 't', sizeof long_topic);
    const struct rg_out rows[] = {
        {.kind = RG_OUT_LEDGER, .value = RG_STR("x")},                                /* no topic */
        {.kind = RG_OUT_LEDGER, .topic = RG_STR("")},
        {.kind = RG_OUT_LEDGER, .topic = {long_topic, sizeof long_topic}},
        {.kind = RG_OUT_LEDGER, .topic = {"a\0b", 3}},
        {.kind = RG_OUT_LEDGER, .topic = RG_STR("t"), .partition = -1},
        {.kind = RG_OUT_KIND_COUNT, .topic = RG_STR("t")},
        {.kind = (enum rg_out_kind)255, .topic = RG_STR("t")},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        RG_CLEANUP(rg_buf_done) struct rg_buf buf;
        encode(&rows[i], &buf);
        assert_refused(buf.data, buf.len, i);
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    encode(&full, &buf);
    buf.data[0] = 2; /* a newer version */
    assert_refused(buf.data, buf.len, 100);
    buf.data[0] = 1;
    memset(buf.data + 2 + 4 + RG_ACTION_BYTES, 0xfe, 4); /* a topic of four billion bytes */
    assert_refused(buf.data, buf.len, 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(broken_entries_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
