/* What every store of a shard must do, whatever is behind it. The program that includes this gives each test a rig with nothing
 * in it and puts STORE_SUITE into its list. */
#pragma once

#include "daemon/state/store.h"
#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUITE_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define TTL_MS 80

struct store_rig {
    struct rg_store *(*store)(struct store_rig *rig); /* another client of the same shard, not opened yet */
    void (*elapse)(struct store_rig *rig, int64_t ms);
    void (*wipe)(struct store_rig *rig); /* all is gone, the fence too */
    void *side;
    struct rg_store *first; /* open */
    struct rg_arena *arena;
    struct rg_store_opened opened; /* what `first` found */
    int64_t batch;                 /* number of the last commit */
};

static inline struct rg_store_opened open_store(struct store_rig *rig, struct rg_store *store)
{
    struct rg_store_opened opened;
    struct rg_error err = {0};
    if (store->ops->open(store, rig->arena, &opened, &err) < 0)
        fail_msg("open: %s", err.text);
    return opened;
}

static inline void rig_begin(struct store_rig *rig)
{
    rig->arena = rg_arena_new(SUITE_ARENA_BYTES);
    rig->first = rig->store(rig);
    rig->opened = open_store(rig, rig->first);
    rig->batch = rig->opened.pos.batch;
}

static inline void rig_end(struct store_rig *rig)
{
    rg_store_free(&rig->first);
    rg_arena_free(&rig->arena);
}

/* A position whose number is the next one; no origins. */
static inline struct rg_pos pos_after(int64_t batch)
{
    return (struct rg_pos){
        .ledger_next = 10, .people_next = -1, .ledger_crc = 4000000000u, .batch = batch + 1, .seen_ms = -1, .asof_ms = -1};
}

static inline enum rg_commit try_commit(struct rg_store *store, struct rg_store_batch batch, int64_t after, struct rg_error *err)
{
    struct rg_pos pos = batch.pos != NULL ? *batch.pos : pos_after(after);
    pos.batch = after + 1;
    batch.pos = &pos;
    if (batch.out_done_through == 0)
        batch.out_done_through = -1; /* tests name 1 or more */
    return store->ops->commit(store, &batch, err);
}

static inline void commit(struct store_rig *rig, struct rg_store_batch batch)
{
    struct rg_error err = {0};
    enum rg_commit rc = try_commit(rig->first, batch, rig->batch, &err);
    if (rc != RG_COMMITTED)
        fail_msg("commit: %d, %s", (int)rc, err.text);
    rig->batch++;
}

static inline struct rg_str load_one(struct store_rig *rig, enum rg_store_kind kind, struct rg_str id)
{
    struct rg_str value = RG_STR("untouched");
    struct rg_error err = {0};
    const struct rg_store_key key = {kind, id};
    enum rg_commit rc = rig->first->ops->load(rig->first, &key, 1, rig->batch, rig->arena, &value, &err);
    if (rc != RG_COMMITTED)
        fail_msg("load: %d, %s", (int)rc, err.text);
    return value;
}

static inline void assert_value(struct store_rig *rig, enum rg_store_kind kind, struct rg_str id, struct rg_str expected)
{
    struct rg_str value = load_one(rig, kind, id);
    if ((value.p == NULL) != (expected.p == NULL) || !rg_str_eq(value, expected))
        fail_msg("value of " RG_STR_FMT ": " RG_STR_FMT, RG_STR_ARG(id), RG_STR_ARG(value));
}

static inline struct rg_store_put put_of(enum rg_store_kind kind, struct rg_str id, struct rg_str value)
{
    return (struct rg_store_put){.key = {kind, id}, .write = true, .value = value, .due_ms = RG_STORE_UNCHANGED};
}

static inline struct rg_store_put timer_of(struct rg_str debtor, int64_t due_ms)
{
    return (struct rg_store_put){.key = {RG_STORE_DEBTOR, debtor}, .due_ms = due_ms};
}

static inline struct rg_action_id action_of(uint8_t n)
{
    struct rg_action_id id = {{0}};
    id.b[RG_ACTION_BYTES - 1] = n;
    return id;
}

