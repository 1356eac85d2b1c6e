/* What the tags of a text ask for, found by a scan that knows tags and nothing of rendering: which values must be there, whether
 * the creditor is named as the law wants, roughly how long the message gets. The full compiler is the senders'; whatever it would
 * refuse because a tag does not close is refused here first, with the line. */
#include "config/ladder/shelf.h"

#include "base/core/suggest.h"
#include "config/yaml/chars.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROUGH_PLACEHOLDER 'x'

const struct rg_template_var rg_template_vars[] = {
    {.name = "nome", .need = RG_TN_NAME, .typical_chars = 12, .help = "The debtor's name."},
    {.name = "valor", .typical_chars = 10, .help = "What is to be paid today, charges and discount included."},
    {.name = "valor_original", .typical_chars = 10, .help = "What is owed without charges."},
    {.name = "multa", .typical_chars = 8, .help = "The fine; R$ 0,00 when there is none."},
    {.name = "juros", .typical_chars = 8, .help = "The interest; R$ 0,00 when there is none."},
    {.name = "correcao", .later = true, .help = "Monetary correction."},
    {.name = "desconto", .need = RG_TN_DISCOUNT, .typical_chars = 8, .help = "The best discount in force."},
    {.name = "vencimento", .typical_chars = 10, .help = "The due date; of several invoices the first."},
    {.name = "dias_atraso", .typical_chars = 2, .help = "Days past the payable day."},
    {.name = "servico", .need = RG_TN_SERVICE, .typical_chars = 12, .help = "The service it is for."},
    {.name = "contrato", .need = RG_TN_CONTRACT, .typical_chars = 12, .help = "The contract's number."},
    {.name = "faturas", .group = true, .help = "The invoices it speaks of, one by one."},
    {.name = "numero", .of = "faturas", .typical_chars = 10, .help = "Its number."},
    {.name = "valor", .of = "faturas", .typical_chars = 10, .help = "What is owed of it."},
    {.name = "vencimento", .of = "faturas", .typical_chars = 10, .help = "Its due date."},
    {.name = "pix", .of = "faturas", .optional = true, .typical_chars = 150, .help = "Its PIX code."},
    {.name = "boleto", .of = "faturas", .optional = true, .typical_chars = 54, .help = "Its boleto's line of digits."},
    {.name = "link", .of = "faturas", .optional = true, .typical_chars = 36, .help = "Where it can be paid."},
    {.name = "total", .typical_chars = 10, .help = "The sum of an itemised list: the same as `valor`."},
    {.name = "pix", .need = RG_TN_PIX, .typical_chars = 150, .help = "The PIX code to copy."},
    {.name = "boleto", .need = RG_TN_BOLETO, .typical_chars = 54, .help = "The boleto's line of digits."},
    {.name = "link", .need = RG_TN_LINK, .typical_chars = 36, .help = "Where the invoice can be paid."},
    {.name = "valido_ate", .need = RG_TN_VALID_UNTIL, .typical_chars = 10, .help = "Last day its PIX or boleto can be paid."},
    {.name = "prazo", .need = RG_TN_TERM, .typical_chars = 10, .help = "Last day of the term that the notice grants."},
    {.name = "data_corte", .need = RG_TN_CUT_DATE, .typical_chars = 10,
     .help = "First day on which the service may be suspended."},
    {.name = "consequencias", .later = true, .help = "What follows when the term ends unpaid."},
    {.name = "oferta", .group = true, .later = true, .help = "An offer to settle."},
    {.name = "parcelas", .of = "oferta", .later = true, .help = "Its instalments."},
    {.name = "valor", .of = "oferta", .later = true, .help = "Its amount."},
    {.name = "valido_ate", .of = "oferta", .later = true, .help = "Its last day."},
    {.name = "promessa", .group = true, .later = true, .help = "A promise to pay."},
    {.name = "data", .of = "promessa", .later = true, .help = "The promised day."},
    {.name = "descadastro", .later = true, .help = "Where reminders by this channel are declined."},
    {.name = "documento_mascarado", .need = RG_TN_DOCUMENT, .typical_chars = 14, .help = "The debtor's CPF or CNPJ, masked."},
    {.name = "credor", .group = true, .help = "The creditor."},
    {.name = "nome", .of = "credor", .typical_chars = 24, .help = "The creditor's name."},
    {.name = "documento", .of = "credor", .typical_chars = 18, .help = "The creditor's CNPJ or CPF."},
    {.name = "endereco", .of = "credor", .typical_chars = 40, .help = "The creditor's address."},
    {.name = "email", .of = "credor", .optional = true, .typical_chars = 26, .help = "The creditor's e-mail address."},
    {.name = "telefone", .of = "credor", .optional = true, .typical_chars = 15, .help = "The creditor's phone."},
};
const size_t rg_template_var_count = RG_COUNT(rg_template_vars);

