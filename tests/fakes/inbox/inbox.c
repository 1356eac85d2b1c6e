/* The doors around one store. The threads are started with every signal blocked, so that the program's signals reach the
 * program and a peer that hangs up raises none. */
#include "tests/fakes/inbox/inbox.h"

#include <pthread.h>
#include <signal.h>

#include "base/json/json.h"
#include "tests/fakes/inbox/fault.h"
#include "tests/fakes/inbox/http.h"
#include "tests/fakes/inbox/smtp.h"
#include "tests/fakes/inbox/store.h"

struct rg_inbox {
    struct inbox_store *store;
    struct inbox_faults *faults;
    struct smtp_door *smtp;
    struct http_door *http, *https;
};

static int open_doors(struct rg_inbox *inbox, const struct rg_inbox_config *config, struct rg_error *err)
{
    int rc = config->smtp_port < 0 ? 0 : smtp_door_open(config, inbox->store, inbox->faults, &inbox->smtp, err);
    if (rc == 0 && config->http_port >= 0)
        rc = http_door_open(config, false, inbox->store, inbox->faults, &inbox->http, err);
    if (rc == 0 && config->https_port >= 0)
        rc = http_door_open(config, true, inbox->store, inbox->faults, &inbox->https, err);
    return rc;
}

int rg_inbox_start(const struct rg_inbox_config *config, struct rg_inbox **ret_inbox, struct rg_error *err)
{
    struct rg_inbox *inbox = rg_alloc(sizeof *inbox);
    int rc = inbox_store_new(config, &inbox->store, err);
    if (rc < 0) {
        rg_free(&inbox);
        return rc;
    }
    inbox->faults = inbox_faults_new(config->seed);
    sigset_t all, before;
    (void)sigfillset(&all);
    int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = open_doors(inbox, config, err);
    failed |= pthread_sigmask(SIG_SETMASK, &before, NULL);
    rg_assert(failed == 0);
    if (rc < 0) {
        rg_inbox_stop(&inbox);
        return rc;
    }
    *ret_inbox = inbox;
    return 0;
}

void rg_inbox_stop(struct rg_inbox **inbox)
{
    struct rg_inbox *self = *inbox;
    if (self == NULL)
        return;
    inbox_store_stop(self->store);
    smtp_door_close(&self->smtp);
    http_door_close(&self->http);
    http_door_close(&self->https);
    inbox_faults_free(&self->faults);
    inbox_store_free(&self->store);
    rg_free(inbox);
}

int rg_inbox_smtp_port(const struct rg_inbox *inbox)
{
    return inbox->smtp != NULL ? smtp_door_port(inbox->smtp) : -1;
}

int rg_inbox_http_port(const struct rg_inbox *inbox)
{
    return inbox->http != NULL ? http_door_port(inbox->http) : -1;
}

int rg_inbox_https_port(const struct rg_inbox *inbox)
{
    return inbox->https != NULL ? http_door_port(inbox->https) : -1;
}

void rg_inbox_add(struct rg_inbox *inbox, const char *channel, const char *to, const char *subject, struct rg_str body)
{
    struct rg_json *json RG_CLEANUP(rg_json_free) = NULL;
    struct rg_str step = {NULL, 0};
    if (rg_json_parse(body, RG_INBOX_MESSAGE_BYTES_MAX, &json, NULL) == 0 &&
        !rg_json_str(rg_json_get(rg_json_root(json), "step"), &step))
        step = (struct rg_str){NULL, 0};
    const struct rg_inbox_entry entry = {
        .channel = rg_str(channel), .door = RG_STR("program"), .state = RG_STR("added"),
        .to = rg_str(to), .subject = rg_str(subject), .step = step, .raw = body,
    };
    (void)inbox_store_append(inbox->store, &entry);
}

int rg_inbox_fault(struct rg_inbox *inbox, const char *door, struct rg_str rule, struct rg_error *err)
{
    int64_t id = 0;
    return inbox_faults_add(inbox->faults, door, rule, &id, err);
}

void rg_inbox_heal(struct rg_inbox *inbox)
{
    inbox_faults_clear(inbox->faults);
}

void rg_inbox_each(struct rg_inbox *inbox, int64_t after, rg_inbox_each_fn *fn, void *ctx)
{
    inbox_store_each(inbox->store, after, fn, ctx);
}

bool rg_inbox_wait(struct rg_inbox *inbox, int64_t n, int64_t timeout_ms)
{
    return inbox_store_wait(inbox->store, n, timeout_ms);
}
