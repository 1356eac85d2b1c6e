/* regua:{all}:fresh as ingest uses it: what shards want, what we have said, and the checksum of the last record read of each
 * partition, by which a topic that was made anew is recognised. One connection of its own; any failure closes it, and the next
 * call connects again. */
#pragma once

#include "base/redis/redis.h"

#define RG_STAMPS_MAX 4096 /* partitions of one call */

struct rg_stamps;

/* The last record of a partition that is wholly written into our topics. */
struct rg_last_read {
    int32_t incarnation;
    int64_t offset; /* −1: none known */
    uint32_t crc;   /* of its value */
};

/* One partition of one source. */
struct rg_stamp {
    struct rg_str source;
    int partition;
    int64_t fresh_ms;         /* −1: not known */
    int partitions;           /* how many its source had when that was found out: it is fresh only when all of them are */
    struct rg_last_read last;
};

RG_MUST_USE int rg_stamps_new(const struct rg_redis_config *config, struct rg_stamps **ret_stamps, struct rg_error *err);
void rg_stamps_free(struct rg_stamps **stamps);

/* What stands there: the instant shards want (−1: none does), and fresh_ms and last of each partition given. */
RG_MUST_USE int rg_stamps_read(struct rg_stamps *stamps, struct rg_stamp *rows, size_t n, int64_t *ret_want_ms,
                               struct rg_error *err);
/* Writes fresh_ms where it is not −1, with the number of partitions, and last where its offset is not −1; all at once. */
RG_MUST_USE int rg_stamps_write(struct rg_stamps *stamps, const struct rg_stamp *rows, size_t n, struct rg_error *err);
