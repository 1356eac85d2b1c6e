/* The language of mappings: what each key does to a value, and what the loader refuses, with the line it stands on. */
#include "consumers/decode/decode.h"

#include "tests/unit/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#define HEAD "language: 1\nmapping: m\nid: /id\n"
#define TYPES                                                                                                                    \
    "type: { pointer: /t, table: { I: invoice.issued, U: invoice.updated, V: invoice.voided, C: payment.confirmed, D: "          \
    "debtor.updated, P: debtor.protected, X: ignore } }\n"

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)128 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static const struct rg_mapping *load(const char *yaml, struct rg_diags *diags)
{
    const struct rg_doc *doc = NULL;
    struct rg_reader reader = {.diags = diags, .arena = arena};
    if (rg_yaml_parse("m.yaml", rg_str(yaml), arena, diags, &doc) < 0 || rg_diags_errors(diags) > 0)
        return NULL;
    return rg_mapping_read(doc, &reader);
}

static const struct rg_mapping *loaded(const char *yaml)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    const struct rg_mapping *mapping = load(yaml, diags);
    if (mapping == NULL) {
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        rg_buf_init(&text, 65536);
        rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
        fail_msg("%s", rg_buf_cstr(&text));
    }
    return mapping;
}

static enum rg_decoded decode(const struct rg_mapping *mapping, const char *value, struct rg_event *ret_event,
                              struct rg_reject *ret_reject)
{
    struct rg_upstream upstream = {.name = RG_STR("s"), .format = RG_SOURCE_JSON, .mapping = mapping, .ns = RG_STR("n")};
    struct rg_message message = {.value = rg_str(value), .timestamp_ms = INT64_C(1795611600000)};
    return rg_decode(&upstream, &message, arena, ret_event, ret_reject);
}

static struct rg_event mapped(const char *yaml, const char *value)
{
    struct rg_event event;
    struct rg_reject reject = {.detail = ""};
    enum rg_decoded done = decode(loaded(yaml), value, &event, &reject);
    if (done != RG_DECODED_EVENT)
        fail_msg("%s: %d %s", value, (int)done, reject.detail);
    return event;
}

/* What is mapped, as the ledger and the people topic would hold it, without the envelope. */
static const char *data_of(const struct rg_event *event, bool personal)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(event, personal, &jw);
    rg_jw_done(&jw);
    return strstr(rg_arena_str(arena, rg_buf_str(&buf)).p, "\"data\":") + 7;
}

