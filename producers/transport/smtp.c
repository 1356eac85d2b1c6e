/* One connection for each thread of a pool. Each attempt is watched from outside the library, and judged by what was said
 * (smtp_talk.h). The read callback is called once more when all bytes are on the wire, and only its answer lets the library
 * write the closing dot: there the clock is looked at for the last time. Whatever fails before that dot has delivered nothing.
 *
 * A server may have closed a kept connection. If such an attempt fails before the server agreed to take data, it is made
 * once more on a fresh one. Anything else is the caller's to repeat. */
#include "producers/transport/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "producers/render/mime.h"
#include "producers/transport/pool.h"
#include "producers/transport/smtp_talk.h"

#define CONNECT_TIMEOUT_MS 15000
#define KEPT_CONNECTION_SECONDS 60L
#define URL_BYTES_MAX 512
#define SOCKETS_MAX 8 /* one kept, one new, and those of addresses tried side by side */
static_assert(RG_SMTP_CONNECTIONS_MAX <= RG_POOL_WORKERS_MAX, "a thread for each connection");

struct smtp;

struct worker {
    struct smtp *smtp;
    CURL *easy;
    struct curl_slist *recipient;
    curl_socket_t sockets[SOCKETS_MAX]; /* open ones, −1 elsewhere */
    bool goodbye; /* we said QUIT: what is answered now answers that. An old connection may be left before a new one is opened */
};

/* One try to deliver one mail. */
struct attempt {
    struct smtp *smtp;
    struct worker *worker;
    const struct rg_transport_job *job;
    size_t sent;
    bool expired;
    struct rg_smtp_talk talk;
};

struct smtp {
    struct rg_transport base;
    const struct rg_clock *clock;
    char *url, *ca_file, *from, *user, *password;
    enum rg_smtp_tls tls;
    int64_t timeout_ms;
    struct rg_pool *pool;
    struct worker *workers;
    size_t worker_count;
};

#define SET(easy, option, value) rg_assert(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* ---- sockets ---- */

/* The library says QUIT before it closes a connection and waits for the answer, minutes if need be. A socket whose reading
 * half is shut lets it say so and ends the wait at once. */
static void shut_sockets(const struct worker *worker, int how)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (worker->sockets[i] >= 0)
            (void)shutdown(worker->sockets[i], how); /* not connected: nothing to shut */
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct worker *worker = ctx;
    (void)purpose; /* SMTP knows one */
    worker->goodbye = false;
    curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    for (size_t i = 0; i < SOCKETS_MAX && fd >= 0; i++) {
        if (worker->sockets[i] < 0) {
            worker->sockets[i] = fd;
            return fd;
        }
    }
    if (fd >= 0)
        close(fd);
    return CURL_SOCKET_BAD;
}

static int close_socket(void *ctx, curl_socket_t fd)
{
    struct worker *worker = ctx;
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (worker->sockets[i] == fd)
            worker->sockets[i] = -1;
    return close(fd);
}

/* ---- one attempt ---- */

/* Commands as they leave. */
static int watch_commands(CURL *easy, curl_infotype type, char *bytes, size_t n, void *ctx)
{
    (void)easy;
    static const char quit[] = "QUIT\r";
    struct attempt *a = ctx;
    if (type != CURLINFO_HEADER_OUT)
        return 0;
    if (n >= sizeof quit - 1 && memcmp(bytes, quit, sizeof quit - 1) == 0) {
        a->worker->goodbye = true;
        shut_sockets(a->worker, SHUT_RD);
    }
    rg_smtp_talk_command(&a->talk, (struct rg_str){bytes, n});
    return 0;
}

static size_t watch_replies(char *line, size_t size, size_t count, void *ctx)
{
    struct attempt *a = ctx;
    size_t n = size * count;
    if (!a->worker->goodbye)
        rg_smtp_talk_reply(&a->talk, (struct rg_str){line, n});
    return n;
}

static bool is_late(const struct attempt *a)
{
    return rg_boot_ms(a->smtp->clock) > a->job->deadline_boot_ms;
}

