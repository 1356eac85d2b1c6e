/* Answers that no Redis should give: something between us and it may, and what is taken for state has to be what was asked for. */
#include "daemon/state/store_redis.h"
#include "tests/fakes/redis_script.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define FENCE_POS_OUT "+OK\n*2\n$1\nb\n$1\n6\n*0\n" /* SET own, HGETALL pos, ZRANGE out */
#define BUCKETS ":0\n@buckets\n"                      /* HLEN act, ZRANGE due:00 … */
#define OPEN FENCE_POS_OUT BUCKETS "*0\n"             /* ZRANGE due:prompt */
#define GUARD "+OK\n@own\n$1\n6\n"                   /* WATCH, GET own, HGET pos */
#define LOADED "*2\n$1\nx\n$-1\n"

static const struct rg_store_key keys[] = {{RG_STORE_DEBTOR, {"D1", 2}}, {RG_STORE_INVOICE, {"F1", 2}}};

struct rig {
    struct rg_redis_script script;
    struct rg_arena *arena;
    struct rg_redis_config config;
    struct rg_store *store;
    struct rg_store_opened opened;
    struct rg_error err;
};

static void begin(struct rig *rig, const char *says)
{
    *rig = (struct rig){.arena = rg_arena_new((size_t)1 << 20)};
    rg_redis_script_open(&rig->script);
    rig->config = (struct rg_redis_config){.url = rig->script.url, .connect_timeout_ms = 10000, .command_timeout_ms = 10000};
    rg_redis_script_begin(&rig->script, rg_str(says));
}

static int open_store(struct rig *rig)
{
    assert_int_equal(rg_store_redis_new(&rig->config, 3, &rig->store, &rig->err), 0);
    return rig->store->ops->open(rig->store, rig->arena, &rig->opened, &rig->err);
}

static void end(struct rig *rig)
{
    rg_store_free(&rig->store);
    rg_redis_script_end(&rig->script);
    rg_redis_script_close(&rig->script);
    rg_arena_free(&rig->arena);
}

static void opening(void **unused)
{
    static const struct {
        const char *says, *why; /* NULL: opened */
    } rows[] = {
        {OPEN, NULL},
        {"+OK\n*1\n$1\nb\n", "not two by two"},
        {"+OK\n*2\n$1\nb\n:6\n", "HGETALL pos: expected a string"},
        {"+OK\n*2\n$1\nl\n$4\nmany\n", "field l is no whole number"},
        {"+OK\n*2\n$1\no\n$19\n9223372036854775807\n", "field o is no whole number, or too large a one"},
        {"+OK\n*0\n*2\n*0\n$1\n1\n", "ZRANGE out: expected a string"},
        {"+OK\n*0\n*2\n$-1\n$1\n1\n", "ZRANGE out: expected a string"},
        {FENCE_POS_OUT "$1\n0\n", "HLEN act: expected"},
        {FENCE_POS_OUT ":0\n*2\n$1\nx\n:1\n", "ZRANGE due: expected a string"},
        {FENCE_POS_OUT ":0\n*1\n$1\nx\n", "not two by two"},
    };
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        begin(&rig, rows[i].says);
        int rc = open_store(&rig);
        assert_int_equal(rc == 0, rows[i].why == NULL);
        if (rows[i].why != NULL && strstr(rig.err.text, rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, rig.err.text);
        end(&rig);
    }
}

static void loading(void **unused)
{
    static const struct {
        const char *says;
        enum rg_commit rc;
    } rows[] = {
        {OPEN GUARD LOADED, RG_COMMITTED},
        {OPEN GUARD "*1\n$1\nx\n", RG_COMMIT_BROKEN},
        {OPEN GUARD "*3\n$1\nx\n$-1\n$-1\n", RG_COMMIT_BROKEN},
        {OPEN GUARD "*0\n", RG_COMMIT_BROKEN},
        {OPEN GUARD "+OK\n", RG_COMMIT_BROKEN},
        {OPEN "+OK\n$1\nx\n$1\n6\n" LOADED, RG_COMMIT_REOWN},
        {OPEN "+OK\n@own\n$1\n7\n" LOADED, RG_COMMIT_REOWN},
        {OPEN GUARD, RG_COMMIT_UNKNOWN},
    };
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        struct rg_str values[RG_COUNT(keys)];
        begin(&rig, rows[i].says);
        assert_int_equal(open_store(&rig), 0);
        enum rg_commit rc = rig.store->ops->load(rig.store, keys, RG_COUNT(keys), 6, rig.arena, values, &rig.err);
        if (rc != rows[i].rc)
            fail_msg("row %zu: %d %s", i, (int)rc, rig.err.text);
        end(&rig);
    }
}

