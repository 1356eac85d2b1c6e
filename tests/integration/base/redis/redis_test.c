/* The connection against a real server: pipelines, limits, permissions, refusals, and what error replies leave behind. */
#include "base/redis/redis.h"
#include "base/redis/shared_clock.h"
#include "tests/integration/base/redis/client.h"

#include <stdio.h>

static void pipelines(void **state)
{
    struct rg_redis *redis = client_of(*state);
    struct rg_str binary = {"a\0\r\n\xff", 5};
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("k"), binary);
    RG_REDIS_PUSH(redis, RG_STR("GET"), RG_STR("k"));
    RG_REDIS_PUSH(redis, RG_STR("GET"), RG_STR("absent"));
    RG_REDIS_PUSH(redis, RG_STR("INCR"), RG_STR("n"));
    RG_REDIS_PUSH(redis, RG_STR("MGET"), RG_STR("n"), RG_STR("absent"));
    flush(redis);
    assert_int_equal(rg_redis_due(redis), 5);
    assert_text(next(redis), "OK");
    assert_true(rg_str_eq(next(redis)->text, binary));
    assert_int_equal(next(redis)->kind, RG_REDIS_NIL);
    assert_int_equal(next(redis)->integer, 1);
    const struct rg_redis_reply *list = next(redis);
    assert_int_equal(list->count, 2);
    assert_text(&list->items[0], "1");
    assert_int_equal(list->items[1].kind, RG_REDIS_NIL);
    rg_redis_release(redis);
    rg_redis_free(&redis);
}

/* More in both directions than any socket buffer holds. */
static void pipelines_more_than_the_buffers_hold(void **state)
{
    struct rg_redis *redis = client_of(*state);
    enum { COUNT = 20000 };
    char value[1000];
    memset(value, 'v', sizeof value);
    for (int i = 0; i < COUNT; i++) {
        RG_REDIS_PUSH(redis, RG_STR("ECHO"), ((struct rg_str){value, sizeof value}));
    }
    flush(redis);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(next(redis)->text.n, sizeof value);
        if (i % 500 == 499)
            rg_redis_release(redis);
    }
    rg_redis_free(&redis);
}

static void reads_huge_replies_up_to_the_limit(void **state)
{
    struct rg_redis_config config = config_for(rg_redis_server_url(*state));
    config.command_timeout_ms = 10000;
    config.replies_bytes_max = (size_t)24 * 1024 * 1024;
    struct rg_redis *redis = client(&config);
    size_t n = (size_t)20 * 1024 * 1024;
    char *value = rg_alloc(n);
    memset(value, 'v', n);
    const struct rg_redis_reply *reply;
    assert_int_equal(RG_REDIS_CALL(redis, &reply, NULL, RG_STR("SET"), RG_STR("huge"), ((struct rg_str){value, n})), 0);
    assert_int_equal(RG_REDIS_CALL(redis, &reply, NULL, RG_STR("GET"), RG_STR("huge")), 0);
    assert_true(rg_str_eq(reply->text, (struct rg_str){value, n}));
    rg_redis_release(redis);
    rg_free(&value);
    assert_int_equal(SAY(redis, "APPEND", "huge", "12345678901234567890")->integer, (int64_t)n + 20);
    rg_redis_free(&redis);

    config.replies_bytes_max = n;
    redis = client(&config);
    struct rg_error err = {0};
    assert_int_equal(RG_REDIS_CALL(redis, &reply, &err, RG_STR("GET"), RG_STR("huge")), RG_ELIMIT);
    assert_non_null(strstr(err.text, "replies need more than 20971520 bytes"));
    assert_false(rg_redis_alive(redis));
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    assert_int_equal(SAY(redis, "DEL", "huge")->integer, 1);
    rg_redis_free(&redis);
}