static size_t read_mail(char *to, size_t size, size_t count, void *ctx)
{
    struct attempt *a = ctx;
    size_t room = size * count, left = a->job->payload.n - a->sent;
    if (left > 0) {
        size_t n = left < room ? left : room;
        memcpy(to, a->job->payload.p + a->sent, n);
        a->sent += n;
        return n;
    }
    /* All is on the wire but the dot: the last look. */
    if (is_late(a)) {
        a->expired = true;
        shut_sockets(a->worker, SHUT_RDWR); /* whatever the library does next, no dot leaves any more */
        return CURL_READFUNC_ABORT;
    }
    rg_smtp_talk_dot(&a->talk);
    return 0;
}

static int watch_stopping(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct attempt *a = ctx;
    return atomic_load(rg_pool_stopping(a->smtp->pool));
}

static void set_policy(const struct smtp *smtp, CURL *easy)
{
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(easy, CURLOPT_PROXY, "");
    SET(easy, CURLOPT_NOPROXY, "*");
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_USE_SSL, (long)(smtp->tls == RG_SMTP_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (smtp->ca_file) {
        SET(easy, CURLOPT_CAINFO, smtp->ca_file);
        SET(easy, CURLOPT_CAPATH, NULL);
    }
    if (smtp->user) {
        SET(easy, CURLOPT_USERNAME, smtp->user);
        SET(easy, CURLOPT_PASSWORD, smtp->password);
    }
    SET(easy, CURLOPT_MAXAGE_CONN, KEPT_CONNECTION_SECONDS);
}

static void set_mail(struct worker *worker, struct attempt *a, bool fresh)
{
    CURL *easy = worker->easy;
    const struct smtp *smtp = worker->smtp;
    char to[RG_MIME_ADDRESS_BYTES_MAX + 1];
    int64_t left = a->job->deadline_boot_ms - rg_boot_ms(smtp->clock);
    int64_t timeout = left < smtp->timeout_ms ? left : smtp->timeout_ms;
    timeout = timeout > 0 ? timeout : 1; /* 0 would mean for ever */
    snprintf(to, sizeof to, "%.*s", RG_STR_ARG(a->job->to));
    curl_slist_free_all(worker->recipient);
    worker->recipient = curl_slist_append(NULL, to);
    rg_assert(worker->recipient != NULL);
    SET(easy, CURLOPT_URL, smtp->url);
    SET(easy, CURLOPT_MAIL_FROM, smtp->from);
    SET(easy, CURLOPT_MAIL_RCPT, worker->recipient);
    SET(easy, CURLOPT_UPLOAD, 1L);
    SET(easy, CURLOPT_READFUNCTION, read_mail); /* no size is told: the library then asks once more at the end */
    SET(easy, CURLOPT_READDATA, a);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)timeout);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout < CONNECT_TIMEOUT_MS ? timeout : CONNECT_TIMEOUT_MS));
    SET(easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(easy, CURLOPT_OPENSOCKETDATA, worker);
    SET(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(easy, CURLOPT_CLOSESOCKETDATA, worker);
    SET(easy, CURLOPT_HEADERFUNCTION, watch_replies);
    SET(easy, CURLOPT_HEADERDATA, a);
    SET(easy, CURLOPT_VERBOSE, 1L); /* turns the watching of commands on; nothing is printed */
    SET(easy, CURLOPT_DEBUGFUNCTION, watch_commands);
    SET(easy, CURLOPT_DEBUGDATA, a);
    SET(easy, CURLOPT_NOPROGRESS, 0L);
    SET(easy, CURLOPT_XFERINFOFUNCTION, watch_stopping);
    SET(easy, CURLOPT_XFERINFODATA, a);
}

/* ---- judging ---- */

static const char *explain_certificate(CURL *easy)
{
    long why = 0; /* X509_V_… of OpenSSL; the name is looked at before the library fetches it, so 1 (unset) is the name */
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &why);
    switch (why) {
    case 0:
    case 1: return "the server's certificate is for another host name";
    case 9: return "the server's certificate is not valid yet";
    case 10: return "the server's certificate has expired";
    case 18:
    case 19:
    case 20:
    case 21: return "the server's certificate is signed by nobody we trust";
    default: return "the server's certificate cannot be verified";
    }
}

