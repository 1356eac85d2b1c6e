/* Who asks, for what, and may he: then the route's handler. Tokens are kept as digests, and every one is compared for every
 * request, so that time tells nothing about which operator's was nearly right. */
#include "daemon/admin/internal.h"

#include "base/core/log.h"
#include "base/core/suggest.h"
#include "base/httpd/uri.h"
#include "brazil/days/date.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHORT_TOKEN_BYTES 16 /* fewer can be guessed; said, not refused: it is loopback */
#define SUGGESTED_MAX 12 /* names listed when none is near */

const struct rg_admin_route rg_admin_routes[] = {
    {"GET", "/livez", 0, rg_admin_livez, NULL, "200 as long as the process answers."},
    {"GET", "/readyz", 0, rg_admin_readyz, NULL,
     "200 when Kafka and Redis answer and every assigned shard runs, else 503; ?verbose=1 lists the reasons."},
    {"GET", "/metrics", 0, rg_admin_metrics, NULL, "Counters and gauges in Prometheus' text format."},
    {"GET", "/api/v1/status", 0, rg_admin_status, "status", "Readiness, shards, sources, channels, mode and rules of this process."},
    {"GET", "/api/v1/reload", 0, rg_admin_reload, "reload",
     "How the last reading of the rules ended. To have them read, send SIGHUP to `pid`; it is answered when `done` has grown."},
    {"GET", "/api/v1/debtors", RG_SITE_ROLE_LOOK, rg_admin_debtors, "show",
     "Whose invoice it is: ?invoice=ID or ?invoice=NAMESPACE:ID."},
    {"GET", "/api/v1/debtors/{debtor}", RG_SITE_ROLE_LOOK, rg_admin_debtor, "show",
     "All that is known of a debtor, named by id or by an invoice; personal data masked unless ?reveal=1, which is logged."},
    {"GET", "/api/v1/debtors/{debtor}/explain", RG_SITE_ROLE_LOOK, rg_admin_explain, "explain",
     "Why, why not, when next: ?step=NAME, ?all=1 for every gate that blocks, ?format=text|json (or Accept)."},
    {"POST", "/api/v1/go-live", RG_SITE_ROLE_ACT, rg_admin_go_live, "go-live",
     "Steps up to max_step leave shadow mode, spread over `spread`: {\"max_step\", \"spread\", \"reason\"}."},
    {"POST", "/api/v1/stop", RG_SITE_ROLE_ACT, rg_admin_stop, "stop",
     "Nothing is claimed for delivery any more, by any process: {\"reason\"}."},
    {"POST", "/api/v1/resume", RG_SITE_ROLE_ACT, rg_admin_resume, "resume", "Ends a stop: {\"reason\"}."},
    {"POST", "/api/v1/synced", RG_SITE_ROLE_ACT, rg_admin_synced, "synced",
     "Payments of a source are known through an instant: {\"source\", \"through\", \"reason\"}; without `through`, through now."},
};
const size_t rg_admin_route_count = RG_COUNT(rg_admin_routes);

/* ---- answers ---- */

void rg_admin_json(struct rg_admin_call *call, struct rg_jw *jw)
{
    call->response->type = "application/json";
    rg_jw_init(jw, &call->response->body);
}

void rg_admin_fail(struct rg_admin_call *call, int status, const char *error, const char *fmt, ...)
{
    char detail[512];
    struct rg_jw jw;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    rg_buf_reset(&call->response->body);
    call->response->status = status;
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "error", error);
    rg_jw_member_cstr(&jw, "detail", detail);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

void rg_admin_fail_err(struct rg_admin_call *call, const struct rg_error *err)
{
    static const struct {
        int code, status;
        const char *error;
    } table[] = {
        {RG_EINVAL, 400, "invalid"},   {RG_ENOTFOUND, 404, "not_found"},      {RG_ELIMIT, 400, "limit"},
        {RG_EREFUSED, 409, "refused"}, {RG_ETIMEOUT, 503, "unreachable"},     {RG_EUNREACHABLE, 503, "unreachable"},
        {RG_EIO, 503, "unreachable"},  {RG_EUNKNOWN, 503, "outcome_unknown"}, {RG_EDENIED, 503, "unreachable"},
    };
    for (size_t i = 0; i < RG_COUNT(table); i++)
        if (table[i].code == err->code) {
            rg_admin_fail(call, table[i].status, table[i].error, "%s", err->text);
            return;
        }
    rg_admin_fail(call, 500, "internal", "%s", err->text);
}

