/* Events: every type with all of its fields, each required field taken away, the round trip through both halves, and that
 * nothing personal ever stands in the ledger's half. */
#include "tests/unit/config/contract/event_support.h"

#define ACTION "002a00112233445566778899aabbccddeeff"
#define CHARGE_AND_TERMS                                                                                                         \
    "\"charge\":{\"pix\":{\"copy_paste\":\"00020126\",\"valid_until\":\"2026-12-01\",\"amount_cents\":15900},"                   \
    "\"boleto\":{\"line\":\"34191.79001 01043.510047 91020.150008 1 11170000015900\","                                           \
    "\"barcode\":\"34191111700000159001790001043510049102015000\",\"url\":\"https://x.example/b/1\","                            \
    "\"valid_until\":\"2026-12-02\",\"amount_cents\":15900},\"link\":\"https://x.example/i/1\"},"                                \
    "\"terms\":{\"fine_percent\":\"2\",\"interest_percent_month\":\"0.033\",\"discounts\":[{\"percent\":\"5\",\"until\":\"2026-" \
    "11-01\"},"                                                                                                                  \
    "{\"amount_cents\":100,\"until\":\"2026-11-02\"}]}"
#define INVOICE_REST                                                                                                             \
    "\"creditor\":\"provedor\",\"issued_on\":\"2026-10-20\",\"description\":\"PERSONAL "                                         \
    "plano\",\"service\":\"internet\"," CHARGE_AND_TERMS ",\"contract\":\"C-7\",\"tags\":[\"vip\",\"x\"]"
#define DEBTOR_REST                                                                                                              \
    "\"name\":\"PERSONAL Maria\",\"kind\":\"person\",\"document\":\"529.982.247-25\",\"consumer\":true,\"state\":\"SP\","        \
    "\"city\":\"PERSONAL "                                                                                                       \
    "Campinas\",\"time_zone\":\"America/Sao_Paulo\",\"language\":\"pt-BR\",\"contacts\":[{\"channel\":\"email\","                \
    "\"address\":\"PERSONAL@x.example\",\"verified\":false,\"in_contract\":true},{\"channel\":\"whatsapp\",\"address\":"         \
    "\"(11) 91234-5678\",\"preferred\":true},{\"channel\":\"letter\",\"address\":\"PERSONAL Rua das Flores 10\"}],"              \
    "\"tier\":\"gold\",\"score\":700,\"score_on\":\"2026-11-01\",\"payday\":5,\"tags\":[\"a\"]"