static void values_are_converted(void **state)
{
    (void)state;
    static const struct {
        const char *data, *value, *expected;
    } rows[] = {
        {"invoice: /f\n  amount_cents: /a", "{\"id\":1,\"t\":\"C\",\"f\":7,\"a\":15990}",
         "{\"invoice\":\"7\",\"amount_cents\":15990}}"},
        {"invoice: /f\n  amount_cents: { pointer: /a, unit: reais }", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"a\":159.9}",
         "{\"invoice\":\"F\",\"amount_cents\":15990}}"},
        {"invoice: /f\n  amount_cents: { pointer: /a, unit: reais }", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"a\":\"159.90\"}",
         "{\"invoice\":\"F\",\"amount_cents\":15990}}"},
        {"invoice: /f\n  amount_cents: { pointer: /a, unit: reais }", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"a\":0.07}",
         "{\"invoice\":\"F\",\"amount_cents\":7}}"},
        {"invoice: /f\n  amount_cents: { pointer: /a, unit: reais }", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"a\":1e2}",
         "{\"invoice\":\"F\",\"amount_cents\":10000}}"},
        {"invoice: /f\n  amount_cents: { constant: \"20.00\", unit: reais }", "{\"id\":1,\"t\":\"C\",\"f\":\"F\"}",
         "{\"invoice\":\"F\",\"amount_cents\":2000}}"},
        {"invoice: /f\n  amount_cents: { pointer: /r, sum: /v, unit: reais }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[{\"v\":0.1},{\"v\":0.2},{\"v\":\"0.30\"}]}",
         "{\"invoice\":\"F\",\"amount_cents\":60}}"},
        {"invoice: /f\n  amount_cents: { pointer: /r, sum: /v/x, where: /s, is: [A, \"true\"] }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[{\"v\":{\"x\":1},\"s\":\"A\"},{\"v\":{\"x\":2},\"s\":\"B\"},{\"v\":{\"x\":4},"
         "\"s\":true},{\"v\":8}]}",
         "{\"invoice\":\"F\",\"amount_cents\":5}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  method: { pointer: /m, table: { BOLETO: boleto, \"7\": pix } }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"m\":7}", "{\"invoice\":\"F\",\"amount_cents\":1,\"method\":\"pix\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  method: { pointer: /m, table: { BOLETO: boleto } }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"m\":\"CASH\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1}}"}, /* not in the table: left out */
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, zone: America/Sao_Paulo }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"2026-11-01 10:00:00\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-01T13:00:00Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, zone: America/Manaus }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"2026-11-01T10:00\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-01T14:00:00Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, zone: America/Manaus }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"2026-11-01T10:00:00-03:00\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-01T13:00:00Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: /p", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"2026-11-01\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-02T02:59:59.999Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, format: dmy }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"01/11/2026\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-02T02:59:59.999Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, format: unix }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":1793541600}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-01T14:00:00Z\"}}"},
        {"invoice: /f\n  amount_cents: { constant: 1 }\n  paid_at: { pointer: /p, format: unix_ms }",
         "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"p\":\"1793541600500\"}",
         "{\"invoice\":\"F\",\"amount_cents\":1,\"paid_at\":\"2026-11-01T14:00:00.500Z\"}}"},
        {"invoice: /f\n  due_on: { pointer: /d, zone: America/Sao_Paulo }",
         "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":\"2026-11-01 23:30:00\"}", "{\"invoice\":\"F\",\"due_on\":\"2026-11-01\"}}"},
        {"invoice: /f\n  due_on: { pointer: /d, zone: America/Sao_Paulo }",
         "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":\"2026-11-02T01:30:00Z\"}", "{\"invoice\":\"F\",\"due_on\":\"2026-11-01\"}}"},
        {"invoice: /f\n  due_on: { pointer: /d, format: unix }", "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":1793541600}",
         "{\"invoice\":\"F\",\"due_on\":\"2026-11-01\"}}"},
        {"invoice: /f\n  due_on: { pointer: /d, format: dmy }", "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":\"01/11/2026\"}",
         "{\"invoice\":\"F\",\"due_on\":\"2026-11-01\"}}"},
        {"invoice: /f\n  due_on: /d\n  tags: /tags\n  charge: { pix: { copy_paste: /pix }, link: /l }\n  service: { constant: "
         "internet }",
         "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":null,\"tags\":[1,\"a\"],\"pix\":\"0002\",\"l\":\"https://x\"}",
         "{\"invoice\":\"F\",\"service\":\"internet\",\"tags\":[\"1\",\"a\"],\"charge\":{\"pix\":{\"copy_paste\":\"0002\"},"
         "\"link\":\"https://x\"}}}"},
        {"debtor: /f\n  consumer: { pointer: /c, table: { sim: \"true\" } }\n  kind: { pointer: /k, table: { FISICA: person } "
         "}\n  payday: { constant: 5 }",
         "{\"id\":1,\"t\":\"D\",\"f\":\"c\",\"c\":\"sim\",\"k\":\"FISICA\"}",
         "{\"debtor\":\"c\",\"kind\":\"person\",\"consumer\":true,\"payday\":5}}"},
        {"invoice: /f\n  amount_cents: /a\n  paid_at: /p", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"a\":\"15990\",\"p\":\"\"}",
         "{\"invoice\":\"F\",\"amount_cents\":15990}}"}, /* a form's way to say nothing */
        {"invoice: /f\n  amount_cents: { pointer: /a, unit: reais }\n  due_on: /p",
         "{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"a\":\"\",\"p\":\"2026-11-01\"}", "{\"invoice\":\"F\",\"due_on\":\"2026-11-01\"}}"},
        {"debtor: /f\n  kind: { pointer: /k, table: { M: deceased } }", "{\"id\":1,\"t\":\"P\",\"f\":\"c\",\"k\":\"M\"}",
         "{\"debtor\":\"c\",\"kind\":\"deceased\"}}"}, /* the same key, the other field */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        char yaml[2048];
        const char *type = strstr(rows[i].value, "\"t\":\"") + 5;
        static const char *const names[][2] = {
            {"C", "payment.confirmed"}, {"U", "invoice.updated"}, {"D", "debtor.updated"}, {"P", "debtor.protected"}};
        for (size_t n = 0; n < RG_COUNT(names); n++)
            if (type[0] == names[n][0][0])
                (void)snprintf(yaml, sizeof yaml, HEAD "type: { pointer: /t, table: { %s: %s } }\ndata:\n  %s\n", names[n][0],
                               names[n][1], rows[i].data);
        struct rg_event event = mapped(yaml, rows[i].value);
        if (strcmp(data_of(&event, false), rows[i].expected) != 0)
            fail_msg("row %zu: %s", i, data_of(&event, false));
    }
}

