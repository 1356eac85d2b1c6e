/* regua:{all}:fresh, one hash that every process writes a part of. Raising is compare and set: WATCH, read, and a transaction
 * only where something is to be raised, so that most rounds write nothing. A lost race is run again a few times; the caller
 * comes back with the next round anyway. A script would do it in one trip and could not be watched by what only reads. */
#include "daemon/state/store_redis.h"

#include "daemon/state/internal.h"

#include <stdio.h>
#include <string.h>

#define RAISE_TRIES 8
#define FIELDS_MAX 65536
#define SOURCE_NAME_MAX 255
#define REPLY_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define FIELD_BYTES 16 /* of a shard */
#define SET_BACK_MS 60000 /* no two writers are as far apart: what is written comes from a clock that was set back */

struct rg_fresh_store {
    struct rg_state_line line;
    int shards;
};

int rg_fresh_store_new(const struct rg_redis_config *config, int shards, struct rg_fresh_store **ret_store, struct rg_error *err)
{
    struct rg_redis_config bounded = *config;
    struct rg_fresh_store *store = rg_alloc(sizeof *store);
    rg_assert(shards > 0 && shards <= RG_SHARDS_MAX);
    bounded.replies_bytes_max = REPLY_BYTES_MAX;
    store->shards = shards;
    int rc = rg_state_line_init(&store->line, &bounded, err);
    if (rc < 0)
        rg_free(&store);
    else
        *ret_store = store;
    return rc;
}

void rg_fresh_store_free(struct rg_fresh_store **store)
{
    if (*store != NULL)
        rg_state_line_done(&(*store)->line);
    rg_free(store);
}

/* ---- reading ---- */

static bool after_prefix(struct rg_str field, const char *prefix, struct rg_str *ret_rest)
{
    size_t n = strlen(prefix);
    if (field.n <= n || memcmp(field.p, prefix, n) != 0)
        return false;
    *ret_rest = (struct rg_str){field.p + n, field.n - n};
    return true;
}

/* "<source>:<partition>"; a source's name may hold colons of its own. */
static bool split_source(struct rg_str text, struct rg_str *ret_source, int *ret_partition)
{
    const char *colon = memrchr(text.p, ':', text.n);
    int64_t partition = -1;
    if (colon == NULL || colon == text.p)
        return false;
    size_t n = (size_t)(colon - text.p);
    if (!rg_str_to_i64((struct rg_str){colon + 1, text.n - n - 1}, &partition) || partition < 0 || partition > INT32_MAX)
        return false;
    *ret_source = (struct rg_str){text.p, n};
    *ret_partition = (int)partition;
    return true;
}

/* Fields that nobody of ours writes are passed over: an unknown stamp can only make us wait. */
static void read_field(struct rg_str field, int64_t value, int shards, struct rg_arena *arena, struct rg_fresh *fresh)
{
    struct rg_str rest, source;
    int64_t shard = -1;
    int partition = -1;
    if (rg_str_is(field, RG_FRESH_WANT)) {
        fresh->want_ms = value;
    } else if (after_prefix(field, RG_FRESH_SHARD_PREFIX, &rest)) {
        if (rg_str_to_i64(rest, &shard) && shard >= 0 && shard < shards)
            fresh->seen_ms[shard] = value;
    } else if (after_prefix(field, RG_FRESH_COUNT_PREFIX, &rest)) {
        if (rest.n <= SOURCE_NAME_MAX && value > 0 && value <= INT32_MAX)
            fresh->sources[fresh->source_count++] = (struct rg_fresh_source){rg_arena_str(arena, rest), -1, value};
    } else if (after_prefix(field, RG_FRESH_SOURCE_PREFIX, &rest) && split_source(rest, &source, &partition)) {
        if (source.n <= SOURCE_NAME_MAX)
            fresh->sources[fresh->source_count++] = (struct rg_fresh_source){rg_arena_str(arena, source), partition, value};
    }
}

struct reading {
    int shards;
    struct rg_arena *arena;
    struct rg_fresh fresh;
};

static int ask_all(struct rg_state_line *line, void *ctx, struct rg_error *err)
{
    struct reading *reading = ctx;
    const struct rg_redis_reply *hash;
    RG_REDIS_PUSH(line->redis, RG_STR("HGETALL"), rg_key_fresh());
    int rc = rg_redis_flush(line->redis, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_ARRAY, "HGETALL fresh", &hash, err);
    if (rc != 0)
        return rc;
    if (hash->count / 2 > FIELDS_MAX)
        return rg_fail(err, RG_ELIMIT, "regua:{all}:fresh has %zu fields, at most %d are read", hash->count / 2, FIELDS_MAX);
    struct rg_fresh fresh = {.want_ms = -1, .seen_ms = RG_NEW(reading->arena, int64_t, reading->shards)};
    fresh.sources = RG_NEW(reading->arena, struct rg_fresh_source, hash->count / 2 + 1);
    for (int p = 0; p < reading->shards; p++)
        fresh.seen_ms[p] = -1;
    for (size_t i = 0; i + 1 < hash->count; i += 2) {
        int64_t value = -1;
        if (rg_str_to_i64(hash->items[i + 1].text, &value))
            read_field(hash->items[i].text, value, reading->shards, reading->arena, &fresh);
    }
    reading->fresh = fresh;
    return 0;
}

