/* Plain HMGET and HSET: each field has one writer, the member that the partition is assigned to. A member that lost it and does
 * not know yet writes what was true when it was found, which never claims too much. */
#include "consumers/ingest/stamps.h"

#include "base/redis/keys.h"
#include "config/contract/state.h"

#include <stdio.h>

#define MOVES_MAX 4
#define MOVED 1
#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

struct rg_stamps {
    struct rg_redis *redis;
    struct rg_arena *arena; /* names of one call */
    const struct rg_redis_reply *moved;
};

int rg_stamps_new(const struct rg_redis_config *config, struct rg_stamps **ret_stamps, struct rg_error *err)
{
    struct rg_redis *redis = NULL;
    int failed = rg_redis_new(config, &redis, err);
    if (failed < 0)
        return failed;
    struct rg_stamps *stamps = rg_alloc(sizeof *stamps);
    stamps->redis = redis;
    stamps->arena = rg_arena_new(ARENA_BYTES);
    *ret_stamps = stamps;
    return 0;
}

void rg_stamps_free(struct rg_stamps **stamps)
{
    if (*stamps == NULL)
        return;
    rg_redis_free(&(*stamps)->redis);
    rg_arena_free(&(*stamps)->arena);
    rg_free(stamps);
}

/* What was pushed, and one reply of that kind. */
static int ask(struct rg_stamps *s, enum rg_redis_kind kind, const char *what, const struct rg_redis_reply **ret_reply,
               struct rg_error *err)
{
    int failed = rg_redis_flush(s->redis, err);
    if (failed == 0)
        failed = rg_redis_next(s->redis, ret_reply, err);
    if (failed < 0)
        return failed;
    if (rg_redis_error_kind(*ret_reply) == RG_REDIS_MOVED) {
        s->moved = *ret_reply;
        return MOVED;
    }
    return rg_redis_expect(s->redis, *ret_reply, kind, what, err);
}

static struct rg_str field(struct rg_stamps *s, const char *prefix, const struct rg_stamp *row)
{
    return rg_arena_printf(s->arena, "%s" RG_STR_FMT ":%d", prefix, RG_STR_ARG(row->source), row->partition);
}

/* One call with everything that may go wrong with a connection around it. */
struct call {
    int (*fn)(struct rg_stamps *s, struct call *call, struct rg_error *err);
    struct rg_stamp *read;
    const struct rg_stamp *write;
    size_t n;
    int64_t want_ms;
};

static int run(struct rg_stamps *s, struct call *call, struct rg_error *err)
{
    int failed = rg_redis_alive(s->redis) ? 0 : rg_redis_connect(s->redis, err);
    for (int moves = 0; failed == 0; moves++) {
        rg_arena_reset(s->arena);
        failed = call->fn(s, call, err);
        if (failed != MOVED)
            break;
        if (moves == MOVES_MAX)
            failed = rg_fail(err, RG_EUNREACHABLE, "redis sends us from node to node: %.100s", s->moved->text.p);
        else
            failed = rg_redis_follow(s->redis, s->moved, err);
    }
    if (failed < 0)
        rg_redis_close(s->redis);
    else
        rg_redis_release(s->redis);
    return failed;
}

/* "<incarnation>:<offset>:<crc>" */
static bool parse_last(struct rg_str text, struct rg_last_read *ret_last)
{
    int64_t numbers[3];
    size_t start = 0, found = 0;
    for (size_t i = 0; i <= text.n && found < 3; i++) {
        if (i < text.n && text.p[i] != ':')
            continue;
        if (!rg_str_to_i64((struct rg_str){text.p + start, i - start}, &numbers[found++]))
            return false;
        start = i + 1;
    }
    if (found != 3 || start != text.n + 1 || numbers[0] < 0 || numbers[0] > INT32_MAX || numbers[1] < 0 || numbers[2] < 0 ||
        numbers[2] > UINT32_MAX)
        return false;
    *ret_last = (struct rg_last_read){(int32_t)numbers[0], numbers[1], (uint32_t)numbers[2]};
    return true;
}

