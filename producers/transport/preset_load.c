/* Field tables read the file, then one pass turns what they found into the preset: texts into templates, words into verdicts,
 * the body into nodes. Every mistake is a finding at its place, so that one run shows all of them.
 *
 * Secrets are refused in the body: its bytes are kept, a secret's must not be. */
#include "producers/transport/preset_load.h"

#include <stdio.h>
#include <string.h>

#include "base/json/json.h"

#define TEMPLATE_BYTES_MAX 4096
#define LITERAL_DIGITS_MAX 15 /* any JSON reader keeps as many */

/* ---- the file's shape ---- */

struct request_fields {
    struct rg_section section;
    int method;
    struct rg_str path;
    struct rg_pairs headers;
    const struct rg_node *body;
};
struct accepted_fields {
    struct rg_section section;
    struct rg_texts status;
    struct rg_str id;
};
struct error_fields {
    struct rg_section section;
    struct rg_str pointer;
    struct rg_pairs table, defaults;
};
struct status_fields {
    struct rg_section section;
    struct rg_str pointer;
    struct rg_pairs table;
};
struct receipt_fields {
    struct rg_section section;
    struct rg_pairs verify;
    struct rg_str list, id;
    struct status_fields status;
};
struct preset_fields {
    struct rg_section section;
    int64_t language;
    struct rg_str preset, source;
    rg_day read_on;
    int best_evidence;
    struct request_fields request;
    struct accepted_fields accepted;
    struct error_fields errors;
    struct receipt_fields receipts;
};

static bool keep_node(const struct rg_node *node, const struct rg_row *row, void *member, const struct rg_reader *reader)
{
    (void)row, (void)reader;
    *(const struct rg_node **)member = node;
    return true;
}

static const char *const method_words[] = {"POST", "PUT", "PATCH", "GET", NULL};
static const char *const evidence_words[] = {"accepted", "delivered", "read", "replied", NULL};

static const struct rg_row request_rows[] = {
    {.key = "method", RG_AT(struct request_fields, method), .type = RG_ROW_ENUM, .words = method_words, .fallback = "POST",
     .help = "The request's method."},
    {.key = "path", RG_AT(struct request_fields, path), .type = RG_ROW_TEXT, .flags = RG_REQUIRED, .max = TEMPLATE_BYTES_MAX,
     .help = "Appended to the channel's `url`. A template; values are percent-encoded."},
    {.key = "headers", RG_AT(struct request_fields, headers), .type = RG_ROW_PAIRS,
     .help = "The request's headers. Templates; `{{secret.NAME}}` is one of the channel's secrets.",
     .example = "{ Authorization: \"Bearer {{secret.token}}\" }"},
    {.key = "body", RG_AT(struct request_fields, body), .type = RG_ROW_CUSTOM, .custom = keep_node, .flags = RG_REQUIRED,
     .help = "The JSON body's structure. Texts are templates. A map whose only key is `\"{{#name}}\"` is repeated for each item "
             "of `name` in a list, and left out without it elsewhere.",
     .example = "{ to: \"{{to}}\", text: \"{{text}}\" }"},
};
static const struct rg_table request_table = RG_TABLE("request", struct request_fields, request_rows);

static const struct rg_row accepted_rows[] = {
    {.key = "status", RG_AT(struct accepted_fields, status), .type = RG_ROW_TEXTS, .max = RG_PRESET_STATUSES_MAX,
     .fallback = "200, 201, 202",
     .help = "HTTP statuses that mean the provider has taken the message."},
    {.key = "id", RG_AT(struct accepted_fields, id), .type = RG_ROW_TEXT,
     .help = "JSON pointer to the provider's id, by which receipts name the message."},
};
static const struct rg_table accepted_table = RG_TABLE("accepted", struct accepted_fields, accepted_rows);

static const struct rg_row error_rows[] = {
    {.key = "pointer", RG_AT(struct error_fields, pointer), .type = RG_ROW_TEXT,
     .help = "JSON pointer to the provider's own error code."},
    {.key = "table", RG_AT(struct error_fields, table), .type = RG_ROW_PAIRS,
     .help = "Error code → verdict: `rejected`, `retry`, `throttled`, `uncertain`.",
     .example = "{ 131026: rejected }"},
    {.key = "default", RG_AT(struct error_fields, defaults), .type = RG_ROW_PAIRS,
     .help = "Status or class → verdict, for codes outside the table.",
     .example = "{ 4xx: rejected, 5xx: retry, 429: throttled }"},
};
static const struct rg_table error_table = RG_TABLE("errors", struct error_fields, error_rows);

