/* A list of chunks, newest first, each twice as large as the one before up to a limit. Growing a vector copies it and abandons
 * the old place: vectors here are short and the whole arena is freed soon. */
#include "base/core/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16 * 1024)
#define CHUNK_BYTES_MAX ((size_t)64 * 1024) /* also what a reset arena may keep */

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char data[];
};

struct rg_arena {
    struct chunk *head;
    size_t max_bytes;
    size_t used_bytes;
};

static struct chunk *new_chunk(size_t size, struct chunk *next)
{
    struct chunk *c = rg_alloc(sizeof *c + size);
    c->size = size;
    c->next = next;
    return c;
}

struct rg_arena *rg_arena_new(size_t max_bytes)
{
    struct rg_arena *arena = rg_alloc(sizeof *arena);
    arena->max_bytes = max_bytes;
    return arena;
}

static void free_chunks(struct chunk *c)
{
    while (c != NULL) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
}

void rg_arena_free(struct rg_arena **arena)
{
    if (*arena == NULL)
        return;
    free_chunks((*arena)->head);
    rg_free(arena);
}

void rg_arena_reset(struct rg_arena *arena)
{
    arena->used_bytes = 0;
    if (arena->head == NULL)
        return;
    free_chunks(arena->head->next);
    arena->head->next = NULL;
    memset(arena->head->data, 0, arena->head->used);
    arena->head->used = 0;
}

void *rg_arena_alloc(struct rg_arena *arena, size_t bytes)
{
    size_t align = alignof(max_align_t);
    rg_assert(bytes <= arena->max_bytes);
    bytes = (bytes + align - 1) / align * align;
    rg_assert(arena->used_bytes + bytes <= arena->max_bytes + align);
    struct chunk *c = arena->head;
    if (c == NULL || c->size - c->used < bytes) {
        size_t size = c == NULL ? CHUNK_BYTES : 2 * c->size < CHUNK_BYTES_MAX ? 2 * c->size : CHUNK_BYTES_MAX;
        c = new_chunk(bytes > size ? bytes : size, c);
        arena->head = c;
    }
    void *p = c->data + c->used;
    c->used += bytes;
    arena->used_bytes += bytes;
    return p;
}

void *rg_arena_array(struct rg_arena *arena, size_t count, size_t each_bytes)
{
    size_t bytes = 0;
    bool wraps = __builtin_mul_overflow(count, each_bytes, &bytes);
    rg_assert(!wraps);
    return rg_arena_alloc(arena, bytes);
}

struct rg_str rg_arena_str(struct rg_arena *arena, struct rg_str text)
{
    if (text.p == NULL)
        return text;
    char *copy = rg_arena_alloc(arena, text.n + 1);
    memcpy(copy, text.p, text.n);
    return (struct rg_str){copy, text.n};
}

char *rg_arena_strdup(struct rg_arena *arena, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = rg_arena_alloc(arena, n);
    memcpy(copy, text, n);
    return copy;
}

struct rg_str rg_arena_printf(struct rg_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    rg_assert(n >= 0);
    char *text = rg_arena_alloc(arena, (size_t)n + 1);
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return (struct rg_str){text, (size_t)n};
}

size_t rg_arena_used_bytes(const struct rg_arena *arena)
{
    return arena->used_bytes;
}

void *rg_arena_grow(struct rg_arena *arena, void *items, size_t count, size_t *capacity, size_t each_bytes)
{
    if (count < *capacity) {
        memset((char *)items + count * each_bytes, 0, each_bytes); /* a list that was shortened left its last element there */
        return items;
    }
    size_t wanted = *capacity ? *capacity * 2 : 4;
    void *grown = rg_arena_array(arena, wanted, each_bytes);
    if (count > 0)
        memcpy(grown, items, count * each_bytes);
    *capacity = wanted;
    return grown;
}
