/* The connection against a scripted other side: replies in any pieces, lies about lengths, silence, and ends in the middle. */
#include "base/redis/connection.h"
#include "tests/unit/base/redis/script.h"

#include <time.h>

static void reads_every_kind_in_any_pieces(void **state)
{
    (void)state;
    static const char bytes[] = "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\0\r\nb\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
                                "*4\r\n$1\r\nx\r\n*2\r\n:1\r\n$-1\r\n-WRONGTYPE y\r\n+z\r\n:9223372036854775807\r\n";
    static const size_t pieces[] = {0, 1, 2, 3, 7, 16};
    for (size_t i = 0; i < RG_COUNT(pieces); i++) {
        struct script s = {.bytes = bytes, .n = sizeof bytes - 1, .piece = pieces[i], .hangs = true};
        struct rg_redis *redis = start_and_go(&s, 10);
        const struct rg_redis_reply *r[10];
        for (size_t j = 0; j < RG_COUNT(r); j++)
            assert_int_equal(rg_redis_next(redis, &r[j], NULL), 0);
        assert_int_equal(rg_redis_due(redis), 0);
        assert_int_equal(r[0]->kind, RG_REDIS_STATUS);
        assert_string_equal(r[0]->text.p, "OK");
        assert_int_equal(r[1]->kind, RG_REDIS_ERROR);
        assert_string_equal(r[1]->text.p, "ERR no");
        assert_int_equal(r[2]->kind, RG_REDIS_INT);
        assert_int_equal(r[2]->integer, -42);
        assert_int_equal(r[3]->kind, RG_REDIS_STR);
        assert_true(rg_str_eq(r[3]->text, (struct rg_str){"a\0\r\nb", 5}));
        assert_int_equal(r[4]->kind, RG_REDIS_STR);
        assert_true(r[4]->text.p != NULL && r[4]->text.n == 0);
        assert_int_equal(r[5]->kind, RG_REDIS_NIL);
        assert_int_equal(r[6]->kind, RG_REDIS_NIL);
        assert_int_equal(r[7]->kind, RG_REDIS_ARRAY);
        assert_int_equal(r[7]->count, 0);
        assert_int_equal(r[8]->count, 4);
        assert_string_equal(r[8]->items[0].text.p, "x");
        assert_int_equal(r[8]->items[1].count, 2);
        assert_int_equal(r[8]->items[1].items[0].integer, 1);
        assert_int_equal(r[8]->items[1].items[1].kind, RG_REDIS_NIL);
        assert_ptr_equal(rg_redis_array_error(r[8]), &r[8]->items[2]);
        assert_string_equal(r[8]->items[3].text.p, "z");
        assert_int_equal(r[9]->integer, INT64_MAX);
        assert_null(rg_redis_array_error(r[8]->items[1].items));
        assert_null(rg_redis_array_error(r[9]));
        finish(&s, redis);
    }
}

static void finds_an_error_at_any_depth(void **state)
{
    (void)state;
    static const char bytes[] = "*2\r\n*2\r\n:1\r\n*1\r\n-ERR deep\r\n-ERR shallow\r\n*1\r\n*0\r\n";
    struct script s = {.bytes = bytes, .n = sizeof bytes - 1};
    struct rg_redis *redis = start_and_go(&s, 2);
    const struct rg_redis_reply *reply;
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    assert_string_equal(rg_redis_array_error(reply)->text.p, "ERR deep");
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    assert_null(rg_redis_array_error(reply));
    finish(&s, redis);
}

