/* How a running daemon is spoken to: the admin port's routes, and the manual page that reguactl prints of itself. */
#include "tests/docs/generate.h"

#include "config/site/site.h"
#include "daemon/admin/admin.h"
#include "daemon/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>

static const char *who(uint64_t role)
{
    return role == RG_SITE_ROLE_LOOK ? "`look`" : role == RG_SITE_ROLE_ACT ? "`act`" : role == RG_SITE_ROLE_APPROVE ? "`approve`" : "anybody";
}

/* A bar would end the cell. */
static void add_cell(const char *text, struct rg_buf *into)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            rg_buf_addc(into, '\\');
        rg_buf_addc(into, *text);
    }
}

void rg_docs_api(struct rg_buf *into)
{
    rg_buf_adds(into, "# The admin port\n\n" RG_DOCS_NOTE
                      "Where `http.listen` says. Without a token there are counts and no personal data; `Authorization: Bearer TOKEN` says who asks, and "
                      "the owner of the token is the author of an act. Errors are `{\"error\": a stable word, \"detail\": a sentence}`.\n\n"
                      "| request | who | `reguactl` | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < rg_admin_route_count; i++) {
        const struct rg_admin_route *route = &rg_admin_routes[i];
        rg_buf_addf(into, "| `%s %s` | %s | %s%s%s | ", route->method, route->path, who(route->role), route->command ? "`" : "",
                    route->command ? route->command : "–", route->command ? "`" : "");
        add_cell(route->help, into);
        rg_buf_adds(into, " |\n");
    }
}

void rg_docs_ctl(struct rg_buf *into)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *page = open_memstream(&text, &bytes);
    rg_assert(page != NULL);
    rg_ctl_manual(page);
    rg_assert(fclose(page) == 0);
    rg_buf_add(into, text, bytes);
    free(text);
}