static void reads_long_arrays(void **state)
{
    struct rg_redis *redis = client_of(*state);
    enum { COUNT = 100000 };
    rg_redis_begin(redis, COUNT + 2);
    rg_redis_arg(redis, RG_STR("RPUSH"));
    rg_redis_arg(redis, RG_STR("list"));
    for (int i = 0; i < COUNT; i++)
        rg_redis_arg_int(redis, i);
    RG_REDIS_PUSH(redis, RG_STR("LRANGE"), RG_STR("list"), RG_STR("0"), RG_STR("-1"));
    flush(redis);
    assert_int_equal(next(redis)->integer, COUNT);
    const struct rg_redis_reply *list = next(redis);
    assert_int_equal(list->count, COUNT);
    assert_text(&list->items[COUNT - 1], "99999");
    rg_redis_free(&redis);
}

static void passwords_and_databases(void **state)
{
    (void)state;
    struct rg_redis_server *server = rg_redis_server_start((const char *const[]){"--requirepass", "right", NULL});
    struct rg_redis_config config = config_for(rg_redis_server_url(server));
    struct rg_error err = {0};
    struct rg_redis *redis = NULL;
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "it wants a password and none is configured"));
    rg_redis_free(&redis);

    config.password = "wrong-secret";
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "AUTH answered: WRONGPASS"));
    assert_null(strstr(err.text, "wrong-secret"));
    assert_true(err.retryable); /* it may be mended on the other side */
    rg_redis_free(&redis);

    char url[160];
    (void)snprintf(url, sizeof url, "%s?db=3", rg_redis_server_url(server));
    config.url = url;
    config.password = "right";
    redis = client(&config);
    assert_text(SAY(redis, "SET", "where", "db3"), "OK");
    rg_redis_server_restart(server);
    assert_int_equal(rg_redis_connect(redis, &err), 0); /* authenticates and selects again */
    assert_text(SAY(redis, "SET", "where", "db3"), "OK");
    assert_non_null(strstr(SAY(redis, "CLIENT", "INFO")->text.p, "db=3"));
    rg_redis_free(&redis);

    (void)snprintf(url, sizeof url, "%s?db=16", rg_redis_server_url(server)); /* one past the server's default */
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EREFUSED);
    assert_non_null(strstr(err.text, "SELECT answered: ERR DB index is out of range"));
    rg_redis_free(&redis);
    rg_redis_server_stop(&server);
}

static void a_password_nobody_asked_for_is_refused(void **state)
{
    struct rg_redis_config config = config_for(rg_redis_server_url(*state));
    config.password = "superfluous";
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "AUTH answered"));
    rg_redis_free(&redis);
}

static void an_acl_user_without_config_is_enough(void **state)
{
    struct rg_redis *admin = client_of(*state);
    assert_text(SAY(admin, "ACL", "SETUSER", "regua", "on", ">pw", "~regua:*", "+@all", "-@dangerous", "-config", "+info"), "OK");
    struct rg_redis_config config = config_for(rg_redis_server_url(*state));
    config.user = "regua";
    config.password = "pw";
    struct rg_redis *redis = client(&config);
    assert_int_equal(rg_redis_error_kind(SAY(redis, "CONFIG", "GET", "maxmemory-policy")), RG_REDIS_NOPERM);
    assert_int_equal(rg_redis_error_kind(SAY(redis, "SET", "foreign", "x")), RG_REDIS_NOPERM);
    assert_text(SAY(redis, "SET", "regua:{0}:own", "x"), "OK");
    char warning[256];
    struct rg_error err = {0};
    assert_int_equal(rg_redis_check_settings(redis, warning, &err), 0);
    assert_non_null(strstr(warning, "append-only file is off"));

    assert_text(SAY(admin, "ACL", "SETUSER", "regua", "-info"), "OK");
    assert_int_equal(rg_redis_check_settings(redis, warning, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "INFO: NOPERM"));
    assert_text(SAY(admin, "ACL", "SETUSER", "regua", "-ping", "-time"), "OK");
    assert_int_equal(rg_redis_connect(redis, &err), 0); /* let in, though it may not PING */
    int64_t now;
    assert_int_equal(rg_redis_time_ms(redis, &now, &err), RG_EDENIED);
    assert_text(SAY(admin, "ACL", "SETUSER", "regua", "off"), "OK");
    assert_int_equal(rg_redis_connect(redis, &err), RG_EDENIED);
    assert_int_equal(SAY(admin, "ACL", "DELUSER", "regua")->integer, 1);
    rg_redis_free(&redis);
    rg_redis_free(&admin);
}

