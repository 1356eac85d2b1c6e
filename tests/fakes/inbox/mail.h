/* Reads a mail as a person's mail program would: headers unfolded and decoded (RFC 2047), the text and the HTML part found and
 * decoded (base64, quoted-printable; UTF-8, ASCII, Latin-1). Whatever the bytes are, it answers something. Pure. */
#pragma once

#include "base/core/arena.h"

#define INBOX_MAIL_DEPTH_MAX 8  /* multiparts inside each other */
#define INBOX_MAIL_PARTS_MAX 64 /* more are not looked at */

struct inbox_mail {
    struct rg_str headers; /* one "Name: value" a line */
    struct rg_str subject, message_id, step;
    struct rg_str text, html; /* the first of each; absent: none */
};

/* Everything lies in the arena, which must hold INBOX_MAIL_ARENA_BYTES of the mail's length. */
#define INBOX_MAIL_ARENA_BYTES(mail_bytes) (6 * (mail_bytes) + 64 * 1024)
void inbox_mail_read(struct rg_str raw, struct rg_arena *arena, struct inbox_mail *ret_mail);

/* Value of the first header of that name in a block of "Name: value" lines; absent when there is none. */
struct rg_str inbox_header(struct rg_str headers, const char *name);

/* Bytes written to `out`, which has room for as many as the text has. Characters outside the alphabet are passed over. */
size_t inbox_base64(struct rg_str text, char *out);
size_t inbox_quoted_printable(struct rg_str text, bool in_header, char *out);
