/* The server from the other end of its sockets: what it passes on, what it refuses, and that nobody can keep it busy. */
#include "base/httpd/httpd.h"

#include "tests/unit/base/httpd/peer.h"
#include "tests/unit/support/cmocka.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHORT_MS 400 /* the request deadline in these tests */

struct seen {
    _Atomic int calls, blocked;
    _Atomic bool hold; /* handlers of /wait wait until this is false */
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Says what it was asked. */
static void echo(const struct rg_httpd_request *request, struct rg_httpd_response *response, void *ctx)
{
    struct seen *seen = ctx;
    struct rg_str bearer = rg_httpd_bearer(request);
    seen->calls++;
    if (rg_str_is(request->path, "/wait")) {
        seen->blocked++;
        while (seen->hold)
            (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    if (rg_str_is(request->path, "/large"))
        for (int i = 0; i < 17 * 1024 * 1024; i += 1024)
            rg_buf_addf(&response->body, "%1024d", i);
    if (rg_str_is(request->path, "/teapot")) {
        response->status = 418;
        response->type = "application/json";
        rg_httpd_add_header(response, "Retry-After", "7");
    }
    rg_buf_addf(&response->body, RG_STR_FMT "|" RG_STR_FMT "|" RG_STR_FMT "|%zu|" RG_STR_FMT "|%s", RG_STR_ARG(request->method),
                RG_STR_ARG(request->path), RG_STR_ARG(request->query), request->body.n, RG_STR_ARG(bearer),
                rg_httpd_same_origin(request) ? "same" : "other");
}

struct rig {
    struct rg_httpd *httpd;
    struct seen seen;
    uint16_t port;
};

static int open_rig(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    const struct rg_httpd_config config = {
        .host = "127.0.0.1", .request_ms = SHORT_MS, .answer_ms = SHORT_MS, .handler = echo, .ctx = &rig->seen};
    struct rg_error err;
    int rc = rg_httpd_new(&config, &rig->httpd, &err);
    assert_int_equal(rc, 0);
    rig->port = rg_httpd_port(rig->httpd);
    assert_true(rig->port != 0);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    rg_httpd_free(&rig->httpd);
    assert_null(rig->httpd);
    rg_free(&rig);
    return 0;
}

static void ask(struct rig *rig, const char *request, struct rg_buf *answer)
{
    rg_buf_init(answer, 32 * 1024 * 1024);
    rg_peer_ask(rig->port, rg_str(request), answer);
}

static void requests_reach_the_handler_as_they_came(void **state)
{
    static const struct {
        const char *request, *expected;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET|/||0||same"},
        {"GET /a%2Fb/c?d=%41&e HTTP/1.1\r\nHost: x\r\n\r\n", "GET|/a%2Fb/c|d=%41&e|0||same"},
        {"GET /?? HTTP/1.1\r\nHost: x\r\n\r\n", "GET|/|?|0||same"},
        {"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "POST|/p||5||same"},
        {"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "POST|/p||0||same"},
        {"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "POST|/p||5||same"},
        {"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer abc\r\n\r\n", "GET|/||0|abc|same"},
        {"GET / HTTP/1.1\r\nHost: x\r\nauthorization: bearer abc\r\n\r\n", "GET|/||0|abc|same"},
        {"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic abc\r\n\r\n", "GET|/||0||same"},
        {"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \r\n\r\n", "GET|/||0||same"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: http://h:1\r\n\r\n", "POST|/||0||same"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: https://h:1\r\nSec-Fetch-Site: same-origin\r\n\r\n", "POST|/||0||same"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: http://h\r\n\r\n", "POST|/||0||other"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: http://h:12\r\n\r\n", "POST|/||0||other"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: null\r\n\r\n", "POST|/||0||other"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nOrigin: http://h:1\r\nSec-Fetch-Site: cross-site\r\n\r\n", "POST|/||0||other"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nSec-Fetch-Site: same-site\r\n\r\n", "POST|/||0||other"},
        {"POST / HTTP/1.1\r\nHost: h:1\r\nSec-Fetch-Site: none\r\n\r\n", "POST|/||0||other"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_buf answer RG_CLEANUP(rg_buf_done);
        ask(*state, rows[i].request, &answer);
        const char *body = strstr(rg_buf_cstr(&answer), "\r\n\r\n");
        assert_non_null(body);
        assert_string_equal(body + 4, rows[i].expected);
        assert_int_equal(strncmp(answer.data, "HTTP/1.1 200 ", 13), 0);
    }
}

static void answers_carry_what_keeps_browsers_out(void **state)
{
    static const char *const headers[] = {"Cache-Control: no-store\r\n",
                                          "X-Content-Type-Options: nosniff\r\n",
                                          "Referrer-Policy: no-referrer\r\n",
                                          "Connection: close\r\n",
                                          "Cross-Origin-Resource-Policy: same-origin\r\n",
                                          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
                                          "Retry-After: 7\r\n",
                                          "Content-Type: application/json\r\n"};
    struct rg_buf answer RG_CLEANUP(rg_buf_done);
    ask(*state, "GET /teapot HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n", &answer);
    assert_int_equal(strncmp(rg_buf_cstr(&answer), "HTTP/1.1 418 ", 13), 0);
    for (size_t i = 0; i < RG_COUNT(headers); i++)
        assert_non_null(strcasestr(answer.data, headers[i]));
    assert_null(strcasestr(answer.data, "Access-Control"));
}

static void head_has_no_body(void **state)
{
    struct rg_buf answer RG_CLEANUP(rg_buf_done);
    ask(*state, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    const char *body = strstr(rg_buf_cstr(&answer), "\r\n\r\n");
    assert_non_null(body);
    assert_string_equal(body, "\r\n\r\n");
    assert_non_null(strstr(answer.data, "Content-Length: 14\r\n"));
}

static void what_is_no_request_of_ours_never_reaches_the_handler(void **state)
{
    struct rig *rig = *state;
    char long_head[20 * 1024] = "GET / HTTP/1.1\r\nHost: x\r\nX-Pad: ";
    memset(long_head + strlen(long_head), 'a', sizeof long_head - strlen(long_head) - 5);
    memcpy(long_head + sizeof long_head - 5, "\r\n\r\n", 5);
    const struct {
        const char *request, *status;
    } rows[] = {
        {"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", "HTTP/1.1 405 "},
        {"OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
        {"get / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "}, /* no Host */
        {"nonsense\r\n\r\n", ""},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 413 "},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 4"},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 4"},
        {long_head, "HTTP/1.1 4"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_buf answer RG_CLEANUP(rg_buf_done);
        ask(rig, rows[i].request, &answer);
        if (strncmp(rg_buf_cstr(&answer), rows[i].status, strlen(rows[i].status)) != 0)
            fail_msg("%.60s: %.60s", rows[i].request, rg_buf_cstr(&answer));
    }
    assert_int_equal(rig->seen.calls, 0);
}

static void bodies_up_to_the_limit_and_one_byte_more(void **state)
{
    struct rig *rig = *state;
    for (size_t extra = 0; extra <= 1; extra++) {
        for (int chunked = 0; chunked <= 1; chunked++) {
            size_t n = RG_HTTPD_BODY_BYTES_MAX + extra;
            struct rg_buf request RG_CLEANUP(rg_buf_done), answer RG_CLEANUP(rg_buf_done);
            char *body = rg_alloc(n + 1);
            memset(body, 'b', n);
            rg_buf_init(&request, 1 << 20);
            rg_buf_init(&answer, 1 << 20);
            if (chunked)
                rg_buf_addf(&request, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n", n,
                            body);
            else
                rg_buf_addf(&request, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", n, body);
            rg_free(&body);
            rg_peer_ask(rig->port, rg_buf_str(&request), &answer);
            assert_int_equal(strncmp(rg_buf_cstr(&answer), extra == 0 ? "HTTP/1.1 200 " : "HTTP/1.1 413 ", 13), 0);
        }
    }
    assert_int_equal(rig->seen.calls, 2);
}

static void an_answer_past_its_limit_is_an_error_and_not_a_half(void **state)
{
    struct rg_buf answer RG_CLEANUP(rg_buf_done);
    ask(*state, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_int_equal(strncmp(rg_buf_cstr(&answer), "HTTP/1.1 500 ", 13), 0);
    assert_true(answer.len < 4096);
}

/* A byte now and then does not keep a connection: the deadline counts from its beginning. */
static void a_trickling_request_ends_at_its_deadline(void **state)
{
    struct rig *rig = *state;
    static const char *const beginnings[] = {
        "", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"};
    for (size_t i = 0; i < RG_COUNT(beginnings); i++) {
        int64_t begin_ms = now_ms();
        int fd = rg_peer_connect(rig->port);
        assert_true(rg_peer_send(fd, rg_str(beginnings[i])));
        while (now_ms() - begin_ms < 10 * SHORT_MS && rg_peer_send(fd, RG_STR("a")))
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        int64_t took_ms = now_ms() - begin_ms;
        assert_in_range(took_ms, SHORT_MS - 50, 5 * SHORT_MS);
        (void)close(fd);
    }
    assert_int_equal(rig->seen.calls, 0);
}

static void all_places_taken_by_sleepers_are_free_again(void **state)
{
    struct rig *rig = *state;
    int sleepers[RG_HTTPD_CONNECTIONS_MAX];
    for (size_t i = 0; i < RG_COUNT(sleepers); i++) {
        sleepers[i] = rg_peer_connect(rig->port);
        assert_true(rg_peer_send(sleepers[i], RG_STR("GET / HT")));
    }
    bool served = false; /* turned away at first, served once the sleepers' time is up */
    for (int64_t begin_ms = now_ms(); !served && now_ms() - begin_ms < 10 * SHORT_MS;) {
        struct rg_buf answer RG_CLEANUP(rg_buf_done);
        ask(rig, "GET /after HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
        served = strstr(rg_buf_cstr(&answer), "GET|/after|") != NULL;
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    assert_true(served);
    for (size_t i = 0; i < RG_COUNT(sleepers); i++)
        (void)close(sleepers[i]);
}

static void *ask_wait(void *ctx)
{
    struct rig *rig = ctx;
    struct rg_buf answer RG_CLEANUP(rg_buf_done);
    ask(rig, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    return (void *)(intptr_t)(strstr(rg_buf_cstr(&answer), "GET|/wait|") != NULL);
}

/* A handler may take longer than a peer may trickle, and holds up nobody. */
static void a_waiting_handler_holds_up_nobody(void **state)
{
    struct rig *rig = *state;
    pthread_t thread;
    void *answered = NULL;
    rig->seen.hold = true;
    assert_int_equal(pthread_create(&thread, NULL, ask_wait, rig), 0);
    while (rig->seen.blocked == 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    struct rg_buf answer RG_CLEANUP(rg_buf_done);
    ask(rig, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", &answer);
    assert_non_null(strstr(rg_buf_cstr(&answer), "GET|/livez|"));
    (void)nanosleep(&(struct timespec){.tv_nsec = 2 * SHORT_MS * 1000000L}, NULL);
    rig->seen.hold = false;
    assert_int_equal(pthread_join(thread, &answered), 0);
    assert_true(answered != NULL);
}

static void only_loopback_unless_others_are_meant(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool public_allowed;
        int rc;
    } rows[] = {{"127.0.0.1", false, 0},    {"127.9.9.9", false, 0},           {"0.0.0.0", false, RG_EREFUSED},
                {"0.0.0.0", true, 0},       {"192.0.2.1", false, RG_EREFUSED}, {"192.0.2.1", true, RG_EIO},
                {"::", false, RG_EREFUSED}, {"localhost", false, RG_EINVAL},   {"", false, RG_EINVAL},
                {"127.1", false, RG_EINVAL}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct rg_httpd_config config = {.host = rows[i].host, .public_allowed = rows[i].public_allowed, .handler = echo};
        struct rg_httpd *httpd = NULL;
        struct rg_error err = {0};
        assert_int_equal(rg_httpd_new(&config, &httpd, &err), rows[i].rc);
        assert_int_equal(httpd != NULL, rows[i].rc == 0);
        rg_httpd_free(&httpd);
    }
}

static void a_port_that_is_taken_says_so(void **state)
{
    struct rig *rig = *state;
    const struct rg_httpd_config config = {.host = "127.0.0.1", .port = rig->port, .handler = echo};
    struct rg_httpd *second = NULL;
    struct rg_error err = {0};
    char expected[128];
    (void)snprintf(expected, sizeof expected, "cannot listen on 127.0.0.1 port %u: Address already in use", rig->port);
    assert_int_equal(rg_httpd_new(&config, &second, &err), RG_EIO);
    assert_string_equal(err.text, expected);
}

static void secrets_are_told_apart(void **state)
{
    (void)state;
    uint8_t digest[RG_SHA256_BYTES];
    rg_sha256("correct horse", 13, digest);
    assert_true(rg_httpd_secret_is(RG_STR("correct horse"), digest));
    static const char *const wrong[] = {"", "correct hors", "correct horse ", "Correct horse", "correct horsf"};
    for (size_t i = 0; i < RG_COUNT(wrong); i++)
        assert_false(rg_httpd_secret_is(rg_str(wrong[i]), digest));
    assert_false(rg_httpd_secret_is((struct rg_str){0}, digest));
}

static void nothing_is_left_when_it_stops_under_load(void **state)
{
    (void)state;
    void *rig = NULL;
    int fds[8];
    assert_int_equal(open_rig(&rig), 0);
    for (size_t i = 0; i < RG_COUNT(fds); i++) {
        fds[i] = rg_peer_connect(((struct rig *)rig)->port);
        assert_true(rg_peer_send(fds[i], RG_STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")));
    }
    assert_int_equal(close_rig(&rig), 0);
    for (size_t i = 0; i < RG_COUNT(fds); i++)
        (void)close(fds[i]);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static int closed_twice;

/* In the library's place: a descriptor that is closed twice may be somebody else's by then. */
int close(int fd)
{
    int rc = (int)syscall(SYS_close, fd);
    if (rc < 0 && errno == EBADF)
        closed_twice++;
    return rc;
}

/* Memory for the stack of one thread, and none for the second. */
static int start_without_memory(void)
{
    const size_t stack = (size_t)64 * 1024 * 1024;
    unsigned long pages = 0;
    pthread_attr_t attr;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == NULL || fscanf(statm, "%lu", &pages) != 1 || fclose(statm) != 0)
        return 2;
    const rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + stack + stack / 2;
    if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, stack) != 0 || pthread_setattr_default_np(&attr) != 0 ||
        setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) != 0)
        return 3;
    struct rg_httpd *httpd = NULL;
    struct rg_error err = {.code = 0};
    if (rg_httpd_new(&(struct rg_httpd_config){.host = "127.0.0.1", .handler = echo}, &httpd, &err) != RG_EIO || httpd != NULL ||
        strstr(err.text, "the server did not start") == NULL)
        return 4;
    return closed_twice == 0 ? 0 : 5;
}

static void a_server_that_does_not_start_closes_once(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(start_without_memory());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(requests_reach_the_handler_as_they_came),
        WITH_RIG(answers_carry_what_keeps_browsers_out),
        WITH_RIG(head_has_no_body),
        WITH_RIG(what_is_no_request_of_ours_never_reaches_the_handler),
        WITH_RIG(bodies_up_to_the_limit_and_one_byte_more),
        WITH_RIG(an_answer_past_its_limit_is_an_error_and_not_a_half),
        WITH_RIG(a_trickling_request_ends_at_its_deadline),
        WITH_RIG(all_places_taken_by_sleepers_are_free_again),
        WITH_RIG(a_waiting_handler_holds_up_nobody),
        cmocka_unit_test(only_loopback_unless_others_are_meant),
        WITH_RIG(a_port_that_is_taken_says_so),
        cmocka_unit_test(secrets_are_told_apart),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(a_server_that_does_not_start_closes_once),
#endif
        cmocka_unit_test(nothing_is_left_when_it_stops_under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
