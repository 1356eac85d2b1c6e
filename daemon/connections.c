/* Nothing connects here: these are the answers to "where, and as whom". */
#include "daemon/connections.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define COMMAND_TIMEOUT_MS 5000
#define BROKERS_BYTES_MAX 4096

int rg_connect_secret(const struct rg_site *site, struct rg_arena *arena, struct rg_secret secret, struct rg_str *ret_text, struct rg_error *err)
{
    struct rg_buf buf;
    rg_buf_init(&buf, RG_SECRET_BYTES_MAX);
    int rc = rg_secret_read(site, secret, &buf, err);
    if (rc == 0)
        *ret_text = rg_arena_str(arena, rg_buf_str(&buf));
    rg_secret_done(&buf);
    return rc;
}

/* As everywhere in regua.yaml, a relative path is relative to the file. "probe" is librdkafka's word for the system's. */
static int find_file(const struct rg_site *site, struct rg_arena *arena, const struct rg_site_setting *setting, struct rg_str *value,
                     struct rg_error *err)
{
    static const struct rg_str ending = {".location", 9};
    char path[RG_SITE_PATH_MAX];
    struct rg_str key = setting->key;
    bool is_file = key.n > ending.n && memcmp(key.p + key.n - ending.n, ending.p, ending.n) == 0;
    if (!is_file || !rg_str_has(*value) || rg_str_is(*value, "probe"))
        return 0;
    if (!rg_site_path(site, *value, path))
        return rg_fail(err, RG_ELIMIT, "kafka.client " RG_STR_FMT ": the path is too long", RG_STR_ARG(key));
    *value = rg_arena_str(arena, rg_str(path));
    return 0;
}

int rg_connect_kafka(const struct rg_site *site, struct rg_arena *arena, const char *client_id, const struct rg_clock *clock,
                     struct rg_kafka_config *ret_config, struct rg_error *err)
{
    const struct rg_site_kafka *kafka = &site->kafka;
    RG_CLEANUP(rg_buf_done) struct rg_buf brokers;
    rg_buf_init(&brokers, BROKERS_BYTES_MAX);
    for (size_t i = 0; i < kafka->brokers.count; i++)
        rg_buf_addf(&brokers, "%s" RG_STR_FMT, i > 0 ? "," : "", RG_STR_ARG(kafka->brokers.items[i]));
    struct rg_kafka_setting *settings = RG_NEW(arena, struct rg_kafka_setting, kafka->client.count + 1);
    for (size_t i = 0; i < kafka->client.count; i++) {
        const struct rg_site_setting *item = &kafka->client.items[i];
        struct rg_str value = item->value;
        int rc = value.p != NULL ? find_file(site, arena, item, &value, err)
                                 : rg_connect_secret(site, arena, item->secret, &value, err);
        if (rc < 0)
            return rc;
        settings[i] = (struct rg_kafka_setting){item->key.p, value.p};
    }
    const struct rg_kafka_config config = {.brokers = rg_arena_strdup(arena, rg_buf_cstr(&brokers)), .client_id = client_id,
                                           .settings = settings, .settings_n = kafka->client.count, .clock = clock};
    int rc = rg_kafka_config_check(&config, err);
    if (rc == 0)
        *ret_config = config;
    return rc;
}

int rg_connect_redis(const struct rg_site *site, struct rg_arena *arena, struct rg_redis_config *ret_config, struct rg_error *err)
{
    const struct rg_site_redis *redis = &site->redis;
    struct rg_redis_config config = {.url = redis->url.p, .user = redis->user.p, .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                     .command_timeout_ms = COMMAND_TIMEOUT_MS};
    struct rg_str password = {0};
    int rc = redis->password.kind == RG_SECRET_NONE ? 0 : rg_connect_secret(site, arena, redis->password, &password, err);
    if (rc < 0)
        return rc;
    config.password = password.p;
    *ret_config = config;
    return 0;
}