/* One event of each type with every field it may have; PERSONAL stands wherever a person's data may. */
static const struct {
    enum rg_event_type type;
    const char *data;
} full[] = {
    {RG_EV_INVOICE_ISSUED,
     "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"due_on\":\"2026-11-03\",\"amount_cents\":15900," INVOICE_REST "}"},
    {RG_EV_INVOICE_UPDATED,
     "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"due_on\":\"2026-11-03\",\"amount_cents\":15900," INVOICE_REST "}"},
    {RG_EV_INVOICE_VOIDED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_INVOICE_WRITTEN_OFF, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_INVOICE_REOPENED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_BILL_DELIVERED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"channel\":\"email\",\"at\":\"2026-11-03T10:00:00Z\"}"},
    {RG_EV_BILL_OPENED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"channel\":\"email\",\"at\":\"2026-11-03\"}"},
    {RG_EV_PAYMENT_CONFIRMED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"amount_cents\":1,\"payment\":\"p1\",\"paid_at\":"
                              "\"2026-11-03T10:00:00.5-03:00\",\"method\":\"pix\"}"},
    {RG_EV_PAYMENT_SETTLED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"amount_cents\":1,\"payment\":\"p1\",\"paid_at\":"
                            "\"2026-11-03T10:00:00-03:00\",\"method\":\"pix\",\"available_on\":\"2026-11-04\"}"},
    {RG_EV_PAYMENT_REVERSED,
     "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"amount_cents\":1,\"payment\":\"p1\",\"reason\":\"chargeback\"}"},
    {RG_EV_PAYMENT_SCHEDULED,
     "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"on\":\"2026-11-03\",\"method\":\"debit\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_PAYMENT_FAILED,
     "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"on\":\"2026-11-03\",\"method\":\"debit\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_CREDIT_APPLIED, "{\"debtor\":\"c1\",\"amount_cents\":1000000000000,\"invoice\":\"F1\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_SOURCE_SYNCED, "{\"source_name\":\"banco\",\"through\":\"2026-11-03T10:00:00Z\"}"},
    {RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\"," DEBTOR_REST "}"},
    {RG_EV_DEBTOR_OPTED_OUT, "{\"debtor\":\"c1\",\"channel\":\"email\",\"address\":\"PERSONAL@x.example\"}"},
    {RG_EV_DEBTOR_OPTED_IN, "{\"debtor\":\"c1\",\"channel\":\"letter\",\"address\":\"PERSONAL\"}"},
    {RG_EV_DEBTOR_HELD,
     "{\"debtor\":\"c1\",\"invoice\":\"F1\",\"until\":\"2026-11-03\",\"reason\":\"PERSONAL\",\"by\":\"PERSONAL\"}"},
    {RG_EV_DEBTOR_RELEASED,
     "{\"debtor\":\"c1\",\"invoice\":\"F1\",\"until\":\"2026-11-03\",\"reason\":\"PERSONAL\",\"by\":\"PERSONAL\"}"},
    {RG_EV_DEBTOR_PROTECTED, "{\"debtor\":\"c1\",\"kind\":\"deceased\",\"until\":\"2026-11-03\",\"reason\":\"PERSONAL\"}"},
    {RG_EV_DISPUTE_OPENED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"PERSONAL\",\"result\":\"rejected\"}"},
    {RG_EV_DISPUTE_CLOSED, "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"reason\":\"PERSONAL\",\"result\":\"accepted\"}"},
    {RG_EV_PROMISE_MADE,
     "{\"debtor\":\"c1\",\"pay_on\":\"2026-11-03\",\"invoices\":[\"F1\",\"F2\"],\"amount_cents\":5,\"by\":\"PERSONAL\"}"},
    {RG_EV_PROMISE_WITHDRAWN,
     "{\"debtor\":\"c1\",\"pay_on\":\"2026-11-03\",\"invoices\":[\"F1\"],\"amount_cents\":5,\"by\":\"PERSONAL\"}"},
    {RG_EV_DELIVERY_RECEIPT, "{\"action\":\"" ACTION "\",\"status\":\"delivered\",\"debtor\":\"c1\",\"channel\":\"email\","
                             "\"provider_id\":\"wamid.1\",\"detail\":\"PERSONAL\",\"at\":\"2026-11-03T10:00:00Z\"}"},
    {RG_EV_SERVICE_SUSPENDED,
     "{\"debtor\":\"c1\",\"service\":\"internet\",\"invoices\":[\"F1\"],\"at\":\"2026-11-03T10:00:00Z\"}"},
    {RG_EV_SERVICE_RESTORED,
     "{\"debtor\":\"c1\",\"service\":\"internet\",\"invoices\":[\"F1\"],\"at\":\"2026-11-03T10:00:00Z\"}"},
    {RG_EV_SERVICE_TERMINATED,
     "{\"debtor\":\"c1\",\"service\":\"internet\",\"invoices\":[\"F1\"],\"at\":\"2026-11-03T10:00:00Z\"}"},
};
static_assert(RG_COUNT(full) == RG_EV_COUNT - 1, "one event of each type");

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new(TEST_ARENA_BYTES);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static void the_field_table_is_whole(void **state)
{
    (void)state;
    for (int field = 0; field < RG_F_COUNT; field++) {
        const struct rg_field_row *row = &rg_field_rows[field];
        assert_int_equal(row->field, field);
        assert_non_null(row->path);
        assert_non_null(row->help);
        assert_true(row->min <= row->max);
        assert_true((row->words != NULL) == (row->kind == RG_FK_WORD || row->kind == RG_FK_CHOICE));
    }
}

static void no_type_has_two_fields_at_one_place(void **state)
{
    (void)state;
    uint64_t used = 0;
    for (int type = 1; type < RG_EV_COUNT; type++) {
        const struct rg_type_row *row = rg_event_type_row((enum rg_event_type)type);
        uint64_t fields = row->required | row->optional;
        assert_int_equal(row->required & row->optional, 0);
        assert_true(row->required != 0);
        assert_true(row->names_debtor_or_reference ==
                    ((row->required & RG_BIT(RG_F_DEBTOR)) == 0 && type != RG_EV_SOURCE_SYNCED));
        for (int a = 0; a < RG_F_COUNT; a++)
            for (int b = 0; b < a; b++)
                if ((fields & RG_BIT(a)) != 0 && (fields & RG_BIT(b)) != 0)
                    assert_string_not_equal(rg_field_rows[a].path, rg_field_rows[b].path);
        used |= fields;
    }
    assert_true(used == RG_BIT(RG_F_COUNT) - 1); /* no field that no type has */
}

/* Every document above holds all fields of its type, and each of them is read. */
static void every_field_of_every_type_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        assert_int_equal(full[i].type, i + 1);
        const struct rg_type_row *row = rg_event_type_row(full[i].type);
        struct rg_event event = decoded(full[i].type, full[i].data, arena);
        if (event.has != (row->required | row->optional))
            fail_msg("%s: has %llx of %llx", rg_event_type_name(full[i].type), (unsigned long long)event.has,
                     (unsigned long long)(row->required | row->optional));
        assert_true(event.null == 0);
        assert_null(event.details);
    }
}

