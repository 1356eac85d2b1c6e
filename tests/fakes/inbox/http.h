/* The HTTP doors: providers, questions, control and the page. Private to tests/fakes/inbox. */
#pragma once

#include "tests/fakes/inbox/fault.h"
#include "tests/fakes/inbox/inbox.h"
#include "tests/fakes/inbox/store.h"

#include <microhttpd.h>

struct http_door;

/* `tls`: serve HTTPS with the certificate of the configuration. */
RG_MUST_USE int http_door_open(const struct rg_inbox_config *config, bool tls, struct inbox_store *store,
                               struct inbox_faults *faults, struct http_door **ret_door, struct rg_error *err);
void http_door_close(struct http_door **door); /* after inbox_store_stop */
int http_door_port(const struct http_door *door);

/* One request, its body complete. */
struct http_request {
    struct MHD_Connection *connection;
    struct inbox_store *store;
    struct inbox_faults *faults;
    const struct rg_inbox_config *config; /* of the door: what outlives the inbox */
    const char *method, *path;
    struct rg_buf body;
};

enum MHD_Result http_provide(struct http_request *request);  /* /provider/… */
enum MHD_Result http_question(struct http_request *request); /* everything else */

/* Answers, and frees the response. */
enum MHD_Result http_answer(struct http_request *request, int status, struct MHD_Response *response);
enum MHD_Result http_answer_text(struct http_request *request, int status, const char *type, struct rg_str text); /* copied */
enum MHD_Result http_answer_error(struct http_request *request, int status, const char *why); /* {"error":…} */
