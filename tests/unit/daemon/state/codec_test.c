/* The stored form of a debtor: everything comes back, damage is refused, and it is as small as was promised. */
#include "daemon/state/codec.h"

#include "tests/unit/daemon/state/records.h"

#include <stdlib.h>

#define ROUNDS 3000

static struct rg_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)64 * 1024 * 1024);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static struct rg_str encoded(const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_error err = {0};
    rg_buf_init(&buf, 2 * RG_RECORD_STORED_MAX);
    if (rg_record_encode(record, &buf, &err) < 0)
        fail_msg("%s", err.text);
    return rg_arena_str(arena, rg_buf_str(&buf));
}

static struct rg_record *decoded_as(struct rg_str bytes, const char *debtor)
{
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    if (rg_record_decode(bytes, rg_str(debtor), arena, &record, &err) < 0)
        fail_msg("%s", err.text);
    return record;
}

static struct rg_record *decoded(struct rg_str bytes)
{
    return decoded_as(bytes, "C-1");
}

static void an_empty_record_comes_back(void **state)
{
    (void)state;
    struct rg_record *record = rg_record_new(arena, RG_STR("C-1"));
    same_record(decoded(encoded(record)), record);
    record = rg_record_new(arena, RG_STR(""));
    same_record(decoded_as(encoded(record), ""), record);
    record->kind = RG_KIND_PERSON;
    assert_int_equal(encoded(record).n, 3); /* a version, and sixteen fields that are not there */
}

static void whatever_is_set_comes_back(void **state)
{
    (void)state;
    struct maker m = {.arena = arena, .seed = 42};
    for (int i = 0; i < ROUNDS; i++) {
        m.fullness = i % 11 * 10;
        struct rg_record *record = make_record(&m), *again;
        struct rg_str bytes = encoded(record);
        again = decoded(bytes);
        same_record(again, record);
        assert_true(rg_str_eq(encoded(again), bytes)); /* and is written the same way again */
        assert_false(again->people_dirty);
        rg_arena_reset(arena);
    }
}

/* A record that was read grows by what is folded into it. */
static void lists_grow_behind_what_was_read(void **state)
{
    (void)state;
    struct maker m = {.arena = arena, .seed = 7, .fullness = 100};
    struct rg_record *record;
    do
        record = make_record(&m);
    while (record->invoice_count == 0);
    record = decoded(encoded(record));
    size_t before = record->invoice_count;
    struct rg_invoice kept = record->invoices[before - 1];
    struct rg_invoice *added = RG_PUSH(record->arena, record->invoices, record->invoice_count, record->invoice_cap);
    *added = (struct rg_invoice){.id = RG_STR("new"),
                                 .due_on = RG_DAY_NONE,
                                 .issued_on = RG_DAY_NONE,
                                 .pix_until = RG_DAY_NONE,
                                 .boleto_until = RG_DAY_NONE,
                                 .debit_on = RG_DAY_NONE,
                                 .fine_percent.units = -1,
                                 .interest_percent_month.units = -1};
    record = decoded(encoded(record));
    assert_int_equal(record->invoice_count, before + 1);
    same_invoice(&record->invoices[before - 1], &kept);
    same_text(record->invoices[before].id, RG_STR("new"));
}

/* ---- damage ---- */

static struct rg_str some_bytes(uint64_t seed)
{
    struct maker m = {.arena = arena, .seed = seed, .fullness = 60};
    return encoded(make_record(&m));
}

static int try(const char *bytes, size_t n)
{
    char *exact = rg_alloc(n + 1); /* so that a sanitizer sees a read past the end */
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    memcpy(exact, bytes, n);
    int rc = rg_record_decode((struct rg_str){exact, n}, RG_STR("C-1"), arena, &record, &err);
    assert_true(rc == 0 ? record != NULL : record == NULL && err.text[0] != '\0');
    free(exact);
    return rc;
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct rg_str bytes = some_bytes(3);
    for (size_t n = 0; n < bytes.n; n++)
        assert_int_equal(try(bytes.p, n), RG_EINVAL);
    char *more = rg_arena_alloc(arena, bytes.n + 1);
    memcpy(more, bytes.p, bytes.n);
    assert_int_equal(try(more, bytes.n + 1), RG_EINVAL);
}

