/* What a mail server has said and what that means. The library has the conversation; it is watched from outside: commands as they
 * leave tell the stage, reply lines as they come the last code. Pure. */
#pragma once

#include "producers/transport/transport.h"

enum rg_smtp_stage {
    RG_SMTP_CONNECT, RG_SMTP_HELLO, RG_SMTP_TLS, RG_SMTP_LOGIN, RG_SMTP_MAIL, RG_SMTP_RCPT, RG_SMTP_DATA, RG_SMTP_DOT
};

/* One try to deliver one mail; zeroed at its beginning. */
struct rg_smtp_talk {
    enum rg_smtp_stage stage;
    int code;          /* of the last reply at this stage; 0: none yet */
    char enhanced[12]; /* "5.1.1", "" when the reply had none */
    bool data_agreed;  /* the server has asked for the mail */
    char queue_id[64]; /* "queued as …": what to ask the relay's log for */
};

/* A command as it leaves. A line of a login is no command: the order of stages keeps it from being taken for one. */
void rg_smtp_talk_command(struct rg_smtp_talk *talk, struct rg_str bytes);
void rg_smtp_talk_dot(struct rg_smtp_talk *talk); /* the whole mail has left, the closing dot is next */
/* One line of a reply, CRLF included; the last of each reply has a blank after its code, and the others are passed over. */
void rg_smtp_talk_reply(struct rg_smtp_talk *talk, struct rg_str line);

/* What became of the mail: `taken` when the library is content, else `trouble` is its word for what it saw. Fills in verdict,
 * evidence, channel, provider_id and detail. */
void rg_smtp_talk_judge(const struct rg_smtp_talk *talk, bool taken, const char *trouble, struct rg_transport_result *result);
