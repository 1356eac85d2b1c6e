/* Fault rules: which fit, how often, and that a mistyped one is refused by name. */
#include "tests/fakes/inbox/fault.h"

#include "tests/unit/support/cmocka.h"

#include <string.h>

static int64_t add(struct inbox_faults *faults, const char *door, const char *rule)
{
    struct rg_error err = {0};
    int64_t id = -1;
    if (inbox_faults_add(faults, door, rg_str(rule), &id, &err) < 0)
        fail_msg("%s: %s", rule, err.text);
    return id;
}

static void a_rule_fits_its_place_and_recipient(void **state)
{
    (void)state;
    static const struct {
        const char *door, *rule;
        struct inbox_occasion occasion;
        bool fits;
    } rows[] = {
        {"smtp", "{}", {.stage = INBOX_AT_DOT, .to = "a@b"}, true},
        {"smtp", "{}", {.stage = INBOX_AT_RCPT, .to = "a@b"}, false},
        {"smtp", "{\"at\":\"connect\"}", {.stage = INBOX_AT_CONNECT}, true},
        {"smtp", "{\"at\":\"rcpt\",\"to\":\"*@X.br\"}", {.stage = INBOX_AT_RCPT, .to = "Ana@x.BR"}, true},
        {"smtp", "{\"at\":\"rcpt\",\"to\":\"*@x.br\"}", {.stage = INBOX_AT_RCPT, .to = "ana@x.com"}, false},
        {"smtp", "{\"to\":\"*\"}", {.stage = INBOX_AT_DOT}, false},
        {"http", "{}", {.stage = INBOX_AT_HTTP, .provider = "sms"}, true},
        {"http", "{}", {.stage = INBOX_AT_DOT, .to = "a"}, false},
        {"http", "{\"provider\":\"s*\"}", {.stage = INBOX_AT_HTTP, .provider = "sms"}, true},
        {"http", "{\"provider\":\"w*\"}", {.stage = INBOX_AT_HTTP, .provider = "sms"}, false},
        {"http", "{\"contains\":\"F10\"}", {.stage = INBOX_AT_HTTP, .provider = "sms", .content = RG_STR("fatura F10")}, true},
        {"http", "{\"contains\":\"F11\"}", {.stage = INBOX_AT_HTTP, .provider = "sms", .content = RG_STR("fatura F10")}, false},
        {"http", "{\"contains\":\"F11\"}", {.stage = INBOX_AT_HTTP, .provider = "sms"}, false},
        {"http", "{\"to\":\"+55*\"}", {.stage = INBOX_AT_HTTP, .provider = "sms", .to = "+5511"}, true},
    };
    struct rg_arena *arena = rg_arena_new(1 << 20);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct inbox_faults *faults = inbox_faults_new(1);
        struct inbox_effect effect;
        (void)add(faults, rows[i].door, rows[i].rule);
        assert_int_equal(inbox_faults_match(faults, &rows[i].occasion, arena, &effect), rows[i].fits);
        inbox_faults_free(&faults);
        assert_null(faults);
    }
    rg_arena_free(&arena);
}

static void an_effect_holds_what_was_written(void **state)
{
    (void)state;
    struct inbox_faults *faults = inbox_faults_new(1);
    struct rg_arena *arena = rg_arena_new(1 << 20);
    struct inbox_effect effect;
    (void)add(faults, "smtp",
              "{\"at\":\"data\",\"code\":451,\"text\":\"4.7.1 later\",\"delay_ms\":7,\"drip_ms\":3,\"store\":true}");
    assert_true(inbox_faults_match(faults, &(struct inbox_occasion){.stage = INBOX_AT_DATA, .to = "a"}, arena, &effect));
    assert_int_equal(effect.code, 451);
    assert_true(rg_str_is(effect.text, "4.7.1 later"));
    assert_int_equal(effect.delay_ms + effect.drip_ms, 10);
    assert_int_equal(effect.keep, INBOX_KEEP_YES);
    assert_int_equal(effect.cut, INBOX_CUT_NO);
    (void)add(faults, "http",
              "{\"status\":429,\"headers\":{\"Retry-After\":\"2\"},\"body\":{\"a\":[1,\"x\"]},\"cut\":\"body\",\"endless\":true,"
              "\"store\":false}");
    const struct inbox_occasion http = {.stage = INBOX_AT_HTTP, .provider = "p"};
    assert_true(inbox_faults_match(faults, &http, arena, &effect));
    inbox_faults_clear(faults); /* the effect stays */
    assert_int_equal(effect.code, 429);
    assert_true(rg_str_is(effect.text, "{\"a\":[1,\"x\"]}"));
    assert_int_equal(effect.header_count, 1);
    assert_string_equal(effect.header_names[0].p, "Retry-After");
    assert_string_equal(effect.header_values[0].p, "2");
    assert_int_equal(effect.cut, INBOX_CUT_BODY);
    assert_int_equal(effect.keep, INBOX_KEEP_NO);
    assert_true(effect.endless);
    assert_false(inbox_faults_match(faults, &http, arena, &effect));
    rg_arena_free(&arena);
    inbox_faults_free(&faults);
}

