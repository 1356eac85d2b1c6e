/* Folding: duplicates and disorder change nothing; claims, outcomes and recalls act on exactly what stands. */
#include "tests/unit/daemon/rules/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#define EVENTS_MAX 64
#define ROUNDS 400

/* xorshift: the same seeds everywhere. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct rg_event random_event(struct rg_arena *arena, uint64_t *seed, int index)
{
    static const enum rg_event_type types[] = {
        RG_EV_INVOICE_ISSUED, RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_VOIDED, RG_EV_INVOICE_REOPENED, RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_SETTLED,
        RG_EV_PAYMENT_REVERSED, RG_EV_CREDIT_APPLIED, RG_EV_DEBTOR_UPDATED, RG_EV_DEBTOR_OPTED_OUT, RG_EV_DEBTOR_OPTED_IN, RG_EV_DEBTOR_HELD,
        RG_EV_DEBTOR_RELEASED, RG_EV_DEBTOR_PROTECTED, RG_EV_DISPUTE_OPENED, RG_EV_DISPUTE_CLOSED, RG_EV_PROMISE_MADE, RG_EV_PROMISE_WITHDRAWN,
        RG_EV_PAYMENT_SCHEDULED, RG_EV_PAYMENT_FAILED,
    };
    struct rg_event e = {.type = types[next(seed) % RG_COUNT(types)], .id = rg_arena_printf(arena, "e%d", index), .source = RG_STR("s"),
                         .time_ms = at("2026-10-01") + (int64_t)(next(seed) % 40) * RG_MS_PER_DAY + index, .ns = RG_STR("n"), .debtor = RG_STR("D1"),
                         .has = RG_BIT(RG_F_DEBTOR)};
    bool about_debtor = e.type >= RG_EV_DEBTOR_UPDATED && e.type <= RG_EV_DEBTOR_PROTECTED;
    bool promise = e.type == RG_EV_PROMISE_MADE || e.type == RG_EV_PROMISE_WITHDRAWN;
    if (!about_debtor && !promise && !(e.type == RG_EV_CREDIT_APPLIED && next(seed) % 2 == 0)) {
        e.invoice = next(seed) % 2 == 0 ? RG_STR("F1") : RG_STR("F2");
        e.has |= RG_BIT(RG_F_INVOICE);
    }
    e.amount_cents = 100 * (int64_t)(1 + next(seed) % 50);
    e.has |= RG_BIT(RG_F_AMOUNT);
    if (next(seed) % 4 != 0) {
        e.payment = next(seed) % 2 == 0 ? RG_STR("P1") : RG_STR("P2");
        e.has |= RG_BIT(RG_F_PAYMENT);
    }
    e.due_on = rg_day_of(2026, 11, 1 + (int)(next(seed) % 5));
    e.pay_on = rg_day_of(2026, 12, 1);
    e.on = rg_day_of(2026, 11, 20);
    e.has |= RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_ON);
    e.channel = next(seed) % 2 == 0 ? RG_STR("email") : RG_STR("sms");
    e.tier = rg_arena_printf(arena, "tier%d", index);
    e.protection = (int)(next(seed) % RG_PROTECT_COUNT);
    e.has |= RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_TIER) | RG_BIT(RG_F_PROTECTION);
    if (e.type == RG_EV_DEBTOR_HELD || e.type == RG_EV_DEBTOR_RELEASED)
        e.has &= ~RG_BIT(RG_F_INVOICE);
    return e;
}

/* What of a record must not depend on the order in which its facts came. */
static struct rg_str facts_of(const struct rg_record *record, struct rg_arena *arena)
{
    struct rg_buf buf;
    int64_t until = 0;
    rg_buf_init(&buf, 8192);
    rg_buf_addf(&buf, "tier " RG_STR_FMT " held %d email %d sms %d protected %d promise %d\n", RG_STR_ARG(record->tier),
                rg_record_held(record, NULL, 1, &until), rg_record_opted_out(record, RG_STR("email")), rg_record_opted_out(record, RG_STR("sms")),
                (int)record->protection, record->promise_on);
    for (int i = 1; i <= 2; i++) {
        const struct rg_invoice *v = rg_record_invoice(record, RG_STR("n"), i == 1 ? RG_STR("F1") : RG_STR("F2"));
        if (v == NULL)
            continue;
        rg_buf_addf(&buf, "F%d issued %d due %d amount %lld balance %lld cycle %d state %d disputed %d debit %d paid %d\n", i, v->issued, v->due_on,
                    (long long)v->amount_cents, (long long)rg_record_balance_cents(record, v), rg_invoice_cycle(v), (int)v->state, v->disputed,
                    v->debit_on, rg_record_paid(record, v, 1));
    }
    struct rg_str text = rg_arena_str(arena, rg_buf_str(&buf));
    rg_buf_done(&buf);
    return text;
}

