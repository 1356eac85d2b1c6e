/* Signals keep their order per partition, whatever happens to one of them. */
#include "producers/transport/signal.h"

#include "tests/unit/support/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MAX 64

struct fixture {
    struct rg_clock clock;
    int64_t boot_ms;
    struct rg_transport *transport;
    struct {
        int32_t partition;
        char key[16], value[16];
        uint64_t token;
    } calls[CALLS_MAX];
    size_t call_count;
    bool refuse;
    struct rg_transport_job jobs[16];
    struct rg_transport_result results[16];
};

static int64_t fake_now(void *ctx)
{
    return *(int64_t *)ctx;
}

static int produce(void *ctx, int32_t partition, struct rg_str key, struct rg_str value, uint64_t token, struct rg_error *err)
{
    struct fixture *f = ctx;
    if (f->refuse)
        return rg_fail(err, RG_ELIMIT, "queue full");
    assert_true(f->call_count < CALLS_MAX);
    f->calls[f->call_count].partition = partition;
    f->calls[f->call_count].token = token;
    snprintf(f->calls[f->call_count].key, 16, "%.*s", RG_STR_ARG(key));
    snprintf(f->calls[f->call_count].value, 16, "%.*s", RG_STR_ARG(value));
    f->call_count++;
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->clock = (struct rg_clock){.wall_ms = fake_now, .boot_ms = fake_now, .shared_ms = fake_now, .ctx = &f->boot_ms};
    f->boot_ms = 1000;
    f->transport = rg_transport_signal_new(
        &(struct rg_signal_config){.clock = &f->clock, .in_flight_max = 8, .produce = produce, .produce_ctx = f});
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->transport->ops->close(&f->transport);
    assert_null(f->transport);
    rg_free(&f);
    return 0;
}

static int submit(struct fixture *f, size_t i, int32_t partition, const char *key, const char *value)
{
    f->jobs[i] =
        (struct rg_transport_job){.to = rg_str(key), .payload = rg_str(value), .partition = partition, .deadline_boot_ms = 2000};
    return f->transport->ops->submit(f->transport, &f->jobs[i], NULL);
}

static size_t poll_now(struct fixture *f)
{
    return f->transport->ops->poll(f->transport, 0, f->results, 16);
}

static void report(struct fixture *f, size_t call, enum rg_signal_report how)
{
    rg_transport_signal_report(f->transport, f->calls[call].token, how);
}

static void one_signal(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(f->transport->ops->name, "kafka");
    assert_int_equal(f->transport->ops->best_evidence(f->transport), RG_EVIDENCE_ACCEPTED);
    assert_int_equal(submit(f, 0, 3, "d1", "v1"), 0);
    assert_int_equal(f->call_count, 1);
    assert_int_equal(f->calls[0].partition, 3);
    assert_string_equal(f->calls[0].key, "d1");
    assert_string_equal(f->calls[0].value, "v1");
    assert_int_equal(poll_now(f), 0);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 1);
    report(f, 0, RG_SIGNAL_STORED);
    report(f, 0, RG_SIGNAL_UNKNOWN); /* a second report finds nothing */
    rg_transport_signal_report(f->transport, 999, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 1);
    assert_ptr_equal(f->results[0].job, &f->jobs[0]);
    assert_int_equal(f->results[0].verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(f->results[0].evidence, RG_EVIDENCE_ACCEPTED);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 0);
    report(f, 0, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 0);
}

static void one_at_a_time_per_partition(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(submit(f, 0, 1, "a", "1"), 0);
    assert_int_equal(submit(f, 1, 1, "b", "2"), 0);
    assert_int_equal(submit(f, 2, 2, "c", "3"), 0);
    assert_int_equal(submit(f, 3, 1, "a", "4"), 0);
    assert_int_equal(f->call_count, 2);
    assert_string_equal(f->calls[1].value, "3");
    report(f, 0, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 1);
    assert_int_equal(f->call_count, 3);
    assert_string_equal(f->calls[2].value, "2");
    report(f, 2, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 1);
    assert_string_equal(f->calls[3].value, "4");
    report(f, 1, RG_SIGNAL_STORED);
    report(f, 3, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 2);
}

