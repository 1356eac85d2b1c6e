/* TIME and INFO as servers answer them, and as they should not. */
#include "base/redis/redis.h"
#include "tests/unit/base/redis/script.h"

static void tells_the_time(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int rc;
        int64_t ms;
        const char *says;
    } cases[] = {
        {"*2\r\n$10\r\n1800000000\r\n$6\r\n123999\r\n", 0, 1800000000123, ""},
        {"*2\r\n$1\r\n0\r\n$1\r\n0\r\n", 0, 0, ""},
        {"*2\r\n$2\r\n-1\r\n$1\r\n0\r\n", RG_EIO, 0, "seconds and microseconds"},
        {"*2\r\n$19\r\n9223372036854775807\r\n$1\r\n0\r\n", RG_EIO, 0, "seconds and microseconds"},
        {"*2\r\n$1\r\nx\r\n$1\r\n0\r\n", RG_EIO, 0, "seconds and microseconds"},
        {"*2\r\n:1800000000\r\n:0\r\n", RG_EIO, 0, "seconds and microseconds"},
        {"*1\r\n$10\r\n1800000000\r\n", RG_EIO, 0, "seconds and microseconds"},
        {"*0\r\n", RG_EIO, 0, "seconds and microseconds"},
        {":5\r\n", RG_EIO, 0, "TIME: expected an array, got an integer"},
        {"-LOADING please wait\r\n", RG_EUNREACHABLE, 0, "TIME: LOADING"},
        {"-NOPERM no\r\n", RG_EDENIED, 0, "TIME: NOPERM"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct script s = {.bytes = cases[i].bytes, .n = strlen(cases[i].bytes), .word = "TIME\r\n"};
        start(&s);
        struct rg_redis *redis = client_of(&s);
        assert_int_equal(rg_redis_connect(redis, NULL), 0);
        int64_t ms = 0;
        struct rg_error err = {0};
        if (rg_redis_time_ms(redis, &ms, &err) != cases[i].rc || ms != cases[i].ms || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.text);
        finish(&s, redis);
    }
}

static void judges_settings(void **state)
{
    (void)state;
    static const struct {
        const char *info;
        int rc;
        const char *says; /* the error or the warning */
    } cases[] = {
        {"# Memory\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\naof_enabled:1\r\n", 0, ""},
        {"aof_enabled:1\nmaxmemory_policy:noeviction", 0, ""},
        {"maxmemory_policy:noeviction\r\naof_enabled:0\r\n", 0, "append-only file is off"},
        {"maxmemory_policy:noeviction\r\n", 0, "append-only file is off"},
        {"maxmemory_policy:noeviction\r\naof_enabled:10\r\n", 0, "append-only file is off"},
        {"maxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n", RG_EREFUSED, "maxmemory-policy is allkeys-lru"},
        {"maxmemory_policy:\r\n", RG_EREFUSED, "maxmemory-policy is "},
        {"maxmemory_policy\r\naof_enabled:1\r\n", RG_EREFUSED, "expected INFO to tell maxmemory_policy"},
        {"xmaxmemory_policy:noeviction\r\n", RG_EREFUSED, "expected INFO to tell maxmemory_policy"},
        {"maxmemory_policy_x:noeviction\r\n", RG_EREFUSED, "expected INFO to tell maxmemory_policy"},
        {"", RG_EREFUSED, "expected INFO to tell maxmemory_policy"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        char bytes[256];
        (void)snprintf(bytes, sizeof bytes, "$%zu\r\n%s\r\n", strlen(cases[i].info), cases[i].info);
        struct script s = {.bytes = bytes, .n = strlen(bytes), .word = "INFO\r\n"};
        start(&s);
        struct rg_redis *redis = client_of(&s);
        assert_int_equal(rg_redis_connect(redis, NULL), 0);
        char warning[256] = "";
        struct rg_error err = {0};
        int rc = rg_redis_check_settings(redis, warning, &err);
        const char *said = rc == 0 ? warning : err.text;
        if (rc != cases[i].rc || strstr(said, cases[i].says) == NULL || (cases[i].says[0] == '\0' && said[0] != '\0'))
            fail_msg("case %zu: got %d, %s", i, rc, said);
        finish(&s, redis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_the_time), cmocka_unit_test(judges_settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
