/* One turn: take copies, look, begin, claim in one burst, deliver, conclude, commit. Every step only moves hands on as far as it
 * can without waiting; the turn waits at one place, for whatever can come next.
 *
 * Two alternatives were rejected: one thread per action (order per debtor and one claim burst would need locks), and waiting
 * inside a step (a slow shard or provider would hold all others). */
#include "producers/sender/internal.h"

#include "base/core/log.h"
#include "producers/render/mime.h"
#include "producers/transport/signal.h"

#include <string.h>

#define BUSY_WAIT_MS 2   /* with something under way in several places: short, because only one of them is waited for */
#define LEAVE_WAIT_MS 2000

/* ---- life ---- */

static int check_config(const struct rg_sender_config *config, struct rg_error *err)
{
    struct rg_str name, address;
    rg_assert(config->shards >= 1);
    rg_assert(config->shards <= RG_SHARDS_MAX);
    rg_assert(config->kind == RG_SENDER_SIGNALS || config->transport != NULL);
    if (config->claim_valid_ms <= 0)
        return rg_fail(err, RG_EINVAL, "channel %s: a claim needs a time", config->channel);
    if (config->kind != RG_SENDER_MAIL)
        return 0;
    if (config->from == NULL || config->domain == NULL)
        return rg_fail(err, RG_EINVAL, "channel %s: expected from: \"Name <address>\"", config->channel);
    int rc = rg_mime_mailbox_split(rg_str(config->from), &name, &address, err);
    return rc < 0 ? rc : rg_mime_address_check(address, err);
}

static struct rg_post_config post_config(struct rg_sender *sender)
{
    const struct rg_sender_config *config = &sender->config;
    bool signals = config->kind == RG_SENDER_SIGNALS;
    return (struct rg_post_config){
        .kafka = &sender->config.kafka, .clock = &sender->config.clock,
        .topics = {[RG_POST_STORE] = signals ? NULL : config->messages_topic, [RG_POST_CLAIM] = config->ledger_topic,
                   [RG_POST_OUTCOME] = config->ledger_topic, [RG_POST_SIGNAL] = signals ? config->signals_topic : NULL},
        .message_type = config->kind == RG_SENDER_MAIL ? "message/rfc822" : "application/json", .shards = config->shards,
        .ended = rg_hand_posted, .ctx = sender};
}

int rg_sender_new(const struct rg_sender_config *config, struct rg_sender **ret_sender, struct rg_error *err)
{
    int rc = check_config(config, err);
    if (rc < 0)
        return rc;
    struct rg_sender *sender = rg_alloc(sizeof *sender);
    size_t shards = (size_t)config->shards;
    sender->config = *config;
    sender->boot_ms = rg_boot_ms(&config->clock);
    sender->partitions = rg_alloc(shards * sizeof *sender->partitions);
    sender->shard_look_boot_ms = rg_alloc(shards * sizeof *sender->shard_look_boot_ms);
    sender->shard_failures = rg_alloc(shards * sizeof *sender->shard_failures);
    size_t wanted = config->concurrency < 1 ? 1 : (size_t)config->concurrency;
    sender->slots_max = wanted < RG_SENDER_WINDOW_MAX ? wanted : RG_SENDER_WINDOW_MAX;
    rg_rate_init(&sender->rate, config->rate_count, config->rate_span_s, sender->boot_ms);
    sender->renderer = rg_renderer_new(&sender->config);
    if (config->kind == RG_SENDER_SIGNALS)
        sender->own_transport = rg_transport_signal_new(&(struct rg_signal_config){.clock = &sender->config.clock,
                                                                                   .in_flight_max = RG_SENDER_WINDOW_MAX,
                                                                                   .produce = rg_sender_produce_signal,
                                                                                   .produce_ctx = sender});
    sender->transport = config->kind == RG_SENDER_SIGNALS ? sender->own_transport : config->transport;
    const struct rg_post_config post = post_config(sender);
    rc = rg_post_new(&post, &sender->post, err);
    if (rc == 0)
        rc = rg_intake_start(sender, err);
    if (rc < 0) {
        rg_sender_free(&sender);
        return rc;
    }
    *ret_sender = sender;
    return 0;
}

/* What is claimed and did not begin is released, whether or not anybody has folded the claim: a claim that did not count is not
 * touched by it. Nothing is committed for these, so their copies come again. */
static void release_claims(struct rg_sender *sender)
{
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        hand->ours = false;
        if (hand->state == RG_HAND_WAITING || (hand->state == RG_HAND_DELIVERING && !hand->submitted))
            rg_hand_conclude(sender, hand,
                             &(struct rg_ending){.verdict = RG_VERDICT_RELEASED,
                                                 .claim = &hand->claim,
                                                 .claim_offset = hand->claim_offset,
                                                 .detail = "given back before the first byte"});
    }
}

static void leave(struct rg_sender *sender)
{
    const struct rg_clock *machine = rg_clock_system(); /* its patience, not the product's time */
    int64_t until_ms = rg_boot_ms(machine) + LEAVE_WAIT_MS;
    rg_hands_give_back(sender, false);
    while (rg_post_open(sender->post) && sender->hand_count > 0 && rg_boot_ms(machine) < until_ms) {
        sender->boot_ms = rg_boot_ms(&sender->config.clock);
        release_claims(sender);
        rg_post_serve(sender->post, BUSY_WAIT_MS);
        rg_hands_deliver(sender, 0);
        rg_hands_reap(sender);
    }
}

