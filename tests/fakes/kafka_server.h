/* A real Apache Kafka for integration tests: the one named by REGUA_TEST_KAFKA (host:port,…), else one started here through
 * tests/servers/kafka.py, which ends with this process however that ends. */
#pragma once

#include "base/core/error.h"

#include <sys/types.h>

struct rg_kafka_server;

/* `version` NULL: the default one. The server that is given stands in for one broker of the default version only; whoever wants
 * more gets brokers of its own, which it may also kill. */
int rg_kafka_server_start(const char *version, int brokers, struct rg_kafka_server **ret_server,
                          struct rg_error *err) RG_MUST_USE;
void rg_kafka_server_stop(struct rg_kafka_server **server);
const char *rg_kafka_server_bootstrap(const struct rg_kafka_server *server);

/* As by kill -9, and the same broker again with what its disk holds; counted from 0. RG_EREFUSED: the server is not ours. */
int rg_kafka_server_kill(struct rg_kafka_server *server, int broker, struct rg_error *err) RG_MUST_USE;
int rg_kafka_server_revive(struct rg_kafka_server *server, int broker, struct rg_error *err) RG_MUST_USE;

/* Where brokers of our own keep their files: <directory>/broker-N/data/<topic>-<partition>/. NULL: the server is not ours. */
const char *rg_kafka_server_directory(const struct rg_kafka_server *server);
/* Of the first broker, for measuring what it costs; 0: the server is not ours. */
pid_t rg_kafka_server_pid(const struct rg_kafka_server *server);