static void each_required_field_is_required(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        const struct rg_type_row *row = rg_event_type_row(full[i].type);
        for (int field = 0; field < RG_F_COUNT; field++) {
            char data[4096], null[4200];
            struct rg_event event;
            struct rg_reject reject;
            if ((row->required & RG_BIT(field)) == 0)
                continue;
            without(full[i].data, rg_field_rows[field].path, data, sizeof data);
            assert_int_equal(decode_text(full[i].type, data, arena, &event, &reject), RG_EINVAL);
            assert_string_equal(reject.reason, RG_DEAD_MISSING_FIELD);
            assert_non_null(strstr(reject.detail, rg_field_rows[field].path));
            assert_non_null(strstr(reject.detail, rg_event_type_name(full[i].type)));
            (void)snprintf(null, sizeof null, "{\"%s\":null%s%s", rg_field_rows[field].path, strlen(data) > 2 ? "," : "",
                           data + 1);
            assert_int_equal(decode_text(full[i].type, null, arena, &event, &reject), RG_EINVAL);
            assert_string_equal(reject.reason, RG_DEAD_MISSING_FIELD);
        }
    }
}

static void optional_fields_are_optional(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        const struct rg_type_row *row = rg_event_type_row(full[i].type);
        char data[4096], fewer[4096];
        (void)snprintf(data, sizeof data, "%s", full[i].data);
        for (int field = 0; field < RG_F_COUNT; field++) {
            char top[64];
            (void)snprintf(top, sizeof top, "%.*s", (int)strcspn(rg_field_rows[field].path, "/"), rg_field_rows[field].path);
            if ((row->optional & RG_BIT(field)) == 0)
                continue;
            without(data, top, fewer, sizeof fewer);
            (void)snprintf(data, sizeof data, "%s", fewer);
        }
        struct rg_event event = decoded(full[i].type, data, arena);
        assert_true(event.has == row->required);
    }
}