static void fold_all(struct rg_record *record, const struct rg_event *events, const int *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct rg_fact_record fact = {.offset = (int64_t)i, .event = &events[order[i]]};
        (void)rg_record_apply(record, &fact, NULL);
    }
}

/* Every event twice, at another place, in any order: the same facts. Only which of two stands later matters, where they have the
 * same time; so these have none. */
static void test_disorder_and_repeats(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t seed = round * UINT64_C(0x9e3779b97f4a7c15);
        struct rg_arena *arena = rg_arena_new((size_t)64 * 1024 * 1024);
        struct rg_event events[EVENTS_MAX];
        int order[2 * EVENTS_MAX];
        size_t count = 2 + next(&seed) % (EVENTS_MAX - 2);
        for (size_t i = 0; i < count; i++) {
            events[i] = random_event(arena, &seed, (int)i);
            order[i] = (int)i;
        }
        struct rg_record *plain = rg_record_new(arena, RG_STR("D1")), *shuffled = rg_record_new(arena, RG_STR("D1"));
        fold_all(plain, events, order, count);
        for (size_t i = 0; i < count; i++)
            order[count + i] = (int)i;
        for (size_t i = 2 * count - 1; i > 0; i--) {
            size_t k = next(&seed) % (i + 1);
            int swapped = order[i];
            order[i] = order[k];
            order[k] = swapped;
        }
        fold_all(shuffled, events, order, 2 * count);
        struct rg_str a = facts_of(plain, arena), b = facts_of(shuffled, arena);
        if (!rg_str_eq(a, b))
            fail_msg("seed %llu:\n%s---\n%s", (unsigned long long)round, a.p, b.p);
        rg_arena_free(&arena);
    }
}

/* ---- events of the same second ---- */

/* One word of an event: i issued, u updated, v voided, r reopened, h held, l released, o opted out, n opted in, d disputed, c closed,
 * p promised, w withdrawn, s scheduled, f failed, t debtor.updated, g protected; and a number, which is its value and its id. All at
 * the same time, in the order of the ledger. */
static struct rg_event word_of(struct rg_arena *arena, const char *word)
{
    static const char letters[] = "iuvrhlondcpwsftg";
    static const enum rg_event_type types[] = {
        RG_EV_INVOICE_ISSUED, RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_VOIDED, RG_EV_INVOICE_REOPENED, RG_EV_DEBTOR_HELD, RG_EV_DEBTOR_RELEASED,
        RG_EV_DEBTOR_OPTED_OUT, RG_EV_DEBTOR_OPTED_IN, RG_EV_DISPUTE_OPENED, RG_EV_DISPUTE_CLOSED, RG_EV_PROMISE_MADE, RG_EV_PROMISE_WITHDRAWN,
        RG_EV_PAYMENT_SCHEDULED, RG_EV_PAYMENT_FAILED, RG_EV_DEBTOR_UPDATED, RG_EV_DEBTOR_PROTECTED,
    };
    int value = atoi(word + 1);
    struct rg_event e = {.type = types[strchr(letters, word[0]) - letters], .id = rg_arena_str(arena, rg_str(word)), .source = RG_STR("s"),
                         .time_ms = at("2026-10-01"), .ns = RG_STR("n"), .debtor = RG_STR("D1"), .invoice = RG_STR("F1"), .channel = RG_STR("email")};
    e.amount_cents = 100 * value;
    e.due_on = rg_day_of(2026, 11, 3);
    e.pay_on = e.on = rg_day_of(2026, 12, value);
    e.tier = e.id;
    e.protection = value % RG_PROTECT_COUNT;
    e.has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_ON) | RG_BIT(RG_F_TIER) | RG_BIT(RG_F_PROTECTION);
    if (strchr("iu", word[0]) != NULL)
        e.has |= RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON);
    if (strchr("iuvrdcsf", word[0]) != NULL)
        e.has |= RG_BIT(RG_F_INVOICE);
    return e;
}