/* Any byte changed to anything: refused, or a record that can be written again. */
static void no_damage_harms(void **state)
{
    (void)state;
    struct rg_str bytes = some_bytes(9);
    char *copy = rg_arena_alloc(arena, bytes.n);
    uint64_t seed = 11;
    struct rg_arena *keep = arena;
    arena = rg_arena_new((size_t)64 * 1024 * 1024);
    for (size_t i = 1; i < bytes.n; i++) {
        for (int k = 0; k < 8; k++) {
            memcpy(copy, bytes.p, bytes.n);
            copy[i] = (char)(k == 0 ? 0 : k == 1 ? 0xff : k == 2 ? 0x80 : (int)next_random(&seed));
            if (try(copy, bytes.n) == 0)
                (void)encoded(decoded((struct rg_str){copy, bytes.n}));
            rg_arena_reset(arena);
        }
    }
    rg_arena_free(&arena);
    arena = keep;
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    struct rg_str bytes = some_bytes(5);
    char *copy = rg_arena_alloc(arena, bytes.n);
    memcpy(copy, bytes.p, bytes.n);
    for (int version = 0; version < 256; version++) {
        copy[0] = (char)version;
        if (version != RG_RECORD_VERSION)
            assert_int_equal(try(copy, bytes.n), RG_EREFUSED);
    }
}

/* ---- size ---- */

static void limits_are_kept(void **state)
{
    (void)state;
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_record *record = rg_record_new(arena, RG_STR("C-1"));
    struct rg_error err = {0};
    size_t rest = RG_RECORD_STORED_MAX - encoded(record).n;
    char *name = rg_arena_alloc(arena, RG_RECORD_STORED_MAX);
    memset(name, 0x80, RG_RECORD_STORED_MAX); /* in no alphabet */
    record->name = (struct rg_str){name, rest - 3}; /* absent it takes nothing, its length takes three bytes */
    assert_int_equal(encoded(record).n, RG_RECORD_STORED_MAX);
    same_text(decoded(encoded(record))->name, record->name);
    record->name.n++;
    rg_buf_init(&buf, 2 * RG_RECORD_STORED_MAX);
    assert_int_equal(rg_record_encode(record, &buf, &err), RG_ELIMIT);
    assert_non_null(strstr(err.text, "C-1"));
    char *huge = rg_arena_alloc(arena, RG_RECORD_STORED_MAX + 1);
    huge[0] = RG_RECORD_VERSION;
    assert_int_equal(try(huge, RG_RECORD_STORED_MAX + 1), RG_ELIMIT);
}

/* Whatever stands in a ledger, what is stored can be read again: the shard that folded it must not end by it. */
static void no_number_makes_it_unreadable(void **state)
{
    (void)state;
    static const int64_t odd[] = {INT64_MIN, INT64_MIN + 1, -1, 1, 999, INT64_MAX - 999, INT64_MAX};
    for (size_t i = 0; i < RG_COUNT(odd); i++) {
        struct rg_record *record = reference_debtor(arena), *again;
        struct rg_done *done = &record->invoices[0].done[0];
        record->looked_ms = record->sequence = done->sequence = done->decided_ms = done->at_ms = done->confirmed_ms = odd[i];
        done->evidence_ms[RG_EVIDENCE_DELIVERED] = done->retry_after_ms = record->invoices[0].caught_up_ms = odd[i];
        record->protection_until_ms = record->invoices[0].set[RG_IG_DUE].time_ms = record->past.known_ms = odd[i];
        again = decoded_as(encoded(record), "cus_000005219613");
        assert_true(again->sequence == odd[i] && again->invoices[0].done[0].retry_after_ms == odd[i]);
        assert_true((again->looked_ms > 0) == (odd[i] > 0));
    }
}

/* A hostile value of few bytes must not take memory without end. */
static void lists_take_no_more_than_they_may(void **state)
{
    (void)state;
    enum { INVOICES = 12, STEPS = 4000 };
    struct rg_record *record = rg_record_new(arena, RG_STR("C-1"));
    for (int i = 0; i < INVOICES; i++) {
        struct rg_invoice *v = RG_PUSH(arena, record->invoices, record->invoice_count, record->invoice_cap);
        v->id = RG_STR("F");
        v->fine_percent.units = v->interest_percent_month.units = -1;
        v->done = RG_NEW(arena, struct rg_done, STEPS);
        v->done_count = STEPS;
    }
    struct rg_str bytes = encoded(record);
    assert_true(bytes.n < RG_RECORD_STORED_MAX);
    assert_int_equal(try(bytes.p, bytes.n), RG_EINVAL);
    record->invoice_count = 2;
    bytes = encoded(record);
    assert_int_equal(try(bytes.p, bytes.n), 0);
}

