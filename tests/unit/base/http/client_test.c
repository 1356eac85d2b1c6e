/* The HTTP client against scripted servers: what is on the wire, the fate of every request, and what is refused. */
#include "base/http/client.h"

#include "tests/unit/base/http/certs.h"
#include "tests/unit/base/http/peer.h"
#include "tests/unit/support/cmocka.h"

#include <stdatomic.h>
#include <string.h>

static const char answer_200[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct outcome {
    bool done, certificate, cut;
    enum rg_http_fate fate;
    int status;
    char body[512], retry_after[80], detail[200];
};

struct fixture {
    struct rg_clock clock;
    _Atomic int64_t boot_ms;
    struct rg_http_config config;
    struct rg_http_client *client;
    struct rg_buf transcript;
};

static int64_t fake_boot(void *ctx)
{
    return atomic_load((_Atomic int64_t *)ctx);
}

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->clock = (struct rg_clock){.wall_ms = fake_boot, .boot_ms = fake_boot, .shared_ms = fake_boot, .ctx = &f->boot_ms};
    atomic_store(&f->boot_ms, 1000);
    f->config =
        (struct rg_http_config){.clock = &f->clock, .private_allowed = true, .response_bytes_max = 64, .in_flight_max = 4};
    rg_buf_init(&f->transcript, (size_t)4 * 1024 * 1024);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rg_http_client_free(&f->client);
    rg_buf_done(&f->transcript);
    rg_free(&f);
    return 0;
}

static void on_done(const struct rg_http_response *response, void *ctx)
{
    struct outcome *outcome = response->opaque;
    assert_ptr_equal(ctx, &answer_200);
    assert_false(outcome->done);
    *outcome = (struct outcome){.done = true,
                                .certificate = response->certificate,
                                .cut = response->body_cut,
                                .fate = response->fate,
                                .status = response->status};
    snprintf(outcome->body, sizeof outcome->body, "%.*s", RG_STR_ARG(response->body));
    snprintf(outcome->retry_after, sizeof outcome->retry_after, "%.*s", RG_STR_ARG(response->retry_after));
    snprintf(outcome->detail, sizeof outcome->detail, "%s", response->detail);
    assert_int_equal(strlen(response->detail) == 0, response->fate == RG_HTTP_ANSWERED);
}

static struct rg_http_client *client_of(struct fixture *f)
{
    if (!f->client)
        f->client = rg_http_client_new(&f->config);
    return f->client;
}

static void wait_for(struct fixture *f, const struct outcome *outcome)
{
    for (int i = 0; i < 500 && !outcome->done; i++)
        (void)rg_http_poll(client_of(f), 20, on_done, (void *)(uintptr_t)&answer_200);
    assert_true(outcome->done);
}

static struct rg_http_request request_to(struct outcome *outcome, const char *url)
{
    return (struct rg_http_request){
        .method = RG_STR("POST"), .url = rg_str(url), .body = RG_STR("{\"a\":1}"), .timeout_ms = 5000, .opaque = outcome};
}

/* Sends one POST to a peer that plays `steps`, and waits for both. */
static struct outcome exchange(struct fixture *f, const struct peer_step *steps, struct rg_http_request changes,
                               const struct peer_options *options)
{
    struct outcome outcome = {0};
    struct peer *peer = peer_start(steps, options);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/x", peer_port(peer));
    struct rg_http_request request = request_to(&outcome, url);
    if (changes.timeout_ms)
        request.timeout_ms = changes.timeout_ms;
    request.start_by_ms = changes.start_by_ms;
    request.headers = changes.headers;
    request.header_count = changes.header_count;
    assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
    wait_for(f, &outcome);
    assert_string_equal(peer_join(&peer, &f->transcript), "");
    return outcome;
}