/* A source that counts in seconds says several things within one. */
static void test_events_of_the_same_second(void **state)
{
    (void)state;
    static const struct {
        const char *words, *expected; /* what of facts_of is looked for */
    } rows[] = {
        {"i1", "amount 100 "},
        {"i1 u2", "amount 200 "},
        {"i1 u2 u3", "amount 300 "},
        {"i1 u3 u2", "amount 200 "},
        {"u2 i1", "amount 200 "},      /* the update was heard of first */
        {"i1 u2 i1", "amount 200 "},   /* the issue comes again, at a new place */
        {"i1 u2 i1 i4", "amount 200 "},
        {"i1 i2", "amount 200 "},      /* issued anew: the later word */
        {"i1 u2 u3 u3", "amount 300 "}, /* the event that holds the group comes again */
        {"i1 v1", "state 1 "},
        {"i1 v1 r1", "state 0 "},
        {"i1 r1 v1", "state 1 "},
        {"i1 r1 v1 r1", "state 1 "},   /* a reopening that is known has had its say */
        {"i1 r1 v1 r2", "state 0 "},
        {"i1 r1 v1 r1", "cycle 2 "},
        {"i1 r1 r2", "cycle 3 "},
        {"h1 l1", "held 0 "},
        {"l1 h1", "held 1 "},
        {"o1 n1", "email 0 "},
        {"n1 o1", "email 1 "},
        {"i1 d1 c1", "disputed 0 "},
        {"i1 c1 d1", "disputed 1 "},
        {"p5 w1", "promise -2147483648"},
        {"p5 p7", "promise 20794"},
        {"p7 p5", "promise 20792"},
        {"i1 s5 f1", "debit -2147483648 "},
        {"i1 f1 s5", "debit 20792 "},
        {"t1 t2", "tier t2 "},
        {"t2 t1", "tier t1 "},
        {"g1 g0", "protected 0 "},
        {"g0 g1", "protected 1 "},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new((size_t)4 * 1024 * 1024);
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        for (const char *word = rows[i].words; word != NULL; word = strchr(word, ' ')) {
            word += *word == ' ';
            char copy[8] = {0};
            memcpy(copy, word, strcspn(word, " "));
            struct rg_event e = word_of(arena, copy);
            const struct rg_fact_record fact = {.offset = (int64_t)i, .event = &e};
            assert_int_equal(rg_record_apply(record, &fact, NULL), RG_FOLD_CHANGED);
        }
        struct rg_str facts = facts_of(record, arena);
        if (strstr(facts.p, rows[i].expected) == NULL)
            fail_msg("%s: expected %s\n%s", rows[i].words, rows[i].expected, facts.p);
        rg_arena_free(&arena);
    }
}

/* The amount is set in the second in which a dispute ends for the debtor: what was said last is not known, so he owes nothing. */
static void test_an_accepted_dispute_of_the_same_second(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new((size_t)4 * 1024 * 1024);
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    static const char *const words[] = {"i1", "c1", "u2"};
    for (size_t i = 0; i < RG_COUNT(words); i++) {
        struct rg_event e = word_of(arena, words[i]);
        e.result = RG_STR("accepted");
        e.has |= RG_BIT(RG_F_RESULT);
        const struct rg_fact_record fact = {.offset = (int64_t)i, .event = &e};
        (void)rg_record_apply(record, &fact, NULL);
    }
    assert_true(rg_invoice_excused(&record->invoices[0]));
    struct rg_event later = word_of(arena, "u3");
    later.time_ms++;
    const struct rg_fact_record fact = {.offset = 9, .event = &later};
    (void)rg_record_apply(record, &fact, NULL);
    assert_false(rg_invoice_excused(&record->invoices[0]));
    rg_arena_free(&arena);
}

