/* The ceiling: what is left of the decide stage without rules. It reads the same partitions with the same client settings, and
 * for each batch of a shard it asks Redis for the same keys and writes as many bytes under them, in one transaction under the same
 * guard. It parses nothing but the length of what it reads, keeps nothing, and spends one round trip a batch: the transaction of
 * one batch and the reads of the next go out together. Values
 * have the lengths of the product's, told by how far the partition is read. */
#include "tests/bench/decide.h"

#include "base/core/hash.h"
#include "config/contract/state.h"
#include "daemon/rules/record.h"
#include "daemon/shard/shard.h"
#include "daemon/state/internal.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define OUT_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define IN_BYTES ((size_t)256 * 1024)
#define PREFETCH_KBYTES "16384" /* the product's */
#define KEY_MAX 160

struct out {
    char *data;
    size_t n;
};

/* What one batch wants of Redis. */
struct batch {
    int shard;
    char keys[3 * DECIDE_BATCH_MAX][KEY_MAX];
    size_t key_n[3 * DECIDE_BATCH_MAX];
    size_t value_n[3 * DECIDE_BATCH_MAX];
    int key_count;
    int debtors[DECIDE_BATCH_MAX]; /* those of the keys that are debtors' */
    bool timed[DECIDE_BATCH_MAX];  /* his timer is set, else removed */
    int debtor_count;
    char closed[DECIDE_BATCH_MAX][KEY_MAX]; /* charges of invoices that were closed: they are given an end */
    int closed_count;
};

struct hand {
    struct decide_bare *bare;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queues[DECIDE_SHARDS_MAX];
    int shards[DECIDE_SHARDS_MAX];
    int shard_count;
    int fd;
    struct out out;
    char *in;
    size_t in_at, in_n;
    size_t replies; /* not yet read */
    struct batch batch;
    int64_t batches;
    pthread_t thread;
};

struct decide_bare {
    struct hand hands[DECIDE_WORKERS_MAX];
    int hand_count, shards;
    const struct decide_topics *topics;
    struct decide_bare_sizes sizes;
    char *filler; /* what values are made of */
    char prefix_text[DECIDE_SHARDS_MAX][24];
    struct rg_str prefixes[DECIDE_SHARDS_MAX]; /* "regua:{3}:" */
    int64_t from[DECIDE_SHARDS_MAX], next[DECIDE_SHARDS_MAX], end[DECIDE_SHARDS_MAX];
    _Atomic int64_t read;
    int64_t wanted;
};

/* ---- Redis ---- */

static void put(struct out *out, const void *bytes, size_t n)
{
    rg_assert(out->n + n <= OUT_BYTES_MAX);
    memcpy(out->data + out->n, bytes, n);
    out->n += n;
}

