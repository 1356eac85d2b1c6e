/* One debtor: found by his id, or by an invoice through its home shard; read from Redis whoever owns the shard, for the record is
 * the same for all. People on the phone have an invoice's number more often than our id, so every place that takes the one takes
 * the other. */
#include "daemon/admin/internal.h"

#include "base/core/log.h"
#include "daemon/rules/explain.h"
#include "daemon/shard/parking.h"
#include "daemon/state/codec.h"
#include "daemon/state/store_redis.h"

#define NAMESPACES_MAX 128
#define FOUND_MAX 16
#define WORLD_ARENA_BYTES ((size_t)1024 * 1024)

/* ---- finding ---- */

struct namespaces {
    struct rg_str names[NAMESPACES_MAX];
    size_t count;
};

static void add_namespace(struct namespaces *to, struct rg_str name)
{
    for (size_t i = 0; i < to->count; i++)
        if (rg_str_eq(to->names[i], name))
            return;
    if (rg_str_has(name) && to->count < NAMESPACES_MAX)
        to->names[to->count++] = name;
}

/* Where invoice ids may live: the sources' namespaces, and the creditors', which stand in where a source names none. */
static struct namespaces all_namespaces(const struct rg_site *site)
{
    struct namespaces all = {.count = 0};
    for (size_t i = 0; i < site->sources.count; i++)
        add_namespace(&all, rg_site_sources(site)[i].ns);
    for (size_t i = 0; i < site->creditors.count; i++)
        add_namespace(&all, rg_site_creditors(site)[i].section.name);
    return all;
}

struct found {
    struct rg_str debtor, ns, invoice;
};
struct finds {
    struct found items[FOUND_MAX];
    size_t count;
};

static int ask_home_shard(struct rg_admin_call *call, struct rg_state_reader *reader, struct rg_str ns, struct rg_str invoice,
                          struct finds *finds, struct rg_error *err)
{
    struct rg_str ref = rg_ref(call->arena, RG_REF_INVOICE, ns, invoice), value;
    struct rg_reference reference;
    const struct rg_store_key key = {RG_STORE_REFERENCE, ref};
    int rc = rg_state_reader_get(reader, rg_shard_of(ref, (int)call->admin->site->kafka.shards), &key, 1, call->arena, &value,
                                 err);
    if (rc == 0)
        rc = rg_reference_decode(value, call->arena, &reference, err);
    if (rc == 0 && reference.debtor.p != NULL && finds->count < FOUND_MAX)
        finds->items[finds->count++] = (struct found){reference.debtor, ns, invoice};
    return rc;
}

/* "asaas:pay_1" is pay_1 of asaas, and an invoice that is really called "asaas:pay_1" in any namespace. */
static int find_invoice(struct rg_admin_call *call, struct rg_state_reader *reader, struct rg_str text, struct finds *finds,
                        struct rg_error *err)
{
    struct namespaces all = all_namespaces(call->admin->site);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < all.count; i++) {
        struct rg_str ns = all.names[i];
        rc = ask_home_shard(call, reader, ns, text, finds, err);
        bool prefixed = text.n > ns.n + 1 && text.p[ns.n] == ':' && rg_str_eq((struct rg_str){text.p, ns.n}, ns);
        if (rc == 0 && prefixed)
            rc = ask_home_shard(call, reader, ns, (struct rg_str){text.p + ns.n + 1, text.n - ns.n - 1}, finds, err);
    }
    return rc;
}

static bool good_id(struct rg_admin_call *call, struct rg_str id)
{
    if (rg_str_has(id) && id.n <= RG_ID_BYTES_MAX)
        return true;
    rg_admin_fail(call, 400, "invalid", "an id of 1 to %d bytes expected", RG_ID_BYTES_MAX);
    return false;
}

/* ---- reading ---- */

static int load(struct rg_admin_call *call, struct rg_state_reader *reader, struct rg_str debtor, struct rg_arena *arena,
                struct rg_record **ret_record, struct rg_error *err)
{
    const struct rg_store_key key = {RG_STORE_DEBTOR, debtor};
    struct rg_str value;
    int rc = rg_state_reader_get(reader, rg_shard_of(debtor, (int)call->admin->site->kafka.shards), &key, 1, arena, &value, err);
    if (rc == 0 && value.p == NULL)
        rc = rg_fail(err, RG_ENOTFOUND, "no debtor and no invoice \"" RG_STR_FMT "\" is known", RG_STR_ARG(debtor));
    return rc == 0 ? rg_record_decode(value, debtor, arena, ret_record, err) : rc;
}

