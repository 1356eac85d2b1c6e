/* The life of a shard, and its turn. */
#include "daemon/shard/shard.h"

#include "base/core/hash.h"
#include "base/core/log.h"
#include "daemon/runtime.h"
#include "daemon/shard/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES ((size_t)256 * 1024 * 1024) /* of position, origins and the outbox as found; replies are capped before */

const char *rg_shard_state_name(enum rg_shard_state state)
{
    switch (state) {
    case RG_SHARD_OPENING: return "opening";
    case RG_SHARD_REPLAY: return "replay";
    case RG_SHARD_RUNNING: return "running";
    default: return "stopped";
    }
}

struct rg_shard *rg_shard_new(const struct rg_shard_config *config)
{
    struct rg_shard *shard = rg_alloc(sizeof *shard);
    shard->config = *config;
    shard->store = config->store;
    shard->memory = rg_arena_new(MEMORY_BYTES);
    shard->batch_arena = rg_arena_new(BATCH_ARENA_BYTES);
    rg_buf_init(&shard->scratch, RG_RECORD_STORED_MAX + 1024);
    shard->relay = rg_relay_new();
    shard->seen_ms = shard->asof_ms = shard->out_done = shard->expected = shard->gap_at = -1;
    shard->batch_max = RG_SHARD_BATCH_MAX;
    return shard;
}

static void empty_inbox(struct rg_shard *shard)
{
    for (size_t i = 0; i < shard->inbox_count; i++)
        rg_fetched_done(&shard->inbox[shard->inbox_first + i]);
    shard->inbox_first = shard->inbox_count = shard->inbox_bytes = 0;
}

void rg_shard_free(struct rg_shard **shard)
{
    struct rg_shard *s = *shard;
    if (s == NULL)
        return;
    rg_shard_set_live(s, 0);
    empty_inbox(s);
    free(s->inbox);
    rg_relay_free(&s->relay);
    rg_store_free(&s->store);
    rg_arena_free(&s->memory);
    rg_arena_free(&s->batch_arena);
    rg_buf_done(&s->scratch);
    rg_free(shard);
}

enum rg_shard_state rg_shard_state(const struct rg_shard *shard)
{
    return shard->state;
}

int rg_shard_id(const struct rg_shard *shard)
{
    return shard->config.shard;
}

const char *rg_shard_trouble(const struct rg_shard *shard)
{
    return shard->trouble;
}

void rg_shard_set_live(struct rg_shard *shard, int64_t live_actions)
{
    atomic_fetch_add(&shard->config.counters->under_way, live_actions - shard->live_actions);
    shard->live_actions = live_actions;
}

void rg_shard_note_origin(struct rg_shard *shard, const struct rg_origin_high *high)
{
    for (size_t i = 0; i < shard->pos.origin_count; i++) {
        struct rg_origin_high *known = &shard->pos.origins[i];
        if (known->people == high->people && known->partition == high->partition && known->incarnation == high->incarnation &&
            rg_str_eq(known->source, high->source)) {
            known->offset = high->offset;
            known->sub = high->sub;
            return;
        }
    }
    struct rg_origin_high *added = RG_PUSH(shard->memory, shard->pos.origins, shard->pos.origin_count, shard->pos.origin_cap);
    *added = *high;
    added->source = rg_arena_str(shard->memory, high->source);
}

void rg_shard_reopen(struct rg_shard *shard, const char *why)
{
    if (shard->state == RG_SHARD_STOPPED)
        return;
    (void)snprintf(shard->trouble, sizeof shard->trouble, "%s", why);
    shard->state = RG_SHARD_OPENING;
    shard->seen_ms = shard->asof_ms = shard->out_done = -1;
    shard->round_open = false;
    empty_inbox(shard);
}

void rg_shard_stop(struct rg_shard *shard, const char *why)
{
    rg_log(RG_LOG_ERROR, "SHARD-STOPPED", &(struct rg_log_ctx){.shard = shard->config.shard},
           "%s; this shard does nothing more until it has been looked at and the daemon restarted", why);
    rg_shard_reopen(shard, why);
    shard->state = RG_SHARD_STOPPED;
}

