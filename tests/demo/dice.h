/* Chance that can be repeated: every throw is a pure function of the seed and of what it is about, so that the order in which
 * threads happen to do things changes nothing. */
#pragma once

#include "base/core/hash.h"

#include <string.h>

/* A number for (seed, about, salt); `salt` tells the throws about one thing apart. */
static inline uint64_t demo_throw(uint64_t seed, struct rg_str about, const char *salt)
{
    uint64_t z = seed * UINT64_C(0x9E3779B97F4A7C15) ^ rg_fnv64(about.p, about.n) ^ rg_fnv64(salt, strlen(salt)) << 1;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* 0 … n − 1. */
static inline int demo_pick(uint64_t seed, struct rg_str about, const char *salt, int n)
{
    return (int)(demo_throw(seed, about, salt) % (uint64_t)n);
}

static inline bool demo_chance(uint64_t seed, struct rg_str about, const char *salt, int percent)
{
    return demo_pick(seed, about, salt, 100) < percent;
}
