/* A shard's life: folding and deciding, log before release, voids, claims, and what it does when its store or its ledger are not
 * what they were. */
#include "tests/unit/daemon/shard/life.h"

/* The day of the first message, D-5: decided and on its way, not yet claimed. */
static struct rg_decision decide_first(struct bench *b)
{
    put_debt(b);
    bench_to(b, "2026-10-29 12:00");
    return last_decision(b);
}

/* ---- fold and decide ---- */

static void an_event_is_folded_and_decided_when_due(void **state)
{
    struct bench *b = *state;
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_REPLAY);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    put_debt(b);
    bench_settle(b);
    struct rg_record *record = record_of(b, D1);
    assert_int_equal(record->invoice_count, 1);
    assert_int_equal(record->invoices[0].amount_cents, 15900);
    assert_true(rg_str_is(record->name, "Maria da Silva"));
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    assert_int_not_equal(rg_fake_state_due_ms(b->state, D1), RG_STORE_NEVER);
    bench_to(b, "2026-10-29 07:59");
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0); /* early never */
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
    assert_int_equal(rg_fake_stream_end(b->stream, ACTIONS "email", b->p), 1);
    struct rg_decision decision = last_decision(b);
    assert_true(rg_str_is(decision.step, "lembrete"));
    struct rg_act_value act;
    assert_true(rg_fake_state_act(b->state, &decision.action, &act));
    assert_false(act.claimed);
    assert_int_equal(atomic_load(&b->counters.under_way), 1);
    assert_int_equal(record_of(b, D1)->action_count, 1);
    assert_int_equal(out_count(b), 0); /* acknowledged, so it left the outbox */
    struct rg_kafka_event copy;
    assert_true(rg_fake_stream_read(b->stream, ACTIONS "email", b->p, 0, &copy));
    struct rg_decision sent;
    assert_int_equal(rg_decision_read(copy.value, b->arena, &sent, NULL), 0);
    assert_true(rg_action_id_eq(&sent.action, &decision.action));
}

static void the_decision_is_logged_before_its_action_leaves(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 07:59");
    b->keep = true;
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(out_count(b), 2);
    assert_int_equal(out_at(b, 0).kind, RG_OUT_LEDGER);
    assert_true(rg_str_is(out_at(b, 0).record_kind, "decided"));
    assert_int_equal(out_at(b, 1).kind, RG_OUT_ACTION);
    assert_int_equal(rg_fake_stream_waiting(b->stream), 1);
    assert_string_equal(rg_fake_stream_sent(b->stream, 0)->topic, LEDGER);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_waiting(b->stream), 1);
    rg_fake_stream_deliver(b->stream, 1);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_waiting(b->stream), 1);
    assert_string_equal(rg_fake_stream_sent(b->stream, 0)->topic, ACTIONS "email");
    assert_int_equal(out_count(b), 1);
}

/* One gauge for all shards of a process: each adds its own and takes it back when it is given away. */
static void actions_under_way_are_summed_over_shards(void **state)
{
    struct bench *b = *state;
    atomic_store(&b->counters.under_way, 5); /* of other shards */
    put_debt(b);
    b->world.now_ms = at("2026-10-29 12:00");
    bench_round(b);
    assert_int_equal(atomic_load(&b->counters.under_way), 6);
    rg_shard_free(&b->shard);
    assert_int_equal(atomic_load(&b->counters.under_way), 5);
}

/* Nobody is dunned while it is not known whether payments wait unread. */
static void nothing_is_decided_before_upstream_is_known(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    b->world.now_ms = at("2026-10-29 12:00");
    bench_settle(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    int64_t want_ms = 0;
    assert_true(rg_shard_wants(b->shard, b->world.now_ms, &want_ms));
    assert_true(want_ms >= b->world.now_ms);
    rg_shard_begin_round(b->shard, &(struct rg_shard_round){.fresh_ms = b->world.now_ms, .all_seen_ms = b->world.now_ms,
                                                            .ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p) + 1,
                                                            .people_end = rg_fake_stream_end(b->stream, PEOPLE, b->p)});
    bench_settle(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0); /* one record of the round is still to come */
    assert_int_equal(rg_shard_asof_ms(b->shard), -1);
    pay(b);
    bench_settle(b);
    assert_int_equal(rg_shard_asof_ms(b->shard), b->world.now_ms);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
}

