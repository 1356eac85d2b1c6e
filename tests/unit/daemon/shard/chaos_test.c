/* A shard in a world of chance: two processes that may both believe they own it, each with a producer of its own; a store whose
 * transactions are refused, lost with their answer, rolled back or forgotten altogether; senders that claim, stop for as long as
 * they like, die and come back. The shards are real, and so are fence, outbox and relay; an oracle that knows nothing of them
 * reads the ledger and what was delivered. RG_SEED=n runs one seed again and says what it did, RG_SEEDS=n runs so many. */
#include "tests/unit/daemon/shard/life.h"

#include "base/core/log.h"

enum { SEEDS = 24, DAYS = 56, OWNERS = 2, INVOICES = 2, HANDS_MAX = 256, DELIVERIES_MAX = 512, CLAIM_MS = 60000 };

static const char *const invoices[INVOICES] = {F1, "F2"};
static const char *const channels[] = {"email", "sms", "whatsapp", "signals", "owed"};

enum hand_state { LOOKING, WAITING, FOREIGN, WON, GONE };

struct hand {
    struct rg_decision decision;
    enum hand_state state;
    struct rg_claim_id claim, other;
    int64_t claim_offset, other_offset, deadline_ms, other_since_ms;
    int64_t asleep_ms; /* its process is stopped until then */
};

struct delivery {
    struct rg_decision decision;
    int64_t claim_offset;
};

struct owner {
    struct rg_shard *shard; /* NULL: this process has nothing to do with it */
    struct rg_kafka_producer *producer;
    int64_t ledger_at, people_at;
    bool reads_ledger; /* since it was opened */
};

struct chaos {
    struct bench *b;
    uint64_t seed, die;
    bool tell, calm;
    struct owner owners[OWNERS];
    int member; /* who has it by the group's word */
    int turning;
    struct hand hands[HANDS_MAX];
    size_t hand_count;
    int64_t copied[RG_COUNT(channels)]; /* copies taken so far */
    struct delivery deliveries[DELIVERIES_MAX];
    size_t delivery_count;
    int64_t amount[INVOICES];
    uint32_t events;
};

static uint32_t roll(struct chaos *c, uint32_t sides)
{
    c->die = c->die * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(c->die >> 33) % sides;
}

static bool chance(struct chaos *c, uint32_t percent)
{
    return roll(c, 100) < percent;
}

#define TELL(c, ...)                                       \
    do {                                                   \
        if ((c)->tell)                                     \
            print_message(__VA_ARGS__);                    \
    } while (0)

/* ---- owners ---- */

static void enter(struct chaos *c, struct owner *o)
{
    struct bench *b = c->b;
    const struct rg_shard_config config = {.shard = b->p, .shards = SHARDS, .ledger_topic = LEDGER, .people_topic = PEOPLE,
                                           .deadletter_topic = DEAD, .actions_prefix = ACTIONS, .deadletter_partitions = 1,
                                           .store = rg_fake_store_new(b->state, b->p), .counters = &b->counters};
    o->shard = rg_shard_new(&config);
}

static void open_it(struct chaos *c, struct owner *o)
{
    struct rg_error err = {0};
    if (rg_shard_open(o->shard, &o->ledger_at, &o->people_at, &err) < 0)
        fail_msg("seed %llu: %s", (unsigned long long)c->seed, err.text);
    o->ledger_at = o->ledger_at == RG_KAFKA_BEGINNING ? 0 : o->ledger_at;
    o->people_at = o->people_at == RG_KAFKA_BEGINNING ? 0 : o->people_at;
    o->reads_ledger = false;
    if (rg_shard_replay_to(o->shard, rg_fake_stream_end(c->b->stream, LEDGER, c->b->p),
                           rg_fake_stream_end(c->b->stream, PEOPLE, c->b->p), &err) < 0)
        fail_msg("seed %llu: %s", (unsigned long long)c->seed, err.text);
}

static void feed(struct chaos *c, struct owner *o, uint32_t most)
{
    struct rg_kafka_event event;
    for (; most > 0 && rg_fake_stream_read(c->b->stream, PEOPLE, c->b->p, o->people_at, &event); most--, o->people_at++)
        rg_shard_receive(o->shard, &event);
    int64_t from = 0;
    if (rg_shard_awaits_ledger(o->shard, &from)) {
        rg_shard_begin_ledger(o->shard);
        o->reads_ledger = true;
    }
    for (; o->reads_ledger && most > 0 && rg_fake_stream_read(c->b->stream, LEDGER, c->b->p, o->ledger_at, &event); most--, o->ledger_at++)
        rg_shard_receive(o->shard, &event);
}

