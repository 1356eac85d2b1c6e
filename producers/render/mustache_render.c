/* Renderer of compiled templates: a program counter over the nodes, a stack of contexts (what names are looked up in) and a
 * stack of frames (where to go on when a section's item or a partial ends). All are bounded, nothing recurses.
 *
 * The indentation of a partial is written before every node that begins a line of it, so the result is that of indenting the
 * partial's source, while the lines inside a rendered value stay as they are. */
#include "producers/render/mustache_node.h"

#include "base/json/write.h"

#include <string.h>

#define FRAMES_MAX (2 * RG_MU_DEPTH_MAX)
#define CONTEXTS_MAX (RG_MU_DEPTH_MAX + 1 + FRAMES_MAX) /* given from outside, the data, one a section */

/* Either a section being repeated or a partial being inside of. */
struct frame {
    const struct rg_mu_template *template; /* partial: the one to come back to */
    size_t node;                           /* section: its node; partial: the node to go on with */
    const struct rg_mu_value *list;        /* section over a list, else NULL */
    size_t item;
    size_t indent_bytes; /* partial: of the surrounding text */
    bool partial;
    bool pushed; /* section: it has put a context on the stack */
};

struct renderer {
    const struct rg_mu_options *options;
    struct rg_buf *out;
    struct rg_str missing;
    struct rg_error *err;
    const struct rg_mu_template *template;
    size_t node;
    struct frame frames[FRAMES_MAX];
    size_t depth, partials;
    const struct rg_mu_value *contexts[CONTEXTS_MAX];
    size_t context_count;
    char indent[RG_MU_INDENT_BYTES_MAX];
    size_t indent_bytes;
};

struct rg_mu_value rg_mu_text(struct rg_str text)
{
    return (struct rg_mu_value){.kind = text.p ? RG_MU_STRING : RG_MU_ABSENT, .text = text};
}

bool rg_mu_truthy(const struct rg_mu_value *value)
{
    if (value == NULL)
        return false;
    switch (value->kind) {
    case RG_MU_ABSENT:
        return false;
    case RG_MU_STRING:
        return value->text.n > 0;
    case RG_MU_BOOL:
        return value->flag;
    case RG_MU_LIST:
        return value->count > 0;
    case RG_MU_MAP:
        return true;
    }
    rg_assert(false);
    return false;
}

static const struct rg_mu_value *member(const struct rg_mu_value *map, struct rg_str key)
{
    if (map == NULL || map->kind != RG_MU_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (rg_str_eq(map->keys[i], key))
            return &map->items[i];
    return NULL;
}

const struct rg_mu_value *rg_mu_lookup(const struct rg_mu_value *data, struct rg_str name)
{
    if (rg_str_is(name, "."))
        return data;
    while (data) {
        const char *dot = memchr(name.p, '.', name.n);
        size_t n = dot ? (size_t)(dot - name.p) : name.n;
        data = member(data, (struct rg_str){name.p, n});
        if (!dot)
            break;
        name = (struct rg_str){dot + 1, name.n - n - 1};
    }
    return data;
}

/* The innermost context that knows the first word decides; the rest of a dotted name is looked up in that alone. */
static const struct rg_mu_value *resolve(const struct renderer *r, const struct mu_node *node)
{
    if (node->path_count == 0)
        return r->contexts[r->context_count - 1];
    for (size_t i = r->context_count; i-- > 0;) {
        const struct rg_mu_value *found = member(r->contexts[i], node->path[0]);
        for (size_t k = 1; found && k < node->path_count; k++) {
            found = member(found, node->path[k]);
            if (!found)
                return NULL;
        }
        if (found)
            return found;
    }
    return NULL;
}

static void escape_html(struct rg_str text, struct rg_buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&': rg_buf_adds(out, "&amp;"); break;
        case '<': rg_buf_adds(out, "&lt;"); break;
        case '>': rg_buf_adds(out, "&gt;"); break;
        case '"': rg_buf_adds(out, "&quot;"); break;
        case '\'': rg_buf_adds(out, "&#39;"); break;
        default: rg_buf_addc(out, text.p[i]);
        }
    }
}

