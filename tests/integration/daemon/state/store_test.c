/* The store against a real server: the conformance suite, and every way in which a transaction can fail to be answered. */
#include "daemon/state/store_redis.h"
#include "tests/integration/base/redis/client.h"
#include "tests/integration/daemon/state/relay.h"
#include "tests/integration/daemon/state/rights.h"
#include "tests/unit/daemon/state/store_suite.h"

#define SHARD 3

struct side {
    struct rg_redis_server *server;
    struct rg_redis *admin;
    const char *url; /* of the stores made next; NULL: the server's own */
};

static struct rg_store *another(struct store_rig *rig)
{
    struct side *side = rig->side;
    struct rg_redis_config config = side->url != NULL ? config_for(side->url) : config_of_user(rg_redis_server_url(side->server));
    config.command_timeout_ms = side->url != NULL ? SHORT_TIMEOUT_MS : COMMAND_TIMEOUT_MS;
    struct rg_store *store = NULL;
    struct rg_error err = {0};
    if (rg_store_redis_new(&config, SHARD, &store, &err) < 0)
        fail_msg("%s", err.text);
    return store;
}

static void elapse(struct store_rig *rig, int64_t ms)
{
    (void)rig;
    wait_ms(ms);
}

static void wipe(struct store_rig *rig)
{
    assert_text(SAY(((struct side *)rig->side)->admin, "FLUSHALL"), "OK");
}

static struct rg_redis_server *shared_server;

static int begin(void **state)
{
    struct side *side = rg_alloc(sizeof *side);
    struct store_rig *rig = rg_alloc(sizeof *rig);
    *side = (struct side){.server = shared_server, .admin = client_of(shared_server)};
    *rig = (struct store_rig){.store = another, .elapse = elapse, .wipe = wipe, .side = side};
    wipe(rig);
    rig_begin(rig);
    *state = rig;
    return 0;
}

static int finish(void **state)
{
    struct store_rig *rig = *state;
    struct side *side = rig->side;
    rig_end(rig);
    rg_redis_free(&side->admin);
    free(side);
    free(rig);
    return 0;
}

static struct rg_redis *admin_of(struct store_rig *rig)
{
    struct side *side = rig->side;
    rg_redis_release(side->admin);
    return side->admin;
}

/* Puts a relay between the rig's store and the server. */
static void interpose(struct store_rig *rig, struct relay *relay)
{
    struct side *side = rig->side;
    relay_start(relay, side->server);
    side->url = relay->url;
    rg_store_free(&rig->first);
    rig->first = another(rig);
    (void)open_store(rig, rig->first);
    side->url = NULL;
}

static const struct rg_store_put *one_put(const char *value)
{
    static struct rg_store_put put;
    put = put_of(RG_STORE_DEBTOR, RG_STR("x"), rg_str(value));
    return &put;
}

static enum rg_commit commit_value(struct store_rig *rig, const char *value, struct rg_error *err)
{
    return try_commit(rig->first, (struct rg_store_batch){.puts = one_put(value), .put_count = 1}, rig->batch, err);
}

/* ---- connections that die ---- */

/* The owner's EXEC is on its way when its connection is given up. Whoever opens next, itself or another, must not see it
 * executed behind what it has read. */
static void a_dead_connections_exec_comes_too_late(void **state)
{
    struct store_rig *rig = *state;
    struct relay relay;
    struct rg_error err = {0};
    interpose(rig, &relay);
    atomic_store(&relay.fault, RELAY_HOLD_EXEC);
    assert_int_equal(commit_value(rig, "late", &err), RG_COMMIT_UNKNOWN);
    assert_int_equal(err.code, RG_ETIMEOUT);

    struct rg_store *next = rig->store(rig);
    assert_int_equal(open_store(rig, next).pos.batch, 0);
    atomic_store(&relay.release, true);
    relay_stop(&relay); /* the server has seen all of it */
    rg_store_free(&rig->first);
    rig->first = next;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
    assert_int_equal(commit_value(rig, "new", &err), RG_COMMITTED);
    rig->batch++;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("new"));
}

static void a_lost_reply_may_mean_applied(void **state)
{
    struct store_rig *rig = *state;
    struct relay relay;
    struct rg_error err = {0};
    interpose(rig, &relay);
    atomic_store(&relay.fault, RELAY_DROP_REPLY);
    assert_int_equal(commit_value(rig, "applied", &err), RG_COMMIT_UNKNOWN);
    relay_stop(&relay);
    rg_store_free(&rig->first);
    rig->first = rig->store(rig);
    rig->batch = open_store(rig, rig->first).pos.batch;
    assert_int_equal(rig->batch, 1); /* the position says so */
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("applied"));
}