int rg_fresh_store_read(struct rg_fresh_store *store, struct rg_arena *arena, struct rg_fresh *ret_fresh, struct rg_error *err)
{
    struct reading reading = {.shards = store->shards, .arena = arena};
    int rc = rg_state_line_ask(&store->line, ask_all, &reading, err);
    if (rc == 0)
        *ret_fresh = reading.fresh;
    return rc;
}

/* ---- raising ---- */

struct raising {
    const struct rg_str *fields;
    const int64_t *values;
    size_t n;
    bool raced; /* another writer came between: nothing was written */
};

/* UNWATCH first: a look that found nothing to raise has left its watch behind. */
static int look(struct rg_state_line *line, const struct raising *raising, const struct rg_redis_reply **ret_values,
                struct rg_error *err)
{
    const struct rg_redis_reply *ok;
    RG_REDIS_PUSH(line->redis, RG_STR("UNWATCH"));
    RG_REDIS_PUSH(line->redis, RG_STR("WATCH"), rg_key_fresh());
    rg_redis_begin(line->redis, 2 + raising->n);
    rg_redis_arg(line->redis, RG_STR("HMGET"));
    rg_redis_arg(line->redis, rg_key_fresh());
    for (size_t i = 0; i < raising->n; i++)
        rg_redis_arg(line->redis, raising->fields[i]);
    int rc = rg_redis_flush(line->redis, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_STATUS, "UNWATCH", &ok, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_STATUS, "WATCH fresh", &ok, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_ARRAY, "HMGET fresh", ret_values, err);
    if (rc == 0 && (*ret_values)->count != raising->n)
        rc = rg_fail(err, RG_EIO, "redis answered %zu fields with %zu", raising->n, (*ret_values)->count);
    return rc;
}

static bool raises(const struct rg_redis_reply *stored, int64_t value)
{
    int64_t old = 0;
    return stored->kind != RG_REDIS_STR || !rg_str_to_i64(stored->text, &old) || old < value || old > value + SET_BACK_MS;
}

static int write_raised(struct rg_state_line *line, struct raising *raising, const struct rg_redis_reply *stored, size_t count,
                        struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    RG_REDIS_PUSH(line->redis, RG_STR("MULTI"));
    rg_redis_begin(line->redis, 2 + 2 * count);
    rg_redis_arg(line->redis, RG_STR("HSET"));
    rg_redis_arg(line->redis, rg_key_fresh());
    for (size_t i = 0; i < raising->n; i++) {
        if (!raises(&stored->items[i], raising->values[i]))
            continue;
        rg_redis_arg(line->redis, raising->fields[i]);
        rg_redis_arg_int(line->redis, raising->values[i]);
    }
    RG_REDIS_PUSH(line->redis, RG_STR("EXEC"));
    int rc = rg_redis_flush(line->redis, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_STATUS, "MULTI", &reply, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_STATUS, "HSET fresh", &reply, err);
    if (rc == 0)
        rc = rg_redis_next(line->redis, &reply, err);
    if (rc != 0)
        return rc;
    raising->raced = reply->kind == RG_REDIS_NIL;
    if (raising->raced)
        return 0;
    rc = rg_redis_expect(line->redis, reply, RG_REDIS_ARRAY, "EXEC fresh", err);
    const struct rg_redis_reply *inside = rc == 0 ? rg_redis_array_error(reply) : NULL;
    return inside == NULL ? rc : rg_redis_expect(line->redis, inside, RG_REDIS_INT, "HSET fresh", err);
}

static int raise_once(struct rg_state_line *line, void *ctx, struct rg_error *err)
{
    struct raising *raising = ctx;
    const struct rg_redis_reply *stored;
    raising->raced = false;
    int rc = look(line, raising, &stored, err);
    if (rc != 0)
        return rc;
    size_t count = 0;
    for (size_t i = 0; i < raising->n; i++)
        count += raises(&stored->items[i], raising->values[i]);
    return count == 0 ? 0 : write_raised(line, raising, stored, count, err);
}

static int raise_fields(struct rg_fresh_store *store, struct raising *raising, struct rg_error *err)
{
    for (int i = 0; i < RAISE_TRIES; i++) {
        int rc = rg_state_line_ask(&store->line, raise_once, raising, err);
        if (rc < 0 || !raising->raced)
            return rc;
    }
    return rg_fail(err, RG_EUNREACHABLE, "regua:{all}:fresh was written by others %d times in between", RAISE_TRIES);
}

int rg_fresh_store_seen(struct rg_fresh_store *store, const int *shards, const int64_t *seen_ms, size_t n, struct rg_error *err)
{
    char names[RG_SHARDS_MAX][FIELD_BYTES];
    struct rg_str fields[RG_SHARDS_MAX];
    rg_assert(n > 0 && n <= RG_SHARDS_MAX);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(names[i], FIELD_BYTES, RG_FRESH_SHARD_PREFIX "%d", shards[i]);
        fields[i] = rg_str(names[i]);
    }
    return raise_fields(store, &(struct raising){.fields = fields, .values = seen_ms, .n = n}, err);
}

int rg_fresh_store_want(struct rg_fresh_store *store, int64_t want_ms, struct rg_error *err)
{
    const struct rg_str field = RG_STR(RG_FRESH_WANT);
    return raise_fields(store, &(struct raising){.fields = &field, .values = &want_ms, .n = 1}, err);
}
