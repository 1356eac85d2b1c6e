/* Every version is whole and lies in an arena of its own: a commit copies the last one and changes the copy. That is slow and
 * leaves nothing to go wrong when versions are lost. */
#include "tests/fakes/store.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_BYTES ((size_t)64 * 1024 * 1024)

struct value {
    enum rg_store_kind kind;
    struct rg_str id, bytes;
    int64_t expires_ms; /* 0: never */
};

struct timer {
    enum rg_timer kind;
    struct rg_str debtor;
    int64_t due_ms;
};

struct version {
    struct rg_arena *arena;
    struct value *values;
    size_t value_count, value_cap;
    struct timer *timers;
    size_t timer_count, timer_cap;
    struct rg_store_act *acts;
    size_t act_count, act_cap;
    struct rg_out_entry *outs;
    size_t out_count, out_cap;
    struct rg_pos pos;
    struct rg_begun begun;
    int64_t own; /* the fence is a value like any other: it is lost and restored with them */
};

struct rg_fake_state {
    struct version versions[RG_FAKE_VERSIONS_MAX + 1]; /* the last one is in force */
    size_t version_count;
    int64_t last_token;
    int64_t now_ms;
    int doomed; /* commits until the fate comes; 0: none */
    enum rg_fake_fate fate;
    int commits;
    void (*between)(void *ctx);
    void *between_ctx;
};

struct fake_store {
    struct rg_store store;
    struct rg_fake_state *state;
    int64_t token;
    bool watched; /* a load has found everything as it should be, and no commit came since */
};

static const struct version *top(const struct rg_fake_state *state)
{
    return &state->versions[state->version_count - 1];
}

static int64_t *fence(struct rg_fake_state *state)
{
    return &state->versions[state->version_count - 1].own;
}

static struct version empty_version(void)
{
    return (struct version){.arena = rg_arena_new(VERSION_BYTES),
                            .pos = {.ledger_next = -1, .people_next = -1, .seen_ms = -1, .asof_ms = -1}};
}

struct rg_fake_state *rg_fake_state_new(void)
{
    struct rg_fake_state *state = rg_alloc(sizeof *state);
    state->versions[state->version_count++] = empty_version();
    state->now_ms = 1;
    return state;
}

static void drop_versions(struct rg_fake_state *state, size_t count)
{
    while (count-- > 0)
        rg_arena_free(&state->versions[--state->version_count].arena);
}

void rg_fake_state_free(struct rg_fake_state **state)
{
    if (*state != NULL)
        drop_versions(*state, (*state)->version_count);
    rg_free(state);
}

/* ---- changing a version ---- */

static struct value *find_value(const struct version *v, enum rg_store_kind kind, struct rg_str id)
{
    for (size_t i = 0; i < v->value_count; i++)
        if (v->values[i].kind == kind && rg_str_eq(v->values[i].id, id))
            return &v->values[i];
    return NULL;
}

static struct timer *find_timer(const struct version *v, enum rg_timer kind, struct rg_str debtor)
{
    for (size_t i = 0; i < v->timer_count; i++)
        if (v->timers[i].kind == kind && rg_str_eq(v->timers[i].debtor, debtor))
            return &v->timers[i];
    return NULL;
}

static struct rg_store_act *find_act(const struct version *v, const struct rg_action_id *action)
{
    for (size_t i = 0; i < v->act_count; i++)
        if (rg_action_id_eq(&v->acts[i].action, action))
            return &v->acts[i];
    return NULL;
}

static void set_value(struct version *v, enum rg_store_kind kind, struct rg_str id, struct rg_str bytes, int64_t expires_ms)
{
    struct value *value = find_value(v, kind, id);
    if (bytes.p == NULL) {
        if (value != NULL)
            *value = v->values[--v->value_count];
        return;
    }
    if (value == NULL)
        value = RG_PUSH(v->arena, v->values, v->value_count, v->value_cap);
    *value = (struct value){kind, rg_arena_str(v->arena, id), rg_arena_str(v->arena, bytes), expires_ms};
}

static void set_timer(struct version *v, enum rg_timer kind, struct rg_str debtor, int64_t due_ms, bool earlier)
{
    struct timer *timer = find_timer(v, kind, debtor);
    if (earlier && (due_ms == RG_STORE_NEVER || (timer != NULL && timer->due_ms <= due_ms)))
        return;
    if (due_ms == RG_STORE_NEVER) {
        if (timer != NULL)
            *timer = v->timers[--v->timer_count];
        return;
    }
    if (timer == NULL)
        timer = RG_PUSH(v->arena, v->timers, v->timer_count, v->timer_cap);
    *timer = (struct timer){kind, rg_arena_str(v->arena, debtor), due_ms};
}

