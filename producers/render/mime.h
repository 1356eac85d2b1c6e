/* E-mail on the wire: headers that cannot be broken out of, bodies that cannot end early.
 *
 * Every text that is not plain printable ASCII is encoded (RFC 2047, RFC 2231); control characters and invalid UTF-8 are
 * refused, never repaired. Bodies are quoted-printable with every "." and "From " at the start of a line encoded, so
 * that no line of a body can be taken for the end of the mail. Same input, same bytes: the boundary comes from the
 * message id. Lines end in CRLF and are folded at 76 columns. */
#pragma once

#include "base/core/buf.h"
#include "base/core/error.h"

#define RG_MIME_TEXT_BYTES_MAX 2048     /* a subject, a display name, a file name */
#define RG_MIME_ADDRESS_BYTES_MAX 254
#define RG_MIME_MESSAGE_ID_BYTES_MAX 250
#define RG_MIME_URL_BYTES_MAX 900       /* a header line may hold 998 */
#define RG_MIME_BODY_BYTES_MAX ((size_t)256 * 1024) /* each of text and HTML */
#define RG_MIME_MAIL_BYTES_MAX ((size_t)2 * 1024 * 1024)

/* An address for envelope and header: local@domain, ASCII, dot-atom, labels of letters, digits and hyphens. Quoted
 * locals, address literals, comments and anything that needs SMTPUTF8 are refused. */
RG_MUST_USE int rg_mime_address_check(struct rg_str address, struct rg_error *err);

/* Splits `Name <address>`, `"Name" <address>` or a bare address, as a person writes it in a configuration; borrowed. */
RG_MUST_USE int rg_mime_mailbox_split(struct rg_str text, struct rg_str *ret_name, struct rg_str *ret_address,
                                      struct rg_error *err);

/* Whole header fields, folded, without the last CRLF. `field` is ours: "Subject", "From". */
RG_MUST_USE int rg_mime_text_header(const char *field, struct rg_str text, struct rg_buf *out, struct rg_error *err);
RG_MUST_USE int rg_mime_mailbox_header(const char *field, struct rg_str name, struct rg_str address, struct rg_buf *out,
                                       struct rg_error *err);
/* Content-Disposition: attachment */
RG_MUST_USE int rg_mime_filename_header(struct rg_str filename, struct rg_buf *out, struct rg_error *err);

void rg_mime_quoted_printable(struct rg_str body, struct rg_buf *out); /* any line ends in, CRLF out */
void rg_mime_date(int64_t wall_ms, char ret_text[40]);                 /* "Mon, 23 Nov 2026 10:00:00 +0000" */

struct rg_mail {
    struct rg_str from_name, from_address; /* names may be absent */
    struct rg_str to_name, to_address;
    struct rg_str reply_to;    /* address; absent: none */
    struct rg_str subject;     /* never empty */
    struct rg_str message_id;  /* id@domain without brackets; the same for a mail that is sent again */
    struct rg_str unsubscribe; /* https URL of one click (RFC 8058); absent: none */
    int64_t date_ms;           /* wall clock */
    struct rg_str text;        /* never empty */
    struct rg_str html;        /* absent: the mail is text alone */
};

/* Appends the mail. RG_EINVAL names the field that was refused, never its content. */
RG_MUST_USE int rg_mail_build(const struct rg_mail *mail, struct rg_buf *out, struct rg_error *err);