static void turn(struct chaos *c, struct owner *o)
{
    if (o->shard == NULL)
        return;
    c->turning = (int)(o - c->owners);
    if (rg_shard_state(o->shard) == RG_SHARD_OPENING)
        open_it(c, o);
    feed(c, o, c->calm ? 1000 : 1 + roll(c, 20));
    (void)rg_shard_turn(o->shard, &c->b->world, o->producer);
    if (rg_shard_state(o->shard) == RG_SHARD_STOPPED)
        fail_msg("seed %llu: stopped: %s", (unsigned long long)c->seed, rg_shard_trouble(o->shard));
}

/* As the worker does: what upstream says now, and where the partitions end then. */
static void begin_round(struct chaos *c, struct owner *o)
{
    if (o->shard == NULL || rg_shard_state(o->shard) != RG_SHARD_RUNNING)
        return;
    rg_shard_begin_round(o->shard, &(struct rg_shard_round){.fresh_ms = c->b->world.now_ms,
                                                            .all_seen_ms = rg_shard_seen_ms(o->shard),
                                                            .ledger_end = rg_fake_stream_end(c->b->stream, LEDGER, c->b->p),
                                                            .people_end = rg_fake_stream_end(c->b->stream, PEOPLE, c->b->p)});
}

/* The group gives the shard to the other process. The former owner hears of it, or has been stopped and goes on later. */
static void rebalance(struct chaos *c)
{
    struct owner *old = &c->owners[c->member];
    c->member = 1 - c->member;
    struct owner *next = &c->owners[c->member];
    if (chance(c, 60))
        rg_shard_free(&old->shard);
    rg_shard_free(&next->shard);
    enter(c, next);
    TELL(c, "rebalance, the old one %s\n", old->shard == NULL ? "left" : "does not know");
}

static void kill_owner(struct chaos *c)
{
    struct owner *o = &c->owners[roll(c, OWNERS)];
    if (o->shard == NULL)
        return;
    TELL(c, "an owner dies\n");
    rg_shard_free(&o->shard);
    rg_fake_stream_deliver_of(o->producer, roll(c, 4)); /* what had left the process already */
    rg_fake_stream_break_of(o->producer, chance(c, 50));
    rg_fake_stream_mend_of(o->producer);
    if (o == &c->owners[c->member])
        enter(c, o);
}

/* ---- senders ---- */

static void outcome(struct chaos *c, const struct hand *h, const struct rg_claim_id *claim, int64_t claim_offset,
                    enum rg_verdict verdict)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_decision *d = &h->decision;
    struct rg_outcome o = {.action = d->action, .claim_offset = claim_offset, .debtor = d->debtor, .step = d->step,
                           .channel = d->channel, .repetition = d->repetition, .attempt = d->attempt, .invoices = d->invoices,
                           .invoice_count = d->invoice_count, .verdict = verdict,
                           .evidence = verdict == RG_VERDICT_ACCEPTED ? RG_EVIDENCE_ACCEPTED : RG_EVIDENCE_NONE,
                           .at_ms = c->b->world.now_ms};
    if (claim != NULL)
        o.claim = *claim;
    rg_buf_init(&buf, 65536);
    rg_outcome_write(&o, &buf);
    (void)append(c->b, LEDGER, c->b->p, RG_REC_OUTCOME, d->debtor, rg_buf_str(&buf), NULL);
    if (!c->calm && chance(c, 5))
        (void)append(c->b, LEDGER, c->b->p, RG_REC_OUTCOME, d->debtor, rg_buf_str(&buf), NULL);
}

static void claim(struct chaos *c, struct hand *h)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    for (size_t i = 0; i < RG_CLAIM_BYTES; i++)
        h->claim.b[i] = (uint8_t)roll(c, 256);
    const struct rg_claim record = {.claim = h->claim, .action = h->decision.action, .debtor = h->decision.debtor,
                                    .valid_ms = CLAIM_MS, .at_ms = c->b->world.now_ms};
    rg_buf_init(&buf, 8192);
    rg_claim_write(&record, &buf);
    h->deadline_ms = c->b->world.now_ms + CLAIM_MS;
    h->claim_offset = append(c->b, LEDGER, c->b->p, RG_REC_CLAIM, h->decision.debtor, rg_buf_str(&buf), NULL);
    h->state = WAITING;
}

