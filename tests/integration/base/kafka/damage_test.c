/* A bit that flips on a broker's disk: the broker sends the batch as it is, and left to itself the client would report it and go
 * on behind it. */
#include "tests/fakes/kafka_server.h"
#include "tests/unit/base/kafka/rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDS 10
#define DAMAGED 5

/* Flips one bit of the value of record DAMAGED where it lies on disk. */
static void flip_bit(const char *path)
{
    static char bytes[65536];
    char value[16];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, sizeof bytes);
    assert_true(n > 0);
    int length = snprintf(value, sizeof value, "v%d", DAMAGED);
    char *at = memmem(bytes, (size_t)n, value, (size_t)length);
    if (at == NULL) { /* flipped already: flip it back */
        value[0] = 'w';
        at = memmem(bytes, (size_t)n, value, (size_t)length);
    }
    assert_non_null(at);
    char flipped = (char)(*at ^ 1);
    assert_int_equal(pwrite(fd, &flipped, 1, at - bytes), 1);
    (void)close(fd);
}

static void a_damaged_record_stops_its_partition(void **state)
{
    (void)state;
    struct rg_kafka_server *server = NULL;
    struct rg_error err = {0};
    if (rg_kafka_server_start("3.9.1", 1, &server, &err) < 0)
        fail_msg("%s", err.text);
    const char *bootstrap = rg_kafka_server_bootstrap(server);
    struct rg_kafka_config config = rig_config(bootstrap);
    struct rg_kafka_admin *admin = NULL;
    assert_int_equal(rg_kafka_admin_new(&config, &admin, &err), 0);
    struct rg_kafka_topic_spec spec = {.name = "damaged", .partitions = 2, .replication = 1};
    assert_int_equal(rg_kafka_topics_ensure(admin, &spec, 1, RIG_WAIT_MS, &err), 0);
    struct rig_sender *sender = rig_sender_new(bootstrap, "damaged", (struct rg_kafka_producer_options){0});
    for (size_t i = 0; i < RECORDS; i++)
        rig_send_all(sender, "damaged", 0, i, 1); /* a batch each */
    rig_send_all(sender, "damaged", 1, RECORDS, RECORDS);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/broker-0/data/damaged-0/00000000000000000000.log", rg_kafka_server_directory(server));
    flip_bit(path);

    struct rg_kafka_consumer *reader = rig_reader(bootstrap, "damage-reader");
    const struct rg_kafka_position positions[] = {{"damaged", 0, 0}, {"damaged", 1, 0}};
    assert_int_equal(rg_kafka_consumer_assign(reader, positions, 2, &err), 0);
    int64_t next[2] = {0, 0};
    for (int round = 0; round < 2; round++) { /* the same again as long as the damage stays */
        struct rg_kafka_event event;
        bool stopped = false;
        while (!stopped || next[1] < RECORDS) {
            event = rig_next(reader);
            if (event.kind == RG_KAFKA_EVENT_MESSAGE)
                assert_int_equal(event.offset, next[event.partition]++);
            if (event.kind != RG_KAFKA_EVENT_FAULT)
                continue;
            assert_int_equal(event.error.code, RG_EREFUSED);
            assert_int_equal(event.partition, 0);
            assert_int_equal(event.offset, DAMAGED);
            assert_true(event.stopped);
            stopped = true;
        }
        for (int turn = 0; turn < 10; turn++) {
            rg_kafka_consumer_poll(reader, 50, &event);
            assert_int_not_equal(event.kind, RG_KAFKA_EVENT_MESSAGE);
        }
        assert_int_equal(next[0], DAMAGED);
        assert_int_equal(rg_kafka_consumer_next(reader, "damaged", 0), DAMAGED);
        if (round == 1)
            flip_bit(path);
        assert_int_equal(rg_kafka_consumer_seek(reader, "damaged", 0, DAMAGED, &err), 0);
    }
    while (next[0] < RECORDS) {
        struct rg_kafka_event event = rig_message(reader);
        assert_int_equal(event.offset, next[event.partition]++);
    }
    rg_kafka_consumer_free(&reader, RG_KAFKA_FREE_MS);
    rig_sender_free(&sender);
    rg_kafka_admin_free(&admin, RG_KAFKA_FREE_MS);
    rg_kafka_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_damaged_record_stops_its_partition)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
