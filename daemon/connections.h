/* From an installation to its connections: addresses, settings, and the secrets in them, read at the moment they are needed. */
#pragma once

#include "base/kafka/kafka.h"
#include "base/redis/redis.h"
#include "config/site/site.h"

/* All in `arena`. Errors of secrets name them and never a byte of what is inside; RG_EINVAL for a setting that is refused. */
RG_MUST_USE int rg_connect_secret(const struct rg_site *site, struct rg_arena *arena, struct rg_secret secret, struct rg_str *ret_text,
                                  struct rg_error *err);
RG_MUST_USE int rg_connect_kafka(const struct rg_site *site, struct rg_arena *arena, const char *client_id,
                                 const struct rg_clock *clock, struct rg_kafka_config *ret_config, struct rg_error *err);
RG_MUST_USE int rg_connect_redis(const struct rg_site *site, struct rg_arena *arena, struct rg_redis_config *ret_config,
                                 struct rg_error *err);
