/* What became of the actions in hand, asked shard by shard: all of a shard in one reading, so that an action's state and the
 * position it belongs to are one truth. A shard that does not answer is asked less and less often. */
#include "producers/sender/internal.h"

#include "base/core/log.h"

#define AGAIN_MS 50
#define AGAIN_MS_MAX 2000

static bool is_looking(const struct rg_hand *hand)
{
    return hand->state == RG_HAND_LOOKING || hand->state == RG_HAND_READY || hand->state == RG_HAND_FRESHENING ||
           hand->state == RG_HAND_WAITING || hand->state == RG_HAND_FOREIGN;
}

static void note_failure(struct rg_sender *sender, int shard, const struct rg_error *err)
{
    int failures = sender->shard_failures[shard]++;
    sender->state_denied = err->code == RG_EDENIED;
    int64_t again_ms = failures < 6 ? (int64_t)AGAIN_MS << failures : AGAIN_MS_MAX;
    sender->shard_look_boot_ms[shard] = sender->boot_ms + (again_ms < AGAIN_MS_MAX ? again_ms : AGAIN_MS_MAX);
    if (failures == 0)
        rg_log(RG_LOG_WARNING, "SENDER-STATE", &(struct rg_log_ctx){.channel = sender->config.channel, .shard = shard},
               "the state of actions cannot be read: %s; nothing of this shard is sent before it can", err->text);
}

static void look_at_shard(struct rg_sender *sender, int shard)
{
    struct rg_hand *hands[RG_SENDER_WINDOW_MAX];
    struct rg_action_id actions[RG_SENDER_WINDOW_MAX];
    struct rg_act_seen seen[RG_SENDER_WINDOW_MAX] = {0};
    size_t n = 0;
    int64_t ledger_next = 0, asof_ms = 0;
    struct rg_error err = {0};
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        if (hand->shard != shard || !is_looking(hand))
            continue;
        hands[n] = hand;
        actions[n++] = hand->decision.action;
    }
    if (sender->config.world.acts(sender->config.world.ctx, shard, actions, n, seen, &ledger_next, &asof_ms, &err) < 0) {
        note_failure(sender, shard, &err);
        return;
    }
    sender->shard_failures[shard] = 0;
    sender->state_denied = false;
    for (size_t i = 0; i < n; i++)
        rg_hand_seen(sender, hands[i], &seen[i], ledger_next, asof_ms);
}

void rg_sender_look(struct rg_sender *sender)
{
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        if (!is_looking(hand) || hand->look_boot_ms > sender->boot_ms || sender->shard_look_boot_ms[hand->shard] > sender->boot_ms)
            continue;
        look_at_shard(sender, hand->shard);
        atomic_fetch_add_explicit(&sender->counters.progress, 1, memory_order_relaxed);
    }
}
