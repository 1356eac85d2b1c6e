/* The names of all keys, and their only home. Keys of shard p carry the hash tag {p}, so that a shard lives in one slot of a
 * cluster and one transaction may touch all of them; what all shards share carries {all}.
 *
 *   regua:{p}:d:<debtor>      string   the debtor record
 *   regua:{p}:i:<invoice>     string   bulky part of an invoice, until it has been closed for half a year
 *   regua:{p}:r:<reference>   string   home shard: reference → debtor, or records waiting for it
 *   regua:{p}:due[:<bucket>]  zset     debtor → next time anything can happen to it
 *   regua:{p}:pos             hash     position: offset, batch number, origins
 *   regua:{p}:out             ordered  outbox
 *   regua:{p}:act             hash     action id → queued or wire
 *   regua:{p}:own             string   the fence: token of the owner's present connection
 *   regua:{all}:fresh         hash     source partition → T, shard → seen
 *
 * Slices live in the arena. Ids are taken as they are: the tag comes first, so braces in an id change nothing. */
#pragma once

#include "base/core/arena.h"

struct rg_str rg_key_debtor(struct rg_arena *arena, uint32_t shard, struct rg_str debtor);
struct rg_str rg_key_invoice(struct rg_arena *arena, uint32_t shard, struct rg_str invoice);
struct rg_str rg_key_reference(struct rg_arena *arena, uint32_t shard, struct rg_str reference);
struct rg_str rg_key_due(struct rg_arena *arena, uint32_t shard, struct rg_str bucket); /* absent: without one */
struct rg_str rg_key_pos(struct rg_arena *arena, uint32_t shard);
struct rg_str rg_key_out(struct rg_arena *arena, uint32_t shard);
struct rg_str rg_key_act(struct rg_arena *arena, uint32_t shard);
struct rg_str rg_key_own(struct rg_arena *arena, uint32_t shard);
struct rg_str rg_key_fresh(void);