static const struct rg_row status_rows[] = {
    {.key = "pointer", RG_AT(struct status_fields, pointer), .type = RG_ROW_TEXT, .flags = RG_REQUIRED,
     .help = "JSON pointer to the status, from each receipt."},
    {.key = "table", RG_AT(struct status_fields, table), .type = RG_ROW_PAIRS, .flags = RG_REQUIRED,
     .help = "Status → fact: `accepted`, `delivered`, `read`, `replied`, `bounced`, `rejected`, `complained`.",
     .example = "{ delivered: delivered, failed: rejected }"},
};
static const struct rg_table status_table = RG_TABLE("status", struct status_fields, status_rows);

static const struct rg_row receipt_rows[] = {
    {.key = "verify", RG_AT(struct receipt_fields, verify), .type = RG_ROW_PAIRS,
     .help = "How a receipt proves where it comes from: scheme → header.",
     .example = "{ hmac_sha256: X-Hub-Signature-256 }"},
    {.key = "list", RG_AT(struct receipt_fields, list), .type = RG_ROW_TEXT,
     .help = "JSON pointer to the list of receipts; absent: the body is one."},
    {.key = "id", RG_AT(struct receipt_fields, id), .type = RG_ROW_TEXT,
     .help = "JSON pointer to the provider's id, from each receipt."},
    {.key = "status", RG_AT(struct receipt_fields, status), .type = RG_ROW_SECTION, .table = &status_table,
     .help = "What a receipt says."},
};
static const struct rg_table receipt_table = RG_TABLE("receipts", struct receipt_fields, receipt_rows);

static const struct rg_row preset_rows[] = {
    {.key = "language", RG_AT(struct preset_fields, language), .type = RG_ROW_INT, .flags = RG_REQUIRED, .min = 1, .max = 1,
     .help = "Version of this language."},
    {.key = "preset", RG_AT(struct preset_fields, preset), .type = RG_ROW_NAME, .flags = RG_REQUIRED | RG_HYPHEN,
     .help = "The preset's name, that of its file."},
    {.key = "source", RG_AT(struct preset_fields, source), .type = RG_ROW_TEXT, .help = "The document this was written from."},
    {.key = "read_on", RG_AT(struct preset_fields, read_on), .type = RG_ROW_DATE, .help = "When that document was read."},
    {.key = "best_evidence", RG_AT(struct preset_fields, best_evidence), .type = RG_ROW_ENUM, .words = evidence_words,
     .fallback = "accepted",
     .help = "The most that an answer or a receipt of this provider can prove."},
    {.key = "request", RG_AT(struct preset_fields, request), .type = RG_ROW_SECTION, .table = &request_table,
     .flags = RG_REQUIRED, .help = "What is sent."},
    {.key = "accepted", RG_AT(struct preset_fields, accepted), .type = RG_ROW_SECTION, .table = &accepted_table,
     .help = "The answer that means yes."},
    {.key = "errors", RG_AT(struct preset_fields, errors), .type = RG_ROW_SECTION, .table = &error_table,
     .help = "What other answers mean."},
    {.key = "receipts", RG_AT(struct preset_fields, receipts), .type = RG_ROW_SECTION, .table = &receipt_table,
     .help = "How what comes later is read. Not in this version: receipts come as events."},
};
const struct rg_table rg_preset_table = RG_TABLE("preset", struct preset_fields, preset_rows);

/* ---- templates and pointers ---- */

struct loader {
    struct rg_arena *arena;
    struct rg_diags *diags;
    size_t nodes;
};

static void complain_about_template(struct loader *l, const struct rg_node *node, size_t offset, const char *text)
{
    rg_diags_error(l->diags, rg_node_place_at(node, offset, 1), "bad-template", "%s", text);
}

/* `forbidden`: the first word that names here may not begin with, or NULL. */
static const struct rg_mu_template *compile(struct loader *l, const struct rg_node *node, const char *forbidden)
{
    const struct rg_mu_template *template = NULL;
    struct rg_error why = {0};
    size_t offset = 0, count = 0;
    if (node->text.n > TEMPLATE_BYTES_MAX) {
        rg_diags_error(l->diags, rg_node_place(node), "too-large", "a text longer than %d bytes", TEMPLATE_BYTES_MAX);
        return NULL;
    }
    if (rg_mu_compile(l->arena, node->text, &template, &offset, &why) < 0) {
        complain_about_template(l, node, offset, why.text);
        return NULL;
    }
    const struct rg_mu_use *uses = rg_mu_uses(template, &count);
    for (size_t i = 0; i < count; i++) {
        size_t word = forbidden ? strlen(forbidden) : 0;
        struct rg_str name = uses[i].name;
        if (uses[i].kind == RG_MU_USE_PARTIAL)
            complain_about_template(l, node, uses[i].offset, "presets have no partials");
        else if (forbidden && name.n >= word && memcmp(name.p, forbidden, word) == 0 && (name.n == word || name.p[word] == '.'))
            complain_about_template(l, node, uses[i].offset,
                "a secret may stand in path and headers only: the body's bytes are kept");
    }
    return template;
}

