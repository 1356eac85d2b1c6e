/* A cluster of two real nodes: MOVED and what follows, a slot on its way (ASK, TRYAGAIN), a slot nobody serves. */
#include "base/core/clock.h"
#include "base/redis/keys.h"
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

static struct rg_redis *client(const char *url)
{
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    const struct rg_redis_config config = {.url = url, .connect_timeout_ms = TIMEOUT_MS, .command_timeout_ms = TIMEOUT_MS};
    if (rg_redis_new(&config, &redis, &err) < 0 || rg_redis_connect(redis, &err) < 0)
        fail_msg("%s", err.text);
    return redis;
}

#define SAY(redis, ...) say((redis), (const char *const[]){__VA_ARGS__, NULL})
static const struct rg_redis_reply *say(struct rg_redis *redis, const char *const *words)
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

static void assert_ok(const struct rg_redis_reply *reply)
{
    if (reply->kind == RG_REDIS_ERROR)
        fail_msg("%s", reply->text.p);
}

/* Ports are free only until somebody takes them, and the bus takes a second one 10,000 above. */
static void start_node(struct node *node)
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

static void wait_until_whole(struct node *node)
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

static int start_cluster(void **state)
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

static int stop_cluster(void **state)
{
    struct cluster *cluster = *state;
    for (size_t i = 0; i < RG_COUNT(cluster->nodes); i++) {
        rg_redis_free(&cluster->nodes[i].admin);
        rg_redis_server_stop(&cluster->nodes[i].server);
    }
    free(cluster);
    return 0;
}

static int64_t slot_of(struct cluster *cluster, const char *key)
{
    return SAY(cluster->nodes[0].admin, "CLUSTER", "KEYSLOT", key)->integer;
}

/* The key of a shard whose slot the given node serves. */
static struct rg_str own_key_on(struct cluster *cluster, struct rg_arena *arena, size_t node)
{
    for (uint32_t shard = 0; shard < 1000; shard++) {
        struct rg_str key = rg_key_own(arena, shard);
        if ((slot_of(cluster, key.p) < 8192) == (node == 0))
            return key;
    }
    fail_msg("no shard on node %zu", node);
    return (struct rg_str){0};
}

static void follows_moved(void **state)
{
    struct cluster *cluster = *state;
    struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    struct rg_str key = own_key_on(cluster, arena, 1);
    struct rg_redis *redis = client(cluster->nodes[0].url);
    const struct rg_redis_reply *reply = SAY(redis, "SET", key.p, "x");
    assert_int_equal(rg_redis_error_kind(reply), RG_REDIS_MOVED);
    struct rg_error err = {0};
    assert_int_equal(rg_redis_follow(redis, reply, &err), 0);
    assert_string_equal(rg_redis_peer(redis), cluster->nodes[1].url);
    assert_ok(SAY(redis, "SET", key.p, "x"));
    rg_redis_close(redis);
    assert_int_equal(rg_redis_connect(redis, &err), 0); /* goes where the shard was last */
    assert_string_equal(rg_redis_peer(redis), cluster->nodes[1].url);
    assert_string_equal(SAY(redis, "GET", key.p)->text.p, "x");

    rg_redis_server_pause(cluster->nodes[1].server); /* that node is silent: the configured one is asked again */
    rg_redis_close(redis);
    assert_int_equal(rg_redis_connect(redis, &err), 0);
    assert_string_equal(rg_redis_peer(redis), cluster->nodes[0].url);
    int64_t before = rg_boot_ms(rg_clock_system());
    assert_int_equal(rg_redis_connect(redis, &err), 0);
    assert_true(rg_boot_ms(rg_clock_system()) - before < TIMEOUT_MS); /* the silent node is forgotten */
    rg_redis_server_resume(cluster->nodes[1].server);
    rg_redis_free(&redis);
    rg_arena_free(&arena);
}

