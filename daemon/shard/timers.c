/* A page of timers: debtors whose time has come, looked at once upstream is known past that time; who is owed something at
 * once. While everything is stopped nobody is looked at: who becomes due stays so, and has his turn when the stop is lifted. */
#include "daemon/shard/batch.h"

static int64_t look_until(const struct rg_shard *shard, const struct rg_shard_world *world)
{
    if (world->stopped)
        return -1;
    if (!rg_asof_allows(shard->asof_ms, shard->asof_ms, world->now_ms))
        return RG_DUE_OWED; /* what is known of upstream was known too long ago */
    return shard->asof_ms < world->now_ms ? shard->asof_ms : world->now_ms;
}

/* Something to write although nobody is due: entries of the outbox that are out, and through when upstream is known, which
 * senders wait for. */
static bool has_news(const struct rg_shard *shard)
{
    return shard->out_done >= 0 || (shard->live_actions > 0 && shard->asof_ms > shard->pos.asof_ms);
}

enum rg_commit rg_shard_timer_page(struct rg_shard *shard, const struct rg_shard_world *world, bool *ret_more,
                                   struct rg_error *err)
{
    int64_t until_ms = look_until(shard, world);
    struct rg_batch batch;
    size_t count = 0;
    *ret_more = false;
    if (shard->store->ops->next_due_ms(shard->store) > until_ms && !has_news(shard))
        return RG_COMMITTED;
    rg_batch_begin(&batch, shard, world);
    size_t max = shard->batch_max < RG_SHARD_PAGE_MAX ? shard->batch_max : RG_SHARD_PAGE_MAX;
    struct rg_due *due = RG_NEW(batch.arena, struct rg_due, max);
    enum rg_commit rc = shard->store->ops->due(shard->store, until_ms, max, batch.arena, due, &count, err);
    if (rc != RG_COMMITTED || (count == 0 && !has_news(shard)))
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct rg_touched *touched = rg_batch_add(&batch, due[i].debtor);
        touched->due_ms = due[i].due_ms == RG_DUE_OWED ? world->now_ms : due[i].due_ms;
    }
    if (count > 0)
        rc = rg_batch_load(&batch, err);
    if (rc == RG_COMMITTED)
        rc = rg_batch_end(&batch, err);
    *ret_more = rc == RG_COMMITTED && count == max;
    return rc;
}