/* A restore must not overtake the suspension before it; other debtors go on. */
static void a_failure_holds_its_debtor(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum rg_signal_report how;
        enum rg_verdict verdict;
    } rows[] = {{RG_SIGNAL_NOT_STORED, RG_VERDICT_RETRY}, {RG_SIGNAL_UNKNOWN, RG_VERDICT_UNCERTAIN}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        f->call_count = 0;
        assert_int_equal(submit(f, 0, 1, "a", "cut"), 0);
        assert_int_equal(submit(f, 1, 1, "b", "cut"), 0);
        assert_int_equal(submit(f, 2, 1, "a", "restore"), 0);
        assert_int_equal(submit(f, 3, 2, "a", "else"), 0); /* another partition is another debtor */
        report(f, 0, rows[i].how);
        assert_int_equal(poll_now(f), 2);
        assert_ptr_equal(f->results[0].job, &f->jobs[0]);
        assert_int_equal(f->results[0].verdict, rows[i].verdict);
        assert_true(f->results[0].channel);
        assert_ptr_equal(f->results[1].job, &f->jobs[2]);
        assert_int_equal(f->results[1].verdict, RG_VERDICT_RELEASED);
        assert_int_equal(f->call_count, 3);
        assert_string_equal(f->calls[2].key, "b");
        report(f, 1, RG_SIGNAL_STORED);
        report(f, 2, RG_SIGNAL_STORED);
        assert_int_equal(poll_now(f), 2);
    }
}

static void a_refused_record_is_retried_later(void **state)
{
    struct fixture *f = *state;
    f->refuse = true;
    assert_int_equal(submit(f, 0, 1, "a", "1"), 0);
    assert_int_equal(poll_now(f), 1);
    assert_int_equal(f->results[0].verdict, RG_VERDICT_RETRY);
    assert_true(f->results[0].channel);
    assert_null(strstr(f->results[0].detail, "queue full"));
}

static void waiting_has_an_end(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(submit(f, 0, 1, "a", "1"), 0);
    assert_int_equal(submit(f, 1, 1, "b", "2"), 0);
    f->boot_ms = 2000;
    report(f, 0, RG_SIGNAL_STORED);
    assert_int_equal(submit(f, 2, 9, "c", "3"), 0); /* at the deadline is in time */
    assert_int_equal(f->call_count, 3);
    assert_int_equal(submit(f, 3, 1, "d", "4"), 0);
    f->boot_ms = 2001;
    report(f, 1, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 3);
    assert_ptr_equal(f->results[2].job, &f->jobs[3]);
    assert_int_equal(f->results[2].verdict, RG_VERDICT_EXPIRED);
    assert_int_equal(submit(f, 4, 5, "e", "5"), 0);
    assert_int_equal(poll_now(f), 1);
    assert_int_equal(f->results[0].verdict, RG_VERDICT_EXPIRED);
}

static void limits_and_refusals(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(submit(f, 0, -1, "a", "1"), RG_EINVAL);
    assert_int_equal(submit(f, 0, 1, "", "1"), RG_EINVAL);
    assert_int_equal(submit(f, 0, 1, "a", ""), RG_EINVAL);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(submit(f, i, 1, "a", "1"), 0);
    assert_int_equal(submit(f, 8, 2, "a", "1"), RG_ELIMIT);
    f->transport->ops->drain(f->transport);
    assert_int_equal(poll_now(f), 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(f->results[i].verdict, RG_VERDICT_RELEASED);
    assert_int_equal(submit(f, 8, 2, "a", "1"), 0);
    assert_int_equal(f->call_count, 1);
    assert_int_equal(f->transport->ops->poll(f->transport, 0, f->results, 0), 0);
    assert_int_equal(poll_now(f), 1);
    assert_int_equal(f->results[0].verdict, RG_VERDICT_RELEASED);
    report(f, 0, RG_SIGNAL_STORED);
    assert_int_equal(poll_now(f), 1);
    assert_int_equal(f->results[0].verdict, RG_VERDICT_ACCEPTED);
}

static void *report_first(void *ctx)
{
    report(ctx, 0, RG_SIGNAL_STORED);
    return NULL;
}

static void *wake_up(void *ctx)
{
    struct fixture *f = ctx;
    f->transport->ops->wake(f->transport);
    return NULL;
}

static void reports_come_from_other_threads(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    assert_int_equal(submit(f, 0, 1, "a", "1"), 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_up, f), 0);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, f->results, 1), 0);
    pthread_join(thread, NULL);
    assert_int_equal(pthread_create(&thread, NULL, report_first, f), 0);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, f->results, 1), 1);
    pthread_join(thread, NULL);
    assert_int_equal(f->transport->ops->poll(f->transport, 5, f->results, 1), 0); /* nothing comes, the wait ends */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_signal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_at_a_time_per_partition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_holds_its_debtor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_record_is_retried_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_and_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reports_come_from_other_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