/* ---- opening ---- */

static inline void assert_no_timers(const struct rg_store *store)
{
    assert_int_equal(store->ops->next_due_ms(store, RG_TIMER_DUE), RG_STORE_NEVER);
    assert_int_equal(store->ops->next_due_ms(store, RG_TIMER_PROMPT), RG_STORE_NEVER);
}

static void finds_nothing_where_nothing_was(void **state)
{
    const struct rg_store_opened *opened = &((struct store_rig *)*state)->opened;
    assert_int_equal(opened->pos.ledger_next, -1);
    assert_int_equal(opened->pos.people_next, -1);
    assert_int_equal(opened->pos.seen_ms, -1);
    assert_int_equal(opened->pos.asof_ms, -1);
    assert_int_equal(opened->pos.batch, 0);
    assert_int_equal(opened->pos.out_next, 0);
    assert_int_equal(opened->pos.origin_count, 0);
    assert_int_equal(opened->out_count, 0);
    assert_int_equal(opened->act_count, 0);
    assert_no_timers(((struct store_rig *)*state)->first);
}

/* ---- values ---- */

static void keeps_values(void **state)
{
    struct store_rig *rig = *state;
    const struct rg_str binary = {"a\0\r\n{}\xff", 7};
    const struct rg_str odd_id = RG_STR("Jos\xc3\xa9 {7}:*\r\n");
    struct rg_store_put puts[] = {
        put_of(RG_STORE_DEBTOR, RG_STR("x"), binary), put_of(RG_STORE_INVOICE, RG_STR("x"), RG_STR("invoice")),
        put_of(RG_STORE_REFERENCE, RG_STR("x"), RG_STR("")), put_of(RG_STORE_DEBTOR, odd_id, RG_STR("odd"))};
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), binary);
    assert_value(rig, RG_STORE_INVOICE, RG_STR("x"), RG_STR("invoice"));
    assert_value(rig, RG_STORE_REFERENCE, RG_STR("x"), RG_STR(""));
    assert_value(rig, RG_STORE_DEBTOR, odd_id, RG_STR("odd"));
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("y"), (struct rg_str){0});

    struct rg_store_put next[] = {put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("new")),
                                  put_of(RG_STORE_INVOICE, RG_STR("x"), (struct rg_str){0}),
                                  put_of(RG_STORE_REFERENCE, RG_STR("never was"), (struct rg_str){0}), timer_of(odd_id, 5)};
    commit(rig, (struct rg_store_batch){.puts = next, .put_count = RG_COUNT(next)});
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("new"));
    assert_value(rig, RG_STORE_INVOICE, RG_STR("x"), (struct rg_str){0});
    assert_value(rig, RG_STORE_DEBTOR, odd_id, RG_STR("odd")); /* a timer alone leaves the value */
}

static void loads_in_the_order_asked(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put puts[] = {put_of(RG_STORE_DEBTOR, RG_STR("a"), RG_STR("A")),
                                  put_of(RG_STORE_DEBTOR, RG_STR("b"), RG_STR("B"))};
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    struct rg_store_key *keys = RG_NEW(rig->arena, struct rg_store_key, RG_STORE_KEYS_MAX);
    struct rg_str *values = RG_NEW(rig->arena, struct rg_str, RG_STORE_KEYS_MAX);
    for (size_t i = 0; i < RG_STORE_KEYS_MAX; i++)
        keys[i] = (struct rg_store_key){RG_STORE_DEBTOR, i % 3 == 0 ? RG_STR("b") : i % 3 == 1 ? RG_STR("none") : RG_STR("a")};
    assert_int_equal(rig->first->ops->load(rig->first, keys, RG_STORE_KEYS_MAX, rig->batch, rig->arena, values, NULL),
                     RG_COMMITTED);
    for (size_t i = 0; i < RG_STORE_KEYS_MAX; i++) {
        if (i % 3 == 1)
            assert_null(values[i].p);
        else
            assert_true(rg_str_is(values[i], i % 3 == 0 ? "B" : "A"));
    }
    assert_int_equal(rig->first->ops->load(rig->first, NULL, 0, rig->batch, rig->arena, NULL, NULL), RG_COMMITTED);
}