static void times_and_odds_are_kept(void **state)
{
    (void)state;
    struct inbox_faults *faults = inbox_faults_new(42), *again = inbox_faults_new(42);
    struct rg_arena *arena = rg_arena_new((size_t)64 << 20);
    struct inbox_effect effect;
    const struct inbox_occasion dot = {.stage = INBOX_AT_DOT, .to = "a@b"};
    (void)add(faults, "smtp", "{\"times\":2,\"code\":451}");
    (void)add(faults, "smtp", "{\"times\":1,\"code\":550}");
    static const int codes[] = {451, 451, 550};
    for (size_t i = 0; i < RG_COUNT(codes); i++) { /* the first that fits, until it is used up */
        assert_true(inbox_faults_match(faults, &dot, arena, &effect));
        assert_int_equal(effect.code, codes[i]);
    }
    assert_false(inbox_faults_match(faults, &dot, arena, &effect));
    inbox_faults_clear(faults);
    (void)add(faults, "smtp", "{\"odds\":30}");
    (void)add(again, "smtp", "{\"odds\":30}");
    int hits = 0;
    for (int i = 0; i < 10000; i++) {
        bool hit = inbox_faults_match(faults, &dot, arena, &effect);
        assert_int_equal(inbox_faults_match(again, &dot, arena, &effect), hit); /* same seed, same dice */
        hits += hit;
    }
    assert_in_range(hits, 2700, 3300);
    inbox_faults_free(&faults);
    inbox_faults_free(&again);
    rg_arena_free(&arena);
}

static void wrong_rules_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *door, *rule, *says;
    } rows[] = {
        {"ftp", "{}", "smtp or http"},
        {"smtp", "", "JSON"},
        {"smtp", "[]", "object"},
        {"smtp", "{\"att\":\"dot\"}", "att"},
        {"smtp", "{\"at\":\"dots\"}", "at: expected"},
        {"smtp", "{\"at\":7}", "at: expected a text"},
        {"smtp", "{\"code\":199}", "code: expected"},
        {"smtp", "{\"code\":600}", "code: expected"},
        {"smtp", "{\"code\":\"451\"}", "code: expected"},
        {"smtp", "{\"code\":451.5}", "code: expected"},
        {"smtp", "{\"text\":\"two\\r\\nlines\"}", "one line"},
        {"smtp", "{\"text\":\"\"}", "text: expected"},
        {"smtp", "{\"cut\":\"after\"}", "cut: expected true"},
        {"smtp", "{\"times\":0}", "times"},
        {"smtp", "{\"odds\":101}", "odds"},
        {"smtp", "{\"odds\":0}", "odds"},
        {"smtp", "{\"delay_ms\":-1}", "delay_ms"},
        {"smtp", "{\"delay_ms\":3600001}", "delay_ms"},
        {"smtp", "{\"status\":500}", "status: no member of an smtp rule"},
        {"smtp", "{\"at\":\"mail\",\"to\":\"a\"}", "no recipient is known"},
        {"smtp", "{\"store\":1}", "store"},
        {"http", "{\"at\":\"dot\"}", "at: no member of an http rule"},
        {"http", "{\"cut\":true}", "cut: expected a text"},
        {"http", "{\"cut\":\"middle\"}", "cut: expected before"},
        {"http", "{\"headers\":[]}", "headers"},
        {"http", "{\"headers\":{\"a\":1}}", "headers"},
        {"http", "{\"headers\":{\"1\":\"\",\"2\":\"b\"}}", "headers"},
        {"http",
         "{\"headers\":{\"1\":\"a\",\"2\":\"a\",\"3\":\"a\",\"4\":\"a\",\"5\":\"a\",\"6\":\"a\",\"7\":\"a\",\"8\":\"a\",\"9\":"
         "\"a\"}}",
         "at most 8"},
        {"http", "{\"endless\":\"yes\"}", "endless"},
    };
    struct inbox_faults *faults = inbox_faults_new(1);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_error err = {0};
        int64_t id = 4711;
        assert_int_equal(inbox_faults_add(faults, rows[i].door, rg_str(rows[i].rule), &id, &err), RG_EINVAL);
        assert_int_equal(id, 4711);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].rule, err.text, rows[i].says);
    }
    for (int i = 0; i < INBOX_FAULTS_MAX; i++)
        (void)add(faults, "http", "{\"status\":500}");
    int64_t id = 0;
    assert_int_equal(inbox_faults_add(faults, "http", RG_STR("{}"), &id, NULL), RG_ELIMIT);
    RG_CLEANUP(rg_buf_done) struct rg_buf json;
    rg_buf_init(&json, 1 << 20);
    inbox_faults_write(faults, &json);
    assert_non_null(strstr(rg_buf_cstr(&json), "{\"id\":64,\"door\":\"http\",\"hits\":0,\"rule\":{\"status\":500}}]"));
    inbox_faults_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_fits_its_place_and_recipient),
        cmocka_unit_test(an_effect_holds_what_was_written),
        cmocka_unit_test(times_and_odds_are_kept),
        cmocka_unit_test(wrong_rules_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
