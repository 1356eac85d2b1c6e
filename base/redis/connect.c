/* The life of a connection: born closed, connected as often as its owner likes, dead after the first error with that error
 * remembered. All waiting is poll() against a deadline on CLOCK_MONOTONIC; that is the kernel's own time for sockets and
 * decides nothing but when to give up, so it does not pass through rg_clock.
 *
 * hiredis is used for what it does well, parsing replies (redisReader, with objects of our own, see reply.c). Its
 * connection is not: it knows one time-out per read instead of a deadline, buffers without a bound, forgets user and
 * database when it reconnects, and hides which of several addresses failed. */
#include "base/redis/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FAILURES_BYTES_MAX ((size_t)150)

int64_t rg_redis_now_ms(void)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_MONOTONIC, &t);
    rg_assert(rc == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static RG_MUST_USE int check_config(const struct rg_redis_config *config, struct rg_error *err)
{
    rg_assert(config->connect_timeout_ms > 0);
    rg_assert(config->command_timeout_ms > 0);
    if (config->user != NULL && strlen(config->user) > RG_REDIS_USER_MAX)
        return rg_fail(err, RG_EINVAL, "Redis user: at most %d bytes are possible", RG_REDIS_USER_MAX);
    return 0;
}

int rg_redis_new(const struct rg_redis_config *config, struct rg_redis **ret_redis, struct rg_error *err)
{
    struct rg_redis_url url;
    int rc = check_config(config, err);
    if (rc == 0)
        rc = rg_redis_url_parse(rg_str(config->url), &url, err);
    if (rc < 0)
        return rc;
    struct rg_redis *redis = rg_alloc(sizeof *redis);
    redis->url = url;
    memcpy(redis->user, url.user, sizeof redis->user);
    if (config->user != NULL)
        memcpy(redis->user, config->user, strlen(config->user) + 1);
    redis->password = config->password != NULL ? rg_strdup(config->password) : NULL;
    redis->connect_timeout_ms = config->connect_timeout_ms;
    redis->command_timeout_ms = config->command_timeout_ms;
    redis->replies_bytes_max = config->replies_bytes_max > 0 ? config->replies_bytes_max : RG_REDIS_REPLIES_BYTES_MAX;
    redis->fd = -1;
    (void)snprintf(redis->peer, sizeof redis->peer, "%s", config->url);
    (void)rg_fail(&redis->dead, RG_EUNREACHABLE, "Redis %s: not connected yet", redis->peer);
    rg_buf_init(&redis->out, RG_REDIS_COMMANDS_BYTES_MAX);
    rg_buf_init(&redis->in, redis->replies_bytes_max);
    redis->arena = rg_arena_new(redis->replies_bytes_max + 64);
    *ret_redis = redis;
    return 0;
}

/* Back to "nothing queued, nothing due". */
static void forget_everything(struct rg_redis *redis)
{
    if (redis->fd >= 0)
        (void)close(redis->fd); /* nothing can be done about it */
    redis->fd = -1;
    redis->ended = false;
    rg_buf_reset(&redis->out);
    redis->queued = 0;
    redis->args_left = 0;
    redis->due = 0;
    rg_buf_reset(&redis->in);
    redis->in_at = 0;
    if (redis->reader != NULL)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
}

void rg_redis_free(struct rg_redis **redis)
{
    if (*redis == NULL)
        return;
    forget_everything(*redis);
    rg_buf_done(&(*redis)->out);
    rg_buf_done(&(*redis)->in);
    rg_arena_free(&(*redis)->arena);
    if ((*redis)->password != NULL)
        explicit_bzero((*redis)->password, strlen((*redis)->password));
    rg_free(&(*redis)->password);
    rg_free(redis);
}

int rg_redis_kill(struct rg_redis *redis, struct rg_error *err, int code, const char *fmt, ...)
{
    char reason[224];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    forget_everything(redis);
    (void)rg_fail(&redis->dead, code, "Redis %s: %s", redis->peer, reason);
    if (err != NULL)
        *err = redis->dead;
    return code;
}

void rg_redis_close(struct rg_redis *redis)
{
    (void)rg_redis_kill(redis, NULL, RG_EUNREACHABLE, "closed by ourselves");
}

bool rg_redis_alive(const struct rg_redis *redis)
{
    return redis->fd >= 0;
}

const char *rg_redis_user(const struct rg_redis *redis)
{
    return redis->user[0] != '\0' ? redis->user : "default";
}

const char *rg_redis_peer(const struct rg_redis *redis)
{
    return redis->peer;
}

static void name_peer(struct rg_redis *redis, const struct rg_redis_url *url)
{
    bool v6 = strchr(url->host, ':') != NULL;
    if (url->is_unix)
        (void)snprintf(redis->peer, sizeof redis->peer, "unix://%s", url->path);
    else
        (void)snprintf(redis->peer, sizeof redis->peer, "redis://%s%s%s:%d", v6 ? "[" : "", url->host, v6 ? "]" : "", url->port);
}

/* Waits for a connect in progress; 0 or an errno value. */
static int finish_connect(int fd, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - rg_redis_now_ms();
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return ETIMEDOUT;
        int error = 0;
        socklen_t size = sizeof error;
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }
}