/* Upstream is always known up to a second ago, and something is said of him every two: his look stays due for when it was. */
static void who_is_spoken_of_all_the_time_has_his_turn(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 07:59");
    for (int64_t i = 0, start_ms = b->world.now_ms; i < 1200; i++) {
        b->world.now_ms = start_ms + 2000 * i;
        char id[32];
        (void)snprintf(id, sizeof id, "opened-%d", (int)i);
        struct rg_event opened = event_of(b, RG_EV_BILL_OPENED, id, D1);
        opened.invoice = RG_STR(F1);
        opened.has |= RG_BIT(RG_F_INVOICE);
        (void)put(b, &opened);
        bench_settle(b);
        rg_shard_begin_round(b->shard, &(struct rg_shard_round){.fresh_ms = b->world.now_ms - 1000,
                                                                .all_seen_ms = b->world.now_ms - 1000,
                                                                .ledger_end = rg_fake_stream_end(b->stream, LEDGER, b->p),
                                                                .people_end = rg_fake_stream_end(b->stream, PEOPLE, b->p)});
        bench_settle(b);
        struct rg_decision decision;
        if (count_kind(b, LEDGER, b->p, RG_REC_DECIDED) == 0)
            continue;
        decision = last_decision(b);
        assert_true(rg_str_is(decision.step, "lembrete"));
        assert_in_range(decision.at_ms, at("2026-10-29 08:00"), at("2026-10-29 08:31"));
        assert_true(decision.asof_ms < decision.at_ms);
        return;
    }
    fail_msg("he never has his turn");
}

/* Steps of that day in the ledger, as "aviso_suspensao ". */
static struct rg_str decided_on(struct bench *b, const char *day)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 4096);
    for (int64_t i = 0; i < rg_fake_stream_end(b->stream, LEDGER, b->p); i++) {
        struct rg_kafka_event event;
        struct rg_decision decision;
        if (!rg_str_is(kind_at(b, LEDGER, b->p, i, &event), "decided"))
            continue;
        assert_int_equal(rg_decision_read(event.value, b->arena, &decision, NULL), 0);
        if (decision.at_ms >= at(day) && decision.at_ms < at(day) + RG_MS_PER_DAY)
            rg_buf_addf(&text, RG_STR_FMT " ", RG_STR_ARG(decision.step));
    }
    return text.len > 0 ? rg_arena_str(b->arena, rg_buf_str(&text)) : RG_STR("");
}

/* Down from before the day of a notice until days after it, and up again in the night: the notice does not come with the day. */
static void days_without_a_daemon(struct bench *b, bool spoken_of)
{
    put_debt(b);
    bench_to(b, "2026-11-17 12:00"); /* the notice is due on the 18th */
    if (spoken_of) {
        struct rg_event opened = event_of(b, RG_EV_BILL_OPENED, "opened", D1);
        opened.invoice = RG_STR(F1);
        opened.has |= RG_BIT(RG_F_INVOICE);
        (void)put(b, &opened);
    }
    rg_shard_free(&b->shard);
    b->world.now_ms = at("2026-11-23 02:00");
    bench_make_shard(b);
    bench_open(b);
    bench_settle(b);
    bench_to(b, "2026-11-23 23:59");
    assert_int_equal(record_of(b, D1)->invoices[0].caught_up_ms, at("2026-11-23 02:00"));
    assert_true(rg_str_is(decided_on(b, "2026-11-23"), ""));
    bench_to(b, "2026-11-24 23:59");
    assert_true(rg_str_is(decided_on(b, "2026-11-24"), "aviso_suspensao "));
}

static void days_without_a_daemon_are_noticed(void **state)
{
    days_without_a_daemon(*state, false);
}

/* What was said of the debtor meanwhile is folded first, and does not hide how long nobody looked. */
static void days_without_a_daemon_are_noticed_behind_a_replay(void **state)
{
    days_without_a_daemon(*state, true);
}

static void held_timers_do_not_act(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    b->world.hold_timers = true;
    b->world.now_ms = at("2026-10-29 12:00");
    bench_round(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    b->world.hold_timers = false;
    bench_to(b, "2026-10-29 12:00");
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
}

/* What is folded meanwhile is looked at for what is owed and nothing else. */
static void held_timers_hold_what_is_folded_too(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    b->world.hold_timers = true;
    b->world.now_ms = at("2026-10-29 12:00");
    bench_round(b);
    struct rg_event other = invoice_of(b, D1, "F2", "2026-11-03", 9900);
    (void)put(b, &other);
    bench_settle(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0);
    b->world.hold_timers = false;
    bench_settle(b);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
}

static void held_timers_do_not_hold_a_restore(void **state)
{
    struct bench *b = *state;
    struct rg_decision cut = suspend(b);
    b->world.hold_timers = true;
    pay(b);
    bench_settle(b);
    assert_true(decision_of(b, "religar").sequence > cut.sequence);
}

/* ---- round trips ---- */

static uint64_t trips_of_turn(struct bench *b)
{
    uint64_t before = b->store->trips;
    bench_feed(b);
    (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    return b->store->trips - before;
}

/* Debtors, references and charges are asked for in one question; what it found serves the commit. */
static void a_batch_costs_two_round_trips(void **state)
{
    struct bench *b = *state;
    b->keep = true;
    put_person(b, D1);
    bench_settle(b); /* the first fold after an opening is noted, in a transaction of its own */
    put_debt(b); /* a debtor and a charge … */
    (void)put_located(b, "invoice:" NS ":" F1, D1, "billing:0:1:1:1");
    struct rg_event nameless = payment_of(b, NULL, F1, "P1", 100);
    (void)put(b, &nameless); /* … and a reference */
    int commits = rg_fake_state_commits(b->state);
    assert_int_equal(trips_of_turn(b), 2);
    assert_int_equal(rg_fake_state_commits(b->state), commits + 1);
    assert_int_equal(trips_of_turn(b), 0);
}

/* Who is due, their records, and the commit. */
static void a_page_of_timers_costs_three(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 07:59");
    b->world.now_ms = at("2026-10-29 12:00");
    rg_shard_begin_round(b->shard, &(struct rg_shard_round){.fresh_ms = b->world.now_ms, .all_seen_ms = b->world.now_ms});
    assert_int_equal(trips_of_turn(b), 3);
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 0); /* on its way */
    assert_int_equal(out_count(b), 2);
}

/* ---- voids and claims ---- */

static void a_payment_voids_what_is_queued(void **state)
{
    struct bench *b = *state;
    struct rg_decision decision = decide_first(b);
    pay(b);
    bench_settle(b);
    struct rg_act_value act;
    assert_false(rg_fake_state_act(b->state, &decision.action, &act));
    assert_int_equal(record_of(b, D1)->action_count, 0);
    assert_int_equal(atomic_load(&b->counters.under_way), 0);
}

static void a_payment_takes_back_what_has_not_left(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 07:59");
    b->keep = true;
    bench_to(b, "2026-10-29 12:00");
    pay(b);
    bench_settle(b); /* `decided` is in the producer already, its action is not */
    assert_int_equal(out_count(b), 1);
    assert_int_equal(out_at(b, 0).kind, RG_OUT_LEDGER);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
    b->keep = false;
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, ACTIONS "email", b->p), 0);
    assert_int_equal(out_count(b), 0);
}

