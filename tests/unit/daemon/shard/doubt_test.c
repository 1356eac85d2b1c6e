/* What a shard does after any doubt: it opens again and folds again, to the same record, and decides nothing a second time.
 * And what it does as a home shard, whose outbox must survive all that. */
#include "tests/unit/daemon/shard/bench.h"

#define D1 "D1"
#define F1 "F1"
#define REF "invoice:" NS ":" F1

static int begin(void **state)
{
    *state = bench_new(rg_shard_of(RG_STR(D1), SHARDS));
    return 0;
}

static int finish(void **state)
{
    bench_free(*state);
    return 0;
}

/* The life of a debt: two messages, the first delivered and received, the second on its way. */
static void play_a_life(struct bench *b)
{
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    int64_t claim = put_claim(b, &decision, 1);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_ACCEPTED);
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision.action, action);
    struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "r1", NULL);
    receipt.action = rg_str(action);
    receipt.status = RG_FACT_DELIVERED;
    receipt.has = RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    bench_settle(b);
    (void)put(b, &receipt);
    bench_settle(b);
    struct rg_event part = payment_of(b, D1, F1, "P1", 900);
    (void)put(b, &part);
    bench_to(b, "2026-11-04 12:00");
    (void)put_claim(b, &(struct rg_decision){.action = last_decision(b).action, .debtor = RG_STR(D1)}, 3);
    bench_settle(b);
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    assert_true(count_kind(b, LEDGER, b->p, RG_REC_DECIDED) >= 2);
}

/* Without places in the ledger: what is sent twice moves those behind it. */
static struct rg_str json_of(struct bench *b, const char *debtor)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_jw jw;
    rg_buf_init(&buf, (size_t)1024 * 1024);
    rg_jw_init(&jw, &buf);
    struct rg_record *record = record_of(b, debtor);
    for (size_t i = 0; i < record->invoice_count; i++)
        record->invoices[i].offset = 0;
    rg_record_json(record, 1, true, &jw);
    rg_jw_done(&jw);
    return rg_arena_str(b->arena, rg_buf_str(&buf));
}

struct before {
    struct rg_str record, charge;
    int decided;
    int64_t ledger_end, copies;
    size_t acts;
    struct rg_pos pos;
};

static struct before remember(struct bench *b)
{
    return (struct before){.record = json_of(b, D1),
                           .charge = rg_arena_str(b->arena, rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1)),
                           .decided = count_kind(b, LEDGER, b->p, RG_REC_DECIDED),
                           .ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p),
                           .acts = rg_fake_state_act_count(b->state),
                           .pos = *rg_fake_state_pos(b->state)};
}

static void assert_as_before(struct bench *b, const struct before *before)
{
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    struct rg_str record = json_of(b, D1);
    if (!rg_str_eq(record, before->record))
        (void)fprintf(stderr, "was " RG_STR_FMT "\nis  " RG_STR_FMT "\n", RG_STR_ARG(before->record), RG_STR_ARG(record));
    assert_true(rg_str_eq(record, before->record));
    assert_true(rg_str_eq(rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1), before->charge));
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), before->decided);
    assert_int_equal(rg_fake_state_act_count(b->state), before->acts);
    assert_int_equal(rg_fake_state_pos(b->state)->ledger_next, rg_fake_stream_end(b->stream, LEDGER, b->p));
    assert_int_equal(rg_fake_state_pos(b->state)->people_next, rg_fake_stream_end(b->stream, PEOPLE, b->p));
    assert_int_equal(out_count(b), 0);
}

static void come_back(struct bench *b)
{
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
    assert_int_not_equal(rg_shard_trouble(b->shard)[0], '\0');
    bench_open(b);
    bench_settle(b);
    bench_to(b, "2026-11-04 12:00");
}

