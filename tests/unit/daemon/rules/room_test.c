/* Records at their limits: what is over is forgotten, closed invoices make room, nothing of a payment is lost, and nobody owes
 * again what he has paid. */
#include "daemon/rules/look.h"

#include "brazil/days/bank.h"
#include "daemon/rules/note.h"
#include "daemon/state/codec.h"
#include "tests/unit/daemon/rules/play.h"
#include "tests/unit/support/cmocka.h"

#include <stdlib.h>

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

static struct rg_arena *arena;
static int64_t offset;

static int make_arena(void **state)
{
    (void)state;
    arena = rg_arena_new(ARENA_BYTES);
    offset = 0;
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static size_t stored_bytes(const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_error err = {0};
    rg_buf_init(&buf, 2 * RG_RECORD_STORED_MAX);
    if (rg_record_encode(record, &buf, &err) < 0)
        fail_msg("%s", err.text);
    return buf.len;
}

/* ---- facts ---- */

static struct rg_event event_of(enum rg_event_type type, const char *invoice, int64_t time_ms)
{
    struct rg_event e = {.type = type, .id = rg_arena_printf(arena, "%s-%d", invoice, (int)type), .source = RG_STR("billing"),
                         .time_ms = time_ms, .ns = RG_STR("provedor"), .debtor = RG_STR("D1"), .has = RG_BIT(RG_F_DEBTOR)};
    if (invoice[0] != '\0') {
        e.invoice = rg_arena_str(arena, rg_str(invoice));
        e.has |= RG_BIT(RG_F_INVOICE);
    }
    return e;
}

static enum rg_folded fold(struct rg_record *record, const struct rg_event *e)
{
    struct rg_error why = {0};
    const struct rg_fact_record fact = {.offset = offset++, .event = e};
    enum rg_folded folded = rg_record_apply(record, &fact, &why);
    assert_true(folded != RG_FOLD_CONFLICT || why.text[0] != '\0');
    return folded;
}

static struct rg_event issued(const char *invoice, rg_day due_on, int64_t cents)
{
    struct rg_event e = event_of(RG_EV_INVOICE_ISSUED, invoice, ((int64_t)due_on - 20) * RG_MS_PER_DAY);
    e.due_on = due_on;
    e.amount_cents = cents;
    e.service = RG_STR("internet");
    e.has |= RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_SERVICE);
    return e;
}

static struct rg_event money(enum rg_event_type type, const char *invoice, const char *payment, rg_day on, int64_t cents)
{
    struct rg_event e = event_of(type, invoice, (int64_t)on * RG_MS_PER_DAY + RG_MS_PER_DAY / 2);
    e.id = rg_arena_printf(arena, "%s-%s-%d", invoice, payment, (int)type);
    e.payment = rg_arena_str(arena, rg_str(payment));
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
    return e;
}

static struct rg_invoice *invoice_of(const struct rg_record *record, const char *id)
{
    return rg_record_invoice(record, RG_STR("provedor"), rg_str(id));
}

static bool owed(const struct rg_record *record, const struct rg_invoice *v)
{
    return v->issued && v->state == RG_INVOICE_OPEN && !rg_record_paid(record, v, 1);
}

static size_t count_owed(const struct rg_record *record)
{
    size_t n = 0;
    for (size_t i = 0; i < record->invoice_count; i++)
        n += owed(record, &record->invoices[i]);
    return n;
}

static const char *name_of(const char *prefix, int i)
{
    return rg_arena_printf(arena, "%s%05d", prefix, i).p;
}

/* ---- history, as conditions see it ---- */

static const char asking[] = "language: 1\nladder: curta\ntitle: Curta\nowner: a@b.example\npriority: 10\ncalendar: br-generico\nmode: live\nsteps:\n"
                             "  a: { day: D+1, tone: reminder, via: [email], template: atraso, when: history.on_time_streak == 1000000 }\n"
                             "  b: { day: D+2, tone: reminder, via: [email], template: atraso, when: history.late_12m == 1000000 }\n"
                             "  c: { day: D+3, tone: reminder, via: [email], template: atraso, when: history.unpaid_12m == 1000000 }\n"
                             "  d: { day: D+4, tone: reminder, via: [email], template: atraso, when: history.paid_percent == 1000000 }\n"
                             "  e: { day: D+5, tone: reminder, via: [email], template: atraso, when: history.chargebacks_12m == 1000000 }\n"
                             "templates:\n  atraso: \"{{nome}}, {{valor}}. {{> credor}}\"\n";
enum fact { STREAK, LATE, UNPAID, PERCENT, CHARGEBACKS, FACT_COUNT };

static void ask_history(const struct rg_rules *rules, struct rg_record *record, rg_day today, int64_t ret[FACT_COUNT])
{
    struct rg_decided out = {0};
    const struct rg_zone *zone = rg_zone_of_state(RG_STR("SP"));
    const struct rg_world world = {.now_ms = rg_instant_at(zone, today, 12 * 60), .all_known = true};
    struct rg_look look = {.rules = rules, .world = &world, .record = record, .out = &out, .explain = true, .zone = zone,
                           .now = rg_local_at(zone, world.now_ms)};
    for (int i = 0; i < FACT_COUNT; i++) {
        struct rg_str why = {0};
        const struct rg_step *step = &rules->ladders[0].steps[i];
        for (size_t k = 0; k < RG_COUNT(step->when); k++)
            if (step->when[k] != NULL)
                (void)rg_look_test(&look, &record->invoices[0], step->when[k], &why);
        const char *value = strstr(why.p, ": ");
        assert_non_null(value);
        ret[i] = strtoll(value + 2, NULL, 10);
    }
}

/* ---- what is over is forgotten ---- */

static void settle(struct play *p, const char *id, const char *on, int64_t cents)
{
    play_to(p, on);
    play_money(p, RG_EV_PAYMENT_CONFIRMED, id, id, cents);
}