static void claim_and_outcome_move_the_action(void **state)
{
    struct bench *b = *state;
    struct rg_decision decision = decide_first(b);
    struct rg_act_value act;
    int64_t first = put_claim(b, &decision, 1);
    (void)put_claim(b, &decision, 2); /* comes second */
    bench_settle(b);
    assert_true(rg_fake_state_act(b->state, &decision.action, &act));
    assert_true(act.claimed);
    assert_true(rg_claim_id_eq(&act.claim, &(struct rg_claim_id){{1, 1}}));
    assert_int_equal(act.claim_offset, first);
    pay(b); /* too late: the claim stands below it */
    bench_settle(b);
    assert_true(rg_fake_state_act(b->state, &decision.action, &act));
    (void)put_outcome(b, &decision, 1, first, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    assert_false(rg_fake_state_act(b->state, &decision.action, &act));
    assert_int_equal(record_of(b, D1)->invoices[0].done[0].state, RG_DONE_SENT);
}

static void a_claim_after_the_payment_meets_nothing(void **state)
{
    struct bench *b = *state;
    struct rg_decision decision = decide_first(b);
    pay(b);
    (void)put_claim(b, &decision, 1);
    bench_settle(b);
    assert_int_equal(rg_fake_state_act_count(b->state), 0);
}

static void what_is_released_goes_out_again_with_its_old_id(void **state)
{
    struct bench *b = *state;
    struct rg_decision decision = decide_first(b), copied;
    int64_t claim = put_claim(b, &decision, 1);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_RELEASED);
    bench_settle(b);
    struct rg_act_value act;
    assert_true(rg_fake_state_act(b->state, &decision.action, &act));
    assert_false(act.claimed);
    assert_int_equal(rg_fake_stream_end(b->stream, ACTIONS "email", b->p), 2);
    struct rg_kafka_event copy;
    assert_true(rg_fake_stream_read(b->stream, ACTIONS "email", b->p, 1, &copy));
    assert_int_equal(rg_decision_read(copy.value, b->arena, &copied, NULL), 0);
    assert_true(rg_action_id_eq(&copied.action, &decision.action));
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_DECIDED), 1);
}

static void a_receipt_finds_its_debtor_by_its_action(void **state)
{
    struct bench *b = *state;
    struct rg_decision decision = decide_first(b);
    int64_t claim = put_claim(b, &decision, 1);
    (void)put_outcome(b, &decision, 1, claim, RG_VERDICT_ACCEPTED);
    bench_settle(b);
    char action[RG_ACTION_TEXT + 1];
    rg_action_id_print(&decision.action, action);
    struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "r1", NULL);
    receipt.action = rg_str(action);
    receipt.status = RG_FACT_DELIVERED;
    receipt.has = RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    (void)put(b, &receipt);
    bench_settle(b); /* forwarded to the debtor, here the same shard */
    assert_int_equal(count_kind(b, LEDGER, b->p, RG_REC_FORWARDED), 1);
    assert_int_equal(record_of(b, D1)->invoices[0].done[0].evidence, RG_EVIDENCE_DELIVERED);

    receipt.action = RG_STR("000000000000000000000000000000000000"); /* of nothing we know */
    receipt.id = RG_STR("r2");
    (void)put(b, &receipt);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 1);
}

/* ---- repeats ---- */