static void escape_header(struct rg_str text, struct rg_buf *out)
{
    bool gap = false;
    while (text.n > 0) {
        size_t control = rg_control_next(text), n = control > 0 ? control : 1;
        if (control == 0)
            rg_buf_addc(out, text.p[0]);
        else if (!gap)
            rg_buf_addc(out, ' ');
        gap = control > 0;
        text = (struct rg_str){text.p + n, text.n - n};
    }
}

void rg_mu_escape_text(enum rg_mu_escape escape, struct rg_str text, struct rg_buf *out)
{
    switch (escape) {
    case RG_MU_PLAIN: rg_buf_add_str(out, text); return;
    case RG_MU_HTML: escape_html(text, out); return;
    case RG_MU_JSON: rg_json_escape(out, text); return;
    case RG_MU_HEADER: escape_header(text, out); return;
    case RG_MU_URL: rg_buf_add_percent(out, text); return;
    }
    rg_assert(false);
}

static void add_indent(struct renderer *r)
{
    rg_buf_add(r->out, r->indent, r->indent_bytes);
}

/* Text of several lines: those after the first begin a line by themselves. Empty lines stay empty. */
static void render_text(struct renderer *r, struct rg_str text, bool line_start)
{
    if (r->indent_bytes == 0) {
        rg_buf_add_str(r->out, text);
        return;
    }
    if (text.n == 0 && line_start)
        add_indent(r);
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) + 1 : text.n;
        bool empty = text.p[0] == '\n' || (n == 2 && text.p[0] == '\r' && end);
        if (line_start && !empty)
            add_indent(r);
        rg_buf_add(r->out, text.p, n);
        text.p += n;
        text.n -= n;
        line_start = true;
    }
}

static int render_value(struct renderer *r, const struct mu_node *node)
{
    const struct rg_mu_value *value = resolve(r, node);
    struct rg_str text = {NULL, 0};
    if (value && value->kind == RG_MU_STRING)
        text = value->text;
    else if (value && value->kind == RG_MU_BOOL)
        text = value->flag ? RG_STR("true") : RG_STR("false");
    if (r->options->strict && text.n == 0) {
        r->missing = node->text;
        return rg_fail(r->err, RG_ENOTFOUND, "\"%.*s\" has no value", RG_STR_ARG(node->text));
    }
    bool raw = node->raw && r->options->escape == RG_MU_HTML;
    rg_mu_escape_text(raw ? RG_MU_PLAIN : r->options->escape, text, r->out);
    return 0;
}

static int push_frame(struct renderer *r, struct frame frame)
{
    if (r->depth == FRAMES_MAX)
        return rg_fail(r->err, RG_ELIMIT, "sections and partials more than %d deep", FRAMES_MAX);
    r->frames[r->depth++] = frame;
    return 0;
}

static void push_context(struct renderer *r, const struct rg_mu_value *value)
{
    rg_assert(r->context_count < CONTEXTS_MAX);
    r->contexts[r->context_count++] = value;
}

static int enter_section(struct renderer *r, const struct mu_node *node)
{
    const struct rg_mu_value *value = resolve(r, node);
    bool shown = rg_mu_truthy(value) == (node->kind == NODE_SECTION);
    if (!shown) {
        r->node = node->end + 1;
        return 0;
    }
    struct frame frame = {.node = r->node, .pushed = node->kind == NODE_SECTION};
    if (frame.pushed && value->kind == RG_MU_LIST)
        frame.list = value;
    int e = push_frame(r, frame);
    if (e < 0)
        return e;
    if (frame.pushed)
        push_context(r, frame.list ? &value->items[0] : value);
    r->node++;
    return 0;
}