/* A good customer, five years of monthly invoices, each paid on its day after a reminder or two. */
static void test_five_years_of_a_good_customer(void **state)
{
    (void)state;
    struct play p;
    size_t most = 0, full = 0;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    for (int month = 0; month < 60; month++) {
        rg_day due = rg_day_of(2026 + (10 + month) / 12, 1 + (10 + month) % 12, 10);
        char id[32], day[RG_DAY_TEXT_MAX];
        (void)snprintf(id, sizeof id, "pay_0802259132%02d", month);
        rg_day_format(due - 10, day);
        play_to(&p, day);
        p.line_count = p.skip_count = 0;
        rg_day_format(due, day);
        play_invoice(&p, id, day, 15900);
        settle(&p, id, day, 15900);
        if (p.record->invoices[p.record->invoice_count - 1].done_count > 0)
            full++;
        size_t bytes = stored_bytes(p.record);
        most = bytes > most ? bytes : most;
    }
    assert_int_equal(p.record->invoice_count, 60);
    assert_int_equal(full, 60); /* each was spoken of */
    size_t steps = 0, kept = 0;
    for (size_t i = 0; i < 60; i++) {
        for (size_t k = 0; k < p.record->invoices[i].done_count; k++) {
            steps++;
            kept += p.record->invoices[i].done[k].at_ms != 0;
        }
    }
    print_message("five years: %zu bytes with 60 invoices, %zu steps of which %zu in full, at most %zu bytes on the way\n",
                  stored_bytes(p.record), steps, kept, most);
    assert_true(kept <= 10);
    assert_true(most <= 2600);
    play_end(&p);
}

/* An invoice paid months ago, of which only the money is known, is owed again by a chargeback: what was said is not said again, what
 * must be given again is given. */
static void test_a_late_chargeback_opens_it_again(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    settle(&p, "F1", "2026-11-06 10:00", 15900);
    size_t in_full = p.record->invoices[0].done_count;
    play_to(&p, "2027-02-20 09:00");
    play_invoice(&p, "F2", "2027-03-02", 15900); /* something is done for him again, which dates the forgetting */
    play_to(&p, "2027-03-01 12:00");
    settle(&p, "F2", "2027-03-01 13:00", 15900);
    const struct rg_invoice *v = rg_record_invoice(p.record, RG_STR("provedor"), RG_STR("F1"));
    assert_true(in_full > 0 && v->done_count > 0);
    for (size_t i = 0; i < v->done_count; i++)
        assert_true(v->done[i].at_ms == 0 && v->done[i].state == RG_DONE_SENT);
    struct rg_event again = play_event(&p, RG_EV_INVOICE_ISSUED, "F1"); /* the old facts come once more, at a new place */
    again.time_ms = at("2026-10-20 09:00");
    again.invoice = RG_STR("F1");
    again.amount_cents = 15900;
    again.due_on = rg_day_of(2026, 11, 3);
    again.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON);
    play_fold(&p, &again, false);
    p.line_count = 0;
    play_to(&p, "2027-03-10 12:00");
    assert_int_equal(p.line_count, 0);
    play_money(&p, RG_EV_PAYMENT_REVERSED, "F1", "F1", 15900);
    v = rg_record_invoice(p.record, RG_STR("provedor"), RG_STR("F1"));
    assert_int_equal(rg_invoice_cycle(v), 2);
    assert_int_equal(rg_record_balance_cents(p.record, v), 15900);
    play_to(&p, "2027-04-10 12:00");
    assert_non_null(play_find(&p, "aviso_suspensao"));
    assert_null(play_find(&p, "lembrete"));
    assert_null(play_find(&p, "atraso"));
    play_end(&p);
}

static void cost(struct play *p, const char *id, int64_t cents)
{
    struct rg_event e = play_event(p, RG_EV_INVOICE_UPDATED, id);
    e.invoice = RG_STR("F1");
    e.amount_cents = cents;
    e.has |= RG_BIT(RG_F_INVOICE) | RG_BIT(RG_F_AMOUNT);
    play_fold(p, &e, false);
}

static struct rg_done latest_of(const struct play *p, const char *step)
{
    const struct rg_invoice *v = invoice_of(p->record, "F1");
    const struct rg_done *latest = NULL;
    for (size_t i = 0; i < v->done_count; i++)
        if (rg_str_is(v->done[i].step, step) && (latest == NULL || v->done[i].cycle > latest->cycle))
            latest = &v->done[i];
    assert_non_null(latest);
    return *latest;
}

