/* One shard on a bench: its store and its streams in memory, the rules of the shipped ladder for home internet, and a clock
 * that the test moves. What the shard sends is delivered at once unless the test wants otherwise, and what lies in its
 * partitions is fed to it, its own records too. */
#pragma once

#include "base/core/hash.h"
#include "brazil/days/zone.h"
#include "daemon/shard/shard.h"
#include "daemon/state/codec.h"
#include "tests/fakes/rules.h"
#include "tests/fakes/store.h"
#include "tests/fakes/stream.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS 4
#define LEDGER "regua.ledger"
#define PEOPLE "regua.people"
#define DEAD "regua.deadletter"
#define ACTIONS "regua.actions."
#define NS "provedor"
#define BENCH_ARENA_BYTES ((size_t)256 * 1024 * 1024)

struct bench {
    struct rg_arena *arena;
    struct rg_rules *rules;
    bool borrowed; /* the rules are another bench's */
    struct rg_fake_state *state;
    struct rg_fake_stream *stream;
    struct rg_shard_counters counters;
    struct rg_shard *shard;
    const struct rg_store *store; /* the shard's */
    int p;
    struct rg_shard_world world;
    int64_t ledger_at, people_at; /* next to feed */
    int64_t upstream;             /* next offset of the source's only partition */
    bool keep;                    /* what is sent stays in the producer */
    bool reads_ledger;            /* since it was opened */
    bool reopens;                 /* as the worker does, whenever the shard wants to be opened */
};

static inline int64_t at(const char *text)
{
    char full[40];
    int64_t ms = 0;
    (void)snprintf(full, sizeof full, "%.10sT%s:00-03:00", text, strlen(text) > 10 ? text + 11 : "00:00");
    rg_assert(rg_instant_parse(rg_str(full), &ms));
    return ms;
}

/* ---- the shard's life ---- */

static inline void bench_make_shard(struct bench *b)
{
    const struct rg_shard_config config = {.shard = b->p,
                                           .shards = SHARDS,
                                           .ledger_topic = LEDGER,
                                           .people_topic = PEOPLE,
                                           .deadletter_topic = DEAD,
                                           .actions_prefix = ACTIONS,
                                           .deadletter_partitions = 1,
                                           .store = rg_fake_store_new(b->state, b->p),
                                           .counters = &b->counters};
    b->store = config.store;
    b->shard = rg_shard_new(&config);
}

/* As the worker does: open, seek, and tell the ends. */
static inline void bench_open(struct bench *b)
{
    struct rg_error err = {0};
    if (rg_shard_open(b->shard, &b->ledger_at, &b->people_at, &err) < 0)
        fail_msg("%s", err.text);
    b->ledger_at = b->ledger_at == RG_KAFKA_BEGINNING ? 0 : b->ledger_at;
    b->people_at = b->people_at == RG_KAFKA_BEGINNING ? 0 : b->people_at;
    b->reads_ledger = false;
    int64_t ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p), people_end = rg_fake_stream_end(b->stream, PEOPLE, b->p);
    if (rg_shard_replay_to(b->shard, ledger_end, people_end, &err) < 0)
        rg_shard_stop(b->shard, err.text);
}

static inline struct bench *bench_with(struct rg_rules *rules, int shard)
{
    struct bench *b = rg_alloc(sizeof *b);
    b->arena = rg_arena_new(BENCH_ARENA_BYTES);
    b->rules = rules;
    b->state = rg_fake_state_new();
    b->stream = rg_fake_stream_new(rg_relay_report, NULL);
    b->p = shard;
    b->world = (struct rg_shard_world){.rules = b->rules, .now_ms = at("2026-10-20 09:00"), .live_max_step = RG_STR("suspenso"), .live_since_ms = at("2026-01-01")};
    bench_make_shard(b);
    bench_open(b);
    return b;
}

static inline struct bench *bench_new(int shard)
{
    return bench_with(rg_test_rules_shipped("internet_residencial", NULL), shard);
}

/* Another shard under the same rules; freed before the one that has them. */
static inline struct bench *bench_beside(const struct bench *other, int shard)
{
    struct bench *b = bench_with(other->rules, shard);
    b->borrowed = true;
    return b;
}