static void lets_values_expire(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put puts[] = {put_of(RG_STORE_REFERENCE, RG_STR("short"), RG_STR("1")),
                                  put_of(RG_STORE_REFERENCE, RG_STR("long"), RG_STR("2")),
                                  put_of(RG_STORE_REFERENCE, RG_STR("kept"), RG_STR("3"))};
    puts[0].ttl_ms = puts[2].ttl_ms = TTL_MS;
    puts[1].ttl_ms = 3600 * 1000;
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    assert_value(rig, RG_STORE_REFERENCE, RG_STR("short"), RG_STR("1"));
    struct rg_store_put again = put_of(RG_STORE_REFERENCE, RG_STR("kept"), RG_STR("3")); /* written again for ever */
    commit(rig, (struct rg_store_batch){.puts = &again, .put_count = 1});
    rig->elapse(rig, TTL_MS + 20);
    assert_value(rig, RG_STORE_REFERENCE, RG_STR("short"), (struct rg_str){0});
    assert_value(rig, RG_STORE_REFERENCE, RG_STR("long"), RG_STR("2"));
    assert_value(rig, RG_STORE_REFERENCE, RG_STR("kept"), RG_STR("3"));
}

static void says_later_how_long_a_value_stays(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put puts[] = {put_of(RG_STORE_INVOICE, RG_STR("goes"), RG_STR("1")),
                                  put_of(RG_STORE_INVOICE, RG_STR("stays"), RG_STR("2")),
                                  put_of(RG_STORE_INVOICE, RG_STR("same"), RG_STR("3"))};
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    for (size_t i = 0; i < RG_COUNT(puts); i++) {
        puts[i].write = false;
        puts[i].ttl_ms = i < 2 ? TTL_MS : 0;
    }
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    assert_value(rig, RG_STORE_INVOICE, RG_STR("goes"), RG_STR("1"));
    struct rg_store_put again[] = {puts[1], puts[1]};
    again[0].ttl_ms = again[1].ttl_ms = RG_STORE_STAYS;
    again[1].key.id = RG_STR("never was");
    commit(rig, (struct rg_store_batch){.puts = again, .put_count = RG_COUNT(again)});
    rig->elapse(rig, TTL_MS + 20);
    assert_value(rig, RG_STORE_INVOICE, RG_STR("goes"), (struct rg_str){0});
    assert_value(rig, RG_STORE_INVOICE, RG_STR("stays"), RG_STR("2"));
    assert_value(rig, RG_STORE_INVOICE, RG_STR("same"), RG_STR("3"));
    assert_value(rig, RG_STORE_INVOICE, RG_STR("never was"), (struct rg_str){0});
}

/* ---- timers ---- */

#define DEBTORS 700 /* more than there are buckets */

static inline struct rg_str debtor_of(struct store_rig *rig, int i)
{
    return rg_arena_printf(rig->arena, "debtor-%d", i);
}

static inline int debtor_number(struct rg_str debtor)
{
    int64_t n = -1;
    assert_true(debtor.n > 7 && rg_str_to_i64((struct rg_str){debtor.p + 7, debtor.n - 7}, &n) && n >= 0 && n < DEBTORS);
    return (int)n;
}

/* Debtor i is due at 1000 + i. */
static inline void set_timers(struct store_rig *rig)
{
    struct rg_store_put *puts = RG_NEW(rig->arena, struct rg_store_put, DEBTORS);
    for (int i = 0; i < DEBTORS; i++)
        puts[i] = timer_of(debtor_of(rig, i), 1000 + i);
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = DEBTORS});
}

static inline size_t due_of(struct store_rig *rig, struct rg_store *store, enum rg_timer timer, int64_t until_ms, size_t max,
                            struct rg_due *ret)
{
    size_t n = SIZE_MAX;
    struct rg_error err = {0};
    enum rg_commit rc = store->ops->due(store, timer, until_ms, max, rig->arena, ret, &n, &err);
    if (rc != RG_COMMITTED)
        fail_msg("due: %d, %s", (int)rc, err.text);
    assert_true(n <= max);
    return n;
}

