/* Postal object codes. */
#include "brazil/ids/object.h"

#include "tests/unit/support/cmocka.h"

static void test_codes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        bool valid;
    } ROWS[] = {
        {"SW371675211BR", true},  {"DU897123996BR", true},  {"PN273603577BR", true}, {"DU910139445BR", true},
        {"PW541511679BR", true},  {"SB231363632BR", true},  {"SS123456785BR", true}, {"SS123456789BR", false},
        {"SW371675212BR", false}, {"sw371675211BR", false}, {"SW371675211br", false}, {"SW371675211US", false},
        {"SW37167521BR", false},  {"SW3716752111BR", false}, {"S1371675211BR", false}, {"SWX71675211BR", false},
        {"SW37167521XBR", false}, {"SW 371675211BR", false}, {"", false},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        assert_int_equal(rg_object_code_valid(rg_str(ROWS[i].code)), ROWS[i].valid);
    assert_false(rg_object_code_valid((struct rg_str){NULL, 0}));
}

/* All eight digits zero sum to 0 and give 11, written 5; other bodies reach 10, written 0. */
static void test_special_check_digits(void **state)
{
    (void)state;
    assert_true(rg_object_code_valid(RG_STR("AA000000005BR")));
    assert_true(rg_object_code_valid(RG_STR("AA003000000BR"))); /* 3 × 4 = 12, rest 1, gives 10 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_codes), cmocka_unit_test(test_special_check_digits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