static int try_tcp(const struct addrinfo *address, int64_t deadline_ms, int *ret_fd)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS)
        error = finish_connect(fd, deadline_ms);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);   /* only slower without */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* only later without */
    *ret_fd = fd;
    return 0;
}

/* A non-blocking connect to a Unix socket whose backlog is full fails at once and cannot be polled for; a blocking one
 * waits, as long as SO_SNDTIMEO says. */
static int try_unix(const char *path, int64_t deadline_ms, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int64_t left = deadline_ms - rg_redis_now_ms();
    left = left > 1 ? left : 1;
    const struct timeval wait = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    int rc = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (rc == 0)
        rc = connect(fd, (const struct sockaddr *)&address, sizeof address);
    if (rc == 0)
        rc = fcntl(fd, F_SETFL, O_NONBLOCK);
    if (rc == 0) {
        *ret_fd = fd;
        return 0;
    }
    int error = errno == EAGAIN ? ETIMEDOUT : errno;
    (void)close(fd);
    return error;
}

static void note_failure(struct rg_buf *failures, const struct addrinfo *address, int error)
{
    char text[NI_MAXHOST] = "?";
    (void)getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST); /* "?" will do */
    rg_buf_addf(failures, "%s%s: %s", failures->len > 0 ? "; " : "", text, strerrordesc_np(error));
}

/* Tries every address of a name; a silent one may use up only its share of the time that is left. */
static RG_MUST_USE int open_tcp(struct rg_redis *redis, const struct rg_redis_url *url, int *ret_fd, struct rg_error *err)
{
    char port[8];
    (void)snprintf(port, sizeof port, "%d", url->port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int gai = getaddrinfo(url->host, port, &hints, &list);
    if (gai != 0)
        return rg_redis_kill(redis, err, RG_EUNREACHABLE, "cannot resolve the name: %s", gai_strerror(gai));
    int left = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        left++;
    struct rg_buf failures RG_CLEANUP(rg_buf_done);
    rg_buf_init(&failures, FAILURES_BYTES_MAX);
    int fd = -1;
    int error = 0;
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next, left--) {
        int64_t now = rg_redis_now_ms();
        error = try_tcp(a, now + (redis->deadline_ms - now) / left, &fd);
        if (error != 0)
            note_failure(&failures, a, error);
    }
    freeaddrinfo(list);
    if (fd < 0)
        return rg_redis_kill(redis, err, error == ETIMEDOUT ? RG_ETIMEOUT : RG_EUNREACHABLE, "%s", rg_buf_cstr(&failures));
    *ret_fd = fd;
    return 0;
}

static RG_MUST_USE int open_unix(struct rg_redis *redis, const struct rg_redis_url *url, int *ret_fd, struct rg_error *err)
{
    int error = try_unix(url->path, redis->deadline_ms, ret_fd);
    if (error == 0)
        return 0;
    return rg_redis_kill(redis, err, error == ETIMEDOUT ? RG_ETIMEOUT : RG_EUNREACHABLE, "%s", strerrordesc_np(error));
}

