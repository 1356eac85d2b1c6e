/* Kafka in memory, for what sends through a producer and is fed with events. It *defines* rg_kafka_producer_send, _broken and the
 * header calls itself: a test links it in place of base/kafka, whose objects are then never taken from their archive.
 *
 * What is sent waits until the test says what becomes of it; what is delivered is appended to its partition's log, from which
 * events can be read again and again, as a consumer would. */
#pragma once

#include "base/kafka/kafka.h"

struct rg_fake_stream;
struct rg_fake_stream *rg_fake_stream_new(rg_kafka_report_fn *on_report, void *ctx) __attribute__((returns_nonnull));
void rg_fake_stream_free(struct rg_fake_stream **stream); /* what is still under way reports as not written first */
struct rg_kafka_producer *rg_fake_stream_producer(struct rg_fake_stream *stream);
/* One more, with a queue of its own: another process. It lives as long as the stream. */
struct rg_kafka_producer *rg_fake_stream_another(struct rg_fake_stream *stream) __attribute__((returns_nonnull));

/* ---- the producer's fate ---- */
size_t rg_fake_stream_waiting(const struct rg_fake_stream *stream);                              /* sent, not reported */
const struct rg_kafka_record *rg_fake_stream_sent(const struct rg_fake_stream *stream, size_t i); /* oldest first */
void rg_fake_stream_deliver(struct rg_fake_stream *stream, size_t n); /* the oldest n are written and reported */
void rg_fake_stream_deliver_topic(struct rg_fake_stream *stream, const char *topic); /* out of turn */
/* The oldest is reported as RG_EUNKNOWN, written or not, all others as RG_EIO; the producer is broken until it is mended. */
void rg_fake_stream_break(struct rg_fake_stream *stream, bool written);
void rg_fake_stream_mend(struct rg_fake_stream *stream);
/* The same of one producer's records. */
void rg_fake_stream_deliver_of(struct rg_kafka_producer *producer, size_t n);
void rg_fake_stream_break_of(struct rg_kafka_producer *producer, bool written);
void rg_fake_stream_mend_of(struct rg_kafka_producer *producer);
void rg_fake_stream_unopened(struct rg_fake_stream *stream, const char *topic); /* that topic was never opened: RG_ENOTFOUND */
void rg_fake_stream_limit(struct rg_fake_stream *stream, size_t waiting_max); /* beyond: RG_ELIMIT */

/* ---- logs ---- */
int64_t rg_fake_stream_append(struct rg_fake_stream *stream, const struct rg_kafka_record *record); /* by others */
int64_t rg_fake_stream_end(const struct rg_fake_stream *stream, const char *topic, int partition);
/* False past the end. */
bool rg_fake_stream_read(const struct rg_fake_stream *stream, const char *topic, int partition, int64_t offset,
                         struct rg_kafka_event *ret_event);
/* The log forgets everything: a topic made anew. */
void rg_fake_stream_recreate(struct rg_fake_stream *stream, const char *topic, int partition);
