/* What a debtor costs in Redis: the reference debtor with five of his twelve steps done, a hundred thousand times under as many
 * names, written by the product's own store into a real server. Everything that is charged for (key, dictionary, allocator) is in
 * the growth of used_memory; MEMORY USAGE says which part the value itself has. */
#include "daemon/shard/parking.h"
#include "daemon/state/codec.h"
#include "daemon/state/internal.h"
#include "daemon/state/store_redis.h"
#include "producers/relay/relay.h"
#include "tests/bench/bench.h"
#include "tests/bench/portfolio.h"
#include "tests/bench/reference.h"
#include "tests/fakes/redis_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGES_DONE 5
#define BATCH 500
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define BUDGET_BYTES 350
#define SAMPLES 1000
#define RECEIPT_TTL_MS (90 * INT64_C(86400000))

static int64_t debtors = 100000, shards = REFERENCE_SHARDS;

struct rig {
    struct bench *bench;
    struct rg_redis_server *server;
    struct rg_redis_config config;
    struct rg_redis *redis;
    struct reference reference;
    struct rg_buf bytes; /* the reference debtor's */
    struct rg_pos pos[RG_SHARDS_MAX];
    struct rg_arena *arena;
    uint64_t seed;
};

/* What one debtor adds to a batch in one phase. */
typedef void add_fn(struct rig *rig, int64_t debtor, struct rg_store_batch *batch);

static uint8_t random_byte(struct rig *rig)
{
    rig->seed ^= rig->seed << 13;
    rig->seed ^= rig->seed >> 7;
    rig->seed ^= rig->seed << 17;
    return (uint8_t)(rig->seed >> 32);
}

static int64_t used_bytes(struct rig *rig)
{
    const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
    int64_t before = -1;
    for (;;) { /* until the dictionary has moved */
        const struct rg_redis_reply *reply;
        struct rg_error err = {0};
        if (RG_REDIS_CALL(rig->redis, &reply, &err, RG_STR("INFO"), RG_STR("memory")) < 0)
            bench_fail("%s", err.text);
        int64_t now = strtoll(strstr(reply->text.p, "used_memory:") + strlen("used_memory:"), NULL, 10);
        rg_redis_release(rig->redis);
        if (now == before)
            return now;
        before = now;
        (void)nanosleep(&pause, NULL);
    }
}

static int64_t memory_usage(struct rig *rig, struct rg_str key)
{
    const struct rg_redis_reply *reply;
    struct rg_error err = {0};
    if (RG_REDIS_CALL(rig->redis, &reply, &err, RG_STR("MEMORY"), RG_STR("USAGE"), key, RG_STR("SAMPLES"), RG_STR("0")) < 0)
        bench_fail("%s", err.text);
    int64_t bytes = reply->kind == RG_REDIS_INT ? reply->integer : 0;
    rg_redis_release(rig->redis);
    return bytes;
}

/* ---- writing ---- */

static struct rg_store *open_store(struct rig *rig, int shard)
{
    struct rg_store *store = NULL;
    struct rg_store_opened opened;
    struct rg_error err = {0};
    if (rg_store_redis_new(&rig->config, shard, &store, &err) < 0 || store->ops->open(store, rig->arena, &opened, &err) < 0)
        bench_fail("shard %d: %s", shard, err.text);
    return store;
}

static void commit(struct rig *rig, struct rg_store *store, struct rg_store_batch *batch)
{
    struct rg_error err = {0};
    struct rg_pos *pos = &rig->pos[store->shard];
    struct rg_pos now = *pos;
    now.batch++;
    now.ledger_next += BATCH;
    now.origins = RG_NEW(rig->arena, struct rg_origin_high, PORTFOLIO_UPSTREAM_PARTITIONS);
    now.origin_count = PORTFOLIO_UPSTREAM_PARTITIONS;
    for (int i = 0; i < PORTFOLIO_UPSTREAM_PARTITIONS; i++)
        now.origins[i] = (struct rg_origin_high){.source = RG_STR(PORTFOLIO_SOURCE), .partition = i, .offset = now.ledger_next};
    batch->pos = &now;
    if (store->ops->load(store, NULL, 0, pos->batch, rig->arena, NULL, &err) != RG_COMMITTED ||
        store->ops->commit(store, batch, &err) != RG_COMMITTED)
        bench_fail("shard %d: %s", store->shard, err.text);
    *pos = now;
    pos->origins = NULL;
    pos->origin_count = 0;
}

