/* Actions that come to no end by themselves. Whoever has an action's copy brings it to its end, and what is queued for a debtor
 * also has a last instant, at which it is called back. Two things are left that nobody would ever end when the last copy is
 * gone (its topic made anew or cut off, its channel taken out of the configuration, passed over by the relay): what is owed and
 * still queued, which has no last instant, and what was claimed by somebody who died. The owner ends them by time alone:
 *
 *   owed, queued   put into its topic again, every quarter of an hour; a copy too many is dropped after one look
 *   claimed        past the claim's time, and time for a sender that still has a copy to say so first: `uncertain`
 *
 * Rejected: to keep the offset of each action's last copy and compare it with where the topic begins. It costs a write for
 * every action that ever leaves, and does not see a topic that was made anew and has grown past the offset. */
#include "daemon/shard/batch.h"

#include "base/core/log.h"

static void send_doubt(struct rg_batch *batch, const struct rg_touched *touched, const struct rg_action *action)
{
    const struct rg_decision *decision = &action->decision;
    const struct rg_shard_config *config = &batch->shard->config;
    const struct rg_outcome outcome = {.action = decision->action, .claim = action->claim, .claim_offset = action->claim_offset,
                                       .debtor = decision->debtor, .step = decision->step, .channel = decision->channel,
                                       .repetition = decision->repetition, .attempt = decision->attempt,
                                       .invoices = decision->invoices, .invoice_count = decision->invoice_count,
                                       .verdict = RG_VERDICT_UNCERTAIN,
                                       .detail = RG_STR("the claim's time ended, and nobody says what became of it"),
                                       .at_ms = batch->world->now_ms};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    rg_buf_init(&buf, RG_LEDGER_BYTES_MAX);
    rg_outcome_write(&outcome, &buf);
    rg_assert(!buf.overflow);
    const struct rg_out out = {.kind = RG_OUT_LEDGER,
                               .topic = rg_str(config->ledger_topic),
                               .partition = config->shard,
                               .key = decision->debtor,
                               .value = rg_buf_str(&buf),
                               .record_kind = rg_str(rg_kind_name(RG_REC_OUTCOME)),
                               .action = decision->action};
    rg_batch_out(batch, &out);
    char id[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision->action, id);
    rg_log(RG_LOG_NOTICE, "CLAIM-SILENT",
           &(struct rg_log_ctx){.debtor = touched->debtor.p, .action = id, .shard = config->shard},
           "claimed for " RG_STR_FMT ", and nobody says what became of it: taken to be uncertain", RG_STR_ARG(decision->channel));
}

static int64_t end_claim(struct rg_batch *batch, struct rg_touched *touched, struct rg_action *action, bool act)
{
    int64_t end_ms = action->claim_over_ms + RG_CLAIM_SILENT_MS;
    if (action->recalling)
        return RG_STORE_NEVER; /* said already, or a recall is still to come: either way he is looked at when it is folded */
    if (end_ms > batch->world->now_ms || !act)
        return end_ms;
    action->recalling = touched->changed = true;
    send_doubt(batch, touched, action);
    return RG_STORE_NEVER;
}

/* `releases` counts at least the quarters of an hour since the decision: a function of record and time, so that a look that comes
 * in between adds no copy. */
static int64_t release_again(struct rg_batch *batch, struct rg_touched *touched, struct rg_action *action, bool act)
{
    int64_t since_ms = action->decision.at_ms, again_ms = since_ms + action->releases * RG_OWED_AGAIN_MS;
    if (again_ms > batch->world->now_ms || !act)
        return again_ms;
    int64_t releases = 1 + (batch->world->now_ms - since_ms) / RG_OWED_AGAIN_MS;
    action->releases = releases < INT32_MAX ? (int)releases : INT32_MAX;
    touched->changed = true;
    return since_ms + action->releases * RG_OWED_AGAIN_MS;
}

int64_t rg_batch_under_way(struct rg_batch *batch, struct rg_touched *touched, bool act)
{
    int64_t next_ms = RG_STORE_NEVER;
    for (size_t i = 0; i < touched->record->action_count; i++) {
        struct rg_action *action = &touched->record->actions[i];
        int64_t at_ms = action->state == RG_ACTION_CLAIMED ? end_claim(batch, touched, action, act)
                        : action->decision.owed            ? release_again(batch, touched, action, act)
                                                           : RG_STORE_NEVER;
        if (at_ms < next_ms)
            next_ms = at_ms;
    }
    return next_ms;
}
