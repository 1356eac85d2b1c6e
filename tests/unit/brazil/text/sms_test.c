/* SMS segments: at each limit, one beyond it, and with a double-width character on the boundary. */
#include "brazil/text/sms.h"

#include "base/core/buf.h"

#include "tests/unit/support/cmocka.h"

struct row {
    const char *lead; /* once */
    const char *body; /* repeated */
    size_t times;
    const char *tail; /* once */
    bool ucs2;
    size_t units, segments;
};

static void assert_row(const struct row *row)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 65536);
    rg_buf_adds(&text, row->lead);
    for (size_t i = 0; i < row->times; i++)
        rg_buf_adds(&text, row->body);
    rg_buf_adds(&text, row->tail);
    struct rg_sms sms;
    assert_true(rg_sms_measure(rg_buf_str(&text), &sms));
    assert_int_equal(sms.ucs2, row->ucs2);
    assert_int_equal(sms.units, row->units);
    assert_int_equal(sms.segments, row->segments);
}

static void test_segments(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"", "", 0, "", false, 0, 1},
        {"", "a", 160, "", false, 160, 1},
        {"", "a", 161, "", false, 161, 2},
        {"", "a", 306, "", false, 306, 2},
        {"", "a", 307, "", false, 307, 3},
        {"", "€", 80, "", false, 160, 1},
        {"", "€", 81, "", false, 162, 2},
        {"", "€", 152, "", false, 304, 2}, /* 76 fit into 153, one septet stays empty */
        {"", "€", 153, "", false, 306, 3},
        {"", "a", 152, "{b", false, 155, 1},
        {"", "a", 152, "{bbbbbbbb", false, 162, 2},
        {"a", "€", 152, "", false, 305, 2},
        {"", "a", 152, "[", false, 154, 1},
        {"", "é", 160, "", false, 160, 1},
        {"", "á", 70, "", true, 70, 1},
        {"", "á", 71, "", true, 71, 2},
        {"", "á", 134, "", true, 134, 2},
        {"", "á", 135, "", true, 135, 3},
        {"ç", "a", 69, "", true, 70, 1},
        {"", "a", 159, "ç", true, 160, 3},
        {"", "😀", 35, "", true, 70, 1},
        {"", "😀", 36, "", true, 72, 2},
        {"", "😀", 66, "", true, 132, 2}, /* 33 fit into 67 */
        {"", "😀", 67, "", true, 134, 3},
        {"a", "😀", 66, "", true, 133, 2},
        {"", "\r\n", 80, "", false, 160, 1},
        {"\f^{}\\[~]|", "", 0, "", false, 18, 1},
        {"@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà", "", 0,
        "", false, 69, 1},
    };
    for (size_t i = 0; i < RG_COUNT(ROWS); i++)
        assert_row(&ROWS[i]);
}

static void test_not_in_gsm7(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {"ç", "á", "ã", "â", "ê", "í", "ó", "õ", "ô", "ú", "`", "\t", "\x01", "\x7f",
        "\u00a0", "\u2019", "º"};
    for (size_t i = 0; i < RG_COUNT(OTHERS); i++) {
        struct rg_sms sms;
        assert_true(rg_sms_measure(rg_str(OTHERS[i]), &sms));
        assert_true(sms.ucs2);
    }
}

static void test_not_utf8(void **state)
{
    (void)state;
    struct rg_sms sms = {.units = 7};
    assert_false(rg_sms_measure(RG_STR("a\xff"), &sms));
    assert_false(rg_sms_measure(RG_STR("\xed\xa0\x80"), &sms));
    assert_false(rg_sms_measure(RG_STR("\xc3"), &sms));
    assert_int_equal(sms.units, 7);
    assert_true(rg_sms_measure((struct rg_str){NULL, 0}, &sms));
    assert_int_equal(sms.units, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_not_in_gsm7),
        cmocka_unit_test(test_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
