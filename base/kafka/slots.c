/* The assigned partitions of a consumer, found by topic and partition once per record. Records come in runs of one
 * partition, so the last one found is tried first; otherwise a small open-addressing table finds it. The set changes only
 * as a whole, with an assignment, so nothing is ever deleted from the table. */
#include "base/core/hash.h"
#include "base/kafka/internal.h"

#include <string.h>

static uint64_t hash_of(const char *topic, int partition)
{
    return rg_fnv64(topic, strlen(topic)) + (uint64_t)partition * UINT64_C(0x9E3779B97F4A7C15);
}

static bool is_slot(const struct rg_kafka_slot *slot, const char *topic, int partition)
{
    return slot->partition == partition && strcmp(slot->topic, topic) == 0;
}

void rg_kafka_slots_done(struct rg_kafka_slots *slots)
{
    for (size_t i = 0; i < slots->count; i++)
        rg_free(&slots->items[i].topic);
    rg_free(&slots->items);
    rg_free(&slots->buckets);
    *slots = (struct rg_kafka_slots){0};
}

/* The positions may borrow their topics from the slots that are replaced: the new ones are built first. */
void rg_kafka_slots_set(struct rg_kafka_slots *slots, const struct rg_kafka_position *positions, size_t n)
{
    rg_assert(n <= RG_KAFKA_POSITIONS_MAX);
    struct rg_kafka_slots set = {.count = n, .buckets_n = 16};
    while (set.buckets_n < 2 * n)
        set.buckets_n *= 2;
    set.items = rg_alloc((n + 1) * sizeof *set.items);
    set.buckets = rg_alloc(set.buckets_n * sizeof *set.buckets);
    for (size_t i = 0; i < n; i++) {
        int64_t offset = positions[i].offset;
        set.items[i] = (struct rg_kafka_slot){
            .topic = rg_strdup(positions[i].topic),
            .partition = positions[i].partition,
            .start = offset,
            .next = offset >= 0 ? offset : RG_KAFKA_NONE,
            .held = offset == RG_KAFKA_HOLD,
        };
        size_t bucket = hash_of(positions[i].topic, positions[i].partition) & (set.buckets_n - 1);
        while (set.buckets[bucket] != 0)
            bucket = (bucket + 1) & (set.buckets_n - 1);
        set.buckets[bucket] = (uint32_t)i + 1;
    }
    rg_kafka_slots_done(slots);
    *slots = set;
}

struct rg_kafka_slot *rg_kafka_slots_find(struct rg_kafka_slots *slots, const char *topic, int partition)
{
    if (slots->last != NULL && is_slot(slots->last, topic, partition))
        return slots->last;
    if (slots->count == 0)
        return NULL;
    size_t bucket = hash_of(topic, partition) & (slots->buckets_n - 1);
    for (; slots->buckets[bucket] != 0; bucket = (bucket + 1) & (slots->buckets_n - 1)) {
        struct rg_kafka_slot *slot = &slots->items[slots->buckets[bucket] - 1];
        if (is_slot(slot, topic, partition)) {
            slots->last = slot;
            return slot;
        }
    }
    return NULL;
}

struct rg_kafka_position *rg_kafka_slots_positions(const struct rg_kafka_slots *slots)
{
    struct rg_kafka_position *positions = rg_alloc((slots->count + 1) * sizeof *positions);
    for (size_t i = 0; i < slots->count; i++)
        positions[i] = (struct rg_kafka_position){slots->items[i].topic, slots->items[i].partition, slots->items[i].next};
    return positions;
}