static void a_request_on_the_wire(void **state)
{
    struct fixture *f = *state;
    const struct rg_http_header headers[] = {{RG_STR("Authorization"), RG_STR("Bearer xyz")},
                                             {RG_STR("Content-Type"), RG_STR("application/json")},
                                             {RG_STR("X-Empty"), RG_STR("")}};
    struct outcome o =
        exchange(f,
                 (struct peer_step[]){{PEER_ACCEPT, NULL},
                                      {PEER_HTTP, NULL},
                                      {PEER_SEND, "HTTP/1.1 201 Created\r\nretry-after:  17 \r\nContent-Length: 2\r\n\r\nok"},
                                      {PEER_END, NULL}},
                 (struct rg_http_request){.headers = headers, .header_count = 3}, NULL);
    assert_int_equal(o.fate, RG_HTTP_ANSWERED);
    assert_int_equal(o.status, 201);
    assert_string_equal(o.body, "ok");
    assert_string_equal(o.retry_after, "17");
    assert_false(o.cut);
    const char *wire = rg_buf_cstr(&f->transcript);
    assert_non_null(strstr(wire, "POST /v1/x HTTP/1.1\r\n"));
    assert_non_null(strstr(wire, "\r\nAuthorization: Bearer xyz\r\n"));
    assert_non_null(strstr(wire, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(wire, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(wire, "\r\nContent-Length: 7\r\n"));
    assert_null(strcasestr(wire, "expect"));
    assert_string_equal(wire + f->transcript.len - 11, "\r\n\r\n{\"a\":1}");
}

static void fates(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *reply; /* NULL: none */
        enum peer_op end;
        enum rg_http_fate fate;
        int status;
        bool cut;
        const char *body;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", PEER_CLOSE, RG_HTTP_ANSWERED, 200, false, ""},
        {"HTTP/1.0 503 Busy\r\n\r\ntudo", PEER_CLOSE, RG_HTTP_ANSWERED, 503, false, "tudo"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", PEER_CLOSE, RG_HTTP_ANSWERED, 200, false,
         "x"},
        {"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", PEER_CLOSE, RG_HTTP_ANSWERED, 301,
         false, ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", PEER_CLOSE, RG_HTTP_ANSWERED, 204, false, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123",
         PEER_CLOSE, RG_HTTP_ANSWERED, 200, false, "0123456789012345678901234567890123456789012345678901234567890123"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n01234567890123456789012345678901234567890123456789012345678901234",
         PEER_CLOSE, RG_HTTP_ANSWERED, 200, true, "0123456789012345678901234567890123456789012345678901234567890123"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nmeio", PEER_CLOSE, RG_HTTP_ANSWERED, 200, true, "meio"},
        {NULL, PEER_CLOSE, RG_HTTP_UNKNOWN, 0, false, ""},
        {NULL, PEER_RESET, RG_HTTP_UNKNOWN, 0, false, ""},
        {"HTTP/1.1 200 OK\r\nContent-", PEER_CLOSE, RG_HTTP_UNKNOWN, 0, false, ""},
        {"HTTP/1.1 100 Continue\r\n\r\n", PEER_CLOSE, RG_HTTP_UNKNOWN, 0, false, ""},
        {"SSH-2.0-x\r\n", PEER_CLOSE, RG_HTTP_UNKNOWN, 0, false, ""},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct peer_step with_reply[] = {
            {PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, rows[i].reply}, {rows[i].end, NULL}, {PEER_END, NULL}};
        const struct peer_step without[] = {{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {rows[i].end, NULL}, {PEER_END, NULL}};
        struct outcome o = exchange(f, rows[i].reply ? with_reply : without, (struct rg_http_request){0}, NULL);
        if (o.fate != rows[i].fate || o.status != rows[i].status || o.cut != rows[i].cut || strcmp(o.body, rows[i].body) != 0)
            fail_msg("row %zu: fate %d, status %d, cut %d, body %s, %s", i, (int)o.fate, o.status, o.cut, o.body, o.detail);
    }
}

static void long_headers_are_cut_off(void **state)
{
    struct fixture *f = *state;
    static char head[RG_HTTP_RESPONSE_HEAD_BYTES_MAX + 4096];
    size_t n = (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n");
    while (n < RG_HTTP_RESPONSE_HEAD_BYTES_MAX + 1000)
        n += (size_t)snprintf(head + n, sizeof head - n, "X-%zu: %0500d\r\n", n, 0);
    struct outcome o = exchange(
        f, (struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, head}, {PEER_EOF, NULL}, {PEER_END, NULL}},
        (struct rg_http_request){0}, NULL);
    assert_int_equal(o.fate, RG_HTTP_UNKNOWN);
    assert_non_null(strstr(o.detail, "headers"));
}

static void silence_ends_in_time(void **state)
{
    struct fixture *f = *state;
    struct outcome o =
        exchange(f, (struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_EOF, NULL}, {PEER_END, NULL}},
                 (struct rg_http_request){.timeout_ms = 100}, NULL);
    assert_int_equal(o.fate, RG_HTTP_UNKNOWN);
    assert_string_equal(o.detail, "no answer in time");
}

static void nobody_listens(void **state)
{
    struct fixture *f = *state;
    struct peer *peer = peer_start((struct peer_step[]){{PEER_END, NULL}}, NULL);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
    assert_string_equal(peer_join(&peer, NULL), "");
    struct outcome o = {0};
    struct rg_http_request request = request_to(&o, url);
    assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
    wait_for(f, &o);
    assert_int_equal(o.fate, RG_HTTP_NOT_SENT);
    assert_non_null(strstr(o.detail, "refuses"));
    assert_false(o.certificate);
}

/* Whatever the name looks like, the address decides. */
static void inner_addresses_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const hosts[] = {"127.0.0.1",          "localhost", "127.1",           "0x7f.1",  "2130706433",
                                        "[::ffff:127.0.0.1]", "10.0.0.1",  "169.254.169.254", "0.0.0.0", "[::1]"};
    f->config.private_allowed = false;
    for (size_t i = 0; i < RG_COUNT(hosts); i++) {
        char url[100];
        snprintf(url, sizeof url, "http://%s:9/", hosts[i]);
        struct outcome o = {0};
        struct rg_http_request request = request_to(&o, url);
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &o);
        if (o.fate != RG_HTTP_NOT_SENT || !strstr(o.detail, "private"))
            fail_msg("%s: %d %s", hosts[i], (int)o.fate, o.detail);
    }
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct fixture *f = *state;
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    struct outcome o =
        exchange(f, (struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, answer_200}, {PEER_END, NULL}},
                 (struct rg_http_request){0}, NULL);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(o.status, 200);
}

