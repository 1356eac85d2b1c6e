/* The other side of a connection to Redis: greets as a server does and then says what it was told to say, whatever it is asked. For
 * replies that no server should give.
 *
 * What it says is RESP with lines that may end in "\n" alone. A line "@own" is the token of the fence that the client has just set,
 * "@buckets" an empty array for each bucket of due timers. */
#pragma once

#include "base/core/core.h"

#include <pthread.h>

struct rg_redis_script {
    char directory[32], path[48], url[64];
    int fd;
    struct rg_str says;
    pthread_t thread;
};

void rg_redis_script_open(struct rg_redis_script *script);
void rg_redis_script_close(struct rg_redis_script *script);

/* Speaks to the next that connects, once, until that one goes. `says` is borrowed until rg_redis_script_end(), which waits for both. */
void rg_redis_script_begin(struct rg_redis_script *script, struct rg_str says);
void rg_redis_script_end(struct rg_redis_script *script);
