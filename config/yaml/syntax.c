/* What libyaml refuses, said so that the person who wrote it knows what to change. libyaml tells where it gave up and what it was
 * reading; the causes are few: a text that needs quotes, a quote or bracket left open, an indentation that fits nothing. The
 * line is looked at again, as a person would: where does its value start, and does it start with a character that YAML keeps
 * for itself? Matching libyaml's own sentences beyond a handful was rejected: they change between versions and the fallback says
 * the same with fewer words. */
#include "config/yaml/chars.h"
#include "config/yaml/parse.h"

#include <string.h>

#define SHOWN_MAX 60 /* characters of a value repeated in a suggestion */

/* One line as `  - key: value # comment`; offsets are bytes. */
struct split {
    struct rg_str line;
    size_t first;      /* first character that is no space */
    struct rg_str key; /* absent: no key on this line */
    size_t value, value_end;
};

static bool has_at(struct rg_str line, size_t at, const char *text)
{
    size_t n = strlen(text);
    return at <= line.n && n <= line.n - at && memcmp(line.p + at, text, n) == 0;
}

static size_t skip_spaces(struct rg_str line, size_t at)
{
    while (at < line.n && line.p[at] == ' ')
        at++;
    return at;
}

static struct split split_line(struct rg_str line)
{
    struct split s = {.line = line, .first = skip_spaces(line, 0)};
    s.value = s.first;
    while (has_at(line, s.value, "- "))
        s.value = skip_spaces(line, s.value + 2);
    const char *colon = memmem(line.p + s.value, line.n - s.value, ": ", 2);
    if (colon != NULL) {
        s.key = (struct rg_str){line.p + s.value, (size_t)(colon - line.p) - s.value};
        s.value = skip_spaces(line, (size_t)(colon - line.p) + 1);
    }
    const char *comment = memmem(line.p + s.value, line.n - s.value, " #", 2);
    s.value_end = comment ? (size_t)(comment - line.p) : line.n;
    while (s.value_end > s.value && strchr(" \t", line.p[s.value_end - 1]) != NULL)
        s.value_end--;
    return s;
}

static int column_of(struct rg_str line, size_t offset)
{
    return (int)rg_chars_count((struct rg_str){line.p, offset}) + 1;
}

/* `title: "Régua: internet"`, as it should have been written; in single quotes if it holds a double one or a backslash. */
static struct rg_str quoted_value(const struct split *s, struct rg_buf *into)
{
    struct rg_str value = {s->line.p + s->value, s->value_end - s->value};
    bool single = memchr(value.p, '"', value.n) != NULL || memchr(value.p, '\\', value.n) != NULL;
    char quote = single ? '\'' : '"';
    if (s->key.p != NULL)
        rg_buf_addf(into, RG_STR_FMT ": ", RG_STR_ARG(s->key));
    rg_buf_addc(into, quote);
    size_t shown = rg_chars_offset(value, SHOWN_MAX);
    for (size_t i = 0; i < shown; i++) {
        if (single && value.p[i] == '\'')
            rg_buf_addc(into, '\'');
        rg_buf_addc(into, value.p[i]);
    }
    if (shown < value.n)
        rg_buf_adds(into, "…");
    rg_buf_addc(into, quote);
    return rg_buf_str(into);
}

struct complaint {
    const struct rg_doc *doc;
    const yaml_parser_t *parser;
    char *work;
    struct rg_diags *diags;
    int line, column;                 /* where libyaml gave up */
    int context_line, context_column; /* what it was reading; 0: not told */
    struct split s;
    size_t at; /* `column` as a byte of the line */
};

/* Blanks the line's value so that the next attempt reads a plain text of the same length. */
static void blank_value(const struct complaint *c)
{
    const struct split *s = &c->s;
    size_t at = (size_t)(s->line.p - c->doc->bytes.p) + s->value;
    memset(c->work + at, 'x', s->value_end - s->value);
}

