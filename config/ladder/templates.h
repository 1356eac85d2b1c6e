/* The texts of messages, by name, language and channel: compiled once, rendered by senders. A template NAME may be written in
 * a ladder's `templates:` (one text for all channels) or as files templates/NAME.pt-BR.txt, .html, .subject and
 * NAME.<channel>.pt-BR.txt for one channel; /etc wins over what is shipped. */
#pragma once

#include "base/core/core.h"

struct rg_templates;

/* Source text of one part; absent when there is none. `part` is "txt", "html" or "subject". Slices live as long as the
 * templates. A channel's own file wins over the general one. */
struct rg_str rg_template_source(const struct rg_templates *templates, struct rg_str name, struct rg_str channel, const char *part);
struct rg_str rg_template_partial(const struct rg_templates *templates, struct rg_str name);
void rg_templates_free(struct rg_templates **templates);
