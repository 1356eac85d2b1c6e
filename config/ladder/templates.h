/* The texts of messages, by name, channel and part: kept as source here, compiled and rendered by senders. A template NAME is
 * written in a ladder's `templates:` (one text for all channels) or as files templates/NAME.pt-BR.txt, .html, .subject, and
 * NAME.CHANNEL.pt-BR.txt … for one channel. A name is taken whole from one place: what the operator wrote (in a ladder, or
 * beside regua.yaml) hides everything shipped under that name, so that a new text never goes out with an old HTML part.
 *
 * Partials ({{> credor}}) are files templates/partials/NAME.pt-BR.txt and .html. The subject of a mail whose template has none
 * is the partial `assunto`.
 *
 * Which values a template may ask for is the closed list rg_template_vars; senders fill it, and nothing else. */
#pragma once

#include "base/core/core.h"

#define RG_TEMPLATE_BYTES_MAX ((size_t)64 * 1024) /* of one source */
#define RG_TEMPLATE_DEPTH_MAX 8                   /* sections and partials inside each other */
#define RG_TEMPLATE_NAMES_MAX 1024

struct rg_templates;

/* Source text of one part; absent when there is none. `part` is "txt", "html" or "subject". Slices live as long as the
 * templates. A channel's own file wins over the general one. */
struct rg_str rg_template_source(const struct rg_templates *templates, struct rg_str name, struct rg_str channel,
                                 const char *part);
/* A partial for that part: its own file, else the one for "txt". Absent when there is none. */
struct rg_str rg_template_partial(const struct rg_templates *templates, struct rg_str name, const char *part);
/* All partials, for a sender that compiles them once; false when `index` is past the last. A partial may come with several
 * parts. */
bool rg_template_partial_at(const struct rg_templates *templates, size_t index, struct rg_str *ret_name, struct rg_str *ret_part,
                            struct rg_str *ret_source);
void rg_templates_free(struct rg_templates **templates);

/* A value of a message. `of` is the list or group it is a member of: {{#faturas}}{{numero}}{{/faturas}}, {{credor.nome}}. */
struct rg_template_var {
    const char *name;
    const char *of;    /* NULL: at the top */
    unsigned need;     /* RG_TN_… bits: the engine sees to it that the value is there */
    bool optional;     /* not in every message and no gate asks for it: only inside a section of its own name */
    bool group;        /* has members: used as a section, or with a dot */
    bool later;        /* a word of the language that this version does not fill: refused */
    int typical_chars; /* for estimates of length */
    const char *help;
};
extern const struct rg_template_var rg_template_vars[];
extern const size_t rg_template_var_count;