/* ---- Tags ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct rg_str trimmed(struct rg_str text)
{
    while (text.n > 0 && is_space(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && is_space(text.p[text.n - 1]))
        text.n--;
    return text;
}

static enum rg_tag_kind kind_of(char sigil)
{
    switch (sigil) {
    case '#': return RG_TAG_SECTION;
    case '^': return RG_TAG_INVERTED;
    case '/': return RG_TAG_CLOSE;
    case '>': return RG_TAG_PARTIAL;
    case '!': return RG_TAG_COMMENT;
    default: return RG_TAG_VALUE;
    }
}

bool rg_tag_next(struct rg_str text, size_t *at, struct rg_tag *ret_tag, const char **ret_wrong)
{
    *ret_wrong = NULL;
    const char *open = *at < text.n ? memmem(text.p + *at, text.n - *at, "{{", 2) : NULL;
    if (open == NULL)
        return false;
    *ret_tag = (struct rg_tag){.start = (size_t)(open - text.p)};
    bool triple = ret_tag->start + 2 < text.n && text.p[ret_tag->start + 2] == '{';
    const char *closing = triple ? "}}}" : "}}";
    size_t from = ret_tag->start + strlen(closing);
    const char *close = from <= text.n ? memmem(text.p + from, text.n - from, closing, strlen(closing)) : NULL;
    if (close == NULL) {
        *ret_wrong = "this tag does not close";
        return false;
    }
    ret_tag->end = (size_t)(close - text.p) + strlen(closing);
    struct rg_str inside = trimmed((struct rg_str){text.p + from, (size_t)(close - text.p) - from});
    *at = ret_tag->end;
    if (inside.n > 0 && inside.p[0] == '=') {
        *ret_wrong = "other delimiters than {{ and }} are not used here";
        return false;
    }
    ret_tag->kind = triple || inside.n == 0 ? RG_TAG_VALUE : kind_of(inside.p[0]);
    bool sigil = !triple && inside.n > 0 && (ret_tag->kind != RG_TAG_VALUE || inside.p[0] == '&');
    ret_tag->name = trimmed(sigil ? (struct rg_str){inside.p + 1, inside.n - 1} : inside);
    if (ret_tag->name.n == 0 && ret_tag->kind != RG_TAG_COMMENT) {
        *ret_wrong = "this tag names nothing";
        return false;
    }
    return true;
}

/* ---- A scan ---- */

struct scan {
    struct rg_templates *templates;
    const struct rg_template_text *text;
    const struct rg_node *node; /* the text in a ladder; NULL: a file */
    struct rg_template_text *whole; /* what asks for all of this: `text`, or the one that includes it */
    struct rg_buf *rough;           /* may be NULL */
    const struct rg_template_var *guards[RG_TEMPLATE_DEPTH_MAX]; /* sections that are open, of outer texts too */
    bool shown[RG_TEMPLATE_DEPTH_MAX];                           /* … and not inverted */
    struct rg_str open[RG_TEMPLATE_DEPTH_MAX];
    int depth, base; /* sections open; those of outer texts */
    int nesting;     /* partials inside each other */
};

static struct rg_place place_in_file(const struct rg_template_text *text, size_t offset, size_t bytes)
{
    size_t start = offset;
    int line = 1;
    while (start > 0 && text->source.p[start - 1] != '\n')
        start--;
    for (size_t i = 0; i < start; i++)
        line += text->source.p[i] == '\n';
    const char *end = memchr(text->source.p + start, '\n', text->source.n - start);
    struct rg_str source = {text->source.p + start,
                            end != NULL ? (size_t)(end - text->source.p) - start : text->source.n - start};
    return (struct rg_place){.file = text->file,
                             .line = line,
                             .column = (int)rg_chars_count((struct rg_str){source.p, offset - start}) + 1,
                             .width = (int)rg_chars_count((struct rg_str){text->source.p + offset, bytes}),
                             .source = source};
}

static struct rg_place place_of(const struct scan *s, size_t offset, size_t bytes)
{
    return s->node != NULL ? rg_node_place_at(s->node, offset, bytes) : place_in_file(s->text, offset, bytes);
}

static struct rg_place name_place(const struct scan *s, const struct rg_tag *tag)
{
    return place_of(s, (size_t)(tag->name.p - s->text->source.p), tag->name.n);
}

