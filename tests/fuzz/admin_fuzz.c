/* Whatever is asked of the admin port by who may ask everything: "METHOD PATH?QUERY", a line feed, and the body. An answer with a
 * status, in JSON where it says so. */
#include "tests/unit/daemon/admin/fake_daemon.h"

#include "base/core/log.h"
#include "base/httpd/uri.h"
#include "daemon/admin/internal.h"
#include "tests/unit/daemon/rules/play.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rg_daemon daemon_of_cardboard;

static void clean_up(void)
{
    fake_daemon_close(&daemon_of_cardboard);
}

static void swallow(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink_ctx)
{
    (void)level, (void)id, (void)ctx, (void)sink_ctx;
    rg_assert(text[0] != '\0');
}

static void open_daemon(void)
{
    struct play p;
    (void)setenv("RG_SOURCE_DIR", RG_SOURCE, 0); /* where the shipped ladders are, unless the caller knows better */
    rg_log_capture(swallow, NULL);
    fake_daemon_open(&daemon_of_cardboard);
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-24 10:12");
    fake_daemon_put_debtor(&daemon_of_cardboard, p.record);
    fake_daemon_put_reference(&daemon_of_cardboard, "invoice:provedor:F1", "D1");
    play_end(&p);
    (void)atexit(clean_up);
}

static struct rg_str no_header(void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return (struct rg_str){NULL, 0};
}

static void check(const struct rg_httpd_response *response)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    rg_assert(response->status >= 200 && response->status <= 503);
    rg_assert(!response->body.overflow && rg_utf8_valid(rg_buf_str(&response->body)));
    if (strcmp(response->type, "application/json") != 0)
        return;
    int rc = rg_json_parse(rg_buf_str(&response->body), RG_HTTPD_ANSWER_BYTES_MAX, &doc, NULL);
    rg_assert(rc == 0);
}

static void ask(struct rg_httpd_request *request)
{
    static const struct rg_admin_operator maria = {
        .name = {"maria", 5}, .roles = RG_SITE_ROLE_LOOK | RG_SITE_ROLE_ACT | RG_SITE_ROLE_APPROVE};
    struct rg_httpd_response response;
    struct rg_admin_call call = {.admin = daemon_of_cardboard.admin, .request = request, .response = &response,
                                 .arena = request->arena, .who = &maria};
    for (size_t i = 0; i < rg_admin_route_count; i++) {
        const struct rg_admin_route *route = &rg_admin_routes[i];
        struct rg_str segment;
        if (!rg_uri_match(route->path, request->path, &segment) || !rg_str_is(request->method, route->method) ||
            (segment.p != NULL && !rg_uri_decode(segment, call.arena, &call.segment)))
            continue;
        rg_httpd_response_init(&response);
        route->handler(&call);
        check(&response);
        rg_httpd_response_done(&response);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (daemon_of_cardboard.admin == NULL)
        open_daemon();
    const char *text = (const char *)data;
    const char *line = size > 0 ? memchr(text, '\n', size) : NULL, *blank = line ? memchr(text, ' ', (size_t)(line - text)) : NULL;
    if (blank == NULL || (size_t)(line - text) > RG_HTTPD_HEAD_BYTES_MAX || memchr(text, '\0', (size_t)(line - text)) != NULL)
        return 0;
    const char *path = blank + 1, *mark = memchr(path, '?', (size_t)(line - path));
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(RG_HTTPD_ARENA_BYTES);
    struct rg_httpd_request request = {.method = {text, (size_t)(blank - text)},
                                       .path = {path, (size_t)((mark ? mark : line) - path)},
                                       .query = mark ? (struct rg_str){mark + 1, (size_t)(line - mark - 1)} : RG_STR(""),
                                       .body = {line + 1, size - (size_t)(line + 1 - text)},
                                       .arena = arena,
                                       .header_fn = no_header};
    if (request.body.n <= RG_HTTPD_BODY_BYTES_MAX)
        ask(&request);
    return 0;
}
