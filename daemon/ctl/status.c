/* reguactl status: one screen. */
#include "daemon/ctl/ctl.h"

#include <string.h>
#include <time.h>

#define EVERY_S 2

static void say_mode(const struct rg_json_value *s, bool colour)
{
    struct rg_str step = rg_ctl_text(s, "live_max_step");
    bool ready = rg_ctl_bool(s, "ready");
    printf("reguad " RG_STR_FMT "   %s%s%s   rules " RG_STR_FMT "   ", RG_STR_ARG(rg_ctl_text(s, "version")),
           colour ? (ready ? "\033[32m" : "\033[31m") : "", ready ? "ready" : "NOT READY", colour ? "\033[0m" : "",
           RG_STR_ARG(rg_ctl_text(s, "rules")));
    if (rg_ctl_bool(s, "live"))
        printf("live up to " RG_STR_FMT, RG_STR_ARG(step));
    else
        printf("everything in shadow");
    puts(rg_ctl_bool(s, "stopped") ? "   STOPPED (reguactl resume)" : "");
}

static void say_shards(const struct rg_json_value *s)
{
    const struct rg_json_value *shards = rg_json_get(s, "shards");
    size_t running = 0;
    int64_t lag = 0;
    RG_JSON_EACH(shard, shards) {
        running += rg_str_is(rg_ctl_text(shard, "state"), "running");
        lag += rg_ctl_int(shard, "lag");
    }
    struct rg_str due = rg_ctl_text(s, "next_due");
    printf("shards %zu of %lld here, %zu running   %lld records behind   next timer " RG_STR_FMT "\n", rg_json_count(shards),
           (long long)rg_ctl_int(s, "shards_configured"), running, (long long)lag, RG_STR_ARG(due.n > 0 ? due : RG_STR("none")));
    printf("since its start: %lld records folded, %lld decisions, %lld dead letters; %lld actions under way\n",
           (long long)rg_ctl_int(s, "folded"), (long long)rg_ctl_int(s, "decided"), (long long)rg_ctl_int(s, "dead"),
           (long long)rg_ctl_int(s, "under_way"));
}

/* The first finding: reguactl reload --wait prints them all. */
static void say_reload(const struct rg_json_value *s)
{
    const struct rg_json_value *reload = rg_json_get(s, "reload");
    struct rg_str first = rg_ctl_text(reload, "findings");
    const char *end = memchr(first.p, '\n', first.n);
    if (end != NULL)
        first.n = (size_t)(end - first.p);
    if (first.n > 0)
        printf("  ! %s: " RG_STR_FMT "\n",
               rg_ctl_bool(reload, "rejected") ? "the last reload was rejected, the old rules stay in force" : "the last reload warned",
               RG_STR_ARG(first));
}

static void screen(const struct rg_json_value *s, bool colour)
{
    static const struct rg_ctl_column sources[] = {
        {"SOURCE", "source", RG_CTL_TEXT},      {"EVENTS", "accepted", RG_CTL_NUMBER},
        {"IGNORED", "ignored", RG_CTL_NUMBER},  {"DEAD", "dead", RG_CTL_NUMBER},
        {"REPEATED", "repeated", RG_CTL_NUMBER}, {"BEHIND", "lag", RG_CTL_NUMBER},
        {"PARTITIONS", "partitions_read", RG_CTL_NUMBER}, {"READ THROUGH", "read_through", RG_CTL_INSTANT}};
    static const struct rg_ctl_column channels[] = {
        {"CHANNEL", "channel", RG_CTL_TEXT},       {"TAKEN", "taken", RG_CTL_NUMBER},
        {"IN HAND", "in_hand", RG_CTL_NUMBER},     {"ACCEPTED", "accepted", RG_CTL_NUMBER},
        {"REJECTED", "rejected", RG_CTL_NUMBER},   {"RETRY", "retry", RG_CTL_NUMBER},
        {"THROTTLED", "throttled", RG_CTL_NUMBER}, {"UNCERTAIN", "uncertain", RG_CTL_NUMBER},
        {"EXPIRED", "expired", RG_CTL_NUMBER},     {"RELEASED", "released", RG_CTL_NUMBER}};
    say_mode(s, colour);
    RG_JSON_EACH(reason, rg_json_get(s, "reasons")) {
        struct rg_str text;
        if (rg_json_str(reason, &text))
            printf("  - " RG_STR_FMT "\n", RG_STR_ARG(text));
    }
    say_reload(s);
    say_shards(s);
    rg_ctl_table(rg_json_get(s, "sources"), sources, RG_COUNT(sources));
    rg_ctl_table(rg_json_get(s, "channels"), channels, RG_COUNT(channels));
}

static int once(struct rg_ctl *ctl, bool clear)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    int rc = rg_ctl_ask(ctl, "/api/v1/status", NULL, &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    const struct rg_json_value *status = rg_json_root(answer.doc);
    if (clear)
        printf("\033[H\033[2J");
    if (rg_ctl_option(ctl, "json") != NULL)
        (void)rg_ctl_print_json(&answer);
    else
        screen(status, ctl->colour);
    return rg_ctl_bool(status, "ready") ? RG_EXIT_FINE : RG_EXIT_FINDINGS;
}

int rg_ctl_status(struct rg_ctl *ctl)
{
    bool follow = rg_ctl_option(ctl, "follow") != NULL;
    bool clear = follow && ctl->colour && rg_ctl_option(ctl, "json") == NULL;
    int rc = once(ctl, clear);
    while (follow && rc != RG_EXIT_USAGE && fflush(stdout) == 0) {
        (void)nanosleep(&(struct timespec){.tv_sec = EVERY_S}, NULL);
        rc = once(ctl, clear);
    }
    return rc;
}
