/* Scripted faults: what a door does instead of taking a message and saying so. Rules are JSON; the first that fits is taken.
 *
 *   both    "times": 3       only so often (absent: for ever)       "odds": 30      per cent of what fits (absent: all)
 *           "to": "*@x.br"   glob over recipients, any case         "delay_ms": N   wait before the answer
 *           "drip_ms": N     the answer comes a byte each N ms      "store": true   keep it as taken whatever is answered
 *   smtp    "at": "connect" "helo" "mail" "rcpt" "data" "body" "dot" (absent: "dot"); before "rcpt" no recipient is known
 *           "code": 451, "text": "4.7.1 come back later" (one line); 421 also hangs up
 *           "cut": true      hang up instead of answering. At "body": in the middle of the mail. At "dot": after it was kept
 *                            (the sender cannot know), unless "store": false
 *   http    "provider": GLOB of its name      "contains": TEXT somewhere in the body
 *           "status": 429, "headers": {"Retry-After": "2"}, "body": any JSON, a text as it is (absent: what a provider says)
 *           "cut": "before" nothing kept, no answer | "after" kept, no answer | "body" kept, hang up in the middle of the answer
 *           "endless": true  an answer without an end
 *
 * A status or code of refusal keeps nothing. A delayed answer comes after the message was kept: who gives up waiting
 * cannot know. Private to tests/fakes/inbox. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"

#define INBOX_FAULTS_MAX 64
#define INBOX_FAULT_BYTES_MAX ((size_t)64 * 1024)
#define INBOX_FAULT_HEADERS_MAX 8
#define INBOX_DELAY_MS_MAX 3600000

enum inbox_stage {
    INBOX_AT_CONNECT, INBOX_AT_HELO, INBOX_AT_MAIL, INBOX_AT_RCPT, INBOX_AT_DATA, INBOX_AT_BODY, INBOX_AT_DOT, INBOX_AT_HTTP
};
enum inbox_cut { INBOX_CUT_NO, INBOX_CUT_BEFORE, INBOX_CUT_AFTER, INBOX_CUT_BODY };
enum inbox_keep { INBOX_KEEP_BY_ANSWER, INBOX_KEEP_YES, INBOX_KEEP_NO };

/* What to do; texts lie in the arena given to inbox_faults_match. */
struct inbox_effect {
    int code; /* 0: as usual */
    struct rg_str text; /* SMTP: the answer's words; HTTP: the body. Absent: as usual */
    struct rg_str header_names[INBOX_FAULT_HEADERS_MAX], header_values[INBOX_FAULT_HEADERS_MAX];
    size_t header_count;
    int64_t delay_ms, drip_ms;
    enum inbox_cut cut;
    enum inbox_keep keep;
    bool endless;
};

struct inbox_faults;

struct inbox_faults *inbox_faults_new(uint64_t seed);
void inbox_faults_free(struct inbox_faults **faults);

/* `door` is "smtp" or "http". RG_EINVAL names the member that is wrong; RG_ELIMIT: too many rules. */
RG_MUST_USE int inbox_faults_add(struct inbox_faults *faults, const char *door, struct rg_str rule, int64_t *ret_id,
                                 struct rg_error *err);
void inbox_faults_clear(struct inbox_faults *faults);
void inbox_faults_write(struct inbox_faults *faults, struct rg_buf *out); /* [{"id":…,"door":…,"hits":…,"rule":{…}}] */

struct inbox_occasion {
    enum inbox_stage stage;
    const char *to;        /* NULL: not known */
    const char *provider;  /* HTTP */
    struct rg_str content; /* HTTP: the body */
};
/* False: nothing fits, do as usual. */
bool inbox_faults_match(struct inbox_faults *faults, const struct inbox_occasion *occasion, struct rg_arena *arena,
                        struct inbox_effect *ret_effect);