static void set_act(struct version *v, const struct rg_store_act *act)
{
    struct rg_store_act *known = find_act(v, &act->action);
    if (!act->live) {
        if (known != NULL)
            *known = v->acts[--v->act_count];
        return;
    }
    if (known == NULL)
        known = RG_PUSH(v->arena, v->acts, v->act_count, v->act_cap);
    *known = *act;
}

static void add_out(struct version *v, const struct rg_out_entry *entry)
{
    *RG_PUSH(v->arena, v->outs, v->out_count, v->out_cap) =
        (struct rg_out_entry){entry->seq, rg_arena_str(v->arena, entry->bytes)};
}

static void remove_out(struct version *v, int64_t from, int64_t to)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->out_count; i++)
        if (v->outs[i].seq < from || v->outs[i].seq > to)
            v->outs[kept++] = v->outs[i];
    v->out_count = kept;
}

static void set_origin(struct version *v, const struct rg_origin_high *high)
{
    struct rg_pos *pos = &v->pos;
    for (size_t i = 0; i < pos->origin_count; i++) {
        struct rg_origin_high *known = &pos->origins[i];
        if (known->people == high->people && known->incarnation == high->incarnation && known->partition == high->partition &&
            rg_str_eq(known->source, high->source)) {
            known->offset = high->offset;
            known->sub = high->sub;
            return;
        }
    }
    struct rg_origin_high *added = RG_PUSH(v->arena, pos->origins, pos->origin_count, pos->origin_cap);
    *added = *high;
    added->source = rg_arena_str(v->arena, high->source);
}

static void set_pos(struct version *v, const struct rg_pos *pos)
{
    struct rg_pos old = v->pos;
    v->pos = *pos;
    v->pos.origins = old.origins;
    v->pos.origin_count = old.origin_count;
    v->pos.origin_cap = old.origin_cap;
    for (size_t i = 0; i < pos->origin_count; i++)
        set_origin(v, &pos->origins[i]);
}

static struct version copy_version(const struct version *from)
{
    struct version v = empty_version();
    for (size_t i = 0; i < from->value_count; i++)
        set_value(&v, from->values[i].kind, from->values[i].id, from->values[i].bytes, from->values[i].expires_ms);
    for (size_t i = 0; i < from->timer_count; i++)
        set_timer(&v, from->timers[i].kind, from->timers[i].debtor, from->timers[i].due_ms, false);
    for (size_t i = 0; i < from->act_count; i++)
        set_act(&v, &from->acts[i]);
    for (size_t i = 0; i < from->out_count; i++)
        add_out(&v, &from->outs[i]);
    set_pos(&v, &from->pos);
    v.begun = from->begun;
    v.own = from->own;
    return v;
}

static bool is_there(const struct rg_fake_state *state, const struct value *value)
{
    return value != NULL && (value->expires_ms == 0 || value->expires_ms > state->now_ms);
}

static void keep_value(struct version *v, const struct rg_fake_state *state, const struct rg_store_put *put)
{
    struct value *value = find_value(v, put->key.kind, put->key.id);
    if (is_there(state, value))
        value->expires_ms = put->ttl_ms == RG_STORE_STAYS ? 0 : state->now_ms + put->ttl_ms;
}

static void apply(struct rg_fake_state *state, const struct rg_store_batch *batch)
{
    struct version v = copy_version(top(state));
    for (size_t i = 0; i < batch->put_count; i++) {
        const struct rg_store_put *put = &batch->puts[i];
        if (put->write)
            set_value(&v, put->key.kind, put->key.id, put->value, put->ttl_ms != 0 ? state->now_ms + put->ttl_ms : 0);
        else if (put->ttl_ms != 0)
            keep_value(&v, state, put);
        if (put->key.kind == RG_STORE_DEBTOR && put->due_ms != RG_STORE_UNCHANGED)
            set_timer(&v, put->timer, put->key.id, put->due_ms, put->earlier);
    }
    for (size_t i = 0; i < batch->act_count; i++)
        set_act(&v, &batch->acts[i]);
    if (batch->out_done_through >= 0)
        remove_out(&v, 0, batch->out_done_through);
    for (size_t i = 0; i < batch->out_remove_count; i++)
        remove_out(&v, batch->out_removes[i], batch->out_removes[i]);
    for (size_t i = 0; i < batch->out_add_count; i++)
        add_out(&v, &batch->out_adds[i]);
    set_pos(&v, batch->pos);
    if (batch->begun != NULL)
        v.begun = *batch->begun;
    if (state->version_count == RG_COUNT(state->versions)) {
        rg_arena_free(&state->versions[0].arena);
        memmove(state->versions, state->versions + 1, --state->version_count * sizeof *state->versions);
    }
    state->versions[state->version_count++] = v;
    state->commits++;
}

