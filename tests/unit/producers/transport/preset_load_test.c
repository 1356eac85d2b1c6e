/* Presets as files: each mistake is a finding at its place. */
#include "producers/transport/preset_load.h"

#include "tests/unit/producers/transport/presets.h"

#include <string.h>

#define HEAD "language: 1\npreset: x\n"
#define REQUEST "request: { path: /x, body: { a: b } }\n"

static void the_table_is_sound(void **state)
{
    (void)state;
    rg_table_check(&rg_preset_table);
}

static void everything_is_read(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    const struct rg_preset *p = shipped_preset(arena, "whatsapp-cloud");
    assert_true(rg_str_is(p->name, "whatsapp-cloud"));
    assert_true(rg_str_is(p->method, "POST"));
    assert_int_equal(p->header_count, 2);
    assert_true(rg_str_is(p->headers[0].name, "Authorization"));
    assert_int_equal(p->accepted_count, 1);
    assert_int_equal(p->accepted_statuses[0], 200);
    assert_true(rg_str_is(p->id_pointer, "/messages/0/id"));
    assert_true(rg_str_is(p->error_pointer, "/error/code"));
    assert_true(p->code_count > 20);
    assert_int_equal(p->default_count, 5);
    assert_int_equal(p->defaults[0].from, 401); /* single statuses first, whatever the order in the file */
    assert_int_equal(p->defaults[2].to, 429);
    assert_int_equal(p->defaults[3].from, 400);
    assert_int_equal(p->defaults[3].to, 499);
    assert_true(rg_str_is(p->receipts.verify_scheme, "hmac_sha256"));
    assert_true(rg_str_is(p->receipts.verify_header, "X-Hub-Signature-256"));
    assert_true(rg_str_is(p->receipts.list_pointer, "/entry/0/changes/0/value/statuses"));
    assert_int_equal(p->receipts.fact_count, 5);
    assert_true(rg_str_is(p->receipts.facts[1].status, "delivered"));
    assert_int_equal(p->receipts.facts[1].fact, RG_FACT_DELIVERED);
    rg_arena_free(&arena);
}