/* A job that the transport still has must outlive us: it is left to the process's end. */
static void forget_hands(struct rg_sender *sender)
{
    size_t left = 0;
    for (struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        left += hand->submitted;
        if (!hand->submitted)
            hand->state = RG_HAND_DONE;
    }
    rg_hands_reap(sender);
    if (left > 0)
        rg_log(RG_LOG_WARNING, "SENDER-LEFT", &(struct rg_log_ctx){.channel = sender->config.channel, .shard = -1},
               "%zu messages are still being delivered; what became of them will be judged uncertain", left);
}

void rg_sender_free(struct rg_sender **pointer)
{
    struct rg_sender *sender = *pointer;
    if (sender == NULL)
        return;
    if (sender->post != NULL) {
        sender->draining = true;
        leave(sender);
    }
    if (sender->consumer != NULL)
        rg_intake_stop(sender);
    if (sender->post != NULL)
        forget_hands(sender);
    rg_post_free(&sender->post);
    if (sender->own_transport != NULL)
        sender->own_transport->ops->close(&sender->own_transport);
    rg_renderer_free(&sender->renderer);
    rg_free(&sender->partitions);
    rg_free(&sender->shard_look_boot_ms);
    rg_free(&sender->shard_failures);
    rg_free(pointer);
}

/* ---- the turn ---- */

static const char *denied(struct rg_sender *sender)
{
    if (sender->consumer != NULL && rg_kafka_consumer_health(sender->consumer)->denied.code != 0)
        return "Kafka denies it its group or its topic";
    if (rg_post_denied(sender->post))
        return "Kafka denies it a topic it writes to";
    return sender->state_denied ? "Redis denies it the state of actions" : NULL;
}

static void count(struct rg_sender *sender)
{
    atomic_store_explicit(&sender->counters.denied, denied(sender), memory_order_relaxed);
    atomic_store_explicit(&sender->counters.in_hand, (int64_t)sender->hand_count, memory_order_relaxed);
    atomic_store_explicit(&sender->counters.turned_boot_ms, rg_boot_ms(&sender->config.clock), memory_order_relaxed);
    atomic_fetch_add_explicit(&sender->counters.progress, 1, memory_order_relaxed);
}

static void work(struct rg_sender *sender)
{
    sender->boot_ms = rg_boot_ms(&sender->config.clock);
    sender->shared_ms = rg_shared_ms(&sender->config.clock);
    sender->moved = false;
    rg_intake_poll(sender, 0);
    rg_hands_queue(sender);
    rg_sender_look(sender);
    rg_hands_begin(sender);
    rg_hands_deliver(sender, 0);
    rg_post_serve(sender->post, 0);
    rg_hands_reap(sender);
    rg_intake_commit(sender, false);
}

/* The earliest that any hand has to be looked at, seen from now. */
static int until_next_look(const struct rg_sender *sender, int wait_ms)
{
    int64_t now_ms = rg_boot_ms(&sender->config.clock);
    for (const struct rg_hand *hand = sender->first; hand != NULL; hand = hand->next) {
        bool looking = hand->state == RG_HAND_LOOKING || hand->state == RG_HAND_WAITING || hand->state == RG_HAND_FRESHENING ||
                       hand->state == RG_HAND_FOREIGN;
        int64_t left_ms = hand->look_boot_ms - now_ms;
        if (looking && left_ms < wait_ms)
            wait_ms = left_ms < 1 ? 1 : (int)left_ms;
    }
    int64_t token_ms = rg_rate_wait_ms(&sender->rate, now_ms);
    return token_ms > 0 && token_ms < wait_ms ? (int)token_ms : wait_ms;
}

static void wait_for_more(struct rg_sender *sender, int wait_ms)
{
    bool delivering = sender->transport->ops->in_flight(sender->transport) > 0, posting = rg_post_pending(sender->post) > 0;
    wait_ms = until_next_look(sender, wait_ms);
    if ((delivering || posting) && wait_ms > BUSY_WAIT_MS)
        wait_ms = BUSY_WAIT_MS;
    if (delivering && sender->own_transport == NULL)
        rg_hands_deliver(sender, wait_ms);
    else if (posting || !rg_intake_has_room(sender) || sender->consumer == NULL)
        rg_post_serve(sender->post, wait_ms);
    else
        rg_intake_poll(sender, wait_ms);
}

void rg_sender_turn(struct rg_sender *sender, int wait_ms)
{
    sender->stopped = sender->config.world.stopped(sender->config.world.ctx);
    work(sender);
    if (!sender->moved && wait_ms > 0)
        wait_for_more(sender, wait_ms);
    count(sender);
}

void rg_sender_pause(struct rg_sender *sender, bool paused)
{
    sender->paused = paused;
}

bool rg_sender_idle(const struct rg_sender *sender)
{
    return sender->slots == 0 && sender->transport->ops->in_flight(sender->transport) == 0;
}

bool rg_sender_drain(struct rg_sender *sender)
{
    if (!sender->draining && sender->transport != NULL)
        sender->transport->ops->drain(sender->transport);
    sender->draining = true;
    rg_hands_give_back(sender, false);
    rg_intake_commit(sender, sender->hand_count == 0);
    count(sender);
    return sender->hand_count == 0;
}

const struct rg_sender_counters *rg_sender_counters(const struct rg_sender *sender)
{
    return &sender->counters;
}