static struct rg_event money_of(struct rg_arena *arena, enum rg_event_type type, const char *id, const char *when, int64_t cents)
{
    return (struct rg_event){.type = type, .id = rg_arena_str(arena, rg_str(id)), .source = RG_STR("s"), .time_ms = at(when), .ns = RG_STR("n"), .debtor = RG_STR("D1"),
                             .invoice = RG_STR("F1"), .amount_cents = cents, .has = RG_BIT(RG_F_DEBTOR) | RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT)};
}

/* The same money confirmed and settled, neither with an id: counted once, in whatever order, also beside another payment of the same
 * amount long before. */
static void test_unnamed_payments_merge_in_any_order(void **state)
{
    (void)state;
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 0, 1, 3}, {1, 3, 0, 2}, {3, 0, 2, 1}};
    struct rg_arena *arena = rg_arena_new((size_t)16 * 1024 * 1024);
    const struct rg_event events[] = {
        money_of(arena, RG_EV_PAYMENT_CONFIRMED, "old", "2026-01-05", 5000), money_of(arena, RG_EV_PAYMENT_CONFIRMED, "new", "2026-03-01", 5000),
        money_of(arena, RG_EV_PAYMENT_SETTLED, "money", "2026-03-03", 5000), money_of(arena, RG_EV_PAYMENT_SETTLED, "far", "2026-06-01", 5000)};
    for (size_t i = 0; i < RG_COUNT(orders); i++) {
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        fold_all(record, events, orders[i], RG_COUNT(events));
        assert_int_equal(rg_invoice_received_cents(&record->invoices[0]), 15000); /* old, new with its money, far */
    }
    rg_arena_free(&arena);
}

/* Whatever grows with what comes from outside has an end, and his record can still be read. */
static void test_lists_from_outside_end(void **state)
{
    (void)state;
    static const enum rg_event_type types[] = {RG_EV_INVOICE_UPDATED, RG_EV_INVOICE_REOPENED, RG_EV_CREDIT_APPLIED, RG_EV_DEBTOR_OPTED_OUT, RG_EV_DEBTOR_HELD,
                                               RG_EV_PAYMENT_CONFIRMED};
    for (size_t t = 0; t < RG_COUNT(types) * 2; t++) {
        struct rg_arena *arena = rg_arena_new((size_t)64 * 1024 * 1024);
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        for (int i = 0; i < 5000; i++) {
            struct rg_event e = money_of(arena, types[t / 2], "e", "2026-01-05", 1);
            e.id = rg_arena_printf(arena, "%d", i);
            e.channel = e.id;
            e.due_on = rg_day_of(2026, 1, 1) + i;
            e.has |= RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_CHANNEL);
            if (t % 2 == 1)
                e.has &= ~RG_BIT(RG_F_INVOICE);
            if (types[t / 2] == RG_EV_DEBTOR_HELD)
                e.invoice = e.id;
            struct rg_fact_record fact = {.offset = i, .event = &e};
            (void)rg_record_apply(record, &fact, NULL);
        }
        size_t longest = record->optout_count;
        const size_t counts[] = {record->credit_count, record->hold_count, record->invoice_count > 0 ? record->invoices[0].due_day_count : 0,
                                 record->invoice_count > 0 ? record->invoices[0].credit_count : 0,
                                 record->invoice_count > 0 ? record->invoices[0].reopening_count : 0,
                                 record->invoice_count > 0 ? record->invoices[0].payment_count : 0};
        for (size_t i = 0; i < RG_COUNT(counts); i++)
            longest = counts[i] > longest ? counts[i] : longest;
        assert_true(longest <= 64);
        rg_arena_free(&arena);
    }
}

/* An invoice with one queued reminder. */
static void begin(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-28 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
    p->hold_claims = true;
    play_to(p, "2026-10-29 12:00");
    assert_int_equal(p->record->action_count, 1);
}

