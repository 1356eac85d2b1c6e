/* regua-demo: two months of a régua in about a minute. Needs no server and nothing set up: it brings its own Kafka, Redis,
 * providers and debtors, runs the real daemon on a clock that it turns, and says what came of it. */
#include "tests/demo/demo.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_CHECK 1
#define EXIT_USAGE 2
#define EXIT_TROUBLE 3
#define SERVE_UNATTENDED_MS 60000

static volatile int told_to_stop;

static void on_signal(int number)
{
    (void)number;
    if (told_to_stop++ > 0)
        _Exit(EXIT_TROUBLE);
}

static void usage(FILE *to)
{
    fputs("regua-demo: two months of a régua de cobrança in about a minute\n"
          "\n"
          "  ./dev demo                       play, print what happened, show every message until Ctrl-C\n"
          "  ./dev demo --no-serve --seed 7   other people, no page\n"
          "\n"
          "  --debtors N   how many (300)\n"
          "  --days N      how long (61, from Monday, 7 September 2026)\n"
          "  --seed N      who they are and what they do (1); the same seed plays the same\n"
          "  --no-serve    end after the summary\n"
          "  --state DIR   where configuration, log and the operator's url and token are left (build/demo)\n"
          "  -h, --help    this text\n"
          "\n"
          "Exit status: 0 fine, 1 the check at the end does not hold, 2 usage, 3 it could not be played.\n",
          to);
}

static int64_t number(const char *name, const char *text, int64_t min, int64_t max)
{
    int64_t value = 0;
    if (rg_str_to_i64(rg_str(text), &value) && value >= min && value <= max)
        return value;
    fprintf(stderr, "regua-demo: --%s %s: a number from %lld to %lld expected\n", name, text, (long long)min, (long long)max);
    exit(EXIT_USAGE);
}

