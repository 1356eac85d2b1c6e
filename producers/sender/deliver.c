/* Between a claim that counts and its outcome: the last look before the first byte, the transport, and what its word means for
 * the channel. Nothing is decided here but how the attempt ended; trying again is the engine's business. */
#include "producers/sender/internal.h"

#include "base/core/crash.h"

#include <stdio.h>
#include <string.h>

#define RESULTS_MAX 64

static void conclude_claimed(struct rg_sender *sender, struct rg_hand *hand, enum rg_verdict verdict, enum rg_gate gate,
                             const char *detail)
{
    rg_hand_conclude(
        sender, hand,
        &(struct rg_ending){
            .verdict = verdict, .gate = gate, .claim = &hand->claim, .claim_offset = hand->claim_offset, .detail = detail});
}

/* Ends what must not begin any more; true when it did. */
static bool ends_before_first_byte(struct rg_sender *sender, struct rg_hand *hand)
{
    if (sender->stopped)
        conclude_claimed(sender, hand, RG_VERDICT_RELEASED, RG_GATE_STOPPED, "stopped before the first byte");
    else if (hand->give_back)
        conclude_claimed(sender, hand, RG_VERDICT_RELEASED, RG_GATE_NONE, "given back before the first byte");
    else if (!rg_sender_live(sender, hand))
        conclude_claimed(sender, hand, RG_VERDICT_RELEASED, RG_GATE_SHADOW, "the mode was lowered before the first byte");
    else if (rg_sender_past_until(sender, hand))
        conclude_claimed(sender, hand, RG_VERDICT_EXPIRED, RG_GATE_NONE, "its time ended before the first byte");
    else if (rg_boot_ms(&sender->config.clock) >= hand->deadline_boot_ms)
        conclude_claimed(sender, hand, RG_VERDICT_RELEASED, RG_GATE_NONE, "the claim's time ended before the first byte");
    else
        return false;
    return true;
}

/* The claim's time, and no longer than the message itself may go out. */
static int64_t job_deadline(const struct rg_sender *sender, const struct rg_hand *hand)
{
    int64_t left_ms = hand->decision.until_ms - rg_shared_ms(&sender->config.clock);
    int64_t until_boot_ms = rg_boot_ms(&sender->config.clock) + left_ms;
    return hand->decision.until_ms != 0 && until_boot_ms < hand->deadline_boot_ms ? until_boot_ms : hand->deadline_boot_ms;
}

static void submit(struct rg_sender *sender, struct rg_hand *hand)
{
    char key[33];
    struct rg_error err = {0};
    rg_decision_message_id(&hand->decision, key);
    hand->job = (struct rg_transport_job){.action = rg_str(hand->action),
                                          .idempotency_key = rg_arena_str(hand->arena, rg_str(key)),
                                          .to = hand->rendered.to,
                                          .payload = rg_buf_str(&hand->rendered.payload),
                                          .partition = hand->shard,
                                          .deadline_boot_ms = job_deadline(sender, hand),
                                          .opaque = hand};
    rg_crash_point(hand->decision.owed ? "before-restore" : "before-first-byte");
    hand->submitted = true; /* the signals' transport asks for the hand while it takes the job */
    int rc = sender->transport->ops->submit(sender->transport, &hand->job, &err);
    hand->submitted = rc == 0;
    if (rc == 0) {
        sender->moved = true;
    } else if (rc == RG_ELIMIT) {
        size_t in_flight = sender->transport->ops->in_flight(sender->transport);
        sender->slots_max =
            in_flight > 0 && in_flight < sender->slots_max ? in_flight : sender->slots_max; /* claim no more than it takes */
    } else {
        enum rg_gate gate = rc == RG_EINVAL ? RG_GATE_UNREACHABLE : rc == RG_ENOTFOUND ? RG_GATE_MISSING_DATA : RG_GATE_NONE;
        enum rg_verdict verdict = gate != RG_GATE_NONE ? RG_VERDICT_REJECTED : RG_VERDICT_RETRY;
        conclude_claimed(sender, hand, verdict, gate, err.text);
    }
}