static inline void bench_free(struct bench *b)
{
    rg_shard_free(&b->shard);
    rg_fake_stream_free(&b->stream);
    rg_fake_state_free(&b->state);
    if (!b->borrowed)
        rg_rules_free(&b->rules);
    rg_arena_free(&b->arena);
    free(b);
}

/* As the worker does, whenever the shard is through with the people of its past. */
static inline bool bench_reads_ledger(struct bench *b)
{
    int64_t from = 0;
    if (rg_shard_awaits_ledger(b->shard, &from)) {
        rg_shard_begin_ledger(b->shard);
        b->reads_ledger = true;
    }
    return b->reads_ledger;
}

static inline void bench_feed(struct bench *b)
{
    struct rg_kafka_event event;
    while (rg_fake_stream_read(b->stream, PEOPLE, b->p, b->people_at, &event)) {
        rg_shard_receive(b->shard, &event);
        b->people_at++;
    }
    while (bench_reads_ledger(b) && rg_fake_stream_read(b->stream, LEDGER, b->p, b->ledger_at, &event)) {
        rg_shard_receive(b->shard, &event);
        b->ledger_at++;
    }
}

/* Turns until nothing changes any more: what one turn finds acknowledged leaves the outbox with the next. */
static inline void bench_settle(struct bench *b)
{
    for (int i = 0, quiet = 0; i < 1000; i++) {
        if (rg_shard_state(b->shard) == RG_SHARD_OPENING && b->reopens)
            bench_open(b);
        bool open = rg_shard_state(b->shard) != RG_SHARD_OPENING && rg_shard_state(b->shard) != RG_SHARD_STOPPED;
        int64_t ledger_at = b->ledger_at, people_at = b->people_at;
        if (!open)
            return;
        bench_feed(b);
        bool more = rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        size_t sent = b->keep ? 0 : rg_fake_stream_waiting(b->stream);
        rg_fake_stream_deliver(b->stream, sent);
        if (rg_shard_state(b->shard) == RG_SHARD_OPENING && b->reopens)
            continue;
        int64_t from = 0;
        bool rests = !more && sent == 0 && b->ledger_at == ledger_at && b->people_at == people_at &&
                     rg_shard_inbox(b->shard) == 0 && !rg_shard_awaits_ledger(b->shard, &from);
        quiet = rests ? quiet + 1 : 0;
        if (quiet == 2)
            return;
    }
    fail_msg("the shard does not come to rest");
}

/* Upstream is known up to now: a round begins and is reached. */
static inline void bench_round(struct bench *b)
{
    rg_shard_begin_round(b->shard, &(struct rg_shard_round){.fresh_ms = b->world.now_ms, .all_seen_ms = b->world.now_ms,
                                                            .ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p),
                                                            .people_end = rg_fake_stream_end(b->stream, PEOPLE, b->p)});
    bench_settle(b);
}

static inline void bench_to(struct bench *b, const char *when)
{
    int64_t end = at(when);
    for (int i = 0; i < 500; i++) { /* from one timer to the next */
        int64_t due_ms = rg_shard_next_due_ms(b->shard);
        b->world.now_ms = due_ms < end ? (due_ms > b->world.now_ms ? due_ms : b->world.now_ms) : end;
        bench_round(b);
        if (b->world.now_ms == end && rg_shard_next_due_ms(b->shard) > end)
            return;
    }
    fail_msg("timers do not come to rest");
}

/* ---- upstream ---- */

static inline struct rg_str bytes_of(struct bench *b, const struct rg_event *event, bool personal)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    return rg_arena_str(b->arena, rg_buf_str(&buf));
}

static inline int64_t append(struct bench *b, const char *topic, int partition, enum rg_kind kind, struct rg_str key,
                             struct rg_str value, const char *origin)
{
    struct rg_kafka_header headers[2] = {{RG_HEADER_KIND, rg_str(rg_kind_name(kind))}};
    size_t n = 1;
    if (origin != NULL)
        headers[n++] = (struct rg_kafka_header){RG_HEADER_ORIGIN, rg_str(origin)};
    const struct rg_kafka_record record = {
        .topic = topic, .partition = partition, .key = key, .value = value, .headers = headers, .headers_n = n};
    return rg_fake_stream_append(b->stream, &record);
}