/* Suspends it and takes back the price, with which all is paid. */
static void suspend_and_forgive(struct play *p)
{
    play_begin(p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(p);
    play_invoice(p, "F1", "2026-11-03", 15900);
    play_to(p, "2026-11-18 23:00");
    play_receipt(p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(p, "2026-12-07 09:00");
    play_money(p, RG_EV_PAYMENT_CONFIRMED, "F1", "part", 5000);
    cost(p, "less", 5000);
    play_to(p, "2026-12-09 12:00");
    assert_non_null(play_find(p, "suspensao signals"));
    assert_non_null(play_find(p, "religar signals"));
}

/* Months later the price is what it was. What was done is forgotten, so this is another cycle, with a notice of its own and other
 * identities: whoever has acted on the first suspend and the first restore acts on the second, too. */
static void test_who_saw_the_first_sees_another(void **state)
{
    (void)state;
    struct play p;
    suspend_and_forgive(&p);
    struct rg_done cut = latest_of(&p, "suspensao"), back = latest_of(&p, "religar");
    play_to(&p, "2027-02-10 09:00");
    play_invoice(&p, "F2", "2027-02-22", 15900); /* dates the forgetting */
    play_to(&p, "2027-02-20 12:00");
    settle(&p, "F2", "2027-02-20 13:00", 15900);
    assert_null(rg_invoice_done(invoice_of(p.record, "F1"), RG_STR("suspensao"), 1, 1));
    p.line_count = 0;
    cost(&p, "more", 20900);
    assert_int_equal(rg_record_balance_cents(p.record, invoice_of(p.record, "F1")), 15900);
    play_to(&p, "2027-02-25 12:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2027-03-31 12:00");
    assert_int_equal(latest_of(&p, "suspensao").cycle, 2);
    struct rg_done cut_again = latest_of(&p, "suspensao");
    assert_false(rg_done_shares(&cut, &cut_again));
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "rest", 15900);
    struct rg_done back_again = latest_of(&p, "religar");
    assert_int_equal(back_again.state, RG_DONE_SENT);
    assert_false(rg_done_shares(&back, &back_again));
    play_end(&p);
}

/* Within the month it is the same cycle: who was cut off and given back is not cut off again. */
static void test_a_month_is_one_cycle(void **state)
{
    (void)state;
    struct play p;
    suspend_and_forgive(&p);
    play_to(&p, "2026-12-29 09:00");
    play_invoice(&p, "F2", "2027-01-05", 15900);
    settle(&p, "F2", "2026-12-31 12:00", 15900);
    assert_non_null(play_find(&p, "12-31 08:12 lembrete"));
    assert_non_null(rg_invoice_done(invoice_of(p.record, "F1"), RG_STR("aviso_suspensao"), 1, 1)); /* seven weeks old, but not the last */
    p.line_count = 0;
    cost(&p, "more", 20900);
    play_to(&p, "2027-04-30 12:00");
    assert_int_equal(rg_invoice_cycle(invoice_of(p.record, "F1")), 1);
    assert_null(play_find(&p, "suspensao signals"));
    play_end(&p);
}

/* A suspend that may have arrived is remembered until its restore was delivered, however long that takes. */
static void test_what_is_owed_is_not_forgotten(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-07 09:00");
    assert_non_null(play_find(&p, "suspensao signals"));
    struct rg_event off = play_event(&p, RG_EV_INVOICE_WRITTEN_OFF, "off");
    off.invoice = RG_STR("F1");
    off.has |= RG_BIT(RG_F_INVOICE);
    play_fold(&p, &off, false);
    for (int i = 0; i < 400; i++) { /* a shop sells to him, cash down */
        char id[16];
        (void)snprintf(id, sizeof id, "G%d", i);
        p.now_ms += RG_MS_PER_DAY;
        play_invoice(&p, id, "2030-03-02", 100);
        play_money(&p, RG_EV_PAYMENT_CONFIRMED, id, id, 100);
    }
    assert_int_equal(p.record->invoice_count, RG_RECORD_INVOICES_MAX);
    assert_int_equal(p.record->past.invoices, 101);
    p.line_count = 0;
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "late", 15900);
    assert_non_null(play_find(&p, "service.restore_requested"));
    play_end(&p);
}

/* ---- closed invoices make room ---- */

/* 500 invoices, a day apart; all paid but for some late ones, some written off, some charged back; a few the debtor did not owe. The
 * history is that of all others. */
static void test_the_oldest_closed_make_room(void **state)
{
    (void)state;
    struct rg_rules *rules = rg_test_rules(asking);
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    rg_day first = rg_day_of(2026, 1, 5), today = first + 500;
    int64_t late_12m = 0, unpaid_12m = 0, settled = 0, paid = 0, streak = 0, chargebacks = 0;
    for (int i = 0; i < 500; i++) {
        rg_day due = first + i, payable = rg_bank_payable(due, true);
        bool late = i % 97 == 40, off = i % 131 == 7, back = i % 120 == 33, won = i % 113 == 5;
        struct rg_event e = issued(name_of("F", i), due, 1000);
        assert_int_equal(fold(record, &e), RG_FOLD_CHANGED);
        struct rg_event pay = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), "P", late ? payable + 3 : due - 1, 1000);
        struct rg_event end = event_of(RG_EV_INVOICE_WRITTEN_OFF, name_of("F", i), pay.time_ms);
        struct rg_event dispute = event_of(RG_EV_DISPUTE_CLOSED, name_of("F", i), pay.time_ms);
        dispute.result = RG_STR("accepted");
        dispute.has |= RG_BIT(RG_F_RESULT);
        assert_int_equal(fold(record, off ? &end : won ? &dispute : &pay), RG_FOLD_CHANGED);
        if (back) { /* charged back, and paid again by another */
            struct rg_event reversed = money(RG_EV_PAYMENT_REVERSED, name_of("F", i), "P", due + 1, 1000);
            reversed.reason = RG_STR("chargeback");
            struct rg_event once_more = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), "Q", due - 1, 1000);
            (void)fold(record, &reversed);
            (void)fold(record, &once_more);
            chargebacks += due + 1 >= today - 365;
        }
        bool counts = payable < today && !won, is_late = counts && (late || off);
        settled += counts;
        paid += counts && !off;
        late_12m += is_late && payable >= today - 365;
        unpaid_12m += counts && off && payable >= today - 365;
        streak = is_late ? 0 : streak + counts;
    }
    assert_int_equal(record->invoice_count, RG_RECORD_INVOICES_MAX);
    assert_int_equal(record->past.invoices, 200);
    assert_null(invoice_of(record, "F00199"));
    assert_non_null(invoice_of(record, "F00200"));
    assert_false(record->overflowing);
    int64_t facts[FACT_COUNT];
    ask_history(rules, record, today, facts);
    assert_true(late_12m > 4 && unpaid_12m > 1 && chargebacks > 2);
    assert_int_equal(facts[LATE], late_12m);
    assert_int_equal(facts[UNPAID], unpaid_12m);
    assert_int_equal(facts[CHARGEBACKS], chargebacks);
    assert_int_equal(facts[PERCENT], paid * 100 / settled);
    assert_true(facts[STREAK] >= streak && facts[STREAK] <= streak + 3); /* payable days of a weekend fall on one Monday */
    rg_rules_free(&rules);
}