static void write_shard(struct rig *rig, int shard, add_fn *add)
{
    struct rg_store *store = open_store(rig, shard);
    struct rg_store_batch batch = {.out_done_through = -1};
    size_t in_batch = 0;
    for (int64_t d = 0; add != NULL && d < debtors; d++) {
        if (rg_shard_of(portfolio_debtor(rig->arena, d), (int)shards) != shard)
            continue;
        add(rig, d, &batch);
        if (++in_batch < BATCH)
            continue;
        commit(rig, store, &batch);
        rg_arena_reset(rig->arena);
        batch = (struct rg_store_batch){.out_done_through = -1};
        in_batch = 0;
    }
    commit(rig, store, &batch);
    rg_arena_reset(rig->arena);
    rg_store_free(&store); /* a connection's buffers are not the debtors' */
}

/* Bytes that a phase added. */
static int64_t write_all(struct rig *rig, const char *what, add_fn *add)
{
    int64_t before = used_bytes(rig);
    for (int p = 0; p < shards; p++) {
        bench_progress(rig->bench, what, p, shards);
        write_shard(rig, p, add);
    }
    return used_bytes(rig) - before;
}

/* ---- what is written ---- */

/* `cap` of a batch's lists is BATCH times what one debtor adds, at most 8. */
static struct rg_store_put *new_put(struct rig *rig, struct rg_store_batch *batch)
{
    if (batch->puts == NULL)
        batch->puts = RG_NEW(rig->arena, struct rg_store_put, 8 * BATCH);
    struct rg_store_put *put = (struct rg_store_put *)(uintptr_t)&batch->puts[batch->put_count++];
    *put = (struct rg_store_put){.write = true, .due_ms = RG_STORE_UNCHANGED};
    return put;
}

/* The reference debtor under another name: every id, address and hash is his own, all lengths stay. */
static struct rg_record *renamed(struct rig *rig, int64_t debtor)
{
    struct rg_record *record = NULL;
    struct rg_error err = {0};
    struct portfolio p = {.shards = (int)shards, .now_ms = REFERENCE_ISSUED_MS, .due_in_days = 20};
    struct rg_event person = portfolio_person(&p, rig->arena, debtor), issued = portfolio_event(&p, rig->arena, debtor, 0);
    if (rg_record_decode(rg_buf_str(&rig->bytes), person.debtor, rig->arena, &record, &err) < 0)
        bench_fail("%s", err.text);
    record->name = person.name;
    for (size_t i = 0; i < record->contact_count; i++)
        record->contacts[i].address = person.contacts[i].address;
    record->invoices[0].id = issued.invoice;
    for (size_t i = 0; i < record->invoices[0].done_count; i++) {
        struct rg_done *done = &record->invoices[0].done[i];
        for (size_t b = 0; rg_done_traced(done) && b < sizeof done->trace; b++)
            done->trace[b] = (uint8_t)(random_byte(rig) | 1);
    }
    return record;
}

static struct rg_str stored(struct rig *rig, const struct rg_record *record)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_error err = {0};
    rg_buf_init(&buf, RG_RECORD_BYTES_MAX);
    if (rg_record_encode(record, &buf, &err) < 0)
        bench_fail("%s", err.text);
    return rg_arena_str(rig->arena, rg_buf_str(&buf));
}

static void add_debtor(struct rig *rig, int64_t debtor, struct rg_store_batch *batch)
{
    const struct rg_record *record = renamed(rig, debtor);
    struct rg_store_put *put = new_put(rig, batch);
    put->key = (struct rg_store_key){RG_STORE_DEBTOR, record->debtor};
    put->value = stored(rig, record);
    put->due_ms = rig->reference.now_ms + debtor * 977 % (30 * INT64_C(86400000));
}

