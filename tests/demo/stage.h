/* Everything Régua needs, started here and gone with the process: a Kafka broker and an inbox in this process, a Redis of its own
 * on a socket, a clock that is turned by hand, a configuration in files, and the daemon itself in a thread. */
#pragma once

#include "base/core/arena.h"
#include "base/core/error.h"
#include "base/kafka/kafka.h"
#include "daemon/daemon.h"
#include "tests/fakes/clock/page_clock.h"
#include "tests/fakes/inbox/inbox.h"

#define DEMO_CHANNELS 4
extern const char *const demo_channels[DEMO_CHANNELS]; /* with the built-in signals */

struct demo_stage_options {
    const char *state;  /* directory; made when it is not there */
    int shards;
    int64_t now_ms;     /* what the clock shows first */
    uint64_t seed;
};

struct demo_stage;
RG_MUST_USE int demo_stage_new(const struct demo_stage_options *options, struct demo_stage **ret_stage, struct rg_error *err);
void demo_stage_free(struct demo_stage **stage);

/* Until the daemon is ready. RG_EREFUSED: it has ended. */
RG_MUST_USE int demo_stage_wait_ready(struct demo_stage *stage, struct rg_error *err);
/* By the API, as an operator does it: a POST with his token. `body` is JSON. */
RG_MUST_USE int demo_stage_act(struct demo_stage *stage, const char *path, const char *body, struct rg_error *err);

void demo_stage_set_time(struct demo_stage *stage, int64_t now_ms);
/* Asks for upstream to be known through that instant, and waits until nothing is left to do at it. RG_ETIMEOUT says what was. */
RG_MUST_USE int demo_stage_rest(struct demo_stage *stage, int64_t now_ms, int64_t *ret_next_due_ms, struct rg_error *err);
RG_MUST_USE int demo_stage_want(struct demo_stage *stage, int64_t now_ms, struct rg_error *err);

struct rg_daemon *demo_stage_daemon(struct demo_stage *stage);
struct rg_inbox *demo_stage_inbox(struct demo_stage *stage);
const struct rg_kafka_config *demo_stage_kafka(const struct demo_stage *stage);
const char *demo_stage_log(const struct demo_stage *stage); /* path of the daemon's log */
/* Lines of level error so far, and the last of them; "" when there was none. */
int demo_stage_errors(struct demo_stage *stage, char ret_last[256]);

/* The creditor, as regua.yaml and what WhatsApp has approved name him. */
#define DEMO_CREDITOR_NAME "Provedor Exemplo Ltda"
#define DEMO_CREDITOR_DOCUMENT "12.345.678/0001-95"
#define DEMO_CREDITOR_ADDRESS "Rua das Flores 10, Campinas SP"
#define DEMO_CREDITOR_EMAIL "cobranca@provedor.example"
#define DEMO_CREDITOR_PHONE "+55 19 3000-0000"

/* approved.c: the shipped texts as WhatsApp would have approved them; everything lies in the arena. */
RG_MUST_USE int demo_approved_load(struct rg_arena *arena, struct rg_inbox_approved *items, size_t max, size_t *ret_count,
                                   struct rg_error *err);

/* site.c: writes regua.yaml and what it names below `directory`; *ret_config is the main file's path (room of 4096). */
struct demo_site {
    const char *directory, *brokers, *redis_url;
    int shards, smtp_port, http_port, admin_port;
};
RG_MUST_USE int demo_site_write(const struct demo_site *site, char ret_config[4096], char ret_token[64], struct rg_error *err);
/* Makes a directory and its parents; writes a small file whole. */
RG_MUST_USE int demo_make_directory(const char *path, struct rg_error *err);
RG_MUST_USE int demo_write_file(const char *directory, const char *name, struct rg_str bytes, struct rg_error *err);