/* A batch of no news, to meet what the store has become: a repeat that changes nothing. */
static void nudge(struct bench *b)
{
    struct rg_event part = payment_of(b, D1, F1, "P1", 900);
    (void)put_event(b, &part, 0);
    bench_feed(b);
    (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
}

/* ---- doubts ---- */

static void another_owner_makes_it_open_again(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    struct before before = remember(b);
    rg_fake_state_take(b->state);
    nudge(b);
    come_back(b);
    assert_as_before(b, &before);
    assert_int_equal(atomic_load(&b->counters.rewinds), 1);
}

static void every_fate_of_a_commit_ends_in_the_same_record(void **state)
{
    static const enum rg_fake_fate fates[] = {RG_FAKE_REFUSED, RG_FAKE_UNKNOWN_LOST, RG_FAKE_UNKNOWN_APPLIED, RG_FAKE_TOO_LARGE};
    struct bench *whole = *state;
    play_a_life(whole);
    struct before expected = remember(whole);
    int commits = rg_fake_state_commits(whole->state);
    for (size_t f = 0; f < RG_COUNT(fates); f++) {
        for (int nth = 1; nth <= commits; nth++) { /* wherever in that life it strikes */
            struct bench *b = bench_beside(whole, whole->p);
            b->reopens = true;
            rg_fake_state_doom(b->state, nth, fates[f]);
            play_a_life(b);
            expected.decided = count_kind(b, LEDGER, b->p, RG_REC_DECIDED); /* some of them twice: sent again in doubt */
            assert_as_before(b, &expected);
            bench_free(b);
        }
    }
}

static void a_lost_tail_is_folded_again(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    struct before before = remember(b);
    int commits = rg_fake_state_commits(b->state);
    for (int lost = 1; lost < commits && lost < RG_FAKE_VERSIONS_MAX; lost++) {
        rg_fake_state_roll_back(b->state, 1);
        int64_t batch = rg_fake_state_pos(b->state)->batch;
        nudge(b);
        come_back(b);
        assert_as_before(b, &before);
        while (rg_fake_state_pos(b->state)->batch >= batch)
            rg_fake_state_roll_back(b->state, 1); /* one deeper each time */
        nudge(b);
        if (rg_shard_state(b->shard) == RG_SHARD_OPENING)
            come_back(b);
        assert_as_before(b, &before);
        if (batch < 3)
            return;
    }
}

static void an_empty_store_is_filled_from_the_ledger(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    struct before before = remember(b);
    for (int i = 0; i < 2; i++) {
        rg_fake_state_wipe(b->state);
        nudge(b);
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
        bench_open(b);
        assert_int_equal(b->ledger_at, 0);
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_REPLAY);
        int64_t want_ms = 0;
        assert_false(rg_shard_wants(b->shard, b->world.now_ms, &want_ms));
        bench_settle(b);
        bench_to(b, "2026-11-04 12:00");
        assert_as_before(b, &before);
    }
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 0); /* the receipt found its action in its own batch */
}

/* Decided and delivered within one batch of the past: nobody has it under way at the batch's end, and its receipt still comes. */
static void a_receipt_finds_what_was_delivered_before_redis_forgot(void **state)
{
    struct bench *b = *state;
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
    bench_to(b, "2026-10-29 12:00");
    struct rg_decision decision = last_decision(b);
    (void)put_outcome(b, &decision, 1, put_claim(b, &decision, 1), RG_VERDICT_ACCEPTED);
    bench_settle(b);
    rg_fake_state_wipe(b->state);
    nudge(b);
    bench_open(b);
    bench_settle(b);
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision.action, action);
    struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "r1", NULL);
    receipt.action = rg_str(action);
    receipt.status = RG_FACT_DELIVERED;
    receipt.has = RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    (void)put(b, &receipt);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 0);
    assert_int_equal(record_of(b, D1)->invoices[0].done[0].evidence, RG_EVIDENCE_DELIVERED);
}