/* The provider has it; its word for it may come much later. */
static void receipt_of(struct chaos *c, const struct rg_decision *d)
{
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&d->action, action);
    bool signal = d->signal != RG_SIGNAL_NONE;
    struct rg_event e = event_of(c->b, d->signal == RG_SIGNAL_NONE                ? RG_EV_DELIVERY_RECEIPT
                                       : d->signal == RG_SIGNAL_SUSPEND_REQUESTED ? RG_EV_SERVICE_SUSPENDED
                                                                                  : RG_EV_SERVICE_RESTORED,
                                 "", D1);
    e.id = rg_arena_printf(c->b->arena, "r%u", c->events++);
    e.action = rg_arena_str(c->b->arena, rg_str(action));
    e.status = RG_FACT_DELIVERED;
    if (!signal)
        e.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    (void)put(c->b, &e);
}

static void deliver(struct chaos *c, struct hand *h)
{
    static const enum rg_verdict refusals[] = {RG_VERDICT_RETRY, RG_VERDICT_REJECTED, RG_VERDICT_THROTTLED, RG_VERDICT_RELEASED};
    int64_t now_ms = c->b->world.now_ms;
    bool late = h->decision.until_ms != 0 && now_ms > h->decision.until_ms;
    uint32_t fate = c->calm ? 0 : roll(c, 100);
    if (late || now_ms >= h->deadline_ms) {
        outcome(c, h, &h->claim, h->claim_offset, late ? RG_VERDICT_EXPIRED : RG_VERDICT_RELEASED);
        h->state = GONE;
        return;
    }
    if (fate >= 75 && fate < 90) {
        outcome(c, h, &h->claim, h->claim_offset, refusals[roll(c, RG_COUNT(refusals))]);
        h->state = GONE;
        return;
    }
    rg_assert(c->delivery_count < DELIVERIES_MAX);
    c->deliveries[c->delivery_count++] = (struct delivery){h->decision, h->claim_offset};
    TELL(c, "  delivered: " RG_STR_FMT " attempt %d sequence %lld under the claim at %lld\n", RG_STR_ARG(h->decision.step),
         h->decision.attempt, (long long)h->decision.sequence, (long long)h->claim_offset);
    if (fate < 70 || fate >= 95)
        outcome(c, h, &h->claim, h->claim_offset, fate < 70 ? RG_VERDICT_ACCEPTED : RG_VERDICT_UNCERTAIN);
    if (fate < 70 && chance(c, 80))
        receipt_of(c, &h->decision);
    h->state = fate < 70 || fate >= 95 ? GONE : LOOKING; /* it died before it could say so: another finds the copy */
}

/* What a sender does with what it reads, position and action in one. */
static void look(struct chaos *c, struct hand *h)
{
    struct rg_act_value act = {0};
    bool live = rg_fake_state_act(c->b->state, &h->decision.action, &act);
    int64_t next = rg_fake_state_pos(c->b->state)->ledger_next, now_ms = c->b->world.now_ms;
    if (h->state == WAITING && next <= h->claim_offset)
        return;
    if (!live) {
        h->state = GONE;
    } else if (!act.claimed) {
        if (h->decision.until_ms != 0 && now_ms > h->decision.until_ms) {
            outcome(c, h, NULL, -1, RG_VERDICT_EXPIRED);
            h->state = GONE;
        } else {
            claim(c, h);
        }
    } else if (h->state == WAITING && rg_claim_id_eq(&act.claim, &h->claim)) {
        h->claim_offset = act.claim_offset;
        h->state = WON;
    } else if (h->state != FOREIGN || !rg_claim_id_eq(&act.claim, &h->other)) {
        h->state = FOREIGN;
        h->other = act.claim;
        h->other_offset = act.claim_offset;
        h->other_since_ms = now_ms;
    } else if (now_ms >= h->other_since_ms + CLAIM_MS) {
        outcome(c, h, &h->other, h->other_offset, RG_VERDICT_UNCERTAIN);
        h->state = GONE;
    }
}

static void take_copies(struct chaos *c)
{
    for (size_t k = 0; k < RG_COUNT(channels); k++) {
        char topic[64];
        struct rg_kafka_event event;
        (void)snprintf(topic, sizeof topic, ACTIONS "%s", channels[k]);
        for (; rg_fake_stream_read(c->b->stream, topic, c->b->p, c->copied[k], &event); c->copied[k]++) {
            size_t kept = 0;
            for (size_t i = 0; i < c->hand_count; i++)
                if (c->hands[i].state != GONE)
                    c->hands[kept++] = c->hands[i];
            c->hand_count = kept;
            rg_assert(kept < HANDS_MAX);
            struct hand *h = &c->hands[c->hand_count++];
            *h = (struct hand){.state = LOOKING, .claim_offset = -1};
            if (rg_decision_read(event.value, c->b->arena, &h->decision, NULL) < 0)
                fail_msg("seed %llu: a copy that cannot be read", (unsigned long long)c->seed);
        }
    }
}