/* At a section's end: the next item, or on behind it. */
static void leave_section(struct renderer *r)
{
    rg_assert(r->depth > 0);
    struct frame *frame = &r->frames[r->depth - 1];
    if (frame->list && ++frame->item < frame->list->count) {
        r->contexts[r->context_count - 1] = &frame->list->items[frame->item];
        r->node = frame->node + 1;
        return;
    }
    if (frame->pushed)
        r->context_count--;
    r->depth--;
    r->node++;
}

static int enter_partial(struct renderer *r, const struct mu_node *node)
{
    const struct rg_mu_template *body = NULL;
    for (size_t i = 0; i < r->options->partial_count && !body; i++)
        if (rg_str_eq(r->options->partials[i].name, node->text))
            body = r->options->partials[i].body;
    if (!body && r->options->strict) {
        r->missing = node->text;
        return rg_fail(r->err, RG_ENOTFOUND, "there is no partial \"%.*s\"", RG_STR_ARG(node->text));
    }
    r->node++;
    if (!body)
        return 0;
    if (r->partials == RG_MU_DEPTH_MAX)
        return rg_fail(r->err, RG_ELIMIT, "partials more than %d deep, does \"%.*s\" include itself?", RG_MU_DEPTH_MAX,
                       RG_STR_ARG(node->text));
    if (node->indent.n > RG_MU_INDENT_BYTES_MAX - r->indent_bytes)
        return rg_fail(r->err, RG_ELIMIT, "partials indented by more than %d bytes", RG_MU_INDENT_BYTES_MAX);
    int e =
        push_frame(r, (struct frame){.template = r->template, .node = r->node, .indent_bytes = r->indent_bytes, .partial = true});
    if (e < 0)
        return e;
    if (node->indent.n > 0)
        memcpy(r->indent + r->indent_bytes, node->indent.p, node->indent.n);
    r->indent_bytes += node->indent.n;
    r->partials++;
    r->template = body;
    r->node = 0;
    return 0;
}

static void leave_partial(struct renderer *r)
{
    const struct frame *frame = &r->frames[--r->depth];
    rg_assert(frame->partial); /* sections are closed inside their own template */
    r->template = frame->template;
    r->node = frame->node;
    r->indent_bytes = frame->indent_bytes;
    r->partials--;
}

static int render_node(struct renderer *r, const struct mu_node *node)
{
    if (node->line_start && node->kind != NODE_TEXT)
        add_indent(r);
    switch (node->kind) {
    case NODE_TEXT:
        render_text(r, node->text, node->line_start);
        r->node++;
        return 0;
    case NODE_VALUE:
        r->node++;
        return render_value(r, node);
    case NODE_SECTION:
    case NODE_INVERTED:
        return enter_section(r, node);
    case NODE_CLOSE:
        leave_section(r);
        return 0;
    case NODE_PARTIAL:
        return enter_partial(r, node);
    }
    rg_assert(false);
    return 0;
}

static int render_all(struct renderer *r)
{
    for (size_t steps = 0;; steps++) {
        if (steps == RG_MU_STEPS_MAX)
            return rg_fail(r->err, RG_ELIMIT, "more than %d tags and texts in one rendering", RG_MU_STEPS_MAX);
        if (r->out->overflow)
            return rg_fail(r->err, RG_ELIMIT, "longer than %zu bytes", r->out->max_bytes);
        if (r->node < r->template->node_count) {
            int e = render_node(r, &r->template->nodes[r->node]);
            if (e < 0)
                return e;
        } else if (r->partials > 0) {
            leave_partial(r);
        } else {
            return 0;
        }
    }
}

int rg_mu_render(const struct rg_mu_template *template, const struct rg_mu_value *data, const struct rg_mu_options *options,
                 struct rg_buf *out, struct rg_str *missing, struct rg_error *err)
{
    struct renderer r = {.options = options, .out = out, .err = err, .template = template};
    rg_assert(options->outer_count <= RG_MU_DEPTH_MAX);
    for (size_t i = 0; i < options->outer_count; i++)
        push_context(&r, options->outer[i]);
    push_context(&r, data);
    int e = render_all(&r);
    if (e == RG_ENOTFOUND && missing)
        *missing = r.missing;
    return e;
}
