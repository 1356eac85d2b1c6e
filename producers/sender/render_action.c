/* Three ways to make the bytes, one for each kind of sender. Everything that can be wrong with a message ends here, before it is
 * stored and claimed: a hole in the text, a template that does not compile, an address that cannot be used.
 *
 * Sentences that become the outcome's detail name variables and templates, never a person's data. */
#include "producers/sender/render_action.h"

#include "brazil/text/fold.h"
#include "brazil/text/sms.h"
#include "producers/render/mime.h"
#include "producers/sender/compiled.h"
#include "producers/sender/signal_event.h"
#include "producers/sender/values.h"
#include "producers/transport/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SCRATCH_BYTES_MAX ((size_t)32 * 1024 * 1024) /* a debtor with his invoices and charges, and the values of a message */
#define PARTIALS_MAX 16
#define SUBJECT_BYTES_MAX 998
#define PARAMETERS_MAX 64
#define NAME_BYTES_SAID 50 /* of a name, in a detail */
#define SMS_CHANNEL "sms"
#define LANGUAGE "pt_BR" /* as providers of approved texts call the one language that templates are written in */

/* Who asks for the money, where no partial says it: name, document and address as CDC art. 42-A wants them. */
static const char creditor_partial[] =
    "{{credor.nome}} - CNPJ/CPF {{credor.documento}} - {{credor.endereco}}"
    "{{#credor.telefone}} - {{credor.telefone}}{{/credor.telefone}}{{#credor.email}} - {{credor.email}}{{/credor.email}}";

struct rg_renderer {
    const struct rg_sender_config *config;
    struct rg_compiled *compiled;
    struct rg_arena *scratch; /* of one message */
};

/* One message in the making. */
struct making {
    struct rg_renderer *renderer;
    const struct rg_decision *decision;
    struct rg_recipient recipient;
    const struct rg_creditor_info *creditor;
    struct rg_mu_value values;
    int64_t now_ms;
    struct rg_unrendered *why;
};

struct rg_renderer *rg_renderer_new(const struct rg_sender_config *config)
{
    struct rg_renderer *renderer = rg_alloc(sizeof *renderer);
    renderer->config = config;
    renderer->compiled = rg_compiled_new();
    renderer->scratch = rg_arena_new(SCRATCH_BYTES_MAX);
    return renderer;
}

void rg_renderer_free(struct rg_renderer **renderer)
{
    if (*renderer == NULL)
        return;
    rg_compiled_free(&(*renderer)->compiled);
    rg_arena_free(&(*renderer)->scratch);
    rg_free(renderer);
}

static int refuse(struct rg_unrendered *why, enum rg_gate gate, const char *fmt, ...) RG_PRINTF(3, 4);
static int refuse(struct rg_unrendered *why, enum rg_gate gate, const char *fmt, ...)
{
    va_list args;
    why->gate = gate;
    va_start(args, fmt);
    (void)vsnprintf(why->detail, sizeof why->detail, fmt, args);
    va_end(args);
    return RG_EREFUSED;
}

/* A name as a detail has room for it. */
static struct rg_str head(struct rg_str name)
{
    return (struct rg_str){name.p, name.n < NAME_BYTES_SAID ? name.n : NAME_BYTES_SAID};
}

/* ---- texts ---- */

struct partials {
    struct rg_mu_partial items[PARTIALS_MAX];
    size_t count;
};

static int compile(struct making *m, const char *what, struct rg_str name, struct rg_str source,
                   const struct rg_mu_template **ret)
{
    struct rg_error err = {0};
    if (rg_compiled_get(m->renderer->compiled, source, ret, &err) < 0)
        return refuse(m->why, RG_GATE_MISSING_DATA, "%s \"" RG_STR_FMT "\" cannot be used: %.100s", what, RG_STR_ARG(head(name)),
                      err.text);
    return 0;
}

static bool has_partial(const struct partials *partials, struct rg_str name)
{
    for (size_t i = 0; i < partials->count; i++)
        if (rg_str_eq(partials->items[i].name, name))
            return true;
    return false;
}