static void complain(struct scan *s, struct rg_place place, const char *code, const char *fmt, ...) RG_PRINTF(4, 5);
static void complain(struct scan *s, struct rg_place place, const char *code, const char *fmt, ...)
{
    char bytes[RG_DIAG_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(bytes, sizeof bytes, fmt, args); /* findings are cut at that, too */
    va_end(args);
    rg_diags_error(s->templates->diags, place, code, "%s", bytes);
    s->whole->wrong = true;
}

static const struct rg_template_var *find_var(struct rg_str of, struct rg_str name)
{
    for (size_t i = 0; i < rg_template_var_count; i++) {
        const struct rg_template_var *var = &rg_template_vars[i];
        bool here = var->of == NULL ? !rg_str_has(of) : rg_str_has(of) && rg_str_is(of, var->of);
        if (here && rg_str_is(name, var->name))
            return var;
    }
    return NULL;
}

/* a.b is a member; a bare name is a member of the innermost open group that has one of that name, else at the top. */
static const struct rg_template_var *resolve_var(const struct scan *s, struct rg_str name)
{
    const char *dot = memchr(name.p, '.', name.n);
    if (dot != NULL) {
        size_t n = (size_t)(dot - name.p);
        return find_var((struct rg_str){name.p, n}, (struct rg_str){dot + 1, name.n - n - 1});
    }
    for (int i = s->depth - 1; i >= 0; i--) {
        const struct rg_template_var *member = s->guards[i] != NULL && s->guards[i]->group
                                                   ? find_var(rg_str(s->guards[i]->name), name)
                                                   : NULL;
        if (member != NULL && s->shown[i])
            return member;
    }
    return find_var((struct rg_str){0}, name);
}

static void say_unknown(struct scan *s, const struct rg_tag *tag)
{
    const char *names[RG_COUNT(rg_template_vars)];
    size_t count = 0;
    for (size_t i = 0; i < rg_template_var_count; i++)
        if (rg_template_vars[i].of == NULL && !rg_template_vars[i].later)
            names[count++] = rg_template_vars[i].name;
    const char *near = rg_suggest(tag->name, names, count);
    complain(s, name_place(s, tag), "unknown-variable", "no value \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(tag->name),
             near != NULL ? ", did you mean \"" : "; reguactl check --variables lists all", near != NULL ? near : "",
             near != NULL ? "\"?" : "");
}

/* NULL, and a finding, for a name that no message has. */
static const struct rg_template_var *known_var(struct scan *s, const struct rg_tag *tag)
{
    const struct rg_template_var *var = resolve_var(s, tag->name);
    if (var == NULL) {
        say_unknown(s, tag);
        return NULL;
    }
    if (!var->later)
        return var;
    complain(s, name_place(s, tag), "not-yet", "the value \"" RG_STR_FMT "\" is not supported in this version; remove it",
                   RG_STR_ARG(tag->name));
    return NULL;
}

static bool guarded(const struct scan *s, const struct rg_template_var *var)
{
    for (int i = 0; i < s->depth; i++)
        if (s->guards[i] == var && s->shown[i])
            return true;
    return false;
}

/* What stands in an inverted section is the rare case: it does not count for the length. */
static struct rg_buf *rough_of(const struct scan *s)
{
    for (int i = 0; i < s->depth; i++)
        if (!s->shown[i])
            return NULL;
    return s->rough;
}

static bool always_shown(const struct scan *s)
{
    for (int i = 0; i < s->depth; i++)
        if (s->guards[i] == NULL || !s->shown[i] || strcmp(s->guards[i]->name, "credor") != 0)
            return false;
    return true;
}

static void note_legal(struct scan *s, const struct rg_template_var *var)
{
    static const struct {
        const char *name;
        unsigned bit;
    } legal[] = {{"nome", RG_LEGAL_NAME}, {"documento", RG_LEGAL_DOCUMENT}, {"endereco", RG_LEGAL_ADDRESS}};
    if (var->of == NULL || strcmp(var->of, "credor") != 0 || !always_shown(s))
        return;
    for (size_t i = 0; i < RG_COUNT(legal); i++)
        if (strcmp(var->name, legal[i].name) == 0)
            s->whole->legal |= legal[i].bit;
}

static void take_value(struct scan *s, const struct rg_tag *tag)
{
    const struct rg_template_var *var = known_var(s, tag);
    if (var == NULL)
        return;
    if (var->group) {
        complain(s, name_place(s, tag), "unknown-variable", "\"%s\" is a group, not a value; write {{#%s}}…{{/%s}}", var->name,
                       var->name, var->name);
        return;
    }
    note_legal(s, var);
    bool there = guarded(s, var);
    if (!there)
        s->whole->needs |= var->need;
    if (var->optional && !there)
        complain(s, name_place(s, tag), "unknown-variable",
                 "\"" RG_STR_FMT "\" is not in every message; write {{#" RG_STR_FMT "}}…{{/" RG_STR_FMT "}} around it",
                 RG_STR_ARG(tag->name), RG_STR_ARG(tag->name), RG_STR_ARG(tag->name));
    struct rg_buf *rough = rough_of(s);
    for (int i = 0; rough != NULL && i < var->typical_chars; i++)
        rg_buf_addc(rough, ROUGH_PLACEHOLDER);
}

static bool wrong_syntax(struct scan *s, const struct rg_tag *tag, const char *why)
{
    size_t bytes = tag->end > tag->start ? tag->end - tag->start : 2;
    complain(s, place_of(s, tag->start, bytes), "template-syntax", "%s", why);
    return false;
}

static bool open_section(struct scan *s, const struct rg_tag *tag)
{
    if (s->depth == RG_TEMPLATE_DEPTH_MAX)
        return wrong_syntax(s, tag, "too many sections inside each other");
    s->guards[s->depth] = known_var(s, tag);
    s->shown[s->depth] = tag->kind == RG_TAG_SECTION;
    s->open[s->depth++] = tag->name;
    return true;
}

static bool close_section(struct scan *s, const struct rg_tag *tag)
{
    if (s->depth == s->base || !rg_str_eq(s->open[s->depth - 1], tag->name))
        return wrong_syntax(s, tag, "this section was not opened, or another one is still open");
    s->depth--;
    return true;
}

static void scan_text(struct scan *s);

static bool take_partial(struct scan *s, const struct rg_tag *tag)
{
    const struct rg_template *partial = rg_templates_partial(s->templates, tag->name);
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < s->templates->partial_count && count < RG_COUNT(names); i++)
        names[count++] = s->templates->partials[i]->name.p;
    const struct rg_template_text *text = partial != NULL ? rg_template_text_for(partial, (struct rg_str){0}, s->text->part)
                                                          : NULL;
    if (partial != NULL && text == NULL)
        text = rg_template_text_for(partial, (struct rg_str){0}, RG_PART_TXT);
    if (text == NULL) {
        const char *near = rg_suggest(tag->name, names, count);
        complain(s, name_place(s, tag), "unknown-template", "no partial \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(tag->name),
                 near != NULL ? ", did you mean \"" : "; partials are files templates/partials/NAME.pt-BR.txt",
                 near != NULL ? near : "", near != NULL ? "\"?" : "");
        return true;
    }
    if (s->nesting == RG_TEMPLATE_DEPTH_MAX)
        return wrong_syntax(s, tag, "too many partials inside each other, or in a circle");
    struct scan inner = *s;
    inner.text = text;
    inner.node = NULL;
    inner.base = s->depth;
    inner.nesting++;
    scan_text(&inner);
    return true;
}

