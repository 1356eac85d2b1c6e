/* Private to this room: one request on its way through it. */
#pragma once

#include "base/httpd/httpd.h"
#include "base/json/json.h"
#include "base/json/write.h"
#include "daemon/admin/admin.h"

#define RG_ADMIN_ZONE_MINUTES (-180) /* instants are told in Brasília's time */
#define RG_REASON_BYTES_MAX 500 /* of an act; also read by people in a log */

struct rg_admin_operator {
    struct rg_str name;
    uint8_t token[RG_SHA256_BYTES];
    uint64_t roles;
};

struct rg_admin {
    struct rg_daemon *daemon;
    const struct rg_site *site;
    struct rg_httpd *httpd;
    struct rg_admin_operator *operators;
    size_t operator_count;
};

struct rg_admin_call {
    struct rg_admin *admin;
    const struct rg_httpd_request *request;
    struct rg_httpd_response *response;
    struct rg_arena *arena;
    struct rg_str segment;                /* the path's, decoded */
    const struct rg_admin_operator *who;  /* NULL: no token */
};

/* ---- answers; each handler gives exactly one ---- */

/* Drops what was written, says this instead. */
void rg_admin_fail(struct rg_admin_call *call, int status, const char *error, const char *fmt, ...) RG_PRINTF(4, 5);
void rg_admin_fail_err(struct rg_admin_call *call, const struct rg_error *err); /* status and word by the code */
void rg_admin_json(struct rg_admin_call *call, struct rg_jw *jw); /* what follows is JSON */
void rg_admin_instant(struct rg_jw *jw, const char *key, int64_t ms); /* null when there is none (negative or INT64_MAX) */

/* ---- questions ---- */

/* False, and the answer is given, when the query is malformed. */
bool rg_admin_query(struct rg_admin_call *call, const char *name, struct rg_str *ret_value);
bool rg_admin_flag(struct rg_admin_call *call, const char *name, bool *ret_flag); /* "1" or "0"; absent: false */

/* What is added to "there is no x": `, did you mean "y"?`, else the names that there are. */
const char *rg_admin_suggest(struct rg_admin_call *call, struct rg_str word, const struct rg_str *names, size_t count);

/* Dead letters that ingest has written, of all sources. */
uint64_t rg_admin_ingest_dead(struct rg_daemon *daemon);

/* ---- handlers ---- */

void rg_admin_livez(struct rg_admin_call *call);
void rg_admin_readyz(struct rg_admin_call *call);
void rg_admin_status(struct rg_admin_call *call);
void rg_admin_reload(struct rg_admin_call *call);
void rg_admin_metrics(struct rg_admin_call *call);
void rg_admin_debtors(struct rg_admin_call *call);
void rg_admin_debtor(struct rg_admin_call *call);
void rg_admin_explain(struct rg_admin_call *call);
void rg_admin_go_live(struct rg_admin_call *call);
void rg_admin_stop(struct rg_admin_call *call);
void rg_admin_resume(struct rg_admin_call *call);
void rg_admin_synced(struct rg_admin_call *call);