static void the_past_is_not_decided(void **state)
{
    struct bench *b = *state;
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    put_person(b, D1);
    (void)put(b, &invoice);
    b->world.now_ms = at("2026-11-04 12:00"); /* the messages of D-5 to D0 were never decided: the shard was not there */
    rg_shard_reopen(b->shard, "test");
    bench_open(b);
    bench_feed(b);
    (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    assert_int_equal(out_count(b), 2); /* the merged record of the person and the tombstone of its update, and no decision */
    assert_int_equal(out_at(b, 0).kind, RG_OUT_PEOPLE);
    assert_int_equal(out_at(b, 1).kind, RG_OUT_PEOPLE);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    /* looked at once upstream is known past this instant */
    assert_int_equal(rg_fake_state_due_ms(b->state, D1), b->world.now_ms);
}

static bool was_decided(struct bench *b, const char *step)
{
    struct rg_kafka_event event;
    struct rg_decision decision;
    for (int64_t i = 0; i < rg_fake_stream_end(b->stream, LEDGER, b->p); i++)
        if (rg_str_is(kind_at(b, LEDGER, b->p, i, &event), rg_kind_name(RG_REC_DECIDED)) &&
            rg_decision_read(event.value, b->arena, &decision, NULL) == 0 && rg_str_is(decision.step, step))
            return true;
    return false;
}

/* Brings to its end whatever was decided since `from`; gives the new end. */
static int64_t deliver_since(struct bench *b, int64_t from)
{
    struct rg_kafka_event event;
    int64_t end = rg_fake_stream_end(b->stream, LEDGER, b->p);
    for (int64_t i = from; i < end; i++) {
        struct rg_decision decision;
        if (!rg_str_is(kind_at(b, LEDGER, b->p, i, &event), rg_kind_name(RG_REC_DECIDED)))
            continue;
        assert_int_equal(rg_decision_read(event.value, b->arena, &decision, NULL), 0);
        int64_t claim = put_claim(b, &decision, (uint8_t)i);
        (void)put_outcome(b, &decision, (uint8_t)i, claim, RG_VERDICT_ACCEPTED);
        if (decision.evidence <= RG_EVIDENCE_ACCEPTED)
            continue;
        struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "r", D1);
        char action[RG_ACTION_TEXT + 1];
        rg_action_id_print(&decision.action, action);
        receipt.id = receipt.action = rg_arena_str(b->arena, rg_str(action));
        receipt.status = RG_FACT_DELIVERED;
        receipt.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
        (void)put(b, &receipt);
    }
    bench_settle(b);
    return end;
}

/* What is owed needs no upstream, so nothing but the replay itself keeps it from being decided at every payment of the past. */
static void what_was_owed_in_the_past_is_not_decided_again(void **state)
{
    struct bench *b = *state;
    int64_t delivered = 0;
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
    for (int d = 0; d < 60 && !was_decided(b, "suspensao"); d++) {
        char day[RG_DAY_TEXT_MAX], noon[24];
        rg_day_format(rg_day_of(2026, 10, 20) + d, day);
        (void)snprintf(noon, sizeof noon, "%s 12:00", day);
        bench_to(b, noon);
        delivered = deliver_since(b, delivered);
    }
    assert_true(was_decided(b, "suspensao"));
    struct rg_event payment = payment_of(b, D1, F1, "P1", 15900);
    (void)put(b, &payment);
    bench_settle(b);
    assert_true(was_decided(b, "religar"));
    (void)deliver_since(b, delivered);
    int decided = count_kind(b, LEDGER, b->p, RG_REC_DECIDED);
    struct rg_str before = json_of(b, D1);
    rg_fake_state_wipe(b->state);
    nudge(b);
    bench_open(b);
    while (rg_shard_state(b->shard) == RG_SHARD_REPLAY) { /* record by record: nothing is undone within a batch */
        struct rg_kafka_event event;
        if (rg_fake_stream_read(b->stream, PEOPLE, b->p, b->people_at, &event))
            b->people_at++;
        else if (bench_reads_ledger(b) && rg_fake_stream_read(b->stream, LEDGER, b->p, b->ledger_at, &event))
            b->ledger_at++;
        else
            break;
        rg_shard_receive(b->shard, &event);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        for (size_t i = 0; i < out_count(b); i++)
            assert_true(out_at(b, i).kind != RG_OUT_LEDGER);
    }
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), decided);
    assert_true(rg_str_eq(json_of(b, D1), before));
}

static void a_partly_applied_batch_stops_the_shard(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    rg_fake_state_doom(b->state, 1, RG_FAKE_BROKEN);
    nudge(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_STOPPED);
    int commits = rg_fake_state_commits(b->state);
    rg_shard_reopen(b->shard, "try");
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_STOPPED);
    struct rg_event part = payment_of(b, D1, F1, "P2", 100);
    (void)put(b, &part);
    bench_feed(b);
    assert_false(rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream)));
    assert_int_equal(rg_fake_state_commits(b->state), commits);
    assert_int_equal(rg_shard_next_due_ms(b->shard), RG_STORE_NEVER);
}