/* A streak that is longer than the record. */
static void test_a_long_streak_is_remembered(void **state)
{
    (void)state;
    struct rg_rules *rules = rg_test_rules(asking);
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    rg_day first = rg_day_of(2020, 1, 5);
    for (int i = 0; i < 400; i++) {
        struct rg_event e = issued(name_of("F", i), first + 7 * i, 1000);
        struct rg_event pay = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), "P", first + 7 * i + (i == 10 ? 9 : -1), 1000);
        (void)fold(record, &e);
        (void)fold(record, &pay);
    }
    int64_t facts[FACT_COUNT];
    ask_history(rules, record, first + 7 * 400, facts);
    assert_int_equal(facts[STREAK], 389);
    assert_int_equal(facts[PERCENT], 100);
    rg_rules_free(&rules);
}

/* Everything that was ever said comes again, in any order, also of invoices that are gone: nobody owes a thing. */
static void test_repeats_open_nothing_that_is_gone(void **state)
{
    (void)state;
    enum { N = 340 };
    uint64_t seed = 12345;
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    struct rg_event events[2 * N];
    for (int i = 0; i < N; i++) {
        events[2 * i] = issued(name_of("F", i), rg_day_of(2026, 1, 5) + i, 1000);
        events[2 * i + 1] = money(RG_EV_PAYMENT_SETTLED, name_of("F", i), name_of("P", i), rg_day_of(2026, 1, 4) + i, 1000);
        (void)fold(record, &events[2 * i]);
        (void)fold(record, &events[2 * i + 1]);
    }
    assert_int_equal(record->past.invoices, 40);
    for (int round = 0; round < 4 * N; round++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        enum rg_folded folded = fold(record, &events[(seed >> 33) % (2 * N)]);
        (void)folded;
        assert_int_equal(count_owed(record), 0);
    }
    assert_true(record->invoice_count <= RG_RECORD_INVOICES_MAX + RG_RECORD_SHELLS_MAX);
    assert_false(record->overflowing);
    assert_int_equal(fold(record, &events[0]), RG_FOLD_CONFLICT); /* and people hear of it */
    struct rg_event fresh = issued("NEW", rg_day_of(2027, 3, 1), 1000);
    assert_int_equal(fold(record, &fresh), RG_FOLD_CHANGED);
    assert_int_equal(count_owed(record), 1);
}

/* ---- chance ---- */

enum { STORY_INVOICES = 380, STORY_FACTS = 5000 };

/* What was ever said of one invoice, as the oracle remembers it: all of it. */
struct said {
    bool known, voided;
    int64_t amount, came, back, state_ms;
};

static uint64_t chance(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (*seed >> 33) % n;
}

/* Of many hundreds of invoices, with repeats of anything at any time, also in new words: nobody is ever owed what the whole story does
 * not make him owe, and what is kept of an invoice is the whole of it. */
static void test_chance_never_makes_anybody_owe(void **state)
{
    (void)state;
    size_t let_go = 0, refused = 0;
    for (uint64_t round = 1; round <= 12; round++) {
        uint64_t seed = round * 977;
        struct said *said = RG_NEW(arena, struct said, STORY_INVOICES);
        struct rg_event *events = RG_NEW(arena, struct rg_event, STORY_FACTS);
        size_t *of = RG_NEW(arena, size_t, STORY_FACTS);
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        for (size_t n = 0; n < STORY_FACTS; n++) {
            size_t newest = 1 + n * STORY_INVOICES / STORY_FACTS, v = chance(&seed, 3) == 0 ? chance(&seed, newest) : newest - 1 - chance(&seed, newest < 12 ? newest : 12);
            const char *name = name_of("F", (int)v);
            int64_t now_ms = (rg_day_of(2026, 1, 1) + (int64_t)n / 10) * RG_MS_PER_DAY + (int64_t)n;
            uint64_t what = chance(&seed, 100);
            if (n > 20 && what < 25) { /* an old word comes again */
                size_t again = chance(&seed, n);
                events[n] = events[again];
                of[n] = of[again];
            } else {
                static const enum rg_event_type types[] = {RG_EV_INVOICE_ISSUED, RG_EV_PAYMENT_CONFIRMED, RG_EV_PAYMENT_SETTLED, RG_EV_PAYMENT_CONFIRMED,
                                                           RG_EV_PAYMENT_REVERSED, RG_EV_INVOICE_VOIDED, RG_EV_INVOICE_UPDATED};
                enum rg_event_type type = !said[v].known ? (chance(&seed, 10) == 0 ? RG_EV_PAYMENT_CONFIRMED : RG_EV_INVOICE_ISSUED) : types[chance(&seed, RG_COUNT(types))];
                if (type == RG_EV_PAYMENT_REVERSED && chance(&seed, 3) != 0)
                    type = RG_EV_PAYMENT_CONFIRMED;
                events[n] = event_of(type, name, type == RG_EV_INVOICE_ISSUED && said[v].known ? now_ms - 400 * RG_MS_PER_DAY : now_ms);
                events[n].id = rg_arena_printf(arena, "e%zu", n);
                events[n].payment = RG_STR("P");
                events[n].amount_cents = 1000;
                events[n].due_on = rg_day_of(2026, 1, 20) + (rg_day)v * 2;
                events[n].has |= RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_AMOUNT);
                if (type == RG_EV_INVOICE_ISSUED || type == RG_EV_INVOICE_UPDATED)
                    events[n].has |= RG_BIT(RG_F_DUE_ON);
                of[n] = v;
            }
            const struct rg_event *e = &events[n];
            struct said *s = &said[of[n]];
            if (e->type == RG_EV_INVOICE_ISSUED || e->type == RG_EV_INVOICE_UPDATED)
                s->known = true, s->amount = 1000;
            else if (e->type == RG_EV_INVOICE_VOIDED)
                s->voided = true;
            else if (e->type == RG_EV_PAYMENT_REVERSED)
                s->back = 1000;
            else
                s->came = 1000;
            refused += fold(record, e) == RG_FOLD_CONFLICT;
            for (size_t i = 0; i < record->invoice_count; i++) {
                const struct rg_invoice *kept = &record->invoices[i];
                const struct said *whole = &said[atoi(kept->id.p + 1)];
                if (owed(record, kept) && (whole->voided || whole->came > whole->back))
                    fail_msg("round %d, fact %zu: %s is owed", (int)round, n, kept->id.p);
            }
        }
        let_go += (size_t)record->past.invoices;
        assert_true(record->invoice_count <= RG_RECORD_INVOICES_MAX + RG_RECORD_SHELLS_MAX);
    }
    assert_true(let_go > 100 && refused > 10);
    print_message("chance: %zu invoices made room, %zu repeats of theirs were refused\n", let_go, refused);
}

