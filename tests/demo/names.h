/* A table from names to things of one kind, for the witness. Names and things live in the arena; nothing is ever removed. */
#pragma once

#include "base/core/arena.h"

struct demo_names {
    struct rg_arena *arena;
    size_t thing_bytes;
    struct demo_name {
        struct rg_str name;
        void *thing;
    } *slots, *order; /* order: as they came */
    size_t slot_count, count, cap;
};

void demo_names_init(struct demo_names *names, struct rg_arena *arena, size_t thing_bytes);
void *demo_names_find(const struct demo_names *names, struct rg_str name); /* NULL */
void *demo_names_get(struct demo_names *names, struct rg_str name);        /* makes a zeroed one when there is none */
