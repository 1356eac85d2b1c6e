/* A server made of a script, for tests of clients: a thread that listens on 127.0.0.1 and plays one step after another,
 * whatever the client does. Everything received is kept as a transcript. A step that meets something else than it
 * expects, or waits for more than ten seconds, ends the script; peer_join then says so.
 *
 *     static const struct peer_step steps[] = {{PEER_ACCEPT, NULL}, {PEER_SEND, "220 x\r\n"}, {PEER_END, NULL}};
 *     struct peer *peer = peer_start(steps, NULL);
 *     … talk to peer_port(peer) …
 *     assert_string_equal(peer_join(&peer, transcript), "");
 */
#pragma once

#include "base/core/buf.h"

enum peer_op {
    PEER_END,    /* of the script */
    PEER_ACCEPT, /* the next connection; the one before is closed */
    PEER_SEND,   /* text */
    PEER_LINE,   /* reads a line, which must begin with text */
    PEER_UNTIL,  /* reads up to and including text */
    PEER_HTTP,   /* reads a request with its body; text, when given, must be in it */
    PEER_TLS,    /* a handshake as server, with the certificate given to peer_start; failing is fine when text is "may fail" */
    PEER_CLOSE,  /* closes the connection */
    PEER_RESET,  /* breaks it off with RST */
    PEER_EOF,    /* reads until the client closes */
    PEER_CALL,   /* calls the function given to peer_start */
};

struct peer_step {
    enum peer_op op;
    const char *text;
};

struct peer_options {
    const char *certificate_file, *key_file; /* PEM, for PEER_TLS */
    void (*call)(void *ctx);                 /* for PEER_CALL, on the peer's thread */
    void *ctx;
};

struct peer;

/* The steps and options are borrowed until peer_join. */
struct peer *peer_start(const struct peer_step *steps, const struct peer_options *options);
int peer_port(const struct peer *peer);

/* Waits for the script's end. Appends all that was received to `transcript` (may be NULL). "" or what went wrong. */
const char *peer_join(struct peer **peer, struct rg_buf *transcript);
