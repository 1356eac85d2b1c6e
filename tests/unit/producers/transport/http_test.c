/* HTTP providers against scripted servers: the rendered request, and a verdict for every way it can end. */
#include "producers/transport/http.h"

#include "tests/unit/base/http/peer.h"
#include "tests/unit/producers/render/mu_json.h"
#include "tests/unit/producers/transport/presets.h"

#include <stdatomic.h>
#include <string.h>

struct fixture {
    struct rg_clock clock;
    int64_t now_ms;
    struct rg_arena *arena;
    struct rg_http_transport_config config;
    struct rg_mu_value channel, secret;
    struct rg_transport *transport;
    struct rg_transport_job job;
    struct rg_transport_result result;
    struct rg_buf transcript;
};

static int64_t fake_now(void *ctx)
{
    return *(int64_t *)ctx;
}

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->now_ms = INT64_C(1795428000000);
    f->clock = (struct rg_clock){.wall_ms = fake_now, .boot_ms = fake_now, .shared_ms = fake_now, .ctx = &f->now_ms};
    f->arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    f->channel = mu_from_text(f->arena, "{\"version\":\"v23.0\",\"phone_number_id\":\"105/5\"}");
    f->secret = mu_from_text(f->arena, "{\"token\":\"EAAB\"}");
    f->config = (struct rg_http_transport_config){.clock = &f->clock,
                                                  .preset = shipped_preset(f->arena, "whatsapp-cloud"),
                                                  .channel = &f->channel,
                                                  .secret = &f->secret,
                                                  .private_allowed = true,
                                                  .in_flight_max = 2,
                                                  .timeout_ms = 5000};
    f->job = (struct rg_transport_job){.action = RG_STR("00a1"),
                                       .idempotency_key = RG_STR("k1"),
                                       .to = RG_STR("+5511912345678"),
                                       .payload = RG_STR("{\"a\":1}"),
                                       .deadline_boot_ms = f->now_ms + 60000};
    rg_buf_init(&f->transcript, 65536);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->transport)
        f->transport->ops->close(&f->transport);
    rg_arena_free(&f->arena);
    rg_buf_done(&f->transcript);
    rg_free(&f);
    return 0;
}

static void open_transport(struct fixture *f, const struct peer *peer)
{
    char url[64];
    struct rg_error err = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_port(peer));
    f->config.url = url;
    if (rg_transport_http_new(&f->config, &f->transport, &err) < 0)
        fail_msg("%s", err.text);
}

static void wait_for_result(struct fixture *f)
{
    size_t n = 0;
    for (int i = 0; i < 500 && n == 0; i++)
        n = f->transport->ops->poll(f->transport, 20, &f->result, 1);
    assert_int_equal(n, 1);
    assert_ptr_equal(f->result.job, &f->job);
    assert_null(strstr(f->result.detail, "5511")); /* never personal data */
}

static void exchange(struct fixture *f, const struct peer_step *steps)
{
    struct peer *peer = peer_start(steps, NULL);
    open_transport(f, peer);
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    f->transport->ops->close(&f->transport);
    assert_string_equal(peer_join(&peer, &f->transcript), "");
}

