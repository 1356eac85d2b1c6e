/* Whatever a mail server answers. The first byte says whether the library was content; then one line each: "> command", "< reply",
 * and "." when the whole mail has left. Only the last can be accepted or in doubt, and what is told of it is fit for a log. */
#include "producers/transport/smtp_talk.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(struct rg_smtp_talk *talk, struct rg_str line)
{
    struct rg_str rest = line.n >= 2 ? (struct rg_str){line.p + 2, line.n - 2} : (struct rg_str){NULL, 0};
    if (line.n > 0 && line.p[0] == '>')
        rg_smtp_talk_command(talk, rest);
    else if (line.n > 0 && line.p[0] == '<')
        rg_smtp_talk_reply(talk, rest);
    else if (line.n > 0 && line.p[0] == '.')
        rg_smtp_talk_dot(talk);
}

static void check_text(const char *text)
{
    for (; *text != '\0'; text++)
        rg_assert(*text >= ' ' && *text < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct rg_smtp_talk talk = {0};
    struct rg_transport_result result = {.verdict = RG_VERDICT_UNSET};
    struct rg_str rest = {(const char *)data + 1, size - 1};
    while (rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end == NULL ? rest.n : (size_t)(end - rest.p) + 1;
        say(&talk, (struct rg_str){rest.p, n});
        rest = (struct rg_str){rest.p + n, rest.n - n};
    }
    rg_smtp_talk_judge(&talk, data[0] == 'y', "the connection broke", &result);
    check_text(result.detail);
    check_text(result.provider_id);
    rg_assert(result.detail[0] != '\0');
    bool sent = talk.stage == RG_SMTP_DOT, permanent = talk.code >= 500 && talk.code <= 599;
    rg_assert((result.verdict == RG_VERDICT_ACCEPTED) == (sent && data[0] == 'y'));
    switch (result.verdict) {
    case RG_VERDICT_ACCEPTED: break;
    case RG_VERDICT_UNCERTAIN: rg_assert(sent && !permanent && talk.code / 100 != 4); break;
    case RG_VERDICT_REJECTED: rg_assert(permanent && talk.stage >= RG_SMTP_RCPT && !result.channel); break;
    default: rg_assert(result.verdict == RG_VERDICT_RETRY && (!sent || talk.code / 100 == 4 || result.channel)); break;
    }
    return 0;
}
