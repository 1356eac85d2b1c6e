/* Spelling of what others read of a shard's state. */
#include "config/contract/state.h"

#include "base/json/json.h"
#include "base/json/write.h"

#include <stdio.h>
#include <string.h>

#define CHARGE_VERSION 1

void rg_act_value_print(const struct rg_act_value *value, char ret_text[RG_ACT_VALUE_MAX])
{
    char claim[RG_CLAIM_TEXT + 1];
    if (!value->claimed) {
        memcpy(ret_text, "q", sizeof "q");
        return;
    }
    rg_claim_id_print(&value->claim, claim);
    (void)snprintf(ret_text, RG_ACT_VALUE_MAX, "w:%s:%lld", claim, (long long)value->claim_offset);
}

/* The part up to the next colon; the rest stays in *text. */
static struct rg_str part(struct rg_str *text)
{
    if (text->n == 0)
        return *text;
    const char *colon = memchr(text->p, ':', text->n);
    size_t n = colon == NULL ? text->n : (size_t)(colon - text->p);
    struct rg_str found = {text->p, n};
    size_t skip = colon == NULL ? n : n + 1;
    *text = (struct rg_str){text->p + skip, text->n - skip};
    return found;
}

/* One spelling each: what does not print back as it was read was written by somebody else. */
int rg_act_value_parse(struct rg_str text, struct rg_act_value *ret_value, struct rg_error *err)
{
    struct rg_act_value value = {.claim_offset = -1};
    struct rg_str left = text, kind = part(&left);
    char again[RG_ACT_VALUE_MAX] = "";
    bool fine = rg_str_is(kind, "q");
    if (rg_str_is(kind, "w")) {
        value.claimed = true;
        fine = rg_claim_id_parse(part(&left), &value.claim) && rg_str_to_i64(part(&left), &value.claim_offset) &&
               value.claim_offset >= 0;
    }
    if (fine)
        rg_act_value_print(&value, again);
    if (!fine || !rg_str_is(text, again))
        return rg_fail(err, RG_EINVAL, "state of an action: \"q\" or \"w:…\" expected");
    *ret_value = value;
    return 0;
}

struct rg_str rg_charge_key(struct rg_arena *arena, struct rg_str ns, struct rg_str invoice)
{
    return rg_arena_printf(arena, RG_STR_FMT ":" RG_STR_FMT, RG_STR_ARG(ns), RG_STR_ARG(invoice));
}

static void member_day(struct rg_jw *jw, const char *key, rg_day day)
{
    char text[RG_DAY_TEXT_MAX];
    if (day == RG_DAY_NONE)
        return;
    rg_day_format(day, text);
    rg_jw_member_cstr(jw, key, text);
}

void rg_charge_write(const struct rg_charge *charge, struct rg_buf *buf)
{
    struct rg_jw jw;
    rg_jw_init(&jw, buf);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "v", CHARGE_VERSION);
    rg_jw_member_opt_str(&jw, "pix", charge->pix_code);
    member_day(&jw, "pix_until", charge->pix_until);
    if (charge->pix_cents != 0)
        rg_jw_member_int(&jw, "pix_cents", charge->pix_cents);
    rg_jw_member_opt_str(&jw, "line", charge->boleto_line);
    rg_jw_member_opt_str(&jw, "barcode", charge->boleto_barcode);
    rg_jw_member_opt_str(&jw, "url", charge->boleto_url);
    member_day(&jw, "boleto_until", charge->boleto_until);
    if (charge->boleto_cents != 0)
        rg_jw_member_int(&jw, "boleto_cents", charge->boleto_cents);
    rg_jw_member_opt_str(&jw, "link", charge->link);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

static struct rg_str text_of(const struct rg_json_value *root, const char *key, struct rg_arena *arena)
{
    struct rg_str text;
    return rg_json_str(rg_json_get(root, key), &text) ? rg_arena_str(arena, text) : (struct rg_str){0};
}

static rg_day day_of(const struct rg_json_value *root, const char *key)
{
    struct rg_str text;
    rg_day day = RG_DAY_NONE;
    return rg_json_str(rg_json_get(root, key), &text) && rg_day_parse(text, &day) ? day : RG_DAY_NONE;
}

static int64_t cents_of(const struct rg_json_value *root, const char *key)
{
    int64_t cents = 0;
    return rg_json_int(rg_json_get(root, key), &cents) ? cents : 0;
}

int rg_charge_read(struct rg_str bytes, struct rg_arena *arena, struct rg_charge *ret_charge, struct rg_error *err)
{
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    int rc = rg_json_parse(bytes, RG_EVENT_BYTES_MAX, &doc, err);
    if (rc < 0)
        return rc;
    const struct rg_json_value *root = rg_json_root(doc);
    if (cents_of(root, "v") != CHARGE_VERSION)
        return rg_fail(err, RG_EINVAL, "stored charge: \"v\": %d expected", CHARGE_VERSION);
    *ret_charge = (struct rg_charge){.pix_code = text_of(root, "pix", arena),
                                     .boleto_line = text_of(root, "line", arena),
                                     .boleto_barcode = text_of(root, "barcode", arena),
                                     .boleto_url = text_of(root, "url", arena),
                                     .link = text_of(root, "link", arena),
                                     .pix_until = day_of(root, "pix_until"),
                                     .boleto_until = day_of(root, "boleto_until"),
                                     .pix_cents = cents_of(root, "pix_cents"),
                                     .boleto_cents = cents_of(root, "boleto_cents")};
    return 0;
}
