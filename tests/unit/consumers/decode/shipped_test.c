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

/* Each fixture is mapped, and each word of the type's table that is no mere precaution has one. */
static size_t every_fixture_is_mapped(const char *name)
{
    char below[128], path[PATH_BYTES];
    const struct rg_mapping *mapping = shipped(name);
    (void)snprintf(below, sizeof below, "tests/fixtures/%s", name);
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

static void asaas_is_mapped_whole(void **state)
{
    (void)state;
    assert_int_equal(every_fixture_is_mapped("asaas"), 30);
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

static void asaas_webhooks_mean_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum rg_event_type type; /* NONE: ignored */
        const char *holds;
    } rows[] = {
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
        {"dunning_received.json", RG_EV_PAYMENT_SETTLED, "\"payment\":\"pay_080225913022\""},
        {"refunded.json", RG_EV_PAYMENT_REVERSED,
         "\"payment\":\"pay_080225913014\",\"amount_cents\":15990,\"reason\":\"refund\"}"},
        {"partially_refunded.json", RG_EV_PAYMENT_REVERSED,
         "\"amount_cents\":1525,\"reason\":\"refund\"}"}, /* 10.00 + 5.25; 3.00 was cancelled */
        {"chargeback_requested.json", RG_EV_PAYMENT_REVERSED, "\"amount_cents\":15990,\"reason\":\"chargeback\"}"},
        {"received_in_cash_undone.json", RG_EV_PAYMENT_REVERSED, "\"amount_cents\":15990,\"reason\":\"returned\"}"},
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
        struct rg_event event;
        struct rg_reject reject = {.detail = ""};
        enum rg_decoded done = decode(mapping, webhook("asaas", rows[i].file), &event, &reject);
        assert_int_equal(done, rows[i].type == RG_EV_NONE ? RG_DECODED_NOTHING : RG_DECODED_EVENT);
        if (done == RG_DECODED_NOTHING)
            continue;
        assert_int_equal(event.type, rows[i].type);
        if (strstr(data_of(&event), rows[i].holds) == NULL)
            fail_msg("%s: %s", rows[i].file, data_of(&event));
        assert_true(rg_str_is(event.source, "asaas"));
        assert_int_equal(event.time_ms % 60000 / 1000,
                         event.id.p[event.id.n - 1] - '0' + (event.id.p[event.id.n - 2] - '0') * 10);
    }
}

/* Asaas resends webhooks: the same bytes have to be the same event. */
static void the_same_webhook_is_the_same_event(void **state)
{
    (void)state;
    struct rg_event first, second;
    struct rg_reject reject;
    const struct rg_mapping *mapping = shipped("asaas");
    assert_int_equal(decode(mapping, webhook("asaas", "received.json"), &first, &reject), RG_DECODED_EVENT);
    assert_int_equal(decode(mapping, webhook("asaas", "received.json"), &second, &reject), RG_DECODED_EVENT);
    assert_true(rg_str_eq(first.id, second.id) && first.time_ms == second.time_ms);
    assert_string_equal(data_of(&first), data_of(&second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asaas_is_mapped_whole), cmocka_unit_test(asaas_webhooks_mean_what_they_say),
        cmocka_unit_test(the_same_webhook_is_the_same_event),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