static int read_call(struct rg_stamps *s, struct call *call, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    rg_redis_begin(s->redis, 3 + 2 * call->n);
    rg_redis_arg(s->redis, RG_STR("HMGET"));
    rg_redis_arg(s->redis, rg_key_fresh());
    rg_redis_arg(s->redis, RG_STR(RG_FRESH_WANT));
    for (size_t i = 0; i < call->n; i++) {
        rg_redis_arg(s->redis, field(s, RG_FRESH_SOURCE_PREFIX, &call->read[i]));
        rg_redis_arg(s->redis, field(s, RG_FRESH_LAST_PREFIX, &call->read[i]));
    }
    int failed = ask(s, RG_REDIS_ARRAY, "HMGET fresh", &reply, err);
    if (failed != 0)
        return failed;
    if (reply->count != 1 + 2 * call->n)
        return rg_fail(err, RG_EIO, "redis answered HMGET with %zu values instead of %zu", reply->count, 1 + 2 * call->n);
    if (reply->items[0].kind != RG_REDIS_STR || !rg_str_to_i64(reply->items[0].text, &call->want_ms))
        call->want_ms = -1;
    for (size_t i = 0; i < call->n; i++) {
        const struct rg_redis_reply *fresh = &reply->items[1 + 2 * i], *last = &reply->items[2 + 2 * i];
        call->read[i].fresh_ms = -1;
        call->read[i].last = (struct rg_last_read){.offset = -1};
        if (fresh->kind == RG_REDIS_STR && !rg_str_to_i64(fresh->text, &call->read[i].fresh_ms))
            call->read[i].fresh_ms = -1;
        if (last->kind == RG_REDIS_STR && !parse_last(last->text, &call->read[i].last))
            call->read[i].last = (struct rg_last_read){.offset = -1};
    }
    return 0;
}

int rg_stamps_read(struct rg_stamps *stamps, struct rg_stamp *rows, size_t n, int64_t *ret_want_ms, struct rg_error *err)
{
    rg_assert(n <= RG_STAMPS_MAX);
    struct call call = {.fn = read_call, .read = rows, .n = n};
    int failed = run(stamps, &call, err);
    if (failed == 0)
        *ret_want_ms = call.want_ms;
    return failed;
}

static int write_call(struct rg_stamps *s, struct call *call, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    size_t fields = 0;
    for (size_t i = 0; i < call->n; i++)
        fields += (call->write[i].fresh_ms >= 0 ? 2U : 0U) + (call->write[i].last.offset >= 0 ? 1U : 0U);
    if (fields == 0)
        return 0;
    rg_redis_begin(s->redis, 2 + 2 * fields);
    rg_redis_arg(s->redis, RG_STR("HSET"));
    rg_redis_arg(s->redis, rg_key_fresh());
    for (size_t i = 0; i < call->n; i++) {
        const struct rg_stamp *row = &call->write[i];
        if (row->fresh_ms >= 0) {
            rg_redis_arg(s->redis, field(s, RG_FRESH_SOURCE_PREFIX, row));
            rg_redis_arg_int(s->redis, row->fresh_ms);
            rg_redis_arg(s->redis, rg_arena_printf(s->arena, RG_FRESH_COUNT_PREFIX RG_STR_FMT, RG_STR_ARG(row->source)));
            rg_redis_arg_int(s->redis, row->partitions);
        }
        if (row->last.offset >= 0) {
            rg_redis_arg(s->redis, field(s, RG_FRESH_LAST_PREFIX, row));
            rg_redis_arg(s->redis, rg_arena_printf(s->arena, "%d:%lld:%lu", row->last.incarnation, (long long)row->last.offset,
                                                   (unsigned long)row->last.crc));
        }
    }
    return ask(s, RG_REDIS_INT, "HSET fresh", &reply, err);
}

int rg_stamps_write(struct rg_stamps *stamps, const struct rg_stamp *rows, size_t n, struct rg_error *err)
{
    rg_assert(n <= RG_STAMPS_MAX);
    struct call call = {.fn = write_call, .write = rows, .n = n};
    return run(stamps, &call, err);
}
