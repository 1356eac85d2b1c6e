/* What a sender writes: a list in order, each record kept until its report says that it is written. When the producer has lost
 * its order it is rebuilt and everything not acknowledged is sent again, in the old order. A record that is written twice is
 * harmless: claims are found by id, outcomes fold by action, stored bytes by key, signals carry an id and a sequence.
 *
 * A refusal for good says only which batch: all are sent again one by one, and the one that is refused alone is to blame. It is
 * told to its hand if that can go on without it; a claim or an outcome cannot, so it is tried again and again, loudly, until
 * somebody mends the topic or the permission. */
#include "producers/sender/internal.h"

#include "base/core/log.h"

#include <string.h>

#define RECORDS_MAX ((size_t)RG_SENDER_WINDOW_MAX * 4)
#define OPEN_TIMEOUT_MS 1000
#define REBUILD_TIMEOUT_MS 2000
#define RETRY_MS 1000
#define LINGER_MS 1 /* what one turn claims leaves together */
#define MAGIC 0x706f7374u

struct entry {
    uint32_t magic;
    struct entry *next;
    struct rg_post_record record; /* key and value point into bytes */
    bool sent;    /* in the producer */
    bool doubtful; /* an attempt may have been written */
    bool ended;
    enum rg_post_end end;
    int64_t offset;
    int64_t again_boot_ms; /* refused: not before */
    char bytes[];
};

struct rg_post {
    struct rg_post_config config;
    struct rg_kafka_producer *producer;
    struct entry *first, *last;
    size_t count;
    bool open;
    bool refused;    /* since the last rebuild */
    bool one_by_one;
    bool told;       /* of the trouble since the last rebuild */
    bool denied;     /* we may not write, as far as is known */
    int64_t retry_boot_ms;
};

/* ---- reports ---- */

/* Only notes what became of the record: nothing may be sent from inside a report. */
static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct rg_post *post = ctx;
    struct entry *entry = report->opaque;
    rg_assert(entry->magic == MAGIC);
    rg_assert(entry->sent);
    entry->sent = false;
    if (report->err.code == 0 || report->err.code == RG_EDENIED)
        post->denied = report->err.code != 0;
    if (report->err.code == 0) {
        entry->ended = true;
        entry->end = RG_POST_WRITTEN;
        entry->offset = report->offset;
        return;
    }
    if (!post->told)
        rg_log(RG_LOG_WARNING, "SENDER-POST", &(struct rg_log_ctx){.topic = report->topic, .shard = report->partition},
               "%s; what is not acknowledged will be sent again", report->err.text);
    post->told = true;
    if (report->err.code == RG_EUNKNOWN)
        entry->doubtful = true;
    if (report->err.code != RG_EREFUSED)
        return;
    post->refused = true;
    if (!post->one_by_one)
        return;
    bool needed = entry->record.kind == RG_POST_CLAIM || entry->record.kind == RG_POST_OUTCOME;
    entry->ended = !needed;
    entry->end = RG_POST_REFUSED;
    entry->again_boot_ms = rg_boot_ms(post->config.clock) + RETRY_MS;
}

/* ---- life ---- */

int rg_post_new(const struct rg_post_config *config, struct rg_post **ret_post, struct rg_error *err)
{
    struct rg_post *post = rg_alloc(sizeof *post);
    post->config = *config;
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = post, .linger_ms = LINGER_MS};
    int rc = rg_kafka_producer_new(config->kafka, &options, &post->producer, err);
    if (rc < 0) {
        rg_free(&post);
        return rc;
    }
    *ret_post = post;
    return 0;
}

void rg_post_free(struct rg_post **pointer)
{
    struct rg_post *post = *pointer;
    if (post == NULL)
        return;
    rg_kafka_producer_free(&post->producer, RG_KAFKA_FREE_MS);
    while (post->first != NULL) {
        struct entry *entry = post->first;
        post->first = entry->next;
        rg_free(&entry);
    }
    rg_free(pointer);
}

/* Partitions are shards in all our topics; another number means that records would go astray. */
static bool open_topics(struct rg_post *post)
{
    for (size_t i = 0; i < RG_COUNT(post->config.topics); i++) {
        const char *topic = post->config.topics[i];
        int partitions = 0;
        struct rg_error err = {0};
        if (topic == NULL)
            continue;
        int rc = rg_kafka_producer_open(post->producer, topic, OPEN_TIMEOUT_MS, &partitions, &err);
        post->denied = rc == RG_EDENIED;
        if (rc == 0 && partitions == post->config.shards)
            continue;
        if (rc == 0)
            (void)rg_fail(&err, RG_EREFUSED, "has %d partitions, expected one for each of the %d shards", partitions,
                          post->config.shards);
        rg_log(RG_LOG_WARNING, "SENDER-TOPIC", &(struct rg_log_ctx){.topic = topic, .shard = -1},
               "%s; nothing is sent before that is mended", err.text);
        return false;
    }
    return true;
}

bool rg_post_denied(const struct rg_post *post)
{
    return post->denied;
}

bool rg_post_open(const struct rg_post *post)
{
    return post->open && !rg_kafka_producer_broken(post->producer);
}

size_t rg_post_pending(const struct rg_post *post)
{
    return post->count;
}

/* ---- adding ---- */

