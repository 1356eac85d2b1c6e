/* One thread per connection, one request per connection: a handler that waits (for Redis, for Kafka's acknowledgement) holds up
 * nobody else, and the number of threads is the number of connections allowed. A pool of a few threads was rejected, because
 * one slow answer would hold up /livez behind it. Keep-alive was rejected, because without it every deadline is one number.
 *
 * The request's target is taken before the library undoes escapes: what "%2F" means is decided by uri.c alone. */
#include "base/httpd/httpd.h"

#include "base/httpd/deadline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL_MAGIC 0x48545450u

struct rg_httpd {
    struct rg_httpd_config config;
    struct MHD_Daemon *daemon;
    struct rg_deadlines *deadlines;
    uint16_t port;
};

/* One request while it is read and answered. */
struct call {
    unsigned magic;
    struct rg_arena *arena;
    struct rg_str target;
    struct rg_buf body;
    bool begun;
};

/* ---- the request ---- */

struct rg_str rg_httpd_header(const struct rg_httpd_request *request, const char *name)
{
    return request->header_fn(request->header_ctx, name);
}

struct rg_str rg_httpd_bearer(const struct rg_httpd_request *request)
{
    static const char scheme[] = "Bearer ";
    struct rg_str value = rg_httpd_header(request, "Authorization");
    size_t n = sizeof scheme - 1;
    if (value.n <= n || strncasecmp(value.p, scheme, n) != 0)
        return (struct rg_str){0};
    return (struct rg_str){value.p + n, value.n - n};
}

/* Sec-Fetch-Site cannot be set by a page; Origin alone is what older browsers send, compared with the name they called us by. */
bool rg_httpd_same_origin(const struct rg_httpd_request *request)
{
    struct rg_str site = rg_httpd_header(request, "Sec-Fetch-Site"), origin = rg_httpd_header(request, "Origin");
    struct rg_str host = rg_httpd_header(request, "Host");
    if (site.p != NULL && !rg_str_is(site, "same-origin"))
        return false;
    if (origin.p == NULL)
        return true;
    const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < RG_COUNT(schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (host.n > 0 && origin.n == n + host.n && memcmp(origin.p, schemes[i], n) == 0 &&
            memcmp(origin.p + n, host.p, host.n) == 0)
            return true;
    }
    return false;
}

static struct rg_str mhd_header(void *ctx, const char *name)
{
    return rg_str(MHD_lookup_connection_value(ctx, MHD_HEADER_KIND, name));
}

/* ---- the response ---- */

