/* reguad's command line: arguments and signals around rg_daemon. It is apart from main.c so that tests can run the very same
 * with another clock, and the shipped program cannot. */
#include "daemon/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/regua/regua.yaml"
#define STOP_S 50 /* below the unit's TimeoutStopSec=: a client library that does not come back is not waited for */

static struct rg_daemon *volatile running; /* for the signal handlers; NULL while the configuration is read */
static volatile sig_atomic_t stops_seen;

/* Nothing is lost by an end at any instant; the ways here only spare the others the wait for our session. */
static void on_stop(int number)
{
    (void)number;
    if (running == NULL || ++stops_seen > 1)
        _exit(RG_EXIT_FINE);
    (void)alarm(STOP_S);
    rg_daemon_stop(running);
}

/* No line in the log: it may be what holds us up. */
static void on_late(int number)
{
    (void)number;
    _exit(RG_EXIT_FINE);
}

static void on_reload(int number)
{
    (void)number;
    if (running != NULL) /* else the files are being read as they are now */
        rg_daemon_reload(running);
}

static void usage(FILE *to)
{
    fputs("reguad: collects overdue debts: events in from Kafka, rules in YAML, messages and signals out\n"
          "\n"
          "  reguad [--config FILE] [--roles ingest,decide,send] [--check]\n"
          "\n"
          "  -c, --config FILE   the main file; default " DEFAULT_CONFIG "\n"
          "  -r, --roles LIST    what this process does: ingest, decide, send; default all three\n"
          "      --shipped DIR   where the package's ladders, calendars, presets and templates lie; default " RG_SITE_SHIPPED "\n"
          "      --check         read the configuration and all rules, connect to nothing, print findings\n"
          "  -h, --help          this text\n"
          "  -V, --version       the version\n"
          "\n"
          "SIGHUP reads ladders, templates, calendars and presets anew; reguactl reload --wait does it and says how it ended.\n"
          "SIGTERM ends what was begun and gives back the rest; a second one ends at once.\n"
          "\n"
          "Exit status: 0 fine, 1 --check found an error, 2 usage or configuration, 4 refused for safety.\n", to);
}

static bool parse_roles(const char *text, unsigned *ret_roles)
{
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = {{"ingest", RG_ROLE_INGEST}, {"decide", RG_ROLE_DECIDE}, {"send", RG_ROLE_SEND}};
    unsigned set = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        size_t i = 0;
        while (i < RG_COUNT(roles) && !(strlen(roles[i].name) == n && strncmp(roles[i].name, text, n) == 0))
            i++;
        if (i == RG_COUNT(roles))
            return false;
        set |= roles[i].role;
        text += n + (text[n] == ',');
    }
    *ret_roles = set;
    return set != 0;
}

static void handle_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop}, late = {.sa_handler = on_late},
                     reload = {.sa_handler = on_reload, .sa_flags = SA_RESTART};
    (void)sigemptyset(&stop.sa_mask);
    (void)sigemptyset(&late.sa_mask);
    (void)sigemptyset(&reload.sa_mask);
    (void)sigaction(SIGALRM, &late, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGHUP, &reload, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

int rg_daemon_main(int argc, char **argv, const struct rg_daemon_options *given)
{
    enum { OPTION_CHECK = 256, OPTION_SHIPPED };
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"roles", required_argument, NULL, 'r'},
                                            {"check", no_argument, NULL, OPTION_CHECK}, {"shipped", required_argument, NULL, OPTION_SHIPPED},
                                            {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    struct rg_daemon_options wanted = *given;
    wanted.config_file = DEFAULT_CONFIG;
    wanted.roles = RG_ROLE_ALL;
    bool check = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:r:hV", options, NULL)) != -1) {
        switch (option) {
        case 'c': wanted.config_file = optarg; break;
        case 'r':
            if (!parse_roles(optarg, &wanted.roles)) {
                fprintf(stderr, "reguad: --roles %s: a list of ingest, decide, send expected\n", optarg);
                return RG_EXIT_USAGE;
            }
            break;
        case OPTION_CHECK: check = true; break;
        case OPTION_SHIPPED: wanted.shipped = optarg; break;
        case 'h': usage(stdout); return RG_EXIT_FINE;
        case 'V': puts("reguad " RG_VERSION); return RG_EXIT_FINE;
        default: usage(stderr); return RG_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "reguad: unexpected argument %s\n", argv[optind]);
        return RG_EXIT_USAGE;
    }
    if (check)
        return rg_daemon_check(wanted.config_file, wanted.shipped, false, isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL);
    int status = RG_EXIT_USAGE;
    struct rg_daemon *daemon = NULL;
    handle_signals();
    if (rg_daemon_new(&wanted, &daemon, &status) < 0)
        return status;
    running = daemon;
    status = rg_daemon_run(daemon);
    running = NULL;
    rg_daemon_free(&daemon);
    return status;
}
