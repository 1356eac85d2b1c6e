/* regua.control: operators' standing acts and what all processes must agree on. A compacted topic of one partition; each process
 * reads it from the beginning to its end before anything acts, follows it, and writes acts into it.
 *
 *   layout           {"v":1,"shards":64}                                  fixed for ever once recorded
 *   stop             {"v":1,"stopped":true,"by":…,"reason":…,"at":ms}
 *   live             {"v":1,"max_step":…,"spread_ms":…,"since":ms,"by":…,"reason":…}
 *   known/<source>   {"v":1,"through":ms,"at":ms,"by":…,"reason":…}       payments of a synced source are known through; without
 *                                                                         author where an event says so
 *
 * Unknown keys are kept by Kafka and ignored here: a newer instance may have written them. What they come to: control_state.h. */
#pragma once

#include "base/kafka/kafka.h"
#include "daemon/runtime.h"

struct rg_control;
RG_MUST_USE int rg_control_new(struct rg_runtime *runtime, const struct rg_kafka_config *kafka, const char *topic, struct rg_control **ret_control,
                               struct rg_error *err);
void rg_control_free(struct rg_control **control);

/* One thread turns it: reads what is new and swaps the runtime's state when anything changed. */
void rg_control_turn(struct rg_control *control, int wait_ms);
/* Why it hears of nothing new, for the thread that turns it: no broker answers. "" when one does. */
const char *rg_control_trouble(const struct rg_control *control);

/* Acts, from any thread: written and acknowledged, or an error. RG_EUNKNOWN: it may have been written; any other means that it was not
 * and will not be. They take effect when they are read back, here and everywhere. */
RG_MUST_USE int rg_control_record_layout(struct rg_control *control, int shards, struct rg_error *err);
RG_MUST_USE int rg_control_go_live(struct rg_control *control, struct rg_str max_step, int64_t spread_ms, struct rg_str by, struct rg_str reason,
                                   struct rg_error *err);
RG_MUST_USE int rg_control_stop(struct rg_control *control, bool stopped, struct rg_str by, struct rg_str reason, struct rg_error *err);
RG_MUST_USE int rg_control_synced(struct rg_control *control, struct rg_str source, int64_t through_ms, struct rg_str by, struct rg_str reason,
                                  struct rg_error *err);
