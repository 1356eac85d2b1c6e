/* What happens on a desk, as people write it: one entry has a time and one thing.
 *
 *     { at: 2026-10-20, invoice.issued: { invoice: F1, due_on: 2026-11-03, amount_cents: 15900 } }
 *     { at: 2026-11-18 21:00, outcome: { step: aviso_suspensao, status: delivered } }
 *     { at: 2026-11-20, world: { stopped: true } }
 *
 * An event is what upstream would have published (its `data`; `id` beside it where two are to be one), and goes through the same
 * door: checks, and what is filled in because there is only one. Without `debtor` it is about the debtor on the desk; an invoice
 * without `charge` gets a link and a PIX code, because messages ask for them (`charge: null` leaves it without). An outcome is
 * what a provider tells later about the last message of a step; its delivery then proves no more than that it was accepted. The
 * world's members are below.
 *
 * Entries come as JSON; those of a YAML file are made JSON by yaml_json.h. Pure. */
#pragma once

#include "base/json/json.h"
#include "daemon/desk/desk.h"
#include "daemon/desk/when.h"

#define RG_HAPPENINGS_MAX 2000 /* of one life */

enum rg_happening_kind { RG_HAPPENING_EVENT, RG_HAPPENING_OUTCOME, RG_HAPPENING_WORLD };

struct rg_happening {
    enum rg_happening_kind kind;
    int64_t at_ms;
    int index; /* where it was written */
    struct rg_event event;
    struct rg_str step; /* OUTCOME */
    enum rg_provider_fact fact;
    const struct rg_json_value *world; /* WORLD, checked */
};

/* What reading rests on. `arena` holds what the entries point to, the document must live as long. */
struct rg_happening_reading {
    const struct rg_rules *rules;
    struct rg_str debtor;
    const struct rg_zone *zone; /* of times without an offset */
    struct rg_arena *arena;
};

/* `index` is where it was written; it makes the event's id where none is given. RG_EINVAL: err says what is wrong with it. */
RG_MUST_USE int rg_happening_read(const struct rg_happening_reading *reading, const struct rg_json_value *item, size_t index,
                                  struct rg_happening *ret_entry, struct rg_error *err);

/* What is known of the debtor beforehand: the data of a debtor.updated. NULL or null: nothing but a name. */
RG_MUST_USE int rg_person_read(const struct rg_happening_reading *reading, const struct rg_json_value *data, int64_t at_ms,
                               struct rg_event *ret_event, struct rg_error *err);

/* Changes what `object` names:
 *
 *     stopped: true                          everything is stopped
 *     mode: shadow                           decide, send nothing; or live
 *     payments_known_through: 2026-11-20     no payment after that day's end is known; or all
 *     channels: { email: rejected }          what becomes of what it is given: accepted, delivered, read, replied (proven at
 * once), rejected, retry, throttled, uncertain, down
 *
 * RG_EINVAL: err says what is wrong, and *world is undefined. */
RG_MUST_USE int rg_world_read(const struct rg_rules *rules, const struct rg_zone *zone, const struct rg_json_value *object,
                              struct rg_desk_world *world, struct rg_error *err);

/* By time; what was written first comes first. */
void rg_happenings_sort(struct rg_happening *entries, size_t count);

/* Time passes to the entry's, and it happens. */
RG_MUST_USE int rg_happen(const struct rg_happening_reading *reading, const struct rg_happening *entry, struct rg_desk *desk,
                          struct rg_error *err);

/* Every step and word of thanks that some ladder has, each once, for checks and suggestions. */
const char *const *rg_desk_steps(const struct rg_rules *rules, struct rg_arena *arena, size_t *ret_count);