/* As a debtor's id; where there is none, as an invoice. Two invoices of that name with different debtors are for the asker to
 * tell apart. False: the answer is given. */
static bool find(struct rg_admin_call *call, struct rg_state_reader *reader, struct rg_arena *arena,
                 struct rg_record **ret_record)
{
    struct rg_error err;
    struct finds finds = {.count = 0};
    int rc = load(call, reader, call->segment, arena, ret_record, &err);
    if (rc == 0)
        return true;
    struct rg_error unknown = err;
    if (rc == RG_ENOTFOUND)
        rc = find_invoice(call, reader, call->segment, &finds, &err);
    for (size_t i = 1; i < finds.count; i++) {
        if (rg_str_eq(finds.items[i].debtor, finds.items[0].debtor))
            continue;
        rg_admin_fail(call, 409, "ambiguous",
                      "invoice " RG_STR_FMT " is owed by " RG_STR_FMT " (" RG_STR_FMT ") and by " RG_STR_FMT " (" RG_STR_FMT
                      "): name the debtor",
                      RG_STR_ARG(call->segment), RG_STR_ARG(finds.items[0].debtor), RG_STR_ARG(finds.items[0].ns),
                      RG_STR_ARG(finds.items[i].debtor), RG_STR_ARG(finds.items[i].ns));
        return false;
    }
    if (rc == 0 && finds.count == 0)
        err = unknown;
    if (rc == 0 && finds.count > 0)
        rc = load(call, reader, finds.items[0].debtor, arena, ret_record, &err);
    if (rc == 0 && finds.count > 0)
        return true;
    rg_admin_fail_err(call, &err);
    return false;
}

static struct rg_state_reader *reader_of(struct rg_admin_call *call)
{
    struct rg_state_reader *reader = NULL;
    struct rg_error err;
    if (rg_state_reader_new(rg_daemon_redis(call->admin->daemon), &reader, &err) < 0)
        rg_admin_fail_err(call, &err);
    return reader;
}

/* ---- the three routes ---- */

void rg_admin_debtors(struct rg_admin_call *call)
{
    struct rg_str invoice;
    struct rg_error err;
    struct finds finds = {.count = 0};
    if (!rg_admin_query(call, "invoice", &invoice) || !good_id(call, invoice))
        return;
    RG_CLEANUP(rg_state_reader_free) struct rg_state_reader *reader = reader_of(call);
    if (reader == NULL)
        return;
    if (find_invoice(call, reader, invoice, &finds, &err) < 0) {
        rg_admin_fail_err(call, &err);
        return;
    }
    struct rg_jw jw;
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_array(&jw, "debtors");
    for (size_t i = 0; i < finds.count; i++) {
        rg_jw_object(&jw);
        rg_jw_member_str(&jw, "debtor", finds.items[i].debtor);
        rg_jw_member_str(&jw, "namespace", finds.items[i].ns);
        rg_jw_member_str(&jw, "invoice", finds.items[i].invoice);
        rg_jw_object_end(&jw);
    }
    rg_jw_array_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

static void log_reveal(struct rg_admin_call *call, const struct rg_record *record)
{
    const struct rg_log_ctx ctx = {.debtor = record->debtor.p, .shard = -1};
    rg_log(RG_LOG_NOTICE, "REVEAL", &ctx, "operator " RG_STR_FMT " read this debtor's personal data",
           RG_STR_ARG(call->who->name));
}

void rg_admin_debtor(struct rg_admin_call *call)
{
    struct rg_record *record = NULL;
    struct rg_error err;
    bool reveal;
    int64_t due_ms = RG_STORE_NEVER;
    if (!rg_admin_flag(call, "reveal", &reveal) || !good_id(call, call->segment))
        return;
    RG_CLEANUP(rg_state_reader_free) struct rg_state_reader *reader = reader_of(call);
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_RECORD_ARENA_BYTES);
    if (reader == NULL || !find(call, reader, arena, &record))
        return;
    int shard = rg_shard_of(record->debtor, (int)call->admin->site->kafka.shards);
    if (rg_state_reader_due(reader, shard, record->debtor, &due_ms, &err) < 0) {
        rg_admin_fail_err(call, &err);
        return;
    }
    if (reveal)
        log_reveal(call, record);
    struct rg_runtime *runtime = rg_daemon_runtime(call->admin->daemon);
    struct rg_ruleset *set = rg_runtime_rules(runtime);
    struct rg_jw jw;
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "shard", shard);
    rg_admin_instant(&jw, "next_look", due_ms);
    rg_jw_key(&jw, "record");
    rg_record_json(record, set->rules->policy.tolerance_cents, reveal, &jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    rg_ruleset_unref(&set);
}