/* ---- the store ---- */

static struct fake_store *self(struct rg_store *store)
{
    return (struct fake_store *)store;
}

static int64_t fake_next_due(const struct rg_store *store, enum rg_timer timer)
{
    const struct version *v = top(((const struct fake_store *)store)->state);
    int64_t earliest = RG_STORE_NEVER;
    for (size_t i = 0; i < v->timer_count; i++)
        if (v->timers[i].kind == timer && v->timers[i].due_ms < earliest)
            earliest = v->timers[i].due_ms;
    return earliest;
}

static int fake_open(struct rg_store *store, struct rg_arena *arena, struct rg_store_opened *ret, struct rg_error *err)
{
    struct fake_store *s = self(store);
    const struct version *v = top(s->state);
    struct rg_store_opened opened = {.pos = v->pos, .out_count = v->out_count, .act_count = (int64_t)v->act_count, .begun = v->begun};
    (void)err;
    s->token = *fence(s->state) = ++s->state->last_token;
    s->watched = false;
    opened.pos.origin_cap = v->pos.origin_count;
    opened.pos.origins = v->pos.origin_count > 0 ? RG_NEW(arena, struct rg_origin_high, v->pos.origin_count) : NULL;
    for (size_t i = 0; i < v->pos.origin_count; i++) {
        opened.pos.origins[i] = v->pos.origins[i];
        opened.pos.origins[i].source = rg_arena_str(arena, v->pos.origins[i].source);
    }
    opened.out = RG_NEW(arena, struct rg_out_entry, v->out_count + 1);
    for (size_t i = 0; i < v->out_count; i++)
        opened.out[i] = (struct rg_out_entry){v->outs[i].seq, rg_arena_str(arena, v->outs[i].bytes)};
    *ret = opened;
    return 0;
}

static enum rg_commit guard(struct fake_store *s, int64_t batch, struct rg_error *err)
{
    bool owned = s->token != 0 && s->token == *fence(s->state);
    int64_t stored = top(s->state)->pos.batch;
    if (owned && stored == batch)
        return RG_COMMITTED;
    if (owned)
        (void)rg_fail(err, RG_EREFUSED, "the fake stands at batch %lld, %lld was expected", (long long)stored, (long long)batch);
    else
        (void)rg_fail(err, RG_EREFUSED, "the shard has another owner now");
    return RG_COMMIT_REOWN;
}

static enum rg_commit fake_load(struct rg_store *store, const struct rg_store_key *keys, size_t n, int64_t batch,
                                struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err)
{
    struct fake_store *s = self(store);
    enum rg_commit rc = guard(s, batch, err);
    rg_assert(n <= RG_STORE_KEYS_MAX);
    store->trips++;
    s->watched = rc == RG_COMMITTED;
    for (size_t i = 0; rc == RG_COMMITTED && i < n; i++) {
        const struct value *value = find_value(top(s->state), keys[i].kind, keys[i].id);
        ret_values[i] = is_there(s->state, value) ? rg_arena_str(arena, value->bytes) : (struct rg_str){0};
    }
    return rc;
}

static int by_due(const void *a, const void *b)
{
    const struct rg_due *x = a, *y = b;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    return rg_str_cmp(x->debtor, y->debtor);
}

static enum rg_commit fake_due(struct rg_store *store, enum rg_timer timer, int64_t until_ms, size_t max, struct rg_arena *arena,
                               struct rg_due *ret, size_t *ret_count, struct rg_error *err)
{
    const struct version *v = top(self(store)->state);
    struct rg_due *all = RG_NEW(arena, struct rg_due, v->timer_count + 1);
    size_t n = 0;
    (void)err;
    store->trips++;
    for (size_t i = 0; i < v->timer_count; i++)
        if (v->timers[i].kind == timer && v->timers[i].due_ms <= until_ms)
            all[n++] = (struct rg_due){rg_arena_str(arena, v->timers[i].debtor), v->timers[i].due_ms};
    qsort(all, n, sizeof *all, by_due);
    *ret_count = n < max ? n : max;
    for (size_t i = 0; i < *ret_count; i++)
        ret[i] = all[i];
    return RG_COMMITTED;
}

