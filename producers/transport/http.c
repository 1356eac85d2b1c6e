/* A preset on top of the HTTP client. Rendering path and headers happens at submit; the body came rendered, because its
 * bytes were written down before anything was sent. Secrets are known to path and headers only, so they can never end up
 * among those bytes. */
#include "producers/transport/http.h"

#include <stdio.h>
#include <string.h>

#include "base/http/client.h"
#include "base/http/retry_after.h"

#define VALUES_MAX 5
#define HEAD_BYTES_MAX ((size_t)16 * 1024) /* rendered URL and headers together */

struct http {
    struct rg_transport base;
    const struct rg_clock *clock;
    const struct rg_preset *preset;
    const struct rg_mu_value *channel, *secret;
    char *url;
    int64_t timeout_ms;
    struct rg_http_client *client;
    struct rg_transport_result *results; /* ring */
    size_t results_max, result_at, result_count, in_flight;
    struct rg_buf head; /* scratch of submit */
    bool draining;
};

static struct rg_transport_result *add_result(struct http *http, const struct rg_transport_job *job, enum rg_verdict verdict)
{
    rg_assert(http->result_count < http->results_max);
    struct rg_transport_result *result = &http->results[(http->result_at + http->result_count) % http->results_max];
    *result = (struct rg_transport_result){.job = job, .verdict = verdict};
    http->result_count++;
    return result;
}

/* Appends one rendered piece to the scratch buffer and says where it lies; positions, since the buffer may move. */
static int render_piece(struct http *http, const struct rg_transport_job *job, const struct rg_mu_template *template,
                        enum rg_mu_escape escape, size_t *ret_from, size_t *ret_bytes, struct rg_error *err)
{
    const struct rg_str keys[VALUES_MAX] = {RG_STR("to"), RG_STR("action"), RG_STR("idempotency_key"), RG_STR("channel"),
                                            RG_STR("secret")};
    const struct rg_mu_value absent = {.kind = RG_MU_ABSENT};
    const struct rg_mu_value items[VALUES_MAX] = {rg_mu_text(job->to), rg_mu_text(job->action), rg_mu_text(job->idempotency_key),
                                                  http->channel ? *http->channel : absent, http->secret ? *http->secret : absent};
    const struct rg_mu_value own = {.kind = RG_MU_MAP, .keys = keys, .items = items, .count = VALUES_MAX};
    const struct rg_mu_value *outer = job->values;
    /* Ours come last and so are asked first: a message's values cannot stand in for a secret or an address. */
    struct rg_mu_options options = {.escape = escape, .strict = true, .outer = &outer, .outer_count = outer != NULL};
    size_t from = http->head.len;
    int r = rg_mu_render(template, &own, &options, &http->head, NULL, err);
    if (r < 0)
        return r;
    *ret_from = from;
    *ret_bytes = http->head.len - from;
    return 0;
}

/* Renders URL and headers into the scratch buffer, then hands all to the client, which copies. */
static int send_request(struct http *http, const struct rg_transport_job *job, struct rg_error *err)
{
    const struct rg_preset *preset = http->preset;
    struct rg_http_header headers[RG_PRESET_HEADERS_MAX];
    size_t from[RG_PRESET_HEADERS_MAX], bytes[RG_PRESET_HEADERS_MAX], path_from, path_bytes;
    rg_buf_reset(&http->head);
    rg_buf_adds(&http->head, http->url);
    int r = render_piece(http, job, preset->path, RG_MU_URL, &path_from, &path_bytes, err);
    for (size_t i = 0; i < preset->header_count && r == 0; i++)
        r = render_piece(http, job, preset->headers[i].value, RG_MU_HEADER, &from[i], &bytes[i], err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < preset->header_count; i++)
        headers[i] = (struct rg_http_header){preset->headers[i].name, {http->head.data + from[i], bytes[i]}};
    struct rg_http_request request = {
        .method = preset->method,
        .url = {http->head.data, path_from + path_bytes},
        .headers = headers,
        .header_count = preset->header_count,
        .body = job->payload,
        .start_by_ms = job->deadline_boot_ms,
        .opaque = (void *)(uintptr_t)job, /* const goes through the opaque pointer and comes back */
    };
    int64_t left = job->deadline_boot_ms - rg_boot_ms(http->clock);
    request.timeout_ms = left < http->timeout_ms ? left : http->timeout_ms;
    return rg_http_submit(http->client, &request, err);
}