static void both_halves_are_written_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        struct rg_event event = decoded(full[i].type, full[i].data, arena);
        uint64_t seen = 0;
        for (int personal = 0; personal < 2; personal++) {
            struct rg_event back;
            struct rg_error err;
            if (!rg_event_has_half(&event, personal))
                continue;
            struct rg_str bytes = written(&event, personal, arena);
            if (rg_event_read(bytes, arena, &back, &err) < 0)
                fail_msg("%s: %s", bytes.p, err.text);
            assert_int_equal(back.type, event.type);
            assert_true(rg_str_eq(back.id, event.id) && rg_str_eq(back.source, event.source) && rg_str_eq(back.ns, event.ns));
            assert_int_equal(back.time_ms, event.time_ms);
            assert_true(rg_str_eq(written(&back, personal, arena), bytes));
            seen |= back.has;
        }
        assert_true(seen == event.has); /* nothing is in neither half */
    }
}

static bool contains(struct rg_str bytes, const char *text)
{
    return memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
}

static void nothing_personal_is_in_the_ledgers_half(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        struct rg_event event = decoded(full[i].type, full[i].data, arena);
        struct rg_str ledger = written(&event, false, arena);
        assert_false(contains(ledger, "PERSONAL"));
        assert_false(contains(ledger, "52998224725"));
        assert_false(contains(ledger, "91234"));
        for (int field = 0; field < RG_F_COUNT; field++) {
            char key[64];
            (void)snprintf(key, sizeof key, "\"%s\":", rg_field_rows[field].path);
            if (rg_event_has(&event, (enum rg_field)field) && rg_event_field_personal(full[i].type, (enum rg_field)field))
                assert_false(contains(ledger, key));
        }
    }
}

static void the_people_half_holds_ids_and_personal_fields_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < RG_COUNT(full); i++) {
        struct rg_event event = decoded(full[i].type, full[i].data, arena), back;
        bool expected = strstr(full[i].data, "PERSONAL") != NULL;
        assert_true(rg_event_has_half(&event, true) == expected);
        if (!expected)
            continue;
        assert_int_equal(rg_event_read(written(&event, true, arena), arena, &back, NULL), 0);
        for (int field = 0; field < RG_F_COUNT; field++)
            if (rg_event_has(&back, (enum rg_field)field) && field != RG_F_DEBTOR && field != RG_F_INVOICE)
                assert_true(rg_event_field_personal(back.type, (enum rg_field)field));
    }
}

static void an_update_of_contacts_alone_says_nothing_to_the_ledger(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"name\":\"M\"}", arena);
    assert_false(rg_event_has_half(&event, false));
    assert_true(rg_event_has_half(&event, true));
    event = decoded(RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"tier\":null}", arena);
    assert_true(rg_event_has_half(&event, false));
    assert_false(rg_event_has_half(&event, true));
    event = decoded(RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c1\",\"document\":\"52998224725\"}", arena);
    assert_true(rg_event_has_half(&event, false)); /* the kind it implies */
    event = decoded(RG_EV_INVOICE_VOIDED, "{\"invoice\":\"F1\"}", arena);
    assert_true(rg_event_has_half(&event, false));
    assert_false(rg_event_has_half(&event, true));
}