/* The partials that one text uses, itself. */
static int add_partials(struct making *m, const char *part, const struct rg_mu_template *template, struct partials *partials)
{
    const struct rg_sender_world *world = &m->renderer->config->world;
    size_t n;
    const struct rg_mu_use *uses = rg_mu_uses(template, &n);
    for (size_t i = 0; i < n; i++) {
        struct rg_str name = uses[i].name, source;
        if (uses[i].kind != RG_MU_USE_PARTIAL || has_partial(partials, name))
            continue;
        if (partials->count == PARTIALS_MAX)
            return refuse(m->why, RG_GATE_MISSING_DATA, "a text uses more than %d partials", PARTIALS_MAX);
        source = world->template_partial(world->ctx, name, part);
        if (source.p == NULL && rg_str_is(name, "credor"))
            source = rg_str(creditor_partial);
        if (source.p == NULL)
            continue; /* rendering names it */
        int rc = compile(m, "the partial", name, source, &partials->items[partials->count].body);
        if (rc < 0)
            return rc;
        partials->items[partials->count++].name = name;
    }
    return 0;
}

static enum rg_mu_escape escape_of(const char *part)
{
    return strcmp(part, "html") == 0 ? RG_MU_HTML : strcmp(part, "subject") == 0 ? RG_MU_HEADER : RG_MU_PLAIN;
}

static int render_text(struct making *m, const char *part, struct rg_str source, struct rg_buf *out)
{
    const struct rg_mu_template *template = NULL;
    struct partials partials = {0};
    struct rg_str name = m->decision->text, missing = {0};
    struct rg_error err = {0};
    int rc = compile(m, "the template", name, source, &template);
    if (rc == 0)
        rc = add_partials(m, part, template, &partials);
    for (size_t i = 0; rc == 0 && i < partials.count; i++) /* grows while it is walked: partials use partials */
        rc = add_partials(m, part, partials.items[i].body, &partials);
    if (rc < 0)
        return rc;
    const struct rg_mu_options options = {
        .escape = escape_of(part), .strict = true, .partials = partials.items, .partial_count = partials.count};
    rc = rg_mu_render(template, &m->values, &options, out, &missing, &err);
    if (rc == RG_ENOTFOUND)
        return refuse(m->why, RG_GATE_MISSING_DATA, "template \"" RG_STR_FMT "\" asks for \"" RG_STR_FMT "\", which has no value",
                      RG_STR_ARG(head(name)), RG_STR_ARG(head(missing)));
    if (rc < 0)
        return refuse(m->why, RG_GATE_MISSING_DATA, "template \"" RG_STR_FMT "\": %.100s", RG_STR_ARG(head(name)),
                      err.text);
    return 0;
}

static struct rg_str source_of(const struct making *m, const char *part)
{
    const struct rg_sender_world *world = &m->renderer->config->world;
    return world->template_part(world->ctx, m->decision->text, m->decision->channel, part);
}

static int render_part(struct making *m, const char *part, struct rg_buf *out)
{
    struct rg_str source = source_of(m, part), name = m->decision->text;
    if (source.p == NULL)
        return refuse(m->why, RG_GATE_MISSING_DATA, "template \"" RG_STR_FMT "\" has no text for this channel",
                      RG_STR_ARG(head(name)));
    int rc = render_text(m, part, source, out);
    if (rc == 0 && out->len == 0)
        return refuse(m->why, RG_GATE_MISSING_DATA, "template \"" RG_STR_FMT "\" is empty", RG_STR_ARG(head(name)));
    return rc;
}

/* ---- mail ---- */

/* Without a subject of its own it says who writes and nothing of a debt: others may see it on the screen. */
static int render_subject(struct making *m, struct rg_str *ret_subject)
{
    struct rg_str source = source_of(m, "subject"), name = rg_clean_text(m->renderer->scratch, m->creditor->name);
    struct rg_buf out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&out, SUBJECT_BYTES_MAX);
    int rc = source.p == NULL ? 0 : render_text(m, "subject", source, &out);
    if (rc < 0)
        return rc;
    *ret_subject = rg_clean_text(m->renderer->scratch, rg_buf_str(&out)); /* a file ends in a line end */
    if (rg_str_has(*ret_subject))
        return 0;
    if (!rg_str_has(name))
        return refuse(m->why, RG_GATE_MISSING_DATA, "the creditor has no name");
    *ret_subject = rg_arena_printf(m->renderer->scratch, "Mensagem de " RG_STR_FMT, RG_STR_ARG(name));
    return 0;
}

