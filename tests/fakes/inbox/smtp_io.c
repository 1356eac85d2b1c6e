/* Blocking I/O with the kernel's time-outs: each connection has a thread of its own, and stopping shuts the sockets down. */
#include "tests/fakes/inbox/smtp_io.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define OUT_BYTES_MAX ((size_t)64 * 1024)

void smtp_io_init(struct smtp_io *io, int fd, struct inbox_store *store)
{
    io->fd = fd;
    io->ssl = NULL;
    io->store = store;
    io->start = io->end = 0;
    rg_buf_init(&io->out, OUT_BYTES_MAX);
    struct timeval limit = {.tv_sec = SMTP_IDLE_MS_MAX / 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit); /* without it a silent peer keeps its thread, no more */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

void smtp_io_done(struct smtp_io *io)
{
    SSL_free(io->ssl);
    io->ssl = NULL;
    rg_buf_done(&io->out);
}

bool smtp_io_start_tls(struct smtp_io *io, SSL_CTX *tls)
{
    if (!smtp_io_flush(io, 0))
        return false;
    io->start = io->end = 0;
    io->ssl = SSL_new(tls);
    rg_assert(io->ssl != NULL);
    return SSL_set_fd(io->ssl, io->fd) == 1 && SSL_accept(io->ssl) == 1;
}

static bool write_all(struct smtp_io *io, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = io->ssl != NULL ? SSL_write(io->ssl, bytes, (int)n) : send(io->fd, bytes, n, MSG_NOSIGNAL);
        if (written <= 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

bool smtp_io_flush(struct smtp_io *io, int64_t drip_ms)
{
    rg_assert(!io->out.overflow);
    size_t each = drip_ms > 0 ? 1 : io->out.len;
    bool fine = true;
    for (size_t sent = 0; sent < io->out.len && fine; sent += each)
        fine = (drip_ms <= 0 || inbox_store_sleep(io->store, drip_ms)) && write_all(io, io->out.data + sent, each);
    rg_buf_reset(&io->out);
    return fine;
}

bool smtp_io_fill(struct smtp_io *io)
{
    if (!smtp_io_flush(io, 0))
        return false;
    if (io->start == io->end)
        io->start = io->end = 0;
    if (io->start > 0 && io->end == sizeof io->in) {
        memmove(io->in, io->in + io->start, io->end - io->start);
        io->end -= io->start;
        io->start = 0;
    }
    size_t room = sizeof io->in - io->end;
    rg_assert(room > 0);
    ssize_t got = io->ssl != NULL ? SSL_read(io->ssl, io->in + io->end, (int)room) : recv(io->fd, io->in + io->end, room, 0);
    if (got <= 0)
        return false;
    io->end += (size_t)got;
    return true;
}

bool smtp_io_line(struct smtp_io *io, char ret_line[SMTP_LINE_BYTES_MAX + 1], bool *ret_whole)
{
    size_t n = 0;
    *ret_whole = true;
    for (;;) {
        if (io->start == io->end && !smtp_io_fill(io))
            return false;
        char c = io->in[io->start++];
        if (c == '\n')
            break;
        if (n < SMTP_LINE_BYTES_MAX)
            ret_line[n++] = c;
        else
            *ret_whole = false;
    }
    if (n > 0 && ret_line[n - 1] == '\r')
        n--;
    ret_line[n] = '\0';
    return true;
}

/* Only CRLF ends a line: what a lone LF or CR does to a mail is for the reader of the entry to see. */
enum data_state { LINE_START, DOT, DOT_CR, INSIDE, CR, END };

static enum data_state data_step(enum data_state state, char c, struct rg_buf *mail)
{
    switch (state) {
    case LINE_START:
        if (c == '.')
            return DOT;
        break;
    case DOT: /* the dot itself was stuffing, or begins the end */
        if (c == '\r')
            return DOT_CR;
        break;
    case DOT_CR:
        if (c == '\n')
            return END;
        rg_buf_addc(mail, '\r');
        break;
    case CR:
        if (c == '\n') {
            rg_buf_addc(mail, c);
            return LINE_START;
        }
        break;
    case INSIDE:
    case END:
        break;
    }
    rg_buf_addc(mail, c);
    return c == '\r' ? CR : INSIDE;
}

bool smtp_io_data(struct smtp_io *io, struct rg_buf *mail)
{
    enum data_state state = LINE_START;
    while (state != END) {
        if (io->start == io->end && !smtp_io_fill(io))
            return false;
        if (state == INSIDE) { /* nothing happens before the next CR */
            const char *at = io->in + io->start, *cr = memchr(at, '\r', io->end - io->start);
            size_t plain = cr != NULL ? (size_t)(cr - at) : io->end - io->start;
            rg_buf_add(mail, at, plain);
            io->start += plain;
            if (cr == NULL)
                continue;
        }
        state = data_step(state, io->in[io->start++], mail);
    }
    return true;
}
