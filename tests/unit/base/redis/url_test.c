/* Addresses: what an operator may write, and what a cluster may answer. */
#include "base/redis/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void accepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct rg_redis_url url;
    } cases[] = {
        {"unix:///run/redis/redis.sock", {.is_unix = true, .path = "/run/redis/redis.sock"}},
        {"unix:///r?db=3", {.is_unix = true, .path = "/r", .db = 3}},
        {"unix:///a@b:c", {.is_unix = true, .path = "/a@b:c"}},
        {"redis://localhost", {.host = "localhost", .port = 6379}},
        {"redis://localhost/", {.host = "localhost", .port = 6379}},
        {"redis://10.0.0.1:6380/0", {.host = "10.0.0.1", .port = 6380}},
        {"redis://regua@redis-1.example:1/15", {.host = "redis-1.example", .port = 1, .user = "regua", .db = 15}},
        {"redis://h:65535/65535", {.host = "h", .port = 65535, .db = 65535}},
        {"redis://[::1]", {.host = "::1", .port = 6379}},
        {"redis://u@[fe80::1%eth0]:7000/2", {.host = "fe80::1%eth0", .port = 7000, .user = "u", .db = 2}},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_redis_url url = {0};
        struct rg_error err = {0};
        if (rg_redis_url_parse(rg_str(cases[i].text), &url, &err) < 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(url.is_unix, cases[i].url.is_unix);
        assert_string_equal(url.path, cases[i].url.path);
        assert_string_equal(url.host, cases[i].url.host);
        assert_int_equal(url.port, cases[i].url.port);
        assert_string_equal(url.user, cases[i].url.user);
        assert_int_equal(url.db, cases[i].url.db);
    }
}

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *says;
    } cases[] = {
        {"", RG_EINVAL, "unix:///path or redis://host:port"},
        {"localhost:6379", RG_EINVAL, "unix:///path or redis://host:port"},
        {"REDIS://localhost", RG_EINVAL, "unix:///path or redis://host:port"},
        {"http://localhost", RG_EINVAL, "unix:///path or redis://host:port"},
        {"redis:/localhost", RG_EINVAL, "unix:///path or redis://host:port"},
        {"rediss://localhost", RG_EREFUSED, "stunnel"},
        {"redis://user:secret@localhost", RG_EREFUSED, "credential"},
        {"redis://:secret@localhost", RG_EREFUSED, "credential"},
        {"redis://@localhost", RG_EINVAL, "the user is empty"},
        {"redis://" X50 "12345678901234@h", RG_EINVAL, "the user has 64 bytes, at most 63"},
        {"redis://", RG_EINVAL, "expected a host name"},
        {"redis:///1", RG_EINVAL, "expected a host name"},
        {"redis://:6379", RG_EINVAL, "expected a host name"},
        {"redis://ho st", RG_EINVAL, "spaces and control characters"},
        {"redis://host\n", RG_EINVAL, "spaces and control characters"},
        {"redis://host\x7f", RG_EINVAL, "spaces and control characters"},
        {"redis://h\"x", RG_EINVAL, "expected a host name"},
        {"redis://-h", RG_EINVAL, "expected a host name"},
        {"redis://h\xc3\xb4te", RG_EINVAL, "expected a host name"},
        {"redis://h:", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://h:0", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://h:65536", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://h:-1", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://h:12x", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://::1", RG_EINVAL, "a port from 1 to 65535"},
        {"redis://[::1", RG_EINVAL, "']'"},
        {"redis://[::1]7", RG_EINVAL, "':' and a port"},
        {"redis://[]", RG_EINVAL, "expected a host name"},
        {"redis://h/x", RG_EINVAL, "a database number"},
        {"redis://h/-1", RG_EINVAL, "a database number"},
        {"redis://h/65536", RG_EINVAL, "a database number"},
        {"redis://h/1/2", RG_EINVAL, "a database number"},
        {"redis://h?db=1", RG_EINVAL, "expected a host name"},
        {"unix://", RG_EINVAL, "absolute path"},
        {"unix://run/redis.sock", RG_EINVAL, "absolute path"},
        {"unix:///r?", RG_EINVAL, "?db=N"},
        {"unix:///r?db=", RG_EINVAL, "a database number"},
        {"unix:///r?db=1&x=2", RG_EINVAL, "a database number"},
        {"unix:///" X50 X50 "1234567", RG_EINVAL, "the path has 108 bytes, at most 107"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_redis_url url = {.port = 77};
        struct rg_error err = {0};
        int rc = rg_redis_url_parse(rg_str(cases[i].text), &url, &err);
        if (rc != cases[i].code || strstr(err.text, cases[i].says) == NULL || strstr(err.text, "secret") != NULL)
            fail_msg("%s: got %d, %s", cases[i].text, rc, err.text);
        assert_int_equal(url.port, 77);
    }
}

static void takes_the_longest(void **state)
{
    (void)state;
    struct rg_redis_url url;
    assert_int_equal(rg_redis_url_parse((struct rg_str){"redis://h\0", 10}, &url, NULL), RG_EINVAL);
    assert_int_equal(rg_redis_url_parse(RG_STR("unix:///" X50 X50 "123456"), &url, NULL), 0);
    assert_int_equal(strlen(url.path), RG_REDIS_PATH_MAX);
    assert_int_equal(rg_redis_url_parse(RG_STR("redis://" X50 "1234567890123@h"), &url, NULL), 0);
    assert_int_equal(strlen(url.user), RG_REDIS_USER_MAX);
    assert_int_equal(rg_redis_url_parse(RG_STR("redis://" X50 X50 X50 X50 X50 "123:1"), &url, NULL), 0);
    assert_int_equal(strlen(url.host), RG_REDIS_HOST_MAX);
    assert_int_equal(rg_redis_url_parse(RG_STR("redis://" X50 X50 X50 X50 X50 "1234:1"), &url, NULL), RG_EINVAL);
}

static void understands_moved(void **state)
{
    (void)state;
    const struct rg_redis_url tcp = {.host = "seed", .port = 6379, .db = 0};
    const struct rg_redis_url sock = {.is_unix = true, .path = "/s"};
    static const struct {
        const char *text;
        bool from_unix;
        const char *host; /* NULL: refused */
        uint16_t port;
    } cases[] = {
        {"MOVED 3999 127.0.0.1:6381", false, "127.0.0.1", 6381},
        {"MOVED 0 ::1:7000", false, "::1", 7000},
        {"MOVED 16383 node-2.example:1", true, "node-2.example", 1},
        {"MOVED 1 :7001", false, "seed", 7001},
        {"MOVED 1 :7001", true, NULL, 0},
        {"MOVED", false, NULL, 0},
        {"MOVED ", false, NULL, 0},
        {"MOVED 1", false, NULL, 0},
        {"MOVED x 127.0.0.1:1", false, NULL, 0},
        {"MOVED 1 127.0.0.1", false, NULL, 0},
        {"MOVED 1 127.0.0.1:", false, NULL, 0},
        {"MOVED 1 127.0.0.1:0", false, NULL, 0},
        {"MOVED 1 127.0.0.1:99999", false, NULL, 0},
        {"MOVED 1 ?:6379", false, NULL, 0},
        {"MOVED 1 a b:6379", false, NULL, 0},
        {"ASK 1 127.0.0.1:6379", false, NULL, 0},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct rg_redis_url url = {0};
        int rc = rg_redis_moved_parse(rg_str(cases[i].text), cases[i].from_unix ? &sock : &tcp, &url, NULL);
        if (rc != (cases[i].host != NULL ? 0 : RG_EINVAL))
            fail_msg("%s: %d", cases[i].text, rc);
        assert_string_equal(url.host, cases[i].host != NULL ? cases[i].host : "");
        assert_int_equal(url.port, cases[i].port);
    }
    struct rg_redis_url url;
    assert_int_equal(rg_redis_moved_parse((struct rg_str){"MOVED 1 h\0st:1", 14}, &tcp, &url, NULL), RG_EINVAL);
}

static void checks_the_configuration(void **state)
{
    (void)state;
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    struct rg_redis_config config = {.url = "rediss://h", .connect_timeout_ms = 1, .command_timeout_ms = 1};
    assert_int_equal(rg_redis_new(&config, &redis, &err), RG_EREFUSED);
    assert_null(redis);
    config.url = "unix:///nowhere";
    config.user = X50 "12345678901234";
    assert_int_equal(rg_redis_new(&config, &redis, &err), RG_EINVAL);
    config.user = "someone";
    assert_int_equal(rg_redis_new(&config, &redis, &err), 0);
    assert_false(rg_redis_alive(redis));
    assert_int_equal(rg_redis_flush(redis, &err), RG_EUNREACHABLE);
    assert_string_equal(err.text, "Redis unix:///nowhere: not connected yet");
    assert_int_equal(rg_redis_connect(redis, &err), RG_EUNREACHABLE);
    assert_string_equal(err.text, "Redis unix:///nowhere: No such file or directory");
    assert_true(err.retryable);
    rg_redis_free(&redis);
    rg_redis_free(&redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),           cmocka_unit_test(refuses), cmocka_unit_test(takes_the_longest),
        cmocka_unit_test(understands_moved), cmocka_unit_test(checks_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