static void repeats_change_nothing(void **state)
{
    struct bench *b = *state;
    struct rg_event first = payment_of(b, D1, F1, "P1", 100), second = payment_of(b, D1, F1, "P2", 200);
    put_debt(b);
    (void)put_event(b, &first, 10);
    (void)put_event(b, &second, 11);
    bench_settle(b);
    struct rg_str before = rg_arena_str(b->arena, rg_fake_state_value(b->state, RG_STORE_DEBTOR, D1));
    (void)put_event(b, &first, 10);
    (void)put_event(b, &second, 11);
    first.payment = RG_STR("P9"); /* another content at an old place is still a repeat */
    (void)put_event(b, &first, 9);
    bench_settle(b);
    assert_int_equal(atomic_load(&b->counters.repeated), 3);
    assert_int_equal(atomic_load(&b->counters.repeated_of[0]), 3); /* of billing */
    assert_true(rg_str_eq(rg_fake_state_value(b->state, RG_STORE_DEBTOR, D1), before));
    assert_int_equal(rg_fake_state_pos(b->state)->ledger_next, rg_fake_stream_end(b->stream, LEDGER, b->p));
    (void)put_event(b, &first, 12);
    bench_settle(b);
    assert_int_equal(record_of(b, D1)->invoices[0].payment_count, 3);
}

static void repeats_within_one_batch_are_seen(void **state)
{
    struct bench *b = *state;
    struct rg_event payment = payment_of(b, D1, F1, "P1", 100);
    for (int i = 0; i < 3; i++)
        (void)put_event(b, &payment, 10);
    bench_settle(b);
    assert_int_equal(atomic_load(&b->counters.repeated), 2);
    assert_int_equal(rg_fake_state_pos(b->state)->origin_count, 1);
}

/* ---- bad input ---- */

static void bad_records_go_to_the_dead_letters(void **state)
{
    struct bench *b = *state;
    (void)append(b, LEDGER, b->p, RG_REC_EVENT, RG_STR(D1), RG_STR("{\"v\":1"), "billing:0:0:1:0");
    (void)append(b, LEDGER, b->p, RG_REC_CLAIM, RG_STR(D1), RG_STR("null"), NULL);
    (void)append(b, LEDGER, b->p, RG_REC_DECIDED, RG_STR(D1), RG_STR(""), NULL);
    (void)append(b, LEDGER, b->p, RG_REC_UNKNOWN, RG_STR(D1), RG_STR("{}"), NULL);
    struct rg_event nobody = event_of(b, RG_EV_DEBTOR_UPDATED, "x", NULL);
    (void)append(b, PEOPLE, b->p, RG_REC_UPDATE, RG_STR("k"), bytes_of(b, &nobody, true), "billing:0:0:2:3");
    b->upstream = 10;
    put_debt(b);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 5);
    assert_int_equal(atomic_load(&b->counters.dead), 5);
    assert_int_equal(record_of(b, D1)->invoice_count, 1); /* it harmed nobody else */
    struct rg_kafka_event letter;
    assert_true(rg_fake_stream_read(b->stream, DEAD, 0, 1, &letter));
    assert_true(rg_str_is(rg_kafka_event_header(&letter, "regua_reason"), RG_DEAD_BAD_JSON));
    struct rg_str detail = rg_kafka_event_header(&letter, "regua_detail");
    static const char published[] = "; published to source billing, partition 0, offset 1"; /* where upstream has to look */
    assert_true(detail.n > sizeof published && memcmp(detail.p + detail.n - (sizeof published - 1), published, sizeof published - 1) == 0);
    char from[64];
    (void)snprintf(from, sizeof from, LEDGER "/%d/0", b->p);
    assert_true(rg_str_is(rg_kafka_event_header(&letter, "regua_source"), from));
}

static void append_first(struct bench *b, const struct rg_event *event, struct rg_str first)
{
    const struct rg_kafka_header headers[] = {{RG_HEADER_KIND, rg_str(rg_kind_name(RG_REC_EVENT))}, {RG_HEADER_FIRST, first}};
    (void)rg_fake_stream_append(b->stream, &(struct rg_kafka_record){.topic = LEDGER, .partition = b->p, .key = RG_STR("k"),
                                                                     .value = bytes_of(b, event, false), .headers = headers,
                                                                     .headers_n = RG_COUNT(headers)});
}

static struct rg_str many(struct bench *b, size_t n)
{
    char *text = rg_arena_alloc(b->arena, n + 1);
    memset(text, 'x', n);
    return (struct rg_str){text, n};
}