static inline size_t due_now(struct store_rig *rig, struct rg_store *store, int64_t until_ms, size_t max, struct rg_due *ret)
{
    return due_of(rig, store, RG_TIMER_DUE, until_ms, max, ret);
}

static void tells_who_is_due(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[DEBTORS + 1];
    assert_int_equal(due_now(rig, rig->first, INT64_MAX - 1, DEBTORS, due), 0);
    set_timers(rig);
    assert_true(rig->first->ops->next_due_ms(rig->first, RG_TIMER_DUE) <= 1000);
    assert_int_equal(due_now(rig, rig->first, 999, DEBTORS, due), 0);
    assert_int_equal(due_now(rig, rig->first, 1000, DEBTORS, due), 1);
    assert_true(rg_str_is(due[0].debtor, "debtor-0"));
    size_t n = due_now(rig, rig->first, 1349, DEBTORS + 1, due);
    assert_int_equal(n, 350);
    bool seen[DEBTORS] = {false};
    for (size_t i = 0; i < n; i++) {
        int number = debtor_number(due[i].debtor);
        assert_false(seen[number]);
        seen[number] = true;
        assert_int_equal(due[i].due_ms, 1000 + number);
        assert_true(number < 350);
    }
    assert_int_equal(due_now(rig, rig->first, 1000 + DEBTORS, DEBTORS + 1, due), DEBTORS);
}

static void moves_and_removes_timers(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[DEBTORS + 1];
    set_timers(rig);
    struct rg_store_put puts[] = {timer_of(RG_STR("debtor-0"), 5000), timer_of(RG_STR("debtor-1"), RG_STORE_NEVER),
                                  timer_of(RG_STR("debtor-2"), RG_STORE_UNCHANGED), timer_of(RG_STR("debtor-600"), 7),
                                  timer_of(RG_STR("never had one"), RG_STORE_NEVER)};
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    assert_true(rig->first->ops->next_due_ms(rig->first, RG_TIMER_DUE) <= 7);
    assert_int_equal(due_now(rig, rig->first, 1002, DEBTORS, due), 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(rg_str_is(due[i].debtor, "debtor-2") || (rg_str_is(due[i].debtor, "debtor-600") && due[i].due_ms == 7));
    assert_int_equal(due_now(rig, rig->first, 5000, DEBTORS + 1, due), DEBTORS - 1);

    struct rg_store *second = rig->store(rig); /* timers are found again by who comes next */
    (void)open_store(rig, second);
    assert_int_equal(second->ops->next_due_ms(second, RG_TIMER_DUE), 7);
    assert_int_equal(due_now(rig, second, 7, DEBTORS, due), 1);
    rg_store_free(&second);
}

/* A timer that may only come earlier. */
static void keeps_the_earlier_timer(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[8];
    static const char *const names[] = {"sooner", "later", "same", "none", "gone"};
    static const int64_t asked[] = {50, 150, 100, 70, RG_STORE_NEVER}, expected[] = {50, 100, 100, 70, 100};
    struct rg_store_put puts[5], again[5];
    for (size_t i = 0; i < 5; i++) {
        puts[i] = timer_of(rg_str(names[i]), i == 3 ? RG_STORE_NEVER : 100);
        again[i] = timer_of(rg_str(names[i]), asked[i]);
        again[i].earlier = true;
    }
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = 5});
    commit(rig, (struct rg_store_batch){.puts = again, .put_count = 5});
    assert_true(rig->first->ops->next_due_ms(rig->first, RG_TIMER_DUE) <= 50);
    size_t n = due_now(rig, rig->first, 1000, 8, due);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 5; k++)
            if (rg_str_is(due[i].debtor, names[k]))
                assert_int_equal(due[i].due_ms, expected[k]);
}