static void eviction_is_refused(void **state)
{
    struct rg_redis *redis = client_of(*state);
    static const char *const policies[] = {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-ttl"};
    for (size_t i = 0; i < RG_COUNT(policies); i++) {
        char warning[256] = "untouched";
        struct rg_error err = {0};
        assert_text(SAY(redis, "CONFIG", "SET", "maxmemory-policy", policies[i]), "OK");
        assert_int_equal(rg_redis_check_settings(redis, warning, &err), RG_EREFUSED);
        assert_non_null(strstr(err.text, policies[i]));
        assert_non_null(strstr(err.text, "maxmemory-policy noeviction"));
        assert_string_equal(warning, "untouched");
    }
    assert_text(SAY(redis, "CONFIG", "SET", "maxmemory-policy", "noeviction"), "OK");
    assert_text(SAY(redis, "CONFIG", "SET", "appendonly", "yes"), "OK");
    char warning[256] = "untouched";
    assert_int_equal(rg_redis_check_settings(redis, warning, NULL), 0);
    assert_string_equal(warning, "");
    assert_text(SAY(redis, "CONFIG", "SET", "appendonly", "no"), "OK");
    rg_redis_free(&redis);
}

static void an_error_inside_exec_is_found(void **state)
{
    struct rg_redis *redis = client_of(*state);
    assert_text(SAY(redis, "SET", "text", "x"), "OK");
    RG_REDIS_PUSH(redis, RG_STR("MULTI"));
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("first"), RG_STR("1"));
    RG_REDIS_PUSH(redis, RG_STR("LPUSH"), RG_STR("text"), RG_STR("y"));
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("last"), RG_STR("1"));
    RG_REDIS_PUSH(redis, RG_STR("EXEC"));
    flush(redis);
    for (int i = 0; i < 4; i++)
        assert_int_equal(next(redis)->kind, RG_REDIS_STATUS);
    const struct rg_redis_reply *exec = next(redis);
    assert_int_equal(exec->kind, RG_REDIS_ARRAY);
    const struct rg_redis_reply *error = rg_redis_array_error(exec);
    assert_ptr_equal(error, &exec->items[1]);
    assert_int_equal(rg_redis_error_kind(error), RG_REDIS_WRONGTYPE);
    assert_int_equal(rg_redis_error_kind(exec), RG_REDIS_NO_ERROR);
    assert_text(SAY(redis, "GET", "first"), "1"); /* partly applied, indeed */
    assert_text(SAY(redis, "GET", "last"), "1");
    rg_redis_free(&redis);
}

static void a_refused_command_aborts_the_transaction(void **state)
{
    struct rg_redis *redis = client_of(*state);
    RG_REDIS_PUSH(redis, RG_STR("MULTI"));
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("aborted"), RG_STR("1"));
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("aborted"));
    RG_REDIS_PUSH(redis, RG_STR("EXEC"));
    flush(redis);
    assert_text(next(redis), "OK");
    assert_text(next(redis), "QUEUED");
    assert_int_equal(rg_redis_error_kind(next(redis)), RG_REDIS_OTHER_ERROR);
    enum rg_redis_error_kind kind = rg_redis_error_kind(next(redis));
    assert_int_equal(kind, RG_REDIS_EXECABORT);
    assert_true(rg_redis_error_is_abort(kind));
    assert_int_equal(SAY(redis, "GET", "aborted")->kind, RG_REDIS_NIL);
    rg_redis_free(&redis);
}