static void a_restarted_server_is_opened_anew(void **state)
{
    struct store_rig *rig = *state;
    struct side *side = rig->side;
    struct rg_error err = {0};
    struct rg_redis_server *durable =
        rg_redis_server_start((const char *const[]){"--appendonly", "yes", "--appendfsync", "always", NULL});
    side->url = rg_redis_server_url(durable);
    struct rg_store *store = another(rig);
    side->url = NULL;
    struct store_rig on = {.first = store, .arena = rig->arena};
    (void)open_store(&on, store);
    assert_int_equal(commit_value(&on, "kept", &err), RG_COMMITTED);
    rg_redis_server_restart(durable);
    assert_int_equal(try_commit(store, (struct rg_store_batch){0}, 1, &err), RG_COMMIT_UNKNOWN);
    struct rg_str value;
    size_t count = 0;
    struct rg_due due[1];
    const struct rg_store_key key = {RG_STORE_DEBTOR, RG_STR("x")};
    /* it does not heal by itself */
    assert_int_equal(store->ops->load(store, &key, 1, 1, rig->arena, &value, &err), RG_COMMIT_UNKNOWN);
    /* known to be nothing: nobody is asked */
    assert_int_equal(store->ops->due(store, RG_TIMER_DUE, 0, 1, rig->arena, due, &count, &err), RG_COMMITTED);
    on.batch = open_store(&on, store).pos.batch;
    assert_int_equal(on.batch, 1);
    assert_value(&on, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("kept"));
    rg_store_free(&store);
    rg_redis_server_stop(&durable);
}

static void a_silent_server_costs_the_timeout(void **state)
{
    struct store_rig *rig = *state;
    struct side *side = rig->side;
    struct rg_error err = {0};
    side->url = rg_redis_server_url(side->server);
    struct rg_store *hasty = another(rig);
    side->url = NULL;
    (void)open_store(rig, hasty);
    rg_redis_server_pause(side->server);
    assert_int_equal(try_commit(hasty, (struct rg_store_batch){0}, 0, &err), RG_COMMIT_UNKNOWN);
    assert_int_equal(err.code, RG_ETIMEOUT);
    struct rg_store_opened opened;
    assert_int_equal(hasty->ops->open(hasty, rig->arena, &opened, &err), RG_ETIMEOUT);
    assert_true(err.retryable);
    rg_redis_server_resume(side->server);
    assert_int_equal(open_store(rig, hasty).pos.batch, 0);
    assert_int_equal(try_commit(hasty, (struct rg_store_batch){0}, 0, &err), RG_COMMITTED);
    rg_store_free(&hasty);
}

/* ---- refusals ---- */

static void a_full_server_applies_nothing(void **state)
{
    struct store_rig *rig = *state;
    struct rg_error err = {0};
    assert_int_equal(commit_value(rig, "before", &err), RG_COMMITTED);
    rig->batch++;
    assert_text(SAY(admin_of(rig), "CONFIG", "SET", "maxmemory", "1"), "OK");
    assert_int_equal(commit_value(rig, "refused", &err), RG_COMMIT_REFUSED);
    assert_true(err.retryable);
    struct rg_store_opened opened;
    assert_int_equal(rig->first->ops->open(rig->first, rig->arena, &opened, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "OOM"));
    assert_text(SAY(admin_of(rig), "CONFIG", "SET", "maxmemory", "0"), "OK");
    assert_int_equal(open_store(rig, rig->first).pos.batch, 1);
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("before"));
}

static void a_replica_applies_nothing(void **state)
{
    struct store_rig *rig = *state;
    struct rg_error err = {0};
    assert_text(SAY(admin_of(rig), "REPLICAOF", "127.0.0.1", "1"), "OK");
    assert_int_equal(commit_value(rig, "refused", &err), RG_COMMIT_REFUSED);
    struct rg_store_opened opened;
    assert_int_equal(rig->first->ops->open(rig->first, rig->arena, &opened, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "READONLY"));
    assert_text(SAY(admin_of(rig), "REPLICAOF", "NO", "ONE"), "OK");
    assert_int_equal(open_store(rig, rig->first).pos.batch, 0);
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
}

/* Larger than one pipeline may be: nothing is sent, and the connection is as good as before. */
static void a_batch_that_is_too_large_is_refused_unsent(void **state)
{
    struct store_rig *rig = *state;
    struct rg_error err = {0};
    size_t n = RG_REDIS_COMMANDS_BYTES_MAX / 2;
    char *bytes = rg_alloc(n);
    memset(bytes, 'v', n);
    struct rg_store_put puts[] = {put_of(RG_STORE_DEBTOR, RG_STR("a"), (struct rg_str){bytes, n}),
                                  put_of(RG_STORE_DEBTOR, RG_STR("b"), (struct rg_str){bytes, n})};
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = puts, .put_count = 2}, rig->batch, &err),
                     RG_COMMIT_REFUSED);
    assert_int_equal(err.code, RG_ELIMIT);
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("a"), (struct rg_str){0});
    assert_int_equal(commit_value(rig, "small", &err), RG_COMMITTED);
    rg_free(&bytes);
}

