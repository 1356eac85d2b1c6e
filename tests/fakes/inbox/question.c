/* Questions, control and the page. All of it is for this machine alone: names other than loopback's are refused, so that a
 * name that was made to point here cannot reach it, and so is what a page of another origin asks. What senders wrote is
 * hostile: it leaves as JSON, as plain text, or as HTML under a policy that loads nothing and runs nothing. */
#include "tests/fakes/inbox/http.h"

#include "base/json/write.h"
#include "tests/fakes/inbox/page.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS_MAX 60000

static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
static const char mail_policy[] =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox";

static const char *argument(const struct http_request *request, const char *name)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A number of the query, `otherwise` when it is absent; −1 when it is none. */
static int64_t number_argument(const struct http_request *request, const char *name, int64_t otherwise)
{
    const char *text = argument(request, name);
    int64_t number = otherwise;
    if (text != NULL && (!rg_str_to_i64(rg_str(text), &number) || number < 0))
        return -1;
    return number;
}

/* A list is written entry by entry as the peer takes it, so that a long one is never whole in memory. */
struct list {
    struct inbox_store *store;
    struct inbox_query query;
    char *texts[4]; /* the query's own copies */
    inbox_write_fn *write;
    struct rg_buf buf; /* written, not taken yet */
    size_t taken;
    int64_t wait_ms, left; /* left < 0: no limit */
    bool first, ended;
};

static void fill_list(struct list *list)
{
    rg_buf_reset(&list->buf);
    list->taken = 0;
    if (!list->first)
        rg_buf_addc(&list->buf, ',');
    int64_t n = list->left == 0 ? 0 : inbox_store_next(list->store, &list->query, list->wait_ms, list->write, &list->buf);
    list->wait_ms = 0; /* only for the first one */
    if (n == 0) {
        rg_buf_reset(&list->buf); /* the comma was for nothing */
        rg_buf_adds(&list->buf, "]}\n");
        list->ended = true;
        return;
    }
    list->query.after = n;
    list->first = false;
    if (list->left > 0)
        list->left--;
}

