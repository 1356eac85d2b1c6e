/* The store on a real Redis. Two round trips a batch: WATCH with the reads, then MULTI … EXEC. The reads' answers are looked at
 * before the transaction is sent, because a WATCH that arrives together with its EXEC after the fence has moved would arm
 * itself on the new value and protect nothing. Sending the next batch's reads along with EXEC would save one of the two; it
 * would also make a shard decode one batch while it does not know yet what became of the one before.
 *
 * Due timers lie in 256 small sorted sets, prompt ones in one more; memory holds a lower bound for each. */
#include "daemon/state/store_redis.h"

#include "base/core/crash.h"
#include "base/core/hash.h"
#include "base/core/rand.h"
#include "base/json/json.h"
#include "daemon/state/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 16
#define KEYS_ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define REPLIES_BYTES_MAX ((size_t)192 * 1024 * 1024) /* the largest outbox: one transaction (64 MiB) past its bound */

struct store_redis {
    struct rg_store store;
    struct rg_redis *redis;
    char token[2 * TOKEN_BYTES + 1];
    int64_t watched; /* WATCH is on, and fence and batch number were found to be ours: this number; −1: not so */
    struct rg_arena *keys; /* names of one call */
    int64_t bound_ms[RG_STATE_TIMER_SETS]; /* no timer of the set is earlier */
};

static struct store_redis *self(struct rg_store *store)
{
    return (struct store_redis *)store;
}

static int flush(struct store_redis *s, struct rg_error *err)
{
    s->store.trips++;
    return rg_redis_flush(s->redis, err);
}

/* ---- position ---- */

static bool parse_origin(struct rg_arena *arena, struct rg_str field, struct rg_str value, struct rg_origin_high *ret)
{
    struct rg_origin origin;
    struct rg_str text = rg_arena_printf(arena, RG_STR_FMT ":" RG_STR_FMT, (int)(field.n - 2), field.p + 2, RG_STR_ARG(value));
    if (rg_origin_parse(text, &origin, NULL) < 0)
        return false;
    *ret = (struct rg_origin_high){.people = field.p[0] == 'P', .source = origin.source, .incarnation = origin.incarnation,
                                   .partition = origin.partition, .offset = origin.offset, .sub = origin.sub};
    return true;
}

/* Fields that are absent keep their defaults. Positions are counted on from, so they stay far from what 64 bits hold. */
static int read_pos(const struct rg_redis_reply *hash, struct rg_arena *arena, struct rg_pos *ret, struct rg_error *err)
{
    struct rg_pos pos = {.ledger_next = -1, .people_next = -1, .seen_ms = -1, .asof_ms = -1};
    int64_t crc = 0;
    const struct {
        const char *field;
        int64_t *to;
    } numbers[] = {{RG_POS_LEDGER, &pos.ledger_next}, {RG_POS_LEDGER_CRC, &crc},    {RG_POS_PEOPLE, &pos.people_next},
                   {RG_POS_BATCH, &pos.batch},        {RG_POS_SEEN, &pos.seen_ms}, {RG_POS_ASOF, &pos.asof_ms},
                   {RG_POS_OUT, &pos.out_next}};
    for (size_t i = 0; i + 1 < hash->count; i += 2) {
        struct rg_str field = hash->items[i].text, value = hash->items[i + 1].text;
        for (size_t k = 0; k < RG_COUNT(numbers); k++)
            if (rg_str_is(field, numbers[k].field) &&
                (!rg_str_to_i64(value, numbers[k].to) || *numbers[k].to > RG_JSON_INT_MAX || *numbers[k].to < -RG_JSON_INT_MAX))
                return rg_fail(err, RG_EINVAL, "position: field %s is no whole number, or too large a one", numbers[k].field);
        if (field.n < 3 || field.p[1] != ':' || (field.p[0] != 'L' && field.p[0] != 'P'))
            continue;
        struct rg_origin_high high;
        if (!parse_origin(arena, field, value, &high))
            return rg_fail(err, RG_EINVAL, "position: field " RG_STR_FMT " cannot be read", RG_STR_ARG(field));
        high.source = rg_arena_str(arena, high.source);
        *RG_PUSH(arena, pos.origins, pos.origin_count, pos.origin_cap) = high;
    }
    pos.ledger_crc = (uint32_t)crc;
    *ret = pos;
    return 0;
}