static enum rg_folded claim(struct play *p, const struct rg_decision *d, uint8_t mark)
{
    struct rg_claim c = {.action = d->action, .debtor = d->debtor, .valid_ms = 60000};
    c.claim.b[0] = mark;
    struct rg_fact_record fact = {.offset = p->offset++, .claim = &c};
    return rg_record_apply(p->record, &fact, NULL);
}

static enum rg_folded outcome(struct play *p, const struct rg_decision *d, uint8_t mark, enum rg_verdict verdict)
{
    struct rg_outcome o = {.action = d->action, .claim_offset = -1, .debtor = d->debtor, .step = d->step, .channel = d->channel, .repetition = d->repetition,
                           .attempt = d->attempt, .invoices = d->invoices, .invoice_count = d->invoice_count, .verdict = verdict, .at_ms = p->now_ms};
    o.claim.b[0] = mark;
    struct rg_fact_record fact = {.offset = p->offset++, .outcome = &o};
    return rg_record_apply(p->record, &fact, NULL);
}

static void test_claims_meet_queued_only(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    assert_int_equal(claim(&p, &d, 2), RG_FOLD_NOTHING);
    assert_int_equal(p.record->actions[0].claim.b[0], 1);
    assert_int_equal(outcome(&p, &d, 2, RG_VERDICT_RELEASED), RG_FOLD_NOTHING); /* not the claim that stands */
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
    assert_int_equal(p.record->actions[0].state, RG_ACTION_QUEUED);
    assert_int_equal(p.record->actions[0].releases, 2);
    assert_int_equal(claim(&p, &d, 3), RG_FOLD_CHANGED);
    assert_int_equal(outcome(&p, &d, 3, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
    assert_int_equal(p.record->action_count, 0);
    assert_int_equal(claim(&p, &d, 4), RG_FOLD_NOTHING);
    play_end(&p);
}

/* Payment and claim: the one that stands first in the ledger wins. */
/* When the owner may say that it is in doubt. */
static void test_a_claim_has_an_end(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms, valid_ms, over_ms;
    } rows[] = {
        {1000, 60000, 61000}, {1000, 0, 1000}, {-1, 60000, 60000}, {1000, -5, 1000}, {1000, INT64_MAX, 1000 + RG_MS_PER_DAY},
        {INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN, 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct play p;
        begin(&p);
        const struct rg_claim c = {.action = p.record->actions[0].decision.action, .debtor = p.record->debtor,
                                   .at_ms = rows[i].at_ms, .valid_ms = rows[i].valid_ms, .claim = {{1}}};
        const struct rg_fact_record fact = {.offset = 7, .claim = &c};
        assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
        assert_int_equal(p.record->actions[0].claim_over_ms, rows[i].over_ms);
        play_end(&p);
    }
}

/* What was on its way about a claim says nothing of what is queued again. */
static void test_given_back_it_may_be_called_back(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    p.record->actions[0].recalling = true;
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
    assert_false(p.record->actions[0].recalling);
    play_end(&p);
}

static void test_payment_against_claim(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    assert_int_equal(p.record->action_count, 1); /* in a sender's hands: only its outcome ends it */
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
    assert_int_equal(p.record->action_count, 0); /* given back: the gates run again, and it is void */
    play_end(&p);
    begin(&p);
    d = p.record->actions[0].decision;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_NOTHING);
    play_end(&p);
}

/* A ledger read again from its beginning gives what stood there, and decides nothing anew. */
static void test_decided_is_remembered(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    struct rg_fact_record fact = {.offset = 77, .decided = &d};
    assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
    assert_int_equal(p.record->action_count, 1);
    assert_int_equal(p.record->actions[0].logged_offset, 77);
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
    assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED); /* a zombie's repeat */
    assert_int_equal(p.record->action_count, 0);
    play_end(&p);
}

/* Folded behind a payment, a decision is void at once: the same answer as where it had been queued before. */
static void test_decided_behind_payment(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    struct rg_record *again = rg_record_new(p.arena, RG_STR("D1"));
    p.record = again;
    p.due_ms = RG_NEVER;
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 15900);
    struct rg_fact_record fact = {.offset = 99, .decided = &d};
    (void)rg_record_apply(p.record, &fact, NULL);
    assert_int_equal(p.record->action_count, 0);
    const struct rg_done *done = rg_invoice_done(&p.record->invoices[0], d.step, d.repetition, 1);
    assert_non_null(done);
    assert_int_equal(done->state, RG_DONE_VOIDED);
    play_end(&p);
}

