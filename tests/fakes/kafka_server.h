/* A real Apache Kafka for integration tests: the one named by REGUA_TEST_KAFKA (host:port,…), else one started here through
 * tests/servers/kafka.py, which ends with this process however that ends. */
#pragma once

#include "base/core/error.h"

struct rg_kafka_server;

/* `version` NULL: the default one. `brokers` is what is started; a given server is taken as it is. */
int rg_kafka_server_start(const char *version, int brokers, struct rg_kafka_server **ret_server, struct rg_error *err) RG_MUST_USE;
void rg_kafka_server_stop(struct rg_kafka_server **server);
const char *rg_kafka_server_bootstrap(const struct rg_kafka_server *server);