/* It only makes the next owner careful: what cannot be read is no note. */
static struct rg_begun read_begun(const struct rg_redis_reply *hash)
{
    int64_t numbers[5] = {0};
    struct rg_str text = {0};
    size_t n = 0, start = 0;
    for (size_t i = 0; i + 1 < hash->count; i += 2)
        if (rg_str_is(hash->items[i].text, RG_POS_BEGUN))
            text = hash->items[i + 1].text;
    for (size_t i = 0; rg_str_has(text) && i <= text.n; i++) {
        if (i < text.n && text.p[i] != ':')
            continue;
        if (n == RG_COUNT(numbers) || !rg_str_to_i64((struct rg_str){text.p + start, i - start}, &numbers[n++]))
            return (struct rg_begun){0};
        start = i + 1;
    }
    bool whole = n == RG_COUNT(numbers) && numbers[4] > 0 && numbers[4] < INT32_MAX;
    return whole ? (struct rg_begun){numbers[0], numbers[1], numbers[2] != 0, numbers[3], (int)numbers[4]} : (struct rg_begun){0};
}

/* ---- open ---- */

/* Fields and values, members and scores. */
static int expect_pairs(const struct store_redis *s, const struct rg_redis_reply *reply, const char *what, struct rg_error *err)
{
    int rc = rg_redis_expect(s->redis, reply, RG_REDIS_ARRAY, what, err);
    if (rc == 0 && reply->count % 2 != 0)
        return rg_fail(err, RG_EIO, "redis answered %s with %zu items, not two by two", what, reply->count);
    for (size_t i = 0; rc == 0 && i < reply->count; i++)
        rc = rg_redis_expect(s->redis, &reply->items[i], RG_REDIS_STR, what, err);
    return rc;
}

static int next_pairs(struct store_redis *s, const char *what, const struct rg_redis_reply **ret, struct rg_error *err)
{
    int rc = rg_redis_next(s->redis, ret, err);
    return rc < 0 ? rc : expect_pairs(s, *ret, what, err);
}

static int read_bounds(struct store_redis *s, struct rg_error *err)
{
    for (unsigned b = 0; b < RG_STATE_TIMER_SETS; b++) {
        const struct rg_redis_reply *reply;
        int rc = next_pairs(s, "ZRANGE due", &reply, err);
        if (rc < 0)
            return rc;
        s->bound_ms[b] = RG_STORE_NEVER;
        if (reply->count > 0 && !rg_str_to_i64(reply->items[1].text, &s->bound_ms[b]))
            return rg_fail(err, RG_EINVAL, "timer set %u: a score that is no whole number", b);
    }
    return 0;
}

static int read_out(const struct rg_redis_reply *reply, struct rg_arena *arena, struct rg_store_opened *opened,
                    struct rg_error *err)
{
    opened->out = RG_NEW(arena, struct rg_out_entry, reply->count / 2 + 1);
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        struct rg_str member = reply->items[i].text;
        const char *colon = memchr(member.p, ':', member.n);
        struct rg_out_entry *entry = &opened->out[opened->out_count];
        if (colon == NULL || !rg_str_to_i64((struct rg_str){member.p, (size_t)(colon - member.p)}, &entry->seq))
            return rg_fail(err, RG_EINVAL, "outbox: an entry without its sequence");
        size_t skip = (size_t)(colon + 1 - member.p);
        entry->bytes = rg_arena_str(arena, (struct rg_str){member.p + skip, member.n - skip});
        opened->out_count++;
    }
    return 0;
}

static int take_fence(struct store_redis *s, struct rg_error *err)
{
    uint8_t token[TOKEN_BYTES];
    const struct rg_redis_reply *reply;
    rg_random_bytes(token, sizeof token);
    rg_hex(token, sizeof token, s->token);
    int rc = RG_REDIS_CALL(s->redis, &reply, err, RG_STR("SET"), rg_key_own(s->keys, (uint32_t)s->store.shard), rg_str(s->token));
    if (rc == 0 && rg_redis_error_kind(reply) == RG_REDIS_MOVED) {
        rc = rg_redis_follow(s->redis, reply, err);
        if (rc == 0)
            rc = RG_REDIS_CALL(s->redis, &reply, err, RG_STR("SET"), rg_key_own(s->keys, (uint32_t)s->store.shard),
                               rg_str(s->token));
    }
    return rc < 0 ? rc : rg_redis_expect(s->redis, reply, RG_REDIS_STATUS, "SET own", err);
}

