/* The bytes of one SMTP connection, plain or under TLS. Answers are gathered and leave when the peer's words have been used
 * up, so that a pipelined dialogue costs one write a round. Private to tests/fakes/inbox. */
#pragma once

#include "base/core/buf.h"
#include "tests/fakes/inbox/store.h"

#include <openssl/ssl.h>

#define SMTP_LINE_BYTES_MAX 4096
#define SMTP_IDLE_MS_MAX 300000

struct smtp_io {
    int fd;
    SSL *ssl; /* NULL: plain */
    struct inbox_store *store; /* sleeps end with it */
    size_t start, end;
    char in[32 * 1024];
    struct rg_buf out;
};

void smtp_io_init(struct smtp_io *io, int fd, struct inbox_store *store);
void smtp_io_done(struct smtp_io *io); /* closes */

RG_MUST_USE bool smtp_io_start_tls(struct smtp_io *io, SSL_CTX *tls); /* forgets what came before the handshake */

/* All of these answer false when the connection has ended. */
RG_MUST_USE bool smtp_io_flush(struct smtp_io *io, int64_t drip_ms); /* drip_ms > 0: a byte each so many ms */
RG_MUST_USE bool smtp_io_fill(struct smtp_io *io);                   /* at least one byte more; answers leave first */
/* The next line without its end, NUL-terminated; of a longer one the first bytes, and *ret_whole false. */
RG_MUST_USE bool smtp_io_line(struct smtp_io *io, char ret_line[SMTP_LINE_BYTES_MAX + 1], bool *ret_whole);
/* Everything up to CRLF "." CRLF, its dots removed, appended to `mail`; `mail->overflow` tells that it was too long. */
RG_MUST_USE bool smtp_io_data(struct smtp_io *io, struct rg_buf *mail);