static void what_is_not_begun_in_time_is_held_back(void **state)
{
    struct fixture *f = *state;
    struct outcome o = exchange(f, (struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_EOF, NULL}, {PEER_END, NULL}},
                                (struct rg_http_request){.start_by_ms = 999}, NULL);
    assert_int_equal(o.fate, RG_HTTP_NOT_STARTED);
    assert_string_equal(rg_buf_cstr(&f->transcript), "");
    o = exchange(f, (struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, answer_200}, {PEER_END, NULL}},
                 (struct rg_http_request){.start_by_ms = 1000}, NULL);
    assert_int_equal(o.fate, RG_HTTP_ANSWERED);
}

/* A kept connection that breaks under a request: the server may have read it, so it must not go out a second time. */
static void a_broken_kept_connection_is_unknown(void **state)
{
    struct fixture *f = *state;
    static const struct peer_step steps[] = {{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL},  {PEER_SEND, answer_200},
                                             {PEER_HTTP, NULL},   {PEER_CLOSE, NULL}, {PEER_END, NULL}};
    static const char *const methods[] = {"POST", "DELETE"};
    for (size_t i = 0; i < RG_COUNT(methods); i++) {
        struct outcome first = {0}, second = {0};
        struct peer *peer = peer_start(steps, NULL);
        char url[100];
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
        struct rg_http_request request = request_to(&first, url);
        request.method = rg_str(methods[i]);
        if (i > 0)
            request.body = (struct rg_str){NULL, 0};
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &first);
        request.opaque = &second;
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &second);
        assert_int_equal(first.fate, RG_HTTP_ANSWERED);
        assert_int_equal(second.fate, RG_HTTP_UNKNOWN);
        assert_non_null(strstr(second.detail, "kept connection"));
        rg_buf_reset(&f->transcript);
        assert_string_equal(peer_join(&peer, &f->transcript), "");
        size_t requests = 0;
        for (const char *p = rg_buf_cstr(&f->transcript); (p = strstr(p, "HTTP/1.1\r\n")) != NULL; p++)
            requests++;
        assert_int_equal(requests, 2);
    }
}

