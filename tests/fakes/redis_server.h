/* A real redis-server of a test's own: on a Unix socket in a temporary directory, without persistence unless asked, gone when
 * the test ends, however it ends. Anything that goes wrong aborts with a sentence: a test without its server proves nothing.
 *
 * Start and restart it from a thread that lives as long as the server may: the kernel ties the server's life to it. */
#pragma once

#include "base/core/core.h"

#include <sys/types.h>

struct rg_redis_server;

/* `args` is NULL or a NULL-terminated list of further options, such as {"--appendonly", "yes", NULL}; later ones win.
 * Returns when the server answers. */
struct rg_redis_server *rg_redis_server_start(const char *const *args) __attribute__((returns_nonnull));
void rg_redis_server_stop(struct rg_redis_server **server); /* also removes its directory; NULL is fine */

const char *rg_redis_server_url(const struct rg_redis_server *server);    /* "unix:///…" */
const char *rg_redis_server_socket(const struct rg_redis_server *server); /* the path alone */
const char *rg_redis_server_dir(const struct rg_redis_server *server);
pid_t rg_redis_server_pid(const struct rg_redis_server *server); /* 0 while killed */

void rg_redis_server_pause(struct rg_redis_server *server);   /* SIGSTOP: connections stay, nothing answers */
void rg_redis_server_resume(struct rg_redis_server *server);  /* SIGCONT */
void rg_redis_server_kill(struct rg_redis_server *server);    /* SIGKILL, directory kept */
void rg_redis_server_restart(struct rg_redis_server *server); /* same options and directory; kills it first when it runs */

/* A TCP port nobody listens on just now, for servers that need one. */
uint16_t rg_redis_server_free_port(void);