/* ---- results ---- */

static void tell_breaker(struct rg_sender *sender, struct rg_hand *hand, const struct rg_transport_result *result)
{
    bool probe = hand->probe;
    switch (result->verdict) {
    case RG_VERDICT_EXPIRED:
    case RG_VERDICT_RELEASED:
        return; /* the channel was not met */
    case RG_VERDICT_UNCERTAIN: /* a channel that swallows messages without a word is no channel */
        rg_breaker_trouble(&sender->breaker, probe, sender->boot_ms);
        break;
    case RG_VERDICT_RETRY:
        if (result->channel)
            rg_breaker_trouble(&sender->breaker, probe, sender->boot_ms);
        else
            rg_breaker_answer(&sender->breaker);
        break;
    case RG_VERDICT_THROTTLED:
        rg_breaker_answer(&sender->breaker);
        rg_breaker_pause(&sender->breaker, result->retry_after_ms, sender->boot_ms);
        break;
    case RG_VERDICT_ACCEPTED:
    case RG_VERDICT_REJECTED:
        rg_breaker_answer(&sender->breaker);
        break;
    case RG_VERDICT_UNSET:
    case RG_VERDICT_COUNT:
        rg_assert(false);
    }
    hand->probe = false;
}

static void take_result(struct rg_sender *sender, const struct rg_transport_result *result)
{
    struct rg_hand *hand = result->job->opaque;
    rg_assert(hand->state == RG_HAND_DELIVERING);
    rg_assert(hand->submitted);
    rg_assert(result->verdict > RG_VERDICT_UNSET && result->verdict < RG_VERDICT_COUNT);
    tell_breaker(sender, hand, result);
    if (result->verdict == RG_VERDICT_ACCEPTED)
        rg_crash_point("accepted-before-outcome");
    struct rg_ending ending = {
        .verdict = result->verdict, .claim = &hand->claim, .claim_offset = hand->claim_offset, .result = result};
    /* The transport knows one deadline; which of the two it was decides whether the message lives on. */
    if (result->verdict == RG_VERDICT_EXPIRED && !rg_sender_past_until(sender, hand))
        ending.verdict = RG_VERDICT_RELEASED;
    rg_hand_conclude(sender, hand, &ending);
    hand->submitted = false;
}

static void take_results(struct rg_sender *sender, int wait_ms)
{
    struct rg_transport_result results[RESULTS_MAX];
    size_t n;
    do {
        n = sender->transport->ops->poll(sender->transport, wait_ms, results, RG_COUNT(results));
        for (size_t i = 0; i < n; i++)
            take_result(sender, &results[i]);
        wait_ms = 0;
    } while (n == RG_COUNT(results));
}

void rg_hands_deliver(struct rg_sender *sender, int wait_ms)
{
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next)
        if (hand->state == RG_HAND_DELIVERING && !hand->submitted && !ends_before_first_byte(sender, hand))
            submit(sender, hand);
    if (sender->transport->ops->in_flight(sender->transport) > 0)
        take_results(sender, wait_ms);
}

/* The signals' transport produces through us. It may not begin after its claim's time, however often it is sent again. */
int rg_sender_produce_signal(void *ctx, int32_t partition, struct rg_str key, struct rg_str value, uint64_t token,
                             struct rg_error *err)
{
    struct rg_sender *sender = ctx;
    (void)err; /* what is added is sent, sooner or later */
    int64_t deadline_boot_ms = 0;
    for (const struct rg_hand *hand = sender->first; hand != NULL && deadline_boot_ms == 0; hand = hand->next)
        if (hand->state == RG_HAND_DELIVERING && hand->submitted && hand->job.payload.p == value.p)
            deadline_boot_ms = hand->job.deadline_boot_ms;
    rg_assert(deadline_boot_ms != 0);
    rg_post_add(sender->post, &(struct rg_post_record){.kind = RG_POST_SIGNAL,
                                                       .token = token,
                                                       .partition = partition,
                                                       .key = key,
                                                       .value = value,
                                                       .deadline_boot_ms = deadline_boot_ms});
    return 0;
}
