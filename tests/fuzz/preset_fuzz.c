/* An HTTP provider, from both sides. "y" and YAML: whatever a person writes into a preset is refused with findings, or makes
 * bodies that are JSON. A digit and bytes: whatever a provider answers has one verdict, an id without blanks, a code fit for a
 * log. */
#include "producers/transport/preset_load.h"

#include "base/json/json.h"

#include <string.h>

#define BODY_BYTES_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char provider[] =
    "language: 1\npreset: x\nrequest: { path: \"/\", body: {} }\naccepted: { status: [200, 201], id: /messages/0/id }\n"
    "errors:\n  pointer: /error/code\n  table: { 2: retry, 4: throttled, 21: rejected, AUTH: retry, LOST: uncertain }\n"
    "  default: { 401: retry, 429: throttled, 4xx: rejected, 5xx: retry }\n";

static int load(struct rg_str yaml, struct rg_arena *arena, const struct rg_preset **ret_preset)
{
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    int rc = rg_preset_parse("fuzz.yaml", yaml, arena, diags, ret_preset);
    rg_assert((rc == 0) == (rg_diags_errors(diags) == 0));
    return rc;
}

static void check(struct rg_preset_reading reading)
{
    rg_assert(reading.verdict != RG_VERDICT_UNSET && reading.verdict < RG_VERDICT_COUNT);
    rg_assert(reading.provider_id[0] == '\0' || reading.verdict == RG_VERDICT_ACCEPTED);
    rg_assert(rg_utf8_valid(rg_str(reading.provider_id)));
    for (const char *p = reading.provider_id; *p != '\0'; p++)
        rg_assert((unsigned char)*p > ' ' && *p != 0x7f);
    rg_assert(strspn(reading.code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(reading.code));
}

static void try_body(const struct rg_preset *preset)
{
    static const struct rg_mu_value hostile = {.kind = RG_MU_STRING, .text = {"\"},{\\\n\x01\xc3\xa9", 9}};
    const struct rg_mu_value items[] = {hostile, hostile};
    const struct rg_str keys[] = {RG_STR("to"), RG_STR("text"), RG_STR("parameters"), RG_STR("no")};
    const struct rg_mu_value members[] = {
        hostile, hostile, {.kind = RG_MU_LIST, .items = items, .count = RG_COUNT(items)}, {.kind = RG_MU_ABSENT}};
    const struct rg_mu_value map = {.kind = RG_MU_MAP, .keys = keys, .items = members, .count = RG_COUNT(members)};
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_str missing;
    struct rg_error err;
    rg_buf_init(&out, BODY_BYTES_MAX);
    if (rg_preset_body(preset, &map, NULL, &out, &missing, &err) < 0)
        return;
    int rc = rg_json_parse(rg_buf_str(&out), BODY_BYTES_MAX, &doc, &err);
    rg_assert(rc == 0 || rc == RG_ELIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {0, 200, 201, 302, 400, 401, 408, 429, 500, 999};
    const struct rg_preset *preset = NULL;
    if (size == 0 || size > BODY_BYTES_MAX)
        return 0;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_PRESET_ARENA_BYTES);
    struct rg_str rest = {(const char *)data + 1, size - 1};
    if (data[0] == 'y') {
        if (load(rest, arena, &preset) == 0)
            try_body(preset);
    } else {
        int rc = load(rg_str(provider), arena, &preset);
        rg_assert(rc == 0);
        check(rg_preset_read(preset, statuses[data[0] % RG_COUNT(statuses)], rest));
    }
    return 0;
}
