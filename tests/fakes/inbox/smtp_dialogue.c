/* One SMTP dialogue (RFC 5321), a table of commands. Lenient in nothing that matters to a sender's safety: wrong order, bare
 * control bytes in an envelope and oversized mails are refused as a careful provider refuses them. */
#include "tests/fakes/inbox/mail.h"
#include "tests/fakes/inbox/smtp.h"

#include <string.h>
#include <strings.h>

#define RECIPIENTS_MAX 100

struct session {
    const struct smtp_shared *shared;
    struct smtp_io *io;
    struct rg_arena *arena;   /* of the present mail */
    struct rg_arena *effects; /* of the present command */
    bool greeted, authenticated, has_from;
    struct rg_str from;
    struct rg_str recipients[RECIPIENTS_MAX];
    size_t recipient_count, recipients_tried;
};

/* What a command's handler says about the dialogue. */
enum next { GO_ON, HANG_UP };

static void forget_mail(struct session *s)
{
    rg_arena_reset(s->arena);
    s->has_from = false;
    s->recipient_count = s->recipients_tried = 0;
}

static struct inbox_effect effect_at(struct session *s, enum inbox_stage stage, const char *to)
{
    struct inbox_effect effect = {0};
    struct inbox_occasion occasion = {.stage = stage, .to = to};
    (void)inbox_faults_match(s->shared->faults, &occasion, s->effects, &effect); /* nothing fits: an effect of nothing */
    return effect;
}

/* The same for a mail as a whole: what fits any of its recipients. */
static struct inbox_effect effect_on_mail(struct session *s, enum inbox_stage stage)
{
    struct inbox_effect effect = {0};
    for (size_t i = 0; i < s->recipient_count; i++) {
        struct inbox_occasion occasion = {.stage = stage, .to = s->recipients[i].p};
        if (inbox_faults_match(s->shared->faults, &occasion, s->effects, &effect))
            break;
    }
    return effect;
}

static void say(struct session *s, int code, const char *words)
{
    rg_buf_addf(&s->io->out, "%d %s\r\n", code, words);
}

static const char *usual_words(int code)
{
    return code >= 500 ? "5.0.0 refused" : code >= 400 ? "4.0.0 try again later" : "2.0.0 Ok";
}

/* The code that an effect makes of the usual one; 0 when it hangs up instead. */
static int code_after(const struct inbox_effect *effect, int code)
{
    return effect->cut != INBOX_CUT_NO ? 0 : effect->code != 0 ? effect->code : code;
}

/* Answers as usual, or as the effect has it. */
static enum next answer(struct session *s, const struct inbox_effect *effect, int code, const char *words)
{
    int said = code_after(effect, code);
    if (effect->delay_ms > 0 && (!smtp_io_flush(s->io, 0) || !inbox_store_sleep(s->shared->store, effect->delay_ms)))
        return HANG_UP;
    if (said == 0) {
        rg_buf_reset(&s->io->out); /* the connection ends before what was not sent yet */
        return HANG_UP;
    }
    if (effect->code != 0)
        words = effect->text.p != NULL ? effect->text.p : usual_words(effect->code);
    if (effect->drip_ms > 0 && !smtp_io_flush(s->io, 0))
        return HANG_UP;
    say(s, said, words);
    if (effect->drip_ms > 0 && !smtp_io_flush(s->io, effect->drip_ms))
        return HANG_UP;
    return said == 421 ? HANG_UP : GO_ON;
}

static struct rg_str join_recipients(struct session *s)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf all;
    rg_buf_init(&all, (size_t)RECIPIENTS_MAX * SMTP_LINE_BYTES_MAX);
    for (size_t i = 0; i < s->recipient_count; i++)
        rg_buf_addf(&all, "%s%s", i > 0 ? ", " : "", s->recipients[i].p);
    return rg_arena_str(s->arena, rg_buf_str(&all));
}

static void record(struct session *s, const char *state, int code, struct rg_str to, struct rg_str raw, const char *name)
{
    struct inbox_mail mail = {0};
    if (raw.n > 0)
        inbox_mail_read(raw, s->arena, &mail);
    struct rg_inbox_entry entry = {
        .code = code, .channel = RG_STR("email"), .door = RG_STR("smtp"), .state = rg_str(state), .from = s->from, .to = to,
        .subject = mail.subject, .step = mail.step, .message_id = mail.message_id, .provider_id = rg_str(name),
        .headers = mail.headers, .text = mail.text, .html = mail.html, .raw = raw,
    };
    (void)inbox_store_append(s->shared->store, &entry);
}