void rg_post_add(struct rg_post *post, const struct rg_post_record *record)
{
    rg_assert(post->count < RECORDS_MAX); /* a hand has at most one, and a signal */
    struct entry *entry = rg_alloc(sizeof *entry + record->key.n + record->value.n);
    entry->magic = MAGIC;
    entry->record = *record;
    if (record->key.n > 0)
        memcpy(entry->bytes, record->key.p, record->key.n);
    if (record->value.n > 0)
        memcpy(entry->bytes + record->key.n, record->value.p, record->value.n);
    entry->record.key = (struct rg_str){entry->bytes, record->key.n};
    entry->record.value = (struct rg_str){entry->bytes + record->key.n, record->value.n};
    if (post->last == NULL)
        post->first = entry;
    else
        post->last->next = entry;
    post->last = entry;
    post->count++;
}

void rg_post_detach(struct rg_post *post, const struct rg_hand *hand)
{
    for (struct entry *entry = post->first; entry != NULL; entry = entry->next)
        if (entry->record.hand == hand)
            entry->record.hand = NULL;
}

/* ---- sending ---- */

static struct rg_kafka_header header_of(const struct rg_post *post, enum rg_post_kind kind)
{
    switch (kind) {
    case RG_POST_STORE: return (struct rg_kafka_header){"content-type", rg_str(post->config.message_type)};
    case RG_POST_CLAIM: return (struct rg_kafka_header){RG_HEADER_KIND, rg_str(rg_kind_name(RG_REC_CLAIM))};
    case RG_POST_OUTCOME: return (struct rg_kafka_header){RG_HEADER_KIND, rg_str(rg_kind_name(RG_REC_OUTCOME))};
    case RG_POST_SIGNAL: return (struct rg_kafka_header){"content-type", RG_STR("application/cloudevents+json; charset=UTF-8")};
    }
    rg_assert(false);
    return (struct rg_kafka_header){0};
}

/* A signal whose claim has run out must not begin any more. */
static bool too_late(const struct rg_post *post, struct entry *entry)
{
    if (entry->record.deadline_boot_ms == 0 || rg_boot_ms(post->config.clock) <= entry->record.deadline_boot_ms)
        return false;
    entry->ended = true;
    entry->end = entry->doubtful ? RG_POST_DOUBTFUL : RG_POST_NOT_WRITTEN;
    return true;
}

static void send_entry(struct rg_post *post, struct entry *entry, bool *ret_full)
{
    struct rg_error err = {0};
    struct rg_kafka_header header = header_of(post, entry->record.kind);
    const struct rg_kafka_record record = {
        .topic = post->config.topics[entry->record.kind], .partition = entry->record.partition, .key = entry->record.key,
        .value = entry->record.value, .headers = &header, .headers_n = 1, .opaque = entry};
    int rc = rg_kafka_producer_send(post->producer, &record, &err);
    if (rc == 0) {
        entry->sent = true;
    } else if (rc == RG_EINVAL) {
        /* Too large for any broker. Our own claims and outcomes never are. */
        rg_assert(entry->record.kind == RG_POST_STORE || entry->record.kind == RG_POST_SIGNAL);
        entry->ended = true;
        entry->end = RG_POST_REFUSED;
    } else {
        *ret_full = true; /* full or broken: the rest waits */
    }
}

static void send_waiting(struct rg_post *post)
{
    bool full = false;
    int64_t now_ms = rg_boot_ms(post->config.clock);
    for (struct entry *entry = post->first; entry != NULL && !full; entry = entry->next)
        if (!entry->sent && !entry->ended && !too_late(post, entry) && now_ms >= entry->again_boot_ms)
            send_entry(post, entry, &full);
}

static void mend(struct rg_post *post)
{
    int64_t now_ms = rg_boot_ms(post->config.clock);
    struct rg_error err = {0};
    bool idle = post->one_by_one && rg_kafka_producer_outstanding(post->producer) == 0 && post->count == 0;
    if ((!rg_kafka_producer_broken(post->producer) && !idle) || now_ms < post->retry_boot_ms)
        return;
    bool one_by_one = post->refused || (post->one_by_one && !idle); /* suspects travel alone until nothing is left to send */
    if (rg_kafka_producer_rebuild(post->producer, one_by_one, REBUILD_TIMEOUT_MS, &err) < 0) {
        post->denied = err.code == RG_EDENIED;
        rg_log(RG_LOG_WARNING, "SENDER-PRODUCER", RG_LOG_NO_CTX, "the producer could not be made anew: %s; retrying", err.text);
        post->retry_boot_ms = now_ms + RETRY_MS;
        return;
    }
    post->one_by_one = one_by_one;
    post->refused = post->told = false;
}

/* Tells of every record that ended; what is told may add records behind. */
static void tell_ended(struct rg_post *post)
{
    struct entry *before = NULL;
    for (struct entry *entry = post->first; entry != NULL;) {
        if (!entry->ended || entry->sent) {
            before = entry;
            entry = entry->next;
            continue;
        }
        post->config.ended(post->config.ctx, &entry->record, entry->end, entry->offset);
        struct entry *next = entry->next;
        if (before == NULL)
            post->first = next;
        else
            before->next = next;
        if (post->last == entry)
            post->last = before;
        post->count--;
        rg_free(&entry);
        entry = next;
    }
}

void rg_post_serve(struct rg_post *post, int wait_ms)
{
    int64_t now_ms = rg_boot_ms(post->config.clock);
    if (!post->open && now_ms >= post->retry_boot_ms) {
        post->open = open_topics(post);
        post->retry_boot_ms = post->open ? 0 : rg_boot_ms(post->config.clock) + RETRY_MS;
    }
    if (post->open) {
        mend(post);
        if (!rg_kafka_producer_broken(post->producer))
            send_waiting(post);
    }
    rg_kafka_producer_poll(post->producer, wait_ms);
    tell_ended(post);
}