static int build_mail(struct making *m, struct rg_str subject, struct rg_str text, struct rg_str html,
                      struct rg_rendered *rendered)
{
    char id[33];
    struct rg_error err = {0};
    struct rg_mail mail = {.to_name = rg_clean_text(m->renderer->scratch, m->recipient.name),
                           .to_address = m->recipient.address,
                           .subject = subject,
                           .date_ms = m->now_ms,
                           .text = text,
                           .html = html};
    rg_decision_message_id(m->decision, id);
    mail.message_id = rg_arena_printf(m->renderer->scratch, "%s@%s", id, m->renderer->config->domain);
    if (!rg_str_has(mail.to_name))
        mail.to_name = (struct rg_str){0};
    int rc = rg_mime_mailbox_split(rg_str(m->renderer->config->from), &mail.from_name, &mail.from_address, &err);
    if (rc == 0)
        rc = rg_mail_build(&mail, &rendered->payload, &err);
    if (rc < 0)
        return refuse(m->why, RG_GATE_MISSING_DATA, "the mail cannot be made: %.150s", err.text);
    return 0;
}

static int make_mail(struct making *m, struct rg_rendered *rendered)
{
    struct rg_str subject = {0};
    struct rg_buf text RG_CLEANUP(rg_buf_done), html RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, RG_MIME_BODY_BYTES_MAX);
    rg_buf_init(&html, RG_MIME_BODY_BYTES_MAX);
    if (rg_mime_address_check(m->recipient.address, NULL) < 0)
        return refuse(m->why, RG_GATE_UNREACHABLE, "the e-mail address cannot be used");
    int rc = render_subject(m, &subject);
    if (rc == 0)
        rc = render_part(m, "txt", &text);
    bool has_html = source_of(m, "html").p != NULL;
    if (rc == 0 && has_html)
        rc = render_part(m, "html", &html);
    if (rc < 0)
        return rc;
    return build_mail(m, subject, rg_buf_str(&text), has_html ? rg_buf_str(&html) : (struct rg_str){0}, rendered);
}

/* ---- a provider's request ---- */

/* Accents cost half the room of an SMS. They go only where that saves a segment. */
static void fold_sms(struct rg_buf *text)
{
    struct rg_sms as_is, folded_sms;
    struct rg_buf folded RG_CLEANUP(rg_buf_done);
    rg_buf_init(&folded, 4 * text->max_bytes);
    (void)rg_fold_sms(rg_buf_str(text), &folded); /* what cannot be folded is measured, too */
    if (!rg_sms_measure(rg_buf_str(text), &as_is) || !rg_sms_measure(rg_buf_str(&folded), &folded_sms) ||
        folded_sms.segments >= as_is.segments)
        return;
    rg_buf_reset(text);
    rg_buf_add_str(text, rg_buf_str(&folded));
}

/* Values of an approved text are positional: those that the txt part writes outside sections, each once, in order of use. */
static struct rg_mu_value parameters(struct making *m)
{
    const struct rg_mu_template *template = NULL;
    struct rg_mu_value *items = RG_NEW(m->renderer->scratch, struct rg_mu_value, PARAMETERS_MAX);
    size_t n = 0, count = 0;
    if (rg_compiled_get(m->renderer->compiled, source_of(m, "txt"), &template, NULL) < 0)
        return (struct rg_mu_value){.kind = RG_MU_LIST};
    const struct rg_mu_use *uses = rg_mu_uses(template, &n);
    for (size_t i = 0; i < n && count < PARAMETERS_MAX; i++) {
        bool said = uses[i].kind != RG_MU_USE_VALUE || uses[i].section != RG_MU_NO_SECTION;
        for (size_t k = 0; k < i && !said; k++)
            said =
                uses[k].kind == RG_MU_USE_VALUE && uses[k].section == RG_MU_NO_SECTION && rg_str_eq(uses[k].name, uses[i].name);
        const struct rg_mu_value *value = said ? NULL : rg_mu_lookup(&m->values, uses[i].name);
        if (value != NULL && value->kind == RG_MU_STRING)
            items[count++] = rg_mu_text(rg_clean_text(m->renderer->scratch, value->text)); /* one line: providers refuse more */
    }
    return (struct rg_mu_value){.kind = RG_MU_LIST, .items = items, .count = count};
}

/* Files end in a line's end, and so do the partials in them; on a phone that is an empty line, in an SMS paid for. */
static void trim_end(struct rg_buf *text)
{
    while (text->len > 0 && memchr(" \t\r\n", text->data[text->len - 1], 4) != NULL)
        text->data[--text->len] = '\0';
}

