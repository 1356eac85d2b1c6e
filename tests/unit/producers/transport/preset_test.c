/* A preset at work: bodies keep their structure whatever the values hold, answers are read in one table. */
#include "producers/transport/preset.h"

#include "tests/unit/producers/render/mu_json.h"
#include "tests/unit/producers/transport/presets.h"

#include <string.h>

struct fixture {
    struct rg_arena *arena;
    struct rg_buf out;
    struct rg_str missing;
    struct rg_error err;
};

static int set_up(void **state)
{
    struct fixture *f = rg_alloc(sizeof *f);
    f->arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    rg_buf_init(&f->out, 65536);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rg_arena_free(&f->arena);
    rg_buf_done(&f->out);
    rg_free(&f);
    return 0;
}

static const struct rg_preset *with_body(struct fixture *f, const char *body)
{
    struct rg_str yaml = rg_arena_printf(f->arena, "language: 1\npreset: x\nrequest:\n  path: \"/x\"\n  body: %s\n", body);
    return preset_of(f->arena, yaml.p);
}

static int render(struct fixture *f, const struct rg_preset *preset, const char *json)
{
    struct rg_mu_value values = mu_from_text(f->arena, json);
    rg_buf_reset(&f->out);
    f->missing = (struct rg_str){NULL, 0};
    return rg_preset_body(preset, &values, NULL, &f->out, &f->missing, &f->err);
}

static void bodies(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *body, *values, *json;
    } rows[] = {
        {"{}", "{}", "{}"},
        {"[]", "{}", "[]"},
        {"{ a: x, b: \"y\" }", "{}", "{\"a\":\"x\",\"b\":\"y\"}"},
        {"{ t: 'say \"{{a}}\" \\ {{{a}}}' }", "{\"a\":\"x\"}", "{\"t\":\"say \\\"x\\\" \\\\ x\"}"}, /* quotes of the preset's own */
        {"{ to: \"{{to}}\" }", "{\"to\":\"+5511\"}", "{\"to\":\"+5511\"}"},
        {"{ t: \"{{a}} e {{{b}}}\" }", "{\"a\":\"\\\"},{\\\"\",\"b\":\"\\\\\\n\"}", "{\"t\":\"\\\"},{\\\" e \\\\\\n\"}"},
        {"{ a: true, b: false, c: null, d: 12, e: -7, f: 0 }", "{}",
         "{\"a\":true,\"b\":false,\"c\":null,\"d\":12,\"e\":-7,\"f\":0}"},
        {"{ a: \"true\", b: '12', c: 012, d: 1.5, e: yes, f: +1, g: -0, h: 1234567890123456 }", "{}",
         "{\"a\":\"true\",\"b\":\"12\",\"c\":\"012\",\"d\":\"1.5\",\"e\":\"yes\",\"f\":\"+1\",\"g\":\"-0\",\"h\":"
         "\"1234567890123456\"}"},
        {"{ l: [ \"{{#p}}\": { t: \"{{.}}\" } ] }", "{\"p\":[\"a\",\"b\"]}", "{\"l\":[{\"t\":\"a\"},{\"t\":\"b\"}]}"},
        {"{ l: [ x, \"{{#p}}\": \"{{.}}\", y ] }", "{\"p\":[\"a\",\"b\"]}", "{\"l\":[\"x\",\"a\",\"b\",\"y\"]}"},
        {"{ l: [ \"{{#p}}\": \"{{.}}\", y ] }", "{\"p\":[]}", "{\"l\":[\"y\"]}"},
        {"{ l: [ \"{{#p}}\": \"{{.}}\" ] }", "{}", "{\"l\":[]}"},
        {"{ l: [ \"{{#p}}\": \"{{.}}\" ] }", "{\"p\":\"um\"}", "{\"l\":[\"um\"]}"},
        {"{ l: [ \"{{#p}}\": \"{{n}}{{m}}\" ] }", "{\"m\":\"!\",\"p\":[{\"n\":1},{\"n\":2}]}", "{\"l\":[\"1!\",\"2!\"]}"},
        {"{ a: 1, o: { \"{{#p}}\": { t: \"{{p}}\" } }, z: 2 }", "{\"p\":\"x\"}", "{\"a\":1,\"o\":{\"t\":\"x\"},\"z\":2}"},
        {"{ a: 1, o: { \"{{#p}}\": { t: \"{{p}}\" } }, z: 2 }", "{}", "{\"a\":1,\"z\":2}"},
        {"{ o: { \"{{#p}}\": [ \"{{#p}}\": \"{{.}}\" ] } }", "{\"p\":[\"a\"]}", "{\"o\":[\"a\"]}"},
        {"{ o: { \"{{#a.b}}\": \"{{a.b}}\" } }", "{\"a\":{\"b\":\"x\"}}", "{\"o\":\"x\"}"},
        {"{ 'é \"k\"': 1 }", "{}", "{\"é \\\"k\\\"\":1}"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        if (render(f, with_body(f, rows[i].body), rows[i].values) < 0)
            fail_msg("%s: %s", rows[i].body, f->err.text);
        assert_string_equal(rg_buf_cstr(&f->out), rows[i].json);
        struct rg_json *doc = NULL;
        assert_int_equal(rg_json_parse(rg_buf_str(&f->out), 65536, &doc, NULL), 0);
        rg_json_free(&doc);
    }
}

