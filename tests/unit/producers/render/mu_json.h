/* Template data written as JSON in tests. Numbers are printed as a person would write them: 1.210 as 1.21. */
#pragma once

#include "base/core/arena.h"
#include "base/json/json.h"
#include "producers/render/mustache.h"

static inline struct rg_mu_value mu_from_json(struct rg_arena *arena, const struct rg_json_value *json)
{
    struct rg_mu_value value = {.kind = RG_MU_ABSENT};
    size_t i = 0, n = rg_json_count(json);
    char decimal[RG_JSON_DECIMAL_BYTES];
    switch (rg_json_kind(json)) {
    case RG_JSON_ABSENT:
    case RG_JSON_NULL:
        return value;
    case RG_JSON_BOOL:
        value.kind = RG_MU_BOOL;
        rg_assert(rg_json_bool(json, &value.flag));
        return value;
    case RG_JSON_NUMBER:
        if (rg_json_decimal_text(json, decimal))
            return rg_mu_text(rg_arena_str(arena, rg_str(decimal)));
        return rg_mu_text(rg_arena_str(arena, rg_json_number_text(json)));
    case RG_JSON_STRING:
        rg_assert(rg_json_str(json, &value.text));
        return rg_mu_text(rg_arena_str(arena, value.text));
    case RG_JSON_ARRAY:
    case RG_JSON_OBJECT:
        break;
    }
    struct rg_mu_value *items = RG_NEW(arena, struct rg_mu_value, n + 1);
    struct rg_str *keys = RG_NEW(arena, struct rg_str, n + 1);
    RG_JSON_EACH(child, json) {
        keys[i] = rg_arena_str(arena, rg_json_key(child));
        items[i++] = mu_from_json(arena, child);
    }
    value.kind = rg_json_kind(json) == RG_JSON_ARRAY ? RG_MU_LIST : RG_MU_MAP;
    value.keys = keys;
    value.items = items;
    value.count = n;
    return value;
}

static inline struct rg_mu_value mu_from_text(struct rg_arena *arena, const char *text)
{
    struct rg_json *doc = NULL;
    rg_assert(rg_json_parse(rg_str(text), (size_t)1024 * 1024, &doc, NULL) == 0);
    struct rg_mu_value value = mu_from_json(arena, rg_json_root(doc));
    rg_json_free(&doc);
    return value;
}
