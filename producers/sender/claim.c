/* The claim, for one action: leave to begin, rendered, stored, claimed, and what the fold says of it.
 *
 * What must hold: nothing is claimed that cannot begin at once; nothing begins without a claim of ours that was read back from
 * the fold, nor after its time; every way out of a claim of ours is an outcome that names it; a copy's offset counts only
 * when its outcome is acknowledged or nobody wants it any more. */
#include "producers/sender/internal.h"

#include "base/core/crash.h"
#include "base/core/hash.h"
#include "base/core/log.h"
#include "base/core/rand.h"
#include "producers/transport/signal.h"

#include <stdio.h>

#define STALE_MS 1000      /* a state read longer ago is read again before the message is made */
#define FOREIGN_LOOK_MS 1000
#define FRESHEN_LOOK_MS 50
#define WAIT_LOOK_MS_MAX 50
#define RECIPIENT_RETRY_MS 1000
#define RECIPIENT_TRIES 5

/* Done with it: nobody wants it, or its outcome stands. */
static void finish(struct rg_sender *sender, struct rg_hand *hand)
{
    rg_assert(hand->state == RG_HAND_DONE);
    rg_intake_done(sender, hand);
}

static void drop(struct rg_sender *sender, struct rg_hand *hand)
{
    rg_hand_move(sender, hand, RG_HAND_ABSENT);
    atomic_fetch_add_explicit(&sender->counters.dropped, 1, memory_order_relaxed);
    finish(sender, hand);
}

/* ---- beginning ---- */

bool rg_sender_live(const struct rg_sender *sender, const struct rg_hand *hand)
{
    return sender->config.world.live(sender->config.world.ctx, &hand->decision);
}

/* While clocks disagree nobody knows whether its time has come, or is over; what is owed is always in time. */
static bool is_timely(const struct rg_sender *sender, const struct rg_hand *hand)
{
    return hand->decision.owed || sender->config.world.timely(sender->config.world.ctx);
}

bool rg_sender_past_until(const struct rg_sender *sender, const struct rg_hand *hand)
{
    int64_t now_ms = rg_shared_ms(&sender->config.clock);
    return hand->decision.until_ms != 0 && now_ms >= 0 && now_ms > hand->decision.until_ms;
}

static void conclude_unclaimed(struct rg_sender *sender, struct rg_hand *hand, enum rg_verdict verdict, enum rg_gate gate,
                               const char *detail)
{
    rg_hand_conclude(sender, hand, &(struct rg_ending){.verdict = verdict, .gate = gate, .claim_offset = -1, .detail = detail});
}

/* Ends what must not be claimed any more; true when it did. Of a lowered mode the engine makes what it is to be: looking again,
 * it notes the step as shadow. */
static bool ends_before_claim(struct rg_sender *sender, struct rg_hand *hand)
{
    if (rg_sender_past_until(sender, hand))
        conclude_unclaimed(sender, hand, RG_VERDICT_EXPIRED, RG_GATE_NONE, "its time ended before the claim");
    else if (!rg_sender_live(sender, hand))
        conclude_unclaimed(sender, hand, RG_VERDICT_RETRY, RG_GATE_SHADOW, "the mode was lowered before the claim");
    else
        return false;
    return true;
}

/* <debtor>/<action>/<claim>: all of a debtor's messages can be found and erased, and each claim has bytes of its own. */
static struct rg_str message_key(const struct rg_hand *hand, char ret_key[RG_MESSAGE_KEY_MAX])
{
    char claim_text[RG_CLAIM_TEXT + 1];
    rg_claim_id_print(&hand->claim, claim_text);
    (void)snprintf(ret_key, RG_MESSAGE_KEY_MAX, "%s/%s/%s", hand->debtor, hand->action, claim_text);
    return rg_str(ret_key);
}

