/* A page of timers: debtors whose time has come, looked at once upstream is known past that time; who is owed something as soon
 * as it has come. While everything is stopped nobody is looked at: who becomes due stays so, and has his turn when the stop is
 * lifted. */
#include "daemon/shard/batch.h"

/* Through when timers of a kind act; −1: none does. */
static int64_t look_until(const struct rg_shard *shard, const struct rg_shard_world *world, enum rg_timer timer)
{
    if (world->stopped)
        return -1;
    if (timer == RG_TIMER_PROMPT)
        return world->now_ms;
    if (!rg_asof_allows(shard->asof_ms, shard->asof_ms, world->now_ms))
        return -1; /* what is known of upstream was known too long ago */
    return shard->asof_ms < world->now_ms ? shard->asof_ms : world->now_ms;
}

/* Something to write although nobody is due: entries of the outbox that are out, and through when upstream is known, which
 * senders wait for. */
static bool has_news(const struct rg_shard *shard)
{
    bool told = shard->asof_ms < 0 || shard->asof_ms == shard->pos.asof_ms;
    return shard->out_done >= 0 || (shard->live_actions > 0 && !told);
}

/* Adds those whose timer of that kind is over, at most `max`; says how many that were. */
static enum rg_commit add_due(struct rg_batch *batch, enum rg_timer timer, size_t max, size_t *ret_count, struct rg_error *err)
{
    struct rg_store *store = batch->shard->store;
    int64_t until_ms = look_until(batch->shard, batch->world, timer);
    *ret_count = 0;
    if (max == 0 || store->ops->next_due_ms(store, timer) > until_ms)
        return RG_COMMITTED;
    struct rg_due *due = RG_NEW(batch->arena, struct rg_due, max);
    enum rg_commit rc = store->ops->due(store, timer, until_ms, max, batch->arena, due, ret_count, err);
    for (size_t i = 0; rc == RG_COMMITTED && i < *ret_count; i++) {
        struct rg_touched *touched = rg_batch_add(batch, due[i].debtor);
        if (timer == RG_TIMER_PROMPT) {
            touched->prompted = true;
            touched->prompt_ms = due[i].due_ms;
        } else {
            touched->due_ms = due[i].due_ms;
        }
    }
    return rc;
}

enum rg_commit rg_shard_timer_page(struct rg_shard *shard, const struct rg_shard_world *world, bool *ret_more,
                                   struct rg_error *err)
{
    const struct rg_store_ops *ops = shard->store->ops;
    struct rg_batch batch;
    size_t prompt = 0, due = 0, max = shard->batch_max < RG_SHARD_PAGE_MAX ? shard->batch_max : RG_SHARD_PAGE_MAX;
    *ret_more = false;
    if (ops->next_due_ms(shard->store, RG_TIMER_DUE) > look_until(shard, world, RG_TIMER_DUE) &&
        ops->next_due_ms(shard->store, RG_TIMER_PROMPT) > look_until(shard, world, RG_TIMER_PROMPT) && !has_news(shard))
        return RG_COMMITTED;
    rg_batch_begin(&batch, shard, world);
    enum rg_commit rc = add_due(&batch, RG_TIMER_PROMPT, max, &prompt, err);
    if (rc == RG_COMMITTED)
        rc = add_due(&batch, RG_TIMER_DUE, max - prompt, &due, err);
    if (rc != RG_COMMITTED || (batch.touched_count == 0 && !has_news(shard)))
        return rc;
    if (batch.touched_count > 0)
        rc = rg_batch_load(&batch, err);
    if (rc == RG_COMMITTED)
        rc = rg_batch_end(&batch, err);
    *ret_more = rc == RG_COMMITTED && prompt + due == max;
    return rc;
}
