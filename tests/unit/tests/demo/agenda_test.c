/* The agenda gives the same order whatever the order in which it was filled. */
#include "tests/demo/agenda.h"

#include "tests/demo/portfolio.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

#define ENTRIES 500

static void fill(struct demo_agenda *agenda, struct demo_debtor *debtors, int stride)
{
    for (int i = 0; i < ENTRIES; i++) {
        int k = i * stride % ENTRIES;
        demo_agenda_add(agenda, &(struct demo_entry){.at_ms = k % 7, .debtor = k % 11 == 0 ? NULL : &debtors[k % 11],
                                                     .deed = (enum demo_deed)(k % 5), .number = k});
    }
}

static void order_does_not_depend_on_filling(void **state)
{
    (void)state;
    struct demo_debtor debtors[11];
    memset(debtors, 0, sizeof debtors);
    for (int i = 0; i < 11; i++)
        debtors[i].number = i;
    struct demo_agenda *one = demo_agenda_new(), *other = demo_agenda_new();
    fill(one, debtors, 1);
    fill(other, debtors, 373);
    struct demo_entry a, b, before = {.at_ms = -1};
    for (int i = 0; i < ENTRIES; i++) {
        assert_true(demo_agenda_take(one, 10, &a));
        assert_true(demo_agenda_take(other, 10, &b));
        assert_int_equal(a.number, b.number);
        assert_true(a.at_ms >= before.at_ms);
        before = a;
    }
    assert_false(demo_agenda_take(one, 10, &a));
    assert_int_equal(demo_agenda_next_ms(one), INT64_MAX);
    demo_agenda_free(&one);
    demo_agenda_free(&other);
}

static void nothing_comes_before_its_time(void **state)
{
    (void)state;
    struct demo_agenda *agenda = demo_agenda_new();
    struct demo_entry entry;
    demo_agenda_add(agenda, &(struct demo_entry){.at_ms = 5});
    assert_int_equal(demo_agenda_next_ms(agenda), 5);
    assert_false(demo_agenda_take(agenda, 4, &entry));
    assert_true(demo_agenda_take(agenda, 5, &entry));
    demo_agenda_free(&agenda);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_depend_on_filling),
        cmocka_unit_test(nothing_comes_before_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
