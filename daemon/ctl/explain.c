/* reguactl explain: exactly what the engine says. */
#include "daemon/ctl/ctl.h"

int rg_ctl_explain(struct rg_ctl *ctl)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    struct rg_buf path RG_CLEANUP(rg_buf_done);
    const char *step = rg_ctl_option(ctl, "step");
    bool json = rg_ctl_option(ctl, "json") != NULL;
    rg_buf_init(&path, 1024);
    rg_ctl_debtor_path(ctl->args[0], json ? "/explain?format=json" : "/explain?format=text", &path);
    if (rg_ctl_option(ctl, "verbose") != NULL)
        rg_buf_adds(&path, "&all=1");
    if (step != NULL) {
        rg_buf_adds(&path, "&step=");
        rg_buf_add_percent(&path, rg_str(step));
    }
    int rc = json ? rg_ctl_ask(ctl, rg_buf_cstr(&path), NULL, &answer) : rg_ctl_ask_text(ctl, rg_buf_cstr(&path), NULL, &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (json)
        return rg_ctl_print_json(&answer);
    (void)fwrite(answer.body.data, 1, answer.body.len, stdout); /* a lost stdout is noticed at the end */
    return RG_EXIT_FINE;
}
