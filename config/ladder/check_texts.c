/* What a ladder's messages say: every step has a text for each of its channels, texts ask only for what messages have, and
 * whoever is asked to pay can read who asks (CDC art. 42-A). */
#include "base/core/suggest.h"
#include "brazil/text/fold.h"
#include "brazil/text/sms.h"
#include "config/ladder/shelf.h"
#include "config/ladder/written.h"

#include <string.h>

#define SMS_CHANNEL "sms"
#define SMS_SEGMENTS_ADVISED 3
#define SMS_BYTES_MAX 8192
#define SMS_SEPTETS 153 /* of one segment among several */
#define CANDIDATES_MAX 256

/* ---- texts written in the ladder ---- */

static const struct rg_node *inline_node(const struct rg_draft *d, struct rg_str name)
{
    for (size_t i = 0; i < d->written->templates.count; i++)
        if (rg_str_eq(d->written->templates.items[i].key, name))
            return d->written->templates.items[i].node;
    return NULL;
}

/* One name has one text in an installation: decisions and senders know it by name alone. */
static bool name_is_free(struct rg_draft *d, const struct rg_template *other, const struct rg_pair *pair)
{
    if (other == NULL)
        return true;
    const struct rg_template_text *text = rg_template_text_for(other, (struct rg_str){0}, RG_PART_TXT);
    if (other->ladder != NULL && text != NULL && rg_str_eq(text->source, rg_template_trimmed(pair->value)))
        return false;
    rg_diags_error(d->loader->diags, rg_key_place(pair->node), "duplicate-name",
                   other->ladder != NULL
                       ? "template \"" RG_STR_FMT "\" is already written in %s, with another text; give one of them another name"
                       : "template \"" RG_STR_FMT "\" is sent from %s by another ladder; give one of them another name",
                   RG_STR_ARG(pair->key), other->mark.file);
    return false;
}

static void add_inline_texts(struct rg_draft *d)
{
    struct rg_templates *templates = d->loader->templates;
    for (size_t i = 0; i < d->written->templates.count; i++) {
        const struct rg_pair *pair = &d->written->templates.items[i];
        if (!rg_parse_name(pair->key, false)) {
            rg_diags_error(d->loader->diags, rg_key_place(pair->node), "bad-name",
                           "a name starts with a lower-case letter and holds only lower-case letters, digits and \"_\"");
            continue;
        }
        if (name_is_free(d, rg_templates_get(templates, pair->key), pair) &&
            rg_templates_add_inline(templates, pair->key, pair->value, pair->node) == NULL)
            rg_diags_error(d->loader->diags, rg_key_place(pair->node), "too-many", "more than %d templates",
                           RG_TEMPLATE_NAMES_MAX);
    }
}

/* ---- one step's text ---- */

static void advise_where(const struct rg_draft *d, struct rg_str name)
{
    const struct rg_templates *t = d->loader->templates;
    const char *trees[] = {t->own, t->shipped};
    struct rg_buf list RG_CLEANUP(rg_buf_done);
    rg_buf_init(&list, RG_DIAG_TEXT_MAX);
    for (size_t i = 0; i < RG_COUNT(trees); i++)
        if (trees[i] != NULL)
            rg_buf_addf(&list, ", %s/templates/" RG_STR_FMT ".pt-BR.txt", trees[i], RG_STR_ARG(name));
    rg_diags_advise(d->loader->diags, "looked for templates: in %s%s", d->written->section.node->doc->file, rg_buf_cstr(&list));
}

