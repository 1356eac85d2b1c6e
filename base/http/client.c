/* A table of slots over one curl_multi. A slot owns its easy handle, which gets the client's policy once and each request's
 * particulars before it is used (all of them, every time), and copies of all it sends; free slots form a list.
 *
 * What decides the fate of a request that got no answer is whether a byte of it may have left. The library asks before_request
 * when a connection stands and nothing has been written: an error before that is NOT_SENT, everything after is UNKNOWN. When a
 * kept connection turns out dead it would repeat the request on a fresh one by itself, after the server may have read it; then
 * it asks a second time, and is told no. (A body that cannot be read twice would stop it too, but costs a packet more a
 * request and does nothing for requests without one.)
 *
 * HTTP/1.1 only: the library's HTTP/2 of Debian 12 mishandles parallel streams, and one message a request gains little. */
#include "base/http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/core/buf.h"
#include "base/http/guard.h"

#define KEPT_CONNECTION_SECONDS 20L /* servers close idle ones after a minute or less; a closed one costs an unknown */

struct slot {
    struct rg_http_client *client;
    struct slot *next_free;
    CURL *easy;
    struct curl_slist *headers;
    void *opaque;
    struct rg_buf body; /* of the request */
    struct rg_buf answer;
    size_t head_bytes;
    int64_t start_by_ms;
    bool answered, body_cut, held_back, begun, inside;
    char retry_after[RG_HTTP_RETRY_AFTER_BYTES_MAX + 1];
    size_t retry_after_bytes;
};

struct rg_http_client {
    CURLM *multi;
    const struct rg_clock *clock;
    size_t in_flight_max, in_flight;
    size_t response_bytes_max;
    char *ca_file, *user_agent;
    int64_t connect_timeout_ms;
    bool private_allowed;
    struct slot *slots, *free;
};

/* A setting that the library refuses is a library other than the one this was built against. */
#define SET(easy, option, value) rg_assert(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

struct rg_http_client *rg_http_client_new(const struct rg_http_config *config)
{
    rg_assert(config->clock != NULL);
    rg_assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct rg_http_client *client = rg_alloc(sizeof *client);
    client->clock = config->clock;
    client->in_flight_max = config->in_flight_max ? config->in_flight_max : 64;
    client->response_bytes_max = config->response_bytes_max ? config->response_bytes_max : (size_t)64 * 1024;
    client->ca_file = config->ca_file ? rg_strdup(config->ca_file) : NULL;
    client->user_agent = config->user_agent ? rg_strdup(config->user_agent) : NULL;
    client->connect_timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms : 10000;
    client->private_allowed = config->private_allowed;
    client->multi = curl_multi_init();
    rg_assert(client->multi != NULL);
    long connections = (long)(config->connections_max ? config->connections_max : client->in_flight_max);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    client->slots = rg_alloc(client->in_flight_max * sizeof *client->slots);
    for (size_t i = client->in_flight_max; i-- > 0;) {
        struct slot *slot = &client->slots[i];
        slot->client = client;
        rg_buf_init(&slot->body, RG_HTTP_REQUEST_BODY_BYTES_MAX);
        rg_buf_init(&slot->answer, client->response_bytes_max);
        slot->next_free = client->free;
        client->free = slot;
    }
    return client;
}

void rg_http_client_free(struct rg_http_client **client_ptr)
{
    struct rg_http_client *client = *client_ptr;
    if (client == NULL)
        return;
    for (size_t i = 0; i < client->in_flight_max; i++) {
        struct slot *slot = &client->slots[i];
        if (slot->easy) {
            (void)curl_multi_remove_handle(client->multi, slot->easy); /* not in it when idle, which is fine */
            curl_easy_cleanup(slot->easy);
        }
        curl_slist_free_all(slot->headers);
        rg_buf_done(&slot->body);
        rg_buf_done(&slot->answer);
    }
    curl_multi_cleanup(client->multi);
    rg_free(&client->slots);
    rg_free(&client->ca_file);
    rg_free(&client->user_agent);
    rg_free(client_ptr);
    curl_global_cleanup();
}

