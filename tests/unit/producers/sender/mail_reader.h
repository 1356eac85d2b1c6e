/* Reads a mail as a mail program would, as far as ours go: unfolds headers, decodes encoded words and quoted-printable, takes the
 * parts of a multipart apart. Fails the test on anything that is not well-formed. */
#pragma once

#include "base/core/buf.h"

#define MAIL_HEADERS_MAX 32

struct read_mail {
    struct {
        char name[64], value[2048]; /* unfolded and decoded */
    } headers[MAIL_HEADERS_MAX];
    size_t header_count;
    struct rg_buf text, html; /* decoded, lines end in \n; empty when there is none */
};

void mail_read(struct rg_str bytes, struct read_mail *ret_mail);
void mail_done(struct read_mail *mail);
const char *mail_header(const struct read_mail *mail, const char *name); /* fails the test unless there is exactly one */