static int read_state(struct store_redis *s, struct rg_arena *arena, struct rg_store_opened *opened, struct rg_error *err)
{
    const struct rg_redis_reply *reply;
    uint32_t shard = (uint32_t)s->store.shard;
    RG_REDIS_PUSH(s->redis, RG_STR("HGETALL"), rg_key_pos(s->keys, shard));
    RG_REDIS_PUSH(s->redis, RG_STR("ZRANGE"), rg_key_out(s->keys, shard), RG_STR("0"), RG_STR("-1"), RG_STR("WITHSCORES"));
    RG_REDIS_PUSH(s->redis, RG_STR("HLEN"), rg_key_act(s->keys, shard));
    for (unsigned b = 0; b < RG_STATE_TIMER_SETS; b++)
        RG_REDIS_PUSH(s->redis, RG_STR("ZRANGE"), rg_state_due_key(s->keys, s->store.shard, b), RG_STR("0"), RG_STR("0"),
                      RG_STR("WITHSCORES"));
    int rc = flush(s, err);
    if (rc == 0)
        rc = next_pairs(s, "HGETALL pos", &reply, err);
    if (rc == 0)
        rc = read_pos(reply, arena, &opened->pos, err);
    if (rc == 0)
        opened->begun = read_begun(reply);
    if (rc == 0)
        rc = next_pairs(s, "ZRANGE out", &reply, err);
    if (rc == 0)
        rc = read_out(reply, arena, opened, err);
    if (rc == 0)
        rc = rg_redis_next(s->redis, &reply, err);
    if (rc == 0)
        rc = rg_redis_expect(s->redis, reply, RG_REDIS_INT, "HLEN act", err);
    if (rc == 0)
        opened->act_count = reply->integer;
    return rc == 0 ? read_bounds(s, err) : rc;
}

/* The sets in which timers of a kind lie: `first` and so many behind it. */
static unsigned sets_of(enum rg_timer timer, unsigned *ret_first)
{
    *ret_first = timer == RG_TIMER_PROMPT ? RG_STATE_PROMPT_SET : 0;
    return timer == RG_TIMER_PROMPT ? 1 : RG_DUE_BUCKETS;
}

static int64_t redis_next_due(const struct rg_store *store, enum rg_timer timer)
{
    const struct store_redis *s = (const struct store_redis *)store;
    int64_t earliest = RG_STORE_NEVER;
    unsigned first, count = sets_of(timer, &first);
    for (unsigned b = first; b < first + count; b++)
        if (s->bound_ms[b] < earliest)
            earliest = s->bound_ms[b];
    return earliest;
}

/* The fence is taken before anything is read: what the dead connection may still execute fails on it. */
static int redis_open(struct rg_store *store, struct rg_arena *arena, struct rg_store_opened *ret, struct rg_error *err)
{
    struct store_redis *s = self(store);
    struct rg_store_opened opened = {0};
    rg_arena_reset(s->keys);
    s->watched = -1;
    int rc = rg_redis_connect(s->redis, err);
    if (rc == 0)
        rc = take_fence(s, err);
    if (rc == 0)
        rc = read_state(s, arena, &opened, err);
    if (rc < 0) {
        rg_redis_close(s->redis); /* its fence may stand, but nobody has read the rest of its replies */
        return rc;
    }
    rg_redis_release(s->redis);
    *ret = opened;
    return 0;
}

/* ---- reads under the fence ---- */

static enum rg_commit lost(struct store_redis *s)
{
    s->watched = -1;
    rg_redis_close(s->redis);
    return RG_COMMIT_UNKNOWN;
}

/* More than one pipeline may hold was queued: nothing of it was sent. */
static enum rg_commit unsent(struct store_redis *s)
{
    return rg_redis_alive(s->redis) ? RG_COMMIT_REFUSED : lost(s);
}

/* WATCH, and the two values that prove that nobody else and nothing else has been here. */
static void push_guard(struct store_redis *s)
{
    uint32_t shard = (uint32_t)s->store.shard;
    RG_REDIS_PUSH(s->redis, RG_STR("WATCH"), rg_key_own(s->keys, shard));
    RG_REDIS_PUSH(s->redis, RG_STR("GET"), rg_key_own(s->keys, shard));
    RG_REDIS_PUSH(s->redis, RG_STR("HGET"), rg_key_pos(s->keys, shard), RG_STR(RG_POS_BATCH));
}