/* As ingest would: the next offset of the source's partition. */
static inline int64_t put_event(struct bench *b, const struct rg_event *event, int64_t upstream_offset)
{
    char origin[64];
    (void)snprintf(origin, sizeof origin, "billing:0:0:%lld:0", (long long)upstream_offset);
    return append(b, LEDGER, b->p, RG_REC_EVENT, event->debtor, bytes_of(b, event, false), origin);
}

static inline struct rg_event event_of(struct bench *b, enum rg_event_type type, const char *id, const char *debtor)
{
    struct rg_event e = {.type = type,
                         .id = rg_arena_str(b->arena, rg_str(id)),
                         .source = RG_STR("billing"),
                         .time_ms = b->world.now_ms,
                         .ns = RG_STR(NS)};
    if (debtor != NULL) {
        e.debtor = rg_arena_str(b->arena, rg_str(debtor));
        e.has = RG_BIT(RG_F_DEBTOR);
    }
    return e;
}

static inline struct rg_event invoice_of(struct bench *b, const char *debtor, const char *invoice, const char *due, int64_t cents)
{
    struct rg_event e = event_of(b, RG_EV_INVOICE_ISSUED, invoice, debtor);
    e.invoice = rg_arena_str(b->arena, rg_str(invoice));
    e.service = RG_STR("internet");
    e.amount_cents = cents;
    rg_assert(rg_day_parse(rg_str(due), &e.due_on));
    e.pix_code = RG_STR("0002012658");
    e.pix_until = RG_DAY_NONE;
    e.link = RG_STR("https://pagar.example/1");
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_SERVICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_PIX_CODE) |
             RG_BIT(RG_F_LINK);
    return e;
}

static inline struct rg_event payment_of(struct bench *b, const char *debtor, const char *invoice, const char *payment,
                                         int64_t cents)
{
    struct rg_event e = event_of(b, RG_EV_PAYMENT_CONFIRMED, payment, debtor);
    e.invoice = rg_arena_str(b->arena, rg_str(invoice));
    e.payment = rg_arena_str(b->arena, rg_str(payment));
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    return e;
}

static inline struct rg_event person_of(struct bench *b, const char *debtor)
{
    struct rg_event e = event_of(b, RG_EV_DEBTOR_UPDATED, "person", debtor);
    e.name = RG_STR("Maria da Silva");
    e.state = RG_STR("SP");
    e.contacts = RG_NEW(b->arena, struct rg_contact, 2);
    e.contacts[0] = (struct rg_contact){.channel = RG_STR("email"), .address = RG_STR("maria@exemplo.example")};
    e.contacts[1] = (struct rg_contact){.channel = RG_STR("whatsapp"), .address = RG_STR("+5511912345678")};
    e.contact_count = 2;
    e.has |= RG_BIT(RG_F_NAME) | RG_BIT(RG_F_STATE) | RG_BIT(RG_F_CONTACTS);
    return e;
}

static inline void put_person(struct bench *b, const char *debtor)
{
    struct rg_event e = person_of(b, debtor);
    char origin[64];
    (void)snprintf(origin, sizeof origin, "billing:0:0:%lld:%d", (long long)b->upstream++, RG_SUB_PEOPLE);
    struct rg_str key = rg_arena_printf(b->arena, "%s/%s", debtor, origin);
    (void)append(b, PEOPLE, b->p, RG_REC_UPDATE, key, bytes_of(b, &e, true), origin);
}

static inline int64_t put(struct bench *b, const struct rg_event *event)
{
    return put_event(b, event, b->upstream++);
}

static inline int64_t put_located(struct bench *b, const char *ref, const char *debtor, const char *origin)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_located located = {rg_str(ref), rg_str(debtor)};
    rg_buf_init(&buf, 4096);
    rg_located_write(&located, &buf);
    return append(b, LEDGER, b->p, RG_REC_LOCATED, rg_str(ref), rg_buf_str(&buf), origin);
}