/* Whoever else may write into our topics: each of these has killed the process, stopped the shard, or counted for something. */
static void records_of_others_harm_nobody(void **state)
{
    struct bench *b = *state;
    struct rg_event payment = payment_of(b, D1, F1, "P1", 100), nameless = payment_of(b, NULL, "F9", "P9", 100);
    struct rg_str pays = bytes_of(b, &payment, false), nobody = RG_STR("{\"v\":1,\"debtor\":\"\",\"fields\":{},\"notes\":[]}");
    struct rg_decision decision = {.debtor = RG_STR("")};
    const struct {
        const char *topic;
        enum rg_kind kind;
        struct rg_str key, value;
        const char *origin;
    } rows[] = {
        {LEDGER, RG_REC_MERGED, {0}, nobody, NULL},
        {LEDGER, RG_REC_MERGED, RG_STR(D1), nobody, NULL},
        {LEDGER, RG_REC_UPDATE, RG_STR(D1), pays, NULL},
        {PEOPLE, RG_REC_EVENT, RG_STR(D1), pays, NULL},
        {PEOPLE, RG_REC_MERGED, many(b, RG_ID_BYTES_MAX + 1), nobody, NULL},
        {PEOPLE, RG_REC_MERGED, RG_STR(""), nobody, NULL},
        {LEDGER, RG_REC_EVENT, RG_STR(D1), pays, "no origin"},
        {LEDGER, RG_REC_EVENT, RG_STR(D1), pays, "billing:0:0:1:0:"},
        {LEDGER, RG_REC_EVENT, RG_STR(D1), many(b, (size_t)5 * 1024 * 1024), NULL},
        {LEDGER, RG_REC_UNKNOWN, many(b, (size_t)5 * 1024 * 1024), pays, NULL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        (void)append(b, rows[i].topic, b->p, rows[i].kind, rows[i].key, rows[i].value, rows[i].origin);
    append_first(b, &nameless, many(b, 600000));
    (void)put_claim(b, &decision, 1);
    put_debt(b);
    bench_settle(b);
    assert_int_equal(rg_shard_state(b->shard), RG_SHARD_RUNNING);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), RG_COUNT(rows) + 2);
    assert_int_equal(record_of(b, D1)->invoice_count, 1);
    assert_int_equal(record_of(b, D1)->invoices[0].payment_count, 0);
    assert_null(rg_fake_state_value(b->state, RG_STORE_REFERENCE, "invoice:" NS ":F9").p);
    for (size_t i = 0; i < RG_COUNT(rows) + 2; i++) {
        struct rg_kafka_event letter;
        assert_true(rg_fake_stream_read(b->stream, DEAD, 0, (int64_t)i, &letter));
        assert_true(letter.key.n + letter.value.n < (size_t)1900 * 1024); /* what the topic takes, with its headers */
    }
}

static void put_rubbish(struct bench *b, size_t n, size_t bytes)
{
    struct rg_str rubbish = many(b, bytes);
    for (size_t i = 0; i < n; i++)
        (void)append(b, LEDGER, b->p, RG_REC_EVENT, RG_STR("k"), rubbish, NULL);
}

static void turn(struct bench *b, int turns)
{
    for (int i = 0; i < turns; i++) {
        bench_feed(b);
        (void)rg_shard_turn(b->shard, &b->world, rg_fake_stream_producer(b->stream));
    }
}

/* What cannot leave does not pile up: nothing is folded before some of it has left, and nothing is lost. */
static void the_outbox_stays_within_bounds(void **state)
{
    struct bench *b = *state;
    bench_settle(b);
    b->keep = true;
    put_rubbish(b, 40, 1000000);
    turn(b, 20);
    assert_in_range(out_count(b), 8, 17); /* 8 MiB, and one batch */
    assert_in_range(rg_shard_inbox(b->shard), 40 - 17, 40 - 8);
    assert_true(rg_shard_inbox_bytes(b->shard) > (size_t)(40 - 17) * 1000000);
    b->keep = false;
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 40);
    assert_int_equal(rg_shard_inbox_bytes(b->shard), 0);
    assert_int_equal(out_count(b), 0);
}

static void nothing_is_decided_while_the_outbox_is_full(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_to(b, "2026-10-29 07:59");
    b->keep = true;
    put_rubbish(b, 9, 1000000);
    turn(b, 4);
    assert_int_equal(rg_shard_inbox(b->shard), 0);
    b->world.now_ms = at("2026-10-29 12:00");
    bench_round(b);
    assert_int_equal(record_of(b, D1)->action_count, 0);
    b->keep = false;
    bench_settle(b);
    bench_round(b);
    assert_int_equal(record_of(b, D1)->action_count, 1);
}

/* Hundreds of large records would not fit into its memory. */
static void a_batch_is_bounded_in_bytes(void **state)
{
    struct bench *b = *state;
    bench_settle(b);
    put_rubbish(b, 12, 1500000);
    int commits = rg_fake_state_commits(b->state);
    turn(b, 1);
    assert_int_equal(rg_fake_state_commits(b->state), commits + 2); /* the note, and a batch */
    assert_int_equal(rg_shard_inbox(b->shard), 12 - 5);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 12);
}

static const char *stranger_name(int shard)
{
    static char name[16];
    for (int i = 0;; i++) {
        (void)snprintf(name, sizeof name, "S%d", i);
        if (rg_shard_of(rg_str(name), SHARDS) == shard)
            return name;
    }
}

/* An invoice whose reference lives in that shard, by its reference and its id. */
static const char *reference_at(int shard, const char **ret_invoice)
{
    static const char prefix[] = "invoice:" NS ":";
    static char ref[48];
    for (int i = 7;; i++) {
        (void)snprintf(ref, sizeof ref, "%sF%d", prefix, i);
        *ret_invoice = ref + sizeof prefix - 1;
        if (rg_shard_of(rg_str(ref), SHARDS) == shard)
            return ref;
    }
}