static void check_pointer(struct loader *l, const struct rg_section *section, const char *key, struct rg_str pointer)
{
    struct rg_error why = {0};
    if (pointer.p && rg_json_pointer_check(pointer, &why) < 0)
        rg_diags_error(l->diags, rg_node_place(rg_node_get(section->node, key)), "bad-pointer", "%s", why.text);
}

/* ---- the body ---- */

static bool is_literal(const struct rg_node *node)
{
    struct rg_str text = node->text;
    if (rg_node_quoted(node))
        return false;
    if (rg_str_is(text, "true") || rg_str_is(text, "false") || rg_str_is(text, "null"))
        return true;
    int64_t ignored;
    size_t sign = text.n > 0 && text.p[0] == '-';
    bool zero = text.n > sign && text.p[sign] == '0';
    return rg_str_to_i64(text, &ignored) && text.n - sign <= LITERAL_DIGITS_MAX && !(zero && text.n > 1);
}

/* "{{#name}}" → name; absent when the key is something else. */
static struct rg_str section_name(struct rg_str key)
{
    bool section = key.n > 5 && memcmp(key.p, "{{#", 3) == 0 && memcmp(key.p + key.n - 2, "}}", 2) == 0;
    if (!section || memchr(key.p + 3, ' ', key.n - 5) || memchr(key.p + 3, '}', key.n - 5))
        return (struct rg_str){NULL, 0};
    return (struct rg_str){key.p + 3, key.n - 5};
}

static bool load_body(struct loader *l, const struct rg_node *node, size_t depth, struct rg_preset_node *into);

static bool load_section(struct loader *l, const struct rg_node *map, struct rg_str name, size_t depth,
    struct rg_preset_node *into)
{
    struct rg_preset_node *child = RG_NEW(l->arena, struct rg_preset_node, 1);
    into->kind = RG_PRESET_SECTION;
    into->text = rg_arena_str(l->arena, name);
    into->children = child;
    into->count = 1;
    if (!load_body(l, map->entries[0].value, depth + 1, child))
        return false;
    if (child->kind == RG_PRESET_SECTION) {
        rg_diags_error(l->diags, rg_node_place(map->entries[0].value), "bad-template",
            "a section may not hold a section alone; put a list or a map between");
        return false;
    }
    return true;
}

static bool load_children(struct loader *l, const struct rg_node *node, size_t depth, struct rg_preset_node *into)
{
    struct rg_preset_node *children = RG_NEW(l->arena, struct rg_preset_node, node->count ? node->count : 1);
    bool fine = true;
    into->kind = node->kind == RG_NODE_MAP ? RG_PRESET_MAP : RG_PRESET_LIST;
    into->children = children;
    into->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        const struct rg_entry *entry = &node->entries[i];
        fine = load_body(l, entry->value, depth + 1, &children[i]) && fine;
        if (node->kind == RG_NODE_MAP && memmem(entry->key->text.p, entry->key->text.n, "{{", 2)) {
            rg_diags_error(l->diags, rg_node_place(entry->key), "bad-template",
                "expected \"{{#name}}\" as the only key of its map, or a plain key");
            fine = false;
        }
        if (node->kind == RG_NODE_MAP)
            children[i].key = rg_arena_str(l->arena, entry->key->text);
    }
    return fine;
}

/* Recursion bounded by depth; the reader of YAML has bounded it once already. */
static bool load_body(struct loader *l, const struct rg_node *node, size_t depth, struct rg_preset_node *into)
{
    if (depth > RG_PRESET_BODY_DEPTH_MAX || ++l->nodes > RG_PRESET_BODY_NODES_MAX) {
        rg_diags_error(l->diags, rg_node_place(node), "too-deep", "a body deeper than %d or of more than %d values",
            RG_PRESET_BODY_DEPTH_MAX,
                       RG_PRESET_BODY_NODES_MAX);
        return false;
    }
    if (node->kind == RG_NODE_SCALAR) {
        into->kind = is_literal(node) ? RG_PRESET_LITERAL : RG_PRESET_STRING;
        if (into->kind == RG_PRESET_LITERAL)
            into->text = rg_arena_str(l->arena, node->text);
        else
            into->template = compile(l, node, "secret");
        return into->kind == RG_PRESET_LITERAL || into->template != NULL;
    }
    if (node->kind == RG_NODE_MAP && node->count == 1) {
        struct rg_str name = section_name(node->entries[0].key->text);
        if (name.p)
            return load_section(l, node, name, depth, into);
    }
    return load_children(l, node, depth, into);
}