static bool same_begun(const struct rg_begun *a, const struct rg_begun *b)
{
    return a->ledger_next == b->ledger_next && a->people_next == b->people_next && a->people == b->people &&
           a->offset == b->offset && a->times == b->times;
}

int rg_shard_open(struct rg_shard *shard, int64_t *ret_ledger_from, int64_t *ret_people_from, struct rg_error *err)
{
    struct rg_store_opened opened;
    rg_assert(shard->state == RG_SHARD_OPENING);
    rg_arena_reset(shard->memory);
    shard->pos = (struct rg_pos){0};
    int rc = shard->store->ops->open(shard->store, shard->memory, &opened, err);
    if (rc < 0)
        return rc;
    shard->pos = opened.pos;
    rg_relay_free(&shard->relay);
    shard->relay = rg_relay_new();
    for (size_t i = 0; i < opened.out_count; i++) {
        rc = rg_relay_add(shard->relay, opened.out[i].seq, opened.out[i].bytes, err);
        if (rc < 0)
            return rc;
    }
    rg_shard_set_live(shard, opened.act_count);
    bool ours = same_begun(&shard->noted, &opened.begun); /* what we began ourselves we have survived */
    shard->begun = ours ? (struct rg_begun){0} : opened.begun;
    shard->after_death = shard->begun.times > 0 && shard->begun.ledger_next == shard->pos.ledger_next &&
                         shard->begun.people_next == shard->pos.people_next;
    shard->began = false;
    shard->careful = 0;
    shard->verify_crc = true;
    int64_t next = shard->pos.ledger_next;
    *ret_ledger_from = shard->ledger_from = next < 0 ? RG_KAFKA_BEGINNING : next > 0 ? next - 1 : 0;
    shard->ledger_begun = false;
    shard->expected = *ret_ledger_from >= 0 ? *ret_ledger_from : -1;
    *ret_people_from = shard->pos.people_next < 0 ? RG_KAFKA_BEGINNING : shard->pos.people_next;
    return 0;
}

int rg_shard_replay_to(struct rg_shard *shard, int64_t ledger_end, int64_t people_end, struct rg_error *err)
{
    rg_assert(shard->state == RG_SHARD_OPENING);
    if (ledger_end < shard->pos.ledger_next)
        return rg_fail(err, RG_EREFUSED,
                       "%s/%d ends at offset %lld, below what was applied (%lld): the topic was recreated or truncated",
                       shard->config.ledger_topic, shard->config.shard, (long long)ledger_end, (long long)shard->pos.ledger_next);
    shard->replay_ledger = shard->ledger_end = ledger_end;
    shard->replay_people = shard->people_end = people_end;
    shard->state = RG_SHARD_REPLAY;
    shard->trouble[0] = '\0';
    return 0;
}

/* The first ledger record that comes proves that this is the ledger we knew: the last one applied, with the checksum noted
 * then; or, where nothing was applied yet, the very first. */
static bool same_ledger(struct rg_shard *shard, const struct rg_kafka_event *message)
{
    char why[256] = "";
    if (!shard->verify_crc)
        return true;
    shard->verify_crc = false;
    if (shard->pos.ledger_next < 0 && message->offset > 0)
        (void)snprintf(why, sizeof why,
                       "%s/%d begins at offset %lld: what came before is gone, and state cannot be folded without it",
                       message->topic, message->partition, (long long)message->offset);
    else if (message->offset == shard->pos.ledger_next - 1 &&
             rg_crc32(0, message->value.p, message->value.n) != shard->pos.ledger_crc)
        (void)snprintf(why, sizeof why,
                       "the record at %s/%d/%lld is not the one applied before: the topic was recreated or altered",
                       message->topic, message->partition, (long long)message->offset);
    if (why[0] != '\0')
        rg_shard_stop(shard, why);
    return why[0] == '\0';
}

/* The ledger has no holes: nobody compacts it, and our producers use no transactions. One that shows is read again from the
 * position; if it is still there it is real (markers of a foreign producer), and passed with a word. */