static bool told(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static struct rg_place here(const struct complaint *c, size_t offset, size_t bytes)
{
    struct rg_str line = c->s.line;
    int width = (int)rg_chars_count((struct rg_str){line.p + offset, bytes});
    return rg_doc_place(c->doc, c->line, column_of(line, offset), width);
}

/* Between brackets a line is no longer `key: value`: nothing is repaired there, and the place is libyaml's. */
static bool in_flow(const struct complaint *c)
{
    return c->parser->flow_level > 0 || told(c->parser->context, "flow ");
}

/* A value that starts with a character which means something else to YAML. */
static bool explain_first_char(const struct complaint *c)
{
    const struct split *s = &c->s;
    size_t start = s->value, end = s->value_end;
    if (in_flow(c)) {
        bool began_before = c->context_line == c->line && c->context_column <= c->column && !told(c->parser->context, "flow ");
        start = began_before ? rg_chars_offset(s->line, (size_t)c->context_column - 1) : c->at;
        end = start + 1;
    }
    if (start >= s->value_end || c->at < start)
        return false;
    char first = s->line.p[start];
    struct rg_place place = here(c, start, end - start);
    if (has_at(s->line, start, "{{"))
        rg_diags_error(c->diags, place, "quote-it", "a text that starts with \"{{\" needs quotes, else YAML reads a map");
    else if (strchr("*&!%@`", first) != NULL || (!in_flow(c) && strchr(",]}", first) != NULL))
        rg_diags_error(c->diags, place, "quote-it", "a text that starts with \"%c\" needs quotes", first);
    else
        return false;
    return true;
}

/* `title: Régua: internet` */
static bool explain_colon(const struct complaint *c)
{
    const struct split *s = &c->s;
    bool inside = s->key.p != NULL && c->at > s->value && c->at < s->value_end && s->line.p[c->at] == ':';
    if (!inside || strchr("\"'[{|>", s->line.p[s->value]) != NULL)
        return false;
    struct rg_buf shown RG_CLEANUP(rg_buf_done);
    rg_buf_init(&shown, RG_DIAG_TEXT_MAX);
    struct rg_str advice = quoted_value(s, &shown);
    rg_diags_error(c->diags, here(c, c->at, 1), "quote-it", "a value with \": \" inside needs quotes: " RG_STR_FMT,
                   RG_STR_ARG(advice));
    return true;
}

/* `title: "Régua" internet`, `a: 'it's'` */
static bool explain_after_quote(const struct complaint *c)
{
    const struct split *s = &c->s;
    bool inside = c->at > s->value && c->at < s->value_end && !told(c->parser->context, "quoted scalar");
    if (!inside || strchr("\"'", s->line.p[s->value]) == NULL)
        return false;
    char quote = s->line.p[s->value];
    rg_diags_error(c->diags, here(c, c->at, s->value_end - c->at), "quote-it",
                   "the quotes end before this; the whole text must stand between them");
    if (quote == '\'')
        rg_diags_advise(c->diags, "a ' inside of '…' is written twice: ''");
    else
        rg_diags_advise(c->diags, "a \" inside of \"…\" is written \\\"");
    return true;
}

/* Inside { } and [ ]: a text stops at brackets, commas and ": ". */
static bool explain_in_flow(const struct complaint *c)
{
    const yaml_parser_t *p = c->parser;
    bool map = told(p->context, "flow mapping");
    if (!map && !told(p->context, "flow sequence"))
        return false;
    if (c->line != c->context_line) {
        rg_diags_error(c->diags, rg_doc_place(c->doc, c->context_line, c->context_column, 1), "syntax",
                       "this \"%c\" is never closed; expected \"%c\" or a comma before line %d", map ? '{' : '[', map ? '}' : ']',
                       c->line);
        return true;
    }
    char found = c->at < c->s.line.n ? c->s.line.p[c->at] : '\0';
    if (found == ':' || found == '[' || found == '{') {
        rg_diags_error(c->diags, here(c, c->at, 1), "quote-it", "a value with \"%s\" inside needs quotes between brackets",
                       found == ':' ? ": " : found == '[' ? "[" : "{");
        rg_diags_advise(c->diags, "or write it on a line of its own, without the brackets");
    } else {
        rg_diags_error(c->diags, here(c, c->at, 1), "syntax", "expected a comma or \"%c\" here", map ? '}' : ']');
    }
    return true;
}

static bool explain_left_open(const struct complaint *c)
{
    const yaml_parser_t *p = c->parser;
    struct rg_place start = rg_doc_place(c->doc, c->context_line, c->context_column, 1);
    if (told(p->context, "quoted scalar") && !told(p->problem, "escape") && !told(p->problem, "hexdecimal"))
        rg_diags_error(c->diags, start, "syntax", "this quote is never closed");
    else if (told(p->context, "quoted scalar"))
        rg_diags_error(c->diags, here(c, c->at, 1), "syntax",
                       "between \"…\" a \\ starts an escape, and this is none; write '…' or \\\\");
    else if (told(p->context, "simple key"))
        rg_diags_error(c->diags, start, "syntax", "expected \": \" after this key");
    else if (told(p->context, "block scalar") && !told(p->problem, "tab"))
        rg_diags_error(c->diags, here(c, c->at, 1), "syntax", "after | or > the text starts on the next line");
    else if (told(p->problem, "tab"))
        rg_diags_error(c->diags, here(c, c->at, 1), "tab",
                       "tab in the indentation; YAML allows spaces only. Replace it by 4 spaces");
    else
        return false;
    return true;
}

static bool explain_line(const struct complaint *c)
{
    const yaml_parser_t *p = c->parser;
    const struct split *s = &c->s;
    struct rg_place place = here(c, c->at, 1);
    if (told(p->problem, "<document start>"))
        rg_diags_error(c->diags, place, "multi-document", "one document a file; nothing may follow \"...\"");
    else if (told(p->problem, "block sequence entries") || told(p->problem, "mapping keys"))
        rg_diags_error(c->diags, place, "syntax", "a list or map starts on a line of its own, not behind the key");
    else if (told(p->problem, "mapping values") && (s->key.p == NULL || c->at < s->value))
        rg_diags_error(c->diags, place, "indentation",
                       "this line is indented as a part of the text above it; move it to the left, or end the line above in "
                       "\":\"");
    else if (told(p->context, "block") && c->at <= s->first)
        rg_diags_error(c->diags, place, "indentation",
                       "this line stands in no block: lines of one block start in one column (%d)",
                       c->context_column);
    else
        return false;
    return true;
}

static struct complaint complaint_of(const struct rg_doc *doc, const yaml_parser_t *parser, char *work, struct rg_diags *diags)
{
    struct complaint c = {.doc = doc, .parser = parser, .work = work, .diags = diags};
    c.line = (int)parser->problem_mark.line + 1;
    c.column = (int)parser->problem_mark.column + 1;
    if (parser->context != NULL) {
        c.context_line = (int)parser->context_mark.line + 1;
        c.context_column = (int)parser->context_mark.column + 1;
    }
    if ((size_t)c.line > doc->line_count)
        c.line = (int)doc->line_count;
    c.s = split_line(rg_doc_line(doc, c.line));
    c.at = rg_chars_offset(c.s.line, (size_t)c.column - 1);
    return c;
}

bool rg_syntax_explain(const struct rg_doc *doc, const yaml_parser_t *parser, char *work, struct rg_diags *diags, int *ret_line,
                       int *ret_column)
{
    struct complaint c = complaint_of(doc, parser, work, diags);
    bool flow = in_flow(&c);
    if (explain_first_char(&c) || (!flow && (explain_colon(&c) || explain_after_quote(&c)))) {
        *ret_line = c.line;
        *ret_column = column_of(c.s.line, c.s.value);
        if (!flow)
            blank_value(&c);
        return !flow;
    }
    if (!explain_in_flow(&c) && !explain_left_open(&c) && !explain_line(&c))
        rg_diags_error(diags, here(&c, c.at, 1), "syntax",
                       "this cannot be read; a quote, a bracket or a \":\" is missing near here");
    return false;
}
