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
    {"facts", 0, NULL, "Only list what conditions may ask about."},
    {"variables", 0, NULL, "Only list what texts may show."},
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option test_options[] = {
    {"run", 0, "REGEX", "Only tests whose name it fits."},
    {"coverage", 0, "PERCENT", "Fail when fewer of the steps were decided, or of the conditions seen to hold and to fail."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option config_options[] = {
    {"effective", 'e', NULL, "Also every value that nobody wrote, with its default."},
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option reload_options[] = {
    {"wait", 'w', NULL, "Until the files have been read; print what was found."},
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
static const struct rg_ctl_option publish_options[] = {
    {"file", 'f', "FILE", "The event's data as a JSON object; the options below are added to it."},
    {"debtor", 'd', "ID", "The debtor."},
    {"invoice", 'i', "ID", "The invoice."},
    {"payment", 'p', "ID", "The payment: the same payment told twice counts once."},
    {"amount-cents", 'a', "N", "The amount in centavos."},
    {"id", 0, "ID", "The event's id; without it a new one, so that publishing again is another event."},
    {"source", 's', "NAME", "To this source's topic; without it the first that reads CloudEvents."},
    {"check", 'n', NULL, "Only check the event and print it."},
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
    {0},
};
static const struct rg_ctl_option deadletter_options[] = {
    {"reason", 'r', "WORD", "Only those with this reason, such as bad_field."},
    {"topic", 't', "TOPIC", "Only those that came from this topic."},
    {"reveal", 0, NULL, "With show: print the bytes, which may hold personal data."},
    {"dry-run", 'n', NULL, "With replay: only count."},
    {"yes", 'y', NULL, "With replay and no PLACE: send all that fit."},
    {"config", 'c', "FILE", "The main file; default /etc/regua/regua.yaml."},
    {"shipped", 0, "DIR", "Where the package's ladders, calendars, presets and templates lie."},
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
    {.name = "show", .args = "DEBTOR", .args_min = 1, .args_max = 1,
     .summary = "all that is known of a debtor",
     .detail = "DEBTOR is a debtor's id, an invoice's id, or NAMESPACE:INVOICE. Names, documents and addresses are masked.",
     .examples = "reguactl show 8841\n"
                 "reguactl show asaas:pay_9 --json\n"
                 "reguactl show 8841 --reveal",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = show_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_FINDINGS] = "no such debtor or invoice is known",
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = "the invoice's name fits several debtors, or your role does not allow it"},
     .run = rg_ctl_show},
    {.name = "explain", .args = "DEBTOR", .args_min = 1, .args_max = 1,
     .summary = "why, why not, and when next",
     .detail = "For each step of each open invoice: what was done, or what stands in the way, with the values it saw, who can "
               "lift it, and when it is looked at again. DEBTOR as in show.",
     .examples = "reguactl explain 8841\n"
                 "reguactl explain F1042 --step suspensao -v",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = explain_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_FINDINGS] = "no such debtor or invoice is known",
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = "the invoice's name fits several debtors, or your role does not allow it"},
     .run = rg_ctl_explain},
    {.name = "status", .args = "", .args_min = 0, .args_max = 0,
     .summary = "one screen of the daemon",
     .detail = "Readiness with its reasons, mode, rules, shards, timers and channels of the process that answers. Needs no "
               "token.",
     .examples = "reguactl status\n"
                 "reguactl status -f",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = status_options,
     .exits = {[RG_EXIT_FINE] = "ready",
               [RG_EXIT_FINDINGS] = "not ready: the reasons are printed",
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = UNREACHABLE},
     .run = rg_ctl_status},
    {.name = "check", .args = "[PATH]", .args_min = 0, .args_max = 1,
     .summary = "read configuration and rules, connect to nothing",
     .detail = "PATH is the main file or the directory it lies in. Prints every finding with its place, and what was found in "
               "all. The same as reguad --check.",
     .examples = "reguactl check\n"
                 "reguactl check /etc/regua\n"
                 "reguactl check --json\n"
                 "reguactl check --facts",
     .sets = RG_CTL_JSON, .options = check_options,
     .exits = {[RG_EXIT_FINE] = "no errors; warnings may have been printed",
               [RG_EXIT_FINDINGS] = "errors were found",
               [RG_EXIT_USAGE] = "the main file cannot be used at all"},
     .run = rg_ctl_check},
    {.name = "test", .args = "[PATH]...", .args_min = 0, .args_max = RG_CTL_ARGS_MAX,
     .summary = "run the tests of rules",
     .detail = "PATH is a test file, or a directory in and below which files end in _test.yaml; the present one when none "
               "is given. Plays what each test says happens, and compares what a debtor gets with what is expected. Connects to "
               "nothing, and sends nothing.",
     .examples = "reguactl test\n"
                 "reguactl test rules.d/internet_test.yaml --run sexta\n"
                 "reguactl test --coverage=90",
     .sets = RG_CTL_JSON, .options = test_options,
     .exits = {[RG_EXIT_FINE] = "all passed",
               [RG_EXIT_FINDINGS] = "a test failed, a file has errors, or too little is covered",
               [RG_EXIT_USAGE] = "the arguments are wrong, or there is no test"},
     .run = rg_ctl_test},
    {.name = "config", .args = "", .args_min = 0, .args_max = 0,
     .summary = "the configuration with the origin of each value",
     .detail = "What is written in the main file, with line numbers; with --effective also what holds because nothing was "
               "written. Secrets are named, never read.",
     .examples = "reguactl config\n"
                 "reguactl config --effective",
     .sets = RG_CTL_JSON, .options = config_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = "the file cannot be used: the findings are printed"},
     .run = rg_ctl_config},
    {.name = "reload", .args = "", .args_min = 0, .args_max = 0,
     .summary = "read ladders, templates, calendars and presets anew",
     .detail = "What is wrong is printed and changes nothing: the old rules stay in force. Of the main file the keys mode, rules, "
               "policy and log.level are taken over; others that have changed are named and act at the next start. Runs on the "
               "daemon's machine, as root or as its user; systemctl reload reguad does the same.",
     .examples = "reguactl reload --wait",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = reload_options,
     .exits = {[RG_EXIT_FINE] = "the rules on disk are in force; without --wait: the daemon was told",
               [RG_EXIT_FINDINGS] = "rejected: errors were found, the old rules stay in force",
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = "the daemon cannot be reached, runs on another machine, or does not answer in time",
               [RG_EXIT_REFUSED] = "refused: the daemon belongs to another user"},
     .run = rg_ctl_reload},
    {.name = "go-live", .args = "", .args_min = 0, .args_max = 0,
     .summary = "let steps leave shadow mode",
     .detail = "Steps up to the named one are carried out from now on, everywhere. Without a cap it is refused. A file that "
               "says mode: shadow stays in shadow.",
     .examples = "reguactl go-live --max-step atraso --spread 5d --reason \"primeira semana\"",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = go_live_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = "the arguments are wrong, no ladder has the step, or nothing tells who you are",
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = "refused: no cap, nothing that could go live, or your role does not allow it"},
     .run = rg_ctl_go_live},
    {.name = "stop", .args = "", .args_min = 0, .args_max = 0,
     .summary = "stop all deliveries, everywhere",
     .detail = "Senders claim nothing more and give back what they have not begun. Events are still read and folded.",
     .examples = "reguactl stop --confirm=regua --reason \"template errado\"",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = stop_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = "refused: not confirmed, or your role does not allow it"},
     .run = rg_ctl_stop},
    {.name = "resume", .args = "", .args_min = 0, .args_max = 0,
     .summary = "end a stop",
     .detail = "Deliveries go on; what waited passes its gates anew.",
     .examples = "reguactl resume --reason \"template corrigido\"",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = resume_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = USAGE,
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = REFUSED},
     .run = rg_ctl_resume},
    {.name = "synced", .args = "SOURCE", .args_min = 1, .args_max = 1,
     .summary = "say that payments of a source are known",
     .detail = "For a source with payments: synced, such as bank returns: everything paid up to the instant has been "
               "published. Steps that need fresh payments wait for this.",
     .examples = "reguactl synced bank --reason \"retorno de 23/11\"\n"
                 "reguactl synced bank --through 2026-11-23T23:59:59-03:00 --reason \"retorno\"",
     .sets = RG_CTL_LIVE | RG_CTL_JSON, .options = synced_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = "the arguments are wrong, there is no such source, or nothing tells who you are",
               [RG_EXIT_UNREACHABLE] = UNREACHABLE,
               [RG_EXIT_REFUSED] = "refused: no synced source, an instant in the future, or your role does not allow it"},
     .run = rg_ctl_synced},
    {.name = "publish", .args = "TYPE", .args_min = 1, .args_max = 1,
     .summary = "publish one event to a source's topic",
     .detail = "Checks the event as reguad will read it, and writes it to Kafka. For trying a ladder and for teams that send "
               "events; needs access to Kafka, no running daemon.",
     .examples = "reguactl publish payment.settled --invoice F1042 --payment P77 --amount-cents 15990\n"
                 "reguactl publish invoice.issued --file fatura.json --check",
     .sets = RG_CTL_JSON, .options = publish_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_FINDINGS] = "the event is wrong: it would become a dead letter",
               [RG_EXIT_USAGE] = "the arguments, the file or the configuration are wrong, or the topic does not exist",
               [RG_EXIT_UNREACHABLE] = "Kafka cannot be reached"},
     .run = rg_ctl_publish},
    {.name = "deadletter", .args = "ACTION [PLACE…]", .args_min = 1, .args_max = RG_CTL_ARGS_MAX,
     .summary = "what could not be read, why, and a second chance",
     .detail = "ACTION is list, show or replay. list counts the dead letters by reason and topic, show prints one, replay sends them again when their cause is "
               "mended: as they came, through regua.retry, which is a source of its own. PLACE is where a record stood: "
               "topic/partition/offset. An event that comes twice counts once. Needs access to Kafka, no running daemon.",
     .examples = "reguactl deadletter list\n"
                 "reguactl deadletter show billing.events/3/88120 --reveal\n"
                 "reguactl deadletter replay --reason unmapped --dry-run\n"
                 "reguactl deadletter replay --reason unmapped --yes",
     .sets = RG_CTL_JSON, .options = deadletter_options, .words = "list show replay",
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_FINDINGS] = "there is no such dead letter, or none that could be sent again",
               [RG_EXIT_USAGE] = "the arguments or the configuration are wrong, or a topic does not exist",
               [RG_EXIT_UNREACHABLE] = "Kafka cannot be reached",
               [RG_EXIT_REFUSED] = "refused: not confirmed; what would be sent was counted"},
     .run = rg_ctl_deadletter},
    {.name = "completion", .args = "SHELL", .args_min = 1, .args_max = 1,
     .summary = "print completion for bash",
     .detail = "SHELL is bash.",
     .examples = "reguactl completion bash > /etc/bash_completion.d/reguactl",
     .words = "bash",
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = "another shell than bash"},
     .run = rg_ctl_completion_command},
    {.name = "help", .args = "[COMMAND]", .args_min = 0, .args_max = 1,
     .summary = "print help",
     .detail = "Of one command, or the list of all.",
     .examples = "reguactl help explain\n"
                 "reguactl help --man | man -l -",
     .options = help_options,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = "no such command"},
     .run = rg_ctl_help_run},
    {.name = "version", .args = "", .args_min = 0, .args_max = 0,
     .summary = "print the version",
     .detail = "The same as reguactl --version.",
     .examples = "reguactl version\n"
                 "reguactl version --json",
     .sets = RG_CTL_JSON,
     .exits = {[RG_EXIT_FINE] = FINE,
               [RG_EXIT_USAGE] = USAGE},
     .run = rg_ctl_version},
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