/* Something between us and Redis that does not read while it cannot write: a flush that only writes would time out. */
static void reads_while_it_sends(void **state)
{
    (void)state;
    const size_t n = (size_t)4 * 1024 * 1024;
    char *bytes = rg_alloc(n);
    memset(bytes, 'x', n);
    memcpy(bytes, "+", 1);
    memcpy(bytes + n - 2, "\r\n", 2);
    struct script s = {.bytes = bytes, .n = n, .reads_bytes = n};
    start(&s);
    struct rg_redis *redis = NULL;
    const struct rg_redis_config config = {.url = s.url, .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    RG_REDIS_PUSH(redis, RG_STR("GO"));
    RG_REDIS_PUSH(redis, ((struct rg_str){bytes, n}));
    struct rg_error err = {0};
    if (rg_redis_flush(redis, &err) < 0)
        fail_msg("%s", err.text);
    const struct rg_redis_reply *reply;
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    assert_int_equal(reply->text.n, n - 3);
    finish(&s, redis);
    rg_free(&bytes);
}

static void dies_of_what_is_not_redis(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool hangs;
        int code;
        const char *says;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", false, RG_EIO, "this is not Redis talking"},
        {"\r\n", false, RG_EIO, "this is not Redis talking"},
        {"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", false, RG_EIO, "this is not Redis talking"},
        {":12x\r\n", false, RG_EIO, "this is not Redis talking"},
        {":99999999999999999999\r\n", false, RG_EIO, "this is not Redis talking"},
        {"$-2\r\n", false, RG_EIO, "this is not Redis talking"},
        {"*-2\r\n", false, RG_EIO, "this is not Redis talking"},
        {"$x\r\n", false, RG_EIO, "this is not Redis talking"},
        {"*99999999999\r\n", false, RG_EIO, "this is not Redis talking"},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", false, RG_EIO, "this is not Redis talking"},
        {"*2147483647\r\n", false, RG_ELIMIT, "more than 65536 bytes"},
        {"*100\r\n*100\r\n*100\r\n*100\r\n*100\r\n*100\r\n*2000\r\n", false, RG_ELIMIT, "more than 65536 bytes"},
        {"", false, RG_EUNREACHABLE, "the server closed the connection, 1 replies were due"},
        {"+O", false, RG_EUNREACHABLE, "the server closed the connection"},
        {"$5\r\nabc", false, RG_EUNREACHABLE, "the server closed the connection"},
        {"$3\r\nabc\r", false, RG_EUNREACHABLE, "the server closed the connection"},
        {"*2\r\n:1\r\n", false, RG_EUNREACHABLE, "the server closed the connection"},
        {"", true, RG_ETIMEOUT, "no answer in time, 1 replies were due"},
        {"*2\r\n:1\r\n", true, RG_ETIMEOUT, "no answer in time"},
        {"$2000000000\r\nabc", true, RG_ETIMEOUT, "no answer in time"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct script s = {.bytes = cases[i].bytes, .n = strlen(cases[i].bytes), .hangs = cases[i].hangs,
                           .silent_answer = cases[i].hangs};
        struct rg_redis *redis = start_and_go(&s, 1);
        const struct rg_redis_reply *reply = NULL;
        struct rg_error err = {0};
        int rc = rg_redis_next(redis, &reply, &err);
        if (rc != cases[i].code || err.code != rc || strstr(err.text, cases[i].says) == NULL || strstr(err.text, s.url) == NULL)
            fail_msg("case %zu: got %d, %s", i, rc, err.text);
        assert_null(reply);
        assert_false(rg_redis_alive(redis));
        assert_int_equal(rg_redis_due(redis), 0);
        struct rg_error again = {0};
        RG_REDIS_PUSH(redis, RG_STR("GO")); /* is not kept */
        assert_int_equal(rg_redis_flush(redis, &again), cases[i].code);
        assert_string_equal(again.text, err.text);
        assert_int_equal(rg_redis_next(redis, &reply, NULL), cases[i].code);
        finish(&s, redis);
    }
}

static void keeps_what_came_before_the_end(void **state)
{
    (void)state;
    static const char bytes[] = "+one\r\n+two\r\n+thr";
    struct script s = {.bytes = bytes, .n = sizeof bytes - 1};
    struct rg_redis *redis = start_and_go(&s, 3);
    const struct rg_redis_reply *one, *two, *three;
    assert_int_equal(rg_redis_next(redis, &one, NULL), 0);
    assert_int_equal(rg_redis_next(redis, &two, NULL), 0);
    assert_int_equal(rg_redis_next(redis, &three, NULL), RG_EUNREACHABLE);
    assert_string_equal(one->text.p, "one"); /* valid until released, also on a dead connection */
    assert_string_equal(two->text.p, "two");
    finish(&s, redis);
}

static void gives_what_has_arrived_after_the_deadline(void **state)
{
    (void)state;
    static const char bytes[] = "+one\r\n+two\r\n";
    struct script s = {.bytes = bytes, .n = sizeof bytes - 1, .hangs = true, .silent_answer = true};
    struct rg_redis *redis = start_and_go(&s, 3);
    const struct timespec busy = {.tv_nsec = (long)2 * TIMEOUT_MS * 1000 * 1000}; /* the caller did something else meanwhile */
    (void)nanosleep(&busy, NULL);
    const struct rg_redis_reply *reply;
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    int64_t before = rg_redis_now_ms();
    assert_int_equal(rg_redis_next(redis, &reply, NULL), RG_ETIMEOUT);
    assert_true(rg_redis_now_ms() - before < TIMEOUT_MS);
    finish(&s, redis);
}

static void the_deadline_counts_from_the_flush(void **state)
{
    (void)state;
    struct script s = {.bytes = "", .hangs = true, .silent_answer = true};
    start(&s);
    struct rg_redis *redis = client_of(&s);
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    int64_t before = rg_redis_now_ms();
    const struct rg_redis_reply *reply;
    assert_int_equal(RG_REDIS_CALL(redis, &reply, NULL, RG_STR("GO")), RG_ETIMEOUT);
    int64_t took = rg_redis_now_ms() - before;
    assert_true(took >= TIMEOUT_MS - 1);
    assert_true(took < 20 * TIMEOUT_MS);
    finish(&s, redis);
}

static void fills_memory_up_to_the_limit_only(void **state)
{
    (void)state;
    char bytes[2 * REPLIES_MAX] = "$60000\r\n";
    memset(bytes + 8, 'x', 60000);
    memcpy(bytes + 60008, "\r\n+a\r\n", 6);
    struct script s = {.bytes = bytes, .n = 60014, .hangs = true};
    struct rg_redis *redis = start_and_go(&s, 2);
    const struct rg_redis_reply *reply;
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    assert_int_equal(reply->text.n, 60000);
    rg_redis_release(redis);
    assert_int_equal(rg_redis_next(redis, &reply, NULL), 0);
    finish(&s, redis);

    memcpy(bytes, "$70000\r\n", 8);
    memset(bytes + 8, 'x', 70000);
    s = (struct script){.bytes = bytes, .n = 70008, .hangs = true};
    redis = start_and_go(&s, 1);
    struct rg_error err = {0};
    assert_int_equal(rg_redis_next(redis, &reply, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "replies need more than 65536 bytes"));
    finish(&s, redis);
}

static void many_replies_share_the_limit_until_released(void **state)
{
    (void)state;
    enum { COUNT = 40, EACH = 2008 }; /* 40 × 2000 bytes */
    char bytes[COUNT * EACH + 1];
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(bytes + i * EACH, EACH + 1, "$1999\r\n%01999d\r\n", 0);
        memcpy(bytes + i * EACH + 6, "\n", 1);
    }
    for (int released = 0; released < 2; released++) {
        struct script s = {.bytes = bytes, .n = COUNT * EACH, .piece = EACH, .hangs = true};
        struct rg_redis *redis = start_and_go(&s, COUNT);
        const struct rg_redis_reply *reply;
        int rc = 0;
        size_t got = 0;
        for (; got < COUNT && rc == 0; got += rc == 0) {
            rc = rg_redis_next(redis, &reply, NULL);
            if (released == 1)
                rg_redis_release(redis);
        }
        assert_int_equal(rc, released == 1 ? 0 : RG_ELIMIT);
        assert_true(released == 1 ? got == COUNT : got > 20 && got < 33);
        finish(&s, redis);
    }
}

