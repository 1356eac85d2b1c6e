/* One action in hand: its states, and the window it is in. The table says which steps there are; claim.c and deliver.c take
 * them. */
#include "producers/sender/internal.h"

#include "base/core/hash.h"
#include "base/core/log.h"

#include <string.h>

/* ---- the table ---- */

static const char *const state_names[RG_HAND_STATE_COUNT] = {
    [RG_HAND_QUEUED] = "queued", [RG_HAND_LOOKING] = "looking", [RG_HAND_READY] = "ready", [RG_HAND_FRESHENING] = "freshening",
    [RG_HAND_STORING] = "storing", [RG_HAND_CLAIMING] = "claiming", [RG_HAND_WAITING] = "waiting", [RG_HAND_FOREIGN] = "foreign",
    [RG_HAND_DELIVERING] = "delivering", [RG_HAND_CONCLUDING] = "concluding", [RG_HAND_DONE] = "done",
};
static const char *const event_names[RG_HAND_EVENT_COUNT] = {
    [RG_HAND_FIRST] = "first",     [RG_HAND_FREE] = "free",   [RG_HAND_TAKEN] = "taken",       [RG_HAND_ABSENT] = "absent",
    [RG_HAND_FRESHEN] = "freshen", [RG_HAND_STORE] = "store", [RG_HAND_CLAIM] = "claim",       [RG_HAND_BACK] = "back",
    [RG_HAND_CLAIMED] = "claimed", [RG_HAND_OWN] = "own",     [RG_HAND_CONCLUDE] = "conclude", [RG_HAND_RECORDED] = "recorded",
};

