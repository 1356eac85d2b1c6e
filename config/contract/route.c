/* Shards, references, origins and ids. Everything here is a pure function of bytes, and each result is stored somewhere for
 * ever, so the table tests hold vectors that were computed elsewhere (Kafka's own partitioner, a few lines of Python).
 *
 * An origin's text is read from its right end: four numbers behind four colons, and whatever stands before them is the
 * source's name. Escaping colons in the name was the alternative; it would have bought nothing but a second spelling. */
#include "config/contract/route.h"

#include "base/core/hash.h"

#include <stdio.h>
#include <string.h>

int rg_shard_of(struct rg_str key, int shards)
{
    rg_assert(shards > 0 && shards <= RG_SHARDS_MAX);
    return (int)((rg_murmur2(key.p, key.n) & UINT32_C(0x7fffffff)) % (uint32_t)shards);
}

static const char *const ref_kinds[RG_REF_COUNT] = {
    [RG_REF_INVOICE] = "invoice", [RG_REF_AGREEMENT] = "agreement", [RG_REF_OFFER] = "offer", [RG_REF_TASK] = "task",
    [RG_REF_PROVIDER] = "provider",
};

struct rg_str rg_ref(struct rg_arena *arena, enum rg_ref_kind kind, struct rg_str ns, struct rg_str id)
{
    rg_assert(kind < RG_REF_COUNT);
    return rg_arena_printf(arena, "%s:" RG_STR_FMT ":" RG_STR_FMT, ref_kinds[kind], RG_STR_ARG(ns), RG_STR_ARG(id));
}

void rg_origin_print(const struct rg_origin *origin, char ret_text[RG_ORIGIN_TEXT_MAX])
{
    rg_assert(rg_str_has(origin->source) && origin->source.n <= RG_ORIGIN_SOURCE_MAX);
    int n = snprintf(ret_text, RG_ORIGIN_TEXT_MAX, RG_STR_FMT ":%d:%d:%lld:%d", RG_STR_ARG(origin->source), origin->incarnation,
                     origin->partition, (long long)origin->offset, origin->sub);
    rg_assert(n > 0 && n < RG_ORIGIN_TEXT_MAX);
}

/* Takes the number behind the last colon off *text. */
static bool take_number(struct rg_str *text, int64_t max, int64_t *ret_number)
{
    size_t colon = text->n;
    while (colon > 0 && text->p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    struct rg_str digits = {text->p + colon, text->n - colon};
    int64_t number = 0;
    bool canonical = digits.n > 0 && (digits.n == 1 || digits.p[0] != '0') && digits.p[0] >= '0' && digits.p[0] <= '9';
    if (!canonical || !rg_str_to_i64(digits, &number) || number > max)
        return false;
    text->n = colon - 1;
    *ret_number = number;
    return true;
}

int rg_origin_parse(struct rg_str text, struct rg_origin *ret_origin, struct rg_error *err)
{
    struct rg_str rest = text;
    int64_t sub = 0, offset = 0, partition = 0, incarnation = 0;
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return rg_fail(err, RG_EINVAL, "not an origin: there is a space or a control character in it");
    if (text.n >= RG_ORIGIN_TEXT_MAX || !take_number(&rest, INT32_MAX, &sub) || !take_number(&rest, INT64_MAX, &offset) ||
        !take_number(&rest, INT32_MAX, &partition) || !take_number(&rest, INT32_MAX, &incarnation) || rest.n == 0 ||
        rest.n > RG_ORIGIN_SOURCE_MAX)
        return rg_fail(err, RG_EINVAL, "not an origin: expected source:incarnation:partition:offset:sub");
    *ret_origin = (struct rg_origin){.source = rest, .incarnation = (int32_t)incarnation, .partition = (int32_t)partition,
                                     .offset = offset, .sub = (int32_t)sub};
    return 0;
}

bool rg_action_id_eq(const struct rg_action_id *a, const struct rg_action_id *b)
{
    return memcmp(a->b, b->b, RG_ACTION_BYTES) == 0;
}

bool rg_claim_id_eq(const struct rg_claim_id *a, const struct rg_claim_id *b)
{
    return memcmp(a->b, b->b, RG_CLAIM_BYTES) == 0;
}

bool rg_claim_id_is_zero(const struct rg_claim_id *id)
{
    static const struct rg_claim_id zero;
    return rg_claim_id_eq(id, &zero);
}

bool rg_action_id_parse(struct rg_str text, struct rg_action_id *ret_id)
{
    struct rg_action_id id;
    if (!rg_unhex(text, id.b, RG_ACTION_BYTES) || rg_action_id_shard(&id) >= RG_SHARDS_MAX)
        return false;
    *ret_id = id;
    return true;
}

bool rg_claim_id_parse(struct rg_str text, struct rg_claim_id *ret_id)
{
    return rg_unhex(text, ret_id->b, RG_CLAIM_BYTES);
}

void rg_action_id_print(const struct rg_action_id *id, char ret_text[RG_ACTION_TEXT + 1])
{
    rg_hex(id->b, RG_ACTION_BYTES, ret_text);
}

void rg_claim_id_print(const struct rg_claim_id *id, char ret_text[RG_CLAIM_TEXT + 1])
{
    rg_hex(id->b, RG_CLAIM_BYTES, ret_text);
}

int rg_action_id_shard(const struct rg_action_id *id)
{
    return id->b[0] << 8 | id->b[1];
}