/* Numbers at the ends of what the contract lets through, and beyond it where a record is our own: whatever they make of a debtor, he
 * can be stored and read again. */
static void test_the_ends_of_numbers(void **state)
{
    (void)state;
    static const int64_t times[] = {-62135596800000, -1, 0, 1, 999, 1790000000000, 253402300799999};
    static const int64_t own_times[] = {INT64_MIN, -1, 0, 1, 1790000000000, 1793000000000, 253402300799999, INT64_MAX};
    static const int64_t cents[] = {1, 99, 10000, RG_CENTS_MAX};
    static const rg_day days[] = {-719162, 0, 20454, 2932896};
    int folded[6] = {0};
    for (uint64_t round = 1; round <= 40; round++) {
        uint64_t seed = round * 7919;
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        for (int n = 0; n < 400; n++) {
            struct rg_event e = event_of((enum rg_event_type)(1 + chance(&seed, RG_EV_COUNT - 1)), name_of("F", (int)chance(&seed, 3)), times[chance(&seed, RG_COUNT(times))]);
            struct rg_decision_invoice named = {.ns = RG_STR("provedor"), .invoice = e.invoice, .cycle = (int)chance(&seed, 3) - 1,
                                                .balance_cents = own_times[chance(&seed, RG_COUNT(own_times))]};
            struct rg_decision d = {.debtor = RG_STR("D1"), .step = RG_STR("s"), .ladder = RG_STR("l"), .channel = RG_STR("email"), .text = RG_STR("t"), .rules = RG_STR("r"),
                                    .repetition = 1, .attempt = (int)chance(&seed, 5), .mode = RG_MODE_LIVE, .tone = (enum rg_tone)chance(&seed, RG_TONE_COUNT),
                                    .invoices = &named, .invoice_count = 1, .sequence = own_times[chance(&seed, RG_COUNT(own_times))],
                                    .amounts_on = 20454, .deadline_on = RG_DAY_NONE, .previous = -1, .signal = (enum rg_signal)chance(&seed, RG_SIGNAL_COUNT),
                                    .at_ms = own_times[chance(&seed, RG_COUNT(own_times))], .owed = chance(&seed, 5) == 0};
            d.action.b[RG_ACTION_BYTES - 1] = (uint8_t)(1 + d.attempt);
            const struct rg_claim claim = {.action = d.action, .claim = {{1}}, .at_ms = d.at_ms, .valid_ms = d.at_ms};
            const struct rg_outcome o = {.action = d.action, .claim = {{(uint8_t)chance(&seed, 2)}}, .debtor = d.debtor, .step = d.step, .channel = d.channel, .repetition = 1, .attempt = d.attempt,
                                         .invoices = &named, .invoice_count = 1, .verdict = (enum rg_verdict)(1 + chance(&seed, RG_VERDICT_COUNT - 1)),
                                         .at_ms = own_times[chance(&seed, RG_COUNT(own_times))], .retry_after_ms = d.at_ms};
            e.id = rg_arena_printf(arena, "e%d", n);
            e.amount_cents = cents[chance(&seed, RG_COUNT(cents))];
            e.due_on = e.on = e.pay_on = days[chance(&seed, RG_COUNT(days))];
            e.paid_at_ms = e.at_ms = e.until_ms = times[chance(&seed, RG_COUNT(times))];
            e.payment = chance(&seed, 2) == 0 ? RG_STR("P") : e.id;
            e.channel = RG_STR("email");
            e.protection = (int)chance(&seed, RG_PROTECT_COUNT);
            e.action = RG_STR("000000000000000000000000000000000002");
            e.status = (int)(1 + chance(&seed, RG_FACT_COUNT - 1));
            e.discount_count = 1;
            e.discounts[0] = (struct rg_discount){.amount_cents = e.amount_cents, .until = e.due_on};
            e.has |= (seed >> 20 | RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_STATUS) | RG_BIT(RG_F_ACTION)) &
                     (RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_DUE_ON) | RG_BIT(RG_F_ON) | RG_BIT(RG_F_PAY_ON) | RG_BIT(RG_F_PAID_AT) | RG_BIT(RG_F_AT) | RG_BIT(RG_F_UNTIL) |
                      RG_BIT(RG_F_PAYMENT) | RG_BIT(RG_F_CHANNEL) | RG_BIT(RG_F_STATUS) | RG_BIT(RG_F_ACTION) | RG_BIT(RG_F_DISCOUNTS));
            struct rg_error why;
            struct rg_decision read_d = {0};
            struct rg_outcome read_o = {0};
            RG_CLEANUP(rg_buf_done) struct rg_buf wire;
            rg_buf_init(&wire, RG_LEDGER_BYTES_MAX);
            const uint64_t kind = chance(&seed, 6);
            if (kind == 3)
                rg_decision_write(&d, &wire);
            else if (kind == 5)
                rg_outcome_write(&o, &wire);
            struct rg_str bytes = rg_arena_str(arena, rg_buf_str(&wire));
            if ((kind == 3 && rg_decision_read(bytes, arena, &read_d, &why) < 0) || (kind == 5 && rg_outcome_read(bytes, arena, &read_o, &why) < 0))
                continue; /* it would not be folded */
            folded[kind]++;
            const struct rg_fact_record fact = {.offset = offset++, .event = kind < 3 ? &e : NULL, .decided = kind == 3 ? &read_d : NULL,
                                                .claim = kind == 4 ? &claim : NULL, .outcome = kind == 5 ? &read_o : NULL};
            (void)rg_record_apply(record, &fact, &why);
            if (n % 16 != 0)
                continue;
            RG_CLEANUP(rg_buf_done) struct rg_buf buf;
            rg_buf_init(&buf, 2 * RG_RECORD_STORED_MAX);
            assert_int_equal(rg_record_encode(record, &buf, NULL), 0);
            if (rg_record_decode(rg_arena_str(arena, rg_buf_str(&buf)), RG_STR("D1"), arena, &record, &why) < 0)
                fail_msg("round %d, fact %d: %s", (int)round, n, why.text);
        }
    }
    assert_true(folded[3] > 50 && folded[5] > 50);
}

