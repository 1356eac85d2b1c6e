/* What arrived, in order: a bounded memory, a log file, and waiting for more. Private to tests/fakes/inbox. */
#pragma once

#include "base/core/buf.h"
#include "tests/fakes/inbox/inbox.h"

struct inbox_store;

RG_MUST_USE int inbox_store_new(const struct rg_inbox_config *config, struct inbox_store **ret_store, struct rg_error *err);
void inbox_store_free(struct inbox_store **store);

/* Copies the entry and numbers it; n, at_ms and virtual_ms are filled in here. Returns n. */
int64_t inbox_store_append(struct inbox_store *store, const struct rg_inbox_entry *entry);

/* A name that no entry had before, for answers: "sms-18c3f2a1b-17". */
void inbox_store_name(struct inbox_store *store, const char *prefix, char ret_name[64]);

struct inbox_query {
    int64_t after;
    int64_t limit;                         /* matching entries; 0: all */
    struct rg_str channel, state;          /* exact; absent: any */
    const char *to;                        /* glob, without regard to case; NULL: any */
    const char *contains;                  /* in recipient, subject, step or text, without regard to case; NULL: any */
};
bool inbox_query_fits(const struct inbox_query *query, const struct rg_inbox_entry *entry);

/* The first entry past query->after that fits is written with `write` under the lock; returns its n, 0 when there is none.
 * Waits up to wait_ms for one. */
typedef void inbox_write_fn(const struct rg_inbox_entry *entry, struct rg_buf *out);
int64_t inbox_store_next(struct inbox_store *store, const struct inbox_query *query, int64_t wait_ms, inbox_write_fn *write,
                         struct rg_buf *out);

struct inbox_span {
    int64_t first, last, dropped; /* remembered: first … last, none when first > last */
};
struct inbox_span inbox_store_span(struct inbox_store *store);

void inbox_store_each(struct inbox_store *store, int64_t after, rg_inbox_each_fn *fn, void *ctx);
bool inbox_store_wait(struct inbox_store *store, int64_t n, int64_t timeout_ms);

/* Sleeping that stop ends. False: the inbox is being stopped. */
bool inbox_store_sleep(struct inbox_store *store, int64_t ms);
void inbox_store_stop(struct inbox_store *store); /* wakes all who wait or sleep */

/* One entry as JSON: all of it, or what a list shows. */
void inbox_entry_write(const struct rg_inbox_entry *entry, struct rg_buf *out);
void inbox_entry_write_short(const struct rg_inbox_entry *entry, struct rg_buf *out);