static void add_charge(struct rig *rig, int64_t debtor, struct rg_store_batch *batch)
{
    struct portfolio p = {.shards = (int)shards, .now_ms = REFERENCE_ISSUED_MS, .due_in_days = 20};
    struct rg_event issued = portfolio_event(&p, rig->arena, debtor, 0);
    const struct rg_charge charge = {.pix_code = issued.pix_code, .boleto_line = issued.boleto_line, .link = issued.link,
                                     .pix_until = issued.pix_until, .boleto_until = issued.boleto_until};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_store_put *put = new_put(rig, batch);
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_charge_write(&charge, &buf);
    put->key = (struct rg_store_key){RG_STORE_INVOICE, rg_charge_key(rig->arena, issued.ns, issued.invoice)};
    put->value = rg_arena_str(rig->arena, rg_buf_str(&buf));
}

static void put_reference(struct rig *rig, int64_t debtor, struct rg_str ref, int64_t ttl_ms, struct rg_store_batch *batch)
{
    const struct rg_reference reference = {.debtor = portfolio_debtor(rig->arena, debtor)};
    RG_CLEANUP(rg_buf_done) struct rg_buf buf;
    struct rg_store_put *put = new_put(rig, batch);
    rg_buf_init(&buf, RG_EVENT_BYTES_MAX);
    rg_reference_encode(&reference, &buf);
    put->key = (struct rg_store_key){RG_STORE_REFERENCE, ref};
    put->value = rg_arena_str(rig->arena, rg_buf_str(&buf));
    put->ttl_ms = ttl_ms;
}

static void add_located(struct rig *rig, int64_t debtor, struct rg_store_batch *batch)
{
    struct portfolio p = {.shards = (int)shards, .now_ms = REFERENCE_ISSUED_MS};
    struct rg_event issued = portfolio_event(&p, rig->arena, debtor, 0);
    put_reference(rig, debtor, rg_ref(rig->arena, RG_REF_INVOICE, issued.ns, issued.invoice), 0, batch);
}

static struct rg_action_id random_action(struct rig *rig)
{
    struct rg_action_id id;
    for (size_t b = 0; b < sizeof id.b; b++)
        id.b[b] = random_byte(rig);
    return id;
}

/* By which a receipt finds the debtor of a message. */
static void add_receipts(struct rig *rig, int64_t debtor, struct rg_store_batch *batch)
{
    for (int i = 0; i < MESSAGES_DONE; i++) {
        char text[RG_ACTION_TEXT + 1];
        struct rg_action_id id = random_action(rig);
        rg_action_id_print(&id, text);
        put_reference(rig, debtor, rg_arena_printf(rig->arena, "action:%s", text), RECEIPT_TTL_MS, batch);
    }
}

static void add_queued(struct rig *rig, int64_t debtor, struct rg_store_batch *batch)
{
    (void)debtor;
    if (batch->acts == NULL)
        batch->acts = RG_NEW(rig->arena, struct rg_store_act, BATCH);
    struct rg_store_act *act = (struct rg_store_act *)(uintptr_t)&batch->acts[batch->act_count++];
    *act = (struct rg_store_act){.action = random_action(rig), .live = true};
}

/* ---- parts of the record ---- */

static size_t bytes_of(struct rig *rig, const struct rg_record *record)
{
    return stored(rig, record).n;
}

static void measure_parts(struct rig *rig)
{
    struct rg_record whole = *renamed(rig, 1), without = whole;
    struct rg_invoice invoice = whole.invoices[0];
    double all = (double)bytes_of(rig, &whole);
    bench_add(bench_figure(rig->bench, "the record as stored", "B", BENCH_NO_AIM, 0), all);
    without.name = without.document = without.state = without.city = (struct rg_str){0};
    without.contact_count = 0;
    bench_add(bench_figure(rig->bench, "  of it name, document, addresses", "B", BENCH_NO_AIM, 0), all - (double)bytes_of(rig, &without));
    without = whole;
    without.invoices = &invoice;
    invoice.done_count = 0;
    double no_steps = (double)bytes_of(rig, &without);
    bench_add(bench_figure(rig->bench, "  of it five steps done", "B", BENCH_NO_AIM, 0), all - no_steps);
    without.invoice_count = 0;
    bench_add(bench_figure(rig->bench, "  of it the invoice beside them", "B", BENCH_NO_AIM, 0), no_steps - (double)bytes_of(rig, &without));
    rg_arena_reset(rig->arena);
}

/* ---- the run ---- */