static void holes_are_named(void **state)
{
    struct fixture *f = *state;
    const struct rg_preset *preset = with_body(f, "{ l: [ \"{{#p}}\": { t: \"{{n}}\" } ], to: \"{{to}}\" }");
    assert_int_equal(render(f, preset, "{\"p\":[{\"n\":\"x\"}]}"), RG_ENOTFOUND);
    assert_true(rg_str_is(f->missing, "to"));
    assert_int_equal(render(f, preset, "{\"to\":\"1\",\"p\":[{\"n\":\"x\"},{\"n\":\"\"}]}"), RG_ENOTFOUND);
    assert_true(rg_str_is(f->missing, "n"));
}

static void bodies_are_bounded(void **state)
{
    struct fixture *f = *state;
    const struct rg_preset *preset = with_body(f, "{ to: \"{{to}}\" }");
    struct rg_mu_value values = mu_from_text(f->arena, "{\"to\":\"0123456789\"}");
    struct rg_buf small;
    rg_buf_init(&small, 19);
    assert_int_equal(rg_preset_body(preset, &values, NULL, &small, NULL, NULL), 0);
    rg_buf_done(&small);
    rg_buf_init(&small, 18);
    assert_int_equal(rg_preset_body(preset, &values, NULL, &small, NULL, NULL), RG_ELIMIT);
    rg_buf_done(&small);
}

static void whatsapp_templates(void **state)
{
    struct fixture *f = *state;
    const struct rg_preset *preset = shipped_preset(f->arena, "whatsapp-cloud");
    assert_int_equal(preset->best_evidence, RG_EVIDENCE_READ);
    assert_int_equal(render(f, preset,
                            "{\"to_digits\":\"5511912345678\",\"action\":\"00a1\",\"template\":\"fatura_vencida\",\"language\":\"pt_BR\","
                            "\"parameters\":[\"Maria\",\"R$ 1.021,67\"]}"),
                     0);
    assert_string_equal(
        rg_buf_cstr(&f->out),
        "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"5511912345678\","
        "\"biz_opaque_callback_data\":\"00a1\",\"type\":\"template\",\"template\":{\"name\":\"fatura_vencida\",\"language\":{\"code\":\"pt_BR\"},\"components\":[{\"type\":\"body\","
        "\"parameters\":["
        "{\"type\":\"text\",\"text\":\"Maria\"},{\"type\":\"text\",\"text\":\"R$ 1.021,67\"}]}]}}");
    assert_int_equal(render(f, preset, "{\"to_digits\":\"5511912345678\",\"action\":\"00a1\",\"template\":\"aviso\",\"language\":\"pt_BR\"}"), 0);
    assert_null(strstr(f->out.data, "components"));
    assert_int_equal(render(f, preset, "{\"to_digits\":\"5511912345678\",\"action\":\"00a1\",\"language\":\"pt_BR\"}"), RG_ENOTFOUND);
    assert_true(rg_str_is(f->missing, "template"));
}

static void shipped_presets_load(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *name, *body;
    } rows[] = {
        {"zenvia-sms", "{\"from\":\"provedor\",\"to\":\"5511912345678\",\"externalId\":\"00a1\",\"contents\":[{\"type\":\"text\","
                       "\"text\":\"Oi\"}]}"},
        {"sms-http", "{\"to\":\"+5511912345678\",\"text\":\"Oi\",\"reference\":\"00a1\"}"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const struct rg_preset *preset = shipped_preset(f->arena, rows[i].name);
        assert_true(rg_str_is(preset->name, rows[i].name));
        assert_int_equal(render(f, preset,
                                "{\"channel\":{\"from\":\"provedor\"},\"to\":\"+5511912345678\",\"to_digits\":\"5511912345678\","
                                "\"text\":\"Oi\",\"action\":\"00a1\"}"),
                         0);
        assert_string_equal(rg_buf_cstr(&f->out), rows[i].body);
    }
}

