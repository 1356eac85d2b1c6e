/* Metrics in Prometheus' text format. Labels come from closed sets only; counters exist from the start, at 0, so that the first
 * event is an increase; time is in seconds. Everything is of this process: sums are the reader's.
 *
 * The format wants each family introduced once and whole, so a family is written in one go, whatever it walks over. */
#include "daemon/admin/internal.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- the format ---- */

/* A label's value: backslash, quote and line break would end it. */
static void value_of(struct rg_buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            rg_buf_addc(b, '\\');
        if (*text == '\n')
            rg_buf_adds(b, "\\n");
        else
            rg_buf_addc(b, *text);
    }
}

/* `help` is a literal of ours: one line, no backslash. */
static void family(struct rg_buf *b, const char *name, const char *type, const char *help)
{
    rg_buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

struct label {
    const char *name, *value; /* NULL ends a list */
};
#define LABELS(...) ((const struct label[]){__VA_ARGS__, {NULL, NULL}})

static void head(struct rg_buf *b, const char *name, const struct label *labels)
{
    rg_buf_adds(b, name);
    for (const struct label *label = labels; label != NULL && label->name != NULL; label++) {
        rg_buf_addf(b, "%s%s=\"", label == labels ? "{" : ",", label->name);
        value_of(b, label->value);
        rg_buf_addc(b, '"');
    }
    rg_buf_adds(b, labels != NULL ? "} " : " ");
}

static void sample(struct rg_buf *b, const char *name, const struct label *labels, uint64_t value)
{
    head(b, name, labels);
    rg_buf_addf(b, "%" PRIu64 "\n", value);
}

static void sample_i64(struct rg_buf *b, const char *name, const struct label *labels, int64_t value)
{
    head(b, name, labels);
    rg_buf_addf(b, "%" PRId64 "\n", value);
}

/* Never negative: ages of what is in the future are 0. */
static void sample_ms(struct rg_buf *b, const char *name, const struct label *labels, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    head(b, name, labels);
    rg_buf_addf(b, "%" PRId64 ".%03" PRId64 "\n", ms / 1000, ms % 1000);
}

static void counter(struct rg_buf *b, const char *name, const char *help, uint64_t value)
{
    family(b, name, "counter", help);
    sample(b, name, NULL, value);
}

static void gauge(struct rg_buf *b, const char *name, const char *help, int64_t value)
{
    family(b, name, "gauge", help);
    sample_i64(b, name, NULL, value);
}

static void seconds(struct rg_buf *b, const char *name, const char *help, int64_t ms)
{
    family(b, name, "gauge", help);
    sample_ms(b, name, NULL, ms);
}

/* ---- what there is ---- */

static void process_metrics(struct rg_admin_call *call, const struct rg_daemon_status *s, struct rg_buf *b)
{
    family(b, "regua_build_info", "gauge", "Always 1; says which version runs.");
    sample(b, "regua_build_info", LABELS({"version", RG_VERSION}), 1);
    family(b, "regua_rules_info", "gauge",
           "Always 1; says which rules are in force. Different versions among processes: reload.");
    sample(b, "regua_rules_info", LABELS({"version", s->rules}), 1);
    struct rg_daemon_reload reload;
    rg_daemon_reload_state(call->admin->daemon, call->arena, &reload);
    gauge(b, "regua_config_last_reload_successful", "0 when the rules on disk were refused: older ones are in force.",
          !reload.rejected);
    seconds(b, "regua_config_last_reload_success_timestamp_seconds", "When the rules in force were read.", reload.fine_at_ms);
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
        sample(b, "regua_shards", LABELS({"state", rg_shard_state_name(states[k])}), in_state[k]);
    gauge(b, "regua_consumer_lag_records", "Ledger records known to be there and not yet folded.", lag);
    seconds(b, "regua_due_oldest_seconds", "How long the oldest timer that is due has been waiting.",
            s->next_due_ms < s->now_ms ? s->now_ms - s->next_due_ms : 0);
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
        sample(b, "regua_events_total", LABELS({"result", events[i].result}), events[i].value);
    counter(b, "regua_decisions_total", "Decisions made.", c->decided);
    family(b, "regua_suppressed_total", "counter", "Steps whose window closed, by the gate that blocked them last.");
    for (int gate = RG_GATE_NONE + 1; gate < RG_GATE_COUNT; gate++)
        sample(b, "regua_suppressed_total", LABELS({"gate", rg_gate_name((enum rg_gate)gate)}), c->suppressed[gate]);
    counter(b, "regua_voided_total", "Queued actions that a fact made unwanted before delivery.", c->voided);
    counter(b, "regua_recalled_total", "Queued actions called back for a reason outside the ledger.", c->recalled);
    counter(b, "regua_restores_overdue_total", "Alarms about services owed back that nobody has confirmed in time.", c->overdue);
    gauge(b, "regua_actions_under_way", "Actions queued or in a sender's hands.", c->under_way);
    counter(b, "regua_redis_commits_total", "Batches committed.", c->batches);
    counter(b, "regua_redis_rewinds_total", "Times that Redis had lost or regained something and a shard folded again.",
            c->rewinds);
}

/* ---- sources ---- */

static void source_counters(struct rg_admin_call *call, struct rg_buf *b)
{
    const struct rg_ingest_source_counters *c;
    const char *source = NULL;
    struct rg_daemon *daemon = call->admin->daemon;
    const struct rg_shard_counters *shards = rg_daemon_shard_counters(daemon);
    family(b, "regua_source_records_total", "counter", "Records read from a source's topic, by what they were.");
    for (int i = 0; (c = rg_daemon_source(daemon, i, &source)) != NULL; i++) {
        sample(b, "regua_source_records_total", LABELS({"source", source}, {"result", "accepted"}), c->accepted);
        sample(b, "regua_source_records_total", LABELS({"source", source}, {"result", "ignored"}), c->ignored);
        sample(b, "regua_source_records_total", LABELS({"source", source}, {"result", "dead"}), c->rejected);
    }
    family(b, "regua_source_deadletter_total", "counter", "Dead letters written for a source's records, by reason.");
    for (int i = 0; (c = rg_daemon_source(daemon, i, &source)) != NULL; i++)
        for (int k = 0; k < RG_INGEST_REASONS; k++)
            sample(b, "regua_source_deadletter_total", LABELS({"source", source}, {"reason", rg_ingest_reason(k)}), c->dead[k]);
    family(b, "regua_source_repeated_total", "counter",
           "Ledger records of a source that a shard here had applied already: what was read again after a restart.");
    for (int i = 0; i < RG_SOURCES_MAX && rg_daemon_source(daemon, i, &source) != NULL; i++)
        sample(b, "regua_source_repeated_total", LABELS({"source", source}), shards->repeated_of[i]);
    family(b, "regua_deadletter_total", "counter", "Dead letters written, by whoever met what could not be used.");
    sample(b, "regua_deadletter_total", LABELS({"by", "ingest"}), rg_admin_ingest_dead(daemon));
    sample(b, "regua_deadletter_total", LABELS({"by", "shard"}), shards->dead);
}

static const char *partition_name(const struct rg_ingest_part *part, char text[16])
{
    (void)snprintf(text, 16, "%d", part->partition);
    return text;
}

static void source_positions(struct rg_admin_call *call, struct rg_buf *b)
{
    size_t n = 0;
    char text[16];
    const struct rg_ingest_part *parts = rg_daemon_source_parts(call->admin->daemon, call->arena, &n);
    family(b, "regua_source_lag_records", "gauge", "Records of a source's partition that are there and not yet read.");
    for (size_t i = 0; i < n; i++)
        if (parts[i].lag >= 0)
            sample_i64(b, "regua_source_lag_records",
                       LABELS({"source", parts[i].source}, {"partition", partition_name(&parts[i], text)}), parts[i].lag);
    family(b, "regua_source_read_through_timestamp_seconds", "gauge",
           "The frontier: everything that upstream had published in this partition by then is in the ledger. Moves while "
           "somebody needs to know.");
    for (size_t i = 0; i < n; i++)
        if (parts[i].fresh_ms >= 0)
            sample_ms(b, "regua_source_read_through_timestamp_seconds",
                      LABELS({"source", parts[i].source}, {"partition", partition_name(&parts[i], text)}), parts[i].fresh_ms);
    family(b, "regua_source_partition_read", "gauge",
           "1 while a source's partition is read here, 0 while it is being opened or was stopped because its topic is not the "
           "one it was.");
    for (size_t i = 0; i < n; i++)
        sample(b, "regua_source_partition_read",
               LABELS({"source", parts[i].source}, {"partition", partition_name(&parts[i], text)}),
               parts[i].state == RG_INGEST_READING);
}

/* ---- channels ---- */

static void sender_metrics(struct rg_admin_call *call, struct rg_buf *b)
{
    const struct rg_sender_counters *s;
    const char *channel = NULL;
    struct rg_daemon *daemon = call->admin->daemon;
    family(b, "regua_actions_total", "counter", "Actions taken from a channel's topic.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        sample(b, "regua_actions_total", LABELS({"channel", channel}), s->taken);
    family(b, "regua_actions_dropped_total", "counter", "Copies of actions that were no longer wanted.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        sample(b, "regua_actions_dropped_total", LABELS({"channel", channel}), s->dropped);
    family(b, "regua_actions_unreadable_total", "counter",
           "Records of a channel's topic that are no actions of it: passed over, and an error in the log.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        sample(b, "regua_actions_unreadable_total", LABELS({"channel", channel}), s->unreadable);
    family(b, "regua_claims_total", "counter", "Claims to deliver appended to the ledger.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        sample(b, "regua_claims_total", LABELS({"channel", channel}), s->claimed);
    family(b, "regua_deliveries_total", "counter", "Ends of attempts to deliver, by the sender's verdict.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        for (int v = RG_VERDICT_UNSET + 1; v < RG_VERDICT_COUNT; v++)
            sample(b, "regua_deliveries_total", LABELS({"channel", channel}, {"result", rg_verdict_name((enum rg_verdict)v)}),
                   s->verdicts[v]);
    family(b, "regua_actions_in_hand", "gauge", "Actions that a sender is working on.");
    for (int i = 0; (s = rg_daemon_sender(daemon, i, &channel)) != NULL; i++)
        sample_i64(b, "regua_actions_in_hand", LABELS({"channel", channel}), s->in_hand);
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
    source_counters(call, body);
    source_positions(call, body);
    sender_metrics(call, body);
}
