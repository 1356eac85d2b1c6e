/* What a process says of itself: one word for programs, reasons for people, and status for reguactl and drivers of tests. */
#include "daemon/admin/internal.h"

#include <string.h>
#include <unistd.h>

static struct rg_daemon_status *status_of(struct rg_admin_call *call)
{
    struct rg_daemon_status *status = RG_NEW(call->arena, struct rg_daemon_status,
                                             1); /* too large for a thread's stack to be proud of */
    rg_daemon_status(call->admin->daemon, status);
    return status;
}

void rg_admin_livez(struct rg_admin_call *call)
{
    rg_buf_adds(&call->response->body, "ok\n");
}

/* What the last reading found, below a line that says what came of it. A warning: the rules that are in force are fine. */
static void add_reload(struct rg_admin_call *call, const struct rg_daemon_status *status, struct rg_buf *body)
{
    struct rg_daemon_reload reload;
    rg_daemon_reload_state(call->admin->daemon, call->arena, &reload);
    if (!rg_str_has(reload.findings))
        return;
    if (reload.rejected)
        rg_buf_addf(body, "[!] reload rejected, rules %s stay in force:\n", status->rules);
    else
        rg_buf_adds(body, "[!] the last reload warned:\n");
    for (const char *line = reload.findings.p; *line != '\0';) {
        int n = (int)strcspn(line, "\n");
        rg_buf_addf(body, "    %.*s\n", n, line);
        line += n + (line[n] == '\n');
    }
}

void rg_admin_readyz(struct rg_admin_call *call)
{
    bool verbose;
    if (!rg_admin_flag(call, "verbose", &verbose))
        return;
    const struct rg_daemon_status *status = status_of(call);
    struct rg_buf *body = &call->response->body;
    call->response->status = status->ready ? 200 : 503;
    rg_buf_adds(body, status->ready ? "ready\n" : "unready\n");
    if (!verbose)
        return;
    for (size_t i = 0; i < status->reason_count; i++)
        rg_buf_addf(body, "[-] %s\n", status->reasons[i]);
    if (status->ready)
        rg_buf_addf(body, "[+] %zu of %d shards run here\n", status->shard_count, status->shards_configured);
    if (status->stopped)
        rg_buf_adds(body, "[!] stopped: nothing is delivered until reguactl resume\n");
    add_reload(call, status, body);
}

static void write_reload(struct rg_admin_call *call, struct rg_jw *jw)
{
    struct rg_daemon_reload reload;
    rg_daemon_reload_state(call->admin->daemon, call->arena, &reload);
    rg_jw_member_int(jw, "asked", (int64_t)reload.asked);
    rg_jw_member_int(jw, "done", (int64_t)reload.done);
    rg_jw_member_bool(jw, "rejected", reload.rejected);
    rg_admin_instant(jw, "at", reload.at_ms);
    rg_admin_instant(jw, "in_force_since", reload.fine_at_ms);
    rg_jw_member_str(jw, "findings", reload.findings);
}