/* Nothing of a copy is sent that its ledger does not know. */
static void send_some(struct chaos *c)
{
    take_copies(c);
    for (size_t i = 0; i < c->hand_count; i++) {
        struct hand *h = &c->hands[i];
        if (h->state == GONE || h->asleep_ms > c->b->world.now_ms || (!c->calm && chance(c, 50)))
            continue;
        if (!c->calm && chance(c, 3)) { /* stopped: past its claim's time as often as not */
            h->asleep_ms = c->b->world.now_ms + roll(c, 3 * CLAIM_MS);
            continue;
        }
        if (!c->calm && chance(c, 3)) { /* dead, or its partition is another's: the copy was not committed */
            const struct hand again = {.decision = h->decision, .state = LOOKING, .claim_offset = -1};
            if (chance(c, 50) && c->hand_count < HANDS_MAX) { /* … and the old one does not know */
                h->asleep_ms = c->b->world.now_ms + roll(c, 5 * CLAIM_MS);
                c->hands[c->hand_count++] = again;
                continue;
            }
            if (h->state == WAITING && chance(c, 50)) /* SIGTERM: what was not begun is given back */
                outcome(c, h, &h->claim, h->claim_offset, RG_VERDICT_RELEASED);
            *h = again;
            continue;
        }
        if (h->state == WON)
            deliver(c, h);
        else
            look(c, h);
    }
}

/* ---- upstream ---- */

static void pay_some(struct chaos *c, int invoice, bool all)
{
    struct rg_event e = payment_of(c->b, D1, invoices[invoice], "", all ? c->amount[invoice] : 1000 + roll(c, 3000));
    e.payment = rg_arena_printf(c->b->arena, "P%u", all ? 0 : 1 + roll(c, 3));
    e.id = rg_arena_printf(c->b->arena, "e%u", c->events++);
    if (!all && chance(c, 25)) {
        e.type = RG_EV_PAYMENT_REVERSED;
        e.payment = RG_STR("P0");
        e.amount_cents = c->amount[invoice];
    }
    int64_t offset = c->b->upstream++;
    (void)put_event(c->b, &e, offset);
    if (!c->calm && chance(c, 10))
        (void)put_event(c->b, &e, offset); /* ingest began anew */
}

static void upstream(struct chaos *c)
{
    int invoice = (int)roll(c, INVOICES);
    if (chance(c, 4))
        pay_some(c, invoice, true);
    else if (chance(c, 3))
        pay_some(c, invoice, false);
    else if (chance(c, 2))
        put_person(c->b, D1);
}

/* ---- what befalls them ---- */

/* A channel's topic is made anew: copies nobody has taken are gone, and of those taken the ones whose sender dies now. */
static void lose_copies(struct chaos *c)
{
    size_t k = roll(c, RG_COUNT(channels));
    char topic[64];
    (void)snprintf(topic, sizeof topic, ACTIONS "%s", channels[k]);
    TELL(c, "the copies of %s are lost\n", channels[k]);
    rg_fake_stream_recreate(c->b->stream, topic, c->b->p);
    c->copied[k] = 0;
    for (size_t i = 0; i < c->hand_count; i++)
        if (rg_str_is(c->hands[i].decision.channel, channels[k]) && chance(c, 70))
            c->hands[i].state = GONE;
}

static void mishap(struct chaos *c)
{
    static const enum rg_fake_fate fates[] = {RG_FAKE_REFUSED, RG_FAKE_UNKNOWN_LOST, RG_FAKE_UNKNOWN_APPLIED, RG_FAKE_TOO_LARGE};
    struct bench *b = c->b;
    struct owner *o = &c->owners[roll(c, OWNERS)];
    switch (roll(c, 12)) {
    case 0: rebalance(c); break;
    case 1: kill_owner(c); break;
    case 2: rg_fake_state_doom(b->state, 1 + (int)roll(c, 3), fates[roll(c, RG_COUNT(fates))]); break;
    case 3: {
        size_t lost = 1 + roll(c, 12), held = rg_fake_state_versions(b->state);
        lost = lost < held ? lost : held - 1;
        TELL(c, "the last %zu commits are lost\n", lost);
        rg_fake_state_roll_back(b->state, lost);
        break;
    }
    case 4:
        if (chance(c, 20)) {
            TELL(c, "everything is lost\n");
            rg_fake_state_wipe(b->state);
        }
        break;
    case 5: rg_fake_stream_break_of(o->producer, chance(c, 50)); break;
    case 6: rg_fake_stream_mend_of(o->producer); break;
    case 7: rg_fake_state_take(b->state); break;
    default: break;
    }
    for (int i = 0; i < OWNERS; i++) /* a worker makes its producer anew */
        if (chance(c, 30))
            rg_fake_stream_mend_of(c->owners[i].producer);
}

