/* Findings: what is wrong with a file that a person wrote, where, and what to write instead.
 *
 * Readers add findings in any order and go on; nobody stops at the first. They are kept sorted by file, line and column, an
 * exact repetition counts once, and are printed all at once:
 *
 *     internet.yaml:32:39: error: unknown key "tempalte" in step "atraso", did you mean "template"? [unknown-key]
 *       atraso:      { day: D+1, tone: reminder, tempalte: atraso }
 *                                               ^~~~~~~~
 *       = advice, when there is some
 *
 * Everything is copied: a finding outlives the file's bytes. What does not belong on a terminal (control characters) is
 * replaced, long lines are cut around the place. Not thread-safe. */
#pragma once

#include "base/core/buf.h"
#include "base/core/core.h"

#define RG_DIAGS_MAX 500       /* findings kept; further ones are only counted */
#define RG_DIAGS_SHOWN 20      /* findings printed before the count of the others */
#define RG_DIAG_TEXT_MAX 1024  /* bytes of one text or one advice; longer ones are cut */
#define RG_DIAG_SOURCE_MAX 160 /* characters of a source line that are shown */
#define RG_DIAG_LINE_MAX 65536 /* bytes; of a longer line nothing is shown */

/* Code of a finding about a secret that is written where it does not belong. Findings go to logs, CI and web pages: of the line it
 * stands in no finding shows anything. */
#define RG_DIAG_SECRET "literal-secret"

enum rg_severity { RG_SEVERITY_ERROR, RG_SEVERITY_WARNING };

struct rg_place {
    const char *file;     /* as the person named it */
    int line, column;     /* from 1, the column in characters; line 0: the file as a whole */
    int width;            /* characters underlined; 0 or 1: the caret alone */
    struct rg_str source; /* the source line without its line break; may be absent */
};

struct rg_finding {
    const char *file;
    int line, column, width;
    enum rg_severity severity;
    const char *code; /* from a closed list: rules for a machine, `check --explain CODE` for a person */
    const char *text;
    const char *advice;       /* NULL: none */
    const char *source;       /* the shown part of the line; NULL: none */
    int source_column;        /* where the caret stands under `source`, from 1 */
};

struct rg_diags;

struct rg_diags *rg_diags_new(void) __attribute__((returns_nonnull));
void rg_diags_free(struct rg_diags **diags);

/* `code` must be a literal. The advice belongs to the finding added last and may be left out. */
void rg_diags_error(struct rg_diags *diags, struct rg_place place, const char *code, const char *fmt, ...) RG_PRINTF(4, 5);
void rg_diags_warn(struct rg_diags *diags, struct rg_place place, const char *code, const char *fmt, ...) RG_PRINTF(4, 5);
void rg_diags_advise(struct rg_diags *diags, const char *fmt, ...) RG_PRINTF(2, 3);

size_t rg_diags_errors(const struct rg_diags *diags);   /* all, kept or not */
size_t rg_diags_warnings(const struct rg_diags *diags);
size_t rg_diags_count(const struct rg_diags *diags);    /* kept */
bool rg_diags_full(const struct rg_diags *diags);       /* further ones are only counted: spare the work of a good text */
const struct rg_finding *rg_diags_at(struct rg_diags *diags, size_t index); /* in order; valid until the next is added */

enum { RG_DIAGS_PLAIN = 0, RG_DIAGS_COLOUR = 1 };
void rg_diags_print(struct rg_diags *diags, unsigned flags, struct rg_buf *into);
void rg_diags_print_at(struct rg_diags *diags, size_t index, unsigned flags, struct rg_buf *into); /* one of them; whole lines */
/* {"errors":1,"warnings":0,"findings":[{"file","line","column","severity","code","text","advice","source"}…]}, all kept ones. */
void rg_diags_json(struct rg_diags *diags, struct rg_buf *into);
/* The first finding in one line, as a status line or a log wants it; "" when there is none. */
void rg_diags_first(struct rg_diags *diags, struct rg_buf *into);