static struct demo_options read_options(int argc, char **argv)
{
    enum { DEBTORS = 256, DAYS, SEED, NO_SERVE, STATE };
    static const struct option known[] = {{"debtors", required_argument, NULL, DEBTORS},
                                          {"days", required_argument, NULL, DAYS},
                                          {"seed", required_argument, NULL, SEED},
                                          {"no-serve", no_argument, NULL, NO_SERVE},
                                          {"state", required_argument, NULL, STATE},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct demo_options options = {.debtors = 300, .days = 61, .seed = 1, .serve = true, .state = "build/demo"};
    int id;
    while ((id = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (id) {
        case DEBTORS: options.debtors = (int)number("debtors", optarg, 1, DEMO_DEBTORS_MAX); break;
        case DAYS: options.days = (int)number("days", optarg, 1, 400); break;
        case SEED: options.seed = (uint64_t)number("seed", optarg, 0, INT64_MAX); break;
        case NO_SERVE: options.serve = false; break;
        case STATE: options.state = optarg; break;
        case 'h': usage(stdout); exit(0);
        default: usage(stderr); exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "regua-demo: unexpected argument %s\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    return options;
}

/* The in-process broker keeps 5 MiB a partition: more debtors, more partitions. */
static int shards_for(int debtors)
{
    int shards = 4 + debtors / 150;
    return shards < 32 ? shards : 32;
}

/* What only the providers know: some numbers have no WhatsApp, some mailboxes are gone. */
static int tell_providers(struct demo *demo, struct rg_error *err)
{
    static const char no_whatsapp[] = "{\"provider\":\"whatsapp\",\"to\":\"" DEMO_NO_WHATSAPP
                                      "\",\"status\":400,\"body\":{\"error\":"
                                      "{\"code\":131026,\"message\":\"Message undeliverable\",\"type\":\"OAuthException\"}}}";
    static const char mailbox_gone[] = "{\"at\":\"rcpt\",\"to\":\"*@" DEMO_GONE_DOMAIN
                                       "\",\"code\":550,\"text\":\"5.1.1 no such mailbox\"}";
    int rc = rg_inbox_fault(demo_stage_inbox(demo->stage), "http", rg_str(no_whatsapp), err);
    return rc == 0 ? rg_inbox_fault(demo_stage_inbox(demo->stage), "smtp", rg_str(mailbox_gone), err) : rc;
}

static int set_up(struct demo *demo, struct rg_error *err)
{
    const struct demo_stage_options stage = {.state = demo->options.state,
                                             .shards = shards_for(demo->options.debtors),
                                             .now_ms = demo->now_ms,
                                             .seed = demo->options.seed};
    demo->portfolio = demo_portfolio_make(demo->arena, demo->options.seed, demo->options.debtors, demo->first_day,
                                          demo->options.days);
    int rc = demo_stage_new(&stage, &demo->stage, err);
    if (rc == 0)
        rc = tell_providers(demo, err);
    if (rc == 0)
        rc = demo_publisher_new(demo_stage_kafka(demo->stage), &demo->publisher, err);
    if (rc < 0)
        return rc;
    const struct demo_witness_config witness = {.kafka = demo_stage_kafka(demo->stage),
                                                .shards = stage.shards,
                                                .inbox = demo_stage_inbox(demo->stage),
                                                .ops = demo_answers(),
                                                .ctx = demo};
    rc = demo_witness_new(&witness, &demo->witness, err);
    if (rc == 0)
        rc = demo_stage_wait_ready(demo->stage, err);
    if (rc == 0) /* as an operator would: nothing is sent before */
        rc = demo_stage_act(demo->stage, "/api/v1/go-live", "{\"max_step\":\"suspenso\",\"reason\":\"demo\"}", err);
    return rc;
}

static void tear_down(struct demo *demo)
{
    demo_witness_free(&demo->witness);
    demo_publisher_free(&demo->publisher);
    demo_stage_free(&demo->stage);
    demo_agenda_free(&demo->agenda);
    rg_arena_free(&demo->arena);
}

/* Where nobody can press Ctrl-C a minute is enough. */
static void serve(struct demo *demo)
{
    bool terminal = isatty(STDOUT_FILENO) != 0;
    fputs(terminal ? "\nServing, and the clock goes on. Ctrl-C ends it.\n" : "\nServing for a minute.\n", stderr);
    demo_serve(demo, &told_to_stop, terminal ? INT64_MAX : SERVE_UNATTENDED_MS);
}

static int play(struct demo *demo)
{
    struct rg_error err = {.text = ""};
    int64_t began_ms = rg_boot_ms(rg_clock_system());
    fputs("Starting Kafka, Redis, providers and reguad …\n", stderr);
    int rc = set_up(demo, &err);
    if (rc == 0) {
        demo_plan(demo);
        rc = demo_drive(demo, &err);
    }
    if (rc < 0) {
        fprintf(stderr, "regua-demo: %s\nThe daemon's log: %s\n", err.text,
                demo->stage != NULL ? demo_stage_log(demo->stage) : "was not begun");
        return EXIT_TROUBLE;
    }
    bool fine = demo_report(demo, rg_boot_ms(rg_clock_system()) - began_ms);
    if (demo->options.serve && told_to_stop == 0)
        serve(demo);
    return fine ? 0 : EXIT_CHECK;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct demo demo = {
        .options = read_options(argc, argv), .arena = rg_arena_new((size_t)64 * 1024 * 1024), .agenda = demo_agenda_new()};
    demo.zone = rg_zone_of_state(RG_STR("SP"));
    demo.first_day = rg_day_of(2026, 9, 7);
    demo.begin_ms = demo.now_ms = rg_instant_at(demo.zone, demo.first_day, 0);
    demo.end_ms = demo.begin_ms + demo.options.days * RG_MS_PER_DAY;
    (void)sigemptyset(&stop.sa_mask);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    int status = play(&demo);
    tear_down(&demo);
    return status;
}
