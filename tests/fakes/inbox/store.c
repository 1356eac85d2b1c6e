/* Entries are numbered without gaps, so the slot of entry n is n modulo the number of slots and nothing is searched. All
 * texts of an entry lie in one block behind it. Everything happens under one lock, the line of the log included: the order
 * of the file is the order of the numbers, and a line stands before the sender gets his answer. */
#include "tests/fakes/inbox/store.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/core/log.h"

struct slot {
    struct rg_inbox_entry entry;
    size_t bytes; /* of this allocation */
};

struct inbox_store {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct rg_clock *clock;
    struct slot **slots;
    size_t slot_count, bytes, bytes_max;
    int64_t first, last; /* remembered: first … last */
    int64_t names, started_ms;
    int log_fd; /* −1: none */
    bool log_failed, stopping;
};

static const size_t texts[] = {
#define TEXT(name) offsetof(struct rg_inbox_entry, name)
    TEXT(channel),     TEXT(door),    TEXT(state),   TEXT(provider), TEXT(method),     TEXT(path),
    TEXT(from),        TEXT(to),      TEXT(subject), TEXT(step),     TEXT(message_id), TEXT(idempotency_key),
    TEXT(provider_id), TEXT(headers), TEXT(text),    TEXT(html),     TEXT(raw),
#undef TEXT
};

static struct rg_str *text_of(struct rg_inbox_entry *entry, size_t index)
{
    return (struct rg_str *)(void *)((char *)entry + texts[index]);
}

int inbox_store_new(const struct rg_inbox_config *config, struct inbox_store **ret_store, struct rg_error *err)
{
    int fd = -1;
    if (config->log_path != NULL) {
        fd = open(config->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
            return rg_fail(err, RG_EIO, "inbox log %s: %s", config->log_path, strerror(errno));
    }
    struct inbox_store *store = rg_alloc(sizeof *store);
    store->clock = config->clock;
    store->slot_count =
        config->entries_max > 0 && config->entries_max < RG_INBOX_ENTRIES_MAX ? config->entries_max : RG_INBOX_ENTRIES_MAX;
    store->bytes_max = config->bytes_max > 0 && config->bytes_max < RG_INBOX_BYTES_MAX ? config->bytes_max : RG_INBOX_BYTES_MAX;
    store->slots = rg_alloc(store->slot_count * sizeof(struct slot *));
    store->first = 1;
    store->started_ms = rg_wall_ms(rg_clock_system());
    store->log_fd = fd;
    pthread_condattr_t monotonic;
    int failed = pthread_mutex_init(&store->lock, NULL) | pthread_condattr_init(&monotonic) |
                 pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) | pthread_cond_init(&store->changed, &monotonic);
    rg_assert(failed == 0);
    (void)pthread_condattr_destroy(&monotonic);
    *ret_store = store;
    return 0;
}

static struct slot **slot_at(struct inbox_store *store, int64_t n)
{
    return &store->slots[(size_t)n % store->slot_count];
}

static void drop_oldest(struct inbox_store *store)
{
    struct slot **slot = slot_at(store, store->first);
    store->bytes -= (*slot)->bytes;
    rg_free(slot);
    store->first++;
}

void inbox_store_free(struct inbox_store **store)
{
    struct inbox_store *self = *store;
    if (self == NULL)
        return;
    while (self->first <= self->last)
        drop_oldest(self);
    if (self->log_fd >= 0)
        (void)close(self->log_fd); /* every line was written on its own */
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    rg_free(&self->slots);
    rg_free(store);
}

static struct slot *copy_entry(const struct rg_inbox_entry *entry)
{
    struct rg_inbox_entry source = *entry;
    size_t bytes = sizeof(struct slot);
    for (size_t i = 0; i < RG_COUNT(texts); i++)
        bytes += text_of(&source, i)->n + 1;
    struct slot *slot = rg_alloc(bytes);
    slot->entry = source;
    slot->bytes = bytes;
    char *end = (char *)(slot + 1);
    for (size_t i = 0; i < RG_COUNT(texts); i++) {
        struct rg_str *text = text_of(&slot->entry, i);
        if (text->p == NULL)
            continue;
        memcpy(end, text->p, text->n); /* the NUL behind it is there already */
        text->p = end;
        end += text->n + 1;
    }
    return slot;
}

static void write_log(struct inbox_store *store, const struct rg_inbox_entry *entry)
{
    if (store->log_fd < 0)
        return;
    RG_CLEANUP(rg_buf_done) struct rg_buf line;
    rg_buf_init(&line, SIZE_MAX / 4);
    inbox_entry_write(entry, &line);
    rg_buf_addc(&line, '\n');
    size_t written = 0;
    while (written < line.len) {
        ssize_t n = write(store->log_fd, line.data + written, line.len - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (!store->log_failed)
                rg_log(RG_LOG_ERROR, "INBOX-LOG", RG_LOG_NO_CTX, "cannot write the inbox log, it is incomplete from here: %s",
                       strerror(errno));
            store->log_failed = true;
            return;
        }
        written += (size_t)n;
    }
}

