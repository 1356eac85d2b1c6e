/* Reading the rules anew while everything runs. The new snapshot is made beside the old one and swapped behind the runtime's mutex;
 * a turn works with the one it took at its beginning, so none sees a mix, and the old one goes with the last turn that has it.
 * Whatever is wrong with any file, nothing changes: how it ended stands in the journal, in the status line, in /readyz and in
 * /api/v1/reload, in the words of --check.
 *
 * systemd 252 has no Type=notify-reload, so `reguactl reload --wait` is what it runs; the messages are those of the protocol
 * all the same. */
#include "daemon/internal.h"

#include "base/core/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define TROUBLE_BYTES_TOLD 150
#define FINDING_BYTES_TOLD 300

static void notify_reloading(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* systemd compares it with its own */
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reading the rules",
                     (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

/* One entry of the journal a line, so that the caret stands below its place; all of a finding lead to file and line. */
void rg_daemon_log_findings(struct rg_diags *diags, const char *id)
{
    size_t count = rg_diags_count(diags), shown = count < RG_DIAGS_SHOWN ? count : RG_DIAGS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        const struct rg_finding *finding = rg_diags_at(diags, i);
        const struct rg_log_ctx ctx = {.file = finding->file, .line = finding->line, .shard = -1};
        char *line, *rest = NULL;
        rg_buf_init(&text, (size_t)8 * RG_DIAG_TEXT_MAX);
        rg_diags_print_at(diags, i, RG_DIAGS_PLAIN, &text);
        for (line = strtok_r(text.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
            rg_log(finding->severity == RG_SEVERITY_ERROR ? RG_LOG_ERROR : RG_LOG_WARNING, id, &ctx, "%s", line);
    }
}

static void put_in_force(struct rg_daemon *daemon, struct rg_reading *reading)
{
    struct rg_ruleset *set = reading->set, *old = rg_runtime_rules(&daemon->runtime);
    set->arena = reading->arena; /* its presets lie there */
    reading->set = NULL;
    reading->arena = NULL;
    rg_log_setup((enum rg_log_format)daemon->site->log.format, (enum rg_log_level)rg_site_log_level(reading->site));
    rg_log(RG_LOG_NOTICE, "RELOAD", RG_LOG_NO_CTX, "rules %s are in force%s%s", set->rules->hash,
           strcmp(set->rules->hash, old->rules->hash) == 0 ? ", as before" : ", before it were ",
           strcmp(set->rules->hash, old->rules->hash) == 0 ? "" : old->rules->hash);
    rg_ruleset_unref(&old);
    rg_runtime_set_rules(&daemon->runtime, set);
}

static void reject(struct rg_daemon *daemon, const struct rg_diags *diags)
{
    struct rg_ruleset *set = rg_runtime_rules(&daemon->runtime);
    rg_log(RG_LOG_ERROR, "RELOAD-REJECTED", RG_LOG_NO_CTX, "%zu error%s: nothing was changed, rules %s stay in force",
           rg_diags_errors(diags), rg_diags_errors(diags) == 1 ? "" : "s", set->rules->hash);
    rg_ruleset_unref(&set);
}

static void remember(struct rg_daemon *daemon, struct rg_diags *diags, uint64_t asked, bool rejected)
{
    int64_t now_ms = rg_wall_ms(&daemon->runtime.clock);
    (void)pthread_mutex_lock(&daemon->mutex);
    rg_buf_reset(&daemon->reload_text);
    rg_diags_print(diags, RG_DIAGS_PLAIN, &daemon->reload_text);
    daemon->reload = (struct rg_daemon_reload){
        .done = asked, .rejected = rejected, .at_ms = now_ms, .fine_at_ms = rejected ? daemon->reload.fine_at_ms : now_ms};
    (void)pthread_mutex_unlock(&daemon->mutex);
}

void rg_daemon_keep_rules(struct rg_daemon *daemon)
{
    uint64_t asked = atomic_load(&daemon->reloads_asked);
    struct rg_reading *reading = NULL;
    if (asked == daemon->reload.done) /* which only this thread changes */
        return;
    struct rg_diags *diags = rg_diags_new();
    notify_reloading();
    bool rejected = rg_reading_new(daemon->options.config_file, daemon->options.shipped, daemon->reading, diags, &reading) < 0;
    rg_daemon_log_findings(diags, rejected ? "RELOAD-REJECTED" : "RELOAD");
    if (rejected)
        reject(daemon, diags);
    else
        put_in_force(daemon, reading);
    (void)sd_notify(0, "READY=1");
    daemon->told[0] = '\0'; /* the line says something else now */
    remember(daemon, diags, asked, rejected);
    rg_reading_free(&reading);
    rg_diags_free(&diags);
    rg_daemon_tell(daemon);
}

void rg_daemon_reload_state(struct rg_daemon *daemon, struct rg_arena *arena, struct rg_daemon_reload *ret_state)
{
    (void)pthread_mutex_lock(&daemon->mutex);
    *ret_state = daemon->reload;
    ret_state->findings = rg_arena_str(arena, rg_buf_str(&daemon->reload_text));
    (void)pthread_mutex_unlock(&daemon->mutex);
    ret_state->asked = atomic_load(&daemon->reloads_asked);
}

/* At most `max` bytes of it, and no half character: systemd takes no other line. */
static int whole(const char *text, size_t n, size_t max)
{
    if (n > max)
        for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
            n--;
    return (int)n;
}

void rg_daemon_tell(struct rg_daemon *daemon)
{
    char text[sizeof daemon->told];
    (void)pthread_mutex_lock(&daemon->mutex);
    const char *trouble = daemon->waiting_for[0] != '\0'     ? daemon->waiting_for
                          : daemon->kafka_trouble[0] != '\0' ? daemon->kafka_trouble
                                                             : daemon->redis_trouble;
    const char *first = daemon->reload.rejected ? rg_buf_cstr(&daemon->reload_text) : "";
    (void)snprintf(text, sizeof text, "%s%.*s%s%.*s", trouble[0] != '\0' ? "waiting: " : "running",
                   whole(trouble, strlen(trouble), TROUBLE_BYTES_TOLD), trouble, first[0] != '\0' ? "; reload rejected: " : "",
                   whole(first, strcspn(first, "\n"), FINDING_BYTES_TOLD), first);
    (void)pthread_mutex_unlock(&daemon->mutex);
    if (strcmp(text, daemon->told) == 0)
        return;
    memcpy(daemon->told, text, sizeof text);
    (void)sd_notifyf(0, "STATUS=%s", text);
}
