/* What those read who do not own the shard. Position and actions come out of one transaction: a sender may act on an action's
 * state only as of a position past its own claim, and two reads one after the other could show the claim's position with the
 * state from before it. */
#include "daemon/state/store_redis.h"

#include "daemon/state/internal.h"

struct rg_state_reader {
    struct rg_state_line line;
};

int rg_state_reader_new(const struct rg_redis_config *config, struct rg_state_reader **ret_reader, struct rg_error *err)
{
    struct rg_state_reader *reader = rg_alloc(sizeof *reader);
    int rc = rg_state_line_init(&reader->line, config, err);
    if (rc < 0)
        rg_free(&reader);
    else
        *ret_reader = reader;
    return rc;
}

void rg_state_reader_free(struct rg_state_reader **reader)
{
    if (*reader != NULL)
        rg_state_line_done(&(*reader)->line);
    rg_free(reader);
}

/* ---- actions with the position ---- */

struct acts_question {
    int shard;
    const struct rg_action_id *actions;
    size_t n;
    struct rg_act_state *states;
    int64_t ledger_next, asof_ms;
};

static void push_acts_question(struct rg_state_line *line, const struct acts_question *question)
{
    uint32_t shard = (uint32_t)question->shard;
    RG_REDIS_PUSH(line->redis, RG_STR("MULTI"));
    RG_REDIS_PUSH(line->redis, RG_STR("HMGET"), rg_key_pos(line->keys, shard), RG_STR(RG_POS_LEDGER), RG_STR(RG_POS_ASOF));
    if (question->n > 0) {
        rg_redis_begin(line->redis, 2 + question->n);
        rg_redis_arg(line->redis, RG_STR("HMGET"));
        rg_redis_arg(line->redis, rg_key_act(line->keys, shard));
    }
    for (size_t i = 0; i < question->n; i++) {
        char id[RG_ACTION_TEXT + 1];
        rg_action_id_print(&question->actions[i], id);
        rg_redis_arg(line->redis, rg_str(id));
    }
    RG_REDIS_PUSH(line->redis, RG_STR("EXEC"));
}

/* An absent number counts as unknown, one that cannot be read as damage. */
static int read_number(const struct rg_redis_reply *reply, const char *what, int64_t *ret, struct rg_error *err)
{
    *ret = -1;
    if (reply->kind == RG_REDIS_NIL || (reply->kind == RG_REDIS_STR && rg_str_to_i64(reply->text, ret)))
        return 0;
    return rg_fail(err, RG_EIO, "state in Redis: %s is no number", what);
}

static int read_acts(struct acts_question *question, const struct rg_redis_reply *pos, const struct rg_redis_reply *acts,
                     struct rg_error *err)
{
    int rc = read_number(&pos->items[0], "the position", &question->ledger_next, err);
    if (rc == 0)
        rc = read_number(&pos->items[1], "asof", &question->asof_ms, err);
    for (size_t i = 0; rc == 0 && i < question->n; i++) {
        const struct rg_redis_reply *value = &acts->items[i];
        struct rg_act_state *state = &question->states[i];
        *state = (struct rg_act_state){.live = value->kind == RG_REDIS_STR};
        if (state->live)
            rc = rg_act_value_parse(value->text, &state->value, err);
    }
    return rc;
}

static int ask_acts(struct rg_state_line *line, void *ctx, struct rg_error *err)
{
    struct acts_question *question = ctx;
    const struct rg_redis_reply *reply = NULL;
    size_t hashes = question->n > 0 ? 2 : 1;
    push_acts_question(line, question);
    int rc = rg_redis_flush(line->redis, err);
    for (size_t i = 0; rc == 0 && i < 1 + hashes; i++) /* MULTI's OK, then QUEUED each */
        rc = rg_state_line_next(line, RG_REDIS_STATUS, "reading actions", &reply, err);
    if (rc == 0)
        rc = rg_state_line_next(line, RG_REDIS_ARRAY, "EXEC", &reply, err);
    if (rc == 0 && reply->count != hashes)
        rc = rg_fail(err, RG_EIO, "redis answered a transaction of %zu commands with %zu replies", hashes, reply->count);
    const size_t wanted[] = {2, question->n};
    for (size_t i = 0; rc == 0 && i < hashes; i++) {
        rc = rg_redis_expect(line->redis, &reply->items[i], RG_REDIS_ARRAY, "HMGET", err);
        if (rc == 0 && reply->items[i].count != wanted[i])
            rc = rg_fail(err, RG_EIO, "redis answered %zu fields with %zu", wanted[i], reply->items[i].count);
    }
    return rc == 0 ? read_acts(question, &reply->items[0], &reply->items[hashes - 1], err) : rc;
}

