/* A thread for each client. It says everything as soon as it is asked the first thing, and then that it will say no more: replies are
 * taken in their order, so nobody has to understand the questions. */
#include "tests/fakes/redis_script.h"

#include "base/core/buf.h"
#include "daemon/state/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEARD_BYTES_MAX 4096
#define SAID_BYTES_MAX ((size_t)1 << 20)
#define FENCE ":own\r\n$32\r\n"
#define TOKEN_BYTES 32

void rg_redis_script_open(struct rg_redis_script *script)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *script = (struct rg_redis_script){.directory = "/tmp/regua-redis-XXXXXX"};
    rg_assert(mkdtemp(script->directory) != NULL);
    (void)snprintf(script->path, sizeof script->path, "%s/s", script->directory);
    (void)snprintf(script->url, sizeof script->url, "unix://%s", script->path);
    memcpy(address.sun_path, script->path, sizeof script->path);
    script->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rg_assert(script->fd >= 0 && bind(script->fd, (const struct sockaddr *)&address, sizeof address) == 0);
    rg_assert(listen(script->fd, 1) == 0);
}

void rg_redis_script_close(struct rg_redis_script *script)
{
    (void)close(script->fd);
    (void)unlink(script->path); /* a temporary directory: what stays does no harm */
    (void)rmdir(script->directory);
}

/* Reads until `word` and `more` bytes behind it have come: where those are, NULL when the client went before. */
static const char *hear(int fd, char heard[HEARD_BYTES_MAX], const char *word, size_t more)
{
    size_t n = 0;
    while (n < HEARD_BYTES_MAX) {
        ssize_t got = recv(fd, heard + n, HEARD_BYTES_MAX - n, 0);
        if (got <= 0)
            return NULL;
        n += (size_t)got;
        const char *found = memmem(heard, n, word, strlen(word));
        if (found != NULL && (size_t)(heard + n - found) >= strlen(word) + more)
            return found + strlen(word);
    }
    return NULL;
}

static void add_line(struct rg_buf *said, struct rg_str line, struct rg_str token)
{
    if (rg_str_is(line, "@own"))
        rg_buf_addf(said, "$%zu\r\n" RG_STR_FMT, token.n, RG_STR_ARG(token));
    else if (!rg_str_is(line, "@buckets"))
        rg_buf_add_str(said, line);
    for (int i = 0; rg_str_is(line, "@buckets") && i < RG_DUE_BUCKETS; i++)
        rg_buf_adds(said, i == 0 ? "*0" : "\r\n*0");
}

static void write_out(struct rg_str says, struct rg_str token, struct rg_buf *said)
{
    while (says.n > 0) {
        const char *end = memchr(says.p, '\n', says.n);
        size_t n = end != NULL ? (size_t)(end - says.p) : says.n, used = n + (end != NULL);
        bool bare = end != NULL && (n == 0 || says.p[n - 1] != '\r');
        add_line(said, (struct rg_str){says.p, n}, token);
        rg_buf_adds(said, bare ? "\r\n" : end != NULL ? "\n" : "");
        says = (struct rg_str){says.p + used, says.n - used};
    }
}

static void *serve(void *ctx)
{
    static const char pong[] = "+PONG\r\n";
    const struct rg_redis_script *script = ctx;
    struct rg_buf said RG_CLEANUP(rg_buf_done);
    char heard[HEARD_BYTES_MAX];
    const char *at = NULL;
    bool fenced = memmem(script->says.p, script->says.n, "@own", 4) != NULL;
    int fd = accept4(script->fd, NULL, NULL, SOCK_CLOEXEC);
    rg_assert(fd >= 0);
    rg_buf_init(&said, SAID_BYTES_MAX);
    if (hear(fd, heard, "PING\r\n", 0) != NULL && send(fd, pong, sizeof pong - 1, MSG_NOSIGNAL) > 0)
        at = fenced ? hear(fd, heard, FENCE, TOKEN_BYTES) : hear(fd, heard, "\r\n", 0);
    if (at != NULL)
        write_out(script->says, (struct rg_str){at, fenced ? TOKEN_BYTES : 0}, &said);
    for (size_t sent = 0; sent < said.len;) {
        ssize_t n = send(fd, said.data + sent, said.len - sent, MSG_NOSIGNAL);
        sent = n > 0 ? sent + (size_t)n : said.len; /* a client that has gone hears no more */
    }
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, heard, sizeof heard, 0) > 0)
        continue;
    (void)close(fd);
    return NULL;
}

void rg_redis_script_begin(struct rg_redis_script *script, struct rg_str says)
{
    script->says = says;
    int rc = pthread_create(&script->thread, NULL, serve, script);
    rg_assert(rc == 0);
}

void rg_redis_script_end(struct rg_redis_script *script)
{
    int rc = pthread_join(script->thread, NULL);
    rg_assert(rc == 0);
}