static void say_missing(struct rg_draft *d, struct rg_str step, const struct rg_node *at, struct rg_str name)
{
    const struct rg_templates *t = d->loader->templates;
    const char *names[CANDIDATES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < d->written->templates.count && count < CANDIDATES_MAX; i++)
        names[count++] = d->written->templates.items[i].key.p;
    for (size_t i = 0; i < t->file_count && count < CANDIDATES_MAX; i++)
        names[count++] = rg_arena_str(d->loader->scratch, t->files[i].name).p;
    const char *near = rg_suggest(name, names, count);
    rg_diags_error(d->loader->diags, rg_node_place(at), "unknown-template",
                   "no template \"" RG_STR_FMT "\" for step \"" RG_STR_FMT "\"%s%s%s", RG_STR_ARG(name), RG_STR_ARG(step),
                   near != NULL ? ", did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    advise_where(d, name);
}

static const struct rg_template *find_template(struct rg_draft *d, struct rg_str step, const struct rg_node *at,
                                               struct rg_str name)
{
    struct rg_templates *t = d->loader->templates;
    const struct rg_template *template = rg_templates_get(t, name);
    if (template != NULL && template->ladder != NULL && inline_node(d, name) == NULL) {
        rg_diags_error(d->loader->diags, rg_node_place(at), "unknown-template",
                       "template \"" RG_STR_FMT "\" is written in %s for that ladder alone; move it to a file of templates/",
                       RG_STR_ARG(name), template->ladder);
        return NULL;
    }
    if (template == NULL)
        template = rg_templates_read(t, name);
    if (template == NULL)
        say_missing(d, step, at, name);
    return template;
}

/* ---- what it asks for ---- */

static size_t sms_segments(struct rg_draft *d, struct rg_template_text *text, const struct rg_node *node)
{
    if (text->sms_segments != 0)
        return text->sms_segments;
    struct rg_buf rough RG_CLEANUP(rg_buf_done), folded RG_CLEANUP(rg_buf_done);
    struct rg_sms sms = {.segments = 1};
    rg_buf_init(&rough, SMS_BYTES_MAX);
    rg_buf_init(&folded, 2 * SMS_BYTES_MAX);
    rg_template_scan(d->loader->templates, text, node, &rough);
    (void)rg_fold_sms(rg_buf_str(&rough), &folded); /* what cannot be folded costs room, and is measured */
    (void)rg_sms_measure(rg_buf_str(&folded), &sms); /* all UTF-8, but where it was cut within a character, and then it is long */
    return text->sms_segments = rough.overflow ? SMS_BYTES_MAX / SMS_SEPTETS : sms.segments;
}

static void check_sms(struct rg_draft *d, const struct rg_node *at, struct rg_str name, struct rg_template_text *text,
                      const struct rg_node *node)
{
    size_t segments = sms_segments(d, text, node);
    if (segments > SMS_SEGMENTS_ADVISED)
        rg_diags_warn(
            d->loader->diags, rg_node_place(at), "sms-too-long",
            "template \"" RG_STR_FMT
            "\" takes about %zu segments as SMS, each paid for; a shorter text of its own stands in templates/" RG_STR_FMT
            "." SMS_CHANNEL ".pt-BR.txt",
            RG_STR_ARG(name), segments, RG_STR_ARG(name));
}

static void say_unlawful(struct rg_draft *d, const struct rg_template *template, const struct rg_template_text *text,
                         const struct rg_node *node)
{
    struct rg_buf list RG_CLEANUP(rg_buf_done);
    rg_buf_init(&list, 128);
    static const char *const fields[] = {"name", "document", "address"};
    for (unsigned i = 0, missing = RG_LEGAL_ALL & ~text->legal; i < RG_COUNT(fields); i++)
        if ((missing >> i & 1u) != 0)
            rg_buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", fields[i]);
    struct rg_place place = node != NULL ? rg_node_place(node) : (struct rg_place){.file = text->file, .line = 1, .column = 1};
    rg_diags_error(d->loader->diags, place, "template-missing-legal-field",
                   "template \"" RG_STR_FMT
                   "\" does not say who asks for payment (%s of the creditor, CDC art. 42-A); add {{> credor}}",
                   RG_STR_ARG(template->name), rg_buf_cstr(&list));
}

/* Everything one channel would get of a template. */
static unsigned scan_for_channel(struct rg_draft *d, const struct rg_template *template, struct rg_str channel,
                                 const struct rg_node *at, bool collects)
{
    unsigned needs = 0;
    for (int part = 0; part < RG_PART_COUNT; part++) {
        struct rg_template_text *text = rg_template_text_for(template, channel, (enum rg_part)part);
        if (text == NULL)
            continue;
        bool in_ladder = template->ladder != NULL && text->file == template->ladder;
        const struct rg_node *node = in_ladder ? inline_node(d, template->name) : NULL;
        rg_template_scan(d->loader->templates, text, node, NULL);
        needs |= text->needs;
        if (text->wrong)
            continue; /* what else it lacks is known when it can be read */
        if (collects && part != RG_PART_SUBJECT && text->legal != RG_LEGAL_ALL)
            say_unlawful(d, template, text, node);
        if (part == RG_PART_TXT && rg_str_is(channel, SMS_CHANNEL))
            check_sms(d, at, template->name, text, node);
    }
    return needs;
}

static uint32_t check_message(struct rg_draft *d, struct rg_str step, const struct rg_node *at, struct rg_str name,
                              const int *via, int via_count, bool collects)
{
    const struct rg_rules *rules = d->loader->rules;
    const struct rg_template *template = find_template(d, step, at, name);
    unsigned needs = 0;
    for (int i = 0; template != NULL && i < via_count; i++) {
        struct rg_str channel = rules->channels[via[i]].name;
        if (rg_template_text_for(template, channel, RG_PART_TXT) == NULL)
            rg_diags_error(d->loader->diags, rg_node_place(at), "unknown-template",
                           "template \"" RG_STR_FMT "\" has no text for channel \"" RG_STR_FMT "\" of step \"" RG_STR_FMT
                           "\"; expected a file " RG_STR_FMT ".pt-BR.txt",
                           RG_STR_ARG(name), RG_STR_ARG(channel), RG_STR_ARG(step), RG_STR_ARG(name));
        needs |= scan_for_channel(d, template, channel, at, collects);
    }
    return needs;
}

/* A message that needs a term's end can only be sent by a step that grants one. */
static void check_term(struct rg_draft *d, const struct rg_step *step, const struct rg_node *at)
{
    if ((step->template_needs & (RG_TN_TERM | RG_TN_CUT_DATE)) != 0 && !step->term.given)
        rg_diags_error(d->loader->diags, rg_node_place(at), "unknown-variable",
                       "template \"" RG_STR_FMT "\" names the end of a term, and step \"" RG_STR_FMT "\" grants none; add term:",
                       RG_STR_ARG(step->template), RG_STR_ARG(step->name));
}

void rg_draft_check_texts(struct rg_draft *d)
{
    struct rg_ladder *ladder = d->ladder;
    add_inline_texts(d);
    for (int i = 0; i < ladder->step_count; i++) {
        struct rg_step *step = &ladder->steps[i];
        const struct rg_node *at = rg_member(&rg_draft_written(d, i)->section, "template");
        if (!d->sound[i] || step->kind != RG_ACT_MESSAGE || at == NULL)
            continue;
        step->template_needs = check_message(d, step->name, at, step->template, step->via, step->via_count, true);
        check_term(d, step, at);
    }
    for (int i = 0; i < ladder->owed_count; i++) {
        struct rg_owed *owed = &ladder->owed[i];
        const struct rg_node *at = rg_member(&rg_draft_owed(d, i)->section, "template");
        if (owed->kind == RG_ACT_MESSAGE && rg_str_has(owed->template) && at != NULL)
            owed->template_needs = check_message(d, owed->name, at, owed->template, owed->via, owed->via_count, false);
    }
}