static void claim(struct rg_sender *sender, struct rg_hand *hand)
{
    int64_t now_ms = rg_shared_ms(&sender->config.clock); /* the owner counts the claim's time from it */
    if (sender->stopped || hand->give_back || now_ms < 0 || !is_timely(sender, hand)) {
        rg_hand_move(sender, hand, RG_HAND_BACK);
        return;
    }
    if (ends_before_claim(sender, hand))
        return;
    char key[RG_MESSAGE_KEY_MAX], hash[2 * RG_SHA256_BYTES + 1];
    bool stored = sender->config.kind != RG_SENDER_SIGNALS;
    uint8_t digest[RG_SHA256_BYTES];
    rg_sha256(hand->rendered.payload.data, hand->rendered.payload.len, digest);
    rg_hex(digest, sizeof digest, hash);
    struct rg_claim record = {.claim = hand->claim,
                              .action = hand->decision.action,
                              .debtor = hand->decision.debtor,
                              .valid_ms = sender->config.claim_valid_ms,
                              .message_key = stored ? message_key(hand, key) : (struct rg_str){0},
                              .message_hash = rg_str(hash),
                              .at_ms = now_ms};
    struct rg_buf value RG_CLEANUP(rg_buf_done);
    rg_buf_init(&value, RG_LEDGER_BYTES_MAX);
    rg_claim_write(&record, &value);
    rg_assert(!value.overflow);
    hand->deadline_boot_ms = rg_boot_ms(&sender->config.clock) + sender->config.claim_valid_ms;
    rg_post_add(sender->post, &(struct rg_post_record){.kind = RG_POST_CLAIM,
                                                       .hand = hand,
                                                       .partition = hand->shard,
                                                       .key = hand->decision.debtor,
                                                       .value = rg_buf_str(&value)});
    rg_hand_move(sender, hand, RG_HAND_CLAIM);
    atomic_fetch_add_explicit(&sender->counters.claimed, 1, memory_order_relaxed);
}

/* Rendered bytes are written down under the id of the claim to come, and only then claimed. */
static void store(struct rg_sender *sender, struct rg_hand *hand)
{
    char key[RG_MESSAGE_KEY_MAX];
    rg_random_bytes(hand->claim.b, sizeof hand->claim.b);
    if (sender->config.kind == RG_SENDER_SIGNALS) {
        claim(sender, hand); /* a signal lies in its own topic */
        return;
    }
    rg_post_add(sender->post, &(struct rg_post_record){.kind = RG_POST_STORE,
                                                       .hand = hand,
                                                       .partition = hand->shard,
                                                       .key = message_key(hand, key),
                                                       .value = rg_buf_str(&hand->rendered.payload)});
    rg_hand_move(sender, hand, RG_HAND_STORE);
}

/* What it needs could not be read. A server that is away comes back; a record that stays unreadable is the engine's to judge. */
static void retry_later(struct rg_sender *sender, struct rg_hand *hand, const struct rg_error *err)
{
    bool passing = err->retryable || err->code == RG_EIO;
    hand->lookup_failures += passing ? 0 : 1;
    if (!sender->recipients_failing)
        rg_log(RG_LOG_WARNING, "SENDER-RECIPIENT",
               &(struct rg_log_ctx){.debtor = hand->debtor, .action = hand->action, .shard = hand->shard},
               "%s; trying again, and with others", err->text);
    sender->recipients_failing = true;
    if (hand->lookup_failures >= RECIPIENT_TRIES) {
        conclude_unclaimed(sender, hand, RG_VERDICT_RETRY, RG_GATE_MISSING_DATA, "the debtor's record could not be read");
        return;
    }
    rg_hand_move(sender, hand, RG_HAND_BACK);
    hand->begin_boot_ms = sender->boot_ms + RECIPIENT_RETRY_MS;
}

static void look_again(struct rg_sender *sender, struct rg_hand *hand)
{
    rg_hand_move(sender, hand, RG_HAND_BACK);
    hand->looked_boot_ms = hand->look_boot_ms = 0;
}

static void render(struct rg_sender *sender, struct rg_hand *hand)
{
    struct rg_unrendered why = {0};
    struct rg_error err = {0};
    rg_buf_reset(&hand->rendered.payload);
    int rc = rg_render_action(sender->renderer, &hand->decision, rg_shared_ms(&sender->config.clock), hand->arena,
                              &hand->rendered, &why, &err);
    sender->recipients_failing = sender->recipients_failing && rc != 0;
    if (rc == 0)
        store(sender, hand);
    else if (rc == RG_EREFUSED)
        conclude_unclaimed(sender, hand, RG_VERDICT_REJECTED, why.gate, why.detail);
    else if (rc == RG_EUNKNOWN)
        look_again(sender, hand);
    else
        retry_later(sender, hand, &err);
}

