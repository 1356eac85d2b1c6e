/* The scripted other side of a connection, one per test: greets, waits for a command, says what it was told to say. */
#pragma once

#include "base/redis/redis.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define REPLIES_MAX ((size_t)64 * 1024)
#define PATIENCE_MS 10000 /* where an answer is expected: only for tests that hang */
#define TIMEOUT_MS 150    /* where none is */

/* Greets a client, waits for its command (GO), sends `bytes` in pieces, then closes or keeps silent until the client goes. */
struct script {
    const char *bytes;
    size_t n;
    size_t piece;
    bool hangs;
    bool silent_connect, silent_answer; /* the client waits in vain for one of them */
    const char *greeting; /* NULL: +PONG */
    const char *word;     /* NULL: GO */
    size_t reads_bytes;   /* after having sent all */
    char dir[32];
    char path[64];
    char url[80];
    int fd;
    pthread_t thread;
};

static inline bool read_until(int fd, const char *word)
{
    char text[4096];
    size_t n = 0;
    while (n + 1 < sizeof text) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, word) != NULL)
            return true;
    }
    return false;
}

static inline void send_in_pieces(int fd, const struct script *s)
{
    for (size_t at = 0; at < s->n;) {
        size_t n = s->n - at < s->piece ? s->n - at : s->piece;
        ssize_t sent = send(fd, s->bytes + at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
}

static inline void *serve(void *ctx)
{
    const struct script *s = ctx;
    int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
    rg_assert(fd >= 0);
    const char *greeting = s->greeting != NULL ? s->greeting : "+PONG\r\n";
    if (read_until(fd, "PING\r\n") && send(fd, greeting, strlen(greeting), MSG_NOSIGNAL) > 0 &&
        read_until(fd, s->word != NULL ? s->word : "GO\r\n")) {
        send_in_pieces(fd, s);
        char bytes[4096];
        for (size_t n = 0; n < s->reads_bytes;) {
            ssize_t got = recv(fd, bytes, sizeof bytes, 0);
            if (got <= 0)
                break;
            n += (size_t)got;
        }
        char c;
        while (s->hangs && recv(fd, &c, 1, 0) > 0)
            continue;
    }
    (void)close(fd);
    return NULL;
}

static inline void start(struct script *s)
{
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/regua-redis-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->path, sizeof s->path, "%s/s", s->dir);
    (void)snprintf(s->url, sizeof s->url, "unix://%s", s->path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, s->path, strlen(s->path) + 1);
    s->piece = s->piece > 0 ? s->piece : s->n + 1;
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void stop(struct script *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
    (void)unlink(s->path);
    (void)rmdir(s->dir);
}

static inline struct rg_redis *client_of(const struct script *s)
{
    struct rg_redis *redis = NULL;
    const struct rg_redis_config config = {.url = s->url, .replies_bytes_max = REPLIES_MAX,
                                           .connect_timeout_ms = s->silent_connect ? TIMEOUT_MS : PATIENCE_MS,
                                           .command_timeout_ms = s->silent_answer ? TIMEOUT_MS : PATIENCE_MS};
    assert_int_equal(rg_redis_new(&config, &redis, NULL), 0);
    return redis;
}

/* Connects and sends `count` times GO. */
static inline struct rg_redis *start_and_go(struct script *s, size_t count)
{
    start(s);
    struct rg_redis *redis = client_of(s);
    struct rg_error err = {0};
    if (rg_redis_connect(redis, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++)
        RG_REDIS_PUSH(redis, RG_STR("GO"));
    assert_int_equal(rg_redis_flush(redis, &err), 0);
    assert_int_equal(rg_redis_due(redis), count);
    return redis;
}

static inline void finish(struct script *s, struct rg_redis *redis)
{
    rg_redis_free(&redis);
    stop(s);
}
