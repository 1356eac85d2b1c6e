/* Commands out, replies in. Commands are written in the wire's form straight into one bounded buffer; replies are read
 * while sending too, so that a server with full socket buffers on both sides cannot hold us up.
 *
 * Received bytes wait in `in` and reach the reader in small pieces, because the reader moves all it holds to the front
 * after each reply: with a whole pipeline inside, that would cost the square of its length. Only rg_redis_next feeds it,
 * and does not return before a whole reply or death, so no half-built reply is ever alive when replies are released. */
#include "base/redis/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define RECEIVE_BYTES ((size_t)32 * 1024)
#define FEED_BYTES ((size_t)8 * 1024)

/* "*3\r\n" and "$200\r\n" */
static void add_count(struct rg_buf *buf, char mark, size_t count)
{
    char memory[RG_I64_TEXT_MAX];
    rg_buf_addc(buf, mark);
    rg_buf_add_str(buf, rg_i64_to_str((int64_t)count, memory));
    rg_buf_add(buf, "\r\n", 2);
}

void rg_redis_begin(struct rg_redis *redis, size_t argc)
{
    rg_assert(redis->args_left == 0);
    rg_assert(argc > 0);
    redis->args_left = argc;
    if (redis->fd < 0)
        return;
    redis->queued++;
    add_count(&redis->out, '*', argc);
}

void rg_redis_arg(struct rg_redis *redis, struct rg_str arg)
{
    rg_assert(redis->args_left > 0);
    redis->args_left--;
    if (redis->fd < 0)
        return;
    add_count(&redis->out, '$', arg.n);
    rg_buf_add_str(&redis->out, arg);
    rg_buf_add(&redis->out, "\r\n", 2);
}

void rg_redis_arg_int(struct rg_redis *redis, int64_t number)
{
    char memory[RG_I64_TEXT_MAX];
    rg_redis_arg(redis, rg_i64_to_str(number, memory));
}

void rg_redis_push(struct rg_redis *redis, const struct rg_str *argv, size_t argc)
{
    rg_redis_begin(redis, argc);
    for (size_t i = 0; i < argc; i++)
        rg_redis_arg(redis, argv[i]);
}

static int fail_dead(const struct rg_redis *redis, struct rg_error *err)
{
    if (err != NULL)
        *err = redis->dead;
    return redis->dead.code;
}

/* After the deadline one look is still taken at what is there already. */
static RG_MUST_USE int wait_ready(struct rg_redis *redis, short events, short *ret_events, struct rg_error *err)
{
    for (;;) {
        int64_t left = redis->deadline_ms - rg_redis_now_ms();
        struct pollfd p = {.fd = redis->fd, .events = events};
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0) {
            *ret_events = p.revents;
            return 0;
        }
        if (n == 0)
            return rg_redis_kill(redis, err, RG_ETIMEOUT, "no answer in time, %zu replies were due", redis->due);
        if (errno != EINTR)
            return rg_redis_kill(redis, err, RG_EIO, "poll: %s", strerrordesc_np(errno));
    }
}

static int kill_too_big(struct rg_redis *redis, struct rg_error *err)
{
    return rg_redis_kill(redis, err, RG_ELIMIT, "replies need more than %zu bytes of memory", redis->replies_bytes_max);
}

/* Makes room before it grows: what the reader has got already is dropped. */
static void drop_fed(struct rg_redis *redis)
{
    if (redis->in_at == 0)
        return;
    redis->in.len -= redis->in_at;
    memmove(redis->in.data, redis->in.data + redis->in_at, redis->in.len);
    redis->in_at = 0;
}

/* Takes what has arrived; nothing is no error. */
static RG_MUST_USE int receive(struct rg_redis *redis, struct rg_error *err)
{
    char bytes[RECEIVE_BYTES];
    ssize_t n = recv(redis->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0 && errno != ECONNRESET)
        return rg_redis_kill(redis, err, RG_EIO, "recv: %s", strerrordesc_np(errno));
    if (n <= 0) {
        redis->ended = true;
        return 0;
    }
    drop_fed(redis);
    if (redis->in.len + redis->reader->len + (size_t)n > redis->replies_bytes_max)
        return kill_too_big(redis, err);
    rg_buf_add(&redis->in, bytes, (size_t)n);
    return 0;
}