static void the_canonical_form_is_fixed(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_PAYMENT_CONFIRMED,
                                    "{\"unknown\":[1],\"method\":\"pix\",\"amount_cents\":15900,\"invoice\":"
                                    "1001,\"paid_at\":\"2026-11-03T10:00:00-03:00\"}",
                                    arena);
    assert_true(rg_str_is(written(&event, false, arena),
                          "{\"v\":1,\"type\":\"payment.confirmed\",\"id\":\"e-1\",\"source\":\"/billing\",\"time\":"
                          "\"2026-11-25T13:00:00.123Z\",\"ns\":\"asaas\",\"data\":{\"invoice\":\"1001\",\"amount_cents\":15900,"
                          "\"paid_at\":\"2026-11-03T13:00:00Z\",\"method\":\"pix\"}}"));
    event = decoded(RG_EV_INVOICE_UPDATED,
                    "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"description\":null,\"charge\":{\"pix\":null,\"link\":"
                    "\"https://x.example/\"},\"terms\":{\"fine_percent\":\"0.50\"},\"tags\":[]}",
                    arena);
    assert_true(
        rg_str_is(written(&event, false, arena),
                  "{\"v\":1,\"type\":\"invoice.updated\",\"id\":\"e-1\",\"source\":\"/billing\",\"time\":"
                  "\"2026-11-25T13:00:00.123Z\",\"ns\":\"asaas\",\"data\":{\"debtor\":\"c1\",\"invoice\":\"F1\",\"tags\":[],"
                  "\"charge\":{\"pix\":{\"copy_paste\":null,\"valid_until\":null,\"amount_cents\":null},\"link\":"
                  "\"https://x.example/\"},\"terms\":{\"fine_percent\":\"0.50\"}}}"));
    assert_true(rg_str_is(
        written(&event, true, arena),
        "{\"v\":1,\"type\":\"invoice.updated\",\"id\":\"e-1\",\"source\":\"/billing\",\"time\":"
        "\"2026-11-25T13:00:00.123Z\",\"ns\":\"asaas\",\"personal\":true,\"data\":{\"debtor\":\"c1\",\"invoice\":\"F1\","
        "\"description\":null}}"));
}

static void null_deletes_in_updates_and_is_absent_elsewhere(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F1\",\"charge\":null,\"due_on\":null}", arena);
    assert_true(event.null == (RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_PIX_UNTIL) | RG_BIT(RG_F_PIX_CENTS) |
                               RG_BIT(RG_F_BOLETO_LINE) | RG_BIT(RG_F_BOLETO_BARCODE) | RG_BIT(RG_F_BOLETO_URL) |
                               RG_BIT(RG_F_BOLETO_UNTIL) | RG_BIT(RG_F_BOLETO_CENTS) | RG_BIT(RG_F_LINK) | RG_BIT(RG_F_DUE_ON)));
    assert_true(event.has == RG_BIT(RG_F_INVOICE));
    event = decoded(RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F1\",\"charge\":{\"pix\":null}}", arena);
    assert_true(event.null == (RG_BIT(RG_F_PIX_CODE) | RG_BIT(RG_F_PIX_UNTIL) | RG_BIT(RG_F_PIX_CENTS)));
    event = decoded(RG_EV_INVOICE_VOIDED, "{\"invoice\":\"F1\",\"reason\":null}", arena);
    assert_true(event.null == 0);
    assert_false(rg_event_has(&event, RG_F_REASON));
}

static void debtor_details_are_an_update_of_their_own(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_INVOICE_ISSUED,
                                    "{\"invoice\":\"F1\",\"debtor\":\"c1\",\"due_on\":\"2026-11-03\",\"amount_cents\":1,"
                                    "\"debtor_details\":{" DEBTOR_REST ",\"debtor\":\"someone else\"}}", arena);
    assert_non_null(event.details);
    assert_int_equal(event.details->type, RG_EV_DEBTOR_UPDATED);
    assert_true(rg_str_is(event.details->debtor, "c1"));
    assert_true(rg_str_is(event.details->name, "PERSONAL Maria"));
    assert_true(rg_str_eq(event.details->id, event.id) && rg_str_eq(event.details->ns, event.ns));
    assert_int_equal(event.details->time_ms, event.time_ms);
    assert_false(contains(written(&event, false, arena), "details"));
    assert_false(contains(written(&event, true, arena), "PERSONAL"));
    assert_true(contains(written(event.details, true, arena), "PERSONAL"));
    assert_false(contains(written(event.details, false, arena), "PERSONAL"));
}