/* ---- damage ---- */

static void an_error_inside_the_transaction_is_broken(void **state)
{
    struct store_rig *rig = *state;
    struct rg_error err = {0};
    (void)SAY(admin_of(rig), "SET", "regua:{3}:act", "no hash");
    const struct rg_store_act act = {.action = action_of(1), .live = true};
    assert_int_equal(try_commit(rig->first,
                                (struct rg_store_batch){.acts = &act, .act_count = 1, .puts = one_put("partly"), .put_count = 1},
                                rig->batch, &err),
                     RG_COMMIT_BROKEN);
    assert_non_null(strstr(err.text, "in part"));
    assert_non_null(strstr(err.text, "WRONGTYPE"));
}

static void damaged_timers_are_broken(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[4];
    size_t count = 0;
    struct rg_error err = {0};
    set_timers(rig);
    for (int b = 0; b < RG_DUE_BUCKETS; b++) {
        char key[32];
        (void)snprintf(key, sizeof key, "regua:{3}:due:%02x", (unsigned)b);
        (void)SAY(admin_of(rig), "SET", key, "no set");
    }
    assert_int_equal(rig->first->ops->due(rig->first, RG_TIMER_DUE, 5000, RG_COUNT(due), rig->arena, due, &count, &err),
                     RG_COMMIT_BROKEN);
    assert_non_null(strstr(err.text, "WRONGTYPE"));
    assert_int_equal(count, 0);
    assert_int_equal(commit_value(rig, "x", &err), RG_COMMIT_UNKNOWN); /* the connection was given up with its other replies */
}

static void fractions_of_time_are_broken(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[1];
    size_t count = 0;
    struct rg_error err = {0};
    const struct rg_store_put put = timer_of(RG_STR("x"), 5);
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    for (int b = 0; b < RG_DUE_BUCKETS; b++) {
        char key[32];
        (void)snprintf(key, sizeof key, "regua:{3}:due:%02x", (unsigned)b);
        (void)SAY(admin_of(rig), "ZADD", key, "XX", "1.5", "x");
    }
    assert_int_equal(rig->first->ops->due(rig->first, RG_TIMER_DUE, 5000, 1, rig->arena, due, &count, &err), RG_COMMIT_BROKEN);
    assert_non_null(strstr(err.text, "no whole number"));
}

/* A note that cannot be read is none: it only makes the next owner careful. */
static void a_damaged_note_is_none(void **state)
{
    struct store_rig *rig = *state;
    static const char *const rows[] = {"", ":", "1:2:0:3", "1:2:0:3:x", "1:2:0:3:-1", "1:2:0:3:4:5", "1:2:0:3:99999999999", "a:b:c:d:e"};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        (void)SAY(admin_of(rig), "HSET", "regua:{3}:pos", "f", rows[i]);
        struct rg_store *store = rig->store(rig);
        assert_int_equal(open_store(rig, store).begun.times, 0);
        rg_store_free(&store);
    }
}

static void damaged_state_is_not_opened(void **state)
{
    static const struct {
        const char *words[5];
        const char *says;
    } rows[] = {
        {{"HSET", "regua:{3}:pos", "L:billing:0:3", "12"}, "field L:billing:0:3"},
        {{"HSET", "regua:{3}:pos", "P:x", "1:0"}, "field P:x"},
        {{"HSET", "regua:{3}:pos", "l", "many"}, "field l is no whole number"},
        {{"HSET", "regua:{3}:pos", "o", "9223372036854775807"}, "field o is no whole number, or too large a one"},
        {{"ZADD", "regua:{3}:out", "1", "no sequence"}, "without its sequence"},
        {{"ZADD", "regua:{3}:out", "1", "x:bytes"}, "without its sequence"},
        {{"ZADD", "regua:{3}:due:00", "1.5", "x"}, "no whole number"},
        {{"SET", "regua:{3}:pos", "1"}, "WRONGTYPE"},
        {{"SET", "regua:{3}:out", "1"}, "WRONGTYPE"},
        {{"SET", "regua:{3}:act", "1"}, "WRONGTYPE"},
        {{"SET", "regua:{3}:due:ff", "1"}, "WRONGTYPE"},
    };
    struct store_rig *rig = *state;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        struct rg_store_opened opened;
        wipe(rig);
        (void)say(admin_of(rig), rows[i].words);
        assert_true(rig->first->ops->open(rig->first, rig->arena, &opened, &err) < 0);
        assert_false(err.retryable);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, err.text);
    }
    wipe(rig);
    (void)open_store(rig, rig->first);
}