/* The last moment before anything that a server would act upon. */
static int before_request(void *ctx, char *peer, char *local, int peer_port, int local_port)
{
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    struct slot *slot = ctx;
    if (slot->begun)
        return CURL_PREREQFUNC_ABORT;
    if (slot->start_by_ms > 0 && rg_boot_ms(slot->client->clock) > slot->start_by_ms) {
        slot->held_back = true;
        return CURL_PREREQFUNC_ABORT;
    }
    slot->begun = true;
    return CURL_PREREQFUNC_OK;
}

static size_t write_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct slot *slot = ctx;
    size_t n = size * count, room = slot->client->response_bytes_max - slot->answer.len;
    rg_buf_add(&slot->answer, bytes, n <= room ? n : room);
    if (n <= room)
        return n;
    slot->body_cut = true;
    return 0; /* breaks the transfer off: status and head are known already */
}

/* Each call is one header line of a response, interim ones included. */
static size_t read_head(char *line, size_t size, size_t count, void *ctx)
{
    static const char name[] = "retry-after:";
    struct slot *slot = ctx;
    size_t n = size * count;
    slot->head_bytes += n;
    if (slot->head_bytes > RG_HTTP_RESPONSE_HEAD_BYTES_MAX)
        return 0;
    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0)
        slot->retry_after_bytes = 0;
    if (n <= 2 && (line[0] == '\r' || line[0] == '\n')) {
        long status = 0;
        curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
        slot->answered = status >= 200;
    }
    if (n > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) {
        size_t from = sizeof name - 1, to = n;
        while (to > from && (unsigned char)line[to - 1] <= ' ')
            to--;
        while (from < to && line[from] == ' ')
            from++;
        if (to - from <= RG_HTTP_RETRY_AFTER_BYTES_MAX) {
            memcpy(slot->retry_after, line + from, to - from);
            slot->retry_after_bytes = to - from;
        }
    }
    return n;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct slot *slot = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    bool inside = !rg_address_public(&address->addr, address->addrlen);
    bool internet = address->family == AF_INET || address->family == AF_INET6;
    if (!internet || (inside && !slot->client->private_allowed)) {
        slot->inside = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool is_visible(struct rg_str text, bool blanks)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f || (c == ' ' && !blanks) || (c >= 0x80 && !blanks))
            return false;
    }
    return true;
}

static bool is_token(struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.n > 0;
}

static bool has_prefix(struct rg_str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n > n && strncasecmp(text.p, prefix, n) == 0;
}

static int check_request(const struct rg_http_request *request, struct rg_error *err)
{
    bool method = request->method.n > 0 && request->method.n <= 16;
    for (size_t i = 0; method && i < request->method.n; i++)
        method = request->method.p[i] >= 'A' && request->method.p[i] <= 'Z';
    if (!method)
        return rg_fail(err, RG_EINVAL, "expected a method of upper-case letters");
    if (request->url.n > RG_HTTP_URL_BYTES_MAX)
        return rg_fail(err, RG_EINVAL, "the URL is longer than %d bytes", RG_HTTP_URL_BYTES_MAX);
    if (!has_prefix(request->url, "http://") && !has_prefix(request->url, "https://"))
        return rg_fail(err, RG_EINVAL, "expected a URL that begins with http:// or https://");
    if (!is_visible(request->url, false))
        return rg_fail(err, RG_EINVAL, "the URL holds a space, a control character or something that is not ASCII");
    if (request->header_count > RG_HTTP_HEADERS_MAX)
        return rg_fail(err, RG_EINVAL, "more than %d headers", RG_HTTP_HEADERS_MAX);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct rg_http_header *header = &request->headers[i];
        if (header->name.n + header->value.n + 2 > RG_HTTP_HEADER_BYTES_MAX)
            return rg_fail(err, RG_EINVAL, "a header longer than %d bytes", RG_HTTP_HEADER_BYTES_MAX);
        if (!is_token(header->name))
            return rg_fail(err, RG_EINVAL, "a header's name is not a token");
        if (!is_visible(header->value, true))
            return rg_fail(err, RG_EINVAL, "the header %.*s holds a control character", RG_STR_ARG(header->name));
    }
    if (request->body.n > RG_HTTP_REQUEST_BODY_BYTES_MAX)
        return rg_fail(err, RG_EINVAL, "a body longer than %zu bytes", RG_HTTP_REQUEST_BODY_BYTES_MAX);
    return 0;
}

