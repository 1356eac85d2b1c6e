#include "tests/unit/daemon/admin/fake_daemon.h"

#include "daemon/shard/parking.h"
#include "daemon/state/codec.h"
#include "tests/fakes/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what the port asks of the process ---- */

void rg_daemon_status(struct rg_daemon *daemon, struct rg_daemon_status *ret_status)
{
    *ret_status = daemon->status;
}

void rg_daemon_reload_state(struct rg_daemon *daemon, struct rg_arena *arena, struct rg_daemon_reload *ret_state)
{
    *ret_state = daemon->reload;
    ret_state->findings = rg_arena_str(arena, rg_str_has(daemon->reload.findings) ? daemon->reload.findings : RG_STR(""));
}

struct rg_runtime *rg_daemon_runtime(struct rg_daemon *daemon)
{
    return &daemon->runtime;
}

struct rg_control *rg_daemon_control(struct rg_daemon *daemon)
{
    return daemon->kafka_down ? NULL : (struct rg_control *)(void *)daemon; /* only handed back to the functions below */
}

const struct rg_redis_config *rg_daemon_redis(struct rg_daemon *daemon)
{
    return &daemon->redis;
}

const struct rg_shard_counters *rg_daemon_shard_counters(struct rg_daemon *daemon)
{
    return &daemon->counters;
}

const struct rg_sender_counters *rg_daemon_sender(struct rg_daemon *daemon, int index, const char **ret_channel)
{
    *ret_channel = "email";
    return index == 0 ? &daemon->sender : NULL;
}

const struct rg_ingest_source_counters *rg_daemon_source(struct rg_daemon *daemon, int index, const char **ret_source)
{
    if (index < 0 || (size_t)index >= RG_COUNT(daemon->ingest))
        return NULL;
    *ret_source = daemon->sources[index].section.name.p;
    return &daemon->ingest[index];
}

const struct rg_ingest_part *rg_daemon_source_parts(struct rg_daemon *daemon, struct rg_arena *arena, size_t *ret_count)
{
    (void)arena;
    *ret_count = RG_COUNT(daemon->parts);
    return daemon->parts;
}

struct rg_world rg_daemon_world(struct rg_daemon *daemon, int shard, struct rg_arena *arena)
{
    (void)shard, (void)arena;
    return daemon->world;
}

/* ---- regua.control ---- */

static int act(struct rg_control *control, struct rg_error *err, const char *fmt, ...) RG_PRINTF(3, 4);
static int act(struct rg_control *control, struct rg_error *err, const char *fmt, ...)
{
    struct rg_daemon *daemon = (struct rg_daemon *)(void *)control;
    va_list args;
    if (daemon->act_rc < 0)
        return rg_fail(err, daemon->act_rc, "the act was not acknowledged");
    va_start(args, fmt);
    (void)vsnprintf(daemon->act, sizeof daemon->act, fmt, args);
    va_end(args);
    return 0;
}

int rg_control_go_live(struct rg_control *control, struct rg_str max_step, int64_t spread_ms, struct rg_str by,
                       struct rg_str reason, struct rg_error *err)
{
    return act(control, err, "go-live " RG_STR_FMT " " RG_STR_FMT " %lld " RG_STR_FMT, RG_STR_ARG(by), RG_STR_ARG(max_step),
               (long long)spread_ms, RG_STR_ARG(reason));
}

int rg_control_stop(struct rg_control *control, bool stopped, struct rg_str by, struct rg_str reason, struct rg_error *err)
{
    return act(control, err, "%s " RG_STR_FMT " " RG_STR_FMT, stopped ? "stop" : "resume", RG_STR_ARG(by), RG_STR_ARG(reason));
}

int rg_control_synced(struct rg_control *control, struct rg_str source, int64_t through_ms, struct rg_str by, struct rg_str reason,
                      struct rg_error *err)
{
    return act(control, err, "synced " RG_STR_FMT " " RG_STR_FMT " %lld " RG_STR_FMT, RG_STR_ARG(by), RG_STR_ARG(source), (long long)through_ms,
               RG_STR_ARG(reason));
}

/* ---- Redis ---- */

struct rg_state_reader {
    struct rg_daemon *daemon;
};

int rg_state_reader_new(const struct rg_redis_config *config, struct rg_state_reader **ret_reader, struct rg_error *err)
{
    struct rg_daemon *daemon = (struct rg_daemon *)(void *)((uintptr_t)config - offsetof(struct rg_daemon, redis));
    if (daemon->redis_down)
        return rg_fail(err, RG_EUNREACHABLE, "Redis at 127.0.0.1:6379 cannot be reached");
    *ret_reader = rg_alloc(sizeof **ret_reader);
    (*ret_reader)->daemon = daemon;
    return 0;
}

