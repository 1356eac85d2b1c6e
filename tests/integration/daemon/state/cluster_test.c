/* Store, reader and fresh in a cluster: each finds its node, whichever it asked first. */
#include "daemon/state/store_redis.h"
#include "tests/integration/base/redis/cluster.h"

static struct rg_redis_config config_of(const struct node *node)
{
    return (struct rg_redis_config){.url = node->url, .connect_timeout_ms = TIMEOUT_MS, .command_timeout_ms = TIMEOUT_MS};
}

static int shard_on(struct cluster *cluster, size_t node)
{
    for (int shard = 0; shard < 100; shard++) {
        char key[32];
        (void)snprintf(key, sizeof key, "regua:{%d}:own", shard);
        if ((SAY(cluster->nodes[0].admin, "CLUSTER", "KEYSLOT", key)->integer < 8192) == (node == 0))
            return shard;
    }
    fail_msg("no shard on node %zu", node);
    return -1;
}

static void each_finds_its_node(void **state)
{
    struct cluster *cluster = *state;
    struct rg_arena *arena = rg_arena_new((size_t)16 * 1024 * 1024);
    const struct rg_redis_config config = config_of(&cluster->nodes[0]);
    struct rg_state_reader *reader = NULL;
    struct rg_fresh_store *fresh = NULL;
    assert_int_equal(rg_state_reader_new(&config, &reader, NULL), 0);
    assert_int_equal(rg_fresh_store_new(&config, 2, &fresh, NULL), 0);
    for (size_t node = 0; node < 2; node++) {
        int shard = shard_on(cluster, node);
        struct rg_store *store = NULL;
        struct rg_store_opened opened;
        struct rg_error err = {0};
        assert_int_equal(rg_store_redis_new(&config, shard, &store, NULL), 0);
        if (store->ops->open(store, arena, &opened, &err) < 0)
            fail_msg("%s", err.text);
        const struct rg_store_put put = {
            .key = {RG_STORE_DEBTOR, RG_STR("C-1")}, .write = true, .value = RG_STR("x"), .due_ms = 9};
        const struct rg_store_act act = {.action = {{1}}, .live = true, .value = {.claim_offset = -1}};
        const struct rg_pos pos = {.ledger_next = 5, .batch = 1};
        const struct rg_store_batch batch = {
            .puts = &put, .put_count = 1, .acts = &act, .act_count = 1, .out_done_through = -1, .pos = &pos};
        assert_int_equal(store->ops->commit(store, &batch, &err), RG_COMMITTED);
        rg_store_free(&store);
    }
    for (size_t i = 0; i < 4; i++) { /* to and fro */
        int shard = shard_on(cluster, i % 2);
        struct rg_act_state act;
        int64_t next = 0, asof = 0, due_ms = 0;
        struct rg_str value;
        struct rg_error err = {0};
        const struct rg_store_key key = {RG_STORE_DEBTOR, RG_STR("C-1")};
        if (rg_state_reader_acts(reader, shard, &(struct rg_action_id){{1}}, 1, &act, &next, &asof, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(act.live && next == 5);
        shard = shard_on(cluster, (i + 1) % 2);
        assert_int_equal(rg_state_reader_get(reader, shard, &key, 1, arena, &value, &err), 0);
        assert_true(rg_str_is(value, "x"));
        shard = shard_on(cluster, i % 2);
        assert_int_equal(rg_state_reader_due(reader, shard, RG_STR("C-1"), &due_ms, &err), 0);
        assert_int_equal(due_ms, 9);
    }
    struct rg_fresh seen;
    assert_int_equal(rg_fresh_store_want(fresh, 7, NULL), 0);
    assert_int_equal(rg_fresh_store_read(fresh, arena, &seen, NULL), 0);
    assert_int_equal(seen.want_ms, 7);
    rg_fresh_store_free(&fresh);
    rg_state_reader_free(&reader);
    rg_arena_free(&arena);
}

/* The slot moves to the other node while the shard is at work: nothing is applied, and opening again finds it. */
static void a_slot_that_moved_away_refuses_until_opened_again(void **state)
{
    struct cluster *cluster = *state;
    struct node *from = &cluster->nodes[0], *to = &cluster->nodes[1];
    struct rg_arena *arena = rg_arena_new((size_t)16 * 1024 * 1024);
    const struct rg_redis_config config = config_of(from);
    struct rg_store *store = NULL;
    struct rg_store_opened opened;
    struct rg_error err = {0};
    char slot[8], key[32];
    int shard = shard_on(cluster, 0);
    (void)snprintf(key, sizeof key, "regua:{%d}:own", shard);
    (void)snprintf(slot, sizeof slot, "%d", (int)SAY(from->admin, "CLUSTER", "KEYSLOT", key)->integer);
    assert_int_equal(rg_store_redis_new(&config, shard, &store, NULL), 0);
    assert_int_equal(store->ops->open(store, arena, &opened, &err), 0);
    int64_t batch = opened.pos.batch;
    assert_ok(SAY(to->admin, "CLUSTER", "SETSLOT", slot, "IMPORTING", from->id));
    assert_ok(SAY(from->admin, "CLUSTER", "SETSLOT", slot, "MIGRATING", to->id));
    const struct rg_redis_reply *keys = SAY(from->admin, "CLUSTER", "GETKEYSINSLOT", slot, "100");
    char names[16][64];
    size_t count = keys->count;
    assert_true(count > 0 && count <= 16);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(names[i], sizeof names[i], "%s", keys->items[i].text.p);
    const struct rg_pos pos = {.ledger_next = 6, .batch = batch + 1};
    const struct rg_store_batch write = {.out_done_through = -1, .pos = &pos};
    for (size_t i = 0; i < count; i++) {
        assert_ok(SAY(from->admin, "MIGRATE", "127.0.0.1", to->port, names[i], "0", "1000"));
        enum rg_commit rc = store->ops->commit(store, &write, &err); /* with some of the keys here and some there */
        if (rc == RG_COMMITTED)
            fail_msg("applied while %s was on its way", names[i]);
        assert_int_not_equal(rc, RG_COMMIT_BROKEN);
        if (i + 1 == count)
            break;
        (void)store->ops->open(store, arena, &opened, &err); /* may fail: the shard tries again later */
    }
    assert_ok(SAY(to->admin, "CLUSTER", "SETSLOT", slot, "NODE", to->id));
    assert_ok(SAY(from->admin, "CLUSTER", "SETSLOT", slot, "NODE", to->id));
    if (store->ops->open(store, arena, &opened, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(opened.pos.batch, batch);
    assert_int_equal(store->ops->commit(store, &write, &err), RG_COMMITTED);
    rg_store_free(&store);
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_finds_its_node),
        cmocka_unit_test(a_slot_that_moved_away_refuses_until_opened_again),
    };
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