static void details_are_held_to_the_same_rules(void **state)
{
    (void)state;
    static const struct {
        const char *data, *reason, *word;
    } rows[] = {
        {"{\"invoice\":\"F\",\"debtor_details\":{\"name\":\"M\"}}", RG_DEAD_MISSING_FIELD, "data.debtor is missing"},
        {"{\"invoice\":\"F\",\"debtor\":\"c\",\"debtor_details\":[]}", RG_DEAD_BAD_FIELD,
         "data.debtor_details: expected an object"},
        {"{\"invoice\":\"F\",\"debtor\":\"c\",\"debtor_details\":{\"payday\":32}}", RG_DEAD_BAD_FIELD,
         "data.debtor_details.payday"},
        {"{\"invoice\":\"F\",\"debtor\":\"c\",\"debtor_details\":{\"document\":\"1\"}}", RG_DEAD_BAD_FIELD,
         "data.debtor_details.document"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event;
        struct rg_reject reject;
        assert_int_equal(decode_text(RG_EV_INVOICE_UPDATED, rows[i].data, arena, &event, &reject), RG_EINVAL);
        assert_string_equal(reject.reason, rows[i].reason);
        assert_non_null(strstr(reject.detail, rows[i].word));
    }
    struct rg_event event = decoded(RG_EV_INVOICE_UPDATED, "{\"invoice\":\"F\",\"debtor_details\":null}", arena);
    assert_null(event.details);
}

static void the_kind_follows_the_document(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        const char *document;
        int kind;
    } rows[] = {
        {"{\"debtor\":\"c\",\"document\":\"529.982.247-25\"}", "52998224725", RG_KIND_PERSON},
        {"{\"debtor\":\"c\",\"document\":\"12.abc.345/01de-35\"}", "12ABC34501DE35", RG_KIND_COMPANY},
        {"{\"debtor\":\"c\",\"document\":\"11222333000181\",\"kind\":\"person\"}", "11222333000181", RG_KIND_PERSON},
        {"{\"debtor\":\"c\",\"document\":\"52998224725\",\"kind\":null}", "52998224725", RG_KIND_PERSON},
        {"{\"debtor\":\"c\",\"kind\":\"company\"}", NULL, RG_KIND_COMPANY},
        {"{\"debtor\":\"c\"}", NULL, RG_KIND_UNKNOWN},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event = decoded(RG_EV_DEBTOR_UPDATED, rows[i].data, arena);
        assert_int_equal(event.kind, rows[i].kind);
        assert_true(rg_event_has(&event, RG_F_KIND) == (rows[i].kind != RG_KIND_UNKNOWN));
        assert_true((event.null & RG_BIT(RG_F_KIND)) == 0);
        assert_true(rows[i].document == NULL ? event.document.p == NULL : rg_str_is(event.document, rows[i].document));
    }
}

static void what_the_country_knows_gets_one_spelling(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"c\",\"state\":\"sp\",\"contacts\":[{\"channel\":\"sms\","
                                    "\"address\":\"011 91234-5678\"},{\"channel\":\"whatsapp\",\"address\":\"5511912345678\"},"
                                    "{\"channel\":\"telegram\",\"address\":\"@maria\"}]}", arena);
    assert_true(rg_str_is(event.state, "SP"));
    assert_true(rg_str_is(event.contacts[0].address, "+5511912345678"));
    assert_true(rg_str_is(event.contacts[1].address, "+5511912345678"));
    assert_true(rg_str_is(event.contacts[2].address, "@maria"));
    event = decoded(RG_EV_DEBTOR_OPTED_OUT, "{\"debtor\":\"c\",\"channel\":\"sms\",\"address\":\"(11) 91234-5678\"}", arena);
    assert_true(rg_str_is(event.address, "+5511912345678")); /* else the opt-out would not meet its contact */
}