void rg_httpd_response_init(struct rg_httpd_response *response)
{
    *response = (struct rg_httpd_response){.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    rg_buf_init(&response->body, RG_HTTPD_ANSWER_BYTES_MAX);
}

void rg_httpd_response_done(struct rg_httpd_response *response)
{
    rg_buf_done(&response->body);
}

void rg_httpd_add_header(struct rg_httpd_response *response, const char *name, const char *value)
{
    rg_assert(response->header_count < RG_HTTPD_HEADERS_MAX);
    response->headers[response->header_count].name = name;
    response->headers[response->header_count++].value = value;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result rc = MHD_add_response_header(response, name, value);
    rg_assert(rc == MHD_YES); /* refused only for line breaks in it, which handlers never put there */
}

static enum MHD_Result queue(struct rg_httpd *httpd, struct MHD_Connection *connection, struct rg_httpd_response *made)
{
    static const char *const always[][2] = {
        {"Connection", "close"},
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    };
    if (made->body.overflow) {
        rg_buf_reset(&made->body);
        made->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(made->body.len, made->body.data, MHD_RESPMEM_MUST_COPY);
    rg_assert(response != NULL);
    add(response, "Content-Type", made->type);
    for (size_t i = 0; i < RG_COUNT(always); i++)
        add(response, always[i][0], always[i][1]);
    for (size_t i = 0; i < made->header_count; i++)
        add(response, made->headers[i].name, made->headers[i].value);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    rg_deadline_set(httpd->deadlines, info->socket_context, httpd->config.answer_ms);
    enum MHD_Result rc = MHD_queue_response(connection, (unsigned)made->status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result refuse(struct rg_httpd *httpd, struct MHD_Connection *connection, unsigned status, const char *code,
                              const char *detail)
{
    struct rg_httpd_response response;
    rg_httpd_response_init(&response);
    response.status = (int)status;
    response.type = "application/json";
    rg_buf_addf(&response.body, "{\"error\":\"%s\",\"detail\":\"%s\"}", code, detail);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        rg_httpd_add_header(&response, "Allow", "GET, HEAD, POST");
    enum MHD_Result rc = queue(httpd, connection, &response);
    rg_httpd_response_done(&response);
    return rc;
}

/* ---- the life of a request, as the library calls it ---- */

static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)cls, (void)connection;
    struct call *call = rg_alloc(sizeof *call);
    call->magic = CALL_MAGIC;
    call->arena = rg_arena_new(RG_HTTPD_ARENA_BYTES);
    call->target = rg_arena_str(call->arena, rg_str(uri));
    rg_buf_init(&call->body, RG_HTTPD_BODY_BYTES_MAX);
    return call;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)connection, (void)why;
    struct call *call = *con_cls;
    if (call == NULL)
        return;
    rg_assert(call->magic == CALL_MAGIC);
    *con_cls = NULL;
    rg_buf_done(&call->body);
    rg_arena_free(&call->arena);
    rg_free(&call);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
    struct rg_httpd *httpd = cls;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        rg_deadline_end(httpd->deadlines, *context);
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = rg_deadline_begin(httpd->deadlines, info->connect_fd);
    rg_assert(*context != NULL);
    rg_deadline_set(httpd->deadlines, *context, httpd->config.request_ms);
}

static enum MHD_Result answer(struct rg_httpd *httpd, struct MHD_Connection *connection, struct call *call, bool post)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    rg_deadline_set(httpd->deadlines, info->socket_context, -1); /* it is our time that passes now */
    const char *mark = memchr(call->target.p, '?', call->target.n);
    size_t n = mark == NULL ? call->target.n : (size_t)(mark - call->target.p);
    struct rg_httpd_request request = {
        .method = post ? RG_STR("POST") : RG_STR("GET"),
        .path = {call->target.p, n},
        .query = mark == NULL ? (struct rg_str){0} : (struct rg_str){mark + 1, call->target.n - n - 1},
        .body = rg_buf_str(&call->body),
        .arena = call->arena,
        .header_fn = mhd_header,
        .header_ctx = connection,
    };
    struct rg_httpd_response response;
    rg_httpd_response_init(&response);
    httpd->config.handler(&request, &response, httpd->config.ctx);
    enum MHD_Result rc = queue(httpd, connection, &response);
    rg_httpd_response_done(&response);
    return rc;
}

/* Before any of the body is read: what can be refused by the headers alone is. */
static enum MHD_Result begin(struct rg_httpd *httpd, struct MHD_Connection *connection, const char *method, bool *ret_refused)
{
    int64_t length = 0;
    struct rg_str announced = mhd_header(connection, "Content-Length");
    bool known = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
    *ret_refused = true;
    if (!known)
        return refuse(httpd, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method", "GET, HEAD or POST expected");
    if (announced.p != NULL && rg_str_to_i64(announced, &length) && length > (int64_t)RG_HTTPD_BODY_BYTES_MAX)
        return refuse(httpd, connection, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "a body of at most 64 KiB expected");
    *ret_refused = false;
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **con_cls)
{
    (void)url, (void)version;
    struct rg_httpd *httpd = cls;
    struct call *call = *con_cls;
    bool refused = false;
    rg_assert(call != NULL && call->magic == CALL_MAGIC);
    if (!call->begun) {
        call->begun = true;
        return begin(httpd, connection, method, &refused);
    }
    if (*upload_bytes > 0) {
        rg_buf_add(&call->body, upload, *upload_bytes); /* past the limit it is dropped and remembered */
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (call->body.overflow)
        return refuse(httpd, connection, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "a body of at most 64 KiB expected");
    return answer(httpd, connection, call, strcmp(method, "POST") == 0);
}

/* ---- the server ---- */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } of;
    socklen_t bytes;
    bool loopback;
};