/* A mistyped step would be answered by silence; so it is refused. */
static bool step_known(struct rg_admin_call *call, const struct rg_rules *rules, struct rg_str step)
{
    size_t count = 0;
    if (step.p == NULL)
        return true;
    for (int i = 0; i < rules->ladder_count; i++)
        count += (size_t)(rules->ladders[i].step_count + rules->ladders[i].owed_count);
    struct rg_str *names = RG_NEW(call->arena, struct rg_str, count + 1);
    count = 0;
    for (int i = 0; i < rules->ladder_count; i++) {
        for (int k = 0; k < rules->ladders[i].step_count; k++)
            names[count++] = rules->ladders[i].steps[k].name;
        for (int k = 0; k < rules->ladders[i].owed_count; k++)
            names[count++] = rules->ladders[i].owed[k].name;
    }
    for (size_t i = 0; i < count; i++)
        if (rg_str_eq(names[i], step))
            return true;
    rg_admin_fail(call, 400, "unknown_step", "no ladder has a step \"" RG_STR_FMT "\"%s", RG_STR_ARG(step),
                  rg_admin_suggest(call, step, names, count));
    return false;
}

/* False, and the answer is given, for a format that does not exist. */
static bool wants_text(struct rg_admin_call *call, bool *ret_text)
{
    struct rg_str format, accept = rg_httpd_header(call->request, "Accept");
    if (!rg_admin_query(call, "format", &format))
        return false;
    if (format.p != NULL && !rg_str_is(format, "text") && !rg_str_is(format, "json")) {
        rg_admin_fail(call, 400, "invalid", "format=text or format=json expected");
        return false;
    }
    *ret_text = rg_str_is(format, "text") ||
                (format.p == NULL && accept.n >= 10 && rg_str_eq((struct rg_str){accept.p, 10}, RG_STR("text/plain")));
    return true;
}

static void write_explanation(struct rg_admin_call *call, const struct rg_rules *rules, struct rg_record *record,
                              struct rg_str step, bool text, bool all)
{
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(WORLD_ARENA_BYTES);
    struct rg_world world = rg_daemon_world(call->admin->daemon,
                                            rg_shard_of(record->debtor, (int)call->admin->site->kafka.shards), arena);
    struct rg_jw jw;
    if (text) {
        rg_explain_text(rules, &world, record, step, all, &call->response->body);
        return;
    }
    rg_admin_json(call, &jw);
    rg_explain_json(rules, &world, record, step, &jw);
    rg_jw_done(&jw);
}

void rg_admin_explain(struct rg_admin_call *call)
{
    struct rg_record *record = NULL;
    struct rg_str step;
    bool text, all;
    if (!rg_admin_query(call, "step", &step) || !rg_admin_flag(call, "all", &all) || !wants_text(call, &text) ||
        !good_id(call, call->segment))
        return;
    RG_CLEANUP(rg_state_reader_free) struct rg_state_reader *reader = reader_of(call);
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_RECORD_ARENA_BYTES);
    if (reader == NULL)
        return;
    struct rg_runtime *runtime = rg_daemon_runtime(call->admin->daemon);
    struct rg_ruleset *set = rg_runtime_rules(runtime);
    if (step_known(call, set->rules, step) && find(call, reader, arena, &record))
        write_explanation(call, set->rules, record, step, text, all);
    rg_ruleset_unref(&set);
}
