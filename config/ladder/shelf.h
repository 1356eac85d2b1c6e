/* Private to this room: the texts as they lie in files and ladders, and what their tags ask for. */
#pragma once

#include "base/core/arena.h"
#include "config/ladder/templates.h"
#include "config/ladder/written.h"

enum rg_part { RG_PART_TXT, RG_PART_HTML, RG_PART_SUBJECT, RG_PART_COUNT };
extern const char *const rg_part_names[RG_PART_COUNT];

/* One source: a file, or a text in a ladder. */
struct rg_template_text {
    struct rg_str channel; /* absent: for all */
    enum rg_part part;
    const char *file;
    struct rg_str source;
    bool scanned;         /* what follows is known; its findings are made */
    unsigned needs;       /* RG_TN_… */
    unsigned legal;       /* RG_LEGAL_… that stand in every message */
    bool wrong;           /* something was found, and said */
    size_t sms_segments;  /* of a text for SMS, roughly; 0: not asked yet */
};

struct rg_template {
    struct rg_str name;
    struct rg_mark mark;  /* where it begins */
    const char *ladder;   /* file of the ladder that wrote it inline; NULL: files */
    struct rg_template_text *texts;
    size_t text_count, text_capacity;
};

/* A file that was seen in a directory of templates, not yet read. */
struct rg_template_file {
    struct rg_str name, channel;
    enum rg_part part;
    const char *path;
    bool own;
};

struct rg_templates {
    struct rg_arena *arena;
    const char *own, *shipped; /* trees; NULL: none */
    struct rg_diags *diags;    /* while loading */
    struct rg_template_file *files;
    size_t file_count, file_capacity;
    struct rg_template **items;
    size_t count, capacity;
    struct rg_template **partials;
    size_t partial_count, partial_capacity;
};

struct rg_templates *rg_templates_new(const char *own, const char *shipped, struct rg_diags *diags);
struct rg_template *rg_templates_get(const struct rg_templates *templates, struct rg_str name);
/* Reads the files of that name; NULL when there is none. */
struct rg_template *rg_templates_read(struct rg_templates *templates, struct rg_str name);
struct rg_template *rg_templates_add_inline(struct rg_templates *templates, struct rg_str name, struct rg_str text,
                                            const struct rg_node *node);
struct rg_template_text *rg_template_text_for(const struct rg_template *template, struct rg_str channel, enum rg_part part);
struct rg_str rg_template_trimmed(struct rg_str text); /* without white space at its end */
const struct rg_template *rg_templates_partial(const struct rg_templates *templates, struct rg_str name);
void rg_templates_list(struct rg_templates *templates,
                       struct rg_rules *rules); /* sorts, fills rules->templates; the last act of a load */

/* ---- tags ---- */

enum rg_tag_kind { RG_TAG_VALUE, RG_TAG_SECTION, RG_TAG_INVERTED, RG_TAG_CLOSE, RG_TAG_PARTIAL, RG_TAG_COMMENT };
struct rg_tag {
    enum rg_tag_kind kind;
    size_t start, end;  /* of the whole tag */
    struct rg_str name; /* a slice of the text */
};
/* The next tag from *at on, which moves behind it. False when there is none; then *ret_wrong is NULL, or says what is wrong with
 * the tag that begins at ret_tag->start. */
bool rg_tag_next(struct rg_str text, size_t *at, struct rg_tag *ret_tag, const char **ret_wrong);

#define RG_LEGAL_NAME 1u
#define RG_LEGAL_DOCUMENT 2u
#define RG_LEGAL_ADDRESS 4u
#define RG_LEGAL_ALL 7u

/* Finds out once what a source asks for, partials included. Findings go to templates->diags, placed in `node` for a text in a
 * ladder. `rough`, if given, gets the text with typical values. */
void rg_template_scan(struct rg_templates *templates, struct rg_template_text *text, const struct rg_node *node,
                      struct rg_buf *rough);