#define FULL \
    HEAD TYPES "source: /src\ndefault: dead_letter\ntime: { pointer: /at, zone: America/Sao_Paulo }\ndata:\n" \
    "  invoice: /f\n  debtor: /c\n  due_on: /d\n  amount_cents: { pointer: /a, unit: reais }\n  kind: /k\n" \
    "  contacts: { email: /mail, whatsapp: /fone }\n  name: /name\n" \
    "  debtor_details: { name: /name, document: /doc, contacts: { email: /mail } }\n" \
    "override:\n  C: { debtor: none, amount_cents: { pointer: /paid, unit: reais } }\n"

static void the_envelope_is_mapped(void **state)
{
    (void)state;
    struct rg_event event = mapped(FULL, "{\"id\":\"e1\",\"t\":\"V\",\"f\":\"F\",\"at\":\"2026-11-01 10:00:00\"}");
    assert_int_equal(event.type, RG_EV_INVOICE_VOIDED);
    assert_true(rg_str_is(event.id, "e1") && rg_str_is(event.source, "/src") && rg_str_is(event.ns, "n"));
    assert_int_equal(event.time_ms, INT64_C(1793538000000));
    event = mapped(FULL, "{\"id\":77,\"t\":\"V\",\"f\":\"F\",\"at\":null}");
    assert_true(rg_str_is(event.id, "77"));
    assert_int_equal(event.time_ms, INT64_C(1795611600000)); /* the record's */
    event = mapped(HEAD TYPES "data: { invoice: /f, debtor: /f, due_on: /f, amount_cents: /f, kind: /f }\n",
                   "{\"id\":1,\"t\":\"V\",\"f\":\"F\"}");
    assert_true(rg_str_is(event.source, "m"));
}

#define SEVERAL                                                                                                                  \
    "language: 1\nmapping: m\nid: [ /t, /i, /s ]\n"                                                                             \
    "type:\n  pointer: [ /t, /s, /cur ]\n  table: { P: invoice.reopened, P/paid: payment.settled, P/paid/usd: ignore, P/brl: "   \
    "invoice.voided }\ndata: { invoice: /i, amount_cents: /a }\n"