void rg_admin_reload(struct rg_admin_call *call)
{
    struct rg_jw jw;
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "pid", getpid());
    rg_jw_member_cstr(&jw, "rules", status_of(call)->rules);
    write_reload(call, &jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

static void write_shards(const struct rg_daemon_status *status, struct rg_jw *jw)
{
    rg_jw_member_array(jw, "shards");
    for (size_t i = 0; i < status->shard_count; i++) {
        const struct rg_worker_shard *shard = &status->shards[i];
        rg_jw_object(jw);
        rg_jw_member_int(jw, "shard", shard->shard);
        rg_jw_member_cstr(jw, "state", rg_shard_state_name(shard->state));
        rg_jw_member_int(jw, "lag", shard->lag);
        rg_admin_instant(jw, "asof", shard->asof_ms);
        rg_admin_instant(jw, "next_due", shard->next_due_ms);
        rg_jw_member_bool(jw, "at_rest", shard->at_rest);
        if (shard->trouble[0] != '\0')
            rg_jw_member_cstr(jw, "trouble", shard->trouble);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

uint64_t rg_admin_ingest_dead(struct rg_daemon *daemon)
{
    const struct rg_ingest_source_counters *c;
    const char *source = NULL;
    uint64_t dead = 0;
    for (int i = 0; (c = rg_daemon_source(daemon, i, &source)) != NULL; i++)
        for (int k = 0; k < RG_INGEST_REASONS; k++)
            dead += c->dead[k];
    return dead;
}

static const char *part_state(enum rg_ingest_state state)
{
    switch (state) {
    case RG_INGEST_OPENING: return "opening";
    case RG_INGEST_READING: return "reading";
    case RG_INGEST_STOPPED: return "stopped";
    }
    return "?";
}

/* A source's partitions and what they come to: records not read yet, and the instant that all of them are read through. */
static void write_parts(const char *source, const struct rg_ingest_part *parts, size_t count, struct rg_jw *jw)
{
    int64_t lag = 0, through_ms = INT64_MAX;
    size_t reading = 0, here = 0;
    rg_jw_member_array(jw, "partitions");
    for (size_t i = 0; i < count; i++) {
        const struct rg_ingest_part *part = &parts[i];
        if (strcmp(part->source, source) != 0)
            continue;
        here++;
        reading += part->state == RG_INGEST_READING;
        lag += part->lag > 0 ? part->lag : 0;
        through_ms = part->fresh_ms < through_ms ? part->fresh_ms : through_ms;
        rg_jw_object(jw);
        rg_jw_member_int(jw, "partition", part->partition);
        rg_jw_member_cstr(jw, "state", part_state(part->state));
        rg_jw_member_int(jw, "next", part->next);
        rg_jw_member_int(jw, "lag", part->lag);
        rg_admin_instant(jw, "read_through", part->fresh_ms);
        if (part->trouble[0] != '\0')
            rg_jw_member_cstr(jw, "trouble", part->trouble);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
    rg_jw_member_int(jw, "partitions_here", (int64_t)here);
    rg_jw_member_int(jw, "partitions_read", (int64_t)reading);
    rg_jw_member_int(jw, "lag", lag);
    rg_admin_instant(jw, "read_through", through_ms);
}

static void write_sources(struct rg_admin_call *call, struct rg_jw *jw)
{
    const struct rg_ingest_source_counters *c;
    const char *source = NULL;
    size_t count = 0;
    struct rg_daemon *daemon = call->admin->daemon;
    const struct rg_ingest_part *parts = rg_daemon_source_parts(daemon, call->arena, &count);
    const struct rg_shard_counters *shards = rg_daemon_shard_counters(daemon);
    rg_jw_member_array(jw, "sources");
    for (int i = 0; (c = rg_daemon_source(daemon, i, &source)) != NULL; i++) {
        uint64_t dead = 0;
        for (int k = 0; k < RG_INGEST_REASONS; k++)
            dead += c->dead[k];
        rg_jw_object(jw);
        rg_jw_member_cstr(jw, "source", source);
        rg_jw_member_int(jw, "accepted", (int64_t)c->accepted);
        rg_jw_member_int(jw, "ignored", (int64_t)c->ignored);
        rg_jw_member_int(jw, "rejected", (int64_t)c->rejected);
        rg_jw_member_int(jw, "dead", (int64_t)dead);
        rg_jw_member_int(jw, "repeated", i < RG_SOURCES_MAX ? (int64_t)shards->repeated_of[i] : 0);
        write_parts(source, parts, count, jw);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

static void write_channels(struct rg_admin_call *call, struct rg_jw *jw)
{
    const struct rg_sender_counters *sender;
    const char *channel = NULL;
    rg_jw_member_array(jw, "channels");
    for (int i = 0; (sender = rg_daemon_sender(call->admin->daemon, i, &channel)) != NULL; i++) {
        rg_jw_object(jw);
        rg_jw_member_cstr(jw, "channel", channel);
        rg_jw_member_int(jw, "taken", (int64_t)sender->taken);
        rg_jw_member_int(jw, "in_hand", sender->in_hand);
        rg_jw_member_int(jw, "unreadable", (int64_t)sender->unreadable);
        for (int v = RG_VERDICT_UNSET + 1; v < RG_VERDICT_COUNT; v++)
            rg_jw_member_int(jw, rg_verdict_name((enum rg_verdict)v), (int64_t)sender->verdicts[v]);
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
}

void rg_admin_status(struct rg_admin_call *call)
{
    const struct rg_daemon_status *status = status_of(call);
    const struct rg_shard_counters *counters = rg_daemon_shard_counters(call->admin->daemon);
    struct rg_jw jw;
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "version", RG_VERSION);
    rg_jw_member_cstr(&jw, "rules", status->rules);
    rg_jw_member_object(&jw, "reload");
    write_reload(call, &jw);
    rg_jw_object_end(&jw);
    rg_jw_member_bool(&jw, "ready", status->ready);
    rg_jw_member_array(&jw, "reasons");
    for (size_t i = 0; i < status->reason_count; i++)
        rg_jw_cstr(&jw, status->reasons[i]);
    rg_jw_array_end(&jw);
    rg_jw_member_bool(&jw, "stopped", status->stopped);
    rg_jw_member_bool(&jw, "live", status->live);
    rg_jw_member_cstr(&jw, "live_max_step", status->live ? status->live_max_step : NULL);
    rg_admin_instant(&jw, "now", status->now_ms);
    rg_jw_member_int(&jw, "now_ms", status->now_ms);
    rg_admin_instant(&jw, "next_due", status->next_due_ms);
    if (status->next_due_ms != RG_STORE_NEVER)
        rg_jw_member_int(&jw, "next_due_ms", status->next_due_ms);
    rg_jw_member_bool(&jw, "at_rest", status->at_rest);
    rg_jw_member_int(&jw, "folded", (int64_t)counters->folded);
    rg_jw_member_int(&jw, "decided", (int64_t)counters->decided);
    rg_jw_member_int(&jw, "dead", (int64_t)(counters->dead + rg_admin_ingest_dead(call->admin->daemon)));
    rg_jw_member_int(&jw, "under_way", counters->under_way);
    rg_jw_member_int(&jw, "shards_configured", status->shards_configured);
    write_shards(status, &jw);
    write_sources(call, &jw);
    write_channels(call, &jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}