static const char *explain_channel(CURL *easy, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "the server's name cannot be resolved";
    case CURLE_COULDNT_CONNECT: return "the server refuses connections";
    case CURLE_OPERATION_TIMEDOUT: return "the server does not answer in time";
    case CURLE_PEER_FAILED_VERIFICATION: return explain_certificate(easy);
    case CURLE_SSL_CONNECT_ERROR: return "no TLS connection could be agreed on";
    case CURLE_SSL_CACERT_BADFILE: return "the file of trusted certificates cannot be read";
    case CURLE_USE_SSL_FAILED: return "the server offers no TLS and the channel requires it";
    case CURLE_LOGIN_DENIED: return "the server refuses the login";
    default: return "the connection broke";
    }
}

static void judge(const struct attempt *a, CURL *easy, CURLcode code, struct rg_transport_result *result)
{
    *result = (struct rg_transport_result){.job = a->job};
    if (a->expired) {
        result->verdict = RG_VERDICT_EXPIRED;
        snprintf(result->detail, sizeof result->detail, "its time ended before the mail did");
    } else {
        rg_smtp_talk_judge(&a->talk, code == CURLE_OK, explain_channel(easy, code), result);
    }
}

static bool is_dead_connection(const struct attempt *a, CURL *easy, CURLcode code)
{
    long opened = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
    bool broke = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING; /* a refusal is a SEND_ERROR, too */
    return opened == 0 && !a->talk.data_agreed && ((broke && a->talk.code < 400) || a->talk.code == 421);
}

static void deliver(void *ctx, const struct rg_transport_job *job, struct rg_transport_result *result)
{
    struct worker *worker = ctx;
    for (bool fresh = false;; fresh = true) {
        struct attempt a = {.smtp = worker->smtp, .worker = worker, .job = job};
        worker->goodbye = false;
        CURLcode code = CURLE_OK;
        if (is_late(&a)) {
            a.expired = true;
        } else {
            curl_easy_reset(worker->easy); /* options only, connections stay */
            set_policy(worker->smtp, worker->easy);
            set_mail(worker, &a, fresh);
            code = curl_easy_perform(worker->easy);
        }
        if (!fresh && !a.expired && code != CURLE_OK && is_dead_connection(&a, worker->easy, code))
            continue;
        judge(&a, worker->easy, code, result);
        return;
    }
}

/* ---- the transport ---- */

static struct smtp *smtp_of(const struct rg_transport *transport)
{
    return (struct smtp *)(uintptr_t)transport; /* its first member */
}

static int submit(struct rg_transport *transport, const struct rg_transport_job *job, struct rg_error *err)
{
    int r = rg_mime_address_check(job->to, err);
    if (r < 0)
        return r;
    if (job->payload.n == 0)
        return rg_fail(err, RG_EINVAL, "the mail is empty");
    return rg_pool_submit(smtp_of(transport)->pool, job, err);
}

static size_t poll_results(struct rg_transport *transport, int64_t timeout_ms, struct rg_transport_result *results,
                           size_t results_max)
{
    return rg_pool_poll(smtp_of(transport)->pool, timeout_ms, results, results_max);
}

static size_t in_flight(const struct rg_transport *transport)
{
    return rg_pool_in_flight(smtp_of(transport)->pool);
}

static enum rg_evidence best_evidence(const struct rg_transport *transport)
{
    (void)transport;
    return RG_EVIDENCE_ACCEPTED; /* a 250 is never "delivered" */
}

static void wake(struct rg_transport *transport)
{
    rg_pool_wake(smtp_of(transport)->pool);
}

static void drain(struct rg_transport *transport)
{
    rg_pool_drain(smtp_of(transport)->pool);
}

static void close_all(struct rg_transport **transport)
{
    if (*transport == NULL)
        return;
    struct smtp *smtp = smtp_of(*transport);
    rg_pool_stop(smtp->pool);
    for (size_t i = 0; i < smtp->worker_count; i++) {
        shut_sockets(&smtp->workers[i], SHUT_RD);
        curl_easy_cleanup(smtp->workers[i].easy);
        curl_slist_free_all(smtp->workers[i].recipient);
    }
    rg_pool_free(&smtp->pool);
    if (smtp->password)
        explicit_bzero(smtp->password, strlen(smtp->password));
    rg_free(&smtp->url);
    rg_free(&smtp->ca_file);
    rg_free(&smtp->from);
    rg_free(&smtp->user);
    rg_free(&smtp->password);
    rg_free(&smtp->workers);
    rg_free(transport);
    curl_global_cleanup();
}

