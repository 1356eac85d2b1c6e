/* Folding: what compares equal, what becomes ASCII, what an SMS may keep. */
#include "brazil/text/fold.h"

#include "brazil/text/utf8.h"

#include "tests/unit/support/cmocka.h"

static void test_equal(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } ROWS[] = {
        {"São Paulo", "SAO PAULO", true},          {"São Paulo", "sa\u0303o paulo", true},
        {" São  Paulo ", "São Paulo", true},
        {"São João d'Aliança", "SAO JOAO D ALIANCA", true}, {"Embu-Guaçu", "embu guacu", true},
        {"Embu\u2013Guaçu", "EMBU - GUACU", true},
        {"Santa Bárbara d\u2019Oeste", "Santa Barbara d'Oeste", true}, {"Campinas", "Campina", false},
        {"Campina", "Campinas", false},
        {"São Paulo", "SãoPaulo", false},          {"", "", true},                        {" - ", "", true},
        {"", "a", false},                          {"Ç", "c", true},                      {"œ", "OE", true},
        {"\u00a0São Paulo", "São\u00a0Paulo", true},
        {"Αθήνα", "Αθήνα", true},            {"Αθήνα", "Αθήνb", false},
        {"a\xff", "a\xff", true},                  {"a\xff", "a\xfe", false},             {"a\xc3", "a", false},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++) {
        assert_int_equal(rg_fold_eq(rg_str(ROWS[i].a), rg_str(ROWS[i].b)), ROWS[i].equal);
        assert_int_equal(rg_fold_eq(rg_str(ROWS[i].b), rg_str(ROWS[i].a)), ROWS[i].equal);
    }
    assert_true(rg_fold_eq((struct rg_str){NULL, 0}, RG_STR("")));
}

typedef bool fold_fn(struct rg_str text, struct rg_buf *out);

static void assert_folds(fold_fn *fold, const char *text, const char *expected, bool all)
{
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, 4096);
    assert_int_equal(fold(rg_str(text), &out), all);
    assert_string_equal(rg_buf_cstr(&out), expected);
}

static void test_ascii(void **state)
{
    (void)state;
    assert_folds(rg_fold_ascii, "São Paulo", "Sao Paulo", true);
    assert_folds(rg_fold_ascii, "AÇÃO É À VISTA", "ACAO E A VISTA", true);
    assert_folds(rg_fold_ascii, "a\u0301e\u0302", "ae", true);
    assert_folds(rg_fold_ascii, "\u201cn\u00ba 1\u201d \u2013 2\u2026", "\"no 1\" - 2...", true);
    assert_folds(rg_fold_ascii, "R$\u00a010,00", "R$ 10,00", true);
    assert_folds(rg_fold_ascii, "Straße Łódź", "Strasse Lodz", true);
    assert_folds(rg_fold_ascii, "100 €", "100 €", false);
    assert_folds(rg_fold_ascii, "oi 😀", "oi 😀", false);
    assert_folds(rg_fold_ascii, "a\xff", "a\xff", false);
    assert_folds(rg_fold_ascii, "", "", true);
}

static void test_sms(void **state)
{
    (void)state;
    assert_folds(rg_fold_sms, "Olá, João! Sua fatura não está paga.", "Ola, Joao! Sua fatura nao esta paga.", true);
    assert_folds(rg_fold_sms, "é à ñ ü Ç", "é à ñ ü Ç", true);
    assert_folds(rg_fold_sms, "ç â õ", "c a o", true);
    assert_folds(rg_fold_sms, "R$\u00a01.234,56", "R$ 1.234,56", true);
    assert_folds(rg_fold_sms, "a\tb `c`", "a b 'c'", true);
    assert_folds(rg_fold_sms, "100 € [x]", "100 € [x]", true);
    assert_folds(rg_fold_sms, "e\u0301", "e", true);
    assert_folds(rg_fold_sms, "pago 👍", "pago 👍", false);
    assert_folds(rg_fold_sms, "a\x01", "a\x01", false);
}

static void test_all_of_latin_folds(void **state)
{
    (void)state;
    for (uint32_t c = 0xc0; c <= 0x17f; c++) {
        char text[3] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)), '\0'};
        struct rg_buf out RG_CLEANUP(rg_buf_done);
        rg_buf_init(&out, 16);
        assert_true(rg_fold_ascii(rg_str(text), &out));
        assert_true(out.len >= 1 && out.len <= 2);
    }
}

static void test_steps(void **state)
{
    (void)state;
    struct rg_str text = RG_STR("a\u00e9\u20ac😀\xe2\x82\xc3");
    static const uint32_t POINTS[] = {'a', 0xe9, 0x20ac, 0x1f600, RG_UTF8_BAD + 0xe2, RG_UTF8_BAD + 0x82, RG_UTF8_BAD + 0xc3};
    size_t at = 0;
    for (size_t i = 0; i < RG_COUNT(POINTS); i++)
        assert_int_equal(rg_utf8_point(text, &at), POINTS[i]);
    assert_int_equal(at, text.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_sms),
        cmocka_unit_test(test_all_of_latin_folds),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
