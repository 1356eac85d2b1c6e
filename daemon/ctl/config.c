/* reguactl config: each value with its origin. */
#include "daemon/ctl/ctl.h"

#include "base/json/write.h"
#include "config/site/site.h"

struct listing {
    bool defaults, json;
    struct rg_jw jw;
};

static void tell(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    struct listing *list = ctx;
    bool reload = row != NULL && (row->flags & RG_RELOAD) != 0;
    if (node == NULL && !list->defaults)
        return;
    struct rg_place place = node != NULL ? rg_node_place(node) : (struct rg_place){0};
    if (!list->json) {
        int n = printf("%s = " RG_STR_FMT, path, RG_STR_ARG(value));
        printf("%*s", n < 60 ? 60 - n : 2, "");
        if (node != NULL)
            printf("# %s:%d\n", place.file, place.line);
        else
            puts("# default");
        return;
    }
    rg_jw_object(&list->jw);
    rg_jw_member_cstr(&list->jw, "key", path);
    rg_jw_member_str(&list->jw, "value", value);
    if (node != NULL) {
        rg_jw_member_cstr(&list->jw, "file", place.file);
        rg_jw_member_int(&list->jw, "line", place.line);
    }
    rg_jw_member_bool(&list->jw, "reload", reload);
    rg_jw_object_end(&list->jw);
}

int rg_ctl_config(struct rg_ctl *ctl)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_SITE_ARENA_BYTES);
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    const struct rg_site *site = NULL;
    struct listing list = {.defaults = rg_ctl_option(ctl, "effective") != NULL, .json = rg_ctl_option(ctl, "json") != NULL};
    int rc = rg_ctl_site(ctl, arena, &site);
    if (rc != RG_EXIT_FINE)
        return rc;
    rg_buf_init(&text, (size_t)4 * 1024 * 1024);
    rg_jw_init(&list.jw, &text);
    if (list.json)
        rg_jw_array(&list.jw);
    rg_table_effective(&rg_site_table, site->section.node, tell, &list);
    if (list.json) {
        rg_jw_array_end(&list.jw);
        rg_jw_done(&list.jw);
        puts(rg_buf_cstr(&text));
    }
    return RG_EXIT_FINE;
}
