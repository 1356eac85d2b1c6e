/* Whatever Redis answers in place of a shard's state: read, or refused with a reason, within what there is room for. The first byte says
 * who asks: 's' the store of a shard, 'r' a reader of states, 'f' what all shards share. */
#include "base/json/json.h"
#include "daemon/state/store_redis.h"
#include "tests/fakes/redis_script.h"

#include <stdlib.h>
#include <string.h>

#define SHARD 3
#define SHARDS 4
#define DUE_MAX 4
#define UNTIL_MS 5000
#define INPUT_MAX ((size_t)32 * 1024)
#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rg_store_key keys[] = {{RG_STORE_DEBTOR, {"D1", 2}}, {RG_STORE_INVOICE, {"F1", 2}}};
static const struct rg_action_id actions[] = {{{1}}, {{2}}};
static struct rg_redis_script script;

static void clean_up(void)
{
    rg_redis_script_close(&script);
}

static void check_opened(const struct rg_store_opened *opened)
{
    const struct rg_pos *p = &opened->pos;
    const int64_t numbers[] = {p->ledger_next, p->people_next, p->batch, p->seen_ms, p->asof_ms, p->out_next};
    for (size_t i = 0; i < RG_COUNT(numbers); i++)
        rg_assert(numbers[i] >= -RG_JSON_INT_MAX && numbers[i] <= RG_JSON_INT_MAX);
    for (size_t i = 0; i < opened->out_count; i++)
        rg_assert(opened->out[i].bytes.p != NULL);
    for (size_t i = 0; i < p->origin_count; i++)
        rg_assert(rg_str_has(p->origins[i].source) && p->origins[i].partition >= 0 && p->origins[i].offset >= 0);
    rg_assert(opened->begun.times >= 0);
}

static void load(struct rg_store *store, int64_t batch, struct rg_arena *arena)
{
    struct rg_str values[RG_COUNT(keys)];
    struct rg_error err = {0};
    if (store->ops->load(store, keys, RG_COUNT(keys), batch, arena, values, &err) != RG_COMMITTED)
        rg_assert(err.text[0] != '\0');
}

static void ask_due(struct rg_store *store, enum rg_timer timer, struct rg_arena *arena)
{
    struct rg_due due[DUE_MAX];
    struct rg_error err = {0};
    size_t count = 0;
    if (store->ops->due(store, timer, UNTIL_MS, DUE_MAX, arena, due, &count, &err) != RG_COMMITTED)
        rg_assert(err.text[0] != '\0');
    rg_assert(count <= DUE_MAX);
    for (size_t i = 0; i < count; i++)
        rg_assert(due[i].debtor.p != NULL && due[i].due_ms <= UNTIL_MS);
}

static void commit(struct rg_store *store, struct rg_pos pos)
{
    const struct rg_store_put put = {.key = keys[0], .write = true, .value = RG_STR("x"), .due_ms = 7};
    const struct rg_store_act act = {.action = actions[0], .live = true};
    const struct rg_out_entry out = {1, RG_STR("y")};
    const struct rg_store_batch batch = {.puts = &put, .put_count = 1, .acts = &act, .act_count = 1, .out_adds = &out,
                                         .out_add_count = 1, .out_done_through = -1, .pos = &pos};
    struct rg_error err = {0};
    pos.batch++;
    if (store->ops->commit(store, &batch, &err) != RG_COMMITTED)
        rg_assert(err.text[0] != '\0');
}

static void try_store(const struct rg_redis_config *config, struct rg_arena *arena)
{
    struct rg_store *store RG_CLEANUP(rg_store_free) = NULL;
    struct rg_store_opened opened;
    struct rg_error err = {0};
    rg_assert(rg_store_redis_new(config, SHARD, &store, NULL) == 0);
    if (store->ops->open(store, arena, &opened, &err) < 0) {
        rg_assert(err.text[0] != '\0');
        return;
    }
    check_opened(&opened);
    load(store, opened.pos.batch, arena);
    ask_due(store, RG_TIMER_DUE, arena);
    ask_due(store, RG_TIMER_PROMPT, arena);
    commit(store, opened.pos);
}

static void try_reader(const struct rg_redis_config *config, struct rg_arena *arena)
{
    struct rg_state_reader *reader RG_CLEANUP(rg_state_reader_free) = NULL;
    struct rg_act_state states[RG_COUNT(actions)];
    struct rg_str values[RG_COUNT(keys)];
    int64_t next, asof_ms, due_ms;
    rg_assert(rg_state_reader_new(config, &reader, NULL) == 0);
    int rc = rg_state_reader_acts(reader, SHARD, actions, RG_COUNT(actions), states, &next, &asof_ms, NULL);
    if (rc == 0)
        rc = rg_state_reader_get(reader, SHARD, keys, RG_COUNT(keys), arena, values, NULL);
    if (rc == 0 && rg_state_reader_due(reader, SHARD, keys[0].id, &due_ms, NULL) < 0)
        return;
}

static void try_fresh(const struct rg_redis_config *config, struct rg_arena *arena)
{
    static const int shards[] = {0, SHARD};
    static const int64_t seen_ms[] = {1000, 2000};
    struct rg_fresh_store *store RG_CLEANUP(rg_fresh_store_free) = NULL;
    struct rg_fresh fresh;
    rg_assert(rg_fresh_store_new(config, SHARDS, &store, NULL) == 0);
    if (rg_fresh_store_read(store, arena, &fresh, NULL) < 0)
        return;
    for (size_t i = 0; i < fresh.source_count; i++)
        rg_assert(fresh.sources[i].source.p != NULL && fresh.sources[i].partition >= -1);
    if (rg_fresh_store_seen(store, shards, seen_ms, RG_COUNT(shards), NULL) == 0 && rg_fresh_store_want(store, 1, NULL) < 0)
        return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > INPUT_MAX || memmem(data, size, "MOVED", 5) != NULL) /* nobody else's server is called */
        return 0;
    if (script.fd == 0) {
        rg_redis_script_open(&script);
        (void)atexit(clean_up);
    }
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(ARENA_BYTES);
    const struct rg_redis_config config = {.url = script.url, .connect_timeout_ms = 1000, .command_timeout_ms = 1000};
    void (*const asking)(const struct rg_redis_config *, struct rg_arena *) =
        data[0] == 's' ? try_store : data[0] == 'r' ? try_reader : data[0] == 'f' ? try_fresh : NULL;
    if (asking == NULL)
        return 0;
    rg_redis_script_begin(&script, (struct rg_str){(const char *)data + 1, size - 1});
    asking(&config, arena);
    rg_redis_script_end(&script);
    return 0;
}