static void kept_connections_are_used_again(void **state)
{
    struct fixture *f = *state;
    struct peer *peer = peer_start((struct peer_step[]){{PEER_ACCEPT, NULL},
                                                        {PEER_HTTP, NULL},
                                                        {PEER_SEND, answer_200},
                                                        {PEER_HTTP, NULL},
                                                        {PEER_SEND, answer_200},
                                                        {PEER_END, NULL}},
                                   NULL);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
    for (int i = 0; i < 2; i++) {
        struct outcome o = {0};
        struct rg_http_request request = request_to(&o, url);
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &o);
        assert_int_equal(o.status, 200);
    }
    assert_string_equal(peer_join(&peer, NULL), "");
}

/* One handle serves requests with and without a body, one after the other. */
static void methods_alternate(void **state)
{
    struct fixture *f = *state;
    f->config.in_flight_max = 1;
    static const struct {
        const char *method;
        bool body;
        const char *wire;
    } rows[] = {{"GET", false, "GET / HTTP/1.1"},   {"POST", true, "POST / HTTP/1.1"},  {"HEAD", false, "HEAD / HTTP/1.1"},
                {"PUT", true, "PUT / HTTP/1.1"},    {"DELETE", false, "DELETE / HTTP/1.1"}, {"GET", false, "GET / HTTP/1.1"},
                {"POST", false, "POST / HTTP/1.1"}, {"POST", true, "POST / HTTP/1.1"}};
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct outcome o = {0};
        const struct peer_step steps[] = {
            {PEER_ACCEPT, NULL}, {PEER_HTTP, rows[i].wire}, {PEER_SEND, answer_200}, {PEER_END, NULL}};
        struct peer *peer = peer_start(steps, NULL);
        char url[100];
        snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
        struct rg_http_request request = request_to(&o, url);
        request.method = rg_str(rows[i].method);
        if (!rows[i].body)
            request.body = (struct rg_str){NULL, 0};
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &o);
        rg_buf_reset(&f->transcript);
        assert_string_equal(peer_join(&peer, &f->transcript), "");
        assert_int_equal(o.status, 200);
        assert_int_equal(strstr(f->transcript.data, "{\"a\":1}") != NULL, rows[i].body);
        assert_string_equal(o.body, strcmp(rows[i].method, "HEAD") == 0 ? "" : "ok");
    }
}