/* A debtor's two timers have nothing to do with each other. */
static void keeps_two_timers_apart(void **state)
{
    struct store_rig *rig = *state;
    struct rg_due due[4];
    struct rg_store_put puts[] = {timer_of(RG_STR("a"), 100), timer_of(RG_STR("a"), 50), timer_of(RG_STR("b"), 30)};
    puts[1].timer = puts[2].timer = RG_TIMER_PROMPT;
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    struct rg_store *second = rig->store(rig);
    (void)open_store(rig, second);
    rg_store_free(&rig->first);
    rig->first = second;
    assert_true(second->ops->next_due_ms(second, RG_TIMER_DUE) <= 100);
    assert_int_equal(second->ops->next_due_ms(second, RG_TIMER_PROMPT), 30);
    assert_int_equal(due_of(rig, second, RG_TIMER_DUE, 99, 4, due), 0);
    assert_int_equal(due_of(rig, second, RG_TIMER_PROMPT, 49, 4, due), 1);
    assert_true(rg_str_is(due[0].debtor, "b"));
    assert_int_equal(due_of(rig, second, RG_TIMER_PROMPT, 1000, 4, due), 2);
    assert_int_equal(due_of(rig, second, RG_TIMER_PROMPT, 1000, 1, due), 1);
    assert_true(rg_str_is(due[0].debtor, "b") && due[0].due_ms == 30);
    puts[0].due_ms = RG_STORE_UNCHANGED;
    puts[1].due_ms = RG_STORE_NEVER;
    puts[2].due_ms = 70;
    commit(rig, (struct rg_store_batch){.puts = puts, .put_count = RG_COUNT(puts)});
    assert_int_equal(due_of(rig, second, RG_TIMER_PROMPT, 69, 4, due), 0);
    assert_int_equal(second->ops->next_due_ms(second, RG_TIMER_PROMPT), 70);
    assert_int_equal(due_of(rig, second, RG_TIMER_DUE, 100, 4, due), 1);
    assert_true(rg_str_is(due[0].debtor, "a") && due[0].due_ms == 100);
}

/* Page by page, each page put off before the next: everybody comes once, nobody is left behind. */
static void pages_through_timers(void **state)
{
    struct store_rig *rig = *state;
    enum { PAGE = 64 };
    struct rg_due due[PAGE];
    struct rg_store_put puts[PAGE];
    bool seen[DEBTORS] = {false};
    int count = 0, pages = 0;
    set_timers(rig);
    for (;;) {
        size_t n = due_now(rig, rig->first, 1000 + DEBTORS, PAGE, due);
        if (n == 0)
            break;
        pages++;
        for (size_t i = 0; i < n; i++) {
            int number = debtor_number(due[i].debtor);
            assert_false(seen[number]);
            seen[number] = true;
            count++;
            puts[i] = timer_of(due[i].debtor, number % 2 == 0 ? RG_STORE_NEVER : 9000);
        }
        commit(rig, (struct rg_store_batch){.puts = puts, .put_count = n});
    }
    assert_int_equal(count, DEBTORS);
    assert_int_equal(pages, (DEBTORS + PAGE - 1) / PAGE);
    assert_int_equal(rig->first->ops->next_due_ms(rig->first, RG_TIMER_DUE), 9000); /* having looked, it knows that nothing is earlier */
}

/* ---- actions and outbox ---- */

static void keeps_actions(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_act acts[] = {
        {.action = action_of(1), .live = true, .value = {.claim_offset = -1}},
        {.action = action_of(2), .live = true, .value = {.claimed = true, .claim = {{7}}, .claim_offset = 99}},
        {.action = action_of(3)},
    };
    commit(rig, (struct rg_store_batch){.acts = acts, .act_count = RG_COUNT(acts)});
    struct rg_store *second = rig->store(rig);
    assert_int_equal(open_store(rig, second).act_count, 2);
    rg_store_free(&rig->first);
    rig->first = second;
    struct rg_store_act gone[] = {{.action = action_of(1)}, {.action = action_of(2), .live = true}};
    commit(rig, (struct rg_store_batch){.acts = gone, .act_count = RG_COUNT(gone)});
    assert_int_equal(open_store(rig, second).act_count, 1);
}