static void strangers_are_sent_home(void **state)
{
    struct bench *b = *state;
    int home = (b->p + 1) % SHARDS;
    const char *name = stranger_name(home);
    struct rg_event invoice = invoice_of(b, name, "F7", "2026-11-03", 100);
    int64_t offset = put(b, &invoice);
    bench_settle(b);
    assert_int_equal(atomic_load(&b->counters.strangers), 1);
    assert_null(rg_fake_state_value(b->state, RG_STORE_DEBTOR, name).p);
    assert_null(rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":F7").p);
    struct rg_kafka_event sent;
    assert_true(rg_str_is(kind_at(b, LEDGER, home, 0, &sent), "forwarded"));
    char origin[64];
    (void)snprintf(origin, sizeof origin, "ledger:0:%d:%lld:0", b->p, (long long)offset);
    assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_ORIGIN), origin));
    assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_FIRST), "billing:0:0:0:0"));
}

/* Neither is a payment kept waiting where nobody will ever say whose it is. */
static void strangers_without_a_debtor_are_sent_home_too(void **state)
{
    struct bench *b = *state;
    int home = (b->p + 1) % SHARDS;
    const char *invoice, *ref = reference_at(home, &invoice);
    struct rg_event payment = payment_of(b, NULL, invoice, "P1", 100);
    int64_t offset = put(b, &payment);
    (void)put_located(b, ref, D1, "billing:0:0:1:1");
    struct rg_event receipt = event_of(b, RG_EV_DELIVERY_RECEIPT, "receipt", NULL);
    char action[RG_ACTION_TEXT + 1];
    struct rg_action_id id = {{0, (uint8_t)home, 1}};
    rg_action_id_print(&id, action);
    receipt.action = rg_str(action);
    receipt.status = RG_FACT_DELIVERED;
    receipt.has |= RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_STATUS);
    (void)put_event(b, &receipt, 2);
    bench_settle(b);
    assert_int_equal(atomic_load(&b->counters.strangers), 3);
    assert_null(rg_fake_state_value(b->state, RG_STORE_REFERENCE, ref).p);
    assert_int_equal(rg_fake_stream_end(b->stream, DEAD, 0), 0);
    const struct {
        const char *kind, *first;
    } expected[] = {{"forwarded", "billing:0:0:0:0"}, {"located", "billing:0:0:1:1"}, {"forwarded", "billing:0:0:2:0"}};
    for (int i = 0; i < (int)RG_COUNT(expected); i++) {
        struct rg_kafka_event sent;
        char origin[64];
        (void)snprintf(origin, sizeof origin, "ledger:0:%d:%lld:0", b->p, (long long)offset + i);
        assert_true(rg_str_is(kind_at(b, LEDGER, home, i, &sent), expected[i].kind));
        assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_ORIGIN), origin));
        assert_true(rg_str_is(rg_kafka_event_header(&sent, RG_HEADER_FIRST), expected[i].first));
    }
}

/* Places of what a shard forwards only grow, or the receiver would take the earlier for a repeat. */
static void forwards_leave_in_the_order_of_their_places(void **state)
{
    struct bench *b = *state;
    int home = (b->p + 1) % SHARDS;
    const char *name = stranger_name(home);
    const char *invoice_id, *ref = reference_at(b->p, &invoice_id);
    struct rg_event nameless = payment_of(b, NULL, invoice_id, "P7", 100);
    (void)put(b, &nameless);
    (void)put_located(b, ref, name, "billing:0:1:5:1");
    struct rg_event invoice = invoice_of(b, name, "F8", "2026-11-03", 100);
    (void)put(b, &invoice);
    nameless.id = nameless.payment = RG_STR("P8");
    (void)put(b, &nameless);
    bench_settle(b);
    assert_int_equal(rg_fake_stream_end(b->stream, LEDGER, home), 3);
    int64_t last = -1;
    for (int64_t i = 0; i < 3; i++) {
        struct rg_kafka_event sent;
        struct rg_origin origin;
        assert_true(rg_fake_stream_read(b->stream, LEDGER, home, i, &sent));
        assert_int_equal(rg_origin_parse(rg_kafka_event_header(&sent, RG_HEADER_ORIGIN), &origin, NULL), 0);
        assert_true(origin.offset > last);
        last = origin.offset;
    }
}

/* A forward is seen by nobody before it stands in its partition: what the round itself made the shard release counts, too, and a
 * round that begins meanwhile neither forgets it nor puts it off. */