static void several_places_name_type_and_id(void **state)
{
    (void)state;
    static const struct {
        const char *value, *id;
        enum rg_event_type type; /* NONE: ignored */
    } rows[] = {
        {"{\"t\":\"P\",\"i\":7,\"s\":\"paid\",\"cur\":\"brl\",\"a\":1}", "P/7/paid", RG_EV_PAYMENT_SETTLED},
        {"{\"t\":\"P\",\"i\":7,\"s\":\"paid\",\"a\":1}", "P/7/paid", RG_EV_PAYMENT_SETTLED},
        {"{\"t\":\"P\",\"i\":7,\"s\":\"paid\",\"cur\":\"usd\",\"a\":1}", NULL, RG_EV_NONE},
        {"{\"t\":\"P\",\"i\":7,\"s\":\"open\",\"cur\":\"usd\"}", "P/7/open", RG_EV_INVOICE_REOPENED},
        {"{\"t\":\"P\",\"i\":7,\"s\":\"pai\"}", "P/7/pai", RG_EV_INVOICE_REOPENED}, /* whole words only */
        {"{\"t\":\"P\",\"i\":7,\"s\":\"brl\"}", "P/7/brl", RG_EV_INVOICE_VOIDED},
    };
    const struct rg_mapping *mapping = loaded(SEVERAL);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject = {.detail = ""};
        enum rg_decoded done = decode(mapping, rows[i].value, &event, &reject);
        if (done != (rows[i].type == RG_EV_NONE ? RG_DECODED_NOTHING : RG_DECODED_EVENT))
            fail_msg("%s: %d %s", rows[i].value, (int)done, reject.detail);
        if (done == RG_DECODED_EVENT)
            assert_true(event.type == rows[i].type && rg_str_is(event.id, rows[i].id));
    }
}

static void an_id_of_several_places_is_whole_or_refused(void **state)
{
    (void)state;
    struct rg_event event;
    struct rg_reject reject = {.reason = "", .detail = ""};
    const struct rg_mapping *mapping = loaded(SEVERAL);
    assert_int_equal(decode(mapping, "{\"t\":\"P\",\"i\":7,\"cur\":\"brl\"}", &event, &reject), RG_DECODED_REJECT);
    assert_string_equal(reject.reason, RG_DEAD_MISSING_FIELD);
    assert_non_null(strstr(reject.detail, "mapping m: no id at /s"));
    char value[2 * RG_ID_BYTES_MAX];
    (void)snprintf(value, sizeof value, "{\"t\":\"P\",\"i\":\"%0*d\",\"s\":\"x\"}", RG_ID_BYTES_MAX - 4, 1);
    assert_int_equal(decode(mapping, value, &event, &reject), RG_DECODED_EVENT);
    assert_int_equal(event.id.n, RG_ID_BYTES_MAX);
    (void)snprintf(value, sizeof value, "{\"t\":\"P\",\"i\":\"%0*d\",\"s\":\"x\"}", RG_ID_BYTES_MAX - 3, 1);
    assert_int_equal(decode(mapping, value, &event, &reject), RG_DECODED_REJECT);
    assert_string_equal(reject.reason, RG_DEAD_BAD_FIELD);
    assert_non_null(strstr(reject.detail, "the id has"));
}

static void a_field_is_looked_at_only_where_it_belongs(void **state)
{
    (void)state;
    struct rg_event event = mapped(FULL, "{\"id\":1,\"t\":\"V\",\"f\":\"F\",\"a\":\"much\",\"d\":\"soon\",\"mail\":5}");
    assert_string_equal(data_of(&event, false), "{\"invoice\":\"F\"}}");
}

static void overrides_replace_and_leave_out(void **state)
{
    (void)state;
    struct rg_event event = mapped(FULL, "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"c\":\"c1\",\"a\":5,\"paid\":2.5}");
    assert_string_equal(data_of(&event, false), "{\"invoice\":\"F\",\"amount_cents\":250}}");
}

#define PERSON(type)                                                                                                             \
    "{\"id\":1,\"t\":\"" type                                                                                                    \
    "\",\"f\":\"F\",\"c\":\"c1\",\"d\":\"2026-11-03\",\"a\":5,\"name\":\"Maria\",\"doc\":\"529.982.247-25\","                    \
    "\"mail\":\"m@x.example\",\"fone\":\"(11) 91234-5678\",\"k\":\"person\"}"

