/* Telephone numbers as people write them, and everything that must not be called. */
#include "brazil/ids/phone.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static void test_good(void **state)
{
    (void)state;
    static const struct {
        const char *input, *e164;
        bool mobile;
        int area_code;
    } ROWS[] = {
        {"(11) 91234-5678", "+5511912345678", true, 11},   {"011 91234-5678", "+5511912345678", true, 11},
        {"0 15 11 91234-5678", "+5511912345678", true, 11}, {"5511912345678", "+5511912345678", true, 11},
        {"+5511912345678", "+5511912345678", true, 11},    {"+55 (11) 9.1234-5678", "+5511912345678", true, 11},
        {"+55 (0)11 91234-5678", "+5511912345678", true, 11}, {"11912345678", "+5511912345678", true, 11},
        {"(11) 3123-4567", "+551131234567", false, 11},    {"1131234567", "+551131234567", false, 11},
        {"0 21 11 3123-4567", "+551131234567", false, 11}, {"551131234567", "+551131234567", false, 11},
        {"(55) 99123-4567", "+5555991234567", true, 55},   {"5555991234567", "+5555991234567", true, 55},
        {"(55) 3221-0000", "+555532210000", false, 55},    {"055 99123-4567", "+5555991234567", true, 55},
        {"(99) 90000-0000", "+5599900000000", true, 99},   {"( 1 1 ) 9 1 2 3 4 / 5 6 7 8", "+5511912345678", true, 11},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_phone phone;
        assert_int_equal(rg_phone_parse(rg_str(ROWS[i].input), &phone, NULL), 0);
        assert_string_equal(phone.e164, ROWS[i].e164);
        assert_int_equal(phone.mobile, ROWS[i].mobile);
        assert_int_equal(phone.area_code, ROWS[i].area_code);
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "+", "0", "5", "55", "+55", "+550", "1191234567", "21 8765-4321", "10 91234-5678", "(00) 91234-5678",
        "+5511812345678",
        "(11) 71234-5678", "0800 123 4567", "0300 123 4567", "4004-1234", "3003 1234", "91234-5678", "190", "+1 212 555 0100",
        "+351 912 345 678", "00 55 11 91234-5678", "(23) 91234-5678", "(52) 91234-5678", "(20) 91234-5678", "(11) 1123-4567",
        "(11) 0123-4567", "(11) 6123-4567", "119123456789", "11 91234-56789", "11 91234-567a", "tel:+5511912345678",
        "11+912345678",
        "++5511912345678", "11 91234-5678;1", "11 91234-5678 r. 12", "\uff11\uff11912345678", "11\u00a091234-5678",
        "5511912345678901",
        "55119123456789012", "000000000000000000000000000000000", "+5501191234567890", "11 91234\n5678",
    };
    for (size_t i = 0; i < RG_COUNT(BAD); i++) {
        struct rg_phone phone = {.e164 = "untouched"};
        struct rg_error err = {0};
        assert_int_equal(rg_phone_parse(rg_str(BAD[i]), &phone, &err), RG_EINVAL);
        assert_string_equal(phone.e164, "untouched");
        assert_true(err.text[0] != '\0');
        assert_true(strlen(BAD[i]) < 8 || strstr(err.text, BAD[i]) == NULL);
    }
    struct rg_phone phone;
    assert_int_equal(rg_phone_parse((struct rg_str){NULL, 0}, &phone, NULL), RG_EINVAL);
    assert_int_equal(rg_phone_parse((struct rg_str){"1191234\0005678", 12}, &phone, NULL), RG_EINVAL);
}

static void test_longest_input(void **state)
{
    (void)state;
    struct rg_phone phone;
    char text[RG_PHONE_INPUT_MAX + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "11912345678", 11);
    assert_int_equal(rg_phone_parse((struct rg_str){text, RG_PHONE_INPUT_MAX}, &phone, NULL), 0);
    assert_int_equal(rg_phone_parse((struct rg_str){text, RG_PHONE_INPUT_MAX + 1}, &phone, NULL), RG_EINVAL);
}

static void test_area_codes(void **state)
{
    (void)state;
    int assigned = 0;
    for (int code = -5; code <= 105; code++) {
        const char *uf = rg_area_code_state(code);
        assigned += uf != NULL;
        if (uf != NULL)
            assert_int_equal(strlen(uf), 2);
    }
    assert_int_equal(assigned, 67);
    assert_string_equal(rg_area_code_state(11), "SP");
    assert_string_equal(rg_area_code_state(61), "DF");
    assert_string_equal(rg_area_code_state(68), "AC");
    assert_string_equal(rg_area_code_state(99), "MA");
    assert_null(rg_area_code_state(INT32_MIN));
    assert_null(rg_area_code_state(INT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_longest_input),
        cmocka_unit_test(test_area_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