static void a_damaged_batch_number_is_broken(void **state)
{
    struct store_rig *rig = *state;
    struct rg_error err = {0};
    (void)SAY(admin_of(rig), "HSET", "regua:{3}:pos", "b", "many");
    assert_int_equal(commit_value(rig, "x", &err), RG_COMMIT_BROKEN);
    assert_non_null(strstr(err.text, "no whole number"));
}

/* ---- layout ---- */

static void all_keys_of_a_shard_lie_together(void **state)
{
    struct store_rig *rig = *state;
    const struct rg_store_act act = {.action = action_of(1), .live = true};
    const struct rg_out_entry out = {1, RG_STR("x")};
    struct rg_store_put puts[] = {put_of(RG_STORE_DEBTOR, RG_STR("{9}"), RG_STR("1")),
                                  put_of(RG_STORE_INVOICE, RG_STR("}x{9}"), RG_STR("1")),
                                  put_of(RG_STORE_REFERENCE, RG_STR("{9}"), RG_STR("1")), timer_of(RG_STR("{9}"), 5)};
    commit(rig,
           (struct rg_store_batch){
               .puts = puts, .put_count = RG_COUNT(puts), .acts = &act, .act_count = 1, .out_adds = &out, .out_add_count = 1});
    const struct rg_redis_reply *keys = SAY(admin_of(rig), "KEYS", "*");
    assert_int_equal(keys->count, 8);
    for (size_t i = 0; i < keys->count; i++)
        assert_memory_equal(keys->items[i].text.p, "regua:{3}:", 10);
}

/* One transaction adds up to 64 MiB to an outbox: whatever it has become, the next owner can open it. */
static void a_large_outbox_is_opened(void **state)
{
    enum { ENTRIES = 10, BATCHES = 8, ENTRY_BYTES = 1000000, PATIENCE_MS = 30000 };
    struct store_rig *rig = *state;
    struct rg_redis_config config = config_for(rg_redis_server_url(((struct side *)rig->side)->server));
    struct rg_arena *arena = rg_arena_new((size_t)256 * 1024 * 1024);
    struct rg_store_opened opened;
    struct rg_error err = {0};
    struct rg_out_entry entries[ENTRIES];
    const char *bytes = rg_arena_alloc(arena, ENTRY_BYTES);
    config.command_timeout_ms = PATIENCE_MS;
    rg_store_free(&rig->first);
    assert_int_equal(rg_store_redis_new(&config, SHARD, &rig->first, &err), 0);
    assert_int_equal(rig->first->ops->open(rig->first, arena, &opened, &err), 0);
    for (int64_t batch = 0; batch < BATCHES; batch++) {
        for (int64_t i = 0; i < ENTRIES; i++)
            entries[i] = (struct rg_out_entry){batch * ENTRIES + i, {bytes, ENTRY_BYTES}};
        commit(rig, (struct rg_store_batch){.out_adds = entries, .out_add_count = ENTRIES});
    }
    if (rig->first->ops->open(rig->first, arena, &opened, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(opened.out_count, ENTRIES * BATCHES);
    assert_int_equal(opened.out[ENTRIES * BATCHES - 1].bytes.n, ENTRY_BYTES);
    rg_arena_free(&arena);
}

static int start_shared(void **state)
{
    (void)state;
    shared_server = rg_redis_server_start(NULL);
    struct rg_redis *admin = client_of(shared_server);
    give_rights(admin, "~regua:*", NULL);
    rg_redis_free(&admin);
    return 0;
}

static int stop_shared(void **state)
{
    (void)state;
    rg_redis_server_stop(&shared_server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_SUITE,
        STORE_TEST(a_dead_connections_exec_comes_too_late),
        STORE_TEST(a_lost_reply_may_mean_applied),
        STORE_TEST(a_restarted_server_is_opened_anew),
        STORE_TEST(a_silent_server_costs_the_timeout),
        STORE_TEST(a_full_server_applies_nothing),
        STORE_TEST(a_replica_applies_nothing),
        STORE_TEST(a_batch_that_is_too_large_is_refused_unsent),
        STORE_TEST(a_large_outbox_is_opened),
        STORE_TEST(an_error_inside_the_transaction_is_broken),
        STORE_TEST(damaged_timers_are_broken),
        STORE_TEST(fractions_of_time_are_broken),
        STORE_TEST(a_damaged_note_is_none), STORE_TEST(damaged_state_is_not_opened),
        STORE_TEST(a_damaged_batch_number_is_broken),
        STORE_TEST(all_keys_of_a_shard_lie_together),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
