/* A flat table, because there are few: one for each text in the rules. The one not asked for longest makes room. */
#include "producers/sender/compiled.h"

#include "base/core/hash.h"

#include <string.h>

struct item {
    struct rg_arena *arena; /* NULL: free */
    uint64_t hash, asked;
    struct rg_str source;
    const struct rg_mu_template *template;
    int code; /* of compiling it */
    struct rg_error err;
};

struct rg_compiled {
    struct item items[RG_COMPILED_MAX];
    uint64_t asked;
};

struct rg_compiled *rg_compiled_new(void)
{
    return rg_alloc(sizeof(struct rg_compiled));
}

void rg_compiled_free(struct rg_compiled **compiled)
{
    if (*compiled == NULL)
        return;
    for (size_t i = 0; i < RG_COMPILED_MAX; i++)
        rg_arena_free(&(*compiled)->items[i].arena);
    rg_free(compiled);
}

static struct item *find(struct rg_compiled *compiled, struct rg_str source, uint64_t hash)
{
    struct item *oldest = &compiled->items[0];
    for (size_t i = 0; i < RG_COMPILED_MAX; i++) {
        struct item *item = &compiled->items[i];
        if (item->arena != NULL && item->hash == hash && rg_str_eq(item->source, source))
            return item;
        if (oldest->arena != NULL && (item->arena == NULL || item->asked < oldest->asked))
            oldest = item;
    }
    rg_arena_free(&oldest->arena);
    return oldest;
}

int rg_compiled_get(struct rg_compiled *compiled, struct rg_str source, const struct rg_mu_template **ret_template,
                    struct rg_error *err)
{
    if (source.n > RG_MU_SOURCE_BYTES_MAX)
        return rg_fail(err, RG_ELIMIT, "longer than %zu bytes", RG_MU_SOURCE_BYTES_MAX);
    uint64_t hash = rg_fnv64(source.p, source.n);
    struct item *item = find(compiled, source, hash);
    if (item->arena == NULL) {
        *item = (struct item){.arena = rg_arena_new(RG_MU_ARENA_BYTES + RG_MU_SOURCE_BYTES_MAX + 64), .hash = hash};
        item->source = rg_arena_str(item->arena, source);
        item->code = rg_mu_compile(item->arena, item->source, &item->template, NULL, &item->err);
    }
    item->asked = ++compiled->asked;
    if (item->code < 0) {
        if (err != NULL)
            *err = item->err;
        return item->code;
    }
    *ret_template = item->template;
    return 0;
}