static enum rg_commit refused(const struct rg_redis_reply *reply, struct rg_error *err)
{
    if (reply->kind != RG_REDIS_ERROR) {
        (void)rg_fail(err, RG_EIO, "redis answered with something else than was asked for");
        return RG_COMMIT_BROKEN;
    }
    enum rg_redis_error_kind kind = rg_redis_error_kind(reply);
    bool denied = rg_redis_error_is_denial(kind), abort = rg_redis_error_is_abort(kind);
    (void)rg_fail(err, denied ? RG_EDENIED : abort ? RG_EUNREACHABLE : RG_EIO, "redis refuses: " RG_STR_FMT "%s",
                  RG_STR_ARG(reply->text), denied ? "; give the user of redis.user what it needs (ACL SETUSER)" : "");
    return denied || abort ? RG_COMMIT_REFUSED : RG_COMMIT_BROKEN;
}

static enum rg_commit read_guard(struct store_redis *s, int64_t batch, struct rg_error *err)
{
    s->watched = -1;
    const struct rg_redis_reply *watch, *own, *number;
    if (rg_redis_next(s->redis, &watch, err) < 0 || rg_redis_next(s->redis, &own, err) < 0 ||
        rg_redis_next(s->redis, &number, err) < 0)
        return lost(s);
    const struct rg_redis_reply *const replies[] = {watch, own, number};
    for (size_t i = 0; i < RG_COUNT(replies); i++)
        if (replies[i]->kind == RG_REDIS_ERROR)
            return refused(replies[i], err);
    if (!rg_str_is(own->text, s->token)) {
        (void)rg_fail(err, RG_EREFUSED, "the shard has another owner now");
        return RG_COMMIT_REOWN;
    }
    int64_t stored = 0;
    if (number->kind == RG_REDIS_STR && !rg_str_to_i64(number->text, &stored)) {
        (void)rg_fail(err, RG_EIO, "position of shard %d: field " RG_POS_BATCH " is no whole number", s->store.shard);
        return RG_COMMIT_BROKEN;
    }
    if (stored != batch) {
        (void)rg_fail(err, RG_EREFUSED,
                      "redis stands at batch %lld of this shard, %lld was expected: it lost or regained something",
                      (long long)stored, (long long)batch);
        return RG_COMMIT_REOWN;
    }
    s->watched = batch;
    return RG_COMMITTED;
}

static enum rg_commit redis_load(struct rg_store *store, const struct rg_store_key *keys, size_t n, int64_t batch,
                                 struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err)
{
    struct store_redis *s = self(store);
    const struct rg_redis_reply *reply = NULL;
    rg_assert(n <= RG_STORE_KEYS_MAX);
    rg_arena_reset(s->keys);
    push_guard(s);
    if (n > 0) {
        rg_redis_begin(s->redis, n + 1);
        rg_redis_arg(s->redis, RG_STR("MGET"));
        for (size_t i = 0; i < n; i++)
            rg_redis_arg(s->redis, rg_state_value_key(s->keys, store->shard, &keys[i]));
    }
    if (flush(s, err) < 0)
        return unsent(s);
    enum rg_commit rc = read_guard(s, batch, err);
    if (rc == RG_COMMIT_UNKNOWN)
        return rc;
    if (n > 0 && rg_redis_next(s->redis, &reply, err) < 0)
        return lost(s);
    if (rc == RG_COMMITTED && n > 0 && (reply->kind != RG_REDIS_ARRAY || reply->count != n))
        rc = refused(reply, err);
    for (size_t i = 0; rc == RG_COMMITTED && i < n; i++)
        ret_values[i] = reply->items[i].kind == RG_REDIS_STR ? rg_arena_str(arena, reply->items[i].text) : (struct rg_str){0};
    rg_redis_release(s->redis);
    return rc;
}

/* One answer to "who is due": asked bucket by bucket, all in one trip. Each bucket gives only its share of the page at first, so
 * that a backlog does not cost the whole of itself with every page; those that had more are asked for more. */
struct page {
    int64_t until_ms;
    size_t max, count;
    struct rg_due *due;
    struct rg_arena *arena;
    unsigned asked[RG_DUE_BUCKETS]; /* sets */
    size_t buckets, from, share; /* members `from` … `from + share - 1` of each */
};