static void put_count(struct out *out, char mark, size_t count)
{
    char text[24];
    size_t at = sizeof text;
    text[--at] = '\n';
    text[--at] = '\r';
    do {
        text[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    text[--at] = mark;
    put(out, text + at, sizeof text - at);
}

static void put_arg(struct out *out, const void *bytes, size_t n)
{
    put_count(out, '$', n);
    put(out, bytes, n);
    put(out, "\r\n", 2);
}

static void begin(struct hand *hand, size_t argc, const char *name)
{
    put_count(&hand->out, '*', argc);
    put_arg(&hand->out, name, strlen(name));
    hand->replies++;
}

static void put_i64(struct out *out, int64_t number)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        text[--at] = '-';
    put_arg(out, text + at, sizeof text - at);
}

static void put_key(struct hand *hand, const char *rest)
{
    const struct rg_str prefix = hand->bare->prefixes[hand->batch.shard];
    size_t n = strlen(rest);
    put_count(&hand->out, '$', prefix.n + n);
    put(&hand->out, prefix.p, prefix.n);
    put(&hand->out, rest, n);
    put(&hand->out, "\r\n", 2);
}

static void send_all(struct hand *hand)
{
    for (size_t at = 0; at < hand->out.n;) {
        ssize_t n = send(hand->fd, hand->out.data + at, hand->out.n - at, MSG_NOSIGNAL);
        if (n <= 0)
            bench_fail("the bare loop cannot write to Redis");
        at += (size_t)n;
    }
    hand->out.n = 0;
}

static void receive(struct hand *hand)
{
    ssize_t n = recv(hand->fd, hand->in, IN_BYTES, 0);
    if (n <= 0)
        bench_fail("Redis left the bare loop");
    hand->in_at = 0;
    hand->in_n = (size_t)n;
}

static char next_byte(struct hand *hand)
{
    if (hand->in_at == hand->in_n)
        receive(hand);
    return hand->in[hand->in_at++];
}

static void skip(struct hand *hand, size_t n)
{
    while (n > 0) {
        if (hand->in_at == hand->in_n)
            receive(hand);
        size_t here = hand->in_n - hand->in_at < n ? hand->in_n - hand->in_at : n;
        hand->in_at += here;
        n -= here;
    }
}

/* The mark of one element, and its number; a text after the mark is passed over. */
static char read_head(struct hand *hand, int64_t *ret_number)
{
    char mark = next_byte(hand), c;
    int64_t number = 0;
    bool negative = false;
    while ((c = next_byte(hand)) != '\n') {
        negative = negative || c == '-';
        if (c >= '0' && c <= '9')
            number = number * 10 + (c - '0');
    }
    *ret_number = negative ? -1 : number;
    return mark;
}

static void read_replies(struct hand *hand)
{
    for (int64_t left = (int64_t)hand->replies; left > 0; left--) {
        int64_t number;
        char mark = read_head(hand, &number);
        if (mark == '-')
            bench_fail("Redis refuses what the bare loop asks");
        if (mark == '$' && number >= 0)
            skip(hand, (size_t)number + 2);
        if (mark == '*' && number > 0)
            left += number;
    }
    hand->replies = 0;
}

/* ---- one batch ---- */

static void add_key(struct hand *hand, char kind, struct rg_str id, size_t value_bytes)
{
    struct batch *b = &hand->batch;
    const struct rg_str prefix = hand->bare->prefixes[b->shard];
    char *key = b->keys[b->key_count];
    rg_assert(prefix.n + 2 + id.n <= KEY_MAX);
    memcpy(key, prefix.p, prefix.n);
    key[prefix.n] = kind;
    key[prefix.n + 1] = ':';
    memcpy(key + prefix.n + 2, id.p, id.n);
    b->key_n[b->key_count] = prefix.n + 2 + id.n;
    b->value_n[b->key_count++] = value_bytes;
}

/* The charge of the invoice that a record at this place brings. */
static struct rg_str invoice_at(const struct hand *hand, int64_t offset, char into[64])
{
    int n = snprintf(into, 64, PORTFOLIO_NS ":inv_%03d%013lld", hand->batch.shard, (long long)offset);
    return (struct rg_str){into, (size_t)n};
}

static void add_record(struct hand *hand, const rd_kafka_message_t *message)
{
    static const char located[] = "invoice:";
    const struct decide_bare *bare = hand->bare;
    struct batch *b = &hand->batch;
    struct rg_str key = {message->key, message->key_len};
    if (key.n > sizeof located && memcmp(key.p, located, sizeof located - 1) == 0) {
        add_key(hand, 'r', key, 18); /* the debtor it belongs to */
        return;
    }
    char invoice[64];
    int64_t debtors = (bare->end[b->shard] - bare->from[b->shard]) / (int64_t)bare->sizes.life;
    size_t fact = (size_t)(message->offset - bare->from[b->shard]) * bare->sizes.life / (size_t)(bare->end[b->shard] - bare->from[b->shard]);
    b->timed[b->debtor_count] = bare->sizes.timed[fact + 1];
    b->debtors[b->debtor_count++] = b->key_count;
    add_key(hand, 'd', key, bare->sizes.record_bytes[fact + 1]);
    if (bare->sizes.closed_after[fact] > 0)
        (void)snprintf(b->closed[b->closed_count++], KEY_MAX, "i:%s",
                       invoice_at(hand, message->offset - bare->sizes.closed_after[fact] * debtors, invoice).p);
    if (message->len >= bare->sizes.issued_bytes)
        add_key(hand, 'i', invoice_at(hand, message->offset, invoice), bare->sizes.charge_bytes);
}

static void push_reads(struct hand *hand)
{
    const struct batch *b = &hand->batch;
    begin(hand, 2, "WATCH");
    put_key(hand, "own");
    begin(hand, 2, "GET");
    put_key(hand, "own");
    begin(hand, 3, "HGET");
    put_key(hand, "pos");
    put_arg(&hand->out, RG_POS_BATCH, 1);
    begin(hand, 1 + (size_t)b->key_count, "MGET");
    for (int i = 0; i < b->key_count; i++)
        put_arg(&hand->out, b->keys[i], b->key_n[i]);
}

static struct rg_str id_of(const struct hand *hand, int key)
{
    size_t skipped = hand->bare->prefixes[hand->batch.shard].n + 2;
    return (struct rg_str){hand->batch.keys[key] + skipped, hand->batch.key_n[key] - skipped};
}

/* Timers by bucket, as the store has them: those of it that are set, and those that are removed. */
static void push_timers(struct hand *hand, int64_t due_ms)
{
    enum { GROUPS = 2 * RG_DUE_BUCKETS };
    const struct batch *b = &hand->batch;
    int group_of[DECIDE_BATCH_MAX], starts[GROUPS + 1] = {0}, fill[GROUPS], order[DECIDE_BATCH_MAX];
    for (int i = 0; i < b->debtor_count; i++) {
        group_of[i] = 2 * (int)rg_state_bucket(id_of(hand, b->debtors[i])) + b->timed[i];
        starts[group_of[i] + 1]++;
    }
    for (int g = 0; g < GROUPS; g++) {
        starts[g + 1] += starts[g];
        fill[g] = starts[g];
    }
    for (int i = 0; i < b->debtor_count; i++)
        order[fill[group_of[i]]++] = b->debtors[i];
    for (int g = 0; g < GROUPS; g++) {
        size_t n = (size_t)(starts[g + 1] - starts[g]);
        bool timed = g % 2 == 1;
        char name[16];
        if (n == 0)
            continue;
        begin(hand, 2 + (timed ? 2 * n : n), timed ? "ZADD" : "ZREM");
        (void)snprintf(name, sizeof name, "due:%02x", g / 2);
        put_key(hand, name);
        for (int i = starts[g]; i < starts[g + 1]; i++) {
            struct rg_str id = id_of(hand, order[i]);
            if (timed)
                put_i64(&hand->out, due_ms);
            put_arg(&hand->out, id.p, id.n);
        }
    }
}

static void push_position(struct hand *hand, int64_t now_ms)
{
    static const char *const fields[] = {RG_POS_LEDGER, RG_POS_LEDGER_CRC, RG_POS_PEOPLE, RG_POS_BATCH, RG_POS_SEEN, RG_POS_ASOF, RG_POS_OUT};
    const int64_t values[] = {hand->bare->next[hand->batch.shard], INT64_C(3141592653), 300000, hand->batches, -1, -1, now_ms % 1000};
    begin(hand, 2 + 2 * (RG_COUNT(fields) + PORTFOLIO_UPSTREAM_PARTITIONS), "HSET");
    put_key(hand, "pos");
    for (size_t i = 0; i < RG_COUNT(fields); i++) {
        put_arg(&hand->out, fields[i], 1);
        put_i64(&hand->out, values[i]);
    }
    for (int i = 0; i < PORTFOLIO_UPSTREAM_PARTITIONS; i++) {
        char field[64], value[32];
        put_arg(&hand->out, field, (size_t)snprintf(field, sizeof field, "L:" PORTFOLIO_SOURCE ":0:%d", i));
        put_arg(&hand->out, value, (size_t)snprintf(value, sizeof value, "%lld:0", (long long)values[0]));
    }
}

static void push_transaction(struct hand *hand)
{
    const struct batch *b = &hand->batch;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000;
    hand->batches++;
    begin(hand, 1, "MULTI");
    begin(hand, 1 + 2 * (size_t)b->key_count, "MSET");
    for (int i = 0; i < b->key_count; i++) {
        put_arg(&hand->out, b->keys[i], b->key_n[i]);
        put_arg(&hand->out, hand->bare->filler, b->value_n[i]);
    }
    for (int i = 0; i < b->closed_count; i++) {
        begin(hand, 3, "PEXPIRE");
        put_key(hand, b->closed[i]);
        put_i64(&hand->out, RG_CHARGE_TTL_MS);
    }
    push_timers(hand, now_ms + (int64_t)30 * 86400000);
    push_position(hand, now_ms);
    begin(hand, 1, "EXEC");
}

/* ---- the loop ---- */

static int64_t take_batch(struct hand *hand, int index)
{
    rd_kafka_message_t *messages[DECIDE_BATCH_MAX];
    struct decide_bare *bare = hand->bare;
    ssize_t n = rd_kafka_consume_batch_queue(hand->queues[index], 0, messages, DECIDE_BATCH_MAX);
    int64_t read = 0;
    hand->batch.shard = hand->shards[index];
    hand->batch.key_count = hand->batch.debtor_count = hand->batch.closed_count = 0;
    for (ssize_t i = 0; i < n; i++) {
        if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR && messages[i]->offset < bare->end[hand->batch.shard]) {
            add_record(hand, messages[i]);
            bare->next[hand->batch.shard] = messages[i]->offset + 1;
            read++;
        }
        rd_kafka_message_destroy(messages[i]);
    }
    return read;
}

