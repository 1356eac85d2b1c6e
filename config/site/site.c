/* Loading: the table reads, check.c compares, and only a file without errors becomes a site. The snapshot is made in the caller's
 * arena and never changed afterwards; a reload makes another. */
#include "base/core/log.h"
#include "config/site/internal.h"

#include <string.h>

static const char *directory_of(const char *path, struct rg_arena *arena)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    return slash == path ? "/" : rg_arena_printf(arena, "%.*s", (int)(slash - path), path).p;
}

int rg_site_load(const char *path, const char *shipped, struct rg_arena *arena, struct rg_diags *diags,
                 const struct rg_site **ret_site)
{
    const struct rg_doc *doc = NULL;
    size_t before = rg_diags_errors(diags);
    int rc = rg_yaml_load(path, arena, diags, &doc);
    if (rc < 0)
        return rc;
    struct rg_site *site = RG_NEW(arena, struct rg_site, 1);
    struct rg_reader reader = {diags, arena, NULL};
    (void)rg_fields_read(doc->root, &rg_site_table, site, &reader); /* findings are counted below */
    site->file = rg_arena_strdup(arena, path);
    site->directory = directory_of(path, arena);
    site->shipped = rg_arena_strdup(arena, shipped ? shipped : RG_SITE_SHIPPED);
    if (site->section.node != NULL)
        rg_site_check(site, arena, diags);
    if (rg_diags_errors(diags) > before)
        return RG_EINVAL;
    *ret_site = site;
    return 0;
}

int rg_site_admin_listen(const char *path, struct rg_site_listen *ret_listen, struct rg_error *err)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_SITE_ARENA_BYTES);
    RG_CLEANUP(rg_diags_free) struct rg_diags *diags = rg_diags_new();
    struct rg_site *site = RG_NEW(arena, struct rg_site, 1);
    const struct rg_reader reader = {diags, arena, NULL};
    const struct rg_doc *doc = NULL;
    if (rg_yaml_load(path, arena, diags, &doc) < 0) {
        struct rg_buf first RG_CLEANUP(rg_buf_done);
        rg_buf_init(&first, (size_t)4 * RG_DIAG_TEXT_MAX);
        rg_diags_first(diags, &first);
        return rg_fail(err, RG_EINVAL, "%s", rg_buf_cstr(&first));
    }
    (void)rg_fields_read(doc->root, &rg_site_table, site, &reader); /* what is wrong has its default */
    *ret_listen = site->http.listen;
    return 0;
}

/* All named things start with their section. */
static const void *find(const struct rg_sections *sections, size_t size, struct rg_str name)
{
    for (size_t i = 0; i < sections->count; i++) {
        const struct rg_section *section = (const struct rg_section *)((const char *)sections->items + i * size);
        if (rg_str_eq(section->name, name))
            return section;
    }
    return NULL;
}

const struct rg_site_creditor *rg_site_creditor(const struct rg_site *site, struct rg_str name)
{
    return find(&site->creditors, sizeof(struct rg_site_creditor), name);
}

const struct rg_site_service *rg_site_service(const struct rg_site *site, struct rg_str name)
{
    return find(&site->services, sizeof(struct rg_site_service), name);
}

const struct rg_site_source *rg_site_source(const struct rg_site *site, struct rg_str name)
{
    return find(&site->sources, sizeof(struct rg_site_source), name);
}

const struct rg_site_channel *rg_site_channel(const struct rg_site *site, struct rg_str name)
{
    return find(&site->channels, sizeof(struct rg_site_channel), name);
}

int rg_site_log_level(const struct rg_site *site)
{
    static const int levels[] = {RG_LOG_ERROR, RG_LOG_WARNING, RG_LOG_NOTICE, RG_LOG_INFO, RG_LOG_DEBUG};
    rg_assert((size_t)site->log.level < RG_COUNT(levels));
    return levels[site->log.level];
}
