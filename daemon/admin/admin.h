/* The admin port: health, metrics, and the API behind reguactl and the console. One table of routes says what exists; reguactl's
 * commands, the documentation and the tests are compared with it.
 *
 * Without a token there are counts and no personal data. A debtor's data needs the role `look`, an act the role `act`; an act's
 * author is the token's owner. Errors are JSON {"error": a stable word, "detail": a sentence for people}. */
#pragma once

#include "daemon/daemon.h"

struct rg_admin;
/* Reads the operators' tokens and listens where `http.listen` says; with `none` there is no port and all else works. */
RG_MUST_USE int rg_admin_new(struct rg_daemon *daemon, const struct rg_site *site, struct rg_admin **ret_admin,
                             struct rg_error *err);
void rg_admin_free(struct rg_admin **admin);
uint16_t rg_admin_port(const struct rg_admin *admin); /* 0: none */

struct rg_admin_call;
struct rg_admin_route {
    const char *method, *path; /* at most one {segment} */
    uint64_t role;             /* RG_SITE_ROLE_…; 0: no token needed */
    void (*handler)(struct rg_admin_call *call);
    const char *command; /* of reguactl, that does the same; NULL: for programs only */
    const char *help;
};
extern const struct rg_admin_route rg_admin_routes[];
extern const size_t rg_admin_route_count;
