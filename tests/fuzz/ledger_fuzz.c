/* Others may write into our topics, too. One line a record, "KIND KEY ORIGIN VALUE" ("-": none); kinds of the people topic go
 * there. A shard folds them all and acts on what it believes: it sets aside what it cannot use, is never stopped by it, and what
 * it stores can be read again. */
#include "tests/unit/daemon/shard/bench.h"

#include "base/core/log.h"

#define RECORDS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rg_rules *rules;

static void clean_up(void)
{
    rg_rules_free(&rules);
}

static void swallow(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    (void)level, (void)id, (void)ctx, (void)text, (void)sink_ctx;
}

static void load(void)
{
    (void)setenv("RG_SOURCE_DIR", RG_SOURCE, 0); /* where the shipped ladders are, unless the caller knows better */
    rg_log_capture(swallow, NULL);
    rules = rg_test_rules_shipped("internet_residencial", NULL);
    (void)atexit(clean_up);
}

/* Up to `mark`, and what comes after it in *rest. */
static struct rg_str cut(struct rg_str *rest, char mark)
{
    if (rest->n == 0)
        return *rest;
    const char *end = memchr(rest->p, mark, rest->n);
    struct rg_str head = {rest->p, end == NULL ? rest->n : (size_t)(end - rest->p)};
    size_t used = head.n + (end != NULL ? 1 : 0);
    *rest = (struct rg_str){rest->p + used, rest->n - used};
    return rg_str_is(head, "-") ? (struct rg_str){NULL, 0} : head;
}

static void put_line(struct bench *b, struct rg_str line)
{
    struct rg_str kind = cut(&line, ' '), key = cut(&line, ' '), origin = cut(&line, ' ');
    enum rg_kind of = rg_kind_of(kind);
    bool personal = of == RG_REC_UPDATE || of == RG_REC_MERGED;
    const struct rg_kafka_header headers[] = {{RG_HEADER_KIND, kind}, {RG_HEADER_ORIGIN, origin}};
    const struct rg_kafka_record record = {.topic = personal ? PEOPLE : LEDGER,
                                           .partition = b->p,
                                           .key = key,
                                           .value = line,
                                           .headers = headers,
                                           .headers_n = origin.p != NULL ? 2 : 1};
    (void)rg_fake_stream_append(b->stream, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const days[] = {"2026-10-29 12:00", "2026-11-04 12:00", "2026-12-10 12:00"};
    struct rg_str rest = {(const char *)data, size};
    if (rules == NULL)
        load();
    struct bench *b = bench_with(rules, rg_shard_of(RG_STR("D1"), SHARDS));
    b->borrowed = b->reopens = true;
    bench_settle(b);
    for (int i = 0; i < RECORDS_MAX && rest.n > 0; i++)
        put_line(b, cut(&rest, '\n'));
    bench_settle(b);
    for (size_t i = 0; i < RG_COUNT(days); i++) {
        b->world.now_ms = at(days[i]);
        bench_round(b);
    }
    rg_assert(rg_shard_state(b->shard) == RG_SHARD_RUNNING);
    if (rg_fake_state_value(b->state, RG_STORE_DEBTOR, "D1").p != NULL)
        (void)record_of(b, "D1");
    bench_free(b);
    return 0;
}