void rg_admin_instant(struct rg_jw *jw, const char *key, int64_t ms)
{
    char text[RG_INSTANT_TEXT_MAX];
    if (ms < 0 || ms == INT64_MAX) {
        rg_jw_member_null(jw, key);
        return;
    }
    rg_instant_format(ms, RG_ADMIN_ZONE_MINUTES, text);
    rg_jw_member_cstr(jw, key, text);
}

/* ---- questions ---- */

bool rg_admin_query(struct rg_admin_call *call, const char *name, struct rg_str *ret_value)
{
    if (rg_uri_query(call->request->query, name, call->arena, ret_value))
        return true;
    rg_admin_fail(call, 400, "invalid", "the query is malformed or says \"%s\" twice", name);
    return false;
}

bool rg_admin_flag(struct rg_admin_call *call, const char *name, bool *ret_flag)
{
    struct rg_str value;
    if (!rg_admin_query(call, name, &value))
        return false;
    if (value.p != NULL && value.n > 0 && !rg_str_is(value, "1") && !rg_str_is(value, "0")) {
        rg_admin_fail(call, 400, "invalid", "%s=1 or %s=0 expected", name, name);
        return false;
    }
    *ret_flag = value.p != NULL && !rg_str_is(value, "0");
    return true;
}

const char *rg_admin_suggest(struct rg_admin_call *call, struct rg_str word, const struct rg_str *names, size_t count)
{
    const char **candidates = (const char **)(void *)RG_NEW(call->arena, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        candidates[i] = rg_arena_str(call->arena, names[i]).p;
    const char *near = rg_suggest(word, candidates, count);
    if (near != NULL)
        return rg_arena_printf(call->arena, ", did you mean \"%s\"?", near).p;
    struct rg_str list = RG_STR("; there ");
    for (size_t i = 0; i < count && i < SUGGESTED_MAX; i++)
        list = rg_arena_printf(call->arena, RG_STR_FMT "%s%s", RG_STR_ARG(list), i > 0 ? ", " : count == 1 ? "is " : "are ", candidates[i]);
    return count == 0 ? "" : rg_arena_printf(call->arena, RG_STR_FMT "%s", RG_STR_ARG(list), count > SUGGESTED_MAX ? " …" : "").p;
}

/* ---- who, what, may he ---- */

static const struct rg_admin_operator *find_operator(const struct rg_admin *admin, struct rg_str token)
{
    const struct rg_admin_operator *found = NULL;
    for (size_t i = 0; i < admin->operator_count; i++)
        if (rg_httpd_secret_is(token, admin->operators[i].token))
            found = &admin->operators[i];
    return found;
}

static const char *role_name(uint64_t role)
{
    return role == RG_SITE_ROLE_LOOK ? "look" : role == RG_SITE_ROLE_ACT ? "act" : "approve";
}

/* True when the call may go on; otherwise the answer is given. */
static bool permitted(struct rg_admin_call *call, const struct rg_admin_route *route)
{
    if (strcmp(route->method, "POST") == 0 && !rg_httpd_same_origin(call->request)) {
        rg_admin_fail(call, 403, "other_origin", "a page of another site may not do this");
        return false;
    }
    if (route->role == 0)
        return true;
    if (call->who == NULL) {
        rg_httpd_add_header(call->response, "WWW-Authenticate", "Bearer realm=\"regua\"");
        rg_admin_fail(call, 401, "no_token",
                      call->admin->operator_count == 0 ? "nobody may do this yet: name an operator with a token in http.operators"
                      : rg_str_has(rg_httpd_bearer(call->request))
                          ? "this token is not known (tokens are read when the daemon starts)"
                          : "this needs an operator's token");
        return false;
    }
    if ((call->who->roles & route->role) == 0) {
        rg_admin_fail(call, 403, "role", "operator " RG_STR_FMT " lacks the role %s (http.operators." RG_STR_FMT ".roles)",
                      RG_STR_ARG(call->who->name), role_name(route->role), RG_STR_ARG(call->who->name));
        return false;
    }
    return true;
}

static void on_request(const struct rg_httpd_request *request, struct rg_httpd_response *response, void *ctx)
{
    struct rg_admin_call call = {.admin = ctx, .request = request, .response = response, .arena = request->arena};
    const char *other_method = NULL;
    struct rg_str segment;
    for (size_t i = 0; i < rg_admin_route_count; i++) {
        const struct rg_admin_route *route = &rg_admin_routes[i];
        if (!rg_uri_match(route->path, request->path, &segment))
            continue;
        if (!rg_str_is(request->method, route->method)) {
            other_method = route->method;
            continue;
        }
        call.who = find_operator(call.admin, rg_httpd_bearer(request));
        if (!permitted(&call, route))
            return;
        if (segment.p != NULL && !rg_uri_decode(segment, call.arena, &call.segment))
            rg_admin_fail(&call, 400, "invalid", "the path is not well escaped UTF-8");
        else
            route->handler(&call);
        return;
    }
    if (other_method != NULL) {
        rg_httpd_add_header(response, "Allow", strcmp(other_method, "GET") == 0 ? "GET, HEAD" : other_method);
        rg_admin_fail(&call, 405, "method", "%s expected here", other_method);
    } else {
        rg_admin_fail(&call, 404, "not_found", "there is nothing at this path");
    }
}

/* ---- life ---- */

static int read_token(struct rg_admin *admin, const struct rg_site_operator *from, struct rg_admin_operator *into,
                      struct rg_error *err)
{
    struct rg_buf secret = {0};
    struct rg_error why;
    int rc = rg_secret_read(admin->site, from->token, &secret, &why);
    if (rc < 0) {
        rc = rg_fail(err, rc, "token of operator " RG_STR_FMT ": %s", RG_STR_ARG(from->section.name), why.text);
    } else {
        *into = (struct rg_admin_operator){.name = from->section.name, .roles = from->roles};
        rg_sha256(secret.data, secret.len, into->token);
        if (secret.len < SHORT_TOKEN_BYTES)
            rg_log(RG_LOG_WARNING, "TOKEN-SHORT", RG_LOG_NO_CTX,
                   "the token of operator " RG_STR_FMT " has only %zu characters; make one with: openssl rand -hex 24",
                   RG_STR_ARG(from->section.name), secret.len);
    }
    rg_secret_done(&secret);
    return rc;
}

/* Two operators with one token would leave acts without an author. */
static int read_tokens(struct rg_admin *admin, struct rg_error *err)
{
    const struct rg_site_operator *operators = rg_site_operators(admin->site);
    size_t n = admin->site->http.operators.count;
    admin->operators = rg_alloc((n + 1) * sizeof admin->operators[0]);
    for (size_t i = 0; i < n; i++) {
        int rc = read_token(admin, &operators[i], &admin->operators[i], err);
        if (rc < 0)
            return rc;
        for (size_t k = 0; k < i; k++)
            if (memcmp(admin->operators[k].token, admin->operators[i].token, RG_SHA256_BYTES) == 0)
                return rg_fail(err, RG_EINVAL,
                               "operators " RG_STR_FMT " and " RG_STR_FMT
                               " have the same token: an act's author would not be known",
                               RG_STR_ARG(operators[k].section.name), RG_STR_ARG(operators[i].section.name));
        admin->operator_count++;
    }
    return 0;
}

int rg_admin_new(struct rg_daemon *daemon, const struct rg_site *site, struct rg_admin **ret_admin, struct rg_error *err)
{
    struct rg_admin *admin = rg_alloc(sizeof *admin);
    const struct rg_site_listen *listen = &site->http.listen;
    admin->daemon = daemon;
    admin->site = site;
    int rc = read_tokens(admin, err);
    if (rc == 0 && listen->host[0] != '\0') {
        const struct rg_httpd_config config = {
            .host = listen->host, .port = listen->port, .public_allowed = !listen->loopback, .handler = on_request, .ctx = admin};
        rc = rg_httpd_new(&config, &admin->httpd, err);
    }
    if (rc < 0)
        rg_admin_free(&admin);
    else
        *ret_admin = admin;
    return rc;
}

void rg_admin_free(struct rg_admin **admin)
{
    if (*admin == NULL)
        return;
    rg_httpd_free(&(*admin)->httpd);
    rg_free(&(*admin)->operators);
    rg_free(admin);
}

uint16_t rg_admin_port(const struct rg_admin *admin)
{
    return admin->httpd == NULL ? 0 : rg_httpd_port(admin->httpd);
}
