/* A cluster of two real nodes: MOVED and what follows, a slot on its way (ASK, TRYAGAIN), a slot nobody serves. */
#include "base/core/clock.h"
#include "base/redis/keys.h"
#include "tests/integration/base/redis/cluster.h"

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