/* ---- what came of it ---- */

static inline struct rg_str kind_at(struct bench *b, const char *topic, int partition, int64_t offset,
                                    struct rg_kafka_event *ret_event)
{
    if (!rg_fake_stream_read(b->stream, topic, partition, offset, ret_event))
        return (struct rg_str){0};
    return rg_kafka_event_header(ret_event, RG_HEADER_KIND);
}

static inline int count_kind(struct bench *b, const char *topic, int partition, enum rg_kind kind)
{
    struct rg_kafka_event event;
    int count = 0;
    for (int64_t i = 0; i < rg_fake_stream_end(b->stream, topic, partition); i++)
        count += rg_str_is(kind_at(b, topic, partition, i, &event), rg_kind_name(kind));
    return count;
}

/* The last decision in the ledger. */
static inline struct rg_decision last_decision(struct bench *b)
{
    struct rg_kafka_event event;
    struct rg_decision decision;
    for (int64_t i = rg_fake_stream_end(b->stream, LEDGER, b->p); i > 0; i--) {
        if (!rg_str_is(kind_at(b, LEDGER, b->p, i - 1, &event), rg_kind_name(RG_REC_DECIDED)))
            continue;
        assert_int_equal(rg_decision_read(event.value, b->arena, &decision, NULL), 0);
        return decision;
    }
    fail_msg("nothing was decided");
    return (struct rg_decision){0};
}

static inline struct rg_claim_id claim_id(uint8_t n)
{
    return (struct rg_claim_id){{n, n > 0}};
}

static inline int64_t put_claim(struct bench *b, const struct rg_decision *decision, uint8_t n)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_claim claim = {.claim = claim_id(n),
                                   .action = decision->action,
                                   .debtor = decision->debtor,
                                   .valid_ms = 60000,
                                   .at_ms = b->world.now_ms};
    rg_buf_init(&buf, 8192);
    rg_claim_write(&claim, &buf);
    return append(b, LEDGER, b->p, RG_REC_CLAIM, decision->debtor, rg_buf_str(&buf), NULL);
}

/* `n` 0: of no claim. */
static inline int64_t put_outcome(struct bench *b, const struct rg_decision *decision, uint8_t n, int64_t claim_offset,
                                  enum rg_verdict verdict)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    const struct rg_outcome outcome = {.action = decision->action,
                                       .claim = claim_id(n),
                                       .claim_offset = claim_offset,
                                       .debtor = decision->debtor,
                                       .step = decision->step,
                                       .channel = decision->channel,
                                       .repetition = decision->repetition,
                                       .attempt = decision->attempt,
                                       .invoices = decision->invoices,
                                       .invoice_count = decision->invoice_count,
                                       .verdict = verdict,
                                       .evidence = verdict == RG_VERDICT_ACCEPTED ? RG_EVIDENCE_ACCEPTED : RG_EVIDENCE_NONE,
                                       .at_ms = b->world.now_ms};
    rg_buf_init(&buf, 65536);
    rg_outcome_write(&outcome, &buf);
    return append(b, LEDGER, b->p, RG_REC_OUTCOME, decision->debtor, rg_buf_str(&buf), NULL);
}

static inline struct rg_record *record_of(struct bench *b, const char *debtor)
{
    struct rg_str bytes = rg_fake_state_value(b->state, RG_STORE_DEBTOR, debtor);
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    if (bytes.p == NULL)
        fail_msg("no record of %s", debtor);
    if (rg_record_decode(bytes, rg_str(debtor), b->arena, &record, &err) < 0)
        fail_msg("%s", err.text);
    return record;
}

static inline struct rg_out out_at(struct bench *b, size_t i)
{
    const struct rg_out_entry *entries;
    struct rg_out out;
    assert_true(i < rg_fake_state_out(b->state, &entries));
    assert_int_equal(rg_out_decode(entries[i].bytes, &out, NULL), 0);
    return out;
}

static inline size_t out_count(struct bench *b)
{
    const struct rg_out_entry *entries;
    return rg_fake_state_out(b->state, &entries);
}