/* 1: all it gave is due, so it may have more. */
static int read_bucket(struct store_redis *s, unsigned bucket, const struct rg_redis_reply *members, struct page *page,
                       struct rg_error *err)
{
    if (page->from == 0)
        s->bound_ms[bucket] = RG_STORE_NEVER; /* corrected by the first of its members */
    for (size_t i = 0; i + 1 < members->count; i += 2) {
        int64_t due_ms = 0;
        if (!rg_str_to_i64(members->items[i + 1].text, &due_ms))
            return rg_fail(err, RG_EIO, "timer set %u of shard %d: a score that is no whole number", bucket, s->store.shard);
        if (page->from == 0 && i == 0)
            s->bound_ms[bucket] = due_ms;
        if (due_ms > page->until_ms)
            return 0;
        if (page->count < page->max)
            page->due[page->count++] = (struct rg_due){rg_arena_str(page->arena, members->items[i].text), due_ms};
    }
    return members->count == 2 * page->share;
}

static void push_page(struct store_redis *s, const struct page *page)
{
    for (size_t i = 0; i < page->buckets; i++) {
        rg_redis_begin(s->redis, 5);
        rg_redis_arg(s->redis, RG_STR("ZRANGE"));
        rg_redis_arg(s->redis, rg_state_due_key(s->keys, s->store.shard, page->asked[i]));
        rg_redis_arg_int(s->redis, (int64_t)page->from);
        rg_redis_arg_int(s->redis, (int64_t)(page->from + page->share - 1));
        rg_redis_arg(s->redis, RG_STR("WITHSCORES"));
    }
}

static enum rg_commit ask_page(struct store_redis *s, struct page *page, struct rg_error *err)
{
    size_t left = 0;
    page->share = (page->max - page->count) / page->buckets + 1;
    push_page(s, page);
    if (flush(s, err) < 0)
        return lost(s);
    for (size_t i = 0; i < page->buckets; i++) {
        const struct rg_redis_reply *reply;
        if (rg_redis_next(s->redis, &reply, err) < 0)
            return lost(s);
        if (expect_pairs(s, reply, "ZRANGE due", err) < 0)
            return refused(reply, err);
        int more = read_bucket(s, page->asked[i], reply, page, err);
        if (more < 0)
            return RG_COMMIT_BROKEN;
        if (more > 0)
            page->asked[left++] = page->asked[i];
    }
    page->buckets = left;
    page->from += page->share;
    return RG_COMMITTED;
}

static enum rg_commit redis_due(struct rg_store *store, enum rg_timer timer, int64_t until_ms, size_t max, struct rg_arena *arena,
                                struct rg_due *ret, size_t *ret_count, struct rg_error *err)
{
    struct store_redis *s = self(store);
    struct page page = {.until_ms = until_ms, .max = max, .due = ret, .arena = arena};
    enum rg_commit rc = RG_COMMITTED;
    unsigned first, count = sets_of(timer, &first);
    rg_arena_reset(s->keys);
    for (unsigned b = first; b < first + count; b++)
        if (s->bound_ms[b] <= until_ms)
            page.asked[page.buckets++] = b;
    while (rc == RG_COMMITTED && page.buckets > 0 && page.count < max)
        rc = ask_page(s, &page, err);
    if (rg_redis_due(s->redis) > 0)
        rg_redis_close(s->redis); /* nobody may take the rest for his answers */
    rg_redis_release(s->redis);
    if (rc == RG_COMMITTED)
        *ret_count = page.count;
    return rc;
}

/* ---- commit ---- */