static void contacts_and_details_are_built(void **state)
{
    (void)state;
    struct rg_event event = mapped(FULL, PERSON("D"));
    assert_string_equal(data_of(&event, true),
                        "{\"debtor\":\"c1\",\"name\":\"Maria\",\"contacts\":[{\"channel\":\"email\",\"address\":"
                        "\"m@x.example\"},{\"channel\":\"whatsapp\",\"address\":\"+5511912345678\"}]}}");
    event = mapped(FULL, PERSON("I"));
    assert_non_null(event.details);
    assert_string_equal(data_of(event.details, true),
                        "{\"debtor\":\"c1\",\"name\":\"Maria\",\"document\":\"52998224725\",\"contacts\":[{"
                        "\"channel\":\"email\",\"address\":\"m@x.example\"}]}}");
    assert_true(rg_str_is(event.details->ns, "n"));
    event = mapped(FULL, "{\"id\":1,\"t\":\"D\",\"c\":\"c1\",\"k\":\"person\",\"mail\":null}");
    assert_false(rg_event_has(&event, RG_F_CONTACTS));
}

static void what_cannot_be_mapped_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *value, *reason, *says;
    } rows[] = {
        {"", RG_DEAD_BAD_JSON, ""},
        {"{\"id\":1,\"t\":\"C\"", RG_DEAD_BAD_JSON, ""},
        {"[]", RG_DEAD_UNMAPPED, "mapping m: no type at /t"},
        {"{\"id\":1}", RG_DEAD_UNMAPPED, "mapping m: no type at /t"},
        {"{\"id\":1,\"t\":{}}", RG_DEAD_UNMAPPED, "mapping m: no type at /t"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":\"\"}", RG_DEAD_MISSING_FIELD, "mapping m: data.amount_cents is missing"},
        {"{\"id\":1,\"t\":\"NEW\"}", RG_DEAD_UNMAPPED, "mapping m has no row for type \"NEW\""},
        {"{\"t\":\"V\",\"f\":\"F\"}", RG_DEAD_MISSING_FIELD, "mapping m: no id at /id"},
        {"{\"id\":\"\",\"t\":\"V\",\"f\":\"F\"}", RG_DEAD_MISSING_FIELD, "mapping m: no id at /id"},
        {"{\"id\":1.5,\"t\":\"V\",\"f\":\"F\"}", RG_DEAD_MISSING_FIELD, "mapping m: no id at /id"},
        {"{\"id\":1,\"t\":\"V\",\"f\":\"F\",\"at\":\"01/11/2026\"}", RG_DEAD_BAD_FIELD, "mapping m: /at: expected a time"},
        {"{\"id\":1,\"t\":\"V\",\"f\":\"F\",\"at\":\"2026-11-01 25:00\"}", RG_DEAD_BAD_FIELD,
         "mapping m: /at: expected a time such as 2026-11-23 10:00:00"},
        {"{\"id\":1,\"t\":\"V\"}", RG_DEAD_MISSING_FIELD, "mapping m: data.invoice is missing; invoice.voided needs it"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":0.001}", RG_DEAD_BAD_FIELD,
         "mapping m: /paid: expected reais with at most two decimals after a point, such as 1234.56"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":\"12,50\"}", RG_DEAD_BAD_FIELD, "mapping m: /paid: expected reais"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":-5}", RG_DEAD_BAD_FIELD, "mapping m: /paid: expected reais"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":true}", RG_DEAD_BAD_FIELD, "mapping m: /paid: expected reais"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":0}", RG_DEAD_BAD_FIELD,
         "mapping m: data.amount_cents: expected a whole number"},
        {"{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"paid\":1e18}", RG_DEAD_BAD_FIELD, "mapping m: /paid: expected reais"},
        {"{\"id\":1,\"t\":\"U\",\"f\":\"F\",\"d\":\"soon\"}", RG_DEAD_BAD_FIELD, "mapping m: /d: expected a date such as "},
        {"{\"id\":1,\"t\":\"D\",\"c\":\"c\",\"mail\":{}}", RG_DEAD_BAD_FIELD, "mapping m: data.contacts[0].address"},
    };
    const struct rg_mapping *mapping = loaded(FULL);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject = {.reason = "", .detail = ""};
        assert_int_equal(decode(mapping, rows[i].value, &event, &reject), RG_DECODED_REJECT);
        if (strcmp(reject.reason, rows[i].reason) != 0 || strstr(reject.detail, rows[i].says) == NULL)
            fail_msg("%s: %s: %s", rows[i].value, reject.reason, reject.detail);
    }
}

