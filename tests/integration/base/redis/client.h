/* A client as tests want it: any failure ends the test, a command is a list of words. */
#pragma once

#include "base/redis/redis.h"
#include "tests/fakes/redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COMMAND_TIMEOUT_MS 1000
#define SHORT_TIMEOUT_MS 200

static inline struct rg_redis_config config_for(const char *url)
{
    return (struct rg_redis_config){
        .url = url, .connect_timeout_ms = COMMAND_TIMEOUT_MS, .command_timeout_ms = COMMAND_TIMEOUT_MS};
}

static inline struct rg_redis *client(const struct rg_redis_config *config)
{
    struct rg_redis *redis = NULL;
    struct rg_error err = {0};
    if (rg_redis_new(config, &redis, &err) < 0 || rg_redis_connect(redis, &err) < 0)
        fail_msg("%s", err.text);
    return redis;
}

static inline struct rg_redis *client_of(const struct rg_redis_server *server)
{
    const struct rg_redis_config config = config_for(rg_redis_server_url(server));
    return client(&config);
}

static inline struct rg_redis *hasty_client_of(const char *url)
{
    struct rg_redis_config config = config_for(url);
    config.connect_timeout_ms = SHORT_TIMEOUT_MS;
    config.command_timeout_ms = SHORT_TIMEOUT_MS;
    return client(&config);
}

static inline const struct rg_redis_reply *next(struct rg_redis *redis)
{
    const struct rg_redis_reply *reply = NULL;
    struct rg_error err = {0};
    if (rg_redis_next(redis, &reply, &err) < 0)
        fail_msg("%s", err.text);
    return reply;
}

static inline void flush(struct rg_redis *redis)
{
    struct rg_error err = {0};
    if (rg_redis_flush(redis, &err) < 0)
        fail_msg("%s", err.text);
}

/* One command given as words; the reply stays until the next release. */
#define SAY(redis, ...) say((redis), (const char *const[]){__VA_ARGS__, NULL})
static inline const struct rg_redis_reply *say(struct rg_redis *redis, const char *const *words)
{
    size_t argc = 0;
    while (words[argc] != NULL)
        argc++;
    rg_redis_begin(redis, argc);
    for (size_t i = 0; i < argc; i++)
        rg_redis_arg(redis, rg_str(words[i]));
    flush(redis);
    return next(redis);
}

static inline void assert_text(const struct rg_redis_reply *reply, const char *text)
{
    if (reply->text.p == NULL || strcmp(reply->text.p, text) != 0)
        fail_msg("expected %s, got kind %d, %s", text, (int)reply->kind, reply->text.p != NULL ? reply->text.p : "no text");
}

static inline void wait_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static inline int start_server(void **state)
{
    *state = rg_redis_server_start(NULL);
    return 0;
}

static inline int stop_server(void **state)
{
    struct rg_redis_server *server = *state;
    rg_redis_server_stop(&server);
    return 0;
}