/* ---- none is left to make room ---- */

static struct rg_record *full_of_open(int count)
{
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    for (int i = 0; i < count; i++) {
        struct rg_event e = issued(name_of("F", i), rg_day_of(2026, 1, 5) + i % 28, 1000 + i);
        assert_int_equal(fold(record, &e), RG_FOLD_CHANGED);
    }
    return record;
}

static bool held(const struct rg_record *record)
{
    return record->overflowing;
}

static void test_three_hundred_open_and_one_more(void **state)
{
    (void)state;
    struct rg_record *record = full_of_open(RG_RECORD_INVOICES_MAX);
    assert_false(held(record));
    struct rg_event more = issued("MORE", rg_day_of(2026, 6, 1), 5000);
    assert_int_equal(fold(record, &more), RG_FOLD_CONFLICT);
    assert_true(held(record));
    assert_null(invoice_of(record, "MORE"));
    static const enum rg_event_type quieter[] = {RG_EV_INVOICE_VOIDED, RG_EV_DISPUTE_OPENED, RG_EV_PAYMENT_SCHEDULED, RG_EV_CREDIT_APPLIED};
    for (size_t i = 0; i < RG_COUNT(quieter); i++) {
        struct rg_event e = event_of(quieter[i], name_of("F", (int)i), rg_day_of(2026, 7, 1) * RG_MS_PER_DAY);
        e.amount_cents = 1000 + (int64_t)i;
        e.on = rg_day_of(2026, 8, 1);
        e.has |= RG_BIT(RG_F_AMOUNT) | RG_BIT(RG_F_ON);
        assert_int_equal(fold(record, &e), RG_FOLD_CHANGED);
    }
    assert_int_equal(invoice_of(record, "F00000")->state, RG_INVOICE_VOIDED);
    assert_true(invoice_of(record, "F00001")->disputed);
    assert_int_equal(invoice_of(record, "F00002")->debit_on, rg_day_of(2026, 8, 1));
    assert_true(rg_record_paid(record, invoice_of(record, "F00003"), 1));
    struct rg_event pay = money(RG_EV_PAYMENT_CONFIRMED, "F00299", "P", rg_day_of(2026, 6, 2), 1299);
    assert_int_equal(fold(record, &pay), RG_FOLD_CHANGED);
    assert_true(rg_record_paid(record, invoice_of(record, "F00299"), 1));
    struct rg_event back = money(RG_EV_PAYMENT_REVERSED, "F00299", "P", rg_day_of(2026, 6, 3), 1299);
    assert_int_equal(fold(record, &back), RG_FOLD_CHANGED);
    assert_int_equal(rg_invoice_cycle(invoice_of(record, "F00299")), 2);
    assert_int_equal(record->invoice_count, RG_RECORD_INVOICES_MAX);
    /* the closed one makes room when it comes again; he is held until people say so */
    assert_int_equal(fold(record, &more), RG_FOLD_CHANGED);
    assert_non_null(invoice_of(record, "MORE"));
    assert_null(invoice_of(record, "F00000"));
    assert_true(held(record));
    struct rg_event release = event_of(RG_EV_DEBTOR_RELEASED, "", rg_day_of(2026, 7, 2) * RG_MS_PER_DAY);
    assert_int_equal(fold(record, &release), RG_FOLD_CHANGED);
    assert_false(held(record));
}

/* A payment for an invoice that was refused is kept, and counts when there is room for the invoice; and there is always room for
 * the next payment. */
static void test_a_payment_is_taken_for_an_unknown_invoice(void **state)
{
    (void)state;
    struct rg_record *record = full_of_open(RG_RECORD_INVOICES_MAX);
    struct rg_event more = issued("MORE", rg_day_of(2026, 6, 1), 5000);
    struct rg_event pay = money(RG_EV_PAYMENT_CONFIRMED, "MORE", "P", rg_day_of(2026, 6, 1), 5000);
    struct rg_event off = event_of(RG_EV_INVOICE_VOIDED, "F00000", rg_day_of(2026, 7, 1) * RG_MS_PER_DAY);
    assert_int_equal(fold(record, &pay), RG_FOLD_CHANGED);
    assert_int_equal(fold(record, &more), RG_FOLD_CONFLICT);
    (void)fold(record, &off);
    assert_int_equal(fold(record, &more), RG_FOLD_CHANGED);
    assert_false(owed(record, invoice_of(record, "MORE")));
    for (int i = 0; i < 3 * RG_RECORD_SHELLS_MAX; i++) {
        struct rg_event p = money(RG_EV_PAYMENT_CONFIRMED, name_of("X", i), "P", rg_day_of(2026, 6, 1) + i, 5000);
        assert_int_equal(fold(record, &p), RG_FOLD_CHANGED);
        assert_non_null(invoice_of(record, name_of("X", i)));
    }
    assert_int_equal(record->invoice_count, RG_RECORD_INVOICES_MAX + RG_RECORD_SHELLS_MAX);
    /* of one whose payment had to go: what is as old as the payment does not make him owe it */
    struct rg_event first = issued("X00000", rg_day_of(2026, 6, 1), 5000);
    assert_int_equal(fold(record, &first), RG_FOLD_CONFLICT);
}

