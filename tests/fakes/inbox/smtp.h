/* The mail door: a listener, a thread for each connection. Private to tests/fakes/inbox. */
#pragma once

#include "tests/fakes/inbox/fault.h"
#include "tests/fakes/inbox/inbox.h"
#include "tests/fakes/inbox/smtp_io.h"
#include "tests/fakes/inbox/store.h"

struct smtp_door;

RG_MUST_USE int smtp_door_open(const struct rg_inbox_config *config, struct inbox_store *store, struct inbox_faults *faults,
                               struct smtp_door **ret_door, struct rg_error *err);
void smtp_door_close(struct smtp_door **door); /* after inbox_store_stop */
int smtp_door_port(const struct smtp_door *door);

/* What a dialogue needs to know of its door. */
struct smtp_shared {
    struct inbox_store *store;
    struct inbox_faults *faults;
    SSL_CTX *tls; /* NULL: no STARTTLS */
    bool tls_required;
    const char *user, *password; /* NULL: no AUTH */
};
void smtp_dialogue(const struct smtp_shared *shared, struct smtp_io *io); /* returns when it has ended */
