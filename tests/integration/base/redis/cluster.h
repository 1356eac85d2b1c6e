/* A cluster of two real nodes, each with half of the slots. */
#pragma once

#include "base/redis/redis.h"
#include "tests/fakes/redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define TIMEOUT_MS 2000
#define READY_TRIES 1500 /* of 10 ms */

struct node {
    struct rg_redis_server *server;
    struct rg_redis *admin;
    char port[8];
    char url[40];
    char id[48];
};

struct cluster {
    struct node nodes[2];
};

static inline struct rg_redis *client(const char *url)
{
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    const struct rg_redis_config config = {.url = url, .connect_timeout_ms = TIMEOUT_MS, .command_timeout_ms = TIMEOUT_MS};
    if (rg_redis_new(&config, &redis, &err) < 0 || rg_redis_connect(redis, &err) < 0)
        fail_msg("%s", err.text);
    return redis;
}

#define SAY(redis, ...) say((redis), (const char *const[]){__VA_ARGS__, NULL})
static inline const struct rg_redis_reply *say(struct rg_redis *redis, const char *const *words)
{
    struct rg_str argv[16];
    size_t argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = rg_str(words[argc]);
    const struct rg_redis_reply *reply = NULL;
    struct rg_error err = {0};
    if (rg_redis_call(redis, argv, argc, &reply, &err) < 0)
        fail_msg("%s", err.text);
    return reply;
}

static inline void assert_ok(const struct rg_redis_reply *reply)
{
    if (reply->kind == RG_REDIS_ERROR)
        fail_msg("%s", reply->text.p);
}

/* Ports are free only until somebody takes them, and the bus takes a second one 10,000 above. */
static inline void start_node(struct node *node)
{
    uint16_t port = rg_redis_server_free_port();
    while (port > 55000)
        port = rg_redis_server_free_port();
    (void)snprintf(node->port, sizeof node->port, "%d", port);
    (void)snprintf(node->url, sizeof node->url, "redis://127.0.0.1:%s", node->port);
    node->server = rg_redis_server_start((const char *const[]){"--port", node->port, "--bind", "127.0.0.1",
    "--cluster-enabled", "yes", NULL});
    node->admin = client(node->url);
    (void)snprintf(node->id, sizeof node->id, "%s", SAY(node->admin, "CLUSTER", "MYID")->text.p);
}

static inline void wait_until_whole(struct node *node)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < READY_TRIES; i++) {
        if (strstr(SAY(node->admin, "CLUSTER", "INFO")->text.p, "cluster_state:ok") != NULL)
            return;
        rg_redis_release(node->admin);
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("the cluster on %s does not come up", node->url);
}

static inline int start_cluster(void **state)
{
    struct cluster *cluster = rg_alloc(sizeof *cluster);
    start_node(&cluster->nodes[0]);
    start_node(&cluster->nodes[1]);
    assert_ok(SAY(cluster->nodes[0].admin, "CLUSTER", "ADDSLOTSRANGE", "0", "8191"));
    assert_ok(SAY(cluster->nodes[1].admin, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383"));
    assert_ok(SAY(cluster->nodes[1].admin, "CLUSTER", "SET-CONFIG-EPOCH", "2"));
    assert_ok(SAY(cluster->nodes[0].admin, "CLUSTER", "MEET", "127.0.0.1", cluster->nodes[1].port));
    wait_until_whole(&cluster->nodes[0]);
    wait_until_whole(&cluster->nodes[1]);
    *state = cluster;
    return 0;
}

static inline int stop_cluster(void **state)
{
    struct cluster *cluster = *state;
    for (size_t i = 0; i < RG_COUNT(cluster->nodes); i++) {
        rg_redis_free(&cluster->nodes[i].admin);
        rg_redis_server_stop(&cluster->nodes[i].server);
    }
    free(cluster);
    return 0;
}