/* QUEUED is where a hand begins and nothing leads back to it, so its zero stands for "cannot happen". */
static const enum rg_hand_state table[RG_HAND_STATE_COUNT][RG_HAND_EVENT_COUNT] = {
    [RG_HAND_QUEUED] = {[RG_HAND_FIRST] = RG_HAND_LOOKING},
    [RG_HAND_LOOKING] = {[RG_HAND_FREE] = RG_HAND_READY, [RG_HAND_TAKEN] = RG_HAND_FOREIGN, [RG_HAND_ABSENT] = RG_HAND_DONE},
    [RG_HAND_READY] = {[RG_HAND_FREE] = RG_HAND_READY,
                       [RG_HAND_TAKEN] = RG_HAND_FOREIGN,
                       [RG_HAND_ABSENT] = RG_HAND_DONE,
                       [RG_HAND_FRESHEN] = RG_HAND_FRESHENING,
                       [RG_HAND_STORE] = RG_HAND_STORING,
                       [RG_HAND_CLAIM] = RG_HAND_CLAIMING,
                       [RG_HAND_BACK] = RG_HAND_READY,
                       [RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_FRESHENING] = {[RG_HAND_FREE] = RG_HAND_FRESHENING,
                            [RG_HAND_TAKEN] = RG_HAND_FOREIGN,
                            [RG_HAND_ABSENT] = RG_HAND_DONE,
                            [RG_HAND_STORE] = RG_HAND_STORING,
                            [RG_HAND_CLAIM] = RG_HAND_CLAIMING,
                            [RG_HAND_BACK] = RG_HAND_READY,
                            [RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_STORING] =
        {[RG_HAND_CLAIM] = RG_HAND_CLAIMING, [RG_HAND_BACK] = RG_HAND_READY, [RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_CLAIMING] = {[RG_HAND_CLAIMED] = RG_HAND_WAITING},
    [RG_HAND_WAITING] = {[RG_HAND_OWN] = RG_HAND_DELIVERING,
                         [RG_HAND_FREE] = RG_HAND_READY,
                         [RG_HAND_TAKEN] = RG_HAND_FOREIGN,
                         [RG_HAND_ABSENT] = RG_HAND_DONE,
                         [RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_FOREIGN] = {[RG_HAND_FREE] = RG_HAND_READY,
                         [RG_HAND_TAKEN] = RG_HAND_FOREIGN,
                         [RG_HAND_ABSENT] = RG_HAND_DONE,
                         [RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_DELIVERING] = {[RG_HAND_CONCLUDE] = RG_HAND_CONCLUDING},
    [RG_HAND_CONCLUDING] = {[RG_HAND_RECORDED] = RG_HAND_DONE},
};

const char *rg_hand_state_name(enum rg_hand_state state)
{
    rg_assert(state < RG_HAND_STATE_COUNT);
    return state_names[state];
}

const char *rg_hand_event_name(enum rg_hand_event event)
{
    rg_assert(event < RG_HAND_EVENT_COUNT);
    return event_names[event];
}

enum rg_hand_state rg_hand_after(enum rg_hand_state state, enum rg_hand_event event)
{
    rg_assert(state < RG_HAND_STATE_COUNT);
    rg_assert(event < RG_HAND_EVENT_COUNT);
    rg_assert(table[state][event] != RG_HAND_QUEUED);
    return table[state][event];
}

static bool holds_slot(enum rg_hand_state state)
{
    return state == RG_HAND_STORING || state == RG_HAND_CLAIMING || state == RG_HAND_WAITING ||
           state == RG_HAND_DELIVERING;
}

static void release_slot(struct rg_sender *sender, struct rg_hand *hand)
{
    if (!hand->slot)
        return;
    rg_assert(sender->slots > 0);
    sender->slots--;
    hand->slot = false;
    if (!hand->submitted)
        rg_rate_give_back(&sender->rate);
    if (hand->probe)
        rg_breaker_probe_gone(&sender->breaker);
    hand->probe = false;
}

void rg_hand_move(struct rg_sender *sender, struct rg_hand *hand, enum rg_hand_event event)
{
    enum rg_hand_state before = hand->state;
    hand->state = rg_hand_after(before, event);
    if (!holds_slot(hand->state))
        release_slot(sender, hand);
    if (before == hand->state && event == RG_HAND_FREE)
        return;
    sender->moved = true;
    hand->looks = 0;
    hand->look_boot_ms = hand->state == RG_HAND_READY     ? sender->boot_ms + RG_READY_LOOK_MS
                         : hand->state == RG_HAND_WAITING ? sender->boot_ms + RG_WAIT_LOOK_MS
                                                          : 0;
    rg_log(RG_LOG_DEBUG, "SENDER-HAND",
           &(struct rg_log_ctx){
               .debtor = hand->debtor, .action = hand->action, .channel = sender->config.channel, .shard = hand->shard},
           "%s: %s, now %s", rg_hand_state_name(before), rg_hand_event_name(event), rg_hand_state_name(hand->state));
}

/* ---- in and out of the window ---- */

struct rg_hand *rg_hand_add(struct rg_sender *sender, struct rg_arena *arena, const struct rg_decision *decision, int partition,
                            int64_t offset)
{
    rg_assert(sender->hand_count < RG_SENDER_WINDOW_MAX);
    rg_assert(decision->debtor.n <= RG_ID_BYTES_MAX);
    struct rg_hand *hand = rg_alloc(sizeof *hand);
    hand->arena = arena;
    hand->decision = *decision;
    memcpy(hand->debtor, decision->debtor.p, decision->debtor.n);
    rg_action_id_print(&decision->action, hand->action);
    hand->debtor_hash = rg_fnv64(decision->debtor.p, decision->debtor.n);
    hand->shard = rg_action_id_shard(&decision->action);
    hand->partition = partition;
    hand->offset = offset;
    hand->ours = true;
    rg_buf_init(&hand->rendered.payload, RG_RENDERED_BYTES_MAX);
    if (sender->last == NULL)
        sender->first = hand;
    else
        sender->last->next = hand;
    sender->last = hand;
    sender->hand_count++;
    return hand;
}

static void free_hand(struct rg_sender *sender, struct rg_hand *hand)
{
    rg_assert(!hand->submitted);
    release_slot(sender, hand);
    rg_post_detach(sender->post, hand);
    rg_buf_done(&hand->rendered.payload);
    rg_arena_free(&hand->arena);
    rg_free(&hand);
    sender->hand_count--;
}

/* Takes out those that `goes` says; one pass, because the list is single. */
static void take_out(struct rg_sender *sender, bool (*goes)(const struct rg_hand *hand))
{
    struct rg_hand *before = NULL;
    for (struct rg_hand *hand = sender->first; hand != NULL;) {
        struct rg_hand *next = hand->next;
        if (goes(hand)) {
            if (before == NULL)
                sender->first = next;
            else
                before->next = next;
            if (sender->last == hand)
                sender->last = before;
            free_hand(sender, hand);
        } else {
            before = hand;
        }
        hand = next;
    }
}

/* Nothing of it stands in the ledger yet, so it can be forgotten: its copy comes again, here or elsewhere. */
static bool is_unclaimed_and_given_back(const struct rg_hand *hand)
{
    return hand->give_back && hand->state != RG_HAND_CLAIMING && hand->state != RG_HAND_WAITING &&
           hand->state != RG_HAND_DELIVERING && hand->state != RG_HAND_CONCLUDING;
}

static bool leaves(const struct rg_hand *hand)
{
    return hand->state == RG_HAND_DONE || is_unclaimed_and_given_back(hand);
}

void rg_hands_reap(struct rg_sender *sender)
{
    take_out(sender, leaves);
}

void rg_hands_give_back(struct rg_sender *sender, bool revoked)
{
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        hand->give_back = true;
        hand->ours = hand->ours && !revoked;
    }
    rg_hands_reap(sender);
}

/* A debtor's actions leave in order. But what he is owed does not wait out a claim of another process, which may be dead: should
 * that one still deliver, its sequence is the lower one, and lower ones are ignored. */
static bool goes_before(const struct rg_hand *other, const struct rg_hand *hand)
{
    bool gone = other->state == RG_HAND_DONE || (hand->decision.owed && other->state == RG_HAND_FOREIGN);
    return !gone && other->debtor_hash == hand->debtor_hash && rg_str_eq(other->decision.debtor, hand->decision.debtor);
}

static bool has_earlier(const struct rg_sender *sender, const struct rg_hand *hand)
{
    for (const struct rg_hand *other = sender->first; other != hand; other = other->next)
        if (goes_before(other, hand))
            return true;
    return false;
}

void rg_hands_queue(struct rg_sender *sender)
{
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next)
        if (hand->state == RG_HAND_QUEUED && !has_earlier(sender, hand))
            rg_hand_move(sender, hand, RG_HAND_FIRST);
}
