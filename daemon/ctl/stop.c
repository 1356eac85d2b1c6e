/* reguactl stop, reguactl resume */
#include "daemon/ctl/ctl.h"

#include <string.h>

#define CONFIRM "regua"

static int act(struct rg_ctl *ctl, const char *path)
{
    const char *reason = rg_ctl_option(ctl, "reason");
    const char *const fields[][2] = {{"reason", reason}, {NULL, NULL}};
    if (reason == NULL) {
        fprintf(stderr, "reguactl %s: --reason TEXT says why, for whoever reads it next\n", ctl->command->name);
        return RG_EXIT_USAGE;
    }
    return rg_ctl_act(ctl, path, fields);
}

int rg_ctl_stop(struct rg_ctl *ctl)
{
    const char *confirm = rg_ctl_option(ctl, "confirm");
    if (confirm == NULL || strcmp(confirm, CONFIRM) != 0) {
        fputs("reguactl stop: this stops every delivery of every process; if you mean it: --confirm=" CONFIRM "\n", stderr);
        return RG_EXIT_REFUSED;
    }
    return act(ctl, "/api/v1/stop");
}

int rg_ctl_resume(struct rg_ctl *ctl)
{
    return act(ctl, "/api/v1/resume");
}