/* The kind of EXEC's reply to a transaction that writes one key, and whether that key was written. */
static enum rg_redis_error_kind exec_kind(struct rg_redis *redis)
{
    RG_REDIS_PUSH(redis, RG_STR("MULTI"));
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("tried"), RG_STR("1"));
    RG_REDIS_PUSH(redis, RG_STR("EXEC"));
    flush(redis);
    (void)next(redis); /* MULTI may be refused already: only EXEC's word counts */
    (void)next(redis);
    return rg_redis_error_kind(next(redis));
}

static void aborts_apply_nothing(void **state)
{
    (void)state;
    struct rg_redis_server *server = rg_redis_server_start((const char *const[]){"--busy-reply-threshold", "50", NULL});
    struct rg_redis *redis = client_of(server);
    assert_text(SAY(redis, "CONFIG", "SET", "maxmemory", "1"), "OK");
    assert_int_equal(rg_redis_error_kind(SAY(redis, "SET", "tried", "1")), RG_REDIS_OOM);
    assert_true(rg_redis_error_is_abort(exec_kind(redis)));
    assert_text(SAY(redis, "CONFIG", "SET", "maxmemory", "0"), "OK");
    assert_int_equal(SAY(redis, "EXISTS", "tried")->integer, 0);

    assert_text(SAY(redis, "CONFIG", "SET", "min-replicas-to-write", "1"), "OK");
    assert_int_equal(rg_redis_error_kind(SAY(redis, "SET", "tried", "1")), RG_REDIS_NOREPLICAS);
    assert_true(rg_redis_error_is_abort(exec_kind(redis)));
    assert_text(SAY(redis, "CONFIG", "SET", "min-replicas-to-write", "0"), "OK");
    assert_int_equal(SAY(redis, "EXISTS", "tried")->integer, 0);

    assert_text(SAY(redis, "REPLICAOF", "127.0.0.1", "1"), "OK");
    assert_int_equal(rg_redis_error_kind(SAY(redis, "SET", "tried", "1")), RG_REDIS_READONLY);
    assert_true(rg_redis_error_is_abort(exec_kind(redis)));
    assert_text(SAY(redis, "REPLICAOF", "NO", "ONE"), "OK");
    assert_int_equal(SAY(redis, "EXISTS", "tried")->integer, 0);

    struct rg_redis *busy = client_of(server);
    RG_REDIS_PUSH(busy, RG_STR("EVAL"), RG_STR("while true do end"), RG_STR("0"));
    flush(busy);
    wait_ms(300);
    assert_int_equal(rg_redis_error_kind(SAY(redis, "SET", "tried", "1")), RG_REDIS_BUSY);
    assert_true(rg_redis_error_is_abort(exec_kind(redis)));
    assert_text(SAY(redis, "SCRIPT", "KILL"), "OK");
    assert_int_equal(rg_redis_error_kind(next(busy)), RG_REDIS_OTHER_ERROR);
    assert_int_equal(SAY(redis, "EXISTS", "tried")->integer, 0);

    assert_int_equal(rg_redis_error_kind(SAY(redis, "EVALSHA", "ffffffffffffffffffffffffffffffffffffffff",
    "0")), RG_REDIS_NOSCRIPT);
    rg_redis_free(&busy);
    rg_redis_free(&redis);
    rg_redis_server_stop(&server);
}

static void other_clients_lose_the_watch(void **state)
{
    struct rg_redis *owner = client_of(*state);
    struct rg_redis *thief = client_of(*state);
    assert_text(SAY(owner, "SET", "own", "owner"), "OK");
    assert_text(SAY(owner, "WATCH", "own"), "OK");
    assert_text(SAY(thief, "SET", "own", "thief"), "OK");
    assert_text(SAY(owner, "MULTI"), "OK");
    assert_text(SAY(owner, "SET", "d", "x"), "QUEUED");
    assert_int_equal(SAY(owner, "EXEC")->kind, RG_REDIS_NIL);
    rg_redis_free(&owner);
    rg_redis_free(&thief);
}

static void names_each_address_that_failed(void **state)
{
    (void)state;
    char url[64];
    (void)snprintf(url, sizeof url, "redis://localhost:%d", rg_redis_server_free_port());
    const struct rg_redis_config config = config_for(url);
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, url));
    assert_non_null(strstr(err.text, "127.0.0.1: Connection refused"));
    rg_redis_free(&redis);
}