static void a_socket_leads_to_a_node_by_its_address(void **state)
{
    struct cluster *cluster = *state;
    wait_until_whole(&cluster->nodes[0]);
    struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    struct rg_str key = own_key_on(cluster, arena, 1);
    struct rg_redis *redis = client(rg_redis_server_url(cluster->nodes[0].server));
    const struct rg_redis_reply *reply = SAY(redis, "GET", key.p);
    assert_int_equal(rg_redis_error_kind(reply), RG_REDIS_MOVED);
    assert_int_equal(rg_redis_follow(redis, reply, NULL), 0);
    assert_int_not_equal(SAY(redis, "GET", key.p)->kind, RG_REDIS_ERROR);
    rg_redis_free(&redis);
    rg_arena_free(&arena);
}

/* `own` has gone ahead to the new node while another key of the shard is still here. */
static void a_slot_on_its_way_applies_nothing(void **state)
{
    struct cluster *cluster = *state;
    struct node *from = &cluster->nodes[0];
    struct node *to = &cluster->nodes[1];
    struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    struct rg_str own = own_key_on(cluster, arena, 0);
    char slot[8];
    char record[64];
    (void)snprintf(slot, sizeof slot, "%d", (int)slot_of(cluster, own.p));
    (void)snprintf(record, sizeof record, "%.*sd:x", (int)own.n - 3, own.p);
    assert_int_equal(slot_of(cluster, record), slot_of(cluster, own.p));

    struct rg_redis *redis = client(from->url);
    assert_ok(SAY(redis, "MSET", own.p, "token", record, "1"));
    assert_ok(SAY(redis, "WATCH", own.p));
    assert_string_equal(SAY(redis, "GET", own.p)->text.p, "token");
    assert_ok(SAY(to->admin, "CLUSTER", "SETSLOT", slot, "IMPORTING", from->id));
    assert_ok(SAY(from->admin, "CLUSTER", "SETSLOT", slot, "MIGRATING", to->id));
    assert_ok(SAY(from->admin, "MIGRATE", "127.0.0.1", to->port, own.p, "0", "1000"));
    assert_ok(SAY(redis, "MULTI"));
    assert_ok(SAY(redis, "SET", record, "2"));
    assert_int_equal(SAY(redis, "EXEC")->kind, RG_REDIS_NIL); /* the fence has moved away */
    const struct rg_redis_reply *reply = SAY(redis, "GET", own.p);
    assert_int_equal(rg_redis_error_kind(reply), RG_REDIS_ASK);
    assert_true(rg_redis_error_is_abort(rg_redis_error_kind(reply)));
    assert_int_equal(rg_redis_error_kind(SAY(redis, "MGET", own.p, record)), RG_REDIS_TRYAGAIN);
    assert_string_equal(SAY(redis, "GET", record)->text.p, "1");

    assert_ok(SAY(from->admin, "MIGRATE", "127.0.0.1", to->port, record, "0", "1000"));
    assert_ok(SAY(to->admin, "CLUSTER", "SETSLOT", slot, "NODE", to->id));
    assert_ok(SAY(from->admin, "CLUSTER", "SETSLOT", slot, "NODE", to->id));
    reply = SAY(redis, "GET", own.p);
    assert_int_equal(rg_redis_error_kind(reply), RG_REDIS_MOVED);
    assert_int_equal(rg_redis_follow(redis, reply, NULL), 0);
    assert_string_equal(SAY(redis, "GET", own.p)->text.p, "token");
    assert_string_equal(SAY(redis, "GET", record)->text.p, "1");
    rg_redis_free(&redis);
    rg_arena_free(&arena);
}

/* Last: it breaks the cluster. */
static void a_slot_nobody_serves_is_an_abort(void **state)
{
    struct cluster *cluster = *state;
    assert_ok(SAY(cluster->nodes[0].admin, "CLUSTER", "DELSLOTSRANGE", "0", "8191"));
    struct rg_redis *redis = client(cluster->nodes[0].url);
    enum rg_redis_error_kind kind = rg_redis_error_kind(SAY(redis, "GET", "regua:{0}:own"));
    assert_int_equal(kind, RG_REDIS_CLUSTERDOWN);
    assert_true(rg_redis_error_is_abort(kind));
    rg_redis_free(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_moved),
        cmocka_unit_test(a_socket_leads_to_a_node_by_its_address),
        cmocka_unit_test(a_slot_on_its_way_applies_nothing),
        cmocka_unit_test(a_slot_nobody_serves_is_an_abort),
    };
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
