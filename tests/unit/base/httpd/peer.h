/* The other end of a server's socket: sends what it is given, reads to the end. For tests of everything that listens. */
#pragma once

#include "base/core/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define RG_PEER_WAIT_S 20 /* a test that waits longer has failed */

static inline int rg_peer_connect(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = RG_PEER_WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rg_assert(fd >= 0);
    int rc = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    rg_assert(rc == 0);
    rc = connect(fd, (const struct sockaddr *)&to, sizeof to);
    rg_assert(rc == 0);
    return fd;
}

/* False when the other side has gone. */
static inline bool rg_peer_send(int fd, struct rg_str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return true;
}

/* Appends until the other side closes; false when it did not within RG_PEER_WAIT_S. */
static inline bool rg_peer_read(int fd, struct rg_buf *into)
{
    char bytes[4096];
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n == 0)
            return true;
        if (n < 0)
            return errno == ECONNRESET;
        rg_buf_add(into, bytes, (size_t)n);
    }
}

/* One exchange: the whole answer, head and body. */
static inline void rg_peer_ask(uint16_t port, struct rg_str request, struct rg_buf *into)
{
    int fd = rg_peer_connect(port);
    bool sent = rg_peer_send(fd, request);
    bool whole = rg_peer_read(fd, into);
    (void)sent; /* a server that refuses by the headers need not read the rest */
    rg_assert(whole);
    (void)close(fd);
}