/* Asked once for all that wait, and again now and then, for it may have been lost. */
static void want_upstream(struct rg_sender *sender, int64_t from_ms)
{
    if (sender->wanted_ms > sender->shared_ms)
        sender->wanted_ms = 0; /* the clock was set back since */
    if (from_ms <= sender->wanted_ms && sender->boot_ms < sender->want_boot_ms)
        return;
    if (from_ms > sender->wanted_ms)
        sender->wanted_ms = from_ms;
    sender->want_boot_ms = sender->boot_ms + FRESHEN_LOOK_MS;
    (void)sender->config.world.want_asof(sender->config.world.ctx, sender->wanted_ms);
}

static void freshen(struct rg_sender *sender, struct rg_hand *hand)
{
    hand->fresh_from_ms = sender->shared_ms;
    hand->fresh_since_boot_ms = sender->boot_ms;
    hand->known_boot_ms = -1;
    want_upstream(sender, hand->fresh_from_ms);
    rg_hand_move(sender, hand, RG_HAND_FRESHEN);
}

/* Takes a place, a token and if need be the breaker's probe; false when it has to wait. */
static bool take_leave(struct rg_sender *sender, struct rg_hand *hand)
{
    enum rg_leave leave = rg_breaker_ask(&sender->breaker, sender->boot_ms);
    if (leave == RG_LEAVE_NO || sender->slots >= sender->slots_max)
        return false;
    if (sender->boot_ms - hand->looked_boot_ms > STALE_MS) {
        hand->look_boot_ms = 0;
        return false;
    }
    if (!rg_rate_take(&sender->rate, sender->boot_ms))
        return false;
    if (leave == RG_LEAVE_PROBE)
        rg_breaker_probe(&sender->breaker);
    hand->probe = leave == RG_LEAVE_PROBE;
    hand->slot = true;
    sender->slots++;
    return true;
}

/* A sanction waits for upstream without a place of its own, so that all in the window wait for the same round; and it waits anew
 * when it was held up after that. */
static void wait_for_upstream(struct rg_sender *sender, struct rg_hand *hand)
{
    bool known = hand->known_boot_ms >= 0;
    if (sender->stopped || !is_timely(sender, hand) || (known && sender->boot_ms - hand->known_boot_ms > STALE_MS))
        rg_hand_move(sender, hand, RG_HAND_BACK);
    else if (!known && sender->boot_ms - hand->fresh_since_boot_ms >= RG_SANCTION_WAIT_MS)
        conclude_unclaimed(sender, hand, RG_VERDICT_RETRY, RG_GATE_FRONTIER, "upstream did not become known in time");
}

void rg_hands_begin(struct rg_sender *sender)
{
    bool leave = !sender->stopped && !sender->draining && !sender->paused && sender->shared_ms >= 0 && rg_post_open(sender->post);
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        if (hand->state == RG_HAND_FRESHENING)
            wait_for_upstream(sender, hand);
        bool known = hand->state == RG_HAND_FRESHENING && hand->known_boot_ms >= 0;
        if ((hand->state != RG_HAND_READY && !known) || hand->give_back || !is_timely(sender, hand))
            continue;
        if (ends_before_claim(sender, hand) || !leave || sender->boot_ms < hand->begin_boot_ms)
            continue;
        if (hand->decision.tone == RG_TONE_SANCTION && !known && rg_breaker_ask(&sender->breaker, sender->boot_ms) != RG_LEAVE_NO)
            freshen(sender, hand);
        else if ((hand->decision.tone != RG_TONE_SANCTION || known) && take_leave(sender, hand))
            render(sender, hand);
    }
}

/* ---- what the fold says ---- */

/* Until when another's claim may still deliver, as far as we can know: its time counted from when we first saw it. */
static int64_t foreign_end_boot_ms(const struct rg_sender *sender, const struct rg_hand *hand)
{
    return hand->other_since_boot_ms + sender->config.claim_valid_ms;
}

static void taken(struct rg_sender *sender, struct rg_hand *hand, const struct rg_act_value *value)
{
    bool known = hand->state == RG_HAND_FOREIGN && rg_claim_id_eq(&hand->other, &value->claim);
    if (known && sender->boot_ms >= foreign_end_boot_ms(sender, hand)) {
        rg_hand_conclude(sender, hand,
                         &(struct rg_ending){.verdict = RG_VERDICT_UNCERTAIN,
                                             .claim = &hand->other,
                                             .claim_offset = hand->other_offset,
                                             .detail = "the claim's time ended without an outcome"});
        return;
    }
    if (known)
        return;
    rg_hand_move(sender, hand, RG_HAND_TAKEN);
    hand->other = value->claim;
    hand->other_offset = value->claim_offset;
    hand->other_since_boot_ms = sender->boot_ms;
}