static ssize_t read_list(void *ctx, uint64_t at, char *out, size_t room)
{
    (void)at;
    struct list *list = ctx;
    if (list->taken == list->buf.len) {
        if (list->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        fill_list(list);
    }
    size_t n = list->buf.len - list->taken;
    n = n < room ? n : room;
    memcpy(out, list->buf.data + list->taken, n);
    list->taken += n;
    return (ssize_t)n;
}

static void free_list(void *ctx)
{
    struct list *list = ctx;
    for (size_t i = 0; i < RG_COUNT(list->texts); i++)
        rg_free(&list->texts[i]);
    rg_buf_done(&list->buf);
    rg_free(&list);
}

static const char *keep_argument(const struct http_request *request, struct list *list, size_t slot, const char *name)
{
    const char *text = argument(request, name);
    list->texts[slot] = text != NULL ? rg_strdup(text) : NULL;
    return list->texts[slot];
}

static enum MHD_Result answer_list(struct http_request *request, bool may_wait)
{
    int64_t after = number_argument(request, "after", 0), limit = number_argument(request, "limit", RG_INBOX_ENTRIES_MAX);
    int64_t wait_ms = may_wait ? number_argument(request, "wait", 0) : 0;
    if (after < 0 || limit < 0 || wait_ms < 0)
        return http_answer_error(request, 400, "after, limit and wait are whole numbers");
    struct list *list = rg_alloc(sizeof *list);
    struct inbox_span span = inbox_store_span(request->store);
    list->store = request->store;
    list->query.after = after;
    list->query.channel = rg_str(keep_argument(request, list, 0, "channel"));
    list->query.state = rg_str(keep_argument(request, list, 1, "state"));
    list->query.to = keep_argument(request, list, 2, "to");
    list->query.contains = keep_argument(request, list, 3, "contains");
    list->write = argument(request, "short") != NULL ? inbox_entry_write_short : inbox_entry_write;
    list->wait_ms = wait_ms < WAIT_MS_MAX ? wait_ms : WAIT_MS_MAX;
    list->left = limit;
    list->first = true;
    rg_buf_init(&list->buf, 8 * RG_INBOX_MESSAGE_BYTES_MAX);
    rg_buf_addf(&list->buf, "{\"first\":%lld,\"last\":%lld,\"dropped\":%lld,\"entries\":[", (long long)span.first,
                (long long)span.last, (long long)span.dropped);
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 * 1024, read_list, list, free_list);
    rg_assert(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return http_answer(request, 200, response);
}

static void write_raw(const struct rg_inbox_entry *entry, struct rg_buf *out)
{
    rg_buf_add_str(out, entry->raw);
}

static void write_html(const struct rg_inbox_entry *entry, struct rg_buf *out)
{
    rg_buf_add_str(out, entry->html);
}

static enum MHD_Result answer_document(struct http_request *request, const char *type, const char *policy, struct rg_str text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(text.n, (void *)(uintptr_t)text.p, MHD_RESPMEM_MUST_COPY);
    rg_assert(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", type); /* fixed names and values: cannot be refused */
    (void)MHD_add_response_header(response, "Content-Security-Policy", policy);
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    return http_answer(request, 200, response);
}

/* /entry/N, /raw/N, /html/N */
static enum MHD_Result answer_one(struct http_request *request, const char *number, inbox_write_fn *write, const char *type)
{
    int64_t n = 0;
    RG_CLEANUP(rg_buf_done) struct rg_buf text;
    rg_buf_init(&text, 8 * RG_INBOX_MESSAGE_BYTES_MAX);
    bool named = rg_str_to_i64(rg_str(number), &n) && n > 0;
    struct inbox_query query = {.after = n - 1};
    if (!named || n < inbox_store_span(request->store).first || inbox_store_next(request->store, &query, 0, write, &text) != n)
        return http_answer_error(request, 404, "there is no such entry, or not any more");
    return answer_document(request, type, mail_policy, rg_buf_str(&text));
}

static enum MHD_Result answer_control(struct http_request *request)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf json;
    rg_buf_init(&json, 2 * INBOX_FAULTS_MAX * INBOX_FAULT_BYTES_MAX);
    inbox_faults_write(request->faults, &json);
    return http_answer_text(request, 200, "application/json", rg_buf_str(&json));
}

static enum MHD_Result add_fault(struct http_request *request, const char *door)
{
    struct rg_error err = {0};
    int64_t id = 0;
    if (inbox_faults_add(request->faults, door, rg_buf_str(&request->body), &id, &err) < 0)
        return http_answer_error(request, 400, err.text);
    char text[40];
    (void)snprintf(text, sizeof text, "{\"id\":%lld}\n", (long long)id);
    return http_answer_text(request, 201, "application/json", rg_str(text));
}

/* The host part of "host:port" or of "http://host:port" names this machine's loopback. */
static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    if (strncmp(host, "http://", 7) == 0)
        host += 7;
    else if (strncmp(host, "https://", 8) == 0)
        host += 8;
    for (size_t i = 0; i < RG_COUNT(names); i++) {
        size_t n = strlen(names[i]);
        if (strncmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
            return true;
    }
    return false;
}

static bool is_from_here(const struct http_request *request)
{
    const char *host = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Host");
    const char *origin = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Origin");
    const char *site = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    if (host == NULL || !is_loopback(host))
        return false;
    if (origin != NULL && !is_loopback(origin))
        return false;
    return site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 || strcmp(request->method, "GET") == 0;
}

static enum MHD_Result answer_get(struct http_request *request)
{
    const char *path = request->path;
    struct inbox_page_file file;
    if (inbox_page_find(path, &file))
        return answer_document(request, file.type, page_policy, file.text);
    if (strcmp(path, "/inbox.json") == 0)
        return answer_list(request, false);
    if (strcmp(path, "/inbox") == 0)
        return answer_list(request, true);
    if (strcmp(path, "/control") == 0)
        return answer_control(request);
    if (strncmp(path, "/entry/", 7) == 0)
        return answer_one(request, path + 7, inbox_entry_write, "application/json");
    if (strncmp(path, "/raw/", 5) == 0)
        return answer_one(request, path + 5, write_raw, "text/plain; charset=utf-8");
    if (strncmp(path, "/html/", 6) == 0)
        return answer_one(request, path + 6, write_html, "text/html; charset=utf-8");
    return http_answer_error(request, 404, "there is nothing here; inbox.h names the paths");
}

enum MHD_Result http_question(struct http_request *request)
{
    if (!is_from_here(request))
        return http_answer_error(request, 403, "only for this machine, by a loopback name");
    if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)
        return answer_get(request);
    if (strcmp(request->method, "DELETE") == 0 && strcmp(request->path, "/control") == 0) {
        inbox_faults_clear(request->faults);
        return http_answer_text(request, 200, "application/json", RG_STR("{}\n"));
    }
    if (strcmp(request->method, "POST") == 0 && strncmp(request->path, "/control/", 9) == 0)
        return add_fault(request, request->path + 9);
    return http_answer_error(request, 405, "no such method here");
}
