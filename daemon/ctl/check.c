/* reguactl check: the same function as reguad --check. */
#include "daemon/ctl/ctl.h"

#include "config/site/site.h"

#include <sys/stat.h>

const char *rg_ctl_config_file(const struct rg_ctl *ctl)
{
    const char *given = rg_ctl_option(ctl, "config");
    return given != NULL ? given : RG_CTL_CONFIG;
}

int rg_ctl_site(struct rg_ctl *ctl, struct rg_arena *arena, const struct rg_site **ret_site)
{
    RG_CLEANUP(rg_diags_free) struct rg_diags *diags = rg_diags_new();
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, (size_t)1 << 20);
    if (rg_site_load(rg_ctl_config_file(ctl), rg_ctl_option(ctl, "shipped"), arena, diags, ret_site) == 0)
        return RG_EXIT_FINE;
    rg_diags_print(diags, RG_DIAGS_PLAIN, &text);
    fputs(rg_buf_cstr(&text), stderr);
    return RG_EXIT_USAGE;
}

int rg_ctl_kafka_failed(const struct rg_ctl *ctl, const struct rg_site *site, const struct rg_error *err)
{
    fprintf(stderr, "reguactl %s: %s\n", ctl->command->name, err->text);
    if (err->code == RG_EINVAL || err->code == RG_ENOTFOUND)
        return RG_EXIT_USAGE;
    fputs("  does Kafka answer at", stderr);
    for (size_t i = 0; i < site->kafka.brokers.count; i++)
        fprintf(stderr, "%s " RG_STR_FMT, i > 0 ? "," : "", RG_STR_ARG(site->kafka.brokers.items[i]));
    fprintf(stderr, "? That is what kafka.brokers of %s says\n", site->file);
    return RG_EXIT_UNREACHABLE;
}

int rg_ctl_check(struct rg_ctl *ctl)
{
    char path[RG_SITE_PATH_MAX];
    struct stat st;
    const char *file = rg_ctl_config_file(ctl);
    if (rg_ctl_option(ctl, "facts") != NULL || rg_ctl_option(ctl, "variables") != NULL)
        return rg_ctl_list_names(ctl);
    if (ctl->arg_count == 1 && rg_ctl_option(ctl, "config") != NULL) {
        fputs("reguactl check: a PATH or --config, not both\n", stderr);
        return RG_EXIT_USAGE;
    }
    if (ctl->arg_count == 1)
        file = ctl->args[0];
    if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void)snprintf(path, sizeof path, "%s/regua.yaml", file);
        file = path;
    }
    return rg_daemon_check(file, rg_ctl_option(ctl, "shipped"), rg_ctl_option(ctl, "json") != NULL, ctl->colour);
}