/* ---- the rest ---- */

static void load_request(struct loader *l, const struct request_fields *fields, struct rg_preset *preset)
{
    const struct rg_node *path = rg_node_get(fields->section.node, "path");
    preset->method = rg_str(method_words[fields->method]);
    if (path && path->kind == RG_NODE_SCALAR) {
        preset->path = compile(l, path, NULL);
        if (path->text.n == 0 || path->text.p[0] != '/')
            rg_diags_error(l->diags, rg_node_place(path), "bad-path", "expected a path that begins with \"/\"");
    }
    if (fields->headers.count > RG_PRESET_HEADERS_MAX) {
        rg_diags_error(l->diags, rg_node_place(fields->headers.items[0].node), "too-large", "more than %d headers",
            RG_PRESET_HEADERS_MAX);
        return;
    }
    preset->headers = RG_NEW(l->arena, struct rg_preset_header, RG_PRESET_HEADERS_MAX);
    for (size_t i = 0; i < fields->headers.count; i++) {
        struct rg_preset_header *header = &preset->headers[preset->header_count++];
        header->name = fields->headers.items[i].key;
        header->value = compile(l, fields->headers.items[i].node, NULL);
    }
    struct rg_preset_node *body = RG_NEW(l->arena, struct rg_preset_node, 1);
    if (fields->body && load_body(l, fields->body, 1, body) && body->kind != RG_PRESET_MAP && body->kind != RG_PRESET_LIST)
        rg_diags_error(l->diags, rg_node_place(fields->body), "mistyped", "expected a map or a list as the body");
    preset->body = body;
}

static void load_accepted(struct loader *l, const struct accepted_fields *fields, struct rg_preset *preset)
{
    const struct rg_node *list = rg_node_get(fields->section.node, "status");
    preset->accepted_statuses = RG_NEW(l->arena, int, RG_PRESET_STATUSES_MAX);
    for (size_t i = 0; i < fields->status.count && i < RG_PRESET_STATUSES_MAX; i++) {
        int64_t status = 0;
        if (!rg_str_to_i64(fields->status.items[i], &status) || status < 200 || status > 299)
            rg_diags_error(l->diags, rg_node_place(list), "out-of-range",
                "expected statuses from 200 to 299, got \"" RG_STR_FMT "\"",
                           RG_STR_ARG(fields->status.items[i]));
        preset->accepted_statuses[preset->accepted_count++] = (int)status;
    }
    check_pointer(l, &fields->section, "id", fields->id);
    preset->id_pointer = fields->id;
}

/* What an answer can mean; the other verdicts are the sender's own. */
static enum rg_verdict read_verdict(struct loader *l, const struct rg_pair *pair)
{
    static const char *const words[] = {"accepted", "rejected", "retry", "throttled", "uncertain"};
    int verdict = rg_word(&rg_words_verdict, pair->value);
    for (size_t i = 0; i < RG_COUNT(words); i++)
        if (rg_str_is(pair->value, words[i]) && verdict > 0)
            return (enum rg_verdict)verdict;
    rg_unknown_value(l->diags, pair->node, "verdict", words, RG_COUNT(words));
    return RG_VERDICT_UNSET;
}

/* "429" is that status, "4xx" its class. */
static bool read_status(struct rg_str text, struct rg_preset_status *status)
{
    int64_t number = 0;
    if (text.n != 3)
        return false;
    if (text.p[0] >= '1' && text.p[0] <= '5' && text.p[1] == 'x' && text.p[2] == 'x') {
        status->from = (text.p[0] - '0') * 100;
        status->to = status->from + 99;
        return true;
    }
    if (!rg_str_to_i64(text, &number) || number < 100 || number > 599)
        return false;
    status->from = status->to = (int)number;
    return true;
}

