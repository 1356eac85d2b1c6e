/* Amounts in Brazilian notation, up to the ends of 64 bits. */
#include "brazil/money/format.h"

#include "tests/unit/support/cmocka.h"

#define NBSP "\u00a0"

static void test_amounts(void **state)
{
    (void)state;
    static const struct {
        int64_t cents;
        const char *text;
    } ROWS[] = {
        {0, "R$" NBSP "0,00"},          {1, "R$" NBSP "0,01"},           {10, "R$" NBSP "0,10"},
        {99, "R$" NBSP "0,99"},         {100, "R$" NBSP "1,00"},         {99999, "R$" NBSP "999,99"},
        {100000, "R$" NBSP "1.000,00"}, {123456, "R$" NBSP "1.234,56"},  {102167, "R$" NBSP "1.021,67"},
        {-100, "-R$" NBSP "1,00"},      {-5, "-R$" NBSP "0,05"},         {1000000000000, "R$" NBSP "10.000.000.000,00"},
        {INT64_MAX, "R$" NBSP "92.233.720.368.547.758,07"}, {INT64_MIN, "-R$" NBSP "92.233.720.368.547.758,08"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        char text[RG_MONEY_TEXT_MAX];
        rg_money_format(ROWS[i].cents, text);
        assert_string_equal(text, ROWS[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_amounts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
