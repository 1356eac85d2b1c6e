/* Open addressing, at most half full. */
#include "tests/demo/names.h"

#include "base/core/hash.h"

#define SLOTS_FIRST 64

void demo_names_init(struct demo_names *names, struct rg_arena *arena, size_t thing_bytes)
{
    *names = (struct demo_names){.arena = arena, .thing_bytes = thing_bytes, .slot_count = SLOTS_FIRST};
    names->slots = RG_NEW(arena, struct demo_name, names->slot_count);
}

static struct demo_name *slot_of(const struct demo_names *names, struct rg_str name)
{
    size_t at = (size_t)rg_fnv64(name.p, name.n) & (names->slot_count - 1);
    while (names->slots[at].thing != NULL && !rg_str_eq(names->slots[at].name, name))
        at = (at + 1) & (names->slot_count - 1);
    return &names->slots[at];
}

void *demo_names_find(const struct demo_names *names, struct rg_str name)
{
    return slot_of(names, name)->thing;
}

static void grow(struct demo_names *names)
{
    names->slot_count *= 2;
    names->slots = RG_NEW(names->arena, struct demo_name, names->slot_count);
    for (size_t i = 0; i < names->count; i++)
        *slot_of(names, names->order[i].name) = names->order[i];
}

void *demo_names_get(struct demo_names *names, struct rg_str name)
{
    struct demo_name *slot = slot_of(names, name);
    if (slot->thing != NULL)
        return slot->thing;
    if (names->count * 2 >= names->slot_count) {
        grow(names);
        slot = slot_of(names, name);
    }
    *slot = (struct demo_name){rg_arena_str(names->arena, name), rg_arena_alloc(names->arena, names->thing_bytes)};
    *RG_PUSH(names->arena, names->order, names->count, names->cap) = *slot;
    return slot->thing;
}
