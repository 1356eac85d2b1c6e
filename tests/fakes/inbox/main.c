/* regua-inbox: the inbox as a program of its own, for drivers in other languages and for a person who wants to look. It says
 * where its doors are in one line of JSON and ends on SIGTERM, SIGINT or, with --parent, when its standard input closes. */
#include "tests/fakes/clock/page_clock.h"
#include "tests/fakes/inbox/inbox.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char help[] =
    "regua-inbox [OPTION…]: takes mail and provider requests, remembers them, shows them on a page\n"
    "\n"
    "  --smtp PORT         mail door (0: a free port, the default; -1: none)\n"
    "  --http PORT         providers, questions and the page (0: a free port, the default)\n"
    "  --https PORT        the same over TLS (-1: none, the default)\n"
    "  --tls-cert FILE --tls-key FILE     PEM; with them SMTP offers STARTTLS\n"
    "  --tls-required      no mail before STARTTLS\n"
    "  --https-priorities TEXT            GnuTLS priority string of the HTTPS door\n"
    "  --user NAME --password TEXT        SMTP demands AUTH\n"
    "  --log FILE          append one JSON line for each message\n"
    "  --clock FILE        clock page for the virtual time of messages\n"
    "  --entries N --bytes N              what is remembered at most\n"
    "  --seed N            dice of faults with odds\n"
    "  --parent            end when standard input closes\n"
    "\n"
    "Prints {\"smtp\":PORT,\"http\":PORT,\"https\":PORT,\"page\":\"http://127.0.0.1:PORT/\"} once the doors are open.\n";

enum option_id {
    SMTP = 1, HTTP, HTTPS, CERT, KEY, REQUIRED, PRIORITIES, USER, PASSWORD, LOG, CLOCK, ENTRIES, BYTES, SEED, PARENT, HELP
};

static const struct option options[] = {
    {"smtp", required_argument, NULL, SMTP},         {"http", required_argument, NULL, HTTP},
    {"https", required_argument, NULL, HTTPS},       {"tls-cert", required_argument, NULL, CERT},
    {"tls-key", required_argument, NULL, KEY},       {"tls-required", no_argument, NULL, REQUIRED},
    {"https-priorities", required_argument, NULL, PRIORITIES}, {"user", required_argument, NULL, USER},
    {"password", required_argument, NULL, PASSWORD}, {"log", required_argument, NULL, LOG},
    {"clock", required_argument, NULL, CLOCK},       {"entries", required_argument, NULL, ENTRIES},
    {"bytes", required_argument, NULL, BYTES},       {"seed", required_argument, NULL, SEED},
    {"parent", no_argument, NULL, PARENT},           {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

struct run {
    struct rg_inbox_config config;
    const char *clock_path;
    bool with_parent;
};

static int64_t number(const char *text, int64_t min, int64_t max)
{
    int64_t value = 0;
    if (!rg_str_to_i64(rg_str(text), &value) || value < min || value > max) {
        fprintf(stderr, "regua-inbox: %s is no number from %" PRId64 " to %" PRId64 "\n", text, min, max);
        exit(2);
    }
    return value;
}

static void take_option(struct run *run, int id)
{
    struct rg_inbox_config *config = &run->config;
    switch (id) {
    case SMTP: config->smtp_port = (int)number(optarg, -1, 65535); break;
    case HTTP: config->http_port = (int)number(optarg, 0, 65535); break;
    case HTTPS: config->https_port = (int)number(optarg, -1, 65535); break;
    case CERT: config->tls_cert = optarg; break;
    case KEY: config->tls_key = optarg; break;
    case REQUIRED: config->tls_required = true; break;
    case PRIORITIES: config->https_priorities = optarg; break;
    case USER: config->smtp_user = optarg; break;
    case PASSWORD: config->smtp_password = optarg; break;
    case LOG: config->log_path = optarg; break;
    case CLOCK: run->clock_path = optarg; break;
    case ENTRIES: config->entries_max = (size_t)number(optarg, 1, RG_INBOX_ENTRIES_MAX); break;
    case BYTES: config->bytes_max = (size_t)number(optarg, 1, (int64_t)RG_INBOX_BYTES_MAX); break;
    case SEED: config->seed = (uint64_t)number(optarg, 0, INT64_MAX); break;
    case PARENT: run->with_parent = true; break;
    case HELP: fputs(help, stdout); exit(0);
    default: fputs("regua-inbox: see --help\n", stderr); exit(2);
    }
}

/* Until a signal ends us, or the parent does. */
static void wait_for_end(const sigset_t *ending, bool with_parent)
{
    int signals = signalfd(-1, ending, SFD_CLOEXEC);
    rg_assert(signals >= 0);
    struct pollfd ends[] = {{.fd = signals, .events = POLLIN}, {.fd = with_parent ? STDIN_FILENO : -1, .events = POLLIN}};
    for (;;) {
        if (poll(ends, 2, -1) < 0)
            continue;
        char thrown_away[256];
        if (ends[0].revents != 0 || (ends[1].revents != 0 && read(STDIN_FILENO, thrown_away, sizeof thrown_away) <= 0))
            break;
    }
    (void)close(signals);
}

int main(int argc, char **argv)
{
    struct run run = {.config = {.https_port = -1}};
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;)
        take_option(&run, id);
    if (optind < argc || (run.config.smtp_user != NULL) != (run.config.smtp_password != NULL)) {
        fputs("regua-inbox: only options are taken, and --user and --password go together; see --help\n", stderr);
        return 2;
    }
    sigset_t ending;
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ending, NULL); /* they are read from a descriptor */

    struct rg_error err = {0};
    struct rg_page_clock *clock = NULL;
    struct rg_inbox *inbox = NULL;
    int rc = run.clock_path != NULL ? rg_page_clock_open(run.clock_path, &clock, &err) : 0;
    if (rc == 0) {
        run.config.clock = clock != NULL ? rg_page_clock(clock) : NULL;
        rc = rg_inbox_start(&run.config, &inbox, &err);
    }
    if (rc < 0) {
        fprintf(stderr, "regua-inbox: %s\n", err.text);
        rg_page_clock_close(&clock);
        return 1;
    }
    printf("{\"smtp\":%d,\"http\":%d,\"https\":%d,\"page\":\"http://127.0.0.1:%d/\"}\n", rg_inbox_smtp_port(inbox),
           rg_inbox_http_port(inbox), rg_inbox_https_port(inbox), rg_inbox_http_port(inbox));
    (void)fflush(stdout); /* whoever started us reads it, or nobody does */
    wait_for_end(&ending, run.with_parent);
    rg_inbox_stop(&inbox);
    rg_page_clock_close(&clock);
    return 0;
}