static void push_values(struct store_redis *s, const struct rg_store_batch *batch)
{
    size_t sets = 0;
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        sets += put->write && put->value.p != NULL && put->ttl_ms == 0;
    }
    if (sets > 0) {
        rg_redis_begin(s->redis, 2 * sets + 1);
        rg_redis_arg(s->redis, RG_STR("MSET"));
    }
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        if (!put->write || put->value.p == NULL || put->ttl_ms != 0)
            continue;
        rg_redis_arg(s->redis, rg_state_value_key(s->keys, s->store.shard, &put->key));
        rg_redis_arg(s->redis, put->value);
    }
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        struct rg_str key = rg_state_value_key(s->keys, s->store.shard, &put->key);
        if (put->write && put->value.p == NULL) {
            RG_REDIS_PUSH(s->redis, RG_STR("DEL"), key);
        } else if (put->write && put->ttl_ms != 0) {
            rg_redis_begin(s->redis, 5);
            rg_redis_arg(s->redis, RG_STR("SET"));
            rg_redis_arg(s->redis, key);
            rg_redis_arg(s->redis, put->value);
            rg_redis_arg(s->redis, RG_STR("PX"));
            rg_redis_arg_int(s->redis, put->ttl_ms);
        } else if (!put->write && put->ttl_ms == RG_STORE_STAYS) {
            RG_REDIS_PUSH(s->redis, RG_STR("PERSIST"), key);
        } else if (!put->write && put->ttl_ms != 0) {
            rg_redis_begin(s->redis, 3);
            rg_redis_arg(s->redis, RG_STR("PEXPIRE"));
            rg_redis_arg(s->redis, key);
            rg_redis_arg_int(s->redis, put->ttl_ms);
        }
    }
}

/* What is done to a timer, each by a command of its own. */
enum timing { TIME_SET, TIME_SET_EARLIER, TIME_REMOVE, TIME_COUNT };

static bool sets_timer(const struct rg_store_put *put)
{
    bool said = put->due_ms != RG_STORE_UNCHANGED && !(put->earlier && put->due_ms == RG_STORE_NEVER);
    return put->key.kind == RG_STORE_DEBTOR && said;
}

static enum timing timing_of(const struct rg_store_put *put)
{
    return put->due_ms == RG_STORE_NEVER ? TIME_REMOVE : put->earlier ? TIME_SET_EARLIER : TIME_SET;
}

static unsigned set_of(const struct rg_store_put *put)
{
    return put->timer == RG_TIMER_PROMPT ? RG_STATE_PROMPT_SET : rg_state_bucket(put->key.id);
}

/* Timers of a batch, in groups: set by set, and in each what is done to them. */
#define TIMER_GROUPS (TIME_COUNT * RG_STATE_TIMER_SETS)
struct timers {
    const struct rg_store_put **puts;
    size_t starts[TIMER_GROUPS + 1];
};

static void group_timers(struct store_redis *s, const struct rg_store_batch *batch, struct timers *ret)
{
    uint16_t *groups = RG_NEW(s->keys, uint16_t, batch->put_count + 1);
    size_t next[TIMER_GROUPS];
    *ret = (struct timers){.puts = RG_NEW(s->keys, const struct rg_store_put *, batch->put_count + 1)};
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        if (!sets_timer(put))
            continue;
        groups[i] = (uint16_t)(TIME_COUNT * set_of(put) + timing_of(put));
        ret->starts[groups[i] + 1]++;
    }
    for (size_t g = 0; g < TIMER_GROUPS; g++) {
        ret->starts[g + 1] += ret->starts[g];
        next[g] = ret->starts[g];
    }
    for (size_t i = 0; i < batch->put_count; i++)
        if (sets_timer(&batch->puts[i]))
            ret->puts[next[groups[i]]++] = &batch->puts[i];
}

/* One variadic command for each group. */
static void push_timers(struct store_redis *s, const struct rg_store_batch *batch)
{
    struct timers timers;
    group_timers(s, batch, &timers);
    for (unsigned g = 0; g < TIMER_GROUPS; g++) {
        size_t n = timers.starts[g + 1] - timers.starts[g];
        enum timing timing = (enum timing)(g % TIME_COUNT);
        if (n == 0)
            continue;
        rg_redis_begin(s->redis, timing == TIME_REMOVE ? 2 + n : timing == TIME_SET ? 2 + 2 * n : 3 + 2 * n);
        rg_redis_arg(s->redis, timing == TIME_REMOVE ? RG_STR("ZREM") : RG_STR("ZADD"));
        rg_redis_arg(s->redis, rg_state_due_key(s->keys, s->store.shard, g / TIME_COUNT));
        if (timing == TIME_SET_EARLIER)
            rg_redis_arg(s->redis, RG_STR("LT"));
        for (size_t i = timers.starts[g]; i < timers.starts[g + 1]; i++) {
            if (timing != TIME_REMOVE)
                rg_redis_arg_int(s->redis, timers.puts[i]->due_ms);
            rg_redis_arg(s->redis, timers.puts[i]->key.id);
        }
    }
}

