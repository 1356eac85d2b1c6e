/* Happenings of a YAML file as the JSON that happening.h reads. Scalars of YAML have no types here as elsewhere: the table of the
 * event's fields says which are numbers and flags, so that `invoice: 0012` stays the text it is. Keys that the event does not
 * have are findings, for a mistyped one would only be passed over at the door. */
#pragma once

#include "base/json/write.h"
#include "config/contract/event.h"
#include "config/yaml/yaml.h"

/* One entry of `events`, whole; a node that is no map is written as it is, for the reader to refuse. */
void rg_yaml_happening(const struct rg_node *node, struct rg_diags *diags, struct rg_jw *jw);
/* The data of one event. */
void rg_yaml_event_data(const struct rg_node *node, enum rg_event_type type, struct rg_diags *diags, struct rg_jw *jw);
/* Everything is text, but for what is written as true, false or null. */
void rg_yaml_plain(const struct rg_node *node, struct rg_jw *jw);