/* Suspended, and full to the brim: his payment restores him. */
static void test_who_is_suspended_is_restored_at_the_limit(void **state)
{
    (void)state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-18 23:00");
    play_receipt(&p, "aviso_suspensao", RG_FACT_DELIVERED);
    play_to(&p, "2026-12-07 09:00");
    assert_non_null(play_find(&p, "suspensao signals"));
    for (int i = 0; i < RG_RECORD_INVOICES_MAX + 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "G%d", i);
        play_invoice(&p, id, "2027-06-02", 100);
    }
    assert_true(p.record->overflowing);
    p.line_count = 0;
    play_to(&p, "2026-12-20 09:00");
    assert_int_equal(p.line_count, 0); /* held */
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P", 15900);
    assert_non_null(play_find(&p, "service.restore_requested"));
    assert_int_equal(p.line_count, 1);
    play_end(&p);
}

/* 64 KiB are reached long before 300 invoices: nothing new is taken in, all else is, and it can be stored. */
static void test_sixty_four_kilobytes(void **state)
{
    (void)state;
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    char text[121];
    int kept = 0;
    memset(text, '%', sizeof text - 1); /* in no alphabet of the codec */
    text[120] = '\0';
    for (int i = 0; i < RG_RECORD_INVOICES_MAX && !held(record); i++) {
        struct rg_event e = issued(name_of("F", i), rg_day_of(2026, 1, 5), 1000);
        e.contract = rg_arena_printf(arena, "%.115s%05d", text, i);
        e.tags = RG_NEW(arena, struct rg_str, 2);
        e.tags[0] = rg_arena_printf(arena, "%.100s%05d", text, i);
        e.tags[1] = rg_arena_printf(arena, "%.100s%05d", text, i + 1000);
        e.tag_count = 2;
        e.has |= RG_BIT(RG_F_CONTRACT) | RG_BIT(RG_F_TAGS);
        kept += fold(record, &e) == RG_FOLD_CHANGED;
    }
    assert_true(held(record) && kept > 100 && kept < RG_RECORD_INVOICES_MAX);
    assert_int_equal(record->invoice_count, kept);
    print_message("64 KiB: %d invoices, counted as %zu bytes, stored in %zu\n", kept, rg_record_weight(record), stored_bytes(record));
    for (int i = 0; i < kept; i++)
        for (int k = 0; k < 3; k++) {
            struct rg_event p = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), name_of("a-payment-with-a-long-name-", k), rg_day_of(2026, 1, 6), 300);
            assert_int_equal(fold(record, &p), RG_FOLD_CHANGED);
        }
    assert_int_equal(record->invoice_count, kept); /* nothing that is owed makes room */
    for (int i = 0; i < kept; i++)
        assert_int_equal(rg_invoice_received_cents(invoice_of(record, name_of("F", i))), 900);
    size_t bytes = stored_bytes(record);
    assert_true(bytes > RG_RECORD_BYTES_MAX && bytes < RG_RECORD_STORED_MAX);
    for (int i = 0; i < kept; i++) {
        struct rg_event p = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), "last", rg_day_of(2026, 1, 7), 100);
        assert_int_equal(fold(record, &p), RG_FOLD_CHANGED);
        assert_int_equal(count_owed(record), (size_t)(kept - i - 1));
    }
    assert_true(record->invoice_count < (size_t)kept && stored_bytes(record) <= RG_RECORD_BYTES_MAX + 1024); /* those that are paid made room */
}

/* What it weighs is near what it takes: a mark that counts in bytes must mean them. */
static void test_weight_is_near_the_stored_bytes(void **state)
{
    (void)state;
    struct rg_record *record = full_of_open(RG_RECORD_INVOICES_MAX);
    for (int i = 0; i < RG_RECORD_INVOICES_MAX; i++) {
        struct rg_event p = money(RG_EV_PAYMENT_CONFIRMED, name_of("F", i), name_of("pay-", i), rg_day_of(2026, 1, 6), 300);
        (void)fold(record, &p);
        for (int k = 0; k < 6; k++) {
            struct rg_invoice *v = invoice_of(record, name_of("F", i));
            struct rg_done *done = rg_invoice_touch_done(record, v, rg_str(k % 2 == 0 ? "lembrete" : "atraso"), 1 + k / 2, 1);
            done->attempt = 1;
            done->state = RG_DONE_SENT;
            done->channel = RG_STR("whatsapp");
            done->evidence = RG_EVIDENCE_DELIVERED;
            done->decided_ms = 1790000000000 + (int64_t)k * 300000000;
            done->at_ms = done->evidence_ms[RG_EVIDENCE_ACCEPTED] = done->evidence_ms[RG_EVIDENCE_DELIVERED] = done->decided_ms + 90000;
            done->sent_offset = 1000000 + k * 5000;
            memset(done->trace, 1 + i + k, sizeof done->trace);
        }
    }
    size_t weight = rg_record_weight(record), bytes = stored_bytes(record);
    print_message("300 open invoices, six steps each: counted as %zu bytes, stored in %zu\n", weight, bytes);
    assert_true(weight > bytes / 2 && weight < bytes * 2);
}

/* ---- lists ---- */