static void load_errors(struct loader *l, const struct error_fields *fields, struct rg_preset *preset)
{
    check_pointer(l, &fields->section, "pointer", fields->pointer);
    preset->error_pointer = fields->pointer;
    size_t codes = fields->table.count, defaults = fields->defaults.count;
    preset->codes = RG_NEW(l->arena, struct rg_preset_code, codes + 1);
    for (size_t i = 0; i < codes; i++)
        preset->codes[preset->code_count++] = (struct rg_preset_code){fields->table.items[i].key,
            read_verdict(l, &fields->table.items[i])};
    if (codes > 0 && !fields->pointer.p)
        rg_diags_error(l->diags, rg_node_place(fields->table.items[0].node), "missing-key",
            "a table of codes needs the pointer to the code");
    preset->defaults = RG_NEW(l->arena, struct rg_preset_status, defaults + 1);
    for (size_t pass = 0; pass < 2; pass++) { /* single statuses before classes: the narrower decides */
        for (size_t i = 0; i < defaults; i++) {
            struct rg_preset_status status = {0};
            const struct rg_pair *pair = &fields->defaults.items[i];
            bool known = read_status(pair->key, &status);
            if (!known && pass == 0)
                rg_diags_error(l->diags, rg_node_place(pair->node), "unknown-value",
                    "expected a status such as 429 or a class such as 4xx, got \"" RG_STR_FMT "\"",
                               RG_STR_ARG(pair->key));
            if (!known || (status.from != status.to) != (pass == 1))
                continue;
            status.verdict = read_verdict(l, pair);
            preset->defaults[preset->default_count++] = status;
        }
    }
}

static void load_receipts(struct loader *l, const struct receipt_fields *fields, struct rg_preset *preset)
{
    if (fields->section.node == NULL)
        return;
    check_pointer(l, &fields->section, "list", fields->list);
    check_pointer(l, &fields->section, "id", fields->id);
    check_pointer(l, &fields->status.section, "pointer", fields->status.pointer);
    preset->receipts.list_pointer = fields->list;
    preset->receipts.id_pointer = fields->id;
    preset->receipts.status_pointer = fields->status.pointer;
    if (fields->verify.count == 1) {
        preset->receipts.verify_scheme = fields->verify.items[0].key;
        preset->receipts.verify_header = fields->verify.items[0].value;
    } else if (fields->verify.count > 1) {
        rg_diags_error(l->diags, rg_node_place(fields->verify.items[1].node), "repeated", "expected one way to verify");
    }
    preset->receipts.facts = RG_NEW(l->arena, struct rg_preset_fact, fields->status.table.count + 1);
    for (size_t i = 0; i < fields->status.table.count; i++) {
        const struct rg_pair *pair = &fields->status.table.items[i];
        int fact = rg_word(&rg_words_provider_fact, pair->value);
        if (fact <= 0)
            rg_unknown_value(l->diags, pair->node, "fact", rg_words_provider_fact.names + 1,
                (size_t)rg_words_provider_fact.count - 1);
        else
            preset->receipts.facts[preset->receipts.fact_count++] = (struct rg_preset_fact){pair->key,
                (enum rg_provider_fact)fact};
    }
}

static int load_doc(const struct rg_doc *doc, size_t errors_before, struct rg_arena *arena, struct rg_diags *diags,
    const struct rg_preset **ret_preset)
{
    struct loader l = {.arena = arena, .diags = diags};
    struct rg_reader reader = {.diags = diags, .arena = arena};
    struct preset_fields fields;
    struct rg_preset *preset = RG_NEW(arena, struct rg_preset, 1);
    bool fine = rg_fields_read(doc->root, &rg_preset_table, &fields, &reader);
    preset->name = fields.preset;
    preset->best_evidence = (enum rg_evidence)(fields.best_evidence + RG_EVIDENCE_ACCEPTED);
    load_request(&l, &fields.request, preset);
    load_accepted(&l, &fields.accepted, preset);
    load_errors(&l, &fields.errors, preset);
    load_receipts(&l, &fields.receipts, preset);
    if (!fine || rg_diags_errors(diags) > errors_before)
        return RG_EINVAL;
    *ret_preset = preset;
    return 0;
}

int rg_preset_parse(const char *file, struct rg_str bytes, struct rg_arena *arena, struct rg_diags *diags,
    const struct rg_preset **ret_preset)
{
    const struct rg_doc *doc = NULL;
    size_t before = rg_diags_errors(diags);
    int r = rg_yaml_parse(file, bytes, arena, diags, &doc);
    return r < 0 ? r : load_doc(doc, before, arena, diags, ret_preset);
}

int rg_preset_load(const char *path, struct rg_arena *arena, struct rg_diags *diags, const struct rg_preset **ret_preset)
{
    const struct rg_doc *doc = NULL;
    size_t before = rg_diags_errors(diags);
    int r = rg_yaml_load(path, arena, diags, &doc);
    return r < 0 ? r : load_doc(doc, before, arena, diags, ret_preset);
}
