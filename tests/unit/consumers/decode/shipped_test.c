/* The shipped mappings against webhooks as the other systems document them: every file under tests/fixtures/<mapping> names the
 * page and the day it was taken from, every one is mapped by a row, and what becomes of it is compared where it matters. */
#include "consumers/decode/decode.h"

#include "base/core/file.h"
#include "tests/unit/support/cmocka.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 512

static struct rg_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rg_arena_new((size_t)256 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rg_arena_free(&arena);
    return 0;
}

static void path_of(char path[PATH_BYTES], const char *below)
{
    const char *root = getenv("RG_SOURCE_DIR");
    (void)snprintf(path, PATH_BYTES, "%s/%s", root != NULL ? root : ".", below);
}

static const struct rg_mapping *shipped(const char *name)
{
    char below[128], path[PATH_BYTES];
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    const struct rg_doc *doc = NULL;
    const struct rg_mapping *mapping = NULL;
    (void)snprintf(below, sizeof below, "config/shipped/mappings/%s.yaml", name);
    path_of(path, below);
    rg_buf_init(&text, 65536);
    if (rg_yaml_load(path, arena, diags, &doc) == 0)
        mapping = rg_mapping_read(doc, &(struct rg_reader){.diags = diags, .arena = arena});
    rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
    if (mapping == NULL || rg_diags_count(diags) > 0)
        fail_msg("%s", rg_buf_cstr(&text));
    assert_true(rg_str_is(rg_mapping_name(mapping), name));
    return mapping;
}

/* The webhook in a fixture, as the bytes that would arrive. */
static struct rg_str webhook(const char *mapping, const char *file)
{
    char below[256], path[PATH_BYTES];
    struct rg_buf bytes RG_CLEANUP(rg_buf_done), inner RG_CLEANUP(rg_buf_done);
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err;
    struct rg_str page, day;
    rg_day read_on;
    (void)snprintf(below, sizeof below, "tests/fixtures/%s/%s", mapping, file);
    path_of(path, below);
    rg_buf_init(&bytes, RG_EVENT_BYTES_MAX);
    rg_buf_init(&inner, RG_EVENT_BYTES_MAX);
    if (rg_file_read(path, &bytes, &err) < 0 || rg_json_parse(rg_buf_str(&bytes), RG_EVENT_BYTES_MAX, &doc, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    const struct rg_json_value *root = rg_json_root(doc);
    if (!rg_json_str(rg_json_get(root, "page"), &page) || strncmp(page.p, "https://", 8) != 0)
        fail_msg("%s names no page", file);
    if (!rg_json_str(rg_json_get(root, "read_on"), &day) || !rg_day_parse(day, &read_on))
        fail_msg("%s names no day", file);
    struct rg_jw jw;
    rg_jw_init(&jw, &inner);
    rg_jw_value(&jw, rg_json_get(root, "webhook"));
    rg_jw_done(&jw);
    return rg_arena_str(arena, rg_buf_str(&inner));
}

static enum rg_decoded decode(const struct rg_mapping *mapping, struct rg_str value, struct rg_event *ret_event,
                              struct rg_reject *ret_reject)
{
    struct rg_upstream upstream = {
        .name = RG_STR("s"), .format = RG_SOURCE_JSON, .mapping = mapping, .ns = rg_mapping_name(mapping)};
    struct rg_message message = {.value = value, .timestamp_ms = INT64_C(1795611600000)};
    return rg_decode(&upstream, &message, arena, ret_event, ret_reject);
}

static size_t map_every_fixture(const char *name)
{
    char below[128], path[PATH_BYTES];
    const struct rg_mapping *mapping = shipped(name);
    (void)snprintf(below, sizeof below, "tests/fixtures/%.64s", name);
    path_of(path, below);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    size_t files = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct rg_event event;
        struct rg_reject reject = {.detail = ""};
        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        if (decode(mapping, webhook(name, entry->d_name), &event, &reject) == RG_DECODED_REJECT)
            fail_msg("%s: %s", entry->d_name, reject.detail);
        files++;
    }
    (void)closedir(dir);
    return files;
}

/* Every mapping that is shipped has its webhooks, and each of these is mapped. */
static void every_fixture_is_mapped(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    path_of(path, "config/shipped/mappings");
    DIR *dir = opendir(path);
    assert_non_null(dir);
    size_t mappings = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char *end = strstr(entry->d_name, ".yaml");
        if (end == NULL)
            continue;
        *end = '\0';
        if (map_every_fixture(entry->d_name) < 20)
            fail_msg("%s: too few fixtures to know its webhooks", entry->d_name);
        mappings++;
    }
    (void)closedir(dir);
    assert_int_equal(mappings, 3);
}