/* ---- the ledger ---- */

static void restart(struct bench *b)
{
    rg_shard_free(&b->shard);
    bench_make_shard(b);
    bench_open(b);
}

static void another_ledger_stops_the_shard(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    int64_t next = rg_fake_state_pos(b->state)->ledger_next;
    rg_fake_stream_recreate(b->stream, LEDGER, b->p);
    for (int64_t i = 0; i < next + 3; i++) { /* longer than the old one: no offset is out of range */
        struct rg_event other = payment_of(b, D1, F1, "X", i + 1);
        (void)put(b, &other);
    }
    restart(b);
    assert_int_equal(b->ledger_at, next - 1);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_STOPPED);
    assert_non_null(strstr(rg_shard_trouble(b->shard), "recreated"));
}

/* An out-of-date replica became its leader, say: be it a single record that is gone. */
static void a_ledger_that_lost_its_end_stops_the_shard(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    int64_t next = rg_fake_state_pos(b->state)->ledger_next, from = 0, people = 0;
    struct rg_error err = {0};
    for (int64_t lost = 0; lost <= 3; lost++) {
        rg_shard_free(&b->shard);
        bench_make_shard(b);
        assert_int_equal(rg_shard_open(b->shard, &from, &people, &err), 0);
        assert_int_equal(rg_shard_replay_to(b->shard, next - lost, people, &err), lost == 0 ? 0 : RG_EREFUSED);
    }
    assert_non_null(strstr(err.text, "truncated"));
}

static void the_same_ledger_goes_on(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    struct before before = remember(b);
    restart(b);
    bench_settle(b);
    bench_to(b, "2026-11-04 12:00");
    assert_as_before(b, &before);
}

/* Else a decision would be folded before the contacts it was made with, and a sender would find that nobody can be reached. */
static void people_are_folded_before_the_ledger(void **state)
{
    struct bench *b = *state;
    struct rg_kafka_event event;
    int64_t from = 0;
    play_a_life(b);
    struct before before = remember(b);
    rg_fake_state_wipe(b->state);
    restart(b);
    assert_false(rg_shard_awaits_ledger(b->shard, &from));
    assert_true(rg_fake_stream_read(b->stream, LEDGER, b->p, 0, &event));
    rg_shard_receive(b->shard, &event);
    rg_shard_reached(b->shard, false, 1);
    assert_int_equal(rg_shard_inbox(b->shard), 0);
    for (; rg_fake_stream_read(b->stream, PEOPLE, b->p, b->people_at, &event); b->people_at++) {
        assert_false(rg_shard_awaits_ledger(b->shard, &from));
        rg_shard_receive(b->shard, &event);
    }
    while (rg_shard_inbox(b->shard) > 0)
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_REPLAY);
    assert_true(rg_shard_awaits_ledger(b->shard, &from));
    assert_int_equal(from, RG_KAFKA_BEGINNING);
    bench_settle(b);
    bench_to(b, "2026-11-04 12:00");
    assert_as_before(b, &before);
}

static void a_ledger_whose_beginning_is_gone_stops_the_shard(void **state)
{
    struct bench *b = *state;
    play_a_life(b);
    rg_fake_state_wipe(b->state);
    restart(b);
    b->ledger_at = 1; /* the broker gives the first there is */
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_STOPPED);
    assert_non_null(strstr(rg_shard_trouble(b->shard), "begins at offset 1"));
}

/* ---- the outbox ---- */

static void what_was_not_acknowledged_is_sent_by_the_next_owner(void **state)
{
    struct bench *b = *state;
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
    bench_to(b, "2026-10-29 07:59");
    b->keep = true;
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(out_count(b), 2);
    rg_fake_stream_break(b->stream, true); /* `decided` was written, nobody knows */
    rg_fake_stream_mend(b->stream);
    restart(b);
    b->keep = false;
    bench_settle(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 2); /* twice the same decision … */
    assert_int_equal(rg_fake_stream_end(b->stream, ACTIONS "email", b->p), 1);
    assert_int_equal(record_of(b, D1)->invoices[0].done[0].attempt, 1); /* … that counts once */
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    assert_int_equal(out_count(b), 0);
}