static void speaks_tcp(void **state)
{
    (void)state;
    char port[8];
    (void)snprintf(port, sizeof port, "%d", rg_redis_server_free_port());
    struct rg_redis_server *server = rg_redis_server_start((const char *const[]){"--port", port, "--bind", "127.0.0.1", NULL});
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%s/2", port);
    const struct rg_redis_config config = config_for(url);
    struct rg_redis *redis = client(&config);
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%s", port);
    assert_string_equal(rg_redis_peer(redis), url);
    assert_text(SAY(redis, "PING"), "PONG");
    rg_redis_server_kill(server);
    const struct rg_redis_reply *reply;
    assert_int_equal(RG_REDIS_CALL(redis, &reply, NULL, RG_STR("PING")), RG_EUNREACHABLE);
    rg_redis_free(&redis);
    rg_redis_server_stop(&server);
}

static void a_full_server_may_be_tried_again(void **state)
{
    struct rg_redis *first = client_of(*state);
    assert_text(SAY(first, "CONFIG", "SET", "maxclients", "1"), "OK");
    const struct rg_redis_config config = config_for(rg_redis_server_url(*state));
    struct rg_redis *second = NULL;
    struct rg_error err = {0};
    assert_int_equal(rg_redis_new(&config, &second, NULL), 0);
    assert_int_equal(rg_redis_connect(second, &err), RG_EUNREACHABLE);
    assert_true(err.retryable);
    assert_non_null(strstr(err.text, "max number of clients"));
    assert_text(SAY(first, "CONFIG", "SET", "maxclients", "1000"), "OK");
    assert_int_equal(rg_redis_connect(second, &err), 0);
    rg_redis_free(&second);
    rg_redis_free(&first);
}

static void the_shared_clock_follows_the_server(void **state)
{
    struct rg_redis *redis = client_of(*state);
    const struct rg_shared_clock_config config = {.machine = rg_clock_system(), .jump_limit_ms = 2000, .resync_ms = 10000};
    struct rg_shared_clock *clock = rg_shared_clock_new(&config);
    struct rg_error err = {0};
    assert_true(rg_shared_clock_due(clock));
    assert_int_equal(rg_shared_clock_sync(clock, redis, &err), 0);
    assert_false(rg_shared_clock_due(clock));
    int64_t server_ms;
    assert_int_equal(rg_redis_time_ms(redis, &server_ms, &err), 0);
    int64_t off = rg_shared_clock_ms(clock) - server_ms;
    assert_true(off > -500 && off < 500);
    assert_int_equal(rg_shared_clock_state(clock, NULL), RG_SHARED_CLOCK_OK);
    rg_redis_close(redis);
    assert_int_equal(rg_shared_clock_sync(clock, redis, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "closed by ourselves"));
    assert_true(rg_shared_clock_ms(clock) >= server_ms - 500); /* goes on without a server */
    rg_shared_clock_free(&clock);
    rg_redis_free(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines),
        cmocka_unit_test(pipelines_more_than_the_buffers_hold),
        cmocka_unit_test(reads_huge_replies_up_to_the_limit),
        cmocka_unit_test(reads_long_arrays),
        cmocka_unit_test(passwords_and_databases),
        cmocka_unit_test(a_password_nobody_asked_for_is_refused),
        cmocka_unit_test(an_acl_user_without_config_is_enough),
        cmocka_unit_test(eviction_is_refused),
        cmocka_unit_test(an_error_inside_exec_is_found),
        cmocka_unit_test(a_refused_command_aborts_the_transaction),
        cmocka_unit_test(aborts_apply_nothing),
        cmocka_unit_test(other_clients_lose_the_watch),
        cmocka_unit_test(names_each_address_that_failed),
        cmocka_unit_test(speaks_tcp),
        cmocka_unit_test(a_full_server_may_be_tried_again),
        cmocka_unit_test(the_shared_clock_follows_the_server),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
