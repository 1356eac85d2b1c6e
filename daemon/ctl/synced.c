/* reguactl synced */
#include "daemon/ctl/ctl.h"

int rg_ctl_synced(struct rg_ctl *ctl)
{
    const char *reason = rg_ctl_option(ctl, "reason");
    const char *const fields[][2] = {
        {"source", ctl->args[0]}, {"through", rg_ctl_option(ctl, "through")}, {"reason", reason}, {NULL, NULL}};
    if (reason == NULL) {
        fputs("reguactl synced: --reason TEXT says why, for whoever reads it next\n", stderr);
        return RG_EXIT_USAGE;
    }
    return rg_ctl_act(ctl, "/api/v1/synced", fields);
}
