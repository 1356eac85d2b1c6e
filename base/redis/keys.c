/* Keys are put together byte by byte instead of by printf: a batch names a thousand of them. */
#include "base/redis/keys.h"

#include <string.h>

#define PREFIX "regua:{"

static struct rg_str join(struct rg_arena *arena, struct rg_str tag, struct rg_str field, struct rg_str id)
{
    const struct rg_str parts[] = {RG_STR(PREFIX), tag, RG_STR("}:"), field, id};
    size_t n = 0;
    for (size_t i = 0; i < RG_COUNT(parts); i++)
        n += parts[i].n;
    char *key = rg_arena_alloc(arena, n + 1);
    char *at = key;
    for (size_t i = 0; i < RG_COUNT(parts); i++) {
        if (parts[i].n > 0)
            memcpy(at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return (struct rg_str){key, n};
}

static struct rg_str shard_key(struct rg_arena *arena, uint32_t shard, struct rg_str field, struct rg_str id)
{
    char memory[RG_I64_TEXT_MAX];
    return join(arena, rg_i64_to_str(shard, memory), field, id);
}

struct rg_str rg_key_debtor(struct rg_arena *arena, uint32_t shard, struct rg_str debtor)
{
    return shard_key(arena, shard, RG_STR("d:"), debtor);
}

struct rg_str rg_key_invoice(struct rg_arena *arena, uint32_t shard, struct rg_str invoice)
{
    return shard_key(arena, shard, RG_STR("i:"), invoice);
}

struct rg_str rg_key_reference(struct rg_arena *arena, uint32_t shard, struct rg_str reference)
{
    return shard_key(arena, shard, RG_STR("r:"), reference);
}

struct rg_str rg_key_due(struct rg_arena *arena, uint32_t shard, struct rg_str bucket)
{
    return shard_key(arena, shard, bucket.p != NULL ? RG_STR("due:") : RG_STR("due"), bucket);
}

struct rg_str rg_key_pos(struct rg_arena *arena, uint32_t shard)
{
    return shard_key(arena, shard, RG_STR("pos"), (struct rg_str){0});
}

struct rg_str rg_key_out(struct rg_arena *arena, uint32_t shard)
{
    return shard_key(arena, shard, RG_STR("out"), (struct rg_str){0});
}

struct rg_str rg_key_act(struct rg_arena *arena, uint32_t shard)
{
    return shard_key(arena, shard, RG_STR("act"), (struct rg_str){0});
}

struct rg_str rg_key_own(struct rg_arena *arena, uint32_t shard)
{
    return shard_key(arena, shard, RG_STR("own"), (struct rg_str){0});
}

struct rg_str rg_key_fresh(void)
{
    return RG_STR(PREFIX "all}:fresh");
}