static const char *data_of(const struct rg_event *event)
{
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(event, false, &jw);
    rg_jw_done(&jw);
    return strstr(rg_arena_str(arena, rg_buf_str(&buf)).p, "\"data\":") + 7;
}

struct meaning {
    const char *file;
    enum rg_event_type type; /* NONE: ignored */
    const char *holds;
};

static struct rg_event check_meaning(const struct rg_mapping *mapping, const struct meaning *row)
{
    struct rg_event event = {.type = RG_EV_NONE};
    struct rg_reject reject = {.detail = ""};
    const char *name = rg_arena_str(arena, rg_mapping_name(mapping)).p;
    enum rg_decoded done = decode(mapping, webhook(name, row->file), &event, &reject);
    if (done != (row->type == RG_EV_NONE ? RG_DECODED_NOTHING : RG_DECODED_EVENT))
        fail_msg("%s: %d %s", row->file, (int)done, reject.detail);
    if (done == RG_DECODED_NOTHING)
        return event;
    assert_int_equal(event.type, row->type);
    if (strstr(data_of(&event), row->holds) == NULL)
        fail_msg("%s: %s", row->file, data_of(&event));
    assert_true(rg_str_is(event.source, name));
    return event;
}

static void asaas_webhooks_mean_what_they_say(void **state)
{
    (void)state;
    static const struct meaning rows[] = {
        {"created.json", RG_EV_INVOICE_ISSUED,
         "{\"debtor\":\"cus_000005219601\",\"invoice\":\"pay_080225913001\",\"due_on\":\"2026-11-03\",\"issued_on\":\"2026-10-"
         "20\",\"amount_cents\":"
         "15990,\"charge\":{\"link\":\"https://www.asaas.com/i/080225913001\"}}}"},
        {"updated.json", RG_EV_INVOICE_UPDATED, "\"due_on\":\"2026-11-10\",\"issued_on\":\"2026-10-20\",\"amount_cents\":13990"},
        {"deleted.json", RG_EV_INVOICE_VOIDED, "\"invoice\":\"pay_080225913012\"}"},
        {"restored.json", RG_EV_INVOICE_REOPENED, "\"invoice\":\"pay_080225913013\"}"},
        {"confirmed.json", RG_EV_PAYMENT_CONFIRMED,
         "\"payment\":\"pay_080225913007\",\"amount_cents\":15990,\"paid_at\":\"2026-11-04T02:59:59.999Z\",\"method\":\"credit_"
         "card\"}"},
        {"received.json", RG_EV_PAYMENT_SETTLED, "\"available_on\":\"2026-11-04\",\"method\":\"boleto\"}"},
        {"received_in_cash.json", RG_EV_PAYMENT_SETTLED,
         "{\"debtor\":\"cus_000005219601\",\"invoice\":\"pay_080225913031\",\"amount_cents\":15990,"},
        {"dunning_received.json", RG_EV_PAYMENT_SETTLED, "\"payment\":\"pay_080225913022\""},
        {"refunded.json", RG_EV_PAYMENT_REVERSED,
         "\"payment\":\"pay_080225913014\",\"amount_cents\":15990,\"reason\":\"refund\"}"},
        {"partially_refunded.json", RG_EV_PAYMENT_REVERSED,
         "\"amount_cents\":1525,\"reason\":\"refund\"}"}, /* 10.00 + 5.25; 3.00 was cancelled */
        {"chargeback_requested.json", RG_EV_PAYMENT_REVERSED, "\"amount_cents\":15990,\"reason\":\"chargeback\"}"},
        {"received_in_cash_undone.json", RG_EV_PAYMENT_REVERSED,
         "\"invoice\":\"pay_080225913018\",\"amount_cents\":15990,\"reason\":\"returned\"}"},
        {"awaiting_chargeback_reversal.json", RG_EV_PAYMENT_CONFIRMED,
         "{\"debtor\":\"cus_000005219600\",\"invoice\":\"pay_080225913021\",\"amount_cents\":15990,\"method\":\"credit_card\"}"},
        {"credit_card_capture_refused.json", RG_EV_PAYMENT_FAILED, "\"method\":\"credit_card\"}"},
        {"bank_slip_viewed.json", RG_EV_BILL_OPENED, "\"at\":\"2026-10-28T15:54:56Z\"}"},
        {"checkout_viewed.json", RG_EV_BILL_OPENED, "\"at\":\"2026-10-28T15:54:56Z\"}"},
        {"overdue.json", RG_EV_NONE, NULL},
        {"chargeback_dispute.json", RG_EV_NONE, NULL},
        {"refund_in_progress.json", RG_EV_NONE, NULL},
        {"bank_slip_cancelled.json", RG_EV_NONE, NULL},
        {"split_divergence_block.json", RG_EV_NONE, NULL},
    };
    const struct rg_mapping *mapping = shipped("asaas");
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        struct rg_event event = check_meaning(mapping, &rows[i]);
        if (event.type != RG_EV_NONE)
            assert_int_equal(event.time_ms % 60000 / 1000,
                             event.id.p[event.id.n - 1] - '0' + (event.id.p[event.id.n - 2] - '0') * 10);
    }
}

