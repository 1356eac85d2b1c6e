/* Findings live in an arena of their own, so that they outlive what they speak of. Cleaning happens when a finding is added,
 * once: whatever prints it later (terminal, log, web page) may trust that it holds no control character and is valid UTF-8.
 * Sorting happens when somebody looks. The cap makes the arena's bound a constant. */
#include "config/yaml/diag.h"

#include "base/core/arena.h"
#include "base/json/write.h"
#include "config/yaml/chars.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDING_BYTES_MAX (sizeof(struct kept) + 3 * (RG_DIAG_TEXT_MAX + 32) + 4 * (RG_DIAG_SOURCE_MAX + 8))
#define CUT "…"

struct kept {
    struct rg_finding finding;
    size_t order; /* of arrival: what stands at one place stays in it */
};

struct rg_diags {
    struct rg_arena *arena;
    struct kept *kept[RG_DIAGS_MAX];
    size_t count;
    size_t errors, warnings;
    struct kept *last; /* NULL when the last one was not kept */
    bool sorted;
};

struct rg_diags *rg_diags_new(void)
{
    struct rg_diags *diags = rg_alloc(sizeof *diags);
    diags->arena = rg_arena_new(RG_DIAGS_MAX * FINDING_BYTES_MAX);
    return diags;
}

void rg_diags_free(struct rg_diags **diags)
{
    if (*diags == NULL)
        return;
    rg_arena_free(&(*diags)->arena);
    rg_free(diags);
}

/* Writes what may be shown to `to` (max_bytes + sizeof CUT). Tabs and breaks become one space: carets stay where they belong. */
static void clean(struct rg_str text, size_t max_bytes, char *to)
{
    size_t used = 0;
    for (size_t at = 0; at < text.n;) {
        size_t start = at;
        uint32_t point = rg_utf8_point(text, &at);
        size_t n = at - start;
        if (used + n > max_bytes) {
            memcpy(to + used, CUT, sizeof CUT);
            return;
        }
        if (point >= 0x20 && rg_char_allowed(point)) {
            memcpy(to + used, text.p + start, n);
            used += n;
        } else {
            to[used++] = point == '\t' || point == '\n' ? ' ' : '?';
        }
    }
    to[used] = '\0';
}

static void format(const char *fmt, va_list args, char *to) RG_PRINTF(1, 0);
static void format(const char *fmt, va_list args, char *to)
{
    char text[RG_DIAG_TEXT_MAX + 8];
    int n = vsnprintf(text, sizeof text, fmt, args);
    rg_assert(n >= 0);
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    clean((struct rg_str){text, len}, RG_DIAG_TEXT_MAX, to);
}

/* The part of a long line that shows the place, with its own column for the caret. */
static void keep_source(struct rg_diags *diags, const struct rg_place *place, struct rg_finding *f)
{
    struct rg_str line = place->source;
    if (line.n == 0 || place->line <= 0 || line.n > RG_DIAG_LINE_MAX)
        return;
    int first = 0;
    if (rg_chars_offset(line, RG_DIAG_SOURCE_MAX) < line.n && place->column > RG_DIAG_SOURCE_MAX / 2)
        first = place->column - RG_DIAG_SOURCE_MAX / 2;
    size_t from = rg_chars_offset(line, (size_t)first);
    line = (struct rg_str){line.p + from, line.n - from};
    size_t shown = rg_chars_offset(line, RG_DIAG_SOURCE_MAX);
    bool cut = shown < line.n;
    char text[4 * RG_DIAG_SOURCE_MAX + sizeof CUT];
    clean((struct rg_str){line.p, shown}, 4 * RG_DIAG_SOURCE_MAX, text);
    struct rg_str whole = rg_arena_printf(diags->arena, "%s%s%s", first ? CUT : "", text, cut ? CUT : "");
    f->source = whole.p;
    f->source_column = place->column - first + (first ? 1 : 0);
    int room = RG_DIAG_SOURCE_MAX + 1 - f->source_column;
    f->width = f->width > room ? (room > 0 ? room : 0) : f->width;
}

