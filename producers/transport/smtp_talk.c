/* A code counts at the stage it was said in. Whatever fails before the closing dot has delivered nothing; after it, only a reply
 * that SMTP knows tells what became of the mail, and everything else is uncertain.
 *
 * 5xx to MAIL FROM concerns the sender, and before it the login or the server itself: those are the channel's trouble (RETRY),
 * not the recipient's. */
#include "producers/transport/smtp_talk.h"

#include <stdio.h>
#include <string.h>

static bool begins(struct rg_str bytes, const char *word)
{
    size_t w = strlen(word);
    return bytes.n >= w && memcmp(bytes.p, word, w) == 0;
}

static void enter(struct rg_smtp_talk *talk, enum rg_smtp_stage stage)
{
    talk->stage = stage;
    talk->code = 0;
    talk->enhanced[0] = '\0';
}

void rg_smtp_talk_command(struct rg_smtp_talk *talk, struct rg_str bytes)
{
    enum rg_smtp_stage stage = talk->stage;
    if (begins(bytes, "EHLO") || begins(bytes, "HELO"))
        stage = stage < RG_SMTP_LOGIN ? RG_SMTP_HELLO : stage;
    else if (begins(bytes, "STARTTLS"))
        stage = RG_SMTP_TLS;
    else if (begins(bytes, "AUTH "))
        stage = RG_SMTP_LOGIN;
    else if (begins(bytes, "MAIL FROM:"))
        stage = RG_SMTP_MAIL;
    else if (begins(bytes, "RCPT TO:") && stage == RG_SMTP_MAIL)
        stage = RG_SMTP_RCPT;
    else if (begins(bytes, "DATA\r") && stage == RG_SMTP_RCPT)
        stage = RG_SMTP_DATA;
    if (stage != talk->stage)
        enter(talk, stage);
}

void rg_smtp_talk_dot(struct rg_smtp_talk *talk)
{
    enter(talk, RG_SMTP_DOT);
}

static void read_enhanced(struct rg_smtp_talk *talk, struct rg_str text)
{
    size_t used = 0, dots = 0;
    while (used < text.n && used < sizeof talk->enhanced - 1 &&
           ((text.p[used] >= '0' && text.p[used] <= '9') || text.p[used] == '.'))
        dots += text.p[used++] == '.';
    if (dots != 2 || used < 5)
        used = 0;
    memcpy(talk->enhanced, text.p, used);
    talk->enhanced[used] = '\0';
}

/* "250 2.0.0 Ok: queued as 4XyZ" */
static void read_queue_id(struct rg_smtp_talk *talk, struct rg_str text)
{
    static const char mark[] = "queued as ";
    const char *hit = memmem(text.p, text.n, mark, sizeof mark - 1);
    if (!hit)
        return;
    const char *id = hit + sizeof mark - 1;
    size_t left = text.n - (size_t)(id - text.p), used = 0;
    while (used < left && used < sizeof talk->queue_id - 1 &&
           ((id[used] >= '0' && id[used] <= '9') || (id[used] >= 'a' && id[used] <= 'z') || (id[used] >= 'A' && id[used] <= 'Z')))
        used++;
    memcpy(talk->queue_id, id, used);
    talk->queue_id[used] = '\0';
}

void rg_smtp_talk_reply(struct rg_smtp_talk *talk, struct rg_str line)
{
    if (line.n < 4 || line.p[3] == '-')
        return;
    for (size_t i = 0; i < 3; i++)
        if (line.p[i] < '0' || line.p[i] > '9')
            return;
    const struct rg_str text = {line.p + 4, line.n - 4};
    talk->code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
    read_enhanced(talk, text);
    if (talk->code == 354 && talk->stage == RG_SMTP_DATA)
        talk->data_agreed = true;
    if (talk->stage == RG_SMTP_DOT && talk->code / 100 == 2)
        read_queue_id(talk, text);
}

static const char *stage_name(enum rg_smtp_stage stage)
{
    static const char *const names[] = {"the greeting", "EHLO",    "STARTTLS", "AUTH",
                                        "MAIL FROM",    "RCPT TO", "DATA",     "the whole mail"};
    static_assert(RG_COUNT(names) == RG_SMTP_DOT + 1, "a name for each stage");
    return names[stage];
}

/* 530 and neighbours come at any stage and ask for a login or TLS. */
static bool concerns_channel(const struct rg_smtp_talk *talk)
{
    int code = talk->code;
    return talk->stage <= RG_SMTP_MAIL || code == 421 || code == 454 || code == 530 || code == 534 || code == 535 || code == 538;
}

void rg_smtp_talk_judge(const struct rg_smtp_talk *talk, bool taken, const char *trouble, struct rg_transport_result *result)
{
    const char *blank = talk->enhanced[0] ? " " : "";
    result->verdict = RG_VERDICT_RETRY;
    if (taken && talk->stage == RG_SMTP_DOT) {
        result->verdict = RG_VERDICT_ACCEPTED;
        result->evidence = RG_EVIDENCE_ACCEPTED;
        (void)snprintf(result->provider_id, sizeof result->provider_id, "%s", talk->queue_id);
        (void)snprintf(result->detail, sizeof result->detail, "%d%s%s", talk->code, blank, talk->enhanced);
    } else if (talk->code / 100 == 4 || talk->code / 100 == 5) {
        result->channel = concerns_channel(talk);
        if (talk->code >= 500 && !result->channel)
            result->verdict = RG_VERDICT_REJECTED;
        (void)snprintf(result->detail, sizeof result->detail, "%d%s%s in answer to %s", talk->code, blank, talk->enhanced,
                       stage_name(talk->stage));
    } else if (talk->stage == RG_SMTP_DOT) {
        result->verdict = RG_VERDICT_UNCERTAIN;
        (void)snprintf(result->detail, sizeof result->detail, "%s after the whole mail was sent",
                       talk->code == 0 ? "no reply" : "a reply that SMTP does not know");
    } else {
        result->channel = true;
        (void)snprintf(result->detail, sizeof result->detail, "%s (at %s)", trouble, stage_name(talk->stage));
    }
}