static bool take_tag(struct scan *s, const struct rg_tag *tag)
{
    switch (tag->kind) {
    case RG_TAG_VALUE: take_value(s, tag); return true;
    case RG_TAG_SECTION:
    case RG_TAG_INVERTED: return open_section(s, tag);
    case RG_TAG_CLOSE: return close_section(s, tag);
    case RG_TAG_PARTIAL: return take_partial(s, tag);
    case RG_TAG_COMMENT: return true;
    }
    rg_assert(false);
    return false;
}

static void scan_text(struct scan *s)
{
    size_t at = 0, done = 0;
    struct rg_tag tag;
    const char *wrong;
    struct rg_str source = s->text->source;
    while (rg_tag_next(source, &at, &tag, &wrong)) {
        if (rough_of(s) != NULL)
            rg_buf_add(s->rough, source.p + done, tag.start - done);
        done = tag.end;
        if (!take_tag(s, &tag))
            return;
    }
    if (wrong != NULL) {
        (void)wrong_syntax(s, &tag, wrong);
        return;
    }
    if (s->rough != NULL)
        rg_buf_add(s->rough, source.p + done, source.n - done);
    if (s->depth > s->base) {
        struct rg_str name = s->open[s->depth - 1];
        complain(s, place_of(s, (size_t)(name.p - source.p), name.n), "template-syntax",
                       "the section \"" RG_STR_FMT "\" does not close", RG_STR_ARG(name));
    }
}

void rg_template_scan(struct rg_templates *templates, struct rg_template_text *text, const struct rg_node *node,
                      struct rg_buf *rough)
{
    struct scan s = {.templates = templates, .text = text, .node = node, .whole = text, .rough = rough};
    if (text->scanned && rough == NULL)
        return;
    text->scanned = true;
    scan_text(&s);
}