/* Between what an owner has read and what he writes: the other one has his turn. */
static void meanwhile(void *ctx)
{
    struct chaos *c = ctx;
    int turning = c->turning;
    if (!c->calm && chance(c, 20))
        turn(c, &c->owners[1 - turning]);
    c->turning = turning;
}

static void step(struct chaos *c)
{
    static const char *const topics[] = {LEDGER, ACTIONS "email", ACTIONS "whatsapp", ACTIONS "signals", ACTIONS "owed"};
    if (!c->calm && c->hand_count > 0 && roll(c, 200) == 0)
        lose_copies(c);
    if (!c->calm && chance(c, 10)) /* there is no order between topics */
        rg_fake_stream_deliver_topic(c->b->stream, topics[roll(c, RG_COUNT(topics))]);
    if (!c->calm && chance(c, c->seed % 3 == 0 ? 6 : 2))
        mishap(c);
    for (int i = 0; i < OWNERS; i++)
        if (c->calm || chance(c, 60))
            turn(c, &c->owners[i]);
    if (chance(c, 3)) /* who does not know yet hears of it */
        rg_shard_free(&c->owners[1 - c->member].shard);
    for (int i = 0; i < OWNERS; i++)
        if (c->calm || chance(c, 40))
            rg_fake_stream_deliver_of(c->owners[i].producer, c->calm ? SIZE_MAX : roll(c, 6));
    if (c->calm || chance(c, 50))
        begin_round(c, &c->owners[roll(c, OWNERS)]);
    if (c->calm || chance(c, 50))
        send_some(c);
}

/* Something could go on without anybody's waiting. */
static bool busy(const struct chaos *c)
{
    bool found = rg_fake_stream_waiting(c->b->stream) > 0;
    for (size_t i = 0; i < c->hand_count; i++)
        found = found || (c->hands[i].state != GONE && c->hands[i].asleep_ms <= c->b->world.now_ms);
    const struct owner *o = &c->owners[c->member];
    bool folding = o->shard != NULL && (rg_shard_state(o->shard) != RG_SHARD_RUNNING || rg_shard_lag(o->shard) > 0);
    return found || folding || (o->shard != NULL && rg_shard_next_due_ms(o->shard) <= c->b->world.now_ms);
}

static void pass_time(struct chaos *c)
{
    struct bench *b = c->b;
    const struct owner *o = &c->owners[c->member];
    if (busy(c) && chance(c, 90)) {
        b->world.now_ms += 1 + roll(c, 15000);
        return;
    }
    int64_t due_ms = o->shard != NULL ? rg_shard_next_due_ms(o->shard) : RG_STORE_NEVER;
    int64_t most_ms = b->world.now_ms + (chance(c, 50) ? 4 * 60 * RG_MS_PER_MINUTE : RG_MS_PER_MINUTE);
    b->world.now_ms = due_ms > b->world.now_ms && due_ms < most_ms ? due_ms : most_ms;
}

/* ---- the oracle: reads the ledger below a place ---- */

static int64_t received_below(struct chaos *c, struct rg_str invoice, int64_t place)
{
    struct rg_kafka_event record;
    int64_t came_back[4][2] = {0}, sum = 0;
    for (int64_t i = 0; i < place; i++) {
        struct rg_event e;
        if (!rg_str_is(kind_at(c->b, LEDGER, c->b->p, i, &record), "event") ||
            rg_event_read(record.value, c->b->arena, &e, NULL) < 0 || !rg_event_has(&e, RG_F_PAYMENT) ||
            !rg_str_eq(e.invoice, invoice))
            continue;
        int64_t *most = &came_back[e.payment.p[1] - '0'][e.type == RG_EV_PAYMENT_REVERSED];
        *most = e.amount_cents > *most ? e.amount_cents : *most;
    }
    for (int i = 0; i < 4; i++)
        sum += came_back[i][0] > came_back[i][1] ? came_back[i][0] - came_back[i][1] : 0;
    return sum;
}