static void stripe_webhooks_mean_what_they_say(void **state)
{
    (void)state;
#define STRIPE_INVOICE "\"invoice\":\"in_1RReguaOutubro00000000001\""
    static const struct meaning rows[] = {
        {"invoice_finalized.json", RG_EV_INVOICE_ISSUED,
         "{\"debtor\":\"cus_Regua0000001\"," STRIPE_INVOICE ",\"contract\":\"sub_1RRegua0000000000001\","
         "\"due_on\":\"2026-11-03\",\"issued_on\":\"2026-10-19\",\"amount_cents\":15990,\"charge\":{\"link\":"
         "\"https://invoice.stripe.com/i/"},
        {"invoice_finalized_automatic.json", RG_EV_INVOICE_ISSUED,
         "\"due_on\":\"2026-10-19\",\"issued_on\":\"2026-10-19\",\"amount_cents\":15990"},
        {"invoice_paid.json", RG_EV_PAYMENT_SETTLED,
         STRIPE_INVOICE ",\"payment\":\"pi_3RRegua0000000000001\",\"amount_cents\":15990,\"paid_at\":\"2026-11-02T18:50:12Z\"}}"},
        {"invoice_paid_out_of_band.json", RG_EV_PAYMENT_SETTLED,
         STRIPE_INVOICE ",\"amount_cents\":15990,\"paid_at\":\"2026-11-02T18:50:12Z\"}}"},
        {"invoice_payment_failed.json", RG_EV_PAYMENT_FAILED,
         "{\"debtor\":\"cus_Regua0000002\",\"invoice\":\"in_1RReguaOutubro00000000002\"}}"},
        {"invoice_voided.json", RG_EV_INVOICE_VOIDED, STRIPE_INVOICE "}}"},
        {"invoice_marked_uncollectible.json", RG_EV_INVOICE_WRITTEN_OFF, STRIPE_INVOICE "}}"},
        {"charge_refunded.json", RG_EV_PAYMENT_REVERSED,
         STRIPE_INVOICE ",\"payment\":\"pi_3RRegua0000000000001\",\"amount_cents\":4000,\"reason\":\"refund\"}}"},
        {"credit_note_created.json", RG_EV_CREDIT_APPLIED, STRIPE_INVOICE ",\"amount_cents\":2000}}"},
        {"customer_created.json", RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"cus_Regua0000001\"}}"},
        {"customer_updated.json", RG_EV_DEBTOR_UPDATED, "{\"debtor\":\"cus_Regua0000001\"}}"},
        {"invoice_finalized_zero.json", RG_EV_NONE, NULL}, /* nothing is owed */
        {"invoice_paid_zero.json", RG_EV_NONE, NULL},
        {"credit_note_created_after_payment.json", RG_EV_NONE, NULL},
        {"invoice_created.json", RG_EV_NONE, NULL},
        {"invoice_payment_succeeded.json", RG_EV_NONE, NULL},
    };
    const struct rg_mapping *mapping = shipped("stripe");
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        (void)check_meaning(mapping, &rows[i]);
}

/* A name and an address reach the people topic, and only that. */
static void stripe_customers_are_people(void **state)
{
    (void)state;
    struct rg_event event = check_meaning(shipped("stripe"),
                                          &(struct meaning){"customer_updated.json", RG_EV_DEBTOR_UPDATED, ""});
    struct rg_buf buf RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_jw_init(&jw, &buf);
    rg_event_write(&event, true, &jw);
    rg_jw_done(&jw);
    assert_non_null(strstr(rg_buf_cstr(&buf), "\"name\":\"Maria Souza\",\"contacts\":[{\"channel\":\"email\",\"address\":"
                                              "\"maria@example.com\"}]"));
}

