/* What all shards share, and what those read who do not own a shard, against a real server. */
#include "daemon/state/codec.h"
#include "daemon/state/store_redis.h"
#include "tests/integration/base/redis/client.h"
#include "tests/unit/daemon/state/records.h"

#include <pthread.h>
#include <stdio.h>

#define SHARDS 8

static struct rg_fresh_store *fresh_store(const char *url, int timeout_ms)
{
    struct rg_redis_config config = config_for(url);
    config.connect_timeout_ms = config.command_timeout_ms = timeout_ms;
    struct rg_fresh_store *store = NULL;
    assert_int_equal(rg_fresh_store_new(&config, SHARDS, &store, NULL), 0);
    return store;
}

static struct rg_state_reader *reader_of(const char *url)
{
    const struct rg_redis_config config = config_for(url);
    struct rg_state_reader *reader = NULL;
    assert_int_equal(rg_state_reader_new(&config, &reader, NULL), 0);
    return reader;
}

struct bench {
    struct rg_redis *admin;
    struct rg_fresh_store *fresh;
    struct rg_state_reader *reader;
    struct rg_arena *arena;
};

static struct rg_redis_server *server;

static int begin(void **state)
{
    struct bench *b = rg_alloc(sizeof *b);
    b->admin = client_of(server);
    assert_text(SAY(b->admin, "FLUSHALL"), "OK");
    b->fresh = fresh_store(rg_redis_server_url(server), COMMAND_TIMEOUT_MS);
    b->reader = reader_of(rg_redis_server_url(server));
    b->arena = rg_arena_new((size_t)64 * 1024 * 1024);
    *state = b;
    return 0;
}

static int finish(void **state)
{
    struct bench *b = *state;
    rg_redis_free(&b->admin);
    rg_fresh_store_free(&b->fresh);
    rg_state_reader_free(&b->reader);
    rg_arena_free(&b->arena);
    free(b);
    return 0;
}

static struct rg_fresh read_fresh(struct bench *b)
{
    struct rg_fresh fresh;
    struct rg_error err = {0};
    if (rg_fresh_store_read(b->fresh, b->arena, &fresh, &err) < 0)
        fail_msg("%s", err.text);
    return fresh;
}

/* ---- fresh ---- */

static void nothing_is_known_at_first(void **state)
{
    struct rg_fresh fresh = read_fresh(*state);
    assert_int_equal(fresh.source_count, 0);
    assert_int_equal(fresh.want_ms, -1);
    for (int p = 0; p < SHARDS; p++)
        assert_int_equal(fresh.seen_ms[p], -1);
}

static void reads_what_ingest_stamps(void **state)
{
    struct bench *b = *state;
    (void)SAY(b->admin, "HSET", "regua:{all}:fresh", "s:billing:0", "100", "s:billing:11", "90", "n:billing", "12", "s:a:b:3",
              "7", "want", "55");
    struct rg_fresh fresh = read_fresh(b);
    assert_int_equal(fresh.source_count, 4);
    assert_int_equal(fresh.want_ms, 55);
    int seen = 0;
    for (size_t i = 0; i < fresh.source_count; i++) {
        const struct rg_fresh_source *of = &fresh.sources[i];
        seen += rg_str_is(of->source, "billing") && of->partition == 0 && of->at_ms == 100;
        seen += rg_str_is(of->source, "billing") && of->partition == 11 && of->at_ms == 90;
        seen += rg_str_is(of->source, "billing") && of->partition == -1 && of->at_ms == 12;
        seen += rg_str_is(of->source, "a:b") && of->partition == 3 && of->at_ms == 7;
    }
    assert_int_equal(seen, 4);
}