void rg_state_reader_free(struct rg_state_reader **reader)
{
    rg_free(reader);
}

int rg_state_reader_get(struct rg_state_reader *reader, int shard, const struct rg_store_key *keys, size_t n,
                        struct rg_arena *arena, struct rg_str *ret_values, struct rg_error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        ret_values[i] = (struct rg_str){0};
        rg_assert(shard == rg_shard_of(keys[i].id, (int)reader->daemon->site.kafka.shards));
        for (size_t k = 0; k < reader->daemon->value_count; k++) {
            const struct fake_value *value = &reader->daemon->values[k];
            if (value->kind == (int)keys[i].kind && rg_str_is(keys[i].id, value->id))
                ret_values[i] = rg_arena_str(arena, rg_buf_str(&value->bytes));
        }
    }
    return 0;
}

int rg_state_reader_due(struct rg_state_reader *reader, int shard, struct rg_str debtor, int64_t *ret_due_ms,
                        struct rg_error *err)
{
    (void)shard, (void)debtor, (void)err;
    *ret_due_ms = reader->daemon->due_ms;
    return 0;
}

/* ---- making one ---- */

static int64_t clock_now(void *ctx)
{
    return ((struct rg_daemon *)ctx)->now_ms;
}

void fake_token_path(const struct rg_daemon *daemon, const char *name, char ret_path[128])
{
    (void)snprintf(ret_path, 128, "%s/%s", daemon->directory, name);
}

static void add_operator(struct rg_daemon *daemon, const char *name, const char *token, uint64_t roles)
{
    char path[128];
    struct rg_site_operator *operator = &daemon->operators[daemon->site.http.operators.count++];
    fake_token_path(daemon, name, path);
    FILE *f = fopen(path, "we");
    rg_assert(f != NULL);
    (void)fprintf(f, "%s\n", token);
    int rc = fclose(f);
    rg_assert(rc == 0);
    *operator=(struct rg_site_operator){
        .section = {.name = rg_str(name)}, .token = {RG_SECRET_FILE, rg_str(name)}, .roles = roles};
}

static void make_site(struct rg_daemon *daemon)
{
    struct rg_site *site = &daemon->site;
    site->directory = daemon->directory;
    site->kafka.shards = 64;
    (void)snprintf(site->http.listen.host, sizeof site->http.listen.host, "127.0.0.1");
    site->http.listen.loopback = true;
    daemon->sources[0] = (struct rg_site_source){.section = {.name = RG_STR("billing")}, .payments = RG_SITE_PAYMENTS_LIVE};
    daemon->sources[1] = (struct rg_site_source){
        .section = {.name = RG_STR("bank")}, .ns = RG_STR("bank"), .payments = RG_SITE_PAYMENTS_SYNCED};
    daemon->creditors[0] = (struct rg_site_creditor){.section = {.name = RG_STR("provedor")}};
    site->sources = (struct rg_sections){daemon->sources, RG_COUNT(daemon->sources)};
    site->creditors = (struct rg_sections){daemon->creditors, RG_COUNT(daemon->creditors)};
    site->http.operators.items = daemon->operators;
    add_operator(daemon, "maria", FAKE_MARIA, RG_SITE_ROLE_LOOK | RG_SITE_ROLE_ACT | RG_SITE_ROLE_APPROVE);
    add_operator(daemon, "lia", FAKE_LIA, RG_SITE_ROLE_LOOK);
}