/* Reads the answer to one command of the handshake. */
static RG_MUST_USE int check_greeting(struct rg_redis *redis, const char *command, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    int rc = rg_redis_next(redis, &reply, err);
    if (rc < 0)
        return rc;
    enum rg_redis_error_kind kind = rg_redis_error_kind(reply);
    bool may_not_ping = kind == RG_REDIS_NOPERM && strcmp(command, "PING") == 0; /* but was let in, which is all we ask */
    if (kind == RG_REDIS_NO_ERROR || may_not_ping)
        return 0;
    char text[160];
    (void)snprintf(text, sizeof text, "%s", reply->text.p);
    if (strcmp(command, "AUTH") == 0) /* a server or proxy that does not know the command repeats what came with it */
        text[strcspn(text, "'`\".")] = '\0';
    bool later = rg_redis_error_is_abort(kind) || strstr(text, "max number of clients") != NULL;
    if (kind == RG_REDIS_NOAUTH)
        return rg_redis_kill(redis, err, RG_EDENIED, "it wants a password and none is configured; set redis.password");
    if (strcmp(command, "AUTH") == 0 && !later)
        return rg_redis_kill(redis, err, RG_EDENIED,
                             "AUTH answered: %s; compare redis.user and redis.password with the server's ACL", text);
    int code = later ? RG_EUNREACHABLE : rg_redis_error_is_denial(kind) ? RG_EDENIED : RG_EREFUSED;
    return rg_redis_kill(redis, err, code, "%s answered: %s", command, text);
}

static RG_MUST_USE int greet(struct rg_redis *redis, const struct rg_redis_url *url, struct rg_error *err)
{
    const char *commands[3];
    size_t count = 0;
    char db[16];
    (void)snprintf(db, sizeof db, "%d", url->db);
    bool named = redis->user[0] != '\0';
    if (redis->password != NULL || named) {
        commands[count++] = "AUTH";
        rg_redis_begin(redis, named ? 3 : 2);
        rg_redis_arg(redis, RG_STR("AUTH"));
        if (named)
            rg_redis_arg(redis, rg_str(redis->user));
        rg_redis_arg(redis, rg_str(redis->password)); /* a user without a password authenticates with an empty one */
    }
    if (url->db > 0) {
        commands[count++] = "SELECT";
        RG_REDIS_PUSH(redis, RG_STR("SELECT"), rg_str(db));
    }
    commands[count++] = "PING";
    RG_REDIS_PUSH(redis, RG_STR("PING"));
    int rc = rg_redis_send_queued(redis, err);
    explicit_bzero(redis->out.data, redis->out.cap); /* held the password */
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = check_greeting(redis, commands[i], err);
    rg_redis_release(redis);
    return rc;
}

static RG_MUST_USE int connect_to(struct rg_redis *redis, const struct rg_redis_url *url, struct rg_error *err)
{
    forget_everything(redis);
    rg_redis_release(redis);
    name_peer(redis, url);
    redis->deadline_ms = rg_redis_now_ms() + redis->connect_timeout_ms;
    int fd = -1;
    int rc = url->is_unix ? open_unix(redis, url, &fd, err) : open_tcp(redis, url, &fd, err);
    if (rc < 0)
        return rc;
    redis->fd = fd;
    redis->reader = rg_redis_reader_new(redis);
    return greet(redis, url, err);
}

int rg_redis_connect(struct rg_redis *redis, struct rg_error *err)
{
    if (redis->has_followed && connect_to(redis, &redis->followed, err) == 0)
        return 0;
    redis->has_followed = false; /* that node has gone: the configured one knows where to */
    return connect_to(redis, &redis->url, err);
}

int rg_redis_follow(struct rg_redis *redis, const struct rg_redis_reply *moved, struct rg_error *err)
{
    if (rg_redis_error_kind(moved) != RG_REDIS_MOVED)
        return rg_fail(err, RG_EINVAL, "Redis %s: expected a MOVED to follow", redis->peer);
    struct rg_redis_url node;
    const struct rg_redis_url *from = redis->has_followed ? &redis->followed : &redis->url;
    int rc = rg_redis_moved_parse(moved->text, from, &node, err);
    if (rc == 0)
        rc = connect_to(redis, &node, err);
    if (rc < 0)
        return rc;
    redis->followed = node;
    redis->has_followed = true;
    return 0;
}
