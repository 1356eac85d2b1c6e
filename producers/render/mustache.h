/* Logic-less templates (Mustache): {{name}}, {{{name}}}, {{#section}}…{{/section}}, {{^inverted}}…, {{! comment}},
 * {{> partial}}, {{=<% %>=}}; whitespace of tags that stand alone on a line as in the public specification.
 *
 * A template is compiled once, at load, into an arena; the compiled form borrows the source text, which must live as
 * long. Rendering allocates nothing but the output. Rendered values are data only: a value that holds "{{" is written as
 * it is. Compiled templates are immutable and may be rendered by several threads. */
#pragma once

#include "base/core/arena.h"
#include "base/core/buf.h"
#include "base/core/error.h"

#define RG_MU_SOURCE_BYTES_MAX ((size_t)256 * 1024)
#define RG_MU_NODES_MAX 4096       /* tags and stretches of text in one template */
#define RG_MU_NAME_BYTES_MAX 128
#define RG_MU_PATH_MAX 8           /* words of a dotted name */
#define RG_MU_DELIMITER_BYTES_MAX 8
#define RG_MU_DEPTH_MAX 32         /* sections and partials inside each other, while compiling and while rendering */
#define RG_MU_INDENT_BYTES_MAX 256 /* of nested partials that stand alone, summed */
#define RG_MU_STEPS_MAX 1000000    /* tags and texts visited by one rendering */
#define RG_MU_ARENA_BYTES ((size_t)2 * 1024 * 1024) /* one compiled template never needs more */

/* Data: a tree borrowed for the time of one rendering. A section is shown for a non-empty string, `true`, a map, and
 * once for each item of a list; absent values, `false`, "" and the empty list show the inverted section. */
enum rg_mu_kind { RG_MU_ABSENT, RG_MU_STRING, RG_MU_BOOL, RG_MU_LIST, RG_MU_MAP };
struct rg_mu_value {
    enum rg_mu_kind kind;
    bool flag;                       /* RG_MU_BOOL */
    struct rg_str text;              /* RG_MU_STRING */
    const struct rg_str *keys;       /* RG_MU_MAP: names of the items */
    const struct rg_mu_value *items; /* RG_MU_LIST, RG_MU_MAP */
    size_t count;
};
struct rg_mu_value rg_mu_text(struct rg_str text); /* the absent slice becomes the absent value */

struct rg_mu_template;

/* On failure err says what is wrong, and *error_offset (may be NULL) at which byte of the source. */
RG_MUST_USE int rg_mu_compile(struct rg_arena *arena, struct rg_str source, const struct rg_mu_template **ret_template,
                              size_t *error_offset, struct rg_error *err);

/* What a template needs, in source order, so that its data can be checked before the first message. */
enum rg_mu_use_kind { RG_MU_USE_VALUE, RG_MU_USE_SECTION, RG_MU_USE_INVERTED, RG_MU_USE_PARTIAL };
#define RG_MU_NO_SECTION SIZE_MAX
struct rg_mu_use {
    enum rg_mu_use_kind kind;
    struct rg_str name; /* dotted, as written; "." is the current item */
    size_t offset;      /* of the tag */
    size_t section;     /* index of the use that encloses this one, or RG_MU_NO_SECTION */
};
const struct rg_mu_use *rg_mu_uses(const struct rg_mu_template *template, size_t *ret_count);

/* How values are written. {{{name}}} and {{&name}} lift the escaping of RG_MU_HTML only: in the other targets an
 * unescaped value could end the string it stands in. */
enum rg_mu_escape {
    RG_MU_PLAIN,  /* text bodies, SMS: as it is */
    RG_MU_HTML,   /* & < > " ' become entities */
    RG_MU_JSON,   /* inside a JSON string */
    RG_MU_HEADER, /* control characters become one space */
    RG_MU_URL,    /* everything but unreserved characters percent-encoded */
};

struct rg_mu_partial {
    struct rg_str name;
    const struct rg_mu_template *body;
};

struct rg_mu_options {
    enum rg_mu_escape escape;
    bool strict; /* messages: a value or partial that is absent or empty is an error that names it. Sections may ask */
    const struct rg_mu_partial *partials;
    size_t partial_count;
    const struct rg_mu_value *const *outer; /* further data, outermost first: asked where `data` does not know a name */
    size_t outer_count;                     /* ≤ RG_MU_DEPTH_MAX */
};

/* Appends to `out`. RG_ENOTFOUND: strict, and something has no value; *missing (may be NULL) then names it, borrowed from
 * the source. RG_ELIMIT: too deep, too many steps, or `out` reached its ceiling. What was appended before is left. */
RG_MUST_USE int rg_mu_render(const struct rg_mu_template *template, const struct rg_mu_value *data,
                             const struct rg_mu_options *options, struct rg_buf *out, struct rg_str *missing,
                             struct rg_error *err);

/* Looks a dotted name up in a map as {{name}} would; NULL when there is none. */
const struct rg_mu_value *rg_mu_lookup(const struct rg_mu_value *data, struct rg_str name);
bool rg_mu_truthy(const struct rg_mu_value *value); /* would its section be shown; accepts NULL */

/* One piece of text in the given escaping, for renderers that build structures around templates. */
void rg_mu_escape_text(enum rg_mu_escape escape, struct rg_str text, struct rg_buf *out);