static void push_acts(struct store_redis *s, const struct rg_store_batch *batch)
{
    struct rg_str key = rg_key_act(s->keys, (uint32_t)s->store.shard);
    for (size_t i = 0; i < batch->act_count; i++) {
        char id[RG_ACTION_TEXT + 1], value[RG_ACT_VALUE_MAX];
        rg_action_id_print(&batch->acts[i].action, id);
        if (!batch->acts[i].live) {
            RG_REDIS_PUSH(s->redis, RG_STR("HDEL"), key, rg_str(id));
            continue;
        }
        rg_act_value_print(&batch->acts[i].value, value);
        RG_REDIS_PUSH(s->redis, RG_STR("HSET"), key, rg_str(id), rg_str(value));
    }
}

static void push_score_range(struct store_redis *s, struct rg_str key, int64_t from, int64_t to)
{
    rg_redis_begin(s->redis, 4);
    rg_redis_arg(s->redis, RG_STR("ZREMRANGEBYSCORE"));
    rg_redis_arg(s->redis, key);
    rg_redis_arg_int(s->redis, from);
    rg_redis_arg_int(s->redis, to);
}

static void push_outbox(struct store_redis *s, const struct rg_store_batch *batch)
{
    struct rg_str key = rg_key_out(s->keys, (uint32_t)s->store.shard);
    if (batch->out_done_through >= 0)
        push_score_range(s, key, 0, batch->out_done_through);
    for (size_t i = 0; i < batch->out_remove_count; i++)
        push_score_range(s, key, batch->out_removes[i], batch->out_removes[i]);
    for (size_t i = 0; i < batch->out_add_count; i++) {
        const struct rg_out_entry *entry = &batch->out_adds[i];
        RG_CLEANUP(rg_buf_done) struct rg_buf member;
        rg_buf_init(&member, entry->bytes.n + 32);
        rg_buf_addf(&member, "%lld:", (long long)entry->seq);
        rg_buf_add_str(&member, entry->bytes);
        rg_redis_begin(s->redis, 4);
        rg_redis_arg(s->redis, RG_STR("ZADD"));
        rg_redis_arg(s->redis, key);
        rg_redis_arg_int(s->redis, entry->seq);
        rg_redis_arg(s->redis, rg_buf_str(&member));
    }
}

static void push_pos(struct store_redis *s, const struct rg_store_batch *batch)
{
    const struct rg_pos *pos = batch->pos;
    const struct rg_begun *begun = batch->begun;
    const struct {
        const char *field;
        int64_t value;
    } numbers[] = {{RG_POS_LEDGER, pos->ledger_next}, {RG_POS_LEDGER_CRC, pos->ledger_crc}, {RG_POS_PEOPLE, pos->people_next},
                   {RG_POS_BATCH, pos->batch},        {RG_POS_SEEN, pos->seen_ms},          {RG_POS_ASOF, pos->asof_ms},
                   {RG_POS_OUT, pos->out_next}};
    rg_redis_begin(s->redis, 2 + 2 * (RG_COUNT(numbers) + pos->origin_count + (begun != NULL)));
    rg_redis_arg(s->redis, RG_STR("HSET"));
    rg_redis_arg(s->redis, rg_key_pos(s->keys, (uint32_t)s->store.shard));
    for (size_t i = 0; i < RG_COUNT(numbers); i++) {
        rg_redis_arg(s->redis, rg_str(numbers[i].field));
        rg_redis_arg_int(s->redis, numbers[i].value);
    }
    for (size_t i = 0; i < pos->origin_count; i++) {
        const struct rg_origin_high *high = &pos->origins[i];
        rg_redis_arg(s->redis, rg_arena_printf(s->keys, "%c:" RG_STR_FMT ":%d:%d", high->people ? 'P' : 'L',
                                               RG_STR_ARG(high->source), high->incarnation, high->partition));
        rg_redis_arg(s->redis, rg_arena_printf(s->keys, "%lld:%d", (long long)high->offset, high->sub));
    }
    if (begun == NULL)
        return;
    rg_redis_arg(s->redis, RG_STR(RG_POS_BEGUN));
    rg_redis_arg(s->redis, rg_arena_printf(s->keys, "%lld:%lld:%d:%lld:%d", (long long)begun->ledger_next,
                                           (long long)begun->people_next, begun->people, (long long)begun->offset, begun->times));
}

static void lower_bounds(struct store_redis *s, const struct rg_store_batch *batch)
{
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        if (sets_timer(put) && put->due_ms < s->bound_ms[set_of(put)])
            s->bound_ms[set_of(put)] = put->due_ms;
    }
}

