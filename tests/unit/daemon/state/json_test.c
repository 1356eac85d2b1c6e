/* A record as people see it: an invoice stands as they would say, and what is left of it is what is still asked for. */
#include "daemon/state/codec.h"

#include "base/json/json.h"
#include "tests/unit/support/cmocka.h"

#define AMOUNT 10000

static struct rg_invoice invoice_of(struct rg_arena *arena, enum rg_invoice_state state, int64_t paid_cents)
{
    struct rg_invoice v = {.ns = RG_STR("n"), .id = RG_STR("F1"), .issued = true, .due_on = rg_day_of(2026, 11, 3),
                           .issued_on = RG_DAY_NONE, .debit_on = RG_DAY_NONE, .amount_cents = AMOUNT, .state = state};
    if (paid_cents > 0)
        *RG_PUSH(arena, v.payments, v.payment_count, v.payment_cap) =
            (struct rg_payment){.id = RG_STR("P1"), .confirmed_cents = paid_cents, .confirmed_ms = 1, .paid_on = rg_day_of(2026, 11, 1)};
    return v;
}

static void expect(struct rg_arena *arena, const struct rg_invoice *invoice, const char *state, int64_t left_cents)
{
    struct rg_record *record = rg_record_new(arena, RG_STR("D1"));
    *RG_PUSH(arena, record->invoices, record->invoice_count, record->invoice_cap) = *invoice;
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err;
    struct rg_str word;
    int64_t left = -1;
    rg_buf_init(&buf, 64 * 1024);
    rg_jw_init(&jw, &buf);
    rg_record_json(record, 2, false, &jw);
    rg_jw_done(&jw);
    assert_int_equal(rg_json_parse(rg_buf_str(&buf), buf.len, &doc, &err), 0);
    const struct rg_json_value *shown = rg_json_at(rg_json_get(rg_json_root(doc), "invoices"), 0);
    assert_true(rg_json_str(rg_json_get(shown, "state"), &word));
    assert_true(rg_str_is(word, state));
    assert_true(rg_json_int(rg_json_get(shown, "left_cents"), &left));
    assert_int_equal(left, left_cents);
}

static void an_invoice_stands_as_people_say(void **state)
{
    (void)state;
    static const struct {
        enum rg_invoice_state state;
        int64_t paid_cents;
        const char *word;
        int64_t left_cents;
    } rows[] = {
        {RG_INVOICE_OPEN, 0, "open", AMOUNT},
        {RG_INVOICE_OPEN, 4000, "open", 6000},
        {RG_INVOICE_OPEN, AMOUNT - 3, "open", 3},
        {RG_INVOICE_OPEN, AMOUNT - 2, "paid", 0}, /* no more than the tolerance is missing */
        {RG_INVOICE_OPEN, AMOUNT, "paid", 0},
        {RG_INVOICE_OPEN, AMOUNT + 500, "paid", 0},
        {RG_INVOICE_VOIDED, 0, "voided", 0},
        {RG_INVOICE_VOIDED, AMOUNT, "voided", 0},
        {RG_INVOICE_WRITTEN_OFF, 4000, "written_off", 6000}, /* the books give it up; he owes it still */
        {RG_INVOICE_WRITTEN_OFF, AMOUNT, "paid", 0},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(1 << 20);
        struct rg_invoice invoice = invoice_of(arena, rows[i].state, rows[i].paid_cents);
        expect(arena, &invoice, rows[i].word, rows[i].left_cents);
        rg_arena_free(&arena);
    }
}

static void a_discount_is_not_left(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(1 << 20);
    struct rg_invoice invoice = invoice_of(arena, RG_INVOICE_OPEN, 9000);
    invoice.discounts[invoice.discount_count++] = (struct rg_discount){.amount_cents = 1000, .until = rg_day_of(2026, 11, 2)};
    expect(arena, &invoice, "paid", 0);
    rg_arena_free(&arena);
}

static void what_nobody_issued_has_nothing_left(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(1 << 20);
    struct rg_invoice invoice = invoice_of(arena, RG_INVOICE_OPEN, 5000);
    invoice.issued = false;
    invoice.amount_cents = 0;
    expect(arena, &invoice, "not_issued", 0);
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_invoice_stands_as_people_say), cmocka_unit_test(a_discount_is_not_left),
                                       cmocka_unit_test(what_nobody_issued_has_nothing_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
