/* One connection to one Redis server, blocking but never past a deadline. RESP2 over TCP or a Unix socket, no TLS.
 *
 *     struct rg_redis *redis RG_CLEANUP(rg_redis_free) = NULL;
 *     if (rg_redis_new(&config, &redis, err) < 0 || rg_redis_connect(redis, err) < 0) …
 *     RG_REDIS_PUSH(redis, RG_STR("GET"), key);              queue any number of commands
 *     RG_REDIS_PUSH(redis, RG_STR("SET"), key, value);
 *     if (rg_redis_flush(redis, err) < 0) …                  send them in one write
 *     if (rg_redis_next(redis, &reply, err) < 0) …           one reply per command, in order
 *     rg_redis_release(redis);                               forget the replies of the batch
 *
 * After any error of flush or next (but for a flush that had too much queued) the connection is dead: commands that were
 * flushed may or may not have been executed, and may still be executed later; every further call fails at once with the
 * first reason, and only rg_redis_connect revives it. Nothing reconnects or retries by itself: what a lost reply means is
 * the caller's knowledge. An error *reply* is not such an error: it arrives as a reply of kind RG_REDIS_ERROR.
 *
 * A host name is resolved by the system's resolver, whose own time-outs the deadline cannot cut short; an address or a
 * Unix socket needs none. Not thread-safe: one object, one thread at a time. */
#pragma once

#include "base/core/core.h"
#include "base/core/error.h"

#define RG_REDIS_HOST_MAX 253
#define RG_REDIS_PATH_MAX 107 /* what a Unix socket's address holds */
#define RG_REDIS_USER_MAX 63
#define RG_REDIS_DB_MAX 65535
#define RG_REDIS_COMMANDS_BYTES_MAX ((size_t)64 * 1024 * 1024) /* queued and not yet flushed */
#define RG_REDIS_REPLIES_BYTES_MAX ((size_t)64 * 1024 * 1024)  /* received and not yet released, default */

/* unix:///path[?db=N] or redis://[user@]host[:port][/db]. A password in it is refused: it would stand in a configuration
 * file; rediss:// is refused with advice. */
struct rg_redis_url {
    bool is_unix;
    char path[RG_REDIS_PATH_MAX + 1];
    char host[RG_REDIS_HOST_MAX + 1]; /* without the brackets of an IPv6 address */
    uint16_t port;
    char user[RG_REDIS_USER_MAX + 1]; /* "" for none */
    int db;
};
RG_MUST_USE int rg_redis_url_parse(struct rg_str text, struct rg_redis_url *ret_url, struct rg_error *err);

struct rg_redis_config {
    const char *url;
    const char *user;         /* NULL: the URL's */
    const char *password;     /* NULL: none */
    int connect_timeout_ms;   /* for addresses, authentication and first answer together */
    int command_timeout_ms;   /* from the beginning of a flush to the last reply of what it sent */
    size_t replies_bytes_max; /* 0: RG_REDIS_REPLIES_BYTES_MAX */
};

enum rg_redis_kind {
    RG_REDIS_NIL,
    RG_REDIS_INT,
    RG_REDIS_STR,
    RG_REDIS_STATUS,
    RG_REDIS_ERROR,
    RG_REDIS_ARRAY,
};

/* Valid until rg_redis_release, connect, follow or free. */
struct rg_redis_reply {
    enum rg_redis_kind kind;
    int64_t integer;             /* RG_REDIS_INT */
    struct rg_str text;          /* RG_REDIS_STR (binary), _STATUS, _ERROR; a NUL follows */
    size_t count;                /* RG_REDIS_ARRAY */
    struct rg_redis_reply *items;
};

struct rg_redis;

/* Only checks and copies: nothing is sent before rg_redis_connect. */
RG_MUST_USE int rg_redis_new(const struct rg_redis_config *config, struct rg_redis **ret_redis, struct rg_error *err);
void rg_redis_free(struct rg_redis **redis);

/* Closes what was there (with queued commands and unreleased replies), connects, authenticates, selects the database and
 * waits for the first answer. RG_EDENIED: wrong user or password; RG_EREFUSED: no such database. RG_EUNREACHABLE or
 * RG_ETIMEOUT (retryable): err names each address tried and what it said. After rg_redis_follow that node is tried first. */
RG_MUST_USE int rg_redis_connect(struct rg_redis *redis, struct rg_error *err);
void rg_redis_close(struct rg_redis *redis);
bool rg_redis_alive(const struct rg_redis *redis);
const char *rg_redis_user(const struct rg_redis *redis); /* "default" where none is configured */
const char *rg_redis_peer(const struct rg_redis *redis); /* for messages: "unix:///run/redis.sock", "redis://10.0.0.1:6379" */