static void a_home_shard_has_seen_only_what_it_has_sent_on(void **state)
{
    struct bench *b = *state;
    int home = (b->p + 1) % SHARDS;
    const char *invoice, *ref = reference_at(b->p, &invoice);
    (void)put_located(b, ref, stranger_name(home), "billing:0:1:5:1");
    struct rg_event nameless = payment_of(b, NULL, invoice, "P7", 100);
    (void)put(b, &nameless);
    b->keep = true; /* Kafka does not answer yet */
    bench_round(b);
    assert_true(rg_fake_stream_waiting(b->stream) > 0);
    assert_int_equal(rg_shard_seen_ms(b->shard), -1);
    int64_t first_ms = b->world.now_ms;
    b->world.now_ms += 1000;
    bench_round(b);
    assert_int_equal(rg_shard_seen_ms(b->shard), -1);
    rg_fake_stream_deliver(b->stream, rg_fake_stream_waiting(b->stream));
    bench_settle(b);
    assert_int_equal(rg_shard_seen_ms(b->shard), first_ms);
    bench_round(b);
    assert_int_equal(rg_shard_seen_ms(b->shard), b->world.now_ms);
}

/* ---- charges ---- */

static void the_charge_of_the_latest_event_is_kept(void **state)
{
    struct bench *b = *state;
    struct rg_charge charge;
    put_debt(b);
    bench_settle(b);
    assert_int_equal(rg_charge_read(rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1), b->arena, &charge, NULL), 0);
    assert_true(rg_str_is(charge.pix_code, "0002012658"));
    assert_true(rg_str_is(charge.link, "https://pagar.example/1"));
    struct rg_event update = event_of(b, RG_EV_INVOICE_UPDATED, "u1", D1);
    update.invoice = RG_STR(F1);
    update.time_ms += 1000;
    update.pix_code = RG_STR("new");
    update.pix_until = update.boleto_until = RG_DAY_NONE;
    update.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PIX_CODE);
    update.null = RG_BIT(RG_F_LINK);
    (void)put(b, &update);
    struct rg_event older = update;
    older.id = RG_STR("u0");
    older.time_ms -= 500;
    older.pix_code = RG_STR("older");
    older.null = 0;
    (void)put(b, &older);
    bench_settle(b);
    assert_int_equal(rg_charge_read(rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1), b->arena, &charge, NULL), 0);
    assert_true(rg_str_is(charge.pix_code, "new"));
    assert_null(charge.link.p);
}

/* Two events of the same instant: the one that comes later has the word, and an issue that comes again has none. */
static bool has_charge(struct bench *b)
{
    return rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1).p != NULL;
}

/* Codes of invoices that were paid years ago would fill Redis: they go when no chargeback is to be expected any more. */
static void the_charge_of_a_closed_invoice_goes(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    bench_settle(b);
    rg_fake_state_elapse(b->state, 1000 * RG_MS_PER_DAY);
    assert_true(has_charge(b)); /* open */
    struct rg_event part = payment_of(b, D1, F1, "P0", 100);
    (void)put(b, &part);
    bench_settle(b);
    rg_fake_state_elapse(b->state, RG_CHARGE_TTL_MS + 1);
    assert_true(has_charge(b)); /* and still so */
    pay(b);
    bench_settle(b);
    rg_fake_state_elapse(b->state, RG_CHARGE_TTL_MS - 1);
    assert_true(has_charge(b));
    rg_fake_state_elapse(b->state, 2);
    assert_false(has_charge(b));
}

static void the_charge_of_an_invoice_closed_at_once_goes(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    pay(b);
    bench_settle(b); /* all in one batch */
    rg_fake_state_elapse(b->state, RG_CHARGE_TTL_MS - 1);
    assert_true(has_charge(b));
    rg_fake_state_elapse(b->state, 2);
    assert_false(has_charge(b));
}

static void the_charge_of_an_invoice_opened_again_stays(void **state)
{
    struct bench *b = *state;
    put_debt(b);
    pay(b);
    bench_settle(b);
    rg_fake_state_elapse(b->state, 90 * RG_MS_PER_DAY);
    struct rg_event back = payment_of(b, D1, F1, "P1", 15900);
    back.type = RG_EV_PAYMENT_REVERSED;
    back.id = RG_STR("back");
    (void)put(b, &back);
    bench_settle(b);
    rg_fake_state_elapse(b->state, 1000 * RG_MS_PER_DAY);
    assert_true(has_charge(b));
}

static void charges_and_records_agree_on_a_tie(void **state)
{
    struct rg_charge charge;
    for (int turn = 0; turn < 2; turn++) {
        struct bench *b = turn == 0 ? *state : bench_beside(*state, ((struct bench *)*state)->p);
        put_debt(b);
        for (int i = 0; i < 2; i++) {
            struct rg_event update = event_of(b, RG_EV_INVOICE_UPDATED, (i ^ turn) == 0 ? "a" : "b", D1);
            update.invoice = RG_STR(F1);
            update.time_ms += 1000;
            update.pix_until = update.boleto_until = RG_DAY_NONE;
            update.pix_code = update.id;
            update.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_PIX_CODE);
            (void)put(b, &update);
        }
        bench_settle(b);
        assert_int_equal(rg_charge_read(rg_fake_state_value(b->state, RG_STORE_INVOICE, NS ":" F1), b->arena, &charge, NULL), 0);
        assert_true(rg_str_is(charge.pix_code, turn == 0 ? "b" : "a"));
        if (turn == 1)
            bench_free(b);
    }
}