static inline void assert_outbox(struct store_rig *rig, const int64_t *seqs, size_t n)
{
    struct rg_store *other = rig->store(rig);
    struct rg_store_opened opened = open_store(rig, other);
    assert_int_equal(opened.out_count, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(opened.out[i].seq, seqs[i]);
        struct rg_str expected = rg_arena_printf(rig->arena, "entry:%lld", (long long)seqs[i]);
        assert_true(rg_str_eq(opened.out[i].bytes, expected));
    }
    rg_store_free(&rig->first);
    rig->first = other; /* the fence is his now */
}

static void keeps_the_outbox_in_order(void **state)
{
    struct store_rig *rig = *state;
    static const int64_t seqs[] = {0, 1, 2, 9, 10, 11, 100, INT64_C(1) << 40};
    struct rg_out_entry entries[RG_COUNT(seqs)];
    for (size_t i = 0; i < RG_COUNT(seqs); i++)
        entries[i] = (struct rg_out_entry){seqs[i], rg_arena_printf(rig->arena, "entry:%lld", (long long)seqs[i])};
    commit(rig, (struct rg_store_batch){.out_adds = entries, .out_add_count = 3});
    commit(rig, (struct rg_store_batch){.out_adds = entries + 3, .out_add_count = RG_COUNT(seqs) - 3});
    assert_outbox(rig, seqs, RG_COUNT(seqs));
    const int64_t removes[] = {10, 50, 100};
    commit(rig, (struct rg_store_batch){.out_removes = removes, .out_remove_count = RG_COUNT(removes), .out_done_through = 2});
    assert_outbox(rig, (const int64_t[]){9, 11, INT64_C(1) << 40}, 3);
    commit(rig, (struct rg_store_batch){.out_done_through = INT64_C(1) << 40});
    assert_outbox(rig, NULL, 0);
}

static void keeps_outbox_entries_of_any_bytes(void **state)
{
    struct store_rig *rig = *state;
    /* twice the same bytes */
    const struct rg_out_entry entries[] = {{3, {"\0:\r\n\xff", 5}}, {4, RG_STR("")}, {5, {"\0:\r\n\xff", 5}}};
    commit(rig, (struct rg_store_batch){.out_adds = entries, .out_add_count = RG_COUNT(entries)});
    struct rg_store *other = rig->store(rig);
    struct rg_store_opened opened = open_store(rig, other);
    assert_int_equal(opened.out_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(opened.out[i].seq, entries[i].seq);
        assert_true(rg_str_eq(opened.out[i].bytes, entries[i].bytes));
    }
    rg_store_free(&other);
}

/* ---- position ---- */

static inline const struct rg_origin_high *origin_in(const struct rg_pos *pos, bool people, const char *source, int incarnation,
                                                     int partition)
{
    for (size_t i = 0; i < pos->origin_count; i++)
        if (pos->origins[i].people == people && rg_str_is(pos->origins[i].source, source) &&
            pos->origins[i].incarnation == incarnation && pos->origins[i].partition == partition)
            return &pos->origins[i];
    fail_msg("no origin %s/%d/%d", source, incarnation, partition);
    return NULL;
}