static void make_status(struct rg_daemon *daemon)
{
    struct rg_daemon_status *s = &daemon->status;
    *s = (struct rg_daemon_status){.ready = true,
                                   .shard_count = 2,
                                   .shards_configured = 64,
                                   .now_ms = daemon->now_ms,
                                   .next_due_ms = daemon->now_ms - 2500,
                                   .rules = "3fa9c1d200aa"};
    s->shards[0] = (struct rg_worker_shard){
        .shard = 7, .state = RG_SHARD_RUNNING, .lag = 3, .asof_ms = daemon->now_ms - 1200, .next_due_ms = daemon->now_ms - 2500};
    s->shards[1] = (struct rg_worker_shard){
        .shard = 9, .state = RG_SHARD_RUNNING, .asof_ms = daemon->now_ms - 200, .next_due_ms = RG_STORE_NEVER, .at_rest = true};
    daemon->reload = (struct rg_daemon_reload){.at_ms = daemon->now_ms, .fine_at_ms = daemon->now_ms};
    daemon->due_ms = RG_STORE_NEVER;
    daemon->counters.folded = 1200;
    daemon->counters.suppressed[RG_GATE_PAID] = 4;
    daemon->counters.dead = 2;
    daemon->counters.repeated_of[0] = 5;
    daemon->ingest[0].accepted = 900;
    daemon->ingest[0].rejected = 3;
    daemon->ingest[0].dead[0] = 3;
    daemon->ingest[1].ignored = 7;
    daemon->ingest[1].dead[RG_INGEST_REASONS - 1] = 1;
    daemon->parts[0] = (struct rg_ingest_part){
        .source = "billing", .partition = 0, .state = RG_INGEST_READING, .next = 700, .lag = 12, .fresh_ms = daemon->now_ms - 900};
    daemon->parts[1] = (struct rg_ingest_part){
        .source = "billing", .partition = 1, .state = RG_INGEST_OPENING, .next = -1, .lag = -1, .fresh_ms = -1};
    daemon->parts[2] = (struct rg_ingest_part){
        .source = "bank", .state = RG_INGEST_STOPPED, .next = 40, .lag = 0, .fresh_ms = daemon->now_ms, .trouble = "made anew"};
    daemon->sender.unreadable = 6;
    daemon->sender.taken = 40;
    daemon->sender.verdicts[RG_VERDICT_ACCEPTED] = 38;
}

void fake_daemon_open(struct rg_daemon *daemon)
{
    struct rg_templates *templates = NULL;
    struct rg_error err;
    memset(daemon, 0, sizeof *daemon);
    (void)snprintf(daemon->directory, sizeof daemon->directory, "/tmp/regua-admin-XXXXXX");
    const char *made = mkdtemp(daemon->directory);
    rg_assert(made != NULL);
    bool parsed = rg_instant_parse(RG_STR("2026-11-24T10:12:00-03:00"), &daemon->now_ms);
    rg_assert(parsed);
    make_site(daemon);
    make_status(daemon);
    daemon->clock = (struct rg_clock){clock_now, clock_now, clock_now, daemon};
    daemon->world = (struct rg_world){
        .now_ms = daemon->now_ms, .asof_ms = daemon->now_ms, .due_ms = daemon->now_ms, .all_known = true, .all_live = true, .shards = 64};
    rg_runtime_init(&daemon->runtime, &daemon->site, &daemon->clock);
    struct rg_rules *rules = rg_test_rules_shipped("internet_residencial", &templates);
    rg_runtime_set_rules(&daemon->runtime, rg_ruleset_new(rules, templates));
    int rc = rg_admin_new(daemon, &daemon->site, &daemon->admin, &err);
    rg_assert(rc == 0);
}

void fake_daemon_close(struct rg_daemon *daemon)
{
    char path[128];
    rg_admin_free(&daemon->admin);
    rg_runtime_done(&daemon->runtime);
    for (size_t i = 0; i < daemon->value_count; i++)
        rg_buf_done(&daemon->values[i].bytes);
    fake_token_path(daemon, "maria", path);
    (void)unlink(path);
    fake_token_path(daemon, "lia", path);
    (void)unlink(path);
    (void)rmdir(daemon->directory);
}

static struct rg_buf *put(struct rg_daemon *daemon, enum rg_store_kind kind, const char *id)
{
    rg_assert(daemon->value_count < FAKE_VALUES_MAX);
    struct fake_value *value = &daemon->values[daemon->value_count++];
    value->kind = (int)kind;
    (void)snprintf(value->id, sizeof value->id, "%s", id);
    rg_buf_init(&value->bytes, RG_RECORD_STORED_MAX);
    return &value->bytes;
}

void fake_daemon_put_debtor(struct rg_daemon *daemon, const struct rg_record *record)
{
    struct rg_error err;
    char id[RG_ID_BYTES_MAX + 1];
    (void)snprintf(id, sizeof id, RG_STR_FMT, RG_STR_ARG(record->debtor));
    int rc = rg_record_encode(record, put(daemon, RG_STORE_DEBTOR, id), &err);
    rg_assert(rc == 0);
}

void fake_daemon_put_reference(struct rg_daemon *daemon, const char *reference, const char *debtor)
{
    const struct rg_reference located = {.debtor = rg_str(debtor)};
    rg_reference_encode(&located, put(daemon, RG_STORE_REFERENCE, reference));
}