/* `first`: the first error among the answers before; it says what an EXECABORT is silent about. */
static enum rg_commit judge_exec(struct store_redis *s, const struct rg_redis_reply *exec, const struct rg_redis_reply *first,
                                 struct rg_error *err)
{
    if (exec->kind == RG_REDIS_NIL) {
        (void)rg_fail(err, RG_EREFUSED, "the shard has another owner now");
        return RG_COMMIT_REOWN;
    }
    if (rg_redis_error_kind(exec) == RG_REDIS_EXECABORT && first != NULL && rg_redis_error_is_denial(rg_redis_error_kind(first)))
        return refused(first, err);
    if (exec->kind != RG_REDIS_ARRAY)
        return refused(exec, err);
    const struct rg_redis_reply *inside = rg_redis_array_error(exec);
    if (inside == NULL)
        return RG_COMMITTED;
    (void)rg_fail(err, RG_EIO, "redis applied a transaction of shard %d in part: " RG_STR_FMT, s->store.shard,
                  RG_STR_ARG(inside->text));
    return RG_COMMIT_BROKEN;
}

/* Not again where a load has found everything as it should be: whatever takes the shard or empties it touches what is watched, and
 * a server that was restarted has no connection of ours. */
static enum rg_commit guard(struct store_redis *s, int64_t batch, struct rg_error *err)
{
    if (s->watched == batch)
        return RG_COMMITTED;
    push_guard(s);
    if (flush(s, err) < 0)
        return lost(s);
    enum rg_commit rc = read_guard(s, batch, err);
    rg_redis_release(s->redis);
    return rc;
}

static enum rg_commit redis_commit(struct rg_store *store, const struct rg_store_batch *batch, struct rg_error *err)
{
    struct store_redis *s = self(store);
    const struct rg_redis_reply *reply = NULL, *first = NULL;
    rg_arena_reset(s->keys);
    enum rg_commit rc = guard(s, batch->pos->batch - 1, err);
    if (rc != RG_COMMITTED)
        return rc;
    s->watched = -1; /* EXEC ends it, whatever its answer */
    RG_REDIS_PUSH(s->redis, RG_STR("MULTI"));
    push_values(s, batch);
    push_timers(s, batch);
    push_acts(s, batch);
    push_outbox(s, batch);
    push_pos(s, batch);
    RG_REDIS_PUSH(s->redis, RG_STR("EXEC"));
    rg_crash_point("before-exec");
    if (flush(s, err) < 0)
        return unsent(s);
    rg_crash_point("exec-unanswered");
    while (rg_redis_due(s->redis) > 0) {
        if (rg_redis_next(s->redis, &reply, err) < 0)
            return lost(s);
        if (first == NULL && reply->kind == RG_REDIS_ERROR)
            first = reply;
    }
    rc = judge_exec(s, reply, first, err);
    rg_redis_release(s->redis);
    if (rc == RG_COMMITTED)
        lower_bounds(s, batch);
    return rc;
}

static void redis_free(struct rg_store *store)
{
    struct store_redis *s = self(store);
    rg_redis_free(&s->redis);
    rg_arena_free(&s->keys);
    free(s);
}

int rg_store_redis_new(const struct rg_redis_config *config, int shard, struct rg_store **ret_store, struct rg_error *err)
{
    static const struct rg_store_ops ops = {redis_open, redis_load, redis_due, redis_commit, redis_next_due, redis_free};
    struct store_redis *s = rg_alloc(sizeof *s);
    s->store = (struct rg_store){.ops = &ops, .shard = shard};
    s->watched = -1;
    s->keys = rg_arena_new(KEYS_ARENA_BYTES);
    for (unsigned b = 0; b < RG_STATE_TIMER_SETS; b++)
        s->bound_ms[b] = RG_STORE_NEVER;
    struct rg_redis_config bounded = *config;
    bounded.replies_bytes_max = REPLIES_BYTES_MAX;
    int rc = rg_redis_new(&bounded, &s->redis, err);
    if (rc < 0) {
        redis_free(&s->store);
        return rc;
    }
    *ret_store = &s->store;
    return 0;
}

void rg_store_free(struct rg_store **store)
{
    if (*store != NULL)
        (*store)->ops->free(*store);
    *store = NULL;
}
