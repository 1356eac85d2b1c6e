/* A thread for each connection, so that a delayed, dripping or waiting answer is a handler that sleeps. The body is gathered up
 * to its limit before anything is done; a longer one is read to its end and refused. */
#include "tests/fakes/inbox/http.h"

#include "base/json/write.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDLE_S_MAX 300

struct http_door {
    struct MHD_Daemon *daemon;
    struct inbox_store *store;
    struct inbox_faults *faults;
    struct rg_inbox_config config; /* paths in it are only good while the door is opened */
    int port;
};

enum MHD_Result http_answer(struct http_request *request, int status, struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(request->connection, (unsigned int)status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result http_answer_text(struct http_request *request, int status, const char *type, struct rg_str text)
{
    char *copy = malloc(text.n + 1);
    rg_assert(copy != NULL);
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    struct MHD_Response *response = MHD_create_response_from_buffer(text.n, copy, MHD_RESPMEM_MUST_FREE);
    rg_assert(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", type); /* a fixed name and value: cannot be refused */
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    return http_answer(request, status, response);
}

enum MHD_Result http_answer_error(struct http_request *request, int status, const char *why)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf json;
    rg_buf_init(&json, 4096);
    rg_buf_adds(&json, "{\"error\":");
    rg_json_quote(&json, rg_str(why));
    rg_buf_adds(&json, "}\n");
    return http_answer_text(request, status, "application/json", rg_buf_str(&json));
}

static void forget_request(void *ctx, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)connection;
    (void)why;
    struct http_request *request = *con_cls;
    if (request == NULL)
        return;
    rg_buf_done(&request->body);
    rg_free(&request);
    *con_cls = NULL;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **con_cls)
{
    (void)version;
    struct http_door *door = ctx;
    struct http_request *request = *con_cls;
    if (request == NULL) {
        request = rg_alloc(sizeof *request);
        *request = (struct http_request){
            .connection = connection, .store = door->store, .faults = door->faults, .config = &door->config, .method = method,
            .path = path};
        rg_buf_init(&request->body, RG_INBOX_MESSAGE_BYTES_MAX);
        *con_cls = request;
        return MHD_YES;
    }
    if (*upload_n > 0) {
        if (!request->body.overflow)
            rg_buf_add(&request->body, upload, *upload_n);
        *upload_n = 0;
        return MHD_YES;
    }
    if (request->body.overflow)
        return http_answer_error(request, 413, "the body is too large");
    return strncmp(path, "/provider/", 10) == 0 ? http_provide(request) : http_question(request);
}

/* The whole file for MHD, which wants PEM texts; the caller frees it. */
static int read_file(const char *path, char **ret_text, struct rg_error *err)
{
    char text[64 * 1024];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return rg_fail(err, RG_EIO, "%s: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file); /* it was only read */
    text[n] = '\0';
    *ret_text = rg_strdup(text);
    return 0;
}

static int start_daemon(const struct rg_inbox_config *config, int wanted, const char *cert, const char *key,
                        struct http_door *door, struct rg_error *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)wanted), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_SOCK_ADDR, 0, &address},
        {MHD_OPTION_CONNECTION_LIMIT, RG_INBOX_CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S_MAX, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)64 * 1024, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, (intptr_t)512 * 1024, NULL},
        {MHD_OPTION_END, 0, NULL}, /* from here the certificate's, when there is one */
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned int flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC;
    if (cert != NULL) {
        flags |= MHD_USE_TLS;
        options[5] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert};
        options[6] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key};
        if (config->https_priorities != NULL)
            options[7] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)config->https_priorities};
    }
    door->daemon = MHD_start_daemon(flags, (uint16_t)wanted, NULL, NULL, on_request, door, MHD_OPTION_NOTIFY_COMPLETED,
                                    forget_request, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (door->daemon == NULL)
        return rg_fail(err, RG_EIO, "%s door on port %d: cannot be opened (in use, or a certificate that does not fit)",
                       cert != NULL ? "https" : "http", wanted);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_BIND_PORT);
    rg_assert(info != NULL);
    door->port = info->port;
    return 0;
}

int http_door_open(const struct rg_inbox_config *config, bool tls, struct inbox_store *store, struct inbox_faults *faults,
                   struct http_door **ret_door, struct rg_error *err)
{
    char *cert RG_CLEANUP(rg_free_ptr) = NULL;
    char *key RG_CLEANUP(rg_free_ptr) = NULL;
    if (tls) {
        if (config->tls_cert == NULL)
            return rg_fail(err, RG_EINVAL, "https door: it needs a certificate");
        int rc = read_file(config->tls_cert, &cert, err);
        if (rc == 0)
            rc = read_file(config->tls_key != NULL ? config->tls_key : config->tls_cert, &key, err);
        if (rc < 0)
            return rc;
    }
    struct http_door *door = rg_alloc(sizeof *door);
    door->store = store;
    door->faults = faults;
    door->config = *config;
    int rc = start_daemon(config, tls ? config->https_port : config->http_port, cert, key, door, err);
    if (rc < 0) {
        rg_free(&door);
        return rc;
    }
    *ret_door = door;
    return 0;
}

void http_door_close(struct http_door **door)
{
    if (*door == NULL)
        return;
    MHD_stop_daemon((*door)->daemon);
    rg_free(door);
}

int http_door_port(const struct http_door *door)
{
    return door->port;
}
