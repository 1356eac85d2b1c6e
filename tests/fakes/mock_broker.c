/* A thin coat over rd_kafka_mock_*: the cluster belongs to a librdkafka handle that does nothing else. The handle is told
 * to be quiet, since tests take brokers down on purpose. */
#include "tests/fakes/mock_broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define FDS_LOOKED_AT 1024
#define BROKERS_MAX 16
#define REASON_BYTES_MAX 512

struct rg_mock_broker {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    int brokers;
};

/* The cluster's connections keep Nagle's algorithm, so that an answer behind another one waits for the client's delayed
 * acknowledgement: 40 ms. Accepted sockets inherit the option from the listening one, which is ours to find by its port. */
static void answer_at_once(const struct rg_mock_broker *broker)
{
    const char *bootstrap = rd_kafka_mock_cluster_bootstraps(broker->cluster);
    for (int fd = 0; fd < FDS_LOOKED_AT; fd++) {
        struct sockaddr_in address;
        socklen_t address_size = sizeof address, size = sizeof(int);
        int listens = 0, on = 1;
        char name[64];
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || listens == 0 ||
            getsockname(fd, (struct sockaddr *)&address, &address_size) < 0 || address.sin_family != AF_INET)
            continue;
        (void)snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(address.sin_port));
        if (strstr(bootstrap, name) != NULL)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* else it is slow, not wrong */
    }
}

struct rg_mock_broker *rg_mock_broker_new(int brokers, const struct rg_mock_topic *topics, size_t topics_n)
{
    rg_assert(brokers >= 1);
    rg_assert(brokers <= BROKERS_MAX);
    char reason[REASON_BYTES_MAX];
    struct rg_mock_broker *broker = rg_alloc(sizeof *broker);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_res_t set = rd_kafka_conf_set(conf, "client.id", "mock-broker", reason, sizeof reason);
    rg_assert(set == RD_KAFKA_CONF_OK);
    set = rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    rg_assert(set == RD_KAFKA_CONF_OK);
    broker->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    rg_assert(broker->rk != NULL);
    broker->cluster = rd_kafka_mock_cluster_new(broker->rk, brokers);
    rg_assert(broker->cluster != NULL);
    broker->brokers = brokers;
    answer_at_once(broker);
    for (size_t i = 0; i < topics_n; i++) {
        int made = rg_mock_broker_add_topic(broker, &topics[i], NULL);
        rg_assert(made == 0);
    }
    return broker;
}

void rg_mock_broker_free(struct rg_mock_broker **pointer)
{
    struct rg_mock_broker *broker = *pointer;
    if (broker == NULL)
        return;
    rd_kafka_mock_cluster_destroy(broker->cluster);
    rd_kafka_destroy(broker->rk);
    rg_free(pointer);
}

const char *rg_mock_broker_bootstrap(const struct rg_mock_broker *broker)
{
    return rd_kafka_mock_cluster_bootstraps(broker->cluster);
}

int rg_mock_broker_add_topic(struct rg_mock_broker *broker, const struct rg_mock_topic *topic, struct rg_error *err)
{
    int replicas = broker->brokers < 3 ? broker->brokers : 3;
    rd_kafka_resp_err_t made = rd_kafka_mock_topic_create(broker->cluster, topic->name, topic->partitions, replicas);
    return made == RD_KAFKA_RESP_ERR_NO_ERROR ? 0
                                              : rg_fail(err, RG_EINVAL, "mock topic %s: %s", topic->name, rd_kafka_err2str(made));
}

static void on_each(struct rg_mock_broker *broker, int id, rd_kafka_resp_err_t (*act)(rd_kafka_mock_cluster_t *, int32_t))
{
    for (int each = 1; each <= broker->brokers; each++) {
        if (id != 0 && id != each)
            continue;
        rd_kafka_resp_err_t done = act(broker->cluster, each);
        rg_assert(done == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
}

void rg_mock_broker_down(struct rg_mock_broker *broker, int id)
{
    on_each(broker, id, rd_kafka_mock_broker_set_down);
}

void rg_mock_broker_up(struct rg_mock_broker *broker, int id)
{
    on_each(broker, id, rd_kafka_mock_broker_set_up);
}

void rg_mock_broker_delay(struct rg_mock_broker *broker, int id, int rtt_ms)
{
    for (int each = 1; each <= broker->brokers; each++)
        if (id == 0 || id == each) {
            rd_kafka_resp_err_t done = rd_kafka_mock_broker_set_rtt(broker->cluster, each, rtt_ms);
            rg_assert(done == RD_KAFKA_RESP_ERR_NO_ERROR);
        }
}

void rg_mock_broker_hide(struct rg_mock_broker *broker, const char *topic, bool hidden)
{
    rd_kafka_mock_topic_set_error(broker->cluster, topic,
                                  hidden ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : RD_KAFKA_RESP_ERR_NO_ERROR);
}

void rg_mock_broker_lead(struct rg_mock_broker *broker, const char *topic, int partition, int id)
{
    rd_kafka_resp_err_t done = rd_kafka_mock_partition_set_leader(broker->cluster, topic, partition, id == 0 ? -1 : id);
    rg_assert(done == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void rg_mock_broker_fail(struct rg_mock_broker *broker, enum rg_mock_request request, int error, size_t times)
{
    for (size_t i = 0; i < times; i++)
        rd_kafka_mock_push_request_errors(broker->cluster, (int16_t)request, 1, (rd_kafka_resp_err_t)error);
}
