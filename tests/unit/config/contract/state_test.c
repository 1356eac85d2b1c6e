/* How the state of actions and charges is spelled in Redis: both ways, and nothing else is taken for it. */
#include "config/contract/state.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

#define CLAIM "000102030405060708090a0b0c0d0e0f"

#define CLAIM_BYTES {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}

static void actions_are_spelled_one_way(void **state)
{
    (void)state;
    static const struct {
        struct rg_act_value value;
        const char *text;
    } rows[] = {
        {{.claim_offset = -1}, "q"},
        {{.claimed = true, .claim = CLAIM_BYTES, .claim_offset = 0}, "w:" CLAIM ":0"},
        {{.claimed = true, .claim = CLAIM_BYTES, .claim_offset = INT64_MAX}, "w:" CLAIM ":9223372036854775807"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char text[RG_ACT_VALUE_MAX];
        struct rg_act_value value;
        rg_act_value_print(&rows[i].value, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(rg_act_value_parse(rg_str(text), &value, NULL), 0);
        assert_int_equal(value.claimed, rows[i].value.claimed);
        assert_true(rg_claim_id_eq(&value.claim, &rows[i].value.claim));
        assert_int_equal(value.claim_offset, rows[i].value.claim_offset);
    }
}

static void other_words_are_no_action(void **state)
{
    (void)state;
    static const char *const rows[] = {
        NULL,
        "",
        "w",
        ":",
        "q:",
        "q:-",
        "q:1",
        " q",
        "q ",
        "Q",
        "queued",
        "qq",
        "x",
        "w:",
        "w:" CLAIM,
        "w:" CLAIM ":",
        "w:" CLAIM "::1",
        "w:" CLAIM ":-1",
        "w:" CLAIM ":+1",
        "w:" CLAIM ":01",
        "w:" CLAIM ": 1",
        "w:" CLAIM ":1:",
        "w:" CLAIM ":1:1",
        "w:" CLAIM ":9223372036854775808",
        "w:" CLAIM "0:1",
        "w:000102030405060708090A0B0C0D0E0F:1",
        "w:0001:1",
        "w::1",
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_act_value value = {.claim_offset = 77};
        struct rg_error err = {0};
        if (rg_act_value_parse(rg_str(rows[i]), &value, &err) != RG_EINVAL)
            fail_msg("row %zu: %s", i, rows[i]);
        assert_int_equal(value.claim_offset, 77);
        assert_non_null(strstr(err.text, "expected"));
    }
    struct rg_act_value value;
    assert_int_equal(rg_act_value_parse((struct rg_str){"q\0", 2}, &value, NULL), RG_EINVAL);
}

/* ---- charges ---- */

static struct rg_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)4 * 1024 * 1024);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static struct rg_charge round_trip(const struct rg_charge *charge)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_charge read;
    struct rg_error err = {0};
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_charge_write(charge, &buf);
    assert_false(buf.overflow);
    assert_memory_equal(buf.data, "{\"v\":1", 6);
    if (rg_charge_read(rg_buf_str(&buf), arena, &read, &err) < 0)
        fail_msg("%s", err.text);
    return read;
}

static void assert_same_text(struct rg_str a, struct rg_str b)
{
    assert_int_equal(a.p == NULL, b.p == NULL);
    assert_true(rg_str_eq(a, b));
}

static void assert_same_charge(const struct rg_charge *a, const struct rg_charge *b)
{
    assert_same_text(a->pix_code, b->pix_code);
    assert_same_text(a->boleto_line, b->boleto_line);
    assert_same_text(a->boleto_barcode, b->boleto_barcode);
    assert_same_text(a->boleto_url, b->boleto_url);
    assert_same_text(a->link, b->link);
    assert_int_equal(a->pix_until, b->pix_until);
    assert_int_equal(a->boleto_until, b->boleto_until);
    assert_int_equal(a->pix_cents, b->pix_cents);
    assert_int_equal(a->boleto_cents, b->boleto_cents);
}

static void charges_come_back(void **state)
{
    (void)state;
    char longest[RG_PIX_BYTES_MAX];
    memset(longest, 'x', sizeof longest);
    const struct rg_charge rows[] = {
        {.pix_until = RG_DAY_NONE, .boleto_until = RG_DAY_NONE},
        {.pix_code = RG_STR("00020126\"\\\n"),
         .boleto_line = RG_STR("23793.38128"),
         .boleto_barcode = RG_STR("2379"),
         .boleto_url = RG_STR("https://x/é"),
         .link = RG_STR("https://y"),
         .pix_until = 20000,
         .boleto_until = -1,
         .pix_cents = 15920,
         .boleto_cents = INT64_C(1) << 50},
        {.pix_code = {longest, sizeof longest}, .link = RG_STR(""), .pix_until = 0, .boleto_until = RG_DAY_NONE, .pix_cents = 1},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_charge read = round_trip(&rows[i]);
        assert_same_charge(&read, &rows[i]);
    }
}

static void other_bytes_are_no_charge(void **state)
{
    (void)state;
    static const char *const rows[] = {
        NULL,          "",
        "{",           "{}",
        "[]",          "null",
        "1",           "{\"v\":0}",
        "{\"v\":2}",   "{\"v\":\"1\"}",
        "{\"v\":1.5}", "{\"v\":1,\"v\":1}",
        "{\"v\":1} x", "{\"v\":1,\"pix\":\"\xff\"}",
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_charge charge = {.pix_cents = 77};
        struct rg_error err = {0};
        if (rg_charge_read(rg_str(rows[i]), arena, &charge, &err) == 0)
            fail_msg("row %zu: %s", i, rows[i]);
        assert_int_equal(charge.pix_cents, 77);
        assert_int_not_equal(err.text[0], '\0');
    }
}

/* What a newer writer added is passed over; what is of another type counts as not given. */
static void unknown_and_odd_members_are_left_out(void **state)
{
    (void)state;
    struct rg_charge charge;
    const char *text = "{\"v\":1,\"new\":{\"a\":[1]},\"pix\":7,\"pix_until\":\"2026-02-30\",\"boleto_until\":\"2026-02-28\","
                       "\"pix_cents\":\"9\",\"link\":null}";
    assert_int_equal(rg_charge_read(rg_str(text), arena, &charge, NULL), 0);
    assert_null(charge.pix_code.p);
    assert_null(charge.link.p);
    assert_int_equal(charge.pix_until, RG_DAY_NONE);
    assert_int_equal(charge.pix_cents, 0);
    char day[RG_DAY_TEXT_MAX];
    rg_day_format(charge.boleto_until, day);
    assert_string_equal(day, "2026-02-28");
}

static void charges_lie_under_their_invoice(void **state)
{
    (void)state;
    assert_true(rg_str_is(rg_charge_key(arena, RG_STR("asaas"), RG_STR("pay_1")), "asaas:pay_1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_are_spelled_one_way),
        cmocka_unit_test(other_words_are_no_action),
        cmocka_unit_test_setup_teardown(charges_come_back, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(other_bytes_are_no_charge, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(unknown_and_odd_members_are_left_out, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(charges_lie_under_their_invoice, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