static void mistakes(void **state)
{
    (void)state;
    struct {
        const char *yaml;
        int line, column;
        const char *code, *text;
    } rows[] = {
        {"preset: x\n" REQUEST, 1, 1, "missing-key", "language"},
        {"language: 2\npreset: x\n" REQUEST, 1, 11, "out-of-range", "1"},
        {HEAD, 1, 1, "missing-key", "request"},
        {HEAD "request: { body: {} }\n", 3, 1, "missing-key", "path"},
        {HEAD "request: { path: /x }\n", 3, 1, "missing-key", "body"},
        {HEAD "request: { path: x, body: {} }\n", 3, 18, "bad-path", "begins"},
        {HEAD "request: { path: /x, body: text }\n", 3, 28, "mistyped", "body"},
        {HEAD "request: { path: /x, body: {}, method: FETCH }\n", 3, 40, "unknown-value", "FETCH"},
        {HEAD "request: { path: \"/{{x\", body: {} }\n", 3, 20, "bad-template", "never closed"},
        {HEAD "request: { path: /x, body: { a: \"ola {{x y}}\" } }\n", 3, 38, "bad-template", "spaces"},
        {HEAD "request: { path: /x, body: { a: \"{{secret.token}}\" } }\n", 3, 34, "bad-template", "secret"},
        {HEAD "request: { path: /x, body: { a: \"x {{#secret}}y{{/secret}}\" } }\n", 3, 36, "bad-template", "secret"},
        {HEAD "request: { path: /x, body: { a: \"{{> credor}}\" } }\n", 3, 34, "bad-template", "partials"},
        {HEAD "request: { path: /x, body: { \"{{#a}}\": x, b: y } }\n", 3, 30, "bad-template", "only key"},
        {HEAD "request: { path: /x, body: { a: { \"{{x}}\": y } } }\n", 3, 35, "bad-template", "only key"},
        {HEAD "request: { path: /x, body: { a: { \"{{#b}}\": { \"{{#c}}\": y } } } }\n", 3, 45, "bad-template", "between"},
        {HEAD "request: { path: /x, body: { \"{{#a}}\": { b: c } } }\n", 3, 28, "mistyped", "body"},
        {HEAD "request: { path: /x, body: {}, headers: { A: \"{{x\" } }\n", 3, 47, "bad-template", "never closed"},
        {HEAD "request: { path: /x, body: {}, headers: { A: [x] } }\n", 3, 46, "mistyped", ""},
        {HEAD REQUEST "accepted: { status: [302] }\n", 4, 21, "out-of-range", "302"},
        {HEAD REQUEST "accepted: { status: [ok] }\n", 4, 21, "out-of-range", "ok"},
        {HEAD REQUEST "accepted: { id: messages }\n", 4, 17, "bad-pointer", ""},
        {HEAD REQUEST "errors: { table: { 1: rejected } }\n", 4, 23, "missing-key", "pointer"},
        {HEAD REQUEST "errors: { pointer: /e, table: { 1: refused } }\n", 4, 36, "unknown-value", "refused"},
        {HEAD REQUEST "errors: { pointer: /e, table: { 1: expired } }\n", 4, 36, "unknown-value", "expired"},
        {HEAD REQUEST "errors: { default: { 4XX: retry } }\n", 4, 27, "unknown-value", "4XX"},
        {HEAD REQUEST "errors: { default: { 600: retry } }\n", 4, 27, "unknown-value", "600"},
        {HEAD REQUEST "errors: { default: { 4xx: reject } }\n", 4, 27, "unknown-value", "reject"},
        {HEAD REQUEST "receipts: { status: { pointer: /s, table: { a: sent } } }\n", 4, 48, "unknown-value", "sent"},
        {HEAD REQUEST "receipts: { verify: { hmac_sha256: X, token: Y }, status: { pointer: /s, table: { a: read } } }\n", 4, 46,
         "repeated", "one way"},
        {HEAD REQUEST "recepts: {}\n", 4, 1, "unknown-key", "receipts"},
        {HEAD REQUEST "best_evidence: seen\n", 4, 16, "unknown-value", "seen"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
        struct rg_diags *diags = rg_diags_new();
        const struct rg_preset *preset = NULL;
        assert_int_not_equal(rg_preset_parse("x.yaml", rg_str(rows[i].yaml), arena, diags, &preset), 0);
        assert_null(preset);
        assert_true(rg_diags_count(diags) > 0);
        const struct rg_finding *finding = rg_diags_at(diags, 0);
        if (rg_diags_count(diags) != 1 || finding->line != rows[i].line || finding->column != rows[i].column ||
            strcmp(finding->code, rows[i].code) != 0 || !strstr(finding->text, rows[i].text)) {
            print_message("row %zu: %s\n", i, rows[i].yaml);
            fail_with_findings(diags);
        }
        rg_diags_free(&diags);
        rg_arena_free(&arena);
    }
}

/* A body of maps inside each other, `depth` levels. */
static int parse_depth(size_t depth)
{
    struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    struct rg_diags *diags = rg_diags_new();
    const struct rg_preset *preset = NULL;
    struct rg_buf yaml;
    rg_buf_init(&yaml, 65536);
    rg_buf_adds(&yaml, HEAD "request:\n  path: /x\n  body: ");
    for (size_t i = 1; i < depth; i++)
        rg_buf_adds(&yaml, "{ a: ");
    rg_buf_adds(&yaml, "x");
    for (size_t i = 1; i < depth; i++)
        rg_buf_adds(&yaml, " }");
    rg_buf_addc(&yaml, '\n');
    int r = rg_preset_parse("x.yaml", rg_buf_str(&yaml), arena, diags, &preset);
    rg_buf_done(&yaml);
    rg_diags_free(&diags);
    rg_arena_free(&arena);
    return r;
}

static int parse_items(size_t count)
{
    struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    struct rg_diags *diags = rg_diags_new();
    const struct rg_preset *preset = NULL;
    struct rg_buf yaml;
    rg_buf_init(&yaml, 65536);
    rg_buf_adds(&yaml, HEAD "request:\n  path: /x\n  body: [");
    for (size_t i = 0; i < count; i++)
        rg_buf_adds(&yaml, i ? ", x" : "x");
    rg_buf_adds(&yaml, "]\n");
    int r = rg_preset_parse("x.yaml", rg_buf_str(&yaml), arena, diags, &preset);
    rg_buf_done(&yaml);
    rg_diags_free(&diags);
    rg_arena_free(&arena);
    return r;
}

static void bodies_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(parse_depth(RG_PRESET_BODY_DEPTH_MAX), 0);
    assert_int_not_equal(parse_depth(RG_PRESET_BODY_DEPTH_MAX + 1), 0);
    assert_int_equal(parse_items(RG_PRESET_BODY_NODES_MAX - 1), 0);
    assert_int_not_equal(parse_items(RG_PRESET_BODY_NODES_MAX), 0);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    struct rg_arena *arena = rg_arena_new(RG_PRESET_ARENA_BYTES);
    struct rg_diags *diags = rg_diags_new();
    const struct rg_preset *preset = NULL;
    assert_int_equal(rg_preset_load("/nonexistent/x.yaml", arena, diags, &preset), RG_ENOTFOUND);
    assert_int_equal(rg_diags_errors(diags), 1);
    rg_diags_free(&diags);
    rg_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(bodies_are_bounded),
        cmocka_unit_test(files_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
