/* Between the files of this room only. */
#pragma once

#include "config/site/site.h"

/* table.c's words, in the order of their enums. */
extern const char *const rg_site_transport_words[];

/* check.c: what one key cannot know of another. Fills what follows from what was written (the only creditor, `live: true`). */
void rg_site_check(struct rg_site *site, struct rg_arena *arena, struct rg_diags *diags);

/* parts.c: values of their own kind, read by the table's custom rows. */
rg_row_fn rg_site_read_client, rg_site_read_listen;
rg_extra_fn rg_site_take_extra;

/* scheme://[user[:password]@]host[:port][/…]; false when it is no such thing. Slices of `url`. */
struct rg_site_url {
    struct rg_str scheme, host;
    bool password; /* a password stands in it */
};
bool rg_site_split_url(struct rg_str url, struct rg_site_url *ret_url);
bool rg_site_is_loopback(struct rg_str host); /* localhost, 127.x.x.x, ::1, [::1] */
bool rg_site_is_mailbox(struct rg_str text);  /* a@b.c or Name <a@b.c>, roughly: what certainly is none is found out */