/* ---- where the bytes go ---- */

static void without_name(struct rg_record *r) { r->name = (struct rg_str){0}; }
static void without_document(struct rg_record *r) { r->document = (struct rg_str){0}; }
static void without_contacts(struct rg_record *r) { r->contact_count = 0; }
static void without_stamps(struct rg_record *r) { memset(r->set, 0, sizeof r->set); }
static void without_steps(struct rg_record *r) { r->invoices[0].done_count = 0; }
static void without_invoice(struct rg_record *r) { r->invoice_count = 0; }
static void without_looked(struct rg_record *r) { r->looked_ms = 0, r->previous_decision = -1; }
static void without_traces(struct rg_record *r)
{
    for (size_t i = 0; i < r->invoices[0].done_count; i++) {
        memset(r->invoices[0].done[i].trace, 0, RG_TRACE_BYTES);
        r->invoices[0].done[i].sent_offset = 0;
    }
}
static void with_times_of_decision(struct rg_record *r)
{
    for (size_t i = 0; i < r->invoices[0].done_count; i++) {
        struct rg_done *d = &r->invoices[0].done[i];
        d->at_ms = d->evidence_ms[RG_EVIDENCE_ACCEPTED] = d->evidence_ms[RG_EVIDENCE_DELIVERED] = d->decided_ms;
    }
}
static void with_own_names(struct rg_record *r)
{
    for (size_t i = 0; i < r->invoices[0].done_count; i++)
        r->invoices[0].done[i].step = rg_arena_printf(arena, "%.*s2", (int)r->invoices[0].done[i].step.n, r->invoices[0].done[i].step.p);
}

/* Sums are made over a set of payments that has no room for more. */
static void payments_fit_their_set(void **state)
{
    (void)state;
    struct rg_payment payments[RG_RECORD_PAYMENTS_MAX + 1] = {{.id = RG_STR("p")}};
    struct rg_record *record = rg_record_new(arena, RG_STR("C-1"));
    struct rg_invoice invoice = {.ns = RG_STR("n"), .id = RG_STR("F1"), .payments = payments};
    record->invoices = &invoice;
    record->invoice_count = 1;
    invoice.payment_count = RG_RECORD_PAYMENTS_MAX;
    struct rg_str most = encoded(record);
    assert_int_equal(try(most.p, most.n), 0);
    invoice.payment_count++;
    struct rg_str more = encoded(record);
    assert_int_equal(try(more.p, more.n), RG_EINVAL);
}

static void the_reference_debtor_is_small(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*change)(struct rg_record *);
    } rows[] = {
        {"name", without_name}, {"document", without_document}, {"contacts", without_contacts}, {"times of the person's fields", without_stamps},
        {"invoice with its steps", without_invoice}, {"five steps", without_steps}, {"  their actions and offsets", without_traces},
        {"  their times after the decision", with_times_of_decision}, {"last look and decision", without_looked},
        {"steps of no shipped name", with_own_names},
    };
    struct rg_record *record = reference_debtor(arena);
    struct rg_str bytes = encoded(record);
    same_record(decoded_as(bytes, "cus_000005219613"), record);
    (void)printf("reference debtor: %zu bytes\n", bytes.n);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        record = reference_debtor(arena);
        rows[i].change(record);
        (void)printf("%+8d %s\n", (int)bytes.n - (int)encoded(record).n, rows[i].what);
    }
    assert_true(bytes.n <= 173); /* what it takes today: who makes it larger should know */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_record_comes_back),
        TEST(whatever_is_set_comes_back),
        TEST(lists_grow_behind_what_was_read),
        TEST(every_cut_is_refused),
        TEST(no_damage_harms),
        TEST(other_versions_are_refused),
        TEST(limits_are_kept),
        TEST(no_number_makes_it_unreadable),
        TEST(lists_take_no_more_than_they_may),
        TEST(payments_fit_their_set),
        TEST(the_reference_debtor_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
