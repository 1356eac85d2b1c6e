/* What a message may say: the values of the closed list, for one decision. */
#pragma once

#include "producers/render/mustache.h"
#include "producers/sender/sender.h"

/* A map in `arena`, borrowing from what it is given. Texts of other people are cleaned: no line ends, no control characters, no
 * marks that turn the direction of writing, so that a name cannot pretend to be a part of the message. */
struct rg_mu_value rg_message_values(struct rg_arena *arena, const struct rg_decision *decision,
                                     const struct rg_recipient *recipient, const struct rg_creditor_info *creditor,
                                     int64_t now_ms);

struct rg_str rg_clean_text(struct rg_arena *arena, struct rg_str text); /* absent stays absent */