static void keeps_the_position(void **state)
{
    struct store_rig *rig = *state;
    struct rg_origin_high first[] = {
        {.source = RG_STR("billing"), .partition = 3, .offset = 100, .sub = 2},
        {.source = RG_STR("billing"), .partition = 4, .offset = 7},
        {.people = true, .source = RG_STR("billing"), .partition = 3, .offset = 50},
        {.source = RG_STR("ledger"), .incarnation = 2, .partition = 0, .offset = INT64_C(1) << 50, .sub = 63}};
    const struct rg_pos pos = {.ledger_next = INT64_C(1) << 52,
                               .people_next = 17,
                               .ledger_crc = 4294967295u,
                               .seen_ms = 1700000000123,
                               .asof_ms = 1700000000001,
                               .out_next = 42,
                               .origins = first,
                               .origin_count = RG_COUNT(first)};
    commit(rig, (struct rg_store_batch){.pos = &pos});
    struct rg_origin_high second[] = {{.source = RG_STR("billing"), .partition = 3, .offset = 101}};
    const struct rg_pos later = {.ledger_next = pos.ledger_next + 1,
                                 .people_next = -1,
                                 .ledger_crc = 0,
                                 .seen_ms = -1,
                                 .asof_ms = 5,
                                 .out_next = 43,
                                 .origins = second,
                                 .origin_count = 1};
    struct rg_store *other = rig->store(rig);
    struct rg_pos found = open_store(rig, other).pos;
    assert_int_equal(found.ledger_next, pos.ledger_next);
    assert_int_equal(found.people_next, 17);
    assert_int_equal(found.ledger_crc, 4294967295u);
    assert_int_equal(found.batch, 1);
    assert_int_equal(found.seen_ms, pos.seen_ms);
    assert_int_equal(found.asof_ms, pos.asof_ms);
    assert_int_equal(found.out_next, 42);
    assert_int_equal(found.origin_count, 4);
    assert_int_equal(origin_in(&found, false, "ledger", 2, 0)->offset, INT64_C(1) << 50);
    assert_int_equal(origin_in(&found, false, "ledger", 2, 0)->sub, 63);
    rg_store_free(&rig->first);
    rig->first = other;
    commit(rig, (struct rg_store_batch){.pos = &later});
    found = open_store(rig, other).pos;
    assert_int_equal(found.people_next, -1);
    assert_int_equal(found.ledger_crc, 0);
    assert_int_equal(found.seen_ms, -1);
    assert_int_equal(found.batch, 2);
    assert_int_equal(found.origin_count, 4); /* those that did not change are kept */
    assert_int_equal(origin_in(&found, false, "billing", 0, 3)->offset, 101);
    assert_int_equal(origin_in(&found, false, "billing", 0, 3)->sub, 0);
    assert_int_equal(origin_in(&found, true, "billing", 0, 3)->offset, 50);
    assert_int_equal(origin_in(&found, false, "billing", 0, 4)->offset, 7);
}

/* ---- the fence ---- */

static void the_last_to_open_owns_it(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("old"));
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    struct rg_store *second = rig->store(rig);
    (void)open_store(rig, second);
    struct rg_error err = {0};
    struct rg_str value;
    const struct rg_store_key key = {RG_STORE_DEBTOR, RG_STR("x")};
    assert_int_equal(rig->first->ops->load(rig->first, &key, 1, rig->batch, rig->arena, &value, &err), RG_COMMIT_REOWN);
    assert_non_null(strstr(err.text, "another owner"));
    put.value = RG_STR("zombie");
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = &put, .put_count = 1}, rig->batch, &err),
                     RG_COMMIT_REOWN);

    struct rg_store *zombie = rig->first;
    rig->first = second;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("old"));
    put.value = RG_STR("new");
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("new"));
    rg_store_free(&zombie);
}

/* Loaded under the fence, lost it before the commit. */
static void a_fence_lost_between_load_and_commit(void **state)
{
    struct store_rig *rig = *state;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
    struct rg_store *second = rig->store(rig);
    (void)open_store(rig, second);
    struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("zombie"));
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = &put, .put_count = 1}, rig->batch, NULL),
                     RG_COMMIT_REOWN);
    rg_store_free(&rig->first);
    rig->first = second;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
}

static uint64_t trips_since(struct store_rig *rig, uint64_t *before)
{
    uint64_t n = rig->first->trips - *before;
    *before = rig->first->trips;
    return n;
}

/* What a load has found holds for the one commit behind it, and for no other. */
static void a_load_and_its_commit_are_two_round_trips(void **state)
{
    struct store_rig *rig = *state;
    uint64_t before = rig->first->trips;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("y"), (struct rg_str){0});
    assert_int_equal(trips_since(rig, &before), 2);
    commit(rig, (struct rg_store_batch){0});
    assert_int_equal(trips_since(rig, &before), 1);
    commit(rig, (struct rg_store_batch){0});
    assert_int_equal(trips_since(rig, &before), 2);
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
    commit(rig, (struct rg_store_batch){0});
    struct rg_store *second = rig->store(rig);
    (void)open_store(rig, second);
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){0}, rig->batch, NULL), RG_COMMIT_REOWN);
    rg_store_free(&second);
}