static bool left(const struct hand *hand)
{
    for (int i = 0; i < hand->shard_count; i++)
        if (hand->bare->next[hand->shards[i]] < hand->bare->end[hand->shards[i]])
            return true;
    return false;
}

static void *loop(void *ctx)
{
    struct hand *hand = ctx;
    const struct timespec pause = {.tv_nsec = 200 * 1000};
    while (left(hand)) {
        bool any = false;
        for (int i = 0; i < hand->shard_count; i++) {
            int64_t n = take_batch(hand, i);
            if (n == 0)
                continue;
            any = true;
            push_reads(hand); /* behind the transaction of the batch before */
            send_all(hand);
            read_replies(hand);
            push_transaction(hand);
            atomic_fetch_add(&hand->bare->read, n);
        }
        (void)rd_kafka_consumer_poll(hand->rk, 0); /* serves the client's own events; records go to the partitions' queues */
        if (!any)
            (void)nanosleep(&pause, NULL);
    }
    send_all(hand);
    read_replies(hand);
    return NULL;
}

/* ---- life ---- */

static void open_consumer(struct hand *hand, const char *brokers)
{
    char reason[256];
    const struct rg_kafka_default *rows;
    size_t count = rg_kafka_defaults(&rows);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, "statistics.interval.ms") != 0)
            (void)rd_kafka_conf_set(conf, rows[i].name, rows[i].value, reason, sizeof reason); /* a producer's too: harmless */
    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason) != RD_KAFKA_CONF_OK ||
        rd_kafka_conf_set(conf, "group.id", "bench-bare", reason, sizeof reason) != RD_KAFKA_CONF_OK ||
        rd_kafka_conf_set(conf, "queued.max.messages.kbytes", PREFETCH_KBYTES, reason, sizeof reason) != RD_KAFKA_CONF_OK ||
        rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof reason) != RD_KAFKA_CONF_OK)
        bench_fail("the bare loop's consumer cannot be set up: %s", reason);
    hand->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (hand->rk == NULL)
        bench_fail("the bare loop's consumer cannot be made: %s", reason);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(hand->shard_count);
    for (int i = 0; i < hand->shard_count; i++)
        rd_kafka_topic_partition_list_add(list, hand->bare->topics->ledger, hand->shards[i])->offset = hand->bare->next[hand->shards[i]];
    if (rd_kafka_assign(hand->rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_fail("the bare loop cannot assign its partitions");
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 0; i < hand->shard_count; i++) {
        hand->queues[i] = rd_kafka_queue_get_partition(hand->rk, hand->bare->topics->ledger, hand->shards[i]);
        rg_assert(hand->queues[i] != NULL);
        rd_kafka_queue_forward(hand->queues[i], NULL);
    }
}