static bool contiguous(struct rg_shard *shard, int64_t offset)
{
    bool hole = shard->expected >= 0 && offset > shard->expected;
    if (!hole)
        return true;
    char why[128];
    (void)snprintf(why, sizeof why, "ledger offsets %lld to %lld were not delivered", (long long)shard->expected,
                   (long long)offset - 1);
    rg_log(RG_LOG_WARNING, "LEDGER-HOLE", &(struct rg_log_ctx){.shard = shard->config.shard}, "%s; %s", why,
           shard->gap_at == offset ? "they do not exist: going on" : "reading them again");
    if (shard->gap_at == offset)
        return true;
    shard->gap_at = offset;
    rg_shard_reopen(shard, why);
    return false;
}

void rg_shard_receive(struct rg_shard *shard, const struct rg_kafka_event *message)
{
    if (shard->state == RG_SHARD_OPENING || shard->state == RG_SHARD_STOPPED)
        return; /* read again from the position once it is open */
    bool people = strcmp(message->topic, shard->config.people_topic) == 0;
    if (!people && !shard->ledger_begun)
        return;
    if (!people && !contiguous(shard, message->offset))
        return;
    if (!people)
        shard->expected = message->offset + 1;
    if ((!people && !same_ledger(shard, message)) || message->offset < (people ? shard->pos.people_next : shard->pos.ledger_next))
        return;
    if (shard->inbox_first > 0 && shard->inbox_first + shard->inbox_count == shard->inbox_cap) {
        memmove(shard->inbox, shard->inbox + shard->inbox_first, shard->inbox_count * sizeof *shard->inbox);
        shard->inbox_first = 0;
    }
    if (shard->inbox_first + shard->inbox_count == shard->inbox_cap) {
        shard->inbox_cap = shard->inbox_cap ? shard->inbox_cap * 2 : 256;
        shard->inbox = rg_realloc(shard->inbox, shard->inbox_cap, sizeof *shard->inbox);
    }
    rg_fetched_init(&shard->inbox[shard->inbox_first + shard->inbox_count], message, people);
    shard->inbox_bytes += shard->inbox[shard->inbox_first + shard->inbox_count].size;
    shard->inbox_count++;
    int64_t *end = people ? &shard->people_end : &shard->ledger_end;
    if (message->offset + 1 > *end)
        *end = message->offset + 1;
}

static int64_t applied(const struct rg_shard *shard, bool people)
{
    int64_t next = people ? shard->pos.people_next : shard->pos.ledger_next;
    return next < 0 ? 0 : next;
}

/* Only what follows an empty inbox can be said to be applied: a position in memory, written with the next batch. */
void rg_shard_reached(struct rg_shard *shard, bool people, int64_t next)
{
    if (!people) {
        bool reading = shard->state == RG_SHARD_REPLAY || shard->state == RG_SHARD_RUNNING;
        if (reading && shard->ledger_begun && contiguous(shard, next))
            shard->expected = next;
        return;
    }
    for (size_t i = 0; i < shard->inbox_count; i++)
        if (shard->inbox[shard->inbox_first + i].people == people)
            return;
    if (next > applied(shard, people))
        shard->pos.people_next = next; /* compaction leaves holes in the people topic */
}

size_t rg_shard_inbox(const struct rg_shard *shard)
{
    return shard->inbox_count;
}

size_t rg_shard_inbox_bytes(const struct rg_shard *shard)
{
    return shard->inbox_bytes;
}

bool rg_shard_awaits_ledger(const struct rg_shard *shard, int64_t *ret_from)
{
    bool folded = shard->inbox_count == 0 && applied(shard, true) >= shard->replay_people;
    if (shard->state != RG_SHARD_REPLAY || shard->ledger_begun || !folded)
        return false;
    *ret_from = shard->ledger_from;
    return true;
}

void rg_shard_begin_ledger(struct rg_shard *shard)
{
    rg_assert(shard->state == RG_SHARD_REPLAY);
    shard->ledger_begun = true;
}