/* Queues a command, binary-safe. Past RG_REDIS_COMMANDS_BYTES_MAX nothing more is kept and the next flush fails with
 * RG_ELIMIT, sends nothing and leaves the connection alive and the queue empty. On a dead connection nothing is kept. */
void rg_redis_push(struct rg_redis *redis, const struct rg_str *argv, size_t argc);
#define RG_REDIS_ARGV(...) (const struct rg_str[]){__VA_ARGS__}, RG_COUNT(((const struct rg_str[]){__VA_ARGS__}))
#define RG_REDIS_PUSH(redis, ...) rg_redis_push((redis), RG_REDIS_ARGV(__VA_ARGS__))
/* The same piece by piece, for commands with many arguments: exactly argc arguments must follow. */
void rg_redis_begin(struct rg_redis *redis, size_t argc);
void rg_redis_arg(struct rg_redis *redis, struct rg_str arg); /* absent counts as empty */
void rg_redis_arg_int(struct rg_redis *redis, int64_t number);

RG_MUST_USE int rg_redis_flush(struct rg_redis *redis, struct rg_error *err);
/* Reads the next reply. Calling it with no reply due is our bug. What has arrived is delivered even after the deadline. */
RG_MUST_USE int rg_redis_next(struct rg_redis *redis, const struct rg_redis_reply **ret_reply, struct rg_error *err);
size_t rg_redis_due(const struct rg_redis *redis); /* replies not yet read, of flushed commands */
void rg_redis_release(struct rg_redis *redis);

/* One command, one reply; no other reply may be due. Whatever kind the reply is, it is a success. */
RG_MUST_USE int rg_redis_call(struct rg_redis *redis, const struct rg_str *argv, size_t argc,
                              const struct rg_redis_reply **ret_reply, struct rg_error *err);
#define RG_REDIS_CALL(redis, ret_reply, err, ...) rg_redis_call((redis), RG_REDIS_ARGV(__VA_ARGS__), (ret_reply), (err))

/* What an error reply means. The first group are *aborts*: nothing was applied, back off and try again. */
enum rg_redis_error_kind {
    RG_REDIS_NO_ERROR, /* the reply is none */
    RG_REDIS_MOVED,    /* rg_redis_follow */
    RG_REDIS_ASK,
    RG_REDIS_TRYAGAIN,
    RG_REDIS_CLUSTERDOWN,
    RG_REDIS_LOADING,
    RG_REDIS_MASTERDOWN,
    RG_REDIS_OOM,
    RG_REDIS_READONLY,
    RG_REDIS_MISCONF,
    RG_REDIS_BUSY,
    RG_REDIS_NOREPLICAS,
    RG_REDIS_EXECABORT, /* a command of the transaction was refused while it was queued; its own reply says why */
    /* aborts end here */
    RG_REDIS_NOSCRIPT,
    RG_REDIS_WRONGTYPE,
    RG_REDIS_NOAUTH,
    RG_REDIS_WRONGPASS,
    RG_REDIS_NOPERM,
    RG_REDIS_OTHER_ERROR,
};
enum rg_redis_error_kind rg_redis_error_kind(const struct rg_redis_reply *reply);
bool rg_redis_error_is_abort(enum rg_redis_error_kind kind);
/* The user may not: outside of EXEC's array nothing was applied. */
bool rg_redis_error_is_denial(enum rg_redis_error_kind kind);
/* The first error inside an array (of any depth), NULL when there is none. In EXEC's array it means: partly applied. */
const struct rg_redis_reply *rg_redis_array_error(const struct rg_redis_reply *reply);
/* Turns a reply that is not of the kind wanted into an error for callers that have no use for the difference: aborts are
 * RG_EUNREACHABLE, missing permissions RG_EDENIED, all else RG_EIO. `what` names the command. */
RG_MUST_USE int rg_redis_expect(const struct rg_redis *redis, const struct rg_redis_reply *reply, enum rg_redis_kind kind,
                                const char *what, struct rg_error *err);

/* Connects to the node that a MOVED reply names, as the same user. RG_EINVAL when the reply is no MOVED with an address. */
RG_MUST_USE int rg_redis_follow(struct rg_redis *redis, const struct rg_redis_reply *moved, struct rg_error *err);

/* The server's clock (TIME), ms since 1970 UTC. */
RG_MUST_USE int rg_redis_time_ms(struct rg_redis *redis, int64_t *ret_ms, struct rg_error *err);

/* Whether the server may be trusted with state: RG_EREFUSED unless its eviction policy is noeviction. Fine but unwise
 * settings (append-only file off) leave a sentence for the operator in ret_warning, else "". Needs INFO only, since
 * CONFIG is often forbidden. */
RG_MUST_USE int rg_redis_check_settings(struct rg_redis *redis, char ret_warning[256], struct rg_error *err);