static void own(struct rg_sender *sender, struct rg_hand *hand, const struct rg_act_value *value)
{
    hand->claim_offset = value->claim_offset; /* of a claim that was written twice, the one that counted */
    rg_hand_move(sender, hand, RG_HAND_OWN);
}

static void still_queued(struct rg_sender *sender, struct rg_hand *hand, int64_t asof_ms)
{
    bool known = asof_ms >= hand->fresh_from_ms && asof_ms <= sender->shared_ms + RG_FRESH_AHEAD_MS;
    if (hand->state == RG_HAND_FRESHENING && hand->known_boot_ms < 0) {
        if (known)
            hand->known_boot_ms = sender->boot_ms;
        else
            want_upstream(sender, hand->fresh_from_ms);
    }
    rg_hand_move(sender, hand, RG_HAND_FREE);
}

/* When to look again, if nothing changes. */
static int64_t look_after_ms(const struct rg_sender *sender, const struct rg_hand *hand)
{
    switch (hand->state) {
    case RG_HAND_READY: return RG_READY_LOOK_MS;
    case RG_HAND_FRESHENING: return FRESHEN_LOOK_MS;
    case RG_HAND_FOREIGN: {
        int64_t left_ms = foreign_end_boot_ms(sender, hand) - sender->boot_ms;
        return left_ms > FOREIGN_LOOK_MS || left_ms <= 0 ? FOREIGN_LOOK_MS : left_ms;
    }
    default: {
        int64_t wait_ms = (int64_t)RG_WAIT_LOOK_MS << (hand->looks < 8 ? hand->looks : 8);
        return wait_ms < WAIT_LOOK_MS_MAX ? wait_ms : WAIT_LOOK_MS_MAX;
    }
    }
}

void rg_hand_seen(struct rg_sender *sender, struct rg_hand *hand, const struct rg_act_seen *seen, int64_t ledger_next,
                  int64_t asof_ms)
{
    hand->looked_boot_ms = sender->boot_ms;
    hand->looks++;
    hand->look_boot_ms = sender->boot_ms + look_after_ms(sender, hand);
    if (hand->state == RG_HAND_WAITING && ledger_next <= hand->claim_offset)
        return; /* the claim is not folded yet: what is seen says nothing about it */
    if (!seen->live)
        drop(sender, hand);
    else if (!seen->value.claimed)
        still_queued(sender, hand, asof_ms);
    else if (hand->state == RG_HAND_WAITING && rg_claim_id_eq(&seen->value.claim, &hand->claim))
        own(sender, hand, &seen->value);
    else
        taken(sender, hand, &seen->value);
    if (hand->state == RG_HAND_FOREIGN)
        hand->look_boot_ms = sender->boot_ms + look_after_ms(sender, hand);
}

/* ---- what was written ---- */

static void signal_ended(struct rg_sender *sender, const struct rg_post_record *record, enum rg_post_end end)
{
    enum rg_signal_report report = end == RG_POST_WRITTEN    ? RG_SIGNAL_STORED
                                   : end == RG_POST_DOUBTFUL ? RG_SIGNAL_UNKNOWN
                                                             : RG_SIGNAL_NOT_STORED;
    rg_transport_signal_report(sender->own_transport, record->token, report);
    sender->moved = true;
}

void rg_hand_posted(void *ctx, const struct rg_post_record *record, enum rg_post_end end, int64_t offset)
{
    struct rg_sender *sender = ctx;
    struct rg_hand *hand = record->hand;
    if (record->kind == RG_POST_SIGNAL) {
        signal_ended(sender, record, end);
    } else if (hand == NULL) {
        return; /* let go meanwhile; the record stands all the same */
    } else if (record->kind == RG_POST_STORE && end == RG_POST_WRITTEN) {
        rg_crash_point("stored-before-claim");
        claim(sender, hand);
    } else if (record->kind == RG_POST_STORE) {
        conclude_unclaimed(sender, hand, RG_VERDICT_REJECTED, RG_GATE_NONE, "the message is too large to be kept");
    } else if (record->kind == RG_POST_CLAIM) {
        rg_assert(end == RG_POST_WRITTEN);
        rg_crash_point("claimed-before-fold");
        hand->claim_offset = offset;
        rg_hand_move(sender, hand, RG_HAND_CLAIMED);
    } else {
        rg_assert(end == RG_POST_WRITTEN);
        rg_hand_move(sender, hand, RG_HAND_RECORDED);
        finish(sender, hand);
    }
}