static int submit(struct rg_transport *transport, const struct rg_transport_job *job, struct rg_error *err)
{
    struct http *http = (struct http *)transport;
    if (http->in_flight == http->results_max)
        return rg_fail(err, RG_ELIMIT, "%zu requests are in flight already", http->results_max);
    if (http->draining) {
        (void)add_result(http, job, RG_VERDICT_RELEASED);
    } else if (rg_boot_ms(http->clock) >= job->deadline_boot_ms) {
        struct rg_transport_result *result = add_result(http, job, RG_VERDICT_EXPIRED);
        snprintf(result->detail, sizeof result->detail, "its time ended before the request began");
    } else {
        int r = send_request(http, job, err);
        if (r < 0)
            return r;
    }
    http->in_flight++;
    return 0;
}

static void judge_answer(const struct http *http, const struct rg_http_response *response, struct rg_transport_result *result)
{
    struct rg_preset_reading reading =
        rg_preset_read(http->preset, response->status, response->body_cut ? RG_STR("") : response->body);
    result->verdict = reading.verdict;
    result->channel = reading.channel;
    result->evidence = reading.verdict == RG_VERDICT_ACCEPTED ? RG_EVIDENCE_ACCEPTED : RG_EVIDENCE_NONE;
    snprintf(result->provider_id, sizeof result->provider_id, "%s", reading.provider_id);
    snprintf(result->detail, sizeof result->detail, "HTTP %d%s%s", response->status, reading.code[0] ? ", code " : "",
             reading.code);
    int64_t wait_ms;
    bool later = reading.verdict == RG_VERDICT_RETRY || reading.verdict == RG_VERDICT_THROTTLED;
    if (later && response->retry_after.p && rg_retry_after(response->retry_after, rg_wall_ms(http->clock), &wait_ms))
        result->retry_after_ms = wait_ms;
}

static void on_done(const struct rg_http_response *response, void *ctx)
{
    struct http *http = ctx;
    struct rg_transport_result *result = add_result(http, response->opaque, RG_VERDICT_RETRY);
    snprintf(result->detail, sizeof result->detail, "%s", response->detail);
    switch (response->fate) {
    case RG_HTTP_ANSWERED:
        judge_answer(http, response, result);
        return;
    case RG_HTTP_NOT_SENT:
        result->channel = true;
        return;
    case RG_HTTP_NOT_STARTED:
        result->verdict = RG_VERDICT_EXPIRED;
        return;
    case RG_HTTP_UNKNOWN:
        result->verdict = RG_VERDICT_UNCERTAIN;
        return;
    }
    rg_assert(false);
}

static size_t poll_results(struct rg_transport *transport, int64_t timeout_ms, struct rg_transport_result *results,
                           size_t results_max)
{
    struct http *http = (struct http *)transport;
    (void)rg_http_poll(http->client, http->result_count > 0 ? 0 : timeout_ms, on_done, http); /* counted by the ring */
    size_t n = 0;
    for (; n < results_max && http->result_count > 0; n++) {
        results[n] = http->results[http->result_at];
        http->result_at = (http->result_at + 1) % http->results_max;
        http->result_count--;
        http->in_flight--;
    }
    return n;
}

static size_t in_flight(const struct rg_transport *transport)
{
    return ((const struct http *)transport)->in_flight;
}

static enum rg_evidence best_evidence(const struct rg_transport *transport)
{
    return ((const struct http *)transport)->preset->best_evidence;
}

