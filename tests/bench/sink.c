/* One thread over epoll. Enough of each protocol for a client that behaves: commands line by line, a mail up to its lone dot, a
 * request up to the end of its body. */
#include "tests/bench/sink.h"

#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 64
#define IN_BYTES ((size_t)64 * 1024)

struct peer {
    int fd;
    bool smtp, in_mail;
    size_t n;
    char in[IN_BYTES];
};

static void say(const struct peer *peer, const char *text)
{
    size_t n = strlen(text);
    if (send(peer->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        _exit(3); /* the little that is said always fits */
}

static void forget(struct peer *peer, size_t n)
{
    peer->n -= n;
    memmove(peer->in, peer->in + n, peer->n);
}

/* Whether something was used up. */
static bool serve_smtp(struct peer *peer)
{
    if (peer->in_mail) {
        char *end = memmem(peer->in, peer->n, "\r\n.\r\n", 5);
        if (end == NULL) {
            if (peer->n > 4)
                forget(peer, peer->n - 4); /* the mail itself is of no interest */
            return false;
        }
        forget(peer, (size_t)(end + 5 - peer->in));
        peer->in_mail = false;
        say(peer, "250 2.0.0 Ok: queued as 4ZkT1Y0m3Yz9v\r\n");
        return true;
    }
    char *end = memchr(peer->in, '\n', peer->n);
    if (end == NULL)
        return false;
    bool data = peer->n >= 4 && memcmp(peer->in, "DATA", 4) == 0, hello = memcmp(peer->in, "EHLO", 4) == 0;
    forget(peer, (size_t)(end + 1 - peer->in));
    peer->in_mail = data;
    say(peer, data ? "354 go on\r\n" : hello ? "250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n" : "250 2.1.0 Ok\r\n");
    return true;
}

static bool serve_http(struct peer *peer)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"id\":\"SM0123456789abcdef\"}";
    char *end = memmem(peer->in, peer->n, "\r\n\r\n", 4);
    if (end == NULL)
        return false;
    size_t head = (size_t)(end + 4 - peer->in), body = 0;
    *end = '\0';
    const char *length = strcasestr(peer->in, "\r\nContent-Length:");
    *end = '\r';
    if (length != NULL)
        body = strtoul(length + 17, NULL, 10);
    if (peer->n < head + body)
        return false;
    forget(peer, head + body);
    say(peer, answer);
    return true;
}

static int listen_on(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, 128) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        bench_fail("the sink cannot listen: %s", strerror(errno));
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        _exit(4);
}

static void take_peer(int epoll, int listener, bool smtp)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct peer *peer = rg_alloc(sizeof *peer);
    peer->fd = fd;
    peer->smtp = smtp;
    watch(epoll, fd, peer);
    if (smtp)
        say(peer, "220 sink ESMTP\r\n");
}

static void serve(struct peer *peer)
{
    ssize_t n = recv(peer->fd, peer->in + peer->n, IN_BYTES - peer->n, 0);
    if (n <= 0) {
        (void)close(peer->fd);
        free(peer);
        return;
    }
    peer->n += (size_t)n;
    while (peer->smtp ? serve_smtp(peer) : serve_http(peer))
        continue;
}

_Noreturn static void run(const int listeners[2])
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int *which[] = {(int *)(uintptr_t)&listeners[0], (int *)(uintptr_t)&listeners[1]};
    for (int i = 0; i < 2; i++)
        watch(epoll, listeners[i], which[i]);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == which[0] || what == which[1])
                take_peer(epoll, *(int *)what, what == which[0]);
            else
                serve(what);
        }
    }
}

void sink_start(struct sink *sink)
{
    int listeners[2] = {listen_on(&sink->smtp_port), listen_on(&sink->http_port)};
    pid_t parent = getpid();
    sink->pid = fork();
    if (sink->pid < 0)
        bench_fail("the sink cannot be started: %s", strerror(errno));
    if (sink->pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        run(listeners);
    }
    for (int i = 0; i < 2; i++)
        (void)close(listeners[i]);
}

void sink_stop(struct sink *sink)
{
    (void)kill(sink->pid, SIGKILL);
    (void)waitpid(sink->pid, NULL, 0);
}