static const struct rg_transport_ops smtp_ops = {
    .name = "smtp",
    .submit = submit,
    .poll = poll_results,
    .in_flight = in_flight,
    .best_evidence = best_evidence,
    .wake = wake,
    .drain = drain,
    .close = close_all,
};

/* ---- construction ---- */

static bool is_host_text(const char *text, const char *also)
{
    for (const char *p = text; *p; p++) {
        bool alnum = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (!alnum && !strchr(also, *p))
            return false;
    }
    return *text != '\0';
}

static int check_config(const struct rg_smtp_config *config, struct rg_error *err)
{
    bool implicit = strncmp(config->url, "smtps://", 8) == 0;
    if (!implicit && strncmp(config->url, "smtp://", 7) != 0)
        return rg_fail(err, RG_EINVAL, "expected a url such as smtp://host:587 or smtps://host:465");
    if (!is_host_text(config->url + (implicit ? 8 : 7), ".-:[]") || strlen(config->url) > URL_BYTES_MAX / 2)
        return rg_fail(err, RG_EINVAL, "expected a host and a port after %s, and nothing else",
                       implicit ? "smtps://" : "smtp://");
    if (config->helo && (!is_host_text(config->helo, ".-") || strlen(config->helo) > URL_BYTES_MAX / 4))
        return rg_fail(err, RG_EINVAL, "expected a host name as helo");
    if (implicit && config->tls == RG_SMTP_TLS_OFF)
        return rg_fail(err, RG_EINVAL, "smtps:// is TLS from the first byte; tls: off contradicts it");
    if ((config->user == NULL) != (config->password == NULL))
        return rg_fail(err, RG_EINVAL, "expected both user and password, or none");
    if (config->user && config->tls == RG_SMTP_TLS_OFF)
        return rg_fail(err, RG_EREFUSED, "a password is not sent without TLS; set tls: required");
    if (config->connections > RG_SMTP_CONNECTIONS_MAX)
        return rg_fail(err, RG_EINVAL, "at most %d connections", RG_SMTP_CONNECTIONS_MAX);
    struct rg_error why;
    if (rg_mime_address_check(rg_str(config->from), &why) < 0)
        return rg_fail(err, RG_EINVAL, "from: %s", why.text);
    return 0;
}

static char *copy(const char *text)
{
    return text ? rg_strdup(text) : NULL;
}

static void start_workers(struct smtp *smtp, size_t count)
{
    smtp->worker_count = count;
    smtp->workers = rg_alloc(count * sizeof *smtp->workers);
    for (size_t i = 0; i < count; i++) {
        struct worker *worker = &smtp->workers[i];
        worker->smtp = smtp;
        for (size_t k = 0; k < SOCKETS_MAX; k++)
            worker->sockets[k] = -1;
        worker->easy = curl_easy_init();
        rg_assert(worker->easy != NULL);
        rg_pool_add(smtp->pool, worker);
    }
}

int rg_transport_smtp_new(const struct rg_smtp_config *config, struct rg_transport **ret_transport, struct rg_error *err)
{
    int r = check_config(config, err);
    if (r < 0)
        return r;
    rg_assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    size_t connections = config->connections ? config->connections : 4;
    struct smtp *smtp = rg_alloc(sizeof *smtp);
    smtp->base.ops = &smtp_ops;
    smtp->clock = config->clock;
    char url[URL_BYTES_MAX];
    snprintf(url, sizeof url, "%s/%s", config->url, config->helo ? config->helo : "");
    smtp->url = rg_strdup(url);
    smtp->ca_file = copy(config->ca_file);
    smtp->from = rg_strdup(config->from);
    smtp->user = copy(config->user);
    smtp->password = copy(config->password);
    smtp->tls = config->tls;
    smtp->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : 60000;
    smtp->pool = rg_pool_new(config->in_flight_max ? config->in_flight_max : 4 * connections, deliver);
    start_workers(smtp, connections);
    *ret_transport = &smtp->base;
    return 0;
}