/* ---- the home shard ---- */

static void a_nameless_payment_waits_and_is_released(void **state)
{
    struct bench *b = *state;
    int home = rg_shard_of(RG_STR(REF), SHARDS);
    struct bench *h = bench_beside(b, home);
    struct rg_event payment = payment_of(h, NULL, F1, "P1", 15900);
    (void)put_event(h, &payment, 7);
    payment.payment = payment.id = RG_STR("P2");
    (void)put_event(h, &payment, 8);
    bench_settle(h);
    assert_non_null(rg_fake_state_value(h->state, RG_STORE_REFERENCE, REF).p);
    int64_t before = rg_fake_stream_end(h->stream, LEDGER, rg_shard_of(RG_STR(D1), SHARDS));
    int64_t released_at = put_located(h, REF, D1, "billing:0:1:3:1");
    bench_settle(h);
    int target = rg_shard_of(RG_STR(D1), SHARDS);
    int64_t first = target == home ? released_at + 1 : before;
    for (int i = 0; i < 2; i++) {
        struct rg_kafka_event sent;
        struct rg_event event;
        char origin[64], from[64];
        (void)snprintf(origin, sizeof origin, "ledger:0:%d:%lld:%d", home, (long long)released_at, i);
        (void)snprintf(from, sizeof from, "billing:0:0:%d:0", 7 + i);
        assert_true(rg_str_is(kind_at(h, LEDGER, target, first + i, &sent), "forwarded"));
        assert_true(rg_str_is(sent.key, D1));
        assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_ORIGIN), origin));
        assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_FIRST), from));
        assert_int_equal(rg_event_read(sent.value, h->arena, &event, NULL), 0);
        assert_true(rg_str_is(event.debtor, D1));
        assert_true(rg_str_is(event.payment, i == 0 ? "P1" : "P2"));
    }
    payment.payment = payment.id = RG_STR("P3"); /* located by now: straight on */
    int64_t straight_at = put_event(h, &payment, 9);
    bench_settle(h);
    struct rg_kafka_event sent;
    int64_t last = rg_fake_stream_end(h->stream, LEDGER, target) - 1;
    char origin[64];
    (void)snprintf(origin, sizeof origin, "ledger:0:%d:%lld:0", home, (long long)straight_at);
    assert_true(rg_str_is(kind_at(h, LEDGER, target, last, &sent), "forwarded"));
    assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_ORIGIN), origin));
    bench_free(h);
}

static void only_so_much_may_wait(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < RG_PARKED_MAX + 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        struct rg_event payment = payment_of(b, NULL, F1, id, 100);
        (void)put(b, &payment);
        if (i % 40 == 0)
            bench_settle(b);
    }
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 3);
    struct rg_kafka_event letter;
    assert_true(rg_fake_stream_read(b->stream, DEAD, 0, 0, &letter));
    assert_true(rg_str_is(rg_kafka_event_header(&letter, "regua_reason"), RG_DEAD_UNROUTABLE));
}

static void only_so_many_bytes_may_wait(void **state)
{
    struct bench *b = *state;
    size_t n = 60 * 1024; /* larger than any event of ours; a foreign writer may try */
    char *pad = rg_alloc(n + 1);
    memset(pad, ' ', n);
    for (int i = 0; i < 6; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        struct rg_event payment = payment_of(b, NULL, F1, id, 100);
        struct rg_str bytes = bytes_of(b, &payment, false);
        char origin[64];
        (void)snprintf(origin, sizeof origin, "billing:0:0:%d:0", i);
        (void)append(b, LEDGER, b->p, RG_REC_EVENT, RG_STR(REF),
                     rg_arena_printf(b->arena, RG_STR_FMT "%s", RG_STR_ARG(bytes), pad), origin);
    }
    free(pad);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 2);
    assert_true(rg_fake_state_value(b->state, RG_STORE_REFERENCE, REF).n <= RG_PARKED_BYTES_MAX + 1024);
}

