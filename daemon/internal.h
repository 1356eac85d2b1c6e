/* Private to the daemon's own files: one process and its parts. */
#pragma once

#include "daemon/daemon.h"

#include "base/redis/shared_clock.h"
#include "daemon/reading.h"
#include "daemon/state/store_redis.h"
#include "daemon/watch.h"

#include <pthread.h>

#define RG_WORKERS_MAX 64 /* what tuning.decide_workers may say */
#define RG_SENDERS_MAX (RG_CHANNELS_MAX + 1) /* one for each channel and two for signals; a site has one channel less */
#define RG_TOPIC_TIMEOUT_MS 15000
#define RG_CONNECT_RETRY_MS 1000
#define RG_TROUBLE_BYTES 288 /* an error's sentence, and a word of where */

struct rg_admin;

/* A sender with what belongs to its thread alone. */
struct rg_sender_part {
    struct rg_daemon *daemon;
    struct rg_sender *sender;
    struct rg_state_reader *reader;
    struct rg_fresh_store *fresh;
    struct rg_transport *transport;
    int index; /* of the channel in regua.yaml; −1: signals */
    struct rg_ruleset *presets; /* whose preset the transport works with */
    struct rg_creditor_info creditors[RG_SERVICES_MAX];
    size_t creditor_count;
    struct rg_ruleset *rules; /* whose templates are being used */
    struct rg_control_state control; /* of this turn, in an arena of its own */
    struct rg_arena *control_arena;
    const char *queue, *topic, *group;
    pthread_t thread;
    bool running;
};

struct rg_worker_part {
    struct rg_daemon *daemon;
    struct rg_worker *worker;
    pthread_t thread;
    bool running;
};

struct rg_topic_names {
    char ledger[RG_KAFKA_TOPIC_NAME_MAX + 1], people[RG_KAFKA_TOPIC_NAME_MAX + 1], control[RG_KAFKA_TOPIC_NAME_MAX + 1],
        messages[RG_KAFKA_TOPIC_NAME_MAX + 1], signals[RG_KAFKA_TOPIC_NAME_MAX + 1], deadletter[RG_KAFKA_TOPIC_NAME_MAX + 1],
        retry[RG_KAFKA_TOPIC_NAME_MAX + 1],
        actions_prefix[RG_KAFKA_TOPIC_NAME_MAX + 1];
};

struct rg_daemon {
    struct rg_daemon_options options;
    struct rg_arena *arena; /* for the life of the process */
    struct rg_reading *reading; /* at the start: of regua.yaml, what holds until the end */
    const struct rg_site *site;
    struct rg_runtime runtime;
    struct rg_shared_clock *shared;
    struct rg_redis *clock_redis;
    int64_t clock_at_boot_ms; /* Redis is not asked for the time before */
    struct rg_kafka_config kafka;
    struct rg_redis_config redis;
    struct rg_topic_names topics;
    const char **channel_topics;
    size_t channel_count;
    struct rg_control *control;
    struct rg_shard_counters shard_counters;
    struct rg_worker_part workers[RG_WORKERS_MAX];
    size_t worker_count;
    _Atomic bool senders_gone; /* nobody waits for a fold any more: workers may end */
    struct rg_sender_part senders[RG_SENDERS_MAX];
    size_t sender_count;
    struct rg_ingest *ingest;
    struct rg_ingest_counters ingest_counters;
    pthread_t ingest_thread;
    bool ingest_running;
    bool redis_checked; /* its settings were found fit once: from then on they are kept an eye on */
    struct rg_admin *admin;
    pthread_mutex_t mutex; /* the sentences below, and which parts there are: the admin port answers from before they are made */
    char waiting_for[RG_TROUBLE_BYTES]; /* why nothing runs yet; "" once everything does */
    char kafka_trouble[RG_TROUBLE_BYTES], redis_trouble[RG_TROUBLE_BYTES]; /* what the main thread meets meanwhile; "" */
    _Atomic uint64_t reloads_asked;
    struct rg_daemon_reload reload; /* of the last reading; its findings are text's */
    struct rg_buf reload_text;
    char told[512]; /* systemd's status line */
    struct rg_watch watch;
    int exit_status;
};

/* start.c */
int rg_daemon_connections(struct rg_daemon *daemon, struct rg_error *err);  /* fills kafka, redis, topics from the site */
int rg_daemon_check_redis(struct rg_daemon *daemon, struct rg_error *err);  /* RG_EREFUSED: settings that lose state */
int rg_daemon_check_topics(struct rg_daemon *daemon, struct rg_error *err); /* creates ours where allowed; RG_EREFUSED: settings that lose records */
int rg_daemon_check_layout(struct rg_daemon *daemon, struct rg_error *err); /* shards as recorded, or records them */
void rg_daemon_waiting(struct rg_daemon *daemon, const char *fmt, ...) RG_PRINTF(2, 3);

/* parts.c: threads. Stopping joins them; what they worked with stays for the admin port to look at, and goes after it. */
int rg_daemon_start_parts(struct rg_daemon *daemon, struct rg_error *err);
void rg_daemon_stop_parts(struct rg_daemon *daemon);
void rg_daemon_free_parts(struct rg_daemon *daemon);
/* Steps of each thread so far, in the order in which they were made; the number of threads. The main thread's. */
size_t rg_daemon_steps(const struct rg_daemon *daemon, uint64_t ret_steps[RG_WATCH_MAX]);
const char *rg_daemon_thread_name(const struct rg_daemon *daemon, int index, char text[RG_NAME_MAX + 16]);

/* reload.c: reads what people wrote anew when somebody has asked; the main thread's. */
void rg_daemon_keep_rules(struct rg_daemon *daemon);
void rg_daemon_log_findings(struct rg_diags *diags, const char *id);
/* The status line: why nothing runs, what is missing, or whether the last reload was refused. */
void rg_daemon_tell(struct rg_daemon *daemon);

/* status.c: one of the sentences, "" when it is over; news are logged. */
void rg_daemon_trouble(struct rg_daemon *daemon, char sentence[RG_TROUBLE_BYTES], const char *id, const char *text);

/* outside.c: the rest of the daemon as a sender sees it */
struct rg_sender_world rg_daemon_sender_world(struct rg_sender_part *part);
int rg_daemon_transport(struct rg_sender_part *part, const struct rg_site_channel *channel, struct rg_error *err);