static void says_why_it_was_not_let_in(void **state)
{
    (void)state;
    static const struct {
        const char *greeting;
        int code;
        const char *says;
    } cases[] = {
        {"-NOAUTH Authentication required.\r\n", RG_EDENIED, "it wants a password and none is configured"},
        {"-LOADING Redis is loading the dataset in memory\r\n", RG_EUNREACHABLE, "PING answered: LOADING"},
        {"-MASTERDOWN Link with MASTER is down\r\n", RG_EUNREACHABLE, "PING answered: MASTERDOWN"},
        {"-ERR max number of clients reached\r\n", RG_EUNREACHABLE, "max number of clients"},
        {"-ERR unknown command\r\n", RG_EREFUSED, "PING answered: ERR unknown command"},
        {"-NOPERM this user has no permissions\r\n", 0, ""},
        {"SSH-2.0-OpenSSH_9.2\r\n", RG_EIO, "this is not Redis talking"},
    };
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        struct script s = {.bytes = "", .greeting = cases[i].greeting};
        start(&s);
        struct rg_redis *redis = client_of(&s);
        struct rg_error err = {0};
        int rc = rg_redis_connect(redis, &err);
        if (rc != cases[i].code || strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: got %d, %s", cases[i].greeting, rc, err.text);
        assert_int_equal(rg_redis_alive(redis), rc == 0);
        finish(&s, redis);
    }
}