/* More payments than are kept by name: their sum stays, the cycle stays, and the last ones can still be taken back. */
static void test_many_payments_of_one_invoice(void **state)
{
    (void)state;
    enum { N = 3 * RG_RECORD_PAYMENTS_MAX };
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    struct rg_event e = issued("F1", rg_day_of(2026, 1, 5), 100 * N);
    (void)fold(record, &e);
    int reversed = 0;
    for (int i = 0; i < N; i++) {
        struct rg_event p = money(RG_EV_PAYMENT_CONFIRMED, "F1", name_of("P", i), rg_day_of(2026, 1, 6) + i, 100);
        assert_int_equal(fold(record, &p), RG_FOLD_CHANGED);
        if (i % 2 == 0) {
            struct rg_event back = money(RG_EV_PAYMENT_REVERSED, "F1", name_of("P", i), rg_day_of(2026, 1, 6) + i, 100);
            (void)fold(record, &back);
            reversed++;
        }
        const struct rg_invoice *v = &record->invoices[0];
        assert_true(v->payment_count <= RG_RECORD_PAYMENTS_MAX);
        assert_int_equal(rg_invoice_received_cents(v), 100 * (i + 1 - reversed));
        assert_int_equal(rg_invoice_cycle(v), 1 + reversed);
    }
    struct rg_event repeat = money(RG_EV_PAYMENT_CONFIRMED, "F1", name_of("P", N - 1), rg_day_of(2026, 1, 6) + N, 100);
    (void)fold(record, &repeat);
    assert_int_equal(rg_invoice_received_cents(&record->invoices[0]), 100 * (N - reversed));
    struct rg_event back = money(RG_EV_PAYMENT_REVERSED, "F1", name_of("P", N - 1), rg_day_of(2026, 8, 1), 100);
    (void)fold(record, &back);
    assert_int_equal(rg_invoice_received_cents(&record->invoices[0]), 100 * (N - reversed - 1));
    assert_false(held(record));
}

static void test_many_credits_reopenings_and_due_days(void **state)
{
    (void)state;
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    struct rg_event e = issued("F1", rg_day_of(2026, 1, 5), 100000);
    (void)fold(record, &e);
    for (int i = 0; i < 200; i++) {
        struct rg_event credit = event_of(RG_EV_CREDIT_APPLIED, "F1", 1767225600000 + i);
        struct rg_event nowhere = event_of(RG_EV_CREDIT_APPLIED, "", 1767225600000 + i);
        struct rg_event reopened = event_of(RG_EV_INVOICE_REOPENED, "F1", 1767225600000 + i);
        struct rg_event moved = event_of(RG_EV_INVOICE_UPDATED, "F1", 1767225600000 + i);
        credit.id = nowhere.id = reopened.id = moved.id = rg_arena_printf(arena, "e%d", i);
        credit.amount_cents = nowhere.amount_cents = 7;
        credit.has |= RG_BIT(RG_F_AMOUNT);
        nowhere.has |= RG_BIT(RG_F_AMOUNT);
        moved.due_on = rg_day_of(2026, 1, 6) + i;
        moved.has |= RG_BIT(RG_F_DUE_ON);
        struct rg_event *const all[] = {&credit, &nowhere, &reopened, &moved};
        for (size_t k = 0; k < RG_COUNT(all); k++) {
            assert_int_equal(fold(record, all[k]), RG_FOLD_CHANGED);
            assert_int_equal(fold(record, all[k]), RG_FOLD_CHANGED); /* again: nothing more */
        }
    }
    const struct rg_invoice *v = &record->invoices[0];
    assert_int_equal(rg_invoice_received_cents(v), 1400);
    assert_int_equal(rg_record_received_cents(record, v), 2800);
    assert_int_equal(rg_invoice_cycle(v), 1 + 200 + 200);
    assert_int_equal(v->due_on, rg_day_of(2026, 1, 6) + 199);
    assert_true(v->reopening_count <= RG_RECORD_OPENINGS_MAX && v->due_day_count <= RG_RECORD_OPENINGS_MAX);
    assert_false(held(record));
}

/* Of holds and consents the ones that were lifted make room; when none was, everything is held. */
static void test_many_holds_and_channels(void **state)
{
    (void)state;
    static const enum rg_event_type on[] = {RG_EV_DEBTOR_HELD, RG_EV_DEBTOR_OPTED_OUT}, off[] = {RG_EV_DEBTOR_RELEASED, RG_EV_DEBTOR_OPTED_IN};
    for (size_t t = 0; t < RG_COUNT(on); t++) {
        struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
        int64_t until = 0;
        for (int i = 0; i < 200; i++) {
            const char *name = name_of("N", i);
            struct rg_event e = event_of(on[t], t == 0 ? name : "", 1767225600000 + i);
            e.channel = rg_str(name);
            (void)fold(record, &e);
            e.type = off[t];
            e.time_ms++;
            if (i < 150)
                (void)fold(record, &e);
            assert_int_equal(held(record), i >= 150 + (t == 0 ? RG_RECORD_HOLDS_MAX : RG_RECORD_OPTOUTS_MAX));
        }
        for (int i = 150; i < 150 + RG_RECORD_HOLDS_MAX; i++) {
            struct rg_invoice v = {.ns = RG_STR("provedor"), .id = rg_str(name_of("N", i))};
            assert_true(t == 0 ? rg_record_held(record, &v, 1, &until) : rg_record_opted_out(record, v.id));
        }
        struct rg_event release = event_of(RG_EV_DEBTOR_RELEASED, "", 1767225700000);
        (void)fold(record, &release);
        assert_false(held(record));
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_five_years_of_a_good_customer), TEST(test_a_late_chargeback_opens_it_again),
        TEST(test_who_saw_the_first_sees_another), TEST(test_a_month_is_one_cycle), TEST(test_what_is_owed_is_not_forgotten),
        TEST(test_the_oldest_closed_make_room), TEST(test_a_long_streak_is_remembered), TEST(test_repeats_open_nothing_that_is_gone),
        TEST(test_chance_never_makes_anybody_owe), TEST(test_the_ends_of_numbers),
        TEST(test_three_hundred_open_and_one_more), TEST(test_a_payment_is_taken_for_an_unknown_invoice),
        TEST(test_who_is_suspended_is_restored_at_the_limit), TEST(test_sixty_four_kilobytes), TEST(test_weight_is_near_the_stored_bytes),
        TEST(test_many_payments_of_one_invoice), TEST(test_many_credits_reopenings_and_due_days), TEST(test_many_holds_and_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
