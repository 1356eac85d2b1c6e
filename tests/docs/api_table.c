/* The admin port's routes, as the daemon serves them. */
#include "tests/docs/generate.h"

#include "config/site/site.h"
#include "daemon/admin/admin.h"

static const char *who(uint64_t role)
{
    return role == RG_SITE_ROLE_LOOK ? "`look`" : role == RG_SITE_ROLE_ACT ? "`act`" : role == RG_SITE_ROLE_APPROVE ? "`approve`" : "anybody";
}

void rg_docs_api(struct rg_buf *into)
{
    rg_buf_adds(into, "# The admin port\n\n" RG_DOCS_NOTE
                      "Where `http.listen` says. Without a token there are counts and no personal data; `Authorization: Bearer TOKEN` says who asks, and "
                      "the owner of the token is the author of an act. Errors are `{\"error\": a stable word, \"detail\": a sentence}`.\n\n"
                      "| request | who | `reguactl` | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < rg_admin_route_count; i++) {
        const struct rg_admin_route *route = &rg_admin_routes[i];
        rg_buf_addf(into, "| `%s %s` | %s | %s%s%s | %s |\n", route->method, route->path, who(route->role), route->command ? "`" : "",
                    route->command ? route->command : "–", route->command ? "`" : "", route->help);
    }
}
