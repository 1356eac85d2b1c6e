/* Private to this room: one assigned partition of a source, from opening to revocation. */
#pragma once

#include "base/kafka/ack.h"
#include "consumers/ingest/ingest.h"
#include "consumers/ingest/stamps.h"

#define RG_PART_WINDOW_MAX 4096 /* records of one partition read and not yet acknowledged */

/* Offset and checksum of a record in flight. */
struct rg_part_sum {
    int64_t offset;
    uint32_t crc;
};

struct rg_part {
    const struct rg_ingest_source *source;
    int partition;
    enum rg_ingest_state state;
    char trouble[RG_INGEST_TEXT_MAX];

    int64_t from;             /* the next record that counts: everything below is taken, or was written before */
    struct rg_last_read test; /* the record at that place must have this checksum; offset −1: nothing to test */
    struct rg_ack_window *window;
    struct rg_part_sum *sums; /* ring of RG_PART_WINDOW_MAX */
    size_t first_sum, sum_count;
    struct rg_last_read last;  /* last record below the window's next */
    struct rg_last_read proof; /* the same as of the last commit: worth telling once that commit is acknowledged */
    bool proof_told;

    int64_t committed; /* −1 not known */
    int64_t fresh_ms;
    bool fresh_told;
    int64_t round_ms, round_end; /* asked for and not reached yet; round_ms −1: no round */
};

struct rg_part *rg_part_new(const struct rg_ingest_source *source, int partition) __attribute__((returns_nonnull));
void rg_part_free(struct rg_part **part);

void rg_part_stop(struct rg_part *part, const char *why);

/* Where to begin: what the group committed (RG_KAFKA_NONE), where the log begins and ends, and what was read last. Returns the
 * offset to seek to, or negative with the part stopped. */
RG_MUST_USE int64_t rg_part_open(struct rg_part *part, int64_t committed, int64_t begin, int64_t end,
                                 const struct rg_last_read *last);

/* A record was fetched: true when it is one to be decoded. May stop the part. */
RG_MUST_USE bool rg_part_takes(struct rg_part *part, int64_t offset, struct rg_str value);
/* It became so many records of ours. */
void rg_part_add(struct rg_part *part, int64_t offset, struct rg_str value, uint32_t records);
void rg_part_ended(struct rg_part *part, int64_t next); /* read to the end without a record for the last stretch */

/* Below which offset everything may be committed; −1: nothing new. What is committed is what the next proof is about. */
int64_t rg_part_commit(struct rg_part *part);
/* After acknowledgements: moves `last` up to what is done, and finishes a round that was reached. */
void rg_part_settle(struct rg_part *part);