/* Proxies and servers with renamed commands quote the arguments of what they do not know. */
static void no_password_comes_back_in_an_error(void **state)
{
    (void)state;
    struct script s = {.bytes = "", .greeting = "-ERR unknown command 'AUTH', with args beginning with: 'hunter2' \r\n"};
    start(&s);
    struct rg_redis *redis = NULL;
    const struct rg_redis_config config = {
        .url = s.url, .password = "hunter2", .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
    struct rg_error err = {0};
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    assert_int_equal(rg_redis_connect(redis, &err), RG_EDENIED);
    assert_non_null(strstr(err.text, "AUTH answered: ERR unknown command"));
    assert_null(strstr(err.text, "hunter2"));
    finish(&s, redis);
}

static void a_silent_server_is_not_connected(void **state)
{
    (void)state;
    struct script s = {.greeting = "+", .bytes = "", .silent_connect = true};
    start(&s);
    struct rg_redis *redis = client_of(&s);
    struct rg_error err = {0};
    assert_int_equal(rg_redis_connect(redis, &err), RG_ETIMEOUT);
    assert_true(err.retryable);
    finish(&s, redis);
}

static void refuses_to_queue_without_end(void **state)
{
    (void)state;
    struct script s = {.bytes = "+OK\r\n", .n = 5, .hangs = true};
    start(&s);
    struct rg_redis *redis = client_of(&s);
    struct rg_error err = {0};
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    size_t n = RG_REDIS_COMMANDS_BYTES_MAX;
    char *big = rg_alloc(n);
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("k"), ((struct rg_str){big, n}));
    RG_REDIS_PUSH(redis, RG_STR("GET"), RG_STR("k"));
    assert_int_equal(rg_redis_flush(redis, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "commands of more than 67108864 bytes at once, nothing was sent"));
    assert_true(rg_redis_alive(redis));
    assert_int_equal(rg_redis_due(redis), 0);
    const struct rg_redis_reply *reply;
    assert_int_equal(RG_REDIS_CALL(redis, &reply, &err, RG_STR("GO")), 0);
    rg_free(&big);
    finish(&s, redis);
}

static void writes_commands_as_the_wire_wants_them(void **state)
{
    (void)state;
    struct script s = {.bytes = ""};
    start(&s);
    struct rg_redis *redis = client_of(&s);
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    rg_redis_begin(redis, 5);
    rg_redis_arg(redis, RG_STR("ZADD"));
    rg_redis_arg(redis, (struct rg_str){"k\0\r\n", 4});
    rg_redis_arg_int(redis, INT64_MIN);
    rg_redis_arg_int(redis, 0);
    rg_redis_arg(redis, (struct rg_str){0});
    RG_REDIS_PUSH(redis, RG_STR("PING"));
    static const char wire[] = "*5\r\n$4\r\nZADD\r\n$4\r\nk\0\r\n\r\n$20\r\n-9223372036854775808\r\n$1\r\n0\r\n$0\r\n\r\n"
                               "*1\r\n$4\r\nPING\r\n";
    assert_true(rg_str_eq(rg_buf_str(&redis->out), (struct rg_str){wire, sizeof wire - 1}));
    assert_int_equal(rg_redis_flush(redis, NULL), 0);
    assert_int_equal(rg_redis_flush(redis, NULL), 0); /* nothing more to send */
    assert_int_equal(rg_redis_due(redis), 2);
    finish(&s, redis);
}

