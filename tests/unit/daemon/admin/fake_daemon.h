/* A daemon of cardboard behind the real admin port: what the port may ask of a process (daemon/daemon.h), of regua.control and of
 * Redis is answered here, from what the test has put in.
 *
 *   operators  maria (look, act, approve), lia (look only), each with a token in a file
 *   rules      the shipped ladder internet_residencial
 *   sources    billing (live, namespace "provedor" by its creditor), bank (synced, namespace "bank")
 *   debtor     D1, made by a test with play.h, or none */
#pragma once

#include "daemon/admin/admin.h"
#include "daemon/daemon.h"

#define FAKE_MARIA "maria-token-of-24-characters"
#define FAKE_LIA "lia-token-of-24-characters"
#define FAKE_VALUES_MAX 8

struct fake_value {
    int kind;
    char id[160];
    struct rg_buf bytes;
};

struct rg_daemon {
    struct rg_site site;
    struct rg_site_operator operators[2];
    struct rg_site_source sources[2];
    struct rg_site_creditor creditors[1];
    char directory[64];
    struct rg_daemon_status status;
    struct rg_runtime runtime;
    struct rg_clock clock;
    int64_t now_ms;
    struct rg_shard_counters counters;
    struct rg_sender_counters sender;
    struct rg_ingest_source_counters ingest[2];
    struct rg_ingest_part parts[3];
    struct rg_daemon_reload reload; /* findings a literal, or absent */
    struct rg_redis_config redis;
    struct rg_world world;
    struct fake_value values[FAKE_VALUES_MAX];
    size_t value_count;
    int64_t due_ms;
    bool redis_down, kafka_down;
    int act_rc;          /* what an act ends with */
    char act[256];       /* the last one: "go-live maria atraso 432000000 why" */
    struct rg_admin *admin;
};

/* Listens on a free port; `daemon->admin` tells which. */
void fake_daemon_open(struct rg_daemon *daemon);
void fake_daemon_close(struct rg_daemon *daemon);
void fake_daemon_put_debtor(struct rg_daemon *daemon, const struct rg_record *record);
void fake_daemon_put_reference(struct rg_daemon *daemon, const char *reference, const char *debtor);
void fake_token_path(const struct rg_daemon *daemon, const char *name, char ret_path[128]);
