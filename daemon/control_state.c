/* Each record makes a new state in an arena of its own: what was replaced is not kept for ever, and a record that turns out to be of no
 * use has touched nothing. Members that decide something must be there and be what they are meant to be: a stop that cannot be
 * understood lifts no stop. Everything is capped before it is copied, for others may write into the topic. */
#include "daemon/control_state.h"

#include "base/json/json.h"
#include "config/contract/route.h"
#include "config/yaml/fields.h"

#include <string.h>

#define STATE_ARENA_BYTES ((size_t)1024 * 1024)
#define KNOWN_MAX 256
#define KNOWN_PREFIX "known/"

struct rg_control_state rg_control_state_in(struct rg_arena *arena, const struct rg_control_state *from)
{
    struct rg_control_state to = *from;
    struct rg_control_known *known = RG_NEW(arena, struct rg_control_known, from->known_count);
    to.arena = arena;
    to.stopped_by = rg_arena_str(arena, from->stopped_by);
    to.stopped_reason = rg_arena_str(arena, from->stopped_reason);
    to.live_max_step = rg_arena_str(arena, from->live_max_step);
    for (size_t i = 0; i < from->known_count; i++) {
        known[i] = from->known[i];
        known[i].source = rg_arena_str(arena, known[i].source);
    }
    to.known = known;
    return to;
}

struct rg_control_state *rg_control_state_copy(const struct rg_control_state *from)
{
    static const struct rg_control_state nothing;
    struct rg_arena *arena = rg_arena_new(STATE_ARENA_BYTES);
    struct rg_control_state *to = RG_NEW(arena, struct rg_control_state, 1);
    *to = rg_control_state_in(arena, from != NULL ? from : &nothing);
    return to;
}

void rg_control_state_free(struct rg_control_state **state)
{
    struct rg_arena *arena = *state != NULL ? (*state)->arena : NULL; /* the state lies in it */
    rg_arena_free(&arena);
    *state = NULL;
}

/* ---- records ---- */

static int take_number(const struct rg_json_value *root, const char *key, int64_t *ret, struct rg_error *err)
{
    return rg_json_int(rg_json_get(root, key), ret) ? 0 : rg_fail(err, RG_EINVAL, "%s: a whole number expected", key);
}

static struct rg_str text(struct rg_arena *arena, const struct rg_json_value *root, const char *key)
{
    struct rg_str value;
    return rg_json_str(rg_json_get(root, key), &value) ? rg_arena_str(arena, value) : (struct rg_str){0};
}

static int fold_layout(struct rg_control_state *state, const struct rg_json_value *root, struct rg_error *err)
{
    int64_t shards;
    int rc = take_number(root, "shards", &shards, err);
    if (rc == 0 && (shards < 1 || shards > RG_SHARDS_MAX))
        return rg_fail(err, RG_EINVAL, "shards: 1 to %d expected", RG_SHARDS_MAX);
    if (rc == 0)
        state->layout_shards = (int)shards;
    return rc;
}

/* Who stops by hand may forget when: it stands since ever then. */
static int fold_stop(struct rg_control_state *state, const struct rg_json_value *root, struct rg_error *err)
{
    int64_t at_ms;
    bool before = state->stopped;
    if (!rg_json_bool(rg_json_get(root, "stopped"), &state->stopped))
        return rg_fail(err, RG_EINVAL, "stopped: true or false expected");
    if (!before) /* said again, it stands since the first time */
        state->stopped_since_ms = rg_json_int(rg_json_get(root, "at"), &at_ms) ? at_ms : 0;
    state->stopped_by = text(state->arena, root, "by");
    state->stopped_reason = text(state->arena, root, "reason");
    return 0;
}

static int fold_live(struct rg_control_state *state, const struct rg_json_value *root, struct rg_error *err)
{
    state->live_max_step = text(state->arena, root, "max_step");
    if (!rg_str_has(state->live_max_step))
        return rg_fail(err, RG_EINVAL, "max_step: the name of a step expected");
    int rc = take_number(root, "spread_ms", &state->live_spread_ms, err);
    return rc < 0 ? rc : take_number(root, "since", &state->live_since_ms, err);
}

/* Payments that are known stay known: an older word, come late, takes nothing back. What counts is how far each reaches: one that
 * promised a year must not silence all that come after it. */
static int fold_known(struct rg_control_state *state, struct rg_str source, const struct rg_json_value *root, struct rg_error *err)
{
    struct rg_control_known word = {.source = rg_arena_str(state->arena, source)};
    int rc = take_number(root, "through", &word.through_ms, err);
    if (rc == 0)
        rc = take_number(root, "at", &word.at_ms, err);
    if (rc < 0)
        return rc;
    struct rg_control_known *known = RG_NEW(state->arena, struct rg_control_known, state->known_count + 1);
    int64_t reach_ms = rg_known_reach_ms(word.through_ms, word.at_ms);
    size_t n = 0;
    for (size_t i = 0; i < state->known_count; i++) {
        known[n] = state->known[i];
        if (!rg_str_eq(known[n].source, source))
            n++;
        else if (rg_known_reach_ms(known[n].through_ms, known[n].at_ms) >= reach_ms)
            return 0;
    }
    if (n == KNOWN_MAX)
        return rg_fail(err, RG_ELIMIT, "a word of one more source than the %d that there is room for", KNOWN_MAX);
    known[n++] = word;
    state->known = known;
    state->known_count = n;
    return 0;
}

static int fold(struct rg_control_state *state, struct rg_str key, const struct rg_json_value *root, struct rg_error *err)
{
    const size_t prefix = sizeof KNOWN_PREFIX - 1;
    if (rg_str_is(key, "layout"))
        return fold_layout(state, root, err);
    if (rg_str_is(key, "stop"))
        return fold_stop(state, root, err);
    if (rg_str_is(key, "live"))
        return fold_live(state, root, err);
    if (key.n <= prefix || memcmp(key.p, KNOWN_PREFIX, prefix) != 0)
        return 0;
    if (key.n - prefix > RG_NAME_MAX)
        return rg_fail(err, RG_ELIMIT, "a source's name has at most %d bytes", RG_NAME_MAX);
    return fold_known(state, (struct rg_str){key.p + prefix, key.n - prefix}, root, err);
}

int rg_control_state_fold(struct rg_control_state **state, struct rg_str key, struct rg_str value, struct rg_error *err)
{
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    if (value.p == NULL)
        return 0; /* a tombstone of a key that means nothing without a value */
    int rc = rg_json_parse(value, RG_CONTROL_VALUE_MAX, &doc, err);
    if (rc < 0)
        return rc;
    struct rg_control_state *old = *state, *next = rg_control_state_copy(old);
    rc = fold(next, key, rg_json_root(doc), err);
    if (rc == 0)
        *state = next;
    rg_control_state_free(rc == 0 ? &old : &next);
    return rc;
}