static void sums_are_exact_or_refused(void **state)
{
    (void)state;
    static const char yaml[] = HEAD "type: { pointer: /t, table: { C: payment.confirmed } }\ndata:\n  invoice: /f\n"
                                    "  amount_cents: { pointer: /r, sum: /v, unit: reais }\n";
    static const char *const refused[] = {
        "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":5}", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[{\"v\":1},{}]}",
        "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[5]}", "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[{\"v\":0.001}]}",
        "{\"id\":1,\"t\":\"C\",\"f\":\"F\",\"r\":[]}", "{\"id\":1,\"t\":\"C\",\"f\":\"F\"}",
    };
    for (size_t i = 0; i < RG_COUNT(refused); i++) {
        struct rg_event event;
        struct rg_reject reject;
        assert_int_equal(decode(loaded(yaml), refused[i], &event, &reject), RG_DECODED_REJECT);
    }
}

static void ignored_types_are_nothing(void **state)
{
    (void)state;
    struct rg_event event;
    struct rg_reject reject;
    assert_int_equal(decode(loaded(FULL), "{\"id\":1,\"t\":\"X\"}", &event, &reject), RG_DECODED_NOTHING);
    const char *lenient = HEAD "type: { pointer: /t, table: { V: invoice.voided } }\ndefault: ignore\ndata: { invoice: /f }\n";
    assert_int_equal(decode(loaded(lenient), "{\"id\":1,\"t\":\"NEW\"}", &event, &reject), RG_DECODED_NOTHING);
    assert_int_equal(decode(loaded(lenient), "{\"id\":1}", &event, &reject), RG_DECODED_REJECT);
}