static int make_request(struct making *m, struct rg_rendered *rendered)
{
    char action[RG_ACTION_TEXT + 1], key[33];
    struct rg_str missing = {0};
    struct rg_error err = {0};
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    rg_buf_init(&text, RG_MIME_BODY_BYTES_MAX);
    int rc = render_part(m, "txt", &text);
    if (rc < 0)
        return rc;
    trim_end(&text);
    if (rg_str_is(m->decision->channel, SMS_CHANNEL))
        fold_sms(&text);
    rg_action_id_print(&m->decision->action, action);
    rg_decision_message_id(m->decision, key);
    const struct rg_str keys[] = {RG_STR("to"),       RG_STR("action"),   RG_STR("idempotency_key"), RG_STR("text"),
                                  RG_STR("template"), RG_STR("language"), RG_STR("parameters")};
    const struct rg_mu_value items[] = {rg_mu_text(m->recipient.address),
                                        rg_mu_text(rg_str(action)),
                                        rg_mu_text(rg_str(key)),
                                        rg_mu_text(rg_buf_str(&text)),
                                        rg_mu_text(m->decision->text),
                                        rg_mu_text(RG_STR(LANGUAGE)),
                                        parameters(m)};
    static_assert(RG_COUNT(keys) == RG_COUNT(items), "each value has its name");
    const struct rg_mu_value values = {.kind = RG_MU_MAP, .keys = keys, .items = items, .count = RG_COUNT(keys)};
    rc = rg_transport_http_body(m->renderer->config->transport, &values, &rendered->payload, &missing, &err);
    if (rc == RG_ENOTFOUND)
        return refuse(m->why, RG_GATE_MISSING_DATA, "the provider's request asks for \"" RG_STR_FMT "\", which has no value",
                      RG_STR_ARG(head(missing)));
    if (rc < 0)
        return refuse(m->why, RG_GATE_MISSING_DATA, "the provider's request cannot be made: %.100s", err.text);
    return 0;
}

/* ---- one action ---- */

static int make_message(struct making *m, struct rg_arena *arena, struct rg_rendered *rendered, struct rg_error *err)
{
    const struct rg_sender_config *config = m->renderer->config;
    if (m->decision->kind != RG_ACT_MESSAGE)
        return refuse(m->why, RG_GATE_NONE, "a %s cannot leave by this channel", rg_act_kind_name(m->decision->kind));
    int rc = config->world.recipient(config->world.ctx, m->decision, m->renderer->scratch, &m->recipient, err);
    if (rc < 0)
        return rc == RG_EREFUSED ? rg_fail(err, RG_EIO, "the debtor's record could not be read") : rc;
    if (m->recipient.invoice_count != m->decision->invoice_count)
        return rg_fail(err, RG_EINVAL, "%zu of %zu invoices are known", m->recipient.invoice_count, m->decision->invoice_count);
    if (!rg_str_has(m->recipient.address))
        return refuse(m->why, RG_GATE_UNREACHABLE, "there is no contact for this channel any more");
    m->creditor = config->world.creditor(config->world.ctx, m->decision->creditor);
    if (m->creditor == NULL)
        return refuse(m->why, RG_GATE_MISSING_DATA, "the creditor is not configured");
    m->values = rg_message_values(m->renderer->scratch, m->decision, &m->recipient, m->creditor, m->now_ms);
    rc = config->kind == RG_SENDER_MAIL ? make_mail(m, rendered) : make_request(m, rendered);
    rendered->to = rg_arena_str(arena, m->recipient.address);
    return rc;
}

static int make_signal(struct making *m, struct rg_rendered *rendered)
{
    if (m->decision->kind != RG_ACT_SIGNAL || m->decision->signal == RG_SIGNAL_NONE)
        return refuse(m->why, RG_GATE_NONE, "a %s cannot leave by this channel", rg_act_kind_name(m->decision->kind));
    rg_signal_event_write(m->decision, &rendered->payload);
    rendered->to = m->decision->debtor;
    return 0;
}

int rg_render_action(struct rg_renderer *renderer, const struct rg_decision *decision, int64_t now_ms, struct rg_arena *arena,
                     struct rg_rendered *rendered, struct rg_unrendered *ret_why, struct rg_error *err)
{
    struct making m = {.renderer = renderer, .decision = decision, .now_ms = now_ms, .why = ret_why};
    rg_arena_reset(renderer->scratch);
    int rc = renderer->config->kind == RG_SENDER_SIGNALS ? make_signal(&m, rendered) : make_message(&m, arena, rendered, err);
    if (rc == 0 && rendered->payload.overflow)
        return refuse(ret_why, RG_GATE_NONE, "it is larger than %zu bytes", RG_RENDERED_BYTES_MAX);
    return rc;
}