static int number_of(struct rg_str invoice)
{
    return rg_str_is(invoice, invoices[0]) ? 0 : 1;
}

static void complain(const struct chaos *c, const struct delivery *of, const char *what)
{
    fail_msg("seed %llu: " RG_STR_FMT " attempt %d under the claim at %lld: %s", (unsigned long long)c->seed,
             RG_STR_ARG(of->decision.step), of->decision.attempt, (long long)of->claim_offset, what);
}

/* Nobody is dunned for what is paid, nor for another sum than is owed. */
static void judge_debt(struct chaos *c, const struct delivery *of)
{
    const struct rg_decision *d = &of->decision;
    for (size_t i = 0; i < d->invoice_count && d->tone > RG_TONE_INFO && !d->owed; i++) {
        int64_t left = c->amount[number_of(d->invoices[i].invoice)] - received_below(c, d->invoices[i].invoice, of->claim_offset);
        if (left <= 0)
            complain(c, of, "of what was paid before its claim");
        if (left != d->invoices[i].balance_cents)
            complain(c, of, "names another balance");
    }
}

static bool in_doubt(struct chaos *c, const struct rg_action_id *action, int64_t place)
{
    struct rg_kafka_event record;
    bool uncertain = false;
    for (int64_t i = 0; i < place; i++) {
        struct rg_outcome o;
        if (rg_str_is(kind_at(c->b, LEDGER, c->b->p, i, &record), "outcome") &&
            rg_outcome_read(record.value, c->b->arena, &o, NULL) == 0 && rg_action_id_eq(&o.action, action)) {
            if (o.verdict == RG_VERDICT_ACCEPTED)
                return false;
            uncertain = uncertain || o.verdict == RG_VERDICT_UNCERTAIN;
        }
    }
    return uncertain;
}

static bool same_step(const struct rg_decision *a, const struct rg_decision *b)
{
    if (!rg_str_eq(a->step, b->step) || a->repetition != b->repetition)
        return false;
    for (size_t i = 0; i < a->invoice_count; i++)
        for (size_t k = 0; k < b->invoice_count; k++)
            if (!a->invoices[i].listed && !b->invoices[k].listed && a->invoices[i].cycle == b->invoices[k].cycle &&
                rg_str_eq(a->invoices[i].invoice, b->invoices[k].invoice))
                return true;
    return false;
}

/* No step twice for the same invoice and cycle, unless the ledger says that nobody knew. A notice may be given again, and what is
 * owed rather twice than never. */
static void judge_once(struct chaos *c, size_t index)
{
    const struct delivery *of = &c->deliveries[index];
    if (of->decision.tone == RG_TONE_NOTICE || of->decision.owed)
        return;
    for (size_t i = 0; i < index; i++)
        if (same_step(&c->deliveries[i].decision, &of->decision) &&
            !in_doubt(c, &c->deliveries[i].decision.action, of->claim_offset))
            complain(c, of, "delivered twice");
}

/* Who has paid is not cut off: the last word to the service is the restore. */
static void judge_service(struct chaos *c)
{
    int64_t suspended = 0, restored = 0;
    for (size_t i = 0; i < c->delivery_count; i++) {
        const struct rg_decision *d = &c->deliveries[i].decision;
        if (d->signal == RG_SIGNAL_SUSPEND_REQUESTED && d->sequence > suspended)
            suspended = d->sequence;
        if (d->signal == RG_SIGNAL_RESTORE_REQUESTED && d->sequence > restored)
            restored = d->sequence;
    }
    if (suspended > restored)
        fail_msg("seed %llu: cut off by %lld, restored by %lld at last", (unsigned long long)c->seed, (long long)suspended,
                 (long long)restored);
}

static bool is_logged(struct chaos *c, const struct rg_action_id *action, int64_t place)
{
    struct rg_kafka_event record;
    for (int64_t i = 0; i < place; i++) {
        struct rg_decision d;
        if (rg_str_is(kind_at(c->b, LEDGER, c->b->p, i, &record), "decided") &&
            rg_decision_read(record.value, c->b->arena, &d, NULL) == 0 && rg_action_id_eq(&d.action, action))
            return true;
    }
    return false;
}

/* A decision stands in the ledger before its copy leaves. */
static void judge_log(struct chaos *c)
{
    for (size_t i = 0; i < c->delivery_count; i++)
        if (!is_logged(c, &c->deliveries[i].decision.action, c->deliveries[i].claim_offset))
            complain(c, &c->deliveries[i], "its decision does not stand below its claim");
}