static void measure_debtors(struct rig *rig)
{
    int64_t grown = write_all(rig, "writing debtors", add_debtor), value = 0, timers = 0;
    for (int64_t i = 0; i < SAMPLES; i++) {
        struct rg_str debtor = portfolio_debtor(rig->arena, i * debtors / SAMPLES);
        value += memory_usage(rig, rg_key_debtor(rig->arena, (uint32_t)rg_shard_of(debtor, (int)shards), debtor));
    }
    for (int p = 0; p < shards; p++)
        for (unsigned set = 0; set < RG_STATE_TIMER_SETS; set++)
            timers += memory_usage(rig, rg_state_due_key(rig->arena, p, set));
    rg_arena_reset(rig->arena);
    bench_add(bench_figure(rig->bench, "record and timer, growth of used_memory", "B/debtor", BENCH_AT_MOST, BUDGET_BYTES),
              (double)grown / (double)debtors);
    bench_add(bench_figure(rig->bench, "  d: by MEMORY USAGE", "B/debtor", BENCH_NO_AIM, 0), (double)value / SAMPLES);
    bench_add(bench_figure(rig->bench, "  due: by MEMORY USAGE", "B/debtor", BENCH_NO_AIM, 0), (double)timers / (double)debtors);
}

static void measure_phase(struct rig *rig, const char *name, const char *unit, const char *what, add_fn *add, double by)
{
    int64_t grown = write_all(rig, what, add);
    bench_add(bench_figure(rig->bench, name, unit, BENCH_NO_AIM, 0), (double)grown / by);
}

static void begin(struct rig *rig)
{
    struct rg_error err = {0};
    rig->server = rg_redis_server_start(NULL);
    rig->config = (struct rg_redis_config){.url = rg_redis_server_url(rig->server), .connect_timeout_ms = 5000, .command_timeout_ms = 20000};
    rig->arena = rg_arena_new(ARENA_BYTES);
    rig->seed = 88172645463325252u;
    if (rg_redis_new(&rig->config, &rig->redis, &err) < 0 || rg_redis_connect(rig->redis, &err) < 0)
        bench_fail("%s", err.text);
    reference_init(&rig->reference, false);
    reference_live_until(&rig->reference, MESSAGES_DONE);
    rg_buf_init(&rig->bytes, RG_RECORD_BYTES_MAX);
    if (rg_record_encode(rig->reference.record, &rig->bytes, &err) < 0)
        bench_fail("%s", err.text);
    for (int p = 0; p < shards; p++)
        rig->pos[p] = (struct rg_pos){.ledger_next = 1000000, .people_next = 1000000, .ledger_crc = 3141592653u, .seen_ms = REFERENCE_ISSUED_MS,
                                      .asof_ms = REFERENCE_ISSUED_MS, .out_next = 1000000};
}

static void finish(struct rig *rig)
{
    rg_redis_free(&rig->redis);
    rg_redis_server_stop(&rig->server);
    reference_done(&rig->reference);
    rg_buf_done(&rig->bytes);
    rg_arena_free(&rig->arena);
}

int main(int argc, char **argv)
{
    const struct bench_option options[] = {
        {"debtors", &debtors, SAMPLES, 10000000, "debtors"},
        {"shards", &shards, 1, RG_SHARDS_MAX, "partitions of the ledger"},
    };
    struct bench *bench = bench_new(argc, argv, "state", "bytes of a debtor in Redis", options, RG_COUNT(options));
    struct rig rig = {.bench = bench};
    begin(&rig);
    measure_parts(&rig);
    int64_t own_and_pos = write_all(&rig, "opening shards", NULL);
    measure_debtors(&rig);
    measure_phase(&rig, "i: charge of one invoice", "B/invoice", "writing charges", add_charge, (double)debtors);
    measure_phase(&rig, "r: where an invoice is located", "B/invoice", "writing references", add_located, (double)debtors);
    measure_phase(&rig, "r: whose receipt it is, for 90 days", "B/message", "writing receipts' references", add_receipts,
                  (double)debtors * MESSAGES_DONE);
    measure_phase(&rig, "act: one action under way", "B/action", "writing actions", add_queued, (double)debtors);
    bench_add(bench_figure(bench, "own: and pos: of 12 upstream partitions", "B/shard", BENCH_NO_AIM, 0), (double)own_and_pos / (double)shards);
    finish(&rig);
    bench_report(bench);
    bench_free(&bench);
    return 0;
}
