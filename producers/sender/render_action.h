/* An action made into the bytes that leave: a mail, a provider's request, a signal. Reads nothing but what it is given, so the
 * same action with the same data is the same bytes.
 *
 * What a template may ask for is the closed list of config/ladder/templates.h; values.c fills it. Templates are compiled once and
 * kept by their source text, which is copied: the texts belong to a set of rules that may be replaced between two turns. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "config/contract/ledger.h"
#include "producers/sender/sender.h"

#define RG_RENDERED_BYTES_MAX ((size_t)2 * 1024 * 1024)

struct rg_rendered {
    struct rg_buf payload;
    struct rg_str to; /* address, or the key of a signal; lies in the arena given */
};

/* Why nothing could be made of it: an outcome in the making. */
struct rg_unrendered {
    enum rg_gate gate; /* missing_data, unreachable; NONE: it can never be made */
    char detail[RG_OUTCOME_DETAIL_MAX + 1]; /* no personal data */
};

struct rg_renderer;
struct rg_renderer *rg_renderer_new(const struct rg_sender_config *config) __attribute__((returns_nonnull));
void rg_renderer_free(struct rg_renderer **renderer);

/* 0: made. RG_EREFUSED: it cannot be, *ret_why says why. Anything else: what it needs could not be read now, err says so.
 * `rendered->payload` was initialised; `arena` holds what outlives the call. `now_ms` is the shared clock. */
RG_MUST_USE int rg_render_action(struct rg_renderer *renderer, const struct rg_decision *decision, int64_t now_ms,
                                 struct rg_arena *arena, struct rg_rendered *rendered, struct rg_unrendered *ret_why,
                                 struct rg_error *err);