static bool parse_address(const struct rg_httpd_config *config, struct address *ret)
{
    struct address a = {.bytes = sizeof a.of.v4};
    if (inet_pton(AF_INET, config->host, &a.of.v4.sin_addr) == 1) {
        a.of.v4.sin_family = AF_INET;
        a.of.v4.sin_port = htons(config->port);
        a.loopback = ntohl(a.of.v4.sin_addr.s_addr) >> 24 == 127;
    } else if (inet_pton(AF_INET6, config->host, &a.of.v6.sin6_addr) == 1) {
        a.bytes = sizeof a.of.v6;
        a.of.v6.sin6_family = AF_INET6;
        a.of.v6.sin6_port = htons(config->port);
        a.loopback = IN6_IS_ADDR_LOOPBACK(&a.of.v6.sin6_addr);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

/* Our own socket, because the library would not say why it could not have one. */
static int listen_on(const struct address *address, int *ret_fd, uint16_t *ret_port)
{
    struct address bound = *address;
    int on = 1, fd = socket(address->of.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    bool fine = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(fd, &address->of.any, address->bytes) == 0 && listen(fd, RG_HTTPD_CONNECTIONS_MAX) == 0 &&
                getsockname(fd, &bound.of.any, &bound.bytes) == 0;
    if (!fine) {
        int why = errno;
        (void)shutdown(fd, SHUT_RDWR);
        (void)close(fd);
        return why;
    }
    *ret_fd = fd;
    *ret_port = ntohs(bound.of.any.sa_family == AF_INET ? bound.of.v4.sin_port : bound.of.v6.sin6_port);
    return 0;
}

int rg_httpd_new(const struct rg_httpd_config *config, struct rg_httpd **ret_httpd, struct rg_error *err)
{
    struct address address;
    int fd = -1;
    uint16_t port = 0;
    if (!parse_address(config, &address))
        return rg_fail(err, RG_EINVAL, "cannot listen on \"%s\": an IPv4 or IPv6 address expected", config->host);
    if (!address.loopback && !config->public_allowed)
        return rg_fail(err, RG_EREFUSED,
                       "will not listen on %s: others can reach it; listen on 127.0.0.1 and put a proxy with TLS in front",
                       config->host);
    int why = listen_on(&address, &fd, &port);
    if (why != 0)
        return rg_fail(err, RG_EIO, "cannot listen on %s port %u: %s", config->host, config->port, strerrordesc_np(why));
    struct rg_httpd *httpd = rg_alloc(sizeof *httpd);
    httpd->config = *config;
    httpd->config.request_ms = config->request_ms > 0 ? config->request_ms : RG_HTTPD_REQUEST_MS;
    httpd->config.answer_ms = config->answer_ms > 0 ? config->answer_ms : RG_HTTPD_ANSWER_MS;
    httpd->port = port;
    httpd->deadlines = rg_deadlines_new(RG_HTTPD_CONNECTIONS_MAX);
    httpd->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
                                     NULL, on_request, httpd, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                     MHD_OPTION_CONNECTION_LIMIT, (unsigned)RG_HTTPD_CONNECTIONS_MAX,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, RG_HTTPD_HEAD_BYTES_MAX, MHD_OPTION_URI_LOG_CALLBACK,
                                     on_target, httpd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd,
                                     MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd, MHD_OPTION_END);
    if (httpd->daemon == NULL) { /* for want of a thread, say; the library has closed the socket by then */
        rg_httpd_free(&httpd);
        return rg_fail(err, RG_EIO, "cannot listen on %s port %u: the server did not start", config->host, config->port);
    }
    *ret_httpd = httpd;
    return 0;
}

void rg_httpd_free(struct rg_httpd **httpd)
{
    if (*httpd == NULL)
        return;
    if ((*httpd)->daemon != NULL)
        MHD_stop_daemon((*httpd)->daemon);
    rg_deadlines_free(&(*httpd)->deadlines);
    rg_free(httpd);
}

uint16_t rg_httpd_port(const struct rg_httpd *httpd)
{
    return httpd->port;
}

bool rg_httpd_secret_is(struct rg_str given, const uint8_t digest[RG_SHA256_BYTES])
{
    uint8_t ours[RG_SHA256_BYTES], differs = 0;
    rg_sha256(given.p == NULL ? "" : given.p, given.n, ours);
    for (size_t i = 0; i < sizeof ours; i++)
        differs |= (uint8_t)(ours[i] ^ digest[i]);
    return differs == 0;
}