int rg_redis_send_queued(struct rg_redis *redis, struct rg_error *err)
{
    redis->due += redis->queued;
    redis->queued = 0;
    for (size_t sent = 0; sent < redis->out.len && !redis->ended;) {
        ssize_t n = send(redis->fd, redis->out.data + sent, redis->out.len - sent, MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET)
            break; /* the server's last words may explain it; rg_redis_next reads them and then meets the end */
        if (errno != EAGAIN && errno != EINTR)
            return rg_redis_kill(redis, err, RG_EIO, "send: %s", strerrordesc_np(errno));
        short events = 0;
        int rc = wait_ready(redis, POLLIN | POLLOUT, &events, err);
        if (rc == 0 && (events & POLLIN) != 0)
            rc = receive(redis, err);
        if (rc < 0)
            return rc;
    }
    rg_buf_reset(&redis->out);
    return 0;
}

int rg_redis_flush(struct rg_redis *redis, struct rg_error *err)
{
    rg_assert(redis->args_left == 0);
    if (redis->fd < 0)
        return fail_dead(redis, err);
    if (redis->queued == 0)
        return 0;
    if (redis->out.overflow) {
        rg_buf_reset(&redis->out);
        redis->queued = 0;
        return rg_fail(err, RG_ELIMIT, "Redis %s: commands of more than %zu bytes at once, nothing was sent", redis->peer,
                       RG_REDIS_COMMANDS_BYTES_MAX);
    }
    redis->deadline_ms = rg_redis_now_ms() + redis->command_timeout_ms;
    return rg_redis_send_queued(redis, err);
}

/* Gives the reader more to read, from `in` or from the socket. */
static RG_MUST_USE int feed(struct rg_redis *redis, struct rg_error *err)
{
    size_t waiting = redis->in.len - redis->in_at;
    if (waiting > 0) {
        size_t n = waiting < FEED_BYTES ? waiting : FEED_BYTES;
        int rc = redisReaderFeed(redis->reader, redis->in.data + redis->in_at, n);
        rg_assert(rc == REDIS_OK); /* it fails for lack of memory only */
        redis->in_at += n;
        return 0;
    }
    if (redis->ended)
        return rg_redis_kill(redis, err, RG_EUNREACHABLE, "the server closed the connection, %zu replies were due", redis->due);
    short events = 0;
    int rc = wait_ready(redis, POLLIN, &events, err);
    return rc < 0 ? rc : receive(redis, err);
}

int rg_redis_next(struct rg_redis *redis, const struct rg_redis_reply **ret_reply, struct rg_error *err)
{
    if (redis->fd < 0)
        return fail_dead(redis, err);
    rg_assert(redis->due > 0);
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK) {
            if (redis->replies_too_big)
                return kill_too_big(redis, err);
            char why[128];
            memcpy(why, redis->reader->errstr, sizeof why);
            return rg_redis_kill(redis, err, RG_EIO, "this is not Redis talking: %s", why);
        }
        if (reply != NULL) {
            redis->due--;
            *ret_reply = reply;
            return 0;
        }
        int rc = feed(redis, err);
        if (rc < 0)
            return rc;
    }
}

size_t rg_redis_due(const struct rg_redis *redis)
{
    return redis->due;
}

void rg_redis_release(struct rg_redis *redis)
{
    rg_arena_reset(redis->arena);
    redis->replies_too_big = false;
}

int rg_redis_call(struct rg_redis *redis, const struct rg_str *argv, size_t argc, const struct rg_redis_reply **ret_reply,
                  struct rg_error *err)
{
    rg_assert(redis->due == 0);
    rg_assert(redis->queued == 0);
    rg_redis_push(redis, argv, argc);
    int rc = rg_redis_flush(redis, err);
    return rc < 0 ? rc : rg_redis_next(redis, ret_reply, err);
}