/* An invoice that two debtors are said to have: both are left alone until people have looked. */
static void a_second_debtor_of_an_invoice_holds_both(void **state)
{
    struct bench *b = *state;
    (void)put_located(b, REF, D1, "billing:0:0:1:1");
    (void)put_located(b, REF, D1, "billing:0:0:2:1"); /* the same again says nothing new */
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 0);
    (void)put_located(b, REF, "D2", "billing:0:0:3:1");
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 1);
    struct rg_kafka_event letter;
    assert_true(rg_fake_stream_read(b->stream, DEAD, 0, 0, &letter));
    assert_true(rg_str_is(rg_kafka_event_header(&letter, "regua_detail"), REF " belongs to debtor " D1 " already, and not to D2; "
                                                                          "published to source billing, partition 0, offset 3"));
    bool held1 = false, held2 = false;
    for (int p = 0; p < SHARDS; p++) {
        for (int64_t i = 0; i < rg_fake_stream_end(b->stream, LEDGER, p); i++) {
            struct rg_kafka_event sent;
            struct rg_event event;
            if (!rg_str_is(kind_at(b, LEDGER, p, i, &sent), "forwarded"))
                continue;
            assert_int_equal(rg_event_read(sent.value, b->arena, &event, NULL), 0);
            assert_int_equal(event.type, RG_EV_DEBTOR_HELD);
            assert_true(rg_str_is(event.invoice, F1) && rg_str_is(event.ns, NS));
            held1 = held1 || rg_str_is(event.debtor, D1);
            held2 = held2 || rg_str_is(event.debtor, "D2");
        }
    }
    assert_true(held1 && held2);
}

/* ---- too much ---- */

/* The debtor's record grows past what is kept: he is held, what was queued is void, others go on; what he pays counts. */
static void more_than_can_be_kept_holds_the_debtor(void **state)
{
    struct bench *b = *state;
    put_person(b, D1);
    struct rg_event invoice = invoice_of(b, D1, F1, "2026-11-03", 15900);
    (void)put(b, &invoice);
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(rg_fake_state_act_count(b->state), 1);
    char tag[101];
    memset(tag, 't', sizeof tag - 1);
    tag[100] = '\0';
    for (int i = 0; i < 290; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "G%d", i);
        struct rg_event more = invoice_of(b, D1, id, "2027-03-03", 100);
        more.tags = RG_NEW(b->arena, struct rg_str, 3);
        for (size_t t = 0; t < 3; t++)
            more.tags[t] = rg_arena_printf(b->arena, "%d-%zu-%.50s", i, t, tag);
        more.tag_count = 3;
        more.contract = rg_arena_printf(b->arena, "%d-%.100s", i, tag);
        more.has |= RG_BIT(RG_F_TAGS) | RG_BIT(RG_F_CONTRACT);
        (void)put(b, &more);
        bench_settle(b);
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    }
    struct rg_record *record = record_of(b, D1);
    assert_true(record->overflowing);
    assert_int_equal(record->action_count, 0);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    assert_true(rg_fake_stream_end(b->stream, DEAD, 0) > 0);
    int decided = count_kind(b, LEDGER, b->p, RG_REC_DECIDED);
    bench_to(b, "2026-11-20 12:00");
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), decided);
    struct rg_event pay = payment_of(b, D1, F1, "P1", 15900);
    (void)put(b, &pay);
    bench_settle(b);
    record = record_of(b, D1);
    const struct rg_invoice *paid = rg_record_invoice(record, rg_str(NS), rg_str(F1));
    assert_true(paid == NULL || rg_record_paid(record, paid, 0)); /* when it is paid it may make room */
    struct before before = {.record = json_of(b, D1)};
    restart(b);
    bench_settle(b);
    assert_true(rg_str_eq(json_of(b, D1), before.record));
}

/* What is too large for one transaction is tried in smaller ones. */
static void batches_shrink_until_they_fit(void **state)
{
    struct bench *b = *state;
    bench_settle(b);
    for (int i = 0; i < 64; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "F%d", i);
        struct rg_event invoice = invoice_of(b, D1, id, "2026-11-03", 100);
        (void)put(b, &invoice);
    }
    for (int i = 0; i < 6; i++) {
        rg_fake_state_doom(b->state, 1, RG_FAKE_TOO_LARGE);
        bench_feed(b);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        assert_int_equal(rg_shard_state(b->shard), RG_SHARD_OPENING);
        bench_open(b);
    }
    int commits = rg_fake_state_commits(b->state);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_true(rg_fake_state_commits(b->state) - commits > 4); /* 500 / 2⁶ = 7 at first */
    assert_int_equal(record_of(b, D1)->invoice_count, 64);
}