static int order_of(const struct rg_finding *a, const struct rg_finding *b)
{
    int order = strcmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    return order;
}

static bool is_repetition(const struct rg_diags *diags, const struct rg_finding *new)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct rg_finding *f = &diags->kept[i]->finding;
        if (order_of(f, new) == 0 && strcmp(f->code, new->code) == 0 && strcmp(f->text, new->text) == 0)
            return true;
    }
    return false;
}

static bool is_secret(const struct rg_finding *f)
{
    return strcmp(f->code, RG_DIAG_SECRET) == 0;
}

static bool same_line(const struct rg_finding *a, const struct rg_finding *b)
{
    return a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* Whichever of two findings about a line came first. */
static bool hides_its_line(struct rg_diags *diags, const struct rg_finding *new)
{
    bool secret = is_secret(new);
    for (size_t i = 0; i < diags->count; i++) {
        struct rg_finding *f = &diags->kept[i]->finding;
        if (!same_line(f, new))
            continue;
        secret = secret || is_secret(f);
        if (secret)
            f->source = NULL;
    }
    return secret;
}

static void keep(struct rg_diags *diags, const struct rg_finding *f, const struct rg_place *place, bool hidden)
{
    struct kept *kept = RG_NEW(diags->arena, struct kept, 1);
    kept->finding = *f;
    kept->finding.file = rg_arena_strdup(diags->arena, f->file);
    kept->finding.text = rg_arena_strdup(diags->arena, f->text);
    if (!hidden)
        keep_source(diags, place, &kept->finding);
    kept->order = diags->count;
    diags->kept[diags->count++] = kept;
    diags->last = kept;
    diags->sorted = false;
}

static void add(struct rg_diags *diags, const struct rg_place *place, enum rg_severity severity, const char *code,
                const char *fmt, va_list args) RG_PRINTF(5, 0);
static void add(struct rg_diags *diags, const struct rg_place *place, enum rg_severity severity, const char *code,
                const char *fmt, va_list args)
{
    rg_assert(place->file != NULL);
    char file[RG_DIAG_TEXT_MAX + sizeof CUT], text[RG_DIAG_TEXT_MAX + sizeof CUT];
    clean(rg_str(place->file), RG_DIAG_TEXT_MAX, file);
    format(fmt, args, text);
    struct rg_finding f = {.file = file, .line = place->line, .column = place->column, .width = place->width,
                           .severity = severity, .code = code, .text = text};
    diags->last = NULL;
    if (is_repetition(diags, &f))
        return;
    ++*(severity == RG_SEVERITY_ERROR ? &diags->errors : &diags->warnings);
    bool hidden = hides_its_line(diags, &f);
    if (diags->count < RG_DIAGS_MAX)
        keep(diags, &f, place, hidden);
}

void rg_diags_error(struct rg_diags *diags, struct rg_place place, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(diags, &place, RG_SEVERITY_ERROR, code, fmt, args);
    va_end(args);
}

void rg_diags_warn(struct rg_diags *diags, struct rg_place place, const char *code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(diags, &place, RG_SEVERITY_WARNING, code, fmt, args);
    va_end(args);
}

void rg_diags_advise(struct rg_diags *diags, const char *fmt, ...)
{
    if (diags->last == NULL || diags->last->finding.advice != NULL)
        return;
    va_list args;
    va_start(args, fmt);
    char text[RG_DIAG_TEXT_MAX + sizeof CUT];
    format(fmt, args, text);
    diags->last->finding.advice = rg_arena_strdup(diags->arena, text);
    va_end(args);
}

size_t rg_diags_errors(const struct rg_diags *diags)
{
    return diags->errors;
}

size_t rg_diags_warnings(const struct rg_diags *diags)
{
    return diags->warnings;
}

size_t rg_diags_count(const struct rg_diags *diags)
{
    return diags->count;
}

bool rg_diags_full(const struct rg_diags *diags)
{
    return diags->count == RG_DIAGS_MAX;
}

static int by_place(const void *a, const void *b)
{
    const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
    int order = order_of(&x->finding, &y->finding);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

const struct rg_finding *rg_diags_at(struct rg_diags *diags, size_t index)
{
    rg_assert(index < diags->count);
    if (!diags->sorted)
        qsort(diags->kept, diags->count, sizeof diags->kept[0], by_place);
    diags->sorted = true;
    return &diags->kept[index]->finding;
}

static const char *severity_word(enum rg_severity severity)
{
    return severity == RG_SEVERITY_ERROR ? "error" : "warning";
}

static void print_head(const struct rg_finding *f, bool colour, struct rg_buf *into)
{
    const char *bold = colour ? "\033[1m" : "", *off = colour ? "\033[0m" : "";
    const char *tint = !colour ? "" : f->severity == RG_SEVERITY_ERROR ? "\033[1;31m" : "\033[1;35m";
    rg_buf_addf(into, "%s%s:", bold, f->file);
    if (f->line > 0)
        rg_buf_addf(into, "%d:%d:", f->line, f->column);
    rg_buf_addf(into, "%s %s%s:%s %s [%s]", off, tint, severity_word(f->severity), off, f->text, f->code);
}

static void print_caret(const struct rg_finding *f, bool colour, struct rg_buf *into)
{
    rg_buf_addf(into, "  %s\n  %*s%s^", f->source, f->source_column - 1, "", colour ? "\033[1;32m" : "");
    for (int i = 1; i < f->width; i++)
        rg_buf_addc(into, '~');
    rg_buf_addf(into, "%s\n", colour ? "\033[0m" : "");
}

void rg_diags_print_at(struct rg_diags *diags, size_t index, unsigned flags, struct rg_buf *into)
{
    bool colour = (flags & RG_DIAGS_COLOUR) != 0;
    const struct rg_finding *f = rg_diags_at(diags, index);
    print_head(f, colour, into);
    rg_buf_addc(into, '\n');
    if (f->source != NULL)
        print_caret(f, colour, into);
    if (f->advice != NULL)
        rg_buf_addf(into, "  = %s\n", f->advice);
}

void rg_diags_print(struct rg_diags *diags, unsigned flags, struct rg_buf *into)
{
    size_t shown = diags->count < RG_DIAGS_SHOWN ? diags->count : RG_DIAGS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        rg_diags_print_at(diags, i, flags, into);
    size_t all = diags->errors + diags->warnings;
    if (all > shown)
        rg_buf_addf(into, "… and %zu more (%zu errors, %zu warnings in all)\n", all - shown, diags->errors, diags->warnings);
}

void rg_diags_first(struct rg_diags *diags, struct rg_buf *into)
{
    if (diags->count > 0)
        print_head(rg_diags_at(diags, 0), false, into);
}

void rg_diags_json(struct rg_diags *diags, struct rg_buf *into)
{
    struct rg_jw jw;
    rg_jw_init(&jw, into);
    rg_jw_object(&jw);
    rg_jw_member_int(&jw, "errors", (int64_t)diags->errors);
    rg_jw_member_int(&jw, "warnings", (int64_t)diags->warnings);
    rg_jw_member_array(&jw, "findings");
    for (size_t i = 0; i < diags->count; i++) {
        const struct rg_finding *f = rg_diags_at(diags, i);
        rg_jw_object(&jw);
        rg_jw_member_int(&jw, "line", f->line);
        rg_jw_member_int(&jw, "column", f->column);
        rg_jw_member_cstr(&jw, "file", f->file);
        rg_jw_member_cstr(&jw, "severity", severity_word(f->severity));
        rg_jw_member_cstr(&jw, "code", f->code);
        rg_jw_member_cstr(&jw, "text", f->text);
        rg_jw_member_opt_str(&jw, "advice", rg_str(f->advice));
        rg_jw_member_opt_str(&jw, "source", rg_str(f->source));
        rg_jw_object_end(&jw);
    }
    rg_jw_array_end(&jw);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    rg_buf_addc(into, '\n');
}
