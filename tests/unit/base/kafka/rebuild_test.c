/* A rebuild while a broker's thread waits for the resolver: it reports nothing, and what it holds must not be forgotten. */
#include "tests/fakes/mock_broker.h"
#include "tests/unit/base/kafka/rig.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The resolver below answers nobody while the gate is closed. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    int waiting;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret_list)
{
    typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    resolve_fn *resolve = NULL;
    memcpy(&resolve, &symbol, sizeof resolve); /* ISO C has no cast between the two */
    (void)pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    (void)pthread_cond_broadcast(&gate.changed);
    while (gate.closed)
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    gate.waiting--;
    (void)pthread_mutex_unlock(&gate.lock);
    return resolve(name, service, hints, ret_list);
}

static void set_gate(bool closed)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.closed = closed;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
}

static void wait_for_a_thread_at_the_gate(void)
{
    (void)pthread_mutex_lock(&gate.lock);
    while (gate.waiting == 0)
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    (void)pthread_mutex_unlock(&gate.lock);
}

static void no_record_is_forgotten(void **state)
{
    (void)state;
    enum { RECORDS = 5 };
    static const struct rg_mock_topic topic = {"stuck", 1};
    struct rg_mock_broker *broker = rg_mock_broker_new(1, &topic, 1);
    struct rig_sender *sender =
        rig_sender_new(rg_mock_broker_bootstrap(broker), "stuck", (struct rg_kafka_producer_options){0});
    struct rg_error err = {0};
    rig_send_all(sender, "stuck", 0, 0, 1);
    set_gate(true);
    rg_mock_broker_down(broker, 0);
    for (size_t i = 1; i <= RECORDS; i++)
        assert_int_equal(rig_send(sender, "stuck", 0, i, &err), 0);
    wait_for_a_thread_at_the_gate();
    for (int call = 0; call < 2; call++) {
        assert_int_equal(rg_kafka_producer_rebuild(sender->producer, false, 200, &err), RG_ETIMEOUT);
        assert_int_equal(rg_kafka_producer_outstanding(sender->producer), RECORDS);
        assert_true(rg_kafka_producer_broken(sender->producer));
    }
    rg_mock_broker_up(broker, 0);
    set_gate(false);
    assert_int_equal(rg_kafka_producer_rebuild(sender->producer, false, RIG_WAIT_MS, &err), 0);
    assert_int_equal(rg_kafka_producer_outstanding(sender->producer), 0);
    for (size_t i = 1; i <= RECORDS; i++)
        assert_int_equal(sender->reports[i], 1);
    rig_send_all(sender, "stuck", 0, RECORDS + 1, 1);
    rig_sender_free(&sender);
    rg_mock_broker_free(&broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_record_is_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
