/* The life of a process. The main thread reads regua.control, keeps the shared clock, tells systemd and waits; everything else has
 * threads of its own (parts.c). What is missing at the start is waited for, in a fixed order, and said once. */
#include "daemon/internal.h"

#include "base/core/log.h"
#include "daemon/admin/admin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define FINDINGS_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define JUMP_LIMIT_MS 2000
#define RESYNC_MS 5000
#define TURN_MS 50

/* ---- configuration ---- */

static void print_diags(struct rg_diags *diags, bool json, bool colour, FILE *to)
{
    struct rg_buf buf;
    rg_buf_init(&buf, FINDINGS_BYTES_MAX);
    if (json)
        rg_diags_json(diags, &buf);
    else
        rg_diags_print(diags, colour ? RG_DIAGS_COLOUR : RG_DIAGS_PLAIN, &buf);
    (void)fwrite(rg_buf_cstr(&buf), 1, buf.len, to); /* a closed stdout is the caller's matter */
    rg_buf_done(&buf);
}

int rg_daemon_check(const char *config_file, const char *shipped, bool json, bool colour)
{
    struct rg_diags *diags = rg_diags_new();
    struct rg_reading *reading = NULL;
    struct timespec begin, end;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    int rc = rg_reading_new(config_file, shipped, NULL, diags, &reading);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    print_diags(diags, json, colour, stdout);
    if (!json) {
        struct rg_buf line;
        rg_buf_init(&line, 1024);
        rg_inventory_print(&reading->inventory, diags, (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000, &line);
        printf("%s\n", rg_buf_cstr(&line));
        rg_buf_done(&line);
    }
    int status = rc == 0 ? RG_EXIT_FINE : reading->site == NULL ? RG_EXIT_USAGE : RG_EXIT_FINDINGS; /* a warning is no reason not to start */
    rg_reading_free(&reading);
    rg_diags_free(&diags);
    return status;
}

/* ---- clocks ---- */

/* The settings are asked for again each time: a Redis may come back with others, or be given others while it runs. Before the
 * start has asked it is for the start to refuse. */
static int sync_clock(struct rg_daemon *daemon, struct rg_error *err)
{
    char warning[256]; /* was said at the start */
    int rc = rg_redis_alive(daemon->clock_redis) ? 0 : rg_redis_connect(daemon->clock_redis, err);
    if (rc == 0)
        rc = rg_shared_clock_sync(daemon->shared, daemon->clock_redis, err);
    rg_redis_release(daemon->clock_redis);
    return rc == 0 && daemon->redis_checked ? rg_redis_check_settings(daemon->clock_redis, warning, err) : rc;
}

/* A server that is not reached says nothing new of its settings. */
static void judge_redis(struct rg_daemon *daemon, int rc, const struct rg_error *err)
{
    bool before = atomic_load(&daemon->runtime.redis_refused), refused = rc == RG_EREFUSED || (rc < 0 && before);
    if (refused && !before)
        rg_log(RG_LOG_ERROR, "REDIS-REFUSED", RG_LOG_NO_CTX, "%s; until then nothing goes out but what is owed to debtors", err->text);
    atomic_store(&daemon->runtime.redis_refused, refused);
}

static void keep_clock(struct rg_daemon *daemon)
{
    struct rg_error err;
    char why[RG_SHARED_CLOCK_TEXT_BYTES];
    int64_t boot_ms = rg_boot_ms(&daemon->runtime.clock);
    bool failed = daemon->clock_at_boot_ms != 0; /* the last time: then it is not waited for until the next is due */
    if (daemon->shared == NULL || boot_ms < daemon->clock_at_boot_ms || (!failed && !rg_shared_clock_due(daemon->shared)))
        return;
    int rc = sync_clock(daemon, &err);
    judge_redis(daemon, rc, &err);
    rg_daemon_trouble(daemon, daemon->redis_trouble, "CLOCK-REDIS", rc < 0 ? err.text : "");
    daemon->clock_at_boot_ms = rc < 0 ? rg_boot_ms(&daemon->runtime.clock) + RG_CONNECT_RETRY_MS : 0;
    bool jumped = rg_shared_clock_state(daemon->shared, why) == RG_SHARED_CLOCK_JUMPED;
    if (jumped && !atomic_load(&daemon->runtime.clocks_disagree))
        rg_log(RG_LOG_ERROR, "CLOCK-JUMP", RG_LOG_NO_CTX, "%s; timers are held until the clocks agree", why);
    atomic_store(&daemon->runtime.clocks_disagree, jumped);
}

static void set_clock(struct rg_daemon *daemon)
{
    const struct rg_clock *given = daemon->options.clock;
    struct rg_clock clock = given != NULL ? *given : *rg_clock_system();
    if (given == NULL) {
        const struct rg_shared_clock_config config = {.machine = rg_clock_system(), .jump_limit_ms = JUMP_LIMIT_MS, .resync_ms = RESYNC_MS};
        daemon->shared = rg_shared_clock_new(&config);
        clock = rg_shared_clock_as_clock(daemon->shared);
    }
    rg_runtime_init(&daemon->runtime, daemon->site, &clock);
}

/* ---- new and free ---- */

/* What was read is right: clocks, connections' addresses, the admin port. */
static int set_up(struct rg_daemon *daemon, struct rg_error *err)
{
    daemon->site = daemon->reading->site;
    rg_log_setup((enum rg_log_format)daemon->site->log.format, (enum rg_log_level)rg_site_log_level(daemon->site));
    set_clock(daemon);
    rg_runtime_set_rules(&daemon->runtime, daemon->reading->set);
    daemon->reading->set = NULL;
    daemon->reload.at_ms = daemon->reload.fine_at_ms = rg_wall_ms(&daemon->runtime.clock);
    (void)snprintf(daemon->waiting_for, sizeof daemon->waiting_for, "starting"); /* no news yet: nobody has been asked */
    int rc = rg_daemon_connections(daemon, err);
    return rc < 0 ? rc : rg_admin_new(daemon, daemon->site, &daemon->admin, err);
}

int rg_daemon_new(const struct rg_daemon_options *options, struct rg_daemon **ret_daemon, int *ret_exit)
{
    struct rg_daemon *daemon = rg_alloc(sizeof *daemon);
    struct rg_diags *diags = rg_diags_new();
    struct rg_error err = {0};
    daemon->options = *options;
    daemon->arena = rg_arena_new(ARENA_BYTES);
    rg_buf_init(&daemon->reload_text, FINDINGS_BYTES_MAX);
    int rc = pthread_mutex_init(&daemon->mutex, NULL);
    rg_assert(rc == 0);
    rg_log_setup(RG_LOG_AUTO, RG_LOG_INFO); /* until the configuration is read, which may say otherwise */
    rc = rg_reading_new(options->config_file, options->shipped, NULL, diags, &daemon->reading);
    if (rg_log_is_journal())
        rg_daemon_log_findings(diags, "START");
    else
        print_diags(diags, false, false, stderr);
    rg_diags_free(&diags);
    *ret_exit = RG_EXIT_USAGE;
    if (rc == 0 && (rc = set_up(daemon, &err)) < 0)
        rg_log(RG_LOG_ERROR, "START", RG_LOG_NO_CTX, "%s", err.text);
    if (rc < 0) {
        rg_daemon_free(&daemon);
        return rc;
    }
    *ret_daemon = daemon;
    return 0;
}

void rg_daemon_free(struct rg_daemon **daemon)
{
    struct rg_daemon *d = *daemon;
    if (d == NULL)
        return;
    rg_admin_free(&d->admin);
    if (d->runtime.locked != NULL) {
        rg_daemon_stop_parts(d);
        rg_daemon_free_parts(d);
        rg_control_free(&d->control);
        rg_runtime_done(&d->runtime);
    }
    rg_redis_free(&d->clock_redis);
    rg_shared_clock_free(&d->shared);
    (void)pthread_mutex_destroy(&d->mutex);
    rg_buf_done(&d->reload_text);
    rg_reading_free(&d->reading);
    rg_arena_free(&d->arena);
    rg_free(daemon);
}

void rg_daemon_stop(struct rg_daemon *daemon)
{
    atomic_store(&daemon->runtime.stopping, true);
}

void rg_daemon_reload(struct rg_daemon *daemon)
{
    atomic_fetch_add(&daemon->reloads_asked, 1);
}

/* ---- run ---- */

static void watch(struct rg_daemon *daemon)
{
    uint64_t steps[RG_WATCH_MAX];
    char name[RG_NAME_MAX + 16];
    int stuck = -1;
    size_t n = rg_daemon_steps(daemon, steps);
    if (rg_watch_turn(&daemon->watch, rg_boot_ms(&daemon->runtime.clock), steps, n, &stuck))
        (void)sd_notify(0, "WATCHDOG=1");
    else if (stuck >= 0)
        rg_log(RG_LOG_ERROR, "STUCK", RG_LOG_NO_CTX, "%s has made no step for %lld s; when it goes on like that systemd ends this process",
               rg_daemon_thread_name(daemon, stuck, name), (long long)(daemon->watch.period_ms / 2000));
}

static bool told_to_stop(const struct rg_daemon *daemon)
{
    return atomic_load(&daemon->runtime.stopping);
}

static int make_control(struct rg_daemon *daemon, struct rg_error *err)
{
    struct rg_control *control = NULL;
    if (daemon->control != NULL)
        return 0;
    int rc = rg_control_new(&daemon->runtime, &daemon->kafka, daemon->topics.control, &control, err);
    (void)pthread_mutex_lock(&daemon->mutex);
    daemon->control = control;
    (void)pthread_mutex_unlock(&daemon->mutex);
    return rc;
}

static void pause_ms(int ms)
{
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL); /* a signal may cut it short: so much the better */
}

