/* A preset at work: its body rendered, an answer read against its tables. The structure of the body is written by us, each
 * text goes through the JSON escaping, so no value can add a member or end a string. The recursion is bounded by
 * RG_PRESET_BODY_DEPTH_MAX, which the loader enforces.
 *
 * Reading an answer: a provider's own error code says more than the status, also when it comes with 200; then the
 * preset's ranges; then what HTTP itself says. */
#include "producers/transport/preset.h"

#include <string.h>

#include "base/json/json.h"
#include "base/json/write.h"

#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)

struct body {
    const struct rg_mu_value *contexts[RG_MU_DEPTH_MAX + 1]; /* outermost first */
    size_t context_count;
    struct rg_buf *out;
    struct rg_str *missing;
    struct rg_error *err;
};

static const struct rg_mu_value *ask(const struct body *body, struct rg_str name)
{
    if (rg_str_is(name, "."))
        return body->contexts[body->context_count - 1];
    for (size_t i = body->context_count; i-- > 0;) {
        const struct rg_mu_value *found = rg_mu_lookup(body->contexts[i], name);
        if (found)
            return found;
    }
    return NULL;
}

static int write_string(struct body *body, const struct rg_mu_template *template)
{
    size_t outer = body->context_count - 1;
    struct rg_mu_options options = {.escape = RG_MU_PLAIN, .strict = true, .outer = body->contexts, .outer_count = outer};
    struct rg_buf text RG_CLEANUP(rg_buf_done); /* whole before it is quoted: the preset's own words may hold a quote, too */
    rg_buf_init(&text, body->out->max_bytes);
    int r = rg_mu_render(template, body->contexts[outer], &options, &text, body->missing, body->err);
    if (r == 0)
        rg_json_quote(body->out, rg_buf_str(&text));
    return r;
}

static int write_node(struct body *body, const struct rg_preset_node *node);

static void separate(struct body *body, bool *first)
{
    if (!*first)
        rg_buf_addc(body->out, ',');
    *first = false;
}

/* A section as an item of a list: one item per item of what it names. */
static int write_items(struct body *body, const struct rg_preset_node *section, bool *first)
{
    const struct rg_mu_value *value = ask(body, section->text);
    if (!rg_mu_truthy(value))
        return 0;
    size_t count = value->kind == RG_MU_LIST ? value->count : 1;
    rg_assert(body->context_count < RG_COUNT(body->contexts));
    body->context_count++;
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        body->contexts[body->context_count - 1] = value->kind == RG_MU_LIST ? &value->items[i] : value;
        separate(body, first);
        r = write_node(body, section->children);
    }
    body->context_count--;
    return r;
}

static int write_list(struct body *body, const struct rg_preset_node *list)
{
    bool first = true;
    int r = 0;
    rg_buf_addc(body->out, '[');
    for (size_t i = 0; i < list->count && r == 0; i++) {
        const struct rg_preset_node *item = &list->children[i];
        if (item->kind == RG_PRESET_SECTION) {
            r = write_items(body, item, &first);
        } else {
            separate(body, &first);
            r = write_node(body, item);
        }
    }
    rg_buf_addc(body->out, ']');
    return r;
}

static int write_map(struct body *body, const struct rg_preset_node *map)
{
    bool first = true;
    int r = 0;
    rg_buf_addc(body->out, '{');
    for (size_t i = 0; i < map->count && r == 0; i++) {
        const struct rg_preset_node *member = &map->children[i];
        if (member->kind == RG_PRESET_SECTION && !rg_mu_truthy(ask(body, member->text)))
            continue;
        separate(body, &first);
        rg_json_quote(body->out, member->key);
        rg_buf_addc(body->out, ':');
        r = write_node(body, member->kind == RG_PRESET_SECTION ? member->children : member);
    }
    rg_buf_addc(body->out, '}');
    return r;
}

static int write_node(struct body *body, const struct rg_preset_node *node)
{
    if (body->out->overflow)
        return rg_fail(body->err, RG_ELIMIT, "the request's body is longer than %zu bytes", body->out->max_bytes);
    switch (node->kind) {
    case RG_PRESET_STRING:
        return write_string(body, node->template);
    case RG_PRESET_LITERAL:
        rg_buf_add_str(body->out, node->text);
        return 0;
    case RG_PRESET_LIST:
        return write_list(body, node);
    case RG_PRESET_MAP:
        return write_map(body, node);
    case RG_PRESET_SECTION:
        break; /* the loader takes sections only as items and members */
    }
    rg_assert(false);
    return 0;
}

