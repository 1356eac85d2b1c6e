/* Arena: memory for one message or one snapshot, freed whole. Bounded: an allocation past `max_bytes` is our bug (sizes
 * from outside are capped before), so it aborts. Zeroed, aligned for any type. Not thread-safe. */
#pragma once

#include "base/core/core.h"

struct rg_arena;

struct rg_arena *rg_arena_new(size_t max_bytes) __attribute__((returns_nonnull));
void rg_arena_free(struct rg_arena **arena);
void rg_arena_reset(struct rg_arena *arena); /* forgets everything, keeps one chunk for reuse */

void *rg_arena_alloc(struct rg_arena *arena, size_t bytes) __attribute__((malloc, returns_nonnull));
/* Copies end in a NUL that is not counted, so `.p` may be used as a C string when the bytes hold none. */
struct rg_str rg_arena_str(struct rg_arena *arena, struct rg_str text); /* absent stays absent */
char *rg_arena_strdup(struct rg_arena *arena, const char *text) __attribute__((returns_nonnull));
struct rg_str rg_arena_printf(struct rg_arena *arena, const char *fmt, ...) RG_PRINTF(2, 3);
size_t rg_arena_used_bytes(const struct rg_arena *arena);

/* count zeroed elements of a type: RG_NEW(arena, struct rg_step, 4) */
#define RG_NEW(arena, type, count) ((type *)rg_arena_array((arena), (size_t)(count), sizeof(type)))
void *rg_arena_array(struct rg_arena *arena, size_t count, size_t each_bytes) __attribute__((malloc, returns_nonnull));

/* Grows a (pointer, count, capacity) triple kept in an arena and returns the address of a new zeroed last element. */
#define RG_PUSH(arena, items, count, capacity) \
    ((items) = rg_arena_grow((arena), (items), (count), &(capacity), sizeof *(items)), &(items)[(count)++])
void *rg_arena_grow(struct rg_arena *arena, void *items, size_t count, size_t *capacity, size_t each_bytes);