/* Cents of another currency are no centavos. */
static void only_reais_are_taken_from_stripe(void **state)
{
    (void)state;
    static const char *const files[] = {"invoice_finalized.json", "invoice_paid.json", "charge_refunded.json"};
    const struct rg_mapping *mapping = shipped("stripe");
    for (size_t i = 0; i < RG_COUNT(files); i++) {
        struct rg_event event;
        struct rg_reject reject = {.reason = "", .detail = ""};
        struct rg_str value = webhook("stripe", files[i]);
        char *currency = strstr(value.p, "\"currency\":\"brl\"");
        assert_non_null(currency);
        memcpy(currency, "\"currency\":\"usd\"", 16);
        assert_int_equal(decode(mapping, value, &event, &reject), RG_DECODED_REJECT);
        assert_string_equal(reject.reason, RG_DEAD_UNMAPPED);
        assert_non_null(strstr(reject.detail, "/usd"));
    }
}

static void iugu_webhooks_mean_what_they_say(void **state)
{
    (void)state;
#define IUGU_ID "0A1B2C3D4E5F60718293A4B5C6D7E8F9"
#define IUGU_INVOICE "{\"invoice\":\"" IUGU_ID "\""
#define IUGU_PAYMENT IUGU_INVOICE ",\"payment\":\"" IUGU_ID "\""
    static const struct meaning rows[] = {
        {"status_changed_paid.json", RG_EV_PAYMENT_SETTLED,
         IUGU_PAYMENT ",\"amount_cents\":15990,\"paid_at\":\"2026-11-03T18:32:40Z\",\"method\":\"pix\"}}"},
        {"status_changed_partially_paid.json", RG_EV_PAYMENT_SETTLED,
         IUGU_PAYMENT ",\"amount_cents\":10000,\"paid_at\":\"2026-11-04T12:00:00Z\",\"method\":\"boleto\"}}"},
        {"status_changed_externally_paid.json", RG_EV_PAYMENT_SETTLED,
         IUGU_PAYMENT ",\"amount_cents\":15990,\"paid_at\":\"2026-11-04T12:00:00Z\"}}"},
        {"status_changed_refunded.json", RG_EV_PAYMENT_REVERSED, IUGU_PAYMENT ",\"amount_cents\":15990,\"reason\":\"refund\"}}"},
        {"status_changed_chargeback.json", RG_EV_PAYMENT_REVERSED,
         IUGU_PAYMENT ",\"amount_cents\":15990,\"reason\":\"chargeback\"}}"},
        {"status_changed_canceled.json", RG_EV_INVOICE_VOIDED, IUGU_INVOICE "}}"},
        {"payment_failed.json", RG_EV_PAYMENT_FAILED, IUGU_INVOICE "}}"},
        {"status_changed_expired.json", RG_EV_NONE, NULL},
        {"status_changed_authorized.json", RG_EV_NONE, NULL},
        {"refund.json", RG_EV_NONE, NULL},
        {"created.json", RG_EV_NONE, NULL},
    };
    const struct rg_mapping *mapping = shipped("iugu");
    for (size_t i = 0; i < RG_COUNT(rows); i++)
        (void)check_meaning(mapping, &rows[i]);
    assert_true(rg_str_is(check_meaning(mapping, &rows[0]).id, "invoice.status_changed/" IUGU_ID "/paid"));
}

/* All of them resend webhooks: the same bytes have to be the same event. */
static void the_same_webhook_is_the_same_event(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"asaas", "received.json"}, {"stripe", "invoice_paid.json"}, {"iugu", "status_changed_paid.json"}};
    for (size_t i = 0; i < RG_COUNT(files); i++) {
        struct rg_event first, second;
        struct rg_reject reject;
        const struct rg_mapping *mapping = shipped(files[i][0]);
        assert_int_equal(decode(mapping, webhook(files[i][0], files[i][1]), &first, &reject), RG_DECODED_EVENT);
        assert_int_equal(decode(mapping, webhook(files[i][0], files[i][1]), &second, &reject), RG_DECODED_EVENT);
        assert_true(rg_str_eq(first.id, second.id) && first.time_ms == second.time_ms);
        assert_string_equal(data_of(&first), data_of(&second));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_is_mapped), cmocka_unit_test(asaas_webhooks_mean_what_they_say),
        cmocka_unit_test(stripe_webhooks_mean_what_they_say), cmocka_unit_test(stripe_customers_are_people),
        cmocka_unit_test(only_reais_are_taken_from_stripe), cmocka_unit_test(iugu_webhooks_mean_what_they_say),
        cmocka_unit_test(the_same_webhook_is_the_same_event),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