static void requests_that_are_refused(void **state)
{
    struct fixture *f = *state;
    static char huge[RG_HTTP_URL_BYTES_MAX + 2];
    memset(huge, 'x', sizeof huge - 1);
    memcpy(huge, "http://", 7);
    static const struct rg_http_header bad_name[] = {{RG_STR("X Y"), RG_STR("v")}}, empty_name[] = {{RG_STR(""), RG_STR("v")}},
                                       colon[] = {{RG_STR("X:"), RG_STR("v")}}, line[] = {{RG_STR("X"), RG_STR("v\r\nY: w")}},
                                       nul[] = {{RG_STR("X"), RG_STR("v\0w")}}, tab[] = {{RG_STR("X"), RG_STR("\t")}};
    static char long_value[RG_HTTP_HEADER_BYTES_MAX];
    memset(long_value, 'v', sizeof long_value);
    const struct rg_http_header too_long[] = {{RG_STR("X"), {long_value, sizeof long_value - 2}}};
    struct {
        struct rg_str method, url;
        const struct rg_http_header *header;
    } rows[] = {
        {RG_STR(""), RG_STR("http://x/"), NULL},
        {RG_STR("post"), RG_STR("http://x/"), NULL},
        {RG_STR("GET / HTTP/1.1\r\nX"), RG_STR("http://x/"), NULL},
        {RG_STR("POST"), RG_STR(""), NULL},
        {RG_STR("POST"), RG_STR("ftp://x/"), NULL},
        {RG_STR("POST"), RG_STR("file:///etc/passwd"), NULL},
        {RG_STR("POST"), RG_STR("gopher://x/"), NULL},
        {RG_STR("POST"), RG_STR("x.example/"), NULL},
        {RG_STR("POST"), RG_STR("http://"), NULL},
        {RG_STR("POST"), RG_STR("http://x/a b"), NULL},
        {RG_STR("POST"), RG_STR("http://x/\r\nHost: y"), NULL},
        {RG_STR("POST"), RG_STR("http://x/\n"), NULL},
        {RG_STR("POST"), RG_STR("http://x/\0y"), NULL},
        {RG_STR("POST"), RG_STR("http://x/é"), NULL},
        {RG_STR("POST"), RG_STR("http://x/\x7f"), NULL},
        {RG_STR("POST"), {huge, sizeof huge - 1}, NULL},
        {RG_STR("POST"), RG_STR("http://x/"), bad_name},
        {RG_STR("POST"), RG_STR("http://x/"), empty_name},
        {RG_STR("POST"), RG_STR("http://x/"), colon},
        {RG_STR("POST"), RG_STR("http://x/"), line},
        {RG_STR("POST"), RG_STR("http://x/"), nul},
        {RG_STR("POST"), RG_STR("http://x/"), tab},
        {RG_STR("POST"), RG_STR("http://x/"), too_long},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        struct rg_http_request request = {.method = rows[i].method,
                                          .url = rows[i].url,
                                          .headers = rows[i].header,
                                          .header_count = rows[i].header != NULL,
                                          .timeout_ms = 1};
        if (rg_http_submit(client_of(f), &request, &err) != RG_EINVAL || err.text[0] == '\0')
            fail_msg("row %zu was taken", i);
    }
    static char body[RG_HTTP_REQUEST_BODY_BYTES_MAX + 1];
    struct rg_http_request request = {
        .method = RG_STR("POST"), .url = RG_STR("http://127.0.0.1:9/"), .body = {body, sizeof body}};
    assert_int_equal(rg_http_submit(client_of(f), &request, NULL), RG_EINVAL);
    struct rg_http_header many[RG_HTTP_HEADERS_MAX + 1];
    for (size_t i = 0; i < RG_COUNT(many); i++)
        many[i] = (struct rg_http_header){RG_STR("X"), RG_STR("v")};
    request = (struct rg_http_request){
        .method = RG_STR("POST"), .url = RG_STR("http://127.0.0.1:9/"), .headers = many, .header_count = RG_COUNT(many)};
    assert_int_equal(rg_http_submit(client_of(f), &request, NULL), RG_EINVAL);
    assert_int_equal(rg_http_in_flight(f->client), 0);
}

static void in_flight_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[5] = {0};
    struct peer *peer = peer_start((struct peer_step[]){{PEER_END, NULL}}, NULL);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
    assert_string_equal(peer_join(&peer, NULL), "");
    for (size_t i = 0; i < 5; i++) {
        struct rg_http_request request = request_to(&outcomes[i], url);
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), i < 4 ? 0 : RG_ELIMIT);
    }
    assert_int_equal(rg_http_in_flight(f->client), 4);
    for (size_t i = 0; i < 4; i++)
        wait_for(f, &outcomes[i]);
    assert_int_equal(rg_http_in_flight(f->client), 0);
    assert_false(outcomes[4].done);
    rg_http_wake(f->client); /* this poll returns at once: the test's own time-out is the proof */
    assert_int_equal(rg_http_poll(f->client, 60000, on_done, (void *)(uintptr_t)&answer_200), 0);
}

