/* An inbox that plays every provider: it takes mail over SMTP and anything over HTTP, answers as a provider would or as a
 * script tells it to, and remembers in order all that arrived. People read it on its page, tests and oracles over HTTP or
 * from its log. Runs on threads of its own; every call here is safe from any thread.
 *
 * What arrived is an entry. Its state says what the sender could know:
 *
 *     delivered    taken, and the answer said so
 *     unanswered   taken, but the answer was withheld, or said otherwise: the sender cannot know
 *     refused      not taken; `code` is what the answer said
 *     cut          not taken, and no answer either
 *     added        put here by the program itself (signals), not by a sender
 *
 * Memory is bounded: past entries_max or bytes_max the oldest entries go. The log file, when there is one, keeps all.
 *
 * Over HTTP (loopback names only; a page of another origin is refused):
 *
 *     GET  /                    the page
 *     GET  /inbox.json          {"first":…,"last":…,"dropped":…,"entries":[…]}, oldest first
 *          ?after=N &limit=K &channel=C &to=GLOB &state=S &contains=TEXT, and &short=1 for one line of each
 *     GET  /inbox?wait=MS&…     the same, answered as soon as something matches (at most a minute)
 *     GET  /entry/N, /raw/N, /html/N     one entry as JSON, as it arrived, its HTML for a sandboxed frame
 *     GET  /control             the faults in force; DELETE /control ends them
 *     POST /control/smtp, /control/http  adds one (fault.h says what it may say); the first that fits is taken
 *     *    /provider/NAME/…     a provider. With whatsapp in its name and /messages at the end: WhatsApp Cloud; others: {"id":…}
 *
 * A line of the log is the entry as /entry/N gives it:
 *     n at_ms virtual_ms channel door state accepted code provider method path from to subject step message_id
 *     idempotency_key provider_id headers text html body bytes */
#pragma once

#include "base/core/clock.h"
#include "base/core/error.h"

#define RG_INBOX_ENTRIES_MAX 100000
#define RG_INBOX_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define RG_INBOX_MESSAGE_BYTES_MAX ((size_t)2 * 1024 * 1024)
#define RG_INBOX_CONNECTIONS_MAX 512 /* per door */

struct rg_inbox;

/* A template that WhatsApp has approved: {{1}}, {{2}} … are the parameters' places. Such a message is shown as the recipient reads
 * it, and one with another number of parameters is refused with code 132000. Templates that are not named are taken as they come. */
struct rg_inbox_approved {
    const char *name, *text;
};

struct rg_inbox_config {
    int smtp_port, http_port, https_port;  /* 0: a free one; −1: no such door */
    const char *tls_cert, *tls_key;        /* PEM files; with them SMTP offers STARTTLS, and the HTTPS door may open */
    bool tls_required;                     /* no mail before STARTTLS */
    const char *https_priorities;          /* GnuTLS priority string; NULL: its default */
    const char *smtp_user, *smtp_password; /* AUTH PLAIN or LOGIN is required when given */
    const char *log_path;                  /* JSON lines are appended here; NULL: nowhere */
    const struct rg_clock *clock;          /* virtual time of entries; NULL: none. Outlives the inbox */
    size_t entries_max, bytes_max;         /* 0: the maxima above */
    uint64_t seed;                         /* of faults with odds */
    const struct rg_inbox_approved *approved; /* outlive the inbox */
    size_t approved_count;
};

RG_MUST_USE int rg_inbox_start(const struct rg_inbox_config *config, struct rg_inbox **ret_inbox, struct rg_error *err);
void rg_inbox_stop(struct rg_inbox **inbox); /* closes every connection, joins every thread */

int rg_inbox_smtp_port(const struct rg_inbox *inbox); /* −1 when that door is closed */
int rg_inbox_http_port(const struct rg_inbox *inbox);
int rg_inbox_https_port(const struct rg_inbox *inbox);

/* Shows something that came by no door, such as a signal read from Kafka. `body` is JSON; a member "step" is shown. */
void rg_inbox_add(struct rg_inbox *inbox, const char *channel, const char *to, const char *subject, struct rg_str body);

/* The control calls without HTTP. `door` is "smtp" or "http". */
RG_MUST_USE int rg_inbox_fault(struct rg_inbox *inbox, const char *door, struct rg_str rule, struct rg_error *err);
void rg_inbox_heal(struct rg_inbox *inbox);

struct rg_inbox_entry {
    int64_t n;          /* 1 … without gaps */
    int64_t at_ms;      /* when it was complete, real wall clock */
    int64_t virtual_ms; /* the same on the given clock; −1 without one */
    int code;           /* SMTP or HTTP status of the answer; 0: none */
    struct rg_str channel, door, state;
    struct rg_str provider, method, path; /* HTTP */
    struct rg_str from, to;               /* envelope; several recipients are joined by ", " */
    struct rg_str subject, step;
    struct rg_str message_id, idempotency_key;
    struct rg_str provider_id; /* what the answer called it */
    struct rg_str headers;     /* one "Name: value" a line, unfolded and decoded */
    struct rg_str text, html;  /* absent: none */
    struct rg_str raw;         /* the mail without its dots, or the body */
};

/* Calls fn for every remembered entry past `after`, in order, until it returns false. Nothing may be kept, and no call
 * of this header made, from inside. */
typedef bool rg_inbox_each_fn(const struct rg_inbox_entry *entry, void *ctx);
void rg_inbox_each(struct rg_inbox *inbox, int64_t after, rg_inbox_each_fn *fn, void *ctx);

/* Waits until entry `n` exists; false when that took longer. */
RG_MUST_USE bool rg_inbox_wait(struct rg_inbox *inbox, int64_t n, int64_t timeout_ms);