/* A recipient or a whole mail that was turned away before its content. */
static void record_refusal(struct session *s, int code, struct rg_str to)
{
    if (code == 0 || code >= 400)
        record(s, code == 0 ? "cut" : "refused", code, to, (struct rg_str){NULL, 0}, NULL);
}

static enum next on_ehlo(struct session *s, const char *arg)
{
    struct inbox_effect effect = effect_at(s, INBOX_AT_HELO, NULL);
    forget_mail(s);
    if (arg[0] == '\0') {
        say(s, 501, "5.5.4 a name is missing");
        return GO_ON;
    }
    s->greeted = true;
    if (code_after(&effect, 250) != 250)
        return answer(s, &effect, 250, "");
    bool tls_missing = s->shared->tls != NULL && s->io->ssl == NULL;
    rg_buf_addf(&s->io->out, "250-regua-inbox\r\n250-PIPELINING\r\n250-SIZE %zu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n",
                RG_INBOX_MESSAGE_BYTES_MAX);
    if (tls_missing)
        rg_buf_adds(&s->io->out, "250-STARTTLS\r\n");
    if (s->shared->user != NULL && !(tls_missing && s->shared->tls_required))
        rg_buf_adds(&s->io->out, "250-AUTH PLAIN LOGIN\r\n");
    return answer(s, &effect, 250, "ENHANCEDSTATUSCODES");
}

static enum next on_helo(struct session *s, const char *arg)
{
    (void)arg;
    struct inbox_effect effect = effect_at(s, INBOX_AT_HELO, NULL);
    forget_mail(s);
    s->greeted = true;
    return answer(s, &effect, 250, "regua-inbox");
}

static enum next on_starttls(struct session *s, const char *arg)
{
    (void)arg;
    if (s->shared->tls == NULL || s->io->ssl != NULL) {
        say(s, s->io->ssl != NULL ? 503 : 502, "5.5.1 no STARTTLS here");
        return GO_ON;
    }
    say(s, 220, "2.0.0 go on");
    if (!smtp_io_start_tls(s->io, s->shared->tls))
        return HANG_UP;
    forget_mail(s); /* what was said in the clear counts for nothing */
    s->greeted = s->authenticated = false;
    return GO_ON;
}

/* One base64 answer of the client; false when the connection ended. */
static bool ask(struct session *s, const char *prompt, char ret_text[SMTP_LINE_BYTES_MAX + 1], size_t *ret_n)
{
    char line[SMTP_LINE_BYTES_MAX + 1];
    bool whole = true;
    say(s, 334, prompt);
    if (!smtp_io_line(s->io, line, &whole))
        return false;
    *ret_n = inbox_base64(rg_str(line), ret_text);
    ret_text[*ret_n] = '\0';
    return true;
}

/* PLAIN: authorization NUL user NUL password. */
static bool plain_fits(const struct session *s, const char *text, size_t n)
{
    size_t user = strlen(text) + 1;
    if (user > n)
        return false;
    size_t password = user + strlen(text + user) + 1;
    return password <= n && strcmp(text + user, s->shared->user) == 0 && strcmp(text + password, s->shared->password) == 0;
}

static enum next on_auth(struct session *s, const char *arg)
{
    char user[SMTP_LINE_BYTES_MAX + 1], password[SMTP_LINE_BYTES_MAX + 1];
    size_t n = 0;
    bool fits = false;
    if (s->shared->user == NULL || !s->greeted || s->authenticated || (s->shared->tls_required && s->io->ssl == NULL)) {
        say(s, 503, "5.5.1 no AUTH now");
        return GO_ON;
    }
    bool plain = strncasecmp(arg, "PLAIN", 5) == 0, login = strncasecmp(arg, "LOGIN", 5) == 0;
    if ((plain || login) && arg[5] == ' ') { /* the first answer came with the command */
        n = inbox_base64(rg_str(arg + 6), user);
        user[n] = '\0';
    } else if ((plain || login) && !ask(s, plain ? "" : "VXNlcm5hbWU6", user, &n)) {
        return HANG_UP;
    }
    if (plain) {
        fits = plain_fits(s, user, n);
    } else if (login) {
        if (!ask(s, "UGFzc3dvcmQ6", password, &n))
            return HANG_UP;
        fits = strcmp(user, s->shared->user) == 0 && strcmp(password, s->shared->password) == 0;
    } else {
        say(s, 504, "5.5.4 PLAIN or LOGIN");
        return GO_ON;
    }
    s->authenticated = fits;
    say(s, fits ? 235 : 535, fits ? "2.7.0 welcome" : "5.7.8 wrong user or password");
    return GO_ON;
}

