/* Metrics in Prometheus' text format. Labels come from closed sets only; counters exist from the start, at 0, so that the first
 * event is an increase; time is in seconds. Everything is of this process: sums are the reader's. */
#include "daemon/admin/internal.h"

#include <inttypes.h>
#include <string.h>

static void family(struct rg_buf *b, const char *name, const char *type, const char *help)
{
    rg_buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void counter(struct rg_buf *b, const char *name, const char *help, uint64_t value)
{
    family(b, name, "counter", help);
    rg_buf_addf(b, "%s %" PRIu64 "\n", name, value);
}

static void gauge(struct rg_buf *b, const char *name, const char *help, int64_t value)
{
    family(b, name, "gauge", help);
    rg_buf_addf(b, "%s %" PRId64 "\n", name, value);
}

static void seconds(struct rg_buf *b, const char *name, const char *help, int64_t ms)
{
    family(b, name, "gauge", help);
    rg_buf_addf(b, "%s %" PRId64 ".%03" PRId64 "\n", name, ms / 1000, ms % 1000);
}

static void process_metrics(struct rg_admin_call *call, const struct rg_daemon_status *s, struct rg_buf *b)
{
    family(b, "regua_build_info", "gauge", "Always 1; says which version runs.");
    rg_buf_addf(b, "regua_build_info{version=\"%s\"} 1\n", RG_VERSION);
    family(b, "regua_rules_info", "gauge",
           "Always 1; says which rules are in force. Different versions among processes: reload.");
    rg_buf_addf(b, "regua_rules_info{version=\"%s\"} 1\n", s->rules);
    gauge(b, "regua_ready", "1 when /readyz says so.", s->ready);
    gauge(b, "regua_stopped", "1 while an operator's stop is in force.", s->stopped);
    gauge(b, "regua_live", "1 once somebody went live; 0: everything is in shadow.", s->live);
    gauge(b, "regua_shards_configured", "Shards of this installation.", call->admin->site->kafka.shards);
    gauge(b, "regua_shards_owned", "Shards that this process owns.", (int64_t)s->shard_count);
}

static void shard_metrics(const struct rg_daemon_status *s, struct rg_buf *b)
{
    static const enum rg_shard_state states[] = {RG_SHARD_OPENING, RG_SHARD_REPLAY, RG_SHARD_RUNNING, RG_SHARD_STOPPED};
    int64_t lag = 0, asof_ms = INT64_MAX;
    size_t in_state[RG_COUNT(states)] = {0};
    for (size_t i = 0; i < s->shard_count; i++) {
        lag += s->shards[i].lag;
        if (s->shards[i].asof_ms < asof_ms)
            asof_ms = s->shards[i].asof_ms;
        for (size_t k = 0; k < RG_COUNT(states); k++)
            in_state[k] += s->shards[i].state == states[k];
    }
    family(b, "regua_shards", "gauge", "Shards that this process owns, by state.");
    for (size_t k = 0; k < RG_COUNT(states); k++)
        rg_buf_addf(b, "regua_shards{state=\"%s\"} %zu\n", rg_shard_state_name(states[k]), in_state[k]);
    gauge(b, "regua_consumer_lag_records", "Ledger records known to be there and not yet folded.", lag);
    bool late = s->next_due_ms < s->now_ms;
    seconds(b, "regua_due_oldest_seconds", "How long the oldest timer that is due has been waiting.",
            late ? s->now_ms - s->next_due_ms : 0);
    if (s->shard_count > 0 && asof_ms >= 0 && asof_ms <= s->now_ms)
        seconds(b, "regua_frontier_age_seconds", "How far upstream is not known yet, for the shard that is furthest behind.",
                s->now_ms - asof_ms);
}

static void decide_metrics(const struct rg_shard_counters *c, struct rg_buf *b)
{
    const struct {
        const char *result;
        uint64_t value;
    } events[] = {{"accepted", c->folded}, {"repeated", c->repeated}, {"stranger", c->strangers}, {"dead", c->dead}};
    family(b, "regua_events_total", "counter", "Ledger records met by the shards' owner, by what became of them.");
    for (size_t i = 0; i < RG_COUNT(events); i++)
        rg_buf_addf(b, "regua_events_total{result=\"%s\"} %" PRIu64 "\n", events[i].result, events[i].value);
    counter(b, "regua_decisions_total", "Decisions made.", c->decided);
    family(b, "regua_suppressed_total", "counter", "Steps whose window closed, by the gate that blocked them last.");
    for (int gate = RG_GATE_NONE + 1; gate < RG_GATE_COUNT; gate++)
        rg_buf_addf(b, "regua_suppressed_total{gate=\"%s\"} %" PRIu64 "\n", rg_gate_name((enum rg_gate)gate),
                    (uint64_t)c->suppressed[gate]);
    counter(b, "regua_voided_total", "Queued actions that a fact made unwanted before delivery.", c->voided);
    counter(b, "regua_recalled_total", "Queued actions called back for a reason outside the ledger.", c->recalled);
    gauge(b, "regua_actions_under_way", "Actions queued or in a sender's hands.", c->under_way);
    counter(b, "regua_redis_commits_total", "Batches committed.", c->batches);
    counter(b, "regua_redis_rewinds_total", "Times that Redis had lost or regained something and a shard folded again.",
            c->rewinds);
}

/* One family after the other, as the format demands: so one walk over the senders for each. */
static void sender_metrics(struct rg_admin_call *call, struct rg_buf *b)
{
    const struct rg_sender_counters *s;
    const char *channel = NULL;
    struct rg_daemon *daemon = call->admin->daemon;
    family(b, "regua_actions_total", "counter", "Actions taken from a channel's topic.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        rg_buf_addf(b, "regua_actions_total{channel=\"%s\"} %" PRIu64 "\n", channel, (uint64_t)s->taken);
    family(b, "regua_actions_dropped_total", "counter", "Copies of actions that were no longer wanted.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        rg_buf_addf(b, "regua_actions_dropped_total{channel=\"%s\"} %" PRIu64 "\n", channel, (uint64_t)s->dropped);
    family(b, "regua_claims_total", "counter", "Claims to deliver appended to the ledger.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        rg_buf_addf(b, "regua_claims_total{channel=\"%s\"} %" PRIu64 "\n", channel, (uint64_t)s->claimed);
    family(b, "regua_deliveries_total", "counter", "Ends of attempts to deliver, by the sender's verdict.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        for (int v = RG_VERDICT_UNSET + 1; v < RG_VERDICT_COUNT; v++)
            rg_buf_addf(b, "regua_deliveries_total{channel=\"%s\",result=\"%s\"} %" PRIu64 "\n", channel,
                        rg_verdict_name((enum rg_verdict)v), (uint64_t)s->verdicts[v]);
    family(b, "regua_actions_in_hand", "gauge", "Actions that a sender is working on.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        rg_buf_addf(b, "regua_actions_in_hand{channel=\"%s\"} %" PRId64 "\n", channel, (int64_t)s->in_hand);
}

void rg_admin_metrics(struct rg_admin_call *call)
{
    struct rg_daemon_status *status = RG_NEW(call->arena, struct rg_daemon_status, 1);
    struct rg_buf *body = &call->response->body;
    rg_daemon_status(call->admin->daemon, status);
    call->response->type = "text/plain; version=0.0.4; charset=utf-8";
    process_metrics(call, status, body);
    shard_metrics(status, body);
    decide_metrics(rg_daemon_shard_counters(call->admin->daemon), body);
    sender_metrics(call, body);
}