/* What is the same for every request: set once, when the handle is made. */
static void set_policy(const struct rg_http_client *client, struct slot *slot)
{
    CURL *easy = slot->easy;
    SET(easy, CURLOPT_PRIVATE, slot);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_NOPROXY, "*");
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (client->ca_file) {
        SET(easy, CURLOPT_CAINFO, client->ca_file);
        SET(easy, CURLOPT_CAPATH, NULL);
    }
    if (client->user_agent)
        SET(easy, CURLOPT_USERAGENT, client->user_agent);
    SET(easy, CURLOPT_TCP_NODELAY, 1L);
    SET(easy, CURLOPT_MAXAGE_CONN, KEPT_CONNECTION_SECONDS);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(easy, CURLOPT_OPENSOCKETDATA, slot);
    SET(easy, CURLOPT_HEADERFUNCTION, read_head);
    SET(easy, CURLOPT_HEADERDATA, slot);
    SET(easy, CURLOPT_WRITEFUNCTION, write_body);
    SET(easy, CURLOPT_WRITEDATA, slot);
    SET(easy, CURLOPT_PREREQFUNCTION, before_request);
    SET(easy, CURLOPT_PREREQDATA, slot);
}

static void add_header(struct slot *slot, const char *line)
{
    struct curl_slist *longer = curl_slist_append(slot->headers, line);
    rg_assert(longer != NULL);
    slot->headers = longer;
}

static void set_request(struct slot *slot, const struct rg_http_request *request)
{
    char line[RG_HTTP_HEADER_BYTES_MAX + 1], url[RG_HTTP_URL_BYTES_MAX + 1], method[17];
    CURL *easy = slot->easy;
    add_header(slot, "Expect:"); /* the library would wait for permission before a larger body */
    for (size_t i = 0; i < request->header_count; i++) {
        const struct rg_http_header *header = &request->headers[i];
        /* "Name;" is how the library spells an empty value. */
        snprintf(line, sizeof line, header->value.n ? "%.*s: %.*s" : "%.*s;%.*s", RG_STR_ARG(header->name),
                 RG_STR_ARG(header->value));
        add_header(slot, line);
    }
    snprintf(url, sizeof url, "%.*s", RG_STR_ARG(request->url));
    snprintf(method, sizeof method, "%.*s", RG_STR_ARG(request->method));
    SET(easy, CURLOPT_URL, url);
    SET(easy, CURLOPT_HTTPHEADER, slot->headers);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout_ms > 0 ? request->timeout_ms : 1));
    SET(easy, CURLOPT_NOBODY, 0L);
    if (request->body.p) {
        rg_buf_add_str(&slot->body, request->body);
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        SET(easy, CURLOPT_POSTFIELDS, rg_buf_cstr(&slot->body)); /* not copied: the slot keeps it */
    } else {
        SET(easy, CURLOPT_HTTPGET, 1L);
        if (strcmp(method, "HEAD") == 0)
            SET(easy, CURLOPT_NOBODY, 1L);
    }
    SET(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void release_slot(struct slot *slot)
{
    curl_slist_free_all(slot->headers);
    slot->headers = NULL;
    slot->next_free = slot->client->free;
    slot->client->free = slot;
    slot->client->in_flight--;
}

static struct slot *take_slot(struct rg_http_client *client)
{
    struct slot *slot = client->free;
    client->free = slot->next_free;
    client->in_flight++;
    if (slot->easy == NULL) {
        slot->easy = curl_easy_init();
        rg_assert(slot->easy != NULL);
        set_policy(client, slot);
    }
    rg_buf_reset(&slot->body);
    rg_buf_reset(&slot->answer);
    slot->head_bytes = slot->retry_after_bytes = 0;
    slot->answered = slot->body_cut = slot->held_back = slot->begun = slot->inside = false;
    return slot;
}

int rg_http_submit(struct rg_http_client *client, const struct rg_http_request *request, struct rg_error *err)
{
    int r = check_request(request, err);
    if (r < 0)
        return r;
    if (client->free == NULL)
        return rg_fail(err, RG_ELIMIT, "%zu requests are in flight already", client->in_flight_max);
    struct slot *slot = take_slot(client);
    slot->opaque = request->opaque;
    slot->start_by_ms = request->start_by_ms;
    set_request(slot, request);
    rg_assert(curl_multi_add_handle(client->multi, slot->easy) == CURLM_OK);
    return 0;
}

static bool is_certificate_error(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER || code == CURLE_SSL_ISSUER_ERROR;
}

/* Our own words: the library's may quote what it was given. */
static const char *explain(CURLcode code, const struct slot *slot, bool sent)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "the host's name cannot be resolved";
    case CURLE_COULDNT_CONNECT:
        return slot->inside ? "the host's address is private or local, which this channel does not allow"
                            : "the host refuses connections";
    case CURLE_OPERATION_TIMEDOUT: return sent ? "no answer in time" : "no connection in time";
    case CURLE_PEER_FAILED_VERIFICATION: return "the host's certificate is not valid for it";
    case CURLE_SSL_CACERT_BADFILE: return "the file of trusted certificates cannot be read";
    case CURLE_SSL_CONNECT_ERROR: return "no TLS connection could be agreed on";
    case CURLE_ABORTED_BY_CALLBACK: return "a kept connection broke while the request was sent";
    case CURLE_GOT_NOTHING: return "the connection was closed without an answer";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: return "the answer is not HTTP";
    case CURLE_WRITE_ERROR: return "the answer's headers are too long";
    default: return sent ? "the connection broke before an answer" : "the connection broke before the request";
    }
}