static void test_recalls_meet_queued_only(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    struct rg_recalled recalled = {.action = d.action, .debtor = d.debtor, .gate = RG_GATE_STOPPED};
    struct rg_fact_record fact = {.offset = 5, .recalled = &recalled};
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_NOTHING);
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
    assert_int_equal(rg_record_apply(p.record, &fact, NULL), RG_FOLD_CHANGED);
    assert_int_equal(p.record->action_count, 0);
    play_end(&p);
}

/* A recall that came behind a claim meets nothing; when the claim is given back the action can be called back again. */
static void test_a_recall_that_came_late_is_forgotten(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    p.stopped = true;
    play_look(&p);
    assert_true(p.record->actions[0].recalling);
    struct rg_recalled recalled = {.action = d.action, .debtor = d.debtor, .gate = RG_GATE_STOPPED};
    struct rg_fact_record fact = {.offset = 5, .recalled = &recalled};
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    (void)rg_record_apply(p.record, &fact, NULL);
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_RELEASED), RG_FOLD_CHANGED);
    assert_int_equal(p.record->action_count, 1);
    assert_false(p.record->actions[0].recalling);
    play_end(&p);
}

/* A discount that is heard of after the payment: he has paid, though the balance is what the message says. */
static void test_a_late_discount_voids(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    p.hold_claims = true;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 13000);
    assert_int_equal(p.record->action_count, 1);
    assert_int_equal(p.record->actions[0].decision.amount_cents, 2900);
    struct rg_event e = play_event(&p, RG_EV_INVOICE_UPDATED, "discount");
    e.invoice = RG_STR("F1");
    e.discount_count = 1;
    e.discounts[0] = (struct rg_discount){.amount_cents = 2900, .until = rg_day_of(2026, 11, 3)};
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_DISCOUNTS);
    play_fold(&p, &e, false);
    assert_int_equal(p.record->action_count, 0);
    play_end(&p);
}

static void test_receipts_only_rise(void **state)
{
    (void)state;
    struct play p;
    begin(&p);
    struct rg_decision d = p.record->actions[0].decision;
    assert_int_equal(claim(&p, &d, 1), RG_FOLD_CHANGED);
    assert_int_equal(outcome(&p, &d, 1, RG_VERDICT_ACCEPTED), RG_FOLD_CHANGED);
    play_receipt(&p, "lembrete", RG_FACT_READ);
    play_receipt(&p, "lembrete", RG_FACT_DELIVERED);
    const struct rg_done *done = rg_invoice_done(&p.record->invoices[0], d.step, 1, 1);
    assert_int_equal(done->evidence, RG_EVIDENCE_READ);
    play_receipt(&p, "lembrete", RG_FACT_BOUNCED);
    done = rg_invoice_done(&p.record->invoices[0], d.step, 1, 1);
    assert_int_equal(done->state, RG_DONE_SENT); /* what was read did arrive */
    play_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disorder_and_repeats), cmocka_unit_test(test_events_of_the_same_second),
        cmocka_unit_test(test_an_accepted_dispute_of_the_same_second),
        cmocka_unit_test(test_unnamed_payments_merge_in_any_order), cmocka_unit_test(test_lists_from_outside_end),
        cmocka_unit_test(test_a_recall_that_came_late_is_forgotten), cmocka_unit_test(test_a_late_discount_voids), cmocka_unit_test(test_claims_meet_queued_only), cmocka_unit_test(test_a_claim_has_an_end),
        cmocka_unit_test(test_given_back_it_may_be_called_back), cmocka_unit_test(test_payment_against_claim),
        cmocka_unit_test(test_decided_is_remembered), cmocka_unit_test(test_decided_behind_payment), cmocka_unit_test(test_recalls_meet_queued_only),
        cmocka_unit_test(test_receipts_only_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
