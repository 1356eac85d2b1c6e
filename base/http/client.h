/* HTTP requests without blocking: one client per owner thread, many requests in flight on it.
 *
 *     rg_http_submit(client, &request, err)     copies the request
 *     rg_http_poll(client, 50, on_done, ctx)    moves bytes, calls on_done once for each request that ended
 *
 * A client talks only to what it is told: http and https, no redirects, no proxies, nothing from the environment or from
 * .netrc; the address a name resolves to must be public unless the client was made for a private host. TLS 1.2 or newer,
 * certificate and host name verified. HTTP/1.1. A request is never sent twice behind its owner's back.
 *
 * Not thread-safe, but for rg_http_wake. */
#pragma once

#include "base/core/clock.h"
#include "base/core/error.h"

#define RG_HTTP_URL_BYTES_MAX 2048
#define RG_HTTP_HEADERS_MAX 32
#define RG_HTTP_HEADER_BYTES_MAX 4096                   /* one header line of a request */
#define RG_HTTP_REQUEST_BODY_BYTES_MAX ((size_t)1024 * 1024)
#define RG_HTTP_RESPONSE_HEAD_BYTES_MAX ((size_t)64 * 1024)
#define RG_HTTP_RETRY_AFTER_BYTES_MAX 64

struct rg_http_client;

struct rg_http_config {
    const struct rg_clock *clock;
    size_t in_flight_max;       /* requests; default 64 */
    size_t connections_max;     /* to all hosts; default as in_flight_max */
    size_t response_bytes_max;  /* of a body, the rest is cut off; default 64 KiB */
    const char *ca_file;        /* trust these instead of the system's; NULL: the system's */
    const char *user_agent;     /* NULL: none */
    int64_t connect_timeout_ms; /* default 10 s */
    bool private_allowed;       /* the configured host lies inside: loopback and private addresses are fine */
};

struct rg_http_client *rg_http_client_new(const struct rg_http_config *config) __attribute__((returns_nonnull));
void rg_http_client_free(struct rg_http_client **client); /* requests in flight end without a call */

struct rg_http_header {
    struct rg_str name, value;
};

struct rg_http_request {
    struct rg_str method; /* upper-case letters */
    struct rg_str url;
    const struct rg_http_header *headers;
    size_t header_count;
    struct rg_str body;     /* absent: none */
    int64_t timeout_ms;     /* from submit to the last byte of the answer */
    int64_t start_by_ms;    /* boot clock: later than this the request is not begun any more; 0: no such limit */
    void *opaque;
};

/* RG_EINVAL: a control character, a line break or a space where none may be, another scheme, too long. RG_ELIMIT: full,
 * poll first. Nothing was sent in either case. */
RG_MUST_USE int rg_http_submit(struct rg_http_client *client, const struct rg_http_request *request, struct rg_error *err);

enum rg_http_fate {
    RG_HTTP_ANSWERED,    /* status and headers arrived whole */
    RG_HTTP_NOT_SENT,    /* refused, unreachable, bad certificate: no byte of the request left */
    RG_HTTP_NOT_STARTED, /* start_by_ms had passed: no byte of the request left */
    RG_HTTP_UNKNOWN,     /* bytes left and no whole answer came: it may or may not have been carried out */
};

/* Borrowed for the time of the call. */
struct rg_http_response {
    void *opaque;
    enum rg_http_fate fate;
    bool certificate;          /* NOT_SENT because of TLS: certificate, host name or version */
    int status;                /* ANSWERED only */
    struct rg_str body;
    bool body_cut;             /* longer than the limit, or broken off */
    struct rg_str retry_after; /* header's value; absent: none */
    const char *detail;        /* why there is no answer, a phrase without address or content; "" when ANSWERED */
};
typedef void rg_http_done_fn(const struct rg_http_response *response, void *ctx);

/* Waits up to timeout_ms for something to happen; returns how many requests ended. The callback may submit. */
size_t rg_http_poll(struct rg_http_client *client, int64_t timeout_ms, rg_http_done_fn *on_done, void *ctx);
size_t rg_http_in_flight(const struct rg_http_client *client);
void rg_http_wake(struct rg_http_client *client); /* from any thread: the poll under way returns */
