/* Whatever the other side sends in place of replies: a whole reply or a dead connection, within the limit of memory. The
 * same bytes are tried as addresses. */
#include "base/redis/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLIES_MAX ((size_t)64 * 1024)
#define INPUT_MAX ((size_t)32 * 1024) /* fits into a socket's buffer, so that one thread can play both sides */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_addresses(struct rg_str bytes)
{
    struct rg_redis_url url;
    const struct rg_redis_url from = {.host = "seed", .port = 1};
    if (rg_redis_url_parse(bytes, &url, NULL) == 0)
        rg_assert(url.is_unix ? url.path[0] == '/' : url.host[0] != '\0' && url.port > 0);
    if (rg_redis_moved_parse(bytes, &from, &url, NULL) == 0)
        rg_assert(url.host[0] != '\0' && url.port > 0);
}

/* The reader accepts seven levels at most, so this may recurse. */
static size_t count_bytes(const struct rg_redis_reply *reply)
{
    size_t n = sizeof *reply;
    if (reply->kind == RG_REDIS_STR || reply->kind == RG_REDIS_STATUS || reply->kind == RG_REDIS_ERROR) {
        rg_assert(reply->text.p[reply->text.n] == '\0');
        n += reply->text.n;
    }
    (void)rg_redis_error_kind(reply); /* any answer is fine, harm is not */
    for (size_t i = 0; i < reply->count; i++)
        n += count_bytes(&reply->items[i]);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_addresses((struct rg_str){(const char *)data, size});
    if (size > INPUT_MAX)
        return 0;
    struct rg_redis *redis RG_CLEANUP(rg_redis_free) = NULL;
    const struct rg_redis_config config = {
        .url = "unix:///fuzz", .connect_timeout_ms = 1, .command_timeout_ms = 1, .replies_bytes_max = REPLIES_MAX};
    int ends[2];
    rg_assert(rg_redis_new(&config, &redis, NULL) == 0);
    rg_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    rg_assert(size == 0 || send(ends[1], data, size, 0) == (ssize_t)size);
    (void)close(ends[1]);
    redis->fd = ends[0];
    redis->reader = rg_redis_reader_new(redis);
    redis->due = size + 1;
    const struct rg_redis_reply *reply;
    size_t bytes = 0;
    while (rg_redis_next(redis, &reply, NULL) == 0)
        bytes += count_bytes(reply);
    rg_assert(bytes <= REPLIES_MAX);
    rg_assert(!rg_redis_alive(redis));
    return 0;
}