static bool passed(const struct rg_shard *shard, int64_t ledger_end, int64_t people_end)
{
    return shard->inbox_count == 0 && applied(shard, false) >= ledger_end && applied(shard, true) >= people_end;
}

/* ---- freshness ---- */

bool rg_shard_wants(const struct rg_shard *shard, int64_t now_ms, int64_t *ret_want_ms)
{
    int64_t due_ms = shard->store->ops->next_due_ms(shard->store, RG_TIMER_DUE);
    if (shard->stopped || shard->state != RG_SHARD_RUNNING || due_ms > now_ms || rg_asof_allows(shard->asof_ms, due_ms, now_ms))
        return false;
    *ret_want_ms = now_ms;
    return true;
}

bool rg_shard_learns(const struct rg_shard *shard, int64_t fresh_ms, int64_t all_seen_ms)
{
    return shard->state == RG_SHARD_RUNNING && !shard->round_open && (fresh_ms > shard->seen_ms || all_seen_ms > shard->asof_ms);
}

void rg_shard_begin_round(struct rg_shard *shard, const struct rg_shard_round *round)
{
    if (round->ledger_end > shard->ledger_end)
        shard->ledger_end = round->ledger_end;
    if (round->people_end > shard->people_end)
        shard->people_end = round->people_end;
    if (shard->round_open)
        return;
    shard->round = *round;
    shard->round_open = true;
    shard->round_reached = false;
}

/* Reached when both partitions are applied to the ends the round asked for; `seen` also needs that everything released until then
 * stands in its debtor's partition, what was folded on the way above all. */
static void close_round(struct rg_shard *shard)
{
    if (!shard->round_open || shard->state != RG_SHARD_RUNNING)
        return;
    if (!shard->round_reached) {
        if (!passed(shard, shard->round.ledger_end, shard->round.people_end))
            return;
        shard->round_reached = true;
        shard->round_out = shard->pos.out_next - 1;
        if (shard->round.all_seen_ms > shard->asof_ms)
            shard->asof_ms = shard->round.all_seen_ms;
    }
    if (!rg_relay_drained_through(shard->relay, shard->round_out))
        return; /* `seen` follows when the relay has drained */
    if (shard->round.fresh_ms > shard->seen_ms)
        shard->seen_ms = shard->round.fresh_ms;
    shard->round_open = false;
}

/* The clock was set back: what is to have been known later than now was known by a clock that was wrong. */
static void forget_future(struct rg_shard *shard, int64_t now_ms)
{
    int64_t last_ms = now_ms + RG_FRESH_AHEAD_MS;
    if (shard->asof_ms > last_ms)
        shard->asof_ms = -1;
    if (shard->seen_ms > last_ms)
        shard->seen_ms = -1;
    if (shard->round.fresh_ms > last_ms || shard->round.all_seen_ms > last_ms)
        shard->round_open = false;
}

void rg_shard_known_through(const struct rg_shard_word *words, int64_t asof_ms, int64_t ret_known_ms[RG_SOURCES_MAX])
{
    for (int i = 0; i < RG_SOURCES_MAX; i++) {
        bool wanted = words != NULL && words[i].wanted;
        ret_known_ms[i] = !wanted ? asof_ms : words[i].given_ms <= asof_ms ? rg_known_reach_ms(words[i].through_ms, words[i].given_ms) : -1;
    }
}

int64_t rg_shard_seen_ms(const struct rg_shard *shard)
{
    return shard->seen_ms;
}

int64_t rg_shard_asof_ms(const struct rg_shard *shard)
{
    return shard->asof_ms;
}

/* ---- the turn ---- */

