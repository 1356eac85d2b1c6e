/* Whatever a person writes into regua.yaml: findings, or a site that names what a site must have, and can be shown. */
#include "config/contract/route.h"
#include "config/site/site.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_effective(const char *path, struct rg_str value, const struct rg_node *node, const struct rg_row *row, void *ctx)
{
    (void)ctx, (void)row;
    rg_assert(path[0] != '\0' || node != NULL);
    rg_assert(rg_utf8_valid(value));
}

static void check(const struct rg_site *site, struct rg_arena *arena)
{
    char path[RG_SITE_PATH_MAX];
    rg_assert(site->creditors.count > 0 && site->services.count > 0 && site->sources.count > 0);
    rg_assert(site->kafka.shards >= 1 && site->kafka.shards <= RG_SHARDS_MAX);
    for (size_t i = 0; i < site->services.count; i++)
        rg_assert(rg_site_creditor(site, rg_site_services(site)[i].creditor) != NULL);
    for (size_t i = 0; i < site->sources.count; i++)
        rg_assert(rg_site_source(site, rg_site_sources(site)[i].section.name) == &rg_site_sources(site)[i]);
    for (size_t i = 0; i < site->channels.count; i++)
        rg_assert(rg_site_channel(site, rg_site_channels(site)[i].section.name) == &rg_site_channels(site)[i]);
    for (size_t i = 0; i < site->rules.count; i++)
        (void)rg_site_path(site, site->rules.items[i], path); /* either answer is fine, harm is not */
    (void)rg_site_names(site, RG_SITE_PRESETS, arena);        /* as above */
    (void)rg_site_log_level(site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const struct rg_site *site = NULL;
    struct rg_site_listen listen;
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(2 * RG_SITE_ARENA_BYTES);
    struct rg_diags *diags RG_CLEANUP(rg_diags_free) = rg_diags_new();
    int fd = memfd_create("regua.yaml", MFD_CLOEXEC);
    rg_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int rc = rg_site_load(path, RG_SOURCE "/config/shipped", arena, diags, &site);
    rg_assert((rc == 0) == (rg_diags_errors(diags) == 0));
    if (rc == 0) {
        check(site, arena);
        rg_table_effective(&rg_site_table, site->section.node, check_effective, NULL);
    }
    if (rg_site_admin_listen(path, &listen, NULL) == 0)
        rg_assert(memchr(listen.host, '\0', sizeof listen.host) != NULL);
    (void)close(fd);
    return 0;
}
