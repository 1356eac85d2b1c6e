/* Kafka in memory, in the place of base/kafka: the test's executable defines the calls that a sender makes, so that every answer
 * of a broker can be had at will, at once, and under every sanitizer. One cluster, one group, one thread.
 *
 * What it keeps of the real one: explicit partitions, offsets, reports inside poll and rebuild only, a producer that is broken
 * after its first failure, a rebalance inside poll only, committed offsets that survive their consumer. */
#pragma once

#include "base/kafka/kafka.h"

#define MK_PARTITIONS_MAX 8
#define MK_RECORDS_MAX 4096

struct mk_record {
    struct rg_str key, value;
    char header_name[64], header[128];
};

void mk_start(int partitions); /* everything empty and well */
void mk_stop(void);

void mk_die(void);  /* from now on nothing is written, reported or committed: the process is dead and does not know it */
void mk_live(void);

int64_t mk_append(const char *topic, int partition, struct rg_str key, struct rg_str value);
int64_t mk_end(const char *topic, int partition);
const struct mk_record *mk_at(const char *topic, int partition, int64_t offset);

/* ---- producer ---- */
void mk_hold_reports(bool hold);              /* written, but nobody is told */
void mk_hold_reports_of(const char *topic);   /* the same for one topic; NULL: none */
/* The next record of the topic ends so: RG_EIO not written, RG_EUNKNOWN (written or not), RG_EREFUSED not written. */
void mk_fail_next(const char *topic, int code, bool written);
void mk_poison(const char *needle); /* records whose value holds it are refused, and all others of their batch; NULL: none */
void mk_rebuild_fails(bool fails);
int mk_rebuilds(void);
bool mk_one_by_one(void);
void mk_open_fails(bool fails);
size_t mk_sends(void);                        /* records handed to the producer, repeats counted */

/* ---- consumer ---- */
int64_t mk_committed(int partition);          /* -1: never */
int mk_commits(void);
void mk_commit_fails(bool fails);             /* the next asynchronous commit is answered so */
void mk_committed_fails(bool fails);
void mk_rebalance(bool lost);                 /* at the next poll: all taken, then all given again */
void mk_revoke(bool lost);                    /* at the next poll: all taken */
void mk_fault(int partition, int code, bool stopped, bool fatal); /* the next event */
void mk_truncate(const char *topic, int partition, int64_t first); /* records before are gone */
int mk_consumers(void);                       /* made so far */