static void classifies_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rg_redis_error_kind kind;
        bool abort;
        int code;
    } cases[] = {
        {"MOVED 1 h:1", RG_REDIS_MOVED, true, RG_EUNREACHABLE},
        {"ASK 1 h:1", RG_REDIS_ASK, true, RG_EUNREACHABLE},
        {"TRYAGAIN Multiple keys request during rehashing of slot", RG_REDIS_TRYAGAIN, true, RG_EUNREACHABLE},
        {"CLUSTERDOWN Hash slot not served", RG_REDIS_CLUSTERDOWN, true, RG_EUNREACHABLE},
        {"LOADING Redis is loading the dataset in memory", RG_REDIS_LOADING, true, RG_EUNREACHABLE},
        {"MASTERDOWN Link with MASTER is down", RG_REDIS_MASTERDOWN, true, RG_EUNREACHABLE},
        {"OOM command not allowed when used memory > 'maxmemory'.", RG_REDIS_OOM, true, RG_EUNREACHABLE},
        {"READONLY You can't write against a read only replica.", RG_REDIS_READONLY, true, RG_EUNREACHABLE},
        {"MISCONF Redis is configured to save RDB snapshots", RG_REDIS_MISCONF, true, RG_EUNREACHABLE},
        {"BUSY Redis is busy running a script.", RG_REDIS_BUSY, true, RG_EUNREACHABLE},
        {"NOREPLICAS Not enough good replicas to write.", RG_REDIS_NOREPLICAS, true, RG_EUNREACHABLE},
        {"EXECABORT Transaction discarded because of previous errors.", RG_REDIS_EXECABORT, true, RG_EUNREACHABLE},
        {"NOSCRIPT No matching script.", RG_REDIS_NOSCRIPT, false, RG_EIO},
        {"WRONGTYPE Operation against a key", RG_REDIS_WRONGTYPE, false, RG_EIO},
        {"NOAUTH Authentication required.", RG_REDIS_NOAUTH, false, RG_EDENIED},
        {"WRONGPASS invalid username-password pair", RG_REDIS_WRONGPASS, false, RG_EDENIED},
        {"NOPERM this user has no permissions", RG_REDIS_NOPERM, false, RG_EDENIED},
        {"ERR syntax error", RG_REDIS_OTHER_ERROR, false, RG_EIO},
        {"BUSYGROUP Consumer Group name already exists", RG_REDIS_OTHER_ERROR, false, RG_EIO},
        {"moved 1 h:1", RG_REDIS_OTHER_ERROR, false, RG_EIO},
        {"OOM", RG_REDIS_OOM, true, RG_EUNREACHABLE},
        {" OOM", RG_REDIS_OTHER_ERROR, false, RG_EIO},
        {"", RG_REDIS_OTHER_ERROR, false, RG_EIO},
        {"no error", RG_REDIS_OTHER_ERROR, false, RG_EIO},
    };
    struct script s = {.bytes = ""};
    start(&s);
    struct rg_redis *redis = client_of(&s);
    for (size_t i = 0; i < RG_COUNT(cases); i++) {
        const struct rg_redis_reply reply = {.kind = RG_REDIS_ERROR, .text = rg_str(cases[i].text)};
        struct rg_error err = {0};
        if (rg_redis_error_kind(&reply) != cases[i].kind || rg_redis_error_is_abort(cases[i].kind) != cases[i].abort)
            fail_msg("%s", cases[i].text);
        assert_int_equal(rg_redis_expect(redis, &reply, RG_REDIS_STR, "GET x", &err), cases[i].code);
        assert_non_null(strstr(err.text, "GET x: "));
        assert_int_equal(err.retryable, cases[i].abort || cases[i].code == RG_EDENIED);
    }
    const struct rg_redis_reply text = {.kind = RG_REDIS_STR, .text = RG_STR("MOVED 1 h:1")};
    struct rg_error err = {0};
    assert_int_equal(rg_redis_error_kind(&text), RG_REDIS_NO_ERROR);
    assert_int_equal(rg_redis_expect(redis, &text, RG_REDIS_STR, "GET", &err), 0);
    assert_int_equal(rg_redis_expect(redis, &text, RG_REDIS_ARRAY, "MGET", &err), RG_EIO);
    assert_non_null(strstr(err.text, "MGET: expected an array, got a string"));
    assert_int_equal(rg_redis_follow(redis, &text, &err), RG_EINVAL);
    assert_int_equal(rg_redis_connect(redis, NULL), 0); /* lets the script end */
    finish(&s, redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_in_any_pieces),
        cmocka_unit_test(finds_an_error_at_any_depth),
        cmocka_unit_test(reads_while_it_sends),
        cmocka_unit_test(dies_of_what_is_not_redis),
        cmocka_unit_test(keeps_what_came_before_the_end),
        cmocka_unit_test(gives_what_has_arrived_after_the_deadline),
        cmocka_unit_test(the_deadline_counts_from_the_flush),
        cmocka_unit_test(fills_memory_up_to_the_limit_only),
        cmocka_unit_test(many_replies_share_the_limit_until_released),
        cmocka_unit_test(says_why_it_was_not_let_in),
        cmocka_unit_test(no_password_comes_back_in_an_error),
        cmocka_unit_test(a_silent_server_is_not_connected),
        cmocka_unit_test(refuses_to_queue_without_end),
        cmocka_unit_test(writes_commands_as_the_wire_wants_them),
        cmocka_unit_test(classifies_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