/* A debtor of many invoices, as stored: whose he is says his key alone. */
static struct rg_str large_record(struct bench *b)
{
    for (int i = 0; i < 250; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "G%d", i);
        struct rg_event invoice = invoice_of(b, D1, id, "2027-03-03", 100);
        invoice.tags = RG_NEW(b->arena, struct rg_str, 3);
        for (int t = 0; t < 3; t++)
            invoice.tags[t] = rg_arena_printf(b->arena, "%d-%d-%0100d", i, t, 7);
        invoice.tag_count = 3;
        invoice.has |= RG_BIT(RG_F_TAGS);
        (void)put(b, &invoice);
    }
    bench_settle(b);
    return rg_arena_str(b->arena, rg_fake_state_value(b->state, RG_STORE_DEBTOR, D1));
}

/* Decoded, the records of one batch take many times what they take in the store. */
static void debtors_of_one_batch_fit_into_its_memory(void **state)
{
    struct bench *b = *state;
    struct rg_str large = large_record(b);
    size_t count = RG_SHARD_STORED_BYTES_MAX / large.n + 5, n = 0;
    struct rg_store_put *puts = RG_NEW(b->arena, struct rg_store_put, count);
    struct rg_store *other = rg_fake_store_new(b->state, b->p);
    struct rg_store_opened opened;
    struct rg_error err = {0};
    assert_int_equal(other->ops->open(other, b->arena, &opened, &err), 0);
    for (int i = 0; n < count; i++) {
        struct rg_str name = rg_arena_printf(b->arena, "L%d", i);
        if (rg_shard_of(name, SHARDS) == b->p)
            puts[n++] = (struct rg_store_put){
                .key = {RG_STORE_DEBTOR, name}, .write = true, .value = large, .due_ms = RG_STORE_UNCHANGED};
    }
    opened.pos.batch++;
    const struct rg_store_batch batch = {.puts = puts, .put_count = count, .out_done_through = -1, .pos = &opened.pos};
    assert_int_equal(other->ops->commit(other, &batch, &err), RG_COMMITTED);
    rg_store_free(&other);
    for (size_t i = 0; i < count; i++) {
        struct rg_event payment = payment_of(b, puts[i].key.id.p, "G0", "P", 1);
        (void)put(b, &payment);
    }
    restart(b);
    bench_feed(b);
    while (rg_shard_inbox(b->shard) > 0) {
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
        if (rg_shard_state(b->shard) == RG_SHARD_OPENING) {
            assert_non_null(strstr(rg_shard_trouble(b->shard), "are taken at once"));
            bench_open(b);
        }
        bench_feed(b);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(record_of(b, puts[i].key.id.p)->invoices[0].payment_count, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_owner_makes_it_open_again),
        TEST(every_fate_of_a_commit_ends_in_the_same_record),
        TEST(a_lost_tail_is_folded_again),
        TEST(an_empty_store_is_filled_from_the_ledger),
        TEST(a_receipt_finds_what_was_delivered_before_redis_forgot),
        TEST(the_past_is_not_decided),
        TEST(what_was_owed_in_the_past_is_not_decided_again),
        TEST(a_partly_applied_batch_stops_the_shard),
        TEST(another_ledger_stops_the_shard),
        TEST(a_ledger_that_lost_its_end_stops_the_shard),
        TEST(the_same_ledger_goes_on),
        TEST(people_are_folded_before_the_ledger),
        TEST(a_ledger_whose_beginning_is_gone_stops_the_shard),
        TEST(what_was_not_acknowledged_is_sent_by_the_next_owner),
        TEST(a_nameless_payment_waits_and_is_released),
        TEST(only_so_much_may_wait),
        TEST(only_so_many_bytes_may_wait),
        TEST(a_second_debtor_of_an_invoice_holds_both),
        TEST(more_than_can_be_kept_holds_the_debtor),
        TEST(batches_shrink_until_they_fit),
        TEST(debtors_of_one_batch_fit_into_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