static void wake(struct rg_transport *transport)
{
    rg_http_wake(((struct http *)transport)->client);
}

static void drain(struct rg_transport *transport)
{
    ((struct http *)transport)->draining = true;
}

static void close_all(struct rg_transport **transport)
{
    if (*transport == NULL)
        return;
    struct http *http = (struct http *)*transport;
    rg_http_client_free(&http->client);
    rg_buf_done(&http->head);
    rg_free(&http->results);
    rg_free(&http->url);
    rg_free(transport);
}

static const struct rg_transport_ops http_ops = {
    .name = "http",
    .submit = submit,
    .poll = poll_results,
    .in_flight = in_flight,
    .best_evidence = best_evidence,
    .wake = wake,
    .drain = drain,
    .close = close_all,
};

int rg_transport_http_new(const struct rg_http_transport_config *config, struct rg_transport **ret_transport,
                          struct rg_error *err)
{
    size_t n = strlen(config->url);
    if (strncmp(config->url, "https://", 8) != 0 && strncmp(config->url, "http://", 7) != 0)
        return rg_fail(err, RG_EINVAL, "expected a url that begins with https:// or http://");
    if (n > RG_HTTP_URL_BYTES_MAX / 2 || strpbrk(config->url, "?#@ "))
        return rg_fail(err, RG_EINVAL, "expected a url of host and path alone, at most %d bytes", RG_HTTP_URL_BYTES_MAX / 2);
    while (n > 0 && config->url[n - 1] == '/')
        n--; /* the preset's path begins with its own */
    struct http *http = rg_alloc(sizeof *http);
    http->base.ops = &http_ops;
    http->clock = config->clock;
    http->preset = config->preset;
    http->channel = config->channel;
    http->secret = config->secret;
    http->url = rg_strdup(config->url);
    http->url[n] = '\0';
    http->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : 30000;
    http->results_max = config->in_flight_max ? config->in_flight_max : 64;
    http->results = rg_alloc(http->results_max * sizeof *http->results);
    rg_buf_init(&http->head, HEAD_BYTES_MAX);
    http->client = rg_http_client_new(&(struct rg_http_config){
        .clock = config->clock,
        .in_flight_max = http->results_max,
        .ca_file = config->ca_file,
        .user_agent = "regua",
        .private_allowed = config->private_allowed,
    });
    *ret_transport = &http->base;
    return 0;
}

void rg_transport_http_use(struct rg_transport *transport, const struct rg_preset *preset)
{
    rg_assert(transport->ops == &http_ops);
    struct http *http = (struct http *)transport;
    rg_assert(http->in_flight == 0);
    http->preset = preset;
}

/* "+5511…" → "5511…": most providers of phones want it so. */
static struct rg_mu_value digits_of(const struct rg_mu_value *values)
{
    const struct rg_mu_value *to = rg_mu_lookup(values, RG_STR("to"));
    if (to == NULL || to->kind != RG_MU_STRING || to->text.n < 2 || to->text.p[0] != '+')
        return (struct rg_mu_value){.kind = RG_MU_ABSENT};
    return rg_mu_text((struct rg_str){to->text.p + 1, to->text.n - 1});
}

int rg_transport_http_body(const struct rg_transport *transport, const struct rg_mu_value *values, struct rg_buf *out,
                           struct rg_str *missing, struct rg_error *err)
{
    rg_assert(transport->ops == &http_ops);
    const struct http *http = (const struct http *)transport;
    const struct rg_mu_value absent = {.kind = RG_MU_ABSENT};
    const struct rg_str keys[] = {RG_STR("channel"), RG_STR("to_digits")};
    const struct rg_mu_value items[] = {http->channel ? *http->channel : absent, digits_of(values)};
    const struct rg_mu_value outer = {.kind = RG_MU_MAP, .keys = keys, .items = items, .count = RG_COUNT(keys)};
    return rg_preset_body(http->preset, values, &outer, out, missing, err);
}
