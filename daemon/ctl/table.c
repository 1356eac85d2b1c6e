/* The commands. What is written here is what people read in --help and in reguactl(1). */
#include "daemon/ctl/ctl.h"

#include <string.h>

static const struct rg_ctl_option show_options[] = {
    {"reveal", 0, NULL, "Show names, documents and addresses as they are. This is logged with your name."},
    {0},
};
static const struct rg_ctl_option explain_options[] = {
    {"step", 's', "STEP", "Only this step."},
    {"verbose", 'v', NULL, "Also name every further gate that blocks."},
    {0},
};
static const struct rg_ctl_option status_options[] = {
    {"follow", 'f', NULL, "Again every two seconds, until interrupted."},
    {0},
};
static const struct rg_ctl_option check_options[] = {
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option config_options[] = {
    {"effective", 'e', NULL, "Also every value that nobody wrote, with its default."},
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option go_live_options[] = {
    {"max-step", 'm', "STEP", "The last step that may leave shadow mode, in the order of its ladder's file."},
    {"spread", 0, "TIME", "Let debtors in one after the other over this time, such as 5d; without it all at once."},
    {"reason", 'r', "TEXT", "Why, for whoever reads it next. Your name comes from your token."},
    {0},
};
static const struct rg_ctl_option stop_options[] = {
    {"confirm", 0, "NAME", "Has to be \"regua\": this stops everything."},
    {"reason", 'r', "TEXT", "Why, for whoever reads it next. Your name comes from your token."},
    {0},
};
static const struct rg_ctl_option resume_options[] = {
    {"reason", 'r', "TEXT", "Why, for whoever reads it next. Your name comes from your token."},
    {0},
};
static const struct rg_ctl_option synced_options[] = {
    {"through", 't', "INSTANT", "Payments up to here are known, such as 2026-11-23T23:59:59-03:00; without it: up to now."},
    {"reason", 'r', "TEXT", "Why, for whoever reads it next. Your name comes from your token."},
    {0},
};
static const struct rg_ctl_option help_options[] = {
    {"man", 0, NULL, "Print the manual page reguactl(1)."},
    {0},
};

/* ---- option sets ---- */

static const struct rg_ctl_option live_set[] = {
    {"url", 'u', "URL", "The daemon's admin port."},
    {"token-file", 0, "FILE", "A file that holds your token."},
    {"config", 'c', "FILE", "Take the admin port's address from this main file."},
    {0},
};
static const struct rg_ctl_option json_set[] = {
    {"json", 0, NULL, "JSON instead of text."},
    {0},
};
static const struct rg_ctl_option help_set[] = {
    {"help", 'h', NULL, "This text."},
    {0},
};

#define FINE "fine"
#define USAGE "the arguments are wrong, or nothing tells who you are"
#define UNREACHABLE "the daemon, Kafka or Redis cannot be reached"
#define REFUSED "refused: your role does not allow it, or it would not be safe"

const struct rg_ctl_command rg_ctl_commands[] = {
    {"show", "DEBTOR", 1, 1, "all that is known of a debtor",
     "DEBTOR is a debtor's id, an invoice's id, or NAMESPACE:INVOICE. Names, documents and addresses are masked.",
     "reguactl show 8841\nreguactl show asaas:pay_9 --json\nreguactl show 8841 --reveal", RG_CTL_LIVE | RG_CTL_JSON, show_options,
     {FINE, "no such debtor or invoice is known", USAGE, UNREACHABLE, "the invoice's name fits several debtors, or your role does not allow it"}, NULL, rg_ctl_show},
    {"explain", "DEBTOR", 1, 1, "why, why not, and when next",
     "For each step of each open invoice: what was done, or what stands in the way, with the values it saw, who can lift it, and when it is looked at again. DEBTOR as in show.",
     "reguactl explain 8841\nreguactl explain F1042 --step suspensao -v", RG_CTL_LIVE | RG_CTL_JSON, explain_options,
     {FINE, "no such debtor or invoice is known", USAGE, UNREACHABLE, "the invoice's name fits several debtors, or your role does not allow it"}, NULL, rg_ctl_explain},
    {"status", "", 0, 0, "one screen of the daemon",
     "Readiness with its reasons, mode, rules, shards, timers and channels of the process that answers. Needs no token.",
     "reguactl status\nreguactl status -f", RG_CTL_LIVE | RG_CTL_JSON, status_options,
     {"ready", "not ready: the reasons are printed", USAGE, UNREACHABLE, NULL}, NULL, rg_ctl_status},
    {"check", "[PATH]", 0, 1, "read configuration and rules, connect to nothing",
     "PATH is the main file or the directory it lies in. Prints every finding with its place, and what was found in all. The same as reguad --check.",
     "reguactl check\nreguactl check /etc/regua\nreguactl check --json", RG_CTL_JSON, check_options,
     {"no errors; warnings may have been printed", "errors were found", "the main file cannot be used at all", NULL, NULL}, NULL, rg_ctl_check},
    {"config", "", 0, 0, "the configuration with the origin of each value",
     "What is written in the main file, with line numbers; with --effective also what holds because nothing was written. Secrets are named, never read.",
     "reguactl config\nreguactl config --effective", RG_CTL_JSON, config_options,
     {FINE, NULL, "the file cannot be used: the findings are printed", NULL, NULL}, NULL, rg_ctl_config},
    {"go-live", "", 0, 0, "let steps leave shadow mode",
     "Steps up to the named one are carried out from now on, everywhere. Without a cap it is refused. A file that says mode: shadow stays in shadow.",
     "reguactl go-live --max-step atraso --spread 5d --reason \"primeira semana\"", RG_CTL_LIVE | RG_CTL_JSON, go_live_options,
     {FINE, NULL, "the arguments are wrong, no ladder has the step, or nothing tells who you are", UNREACHABLE, "refused: no cap, nothing that could go live, or your role does not allow it"}, NULL,
     rg_ctl_go_live},
    {"stop", "", 0, 0, "stop all deliveries, everywhere",
     "Senders claim nothing more and give back what they have not begun. Events are still read and folded.",
     "reguactl stop --confirm=regua --reason \"template errado\"", RG_CTL_LIVE | RG_CTL_JSON, stop_options,
     {FINE, NULL, USAGE, UNREACHABLE, "refused: not confirmed, or your role does not allow it"}, NULL, rg_ctl_stop},
    {"resume", "", 0, 0, "end a stop", "Deliveries go on; what waited passes its gates anew.", "reguactl resume --reason \"template corrigido\"", RG_CTL_LIVE | RG_CTL_JSON, resume_options,
     {FINE, NULL, USAGE, UNREACHABLE, REFUSED}, NULL, rg_ctl_resume},
    {"synced", "SOURCE", 1, 1, "say that payments of a source are known",
     "For a source with payments: synced, such as bank returns: everything paid up to the instant has been published. Steps that need fresh payments wait for this.",
     "reguactl synced bank --reason \"retorno de 23/11\"\nreguactl synced bank --through 2026-11-23T23:59:59-03:00 --reason \"retorno\"", RG_CTL_LIVE | RG_CTL_JSON, synced_options,
     {FINE, NULL, "the arguments are wrong, there is no such source, or nothing tells who you are", UNREACHABLE, "refused: the source is not a synced one, the instant lies in the future, or your role does not allow it"},
     NULL, rg_ctl_synced},
    {"completion", "SHELL", 1, 1, "print completion for bash", "SHELL is bash.", "reguactl completion bash > /etc/bash_completion.d/reguactl", 0, NULL,
     {FINE, NULL, "another shell than bash", NULL, NULL}, "bash", rg_ctl_completion_command},
    {"help", "[COMMAND]", 0, 1, "print help", "Of one command, or the list of all.", "reguactl help explain\nreguactl help --man | man -l -", 0, help_options,
     {FINE, NULL, "no such command", NULL, NULL}, NULL, rg_ctl_help_run},
    {"version", "", 0, 0, "print the version", "The same as reguactl --version.", "reguactl version", 0, NULL, {FINE, NULL, USAGE, NULL, NULL}, NULL, rg_ctl_version},
};
const size_t rg_ctl_command_count = RG_COUNT(rg_ctl_commands);

const struct rg_ctl_command *rg_ctl_command(const char *name)
{
    for (size_t i = 0; i < rg_ctl_command_count; i++)
        if (strcmp(rg_ctl_commands[i].name, name) == 0)
            return &rg_ctl_commands[i];
    return NULL;
}

size_t rg_ctl_options(const struct rg_ctl_command *command, const struct rg_ctl_option *ret_options[RG_CTL_OPTIONS_MAX])
{
    const struct rg_ctl_option *const lists[] = {command->options, (command->sets & RG_CTL_JSON) != 0 ? json_set : NULL,
                                                 (command->sets & RG_CTL_LIVE) != 0 ? live_set : NULL, help_set};
    size_t count = 0;
    for (size_t i = 0; i < RG_COUNT(lists); i++) {
        for (const struct rg_ctl_option *option = lists[i]; option != NULL && option->name != NULL; option++) {
            rg_assert(count < RG_CTL_OPTIONS_MAX);
            ret_options[count++] = option;
        }
    }
    return count;
}