static void answers(void **state)
{
    struct fixture *f = *state;
    const struct rg_preset *whatsapp = shipped_preset(f->arena, "whatsapp-cloud");
    const struct rg_preset *bare =
        preset_of(f->arena, "language: 1\npreset: x\nrequest: { path: /x, body: {} }\naccepted: { status: [202] }\n");
    const struct rg_preset *plain = preset_of(f->arena, "language: 1\npreset: x\nrequest: { path: /x, body: {} }\n"
                                                        "errors: { pointer: /e, table: { \"0\": accepted, dup: accepted }, "
                                                        "default: { 4xx: retry, 404: uncertain, 2xx: rejected } }\n");
    struct {
        const struct rg_preset *preset;
        int status;
        const char *body;
        enum rg_verdict verdict;
        bool channel;
        const char *id, *code;
    } rows[] = {
        {whatsapp, 200, "{\"messages\":[{\"id\":\"wamid.HBg=\"}]}", RG_VERDICT_ACCEPTED, false, "wamid.HBg=", ""},
        {whatsapp, 200, "", RG_VERDICT_ACCEPTED, false, "", ""},
        {whatsapp, 200, "<html>", RG_VERDICT_ACCEPTED, false, "", ""},
        {whatsapp, 200, "{\"messages\":[{\"id\":12345}]}", RG_VERDICT_ACCEPTED, false, "12345", ""},
        {whatsapp, 200, "{\"messages\":[{\"id\":\"a b\"}]}", RG_VERDICT_ACCEPTED, false, "", ""},
        {whatsapp, 200, "{\"messages\":[{\"id\":{}}]}", RG_VERDICT_ACCEPTED, false, "", ""},
        {whatsapp, 200, "{\"error\":{\"code\":131026}}", RG_VERDICT_REJECTED, false, "", "131026"},
        {whatsapp, 400, "{\"error\":{\"code\":131026}}", RG_VERDICT_REJECTED, false, "", "131026"},
        {whatsapp, 400, "{\"error\":{\"code\":\"131056\"}}", RG_VERDICT_THROTTLED, false, "", "131056"},
        {whatsapp, 400, "{\"error\":{\"code\":190}}", RG_VERDICT_RETRY, true, "", "190"},
        {whatsapp, 400, "{\"error\":{\"code\":999999}}", RG_VERDICT_REJECTED, false, "", "999999"},
        {whatsapp, 400, "{\"error\":{\"code\":\"<b>\"}}", RG_VERDICT_REJECTED, false, "", ""},
        {whatsapp, 400, "{\"error\":{\"code\":\"maria@x.example\"}}", RG_VERDICT_REJECTED, false, "", ""},
        {whatsapp, 429, "", RG_VERDICT_THROTTLED, false, "", ""},
        {whatsapp, 401, "{}", RG_VERDICT_RETRY, true, "", ""},
        {whatsapp, 500, "{}", RG_VERDICT_RETRY, true, "", ""},
        {whatsapp, 301, "", RG_VERDICT_RETRY, true, "", ""},
        {whatsapp, 201, "", RG_VERDICT_RETRY, true, "", ""},
        {bare, 202, "", RG_VERDICT_ACCEPTED, false, "", ""},
        {bare, 200, "", RG_VERDICT_RETRY, true, "", ""},
        {bare, 400, "", RG_VERDICT_REJECTED, false, "", ""},
        {bare, 403, "", RG_VERDICT_RETRY, true, "", ""},
        {bare, 404, "", RG_VERDICT_RETRY, true, "", ""},
        {bare, 408, "", RG_VERDICT_RETRY, true, "", ""},
        {bare, 422, "", RG_VERDICT_REJECTED, false, "", ""},
        {bare, 429, "", RG_VERDICT_THROTTLED, false, "", ""},
        {bare, 503, "", RG_VERDICT_RETRY, true, "", ""},
        {plain, 400, "{\"e\":\"dup\"}", RG_VERDICT_ACCEPTED, false, "", "dup"},
        {plain, 400, "{\"e\":\"other\"}", RG_VERDICT_RETRY, true, "", "other"},
        {plain, 404, "{}", RG_VERDICT_UNCERTAIN, false, "", ""},
        {plain, 200, "{\"e\":0}", RG_VERDICT_ACCEPTED, false, "", "0"},
        {plain, 200, "{\"e\":7}", RG_VERDICT_ACCEPTED, false, "", "7"},
        {plain, 206, "{\"e\":7}", RG_VERDICT_REJECTED, false, "", "7"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_preset_reading r = rg_preset_read(rows[i].preset, rows[i].status, rg_str(rows[i].body));
        if (r.verdict != rows[i].verdict || r.channel != rows[i].channel || strcmp(r.provider_id, rows[i].id) != 0 ||
            strcmp(r.code, rows[i].code) != 0)
            fail_msg("row %zu: %d %d [%s] [%s]", i, (int)r.verdict, r.channel, r.provider_id, r.code);
    }
}

static void long_ids_and_codes_are_dropped(void **state)
{
    struct fixture *f = *state;
    const struct rg_preset *preset = preset_of(
        f->arena, "language: 1\npreset: x\nrequest: { path: /x, body: {} }\naccepted: { id: /id }\nerrors: { pointer: /e }\n");
    for (size_t n = 127; n <= 129; n++) {
        char digits[130];
        memset(digits, '7', sizeof digits);
        struct rg_str body = rg_arena_printf(f->arena, "{\"id\":\"%.*s\"}", (int)n, digits);
        assert_int_equal(strlen(rg_preset_read(preset, 200, body).provider_id), n <= 128 ? n : 0);
    }
    for (size_t n = 39; n <= 41; n++) {
        char digits[42];
        memset(digits, '7', sizeof digits);
        struct rg_str body = rg_arena_printf(f->arena, "{\"e\":\"%.*s\"}", (int)n, digits);
        assert_int_equal(strlen(rg_preset_read(preset, 400, body).code), n <= 40 ? n : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holes_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whatsapp_templates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shipped_presets_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_ids_and_codes_are_dropped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