/* The address in "FROM:<address> parameters"; false when it is none that a careful server takes. */
static bool read_path(const char *arg, const char *word, struct rg_str *ret_path, const char **ret_rest)
{
    size_t n = strlen(word);
    if (strncasecmp(arg, word, n) != 0)
        return false;
    arg += n;
    while (*arg == ' ')
        arg++;
    const char *end = *arg == '<' ? strchr(arg, '>') : NULL;
    if (end == NULL)
        return false;
    for (const char *p = arg; p < end; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    *ret_path = (struct rg_str){arg + 1, (size_t)(end - arg - 1)};
    *ret_rest = end + 1;
    return true;
}

static bool size_fits(const char *parameters)
{
    const char *size = strcasestr(parameters, " SIZE=");
    int64_t bytes = 0;
    if (size == NULL)
        return true;
    struct rg_str digits = {size + 6, strspn(size + 6, "0123456789")};
    return rg_str_to_i64(digits, &bytes) && bytes <= (int64_t)RG_INBOX_MESSAGE_BYTES_MAX;
}

static enum next on_mail(struct session *s, const char *arg)
{
    struct rg_str path;
    const char *parameters = "";
    if (!s->greeted || s->has_from) {
        say(s, 503, "5.5.1 EHLO first, and one mail at a time");
        return GO_ON;
    }
    if (s->shared->tls_required && s->io->ssl == NULL) {
        say(s, 530, "5.7.0 must issue a STARTTLS command first");
        return GO_ON;
    }
    if (s->shared->user != NULL && !s->authenticated) {
        say(s, 530, "5.7.0 authentication required");
        return GO_ON;
    }
    if (!read_path(arg, "FROM:", &path, &parameters) || !size_fits(parameters)) {
        say(s, size_fits(parameters) ? 501 : 552, size_fits(parameters) ? "5.1.7 no such sender's address" : "5.3.4 too large");
        return GO_ON;
    }
    struct inbox_effect effect = effect_at(s, INBOX_AT_MAIL, NULL);
    if (code_after(&effect, 250) == 250) {
        s->has_from = true;
        s->from = rg_arena_str(s->arena, path);
    }
    return answer(s, &effect, 250, "2.1.0 Ok");
}

static enum next on_rcpt(struct session *s, const char *arg)
{
    struct rg_str path;
    const char *parameters = "";
    if (!s->has_from) {
        say(s, 503, "5.5.1 MAIL first");
        return GO_ON;
    }
    if (!read_path(arg, "TO:", &path, &parameters) || path.n == 0) {
        say(s, 501, "5.1.3 no such address");
        return GO_ON;
    }
    if (++s->recipients_tried > RECIPIENTS_MAX) {
        say(s, 452, "4.5.3 too many recipients");
        return GO_ON;
    }
    struct rg_str to = rg_arena_str(s->arena, path);
    struct inbox_effect effect = effect_at(s, INBOX_AT_RCPT, to.p);
    int said = code_after(&effect, 250);
    if (said == 250)
        s->recipients[s->recipient_count++] = to;
    record_refusal(s, said, to);
    return answer(s, &effect, 250, "2.1.5 Ok");
}

/* Everything between 354 and the last word about a mail. */
static enum next take_mail(struct session *s)
{
    struct rg_str to = join_recipients(s);
    struct inbox_effect effect = effect_on_mail(s, INBOX_AT_BODY);
    bool sleeps = effect.delay_ms > 0 && (!smtp_io_flush(s->io, 0) || !inbox_store_sleep(s->shared->store, effect.delay_ms));
    if (effect.cut != INBOX_CUT_NO || sleeps) {
        bool some = smtp_io_fill(s->io); /* in the middle: after the first bytes of it */
        (void)some;
        record_refusal(s, 0, to);
        return HANG_UP;
    }
    RG_CLEANUP(rg_buf_done) struct rg_buf mail;
    rg_buf_init(&mail, RG_INBOX_MESSAGE_BYTES_MAX);
    if (!smtp_io_data(s->io, &mail)) {
        record_refusal(s, 0, to); /* the sender hung up: nothing was taken */
        return HANG_UP;
    }
    if (mail.overflow) {
        record_refusal(s, 552, to);
        say(s, 552, "5.3.4 too large");
        return GO_ON;
    }
    effect = effect_on_mail(s, INBOX_AT_DOT);
    int said = code_after(&effect, 250);
    bool kept = effect.keep == INBOX_KEEP_BY_ANSWER ? said < 400 : effect.keep == INBOX_KEEP_YES;
    const char *state = kept ? (said == 250 ? "delivered" : "unanswered") : (said == 0 ? "cut" : "refused");
    char name[64], words[128] = "2.0.0 Ok: queued as ";
    inbox_store_name(s->shared->store, "mail-", name);
    strncat(words, name, sizeof words - strlen(words) - 1);
    record(s, state, said, to, rg_buf_str(&mail), kept ? name : NULL);
    return answer(s, &effect, 250, words);
}

static enum next on_data(struct session *s, const char *arg)
{
    (void)arg;
    if (s->recipient_count == 0) {
        say(s, s->has_from ? 554 : 503, s->has_from ? "5.5.1 no valid recipients" : "5.5.1 MAIL first");
        return GO_ON;
    }
    struct inbox_effect effect = effect_on_mail(s, INBOX_AT_DATA);
    int said = code_after(&effect, 354);
    record_refusal(s, said, join_recipients(s));
    enum next next = answer(s, &effect, 354, "end with <CR><LF>.<CR><LF>");
    if (next == GO_ON && said == 354)
        next = take_mail(s);
    forget_mail(s);
    return next;
}

static enum next on_rset(struct session *s, const char *arg)
{
    (void)arg;
    forget_mail(s);
    say(s, 250, "2.0.0 Ok");
    return GO_ON;
}

static enum next on_noop(struct session *s, const char *arg)
{
    (void)arg;
    say(s, 250, "2.0.0 Ok");
    return GO_ON;
}

static enum next on_vrfy(struct session *s, const char *arg)
{
    (void)arg;
    say(s, 252, "2.5.2 try it");
    return GO_ON;
}

static enum next on_quit(struct session *s, const char *arg)
{
    (void)arg;
    say(s, 221, "2.0.0 bye");
    return HANG_UP;
}

static const struct {
    const char *word;
    enum next (*run)(struct session *s, const char *arg);
} commands[] = {
    {"EHLO", on_ehlo}, {"HELO", on_helo}, {"STARTTLS", on_starttls}, {"AUTH", on_auth}, {"MAIL", on_mail}, {"RCPT", on_rcpt},
    {"DATA", on_data}, {"RSET", on_rset}, {"NOOP", on_noop},         {"VRFY", on_vrfy}, {"QUIT", on_quit},
};

static enum next run_command(struct session *s, const char *line)
{
    size_t n = strcspn(line, " ");
    rg_arena_reset(s->effects);
    for (size_t i = 0; i < RG_COUNT(commands); i++)
        if (n == strlen(commands[i].word) && strncasecmp(line, commands[i].word, n) == 0)
            return commands[i].run(s, line[n] == ' ' ? line + n + 1 : "");
    say(s, 502, "5.5.2 no such command");
    return GO_ON;
}

void smtp_dialogue(const struct smtp_shared *shared, struct smtp_io *io)
{
    struct session s = {.shared = shared, .io = io};
    s.arena = rg_arena_new(INBOX_MAIL_ARENA_BYTES(RG_INBOX_MESSAGE_BYTES_MAX) + (size_t)4 * SMTP_LINE_BYTES_MAX * RECIPIENTS_MAX);
    s.effects = rg_arena_new(8 * INBOX_FAULT_BYTES_MAX); /* at most three effects a command */
    struct inbox_effect effect = effect_at(&s, INBOX_AT_CONNECT, NULL);
    enum next next = answer(&s, &effect, 220, "regua-inbox ESMTP");
    char line[SMTP_LINE_BYTES_MAX + 1];
    bool whole = true;
    while (next == GO_ON && smtp_io_line(io, line, &whole)) {
        if (whole)
            next = run_command(&s, line);
        else
            say(&s, 500, "5.5.2 line too long");
    }
    bool flushed = smtp_io_flush(io, 0);
    (void)flushed; /* the connection ends either way */
    rg_arena_free(&s.arena);
    rg_arena_free(&s.effects);
}
