/* One thread, one connection at a time, blocking calls with time-outs: the peer has to be simpler than what it tests. TLS is
 * here because a client's refusals can only be seen by a server that speaks it. */
#include "tests/unit/base/http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 10

struct peer {
    const struct peer_step *steps;
    struct peer_options options;
    pthread_t thread;
    int listener, connection, port;
    SSL_CTX *tls;
    SSL *ssl;
    struct rg_buf transcript;
    char complaint[512];
};

static char join_complaint[512]; /* of the last peer joined; tests are single-threaded at that point */

static void complain(struct peer *peer, size_t step, const char *what, const char *text)
{
    snprintf(peer->complaint, sizeof peer->complaint, "step %zu: %s: %.200s", step, what, text ? text : "");
}

static ssize_t receive(struct peer *peer, char *c)
{
    ssize_t n = peer->ssl ? SSL_read(peer->ssl, c, 1) : recv(peer->connection, c, 1, 0);
    if (n == 1)
        rg_buf_addc(&peer->transcript, *c);
    return n;
}

static bool send_all(struct peer *peer, const char *text)
{
    size_t n = strlen(text);
    if (peer->ssl)
        return SSL_write(peer->ssl, text, (int)n) == (int)n;
    return send(peer->connection, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void hang_up(struct peer *peer, bool reset)
{
    struct linger now = {.l_onoff = 1};
    if (peer->ssl)
        SSL_free(peer->ssl);
    peer->ssl = NULL;
    if (peer->connection < 0)
        return;
    if (reset)
        setsockopt(peer->connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer->connection);
    peer->connection = -1;
}

static bool accept_next(struct peer *peer)
{
    hang_up(peer, false);
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    peer->connection = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    if (peer->connection < 0)
        return false;
    setsockopt(peer->connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return true;
}

/* Reads until the transcript, from here on, ends in `ending`. */
static bool read_until(struct peer *peer, const char *ending)
{
    size_t from = peer->transcript.len, n = strlen(ending);
    char c;
    while (peer->transcript.len - from < n || memcmp(peer->transcript.data + peer->transcript.len - n, ending, n) != 0)
        if (receive(peer, &c) != 1)
            return false;
    return true;
}

static bool read_http(struct peer *peer, const char *text)
{
    size_t from = peer->transcript.len;
    char c;
    if (!read_until(peer, "\r\n\r\n"))
        return false;
    const char *length = strcasestr(peer->transcript.data + from, "content-length:");
    for (long left = length ? atol(length + 15) : 0; left > 0; left--)
        if (receive(peer, &c) != 1)
            return false;
    return text == NULL || strstr(peer->transcript.data + from, text) != NULL;
}

static bool start_tls(struct peer *peer, const char *text)
{
    peer->ssl = SSL_new(peer->tls);
    SSL_set_fd(peer->ssl, peer->connection);
    return SSL_accept(peer->ssl) == 1 || (text && strcmp(text, "may fail") == 0);
}

static bool read_line(struct peer *peer, const char *text)
{
    size_t from = peer->transcript.len;
    return read_until(peer, "\n") && strncmp(peer->transcript.data + from, text, strlen(text)) == 0;
}

static bool read_to_end(struct peer *peer)
{
    char c;
    while (receive(peer, &c) == 1)
        continue;
    return true;
}

static bool play(struct peer *peer, const struct peer_step *step)
{
    switch (step->op) {
    case PEER_END: return true;
    case PEER_ACCEPT: return accept_next(peer);
    case PEER_SEND: return send_all(peer, step->text);
    case PEER_LINE: return read_line(peer, step->text);
    case PEER_UNTIL: return read_until(peer, step->text);
    case PEER_HTTP: return read_http(peer, step->text);
    case PEER_TLS: return start_tls(peer, step->text);
    case PEER_CLOSE: hang_up(peer, false); return true;
    case PEER_RESET: hang_up(peer, true); return true;
    case PEER_EOF: return read_to_end(peer);
    case PEER_CALL: peer->options.call(peer->options.ctx); return true;
    }
    return false;
}

static void *run(void *ctx)
{
    struct peer *peer = ctx;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE); /* the TLS library writes without MSG_NOSIGNAL */
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (size_t i = 0; peer->steps[i].op != PEER_END; i++) {
        if (!play(peer, &peer->steps[i])) {
            complain(peer, i, "did not happen", peer->steps[i].text);
            break;
        }
    }
    hang_up(peer, false);
    return NULL;
}

struct peer *peer_start(const struct peer_step *steps, const struct peer_options *options)
{
    struct peer *peer = rg_alloc(sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    socklen_t n = sizeof address;
    peer->steps = steps;
    if (options)
        peer->options = *options;
    peer->connection = -1;
    rg_buf_init(&peer->transcript, (size_t)16 * 1024 * 1024);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rg_assert(peer->listener >= 0);
    setsockopt(peer->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience); /* accept's as well */
    rg_assert(bind(peer->listener, (struct sockaddr *)&address, sizeof address) == 0);
    rg_assert(listen(peer->listener, 16) == 0);
    rg_assert(getsockname(peer->listener, (struct sockaddr *)&address, &n) == 0);
    peer->port = ntohs(address.sin_port);
    if (peer->options.certificate_file) {
        peer->tls = SSL_CTX_new(TLS_server_method());
        rg_assert(SSL_CTX_use_certificate_chain_file(peer->tls, peer->options.certificate_file) == 1);
        rg_assert(SSL_CTX_use_PrivateKey_file(peer->tls, peer->options.key_file, SSL_FILETYPE_PEM) == 1);
    }
    rg_assert(pthread_create(&peer->thread, NULL, run, peer) == 0);
    return peer;
}

int peer_port(const struct peer *peer)
{
    return peer->port;
}

const char *peer_join(struct peer **peer_ptr, struct rg_buf *transcript)
{
    struct peer *peer = *peer_ptr;
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    if (transcript)
        rg_buf_add_str(transcript, rg_buf_str(&peer->transcript));
    memcpy(join_complaint, peer->complaint, sizeof join_complaint);
    rg_buf_done(&peer->transcript);
    if (peer->tls)
        SSL_CTX_free(peer->tls);
    rg_free(peer_ptr);
    return join_complaint;
}
