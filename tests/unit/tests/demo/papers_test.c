/* Papers that nobody can tell from real ones by their digits. */
#include "tests/demo/papers.h"

#include "brazil/ids/document.h"
#include "tests/unit/support/cmocka.h"

#include <string.h>

static void cpfs_are_valid(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 2000; n++) {
        char text[DEMO_CPF_MAX];
        struct rg_document document;
        struct rg_error err;
        demo_cpf(n * 7919, text);
        assert_int_equal(strlen(text), 11);
        assert_int_equal(rg_document_check(rg_str(text), RG_DOCUMENT_CPF, &document, &err), 0);
    }
}

/* Tag, length, value; the checksum is the last four characters. */
static void pix_has_fields_and_checksum(void **state)
{
    (void)state;
    char text[DEMO_PIX_MAX];
    demo_pix("cobranca@provedor.example", 7990, "F00000101", text);
    assert_non_null(strstr(text, "0014br.gov.bcb.pix0125cobranca@provedor.example5204"));
    assert_non_null(strstr(text, "540579.90"));
    assert_non_null(strstr(text, "62130509F00000101"));
    assert_int_equal(strncmp(text, "00020126", 8), 0);
    assert_int_equal(strlen(strstr(text, "6304")), 8);
}

static int mod10(const char *digits, int n)
{
    int sum = 0;
    for (int i = n - 1, weight = 2; i >= 0; i--, weight = 3 - weight)
        sum += (digits[i] - '0') * weight / 10 + (digits[i] - '0') * weight % 10;
    return (10 - sum % 10) % 10;
}

static void boleto_is_a_typed_line(void **state)
{
    (void)state;
    char text[DEMO_BOLETO_MAX];
    demo_boleto(101, rg_day_of(2026, 9, 16), 7990, text);
    assert_int_equal(strlen(text), 47);
    assert_int_equal(text[9] - '0', mod10(text, 9));
    assert_int_equal(text[20] - '0', mod10(text + 10, 10));
    assert_int_equal(text[31] - '0', mod10(text + 21, 10));
    /* 2026-09-16 is 571 days after 2025-02-22 */
    assert_string_equal(text + 33, "15710000007990");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpfs_are_valid),
        cmocka_unit_test(pix_has_fields_and_checksum),
        cmocka_unit_test(boleto_is_a_typed_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