static void after(struct rg_shard *shard, enum rg_commit rc, const struct rg_error *err)
{
    const struct rg_log_ctx ctx = {.shard = shard->config.shard};
    switch (rc) {
    case RG_COMMITTED: return;
    case RG_COMMIT_BROKEN: rg_shard_stop(shard, err->text); return;
    case RG_COMMIT_REOWN:
        rg_log(RG_LOG_WARNING, "SHARD-REOWN", &ctx, "%s; taking the shard anew", err->text);
        atomic_fetch_add(&shard->config.counters->rewinds, 1);
        break;
    default:
        if (err->code == RG_ELIMIT && shard->batch_max > 1)
            shard->batch_max /= 2;
        rg_log(RG_LOG_WARNING, "SHARD-REOPEN", &ctx, "%s; trying again", err->text);
        break;
    }
    rg_shard_reopen(shard, err->text);
}

static void end_replay(struct rg_shard *shard)
{
    if (shard->state != RG_SHARD_REPLAY || !shard->ledger_begun || !passed(shard, shard->replay_ledger, shard->replay_people))
        return;
    shard->state = RG_SHARD_RUNNING;
    rg_log(RG_LOG_INFO, "SHARD-RUNNING", &(struct rg_log_ctx){.shard = shard->config.shard}, "folded to ledger offset %lld",
           (long long)applied(shard, false));
}

static void relay(struct rg_shard *shard, struct rg_kafka_producer *producer)
{
    struct rg_error err;
    int64_t done = rg_relay_done_through(shard->relay);
    if (done > shard->out_done)
        shard->out_done = done;
    if (rg_kafka_producer_broken(producer))
        return; /* the worker rebuilds it */
    if (rg_relay_pump(shard->relay, producer, &err) < 0 && err.code != RG_EIO)
        rg_shard_stop(shard, err.text); /* a record that can never be sent: nothing behind it may pass */
}

bool rg_shard_turn(struct rg_shard *shard, const struct rg_shard_world *world, struct rg_kafka_producer *producer)
{
    struct rg_error err = {.text = ""};
    bool more = false;
    shard->stopped = world->stopped;
    forget_future(shard, world->now_ms);
    if (shard->state == RG_SHARD_OPENING || shard->state == RG_SHARD_STOPPED)
        return false;
    bool room = rg_relay_bytes(shard->relay) < RG_SHARD_OUTBOX_BYTES_MAX;
    if (room && shard->inbox_count > 0) {
        after(shard, rg_shard_fold_batch(shard, world, &err), &err);
        more = shard->inbox_count > 0;
    }
    if (shard->state != RG_SHARD_REPLAY && shard->state != RG_SHARD_RUNNING)
        return false;
    end_replay(shard);
    close_round(shard);
    if (room && shard->state == RG_SHARD_RUNNING && shard->inbox_count == 0 && !world->hold_timers) {
        bool more_timers = false;
        after(shard, rg_shard_timer_page(shard, world, &more_timers, &err), &err);
        more = more || more_timers;
    }
    if (shard->state == RG_SHARD_REPLAY || shard->state == RG_SHARD_RUNNING)
        relay(shard, producer);
    return more;
}

bool rg_shard_relaying(const struct rg_shard *shard)
{
    return rg_relay_count(shard->relay) > 0;
}

int64_t rg_shard_next_due_ms(const struct rg_shard *shard)
{
    if (shard->state != RG_SHARD_RUNNING && shard->state != RG_SHARD_REPLAY)
        return RG_STORE_NEVER;
    int64_t due_ms = shard->store->ops->next_due_ms(shard->store, RG_TIMER_DUE),
            prompt_ms = shard->store->ops->next_due_ms(shard->store, RG_TIMER_PROMPT);
    return prompt_ms < due_ms ? prompt_ms : due_ms;
}

int64_t rg_shard_lag(const struct rg_shard *shard)
{
    int64_t lag = shard->ledger_end - applied(shard, false);
    return lag > 0 ? lag : 0;
}

bool rg_shard_at_rest(const struct rg_shard *shard, int64_t now_ms)
{
    bool idle = shard->state == RG_SHARD_RUNNING && shard->inbox_count == 0 && rg_relay_count(shard->relay) == 0;
    bool nothing_due = shard->asof_ms >= now_ms && rg_shard_next_due_ms(shard) > now_ms && shard->live_actions == 0;
    return idle && (shard->stopped || nothing_due);
}