static int by_step(const void *a, const void *b)
{
    const struct rg_done *x = a, *y = b;
    int order = rg_str_cmp(x->step, y->step);
    return order != 0 ? order : x->repetition != y->repetition ? x->repetition - y->repetition : x->cycle - y->cycle;
}

/* The record keeps no whole id of what is void: its step, cycle and attempt say which decision it was. */
static bool attempt_is_logged(struct chaos *c, const struct rg_invoice *of, const struct rg_done *done, int64_t place)
{
    struct rg_kafka_event record;
    for (int64_t i = 0; i < place; i++) {
        struct rg_decision d;
        if (!rg_str_is(kind_at(c->b, LEDGER, c->b->p, i, &record), "decided") ||
            rg_decision_read(record.value, c->b->arena, &d, NULL) < 0 || !rg_str_eq(d.step, done->step) ||
            d.repetition != done->repetition || d.attempt != done->attempt)
            continue;
        for (size_t k = 0; k < d.invoice_count; k++)
            if (rg_str_eq(d.invoices[k].ns, of->ns) && rg_str_eq(d.invoices[k].invoice, of->id) && d.invoices[k].cycle == done->cycle)
                return true;
    }
    return false;
}

/* What was void before its decision had left is in no ledger, and nobody misses it: such steps are not compared. Nor is their
 * order, which nobody reads. */
static void forget_unlogged(struct chaos *c, const struct rg_record *stored, struct rg_record *record)
{
    int64_t end = rg_fake_stream_end(c->b->stream, LEDGER, c->b->p);
    for (size_t i = 0; i < record->invoice_count; i++) {
        struct rg_invoice *invoice = &record->invoices[i];
        const struct rg_invoice *known = rg_record_invoice(stored, invoice->ns, invoice->id);
        size_t kept = 0;
        for (size_t k = 0; k < invoice->done_count; k++) {
            const struct rg_done *done = &invoice->done[k], *as_stored;
            as_stored = known == NULL ? NULL : rg_invoice_done(known, done->step, done->repetition, done->cycle);
            if (as_stored == NULL || as_stored->state != RG_DONE_VOIDED || attempt_is_logged(c, known, as_stored, end))
                invoice->done[kept++] = *done;
        }
        invoice->done_count = kept;
        if (kept > 0)
            qsort(invoice->done, kept, sizeof *invoice->done, by_step);
    }
    record->sequence = 0;
}

static struct rg_str json_now(struct chaos *c, const struct rg_record *stored)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    struct rg_record *record = record_of(c->b, D1);
    forget_unlogged(c, stored, record);
    rg_buf_init(&buf, (size_t)4 * 1024 * 1024);
    rg_jw_init(&jw, &buf);
    rg_record_json(record, 0, true, &jw);
    rg_jw_done(&jw);
    return rg_arena_str(c->b->arena, rg_buf_str(&buf));
}

/* What stands in the store is what the partition gives, folded from its beginning by somebody who knows nothing. */
static void judge_fold(struct chaos *c)
{
    const struct rg_record *stored = record_of(c->b, D1);
    struct rg_str before = json_now(c, stored);
    rg_fake_state_wipe(c->b->state);
    for (int i = 0; i < OWNERS; i++)
        rg_shard_free(&c->owners[i].shard);
    struct owner *o = &c->owners[0];
    enter(c, o);
    open_it(c, o);
    while (rg_shard_state(o->shard) == RG_SHARD_REPLAY) {
        feed(c, o, 1000);
        (void)rg_shard_turn(o->shard, &c->b->world, o->producer);
    }
    struct rg_str after = json_now(c, stored);
    if (rg_str_eq(before, after))
        return;
    (void)fprintf(stderr, "the store held\n" RG_STR_FMT "\nthe ledger says\n" RG_STR_FMT "\n", RG_STR_ARG(before), RG_STR_ARG(after));
    fail_msg("seed %llu: the store and the ledger differ", (unsigned long long)c->seed);
}

/* ---- one seed ---- */

static void live(struct chaos *c)
{
    int64_t end_ms = c->b->world.now_ms + DAYS * RG_MS_PER_DAY;
    while (c->b->world.now_ms < end_ms) {
        for (uint32_t i = 1 + roll(c, 6); i > 0; i--)
            step(c);
        if (chance(c, 10))
            upstream(c);
        pass_time(c);
    }
}