/* Only EXEC's array says that a transaction was applied. */
static void committing(void **unused)
{
    static const struct {
        const char *exec;
        enum rg_commit rc;
    } rows[] = {
        {"*2\n+OK\n:1\n", RG_COMMITTED},
        {"+QUEUED\n", RG_COMMIT_BROKEN},
        {":2\n", RG_COMMIT_BROKEN},
        {"$2\nOK\n", RG_COMMIT_BROKEN},
        {"*-1\n", RG_COMMIT_REOWN},
        {"-OOM full\n", RG_COMMIT_REFUSED},
        {"*2\n+OK\n-ERR no\n", RG_COMMIT_BROKEN},
        {"", RG_COMMIT_UNKNOWN},
    };
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        char says[512];
        const struct rg_store_put put = {.key = keys[0], .write = true, .value = RG_STR("x"), .due_ms = RG_STORE_UNCHANGED};
        (void)snprintf(says, sizeof says, OPEN GUARD "+OK\n+QUEUED\n+QUEUED\n%s", rows[i].exec);
        begin(&rig, says);
        assert_int_equal(open_store(&rig), 0);
        struct rg_pos pos = rig.opened.pos;
        pos.batch++;
        const struct rg_store_batch batch = {.puts = &put, .put_count = 1, .out_done_through = -1, .pos = &pos};
        enum rg_commit rc = rig.store->ops->commit(rig.store, &batch, &rig.err);
        if (rc != rows[i].rc)
            fail_msg("row %zu: %d %s", i, (int)rc, rig.err.text);
        end(&rig);
    }
}

static void due_debtors(void **unused)
{
    static const struct {
        const char *answer;
        enum rg_commit rc;
        size_t count;
    } rows[] = {
        {"*2\n$2\nD1\n$1\n1\n", RG_COMMITTED, 1},
        {"*0\n", RG_COMMITTED, 0},
        {"*2\n$-1\n$1\n1\n", RG_COMMIT_BROKEN, 0},
        {"*1\n$2\nD1\n", RG_COMMIT_BROKEN, 0},
        {"*2\n$2\nD1\n$3\n1.5\n", RG_COMMIT_BROKEN, 0},
        {"-NOPERM no\n", RG_COMMIT_REFUSED, 0},
    };
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        char says[512];
        struct rg_due due[2];
        size_t count = 0;
        (void)snprintf(says, sizeof says, FENCE_POS_OUT BUCKETS "*2\n$1\nx\n$1\n1\n%s", rows[i].answer);
        begin(&rig, says);
        assert_int_equal(open_store(&rig), 0);
        enum rg_commit rc = rig.store->ops->due(rig.store, RG_TIMER_PROMPT, 5, RG_COUNT(due), rig.arena, due, &count, &rig.err);
        if (rc != rows[i].rc || count != rows[i].count)
            fail_msg("row %zu: %d %zu %s", i, (int)rc, count, rig.err.text);
        end(&rig);
    }
}

static void raising(void **unused)
{
    static const struct {
        const char *says;
        int rc;
    } rows[] = {
        {"+OK\n+OK\n*2\n$1\n9\n$1\n9\n", 0},
        {"+OK\n+OK\n*2\n$-1\n$1\n9\n+OK\n+QUEUED\n*1\n:1\n", 0},
        {"+OK\n+OK\n*1\n$1\n9\n", RG_EIO},
        {"+OK\n+OK\n*0\n", RG_EIO},
        {"+OK\n+OK\n*3\n$1\n9\n$1\n9\n$1\n9\n", RG_EIO},
    };
    static const int shards[] = {0, 1};
    static const int64_t seen_ms[] = {5, 6};
    (void)unused;
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rig rig;
        struct rg_fresh_store *fresh RG_CLEANUP(rg_fresh_store_free) = NULL;
        begin(&rig, rows[i].says);
        assert_int_equal(rg_fresh_store_new(&rig.config, 4, &fresh, &rig.err), 0);
        int rc = rg_fresh_store_seen(fresh, shards, seen_ms, RG_COUNT(shards), &rig.err);
        if (rc != rows[i].rc)
            fail_msg("row %zu: %d %s", i, rc, rig.err.text);
        rg_fresh_store_free(&fresh);
        end(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening), cmocka_unit_test(loading), cmocka_unit_test(committing), cmocka_unit_test(due_debtors),
        cmocka_unit_test(raising),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