static void finish(struct slot *slot, CURLcode code, rg_http_done_fn *on_done, void *ctx)
{
    struct rg_http_response response = {.opaque = slot->opaque, .detail = ""};
    long status = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    if (slot->answered) {
        response.fate = RG_HTTP_ANSWERED;
        response.status = (int)status;
        response.body = slot->answer.data ? rg_buf_str(&slot->answer) : RG_STR("");
        response.body_cut = slot->body_cut || code != CURLE_OK;
        if (slot->retry_after_bytes > 0)
            response.retry_after = (struct rg_str){slot->retry_after, slot->retry_after_bytes};
    } else if (slot->held_back) {
        response.fate = RG_HTTP_NOT_STARTED;
        response.detail = "the time to begin had passed";
    } else {
        response.fate = slot->begun ? RG_HTTP_UNKNOWN : RG_HTTP_NOT_SENT;
        response.certificate = !slot->begun && is_certificate_error(code);
        response.detail = explain(code, slot, slot->begun);
    }
    on_done(&response, ctx);
}

static size_t collect(struct rg_http_client *client, rg_http_done_fn *on_done, void *ctx)
{
    size_t ended = 0;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result; /* the message dies with the removal */
        struct slot *slot = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
        rg_assert(slot != NULL && slot->easy == easy);
        (void)curl_multi_remove_handle(client->multi, easy); /* fails only for handles that are not in it */
        finish(slot, code, on_done, ctx);
        release_slot(slot);
        ended++;
    }
    return ended;
}

size_t rg_http_poll(struct rg_http_client *client, int64_t timeout_ms, rg_http_done_fn *on_done, void *ctx)
{
    int running;
    (void)curl_multi_perform(client->multi, &running); /* errors belong to the transfers, which report them */
    size_t ended = collect(client, on_done, ctx);
    if (ended > 0 || timeout_ms <= 0)
        return ended;
    (void)curl_multi_poll(client->multi, NULL, 0, (int)(timeout_ms < 60000 ? timeout_ms : 60000), NULL);
    (void)curl_multi_perform(client->multi, &running);
    return collect(client, on_done, ctx);
}

size_t rg_http_in_flight(const struct rg_http_client *client)
{
    return client->in_flight;
}

void rg_http_wake(struct rg_http_client *client)
{
    (void)curl_multi_wakeup(client->multi);
}
