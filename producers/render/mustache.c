/* Compiler of templates: one pass over the source, from tag to tag, into a flat array of nodes in which a section knows
 * the index of its end, so that rendering is a loop and not a recursion.
 *
 * A tag stands alone when only blanks precede it on its line and only blanks and the line's end follow. Looking at the raw
 * source decides that: any other tag on the line is not blank. Its whole line is then dropped from the output. Text keeps
 * its line ends; nodes that begin a line are marked, because the indentation of a partial goes before each of them
 * and must not go into rendered values.
 *
 * Rejected: a tree of nodes with a recursive renderer; a template with deep nesting would choose our stack's depth. */
#include "producers/render/mustache.h"

#include <string.h>

#include "producers/render/mustache_node.h"

struct compiler {
    struct rg_arena *arena;
    struct rg_str source;
    struct rg_mu_template *out;
    struct rg_str open, close; /* delimiters in force */
    size_t pos;
    size_t sections[RG_MU_DEPTH_MAX];       /* nodes of the open sections */
    size_t section_uses[RG_MU_DEPTH_MAX];   /* and their uses */
    size_t section_offsets[RG_MU_DEPTH_MAX];
    size_t depth;
    size_t mistake; /* offset of the mistake */
    struct rg_error *err;
};

/* One tag as found. */
struct tag {
    char sigil; /* 0 for a plain value */
    struct rg_str content;
    size_t start, end;
    bool alone;
    size_t line, next_line; /* of a tag that stands alone: start of its line, start of the one after */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static struct rg_str trim(struct rg_str text)
{
    while (text.n > 0 && is_space(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && is_space(text.p[text.n - 1]))
        text.n--;
    return text;
}

static size_t find(struct rg_str source, size_t from, struct rg_str what)
{
    const char *hit = from <= source.n ? memmem(source.p + from, source.n - from, what.p, what.n) : NULL;
    return hit ? (size_t)(hit - source.p) : SIZE_MAX;
}

static bool begins_line(const struct compiler *c, size_t pos)
{
    return pos == 0 || c->source.p[pos - 1] == '\n';
}

static int add_node(struct compiler *c, struct mu_node node)
{
    if (c->out->node_count == RG_MU_NODES_MAX)
        return rg_fail(c->err, RG_ELIMIT, "more than %d tags and texts in one template", RG_MU_NODES_MAX);
    *RG_PUSH(c->arena, c->out->nodes, c->out->node_count, c->out->node_cap) = node;
    return 0;
}

static int add_text(struct compiler *c, size_t from, size_t to)
{
    if (from >= to)
        return 0;
    return add_node(c, (struct mu_node){
                           .kind = NODE_TEXT, .text = {c->source.p + from, to - from}, .line_start = begins_line(c, from)});
}

static void add_use(struct compiler *c, enum rg_mu_use_kind kind, struct rg_str name, size_t offset)
{
    size_t section = c->depth ? c->section_uses[c->depth - 1] : RG_MU_NO_SECTION;
    *RG_PUSH(c->arena, c->out->uses, c->out->use_count, c->out->use_cap) = (struct rg_mu_use){kind, name, offset, section};
}

/* Names are dotted words without spaces; "." alone is the current item. */
static int split_name(struct compiler *c, struct rg_str name, bool dotted, struct mu_node *node)
{
    if (name.n == 0)
        return rg_fail(c->err, RG_EINVAL, "a tag without a name");
    if (name.n > RG_MU_NAME_BYTES_MAX)
        return rg_fail(c->err, RG_ELIMIT, "a name longer than %d bytes", RG_MU_NAME_BYTES_MAX);
    size_t dots = 0;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];
        if (ch <= ' ' || ch == 0x7f || ch == '{' || ch == '}')
            return rg_fail(c->err, RG_EINVAL, "a name may not hold spaces, braces or control characters");
        dots += ch == '.';
    }
    node->text = name;
    if (!dotted || rg_str_is(name, "."))
        return 0;
    if (dots >= RG_MU_PATH_MAX)
        return rg_fail(c->err, RG_ELIMIT, "a name of more than %d words", RG_MU_PATH_MAX);
    node->path = RG_NEW(c->arena, struct rg_str, dots + 1);
    for (size_t from = 0; from <= name.n;) {
        const char *dot = memchr(name.p + from, '.', name.n - from);
        size_t to = dot ? (size_t)(dot - name.p) : name.n;
        if (to == from)
            return rg_fail(c->err, RG_EINVAL, "\"%.*s\": a dot without a name beside it", RG_STR_ARG(name));
        node->path[node->path_count++] = (struct rg_str){name.p + from, to - from};
        from = to + 1;
    }
    return 0;
}