static void a_request_on_the_wire(void **state)
{
    struct fixture *f = *state;
    exchange(f, (struct peer_step[]){
                    {PEER_ACCEPT, NULL},
                    {PEER_HTTP, NULL},
                    {PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{\"messages\":[{\"id\":\"wamid.HBg=\"}]}"},
                    {PEER_END, NULL}});
    const char *wire = rg_buf_cstr(&f->transcript);
    assert_non_null(strstr(wire, "POST /v23.0/105%2F5/messages HTTP/1.1\r\n"));
    assert_non_null(strstr(wire, "\r\nAuthorization: Bearer EAAB\r\n"));
    assert_non_null(strstr(wire, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(wire, "\r\n\r\n{\"a\":1}"));
    assert_int_equal(f->result.verdict, RG_VERDICT_ACCEPTED);
    assert_int_equal(f->result.evidence, RG_EVIDENCE_ACCEPTED);
    assert_string_equal(f->result.detail, "HTTP 200");
}

static void verdicts(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *reply; /* NULL: the connection is cut */
        enum rg_verdict verdict;
        bool channel;
        int64_t retry_after_ms;
        const char *id, *detail;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{\"messages\":[{\"id\":\"wamid.HBg=\"}]}", RG_VERDICT_ACCEPTED, false, 0,
         "wamid.HBg=", "HTTP 200"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 340\r\n\r\n{\"messages\":[", RG_VERDICT_ACCEPTED, false, 0, "", "HTTP 200"},
        {"HTTP/1.1 200 OK\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", RG_VERDICT_ACCEPTED, false, 0, "", "HTTP 200"},
        {"HTTP/1.1 400 Bad\r\nContent-Length: 25\r\n\r\n{\"error\":{\"code\":131026}}", RG_VERDICT_REJECTED, false, 0, "",
         "HTTP 400, code 131026"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", RG_VERDICT_THROTTLED, false, 9000, "", "HTTP 429"},
        {"HTTP/1.1 503 Busy\r\nRetry-After: Mon, 23 Nov 2026 10:00:20 GMT\r\nContent-Length: 0\r\n\r\n", RG_VERDICT_RETRY, true,
         20000, "", "HTTP 503"},
        {"HTTP/1.1 503 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", RG_VERDICT_RETRY, true, 0, "", "HTTP 503"},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", RG_VERDICT_RETRY, true, 0, "",
         "HTTP 302"},
        {"HTTP/1.1 200 OK\r\nContent-", RG_VERDICT_UNCERTAIN, false, 0, "", "broke"},
        {NULL, RG_VERDICT_UNCERTAIN, false, 0, "", "closed without an answer"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct peer_step replied[] = {
            {PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_SEND, rows[i].reply}, {PEER_CLOSE, NULL}, {PEER_END, NULL}};
        const struct peer_step cut[] = {{PEER_ACCEPT, NULL}, {PEER_HTTP, NULL}, {PEER_CLOSE, NULL}, {PEER_END, NULL}};
        exchange(f, rows[i].reply ? replied : cut);
        const struct rg_transport_result *r = &f->result;
        if (r->verdict != rows[i].verdict || r->channel != rows[i].channel || r->retry_after_ms != rows[i].retry_after_ms ||
            strcmp(r->provider_id, rows[i].id) != 0 || !strstr(r->detail, rows[i].detail))
            fail_msg("row %zu: %d %d %lld [%s] %s", i, (int)r->verdict, r->channel, (long long)r->retry_after_ms, r->provider_id,
                     r->detail);
    }
}

static void another_preset_from_one_request_to_the_next(void **state)
{
    struct fixture *f = *state;
    struct peer *peer = peer_start(
        (struct peer_step[]){{PEER_ACCEPT, NULL},
                             {PEER_HTTP, NULL},
                             {PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{\"messages\":[{\"id\":\"wamid.HBg=\"}]}"},
                             {PEER_HTTP, NULL},
                             {PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"id\":\"other\"}"},
                             {PEER_END, NULL}},
        NULL);
    open_transport(f, peer);
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    rg_transport_http_use(f->transport, shipped_preset(f->arena, "sms-http"));
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    assert_string_equal(f->result.provider_id, "other"); /* where the second one says that it is */
    f->transport->ops->close(&f->transport);
    assert_string_equal(peer_join(&peer, &f->transcript), "");
    assert_non_null(strstr(rg_buf_cstr(&f->transcript), "POST /v23.0/105%2F5/messages HTTP/1.1\r\n"));
    assert_non_null(strstr(rg_buf_cstr(&f->transcript), "POST /messages HTTP/1.1\r\n"));
}

static void nobody_listens(void **state)
{
    struct fixture *f = *state;
    struct peer *peer = peer_start((struct peer_step[]){{PEER_END, NULL}}, NULL);
    open_transport(f, peer);
    assert_string_equal(peer_join(&peer, NULL), "");
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    assert_int_equal(f->result.verdict, RG_VERDICT_RETRY);
    assert_true(f->result.channel);
}

static void inner_addresses_need_permission(void **state)
{
    struct fixture *f = *state;
    f->config.private_allowed = false;
    f->config.url = "http://localhost:9";
    assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), 0);
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    assert_int_equal(f->result.verdict, RG_VERDICT_RETRY);
    assert_non_null(strstr(f->result.detail, "private"));
}

static void late_jobs_do_not_begin(void **state)
{
    struct fixture *f = *state;
    f->config.url = "http://127.0.0.1:9";
    assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), 0);
    f->job.deadline_boot_ms = f->now_ms;
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 1);
    wait_for_result(f);
    assert_int_equal(f->result.verdict, RG_VERDICT_EXPIRED);
    f->transport->ops->drain(f->transport);
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), 0);
    wait_for_result(f);
    assert_int_equal(f->result.verdict, RG_VERDICT_RELEASED);
    assert_int_equal(f->transport->ops->in_flight(f->transport), 0);
    f->transport->ops->wake(f->transport);
    assert_int_equal(f->transport->ops->poll(f->transport, 60000, &f->result, 1), 0);
}