int rg_preset_body(const struct rg_preset *preset, const struct rg_mu_value *values, const struct rg_mu_value *outer,
                   struct rg_buf *out, struct rg_str *missing, struct rg_error *err)
{
    struct body body = {.out = out, .missing = missing, .err = err};
    if (outer)
        body.contexts[body.context_count++] = outer;
    body.contexts[body.context_count++] = values;
    int r = write_node(&body, preset->body);
    if (r == 0 && out->overflow)
        return rg_fail(err, RG_ELIMIT, "the request's body is longer than %zu bytes", out->max_bytes);
    return r;
}

/* Text or number at a pointer; absent when neither is there. */
static struct rg_str scalar_at(const struct rg_json *doc, struct rg_str pointer)
{
    struct rg_str text = {NULL, 0};
    if (doc == NULL || pointer.p == NULL)
        return text;
    const struct rg_json_value *value = rg_json_pointer(rg_json_root(doc), pointer);
    if (!rg_json_str(value, &text))
        text = rg_json_number_text(value);
    return text;
}

static enum rg_verdict by_code(const struct rg_preset *preset, struct rg_str code)
{
    for (size_t i = 0; i < preset->code_count; i++)
        if (code.p && rg_str_eq(preset->codes[i].code, code))
            return preset->codes[i].verdict;
    return RG_VERDICT_UNSET;
}

static enum rg_verdict by_status(const struct rg_preset *preset, int status)
{
    for (size_t i = 0; i < preset->default_count; i++)
        if (status >= preset->defaults[i].from && status <= preset->defaults[i].to)
            return preset->defaults[i].verdict;
    if (status == 429)
        return RG_VERDICT_THROTTLED;
    /* A redirect, a refused login and a wrong path concern the channel's configuration, not this message. */
    bool channel = status < 400 || status == 401 || status == 403 || status == 404 || status == 405 || status == 407;
    if (channel || status == 408 || status == 425 || status >= 500)
        return RG_VERDICT_RETRY;
    return RG_VERDICT_REJECTED;
}

static void keep_id(struct rg_str id, struct rg_preset_reading *reading)
{
    if (id.n >= sizeof reading->provider_id)
        return;
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] <= ' ' || id.p[i] == 0x7f)
            return;
    if (id.n > 0)
        memcpy(reading->provider_id, id.p, id.n);
}

/* The code comes from outside and goes to logs: an identifier or nothing. */
static void keep_code(struct rg_str code, struct rg_preset_reading *reading)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (code.n >= sizeof reading->code)
        return;
    for (size_t i = 0; i < code.n; i++)
        if (!memchr(fine, code.p[i], sizeof fine - 1))
            return;
    if (code.n > 0)
        memcpy(reading->code, code.p, code.n);
}

struct rg_preset_reading rg_preset_read(const struct rg_preset *preset, int status, struct rg_str body)
{
    struct rg_preset_reading reading = {.verdict = RG_VERDICT_UNSET};
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error ignored; /* a body that is not JSON has no id and no code */
    if (body.n > 0 && rg_json_parse(body, ANSWER_BYTES_MAX, &doc, &ignored) < 0)
        doc = NULL;
    struct rg_str code = scalar_at(doc, preset->error_pointer);
    keep_code(code, &reading);
    reading.verdict = by_code(preset, code);
    for (size_t i = 0; i < preset->accepted_count && reading.verdict == RG_VERDICT_UNSET; i++)
        if (preset->accepted_statuses[i] == status)
            reading.verdict = RG_VERDICT_ACCEPTED;
    if (reading.verdict == RG_VERDICT_UNSET)
        reading.verdict = by_status(preset, status);
    if (reading.verdict == RG_VERDICT_ACCEPTED)
        keep_id(scalar_at(doc, preset->id_pointer), &reading);
    reading.channel = reading.verdict == RG_VERDICT_RETRY;
    return reading;
}