static int open_section(struct compiler *c, struct mu_node node, size_t offset)
{
    if (c->depth == RG_MU_DEPTH_MAX)
        return rg_fail(c->err, RG_ELIMIT, "sections more than %d deep", RG_MU_DEPTH_MAX);
    add_use(c, node.kind == NODE_SECTION ? RG_MU_USE_SECTION : RG_MU_USE_INVERTED, node.text, offset);
    int r = add_node(c, node);
    if (r < 0)
        return r;
    c->sections[c->depth] = c->out->node_count - 1;
    c->section_uses[c->depth] = c->out->use_count - 1;
    c->section_offsets[c->depth] = offset;
    c->depth++;
    return 0;
}

static int close_section(struct compiler *c, struct rg_str name, bool line_start)
{
    if (c->depth == 0)
        return rg_fail(c->err, RG_EINVAL, "\"/%.*s\" closes a section that was never opened", (int)(name.n < 64 ? name.n : 64),
                       name.p);
    size_t opener = c->sections[c->depth - 1];
    struct rg_str wanted = c->out->nodes[opener].text;
    if (!rg_str_eq(wanted, name))
        return rg_fail(c->err, RG_EINVAL, "expected \"/%.*s\" to close the section \"%.*s\" first", RG_STR_ARG(wanted),
                       RG_STR_ARG(wanted));
    int r = add_node(c, (struct mu_node){.kind = NODE_CLOSE, .text = wanted, .end = opener, .line_start = line_start});
    if (r < 0)
        return r;
    c->out->nodes[opener].end = c->out->node_count - 1;
    c->depth--;
    return 0;
}

/* {{=<% %>=}}: two words without spaces or "=". */
static int set_delimiters(struct compiler *c, struct rg_str content)
{
    content = trim(content);
    size_t n = 0;
    while (n < content.n && !is_space(content.p[n]))
        n++;
    struct rg_str open = {content.p, n};
    struct rg_str close = trim((struct rg_str){content.p + n, content.n - n});
    bool fine = open.n > 0 && close.n > 0 && open.n <= RG_MU_DELIMITER_BYTES_MAX && close.n <= RG_MU_DELIMITER_BYTES_MAX;
    for (size_t i = 0; fine && i < close.n; i++)
        fine = !is_space(close.p[i]) && close.p[i] != '=';
    if (!fine || memchr(open.p, '=', open.n))
        return rg_fail(c->err, RG_EINVAL, "expected two delimiters of at most %d characters, such as {{=<%% %%>=}}",
                       RG_MU_DELIMITER_BYTES_MAX);
    c->open = open;
    c->close = close;
    return 0;
}

/* Reads the tag at `start` up to its closing delimiter. */
static int read_tag(struct compiler *c, size_t start, struct tag *tag)
{
    struct rg_str s = c->source;
    size_t at = start + c->open.n;
    while (at < s.n && is_space(s.p[at]))
        at++;
    char sigil = at < s.n && strchr("#^/!>&{=", s.p[at]) && s.p[at] != '\0' ? s.p[at] : '\0';
    at += sigil != '\0';
    /* "{{{x}}}" and "{{=a b=}}" end with their own sign before the delimiter. */
    char twin = sigil == '{' ? '}' : sigil == '=' ? '=' : '\0';
    char ending[RG_MU_DELIMITER_BYTES_MAX + 1];
    size_t ending_n = 0;
    if (twin)
        ending[ending_n++] = twin;
    memcpy(ending + ending_n, c->close.p, c->close.n);
    ending_n += c->close.n;
    size_t stop = find(s, at, (struct rg_str){ending, ending_n});
    if (stop == SIZE_MAX)
        return rg_fail(c->err, RG_EINVAL, "a tag is opened here and never closed by \"%.*s\"", (int)ending_n, ending);
    *tag = (struct tag){.sigil = sigil, .content = {s.p + at, stop - at}, .start = start, .end = stop + ending_n};
    return 0;
}

