/* A ring of the records in flight, in offset order. Answers are found by binary search; whenever the oldest record is
 * complete it leaves, and takes with it every complete one behind it.
 *
 * Invariants: offsets in the ring ascend strictly; the oldest entry is never complete (it would have left); `next` is the
 * oldest offset in flight, or where reading has got to. A bitmap over offsets was rejected: compacted topics have holes
 * of any size, and a record may wait for several answers. */
#include "base/kafka/ack.h"

struct entry {
    int64_t offset;
    int64_t next;   /* where reading had got to behind it: offset + 1, or more after a stretch without records */
    uint32_t waits; /* acknowledgements still missing */
};

struct rg_ack_window {
    int64_t next;
    size_t first, count, capacity; /* ring positions */
    struct entry entries[];
};

static struct entry *entry_at(struct rg_ack_window *window, size_t index)
{
    return &window->entries[(window->first + index) % window->capacity];
}

static int64_t read_up_to(const struct rg_ack_window *window)
{
    if (window->count == 0)
        return window->next;
    return window->entries[(window->first + window->count - 1) % window->capacity].next;
}

static void drop_complete(struct rg_ack_window *window)
{
    while (window->count > 0) {
        const struct entry *oldest = entry_at(window, 0);
        if (oldest->waits > 0) {
            window->next = oldest->offset;
            return;
        }
        window->next = oldest->next;
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
}

struct rg_ack_window *rg_ack_window_new(size_t records_max)
{
    rg_assert(records_max > 0);
    rg_assert(records_max <= RG_ACK_WINDOW_MAX);
    struct rg_ack_window *window = rg_alloc(sizeof *window + records_max * sizeof window->entries[0]);
    window->capacity = records_max;
    window->next = RG_ACK_UNKNOWN;
    return window;
}

void rg_ack_window_free(struct rg_ack_window **window)
{
    rg_free(window);
}

void rg_ack_window_reset(struct rg_ack_window *window, int64_t next)
{
    rg_assert(next >= RG_ACK_UNKNOWN);
    window->first = 0;
    window->count = 0;
    window->next = next;
}

int rg_ack_window_add(struct rg_ack_window *window, int64_t offset, uint32_t acks, struct rg_error *err)
{
    if (offset < 0 || offset == INT64_MAX)
        return rg_fail(err, RG_EINVAL, "offset %lld is no position in a partition", (long long)offset);
    if (offset < read_up_to(window))
        return rg_fail(err, RG_EINVAL, "offset %lld comes again: the partition was already read up to %lld", (long long)offset,
                       (long long)read_up_to(window));
    if (window->count == window->capacity)
        return rg_fail(err, RG_ELIMIT, "%zu records wait for acknowledgement, the most allowed", window->count);
    *entry_at(window, window->count) = (struct entry){.offset = offset, .next = offset + 1, .waits = acks};
    window->count++;
    drop_complete(window);
    return 0;
}

bool rg_ack_window_ack(struct rg_ack_window *window, int64_t offset)
{
    size_t low = 0, high = window->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_at(window, middle)->offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == window->count)
        return false;
    struct entry *entry = entry_at(window, low);
    if (entry->offset != offset || entry->waits == 0)
        return false;
    entry->waits--;
    if (low == 0)
        drop_complete(window);
    return true;
}

void rg_ack_window_reach(struct rg_ack_window *window, int64_t next)
{
    if (next <= read_up_to(window))
        return;
    if (window->count == 0)
        window->next = next;
    else
        entry_at(window, window->count - 1)->next = next;
}

int64_t rg_ack_window_next(const struct rg_ack_window *window)
{
    return window->next;
}

size_t rg_ack_window_in_flight(const struct rg_ack_window *window)
{
    return window->count;
}

bool rg_ack_window_full(const struct rg_ack_window *window)
{
    return window->count == window->capacity;
}
