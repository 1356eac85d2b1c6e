/* What is asked of a Redis user, against a real server: exactly what is missing is named, and asking changes nothing. */
#include "daemon/state/store_redis.h"
#include "tests/integration/daemon/state/rights.h"

#include <stdio.h>

static struct rg_redis *user_of(struct rg_redis_server *server)
{
    const struct rg_redis_config config = config_of_user(rg_redis_server_url(server));
    return client(&config);
}

/* What is asked for by name only; INFO is asked first of all, by rg_redis_check_settings. */
static void each_right_that_is_missing_is_named(void **state)
{
    struct rg_redis *admin = client_of(*state);
    give_rights(admin, "~regua:*", NULL);
    struct rg_redis *redis = user_of(*state);
    struct rg_error err = {0};
    char says[128];
    if (rg_state_check_rights(redis, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(rg_redis_alive(redis));
    for (size_t i = 1; i < RG_COUNT(rights_needed); i++) {
        give_rights(admin, "~regua:*", rights_needed[i]);
        assert_int_equal(rg_redis_connect(redis, NULL), 0);
        err = (struct rg_error){0};
        if (rg_state_check_rights(redis, &err) != RG_EDENIED || !err.retryable)
            fail_msg("without %s: %s", rights_needed[i], err.text);
        (void)snprintf(says, sizeof says, ": the user lacks rights: ACL SETUSER regua %s", rights_needed[i]);
        const char *end = strstr(err.text, says);
        if (end == NULL || end[strlen(says)] != '\0')
            fail_msg("without %s: %s", rights_needed[i], err.text);
        assert_false(rg_redis_alive(redis));
    }
    give_rights(admin, "~other:*", "+zadd");
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    assert_int_equal(rg_state_check_rights(redis, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "ACL SETUSER regua +zadd ~regua:*"));
    assert_text(SAY(admin, "ACL", "SETUSER", "regua", "+zadd", "~regua:*"), "OK"); /* what it said */
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    assert_int_equal(rg_state_check_rights(redis, &err), 0);
    assert_int_equal(SAY(admin, "DBSIZE")->integer, 0);
    rg_redis_free(&redis);
    rg_redis_free(&admin);
}

/* It is asked at the start: a server that may not be written to just now is not a user who may not. */
static void a_full_server_and_a_replica_are_no_lack_of_rights(void **state)
{
    struct rg_redis *admin = client_of(*state);
    struct rg_error err = {0};
    assert_text(SAY(admin, "CONFIG", "SET", "maxmemory", "1"), "OK");
    assert_int_equal(rg_state_check_rights(admin, &err), 0);
    assert_text(SAY(admin, "CONFIG", "SET", "maxmemory", "0"), "OK");
    assert_text(SAY(admin, "REPLICAOF", "127.0.0.1", "1"), "OK");
    assert_int_equal(rg_state_check_rights(admin, &err), 0);
    assert_text(SAY(admin, "REPLICAOF", "NO", "ONE"), "OK");
    assert_text(SAY(admin, "PING"), "PONG"); /* nothing of a transaction is left */
    rg_redis_free(&admin);
}

static void a_connection_that_ends_meanwhile_is_told(void **state)
{
    struct rg_redis *admin = client_of(*state);
    struct rg_error err = {0};
    rg_redis_close(admin);
    assert_int_equal(rg_state_check_rights(admin, &err), RG_EUNREACHABLE);
    rg_redis_free(&admin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_right_that_is_missing_is_named),
        cmocka_unit_test(a_full_server_and_a_replica_are_no_lack_of_rights),
        cmocka_unit_test(a_connection_that_ends_meanwhile_is_told),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