/* One owner, a store and senders that do what they are told, everything paid; then two days for all of it to end. */
static void come_to_rest(struct chaos *c)
{
    c->calm = true;
    TELL(c, "calm\n");
    rg_fake_state_doom(c->b->state, 0, RG_FAKE_REFUSED);
    rg_shard_free(&c->owners[1 - c->member].shard);
    for (int i = 0; i < OWNERS; i++)
        rg_fake_stream_mend_of(c->owners[i].producer);
    for (int i = 0; i < INVOICES; i++) {
        struct rg_event e = payment_of(c->b, D1, invoices[i], "P3", c->amount[i]);
        e.id = rg_arena_printf(c->b->arena, "last%d", i);
        (void)put(c->b, &e);
    }
    for (int i = 0; i < 800; i++) {
        step(c);
        c->b->world.now_ms += i < 400 ? 1000 : 10 * RG_MS_PER_MINUTE;
    }
    for (int i = 0; i < 30; i++) /* what was decided last is on its way still */
        step(c);
    if (rg_fake_state_act_count(c->b->state) != 0 || out_count(c->b) != 0)
        fail_msg("seed %llu: %zu actions under way, %zu records to send", (unsigned long long)c->seed,
                 rg_fake_state_act_count(c->b->state), out_count(c->b));
}

/* For who runs one seed again. */
static void tell_ledger(struct chaos *c)
{
    for (int64_t i = 0; i < rg_fake_stream_end(c->b->stream, LEDGER, c->b->p); i++) {
        struct rg_kafka_event record;
        struct rg_str kind = kind_at(c->b, LEDGER, c->b->p, i, &record);
        TELL(c, "%4lld " RG_STR_FMT " %.*s\n", (long long)i, RG_STR_ARG(kind), (int)(record.value.n < 600 ? record.value.n : 600),
             record.value.p);
    }
}

static size_t one_seed(struct rg_rules *rules, uint64_t seed, bool tell)
{
    struct chaos *c = rg_alloc(sizeof *c);
    struct bench *b = bench_with(rules, rg_shard_of(RG_STR(D1), SHARDS));
    *c = (struct chaos){.b = b, .seed = seed, .die = seed * 77777 + 5, .tell = tell};
    b->borrowed = true;
    rg_shard_free(&b->shard);
    for (int i = 0; i < OWNERS; i++)
        c->owners[i].producer = rg_fake_stream_another(b->stream);
    enter(c, &c->owners[0]);
    put_person(b, D1);
    for (int i = 0; i < INVOICES; i++) {
        c->amount[i] = 10000 + 100 * (int64_t)roll(c, 100);
        struct rg_event e = invoice_of(b, D1, invoices[i], i == 0 ? "2026-10-26" : "2026-11-05", c->amount[i]);
        (void)put(b, &e);
    }
    rg_fake_state_between(b->state, meanwhile, c);
    live(c);
    come_to_rest(c);
    TELL(c, "%zu deliveries, %d decisions, %lld ledger records, %d commits\n", c->delivery_count,
         count_kind(b, LEDGER, b->p, RG_REC_DECIDED), (long long)rg_fake_stream_end(b->stream, LEDGER, b->p), rg_fake_state_commits(b->state));
    if (tell)
        tell_ledger(c);
    for (size_t i = 0; i < c->delivery_count; i++) {
        judge_debt(c, &c->deliveries[i]);
        judge_once(c, i);
    }
    judge_service(c);
    judge_log(c);
    judge_fold(c);
    for (int i = 0; i < OWNERS; i++)
        rg_shard_free(&c->owners[i].shard);
    bench_free(b);
    size_t delivered = c->delivery_count;
    rg_free(&c);
    return delivered;
}

static void silence(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    (void)level;
    (void)id;
    (void)ctx;
    (void)text;
    (void)sink;
}

static void the_promises_hold_whatever_befalls_a_shard(void **state)
{
    (void)state;
    const char *one = getenv("RG_SEED"), *many = getenv("RG_SEEDS");
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", NULL);
    uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
    uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : SEEDS;
    if (one == NULL)
        rg_log_capture(silence, NULL);
    uint64_t delivered = 0;
    for (uint64_t seed = first; seed < first + count; seed++)
        delivered += one_seed(rules, seed, one != NULL);
    rg_log_capture(NULL, NULL);
    assert_true(one != NULL || delivered > 4 * count); /* a world in which nothing happens keeps every promise */
    rg_rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_promises_hold_whatever_befalls_a_shard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