/* Somebody has to change what he wrote, or it would not be safe. Everything else is a neighbour's trouble and passes, whatever it is
 * called: ending with a status that says "do not start me again" would outlast it. */
static bool is_final(const struct rg_error *err)
{
    return err->code == RG_EINVAL || err->code == RG_EREFUSED;
}

/* Each step is tried until it works, is refused, or we are told to stop; the reason stands in readiness and log meanwhile. Threads
 * come last and once: what makes them waits for nobody. */
static int stand_up(struct rg_daemon *daemon, struct rg_error *err)
{
    static const struct {
        int (*step)(struct rg_daemon *daemon, struct rg_error *err);
        const char *what;
    } steps[] = {
        {rg_daemon_check_redis, "redis"}, {rg_daemon_check_topics, "kafka"}, {make_control, "kafka"}, {rg_daemon_check_layout, "kafka"},
    };
    for (size_t i = 0; i < RG_COUNT(steps);) {
        if (told_to_stop(daemon))
            return 0;
        int rc = steps[i].step(daemon, err);
        keep_clock(daemon);
        rg_daemon_keep_rules(daemon);
        watch(daemon);
        if (rc == 0) {
            i++;
            continue;
        }
        if (is_final(err))
            return rc;
        rg_daemon_waiting(daemon, "%s: %s", steps[i].what, err->text);
        rg_daemon_tell(daemon);
        pause_ms(RG_CONNECT_RETRY_MS / 4);
    }
    int rc = rg_daemon_start_parts(daemon, err);
    if (rc == 0)
        rg_daemon_waiting(daemon, "%s", "");
    return rc;
}

int rg_daemon_run(struct rg_daemon *daemon)
{
    struct rg_error err = {0};
    int status = RG_EXIT_FINE;
    (void)sd_notify(0, "READY=1");
    rg_watch_init(&daemon->watch, rg_boot_ms(&daemon->runtime.clock));
    rg_daemon_tell(daemon);
    if (stand_up(daemon, &err) < 0) {
        rg_log(RG_LOG_ERROR, "START", RG_LOG_NO_CTX, "%s", err.text);
        status = err.code == RG_EREFUSED ? RG_EXIT_REFUSED : RG_EXIT_USAGE;
        rg_daemon_stop(daemon);
    }
    while (!told_to_stop(daemon)) {
        rg_control_turn(daemon->control, TURN_MS);
        rg_daemon_trouble(daemon, daemon->kafka_trouble, "CONTROL-AWAY", rg_control_trouble(daemon->control));
        keep_clock(daemon);
        rg_daemon_keep_rules(daemon);
        rg_daemon_tell(daemon);
        watch(daemon);
    }
    (void)sd_notify(0, "STOPPING=1\nSTATUS=ending what was begun");
    rg_daemon_stop_parts(daemon);
    return status;
}
