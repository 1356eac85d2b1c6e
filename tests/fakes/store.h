/* The store of a shard, in memory. What a server would hold lies apart from the stores that open it, so that two owners can
 * meet, and every commit makes a new version of it, so that the last ones can be lost again.
 *
 * It passes the same conformance suite as the real one. Not thread-safe. */
#pragma once

#include "daemon/state/store.h"

#define RG_FAKE_VERSIONS_MAX 64 /* commits that can be lost */

struct rg_fake_state;
struct rg_fake_state *rg_fake_state_new(void) __attribute__((returns_nonnull));
void rg_fake_state_free(struct rg_fake_state **state); /* after the stores that use it */
struct rg_store *rg_fake_store_new(struct rg_fake_state *state, int shard) __attribute__((returns_nonnull));

/* What becomes of a commit. */
enum rg_fake_fate {
    RG_FAKE_REFUSED,         /* nothing applied, and said so */
    RG_FAKE_TOO_LARGE,       /* the same, for its size (RG_ELIMIT) */
    RG_FAKE_UNKNOWN_LOST,    /* the connection breaks before it is applied */
    RG_FAKE_UNKNOWN_APPLIED, /* … and after */
    RG_FAKE_BROKEN,
};
void rg_fake_state_doom(struct rg_fake_state *state, int nth, enum rg_fake_fate fate); /* 1: the next commit; one at a time */
/* Called between what a commit rests on and the commit: whatever may happen meanwhile. Not from within itself. */
void rg_fake_state_between(struct rg_fake_state *state, void (*fn)(void *ctx), void *ctx);
void rg_fake_state_take(struct rg_fake_state *state);                                  /* another owner takes the fence */
void rg_fake_state_roll_back(struct rg_fake_state *state, size_t commits);             /* loses the last ones, and the fence is what it was then */
void rg_fake_state_wipe(struct rg_fake_state *state);                                  /* as FLUSHALL */
void rg_fake_state_elapse(struct rg_fake_state *state, int64_t ms);                    /* for values that expire */

/* Looks, for tests. Slices are valid until the next commit. */
struct rg_str rg_fake_state_value(const struct rg_fake_state *state, enum rg_store_kind kind, const char *id); /* absent: none */
int64_t rg_fake_state_due_ms(const struct rg_fake_state *state, const char *debtor); /* RG_STORE_NEVER: none */
bool rg_fake_state_act(const struct rg_fake_state *state, const struct rg_action_id *action, struct rg_act_value *ret_value);
size_t rg_fake_state_act_count(const struct rg_fake_state *state);
size_t rg_fake_state_out(const struct rg_fake_state *state, const struct rg_out_entry **ret_entries); /* in order */
const struct rg_pos *rg_fake_state_pos(const struct rg_fake_state *state);
size_t rg_fake_state_versions(const struct rg_fake_state *state); /* held; one less can be rolled back */
int rg_fake_state_commits(const struct rg_fake_state *state); /* applied since it was made */