int rg_state_reader_acts(struct rg_state_reader *reader, int shard, const struct rg_action_id *actions, size_t n,
                         struct rg_act_state *ret_states, int64_t *ret_ledger_next, int64_t *ret_asof_ms, struct rg_error *err)
{
    struct acts_question question = {.shard = shard, .actions = actions, .n = n};
    rg_assert(n <= RG_STORE_KEYS_MAX);
    question.states = rg_alloc((n + 1) * sizeof *question.states);
    int rc = rg_state_line_ask(&reader->line, ask_acts, &question, err);
    if (rc == 0) {
        for (size_t i = 0; i < n; i++)
            ret_states[i] = question.states[i];
        *ret_ledger_next = question.ledger_next;
        *ret_asof_ms = question.asof_ms;
    }
    rg_free(&question.states);
    return rc;
}

/* ---- single values ---- */

struct values_question {
    int shard;
    const struct rg_store_key *keys;
    size_t n;
    struct rg_arena *arena;
    struct rg_str *values;
};

/* One GET each: an MGET would take a key of a wrong type for an absent one. */
static int ask_values(struct rg_state_line *line, void *ctx, struct rg_error *err)
{
    struct values_question *question = ctx;
    for (size_t i = 0; i < question->n; i++)
        RG_REDIS_PUSH(line->redis, RG_STR("GET"), rg_state_value_key(line->keys, question->shard, &question->keys[i]));
    int rc = rg_redis_flush(line->redis, err);
    for (size_t i = 0; rc == 0 && i < question->n; i++) {
        const struct rg_redis_reply *reply;
        rc = rg_redis_next(line->redis, &reply, err);
        if (rc == 0 && reply->kind == RG_REDIS_NIL) {
            question->values[i] = (struct rg_str){0};
            continue;
        }
        if (rc == 0 && rg_redis_error_kind(reply) == RG_REDIS_MOVED) {
            line->moved = reply;
            return RG_STATE_MOVED;
        }
        if (rc == 0)
            rc = rg_redis_expect(line->redis, reply, RG_REDIS_STR, "GET", err);
        if (rc == 0)
            question->values[i] = rg_arena_str(question->arena, reply->text);
    }
    return rc;
}

int rg_state_reader_get(struct rg_state_reader *reader, int shard, const struct rg_store_key *keys, size_t n,
                        struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err)
{
    struct values_question question = {.shard = shard, .keys = keys, .n = n, .arena = arena};
    rg_assert(n <= RG_STORE_KEYS_MAX);
    if (n == 0)
        return 0;
    question.values = rg_alloc(n * sizeof *question.values);
    int rc = rg_state_line_ask(&reader->line, ask_values, &question, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        ret_values[i] = question.values[i];
    rg_free(&question.values);
    return rc;
}

struct due_question {
    int shard;
    struct rg_str debtor;
    int64_t due_ms;
};

static int ask_due(struct rg_state_line *line, void *ctx, struct rg_error *err)
{
    struct due_question *question = ctx;
    const unsigned sets[] = {rg_state_bucket(question->debtor), RG_STATE_PROMPT_SET};
    for (size_t i = 0; i < RG_COUNT(sets); i++)
        RG_REDIS_PUSH(line->redis, RG_STR("ZMSCORE"), rg_state_due_key(line->keys, question->shard, sets[i]), question->debtor);
    int rc = rg_redis_flush(line->redis, err);
    question->due_ms = RG_STORE_NEVER;
    for (size_t i = 0; rc == 0 && i < RG_COUNT(sets); i++) {
        const struct rg_redis_reply *reply;
        int64_t due_ms = RG_STORE_NEVER;
        rc = rg_state_line_next(line, RG_REDIS_ARRAY, "ZMSCORE due", &reply, err);
        if (rc != 0)
            break;
        if (reply->count != 1 || (reply->items[0].kind != RG_REDIS_NIL && !rg_str_to_i64(reply->items[0].text, &due_ms)))
            rc = rg_fail(err, RG_EIO, "state in Redis: a timer is no whole number");
        if (due_ms < question->due_ms)
            question->due_ms = due_ms;
    }
    return rc;
}

int rg_state_reader_due(struct rg_state_reader *reader, int shard, struct rg_str debtor, int64_t *ret_due_ms,
                        struct rg_error *err)
{
    struct due_question question = {.shard = shard, .debtor = debtor};
    int rc = rg_state_line_ask(&reader->line, ask_due, &question, err);
    if (rc == 0)
        *ret_due_ms = question.due_ms;
    return rc;
}