static void a_date_stands_for_the_end_of_that_day(void **state)
{
    (void)state;
    struct rg_event event = decoded(RG_EV_DEBTOR_HELD, "{\"debtor\":\"c\",\"until\":\"2026-11-03\"}", arena);
    int64_t midnight = 0;
    assert_true(rg_instant_parse(RG_STR("2026-11-04T00:00:00-03:00"), &midnight));
    assert_int_equal(event.until_ms, midnight - 1);
}

static void what_is_no_record_is_not_read(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int code;
    } rows[] = {
        {"", RG_EINVAL},
        {"{", RG_EINVAL},
        {"[]", RG_EINVAL},
        {"{}", RG_EINVAL},
        {"{\"v\":2,\"type\":\"invoice.voided\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"data\":{"
         "\"invoice\":"
         "\"F\"}}",
         RG_EREFUSED},
        {"{\"v\":1,\"type\":\"invoice.eaten\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"data\":{"
         "\"invoice\":\"F\"}}",
         RG_EINVAL},
        {"{\"v\":1,\"type\":\"none\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"data\":{\"invoice\":\"F\"}"
         "}",
         RG_EINVAL},
        {"{\"v\":1,\"type\":\"invoice.voided\",\"id\":\"1\",\"source\":\"s\",\"time\":\"yesterday\",\"data\":{\"invoice\":\"F\"}"
         "}",
         RG_EINVAL},
        {"{\"v\":1,\"type\":\"invoice.voided\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"data\":{\"invoice\":\"F\"}}",
         RG_EINVAL},
        {"{\"v\":1,\"type\":\"invoice.voided\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"data\":{}}",
         RG_EINVAL},
        {"{\"v\":1,\"type\":\"invoice.voided\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\"}", RG_EINVAL},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event = {.score = 77};
        struct rg_error err = {0};
        assert_int_equal(rg_event_read(rg_str(rows[i].bytes), arena, &event, &err), rows[i].code);
        assert_int_equal(event.score, 77);
        assert_true(strlen(err.text) > 0);
    }
}

/* Rules of the country may change; what stands in the topics must stay readable. */
static void what_was_accepted_once_stays_readable(void **state)
{
    (void)state;
    struct rg_event event;
    struct rg_error err;
    const char *old =
        "{\"v\":1,\"type\":\"debtor.updated\",\"id\":\"1\",\"source\":\"s\",\"time\":\"2026-11-25T13:00:00Z\",\"personal\":true,"
        "\"data\":{\"debtor\":\"c\",\"document\":\"123\",\"state\":\"GB\",\"contacts\":[{\"channel\":\"sms\",\"address\":"
        "\"190\"}]}}";
    assert_int_equal(rg_event_read(rg_str(old), arena, &event, &err), 0);
    assert_true(rg_str_is(event.document, "123"));
    assert_false(rg_event_has(&event, RG_F_KIND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_table_is_whole), cmocka_unit_test(no_type_has_two_fields_at_one_place),
        cmocka_unit_test(every_field_of_every_type_is_read), cmocka_unit_test(each_required_field_is_required),
        cmocka_unit_test(optional_fields_are_optional), cmocka_unit_test(both_halves_are_written_and_read_back),
        cmocka_unit_test(nothing_personal_is_in_the_ledgers_half),
        cmocka_unit_test(the_people_half_holds_ids_and_personal_fields_only),
        cmocka_unit_test(an_update_of_contacts_alone_says_nothing_to_the_ledger), cmocka_unit_test(the_canonical_form_is_fixed),
        cmocka_unit_test(null_deletes_in_updates_and_is_absent_elsewhere),
        cmocka_unit_test(debtor_details_are_an_update_of_their_own), cmocka_unit_test(details_are_held_to_the_same_rules),
        cmocka_unit_test(the_kind_follows_the_document), cmocka_unit_test(what_the_country_knows_gets_one_spelling),
        cmocka_unit_test(a_date_stands_for_the_end_of_that_day), cmocka_unit_test(what_is_no_record_is_not_read),
        cmocka_unit_test(what_was_accepted_once_stays_readable),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