static void mistakes_in_a_mapping_are_found(void **state)
{
    (void)state;
#define ONE "type: { pointer: /t, table: { V: invoice.voided } }\n"
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        {"mapping: m\nid: /id\n" ONE "data: { invoice: /f }\n", "missing key \"language\""},
        {"language: 2\nmapping: m\nid: /id\n" ONE "data: { invoice: /f }\n", "m.yaml:1:11: error:"},
        {"language: 1\nid: /id\n" ONE "data: { invoice: /f }\n", "missing key \"mapping\""},
        {"language: 1\nmapping: m\n" ONE "data: { invoice: /f }\n", "missing key \"id\""},
        {HEAD "data: { invoice: /f }\n", "missing key \"type\""},
        {HEAD ONE, "missing key \"data\""},
        {HEAD ONE "data: { invoice: /f }\ndefalt: ignore\n", "did you mean \"default\"?"},
        {HEAD ONE "data: { invoice: /f }\ndefault: drop\n", "drop"},
        {HEAD ONE "data: { invoice: f }\n", "m.yaml:5:18: error: expected a JSON pointer such as /payment/id [bad-pointer]"},
        {HEAD ONE "data: { invoice: /f~2 }\n", "[bad-pointer]"},
        {HEAD ONE "data: { invoice: none }\n", "[bad-pointer]"}, /* only overrides leave out */
        {HEAD ONE "data: { invioce: /f }\n", "unknown key \"invioce\""},
        {HEAD ONE "data: { invoice: /f, charge: /g }\n", "m.yaml:5:30: error:"},
        {HEAD ONE "data: { invoice: /f, charge: { lnk: /g } }\n", "did you mean \"link\"?"},
        {HEAD ONE "data: { invoice: /f, debtor_details: { nme: /g } }\n", "did you mean \"name\"?"},
        {HEAD ONE "data: { invoice: { pointer: /f, constant: x } }\n", "expected either pointer or constant"},
        {HEAD ONE "data: { invoice: { table: { a: b } } }\n", "expected either pointer or constant"},
        {HEAD ONE "data: { invoice: { pointer: /f, unit: reais } }\n", "only amounts have a unit"},
        {HEAD ONE "data: { invoice: { pointer: /f, sum: /x } }\n", "only amounts can be summed"},
        {HEAD ONE "data: { invoice: /f, amount_cents: { pointer: /f, where: /x } }\n", "where needs sum and is"},
        {HEAD ONE "data: { invoice: /f, amount_cents: { pointer: /f, unit: dollars } }\n", "dollars"},
        {HEAD ONE "data: { invoice: /f, at: { pointer: /f, zone: Europe/Lisbon } }\n", "a time zone in Brazil"},
        {HEAD ONE "data: { debtor: /f }\n", "invoice.voided needs invoice, and nothing maps it"},
        {HEAD "type: { pointer: /t, table: { V: invoice.void } }\ndata: { invoice: /f }\n", "did you mean \"invoice.voided\"?"},
        {HEAD "type: { pointer: t, table: { V: invoice.voided } }\ndata: { invoice: /f }\n", "[bad-pointer]"},
        {HEAD "type: { pointer: [ /t, s ], table: { V: invoice.voided } }\ndata: { invoice: /f }\n",
         "m.yaml:4:24: error: expected a"},
        {HEAD "type: { pointer: [ ], table: { V: invoice.voided } }\ndata: { invoice: /f }\n",
         "a list of 0 places; expected 1 to 8"},
        {"language: 1\nmapping: m\nid: [ /a, /b, /c, /d, /e, /f, /g, /h, /i ]\n" ONE "data: { invoice: /f }\n",
         "m.yaml:3:5: error: a list of 9 places; expected 1 to 8"},
        {HEAD ONE "data: { invoice: [ /f, /g ] }\n", "m.yaml:5:18: error:"},
        {HEAD ONE "data: { invoice: /f }\noverride: { W: { invoice: /g } }\n", "override of a type that is not in the table"},
        {HEAD ONE "data: { invoice: /f }\noverride: { V: { invoice: none } }\n", "invoice.voided needs invoice"},
        {HEAD ONE "data: { invoice: /f }\noverride: { V: { amount_cents: /a } }\n", "invoice.voided has no field amount_cents"},
        {HEAD ONE "data: { invoice: /f }\ntime: { constant: x }\n", "time takes pointer, format and zone"},
        {HEAD ONE "data: [ /f ]\n", "fields and where they stand"},
        {"[]\n", "keys and values"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        rg_buf_init(&text, 65536);
        if (load(rows[i].yaml, diags) != NULL)
            fail_msg("row %zu was read", i);
        rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
        if (strstr(rg_buf_cstr(&text), rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, rg_buf_cstr(&text));
    }
}

static void the_tables_are_sound(void **state)
{
    (void)state;
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, 65536);
    rg_table_markdown(&rg_mapping_table, &text);
    rg_table_markdown(&rg_mapping_value_table, &text);
    assert_non_null(strstr(rg_buf_cstr(&text), "pointer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_converted), cmocka_unit_test(the_envelope_is_mapped),
        cmocka_unit_test(several_places_name_type_and_id), cmocka_unit_test(an_id_of_several_places_is_whole_or_refused),
        cmocka_unit_test(a_field_is_looked_at_only_where_it_belongs), cmocka_unit_test(overrides_replace_and_leave_out),
        cmocka_unit_test(contacts_and_details_are_built), cmocka_unit_test(what_cannot_be_mapped_says_why),
        cmocka_unit_test(sums_are_exact_or_refused), cmocka_unit_test(ignored_types_are_nothing),
        cmocka_unit_test(mistakes_in_a_mapping_are_found), cmocka_unit_test(the_tables_are_sound),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
