/* Stands between a store and its server and does to a transaction what a network can: keep the EXEC until it is told to send
 * it on, or keep the reply. One client at a time, on a thread of its own. */
#pragma once

#include "tests/fakes/redis_server.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum relay_fault { RELAY_FINE, RELAY_HOLD_EXEC, RELAY_DROP_REPLY };

struct relay {
    char path[104], url[128];
    int listener;
    const char *server_path;
    _Atomic int fault;    /* enum relay_fault, from the next EXEC on */
    _Atomic bool release; /* what is held may go */
    pthread_t thread;
};

static inline int relay_socket(const char *path, bool listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rg_assert(fd >= 0);
    const struct sockaddr *generic = (const struct sockaddr *)&address;
    int rc = listens ? bind(fd, generic, sizeof address) : connect(fd, generic, sizeof address);
    rg_assert(rc == 0);
    if (listens)
        rc = listen(fd, 1);
    rg_assert(rc == 0);
    return fd;
}

/* One connection, to its end. The stores under test send a transaction in one write, small enough for one read. */
static inline void *relay_run(void *ctx)
{
    struct relay *r = ctx;
    char bytes[65536];
    bool muted = false;
    int client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC), server = relay_socket(r->server_path, false);
    rg_assert(client >= 0);
    for (;;) {
        struct pollfd p[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        (void)poll(p, 2, -1);
        if (p[1].revents != 0) {
            ssize_t n = recv(server, bytes, sizeof bytes, 0);
            if (n <= 0)
                break;
            if (!muted)
                (void)send(client, bytes, (size_t)n, MSG_NOSIGNAL); /* its end is met when it is read */
        }
        if (p[0].revents == 0)
            continue;
        ssize_t n = recv(client, bytes, sizeof bytes, 0);
        if (n <= 0)
            break;
        bool exec = memmem(bytes, (size_t)n, "EXEC", 4) != NULL;
        muted = muted || (exec && atomic_load(&r->fault) == RELAY_DROP_REPLY);
        while (exec && atomic_load(&r->fault) == RELAY_HOLD_EXEC && !atomic_load(&r->release))
            (void)poll(NULL, 0, 1);
        (void)send(server, bytes, (size_t)n, MSG_NOSIGNAL);
    }
    (void)shutdown(server, SHUT_WR);
    while (recv(server, bytes, sizeof bytes, 0) > 0)
        continue; /* until the server has executed all it was sent */
    (void)close(client);
    (void)close(server);
    return NULL;
}

static inline void relay_start(struct relay *r, const struct rg_redis_server *server)
{
    *r = (struct relay){.server_path = rg_redis_server_socket(server)};
    (void)snprintf(r->path, sizeof r->path, "%s/relay.sock", rg_redis_server_dir(server));
    (void)snprintf(r->url, sizeof r->url, "unix://%s", r->path);
    r->listener = relay_socket(r->path, true);
    int rc = pthread_create(&r->thread, NULL, relay_run, r);
    rg_assert(rc == 0);
}

/* The client must have gone, or its connection be dead. */
static inline void relay_stop(struct relay *r)
{
    int rc = pthread_join(r->thread, NULL);
    rg_assert(rc == 0);
    (void)close(r->listener);
    (void)unlink(r->path);
}