static void in_flight_is_bounded(void **state)
{
    struct fixture *f = *state;
    f->config.url = "http://127.0.0.1:9";
    assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), 0);
    f->job.deadline_boot_ms = f->now_ms;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(f->transport->ops->submit(f->transport, &f->job, NULL), i < 2 ? 0 : RG_ELIMIT);
}

/* A message's values cannot take the place of ours. */
static void own_values_win(void **state)
{
    struct fixture *f = *state;
    struct rg_mu_value values = mu_from_text(f->arena, "{\"secret\":{\"token\":\"FALSO\"},\"extra\":\"e\\r\\nX: y\"}");
    f->config.preset = preset_of(f->arena, "language: 1\npreset: x\nrequest:\n  path: \"/{{action}}\"\n  headers: { T: "
                                           "\"{{secret.token}}\", E: \"{{extra}}\" }\n  body: {}\n");
    f->job.values = &values;
    exchange(f, (struct peer_step[]){{PEER_ACCEPT, NULL},
                                     {PEER_HTTP, NULL},
                                     {PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
                                     {PEER_END, NULL}});
    const char *wire = rg_buf_cstr(&f->transcript);
    assert_non_null(strstr(wire, "POST /00a1 HTTP/1.1\r\n"));
    assert_non_null(strstr(wire, "\r\nT: EAAB\r\n"));
    assert_non_null(strstr(wire, "\r\nE: e X: y\r\n"));
    assert_null(strstr(wire, "FALSO"));
}

static void holes_refuse_the_job(void **state)
{
    struct fixture *f = *state;
    struct rg_error err = {0};
    f->secret.count = 0;
    f->config.url = "http://127.0.0.1:9";
    assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), 0);
    assert_int_equal(f->transport->ops->submit(f->transport, &f->job, &err), RG_ENOTFOUND);
    assert_non_null(strstr(err.text, "secret.token"));
    assert_int_equal(f->transport->ops->in_flight(f->transport), 0);
}

static void bodies_know_channel_and_digits(void **state)
{
    struct fixture *f = *state;
    struct rg_str missing;
    f->config.preset = preset_of(
        f->arena, "language: 1\npreset: x\nrequest: { path: /x, body: { to: \"{{to_digits}}\", v: \"{{channel.version}}\" } }\n");
    f->config.url = "http://127.0.0.1:9";
    assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), 0);
    assert_int_equal(f->transport->ops->best_evidence(f->transport), RG_EVIDENCE_ACCEPTED);
    struct rg_mu_value values = mu_from_text(f->arena, "{\"to\":\"+5511912345678\"}");
    assert_int_equal(rg_transport_http_body(f->transport, &values, &f->transcript, NULL, NULL), 0);
    assert_string_equal(rg_buf_cstr(&f->transcript), "{\"to\":\"5511912345678\",\"v\":\"v23.0\"}");
    values = mu_from_text(f->arena, "{\"to\":\"11912345678\"}");
    assert_int_equal(rg_transport_http_body(f->transport, &values, &f->transcript, &missing, NULL), RG_ENOTFOUND);
    assert_true(rg_str_is(missing, "to_digits"));
}

static void configurations_that_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const urls[] = {
        "", "ftp://x", "x.example", "http://x/?a=b", "http://x/#a", "http://user:secret@x/", "http://x/ y"};
    for (size_t i = 0; i < RG_COUNT(urls); i++) {
        f->config.url = urls[i];
        assert_int_equal(rg_transport_http_new(&f->config, &f->transport, NULL), RG_EINVAL);
        assert_null(f->transport);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_on_the_wire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_preset_from_one_request_to_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inner_addresses_need_permission, set_up, tear_down),
        cmocka_unit_test_setup_teardown(late_jobs_do_not_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_flight_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(own_values_win, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holes_refuse_the_job, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_know_channel_and_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(configurations_that_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
