/* A page of timers: debtors whose time has come, looked at once upstream is known past that time. */
#include "daemon/shard/batch.h"

enum rg_commit rg_shard_timer_page(struct rg_shard *shard, const struct rg_shard_world *world, bool *ret_more,
                                   struct rg_error *err)
{
    int64_t until_ms = shard->asof_ms < world->now_ms ? shard->asof_ms : world->now_ms;
    if (!rg_asof_allows(shard->asof_ms, shard->asof_ms, world->now_ms))
        until_ms = -1; /* too long ago to act on; the outbox is trimmed all the same */
    struct rg_batch batch;
    size_t count = 0;
    *ret_more = false;
    if (shard->store->ops->next_due_ms(shard->store) > until_ms && shard->out_done < 0)
        return RG_COMMITTED;
    rg_batch_begin(&batch, shard, world);
    size_t max = shard->batch_max < RG_SHARD_PAGE_MAX ? shard->batch_max : RG_SHARD_PAGE_MAX;
    struct rg_due *due = RG_NEW(batch.arena, struct rg_due, max);
    enum rg_commit rc = shard->store->ops->due(shard->store, until_ms, max, batch.arena, due, &count, err);
    if (rc != RG_COMMITTED || (count == 0 && shard->out_done < 0))
        return rc;
    for (size_t i = 0; i < count; i++)
        rg_batch_add(&batch, due[i].debtor)->due_ms = due[i].due_ms;
    if (count > 0)
        rc = rg_batch_load(&batch, err);
    if (rc == RG_COMMITTED)
        rc = rg_batch_end(&batch, err);
    *ret_more = rc == RG_COMMITTED && count == max;
    return rc;
}