/* Whatever else stands in the hash makes nobody believe anything. */
static void passes_over_what_nobody_writes(void **state)
{
    static const char *const rows[][2] = {
        {"s:billing", "1"},
        {"s::0", "1"},
        {"s:billing:", "1"},
        {"s:billing:-1", "1"},
        {"s:billing:x", "1"},
        {"s:billing:0", ""},
        {"s:billing:0", "x"},
        {"s:billing:0", "1.5"},
        {"s:billing:99999999999", "1"},
        {"s:", "1"},
        {"n:", "1"},
        {"n:billing", "0"},
        {"n:billing", "-3"},
        {"n:billing", "99999999999"},
        {"h:8", "1"},
        {"h:-1", "1"},
        {"h:", "1"},
        {"h:x", "1"},
        {"h:1", "yes"},
        {"want", "soon"},
        {"wanted", "1"},
        {"", "1"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        (void)SAY(b->admin, "DEL", "regua:{all}:fresh");
        (void)SAY(b->admin, "HSET", "regua:{all}:fresh", rows[i][0], rows[i][1]);
        rg_redis_release(b->admin);
        struct rg_fresh fresh = read_fresh(b);
        if (fresh.source_count != 0 || fresh.want_ms != -1)
            fail_msg("row %zu was believed", i);
        for (int p = 0; p < SHARDS; p++)
            assert_int_equal(fresh.seen_ms[p], -1);
    }
}

static void only_raises(void **state)
{
    struct bench *b = *state;
    const int shards[] = {0, 7, 3};
    assert_int_equal(rg_fresh_store_seen(b->fresh, shards, (const int64_t[]){100, 200, 300}, 3, NULL), 0);
    assert_int_equal(rg_fresh_store_want(b->fresh, 1000, NULL), 0);
    assert_int_equal(rg_fresh_store_seen(b->fresh, shards, (const int64_t[]){99, 201, 300}, 3, NULL), 0);
    assert_int_equal(rg_fresh_store_want(b->fresh, 999, NULL), 0);
    struct rg_fresh fresh = read_fresh(b);
    assert_int_equal(fresh.seen_ms[0], 100);
    assert_int_equal(fresh.seen_ms[7], 201);
    assert_int_equal(fresh.seen_ms[3], 300);
    assert_int_equal(fresh.seen_ms[1], -1);
    assert_int_equal(fresh.want_ms, 1000);
    (void)SAY(b->admin, "HSET", "regua:{all}:fresh", "h:0", "rubbish"); /* is no reason to stay silent */
    assert_int_equal(rg_fresh_store_seen(b->fresh, shards, (const int64_t[]){5, 6, 7}, 3, NULL), 0);
    assert_int_equal(read_fresh(b).seen_ms[0], 5);
}

/* An hour that did not happen: what stands in Redis from it gives way. */
static void a_clock_that_was_set_back_is_heard(void **state)
{
    struct bench *b = *state;
    const int shards[] = {0, 7};
    const int64_t hour_ms = 60 * RG_MS_PER_MINUTE;
    assert_int_equal(rg_fresh_store_seen(b->fresh, shards, (const int64_t[]){hour_ms, hour_ms}, 2, NULL), 0);
    assert_int_equal(rg_fresh_store_want(b->fresh, hour_ms, NULL), 0);
    assert_int_equal(rg_fresh_store_seen(b->fresh, shards, (const int64_t[]){1000, hour_ms - 60000}, 2, NULL), 0);
    assert_int_equal(rg_fresh_store_want(b->fresh, 1000, NULL), 0);
    struct rg_fresh fresh = read_fresh(b);
    assert_int_equal(fresh.seen_ms[0], 1000);
    assert_int_equal(fresh.seen_ms[7], hour_ms);
    assert_int_equal(fresh.want_ms, 1000);
}

/* A look that raises nothing leaves no watch behind that would undo the next call. */
static void a_look_in_vain_costs_the_next_one_nothing(void **state)
{
    struct bench *b = *state;
    assert_int_equal(rg_fresh_store_want(b->fresh, 10, NULL), 0);
    assert_int_equal(rg_fresh_store_want(b->fresh, 10, NULL), 0);
    (void)SAY(b->admin, "HSET", "regua:{all}:fresh", "s:billing:0", "1");
    assert_int_equal(rg_fresh_store_want(b->fresh, 11, NULL), 0);
    assert_int_equal(read_fresh(b).want_ms, 11);
}

struct racer {
    pthread_t thread;
    int shard;
    int failures;
};

enum { RACE_END = 300 };

static void *race(void *ctx)
{
    struct racer *racer = ctx;
    struct rg_fresh_store *store = fresh_store(rg_redis_server_url(server), COMMAND_TIMEOUT_MS);
    for (int64_t at = 1; at <= RACE_END;) {
        struct rg_error err = {0};
        int rc = rg_fresh_store_seen(store, (const int[]){racer->shard, 0}, (const int64_t[]){at, at}, 2, &err);
        racer->failures += rc < 0 && !err.retryable;
        at += rc == 0;
    }
    rg_fresh_store_free(&store);
    return NULL;
}

static void writers_do_not_lose_each_others_words(void **state)
{
    struct bench *b = *state;
    struct racer racers[3];
    for (int i = 0; i < 3; i++) {
        racers[i] = (struct racer){.shard = i + 1};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    int64_t last = -1;
    for (int i = 0; i < 200; i++) {
        rg_arena_reset(b->arena);
        int64_t seen = read_fresh(b).seen_ms[0];
        assert_true(seen >= last); /* all three write it, and it never falls */
        last = seen;
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        assert_int_equal(racers[i].failures, 0);
    }
    struct rg_fresh fresh = read_fresh(b);
    for (int p = 0; p <= 3; p++)
        assert_int_equal(fresh.seen_ms[p], RACE_END);
}

static void comes_back_by_itself(void **state)
{
    struct bench *b = *state;
    struct rg_fresh fresh;
    struct rg_error err = {0};
    struct rg_fresh_store *hasty = fresh_store(rg_redis_server_url(server), SHORT_TIMEOUT_MS);
    assert_int_equal(rg_fresh_store_want(hasty, 10, NULL), 0);
    rg_redis_server_pause(server);
    assert_int_equal(rg_fresh_store_want(hasty, 11, &err), RG_ETIMEOUT);
    assert_true(err.retryable);
    assert_int_equal(rg_fresh_store_read(hasty, b->arena, &fresh, &err), RG_ETIMEOUT);
    rg_redis_server_resume(server);
    assert_int_equal(rg_fresh_store_read(hasty, b->arena, &fresh, &err), 0);
    assert_int_equal(rg_fresh_store_want(hasty, 12, NULL), 0);
    assert_int_equal(read_fresh(b).want_ms, 12);
    rg_fresh_store_free(&hasty);

    assert_text(SAY(b->admin, "CONFIG", "SET", "maxmemory", "1"), "OK");
    assert_int_equal(rg_fresh_store_want(b->fresh, 20, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "OOM"));
    assert_text(SAY(b->admin, "CONFIG", "SET", "maxmemory", "0"), "OK");
    assert_int_equal(rg_fresh_store_want(b->fresh, 21, NULL), 0);

    (void)SAY(b->admin, "SET", "regua:{all}:fresh", "no hash");
    assert_int_equal(rg_fresh_store_want(b->fresh, 22, &err), RG_EIO);
    assert_int_equal(rg_fresh_store_read(b->fresh, b->arena, &fresh, &err), RG_EIO);
    (void)SAY(b->admin, "DEL", "regua:{all}:fresh");
    assert_int_equal(read_fresh(b).want_ms, -1);
}

/* ---- the reader ---- */

static struct rg_action_id action_of(uint8_t n)
{
    struct rg_action_id id = {{0}};
    id.b[RG_ACTION_BYTES - 1] = n;
    return id;
}

/* What the owner of shard 5 has committed. */
static void fill(struct bench *b)
{
    const struct rg_redis_config config = config_for(rg_redis_server_url(server));
    struct rg_store *store = NULL;
    struct rg_store_opened opened;
    assert_int_equal(rg_store_redis_new(&config, 5, &store, NULL), 0);
    assert_int_equal(store->ops->open(store, b->arena, &opened, NULL), 0);
    const struct rg_store_act acts[] = {
        {.action = action_of(1), .live = true, .value = {.claim_offset = -1}},
        {.action = action_of(2), .live = true, .value = {.claimed = true, .claim = {{7}}, .claim_offset = 98}}};
    const struct rg_store_put puts[] = {
        {.key = {RG_STORE_DEBTOR, RG_STR("C-1")}, .write = true, .value = {"a\0b", 3}, .due_ms = 1700000000000},
        {.key = {RG_STORE_DEBTOR, RG_STR("C-3")}, .due_ms = 1700000000000},
        {.key = {RG_STORE_DEBTOR, RG_STR("C-3")}, .timer = RG_TIMER_PROMPT, .due_ms = 1600000000000},
        {.key = {RG_STORE_INVOICE, RG_STR("asaas:pay_1")}, .write = true, .value = RG_STR(""), .due_ms = RG_STORE_UNCHANGED}};
    const struct rg_pos pos = {.ledger_next = 99, .people_next = -1, .batch = 1, .seen_ms = -1, .asof_ms = 123};
    const struct rg_store_batch batch = {
        .puts = puts, .put_count = RG_COUNT(puts), .acts = acts, .act_count = 2, .out_done_through = -1, .pos = &pos};
    assert_int_equal(store->ops->commit(store, &batch, NULL), RG_COMMITTED);
    rg_store_free(&store);
}

static void reads_actions_with_the_position(void **state)
{
    struct bench *b = *state;
    struct rg_act_state states[3];
    int64_t next = 0, asof = 0;
    const struct rg_action_id ids[] = {action_of(2), action_of(9), action_of(1)};
    assert_int_equal(rg_state_reader_acts(b->reader, 5, ids, 3, states, &next, &asof, NULL), 0);
    assert_int_equal(next, -1);
    assert_int_equal(asof, -1);
    assert_false(states[0].live || states[1].live || states[2].live);
    fill(b);
    assert_int_equal(rg_state_reader_acts(b->reader, 5, ids, 3, states, &next, &asof, NULL), 0);
    assert_int_equal(next, 99);
    assert_int_equal(asof, 123);
    assert_true(states[0].live && states[0].value.claimed && states[0].value.claim.b[0] == 7);
    assert_int_equal(states[0].value.claim_offset, 98);
    assert_false(states[1].live);
    assert_true(states[2].live && !states[2].value.claimed);
    assert_int_equal(rg_state_reader_acts(b->reader, 5, NULL, 0, NULL, &next, &asof, NULL), 0);
    assert_int_equal(next, 99);
    /* another shard knows nothing of it */
    assert_int_equal(rg_state_reader_acts(b->reader, 6, ids, 3, states, &next, &asof, NULL), 0);
    assert_int_equal(next, -1);
    assert_false(states[0].live);
}

static void reads_values_and_timers(void **state)
{
    struct bench *b = *state;
    fill(b);
    struct rg_str values[4];
    const struct rg_store_key keys[] = {
        {RG_STORE_INVOICE, RG_STR("asaas:pay_1")}, {RG_STORE_REFERENCE, RG_STR("C-1")}, {RG_STORE_DEBTOR, RG_STR("C-1")}};
    assert_int_equal(rg_state_reader_get(b->reader, 5, keys, 3, b->arena, values, NULL), 0);
    assert_true(values[0].p != NULL && values[0].n == 0);
    assert_null(values[1].p);
    assert_true(rg_str_eq(values[2], (struct rg_str){"a\0b", 3}));
    assert_int_equal(rg_state_reader_get(b->reader, 5, keys, 0, b->arena, values, NULL), 0);
    int64_t due_ms = 0;
    assert_int_equal(rg_state_reader_due(b->reader, 5, RG_STR("C-1"), &due_ms, NULL), 0);
    assert_int_equal(due_ms, 1700000000000);
    assert_int_equal(rg_state_reader_due(b->reader, 5, RG_STR("C-2"), &due_ms, NULL), 0);
    assert_int_equal(due_ms, RG_STORE_NEVER);
    assert_int_equal(rg_state_reader_due(b->reader, 5, RG_STR("C-3"), &due_ms, NULL), 0);
    assert_int_equal(due_ms, 1600000000000); /* of two timers the earlier */
}

static void says_what_is_damaged_and_goes_on(void **state)
{
    static const struct {
        const char *words[5];
        const char *says;
    } rows[] = {
        {{"HSET", "regua:{5}:act", "000000000000000000000000000000000001", "maybe"}, "state of an action"},
        {{"HSET", "regua:{5}:pos", "l", "far"}, "the position is no number"},
        {{"HSET", "regua:{5}:pos", "a", ""}, "asof is no number"},
        {{"SET", "regua:{5}:act", "1"}, "WRONGTYPE"},
        {{"SET", "regua:{5}:pos", "1"}, "WRONGTYPE"},
    };
    struct bench *b = *state;
    const struct rg_action_id id = action_of(1);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_act_state act = {.live = true};
        int64_t next = 77, asof = 77;
        struct rg_error err = {0};
        assert_text(SAY(b->admin, "FLUSHALL"), "OK");
        assert_int_not_equal(say(b->admin, rows[i].words)->kind, RG_REDIS_ERROR);
        rg_redis_release(b->admin);
        assert_true(rg_state_reader_acts(b->reader, 5, &id, 1, &act, &next, &asof, &err) < 0);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, err.text);
        assert_true(act.live && next == 77 && asof == 77); /* untouched */
    }
    struct rg_str value = RG_STR("untouched");
    struct rg_error err = {0};
    const struct rg_store_key key = {RG_STORE_DEBTOR, RG_STR("C-1")};
    (void)SAY(b->admin, "HSET", "regua:{5}:d:C-1", "a", "1");
    assert_int_equal(rg_state_reader_get(b->reader, 5, &key, 1, b->arena, &value, &err), RG_EIO);
    assert_true(rg_str_is(value, "untouched"));
    assert_text(SAY(b->admin, "FLUSHALL"), "OK");
    assert_int_equal(rg_state_reader_get(b->reader, 5, &key, 1, b->arena, &value, &err), 0);
    assert_null(value.p);
}

