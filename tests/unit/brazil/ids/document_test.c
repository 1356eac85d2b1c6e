/* CPF and CNPJ: official examples, every wrong check digit, every wrong place for a mark. */
#include "brazil/ids/document.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static bool valid(const char *text, enum rg_document_kind kind)
{
    struct rg_document document = {0};
    return rg_document_check(rg_str(text), kind, &document, NULL) == 0;
}

static void test_good(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        enum rg_document_kind kind;
        const char *text;
    } ROWS[] = {
        {"12345678909", RG_DOCUMENT_CPF, "12345678909"},          {"11144477735", RG_DOCUMENT_CPF, "11144477735"},
        {"52998224725", RG_DOCUMENT_CPF, "52998224725"},          {"00000000191", RG_DOCUMENT_CPF, "00000000191"},
        {"01234567890", RG_DOCUMENT_CPF, "01234567890"},          {"390.533.447-05", RG_DOCUMENT_CPF, "39053344705"},
        {"390533447-05", RG_DOCUMENT_CPF, "39053344705"},         {"12ABC34501DE35", RG_DOCUMENT_CNPJ, "12ABC34501DE35"},
        {"12.ABC.345/01DE-35", RG_DOCUMENT_CNPJ, "12ABC34501DE35"}, {"12abc34501de35", RG_DOCUMENT_CNPJ, "12ABC34501DE35"},
        {"12ABC345000188", RG_DOCUMENT_CNPJ, "12ABC345000188"},   {"A1B2C3D4000193", RG_DOCUMENT_CNPJ, "A1B2C3D4000193"},
        {"00ABCDEF000157", RG_DOCUMENT_CNPJ, "00ABCDEF000157"},   {"AAAAAAAA000191", RG_DOCUMENT_CNPJ, "AAAAAAAA000191"},
        {"11222333000181", RG_DOCUMENT_CNPJ, "11222333000181"},   {"00000000000191", RG_DOCUMENT_CNPJ, "00000000000191"},
        {"12345678000195", RG_DOCUMENT_CNPJ, "12345678000195"},   {"33000167000101", RG_DOCUMENT_CNPJ, "33000167000101"},
        {"11.222.333/0001-81", RG_DOCUMENT_CNPJ, "11222333000181"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_document document;
        enum rg_document_kind other = ROWS[i].kind == RG_DOCUMENT_CPF ? RG_DOCUMENT_CNPJ : RG_DOCUMENT_CPF;
        assert_int_equal(rg_document_check(rg_str(ROWS[i].input), RG_DOCUMENT_AUTO, &document, NULL), 0);
        assert_int_equal(document.kind, ROWS[i].kind);
        assert_string_equal(document.text, ROWS[i].text);
        assert_true(valid(ROWS[i].input, ROWS[i].kind));
        assert_false(valid(ROWS[i].input, other));
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "1", "1234567890", "123456789012", "12345678900", "11111111111", "00000000000", "99999999999", "12ABC34501DE53",
        "12ABC34501DEA5", "12ABC34501DE3A", "00000000000000", "11111111111111", "1122233300018", "112223330001811", "1234567890A",
        "A2345678909", "529982247 25", " 52998224725", "52998224725 ", "52-998-224.725", "529.982.247.25", "529..982.247-25",
        ".52998224725", "52998224725-", "529982247--25", "11.222.333-0001/81", "11222333/0001/81", "11.222.333/0001-81-",
        "5299822472\u0665", "52998224725\n", "12.ABC.345/01DE-35.", "AAAAAAAAAAAAAA", "\u00c1BC34501DE350",
        "000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < RG_COUNT(BAD); i++) {
        struct rg_document document = {.text = "untouched"};
        struct rg_error err = {0};
        assert_int_equal(rg_document_check(rg_str(BAD[i]), RG_DOCUMENT_AUTO, &document, &err), RG_EINVAL);
        assert_string_equal(document.text, "untouched");
        assert_true(err.text[0] != '\0');
        if (strlen(BAD[i]) > 5) /* personal data stays out of errors */
            assert_null(strstr(err.text, BAD[i]));
    }
    struct rg_document document;
    assert_int_equal(rg_document_check((struct rg_str){NULL, 0}, RG_DOCUMENT_AUTO, &document, NULL), RG_EINVAL);
    assert_int_equal(rg_document_check((struct rg_str){"5299822\000725", 11}, RG_DOCUMENT_CPF, &document, NULL), RG_EINVAL);
}

static void test_one_pair_of_check_digits(void **state)
{
    (void)state;
    static const char *const BODIES[] = {"529982247", "000000001", "987654321", "12ABC34501DE", "112223330001", "ZZZZZZZZZZZ9"};
    for (size_t i = 0; i < RG_COUNT(BODIES); i++) {
        int found = 0;
        for (int pair = 0; pair < 100; pair++) {
            char text[RG_DOCUMENT_TEXT_MAX];
            size_t n = strlen(BODIES[i]);
            memcpy(text, BODIES[i], n);
            text[n] = (char)('0' + pair / 10);
            text[n + 1] = (char)('0' + pair % 10);
            text[n + 2] = '\0';
            found += valid(text, RG_DOCUMENT_AUTO);
        }
        assert_int_equal(found, 1);
    }
}

static void test_mask(void **state)
{
    (void)state;
    static const struct {
        const char *input, *masked;
    } ROWS[] = {
        {"52998224725", "***.982.247-**"}, {"11222333000181", "**.222.333/0001-**"}, {"12ABC34501DE35", "**.ABC.345/01DE-**"},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        struct rg_document document;
        char text[RG_DOCUMENT_MASK_MAX];
        assert_int_equal(rg_document_check(rg_str(ROWS[i].input), RG_DOCUMENT_AUTO, &document, NULL), 0);
        rg_document_mask(&document, text);
        assert_string_equal(text, ROWS[i].masked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_one_pair_of_check_digits),
        cmocka_unit_test(test_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