/* ---- personal data ---- */

/* An owner that is gone had one more merged record under way: it comes behind the later one, and compaction keeps the last. */
static void what_is_known_of_a_person_is_written_behind_what_came_late(void **state)
{
    struct bench *b = *state;
    struct rg_kafka_event record;
    put_person(b, D1);
    bench_settle(b);
    assert_true(rg_fake_stream_read(b->stream, PEOPLE, b->p, 1, &record));
    struct rg_str early = rg_arena_str(b->arena, record.value);
    b->world.now_ms += 1000;
    struct rg_event e = person_of(b, D1);
    e.name = RG_STR("Maria de Souza");
    char origin[64];
    (void)snprintf(origin, sizeof origin, "billing:0:0:%lld:%d", (long long)b->upstream++, RG_SUB_PEOPLE);
    (void)append(b, PEOPLE, b->p, RG_REC_UPDATE, rg_arena_printf(b->arena, D1 "/%s", origin), bytes_of(b, &e, true), origin);
    bench_settle(b);
    (void)append(b, PEOPLE, b->p, RG_REC_MERGED, RG_STR(D1), early, NULL);
    bench_settle(b);
    for (int64_t i = rg_fake_stream_end(b->stream, PEOPLE, b->p) - 1; i >= 0; i--) {
        assert_true(rg_fake_stream_read(b->stream, PEOPLE, b->p, i, &record));
        if (rg_str_is(record.key, D1))
            break;
    }
    assert_non_null(memmem(record.value.p, record.value.n, "Maria de Souza", 14));
}

static void updates_are_merged_and_removed(void **state)
{
    struct bench *b = *state;
    put_person(b, D1);
    bench_settle(b);
    assert_int_equal(count_kind(b, PEOPLE, b->p, RG_REC_MERGED), 1);
    struct rg_kafka_event record;
    assert_true(rg_fake_stream_read(b->stream, PEOPLE, b->p, 1, &record));
    assert_true(rg_str_is(record.key, D1));
    assert_true(rg_fake_stream_read(b->stream, PEOPLE, b->p, 2, &record));
    assert_true(rg_str_is(record.key, D1 "/billing:0:0:0:3"));
    assert_null(record.value.p);
    assert_int_equal(rg_fake_stream_end(b->stream, PEOPLE, b->p), 3); /* and reading that back writes no more */
    assert_int_equal(rg_fake_state_pos(b->state)->people_next, 3);
    assert_int_equal(rg_fake_stream_end(b->stream, LEDGER, b->p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(an_event_is_folded_and_decided_when_due),
        LIFE_TEST(the_decision_is_logged_before_its_action_leaves),
        LIFE_TEST(actions_under_way_are_summed_over_shards),
        LIFE_TEST(nothing_is_decided_before_upstream_is_known),
        LIFE_TEST(who_is_spoken_of_all_the_time_has_his_turn),
        LIFE_TEST(days_without_a_daemon_are_noticed),
        LIFE_TEST(days_without_a_daemon_are_noticed_behind_a_replay),
        LIFE_TEST(held_timers_do_not_act),
        LIFE_TEST(held_timers_hold_what_is_folded_too),
        LIFE_TEST(held_timers_do_not_hold_a_restore),
        LIFE_TEST(a_batch_costs_two_round_trips),
        LIFE_TEST(a_page_of_timers_costs_three),
        LIFE_TEST(a_payment_voids_what_is_queued),
        LIFE_TEST(a_payment_takes_back_what_has_not_left),
        LIFE_TEST(claim_and_outcome_move_the_action),
        LIFE_TEST(a_claim_after_the_payment_meets_nothing),
        LIFE_TEST(what_is_released_goes_out_again_with_its_old_id),
        LIFE_TEST(a_receipt_finds_its_debtor_by_its_action),
        LIFE_TEST(repeats_change_nothing),
        LIFE_TEST(repeats_within_one_batch_are_seen),
        LIFE_TEST(bad_records_go_to_the_dead_letters),
        LIFE_TEST(records_of_others_harm_nobody),
        LIFE_TEST(the_outbox_stays_within_bounds),
        LIFE_TEST(nothing_is_decided_while_the_outbox_is_full),
        LIFE_TEST(a_batch_is_bounded_in_bytes),
        LIFE_TEST(strangers_are_sent_home),
        LIFE_TEST(strangers_without_a_debtor_are_sent_home_too),
        LIFE_TEST(forwards_leave_in_the_order_of_their_places),
        LIFE_TEST(a_home_shard_has_seen_only_what_it_has_sent_on),
        LIFE_TEST(the_charge_of_the_latest_event_is_kept),
        LIFE_TEST(the_charge_of_a_closed_invoice_goes),
        LIFE_TEST(the_charge_of_an_invoice_closed_at_once_goes),
        LIFE_TEST(the_charge_of_an_invoice_opened_again_stays),
        LIFE_TEST(charges_and_records_agree_on_a_tie),
        LIFE_TEST(what_is_known_of_a_person_is_written_behind_what_came_late),
        LIFE_TEST(updates_are_merged_and_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