int64_t inbox_store_append(struct inbox_store *store, const struct rg_inbox_entry *entry)
{
    struct slot *slot = copy_entry(entry);
    (void)pthread_mutex_lock(&store->lock);
    slot->entry.n = ++store->last;
    slot->entry.at_ms = rg_wall_ms(rg_clock_system());
    slot->entry.virtual_ms = store->clock != NULL ? rg_wall_ms(store->clock) : -1;
    if (store->last - store->first >= (int64_t)store->slot_count)
        drop_oldest(store);
    *slot_at(store, store->last) = slot;
    store->bytes += slot->bytes;
    while (store->bytes > store->bytes_max && store->first < store->last)
        drop_oldest(store);
    write_log(store, &slot->entry);
    int64_t n = store->last;
    (void)pthread_cond_broadcast(&store->changed);
    (void)pthread_mutex_unlock(&store->lock);
    return n;
}

void inbox_store_name(struct inbox_store *store, const char *prefix, char ret_name[64])
{
    (void)pthread_mutex_lock(&store->lock);
    int64_t number = ++store->names;
    (void)pthread_mutex_unlock(&store->lock);
    (void)snprintf(ret_name, 64, "%.24s%" PRIx64 "-%" PRId64, prefix, (uint64_t)store->started_ms, number);
}

static bool holds(struct rg_str text, const char *wanted)
{
    return text.p != NULL && strcasestr(text.p, wanted) != NULL; /* stored texts end in a NUL; one inside ends the search */
}

bool inbox_query_fits(const struct inbox_query *query, const struct rg_inbox_entry *entry)
{
    if (query->channel.p != NULL && !rg_str_eq(query->channel, entry->channel))
        return false;
    if (query->state.p != NULL && !rg_str_eq(query->state, entry->state))
        return false;
    if (query->to != NULL && fnmatch(query->to, entry->to.p != NULL ? entry->to.p : "", FNM_CASEFOLD) != 0)
        return false;
    return query->contains == NULL || holds(entry->to, query->contains) || holds(entry->subject, query->contains) ||
           holds(entry->step, query->contains) || holds(entry->text, query->contains);
}

/* With the lock held: waits for a change until `until`; false when that has passed or the inbox stops. */
static bool wait_for_change(struct inbox_store *store, const struct timespec *until)
{
    return !store->stopping && pthread_cond_timedwait(&store->changed, &store->lock, until) == 0 && !store->stopping;
}

static struct timespec after_ms(int64_t ms)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_MONOTONIC, &t);
    rg_assert(rc == 0);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

int64_t inbox_store_next(struct inbox_store *store, const struct inbox_query *query, int64_t wait_ms, inbox_write_fn *write,
                         struct rg_buf *out)
{
    struct timespec until = after_ms(wait_ms);
    int64_t looked = query->after, found = 0;
    (void)pthread_mutex_lock(&store->lock);
    do {
        if (looked + 1 < store->first)
            looked = store->first - 1;
        while (looked < store->last && found == 0) {
            const struct rg_inbox_entry *entry = &(*slot_at(store, ++looked))->entry;
            if (!inbox_query_fits(query, entry))
                continue;
            found = looked;
            write(entry, out);
        }
    } while (found == 0 && wait_ms > 0 && wait_for_change(store, &until));
    (void)pthread_mutex_unlock(&store->lock);
    return found;
}

struct inbox_span inbox_store_span(struct inbox_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct inbox_span span = {store->first, store->last, store->first - 1};
    (void)pthread_mutex_unlock(&store->lock);
    return span;
}

void inbox_store_each(struct inbox_store *store, int64_t after, rg_inbox_each_fn *fn, void *ctx)
{
    (void)pthread_mutex_lock(&store->lock);
    for (int64_t n = after >= store->first ? after + 1 : store->first; n <= store->last; n++)
        if (!fn(&(*slot_at(store, n))->entry, ctx))
            break;
    (void)pthread_mutex_unlock(&store->lock);
}

bool inbox_store_wait(struct inbox_store *store, int64_t n, int64_t timeout_ms)
{
    struct timespec until = after_ms(timeout_ms);
    (void)pthread_mutex_lock(&store->lock);
    while (store->last < n && wait_for_change(store, &until)) {
    }
    bool there = store->last >= n;
    (void)pthread_mutex_unlock(&store->lock);
    return there;
}

bool inbox_store_sleep(struct inbox_store *store, int64_t ms)
{
    struct timespec until = after_ms(ms);
    (void)pthread_mutex_lock(&store->lock);
    while (wait_for_change(store, &until)) {
    }
    bool stopping = store->stopping;
    (void)pthread_mutex_unlock(&store->lock);
    return !stopping;
}

void inbox_store_stop(struct inbox_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    store->stopping = true;
    (void)pthread_cond_broadcast(&store->changed);
    (void)pthread_mutex_unlock(&store->lock);
}