static void let_happen(struct rg_fake_state *state)
{
    void (*fn)(void *ctx) = state->between;
    state->between = NULL;
    if (fn == NULL)
        return;
    fn(state->between_ctx);
    state->between = fn;
}

static enum rg_commit fake_commit(struct rg_store *store, const struct rg_store_batch *batch, struct rg_error *err)
{
    struct fake_store *s = self(store);
    store->trips += s->watched ? 1 : 2;
    enum rg_commit rc = s->watched ? RG_COMMITTED : guard(s, batch->pos->batch - 1, err);
    s->watched = false;
    if (rc == RG_COMMITTED)
        let_happen(s->state);
    if (rc == RG_COMMITTED && s->token != *fence(s->state)) { /* all that a WATCH notices */
        (void)rg_fail(err, RG_EREFUSED, "the shard has another owner now");
        rc = RG_COMMIT_REOWN;
    }
    if (rc != RG_COMMITTED)
        return rc;
    bool now = s->state->doomed > 0 && --s->state->doomed == 0;
    if (!now || s->state->fate == RG_FAKE_UNKNOWN_APPLIED)
        apply(s->state, batch);
    if (!now)
        return RG_COMMITTED;
    (void)rg_fail(err, s->state->fate == RG_FAKE_TOO_LARGE ? RG_ELIMIT : RG_EUNREACHABLE, "the fake was told to");
    switch (s->state->fate) {
    case RG_FAKE_REFUSED:
    case RG_FAKE_TOO_LARGE: return RG_COMMIT_REFUSED;
    case RG_FAKE_BROKEN: return RG_COMMIT_BROKEN;
    default: s->token = 0; return RG_COMMIT_UNKNOWN;
    }
}

static void fake_free(struct rg_store *store)
{
    free(self(store));
}

struct rg_store *rg_fake_store_new(struct rg_fake_state *state, int shard)
{
    static const struct rg_store_ops ops = {fake_open, fake_load, fake_due, fake_commit, fake_next_due, fake_free};
    struct fake_store *s = rg_alloc(sizeof *s);
    s->store = (struct rg_store){.ops = &ops, .shard = shard};
    s->state = state;
    return &s->store;
}

/* ---- switches ---- */

void rg_fake_state_doom(struct rg_fake_state *state, int nth, enum rg_fake_fate fate)
{
    state->doomed = nth;
    state->fate = fate;
}

void rg_fake_state_between(struct rg_fake_state *state, void (*fn)(void *ctx), void *ctx)
{
    state->between = fn;
    state->between_ctx = ctx;
}

void rg_fake_state_take(struct rg_fake_state *state)
{
    *fence(state) = ++state->last_token;
}

void rg_fake_state_roll_back(struct rg_fake_state *state, size_t commits)
{
    rg_assert(commits < state->version_count);
    drop_versions(state, commits);
}

void rg_fake_state_wipe(struct rg_fake_state *state)
{
    drop_versions(state, state->version_count);
    state->versions[state->version_count++] = empty_version();
}

void rg_fake_state_elapse(struct rg_fake_state *state, int64_t ms)
{
    state->now_ms += ms;
}

/* ---- looks ---- */

struct rg_str rg_fake_state_value(const struct rg_fake_state *state, enum rg_store_kind kind, const char *id)
{
    const struct value *value = find_value(top(state), kind, rg_str(id));
    return is_there(state, value) ? value->bytes : (struct rg_str){0};
}

int64_t rg_fake_state_due_ms(const struct rg_fake_state *state, const char *debtor)
{
    const struct timer *timer = find_timer(top(state), RG_TIMER_DUE, rg_str(debtor));
    return timer != NULL ? timer->due_ms : RG_STORE_NEVER;
}

bool rg_fake_state_act(const struct rg_fake_state *state, const struct rg_action_id *action, struct rg_act_value *ret_value)
{
    const struct rg_store_act *act = find_act(top(state), action);
    if (act != NULL)
        *ret_value = act->value;
    return act != NULL;
}

size_t rg_fake_state_act_count(const struct rg_fake_state *state)
{
    return top(state)->act_count;
}

size_t rg_fake_state_out(const struct rg_fake_state *state, const struct rg_out_entry **ret_entries)
{
    *ret_entries = top(state)->outs;
    return top(state)->out_count;
}

const struct rg_pos *rg_fake_state_pos(const struct rg_fake_state *state)
{
    return &top(state)->pos;
}

size_t rg_fake_state_versions(const struct rg_fake_state *state)
{
    return state->version_count;
}

int rg_fake_state_commits(const struct rg_fake_state *state)
{
    return state->commits;
}
