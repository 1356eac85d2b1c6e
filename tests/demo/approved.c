/* What the demo's WhatsApp has approved: the shipped texts with {{1}}, {{2}} … for their values, in the order in which the sender
 * gives them. They are made by rendering: each value's own place is its value. */
#include "tests/demo/stage.h"

#include "base/core/file.h"
#include "producers/render/mustache.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define ENDING ".whatsapp.pt-BR.txt"
#define TEXT_BYTES_MAX ((size_t)16 * 1024)
#define VALUES_MAX 64

struct values {
    struct rg_str keys[VALUES_MAX];
    struct rg_mu_value items[VALUES_MAX];
    size_t count;
};

static void put(struct values *values, struct rg_str key, struct rg_mu_value value)
{
    rg_assert(values->count < VALUES_MAX);
    values->keys[values->count] = key;
    values->items[values->count++] = value;
}

static struct rg_mu_value map_of(const struct values *values)
{
    return (struct rg_mu_value){.kind = RG_MU_MAP, .keys = values->keys, .items = values->items, .count = values->count};
}

static int read_text(struct rg_arena *arena, const char *name, struct rg_str *ret_text, struct rg_error *err)
{
    char path[4096];
    RG_CLEANUP(rg_buf_done) struct rg_buf bytes;
    rg_buf_init(&bytes, TEXT_BYTES_MAX);
    (void)snprintf(path, sizeof path, RG_DEMO_SHIPPED "/templates/%s", name);
    int rc = rg_file_read(path, &bytes, err);
    *ret_text = rg_arena_str(arena, rg_buf_str(&bytes));
    return rc;
}

/* Values at the top, each where it is first said: those the sender makes parameters of. */
static void put_places(struct rg_arena *arena, const struct rg_mu_template *template, struct values *values)
{
    size_t n = 0;
    const struct rg_mu_use *uses = rg_mu_uses(template, &n);
    for (size_t i = 0, place = 0; i < n; i++) {
        bool said = uses[i].kind != RG_MU_USE_VALUE || uses[i].section != RG_MU_NO_SECTION;
        for (size_t k = 0; k < values->count && !said; k++)
            said = rg_str_eq(values->keys[k], uses[i].name);
        if (!said)
            put(values, uses[i].name, rg_mu_text(rg_arena_printf(arena, "{{%zu}}", ++place)));
    }
}

static int approve(struct rg_arena *arena, const char *name, const struct rg_mu_template *creditor_text,
                   const struct rg_mu_value *creditor, const char **ret_text, struct rg_error *err)
{
    struct values *values = RG_NEW(arena, struct values, 1);
    const struct rg_mu_template *template = NULL;
    struct rg_str source;
    RG_CLEANUP(rg_buf_done) struct rg_buf out;
    rg_buf_init(&out, TEXT_BYTES_MAX);
    int rc = read_text(arena, name, &source, err);
    if (rc == 0)
        rc = rg_mu_compile(arena, source, &template, NULL, err);
    if (rc < 0)
        return rc;
    put_places(arena, template, values);
    put(values, RG_STR("credor"), *creditor);
    const struct rg_mu_value data = map_of(values);
    const struct rg_mu_partial partial = {RG_STR("credor"), creditor_text};
    const struct rg_mu_options options = {.escape = RG_MU_PLAIN, .strict = true, .partials = &partial, .partial_count = 1};
    rc = rg_mu_render(template, &data, &options, &out, NULL, err);
    while (out.len > 0 && out.data[out.len - 1] == '\n')
        out.len--;
    *ret_text = rg_arena_str(arena, rg_buf_str(&out)).p;
    return rc;
}

static int read_creditor(struct rg_arena *arena, const struct rg_mu_template **ret_template, struct rg_mu_value *ret_value,
                         struct rg_error *err)
{
    struct values *values = RG_NEW(arena, struct values, 1);
    struct rg_str source;
    put(values, RG_STR("nome"), rg_mu_text(RG_STR(DEMO_CREDITOR_NAME)));
    put(values, RG_STR("documento"), rg_mu_text(RG_STR(DEMO_CREDITOR_DOCUMENT)));
    put(values, RG_STR("endereco"), rg_mu_text(RG_STR(DEMO_CREDITOR_ADDRESS)));
    put(values, RG_STR("email"), rg_mu_text(RG_STR(DEMO_CREDITOR_EMAIL)));
    put(values, RG_STR("telefone"), rg_mu_text(RG_STR(DEMO_CREDITOR_PHONE)));
    *ret_value = map_of(values);
    int rc = read_text(arena, "partials/credor.pt-BR.txt", &source, err);
    return rc == 0 ? rg_mu_compile(arena, source, ret_template, NULL, err) : rc;
}

int demo_approved_load(struct rg_arena *arena, struct rg_inbox_approved *items, size_t max, size_t *ret_count,
                       struct rg_error *err)
{
    const struct rg_mu_template *creditor_text = NULL;
    struct rg_mu_value creditor;
    size_t count = 0;
    int rc = read_creditor(arena, &creditor_text, &creditor, err);
    DIR *directory = rc < 0 ? NULL : opendir(RG_DEMO_SHIPPED "/templates");
    for (struct dirent *entry; directory != NULL && rc == 0 && count < max && (entry = readdir(directory)) != NULL;) {
        const char *ending = strstr(entry->d_name, ENDING);
        if (ending == NULL)
            continue;
        struct rg_inbox_approved *item = &items[count++];
        item->name = rg_arena_str(arena, (struct rg_str){entry->d_name, (size_t)(ending - entry->d_name)}).p;
        rc = approve(arena, entry->d_name, creditor_text, &creditor, &item->text, err);
    }
    if (directory != NULL)
        (void)closedir(directory); /* only read from */
    *ret_count = count;
    return rc;
}
