/* reguactl go-live */
#include "daemon/ctl/ctl.h"

int rg_ctl_go_live(struct rg_ctl *ctl)
{
    const char *max_step = rg_ctl_option(ctl, "max-step"), *reason = rg_ctl_option(ctl, "reason");
    const char *const fields[][2] = {
        {"max_step", max_step}, {"spread", rg_ctl_option(ctl, "spread")}, {"reason", reason}, {NULL, NULL}};
    if (max_step == NULL) {
        fputs("reguactl go-live: going live without a cap is refused\n"
              "  --max-step STEP names the last step that may leave shadow mode\n", stderr);
        return RG_EXIT_REFUSED;
    }
    if (reason == NULL) {
        fputs("reguactl go-live: --reason TEXT says why, for whoever reads it next\n", stderr);
        return RG_EXIT_USAGE;
    }
    return rg_ctl_act(ctl, "/api/v1/go-live", fields);
}
