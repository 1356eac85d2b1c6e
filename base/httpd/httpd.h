/* A small HTTP server for people and programs on this machine: the API, health and metrics. Not for the Internet: no TLS, a few
 * dozen connections, one request each, everything bounded in bytes and in time.
 *
 * Handlers run on threads of the server, several at once, one per connection: they may block, within reason, and must not share
 * what is not made for it. A request reaches its handler whole or not at all. Answers are never cached by anybody, never framed,
 * and readable for no other site: there is no CORS here. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"
#include "base/core/hash.h"

#define RG_HTTPD_CONNECTIONS_MAX 32
#define RG_HTTPD_HEAD_BYTES_MAX ((size_t)16 * 1024) /* request line and headers */
#define RG_HTTPD_BODY_BYTES_MAX ((size_t)64 * 1024)
#define RG_HTTPD_ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define RG_HTTPD_ARENA_BYTES ((size_t)32 * 1024 * 1024) /* of one request */
#define RG_HTTPD_HEADERS_MAX 8                          /* that a handler adds */
#define RG_HTTPD_REQUEST_MS 10000 /* from the connection to the last byte of the request, however slowly it trickles */
#define RG_HTTPD_ANSWER_MS 30000  /* from the answer to its last byte */

/* Slices live as long as the handler runs. */
struct rg_httpd_request {
    struct rg_str method; /* GET (also for HEAD) or POST */
    struct rg_str path, query; /* as they came, not decoded: see uri.h */
    struct rg_str body;
    struct rg_arena *arena;
    struct rg_str (*header_fn)(void *ctx, const char *name);
    void *header_ctx;
};
struct rg_str rg_httpd_header(const struct rg_httpd_request *request, const char *name); /* any case; absent when not sent */
struct rg_str rg_httpd_bearer(const struct rg_httpd_request *request); /* Authorization: Bearer …; absent for anything else */
/* False when a browser says that another site (or a page without one) makes this request. Programs say nothing: true. */
bool rg_httpd_same_origin(const struct rg_httpd_request *request);

/* Made by the handler; `status` 200 and an empty text when it does nothing. */
struct rg_httpd_response {
    int status;
    const char *type; /* a literal */
    struct rg_buf body;
    struct {
        const char *name, *value; /* literals, or in the request's arena */
    } headers[RG_HTTPD_HEADERS_MAX];
    size_t header_count;
};
void rg_httpd_response_init(struct rg_httpd_response *response);
void rg_httpd_response_done(struct rg_httpd_response *response);
void rg_httpd_add_header(struct rg_httpd_response *response, const char *name, const char *value);

typedef void rg_httpd_handler_fn(const struct rg_httpd_request *request, struct rg_httpd_response *response, void *ctx);

struct rg_httpd_config {
    const char *host; /* an address, not a name */
    uint16_t port;    /* 0: any free one */
    bool public_allowed; /* an address that others can reach is meant; otherwise it is refused */
    int64_t request_ms, answer_ms; /* 0: as above */
    rg_httpd_handler_fn *handler;
    void *ctx;
};

struct rg_httpd;
/* RG_EINVAL: no address. RG_EREFUSED: not a loopback address. RG_EIO: cannot be listened on; says why. */
RG_MUST_USE int rg_httpd_new(const struct rg_httpd_config *config, struct rg_httpd **ret_httpd, struct rg_error *err);
void rg_httpd_free(struct rg_httpd **httpd); /* waits for handlers that run */
uint16_t rg_httpd_port(const struct rg_httpd *httpd);

/* Does `given` have this SHA-256? The time it takes tells nothing about how much of it was right. */
bool rg_httpd_secret_is(struct rg_str given, const uint8_t digest[RG_SHA256_BYTES]);