static void open_redis(struct hand *hand, const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    rg_assert(strlen(socket_path) < sizeof address.sun_path);
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    hand->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (hand->fd < 0 || connect(hand->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        bench_fail("the bare loop cannot connect to Redis");
    hand->out.data = rg_alloc(OUT_BYTES_MAX);
    hand->in = rg_alloc(IN_BYTES);
}

/* Who the debtors are stands in both servers before the first fact. */
static void prefill(struct decide_bare *bare, int64_t debtors)
{
    struct hand *hand = &bare->hands[0];
    struct rg_arena *arena = rg_arena_new((size_t)1024 * 1024);
    for (int64_t d = 0; d < debtors; d++) {
        struct rg_str debtor = portfolio_debtor(arena, d);
        hand->batch.shard = rg_shard_of(debtor, bare->shards);
        hand->batch.key_count = 0;
        add_key(hand, 'd', debtor, bare->sizes.record_bytes[0]);
        begin(hand, 3, "SET");
        put_arg(&hand->out, hand->batch.keys[0], hand->batch.key_n[0]);
        put_arg(&hand->out, bare->filler, bare->sizes.record_bytes[0]);
        rg_arena_reset(arena);
        if (hand->replies < DECIDE_BATCH_MAX && d + 1 < debtors)
            continue;
        send_all(hand);
        read_replies(hand);
    }
    rg_arena_free(&arena);
}

struct decide_bare *decide_bare_new(const char *brokers, const struct decide_topics *topics, const char *redis_socket, int shards, int workers,
                                    const int64_t *ledger_from, const int64_t *ledger_end, int64_t debtors, const struct decide_bare_sizes *sizes)
{
    struct decide_bare *bare = rg_alloc(sizeof *bare);
    bare->topics = topics;
    bare->shards = shards;
    bare->sizes = *sizes;
    bare->hand_count = workers;
    bare->filler = rg_alloc(RG_RECORD_BYTES_MAX);
    for (size_t i = 0; i < RG_RECORD_BYTES_MAX; i++)
        bare->filler[i] = (char)(i * 37 + 11);
    for (int p = 0; p < shards; p++) {
        struct hand *hand = &bare->hands[p % workers];
        int n = snprintf(bare->prefix_text[p], sizeof bare->prefix_text[p], "regua:{%d}:", p);
        bare->prefixes[p] = (struct rg_str){bare->prefix_text[p], (size_t)n};
        bare->from[p] = bare->next[p] = ledger_from[p];
        bare->end[p] = ledger_end[p];
        bare->wanted += ledger_end[p] - ledger_from[p];
        hand->shards[hand->shard_count++] = p;
    }
    for (int i = 0; i < workers; i++) {
        bare->hands[i].bare = bare;
        open_consumer(&bare->hands[i], brokers);
        open_redis(&bare->hands[i], redis_socket);
    }
    prefill(bare, debtors);
    return bare;
}

void decide_bare_run(struct decide_bare *bare, struct bench *bench, const char *what)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < bare->hand_count; i++) {
        int rc = pthread_create(&bare->hands[i].thread, NULL, loop, &bare->hands[i]);
        rg_assert(rc == 0);
    }
    while (atomic_load(&bare->read) < bare->wanted) {
        bench_progress(bench, what, atomic_load(&bare->read), bare->wanted);
        (void)nanosleep(&pause, NULL);
    }
    for (int i = 0; i < bare->hand_count; i++)
        (void)pthread_join(bare->hands[i].thread, NULL);
}

void decide_bare_free(struct decide_bare **pointer)
{
    struct decide_bare *bare = *pointer;
    if (bare == NULL)
        return;
    for (int i = 0; i < bare->hand_count; i++) {
        struct hand *hand = &bare->hands[i];
        for (int k = 0; k < hand->shard_count; k++)
            rd_kafka_queue_destroy(hand->queues[k]);
        (void)rd_kafka_consumer_close(hand->rk);
        rd_kafka_destroy(hand->rk);
        (void)close(hand->fd);
        free(hand->out.data);
        free(hand->in);
    }
    free(bare->filler);
    rg_free(pointer);
}