static void look_around(const struct compiler *c, struct tag *tag)
{
    struct rg_str s = c->source;
    size_t line = tag->start;
    while (line > 0 && is_blank(s.p[line - 1]))
        line--;
    size_t next = tag->end;
    while (next < s.n && is_blank(s.p[next]))
        next++;
    if (next + 1 < s.n && s.p[next] == '\r' && s.p[next + 1] == '\n')
        next++;
    bool ends = next == s.n || s.p[next] == '\n';
    tag->alone = begins_line(c, line) && ends && strchr("#^/!>=", tag->sigil) && tag->sigil != '\0';
    tag->line = line;
    tag->next_line = next < s.n ? next + 1 : next;
}

static int add_tag(struct compiler *c, const struct tag *tag)
{
    struct rg_str name = trim(tag->content);
    struct mu_node node = {.line_start = !tag->alone && begins_line(c, tag->start)};
    int r = 0;
    switch (tag->sigil) {
    case '!':
    case '=':
        if (tag->sigil == '=')
            r = set_delimiters(c, tag->content);
        /* It leaves nothing but, inside an indented partial, the indentation before it. */
        if (r == 0 && node.line_start) {
            node.kind = NODE_TEXT;
            node.text = RG_STR("");
            r = add_node(c, node);
        }
        return r;
    case '/':
        return close_section(c, name, node.line_start);
    case '>':
        node.kind = NODE_PARTIAL;
        if (tag->alone)
            node.indent = (struct rg_str){c->source.p + tag->line, tag->start - tag->line};
        r = split_name(c, name, false, &node);
        if (r == 0)
            add_use(c, RG_MU_USE_PARTIAL, name, tag->start);
        return r < 0 ? r : add_node(c, node);
    case '#':
    case '^':
        node.kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
        r = split_name(c, name, true, &node);
        return r < 0 ? r : open_section(c, node, tag->start);
    default:
        node.kind = NODE_VALUE;
        node.raw = tag->sigil != '\0';
        r = split_name(c, name, true, &node);
        if (r == 0)
            add_use(c, RG_MU_USE_VALUE, name, tag->start);
        return r < 0 ? r : add_node(c, node);
    }
}

static int compile_all(struct compiler *c)
{
    for (;;) {
        size_t start = find(c->source, c->pos, c->open);
        if (start == SIZE_MAX)
            break;
        struct tag tag = {0};
        c->mistake = start;
        int r = read_tag(c, start, &tag);
        if (r < 0)
            return r;
        look_around(c, &tag);
        r = add_text(c, c->pos, tag.alone ? tag.line : tag.start);
        if (r == 0)
            r = add_tag(c, &tag);
        if (r < 0)
            return r;
        c->pos = tag.alone ? tag.next_line : tag.end;
    }
    if (c->depth > 0) {
        struct rg_str name = c->out->nodes[c->sections[c->depth - 1]].text;
        c->mistake = c->section_offsets[c->depth - 1];
        return rg_fail(c->err, RG_EINVAL, "the section \"%.*s\" opened here is never closed", RG_STR_ARG(name));
    }
    return add_text(c, c->pos, c->source.n);
}

int rg_mu_compile(struct rg_arena *arena, struct rg_str source, const struct rg_mu_template **ret_template, size_t *error_offset,
                  struct rg_error *err)
{
    struct compiler c = {.arena = arena, .source = source, .open = RG_STR("{{"), .close = RG_STR("}}"), .err = err};
    int r;
    if (source.n > RG_MU_SOURCE_BYTES_MAX) {
        r = rg_fail(err, RG_ELIMIT, "a template of %zu bytes; at most %zu are taken", source.n, RG_MU_SOURCE_BYTES_MAX);
    } else if (source.n > 0 && !rg_utf8_valid(source)) {
        r = rg_fail(err, RG_EINVAL, "a template that is not UTF-8");
    } else {
        c.out = RG_NEW(arena, struct rg_mu_template, 1);
        r = compile_all(&c);
    }
    if (r < 0) {
        if (error_offset)
            *error_offset = c.mistake;
        return r;
    }
    *ret_template = c.out;
    return 0;
}

const struct rg_mu_use *rg_mu_uses(const struct rg_mu_template *template, size_t *ret_count)
{
    *ret_count = template->use_count;
    return template->uses;
}