/* ---- size ---- */

enum { CROWD = 20000 };

static int64_t used_memory(struct bench *b)
{
    const char *line = strstr(SAY(b->admin, "INFO", "memory")->text.p, "used_memory:");
    assert_non_null(line);
    int64_t bytes = strtoll(line + strlen("used_memory:"), NULL, 10);
    rg_redis_release(b->admin);
    return bytes;
}

/* What a debtor with his timer costs in a real server, as the difference that a crowd of them makes. */
static void measures_the_reference_debtor(void **state)
{
    struct bench *b = *state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_redis_config config = config_for(rg_redis_server_url(server));
    struct rg_store *store = NULL;
    struct rg_store_opened opened;
    rg_buf_init(&buf, RG_RECORD_STORED_MAX);
    assert_int_equal(rg_record_encode(reference_debtor(b->arena), &buf, NULL), 0);
    assert_int_equal(rg_store_redis_new(&config, 5, &store, NULL), 0);
    assert_int_equal(store->ops->open(store, b->arena, &opened, NULL), 0);
    int64_t before = used_memory(b), with_records = 0;
    for (int timers = 0; timers <= 1; timers++) {
        for (int64_t at = 0; at < CROWD; at += 500) {
            struct rg_store_put puts[500];
            char ids[500][32];
            for (int i = 0; i < 500; i++) {
                (void)snprintf(ids[i], sizeof ids[i], "cus_%012lld", (long long)at + i);
                puts[i] = (struct rg_store_put){.key = {RG_STORE_DEBTOR, rg_str(ids[i])},
                                                .write = timers == 0,
                                                .value = rg_buf_str(&buf),
                                                .due_ms = timers == 0 ? RG_STORE_UNCHANGED : 1793000000000 + 60000 * (at + i)};
            }
            const struct rg_pos pos = {.ledger_next = 1, .batch = ++opened.pos.batch};
            const struct rg_store_batch batch = {.puts = puts, .put_count = 500, .out_done_through = -1, .pos = &pos};
            assert_int_equal(store->ops->commit(store, &batch, NULL), RG_COMMITTED);
        }
        if (timers == 0)
            with_records = used_memory(b);
    }
    int64_t record = (with_records - before) / CROWD, timer = (used_memory(b) - with_records) / CROWD;
    (void)printf("reference debtor: %zu bytes of record, %lld in Redis, and %lld for the timer\n", buf.len, (long long)record,
                 (long long)timer);
    assert_true(record + timer <= 350); /* the budget */
    rg_store_free(&store);
}

static int start(void **state)
{
    (void)state;
    server = rg_redis_server_start(NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rg_redis_server_stop(&server);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_at_first),
        TEST(reads_what_ingest_stamps),
        TEST(passes_over_what_nobody_writes),
        TEST(only_raises),
        TEST(a_clock_that_was_set_back_is_heard),
        TEST(a_look_in_vain_costs_the_next_one_nothing),
        TEST(writers_do_not_lose_each_others_words),
        TEST(comes_back_by_itself),
        TEST(reads_actions_with_the_position),
        TEST(reads_values_and_timers),
        TEST(says_what_is_damaged_and_goes_on),
        TEST(measures_the_reference_debtor),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