static void closing_forgets_what_is_in_flight(void **state)
{
    struct fixture *f = *state;
    struct outcome o = {0};
    struct peer *peer = peer_start((struct peer_step[]){{PEER_ACCEPT, NULL}, {PEER_EOF, NULL}, {PEER_END, NULL}}, NULL);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
    struct rg_http_request request = request_to(&o, url);
    assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
    (void)rg_http_poll(f->client, 50, on_done, (void *)(uintptr_t)&answer_200);
    rg_http_client_free(&f->client);
    assert_null(f->client);
    assert_false(o.done);
    assert_string_equal(peer_join(&peer, NULL), "");
}

static void tls_is_verified(void **state)
{
    struct fixture *f = *state;
    struct certs certs;
    assert_true(certs_make(&certs));
    struct {
        const char *certificate, *host;
        enum rg_http_fate fate;
    } rows[] = {
        {"server", "localhost", RG_HTTP_ANSWERED},   {"server", "127.0.0.1", RG_HTTP_ANSWERED},
        {"other", "localhost", RG_HTTP_NOT_SENT},    {"expired", "localhost", RG_HTTP_NOT_SENT},
        {"stranger", "localhost", RG_HTTP_NOT_SENT},
    };
    char ca[128];
    f->config.ca_file = certs_path(&certs, "ca.pem", ca);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char name[40], pem[128], key[128], url[100];
        snprintf(name, sizeof name, "%s.pem", rows[i].certificate);
        certs_path(&certs, name, pem);
        snprintf(name, sizeof name, "%s.key", rows[i].certificate);
        certs_path(&certs, name, key);
        const struct peer_step good[] = {
            {PEER_ACCEPT, NULL}, {PEER_TLS, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, answer_200}, {PEER_END, NULL}};
        const struct peer_step bad[] = {{PEER_ACCEPT, NULL}, {PEER_TLS, "may fail"}, {PEER_EOF, NULL}, {PEER_END, NULL}};
        struct peer_options options = {.certificate_file = pem, .key_file = key};
        struct peer *peer = peer_start(rows[i].fate == RG_HTTP_ANSWERED ? good : bad, &options);
        snprintf(url, sizeof url, "https://%s:%d/", rows[i].host, peer_port(peer));
        struct outcome o = {0};
        struct rg_http_request request = request_to(&o, url);
        assert_int_equal(rg_http_submit(client_of(f), &request, NULL), 0);
        wait_for(f, &o);
        const char *complaint = peer_join(&peer, &f->transcript);
        if (o.fate != rows[i].fate || o.certificate != (o.fate == RG_HTTP_NOT_SENT) || complaint[0])
            fail_msg("%s for %s: %d %s %s", rows[i].certificate, rows[i].host, (int)o.fate, o.detail, complaint);
        if (o.fate == RG_HTTP_NOT_SENT)
            assert_non_null(strstr(o.detail, "certificate"));
        rg_http_client_free(&f->client); /* no kept connection for the next row */
    }
    certs_remove(&certs);
    size_t requests = 0;
    for (const char *p = rg_buf_cstr(&f->transcript); (p = strstr(p, "POST ")) != NULL; p++)
        requests++;
    assert_int_equal(requests, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_on_the_wire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_headers_are_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_ends_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inner_addresses_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proxies_of_the_environment_are_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_begun_in_time_is_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_kept_connection_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kept_connections_are_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(methods_alternate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_flight_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_forgets_what_is_in_flight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tls_is_verified, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
