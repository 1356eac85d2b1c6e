/* Masks: what is shown, and that everything odd is hidden whole. */
#include "brazil/text/mask.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

typedef void mask_fn(struct rg_str text, char *ret_text);

struct row {
    const char *text, *masked;
};

static void assert_rows(mask_fn *mask, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[RG_MASK_TEXT_MAX];
        mask(rg_str(rows[i].text), text);
        assert_string_equal(text, rows[i].masked);
    }
    char text[RG_MASK_TEXT_MAX];
    mask((struct rg_str){NULL, 0}, text);
    assert_string_equal(text, "***");
    char longest[4096];
    memset(longest, 'a', sizeof longest);
    mask((struct rg_str){longest, sizeof longest}, text);
    assert_string_equal(text, "***");
}

static void test_email(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"maria.silva@provedor.example", "m***@provedor.example"}, {"a@b.example", "a***@b.example"},
        {"águia@x.example", "á***@x.example"},
        {"", "***"}, {"maria", "***"}, {"@x.example", "***"}, {"maria@", "***"}, {"a@b@c.example", "***"},
        {"a@b\n.example", "***"},
        {"\xff@x.example", "***"},
    };
    assert_rows(rg_mask_email, ROWS, RG_COUNT(ROWS));
    char address[4 + 81] = "a@", text[RG_MASK_TEXT_MAX];
    memset(address + 2, 'b', 81);
    rg_mask_email((struct rg_str){address, 2 + 80}, text);
    assert_int_equal(strlen(text), 5 + 80);
    rg_mask_email((struct rg_str){address, 2 + 81}, text);
    assert_string_equal(text, "***");
}

static void test_phone(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"+5511912345678", "+55 11 *****-5678"}, {"+551131234567", "+55 11 ****-4567"}, {"11912345678", "***"},
        {"+12125550100", "***"},
        {"+55119123456789", "***"}, {"+55119123x5678", "***"}, {"+55", "***"}, {"", "***"},
    };
    assert_rows(rg_mask_phone, ROWS, RG_COUNT(ROWS));
}

static void test_name(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"Maria da Silva", "Maria S."}, {"Maria", "M***"}, {"  José   Élio  ", "José É."}, {"Água", "Á***"},
        {"ACME LTDA", "ACME L."},
        {"", "***"}, {"   ", "***"}, {"Maria\nSilva", "***"}, {"Maria \xff", "***"},
    };
    assert_rows(rg_mask_name, ROWS, RG_COUNT(ROWS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_email), cmocka_unit_test(test_phone), cmocka_unit_test(test_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