static void a_wipe_between_load_and_commit_is_noticed(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("1"));
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("1"));
    rig->wipe(rig);
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = &put, .put_count = 1}, rig->batch, NULL),
                     RG_COMMIT_REOWN);
    assert_int_equal(open_store(rig, rig->first).pos.batch, 0);
}

static void another_batch_number_is_noticed(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("1"));
    struct rg_str value;
    struct rg_error err = {0};
    const struct rg_store_key key = {RG_STORE_DEBTOR, RG_STR("x")};
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    for (int64_t off = -1; off <= 1; off += 2) {
        assert_int_equal(rig->first->ops->load(rig->first, &key, 1, rig->batch + off, rig->arena, &value, &err), RG_COMMIT_REOWN);
        assert_non_null(strstr(err.text, "expected"));
        assert_int_equal(try_commit(rig->first, (struct rg_store_batch){.puts = &put, .put_count = 1}, rig->batch + off, &err),
                         RG_COMMIT_REOWN);
    }
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), RG_STR("1")); /* and it goes on with the right one */
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
}

static void keeps_the_note_of_a_fold(void **state)
{
    struct store_rig *rig = *state;
    assert_int_equal(rig->opened.begun.times, 0);
    const struct rg_begun begun = {.ledger_next = 12, .people_next = -1, .people = true, .offset = INT64_MAX, .times = 3};
    commit(rig, (struct rg_store_batch){.begun = &begun});
    commit(rig, (struct rg_store_batch){0}); /* stays as it was */
    struct rg_store *second = rig->store(rig);
    struct rg_begun found = open_store(rig, second).begun;
    assert_int_equal(found.ledger_next, 12);
    assert_int_equal(found.people_next, -1);
    assert_true(found.people);
    assert_int_equal(found.offset, INT64_MAX);
    assert_int_equal(found.times, 3);
    rg_store_free(&second);
}

static void a_wipe_is_noticed(void **state)
{
    struct store_rig *rig = *state;
    struct rg_store_put put = put_of(RG_STORE_DEBTOR, RG_STR("x"), RG_STR("1"));
    put.due_ms = 5;
    commit(rig, (struct rg_store_batch){.puts = &put, .put_count = 1});
    rig->wipe(rig);
    assert_int_equal(try_commit(rig->first, (struct rg_store_batch){0}, rig->batch, NULL), RG_COMMIT_REOWN);
    struct rg_store_opened opened = open_store(rig, rig->first);
    assert_int_equal(opened.pos.ledger_next, -1);
    assert_int_equal(opened.pos.batch, 0);
    assert_no_timers(rig->first);
    rig->batch = 0;
    assert_value(rig, RG_STORE_DEBTOR, RG_STR("x"), (struct rg_str){0});
}

#define STORE_TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)
#define STORE_SUITE \
    STORE_TEST(finds_nothing_where_nothing_was), STORE_TEST(keeps_values), STORE_TEST(loads_in_the_order_asked), \
        STORE_TEST(lets_values_expire), STORE_TEST(says_later_how_long_a_value_stays), STORE_TEST(tells_who_is_due), \
        STORE_TEST(moves_and_removes_timers), \
        STORE_TEST(keeps_the_earlier_timer), \
        STORE_TEST(keeps_two_timers_apart), STORE_TEST(pages_through_timers), STORE_TEST(keeps_actions), STORE_TEST(keeps_the_outbox_in_order), \
        STORE_TEST(keeps_outbox_entries_of_any_bytes), STORE_TEST(keeps_the_position), STORE_TEST(the_last_to_open_owns_it), \
        STORE_TEST(a_fence_lost_between_load_and_commit), STORE_TEST(a_load_and_its_commit_are_two_round_trips), \
        STORE_TEST(a_wipe_between_load_and_commit_is_noticed), STORE_TEST(another_batch_number_is_noticed), \
        STORE_TEST(keeps_the_note_of_a_fold), STORE_TEST(a_wipe_is_noticed)
